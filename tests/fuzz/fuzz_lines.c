/* Fuzzes lines: they are the same in one piece and byte by byte, none is longer than the limit, and
 * what is pending gives the same state again when it is added anew. */
#include "../../core/lines.h"
#include "fuzz.h"

#include <string.h>

/* A checksum over lines and their ends. */
static void mix(void *data, struct bytes text)
{
    uint64_t *sum = data;
    CHECK(text.size <= LINES_BYTES_MAX);
    for (size_t i = 0; i < text.size; i++) {
        *sum = *sum * 31 + text.at[i] + 1;
    }
    *sum = *sum * 31 + 1000;
}

FUZZ(lines)
{
    static unsigned char room[3][LINES_BYTES_MAX];
    uint64_t sums[3] = {0};
    struct lines l[3];
    for (int i = 0; i < 3; i++) {
        l[i] = (struct lines){.text = room[i], .sink = mix, .data = &sums[i]};
    }
    lines_add(&l[0], in, 0);
    for (size_t i = 0; i < in.size; i++) {
        lines_add(&l[1], (struct bytes){in.at + i, 1}, 0);
    }
    CHECK(l[0].pending == l[1].pending && l[0].pending <= in.size);
    lines_add(&l[2], (struct bytes){in.at + in.size - l[0].pending, l[0].pending}, 0);
    CHECK(sums[2] == 0 && l[2].size == l[0].size && l[2].rewind == l[0].rewind);
    CHECK(memcmp(room[0], room[2], l[0].size) == 0);
    lines_end(&l[0]);
    lines_end(&l[1]);
    CHECK(sums[0] == sums[1]);
}
