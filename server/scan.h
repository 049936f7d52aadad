/* scan - a batch of points as JSON, read in one pass.
 *
 * The body of POST /runs/:run/points as programs write it.  Whatever is not quite plain (an escape,
 * a context, a member that is not known, a mistake) is left to core/json, which reads all of it and
 * says what is wrong: a batch that is taken here means the same there.
 * Uses: bytes, scan_part.  Pure; any thread.
 */
#ifndef SERVER_SCAN_H
#define SERVER_SCAN_H
#include "../core/bytes.h"

#define SCAN_NO_STEP INT64_MIN
#define SCAN_NO_TIME INT64_MIN

/* One point; key lies in the body. */
struct scan_point {
    struct bytes key;
    int64_t step;    /* SCAN_NO_STEP: not said */
    int64_t time_us; /* SCAN_NO_TIME: not said */
    double value;
};

/* Reads {"points":[{"key":...,"step":...,"time_us":...,"value":...},...]}, members in any order.
 *
 *   out  [room]; what is behind the result is undefined.
 *
 * Returns how many points it holds; 0: not plain, or more than room.
 *
 * Cost:   60 ns a point of 90 bytes (bench/scan.c).
 * Tests:  tests/server/test_scan.c, tests/fuzz/fuzz_scan.c (against core/json)
 */
size_t scan_points(struct bytes body, struct scan_point *out, size_t room);
#endif
