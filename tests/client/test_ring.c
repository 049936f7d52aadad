/* Shared memory between worker and sampler: order, overtaking, torn records and tables. */
#include "../../client/ring.h"
#include "../harness.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void put(struct ring *r, double value)
{
    ring_put(r, &(struct ring_record){.metric = 3, .value = value, .pid = 9});
}

TEST(ring, gives_records_in_order_once)
{
    struct ring *r;
    struct ring_record got;
    uint64_t at = 0;
    int fd;
    CHECK(ring_open(&fd, &r, NULL) == TRACK_OK);
    CHECK(!ring_get(r, &at, &got));
    put(r, 1);
    put(r, 2);
    CHECK(ring_get(r, &at, &got) && got.value == 1 && got.metric == 3 && got.pid == 9);
    CHECK(ring_get(r, &at, &got) && got.value == 2);
    CHECK(!ring_get(r, &at, &got));
    ring_close(r);
    close(fd);
}

TEST(ring, a_slow_reader_jumps_ahead)
{
    struct ring *r;
    struct ring_record got;
    uint64_t at = 0;
    int fd;
    CHECK(ring_open(&fd, &r, NULL) == TRACK_OK);
    for (int i = 0; i < 3 * RING_RECORDS; i++) {
        put(r, i);
    }
    CHECK(ring_get(r, &at, &got));
    CHECK(got.value == 3 * RING_RECORDS - RING_RECORDS / 2);
    ring_close(r);
    close(fd);
}

TEST(ring, a_torn_record_is_passed_over)
{
    struct ring *r;
    struct ring_record got;
    uint64_t at = 0;
    int fd;
    CHECK(ring_open(&fd, &r, NULL) == TRACK_OK);
    put(r, 1);
    put(r, 2);
    atomic_store(&r->records[0].seq2, 77);
    CHECK(ring_get(r, &at, &got) && got.value == 2);
    ring_close(r);
    close(fd);
}

TEST(ring, a_table_is_read_whole_or_not)
{
    static struct device_table table = {.driver = "570", .count = 1}, got;
    struct ring *r;
    int fd;
    CHECK(ring_open(&fd, &r, NULL) == TRACK_OK);
    ring_put_table(r, &table);
    CHECK(ring_get_table(r, &got) && strcmp(got.driver, "570") == 0);
    CHECK_INT(atomic_load(&r->table_count), 1);
    atomic_fetch_add(&r->table_seq, 1); /* the writer died while writing */
    CHECK(!ring_get_table(r, &got));
    ring_put_table(r, &table);
    CHECK(ring_get_table(r, &got));
    ring_close(r);
    close(fd);
}

TEST(ring, another_process_joins_by_descriptor)
{
    struct ring *r, *other;
    struct ring_record got;
    uint64_t at = 0;
    int fd, status;
    CHECK(ring_open(&fd, &r, NULL) == TRACK_OK);
    CHECK(ring_join(0, &other, NULL) == TRACK_INVALID);
    pid_t pid = fork();
    if (pid == 0) {
        if (ring_join(fd, &other, NULL) == TRACK_OK) {
            put(other, 42);
        }
        kill(getpid(), SIGKILL);
    }
    CHECK(waitpid(pid, &status, 0) == pid);
    CHECK(ring_get(r, &at, &got) && got.value == 42);
    ring_close(r);
    close(fd);
}
