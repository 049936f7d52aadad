/* Shows that an operand is written so that it reads back.
 * How: keys with everything that could break out of them. */
#include "../../core/filter.h"
#include "../harness.h"

#include <string.h>

TEST(filter_write, writes_keys_that_read_back)
{
    static const char *const keys[] = {"a",    "a b", "a`b", "``",
                                       "\"",   "'",   "-a",  "a:b",
                                       "a(b)", "a,b", "AND", "\xc3\xa9 \xf0\x9f\x9a\x80",
                                       ".",    "a.b", "="};
    for (size_t i = 0; i < 4 * sizeof(keys) / sizeof(keys[0]); i++) {
        AUTO_ARENA a = ARENA(1 << 16);
        AUTO_BUF b = BUF(4096);
        struct filter_operand o = {.key = keys[i / 4]}, back;
        struct bytes text;
        o.field = i % 4 == 0 ? FILTER_PARAM : i % 4 == 1 ? FILTER_TAG : FILTER_METRIC;
        o.func = i % 4 == 3 ? FILTER_AT : FILTER_LAST;
        o.step = i % 4 == 3 ? -5 : 0;
        filter_write_operand(&o, &b);
        CHECK(buf_end(&b, &text, NULL) == TRACK_OK);
        CHECK(filter_read_operand(text, &a, &back, NULL, NULL) == TRACK_OK);
        CHECK(back.field == o.field && back.func == o.func && back.step == o.step);
        CHECK(strcmp(back.key, o.key) == 0);
    }
}
