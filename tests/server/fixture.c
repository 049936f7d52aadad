#include "fixture.h"

#include "../../core/frame.h"
#include "../../server/store_blob.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void fixture_open(struct fixture *f, const struct db_ops *ops)
{
    f->arena = (struct arena)ARENA(256 << 20);
    snprintf(f->dir, sizeof(f->dir), "/tmp/track-test-XXXXXX");
    if (!mkdtemp(f->dir)) {
        return;
    }
    struct store_options options = {.data = f->dir, .ops = ops, .free_bytes_min = 1};
    if (store_open(&options, &f->store, &f->err) != TRACK_OK) {
        fprintf(stderr, "fixture: %s\n", f->err.message);
    }
}

void fixture_reopen(struct fixture *f, const struct store_options *options)
{
    struct store_options all = *options;
    all.data = f->dir;
    store_close(f->store);
    f->store = NULL;
    if (store_open(&all, &f->store, &f->err) != TRACK_OK) {
        fprintf(stderr, "fixture: %s\n", f->err.message);
    }
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
    (void)st;
    (void)type;
    (void)at;
    return remove(path);
}

void fixture_remove(const char *dir)
{
    if (dir[0] && nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS) != 0) {
        fprintf(stderr, "fixture: %s stays\n", dir);
    }
}

void fixture_close(struct fixture *f)
{
    store_close(f->store);
    arena_release(&f->arena);
    fixture_remove(f->dir);
}

track_status fixture_wait(struct fixture *f, track_status queued, struct ticket *t)
{
    return queued == TRACK_OK ? ticket_wait(store_writer(f->store), t, 10000, &f->err) : queued;
}

track_status fixture_upload(struct fixture *f, struct bytes in, bool raw, struct digest *digest)
{
    struct upload *u = NULL;
    struct upload_end end = {.known = false};
    TRY(hash_sha256(in, digest, &f->err));
    struct upload_want want = {.digest = {digest->at, sizeof(digest->at)},
                               .size = (int64_t)in.size,
                               .now_us = NOW_US,
                               .raw = raw};
    track_status status = store_upload_begin(f->store, &want, &u, &f->err);
    status = status == TRACK_OK ? store_upload_part(u, in, &f->err) : status;
    status = status == TRACK_OK ? store_upload_end(u, &end, &f->err) : status;
    status = fixture_wait(f, status, &end.ticket);
    store_upload_release(u);
    return status;
}

track_status fixture_put(struct fixture *f, const char *id, const char *project,
                         struct run_put *out)
{
    *out = (struct run_put){.id = id, .project = project, .now_us = NOW_US};
    out->ticket.arena = &f->arena;
    return fixture_wait(f, store_run_put(f->store, out, &f->err), &out->ticket);
}

struct bytes fixture_frame(struct fixture *f, const struct fixture_frame *in)
{
    int64_t *steps = ARENA_ARRAY(&f->arena, int64_t, in->rows);
    double *values = ARENA_ARRAY(&f->arena, double, in->rows);
    for (size_t i = 0; i < in->rows; i++) {
        steps[i] = (int64_t)(in->seq * in->rows + i);
        values[i] = 1.0 / (double)(steps[i] + 1);
    }
    struct frame_column column = {.key = in->key, .values = values};
    struct frame_block block = {in->rows, 1, steps, steps, &column};
    struct frame_key key = {
        {(const unsigned char *)in->defines, in->defines ? strlen(in->defines) : 0}, {NULL, 0}};
    struct frame frame = {
        .head = {.kind = FRAME_POINTS, .seq = in->seq, .content_crc = in->content_crc},
        .first_key = in->key,
        .key_count = in->defines ? 1 : 0,
        .keys = &key,
        .block_count = 1,
        .blocks = &block,
    };
    memset(frame.head.writer, in->writer, sizeof(frame.head.writer));
    struct buf out = BUF(FRAME_BYTES_MAX);
    struct bytes bytes = {NULL, 0};
    if (frame_encode(&frame, 1, &f->arena, &out, &f->err) == TRACK_OK) {
        char *copy = arena_text(&f->arena, (const char *)out.at, out.size);
        bytes = (struct bytes){(unsigned char *)copy, out.size};
    }
    buf_release(&out);
    return bytes;
}
