/* sdk_console - a program that prints while its run logs the console; with an argument it is
 * killed then. */
#include <track.h>

#include <signal.h>
#include <stdio.h>

int main(int argc, char **argv)
{
    (void)argv;
    track_run *run = NULL;
    track_error err = {TRACK_OK, 0, NULL, ""};
    printf("before, not flushed\n");
    if (track_start_run(NULL, NULL, &run, NULL) != TRACK_OK ||
        track_log_console(run, &err) != TRACK_OK) {
        fprintf(stderr, "%s\n", err.message);
        return 1;
    }
    printf("loss %g\n", 0.5);
    fprintf(stderr, "a warning\n");
    if (argc > 1) {
        fflush(stdout);
        raise(SIGKILL);
    }
    printf("no end");
    track_finish_run(&run, TRACK_FINISHED, NULL);
    printf("\nafter\n");
    return 0;
}
