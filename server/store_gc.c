#include "store_gc.h"

#include "store_base.h"
#include "store_object.h"

#include <string.h>

enum { WAIT_MS = 5000, DIGEST_SIZE = 32 };

struct collect {
    struct ticket ticket;
    unsigned char digests[GC_SLICE][DIGEST_SIZE];
    size_t count;
    unsigned char last[DIGEST_SIZE]; /* of all that were looked at */
    size_t seen;
    int64_t now_us;
    int64_t collected; /* out */
};

static track_status slice_row(void *data, const struct db_value *c, track_error *err)
{
    struct collect *call = data;
    if (c[0].as.bytes.size != DIGEST_SIZE) {
        return FAIL(err, TRACK_CORRUPT, "a blob has a digest of %zu bytes", c[0].as.bytes.size);
    }
    memcpy(call->last, c[0].as.bytes.at, DIGEST_SIZE);
    call->seen++;
    if (db_get_i(&c[1]) == 0) {
        memcpy(call->digests[call->count++], call->last, DIGEST_SIZE);
    }
    return TRACK_OK;
}

static track_status list(struct store *s, const struct gc *gc, struct collect *call,
                         track_error *err)
{
    AUTO_READ struct read r = {0};
    TRY(store_read_begin(s, &r, err));
    return db_run(r.db, QUERY_blob_slice,
                  DB_IN(db_b((struct bytes){gc->after, gc->after_size}),
                        db_i(call->now_us - BLOB_GRACE_US), db_i(GC_SLICE)),
                  slice_row, call, err);
}

/* What was listed may be referred to by now: the statement looks again. */
static track_status work(struct ticket *t, struct db *db, track_error *err)
{
    struct collect *call = (struct collect *)(void *)t;
    call->collected = 0;
    for (size_t i = 0; i < call->count; i++) {
        bool gone;
        TRY(object_collect(db, (struct bytes){call->digests[i], DIGEST_SIZE},
                           call->now_us - BLOB_GRACE_US, call->now_us, &gone, err));
        call->collected += gone;
    }
    return TRACK_OK;
}

track_status store_gc(struct store *s, struct gc *gc, int64_t now_us, track_error *err)
{
    struct collect call = {.now_us = now_us};
    if (now_us < gc->rest_until_us) {
        return TRACK_OK;
    }
    TRY(list(s, gc, &call, err));
    if (call.count > 0) {
        TRY(store_submit_always(s, &call.ticket, work, err));
        TRY(ticket_wait(store_writer(s), &call.ticket, WAIT_MS, err));
    }
    gc->collected += call.collected;
    memcpy(gc->after, call.last, DIGEST_SIZE);
    gc->after_size = DIGEST_SIZE;
    if (call.seen < GC_SLICE) {
        gc->after_size = 0;
        gc->rest_until_us = now_us + GC_REST_US;
    }
    return TRACK_OK;
}
