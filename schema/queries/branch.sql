-- name: run_epoch i -> i
SELECT epoch FROM run WHERE node = $1;

-- Rewinds of a run up to an epoch.  $1 run, $2 epoch
-- name: rewind_list ii -> iii
SELECT epoch, step, at_us FROM rewind WHERE run = $1 AND epoch <= $2 ORDER BY epoch;

-- The newest ones first.  $1 run, $2 how many
-- name: rewind_newest ii -> iii
SELECT epoch, step, at_us FROM rewind WHERE run = $1 ORDER BY epoch DESC LIMIT $2;

-- The first rewind to a step that came after an epoch.  $1 run, $2 epoch, $3 step
-- name: rewind_find iii -> i
SELECT epoch FROM rewind WHERE run = $1 AND epoch > $2 AND step = $3 ORDER BY epoch LIMIT 1;

-- The newest rewind, if it was to this step and no writer of the same rank as this one has logged
-- behind it since: $1 run, $2 step, $3 writer
-- name: rewind_joint iib -> i
SELECT w.epoch FROM rewind w JOIN run r ON r.node = w.run AND r.epoch = w.epoch
WHERE w.run = $1 AND w.step = $2 AND NOT EXISTS (
    SELECT 1 FROM writer o LEFT JOIN writer me ON me.run = o.run AND me.writer = $3
    WHERE o.run = $1 AND o.last_step > $2 AND COALESCE(o.rank, 0) = COALESCE(me.rank, 0));

-- How far points of an epoch are visible.  $1 run, $2 epoch
-- name: rewind_least ii -> i
SELECT min(step) FROM rewind WHERE run = $1 AND epoch > $2;

-- $1 run, $2 epoch, $3 step, $4 now
-- name: rewind_add iiii ->
INSERT INTO rewind(run, epoch, step, at_us) VALUES ($1, $2, $3, $4);

-- A new epoch; its series rows are to be folded anew.  $1 run, $2 epoch, $3 now
-- name: run_rewind iii ->
UPDATE run SET epoch = $2, series_seq = -1, updated_us = $3 WHERE node = $1;

-- name: series_drop i ->
DELETE FROM series WHERE run = $1;

-- Steps behind it may be logged again.  $1 run, $2 step
-- name: writer_rewind ii ->
UPDATE writer SET last_step = $2 WHERE run = $1 AND last_step > $2;

-- What a run was forked from, and where: its node, the step, its epoch.  $1 run
-- name: fork_of i -> iii
SELECT src, step, epoch FROM edge WHERE dst = $1 AND kind = 4 AND how = 'forked-from';

-- The same as it is shown.  $1 run
-- name: fork_from i -> ttititii
SELECT q.id, q.name, p.number, p.name, e.step, q.state, q.deleted_us, e.at_us
FROM edge e JOIN run q ON q.node = e.src JOIN project p ON p.node = q.project
WHERE e.dst = $1 AND e.kind = 4 AND e.how = 'forked-from';

-- How many runs were forked from one, outside the trash.
-- name: fork_count i -> i
SELECT count(*) FROM edge e JOIN run r ON r.node = e.dst
WHERE e.src = $1 AND e.kind = 4 AND e.how = 'forked-from' AND r.deleted_us IS NULL;

-- $1 parent, $2 fork, $3 step, $4 epoch of the parent, $5 now
-- name: fork_add iiiii ->
INSERT INTO edge(kind, src, dst, basis, role, path, at_us, how, step, epoch)
VALUES (4, $1, $2, 1, '', '', $5, 'forked-from', $3, $4);

-- Series rows of the forks of a run, and of theirs, are older than their points from now on.
-- name: fork_stale i ->
UPDATE run SET series_seq = -1 WHERE series_seq >= 0 AND node IN (
    WITH RECURSIVE fork(node) AS (
        SELECT dst FROM edge WHERE src = $1 AND kind = 4 AND how = 'forked-from'
        UNION SELECT e.dst FROM edge e JOIN fork f ON e.src = f.node
            WHERE e.kind = 4 AND e.how = 'forked-from')
    SELECT node FROM fork);
