/* The component types of a state: those of its registry, and those that only its file knows. */
#ifndef PECS_STORAGE_STATE_TYPES_H
#define PECS_STORAGE_STATE_TYPES_H

#include "state.h"

/* The components of a state; unknown.h says what a number and a place are. NULL, NO_COMPONENT: it has no such one. */
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
/* A set of places, a bit each, as numbers, ascending; and how many they are. */
uint32_t state_list_places(const struct pecs_snapshot *state, const uint64_t *bits, size_t word_count,
                           pecs_component *ret_numbers);

/*
 * The components that any table has, ascending by type id: those that a file has types of, in its order. `list` has
 * room for state_component_count; `ranks` gets, by place, the index of each component in it, or NO_COMPONENT.
 */
uint32_t state_list_components(const struct pecs_snapshot *state, pecs_component *list, uint32_t *ranks);

#endif
