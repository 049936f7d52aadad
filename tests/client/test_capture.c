/* Shows which lines and metrics come of what a command prints.
 * How: bytes in pieces of every size into a sink that writes down what it gets. */
#include "../../client/capture.h"
#include "../harness.h"

#include <stdio.h>
#include <string.h>

/* Text of all that came: "o:line|", "e:line|", "name@step=value|". */
struct seen {
    char text[4096];
    size_t size;
    int warnings, lines;
};

static void put_seen(struct seen *s, const char *text, size_t size)
{
    size = size < sizeof(s->text) - 1 - s->size ? size : sizeof(s->text) - 1 - s->size;
    memcpy(s->text + s->size, text, size);
    s->size += size;
    s->text[s->size] = '\0';
}

static void see_line(void *data, track_stream stream, struct bytes text)
{
    struct seen *s = data;
    s->lines++;
    put_seen(s, stream == TRACK_STDOUT ? "o:" : "e:", 2);
    put_seen(s, (const char *)text.at, text.size < 100 ? text.size : 100);
    put_seen(s, "|", 1);
}

static void see_metric(void *data, const char *name, int64_t step, double value)
{
    char text[128];
    int n = snprintf(text, sizeof(text), "%s@%lld=%g|", name, (long long)step, value);
    put_seen(data, text, (size_t)n);
}

static void see_warning(void *data, const char *text)
{
    (void)text;
    ((struct seen *)data)->warnings++;
}

static track_status open_capture(const char *pattern, bool raw, struct seen *seen, struct arena *a,
                                 struct capture **out, track_error *err)
{
    const char *patterns[] = {pattern};
    struct capture_options options = {patterns, pattern ? 1 : 0, raw};
    struct capture_sink sink = {see_line, see_metric, see_warning, seen};
    *seen = (struct seen){0};
    return capture_init(&options, &sink, a, out, err);
}

static void add(struct capture *c, const char *text, int64_t now_us)
{
    capture_add(c, TRACK_STDOUT, (struct bytes){(const unsigned char *)text, strlen(text)}, now_us);
}

TEST(capture, ends_lines_at_newlines_however_they_come)
{
    static const char text[] = "one\n\ntwo\r\nthree";
    for (size_t piece = 1; piece <= sizeof(text); piece++) {
        AUTO_ARENA a = ARENA(1 << 20);
        struct seen seen;
        struct capture *c;
        CHECK(open_capture(NULL, false, &seen, &a, &c, NULL) == TRACK_OK);
        for (size_t i = 0; i < sizeof(text) - 1; i += piece) {
            char part[32] = "";
            snprintf(part, sizeof(part), "%.*s", (int)piece, text + i);
            add(c, part, 0);
        }
        capture_end(c);
        CHECK(strcmp(seen.text, "o:one|o:|o:two|o:three|") == 0);
    }
}

TEST(capture, keeps_the_streams_apart)
{
    AUTO_ARENA a = ARENA(1 << 20);
    struct seen seen;
    struct capture *c;
    CHECK(open_capture(NULL, false, &seen, &a, &c, NULL) == TRACK_OK);
    add(c, "par", 0);
    capture_add(c, TRACK_STDERR, (struct bytes){(const unsigned char *)"oops\n", 5}, 0);
    add(c, "t\n", 0);
    capture_end(c);
    CHECK(strcmp(seen.text, "e:oops|o:part|") == 0);
}

TEST(capture, collapses_what_is_rewritten)
{
    AUTO_ARENA a = ARENA(1 << 20);
    struct seen seen;
    struct capture *c;
    CHECK(open_capture(NULL, false, &seen, &a, &c, NULL) == TRACK_OK);
    for (int i = 0; i < 100; i++) { /* ten texts a second */
        char text[16];
        snprintf(text, sizeof(text), "\r%d%%", i);
        add(c, text, 5000000 + i * 100000);
    }
    add(c, "\rdone\n", 15000000);
    CHECK(strcmp(seen.text, "o:0%|o:10%|o:20%|o:30%|o:40%|o:50%|o:60%|o:70%|o:80%|o:90%|o:done|") ==
          0);
    CHECK(open_capture(NULL, true, &seen, &a, &c, NULL) == TRACK_OK);
    add(c, "a\rb\rc\n", 0);
    CHECK(strcmp(seen.text, "o:a|o:b|o:c|") == 0);
}

TEST(capture, logs_metrics_by_group)
{
    AUTO_ARENA a = ARENA(1 << 20);
    struct seen seen;
    struct capture *c;
    CHECK(open_capture("(?<loss>[0-9.e+-]+) (?<acc>\\S+)", false, &seen, &a, &c, NULL) == TRACK_OK);
    add(c, "0.5 0.1\nnothing\n0.4 high\n3e-1 0.2\n", 0);
    CHECK(strcmp(seen.text, "o:0.5 0.1|loss@0=0.5|acc@0=0.1|o:nothing|o:0.4 high|loss@1=0.4|"
                            "o:3e-1 0.2|loss@2=0.3|acc@1=0.2|") == 0);
}

TEST(capture, takes_the_step_from_a_group)
{
    AUTO_ARENA a = ARENA(1 << 20);
    struct seen seen;
    struct capture *c;
    CHECK(open_capture("step (?<step>\\d+): loss=(?<loss>\\S+)", false, &seen, &a, &c, NULL) ==
          TRACK_OK);
    add(c, "step 100: loss=0.5\nstep 99999999999999999999: loss=1\n", 0);
    CHECK(strstr(seen.text, "loss@100=0.5|") && !strstr(seen.text, "loss@9"));
}

TEST(capture, warns_once_of_a_pattern_that_is_too_expensive)
{
    AUTO_ARENA a = ARENA(1 << 22);
    struct seen seen;
    struct capture *c;
    CHECK(open_capture("(?<x>(a+)+)[bc]$", false, &seen, &a, &c, NULL) == TRACK_OK);
    for (int i = 0; i < 3; i++) {
        add(c, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaad\n", 0);
    }
    CHECK_INT(seen.lines, 3);
    CHECK_INT(seen.warnings, 1);
}

TEST(capture, refuses_faulty_patterns)
{
    AUTO_ARENA a = ARENA(1 << 20);
    struct seen seen;
    struct capture *c;
    track_error err = {0};
    CHECK(open_capture("loss=(", false, &seen, &a, &c, &err) == TRACK_INVALID);
    CHECK(strstr(err.message, "--metric-regex \"loss=(\""));
    CHECK(open_capture("loss=(\\S+)", false, &seen, &a, &c, &err) == TRACK_INVALID);
    CHECK(strstr(err.message, "names no group"));
    CHECK(open_capture("(?<step>\\d+)", false, &seen, &a, &c, &err) == TRACK_INVALID);
}
