/* pack_lines_dir - the directory of a pack of lines as bytes, and the order of its batches.
 *
 * Layout: schema/formats.md#tkp1-lines
 * Uses:   pack_foot, pack_lines, pack_rows.  Pure; any thread.
 */
#ifndef CORE_PACK_LINES_DIR_H
#define CORE_PACK_LINES_DIR_H
#include "pack_lines.h"

/* Appends directory and foot; sets head.series.
 *
 *   offset  where it is going to lie.
 *
 * TRACK_NOMEM, TRACK_TOO_LARGE  as pack_foot_encode.
 *
 * Tests: tests/core/test_pack_lines_dir.c
 */
track_status pack_lines_dir_encode(struct pack_lines_dir *in, uint64_t offset, struct buf *out,
                                   track_error *err);
#endif
