/* A client sends its frames in order, each until it hears that it is stored. */
#include "model.h"

#include <string.h>

/* The first frame of a writer that was not acknowledged; NULL: all were. */
static struct batch *next_batch(struct world *w, int writer)
{
    for (size_t i = 0; i < w->batch_count; i++) {
        if (w->batches[i].writer == writer && !w->batches[i].acked) {
            return &w->batches[i];
        }
    }
    return NULL;
}

static track_status add_row(struct world *w, const struct batch *b, struct bytes id,
                            track_error *err)
{
    unsigned char body[1] = {(unsigned char)b->content};
    return db_exec(w->db, QUERY_journal_add,
                   DB_IN(db_i(MODEL_RUN), db_b(id), db_i(b->seq), db_i(b->seq), db_i(0), db_i(1),
                         db_i(1), db_i(w->now_us), db_b((struct bytes){body, sizeof(body)})),
                   err);
}

static track_status advance(struct world *w, int64_t from, int64_t to, struct bytes id,
                            track_error *err)
{
    TRY(db_exec(w->db, QUERY_writer_advance,
                DB_IN(db_i(MODEL_RUN), db_b(id), db_i(from), db_i(to), db_i(0), db_i(0), db_i(1),
                      db_i(w->now_us), db_b((struct bytes){NULL, 0}), db_null(), db_null()),
                err));
    return db_changed(w->db) == 1 ? TRACK_OK : FAIL(err, TRACK_CONFLICT, "the watermark has moved");
}

/* The mutant: a row that is there already is kept, and nobody asks what was stored before. */
static track_status append_blindly(struct world *w, const struct batch *b, int64_t next,
                                   struct bytes id, track_error *err)
{
    track_status status = add_row(w, b, id, err);
    if (status != TRACK_OK) {
        return status == TRACK_CONFLICT ? TRACK_OK : status;
    }
    return b->seq < next ? TRACK_OK : advance(w, next, b->seq + 1, id, err);
}

static track_status append(struct world *w, struct actor *a, track_error *err)
{
    const struct batch *b = next_batch(w, a->number);
    unsigned char raw[16];
    int64_t next;
    bool found;
    memset(raw, b->writer + 1, sizeof(raw));
    struct bytes id = {raw, sizeof(raw)};
    TRY(db_find_i(w->db, QUERY_writer_next, DB_IN(db_i(MODEL_RUN), db_b(id)), &next, &found, err));
    if (w->without == WITHOUT_WATERMARK) {
        return append_blindly(w, b, next, id, err);
    }
    if (b->seq < next) {
        w->counts.repeated++;
        return TRACK_OK;
    }
    TRY(add_row(w, b, id, err));
    return advance(w, b->seq, b->seq + 1, id, err);
}

track_status model_client(struct world *w, struct actor *a, track_error *err)
{
    (void)err;
    struct batch *b = next_batch(w, a->number);
    if (!b) {
        return TRACK_OK;
    }
    b->sent = true;
    enum outcome outcome = model_commit(w, a, append);
    bool heard = outcome == DONE && !model_chance(w, 5); /* the answer may get lost too */
    b->acked = heard || (outcome == AGAIN && w->without == WITHOUT_COMMIT);
    w->counts.appended += b->acked;
    return TRACK_OK;
}
