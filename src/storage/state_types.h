/* The component types of a state: those of its registry, and those that only its file has. */
#ifndef PECS_STORAGE_STATE_TYPES_H
#define PECS_STORAGE_STATE_TYPES_H

#include "state.h"

/*
 * The components of a state; unknown.h defines numbers and places. NULL or NO_COMPONENT: the state has no such
 * component.
 */
static inline const struct component *state_component(const struct pecs_snapshot *state, pecs_component number)
{
    return component_of(state->registry, state->unknown, number);
}
static inline uint32_t state_component_count(const struct pecs_snapshot *state)
{
    return component_count_of(state->registry, state->unknown);
}
static inline uint32_t state_place(const struct pecs_snapshot *state, pecs_component number)
{
    return component_place(state->registry, state->unknown, number);
}
static inline pecs_component state_number_at(const struct pecs_snapshot *state, uint32_t place)
{
    return component_number_at(state->registry, state->unknown, place);
}
static inline const struct component *state_component_at(const struct pecs_snapshot *state, uint32_t place)
{
    return component_at(state->registry, state->unknown, place);
}
/* Converts a set of places, a bit each, to ascending numbers, and returns how many. */
uint32_t state_list_places(const struct pecs_snapshot *state, const uint64_t *bits, size_t word_count,
                           pecs_component *ret_numbers);

/*
 * Lists the components that any table has, ascending by type id: the types of a file, in its order. `list` has room for
 * state_component_count numbers. `ranks` receives, by place, the index of each component in the list, or NO_COMPONENT.
 */
uint32_t state_list_components(const struct pecs_snapshot *state, pecs_component *list, uint32_t *ranks);
/* The same for all components that are saved, of which a table may have none. */
uint32_t state_list_saved(const struct pecs_snapshot *state, pecs_component *list, uint32_t *ranks);

#endif
