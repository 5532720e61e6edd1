-- name: create
CREATE TABLE {table} (LIKE {parent} INCLUDING GENERATED);
ALTER TABLE {table} ALTER COLUMN version_id SET DEFAULT {version}, ADD CHECK (version_id = {version});

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

-- name: index_features
ALTER TABLE {table} ADD PRIMARY KEY (version_id, fid);
CREATE INDEX ON {table} (version_id, identifier);
CREATE INDEX ON {table} USING gist (geom);
ANALYZE {table};

-- name: index_pieces
ALTER TABLE {table} ADD PRIMARY KEY (version_id, fid, part);
CREATE INDEX ON {table} USING gist (geom);
ANALYZE {table};

-- name: index_overview
ALTER TABLE {table} ADD PRIMARY KEY (version_id, fid);
CREATE INDEX ON {table} USING gist (geom);
ANALYZE {table};

-- name: attach
ALTER TABLE {parent} ATTACH PARTITION {table} FOR VALUES IN ({version});
CREATE TRIGGER not_truncated BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- name: drop
DROP TABLE {table}
