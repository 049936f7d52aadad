/* Fuzzes decompression: it ends, stays within its limit, both ways give the same bytes (zstd's one
 * is stricter with empty blocks), and what it accepts can be compressed and decompressed again. */
#include "../../core/zstream.h"
#include "fuzz.h"

#include <string.h>

enum { OUT_BYTES_MAX = 1 << 20 };

FUZZ(zstream)
{
    AUTO_ARENA arena = ARENA(4 * OUT_BYTES_MAX);
    AUTO_BUF out = BUF(OUT_BYTES_MAX);
    AUTO_BUF packed = BUF(2 * OUT_BYTES_MAX);
    struct zstream *z;
    CHECK(zstream_open(&arena, &z, NULL) == TRACK_OK);
    if (zstream_decompress_into(z, in, ZSTREAM_WINDOW_NETWORK, &out, NULL) != TRACK_OK) {
        return;
    }
    struct bytes plain = {out.at, out.size};
    unsigned char *again = ARENA_ARRAY(&arena, unsigned char, plain.size + 1);
    CHECK(again != NULL);
    track_status status = zstream_decompress(z, in, again, plain.size, NULL);
    CHECK(status == TRACK_OK || status == TRACK_INVALID);
    CHECK(status != TRACK_OK || plain.size == 0 || memcmp(again, plain.at, plain.size) == 0);
    CHECK(zstream_compress(z, plain, 1, &packed, NULL) == TRACK_OK);
    struct bytes second = {packed.at, packed.size};
    CHECK(zstream_decompress(z, second, again, plain.size, NULL) == TRACK_OK);
}
