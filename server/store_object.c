#include "store_object.h"

#include "blobs.h"
#include "db.h"

#include <string.h>

enum { LOOSE_UPLOADING = 0, LOOSE_DEAD = 1 };

/* A location in a column; "?" stays where no row came. */
struct loc {
    char at[BLOBS_LOC_BYTES + 1];
};

static void copy_loc(struct bytes loc, struct loc *out)
{
    size_t size = loc.size < BLOBS_LOC_BYTES ? loc.size : BLOBS_LOC_BYTES;
    if (size > 0) {
        memcpy(out->at, loc.at, size);
    }
    out->at[size] = '\0';
}

static track_status first_column(void *data, const struct db_value *c, track_error *err)
{
    (void)err;
    copy_loc(c[0].as.bytes, data);
    return TRACK_OK;
}

static track_status second_column(void *data, const struct db_value *c, track_error *err)
{
    (void)err;
    copy_loc(c[1].as.bytes, data);
    return TRACK_OK;
}

static track_status add_loose(struct db *db, const struct object *o, int state, int64_t now_us,
                              track_error *err)
{
    return db_exec(db, QUERY_loose_add,
                   DB_IN(db_t(o->loc), db_b(o->digest), db_i(state), db_i(o->stored), db_i(now_us)),
                   err);
}

track_status object_expect(struct db *db, const struct object *o, int64_t now_us, track_error *err)
{
    return add_loose(db, o, LOOSE_UPLOADING, now_us, err);
}

/* Takes our object out of the loose ones: it must be there, or somebody has given it up. */
static track_status take_loose(struct db *db, const struct object *o, track_error *err)
{
    struct loc taken = {"?"};
    TRY(db_run(db, QUERY_loose_take, DB_IN(db_t(o->loc)), first_column, &taken, err));
    return taken.at[0] != '?' ? TRACK_OK
                              : FAIL(err, TRACK_BUSY, "the upload took too long: send it again");
}

static track_status add_blob(struct db *db, const struct object *o, int64_t now_us,
                             track_error *err)
{
    if (o->loc[0]) {
        TRY(take_loose(db, o, err));
    }
    TRY(db_exec(db, QUERY_blob_adopt,
                DB_IN(db_b(o->digest), db_i(o->size), db_i(o->stored), db_i(o->enc), db_t(o->loc),
                      db_i(now_us)),
                err));
    return o->loc[0]
               ? TRACK_OK
               : db_exec(db, QUERY_blob_inline_add, DB_IN(db_b(o->digest), db_b(o->data)), err);
}

track_status object_adopt(struct db *db, const struct object *o, int64_t now_us, bool *known,
                          track_error *err)
{
    struct loc held = {"?"};
    TRY(db_run(db, QUERY_blob_ref, DB_IN(db_b(o->digest), db_i(now_us)), second_column, &held,
               err));
    bool there = held.at[0] != '?';
    bool ours = there && o->loc[0] && strcmp(held.at, o->loc) == 0; /* a commit nobody heard of */
    *known = there && !ours;
    if (!there) {
        return add_blob(db, o, now_us, err);
    }
    if (ours || !o->loc[0]) {
        return TRACK_OK;
    }
    TRY(take_loose(db, o, err));
    return add_loose(db, o, LOOSE_DEAD, now_us, err);
}

/* What the statement that drops a blob returns. */
struct dropped {
    bool gone;
    struct loc loc;
    int64_t stored;
};

static track_status dropped_row(void *data, const struct db_value *c, track_error *err)
{
    (void)err;
    struct dropped *d = data;
    d->gone = true;
    copy_loc(c[0].as.bytes, &d->loc);
    d->stored = db_get_i(&c[1]);
    return TRACK_OK;
}

track_status object_collect(struct db *db, struct bytes digest, int64_t before_us, int64_t now_us,
                            bool *gone, track_error *err)
{
    struct dropped d = {0};
    TRY(db_run(db, QUERY_blob_collect, DB_IN(db_b(digest), db_i(before_us)), dropped_row, &d, err));
    *gone = d.gone;
    if (!d.gone) {
        return TRACK_OK;
    }
    if (!d.loc.at[0]) {
        return db_exec(db, QUERY_blob_inline_remove, DB_IN(db_b(digest)), err);
    }
    struct object dead = {.digest = digest, .stored = d.stored, .loc = d.loc.at};
    return add_loose(db, &dead, LOOSE_DEAD, now_us, err);
}
