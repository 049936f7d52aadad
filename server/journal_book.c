#include "journal_book.h"

#include "../core/hash.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

enum { ID_BYTES = 33, NAME_BYTES = 64, ROOM_MIN = 64 };

/* A key and its number; name.at is NULL in a free slot. */
struct entry {
    struct bytes name, context;
    uint32_t hash, number;
};

/* A place of the book: one writer's keys. */
struct page {
    pthread_rwlock_t lock; /* guards what follows */
    struct arena arena;    /* holds at and the texts */
    struct entry *at;      /* [room] hash table, at most half full */
    size_t room, count;
    struct book_place place;
    char run[ID_BYTES], name[NAME_BYTES];
};

struct journal_book {
    _Atomic size_t bytes;
    atomic_uint hand; /* the page that is forgotten next when there are too many bytes */
    struct page pages[BOOK_WRITERS];
};

track_status book_open(struct arena *arena, struct journal_book **out, track_error *err)
{
    struct journal_book *b = ARENA_NEW(arena, struct journal_book);
    if (!b) {
        return FAIL(err, TRACK_NOMEM, "no room for the numbers of keys");
    }
    for (size_t i = 0; i < BOOK_WRITERS; i++) {
        pthread_rwlock_init(&b->pages[i].lock, NULL);
        b->pages[i].arena = (struct arena)ARENA(BOOK_WRITER_BYTES);
    }
    *out = b;
    return TRACK_OK;
}

/* Forgets what a page says, under its lock. */
static void page_empty(struct journal_book *b, struct page *p)
{
    atomic_fetch_sub(&b->bytes, p->arena.used_bytes);
    arena_release(&p->arena);
    p->at = NULL;
    p->room = p->count = 0;
    p->run[0] = p->name[0] = '\0';
}

void book_close(struct journal_book *b)
{
    for (size_t i = 0; b && i < BOOK_WRITERS; i++) {
        page_empty(b, &b->pages[i]);
        pthread_rwlock_destroy(&b->pages[i].lock);
    }
}

static struct bytes text_of(const char *text)
{
    return (struct bytes){(const unsigned char *)text, strlen(text)};
}

static struct page *page_of(struct journal_book *b, const struct book_writer *writer)
{
    uint32_t hash = hash_crc32c(hash_crc32c(0, text_of(writer->run)), text_of(writer->name));
    return &b->pages[hash % BOOK_WRITERS];
}

static bool is_of(const struct page *p, const struct book_writer *writer)
{
    return strcmp(p->run, writer->run) == 0 && strcmp(p->name, writer->name) == 0;
}

static bool same(struct bytes a, struct bytes b)
{
    return a.size == b.size && (a.size == 0 || memcmp(a.at, b.at, a.size) == 0);
}

static uint32_t hash_of(const struct frame_key *key)
{
    uint32_t hash = hash_crc32c((uint32_t)key->name.size, key->name);
    return key->context.size ? hash_crc32c(hash, key->context) : hash;
}

/* The slot of a key: its own, or a free one. */
static struct entry *slot(const struct page *p, const struct frame_key *key, uint32_t hash)
{
    size_t i = hash & (p->room - 1);
    while (p->at[i].name.at && !(p->at[i].hash == hash && same(p->at[i].name, key->name) &&
                                 same(p->at[i].context, key->context))) {
        i = (i + 1) & (p->room - 1);
    }
    return &p->at[i];
}

bool book_find(struct journal_book *b, const struct book_writer *writer, struct book_keys keys,
               uint32_t *numbers, struct book_place *place)
{
    struct page *p = page_of(b, writer);
    pthread_rwlock_rdlock(&p->lock);
    bool found = is_of(p, writer) && p->count > 0;
    for (size_t i = 0; i < keys.count && found; i++) {
        const struct entry *e = slot(p, &keys.at[i], hash_of(&keys.at[i]));
        found = e->name.at != NULL;
        numbers[i] = e->number;
    }
    *place = p->place;
    pthread_rwlock_unlock(&p->lock);
    return found;
}

/* Keeps the table at most half full; false: no room. */
static bool reserve(struct page *p)
{
    if (2 * (p->count + 1) <= p->room) {
        return true;
    }
    struct page old = *p;
    p->room = old.room ? 4 * old.room : ROOM_MIN;
    p->at = ARENA_ARRAY(&p->arena, struct entry, p->room);
    if (!p->at) {
        p->at = old.at;
        p->room = old.room;
        return false;
    }
    for (size_t i = 0; i < old.room; i++) {
        const struct entry *e = &old.at[i];
        if (e->name.at) {
            *slot(p, &(struct frame_key){e->name, e->context}, e->hash) = *e;
        }
    }
    return true;
}

static bool copy(struct page *p, struct bytes in, struct bytes *out)
{
    const char *at = arena_text(&p->arena, (const char *)in.at, in.size);
    *out = (struct bytes){(const unsigned char *)at, in.size};
    return at != NULL;
}

/* Adds one key, if there is room. */
static void add(struct page *p, const struct frame_key *key, uint32_t number)
{
    struct entry fresh = {.hash = hash_of(key), .number = number};
    if (!reserve(p)) {
        return;
    }
    struct entry *e = slot(p, key, fresh.hash);
    if (!e->name.at && copy(p, key->name, &fresh.name) && copy(p, key->context, &fresh.context)) {
        *e = fresh;
        p->count++;
    }
}

/* Forgets pages, one after the other, until there is room; those in use are passed over. */
static void make_room(struct journal_book *b, const struct page *but)
{
    for (size_t i = 0; i < BOOK_WRITERS && atomic_load(&b->bytes) > BOOK_BYTES; i++) {
        struct page *p = &b->pages[atomic_fetch_add(&b->hand, 1) % BOOK_WRITERS];
        if (p != but && pthread_rwlock_trywrlock(&p->lock) == 0) {
            page_empty(b, p);
            pthread_rwlock_unlock(&p->lock);
        }
    }
}

void book_add(struct journal_book *b, const struct book_writer *writer,
              const struct book_place *place, struct book_keys keys, const uint32_t *numbers)
{
    struct page *p = page_of(b, writer);
    size_t run = strlen(writer->run), name = strlen(writer->name);
    if (run >= sizeof(p->run) || name >= sizeof(p->name)) {
        return;
    }
    pthread_rwlock_wrlock(&p->lock);
    if (!is_of(p, writer) || p->place.run_node != place->run_node) {
        page_empty(b, p);
        memcpy(p->run, writer->run, run + 1);
        memcpy(p->name, writer->name, name + 1);
        p->place = *place;
    }
    size_t had = p->arena.used_bytes;
    for (size_t i = 0; i < keys.count; i++) {
        add(p, &keys.at[i], numbers[i]);
    }
    atomic_fetch_add(&b->bytes, p->arena.used_bytes - had);
    pthread_rwlock_unlock(&p->lock);
    make_room(b, p);
}
