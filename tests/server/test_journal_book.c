/* Shows that the book says what it was told, of the right writer only, and stays small.
 * How: many keys, writers that meet in one place, and more than it may hold. */
#include "../../server/journal_book.h"
#include "../harness.h"

#include <stdio.h>
#include <string.h>

enum { KEYS = 1000, ARENA_BYTES = 1 << 20 };
static const struct book_place place_7 = {.run_node = 7, .writer = {[15] = 9}};
static const struct book_place place_8 = {.run_node = 8};
#define RUN "0190a0b0c0d0700080000000000000aa"

static struct frame_key key_of(char *text, size_t room, int number)
{
    int size = snprintf(text, room, "layer%d/loss", number);
    return (struct frame_key){.name = {(const unsigned char *)text, (size_t)size}};
}

/* Whether the book gives key `number` of the writer as a number, and which. */
static int64_t ask(struct journal_book *b, const struct book_writer *writer, int number)
{
    char text[32];
    struct frame_key key = key_of(text, sizeof(text), number);
    uint32_t found;
    struct book_place place;
    return book_find(b, writer, (struct book_keys){&key, 1}, &found, &place) ? (int64_t)found : -1;
}

static void tell(struct journal_book *b, const struct book_writer *writer, int number,
                 uint32_t called)
{
    char text[32];
    struct frame_key key = key_of(text, sizeof(text), number);
    book_add(b, writer, &place_7, (struct book_keys){&key, 1}, &called);
}

TEST(journal_book, says_what_it_was_told)
{
    AUTO_ARENA arena = ARENA(ARENA_BYTES);
    struct journal_book *b;
    struct book_writer one = {RUN, "api"}, other = {RUN, "mlflow"};
    CHECK(book_open(&arena, &b, NULL) == TRACK_OK);
    bool right = ask(b, &one, 0) == -1;
    for (int i = 0; i < KEYS; i++) {
        tell(b, &one, i, (uint32_t)i * 3);
        tell(b, &one, i, (uint32_t)i * 3);
    }
    for (int i = 0; i < KEYS; i++) {
        right = right && ask(b, &one, i) == i * 3;
    }
    right = right && ask(b, &one, KEYS) == -1 && ask(b, &other, 1) == -1;
    book_close(b);
    CHECK(right);
}

TEST(journal_book, tells_contexts_apart)
{
    AUTO_ARENA arena = ARENA(ARENA_BYTES);
    struct journal_book *b;
    struct book_writer writer = {RUN, "api"};
    struct frame_key keys[2] = {{.name = {(const unsigned char *)"a", 1}},
                                {.name = {(const unsigned char *)"a", 1},
                                 .context = {(const unsigned char *)"{\"rank\":1}", 10}}};
    uint32_t numbers[2] = {4, 9}, found[2];
    struct book_place place;
    CHECK(book_open(&arena, &b, NULL) == TRACK_OK);
    book_add(b, &writer, &place_7, (struct book_keys){keys, 2}, numbers);
    bool right = book_find(b, &writer, (struct book_keys){keys, 2}, found, &place) &&
                 place.run_node == 7 && place.writer[15] == 9 && found[0] == 4 && found[1] == 9;
    keys[1].context.size = 0;
    right = right && book_find(b, &writer, (struct book_keys){keys + 1, 1}, found, &place) &&
            found[0] == 4;
    book_close(b);
    CHECK(right);
}

TEST(journal_book, forgets_a_run_that_is_another_one_now)
{
    AUTO_ARENA arena = ARENA(ARENA_BYTES);
    struct journal_book *b;
    struct book_writer writer = {RUN, "api"};
    struct frame_key key = {.name = {(const unsigned char *)"b", 1}};
    uint32_t number = 0;
    CHECK(book_open(&arena, &b, NULL) == TRACK_OK);
    tell(b, &writer, 1, 5);
    book_add(b, &writer, &place_8, (struct book_keys){&key, 1}, &number);
    bool right = ask(b, &writer, 1) == -1;
    book_close(b);
    CHECK(right);
}

TEST(journal_book, lets_writers_of_one_place_take_turns)
{
    AUTO_ARENA arena = ARENA(ARENA_BYTES);
    struct journal_book *b;
    char names[2 * BOOK_WRITERS][16];
    CHECK(book_open(&arena, &b, NULL) == TRACK_OK);
    int kept = 0;
    bool right = true;
    for (int i = 0; i < 2 * BOOK_WRITERS; i++) {
        snprintf(names[i], sizeof(names[i]), "w%d", i);
        tell(b, &(struct book_writer){RUN, names[i]}, 0, (uint32_t)i);
        right = right && ask(b, &(struct book_writer){RUN, names[i]}, 0) == i;
    }
    for (int i = 0; i < 2 * BOOK_WRITERS; i++) {
        int64_t found = ask(b, &(struct book_writer){RUN, names[i]}, 0);
        right = right && (found == i || found == -1);
        kept += found == i;
    }
    book_close(b);
    CHECK(right && kept > BOOK_WRITERS / 2 && kept <= BOOK_WRITERS);
}

TEST(journal_book, stays_within_its_bytes)
{
    AUTO_ARENA arena = ARENA(ARENA_BYTES);
    AUTO_ARENA names = ARENA(16 << 20);
    struct journal_book *b;
    char *text = arena_alloc(&names, 64 << 10, 1);
    CHECK(text && book_open(&arena, &b, NULL) == TRACK_OK);
    memset(text, 'k', 64 << 10);
    uint32_t number = 1, found;
    struct book_place place;
    char name[16];
    bool last = false;
    for (int i = 0; i < 2000; i++) { /* 128 MB */
        struct frame_key key = {.name = {(const unsigned char *)text, (64 << 10) - 1}};
        snprintf(name, sizeof(name), "w%d", i);
        struct book_writer writer = {RUN, name};
        book_add(b, &writer, &place_7, (struct book_keys){&key, 1}, &number);
        last = book_find(b, &writer, (struct book_keys){&key, 1}, &found, &place);
    }
    size_t kept = 0;
    for (int i = 0; i < 2000; i++) {
        struct frame_key key = {.name = {(const unsigned char *)text, (64 << 10) - 1}};
        snprintf(name, sizeof(name), "w%d", i);
        struct book_writer writer = {RUN, name};
        kept += book_find(b, &writer, (struct book_keys){&key, 1}, &found, &place);
    }
    book_close(b);
    CHECK(last && kept * (64 << 10) <= BOOK_BYTES);
}
