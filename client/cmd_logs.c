/* track logs: the console output of a run. */
#include "format.h"
#include "instant.h"
#include "runs.h"

#include <stdio.h>
#include <string.h>

enum { PAGE_COUNT = 10000, LINE_BYTES_MAX = 1 << 20 };

struct tail {
    struct cmd *c;
    struct table table;
    const char *id;
    const char *query; /* what is the same in every request */
    int64_t next;      /* first line that is wanted */
    bool plain;        /* text, no documents */
    bool raw, times;
};

static track_status write_line(struct tail *t, const struct json *line, track_error *err)
{
    AUTO_BUF out = BUF(LINE_BYTES_MAX);
    const char *text = runs_text(line, "text");
    struct bytes raw = {(const unsigned char *)text, strlen(text)}, all;
    char when[FORMAT_TEXT_MAX];
    if (t->times) {
        buf_text(&out, format_time(runs_int(line, "time_us", 0), when));
        buf_text(&out, strcmp(runs_text(line, "stream"), "stderr") == 0 ? " err  " : " out  ");
    }
    if (t->raw) {
        buf_put(&out, raw.at, raw.size);
    } else {
        format_escape(&out, raw, FORMAT_SCREEN);
    }
    buf_byte(&out, '\n');
    TRY(buf_end(&out, &all, err));
    fwrite(all.at, 1, all.size, t->c->print->out);
    return TRACK_OK;
}

static track_status add_line(struct tail *t, const struct json *line, track_error *err)
{
    if (t->plain) {
        return write_line(t, line, err);
    }
    struct cell cells[] = {
        cell_member(line, "n", CELL_INT), cell_member(line, "time_us", CELL_TIME),
        cell_member(line, "stream", CELL_TEXT), cell_member(line, "rank", CELL_INT),
        cell_member(line, "text", CELL_TEXT)};
    return table_add(&t->table, cells, err);
}

/* Prints what there is from t->next on.  *count: how many lines came. */
static track_status take_page(struct tail *t, struct arena *arena, uint32_t *count,
                              track_error *err)
{
    struct cmd one = *t->c; /* the reply goes when its page was printed */
    const struct json *page, *lines;
    one.arena = arena;
    track_status status = api_get(&one,
                                  api_path(&one, "/api/v1/runs/%s/lines?from=%lld&limit=%d%s",
                                           t->id, (long long)t->next, PAGE_COUNT, t->query),
                                  &page, err);
    memcpy(t->c->hint, one.hint, sizeof(one.hint));
    memcpy(t->c->ref, one.ref, sizeof(one.ref));
    TRY(status);
    TRY(json_need_array(page, "lines", &lines, err));
    for (uint32_t i = 0; i < lines->count; i++) {
        TRY(add_line(t, &lines->items[i], err));
    }
    *count = lines->count;
    return json_need_int(page, "next", &t->next, err);
}

/* All pages; documents of one list need their rows until the end. */
static track_status take_all(struct tail *t, track_error *err)
{
    uint32_t count = 0;
    int64_t before;
    do {
        AUTO_ARENA page = ARENA(1 << 30);
        bool keep = !t->plain && t->c->print->mode == PRINT_TABLE;
        before = t->next;
        TRY(take_page(t, keep ? t->c->arena : &page, &count, err));
        TRY(print_end(t->c->print, err));
    } while (count > 0 && t->next != before);
    return TRACK_OK;
}

static bool is_over(const char *state)
{
    static const char *const ends[] = {"finished", "failed", "stopped", "preempted"};
    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
        if (strcmp(state, ends[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* Follows until the run has ended; a server that does not answer is asked again and again. */
static track_status follow(struct tail *t, track_error *err)
{
    long wait_ms = 400;
    for (bool over = false; !over;) {
        AUTO_ARENA arena = ARENA(1 << 24);
        struct cmd one = *t->c;
        const struct json *run = NULL;
        track_error why = {0};
        one.arena = &arena;
        instant_pause(wait_ms);
        track_status status = api_get(&one, api_path(&one, "/api/v1/runs/%s", t->id), &run, &why);
        over = status == TRACK_OK && is_over(runs_text(run, "state"));
        status = status == TRACK_OK ? take_all(t, &why) : status;
        if (status != TRACK_OK && !status_retry(status)) {
            return FAIL(err, status, "%s", why.message);
        }
        over = over && status == TRACK_OK;
        wait_ms = status == TRACK_OK ? 400 : wait_ms < 5000 ? wait_ms * 2 : wait_ms;
    }
    return TRACK_OK;
}

static track_status read_query(struct tail *t, track_error *err)
{
    struct cmd *c = t->c;
    const char *stream = args_find(c->args, "stream"), *grep = args_find(c->args, "grep");
    int64_t rank = -1, last = 0, since_us = -1;
    TRY(args_get_int(c->args, "rank", (int64_t[]){0, 1000000}, &rank, err));
    TRY(args_get_int(c->args, "lines", (int64_t[]){1, 1000000000}, &last, err));
    TRY(args_get_time(c->args, "since", &since_us, err));
    const char *query = "";
    if (stream) {
        query = api_path(c, "&stream=std%s", stream);
    }
    if (query && rank >= 0) {
        query = api_path(c, "%s&rank=%lld", query, (long long)rank);
    }
    if (query && since_us >= 0) {
        query = api_path(c, "%s&since_us=%lld", query, (long long)(c->now_us - since_us));
    }
    if (query && grep) {
        const char *pattern = api_encode(c, grep);
        query = pattern ? api_path(c, "%s&regex=%s", query, pattern) : NULL;
    }
    t->query = query;
    t->next = -last;
    return query ? TRACK_OK : FAIL(err, TRACK_NOMEM, "a query");
}

track_status cmd_logs(struct cmd *c, track_error *err)
{
    static const struct column columns[] = {{"n", "LINE", COLUMN_ID},
                                            {"time_us", "TIME", 0},
                                            {"stream", "STREAM", 0},
                                            {"rank", "RANK", 0},
                                            {"text", "TEXT", 0}};
    static const struct table_spec spec = {"lines", "line", columns, 5};
    struct tail t = {.c = c, .times = args_has(c->args, "times")};
    const struct json *run;
    bool following = args_has(c->args, "follow");
    t.plain = c->print->mode != PRINT_JSON && c->print->mode != PRINT_JSONL && !c->print->fields;
    t.raw = !c->print->terminal || args_has(c->args, "raw");
    if (following && c->print->mode == PRINT_JSON) {
        return FAIL(err, TRACK_INVALID, "logs: --follow has no end for --json; use --jsonl");
    }
    TRY(read_query(&t, err));
    TRY(api_get_run(c, c->args->operands[0], &run, &t.id, err));
    TRY(table_init(&t.table, c->print, c->arena, &spec, err));
    following = following && !is_over(runs_text(run, "state"));
    track_error why = {0};
    track_status status = take_all(&t, &why);
    if (status != TRACK_OK && !(following && status_retry(status))) {
        return FAIL(err, status, "%s", why.message);
    }
    if (following) {
        TRY(follow(&t, err));
    }
    return t.plain ? print_end(c->print, err) : table_write(&t.table, err);
}
