#include "options.h"

#include "../core/name.h"
#include "cmd.h"

#include <string.h>

const struct exit_row exit_table[] = {
    {0, "ok", "done"},
    {1, "fail", "failed, for none of the other reasons"},
    {2, "usage", "wrong usage: an unknown word, a value out of range, a faulty filter"},
    {3, "partly", "partly done: some items failed, each is named"},
    {4, "denied", "not allowed"},
    {5, "missing", "no such run, project, series or file"},
    {6, "conflict", "what is there already does not allow it"},
    {7, "network", "the server could not be reached, or a time limit passed"},
    {8, "damaged", "the bytes do not have the digest they should have"},
    {9, "full", "no space left, here or on the server"},
    {12, "unbuilt", "a library it needs is missing"},
    {125, "launcher", "the launcher itself failed; the command was not started"},
    {126, "noexec", "the command was found but cannot be executed"},
    {127, "nocmd", "the command was not found"},
    {128, "signal", "128 + N: ended by signal N, as 130 after Ctrl-C and 143 after SIGTERM"},
    {0, NULL, NULL},
};

const struct variable_row variable_table[] = {
    {"TRACK_URL", "server; by default http://127.0.0.1:8080"},
    {"TRACK_PROJECT", "project; by default the name of the working directory"},
    {"TRACK_SPOOL", "folder of the local spool; by default $XDG_STATE_HOME/track/spool"},
    {"TRACK_MODE", "online, offline (everything stays in the spool) or off"},
    {"TRACK_TIMEOUT", "seconds a request may take; by default 30"},
    {"TRACK_RUN_ID", "join this run instead of starting one; set by `track run` for its command"},
    {"TRACK_QUIET", "1: programs that use the library print nothing"},
    {"TRACK_PROGRESS_FPS", "redraws of a progress line a second; by default 10"},
    {"NO_COLOR", "when not empty: no colour; so does TERM=dumb"},
    {"CLICOLOR_FORCE", "when set and not 0: colour even when the output is no terminal"},
    {NULL, NULL},
};

const struct option_row global_options[] = {
    {"url", 0, "URL", NULL, "http://127.0.0.1:8080", "url", "server to talk to"},
    {"project", 'p', "NAME", "@project", "name of the working directory", "project",
     "project to work in"},
    {"json", 0, NULL, NULL, NULL, NULL, "print one JSON document; errors are JSON on stderr"},
    {"jsonl", 0, NULL, NULL, NULL, NULL, "print one JSON document a line"},
    {"fields", 0, "A,B", NULL, "all", NULL, "print only these fields, in this order"},
    {"quiet", 'q', NULL, NULL, NULL, NULL, "print ids only, and no progress"},
    {"color", 0, "WHEN", "auto|always|never", "auto", NULL, "colour: auto, always or never"},
    {"no-progress", 0, NULL, NULL, NULL, NULL, "print no progress"},
    {"timeout", 0, "SECONDS", NULL, "30", "timeout", "time a request may take"},
    {"yes", 'y', NULL, NULL, NULL, NULL, "do not ask"},
    {"verbose", 'v', NULL, NULL, NULL, NULL, "say more on stderr"},
    {"help", 'h', NULL, NULL, NULL, NULL, "print this help"},
    {0},
};

#define REFERENCES                                                                               \
    "A run is named by the last (or first) digits of its id, at least six of them, by its "      \
    "whole id, by latest, latest~1, latest~2 and so on, by best:KEY:min or best:KEY:max, or by " \
    "its address in the web pages."
#define FILTERS                                                                        \
    "FILTER is the language of the web pages: status:running, params.lr>=1e-4, "       \
    "min(val/loss)<0.3, "                                                              \
    "tag:baseline, name~'resnet.*', created>-7d, joined by blanks (and), OR, NOT and " \
    "parentheses."

const struct command command_table[] = {
    {"run",
     "[--] COMMAND [ARG]...",
     "run a command and track it",
     "Starts COMMAND and records it as a run: code, command line, host, console output, exit "
     "code and the system metrics of the machine. Programs that use libtrack join the run by "
     "themselves. What the command prints passes through byte for byte, signals reach it, and "
     "the exit code is its own. Nothing that happens to the server changes that: what cannot "
     "be sent stays in the spool.\n\n"
     "With --metric-regex metrics are read from the lines that the command prints: each named "
     "group of the expression (PCRE2) is a metric, and a group named step gives the step; "
     "without one, each metric counts its own lines.",
     "@command",
     0,
     -1,
     COMMAND_FOREIGN,
     {{"name", 0, "NAME", NULL, "two random words", NULL, "name of the run"},
      {"kind", 0, "KIND", "train|eval|transform|build", "train", NULL,
       "what the run is: train, eval, transform or build"},
      {"tag", 0, "K[=V]", NULL, NULL, NULL, "set a tag; may be repeated"},
      {"param", 0, "K=V", NULL, NULL, NULL, "set a parameter; may be repeated"},
      {"input", 0, "[NAME=]PATH", "@file", NULL, NULL,
       "record a file that the run reads, with its digest; may be repeated"},
      {"output", 0, "[NAME=]PATH", "@file", NULL, NULL,
       "upload a file or directory when the command has ended; may be repeated"},
      {"metric-regex", 0, "RE", NULL, NULL, NULL,
       "log metrics from printed lines; may be repeated"},
      {"parent", 0, "RUN", "@run", NULL, NULL, "run that this one belongs to"},
      {"log", 0, "MODE", "pty|file|off", "pty on a terminal, else file", NULL,
       "how output is captured: pty, file or off"},
      {"log-raw", 0, NULL, NULL, NULL, NULL, "keep every text that a carriage return rewrites"},
      {"no-git", 0, NULL, NULL, NULL, NULL, "do not record the state of the code"},
      {"no-agent", 0, NULL, NULL, NULL, NULL, "do not sample the machine"},
      {"drain", 0, "TIME", NULL, "10s, 3s after SIGTERM", NULL,
       "wait so long for the server when the command has ended"},
      {"new-id", 0, NULL, NULL, NULL, NULL,
       "print a new run id and exit, for TRACK_RUN_ID in batch scripts"},
      {"stop-signal", 0, "SIGNAL", NULL, "TERM", NULL,
       "signal sent when somebody asks the run to stop; 0 for none"},
      {"kill-tree", 0, NULL, NULL, NULL, NULL,
       "when the command has ended, end the processes it left behind"}},
     {{"track run -- python train.py --lr 3e-4", "Track a program as it is."},
      {"track run --metric-regex 'loss=(?<loss>\\S+)' -- ./train",
       "Draw a curve from what it prints."},
      {"track run --input data.bin --output ckpt/ --tag baseline -- ./train",
       "Record an input, keep the outputs, set a tag."},
      {"export TRACK_RUN_ID=$(track run --new-id)", "One run for many launchers of a batch job."}},
     "ok fail usage launcher noexec nocmd signal",
     cmd_run},

    {"log",
     "RUN [KEY=VALUE]...",
     "log metrics from the shell",
     "Logs one value for each KEY. With --stdin each line is KEY VALUE [STEP [TIME]], where "
     "TIME is in seconds since 1970, or a JSON object {\"key\":…, \"value\":…, "
     "\"step\":…, \"time_us\":…}. A line that is neither is named and left out (exit code "
     "3).\n\n" REFERENCES,
     "@run @metric",
     1,
     -1,
     0,
     {{"step", 0, "N", NULL, "one more than the last", NULL, "step of the values"},
      {"stdin", 0, NULL, NULL, NULL, NULL, "read lines from standard input"}},
     {{"track log 6b7c8d9e val/loss=0.31 --step 1200", "Add one point."},
      {"awk '{print \"loss\", $2, $1}' old.log | track log latest --stdin", "Add many."}},
     "ok usage partly missing conflict network",
     cmd_log},

    {"ls",
     "[runs|projects|metrics] [FILTER]",
     "list runs, projects or metrics",
     "Without a noun: the runs of the project, newest first. `track ls metrics RUN` lists the "
     "series of a run, `track ls projects` the projects.\n\n"
     "A column of --cols is an attribute of a run (id name status started ended duration user "
     "host tags), a parameter, a metric (its last value), or a metric with :best, :min, :max, "
     ":first or :last.\n\n" FILTERS,
     "runs|projects|metrics @filter",
     0,
     2,
     0,
     {{"sort", 0, "KEY[:asc|:desc]", NULL, "created:desc", NULL,
       "order: an attribute, a parameter, a metric or a function as best(val/loss)"},
      {"cols", 0, "A,B", "@metric", "name,status,started,duration", NULL, "columns after the id"},
      {"limit", 'n', "N", NULL, "50", NULL, "print at most N rows; 0 for all"},
      {"all-projects", 0, NULL, NULL, NULL, NULL, "runs of every project"},
      {"deleted", 0, NULL, NULL, NULL, NULL, "list what lies in the trash"}},
     {{"track ls 'status:running'", "What is running now."},
      {"track ls 'status:finished min(val/loss)<0.3' --sort 'best(val/loss)' --cols "
       "name,val/loss:best,lr",
       "The good ones, best first."},
      {"track ls -q 'status:failed' | xargs track rm --yes", "Ids for another command."},
      {"track ls metrics latest", "The series of the latest run."}},
     "ok usage missing network",
     cmd_ls},

    {"show",
     "RUN",
     "print everything about one run",
     "Prints attributes, parameters, tags, last and best values, files and alerts of a "
     "run.\n\n" REFERENCES,
     "@run",
     1,
     1,
     0,
     {{0}},
     {{"track show latest", "The newest run."},
      {"track show best:val/loss:min --json", "The best one, for a script."}},
     "ok usage missing network",
     cmd_show},

    {"logs",
     "RUN",
     "print or follow the console output of a run",
     "Prints the lines that the run's processes wrote, oldest first. With --follow it goes on "
     "until the run has ended, across lost connections. Control characters are shown escaped "
     "on a terminal; --raw passes them on.\n\n" REFERENCES,
     "@run",
     1,
     1,
     0,
     {{"follow", 'f', NULL, NULL, NULL, NULL, "go on until the run has ended"},
      {"lines", 'n', "N", NULL, "all", NULL, "begin with the last N lines"},
      {"rank", 0, "R", NULL, "all", NULL, "lines of this rank only"},
      {"stream", 0, "S", "out|err", "both", NULL, "lines of one stream only: out or err"},
      {"since", 0, "TIME", NULL, NULL, NULL, "lines of the last TIME only, as 90s, 5m, 2h or 1d"},
      {"grep", 0, "RE", NULL, NULL, NULL, "lines that match the expression (PCRE2) only"},
      {"times", 0, NULL, NULL, NULL, NULL, "begin each line with its time"},
      {"raw", 0, NULL, NULL, NULL, NULL, "pass control characters on"}},
     {{"track logs -f latest", "Watch the latest run."},
      {"track logs 6b7c8d9e --grep 'loss=nan' --times", "Find the moment."}},
     "ok usage missing network",
     cmd_logs},

    {"plot",
     "RUN... KEY...",
     "draw metrics in the terminal",
     "Draws the series of the runs over each other, one colour a line. Words that name a run "
     "are runs, the others are metrics; a word of both kinds is a run. Off a terminal it "
     "prints the points of the drawn bins.\n\n" REFERENCES,
     "@run @metric",
     2,
     -1,
     0,
     {{"log", 0, NULL, NULL, NULL, NULL, "logarithmic values"},
      {"x", 0, "AXIS", "step|relative|time", "step", NULL,
       "horizontal axis: step, relative or time"},
      {"over", 0, "KEY", NULL, NULL, NULL, "another metric of the run as horizontal axis"},
      {"smooth", 0, "A", NULL, "0", NULL, "exponential smoothing of all points, weight 0 to 0.999"},
      {"height", 0, "ROWS", NULL, "20", NULL, "height of the chart"}},
     {{"track plot latest train/loss val/loss", "Two curves of one run."},
      {"track plot latest latest~1 val/loss --log", "One curve of two runs."}},
     "ok usage missing network",
     cmd_plot},

    {"best",
     "KEY [FILTER]",
     "print the runs with the best value of a metric",
     "Best is by the goal of the metric (its definition), or as --min or --max say. Prints the "
     "value and the step at which it was reached.\n\n" FILTERS,
     "@metric @filter",
     1,
     2,
     0,
     {{"max", 0, NULL, NULL, NULL, NULL, "greatest is best"},
      {"min", 0, NULL, NULL, NULL, NULL, "least is best"},
      {"limit", 'n', "N", NULL, "10", NULL, "print at most N runs"},
      {"all-projects", 0, NULL, NULL, NULL, NULL, "runs of every project"}},
     {{"track best val/loss", "The ten best runs."},
      {"track best val/accuracy --max 'tag:baseline' -n 1 -q",
       "The id of the best one with a tag."}},
     "ok usage missing network",
     cmd_best},

    {"sync",
     "[SPOOL]...",
     "send what is still in local spools",
     "Sends what programs logged while the server could not be reached, oldest first. A spool "
     "that a living process holds is left to it. A spool is deleted when the server says that "
     "it holds everything durably; what the server refuses is kept and named (exit code 3).",
     "@dir",
     0,
     -1,
     0,
     {{"keep", 0, NULL, NULL, NULL, NULL, "keep spools that were sent"},
      {"dry-run", 0, NULL, NULL, NULL, NULL, "only list what would be sent"}},
     {{"track sync", "Send everything."}, {"track sync --dry-run", "What is waiting?"}},
     "ok usage partly damaged network full",
     cmd_sync},

    {"finish",
     "RUN...",
     "end a run that has no process any more",
     "Ends runs whose process is gone, for instance because its machine died. A run that still "
     "has a living writer completes when that has closed or has been silent for five "
     "minutes.\n\n" REFERENCES,
     "@run",
     1,
     -1,
     0,
     {{"state", 0, "STATE", "finished|failed|stopped|preempted", "finished", NULL,
       "how it ended: finished, failed, stopped or preempted"}},
     {{"track finish 6b7c8d9e --state failed", "It crashed with its machine."},
      {"track ls -q 'status:unconfirmed' | xargs track finish --state failed",
       "All that were lost."}},
     "ok usage partly missing conflict network",
     cmd_finish},

    {"stop",
     "RUN...",
     "ask running programs to stop",
     "Asks the run to stop: programs see it in track_should_stop(), and `track run` sends its "
     "--stop-signal.\n\n" REFERENCES,
     "@run",
     1,
     -1,
     0,
     {{0}},
     {{"track stop latest", "Stop the newest run."},
      {"track ls -q 'status:running lr>0.01' | xargs track stop", "Stop all with a bad setting."}},
     "ok usage partly missing conflict network",
     cmd_stop},

    {"note",
     "RUN [TEXT|-]",
     "print or set the notes of a run",
     "Without TEXT prints the notes; with it replaces them, \"\" empties them; - reads "
     "standard input.\n\n" REFERENCES,
     "@run -",
     1,
     2,
     0,
     {{"append", 0, NULL, NULL, NULL, NULL, "add to what is there"}},
     {{"track note latest 'lr too high after step 900'", "Set the notes."},
      {"track note latest --append - < remarks.md", "Add the text of a file."}},
     "ok usage missing network",
     cmd_note},

    {"tag",
     "RUN [[+]K[=V] | -K]...",
     "print, set or remove tags of a run",
     "K or +K sets a tag without a value, K=V one with it, -K removes it. Without any prints "
     "the tags.\n\n" REFERENCES,
     "@run -",
     1,
     -1,
     COMMAND_MINUS,
     {{0}},
     {{"track tag latest baseline stage=final", "Set two."},
      {"track tag 6b7c8d9e -baseline", "Remove one."}},
     "ok usage missing network",
     cmd_tag},

    {"put",
     "PATH [NAME]",
     "upload a file or directory to a run",
     "Uploads PATH, and all files below it if it is a directory, as an output of the run, "
     "under NAME (by default the last part of PATH). Bytes that the server has already do not "
     "travel.\n\n" REFERENCES,
     "@file -",
     1,
     2,
     0,
     {{"run", 0, "RUN", "@run", "latest", NULL, "run that gets it"}},
     {{"track put ckpt/ model --run 6b7c8d9e", "Upload a directory."},
      {"track put report.html", "Upload a file to the latest run."}},
     "ok usage missing conflict network full",
     cmd_put},

    {"get",
     "RUN[/PATH] [DEST]",
     "download files of a run",
     "Downloads all files of the run, one of them, or all below a folder, into the directory "
     "DEST (by default the working directory). Each is written under another name, compared "
     "with its digest and then renamed. Nothing existing is replaced without --force, and "
     "nothing is written outside DEST.\n\n" REFERENCES,
     "@run @dir",
     1,
     2,
     0,
     {{"force", 0, NULL, NULL, NULL, NULL, "replace what is there"},
      {"list", 0, NULL, NULL, NULL, NULL, "only list the files"}},
     {{"track get latest/model/weights.bin", "One file, into the working directory."},
      {"track get best:val/loss:min results/", "Everything of the best run."}},
     "ok usage partly missing conflict network damaged full",
     cmd_get},

    {"export",
     "[FILTER]",
     "write runs and all their points to a file",
     "Writes every point of the runs that match, with exact values. csv has a line for each "
     "point (run, key, step, time_us, value); jsonl has also a line for each run with its "
     "parameters and tags.\n\n" FILTERS,
     "@filter",
     0,
     1,
     0,
     {{"format", 0, "F", "csv|jsonl", "by the name of the file, else csv", NULL, "csv or jsonl"},
      {"output", 'o', "PATH", "@file", "-", NULL, "file to write; - for standard output"},
      {"keys", 0, "A,B", "@metric", "all", NULL, "metrics to write"},
      {"all-projects", 0, NULL, NULL, NULL, NULL, "runs of every project"},
      {"force", 0, NULL, NULL, NULL, NULL, "replace the file if it exists"}},
     {{"track export 'tag:paper' -o paper.csv", "The runs of a paper."},
      {"track export 'status:finished' --format jsonl --keys val/loss | gzip > all.gz",
       "One metric of all runs."}},
     "ok fail usage partly missing conflict network full",
     cmd_export},

    {"rm",
     "RUN...",
     "move runs to the trash",
     "Moves runs to the trash, from which `track restore` takes them back. On a terminal it "
     "asks; elsewhere it needs --yes.\n\n" REFERENCES,
     "@run",
     1,
     -1,
     0,
     {{"dry-run", 0, NULL, NULL, NULL, NULL, "only list what would be moved"}},
     {{"track rm 6b7c8d9e", "One run."},
      {"track ls -q 'status:failed created<-30d' | xargs track rm --yes", "Old failures."}},
     "ok usage partly missing conflict network",
     cmd_rm},

    {"restore",
     "RUN...",
     "take runs back from the trash",
     "Takes runs back from the trash. `track ls --deleted` lists what lies there.\n\n" REFERENCES,
     "@run",
     1,
     -1,
     0,
     {{0}},
     {{"track restore 6b7c8d9e", "One run."},
      {"track ls --deleted -q | xargs track restore", "Everything."}},
     "ok usage partly missing network",
     cmd_restore},

    {"open",
     "[RUN]",
     "print the address of a run and open it in a browser",
     "Prints the address of the run's page, or of the project without RUN. On a terminal it "
     "also opens it in a browser (xdg-open).\n\n" REFERENCES,
     "@run",
     0,
     1,
     0,
     {{"print", 0, NULL, NULL, NULL, NULL, "only print it"}},
     {{"track open latest", "Look at the latest run."},
      {"xdg-open \"$(track open --print)\"", "The project, by hand."}},
     "ok usage missing network",
     cmd_open},

    {"status",
     "",
     "print the state of the server and of the local spool",
     "Prints the address and version of the server, whether it answers and how fast, the "
     "difference of the clocks, and what waits in the local spool.",
     "",
     0,
     0,
     0,
     {{0}},
     {{"track status", "Is everything well?"},
      {"track status --json | jq .server.reachable", "For a script."}},
     "ok usage network",
     cmd_status},

    {"config",
     "[KEY [VALUE]]",
     "print or set settings",
     "Prints every setting, one of them, or sets KEY in the user's file. What counts is, in "
     "this order: option, environment, project file (.track/config, found upwards from the "
     "working directory), user file ($XDG_CONFIG_HOME/track/config), built-in value.",
     "url|project|spool|mode|timeout -",
     0,
     2,
     0,
     {{"show-origin", 0, NULL, NULL, NULL, NULL, "print also where each value comes from"}},
     {{"track config --show-origin", "Why does it talk to that server?"},
      {"track config url http://gpu7:8080", "Use another server from now on."}},
     "ok usage missing",
     cmd_config},

    {"init",
     "[PROJECT]",
     "make a directory a project",
     "Writes .track/config in the working directory with the name of the project (by default "
     "that of the directory), and with the server when --url is given.",
     "-",
     0,
     1,
     0,
     {{"force", 0, NULL, NULL, NULL, NULL, "replace the file if it exists"}},
     {{"track init", "Runs started below this directory belong to one project."},
      {"track init cifar-sweep --url http://gpu7:8080", "With a name and a server."}},
     "ok fail usage conflict",
     cmd_init},

    {"agent",
     "",
     "sample this machine for the runs on it",
     "Samples processors, memory, disks, network, the runs' own processes and GPUs, and logs them "
     "to "
     "each run of this user on this machine. `track run` starts it when needed, in the background; "
     "it ends by itself when no run is left. Only one runs at a time.",
     "",
     0,
     0,
     0,
     {{"once", 0, NULL, NULL, NULL, NULL, "look once, print what can be read here, and exit"},
      {"foreground", 0, NULL, NULL, NULL, NULL, "stay in the foreground and say what happens"},
      {"idle", 0, "TIME", NULL, "60s", NULL, "stay so long without a run"}},
     {{"track agent --once", "What can be measured here?"},
      {"track agent --foreground", "Watch it work."}},
     "ok fail usage conflict",
     cmd_agent},

    {"agent-worker",
     "DESCRIPTOR",
     "read the devices for the sampler",
     "Started by `track agent`: talks to the drivers of GPUs in a process that may hang.",
     "-",
     1,
     1,
     COMMAND_HIDDEN,
     {{0}},
     {{"track agent-worker 3", "With shared memory behind descriptor 3."},
      {"track agent", "Starts one when it is needed."}},
     "ok fail unbuilt network",
     cmd_agent_worker},

    {"version",
     "",
     "print the version",
     "Prints the version of this program, and with --verbose also that of the server.",
     "",
     0,
     0,
     0,
     {{0}},
     {{"track version", "Which one is it?"}, {"track version --json", "For a script."}},
     "ok usage network",
     cmd_version},

    {"help",
     "[COMMAND]",
     "explain a command",
     "Prints the help of a command, as --help does after it, or the list of commands.",
     "@command",
     0,
     1,
     0,
     {{0}},
     {{"track help run", "Explain one."}, {"track help", "List all."}},
     "ok usage",
     cmd_help},

    {"man",
     "[DIR]",
     "write the manual pages",
     "Writes a page for `track` and one for each command into DIR, or with --markdown the "
     "whole reference to standard output.",
     "@dir",
     0,
     1,
     0,
     {{"markdown", 0, NULL, NULL, NULL, NULL, "print the reference as Markdown"}},
     {{"track man ~/.local/share/man/man1", "So that `man track-run` works."},
      {"track man --markdown > cli.md", "One page for a browser."}},
     "ok fail usage",
     cmd_man},

    {"completion",
     "bash|zsh|fish",
     "print the completion script of a shell",
     "Prints a script that makes the shell complete commands, options, runs and metrics. Runs "
     "and metrics are asked from the server for at most 0.2 seconds.",
     "bash|zsh|fish",
     1,
     1,
     0,
     {{0}},
     {{"source <(track completion bash)", "For this shell."},
      {"track completion fish > ~/.config/fish/completions/track.fish", "For every fish."}},
     "ok usage",
     cmd_completion},

    {"__complete",
     "[WORD]...",
     "print what may stand for the last word",
     "Called by the completion scripts with the words of the line so far; prints one candidate "
     "a line, a tab and what it is.",
     "-",
     0,
     -1,
     COMMAND_FOREIGN | COMMAND_HIDDEN,
     {{0}},
     {{"track __complete ls --so", "Prints --sort."},
      {"track __complete show ''", "Prints ids of runs."}},
     "ok",
     cmd_complete},

    {0},
};

const struct command *command_find(const char *name)
{
    for (const struct command *c = command_table; c->name; c++) {
        if (strcmp(c->name, name) == 0) {
            return c;
        }
    }
    return NULL;
}

const struct option_row *option_at(const struct command *command, size_t i)
{
    for (size_t own = 0; command && own < OPTIONS_MAX && command->options[own].name; own++) {
        if (i-- == 0) {
            return &command->options[own];
        }
    }
    for (const struct option_row *row = global_options; row->name; row++) {
        if (i-- == 0) {
            return row;
        }
    }
    return NULL;
}

const struct option_row *option_find(const struct command *command, const char *name)
{
    const struct option_row *row;
    for (size_t i = 0; (row = option_at(command, i)); i++) {
        if (strcmp(row->name, name) == 0) {
            return row;
        }
    }
    return NULL;
}

const char *command_suggest(const char *name)
{
    const char *names[64] = {0};
    size_t count = 0;
    for (const struct command *c = command_table; c->name && count < 63; c++) {
        if (!(c->flags & COMMAND_HIDDEN)) {
            names[count++] = c->name;
        }
    }
    return name_find_near(name, names);
}

const char *option_suggest(const struct command *command, const char *name)
{
    const char *names[OPTIONS_MAX + 32] = {0};
    const struct option_row *row;
    for (size_t i = 0; i < OPTIONS_MAX + 31 && (row = option_at(command, i)); i++) {
        names[i] = row->name;
    }
    return name_find_near(name, names);
}
