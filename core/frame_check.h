/* frame_check - the rules that a frame obeys, whichever way it goes.
 *
 * frame_encode asks here before it writes, frame_decode after it has read, so neither side can
 * make what the other refuses.
 * Uses: frame, name.  Pure; any thread.
 */
#ifndef CORE_FRAME_CHECK_H
#define CORE_FRAME_CHECK_H
#include "frame.h"

/* How a column is stored. */
enum frame_type { FRAME_F32 = 0, FRAME_F64 = 1, FRAME_TEXT = 2 };

/* Points of a POINTS frame, lines of a LINES frame. */
size_t frame_count(const struct frame *in);

/* Checks the parts that a head has by itself.
 *
 * TRACK_INVALID  an unknown kind or flag, or a seq over INT64_MAX.
 */
track_status frame_check_head(const struct frame_head *head, track_error *err);

/* Checks everything that frame.h says about a frame, but for its size as bytes.
 *
 * TRACK_INVALID    a rule is broken; err says which, and where.
 * TRACK_TOO_LARGE  too many points, lines, keys or blocks.
 *
 * Tests: tests/core/test_frame_check.c
 */
track_status frame_check(const struct frame *in, track_error *err);
#endif
