-- What waits in the journal, by run and epoch: rows, points, bytes, when the oldest and the newest
-- came, how many keys a writer of the run has defined at most, and 1 if the run has ended.
-- name: journal_waiting -> iiiiiiiii
SELECT j.run, j.epoch, count(*), CAST(sum(j.n) AS BIGINT), CAST(sum(j.bytes) AS BIGINT),
    min(j.recv_us), max(j.recv_us),
    (SELECT COALESCE(max(w.next_key), 0) FROM writer w WHERE w.run = j.run),
    (SELECT count(*) FROM run r WHERE r.node = j.run AND r.ended_us IS NOT NULL)
FROM journal j GROUP BY j.run, j.epoch ORDER BY j.run, j.epoch;

-- Rows of a run and epoch, without their bodies: $3 writer and $4 seq_lo to start behind, $5 how many
-- name: journal_heads iibii -> biiiii
SELECT writer, seq_lo, seq_hi, n, bytes, recv_us FROM journal
WHERE run = $1 AND epoch = $2 AND (writer > $3 OR (writer = $3 AND seq_lo > $4))
ORDER BY writer, seq_lo LIMIT $5;

-- The frames of one row.
-- name: journal_body ibi -> b
SELECT body FROM journal WHERE run = $1 AND writer = $2 AND seq_lo = $3;

-- Rows leave for a pack, in the transaction that adds it.  $1 run, $2 writer, $3 first, $4 last seq
-- name: journal_seal ibii -> iii
DELETE FROM journal WHERE run = $1 AND writer = $2 AND seq_lo >= $3 AND seq_hi <= $4
RETURNING seq_lo, seq_hi, n;

-- $1 run, $2 writer, $3 frames, $4 points that have left the journal
-- name: writer_sealed ibii ->
UPDATE writer SET sealed_frames = sealed_frames + $3, sealed_points = sealed_points + $4
WHERE run = $1 AND writer = $2;

-- name: pack_find ib -> i
SELECT sealed_us FROM pack WHERE run = $1 AND digest = $2;

-- The same pack may be made again from repeats.  $1 run, $2 digest, $3 kind, $4 epoch, $5 level,
-- $6 rev, $7 points, $8 series, $9 step_lo, $10 step_hi, $11 us_lo, $12 us_hi, $13 now
-- name: pack_add ibiiiiiiiiiii ->
INSERT INTO pack(run, digest, kind, epoch, level, rev, n, series, step_lo, step_hi, us_lo, us_hi,
    sealed_us)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) ON CONFLICT(run, digest) DO NOTHING;

-- A pack goes, because others hold its points.  A final one stays.
-- name: pack_remove ib -> i
DELETE FROM pack WHERE run = $1 AND digest = $2 AND rev = 0 RETURNING sealed_us;

-- name: pack_count -> i
SELECT count(*) FROM pack;

-- Packs of a run with their blobs, oldest first.
-- name: pack_list i -> biiiiiiiiiiiiiit
SELECT p.digest, p.kind, p.epoch, p.level, p.rev, p.n, p.series, p.step_lo, p.step_hi, p.us_lo,
    p.us_hi, p.sealed_us, b.size, b.stored, b.enc, b.loc
FROM pack p JOIN blob b ON b.digest = p.digest WHERE p.run = $1 ORDER BY p.sealed_us, p.digest;

-- Runs with packs to merge: at least $1 of one epoch, kind and level that are smaller than $2; and
-- those that have ended, where nothing waits in the journal, with packs that are not final.
-- name: pack_many ii -> i
SELECT p.run FROM pack p JOIN blob b ON b.digest = p.digest WHERE p.rev = 0 AND b.stored < $2
GROUP BY p.run, p.epoch, p.kind, p.level HAVING count(*) >= $1
UNION SELECT p.run FROM pack p JOIN run r ON r.node = p.run
WHERE p.rev = 0 AND r.ended_us IS NOT NULL AND r.state NOT IN ('running', 'queued', 'unconfirmed')
    AND NOT EXISTS (SELECT 1 FROM journal j WHERE j.run = p.run)
ORDER BY 1;
