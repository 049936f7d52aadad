-- name: run_node t -> i
SELECT node FROM run WHERE id = $1;

-- What most calls ask first.
-- name: run_brief t -> iiiiiiiiittii
SELECT r.node, r.project, p.number, r.rev, r.epoch, r.seen_us, r.ended_us, r.deleted_us, r.stop,
    r.state, r.final_state, r.series_seq,
    EXISTS (SELECT 1 FROM edge e WHERE e.src = r.node AND e.kind = 4 AND e.how = 'forked-from')
FROM run r JOIN project p ON p.node = r.project WHERE r.id = $1;

-- The whole run.
-- name: run_get i -> iittitttttttttiiiiiiiiiiiiit
SELECT r.node, r.project, r.id, p.name, p.number, r.name, r.kind, r.state, r.final_state,
    r.capture_mode, r.client, r.user_name, r.host, COALESCE(q.id, ''),
    r.created_us, r.started_us, r.ended_us, r.seen_us, r.updated_us, r.deleted_us,
    r.rev, r.epoch, r.exit_code, r.signal, r.stop,
    (SELECT CAST(COALESCE(sum(w.next_seq), 0) AS BIGINT) FROM writer w WHERE w.run = r.node),
    (SELECT CAST(COALESCE(sum(w.lost), 0) AS BIGINT) FROM writer w WHERE w.run = r.node),
    r.note
FROM run r JOIN project p ON p.node = r.project LEFT JOIN run q ON q.node = r.parent
WHERE r.node = $1;

-- Adds a run; one that is there stays as it is.  $1 node, $2 id, $3 project, $4 name, $5 kind,
-- $6 state, $7 capture_mode, $8 client, $9 parent, $10 now, $11 started_us, $12 note, $13 user,
-- $14 host
-- name: run_add ititttttiiittt ->
INSERT INTO run(node, id, project, name, kind, state, final_state, capture_mode, client,
    user_name, host, parent,
    rev, epoch, series_over, series_seq, stop, created_us, started_us, seen_us, updated_us, note)
VALUES ($1, $2, $3, $4, $5, $6, '', $7, $8, $13, $14, $9, 1, 0, 0, 0, 0, $10, $11, $10, $10, $12);

-- A run that only joiners have named so far, by the one that started it: $1 run, $2 name ('' keeps
-- it), $3 kind, $4 capture_mode, $5 client, $6 user, $7 host, $8 parent, $9 started_us, $10 note
-- ('' keeps it), $11 now
-- name: run_adopt ittttttiiti ->
UPDATE run SET name = CASE WHEN $2 = '' THEN name ELSE $2 END, kind = $3, capture_mode = $4,
    client = $5, user_name = $6, host = $7, parent = $8, started_us = $9,
    note = CASE WHEN $10 = '' THEN note ELSE $10 END, updated_us = $11
WHERE node = $1;

-- Runs whose id begins with a text: $1 it, $2 the next text of that length
-- name: run_by_start tt -> t
SELECT id FROM run WHERE id >= $1 AND id < $2 ORDER BY id LIMIT 9;

-- Runs whose id ends with a text: $1 it, $2 where it begins in an id, from 1
-- name: run_by_end ti -> t
SELECT id FROM run WHERE substr(id, $2) = $1 ORDER BY id LIMIT 9;

-- The $2-th newest run, from 0, of project $1
-- name: run_latest ii -> t
SELECT id FROM run WHERE deleted_us IS NULL AND project = $1
ORDER BY started_us DESC, node DESC LIMIT 1 OFFSET $2;

-- The run with the least value of a series.  $1 series key, $2 project
-- name: run_best_min ii -> t
SELECT r.id FROM series s JOIN run r ON r.node = s.run
WHERE s.key = $1 AND s.project = $2 AND s.vmin IS NOT NULL
    AND r.deleted_us IS NULL
ORDER BY s.vmin, r.started_us DESC, r.node DESC LIMIT 1;

-- name: run_best_max ii -> t
SELECT r.id FROM series s JOIN run r ON r.node = s.run
WHERE s.key = $1 AND s.project = $2 AND s.vmax IS NOT NULL
    AND r.deleted_us IS NULL
ORDER BY s.vmax DESC, r.started_us DESC, r.node DESC LIMIT 1;

-- $1 node, $2 name, $3 note, $4 now; NULL leaves a column as it is
-- name: run_change itti ->
UPDATE run SET name = COALESCE($2, name), note = COALESCE($3, note), updated_us = $4
WHERE node = $1;

-- $1 node, $2 when, NULL: out of the trash, $3 now
-- name: run_delete iii ->
UPDATE run SET deleted_us = $2, updated_us = $3 WHERE node = $1;

-- $1 node, $2 now
-- name: run_stop ii ->
UPDATE run SET stop = 1, updated_us = $2 WHERE node = $1;

-- Goes on with an ended run.  $1 node, $2 state to return to or '', $3 now
-- name: run_reopen iti ->
UPDATE run SET state = 'running', final_state = $2, rev = rev + 1, stop = 0, seen_us = $3,
    updated_us = $3, ended_us = CASE WHEN $2 = '' THEN NULL ELSE ended_us END,
    exit_code = CASE WHEN $2 = '' THEN NULL ELSE exit_code END,
    signal = CASE WHEN $2 = '' THEN NULL ELSE signal END
WHERE node = $1;

-- Asks for an end.  $1 node, $2 state, $3 exit_code, $4 signal, $5 ended_us, $6 now
-- name: run_finish itiiii ->
UPDATE run SET final_state = $2, exit_code = $3, signal = $4, ended_us = $5, updated_us = $6
WHERE node = $1;

-- Writers of a run that are open and were heard since $2.
-- name: run_open_writers ii -> i
SELECT count(*) FROM writer WHERE run = $1 AND closed_us IS NULL AND seen_us >= $2;

-- The end that was asked for.
-- name: run_end i -> i
UPDATE run SET state = final_state, final_state = '' WHERE node = $1 AND final_state <> ''
RETURNING node;

-- Heard of: $1 node, $2 when
-- name: run_seen ii ->
UPDATE run SET seen_us = $2,
    state = CASE WHEN state IN ('unconfirmed', 'queued') THEN 'running' ELSE state END
WHERE node = $1;

-- Runs of which nothing was heard since $1.
-- name: run_silent i -> t
UPDATE run SET state = 'unconfirmed'
WHERE state = 'running' AND seen_us < $1 AND final_state = '' AND deleted_us IS NULL
RETURNING id;

-- Runs that wait for their end.
-- name: run_ending -> t
SELECT id FROM run WHERE state IN ('running', 'unconfirmed', 'queued') AND final_state <> '';
