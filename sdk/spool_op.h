/* spool_op - ops.trk: requests to the server that a run is waiting to make, in order.
 *
 * Everything that is neither a value nor a line: the run itself, params, tags, definitions,
 * documents, alerts, files.  Each is a set operation, so one that was made twice did no harm.  A
 * record is size, CRC and content; a torn one at the end was never promised to anybody.
 * Layout: schema/formats.md#spool
 * Uses:   arena, bytes, fail, hash.  Any thread.
 */
#ifndef SDK_SPOOL_OP_H
#define SDK_SPOOL_OP_H
#include "../core/arena.h"
#include "../core/bytes.h"

#include <pthread.h>

enum { OP_BYTES_MAX = 9 << 20 };

/* One request; with a blob that the server must hold first. */
struct op {
    const char *method;
    const char *path; /* "/api/v1/..." */
    const char *type; /* content type of body */
    struct bytes body;
    const char *blob;   /* path of the bytes, relative to the folder or absolute; "": none */
    const char *digest; /* of the blob, 64 hex digits */
    uint64_t blob_bytes;
    int64_t blob_time_ns; /* of its last change, when not copied; 0: copied */
};

struct spool_ops {
    int fd;
    uint64_t bytes;       /* of whole records */
    pthread_mutex_t lock; /* guards bytes */
};

/* Opens ops.trk of a folder, making it where it is missing; a torn record at its end is cut off.
 *
 * TRACK_IO, TRACK_FULL, TRACK_NOMEM.
 *
 * Tests: tests/sdk/test_spool_op.c, tests/e2e/test_sdk.py
 */
track_status spool_ops_open(int dir, struct spool_ops *out, track_error *err);

/* Adds a request at the end.
 *
 * TRACK_TOO_LARGE     over OP_BYTES_MAX.
 * TRACK_FULL, TRACK_IO  it could not be written; there is nothing of it.
 * TRACK_NOMEM
 */
track_status spool_ops_add(struct spool_ops *o, const struct op *op, track_error *err);

/* Reads the request at an offset.
 *
 *   out   in arena; set only on TRACK_OK.
 *   next  offset of the next one.
 *
 * TRACK_NOT_FOUND  there is none yet.
 * TRACK_CORRUPT    what stands there is damaged.
 * TRACK_IO, TRACK_NOMEM
 */
track_status spool_ops_read(struct spool_ops *o, uint64_t offset, struct arena *arena,
                            struct op *out, uint64_t *next, track_error *err);

uint64_t spool_ops_bytes(struct spool_ops *o);
/* TRACK_IO */
track_status spool_ops_flush(struct spool_ops *o, track_error *err);
void spool_ops_close(struct spool_ops *o);
#endif
