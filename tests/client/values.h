/* values - what a board hands out, to be asked for by name. */
#ifndef TESTS_VALUES_H
#define TESTS_VALUES_H
#include "../../client/board.h"

struct values {
    struct {
        char name[128];
        double value;
    } list[512];
    size_t count;
};

/* Ends the window of the board and takes what it gives. */
void values_take(struct values *v, struct board *b);

/* NaN if there is no such value. */
double values_get(const struct values *v, const char *name);
#endif
