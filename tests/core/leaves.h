/* leaves - a tree whose full nodes are all kept, for tests of merkle. */
#ifndef TESTS_CORE_LEAVES_H
#define TESTS_CORE_LEAVES_H
#include "../../core/merkle.h"

enum { LEAVES_LEVELS = 18 };

struct leaves {
    struct merkle edge;
    struct merkle_tree tree;             /* reads nodes */
    struct digest *nodes[LEAVES_LEVELS]; /* [level][index] */
};

/* A tree of n < 2^17 entries {"seq":i,"ev":"run.finish"}; NULL: it cannot be made. */
struct leaves *leaves_make(struct arena *arena, uint64_t n);

bool leaves_leaf(uint64_t i, struct digest *out);
#endif
