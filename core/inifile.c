#include "inifile.h"

#include "name.h"

#include <ini.h>
#include <string.h>

/* What the two callbacks of inih share. */
struct ini_reading {
    struct bytes left;
    int line; /* that was read last */
    ini_entry_fn *fn;
    void *data;
    track_status status; /* of the first failure; nothing happens after it */
    track_error *err;
};

/* The next line, which ends before '\n'. */
static struct bytes ini_take_line(struct bytes *left)
{
    const unsigned char *end = left->size ? memchr(left->at, '\n', left->size) : NULL;
    size_t size = end ? (size_t)(end - left->at) : left->size, used = size + (end != NULL);
    struct bytes line = {left->at, size};
    *left = (struct bytes){left->at + used, left->size - used};
    return line;
}

/* As fgets.  Leading blanks are left out: with them inih would take a line as more of the last. */
static char *ini_read_line(char *out, int room, void *data)
{
    struct ini_reading *r = data;
    if (r->left.size == 0 || r->status != TRACK_OK) {
        return NULL;
    }
    struct bytes line = ini_take_line(&r->left);
    r->line++;
    while (line.size && (line.at[0] == ' ' || line.at[0] == '\t')) {
        line = (struct bytes){line.at + 1, line.size - 1};
    }
    if (line.size > INI_LINE_BYTES_MAX || line.size + 2 > (size_t)room) {
        r->status = FAIL(r->err, TRACK_INVALID, "line %d: %zu bytes, at most %d", r->line,
                         line.size, INI_LINE_BYTES_MAX);
        return NULL;
    }
    memcpy(out, line.at, line.size);
    memcpy(out + line.size, "\n", 2);
    return out;
}

static int ini_take_entry(void *data, const char *section, const char *key, const char *value)
{
    struct ini_reading *r = data;
    if (r->status != TRACK_OK) {
        return 0;
    }
    if (strlen(section) > INI_SECTION_BYTES_MAX) {
        r->status =
            FAIL(r->err, TRACK_INVALID, "line %d: in a section whose name has over %d bytes",
                 r->line, INI_SECTION_BYTES_MAX);
    } else if (!key[0]) {
        r->status = FAIL(r->err, TRACK_INVALID, "line %d: nothing before the =", r->line);
    } else {
        struct ini_entry entry = {section, key, value, r->line};
        r->status = r->fn(r->data, &entry, r->err);
    }
    return r->status == TRACK_OK;
}

track_status inifile_read(struct bytes text, ini_entry_fn *fn, void *data, track_error *err)
{
    if (text.size > INI_BYTES_MAX) {
        return FAIL(err, TRACK_TOO_LARGE, "a file of %zu bytes, at most %d", text.size,
                    INI_BYTES_MAX);
    }
    TRY(name_check_text(text, err));
    if (text.size && memchr(text.at, 0, text.size)) {
        return FAIL(err, TRACK_INVALID, "a NUL byte in the file");
    }
    struct ini_reading r = {.left = text, .fn = fn, .data = data, .err = err};
    int line = ini_parse_stream(ini_read_line, &r, ini_take_entry, &r);
    TRY(r.status);
    if (line < 0) {
        return FAIL(err, TRACK_NOMEM, "no memory for a line of the file");
    }
    if (line > 0) {
        return FAIL(err, TRACK_INVALID, "line %d: must be key = value, [section] or # comment",
                    line);
    }
    return TRACK_OK;
}
