/*
 * Table: the rows of one archetype, column by column, in chunks (chunk.h) of as many rows in each column.
 */
#ifndef PECS_STORAGE_TABLE_H
#define PECS_STORAGE_TABLE_H

#include "chunk.h"
#include "record.h"
#include "unknown.h"

#include <assert.h>

enum {
    CHUNK_SHIFT = 12,                 /* rows a chunk: 4096, settled by benchmark (docs/decisions) */
    CHUNK_COLUMN_BYTES = 1024 * 1024, /* wider components get fewer rows a chunk */
    HANDLE_COLUMN = 0,
};

#define NO_COLUMN UINT32_MAX

/* The components of a table and where their columns are. Immutable, shared by all states. */
struct archetype {
    struct node node;
    uint64_t set_hash;  /* of the components and the flag; independent of order */
    uint64_t signature; /* a bit for each component modulo 64 */
    uint32_t component_count, column_count, chunk_shift;
    bool is_singleton;                 /* the singletons' table: at most one row, without an entity */
    pecs_component *components;        /* ascending */
    uint32_t *columns;                 /* of each component: its column, NO_COLUMN for tags */
    uint32_t *column_bytes;            /* of each column: bytes a row; column 0 holds the handles */
    pecs_component *column_components; /* of each column; NO_COMPONENT for the handles */
};

/*
 * The chunk size follows from the widest component alone. A file's chunk sizes say how its runs are read, not how its
 * tables live.
 */
struct archetype *archetype_create(const pecs_registry *registry, const struct unknown_types *unknown,
                                   const pecs_component *components, uint32_t count, bool is_singleton);
/* With the pool's secret; of one pool, the same set has the same hash. */
uint64_t archetype_set_hash(uint64_t secret, const pecs_component *components, uint32_t count, bool is_singleton);

/* Position of a component in archetype->components, or NO_COLUMN. */
uint32_t archetype_find(const struct archetype *archetype, pecs_component component);
/* Its column; NO_COLUMN when it is absent or a tag. */
uint32_t archetype_column(const struct archetype *archetype, pecs_component component);

struct column {
    struct tree chunks;
    uint64_t tick; /* of the last write to any chunk; kept when chunks go */
    uint8_t *tail; /* bytes of the tail chunk, see below */
};
struct table {
    struct node node;
    struct archetype *archetype;
    struct runs *runs; /* NULL: every live chunk has an array */
    uint64_t row_count;
    /*
     * The last chunk, at hand: while tail_epoch is the gate's epoch, the bytes of `tail_chunk` of each column are at
     * column.tail, and all of them are private with room for tail_rows rows (0: for reading only).
     */
    uint64_t tail_epoch, tail_chunk, tail_rows;
    struct column columns[]; /* archetype->column_count of them */
};

/* Takes its own reference to the archetype. */
struct table *table_create(struct pool *pool, struct archetype *archetype);

/*
 * The same rows with the columns of another archetype, which the table has, in chunks of the same size: arrays and runs
 * are shared.
 */
struct table *table_project(struct pool *pool, const struct table *table, struct archetype *archetype);

static inline uint64_t table_chunk_rows(const struct table *table)
{
    return (uint64_t)1 << table->archetype->chunk_shift;
}
static inline uint64_t table_chunk_count(const struct table *table)
{
    return chunk_count_of(table->row_count, table->archetype->chunk_shift);
}
/* Live rows of a chunk. */
static inline uint64_t table_live_rows(const struct table *table, uint64_t chunk)
{
    return chunk_live(table->row_count, table->archetype->chunk_shift, chunk);
}

/* The bytes of a chunk that has live rows, for reading. */
static inline const uint8_t *table_chunk(const struct table *table, uint32_t column, uint64_t chunk)
{
    const struct ref *ref = tree_ref(&table->columns[column].chunks, chunk);
    if (ref && ref->node)
        return ref->data;
    return table->runs->columns[column].base +
           (chunk << table->archetype->chunk_shift) * table->archetype->column_bytes[column];
}
/* One value, for reading. */
static inline const uint8_t *table_value(const struct table *table, uint32_t column, uint64_t row)
{
    const uint64_t in_chunk = row & (table_chunk_rows(table) - 1);
    return table_chunk(table, column, row >> table->archetype->chunk_shift) +
           in_chunk * table->archetype->column_bytes[column];
}
static inline uint64_t table_chunk_tick(const struct table *table, uint32_t column, uint64_t chunk)
{
    return chunk_tick(&table->columns[column].chunks, table->runs, column, chunk);
}

/* The editing functions need a table that is private; those that fail leave its content as it was. */

/* The bytes of a chunk that has passed the gate in this epoch, or NULL. */
static inline uint8_t *table_owned_chunk(const struct gate *gate, const struct table *table, uint32_t column,
                                         uint64_t chunk)
{
    return chunk_owned(gate, &table->columns[column].chunks, chunk);
}

/* Passes the gate for one chunk of one column, with room for row_count rows. */
pecs_status table_own_chunk(struct gate *gate, struct table *table, uint32_t column, uint64_t chunk, uint64_t row_count,
                            uint8_t **ret_bytes);
/* The same for every column of the chunk of a live row; `values` gets where its values are (NULL: not wanted). */
pecs_status table_own_row(struct gate *gate, struct table *table, uint64_t row, uint8_t **values);

/*
 * Readies the end of the table for an edit that takes away at most removal_count rows and appends at most
 * append_count: room for the appended, and private paths for chunks that the end may leave.
 */
pecs_status table_reserve(struct gate *gate, struct table *table, uint64_t removal_count, uint64_t append_count);

/* table_reserve for one row more, or one less. */
pecs_status table_reserve_append(struct gate *gate, struct table *table);
pecs_status table_reserve_removal(struct gate *gate, struct table *table);

static inline bool table_tail_is_at_hand(const struct gate *gate, const struct table *table, uint64_t row)
{
    return table->tail_epoch == gate->epoch && table->tail_chunk == row >> table->archetype->chunk_shift;
}

/* A value of the row after the last (readied by table_reserve_append) or of the last. */
static inline const uint8_t *table_tail_value(const struct gate *gate, const struct table *table, uint32_t column,
                                              uint64_t row)
{
    if (table_tail_is_at_hand(gate, table, row))
        return table->columns[column].tail +
               (row & (table_chunk_rows(table) - 1)) * table->archetype->column_bytes[column];
    return table_value(table, column, row);
}

/* A value of a row whose chunk has passed the gate. */
static inline uint8_t *table_owned_value(struct table *table, uint32_t column, uint64_t row)
{
    return (uint8_t *)(uintptr_t)table_value(table, column, row);
}

/*
 * Moves the last row into `row`, whose values are at `values`, and drops it; both were readied. Chunks left empty stay
 * until table_trim.
 */
void table_remove_row(const struct gate *gate, struct table *table, uint64_t row, uint8_t *const *values);
/* Frees chunks beyond the last row. Their paths were readied. `row_count` is what the table had. */
void table_trim(struct gate *gate, struct table *table, uint64_t row_count_before);
/* Frees what was reserved for rows that will not be appended, as far as memory allows. The table is private. */
void table_give_back(struct gate *gate, struct table *table, uint64_t append_count);

#endif
