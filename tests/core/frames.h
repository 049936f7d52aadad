/* frames - frames to test with: one of each kind, comparison, and a fresh CRC after damage. */
#ifndef TESTS_CORE_FRAMES_H
#define TESTS_CORE_FRAMES_H
#include "../../core/frame.h"

/* Two keys defined; a block of two columns (float and double) by three rows; a text. */
struct frame frames_points(void);
struct frame frames_lines(void);     /* two lines, one with a byte that is no UTF-8 */
struct frame frames_heartbeat(void); /* nothing but a head */

/* The same content: everything but size and count of the head. */
bool frames_same(const struct frame *a, const struct frame *b);

/* Writes the CRC that the bytes of the frame at [size] now have. */
void frames_renew_crc(unsigned char *at, size_t size);
#endif
