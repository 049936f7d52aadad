#include "tail_readers.h"

#include <stdlib.h>

enum { ARENA_BYTES = 256 << 20 };

/* A reader and what it reads with; in the arena of readers. */
struct tail_reader {
    struct tail_reader *next;
    const struct tail_pack *pack; /* NULL: it waits for one */
    struct pack_bytes bytes;
    struct pack_blob blob;
    struct pack_reader *reader;
    bool taken;
};

static void readers_free(struct tail_readers *r)
{
    for (struct tail_reader *one = r->first; one; one = one->next) {
        pack_bytes_release(&one->bytes);
    }
    arena_release(&r->arena);
    free(r);
}

struct tail_readers *tail_readers_borrow(struct tail *t)
{
    struct tail_spare *s = tail_spare(t);
    pthread_mutex_lock(&s->lock);
    struct tail_readers *r = s->first;
    if (r) {
        s->first = r->next;
        s->count--;
    }
    pthread_mutex_unlock(&s->lock);
    r = r ? r : calloc(1, sizeof(*r));
    if (r) {
        r->tail = t;
        r->next = NULL;
        r->arena.limit_bytes = ARENA_BYTES;
    }
    return r;
}

/* Forgets the packs: they may go. */
static void readers_forget(struct tail_readers *r)
{
    for (struct tail_reader *one = r->first; one; one = one->next) {
        struct pack_piece *pieces = one->bytes.pieces;
        if (pieces[0].bytes.size + pieces[1].bytes.size > TAIL_READER_PIECES_BYTES_MAX) {
            pack_bytes_release(&one->bytes);
        }
        pieces[0].bytes.size = pieces[1].bytes.size = 0;
        one->pack = NULL;
        one->taken = false;
    }
}

void tail_readers_return(struct tail_readers **returned)
{
    struct tail_readers *r = *returned;
    *returned = NULL;
    if (!r) {
        return;
    }
    struct tail_spare *s = tail_spare(r->tail);
    readers_forget(r);
    pthread_mutex_lock(&s->lock);
    bool keep = s->count < TAIL_READERS_SPARE && r->arena.used_bytes <= TAIL_READERS_BYTES_MAX;
    if (keep) {
        r->next = s->first;
        s->first = r;
        s->count++;
    }
    pthread_mutex_unlock(&s->lock);
    if (!keep) {
        readers_free(r);
    }
}

void tail_spare_release(struct tail_spare *s)
{
    while (s->first) {
        struct tail_readers *next = s->first->next;
        readers_free(s->first);
        s->first = next;
    }
    s->count = 0;
}

void tail_readers_rest(struct tail_readers *r)
{
    for (struct tail_reader *one = r->first; one; one = one->next) {
        one->taken = false;
    }
}

static track_status readers_nomem(track_error *err)
{
    return FAIL(err, TRACK_NOMEM, "reading a pack: no memory");
}

static void readers_return(void *data)
{
    struct tail_readers *r = data;
    tail_readers_return(&r);
}

/* The readers of a reading that has none yet. */
static track_status reading_borrow(struct tail_reading *r, struct tail *t, track_error *err)
{
    AUTO_TAIL_READERS borrowed = tail_readers_borrow(t);
    if (!borrowed || !arena_defer(r->arena, readers_return, borrowed)) {
        return readers_nomem(err);
    }
    r->readers = borrowed;
    borrowed = NULL;
    return TRACK_OK;
}

track_status tail_reading_tools(struct tail_reading *r, struct tail *t, struct pack_tools **out,
                                track_error *err)
{
    if (!r->readers) {
        TRY(reading_borrow(r, t, err));
    }
    struct tail_readers *readers = r->readers;
    if (!readers->open) {
        TRY(pack_tools_open(&readers->arena, &readers->tools, err));
        readers->open = true;
    }
    *out = &readers->tools;
    return TRACK_OK;
}

/* The reader that has the pack open, else one that waits; NULL: there is none. */
static struct tail_reader *reader_find(struct tail_readers *r, const struct tail_pack *pack)
{
    struct tail_reader *waiting = NULL;
    for (struct tail_reader *one = r->first; one; one = one->next) {
        if (one->pack == pack && !one->taken) {
            return one;
        }
        waiting = one->pack ? waiting : one;
    }
    return waiting;
}

/* Opens the pack, with the buffers that the reader has. */
static void reader_turn(struct tail_reader *one, const struct tail_pack *pack)
{
    struct buf pieces[2] = {one->bytes.pieces[0].bytes, one->bytes.pieces[1].bytes};
    one->bytes = pack->bytes;
    one->bytes.pieces[0].bytes = pieces[0];
    one->bytes.pieces[1].bytes = pieces[1];
    one->blob = pack_bytes_blob(&one->bytes);
    pack_reader_turn(one->reader, &one->blob, &pack->dir);
    one->pack = pack;
}

static track_status reader_make(struct tail_readers *r, const struct tail_pack *pack,
                                struct tail_reader **out, track_error *err)
{
    struct tail_reader *one = ARENA_NEW(&r->arena, struct tail_reader);
    if (!one) {
        return readers_nomem(err);
    }
    one->bytes = (struct pack_bytes)PACK_BYTES;
    TRY(pack_reader_open(&one->blob, &pack->dir, &r->tools, &r->arena, &one->reader, err));
    one->next = r->first;
    r->first = one;
    *out = one;
    return TRACK_OK;
}

track_status tail_pack_read(const struct tail_pack *pack, struct tail_reading *r,
                            struct pack_reader **out, track_error *err)
{
    struct pack_tools *tools;
    TRY(tail_reading_tools(r, pack->tail, &tools, err));
    struct tail_reader *one = reader_find(r->readers, pack);
    if (!one) {
        TRY(reader_make(r->readers, pack, &one, err));
    }
    if (one->pack != pack) {
        reader_turn(one, pack);
    }
    one->taken = true;
    *out = one->reader;
    return TRACK_OK;
}
