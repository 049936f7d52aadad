/* Fuzzes reading: what reads, writes; what was written reads as the same and writes as the same
 * bytes again. */
#include "../../core/json.h"
#include "fuzz.h"

#include <string.h>

static track_status rewrite(struct bytes in, struct buf *b, struct bytes *out)
{
    AUTO_ARENA a = ARENA(16 << 20);
    struct json_writer w = {.to = b};
    const struct json *v;
    TRY(json_read(in, NULL, &a, &v, NULL));
    json_write_value(&w, NULL, v);
    return json_end(&w, out, NULL);
}

FUZZ(json)
{
    AUTO_BUF first = BUF(16 << 20);
    AUTO_BUF second = BUF(16 << 20);
    struct bytes once, twice;
    if (rewrite(in, &first, &once) == TRACK_OK) {
        CHECK(rewrite(once, &second, &twice) == TRACK_OK);
        CHECK(once.size == twice.size && memcmp(once.at, twice.at, once.size) == 0);
    }
}
