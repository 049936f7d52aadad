/* Any text as a manifest and as attributes: what is taken is written again as it was. */
#include "../../core/manifest.h"
#include "fuzz.h"

#include <string.h>

static bool is_same(const struct buf *b, struct bytes in)
{
    return b->size == in.size && (in.size == 0 || memcmp(b->at, in.at, in.size) == 0);
}

FUZZ(manifest)
{
    AUTO_ARENA arena = ARENA(8 << 20);
    AUTO_BUF files = BUF(1 << 20);
    AUTO_BUF rest = BUF(1 << 20);
    struct manifest m;
    struct manifest_attrs a;
    if (manifest_take(in, &arena, &m, NULL) == TRACK_OK) {
        CHECK(manifest_put(&files, &m, NULL) == TRACK_OK && is_same(&files, in));
    }
    if (manifest_take_attrs(in, &arena, &a, NULL) == TRACK_OK) {
        CHECK(manifest_put_attrs(&rest, &a, NULL) == TRACK_OK && is_same(&rest, in));
    }
}
