/* http_exchange - one request from its head to its answer, without a socket.
 *
 * http.c feeds it what libmicrohttpd reads: the head, the parts of the body, the end; and sends
 * what comes out.  Whatever happens, an exchange ends with an answer in `rs`.
 * Uses: gate, route, app, http_error.
 */
#ifndef SERVER_HTTP_EXCHANGE_H
#define SERVER_HTTP_EXCHANGE_H
#include "app.h"
#include "gate.h"
#include "stream.h"
#include "writer.h"

/* Memory of one request beside its body: until its row is known, then by what the row does. */
enum {
    EXCHANGE_HEAD_BYTES = 1 << 20,
    EXCHANGE_WRITE_BYTES = 64 << 20,
    EXCHANGE_READ_BYTES = 256 << 20, /* 5,000 series of bins, a million points */
};

struct exchange {
    struct app *app;
    struct arena arena; /* limit: EXCHANGE_HEAD_BYTES */
    struct gate_head head;
    struct gate_pass pass;
    struct request rq;
    struct response rs;      /* valid once answered */
    const struct route *row; /* NULL: none matched */
    struct buf body;
    bool framed;   /* where the body ends is beyond doubt */
    bool refused;  /* answered before the body */
    bool answered; /* rs is complete */
    track_error err;
    char ref[9];      /* names this request in the answer of an error and in the log */
    int64_t start_us; /* steady */
    uint64_t got_bytes, sent_bytes;
    uint64_t dropped_bytes; /* received after the refusal */
};

/* Takes the head, which lives in x->arena, through the gate.
 *
 * On refusal x->refused and the answer are set.
 */
void exchange_begin(struct exchange *x);

/* Takes a part of the body; what is too long or does not please the row's receiver refuses. */
void exchange_take(struct exchange *x, struct bytes part);

/* Runs the handler.  Afterwards x->answered, or x->rs.ticket is on its way: the writer then calls
 * x->rq.done, and exchange_finish is due. */
void exchange_run(struct exchange *x);

/* Renders the answer of a write that has been committed or refused. */
void exchange_finish(struct exchange *x);

/* The code of the answer. */
int exchange_http(const struct exchange *x);

/* One line in the log and one count. */
void exchange_record(const struct exchange *x, bool complete);
#endif
