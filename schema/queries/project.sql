-- The next number of a sequence.  $1 its name
-- name: counter_next t -> i
UPDATE counter SET next = next + 1 WHERE name = $1 RETURNING next - 1;

-- $1 id, $2 type
-- name: node_add ii ->
INSERT INTO node(id, type) VALUES ($1, $2);

-- name: project_node_by_name t -> i
SELECT node FROM project WHERE workspace = '' AND name = $1;

-- name: project_node_by_number i -> i
SELECT node FROM project WHERE number = $1;

-- $1 node, $2 id, $3 number, $4 name, $5 now
-- name: project_add ititi ->
INSERT INTO project(node, id, number, workspace, name, created_us, updated_us, note)
VALUES ($1, $2, $3, '', $4, $5, $5, '');

-- One project with the number of its runs, of those that run, and its last activity.
-- name: project_get i -> iittiiiiiit
SELECT p.node, p.number, p.id, p.name, p.created_us, p.updated_us, p.deleted_us,
    (SELECT count(*) FROM run r WHERE r.project = p.node AND r.deleted_us IS NULL),
    (SELECT count(*) FROM run r WHERE r.project = p.node AND r.deleted_us IS NULL
        AND r.state = 'running'),
    (SELECT max(r.seen_us) FROM run r WHERE r.project = p.node AND r.deleted_us IS NULL),
    p.note
FROM project p WHERE p.node = $1;

-- Newest activity first.  $1 and $2 activity and node that the last page ended with, $3 how many
-- name: project_list iii -> ii
SELECT node, at FROM (
    SELECT p.node AS node, COALESCE((SELECT max(r.seen_us) FROM run r
        WHERE r.project = p.node AND r.deleted_us IS NULL), p.created_us) AS at
    FROM project p
    WHERE workspace = '' AND deleted_us IS NULL) q
WHERE at < $1 OR (at = $1 AND node < $2)
ORDER BY at DESC, node DESC LIMIT $3;

-- $1 node, $2 note, $3 now
-- name: project_change iti ->
UPDATE project SET note = $2, updated_us = $3 WHERE node = $1;

-- $1 node, $2 when, NULL: out of the trash
-- name: project_delete ii ->
UPDATE project SET deleted_us = $2 WHERE node = $1;
