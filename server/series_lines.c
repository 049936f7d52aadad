#include "../core/frame.h"
#include "../core/name.h"
#include "../core/regex.h"
#include "clock.h"
#include "series.h"
#include "tail_lines.h"

#include <string.h>

#define SEARCH_LIMIT_US (INT64_C(2) * 1000000)

enum { WORK_BYTES = 256 << 20 };

/* A page being filled. */
struct lining {
    const struct lines_ask *ask;
    struct tail_run *run;
    const struct tail_row *row; /* that is being read */
    struct tail_lines_reader reader;
    struct arena *arena;
    struct regex *regex; /* NULL: none */
    struct console_line *at;
    size_t count;
    int64_t n;    /* number of the line that comes next in the row */
    int64_t from; /* the first that is wanted */
    int64_t skip; /* admitted lines of the first row to be passed over */
    int64_t next;
    int64_t deadline_us;
};

/* Where a page begins. */
struct place {
    size_t row;
    int64_t skip; /* admitted lines of that row before it */
};

/* Lines of a row that stream and rank admit, without hidden ones. */
static int64_t admitted(const struct tail_run *run, const struct lines_ask *ask,
                        const struct tail_row *row)
{
    if (ask->rank >= 0 && run->writers[row->writer].rank != ask->rank) {
        return 0;
    }
    int64_t of[] = {(int64_t)row->lines[FRAME_STDOUT] - row->hidden_lines[FRAME_STDOUT],
                    (int64_t)row->lines[FRAME_STDERR] - row->hidden_lines[FRAME_STDERR]};
    return (ask->stream == FRAME_STDERR ? 0 : of[FRAME_STDOUT]) +
           (ask->stream == FRAME_STDOUT ? 0 : of[FRAME_STDERR]);
}

/* The row that holds line n; row_count: none. */
static size_t row_find(const struct tail_run *run, int64_t n)
{
    size_t low = 0, high = run->row_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct tail_row *row = &run->rows[middle];
        if (row->line_first + row->lines[0] + row->lines[1] <= n) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static struct place place_find(const struct tail_run *run, const struct lines_ask *ask)
{
    if (ask->from >= 0) {
        return (struct place){row_find(run, ask->from), 0};
    }
    int64_t wanted = ask->from == INT64_MIN ? INT64_MAX : -ask->from, have = 0;
    for (size_t i = run->row_count; i-- > 0;) {
        have += admitted(run, ask, &run->rows[i]);
        if (have >= wanted) {
            return (struct place){i, have - wanted};
        }
    }
    return (struct place){0, 0};
}

static unsigned char lower(unsigned char c)
{
    return c >= 'A' && c <= 'Z' ? (unsigned char)(c | 0x20) : c;
}

static bool contains(struct bytes text, const char *q)
{
    size_t size = strlen(q);
    for (size_t i = 0; i + size <= text.size; i++) {
        size_t same = 0;
        while (same < size && lower(text.at[i + same]) == lower((unsigned char)q[same])) {
            same++;
        }
        if (same == size) {
            return true;
        }
    }
    return false;
}

static bool past_deadline(void *data)
{
    const struct lining *l = data;
    return clock_steady_us() > l->deadline_us;
}

/* True if the line is one of those that the caller searches for. */
static track_status line_match(struct lining *l, const struct frame_line *line, bool *out,
                               track_error *err)
{
    *out = line->time_us >= l->ask->since_us && (!l->ask->q || contains(line->text, l->ask->q));
    if (!*out || !l->regex) {
        return TRACK_OK;
    }
    struct regex_stop stop = {past_deadline, l};
    return regex_search(l->regex, line->text, &stop, NULL, out, err);
}

/* Size of the character at the beginning of text; 0: none that a reader of JSON takes. */
static size_t clean_size(struct bytes text)
{
    return text.at[0] == 0 ? 0 : name_char_size(text);
}

/* A copy in which NUL and bytes that are no UTF-8 are U+FFFD. */
static track_status text_clean(struct bytes text, struct arena *arena, struct bytes *out,
                               track_error *err)
{
    size_t size = 0;
    for (size_t i = 0, one; i < text.size; i += one ? one : 1) {
        one = clean_size((struct bytes){text.at + i, text.size - i});
        size += one ? one : 3;
    }
    unsigned char *to = ARENA_ARRAY(arena, unsigned char, size + 1);
    if (!to) {
        return FAIL(err, TRACK_NOMEM, "a line of %zu bytes: no memory; ask for fewer", size);
    }
    *out = (struct bytes){to, size};
    for (size_t i = 0, one; i < text.size; i += one ? one : 1) {
        one = clean_size((struct bytes){text.at + i, text.size - i});
        memcpy(to, one ? text.at + i : (const unsigned char *)"\xef\xbf\xbd", one ? one : 3);
        to += one ? one : 3;
    }
    return TRACK_OK;
}

static track_status line_put(struct lining *l, const struct frame_line *line, track_error *err)
{
    struct console_line *to = &l->at[l->count];
    *to = (struct console_line){.n = l->n, .time_us = line->time_us};
    to->stream = (int)line->stream;
    to->rank = l->run->writers[l->row->writer].rank;
    TRY(text_clean(line->text, l->arena, &to->text, err));
    l->count++;
    return TRACK_OK;
}

/* Some lines of a row, from the first that is wanted until the page is full. */
static track_status take_lines(void *data, const struct frame_line *lines, size_t count, bool *more,
                               track_error *err)
{
    struct lining *l = data;
    for (size_t i = 0; i < count && l->count < l->ask->limit; i++, l->n++) {
        const struct frame_line *line = &lines[i];
        bool fits = (l->ask->stream < 0 || (int)line->stream == l->ask->stream) &&
                    !tail_line_hidden(l->row, (uint64_t)(l->n - l->row->line_first));
        if (l->n < l->from || !fits || (l->skip > 0 && l->skip--)) {
            continue;
        }
        TRY(line_match(l, line, &fits, err));
        if (fits) {
            TRY(line_put(l, line, err));
        }
        l->next = l->n + 1;
    }
    *more = l->count < l->ask->limit;
    return TRACK_OK;
}

static track_status take_rows(struct lining *l, struct place place, track_error *err)
{
    l->skip = place.skip;
    for (size_t i = place.row; i < l->run->row_count && l->count < l->ask->limit; i++) {
        l->row = &l->run->rows[i];
        l->n = l->row->line_first;
        if (admitted(l->run, l->ask, l->row) && l->row->time_last_us >= l->ask->since_us) {
            TRY(tail_lines_read(&l->reader, l->row, take_lines, l, err));
        }
        if (l->count < l->ask->limit) {
            l->next = l->row->line_first + l->row->lines[0] + l->row->lines[1];
        }
        l->skip = 0;
        if (past_deadline(l)) {
            return FAIL(err, TRACK_TIMEOUT, "searching %lld lines took over 2 s; ask for fewer",
                        (long long)l->run->line_count);
        }
    }
    return TRACK_OK;
}

static track_status lines_check(const struct lines_ask *ask, struct arena *arena,
                                struct regex **regex, track_error *err)
{
    *regex = NULL;
    if (ask->limit < 1 || ask->limit > SERIES_LINES_MAX) {
        return FAIL(err, TRACK_INVALID, "limit %zu, must be 1 to %d", ask->limit, SERIES_LINES_MAX);
    }
    if (!ask->regex) {
        return TRACK_OK;
    }
    struct bytes pattern = {(const unsigned char *)ask->regex, strlen(ask->regex)};
    return regex_compile(pattern, arena, regex, err);
}

/* One try: without a snapshot that is held, a row may be sealed after the run was taken. */
static track_status lines_read(struct tail *t, enum tail_mode mode, struct lining *l,
                               struct lines_page *out, track_error *err)
{
    AUTO_ARENA work = ARENA(WORK_BYTES);
    AUTO_TAIL struct tail_run *run = NULL;
    const struct lines_ask *ask = l->ask;
    struct lines_page page = {0};
    TRY(tail_take(t, ask->run, mode, &run, err));
    TRY(tail_lines_settle(run, err));
    l->run = run;
    l->reader = (struct tail_lines_reader){.run = run, .arena = &work};
    l->count = 0;
    l->from = ask->from > 0 ? ask->from : 0;
    l->next = l->from < run->line_count ? l->from : run->line_count;
    TRY(take_rows(l, place_find(run, ask), err));
    for (size_t i = 0; i < run->row_count; i++) {
        page.total += admitted(run, ask, &run->rows[i]);
    }
    page.at = l->at;
    page.count = l->count;
    page.next = l->next;
    *out = page;
    return TRACK_OK;
}

track_status series_lines(struct tail *t, const struct lines_ask *ask, struct arena *arena,
                          struct lines_page *out, track_error *err)
{
    struct lining l = {.ask = ask, .arena = arena};
    TRY(lines_check(ask, arena, &l.regex, err));
    l.deadline_us = clock_steady_us() + SEARCH_LIMIT_US;
    l.at = ARENA_ARRAY(arena, struct console_line, ask->limit);
    if (!l.at) {
        return FAIL(err, TRACK_NOMEM, "%zu lines: no memory", ask->limit);
    }
    track_status status = lines_read(t, TAIL_FRESH, &l, out, err);
    return status == TRACK_CONFLICT ? lines_read(t, TAIL_HELD, &l, out, err) : status;
}
