"""Everything that is a map layer: catalogue, files, PostGIS tables and migrations, versions, styles, maps, the demo county."""
