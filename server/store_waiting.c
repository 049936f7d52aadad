#include "store_base.h"
#include "store_pack.h"

#include <string.h>

static track_status waiting_row(void *data, const struct db_value *c, track_error *err)
{
    void *at;
    TRY(gather_add(data, &at, err));
    *(struct journal_waiting *)at = (struct journal_waiting){
        .run_node = db_get_i(&c[0]),
        .epoch = db_get_i(&c[1]),
        .rows = db_get_i(&c[2]),
        .points = db_get_i(&c[3]),
        .bytes = db_get_i(&c[4]),
        .oldest_us = db_get_i(&c[5]),
        .newest_us = db_get_i(&c[6]),
        .keys = db_get_i(&c[7]),
        .ended = db_get_i(&c[8]) > 0,
    };
    return TRACK_OK;
}

track_status store_journal_waiting(struct store *s, struct arena *arena, struct waiting_list *out,
                                   track_error *err)
{
    AUTO_READ struct read r = {0};
    struct gather g = GATHER(arena, struct journal_waiting);
    TRY(store_read_begin(s, &r, err));
    TRY(db_run(r.db, QUERY_journal_waiting, NULL, waiting_row, &g, err));
    *out = (struct waiting_list){g.at, g.count};
    return TRACK_OK;
}

struct heads {
    struct journal_head *at; /* [PACK_HEADS_MAX] */
    size_t count;
};

static track_status head_row(void *data, const struct db_value *c, track_error *err)
{
    struct heads *h = data;
    struct journal_head *head = &h->at[h->count++];
    if (c[0].as.bytes.size != sizeof(head->writer)) {
        return FAIL(err, TRACK_CORRUPT, "a journal row has a writer id of %zu bytes",
                    c[0].as.bytes.size);
    }
    memcpy(head->writer, c[0].as.bytes.at, sizeof(head->writer));
    head->seq_lo = db_get_i(&c[1]);
    head->seq_hi = db_get_i(&c[2]);
    head->points = db_get_i(&c[3]);
    head->bytes = db_get_i(&c[4]);
    head->recv_us = db_get_i(&c[5]);
    return TRACK_OK;
}

track_status journal_heads(struct db *db, const struct head_ask *ask, struct journal_head *out,
                           size_t *count, track_error *err)
{
    struct heads heads = {out, 0};
    struct bytes writer = {NULL, 0};
    int64_t seq = -1;
    if (ask->after) {
        writer = (struct bytes){ask->after->writer, sizeof(ask->after->writer)};
        seq = ask->after->seq_lo;
    }
    TRY(db_run(
        db, QUERY_journal_heads,
        DB_IN(db_i(ask->run_node), db_i(ask->epoch), db_b(writer), db_i(seq), db_i(PACK_HEADS_MAX)),
        head_row, &heads, err));
    *count = heads.count;
    return TRACK_OK;
}

track_status journal_body(struct db *db, int64_t run_node, const struct journal_head *head,
                          struct arena *arena, struct bytes *out, track_error *err)
{
    struct db_value c[1];
    struct bytes writer = {head->writer, sizeof(head->writer)};
    TRY(db_find(db, QUERY_journal_body, DB_IN(db_i(run_node), db_b(writer), db_i(head->seq_lo)),
                arena, c, err));
    *out = c[0].type ? c[0].as.bytes : (struct bytes){NULL, 0};
    return TRACK_OK;
}
