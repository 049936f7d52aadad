/* Fuzzes numbers: what decodes is what strtod reads, and any double comes back from its text. */
#include "../../core/number.h"
#include "fuzz.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

FUZZ(number)
{
    char text[256], shortest[NUMBER_TEXT_MAX + 1], *end;
    double value, back;
    size_t size = in.size < sizeof(text) - 1 ? in.size : sizeof(text) - 1;
    memcpy(text, in.size ? in.at : (const unsigned char *)"", size);
    text[size] = 0;
    if (number_decode((struct bytes){in.at, size}, &value)) {
        double want = strtod(text, &end);
        CHECK(end == text + size && memcmp(&value, &want, sizeof(want)) == 0);
    }
    if (in.size >= sizeof(value)) {
        memcpy(&value, in.at, sizeof(value));
        size = number_encode(value, shortest);
        CHECK(size > 0 && size <= NUMBER_TEXT_MAX);
        bool finite = number_decode((struct bytes){(unsigned char *)shortest, size}, &back);
        CHECK(finite == (isfinite(value) != 0));
        CHECK(!finite || memcmp(&back, &value, sizeof(value)) == 0);
    }
}
