/* Shows that notes and requests of a spool survive each allocation failing: a status, and nothing
 * half done. */
#include "../../sdk/spool_note.h"
#include "../../sdk/spool_op.h"
#include "../fault.h"
#include "../harness.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

enum { ARENA_BYTES = 1 << 20 };

static track_status write_notes(int dir)
{
    AUTO_ARENA arena = ARENA(ARENA_BYTES);
    struct spool_notes n;
    const struct note *notes;
    TRY(spool_notes_open(dir, &arena, &n, &notes, NULL));
    track_status status = spool_notes_add(&n, &(struct note){.kind = NOTE_HELD, .seq = 1}, NULL);
    spool_notes_close(&n);
    return status;
}

static track_status write_requests(int dir)
{
    AUTO_ARENA arena = ARENA(ARENA_BYTES);
    struct spool_ops ops;
    struct op got;
    struct op op = {.method = "POST", .path = "/x", .type = "", .blob = "", .digest = ""};
    uint64_t next;
    TRY(spool_ops_open(dir, &ops, NULL));
    track_status status = spool_ops_add(&ops, &op, NULL);
    if (status == TRACK_OK) {
        status = spool_ops_read(&ops, 0, &arena, &got, &next, NULL);
    }
    spool_ops_close(&ops);
    return status;
}

static track_status write_both(void)
{
    char path[] = "/tmp/track-fault-XXXXXX";
    int dir = mkdtemp(path) ? open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    track_status status = write_notes(dir);
    status = status == TRACK_OK ? write_notes(dir) : status; /* now there is something to read */
    status = status == TRACK_OK ? write_requests(dir) : status;
    unlinkat(dir, "cuts.trk", 0);
    unlinkat(dir, "ops.trk", 0);
    close(dir);
    rmdir(path);
    return status;
}

TEST(spool_fault, survives_each_allocation_failing)
{
    CHECK(fault_each(write_both) > 0);
}
