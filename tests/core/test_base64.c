/* Shows that bytes survive as text, and that only the one text for some bytes is taken.
 * How: vectors of RFC 4648; forms that others let pass. */
#include "../../core/base64.h"
#include "../harness.h"

#include <string.h>

static struct bytes text(const char *s)
{
    return (struct bytes){(const unsigned char *)s, strlen(s)};
}

TEST(base64, has_the_vectors_of_the_rfc)
{
    static const char *const known[][2] = {
        {"", ""},
        {"f", "Zg=="},
        {"fo", "Zm8="},
        {"foo", "Zm9v"},
        {"foob", "Zm9vYg=="},
        {"fooba", "Zm9vYmE="},
        {"foobar", "Zm9vYmFy"},
        {"\xfb\xff\xbf", "+/+/"},
    };
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        AUTO_BUF to = BUF(64);
        AUTO_BUF back = BUF(64);
        base64_put(&to, text(known[i][0]));
        CHECK(to.size == strlen(known[i][1]));
        CHECK(to.size == 0 || memcmp(to.at, known[i][1], to.size) == 0);
        CHECK(base64_take(&back, text(known[i][1]), NULL) == TRACK_OK);
        CHECK(back.size == strlen(known[i][0]));
        CHECK(back.size == 0 || memcmp(back.at, known[i][0], back.size) == 0);
    }
}

TEST(base64, refuses_other_texts)
{
    static const char *const bad[] = {"Z",      "Zg",   "Zg=",   "Zg===",    "Zh==",
                                      "Zm9=",   "Z===", "====",  "Zg==Zg==", "Zm 9",
                                      "Zm9v\n", "Zm-_", "Zm9v=", "=Zg="};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        AUTO_BUF out = BUF(64);
        CHECK(base64_take(&out, text(bad[i]), NULL) == TRACK_INVALID);
    }
    AUTO_BUF small = BUF(2);
    CHECK(base64_take(&small, text("Zm9v"), NULL) == TRACK_TOO_LARGE);
}
