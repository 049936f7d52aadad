/* Shows what can stand on the left side of a term, or be a column.
 * How: each attribute, prefix and function; every name of the tables. */
#include "../../core/filter_operand.h"
#include "../harness.h"

#include <stdio.h>
#include <string.h>

static track_status read_operand(const char *text, struct arena *a, struct filter_operand *out)
{
    struct bytes all = {(const unsigned char *)text, strlen(text)};
    return filter_read_operand(all, a, out, NULL, NULL);
}

TEST(filter_operand, knows_every_attribute_by_its_name)
{
    AUTO_ARENA a = ARENA(1 << 20);
    struct filter_operand o;
    enum filter_field field = FILTER_ID;
    for (const char *const *name = filter_attributes(); *name; name++, field++) {
        char text[64];
        snprintf(text, sizeof(text), "attributes.%s", *name);
        CHECK(read_operand(*name, &a, &o) == TRACK_OK && o.field == field && !o.key);
        CHECK(read_operand(text, &a, &o) == TRACK_OK && o.field == field);
        CHECK(strcmp(filter_attribute_name(field), *name) == 0);
    }
    CHECK(field == FILTER_METRIC && !filter_attribute_name(FILTER_METRIC));
}

TEST(filter_operand, knows_every_function)
{
    AUTO_ARENA a = ARENA(1 << 20);
    struct filter_operand o;
    enum filter_func func = FILTER_LAST;
    for (const char *const *name = filter_functions(); *name; name++, func++) {
        char text[64];
        snprintf(text, sizeof(text), "%s(loss%s)", *name, func == FILTER_AT ? ", 7" : "");
        if (func >= FILTER_ANY) {
            CHECK(read_operand(text, &a, &o) == TRACK_INVALID); /* a term, no operand */
            continue;
        }
        CHECK(read_operand(text, &a, &o) == TRACK_OK && o.field == FILTER_METRIC && o.func == func);
        CHECK(strcmp(o.key, "loss") == 0 && o.step == (func == FILTER_AT ? 7 : 0));
        CHECK(strcmp(filter_func_name(func), *name) == 0);
    }
    CHECK(func == FILTER_ALL + 1);
}

TEST(filter_operand, reads_columns)
{
    AUTO_ARENA a = ARENA(1 << 20);
    struct filter_operand o;
    CHECK(read_operand("params.opt.lr", &a, &o) == TRACK_OK);
    CHECK(o.field == FILTER_PARAM && strcmp(o.key, "opt.lr") == 0);
    CHECK(filter_type(&o) == FILTER_IS_TEXT);
    CHECK(read_operand("tags.`a ``b`", &a, &o) == TRACK_OK);
    CHECK(o.field == FILTER_TAG && strcmp(o.key, "a `b") == 0);
    CHECK(read_operand("system.gpu", &a, &o) == TRACK_OK && strcmp(o.key, "system/gpu") == 0);
    CHECK(filter_type(&o) == FILTER_IS_NUMBER);
    CHECK(read_operand("ended", &a, &o) == TRACK_OK && filter_type(&o) == FILTER_IS_TIME);
    static const char *const bad[] = {"",      "loss",  "params.lr x", "params.",    "best(a", "3",
                                      "-name", "has:x", "'name'",      "params.'x'", "tag:x"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        CHECK(read_operand(bad[i], &a, &o) == TRACK_INVALID);
    }
}
