/* api_facts - what is said of a run: params, tags, metric definitions, documents, alerts.
 *
 * Uses: api_parse, render, store_fact.
 */
#ifndef SERVER_API_FACTS_H
#define SERVER_API_FACTS_H
#include "../core/json.h"
#include "route.h"
#include "store_fact.h"

handler api_params_set;
handler api_tags_set;
handler api_definitions_get;
handler api_definitions_set;
handler api_doc_list;
handler api_doc_get;
handler api_doc_set;
handler api_alert_list;
handler api_alert_add;
finisher api_fact_done;

/* Facts of an object, {"lr": 0.1, ...}.
 *
 *   object   NULL: none.
 *   numbers  numbers and booleans are taken too, as their JSON text.
 *   out      [*count]
 *
 * TRACK_INVALID  a value of another kind; err names the key.
 */
struct facts_in {
    const struct fact *at;
    size_t count;
};
track_status facts_parse(const struct request *rq, const struct json *object, bool numbers,
                         struct facts_in *out, track_error *err);
#endif
