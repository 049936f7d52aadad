/* sdk_logger - what tests/e2e/test_sdk.py has a training program do, written from track.h alone.
 *
 *     sdk_logger steps COUNT PAUSE_US     logs "loss" = step, prints each step once it is logged
 *     sdk_logger back SEED COUNT          logs "loss" at ascending steps, going back now and then;
 *                                         prints each of both once it is done
 *     sdk_logger hold                     logs a step every 10 ms until it should stop
 *     sdk_logger values | names | kinds | params | files PATH | fork | threads COUNT | full PATH |
 * misuse
 *
 * Prints the run's id first. */
#include <track.h>

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { THREADS = 4 };

static int ended(track_run *run, track_state state)
{
    track_error err = {TRACK_OK, 0, NULL, ""};
    track_status status = track_finish_run(&run, state, &err);
    printf("finish %d %s\n", (int)status, err.message);
    return status == TRACK_OK ? 0 : 3;
}

static int log_steps(track_run *run, int64_t count, unsigned pause_us)
{
    const char *from = getenv("FIRST_STEP");
    int64_t first = from ? atoll(from) : 0;
    for (int64_t step = first; step < first + count; step++) {
        if (track_log_metric(run, "loss", step, (double)step) != TRACK_OK) {
            return 2;
        }
        char line[32];
        int size = snprintf(line, sizeof line, "%lld\n", (long long)step);
        if (write(1, line, (size_t)size) != size) {
            return 2;
        }
        if (pause_us) {
            usleep(pause_us);
        }
    }
    return ended(run, TRACK_FINISHED);
}

static int go_back(track_run *run, uint64_t seed, int64_t count)
{
    int64_t step = 0;
    for (int64_t i = 0; i < count; i++) {
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        bool back = seed >> 33 & 1 && i % 50 == 49;
        int64_t to = step - (int64_t)(seed >> 40) % 60;
        track_status status =
            back ? track_rewind(run, to) : track_log_metric(run, "loss", step, (double)i);
        char line[64];
        int size = snprintf(line, sizeof line, "%s %lld %lld\n", back ? "back" : "at",
                            (long long)(back ? to : step), (long long)i);
        if (status != TRACK_OK || write(1, line, (size_t)size) != size) {
            return 2;
        }
        step = (back ? to : step) + 1;
        usleep(i % 100 ? 0 : 2000);
    }
    return ended(run, TRACK_FINISHED);
}

static int hold(track_run *run)
{
    for (int64_t step = 0; step < 3000 && !track_should_stop(run); step++) {
        track_log_metric(run, "loss", step, 1.0);
        usleep(10000);
    }
    bool asked = track_should_stop(run);
    printf("stop %d\n", asked);
    return ended(run, asked ? TRACK_STOPPED : TRACK_FINISHED);
}

static int log_values(track_run *run)
{
    static const uint64_t bits[] = {0x7ff8000000000000, 0x7ff8000000001234, 0xfff800000000beef,
                                    0x7ff4000000000001, 0x7ff0000000000000, 0xfff0000000000000,
                                    0x8000000000000000, 0x0000000000000001, 0x7fefffffffffffff,
                                    0x3ff0000000000000, 0x3fb999999999999a};
    for (size_t i = 0; i < sizeof bits / sizeof *bits; i++) {
        double value;
        memcpy(&value, &bits[i], sizeof value);
        track_log_point(run, "bits", (int64_t)i, 1700000000000000 + (int64_t)i, value);
    }
    track_log_point(run, "bits", INT64_MAX, INT64_MAX, 1);
    track_log_point(run, "bits", INT64_MIN, 0, 2);
    return ended(run, TRACK_FINISHED);
}

static int log_names(track_run *run)
{
    static const char *const odd[] = {"a/b/c",   "with space",    "\xf0\x9f\x94\xa5 loss",
                                      "ünïcode", "%41+?&#=\\\"'", "./../x",
                                      "a//b"};
    char name[64];
    for (int i = 0; i < 5000; i++) {
        snprintf(name, sizeof name, "many/%04d", i);
        track_log_metric(run, name, i, i);
    }
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
        track_log_metric(run, odd[i], 1, (double)i);
    }
    char *longest = calloc(1, 2050);
    memset(longest, 'x', 2048);
    printf("longest %d\n", (int)track_log_metric(run, longest, 0, 0));
    longest[2048] = 'x';
    printf("longer %d\n", (int)track_log_metric(run, longest, 0, 0));
    printf("empty %d\n", (int)track_log_metric(run, "", 0, 0));
    printf("control %d\n", (int)track_log_metric(run, "a\nb", 0, 0));
    printf("utf8 %d\n", (int)track_log_metric(run, "\xff", 0, 0));
    free(longest);
    return ended(run, TRACK_FINISHED);
}

static int log_kinds(track_run *run)
{
    track_metric_options m = track_metric_options_default();
    m.goal = TRACK_MINIMIZE;
    m.unit = "nat";
    track_define_metric(run, "val/*", &m);
    track_set_param(run, "lr", "0.1");
    track_set_param_number(run, "momentum", 0.9);
    track_set_params_json(run,
                          "{\"model\":{\"layers\":2,\"sizes\":[1,2]},\"amp\":true,\"n\":null}");
    track_set_seed(run, NULL, UINT64_MAX);
    track_set_seed(run, "data", 7);
    track_set_tag(run, "label", "");
    track_set_tag(run, "owner", "ada");
    track_set_note(run, "# Notes\nof a run");
    track_log_alert(run, TRACK_WARNING, "loss is NaN", "at step 3");
    track_log_text(run, "samples", 3, "once upon a time there was a text longer than one slot");
    track_log_text(run, "samples", 4, "");
    track_log_line(run, TRACK_STDOUT, "out", 3);
    track_log_line(run, TRACK_STDERR, "err \x1b[31mred\xff", 13);
    track_log_line(run, TRACK_STDOUT, "", 0);
    const track_value row[] = {{"train/loss", 1.5}, {"train/acc", 0.5}};
    track_log_row(run, 9, row, 2);
    track_set_exit(run, 3, 0);
    printf("flush %d\n", (int)track_flush_run(run, 10000, NULL));
    return ended(run, TRACK_FAILED);
}

/* Sets a parameter again, otherwise, and goes on. */
static int log_params(track_run *run)
{
    track_set_param(run, "lr", "0.1");
    track_set_param(run, "lr", "0.1");
    printf("again %d\n", (int)track_set_param(run, "lr", "0.2"));
    track_set_param(run, "lr", "0.3");
    track_set_param(run, "behind", "1");
    track_set_tag(run, "owner", "ada");
    track_log_metric(run, "loss", 0, 1);
    return ended(run, TRACK_FINISHED);
}

static int log_files(track_run *run, const char *path)
{
    track_artifact_info info;
    track_error err = {TRACK_OK, 0, NULL, ""};
    track_artifact_options o = track_artifact_options_default();
    o.type = "train";
    printf("log %d\n", (int)track_log_artifact(run, "out/copy.bin", path, NULL, &info, &err));
    printf("digest %s %llu\n", info.digest, (unsigned long long)info.bytes);
    printf("use %d\n", (int)track_use_artifact(run, "data", path, &o, &info, &err));
    printf("absent %d\n", (int)track_log_artifact(run, "x", "/nowhere", NULL, NULL, &err));
    printf("folder %d\n", (int)track_log_artifact(run, "x", "/tmp", NULL, NULL, &err));
    printf("name %d\n", (int)track_log_artifact(run, "../x", path, NULL, NULL, &err));
    char id[64];
    snprintf(id, sizeof id, "%s", track_get_run_id(run));
    char dashed[64];
    snprintf(dashed, sizeof dashed, "%.8s-%.4s-%.4s-%.4s-%s", id, id + 8, id + 12, id + 16,
             id + 20);
    int code = ended(run, TRACK_FINISHED);
    char dest[512];
    snprintf(dest, sizeof dest, "%s.back", path);
    printf("get %d\n", (int)track_get_artifact(NULL, id, "out/copy.bin", dest, &info, &err));
    printf("dashed %d\n", (int)track_get_artifact(NULL, dashed, "out/copy.bin", dest, &info, &err));
    printf("no id %d\n", (int)track_get_artifact(NULL, "../x", "out/copy.bin", dest, &info, &err));
    return code;
}

/* A child logs and leaves in each way there is; the parent goes on. */
static int log_forked(track_run *run)
{
    track_metric *loss = NULL;
    track_get_metric(run, "loss", &loss);
    for (int way = 0; way < 4; way++) {
        track_log_value(loss, way, way);
        fflush(stdout);
        pid_t child = fork();
        if (child == 0) {
            track_log_value(loss, 100 + way, way);
            track_log_metric(run, "child", way, way);
            track_should_stop(run);
            if (way == 0) {
                _exit(track_finish_run(&run, TRACK_FINISHED, NULL) == TRACK_OK ? 0 : 1);
            }
            if (way == 1) {
                exit(0);
            }
            if (way == 2) {
                _exit(0);
            }
            kill(getpid(), SIGKILL);
        }
        int status = 0;
        waitpid(child, &status, 0);
        printf("child %d %d\n", way, status);
    }
    track_log_value(loss, 4, 4);
    return ended(run, TRACK_FINISHED);
}

struct worker {
    track_run *run;
    int number;
    int count;
};

static void *work(void *data)
{
    struct worker *w = data;
    char name[32];
    snprintf(name, sizeof name, "thread/%d", w->number);
    for (int i = 0; i < w->count; i++) {
        track_log_metric(w->run, name, i, i);
        track_log_metric(w->run, "shared", i, w->number);
    }
    return NULL;
}

static int log_threads(track_run *run, int count)
{
    pthread_t threads[THREADS];
    struct worker workers[THREADS];
    for (int i = 0; i < THREADS; i++) {
        workers[i] = (struct worker){run, i, count};
        pthread_create(&threads[i], NULL, work, &workers[i]);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
    return ended(run, TRACK_FINISHED);
}

/* Logs until the spool is full, makes room, goes on. */
static int log_full(track_run *run, const char *ballast)
{
    int64_t step = 0, lost = 0;
    for (; step < 3000000 && lost < 1000; step++) {
        lost += track_log_metric(run, "loss", step, 1) == TRACK_FULL;
    }
    unlink(ballast);
    sleep(2);
    int64_t kept = step - lost, again = 0;
    for (; again < 1000; again++, step++) {
        if (track_log_metric(run, "loss", step, 2) != TRACK_OK) {
            break;
        }
    }
    track_run_errors errors;
    track_get_run_errors(run, &errors);
    printf("kept %lld lost %lld again %lld counted %llu\n", (long long)kept, (long long)lost,
           (long long)again, (unsigned long long)errors.lost);
    return ended(run, TRACK_FINISHED);
}

/* Every call with what it must refuse. */
static int misuse(track_run *run)
{
    track_run *none = NULL;
    int wrong = track_log_metric(NULL, "x", 0, 0) != TRACK_INVALID;
    wrong += track_log_metric(run, NULL, 0, 0) != TRACK_INVALID;
    wrong += track_log_value(NULL, 0, 0) != TRACK_INVALID;
    wrong += track_finish_run(&none, TRACK_FINISHED, NULL) != TRACK_INVALID;
    wrong += track_finish_run(NULL, TRACK_FINISHED, NULL) != TRACK_INVALID;
    wrong += track_set_param(run, "", "x") != TRACK_INVALID;
    wrong += track_set_params_json(run, "[1]") != TRACK_INVALID;
    wrong += track_log_line(run, (track_stream)7, "x", 1) != TRACK_INVALID;
    wrong += track_set_exit(run, 256, 0) != TRACK_INVALID;
    wrong += track_should_stop(NULL) || *track_get_run_id(NULL) || *track_get_run_url(NULL);
    printf("wrong %d\n", wrong);
    track_run *copy = run;
    track_metric *m = NULL;
    track_get_metric(run, "loss", &m);
    int code = ended(run, TRACK_RUNNING);
    printf("after %d %d %d\n", (int)track_log_metric(copy, "loss", 0, 0),
           (int)track_log_value(m, 0, 0), (int)track_set_param(copy, "a", "b"));
    return code;
}

static int dispatch(track_run *run, int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";
    if (strcmp(what, "steps") == 0 && argc > 3) {
        return log_steps(run, atoll(argv[2]), (unsigned)strtoul(argv[3], NULL, 10));
    }
    if (strcmp(what, "back") == 0 && argc > 3) {
        return go_back(run, strtoull(argv[2], NULL, 10), atoll(argv[3]));
    }
    if (strcmp(what, "files") == 0 && argc > 2) {
        return log_files(run, argv[2]);
    }
    if (strcmp(what, "threads") == 0 && argc > 2) {
        return log_threads(run, (int)strtol(argv[2], NULL, 10));
    }
    if (strcmp(what, "full") == 0 && argc > 2) {
        return log_full(run, argv[2]);
    }
    return strcmp(what, "hold") == 0     ? hold(run)
           : strcmp(what, "values") == 0 ? log_values(run)
           : strcmp(what, "names") == 0  ? log_names(run)
           : strcmp(what, "kinds") == 0  ? log_kinds(run)
           : strcmp(what, "params") == 0 ? log_params(run)
           : strcmp(what, "fork") == 0   ? log_forked(run)
           : strcmp(what, "misuse") == 0 ? misuse(run)
                                         : 9;
}

int main(int argc, char **argv)
{
    track_error err = {TRACK_OK, 0, NULL, ""};
    track_run *run = NULL;
    track_run_options o = track_run_options_default();
    o.run_id = getenv("RESUME");
    o.resume = o.run_id != NULL;
    o.name = getenv("RUN_NAME");
    o.fork_from = getenv("FORK_FROM");
    if (track_start_run(NULL, &o, &run, &err) != TRACK_OK) {
        printf("start %d %s\n", (int)err.status, err.message);
        return 1;
    }
    printf("%s\n", track_get_run_id(run));
    fflush(stdout);
    return dispatch(run, argc, argv);
}
