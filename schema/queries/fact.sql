-- name: run_param_get it -> t
SELECT value FROM run_param WHERE run = $1 AND key = $2;

-- $1 run, $2 key, $3 value, $4 num
-- name: run_param_add ittf ->
INSERT INTO run_param(run, key, value, num) VALUES ($1, $2, $3, $4);

-- name: run_param_list i -> ttf
SELECT key, value, num FROM run_param WHERE run = $1 ORDER BY key;

-- $1 owner, $2 key, $3 value, $4 its first 128 characters, $5 now
-- name: tag_set ittti ->
INSERT INTO tag(owner, key, value, head, updated_us) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT(owner, key) DO UPDATE SET value = excluded.value, head = excluded.head,
    updated_us = excluded.updated_us;

-- name: tag_remove it ->
DELETE FROM tag WHERE owner = $1 AND key = $2;

-- name: tag_list i -> tti
SELECT key, value, updated_us FROM tag WHERE owner = $1 ORDER BY key;

-- $1 owner, $2 name, $3 kind, $4 step_scale, $5 goal, $6 unit, $7 step_key, $8 summary, $9 hidden
-- name: metric_def_set itiiittii ->
INSERT INTO metric_def(owner, name, kind, step_scale, goal, unit, step_key, summary, hidden)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
ON CONFLICT(owner, name) DO UPDATE SET kind = excluded.kind, step_scale = excluded.step_scale,
    goal = excluded.goal, unit = excluded.unit, step_key = excluded.step_key,
    summary = excluded.summary, hidden = excluded.hidden;

-- name: metric_def_list i -> tiiittii
SELECT name, kind, step_scale, goal, unit, step_key, summary, hidden
FROM metric_def WHERE owner = $1 ORDER BY name;

-- The goal that runs of a project give a metric.  $1 its name, $2 project
-- name: metric_def_goal ti -> i
SELECT d.goal FROM metric_def d JOIN run r ON r.node = d.owner
WHERE d.name = $1 AND r.project = $2 AND d.goal <> 0 ORDER BY r.started_us DESC LIMIT 1;

-- The step scale of a metric as it is defined now.
-- name: metric_def_scale it -> i
SELECT step_scale FROM metric_def WHERE owner = $1 AND name = $2;

-- 1 if the run has a row of this series.
-- name: run_has_series ii -> i
SELECT count(*) FROM series WHERE run = $1 AND key = $2;

-- $1 run, $2 name, $3 data; the same data again changes nothing
-- name: run_doc_put itb -> i
INSERT INTO run_doc(run, name, rev, data) VALUES ($1, $2, 1, $3)
ON CONFLICT(run, name) DO UPDATE SET data = excluded.data,
    rev = CASE WHEN run_doc.data = excluded.data THEN run_doc.rev ELSE run_doc.rev + 1 END
RETURNING rev;

-- name: run_doc_get it -> ib
SELECT rev, data FROM run_doc WHERE run = $1 AND name = $2;

-- name: run_doc_list i -> tii
SELECT name, rev, length(data) FROM run_doc WHERE run = $1 ORDER BY name;

-- name: alert_seen_add it -> t
INSERT INTO alert_seen(run, id) VALUES ($1, $2) ON CONFLICT(run, id) DO NOTHING RETURNING id;

-- $1 run, $2 title, $3 level, $4 when it happened, $5 text
-- name: alert_add itiit ->
INSERT INTO alert(run, title, level, count, first_us, last_us, text)
VALUES ($1, $2, $3, 1, $4, $4, $5)
ON CONFLICT(run, title) DO UPDATE SET count = alert.count + 1,
    level = CASE WHEN excluded.last_us > alert.last_us THEN excluded.level ELSE alert.level END,
    text = CASE WHEN excluded.last_us > alert.last_us THEN excluded.text ELSE alert.text END,
    first_us = CASE WHEN excluded.first_us < alert.first_us THEN excluded.first_us
        ELSE alert.first_us END,
    last_us = CASE WHEN excluded.last_us > alert.last_us THEN excluded.last_us
        ELSE alert.last_us END;

-- name: alert_get it -> itiiiit
SELECT id, title, level, count, first_us, last_us, text FROM alert
WHERE run = $1 AND title = $2;

-- name: alert_list i -> itiiiit
SELECT id, title, level, count, first_us, last_us, text FROM alert
WHERE run = $1 ORDER BY last_us DESC, id DESC LIMIT 1000;
