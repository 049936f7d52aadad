/* Shows that chunks come back with and without a mask, numbers and texts, and that damage is seen.
 * How: both ways; every cut; a row that says something else. */
#include "../../core/pack_chunk.h"
#include "../harness.h"

#include <string.h>

enum { ROWS = 100 };

static int64_t steps[ROWS], times[ROWS];
static double values[ROWS];

/* Every second row of 100 if masked, else all. */
struct made {
    struct buf out;
    struct pack_chunk row;
    unsigned char mask[AXIS_MASK_BYTES];
};

static track_status make(struct pack_tools *t, bool masked, struct made *m)
{
    size_t count = 0;
    for (size_t i = 0; i < ROWS; i++) {
        steps[i] = times[i] = (int64_t)i * 3;
    }
    for (size_t i = 0; i < ROWS; i += masked ? 2 : 1) {
        values[count++] = (double)i / 8;
        m->mask[i / 8] |= (unsigned char)(1 << i % 8);
    }
    struct pack_rows_of of = {masked ? m->mask : NULL, ROWS};
    m->row.masked = masked;
    m->row.sum.n = (uint32_t)count;
    m->row.sum.first = (struct point){0, 0, values[0]};
    int64_t last = masked ? 98 * 3 : 99 * 3;
    m->row.sum.last = (struct point){last, last, values[count - 1]};
    return pack_chunk_encode(t, &of, values, count, &m->out, NULL);
}

static track_status decode(struct pack_tools *t, const struct made *m, size_t size)
{
    static struct pack_window w;
    struct axis_rows axis = {steps, times, ROWS};
    struct pack_coded coded = {&m->row, &axis, {m->out.at, size}};
    struct stretch out;
    TRY(pack_chunk_decode(t, &coded, &w, &out, NULL));
    size_t stride = m->row.masked ? 2 : 1;
    for (size_t i = 0; i < out.count; i++) {
        if (out.steps[i] != steps[i * stride] || out.times_us[i] != times[i * stride] ||
            out.values[i] != values[i]) {
            return TRACK_CONFLICT;
        }
    }
    return TRACK_OK;
}

TEST(pack_chunk, comes_back_with_and_without_a_mask)
{
    for (int masked = 0; masked < 2; masked++) {
        AUTO_ARENA arena = ARENA(4 << 20);
        struct made m = {.out = BUF(1 << 16)};
        struct pack_tools t;
        track_status status = pack_tools_open(&arena, &t, NULL);
        status = status == TRACK_OK ? make(&t, masked, &m) : status;
        status = status == TRACK_OK ? decode(&t, &m, m.out.size) : status;
        bool cut_seen = true, lie_seen = true;
        for (size_t cut = 0; cut < m.out.size; cut++) {
            cut_seen = cut_seen && decode(&t, &m, cut) == TRACK_CORRUPT;
        }
        m.row.sum.last.value++;
        lie_seen = decode(&t, &m, m.out.size) == TRACK_CORRUPT;
        buf_release(&m.out);
        CHECK_INT(status, TRACK_OK);
        CHECK(cut_seen && lie_seen);
    }
}

TEST(pack_chunk, keeps_texts)
{
    AUTO_ARENA arena = ARENA(4 << 20);
    AUTO_BUF out = BUF(1 << 16);
    static struct pack_window w;
    struct pack_tools t;
    static const struct bytes texts[] = {{(const unsigned char *)"one", 3}, {NULL, 0}};
    int64_t at[] = {1, 2};
    struct axis_rows axis = {at, at, 2};
    struct pack_rows_of of = {NULL, 2};
    struct pack_chunk row = {.sum = {.n = 2}};
    struct pack_texts back;
    CHECK(pack_tools_open(&arena, &t, NULL) == TRACK_OK);
    CHECK(pack_chunk_encode_texts(&t, &of, texts, 2, &out, NULL) == TRACK_OK);
    struct pack_coded coded = {&row, &axis, {out.at, out.size}};
    CHECK(pack_chunk_decode_texts(&t, &coded, &w, &arena, &back, NULL) == TRACK_OK);
    CHECK(back.at.count == 2 && back.at.steps[1] == 2 && back.texts[0].size == 3 &&
          memcmp(back.texts[0].at, "one", 3) == 0 && back.texts[1].size == 0);
    coded.in.size--;
    CHECK(pack_chunk_decode_texts(&t, &coded, &w, &arena, &back, NULL) == TRACK_CORRUPT);
}
