/* packs - packs in memory to test with. */
#ifndef TESTS_CORE_PACKS_H
#define TESTS_CORE_PACKS_H
#include "../../core/pack_build.h"
#include "../../core/pack_dir.h"
#include "many.h"

enum { PACKS_MAX = 40 };

/* Packs that a builder made, one behind the other. */
struct packs {
    struct buf bytes;
    size_t sizes[PACKS_MAX];
    size_t count;
};
#define PACKS                  \
    {                          \
        .bytes = BUF(64 << 20) \
    }
#define AUTO_PACKS __attribute__((cleanup(packs_release))) struct packs
void packs_release(struct packs *p);

/* Options that add to p: points, epoch 3, level 1, digests. */
struct pack_options packs_options(struct packs *p);

/* The bytes of a pack; they must outlive a blob that is made of them. */
struct bytes packs_get(const struct packs *p, size_t i);
struct pack_blob packs_blob(struct bytes *in);

/* A series by its name, without context. */
struct pack_series packs_series(const char *name, enum pack_series_kind kind);

/* Builds packs of these series, named a, b, c, ... */
track_status packs_build(const struct many *series, size_t count, struct packs *out);

/* Appends all points of a series of a pack to out. */
track_status packs_read(const struct pack_blob *blob, const char *name, struct many *out);

/* All points of both, in the same order. */
bool many_same(const struct many *a, const struct many *b);
#endif
