/* Filtering in three steps, each a module: which entities (selection), the state (projection), references. */
#include "filtered.h"

#include "error.h"
#include "references.h"
#include "state_types.h"

#include <pecs/view.h>

uint64_t state_used_type_count(const struct pecs_snapshot *state, uint64_t *ret_component_bytes)
{
    uint64_t used[TYPES_MAX / 64 + 1] = { 0 }, count = 0;
    pecs_summary summary;
    pecs_view_summary(pecs_snapshot_view(state), &summary);
    *ret_component_bytes = summary.component_bytes;
    for (uint32_t i = 0; i < state->table_count; i++) {
        const struct archetype *archetype = state_table(state, i)->archetype;
        for (uint32_t j = 0; j < archetype->component_count; j++) {
            const uint32_t place = state_place(state, archetype->components[j]);
            count += !bits_has(used, place);
            bits_set(used, place);
        }
    }
    return count;
}

static void filtered_measure(const struct pecs_snapshot *from, const struct pecs_snapshot *to, pecs_left_out *left_out)
{
    uint64_t from_bytes, to_bytes;
    left_out->entity_count = from->entity_count - to->entity_count;
    left_out->type_count = state_used_type_count(from, &from_bytes) - state_used_type_count(to, &to_bytes);
    left_out->component_bytes = from_bytes - to_bytes;
}

pecs_status filtered_fail(pecs_error *error, pecs_status status)
{
    return status == PECS_E_CORRUPT
               ? fail(error, status, "rows and entity index of the resumed file disagree: load the file to find where")
               : fail_memory(error);
}

pecs_status filtered_make(const struct pecs_snapshot *state, const struct projection_less *less,
                          pecs_references references, struct pecs_snapshot **ret_state, pecs_left_out *ret_left_out,
                          pecs_error *error)
{
    struct pecs_snapshot *made;
    const bool searches = less->entities && less->entities->count && references != PECS_REFERENCES_KEEP;
    *ret_left_out = (pecs_left_out){ 0 };
    pecs_status status = projection_make(state, less, &made);
    if (status)
        return filtered_fail(error, status);
    if (searches && references == PECS_REFERENCES_REFUSE)
        status = references_refuse(made, less->entities, error);
    else if (searches && references_clear(made, less->entities, &ret_left_out->reference_count))
        status = fail_memory(error);
    if (status) {
        state_release(made);
        return status;
    }
    filtered_measure(state, made, ret_left_out);
    *ret_state = made;
    return PECS_OK;
}

/* Selects all entities that are not saved. */
static pecs_status filtered_select_unsaved(const struct pecs_snapshot *state, struct selection *selection)
{
    pecs_status status = selection_init(selection, state);
    for (uint32_t i = 0; !status && i < state->table_count; i++)
        if (!archetype_is_saved(state_table(state, i)->archetype))
            status = selection_add_table(selection, i);
    return status;
}

static uint32_t filtered_flags(const struct pecs_snapshot *state)
{
    uint32_t flags = 0;
    for (uint32_t i = 0; state->registry->flags && i < state->table_count; i++)
        flags |= state_table(state, i)->archetype->flags;
    return flags;
}

pecs_status filtered_make_saved(const struct pecs_snapshot *state, pecs_references references,
                                struct pecs_snapshot **ret_state, pecs_left_out *ret_left_out, pecs_error *error)
{
    const uint32_t flags = filtered_flags(state);
    *ret_left_out = (pecs_left_out){ 0 };
    if (!flags) {
        *ret_state = pecs_snapshot_retain((pecs_snapshot *)(uintptr_t)state);
        return PECS_OK;
    }
    uint64_t components[TYPES_MAX / 64 + 1] = { 0 };
    struct selection selection;
    struct projection_less less = { .components = components };
    for (uint32_t place = 0; place < state_component_count(state); place++)
        if (component_is_transient(state_component_at(state, place)))
            bits_set(components, place);
    if (!(flags & PECS_TYPE_TRANSIENT_ENTITY))
        return filtered_make(state, &less, references, ret_state, ret_left_out, error);
    less.entities = &selection;
    pecs_status status = filtered_select_unsaved(state, &selection);
    status =
        status ? filtered_fail(error, status) : filtered_make(state, &less, references, ret_state, ret_left_out, error);
    selection_deinit(&selection);
    return status;
}
