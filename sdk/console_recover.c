#include "../core/name.h"
#include "console.h"
#include "console_tail.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { RECOVER_ARENA_BYTES = 1 << 20, RECOVER_WAITS_MAX = 20 };

struct recovery {
    struct spool spool;
    track_stream stream;
    int64_t time_us;
    struct console_tail tail;
};

static void recover_line(void *data, struct bytes text)
{
    struct recovery *r = data;
    struct slot slot = {.tag = slot_tag(SLOT_LINE, (uint32_t)r->stream),
                        .a = (int64_t)atomic_load(&r->spool.next), /* more than any line has */
                        .b = r->time_us,
                        .c = text.size};
    (void)!spool_add(&r->spool, &slot, text);
}

/* The helper of a process that was just killed may still write: waits for it, but not for children
 * that go on printing.  A lease is refused as long as the file is open for writing. */
static void recover_wait(int dir, const char *name)
{
    int fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    for (int i = 0; fd >= 0 && i < RECOVER_WAITS_MAX; i++) {
        if (fcntl(fd, F_SETLEASE, F_RDLCK) == 0 || errno != EAGAIN) {
            break;
        }
        nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
    }
    if (fd >= 0) {
        close(fd); /* its lease too */
    }
}

/* Lines of one file; it goes once they are in the spool. */
static void recover_file(struct recovery *r, int dir, unsigned number)
{
    struct stat st;
    recover_wait(dir, number == 0 ? "console0" : "console1");
    r->tail = (struct console_tail){.fd = -1, .at_fd = -1};
    if (console_tail_open(&r->tail, dir, number, recover_line, r, NULL) != TRACK_OK ||
        fstat(r->tail.fd, &st) != 0) {
        console_tail_close(&r->tail);
        return;
    }
    r->stream = number == 0 ? TRACK_STDOUT : TRACK_STDERR;
    r->time_us = (int64_t)st.st_mtim.tv_sec * 1000000 + st.st_mtim.tv_nsec / 1000000 * 1000;
    console_tail_take(&r->tail, false, r->time_us);
    if (atomic_load(&r->spool.lost) == 0) {
        console_tail_end(&r->tail, dir);
    }
    console_tail_close(&r->tail);
}

static track_status recover_open(struct recovery *r, int dir, struct arena *arena)
{
    struct spool_meta meta;
    struct uuid run, writer;
    struct spool_reader reader;
    uint64_t first = 0, end = 0;
    TRY(spool_folder_meta(dir, arena, &meta, NULL));
    TRY(name_decode_uuid(meta.run, &run, NULL));
    TRY(name_decode_uuid(meta.writer, &writer, NULL));
    spool_reader_init(&reader, dir, meta.segment_bytes);
    track_status status = spool_reader_find(&reader, &first, &end, NULL);
    spool_reader_close(&reader);
    TRY(status);
    struct spool_options o = {.dir = dir,
                              .run = run.byte,
                              .writer = writer.byte,
                              .segment_bytes = meta.segment_bytes,
                              .bytes_max = UINT64_MAX};
    return spool_reopen(&r->spool, &o, end, NULL);
}

void console_recover(const struct spool_folder *folder)
{
    AUTO_ARENA arena = ARENA(RECOVER_ARENA_BYTES);
    if (faccessat(folder->dir, "console0", F_OK, 0) != 0 &&
        faccessat(folder->dir, "console1", F_OK, 0) != 0) {
        return;
    }
    struct recovery *r = arena_alloc(&arena, sizeof(*r), _Alignof(struct recovery));
    if (!r) {
        return;
    }
    *r = (struct recovery){.time_us = 0};
    if (recover_open(r, folder->dir, &arena) == TRACK_OK) {
        recover_file(r, folder->dir, 0);
        recover_file(r, folder->dir, 1);
    }
    spool_close(&r->spool);
    spool_release(&r->spool);
}
