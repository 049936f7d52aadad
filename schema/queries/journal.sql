-- What is known of a writer.
-- name: writer_get ib -> iiiiiiib
SELECT next_seq, next_key, gaps, points, began_us, seen_us, closed_us, recent
FROM writer WHERE run = $1 AND writer = $2;

-- First contact.  $1 run, $2 writer, $3 now, $4 no bytes
-- name: writer_add ibib ->
INSERT INTO writer(run, writer, name, host, pid, next_seq, next_key, gaps, points, lost, lost_why,
    began_us, seen_us, recent)
VALUES ($1, $2, '', '', 0, 0, 0, 0, 0, 0, '', $3, $3, $4)
ON CONFLICT(run, writer) DO NOTHING;

-- Moves the watermark, in the transaction that adds the frames; no row: it is not where it was.
-- $1 run, $2 writer, $3 next_seq as it was, $4 as it is, $5 next_key, $6 gaps, $7 new points,
-- $8 now, $9 recent, $10 greatest step of the new points, or NULL, $11 when it was closed, or NULL
-- name: writer_advance ibiiiiiibii ->
UPDATE writer SET next_seq = $4, next_key = $5, gaps = $6, points = points + $7, seen_us = $8,
    closed_us = $11, recent = $9,
    last_step = CASE WHEN last_step IS NULL OR $10 > last_step THEN COALESCE($10, last_step)
        ELSE last_step END
WHERE run = $1 AND writer = $2 AND next_seq = $3;

-- name: writer_next ib -> i
SELECT next_seq FROM writer WHERE run = $1 AND writer = $2;

-- name: writer_seen ibi ->
UPDATE writer SET seen_us = $3 WHERE run = $1 AND writer = $2;

-- $1 run, $2 writer, $3 name, $4 host, $5 rank, $6 pid, $7 now; NULL leaves a column as it is
-- name: writer_describe ibttiii ->
UPDATE writer SET name = COALESCE($3, name), host = COALESCE($4, host),
    rank = COALESCE($5, rank), pid = CASE WHEN $6 = 0 THEN pid ELSE $6 END, seen_us = $7
WHERE run = $1 AND writer = $2;

-- Records that a writer had to drop so far; the count never goes back.
-- $1 run, $2 writer, $3 count, $4 why
-- name: writer_lost ibit ->
UPDATE writer SET lost_why = CASE WHEN $3 > lost THEN $4 ELSE lost_why END,
    lost = CASE WHEN $3 > lost THEN $3 ELSE lost END
WHERE run = $1 AND writer = $2;

-- name: writer_close ibi ->
UPDATE writer SET closed_us = $3, seen_us = $3 WHERE run = $1 AND writer = $2;

-- name: writer_list i -> bttiiiiiiii
SELECT writer, name, host, rank, pid, next_seq, points, seen_us, closed_us, lost, sealed_frames
FROM writer WHERE run = $1 ORDER BY writer;

-- $1 run, $2 writer, $3 seq_lo, $4 seq_hi, $5 epoch, $6 points, $7 bytes, $8 now, $9 body
-- name: journal_add ibiiiiiib ->
INSERT INTO journal(run, writer, seq_lo, seq_hi, epoch, n, bytes, recv_us, body)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9);

-- Rows of a writer from a seq on.
-- name: journal_of_writer ibi -> biiiiib
SELECT writer, seq_lo, seq_hi, epoch, n, recv_us, body FROM journal
WHERE run = $1 AND writer = $2 AND seq_hi >= $3 ORDER BY seq_lo;

-- Rows of all writers.
-- name: journal_of_run ii -> biiiiib
SELECT writer, seq_lo, seq_hi, epoch, n, recv_us, body FROM journal
WHERE run = $1 AND seq_hi >= $2 ORDER BY writer, seq_lo;

-- $1 id, $2 name, $3 context
-- name: series_key_add itt ->
INSERT INTO series_key(id, name, context) VALUES ($1, $2, $3) ON CONFLICT(id) DO NOTHING;

-- name: series_key_get i -> tt
SELECT name, context FROM series_key WHERE id = $1;

-- $1 run, $2 writer, $3 number of the first, $4 ids
-- name: writer_key_add ibib ->
INSERT INTO writer_key(run, writer, first_no, ids) VALUES ($1, $2, $3, $4);

-- name: writer_key_list ib -> ib
SELECT first_no, ids FROM writer_key WHERE run = $1 AND writer = $2 ORDER BY first_no;

-- The greatest step of writers that this one may take the place of: of its rank, and closed or not
-- heard of since $3.  $1 run, $2 writer
-- name: writer_last_step ibi -> i
SELECT max(w.last_step) FROM writer w JOIN writer me ON me.run = w.run
WHERE w.run = $1 AND me.writer = $2 AND w.writer <> $2 AND COALESCE(w.rank, 0) = COALESCE(me.rank, 0)
    AND (w.closed_us IS NOT NULL OR w.seen_us < $3) AND w.last_step IS NOT NULL;
