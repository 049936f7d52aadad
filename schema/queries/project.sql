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

-- One project with the number of its runs, of those that run, and its newest start.
-- name: project_get i -> iittiiiiiit
SELECT p.node, p.number, p.id, p.name, p.created_us, p.updated_us, p.deleted_us,
    (SELECT count(*) FROM run r WHERE r.project = p.node AND r.deleted_us IS NULL),
    (SELECT count(*) FROM run r WHERE r.project = p.node AND r.deleted_us IS NULL
        AND r.state = 'running'),
    (SELECT max(r.started_us) FROM run r WHERE r.project = p.node AND r.deleted_us IS NULL),
    p.note
FROM project p WHERE p.node = $1;

-- Nodes in the order of names.  $1 name to start behind, $2 1: those in the trash, $3 how many
-- name: project_list tii -> i
SELECT node FROM project
WHERE workspace = '' AND name > $1 AND CASE WHEN deleted_us IS NULL THEN 0 ELSE 1 END = $2
ORDER BY name LIMIT $3;

-- $1 node, $2 name, $3 note, $4 now; NULL leaves a column as it is
-- name: project_change itti ->
UPDATE project SET name = COALESCE($2, name), note = COALESCE($3, note), updated_us = $4
WHERE node = $1;

-- $1 node, $2 when, NULL: out of the trash
-- name: project_delete ii ->
UPDATE project SET deleted_us = $2 WHERE node = $1;
