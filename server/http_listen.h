/* http_listen - the sockets that trackd listens on.
 *
 * Only addresses of this machine, and socket files: whoever reaches the server may change
 * everything.
 * Uses: fail.
 */
#ifndef SERVER_HTTP_LISTEN_H
#define SERVER_HTTP_LISTEN_H
#include "../core/fail.h"

#include <stddef.h>

enum { LISTEN_URL_BYTES = 160 };

/* Opens a listening socket.
 *
 *   place  "127.0.0.1:8080", "[::1]:0", "localhost:8080" or "unix:/run/track.sock"; port 0: a free
 *          one.
 *   fd     the socket.
 *   url    [LISTEN_URL_BYTES] how to reach it, "http://127.0.0.1:8080" or "unix:/run/track.sock".
 *
 * TRACK_INVALID   not such a place, or an address that others can reach; err says what to do.
 * TRACK_CONFLICT  the port or the socket file is in use.
 * TRACK_IO        the system refuses otherwise.
 *
 * Tests: tests/server/test_listen.c
 */
track_status listen_open(const char *place, int *fd, char *url, track_error *err);

/* Removes the socket file of a "unix:" place. */
void listen_remove(const char *place);
#endif
