-- What `trackd check` looks at.

-- name: check_run_list -> it
SELECT node, id FROM run ORDER BY node;

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
UNION ALL SELECT 'series whose run is not there', count(*) FROM series s
    WHERE NOT EXISTS (SELECT 1 FROM run r WHERE r.node = s.run)
UNION ALL SELECT 'series whose key is not there', count(*) FROM series s
    WHERE NOT EXISTS (SELECT 1 FROM series_key k WHERE k.id = s.key)
UNION ALL SELECT 'parameters whose run is not there', count(*) FROM run_param q
    WHERE NOT EXISTS (SELECT 1 FROM run r WHERE r.node = q.run)
UNION ALL SELECT 'inputs of runs that are not there', count(*) FROM edge e
    WHERE NOT EXISTS (SELECT 1 FROM run r WHERE r.node = e.dst)
UNION ALL SELECT 'inputs that are not there', count(*) FROM edge e
    WHERE NOT EXISTS (SELECT 1 FROM external_ref x WHERE x.node = e.src)
UNION ALL SELECT 'small blobs without their bytes', count(*) FROM blob b
    WHERE b.loc = '' AND NOT EXISTS (SELECT 1 FROM blob_inline i WHERE i.digest = b.digest)
UNION ALL SELECT 'bytes of small blobs that are not there', count(*) FROM blob_inline i
    WHERE NOT EXISTS (SELECT 1 FROM blob b WHERE b.digest = i.digest AND b.loc = '');
