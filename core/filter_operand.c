#include "filter_operand.h"

#include "name.h"
#include "number.h"

#include <stdio.h>
#include <string.h>

/* The first row of a field has the name that is written. */
static const struct attribute_row {
    const char *name;
    enum filter_field field;
    enum filter_type type;
} attribute_rows[] = {
    {"id", FILTER_ID, FILTER_IS_TEXT},
    {"name", FILTER_NAME, FILTER_IS_TEXT},
    {"status", FILTER_STATUS, FILTER_IS_STATE},
    {"kind", FILTER_KIND, FILTER_IS_TEXT},
    {"user", FILTER_USER, FILTER_IS_TEXT},
    {"host", FILTER_HOST, FILTER_IS_TEXT},
    {"project", FILTER_PROJECT, FILTER_IS_TEXT},
    {"parent", FILTER_PARENT, FILTER_IS_TEXT},
    {"notes", FILTER_NOTES, FILTER_IS_TEXT},
    {"created", FILTER_CREATED, FILTER_IS_TIME},
    {"started", FILTER_STARTED, FILTER_IS_TIME},
    {"ended", FILTER_ENDED, FILTER_IS_TIME},
    {"duration", FILTER_DURATION, FILTER_IS_SECONDS},
    {"size", FILTER_SIZE, FILTER_IS_BYTES},
    {"run_id", FILTER_ID, FILTER_IS_TEXT},
    {"run_name", FILTER_NAME, FILTER_IS_TEXT},
    {"state", FILTER_STATUS, FILTER_IS_STATE},
    {"user_id", FILTER_USER, FILTER_IS_TEXT},
    {"note", FILTER_NOTES, FILTER_IS_TEXT},
    {"start_time", FILTER_STARTED, FILTER_IS_TIME},
    {"end_time", FILTER_ENDED, FILTER_IS_TIME},
};
enum { ATTRIBUTES = sizeof(attribute_rows) / sizeof(attribute_rows[0]) };

static const struct prefix_row {
    const char *name;
    enum filter_field field;
    const char *key; /* what the key begins with */
} prefix_rows[] = {
    {"metrics", FILTER_METRIC, ""},   {"metric", FILTER_METRIC, ""},
    {"params", FILTER_PARAM, ""},     {"param", FILTER_PARAM, ""},
    {"parameters", FILTER_PARAM, ""}, {"parameter", FILTER_PARAM, ""},
    {"config", FILTER_PARAM, ""},     {"tags", FILTER_TAG, ""},
    {"tag", FILTER_TAG, ""},          {"system", FILTER_METRIC, "system/"},
    {"attributes", FILTER_ID, NULL},  {"attribute", FILTER_ID, NULL},
    {"attr", FILTER_ID, NULL},        {"run", FILTER_ID, NULL},
};

static const char *const func_names[] = {
    [FILTER_LAST] = "last",     [FILTER_FIRST] = "first",
    [FILTER_BEST] = "best",     [FILTER_MIN] = "min",
    [FILTER_MAX] = "max",       [FILTER_MEAN] = "mean",
    [FILTER_COUNT] = "count",   [FILTER_NAN] = "nan",
    [FILTER_ARGMIN] = "argmin", [FILTER_ARGMAX] = "argmax",
    [FILTER_AT] = "at",         [FILTER_ANY] = "any",
    [FILTER_ALL] = "all",       NULL,
};

const char *const *filter_functions(void)
{
    return func_names;
}

const char *const *filter_attributes(void)
{
    static const char *const names[] = {"id",      "name",    "status",   "kind",  "user",
                                        "host",    "project", "parent",   "notes", "created",
                                        "started", "ended",   "duration", "size",  NULL};
    return names;
}

const char *const *filter_states(void)
{
    static const char *const names[] = {"queued",  "running",   "preempting",  "finished", "failed",
                                        "stopped", "preempted", "unconfirmed", NULL};
    return names;
}

const char *filter_func_name(enum filter_func func)
{
    return func_names[func];
}

const char *filter_attribute_name(enum filter_field field)
{
    return field < FILTER_METRIC ? attribute_rows[field].name : NULL;
}

enum filter_type filter_type(const struct filter_operand *operand)
{
    if (operand->field < FILTER_METRIC) {
        return attribute_rows[operand->field].type;
    }
    return operand->field == FILTER_METRIC ? FILTER_IS_NUMBER : FILTER_IS_TEXT;
}

static bool text_is(struct bytes text, const char *word)
{
    return text.size == strlen(word) && memcmp(text.at, word, text.size) == 0;
}

/* Fails for a word that is no attribute: with what is near, or with what it may be. */
static track_status fail_unknown(const struct scan *s, size_t offset, struct bytes word,
                                 track_error *err)
{
    char name[64];
    snprintf(name, sizeof(name), "%.*s", word.size < 40 ? (int)word.size : 0,
             (const char *)word.at);
    const char *near = name_find_near(name, filter_attributes());
    if (near) {
        return scan_fail(s, offset, err, "unknown field %s, did you mean %s?", name, near);
    }
    return scan_fail(s, offset, err,
                     "unknown field; expected an attribute, params.KEY, tags.KEY, "
                     "metrics.KEY or a function such as min(KEY)");
}

static track_status attribute_find(const struct scan *s, size_t offset, struct bytes word,
                                   struct filter_operand *out, track_error *err)
{
    for (size_t i = 0; i < ATTRIBUTES; i++) {
        if (text_is(word, attribute_rows[i].name)) {
            *out = (struct filter_operand){.field = attribute_rows[i].field};
            return TRACK_OK;
        }
    }
    return fail_unknown(s, offset, word, err);
}

track_status filter_take_key(struct scan *s, const char **out, track_error *err)
{
    struct token t = token_peek(s, true);
    if (t.kind != TOKEN_WORD && t.kind != TOKEN_QUOTED && t.kind != TOKEN_NAME) {
        return scan_fail(s, t.from, err, "expected a key, `quoted` if it is not a plain word");
    }
    *out = token_text(s, &t);
    token_take(s, &t);
    if (!*out) {
        return scan_no_memory(s, err);
    }
    return **out ? TRACK_OK : scan_fail(s, t.from, err, "an empty key");
}

track_status filter_take_step(struct scan *s, int64_t *out, track_error *err)
{
    struct token t = token_peek(s, true);
    if (t.kind != TOKEN_WORD || !number_decode_int(t.text, out)) {
        return scan_fail(s, t.from, err, "expected a step, a whole number");
    }
    token_take(s, &t);
    return TRACK_OK;
}

static track_status take_comma(struct scan *s, track_error *err)
{
    struct token t = token_peek(s, true);
    if (t.kind != TOKEN_COMMA) {
        return scan_fail(s, t.from, err, "expected a comma and a step: at(KEY, 1000)");
    }
    token_take(s, &t);
    return TRACK_OK;
}

/* min(KEY), at(KEY, STEP); the word before the bracket was not taken yet. */
static track_status take_function(struct scan *s, const struct token *word,
                                  struct filter_operand *out, track_error *err)
{
    enum filter_func func = FILTER_LAST;
    while (func_names[func] && !text_is(word->text, func_names[func])) {
        func++;
    }
    if (!func_names[func]) {
        char name[32];
        snprintf(name, sizeof(name), "%.*s", word->text.size < 24 ? (int)word->text.size : 0,
                 (const char *)word->text.at);
        const char *near = name_find_near(name, func_names);
        return near ? scan_fail(s, word->from, err, "unknown function, did you mean %s?", near)
                    : scan_fail(s, word->from, err,
                                "unknown function; one of last first best min "
                                "max mean count nan argmin argmax at any all");
    }
    if (func >= FILTER_ANY) {
        return scan_fail(s, word->from, err, "%s() is a term, no value: %s(KEY > 10)",
                         func_names[func], func_names[func]);
    }
    s->at = word->to + 1;
    *out = (struct filter_operand){.field = FILTER_METRIC, .func = func};
    TRY(filter_take_key(s, &out->key, err));
    if (func == FILTER_AT) {
        TRY(take_comma(s, err));
        TRY(filter_take_step(s, &out->step, err));
    }
    struct token t = token_peek(s, false);
    if (t.kind != TOKEN_CLOSE) {
        return scan_fail(s, t.from, err, "expected )");
    }
    token_take(s, &t);
    return TRACK_OK;
}

/* The row of the prefix that the word begins with, or NULL. */
static const struct prefix_row *prefix_find(const struct token *word)
{
    const unsigned char *dot = memchr(word->text.at, '.', word->text.size);
    struct bytes front = {word->text.at, dot ? (size_t)(dot - word->text.at) : 0};
    for (size_t i = 0; dot && i < sizeof(prefix_rows) / sizeof(prefix_rows[0]); i++) {
        if (text_is(front, prefix_rows[i].name)) {
            return &prefix_rows[i];
        }
    }
    return NULL;
}

bool filter_is_prefixed(const struct token *word)
{
    const struct prefix_row *row = word->kind == TOKEN_WORD ? prefix_find(word) : NULL;
    return row && row->key;
}

/* The key behind `params.`: the rest of the word, or a quoted text that touches it. */
static track_status take_prefixed(struct scan *s, const struct prefix_row *row,
                                  const struct token *word, struct filter_operand *out,
                                  track_error *err)
{
    size_t skip = strlen(row->name) + 1;
    struct token rest = *word;
    rest.text = (struct bytes){word->text.at + skip, word->text.size - skip};
    token_take(s, word);
    if (rest.text.size == 0) {
        struct token quoted = token_peek(s, false);
        if (quoted.kind != TOKEN_NAME || quoted.from != word->to) {
            return scan_fail(s, word->to, err,
                             "expected a key, `quoted` if it is not a plain word");
        }
        rest = quoted;
        token_take(s, &quoted);
    }
    const char *key = token_text(s, &rest);
    size_t front = row->key ? strlen(row->key) : 0;
    char *whole = key ? arena_alloc(s->arena, front + strlen(key) + 1, 1) : NULL;
    if (!whole) {
        return scan_no_memory(s, err);
    }
    memcpy(whole, row->key ? row->key : "", front);
    memcpy(whole + front, key, strlen(key));
    if (!row->key) {
        struct bytes name = {(const unsigned char *)whole, strlen(whole)};
        return attribute_find(s, word->from + skip, name, out, err);
    }
    *out = (struct filter_operand){.field = row->field, .key = whole};
    return *whole ? TRACK_OK : scan_fail(s, word->to, err, "an empty key");
}

track_status filter_take_operand(struct scan *s, struct filter_operand *out, track_error *err)
{
    struct token t = token_peek(s, false);
    if (t.kind == TOKEN_NAME) {
        token_take(s, &t);
        return attribute_find(s, t.from, t.text, out, err);
    }
    if (t.kind != TOKEN_WORD) {
        return scan_fail(s, t.from, err,
                         "expected an attribute, params.KEY, tags.KEY, metrics.KEY "
                         "or a function such as min(KEY)");
    }
    if (t.to < s->text.size && s->text.at[t.to] == '(') {
        return take_function(s, &t, out, err);
    }
    const struct prefix_row *row = prefix_find(&t);
    if (row) {
        return take_prefixed(s, row, &t, out, err);
    }
    token_take(s, &t);
    if (!memchr(t.text.at, '/', t.text.size)) {
        return attribute_find(s, t.from, t.text, out, err);
    }
    *out = (struct filter_operand){.field = FILTER_METRIC, .key = token_text(s, &t)};
    return out->key ? TRACK_OK : scan_no_memory(s, err);
}
