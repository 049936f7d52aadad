/* Shows what the scanner of W&B's rows takes and what it leaves to core/json; that both agree is
 * the property of tests/fuzz/fuzz_scan_wandb.c. */
#include "../../server/scan_wandb.h"
#include "../harness.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static bool row_of(const char *text, struct scan_row *row)
{
    return scan_row((struct bytes){(const unsigned char *)text, strlen(text)}, row);
}

static bool is(struct bytes got, const char *want)
{
    return got.size == strlen(want) && memcmp(got.at, want, got.size) == 0;
}

TEST(scan_wandb, reads_a_row)
{
    static struct scan_cell cells[SCAN_CELLS_MAX];
    struct scan_row row = {.cells = cells};
    CHECK(row_of("{\"train/loss\":0.25,\"_timestamp\":1700000000.5, \"_step\": 12,"
                 "\"a\":NaN,\"b\":-Infinity,\"c\":Infinity,\"_runtime\":3,\"d\":1.0}",
                 &row));
    CHECK_INT(row.step, 12);
    CHECK(row.time_s == 1700000000.5);
    CHECK_INT(row.count, 6);
    CHECK(is(cells[0].name, "train/loss") && cells[0].value == 0.25 && is(cells[0].text, "0.25"));
    CHECK(isnan(cells[1].value) && cells[2].value == -(double)INFINITY &&
          cells[3].value == (double)INFINITY);
    CHECK(is(cells[4].name, "_runtime") && is(cells[4].text, "3") && is(cells[5].text, "1.0"));
    CHECK(row_of(" { } ", &row) && row.count == 0 && row.step == SCAN_NO_ROW_STEP &&
          isnan(row.time_s));
}

TEST(scan_wandb, leaves_what_is_not_plain)
{
    static const char *const texts[] = {
        "",
        "[]",
        "{\"a\":1,\"a\":1}",
        "{\"_step\":1,\"_step\":1}",
        "{\"_timestamp\":1,\"_timestamp\":1}",
        "{\"_step\":1.0}",
        "{\"_step\":NaN}",
        "{\"_timestamp\":NaN}",
        "{\"a\":\"text\"}",
        "{\"a\":true}",
        "{\"a\":null}",
        "{\"a\":{\"b\":1}}",
        "{\"a\":[1]}",
        "{\"a\":9007199254740993}",
        "{\"a\":nan}",
        "{\"a\":-NaN}",
        "{\"a\":01}",
        "{\"a\\n\":1}",
        "{\"a\":1,}",
        "{\"a\":1} {}",
        "{\"a\" 1}",
    };
    static struct scan_cell cells[SCAN_CELLS_MAX];
    struct scan_row row = {.cells = cells};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        if (row_of(texts[i], &row)) {
            test_fail(__FILE__, __LINE__, "%s", texts[i]);
        }
    }
}

TEST(scan_wandb, keeps_to_its_cells)
{
    static struct scan_cell cells[SCAN_CELLS_MAX];
    struct scan_row row = {.cells = cells};
    for (int count = SCAN_CELLS_MAX - 1; count <= SCAN_CELLS_MAX + 1; count++) {
        AUTO_BUF text = BUF(64 << 10);
        struct bytes all;
        for (int i = 0; i < count; i++) {
            char cell[32];
            snprintf(cell, sizeof(cell), "%s\"k%d\":%d", i ? "," : "{", i, i);
            buf_text(&text, cell);
        }
        buf_text(&text, "}");
        CHECK_INT(buf_end(&text, &all, NULL), TRACK_OK);
        CHECK_INT(scan_row(all, &row), count <= SCAN_CELLS_MAX);
    }
}
