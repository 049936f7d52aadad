/* stream - answers whose bytes are not there when the answer begins.
 *
 * Uses: bytes, fail.
 */
#ifndef SERVER_STREAM_H
#define SERVER_STREAM_H
#include "../core/bytes.h"
#include "../core/fail.h"

/* Bytes of known number, read while they are sent.  Lives in the request's arena. */
struct source {
    uint64_t size; /* of the answer */
    /* Reads at most `room` bytes of the answer from `offset` on; at least one where offset < size.
     */
    track_status (*read)(struct source *s, uint64_t offset, void *to, size_t room, size_t *got,
                         track_error *err);
};

/* Bytes that come when something happens.  Lives in the request's arena. */
struct pump {
    /* Writes what there is to say, at most `room` bytes; 0: nothing now, ask again after the next
     * event.  `ending`: the server stops, so say good-bye; after that 0 ends the answer. */
    size_t (*fill)(struct pump *p, unsigned char *to, size_t room, bool ending);
};
#endif
