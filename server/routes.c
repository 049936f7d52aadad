#include "routes.h"

#include "api_about.h"
#include "api_bins.h"
#include "api_blob.h"
#include "api_facts.h"
#include "api_file.h"
#include "api_frame.h"
#include "api_live.h"
#include "api_metrics.h"
#include "api_point.h"
#include "api_project.h"
#include "api_run.h"
#include "api_search.h"
#include "api_series.h"
#include "page_asset.h"
#include "page_shell.h"

/* What a page keeps in its address is its own. */
#define ANY_QUERY "*"

enum { KIB = 1024, MIB = 1024 * 1024 };

/* One row each: no body; a JSON document. */
#define GET(path, handle, right, query)                                     \
    {                                                                       \
        "GET", path, handle, NULL, RIGHT_##right, BODY_NONE, 0, query, NULL \
    }
#define SEND(method, path, handle, finish, right, most)                           \
    {                                                                             \
#method, path, handle, finish, RIGHT_##right, BODY_JSON, most, NULL, NULL \
    }

/* clang-format off */
const struct route routes[] = {
    /* about the server: no data, so any Host may ask */
    GET("/health", api_health_get, NONE, NULL),
    GET("/healthz", api_health_get, NONE, NULL),
    GET("/version", api_version_get, NONE, NULL),
    GET("/api/v1/version", api_version_get, NONE, NULL),

    GET("/metrics", api_metrics_get, READ, NULL),

    /* the pages */
    GET("/", page_home, READ, ANY_QUERY),
    GET("/trash", page_trash, READ, ANY_QUERY),
    GET("/p/:project", page_project, READ, ANY_QUERY),
    GET("/p/:project/r/:run", page_run, READ, ANY_QUERY),
    GET("/p/:project/r/:run/:tab", page_run, READ, ANY_QUERY),
    GET("/assets/:name", page_asset, READ, NULL),

    GET("/api/v1/projects", api_project_list, READ, "limit cursor"),
    SEND(POST, "/api/v1/projects", api_project_create, api_project_done, LOG, 128 * KIB),
    GET("/api/v1/projects/:project", api_project_get, READ, NULL),
    SEND(PATCH, "/api/v1/projects/:project", api_project_update, api_project_done, EDIT, 128 * KIB),
    GET("/api/v1/projects/:project/series", api_project_series, READ, "prefix q flat limit cursor"),
    GET("/api/v1/projects/:project/keys", api_project_keys, READ, "kind prefix limit"),
    GET("/api/v1/projects/:project/values", api_project_values, READ, "field prefix limit"),

    SEND(POST, "/api/v1/runs/search", api_run_search, NULL, READ, 64 * KIB),
    GET("/api/v1/resolve", api_resolve_get, READ, "ref project"),
    SEND(PUT, "/api/v1/runs/:run", api_run_create, api_run_created, LOG, 8 * MIB),
    GET("/api/v1/runs/:run", api_run_get, READ, NULL),
    SEND(PATCH, "/api/v1/runs/:run", api_run_update, api_run_changed, EDIT, 128 * KIB),
    {"DELETE", "/api/v1/runs/:run", api_run_delete, api_run_changed, RIGHT_EDIT, BODY_NONE, 0, NULL,
     NULL},
    SEND(POST, "/api/v1/runs/:run/restore", api_run_restore, api_run_changed, EDIT, KIB),
    SEND(POST, "/api/v1/runs/:run/reopen", api_run_reopen, api_run_changed, LOG, KIB),
    SEND(POST, "/api/v1/runs/:run/rewind", api_run_rewind, api_run_rewound, LOG, KIB),
    SEND(POST, "/api/v1/runs/:run/stop", api_run_stop, api_run_changed, EDIT, KIB),
    SEND(POST, "/api/v1/runs/:run/finish", api_run_finish, api_run_finished, LOG, 4 * KIB),
    GET("/api/v1/runs/:run/receipt", api_run_receipt, READ, NULL),

    SEND(POST, "/api/v1/runs/:run/params", api_params_set, api_fact_done, LOG, 8 * MIB),
    SEND(POST, "/api/v1/runs/:run/tags", api_tags_set, api_fact_done, LOG, 8 * MIB),
    GET("/api/v1/runs/:run/definitions", api_definitions_get, READ, NULL),
    SEND(POST, "/api/v1/runs/:run/definitions", api_definitions_set, api_fact_done, LOG, 8 * MIB),
    GET("/api/v1/runs/:run/docs", api_doc_list, READ, NULL),
    GET("/api/v1/runs/:run/docs/:name", api_doc_get, READ, NULL),
    {"PUT", "/api/v1/runs/:run/docs/:name", api_doc_set, api_fact_done, RIGHT_LOG, BODY_DOC,
     8 * MIB, NULL, NULL},
    GET("/api/v1/runs/:run/alerts", api_alert_list, READ, NULL),
    SEND(POST, "/api/v1/runs/:run/alerts", api_alert_add, api_fact_done, LOG, 128 * KIB),

    {"POST", "/api/v1/runs/:run/frames", api_frame_add, api_frame_added, RIGHT_LOG, BODY_FRAME,
     4 * MIB, NULL, NULL},
    SEND(PUT, "/api/v1/runs/:run/writers/:writer", api_writer_set, api_writer_done, LOG, 4 * KIB),
    SEND(POST, "/api/v1/runs/:run/writers/:writer/lost", api_writer_lost, api_writer_lost_done, LOG,
         4 * KIB),
    SEND(POST, "/api/v1/runs/:run/writers/:writer/close", api_writer_close, api_writer_done, LOG,
         4 * KIB),
    SEND(POST, "/api/v1/runs/:run/points", api_point_add, api_frame_added, LOG, 8 * MIB),
    SEND(POST, "/api/v1/runs/:run/text", api_text_add, api_frame_added, LOG, 8 * MIB),
    SEND(POST, "/api/v1/runs/:run/lines", api_line_add, api_frame_added, LOG, 8 * MIB),
    GET("/api/v1/runs/:run/points", api_point_list, READ, "key context from to limit cursor"),
    GET("/api/v1/runs/:run/series", api_series_list, READ, "prefix q flat limit cursor"),
    SEND(POST, "/api/v1/bins", api_bins_get, NULL, READ, MIB),
    GET("/api/v1/runs/:run/text", api_text_list, READ, "key limit cursor"),
    GET("/api/v1/runs/:run/lines", api_line_list, READ, "from limit stream rank since_us q regex"),

    SEND(POST, "/api/v1/blobs/missing", api_blob_missing, NULL, LOG, 8 * MIB),
    {"PUT", "/api/v1/blobs/:digest", api_blob_put, api_blob_stored, RIGHT_LOG, BODY_BYTES,
     (size_t)BLOB_BYTES_MAX, NULL, api_blob_receive},
    GET("/api/v1/blobs/:digest", api_blob_get, READ, NULL),
    GET("/api/v1/runs/:run/files", api_file_list, READ, "limit cursor"),
    SEND(PUT, "/api/v1/runs/:run/files", api_file_set, api_file_done, LOG, 64 * KIB),
    GET("/api/v1/runs/:run/files/content", api_file_get, READ, "path"),
    GET("/api/v1/runs/:run/inputs", api_input_list, READ, NULL),
    SEND(PUT, "/api/v1/runs/:run/inputs", api_input_set, api_input_done, LOG, 64 * KIB),

    GET("/api/v1/events", api_event_stream, READ, "project run last"),
};
/* clang-format on */
const size_t routes_count = sizeof(routes) / sizeof(routes[0]);
