-- What a search needs beside the text that store_filter.c makes.

-- A run without its note, counts and sums.
-- name: search_run i -> iittitttttttiiiiii
SELECT r.node, r.project, r.id, p.name, p.number, r.name, r.kind, r.state, r.user_name, r.host,
    COALESCE(q.id, ''), r.client, r.created_us, r.started_us, r.ended_us, r.seen_us, r.deleted_us,
    r.stop
FROM run r JOIN project p ON p.node = r.project LEFT JOIN run q ON q.node = r.parent
WHERE r.node = $1;

-- name: search_note i -> t
SELECT note FROM run WHERE node = $1;

-- Bytes of the files of a run.
-- name: search_size i -> i
SELECT CAST(COALESCE(sum(size), 0) AS BIGINT) FROM path WHERE owner = $1;

-- Labels: tags with the empty value.
-- name: search_labels i -> t
SELECT key FROM tag WHERE owner = $1 AND value = '' ORDER BY key;

-- name: search_param it -> t
SELECT value FROM run_param WHERE run = $1 AND key = $2;

-- name: search_tag it -> t
SELECT value FROM tag WHERE owner = $1 AND key = $2;

-- Series of a name: without context first, then the lowest rank.  $2 project, 0: any
-- name: search_keys ti -> i
SELECT k.id FROM series_key k WHERE k.name = $1
    AND ($2 = 0 OR EXISTS(SELECT 1 FROM series s WHERE s.project = $2 AND s.key = k.id))
ORDER BY CASE WHEN k.context = '' THEN 0 WHEN k.context LIKE '%"rank":%' THEN length(k.context)
    ELSE 100000 END, k.context LIMIT 64;

-- Not less than the number of runs.
-- name: search_node_max -> i
SELECT COALESCE(max(node), 1) FROM run;

-- One series of a run.
-- name: search_series ii -> ffififfiiii
SELECT s.first, s.last, s.last_step, s.vmin, s.vmin_step, s.vmax, s.vsum, s.vmax_step, s.n, s.bad,
    s.first_step
FROM series s WHERE s.run = $1 AND s.key = $2;

-- The next name of a definition after $1: a walk over the names alone.
-- name: search_def_next t -> t
SELECT COALESCE(min(name), '') FROM metric_def WHERE name > $1;

-- The goal of a definition, the newest run that has one.  $1 name, $2 project, 0: all
-- name: search_goal ti -> i
SELECT d.goal FROM metric_def d JOIN run r ON r.node = d.owner
WHERE d.name = $1 AND d.goal <> 0 AND ($2 = 0 OR r.project = $2)
ORDER BY d.owner DESC LIMIT 1;
