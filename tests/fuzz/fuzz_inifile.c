/* Fuzzes settings files: entries come in the order of lines, with a key and whole texts. */
#include "../../core/inifile.h"
#include "../../core/name.h"
#include "fuzz.h"

#include <string.h>

static bool sound(const char *text)
{
    return name_check_text((struct bytes){(const unsigned char *)text, strlen(text)}, NULL) ==
           TRACK_OK;
}

static track_status take(void *data, const struct ini_entry *e, track_error *err)
{
    int *line = data;
    bool good =
        e->line > *line && e->key[0] && sound(e->section) && sound(e->key) && sound(e->value);
    *line = e->line;
    return good ? TRACK_OK : FAIL(err, TRACK_CORRUPT, "line %d", e->line);
}

FUZZ(inifile)
{
    int line = 0;
    CHECK(inifile_read(in, take, &line, NULL) != TRACK_CORRUPT);
}
