/*
 * Projection: a state made from the arrays of another by leaving out components and entities. Tables whose sets become
 * equal are merged here, and the index is updated, so that no writer of files needs to know about it.
 */
#ifndef PECS_STORAGE_PROJECTION_H
#define PECS_STORAGE_PROJECTION_H

#include "selection.h"

/* What is left out. */
struct projection_less {
    const uint64_t *components;       /* a bit for each component, by place */
    const struct selection *entities; /* or NULL: none */
    const uint64_t *tables;           /* a bit for each table, without rows, that goes as a whole; or NULL: none */
};

/*
 * Makes a state from a snapshot's, which is not of the timeline of its world. Handles, generations, ids and sessions
 * stay; the slots of entities that are left out are free, as if they had been despawned: the last rows of their table
 * take their places. The rows of a merged table follow those of the first table with the set (table_merge.h). A table
 * of which no row and not the whole set remains is dropped. Arrays are shared, except for rows that move and for
 * columns whose chunk size changes because the widest component is gone.
 * PECS_E_MEMORY. PECS_E_CORRUPT: rows and index of a resumed file disagree.
 */
pecs_status projection_make(const struct pecs_snapshot *state, const struct projection_less *less,
                            struct pecs_snapshot **ret_state);

#endif
