/* track note, tag: what people write to a run. */
#include "format.h"
#include "runs.h"

#include <stdio.h>
#include <string.h>

enum { NOTE_BYTES_MAX = 1 << 20 };

static track_status read_all(FILE *from, struct buf *to, track_error *err)
{
    char block[16 * 1024];
    size_t n;
    while ((n = fread(block, 1, sizeof(block), from)) > 0) {
        buf_put(to, block, n);
    }
    return ferror(from) ? FAIL(err, TRACK_IO, "standard input cannot be read") : TRACK_OK;
}

static track_status print_note(struct cmd *c, const char *id, const char *note, track_error *err)
{
    static const struct column columns[] = {{"id", "RUN", COLUMN_ID}, {"note", "NOTE", 0}};
    static const struct table_spec spec = {"note", "note", columns, 2};
    struct cell cells[] = {CELL(CELL_TEXT, text, id), CELL(CELL_TEXT, text, note)};
    if (c->print->mode != PRINT_TABLE && c->print->mode != PRINT_TSV) {
        return print_record(c->print, c->arena, &spec, cells, err);
    }
    AUTO_BUF text = BUF(2 * NOTE_BYTES_MAX);
    struct bytes raw = {(const unsigned char *)note, strlen(note)}, out;
    if (c->print->terminal) {
        format_escape(&text, raw, FORMAT_LINES);
    } else {
        buf_put(&text, raw.at, raw.size);
    }
    buf_text(&text, raw.size > 0 && note[raw.size - 1] != '\n' ? "\n" : "");
    TRY(buf_end(&text, &out, err));
    if (out.size > 0) {
        fwrite(out.at, 1, out.size, c->print->out);
    }
    return print_end(c->print, err);
}

track_status cmd_note(struct cmd *c, track_error *err)
{
    const struct json *run;
    const char *id, *word = c->args->operand_count > 1 ? c->args->operands[1] : NULL;
    AUTO_BUF note = BUF(NOTE_BYTES_MAX);
    AUTO_BODY body;
    struct bytes text;
    api_body_init(&body);
    TRY(api_get_run(c, c->args->operands[0], &run, &id, err));
    if (!word) {
        return print_note(c, id, runs_text(run, "note"), err);
    }
    if (args_has(c->args, "append") && *runs_text(run, "note")) {
        buf_text(&note, runs_text(run, "note"));
        buf_text(&note, "\n");
    }
    if (strcmp(word, "-") == 0) {
        TRY(read_all(stdin, &note, err));
    } else {
        buf_text(&note, word);
    }
    TRY(buf_end(&note, &text, err));
    json_write_object(&body.writer, NULL);
    json_write_bytes(&body.writer, "note", text);
    json_write_close(&body.writer);
    struct api_send send = {"PATCH", api_path(c, "/api/v1/runs/%s", id), &body};
    TRY(api_send(c, &send, &run, err));
    bool data = c->print->mode == PRINT_JSON || c->print->mode == PRINT_JSONL;
    return data ? print_note(c, id, runs_text(run, "note"), err) : TRACK_OK;
}

static track_status print_tags(struct cmd *c, const struct json *run, track_error *err)
{
    static const struct column columns[] = {{"key", "TAG", COLUMN_ID}, {"value", "VALUE", 0}};
    static const struct table_spec spec = {"tags", "tag", columns, 2};
    const struct json *tags = json_find(run, "tags");
    struct table t;
    TRY(table_init(&t, c->print, c->arena, &spec, err));
    for (uint32_t i = 0; tags && i < tags->count; i++) {
        const struct json *v = &tags->items[i];
        const char *value = v->kind == JSON_KIND_TEXT ? v->text : "";
        struct cell cells[] = {CELL(CELL_TEXT, text, v->name), CELL(CELL_TEXT, text, value)};
        TRY(table_add(&t, cells, err));
    }
    return table_write(&t, err);
}

/* Writes the words that set tags. */
static track_status write_set(struct cmd *c, struct json_writer *w, track_error *err)
{
    json_write_object(w, "set");
    for (size_t i = 1; i < c->args->operand_count; i++) {
        const char *word = c->args->operands[i];
        if (word[0] == '-') {
            continue;
        }
        word += word[0] == '+';
        const char *equals = strchr(word, '=');
        const char *key = equals ? arena_text(c->arena, word, (size_t)(equals - word)) : word;
        if (!key || !*key) {
            return FAIL(err, key ? TRACK_INVALID : TRACK_NOMEM, "tag: no key in \"%.120s\"", word);
        }
        json_write_text(w, key, equals ? equals + 1 : "");
    }
    json_write_close(w);
    return TRACK_OK;
}

track_status cmd_tag(struct cmd *c, track_error *err)
{
    const struct json *run;
    const char *id;
    AUTO_BODY body;
    api_body_init(&body);
    TRY(api_get_run(c, c->args->operands[0], &run, &id, err));
    if (c->args->operand_count == 1) {
        return print_tags(c, run, err);
    }
    json_write_object(&body.writer, NULL);
    TRY(write_set(c, &body.writer, err));
    json_write_array(&body.writer, "remove");
    for (size_t i = 1; i < c->args->operand_count; i++) {
        if (c->args->operands[i][0] == '-') {
            json_write_text(&body.writer, NULL, c->args->operands[i] + 1);
        }
    }
    json_write_close(&body.writer);
    json_write_close(&body.writer);
    struct api_send send = {"POST", api_path(c, "/api/v1/runs/%s/tags", id), &body};
    TRY(api_send(c, &send, NULL, err));
    TRY(api_get(c, api_path(c, "/api/v1/runs/%s", id), &run, err));
    bool data = c->print->mode == PRINT_JSON || c->print->mode == PRINT_JSONL;
    return data ? print_tags(c, run, err) : TRACK_OK;
}
