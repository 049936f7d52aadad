/* board - the values of one window, by name, until they are logged.
 *
 * Samplers write as often as they look; a flush hands each name out once, as its kind says, and
 * begins the next window.  A name that nothing was written for is not handed out: unknown is no
 * value, never 0.
 * Uses: arena, fail.
 */
#ifndef CLIENT_BOARD_H
#define CLIENT_BOARD_H
#include "../core/arena.h"
#include "../core/fail.h"

#include <stdbool.h>
#include <stdint.h>

enum { BOARD_NAME_MAX = 96 };

enum board_kind {
    BOARD_MEAN, /* a gauge: its mean */
    BOARD_PEAK, /* a gauge: its mean, and its maximum as NAME_max */
    BOARD_SUM,  /* differences of a counter: their sum */
    BOARD_LAST  /* what holds at the end */
};

struct board_row {
    char name[BOARD_NAME_MAX];
    double sum, most, last;
    uint32_t count; /* of values in this window */
    enum board_kind kind;
};

/* Invariant: count <= room. */
struct board {
    struct board_row *rows; /* [room] */
    size_t count, room;
    size_t next;   /* where the next name is expected, since samplers write in the same order */
    uint64_t lost; /* values without room */
};

/* TRACK_NOMEM  the arena's limit. */
track_status board_init(struct board *b, struct arena *arena, size_t room, track_error *err);

/* Adds one value of `prefix` followed by `name`; one that is not finite is left out. */
void board_add(struct board *b, enum board_kind kind, const char *prefix, const char *name,
               double value);

/* Hands out what the window gave, in order of first use, and begins the next one. */
typedef void board_sink(void *data, const char *name, double value);
void board_flush(struct board *b, board_sink *sink, void *data);

/* What was counted since the last time; 0 the first time (*seen is false), and the new count itself
 * after a counter fell, which means that it began again. */
struct counter {
    uint64_t last;
    bool seen;
};
uint64_t counter_add(struct counter *c, uint64_t now);
#endif
