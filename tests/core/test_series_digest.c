/* Shows that the digest of a series is the SHA-256 of its points as 24 bytes each.
 * How: the bytes put together by hand, points in pieces of every size. */
#include "../../core/series_digest.h"
#include "../fault.h"
#include "../harness.h"

#include <math.h>
#include <string.h>

enum { POINTS = 1500 }; /* some batches */

struct points {
    int64_t steps[POINTS], times_us[POINTS];
    double values[POINTS];
};

static void fill(struct points *p)
{
    for (size_t i = 0; i < POINTS; i++) {
        p->steps[i] = (int64_t)i - 7;
        p->times_us[i] = INT64_MAX - (int64_t)i;
        p->values[i] = i % 5 == 0 ? -0.0 : i % 7 == 0 ? (double)NAN : (double)i / 3;
    }
}

static track_status digest_by_hand(const struct points *p, struct digest *out)
{
    AUTO_BUF plain = BUF(POINTS * 24);
    for (size_t i = 0; i < POINTS; i++) {
        uint64_t bits;
        memcpy(&bits, &p->values[i], sizeof(bits));
        buf_le64(&plain, (uint64_t)p->steps[i]);
        buf_le64(&plain, (uint64_t)p->times_us[i]);
        buf_le64(&plain, bits);
    }
    return hash_sha256((struct bytes){plain.at, plain.size}, out, NULL);
}

static track_status digest_in_pieces(const struct points *p, size_t piece, struct digest *out)
{
    AUTO_ARENA arena = ARENA(1 << 16);
    struct series_digest *d;
    TRY(series_digest_open(&arena, &d, NULL));
    for (size_t i = 0; i < POINTS; i += piece) {
        size_t count = piece < POINTS - i ? piece : POINTS - i;
        TRY(series_digest_add(d, p->steps + i, p->times_us + i, p->values + i, count, NULL));
    }
    return series_digest_end(d, out, NULL);
}

TEST(series_digest, is_the_sha256_of_the_points)
{
    static const size_t pieces[] = {1, 7, 511, 512, 513, POINTS};
    struct points p;
    struct digest want, got;
    fill(&p);
    CHECK(digest_by_hand(&p, &want) == TRACK_OK);
    for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
        CHECK(digest_in_pieces(&p, pieces[i], &got) == TRACK_OK);
        CHECK(memcmp(&got, &want, sizeof(got)) == 0);
    }
}

TEST(series_digest, begins_anew_after_the_end)
{
    AUTO_ARENA arena = ARENA(1 << 16);
    struct series_digest *d;
    struct digest first, second, none;
    int64_t n = 1;
    double value = 1;
    CHECK(hash_sha256((struct bytes){NULL, 0}, &none, NULL) == TRACK_OK);
    CHECK(series_digest_open(&arena, &d, NULL) == TRACK_OK);
    CHECK(series_digest_add(d, &n, &n, &value, 1, NULL) == TRACK_OK);
    CHECK(series_digest_end(d, &first, NULL) == TRACK_OK);
    CHECK(series_digest_end(d, &second, NULL) == TRACK_OK);
    CHECK(memcmp(&first, &none, sizeof(none)) != 0);
    CHECK(memcmp(&second, &none, sizeof(none)) == 0);
}

static track_status work(void)
{
    struct points p;
    struct digest digest;
    fill(&p);
    return digest_in_pieces(&p, POINTS, &digest);
}

TEST(series_digest, survives_each_allocation_failing)
{
    AUTO_ARENA small = ARENA(64);
    struct series_digest *d;
    CHECK(series_digest_open(&small, &d, NULL) == TRACK_NOMEM);
    CHECK(fault_each(work) >= 1);
}
