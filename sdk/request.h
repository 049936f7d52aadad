/* request - calls of track.h that ask the server something and wait.
 *
 * Uses: client.
 */
#ifndef SDK_REQUEST_H
#define SDK_REQUEST_H
#include "client.h"

/* The client to use for one call: the given one, or one made from the environment, which *own then
 * is; request_close_client.  Statuses as track_init. */
track_status request_client(track_client *client, track_client **use, track_client **own,
                            track_error *err);
void request_close_client(track_client **own);
#endif
