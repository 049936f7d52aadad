/* Any text: what is taken is written again as it was. */
#include "../../core/base64.h"
#include "fuzz.h"

#include <string.h>

FUZZ(base64)
{
    AUTO_BUF plain = BUF(1 << 20);
    AUTO_BUF text = BUF(1 << 20);
    if (base64_take(&plain, in, NULL) == TRACK_OK) {
        base64_put(&text, (struct bytes){plain.at, plain.size});
        CHECK(text.size == in.size && (in.size == 0 || memcmp(text.at, in.at, in.size) == 0));
    }
}
