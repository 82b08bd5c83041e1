/*
 * Table: the rows of one archetype, column by column, in chunks. The entity index is a table too, of one column.
 *
 *     chunk of a row   row >> chunk_shift; all chunks but the last are full
 *     bytes of a chunk its array, if the tree has one, else base + chunk * chunk bytes in the table's runs
 *     live rows        row_count; rows of an array beyond it mean nothing
 */
#ifndef PECS_STORAGE_TABLE_H
#define PECS_STORAGE_TABLE_H

#include "array.h"
#include "bytes.h"
#include "image.h"
#include "unknown.h"

#include <assert.h>

enum {
    CHUNK_SHIFT = 12,                 /* rows a chunk: 4096, settled by benchmark (docs/decisions) */
    CHUNK_COLUMN_BYTES = 1024 * 1024, /* wider components get fewer rows a chunk */
    HANDLE_COLUMN = 0,
};

#define NO_COLUMN UINT32_MAX
#define NO_TABLE UINT32_MAX

/* The components of a table and where their columns are. Immutable, shared by all states. */
struct archetype {
    struct node node;
    uint64_t set_hash;  /* of the components and the flag; independent of order */
    uint64_t signature; /* a bit for each component modulo 64 */
    uint32_t component_count, column_count, chunk_shift;
    bool is_singleton;                 /* the singletons' table: at most one row, without an entity */
    bool is_plain;                     /* one column of the library's own, without handles */
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
/* Of a table that is one column of the library's own, without handles. */
struct archetype *archetype_create_plain(struct pool *pool, uint32_t row_bytes, uint32_t chunk_shift);
/* With the pool's secret; of one pool, the same set has the same hash. */
uint64_t archetype_set_hash(uint64_t secret, const pecs_component *components, uint32_t count, bool is_singleton);

/* Position of a component in archetype->components, or NO_COLUMN. */
uint32_t archetype_find(const struct archetype *archetype, pecs_component component);
/* Its column; NO_COLUMN when it is absent or a tag. */
uint32_t archetype_column(const struct archetype *archetype, pecs_component component);

/* Where the rows of a table lie in an image, which they hold: one contiguous run for each column. */
struct run {
    uint8_t *base;
    uint64_t tick; /* of the last write to any of its rows */
};
struct runs {
    struct node node;
    struct image *image; /* a private one: bytes that no other state sees are edited in place */
    struct runs *lender; /* of another table that has some of these columns, too; or NULL */
    uint32_t column_count;
    const le32 *free_counts; /* entity index: of each chunk */
    struct run columns[];
};
/* With a reference of their own to the image. NULL: out of memory. */
struct runs *runs_create(struct pool *pool, uint32_t column_count, struct image *image);

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
    /*
     * Plain tables are read a row here, a row there. Where all chunks with live rows are, without a walk down the tree;
     * NULL: no chunk has an array, all are in the runs.
     */
    uint8_t **directory;
    size_t directory_capacity;
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
    return (table->row_count + table_chunk_rows(table) - 1) >> table->archetype->chunk_shift;
}
/* Live rows of a chunk. */
static inline uint64_t table_live_rows(const struct table *table, uint64_t chunk)
{
    const uint64_t first = chunk << table->archetype->chunk_shift;
    return first >= table->row_count ? 0 : min_u64(table->row_count - first, table_chunk_rows(table));
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
/* One value of a plain table, for reading; shift and width are its archetype's. */
static inline const uint8_t *table_plain_value(const struct table *table, uint64_t row, uint32_t shift, size_t width)
{
    assert(table->archetype->is_plain && table->archetype->chunk_shift == shift &&
           table->archetype->column_bytes[0] == width);
    assert(!table->directory || table->directory[row >> shift] == table_chunk(table, 0, row >> shift));
    if (table->directory)
        return table->directory[row >> shift] + (row & (((uint64_t)1 << shift) - 1)) * width;
    return table->runs->columns[0].base + row * width;
}
uint64_t table_chunk_tick(const struct table *table, uint32_t column, uint64_t chunk);

/* The editing functions need a table that is private; those that fail leave its content as it was. */

/* The bytes of a chunk that has passed the gate in this epoch, or NULL. */
static inline uint8_t *table_owned_chunk(const struct gate *gate, const struct table *table, uint32_t column,
                                         uint64_t chunk)
{
    const struct ref *ref = tree_ref(&table->columns[column].chunks, chunk);
    return ref && ref->epoch == gate->epoch ? ref->data : NULL;
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
