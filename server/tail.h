/* tail - the points of a run that wait in the journal, decoded and kept; and where all the rest is.
 *
 * Readers take a run, which brings it up to date with the journal (only new rows are read) and the
 * packs, look at it alone, and give it back.  What nobody has used for longest goes when all runs
 * together hold more than the limit; it can be read again at any time. Uses: store, journal, frame,
 * tail_pack, tail_series.  Any thread.
 */
#ifndef SERVER_TAIL_H
#define SERVER_TAIL_H
#include "store_branch.h"
#include "tail_series.h"

struct tail; /* opaque */

struct tail_options {
    struct store *store;
    size_t limit_bytes; /* of all runs that are kept; 0: 96 MiB */
};

/*   out  close with tail_close; set only on TRACK_OK.
 *
 * TRACK_NOMEM  no memory.
 */
track_status tail_open(const struct tail_options *options, struct tail **out, track_error *err);
void tail_close(struct tail *t); /* no run is taken; NULL is allowed */

struct store *tail_store(struct tail *t);

/* What it holds, for /metrics. */
struct tail_counts {
    size_t runs, bytes;
    uint64_t rows_read, evicted; /* since the start */
};
void tail_count(struct tail *t, struct tail_counts *out);

/* Forgets the runs that nobody has used since, by the steady clock. */
void tail_forget(struct tail *t, int64_t before_us);

/* One writer of the run, or of one that it was forked from. */
struct tail_writer {
    unsigned char id[16];
    uint32_t branch; /* index of the run's branches */
    int64_t rank;
    int64_t next_seq; /* journal rows below it are in */
    uint32_t *keys;   /* [key_room]: number of a key to index of its series; UINT32_MAX: none */
    size_t key_room;
    int64_t index_max; /* of lines that tail_lines_settle has seen; -1: none */
};

/* Console lines that arrived together; they themselves stay in the journal, or in a pack. */
struct tail_row {
    uint32_t writer; /* index */
    uint32_t from;   /* lines of the same arrival that stand in a row before */
    int64_t seq;     /* seq_lo of the journal row */
    int64_t recv_us;
    const struct tail_pack *pack; /* NULL: in the journal */
    uint64_t pack_first;          /* number in the pack of its first line */
    int64_t line_first;           /* number in the run of its first line */
    uint32_t lines[2];            /* of stdout and stderr */
    int64_t time_last_us;         /* the latest of its lines */
    int64_t index_min, index_max; /* of their numbers in the writer */
    bool disordered;              /* a number is not above those before */
    unsigned char *hidden;        /* a bit for each line that a later one replaces; NULL: none is */
    uint32_t hidden_lines[2];     /* of stdout and stderr */
};

/* Texts of a series in a pack. */
struct tail_texts {
    uint32_t series; /* index */
    struct tail_part part;
};

/* A text sample in the journal: where it lies. */
struct tail_text {
    uint32_t series; /* index */
    uint32_t writer; /* index */
    int64_t seq;     /* seq_lo of the row */
    uint32_t place;  /* among the texts of the row */
    int64_t step, time_us;
};

/* Buckets of packs that are kept decoded: tail_level.h. */
struct tail_levels {
    size_t bytes;
    bool full; /* something was not kept for want of room */
};

/* A run as it was when taken, with what it shows of those that it was forked from; what rewinds
 * have hidden is not in it.  Belongs to the taker until it is given back. */
struct tail_run {
    struct tail *tail;
    char id[33];
    int64_t node, started_us;
    struct arena origin; /* of branches */
    struct branch_list branches;
    uint64_t version;         /* sum of its writers' next_seq */
    int64_t sealed;           /* sum of their sealed_frames: packs of them are in */
    int64_t sealed_us;        /* when the packs were listed, by the steady clock */
    struct tail_pack **packs; /* [pack_count] */
    size_t pack_count;
    struct tail_levels levels;
    struct arena names;          /* of series */
    struct tail_writer *writers; /* [writer_count], in order of first sight */
    size_t writer_count, writer_room;
    struct tail_series *series; /* [series_count], in order of first use, texts included */
    size_t series_count, series_room;
    uint32_t *by_name; /* [sorted_count]: indexes of series by (name, context) */
    size_t sorted_count;
    uint32_t *by_id; /* [id_room]: hash table of indexes, UINT32_MAX is empty */
    size_t id_room;
    struct tail_row *rows; /* [row_count], by arrival */
    size_t row_count, row_room, row_numbered, row_settled;
    struct tail_text *texts; /* [text_count] */
    size_t text_count, text_room;
    struct tail_texts *packed; /* [packed_count] */
    size_t packed_count, packed_room;
    int64_t line_count;
    bool partial; /* all is to be read again and not all is in */
    /* the cache's own */
    struct tail_run *next;
    uint64_t used;   /* when it was given back last, by count */
    int64_t used_us; /* and by the steady clock */
    size_t bytes;
    struct read *held; /* of TAIL_HELD */
    bool busy, broken;
};

enum tail_mode {
    TAIL_FRESH, /* reads what is new in the journal */
    TAIL_HELD,  /* the same, and keeps its snapshot: rows that it has seen can be read till it is
                   given back, also when they have been sealed; others wait for the connection */
    TAIL_AS_IS, /* as it was at the last take, if it is still there */
};

/* Takes a run; waits while somebody else has it.
 *
 *     AUTO_TAIL struct tail_run *run = NULL;
 *     TRY(tail_take(t, id, TAIL_FRESH, &run, err));
 *
 * TRACK_NOT_FOUND  no such run.
 * TRACK_CORRUPT    a journal row or a pack is damaged.
 * TRACK_TIMEOUT    reading took longer than a read may; call again, it goes on from there.
 * TRACK_NOMEM, TRACK_IO  as they say.
 *
 * Cost:  20 us when nothing is new; 8-12 M points/s when all is (bench/series.c).
 * Tests: tests/server/test_tail.c, tests/server/test_tail_pack.c
 */
track_status tail_take(struct tail *t, const char *id, enum tail_mode mode, struct tail_run **out,
                       track_error *err);
void tail_give(struct tail_run **run); /* NULL inside is allowed */
#define AUTO_TAIL __attribute__((cleanup(tail_give)))

/* The series with this name, whole (tail_whole.h).
 *
 *   context  NULL: the series without context, else that of the lowest rank.
 *   out      NULL: there is none.
 *
 * What tail_whole_get says.
 */
track_status tail_find(struct tail_run *run, const char *name, const char *context,
                       struct tail_series **out, track_error *err);

/* Makes by_name hold every series.  TRACK_NOMEM. */
track_status tail_sort_names(struct tail_run *run, track_error *err);

/* Reads a journal row again and calls fn with each frame of it.
 *
 * TRACK_CONFLICT  it is gone: sealed since the run was taken.  Give the run back and take it with
 *                 TAIL_HELD.
 * TRACK_CORRUPT   it is damaged.  What tail_take says, and whatever fn returns.
 */
struct frame;
typedef track_status tail_visit(void *data, const struct frame *frame, track_error *err);
struct tail_place {
    uint32_t writer; /* index */
    int64_t seq;
};
track_status tail_read_row(struct tail_run *run, struct tail_place place, tail_visit *fn,
                           void *data, track_error *err);
#endif
