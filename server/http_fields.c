#include "http_fields.h"

#include <stdio.h>
#include <string.h>

static void add(struct http_field *out, size_t *count, const char *name, const char *value)
{
    if (value && *count < HTTP_FIELDS_MAX) {
        out[(*count)++] = (struct http_field){name, value};
    }
}

static const char *policy_of(enum response_kind kind)
{
    switch (kind) {
    case RESPONSE_PAGE:
        return "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: "
               "blob:; "
               "media-src 'self' blob:; connect-src 'self'; worker-src 'self'; base-uri 'none'; "
               "form-action 'self'; frame-ancestors 'none'";
    case RESPONSE_CONTENT:
        return "sandbox; default-src 'none'";
    case RESPONSE_API:
    case RESPONSE_ASSET:
        break;
    }
    return NULL;
}

static const char *cache_of(const struct response *rs)
{
    switch (rs->kind) {
    case RESPONSE_PAGE:
        return "private, no-cache";
    case RESPONSE_ASSET:
        return "public, max-age=31536000, immutable";
    case RESPONSE_API:
    case RESPONSE_CONTENT:
        break;
    }
    return rs->etag ? "private, no-cache" : "no-store";
}

/* Retry-After as text, or NULL. */
static const char *retry_of(const struct response *rs, const struct request *rq)
{
    char text[16];
    int size = snprintf(text, sizeof(text), "%d", rs->retry_s);
    return rs->retry_s > 0 ? arena_text(rq->arena, text, (size_t)size) : NULL;
}

size_t http_fields(const struct response *rs, const struct request *rq, struct http_field *out)
{
    size_t count = 0;
    add(out, &count, "Content-Type", rs->type);
    add(out, &count, "Content-Security-Policy", policy_of(rs->kind));
    add(out, &count, "X-Content-Type-Options", "nosniff");
    add(out, &count, "Referrer-Policy", "no-referrer");
    add(out, &count, "X-Frame-Options", "SAMEORIGIN");
    add(out, &count, "Cross-Origin-Opener-Policy", "same-origin");
    add(out, &count, "Cross-Origin-Resource-Policy", "same-origin");
    add(out, &count, "Vary",
        rs->encoding || rs->kind == RESPONSE_ASSET ? "Accept-Encoding, Origin" : "Origin");
    add(out, &count, "Cache-Control", cache_of(rs));
    add(out, &count, "ETag", rs->etag);
    add(out, &count, "Location", rs->location);
    add(out, &count, "Content-Disposition", rs->disposition);
    add(out, &count, "Content-Encoding", rs->encoding);
    add(out, &count, "Allow", rs->allow);
    add(out, &count, "Repr-Digest", rs->digest);
    add(out, &count, "Content-Range", rs->range);
    add(out, &count, "X-Track-Next", rs->next);
    add(out, &count, "Accept-Ranges", rs->source ? "bytes" : NULL);
    add(out, &count, "Retry-After", retry_of(rs, rq));
    return count;
}
