/* Shows that columns come back bit for bit in the narrowest width.
 * How: the largest numbers of every width, floats and what is none, every cut, other widths. */
#include "../../core/narrow.h"
#include "../harness.h"

#include <math.h>
#include <string.h>

enum { COUNT = 100 };

static track_status open_all(struct arena *arena, struct narrow *n)
{
    *n = (struct narrow){.arena = arena, .level = 1};
    TRY(zstream_open(arena, &n->z, NULL));
    return narrow_init(n, COUNT, NULL);
}

TEST(narrow, keeps_whole_numbers_in_1_4_or_8_bytes)
{
    static const uint64_t largest[] = {0,         255, 256, UINT32_MAX, (uint64_t)UINT32_MAX + 1,
                                       UINT64_MAX};
    static const unsigned widths[] = {1, 1, 4, 4, 8, 8};
    AUTO_ARENA arena = ARENA(1 << 20);
    struct narrow n;
    CHECK(open_all(&arena, &n) == TRACK_OK);
    for (size_t i = 0; i < 6; i++) {
        AUTO_BUF out = BUF(1 << 16);
        uint64_t in[COUNT], back[COUNT];
        for (size_t j = 0; j < COUNT; j++) {
            in[j] = j == 77 ? largest[i] : j % (largest[i] < COUNT ? largest[i] + 1 : COUNT);
        }
        CHECK(narrow_encode(&n, in, COUNT, &out, NULL) == TRACK_OK);
        CHECK_INT(out.at[0], widths[i]);
        struct reader r = {{out.at, out.size}, false};
        CHECK(narrow_decode(&n, &r, back, COUNT, NULL) == TRACK_OK && r.left.size == 0);
        CHECK(memcmp(in, back, sizeof(in)) == 0);
        for (size_t cut = 0; cut < out.size; cut++) {
            r = (struct reader){{out.at, cut}, false};
            CHECK(narrow_decode(&n, &r, back, COUNT, NULL) == TRACK_INVALID);
        }
        out.at[0] = 2;
        r = (struct reader){{out.at, out.size}, false};
        CHECK(narrow_decode(&n, &r, back, COUNT, NULL) == TRACK_INVALID);
    }
}

TEST(narrow, keeps_doubles_as_floats_where_all_survive)
{
    static const double odd[] = {0.5, -0.0, INFINITY, 0.1, 1e300, 5e-324};
    AUTO_ARENA arena = ARENA(1 << 20);
    struct narrow n;
    CHECK(open_all(&arena, &n) == TRACK_OK);
    for (size_t i = 0; i < 6; i++) {
        AUTO_BUF out = BUF(1 << 16);
        double in[COUNT], back[COUNT];
        for (size_t j = 0; j < COUNT; j++) {
            in[j] = j == 55 ? odd[i] : (double)j / 4;
        }
        CHECK(narrow_encode_real(&n, in, COUNT, &out, NULL) == TRACK_OK);
        CHECK_INT(out.at[0], i < 3 ? 4 : 8);
        struct reader r = {{out.at, out.size}, false};
        CHECK(narrow_decode_real(&n, &r, back, COUNT, NULL) == TRACK_OK && r.left.size == 0);
        CHECK(memcmp(in, back, sizeof(in)) == 0);
        out.at[0] = 1;
        r = (struct reader){{out.at, out.size}, false};
        CHECK(narrow_decode_real(&n, &r, back, COUNT, NULL) == TRACK_INVALID);
    }
}

TEST(narrow, refuses_more_than_it_has_room_for)
{
    AUTO_ARENA arena = ARENA(1 << 20);
    AUTO_BUF out = BUF(1 << 16);
    struct narrow n;
    uint64_t in[COUNT + 1] = {0};
    CHECK(open_all(&arena, &n) == TRACK_OK);
    CHECK(narrow_encode(&n, in, COUNT + 1, &out, NULL) == TRACK_CORRUPT);
}
