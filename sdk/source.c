#include "source.h"

#include "../core/fail.h"
#include "moment.h"
#include "redact.h"

#include <git2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

enum {
    SOURCE_EXCLUDED_BYTES = 64 * 1024,
    SOURCE_TRIES = 4,   /* a file may change between its two readings by libgit2 */
    SOURCE_STILL_S = 5, /* in later tries an untracked file must have been left alone so long */
};

/* What is being read. */
struct source {
    git_repository *repo;
    git_tree *tree; /* of HEAD; NULL before the first commit */
    git_diff *diff;
    const struct source_limits *limits;
    uint64_t taken; /* bytes of untracked files */
    struct buf excluded;
    size_t excluded_count;
    bool late;
    int try; /* from 0 */
};

static void source_release(struct source *s)
{
    git_diff_free(s->diff);
    git_tree_free(s->tree);
    git_repository_free(s->repo);
    buf_release(&s->excluded);
    git_libgit2_shutdown();
}

static track_status source_fail(const struct source *s, int code, track_error *err)
{
    const git_error *e = git_error_last();
    const char *message = e && e->message ? e->message : "libgit2 says no more";
    if (s->late || code == GIT_EUSER) {
        return FAIL(err, TRACK_TIMEOUT, "the work tree was not read in time");
    }
    return FAIL(err, code == GIT_ENOTFOUND ? TRACK_NOT_FOUND : TRACK_UNSUPPORTED, "%.200s",
                message);
}

static bool source_is_late(struct source *s)
{
    s->late |= (s->limits->until_ms && moment_tick_ms() > s->limits->until_ms) ||
               (s->limits->stop && atomic_load(s->limits->stop));
    return s->late;
}

/* Something may be writing this untracked file: libgit2 gives up where size and bytes differ. */
static bool source_is_moving(const struct source *s, const struct stat *st)
{
    return s->try > 0 && st->st_mtime > time(NULL) - SOURCE_STILL_S;
}

/* Decides about each file: 0 takes it, 1 leaves it out, less ends the diff. */
static int source_notify(const git_diff *diff, const git_diff_delta *delta, const char *spec,
                         void *data)
{
    struct source *s = data;
    (void)diff;
    (void)spec;
    if (source_is_late(s)) {
        return GIT_EUSER;
    }
    if (delta->status != GIT_DELTA_UNTRACKED) {
        return 0;
    }
    char path[4096];
    struct stat st = {0};
    snprintf(path, sizeof(path), "%s%s", git_repository_workdir(s->repo), delta->new_file.path);
    uint64_t size = lstat(path, &st) == 0 ? (uint64_t)st.st_size : 0;
    if (size <= s->limits->untracked_max && s->taken + size <= s->limits->total_max &&
        !source_is_moving(s, &st)) {
        s->taken += size;
        return 0;
    }
    s->excluded_count++;
    buf_text(&s->excluded, delta->new_file.path);
    buf_text(&s->excluded, "\n");
    return 1;
}

static int source_progress(const git_diff *diff, const char *old_path, const char *new_path,
                           void *data)
{
    (void)diff;
    (void)old_path;
    (void)new_path;
    return source_is_late(data) ? GIT_EUSER : 0;
}

static int source_diff(struct source *s)
{
    git_diff_options o;
    git_diff_options_init(&o, GIT_DIFF_OPTIONS_VERSION);
    o.flags = GIT_DIFF_INCLUDE_UNTRACKED | GIT_DIFF_RECURSE_UNTRACKED_DIRS |
              GIT_DIFF_SHOW_UNTRACKED_CONTENT | GIT_DIFF_SHOW_BINARY | GIT_DIFF_INCLUDE_TYPECHANGE;
    o.id_abbrev = 40;
    o.notify_cb = source_notify;
    o.progress_cb = source_progress;
    o.payload = s;
    return git_diff_tree_to_workdir_with_index(&s->diff, s->repo, s->tree, &o);
}

/* A copy that track_close_source frees. */
static char *source_copy(const char *text, size_t size)
{
    char *out = malloc(size + 1);
    if (out) {
        if (size > 0) {
            memcpy(out, text, size);
        }
        out[size] = '\0';
    }
    return out;
}

static int source_take_head(struct source *s, track_source *out)
{
    git_reference *head = NULL;
    git_object *tree = NULL;
    git_oid id;
    char commit[GIT_OID_HEXSZ + 1] = "";
    const char *branch = "";
    int code = git_repository_head(&head, s->repo);
    if (code == GIT_EUNBORNBRANCH || code == GIT_ENOTFOUND) {
        code = 0;
    } else if (code == 0 && (code = git_reference_name_to_id(&id, s->repo, "HEAD")) == 0) {
        git_oid_tostr(commit, sizeof(commit), &id);
        branch = git_reference_is_branch(head) ? git_reference_shorthand(head) : "";
        code = git_revparse_single(&tree, s->repo, "HEAD^{tree}");
        s->tree = (git_tree *)tree;
    }
    out->commit = source_copy(commit, strlen(commit));
    out->branch = source_copy(branch, strlen(branch));
    git_reference_free(head);
    return code;
}

/* Not by git_remote_lookup, which leaks a match for each line of the configuration (libgit2 1.5).
 */
static void source_take_remote(struct source *s, track_source *out)
{
    git_config *all = NULL, *config = NULL;
    const char *found = NULL;
    AUTO_BUF url = BUF(8192);
    if (git_repository_config(&all, s->repo) == 0 && git_config_snapshot(&config, all) == 0 &&
        git_config_get_string(&found, config, "remote.origin.url") == 0) {
        redact_put_url(&url, found);
    }
    out->remote = source_copy((const char *)url.at, url.size);
    git_config_free(config);
    git_config_free(all);
}

/* One try at the differences and their text; what a failed one left is taken back. */
static int source_try_patch(struct source *s, git_buf *text)
{
    git_diff_free(s->diff);
    s->diff = NULL;
    buf_release(&s->excluded);
    s->excluded = (struct buf)BUF(SOURCE_EXCLUDED_BYTES);
    s->excluded_count = 0;
    s->taken = 0;
    int code = source_diff(s);
    if (code == 0 && git_diff_num_deltas(s->diff) > 0) {
        code = git_diff_to_buf(text, s->diff, GIT_DIFF_FORMAT_PATCH);
    }
    return code;
}

static int source_take_patch(struct source *s, track_source *out)
{
    git_buf text = GIT_BUF_INIT;
    int code = source_try_patch(s, &text);
    for (s->try = 1; code != 0 && !s->late && s->try < SOURCE_TRIES; s->try++) {
        git_buf_dispose(&text);
        code = source_try_patch(s, &text);
    }
    out->changed_count = (code == 0 ? git_diff_num_deltas(s->diff) : 0) + s->excluded_count;
    out->excluded_count = s->excluded_count;
    out->excluded = source_copy((const char *)s->excluded.at, s->excluded.size);
    out->patch = source_copy(text.ptr, text.size);
    out->patch_size = text.size;
    git_buf_dispose(&text);
    return code;
}

track_status source_read(const char *path, const struct source_limits *limits, track_source *out,
                         track_error *err)
{
    struct source s = {.limits = limits, .excluded = BUF(SOURCE_EXCLUDED_BYTES)};
    track_source got = {0};
    git_libgit2_init();
    /* Whose the files are does not matter to somebody who only reads. */
    git_libgit2_opts(GIT_OPT_SET_OWNER_VALIDATION, 0);
    int code = git_repository_open_ext(&s.repo, path ? path : ".", 0, NULL);
    git_libgit2_opts(GIT_OPT_SET_OWNER_VALIDATION, 1);
    if (code == 0 && !git_repository_workdir(s.repo)) {
        source_release(&s);
        return FAIL(err, TRACK_NOT_FOUND, "a bare repository has no work tree");
    }
    if (code == 0) {
        got.root =
            source_copy(git_repository_workdir(s.repo), strlen(git_repository_workdir(s.repo)));
        source_take_remote(&s, &got);
        code = source_take_head(&s, &got);
    }
    if (code == 0) {
        code = source_take_patch(&s, &got);
    }
    bool whole = got.root && got.commit && got.branch && got.remote && got.patch && got.excluded;
    track_status status = code != 0 ? source_fail(&s, code, err)
                          : whole   ? TRACK_OK
                                    : FAIL(err, TRACK_NOMEM, "no memory for the state of the code");
    source_release(&s);
    if (status != TRACK_OK) {
        track_close_source(&got);
        return status;
    }
    *out = got;
    return TRACK_OK;
}

track_status track_get_source(const char *path, track_source *out, track_error *err)
{
    struct source_limits limits = {10 << 20, 50 << 20, 0, NULL};
    if (!out) {
        return FAIL(err, TRACK_INVALID, "out is NULL");
    }
    return source_read(path, &limits, out, err);
}

void track_close_source(track_source *source)
{
    if (!source) {
        return;
    }
    free(source->root);
    free(source->commit);
    free(source->branch);
    free(source->remote);
    free(source->patch);
    free(source->excluded);
    *source = (track_source){0};
}
