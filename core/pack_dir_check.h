/* pack_dir_check - whether the parts of a directory fit each other.
 *
 * So that no reader has to look again: every index is in range, everything is in order, counts add
 * up, and sums are such as points can have.
 * Uses: pack, pyramid.  Pure; any thread.
 */
#ifndef CORE_PACK_DIR_CHECK_H
#define CORE_PACK_DIR_CHECK_H
#include "pack.h"

/*   end  where the frames must end: the directory's offset.
 *
 * TRACK_CORRUPT  something does not fit; err says what.
 *
 * Tests: tests/core/test_pack_dir_check.c
 */
track_status pack_dir_check(const struct pack_dir *d, uint64_t end, track_error *err);
#endif
