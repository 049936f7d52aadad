/* Preloaded into trackd: the time of day runs $CLOCK_RATE times as fast since $CLOCK_FROM (seconds
 * since 1970), and its background threads pause that much shorter; so sealing, merging and
 * collecting, which take minutes and hours, meet each other within seconds.  Clocks of deadlines
 * stay as they are. */
#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>

#define SECOND_NS 1000000000LL
#define LEAST_NS  10000000LL /* of a pause */

static long long number(const char *name)
{
    const char *text = getenv(name);
    return text ? atoll(text) : 0;
}

static long long rate(void)
{
    long long r = number("CLOCK_RATE");
    return r > 0 ? r : 1;
}

static long long ns_of(const struct timespec *t)
{
    return t->tv_sec * SECOND_NS + t->tv_nsec;
}

static struct timespec time_of(long long ns)
{
    return (struct timespec){ns / SECOND_NS, ns % SECOND_NS};
}

int clock_gettime(clockid_t id, struct timespec *out)
{
    int (*real)(clockid_t, struct timespec *) =
        (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
    int rc = real(id, out);
    long long from = number("CLOCK_FROM") * SECOND_NS;
    if (rc == 0 && id == CLOCK_REALTIME && from > 0) {
        *out = time_of(from + (ns_of(out) - from) * rate());
    }
    return rc;
}

static struct timespec shorter(long long ns)
{
    long long less = ns / rate();
    return time_of(less < LEAST_NS && ns > LEAST_NS ? LEAST_NS : less);
}

/* Threads of the background have names. */
static int in_background(void)
{
    char name[16] = "";
    prctl(PR_GET_NAME, name);
    return strcmp(name, "seal") == 0 || strcmp(name, "merge") == 0;
}

int pthread_cond_clockwait(pthread_cond_t *cond, pthread_mutex_t *lock, clockid_t id,
                           const struct timespec *until)
{
    int (*real)(pthread_cond_t *, pthread_mutex_t *, clockid_t, const struct timespec *) =
        (int (*)(pthread_cond_t *, pthread_mutex_t *, clockid_t, const struct timespec *))dlsym(
            RTLD_NEXT, "pthread_cond_clockwait");
    struct timespec now, sooner = *until;
    if (in_background() && clock_gettime(CLOCK_MONOTONIC, &now) == 0) {
        struct timespec pause = shorter(ns_of(until) - ns_of(&now));
        sooner = time_of(ns_of(&now) + ns_of(&pause));
    }
    return real(cond, lock, id, &sooner);
}

int sigtimedwait(const sigset_t *set, siginfo_t *info, const struct timespec *pause)
{
    int (*real)(const sigset_t *, siginfo_t *, const struct timespec *) =
        (int (*)(const sigset_t *, siginfo_t *, const struct timespec *))dlsym(RTLD_NEXT,
                                                                               "sigtimedwait");
    struct timespec less = shorter(ns_of(pause));
    return real(set, info, &less);
}
