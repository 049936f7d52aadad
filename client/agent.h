/* agent - the sampler of a node: `track agent`.
 *
 * One loop, one look a second: subscribers on the socket, the machine, the processes, the device
 * worker's ring; every five seconds a window is logged to each watched run.  It ends by itself when
 * nobody has subscribed for a while.
 * Uses: agent_socket, watch and the samplers.
 */
#ifndef CLIENT_AGENT_H
#define CLIENT_AGENT_H
#include "agent_socket.h"
#include "sample_proc.h"
#include "watch.h"

#include <stdio.h>
#include <time.h>

enum { AGENT_CONNECTIONS_MAX = 128, AGENT_NODE_MAX = 64, AGENT_PERIOD_S = 5 };

struct agent_options {
    const char *root;    /* "" in the product */
    const char *program; /* this program, for the device worker */
    int64_t idle_us;     /* how long it stays without a subscriber */
    FILE *talk;          /* says what happens; NULL: nobody listens */
};

struct agent {
    struct agent_options options;
    char node[AGENT_NODE_MAX];
    struct host host;
    struct nets nets;
    struct procs procs;
    struct devices devices;
    struct board board; /* of the machine */
    struct missing missing;
    struct arena *arena;                   /* of watches */
    struct watch *watches[PROCS_RUNS_MAX]; /* NULL: never used */
    int lock, listener;
    int connections[AGENT_CONNECTIONS_MAX]; /* -1: free */
    int64_t empty_us; /* monotonic: since when there is no watch; 0: there is one */
    int64_t scan_us;  /* wall clock of the last scan of processes */
    uint32_t lost;    /* a bit a device that alerts were sent of */
    bool hung;        /* likewise of the worker */
};

/* Makes a sampler that has not begun.
 *
 * TRACK_NOMEM  the arena's limit, or no shared memory.
 */
track_status agent_init(struct agent *a, struct arena *arena, const struct agent_options *options,
                        track_error *err);

/* Works until nobody needs it, or a SIGTERM or SIGINT (which must be blocked) asks it to end.  Then
 * its writers are closed and the folder's socket is removed. */
void agent_serve(struct agent *a, const char *folder);

/* Everything that can be read here, once, over two looks one second apart: into a->board.  Devices
 * are read in this process. */
void agent_look(struct agent *a);

/* Answers one packet.
 *
 *   peer_pid  of who sent it.
 *   out       [AGENT_PACKET_MAX] the reply, one JSON object.
 *
 * Tests: tests/client/test_agent.c
 */
size_t agent_answer(struct agent *a, struct bytes packet, int peer_pid, char *out);

/* The watch at a place, NULL if the place is free. */
struct watch *agent_watch(const struct agent *a, size_t i);

/* Ends a watch: the last, shorter window, and what is known by now of the devices. */
void agent_leave(struct agent *a, struct watch *w);

/* Says a line to options.talk. */
void agent_say(const struct agent *a, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* A clock in microseconds. */
int64_t agent_clock_us(clockid_t clock);

/* Short name of this machine: up to its first dot, other than [A-Za-z0-9._-] replaced by '-'. */
void agent_node(char out[AGENT_NODE_MAX]);
#endif
