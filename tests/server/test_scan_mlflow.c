/* Shows what the scanner of MLflow's bodies takes and what it leaves to core/json; that both agree
 * is the property of tests/fuzz/fuzz_scan_mlflow.c. */
#include "../../server/scan_mlflow.h"
#include "../harness.h"

#include <math.h>
#include <string.h>

enum { ROOM = 4 };

static struct bytes text_of(const char *text)
{
    return (struct bytes){(const unsigned char *)text, strlen(text)};
}

static bool is(struct bytes got, const char *want)
{
    return got.size == strlen(want) && memcmp(got.at, want, got.size) == 0;
}

struct room {
    struct scan_metric metrics[ROOM];
    struct scan_pair params[ROOM], tags[ROOM];
    struct scan_batch b;
};

static bool batch(struct room *r, const char *text)
{
    r->b = (struct scan_batch){.metrics = r->metrics,
                               .params = r->params,
                               .tags = r->tags,
                               .metric_room = ROOM,
                               .param_room = ROOM,
                               .tag_room = ROOM};
    return scan_log_batch(text_of(text), &r->b);
}

TEST(scan_mlflow, reads_a_batch_as_the_client_sends_it)
{
    struct room r;
    CHECK(batch(&r, "{\"run_id\": \"ab\", \"metrics\": [{\"key\": \"loss\", \"value\": 0.5,"
                    " \"timestamp\": 1700000000000, \"step\": 3, \"run_id\": \"ab\"},"
                    " {\"timestamp\": \"7\", \"key\": \"acc\", \"value\": \"-Infinity\"}],"
                    " \"params\": [{\"key\": \"lr\", \"value\": \"\"}],"
                    " \"tags\": [{\"value\": \"v\", \"key\": \"t\", \"more\": null}], \"x\": {}}"));
    CHECK(is(r.b.run, "ab") && r.b.metric_count == 2 && r.b.param_count == 1 && r.b.tag_count == 1);
    CHECK(is(r.metrics[0].key, "loss") && r.metrics[0].value == 0.5 && r.metrics[0].step == 3 &&
          r.metrics[0].time_ms == INT64_C(1700000000000));
    CHECK(is(r.metrics[1].key, "acc") && r.metrics[1].value == -(double)INFINITY &&
          r.metrics[1].step == 0 && r.metrics[1].time_ms == 7);
    CHECK(is(r.params[0].key, "lr") && r.params[0].value.size == 0);
    CHECK(is(r.tags[0].key, "t") && is(r.tags[0].value, "v"));
    CHECK(batch(&r, "{\"run_id\":\"a\",\"metrics\":[],\"params\":[],\"tags\":[]}"));
    CHECK(batch(&r, "{\"run_id\":\"a\"}") && r.b.metric_count == 0);
}

TEST(scan_mlflow, leaves_what_is_not_plain)
{
    static const char *const texts[] = {
        "",
        "{}",
        "{\"metrics\":[]}",
        "{\"run_id\":1}",
        "{\"run_id\":\"a\",\"metrics\":null}",
        "{\"run_id\":\"a\",\"metrics\":[{}]}",
        "{\"run_id\":\"a\",\"metrics\":[{\"key\":\"k\",\"value\":1}]}",
        "{\"run_id\":\"a\",\"metrics\":[{\"key\":\"k\",\"value\":true,\"timestamp\":1}]}",
        "{\"run_id\":\"a\",\"metrics\":[{\"key\":\"k\",\"value\":1,\"timestamp\":-1}]}",
        "{\"run_id\":\"a\",\"metrics\":[{\"key\":\"k\",\"value\":1,\"timestamp\":1.0}]}",
        "{\"run_id\":\"a\",\"metrics\":[{\"key\":\"k\",\"value\":NaN,\"timestamp\":1}]}",
        "{\"run_id\":\"a\",\"metrics\":[{\"key\":\"k\",\"value\":1,\"timestamp\":1,"
        "\"model_id\":\"m\"}]}",
        "{\"run_id\":\"a\",\"params\":[{\"key\":\"k\"}]}",
        "{\"run_id\":\"a\",\"params\":[{\"key\":\"k\",\"value\":\"\\n\"}]}",
        "{\"run_id\":\"a\",\"x\":1,\"x\":1}",
        "{\"run_id\":\"a\",\"x\":{\"y\":1}}",
        "{\"run_id\":\"a\"} 1",
        "{\"run_id\":\"a\",}",
        "{\"run_id\":\"a\",\"tags\":[{\"key\":\"1\",\"value\":\"\"},{\"key\":\"2\",\"value\":\"\"},"
        "{\"key\":\"3\",\"value\":\"\"},{\"key\":\"4\",\"value\":\"\"},"
        "{\"key\":\"5\",\"value\":\"\"}]}",
    };
    struct room r;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        if (batch(&r, texts[i])) {
            test_fail(__FILE__, __LINE__, "%s", texts[i]);
        }
    }
}

TEST(scan_mlflow, reads_one_metric)
{
    struct bytes run;
    struct scan_metric m;
    CHECK(scan_log_metric(text_of("{\"run_uuid\":\"ab\",\"key\":\"k\",\"value\":\"NaN\","
                                  "\"timestamp\":5,\"step\":\"9\",\"run_id\":\"ab\"}"),
                          &run, &m));
    CHECK(is(run, "ab") && is(m.key, "k") && isnan(m.value) && m.time_ms == 5 && m.step == 9);
    CHECK(scan_log_metric(
        text_of("{\"run_uuid\":\"ab\",\"key\":\"k\",\"value\":1,\"timestamp\":5}"), &run, &m));
    CHECK(is(run, "ab") && m.step == 0);
    CHECK(!scan_log_metric(text_of("{\"run_uuid\":\"ab\",\"key\":\"k\",\"value\":1,"
                                   "\"timestamp\":5,\"run_id\":\"cd\"}"),
                           &run, &m));
    CHECK(!scan_log_metric(text_of("{\"key\":\"k\",\"value\":1,\"timestamp\":5}"), &run, &m));
    CHECK(!scan_log_metric(text_of("{\"run_id\":\"a\",\"key\":\"k\",\"timestamp\":5}"), &run, &m));
}
