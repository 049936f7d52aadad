/* Shows that marks come back, for each writer its own, and that too many are forgotten. */
#include "../../server/seal_marks.h"

#include "../harness.h"

#include <string.h>

static struct seal_mark mark(int64_t run, unsigned char writer, int64_t seq)
{
    struct seal_mark m = {.run_node = run, .epoch = 2, .seq = seq};
    memset(m.writer, writer, sizeof(m.writer));
    return m;
}

#define MARKS(m) __attribute__((cleanup(seal_marks_release))) struct seal_marks m = {.room = 0}

TEST(seal_marks, keeps_one_for_each_writer)
{
    MARKS(m);
    track_error err;
    static const unsigned char writer[16] = {0};
    CHECK(!seal_marks_get(&m, 7, 2, NULL));
    for (int64_t run = 1; run <= 1000; run++) {
        struct seal_mark one = mark(run, 1, run), all = mark(run, 0, 5);
        CHECK_INT(seal_marks_set(&m, &one, &err), TRACK_OK);
        CHECK_INT(seal_marks_set(&m, &all, &err), TRACK_OK);
    }
    struct seal_mark later = mark(500, 1, 9999);
    CHECK_INT(seal_marks_set(&m, &later, &err), TRACK_OK);
    CHECK_INT(m.count, 2000);
    CHECK_INT(seal_marks_get(&m, 500, 2, later.writer)->seq, 9999);
    CHECK_INT(seal_marks_get(&m, 501, 2, later.writer)->seq, 501);
    CHECK_INT(seal_marks_get(&m, 500, 2, NULL)->seq, 5);
    CHECK(seal_marks_get(&m, 500, 2, writer) == seal_marks_get(&m, 500, 2, NULL));
    CHECK(!seal_marks_get(&m, 500, 1, NULL) && !seal_marks_get(&m, 1001, 2, NULL));
}

TEST(seal_marks, forgets_when_there_are_too_many)
{
    MARKS(m);
    track_error err;
    for (int64_t run = 1; run <= SEAL_MARKS_MAX + 1; run++) {
        struct seal_mark one = mark(run, 1, run);
        CHECK_INT(seal_marks_set(&m, &one, &err), TRACK_OK);
    }
    CHECK_INT(m.count, 1);
    CHECK(seal_marks_get(&m, SEAL_MARKS_MAX + 1, 2, mark(1, 1, 0).writer));
    CHECK(!seal_marks_get(&m, 5, 2, mark(1, 1, 0).writer));
}
