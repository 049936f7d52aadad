/* Fuzzes the decoder of TKB1: it ends within its output's limit, and what it accepts encodes to
 * something that decodes to the same.  The CRCs are renewed first, so that damage reaches what lies
 * behind them. */
#include "../../core/hash.h"
#include "../../core/tkb.h"
#include "fuzz.h"

#include <string.h>

enum { PLAIN_MAX = 4 << 20 };

static void put_crc(unsigned char *at, struct bytes of)
{
    uint32_t crc = hash_crc32c(0, of);
    for (int i = 0; i < 4; i++) {
        at[i] = (unsigned char)(crc >> (8 * i));
    }
}

static void renew(unsigned char *at, size_t size)
{
    if (size < TKB_HEAD_BYTES + TKB_FOOT_BYTES) {
        return;
    }
    put_crc(at + TKB_HEAD_BYTES - 4, (struct bytes){at, TKB_HEAD_BYTES - 4});
    unsigned char *foot = at + size - TKB_FOOT_BYTES;
    size_t length = foot[8] | (size_t)foot[9] << 8 | (size_t)foot[10] << 16;
    if (length <= size - TKB_HEAD_BYTES - TKB_FOOT_BYTES) {
        put_crc(foot + 12, (struct bytes){foot - length, length});
    }
}

FUZZ(tkb)
{
    AUTO_BUF copy = BUF(1 << 20);
    AUTO_BUF plain = BUF(PLAIN_MAX);
    AUTO_BUF coded = BUF(2 * PLAIN_MAX);
    AUTO_BUF again = BUF(PLAIN_MAX);
    buf_put(&copy, in.at, in.size);
    renew(copy.at, copy.size);
    track_status status = tkb_decode((struct bytes){copy.at, copy.size}, &plain, NULL);
    CHECK(status == TRACK_OK || status == TRACK_CORRUPT || status == TRACK_TOO_LARGE);
    if (status != TRACK_OK) {
        return;
    }
    struct bytes content = {plain.at, plain.size};
    CHECK(tkb_encode(content, 1, &coded, NULL) == TRACK_OK);
    CHECK(tkb_decode((struct bytes){coded.at, coded.size}, &again, NULL) == TRACK_OK);
    CHECK(again.size == plain.size &&
          (plain.size == 0 || memcmp(again.at, plain.at, plain.size) == 0));
}
