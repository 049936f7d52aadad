#include "../../core/json.h"
#include "../harness.h"
#include <string.h>
TEST(json, reads)
{
    AUTO_ARENA a = ARENA(1 << 20);
    const struct json *v;
    track_error err;
    const char *t = "{\"a\":[1,2,{\"b\":\"x\"}]}";
    CHECK(json_read((struct bytes){(const unsigned char *)t, strlen(t)}, NULL, &a, &v, &err) ==
          TRACK_OK);
}
