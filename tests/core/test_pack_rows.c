/* Shows that tables of structs come back, member by member.
 * How: every type and base, numbers at their ends, every cut, numbers that do not fit. */
#include "../../core/pack_rows.h"
#include "../harness.h"

#include <string.h>

enum { ROWS = 60 };

struct row {
    int64_t first, last;
    double value;
    uint32_t word;
    unsigned char byte;
};

static const struct pack_member members[] = {
    {offsetof(struct row, first), PACK_U64, PACK_BEFORE, 0},
    {offsetof(struct row, last), PACK_U64, PACK_OTHER, offsetof(struct row, first)},
    {offsetof(struct row, value), PACK_REAL, PACK_PLAIN, 0},
    {offsetof(struct row, word), PACK_U32, PACK_BEFORE, 0},
    {offsetof(struct row, byte), PACK_U8, PACK_PLAIN, 0},
};

static void fill(struct row rows[ROWS])
{
    for (int i = 0; i < ROWS; i++) {
        rows[i].first = i == 7 ? INT64_MIN : i == 8 ? INT64_MAX : i * 1000;
        rows[i].last = i == 9 ? INT64_MIN : rows[i].first;
        rows[i].value = i / 3.0;
        rows[i].word = i == 3 ? UINT32_MAX : (uint32_t)i;
        rows[i].byte = (unsigned char)(255 - i);
    }
}

static track_status open_all(struct arena *arena, struct narrow *n)
{
    *n = (struct narrow){.arena = arena, .level = 1};
    TRY(zstream_open(arena, &n->z, NULL));
    return narrow_init(n, ROWS, NULL);
}

TEST(pack_rows, come_back)
{
    AUTO_ARENA arena = ARENA(4 << 20);
    AUTO_BUF out = BUF(1 << 16);
    struct row rows[ROWS] = {0}, back[ROWS] = {0};
    struct narrow n;
    struct pack_rows table = {rows, sizeof(*rows), ROWS, members, 5};
    fill(rows);
    CHECK(open_all(&arena, &n) == TRACK_OK);
    CHECK(pack_rows_encode(&n, &table, &out, NULL) == TRACK_OK);
    table.at = back;
    struct reader r = {{out.at, out.size}, false};
    CHECK(pack_rows_decode(&n, &r, &table, NULL) == TRACK_OK && r.left.size == 0);
    CHECK(memcmp(rows, back, sizeof(rows)) == 0);
    for (size_t cut = 0; cut < out.size; cut++) {
        r = (struct reader){{out.at, cut}, false};
        CHECK(pack_rows_decode(&n, &r, &table, NULL) == TRACK_INVALID);
    }
}

TEST(pack_rows, refuse_a_number_beyond_its_member)
{
    static const struct pack_member wide[] = {
        {offsetof(struct row, first), PACK_U64, PACK_PLAIN, 0}};
    static const struct pack_member narrow[] = {
        {offsetof(struct row, byte), PACK_U8, PACK_PLAIN, 0}};
    AUTO_ARENA arena = ARENA(4 << 20);
    AUTO_BUF out = BUF(1 << 16);
    struct row rows[1] = {{.first = 256}};
    struct narrow n;
    struct pack_rows table = {rows, sizeof(*rows), 1, wide, 1};
    CHECK(open_all(&arena, &n) == TRACK_OK);
    CHECK(pack_rows_encode(&n, &table, &out, NULL) == TRACK_OK);
    struct reader r = {{out.at, out.size}, false};
    table.members = narrow;
    CHECK(pack_rows_decode(&n, &r, &table, NULL) == TRACK_INVALID);
}
