-- What completion and the metric tree of a project ask.  Everywhere $1 is the project, only runs
-- outside the trash count, and texts begin with a prefix.

-- $2 prefix, $3 limit
-- name: facet_params iti -> ti
SELECT p.key, count(*) AS runs FROM run r JOIN run_param p ON p.run = r.node
WHERE r.project = $1 AND r.deleted_us IS NULL AND substr(p.key, 1, length($2)) = $2
GROUP BY p.key ORDER BY runs DESC, p.key LIMIT $3;

-- name: facet_tags iti -> ti
SELECT t.key, count(*) AS runs FROM run r JOIN tag t ON t.owner = r.node
WHERE r.project = $1 AND r.deleted_us IS NULL AND substr(t.key, 1, length($2)) = $2
GROUP BY t.key ORDER BY runs DESC, t.key LIMIT $3;

-- Values.  $2 prefix, $3 limit, $4 key or ''
-- name: facet_param_values itit -> ti
SELECT p.value, count(*) AS runs FROM run r JOIN run_param p ON p.run = r.node AND p.key = $4
WHERE r.project = $1 AND r.deleted_us IS NULL AND substr(p.value, 1, length($2)) = $2
GROUP BY p.value ORDER BY runs DESC, p.value LIMIT $3;

-- name: facet_tag_values itit -> ti
SELECT t.value, count(*) AS runs FROM run r JOIN tag t ON t.owner = r.node AND t.key = $4
WHERE r.project = $1 AND r.deleted_us IS NULL AND substr(t.value, 1, length($2)) = $2
GROUP BY t.value ORDER BY runs DESC, t.value LIMIT $3;

-- $4 which attribute
-- name: facet_values itit -> ti
SELECT CASE $4 WHEN 'status' THEN r.state WHEN 'name' THEN r.name WHEN 'host' THEN r.host
    WHEN 'user' THEN r.user_name ELSE r.kind END AS value, count(*) AS runs
FROM run r WHERE r.project = $1 AND r.deleted_us IS NULL
    AND substr(CASE $4 WHEN 'status' THEN r.state WHEN 'name' THEN r.name WHEN 'host' THEN r.host
    WHEN 'user' THEN r.user_name ELSE r.kind END, 1, length($2)) = $2
GROUP BY value ORDER BY runs DESC, value LIMIT $3;

-- Name and run of every series; those of one run come together.  $2 prefix
-- name: facet_names it -> ti
SELECT k.name, s.run FROM run r CROSS JOIN series s CROSS JOIN series_key k
WHERE r.project = $1 AND r.deleted_us IS NULL AND s.run = r.node AND k.id = s.key
    AND substr(k.name, 1, length($2)) = $2;

-- What they mean: of each name what the newest run says.
-- name: facet_defs i -> tit
SELECT d.name, d.goal, d.unit FROM metric_def d WHERE (d.name, d.owner) IN
    (SELECT x.name, max(x.owner) FROM run r JOIN metric_def x ON x.owner = r.node
     WHERE r.project = $1 AND r.deleted_us IS NULL GROUP BY x.name)
ORDER BY d.name LIMIT 10000;
