-- name: blob_get b -> iiiti
SELECT size, stored, enc, loc, created_us FROM blob WHERE digest = $1;

-- A reference to a blob is about to be written.  $1 digest, $2 now
-- name: blob_ref bi -> it
UPDATE blob SET ref_us = $2 WHERE digest = $1 RETURNING size, loc;

-- Adopts an object.  $1 digest, $2 size, $3 stored, $4 enc, $5 loc, $6 now
-- name: blob_adopt biiiti ->
INSERT INTO blob(digest, size, stored, enc, loc, created_us, ref_us)
VALUES ($1, $2, $3, $4, $5, $6, $6);

-- name: blob_inline_add bb ->
INSERT INTO blob_inline(digest, data) VALUES ($1, $2) ON CONFLICT(digest) DO NOTHING;

-- name: blob_inline_get b -> b
SELECT data FROM blob_inline WHERE digest = $1;

-- An object may come to be under this location.  $1 loc, $2 digest, $3 state, $4 size, $5 now
-- name: loose_add tbiii ->
INSERT INTO loose(loc, digest, state, size, since_us) VALUES ($1, $2, $3, $4, $5);

-- name: loose_take t -> t
DELETE FROM loose WHERE loc = $1 AND state = 0 RETURNING loc;

-- Uploads that nobody goes on with.  $1 began before, $2 now
-- name: loose_give_up ii ->
UPDATE loose SET state = 1, since_us = $2 WHERE state = 0 AND since_us < $1;

-- Dead objects that no slow reader can still have.  $1 dead since before
-- name: loose_dead i -> t
SELECT loc FROM loose WHERE state = 1 AND since_us < $1 ORDER BY since_us LIMIT 100;

-- name: loose_remove t ->
DELETE FROM loose WHERE loc = $1 AND state = 1;

-- Blobs in the order of their digests, and 0 for one that nothing refers to: $1 digest to start
-- behind, $2 and nothing has since, $3 how many.  The tables are those of blob_collect.
-- name: blob_slice bii -> bi
SELECT digest, CASE WHEN ref_us >= $2
    OR EXISTS (SELECT 1 FROM pack WHERE pack.digest = blob.digest)
    OR EXISTS (SELECT 1 FROM path WHERE path.digest = blob.digest) THEN 1 ELSE 0 END
FROM blob WHERE digest > $1 ORDER BY digest LIMIT $3;

-- The blob goes, unless something refers to it.  A table that comes to refer to blobs has its line
-- here; tests/server/test_store_gc.c compares this with the schema.  $1 digest, $2 as above
-- name: blob_collect bi -> ti
DELETE FROM blob WHERE digest = $1 AND ref_us < $2
    AND NOT EXISTS (SELECT 1 FROM pack WHERE pack.digest = $1)
    AND NOT EXISTS (SELECT 1 FROM path WHERE path.digest = $1)
RETURNING loc, stored;

-- name: blob_inline_remove b ->
DELETE FROM blob_inline WHERE digest = $1;
