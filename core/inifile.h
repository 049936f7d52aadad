/* inifile - settings as `key = value` lines in sections.
 *
 *     # comment
 *     url = http://127.0.0.1:8080
 *     [sampler]
 *     interval = 5s          ; comment
 *
 * Uses: bytes, fail, name; inih, which nobody else includes.  Pure: the caller reads the file.
 */
#ifndef CORE_INIFILE_H
#define CORE_INIFILE_H
#include "bytes.h"
#include "fail.h"

#include <stddef.h>

enum {
    INI_BYTES_MAX = 64 * 1024,  /* of a file */
    INI_LINE_BYTES_MAX = 190,   /* of one line; inih's is 200 with what ends it */
    INI_SECTION_BYTES_MAX = 48, /* of the name of a section; inih cuts at 50 */
};

/* One line as it is given to the caller; the texts live as long as the call. */
struct ini_entry {
    const char *section; /* "" before the first */
    const char *key, *value;
    int line; /* from 1 */
};

/* Receives one entry; any status but TRACK_OK ends the reading with it. */
typedef track_status ini_entry_fn(void *data, const struct ini_entry *entry, track_error *err);

/* Reads the whole text of a file.  A value ends at the line, or before a blank and a semicolon;
 * there are no lines that go on.
 *
 *   text  [size], UTF-8, at most INI_BYTES_MAX.
 *   fn    called for each entry in order, with data.
 *
 * TRACK_INVALID    not UTF-8, a NUL; a line that is neither section, entry, comment nor blank; a
 *                  line or a section too long; an entry without a key.  err names the line.
 * TRACK_TOO_LARGE  the text is over INI_BYTES_MAX.
 * TRACK_NOMEM      the system has no memory.
 * Others: what fn returns.
 *
 * Tests: tests/core/test_inifile.c, tests/fuzz/fuzz_inifile.c
 */
track_status inifile_read(struct bytes text, ini_entry_fn *fn, void *data, track_error *err);
#endif
