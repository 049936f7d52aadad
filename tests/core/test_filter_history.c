/* Shows how any() and all() read, and how their mistakes are shown.
 * How: tables of terms with the text that the tree writes, and of mistakes with their places. */
#include "../../core/filter.h"
#include "../harness.h"

#include <math.h>
#include <string.h>

static struct bytes text_of(const char *text)
{
    return (struct bytes){(const unsigned char *)text, strlen(text)};
}

TEST(filter_history, reads_terms_and_writes_them)
{
    static const struct {
        const char *text;
        enum filter_func func;
        enum filter_op op;
        int64_t from, to;
        const char *written;
    } rows[] = {
        {"any(loss>10)", FILTER_ANY, FILTER_GT, INT64_MIN, INT64_MAX, "any(loss > 10)"},
        {"all( loss <= 1e-3 )", FILTER_ALL, FILTER_LE, INT64_MIN, INT64_MAX, "all(loss <= 1e-3)"},
        {"any(train/loss == 10, 10000)", FILTER_ANY, FILTER_EQ, 10000, INT64_MAX,
         "any(train/loss = 10, 10000)"},
        {"any(`my key`<>-1,-5,5)", FILTER_ANY, FILTER_NE, -5, 5, "any(`my key` != -1, -5, 5)"},
        {"all(\"a b\" >= 2GB, 7, 7)", FILTER_ALL, FILTER_GE, 7, 7, "all(`a b` >= 2GB, 7, 7)"},
        {"all(x < 1, -9223372036854775808, 9223372036854775806)", FILTER_ALL, FILTER_LT, INT64_MIN,
         INT64_MAX - 1, "all(x < 1, -9223372036854775808, 9223372036854775806)"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        AUTO_ARENA a = ARENA(1 << 16);
        AUTO_BUF b = BUF(4096);
        const struct filter *f;
        struct bytes written;
        CHECK_INT(filter_read(text_of(rows[i].text), &a, &f, NULL, NULL), TRACK_OK);
        CHECK(f->kind == FILTER_TERM && f->operand.field == FILTER_METRIC);
        CHECK(f->operand.func == rows[i].func && f->op == rows[i].op && !f->negated);
        CHECK(f->operand.step == rows[i].from && f->operand.step_to == rows[i].to);
        filter_write(f, &b);
        CHECK_INT(buf_end(&b, &written, NULL), TRACK_OK);
        CHECK(written.size == strlen(rows[i].written) &&
              memcmp(written.at, rows[i].written, written.size) == 0);
    }
}

TEST(filter_history, shows_where_a_term_is_wrong)
{
    static const struct {
        const char *text;
        size_t offset;
        const char *says;
    } rows[] = {
        {"any(loss)", 8, "expected = != < <= > or >="},
        {"any()", 4, "expected a key"},
        {"any(loss ~ 'x')", 9, "expected = != < <= > or >="},
        {"any(loss:1)", 10, "expected = != < <= > or >="},
        {"any(loss IN (1))", 9, "expected = != < <= > or >="},
        {"all(loss > x)", 11, "expected a number"},
        {"all(loss > )", 11, "expected a value"},
        {"any(loss > 1", 12, "expected )"},
        {"any(loss > 1, )", 14, "expected a step"},
        {"any(loss > 1, 1.5)", 14, "expected a step"},
        {"any(loss > 1, 5, 4)", 17, "lies before the first"},
        {"any(loss > 1, 5, 6, 7)", 18, "expected )"},
        {"anny(loss > 1)", 0, "did you mean any?"},
        {"any(loss > 1) > 2", 14, "expected a term"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        AUTO_ARENA a = ARENA(1 << 16);
        const struct filter *f;
        size_t offset = 999;
        track_error err = {0};
        track_status status = filter_read(text_of(rows[i].text), &a, &f, &offset, &err);
        if (status != TRACK_INVALID || offset != rows[i].offset ||
            !strstr(err.message, rows[i].says)) {
            test_fail(__FILE__, __LINE__, "%s: %d at %zu: %s", rows[i].text, (int)status, offset,
                      err.message);
        }
    }
}

TEST(filter_history, is_no_value)
{
    AUTO_ARENA a = ARENA(1 << 16);
    struct filter_operand operand;
    struct filter_order order;
    track_error err = {0};
    CHECK_INT(filter_read_operand(text_of("any(loss)"), &a, &operand, NULL, &err), TRACK_INVALID);
    CHECK(strstr(err.message, "any(KEY > 10)"));
    CHECK_INT(filter_read_order(text_of("-all(loss > 1)"), &a, &order, NULL, &err), TRACK_INVALID);
}

TEST(filter_history, counts_as_costly)
{
    AUTO_ARENA a = ARENA(1 << 18);
    AUTO_BUF b = BUF(4096);
    const struct filter *f;
    struct bytes text;
    track_error err = {0};
    for (int i = 0; i < FILTER_COSTLY_COUNT_MAX; i++) {
        buf_text(&b, "any(a > 1) ");
    }
    CHECK_INT(buf_end(&b, &text, NULL), TRACK_OK);
    CHECK_INT(filter_read(text, &a, &f, NULL, &err), TRACK_OK);
    buf_text(&b, "name ~ x");
    CHECK_INT(buf_end(&b, &text, NULL), TRACK_OK);
    CHECK_INT(filter_read(text, &a, &f, NULL, &err), TRACK_INVALID);
}

TEST(filter_history, compares_numbers)
{
    static const double values[] = {-1, 0, 1};
    for (size_t i = 0; i < 9; i++) {
        double a = values[i / 3], b = values[i % 3];
        CHECK(filter_compares(FILTER_EQ, a, b) == (a == b));
        CHECK(filter_compares(FILTER_NE, a, b) == (a != b));
        CHECK(filter_compares(FILTER_LT, a, b) == (a < b));
        CHECK(filter_compares(FILTER_LE, a, b) == (a <= b));
        CHECK(filter_compares(FILTER_GT, a, b) == (a > b));
        CHECK(filter_compares(FILTER_GE, a, b) == (a >= b));
    }
    for (enum filter_op op = FILTER_EQ; op <= FILTER_GE; op++) {
        CHECK(!filter_compares(op, (double)NAN, 1)); /* with nothing, != included */
    }
    CHECK(filter_compares(FILTER_GT, INFINITY, 1) && filter_compares(FILTER_NE, -INFINITY, 1));
}
