/* track log: metrics from the shell, by the points route. */
#include "../core/number.h"
#include "runs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BATCH_COUNT_MAX = 5000, STEPS_MAX = 4096, LINE_BYTES = 64 * 1024 };

/* Last step of a metric in this call. */
struct last_step {
    const char *key;
    int64_t step;
};

struct logging {
    struct cmd *c;
    const char *id;
    struct api_body body;
    size_t count; /* of points in the body */
    int64_t sent, refused;
    int64_t step; /* of --step; -1: count on from the last */
    struct last_step *steps;
    size_t step_count;
};

struct point_text {
    const char *key;
    double value;
    int64_t step;    /* -1: the next one */
    int64_t time_us; /* -1: now */
};

static void begin_batch(struct logging *l)
{
    api_body_release(&l->body);
    api_body_init(&l->body);
    json_write_object(&l->body.writer, NULL);
    json_write_array(&l->body.writer, "points");
    l->count = 0;
}

static track_status send_batch(struct logging *l, track_error *err)
{
    if (l->count == 0) {
        return TRACK_OK;
    }
    json_write_close(&l->body.writer);
    json_write_close(&l->body.writer);
    struct api_send send = {"POST", api_path(l->c, "/api/v1/runs/%s/points", l->id), &l->body};
    TRY(api_send(l->c, &send, NULL, err));
    l->sent += (int64_t)l->count;
    begin_batch(l);
    return TRACK_OK;
}

/* The last step that the server has of a metric; -1 if it has none. */
static track_status ask_step(struct logging *l, const char *key, int64_t *out, track_error *err)
{
    struct cmd *c = l->c;
    const struct json *page, *list;
    *out = -1;
    TRY(api_get(
        c, api_path(c, "/api/v1/runs/%s/series?flat=1&limit=1000&q=%s", l->id, api_encode(c, key)),
        &page, err));
    TRY(json_need_array(page, "series", &list, err));
    for (uint32_t i = 0; i < list->count; i++) {
        const struct json *s = &list->items[i];
        if (strcmp(runs_text(s, "key"), key) == 0 && !*runs_text(s, "context")) {
            *out = runs_int(s, "last_step", -1);
        }
    }
    return TRACK_OK;
}

/* The step of the next point of this metric. */
static track_status next_step(struct logging *l, const char *key, int64_t *out, track_error *err)
{
    size_t i = 0;
    while (i < l->step_count && strcmp(l->steps[i].key, key) != 0) {
        i++;
    }
    if (i == STEPS_MAX) {
        return FAIL(err, TRACK_TOO_LARGE, "log: over %d metrics without a step", STEPS_MAX);
    }
    if (i == l->step_count) {
        struct last_step *s = &l->steps[i];
        s->key = arena_text(l->c->arena, key, strlen(key));
        if (!s->key) {
            return FAIL(err, TRACK_NOMEM, "a metric's name");
        }
        TRY(ask_step(l, key, &s->step, err));
        l->step_count++;
    }
    *out = ++l->steps[i].step;
    return TRACK_OK;
}

static track_status add_point(struct logging *l, const struct point_text *p, track_error *err)
{
    struct json_writer *w = &l->body.writer;
    int64_t step = p->step >= 0 ? p->step : l->step;
    if (step < 0) {
        TRY(next_step(l, p->key, &step, err));
    }
    json_write_object(w, NULL);
    json_write_text(w, "key", p->key);
    json_write_double(w, "value", p->value);
    json_write_int(w, "step", step);
    json_write_int(w, "time_us", p->time_us >= 0 ? p->time_us : l->c->now_us);
    json_write_close(w);
    return ++l->count == BATCH_COUNT_MAX ? send_batch(l, err) : TRACK_OK;
}

static bool read_value(const char *text, double *out)
{
    static const char *const names[] = {"nan", "NaN", "inf", "Infinity", "-inf", "-Infinity"};
    static const double values[] = {(double)__builtin_nanf(""), (double)__builtin_nanf(""),
                                    (double)__builtin_inff(),   (double)__builtin_inff(),
                                    -(double)__builtin_inff(),  -(double)__builtin_inff()};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcmp(text, names[i]) == 0) {
            *out = values[i];
            return true;
        }
    }
    return number_decode((struct bytes){(const unsigned char *)text, strlen(text)}, out);
}

static bool read_int(const char *text, int64_t *out)
{
    return number_decode_int((struct bytes){(const unsigned char *)text, strlen(text)}, out) &&
           *out >= 0;
}

/* Cuts the next word out of *at; NULL at the end. */
static char *cut_word(char **at)
{
    char *word = *at + strspn(*at, " \t");
    size_t size = strcspn(word, " \t");
    *at = word + size + (word[size] != '\0');
    word[size] = '\0';
    return size > 0 ? word : NULL;
}

/* "key value [step [time]]" */
static track_status read_words(char *line, struct point_text *p, track_error *err)
{
    char *key = cut_word(&line), *value = cut_word(&line), *step = cut_word(&line),
         *when = cut_word(&line);
    double seconds = 0;
    if (!value || !read_value(value, &p->value)) {
        return FAIL(err, TRACK_INVALID, "\"%.80s\" is no number", value ? value : "");
    }
    if (step && !read_int(step, &p->step)) {
        return FAIL(err, TRACK_INVALID, "\"%.80s\" is no step (a whole number from 0)", step);
    }
    if (when && (!read_value(when, &seconds) || !(seconds >= 0 && seconds < 1e11))) {
        return FAIL(err, TRACK_INVALID, "\"%.80s\" is no time in seconds since 1970", when);
    }
    if (cut_word(&line)) {
        return FAIL(err, TRACK_INVALID, "a word too many behind %s", when);
    }
    p->time_us = when ? (int64_t)(seconds * 1e6) : -1;
    p->key = key;
    return TRACK_OK;
}

static track_status read_object(struct logging *l, const char *line, struct point_text *p,
                                track_error *err)
{
    static const char *const names[] = {"key", "value", "step", "time_us", NULL};
    const struct json *v;
    struct bytes text = {(const unsigned char *)line, strlen(line)};
    TRY(json_read(text, NULL, l->c->arena, &v, err));
    TRY(json_check_object(v, names, err));
    TRY(json_need_text(v, "key", &p->key, err));
    TRY(json_need_double(v, "value", &p->value, err));
    TRY(json_may_int(v, "step", &p->step, err));
    return json_may_int(v, "time_us", &p->time_us, err);
}

/* One line of standard input; a faulty one is named, counted and left out. */
static track_status take_line(struct logging *l, char *line, int64_t number, track_error *err)
{
    struct point_text p = {.step = -1, .time_us = -1};
    track_error why = {0};
    const char *first = line + strspn(line, " \t");
    if (!*first) {
        return TRACK_OK;
    }
    track_status status =
        *first == '{' ? read_object(l, line, &p, &why) : read_words(line, &p, &why);
    if (status == TRACK_NOMEM) {
        return FAIL(err, TRACK_NOMEM, "%s", why.message);
    }
    if (status != TRACK_OK) {
        print_say(l->c->print, "track: line %lld left out: %s", (long long)number, why.message);
        l->refused++;
        return TRACK_OK;
    }
    return add_point(l, &p, err);
}

static track_status read_input(struct logging *l, track_error *err)
{
    char *line = arena_alloc(l->c->arena, LINE_BYTES, 1);
    if (!line) {
        return FAIL(err, TRACK_NOMEM, "a line");
    }
    for (int64_t number = 1; fgets(line, LINE_BYTES, stdin); number++) {
        size_t size = strcspn(line, "\n");
        if (line[size] != '\n' && !feof(stdin)) {
            return FAIL(err, TRACK_TOO_LARGE, "line %lld has over %d bytes", (long long)number,
                        LINE_BYTES - 2);
        }
        line[size] = '\0';
        TRY(take_line(l, line, number, err));
    }
    return ferror(stdin) ? FAIL(err, TRACK_IO, "standard input cannot be read") : TRACK_OK;
}

static track_status read_operands(struct logging *l, track_error *err)
{
    for (size_t i = 1; i < l->c->args->operand_count; i++) {
        const char *word = l->c->args->operands[i];
        const char *equals = strrchr(word, '=');
        struct point_text p = {.step = -1, .time_us = -1};
        if (!equals || equals == word || !read_value(equals + 1, &p.value)) {
            return FAIL(err, TRACK_INVALID, "log: \"%.120s\" is not KEY=NUMBER", word);
        }
        p.key = arena_text(l->c->arena, word, (size_t)(equals - word));
        if (!p.key) {
            return FAIL(err, TRACK_NOMEM, "a metric's name");
        }
        TRY(add_point(l, &p, err));
    }
    return TRACK_OK;
}

static void release_logging(struct logging *l)
{
    api_body_release(&l->body);
}

track_status cmd_log(struct cmd *c, track_error *err)
{
    static const struct column columns[] = {
        {"id", "RUN", COLUMN_ID}, {"points", "POINTS", 0}, {"refused", "LEFT OUT", 0}};
    static const struct table_spec spec = {"logged", "logged", columns, 3};
    struct logging l __attribute__((cleanup(release_logging))) = {.c = c, .step = -1};
    const struct json *run;
    bool input = args_has(c->args, "stdin");
    if (!input && c->args->operand_count < 2) {
        return FAIL(err, TRACK_INVALID, "log: KEY=VALUE or --stdin is expected");
    }
    TRY(args_get_int(c->args, "step", (int64_t[]){0, INT64_MAX}, &l.step, err));
    l.steps = ARENA_ARRAY(c->arena, struct last_step, STEPS_MAX);
    if (!l.steps) {
        return FAIL(err, TRACK_NOMEM, "a list of metrics");
    }
    begin_batch(&l);
    TRY(api_get_run(c, c->args->operands[0], &run, &l.id, err));
    TRY(read_operands(&l, err));
    if (input) {
        TRY(read_input(&l, err));
    }
    TRY(send_batch(&l, err));
    c->exit = l.refused ? 3 : -1;
    bool data = c->print->mode == PRINT_JSON || c->print->mode == PRINT_JSONL;
    struct cell cells[] = {CELL(CELL_TEXT, text, l.id), CELL(CELL_COUNT, number, l.sent),
                           CELL(CELL_COUNT, number, l.refused)};
    return data ? print_record(c->print, c->arena, &spec, cells, err) : TRACK_OK;
}
