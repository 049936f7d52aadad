/* Shows that the head of a pack comes back, and that nothing else passes for one.
 * How: both kinds, every bit changed, another version with a right CRC. */
#include "../../core/pack.h"
#include "../harness.h"

#include <string.h>

static const struct pack_head head = {.kind = PACK_LINES,
                                      .flags = PACK_FINAL,
                                      .run = {1, 2, 3},
                                      .epoch = 7,
                                      .level = 2,
                                      .points = 1234567890123,
                                      .step_first = INT64_MIN,
                                      .step_last = -1,
                                      .series = 10000};

TEST(pack, gives_its_head_back)
{
    AUTO_BUF out = BUF(PACK_HEAD_BYTES);
    struct pack_head back;
    CHECK(pack_encode_head(&head, &out, NULL) == TRACK_OK);
    CHECK_INT(out.size, PACK_HEAD_BYTES);
    CHECK(pack_decode_head((struct bytes){out.at, out.size}, &back, NULL) == TRACK_OK);
    CHECK(back.kind == head.kind && back.flags == head.flags && back.epoch == head.epoch &&
          back.level == head.level && back.points == head.points && back.series == head.series &&
          back.step_first == head.step_first && back.step_last == head.step_last &&
          memcmp(back.run, head.run, sizeof(back.run)) == 0);
}

TEST(pack, refuses_a_changed_head)
{
    AUTO_BUF out = BUF(PACK_HEAD_BYTES);
    struct pack_head back;
    CHECK(pack_encode_head(&head, &out, NULL) == TRACK_OK);
    struct bytes in = {out.at, out.size};
    for (size_t bit = 0; bit < 8 * PACK_HEAD_BYTES; bit++) {
        out.at[bit / 8] ^= (unsigned char)(1 << bit % 8);
        CHECK(pack_decode_head(in, &back, NULL) == TRACK_CORRUPT);
        out.at[bit / 8] ^= (unsigned char)(1 << bit % 8);
    }
    in.size--;
    CHECK(pack_decode_head(in, &back, NULL) == TRACK_CORRUPT);
}

TEST(pack, refuses_what_it_does_not_know)
{
    static const size_t at[] = {4, 5, 6, 7, 29}; /* version, kind, flags, zeros */
    for (size_t i = 0; i < 5; i++) {
        AUTO_BUF out = BUF(2 * PACK_HEAD_BYTES);
        struct pack_head back;
        CHECK(pack_encode_head(&head, &out, NULL) == TRACK_OK);
        out.at[at[i]] ^= 8;
        out.size = PACK_HEAD_BYTES - 4;
        buf_le32(&out, hash_crc32c(0, (struct bytes){out.at, out.size}));
        struct bytes in = {out.at, out.size};
        CHECK(pack_decode_head(in, &back, NULL) == TRACK_CORRUPT);
    }
}

TEST(pack, orders_series_by_name_then_context)
{
    struct pack_series texts = {.kind = PACK_TEXTS}, numbers = {.kind = PACK_FLOATS};
    CHECK(pack_compare_names(&texts, &numbers) == 1 && pack_compare_names(&numbers, &texts) == -1);
    CHECK(pack_compare_names(&texts, &texts) == 0);
    static const char *const names[][2] = {
        {"", ""}, {"a", ""}, {"a", "{}"}, {"a/b", ""}, {"b", ""}};
    struct pack_series s[5] = {0};
    for (size_t i = 0; i < 5; i++) {
        s[i].name = (struct bytes){(const unsigned char *)names[i][0], strlen(names[i][0])};
        s[i].context = (struct bytes){(const unsigned char *)names[i][1], strlen(names[i][1])};
    }
    for (int i = 0; i < 5; i++) {
        for (int j = 0; j < 5; j++) {
            CHECK_INT(pack_compare_names(&s[i], &s[j]), (i > j) - (i < j));
        }
    }
}
