/* What must hold whatever happened. */
#include "model.h"

#include "../../core/hash.h"

#include <string.h>

enum { ARENA_BYTES = 1 << 20 };

/* How often the points of each content are there. */
struct copies {
    struct world *world;
    int of[64];
    int64_t rows[MODEL_WRITERS]; /* in the journal */
};

static track_status journal_row(void *data, const struct db_value *c, track_error *err)
{
    (void)err;
    struct copies *copies = data;
    copies->of[c[6].as.bytes.at[0]]++;
    copies->rows[c[0].as.bytes.at[0] - 1]++;
    return TRACK_OK;
}

static track_status count_packs(struct world *w, struct copies *copies, track_error *err)
{
    AUTO_ARENA arena = ARENA(ARENA_BYTES);
    struct pack_list list;
    TRY(pack_list(w->db, MODEL_RUN, &arena, &list, err));
    for (size_t i = 0; i < list.count; i++) {
        uint64_t set;
        if (!model_content(w, &list.at[i], &set)) {
            model_violate(w, "the bytes of a pack are gone");
        }
        for (int c = 0; c < 64; c++) {
            copies->of[c] += (set >> c & 1) != 0;
        }
    }
    return TRACK_OK;
}

/* What was acknowledged is there; nothing is there more often than it was sent. */
static void check_batches(struct world *w, const struct copies *copies)
{
    int sent[64] = {0};
    for (size_t i = 0; i < w->batch_count; i++) {
        const struct batch *b = &w->batches[i];
        sent[b->content] += b->sent;
        if (b->acked && copies->of[b->content] == 0) {
            model_violate(w, "frame %lld of writer %d was acknowledged and is gone",
                          (long long)b->seq, b->writer);
        }
    }
    for (int c = 0; c < 64; c++) {
        if (copies->of[c] > sent[c]) {
            model_violate(w, "the points of frame %d are there %d times", c, copies->of[c]);
        }
    }
}

/* What left the journal and what is in it is all that the watermark promises. */
static track_status writer_row(void *data, const struct db_value *c, track_error *err)
{
    (void)err;
    const struct copies *copies = data;
    int64_t next = db_get_i(&c[1]), sealed = db_get_i(&c[6]);
    int64_t rows = copies->rows[c[0].as.bytes.at[0] - 1];
    if (rows + sealed != next) {
        model_violate(copies->world, "%lld rows and %lld sealed frames, %lld were stored",
                      (long long)rows, (long long)sealed, (long long)next);
    }
    return TRACK_OK;
}

static track_status blob_row(void *data, const struct db_value *c, track_error *err)
{
    (void)err;
    struct world *w = data;
    char loc[BLOBS_LOC_BYTES + 1] = "";
    if (c[4].as.bytes.size == BLOBS_LOC_BYTES) {
        memcpy(loc, c[4].as.bytes.at, BLOBS_LOC_BYTES);
    }
    if (loc[0] && !model_find(w, loc)) {
        model_violate(w, "a blob's bytes are gone");
    }
    return TRACK_OK;
}

static track_status dangling_row(void *data, const struct db_value *c, track_error *err)
{
    (void)err;
    struct bytes text = c[0].as.bytes;
    if (db_get_i(&c[1]) > 0 && memmem(text.at, text.size, "blob", 4)) {
        model_violate(data, "%lld %.*s", (long long)db_get_i(&c[1]), (int)text.size,
                      (const char *)text.at);
    }
    return TRACK_OK;
}

/* Bytes without a row would stay for ever. */
static track_status check_bytes(struct world *w, track_error *err)
{
    for (size_t i = 0; i < w->object_count; i++) {
        const struct stored *s = &w->objects[i];
        unsigned char digest[32];
        int64_t blobs = 0, loose = 0;
        bool found;
        if (!s->there) {
            continue;
        }
        TRY(hash_decode_hex((struct bytes){(const unsigned char *)s->loc + 3, 64}, digest,
                            sizeof(digest), err));
        struct db_value of[] = {db_b((struct bytes){digest, sizeof(digest)}), db_t(s->loc), DB_END};
        TRY(db_find_i(w->db, QUERY_check_loc_find, of, &blobs, &found, err));
        TRY(db_find_i(w->db, QUERY_check_loose_find, &of[1], &loose, &found, err));
        if (blobs + loose != 1) {
            model_violate(w, "bytes have %lld blob rows and %lld loose ones", (long long)blobs,
                          (long long)loose);
        }
    }
    return TRACK_OK;
}

track_status model_check(struct world *w, track_error *err)
{
    struct copies copies = {.world = w};
    struct db_value run = db_i(MODEL_RUN);
    TRY(db_run(w->db, QUERY_journal_of_run, DB_IN(run, db_i(0)), journal_row, &copies, err));
    TRY(count_packs(w, &copies, err));
    check_batches(w, &copies);
    TRY(db_run(w->db, QUERY_check_writer_list, DB_IN(run), writer_row, &copies, err));
    TRY(db_run(w->db, QUERY_check_blob_list, NULL, blob_row, w, err));
    TRY(db_run(w->db, QUERY_check_dangling, NULL, dangling_row, w, err));
    return check_bytes(w, err);
}
