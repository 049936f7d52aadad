/* Fuzzes the decoder of pyramid blocks: it ends within its memory, and what it accepts encodes to
 * something that decodes to the same. */
#include "../../core/pyramid_code.h"
#include "fuzz.h"

#include <string.h>

FUZZ(pyramid)
{
    AUTO_ARENA arena = ARENA(4 << 20);
    AUTO_BUF second = BUF(1 << 20);
    struct pyramid_level once, again;
    struct zstream *z;
    CHECK(zstream_open(&arena, &z, NULL) == TRACK_OK);
    track_status status = pyramid_decode(z, in, &arena, &once, NULL);
    CHECK(status == TRACK_OK || status == TRACK_INVALID);
    if (status != TRACK_OK) {
        return;
    }
    CHECK(pyramid_encode(z, &once, &arena, &second, NULL) == TRACK_OK);
    CHECK(pyramid_decode(z, (struct bytes){second.at, second.size}, &arena, &again, NULL) ==
          TRACK_OK);
    CHECK(once.shift == again.shift && once.count == again.count &&
          memcmp(once.at, again.at, once.count * sizeof(*once.at)) == 0);
}
