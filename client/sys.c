#include "sys.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool path_fill(const char *root, const char *path, char out[SYS_PATH_MAX])
{
    int n = snprintf(out, SYS_PATH_MAX, "%s%s", root, path);
    return n > 0 && n < SYS_PATH_MAX;
}

bool sys_read(const char *root, const char *path, struct sys_text *out)
{
    char full[SYS_PATH_MAX];
    out->size = 0;
    out->at[0] = '\0';
    int fd = path_fill(root, path, full) ? open(full, O_RDONLY | O_CLOEXEC) : -1;
    if (fd < 0) {
        return false;
    }
    while (out->size < SYS_TEXT_MAX - 1) {
        ssize_t n = read(fd, out->at + out->size, SYS_TEXT_MAX - 1 - out->size);
        if (n <= 0) {
            break;
        }
        out->size += (size_t)n;
    }
    close(fd);
    out->at[out->size] = '\0';
    return out->size > 0;
}

static bool number_get(const char *text, uint64_t *out)
{
    char *end;
    while (*text == ' ' || *text == '\t') {
        text++;
    }
    if (!isdigit((unsigned char)*text)) {
        return false;
    }
    errno = 0;
    unsigned long long value = strtoull(text, &end, 10);
    if (errno != 0) {
        return false;
    }
    *out = value;
    return true;
}

bool sys_read_number(const char *root, const char *path, uint64_t *out)
{
    char full[SYS_PATH_MAX], text[32];
    int fd = path_fill(root, path, full) ? open(full, O_RDONLY | O_CLOEXEC) : -1;
    if (fd < 0) {
        return false;
    }
    ssize_t n = read(fd, text, sizeof text - 1);
    close(fd);
    text[n > 0 ? n : 0] = '\0';
    return n > 0 && number_get(text, out);
}

bool sys_exists(const char *root, const char *path)
{
    char full[SYS_PATH_MAX];
    return path_fill(root, path, full) && access(full, F_OK) == 0;
}

bool sys_read_link(const char *root, const char *path, char *out, size_t room)
{
    char full[SYS_PATH_MAX];
    ssize_t n = path_fill(root, path, full) ? readlink(full, out, room) : -1;
    if (n < 0 || (size_t)n >= room) {
        return false;
    }
    out[n] = '\0';
    return true;
}

void sys_list(const char *root, const char *path, sys_entry *fn, void *data)
{
    char full[SYS_PATH_MAX];
    DIR *dir = path_fill(root, path, full) ? opendir(full) : NULL;
    if (dir == NULL) {
        return;
    }
    bool more = true;
    for (struct dirent *e = readdir(dir); more && e != NULL; e = readdir(dir)) {
        bool self = strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0;
        more = self || fn(data, e->d_name);
    }
    closedir(dir);
}

bool sys_find_number(const char *text, const char *word, uint64_t *out)
{
    size_t size = strlen(word);
    for (const char *line = text; line != NULL && *line != '\0';) {
        if (strncmp(line, word, size) == 0 && number_get(line + size, out)) {
            return true;
        }
        line = strchr(line, '\n');
        line = line == NULL ? NULL : line + 1;
    }
    return false;
}

char *sys_line(char **at)
{
    char *line = *at;
    if (*line == '\0') {
        return NULL;
    }
    char *end = strchr(line, '\n');
    *at = end == NULL ? line + strlen(line) : end + 1;
    if (end != NULL) {
        *end = '\0';
    }
    return line;
}
