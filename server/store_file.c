#include "store_file.h"

#include "../core/hash.h"
#include "../core/name.h"
#include "live.h"
#include "store_base.h"
#include "store_text.h"

#include <string.h>

enum { MEDIA_BYTES_MAX = 250 };

/* One segment of a path: not empty, not . or .., no backslash. */
static bool is_segment(const char *at, size_t size)
{
    return size > 0 && size <= FILE_SEGMENT_BYTES_MAX && memchr(at, '\\', size) == NULL &&
           !(size == 1 && at[0] == '.') && !(size == 2 && at[0] == '.' && at[1] == '.');
}

static track_status check_path(const char *path, track_error *err)
{
    if (!path || !*path) {
        return FAIL(err, TRACK_INVALID, "a file has a path");
    }
    TRY(text_check_line("a path", path, FILE_PATH_BYTES_MAX, err));
    for (const char *at = path;;) {
        size_t size = strcspn(at, "/");
        if (!is_segment(at, size)) {
            return FAIL(
                err, TRACK_INVALID,
                "the path %.120s: segments between / have 1 to %d bytes, no \\, and are not "
                ". or ..",
                path, FILE_SEGMENT_BYTES_MAX);
        }
        if (at[size] == '\0') {
            return TRACK_OK;
        }
        at += size + 1;
    }
}

static track_status path_there(void *data, const struct db_value *c, track_error *err)
{
    (void)c;
    (void)err;
    *(bool *)data = true;
    return TRACK_OK;
}

/* No folder above path may be a file. */
static track_status check_parents(struct db *db, int64_t run, const char *path, track_error *err)
{
    char folder[FILE_PATH_BYTES_MAX + 1];
    for (const char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
        bool there = false;
        memcpy(folder, path, (size_t)(slash - path));
        folder[slash - path] = '\0';
        TRY(db_run(db, QUERY_path_get, DB_IN(db_i(run), db_t(folder)), path_there, &there, err));
        if (there) {
            return FAIL(err, TRACK_CONFLICT, "%.150s is a file already, not a folder", folder);
        }
    }
    return TRACK_OK;
}

/* A path that is the folder of another would be two things at once. */
static track_status check_free(struct db *db, int64_t run, const char *path, track_error *err)
{
    char from[FILE_PATH_BYTES_MAX + 2], to[FILE_PATH_BYTES_MAX + 2];
    bool there = false;
    size_t size = strlen(path);
    memcpy(from, path, size);
    memcpy(from + size, "/", 2);
    memcpy(to, path, size);
    memcpy(to + size, "0", 2); /* the byte behind '/' */
    TRY(db_run(db, QUERY_path_below, DB_IN(db_i(run), db_t(from), db_t(to)), path_there, &there,
               err));
    if (there) {
        return FAIL(err, TRACK_CONFLICT, "%.150s is a folder of files already", path);
    }
    return check_parents(db, run, path, err);
}

/* Names one file; its blob must be there. */
static track_status put_one(struct db *db, int64_t run, const struct run_file *f, int64_t now_us,
                            track_error *err)
{
    int64_t size = 0;
    bool found = false;
    TRY(check_free(db, run, f->path, err));
    TRY(db_find_i(db, QUERY_blob_ref, DB_IN(db_b(f->digest), db_i(now_us)), &size, &found, err));
    if (!found) {
        return FAIL(err, TRACK_CONFLICT, "the bytes of %.150s are not here: send the blob first",
                    f->path);
    }
    return db_exec(db, QUERY_path_put,
                   DB_IN(db_i(run), db_t(f->path), db_b(f->digest), db_i(size),
                         db_t(f->media ? f->media : ""), db_i(now_us)),
                   err);
}

static track_status put_work(struct ticket *t, struct db *db, track_error *err)
{
    struct file_put *call = (struct file_put *)(void *)t;
    struct run_brief run;
    TRY(run_need(db, call->run, &run, err));
    t->project = run.project_number;
    for (size_t i = 0; i < call->count; i++) {
        TRY(put_one(db, run.node, &call->files[i], call->now_us, err));
    }
    return TRACK_OK;
}

static void put_after(struct ticket *t)
{
    run_publish(t, LIVE_FILES, ((const struct file_put *)(const void *)t)->run, "");
}

static track_status check_file(const struct run_file *f, track_error *err)
{
    TRY(check_path(f->path, err));
    TRY(text_check_line("the media type", f->media, MEDIA_BYTES_MAX, err));
    return f->digest.size == DIGEST_BYTES
               ? TRACK_OK
               : FAIL(err, TRACK_INVALID, "a digest has %d bytes, not %zu", DIGEST_BYTES,
                      f->digest.size);
}

track_status store_file_put(struct store *s, struct file_put *call, track_error *err)
{
    TRY(run_check_id(call->run, err));
    if (call->count < 1 || call->count > FILE_LIST_MAX) {
        return FAIL(err, TRACK_INVALID, "a call names 1 to %d files, not %zu", FILE_LIST_MAX,
                    call->count);
    }
    for (size_t i = 0; i < call->count; i++) {
        TRY(check_file(&call->files[i], err));
    }
    call->ticket.after = put_after;
    return store_submit(s, &call->ticket, put_work, err);
}

static track_status file_row(void *data, const struct db_value *c, track_error *err)
{
    struct gather *g = data;
    void *at;
    TRY(gather_add(g, &at, err));
    struct run_file *f = at;
    *f = (struct run_file){.size = db_get_i(&c[2]), .at_us = db_get_i(&c[4])};
    TRY(db_copy_text(g->arena, &c[0], &f->path, err));
    TRY(db_copy_bytes(g->arena, &c[1], &f->digest, err));
    return db_copy_text(g->arena, &c[3], &f->media, err);
}

track_status store_file_get(struct store *s, const char *run, const char *path, struct arena *arena,
                            struct run_file *out, track_error *err)
{
    AUTO_READ struct read r = {0};
    struct run_brief found;
    struct gather g = GATHER(arena, struct run_file);
    TRY(run_check_id(run, err));
    TRY(check_path(path, err));
    TRY(store_read_begin(s, &r, err));
    TRY(run_find(r.db, run, &found, err));
    TRY(db_run(r.db, QUERY_path_get, DB_IN(db_i(found.node), db_t(path)), file_row, &g, err));
    if (g.count == 0) {
        return FAIL(err, TRACK_NOT_FOUND, "run %s has no file %.120s", run, path);
    }
    *out = *(const struct run_file *)g.at;
    return TRACK_OK;
}

track_status store_file_list(struct store *s, const struct file_page *page, struct arena *arena,
                             struct run_file_list *out, track_error *err)
{
    AUTO_READ struct read r = {0};
    struct run_brief found;
    struct gather g = GATHER(arena, struct run_file);
    TRY(run_check_id(page->run, err));
    if (page->limit < 1 || page->limit > FILE_LIST_MAX) {
        return FAIL(err, TRACK_INVALID, "a page has 1 to %d files, not %d", FILE_LIST_MAX,
                    page->limit);
    }
    TRY(store_read_begin(s, &r, err));
    TRY(run_find(r.db, page->run, &found, err));
    TRY(db_run(r.db, QUERY_path_list,
               DB_IN(db_i(found.node), db_t(page->after ? page->after : ""), db_i(page->limit + 1)),
               file_row, &g, err));
    bool more = g.count > (size_t)page->limit;
    *out = (struct run_file_list){g.at, more ? (size_t)page->limit : g.count, more};
    return TRACK_OK;
}
