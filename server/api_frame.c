#include "api_frame.h"

#include "api_parse.h"
#include "journal.h"
#include "render.h"

track_status api_frame_add(struct app *app, struct request *rq, struct response *rs,
                           track_error *err)
{
    struct journal_append *call = CALL_NEW(rq, rs, struct journal_append);
    if (!call) {
        return FAIL(err, TRACK_NOMEM, "no room for a frame");
    }
    TRY(parse_run(app, rq, &call->run, err));
    call->body = rq->body;
    call->now_us = rq->now_us;
    rs->next_seq = &call->next_seq;
    atomic_fetch_add(&app->stats->frame_bytes, rq->body.size);
    return journal_append(app->store, call, err);
}

/* What a sender learns from every reply. */
struct appended {
    int64_t next_seq, epoch, rewound_to;
    bool stop, repeated_steps, rewound;
    const char *state;
};

static track_status appended_answer(const struct request *rq, const struct appended *in,
                                    struct response *rs, track_error *err)
{
    struct json_writer w;
    TRY(render_begin(rq, &w, err));
    json_write_object(&w, NULL);
    json_write_int(&w, "next_seq", in->next_seq);
    json_write_bool(&w, "stop", in->stop);
    json_write_text(&w, "state", in->state);
    json_write_bool(&w, "repeated_steps", in->repeated_steps);
    json_write_int(&w, "epoch", in->epoch);
    if (in->rewound) {
        json_write_int(&w, "rewound_to", in->rewound_to);
    } else {
        json_write_null(&w, "rewound_to");
    }
    json_write_close(&w);
    return render_end(&w, rs, err);
}

track_status api_frame_added(struct app *app, const struct request *rq, const struct ticket *ticket,
                             struct response *rs, track_error *err)
{
    const struct journal_append *call = (const struct journal_append *)ticket;
    atomic_fetch_add(&app->stats->points, (uint64_t)call->points);
    atomic_fetch_add(&app->stats->repeats, call->duplicate);
    return appended_answer(rq,
                           &(struct appended){.next_seq = call->next_seq,
                                              .epoch = call->epoch,
                                              .rewound = call->rewound,
                                              .rewound_to = call->rewound_to,
                                              .stop = call->stop,
                                              .repeated_steps = call->repeated_steps,
                                              .state = call->state},
                           rs, err);
}

/* The call of both writer rows. */
static track_status writer_begin(struct app *app, const struct request *rq, struct response *rs,
                                 struct journal_writer **out, track_error *err)
{
    const char *writer;
    struct journal_writer *call = CALL_NEW(rq, rs, struct journal_writer);
    if (!call) {
        return FAIL(err, TRACK_NOMEM, "no room for a writer");
    }
    TRY(parse_run(app, rq, &call->run, err));
    TRY(parse_param(rq, 1, &writer, err));
    call->writer = parse_hex(rq, writer, JOURNAL_WRITER_BYTES);
    if (!call->writer.at) {
        return FAIL(err, TRACK_INVALID, "'%.40s' is no writer: 32 lower-case hex digits", writer);
    }
    call->now_us = rq->now_us;
    call->points = -1;
    call->rank = -1;
    rs->next_seq = &call->next_seq;
    *out = call;
    return TRACK_OK;
}

track_status api_writer_set(struct app *app, struct request *rq, struct response *rs,
                            track_error *err)
{
    static const char *const names[] = {"name", "rank", "host", "pid", NULL};
    const struct json *body;
    struct journal_writer *call;
    TRY(parse_body(rq, names, &body, err));
    TRY(writer_begin(app, rq, rs, &call, err));
    TRY(json_may_text(body, "name", &call->name, err));
    TRY(json_may_text(body, "host", &call->host, err));
    TRY(json_may_int_in(body, "rank", (struct json_range){0, 1000000}, &call->rank, err));
    TRY(json_may_int_in(body, "pid", (struct json_range){0, INT32_MAX}, &call->pid, err));
    return journal_writer(app->store, call, err);
}

track_status api_writer_lost(struct app *app, struct request *rq, struct response *rs,
                             track_error *err)
{
    static const char *const names[] = {"count", "reason", NULL};
    const struct json *body;
    struct journal_writer *call;
    TRY(parse_body(rq, names, &body, err));
    TRY(writer_begin(app, rq, rs, &call, err));
    TRY(json_need_int_in(body, "count", (struct json_range){1, LOST_MAX}, &call->lost, err));
    TRY(json_may_text(body, "reason", &call->lost_why, err));
    return journal_writer(app->store, call, err);
}

track_status api_writer_lost_done(struct app *app, const struct request *rq,
                                  const struct ticket *ticket, struct response *rs,
                                  track_error *err)
{
    (void)app, (void)ticket;
    return render_done(rq, rs, err);
}

track_status api_writer_close(struct app *app, struct request *rq, struct response *rs,
                              track_error *err)
{
    static const char *const names[] = {"last_seq", "points", NULL};
    const struct json *body;
    struct journal_writer *call;
    TRY(parse_body(rq, names, &body, err));
    TRY(writer_begin(app, rq, rs, &call, err));
    call->close = true;
    TRY(json_need_int_in(body, "last_seq", (struct json_range){-1, INT64_MAX}, &call->last_seq,
                         err));
    TRY(json_may_int_in(body, "points", (struct json_range){0, INT64_MAX}, &call->points, err));
    return journal_writer(app->store, call, err);
}

track_status api_writer_done(struct app *app, const struct request *rq, const struct ticket *ticket,
                             struct response *rs, track_error *err)
{
    (void)app;
    const struct journal_writer *call = (const struct journal_writer *)ticket;
    return appended_answer(rq,
                           &(struct appended){.next_seq = call->next_seq,
                                              .epoch = call->epoch,
                                              .stop = call->stop,
                                              .state = call->state},
                           rs, err);
}
