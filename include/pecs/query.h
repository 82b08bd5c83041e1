/*
 * Query: which entities, and what of them is read or written. A query is immutable, holds its registry, and serves any
 * world or snapshot of that registry, from any thread.
 *
 *     pecs_iter it = pecs_query_edit(move, world, NULL);
 *     while (pecs_iter_next(&it)) {
 *         Position *p = pecs_write(&it, POSITION, Position);
 *         const Velocity *v = pecs_read(&it, VELOCITY, Velocity);
 *         for (size_t i = 0; i < it.row_count; i++) p[i].x += v[i].x;
 *     }
 *     pecs_status status = pecs_iter_end(&it);
 *
 * Order. An iteration gives the matching tables in the order in which the world made them (the table of a set of
 * components is made by the first edit that gives an entity this set, and stays until a compaction finds it empty), and
 * the entities of a table row by row. This order is a part of the state: take, save, resume, load, restore, rewind, a
 * fork and a compaction keep it. So the same query gives the same entities in the same order from each of them, also in
 * a program with other types; and the same edits of the same state give the same order again.
 *   - A spawn appends its entities to their table, in the order of its arrays.
 *   - Adding or removing components (an explicit id is one) moves the entity to the end of another table.
 *   - Where an entity leaves a table, the last row takes its place. A despawn of many takes them in the order given.
 *   - Edits of values move nothing. Commands move entities in the order of commands.h.
 * How many rows a chunk has is not promised: it depends on where the rows lie.
 *
 * Threads. While parts of an edit iteration run (part_count of 2 or more, all begun before the first runs), any thread
 * may read what no open part writes, of any entity: other components, whether an entity lives and what it has, ids,
 * singletons and metadata, by pecs_get and the like and by pecs_query_read. A component that a part has as a WRITE or
 * MAYBE_WRITE term is read through the iteration of that part only, until all parts have ended; pecs_view_hash,
 * pecs_view_diff and pecs_view_check read every component, so they wait, too. While an edit iteration without parts is
 * open, only its thread may read the world.
 */
#ifndef PECS_QUERY_H
#define PECS_QUERY_H

#include <pecs/world.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum pecs_access {
    PECS_READ,        /* must be there; read */
    PECS_WRITE,       /* must be there; written, and counts as changed */
    PECS_MAYBE_READ,  /* read where it is there */
    PECS_MAYBE_WRITE, /* written where it is there */
    PECS_WITH,        /* must be there; not touched */
    PECS_WITHOUT      /* must not be there */
} pecs_access;

typedef struct pecs_term {
    pecs_component component;
    pecs_access access;
} pecs_term;

#define PECS_TERMS_MAX 32 /* terms of one query */

/*
 * At most PECS_TERMS_MAX terms, each component at most once. A query without terms matches every entity.
 * PECS_E_MISUSE, PECS_E_LIMIT, PECS_E_MEMORY.
 */
PECS_API PECS_MUST_USE pecs_status pecs_query_create(pecs_registry *registry, const pecs_term *terms, size_t term_count,
                                                     pecs_query **ret_query, pecs_error *error);

/* No iteration of the query may be open; NULL is allowed. */
PECS_API void pecs_query_destroy(pecs_query *query);

/*
 * changed_since: only chunks of which a READ, WRITE or MAYBE component was written at a tick greater than this; 0 gives
 * all. A chunk is the unit: it may hold rows that did not change, but no change is missed.
 * part, part_count: this iteration gives part `part` of `part_count` (0: the whole), for the caller's own threads. The
 * parts share no chunk and together give all: one after another, the order of the whole. Begin all parts on the world's
 * writer; next and end may then run on one thread for each.
 */
typedef struct pecs_iter_options {
    uint64_t changed_since;
    uint32_t part, part_count;
} pecs_iter_options;

/*
 * An iteration. `row_count` and `entities` speak of the present chunk, after pecs_iter_next gave true; `status` tells
 * why it gave false: PECS_OK at the end. The rest is the library's.
 */
typedef struct pecs_iter {
    size_t row_count;
    const pecs_entity *entities; /* row_count handles */
    pecs_status status;
    struct {
        const void *query, *source, *present; /* the present table */
        void *world;                          /* NULL when reading */
        const uint32_t *tables;               /* candidates, or NULL: all */
        uint32_t table_place, table_limit;    /* next candidate, and their number */
        uint32_t table;                       /* that the present chunk is of */
        uint64_t chunk, chunk_end;            /* the next chunk of it, and where they end */
        uint64_t skip_count, give_count;      /* chunks of other parts before this one, and of this one */
        uint64_t changed_since;
        uint32_t columns[PECS_TERMS_MAX]; /* of the terms: where they are in the present table */
        void *data[PECS_TERMS_MAX];       /* and their values in the present chunk, or NULL */
    } state;
} pecs_iter;

/*
 * Begins an iteration that reads a view (write terms are then only read), or one that edits a world. Neither fails by
 * itself: the first pecs_iter_next gives false with the status (PECS_E_MISUSE: another registry or bad parts;
 * PECS_E_MEMORY).
 * While any iteration is open, structural edits, advance, restore and rewind give PECS_E_BUSY; while an edit iteration
 * is open, take and save do too.
 * The columns and `entities` of the present chunk stay readable until the iteration's next pecs_iter_next or
 * pecs_iter_end, also when values are edited meanwhile.
 */
PECS_API pecs_iter pecs_query_read(const pecs_query *query, pecs_view view, const pecs_iter_options *options);
PECS_API pecs_iter pecs_query_edit(const pecs_query *query, pecs_world *world, const pecs_iter_options *options);

/*
 * The next chunk; false at the end and on failure. Chunks that lie unedited in a file's image are given as one when
 * they are read, so row_count may be that of a whole table.
 */
PECS_API bool pecs_iter_next(pecs_iter *iter);

/*
 * The column of a component in the present chunk: row_count values, 64-byte aligned when the chunk is not a mapped or
 * loaded one, else aligned as the type. `access` is PECS_READ or PECS_WRITE; writing needs a WRITE or MAYBE_WRITE term
 * and an edit iteration. NULL for a MAYBE term that is not there, a tag, a wrong size, or a component that no term
 * names. A value edited meanwhile by other means may not show in the columns of the present chunk; it does from the
 * next chunk on, at the latest.
 */
PECS_API void *pecs_iter_column(const pecs_iter *iter, pecs_component component, pecs_access access, size_t size_bytes);
#define pecs_read(iter, component, T) ((const T *)pecs_iter_column(iter, component, PECS_READ, sizeof(T)))
#define pecs_write(iter, component, T) ((T *)pecs_iter_column(iter, component, PECS_WRITE, sizeof(T)))

/* Ends the iteration, always, also after a break; returns iter->status. */
PECS_API pecs_status pecs_iter_end(pecs_iter *iter);

/* The number of entities that the query matches in the view; 0 for another registry. Linear in the tables. */
PECS_API uint64_t pecs_query_count(const pecs_query *query, pecs_view view);

#ifdef __cplusplus
}
#endif
#endif
