#include "check.h"

#include "check_base.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { LINE_BYTES = 512 };

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
    track_status status;
    {
        AUTO_READ struct read r = {0};
        status = store_read_begin(c.store, &r, err);
        c.db = r.db;
        status = status == TRACK_OK ? check_all(&c, err) : status;
    }
    store_close(c.store);
    return status == TRACK_OK && out->wrong > 0
               ? FAIL(err, TRACK_CORRUPT, "%lld findings in %.150s", (long long)out->wrong,
                      options->data)
               : status;
}
