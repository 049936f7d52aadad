#include "clock.h"
#include "db.h"
#include "db_like.h"
#include "db_schema.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    PARAMETERS_MAX = 31,
    COLUMNS_MAX = 31,
    TEXT_PARAMETERS_MAX = 999,
    STEPS_A_LOOK = 1000,     /* of the engine between two looks at the clock */
    LOG_BYTES_MAX = 64 << 20 /* of the write-ahead log when idle */
};

/* A statement and where its $1, $2, ... are: SQLite numbers them by first appearance. */
struct statement {
    sqlite3_stmt *at;
    int place[PARAMETERS_MAX];
};

/* What frames the statements of tickets: several of them for each request. */
enum word { BEGIN_WRITING, BEGIN_READING, COMMIT, ROLLBACK, SAVEPOINT, RELEASE, WORD_COUNT };

static const char *const word_texts[WORD_COUNT] = {
    "BEGIN IMMEDIATE", "BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT ticket", "RELEASE ticket",
};

struct sqlite {
    const struct db_ops *ops; /* first, as in struct db */
    struct arena own;         /* holds this struct */
    sqlite3 *engine;
    bool writing;
    int64_t deadline_us; /* on the steady clock; 0: none */
    struct statement statements[QUERY_COUNT];
    sqlite3_stmt *words[WORD_COUNT]; /* prepared when first said */
};

static struct sqlite *sqlite_of(struct db *db)
{
    return (struct sqlite *)(void *)db;
}

static track_status status_of(sqlite3 *engine, int rc)
{
    switch (rc & 0xff) {
    case SQLITE_NOMEM:
        return TRACK_NOMEM;
    case SQLITE_FULL:
        return TRACK_FULL;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return TRACK_BUSY;
    case SQLITE_CONSTRAINT:
        return TRACK_CONFLICT;
    case SQLITE_INTERRUPT:
        return TRACK_TIMEOUT;
    case SQLITE_TOOBIG:
        return TRACK_TOO_LARGE;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_ERROR:
    case SQLITE_MISMATCH:
    case SQLITE_RANGE:
        return TRACK_CORRUPT;
    case SQLITE_IOERR:
        return sqlite3_system_errno(engine) == ENOSPC ? TRACK_FULL : TRACK_IO;
    default:
        return TRACK_IO;
    }
}

static track_status failed(const struct sqlite *s, int rc, const char *what, track_error *err)
{
    track_status status = status_of(s->engine, rc);
    if (status == TRACK_TIMEOUT) {
        return FAIL(err, status, "%s took too long", what);
    }
    return FAIL(err, status, "%s: %s", what, sqlite3_errmsg(s->engine));
}

static track_status exec(struct sqlite *s, const char *sql, const char *what, track_error *err)
{
    int rc = sqlite3_exec(s->engine, sql, NULL, NULL, NULL);
    return rc == SQLITE_OK ? TRACK_OK : failed(s, rc, what, err);
}

static track_status say(struct sqlite *s, enum word word, track_error *err)
{
    sqlite3_stmt **at = &s->words[word];
    int rc = *at ? SQLITE_OK
                 : sqlite3_prepare_v3(s->engine, word_texts[word], -1, SQLITE_PREPARE_PERSISTENT,
                                      at, NULL);
    rc = rc == SQLITE_OK ? sqlite3_step(*at) : rc;
    track_status status = rc == SQLITE_DONE ? TRACK_OK : failed(s, rc, word_texts[word], err);
    sqlite3_reset(*at);
    return status;
}

static int out_of_time(void *data)
{
    const struct sqlite *s = data;
    return s->deadline_us != 0 && clock_steady_us() > s->deadline_us;
}

static struct bytes value_bytes(sqlite3_value *v)
{
    const void *at = sqlite3_value_text(v);
    return (struct bytes){at, (size_t)sqlite3_value_bytes(v)};
}

/* like_cs(text, pattern) and like_ci. */
static void like(sqlite3_context *context, int count, sqlite3_value **in)
{
    (void)count;
    if (sqlite3_value_type(in[0]) == SQLITE_NULL || sqlite3_value_type(in[1]) == SQLITE_NULL) {
        sqlite3_result_null(context);
        return;
    }
    bool fold = sqlite3_user_data(context) != NULL;
    sqlite3_result_int(context, db_like(value_bytes(in[0]), value_bytes(in[1]), fold));
}

static track_status add_functions(struct sqlite *s, track_error *err)
{
    int flags = SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS;
    int rc = sqlite3_create_function(s->engine, "like_cs", 2, flags, NULL, like, NULL, NULL);
    if (rc == SQLITE_OK) {
        rc = sqlite3_create_function(s->engine, "like_ci", 2, flags, s, like, NULL, NULL);
    }
    return rc == SQLITE_OK ? TRACK_OK : failed(s, rc, "functions", err);
}

static track_status configure(struct sqlite *s, const char *path, track_error *err)
{
    static const char common[] = "PRAGMA mmap_size=0; PRAGMA trusted_schema=OFF;"
                                 "PRAGMA cell_size_check=ON; PRAGMA temp_store=MEMORY;";
    static const char writing[] = "PRAGMA page_size=4096; PRAGMA journal_mode=WAL;"
                                  "PRAGMA synchronous=FULL; PRAGMA cache_size=-32768;"
                                  "PRAGMA wal_autocheckpoint=1000;";
    sqlite3_extended_result_codes(s->engine, 1);
    sqlite3_busy_timeout(s->engine, s->writing ? 2000 : 5000);
    sqlite3_db_config(s->engine, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_limit(s->engine, SQLITE_LIMIT_VARIABLE_NUMBER, TEXT_PARAMETERS_MAX);
    sqlite3_progress_handler(s->engine, STEPS_A_LOOK, out_of_time, s);
    TRY(exec(s, common, path, err));
    TRY(exec(s, s->writing ? writing : "PRAGMA query_only=ON;", path, err));
    return add_functions(s, err);
}

static void sqlite_close(struct db *db)
{
    struct sqlite *s = sqlite_of(db);
    for (size_t i = 0; i < QUERY_COUNT; i++) {
        sqlite3_finalize(s->statements[i].at);
    }
    for (size_t i = 0; i < WORD_COUNT; i++) {
        sqlite3_finalize(s->words[i]);
    }
    sqlite3_close(s->engine);
    struct arena own = s->own;
    arena_release(&own);
}

static track_status sqlite_open(struct db **out, const char *path, bool writing, track_error *err)
{
    struct arena own = ARENA(sizeof(struct sqlite) + 4096);
    struct sqlite *s = ARENA_NEW(&own, struct sqlite);
    if (!s) {
        return FAIL(err, TRACK_NOMEM, "no room for a connection");
    }
    *s = (struct sqlite){.ops = &db_sqlite, .own = own, .writing = writing};
    int flags = SQLITE_OPEN_NOMUTEX |
                (writing ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READONLY);
    int rc = sqlite3_open_v2(path, &s->engine, flags, NULL);
    track_status status = rc == SQLITE_OK ? configure(s, path, err) : failed(s, rc, path, err);
    if (status != TRACK_OK) {
        sqlite_close((struct db *)(void *)s);
        return status;
    }
    *out = (struct db *)(void *)s;
    return TRACK_OK;
}

static track_status sqlite_open_normal(struct db **out, const char *path, bool writing,
                                       track_error *err)
{
    struct db *db;
    TRY(sqlite_open(&db, path, writing, err));
    track_status status = exec(sqlite_of(db), "PRAGMA synchronous=NORMAL;", path, err);
    if (status != TRACK_OK) {
        sqlite_close(db);
        return status;
    }
    *out = db;
    return TRACK_OK;
}

static track_status prepare(struct sqlite *s, enum query q, track_error *err)
{
    struct statement *st = &s->statements[q];
    const struct query_row *row = &query_rows[q];
    if (st->at) {
        return TRACK_OK;
    }
    int rc = sqlite3_prepare_v3(s->engine, row->text, -1, SQLITE_PREPARE_PERSISTENT, &st->at, NULL);
    if (rc != SQLITE_OK) {
        return failed(s, rc, row->name, err);
    }
    for (size_t i = 0; row->in[i]; i++) {
        char name[24];
        snprintf(name, sizeof(name), "$%zu", i + 1);
        st->place[i] = sqlite3_bind_parameter_index(st->at, name);
    }
    if ((size_t)sqlite3_column_count(st->at) != strlen(row->out)) {
        return FAIL(err, TRACK_CORRUPT, "%s gives %d columns, not %zu", row->name,
                    sqlite3_column_count(st->at), strlen(row->out));
    }
    return TRACK_OK;
}

static track_status sqlite_prepare(struct db *db, track_error *err)
{
    for (int q = 0; q < QUERY_COUNT; q++) {
        TRY(prepare(sqlite_of(db), (enum query)q, err));
    }
    return TRACK_OK;
}

static track_status sqlite_begin(struct db *db, int limit_ms, track_error *err)
{
    struct sqlite *s = sqlite_of(db);
    s->deadline_us = limit_ms ? clock_steady_us() + (int64_t)limit_ms * 1000 : 0;
    return say(s, s->writing ? BEGIN_WRITING : BEGIN_READING, err);
}

static track_status sqlite_commit(struct db *db, enum db_outcome *out, track_error *err)
{
    struct sqlite *s = sqlite_of(db);
    s->deadline_us = 0;
    track_status status = say(s, COMMIT, err);
    *out = status == TRACK_OK ? DB_COMMITTED : status == TRACK_BUSY ? DB_RETRY : DB_UNKNOWN;
    return status;
}

static void sqlite_rollback(struct db *db)
{
    struct sqlite *s = sqlite_of(db);
    s->deadline_us = 0;
    if (!sqlite3_get_autocommit(s->engine)) {
        (void)say(s, ROLLBACK, NULL);
    }
}

static track_status sqlite_savepoint(struct db *db, track_error *err)
{
    return say(sqlite_of(db), SAVEPOINT, err);
}

static track_status sqlite_keep(struct db *db, track_error *err)
{
    return say(sqlite_of(db), RELEASE, err);
}

static bool sqlite_undo(struct db *db)
{
    struct sqlite *s = sqlite_of(db);
    return !sqlite3_get_autocommit(s->engine) &&
           exec(s, "ROLLBACK TO ticket; RELEASE ticket", "undo", NULL) == TRACK_OK;
}

static int bind(sqlite3_stmt *at, int place, const struct db_value *v)
{
    const unsigned char *bytes = v->as.bytes.at ? v->as.bytes.at : (const unsigned char *)"";
    switch (v->type) {
    case 'i':
        return sqlite3_bind_int64(at, place, v->as.i);
    case 'f':
        return sqlite3_bind_double(at, place, v->as.f);
    case 't':
        return sqlite3_bind_text64(at, place, (const char *)bytes, v->as.bytes.size, SQLITE_STATIC,
                                   SQLITE_UTF8);
    case 'b':
        return sqlite3_bind_blob64(at, place, bytes, v->as.bytes.size, SQLITE_STATIC);
    default:
        return sqlite3_bind_null(at, place);
    }
}

/* True if a value of this type may stand where the marker says so. */
static bool fits(char type, char marker)
{
    return type == 'n' || type == marker || (type == 't' && marker == 'j');
}

/* Reads column i as the marker wants it; false: it is of another type. */
static bool read_column(sqlite3_stmt *at, int i, char marker, struct db_value *out)
{
    int type = sqlite3_column_type(at, i);
    size_t size;
    switch (type) {
    case SQLITE_NULL:
        *out = db_null();
        return true;
    case SQLITE_INTEGER:
        *out = marker == 'f' ? db_f((double)sqlite3_column_int64(at, i))
                             : db_i(sqlite3_column_int64(at, i));
        break;
    case SQLITE_FLOAT:
        *out = db_f(sqlite3_column_double(at, i));
        break;
    default:
        out->as.bytes.at =
            type == SQLITE_TEXT ? sqlite3_column_text(at, i) : sqlite3_column_blob(at, i);
        size = (size_t)sqlite3_column_bytes(at, i);
        out->as.bytes.size = size;
        out->type = type == SQLITE_TEXT ? 't' : 'b';
    }
    return fits(out->type, marker);
}

/* A statement under way, and what it is called in messages. */
struct run {
    struct sqlite *s;
    sqlite3_stmt *at;
    const char *name;
    const char *out;
};

static track_status give_row(const struct run *r, db_row *row, void *data, track_error *err)
{
    struct db_value columns[COLUMNS_MAX];
    for (int i = 0; r->out[i]; i++) {
        if (!read_column(r->at, i, r->out[i], &columns[i])) {
            return FAIL(err, TRACK_CORRUPT, "%s: column %d is not of type %c", r->name, i + 1,
                        r->out[i]);
        }
    }
    return row(data, columns, err);
}

static track_status step_through(const struct run *r, db_row *row, void *data, track_error *err)
{
    for (;;) {
        int rc = sqlite3_step(r->at);
        if (rc == SQLITE_DONE) {
            return TRACK_OK;
        }
        if (rc != SQLITE_ROW) {
            return failed(r->s, rc, r->name, err);
        }
        if (row) {
            TRY(give_row(r, row, data, err));
        }
    }
}

static track_status sqlite_run(struct db *db, enum query q, const struct db_value *in, db_row *row,
                               void *data, track_error *err)
{
    struct sqlite *s = sqlite_of(db);
    const struct query_row *marker = &query_rows[q];
    TRY(prepare(s, q, err));
    struct run r = {s, s->statements[q].at, marker->name, marker->out};
    assert(!sqlite3_stmt_busy(r.at)); /* a row function must not run its own statement */
    int rc = SQLITE_OK;
    for (size_t i = 0; marker->in[i] && rc == SQLITE_OK; i++) {
        assert(fits(in[i].type, marker->in[i]));
        rc = bind(r.at, s->statements[q].place[i], &in[i]);
    }
    track_status status =
        rc == SQLITE_OK ? step_through(&r, row, data, err) : failed(s, rc, marker->name, err);
    sqlite3_reset(r.at);
    sqlite3_clear_bindings(r.at);
    return status;
}

static int64_t sqlite_changed(struct db *db)
{
    return sqlite3_changes64(sqlite_of(db)->engine);
}

static void finalize(sqlite3_stmt **at)
{
    sqlite3_finalize(*at);
}

static track_status sqlite_run_text(struct db *db, const struct db_text *text, db_row *row,
                                    void *data, track_error *err)
{
    struct sqlite *s = sqlite_of(db);
    __attribute__((cleanup(finalize))) sqlite3_stmt *at = NULL;
    int rc = sqlite3_prepare_v2(s->engine, text->sql, -1, &at, NULL);
    if (rc != SQLITE_OK) {
        track_status status = status_of(s->engine, rc);
        return FAIL(err, status == TRACK_CORRUPT ? TRACK_INVALID : status, "search: %s",
                    sqlite3_errmsg(s->engine));
    }
    struct run r = {s, at, "search", text->out};
    assert((size_t)sqlite3_column_count(at) == strlen(text->out));
    for (size_t i = 0; i < text->count && rc == SQLITE_OK; i++) {
        char name[24];
        snprintf(name, sizeof(name), "$%zu", i + 1);
        int place = sqlite3_bind_parameter_index(at, name);
        rc = place ? bind(at, place, &text->in[i]) : SQLITE_OK;
    }
    return rc == SQLITE_OK ? step_through(&r, row, data, err) : failed(s, rc, "search", err);
}

static const struct db_word words[] = {
    {"{I64}", "INTEGER"},
    {"{F64}", "REAL"},
    {"{BYTES}", "BLOB"},
    {"{TEXT}", "TEXT"},
    {"{JSON}", "TEXT"},
    {"{TAIL}", "STRICT"},
    {"{CLUSTER}", "STRICT, WITHOUT ROWID"},
    {NULL, NULL},
};

static track_status apply(struct sqlite *s, const struct db_migration *m, int64_t now_us,
                          track_error *err)
{
    AUTO_BUF sql = BUF(1 << 20);
    db_put_migration(m, words, &sql);
    struct bytes text;
    TRY(buf_end(&sql, &text, err));
    TRY(exec(s, (const char *)text.at, m->path, err));
    const struct db_value in[] = {db_i(strtol(m->path, NULL, 10)), db_t("expand"), db_i(now_us),
                                  DB_END};
    return db_exec((struct db *)(void *)s, QUERY_schema_version_add, in, err);
}

static int count_cell(void *data, int count, char **cells, char **names)
{
    (void)count;
    (void)names;
    *(int64_t *)data = cells[0] ? strtoll(cells[0], NULL, 10) : 0;
    return 0;
}

static track_status cell(struct sqlite *s, const char *sql, int64_t *out, track_error *err)
{
    int rc = sqlite3_exec(s->engine, sql, count_cell, out, NULL);
    return rc == SQLITE_OK ? TRACK_OK : failed(s, rc, "schema", err);
}

/* The version the file is at; 0 when it is new. */
static track_status version(struct sqlite *s, int64_t *out, track_error *err)
{
    int64_t tables = 0, ours = 0;
    TRY(cell(s, "SELECT count(*) FROM sqlite_master", &tables, err));
    TRY(cell(s, "SELECT count(*) FROM sqlite_master WHERE name='schema_version'", &ours, err));
    if (tables > 0 && ours == 0) {
        return FAIL(err, TRACK_CORRUPT, "%s is a database of some other program",
                    sqlite3_db_filename(s->engine, "main"));
    }
    *out = 0;
    return ours ? cell(s, "SELECT max(version) FROM schema_version", out, err) : TRACK_OK;
}

static track_status migrate_to(struct sqlite *s, const struct db_migration *all, int64_t now_us,
                               track_error *err)
{
    int64_t now = 0, newest = 0;
    TRY(version(s, &now, err));
    for (const struct db_migration *m = all; m->path; m++) {
        newest = strtol(m->path, NULL, 10);
        if (newest > now) {
            TRY(apply(s, m, now_us, err));
        }
    }
    if (now > newest) {
        return FAIL(err, TRACK_UNSUPPORTED,
                    "the data has schema version %" PRId64 ", this trackd knows %" PRId64
                    ": use the newer trackd that wrote it",
                    now, newest);
    }
    return TRACK_OK;
}

static track_status sqlite_migrate(struct db *db, const struct db_migration *all, int64_t now_us,
                                   track_error *err)
{
    TRY(sqlite_begin(db, 0, err));
    track_status status = migrate_to(sqlite_of(db), all, now_us, err);
    if (status != TRACK_OK) {
        sqlite_rollback(db);
        return status;
    }
    enum db_outcome outcome;
    return sqlite_commit(db, &outcome, err);
}

static track_status sqlite_check(struct db *db, db_row *complaint, void *data, track_error *err)
{
    struct db_text text = {"PRAGMA integrity_check(100)", NULL, 0, "t"};
    return sqlite_run_text(db, &text, complaint, data, err);
}

static track_status sqlite_idle(struct db *db, track_error *err)
{
    struct sqlite *s = sqlite_of(db);
    int pages = 0, moved = 0;
    (void)sqlite3_db_release_memory(s->engine);
    int rc = sqlite3_wal_checkpoint_v2(s->engine, NULL, SQLITE_CHECKPOINT_PASSIVE, &pages, &moved);
    if (rc == SQLITE_OK && pages == moved && (int64_t)pages * 4096 > LOG_BYTES_MAX) {
        rc = sqlite3_wal_checkpoint_v2(s->engine, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
    }
    return rc == SQLITE_OK || rc == SQLITE_BUSY ? TRACK_OK : failed(s, rc, "checkpoint", err);
}

#define OPS(how)                                                                           \
    {                                                                                      \
        .name = "sqlite", .open = (how), .close = sqlite_close, .prepare = sqlite_prepare, \
        .begin = sqlite_begin, .commit = sqlite_commit, .rollback = sqlite_rollback,       \
        .savepoint = sqlite_savepoint, .keep = sqlite_keep, .undo = sqlite_undo,           \
        .run = sqlite_run, .changed = sqlite_changed, .run_text = sqlite_run_text,         \
        .migrate = sqlite_migrate, .check = sqlite_check, .idle = sqlite_idle              \
    }

const struct db_ops db_sqlite = OPS(sqlite_open);
const struct db_ops db_sqlite_normal = OPS(sqlite_open_normal);
