/* Rows of a wreck that are whole: a walk over those of a table, with values as a builder takes them. */
#ifndef PECS_PERSIST_SALVAGE_ROWS_H
#define PECS_PERSIST_SALVAGE_ROWS_H

#include "component.h"
#include "content.h"
#include "wreck.h"

#include <pecs/builder.h>

enum {
    SALVAGE_BATCH_ROWS = 4096,
    SALVAGE_BATCH_BYTES = 4 * 1024 * 1024 /* of a column's copy, if a single row has no more */
};

/* A column of a table: of the handles, or of a type that has values. */
struct salvage_column {
    struct wreck_column whole;
    uint32_t type; /* FORMAT_NONE: handles */
    uint64_t row_bytes;
    const struct component *component; /* NULL: handles */
    size_t at;                         /* of the walk */
    struct wreck_run *heaps;           /* of its contents */
    size_t heap_count, heap_at;
    uint8_t *copy;     /* of a batch's values, if they are changed; or NULL */
    pecs_bytes *given; /* for each member with contents of these */
    size_t member_count;
};

struct salvage_table {
    struct wreck *wreck;
    uint32_t number;
    bool is_singleton;
    struct salvage_column *columns; /* that of the handles first */
    uint32_t column_count;
    size_t batch_rows;                /* at most */
    uint64_t row;                     /* that the walk looks at next */
    bool is_lost[SALVAGE_BATCH_ROWS]; /* of a batch: its contents are not whole */
};

/* Consecutive rows; values[j] are those of column j. */
struct salvage_batch {
    uint64_t first;
    size_t count;
    const pecs_entity *entities; /* NULL for singletons */
};

/* `components` are those of each type of the model, NULL for tags. PECS_E_MEMORY, PECS_E_LIMIT. Free it in any case. */
pecs_status salvage_table_init(struct salvage_table *table, struct wreck *wreck, uint32_t number,
                               const struct component *const *components);
void salvage_table_free(struct salvage_table *table);

/*
 * Whether the world had singletons in the table, of which all may be lost: the commit says so, or else the segments
 * that were found have anything of them.
 */
bool salvage_table_had_singletons(const struct salvage_table *table);
/* The next rows, of which all columns are whole; false: there are no more. */
bool salvage_table_next(struct salvage_table *table, struct salvage_batch *ret_batch);
/* The values of a batch in a column; the copies, if there are, from a row of the batch on. NULL: a tag. */
const uint8_t *salvage_values(const struct salvage_column *column, const struct salvage_batch *batch);
const uint8_t *salvage_data(const struct salvage_column *column, const struct salvage_batch *batch, size_t row);
/*
 * Copies the values of a batch, if they have contents or references, with contents that are given; table->is_lost says
 * which rows lack some. PECS_E_MEMORY, PECS_E_LIMIT.
 */
pecs_status salvage_table_copy(struct salvage_table *table, const struct salvage_batch *batch);

#endif
