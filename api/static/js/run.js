/* One run: a subject on the map leads to its check, or to its line in the table. */
"use strict";
cuntu.ready(() => {
  const map = cuntu.theMap;
  if (!map) return;
  const chosen = document.getElementById("run-chosen");
  const tell = (subject) => {
    chosen.textContent = [subject.kind, subject.name, subject.verdict].filter(Boolean).join(" · ");
    const row = document.getElementById("item-" + subject.code);
    if (subject.check) chosen.append(" ", link("/maps/checks/" + subject.check, "查看审查意见"));
    else if (row) chosen.append(" ", link("#" + row.id, "看理由"));
    else chosen.append(" ", link("?after=" + (Number(subject.code) - 1) + "#item-" + subject.code, "看理由"));
    chosen.hidden = false;
  };
  const link = (address, text) => {
    const anchor = document.createElement("a");
    anchor.href = address;
    anchor.textContent = text;
    return anchor;
  };
  cuntu.layers.results.on("click", (event) => {
    tell(event.layer.feature.properties);
    map.fitBounds(event.layer.getBounds(), { maxZoom: 18, padding: [60, 60] });
  });
  cuntu.overlaySwitches(map);
});
