#include "manifest.h"

#include <stdlib.h>
#include <string.h>

static int compare_attrs(const void *a, const void *b)
{
    const struct manifest_attr *left = a, *right = b;
    int order = manifest_compare(left->path, right->path);
    return order ? order : (int)left->kind - (int)right->kind;
}

/* Goes down a path from a depth; false: it is no path, or leads out of the tree. */
static bool walk(struct bytes path, int *depth)
{
    size_t begin = 0;
    for (size_t i = 0; i <= path.size; i++) {
        if (i < path.size && path.at[i] != '/') {
            continue;
        }
        size_t size = i - begin;
        bool up = size == 2 && memcmp(path.at + begin, "..", 2) == 0;
        bool stay = size == 1 && path.at[begin] == '.';
        if (size == 0 && i < path.size) {
            return false;
        }
        *depth += up ? -1 : stay || size == 0 ? 0 : 1;
        if (*depth < 0) {
            return false;
        }
        begin = i + 1;
    }
    return true;
}

static track_status check_target(const struct manifest_attr *a, track_error *err)
{
    int depth = -1;
    bool right = a->target.size > 0 && a->target.at[0] != '/' && a->target.size < 4096;
    for (size_t i = 0; i < a->target.size && right; i++) {
        right = a->target.at[i] >= ' ' && a->target.at[i] != 0x7f;
    }
    for (size_t i = 0; i <= a->path.size; i++) {
        depth += i == a->path.size || a->path.at[i] == '/';
    }
    return right && walk(a->target, &depth)
               ? TRACK_OK
               : FAIL(err, TRACK_INVALID, "the link %.*s leads out of the tree, or nowhere",
                      (int)a->path.size, (const char *)a->path.at);
}

static track_status check_all(const struct manifest_attrs *a, track_error *err)
{
    for (size_t i = 0; i < a->count; i++) {
        const struct manifest_attr *at = &a->at[i];
        TRY(manifest_check_path(at->path, err));
        if (at->kind == MANIFEST_LINK) {
            TRY(check_target(at, err));
        }
        if (i > 0 && manifest_compare(a->at[i - 1].path, at->path) >= 0) {
            return FAIL(err, TRACK_INVALID, "%.*s is there twice, or not in the order of bytes",
                        (int)at->path.size, (const char *)at->path.at);
        }
    }
    return TRACK_OK;
}

track_status manifest_put_attrs(struct buf *out, struct manifest_attrs *a, track_error *err)
{
    struct bytes all;
    if (a->count) {
        qsort(a->at, a->count, sizeof(a->at[0]), compare_attrs);
    }
    TRY(check_all(a, err));
    for (size_t i = 0; i < a->count; i++) {
        buf_byte(out, (unsigned char)a->at[i].kind);
        buf_byte(out, ' ');
        buf_put(out, a->at[i].path.at, a->at[i].path.size);
        if (a->at[i].kind == MANIFEST_LINK) {
            buf_byte(out, '\t');
            buf_put(out, a->at[i].target.at, a->at[i].target.size);
        }
        buf_byte(out, '\n');
    }
    return buf_end(out, &all, err);
}

/* A line without its newline. */
static track_status take_line(struct bytes line, struct manifest_attr *out, track_error *err)
{
    bool known = line.size > 2 && line.at[1] == ' ' && line.at[0] && strchr("xld", line.at[0]);
    struct bytes path = {line.at + 2, known ? line.size - 2 : 0};
    const unsigned char *tab = known ? memchr(path.at, '\t', path.size) : NULL;
    if (!known || (line.at[0] == MANIFEST_LINK) != (tab != NULL)) {
        return FAIL(err, TRACK_INVALID,
                    "a line of attributes is `x PATH`, `d PATH` or "
                    "`l PATH<tab>TARGET`");
    }
    *out = (struct manifest_attr){.kind = (enum manifest_kind)line.at[0], .path = path};
    if (tab) {
        out->path.size = (size_t)(tab - path.at);
        out->target = (struct bytes){tab + 1, path.size - out->path.size - 1};
    }
    return TRACK_OK;
}

track_status manifest_take_attrs(struct bytes in, struct arena *arena, struct manifest_attrs *out,
                                 track_error *err)
{
    struct manifest_attrs a = {.count = 0};
    size_t lines = 0;
    for (size_t i = 0; i < in.size; i++) {
        lines += in.at[i] == '\n';
    }
    if (lines > MANIFEST_FILES_MAX || (in.size && in.at[in.size - 1] != '\n')) {
        return FAIL(err, lines > MANIFEST_FILES_MAX ? TRACK_TOO_LARGE : TRACK_INVALID,
                    "attributes of %zu lines, each ends with a newline, at most %d", lines,
                    MANIFEST_FILES_MAX);
    }
    a.at = ARENA_ARRAY(arena, struct manifest_attr, lines + 1);
    if (!a.at) {
        return FAIL(err, TRACK_NOMEM, "no memory for %zu lines of attributes", lines);
    }
    for (struct bytes line; bytes_take_line(&in, &line); a.count++) {
        TRY(take_line(line, &a.at[a.count], err));
    }
    TRY(check_all(&a, err));
    *out = a;
    return TRACK_OK;
}
