#include "db_schema.h"

#include <string.h>

#define ASSET(path, ...) \
    {path, sizeof((const unsigned char[]){__VA_ARGS__}), (const unsigned char[]){__VA_ARGS__}},

const struct db_migration db_migrations[] = {
#include "migrations.inc"
    {0, 0, 0}};

/* The word whose token stands at m->sql[at], or the last row. */
static const struct db_word *word_at(const struct db_migration *m, size_t at,
                                     const struct db_word *words)
{
    while (words->token && (m->size - at < strlen(words->token) ||
                            memcmp(m->sql + at, words->token, strlen(words->token)) != 0)) {
        words++;
    }
    return words;
}

void db_put_migration(const struct db_migration *m, const struct db_word *words, struct buf *out)
{
    for (size_t i = 0; i < m->size;) {
        const struct db_word *word = word_at(m, i, words);
        if (word->token) {
            buf_text(out, word->text);
            i += strlen(word->token);
        } else {
            buf_byte(out, m->sql[i++]);
        }
    }
    buf_byte(out, 0);
}
