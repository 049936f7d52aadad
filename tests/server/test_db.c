/* Shows that values come back as they went in, that LIKE means the same everywhere, and how wrong
 * files and slow statements are refused.
 * How: SQLite on files of its own, statements of schema/queries. */
#include "../../server/db.h"

#include "../../server/db_like.h"
#include "../../server/db_schema.h"
#include "../harness.h"
#include "fixture.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct base {
    char dir[64], path[96];
    struct db *db;
    track_error err;
};

static void base_open(struct base *b)
{
    snprintf(b->dir, sizeof(b->dir), "/tmp/track-test-XXXXXX");
    if (mkdtemp(b->dir)) {
        snprintf(b->path, sizeof(b->path), "%s/track.db", b->dir);
        (void)(db_open(&db_sqlite, b->path, true, &b->db, &b->err) == TRACK_OK);
    }
}

static void base_close(struct base *b)
{
    db_close(b->db);
    fixture_remove(b->dir);
}

#define BASE(b)                                               \
    __attribute__((cleanup(base_close))) struct base b = {0}; \
    base_open(&(b));                                          \
    CHECK(b.db);                                              \
    CHECK_INT(db_migrate(b.db, db_migrations, NOW_US, &b.err), TRACK_OK)

TEST(db, prepares_every_statement)
{
    BASE(b);
    CHECK_INT(db_prepare(b.db, &b.err), TRACK_OK);
    CHECK_INT(db_migrate(b.db, db_migrations, NOW_US, &b.err), TRACK_OK); /* nothing to do */
}

TEST(db, gives_numbers_back_but_for_nan)
{
    BASE(b);
    AUTO_ARENA arena = ARENA(1 << 16);
    static const double values[] = {0.0, -1.5, 1e308, 5e-324, INFINITY, -INFINITY};
    for (int i = 0; i < 6; i++) {
        struct db_value c[3];
        char key[24];
        snprintf(key, sizeof(key), "k%d", i);
        CHECK_INT(db_exec(b.db, QUERY_run_param_add,
                          DB_IN(db_i(i), db_t(key), db_t("x"), db_f(values[i])), &b.err),
                  TRACK_OK);
        CHECK_INT(db_find(b.db, QUERY_run_param_list, DB_IN(db_i(i)), &arena, c, &b.err), TRACK_OK);
        CHECK(c[2].type == 'f' && c[2].as.f == values[i]);
    }
    struct db_value c[3];
    CHECK_INT(
        db_exec(b.db, QUERY_run_param_add, DB_IN(db_i(9), db_t("k"), db_t("x"), db_f(NAN)), &b.err),
        TRACK_OK);
    CHECK_INT(db_find(b.db, QUERY_run_param_list, DB_IN(db_i(9)), &arena, c, &b.err), TRACK_OK);
    CHECK(c[2].type == 'n' && isnan(db_get_f(&c[2])));
}

TEST(db, gives_bytes_and_texts_back)
{
    BASE(b);
    AUTO_ARENA arena = ARENA(1 << 16);
    static const unsigned char odd[] = {0, 255, 0, '\'', '"'};
    struct db_value c[2];
    int64_t rev;
    bool found;
    CHECK_INT(db_find_i(b.db, QUERY_run_doc_put,
                        DB_IN(db_i(1), db_t("läuft 🙂"), db_b((struct bytes){odd, sizeof(odd)})),
                        &rev, &found, &b.err),
              TRACK_OK);
    CHECK_INT(rev, 1);
    CHECK_INT(
        db_find(b.db, QUERY_run_doc_get, DB_IN(db_i(1), db_t("läuft 🙂")), &arena, c, &b.err),
        TRACK_OK);
    CHECK(c[1].as.bytes.size == sizeof(odd) && memcmp(c[1].as.bytes.at, odd, sizeof(odd)) == 0);
    CHECK_INT(db_find_i(b.db, QUERY_run_doc_put,
                        DB_IN(db_i(1), db_t("none"), db_b((struct bytes){NULL, 0})), &rev, &found,
                        &b.err),
              TRACK_OK); /* no bytes are not NULL */
    CHECK_INT(db_find(b.db, QUERY_run_doc_get, DB_IN(db_i(1), db_t("gone")), &arena, c, &b.err),
              TRACK_OK);
    CHECK_INT(c[0].type, 0);
}

/* Moves the watermark of a writer, if it stands at `from`. */
static int64_t advance(struct base *b, struct bytes writer, int64_t from)
{
    track_status status =
        db_exec(b->db, QUERY_writer_advance,
                DB_IN(db_i(1), db_b(writer), db_i(from), db_i(from + 1), db_i(0), db_i(0), db_i(1),
                      db_i(NOW_US), db_b((struct bytes){NULL, 0}), db_null(), db_null()),
                &b->err);
    return status == TRACK_OK ? db_changed(b->db) : -1;
}

TEST(db, counts_the_rows_that_a_statement_changed)
{
    BASE(b);
    struct bytes writer = {(const unsigned char *)"0123456789abcdef", 16};
    CHECK_INT(advance(&b, writer, 0), 0);
    CHECK_INT(db_exec(b.db, QUERY_writer_add,
                      DB_IN(db_i(1), db_b(writer), db_i(NOW_US), db_b((struct bytes){NULL, 0})),
                      &b.err),
              TRACK_OK);
    CHECK_INT(advance(&b, writer, 0), 1);
    CHECK_INT(advance(&b, writer, 0), 0);
    CHECK_INT(advance(&b, writer, 1), 1);
}

TEST(db, says_what_a_constraint_refuses)
{
    BASE(b);
    struct db_value in[] = {db_i(1), db_t("k"), db_t("x"), db_null(), DB_END};
    CHECK_INT(db_exec(b.db, QUERY_run_param_add, in, &b.err), TRACK_OK);
    CHECK_INT(db_exec(b.db, QUERY_run_param_add, in, &b.err), TRACK_CONFLICT);
    in[2] = db_null();
    in[1] = db_t("other");
    CHECK_INT(db_exec(b.db, QUERY_run_param_add, in, &b.err), TRACK_CONFLICT);
}

TEST(db, falls_back_to_a_savepoint)
{
    BASE(b);
    enum db_outcome outcome;
    int64_t got;
    bool found;
    const struct db_value *in = DB_IN(db_t("project"));
    CHECK_INT(db_begin(b.db, 0, &b.err), TRACK_OK);
    CHECK_INT(db_savepoint(b.db, &b.err), TRACK_OK);
    CHECK_INT(db_find_i(b.db, QUERY_counter_next, in, &got, &found, &b.err), TRACK_OK);
    CHECK(db_undo(b.db));
    CHECK_INT(db_savepoint(b.db, &b.err), TRACK_OK);
    CHECK_INT(db_find_i(b.db, QUERY_counter_next, in, &got, &found, &b.err), TRACK_OK);
    CHECK_INT(got, 0);
    CHECK_INT(db_keep(b.db, &b.err), TRACK_OK);
    CHECK_INT(db_commit(b.db, &outcome, &b.err), TRACK_OK);
    CHECK_INT(outcome, DB_COMMITTED);
    CHECK_INT(db_find_i(b.db, QUERY_counter_next, in, &got, &found, &b.err), TRACK_OK);
    CHECK_INT(got, 1);
}

static track_status stop_row(void *data, const struct db_value *columns, track_error *err)
{
    (void)columns;
    ++*(int *)data;
    return FAIL(err, TRACK_TOO_LARGE, "enough");
}

TEST(db, ends_a_statement_with_the_status_of_its_row)
{
    BASE(b);
    int rows = 0;
    struct db_value in[] = {db_i(1), db_t("a"), db_t("x"), db_null(), DB_END};
    CHECK_INT(db_exec(b.db, QUERY_run_param_add, in, &b.err), TRACK_OK);
    in[1] = db_t("b");
    CHECK_INT(db_exec(b.db, QUERY_run_param_add, in, &b.err), TRACK_OK);
    CHECK_INT(db_run(b.db, QUERY_run_param_list, DB_IN(db_i(1)), stop_row, &rows, &b.err),
              TRACK_TOO_LARGE);
    CHECK_INT(rows, 1);
    CHECK_INT(db_run(b.db, QUERY_run_param_list, DB_IN(db_i(1)), NULL, NULL, &b.err), TRACK_OK);
}

TEST(db, lets_readers_only_read)
{
    BASE(b);
    struct db *reader = NULL;
    CHECK_INT(db_open(&db_sqlite, b.path, false, &reader, &b.err), TRACK_OK);
    CHECK(db_exec(reader, QUERY_node_add, DB_IN(db_i(7), db_i(1)), &b.err) != TRACK_OK);
    db_close(reader);
    CHECK_INT(db_open(&db_sqlite, "/nowhere/at/all.db", false, &reader, &b.err), TRACK_IO);
}

TEST(db, refuses_a_newer_schema_and_foreign_files)
{
    BASE(b);
    CHECK_INT(db_exec(b.db, QUERY_schema_version_add,
                      DB_IN(db_i(9999), db_t("expand"), db_i(NOW_US)), &b.err),
              TRACK_OK);
    CHECK_INT(db_migrate(b.db, db_migrations, NOW_US, &b.err), TRACK_UNSUPPORTED);
    CHECK(strstr(b.err.message, "9999") && strstr(b.err.message, "knows 3"));
    static const struct db_migration other[] = {
        {"0001_other.sql", 21, (const unsigned char *)"CREATE TABLE mine(a);"}, {0, 0, 0}};
    char path[128];
    struct db *foreign = NULL;
    snprintf(path, sizeof(path), "%s/other.db", b.dir);
    CHECK_INT(db_open(&db_sqlite, path, true, &foreign, &b.err), TRACK_OK);
    CHECK(db_migrate(foreign, other, NOW_US, &b.err) != TRACK_OK); /* no schema_version in it */
    db_close(foreign);
}

TEST(db, refuses_what_is_no_database)
{
    struct base b = {0};
    base_open(&b);
    char path[128];
    struct db *db = NULL;
    snprintf(path, sizeof(path), "%s/junk.db", b.dir);
    FILE *f = fopen(path, "w");
    bool written =
        f && fputs("This is a letter, not a database, and long enough to be read.", f) > 0;
    if (f) {
        fclose(f);
    }
    track_status status = db_open(&db_sqlite, path, true, &db, &b.err);
    base_close(&b);
    CHECK(written);
    CHECK_INT(status, TRACK_CORRUPT);
}

static track_status no_row(void *data, const struct db_value *columns, track_error *err)
{
    (void)data;
    (void)columns;
    (void)err;
    return TRACK_OK;
}

/* The first migration alone, as the first release had it. */
static const struct db_migration *first_only(struct db_migration out[2])
{
    out[0] = db_migrations[0];
    out[1] = (struct db_migration){0, 0, 0};
    return out;
}

TEST(db, keeps_what_a_database_of_the_first_schema_holds)
{
    struct db_migration first[2];
    struct db_value c[8];
    AUTO_ARENA arena = ARENA(1 << 16);
    __attribute__((cleanup(base_close))) struct base b = {0};
    struct bytes writer = {(const unsigned char *)"0123456789abcdef", 16};
    struct db_value key[] = {db_i(7), db_b(writer), DB_END};
    base_open(&b);
    CHECK(b.db);
    CHECK_INT(db_migrate(b.db, first_only(first), NOW_US, &b.err), TRACK_OK);
    CHECK_INT(
        db_exec(b.db, QUERY_writer_add, DB_IN(key[0], key[1], db_i(NOW_US), db_b(writer)), &b.err),
        TRACK_OK);
    CHECK_INT(db_exec(b.db, QUERY_journal_add,
                      DB_IN(key[0], key[1], db_i(0), db_i(4), db_i(0), db_i(60), db_i(16),
                            db_i(NOW_US), db_b(writer)),
                      &b.err),
              TRACK_OK);
    for (int64_t node = 6; node <= 7; node++) {
        struct db_text run = {
            "INSERT INTO run SELECT $1, $2, 1, '', '', 'running', '', '', '', '', "
            "'', NULL, 1, 0, 0, 0, 0, 1, 1, NULL, NULL, NULL, 1, 1, NULL, ''",
            (struct db_value[]){db_i(node), db_t(node == 6 ? "a" : "b")}, 2, ""};
        CHECK_INT(db_run_text(b.db, &run, no_row, NULL, &b.err), TRACK_OK);
    }
    struct db_text frames = {"UPDATE writer SET next_seq = 5", NULL, 0, ""};
    CHECK_INT(db_run_text(b.db, &frames, no_row, NULL, &b.err), TRACK_OK);
    CHECK_INT(db_migrate(b.db, db_migrations, NOW_US, &b.err), TRACK_OK);
    CHECK_INT(db_prepare(b.db, &b.err), TRACK_OK);
    CHECK_INT(db_find(b.db, QUERY_check_writer_list, DB_IN(db_i(7)), &arena, c, &b.err), TRACK_OK);
    CHECK(c[0].type == 'b' && memcmp(c[0].as.bytes.at, writer.at, 16) == 0);
    CHECK(c[6].type == 'i' && c[6].as.i == 0 && c[7].as.i == 0); /* nothing was sealed yet */
    CHECK_INT(db_find(b.db, QUERY_journal_body, DB_IN(key[0], key[1], db_i(0)), &arena, c, &b.err),
              TRACK_OK);
    CHECK(c[0].type == 'b' && c[0].as.bytes.size == 16);
    int64_t version = 0;
    bool found = false;
    CHECK_INT(db_find_i(b.db, QUERY_schema_version_get, NULL, &version, &found, &b.err), TRACK_OK);
    CHECK_INT(version, 3);
    int64_t stale = 0; /* the summaries of a run that has frames which nobody has folded */
    CHECK_INT(db_find_i(b.db, QUERY_run_stale_all, NULL, &stale, &found, &b.err), TRACK_OK);
    CHECK(found && stale == 7);
}

TEST(db, stops_a_statement_at_its_deadline)
{
    BASE(b);
    static const char endless[] = "WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL "
                                  "SELECT i + 1 FROM n) SELECT i FROM n";
    struct db_text text = {endless, NULL, 0, "i"};
    CHECK_INT(db_begin(b.db, 50, &b.err), TRACK_OK);
    CHECK_INT(db_run_text(b.db, &text, no_row, NULL, &b.err), TRACK_TIMEOUT);
    db_rollback(b.db);
    text.sql = "NONSENSE";
    CHECK_INT(db_run_text(b.db, &text, no_row, NULL, &b.err), TRACK_INVALID);
}

static struct bytes text_of(const char *text)
{
    return (struct bytes){(const unsigned char *)text, strlen(text)};
}

static bool like(const char *text, const char *pattern)
{
    return db_like(text_of(text), text_of(pattern), false);
}

TEST(db, knows_what_is_like_what)
{
    CHECK(like("", "") && like("", "%") && like("abc", "abc") && like("abc", "a%"));
    CHECK(like("abc", "%c") && like("abc", "%b%") && like("abc", "a_c") && like("aXbXc", "a%b%c"));
    CHECK(like("aab", "%ab") && like("abab", "%ab") && like("100%", "100\\%"));
    CHECK(like("a\\", "a\\") && like("ü", "_") && like("x🙂y", "x_y"));
    CHECK(!like("abc", "ab") && !like("abc", "bc") && !like("", "_") && !like("100x", "100\\%"));
    CHECK(!like("Abc", "abc") && !like("aüc", "a__c"));
    CHECK(db_like(text_of("ABC"), text_of("a%C"), true));
    CHECK(!db_like(text_of("Ü"), text_of("ü"), true));
}

TEST(db, says_each_engines_words)
{
    AUTO_BUF out = BUF(256);
    static const char sql[] = "a {I64}, b {F64}) {TAIL}; {X} {I6";
    static const struct db_word words[] = {{"{I64}", "BIGINT"}, {"{TAIL}", ""}, {NULL, NULL}};
    struct db_migration m = {"0001_x.sql", sizeof(sql) - 1, (const unsigned char *)sql};
    db_put_migration(&m, words, &out);
    CHECK(strcmp((const char *)out.at, "a BIGINT, b {F64}) ; {X} {I6") == 0);
}
