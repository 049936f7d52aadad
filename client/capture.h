/* capture - what a tracked command prints becomes lines and metrics of its run.
 *
 * Bytes come as they are read; core/lines.h says where lines end.
 * Uses: arena, lines, regex, track.h.  One thread.
 */
#ifndef CLIENT_CAPTURE_H
#define CLIENT_CAPTURE_H
#include "../core/arena.h"
#include "../core/bytes.h"
#include "../sdk/track.h"

enum { CAPTURE_PATTERNS_MAX = 64 };

struct capture;

/* Where lines and metrics go; a test has its own. */
struct capture_sink {
    void (*line)(void *data, track_stream stream, struct bytes text);
    void (*metric)(void *data, const char *name, int64_t step, double value);
    void (*warn)(void *data, const char *text);
    void *data;
};

struct capture_options {
    const char *const *patterns; /* [pattern_count] of --metric-regex */
    size_t pattern_count;
    bool raw; /* keep every text that a \r rewrites */
};

/* Makes a capture in the arena.
 *
 *   sink  copied.
 *
 * TRACK_INVALID  a faulty pattern, one without a named group, or a group whose name is that of a
 *                group before; err names pattern and place.
 * TRACK_TOO_LARGE  over CAPTURE_PATTERNS_MAX patterns.
 * TRACK_NOMEM      the arena's limit.
 *
 * Tests: tests/client/test_capture.c
 */
track_status capture_init(const struct capture_options *options, const struct capture_sink *sink,
                          struct arena *arena, struct capture **out, track_error *err);

/* Takes the next bytes of a stream. */
void capture_add(struct capture *c, track_stream stream, struct bytes bytes, int64_t now_us);

/* Ends both streams: a last line without \n is a line. */
void capture_end(struct capture *c);
#endif
