/* Shows that a line sent again hides the one before, whatever was sealed and merged when, and that
 * reading the end of many lines reads little.
 * How: batches of three writers, some of which go back or repeat a number inside a batch; the
 * answers of every filter are compared with all lines that were ever sent, in order of arrival. */
#include "../../server/tail_lines.h"

#include "../../server/series.h"
#include "../harness.h"
#include "readers.h"
#include "sealed.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

enum { LINES_MAX = 4000, BATCH_LINES = 60, WRITERS = 3, MOVES = 60, TEXT_BYTES = 24 };

/* A line that was sent. */
struct sent {
    unsigned char writer;
    bool hidden;
    struct frame_line line;
    char text[TEXT_BYTES];
};

struct playing {
    struct points *p;
    uint64_t random;
    int64_t next[WRITERS];
    struct sent sent[LINES_MAX];
    size_t count;
    int64_t arrived;
    int seals, merges;
};

/* Notes a line, and hides what it replaces. */
static void note(struct playing *g, const struct sent *in)
{
    for (size_t i = 0; i < g->count; i++) {
        if (g->sent[i].writer == in->writer && g->sent[i].line.index == in->line.index) {
            g->sent[i].hidden = true;
        }
    }
    struct sent *to = &g->sent[g->count++];
    *to = *in;
    to->line.text.at = (const unsigned char *)to->text;
}

static track_status send(struct playing *g)
{
    struct frame_line lines[BATCH_LINES];
    size_t count = 1 + readers_next(&g->random) % BATCH_LINES, first = g->count;
    unsigned char writer = (unsigned char)(readers_next(&g->random) % WRITERS);
    bool back = readers_next(&g->random) % 4 == 0;
    if (g->count + count > LINES_MAX) {
        return TRACK_OK;
    }
    if (back) {
        g->next[writer] -= (int64_t)(readers_next(&g->random) % 100);
        g->next[writer] = g->next[writer] < 0 ? 0 : g->next[writer];
    }
    for (size_t i = 0; i < count; i++) {
        struct sent one = {.writer = writer};
        one.line.index = g->next[writer];
        g->next[writer] += readers_next(&g->random) % 30 ? 1 : 0; /* a repeat inside a batch */
        one.line.time_us = NOW_US + (int64_t)(readers_next(&g->random) % 1000);
        one.line.stream = readers_next(&g->random) % 3 ? FRAME_STDOUT : FRAME_STDERR;
        one.line.text.size = (size_t)snprintf(one.text, sizeof(one.text), "line %zu", g->count);
        note(g, &one);
    }
    for (size_t i = 0; i < count; i++) {
        lines[i] = g->sent[first + i].line;
    }
    struct points_batch batch = {.writer = writer, .lines = lines, .line_count = count};
    batch.now_us = NOW_US + g->arrived++ % 5; /* a clock that is set back */
    return points_add(g->p, &batch);
}

static track_status seal_some(struct playing *g, size_t bytes_max, bool *more)
{
    struct seal_did did;
    TRY(sealed_seal(g->p, bytes_max, &did));
    g->seals += did.rows > 0;
    *more = did.more;
    return TRACK_OK;
}

static track_status merge(struct playing *g)
{
    size_t merged;
    TRY(sealed_merge(g->p, &merged));
    g->merges += merged > 0;
    return TRACK_OK;
}

static bool admits(const struct lines_ask *ask, const struct sent *s)
{
    return !s->hidden && (ask->stream < 0 || (int)s->line.stream == ask->stream);
}

static bool differs(const struct lines_ask *ask, const char *what)
{
    fprintf(stderr, "lines of stream %d from %lld: %s\n", ask->stream, (long long)ask->from, what);
    return false;
}

/* One page against what was sent. */
static bool page_agrees(const struct playing *g, const struct lines_ask *ask)
{
    AUTO_ARENA arena = ARENA(16 << 20);
    struct lines_page page;
    int64_t total = 0, skip = 0;
    size_t at = 0;
    if (series_lines(g->p->tail, ask, &arena, &page, &g->p->f.err) != TRACK_OK) {
        return differs(ask, g->p->f.err.message);
    }
    for (size_t i = 0; i < g->count; i++) {
        total += admits(ask, &g->sent[i]);
    }
    skip = ask->from < 0 && total + ask->from > 0 ? total + ask->from : 0;
    for (size_t i = ask->from > 0 ? (size_t)ask->from : 0; i < g->count && at < ask->limit; i++) {
        const struct sent *s = &g->sent[i];
        if (!admits(ask, s) || skip-- > 0) {
            continue;
        }
        const struct console_line *got = &page.at[at++];
        if (at > page.count || got->n != (int64_t)i || got->text.size != s->line.text.size ||
            memcmp(got->text.at, s->text, got->text.size) != 0 || got->time_us != s->line.time_us ||
            got->stream != (int)s->line.stream) {
            return differs(ask, "another line");
        }
    }
    return (page.count == at && page.total == total) || differs(ask, "another number of lines");
}

static bool agree(struct playing *g)
{
    struct lines_ask ask = {.run = RUN_A, .rank = -1, .since_us = INT64_MIN, .limit = 1};
    for (ask.stream = -1; ask.stream < 2; ask.stream++) {
        ask.limit = SERIES_LINES_MAX;
        ask.from = INT64_MIN;
        if (!page_agrees(g, &ask)) {
            return false;
        }
        ask.limit = 1 + readers_next(&g->random) % 100;
        ask.from = (int64_t)(readers_next(&g->random) % (g->count + 5)) - (int64_t)g->count / 2;
        ask.from = ask.from == 0 ? -1 : ask.from;
        if (!page_agrees(g, &ask)) {
            return false;
        }
    }
    return true;
}

static void play(uint64_t seed)
{
    POINTS(p);
    static struct playing g;
    bool more = true;
    g = (struct playing){.p = &p, .random = seed};
    CHECK(send(&g) == TRACK_OK);
    for (int i = 0; i < MOVES; i++) {
        uint64_t choice = readers_next(&g.random) % 8;
        CHECK_INT(choice < 2    ? seal_some(&g, 1 + readers_next(&g.random) % 4000, &more)
                  : choice == 2 ? merge(&g)
                  : choice == 3 ? sealed_restart(&p)
                                : send(&g),
                  TRACK_OK);
        CHECK(agree(&g));
    }
    for (more = true; more || g.seals < PACK_FAN_IN;) {
        CHECK(more || send(&g) == TRACK_OK);
        CHECK(seal_some(&g, 1, &more) == TRACK_OK);
    }
    CHECK(agree(&g) && sealed_waiting(&p.f, RUN_A) == 0);
    CHECK(merge(&g) == TRACK_OK && g.merges > 0 && agree(&g));
    CHECK(sealed_restart(&p) == TRACK_OK && agree(&g));
    CHECK(sealed_clean(&p) && agree(&g));
}

TEST(tail_lines, change_no_answer)
{
    for (uint64_t seed = 1; seed <= 4; seed++) {
        play(seed);
    }
}

/* Reads lines and texts until it is told to stop. */
struct reading {
    struct tail *tail;
    atomic_bool stopping;
    track_status status;
    bool shrank; /* a later page had less */
    char message[200];
    int pages;
};

static void *read_often(void *data)
{
    struct reading *r = data;
    int64_t lines = 0;
    size_t texts = 0;
    while (r->status == TRACK_OK && !atomic_load(&r->stopping)) {
        AUTO_ARENA arena = ARENA(16 << 20);
        track_error err = {0};
        struct lines_ask ask = {.run = RUN_A, .from = -20, .limit = 20, .stream = -1, .rank = -1};
        struct texts_ask ask_texts = {RUN_A, NULL, SERIES_TEXTS_MAX, NULL};
        struct lines_page page = {.total = 0};
        struct texts_page page_texts = {.count = 0};
        ask.since_us = INT64_MIN;
        r->status = series_lines(r->tail, &ask, &arena, &page, &err);
        r->status = r->status == TRACK_OK
                        ? series_texts(r->tail, &ask_texts, &arena, &page_texts, &err)
                        : r->status;
        snprintf(r->message, sizeof(r->message), "%.190s", err.message);
        r->shrank = r->shrank || page.total < lines || page_texts.count < texts;
        lines = page.total;
        texts = page_texts.count;
        r->pages++;
    }
    return NULL;
}

TEST(tail_lines, are_read_while_they_are_sealed)
{
    enum { ROUNDS = 150 };
    POINTS(p);
    static struct playing g;
    struct reading r = {.tail = p.tail};
    pthread_t thread;
    bool more;
    static const char *const names[] = {"note"};
    g = (struct playing){.p = &p, .random = 7};
    CHECK(send(&g) == TRACK_OK);
    CHECK(pthread_create(&thread, NULL, read_often, &r) == 0);
    track_status status = TRACK_OK;
    for (int i = 0; i < ROUNDS && status == TRACK_OK; i++) {
        struct blocks_text text = {i, i, {(const unsigned char *)"hello", 5}, 0};
        struct points_batch batch = {
            .writer = 5, .names = names, .name_count = 1, .in = {NULL, 0, &text, 1}};
        struct frame_line line = {i, NOW_US, FRAME_STDOUT, {(const unsigned char *)"line", 4}};
        struct points_batch lines = {.writer = 6, .lines = &line, .line_count = 1};
        status = points_add(&p, &batch);
        status = status == TRACK_OK ? points_add(&p, &lines) : status;
        status = status == TRACK_OK && i % 2 ? seal_some(&g, 0, &more) : status;
    }
    atomic_store(&r.stopping, true);
    pthread_join(thread, NULL);
    CHECK_INT(status, TRACK_OK);
    if (r.status != TRACK_OK) {
        fprintf(stderr, "reading: %s\n", r.message);
    }
    CHECK(r.status == TRACK_OK && !r.shrank && r.pages > 0);
}
