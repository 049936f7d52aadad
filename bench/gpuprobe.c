/* gpuprobe: what the NVIDIA driver of this machine says, call by call, and what each call costs.
 *
 *     cc -O2 gpuprobe.c -o gpuprobe && ./gpuprobe > gpuprobe-<gpu>-<driver>.jsonl
 *
 * One file, libc alone (glibc 2.34 or later), no root, no GPU needed to build; takes less than five
 * minutes.  Prints one JSON object a line: where it runs, every reading with its return code,
 * median and 99th percentile of 200 calls, and whether the driver kept to the sizes that Track
 * believes its structures have (guard bytes lie behind each).  It changes nothing and makes no
 * load.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
    CALLS_MAX = 200,
    CALL_BUDGET_US = 400000,
    ROOM = 256 * 1024,
    GUARD = 4096,
    SECONDS_MAX = 280
};
enum { ROWS = 1024, GUARD_BYTE = 0xa5, DEVICES_MAX = 64, POLL_US = 3000000 };

/* How a call is made. */
enum shape {
    TEXT,  /* (device, char *, size) */
    OUT,   /* (device, out) */
    ARG,   /* (device, argument, out) */
    TWO,   /* (device, out 4 bytes, out 4 bytes) */
    LIST,  /* (device, count, rows) */
    SINCE, /* (device, rows, count, u64 since) */
    FIELD  /* (device, count, fields): one field, its id is the argument */
};

/* What comes back: u 4 bytes, q 8 bytes, s text; "name@offset:type" parted by blanks. */
struct reading {
    const char *symbol;
    enum shape shape;
    unsigned argument;
    size_t size;      /* of the out-structure, or of one row */
    unsigned version; /* its first word; 0: none */
    const char *fields;
};

static const struct reading readings[] = {
    {"nvmlDeviceGetName", TEXT, 0, 96, 0, "name@0:s"},
    {"nvmlDeviceGetUUID", TEXT, 0, 96, 0, "uuid@0:s"},
    {"nvmlDeviceGetVbiosVersion", TEXT, 0, 32, 0, "vbios@0:s"},
    {"nvmlDeviceGetPciInfo_v3", OUT, 0, 68, 0,
     "domain@16:u bus@20:u device@24:u id@28:u busId@36:s"},
    {"nvmlDeviceGetCudaComputeCapability", TWO, 0, 4, 0, "major@0:u minor@4:u"},
    {"nvmlDeviceGetUtilizationRates", OUT, 0, 8, 0, "gpu@0:u memory@4:u"},
    {"nvmlDeviceGetMemoryInfo", OUT, 0, 24, 0, "total@0:q free@8:q used@16:q"},
    {"nvmlDeviceGetMemoryInfo_v2", OUT, 0, 40, 0x02000028,
     "total@8:q reserved@16:q free@24:q used@32:q"},
    {"nvmlDeviceGetBAR1MemoryInfo", OUT, 0, 24, 0, "total@0:q free@8:q used@16:q"},
    {"nvmlDeviceGetPowerUsage", OUT, 0, 4, 0, "mw@0:u"},
    {"nvmlDeviceGetEnforcedPowerLimit", OUT, 0, 4, 0, "mw@0:u"},
    {"nvmlDeviceGetPowerManagementDefaultLimit", OUT, 0, 4, 0, "mw@0:u"},
    {"nvmlDeviceGetTotalEnergyConsumption", OUT, 0, 8, 0, "mj@0:q"},
    {"nvmlDeviceGetTemperature", ARG, 0, 4, 0, "celsius@0:u"},
    {"nvmlDeviceGetClockInfo", ARG, 0, 4, 0, "graphics_mhz@0:u"},
    {"nvmlDeviceGetClockInfo", ARG, 1, 4, 0, "sm_mhz@0:u"},
    {"nvmlDeviceGetClockInfo", ARG, 2, 4, 0, "mem_mhz@0:u"},
    {"nvmlDeviceGetMaxClockInfo", ARG, 1, 4, 0, "sm_mhz@0:u"},
    {"nvmlDeviceGetCurrentClocksEventReasons", OUT, 0, 8, 0, "bits@0:q"},
    {"nvmlDeviceGetCurrentClocksThrottleReasons", OUT, 0, 8, 0, "bits@0:q"},
    {"nvmlDeviceGetPerformanceState", OUT, 0, 4, 0, "p@0:u"},
    {"nvmlDeviceGetPersistenceMode", OUT, 0, 4, 0, "on@0:u"},
    {"nvmlDeviceGetComputeMode", OUT, 0, 4, 0, "mode@0:u"},
    {"nvmlDeviceGetAccountingMode", OUT, 0, 4, 0, "on@0:u"},
    {"nvmlDeviceGetEccMode", TWO, 0, 4, 0, "current@0:u pending@4:u"},
    {"nvmlDeviceGetMigMode", TWO, 0, 4, 0, "current@0:u pending@4:u"},
    {"nvmlDeviceGetFanSpeed", OUT, 0, 4, 0, "pct@0:u"},
    {"nvmlDeviceGetEncoderUtilization", TWO, 0, 4, 0, "pct@0:u period_us@4:u"},
    {"nvmlDeviceGetDecoderUtilization", TWO, 0, 4, 0, "pct@0:u period_us@4:u"},
    {"nvmlDeviceGetCurrPcieLinkGeneration", OUT, 0, 4, 0, "generation@0:u"},
    {"nvmlDeviceGetCurrPcieLinkWidth", OUT, 0, 4, 0, "lanes@0:u"},
    {"nvmlDeviceGetPcieReplayCounter", OUT, 0, 4, 0, "replays@0:u"},
    {"nvmlDeviceGetPcieThroughput", ARG, 0, 4, 0, "tx_kbps@0:u"},
    {"nvmlDeviceGetPcieThroughput", ARG, 1, 4, 0, "rx_kbps@0:u"},
    {"nvmlDeviceGetNumGpuCores", OUT, 0, 4, 0, "cores@0:u"},
    {"nvmlDeviceGetComputeRunningProcesses_v3", LIST, 0, 24, 0, "pid@0:u bytes@8:q"},
    {"nvmlDeviceGetComputeRunningProcesses_v2", LIST, 0, 24, 0, "pid@0:u bytes@8:q"},
    {"nvmlDeviceGetComputeRunningProcesses", LIST, 0, 16, 0, "pid@0:u bytes@8:q"},
    {"nvmlDeviceGetGraphicsRunningProcesses_v3", LIST, 0, 24, 0, "pid@0:u bytes@8:q"},
    {"nvmlDeviceGetMPSComputeRunningProcesses_v3", LIST, 0, 24, 0, "pid@0:u bytes@8:q"},
    {"nvmlDeviceGetProcessUtilization", SINCE, 0, 32, 0,
     "pid@0:u time_us@8:q sm@16:u mem@20:u enc@24:u dec@28:u"},
};

/* Fields of nvmlDeviceGetFieldValues: ECC, NVLink errors, throttling, temperature, energy, PCIe,
 * NVLink bytes, remapped rows, power, and the exact times of throttling. */
static const unsigned field_ids[] = {
    1,   2,   3,   4,   5,   6,   38,  52,  59,  74,  75,  76,  77,  78,  79,  80,  81,
    82,  83,  94,  138, 139, 142, 143, 144, 145, 146, 147, 150, 160, 161, 164, 185, 186,
    187, 188, 189, 190, 191, 192, 193, 194, 195, 196, 197, 198, 202, 204, 269, 270, 271};
enum { FIELD_BYTES = 40, FIELD_TYPES = 7 };

static unsigned char room[ROOM];
static double costs[CALLS_MAX];

typedef int call_0(void);
typedef int call_out(void *, void *);
typedef int call_count(unsigned *);
typedef int call_handle(unsigned, void **);
typedef int call_text(void *, char *, unsigned);
typedef int call_arg(void *, unsigned, void *);
typedef int call_two(void *, void *, void *);
typedef int call_list(void *, unsigned *, void *);
typedef int call_since(void *, void *, unsigned *, uint64_t);
typedef int call_field(void *, int, void *);
typedef int call_system(char *, unsigned);

static double now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec * 1e-3;
}

static void print_text(const char *text, size_t room_bytes)
{
    putchar('"');
    for (size_t i = 0; i < room_bytes && text[i] != '\0'; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c == '"' || c == '\\') {
            printf("\\%c", c);
        } else if (c < 0x20 || c > 0x7e) {
            printf("\\u%04x", c);
        } else {
            putchar(c);
        }
    }
    putchar('"');
}

/* A function of the library, in the type of the pointer that `out` points to. */
static bool symbol_get(void *library, const char *name, void *out)
{
    void *symbol = dlsym(library, name);
    memcpy(out, &symbol, sizeof symbol);
    return symbol != NULL;
}

/* ---- one reading ----------------------------------------------------------------------------- */

/* What one call wrote: so many bytes may have changed. */
struct answer {
    int code;
    unsigned count; /* of rows */
    size_t size;    /* that the call may write */
    double us;      /* that it took */
};

static void room_prepare(const struct reading *r, unsigned rows)
{
    memset(room, 0, r->size * rows);
    memset(room + r->size * rows, GUARD_BYTE, GUARD);
    if (r->version != 0) {
        memcpy(room, &r->version, sizeof r->version);
    }
    if (r->shape == FIELD) {
        memcpy(room, &r->argument, sizeof r->argument);
    }
}

static struct answer call_rows(void *function, void *device, const struct reading *r)
{
    struct answer a = {.count = ROWS, .size = r->size * ROWS};
    if (r->shape == LIST) {
        call_list *f;
        memcpy(&f, &function, sizeof f);
        a.code = f(device, &a.count, room);
    } else {
        call_since *f;
        memcpy(&f, &function, sizeof f);
        a.code = f(device, room, &a.count, 0);
    }
    a.count = a.code == 0 && a.count <= ROWS ? a.count : 0;
    return a;
}

static struct answer call_one(void *function, void *device, const struct reading *r)
{
    struct answer a = {.count = 1, .size = r->shape == TWO ? 8 : r->size};
    if (r->shape == TEXT) {
        call_text *f;
        memcpy(&f, &function, sizeof f);
        a.code = f(device, (char *)room, (unsigned)r->size);
    } else if (r->shape == ARG) {
        call_arg *f;
        memcpy(&f, &function, sizeof f);
        a.code = f(device, r->argument, room);
    } else if (r->shape == TWO) {
        call_two *f;
        memcpy(&f, &function, sizeof f);
        a.code = f(device, room, room + 4);
    } else if (r->shape == FIELD) {
        call_field *f;
        memcpy(&f, &function, sizeof f);
        a.code = f(device, 1, room);
    } else {
        call_out *f;
        memcpy(&f, &function, sizeof f);
        a.code = f(device, room);
    }
    return a;
}

static struct answer call_make(void *function, void *device, const struct reading *r)
{
    bool many = r->shape == LIST || r->shape == SINCE;
    room_prepare(r, many ? ROWS : r->shape == TWO ? 2 : 1);
    double before = now_us();
    struct answer a = many ? call_rows(function, device, r) : call_one(function, device, r);
    a.us = now_us() - before;
    return a;
}

static bool guard_kept(size_t size)
{
    for (size_t i = 0; i < GUARD; i++) {
        if (room[size + i] != GUARD_BYTE) {
            return false;
        }
    }
    return true;
}

/* One "name@offset:type" of a row; returns where the next one begins. */
static const char *print_member(const char *at, const unsigned char *row, bool first)
{
    char name[32], type;
    unsigned offset;
    int used = 0;
    if (sscanf(at, " %31[^@]@%u:%c%n", name, &offset, &type, &used) != 3) {
        return NULL;
    }
    printf("%s\"%s\":", first ? "" : ",", name);
    if (type == 's') {
        print_text((const char *)row + offset, 96);
    } else if (type == 'q') {
        uint64_t value;
        memcpy(&value, row + offset, sizeof value);
        printf("%" PRIu64, value);
    } else {
        uint32_t value;
        memcpy(&value, row + offset, sizeof value);
        printf("%" PRIu32, value);
    }
    return at + used;
}

static void print_rows(const struct reading *r, const struct answer *a)
{
    enum { SHOWN = 16 };
    printf(",\"rows\":%u,\"value\":[", a->count);
    for (unsigned i = 0; i < a->count && i < SHOWN; i++) {
        printf("%s{", i == 0 ? "" : ",");
        bool first = true;
        for (const char *at = r->fields; at != NULL && *at != '\0'; first = false) {
            at = print_member(at, room + i * r->size, first);
        }
        putchar('}');
    }
    putchar(']');
}

static int compare(const void *a, const void *b)
{
    double left = *(const double *)a, right = *(const double *)b;
    return left < right ? -1 : left > right;
}

/* Calls again and again, up to 200 times or 0.4 s; prints the quantiles. */
static void print_cost(void *function, void *device, const struct reading *r)
{
    int count = 0;
    double begin = now_us();
    while (count < CALLS_MAX && (count < 3 || now_us() - begin < CALL_BUDGET_US)) {
        costs[count++] = call_make(function, device, r).us;
    }
    qsort(costs, (size_t)count, sizeof *costs, compare);
    printf(",\"calls\":%d,\"p50_us\":%.2f,\"p99_us\":%.2f,\"max_us\":%.2f", count, costs[count / 2],
           costs[count * 99 / 100], costs[count - 1]);
}

/* A field: its value by type, and how old the driver says it is. */
static void print_field(void)
{
    uint32_t type, code, natural;
    uint64_t wide;
    int64_t latency;
    double real;
    memcpy(&latency, room + 16, sizeof latency);
    memcpy(&type, room + 24, sizeof type);
    memcpy(&code, room + 28, sizeof code);
    memcpy(&natural, room + 32, sizeof natural);
    memcpy(&wide, room + 32, sizeof wide);
    memcpy(&real, room + 32, sizeof real);
    printf(",\"field_code\":%" PRIu32 ",\"type\":%" PRIu32 ",\"latency_us\":%" PRId64, code, type,
           latency);
    if (code != 0 || type >= FIELD_TYPES) {
        return;
    }
    if (type == 0) {
        printf(",\"value\":%.17g", real);
    } else if (type == 4) {
        printf(",\"value\":%" PRId64, (int64_t)wide);
    } else if (type == 2 || type == 3) {
        printf(",\"value\":%" PRIu64, wide);
    } else {
        printf(",\"value\":%" PRIu32, type == 6 ? natural & 0xffff : natural);
    }
}

static void probe(void *library, unsigned number, void *device, const struct reading *r)
{
    void *function = dlsym(library, r->symbol);
    printf("{\"device\":%u,\"call\":\"%s\",\"argument\":%u", number, r->symbol, r->argument);
    if (function == NULL) {
        puts(",\"symbol\":false}");
        return;
    }
    struct answer a = call_make(function, device, r);
    bool kept = guard_kept(a.size);
    printf(",\"symbol\":true,\"code\":%d,\"bytes\":%zu,\"guard\":\"%s\"", a.code, r->size,
           kept ? "kept" : "OVERRUN");
    if (a.code == 0 && r->shape == FIELD) {
        print_field();
    } else if (a.code == 0) {
        print_rows(r, &a);
    }
    if (kept) { /* else the next call might destroy more */
        print_cost(function, device, r);
    }
    puts("}");
    fflush(stdout);
}

/* The call for drivers of 550 and later, whose rows hang behind a pointer in the structure. */
static void probe_shares(void *library, unsigned number, void *device)
{
    static unsigned char rows[ROWS * 40 + GUARD];
    struct {
        unsigned version, count;
        uint64_t since;
        void *list;
        unsigned char guard[64];
    } head = {.version = 0x01000018, .count = ROWS, .list = rows};
    call_out *call;
    printf("{\"device\":%u,\"call\":\"nvmlDeviceGetProcessesUtilizationInfo\"", number);
    if (!symbol_get(library, "nvmlDeviceGetProcessesUtilizationInfo", &call)) {
        puts(",\"symbol\":false}");
        return;
    }
    memset(head.guard, GUARD_BYTE, sizeof head.guard);
    memset(rows, GUARD_BYTE, sizeof rows);
    double before = now_us();
    int code = call(device, &head);
    double took = now_us() - before;
    bool kept = rows[ROWS * 40] == GUARD_BYTE && head.guard[0] == GUARD_BYTE;
    printf(",\"symbol\":true,\"code\":%d,\"guard\":\"%s\",\"rows\":%u,\"us\":%.2f,\"value\":[",
           code, kept ? "kept" : "OVERRUN", head.count, took);
    for (unsigned i = 0; code == 0 && i < head.count && i < 16; i++) {
        uint64_t time_us;
        unsigned v[3];
        memcpy(&time_us, rows + i * 40, sizeof time_us);
        memcpy(v, rows + i * 40 + 8, sizeof v);
        printf("%s{\"time_us\":%" PRIu64 ",\"pid\":%u,\"sm\":%u,\"mem\":%u}", i == 0 ? "" : ",",
               time_us, v[0], v[1], v[2]);
    }
    puts("]}");
}

/* ---- what only time shows -------------------------------------------------------------------- */

/* Watches a counter or gauge for three seconds: how often it changes, and energy against power. */
static void probe_steps(void *library, unsigned number, void *device)
{
    call_out *energy, *power;
    if (!symbol_get(library, "nvmlDeviceGetTotalEnergyConsumption", &energy) ||
        !symbol_get(library, "nvmlDeviceGetPowerUsage", &power)) {
        return;
    }
    uint64_t first_mj = 0, last_mj = 0, mj = 0;
    uint32_t mw = 0, last_mw = 0;
    unsigned energy_changes = 0, power_changes = 0;
    double integral_mj = 0, begin = now_us(), at = begin;
    if (energy(device, &first_mj) != 0 || power(device, &last_mw) != 0) {
        return;
    }
    last_mj = first_mj;
    while (at - begin < POLL_US) {
        usleep(5000);
        double then = now_us();
        if (energy(device, &mj) != 0 || power(device, &mw) != 0) {
            return;
        }
        energy_changes += mj != last_mj;
        power_changes += mw != last_mw;
        integral_mj += mw * (then - at) * 1e-6;
        last_mj = mj;
        last_mw = mw;
        at = then;
    }
    printf("{\"device\":%u,\"steps\":{\"seconds\":%.2f,\"energy_changes\":%u,\"power_changes\":%u,"
           "\"energy_mj\":%" PRIu64 ",\"integrated_mj\":%.0f}}\n",
           number, (at - begin) * 1e-6, energy_changes, power_changes, last_mj - first_mj,
           integral_mj);
}

/* What the sampler does once a second, and every five seconds, as one figure each. */
static void probe_ticks(void *library, unsigned number, void *device)
{
    static const char *const fast[] = {"nvmlDeviceGetUtilizationRates",
                                       "nvmlDeviceGetMemoryInfo_v2", "nvmlDeviceGetPowerUsage"};
    double total = 0;
    for (size_t i = 0; i < sizeof fast / sizeof *fast; i++) {
        for (size_t k = 0; k < sizeof readings / sizeof *readings; k++) {
            void *function = dlsym(library, fast[i]);
            if (function != NULL && strcmp(readings[k].symbol, fast[i]) == 0) {
                total += call_make(function, device, &readings[k]).us;
            }
        }
    }
    printf("{\"device\":%u,\"tick\":\"fast\",\"us\":%.2f}\n", number, total);
}

/* ---- the program ----------------------------------------------------------------------------- */

static void print_place(void)
{
    char link[64] = "", line[256] = "";
    ssize_t n = readlink("/proc/self/ns/pid", link, sizeof link - 1);
    FILE *in = fopen("/proc/driver/nvidia/version", "r");
    if (in != NULL) {
        if (fgets(line, sizeof line, in) == NULL) {
            line[0] = '\0';
        }
        fclose(in);
    }
    line[strcspn(line, "\n")] = '\0';
    printf("{\"gpuprobe\":1,\"pid\":%ld,\"pid_namespace\":", (long)getpid());
    print_text(n > 0 ? link : "", sizeof link);
    printf(",\"kernel_module\":");
    print_text(line, sizeof line);
    puts("}");
}

static void print_system(void *library)
{
    char driver[96] = "", nvml[96] = "";
    int cuda = 0;
    call_system *text;
    int (*cuda_get)(int *);
    if (symbol_get(library, "nvmlSystemGetDriverVersion", &text)) {
        text(driver, sizeof driver);
    }
    if (symbol_get(library, "nvmlSystemGetNVMLVersion", &text)) {
        text(nvml, sizeof nvml);
    }
    if (symbol_get(library, "nvmlSystemGetCudaDriverVersion_v2", &cuda_get)) {
        cuda_get(&cuda);
    }
    printf("{\"driver\":");
    print_text(driver, sizeof driver);
    printf(",\"nvml\":");
    print_text(nvml, sizeof nvml);
    printf(",\"cuda\":%d}\n", cuda);
}

static void probe_device(void *library, unsigned number, void *device)
{
    for (size_t i = 0; i < sizeof readings / sizeof *readings; i++) {
        probe(library, number, device, &readings[i]);
    }
    for (size_t i = 0; i < sizeof field_ids / sizeof *field_ids; i++) {
        const struct reading field = {
            "nvmlDeviceGetFieldValues", FIELD, field_ids[i], FIELD_BYTES, 0, ""};
        probe(library, number, device, &field);
    }
    probe_shares(library, number, device);
    probe_steps(library, number, device);
    probe_ticks(library, number, device);
}

static int probe_all(void *library)
{
    call_0 *init, *end;
    call_count *count_get;
    call_handle *handle_get;
    unsigned count = 0;
    if (!symbol_get(library, "nvmlInit_v2", &init) || !symbol_get(library, "nvmlShutdown", &end) ||
        !symbol_get(library, "nvmlDeviceGetCount_v2", &count_get) ||
        !symbol_get(library, "nvmlDeviceGetHandleByIndex_v2", &handle_get)) {
        puts("{\"nvml\":false,\"why\":\"libnvidia-ml.so.1 lacks what cannot be done without\"}");
        return 0;
    }
    double before = now_us();
    int code = init();
    printf("{\"call\":\"nvmlInit_v2\",\"code\":%d,\"us\":%.0f}\n", code, now_us() - before);
    if (code != 0) {
        printf("{\"nvml\":false,\"why\":\"nvmlInit_v2 answers %d (9: no driver, 18: versions "
               "differ)\"}\n",
               code);
        return 0;
    }
    print_system(library);
    code = count_get(&count);
    printf("{\"devices\":%u,\"code\":%d}\n", count, code);
    for (unsigned i = 0; i < count && i < DEVICES_MAX; i++) {
        void *device = NULL;
        code = handle_get(i, &device);
        printf("{\"device\":%u,\"call\":\"nvmlDeviceGetHandleByIndex_v2\",\"code\":%d}\n", i, code);
        if (code == 0) {
            probe_device(library, i, device);
        }
    }
    return end();
}

int main(void)
{
    alarm(SECONDS_MAX); /* a driver that hangs must not keep anybody waiting */
    print_place();
    void *library = dlopen("libnvidia-ml.so.1", RTLD_NOW | RTLD_LOCAL);
    if (library == NULL) {
        puts("{\"nvml\":false,\"why\":\"no NVIDIA driver library (libnvidia-ml.so.1) here\"}");
        return 0;
    }
    int code = probe_all(library);
    dlclose(library);
    return code == 0 ? 0 : 1;
}
