/* fixture - a store in a directory of its own, for tests.
 *
 *     FIXTURE(f);        opened; closed and removed at the end of the block
 */
#ifndef TESTS_SERVER_FIXTURE_H
#define TESTS_SERVER_FIXTURE_H
#include "../../core/hash.h"
#include "../../server/journal.h"

#define RUN_A  "0190a0b0c0d0700080000000000000aa"
#define RUN_B  "0190a0b0c0d0700080000000000000bb"
#define NOW_US INT64_C(1764000000000000)

struct fixture {
    struct arena arena;
    struct store *store; /* NULL: it could not be opened; see err */
    track_error err;
    char dir[64];
};

void fixture_open(struct fixture *f, const struct db_ops *ops);
void fixture_close(struct fixture *f);

/* Closes the store and opens it again with other options; data is filled in. */
void fixture_reopen(struct fixture *f, const struct store_options *options);

/* Removes a directory and what is in it; "" is allowed. */
void fixture_remove(const char *dir);

#define FIXTURE(f)                                                  \
    __attribute__((cleanup(fixture_close))) struct fixture f = {0}; \
    fixture_open(&(f), NULL);                                       \
    CHECK(f.store)

/* Makes a run of a project; the status of its ticket. */
track_status fixture_put(struct fixture *f, const char *id, const char *project,
                         struct run_put *out);

/* Waits for a call that was queued with this status. */
track_status fixture_wait(struct fixture *f, track_status queued, struct ticket *t);

/* Stores bytes as a blob, raw or compressed where that pays.
 *   digest  of them. */
track_status fixture_upload(struct fixture *f, struct bytes in, bool raw, struct digest *digest);

/* One encoded frame of `rows` points of one key: writer is 16 times the byte, content_crc tells
 * different contents apart; defines its key where defines is set. */
struct fixture_frame {
    unsigned char writer;
    uint64_t seq;
    size_t rows;
    uint32_t content_crc;
    uint32_t key;
    const char *defines; /* name of the key, or NULL */
};
struct bytes fixture_frame(struct fixture *f, const struct fixture_frame *in);
#endif
