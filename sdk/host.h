/* host - the machine and the process that a run is logged on.
 *
 * Uses: json.
 */
#ifndef SDK_HOST_H
#define SDK_HOST_H
#include "../core/json.h"

/* Writes the members of the run's document "host": name, os, kernel, machine, libc, cpu, cores,
 * threads, memory, user, pid. */
void host_write(struct json_writer *w);

/* Name of the user that runs this process, or its number.  out: [size]. */
void host_user(char *out, size_t size);
#endif
