#include "packs.h"

#include "../../core/hash.h"
#include "../../server/store_base.h"
#include "../../server/store_blob.h"

#include <string.h>

struct bytes packs_digest(struct fixture *f, const char *content)
{
    struct digest *d = ARENA_NEW(&f->arena, struct digest);
    struct bytes in = {(const unsigned char *)content, strlen(content)};
    return hash_sha256(in, d, NULL) == TRACK_OK ? (struct bytes){d->at, sizeof(d->at)}
                                                : (struct bytes){NULL, 0};
}

track_status packs_upload(struct fixture *f, const char *content, size_t size, struct upload **out,
                          struct object *object)
{
    struct bytes in = {(const unsigned char *)content, size};
    struct digest *d = ARENA_NEW(&f->arena, struct digest);
    TRY(hash_sha256(in, d, &f->err));
    struct upload_want want = {
        .digest = {d->at, sizeof(d->at)}, .size = (int64_t)size, .now_us = NOW_US, .raw = true};
    TRY(store_upload_begin(f->store, &want, out, &f->err));
    TRY(store_upload_part(*out, in, &f->err));
    return store_upload_settle(*out, object, &f->err);
}

int64_t packs_run(struct fixture *f)
{
    AUTO_READ struct read r = {0};
    struct run_brief run = {0};
    return store_read_begin(f->store, &r, &f->err) == TRACK_OK &&
                   run_find(r.db, RUN_A, &run, &f->err) == TRACK_OK
               ? run.node
               : 0;
}

int64_t packs_waiting(struct fixture *f)
{
    struct waiting_list list;
    int64_t rows = 0, run = packs_run(f);
    if (store_journal_waiting(f->store, &f->arena, &list, &f->err) != TRACK_OK) {
        return -1;
    }
    for (size_t i = 0; i < list.count; i++) {
        rows += list.at[i].run_node == run ? list.at[i].rows : 0;
    }
    return rows;
}
