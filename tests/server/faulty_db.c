#include "faulty_db.h"

#include <stdatomic.h>

/* What is to fail; set before the calls that it is meant for are made. */
static atomic_int left;
static enum faulty_call kind;
static track_status failure;
static enum db_outcome outcome;

struct faulty {
    const struct db_ops *ops; /* first, as in struct db */
    struct arena own;         /* holds this struct */
    struct db *inner;
    bool writing;
};

static struct faulty *faulty_of(struct db *db)
{
    return (struct faulty *)(void *)db;
}

void faulty_db_at(enum faulty_call call, int times, track_status status, enum db_outcome how)
{
    kind = call;
    failure = status;
    outcome = how;
    atomic_store(&left, times);
}

static bool fails(struct db *db, enum faulty_call call)
{
    return faulty_of(db)->writing && atomic_load(&left) > 0 && kind == call &&
           atomic_fetch_sub(&left, 1) > 0;
}

static track_status faulty_open(struct db **out, const char *path, bool writing, track_error *err)
{
    struct arena own = ARENA(4096);
    struct faulty *f = ARENA_NEW(&own, struct faulty);
    if (!f) {
        return FAIL(err, TRACK_NOMEM, "no room");
    }
    *f = (struct faulty){&db_faulty, own, NULL, writing};
    track_status status = db_sqlite.open(&f->inner, path, writing, err);
    if (status != TRACK_OK) {
        own = f->own;
        arena_release(&own);
        return status;
    }
    *out = (struct db *)(void *)f;
    return TRACK_OK;
}

static void faulty_close(struct db *db)
{
    struct arena own = faulty_of(db)->own;
    db_close(faulty_of(db)->inner);
    arena_release(&own);
}

static track_status faulty_prepare(struct db *db, track_error *err)
{
    return db_prepare(faulty_of(db)->inner, err);
}

static track_status faulty_begin(struct db *db, int limit_ms, track_error *err)
{
    return fails(db, FAULTY_BEGIN) ? FAIL(err, failure, "asked to fail")
                                   : db_begin(faulty_of(db)->inner, limit_ms, err);
}

static track_status faulty_commit(struct db *db, enum db_outcome *out, track_error *err)
{
    if (fails(db, FAULTY_COMMIT)) {
        db_rollback(faulty_of(db)->inner);
        *out = outcome;
        return FAIL(err, failure, "asked to fail");
    }
    TRY(db_commit(faulty_of(db)->inner, out, err));
    if (fails(db, FAULTY_AFTER_COMMIT)) {
        *out = outcome;
        return FAIL(err, failure, "asked to fail");
    }
    return TRACK_OK;
}

static void faulty_rollback(struct db *db)
{
    db_rollback(faulty_of(db)->inner);
}

static track_status faulty_savepoint(struct db *db, track_error *err)
{
    return db_savepoint(faulty_of(db)->inner, err);
}

static track_status faulty_keep(struct db *db, track_error *err)
{
    return db_keep(faulty_of(db)->inner, err);
}

static bool faulty_undo(struct db *db)
{
    if (fails(db, FAULTY_UNDO)) {
        db_rollback(faulty_of(db)->inner);
        return false;
    }
    return db_undo(faulty_of(db)->inner);
}

static track_status faulty_run(struct db *db, enum query q, const struct db_value *in, db_row *row,
                               void *data, track_error *err)
{
    return fails(db, FAULTY_RUN) ? FAIL(err, failure, "asked to fail")
                                 : db_run(faulty_of(db)->inner, q, in, row, data, err);
}

static int64_t faulty_changed(struct db *db)
{
    return db_changed(faulty_of(db)->inner);
}

static track_status faulty_run_text(struct db *db, const struct db_text *text, db_row *row,
                                    void *data, track_error *err)
{
    return db_run_text(faulty_of(db)->inner, text, row, data, err);
}

static track_status faulty_migrate(struct db *db, const struct db_migration *all, int64_t now_us,
                                   track_error *err)
{
    return db_migrate(faulty_of(db)->inner, all, now_us, err);
}

static track_status faulty_check(struct db *db, db_row *complaint, void *data, track_error *err)
{
    return db_check(faulty_of(db)->inner, complaint, data, err);
}

static track_status faulty_idle(struct db *db, track_error *err)
{
    return db_idle(faulty_of(db)->inner, err);
}

const struct db_ops db_faulty = {
    .name = "faulty",
    .open = faulty_open,
    .close = faulty_close,
    .prepare = faulty_prepare,
    .begin = faulty_begin,
    .commit = faulty_commit,
    .rollback = faulty_rollback,
    .savepoint = faulty_savepoint,
    .keep = faulty_keep,
    .undo = faulty_undo,
    .run = faulty_run,
    .changed = faulty_changed,
    .run_text = faulty_run_text,
    .migrate = faulty_migrate,
    .check = faulty_check,
    .idle = faulty_idle,
};
