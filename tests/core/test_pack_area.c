/* Shows that pieces lie where their places say once an area is settled.
 * How: pieces of their own and shared ones in turn, more than fit into one shared frame. */
#include "../../core/pack_area.h"
#include "../harness.h"

#include <string.h>

enum { PIECES = 300, SIZE = 700 };

#define AUTO_AREA __attribute__((cleanup(pack_area_release))) struct pack_area

static void piece_fill(unsigned char out[SIZE], size_t i)
{
    memset(out, (int)(i % 251), SIZE);
    out[0] = (unsigned char)(i / 251);
}

static track_status fill(struct pack_area *a, struct zstream *z, struct pack_place *places)
{
    for (size_t i = 0; i < PIECES; i++) {
        unsigned char at[SIZE];
        piece_fill(at, i);
        struct bytes piece = {at, SIZE};
        TRY(i % 2 ? pack_area_add(a, piece, &places[i], NULL)
                  : pack_area_add_shared(a, z, piece, &places[i], NULL));
    }
    return pack_area_flush(a, z, NULL);
}

/* The piece at a settled place is piece i. */
static bool piece_is(const struct pack_area *a, struct zstream *z, struct pack_place p, size_t i)
{
    unsigned char want[SIZE], plain[PACK_FRAME_PLAIN_MAX];
    size_t frame = p.frame - 5;
    bool shared = frame >= a->alone.count;
    const struct pack_run *run = shared ? &a->shared : &a->alone;
    const struct pack_frame *f = (const struct pack_frame *)(const void *)run->frames.at;
    f += shared ? frame - a->alone.count : frame;
    struct bytes in = {run->bytes.at + f->offset, f->stored};
    piece_fill(want, i);
    if (f->crc != hash_crc32c(0, in)) {
        return false;
    }
    if (f->plain) {
        return zstream_decompress(z, in, plain, f->plain, NULL) == TRACK_OK &&
               memcmp(plain + p.offset, want, SIZE) == 0;
    }
    return in.size == SIZE && memcmp(in.at, want, SIZE) == 0;
}

TEST(pack_area, keeps_pieces_where_it_says)
{
    AUTO_ARENA arena = ARENA(1 << 20);
    AUTO_AREA a;
    struct zstream *z;
    struct pack_place places[PIECES];
    pack_area_init(&a, 1 << 20);
    CHECK(zstream_open(&arena, &z, NULL) == TRACK_OK && fill(&a, z, places) == TRACK_OK);
    CHECK(a.alone.count == PIECES / 2 && a.shared.count == 2);
    for (size_t i = 0; i < PIECES; i++) {
        struct pack_place place = places[i];
        CHECK(i % 2 == 0 || pack_area_get(&a, &place).at[1] == i % 251);
        pack_area_settle(&a, 5, &place);
        CHECK(piece_is(&a, z, place, i));
    }
    pack_area_clear(&a);
    CHECK(pack_area_size(&a) == 0);
}

TEST(pack_area, keeps_its_limit)
{
    AUTO_AREA a;
    struct pack_place place;
    static const unsigned char piece[2000];
    pack_area_init(&a, 1999);
    CHECK(pack_area_add(&a, (struct bytes){piece, 2000}, &place, NULL) == TRACK_TOO_LARGE);
}
