/* Shows that raw points, texts, lines and the tree of series are read whole, page by page.
 * How: small runs with every special case; each page size gives the same whole. */
#include "../../server/series.h"
#include "../harness.h"
#include "points.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static struct bytes bytes_of(const char *text)
{
    return (struct bytes){(const unsigned char *)text, strlen(text)};
}

TEST(series, pages_raw_points)
{
    POINTS(p);
    static const char *const names[] = {"loss"};
    struct blocks_point points[] = {{2, 5, 3, 0},   {-1, 5, NAN, 0}, {2, 5, -0.0, 0},
                                    {2, 5, 0.0, 0}, {2, 4, 9, 0},    {2, 5, 3, 0}};
    struct points_batch b = {.names = names, .name_count = 1, .in = {points, 6, NULL, 0}};
    CHECK(points_add(&p, &b) == TRACK_OK);
    for (size_t limit = 1; limit <= 6; limit++) {
        AUTO_ARENA arena = ARENA(16 << 20);
        struct points_ask ask = {RUN_A, {"loss", NULL}, INT64_MIN, INT64_MAX, limit, NULL};
        struct points_page page;
        double got[8];
        size_t count = 0, pages = 0;
        do {
            CHECK(series_points(p.tail, &ask, &arena, &page, NULL) == TRACK_OK);
            CHECK(page.count <= limit && count + page.count <= 5);
            memcpy(got + count, page.values, page.count * sizeof(*got));
            count += page.count;
            ask.cursor = page.next;
            pages++;
        } while (page.next);
        CHECK(count == 5 && pages == (5 + limit - 1) / limit);
        CHECK(isnan(got[0]) && got[1] == 9 && signbit(got[2]) && !signbit(got[3]) && got[4] == 3);
    }
}

/* Pages of so many points that hold first..end-1 of fill_chunks. */
static void check_pages(struct points *p, struct points_ask ask, int64_t first, int64_t end)
{
    do {
        AUTO_ARENA arena = ARENA(16 << 20);
        static char cursor[80];
        struct points_page page;
        CHECK(series_points(p->tail, &ask, &arena, &page, NULL) == TRACK_OK);
        CHECK(page.next ? page.count == ask.limit : page.count <= ask.limit);
        for (size_t i = 0; i < page.count; i++, first++) {
            CHECK(page.steps[i] == first / 700 && page.times_us[i] == first % 700 / 100);
            CHECK(page.values[i] == (double)first);
        }
        snprintf(cursor, sizeof(cursor), "%s", page.next ? page.next : "");
        ask.cursor = cursor;
    } while (*ask.cursor);
    CHECK(first == end);
}

TEST(series, pages_go_on_between_and_within_chunks)
{
    POINTS(p);
    enum { COUNT = 3 * TAIL_CHUNK_POINTS };
    static struct blocks_point points[COUNT];
    static const char *const names[] = {"loss"};
    for (int64_t i = 0; i < COUNT; i++) {
        points[i] = (struct blocks_point){i / 700, i % 700 / 100, (double)i, 0};
    }
    struct points_batch b = {.names = names, .name_count = 1, .in = {points, COUNT, NULL, 0}};
    CHECK(points_add(&p, &b) == TRACK_OK);
    static const size_t limits[] = {37, 100, 1400, 4095, 4096, 4097, 8192, COUNT - 1, COUNT};
    for (size_t i = 0; i < sizeof(limits) / sizeof(*limits); i++) {
        struct points_ask ask = {RUN_A, {"loss", NULL}, INT64_MIN, INT64_MAX, limits[i], NULL};
        check_pages(&p, ask, 0, COUNT);
        ask.from = 2;
        ask.to = 11;
        check_pages(&p, ask, 1400, 8400);
    }
}

TEST(series, refuses_wrong_requests_for_points)
{
    POINTS(p);
    AUTO_ARENA arena = ARENA(16 << 20);
    struct points_page page;
    CHECK(points_add_one(&p, "loss", 5, 1) == TRACK_OK);
    struct points_ask ask = {RUN_A, {"loss", NULL}, 6, INT64_MAX, 10, NULL};
    CHECK(series_points(p.tail, &ask, &arena, &page, NULL) == TRACK_OK && page.count == 0);
    ask.from = ask.to = 5;
    CHECK(series_points(p.tail, &ask, &arena, &page, NULL) == TRACK_OK && page.count == 1);
    ask.key.name = "los";
    CHECK(series_points(p.tail, &ask, &arena, &page, NULL) == TRACK_NOT_FOUND);
    ask.key.name = "loss";
    ask.run = RUN_B;
    CHECK(series_points(p.tail, &ask, &arena, &page, NULL) == TRACK_NOT_FOUND);
    ask.run = RUN_A;
    ask.cursor = "5.x";
    CHECK(series_points(p.tail, &ask, &arena, &page, NULL) == TRACK_INVALID);
    ask.cursor = "";
    ask.limit = 0;
    CHECK(series_points(p.tail, &ask, &arena, &page, NULL) == TRACK_INVALID);
    ask.limit = SERIES_POINTS_MAX + 1;
    CHECK(series_points(p.tail, &ask, &arena, &page, NULL) == TRACK_INVALID);
    ask.limit--;
    CHECK(series_points(p.tail, &ask, &arena, &page, NULL) == TRACK_OK);
}

TEST(series, lists_texts_newest_first)
{
    POINTS(p);
    static const char *const names[] = {"sample", "note"};
    struct blocks_text texts[] = {{1, 1, bytes_of("one"), 0},
                                  {2, 2, bytes_of("two"), 0},
                                  {2, 2, bytes_of("deux"), 1},
                                  {3, 3, bytes_of(""), 0}};
    struct points_batch b = {.names = names, .name_count = 2, .in = {NULL, 0, texts, 4}};
    CHECK(points_add(&p, &b) == TRACK_OK);
    CHECK(points_add_one(&p, "loss", 1, 1) == TRACK_OK);
    for (size_t limit = 1; limit <= 5; limit++) {
        AUTO_ARENA arena = ARENA(16 << 20);
        struct texts_ask ask = {RUN_A, "sample", limit, NULL};
        struct texts_page page;
        char all[32] = "";
        do {
            CHECK(series_texts(p.tail, &ask, &arena, &page, NULL) == TRACK_OK);
            for (size_t i = 0; i < page.count; i++) {
                CHECK(strcmp(page.at[i].name, "sample") == 0);
                strncat(all, (const char *)page.at[i].text.at, page.at[i].text.size);
                strncat(all, ".", 2);
            }
            ask.cursor = page.next;
        } while (page.next);
        CHECK(strcmp(all, ".two.one.") == 0);
        ask = (struct texts_ask){RUN_A, NULL, SERIES_TEXTS_MAX, NULL};
        CHECK(series_texts(p.tail, &ask, &arena, &page, NULL) == TRACK_OK && page.count == 4);
        ask.cursor = "1.1";
        CHECK(series_texts(p.tail, &ask, &arena, &page, NULL) == TRACK_INVALID);
    }
}

/* Two writers, "o0 e1 o2" and "o3 \xff!4": stdout but for e1. */
static track_status add_lines(struct points *p)
{
    struct frame_line first[] = {{0, 10, FRAME_STDOUT, bytes_of("o0 Loss=1")},
                                 {1, 20, FRAME_STDERR, bytes_of("e1")},
                                 {2, 30, FRAME_STDOUT, bytes_of("o2")}};
    struct frame_line second[] = {{0, 15, FRAME_STDOUT, bytes_of("o3")},
                                  {1, 40, FRAME_STDOUT,
                                   bytes_of("\xff"
                                            "!4 loss=2")}};
    struct points_batch a = {.lines = first, .line_count = 3, .now_us = NOW_US};
    struct points_batch b = {.writer = 1, .lines = second, .line_count = 2, .now_us = NOW_US + 1};
    TRY(points_add(p, &a));
    TRY(points_add(p, &b));
    unsigned char id[16];
    memset(id, 2, sizeof(id));
    struct journal_writer w = {.run = RUN_A, .writer = {id, 16}, .rank = 7, .now_us = NOW_US + 1};
    w.ticket.arena = &p->f.arena;
    return fixture_wait(&p->f, journal_writer(p->f.store, &w, &p->f.err), &w.ticket);
}

/* The first words of the lines that ask gets. */
static const char *lines_of(struct points *p, struct lines_ask ask, struct arena *arena,
                            struct lines_page *page)
{
    char *all = ARENA_ARRAY(arena, char, 64);
    ask.run = RUN_A;
    ask.limit = ask.limit ? ask.limit : SERIES_LINES_MAX;
    if (!all || series_lines(p->tail, &ask, arena, page, &p->f.err) != TRACK_OK) {
        return "";
    }
    for (size_t i = 0; i < page->count; i++) {
        strncat(all, (const char *)page->at[i].text.at, page->at[i].text.at[0] == 0xef ? 3 : 2);
    }
    return all;
}

#define LINES_ALL .stream = -1, .rank = -1, .since_us = INT64_MIN

TEST(series, reads_lines_of_all_writers)
{
    POINTS(p);
    AUTO_ARENA a = ARENA(16 << 20);
    struct lines_page page;
    CHECK(add_lines(&p) == TRACK_OK);
    CHECK(!strcmp(lines_of(&p, (struct lines_ask){LINES_ALL}, &a, &page), "o0e1o2o3\xef\xbf\xbd"));
    CHECK(page.total == 5 && page.next == 5 && page.at[4].n == 4 && page.at[4].rank == 7);
    CHECK(memcmp(page.at[4].text.at, "\xef\xbf\xbd!4", 5) == 0);
    CHECK(!strcmp(lines_of(&p, (struct lines_ask){LINES_ALL, .from = 2, .limit = 2}, &a, &page),
                  "o2o3"));
    CHECK(page.next == 4);
    CHECK(!strcmp(lines_of(&p, (struct lines_ask){LINES_ALL, .from = 5}, &a, &page), ""));
    CHECK(page.next == 5);
    CHECK(!strcmp(lines_of(&p, (struct lines_ask){LINES_ALL, .from = -3, .limit = 2}, &a, &page),
                  "o2o3"));
    CHECK(!strcmp(lines_of(&p, (struct lines_ask){LINES_ALL, .from = INT64_MIN}, &a, &page),
                  "o0e1o2o3\xef\xbf\xbd"));
}

TEST(series, filters_lines)
{
    POINTS(p);
    AUTO_ARENA a = ARENA(16 << 20);
    struct lines_page page;
    CHECK(add_lines(&p) == TRACK_OK);
    struct lines_ask ask = {LINES_ALL, .from = -2};
    ask.stream = FRAME_STDOUT;
    CHECK(!strcmp(lines_of(&p, ask, &a, &page), "o3\xef\xbf\xbd") && page.total == 4);
    ask.from = -3;
    CHECK(!strcmp(lines_of(&p, ask, &a, &page), "o2o3\xef\xbf\xbd"));
    ask.stream = FRAME_STDERR;
    CHECK(!strcmp(lines_of(&p, ask, &a, &page), "e1") && page.total == 1 && page.next == 5);
    CHECK(!strcmp(lines_of(&p, (struct lines_ask){LINES_ALL, .q = "LOSS="}, &a, &page),
                  "o0\xef\xbf\xbd"));
    CHECK(!strcmp(lines_of(&p, (struct lines_ask){LINES_ALL, .regex = "^[oe][12]$"}, &a, &page),
                  "e1o2"));
    ask = (struct lines_ask){.stream = -1, .rank = 7, .since_us = 16};
    CHECK(!strcmp(lines_of(&p, ask, &a, &page), "\xef\xbf\xbd") && page.total == 2);
    ask.rank = 8;
    CHECK(!strcmp(lines_of(&p, ask, &a, &page), "") && page.total == 0 && page.next == 5);
    ask = (struct lines_ask){RUN_A, LINES_ALL, .limit = 1, .regex = "("};
    CHECK(series_lines(p.tail, &ask, &a, &page, NULL) == TRACK_INVALID);
    ask = (struct lines_ask){RUN_A, LINES_ALL, .limit = SERIES_LINES_MAX + 1};
    CHECK(series_lines(p.tail, &ask, &a, &page, NULL) == TRACK_INVALID);
}

static track_status add_tree(struct points *p)
{
    static const char *const names[] = {"train/loss", "train/gpu/0",    "val/loss",
                                        "lr",         "lr{\"rank\":1}", "text"};
    struct blocks_point points[] = {{1, 1, 2, 0}, {2, 1, 1, 0}, {1, 1, 2, 1},
                                    {1, 1, 2, 2}, {1, 1, 2, 3}, {1, 1, NAN, 4}};
    struct blocks_text text = {1, 1, bytes_of("x"), 5};
    struct points_batch b = {.names = names, .name_count = 6, .in = {points, 6, &text, 1}};
    return points_add(p, &b);
}

TEST(series, shows_the_tree_level_by_level)
{
    POINTS(p);
    AUTO_ARENA a = ARENA(16 << 20);
    struct tree_page page;
    CHECK(add_tree(&p) == TRACK_OK);
    struct tree_ask ask = {.run = RUN_A, .limit = 100};
    CHECK(series_tree(p.tail, &ask, &a, &page, NULL) == TRACK_OK);
    CHECK(page.group_count == 2 && page.series_count == 2 && !page.next);
    CHECK(!strcmp(page.groups[0].name, "train") && !strcmp(page.groups[0].prefix, "train/"));
    CHECK(page.groups[0].n == 2 && page.groups[1].n == 1);
    CHECK(!strcmp(page.series[1].context, "{\"rank\":1}") && page.series[1].bad == 1);
    CHECK(isnan(page.series[1].vmin));
    ask.prefix = "train/";
    CHECK(series_tree(p.tail, &ask, &a, &page, NULL) == TRACK_OK);
    CHECK(page.group_count == 1 && page.series_count == 1 && !strcmp(page.groups[0].name, "gpu"));
    CHECK(page.series[0].n == 2 && page.series[0].vmin == 1 && page.series[0].vmin_step == 2);
    CHECK(page.series[0].first_step == 1 && page.series[0].last == 1);
    ask = (struct tree_ask){.run = RUN_A, .q = "LOSS", .limit = 100};
    CHECK(series_tree(p.tail, &ask, &a, &page, NULL) == TRACK_OK && page.series_count == 2);
    ask = (struct tree_ask){.run = RUN_A, .flat = true, .limit = 100};
    CHECK(series_tree(p.tail, &ask, &a, &page, NULL) == TRACK_OK && page.series_count == 5);
}

TEST(series, pages_the_tree)
{
    POINTS(p);
    AUTO_ARENA a = ARENA(16 << 20);
    struct tree_page page;
    CHECK(add_tree(&p) == TRACK_OK);
    for (size_t limit = 1; limit <= 4; limit++) {
        struct tree_ask ask = {.run = RUN_A, .limit = limit};
        size_t groups = 0, series = 0;
        do {
            CHECK(series_tree(p.tail, &ask, &a, &page, NULL) == TRACK_OK);
            CHECK(page.group_count + page.series_count <= limit);
            groups += page.group_count;
            series += page.series_count;
            ask.cursor = page.next;
        } while (page.next);
        CHECK(groups == 2 && series == 2);
    }
    struct tree_ask ask = {.run = RUN_A, .prefix = "train", .limit = 1};
    CHECK(series_tree(p.tail, &ask, &a, &page, NULL) == TRACK_INVALID);
    ask = (struct tree_ask){.run = RUN_A, .limit = 1, .cursor = "g0000000000000001"};
    CHECK(series_tree(p.tail, &ask, &a, &page, NULL) == TRACK_INVALID);
    ask = (struct tree_ask){.run = RUN_A, .limit = SERIES_LIST_MAX + 1};
    CHECK(series_tree(p.tail, &ask, &a, &page, NULL) == TRACK_INVALID);
}
