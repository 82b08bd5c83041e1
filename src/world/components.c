/*
 * Operations on the components of one entity, or of the world itself (singletons): set, add, remove, and get for
 * writing. While the entity keeps its set of components, its row stays and only values change; otherwise the row moves.
 */
#include "components.h"

#include "place.h"

enum { SMALL_VALUES_BYTES = 512 }; /* values of one set up to this size are copied without an allocation */

bool components_locate(const struct pecs_world *world, pecs_entity entity, bool is_singleton, struct record *ret_record)
{
    *ret_record = (struct record){ 0, world->state->singleton_table, 0, 0 };
    if (is_singleton)
        return true;
    const struct record *record = state_find(world->state, entity);
    if (record)
        *ret_record = *record;
    return record != NULL;
}

/* What a set needs to know of its values. */
struct given_set {
    const pecs_value *values;
    size_t value_count;
    uint32_t set_count;    /* of the scratch set, which has their components */
    uint8_t *data;         /* copies of the values that have data, one after another */
    uint64_t placed_units; /* of the heap, for their contents */
    bool has_contents;     /* some of the components have */
};

/* Places the contents of the copies in the heap. */
static pecs_status components_place(struct pecs_world *world, struct given_set *set)
{
    for (size_t i = 0; place_may_be_needed(world) && i < set->value_count; i++)
        set->has_contents |= component_has_contents(edit_component(world, set->values[i].component));
    if (!set->has_contents)
        return PECS_OK;
    pecs_status status = place_begin(world);
    uint8_t *data = set->data;
    gate_hold(&world->gate);
    for (size_t i = 0; !status && i < set->value_count; i++) {
        const pecs_value *value = &set->values[i];
        if (!value->data)
            continue;
        if (component_has_contents(edit_component(world, value->component)))
            status = place_in_copies(world, value->component, data, 1, NULL, &set->placed_units);
        data += value->size_bytes;
    }
    gate_let_go(&world->gate);
    return status;
}

/* Writes the copies into a row; `had` is what the entity, or the world, had before (or NULL). */
static void components_fill(struct pecs_world *world, struct record at, const struct archetype *had,
                            const struct given_set *set)
{
    const uint8_t *data = set->data;
    for (size_t i = 0; i < set->value_count; i++) {
        const pecs_value value = { set->values[i].component, set->values[i].size_bytes,
                                   set->values[i].data ? data : NULL };
        struct table *table = edit_table(world, at.table);
        if (set->has_contents && had && archetype_find(had, value.component) != NO_COLUMN &&
            component_has_contents(edit_component(world, value.component)))
            place_forget(world, value.component,
                         table_value(table, archetype_column(table->archetype, value.component), at.row), 1);
        edit_fill_rows(world, at.table, at.row, 1, &value);
        data += value.data ? value.size_bytes : 0;
    }
    place_count(world, set->placed_units);
    if (set->has_contents)
        place_tend(world, 0);
}

static pecs_status components_set_copied(struct pecs_world *world, pecs_entity entity, bool is_singleton,
                                         struct given_set *set)
{
    const pecs_value *values = set->values;
    const size_t value_count = set->value_count;
    pecs_status status = PECS_OK;
    struct record at;
    if (!components_locate(world, entity, is_singleton, &at))
        return edit_fail_dead(world, entity);
    const struct archetype *had = at.table == NO_TABLE ? NULL : state_table(world->state, at.table)->archetype;
    uint32_t had_count = 0, column_count = 0;
    for (size_t i = 0; had && i < value_count; i++) {
        had_count += archetype_find(had, values[i].component) != NO_COLUMN;
        column_count += values[i].size_bytes > 0;
    }
    const bool stays = had && had_count == value_count;
    if (stays && !column_count) /* no values, or tags that the entity has */
        return PECS_OK;
    const struct place_mark mark = place_mark_of(world);
    status = stays ? edit_begin_values(world) : edit_begin(world);
    if (!status)
        status = components_place(world, set);
    if (!status && stays) {
        status = edit_own_values(world, at, values, value_count);
    } else if (!status) {
        for (uint32_t i = 0; had && i < had->component_count; i++)
            edit_set_insert(world, &set->set_count, had->components[i]);
        status = edit_relocate(world, entity, at, set->set_count, is_singleton, &at);
    }
    if (status)
        place_take_back(world, mark);
    else
        components_fill(world, at, had, set);
    return status;
}

/* The values may lie in the world, even in the row that they are for, so they are copied before anything moves. */
static pecs_status components_set(struct pecs_world *world, pecs_entity entity, bool is_singleton,
                                  const pecs_value *values, size_t value_count)
{
    uint32_t set_count;
    pecs_status status = edit_check_values(world, values, value_count, &set_count);
    if (status)
        return status;
    uint8_t small[SMALL_VALUES_BYTES], *copy = small;
    size_t bytes = 0;
    for (size_t i = 0; i < value_count; i++)
        bytes += values[i].data ? values[i].size_bytes : 0;
    if (bytes > sizeof(small) && !(copy = pool_allocate(world->registry->pool, bytes)))
        return PECS_E_MEMORY;
    uint8_t *to = copy;
    for (size_t i = 0; i < value_count; i++) {
        if (!values[i].data)
            continue;
        memcpy(to, values[i].data, values[i].size_bytes);
        to += values[i].size_bytes;
    }
    struct given_set set = { .values = values, .value_count = value_count, .set_count = set_count, .data = copy };
    status = components_set_copied(world, entity, is_singleton, &set);
    if (copy != small)
        pool_release(world->registry->pool, copy, bytes);
    return status;
}

pecs_status pecs_world_set(pecs_world *world, pecs_entity entity, const pecs_value *values, size_t value_count)
{
    return world ? failure_end(&world->failure, components_set(world, entity, false, values, value_count))
                 : PECS_E_MISUSE;
}

pecs_status pecs_world_set_singleton(pecs_world *world, pecs_component component, size_t size_bytes, const void *value)
{
    const pecs_value values = { component, size_bytes, value };
    return world ? failure_end(&world->failure, components_set(world, (pecs_entity){ 0, 0 }, true, &values, 1))
                 : PECS_E_MISUSE;
}

static pecs_status components_check(struct pecs_world *world, const pecs_component *components, size_t count)
{
    if (count && !components)
        return edit_fail(world, PECS_E_MISUSE, "components is NULL, but component_count is not 0");
    if (count > state_component_count(world->state))
        return edit_fail(world, PECS_E_MISUSE, "component_count exceeds the number of types");
    for (size_t i = 0; i < count; i++)
        if (!edit_component(world, components[i]))
            return edit_fail_component(world, components[i]);
    return PECS_OK;
}

/* Changes the entity's components to those in the scratch set. */
static pecs_status components_change_set(struct pecs_world *world, pecs_entity entity, bool is_singleton,
                                         uint32_t set_count, struct record *at)
{
    const pecs_status status = edit_begin(world);
    return status ? status : edit_relocate(world, entity, *at, set_count, is_singleton, at);
}

static pecs_status components_add(struct pecs_world *world, pecs_entity entity, const pecs_component *components,
                                  size_t count)
{
    struct record at;
    pecs_status status = components_check(world, components, count);
    if (status)
        return status;
    if (!components_locate(world, entity, false, &at))
        return edit_fail_dead(world, entity);
    const struct archetype *had = state_table(world->state, at.table)->archetype; /* its table stays, also when empty */
    uint32_t set_count = 0;
    for (uint32_t i = 0; i < had->component_count; i++)
        edit_set_insert(world, &set_count, had->components[i]);
    for (size_t i = 0; i < count; i++)
        edit_set_insert(world, &set_count, components[i]);
    if (set_count == had->component_count)
        return PECS_OK;
    status = components_change_set(world, entity, false, set_count, &at);
    for (size_t i = 0; !status && i < count; i++) {
        const pecs_value zeros = { components[i], edit_component(world, components[i])->size, NULL };
        if (archetype_find(had, components[i]) == NO_COLUMN)
            edit_fill_rows(world, at.table, at.row, 1, &zeros);
    }
    return status;
}

pecs_status pecs_world_add(pecs_world *world, pecs_entity entity, const pecs_component *components,
                           size_t component_count)
{
    return world ? failure_end(&world->failure, components_add(world, entity, components, component_count))
                 : PECS_E_MISUSE;
}

static pecs_status components_remove(struct pecs_world *world, pecs_entity entity, bool is_singleton,
                                     const pecs_component *components, size_t count)
{
    struct record at;
    const pecs_status status = components_check(world, components, count);
    if (status)
        return status;
    if (!components_locate(world, entity, is_singleton, &at))
        return edit_fail_dead(world, entity);
    if (at.table == NO_TABLE)
        return PECS_OK;
    const struct archetype *had = state_table(world->state, at.table)->archetype;
    uint32_t set_count = 0;
    for (uint32_t i = 0; i < had->component_count; i++) {
        bool stays = true;
        for (size_t j = 0; stays && j < count; j++)
            stays = had->components[i] != components[j];
        if (stays)
            world->set[set_count++] = had->components[i];
    }
    return set_count == had->component_count ? PECS_OK
                                             : components_change_set(world, entity, is_singleton, set_count, &at);
}

pecs_status pecs_world_remove(pecs_world *world, pecs_entity entity, const pecs_component *components,
                              size_t component_count)
{
    return world ? failure_end(&world->failure, components_remove(world, entity, false, components, component_count))
                 : PECS_E_MISUSE;
}

pecs_status pecs_world_remove_singleton(pecs_world *world, pecs_component component)
{
    return world ? failure_end(&world->failure, components_remove(world, (pecs_entity){ 0, 0 }, true, &component, 1))
                 : PECS_E_MISUSE;
}

/* Prepares the value of a component for writing. */
static pecs_status components_get_mut(struct pecs_world *world, pecs_entity entity, bool is_singleton,
                                      pecs_component component, size_t size_bytes, void **ret_value)
{
    const pecs_value value = { component, size_bytes, NULL };
    struct record at;
    uint32_t set_count;
    pecs_status status = edit_check_values(world, &value, 1, &set_count);
    if (!status && !ret_value)
        return PECS_E_MISUSE;
    if (!status && !size_bytes)
        return failure_explain(&world->failure, PECS_E_MISUSE, entity, component, "it is a tag, without a value");
    if (status)
        return status;
    if (!components_locate(world, entity, is_singleton, &at))
        return edit_fail_dead(world, entity);
    if (at.table == NO_TABLE || archetype_find(state_table(world->state, at.table)->archetype, component) == NO_COLUMN)
        return failure_explain(&world->failure, PECS_E_ABSENT, entity, component,
                               is_singleton ? "the world does not have it" : "the entity does not have it");
    status = edit_begin_values(world);
    if (!status)
        status = edit_own_values(world, at, &value, 1);
    if (status)
        return status;
    struct table *table = edit_table(world, at.table);
    *ret_value = table_owned_value(table, archetype_column(table->archetype, component), at.row);
    return PECS_OK;
}

pecs_status pecs_world_get_mut(pecs_world *world, pecs_entity entity, pecs_component component, size_t size_bytes,
                               void **ret_value)
{
    return world ? failure_end(&world->failure,
                               components_get_mut(world, entity, false, component, size_bytes, ret_value))
                 : PECS_E_MISUSE;
}

pecs_status pecs_world_get_singleton_mut(pecs_world *world, pecs_component component, size_t size_bytes,
                                         void **ret_value)
{
    const pecs_entity none = { 0, 0 };
    return world ? failure_end(&world->failure, components_get_mut(world, none, true, component, size_bytes, ret_value))
                 : PECS_E_MISUSE;
}
