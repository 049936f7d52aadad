/* Shows that texts are read whole and in order, page by page, whatever was sealed and merged when.
 * How: texts of three series, one of which has numbers too; late ones, repeats, several of one step
 * and time; each page is compared with the set of all that were ever sent. */
#include "../../server/tail_texts.h"

#include "../../server/series.h"
#include "../harness.h"
#include "readers.h"
#include "sealed.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEXTS_MAX = 3000, BATCH_TEXTS = 70, MOVES = 50, TEXT_BYTES = 16, SERIES = 3 };

static const char *const names[SERIES] = {"loss", "note", "note{\"rank\":1}"};

/* A text that was sent. */
struct sent {
    uint32_t series;
    int64_t step, time_us;
    char text[TEXT_BYTES];
};

struct playing {
    struct points *p;
    uint64_t random;
    struct sent sent[TEXTS_MAX]; /* [count], in the order of pages, each once */
    size_t count;
    int64_t step;
    int seals, merges;
};

static int order(const void *left, const void *right)
{
    const struct sent *a = left, *b = right;
    if (a->step != b->step) {
        return a->step > b->step ? -1 : 1;
    }
    if (a->time_us != b->time_us) {
        return a->time_us > b->time_us ? -1 : 1;
    }
    return a->series != b->series ? (int)a->series - (int)b->series : strcmp(a->text, b->text);
}

static void note(struct playing *g, const struct sent *in)
{
    if (!bsearch(in, g->sent, g->count, sizeof(*in), order)) {
        g->sent[g->count++] = *in;
        qsort(g->sent, g->count, sizeof(*in), order);
    }
}

static struct sent any_text(struct playing *g)
{
    uint64_t choice = readers_next(&g->random) % 20;
    struct sent s = {.series = (uint32_t)(readers_next(&g->random) % SERIES)};
    s.step = g->step += (int64_t)(choice % 3);
    s.time_us = NOW_US + s.step / 7;
    snprintf(s.text, sizeof(s.text), "t%d", (int)(readers_next(&g->random) % 50));
    if (choice == 5) {
        s.step -= (int64_t)(readers_next(&g->random) % 100);
    }
    if (choice == 6 && g->count) {
        s = g->sent[readers_next(&g->random) % g->count];
    }
    if (choice == 7) {
        s.text[0] = '\0';
    }
    return s;
}

static track_status send(struct playing *g)
{
    static struct sent batch[BATCH_TEXTS];
    struct blocks_text texts[BATCH_TEXTS];
    struct blocks_point point = {g->step, NOW_US, 0.5, 0};
    size_t count = 1 + readers_next(&g->random) % BATCH_TEXTS;
    if (g->count + count > TEXTS_MAX) {
        return TRACK_OK;
    }
    for (size_t i = 0; i < count; i++) {
        batch[i] = any_text(g);
        struct bytes text = {(const unsigned char *)batch[i].text, strlen(batch[i].text)};
        texts[i] = (struct blocks_text){batch[i].step, batch[i].time_us, text, batch[i].series};
        note(g, &batch[i]);
    }
    struct points_batch b = {.names = names, .name_count = SERIES, .in = {&point, 1, texts, count}};
    b.writer = (unsigned char)(readers_next(&g->random) % 2);
    return points_add(g->p, &b);
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

static bool is(const struct text_sample *got, const struct sent *want)
{
    const char *context = strchr(names[want->series], '{');
    return got->step == want->step && got->time_us == want->time_us &&
           got->text.size == strlen(want->text) &&
           memcmp(got->text.at, want->text, got->text.size) == 0 &&
           strcmp(got->context, context ? context : "") == 0 &&
           strcmp(got->name, want->series ? "note" : "loss") == 0;
}

/* All pages of a key against what was sent. */
static bool pages_agree(struct playing *g, const char *key, size_t limit)
{
    AUTO_ARENA arena = ARENA(64 << 20);
    struct texts_ask ask = {RUN_A, key, limit, NULL};
    struct texts_page page;
    size_t next = 0;
    do {
        if (series_texts(g->p->tail, &ask, &arena, &page, &g->p->f.err) != TRACK_OK) {
            fprintf(stderr, "texts: %s\n", g->p->f.err.message);
            return false;
        }
        for (size_t i = 0; i < page.count; i++, next++) {
            while (key && next < g->count && (g->sent[next].series == 0) != !strcmp(key, "loss")) {
                next++;
            }
            if (next >= g->count || !is(&page.at[i], &g->sent[next])) {
                fprintf(stderr, "texts: another one, number %zu\n", next);
                return false;
            }
        }
        ask.cursor = page.next;
    } while (page.next);
    while (key && next < g->count && (g->sent[next].series == 0) != !strcmp(key, "loss")) {
        next++;
    }
    return next == g->count;
}

static bool agree(struct playing *g)
{
    size_t limit = g->count / 5 + 1 + readers_next(&g->random) % 200;
    return pages_agree(g, NULL, limit) && pages_agree(g, "note", limit) &&
           pages_agree(g, "loss", limit);
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

TEST(tail_texts, change_no_answer)
{
    for (uint64_t seed = 1; seed <= 3; seed++) {
        play(seed);
    }
}
