/* http_fields - the headers of an answer.
 *
 * Uses: route.
 */
#ifndef SERVER_HTTP_FIELDS_H
#define SERVER_HTTP_FIELDS_H
#include "route.h"

enum { HTTP_FIELDS_MAX = 24 };

struct http_field {
    const char *name;
    const char *value;
};

/* Fills the headers of security.md 5 and those that rs asks for.
 *
 *   out     [HTTP_FIELDS_MAX]; values live as long as rq->arena.
 *   return  how many.
 *
 * Tests: tests/server/test_fields.c
 */
size_t http_fields(const struct response *rs, const struct request *rq, struct http_field *out);
#endif
