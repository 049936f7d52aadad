/* Shows that time goes on, that random bytes differ, and how a moment is written. */
#include "../../server/clock.h"
#include "../harness.h"

#include <string.h>

TEST(clock, goes_on)
{
    int64_t wall = clock_wall_us(), steady = clock_steady_us();
    CHECK(wall > 1700000000000000);
    CHECK(clock_steady_us() >= steady);
}

TEST(clock, gives_other_bytes_each_time)
{
    unsigned char a[16] = {0}, b[16] = {0};
    CHECK(clock_random(a, sizeof(a), NULL) == TRACK_OK);
    CHECK(clock_random(b, sizeof(b), NULL) == TRACK_OK);
    CHECK(memcmp(a, b, sizeof(a)) != 0);
}

TEST(clock, writes_a_moment)
{
    char text[CLOCK_TEXT_SIZE];
    clock_text(1764043382000001, text);
    CHECK(strcmp(text, "2025-11-25T04:03:02.000001Z") == 0);
    clock_text(-1, text);
    CHECK(strcmp(text, "1969-12-31T23:59:59.999999Z") == 0);
}
