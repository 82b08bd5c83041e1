/*
 * Query: which entities, and which of their components are read or written. A query is immutable, holds its registry,
 * and serves any world or snapshot of that registry, on any thread.
 *
 *     pecs_iter it = pecs_query_iter_mut(move, world, NULL);
 *     while (pecs_iter_next(&it)) {
 *         Position *p = pecs_column_mut(&it, Position);
 *         const Velocity *v = pecs_column(&it, Velocity);
 *         for (size_t i = 0; i < it.row_count; i++) p[i].x += v[i].x;
 *     }
 *     pecs_status status = pecs_iter_end(&it);
 *
 * Order. An iteration visits the matching tables in the order in which the world made them (the first edit that gives
 * an entity a new set of components makes the table of that set; a compaction drops it once it is empty), and the
 * entities of a table row by row. This order is part of the state: take, save, resume, load, restore, rewind, fork and
 * compaction keep it. So the same query visits the same entities in the same order in each of them, also in a program
 * with other types; and the same edits of the same state give the same order again.
 *   - A spawn appends its entities to their table, in the order of its arrays.
 *   - Adding or removing components (an explicit id is one) moves the entity to the end of another table.
 *   - A clone appends its copies as a spawn does, one copy after another; a merge appends what comes in, in the order
 * of the snapshot, after it has removed the rows of entities that are replaced.
 *   - Where an entity leaves a table, the last row takes its place. A despawn of many removes them in the order given.
 *   - Edits of values move nothing. Commands move entities in the order of commands.h.
 * The number of rows in a chunk is not specified: it depends on where the rows lie.
 *
 * Threads. While the workers of an iteration that writes run (worker_count of 2 or more, all begun before the first
 * runs), any thread may read what no open worker writes, of any entity: other components, whether an entity lives and
 * what it has, ids, singletons and metadata, by pecs_view_get and the like and by pecs_query_iter. A component that a
 * worker has as a WRITE or OPTIONAL_WRITE term is read through that worker's iteration only, until all workers have
 * ended; pecs_view_hash, pecs_view_diff and pecs_view_check read every component, so they wait too. While an iteration
 * that writes is open without workers, only its thread may read the world.
 */
#ifndef PECS_QUERY_H
#define PECS_QUERY_H

#include <pecs/world.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum pecs_access {
    PECS_READ,           /* must be present; read */
    PECS_WRITE,          /* must be present; written, and counts as changed */
    PECS_OPTIONAL_READ,  /* read where present */
    PECS_OPTIONAL_WRITE, /* written where present */
    PECS_WITH,           /* must be present; neither read nor written */
    PECS_WITHOUT         /* must be absent */
} pecs_access;

typedef struct pecs_term {
    pecs_component component;
    pecs_access access;
} pecs_term;

#define PECS_TERMS_MAX 32 /* terms of one query */

/*
 * Creates a query of at most PECS_TERMS_MAX terms, each component at most once. A query without terms matches every
 * entity. PECS_E_MISUSE, PECS_E_LIMIT, PECS_E_MEMORY.
 */
PECS_API PECS_MUST_USE pecs_status pecs_query_create(pecs_registry *registry, const pecs_term *terms, size_t term_count,
                                                     pecs_query **ret_query, pecs_error *error);

/* Destroys the query; none of its iterations may be open. NULL is allowed. */
PECS_API void pecs_query_destroy(pecs_query *query);

/*
 * changed_since: visit only chunks in which a component that the query reads or writes was written at a tick greater
 * than this; 0 visits all. The unit is the chunk: it may hold rows that did not change, but no change is missed.
 * worker, worker_count: visit share `worker` of `worker_count`, for the caller's own threads (worker_count 0: all). The
 * shares have no chunk in common and together are the whole, in order. Begin all of them on the world's writer; next
 * and end may then run on one thread for each.
 */
typedef struct pecs_iter_options {
    uint64_t changed_since;
    uint32_t worker, worker_count;
} pecs_iter_options;

/*
 * An iteration. `row_count` and `entities` describe the present chunk, after pecs_iter_next returned true. `status` is
 * PECS_OK, or why the iteration ended early; with PECS_E_MISUSE, `message` says what was wrong. The rest is private.
 */
typedef struct pecs_iter {
    size_t row_count;
    const pecs_entity *entities; /* row_count handles */
    pecs_status status;
    const char *message; /* static, or NULL */
    struct {
        const void *query, *source, *present; /* the present table */
        void *world;                          /* NULL when reading */
        const uint32_t *tables;               /* candidates, or NULL: all */
        uint32_t table_place, table_limit;    /* next candidate, and their number */
        uint32_t table;                       /* that the present chunk is of */
        uint64_t chunk, chunk_end;            /* the next chunk of it, and where they end */
        uint64_t skip_count, give_count;      /* chunks of other workers before this one, and of this one */
        uint64_t changed_since;
        uint32_t columns[PECS_TERMS_MAX]; /* of the terms: where they are in the present table */
        void *data[PECS_TERMS_MAX];       /* and their values in the present chunk, or NULL */
    } state;
} pecs_iter;

/*
 * Begins an iteration over a view, which reads only, or over a world, which may write. Neither fails by itself: the
 * first pecs_iter_next returns false and sets the status (PECS_E_MISUSE: another registry, or no such worker;
 * PECS_E_MEMORY).
 * While any iteration is open, structural edits, advance, restore and rewind return PECS_E_BUSY; while one that may
 * write is open, take and save do too.
 * The columns and `entities` of the present chunk stay readable until the iteration's next pecs_iter_next or
 * pecs_iter_end, also when values are edited meanwhile.
 */
PECS_API pecs_iter pecs_query_iter(const pecs_query *query, pecs_view view, const pecs_iter_options *options);
PECS_API pecs_iter pecs_query_iter_mut(const pecs_query *query, pecs_world *world, const pecs_iter_options *options);

/*
 * Steps to the next chunk; false at the end and on failure. When reading, consecutive chunks that lie unedited in a
 * file's image come as one, so row_count may be that of a whole table.
 */
PECS_API bool pecs_iter_next(pecs_iter *iter);

/*
 * The column of a component in the present chunk: row_count values, aligned to 64 bytes, or in a mapped or loaded chunk
 * as the type. NULL where an optional component is absent, and for tags. pecs_iter_column_mut is for writing and needs
 * a WRITE or OPTIONAL_WRITE term and an iteration of pecs_query_iter_mut.
 *
 * A component that no term reads or writes, another size than the type's, or writing what is only read: NULL, and the
 * iteration ends with PECS_E_MISUSE. row_count becomes 0, so a loop over the chunk does nothing. Get all columns of a
 * chunk before its loop.
 *
 * A value that is edited meanwhile by other means shows in the columns from the next chunk on, at the latest.
 */
PECS_API const void *pecs_iter_column(pecs_iter *iter, pecs_component component, size_t size_bytes);
PECS_API void *pecs_iter_column_mut(pecs_iter *iter, pecs_component component, size_t size_bytes);

/* The column of a type of PECS_TYPES (schema.h), and with _as, of a component by its number. */
#define pecs_column(iter, T) pecs_column_as(iter, T##_component, T)
#define pecs_column_mut(iter, T) pecs_column_mut_as(iter, T##_component, T)
#define pecs_column_as(iter, component, T) ((const T *)pecs_iter_column(iter, component, sizeof(T)))
#define pecs_column_mut_as(iter, component, T) ((T *)pecs_iter_column_mut(iter, component, sizeof(T)))

/* Ends the iteration, always, also after a break; returns iter->status. */
PECS_API pecs_status pecs_iter_end(pecs_iter *iter);

/* The number of entities that the query matches in the view; 0 for another registry. Linear in the tables. */
PECS_API uint64_t pecs_query_count(const pecs_query *query, pecs_view view);

/* The first entity that the query matches, in the order above; {0, 0} when there is none. */
PECS_API pecs_entity pecs_query_first(const pecs_query *query, pecs_view view);

/*
 * Writes the first `capacity` entities that the query matches to ret_entities, in the order above, and returns how many
 * match in all. ret_entities may be NULL when capacity is 0. The handles stay as they are when the world is edited, so
 * this is for edits that an open iteration would refuse.
 */
PECS_API uint64_t pecs_query_collect(const pecs_query *query, pecs_view view, pecs_entity *ret_entities,
                                     size_t capacity);

#ifdef __cplusplus
}
#endif
#endif
