/* api_frame - frames on their way in, and the writers that send them.
 *
 * Uses: api_parse, render, journal.
 */
#ifndef SERVER_API_FRAME_H
#define SERVER_API_FRAME_H
#include "route.h"

handler api_frame_add;
finisher api_frame_added;
handler api_writer_set;
handler api_writer_lost;
finisher api_writer_lost_done;
handler api_writer_close;
finisher api_writer_done;
#endif
