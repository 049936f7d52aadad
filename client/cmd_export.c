/* track export: runs and all their points, exactly, as csv or jsonl. */
#include "../core/number.h"
#include "format.h"
#include "instant.h"
#include "runs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { PAGE_COUNT = 100000, KEYS_MAX = 1000, LINE_BYTES_MAX = 1 << 20 };

struct export
{
    struct cmd *c;
    FILE *out;
    bool jsonl;
    const char *keys[KEYS_MAX]; /* wanted; none: all */
    size_t key_count;
    int64_t runs, series, points;
    bool headed; /* csv: its first line was written */
};

/* A csv field: quoted when it must be. */
static void put_field(struct buf *to, const char *text)
{
    if (!text[strcspn(text, ",\"\r\n")]) {
        buf_text(to, text);
        return;
    }
    buf_byte(to, '"');
    for (const char *p = text; *p; p++) {
        buf_text(to, *p == '"' ? "\"" : "");
        buf_byte(to, (unsigned char)*p);
    }
    buf_byte(to, '"');
}

static track_status write_out(struct export *x, const struct buf *line, track_error *err)
{
    struct bytes out;
    TRY(buf_end(line, &out, err));
    if (fwrite(out.at, 1, out.size, x->out) == out.size) {
        return TRACK_OK;
    }
    return FAIL(err, errno == ENOSPC ? TRACK_FULL : TRACK_IO, "writing: %s", strerror(errno));
}

/* A series whose points are being written. */
struct series_line {
    const char *run, *key, *context;
};

static void put_csv(struct buf *line, const struct series_line *s, const struct json *page,
                    uint32_t i)
{
    static const char *const columns[] = {"step", "time_us", "value"};
    char number[NUMBER_TEXT_MAX + 1];
    put_field(line, s->run);
    buf_byte(line, ',');
    put_field(line, s->key);
    buf_byte(line, ',');
    put_field(line, s->context);
    for (size_t j = 0; j < 3; j++) {
        const struct json *list = json_find(page, columns[j]);
        double value = 0;
        int64_t whole = 0;
        buf_byte(line, ',');
        if (j == 2 && json_get_double(&list->items[i], &value, NULL) == TRACK_OK) {
            buf_text(line, format_exact(value, number));
        } else if (json_get_int(&list->items[i], &whole, NULL) == TRACK_OK) {
            snprintf(number, sizeof(number), "%lld", (long long)whole);
            buf_text(line, number);
        }
    }
    buf_byte(line, '\n');
}

static void put_jsonl(struct buf *line, const struct series_line *s, const struct json *page,
                      uint32_t i)
{
    struct json_writer w = {.to = line};
    json_write_object(&w, NULL);
    json_write_text(&w, "schema", "track.point/1");
    json_write_text(&w, "run", s->run);
    json_write_text(&w, "key", s->key);
    if (*s->context) {
        json_write_text(&w, "context", s->context);
    }
    json_write_value(&w, "step", &json_find(page, "step")->items[i]);
    json_write_value(&w, "time_us", &json_find(page, "time_us")->items[i]);
    json_write_value(&w, "value", &json_find(page, "value")->items[i]);
    json_write_close(&w);
    buf_byte(line, '\n');
}

static track_status write_page(struct export *x, const struct series_line *s,
                               const struct json *page, track_error *err)
{
    const struct json *step, *time, *value;
    TRY(json_need_array(page, "step", &step, err));
    TRY(json_need_array(page, "time_us", &time, err));
    TRY(json_need_array(page, "value", &value, err));
    if (step->count != time->count || step->count != value->count) {
        return FAIL(err, TRACK_CORRUPT, "%.60s: columns of %u, %u and %u points", s->key,
                    (unsigned)step->count, (unsigned)time->count, (unsigned)value->count);
    }
    AUTO_BUF line = BUF(LINE_BYTES_MAX);
    for (uint32_t i = 0; i < step->count; i++) {
        line.size = 0;
        x->jsonl ? put_jsonl(&line, s, page, i) : put_csv(&line, s, page, i);
        TRY(write_out(x, &line, err));
    }
    x->points += step->count;
    return TRACK_OK;
}

/* One page of points in an arena of its own. */
static track_status take_page(struct export *x, const struct series_line *s, char *cursor,
                              size_t room, track_error *err)
{
    AUTO_ARENA arena = ARENA(1 << 30);
    struct cmd one = *x->c;
    const struct json *page;
    one.arena = &arena;
    const char *key = api_encode(&one, s->key), *context = api_encode(&one, s->context);
    const char *path =
        key && context
            ? api_path(&one, "/api/v1/runs/%s/points?limit=%d&key=%s&context=%s%s%s", s->run,
                       PAGE_COUNT, key, context, *cursor ? "&cursor=" : "", cursor)
            : NULL;
    TRY(api_get(&one, path, &page, err));
    TRY(write_page(x, s, page, err));
    const char *next = api_encode(&one, runs_text(page, "next"));
    if (!next || strlen(next) >= room) {
        return FAIL(err, TRACK_CORRUPT, "the server's cursor has over %zu bytes", room);
    }
    memmove(cursor, next, strlen(next) + 1);
    return TRACK_OK;
}

static bool is_wanted(const struct export *x, const char *key)
{
    for (size_t i = 0; i < x->key_count; i++) {
        if (strcmp(x->keys[i], key) == 0) {
            return true;
        }
    }
    return x->key_count == 0;
}

static track_status take_series(struct export *x, const char *run, const struct json *series,
                                track_error *err)
{
    struct series_line s = {run, runs_text(series, "key"), runs_text(series, "context")};
    char cursor[1024] = "";
    if (!is_wanted(x, s.key)) {
        return TRACK_OK;
    }
    x->series++;
    do {
        TRY(take_page(x, &s, cursor, sizeof(cursor), err));
        print_progress(x->c->print, instant_us(), "%lld runs  %lld series  %lld points",
                       (long long)x->runs, (long long)x->series, (long long)x->points);
    } while (*cursor);
    return TRACK_OK;
}

/* jsonl: a line for the run itself. */
static track_status write_run(struct export *x, const char *id, track_error *err)
{
    const struct json *run;
    AUTO_BUF line = BUF(16 << 20);
    struct json_writer w = {.to = &line};
    TRY(api_get(x->c, api_path(x->c, "/api/v1/runs/%s", id), &run, err));
    json_write_object(&w, NULL);
    json_write_text(&w, "schema", "track.run/1");
    json_write_value(&w, "run", run);
    json_write_close(&w);
    buf_byte(&line, '\n');
    return write_out(x, &line, err);
}

/* csv: the first line, once something is going to follow or nothing is. */
static void write_head(struct export *x)
{
    if (!x->jsonl && !x->headed) {
        fputs("run,key,context,step,time_us,value\n", x->out);
    }
    x->headed = true;
}

static track_status take_run(struct cmd *c, const struct json *run, void *data, track_error *err)
{
    struct export *x = data;
    write_head(x);
    const char *id = runs_text(run, "id"), *cursor = "";
    x->runs++;
    if (x->jsonl) {
        TRY(write_run(x, id, err));
    }
    while (cursor) {
        const struct json *page, *list;
        TRY(api_get(c,
                    api_path(c, "/api/v1/runs/%s/series?flat=1&limit=1000%s%s", id,
                             *cursor ? "&cursor=" : "", cursor),
                    &page, err));
        TRY(json_need_array(page, "series", &list, err));
        for (uint32_t i = 0; i < list->count; i++) {
            TRY(take_series(x, id, &list->items[i], err));
        }
        const char *next = runs_text(page, "next");
        cursor = *next ? api_encode(c, next) : NULL;
    }
    return TRACK_OK;
}

static track_status read_keys(struct export *x, track_error *err)
{
    const char *keys = args_find(x->c->args, "keys");
    while (keys && *keys) {
        size_t size = strcspn(keys, ",");
        const char *key = arena_text(x->c->arena, keys, size);
        if (!key || x->key_count == KEYS_MAX) {
            return FAIL(err, key ? TRACK_TOO_LARGE : TRACK_NOMEM, "export: over %d --keys",
                        KEYS_MAX);
        }
        x->keys[x->key_count++] = key;
        keys += size + (keys[size] == ',');
    }
    return TRACK_OK;
}

/* Opens the file under another name; it gets its own when it is whole. */
static track_status open_output(struct export *x, const char *path, const char *part,
                                track_error *err)
{
    if (!args_has(x->c->args, "force") && access(path, F_OK) == 0) {
        return FAIL(err, TRACK_CONFLICT, "%.160s is there already; --force replaces it", path);
    }
    int fd = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0666);
    x->out = fd >= 0 ? fdopen(fd, "w") : NULL;
    return x->out ? TRACK_OK : FAIL(err, TRACK_IO, "%.160s: %s", part, strerror(errno));
}

static track_status write_all(struct export *x, track_error *err)
{
    struct runs_query q;
    const char *filter = x->c->args->operand_count ? x->c->args->operands[0] : NULL;
    TRY(runs_fill(x->c, filter, &q, err));
    TRY(runs_list(x->c, &q, take_run, x, NULL, err));
    write_head(x);
    if (fflush(x->out) != 0 || ferror(x->out)) {
        return FAIL(err, errno == ENOSPC ? TRACK_FULL : TRACK_IO, "writing: %s", strerror(errno));
    }
    return TRACK_OK;
}

static track_status write_file(struct export *x, const char *path, track_error *err)
{
    const char *part = api_path(x->c, "%s.part", path);
    if (!part) {
        return FAIL(err, TRACK_NOMEM, "a path");
    }
    TRY(open_output(x, path, part, err));
    track_status status = write_all(x, err);
    bool whole = fsync(fileno(x->out)) == 0;
    whole = fclose(x->out) == 0 && whole;
    if (status == TRACK_OK && (!whole || rename(part, path) != 0)) {
        status =
            FAIL(err, errno == ENOSPC ? TRACK_FULL : TRACK_IO, "%.160s: %s", path, strerror(errno));
    }
    if (status != TRACK_OK) {
        unlink(part);
    }
    return status;
}

static bool ends_with(const char *text, const char *end)
{
    size_t size = strlen(text), n = strlen(end);
    return size >= n && strcmp(text + size - n, end) == 0;
}

track_status cmd_export(struct cmd *c, track_error *err)
{
    static const struct column columns[] = {{"path", "FILE", COLUMN_ID},
                                            {"runs", "RUNS", COLUMN_RIGHT},
                                            {"series", "SERIES", COLUMN_RIGHT},
                                            {"points", "POINTS", COLUMN_RIGHT}};
    static const struct table_spec spec = {"export", "export", columns, 4};
    const char *path = args_find(c->args, "output"), *format = args_find(c->args, "format");
    struct export *x = ARENA_NEW(c->arena, struct export);
    bool file = path && strcmp(path, "-") != 0;
    if (!x) {
        return FAIL(err, TRACK_NOMEM, "an export");
    }
    *x = (struct export){.c = c, .out = c->print->out};
    x->jsonl = format ? strcmp(format, "jsonl") == 0 : file && ends_with(path, ".jsonl");
    TRY(read_keys(x, err));
    TRY(file ? write_file(x, path, err) : write_all(x, err));
    print_progress_end(c->print);
    struct cell cells[] = {cell_text(path), CELL(CELL_COUNT, number, x->runs),
                           CELL(CELL_COUNT, number, x->series),
                           CELL(CELL_COUNT, number, x->points)};
    return file ? print_record(c->print, c->arena, &spec, cells, err) : TRACK_OK;
}
