/* Bytes on their way: a row that expects them, the bytes, and the row that adopts them. */
#include "../../core/hash.h"
#include "model.h"

#include <string.h>

void model_piece(struct world *w, uint64_t set, int64_t level, struct piece *out)
{
    struct digest d = {{0}};
    *out = (struct piece){.set = set, .level = level};
    for (int i = 0; i < 8; i++) {
        out->data[i] = (unsigned char)(set >> (8 * i));
        out->data[8 + i] = (unsigned char)((uint64_t)level >> (8 * i));
    }
    (void)hash_sha256((struct bytes){out->data, sizeof(out->data)}, &d, NULL);
    memcpy(out->digest, d.at, sizeof(out->digest));
    if (model_chance(w, 70)) {
        uint64_t id = w->without == WITHOUT_UNIQUE_LOCATION ? 0 : model_random(w, UINT64_MAX);
        blobs_loc((struct bytes){out->digest, sizeof(out->digest)}, id, out->loc);
    }
}

struct object model_object(const struct piece *p)
{
    return (struct object){
        .digest = {p->digest, sizeof(p->digest)},
        .size = sizeof(p->data),
        .stored = sizeof(p->data),
        .loc = p->loc,
        .data = {p->data, sizeof(p->data)},
    };
}

static track_status expect(struct world *w, struct actor *a, track_error *err)
{
    struct object o = model_object(&a->piece);
    int64_t count = 0;
    bool found;
    TRY(db_find_i(w->db, QUERY_check_loose_find, DB_IN(db_t(o.loc)), &count, &found, err));
    return count > 0 ? TRACK_OK : object_expect(w->db, &o, w->now_us, err);
}

static void put_bytes(struct world *w, const struct piece *p)
{
    if (model_find(w, p->loc)) {
        return;
    }
    if (w->object_count == MODEL_OBJECTS) {
        model_violate(w, "the model has room for %d objects", MODEL_OBJECTS);
        return;
    }
    struct stored *s = &w->objects[w->object_count++];
    *s = (struct stored){.set = p->set, .there = true};
    memcpy(s->loc, p->loc, sizeof(s->loc));
}

void model_upload(struct world *w, struct actor *a)
{
    bool late = w->without == WITHOUT_INTENT_FIRST;
    struct piece *p = &a->piece;
    if (!p->loc[0]) {
        a->at = 3;
        return;
    }
    p->expected_us = p->expected_us ? p->expected_us : w->now_us;
    if (w->now_us - p->expected_us >= UPLOAD_GRACE_US) {
        a->at = 0; /* deadlines of requests end an upload long before that */
    } else if (a->at == (late ? 2 : 1)) {
        enum outcome outcome = model_commit(w, a, expect);
        a->at += outcome == DONE;
        a->at = outcome == REFUSED ? 0 : a->at;
    } else {
        put_bytes(w, p);
        a->at++;
    }
}

track_status model_make_loose(struct world *w, struct actor *a, track_error *err)
{
    if (!a->piece.loc[0]) {
        return TRACK_OK;
    }
    TRY(db_exec(w->db, QUERY_loose_remove, DB_IN(db_t(a->piece.loc)), err));
    return expect(w, a, err);
}

track_status model_adopt(struct world *w, struct actor *a, bool *known, track_error *err)
{
    struct object o = model_object(&a->piece);
    if (w->without == WITHOUT_INTENT) {
        TRY(model_make_loose(w, a, err));
    }
    TRY(object_adopt(w->db, &o, w->now_us, known, err));
    return w->without == WITHOUT_LOSER && *known
               ? db_exec(w->db, QUERY_loose_remove, DB_IN(db_t(o.loc)), err)
               : TRACK_OK;
}

/* The 8 bytes of a set. */
static uint64_t get_set(const unsigned char *at)
{
    uint64_t set = 0;
    for (int i = 0; i < 8; i++) {
        set |= (uint64_t)at[i] << (8 * i);
    }
    return set;
}

static track_status data_row(void *data, const struct db_value *c, track_error *err)
{
    (void)err;
    *(uint64_t *)data = get_set(c[0].as.bytes.at);
    return TRACK_OK;
}

bool model_content(struct world *w, const struct pack *p, uint64_t *set)
{
    *set = 0;
    if (p->loc[0]) {
        const struct stored *s = model_find(w, p->loc);
        *set = s ? s->set : 0;
        return s != NULL;
    }
    return db_run(w->db, QUERY_blob_inline_get, DB_IN(db_b(p->digest)), data_row, set, NULL) ==
               TRACK_OK &&
           *set != 0;
}
