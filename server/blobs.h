/* blobs - the bytes seam: objects that never change, by location.
 *
 * A location is "ab/<64 hex>.<16 hex upload id>": a digest we computed and our own random number,
 * never a name from outside, never used twice.  What is there under a location is whole and
 * durable.
 * Uses: bytes, fail.  Any thread; a blob_part belongs to one at a time.
 */
#ifndef SERVER_BLOBS_H
#define SERVER_BLOBS_H
#include "../core/arena.h"
#include "../core/bytes.h"
#include "../core/fail.h"

enum { BLOBS_LOC_BYTES = 3 + 64 + 1 + 16 };

struct blobs; /* an opened place for objects; its first member is `const struct blobs_ops *ops` */
struct blob_part; /* an object being written; begins in the same way */

typedef track_status blobs_visit(void *data, const char *loc, int64_t size, track_error *err);

struct blobs_ops {
    const char *name; /* "files" */
    void (*close)(struct blobs *b);
    track_status (*begin)(struct blobs *b, int64_t size, struct blob_part **out, track_error *err);
    track_status (*part)(struct blob_part *p, struct bytes bytes, track_error *err);
    track_status (*read_back)(struct blob_part *p, int64_t offset, void *to, size_t size,
                              track_error *err);
    track_status (*end)(struct blob_part *p, const char *loc, track_error *err);
    void (*drop)(struct blob_part *p);
    track_status (*get)(struct blobs *b, const char *loc, int64_t offset, void *to, size_t size,
                        track_error *err);
    track_status (*open)(struct blobs *b, const char *loc, int *fd, track_error *err);
    track_status (*size)(struct blobs *b, const char *loc, int64_t *out, track_error *err);
    track_status (*remove)(struct blobs *b, const char *loc, track_error *err);
    track_status (*each)(struct blobs *b, blobs_visit *fn, void *data, track_error *err);
    track_status (*room)(struct blobs *b, int64_t *free_bytes, int64_t *disk_bytes,
                         track_error *err);
};

/* Objects as files below the directory `name` of data_fd, made if absent.
 *
 * TRACK_IO  it cannot be made or opened.
 *
 * Tests: tests/server/test_blobs.c
 */
track_status blobs_fs_open(int data_fd, const char *name, struct blobs **out, track_error *err);
void blobs_close(struct blobs *b); /* NULL is allowed */

/* Writes the location of digest[32] with this upload id into loc[BLOBS_LOC_BYTES + 1]. */
void blobs_loc(struct bytes digest, uint64_t upload_id, char *loc);
bool blobs_loc_check(const char *loc); /* false: no location of ours */

/* Begins an object of `size` bytes (a hint; 0: not known).
 *
 * TRACK_FULL  no room.  TRACK_IO  the disk.  TRACK_NOMEM  no memory.
 */
track_status blobs_begin(struct blobs *b, int64_t size, struct blob_part **out, track_error *err);

/* Appends bytes.  After a failure only blobs_drop is left: it is never tried again on the same
 * descriptor. */
track_status blobs_part(struct blob_part *p, struct bytes bytes, track_error *err);

/* Reads what was written so far, before blobs_end. */
track_status blobs_read_back(struct blob_part *p, int64_t offset, void *to, size_t size,
                             track_error *err);

/* Makes it durable under loc; p is gone, whatever the status.
 *
 * TRACK_CONFLICT  loc is taken.  TRACK_IO, TRACK_FULL  the disk; nothing is under loc then, or what
 *                 is may be removed at any time.
 */
track_status blobs_end(struct blob_part *p, const char *loc, track_error *err);
void blobs_drop(struct blob_part *p); /* gives up; NULL is allowed */

/* Reads exactly [offset, offset + size) into to.
 *
 * TRACK_NOT_FOUND  nothing under loc.  TRACK_CORRUPT  it is shorter.  TRACK_IO  the disk.
 */
track_status blobs_get(struct blobs *b, const char *loc, int64_t offset, void *to, size_t size,
                       track_error *err);
track_status blobs_open(struct blobs *b, const char *loc, int *fd, track_error *err);
track_status blobs_size(struct blobs *b, const char *loc, int64_t *out, track_error *err);
track_status blobs_remove(struct blobs *b, const char *loc, track_error *err); /* absent is fine */

/* Calls fn for every object; for `trackd check` only. */
track_status blobs_each(struct blobs *b, blobs_visit *fn, void *data, track_error *err);

/* Bytes free for us, and of the whole disk. */
track_status blobs_room(struct blobs *b, int64_t *free_bytes, int64_t *disk_bytes,
                        track_error *err);
#endif
