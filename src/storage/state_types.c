/* Lists of a state's component types. */
#include "state_types.h"

#include "bits.h"

uint32_t state_list_places(const struct pecs_snapshot *state, const uint64_t *bits, size_t word_count,
                           pecs_component *ret_numbers)
{
    const uint32_t count = bits_list(bits, word_count, ret_numbers);
    for (uint32_t i = count; i && ret_numbers[i - 1] >= state->registry->type_count; i--)
        ret_numbers[i - 1] = state_number_at(state, ret_numbers[i - 1]);
    return count;
}

/* Numbers the components of a state by their ids, those that have a rank already, by place, and lists them. */
static uint32_t state_list_ranked(const struct pecs_snapshot *state, pecs_component *list, uint32_t *ranks)
{
    const pecs_registry *registry = state->registry;
    const uint32_t known_count = registry->type_count, unknown_count = state_component_count(state) - known_count;
    uint32_t count = 0;
    /* merge two ascending lists */
    for (uint32_t known = 0, unknown = 0; known < known_count || unknown < unknown_count;) {
        const uint32_t a = known < known_count ? registry->by_id[known] : NO_COMPONENT;
        const uint32_t b = unknown < unknown_count ? known_count + state->unknown->by_id[unknown] : NO_COMPONENT;
        const bool is_known =
            b == NO_COMPONENT || (a != NO_COMPONENT && memcmp(&state_component_at(state, a)->id,
                                                              &state_component_at(state, b)->id, sizeof(pecs_id)) < 0);
        const uint32_t place = is_known ? a : b;
        known += is_known;
        unknown += !is_known;
        if (ranks[place] == NO_COMPONENT)
            continue;
        ranks[place] = count;
        list[count++] = state_number_at(state, place);
    }
    return count;
}

uint32_t state_list_components(const struct pecs_snapshot *state, pecs_component *list, uint32_t *ranks)
{
    const uint32_t place_count = state_component_count(state);
    for (uint32_t place = 0; place < place_count; place++)
        ranks[place] = NO_COMPONENT;
    for (uint32_t i = 0; i < state->table_count; i++) {
        const struct archetype *archetype = state_table(state, i)->archetype;
        for (uint32_t j = 0; j < archetype->component_count; j++)
            ranks[state_place(state, archetype->components[j])] = 0;
    }
    return state_list_ranked(state, list, ranks);
}

uint32_t state_list_saved(const struct pecs_snapshot *state, pecs_component *list, uint32_t *ranks)
{
    const uint32_t place_count = state_component_count(state);
    for (uint32_t place = 0; place < place_count; place++)
        ranks[place] = component_is_transient(state_component_at(state, place)) ? NO_COMPONENT : 0;
    return state_list_ranked(state, list, ranks);
}
