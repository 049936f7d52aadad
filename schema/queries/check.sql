-- What `trackd check` looks at.

-- name: check_run_list -> iti
SELECT node, id, epoch FROM run ORDER BY node;

-- Writers of a run with what they promise.
-- name: check_writer_list i -> biiiibii
SELECT writer, next_seq, next_key, gaps, points, recent, sealed_frames, sealed_points
FROM writer WHERE run = $1 ORDER BY writer;

-- name: check_blob_list -> biiit
SELECT digest, size, stored, enc, loc FROM blob ORDER BY digest;

-- name: check_loose_find t -> i
SELECT count(*) FROM loose WHERE loc = $1;

-- name: check_loc_find bt -> i
SELECT count(*) FROM blob WHERE digest = $1 AND loc = $2;

-- Rows that point at nothing, by kind.
-- name: check_dangling -> ti
SELECT 'files whose blob is not there', count(*) FROM path p
    WHERE NOT EXISTS (SELECT 1 FROM blob b WHERE b.digest = p.digest)
UNION ALL SELECT 'packs whose blob is not there', count(*) FROM pack p
    WHERE NOT EXISTS (SELECT 1 FROM blob b WHERE b.digest = p.digest)
UNION ALL SELECT 'packs whose run is not there', count(*) FROM pack p
    WHERE NOT EXISTS (SELECT 1 FROM run r WHERE r.node = p.run)
UNION ALL SELECT 'rewinds whose run is not there', count(*) FROM rewind w
    WHERE NOT EXISTS (SELECT 1 FROM run r WHERE r.node = w.run)
UNION ALL SELECT 'runs whose project is not there', count(*) FROM run r
    WHERE NOT EXISTS (SELECT 1 FROM project p WHERE p.node = r.project)
UNION ALL SELECT 'writers whose run is not there', count(*) FROM writer w
    WHERE NOT EXISTS (SELECT 1 FROM run r WHERE r.node = w.run)
UNION ALL SELECT 'journal rows whose writer is not there', count(*) FROM journal j
    WHERE NOT EXISTS (SELECT 1 FROM writer w WHERE w.run = j.run AND w.writer = j.writer)
UNION ALL SELECT 'key definitions whose writer is not there', count(*) FROM writer_key k
    WHERE NOT EXISTS (SELECT 1 FROM writer w WHERE w.run = k.run AND w.writer = k.writer)
UNION ALL SELECT 'parameters whose run is not there', count(*) FROM run_param q
    WHERE NOT EXISTS (SELECT 1 FROM run r WHERE r.node = q.run)
UNION ALL SELECT 'inputs of runs that are not there', count(*) FROM edge e
    WHERE NOT EXISTS (SELECT 1 FROM run r WHERE r.node = e.dst)
UNION ALL SELECT 'inputs that are not there', count(*) FROM edge e
    WHERE e.kind = 1 AND NOT EXISTS (SELECT 1 FROM external_ref x WHERE x.node = e.src)
UNION ALL SELECT 'forks whose parent is not there', count(*) FROM edge e
    WHERE e.kind = 4 AND NOT EXISTS (SELECT 1 FROM run r WHERE r.node = e.src)
UNION ALL SELECT 'forks without a step, or from an epoch that their parent has not reached', count(*)
    FROM edge e JOIN run r ON r.node = e.src
    WHERE e.kind = 4 AND e.how = 'forked-from' AND (e.step IS NULL OR e.epoch IS NULL
        OR e.epoch > r.epoch)
UNION ALL SELECT 'runs with another number of rewinds than their epoch says', count(*) FROM run r
    WHERE r.epoch <> (SELECT count(*) FROM rewind w
        WHERE w.run = r.node AND w.epoch >= 1 AND w.epoch <= r.epoch)
UNION ALL SELECT 'journal rows of an epoch that their run has not reached', count(*)
    FROM journal j JOIN run r ON r.node = j.run WHERE j.epoch > r.epoch
UNION ALL SELECT 'small blobs without their bytes', count(*) FROM blob b
    WHERE b.loc = '' AND NOT EXISTS (SELECT 1 FROM blob_inline i WHERE i.digest = b.digest)
UNION ALL SELECT 'bytes of small blobs that are not there', count(*) FROM blob_inline i
    WHERE NOT EXISTS (SELECT 1 FROM blob b WHERE b.digest = i.digest AND b.loc = '');

-- What a row of a pack says of it, as it should be.  $1 run, $2 digest, $3 kind, $4 epoch, $5 level,
-- $6 rev, $7 points, $8 series, $9 step_lo, $10 step_hi, $11 us_lo, $12 us_hi
-- name: check_pack_fix ibiiiiiiiiii ->
UPDATE pack SET kind = $3, epoch = $4, level = $5, rev = $6, n = $7, series = $8, step_lo = $9,
    step_hi = $10, us_lo = $11, us_hi = $12
WHERE run = $1 AND digest = $2;

-- Columns that copy others and differ from them, and derived rows of what is not there.
-- name: check_copies -> ti
SELECT 'tags whose beginning is not that of their value', count(*) FROM tag
    WHERE head <> substr(value, 1, 128)
UNION ALL SELECT 'files whose size is not that of their blob', count(*) FROM path p
    JOIN blob b ON b.digest = p.digest WHERE b.size <> p.size
UNION ALL SELECT 'rows of series whose run is not there', count(*) FROM series s
    WHERE NOT EXISTS (SELECT 1 FROM run r WHERE r.node = s.run)
UNION ALL SELECT 'rows of series whose key is not there', count(*) FROM series s
    WHERE NOT EXISTS (SELECT 1 FROM series_key k WHERE k.id = s.key);

-- name: check_series_drop ->
DELETE FROM series WHERE NOT EXISTS (SELECT 1 FROM run r WHERE r.node = series.run)
    OR NOT EXISTS (SELECT 1 FROM series_key k WHERE k.id = series.key);

-- name: check_tag_fix ->
UPDATE tag SET head = substr(value, 1, 128) WHERE head <> substr(value, 1, 128);

-- name: check_path_fix ->
UPDATE path SET size = (SELECT b.size FROM blob b WHERE b.digest = path.digest)
WHERE EXISTS (SELECT 1 FROM blob b WHERE b.digest = path.digest AND b.size <> path.size);

-- Rows of series of a run, whatever key they name.
-- name: check_series_list i -> itiiffiififiifii
SELECT s.key, COALESCE(k.name, ''), s.project, s.n, s.first, s.last, s.last_ok, s.last_step, s.vmin,
    s.vmin_step, s.vmax, s.vmax_step, s.last_us, s.vsum, s.bad, s.first_step
FROM series s LEFT JOIN series_key k ON k.id = s.key WHERE s.run = $1 ORDER BY s.key;

-- Whether the rows of a run are said to be fresh: what they are of, the sum of its writers and of
-- those of the runs that it was forked from, and 1 where it has more series than rows; its project.
-- name: check_series_seq i -> iiii
SELECT r.series_seq, (
    WITH RECURSIVE line(node) AS (
        SELECT CAST($1 AS BIGINT)
        UNION SELECT e.src FROM edge e JOIN line l ON e.dst = l.node
            WHERE e.kind = 4 AND e.how = 'forked-from')
    SELECT CAST(COALESCE(sum(w.next_seq), 0) AS BIGINT) FROM writer w JOIN line ON w.run = line.node),
    r.series_over, r.project
FROM run r WHERE r.node = $1;

-- name: check_series_forget i ->
DELETE FROM series WHERE run = $1;

-- Points and lines of a run that have left the journal, repeats included.
-- name: check_sealed i -> i
SELECT CAST(COALESCE(sum(sealed_points), 0) AS BIGINT) FROM writer WHERE run = $1;
