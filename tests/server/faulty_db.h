/* faulty_db - SQLite whose calls fail on demand.
 *
 * A second table of db.h around the first one, as the seam allows.
 */
#ifndef TESTS_SERVER_FAULTY_DB_H
#define TESTS_SERVER_FAULTY_DB_H
#include "../../server/db.h"

enum faulty_call {
    FAULTY_BEGIN,
    FAULTY_COMMIT,       /* nothing is committed */
    FAULTY_AFTER_COMMIT, /* all is committed, and then the call fails */
    FAULTY_UNDO,         /* the engine drops the whole transaction */
    FAULTY_RUN,
};

/* The next `times` calls of this kind on a writing connection fail in this way. */
void faulty_db_at(enum faulty_call call, int times, track_status status, enum db_outcome outcome);

extern const struct db_ops db_faulty;
#endif
