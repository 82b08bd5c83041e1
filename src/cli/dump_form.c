/* Selects the entities and components of a dump, for both output formats. */
#include "dump_form.h"

bool dump_begin(struct dump *dump)
{
    return type_list_of_view(dump->view, &dump->types);
}

void dump_end(struct dump *dump)
{
    type_list_free(&dump->types);
}

const pecs_component *dump_components_of(struct dump *dump, pecs_entity entity, size_t *ret_count)
{
    *ret_count = 1;
    if (dump->one_component)
        return &dump->component;
    const pecs_component *components = pecs_view_components(dump->view, entity, ret_count);
    return type_list_by_name(&dump->types, components, *ret_count);
}

const pecs_component *dump_singletons(struct dump *dump, size_t *ret_count)
{
    *ret_count = pecs_view_has_singleton(dump->view, dump->component);
    if (dump->one_component)
        return &dump->component;
    const pecs_component *components = pecs_view_singletons(dump->view, ret_count);
    return type_list_by_name(&dump->types, components, *ret_count);
}

bool dump_has_explicit_id(const struct dump *dump, pecs_entity entity)
{
    return pecs_view_has(dump->view, entity, dump->types.id_component);
}

bool dump_is_hidden(const struct dump *dump, pecs_component component)
{
    return component == dump->types.id_component && !dump->one_component;
}

bool dump_has_world(const struct dump *dump)
{
    return !dump->one_entity;
}

struct dump_iter dump_entities(const struct dump *dump)
{
    return (struct dump_iter){ .ids = pecs_view_ids(dump->view) };
}

static bool dump_next_one(const struct dump *dump, struct dump_iter *iter)
{
    if (iter->shown)
        return false;
    iter->cut = !dump->limit;
    if (iter->cut)
        return false;
    iter->shown = 1;
    iter->ids.entity = dump->entity;
    return !pecs_view_id(dump->view, dump->entity, &iter->ids.id);
}

bool dump_next(const struct dump *dump, struct dump_iter *iter)
{
    if (dump->one_entity)
        return dump_next_one(dump, iter);
    while (pecs_id_iter_next(&iter->ids)) {
        if (dump->one_component && !pecs_view_has(dump->view, iter->ids.entity, dump->component))
            continue;
        iter->cut = iter->shown == dump->limit;
        iter->shown += !iter->cut;
        return !iter->cut;
    }
    return false;
}

const void *dump_value(const struct dump *dump, pecs_entity entity, pecs_component component)
{
    return pecs_view_get(dump->view, entity, component, type_list_entry(&dump->types, component)->type->size);
}

const void *dump_singleton(const struct dump *dump, pecs_component component)
{
    return pecs_view_get_singleton(dump->view, component, type_list_entry(&dump->types, component)->type->size);
}
