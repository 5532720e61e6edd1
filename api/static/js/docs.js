/* Swagger UI over this service's own description; nothing is validated or fetched elsewhere. */
"use strict";
cuntu.ready(() => {
  const target = document.getElementById("swagger");
  SwaggerUIBundle({
    url: target.dataset.url, domNode: target, deepLinking: true, validatorUrl: null, docExpansion: "list", defaultModelsExpandDepth: 0,
    presets: [SwaggerUIBundle.presets.apis], layout: "BaseLayout", supportedSubmitMethods: ["get", "post"],
  });
});
