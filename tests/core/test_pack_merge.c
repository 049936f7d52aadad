/* Shows that a merged pack is the pack of all points: the same bytes.
 * How: random series in parts that overlap and repeat each other, in packs of their own, merged and
 * built at once; texts; packs that do not belong together. */
#include "../../core/pack_check.h"
#include "../../core/pack_merge.h"
#include "../harness.h"
#include "packs.h"

#include <string.h>

enum { PACKS_IN = 5, SERIES = 4 };

static struct many whole[SERIES], part[SERIES];

/* Packs to be merged. */
struct inputs {
    struct packs made[PACKS_IN];
    struct bytes bytes[PACKS_IN];
    struct pack_dir dirs[PACKS_IN];
    struct pack_input in[PACKS_IN];
};

static track_status inputs_open(struct inputs *inputs, size_t count, struct arena *arena)
{
    for (size_t i = 0; i < count; i++) {
        inputs->bytes[i] = packs_get(&inputs->made[i], 0);
        inputs->in[i].blob = packs_blob(&inputs->bytes[i]);
        TRY(pack_dir_read(&inputs->in[i].blob, arena, &inputs->dirs[i], NULL));
        inputs->in[i].dir = &inputs->dirs[i];
    }
    return TRACK_OK;
}

static void inputs_release(struct inputs *inputs)
{
    for (size_t i = 0; i < PACKS_IN; i++) {
        packs_release(&inputs->made[i]);
    }
}

static void inputs_init(struct inputs *inputs)
{
    for (size_t i = 0; i < PACKS_IN; i++) {
        inputs->made[i] = (struct packs)PACKS;
    }
}

static track_status count_calls(void *data, track_error *err)
{
    (void)err;
    ++*(size_t *)data;
    return TRACK_OK;
}

static track_status merge(struct inputs *inputs, size_t count, size_t *calls, struct packs *out)
{
    AUTO_ARENA arena = ARENA(128 << 20);
    struct pack_options options = packs_options(out);
    struct pack_between between = {count_calls, calls};
    struct pack_builder *b;
    TRY(inputs_open(inputs, count, &arena));
    TRY(pack_build_open(&options, &arena, &b, NULL));
    TRY(pack_merge(inputs->in, count, &between, &arena, b, NULL));
    return pack_build_end(b, NULL);
}

/* Packs of overlapping parts of the series. */
static track_status parts_build(struct inputs *inputs, uint64_t *state)
{
    for (unsigned i = 0; i < PACKS_IN; i++) {
        for (size_t j = 0; j < SERIES; j++) {
            many_part(&whole[j], i, PACKS_IN, state, &part[j]);
        }
        TRY(packs_build(part, SERIES, &inputs->made[i]));
    }
    return TRACK_OK;
}

static void check_round(uint64_t *state, int round)
{
    static struct inputs inputs;
    AUTO_PACKS merged = PACKS;
    AUTO_PACKS direct = PACKS;
    size_t calls = 0;
    for (size_t j = 0; j < SERIES; j++) {
        many_fill(&whole[j], j == 2 ? 20 : 7000 + 100 * (size_t)round, (round + (int)j) % 2, state);
    }
    inputs_init(&inputs);
    track_status status = parts_build(&inputs, state);
    status = status == TRACK_OK ? merge(&inputs, PACKS_IN, &calls, &merged) : status;
    status = status == TRACK_OK ? packs_build(whole, SERIES, &direct) : status;
    inputs_release(&inputs);
    CHECK_INT(status, TRACK_OK);
    CHECK_INT(calls, SERIES);
    CHECK(merged.count == 1 && direct.count == 1 && merged.bytes.size == direct.bytes.size);
    CHECK(memcmp(merged.bytes.at, direct.bytes.at, merged.bytes.size) == 0);
}

TEST(pack_merge, gives_the_pack_of_all_points)
{
    uint64_t state = 41;
    for (int round = 0; round < 6; round++) {
        check_round(&state, round);
    }
}

/* A pack of texts: every one whose number is divisible by divisor. */
static track_status texts_build(int divisor, int64_t epoch, struct packs *out)
{
    AUTO_ARENA arena = ARENA(64 << 20);
    struct pack_options options = packs_options(out);
    struct pack_series s = packs_series("rest", PACK_TEXTS);
    struct pack_builder *b;
    options.head.epoch = (uint32_t)epoch;
    TRY(pack_build_open(&options, &arena, &b, NULL));
    TRY(pack_build_series(b, &s, NULL));
    for (int64_t i = 0; i < 6000; i += divisor) {
        char text[40];
        int64_t step = i / 3;
        struct stretch at = {&step, &i, NULL, 1};
        static const double none = 0;
        at.values = &none;
        memset(text, (int)('a' + i % 26), sizeof(text));
        struct bytes bytes = {(unsigned char *)text, (size_t)(i % 40)};
        TRY(pack_build_add_texts(b, &at, &bytes, NULL));
    }
    return pack_build_end(b, NULL);
}

TEST(pack_merge, merges_texts)
{
    static struct inputs inputs;
    AUTO_PACKS merged = PACKS;
    AUTO_PACKS direct = PACKS;
    size_t calls = 0;
    inputs_init(&inputs);
    track_status status = texts_build(2, 3, &inputs.made[0]);
    status = status == TRACK_OK ? texts_build(1, 3, &inputs.made[1]) : status;
    status = status == TRACK_OK ? texts_build(3, 3, &inputs.made[2]) : status;
    status = status == TRACK_OK ? merge(&inputs, 3, &calls, &merged) : status;
    status = status == TRACK_OK ? texts_build(1, 3, &direct) : status;
    inputs_release(&inputs);
    CHECK_INT(status, TRACK_OK);
    CHECK(merged.bytes.size == direct.bytes.size &&
          memcmp(merged.bytes.at, direct.bytes.at, merged.bytes.size) == 0);
}

TEST(pack_merge, refuses_packs_that_do_not_belong_together)
{
    static struct inputs inputs;
    AUTO_PACKS merged = PACKS;
    size_t calls = 0;
    uint64_t state = 1;
    inputs_init(&inputs);
    many_fill(&whole[0], 10, true, &state);
    track_status made = texts_build(1, 3, &inputs.made[0]);
    made = made == TRACK_OK ? texts_build(1, 4, &inputs.made[1]) : made;
    track_status status = merge(&inputs, 2, &calls, &merged);
    inputs_release(&inputs);
    CHECK(made == TRACK_OK && status == TRACK_INVALID && merged.count == 0);
}
