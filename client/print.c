#include "print.h"

#include "format.h"

#include <errno.h>
#include <libsmartcols/libsmartcols.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum {
    CELL_BYTES_MAX = 1 << 20,
    LINE_BYTES_MAX = 64 << 20,
    SAY_BYTES_MAX = 64 * 1024,
    WIDTH_DEFAULT = 80,
    FPS_DEFAULT = 10,
};

struct table_row {
    struct table_row *next;
    struct cell cells[];
};

static bool is_set(const char *text)
{
    return text && *text;
}

static bool may_colour(const struct args *args, const struct print_env *env, bool terminal)
{
    const char *when = args ? args_find(args, "color") : NULL;
    if (when && strcmp(when, "auto") != 0) {
        return strcmp(when, "always") == 0;
    }
    if (is_set(env->no_color) || (env->term && strcmp(env->term, "dumb") == 0)) {
        return false;
    }
    return terminal || (is_set(env->clicolor_force) && strcmp(env->clicolor_force, "0") != 0);
}

static int width_of(FILE *out)
{
    struct winsize size = {0};
    bool known = ioctl(fileno(out), TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
    return known ? size.ws_col : WIDTH_DEFAULT;
}

static int64_t redraw_of(const char *fps)
{
    double value = fps ? strtod(fps, NULL) : 0;
    return value > 0 ? (int64_t)(1e6 / value) : 1000000 / FPS_DEFAULT;
}

void print_init(struct print *p, const struct args *args, const struct print_env *env,
                FILE *const streams[2])
{
    FILE *out = streams[0], *talk = streams[1];
    *p = (struct print){.out = out, .talk = talk, .mode = PRINT_TABLE, .width = WIDTH_DEFAULT};
    p->terminal = fileno(out) >= 0 && isatty(fileno(out));
    p->talk_terminal = fileno(talk) >= 0 && isatty(fileno(talk));
    p->colour = may_colour(args, env, p->terminal);
    p->talk_colour = may_colour(args, env, p->talk_terminal);
    p->redraw_us = redraw_of(env->progress_fps);
    if (p->terminal) {
        p->width = width_of(out);
    }
    if (!args) {
        return;
    }
    p->mode = args_has(args, "json")    ? PRINT_JSON
              : args_has(args, "jsonl") ? PRINT_JSONL
              : args_has(args, "quiet") ? PRINT_IDS
              : p->terminal             ? PRINT_TABLE
                                        : PRINT_TSV;
    p->quiet = args_has(args, "quiet");
    p->verbose = args_has(args, "verbose");
    p->fields = args_find(args, "fields");
    p->progress = p->talk_terminal && !p->quiet && !args_has(args, "no-progress");
}

static track_status put(struct print *p, struct bytes text, track_error *err)
{
    if (fwrite(text.at, 1, text.size, p->out) != text.size) {
        return print_end(p, err);
    }
    return TRACK_OK;
}

/* True for "started_us" by that name or without its unit. */
static bool is_named(const char *have, const char *name, size_t size)
{
    size_t whole = strlen(have);
    size_t unit = whole > 3 && strcmp(have + whole - 3, "_us") == 0      ? 3
                  : whole > 6 && strcmp(have + whole - 6, "_bytes") == 0 ? 6
                                                                         : 0;
    return (size == whole || size == whole - unit) && memcmp(have, name, size) == 0;
}

/* The column of this name, [count] if there is none. */
static size_t column_named(const struct table_spec *spec, const char *name, size_t size)
{
    for (size_t i = 0; i < spec->count; i++) {
        if (is_named(spec->columns[i].name, name, size)) {
            return i;
        }
    }
    return spec->count;
}

static track_status refuse_field(const struct table_spec *spec, const char *name, size_t size,
                                 track_error *err)
{
    char known[160] = "";
    size_t used = 0;
    for (size_t i = 0; i < spec->count && used < sizeof(known) - 1; i++) {
        int n = snprintf(known + used, sizeof(known) - used, "%s%s", i ? ", " : "",
                         spec->columns[i].name);
        used += n > 0 ? (size_t)n : 0;
    }
    return FAIL(err, TRACK_INVALID, "--fields: no field \"%.*s\" of %s; there are %s",
                size < 40 ? (int)size : 40, name, spec->one, known);
}

static track_status choose_columns(struct table *t, track_error *err)
{
    const struct table_spec *spec = &t->spec;
    const char *fields = t->print->fields;
    bool data = t->print->mode == PRINT_JSON || t->print->mode == PRINT_JSONL;
    for (size_t i = 0; !fields && i < spec->count; i++) {
        if (data || !(spec->columns[i].flags & COLUMN_HIDDEN)) {
            t->chosen[t->chosen_count++] = i;
        }
    }
    while (fields && *fields) {
        size_t size = strcspn(fields, ",");
        size_t at = column_named(spec, fields, size);
        if (at == spec->count) {
            return refuse_field(spec, fields, size, err);
        }
        if (t->chosen_count < TABLE_COLUMNS_MAX) {
            t->chosen[t->chosen_count++] = at;
        }
        fields += size + (fields[size] == ',');
    }
    return TRACK_OK;
}

static void release_buf(void *b)
{
    buf_release(b);
}

static void begin_document(struct json_writer *w, const char *schema)
{
    char name[64];
    snprintf(name, sizeof(name), "track.%s/1", schema);
    json_write_object(w, NULL);
    json_write_text(w, "schema", name);
}

track_status table_init(struct table *t, struct print *print, struct arena *arena,
                        const struct table_spec *spec, track_error *err)
{
    *t = (struct table){.print = print, .arena = arena, .spec = *spec};
    t->json = ARENA_NEW(arena, struct buf);
    t->rows_end = &t->rows;
    if (spec->count > TABLE_COLUMNS_MAX) {
        return FAIL(err, TRACK_TOO_LARGE, "%zu columns, over %d", spec->count, TABLE_COLUMNS_MAX);
    }
    TRY(choose_columns(t, err));
    if (!t->json || !arena_defer(arena, release_buf, t->json)) {
        return FAIL(err, TRACK_NOMEM, "a table");
    }
    *t->json = (struct buf)BUF(TABLE_BYTES_MAX);
    t->writer = (struct json_writer){.to = t->json};
    if (print->mode == PRINT_JSON) {
        begin_document(&t->writer, spec->noun);
        json_write_array(&t->writer, spec->noun);
    }
    return TRACK_OK;
}

static void write_members(const struct table *t, const struct cell *cells, struct json_writer *w)
{
    for (size_t i = 0; i < t->chosen_count; i++) {
        size_t at = t->chosen[i];
        cell_write_json(&cells[at], t->spec.columns[at].name, w);
    }
}

static track_status add_line(struct table *t, const struct cell *cells, track_error *err)
{
    AUTO_BUF line = BUF(LINE_BYTES_MAX);
    struct bytes text;
    for (size_t i = 0; i < t->chosen_count; i++) {
        if (i > 0) {
            buf_byte(&line, '\t');
        }
        cell_write_tsv(&cells[t->chosen[i]], &line);
    }
    buf_byte(&line, '\n');
    TRY(buf_end(&line, &text, err));
    return put(t->print, text, err);
}

static track_status add_document(struct table *t, const struct cell *cells, track_error *err)
{
    AUTO_BUF line = BUF(LINE_BYTES_MAX);
    struct json_writer w = {.to = &line};
    struct bytes text;
    begin_document(&w, t->spec.one);
    write_members(t, cells, &w);
    json_write_close(&w);
    buf_byte(&line, '\n');
    TRY(json_end(&w, &text, err));
    return put(t->print, text, err);
}

static track_status add_id(struct table *t, const struct cell *cells, track_error *err)
{
    AUTO_BUF line = BUF(CELL_BYTES_MAX);
    struct bytes text;
    for (size_t i = 0; i < t->spec.count; i++) {
        if (t->spec.columns[i].flags & COLUMN_ID) {
            struct cell id = cells[i];
            id.shown = id.kind == CELL_TEXT ? NULL : id.shown;
            cell_write_tsv(&id, &line);
        }
    }
    buf_byte(&line, '\n');
    TRY(buf_end(&line, &text, err));
    return put(t->print, text, err);
}

static track_status add_row(struct table *t, const struct cell *cells, track_error *err)
{
    size_t size = t->spec.count * sizeof(*cells);
    struct table_row *row = arena_alloc(t->arena, sizeof(*row) + size, alignof(struct table_row));
    if (!row) {
        return FAIL(err, TRACK_NOMEM, "row %zu of a table", t->row_count);
    }
    memcpy(row->cells, cells, size);
    *t->rows_end = row;
    t->rows_end = &row->next;
    return TRACK_OK;
}

track_status table_add(struct table *t, const struct cell *cells, track_error *err)
{
    t->row_count++;
    switch (t->print->mode) {
    case PRINT_TABLE:
        return add_row(t, cells, err);
    case PRINT_TSV:
        return add_line(t, cells, err);
    case PRINT_JSONL:
        return add_document(t, cells, err);
    case PRINT_IDS:
        return add_id(t, cells, err);
    case PRINT_JSON:
        json_write_object(&t->writer, NULL);
        write_members(t, cells, &t->writer);
        json_write_close(&t->writer);
        break;
    }
    return t->json->status == TRACK_OK ? TRACK_OK : buf_end(t->json, &(struct bytes){0}, err);
}

/* A cell as libsmartcols gets it. */
static int set_cell(struct table *t, struct libscols_line *line, size_t at, const struct cell *c)
{
    AUTO_BUF text = BUF(CELL_BYTES_MAX);
    cell_show(c, t->print->now_us, &text);
    buf_byte(&text, '\0');
    struct bytes out;
    if (buf_end(&text, &out, NULL) != TRACK_OK ||
        scols_line_set_data(line, at, (const char *)out.at) != 0) {
        return -1;
    }
    const char *colour = t->print->colour ? cell_colour(c) : NULL;
    return colour ? scols_cell_set_color(scols_line_get_cell(line, at), colour) : 0;
}

static int fill_columns(const struct table *t, struct libscols_table *tb)
{
    for (size_t i = 0; i < t->chosen_count; i++) {
        const struct column *c = &t->spec.columns[t->chosen[i]];
        int flags = (c->flags & COLUMN_RIGHT ? SCOLS_FL_RIGHT : 0) |
                    (c->flags & COLUMN_CUT ? SCOLS_FL_TRUNC : 0);
        struct libscols_column *column = scols_table_new_column(tb, c->title, 0, flags);
        if (!column) {
            return -1;
        }
        if (t->print->colour) {
            scols_cell_set_color(scols_column_get_header(column), "\033[1m");
        }
    }
    return 0;
}

static int fill_rows(struct table *t, struct libscols_table *tb)
{
    for (const struct table_row *row = t->rows; row; row = row->next) {
        struct libscols_line *line = scols_table_new_line(tb, NULL);
        for (size_t i = 0; line && i < t->chosen_count; i++) {
            if (set_cell(t, line, i, &row->cells[t->chosen[i]]) != 0) {
                return -1;
            }
        }
        if (!line) {
            return -1;
        }
    }
    return 0;
}

static void drop_table(struct libscols_table **tb)
{
    scols_unref_table(*tb);
}

static track_status draw(struct table *t, bool header, track_error *err)
{
    struct libscols_table *tb __attribute__((cleanup(drop_table))) = scols_new_table();
    if (!tb) {
        return FAIL(err, TRACK_NOMEM, "a table of %zu rows", t->row_count);
    }
    scols_table_set_stream(tb, t->print->out);
    scols_table_set_termforce(tb, SCOLS_TERMFORCE_ALWAYS);
    scols_table_set_termwidth(tb, (size_t)t->print->width);
    scols_table_set_column_separator(tb, "  ");
    scols_table_enable_colors(tb, t->print->colour);
    scols_table_enable_noheadings(tb, !header);
    if (fill_columns(t, tb) != 0 || fill_rows(t, tb) != 0 || scols_print_table(tb) != 0) {
        return FAIL(err, TRACK_NOMEM, "a table of %zu rows", t->row_count);
    }
    return TRACK_OK;
}

track_status table_write(struct table *t, track_error *err)
{
    if (t->print->mode == PRINT_TABLE && t->rows) {
        TRY(draw(t, true, err));
    }
    if (t->print->mode == PRINT_JSON) {
        struct bytes text;
        json_write_close(&t->writer);
        json_write_close(&t->writer);
        buf_byte(t->json, '\n');
        TRY(json_end(&t->writer, &text, err));
        TRY(put(t->print, text, err));
    }
    return print_end(t->print, err);
}

/* An object as a table of two columns. */
static track_status write_sideways(const struct table *t, const struct cell *cells,
                                   track_error *err)
{
    static const struct column columns[] = {{"member", "", 0}, {"value", "", COLUMN_CUT}};
    static const struct table_spec spec = {"members", "member", columns, 2};
    struct print plain = *t->print;
    struct table lines;
    plain.fields = NULL;
    TRY(table_init(&lines, &plain, t->arena, &spec, err));
    for (size_t i = 0; i < t->chosen_count; i++) {
        const struct column *c = &t->spec.columns[t->chosen[i]];
        struct cell pair[] = {CELL(CELL_TEXT, text, c->name), cells[t->chosen[i]]};
        bool table = plain.mode == PRINT_TABLE;
        if (!table || pair[1].kind != CELL_NONE) {
            pair[0].text = table ? c->title : c->name;
            TRY(table_add(&lines, pair, err));
        }
    }
    return plain.mode == PRINT_TABLE && lines.rows ? draw(&lines, false, err) : TRACK_OK;
}

track_status print_record(struct print *p, struct arena *arena, const struct table_spec *spec,
                          const struct cell *cells, track_error *err)
{
    struct print whole = *p;
    struct table t;
    /* One document is the same, asked for as a list or a line. */
    whole.mode = p->mode == PRINT_JSON ? PRINT_JSONL : p->mode;
    TRY(table_init(&t, &whole, arena, spec, err));
    if (whole.mode == PRINT_JSONL || whole.mode == PRINT_IDS) {
        TRY(table_add(&t, cells, err));
    } else {
        TRY(write_sideways(&t, cells, err));
    }
    return print_end(p, err);
}

void print_line(struct print *p, const char *format, ...)
{
    if (p->mode == PRINT_TABLE || p->mode == PRINT_TSV) {
        va_list args;
        va_start(args, format);
        vfprintf(p->out, format, args);
        va_end(args);
        fputc('\n', p->out);
    }
}

static void say_text(struct print *p, const char *prefix, const char *text)
{
    AUTO_BUF line = BUF(SAY_BYTES_MAX);
    struct bytes out;
    buf_text(&line, prefix);
    format_escape(&line, (struct bytes){(const unsigned char *)text, strlen(text)}, FORMAT_LINES);
    buf_byte(&line, '\n');
    if (buf_end(&line, &out, NULL) == TRACK_OK) {
        print_progress_end(p);
        fwrite(out.at, 1, out.size, p->talk);
        fflush(p->talk);
    }
}

void print_say(struct print *p, const char *format, ...)
{
    char text[4096];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    if (!p->quiet) {
        say_text(p, "", text);
    }
}

static void write_error_json(struct print *p, const track_error *err, const char *hint,
                             const char *ref)
{
    AUTO_BUF line = BUF(SAY_BYTES_MAX);
    struct json_writer w = {.to = &line};
    struct bytes out;
    json_write_object(&w, NULL);
    json_write_object(&w, "error");
    json_write_text(&w, "code", status_wire(err->status));
    json_write_text(&w, "message", err->message);
    json_write_text(&w, "hint", hint);
    json_write_text(&w, "ref", ref);
    json_write_close(&w);
    json_write_close(&w);
    buf_byte(&line, '\n');
    if (json_end(&w, &out, NULL) == TRACK_OK) {
        fwrite(out.at, 1, out.size, p->talk);
        fflush(p->talk);
    }
}

void print_failure(struct print *p, const track_error *err, const char *hint, const char *ref)
{
    char last[320];
    if (p->mode == PRINT_JSON || p->mode == PRINT_JSONL) {
        write_error_json(p, err, hint, ref);
        return;
    }
    say_text(p, p->talk_colour ? "\033[31mtrack:\033[0m " : "track: ", err->message);
    if (is_set(hint) || is_set(ref)) {
        snprintf(last, sizeof(last), "%s%s%s%s", hint, is_set(ref) ? "  (server log: " : "", ref,
                 is_set(ref) ? ")" : "");
        say_text(p, "       ", last);
    }
}

void print_progress(struct print *p, int64_t now_us, const char *format, ...)
{
    char text[512];
    if (!p->progress || (p->progress_us && now_us - p->progress_us < p->redraw_us)) {
        return;
    }
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    fprintf(p->talk, "\r\033[K%.*s", p->width - 1, text);
    fflush(p->talk);
    p->progress_us = now_us;
}

void print_progress_end(struct print *p)
{
    if (p->progress_us) {
        fputs("\r\033[K", p->talk);
        fflush(p->talk);
        p->progress_us = 0;
    }
}

bool print_ask(struct print *p, const char *question)
{
    char answer[16] = "";
    if (!isatty(STDIN_FILENO) || !p->talk_terminal) {
        return false;
    }
    print_progress_end(p);
    fprintf(p->talk, "%s [y/N] ", question);
    fflush(p->talk);
    return fgets(answer, sizeof(answer), stdin) &&
           (strcasecmp(answer, "y\n") == 0 || strcasecmp(answer, "yes\n") == 0);
}

track_status print_end(struct print *p, track_error *err)
{
    errno = 0;
    if (fflush(p->out) == 0 && !ferror(p->out)) {
        return TRACK_OK;
    }
    int why = errno;
    if (why == EPIPE) {
        return TRACK_OK;
    }
    return FAIL(err, why == ENOSPC || why == EDQUOT ? TRACK_FULL : TRACK_IO, "standard output: %s",
                strerror(why));
}
