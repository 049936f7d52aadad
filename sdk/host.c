#include "host.h"

#include <fcntl.h>
#include <gnu/libc-version.h>
#include <pwd.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <unistd.h>

enum { HOST_TEXT_BYTES = 16 * 1024 };

void host_user(char *out, size_t size)
{
    char room[2048];
    struct passwd entry, *found = NULL;
    if (getpwuid_r(getuid(), &entry, room, sizeof(room), &found) == 0 && found) {
        snprintf(out, size, "%s", found->pw_name);
    } else {
        snprintf(out, size, "%u", (unsigned)getuid());
    }
}

/* The start of a file as text; "" when it cannot be read. */
static void host_read(const char *path, char out[HOST_TEXT_BYTES])
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t size = fd < 0 ? 0 : read(fd, out, HOST_TEXT_BYTES - 1);
    out[size > 0 ? size : 0] = '\0';
    if (fd >= 0) {
        close(fd);
    }
}

/* Copies what follows `label` on its line, without quotes and blanks before it. */
static void host_field(const char *text, const char *label, char *out, size_t size)
{
    const char *at = strstr(text, label);
    out[0] = '\0';
    if (!at) {
        return;
    }
    at += strlen(label);
    at += strspn(at, " \t:=\"");
    size_t n = strcspn(at, "\n\"");
    snprintf(out, size, "%.*s", (int)n, at);
}

void host_write(struct json_writer *w)
{
    char text[HOST_TEXT_BYTES], field[256], user[64];
    struct utsname u;
    struct sysinfo memory;
    if (uname(&u) == 0) {
        json_write_text(w, "name", u.nodename);
        json_write_text(w, "kernel", u.release);
        json_write_text(w, "machine", u.machine);
    }
    host_read("/etc/os-release", text);
    host_field(text, "PRETTY_NAME", field, sizeof(field));
    json_write_text(w, "os", field);
    json_write_text(w, "libc", gnu_get_libc_version());
    host_read("/proc/cpuinfo", text);
    host_field(text, "model name", field, sizeof(field));
    json_write_text(w, "cpu", field);
    cpu_set_t set;
    json_write_int(w, "cores", sysconf(_SC_NPROCESSORS_ONLN));
    if (sched_getaffinity(0, sizeof(set), &set) == 0) {
        json_write_int(w, "cores_allowed", CPU_COUNT(&set));
    }
    if (sysinfo(&memory) == 0) {
        json_write_int(w, "memory_bytes", (int64_t)memory.totalram * memory.mem_unit);
    }
    host_user(user, sizeof(user));
    json_write_text(w, "user", user);
    json_write_int(w, "pid", getpid());
}
