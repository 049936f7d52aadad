/* Fuzzes filters: what reads, writes; what was written reads as the same tree, unless writing it
 * out has passed the limit of the text. */
#include "../../core/filter.h"
#include "fuzz.h"

#include <string.h>

static track_status rewrite(struct bytes in, struct buf *b, struct bytes *out)
{
    AUTO_ARENA a = ARENA(1 << 20);
    const struct filter *tree;
    size_t offset = 0;
    track_error err;
    track_status status = filter_read(in, &a, &tree, &offset, &err);
    if (status != TRACK_OK) {
        return offset <= in.size ? status : TRACK_CORRUPT;
    }
    filter_write(tree, b);
    return buf_end(b, out, NULL);
}

FUZZ(filter)
{
    AUTO_BUF first = BUF(1 << 20);
    AUTO_BUF second = BUF(1 << 20);
    struct bytes once, twice;
    track_status status = rewrite(in, &first, &once);
    CHECK(status != TRACK_CORRUPT);
    if (status == TRACK_OK && once.size <= FILTER_BYTES_MAX) {
        CHECK(rewrite(once, &second, &twice) == TRACK_OK);
        CHECK(once.size == twice.size && (!once.size || !memcmp(once.at, twice.at, once.size)));
    }
}
