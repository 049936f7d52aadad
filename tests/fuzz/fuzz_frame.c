/* Fuzzes the decoder of frames: it ends within its memory, and what it accepts encodes to a frame
 * that decodes to the same.  The CRC of the input is renewed first, so that damage reaches what
 * lies behind it. */
#include "../../core/frame.h"
#include "../core/frames.h"
#include "fuzz.h"

#include <string.h>

FUZZ(frame)
{
    AUTO_ARENA arena = ARENA(2 * FRAME_ARENA_BYTES);
    AUTO_BUF copy = BUF(FRAME_BYTES_MAX);
    AUTO_BUF second = BUF(16 * FRAME_BYTES_MAX);
    struct frame once, again;
    buf_put(&copy, in.at, in.size);
    frames_renew_crc(copy.at, copy.size);
    struct bytes bytes = {copy.at, copy.size};
    track_status status = frame_decode(bytes, &arena, &once, NULL);
    CHECK(status == TRACK_OK || status == TRACK_INVALID || status == TRACK_TOO_LARGE);
    if (status != TRACK_OK) {
        return;
    }
    once.head.step_base = 0;
    status = frame_encode(&once, 1, &arena, &second, NULL);
    CHECK(status == TRACK_OK || status == TRACK_TOO_LARGE);
    if (status != TRACK_OK) {
        return;
    }
    CHECK(frame_decode((struct bytes){second.at, second.size}, &arena, &again, NULL) == TRACK_OK);
    CHECK(frames_same(&once, &again));
}
