/* track completion, __complete: what may stand for the last word. */
#include "runs.h"

#include <string.h>

enum { REQUEST_MS = 100 }; /* at most two are made */

/* Scripts ask `track __complete` with the words of the line, which answers from the table and, for
 * runs and metrics, from the server. */
static const char bash_script[] = "_track() {\n"
                                  "    local line words=(\"${COMP_WORDS[@]:1:COMP_CWORD}\")\n"
                                  "    COMPREPLY=()\n"
                                  "    while IFS=$'\\t' read -r line _; do\n"
                                  "        COMPREPLY+=(\"$line\")\n"
                                  "    done < <(track __complete \"${words[@]}\" 2>/dev/null)\n"
                                  "    [[ ${#COMPREPLY[@]} -gt 0 ]] || compopt -o default\n"
                                  "}\n"
                                  "complete -F _track track\n";
static const char zsh_script[] =
    "#compdef track\n"
    "_track() {\n"
    "    local -a found\n"
    "    local line word text\n"
    "    while IFS=$'\\t' read -r word text; do\n"
    "        found+=(\"${word//:/\\\\:}:$text\")\n"
    "    done < <(track __complete \"${(@)words[2,CURRENT]}\" 2>/dev/null)\n"
    "    if (( $#found )); then _describe track found; else _files; fi\n"
    "}\n"
    "compdef _track track\n";
static const char fish_script[] = "function __track_complete\n"
                                  "    set -l words (commandline -opc) (commandline -ct)\n"
                                  "    track __complete $words[2..-1] 2>/dev/null\n"
                                  "end\n"
                                  "complete -c track -a '(__track_complete)'\n";

track_status cmd_completion(struct cmd *c, track_error *err)
{
    static const struct column columns[] = {{"shell", "SHELL", COLUMN_ID}, {"script", "SCRIPT", 0}};
    static const struct table_spec spec = {"completion", "completion", columns, 2};
    static const char *const shells[] = {"bash", "zsh", "fish"};
    static const char *const scripts[] = {bash_script, zsh_script, fish_script};
    const char *shell = c->args->operands[0];
    for (size_t i = 0; i < 3; i++) {
        if (strcmp(shell, shells[i]) != 0) {
            continue;
        }
        struct cell cells[] = {CELL(CELL_TEXT, text, shell), CELL(CELL_TEXT, text, scripts[i])};
        if (c->print->mode == PRINT_JSON || c->print->mode == PRINT_JSONL) {
            return print_record(c->print, c->arena, &spec, cells, err);
        }
        fputs(scripts[i], c->print->out);
        return print_end(c->print, err);
    }
    return FAIL(err, TRACK_INVALID, "completion: the shell is bash, zsh or fish, not \"%.40s\"",
                shell);
}

/* The line so far: the last word is being written. */
struct line {
    struct cmd *c;
    const struct command *command;
    const char *word;
    size_t operands; /* that stand before the word */
};

static void offer(const struct line *l, const char *candidate, const char *text)
{
    if (strncmp(candidate, l->word, strlen(l->word)) == 0) {
        fprintf(l->c->print->out, "%s\t%s\n", candidate, text);
    }
}

/* Text of others: no line of it may look like two. */
static bool is_one_line(const char *text)
{
    return !text[strcspn(text, "\t\r\n\033")];
}

static track_status offer_run(struct cmd *c, const struct json *run, void *data, track_error *err)
{
    const char *name = runs_text(run, "name");
    (void)c;
    (void)err;
    if (is_one_line(name)) {
        offer(data, runs_short_id(runs_text(run, "id")), name);
    }
    return TRACK_OK;
}

static void offer_runs(const struct line *l)
{
    struct runs_query q = {.limit = 50};
    struct line copy = *l;
    offer(l, "latest", "the newest run");
    if (api_get_project_ref(l->c, &q.project, NULL) == TRACK_OK) {
        (void)runs_list(l->c, &q, offer_run, &copy, NULL, NULL);
    }
}

static void offer_names(const struct line *l, const char *path, const char *list,
                        const char *member)
{
    const struct json *reply, *names;
    if (!path || api_get(l->c, path, &reply, NULL) != TRACK_OK ||
        json_need_array(reply, list, &names, NULL) != TRACK_OK) {
        return;
    }
    for (uint32_t i = 0; i < names->count; i++) {
        const char *name = runs_text(&names->items[i], member);
        if (is_one_line(name)) {
            offer(l, name, "");
        }
    }
}

static void offer_metrics(const struct line *l)
{
    const char *project, *word = api_encode(l->c, l->word);
    if (word && api_get_project_ref(l->c, &project, NULL) == TRACK_OK && project) {
        offer_names(l,
                    api_path(l->c, "/api/v1/projects/%s/keys?kind=metric&limit=50&prefix=%s",
                             project, word),
                    "keys", "key");
    }
}

/* Offers what `values` of a row says: words of a list, or things of the server. */
static void offer_values(const struct line *l, const char *values)
{
    char one[64];
    for (const char *at = values; at && strchr(values, '|') && *at; at += strspn(at, "|")) {
        size_t size = strcspn(at, "|");
        snprintf(one, sizeof(one), "%.*s", (int)size, at);
        offer(l, one, "");
        at += size;
    }
    if (values && strcmp(values, "@run") == 0) {
        offer_runs(l);
    } else if (values && strcmp(values, "@metric") == 0) {
        offer_metrics(l);
    } else if (values && strcmp(values, "@project") == 0) {
        offer_names(l, "/api/v1/projects?limit=50", "projects", "name");
    } else if (values && strcmp(values, "@command") == 0) {
        for (const struct command *row = command_table; row->name; row++) {
            if (!(row->flags & COMMAND_HIDDEN)) {
                offer(l, row->name, row->summary);
            }
        }
    }
}

/* The n-th word of the command's `operands`; the last one repeats. */
static void offer_operand(const struct line *l)
{
    const char *at = l->command->operands;
    char one[64] = "";
    for (size_t i = 0; i <= l->operands; i++) {
        size_t size = strcspn(at, " ");
        if (size > 0) {
            snprintf(one, sizeof(one), "%.*s", (int)size, at);
        }
        at += size + (at[size] == ' ');
    }
    offer_values(l, one);
}

static void offer_options(const struct line *l)
{
    const struct option_row *row;
    for (size_t i = 0; (row = option_at(l->command, i)); i++) {
        char name[64];
        snprintf(name, sizeof(name), "--%s", row->name);
        offer(l, name, row->text);
    }
}

/* The option whose argument is the word, if the word before says so. */
static const struct option_row *pending(const struct command *command, const char *before)
{
    const struct option_row *row = NULL;
    if (strncmp(before, "--", 2) == 0) {
        row = option_find(command, before + 2);
    } else if (before[0] == '-' && before[1] && !before[2]) {
        const struct option_row *one;
        for (size_t i = 0; (one = option_at(command, i)); i++) {
            row = one->letter == before[1] ? one : row;
        }
    }
    return row && row->argument ? row : NULL;
}

track_status cmd_complete(struct cmd *c, track_error *err)
{
    c->timeout_ms = REQUEST_MS;
    const char *const *words = c->args->operands;
    size_t count = c->args->operand_count;
    struct line l = {.c = c, .word = count ? words[count - 1] : ""};
    if (count < 2) {
        offer_values(&l, "@command");
        return print_end(c->print, err);
    }
    l.command = command_find(words[0]);
    if (!l.command) {
        return TRACK_OK;
    }
    for (size_t i = 1; i + 1 < count; i++) {
        l.operands += words[i][0] != '-' && !pending(l.command, words[i - 1]);
    }
    const struct option_row *row = pending(l.command, words[count - 2]);
    if (row) {
        offer_values(&l, row->values);
    } else if (l.word[0] == '-') {
        offer_options(&l);
    } else {
        offer_operand(&l);
    }
    return print_end(c->print, err);
}
