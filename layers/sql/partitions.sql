-- name: reserve
SELECT nextval(pg_get_serial_sequence('dataset_version', 'id'));

-- name: make
SELECT access.make_version_tables(%(version)s);

-- name: copy_features
COPY {table} (fid, identifier, attributes, geom, area_m2) FROM STDIN WITH (FORMAT binary, FREEZE)

-- name: copy_pieces
COPY {table} (fid, part, geom) FROM STDIN WITH (FORMAT binary, FREEZE)

-- name: copy_overview
COPY {table} (fid, attributes, geom) FROM STDIN WITH (FORMAT binary, FREEZE)

-- name: add_whole_pieces
INSERT INTO {pieces} (fid, part, geom) SELECT fid, 0, geom FROM {features} WHERE ST_NPoints(geom) <= {max_vertices};

-- name: repeat_features
INSERT INTO {table} (fid, identifier, attributes, geom, area_m2)
SELECT fid, identifier, attributes, geom, area_m2 FROM feature WHERE version_id = {source} ORDER BY fid;

-- name: repeat_pieces
INSERT INTO {table} (fid, part, geom) SELECT fid, part, geom FROM piece WHERE version_id = {source} ORDER BY fid, part;

-- name: repeat_overview
INSERT INTO {table} (fid, attributes, geom) SELECT fid, attributes, geom FROM overview WHERE version_id = {source} ORDER BY fid;

-- name: close
SELECT access.close_version_tables(%(version)s);

-- name: drop
SELECT access.drop_version_tables(%(version)s);
