/* Brings in what belongs to the world itself: singletons and attachments. */
#include "components.h"
#include "error.h"
#include "merge_parts.h"
#include "place.h"

/* The singletons of a state, or NULL. */
static const struct table *merge_singletons_of(const struct pecs_snapshot *state)
{
    const struct table *table =
        state->singleton_table < state->table_count ? state_table(state, state->singleton_table) : NULL;
    return table && table->row_count ? table : NULL;
}

/* Whether one that both have comes in. */
static bool merge_replaces(const struct merge *merge)
{
    return merge->conflicts == PECS_CONFLICTS_REPLACE;
}

static bool merge_takes_singleton(const struct merge *merge, pecs_component component)
{
    const struct table *own = merge_singletons_of(merge->transplant.world->state);
    return !own || archetype_find(own->archetype, component) == NO_COLUMN || merge_replaces(merge);
}

static bool merge_takes_attachment(const struct merge *merge, const char *name)
{
    bool is_there;
    (void)attachments_find(merge->transplant.world->state->attachments, name, &is_there);
    return !is_there || merge_replaces(merge);
}

static pecs_status merge_fail_attachment(struct pecs_world *world, const char *name)
{
    static const char text[] = "the world has an attachment of the same name";
    edit_fail(world, PECS_E_CONFLICT, text);
    pecs_error *error = failure_own_error(&world->failure, world->registry->pool);
    if (!error)
        return PECS_E_CONFLICT;
    world->failure.is_written = true;
    return fail(error, PECS_E_CONFLICT, "attachment '%.*s': %s", NAME_SHOWN, name, text);
}

pecs_status merge_check_own(struct merge *merge)
{
    struct pecs_world *world = merge->transplant.world;
    const bool refuses = merge->conflicts == PECS_CONFLICTS_REFUSE;
    const struct table *from = merge_singletons_of(merge->transplant.source);
    const struct attachments *list = merge->transplant.source->attachments;
    for (uint32_t i = 0; from && i < from->archetype->component_count; i++) {
        const pecs_component component = from->archetype->components[i];
        if (merge_takes_singleton(merge, component))
            merge->has_own = true;
        else if (refuses)
            return failure_explain(&world->failure, PECS_E_CONFLICT, (pecs_entity){ 0, 0 }, component,
                                   "the world has this singleton already");
    }
    for (uint32_t i = 0; list && i < list->count; i++) {
        if (merge_takes_attachment(merge, list->entries[i].name))
            merge->has_own = true;
        else if (refuses)
            return merge_fail_attachment(world, list->entries[i].name);
    }
    return PECS_OK;
}

/* Copies the value of one singleton into the row, whose column has passed the gate. */
static pecs_status merge_write_singleton(struct merge *merge, const struct table *from, pecs_component number,
                                         bool had_it)
{
    struct transplant *transplant = &merge->transplant;
    struct pecs_world *world = transplant->world;
    const struct component *component = state_component(world->state, number);
    struct table *table = edit_table(world, world->state->singleton_table);
    uint8_t *value = table_owned_value(table, archetype_column(table->archetype, number), 0);
    const bool has_contents = component_has_contents(component);
    pecs_status status = has_contents ? place_begin(world) : PECS_OK;
    if (status)
        return status;
    if (has_contents && had_it)
        place_forget(world, number, value, 1);
    memcpy(value, table_value(from, archetype_column(from->archetype, number), 0), component->size);
    transplant->units = 0;
    if (has_contents)
        status = transplant_place(transplant, number, value, 1);
    if (status)
        return status;
    place_count(world, transplant->units);
    if (component->has_references)
        transplant_map(transplant, component, value, 1, 0, 1);
    return PECS_OK;
}

/* Gives the world the components of its own singletons and of those that come in. */
static pecs_status merge_widen_singletons(struct merge *merge, const struct table *from, struct record *ret_at)
{
    struct pecs_world *world = merge->transplant.world;
    const struct table *own = merge_singletons_of(world->state);
    uint32_t count = 0;
    (void)components_locate(world, (pecs_entity){ 0, 0 }, true, ret_at);
    for (uint32_t i = 0; own && i < own->archetype->component_count; i++)
        edit_set_insert(world, &count, own->archetype->components[i]);
    const uint32_t own_count = count;
    for (uint32_t i = 0; i < from->archetype->component_count; i++)
        edit_set_insert(world, &count, from->archetype->components[i]);
    return own && count == own_count ? PECS_OK
                                     : edit_relocate(world, (pecs_entity){ 0, 0 }, *ret_at, count, true, ret_at);
}

static pecs_status merge_singletons(struct merge *merge, const struct table *from)
{
    struct pecs_world *world = merge->transplant.world;
    const struct archetype *archetype = from->archetype;
    const struct table *own = merge_singletons_of(world->state);
    struct archetype *had = own ? (struct archetype *)node_retain(&own->archetype->node) : NULL;
    struct record at;
    pecs_status status = merge_widen_singletons(merge, from, &at);
    for (uint32_t i = 0; !status && i < archetype->component_count; i++) {
        const pecs_component number = archetype->components[i];
        const bool had_it = had && archetype_find(had, number) != NO_COLUMN;
        const pecs_value value = { number, state_component(world->state, number)->size, NULL };
        if (!value.size_bytes || (had_it && !merge_replaces(merge)))
            continue;
        status = edit_own_values(world, at, &value, 1);
        if (!status)
            status = merge_write_singleton(merge, from, number, had_it);
    }
    if (had)
        node_release(world->registry->pool, &had->node);
    return status;
}

pecs_status merge_own(struct merge *merge)
{
    struct pecs_world *world = merge->transplant.world;
    const struct pecs_snapshot *source = merge->transplant.source;
    const struct attachments *list = source->attachments;
    const struct table *from = merge_singletons_of(source);
    pecs_status status = transplant_take_types(world, source);
    if (!status && from)
        status = merge_singletons(merge, from);
    for (uint32_t i = 0; !status && list && i < list->count; i++) {
        const struct attachment *entry = &list->entries[i];
        if (merge_takes_attachment(merge, entry->name))
            status = edit_attach_copied(world, entry, state_heap(source));
    }
    return status;
}
