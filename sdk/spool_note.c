#include "spool_note.h"

#include "../core/fail.h"
#include "../core/hash.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NOTES_ROOM = 1024 }; /* records allocated at a time: 64 KiB */
_Static_assert(sizeof(struct note) == 64, "a note has 64 bytes");

static track_status notes_fail(track_error *err, int number)
{
    track_status status = number == ENOSPC || number == EDQUOT ? TRACK_FULL : TRACK_IO;
    return FAIL(err, status, "cuts.trk: %s", strerrordesc_np(number));
}

static uint32_t note_crc(const struct note *note)
{
    return hash_crc32c(0, (struct bytes){(const unsigned char *)note + 4, sizeof(*note) - 4});
}

/* Counts the notes that are whole. */
static uint64_t notes_count(const struct note *notes, size_t max)
{
    uint64_t n = 0;
    while (n < max && notes[n].kind != 0 && notes[n].crc == note_crc(&notes[n])) {
        n++;
    }
    return n;
}

track_status spool_notes_open(int dir, struct arena *arena, struct spool_notes *out,
                              const struct note **notes, track_error *err)
{
    int fd = openat(dir, "cuts.trk", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    struct stat st;
    if (fd < 0 || fstat(fd, &st) != 0) {
        track_status status = notes_fail(err, errno);
        if (fd >= 0) {
            close(fd);
        }
        return status;
    }
    size_t max = (size_t)st.st_size / sizeof(struct note);
    struct note *all = ARENA_ARRAY(arena, struct note, max ? max : 1);
    ssize_t size = all ? pread(fd, all, max * sizeof(*all), 0) : 0;
    if (!all || size < 0) {
        track_status status =
            all ? notes_fail(err, errno) : FAIL(err, TRACK_NOMEM, "cuts.trk: no memory to read it");
        close(fd);
        return status;
    }
    *out = (struct spool_notes){.fd = fd, .room = max};
    out->count = notes_count(all, (size_t)size / sizeof(*all));
    pthread_mutex_init(&out->lock, NULL);
    *notes = all;
    return TRACK_OK;
}

/* n->lock is held. */
static track_status notes_write(struct spool_notes *n, const struct note *note, track_error *err)
{
    off_t at = (off_t)(n->count * sizeof(*note));
    if (n->count == n->room) {
        int number = posix_fallocate(n->fd, at, NOTES_ROOM * (off_t)sizeof(*note));
        if (number != 0) {
            return notes_fail(err, number);
        }
        n->room += NOTES_ROOM;
    }
    ssize_t size = pwrite(n->fd, note, sizeof(*note), at);
    if (size != (ssize_t)sizeof(*note)) {
        return notes_fail(err, size < 0 ? errno : ENOSPC);
    }
    n->count++;
    return TRACK_OK;
}

track_status spool_notes_add(struct spool_notes *n, const struct note *note, track_error *err)
{
    struct note copy = *note;
    copy.crc = note_crc(&copy);
    pthread_mutex_lock(&n->lock);
    track_status status = notes_write(n, &copy, err);
    pthread_mutex_unlock(&n->lock);
    return status;
}

track_status spool_notes_flush(struct spool_notes *n, track_error *err)
{
    return fdatasync(n->fd) == 0 ? TRACK_OK : notes_fail(err, errno);
}

void spool_notes_close(struct spool_notes *n)
{
    if (n->fd >= 0) {
        close(n->fd);
        pthread_mutex_destroy(&n->lock);
    }
    n->fd = -1;
}
