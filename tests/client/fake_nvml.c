/* The layouts here are written down anew from NVIDIA's reference, not taken from client/nvml.h:
 * they check each other. */
#include "fake_nvml.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { DEVICES = 64, RULES = 64, PROCESSES = 600, SYMBOLS = 64 };
enum { OK = 0, NOT_SUPPORTED = 3, NOT_FOUND = 6, TOO_SMALL = 7, INVALID = 2 };
enum { BUSY, MEMCTL, USED, TOTAL, POWER, TEMP, SM, MEM, REASONS, LIMIT, ENERGY, NAMES };

static const char *const value_names[NAMES] = {
    "busy", "memctl", "used", "total", "power", "temp", "sm", "mem", "reasons", "limit", "energy"};

struct rule {
    char symbol[64];
    int code; /* -1: hang */
    unsigned after;
    int device;
};
struct process {
    int device;
    unsigned pid;
    uint64_t bytes;
    unsigned sm;
};

static struct {
    int devices, garbage, grow;
    double values[DEVICES][NAMES];
    struct rule rules[RULES];
    size_t rule_count;
    struct process processes[PROCESSES];
    size_t process_count;
    struct {
        unsigned id;
        int code;
        unsigned drop_after;
    } fields[RULES];
    size_t field_count;
    struct {
        char symbol[64];
        unsigned calls;
    } calls[SYMBOLS];
    unsigned field_calls;
    double begun;
    struct timespec read_at;
} fake;

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void rule_add(const char *symbol, int code, unsigned after, int device)
{
    struct rule *r = &fake.rules[fake.rule_count++ % RULES];
    snprintf(r->symbol, sizeof r->symbol, "%s", symbol);
    r->code = code;
    r->after = after;
    r->device = device;
}

static void line_read(const char *line)
{
    char word[64], bytes[32];
    int device, code;
    unsigned number, after;
    double value;
    if (sscanf(line, "set %d %63s %lf", &device, word, &value) == 3) {
        for (int i = 0; i < NAMES; i++) {
            if (strcmp(word, value_names[i]) == 0) {
                fake.values[device % DEVICES][i] = value;
            }
        }
    } else if (sscanf(line, "process %d %u %31s %u", &device, &number, bytes, &after) == 4) {
        uint64_t size = bytes[0] == '-' ? UINT64_MAX : strtoull(bytes, NULL, 10);
        fake.processes[fake.process_count++ % PROCESSES] =
            (struct process){device, number, size, after};
    } else if (sscanf(line, "fail %63s %d %u %d", word, &code, &after, &device) == 4) {
        rule_add(word, code, after, device);
    } else if (sscanf(line, "hang %63s %u %d", word, &after, &device) == 3) {
        rule_add(word, -1, after, device);
    } else if (sscanf(line, "field %u %d", &number, &code) == 2) {
        fake.fields[fake.field_count].id = number;
        fake.fields[fake.field_count].drop_after = UINT32_MAX;
        fake.fields[fake.field_count++ % RULES].code = code;
    } else if (sscanf(line, "drop %u %u", &number, &after) == 2) {
        fake.fields[fake.field_count].id = number;
        fake.fields[fake.field_count++ % RULES].drop_after = after;
    } else if (sscanf(line, "devices %d", &code) == 1) {
        fake.devices = code;
    } else if (sscanf(line, "garbage %d", &code) == 1) {
        fake.garbage = code;
    } else if (sscanf(line, "grow %d", &code) == 1) {
        fake.grow = code;
    }
}

void fake_nvml_load(const char *scenario)
{
    double begun = fake.begun;
    memset(&fake, 0, sizeof fake);
    fake.begun = begun == 0 ? now() : begun; /* energy goes on when a file is read again */
    fake.devices = 1;
    for (int d = 0; d < DEVICES; d++) {
        const double defaults[NAMES] = {50, 20, 4e9, 16e9, 200, 60, 1500, 2000, 0, 300, 1e6};
        memcpy(fake.values[d], defaults, sizeof defaults);
    }
    char text[16384];
    snprintf(text, sizeof text, "%s", scenario);
    for (char *line = text, *end; *line != '\0'; line = end) {
        end = line + strcspn(line, "\n");
        end += *end == '\n' ? (*end = '\0', 1) : 0;
        line_read(line);
    }
}

unsigned fake_nvml_calls(const char *symbol)
{
    for (size_t i = 0; i < SYMBOLS; i++) {
        if (strcmp(fake.calls[i].symbol, symbol) == 0) {
            return fake.calls[i].calls;
        }
    }
    return 0;
}

/* Reads the file of FAKE_NVML when it is new. */
static void file_check(void)
{
    struct stat st;
    char text[16384];
    const char *path = getenv("FAKE_NVML");
    if (path == NULL || stat(path, &st) != 0 ||
        (st.st_mtim.tv_sec == fake.read_at.tv_sec && st.st_mtim.tv_nsec == fake.read_at.tv_nsec)) {
        return;
    }
    FILE *in = fopen(path, "r");
    size_t size = in == NULL ? 0 : fread(text, 1, sizeof text - 1, in);
    if (in != NULL) {
        fclose(in);
    }
    text[size] = '\0';
    fake_nvml_load(text);
    fake.read_at = st.st_mtim;
}

static unsigned count_call(const char *symbol)
{
    for (size_t i = 0; i < SYMBOLS; i++) {
        if (fake.calls[i].symbol[0] == '\0') {
            snprintf(fake.calls[i].symbol, sizeof fake.calls[i].symbol, "%s", symbol);
        }
        if (strcmp(fake.calls[i].symbol, symbol) == 0) {
            return fake.calls[i].calls++;
        }
    }
    return 0;
}

/* What the scenario says of this call. */
static int judge(const char *symbol, int device)
{
    file_check();
    unsigned before = count_call(symbol);
    for (size_t i = 0; i < fake.rule_count && i < RULES; i++) {
        const struct rule *r = &fake.rules[i];
        if (strcmp(r->symbol, symbol) == 0 && before >= r->after &&
            (r->device < 0 || device < 0 || r->device == device)) {
            while (r->code < 0) {
                sleep(1000);
            }
            return r->code;
        }
    }
    return device >= fake.devices ? INVALID : OK;
}

/* A handle is the device's number plus one. */
static int device_of(void *handle)
{
    return (int)(intptr_t)handle - 1;
}

#define API                    __attribute__((visibility("default")))
#define DEVICE_CALL(name, ...) API int name(void *, __VA_ARGS__)
#define JUDGE(handle)              \
    int d = device_of(handle);     \
    int code = judge(__func__, d); \
    if (code != OK) {              \
        return code;               \
    }

API int nvmlInit_v2(void);
API int nvmlShutdown(void);
API int nvmlSystemGetDriverVersion(char *text, unsigned size);
API int nvmlSystemGetCudaDriverVersion_v2(int *out);
API int nvmlDeviceGetCount_v2(unsigned *out);
API int nvmlDeviceGetHandleByIndex_v2(unsigned index, void **out);

int nvmlInit_v2(void)
{
    file_check();
    if (fake.begun == 0) {
        fake_nvml_load("");
    }
    return judge(__func__, -1);
}

int nvmlShutdown(void)
{
    return OK;
}

int nvmlSystemGetDriverVersion(char *text, unsigned size)
{
    snprintf(text, size, "570.00.fake");
    return OK;
}

int nvmlSystemGetCudaDriverVersion_v2(int *out)
{
    *out = 12080;
    return OK;
}

int nvmlDeviceGetCount_v2(unsigned *out)
{
    *out = (unsigned)fake.devices;
    return judge(__func__, -1);
}

int nvmlDeviceGetHandleByIndex_v2(unsigned index, void **out)
{
    int code = judge(__func__, (int)index);
    *out = (void *)(intptr_t)(index + 1);
    return code;
}

DEVICE_CALL(nvmlDeviceGetName, char *text, unsigned size);
int nvmlDeviceGetName(void *handle, char *text, unsigned size)
{
    snprintf(text, size, "Fake GPU %d", device_of(handle));
    return OK;
}

DEVICE_CALL(nvmlDeviceGetUUID, char *text, unsigned size);
int nvmlDeviceGetUUID(void *handle, char *text, unsigned size)
{
    snprintf(text, size, "GPU-00000000-0000-0000-0000-%012d", device_of(handle));
    return OK;
}

DEVICE_CALL(nvmlDeviceGetVbiosVersion, char *text, unsigned size);
int nvmlDeviceGetVbiosVersion(void *handle, char *text, unsigned size)
{
    (void)handle;
    snprintf(text, size, "96.00.FA.KE.01");
    return OK;
}

/* The driver's first device has the highest address: order by index and by address differ. */
struct pci {
    char legacy[16];
    unsigned domain, bus, device, device_id, subsystem;
    char id[32];
};
DEVICE_CALL(nvmlDeviceGetPciInfo_v3, struct pci *out);
int nvmlDeviceGetPciInfo_v3(void *handle, struct pci *out)
{
    unsigned bus = (unsigned)(DEVICES - device_of(handle));
    memset(out, 0, sizeof *out);
    out->bus = bus;
    snprintf(out->id, sizeof out->id, "00000000:%02X:00.0", bus);
    return OK;
}

DEVICE_CALL(nvmlDeviceGetCudaComputeCapability, int *major, int *minor);
int nvmlDeviceGetCudaComputeCapability(void *handle, int *major, int *minor)
{
    (void)handle;
    *major = 9;
    *minor = 0;
    return OK;
}

DEVICE_CALL(nvmlDeviceGetUtilizationRates, unsigned out[2]);
int nvmlDeviceGetUtilizationRates(void *handle, unsigned out[2])
{
    JUDGE(handle)
    out[0] = (unsigned)fake.values[d][BUSY];
    out[1] = (unsigned)fake.values[d][MEMCTL];
    return OK;
}

DEVICE_CALL(nvmlDeviceGetMemoryInfo, uint64_t out[3]);
int nvmlDeviceGetMemoryInfo(void *handle, uint64_t out[3])
{
    JUDGE(handle)
    out[0] = (uint64_t)fake.values[d][TOTAL];
    out[2] = (uint64_t)fake.values[d][USED];
    out[1] = out[0] - out[2];
    return OK;
}

DEVICE_CALL(nvmlDeviceGetPowerUsage, unsigned *mw);
int nvmlDeviceGetPowerUsage(void *handle, unsigned *mw)
{
    JUDGE(handle)
    *mw = (unsigned)(1000 * fake.values[d][POWER]);
    return OK;
}

DEVICE_CALL(nvmlDeviceGetEnforcedPowerLimit, unsigned *mw);
int nvmlDeviceGetEnforcedPowerLimit(void *handle, unsigned *mw)
{
    JUDGE(handle)
    *mw = (unsigned)(1000 * fake.values[d][LIMIT]);
    return OK;
}

/* Joules at power since the beginning, on top of what the scenario says. */
static uint64_t energy_mj(int d)
{
    return (uint64_t)(1000 *
                      (fake.values[d][ENERGY] + fake.values[d][POWER] * (now() - fake.begun)));
}

DEVICE_CALL(nvmlDeviceGetTotalEnergyConsumption, uint64_t *mj);
int nvmlDeviceGetTotalEnergyConsumption(void *handle, uint64_t *mj)
{
    JUDGE(handle)
    *mj = energy_mj(d);
    return OK;
}

DEVICE_CALL(nvmlDeviceGetTemperature, unsigned sensor, unsigned *out);
int nvmlDeviceGetTemperature(void *handle, unsigned sensor, unsigned *out)
{
    JUDGE(handle)
    *out = (unsigned)fake.values[d][TEMP];
    return sensor == 0 ? OK : INVALID;
}

DEVICE_CALL(nvmlDeviceGetClockInfo, unsigned type, unsigned *out);
int nvmlDeviceGetClockInfo(void *handle, unsigned type, unsigned *out)
{
    JUDGE(handle)
    *out = (unsigned)fake.values[d][type == 1 ? SM : MEM];
    return type == 1 || type == 2 ? OK : INVALID;
}

DEVICE_CALL(nvmlDeviceGetCurrentClocksThrottleReasons, uint64_t *out);
int nvmlDeviceGetCurrentClocksThrottleReasons(void *handle, uint64_t *out)
{
    JUDGE(handle)
    *out = (uint64_t)fake.values[d][REASONS];
    return OK;
}

/* Writes one row of a process list in the layout of its version. */
static void process_write(void *list, size_t row, size_t size, const struct process *p)
{
    char *at = (char *)list + row * size;
    memset(at, 0, size);
    memcpy(at, &p->pid, sizeof p->pid);
    memcpy(at + 8, &p->bytes, sizeof p->bytes);
}

static int processes_get(const char *symbol, void *handle, unsigned *count, void *list, size_t size)
{
    int d = device_of(handle), code = judge(symbol, d);
    unsigned found = 0, more = fake.grow ? 40 * fake_nvml_calls(symbol) : 0;
    if (code != OK) {
        return code;
    }
    for (size_t i = 0; i < fake.process_count; i++) {
        found += fake.processes[i].device == d;
    }
    if (found + more > *count) {
        *count = found + more;
        return TOO_SMALL;
    }
    unsigned row = 0;
    for (size_t i = 0; i < fake.process_count; i++) {
        if (fake.processes[i].device == d) {
            process_write(list, row++, size, &fake.processes[i]);
        }
    }
    for (unsigned i = 0; i < more; i++) {
        process_write(list, row++, size, &(struct process){d, 4000000 + i, 1, 0});
    }
    *count = row;
    return OK;
}

DEVICE_CALL(nvmlDeviceGetComputeRunningProcesses, unsigned *count, void *list);
int nvmlDeviceGetComputeRunningProcesses(void *handle, unsigned *count, void *list)
{
    return processes_get(__func__, handle, count, list, 16);
}

struct sample {
    unsigned pid;
    uint64_t time_us;
    unsigned sm, mem, enc, dec;
};

static uint64_t wall_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

/* Rows of one device that did something; in a scenario with garbage also rows that cannot be. */
static unsigned samples_fill(int d, struct sample *out, unsigned room)
{
    unsigned row = 0;
    for (size_t i = 0; i < fake.process_count && row < room; i++) {
        const struct process *p = &fake.processes[i];
        if (p->device == d && p->sm > 0) {
            out[row++] = (struct sample){p->pid, wall_us(), p->sm, 1, 0, 0};
        }
    }
    if (fake.garbage && row + 3 <= room) {
        out[row++] = (struct sample){1, wall_us(), 4294967295U, 99, 0, 0};
        out[row++] = (struct sample){999999999, wall_us(), 77, 1, 0, 0};
        out[row++] = (struct sample){out[0].pid, 5, 66, 1, 0, 0}; /* from long ago */
    }
    return row;
}

DEVICE_CALL(nvmlDeviceGetProcessUtilization, struct sample *list, unsigned *count, uint64_t since);
int nvmlDeviceGetProcessUtilization(void *handle, struct sample *list, unsigned *count,
                                    uint64_t since)
{
    JUDGE(handle)
    (void)since;
    *count = samples_fill(d, list, *count);
    return *count == 0 ? NOT_FOUND : OK;
}

#ifndef FAKE_OLD /* what drivers of some years ago do not have */
struct memory_v2 {
    unsigned version;
    uint64_t total, reserved, free, used;
};
DEVICE_CALL(nvmlDeviceGetMemoryInfo_v2, struct memory_v2 *out);
int nvmlDeviceGetMemoryInfo_v2(void *handle, struct memory_v2 *out)
{
    JUDGE(handle)
    if (out->version != (sizeof *out | 2U << 24)) {
        return 25;
    }
    out->total = (uint64_t)fake.values[d][TOTAL];
    out->used = (uint64_t)fake.values[d][USED];
    out->reserved = 0;
    out->free = out->total - out->used;
    return OK;
}

DEVICE_CALL(nvmlDeviceGetCurrentClocksEventReasons, uint64_t *out);
int nvmlDeviceGetCurrentClocksEventReasons(void *handle, uint64_t *out)
{
    JUDGE(handle)
    *out = (uint64_t)fake.values[d][REASONS];
    return OK;
}

struct field {
    unsigned id, scope;
    int64_t time, latency;
    unsigned type, code;
    uint64_t value;
};

/* Type 3 is a u64, type 1 a u32. */
static void field_fill(int d, struct field *f)
{
    f->code = OK;
    f->type = 3;
    f->value = f->id == 83 ? energy_mj(d) : (uint64_t)(1e6 * (now() - fake.begun));
    if (f->id == 82 || f->id == 185 || f->id == 186) {
        f->type = 1;
        f->value = f->id == 82 ? (uint64_t)fake.values[d][TEMP] + 5
                               : (uint64_t)(1000 * fake.values[d][POWER]);
    }
    for (size_t i = 0; i < fake.field_count && i < RULES; i++) {
        if (fake.fields[i].id == f->id) {
            f->code = (unsigned)fake.fields[i].code;
            f->value = fake.field_calls >= fake.fields[i].drop_after ? 7000 : f->value;
        }
    }
}

DEVICE_CALL(nvmlDeviceGetFieldValues, int count, struct field *list);
int nvmlDeviceGetFieldValues(void *handle, int count, struct field *list)
{
    JUDGE(handle)
    fake.field_calls++;
    for (int i = 0; i < count; i++) {
        field_fill(d, &list[i]);
    }
    return OK;
}

DEVICE_CALL(nvmlDeviceGetComputeRunningProcesses_v3, unsigned *count, void *list);
int nvmlDeviceGetComputeRunningProcesses_v3(void *handle, unsigned *count, void *list)
{
    return processes_get(__func__, handle, count, list, 24);
}

struct share {
    uint64_t time_us;
    unsigned pid, sm, mem, enc, dec, jpeg, ofa;
};
struct shares {
    unsigned version, count;
    uint64_t since;
    struct share *list;
};
DEVICE_CALL(nvmlDeviceGetProcessesUtilizationInfo, struct shares *out);
int nvmlDeviceGetProcessesUtilizationInfo(void *handle, struct shares *out)
{
    JUDGE(handle)
    static struct sample rows[PROCESSES + 3];
    if (out->version != (sizeof *out | 1U << 24)) {
        return 25;
    }
    unsigned count = samples_fill(d, rows, PROCESSES + 3);
    if (count > out->count) {
        out->count = count;
        return TOO_SMALL;
    }
    out->count = count;
    for (unsigned i = 0; i < count; i++) {
        out->list[i] = (struct share){
            .time_us = rows[i].time_us, .pid = rows[i].pid, .sm = rows[i].sm, .mem = rows[i].mem};
    }
    return count == 0 ? NOT_FOUND : OK;
}
#endif
