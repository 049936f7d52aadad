#include "api_parse.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { REF_DIGITS_MIN = 6, RUN_DIGITS = 32, LIMIT_DEFAULT = 100, LIMIT_MAX = 1000 };

track_status parse_body(const struct request *rq, const char *const *names, const struct json **out,
                        track_error *err)
{
    static const char empty[] = "{}";
    struct bytes text = rq->body.size ? rq->body : (struct bytes){(const unsigned char *)empty, 2};
    TRY(json_read(text, NULL, rq->arena, out, err));
    return json_check_object(*out, names, err);
}

bool parse_is_hex(const char *text, size_t digits)
{
    return strlen(text) == digits && strspn(text, "0123456789abcdef") == digits;
}

static unsigned hex_digit(char c)
{
    return (unsigned)(c <= '9' ? c - '0' : c - 'a' + 10);
}

struct bytes parse_hex(const struct request *rq, const char *text, size_t size)
{
    unsigned char *out = ARENA_ARRAY(rq->arena, unsigned char, size);
    if (!out || !parse_is_hex(text, 2 * size)) {
        return (struct bytes){NULL, 0};
    }
    for (size_t i = 0; i < size; i++) {
        out[i] = (unsigned char)(hex_digit(text[2 * i]) << 4 | hex_digit(text[2 * i + 1]));
    }
    return (struct bytes){out, size};
}

static track_status text_copy(const struct request *rq, struct bytes from, const char **out,
                              track_error *err)
{
    const char *text = arena_text(rq->arena, (const char *)from.at, from.size);
    if (!text) {
        return FAIL(err, TRACK_NOMEM, "no room for a text of %zu bytes", from.size);
    }
    *out = text;
    return TRACK_OK;
}

track_status parse_param(const struct request *rq, size_t index, const char **out, track_error *err)
{
    return text_copy(rq, rq->param[index], out, err);
}

track_status parse_run(struct app *app, const struct request *rq, const char **out,
                       track_error *err)
{
    const char *ref = NULL;
    TRY(parse_param(rq, 0, &ref, err));
    size_t digits = strlen(ref);
    if (parse_is_hex(ref, RUN_DIGITS)) {
        *out = ref;
        return TRACK_OK;
    }
    if (digits < REF_DIGITS_MIN || digits > RUN_DIGITS || !parse_is_hex(ref, digits)) {
        return FAIL(
            err, TRACK_NOT_FOUND,
            "'%.40s' is no run: an id has 32 lower-case hex digits, and its start or end at "
            "least 6",
            ref);
    }
    char *id = ARENA_ARRAY(rq->arena, char, RUN_ID_SIZE);
    if (!id) {
        return FAIL(err, TRACK_NOMEM, "no room for an id");
    }
    TRY(store_run_resolve(app->store, NULL, ref, id, err));
    *out = id;
    return TRACK_OK;
}

track_status parse_query_text(const struct request *rq, const char *name, const char **out,
                              track_error *err)
{
    struct bytes value = request_query(rq, name);
    return value.at ? text_copy(rq, value, out, err) : TRACK_OK;
}

track_status parse_query_int(const struct request *rq, const char *name, struct json_range range,
                             int64_t *out, track_error *err)
{
    const char *text = NULL;
    TRY(parse_query_text(rq, name, &text, err));
    if (!text) {
        return TRACK_OK;
    }
    char *end = NULL;
    errno = 0;
    long long value = strtoll(text, &end, 10);
    bool digits =
        text[0] == '-' ? text[1] >= '0' && text[1] <= '9' : text[0] >= '0' && text[0] <= '9';
    if (!digits || *end || errno || value < range.min || value > range.max) {
        return FAIL(err, TRACK_INVALID,
                    "query parameter %s is '%.40s', not a whole number from "
                    "%lld to %lld",
                    name, text, (long long)range.min, (long long)range.max);
    }
    *out = value;
    return TRACK_OK;
}

track_status parse_query_flag(const struct request *rq, const char *name, bool *out,
                              track_error *err)
{
    int64_t value = *out;
    TRY(parse_query_int(rq, name, (struct json_range){0, 1}, &value, err));
    *out = value == 1;
    return TRACK_OK;
}

bool parse_accepts(const struct request *rq, const char *type)
{
    struct bytes accept = request_header(rq, "Accept");
    return accept.at && memmem(accept.at, accept.size, type, strlen(type));
}

track_status parse_limit(const struct request *rq, int *out, track_error *err)
{
    int64_t limit = LIMIT_DEFAULT;
    TRY(parse_query_int(rq, "limit", (struct json_range){1, LIMIT_MAX}, &limit, err));
    *out = (int)limit;
    return TRACK_OK;
}

track_status parse_cursor_text(const struct request *rq, const char *hex, const char **out,
                               track_error *err)
{
    size_t digits = strlen(hex);
    struct bytes plain = parse_hex(rq, hex, digits / 2);
    if (digits == 0 || !plain.at || memchr(plain.at, '\0', plain.size)) {
        return FAIL(err, TRACK_INVALID, "cursor '%.40s' was not given by an answer of this path",
                    hex);
    }
    return text_copy(rq, plain, out, err);
}

track_status parse_cursor(const struct request *rq, const char **out, track_error *err)
{
    const char *hex = NULL;
    TRY(parse_query_text(rq, "cursor", &hex, err));
    return hex ? parse_cursor_text(rq, hex, out, err) : TRACK_OK;
}

void *parse_call(const struct request *rq, size_t size, struct response *rs)
{
    struct ticket *ticket = arena_alloc(rq->arena, size, alignof(max_align_t));
    if (ticket) {
        ticket->arena = rq->arena;
        ticket->done = rq->done;
        ticket->done_data = rq->done_data;
        rs->ticket = ticket;
    }
    return ticket;
}
