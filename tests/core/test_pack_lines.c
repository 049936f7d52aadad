/* Shows that lines come back in the order of their arrival, also from merged packs, and that damage
 * is seen.
 * How: batches of several writers, short and long; packs that are split; merged and built at once;
 * a golden pack; every byte changed; batches in disorder. */
#include "../../core/pack_lines.h"
#include "../fault.h"
#include "../harness.h"
#include "packs.h"

#include <stdio.h>
#include <string.h>

enum { BATCHES = 40 };

/* Lines of batch i, of writer i % 3: some hundreds, many short ones and some long ones. */
static size_t lines_make(int i, struct frame_line lines[400], char texts[400][64])
{
    size_t count = 1 + (size_t)(i * 37 % 400);
    for (size_t j = 0; j < count; j++) {
        int size = snprintf(texts[j], sizeof(texts[j]), "batch %d line %zu %.*s", i, j,
                            (int)(j % 30), "------------------------------");
        lines[j] = (struct frame_line){i / 3 * 1000 + (int64_t)j,
                                       1000000 * i + (int64_t)j * 7,
                                       j % 9 == 0 ? FRAME_STDERR : FRAME_STDOUT,
                                       {(unsigned char *)texts[j], (size_t)size}};
    }
    return count;
}

static struct pack_batch batch_make(int i, size_t count)
{
    struct pack_batch b = {.seq = i / 3, .recv_us = 5000 * i, .count = (uint32_t)count};
    memset(b.writer, i % 3 + 1, sizeof(b.writer));
    return b;
}

/* Puts batches whose number modulo parts is part, all of them for parts 1. */
static track_status build(size_t bytes_max, int parts, int part, struct packs *out)
{
    static struct frame_line lines[400];
    static char texts[400][64];
    AUTO_ARENA arena = ARENA(16 << 20);
    struct pack_options options = packs_options(out);
    struct pack_lines_builder *b;
    options.head.kind = PACK_LINES;
    options.bytes_max = bytes_max;
    TRY(pack_lines_open(&options, &arena, &b, NULL));
    for (int i = 0; i < BATCHES; i++) {
        size_t count = lines_make(i, lines, texts);
        struct pack_batch batch = batch_make(i, count);
        if (i % parts == part || i == 7) { /* one is in all of them */
            TRY(pack_lines_add(b, &batch, lines, NULL));
        }
    }
    return pack_lines_end(b, NULL);
}

/* Compares all lines of the packs with what was put. */
struct reading {
    int batch;
    size_t line;
    size_t total;
};

static bool lines_are(struct reading *r, const struct frame_line *got, size_t count)
{
    static struct frame_line lines[400];
    static char texts[400][64];
    for (size_t i = 0; i < count; i++) {
        size_t have = lines_make(r->batch, lines, texts);
        const struct frame_line *want = &lines[r->line];
        if (want->index != got[i].index || want->time_us != got[i].time_us ||
            want->stream != got[i].stream || want->text.size != got[i].text.size ||
            memcmp(want->text.at, got[i].text.at, want->text.size) != 0) {
            return false;
        }
        r->total++;
        r->line++;
        if (r->line == have) {
            r->line = 0;
            r->batch++;
        }
    }
    return true;
}

static track_status read_pack(struct bytes in, struct reading *r)
{
    AUTO_ARENA arena = ARENA(64 << 20);
    struct pack_blob blob = packs_blob(&in);
    struct pack_lines_dir dir;
    struct pack_tools tools;
    TRY(pack_lines_check(&blob, &dir, &arena, NULL));
    TRY(pack_tools_open(&arena, &tools, NULL));
    struct pack_lines_ask ask = {&blob, &dir, &tools};
    for (size_t i = 0; i < dir.chunk_count; i++) {
        struct frame_line *lines;
        const struct pack_lines_chunk *c = &dir.chunks[i];
        TRY(pack_lines_read(&ask, i, &arena, &lines, NULL));
        if (pack_lines_chunk_of(&dir, c->first) != i ||
            pack_lines_chunk_of(&dir, c->first + c->count - 1) != i ||
            !lines_are(r, lines, c->count)) {
            return TRACK_CONFLICT;
        }
    }
    for (size_t i = 0; i < dir.batch_count; i++) {
        if (pack_lines_batch_of(&dir, dir.batches[i].first) != i) {
            return TRACK_CONFLICT;
        }
    }
    return TRACK_OK;
}

TEST(pack_lines, come_back_in_the_order_of_arrival)
{
    static const size_t limits[] = {0, 40 << 10, 200 << 10};
    for (size_t i = 0; i < 3; i++) {
        AUTO_PACKS p = PACKS;
        struct reading r = {0};
        CHECK(build(limits[i] ? limits[i] + (70 << 10) : 0, 1, 0, &p) == TRACK_OK);
        CHECK((p.count == 1) == (limits[i] != 40 << 10));
        for (size_t j = 0; j < p.count; j++) {
            CHECK_INT(read_pack(packs_get(&p, j), &r), TRACK_OK);
        }
        CHECK(r.batch == BATCHES && r.line == 0 && r.total > 5000);
    }
}

static track_status merge(const struct packs *in, size_t count, struct packs *out)
{
    AUTO_ARENA arena = ARENA(64 << 20);
    struct bytes bytes[3];
    struct pack_blob blobs[3];
    struct pack_lines_dir dirs[3];
    struct pack_lines_ask inputs[3];
    struct pack_tools tools;
    struct pack_options options = packs_options(out);
    struct pack_lines_builder *b;
    options.head.kind = PACK_LINES;
    TRY(pack_tools_open(&arena, &tools, NULL));
    TRY(pack_lines_open(&options, &arena, &b, NULL));
    for (size_t i = 0; i < count; i++) {
        bytes[i] = packs_get(&in[i], 0);
        blobs[i] = packs_blob(&bytes[i]);
        TRY(pack_lines_dir_read(&blobs[i], &arena, &dirs[i], NULL));
        inputs[i] = (struct pack_lines_ask){&blobs[i], &dirs[i], &tools};
    }
    TRY(pack_lines_merge(inputs, count, NULL, &arena, b, NULL));
    return pack_lines_end(b, NULL);
}

TEST(pack_lines, are_the_same_bytes_when_merged)
{
    static struct packs in[3];
    AUTO_PACKS merged = PACKS;
    AUTO_PACKS direct = PACKS;
    track_status status = build(0, 1, 0, &direct);
    for (int i = 0; i < 3; i++) {
        in[i] = (struct packs)PACKS;
        status = status == TRACK_OK ? build(0, 3, i, &in[i]) : status;
    }
    status = status == TRACK_OK ? merge(in, 3, &merged) : status;
    for (int i = 0; i < 3; i++) {
        packs_release(&in[i]);
    }
    CHECK_INT(status, TRACK_OK);
    CHECK(merged.bytes.size == direct.bytes.size &&
          memcmp(merged.bytes.at, direct.bytes.at, direct.bytes.size) == 0);
}

TEST(pack_lines, are_the_golden_pack)
{
    AUTO_PACKS p = PACKS;
    AUTO_ARENA arena = ARENA(16 << 20);
    struct pack_options options = packs_options(&p);
    struct pack_lines_builder *b;
    static const struct frame_line lines[] = {
        {5, 1700000000000000, FRAME_STDOUT, {(const unsigned char *)"epoch 1", 7}},
        {6, 1700000000250000, FRAME_STDERR, {(const unsigned char *)"\x1b[31mno\xff", 8}}};
    struct pack_batch first = batch_make(0, 2), second = batch_make(4, 1);
    options.head.kind = PACK_LINES;
    CHECK(pack_lines_open(&options, &arena, &b, NULL) == TRACK_OK);
    CHECK(pack_lines_add(b, &first, lines, NULL) == TRACK_OK);
    CHECK(pack_lines_add(b, &second, lines, NULL) == TRACK_OK);
    CHECK(pack_lines_add(b, &first, lines, NULL) == TRACK_INVALID); /* not behind it */
    CHECK(pack_lines_end(b, NULL) == TRACK_OK && p.count == 1);
    CHECK_GOLDEN("pack_lines", packs_get(&p, 0));
}

static track_status work(void)
{
    AUTO_PACKS p = PACKS;
    struct reading r = {0};
    TRY(build(0, 1, 0, &p));
    return read_pack(packs_get(&p, 0), &r);
}

TEST(pack_lines, survive_each_allocation_failing)
{
    CHECK(fault_each(work) >= 10);
}
