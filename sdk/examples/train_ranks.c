/* train_ranks - four processes train one network, and log into one run.
 *
 *     train_ranks [--steps N] [--seed N]
 *
 * Data-parallel training as torchrun or MPI would do it: every rank has a quarter of each batch,
 * the gradients are averaged in shared memory, so all ranks hold the same weights at every step.
 * The parent starts the run and finishes it; each rank joins it as a writer of its own.  The ranks
 * are forked first, while the parent has no other thread, and told the id of the run.
 */
#include "../track.h"

#include "corpus.h"
#include "net.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { RANKS = 4, SHARD = 32, CONTEXT = 16, PRINT_EVERY = 10 };

/* What the ranks share.  Two sets of slots, used in turn: nobody writes into the one that a slower
 * rank still reads, so that one barrier a step is enough. */
struct shared {
    pthread_barrier_t step;
    char run_id[64]; /* "" if there is no run */
    bool stop[2];    /* rank 0 was asked to end */
    float grads[];   /* [2][RANKS][weights] */
};

/* One rank, and before the fork the parent. */
struct job {
    long steps, seed;
    int32_t rank;
    struct corpus corpus;
    struct net net;
    struct rng random;
    struct shared *shared;
    track_run *run;
    unsigned char inputs[NET_BATCH_MAX * CONTEXT], targets[NET_BATCH_MAX];
};

static float *slot_get(const struct job *j, long step, size_t rank)
{
    return j->shared->grads + ((size_t)(step % 2) * RANKS + rank) * j->net.count;
}

static bool shared_init(struct job *j)
{
    size_t size = sizeof *j->shared + 2 * RANKS * j->net.count * sizeof(float);
    void *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (at == MAP_FAILED) {
        return false;
    }
    j->shared = at;
    pthread_barrierattr_t attr;
    return pthread_barrierattr_init(&attr) == 0 &&
           pthread_barrierattr_setpshared(&attr, PTHREAD_PROCESS_SHARED) == 0 &&
           pthread_barrier_init(&j->shared->step, &attr, RANKS) == 0;
}

/* Every rank draws the whole batch from the same generator, and takes its quarter. */
static double shard_loss(struct job *j)
{
    size_t positions[RANKS * SHARD];
    for (size_t i = 0; i < RANKS * SHARD; i++) {
        positions[i] = j->corpus.train[rng_next(&j->random) % j->corpus.train_count];
    }
    corpus_fill(&j->corpus, positions + j->rank * SHARD, SHARD, j->inputs, j->targets);
    return net_loss(&j->net, j->inputs, j->targets, SHARD, true);
}

/* Averages the gradients of all ranks, in the order of the ranks, so that each gets the same bits;
 * false once rank 0 was asked to end. */
static bool gradients_average(struct job *j, long step)
{
    sigset_t pending;
    memcpy(slot_get(j, step, (size_t)j->rank), j->net.grads, j->net.count * sizeof(float));
    if (j->rank == 0) {
        sigpending(&pending);
        j->shared->stop[step % 2] =
            track_should_stop(j->run) || sigismember(&pending, SIGTERM) == 1;
    }
    pthread_barrier_wait(&j->shared->step);
    memset(j->net.grads, 0, j->net.count * sizeof(float));
    for (size_t rank = 0; rank < RANKS; rank++) {
        const float *from = slot_get(j, step, rank);
        for (size_t i = 0; i < j->net.count; i++) {
            j->net.grads[i] += from[i] / RANKS;
        }
    }
    return !j->shared->stop[step % 2];
}

static void rank_train(struct job *j)
{
    bool go_on = true;
    for (long step = 1; go_on && step <= j->steps; step++) {
        double loss = shard_loss(j);
        go_on = gradients_average(j, step);
        double norm = net_grad_norm(&j->net);
        double lr = 3e-3 * (step < 50 ? (double)step / 50 : 1);
        net_update(&j->net, lr, norm > 1 ? 1 / norm : 1);
        track_log_metric(j->run, "train/loss", step, loss);
        if (j->rank == 0) {
            track_log_metric(j->run, "train/grad_norm", step, norm);
            track_log_metric(j->run, "lr", step, lr);
        }
        if (step % PRINT_EVERY == 0 || step == j->steps) {
            printf("rank %d step %ld loss %.4f\n", (int)j->rank, step, loss);
            fflush(stdout);
        }
    }
}

/* The life of one rank; returns its exit code. */
static int rank_work(struct job *j, const int *begin)
{
    track_run_options o = track_run_options_default();
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    char none;
    close(begin[1]);
    if (read(begin[0], &none, 1) != 0) { /* its end says that run_id is there */
        return 1;
    }
    o.run_id = j->shared->run_id;
    o.join = true;
    o.rank = &j->rank;
    if (o.run_id[0] != '\0') {
        track_start_run(NULL, &o, &j->run, NULL);
    }
    rank_train(j);
    track_finish_run(&j->run, TRACK_FINISHED, NULL);
    return 0;
}

static void ranks_kill(const pid_t *pids)
{
    for (int i = 0; i < RANKS; i++) {
        if (pids[i] > 0) {
            kill(pids[i], SIGKILL);
        }
    }
}

/* Waits for the ranks; says how the run ended.  When one fails the others would wait for it for
 * ever: they are killed.  A request to end is passed on to rank 0, which tells the others. */
static track_state ranks_wait(const struct job *j, const pid_t *pids, const sigset_t *signals)
{
    track_state state = TRACK_FINISHED;
    for (;;) {
        int status, caught;
        pid_t pid = waitpid(-1, &status, WNOHANG);
        if (pid < 0) {
            return state == TRACK_FINISHED && track_should_stop(j->run) ? TRACK_STOPPED : state;
        }
        if (pid > 0 && status != 0 && state != TRACK_FAILED) {
            state = TRACK_FAILED;
            ranks_kill(pids);
        }
        if (pid == 0 && sigwait(signals, &caught) == 0 && caught != SIGCHLD) {
            state = state == TRACK_FINISHED ? TRACK_STOPPED : state;
            kill(pids[0], SIGTERM);
        }
    }
}

/* Forks the ranks; returns in the parent with -1, in a rank with its exit code. */
static int ranks_start(struct job *j, pid_t *pids, const int *begin)
{
    for (int32_t i = 0; i < RANKS; i++) {
        j->rank = i;
        pids[i] = fork();
        if (pids[i] == 0) {
            return rank_work(j, begin);
        }
        if (pids[i] < 0) {
            ranks_kill(pids); /* the barrier is made for all */
            return 1;
        }
    }
    return -1;
}

/* The whole training, seen from the parent; returns the exit code, also that of a rank. */
static int work(struct job *j)
{
    pid_t pids[RANKS] = {0};
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGCHLD);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    sigprocmask(SIG_BLOCK, &signals, NULL);
    int begin[2], code = pipe(begin) == 0 ? ranks_start(j, pids, begin) : 1;
    if (code >= 0) {
        return code;
    }
    track_start_run(NULL, NULL, &j->run, NULL);
    track_set_param_number(j->run, "ranks", RANKS);
    track_set_param_number(j->run, "steps", (double)j->steps);
    track_set_param_number(j->run, "batch", RANKS * SHARD);
    track_set_seed(j->run, NULL, (uint64_t)j->seed);
    snprintf(j->shared->run_id, sizeof j->shared->run_id, "%s", track_get_run_id(j->run));
    close(begin[1]);
    track_state state = ranks_wait(j, pids, &signals);
    track_finish_run(&j->run, state, NULL);
    return state == TRACK_FAILED ? 1 : 0;
}

static bool options_get(struct job *j, int argc, char **argv)
{
    j->steps = 1000;
    j->seed = 1;
    for (int i = 1; i < argc; i += 2) {
        long *out = strcmp(argv[i], "--steps") == 0  ? &j->steps
                    : strcmp(argv[i], "--seed") == 0 ? &j->seed
                                                     : NULL;
        char *end = NULL;
        if (out == NULL || i + 1 == argc || (*out = strtol(argv[i + 1], &end, 10)) < 1 ||
            *end != '\0') {
            return false;
        }
    }
    return true;
}

int main(int argc, char **argv)
{
    struct job *j = calloc(1, sizeof *j);
    char why[256] = "no memory";
    if (j == NULL || !options_get(j, argc, argv)) {
        fprintf(stderr, "usage: train_ranks [--steps N] [--seed N]\n");
        free(j);
        return 2;
    }
    j->random.state = (uint64_t)j->seed;
    struct net_shape shape = {.context = CONTEXT, .embed = 16, .hidden = 96};
    int code = 1;
    if (corpus_read(&j->corpus, CORPUS_FOLDER, CONTEXT, why)) {
        shape.vocab = j->corpus.vocab;
        code = net_init(&j->net, shape, &j->random) && shared_init(j) ? work(j) : 1;
    } else {
        fprintf(stderr, "train_ranks: %s\n", why);
    }
    net_release(&j->net);
    corpus_release(&j->corpus);
    free(j);
    return code;
}
