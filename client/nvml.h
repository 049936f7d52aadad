/* nvml - what of NVIDIA's management library we call, in declarations of our own.
 *
 * Neither its header nor the library is needed to build.  Sizes are those of the public interface
 * on 64-bit Linux, asserted here; tests/client/fake_nvml.c and bench/gpuprobe.c put guard bytes
 * behind them.
 * Source: NVML API reference guide, version 13.
 */
#ifndef CLIENT_NVML_H
#define CLIENT_NVML_H
#include <stddef.h>
#include <stdint.h>

typedef struct nvml_device *nvml_handle;

enum nvml_code {
    NVML_OK = 0,
    NVML_NOT_SUPPORTED = 3,
    NVML_NO_PERMISSION = 4,
    NVML_NOT_FOUND = 6,
    NVML_TOO_SMALL = 7,
    NVML_DRIVER_ABSENT = 9,
    NVML_LIBRARY_ABSENT = 12,
    NVML_FUNCTION_ABSENT = 13,
    NVML_LOST = 15,
    NVML_RESET = 16,
    NVML_MISMATCH = 18,
    NVML_VERSION = 25
};

struct nvml_utilization {
    unsigned gpu, memory;
};
struct nvml_memory {
    uint64_t total, free, used;
};
struct nvml_memory_v2 {
    unsigned version, zero;
    uint64_t total, reserved, free, used;
};
struct nvml_pci {
    char legacy[16];
    unsigned domain, bus, device, device_id, subsystem_id;
    char bus_id[32];
};
struct nvml_process_v1 {
    unsigned pid, zero;
    uint64_t used;
};
struct nvml_process {
    unsigned pid, zero;
    uint64_t used; /* all ones: not known */
    unsigned gpu_instance, compute_instance;
};
struct nvml_process_sample {
    unsigned pid, zero;
    uint64_t time_us;
    unsigned sm, memory, encoder, decoder;
};
struct nvml_process_share {
    uint64_t time_us;
    unsigned pid, sm, memory, encoder, decoder, jpeg, optical;
};
struct nvml_process_shares {
    unsigned version, count;
    uint64_t last_seen_us;
    struct nvml_process_share *list;
};
struct nvml_field {
    unsigned id, scope;
    int64_t time_us, latency_us;
    unsigned type, code;
    union {
        double real;
        unsigned natural;
        uint64_t wide;
        int64_t whole;
        int32_t small;
        uint16_t tiny;
    } value;
};

#define NVML_MEMORY_V2 0x02000028U
#define NVML_SHARES_V1 0x01000018U

_Static_assert(sizeof(struct nvml_utilization) == 8, "nvmlUtilization_t");
_Static_assert(sizeof(struct nvml_memory) == 24, "nvmlMemory_t");
_Static_assert(sizeof(struct nvml_memory_v2) == 40, "nvmlMemory_v2_t");
_Static_assert(sizeof(struct nvml_pci) == 68, "nvmlPciInfo_t");
_Static_assert(sizeof(struct nvml_process_v1) == 16, "nvmlProcessInfo_v1_t");
_Static_assert(sizeof(struct nvml_process) == 24, "nvmlProcessInfo_t");
_Static_assert(sizeof(struct nvml_process_sample) == 32, "nvmlProcessUtilizationSample_t");
_Static_assert(sizeof(struct nvml_process_share) == 40, "nvmlProcessUtilizationInfo_v1_t");
_Static_assert(sizeof(struct nvml_process_shares) == 24, "nvmlProcessesUtilizationInfo_v1_t");
_Static_assert(sizeof(struct nvml_field) == 40, "nvmlFieldValue_t");
_Static_assert(offsetof(struct nvml_field, value) == 32, "nvmlFieldValue_t.value");

/* Fields of nvmlDeviceGetFieldValues. */
enum nvml_field_id {
    NVML_FIELD_THROTTLE_POWER = 74,
    NVML_FIELD_MEM_TEMP = 82,
    NVML_FIELD_ENERGY_MJ = 83,
    NVML_FIELD_PCIE_REPLAYS = 94,
    NVML_FIELD_POWER_AVERAGE = 185,
    NVML_FIELD_POWER_INSTANT = 186,
    NVML_FIELD_PCIE_TX = 197,
    NVML_FIELD_PCIE_RX = 198,
    NVML_FIELD_THROTTLE_SW = 269,
    NVML_FIELD_THROTTLE_HW = 270,
    NVML_FIELD_THROTTLE_BRAKE = 271
};

/* The calls: member, symbols newest first (the one found is remembered by its place), signature. */
/* clang-format off */
#define NVML_CALLS(X)                                                                             \
    X(init,         "nvmlInit_v2", NULL, NULL, (void))                                            \
    X(shutdown,     "nvmlShutdown", NULL, NULL, (void))                                           \
    X(driver,       "nvmlSystemGetDriverVersion", NULL, NULL, (char *, unsigned))                 \
    X(cuda,         "nvmlSystemGetCudaDriverVersion_v2", NULL, NULL, (int *))                     \
    X(count,        "nvmlDeviceGetCount_v2", NULL, NULL, (unsigned *))                            \
    X(handle,       "nvmlDeviceGetHandleByIndex_v2", NULL, NULL, (unsigned, nvml_handle *))       \
    X(name,         "nvmlDeviceGetName", NULL, NULL, (nvml_handle, char *, unsigned))             \
    X(uuid,         "nvmlDeviceGetUUID", NULL, NULL, (nvml_handle, char *, unsigned))             \
    X(vbios,        "nvmlDeviceGetVbiosVersion", NULL, NULL, (nvml_handle, char *, unsigned))     \
    X(pci,          "nvmlDeviceGetPciInfo_v3", NULL, NULL, (nvml_handle, struct nvml_pci *))      \
    X(capability,   "nvmlDeviceGetCudaComputeCapability", NULL, NULL, (nvml_handle, int *, int *)) \
    X(utilization,  "nvmlDeviceGetUtilizationRates", NULL, NULL,                                  \
                    (nvml_handle, struct nvml_utilization *))                                     \
    X(memory_v2,    "nvmlDeviceGetMemoryInfo_v2", NULL, NULL,                                     \
                    (nvml_handle, struct nvml_memory_v2 *))                                       \
    X(memory,       "nvmlDeviceGetMemoryInfo", NULL, NULL, (nvml_handle, struct nvml_memory *))   \
    X(power,        "nvmlDeviceGetPowerUsage", NULL, NULL, (nvml_handle, unsigned *))             \
    X(power_limit,  "nvmlDeviceGetEnforcedPowerLimit", NULL, NULL, (nvml_handle, unsigned *))     \
    X(energy,       "nvmlDeviceGetTotalEnergyConsumption", NULL, NULL, (nvml_handle, uint64_t *)) \
    X(temperature,  "nvmlDeviceGetTemperature", NULL, NULL, (nvml_handle, unsigned, unsigned *))  \
    X(clock,        "nvmlDeviceGetClockInfo", NULL, NULL, (nvml_handle, unsigned, unsigned *))    \
    X(reasons,      "nvmlDeviceGetCurrentClocksEventReasons",                                     \
                    "nvmlDeviceGetCurrentClocksThrottleReasons", NULL, (nvml_handle, uint64_t *)) \
    X(fields,       "nvmlDeviceGetFieldValues", NULL, NULL,                                       \
                    (nvml_handle, int, struct nvml_field *))                                      \
    X(compute,      "nvmlDeviceGetComputeRunningProcesses_v3",                                    \
                    "nvmlDeviceGetComputeRunningProcesses_v2",                                    \
                    "nvmlDeviceGetComputeRunningProcesses", (nvml_handle, unsigned *, void *))    \
    X(mps,          "nvmlDeviceGetMPSComputeRunningProcesses_v3",                                 \
                    "nvmlDeviceGetMPSComputeRunningProcesses_v2",                                 \
                    "nvmlDeviceGetMPSComputeRunningProcesses", (nvml_handle, unsigned *, void *)) \
    X(graphics,     "nvmlDeviceGetGraphicsRunningProcesses_v3",                                   \
                    "nvmlDeviceGetGraphicsRunningProcesses_v2",                                   \
                    "nvmlDeviceGetGraphicsRunningProcesses", (nvml_handle, unsigned *, void *))   \
    X(shares,       "nvmlDeviceGetProcessesUtilizationInfo", NULL, NULL,                          \
                    (nvml_handle, struct nvml_process_shares *))                                  \
    X(samples,      "nvmlDeviceGetProcessUtilization", NULL, NULL,                                \
                    (nvml_handle, struct nvml_process_sample *, unsigned *, uint64_t))
/* clang-format on */
#endif
