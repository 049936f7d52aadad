/* Shows which filters there are, how each reads, and how a mistake is shown.
 * How: a table of filters with the text that the tree writes, a table of mistakes with offset and
 * message, every limit at the limit and one beyond, every allocation failing. */
#include "../../core/filter.h"
#include "../fault.h"
#include "../harness.h"

#include <stdio.h>
#include <string.h>

static struct bytes text_of(const char *text)
{
    return (struct bytes){(const unsigned char *)text, strlen(text)};
}

/* Reads text and writes the tree into out. */
static track_status rewrite(const char *text, char *out, size_t size, track_error *err)
{
    AUTO_ARENA a = ARENA(1 << 20);
    AUTO_BUF b = BUF(64 * 1024);
    const struct filter *tree;
    struct bytes written;
    TRY(filter_read(text_of(text), &a, &tree, NULL, err));
    filter_write(tree, &b);
    TRY(buf_end(&b, &written, err));
    snprintf(out, size, "%.*s", (int)written.size, written.size ? (const char *)written.at : "");
    return TRACK_OK;
}

static const struct {
    const char *text, *written;
} filters[] = {
    {"", ""},
    {" \t\n", ""},
    {"status:running", "status = running"},
    {"state = 'RUNNING'", "status = running"},
    {"status IN (preempting, preempted)", "status IN (preempting, preempted)"},
    {"resnet", "'resnet'"},
    {"'it''s' \"two words\"", "'it''s' AND 'two words'"},
    {"resnet NOT failed -x", "'resnet' AND NOT 'failed' AND NOT 'x'"},
    {"a b OR c AND d", "'a' AND 'b' OR 'c' AND 'd'"},
    {"a (b or c) not (d e)", "'a' AND ('b' OR 'c') AND NOT ('d' AND 'e')"},
    {"((a))", "'a'"},
    {"(a b) c", "('a' AND 'b') AND 'c'"},
    {"NOT NOT -a", "NOT NOT NOT 'a'"},
    {"-(a)", "NOT 'a'"},
    {"params.lr = 0.1", "params.lr = 0.1"},
    {"config.lr>=1e-4", "params.lr >= 1e-4"},
    {"param.opt:adam", "params.opt:adam"},
    {"parameters.`my key` == 'a'", "params.`my key` = 'a'"},
    {"params.\"a\"\"b\" <> x", "params.`a\"b` != x"},
    {"params.model.depth<18", "params.model.depth < 18"},
    {"params.layer[0] = a/b", "params.layer[0] = a/b"},
    {"tags.team=vision", "tags.team = vision"},
    {"tag.env IN ('a', b ,3)", "tags.env IN ('a', b, 3)"},
    {"tags.env NOT IN (a)", "tags.env NOT IN (a)"},
    {"tag:baseline", "tag:baseline"},
    {"tag : 'two words'", "tag:`two words`"},
    {"has:val/loss", "has:val/loss"},
    {"metrics.val/loss<0.3", "metrics.val/loss < 0.3"},
    {"metric.a-b > -1", "metrics.a-b > -1"},
    {"last(loss)<1", "metrics.loss < 1"},
    {"min(val/loss)<0.3", "min(val/loss) < 0.3"},
    {"best(\"val loss\") BETWEEN 1 AND 2", "best(`val loss`) BETWEEN 1 AND 2"},
    {"max( -x ) > 1", "max(-x) > 1"},
    {"nan(a:b) > 0", "nan(a:b) > 0"},
    {"at(loss, -1000) <= 1", "at(loss, -1000) <= 1"},
    {"first(a)=1 mean(a)=1 count(a)=1 argmin(a)=1 argmax(a)=1",
     "first(a) = 1 AND mean(a) = 1 AND count(a) = 1 AND argmin(a) = 1 AND argmax(a) = 1"},
    {"system.gpu.0/util > 50", "metrics.system/gpu.0/util > 50"},
    {"metrics.mem > 4GB", "metrics.mem > 4GB"},
    {"metrics.loss IS NULL", "metrics.loss IS NULL"},
    {"ended IS NOT NULL", "ended IS NOT NULL"},
    {"name~'resnet.*'", "name ~ 'resnet.*'"},
    {"name !~ ^a", NULL},
    {"run.name LIKE '%a_'", "name LIKE '%a_'"},
    {"attributes.run_name not ilike x", "name NOT ILIKE x"},
    {"attr.`name` = 'a'", "name = 'a'"},
    {"\"name\" = 'a'", "name = 'a'"},
    {"\"name\" 'b'", "'name' AND 'b'"},
    {"name IN (a)", "name IN (a)"},
    {"like in", NULL},
    {"created>-7d", "created > -7d"},
    {"created>2026-11-01", "created > 2026-11-01"},
    {"start_time<'2026-11-01 12:30'", "started < '2026-11-01 12:30'"},
    {"ended = 2026-11-01T12:30:05.5+01:00", "ended = 2026-11-01T12:30:05.5+01:00"},
    {"created BETWEEN 2026 AND 2026-10", "created BETWEEN 2026 AND 2026-10"},
    {"duration>2h size < 1.5GiB", "duration > 2h AND size < 1.5GiB"},
    {"id=0197 parent IS NULL", "id = 0197 AND parent IS NULL"},
    {"user:ann host='n1' kind=train notes~x project=p",
     "user:ann AND host = 'n1' AND kind = train AND notes ~ x AND project = p"},
    {"name = a:b", "name = a:b"},
    {"is null", "'is' AND 'null'"},
    {"name is not", NULL},
    {"\xc3\xa9t\xc3\xa9 params.\xf0\x9f\x9a\x80=1",
     "'\xc3\xa9t\xc3\xa9' AND params.\xf0\x9f\x9a\x80 = 1"},
};

TEST(filter, reads_and_writes)
{
    for (size_t i = 0; i < sizeof(filters) / sizeof(filters[0]); i++) {
        char once[1024] = "", twice[1024] = "";
        track_error err = {0};
        track_status status = rewrite(filters[i].text, once, sizeof(once), &err);
        if (!filters[i].written) {
            CHECK(status == TRACK_INVALID);
            continue;
        }
        if (status != TRACK_OK || strcmp(once, filters[i].written) != 0) {
            test_fail(__FILE__, __LINE__, "%s\n gives %s %s", filters[i].text, once, err.message);
        }
        CHECK(rewrite(once, twice, sizeof(twice), &err) == TRACK_OK && strcmp(once, twice) == 0);
    }
}

static const struct {
    const char *text;
    size_t offset;
    const char *message; /* its first line */
} mistakes[] = {
    {"statsu:running", 0, "unknown field statsu, did you mean status?"},
    {"lr < 1", 0,
     "unknown field; expected an attribute, params.KEY, tags.KEY, metrics.KEY or a function such "
     "as "
     "min(KEY)"},
    {"foo.bar = 1", 0,
     "unknown field; expected an attribute, params.KEY, tags.KEY, metrics.KEY or a function such "
     "as "
     "min(KEY)"},
    {"status:runing", 7, "no such status, did you mean running?"},
    {"status:xyzzyplugh", 7,
     "no such status; one of queued running preempting finished failed stopped preempted "
     "unconfirmed"},
    {"status<running", 6, "a status compares with = != : IN or IS NULL"},
    {"mni(loss) < 1", 0, "unknown function, did you mean min?"},
    {"zzzzzzzz(loss) < 1", 0,
     "unknown function; one of last first best min max mean count nan argmin argmax at any all"},
    {"min(loss < 1", 9, "expected )"},
    {"min() < 1", 4, "expected a key, `quoted` if it is not a plain word"},
    {"min('') < 1", 4, "an empty key"},
    {"min(loss)", 9, "expected = != < <= > >= ~ !~ : LIKE ILIKE IN IS or BETWEEN"},
    {"at(loss) < 1", 7, "expected a comma and a step: at(KEY, 1000)"},
    {"at(loss, x) < 1", 9, "expected a step, a whole number"},
    {"params. = 1", 7, "expected a key, `quoted` if it is not a plain word"},
    {"params.`` = 1", 7, "an empty key"},
    {"metrics.loss < abc", 15, "expected a number"},
    {"metrics.loss ~ 1", 13, "a number compares with = != < <= > >= IN BETWEEN or IS NULL"},
    {"metrics.loss", 12, "expected = != < <= > >= ~ !~ : LIKE ILIKE IN IS or BETWEEN"},
    {"metrics.loss <", 14, "expected a value"},
    {"metrics.loss < AND x", 15, "expected a number"},
    {"params.a = (", 11, "expected a value, 'quoted' if it is not a plain word"},
    {"params.a = `b`", 11, "expected a value, 'quoted' if it is not a plain word"},
    {"params.a IS 3", 12, "expected NULL or NOT NULL"},
    {"params.a IS NOT 3", 16, "expected NULL or NOT NULL"},
    {"params.a NOT 3", 13, "expected LIKE, ILIKE, IN or BETWEEN"},
    {"params.a IN 3", 12, "expected ( and values with commas between them"},
    {"params.a IN (3", 14, "expected , or )"},
    {"params.a IN ()", 13, NULL},
    {"params.a BETWEEN 3 OR 4", 19, "expected AND and a second value"},
    {"created > 3", 10,
     "expected a date such as 2026-11-01 or '2026-11-01 12:30', or an age such as -7d"},
    {"created > 7d", 10, NULL},
    {"created > 2026-02-30", 10, NULL},
    {"created IN (2026)", 8, "a date compares with = != < <= > >= BETWEEN or IS NULL"},
    {"duration > 4GB", 11, "expected a number of seconds, or a duration such as 2h"},
    {"size > 4h", 7, "expected a number of bytes, or a size such as 20MB"},
    {"name ~ '('", 7, "missing closing parenthesis, at byte 1 of the pattern"},
    {"a AND", 5, "expected a term: field op value, or a text to look for"},
    {"AND a", 0, "expected a term: field op value, or a text to look for"},
    {"a OR OR b", 5, "expected a term: field op value, or a text to look for"},
    {"(a", 2, "expected ) or another term"},
    {"a)", 1, "a ) without its ("},
    {"()", 1, "expected a term: field op value, or a text to look for"},
    {"'open", 0, "a quote that does not end"},
    {"''", 0, "an empty text"},
    {"a {b}", 2, "expected a term: field op value, or a text to look for"},
    {"= 3", 0, "expected a term: field op value, or a text to look for"},
};

TEST(filter, says_where_and_what_was_expected)
{
    for (size_t i = 0; i < sizeof(mistakes) / sizeof(mistakes[0]); i++) {
        AUTO_ARENA a = ARENA(1 << 20);
        const struct filter *tree = NULL;
        track_error err = {0};
        size_t offset = 999;
        track_status status = filter_read(text_of(mistakes[i].text), &a, &tree, &offset, &err);
        size_t size = strcspn(err.message, "\n");
        if (status != TRACK_INVALID || tree || offset != mistakes[i].offset ||
            (mistakes[i].message && (size != strlen(mistakes[i].message) ||
                                     memcmp(err.message, mistakes[i].message, size) != 0))) {
            test_fail(__FILE__, __LINE__, "%s\n at %zu: %s", mistakes[i].text, offset, err.message);
        }
    }
}

TEST(filter, shows_a_caret_below_the_mistake)
{
    AUTO_ARENA a = ARENA(1 << 20);
    const struct filter *tree;
    track_error err = {0};
    CHECK(filter_read(text_of("tag:\xc3\xa9t\xc3\xa9 statsu:x"), &a, &tree, NULL, &err) ==
          TRACK_INVALID);
    CHECK(strcmp(err.message, "unknown field statsu, did you mean status?\n"
                              "  tag:\xc3\xa9t\xc3\xa9 statsu:x\n"
                              "          ^") == 0);
    char text[400];
    memcpy(text, "tag:", 4);
    for (size_t i = 4; i < 379; i += 3) {
        memcpy(text + i, "\xe2\x82\xac", 3);
    }
    memcpy(text + 379, " name\n<> ", 10);
    CHECK(filter_read(text_of(text), &a, &tree, NULL, &err) == TRACK_INVALID);
    const char *caret = strrchr(err.message, '\n');
    CHECK(caret && strstr(err.message, "\xac name <> \n") && strlen(caret) < 50);
}

static track_status status_of(const char *text)
{
    AUTO_ARENA a = ARENA(1 << 20);
    const struct filter *tree;
    return filter_read(text_of(text), &a, &tree, NULL, NULL);
}

TEST(filter, keeps_its_limits)
{
    char text[FILTER_BYTES_MAX + 2];
    memset(text, ' ', sizeof(text));
    text[0] = 'a';
    text[FILTER_BYTES_MAX] = 0;
    CHECK(status_of(text) == TRACK_OK);
    text[FILTER_BYTES_MAX] = ' ';
    text[FILTER_BYTES_MAX + 1] = 0;
    CHECK(status_of(text) == TRACK_INVALID);
    for (int count = FILTER_TERM_COUNT_MAX; count <= FILTER_TERM_COUNT_MAX + 1; count++) {
        memset(text, ' ', sizeof(text));
        for (int i = 0; i < count; i++) {
            text[2 * i] = 'a';
        }
        text[2 * count] = 0;
        CHECK(status_of(text) == (count <= FILTER_TERM_COUNT_MAX ? TRACK_OK : TRACK_INVALID));
    }
    for (int depth = FILTER_DEPTH_MAX; depth <= FILTER_DEPTH_MAX + 1; depth++) {
        memset(text, '(', (size_t)depth);
        text[depth] = 'a';
        memset(text + depth + 1, ')', (size_t)depth);
        text[2 * depth + 1] = 0;
        CHECK(status_of(text) == (depth <= FILTER_DEPTH_MAX ? TRACK_OK : TRACK_INVALID));
        memset(text, '-', (size_t)depth);
        text[depth + 1] = 0;
        CHECK(status_of(text) == (depth <= FILTER_DEPTH_MAX ? TRACK_OK : TRACK_INVALID));
    }
    memset(text, 0, sizeof(text));
    for (int i = 0; i < 200; i++) {
        memcpy(text + 4 * i, "(a) ", 4); /* side by side they are not deep */
    }
    text[4 * FILTER_TERM_COUNT_MAX] = 0;
    CHECK(status_of(text) == TRACK_OK);
    for (int count = FILTER_COSTLY_COUNT_MAX; count <= FILTER_COSTLY_COUNT_MAX + 1; count++) {
        text[0] = 0;
        for (int i = 0; i < count; i++) {
            memcpy(text + 10 * i, i % 2 ? "name  ~ x " : "at(a,1)=1 ", 11);
        }
        CHECK(status_of(text) == (count <= FILTER_COSTLY_COUNT_MAX ? TRACK_OK : TRACK_INVALID));
    }
    for (int count = FILTER_VALUE_COUNT_MAX; count <= FILTER_VALUE_COUNT_MAX + 1; count++) {
        memcpy(text, "id IN (", 7);
        for (int i = 0; i < count; i++) {
            memcpy(text + 7 + 2 * i, i + 1 < count ? "a," : "a)", 3);
        }
        CHECK(status_of(text) == (count <= FILTER_VALUE_COUNT_MAX ? TRACK_OK : TRACK_INVALID));
    }
    for (size_t size = FILTER_PATTERN_BYTES_MAX; size <= FILTER_PATTERN_BYTES_MAX + 1; size++) {
        memset(text, 'a', sizeof(text));
        text[size] = 0;
        CHECK(status_of(text) == (size <= FILTER_PATTERN_BYTES_MAX ? TRACK_OK : TRACK_INVALID));
        memcpy(text, "name LIKE a", 11);
        text[size] = 'a';
        text[size + 10] = 0;
        CHECK(status_of(text) == (size <= FILTER_PATTERN_BYTES_MAX ? TRACK_OK : TRACK_INVALID));
    }
    CHECK(status_of("\xff") == TRACK_INVALID);
    AUTO_ARENA a = ARENA(1 << 20);
    const struct filter *tree;
    struct bytes nul = {(const unsigned char *)"a\0b", 3};
    CHECK(filter_read(nul, &a, &tree, NULL, NULL) == TRACK_INVALID);
    CHECK(filter_read((struct bytes){NULL, 0}, &a, &tree, NULL, NULL) == TRACK_OK && !tree);
}

TEST(filter, reads_what_to_sort_by)
{
    AUTO_ARENA a = ARENA(1 << 20);
    struct filter_order order;
    size_t offset = 999;
    CHECK(filter_read_order(text_of(""), &a, &order, NULL, NULL) == TRACK_OK);
    CHECK(order.by.field == FILTER_STARTED && order.descending);
    CHECK(filter_read_order(text_of("best(val/loss)"), &a, &order, NULL, NULL) == TRACK_OK);
    CHECK(order.by.field == FILTER_METRIC && order.by.func == FILTER_BEST && !order.descending);
    CHECK(strcmp(order.by.key, "val/loss") == 0);
    CHECK(filter_read_order(text_of(" -created "), &a, &order, NULL, NULL) == TRACK_OK);
    CHECK(order.by.field == FILTER_CREATED && order.descending);
    CHECK(filter_read_order(text_of("-params.lr"), &a, &order, NULL, NULL) == TRACK_OK);
    CHECK(order.by.field == FILTER_PARAM && order.descending);
    CHECK(filter_read_order(text_of("name desc"), &a, &order, &offset, NULL) == TRACK_INVALID);
    CHECK(offset == 5);
    CHECK(filter_read_order(text_of("--name"), &a, &order, &offset, NULL) == TRACK_INVALID);
    CHECK(filter_read_order(text_of("-"), &a, &order, &offset, NULL) == TRACK_INVALID);
}

static track_status read_some(void)
{
    AUTO_ARENA a = ARENA(1 << 20);
    const struct filter *tree;
    return filter_read(text_of("status:Running params.a~'x' (min(`a b`) < 3 OR -tag:x)"), &a, &tree,
                       NULL, NULL);
}

TEST(filter, survives_each_allocation_failing)
{
    CHECK(fault_each(read_some) >= 1);
    track_status last = TRACK_NOMEM;
    for (size_t room = 0; room < 4096; room += 16) {
        AUTO_ARENA a = ARENA(room);
        const struct filter *tree;
        track_status now = filter_read(text_of("status:Running params.a='x' (a OR -tag:x)"), &a,
                                       &tree, NULL, NULL);
        CHECK(now == last || (now == TRACK_OK && last == TRACK_NOMEM));
        last = now;
    }
    CHECK(last == TRACK_OK);
}
