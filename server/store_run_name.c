#include "store_base.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WORDS = 32 };

static const char *const hows[WORDS] = {
    "amber", "bold",  "brisk", "calm",  "clear", "crisp",  "deep",  "dry",
    "early", "fair",  "fresh", "green", "keen",  "late",   "light", "lively",
    "long",  "mild",  "neat",  "open",  "plain", "proud",  "quick", "quiet",
    "round", "sharp", "slow",  "soft",  "still", "strong", "warm",  "wide",
};

static const char *const whats[WORDS] = {
    "alder", "badger", "beech", "birch", "brook", "cedar",  "crane",  "dune",
    "elm",   "falcon", "fern",  "finch", "fox",   "heron",  "hill",   "lake",
    "larch", "lark",   "maple", "marsh", "oak",   "otter",  "pine",   "reed",
    "ridge", "river",  "shore", "swift", "thorn", "valley", "willow", "wren",
};

/* The end of an id is random, its front is a clock. */
void run_make_name(const char *id, char *out)
{
    size_t size = strlen(id);
    unsigned long random = strtoul(id + (size > 8 ? size - 8 : 0), NULL, 16);
    snprintf(out, RUN_NAME_BYTES, "%s-%s-%lu", hows[random % WORDS], whats[random / WORDS % WORDS],
             random / WORDS / WORDS % 100);
}
