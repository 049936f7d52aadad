/* store_object - rows of blobs come and go, whatever happens to their bytes meanwhile.
 *
 * An object of bytes is first a loose row (it may come to be), then bytes, then a blob row; it goes
 * the same way back: the blob row, an hour later the bytes, then the loose row.  Whoever stalls in
 * between harms nothing: a location is never used twice, and each step is a statement whose rows
 * are counted.  tests/model shows that each of these is needed.
 * Uses: db, blobs.  Inside a ticket's work.
 */
#ifndef SERVER_STORE_OBJECT_H
#define SERVER_STORE_OBJECT_H
#include "../core/arena.h"
#include "../core/bytes.h"
#include "../core/fail.h"

struct db;

/* How long what nobody refers to is kept: a blob that may be referred to soon, an upload that may
 * go on, bytes that a slow reader may still want. */
#define BLOB_GRACE_US   (INT64_C(24) * 3600 * 1000000)
#define UPLOAD_GRACE_US (INT64_C(72) * 3600 * 1000000)
#define OBJECT_GRACE_US (INT64_C(1) * 3600 * 1000000)

/* Bytes that are durable and wait for their row. */
struct object {
    struct bytes digest; /* [32], of the plain content */
    int64_t size;        /* plain */
    int64_t stored, enc; /* at rest; as in struct blob */
    const char *loc;     /* "" for a row */
    struct bytes data;   /* [stored], of a row */
};

/* Gives the object its blob row, or refers to the one that is there.
 *
 *   known  out: the blob was here already, under another location; then our bytes are given up.
 *
 * TRACK_BUSY  the upload took so long that its bytes may be gone: do it again.
 */
track_status object_adopt(struct db *db, const struct object *o, int64_t now_us, bool *known,
                          track_error *err);

/* Notes that an object may come to be under loc.  TRACK_CONFLICT  the location is taken. */
track_status object_expect(struct db *db, const struct object *o, int64_t now_us, track_error *err);

/* Drops a blob if nothing refers to it; its bytes are dead from now on.
 *
 *   before_us  only if it was not referred to since.
 *   gone       out: it was dropped.
 */
track_status object_collect(struct db *db, struct bytes digest, int64_t before_us, int64_t now_us,
                            bool *gone, track_error *err);
#endif
