/*
 * Projection: a state made from the arrays of another by leaving out components. Tables whose sets become equal are
 * merged here, and the index is updated, so that no writer of files needs to know about it.
 */
#ifndef PECS_STORAGE_PROJECTION_H
#define PECS_STORAGE_PROJECTION_H

#include "state.h"

/*
 * Makes a state from a snapshot's, without the components whose bits (by place) are set. Entities, handles, ids and
 * order stay: the rows of a merged table follow those of the first table with the set. Arrays are shared, except for
 * rows that move to another table and for columns whose chunk size changes because the widest component is gone.
 * PECS_E_MEMORY. PECS_E_CORRUPT: rows and index of a resumed file disagree.
 */
pecs_status projection_make(const struct pecs_snapshot *state, const uint64_t *left_out,
                            struct pecs_snapshot **ret_state);

#endif
