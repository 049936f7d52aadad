#include "series_digest.h"

#include <string.h>

enum { POINT_BYTES = 24, BATCH_POINTS = 512 };

struct series_digest {
    struct hash_sha256 *hash;
    unsigned char batch[BATCH_POINTS * POINT_BYTES];
};

track_status series_digest_open(struct arena *arena, struct series_digest **out, track_error *err)
{
    struct series_digest *d = ARENA_NEW(arena, struct series_digest);
    if (!d) {
        return FAIL(err, TRACK_NOMEM, "the digest of a series: no memory");
    }
    TRY(hash_open(arena, &d->hash, err));
    *out = d;
    return TRACK_OK;
}

/* Without a loop the compiler makes one store of it. */
static unsigned char *put_le64_at(unsigned char *at, uint64_t value)
{
    at[0] = (unsigned char)value;
    at[1] = (unsigned char)(value >> 8);
    at[2] = (unsigned char)(value >> 16);
    at[3] = (unsigned char)(value >> 24);
    at[4] = (unsigned char)(value >> 32);
    at[5] = (unsigned char)(value >> 40);
    at[6] = (unsigned char)(value >> 48);
    at[7] = (unsigned char)(value >> 56);
    return at + 8;
}

track_status series_digest_add(struct series_digest *d, const int64_t *steps,
                               const int64_t *times_us, const double *values, size_t count,
                               track_error *err)
{
    for (size_t i = 0; i < count;) {
        unsigned char *at = d->batch;
        for (size_t n = 0; n < BATCH_POINTS && i < count; n++, i++) {
            uint64_t bits;
            memcpy(&bits, &values[i], sizeof(bits));
            at = put_le64_at(at, (uint64_t)steps[i]);
            at = put_le64_at(at, (uint64_t)times_us[i]);
            at = put_le64_at(at, bits);
        }
        TRY(hash_add(d->hash, (struct bytes){d->batch, (size_t)(at - d->batch)}, err));
    }
    return TRACK_OK;
}

track_status series_digest_end(struct series_digest *d, struct digest *out, track_error *err)
{
    return hash_end(d->hash, out, err);
}
