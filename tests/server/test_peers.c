/* Shows that a connection is cut when its time is over, not before, and that idle ones are cut at
 * the end. How: socket pairs; the far end sees the end of the stream. */
#include "../../server/http_peers.h"
#include "../harness.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

/* True if the far end sees the end within ms. */
static bool is_cut(int fd, int ms)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};
    char byte;
    return poll(&p, 1, ms) == 1 && read(fd, &byte, 1) == 0;
}

TEST(peers, are_cut_when_their_time_is_over)
{
    struct stats stats = {.cut = 0};
    struct peers *peers = NULL;
    int late[2], fine[2];
    CHECK(peers_open(NULL, NULL, &stats, &peers, NULL) == TRACK_OK);
    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, late) == 0);
    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, fine) == 0);
    struct peer *a = peers_add(peers, late[0], true), *b = peers_add(peers, fine[0], false);
    CHECK(a && b && peer_loopback(a) && !peer_loopback(b));
    CHECK_INT(stats.connections, 2);
    peer_limit(a, 100000, false);
    CHECK(is_cut(late[1], 3000));
    CHECK(!is_cut(fine[1], 0));
    CHECK_INT(stats.cut, 1);
    peer_limit(b, 60000000, true);
    peers_end_idle(peers);
    CHECK(is_cut(fine[1], 3000));
    peers_remove(peers, a);
    peers_remove(peers, b);
    CHECK_INT(stats.connections, 0);
    peers_close(peers);
    close(late[0]), close(late[1]), close(fine[0]), close(fine[1]);
}

TEST(peers, have_as_long_as_they_move)
{
    struct stats stats = {.cut = 0};
    struct peers *peers = NULL;
    int pair[2];
    CHECK(peers_open(NULL, NULL, &stats, &peers, NULL) == TRACK_OK);
    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
    struct peer *peer = peers_add(peers, pair[0], true);
    CHECK(peer);
    peer_progress(peer, INT64_MIN / 2, 1000); /* began long ago and hardly moved */
    CHECK(is_cut(pair[1], 3000));
    peers_remove(peers, peer);
    peers_close(peers);
    close(pair[0]), close(pair[1]);
}
