/* Filters for users: which components and entities a snapshot is to be made without. Queries decide table by table. */
#include "error.h"
#include "filtered.h"
#include "match.h"
#include "state_types.h"

#include <pecs/filter.h>

struct filtering {
    const struct pecs_snapshot *state;
    const pecs_filter *filter;
    uint64_t components[TYPES_MAX / 64 + 1];
    struct selection entities;
    pecs_error *error;
};

static pecs_status filter_check(const pecs_snapshot *snapshot, const pecs_filter *filter, const void *ret_snapshot,
                                pecs_error *error)
{
    if (!snapshot || !filter || !ret_snapshot)
        return fail(error, PECS_E_MISUSE, "snapshot, filter and ret_snapshot must not be NULL");
    if (filter->component_count && !filter->components)
        return fail(error, PECS_E_MISUSE, "components is NULL, but component_count is not 0");
    if (filter->query && !query_fits(filter->query, snapshot))
        return fail(error, PECS_E_MISUSE, "the query is of another registry than the snapshot");
    if ((unsigned)filter->references > PECS_REFERENCES_REFUSE)
        return fail(error, PECS_E_MISUSE, "the value of references is invalid");
    for (size_t i = 0; i < filter->component_count; i++)
        if (!state_component(snapshot, filter->components[i]))
            return fail(error, PECS_E_MISUSE, "component %u does not exist", filter->components[i]);
    return PECS_OK;
}

static void filter_mark_components(struct filtering *filtering)
{
    const struct pecs_snapshot *state = filtering->state;
    const pecs_filter *filter = filtering->filter;
    const uint32_t id_place = state_place(state, state->registry->id_component);
    for (uint32_t place = 0; filter->only_components && place < state_component_count(state); place++)
        if (place != id_place)
            bits_set(filtering->components, place);
    for (size_t i = 0; i < filter->component_count; i++) {
        const uint32_t place = state_place(state, filter->components[i]);
        if (filter->only_components)
            bits_clear(filtering->components, place);
        else
            bits_set(filtering->components, place);
    }
}

/* Asks the user for each entity of a table that the query lets stay. */
static pecs_status filter_select_rows(struct filtering *filtering, uint32_t number)
{
    const struct table *table = state_table(filtering->state, number);
    const pecs_view view = pecs_snapshot_view(filtering->state);
    pecs_status status = PECS_OK;
    for (uint64_t row = 0; !status && row < table->row_count; row++) {
        pecs_entity entity;
        memcpy(&entity, table_value(table, HANDLE_COLUMN, row), sizeof(entity));
        if (!filtering->filter->keep(filtering->filter->user, view, entity))
            status = selection_add_row(&filtering->entities, number, row);
    }
    return status;
}

static pecs_status filter_select(struct filtering *filtering)
{
    const pecs_filter *filter = filtering->filter;
    pecs_status status = PECS_OK;
    for (uint32_t i = 0; !status && i < filtering->state->table_count; i++) {
        const struct archetype *archetype = state_table(filtering->state, i)->archetype;
        if (archetype->is_singleton)
            continue;
        if (filter->query && query_matches(filter->query, archetype) != filter->only_matching)
            status = selection_add_table(&filtering->entities, i);
        else if (filter->keep)
            status = filter_select_rows(filtering, i);
    }
    return status;
}

static pecs_status filter_make(struct filtering *filtering, pecs_snapshot **ret_snapshot)
{
    const pecs_filter *filter = filtering->filter;
    const struct projection_less less = { filtering->components,
                                          filter->query || filter->keep ? &filtering->entities : NULL, NULL };
    pecs_left_out left_out;
    const pecs_status status =
        filtered_make(filtering->state, &less, filter->references, ret_snapshot, &left_out, filtering->error);
    if (!status && filter->left_out)
        *filter->left_out = left_out;
    return status;
}

pecs_status pecs_snapshot_filter(const pecs_snapshot *snapshot, const pecs_filter *filter, pecs_snapshot **ret_snapshot,
                                 pecs_error *error)
{
    struct filtering filtering = { .state = snapshot, .filter = filter, .error = error };
    pecs_status status = filter_check(snapshot, filter, ret_snapshot, error);
    if (status)
        return status;
    filter_mark_components(&filtering);
    if (!filter->query && !filter->keep)
        return filter_make(&filtering, ret_snapshot);
    status = selection_init(&filtering.entities, snapshot);
    if (!status)
        status = filter_select(&filtering);
    status = status ? filtered_fail(error, status) : filter_make(&filtering, ret_snapshot);
    selection_deinit(&filtering.entities);
    return status;
}
