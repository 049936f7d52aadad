#include "check.h"

#include "../core/hash.h"
#include "check_base.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { LINE_BYTES = 640, RUN_BYTES = 256 << 20 };

void check_wrong(struct check *c, const char *format, ...)
{
    char line[LINE_BYTES];
    va_list args;
    va_start(args, format);
    vsnprintf(line, sizeof(line), format, args);
    va_end(args);
    c->counts->wrong++;
    c->options->say(c->options->say_data, line);
}

void check_derived(struct check *c, bool loss, const char *format, ...)
{
    static const char *const means[2][2] = {
        {"; no data is lost: --repair writes it again", "; it is written again"},
        {"; points may be missing, which --repair does not bring back",
         "; it is written again, which brings back no points that are missing"}};
    char line[LINE_BYTES], text[LINE_BYTES - 80];
    bool repair = c->options->repair;
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    (void)snprintf(line, sizeof(line), "%s%s", text, means[loss][repair]);
    c->counts->wrong += !repair;
    c->counts->repaired += repair;
    c->options->say(c->options->say_data, line);
}

track_status check_repair(struct check *c, struct ticket *t, ticket_work *work, track_error *err)
{
    TRY(store_submit_always(c->store, t, work, err));
    return ticket_wait(store_writer(c->store), t, 0, err);
}

static track_status run_row(void *data, const struct db_value *c, track_error *err)
{
    struct gather *g = data;
    void *at;
    TRY(gather_add(g, &at, err));
    struct check_run *r = at;
    r->node = db_get_i(&c[0]);
    r->epoch = db_get_i(&c[2]);
    TRY(db_copy_text(g->arena, &c[1], &r->id, err));
    return hash_decode_hex(c[1].as.bytes, r->binary, sizeof(r->binary), err);
}

track_status check_runs(struct check *c, check_run_fn *fn, track_error *err)
{
    AUTO_ARENA arena = ARENA(RUN_BYTES);
    struct gather runs = GATHER(&arena, struct check_run);
    TRY(db_run(c->db, QUERY_check_run_list, NULL, run_row, &runs, err));
    for (size_t i = 0; i < runs.count; i++) {
        AUTO_ARENA own = ARENA(RUN_BYTES);
        TRY(fn(c, &((const struct check_run *)runs.at)[i], &own, err));
    }
    return TRACK_OK;
}

/* SQLite says "ok" when it finds nothing. */
static track_status engine_row(void *data, const struct db_value *columns, track_error *err)
{
    (void)err;
    struct check *c = data;
    struct bytes text = columns[0].as.bytes;
    if (text.size != 2 || memcmp(text.at, "ok", 2) != 0) {
        check_wrong(c, "database: %.*s", (int)(text.size < 400 ? text.size : 400),
                    (const char *)text.at);
    }
    return TRACK_OK;
}

static track_status dangling_row(void *data, const struct db_value *columns, track_error *err)
{
    (void)err;
    struct check *c = data;
    int64_t count = db_get_i(&columns[1]);
    if (count > 0) {
        check_wrong(c, "%lld %.*s", (long long)count, (int)columns[0].as.bytes.size,
                    (const char *)columns[0].as.bytes.at);
    }
    return TRACK_OK;
}

static track_status check_all(struct check *c, track_error *err)
{
    TRY(db_check(c->db, engine_row, c, err));
    if (c->counts->wrong > 0) {
        return TRACK_OK; /* rows of a damaged file tell nothing */
    }
    TRY(db_run(c->db, QUERY_check_dangling, NULL, dangling_row, c, err));
    TRY(check_journal(c, err));
    TRY(check_packs(c, err));
    TRY(check_facts(c, err));
    TRY(check_series(c, err));
    return check_blobs(c, err);
}

track_status check_run(const struct check_options *options, struct check_counts *out,
                       track_error *err)
{
    struct store_options open = {
        .data = options->data, .must_exist = true, .read_limit_ms = INT32_MAX};
    struct check c = {.options = options, .counts = out};
    *out = (struct check_counts){0};
    TRY(store_open(&open, &c.store, err));
    track_status status = tail_open(&(struct tail_options){.store = c.store}, &c.tail, err);
    if (status == TRACK_OK) {
        AUTO_READ struct read r = {0};
        status = store_read_begin(c.store, &r, err);
        c.db = r.db;
        status = status == TRACK_OK ? check_all(&c, err) : status;
    }
    tail_close(c.tail);
    store_close(c.store);
    return status == TRACK_OK && out->wrong > 0
               ? FAIL(err, TRACK_CORRUPT, "%lld findings in %.150s", (long long)out->wrong,
                      options->data)
               : status;
}
