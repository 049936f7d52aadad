-- 0001: the first schema.  Never edited after a release; the next change is 0002.
-- The drivers replace the tokens, SQLite or PostgreSQL: {I64} INTEGER or BIGINT, {F64} REAL or
-- DOUBLE PRECISION, {BYTES} BLOB or BYTEA, {TEXT} TEXT or TEXT COLLATE "C", {JSON} TEXT or JSONB,
-- {TAIL} STRICT or nothing, {CLUSTER} STRICT, WITHOUT ROWID or nothing.
CREATE TABLE schema_version(
    version    {I64} PRIMARY KEY,
    phase      {TEXT} NOT NULL,
    applied_us {I64} NOT NULL
) {TAIL};
