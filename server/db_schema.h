/* db_schema - the steps of the schema, as text with tokens for what engines call differently.
 *
 * Uses: bytes, and the generated migrations.inc.
 */
#ifndef SERVER_DB_SCHEMA_H
#define SERVER_DB_SCHEMA_H
#include "../core/bytes.h"

/* One step: a file of schema/migrations. */
struct db_migration {
    const char *path; /* "0001_init.sql": its number is the version it leads to */
    size_t size;
    const unsigned char *sql; /* [size], with tokens */
};

/* The schema of this build; ends with a row whose path is NULL. */
extern const struct db_migration db_migrations[];

/* What an engine says for a token such as "{I64}". */
struct db_word {
    const char *token, *text;
};

/* Appends the text of a step with an engine's words, and a NUL.
 *
 *   words  ends with a row whose token is NULL.
 *
 * Tests: tests/server/test_db.c
 */
void db_put_migration(const struct db_migration *m, const struct db_word *words, struct buf *out);
#endif
