#include "page_asset.h"

#include "assets.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { PATH_MAX_BYTES = 256 };

static const struct asset *asset_find(struct bytes name, const char *ending)
{
    char path[PATH_MAX_BYTES];
    int size = snprintf(path, sizeof(path), "assets/%.*s%s", (int)name.size, (const char *)name.at,
                        ending);
    for (const struct asset *a = assets; a->path && size < PATH_MAX_BYTES; a++) {
        if (strcmp(a->path, path) == 0) {
            return a;
        }
    }
    return NULL;
}

static const char *type_of(struct bytes name)
{
    static const struct {
        const char *ending, *type;
    } types[] = {
        {".js", "text/javascript; charset=utf-8"},
        {".css", "text/css; charset=utf-8"},
        {".svg", "image/svg+xml"},
        {".txt", "text/plain; charset=utf-8"},
        {".woff2", "font/woff2"},
        {".png", "image/png"},
        {".json", "application/json"},
    };
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        size_t size = strlen(types[i].ending);
        if (name.size > size && memcmp(name.at + name.size - size, types[i].ending, size) == 0) {
            return types[i].type;
        }
    }
    return NULL; /* compressed forms have no address of their own */
}

/* True if the list, "gzip, br;q=0.5", has the coding with a weight over 0. */
static bool takes(struct bytes list, const char *coding)
{
    const char *at = (const char *)list.at;
    size_t left = list.size, want = strlen(coding);
    while (left > 0) {
        const char *end = memchr(at, ',', left);
        size_t size = end ? (size_t)(end - at) : left;
        size_t skip = 0;
        while (skip < size && at[skip] == ' ') {
            skip++;
        }
        bool same = size - skip >= want && strncasecmp(at + skip, coding, want) == 0 &&
                    (size - skip == want || strchr("; ", at[skip + want]));
        bool refused = memmem(at, size, "q=0", 3) && !memmem(at, size, "q=0.", 4);
        if (same) {
            return !refused;
        }
        size += end != NULL;
        at += size;
        left -= size;
    }
    return false;
}

track_status page_asset(struct app *app, struct request *rq, struct response *rs, track_error *err)
{
    (void)app;
    static const struct {
        const char *coding, *ending;
    } forms[] = {{"br", ".br"}, {"gzip", ".gz"}};
    struct bytes name = rq->param[0], accept = request_header(rq, "Accept-Encoding");
    const struct asset *found = asset_find(name, "");
    const char *type = type_of(name);
    if (!found || !type) {
        return FAIL(err, TRACK_NOT_FOUND,
                    "no such file; the page that asks for it is of another "
                    "version: load it again");
    }
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]) && !rs->encoding; i++) {
        const struct asset *packed =
            takes(accept, forms[i].coding) ? asset_find(name, forms[i].ending) : NULL;
        if (packed) {
            found = packed;
            rs->encoding = forms[i].coding;
        }
    }
    rs->body = (struct bytes){found->at, found->size};
    rs->type = type;
    rs->kind = RESPONSE_ASSET;
    return TRACK_OK;
}
