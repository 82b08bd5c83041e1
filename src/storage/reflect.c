/* Reflection: the types, sets of components and tables of a state. */
#include "state_types.h"

#include <pecs/reflect.h>

static const struct pecs_snapshot *reflect_state(pecs_view view)
{
    return view_source(view)->state;
}

size_t pecs_view_type_count(pecs_view view)
{
    return state_component_count(reflect_state(view));
}

bool pecs_view_component_at(pecs_view view, size_t place, pecs_component *ret_component)
{
    const struct pecs_snapshot *state = reflect_state(view);
    if (!ret_component || place >= state_component_count(state))
        return false;
    *ret_component = state_number_at(state, (uint32_t)place);
    return true;
}

const pecs_type *pecs_view_type(pecs_view view, pecs_component component)
{
    const struct component *found = state_component(reflect_state(view), component);
    return found ? found->type : NULL;
}

pecs_id pecs_view_type_id(pecs_view view, pecs_component component)
{
    const struct component *found = state_component(reflect_state(view), component);
    return found ? found->id : (pecs_id){ { 0 } };
}

pecs_status pecs_view_component(pecs_view view, const char *name, pecs_component *ret_component)
{
    if (!view.source || !name || !ret_component)
        return PECS_E_MISUSE;
    const struct pecs_snapshot *state = reflect_state(view);
    for (uint32_t place = 0; place < state_component_count(state); place++) {
        if (strcmp(state_component_at(state, place)->type->name, name) == 0) {
            *ret_component = state_number_at(state, place);
            return PECS_OK;
        }
    }
    return PECS_E_ABSENT;
}

pecs_status pecs_view_component_by_id(pecs_view view, pecs_id type_id, pecs_component *ret_component)
{
    const struct pecs_snapshot *state = reflect_state(view);
    if (!view.source || !ret_component)
        return PECS_E_MISUSE;
    if (!registry_find(state->registry, type_id, ret_component))
        return PECS_OK;
    const struct unknown_types *unknown = state->unknown;
    uint32_t low = 0, high = unknown ? unknown->count : 0;
    while (low < high) {
        const uint32_t middle = (low + high) / 2;
        const struct unknown_type *type = &unknown->types[unknown->by_id[middle]];
        const int order = memcmp(&type_id, &type->component.id, sizeof(type_id));
        if (order == 0) {
            *ret_component = type->number;
            return PECS_OK;
        }
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return PECS_E_ABSENT;
}

static const pecs_component *reflect_components(const struct table *table, size_t *ret_count)
{
    *ret_count = table->archetype->component_count;
    return table->archetype->components;
}

const pecs_component *pecs_view_components(pecs_view view, pecs_entity entity, size_t *ret_count)
{
    const struct record *record = state_find(reflect_state(view), entity);
    if (!ret_count)
        return NULL;
    *ret_count = 0;
    return record ? reflect_components(state_table(reflect_state(view), record->table), ret_count) : NULL;
}

const pecs_component *pecs_view_singletons(pecs_view view, size_t *ret_count)
{
    const uint32_t table = reflect_state(view)->singleton_table;
    if (!ret_count)
        return NULL;
    *ret_count = 0;
    if (table == NO_TABLE)
        return NULL;
    const pecs_component *components = reflect_components(state_table(reflect_state(view), table), ret_count);
    return *ret_count ? components : NULL; /* removing the last singleton leaves a row without components */
}

bool pecs_view_table(pecs_view view, uint64_t number, pecs_table *ret_table)
{
    if (!ret_table || number >= reflect_state(view)->table_count)
        return false;
    const struct table *table = state_table(reflect_state(view), (uint32_t)number);
    ret_table->components = reflect_components(table, &ret_table->component_count);
    ret_table->row_count = table->row_count;
    ret_table->is_singletons = table->archetype->is_singleton;
    return true;
}

const char *pecs_kind_name(pecs_kind kind)
{
    return kind_name(kind);
}

uint32_t pecs_kind_size(pecs_kind kind)
{
    return kind_size(kind);
}

uint32_t pecs_kind_align(pecs_kind kind)
{
    return kind_align(kind);
}
