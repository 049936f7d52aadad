#include "capture.h"

#include "../core/number.h"
#include "../core/regex.h"

#include <stdio.h>
#include <string.h>

enum { STATES_US = 1000000, LIMIT_TEXT_MAX = 300 };

/* A --metric-regex. */
struct pattern {
    struct regex *regex;
    unsigned groups;
    unsigned step_group;                     /* 0: none, lines are counted */
    int64_t next[REGEX_GROUP_COUNT_MAX + 1]; /* next step of each group's metric */
};

struct capture_line {
    unsigned char *text; /* [CAPTURE_LINE_BYTES_MAX] */
    size_t size;
    bool rewind;     /* a \r came: the next byte begins the text anew */
    int64_t kept_us; /* when a rewritten text was last kept */
};

struct capture {
    struct capture_sink sink;
    struct pattern patterns[CAPTURE_PATTERNS_MAX];
    size_t pattern_count;
    struct capture_line lines[2];
    bool raw;
    bool warned; /* of a pattern that hit a limit */
};

static track_status check_groups(struct capture *c, const char *text, track_error *err)
{
    struct pattern *p = &c->patterns[c->pattern_count];
    unsigned metrics = 0;
    p->groups = regex_group_count(p->regex);
    for (unsigned i = 1; i <= p->groups; i++) {
        const char *name = regex_group_name(p->regex, i);
        bool step = name && strcmp(name, "step") == 0;
        p->step_group = step ? i : p->step_group;
        metrics += name && !step;
    }
    if (metrics == 0) {
        return FAIL(err, TRACK_INVALID,
                    "--metric-regex \"%.100s\" names no group: (?<loss>...) logs the metric loss",
                    text);
    }
    return TRACK_OK;
}

static track_status add_pattern(struct capture *c, const char *text, struct arena *arena,
                                track_error *err)
{
    track_error why = {0};
    struct bytes bytes = {(const unsigned char *)text, strlen(text)};
    struct regex **regex = &c->patterns[c->pattern_count].regex;
    track_status status = regex_compile(bytes, arena, regex, &why);
    if (status != TRACK_OK) {
        return FAIL(err, status, "--metric-regex \"%.80s\": %.140s", text, why.message);
    }
    TRY(check_groups(c, text, err));
    c->pattern_count++;
    return TRACK_OK;
}

track_status capture_init(const struct capture_options *options, const struct capture_sink *sink,
                          struct arena *arena, struct capture **out, track_error *err)
{
    struct capture *c = ARENA_NEW(arena, struct capture);
    if (options->pattern_count > CAPTURE_PATTERNS_MAX) {
        return FAIL(err, TRACK_TOO_LARGE, "%zu --metric-regex, over %d", options->pattern_count,
                    CAPTURE_PATTERNS_MAX);
    }
    for (int i = 0; c && i < 2; i++) {
        c->lines[i].text = arena_alloc(arena, CAPTURE_LINE_BYTES_MAX, 1);
    }
    if (!c || !c->lines[0].text || !c->lines[1].text) {
        return FAIL(err, TRACK_NOMEM, "lines to capture");
    }
    c->sink = *sink;
    c->raw = options->raw;
    for (size_t i = 0; i < options->pattern_count; i++) {
        TRY(add_pattern(c, options->patterns[i], arena, err));
    }
    *out = c;
    return TRACK_OK;
}

/* A metric's step: the group named step, else the number of its lines so far. */
static bool find_step(struct pattern *p, const struct bytes *groups, unsigned group, int64_t *out)
{
    const struct bytes *text = &groups[p->step_group];
    if (p->step_group && text->at) {
        return number_decode_int(*text, out);
    }
    *out = p->next[group]++;
    return true;
}

static void log_groups(struct capture *c, struct pattern *p, const struct bytes *groups)
{
    for (unsigned i = 1; i <= p->groups; i++) {
        const char *name = regex_group_name(p->regex, i);
        double value;
        int64_t step;
        if (name && i != p->step_group && groups[i].at && number_decode(groups[i], &value) &&
            find_step(p, groups, i, &step)) {
            c->sink.metric(c->sink.data, name, step, value);
        }
    }
}

static void match(struct capture *c, struct bytes text)
{
    struct bytes groups[REGEX_GROUP_COUNT_MAX + 1];
    for (size_t i = 0; i < c->pattern_count; i++) {
        track_error err = {0};
        bool found = false;
        track_status status = regex_search(c->patterns[i].regex, text, NULL, groups, &found, &err);
        if (status == TRACK_OK && found) {
            log_groups(c, &c->patterns[i], groups);
        }
        if (status != TRACK_OK && !c->warned) {
            char warning[LIMIT_TEXT_MAX];
            snprintf(warning, sizeof(warning), "a line was not searched by --metric-regex: %s",
                     err.message);
            c->sink.warn(c->sink.data, warning);
            c->warned = true;
        }
    }
}

static void keep(struct capture *c, track_stream stream)
{
    struct capture_line *l = &c->lines[stream];
    struct bytes text = {l->text, l->size};
    c->sink.line(c->sink.data, stream, text);
    match(c, text);
    l->size = 0;
}

/* The text so far is about to be rewritten. */
static void rewind_line(struct capture *c, track_stream stream, int64_t now_us)
{
    struct capture_line *l = &c->lines[stream];
    if (l->size > 0 && (c->raw || now_us - l->kept_us >= STATES_US)) {
        keep(c, stream);
        l->kept_us = now_us;
    }
    l->size = 0;
    l->rewind = false;
}

void capture_add(struct capture *c, track_stream stream, struct bytes bytes, int64_t now_us)
{
    struct capture_line *l = &c->lines[stream];
    while (bytes.size > 0) {
        size_t size = 0;
        while (size < bytes.size && bytes.at[size] != '\n' && bytes.at[size] != '\r') {
            size++;
        }
        if (size > 0 && l->rewind) {
            rewind_line(c, stream, now_us);
        }
        size_t room = CAPTURE_LINE_BYTES_MAX - l->size;
        size = size < room ? size : room;
        memcpy(l->text + l->size, bytes.at, size);
        l->size += size;
        bytes.at += size;
        bytes.size -= size;
        if (bytes.size == 0) {
            return;
        }
        if (*bytes.at == '\r') {
            l->rewind = true; /* unless \n follows, which ends the line */
        } else if (*bytes.at == '\n') {
            keep(c, stream);
            l->rewind = false;
        } else {
            keep(c, stream); /* no room */
            continue;
        }
        bytes.at++;
        bytes.size--;
    }
}

void capture_end(struct capture *c)
{
    for (int i = 0; i < 2; i++) {
        if (c->lines[i].size > 0) {
            keep(c, (track_stream)i);
        }
        c->lines[i].rewind = false;
    }
}
