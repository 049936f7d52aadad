/* Shows that a directory comes back from the end of a pack, and that damage is seen.
 * How: both ways; every byte of the foot changed; every cut. */
#include "../../core/pack_foot.h"
#include "../harness.h"

#include <string.h>

static track_status read_foot(struct bytes in, struct buf *plain, uint64_t *end)
{
    struct pack_blob blob = {pack_read_memory, &in, in.size};
    struct pack_head head;
    return pack_foot_read(&blob, &head, plain, end, NULL);
}

TEST(pack_foot, comes_back)
{
    static const char text[] = "what the directory says, says, says, says, says, says";
    AUTO_BUF out = BUF(1 << 16);
    AUTO_BUF plain = BUF(PACK_DIRECTORY_MAX);
    struct pack_head head = {.kind = PACK_POINTS};
    uint64_t end;
    CHECK(pack_encode_head(&head, &out, NULL) == TRACK_OK);
    buf_put(&out, "frames", 6);
    struct bytes in = {(const unsigned char *)text, sizeof(text)};
    CHECK(pack_foot_encode(in, out.size, &out, NULL) == TRACK_OK);
    struct bytes all = {out.at, out.size};
    CHECK(read_foot(all, &plain, &end) == TRACK_OK && end == PACK_HEAD_BYTES + 6);
    CHECK(plain.size == sizeof(text) && memcmp(plain.at, text, sizeof(text)) == 0);
    for (size_t i = PACK_HEAD_BYTES + 6; i < out.size; i++) {
        plain.size = 0;
        out.at[i] ^= 4;
        CHECK_INT(read_foot(all, &plain, &end), TRACK_CORRUPT);
        out.at[i] ^= 4;
    }
    for (size_t cut = 0; cut < out.size; cut++) {
        CHECK_INT(read_foot((struct bytes){out.at, cut}, &plain, &end), TRACK_CORRUPT);
    }
}
