#include "values.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static void take(void *data, const char *name, double value)
{
    struct values *v = data;
    if (v->count < sizeof v->list / sizeof *v->list) {
        snprintf(v->list[v->count].name, sizeof v->list[0].name, "%s", name);
        v->list[v->count++].value = value;
    }
}

void values_take(struct values *v, struct board *b)
{
    v->count = 0;
    board_flush(b, take, v);
}

double values_get(const struct values *v, const char *name)
{
    for (size_t i = 0; i < v->count; i++) {
        if (strcmp(v->list[i].name, name) == 0) {
            return v->list[i].value;
        }
    }
    return NAN;
}
