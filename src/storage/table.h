/*
 * Table: the rows of one archetype, column by column, in chunks (chunk.h). The chunks of all columns have the same
 * number of rows.
 */
#ifndef PECS_STORAGE_TABLE_H
#define PECS_STORAGE_TABLE_H

#include "chunk.h"
#include "record.h"
#include "unknown.h"

#include <assert.h>

enum {
    CHUNK_SHIFT = 12,                 /* rows in a chunk: 4096, chosen by benchmark (docs/decisions) */
    CHUNK_COLUMN_BYTES = 1024 * 1024, /* wider components get chunks of fewer rows */
    HANDLE_COLUMN = 0,
};

#define NO_COLUMN UINT32_MAX

/* The components of a table and where their columns are. Immutable, shared by all states. */
struct archetype {
    struct node node;
    uint64_t set_hash;  /* of the components and the flag; does not depend on the order */
    uint64_t signature; /* a bit for each component modulo 64 */
    uint32_t component_count, column_count, chunk_shift;
    uint32_t flags;                    /* pecs_type_flags that any component has */
    bool is_singleton;                 /* the singletons' table: at most one row, without an entity */
    bool has_contents;                 /* of some column's values (contents.h) */
    pecs_component *components;        /* ascending */
    uint32_t *columns;                 /* of each component: its column, NO_COLUMN for tags */
    uint32_t *column_bytes;            /* of each column: bytes of a row; column 0 holds the handles */
    pecs_component *column_components; /* of each column; NO_COMPONENT for the handles */
};

/*
 * The chunk size depends on the widest component only. The chunk sizes in a file define how its runs are read, not the
 * chunks of tables.
 */
struct archetype *archetype_create(const pecs_registry *registry, const struct unknown_types *unknown,
                                   const pecs_component *components, uint32_t count, bool is_singleton);
/* Sorts components as archetype_create takes them. */
void archetype_sort(pecs_component *components, uint32_t count);
/* The chunk size that it chooses: the most rows, a power of two, with which no column exceeds CHUNK_COLUMN_BYTES. */
uint32_t archetype_choose_chunk_shift(uint32_t widest_bytes);
/* Keyed with the pool's secret: within one pool, equal sets have equal hashes. */
uint64_t archetype_set_hash(uint64_t secret, const pecs_component *components, uint32_t count, bool is_singleton);

/* Position of a component in archetype->components, or NO_COLUMN. */
uint32_t archetype_find(const struct archetype *archetype, pecs_component component);
/* Whether the rows are saved: they belong to the world itself, or to entities that are not transient. */
static inline bool archetype_is_saved(const struct archetype *archetype)
{
    return !(archetype->flags & PECS_TYPE_TRANSIENT_ENTITY) || archetype->is_singleton;
}
/* The column of a component; NO_COLUMN when it is absent or a tag. */
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
     * The cached last chunk: while tail_epoch is the gate's epoch, the bytes of `tail_chunk` of each column are at
     * column.tail, and all of them are private with room for tail_rows rows (0: for reading only).
     */
    uint64_t tail_epoch, tail_chunk, tail_rows;
    struct column columns[]; /* archetype->column_count of them */
};

/* Retains the archetype. NULL: out of memory. */
struct table *table_create(struct pool *pool, struct archetype *archetype);

/*
 * Makes a table with the same rows and the columns of another archetype, in chunks of the same size. Arrays and runs
 * are shared. A column that the table lacks has no arrays: the caller adds them (table_add_chunk). NULL: out of memory.
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

/* Live rows from this one to the end of its chunk. */
static inline uint64_t table_rows_at(const struct table *table, uint64_t row)
{
    const uint64_t chunk = row >> table->archetype->chunk_shift;
    return (chunk << table->archetype->chunk_shift) + table_live_rows(table, chunk) - row;
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

/* The editing functions need a private table. When they fail, its content is as before. */

/* The bytes of a chunk that has passed the gate in this epoch, or NULL. */
static inline uint8_t *table_owned_chunk(const struct gate *gate, const struct table *table, uint32_t column,
                                         uint64_t chunk)
{
    return chunk_owned(gate, &table->columns[column].chunks, chunk);
}

/* Passes the gate for one chunk of one column, with room for row_count rows. */
pecs_status table_own_chunk(struct gate *gate, struct table *table, uint32_t column, uint64_t chunk, uint64_t row_count,
                            uint8_t **ret_bytes);
/* Adds an array for a live chunk of a column that has none yet, neither array nor run. Its bytes are undefined. */
pecs_status table_add_chunk(struct gate *gate, struct table *table, uint32_t column, uint64_t chunk);
/* The same for every column of the chunk of a live row. `values`, unless NULL, receives the addresses of its values. */
pecs_status table_own_row(struct gate *gate, struct table *table, uint64_t row, uint8_t **values);

/*
 * Prepares the end of the table for an edit that removes at most removal_count rows and appends at most append_count:
 * makes room for the appended rows, and private the paths of chunks that may become empty.
 */
pecs_status table_reserve(struct gate *gate, struct table *table, uint64_t removal_count, uint64_t append_count);

/* Of one column, makes room for appends: chunks from that of row `low` on, which removals may have reached, to `high`.
 */
pecs_status table_reserve_column(struct gate *gate, struct table *table, uint32_t column, uint64_t low, uint64_t high);

/* table_reserve for one row. */
pecs_status table_reserve_append(struct gate *gate, struct table *table);
pecs_status table_reserve_removal(struct gate *gate, struct table *table);

static inline bool table_tail_is_at_hand(const struct gate *gate, const struct table *table, uint64_t row)
{
    return table->tail_epoch == gate->epoch && table->tail_chunk == row >> table->archetype->chunk_shift;
}

/* A value of the row after the last (prepared by table_reserve_append) or of the last row. */
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
 * Moves the last row into `row`, whose values are at `values`, and drops it; both must be prepared. Empty chunks stay
 * until table_trim.
 */
void table_remove_row(const struct gate *gate, struct table *table, uint64_t row, uint8_t *const *values);
/* Frees chunks beyond the last row, whose paths must be prepared. `row_count_before` is the count before the edit. */
void table_trim(struct gate *gate, struct table *table, uint64_t row_count_before);
/*
 * Removes rows from the front of a private table of which every chunk has an array: all of them, or whole chunks. The
 * chunks keep their memory for as many rows that will be appended (table_give_back frees it). PECS_E_MEMORY: the table
 * has lost rows, and is of no more use.
 */
pecs_status table_drop_front(struct gate *gate, struct table *table, uint64_t row_count);
/* Frees what was reserved for rows that will not be appended, as far as memory allows. The table must be private. */
void table_give_back(struct gate *gate, struct table *table, uint64_t append_count);

#endif
