#include "chunk_float.h"

#include <string.h>

bool chunk_float_fit(const double *values, size_t count, uint64_t *bits)
{
    for (size_t i = 0; i < count; i++) {
        float narrow = (float)values[i];
        double back = (double)narrow;
        uint32_t word;
        if (memcmp(&back, &values[i], sizeof(back)) != 0) {
            return false;
        }
        memcpy(&word, &narrow, sizeof(word));
        bits[i] = word;
    }
    return true;
}

void chunk_float_fill(const uint32_t *bits, size_t count, double *out)
{
    for (size_t i = 0; i < count; i++) {
        float narrow;
        memcpy(&narrow, &bits[i], sizeof(narrow));
        out[i] = (double)narrow;
    }
}
