/* missing - what could not be measured, and why: one line each, for people.
 *
 * A source that is absent switches itself off and says so here, and nothing else happens.
 * Uses: json.
 */
#ifndef CLIENT_MISSING_H
#define CLIENT_MISSING_H
#include "../core/json.h"

#include <stdbool.h>

enum { MISSING_MAX = 48 };

struct missing {
    struct {
        char what[32]; /* "gpu", "gpu0/energy_j", "cgroup" */
        char why[160];
    } rows[MISSING_MAX];
    size_t count;
};

/* Adds a line unless `what` has one already.  True if it is new. */
bool missing_add(struct missing *m, const char *what, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Writes the member `name`: an array of {"what", "why"}. */
void missing_write(const struct missing *m, struct json_writer *w, const char *name);
#endif
