/* Collectors drop blobs that nobody names, and bytes that are dead. */
#include "model.h"

#include <stdio.h>
#include <string.h>

enum { AT_DROP = 1, AT_BYTES = 2, AT_ROW = 3 };

/* Blobs that nothing referred to when it looked. */
static track_status slice_row(void *data, const struct db_value *c, track_error *err)
{
    (void)err;
    struct actor *a = data;
    if (db_get_i(&c[1]) == 0 && a->old_count < MODEL_OLDS) {
        memcpy(a->digests[a->old_count++], c[0].as.bytes.at, sizeof(a->digests[0]));
    }
    return TRACK_OK;
}

/* The mutant: what nobody refers to yet may go. */
static int64_t blob_before(const struct world *w)
{
    return w->without == WITHOUT_BLOB_GRACE ? w->now_us + 1 : w->now_us - BLOB_GRACE_US;
}

static int64_t object_before(const struct world *w)
{
    return w->without == WITHOUT_OBJECT_GRACE ? w->now_us + 1 : w->now_us - OBJECT_GRACE_US;
}

static track_status any_row(void *data, const struct db_value *c, track_error *err)
{
    struct actor *a = data;
    return a->old_count == MODEL_OLDS ? TRACK_OK
                                      : slice_row(data, (struct db_value[]){c[0], db_i(0)}, err);
}

/* The mutant looks at all blobs, named or not. */
static track_status look_at_blobs(struct world *w, struct actor *a, track_error *err)
{
    a->old_count = 0;
    a->at = AT_DROP;
    if (w->without == WITHOUT_REFERENCES) {
        return db_run(w->db, QUERY_check_blob_list, NULL, any_row, a, err);
    }
    return db_run(w->db, QUERY_blob_slice,
                  DB_IN(db_b((struct bytes){NULL, 0}), db_i(blob_before(w)), db_i(100)), slice_row,
                  a, err);
}

static track_status drop_blindly(struct world *w, struct bytes digest, track_error *err)
{
    struct db_value in[] = {db_b(digest)};
    struct db_text text = {"DELETE FROM blob WHERE digest = $1", in, 1, ""};
    return db_run_text(w->db, &text, NULL, NULL, err);
}

static track_status drop(struct world *w, struct actor *a, track_error *err)
{
    for (size_t i = 0; i < a->old_count; i++) {
        struct bytes digest = {a->digests[i], sizeof(a->digests[i])};
        bool gone = false;
        if (w->without == WITHOUT_REFERENCES) {
            TRY(drop_blindly(w, digest, err));
        } else {
            TRY(object_collect(w->db, digest, blob_before(w), w->now_us, &gone, err));
        }
        w->counts.collected += gone;
    }
    return TRACK_OK;
}

static track_status loc_row(void *data, const struct db_value *c, track_error *err)
{
    (void)err;
    struct actor *a = data;
    if (a->old_count < MODEL_OLDS) {
        snprintf(a->locs[a->old_count++], sizeof(a->locs[0]), "%.*s", (int)c[0].as.bytes.size,
                 (const char *)c[0].as.bytes.at);
    }
    return TRACK_OK;
}

static track_status give_up(struct world *w, struct actor *a, track_error *err)
{
    (void)a;
    return db_exec(w->db, QUERY_loose_give_up,
                   DB_IN(db_i(w->now_us - UPLOAD_GRACE_US), db_i(w->now_us)), err);
}

static track_status look_at_dead(struct world *w, struct actor *a, track_error *err)
{
    a->old_count = 0;
    (void)model_commit(w, a, give_up);
    a->at = w->without == WITHOUT_BYTES_FIRST ? AT_ROW : AT_BYTES;
    return db_run(w->db, QUERY_loose_dead, DB_IN(db_i(object_before(w))), loc_row, a, err);
}

static void remove_bytes(struct world *w, struct actor *a)
{
    for (size_t i = 0; i < a->old_count; i++) {
        struct stored *s = model_find(w, a->locs[i]);
        if (s) {
            s->there = false;
            w->counts.removed++;
        }
    }
    a->at = w->without == WITHOUT_BYTES_FIRST ? 0 : AT_ROW;
}

static track_status remove_rows(struct world *w, struct actor *a, track_error *err)
{
    for (size_t i = 0; i < a->old_count; i++) {
        TRY(db_exec(w->db, QUERY_loose_remove, DB_IN(db_t(a->locs[i])), err));
    }
    return TRACK_OK;
}

track_status model_collector(struct world *w, struct actor *a, track_error *err)
{
    if (a->at == 0) {
        return model_chance(w, 50) ? look_at_blobs(w, a, err) : look_at_dead(w, a, err);
    }
    if (a->at == AT_DROP) {
        a->at = model_commit(w, a, drop) == AGAIN ? AT_DROP : 0;
    } else if (a->at == AT_BYTES) {
        remove_bytes(w, a);
    } else if (model_commit(w, a, remove_rows) == DONE) {
        a->at = w->without == WITHOUT_BYTES_FIRST ? AT_BYTES : 0;
    }
    return TRACK_OK;
}
