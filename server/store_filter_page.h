/* store_filter_page - the two statements of a search.
 *
 * Uses: store_filter, store_filter_plan, store_residual, store_cursor.
 */
#ifndef SERVER_STORE_FILTER_PAGE_H
#define SERVER_STORE_FILTER_PAGE_H
#include "store_cursor.h"
#include "store_filter_plan.h"
#include "store_residual.h"

struct page_ask {
    const struct search *search;
    const struct residual *residual;
    const struct plan *plan;
    int64_t limit;               /* rows; not with costly terms */
    const struct cursor *cursor; /* NULL: from the start */
};

/* Appends the statement of a page: rows node, number and text that they are sorted by, id, verdicts
 * and the eight subjects of the residual.  With costly terms it has no LIMIT: the caller counts. */
#define SQL_PAGE_TYPES "ifttttttttttt"
void sql_put_page(struct sql *q, const struct page_ask *ask);

/* Appends the statement that counts the runs; it knows nothing of costly terms. */
void sql_put_count(struct sql *q, const struct search *search, const struct plan *plan);
#endif
