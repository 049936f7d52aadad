/* bench/calibrate - what this machine can do, beside which every other figure is read.
 * Prints rows: memcpy of 64 MiB, SHA-256 of 64 MiB, fdatasync after a 4 KiB append in $TMPDIR. */
#include "../core/hash.h"
#include "bench.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BLOCK_BYTES = 64 << 20, ROUNDS = 7, SYNCS = 200 };

static double copy_once(void *data)
{
    unsigned char *block = data;
    double from = bench_seconds();
    memcpy(block + BLOCK_BYTES, block, BLOCK_BYTES);
    return bench_seconds() - from;
}

static double hash_once(void *data)
{
    struct digest digest;
    double from = bench_seconds();
    if (hash_sha256((struct bytes){data, BLOCK_BYTES}, &digest, NULL) != TRACK_OK) {
        return 0;
    }
    return bench_seconds() - from;
}

static double sync_once(void *data)
{
    int fd = *(int *)data;
    char page[4096] = {1};
    double from = bench_seconds();
    if (write(fd, page, sizeof(page)) != (ssize_t)sizeof(page) || fdatasync(fd) != 0) {
        return 0;
    }
    return bench_seconds() - from;
}

int main(void)
{
    unsigned char *block = calloc(2, BLOCK_BYTES);
    char path[] = "/var/tmp/track-bench-XXXXXX";
    int fd = mkstemp(path);
    if (!block || fd < 0) {
        return 1;
    }
    unlink(path);
    memset(block, 7, 2 * (size_t)BLOCK_BYTES);
    bench_row("memcpy, one core", BLOCK_BYTES / 1e9 / bench_median(copy_once, block, ROUNDS),
              "GB/s", "");
    bench_row("SHA-256, one core", BLOCK_BYTES / 1e9 / bench_median(hash_once, block, ROUNDS),
              "GB/s", "");
    bench_row("fdatasync after a 4 KiB append", 1e3 * bench_median(sync_once, &fd, SYNCS), "ms",
              "");
    close(fd);
    free(block);
    return 0;
}
