#include "http_slow.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

enum { SLOW_THREADS = 2 };

struct slow {
    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t added;
    struct slow_work *first, **last;
    bool ending;
    int count; /* of threads that run */
    pthread_t threads[SLOW_THREADS];
};

/* The next piece of work, or NULL at the end. */
static struct slow_work *slow_take(struct slow *s)
{
    pthread_mutex_lock(&s->lock);
    while (!s->first && !s->ending) {
        pthread_cond_wait(&s->added, &s->lock);
    }
    struct slow_work *work = s->first;
    if (work) {
        s->first = work->next;
        s->last = s->first ? s->last : &s->first;
    }
    pthread_mutex_unlock(&s->lock);
    return work;
}

static void *slow_run(void *data)
{
    struct slow *s = data;
    struct slow_work *work;
    while ((work = slow_take(s))) {
        work->run(work);
    }
    return NULL;
}

track_status slow_open(struct slow **out, track_error *err)
{
    struct slow *s = calloc(1, sizeof(*s));
    if (!s) {
        return FAIL(err, TRACK_NOMEM, "no memory for uploads");
    }
    s->last = &s->first;
    pthread_mutex_init(&s->lock, NULL);
    pthread_cond_init(&s->added, NULL);
    for (; s->count < SLOW_THREADS; s->count++) {
        if (pthread_create(&s->threads[s->count], NULL, slow_run, s) != 0) {
            slow_close(s);
            return FAIL(err, TRACK_NOMEM, "no thread for uploads");
        }
    }
    *out = s;
    return TRACK_OK;
}

void slow_close(struct slow *s)
{
    if (!s) {
        return;
    }
    pthread_mutex_lock(&s->lock);
    s->ending = true;
    pthread_cond_broadcast(&s->added);
    pthread_mutex_unlock(&s->lock);
    for (int i = 0; i < s->count; i++) {
        pthread_join(s->threads[i], NULL);
    }
    pthread_mutex_destroy(&s->lock);
    pthread_cond_destroy(&s->added);
    free(s);
}

void slow_add(struct slow *s, struct slow_work *work)
{
    work->next = NULL;
    pthread_mutex_lock(&s->lock);
    *s->last = work;
    s->last = &work->next;
    pthread_cond_signal(&s->added);
    pthread_mutex_unlock(&s->lock);
}
