/* api_metrics - the server's counters in the text format of Prometheus.
 *
 * Uses: stats, store, writer, tail.
 */
#ifndef SERVER_API_METRICS_H
#define SERVER_API_METRICS_H
#include "route.h"

handler api_metrics_get;
#endif
