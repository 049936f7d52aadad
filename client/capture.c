#include "capture.h"

#include "../core/lines.h"
#include "../core/number.h"
#include "../core/regex.h"

#include <stdio.h>
#include <string.h>

enum { LIMIT_TEXT_MAX = 300 };

/* A --metric-regex. */
struct pattern {
    struct regex *regex;
    unsigned groups;
    unsigned step_group;                     /* 0: none, lines are counted */
    int64_t next[REGEX_GROUP_COUNT_MAX + 1]; /* next step of each group's metric */
};

struct capture_stream {
    struct capture *of;
    track_stream stream;
    struct lines lines;
};

struct capture {
    struct capture_sink sink;
    struct pattern patterns[CAPTURE_PATTERNS_MAX];
    size_t pattern_count;
    struct capture_stream streams[2];
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

static void keep(void *data, struct bytes text)
{
    struct capture_stream *s = data;
    s->of->sink.line(s->of->sink.data, s->stream, text);
    match(s->of, text);
}

/* Makes the two streams. */
static bool init_streams(struct capture *c, bool raw, struct arena *arena)
{
    for (int i = 0; i < 2; i++) {
        struct capture_stream *s = &c->streams[i];
        *s = (struct capture_stream){c, (track_stream)i, {.sink = keep, .data = s, .raw = raw}};
        s->lines.text = arena_alloc(arena, LINES_BYTES_MAX, 1);
    }
    return c->streams[0].lines.text && c->streams[1].lines.text;
}

track_status capture_init(const struct capture_options *options, const struct capture_sink *sink,
                          struct arena *arena, struct capture **out, track_error *err)
{
    struct capture *c = ARENA_NEW(arena, struct capture);
    if (options->pattern_count > CAPTURE_PATTERNS_MAX) {
        return FAIL(err, TRACK_TOO_LARGE, "%zu --metric-regex, over %d", options->pattern_count,
                    CAPTURE_PATTERNS_MAX);
    }
    if (!c || !init_streams(c, options->raw, arena)) {
        return FAIL(err, TRACK_NOMEM, "lines to capture");
    }
    c->sink = *sink;
    for (size_t i = 0; i < options->pattern_count; i++) {
        TRY(add_pattern(c, options->patterns[i], arena, err));
    }
    *out = c;
    return TRACK_OK;
}

void capture_add(struct capture *c, track_stream stream, struct bytes bytes, int64_t now_us)
{
    lines_add(&c->streams[stream].lines, bytes, now_us);
}

void capture_end(struct capture *c)
{
    lines_end(&c->streams[TRACK_STDOUT].lines);
    lines_end(&c->streams[TRACK_STDERR].lines);
}
