#include "region.h"

#include <stdalign.h>
#include <stdint.h>
#include <sys/mman.h>

enum { REGION_CHUNK_BYTES = 64 * 1024 };

struct region_chunk {
    alignas(max_align_t) struct region_chunk *older;
    size_t bytes;
};

static size_t region_round(size_t size, size_t to)
{
    return (size + to - 1) / to * to;
}

/* A chunk of its own for what is large; it goes behind the newest, which keeps its room. */
static struct region_chunk *region_chunk_add(struct region *r, size_t size)
{
    size_t bytes = region_round(size + sizeof(struct region_chunk), REGION_CHUNK_BYTES);
    void *map = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (map == MAP_FAILED) {
        return NULL;
    }
    struct region_chunk *chunk = map;
    chunk->bytes = bytes;
    if (r->chunks && size > REGION_CHUNK_BYTES / 4) {
        chunk->older = r->chunks->older;
        r->chunks->older = chunk;
    } else {
        chunk->older = r->chunks;
        r->chunks = chunk;
        r->used_bytes = sizeof(*chunk);
    }
    return chunk;
}

void *region_alloc(struct region *r, size_t size)
{
    if (size > SIZE_MAX / 2) {
        return NULL;
    }
    size = region_round(size ? size : 1, alignof(max_align_t));
    if (r->chunks && size <= r->chunks->bytes - r->used_bytes) {
        void *out = (char *)r->chunks + r->used_bytes;
        r->used_bytes += size;
        return out;
    }
    struct region_chunk *chunk = region_chunk_add(r, size);
    if (chunk && chunk == r->chunks) {
        r->used_bytes += size;
    }
    return chunk ? chunk + 1 : NULL;
}

void region_release(struct region *r)
{
    struct region_chunk *chunk = r->chunks;
    *r = (struct region){0};
    while (chunk) {
        struct region_chunk *older = chunk->older;
        munmap(chunk, chunk->bytes);
        chunk = older;
    }
}
