/* Shows that boot JSON cannot end the script element that it stands in. */
#include "../../server/page_shell.h"
#include "../harness.h"

#include <string.h>

TEST(page, escapes_what_ends_a_script)
{
    static const char json[] = "{\"a\":\"</script>\xe2\x80\xa8\xe2\x80\xa9\xe2\x80\xaa\xe2\x80\"}";
    static const char want[] = "{\"a\":\"\\u003c/script>\\u2028\\u2029\xe2\x80\xaa\xe2\x80\"}";
    AUTO_BUF out = BUF(256);
    page_escape((struct bytes){(const unsigned char *)json, sizeof(json) - 1}, &out);
    CHECK(out.size == sizeof(want) - 1 && memcmp(out.at, want, out.size) == 0);
}
