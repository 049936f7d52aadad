#include "board.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

track_status board_init(struct board *b, struct arena *arena, size_t room, track_error *err)
{
    *b = (struct board){.rows = ARENA_ARRAY(arena, struct board_row, room), .room = room};
    return b->rows == NULL ? FAIL(err, TRACK_NOMEM, "%zu series of a sampler", room) : TRACK_OK;
}

/* The row of this name, made on first use; NULL when the board is full. */
static struct board_row *row_find(struct board *b, const char *name)
{
    for (size_t i = 0; i < b->count; i++) {
        size_t at = (b->next + i) % b->count;
        if (strcmp(b->rows[at].name, name) == 0) {
            b->next = at + 1;
            return &b->rows[at];
        }
    }
    if (b->count == b->room) {
        return NULL;
    }
    struct board_row *row = &b->rows[b->count++];
    snprintf(row->name, sizeof row->name, "%s", name);
    b->next = b->count;
    return row;
}

void board_add(struct board *b, enum board_kind kind, const char *prefix, const char *name,
               double value)
{
    char full[BOARD_NAME_MAX];
    int n = snprintf(full, sizeof full, "%s%s", prefix, name);
    if (!isfinite(value)) {
        return;
    }
    struct board_row *row = n > 0 && n < BOARD_NAME_MAX ? row_find(b, full) : NULL;
    if (row == NULL) {
        b->lost++;
        return;
    }
    row->kind = kind;
    row->most = row->count == 0 || value > row->most ? value : row->most;
    row->sum = row->count == 0 ? value : row->sum + value;
    row->last = value;
    row->count++;
}

static void row_flush(struct board_row *row, board_sink *sink, void *data)
{
    double value = row->kind == BOARD_SUM    ? row->sum
                   : row->kind == BOARD_LAST ? row->last
                                             : row->sum / row->count;
    sink(data, row->name, value);
    if (row->kind == BOARD_PEAK) {
        char name[BOARD_NAME_MAX + 8];
        snprintf(name, sizeof name, "%s_max", row->name);
        sink(data, name, row->most);
    }
    row->count = 0;
}

void board_flush(struct board *b, board_sink *sink, void *data)
{
    for (size_t i = 0; i < b->count; i++) {
        if (b->rows[i].count > 0) {
            row_flush(&b->rows[i], sink, data);
        }
    }
    b->next = 0;
}

uint64_t counter_add(struct counter *c, uint64_t now)
{
    uint64_t change = !c->seen ? 0 : now >= c->last ? now - c->last : now;
    *c = (struct counter){.last = now, .seen = true};
    return change;
}
