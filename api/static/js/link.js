/* A one-time link: the secret is taken out of the address at once, so that it stays in no history, and sent with the form. */
"use strict";
cuntu.ready(() => {
  const secret = location.hash.slice(1);
  if (!secret) return;
  history.replaceState(null, "", location.pathname);
  const form = document.getElementById("link");
  form.elements.secret.value = secret;
  form.requestSubmit();
});
