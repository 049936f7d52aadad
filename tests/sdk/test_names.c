/* Shows that a metric is found by its name however many there are, and no other one. */
#include "../../sdk/names.h"
#include "../harness.h"

#include <stdio.h>
#include <string.h>

enum { NAMES = 5000 };

static struct bytes name_of(char *room, size_t size, int i)
{
    int length = snprintf(room, size, "layer/%d/w %d", i % 50, i);
    return (struct bytes){(const unsigned char *)room, (size_t)length};
}

TEST(names, finds_each_of_thousands)
{
    struct names names = {.count = 0};
    struct region region = {.chunks = NULL};
    char room[64];
    bool good = true;
    for (int i = 0; i < NAMES && good; i++) {
        struct bytes name = name_of(room, sizeof(room), i);
        uint32_t hash = names_hash(name);
        good = names_find(&names, name, hash) == NULL;
        struct track_metric *m = names_make(&names, &region, name, hash);
        good = good && m && m->number == (uint32_t)i && names_add(&names, &region, m);
    }
    for (int i = 0; i < NAMES && good; i++) {
        struct bytes name = name_of(room, sizeof(room), i);
        const struct track_metric *m = names_find(&names, name, names_hash(name));
        good = m && m->number == (uint32_t)i && strcmp(m->name, room) == 0;
    }
    region_release(&region);
    CHECK(good);
    CHECK_INT(names.count, NAMES);
}
