/* train_chars - trains a small language model on the licence texts of Debian, and logs it.
 *
 *     track run -- train_chars            # or simply: train_chars
 *
 * A whole training program in plain C: embedding, hidden layers, softmax, Adam, warm-up and cosine
 * decay, validation once an epoch.  About a minute on one core.  All that concerns Track stands in
 * the functions named log_*; a failure there never changes the training.
 */
#include "../track.h"

#include "corpus.h"
#include "net.h"

#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct settings {
    long steps, seed, hidden, context, embed, batch, warmup, print_every;
    double lr;
    const char *data, *out;
    bool system; /* log the machine too */
};

/* Everything that one training needs. */
struct training {
    struct settings set;
    struct corpus corpus;
    struct net net;
    struct rng random;
    track_run *run; /* NULL when tracking could not start: every call accepts that */
    unsigned char inputs[NET_BATCH_MAX * 256], targets[NET_BATCH_MAX];
};

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* ---- logging --------------------------------------------------------------------------------- */

static void log_settings(const struct training *t)
{
    const struct settings *s = &t->set;
    const track_value numbers[] = {{"steps", (double)s->steps},
                                   {"lr", s->lr},
                                   {"hidden", (double)s->hidden},
                                   {"context", (double)s->context},
                                   {"embed", (double)s->embed},
                                   {"batch", (double)s->batch},
                                   {"warmup", (double)s->warmup},
                                   {"weights", (double)t->net.count},
                                   {"vocabulary", (double)t->corpus.vocab},
                                   {"data/bytes", (double)t->corpus.size},
                                   {"data/train", (double)t->corpus.train_count},
                                   {"data/validation", (double)t->corpus.valid_count}};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        track_set_param_number(t->run, numbers[i].name, numbers[i].value);
    }
    track_set_param(t->run, "optimizer", "adam");
    track_set_param(t->run, "data/folder", s->data);
    track_set_seed(t->run, NULL, (uint64_t)s->seed);
}

static void log_meanings(track_run *run)
{
    track_metric_options falls = track_metric_options_default();
    falls.goal = TRACK_MINIMIZE;
    track_define_metric(run, "train/loss", &falls);
    track_define_metric(run, "val/loss", &falls);
    track_define_metric(run, "val/perplexity", &falls);
    track_metric_options speed = track_metric_options_default();
    speed.goal = TRACK_MAXIMIZE;
    speed.unit = "tokens/s";
    track_define_metric(run, "train/tokens_per_s", &speed);
}

/* The data set as inputs of the run: each file with its digest. */
static void log_inputs(const struct training *t)
{
    track_artifact_options o = track_artifact_options_default();
    o.type = "dataset";
    for (size_t i = 0; i < t->corpus.file_count; i++) {
        char name[300];
        snprintf(name, sizeof name, "licenses/%s", t->corpus.files[i].name);
        track_use_artifact(t->run, name, t->corpus.files[i].path, &o, NULL, NULL);
    }
}

static void log_start(struct training *t)
{
    track_error err;
    track_run_options o = track_run_options_default();
    o.sample_system = t->set.system;
    if (track_start_run(NULL, &o, &t->run, &err) != TRACK_OK) {
        fprintf(stderr, "train_chars: not tracked: %s\n", err.message);
        return;
    }
    log_settings(t);
    log_meanings(t->run);
    log_inputs(t);
}

static void log_weights(const struct training *t, const char *path)
{
    track_error err;
    track_artifact_info info;
    track_artifact_options o = track_artifact_options_default();
    o.type = "model";
    if (t->run == NULL) {
        return;
    }
    if (track_log_artifact(t->run, "model.weights", path, &o, &info, &err) != TRACK_OK) {
        fprintf(stderr, "train_chars: weights are not logged: %s\n", err.message);
        return;
    }
    printf("weights sha256:%s\n", info.digest);
}

/* ---- training -------------------------------------------------------------------------------- */

/* Linear warm-up, then half a cosine down to a twentieth. */
static double learning_rate(const struct settings *s, long step)
{
    if (step <= s->warmup) {
        return s->lr * (double)step / (double)s->warmup;
    }
    double done = (double)(step - s->warmup) / (double)(s->steps - s->warmup);
    return s->lr * (0.05 + 0.95 * 0.5 * (1 + cos(3.14159265358979323846 * done)));
}

static void shuffle(size_t *positions, size_t count, struct rng *random)
{
    for (size_t i = count - 1; i > 0; i--) {
        size_t j = rng_next(random) % (i + 1), kept = positions[i];
        positions[i] = positions[j];
        positions[j] = kept;
    }
}

/* One batch; logs it and says so on stdout now and then: what is printed has been logged. */
static void train_step(struct training *t, long step, const size_t *positions)
{
    double begin = now_s(), lr = learning_rate(&t->set, step);
    size_t batch = (size_t)t->set.batch;
    corpus_fill(&t->corpus, positions, batch, t->inputs, t->targets);
    double loss = net_loss(&t->net, t->inputs, t->targets, batch, true);
    double norm = net_grad_norm(&t->net);
    net_update(&t->net, lr, norm > 1 ? 1 / norm : 1);
    const track_value row[] = {{"train/loss", loss},
                               {"train/grad_norm", norm},
                               {"lr", lr},
                               {"train/tokens_per_s", (double)batch / (now_s() - begin)}};
    track_log_row(t->run, step, row, sizeof row / sizeof *row);
    if (step % t->set.print_every == 0 || step == 1 || step == t->set.steps) {
        printf("step %ld loss %.4f\n", step, loss);
        fflush(stdout);
    }
}

static void validate(struct training *t, long step)
{
    double sum = 0;
    size_t count = t->corpus.valid_count;
    for (size_t i = 0; i < count; i += NET_BATCH_MAX) {
        size_t batch = count - i < NET_BATCH_MAX ? count - i : NET_BATCH_MAX;
        corpus_fill(&t->corpus, t->corpus.valid + i, batch, t->inputs, t->targets);
        sum += net_loss(&t->net, t->inputs, t->targets, batch, false) * (double)batch;
    }
    double loss = sum / (double)count;
    const track_value row[] = {{"val/loss", loss}, {"val/perplexity", exp(loss)}};
    track_log_row(t->run, step, row, sizeof row / sizeof *row);
    printf("validation at step %ld: loss %.4f perplexity %.3f\n", step, loss, exp(loss));
    fflush(stdout);
}

/* Lets the network write; with a generator of its own, so that it changes nothing. */
static void sample(struct training *t, long step)
{
    enum { LENGTH = 300 };
    char text[LENGTH + 1];
    unsigned char window[256 + LENGTH];
    struct rng random = {.state = (uint64_t)step};
    size_t context = t->corpus.context;
    memcpy(window, t->corpus.text + t->corpus.valid[0] - context, context);
    for (size_t i = 0; i < LENGTH; i++) {
        window[context + i] = net_sample(&t->net, window + i, 0.7, &random);
        text[i] = (char)t->corpus.letters[window[context + i]];
    }
    text[LENGTH] = '\0';
    track_log_text(t->run, "samples", step, text);
}

/* True once somebody wants the training to end: by the web page, `track stop`, Ctrl-C or kill. */
static bool must_stop(const struct training *t)
{
    sigset_t pending;
    sigpending(&pending);
    return sigismember(&pending, SIGINT) == 1 || sigismember(&pending, SIGTERM) == 1 ||
           track_should_stop(t->run);
}

/* Trains until all steps are done or somebody asks to stop; returns the last step. */
static long train(struct training *t)
{
    size_t batch = (size_t)t->set.batch, next = t->corpus.train_count;
    long step = 0;
    validate(t, 0);
    while (step < t->set.steps && !must_stop(t)) {
        if (next + batch > t->corpus.train_count) {
            if (step > 0) {
                validate(t, step);
                sample(t, step);
            }
            shuffle(t->corpus.train, t->corpus.train_count, &t->random);
            next = 0;
        }
        train_step(t, ++step, t->corpus.train + next);
        next += batch;
    }
    validate(t, step);
    sample(t, step);
    return step;
}

/* ---- the weights ----------------------------------------------------------------------------- */

/* "TCW1", five sizes (u32), the characters, then the tensors as net.h lists them (f32). */
static bool weights_write(const struct training *t, FILE *out)
{
    const struct net_shape *s = &t->net.shape;
    const uint32_t sizes[] = {(uint32_t)t->corpus.vocab, (uint32_t)s->vocab, (uint32_t)s->context,
                              (uint32_t)s->embed, (uint32_t)s->hidden};
    return fwrite("TCW1", 4, 1, out) == 1 && fwrite(sizes, sizeof sizes, 1, out) == 1 &&
           fwrite(t->corpus.letters, t->corpus.vocab, 1, out) == 1 &&
           fwrite(t->net.weights, sizeof(float), t->net.count, out) == t->net.count;
}

/* Saves the weights where --out says, else in a file that goes once it is logged. */
static bool weights_save(const struct training *t)
{
    char temporary[] = "/tmp/train_chars.XXXXXX";
    const char *path = t->set.out == NULL ? temporary : t->set.out;
    FILE *out;
    if (t->set.out == NULL) {
        int fd = mkstemp(temporary);
        out = fd < 0 ? NULL : fdopen(fd, "wb");
    } else {
        out = fopen(path, "wb");
    }
    bool good = out != NULL && weights_write(t, out);
    good = out != NULL && fclose(out) == 0 && good;
    if (good) {
        log_weights(t, path);
    } else {
        fprintf(stderr, "train_chars: %s: %s\n", path, strerror(errno));
    }
    if (t->set.out == NULL) {
        unlink(temporary);
    }
    return good;
}

/* ---- the program ----------------------------------------------------------------------------- */

static int usage(FILE *to)
{
    fputs("usage: train_chars [--steps N] [--seed N] [--lr X] [--hidden N] [--context N]\n"
          "                   [--embed N] [--batch N] [--warmup N] [--print-every N]\n"
          "                   [--data FOLDER] [--out FILE] [--quick] [--system]\n"
          "Trains a character model on the text files of FOLDER (" CORPUS_FOLDER ").\n"
          "--quick: a small one, in seconds; options after it count.\n"
          "--system: log processors, memory and GPUs too, as `track run` does.\n",
          to);
    return to == stdout ? 0 : 2;
}

static bool whole_number(const char *text, long least, long most, long *out)
{
    char *end;
    errno = 0;
    long value = strtol(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0' || value < least || value > most) {
        fprintf(stderr, "train_chars: '%s' is not a whole number from %ld to %ld\n", text, least,
                most);
        return false;
    }
    *out = value;
    return true;
}

static bool option_set(struct settings *s, const char *name, const char *value)
{
    const struct {
        const char *name;
        long least, most;
        long *out;
    } rows[] = {
        {"--steps", 1, 100000000, &s->steps}, {"--seed", 0, 2147483647, &s->seed},
        {"--hidden", 8, 4096, &s->hidden},    {"--context", 1, 256, &s->context},
        {"--embed", 8, 256, &s->embed},       {"--batch", 1, NET_BATCH_MAX, &s->batch},
        {"--warmup", 1, 1000000, &s->warmup}, {"--print-every", 1, 1000000, &s->print_every}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (strcmp(name, rows[i].name) == 0) {
            return whole_number(value, rows[i].least, rows[i].most, rows[i].out);
        }
    }
    if (strcmp(name, "--lr") == 0) {
        char *end;
        s->lr = strtod(value, &end);
        return end != value && *end == '\0' && s->lr > 0 && s->lr <= 1;
    }
    if (strcmp(name, "--data") == 0 || strcmp(name, "--out") == 0) {
        *(name[2] == 'd' ? &s->data : &s->out) = value;
        return true;
    }
    return false;
}

/* 0: go on with *s; anything else is the exit code plus one. */
static int settings_get(struct settings *s, int argc, char **argv)
{
    *s = (struct settings){.steps = 6000,
                           .seed = 1,
                           .hidden = 192,
                           .context = 24,
                           .embed = 16,
                           .batch = 128,
                           .warmup = 200,
                           .print_every = 20,
                           .lr = 3e-3,
                           .data = CORPUS_FOLDER};
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0) {
            return usage(stdout) + 1;
        }
        if (strcmp(argv[i], "--quick") == 0) {
            s->steps = 400, s->hidden = 48, s->context = 8, s->batch = 32, s->warmup = 20;
            continue;
        }
        if (strcmp(argv[i], "--system") == 0) {
            s->system = true;
            continue;
        }
        if (i + 1 == argc || !option_set(s, argv[i], argv[i + 1])) {
            fprintf(stderr, "train_chars: bad option or value: %s\n", argv[i]);
            return usage(stderr) + 1;
        }
        i++;
    }
    return 0;
}

/* Trains, keeps the weights, ends the run; returns the exit code. */
static int work(struct training *t)
{
    struct net_shape shape = {.vocab = t->corpus.vocab,
                              .context = (size_t)t->set.context,
                              .embed = (size_t)t->set.embed,
                              .hidden = (size_t)t->set.hidden};
    t->random = (struct rng){.state = (uint64_t)t->set.seed};
    if (!net_init(&t->net, shape, &t->random)) {
        fprintf(stderr, "train_chars: no memory for the network\n");
        return 1;
    }
    log_start(t);
    bool complete = train(t) == t->set.steps, saved = weights_save(t);
    track_state state = !saved ? TRACK_FAILED : complete ? TRACK_FINISHED : TRACK_STOPPED;
    track_finish_run(&t->run, state, NULL);
    net_release(&t->net);
    return saved ? 0 : 1;
}

int main(int argc, char **argv)
{
    struct settings set;
    int asked = settings_get(&set, argc, argv);
    if (asked != 0) {
        return asked - 1;
    }
    struct training *t = calloc(1, sizeof *t);
    char why[256] = "no memory";
    if (t == NULL || !corpus_read(&t->corpus, set.data, (size_t)set.context, why)) {
        fprintf(stderr, "train_chars: %s\n", why);
        free(t);
        return 1;
    }
    t->set = set;
    sigset_t polite; /* asked for after every step, so that a stopped training keeps its weights */
    sigemptyset(&polite);
    sigaddset(&polite, SIGINT);
    sigaddset(&polite, SIGTERM);
    sigprocmask(SIG_BLOCK, &polite, NULL);
    int code = work(t);
    corpus_release(&t->corpus);
    free(t);
    sigprocmask(SIG_UNBLOCK, &polite, NULL); /* a signal that came ends the program now */
    return code;
}
