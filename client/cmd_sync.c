/* track sync, status: the local spool and the server it goes to. */
#include "format.h"
#include "instant.h"
#include "runs.h"

#include <string.h>

struct spool_row {
    struct spool_row *next;
    const char *path, *run_id, *project, *message;
    track_spool_state state;
    int64_t count, sent, bytes;
};

/* What is known of the spools so far. */
struct spools {
    struct cmd *c;
    struct spool_row *rows, **end;
    size_t count;
    bool memory; /* ran out */
};

static struct spool_row *row_of(struct spools *s, const char *path)
{
    struct arena *a = s->c->arena;
    for (struct spool_row *row = s->rows; row; row = row->next) {
        if (strcmp(row->path, path) == 0) {
            return row;
        }
    }
    struct spool_row *row = ARENA_NEW(a, struct spool_row);
    if (row && (row->path = arena_text(a, path, strlen(path)))) {
        *s->end = row;
        s->end = &row->next;
        s->count++;
        return row;
    }
    s->memory = true;
    return NULL;
}

static const char *copy(struct arena *a, const char *text)
{
    return text ? arena_text(a, text, strlen(text)) : NULL;
}

static void draw_progress(const struct spools *s)
{
    int64_t bytes = 0, count = 0, sent = 0;
    char size[FORMAT_TEXT_MAX];
    for (const struct spool_row *row = s->rows; row; row = row->next) {
        bytes += row->bytes;
        count += row->count;
        sent += row->sent;
    }
    print_progress(s->c->print, instant_us(), "%zu spools  %s  %d %%", s->count,
                   format_bytes(bytes, size), count ? (int)(100 * sent / count) : 100);
}

static bool take_news(void *data, const track_spool_info *info)
{
    struct spools *s = data;
    struct spool_row *row = row_of(s, info->path);
    if (!row) {
        return false;
    }
    if (!row->run_id) {
        row->run_id = copy(s->c->arena, info->run_id);
        row->project = copy(s->c->arena, info->project);
    }
    row->state = info->state;
    row->count = (int64_t)info->count;
    row->sent = (int64_t)info->sent;
    row->bytes = (int64_t)info->bytes;
    if (info->state == TRACK_SPOOL_STUCK && info->error) {
        row->message = copy(s->c->arena, info->error->message);
    }
    draw_progress(s);
    return true;
}

static const char *state_name(track_spool_state state)
{
    static const char *const names[] = {"waiting", "live", "sending", "sent", "kept"};
    return (size_t)state < sizeof(names) / sizeof(names[0]) ? names[state] : "unknown";
}

static track_status print_spools(struct spools *s, track_error *err)
{
    static const struct column columns[] = {
        {"path", "SPOOL", COLUMN_ID | COLUMN_HIDDEN}, {"run", "RUN", 0},
        {"project", "PROJECT", COLUMN_CUT},           {"state", "STATE", 0},
        {"records", "RECORDS", COLUMN_RIGHT},         {"sent", "SENT", COLUMN_RIGHT},
        {"size_bytes", "SIZE", COLUMN_RIGHT},         {"error", "WHY", COLUMN_CUT}};
    static const struct table_spec spec = {"spools", "spool", columns, 8};
    struct table t;
    TRY(table_init(&t, s->c->print, s->c->arena, &spec, err));
    for (const struct spool_row *row = s->rows; row; row = row->next) {
        struct cell run = cell_text(row->run_id);
        run.shown = row->run_id ? runs_short_id(row->run_id) : NULL;
        struct cell cells[] = {CELL(CELL_TEXT, text, row->path),
                               run,
                               cell_text(row->project),
                               CELL(CELL_TEXT, text, state_name(row->state)),
                               CELL(CELL_COUNT, number, row->count),
                               CELL(CELL_COUNT, number, row->sent),
                               CELL(CELL_BYTES, number, row->bytes),
                               cell_text(row->message)};
        TRY(table_add(&t, cells, err));
    }
    return table_write(&t, err);
}

static size_t count_of(const struct spools *s, track_spool_state state)
{
    size_t n = 0;
    for (const struct spool_row *row = s->rows; row; row = row->next) {
        n += row->state == state;
    }
    return n;
}

track_status cmd_sync(struct cmd *c, track_error *err)
{
    struct spools s = {.c = c, .end = &s.rows};
    track_sync_options options = track_sync_options_default();
    track_client *client;
    track_error why = {0};
    options.paths = c->args->operand_count ? c->args->operands : NULL;
    options.keep = args_has(c->args, "keep");
    options.list_only = args_has(c->args, "dry-run");
    options.sink = take_news;
    options.sink_data = &s;
    TRY(api_open(c, &client, err));
    track_status status = track_sync_spools(client, &options, &why);
    print_progress_end(c->print);
    if (s.memory) {
        return FAIL(err, TRACK_NOMEM, "%zu spools", s.count);
    }
    TRY(print_spools(&s, err));
    if (s.count == 0 && status == TRACK_OK && c->print->mode == PRINT_TABLE) {
        print_say(c->print, "nothing waits to be sent");
    }
    if (status != TRACK_OK) {
        c->exit = count_of(&s, TRACK_SPOOL_SENT) > 0 ? 3 : -1;
        return FAIL(err, status, "%s", why.message);
    }
    return TRACK_OK;
}

/* What the server says of itself; nothing when it does not answer. */
struct server {
    const char *url, *version;
    int64_t answer_us, skew_us;
    track_error err;
};

static void ask_server(struct cmd *c, struct server *s)
{
    const struct json *health;
    int64_t before = instant_us(), server_us = 0;
    track_status status = api_get(c, "/health", &health, &s->err);
    if (status != TRACK_OK) {
        return;
    }
    s->answer_us = instant_us() - before;
    s->version = runs_text(health, "version");
    server_us = runs_int(health, "now_us", 0);
    s->skew_us = server_us - before - s->answer_us / 2;
}

static void write_server(struct buf *to, const struct server *s)
{
    struct json_writer w = {.to = to};
    json_write_object(&w, NULL);
    json_write_text(&w, "url", s->url);
    json_write_bool(&w, "reachable", s->version != NULL);
    json_write_text(&w, "version", s->version);
    if (s->version) {
        json_write_int(&w, "answer_us", s->answer_us);
        json_write_int(&w, "clock_skew_us", s->skew_us);
    }
    json_write_close(&w);
}

static void write_spool(struct buf *to, const char *path, const struct spools *s)
{
    struct json_writer w = {.to = to};
    int64_t bytes = 0, waiting = 0;
    for (const struct spool_row *row = s->rows; row; row = row->next) {
        bytes += row->bytes;
        waiting += row->count - row->sent;
    }
    json_write_object(&w, NULL);
    json_write_text(&w, "path", path);
    json_write_int(&w, "spools", (int64_t)s->count);
    json_write_int(&w, "live", (int64_t)count_of(s, TRACK_SPOOL_HELD));
    json_write_int(&w, "records_waiting", waiting);
    json_write_int(&w, "size_bytes", bytes);
    json_write_close(&w);
}

static track_status print_status(struct cmd *c, const struct server *v, const struct spools *s,
                                 const char *spool, track_error *err)
{
    static const struct column columns[] = {
        {"server", "Server", COLUMN_ID}, {"project", "Project", 0}, {"spool", "Spool", 0}};
    static const struct table_spec spec = {"status", "status", columns, 3};
    AUTO_BUF server = BUF(64 * 1024), local = BUF(64 * 1024);
    const char *project, *said, *held;
    char answer[FORMAT_TEXT_MAX], skew[FORMAT_TEXT_MAX], size[FORMAT_TEXT_MAX];
    int64_t bytes = 0, off = v->skew_us < 0 ? -v->skew_us : v->skew_us;
    for (const struct spool_row *row = s->rows; row; row = row->next) {
        bytes += row->bytes;
    }
    TRY(api_get_setting(c, "project", &project, err));
    write_server(&server, v);
    write_spool(&local, spool, s);
    said = v->version ? api_path(c, "%s  version %s, answers in %s, clock %s %s", v->url,
                                 v->version, format_duration(v->answer_us, answer),
                                 format_duration(off, skew), v->skew_us < 0 ? "behind" : "ahead")
                      : api_path(c, "%s  does not answer: %s", v->url, v->err.message);
    held = api_path(c, "%s  %zu spools, %s%s", spool, s->count, format_bytes(bytes, size),
                    s->count > count_of(s, TRACK_SPOOL_HELD) ? "; `track sync` sends them" : "");
    struct bytes texts[2];
    TRY(buf_end(&server, &texts[0], err));
    TRY(buf_end(&local, &texts[1], err));
    struct cell cells[] = {CELL(CELL_RAW, raw, texts[0]), CELL(CELL_TEXT, text, project),
                           CELL(CELL_RAW, raw, texts[1])};
    cells[0].shown = said;
    cells[2].shown = held;
    return print_record(c->print, c->arena, &spec, cells, err);
}

track_status cmd_status(struct cmd *c, track_error *err)
{
    struct spools s = {.c = c, .end = &s.rows};
    track_sync_options options = track_sync_options_default();
    track_client *client;
    struct server server = {0};
    const char *spool;
    options.list_only = true;
    options.sink = take_news;
    options.sink_data = &s;
    TRY(api_open(c, &client, err));
    TRY(api_get_setting(c, "url", &server.url, err));
    TRY(api_get_setting(c, "spool", &spool, err));
    ask_server(c, &server);
    TRY(track_sync_spools(client, &options, err));
    print_progress_end(c->print);
    TRY(print_status(c, &server, &s, spool, err));
    if (!server.version) {
        c->exit = status_exit(TRACK_UNREACHABLE);
    }
    return TRACK_OK;
}
