/* api_live - what changes, as server-sent events.
 *
 * Uses: api_parse, live, stream.
 */
#ifndef SERVER_API_LIVE_H
#define SERVER_API_LIVE_H
#include "route.h"

handler api_event_stream;
#endif
