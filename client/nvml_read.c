#include "nvml_gpu.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { ERRORS_MAX = 5, RETRY_US = 600 * 1000 * 1000 };

static const char *const metric_names[DEVICE_METRIC_COUNT] = {
#define DEVICE_NAME(id, name, kind, counts) name,
    DEVICE_METRICS(DEVICE_NAME)};

void gpu_put(const struct nvml *n, const struct gpu *g, const struct ring_record *record)
{
    struct ring_record full = {.device = (uint16_t)(g - n->gpus),
                               .metric = record->metric,
                               .time_us = n->now_us,
                               .value = record->value,
                               .pid = record->pid};
    ring_put(n->ring, &full);
}

void gpu_put_value(const struct nvml *n, const struct gpu *g, unsigned metric, double value)
{
    gpu_put(n, g, &(struct ring_record){.metric = (uint16_t)metric, .value = value});
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
    gpu_put_value(n, g, DEVICE_LOST, 1);
}

bool gpu_reading_on(const struct nvml *n, struct gpu *g, size_t which)
{
    struct switched *s = &g->switches[which];
    if (s->off && s->until_us != 0 && n->now_us >= s->until_us) {
        *s = (struct switched){0};
    }
    return !s->off && !g->lost;
}

bool gpu_reading_check(struct nvml *n, struct gpu *g, size_t which, int code)
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
    if (n->call.utilization == NULL || !gpu_reading_on(n, g, DEVICE_BUSY)) {
        return;
    }
    if (gpu_reading_check(n, g, DEVICE_BUSY, n->call.utilization(g->handle, &u)) && u.gpu <= 100 &&
        u.memory <= 100) {
        g->busy = u.gpu;
        gpu_put_value(n, g, DEVICE_BUSY, u.gpu);
        gpu_put_value(n, g, DEVICE_MEMCTL, u.memory);
    }
}

static void sample_memory(struct nvml *n, struct gpu *g)
{
    struct nvml_memory_v2 m = {.version = NVML_MEMORY_V2};
    struct nvml_memory older;
    if (!gpu_reading_on(n, g, DEVICE_MEM_USED)) {
        return;
    }
    int code = n->call.memory_v2 == NULL ? NVML_FUNCTION_ABSENT : n->call.memory_v2(g->handle, &m);
    if (code == NVML_FUNCTION_ABSENT || code == NVML_VERSION) {
        code = n->call.memory == NULL ? NVML_FUNCTION_ABSENT : n->call.memory(g->handle, &older);
        m.used = code == NVML_OK ? older.used : 0;
    }
    if (gpu_reading_check(n, g, DEVICE_MEM_USED, code)) {
        gpu_put_value(n, g, DEVICE_MEM_USED, (double)m.used);
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
    if (!gpu_reading_on(n, g, DEVICE_POWER)) {
        return;
    }
    if (n->call.fields != NULL && !g->power_average_off &&
        n->call.fields(g->handle, 2, f) == NVML_OK) {
        const struct nvml_field *best = f[0].code == NVML_OK ? &f[0] : &f[1];
        if (best->code == NVML_OK) {
            gpu_put_value(n, g, DEVICE_POWER, field_value(best) / 1000);
            return;
        }
    }
    g->power_average_off = true;
    int code = n->call.power == NULL ? NVML_FUNCTION_ABSENT : n->call.power(g->handle, &mw);
    if (gpu_reading_check(n, g, DEVICE_POWER, code)) {
        gpu_put_value(n, g, DEVICE_POWER, mw / 1000.0);
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
        if ((field_rows[i].set & sets) != 0 && gpu_reading_on(n, g, field_rows[i].metric)) {
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
        if (gpu_reading_check(n, g, metric, said)) {
            gpu_put_value(n, g, metric, field_value(&f[i]) * field_rows[rows[i]].scale);
        }
    }
}

/* Energy without the field: the older call; tried when the field is not there. */
static void sample_energy(struct nvml *n, struct gpu *g)
{
    uint64_t mj;
    if (n->call.fields == NULL && n->call.energy != NULL && gpu_reading_on(n, g, DEVICE_ENERGY) &&
        gpu_reading_check(n, g, DEVICE_ENERGY, n->call.energy(g->handle, &mj))) {
        gpu_put_value(n, g, DEVICE_ENERGY, (double)mj * 1e-3);
    }
}

static void sample_gauge(struct nvml *n, struct gpu *g, unsigned metric,
                         int (*call)(nvml_handle, unsigned, unsigned *), unsigned which)
{
    unsigned value;
    if (call != NULL && gpu_reading_on(n, g, metric) &&
        gpu_reading_check(n, g, metric, call(g->handle, which, &value))) {
        gpu_put_value(n, g, metric, value);
    }
}

static void sample_throttle(struct nvml *n, struct gpu *g)
{
    uint64_t bits;
    if (n->call.reasons != NULL && gpu_reading_on(n, g, DEVICE_THROTTLE) &&
        gpu_reading_check(n, g, DEVICE_THROTTLE, n->call.reasons(g->handle, &bits))) {
        gpu_put_value(n, g, DEVICE_THROTTLE, (double)bits);
    }
}

static void sample_limit(struct nvml *n, struct gpu *g)
{
    unsigned mw;
    if (n->call.power_limit != NULL && gpu_reading_on(n, g, DEVICE_POWER_LIMIT) &&
        gpu_reading_check(n, g, DEVICE_POWER_LIMIT, n->call.power_limit(g->handle, &mw))) {
        gpu_put_value(n, g, DEVICE_POWER_LIMIT, mw / 1000.0);
    }
}

void gpu_sample(struct nvml *n, struct gpu *g, unsigned sets)
{
    if ((sets & NVML_FAST) != 0) {
        sample_utilization(n, g);
        sample_memory(n, g);
        sample_power(n, g);
    }
    if ((sets & NVML_LISTS) != 0) {
        gpu_sample_lists(n, g);
    }
    if ((sets & NVML_FULL) != 0) {
        sample_energy(n, g);
        sample_gauge(n, g, DEVICE_TEMP, n->call.temperature, 0);
        sample_gauge(n, g, DEVICE_SM_CLOCK, n->call.clock, 1);
        sample_gauge(n, g, DEVICE_MEM_CLOCK, n->call.clock, 2);
        sample_throttle(n, g);
        gpu_sample_shares(n, g);
    }
    if ((sets & NVML_SLOW) != 0) {
        sample_limit(n, g);
    }
    sample_fields(n, g, sets);
}
