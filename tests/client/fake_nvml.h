/* fake_nvml - a libnvidia-ml.so.1 without a GPU.
 *
 * What it answers comes from a scenario, one line each:
 *     devices 2                        how many there are
 *     set D NAME VALUE                 busy memctl used total power temp sm mem reasons limit
 * energy process D PID BYTES SM           a process on device D; BYTES - is "not known" fail SYMBOL
 * CODE AFTER D         that return code after so many calls; D -1: every device hang SYMBOL AFTER D
 * the call never comes back field ID CODE                    a field answers that code drop ID
 * AFTER                    a counter field begins again at 0 after so many calls garbage 1 absurd
 * rows among the processes' shares grow 1                           each look at the process list
 * finds some more `absent` symbols are a matter of how it is built (FAKE_OLD).  In C tests the
 * scenario is a text; elsewhere the file that FAKE_NVML names, read again when it changes.
 */
#ifndef TESTS_FAKE_NVML_H
#define TESTS_FAKE_NVML_H
__attribute__((visibility("default"))) void fake_nvml_load(const char *scenario);

/* How often a symbol was called since the scenario was loaded. */
__attribute__((visibility("default"))) unsigned fake_nvml_calls(const char *symbol);
#endif
