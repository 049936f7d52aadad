/* follow - two files that a tracked command writes its output to, read as they grow.
 *
 * A plain file outlives its reader: the command goes on writing when the launcher was killed, as it
 * would not with a pipe or a terminal (cli.md 6.3).  What was read is given back to the disk.
 * Uses: arena, fail.
 */
#ifndef CLIENT_FOLLOW_H
#define CLIENT_FOLLOW_H
#include "../core/arena.h"
#include "../core/bytes.h"

struct follow {
    int dir;         /* folder of this launch; -1: closed */
    int root;        /* the folder it lies in */
    char name[96];   /* of the folder */
    int write_fd[2]; /* what the command gets; -1: closed */
    int read_fd[2];
    int64_t at[2];      /* bytes read */
    int64_t punched[2]; /* bytes given back */
    int notify;         /* inotify; becomes readable when a file grows */
    unsigned char *block;
};

/* Makes the folder spool/console/name with the files out and err.  Folders of launchers that are
 * gone for a week are removed.
 *
 *   arena  holds the block to read into.
 *
 * TRACK_IO, TRACK_FULL  the files cannot be made; err names the folder.
 * TRACK_NOMEM           the arena's limit.
 *
 * Tests: tests/client/test_follow.c
 */
track_status follow_open(struct follow *f, const char *spool, const char *name, struct arena *arena,
                         track_error *err);

/* The command has its descriptors: ours are closed. */
void follow_close_writers(struct follow *f);

/* Reads what file `which` (0 out, 1 err) has beyond what was read; empty when that is nothing.  The
 * bytes live until the next call. */
struct bytes follow_read(struct follow *f, int which);

/* Removes the files and the folder. */
void follow_close(struct follow *f);
#endif
