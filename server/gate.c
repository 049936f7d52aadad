#include "gate.h"

#include <stdio.h>
#include <string.h>

struct bytes gate_header(const struct gate_head *head, const char *name)
{
    struct request rq = {.headers = head->headers, .header_count = head->header_count};
    return request_header(&rq, name);
}

/* True if a byte of text is not allowed: controls, and blanks too where it is a name. */
static bool is_unclean(struct bytes text, bool name)
{
    for (size_t i = 0; i < text.size; i++) {
        unsigned char c = text.at[i];
        if (c == 0x7f || (name ? c <= 0x20 : c < 0x20 && c != '\t')) {
            return true;
        }
    }
    return name && text.size == 0;
}

static track_status check_fields(const struct gate_head *head, track_error *err)
{
    for (size_t i = 0; i < head->header_count; i++) {
        const struct url_pair *h = &head->headers[i];
        if (is_unclean(h->name, true) || is_unclean(h->value, false)) {
            return FAIL(err, TRACK_INVALID,
                        "header %zu has a blank or control byte where none may be", i + 1);
        }
    }
    return TRACK_OK;
}

static size_t header_count(const struct gate_head *head, const char *name)
{
    size_t count = 0;
    for (size_t i = 0; i < head->header_count; i++) {
        count += bytes_are_any_case(head->headers[i].name, name);
    }
    return count;
}

static track_status check_repeated(const struct gate_head *head, track_error *err)
{
    static const char *const single[] = {"Host",   "Content-Length", "Transfer-Encoding",
                                         "Origin", "Content-Type",   "Content-Encoding",
                                         "Range",  "Sec-Fetch-Site"};
    for (size_t i = 0; i < sizeof(single) / sizeof(single[0]); i++) {
        if (header_count(head, single[i]) > 1) {
            return FAIL(err, TRACK_INVALID, "the header %s is there twice", single[i]);
        }
    }
    return TRACK_OK;
}

/* Digits only, so a sign, a list or a blank is refused. */
static track_status length_get(struct bytes text, uint64_t *out, track_error *err)
{
    uint64_t value = 0;
    for (size_t i = 0; i < text.size; i++) {
        if (text.at[i] < '0' || text.at[i] > '9' || value > UINT64_MAX / 20) {
            return FAIL(err, TRACK_INVALID, "Content-Length is '%.*s', not a number of bytes",
                        (int)(text.size < 40 ? text.size : 40), (const char *)text.at);
        }
        value = value * 10 + (unsigned)(text.at[i] - '0');
    }
    *out = value;
    return text.size ? TRACK_OK : FAIL(err, TRACK_INVALID, "Content-Length is empty");
}

static track_status check_length(const struct gate_head *head, struct gate_pass *pass,
                                 track_error *err)
{
    struct bytes length = gate_header(head, "Content-Length");
    struct bytes coding = gate_header(head, "Transfer-Encoding");
    if (length.at && coding.at) {
        return FAIL(err, TRACK_INVALID, "both Content-Length and Transfer-Encoding are there");
    }
    if (coding.at &&
        (!bytes_are_any_case(coding, "chunked") || strcmp(head->version, "HTTP/1.1") != 0)) {
        return FAIL(err, TRACK_INVALID, "Transfer-Encoding must be 'chunked', in HTTP/1.1");
    }
    pass->chunked = coding.at != NULL;
    pass->has_length = length.at != NULL;
    return length.at ? length_get(length, &pass->length_bytes, err) : TRACK_OK;
}

track_status gate_check_framing(const struct gate_head *head, struct gate_pass *pass,
                                track_error *err)
{
    if (head->header_count > GATE_HEADERS_MAX) {
        pass->http = 431;
        return FAIL(err, TRACK_INVALID, "more than %d headers", GATE_HEADERS_MAX);
    }
    if (strlen(head->target) > GATE_TARGET_BYTES_MAX) {
        pass->http = 414;
        return FAIL(err, TRACK_INVALID, "the URL is longer than %d bytes", GATE_TARGET_BYTES_MAX);
    }
    if (head->target[0] != '/') {
        return FAIL(err, TRACK_INVALID, "the target of a request must be a path");
    }
    TRY(check_fields(head, err));
    TRY(check_repeated(head, err));
    if (gate_header(head, "Host").size == 0) {
        return FAIL(err, TRACK_INVALID, "the header Host is missing or empty");
    }
    return check_length(head, pass, err);
}

track_status gate_check_host(const struct config *config, const struct gate_head *head,
                             struct gate_pass *pass, track_error *err)
{
    struct bytes forwarded = gate_header(head, "X-Forwarded-Host");
    bool proxied = config->behind_proxy && head->loopback && forwarded.size > 0;
    pass->host = proxied ? forwarded : gate_header(head, "Host");
    if (!gate_host_ours(config, pass->host)) {
        return FAIL(err, TRACK_DENIED,
                    "Invalid Host header - possible DNS rebinding attack detected");
    }
    return TRACK_OK;
}

static bool is_safe(const char *method)
{
    return strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0;
}

/* The host of "http://host:port", or `at` NULL. */
static struct bytes origin_host(struct bytes origin)
{
    for (size_t i = 0; i + 2 < origin.size; i++) {
        if (memcmp(origin.at + i, "://", 3) == 0) {
            return (struct bytes){origin.at + i + 3, origin.size - i - 3};
        }
    }
    return (struct bytes){NULL, 0};
}

track_status gate_check_origin(const struct config *config, const struct gate_head *head,
                               bool strict, track_error *err)
{
    bool safe = is_safe(head->method);
    struct bytes origin = gate_header(head, "Origin");
    struct bytes site = gate_header(head, "Sec-Fetch-Site");
    if (origin.at && (!safe || strict)) {
        struct bytes host = origin_host(origin);
        if (host.size == 0 || !gate_host_ours(config, host)) {
            return FAIL(err, TRACK_DENIED, "a page of another origin sent this request");
        }
    }
    bool api = strncmp(head->target, "/api/", 5) == 0;
    bool ours = !site.at || bytes_are(site, "same-origin") || (safe && bytes_are(site, "none"));
    if (!ours && (!safe || api)) {
        return FAIL(err, TRACK_DENIED, "a page of another site sent this request");
    }
    return TRACK_OK;
}

/* "application/json; charset=utf-8" is "application/json". */
static struct bytes type_of(struct bytes value)
{
    const unsigned char *end = value.at ? memchr(value.at, ';', value.size) : NULL;
    size_t size = end ? (size_t)(end - value.at) : value.size;
    while (size > 0 && (value.at[size - 1] == ' ' || value.at[size - 1] == '\t')) {
        size--;
    }
    return (struct bytes){value.at, size};
}

/* Content types of a body, "|" around each; NULL: any. */
static const char *const body_types[] = {[BODY_NONE] = NULL,
                                         [BODY_JSON] = "|application/json|",
                                         [BODY_FRAME] = "|application/x-track-frames|",
                                         [BODY_DOC] = "|application/json|text/plain|",
                                         [BODY_BYTES] = NULL};

static bool is_type_of(const char *types, struct bytes type)
{
    char wanted[64];
    int size = snprintf(wanted, sizeof(wanted), "|%.*s|", (int)type.size, (const char *)type.at);
    return size > 2 && size < (int)sizeof(wanted) && strcasestr(types, wanted);
}

static track_status check_type(const struct route *row, const struct gate_head *head,
                               struct gate_pass *pass, track_error *err)
{
    const char *types = body_types[row->body];
    if (types && !is_type_of(types, type_of(gate_header(head, "Content-Type")))) {
        pass->http = 415;
        return FAIL(err, TRACK_INVALID, "Content-Type must be %.*s here", (int)strlen(types) - 2,
                    types + 1);
    }
    struct bytes coding = gate_header(head, "Content-Encoding");
    pass->zstd = row->body != BODY_BYTES && bytes_are_any_case(coding, "zstd");
    if (coding.at && !pass->zstd && !bytes_are_any_case(coding, "identity")) {
        pass->http = 415;
        return FAIL(err, TRACK_INVALID, "Content-Encoding must be %s here",
                    row->body == BODY_BYTES ? "absent" : "zstd or absent");
    }
    return TRACK_OK;
}

track_status gate_check_body(const struct route *row, uint64_t most, const struct gate_head *head,
                             struct gate_pass *pass, track_error *err)
{
    bool empty = !pass->chunked && pass->length_bytes == 0;
    if (row->body == BODY_NONE) {
        return empty ? TRACK_OK : FAIL(err, TRACK_INVALID, "no body is allowed here");
    }
    if (row->body == BODY_BYTES && !pass->has_length) {
        pass->http = 411;
        return FAIL(err, TRACK_INVALID, "the length of a file must be declared (Content-Length)");
    }
    if (pass->length_bytes > most) {
        return FAIL(err, TRACK_TOO_LARGE, "a body of %llu bytes; at most %llu are taken here",
                    (unsigned long long)pass->length_bytes, (unsigned long long)most);
    }
    return empty && row->body != BODY_BYTES ? TRACK_OK : check_type(row, head, pass, err);
}
