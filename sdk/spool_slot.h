/* spool_slot - the 32 bytes that hold one logged value.
 *
 * Little-endian in memory as on disk.  A slot is published by its CRC, which is written last and
 * never zero; a slot whose CRC is wrong was being written when the process died.
 *
 *   kind   number     a        b      c            followed by
 *   POINT  of the key step     time   value bits
 *   KEY    of the key name B   ctx B  0            MORE slots with name, then context
 *   TEXT   of the key step     time   text B       MORE slots with the text
 *   LINE   stream     index    time   text B       MORE slots with the text
 *   MORE   0          24 bytes of text
 *   REWIND 0          step     time   0
 *
 * MORE slots are published before the slot they belong to.
 * Layout: schema/formats.md#spool
 * Uses:   hash.
 */
#ifndef SDK_SPOOL_SLOT_H
#define SDK_SPOOL_SLOT_H
#include "../core/hash.h"

#include <string.h>

enum slot_kind { SLOT_POINT = 1, SLOT_KEY, SLOT_TEXT, SLOT_LINE, SLOT_MORE, SLOT_REWIND };
enum { SLOT_BYTES = 32, SLOT_MORE_BYTES = 24, SLOT_NUMBER_BITS = 28 };

struct slot {
    uint32_t tag; /* kind << 28 | number */
    uint32_t crc; /* of the other 28 bytes; 0: not published */
    int64_t a;
    int64_t b;
    uint64_t c;
};

static inline uint32_t slot_tag(enum slot_kind kind, uint32_t number)
{
    return (uint32_t)kind << SLOT_NUMBER_BITS | number;
}

static inline unsigned slot_kind(const struct slot *s)
{
    return s->tag >> SLOT_NUMBER_BITS;
}

static inline uint32_t slot_number(const struct slot *s)
{
    return s->tag & ((1u << SLOT_NUMBER_BITS) - 1);
}

/* CRC32C of a, b, c, then tag; never zero. */
static inline uint32_t slot_crc(const struct slot *s)
{
    uint32_t crc = hash_crc32c(0, (struct bytes){(const unsigned char *)&s->a, 24});
    crc = hash_crc32c(crc, (struct bytes){(const unsigned char *)&s->tag, 4});
    return crc ? crc : 1;
}

/* MORE slots that text of this size takes. */
static inline uint64_t slot_more(uint64_t size)
{
    return (size + SLOT_MORE_BYTES - 1) / SLOT_MORE_BYTES;
}
#endif
