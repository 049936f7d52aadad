-- Names a file; the path may be there already.  $1 owner, $2 path, $3 digest, $4 size, $5 media,
-- $6 now
-- name: path_put itbiti ->
INSERT INTO path(owner, path, digest, size, media, at_us) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT(owner, path) DO UPDATE SET digest = excluded.digest, size = excluded.size,
    media = excluded.media, at_us = excluded.at_us;

-- name: path_get it -> tbiti
SELECT path, digest, size, media, at_us FROM path WHERE owner = $1 AND path = $2;

-- One path that lies in a folder: $2 the folder with its slash, $3 what is behind all in it
-- name: path_below itt -> t
SELECT path FROM path WHERE owner = $1 AND path >= $2 AND path < $3 LIMIT 1;

-- $1 owner, $2 path to start behind, $3 how many
-- name: path_list iti -> tbiti
SELECT path, digest, size, media, at_us FROM path WHERE owner = $1 AND path > $2
ORDER BY path LIMIT $3;

-- Something outside: $1 node, $2 project, $3 kind, $4 name, $5 digest, $6 uri, $7 size
-- name: external_ref_add iitttti ->
INSERT INTO external_ref(node, project, kind, name, digest, uri, size)
VALUES ($1, $2, $3, $4, $5, $6, $7);

-- $1 project, $2 kind, $3 name, $4 digest
-- name: external_ref_find ittt -> i
SELECT node FROM external_ref WHERE project = $1 AND kind = $2 AND name = $3 AND digest = $4;

-- An edge of this kind and role from $1 to $2.
-- name: edge_find iiit -> i
SELECT id FROM edge WHERE src = $1 AND dst = $2 AND kind = $3 AND role = $4;

-- $1 kind, $2 src, $3 dst, $4 basis, $5 role, $6 path, $7 now
-- name: edge_add iiiitti ->
INSERT INTO edge(kind, src, dst, basis, role, path, at_us) VALUES ($1, $2, $3, $4, $5, $6, $7);

-- Inputs of a run, in the order of their addition.
-- name: input_list i -> tttttii
SELECT x.kind, x.name, x.digest, e.path, e.role, x.size, e.at_us
FROM edge e JOIN external_ref x ON x.node = e.src WHERE e.dst = $1 AND e.kind = 1 ORDER BY e.id;
