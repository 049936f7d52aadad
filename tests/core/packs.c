#include "packs.h"

#include "../../core/pack_read.h"

#include <string.h>

enum { ARENA_BYTES = 64 << 20 };

void packs_release(struct packs *p)
{
    buf_release(&p->bytes);
}

static track_status packs_add(void *data, const struct pack_made *pack, track_error *err)
{
    struct packs *p = data;
    struct bytes ignored;
    size_t from = p->bytes.size;
    for (int i = 0; i < PACK_PARTS; i++) {
        buf_put(&p->bytes, pack->parts[i].at, pack->parts[i].size);
    }
    TRY(buf_end(&p->bytes, &ignored, err));
    if (p->count == PACKS_MAX || p->bytes.size - from != pack->size) {
        return FAIL(err, TRACK_CORRUPT, "a pack of another size");
    }
    p->sizes[p->count++] = (size_t)pack->size;
    return TRACK_OK;
}

struct pack_options packs_options(struct packs *p)
{
    struct pack_options o = {.digests = true, .made = packs_add, .data = p};
    o.head.kind = PACK_POINTS;
    o.head.epoch = 3;
    o.head.level = 1;
    memset(o.head.run, 0x5a, sizeof(o.head.run));
    return o;
}

struct bytes packs_get(const struct packs *p, size_t i)
{
    size_t from = 0;
    for (size_t j = 0; j < i; j++) {
        from += p->sizes[j];
    }
    return (struct bytes){p->bytes.at + from, p->sizes[i]};
}

struct pack_blob packs_blob(struct bytes *in)
{
    return (struct pack_blob){pack_read_memory, in, in->size};
}

struct pack_series packs_series(const char *name, enum pack_series_kind kind)
{
    struct pack_series s = {.kind = (unsigned char)kind};
    s.name = (struct bytes){(const unsigned char *)name, strlen(name)};
    return s;
}

track_status packs_build(const struct many *series, size_t count, struct packs *out)
{
    static const char *const names[] = {"a", "b", "c", "d", "e", "f", "g", "h"};
    AUTO_ARENA arena = ARENA(ARENA_BYTES);
    struct pack_options options = packs_options(out);
    struct pack_builder *b;
    TRY(pack_build_open(&options, &arena, &b, NULL));
    for (size_t i = 0; i < count; i++) {
        struct pack_series s = packs_series(names[i], PACK_NUMBERS);
        struct stretch all = many_stretch(&series[i]);
        TRY(pack_build_series(b, &s, NULL));
        TRY(pack_build_add(b, &all, NULL));
    }
    return pack_build_end(b, NULL);
}

track_status packs_read(const struct pack_blob *blob, const char *name, struct many *out)
{
    AUTO_ARENA arena = ARENA(ARENA_BYTES);
    struct pack_dir dir;
    struct pack_tools tools;
    struct pack_reader *r;
    struct pack_series wanted = packs_series(name, PACK_NUMBERS);
    TRY(pack_dir_read(blob, &arena, &dir, NULL));
    TRY(pack_tools_open(&arena, &tools, NULL));
    TRY(pack_reader_open(blob, &dir, &tools, &arena, &r, NULL));
    const struct pack_series *s = pack_dir_find(&dir, wanted.name, wanted.context);
    for (size_t i = 0; s && i < s->chunk_count; i++) {
        struct stretch in;
        TRY(pack_read_chunk(r, s->chunk_from + i, &in, NULL));
        for (size_t j = 0; j < in.count && out->count < MANY_MAX; j++, out->count++) {
            out->steps[out->count] = in.steps[j];
            out->times_us[out->count] = in.times_us[j];
            out->values[out->count] = in.values[j];
        }
    }
    return TRACK_OK;
}

bool many_same(const struct many *a, const struct many *b)
{
    return a->count == b->count && memcmp(a->steps, b->steps, 8 * a->count) == 0 &&
           memcmp(a->times_us, b->times_us, 8 * a->count) == 0 &&
           memcmp(a->values, b->values, 8 * a->count) == 0;
}
