#include "db_like.h"

/* Bytes of the character at text[at]. */
static size_t character_size(struct bytes text, size_t at)
{
    size_t end = at + 1;
    while (end < text.size && (text.at[end] & 0xc0) == 0x80) {
        end++;
    }
    return end - at;
}

static unsigned char folded(unsigned char c, bool fold)
{
    return fold && c >= 'A' && c <= 'Z' ? (unsigned char)(c + 'a' - 'A') : c;
}

/* Where matching goes on after a mismatch: one more character for the last %. */
struct star {
    size_t pattern; /* behind the %; 0: there was none */
    size_t text;
};

/* Matches one element of the pattern that is not %; moves both places on. */
static bool match_one(struct bytes text, struct bytes pattern, bool fold, size_t at[2])
{
    if (at[0] >= text.size || at[1] >= pattern.size) {
        return false;
    }
    if (pattern.at[at[1]] == '_') {
        at[0] += character_size(text, at[0]);
        at[1]++;
        return true;
    }
    size_t literal = at[1] + (pattern.at[at[1]] == '\\' && at[1] + 1 < pattern.size ? 1 : 0);
    if (folded(pattern.at[literal], fold) != folded(text.at[at[0]], fold)) {
        return false;
    }
    at[0]++;
    at[1] = literal + 1;
    return true;
}

bool db_like(struct bytes text, struct bytes pattern, bool fold)
{
    size_t at[2] = {0, 0};
    struct star star = {0, 0};
    while (at[0] < text.size || at[1] < pattern.size) {
        if (at[1] < pattern.size && pattern.at[at[1]] == '%') {
            at[1]++;
            star = (struct star){at[1], at[0]};
        } else if (!match_one(text, pattern, fold, at)) {
            if (star.pattern == 0 || star.text >= text.size) {
                return false;
            }
            star.text += character_size(text, star.text);
            at[0] = star.text;
            at[1] = star.pattern;
        }
    }
    return true;
}
