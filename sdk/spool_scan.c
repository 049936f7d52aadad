#include "spool_scan.h"

#include "../core/fail.h"
#include "spool.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

void spool_reader_init(struct spool_reader *r, int dir, uint64_t segment_bytes)
{
    uint64_t slots = (segment_bytes - SPOOL_HEAD_BYTES) / SLOT_BYTES;
    *r = (struct spool_reader){.dir = dir, .fd = -1, .segment_slots = slots};
}

void spool_reader_close(struct spool_reader *r)
{
    if (r->fd >= 0) {
        close(r->fd);
    }
    r->fd = -1;
}

/* Opens the segment with this number; false when it is not there. */
static bool reader_open(struct spool_reader *r, uint32_t number)
{
    if (r->fd >= 0 && r->number == number) {
        return true;
    }
    spool_reader_close(r);
    char name[16];
    snprintf(name, sizeof(name), "%08u.trk", number);
    r->fd = openat(r->dir, name, O_RDONLY | O_CLOEXEC);
    r->number = number;
    return r->fd >= 0;
}

/* Reads slots from..to-1, fewer where a segment is missing. */
static track_status reader_read(struct spool_reader *r, uint64_t from, uint64_t to,
                                struct slot *out, size_t *count, track_error *err)
{
    *count = 0;
    while (from < to && reader_open(r, (uint32_t)(from / r->segment_slots))) {
        uint64_t in = from % r->segment_slots;
        uint64_t n = r->segment_slots - in < to - from ? r->segment_slots - in : to - from;
        ssize_t size =
            pread(r->fd, out + *count, n * SLOT_BYTES, SPOOL_HEAD_BYTES + (off_t)in * SLOT_BYTES);
        if (size < 0) {
            return FAIL(err, TRACK_IO, "%08u.trk: %s", r->number, strerrordesc_np(errno));
        }
        *count += (size_t)size / SLOT_BYTES;
        from += n;
        if ((uint64_t)size < n * SLOT_BYTES) {
            break;
        }
    }
    return TRACK_OK;
}

static bool slot_published(const struct slot *s)
{
    return s->crc != 0 && s->crc == slot_crc(s);
}

/* The least and the greatest number of a segment. */
static track_status reader_bounds(struct spool_reader *r, uint32_t *low, uint32_t *high, bool *any,
                                  track_error *err)
{
    int copy = openat(r->dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *list = copy < 0 ? NULL : fdopendir(copy);
    if (!list) {
        return FAIL(err, TRACK_IO, "the spool's folder: %s", strerrordesc_np(errno));
    }
    *any = false;
    for (struct dirent *e; (e = readdir(list)) != NULL;) {
        char *end = NULL;
        unsigned long number = strtoul(e->d_name, &end, 10);
        if (strlen(e->d_name) != 12 || end != e->d_name + 8 || strcmp(end, ".trk") != 0) {
            continue;
        }
        *low = !*any || number < *low ? (uint32_t)number : *low;
        *high = !*any || number > *high ? (uint32_t)number : *high;
        *any = true;
    }
    closedir(list);
    return TRACK_OK;
}

track_status spool_reader_find(struct spool_reader *r, uint64_t *first, uint64_t *end,
                               track_error *err)
{
    uint32_t low = 0, high = 0;
    bool any = false;
    TRY(reader_bounds(r, &low, &high, &any, err));
    *first = *end = low * r->segment_slots;
    struct slot *slots = malloc(SCAN_SLOTS_MAX * sizeof(*slots));
    if (!slots) {
        return FAIL(err, TRACK_NOMEM, "no memory to read a spool");
    }
    track_status status = TRACK_OK;
    uint64_t to = any ? (high + UINT64_C(1)) * r->segment_slots : *first;
    while (status == TRACK_OK && *end == *first && to > *first) {
        uint64_t from = to - *first > SCAN_SLOTS_MAX ? to - SCAN_SLOTS_MAX : *first;
        size_t count = 0;
        status = reader_read(r, from, to, slots, &count, err);
        while (count > 0 && !slot_published(&slots[count - 1])) {
            count--;
        }
        *end = count > 0 ? from + count : *first;
        to = from;
    }
    free(slots);
    return status;
}

/* Room for everything that a range may hold. */
struct scan {
    const struct slot *slots; /* [count] */
    size_t count;
    bool dead;
    struct arena *arena;
    struct blocks_point *points;
    struct blocks_text *texts;
    struct frame_key *keys;
    struct frame_line *lines;
    struct spool_batch *out;
};

/* Number of MORE slots of the record at i, or false if it cannot be such a record. */
static bool scan_size(const struct slot *s, uint64_t *bytes, uint64_t *more)
{
    switch (slot_kind(s)) {
    case SLOT_POINT:
        *bytes = 0;
        break;
    case SLOT_KEY:
        *bytes = (uint64_t)s->a + (uint64_t)s->b;
        break;
    case SLOT_TEXT:
    case SLOT_LINE:
        *bytes = s->c;
        break;
    default:
        return false;
    }
    *more = slot_more(*bytes);
    return *bytes <= FRAME_TEXT_BYTES_MAX;
}

/* The text in the MORE slots behind slot i; false if one of them is not published. */
static bool scan_text(struct scan *s, size_t i, uint64_t size, struct bytes *out)
{
    unsigned char *text = arena_alloc(s->arena, size ? size : 1, 1);
    for (uint64_t at = 0; text && at < size; at += SLOT_MORE_BYTES) {
        const struct slot *more = &s->slots[++i];
        if (!slot_published(more) || slot_kind(more) != SLOT_MORE) {
            return false;
        }
        memcpy(text + at, &more->a, size - at < SLOT_MORE_BYTES ? size - at : SLOT_MORE_BYTES);
    }
    *out = (struct bytes){text, size};
    return text != NULL;
}

static track_status scan_key(struct scan *s, const struct slot *slot, struct bytes text,
                             track_error *err)
{
    struct spool_batch *out = s->out;
    if (out->key_count == 0) {
        out->first_key = slot_number(slot);
    } else if (slot_number(slot) != out->first_key + out->key_count) {
        return FAIL(err, TRACK_CORRUPT, "spool: key %u does not follow key %zu", slot_number(slot),
                    out->first_key + out->key_count - 1);
    }
    size_t name = (size_t)slot->a;
    s->keys[out->key_count++] =
        (struct frame_key){.name = {text.at, name}, .context = {text.at + name, text.size - name}};
    return TRACK_OK;
}

static track_status scan_add(struct scan *s, const struct slot *slot, struct bytes text,
                             track_error *err)
{
    struct spool_batch *out = s->out;
    struct blocks_point point = {.step = slot->a, .time_us = slot->b, .key = slot_number(slot)};
    switch (slot_kind(slot)) {
    case SLOT_POINT:
        memcpy(&point.value, &slot->c, sizeof(point.value));
        s->points[out->blocks.point_count++] = point;
        return TRACK_OK;
    case SLOT_TEXT:
        s->texts[out->blocks.text_count++] = (struct blocks_text){
            .step = slot->a, .time_us = slot->b, .text = text, .key = slot_number(slot)};
        return TRACK_OK;
    case SLOT_LINE:
        s->lines[out->line_count++] = (struct frame_line){
            .index = slot->a,
            .time_us = slot->b,
            .stream = slot_number(slot) == FRAME_STDERR ? FRAME_STDERR : FRAME_STDOUT,
            .text = text};
        return TRACK_OK;
    default:
        return scan_key(s, slot, text, err);
    }
}

static void scan_content(struct scan *s, size_t i, uint64_t more)
{
    bool line = slot_kind(&s->slots[i]) == SLOT_LINE;
    uint32_t *content = line ? &s->out->lines_content : &s->out->points_content;
    for (uint64_t k = 0; k <= more; k++) {
        const unsigned char *crc = (const unsigned char *)&s->slots[i + k].crc;
        *content = hash_crc32c(*content, (struct bytes){crc, sizeof(uint32_t)});
    }
}

/* Looks at the record that begins at slot i; *next stays i when the scan ends there. */
static track_status scan_record(struct scan *s, size_t i, size_t *next, track_error *err)
{
    const struct slot *slot = &s->slots[i];
    if (!slot_published(slot)) {
        s->out->torn += s->dead;
        *next = s->dead ? i + 1 : i;
        return TRACK_OK;
    }
    if (slot_kind(slot) == SLOT_MORE) { /* of a record whose head was not published */
        *next = i + 1;
        return TRACK_OK;
    }
    if (slot_kind(slot) == SLOT_REWIND) {
        s->out->rewinds = i == 0;
        s->out->rewind_step = slot->a;
        *next = i;
        return TRACK_OK;
    }
    uint64_t size = 0, more = 0;
    if (!scan_size(slot, &size, &more)) {
        return FAIL(err, TRACK_CORRUPT, "spool: a record of kind %u and %llu bytes",
                    slot_kind(slot), (unsigned long long)size);
    }
    if (i + more >= s->count && (i > 0 || !s->dead)) {
        *next = i; /* goes on behind what was read */
        return TRACK_OK;
    }
    struct bytes text = {0};
    if (i + more >= s->count || (more > 0 && !scan_text(s, i, size, &text))) {
        s->out->torn++;
        *next = i + 1;
        return TRACK_OK;
    }
    scan_content(s, i, more);
    *next = i + 1 + more;
    return scan_add(s, slot, text, err);
}

static bool scan_alloc(struct scan *s)
{
    size_t room = s->count ? s->count : 1;
    s->points = ARENA_ARRAY(s->arena, struct blocks_point, room);
    s->texts = ARENA_ARRAY(s->arena, struct blocks_text, room / 2 + 1);
    s->keys = ARENA_ARRAY(s->arena, struct frame_key, room / 2 + 1);
    s->lines = ARENA_ARRAY(s->arena, struct frame_line, room);
    s->out->blocks.points = s->points;
    s->out->blocks.texts = s->texts;
    s->out->keys = s->keys;
    s->out->lines = s->lines;
    return s->points && s->texts && s->keys && s->lines;
}

track_status spool_scan(struct spool_reader *r, const struct spool_range *range,
                        struct arena *arena, struct spool_batch *out, track_error *err)
{
    *out = (struct spool_batch){.to = range->from};
    uint64_t to =
        range->to - range->from > SCAN_SLOTS_MAX ? range->from + SCAN_SLOTS_MAX : range->to;
    struct slot *slots = ARENA_ARRAY(arena, struct slot, to - range->from + 1);
    struct scan s = {.slots = slots, .dead = range->dead, .arena = arena, .out = out};
    if (!slots) {
        return FAIL(err, TRACK_NOMEM, "no memory to read a spool");
    }
    TRY(reader_read(r, range->from, to, slots, &s.count, err));
    if (!scan_alloc(&s)) {
        return FAIL(err, TRACK_NOMEM, "no memory to read a spool");
    }
    size_t i = 0;
    for (size_t next = 0; i < s.count; i = next) {
        TRY(scan_record(&s, i, &next, err));
        if (next == i) {
            break;
        }
    }
    out->to = range->from + i;
    return TRACK_OK;
}
