/* Blank columns: what a snapshot has instead of values that snapshots leave out. */
#ifndef PECS_STORAGE_BLANK_H
#define PECS_STORAGE_BLANK_H

#include "state.h"

/* Whether a table has values that snapshots leave out. Costs nothing where the registry has no such type. */
bool blank_is_needed(const struct pecs_snapshot *state);

/*
 * Makes a copy of a state with zeros for these values; all else is shared. Takes about a chunk of zeros for each such
 * column. PECS_E_MEMORY.
 */
pecs_status blank_make(struct pecs_snapshot *state, struct pecs_snapshot **ret_state);

#endif
