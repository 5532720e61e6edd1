"""Files with the corners of a site, as surveyors and villages hand them over: 国土 TXT, DXF, GeoJSON, or a plain list."""
