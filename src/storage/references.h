/* References to entities that a state leaves out. */
#ifndef PECS_STORAGE_REFERENCES_H
#define PECS_STORAGE_REFERENCES_H

#include "selection.h"

/*
 * Sets the references to the selected entities, in all values of a state that no one else holds, to {0, 0}. Only chunks
 * that have such a reference are copied. PECS_E_MEMORY: the state may only be released.
 */
pecs_status references_clear(struct pecs_snapshot *state, const struct selection *selection, uint64_t *ret_count);
/* PECS_E_INVALID, with entity, field and component, when a value of the state has a reference to a selected entity. */
pecs_status references_refuse(const struct pecs_snapshot *state, const struct selection *selection, pecs_error *error);

#endif
