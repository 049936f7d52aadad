/* journal_book - key numbers that writers of the server's own have given, in memory.
 *
 * A program that sends points as JSON names its series in every request.  The book says their
 * numbers without the database, so that the thread that received the points can make a frame of
 * them.  It holds what has been committed, as far as there is room; a number never changes its
 * meaning within a run, so what it says stays true.  What it does not know, the database does.
 * Uses: frame, hash.  Any thread.
 */
#ifndef SERVER_JOURNAL_BOOK_H
#define SERVER_JOURNAL_BOOK_H
#include "../core/arena.h"
#include "../core/frame.h"

enum {
    BOOK_WRITERS = 1024,         /* places; writers that meet in one take turns */
    BOOK_WRITER_BYTES = 8 << 20, /* of a writer's keys: further ones are left out */
    BOOK_BYTES = 64 << 20,       /* of all: then others are forgotten */
};

struct journal_book; /* opaque */

/*   arena  holds it.  TRACK_NOMEM. */
track_status book_open(struct arena *arena, struct journal_book **out, track_error *err);
void book_close(struct journal_book *b); /* NULL is allowed */

/* A writer: the id of its run and its own name. */
struct book_writer {
    const char *run, *name;
};

/* What they are called in the database; numbers are good for this run only. */
struct book_place {
    int64_t run_node;
    unsigned char writer[FRAME_WRITER_BYTES];
};

/* Looks up keys [count].
 *
 *   numbers  [count] out.
 *   place    out.
 *
 * False if one of them is not in the book.
 *
 * Cost:  25 ns a key.
 * Tests: tests/server/test_journal_book.c
 */
struct book_keys {
    const struct frame_key *at;
    size_t count;
};
bool book_find(struct journal_book *b, const struct book_writer *writer, struct book_keys keys,
               uint32_t *numbers, struct book_place *place);

/* Notes the numbers of keys [keys.count], once they are committed. */
void book_add(struct journal_book *b, const struct book_writer *writer,
              const struct book_place *place, struct book_keys keys, const uint32_t *numbers);
#endif
