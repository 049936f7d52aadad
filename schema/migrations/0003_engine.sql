-- 0003: the metric engine: what finds runs by what they measured, and forks.

-- Search.  A run whose series rows are older than its points has series_seq -1 from its next frame
-- on, until they are folded again; so nobody sums up the writers of all runs to find them.
UPDATE run SET series_seq = -1 WHERE series_seq <>
    (SELECT CAST(COALESCE(sum(w.next_seq), 0) AS BIGINT) FROM writer w WHERE w.run = run.node);
CREATE INDEX run_stale ON run(project) WHERE series_seq < 0 AND deleted_us IS NULL;
-- Runs in the order of their least and greatest value, and of a parameter that is a number.
CREATE INDEX series_vmin ON series(project, key, vmin, run);
CREATE INDEX series_vmax ON series(project, key, vmax, run);
CREATE INDEX run_param_num ON run_param(key, num, run);
DROP INDEX run_param_key;

-- Forks.  kind 4 of an edge: src (run) informed dst (run), in the way that how says.  forked-from:
-- dst shows the points of src up to a step, as they were visible in an epoch of src.
ALTER TABLE edge ADD COLUMN how {TEXT};
ALTER TABLE edge ADD COLUMN step {I64};
ALTER TABLE edge ADD COLUMN epoch {I64};
