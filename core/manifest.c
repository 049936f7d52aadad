#include "manifest.h"

#include "name.h"

#include <stdlib.h>
#include <string.h>

enum { GAP_BYTES = 2, LINE_MIN = DIGEST_HEX_BYTES + GAP_BYTES + 1 };

int manifest_compare(struct bytes a, struct bytes b)
{
    size_t size = a.size < b.size ? a.size : b.size;
    int order = size ? memcmp(a.at, b.at, size) : 0;
    return order ? order : (a.size > b.size) - (a.size < b.size);
}

static int compare_files(const void *a, const void *b)
{
    return manifest_compare(((const struct manifest_file *)a)->path,
                            ((const struct manifest_file *)b)->path);
}

track_status manifest_check_path(struct bytes path, track_error *err)
{
    TRY(name_check_path(path, err));
    for (size_t i = 0; i < path.size; i++) {
        if (path.at[i] < ' ' || path.at[i] == 0x7f) {
            return FAIL(err, TRACK_INVALID, "a path in a tree holds the control byte %02x",
                        path.at[i]);
        }
    }
    return TRACK_OK;
}

/* A path and the one before it, which is smaller: neither the same nor below it.  Between a file
 * and what would lie below it others may stand ("a", "a.b", "a/b"), so this looks for a/ itself. */
static track_status check_parents(const struct manifest *m, struct bytes path, track_error *err)
{
    for (size_t i = 1; i < path.size; i++) {
        if (path.at[i] == '/' && manifest_find(m, (struct bytes){path.at, i})) {
            return FAIL(err, TRACK_INVALID, "%.*s is a file, and a folder of %.*s", (int)i,
                        (const char *)path.at, (int)path.size, (const char *)path.at);
        }
    }
    return TRACK_OK;
}

static track_status manifest_check(const struct manifest *m, track_error *err)
{
    if (m->count > MANIFEST_FILES_MAX) {
        return FAIL(err, TRACK_TOO_LARGE, "a tree of %zu files, at most %d are allowed", m->count,
                    MANIFEST_FILES_MAX);
    }
    for (size_t i = 0; i < m->count; i++) {
        struct bytes path = m->at[i].path;
        TRY(manifest_check_path(path, err));
        int order = i > 0 ? manifest_compare(m->at[i - 1].path, path) : -1;
        if (order >= 0) {
            return FAIL(err, TRACK_INVALID, "%.*s is %s", (int)path.size, (const char *)path.at,
                        order ? "not in the order of bytes" : "there twice");
        }
        TRY(check_parents(m, path, err));
    }
    return TRACK_OK;
}

track_status manifest_put(struct buf *out, struct manifest *m, track_error *err)
{
    struct bytes all;
    if (m->count) {
        qsort(m->at, m->count, sizeof(m->at[0]), compare_files);
    }
    TRY(manifest_check(m, err));
    for (size_t i = 0; i < m->count; i++) {
        hash_put_hex(out, (struct bytes){m->at[i].digest.at, DIGEST_BYTES});
        buf_text(out, "  ");
        buf_put(out, m->at[i].path.at, m->at[i].path.size);
        buf_byte(out, '\n');
    }
    return buf_end(out, &all, err);
}

/* Lower-case digits alone: another case would be another text of the same tree. */
static track_status take_hex(const unsigned char *at, struct digest *out, track_error *err)
{
    for (size_t i = 0; i < DIGEST_HEX_BYTES; i++) {
        if (at[i] >= 'A' && at[i] <= 'F') {
            return FAIL(err, TRACK_INVALID, "digits of a SHA-256 are lower-case");
        }
    }
    return hash_decode_hex((struct bytes){at, DIGEST_HEX_BYTES}, out->at, DIGEST_BYTES, err);
}

static size_t count_lines(struct bytes in)
{
    size_t lines = 0;
    for (size_t i = 0; i < in.size; i++) {
        lines += in.at[i] == '\n';
    }
    return lines;
}

track_status manifest_take(struct bytes in, struct arena *arena, struct manifest *out,
                           track_error *err)
{
    struct manifest m = {.count = count_lines(in)};
    struct bytes line;
    if (m.count > MANIFEST_FILES_MAX) {
        return FAIL(err, TRACK_TOO_LARGE, "a manifest of %zu lines, at most %d are allowed",
                    m.count, MANIFEST_FILES_MAX);
    }
    m.at = ARENA_ARRAY(arena, struct manifest_file, m.count + 1);
    if (!m.at) {
        return FAIL(err, TRACK_NOMEM, "no memory for a manifest of %zu lines", m.count);
    }
    for (size_t i = 0; i < m.count && bytes_take_line(&in, &line); i++) {
        if (line.size < LINE_MIN || memcmp(line.at + DIGEST_HEX_BYTES, "  ", GAP_BYTES) != 0) {
            return FAIL(err, TRACK_INVALID, "line %zu of a manifest is no digest and path", i + 1);
        }
        TRY(take_hex(line.at, &m.at[i].digest, err));
        m.at[i].path = (struct bytes){line.at + DIGEST_HEX_BYTES + GAP_BYTES,
                                      line.size - DIGEST_HEX_BYTES - GAP_BYTES};
    }
    if (in.size) {
        return FAIL(err, TRACK_INVALID, "a manifest ends without a newline");
    }
    TRY(manifest_check(&m, err));
    *out = m;
    return TRACK_OK;
}

const struct digest *manifest_find(const struct manifest *m, struct bytes path)
{
    size_t lo = 0, hi = m->count;
    while (lo < hi) {
        size_t middle = lo + (hi - lo) / 2;
        int order = manifest_compare(m->at[middle].path, path);
        if (order == 0) {
            return &m->at[middle].digest;
        }
        lo = order < 0 ? middle + 1 : lo;
        hi = order < 0 ? hi : middle;
    }
    return NULL;
}
