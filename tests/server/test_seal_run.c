/* Shows that what leaves the journal is in packs: every point, text and line, once and bit for bit.
 * How: real frames through the journal; packs are decoded again. */
#include "../../server/seal_run.h"

#include "../../server/series.h"
#include "../../server/store_fact.h"
#include "../harness.h"
#include "sealed.h"

#include <math.h>
#include <string.h>

enum { MANY = 3000 };

static track_status seal(struct points *p, size_t bytes_max, struct seal_did *did)
{
    struct seal_ask ask = {.store = p->f.store,
                           .run_node = sealed_run(&p->f, RUN_A),
                           .now_us = NOW_US,
                           .bytes_max = bytes_max};
    return seal_run(&ask, did, &p->f.err);
}

/* Sends points of "loss" as one frame of a writer. */
static track_status send(struct points *p, unsigned char writer, const struct blocks_point *points,
                         size_t count)
{
    static const char *const names[] = {"loss"};
    struct points_batch batch = {
        .writer = writer, .names = names, .name_count = 1, .in = {points, count, NULL, 0}};
    return points_add(p, &batch);
}

/* A double with exactly these bits. */
static double of_bits(uint64_t bits)
{
    double value;
    memcpy(&value, &bits, sizeof(value));
    return value;
}

static uint64_t to_bits(double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof(bits));
    return bits;
}

TEST(seal_run, keeps_every_bit)
{
    POINTS(p);
    struct seal_did did;
    const struct blocks_point in[] = {
        {-5, 7, of_bits(0x7ff8dead0000beef), 0}, /* a NaN with a payload */
        {-5, 8, of_bits(0xfff0000000000001), 0},
        {0, 9, -0.0, 0},
        {0, 9, 0.0, 0},
        {1, 10, INFINITY, 0},
        {2, 11, 0.1, 0},
        {2, 12, 0.1, 0},
        {INT64_MAX, INT64_MAX, -INFINITY, 0},
    };
    size_t count = sizeof(in) / sizeof(in[0]);
    CHECK_INT(send(&p, 0, in, count), TRACK_OK);
    CHECK_INT(seal(&p, 0, &did), TRACK_OK);
    CHECK(did.rows == 1 && did.points == (int64_t)count && !did.more);
    CHECK_INT(sealed_waiting(&p.f, RUN_A), 0);
    struct sealed_points got = sealed_points(&p.f, RUN_A, "loss");
    CHECK_INT(got.count, count);
    for (size_t i = 0; i < count; i++) {
        CHECK(got.at[i].step == in[i].step && got.at[i].time_us == in[i].time_us);
    }
    CHECK(to_bits(got.at[0].value) == 0x7ff8dead0000beef);
    CHECK(to_bits(got.at[1].value) == 0xfff0000000000001);
    CHECK(signbit(got.at[2].value) && !signbit(got.at[3].value));
    CHECK(sealed_clean(&p));
}

TEST(seal_run, sorts_points_and_drops_repeats_of_all_writers)
{
    POINTS(p);
    struct seal_did did;
    struct blocks_point in[MANY];
    for (int i = 0; i < MANY; i++) {
        int64_t step = (int64_t)i * 7919 % MANY; /* every step once, in no order */
        in[i] = (struct blocks_point){step, step * 1000, sin((double)step), 0};
    }
    for (unsigned char writer = 0; writer < 3; writer++) {
        CHECK_INT(send(&p, writer, in, MANY), TRACK_OK);
    }
    CHECK_INT(seal(&p, 0, &did), TRACK_OK);
    CHECK(did.rows == 3 && did.points == 3 * MANY);
    struct sealed_points got = sealed_points(&p.f, RUN_A, "loss");
    CHECK_INT(got.count, MANY);
    for (int i = 0; i < MANY; i++) {
        CHECK(got.at[i].step == i && got.at[i].value == sin((double)i));
    }
    struct pack_list packs = sealed_packs(&p.f, RUN_A);
    CHECK(packs.count == 1 && packs.at[0].n == MANY && packs.at[0].series == 1);
    CHECK(packs.at[0].step_lo == 0 && packs.at[0].step_hi == MANY - 1);
    CHECK(packs.at[0].us_lo == 0 && packs.at[0].us_hi == (MANY - 1) * 1000);
    CHECK(packs.at[0].kind == PACK_POINTS && packs.at[0].level == 0 && packs.at[0].rev == 0);
    CHECK(sealed_clean(&p));
}

/* The texts of all samples, and of all lines, that readers find: "a.b." */
static const char *texts_of(struct points *p)
{
    struct texts_ask ask = {RUN_A, NULL, 100, NULL};
    struct texts_page page;
    char all[200] = "";
    if (series_texts(p->tail, &ask, &p->f.arena, &page, &p->f.err) != TRACK_OK) {
        return p->f.err.message;
    }
    for (size_t i = 0; i < page.count; i++) {
        strncat(all, (const char *)page.at[i].text.at, page.at[i].text.size);
        strncat(all, ".", 2);
    }
    return arena_text(&p->f.arena, all, strlen(all));
}

static const char *lines_of(struct points *p)
{
    struct lines_ask ask = {.run = RUN_A, .limit = 100, .stream = -1, .rank = -1};
    struct lines_page page;
    char all[200] = "";
    ask.since_us = INT64_MIN;
    if (series_lines(p->tail, &ask, &p->f.arena, &page, &p->f.err) != TRACK_OK) {
        return p->f.err.message;
    }
    for (size_t i = 0; i < page.count; i++) {
        strncat(all, (const char *)page.at[i].text.at, page.at[i].text.size);
        strncat(all, ".", 2);
    }
    return arena_text(&p->f.arena, all, strlen(all));
}

TEST(seal_run, takes_texts_and_lines_too)
{
    POINTS(p);
    struct seal_did did;
    static const char *const names[] = {"loss"};
    static const char *const words[] = {"uno", "due", "tre"};
    struct blocks_text text = {1, 2, {NULL, 3}, 0};
    struct points_batch texts = {.names = names, .name_count = 1, .in = {NULL, 0, &text, 1}};
    struct frame_line line = {0, 5, FRAME_STDOUT, {NULL, 3}};
    struct points_batch lines = {.lines = &line, .line_count = 1};
    for (int i = 0; i < 3; i++) {
        CHECK_INT(points_add_one(&p, "loss", i, 0.5), TRACK_OK);
        text.text.at = line.text.at = (const unsigned char *)words[i];
        text.step = line.index = i;
        CHECK_INT(points_add(&p, &texts), TRACK_OK);
        CHECK_INT(points_add(&p, &texts), TRACK_OK); /* the same again is the same */
        CHECK_INT(points_add(&p, &lines), TRACK_OK);
    }
    for (int i = 0; i < 2; i++) {
        CHECK(strcmp(texts_of(&p), "tre.due.uno.") == 0);
        CHECK(strcmp(lines_of(&p), "uno.due.tre.") == 0);
        CHECK_INT(seal(&p, 0, &did), TRACK_OK);
        CHECK_INT(did.rows, i ? 0 : 12);
        CHECK_INT(sealed_waiting(&p.f, RUN_A), 0);
    }
    struct pack_list packs = sealed_packs(&p.f, RUN_A);
    CHECK(packs.count == 2 && packs.at[0].kind + packs.at[1].kind == PACK_POINTS + PACK_LINES);
    const struct pack *of_lines = &packs.at[packs.at[0].kind == PACK_LINES ? 0 : 1];
    CHECK(of_lines->n == 3 && of_lines->series == 1 && of_lines->us_lo == 5);
    CHECK_INT(sealed_points(&p.f, RUN_A, "loss").count, 3);
    CHECK(sealed_clean(&p));
    CHECK(strcmp(texts_of(&p), "tre.due.uno.") == 0 && strcmp(lines_of(&p), "uno.due.tre.") == 0);
}

static track_status define(struct points *p, const char *name, int64_t scale)
{
    struct metric_def def = {
        .name = name, .kind = 1, .step_scale = scale, .unit = "", .step_key = ""};
    struct metric_def_set call = {.run = RUN_A, .defs = &def, .count = 1, .now_us = NOW_US};
    call.ticket.arena = &p->f.arena;
    return fixture_wait(&p->f, store_metric_def_set(p->f.store, &call, &p->f.err), &call.ticket);
}

/* What a pack says of a series: kind * 10 + scale. */
static int meaning(struct points *p, const struct pack *pack, const char *name)
{
    struct bytes bytes = sealed_bytes(&p->f, pack),
                 text = {(const unsigned char *)name, strlen(name)};
    struct pack_blob blob = {pack_read_memory, &bytes, bytes.size};
    struct pack_dir dir;
    const struct pack_series *s;
    if (pack_dir_read(&blob, &p->f.arena, &dir, &p->f.err) != TRACK_OK) {
        return -1;
    }
    s = pack_dir_find(&dir, text, (struct bytes){NULL, 0});
    return s ? s->kind * 10 + s->scale : -1;
}

TEST(seal_run, keeps_what_a_series_means)
{
    POINTS(p);
    struct seal_did did;
    CHECK_INT(define(&p, "val/*", 3), TRACK_OK);
    CHECK_INT(define(&p, "val/acc", 2), TRACK_OK);
    CHECK_INT(points_add_one(&p, "val/loss", 1, 2), TRACK_OK);
    CHECK_INT(points_add_one(&p, "val/acc", 1, 2), TRACK_OK);
    CHECK_INT(points_add_one(&p, "loss", 1, 2), TRACK_OK);
    CHECK_INT(seal(&p, 0, &did), TRACK_OK);
    struct pack_list packs = sealed_packs(&p.f, RUN_A);
    CHECK_INT(packs.count, 1);
    CHECK_INT(meaning(&p, packs.at, "val/loss"), 10 * PACK_FLOATS + 3);
    CHECK_INT(meaning(&p, packs.at, "val/acc"), 10 * PACK_FLOATS + 2);
    CHECK_INT(meaning(&p, packs.at, "loss"), 10 * PACK_NUMBERS);
    CHECK(sealed_clean(&p));
}

TEST(seal_run, takes_rows_that_only_define_keys)
{
    POINTS(p);
    struct seal_did did;
    static const char *const names[] = {"loss"};
    struct points_batch keys = {.names = names, .name_count = 1};
    CHECK_INT(points_add(&p, &keys), TRACK_OK);
    CHECK_INT(seal(&p, 0, &did), TRACK_OK);
    CHECK(did.rows == 1 && sealed_waiting(&p.f, RUN_A) == 0);
    CHECK_INT(sealed_packs(&p.f, RUN_A).count, 0);
    CHECK(sealed_clean(&p));
}

TEST(seal_run, takes_only_so_much_at_once)
{
    POINTS(p);
    struct seal_did did = {.more = true};
    int64_t rows = 0, rounds = 0;
    for (int i = 0; i < 10; i++) {
        CHECK_INT(points_add_one(&p, i % 2 ? "loss" : "lr", i, i), TRACK_OK);
    }
    while (did.more) {
        CHECK_INT(seal(&p, 1, &did), TRACK_OK);
        rows += did.rows;
        rounds++;
    }
    CHECK(rows == 10 && rounds == 10);
    CHECK_INT(sealed_packs(&p.f, RUN_A).count, 10);
    CHECK_INT(sealed_points(&p.f, RUN_A, "loss").count, 5);
    CHECK(sealed_clean(&p));
}

TEST(seal_run, does_nothing_where_there_is_nothing)
{
    POINTS(p);
    struct seal_did did;
    CHECK_INT(seal(&p, 0, &did), TRACK_OK);
    CHECK(did.rows == 0 && !did.more && sealed_packs(&p.f, RUN_A).count == 0);
    struct seal_ask ask = {.store = p.f.store, .run_node = 12345};
    CHECK_INT(seal_run(&ask, &did, &p.f.err), TRACK_OK);
}
