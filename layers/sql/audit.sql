-- name: append
SELECT audit.append(%(payloads)s);
