#include "stats.h"

const int64_t stats_bucket_us[STATS_BUCKETS] = {250,   500,   1000,   2500,   5000,    10000,
                                                25000, 50000, 100000, 250000, 1000000, 5000000};

void stats_request(struct stats *s, unsigned route, int http, int64_t took_us)
{
    unsigned code = http < 100 || http > 599 ? 0 : (unsigned)http / 100;
    unsigned row = route < STATS_ROUTES_MAX ? route : STATS_ROUTES_MAX - 1;
    int bucket = 0;
    while (bucket < STATS_BUCKETS && took_us > stats_bucket_us[bucket]) {
        bucket++;
    }
    atomic_fetch_add(&s->requests[row][code], 1);
    atomic_fetch_add(&s->took[bucket], 1);
    atomic_fetch_add(&s->took_us, took_us > 0 ? (uint64_t)took_us : 0);
}
