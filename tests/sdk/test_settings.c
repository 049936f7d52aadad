/* Settings come from where they should, say so, and a project's file sets only what harms nobody.
 */
#include "../../sdk/settings.h"
#include "../harness.h"
#include "folder.h"

#include <sys/stat.h>

/* A home, and a project below it as working directory; both removed at the end. */
struct place {
    struct folder home;
    char before[4096];
};

static void place_leave(struct place *p)
{
    if (p->before[0] && chdir(p->before) != 0) {
        p->before[0] = '\0';
    }
    folder_remove(&p->home);
    unsetenv("XDG_CONFIG_HOME");
    unsetenv("XDG_STATE_HOME");
    unsetenv("TRACK_URL");
    unsetenv("TRACK_MODE");
}
#define AUTO_PLACE __attribute__((cleanup(place_leave))) struct place

static bool place_enter(struct place *p, const char *project, const char *user)
{
    if (!getcwd(p->before, sizeof(p->before)) || !folder_make(&p->home)) {
        return false;
    }
    setenv("XDG_CONFIG_HOME", p->home.path, 1);
    setenv("XDG_STATE_HOME", p->home.path, 1);
    mkdirat(p->home.dir, "work", 0700);
    mkdirat(p->home.dir, "work/.track", 0700);
    mkdirat(p->home.dir, "work/sub", 0700);
    mkdirat(p->home.dir, "track", 0700);
    bool made = (!project || folder_write(&p->home, "work/.track/config", project)) &&
                (!user || folder_write(&p->home, "track/config", user));
    char path[128];
    snprintf(path, sizeof(path), "%s/work/sub", p->home.path);
    return made && chdir(path) == 0;
}

static track_status read_all(const char *const *options, struct settings *s, track_error *err)
{
    *s = (struct settings){0};
    return settings_read(options, s, err);
}

TEST(settings, option_then_environment_then_project_then_user_then_default)
{
    AUTO_PLACE p = {.home = {.dir = -1}};
    CHECK(place_enter(&p, "url = http://project:1\nproject = theirs\nmode = offline\n",
                      "url = http://user:1\ntimeout = 7\nmode = off\n"));
    const char *options[SETTING_COUNT] = {[SETTING_PROJECT] = "mine"};
    struct settings s;
    setenv("TRACK_URL", "http://environment:1/", 1);
    track_status status = read_all(options, &s, NULL);
    bool right = status == TRACK_OK && strcmp(s.url, "http://environment:1") == 0 &&
                 strcmp(s.origin[SETTING_URL], "environment") == 0 &&
                 strcmp(s.value[SETTING_PROJECT], "mine") == 0 &&
                 strcmp(s.origin[SETTING_PROJECT], "option") == 0 && s.mode == MODE_OFFLINE &&
                 strstr(s.origin[SETTING_MODE], "/work/.track/config") && s.timeout_ms == 7000 &&
                 strstr(s.origin[SETTING_TIMEOUT], "/track/config") && !s.quiet &&
                 strcmp(s.origin[SETTING_QUIET], "default") == 0;
    settings_release(&s);
    CHECK(right);
}

TEST(settings, default_project_is_the_working_directory)
{
    AUTO_PLACE p = {.home = {.dir = -1}};
    CHECK(place_enter(&p, NULL, NULL));
    struct settings s;
    track_status status = read_all(NULL, &s, NULL);
    char spool[128];
    snprintf(spool, sizeof(spool), "%s/track/spool", p.home.path);
    bool right = status == TRACK_OK && strcmp(s.value[SETTING_PROJECT], "sub") == 0 &&
                 strcmp(s.value[SETTING_SPOOL], spool) == 0 &&
                 strcmp(s.url, "http://127.0.0.1:8080") == 0 && s.mode == MODE_ONLINE;
    settings_release(&s);
    CHECK(right);
}

TEST(settings, a_project_names_neither_spool_nor_variables_to_record)
{
    static const char *const hostile[] = {"spool = /tmp/theirs\n",
                                          "[capture]\nenv_allow = AWS_SECRET_ACCESS_KEY\n"};
    for (size_t i = 0; i < 2; i++) {
        AUTO_PLACE p = {.home = {.dir = -1}};
        CHECK(place_enter(&p, hostile[i], NULL));
        struct settings s;
        track_error err = {0};
        track_status status = read_all(NULL, &s, &err);
        settings_release(&s);
        CHECK(status == TRACK_INVALID);
        CHECK(strstr(err.message, "may not be set by a project"));
    }
}

TEST(settings, a_search_for_the_project_ends_at_the_repository)
{
    AUTO_PLACE p = {.home = {.dir = -1}};
    CHECK(place_enter(&p, "project = above\n", NULL));
    mkdirat(p.home.dir, "work/sub/.git", 0700);
    struct settings s;
    track_status status = read_all(NULL, &s, NULL);
    bool right = status == TRACK_OK && strcmp(s.value[SETTING_PROJECT], "sub") == 0;
    settings_release(&s);
    CHECK(right);
}

TEST(settings, what_is_wrong_is_named)
{
    static const struct {
        const char *variable, *value, *says;
    } bad[] = {{"TRACK_URL", "ftp://x", "url"},
               {"TRACK_URL", "http://me:word@x", "url"},
               {"TRACK_MODE", "sometimes", "online, offline or off"}};
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        AUTO_PLACE p = {.home = {.dir = -1}};
        CHECK(place_enter(&p, NULL, NULL));
        struct settings s;
        track_error err = {0};
        setenv(bad[i].variable, bad[i].value, 1);
        track_status status = read_all(NULL, &s, &err);
        settings_release(&s);
        CHECK(status == TRACK_INVALID);
        CHECK(strstr(err.message, bad[i].says) && strstr(err.message, "environment"));
    }
}

TEST(settings, an_unknown_key_is_named_with_its_line)
{
    AUTO_PLACE p = {.home = {.dir = -1}};
    CHECK(place_enter(&p, NULL, "\nurll = http://x\n"));
    struct settings s;
    track_error err = {0};
    track_status status = read_all(NULL, &s, &err);
    settings_release(&s);
    CHECK(status == TRACK_INVALID);
    CHECK(strstr(err.message, "config:2") && strstr(err.message, "'urll'"));
}
