/* packs - changes of packs for tests: the bytes of a pack do not matter to its rows.
 *
 * Uses: fixture.
 */
#ifndef TESTS_SERVER_PACKS_H
#define TESTS_SERVER_PACKS_H
#include "../../server/store_pack.h"
#include "fixture.h"

/* Uploads content and gives its object; release the upload after the change. */
struct upload;
struct bytes packs_digest(struct fixture *f, const char *content);
track_status packs_upload(struct fixture *f, const char *content, size_t size, struct upload **out,
                          struct object *object);

/* The node of RUN_A. */
int64_t packs_run(struct fixture *f);

/* Rows of RUN_A in the journal, all epochs. */
int64_t packs_waiting(struct fixture *f);
#endif
