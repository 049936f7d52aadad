-- 0002: packs, and rewinds.
-- Points that have left the journal: one immutable blob with many series of one run and one epoch.
-- kind: 1 points, 2 lines.  level: 0 was sealed, n was merged from packs of level n - 1.  rev: over 0
-- it is final, and named by that record of the run.  n: points, each once within the pack.
CREATE TABLE pack(
    run       {I64} NOT NULL,
    digest    {BYTES} NOT NULL,
    kind      {I64} NOT NULL,
    epoch     {I64} NOT NULL,
    level     {I64} NOT NULL,
    rev       {I64} NOT NULL,
    n         {I64} NOT NULL,
    series    {I64} NOT NULL,
    step_lo   {I64} NOT NULL,
    step_hi   {I64} NOT NULL,
    us_lo     {I64} NOT NULL,
    us_hi     {I64} NOT NULL,
    sealed_us {I64} NOT NULL,
    PRIMARY KEY(run, digest)
) {CLUSTER};
CREATE INDEX pack_digest ON pack(digest);
-- Those that may still be merged.
CREATE INDEX pack_open ON pack(run, epoch, level) WHERE rev = 0;

-- The run went back to a step: points of an epoch below this one are visible up to it.
CREATE TABLE rewind(
    run   {I64} NOT NULL,
    epoch {I64} NOT NULL,
    step  {I64} NOT NULL,
    at_us {I64} NOT NULL,
    actor {TEXT},
    PRIMARY KEY(run, epoch)
) {CLUSTER};

-- What of a writer has left the journal for packs, repeats included: what is left, and this, is all.
ALTER TABLE writer ADD COLUMN sealed_frames {I64} NOT NULL DEFAULT 0;
ALTER TABLE writer ADD COLUMN sealed_points {I64} NOT NULL DEFAULT 0;
