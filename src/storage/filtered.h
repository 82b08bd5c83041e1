/* Filtered states: less of a state, with what becomes of references and what was left out. */
#ifndef PECS_STORAGE_FILTERED_H
#define PECS_STORAGE_FILTERED_H

#include "projection.h"

#include <pecs/filter.h>

/* Makes a state without what `less` names. *ret_left_out says what that was. PECS_E_INVALID, _CORRUPT, _MEMORY. */
pecs_status filtered_make(const struct pecs_snapshot *state, const struct projection_less *less,
                          pecs_references references, struct pecs_snapshot **ret_state, pecs_left_out *ret_left_out,
                          pecs_error *error);

/* What of a state is saved: without transient components and entities. The state itself if it has none. */
pecs_status filtered_make_saved(const struct pecs_snapshot *state, pecs_references references,
                                struct pecs_snapshot **ret_state, pecs_left_out *ret_left_out, pecs_error *error);

/* The error of a selection or projection that failed. */
pecs_status filtered_fail(pecs_error *error, pecs_status status);

/* How many types a state has in its tables, and the bytes of its components' values. */
uint64_t state_used_type_count(const struct pecs_snapshot *state, uint64_t *ret_component_bytes);

#endif
