/* scan_wandb - a row of W&B's history, read in one pass.
 *
 * A line of file_stream as it is once the escapes of the text around it are gone.  As scan.h: what
 * is not quite plain (a text, a list, an object, true, a whole number beyond 2^53, a name with an
 * escape) is left to core/json; bare NaN, Infinity and -Infinity, which W&B sends and JSON does not
 * know, are taken.
 * Used by tests and bench/scan.c; the routes of W&B's API come with that facade.
 * Uses: hash, scan_part.  Pure; any thread.
 */
#ifndef SERVER_SCAN_WANDB_H
#define SERVER_SCAN_WANDB_H
#include "../core/bytes.h"

#include <stdbool.h>

enum { SCAN_CELLS_MAX = 1000 };
#define SCAN_NO_ROW_STEP INT64_MIN

/* A name and its number; both lie in the line. */
struct scan_cell {
    struct bytes name;
    struct bytes text; /* as the number was written: 1, 1.0 and 1e0 are not the same row */
    double value;
};

struct scan_row {
    int64_t step;            /* _step; SCAN_NO_ROW_STEP: not said */
    double time_s;           /* _timestamp; NaN: not said */
    struct scan_cell *cells; /* [SCAN_CELLS_MAX], the caller's: all but these two */
    size_t count;
};

/* Reads {"loss":0.5,"_step":3,"_timestamp":1.7e9,...}, members in any order.
 *
 * False: not plain, a name twice, or more than SCAN_CELLS_MAX; what is in *row is undefined then.
 *
 * Cost:  90 ns a cell of 17 digits (bench/scan.c).
 * Tests: tests/server/test_scan_wandb.c, tests/fuzz/fuzz_scan_wandb.c (against core/json)
 */
bool scan_row(struct bytes line, struct scan_row *row);
#endif
