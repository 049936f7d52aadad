#include "number.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool number_is(struct bytes text)
{
    size_t i = text.size && (text.at[0] == '-' || text.at[0] == '+'), digits = 0;
    for (; i < text.size && text.at[i] >= '0' && text.at[i] <= '9'; i++, digits++) {
    }
    i += i < text.size && text.at[i] == '.';
    for (; i < text.size && text.at[i] >= '0' && text.at[i] <= '9'; i++, digits++) {
    }
    if (digits && i < text.size && (text.at[i] | 32) == 'e') {
        i++;
        i += i < text.size && (text.at[i] == '-' || text.at[i] == '+');
        for (digits = 0; i < text.size && text.at[i] >= '0' && text.at[i] <= '9'; i++, digits++) {
        }
    }
    return digits && i == text.size;
}

bool number_decode(struct bytes text, double *out)
{
    char copy[1100];
    if (!number_is(text) || text.size >= sizeof(copy)) {
        return false;
    }
    memcpy(copy, text.at, text.size);
    copy[text.size] = 0;
    double value = strtod(copy, NULL);
    if (!isfinite(value)) {
        return false;
    }
    *out = value;
    return true;
}

bool number_decode_int(struct bytes text, int64_t *out)
{
    bool negative = text.size && text.at[0] == '-';
    size_t i = negative || (text.size && text.at[0] == '+');
    uint64_t value = 0, max = (uint64_t)INT64_MAX + negative;
    if (i == text.size) {
        return false;
    }
    for (; i < text.size; i++) {
        unsigned digit = (unsigned)text.at[i] - '0';
        if (digit > 9 || value > (max - digit) / 10) {
            return false;
        }
        value = value * 10 + digit;
    }
    *out = negative ? (int64_t)(0 - value) : (int64_t)value;
    return true;
}

size_t number_encode(double value, char *out)
{
    char text[NUMBER_TEXT_MAX];
    if (!isfinite(value)) {
        const char *word = isnan(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity";
        memcpy(out, word, strlen(word));
        return strlen(word);
    }
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, sizeof(text), "%.*g", digits, value);
        if (strtod(text, NULL) == value) {
            break;
        }
    }
    memcpy(out, text, strlen(text));
    return strlen(text);
}
