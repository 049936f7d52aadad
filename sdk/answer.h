/* answer - what a server's reply means.
 *
 * Uses: json, transport.  Any thread.
 */
#ifndef SDK_ANSWER_H
#define SDK_ANSWER_H
#include "transport.h"

/* The error object of a reply; empty texts where it has none. */
struct answer_error {
    char hint[240];
    char ref[40];
    int64_t next_seq; /* -1: not said */
};

/* Turns a reply into a status.
 *
 *   out  what an error says beyond code and message; may be NULL.
 *
 * TRACK_OK for 2xx.  Else the code of the reply's error object with its message; without such an
 * object (a proxy, another server) one that fits the HTTP status, TRACK_UNREACHABLE if none does.
 *
 * Tests: tests/sdk/test_answer.c, tests/e2e/test_sdk.py
 */
track_status answer_check(const struct transport_reply *reply, struct answer_error *out,
                          track_error *err);

/* The same for a request whose reply is JSON when it is done.  TRACK_UNREACHABLE: it is 2xx and
 * another thing, so not from a trackd but from something that stands between. */
track_status answer_check_json(const struct transport_reply *reply, track_error *err);

/* What the server says in a reply to frames, and to closing a writer. */
struct answer_appended {
    int64_t next_seq;
    bool stop;
    bool repeated_steps; /* the writer goes over steps that the run has already */
    int64_t epoch;       /* of the run */
    bool rewound;        /* it is beyond that of the frames: they are visible up to rewound_to */
    int64_t rewound_to;
};

/* Reads such a reply.  TRACK_UNREACHABLE: it is another thing, so not from a trackd. */
track_status answer_appended(const struct transport_reply *reply, struct answer_appended *out,
                             track_error *err);
#endif
