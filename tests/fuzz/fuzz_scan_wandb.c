/* Fuzzes the scanner of W&B's rows against core/json, which gets bare NaN and infinities as texts:
 * what it takes, the other reads as the same. */
#include "../../core/json.h"
#include "../../server/scan_wandb.h"
#include "fuzz.h"

#include <math.h>
#include <string.h>

/* The line with quotes around bare words that begin with N, I or -I. */
static void quote_words(struct bytes in, struct buf *out)
{
    bool text = false;
    for (size_t i = 0; i < in.size; i++) {
        size_t left = in.size - i;
        size_t word = text                                              ? 0
                      : left >= 9 && !memcmp(in.at + i, "-Infinity", 9) ? 9
                      : left >= 8 && !memcmp(in.at + i, "Infinity", 8)  ? 8
                      : left >= 3 && !memcmp(in.at + i, "NaN", 3)       ? 3
                                                                        : 0;
        text ^= in.at[i] == '"';
        if (word == 0) {
            buf_byte(out, in.at[i]);
            continue;
        }
        buf_byte(out, '"');
        buf_put(out, in.at + i, word);
        buf_byte(out, '"');
        i += word - 1;
    }
}

static bool same_cell(const struct json *row, const struct scan_cell *got)
{
    char name[256];
    double value;
    if (got->name.size >= sizeof(name)) {
        return true;
    }
    memcpy(name, got->name.at, got->name.size);
    name[got->name.size] = '\0';
    return json_need_double(row, name, &value, NULL) == TRACK_OK &&
           (memcmp(&value, &got->value, sizeof(value)) == 0 || (isnan(value) && isnan(got->value)));
}

FUZZ(scan_wandb)
{
    AUTO_ARENA arena = ARENA(16 << 20);
    AUTO_BUF quoted = BUF(1 << 20);
    struct scan_cell cells[SCAN_CELLS_MAX];
    struct scan_row got = {.cells = cells};
    const struct json *row;
    if (in.size > (64 << 10) || !scan_row(in, &got)) {
        return;
    }
    quote_words(in, &quoted);
    CHECK(json_read((struct bytes){quoted.at, quoted.size}, NULL, &arena, &row, NULL) == TRACK_OK);
    CHECK(row->kind == JSON_KIND_OBJECT);
    size_t apart = got.step != SCAN_NO_ROW_STEP ? 1 : 0;
    apart += isnan(got.time_s) ? 0 : 1;
    CHECK(row->count == got.count + apart);
    for (size_t i = 0; i < got.count; i++) {
        CHECK(same_cell(row, &got.cells[i]));
    }
    int64_t step = SCAN_NO_ROW_STEP;
    double time_s = (double)NAN;
    CHECK(json_may_int(row, "_step", &step, NULL) == TRACK_OK && step == got.step);
    CHECK(isnan(got.time_s) ||
          (json_need_double(row, "_timestamp", &time_s, NULL) == TRACK_OK && time_s == got.time_s));
}
