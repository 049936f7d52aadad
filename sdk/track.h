/* track - log a training run: metrics, parameters, text, files; read them back.
 *
 *     #include <track.h>
 *
 *     int main(void)
 *     {
 *         track_run *run;
 *         track_start_run(NULL, NULL, &run, NULL);
 *         for (int64_t step = 0; step < 1000; step++)
 *             track_log_metric(run, "train/loss", step, train_one_step());
 *         track_finish_run(&run, TRACK_FINISHED, NULL);
 *     }
 *
 *     cc train.c $(pkg-config --cflags --libs track)
 *
 * That is a whole program.  It works without a server, without an error variable, without a free:
 * every call writes into a file (the spool) that outlives the process; a thread sends it to the
 * server of TRACK_URL when that answers, and what was not sent goes with the next run or with
 * `track sync`.  The project is the working directory's name.
 *
 * Rules for every call:
 * - Nothing here stops, slows or ends your program: log calls do not wait for disk or network, no
 *   call aborts or exits, and a NULL handle gives TRACK_INVALID.
 * - A call that can fail returns a track_status and writes its results only on TRACK_OK.  The
 *   track_error comes last and may be NULL.  The status of a log call may be ignored: failures are
 *   counted in the run, and the first of each kind prints one line to stderr (TRACK_QUIET=1: none).
 * - Text is NUL-terminated UTF-8 and copied.  Times are microseconds since 1970-01-01 UTC.
 * - An options struct begins with its size; NULL means all defaults:
 *       track_run_options o = track_run_options_default();
 *       o.name = "baseline";
 *   A size that is larger than this library's, with anything set beyond, is TRACK_INVALID.
 * - The id of a run is 32 hex digits; a UUID with dashes is taken wherever an id is.
 * - Any thread may use any handle at any time.  A child made by fork may go on using its parent's
 *   run: it then has a writer of its own, and its track_finish_run closes that writer only.
 */
#ifndef TRACK_H
#define TRACK_H
#include "../core/status.h" /* installed as track_status.h */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define TRACK_API __attribute__((visibility("default")))

typedef struct track_client track_client; /* a server and how to reach it */
typedef struct track_run track_run;       /* one execution that is being logged */
typedef struct track_metric track_metric; /* one series of a run; belongs to the run */

/* How a run is, or how it ended. */
typedef enum track_state {
    TRACK_RUNNING,
    TRACK_FINISHED,   /* did what it was meant to do */
    TRACK_FAILED,     /* ended by an error */
    TRACK_STOPPED,    /* ended because somebody asked */
    TRACK_PREEMPTED,  /* ended because the machine was needed otherwise */
    TRACK_UNCONFIRMED /* only read: nothing was heard for five minutes */
} track_state;

/* ---- Level 1: log a run ---------------------------------------------------------------------- */

/* What a run is started with.  Zero or NULL everywhere means the default. */
typedef struct track_run_options {
    size_t size;
    const char *project; /* NULL: the client's.  1..250 bytes, no control bytes */
    const char *name;    /* shown name; NULL: the server invents one */
    const char *kind;    /* "train" (NULL), "eval", "transform", "build" */
    const char *note;    /* free text, Markdown */
    const char *run_id;  /* id of the run, 32 hex digits; NULL: TRACK_RUN_ID, else a new one */
    bool join;          /* run_id is somebody else's run: finish closes this writer only.  Always so
                           when the id comes from TRACK_RUN_ID */
    bool resume;        /* run_id may have ended: go on with it (its record gets a new revision).
                           Steps that it has are shown twice if they are logged again: track_rewind
                           goes back to one first */
    bool no_facts;      /* capture neither code nor command, host and environment; always so for
                           joiners */
    const char *writer; /* label of this writer, such as "agent:node7"; NULL: none */
    const int32_t *rank;     /* NULL: RANK, SLURM_PROCID, OMPI_COMM_WORLD_RANK, PMI_RANK, else 0.  A
                                rank n > 0 logs its series with the context {"rank":n} */
    const char *const *argv; /* command to record, NULL at its end; NULL: that of this process */
    const char *parent;      /* id of the run that this one is part of; NULL: none */
    bool no_code;            /* capture everything but the state of the code */
    bool launched;           /* the run is recorded by a launcher, not by the program itself */
    bool sample_system;      /* log the machine too (processors, memory, disks, network, GPUs): asks
                                `track agent`, which is started when none runs */
    const char *fork_from; /* "ID?step=N": the run begins as a fork of that one, whose points up to
                              step N it shows before its own; NULL: it is none */
} track_run_options;

/* An options struct with every default in it. */
TRACK_API track_run_options track_run_options_default(void);

/* Starts a run, or joins or resumes one.  Returns within about 5 ms: it opens the spool and starts
 * the sender; the server hears of the run later.  Prints one line with the run's address.
 *
 *   client   NULL: one is made from the environment, and belongs to the run.
 *   options  NULL: all defaults.
 *   out      the run; NULL on failure, which every other call accepts as TRACK_INVALID.
 *
 * TRACK_INVALID  a bad project, name, kind, id, rank or setting; err says which.
 * TRACK_FULL     no room for the spool's first segment (4 MiB).
 * TRACK_IO       the spool's folder cannot be made or written; err names it.
 * TRACK_NOMEM    no memory, or no thread.
 *
 * With TRACK_MODE=off it succeeds and everything that is logged is dropped.
 * Tests: tests/e2e/test_sdk.py
 */
TRACK_API track_status track_start_run(track_client *client, const track_run_options *options,
                                       track_run **out, track_error *err);

/* Logs one value of a metric, at the present time.  On TRACK_OK the value survives a SIGKILL of
 * this process.
 *
 *   name   1..2,048 bytes of UTF-8 without control bytes; '/' groups: "train/loss".
 *   step   as you count; need not ascend.
 *   value  any double; NaN, infinities and -0.0 are kept bit for bit.
 *
 * TRACK_INVALID   run is NULL, or a bad name.
 * TRACK_CONFLICT  the run was finished.
 * TRACK_FULL      the disk or the spool's limit is reached, or 65,536 names; the value is counted
 *                 as lost, and the run shows how many were.
 * TRACK_NOMEM     no memory for a new name.
 *
 * Cost:  40-60 ns (bench/log_call.c).
 * Tests: tests/e2e/test_sdk.py
 */
TRACK_API track_status track_log_metric(track_run *run, const char *name, int64_t step,
                                        double value);

/* The same for a time of your own, in microseconds since 1970-01-01 UTC. */
TRACK_API track_status track_log_point(track_run *run, const char *name, int64_t step,
                                       int64_t time_us, double value);

/* Looks a metric up, so that logging skips the look-up: track_log_value.
 *
 *   out  belongs to the run, and lives as long as it.
 *
 * TRACK_INVALID, TRACK_FULL, TRACK_NOMEM  as track_log_metric.
 */
TRACK_API track_status track_get_metric(track_run *run, const char *name, track_metric **out);

/* Logs one value by handle.  Statuses as track_log_metric.  Cost: 30-40 ns. */
TRACK_API track_status track_log_value(track_metric *metric, int64_t step, double value);

/* One value of a row. */
typedef struct track_value {
    const char *name;
    double value;
} track_value;

/* Logs several metrics of one step with one time.
 *
 *   values  [count].
 *
 * Statuses as track_log_metric; the first failure is returned, the other values are still logged.
 */
TRACK_API track_status track_log_row(track_run *run, int64_t step, const track_value *values,
                                     size_t count);

/* Goes back to a step, as after loading a checkpoint: values that were logged before this call stay
 * visible up to the step, those that are logged from now on are visible from anywhere.  Nothing is
 * deleted on the server.  Works without a server: the order of log calls is kept.
 *
 *   step  the last one that stays; -1: none, if you count from 0.
 *
 * Each process of a run that goes back says so; they go back together.  What a process logs that
 * does not is visible up to the step.
 *
 * TRACK_INVALID, TRACK_CONFLICT, TRACK_FULL, TRACK_IO  as track_log_metric.
 *
 * Tests: tests/e2e/test_sdk_rewind.py
 */
TRACK_API track_status track_rewind(track_run *run, int64_t step);

/* Makes what was logged before survive a power loss, and waits for the server to hold it.
 *
 *   timeout_ms  how long to wait for the server; 0: do not.
 *
 * TRACK_INVALID      run is NULL.
 * TRACK_IO           the disk did not take it; what it holds is unknown.
 * TRACK_TIMEOUT      the server does not hold all of it yet; it is on disk.
 * TRACK_UNREACHABLE  the same, because no server answers.
 */
TRACK_API track_status track_flush_run(track_run *run, int64_t timeout_ms, track_error *err);

/* Ends a run, or this process's part in it, and waits (drain_ms of the client, 10 s) until the
 * server holds all of it.  Prints one line with the outcome.
 *
 *   run    set to NULL in every case; log calls of other threads get TRACK_CONFLICT from now on.
 *   state  TRACK_FINISHED, TRACK_FAILED, TRACK_STOPPED or TRACK_PREEMPTED.
 *
 * TRACK_INVALID      no run, or not such a state (the run then ends as TRACK_FAILED).
 * TRACK_TIMEOUT      the server does not hold all of it yet.  Nothing is lost: the spool stays, and
 *                    the next run, or `track sync`, sends it.
 * TRACK_UNREACHABLE  the same, because no server answers.
 * TRACK_CONFLICT     the server refused part of it; the refused frames stay in the spool.
 */
TRACK_API track_status track_finish_run(track_run **run, track_state state, track_error *err);

/* ---- Level 1: describe it -------------------------------------------------------------------- */

/* Sets a parameter.  It is set once: the same value again is fine, another is refused by the
 * server (409), later: the first value stays, track_finish_run then gives TRACK_CONFLICT, and the
 * request is kept in the spool's refused/.
 *
 *   key   as the name of a metric.
 *   text  at most 64 KiB.
 *
 * TRACK_INVALID   a bad key or value, or no run.
 * TRACK_CONFLICT  the run was finished.
 * TRACK_FULL, TRACK_IO, TRACK_NOMEM  the spool could not take it.
 */
TRACK_API track_status track_set_param(track_run *run, const char *key, const char *text);
/* The same for a number; written in its shortest form, any double. */
TRACK_API track_status track_set_param_number(track_run *run, const char *key, double number);
/* Sets each member of a JSON object; nested objects give keys joined by '.'.
 * TRACK_INVALID  also when json is no JSON object, deeper than 32 or with a key twice. */
TRACK_API track_status track_set_params_json(track_run *run, const char *json);

/* Sets a tag: a parameter that is meant to be changed and searched, value at most 64 KiB. */
TRACK_API track_status track_set_tag(track_run *run, const char *key, const char *value);
/* Sets the run's note: Markdown, at most 1 MiB. */
TRACK_API track_status track_set_note(track_run *run, const char *text);
/* Sets a document of the run: one JSON value, stored byte for byte; the same name again replaces
 * it.
 *
 *   name  1..64 of A-Z a-z 0-9 . _ -, not a dot first.  code, patch, command, host, environment,
 *         devices and missing are written by libtrack itself.
 *   json  at most 7 MiB.
 *
 * TRACK_INVALID  also for a bad name, or a text that is not JSON. */
TRACK_API track_status track_set_document(track_run *run, const char *name, const char *json);
/* Records a seed as the parameter "seed", or "seed/<scope>". */
TRACK_API track_status track_set_seed(track_run *run, const char *scope, uint64_t value);
/* Records how the logged command ended; for launchers.
 *   exit_code  0..255, or -1: ended by a signal.   signal_number  0: none. */
TRACK_API track_status track_set_exit(track_run *run, int exit_code, int signal_number);

typedef enum track_goal { TRACK_NO_GOAL, TRACK_MINIMIZE, TRACK_MAXIMIZE } track_goal;

/* What a metric means. */
typedef struct track_metric_options {
    size_t size;
    track_goal goal;  /* which value is the best one */
    const char *unit; /* "s", "tokens/s", "B"; NULL: none */
    const char *x;    /* name of the metric that is its natural x axis; NULL: the step */
} track_metric_options;

TRACK_API track_metric_options track_metric_options_default(void);

/* Defines a metric of the run; key may end in '*', then it defines all that begin so.
 * Statuses as track_set_param. */
TRACK_API track_status track_define_metric(track_run *run, const char *key,
                                           const track_metric_options *options);

/* Logs a text sample at a step.
 *
 *   text  at most 256 KiB.
 *
 * TRACK_INVALID  also for a text that is too long or not UTF-8.  Others as track_log_metric. */
TRACK_API track_status track_log_text(track_run *run, const char *key, int64_t step,
                                      const char *text);

typedef enum track_stream { TRACK_STDOUT, TRACK_STDERR } track_stream;

/* Logs one line of console output.
 *
 *   text  [size], any bytes, without the end of line; beyond 64 KiB it becomes several lines.
 *
 * Statuses as track_log_metric. */
TRACK_API track_status track_log_line(track_run *run, track_stream stream, const char *text,
                                      size_t size);

/* Logs everything this process and its children print from now on, until the run ends: descriptors
 * 1 and 2, as lines of the run.  What is printed goes where it would go, byte for byte, also when
 * this process is killed; a terminal stays one.  Of what a \r rewrites (a progress bar) the last
 * text is kept, and at most one a second.  When both descriptors go to the same place, all lines
 * are of TRACK_STDOUT.
 *
 * TRACK_CONFLICT     another run logs the console of this process, this one does already, or it was
 *                    joined (`track run` logs the console itself) or finished.
 * TRACK_UNSUPPORTED  not possible here, and nothing was changed: no `sh` or `tee` (coreutils), this
 *                    is the first process of a container, or an output that does not wait.
 * TRACK_NOT_FOUND    both descriptors are closed.
 * TRACK_IO, TRACK_FULL, TRACK_NOMEM  no pipe, process or file; nothing was changed.
 *
 * Tests: tests/sdk/test_console.c, tests/e2e/python/test_console.py
 */
TRACK_API track_status track_log_console(track_run *run, track_error *err);

typedef enum track_level { TRACK_NOTICE, TRACK_WARNING, TRACK_ALARM } track_level;

/* Logs an alert: a title of 1..250 bytes and a text of at most 64 KiB (NULL: none).
 * Statuses as track_set_param. */
TRACK_API track_status track_log_alert(track_run *run, track_level level, const char *title,
                                       const char *text);

/* ---- Level 1: ask it ------------------------------------------------------------------------- */

/* True once somebody asked for the run to be stopped (the UI, `track stop`).  One load: ask at
 * every step.  False for NULL. */
TRACK_API bool track_should_stop(const track_run *run);

/* The run's id (32 hex digits), and the address of its page; "" for NULL.  They live as long as the
 * run. */
TRACK_API const char *track_get_run_id(const track_run *run);
TRACK_API const char *track_get_run_url(const track_run *run);

/* What went wrong in a run so far. */
typedef struct track_run_errors {
    uint64_t counts[TRACK_STATUS_COUNT]; /* failed calls, by their status */
    uint64_t lost;                       /* values and lines that could not be kept */
    uint64_t refused;                    /* values and lines that the server refused */
    track_error last;                    /* status TRACK_OK: none */
} track_run_errors;

/* TRACK_INVALID  run or out is NULL. */
TRACK_API track_status track_get_run_errors(const track_run *run, track_run_errors *out);

/* How far it is sent. */
typedef struct track_run_progress {
    uint64_t logged;       /* values and lines in the spool so far */
    uint64_t sent;         /* of them, held durably by the server */
    uint64_t requests;     /* parameters, tags, files and such still to be sent */
    bool connected;        /* the server answered the last request */
    track_error last_fail; /* why it did not; status TRACK_OK: it did */
} track_run_progress;

/* TRACK_INVALID  run or out is NULL. */
TRACK_API track_status track_get_run_progress(const track_run *run, track_run_progress *out);

/* ---- Level 0: settings ----------------------------------------------------------------------- */

typedef enum track_mode {
    TRACK_MODE_DEFAULT, /* as TRACK_MODE says, else online */
    TRACK_MODE_ONLINE,  /* spool and send */
    TRACK_MODE_OFFLINE, /* spool only; `track sync` sends */
    TRACK_MODE_OFF      /* drop everything */
} track_mode;

/* Where to log to.  What is zero or NULL comes from the environment, else from the project file
 * (.track/config), else from the user file (~/.config/track/config), else it is the default. */
typedef struct track_options {
    size_t size;
    const char *url;     /* TRACK_URL, http://127.0.0.1:8080 */
    const char *project; /* TRACK_PROJECT, the working directory's name */
    const char *spool;   /* TRACK_SPOOL, ~/.local/state/track/spool */
    track_mode mode;     /* TRACK_MODE, online */
    int64_t timeout_ms;  /* TRACK_TIMEOUT (seconds), 30 s: for each request */
    int64_t drain_ms;    /* 10 s: how long track_finish_run waits; -1: not at all */
    uint64_t
        spool_bytes_max; /* 8 GiB for each run and process; beyond, values are lost and counted */
    uint64_t segment_bytes; /* 4 MiB: the file is allocated in such pieces; a power of two of
                               64 KiB..1 GiB */
    uint32_t names_max;     /* 65,536 metric names a run and process */
    bool quiet;             /* print nothing; also TRACK_QUIET=1 */
} track_options;

TRACK_API track_options track_options_default(void);

/* Makes a client: reads the settings, starts nothing.
 *
 *   options  NULL: all defaults.
 *   out      to be given to track_close.
 *
 * TRACK_INVALID  a setting is not what it should be; err says which, and where it comes from.
 * TRACK_NOMEM    no memory.
 */
TRACK_API track_status track_init(const track_options *options, track_client **out,
                                  track_error *err);

/* Closes a client and sets it to NULL.  Runs that are still open are ended as joiners: their
 * writers are closed, their state stays; what is not sent stays in the spool.  NULL is harmless. */
TRACK_API void track_close(track_client **client);

/* ---- Level 2: files -------------------------------------------------------------------------- */

/* What a file is. */
typedef struct track_artifact_options {
    size_t size;
    const char *type;  /* role of an input: "train", "validation", ...; NULL: none */
    const char *media; /* media type; NULL: from the name's extension */
} track_artifact_options;

TRACK_API track_artifact_options track_artifact_options_default(void);

/* A file as it was recorded. */
typedef struct track_artifact_info {
    char digest[65]; /* SHA-256, lower-case hex */
    uint64_t bytes;
} track_artifact_info;

/* Attaches a file to the run as its output.  The file is read once, now; it is sent later, from a
 * copy up to 64 MiB and from its own place beyond.
 *
 *   name     in the run, "weights/final.bin": 1..1,024 bytes, parts divided by '/', no part "." or
 *            ".."; the same name again replaces it.
 *   path     a regular file.
 *   options  NULL: all defaults.
 *   info     may be NULL.
 *
 * TRACK_INVALID    a bad name, or path is no regular file.
 * TRACK_NOT_FOUND  there is no such file.
 * TRACK_CONFLICT   the run was finished, or the file changed while it was read.
 * TRACK_IO, TRACK_FULL, TRACK_NOMEM  it could not be read, or the copy not written.
 */
TRACK_API track_status track_log_artifact(track_run *run, const char *name, const char *path,
                                          const track_artifact_options *options,
                                          track_artifact_info *info, track_error *err);

/* Records a file as an input of the run: its digest and size, not its bytes.
 *
 *   name  what it is called in the run; NULL: its path.
 *   path  a regular file.
 *
 * Statuses as track_log_artifact. */
TRACK_API track_status track_use_artifact(track_run *run, const char *name, const char *path,
                                          const track_artifact_options *options,
                                          track_artifact_info *info, track_error *err);

/* Fetches a file of a run, checks its digest, then moves it into place.
 *
 *   run_id  id of the run.
 *   name    of the file in the run.
 *   dest    path to write; a file that is there is replaced.
 *   info    may be NULL.
 *
 * TRACK_NOT_FOUND  no such run or file.
 * TRACK_CORRUPT    what came does not have the digest; dest is untouched.
 * Others as track_request; TRACK_IO, TRACK_FULL  dest cannot be written.
 */
TRACK_API track_status track_get_artifact(track_client *client, const char *run_id,
                                          const char *name, const char *dest,
                                          track_artifact_info *info, track_error *err);

/* ---- Level 3: read back ---------------------------------------------------------------------- */

/* Which runs, in which order. */
typedef struct track_runs_options {
    size_t size;
    const char *project; /* NULL: the client's; "*": all */
    const char *filter;  /* filter language of the web UI; NULL: all */
    const char *order;   /* "-started" (NULL), "name", "metrics.val/loss", ...; '-' descends */
    size_t count_max;    /* 0: all */
} track_runs_options;

TRACK_API track_runs_options track_runs_options_default(void);

/* A run as the server knows it; borrowed for the time of the callback. */
typedef struct track_run_info {
    const char *id;
    const char *project;
    const char *name;
    track_state state;
    int64_t started_us;
    int64_t ended_us; /* 0: has not ended */
    const char *json; /* all the server says of it */
} track_run_info;

/* Gets a run; returns false to end the list. */
typedef bool track_run_sink(void *data, const track_run_info *run);

/* Lists runs.
 *
 *   options  NULL: all runs of the client's project, newest first.
 *   sink     called for each run, in order.
 *
 * TRACK_INVALID  a bad filter or order; err shows where.  Others as track_request.
 */
TRACK_API track_status track_get_runs(track_client *client, const track_runs_options *options,
                                      track_run_sink *sink, void *data, track_error *err);

/* Points of a series, in columns of the caller. */
typedef struct track_points {
    int64_t *steps;    /* [room], or NULL: not wanted */
    int64_t *times_us; /* [room], or NULL */
    double *values;    /* [room], or NULL */
    size_t room;       /* 1.. */
    size_t count;      /* set: how many were written */
    bool more;         /* set: there are more; call again with the same struct */
    char cursor[256];  /* where the next call goes on; "" at first */
} track_points;

/* Reads raw points of one series in order of (step, time).
 *
 *   run_id  id of the run.
 *   key     name of the metric.
 *   points  must be zeroed but for its columns and room.
 *
 * TRACK_NOT_FOUND  no such run or series.  Others as track_request.
 */
TRACK_API track_status track_get_points(track_client *client, const char *run_id, const char *key,
                                        track_points *points, track_error *err);

/* ---- Level 3: tools -------------------------------------------------------------------------- */

/* Gives the next bytes of a request's body: at most room of them, 0 at its end, -1 to give up. */
typedef int64_t track_body_source(void *data, void *bytes, size_t room);
/* Takes bytes of a reply's body; returns false to give up. */
typedef bool track_body_sink(void *data, const void *bytes, size_t size);

/* One request to the server's API. */
typedef struct track_request_options {
    size_t size;
    const char *method; /* "GET" (NULL), "POST", "PUT", "PATCH", "DELETE" */
    const char *path;   /* "/api/v1/..." with its query; goes behind the client's url */
    const void *body;   /* [body_size] */
    size_t body_size;
    track_body_source *source; /* instead of body; called on this thread */
    void *source_data;
    int64_t source_bytes;       /* what source will give; -1: not known */
    const char *content_type;   /* NULL: application/json when there is a body */
    const char *accept;         /* NULL: application/json */
    const char *const *headers; /* "Name: value" lines, NULL at the end; NULL: none */
    track_body_sink *sink;      /* takes the body of a 2xx reply as it comes; NULL: into response */
    void *sink_data;
    int64_t timeout_ms; /* 0: the client's; -1: none, for streams that go on */
} track_request_options;

TRACK_API track_request_options track_request_options_default(void);

/* A reply; to be given to track_close_response. */
typedef struct track_response {
    int http;   /* status code; 0: there was no reply */
    char *body; /* [body_size] and a NUL; never NULL on TRACK_OK */
    size_t body_size;
    char type[128]; /* its Content-Type */
    char etag[128]; /* its ETag, or "" */
    char next[256]; /* its X-Track-Next, or "" */
    char hint[240]; /* of an error reply: what to do */
    char ref[40];   /* of an error reply: its number in the server's log */
} track_response;

/* Sends one request and waits for its reply.
 *
 *   client    NULL: one made from the environment for this call; likewise in all calls below.
 *   response  set whenever there was a reply, also one that says no; may be NULL with a sink.
 *
 * TRACK_INVALID      a bad argument, or the server says so.
 * TRACK_UNREACHABLE  no connection, or one that broke.
 * TRACK_TIMEOUT      no reply in time.
 * TRACK_TOO_LARGE    a reply over 64 MiB without a sink, or the server says so.
 * TRACK_CONFLICT     source or sink gave up, or the server says so.
 * Others: as the server's error says; err has its message.
 */
TRACK_API track_status track_request(track_client *client, const track_request_options *options,
                                     track_response *response, track_error *err);
/* Frees what a response holds, and clears it.  NULL is harmless. */
TRACK_API void track_close_response(track_response *response);

/* How a spool is doing. */
typedef enum track_spool_state {
    TRACK_SPOOL_WAITING, /* found, not begun */
    TRACK_SPOOL_HELD,    /* a live process sends it */
    TRACK_SPOOL_SENDING,
    TRACK_SPOOL_SENT, /* the server holds all of it; its folder is gone */
    TRACK_SPOOL_STUCK /* it stays, error says why */
} track_spool_state;

/* A spool; borrowed for the time of the callback. */
typedef struct track_spool_info {
    const char *path;
    const char *url;
    const char *project;
    const char *run_id;
    const char *writer; /* 32 hex digits */
    track_spool_state state;
    uint64_t count; /* values and lines in it */
    uint64_t sent;  /* of them, held by the server */
    uint64_t bytes; /* on disk */
    const track_error *error;
} track_spool_info;

/* Gets news of a spool, at most ten times a second each; returns false to end the sync. */
typedef bool track_spool_sink(void *data, const track_spool_info *spool);

typedef struct track_sync_options {
    size_t size;
    const char *const *paths; /* only these spools, NULL at the end; NULL: all of the client's */
    const char *run_id;       /* only spools of this run; NULL: of all */
    bool keep;                /* leave folders that are sent where they are */
    bool list_only;           /* report, send nothing */
    int64_t timeout_ms;       /* for all of it; 0: as long as it takes while the server answers */
    track_spool_sink *sink;   /* NULL: none */
    void *sink_data;
} track_sync_options;

TRACK_API track_sync_options track_sync_options_default(void);

/* Sends the spools that processes left behind: of runs that ended without a server, were killed, or
 * whose drain ran out of time.  Several processes may do so at once.
 *
 * TRACK_UNREACHABLE, TRACK_TIMEOUT  not all of them could be sent; they stay.
 * TRACK_CONFLICT                    the server refused something; it stays in the spool's refused/.
 * TRACK_IO                          a spool cannot be read.
 */
TRACK_API track_status track_sync_spools(track_client *client, const track_sync_options *options,
                                         track_error *err);

/* State of the code in a folder; to be given to track_close_source. */
typedef struct track_source {
    char *root;   /* of the work tree */
    char *commit; /* full id; "" before the first commit */
    char *branch; /* "" when detached */
    char *remote; /* URL of "origin", without credentials; "" if there is none */
    char *patch;  /* [patch_size] and a NUL: what the work tree has beyond the commit, as git apply
                     takes it; untracked files included */
    size_t patch_size;
    size_t changed_count;
    size_t excluded_count; /* untracked files that were too large, or were being written */
    char *excluded;        /* their paths, one a line */
} track_source;

/* Reads the state of the git work tree that path lies in; changes nothing in it.
 *
 *   path  a folder; NULL: the working directory.
 *
 * TRACK_NOT_FOUND    not in a git repository.
 * TRACK_UNSUPPORTED  libgit2 cannot read this repository; err says why.
 * TRACK_NOMEM        no memory.
 */
TRACK_API track_status track_get_source(const char *path, track_source *out, track_error *err);
TRACK_API void track_close_source(track_source *source);

/* One setting; borrowed for the time of the callback. */
typedef struct track_setting {
    const char *name;     /* "url" */
    const char *variable; /* "TRACK_URL", or "" */
    const char *value;
    const char *origin; /* "option", "environment", the path of a file, or "default" */
} track_setting;

typedef void track_setting_sink(void *data, const track_setting *setting);

/* Lists every setting with its value and where that comes from.
 *
 *   client  NULL: as track_init would see them now.
 *
 * TRACK_INVALID  as track_init, or sink is NULL.
 */
TRACK_API track_status track_get_settings(track_client *client, track_setting_sink *sink,
                                          void *data, track_error *err);

#ifdef __cplusplus
}
#endif
#endif
