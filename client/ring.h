/* ring - what the device worker tells the sampler, through shared memory.
 *
 * One writer, one reader, no lock: a worker that hangs inside a driver, or dies at any moment,
 * leaves nothing that the reader could wait for.  A record that is overwritten while it is read is
 * noticed by its two sequence numbers; the device table by its version.
 * Uses: board (its kinds), missing.
 */
#ifndef CLIENT_RING_H
#define CLIENT_RING_H
#include "../core/fail.h"
#include "board.h"
#include "missing.h"

#include <stdatomic.h>
#include <stdint.h>

enum { RING_RECORDS = 8192, DEVICES_MAX = 32 };

/* What can be read of a device: name, how a window of it is logged, and whether the driver counts
 * it up, so that the difference is logged. */
/* clang-format off */
#define DEVICE_METRICS(X)                                  \
    X(BUSY,              "busy_pct",               BOARD_PEAK, false) \
    X(MEMCTL,            "memctl_pct",             BOARD_MEAN, false) \
    X(MEM_USED,          "mem_used_bytes",         BOARD_PEAK, false) \
    X(POWER,             "power_w",                BOARD_PEAK, false) \
    X(ENERGY,            "energy_j",               BOARD_SUM,  true)  \
    X(TEMP,              "temp_c",                 BOARD_PEAK, false) \
    X(MEM_TEMP,          "mem_temp_c",             BOARD_PEAK, false) \
    X(SM_CLOCK,          "sm_mhz",                 BOARD_MEAN, false) \
    X(MEM_CLOCK,         "mem_mhz",                BOARD_MEAN, false) \
    X(THROTTLE,          "throttle_bits",          BOARD_LAST, false) \
    X(THROTTLE_POWER,    "throttle_power_ns",      BOARD_SUM,  true)  \
    X(THROTTLE_SW,       "throttle_sw_thermal_ns", BOARD_SUM,  true)  \
    X(THROTTLE_HW,       "throttle_hw_thermal_ns", BOARD_SUM,  true)  \
    X(THROTTLE_BRAKE,    "throttle_brake_ns",      BOARD_SUM,  true)  \
    X(POWER_LIMIT,       "power_limit_w",          BOARD_LAST, false) \
    X(PCIE_TX,           "pcie_tx_bytes",          BOARD_SUM,  true)  \
    X(PCIE_RX,           "pcie_rx_bytes",          BOARD_SUM,  true)  \
    X(PCIE_REPLAYS,      "pcie_replays",           BOARD_SUM,  true)
/* clang-format on */
#define DEVICE_METRIC_NAME(id, name, kind, counts) DEVICE_##id,
enum device_metric {
    DEVICE_METRICS(DEVICE_METRIC_NAME) DEVICE_METRIC_COUNT,
    DEVICE_PROC_MEM = DEVICE_METRIC_COUNT, /* bytes of one process; NaN: not known */
    DEVICE_PROC_MEM_END,                   /* the list is complete; value: its length */
    DEVICE_PROC_SM,                        /* percent of one process */
    DEVICE_PROC_SM_END,
    DEVICE_LOST, /* value 1: gone, 0: back */
    DEVICE_RECORD_KINDS
};

/* One reading, 40 bytes.  Layout: design gpu.md 2. */
struct ring_record {
    _Atomic uint32_t seq;
    uint16_t device, metric; /* metric: enum device_metric */
    int64_t time_us;
    double value;
    uint32_t window_us; /* that the value covers; 0: an instant */
    uint16_t flags;
    uint16_t code; /* return code of the driver; 0: value holds */
    uint32_t pid;  /* of a value for one process; 0: of the device */
    _Atomic uint32_t seq2;
};
_Static_assert(sizeof(struct ring_record) == 40, "as in the design");

/* What does not change while a device is there. */
struct device_info {
    char name[96], uuid[96], pci[32], vbios[32];
    double mem_total_bytes, power_limit_w;
    int major, minor;   /* compute capability; 0: not known */
    bool power_instant; /* power_w is no average of the last second */
    bool lost;
};

struct device_table {
    char vendor[32], driver[96], cuda[32];
    struct device_info list[DEVICES_MAX];
    uint32_t count;
    struct missing missing;
};

/* Lives in memory that worker and sampler share. */
struct ring {
    _Atomic uint64_t written;     /* records so far */
    _Atomic int64_t beat_us;      /* monotonic time of the worker's last sign of life */
    _Atomic uint32_t table_seq;   /* odd while the table is being written */
    _Atomic uint32_t table_count; /* how often it was written */
    _Atomic uint32_t want_lists;  /* set by the sampler: list the processes at the next tick */
    struct device_table table;
    struct ring_record records[RING_RECORDS];
};

/* Makes the memory; it can be inherited across exec by its descriptor.
 *
 *   fd   to be closed by the caller; set only on TRACK_OK.
 *   out  to be unmapped by ring_close.
 *
 * TRACK_NOMEM  no memory, or no descriptor left.
 */
track_status ring_open(int *fd, struct ring **out, track_error *err);

/* Maps memory that another process made.  TRACK_INVALID  fd is no such memory. */
track_status ring_join(int fd, struct ring **out, track_error *err);
void ring_close(struct ring *r);

/* Appends a record; its sequence numbers are filled in here. */
void ring_put(struct ring *r, const struct ring_record *record);

/* Gets the next record.
 *
 *   at    how many the reader has had; 0 at first.  Moves on; jumps ahead when the writer was
 *         faster than the reader by more than the ring holds.
 *
 * False when there is none yet. */
bool ring_get(struct ring *r, uint64_t *at, struct ring_record *out);

void ring_put_table(struct ring *r, const struct device_table *table);
/* False while it is being written, which a dead worker may leave for ever. */
bool ring_get_table(struct ring *r, struct device_table *out);
#endif
