/*
 * Projection: a state made of another's arrays, with less in it. Components are left out, and what follows from that is
 * done here once, so that no writer knows of it: tables whose sets become equal are one, and the index says so.
 */
#ifndef PECS_STORAGE_PROJECTION_H
#define PECS_STORAGE_PROJECTION_H

#include "state.h"

/*
 * The state, a snapshot's, without the components whose bits are set, by place. Entities, their handles, ids and order
 * stay: the rows of a table follow those of the one that had the set first. Arrays are shared but for rows that move to
 * another table, and columns whose chunks get another size since the widest component is gone. PECS_E_MEMORY;
 * PECS_E_CORRUPT: rows and index of a resumed file disagree.
 */
pecs_status projection_make(const struct pecs_snapshot *state, const uint64_t *left_out,
                            struct pecs_snapshot **ret_state);

#endif
