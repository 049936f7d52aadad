#include "scan_wandb.h"

#include "../core/hash.h"
#include "scan_part.h"

enum { SLOTS = 4096 }; /* a power of two, over twice SCAN_CELLS_MAX */

/* Names that were seen: a hash table of cells. */
struct seen {
    const struct scan_cell *cells;
    uint16_t slots[SLOTS]; /* index + 1; 0: free */
};

/* Adds the name of cells[index]; false: it is there. */
static bool add_name(struct seen *seen, size_t index)
{
    struct bytes name = seen->cells[index].name;
    size_t at = hash_crc32c((uint32_t)name.size, name) % SLOTS;
    for (; seen->slots[at]; at = (at + 1) % SLOTS) {
        struct bytes other = seen->cells[seen->slots[at] - 1].name;
        if (scan_is(other, (const char *)name.at, name.size)) {
            return false;
        }
    }
    seen->slots[at] = (uint16_t)(index + 1);
    return true;
}

/* A number of the row, or a bare word for one that is none. */
SCAN_INLINE bool take_value(struct scan *s, struct scan_cell *out)
{
    unsigned char first = scan_peek(s);
    const unsigned char *from = s->at;
    bool taken;
    if (first == 'N') {
        taken = scan_take_word(s, "NaN", 3);
        out->value = (double)NAN;
    } else if (first == 'I') {
        taken = scan_take_word(s, "Infinity", 8);
        out->value = (double)INFINITY;
    } else if (first == '-' && s->end - from > 1 && from[1] == 'I') {
        taken = scan_take_word(s, "-Infinity", 9);
        out->value = -(double)INFINITY;
    } else {
        taken = scan_number(s, &out->value);
    }
    out->text = (struct bytes){from, (size_t)(s->at - from)};
    return taken;
}

/* Whether a number is written as a whole one that a double may not hold. */
static bool is_too_large(const struct scan_cell *cell)
{
    return !(fabs(cell->value) <= (double)SCAN_WHOLE_MAX) && cell->text.size > 0 &&
           !memchr(cell->text.at, '.', cell->text.size) &&
           !memchr(cell->text.at, 'e', cell->text.size) &&
           !memchr(cell->text.at, 'E', cell->text.size) && isfinite(cell->value);
}

/* Takes _step and _timestamp out of the cells. */
static bool place_cell(struct scan_row *row, const struct scan_cell *cell, bool *taken)
{
    *taken = true;
    if (SCAN_IS(cell->name, "_step")) {
        struct scan whole = {cell->text.at, cell->text.at + cell->text.size};
        return scan_int(&whole, &row->step) && scan_end(&whole);
    }
    if (SCAN_IS(cell->name, "_timestamp")) {
        row->time_s = cell->value;
        return isfinite(cell->value);
    }
    *taken = false;
    return !is_too_large(cell);
}

bool scan_row(struct bytes line, struct scan_row *row)
{
    struct scan s = {line.at, line.at + line.size};
    struct scan_cell apart[2]; /* what is no cell, for their names */
    size_t apart_count = 0;
    struct seen seen = {.cells = row->cells};
    *row = (struct scan_row){
        .step = SCAN_NO_ROW_STEP, .time_s = (double)NAN, .cells = row->cells, .count = 0};
    if (!scan_take(&s, '{')) {
        return false;
    }
    if (scan_take(&s, '}')) {
        return scan_end(&s);
    }
    do {
        if (row->count == SCAN_CELLS_MAX) {
            return false;
        }
        struct scan_cell *cell = &row->cells[row->count];
        bool taken;
        if (!scan_text(&s, &cell->name) || !scan_take(&s, ':') || !take_value(&s, cell) ||
            !place_cell(row, cell, &taken)) {
            return false;
        }
        if (!taken && !add_name(&seen, row->count++)) {
            return false;
        }
        for (size_t i = 0; taken && i < apart_count; i++) {
            if (scan_is(apart[i].name, (const char *)cell->name.at, cell->name.size)) {
                return false;
            }
        }
        if (taken) {
            apart[apart_count++] = *cell;
        }
    } while (scan_take(&s, ','));
    return scan_take(&s, '}') && scan_end(&s);
}
