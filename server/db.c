#include "db.h"

#include <assert.h>
#include <math.h>
#include <string.h>

/* Every connection begins with its table. */
struct db {
    const struct db_ops *ops;
};

struct db_value db_i(int64_t value)
{
    return (struct db_value){.type = 'i', .as.i = value};
}

struct db_value db_f(double value)
{
    return isnan(value) ? db_null() : (struct db_value){.type = 'f', .as.f = value};
}

struct db_value db_t(const char *text)
{
    return text ? db_tn((struct bytes){(const unsigned char *)text, strlen(text)}) : db_null();
}

struct db_value db_tn(struct bytes text)
{
    return (struct db_value){.type = 't', .as.bytes = text};
}

struct db_value db_b(struct bytes bytes)
{
    return (struct db_value){.type = 'b', .as.bytes = bytes};
}

struct db_value db_maybe_i(int64_t value)
{
    return value ? db_i(value) : db_null();
}

struct db_value db_null(void)
{
    return (struct db_value){.type = 'n'};
}

track_status db_open(const struct db_ops *ops, const char *path, bool writing, struct db **out,
                     track_error *err)
{
    return ops->open(out, path, writing, err);
}

void db_close(struct db *db)
{
    if (db) {
        db->ops->close(db);
    }
}

track_status db_prepare(struct db *db, track_error *err)
{
    return db->ops->prepare(db, err);
}

track_status db_begin(struct db *db, int limit_ms, track_error *err)
{
    return db->ops->begin(db, limit_ms, err);
}

track_status db_commit(struct db *db, enum db_outcome *out, track_error *err)
{
    return db->ops->commit(db, out, err);
}

void db_rollback(struct db *db)
{
    db->ops->rollback(db);
}

track_status db_savepoint(struct db *db, track_error *err)
{
    return db->ops->savepoint(db, err);
}

track_status db_keep(struct db *db, track_error *err)
{
    return db->ops->keep(db, err);
}

bool db_undo(struct db *db)
{
    return db->ops->undo(db);
}

static size_t count_of(const struct db_value *in)
{
    size_t count = 0;
    while (in && in[count].type != '\0') {
        count++;
    }
    return count;
}

track_status db_run(struct db *db, enum query q, const struct db_value *in, db_row *row, void *data,
                    track_error *err)
{
    assert(q >= 0 && q < QUERY_COUNT);
    assert(count_of(in) >= strlen(query_rows[q].in)); /* a value for each parameter */
    return db->ops->run(db, q, in, row, data, err);
}

track_status db_exec(struct db *db, enum query q, const struct db_value *in, track_error *err)
{
    return db_run(db, q, in, NULL, NULL, err);
}

int64_t db_changed(struct db *db)
{
    return db->ops->changed(db);
}

track_status db_run_text(struct db *db, const struct db_text *text, db_row *row, void *data,
                         track_error *err)
{
    return db->ops->run_text(db, text, row, data, err);
}

track_status db_migrate(struct db *db, const struct db_migration *all, int64_t now_us,
                        track_error *err)
{
    return db->ops->migrate(db, all, now_us, err);
}

track_status db_check(struct db *db, db_row *complaint, void *data, track_error *err)
{
    return db->ops->check(db, complaint, data, err);
}

track_status db_idle(struct db *db, track_error *err)
{
    return db->ops->idle(db, err);
}

/* What db_find copies into. */
struct find {
    struct arena *arena;
    struct db_value *out;
    size_t columns;
};

static track_status find_row(void *data, const struct db_value *columns, track_error *err)
{
    struct find *f = data;
    for (size_t i = 0; i < f->columns; i++) {
        f->out[i] = columns[i];
        if (columns[i].type == 't' || columns[i].type == 'b') {
            TRY(db_copy_bytes(f->arena, &columns[i], &f->out[i].as.bytes, err));
        }
    }
    return TRACK_OK;
}

track_status db_find(struct db *db, enum query q, const struct db_value *in, struct arena *arena,
                     struct db_value *out, track_error *err)
{
    struct find f = {arena, out, strlen(query_rows[q].out)};
    out[0].type = 0;
    return db_run(db, q, in, find_row, &f, err);
}

struct find_i {
    int64_t *out;
    bool found;
};

static track_status find_i_row(void *data, const struct db_value *columns, track_error *err)
{
    (void)err;
    struct find_i *f = data;
    f->found = true;
    *f->out = db_get_i(&columns[0]);
    return TRACK_OK;
}

track_status db_find_i(struct db *db, enum query q, const struct db_value *in, int64_t *out,
                       bool *found, track_error *err)
{
    struct find_i f = {out, false};
    *out = 0;
    TRY(db_run(db, q, in, find_i_row, &f, err));
    *found = f.found;
    return TRACK_OK;
}

track_status db_copy_bytes(struct arena *arena, const struct db_value *column, struct bytes *out,
                           track_error *err)
{
    if (column->type == 'n') {
        *out = (struct bytes){NULL, 0};
        return TRACK_OK;
    }
    assert(column->type == 't' || column->type == 'b');
    size_t size = column->as.bytes.size;
    const char *copy = arena_text(arena, size ? (const char *)column->as.bytes.at : "", size);
    if (!copy) {
        return FAIL(err, TRACK_NOMEM, "no room for a column of %zu bytes", size);
    }
    *out = (struct bytes){(const unsigned char *)copy, size};
    return TRACK_OK;
}

track_status db_copy_text(struct arena *arena, const struct db_value *column, const char **out,
                          track_error *err)
{
    struct bytes copy = {NULL, 0};
    TRY(db_copy_bytes(arena, column, &copy, err));
    *out = copy.at ? (const char *)copy.at : "";
    return TRACK_OK;
}

int64_t db_get_i(const struct db_value *column)
{
    return column->type == 'i' ? column->as.i : 0;
}

double db_get_f(const struct db_value *column)
{
    return column->type == 'f' ? column->as.f : NAN;
}
