#include "sample_nvml.h"

#include "nvml.h"

#include <dlfcn.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { ERRORS_MAX = 5, RETRY_US = 600 * 1000 * 1000, LOST_RETRY_US = 60 * 1000 * 1000 };
enum { PIDS_MAX = 1024 };

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
    uint64_t shares_seen_us; /* time of the newest sample of process shares */
    double busy;             /* last busy_pct, NaN: not known */
    uint32_t pids[PIDS_MAX]; /* of the last process list */
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

static const struct {
    const char *symbols[3];
    size_t offset;
} call_rows[CALL_COUNT] = {
#define NVML_ROW(member, s1, s2, s3, signature) {{s1, s2, s3}, offsetof(struct nvml_calls, member)},
    NVML_CALLS(NVML_ROW)};

static const char *const metric_names[DEVICE_METRIC_COUNT] = {
#define DEVICE_NAME(id, name, kind, counts) name,
    DEVICE_METRICS(DEVICE_NAME)};

/* ---- loading --------------------------------------------------------------------------------- */

static void calls_load(struct nvml *n)
{
    for (size_t i = 0; i < CALL_COUNT; i++) {
        for (unsigned v = 0; v < 3 && call_rows[i].symbols[v] != NULL; v++) {
            void *symbol = dlsym(n->library, call_rows[i].symbols[v]);
            if (symbol != NULL) {
                memcpy((char *)&n->call + call_rows[i].offset, &symbol, sizeof symbol);
                n->variant[i] = v;
                break;
            }
        }
    }
}

static track_status library_open(struct nvml *n, track_error *err)
{
    n->library = dlopen("libnvidia-ml.so.1", RTLD_NOW | RTLD_LOCAL);
    if (n->library == NULL) {
        return FAIL(err, TRACK_UNSUPPORTED, "no NVIDIA driver library (libnvidia-ml.so.1) here");
    }
    calls_load(n);
    if (!n->call.init || !n->call.shutdown || !n->call.count || !n->call.handle) {
        return FAIL(err, TRACK_UNSUPPORTED, "libnvidia-ml.so.1 is too old");
    }
    int code = n->call.init();
    if (code == NVML_DRIVER_ABSENT || code == NVML_MISMATCH || code == NVML_LIBRARY_ABSENT) {
        return FAIL(err, TRACK_UNREACHABLE, "%s",
                    code == NVML_MISMATCH ? "NVIDIA driver and library are of different versions"
                                          : "the NVIDIA driver is not loaded");
    }
    return code == NVML_OK ? TRACK_OK
                           : FAIL(err, TRACK_UNREACHABLE, "nvmlInit_v2 answers %d", code);
}

static int compare_pci(const void *a, const void *b)
{
    const struct nvml_pci *l = &((const struct gpu *)a)->pci, *r = &((const struct gpu *)b)->pci;
    const unsigned left[] = {l->domain, l->bus, l->device},
                   right[] = {r->domain, r->bus, r->device};
    for (int i = 0; i < 3; i++) {
        if (left[i] != right[i]) {
            return left[i] < right[i] ? -1 : 1;
        }
    }
    return 0;
}

static void device_describe(const struct nvml *n, const struct gpu *g, struct device_info *out)
{
    struct nvml_memory_v2 memory = {.version = NVML_MEMORY_V2};
    struct nvml_memory older = {0};
    unsigned limit_mw = 0;
    *out = (struct device_info){.lost = g->lost};
    snprintf(out->pci, sizeof out->pci, "%.31s", g->pci.bus_id);
    if (n->call.name != NULL) {
        n->call.name(g->handle, out->name, sizeof out->name);
    }
    if (n->call.uuid != NULL) {
        n->call.uuid(g->handle, out->uuid, sizeof out->uuid);
    }
    if (n->call.vbios != NULL) {
        n->call.vbios(g->handle, out->vbios, sizeof out->vbios);
    }
    if (n->call.capability != NULL) {
        n->call.capability(g->handle, &out->major, &out->minor);
    }
    if (n->call.power_limit != NULL && n->call.power_limit(g->handle, &limit_mw) == NVML_OK) {
        out->power_limit_w = limit_mw / 1000.0;
    }
    if (n->call.memory_v2 != NULL && n->call.memory_v2(g->handle, &memory) == NVML_OK) {
        out->mem_total_bytes = (double)memory.total;
    } else if (n->call.memory != NULL && n->call.memory(g->handle, &older) == NVML_OK) {
        out->mem_total_bytes = (double)older.total;
    }
}

static void driver_describe(const struct nvml *n, struct device_table *table)
{
    int cuda = 0;
    snprintf(table->vendor, sizeof table->vendor, "nvidia");
    if (n->call.driver != NULL) {
        n->call.driver(table->driver, sizeof table->driver);
    }
    if (n->call.cuda != NULL && n->call.cuda(&cuda) == NVML_OK) {
        snprintf(table->cuda, sizeof table->cuda, "%d.%d", cuda / 1000, cuda % 1000 / 10);
    }
}

/* Tells the sampler what there is. */
static void table_publish(struct nvml *n)
{
    n->table->count = (uint32_t)n->count;
    for (size_t i = 0; i < n->count; i++) {
        if (n->gpus[i].usable) {
            device_describe(n, &n->gpus[i], &n->table->list[i]);
        }
    }
    ring_put_table(n->ring, n->table);
}

static void beat(struct ring *ring)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    atomic_store(&ring->beat_us, (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000);
}

static track_status devices_find(struct nvml *n, track_error *err)
{
    unsigned count = 0;
    int code = n->call.count(&count);
    if (code != NVML_OK || count == 0) {
        return FAIL(err, TRACK_UNREACHABLE, "%s",
                    code == NVML_OK ? "the driver sees no NVIDIA GPU" : "GPUs cannot be counted");
    }
    for (unsigned i = 0; i < count && n->count < DEVICES_MAX; i++) {
        struct gpu *g = &n->gpus[n->count];
        *g = (struct gpu){.index = i, .busy = NAN};
        beat(n->ring);
        code = n->call.handle(i, &g->handle);
        g->usable = code == NVML_OK;
        g->lost = code == NVML_LOST || code == NVML_RESET;
        if (g->usable && n->call.pci != NULL) {
            n->call.pci(g->handle, &g->pci);
        }
        if (!g->usable) {
            char what[32];
            snprintf(what, sizeof what, "gpu#%u", i);
            missing_add(&n->table->missing, what,
                        code == NVML_NO_PERMISSION ? "no permission to open driver index %u"
                                                   : "driver index %u cannot be opened",
                        i);
            continue; /* the driver counts devices that we may not open */
        }
        n->count++;
    }
    qsort(n->gpus, n->count, sizeof *n->gpus, compare_pci);
    return TRACK_OK;
}

track_status nvml_open(struct arena *arena, struct ring *ring, struct nvml **out, track_error *err)
{
    struct nvml *n = ARENA_NEW(arena, struct nvml);
    struct device_table *table = ARENA_NEW(arena, struct device_table);
    struct gpu *gpus = ARENA_ARRAY(arena, struct gpu, DEVICES_MAX);
    void *room = arena_alloc(arena, PIDS_MAX * sizeof(struct nvml_process_share), 16);
    if (n == NULL || table == NULL || gpus == NULL || room == NULL) {
        return FAIL(err, TRACK_NOMEM, "a table of devices");
    }
    *n = (struct nvml){.ring = ring, .table = table, .gpus = gpus, .room = room};
    beat(ring);
    track_error why = {0};
    track_status status = library_open(n, &why);
    if (status == TRACK_OK) {
        driver_describe(n, table);
        status = devices_find(n, &why);
    }
    if (status != TRACK_OK) {
        missing_add(&table->missing, "gpu", "%s", why.message);
        ring_put_table(ring, table);
        nvml_close(n);
        return FAIL(err, status, "%s", why.message);
    }
    table_publish(n);
    *out = n;
    return TRACK_OK;
}

void nvml_close(struct nvml *n)
{
    if (n->library != NULL) {
        n->call.shutdown == NULL ? 0 : n->call.shutdown();
        dlclose(n->library);
        n->library = NULL;
    }
}

/* ---- one reading ----------------------------------------------------------------------------- */

static void put(const struct nvml *n, const struct gpu *g, const struct ring_record *record)
{
    struct ring_record full = {.device = (uint16_t)(g - n->gpus),
                               .metric = record->metric,
                               .time_us = n->now_us,
                               .value = record->value,
                               .pid = record->pid};
    ring_put(n->ring, &full);
}

static void put_value(const struct nvml *n, const struct gpu *g, unsigned metric, double value)
{
    put(n, g, &(struct ring_record){.metric = (uint16_t)metric, .value = value});
}

static void reading_off(struct nvml *n, struct gpu *g, size_t which, const char *why)
{
    char what[32];
    const char *name = which < DEVICE_METRIC_COUNT ? metric_names[which]
                       : which == LIST_MEMORY      ? "processes"
                                                   : "sm_pct";
    g->switches[which].off = true;
    snprintf(what, sizeof what, "gpu%zu/%s", (size_t)(g - n->gpus), name);
    if (missing_add(&n->table->missing, what, "%s", why)) {
        ring_put_table(n->ring, n->table);
    }
}

static void device_lost(struct nvml *n, struct gpu *g)
{
    char what[32];
    g->lost = true;
    g->lost_us = n->now_us;
    n->table->list[g - n->gpus].lost = true;
    snprintf(what, sizeof what, "gpu%zu", (size_t)(g - n->gpus));
    missing_add(&n->table->missing, what, "the GPU is lost, or needs a reset");
    ring_put_table(n->ring, n->table);
    put_value(n, g, DEVICE_LOST, 1);
}

/* True if the reading may be tried now. */
static bool reading_on(const struct nvml *n, struct gpu *g, size_t which)
{
    struct switched *s = &g->switches[which];
    if (s->off && s->until_us != 0 && n->now_us >= s->until_us) {
        *s = (struct switched){0};
    }
    return !s->off && !g->lost;
}

/* Judges a return code; true if there is a value. */
static bool reading_check(struct nvml *n, struct gpu *g, size_t which, int code)
{
    struct switched *s = &g->switches[which];
    if (code == NVML_OK) {
        s->errors = 0;
        return true;
    }
    if (code == NVML_NOT_SUPPORTED || code == NVML_FUNCTION_ABSENT || code == NVML_VERSION) {
        reading_off(n, g, which, "not supported by this GPU or driver");
    } else if (code == NVML_NO_PERMISSION) {
        reading_off(n, g, which, "no permission");
    } else if (code == NVML_LOST || code == NVML_RESET) {
        device_lost(n, g);
    } else if (code != NVML_NOT_FOUND && ++s->errors >= ERRORS_MAX) {
        s->until_us = n->now_us + RETRY_US;
        reading_off(n, g, which, "the driver fails again and again; tried every 10 minutes");
    }
    return false;
}

/* ---- sets ------------------------------------------------------------------------------------ */

static void sample_utilization(struct nvml *n, struct gpu *g)
{
    struct nvml_utilization u;
    g->busy = NAN;
    if (n->call.utilization == NULL || !reading_on(n, g, DEVICE_BUSY)) {
        return;
    }
    if (reading_check(n, g, DEVICE_BUSY, n->call.utilization(g->handle, &u)) && u.gpu <= 100 &&
        u.memory <= 100) {
        g->busy = u.gpu;
        put_value(n, g, DEVICE_BUSY, u.gpu);
        put_value(n, g, DEVICE_MEMCTL, u.memory);
    }
}

static void sample_memory(struct nvml *n, struct gpu *g)
{
    struct nvml_memory_v2 m = {.version = NVML_MEMORY_V2};
    struct nvml_memory older;
    if (!reading_on(n, g, DEVICE_MEM_USED)) {
        return;
    }
    int code = n->call.memory_v2 == NULL ? NVML_FUNCTION_ABSENT : n->call.memory_v2(g->handle, &m);
    if (code == NVML_FUNCTION_ABSENT || code == NVML_VERSION) {
        code = n->call.memory == NULL ? NVML_FUNCTION_ABSENT : n->call.memory(g->handle, &older);
        m.used = code == NVML_OK ? older.used : 0;
    }
    if (reading_check(n, g, DEVICE_MEM_USED, code)) {
        put_value(n, g, DEVICE_MEM_USED, (double)m.used);
    }
}

static double field_value(const struct nvml_field *f)
{
    const double values[] = {f->value.real,          (double)f->value.natural,
                             (double)f->value.wide,  (double)f->value.wide,
                             (double)f->value.whole, (double)f->value.small,
                             (double)f->value.tiny};
    return f->type < sizeof values / sizeof *values ? values[f->type] : NAN;
}

/* Averaged over a second where the driver knows that, else as it is now. */
static void sample_power(struct nvml *n, struct gpu *g)
{
    struct nvml_field f[2] = {{.id = NVML_FIELD_POWER_AVERAGE}, {.id = NVML_FIELD_POWER_INSTANT}};
    unsigned mw = 0;
    if (!reading_on(n, g, DEVICE_POWER)) {
        return;
    }
    if (n->call.fields != NULL && !g->power_average_off &&
        n->call.fields(g->handle, 2, f) == NVML_OK) {
        const struct nvml_field *best = f[0].code == NVML_OK ? &f[0] : &f[1];
        if (best->code == NVML_OK) {
            put_value(n, g, DEVICE_POWER, field_value(best) / 1000);
            return;
        }
    }
    g->power_average_off = true;
    int code = n->call.power == NULL ? NVML_FUNCTION_ABSENT : n->call.power(g->handle, &mw);
    if (reading_check(n, g, DEVICE_POWER, code)) {
        put_value(n, g, DEVICE_POWER, mw / 1000.0);
    }
}

static const struct {
    unsigned set, id, metric;
    double scale;
} field_rows[] = {{NVML_FULL, NVML_FIELD_ENERGY_MJ, DEVICE_ENERGY, 1e-3},
                  {NVML_FULL, NVML_FIELD_MEM_TEMP, DEVICE_MEM_TEMP, 1},
                  {NVML_SLOW, NVML_FIELD_THROTTLE_POWER, DEVICE_THROTTLE_POWER, 1},
                  {NVML_SLOW, NVML_FIELD_THROTTLE_SW, DEVICE_THROTTLE_SW, 1},
                  {NVML_SLOW, NVML_FIELD_THROTTLE_HW, DEVICE_THROTTLE_HW, 1},
                  {NVML_SLOW, NVML_FIELD_THROTTLE_BRAKE, DEVICE_THROTTLE_BRAKE, 1},
                  {NVML_SLOW, NVML_FIELD_PCIE_TX, DEVICE_PCIE_TX, 1},
                  {NVML_SLOW, NVML_FIELD_PCIE_RX, DEVICE_PCIE_RX, 1},
                  {NVML_SLOW, NVML_FIELD_PCIE_REPLAYS, DEVICE_PCIE_REPLAYS, 1}};
enum { FIELD_ROWS = sizeof field_rows / sizeof *field_rows };

/* One call for all fields of the sets. */
static void sample_fields(struct nvml *n, struct gpu *g, unsigned sets)
{
    struct nvml_field f[FIELD_ROWS] = {0};
    size_t rows[FIELD_ROWS], count = 0;
    for (size_t i = 0; i < FIELD_ROWS; i++) {
        if ((field_rows[i].set & sets) != 0 && reading_on(n, g, field_rows[i].metric)) {
            rows[count] = i;
            f[count++].id = field_rows[i].id;
        }
    }
    if (count == 0 || n->call.fields == NULL) {
        return;
    }
    int code = n->call.fields(g->handle, (int)count, f);
    for (size_t i = 0; i < count; i++) {
        unsigned metric = field_rows[rows[i]].metric;
        bool wide = (metric != DEVICE_PCIE_TX && metric != DEVICE_PCIE_RX) ||
                    (f[i].type == 2 || f[i].type == 3); /* 32 bits wrap within seconds */
        int said = code != NVML_OK                ? code
                   : wide || f[i].code != NVML_OK ? (int)f[i].code
                                                  : NVML_NOT_SUPPORTED;
        if (reading_check(n, g, metric, said)) {
            put_value(n, g, metric, field_value(&f[i]) * field_rows[rows[i]].scale);
        }
    }
}

/* Energy without the field: the older call; tried when the field is not there. */
static void sample_energy(struct nvml *n, struct gpu *g)
{
    uint64_t mj;
    if (n->call.fields == NULL && n->call.energy != NULL && reading_on(n, g, DEVICE_ENERGY) &&
        reading_check(n, g, DEVICE_ENERGY, n->call.energy(g->handle, &mj))) {
        put_value(n, g, DEVICE_ENERGY, (double)mj * 1e-3);
    }
}

static void sample_gauge(struct nvml *n, struct gpu *g, unsigned metric,
                         int (*call)(nvml_handle, unsigned, unsigned *), unsigned which)
{
    unsigned value;
    if (call != NULL && reading_on(n, g, metric) &&
        reading_check(n, g, metric, call(g->handle, which, &value))) {
        put_value(n, g, metric, value);
    }
}

static void sample_throttle(struct nvml *n, struct gpu *g)
{
    uint64_t bits;
    if (n->call.reasons != NULL && reading_on(n, g, DEVICE_THROTTLE) &&
        reading_check(n, g, DEVICE_THROTTLE, n->call.reasons(g->handle, &bits))) {
        put_value(n, g, DEVICE_THROTTLE, (double)bits);
    }
}

static void sample_limit(struct nvml *n, struct gpu *g)
{
    unsigned mw;
    if (n->call.power_limit != NULL && reading_on(n, g, DEVICE_POWER_LIMIT) &&
        reading_check(n, g, DEVICE_POWER_LIMIT, n->call.power_limit(g->handle, &mw))) {
        put_value(n, g, DEVICE_POWER_LIMIT, mw / 1000.0);
    }
}

/* ---- processes ------------------------------------------------------------------------------- */

typedef int nvml_list(nvml_handle, unsigned *, void *);

/* Adds one of the driver's three lists; enlarges at most three times. */
static int list_add(struct nvml *n, struct gpu *g, nvml_list *call, unsigned variant)
{
    unsigned count = 0, room = 64;
    size_t size = variant == 2 ? sizeof(struct nvml_process_v1) : sizeof(struct nvml_process);
    int code = NVML_TOO_SMALL;
    for (int i = 0; i <= 3 && code == NVML_TOO_SMALL; i++) {
        count = room = count > room ? count + count / 2 : room;
        count = room = room > PIDS_MAX ? PIDS_MAX : room;
        code = call(g->handle, &count, n->room);
        room = room + room / 2;
    }
    for (unsigned i = 0; code == NVML_OK && i < count && g->pid_count < PIDS_MAX; i++) {
        struct nvml_process_v1 p; /* the common front of both layouts */
        memcpy(&p, (const char *)n->room + i * size, sizeof p);
        g->pids[g->pid_count++] = p.pid;
        put(n, g,
            &(struct ring_record){.metric = DEVICE_PROC_MEM,
                                  .pid = p.pid,
                                  .value = p.used == UINT64_MAX ? NAN : (double)p.used});
    }
    return code;
}

static void sample_lists(struct nvml *n, struct gpu *g)
{
    if (n->call.compute == NULL || !reading_on(n, g, LIST_MEMORY)) {
        return;
    }
    g->pid_count = 0;
    int code = list_add(n, g, n->call.compute, n->variant[CALL_compute]);
    if (code == NVML_OK && n->call.mps != NULL) {
        list_add(n, g, n->call.mps, n->variant[CALL_mps]);
    }
    if (code == NVML_OK && n->call.graphics != NULL) {
        list_add(n, g, n->call.graphics, n->variant[CALL_graphics]);
    }
    if (reading_check(n, g, LIST_MEMORY, code)) {
        put_value(n, g, DEVICE_PROC_MEM_END, (double)g->pid_count);
    }
}

static bool pid_known(const struct gpu *g, uint32_t pid)
{
    for (size_t i = 0; i < g->pid_count; i++) {
        if (g->pids[i] == pid) {
            return true;
        }
    }
    return false;
}

/* One row of the driver: dropped when it is old, of nobody, or absurd (such rows were seen). */
static void share_put(struct nvml *n, struct gpu *g, uint64_t since_us,
                      const struct nvml_process_share *s)
{
    if (s->time_us <= since_us || s->sm > 100 || s->memory > 100 || !pid_known(g, s->pid)) {
        return;
    }
    g->shares_seen_us = s->time_us > g->shares_seen_us ? s->time_us : g->shares_seen_us;
    if (since_us == 0) {
        return; /* of a time before we looked */
    }
    put(n, g, &(struct ring_record){.metric = DEVICE_PROC_SM, .pid = s->pid, .value = s->sm});
}

static int shares_new(struct nvml *n, struct gpu *g)
{
    struct nvml_process_share *list = n->room;
    struct nvml_process_shares all = {.version = NVML_SHARES_V1,
                                      .count = PIDS_MAX,
                                      .last_seen_us = g->shares_seen_us,
                                      .list = list};
    uint64_t since_us = g->shares_seen_us;
    int code = n->call.shares(g->handle, &all);
    for (unsigned i = 0; code == NVML_OK && i < all.count && i < PIDS_MAX; i++) {
        share_put(n, g, since_us, &list[i]);
    }
    return code;
}

static int shares_old(struct nvml *n, struct gpu *g)
{
    struct nvml_process_sample *list = n->room;
    unsigned count = PIDS_MAX;
    uint64_t since_us = g->shares_seen_us;
    int code = n->call.samples(g->handle, list, &count, since_us);
    for (unsigned i = 0; code == NVML_OK && i < count && i < PIDS_MAX; i++) {
        struct nvml_process_share s = {.time_us = list[i].time_us,
                                       .pid = list[i].pid,
                                       .sm = list[i].sm,
                                       .memory = list[i].memory};
        share_put(n, g, since_us, &s);
    }
    return code;
}

/* Share of the processors of each process since the last time.  NOT_FOUND says that nothing ran:
 * a complete list without rows if the device was idle, else nothing is known. */
static void sample_shares(struct nvml *n, struct gpu *g)
{
    bool first = g->shares_seen_us == 0;
    if (!reading_on(n, g, LIST_SHARES)) {
        return;
    }
    int code = n->call.shares == NULL ? NVML_FUNCTION_ABSENT : shares_new(n, g);
    if (code == NVML_FUNCTION_ABSENT || code == NVML_VERSION || code == NVML_NOT_SUPPORTED) {
        code = n->call.samples == NULL ? code : shares_old(n, g);
    }
    bool idle = code == NVML_NOT_FOUND && g->busy <= 0;
    if ((reading_check(n, g, LIST_SHARES, code) && !first) || idle) {
        put_value(n, g, DEVICE_PROC_SM_END, 0);
    }
}

/* ---- all of it ------------------------------------------------------------------------------- */

/* A device that was lost is tried again once a minute. */
static void device_retry(struct nvml *n, struct gpu *g)
{
    if (n->now_us - g->lost_us < LOST_RETRY_US) {
        return;
    }
    g->lost_us = n->now_us;
    struct nvml_utilization u;
    if (n->call.handle(g->index, &g->handle) == NVML_OK &&
        (n->call.utilization == NULL || n->call.utilization(g->handle, &u) != NVML_LOST)) {
        g->lost = false;
        put_value(n, g, DEVICE_LOST, 0);
        table_publish(n);
    }
}

static void device_sample(struct nvml *n, struct gpu *g, unsigned sets)
{
    if ((sets & NVML_FAST) != 0) {
        sample_utilization(n, g);
        sample_memory(n, g);
        sample_power(n, g);
    }
    if ((sets & NVML_LISTS) != 0) {
        sample_lists(n, g);
    }
    if ((sets & NVML_FULL) != 0) {
        sample_energy(n, g);
        sample_gauge(n, g, DEVICE_TEMP, n->call.temperature, 0);
        sample_gauge(n, g, DEVICE_SM_CLOCK, n->call.clock, 1);
        sample_gauge(n, g, DEVICE_MEM_CLOCK, n->call.clock, 2);
        sample_throttle(n, g);
        sample_shares(n, g);
    }
    if ((sets & NVML_SLOW) != 0) {
        sample_limit(n, g);
    }
    sample_fields(n, g, sets);
}

void nvml_sample(struct nvml *n, unsigned sets, int64_t now_us)
{
    n->now_us = now_us;
    for (size_t i = 0; i < n->count; i++) {
        beat(n->ring);
        if (n->gpus[i].lost) {
            device_retry(n, &n->gpus[i]);
        }
        if (!n->gpus[i].lost) {
            device_sample(n, &n->gpus[i], sets);
        }
    }
    beat(n->ring);
}
