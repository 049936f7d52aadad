/* Readers look at a run, and others upload files and name them. */
#include "model.h"

#include <stdio.h>
#include <string.h>

enum { ARENA_BYTES = 1 << 18, FILES = 3, FILE_LEVEL = 100 };

static track_status look(struct world *w, struct actor *a, track_error *err)
{
    AUTO_ARENA arena = ARENA(ARENA_BYTES);
    struct pack_list list;
    TRY(pack_list(w->db, MODEL_RUN, &arena, &list, err));
    a->old_count = 0;
    for (size_t i = 0; i < list.count && a->old_count < MODEL_OLDS; i++) {
        if (list.at[i].loc[0] && model_chance(w, 60)) {
            snprintf(a->locs[a->old_count++], sizeof(a->locs[0]), "%s", list.at[i].loc);
        }
    }
    a->since_us = w->now_us;
    a->at = 1;
    return TRACK_OK;
}

/* Reads the bytes of packs that it saw a while ago. */
track_status model_reader(struct world *w, struct actor *a, track_error *err)
{
    if (a->at == 0) {
        return look(w, a, err);
    }
    a->at = 0;
    if (w->now_us - a->since_us >= OBJECT_GRACE_US) {
        return TRACK_OK; /* no reader may take so long */
    }
    for (size_t i = 0; i < a->old_count; i++) {
        if (!model_find(w, a->locs[i])) {
            model_violate(w, "bytes of a pack went under a reader");
        }
        w->counts.read++;
    }
    return TRACK_OK;
}

static track_status adopt(struct world *w, struct actor *a, track_error *err)
{
    bool known;
    return model_adopt(w, a, &known, err);
}

/* Gives the file the name that only this uploader uses; what had it before is named no more. */
static track_status name(struct world *w, struct actor *a, track_error *err)
{
    int64_t size;
    bool found;
    struct bytes digest = {a->piece.digest, sizeof(a->piece.digest)};
    TRY(db_find_i(w->db, QUERY_blob_ref, DB_IN(db_b(digest), db_i(w->now_us)), &size, &found, err));
    if (!found) {
        return FAIL(err, TRACK_CONFLICT, "send the blob first");
    }
    return db_exec(w->db, QUERY_path_put,
                   DB_IN(db_i(MODEL_RUN), db_t(a->number ? "a" : "b"), db_b(digest), db_i(size),
                         db_t(""), db_i(w->now_us)),
                   err);
}

/* What was uploaded is there to be named, for a day. */
static void give_name(struct world *w, struct actor *a)
{
    bool fresh = w->now_us - a->since_us < BLOB_GRACE_US;
    enum outcome outcome = model_commit(w, a, name);
    if (outcome == REFUSED && fresh) {
        model_violate(w, "a blob went before the one who sent it could name it");
    }
    a->at = outcome == AGAIN ? a->at : 0;
    w->counts.named += outcome == DONE;
}

track_status model_uploader(struct world *w, struct actor *a, track_error *err)
{
    (void)err;
    if (a->at == 0) {
        model_piece(w, 1 + model_random(w, FILES), FILE_LEVEL, &a->piece);
        a->at = 1;
    } else if (a->at == 4) {
        give_name(w, a);
    } else if (a->at < 3) {
        model_upload(w, a);
    } else {
        enum outcome outcome = model_commit(w, a, adopt);
        a->since_us = w->now_us;
        a->at = outcome == DONE ? 4 : outcome == AGAIN ? 3 : 0;
    }
    return TRACK_OK;
}
