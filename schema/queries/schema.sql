-- The newest migration that was applied.
-- name: schema_version_get -> i
SELECT CAST(COALESCE(max(version), 0) AS BIGINT) FROM schema_version;

-- $1 version, $2 phase (expand, backfill, contract), $3 applied_us
-- name: schema_version_add iti ->
INSERT INTO schema_version(version, phase, applied_us) VALUES ($1, $2, $3);
