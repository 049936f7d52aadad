-- Replaces the row of a series.  $1 run, $2 key, $3 project, $4 step_scale, $5 last, $6 last_ok,
-- $7 last_step, $8 last_us, $9 vmin, $10 vmin_step, $11 vmax, $12 vmax_step, $13 n, $14 vsum,
-- $15 bad, $16 first_step, $17 first
-- name: series_put iiiifiiififiifiif ->
INSERT INTO series(run, key, project, step_scale, last, last_ok, last_step, last_us, vmin,
    vmin_step, vmax, vmax_step, n, vsum, bad, first_step, first)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)
ON CONFLICT(run, key) DO UPDATE SET step_scale = excluded.step_scale, last = excluded.last,
    last_ok = excluded.last_ok, last_step = excluded.last_step, last_us = excluded.last_us,
    vmin = excluded.vmin, vmin_step = excluded.vmin_step, vmax = excluded.vmax,
    vmax_step = excluded.vmax_step, n = excluded.n, vsum = excluded.vsum, bad = excluded.bad,
    first_step = excluded.first_step, first = excluded.first;

-- The project and the epoch of a run by node.
-- name: run_project i -> ii
SELECT project, epoch FROM run WHERE node = $1;

-- The rows of a run are those of its first frames, which may be all; those of the runs that it was
-- forked from count too.
-- $1 run, $2 sum of next_seq, $3 1: more series than rows
-- name: run_series_seq iii ->
UPDATE run SET series_over = $3, series_seq = CASE WHEN $2 = (
    WITH RECURSIVE line(node) AS (
        SELECT CAST($1 AS BIGINT)
        UNION SELECT e.src FROM edge e JOIN line l ON e.dst = l.node
            WHERE e.kind = 4 AND e.how = 'forked-from')
    SELECT CAST(COALESCE(sum(w.next_seq), 0) AS BIGINT) FROM writer w JOIN line ON w.run = line.node)
    THEN $2 ELSE -1 END
WHERE node = $1;

-- They are older than its points from now on.
-- name: run_series_stale i ->
UPDATE run SET series_seq = -1 WHERE node = $1;

-- name: series_list i -> ttifiiififiiifif
SELECT k.name, k.context, s.step_scale, s.last, s.last_ok, s.last_step, s.last_us, s.vmin,
    s.vmin_step, s.vmax, s.vmax_step, s.n, s.bad, s.vsum, s.first_step,
    s.first
FROM series s JOIN series_key k ON k.id = s.key WHERE s.run = $1 ORDER BY k.name, k.context;

-- Runs of a project whose rows are older than their points.  $1 project
-- name: run_stale i -> i
SELECT r.node FROM run r WHERE r.project = $1 AND r.deleted_us IS NULL AND r.series_seq < 0
ORDER BY r.node;

-- Those that have ended and have nothing in the journal: so they stay as they are.
-- name: run_stale_rested -> i
SELECT r.node FROM run r WHERE r.deleted_us IS NULL AND r.series_seq < 0 AND r.ended_us IS NOT NULL
    AND r.state NOT IN ('running', 'queued', 'unconfirmed')
    AND NOT EXISTS (SELECT 1 FROM journal j WHERE j.run = r.node) LIMIT 1000;

-- Stale ones of all projects.
-- name: run_stale_all -> i
SELECT r.node FROM run r WHERE r.deleted_us IS NULL AND r.series_seq < 0 ORDER BY r.project, r.node;
