/* sys - small files of the kernel: /proc, /sys, cgroups.
 *
 * Every path goes below a root, which is "" in the product; tests lay trees of their own under one.
 * Each file may be absent: that is false, not an error.
 * Uses: nothing.
 */
#ifndef CLIENT_SYS_H
#define CLIENT_SYS_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SYS_TEXT_MAX = 64 * 1024, SYS_PATH_MAX = 512 };

/* What a file holds, NUL-terminated; no more than fits is read. */
struct sys_text {
    size_t size;
    char at[SYS_TEXT_MAX];
};

/* Reads a file.  False: it is not there, may not be read, or is empty. */
bool sys_read(const char *root, const char *path, struct sys_text *out);

/* Reads a file that holds one whole number; false for anything else. */
bool sys_read_number(const char *root, const char *path, uint64_t *out);

/* True if something is at the path. */
bool sys_exists(const char *root, const char *path);

/* Where a symbolic link leads; false if it is none, or longer than room. */
bool sys_read_link(const char *root, const char *path, char *out, size_t room);

/* Calls fn for each entry of a folder but "." and ".."; until fn returns false. */
typedef bool sys_entry(void *data, const char *name);
void sys_list(const char *root, const char *path, sys_entry *fn, void *data);

/* The number behind a word that begins a line, as in "MemFree:  123 kB"; false if there is none. */
bool sys_find_number(const char *text, const char *word, uint64_t *out);

/* The next line of a text, cut off in place; NULL at the end.  *at moves on. */
char *sys_line(char **at);
#endif
