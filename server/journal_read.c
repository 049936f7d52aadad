#include "journal.h"
#include "store_base.h"

#include <string.h>

enum { ID_BYTES = 8 };

/* Whom to call for each row. */
struct each {
    journal_visit *fn;
    void *data;
};

static track_status each_row(void *data, const struct db_value *c, track_error *err)
{
    const struct each *e = data;
    struct journal_row row = {
        .writer = c[0].as.bytes,
        .seq_lo = db_get_i(&c[1]),
        .seq_hi = db_get_i(&c[2]),
        .epoch = db_get_i(&c[3]),
        .points = db_get_i(&c[4]),
        .recv_us = db_get_i(&c[5]),
        .body = c[6].as.bytes,
    };
    return e->fn(e->data, &row, err);
}

track_status journal_each(struct db *db, const struct journal_range *range, journal_visit *fn,
                          void *data, track_error *err)
{
    struct each e = {fn, data};
    struct db_value run = db_i(range->run_node), from = db_i(range->from_seq);
    if (range->writer.size == 0) {
        return db_run(db, QUERY_journal_of_run, DB_IN(run, from), each_row, &e, err);
    }
    return db_run(db, QUERY_journal_of_writer, DB_IN(run, db_b(range->writer), from), each_row, &e,
                  err);
}

/* A row of the dictionary: ids of series from a number on. */
static track_status keys_row(void *data, const struct db_value *c, track_error *err)
{
    struct gather *g = data;
    int64_t first = db_get_i(&c[0]);
    for (size_t i = 0; i < c[1].as.bytes.size / ID_BYTES; i++) {
        void *at;
        TRY(gather_add(g, &at, err));
        struct journal_key *key = at;
        *key = (struct journal_key){.number = first + (int64_t)i};
        for (int b = 0; b < ID_BYTES; b++) {
            key->series = key->series << 8 | c[1].as.bytes.at[i * ID_BYTES + (size_t)b];
        }
    }
    return TRACK_OK;
}

track_status journal_key_list(struct db *db, int64_t run_node, struct bytes writer,
                              struct arena *arena, struct journal_keys *out, track_error *err)
{
    struct gather g = GATHER(arena, struct journal_key);
    TRY(db_run(db, QUERY_writer_key_list, DB_IN(db_i(run_node), db_b(writer)), keys_row, &g, err));
    for (size_t i = 0; i < g.count; i++) {
        struct journal_key *key = &((struct journal_key *)g.at)[i];
        struct db_value c[2];
        TRY(db_find(db, QUERY_series_key_get, DB_IN(db_i(key->series)), arena, c, err));
        if (!c[0].type) {
            return FAIL(err, TRACK_CORRUPT, "series key %lld is gone", (long long)key->series);
        }
        key->name = (const char *)c[0].as.bytes.at;
        key->context = (const char *)c[1].as.bytes.at;
    }
    *out = (struct journal_keys){g.at, g.count};
    return TRACK_OK;
}
