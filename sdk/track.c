#include "track.h"

#include "../core/fail.h"

track_run_options track_run_options_default(void)
{
    return (track_run_options){.size = sizeof(track_run_options)};
}

track_status track_start_run(track_client *client, const track_run_options *options,
                             track_run **out, track_error *err)
{
    (void)client;
    (void)options;
    (void)out;
    return FAIL(err, TRACK_UNSUPPORTED, "not in this build");
}

track_status track_log_metric(track_run *run, const char *name, int64_t step, double value)
{
    (void)run;
    (void)name;
    (void)step;
    (void)value;
    return TRACK_UNSUPPORTED;
}

track_status track_log_point(track_run *run, const char *name, int64_t step, int64_t time_us,
                             double value)
{
    (void)run;
    (void)name;
    (void)step;
    (void)time_us;
    (void)value;
    return TRACK_UNSUPPORTED;
}

track_status track_get_metric(track_run *run, const char *name, track_metric **out)
{
    (void)run;
    (void)name;
    (void)out;
    return TRACK_UNSUPPORTED;
}

track_status track_log_value(track_metric *metric, int64_t step, double value)
{
    (void)metric;
    (void)step;
    (void)value;
    return TRACK_UNSUPPORTED;
}

track_status track_log_row(track_run *run, int64_t step, const track_value *values, size_t count)
{
    (void)run;
    (void)step;
    (void)values;
    (void)count;
    return TRACK_UNSUPPORTED;
}

track_status track_flush_run(track_run *run, int64_t timeout_ms, track_error *err)
{
    (void)run;
    (void)timeout_ms;
    return FAIL(err, TRACK_UNSUPPORTED, "not in this build");
}

track_status track_finish_run(track_run **run, track_state state, track_error *err)
{
    (void)run;
    (void)state;
    return FAIL(err, TRACK_UNSUPPORTED, "not in this build");
}

track_status track_set_param(track_run *run, const char *key, const char *text)
{
    (void)run;
    (void)key;
    (void)text;
    return TRACK_UNSUPPORTED;
}

track_status track_set_param_number(track_run *run, const char *key, double number)
{
    (void)run;
    (void)key;
    (void)number;
    return TRACK_UNSUPPORTED;
}

track_status track_set_params_json(track_run *run, const char *json)
{
    (void)run;
    (void)json;
    return TRACK_UNSUPPORTED;
}

track_status track_set_tag(track_run *run, const char *key, const char *value)
{
    (void)run;
    (void)key;
    (void)value;
    return TRACK_UNSUPPORTED;
}

track_status track_set_note(track_run *run, const char *text)
{
    (void)run;
    (void)text;
    return TRACK_UNSUPPORTED;
}

track_status track_set_seed(track_run *run, const char *scope, uint64_t value)
{
    (void)run;
    (void)scope;
    (void)value;
    return TRACK_UNSUPPORTED;
}

track_status track_set_exit(track_run *run, int exit_code, int signal_number)
{
    (void)run;
    (void)exit_code;
    (void)signal_number;
    return TRACK_UNSUPPORTED;
}

track_metric_options track_metric_options_default(void)
{
    return (track_metric_options){.size = sizeof(track_metric_options)};
}

track_status track_define_metric(track_run *run, const char *key,
                                 const track_metric_options *options)
{
    (void)run;
    (void)key;
    (void)options;
    return TRACK_UNSUPPORTED;
}

track_status track_log_text(track_run *run, const char *key, int64_t step, const char *text)
{
    (void)run;
    (void)key;
    (void)step;
    (void)text;
    return TRACK_UNSUPPORTED;
}

track_status track_log_line(track_run *run, track_stream stream, const char *text, size_t size)
{
    (void)run;
    (void)stream;
    (void)text;
    (void)size;
    return TRACK_UNSUPPORTED;
}

track_status track_log_alert(track_run *run, track_level level, const char *title, const char *text)
{
    (void)run;
    (void)level;
    (void)title;
    (void)text;
    return TRACK_UNSUPPORTED;
}

bool track_should_stop(const track_run *run)
{
    (void)run;
    return false;
}

const char *track_get_run_id(const track_run *run)
{
    (void)run;
    return "";
}

const char *track_get_run_url(const track_run *run)
{
    (void)run;
    return "";
}

track_status track_get_run_errors(const track_run *run, track_run_errors *out)
{
    (void)run;
    (void)out;
    return TRACK_UNSUPPORTED;
}

track_status track_get_run_progress(const track_run *run, track_run_progress *out)
{
    (void)run;
    (void)out;
    return TRACK_UNSUPPORTED;
}

track_options track_options_default(void)
{
    return (track_options){.size = sizeof(track_options)};
}

track_status track_init(const track_options *options, track_client **out, track_error *err)
{
    (void)options;
    (void)out;
    return FAIL(err, TRACK_UNSUPPORTED, "not in this build");
}

void track_close(track_client **client)
{
    (void)client;
}

track_artifact_options track_artifact_options_default(void)
{
    return (track_artifact_options){.size = sizeof(track_artifact_options)};
}

track_status track_log_artifact(track_run *run, const char *name, const char *path,
                                const track_artifact_options *options, track_artifact_info *info,
                                track_error *err)
{
    (void)run;
    (void)name;
    (void)path;
    (void)options;
    (void)info;
    return FAIL(err, TRACK_UNSUPPORTED, "not in this build");
}

track_status track_use_artifact(track_run *run, const char *name, const char *path,
                                const track_artifact_options *options, track_artifact_info *info,
                                track_error *err)
{
    (void)run;
    (void)name;
    (void)path;
    (void)options;
    (void)info;
    return FAIL(err, TRACK_UNSUPPORTED, "not in this build");
}

track_status track_get_artifact(track_client *client, const char *run_id, const char *name,
                                const char *dest, track_artifact_info *info, track_error *err)
{
    (void)client;
    (void)run_id;
    (void)name;
    (void)dest;
    (void)info;
    return FAIL(err, TRACK_UNSUPPORTED, "not in this build");
}

track_runs_options track_runs_options_default(void)
{
    return (track_runs_options){.size = sizeof(track_runs_options)};
}

track_status track_get_runs(track_client *client, const track_runs_options *options,
                            track_run_sink *sink, void *data, track_error *err)
{
    (void)client;
    (void)options;
    (void)sink;
    (void)data;
    return FAIL(err, TRACK_UNSUPPORTED, "not in this build");
}

track_status track_get_points(track_client *client, const char *run_id, const char *key,
                              track_points *points, track_error *err)
{
    (void)client;
    (void)run_id;
    (void)key;
    (void)points;
    return FAIL(err, TRACK_UNSUPPORTED, "not in this build");
}

track_request_options track_request_options_default(void)
{
    return (track_request_options){.size = sizeof(track_request_options)};
}

track_status track_request(track_client *client, const track_request_options *options,
                           track_response *response, track_error *err)
{
    (void)client;
    (void)options;
    (void)response;
    return FAIL(err, TRACK_UNSUPPORTED, "not in this build");
}

void track_close_response(track_response *response)
{
    (void)response;
}

track_sync_options track_sync_options_default(void)
{
    return (track_sync_options){.size = sizeof(track_sync_options)};
}

track_status track_sync_spools(track_client *client, const track_sync_options *options,
                               track_error *err)
{
    (void)client;
    (void)options;
    return FAIL(err, TRACK_UNSUPPORTED, "not in this build");
}

track_status track_get_source(const char *path, track_source *out, track_error *err)
{
    (void)path;
    (void)out;
    return FAIL(err, TRACK_UNSUPPORTED, "not in this build");
}

void track_close_source(track_source *source)
{
    (void)source;
}

track_status track_get_settings(track_client *client, track_setting_sink *sink, void *data,
                                track_error *err)
{
    (void)client;
    (void)sink;
    (void)data;
    return FAIL(err, TRACK_UNSUPPORTED, "not in this build");
}
