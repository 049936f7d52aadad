/* Downloads: ranges, validators, names and types of user content. */
#include "../core/hash.h"
#include "api_blob.h"
#include "api_parse.h"
#include "render.h"
#include "stream.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

enum { READ_BYTES_MAX = 1 << 20, ETAG_SIZE = 2 * DIGEST_BYTES + 3, TEXT_SIZE = 128 };

/* The part of the blob that is asked for. */
struct part {
    uint64_t from, size;
};

/* Bytes of a blob as they are sent. */
struct blob_source {
    struct source source; /* first */
    struct store *store;
    struct blob blob;
    uint64_t from;
    int fd; /* where the file is the content; else -1 */
};

static void blob_source_close(void *data)
{
    close(((const struct blob_source *)data)->fd);
}

/* Bytes straight from the file. */
static track_status blob_source_pread(const struct blob_source *s, uint64_t offset, void *to,
                                      size_t size, track_error *err)
{
    for (size_t at = 0; at < size;) {
        ssize_t got =
            pread(s->fd, (char *)to + at, size - at, (off_t)(s->from + offset + (uint64_t)at));
        if (got <= 0) {
            return FAIL(err, got ? TRACK_IO : TRACK_CORRUPT, "a blob ends %zu bytes early",
                        size - at);
        }
        at += (size_t)got;
    }
    return TRACK_OK;
}

static track_status blob_source_read(struct source *source, uint64_t offset, void *to, size_t room,
                                     size_t *got, track_error *err)
{
    struct blob_source *s = (struct blob_source *)(void *)source;
    uint64_t left = s->source.size - offset;
    size_t size = room < READ_BYTES_MAX ? room : READ_BYTES_MAX;
    size = size < left ? size : (size_t)left;
    if (s->fd >= 0) {
        *got = size;
        return blob_source_pread(s, offset, to, size, err);
    }
    AUTO_BUF out = BUF(READ_BYTES_MAX);
    struct bytes read;
    TRY(store_blob_read(s->store, &s->blob, (int64_t)(s->from + offset), size, &out, err));
    TRY(buf_end(&out, &read, err));
    memcpy(to, read.at, read.size);
    *got = read.size;
    return TRACK_OK;
}

/* Digits at *at as a number; false if there are none or too many. */
static bool take_number(const char **at, uint64_t *out)
{
    char *end = NULL;
    if (**at < '0' || **at > '9' || strspn(*at, "0123456789") > 18) {
        return false;
    }
    *out = strtoull(*at, &end, 10);
    *at = end;
    return true;
}

/* "bytes=2-5", "bytes=2-", "bytes=-5".  False: not one range, so the header does not count. */
static bool range_parse(const char *text, uint64_t size, struct part *out, bool *outside)
{
    uint64_t first = 0, last = size ? size - 1 : 0;
    if (strncmp(text, "bytes=", 6) != 0 || strchr(text, ',')) {
        return false;
    }
    text += 6;
    if (*text == '-') {
        uint64_t tail;
        text++;
        if (!take_number(&text, &tail) || *text) {
            return false;
        }
        first = tail < size ? size - tail : 0;
        *outside = tail == 0 || size == 0;
    } else {
        uint64_t given;
        if (!take_number(&text, &first) || *text++ != '-' ||
            (*text && !take_number(&text, &given)) || *text) {
            return false;
        }
        if (text[-1] != '-') {
            if (given < first) {
                return false;
            }
            last = given < last ? given : last;
        }
        *outside = first >= size;
    }
    *out = (struct part){first, *outside ? 0 : last - first + 1};
    return true;
}

static bool header_has(const struct request *rq, const char *name, const char *etag)
{
    struct bytes value = request_header(rq, name);
    return value.at && (bytes_are(value, "*") || memmem(value.at, value.size, etag, strlen(etag)));
}

/* Which part is sent, and the headers that say so. */
static track_status part_choose(const struct request *rq, const struct blob *blob,
                                struct response *rs, struct part *out, track_error *err)
{
    uint64_t size = (uint64_t)blob->size;
    struct bytes range = request_header(rq, "Range"), still = request_header(rq, "If-Range");
    bool outside = false;
    *out = (struct part){0, size};
    const char *text = range.at ? arena_text(rq->arena, (const char *)range.at, range.size) : NULL;
    bool counts = text && (!still.at || bytes_are(still, rs->etag));
    if (!counts || !range_parse(text, size, out, &outside)) {
        return TRACK_OK;
    }
    char said[TEXT_SIZE];
    int length =
        outside
            ? snprintf(said, sizeof(said), "bytes */%llu", (unsigned long long)size)
            : snprintf(said, sizeof(said), "bytes %llu-%llu/%llu", (unsigned long long)out->from,
                       (unsigned long long)(out->from + out->size - 1), (unsigned long long)size);
    rs->range = arena_text(rq->arena, said, (size_t)length);
    rs->http = outside ? 416 : 206;
    return outside ? FAIL(err, TRACK_INVALID, "range '%.40s' lies outside of %llu bytes", text,
                          (unsigned long long)size)
                   : TRACK_OK;
}

/* By the ending; what is not in the table is bytes. */
static const char *type_of(const char *name)
{
    static const struct {
        const char *ending, *type;
    } types[] = {
        {".txt", "text/plain; charset=utf-8"},
        {".log", "text/plain; charset=utf-8"},
        {".md", "text/plain; charset=utf-8"},
        {".csv", "text/csv; charset=utf-8"},
        {".json", "application/json"},
        {".jsonl", "application/jsonl"},
        {".png", "image/png"},
        {".jpg", "image/jpeg"},
        {".jpeg", "image/jpeg"},
        {".gif", "image/gif"},
        {".webp", "image/webp"},
        {".wav", "audio/wav"},
        {".mp4", "video/mp4"},
        {".yaml", "text/plain; charset=utf-8"},
    };
    const char *ending = name ? strrchr(name, '.') : NULL;
    for (size_t i = 0; ending && i < sizeof(types) / sizeof(types[0]); i++) {
        if (strcasecmp(types[i].ending, ending) == 0) {
            return types[i].type;
        }
    }
    return "application/octet-stream";
}

/* attachment; filename*=UTF-8''name */
static const char *disposition_of(const struct request *rq, const char *name)
{
    const char *slash = name ? strrchr(name, '/') : NULL;
    const char *last = slash ? slash + 1 : name;
    AUTO_BUF text = BUF(4096);
    buf_text(&text, "attachment");
    if (last) {
        buf_text(&text, "; filename*=UTF-8''");
        url_encode(bytes_from(last), &text);
    }
    return text.status == TRACK_OK ? arena_text(rq->arena, (const char *)text.at, text.size) : NULL;
}

static const char *etag_of(const struct request *rq, const struct blob *blob)
{
    char text[ETAG_SIZE] = "\"";
    for (size_t i = 0; i < DIGEST_BYTES && i < blob->digest.size; i++) {
        (void)snprintf(text + 1 + 2 * i, 3, "%02x", blob->digest.at[i]);
    }
    text[ETAG_SIZE - 2] = '"';
    return arena_text(rq->arena, text, ETAG_SIZE - 1);
}

track_status blob_answer(struct app *app, const struct request *rq, const struct blob *blob,
                         const char *name, struct response *rs, track_error *err)
{
    struct part part;
    struct blob_source *s = ARENA_NEW(rq->arena, struct blob_source);
    rs->etag = etag_of(rq, blob);
    rs->disposition = disposition_of(rq, name);
    if (!s || !rs->etag || !rs->disposition) {
        return FAIL(err, TRACK_NOMEM, "no room for a download");
    }
    rs->kind = RESPONSE_CONTENT;
    if (header_has(rq, "If-None-Match", rs->etag)) {
        rs->http = 304;
        return TRACK_OK;
    }
    TRY(part_choose(rq, blob, rs, &part, err));
    *s = (struct blob_source){.source = {.size = part.size, .read = blob_source_read},
                              .store = app->store,
                              .blob = *blob,
                              .from = part.from};
    TRY(store_blob_open(app->store, blob, &s->fd, err));
    if (s->fd >= 0 && !arena_defer(rq->arena, blob_source_close, s)) {
        close(s->fd);
        return FAIL(err, TRACK_NOMEM, "no room for a download");
    }
    rs->type = type_of(name);
    rs->source = &s->source;
    return TRACK_OK;
}
