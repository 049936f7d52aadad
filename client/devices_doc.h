/* devices_doc - the document "devices" of a run: which devices there are, and what is missing.
 *
 *     {"devices": [{"node", "device", "vendor", "name", "uuid", ...}],
 *      "missing": [{"node", "what", "why"}],
 *      "nodes":   [{"node", "basis"}]}
 *
 * A machine without a GPU has no device, and the reason stands in `missing`.
 * Uses: devices, share, json, track.h.
 */
#ifndef CLIENT_DEVICES_DOC_H
#define CLIENT_DEVICES_DOC_H
#include "../sdk/track.h"
#include "devices.h"
#include "share.h"

enum { DEVICES_DOC_BYTES_MAX = 1 << 20 };

struct devices_doc {
    const char *node;
    enum share_basis basis;
    const struct devices *devices;
    const struct missing *host, *run; /* what else is missing */
};

/* Writes the document.
 *
 *   old  what is there already, whose parts of other nodes are kept; NULL: nothing.
 *   out  [DEVICES_DOC_BYTES_MAX] at most; borrowed from to.
 *
 * TRACK_TOO_LARGE, TRACK_NOMEM  as json_end.
 *
 * Tests: tests/client/test_devices_doc.c
 */
track_status devices_doc_write(const struct devices_doc *doc, const struct json *old,
                               struct buf *to, struct bytes *out, track_error *err);

/* Reads what the server has, writes the document, stores it.  Fails as track_request. */
track_status devices_doc_put(const struct devices_doc *doc, track_client *client,
                             const char *run_id, track_error *err);
#endif
