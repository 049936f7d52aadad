/* db - the SQL seam.
 *
 * One const table of functions for each engine; the store sees rows and transactions, never an
 * engine.  One connection writes, and it also checkpoints; all others are read-only and hold one
 * short transaction at a time.  Statements are those of schema/queries, typed and prepared.
 * Uses: arena, bytes, fail, queries.  A connection belongs to one thread at a time.
 */
#ifndef SERVER_DB_H
#define SERVER_DB_H
#include "../core/arena.h"
#include "../core/bytes.h"
#include "../core/fail.h"
#include "queries.h"

struct db; /* one connection; its first member is `const struct db_ops *ops` */

/* How a COMMIT ended.  RETRY: not done, run the group again.  UNKNOWN: done or not; close, open and
 * run the group again, which is harmless for every ticket. */
enum db_outcome { DB_COMMITTED, DB_RETRY, DB_UNKNOWN };

/* A parameter or a column.  'i' int64, 'f' double, 't' text, 'b' bytes, 'n' NULL.  A NaN comes back
 * as NULL, -0.0 as 0.0: exact values live in frames.  Bytes and texts that a row function is given
 * are valid inside the call only. */
struct db_value {
    char type;
    union {
        int64_t i;
        double f;
        struct bytes bytes; /* of 't' and 'b' */
    } as;
};

/* Receives one row; columns are those of the statement's marker.  Any status but TRACK_OK ends the
 * statement with that status. */
typedef track_status db_row(void *data, const struct db_value *columns, track_error *err);

/* SQL text made by store_filter.c. */
struct db_text {
    const char *sql;           /* placeholders $1..$count */
    const struct db_value *in; /* [count] */
    size_t count;
    const char *out; /* one type letter a column, as in a marker */
};

struct db_migration; /* db_schema.h */

struct db_ops {
    const char *name; /* "sqlite" */
    track_status (*open)(struct db **out, const char *path, bool writing, track_error *err);
    void (*close)(struct db *db);
    track_status (*prepare)(struct db *db, track_error *err);
    track_status (*begin)(struct db *db, int limit_ms, track_error *err);
    track_status (*commit)(struct db *db, enum db_outcome *out, track_error *err);
    void (*rollback)(struct db *db);
    track_status (*savepoint)(struct db *db, track_error *err);
    track_status (*keep)(struct db *db, track_error *err);
    bool (*undo)(struct db *db);
    track_status (*run)(struct db *db, enum query q, const struct db_value *in, db_row *row,
                        void *data, track_error *err);
    int64_t (*changed)(struct db *db); /* rows that the last run inserted, updated or deleted */
    track_status (*run_text)(struct db *db, const struct db_text *text, db_row *row, void *data,
                             track_error *err);
    track_status (*migrate)(struct db *db, const struct db_migration *all, int64_t now_us,
                            track_error *err);
    track_status (*check)(struct db *db, db_row *complaint, void *data, track_error *err);
    track_status (*idle)(struct db *db, track_error *err);
};

/* Values for parameters; DB_IN(db_i(1), db_t("x")) is a list of them, with an end that db_run looks
 * for. */
#define DB_END       \
    {                \
        .type = '\0' \
    }
#define DB_IN(...) ((const struct db_value[]){__VA_ARGS__, DB_END})
struct db_value db_i(int64_t value);
struct db_value db_f(double value);        /* NaN becomes NULL */
struct db_value db_t(const char *text);    /* NULL becomes NULL */
struct db_value db_tn(struct bytes text);  /* UTF-8, checked at the edge */
struct db_value db_b(struct bytes bytes);  /* at == NULL with size 0 is empty, not NULL */
struct db_value db_maybe_i(int64_t value); /* 0 becomes NULL: optional times and nodes */
struct db_value db_null(void);

/* Opens a connection and, when writing, creates the file.
 *
 *   path     of the database file.
 *   writing  the one connection that writes; it is opened first and closed last.
 *   out      close with db_close; set only on TRACK_OK.
 *
 * TRACK_IO         the file cannot be opened or created.
 * TRACK_FULL       no room on the disk.
 * TRACK_CORRUPT    the file is no database, or a statement of ours does not fit its schema.
 * TRACK_NOMEM      no memory.
 *
 * Tests: tests/server/test_db.c
 */
track_status db_open(const struct db_ops *ops, const char *path, bool writing, struct db **out,
                     track_error *err);
void db_close(struct db *db); /* NULL is allowed */

/* Prepares every statement: a typo stops the server at its start, not a user later.
 *
 * TRACK_CORRUPT  a statement does not fit the schema; err names it.
 */
track_status db_prepare(struct db *db, track_error *err);

/* Begins a transaction: one that writes on the writing connection, else a snapshot to read.
 *
 *   limit_ms  0: none; else statements of it end in TRACK_TIMEOUT when it has passed.
 *
 * TRACK_BUSY   another process holds the file: none of ours does.
 * TRACK_IO     the disk.
 */
track_status db_begin(struct db *db, int limit_ms, track_error *err);

/* Ends it, keeping what was written.
 *
 *   out  set in any case: how it ended.
 *
 * TRACK_BUSY  out is DB_RETRY.
 * TRACK_IO, TRACK_FULL, ...  out is DB_UNKNOWN.
 */
track_status db_commit(struct db *db, enum db_outcome *out, track_error *err);
void db_rollback(struct db *db); /* drops what was written since db_begin */

/* A point inside a transaction to fall back to, one at a time.  db_keep keeps what was written
 * since; db_undo drops it, and is false if the engine has dropped the whole transaction with it (a
 * full disk, no memory): then db_rollback and begin again. */
track_status db_savepoint(struct db *db, track_error *err);
track_status db_keep(struct db *db, track_error *err);
bool db_undo(struct db *db);

/* Runs one statement of schema/queries.
 *
 *   in    one value a parameter, of the marker's types or NULL, at least, and DB_END; NULL: none.
 *   row   called for each row; NULL: rows are ignored.
 *
 * TRACK_CONFLICT  a key is there already, or a NOT NULL column got NULL.
 * TRACK_TIMEOUT   the limit of db_begin passed.
 * TRACK_CORRUPT   the database is malformed, or a column is not of the marker's type.
 * TRACK_FULL      no room on the disk.
 * TRACK_IO        the disk.
 * TRACK_NOMEM     no memory.
 * and whatever row returns.
 *
 * Tests: tests/server/test_db.c
 */
track_status db_run(struct db *db, enum query q, const struct db_value *in, db_row *row, void *data,
                    track_error *err);

/* The same where at most one row is asked for: copies it.
 *
 *   out  [columns of the marker], texts and bytes in arena; out[0].type is 0 when there is no row.
 *
 * The statuses of db_run.
 */
track_status db_find(struct db *db, enum query q, const struct db_value *in, struct arena *arena,
                     struct db_value *out, track_error *err);

/* The same for a statement whose only column is an integer; *out is 0 when not found. */
track_status db_find_i(struct db *db, enum query q, const struct db_value *in, int64_t *out,
                       bool *found, track_error *err);

/* The same where nothing comes back. */
track_status db_exec(struct db *db, enum query q, const struct db_value *in, track_error *err);

/* How many rows the last db_exec inserted, updated or deleted.  For one row cheaper than RETURNING,
 * for which SQLite makes a table each time. */
int64_t db_changed(struct db *db);

/* Runs text made by store_filter.c; statuses as db_run, and TRACK_INVALID: the text is no SQL. */
track_status db_run_text(struct db *db, const struct db_text *text, db_row *row, void *data,
                         track_error *err);

/* Brings the schema to the newest version, all steps in one transaction.
 *
 *   all  ascending; ends with a row whose path is NULL.
 *
 * TRACK_UNSUPPORTED  the database was written by a newer trackd; err names both versions.
 * TRACK_CORRUPT      not a database of ours.
 */
track_status db_migrate(struct db *db, const struct db_migration *all, int64_t now_us,
                        track_error *err);

/* The engine's own check of its file; complaint is called with one text column for each finding. */
track_status db_check(struct db *db, db_row *complaint, void *data, track_error *err);

/* Called when there is nothing to write: moves the log into the file when it has grown. */
track_status db_idle(struct db *db, track_error *err);

/* Copies a column for the caller; a NULL column gives "" as text, and bytes whose at is NULL.
 *
 * TRACK_NOMEM  the arena has no room.
 */
track_status db_copy_text(struct arena *arena, const struct db_value *column, const char **out,
                          track_error *err);
track_status db_copy_bytes(struct arena *arena, const struct db_value *column, struct bytes *out,
                           track_error *err);
int64_t db_get_i(const struct db_value *column); /* NULL is 0 */
double db_get_f(const struct db_value *column);  /* NULL is NaN */

extern const struct db_ops db_sqlite;
extern const struct db_ops db_sqlite_normal; /* a commit survives a crash, not a power failure */
#endif
