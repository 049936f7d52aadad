/* Fuzzes patterns: a pattern, a newline, a subject.  A search ends, and what it finds lies within
 * the subject. */
#include "../../core/regex.h"
#include "fuzz.h"

#include <string.h>

static bool stop_at_once(void *data)
{
    return --*(int *)data < 0;
}

FUZZ(regex)
{
    AUTO_ARENA a = ARENA(1 << 20);
    struct regex *re;
    const unsigned char *line = in.size ? memchr(in.at, '\n', in.size) : NULL;
    size_t size = line ? (size_t)(line - in.at) : in.size;
    if (regex_compile((struct bytes){in.at, size}, &a, &re, NULL) != TRACK_OK) {
        return;
    }
    struct bytes subject = {line ? line + 1 : NULL, line ? in.size - size - 1 : 0};
    struct bytes groups[REGEX_GROUP_COUNT_MAX + 1];
    int slices = 10;
    struct regex_stop stop = {stop_at_once, &slices};
    bool found = false;
    track_status status = regex_search(re, subject, &stop, groups, &found, NULL);
    for (unsigned i = 0; status == TRACK_OK && found && i <= regex_group_count(re); i++) {
        CHECK(!groups[i].at || groups[i].size <= subject.size);
        CHECK(!groups[i].size || (groups[i].at >= subject.at &&
                                  groups[i].at + groups[i].size <= subject.at + subject.size));
    }
}
