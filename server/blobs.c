#include "blobs.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Every place for objects begins with its table, and so does every object being written. */
struct blobs {
    const struct blobs_ops *ops;
};
struct blob_part {
    const struct blobs_ops *ops;
};

void blobs_close(struct blobs *b)
{
    if (b) {
        b->ops->close(b);
    }
}

void blobs_loc(struct bytes digest, uint64_t upload_id, char *loc)
{
    snprintf(loc, 4, "%02x/", digest.at[0]);
    for (size_t i = 0; i < 32; i++) {
        snprintf(loc + 3 + 2 * i, 3, "%02x", digest.at[i]);
    }
    snprintf(loc + 3 + 64, 18, ".%016" PRIx64, upload_id);
}

bool blobs_loc_check(const char *loc)
{
    static const char hex[] = "0123456789abcdef";
    return strlen(loc) == BLOBS_LOC_BYTES && strspn(loc, hex) == 2 && loc[2] == '/' &&
           strspn(loc + 3, hex) == 64 && loc[67] == '.' && strspn(loc + 68, hex) == 16 &&
           memcmp(loc, loc + 3, 2) == 0;
}

track_status blobs_begin(struct blobs *b, int64_t size, struct blob_part **out, track_error *err)
{
    return b->ops->begin(b, size, out, err);
}

track_status blobs_part(struct blob_part *p, struct bytes bytes, track_error *err)
{
    return p->ops->part(p, bytes, err);
}

track_status blobs_read_back(struct blob_part *p, int64_t offset, void *to, size_t size,
                             track_error *err)
{
    return p->ops->read_back(p, offset, to, size, err);
}

track_status blobs_end(struct blob_part *p, const char *loc, track_error *err)
{
    return p->ops->end(p, loc, err);
}

void blobs_drop(struct blob_part *p)
{
    if (p) {
        p->ops->drop(p);
    }
}

track_status blobs_get(struct blobs *b, const char *loc, int64_t offset, void *to, size_t size,
                       track_error *err)
{
    return b->ops->get(b, loc, offset, to, size, err);
}

track_status blobs_open(struct blobs *b, const char *loc, int *fd, track_error *err)
{
    return b->ops->open(b, loc, fd, err);
}

track_status blobs_size(struct blobs *b, const char *loc, int64_t *out, track_error *err)
{
    return b->ops->size(b, loc, out, err);
}

track_status blobs_remove(struct blobs *b, const char *loc, track_error *err)
{
    return b->ops->remove(b, loc, err);
}

track_status blobs_each(struct blobs *b, blobs_visit *fn, void *data, track_error *err)
{
    return b->ops->each(b, fn, data, err);
}

track_status blobs_room(struct blobs *b, int64_t *free_bytes, int64_t *disk_bytes, track_error *err)
{
    return b->ops->room(b, free_bytes, disk_bytes, err);
}
