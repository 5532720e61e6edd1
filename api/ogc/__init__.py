"""OGC API – Features at `/ogc`: the published versions for any client of the standard (QGIS, GDAL, OWSLib, browsers).

Part 1 (Core, GeoJSON, HTML, OpenAPI 3.0) and Part 2 (other coordinate systems). One collection for each catalogue layer in force that
the seat of whoever asks allows. How the two times are asked for:

- `datetime` is the day on which data are valid: a date, a moment (its day in the county's time zone), or an interval of either
  (`2024-01-01/2024-12-31`, `2024-01-01/..`, `../2024-12-31`), both ends included. An instant is answered by the version in force on
  that day; an interval by every version in force on any of its days, the earliest first, so that one thing may come in several states;
  each feature names its version (数据版本). Without it, today.
- `known_at` is the moment whose knowledge counts, with its time zone. Without it, now.

Links to other pages carry both, so that what is published meanwhile does not change the pages that follow.
Other sites' scripts may not read the answers (no CORS headers): a page on the internet could else read them through a browser inside.
"""
