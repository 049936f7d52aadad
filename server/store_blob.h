/* store_blob - bytes by content.
 *
 * A blob is named by the SHA-256 of its plain content.  Small ones live in a row, others as files
 * (blobs.h), compressed where that pays.  An upload is durable and read back before its row exists,
 * so a row never names missing bytes.
 *
 *     struct upload *u;
 *     store_upload_begin(store, &want, &u, err)   size and digest are declared, space is checked
 *     store_upload_part(u, bytes, err)            as they arrive, on the thread that received them
 *     store_upload_end(u, &end, err)              checks, makes durable, queues the row
 *     store_upload_release(u)                     in any case, after the ticket is done; gives up
 *                                                 what has not ended
 *
 * Uses: store, blobs, hash, tkb.  An upload belongs to one thread at a time.
 */
#ifndef SERVER_STORE_BLOB_H
#define SERVER_STORE_BLOB_H
#include "store.h"

#define BLOB_BYTES_MAX (INT64_C(64) << 30)
enum {
    BLOB_INLINE_BYTES = 64 * 1024, /* content up to this lives in a row */
    BLOB_SQUEEZE_BYTES = 16 << 20, /* content up to this is compressed on arrival */
    BLOB_READ_BYTES_MAX = 4 << 20,
    BLOB_LIST_MAX = 10000,
};

struct blob {
    struct bytes digest; /* [32] */
    int64_t size;        /* plain */
    int64_t stored;      /* at rest */
    int64_t enc;         /* 0 raw, 1 TKB1 */
    const char *loc;     /* "" inline */
    int64_t created_us;
};

/* Which of these are not here: *missing gets their indexes.
 *
 *   digests  [count], each of 32 bytes; count 1..BLOB_LIST_MAX.
 *   missing  [count], room made by the caller.
 *   out      how many are missing.
 */
track_status store_blob_missing(struct store *s, const struct bytes *digests, size_t count,
                                size_t *missing, size_t *out, track_error *err);

/* TRACK_NOT_FOUND  no blob of this digest. */
track_status store_blob_get(struct store *s, struct bytes digest, struct arena *arena,
                            struct blob *out, track_error *err);

/* Reads part of a blob, plain.
 *
 *   offset, size  within the blob; size at most BLOB_READ_BYTES_MAX.
 *   out           gets the bytes appended; what it holds is not defined after a failure.
 *
 * TRACK_INVALID  outside the blob.
 * TRACK_CORRUPT  the stored bytes are damaged or missing; `trackd check` tells more.
 * TRACK_TOO_LARGE, TRACK_NOMEM  the limit of out, no memory.
 */
track_status store_blob_read(struct store *s, const struct blob *blob, int64_t offset, size_t size,
                             struct buf *out, track_error *err);

/* A descriptor to send from when the file is the plain content (enc 0, not inline), else -1.  The
 * caller closes it. */
track_status store_blob_open(struct store *s, const struct blob *blob, int *fd, track_error *err);

struct upload; /* opaque */

struct upload_want {
    struct bytes digest; /* [32], declared */
    int64_t size;        /* 0..BLOB_BYTES_MAX, declared */
    int64_t now_us;
    bool raw; /* stored as it is: a pack, which is read in parts and is small already */
};

/* TRACK_INVALID    a digest not of 32 bytes, a negative size.
 * TRACK_TOO_LARGE  over BLOB_BYTES_MAX.
 * TRACK_FULL       free space is below the guard.
 * TRACK_BUSY       the writer's queue. */
track_status store_upload_begin(struct store *s, const struct upload_want *want,
                                struct upload **out, track_error *err);

/* TRACK_INVALID  more bytes than declared.  TRACK_FULL, TRACK_IO  the disk: the upload is over. */
track_status store_upload_part(struct upload *u, struct bytes part, track_error *err);

/* The end of an upload; its ticket is queued last. */
struct upload_end {
    struct ticket ticket;
    struct upload *upload; /* set by store_upload_end; release it after the ticket is done */
    bool known;            /* out: it was here already */
};

/* Checks the digest, compresses where that pays, reads back what it compressed, makes it durable.
 * Blocks for the disk; the row is queued.
 *
 * TRACK_INVALID  fewer bytes than declared, or another digest: nothing is kept.
 * TRACK_CORRUPT  what was read back is not what was written: nothing is kept.
 * TRACK_IO, TRACK_FULL  the disk: nothing is kept. */
track_status store_upload_end(struct upload *u, struct upload_end *end, track_error *err);

/* The same without a ticket of its own: the caller's ticket adopts it (store_object.h), and is done
 * before the upload is released.  The statuses of store_upload_end but those of the queue. */
struct object;
track_status store_upload_settle(struct upload *u, struct object *out, track_error *err);

void store_upload_release(struct upload *u); /* NULL is allowed */
#endif
