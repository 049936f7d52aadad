/* nvml_gpu - one GPU while it is read: which readings are on, and what they say.
 *
 * The inside of sample_nvml; nobody else needs it.
 * Uses: nvml, ring.
 */
#ifndef CLIENT_NVML_GPU_H
#define CLIENT_NVML_GPU_H
#include "nvml.h"
#include "ring.h"
#include "sample_nvml.h"

enum { NVML_PIDS_MAX = 1024, NVML_LOST_RETRY_US = 60 * 1000 * 1000 };

#define NVML_MEMBER(member, s1, s2, s3, signature) int(*member) signature;
struct nvml_calls {
    NVML_CALLS(NVML_MEMBER)
};
#define NVML_NUMBER(member, s1, s2, s3, signature) CALL_##member,
enum { NVML_CALLS(NVML_NUMBER) CALL_COUNT };

/* How far a reading may be trusted to be worth a call. */
struct switched {
    unsigned errors; /* in a row */
    bool off;
    int64_t until_us; /* off until then; 0: for good */
};

/* Readings that are switched off on their own: the metrics, then the process lists. */
enum { LIST_MEMORY = DEVICE_METRIC_COUNT, LIST_SHARES, SWITCH_COUNT };

struct gpu {
    unsigned index; /* the driver's */
    nvml_handle handle;
    struct nvml_pci pci;
    bool usable, lost;
    int64_t lost_us; /* when it was last tried */
    struct switched switches[SWITCH_COUNT];
    uint64_t shares_seen_us;      /* time of the newest sample of process shares */
    double busy;                  /* last busy_pct, NaN: not known */
    uint32_t pids[NVML_PIDS_MAX]; /* of the last process list */
    size_t pid_count;
    bool power_average_off;
};

struct nvml {
    void *library;
    struct nvml_calls call;
    unsigned variant[CALL_COUNT]; /* which of its symbols was found, from 0 */
    struct ring *ring;
    struct device_table *table;
    struct gpu *gpus; /* [count], by PCI address */
    size_t count;
    int64_t now_us;
    void *room; /* for process lists */
};

/* Puts a record of this device into the ring: metric, value and pid of *record; or only a value. */
void gpu_put(const struct nvml *n, const struct gpu *g, const struct ring_record *record);
void gpu_put_value(const struct nvml *n, const struct gpu *g, unsigned metric, double value);

/* True if the reading may be tried now. */
bool gpu_reading_on(const struct nvml *n, struct gpu *g, size_t which);

/* Judges a return code, and switches the reading, or the device, off where it says so.  True if
 * there is a value. */
bool gpu_reading_check(struct nvml *n, struct gpu *g, size_t which, int code);

/* Reads the sets of one device but its processes. */
void gpu_sample(struct nvml *n, struct gpu *g, unsigned sets);

/* Reads who computes on it, with what memory; and which share each had since the last time. */
void gpu_sample_lists(struct nvml *n, struct gpu *g);
void gpu_sample_shares(struct nvml *n, struct gpu *g);
#endif
