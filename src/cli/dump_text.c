#include "dump_form.h"
#include "meta_text.h"
#include "value_text.h"

#include <inttypes.h>

static void print_component(const struct dump *dump, struct text_out *out, pecs_component component, const void *value)
{
    out_format(out, "  ");
    out_name(out, dump->types.entries[component].label);
    value_print(out, dump->view, dump->types.entries[component].type, value);
    out_format(out, "\n");
}

static void print_world(struct dump *dump, struct text_out *out)
{
    pecs_meta meta;
    size_t count;
    if (!dump->one_component && pecs_view_meta_count(dump->view))
        out_format(out, "metadata\n");
    for (size_t i = 0; !dump->one_component && pecs_view_meta_at(dump->view, i, &meta); i++)
        meta_print(out, &meta);
    const pecs_component *components = dump_singletons(dump, &count);
    if (count)
        out_format(out, "singletons\n");
    for (size_t i = 0; i < count; i++)
        print_component(dump, out, components[i], dump_singleton(dump, components[i]));
}

static void print_entity(struct dump *dump, struct text_out *out, const struct dump_iter *iter)
{
    char id[PECS_ID_TEXT_BYTES];
    size_t count;
    const pecs_entity entity = iter->ids.entity;
    pecs_id_format(iter->ids.id, id);
    out_format(out, "%" PRIu32 ":%" PRIu32 " %s%s\n", entity.index, entity.generation, id,
               dump_has_explicit_id(dump, entity) ? " explicit" : "");
    const pecs_component *components = dump_components_of(dump, entity, &count);
    for (size_t i = 0; i < count; i++)
        if (!dump_is_hidden(dump, components[i]))
            print_component(dump, out, components[i], dump_value(dump, entity, components[i]));
}

void dump_text(struct dump *dump, struct text_out *out)
{
    pecs_summary summary;
    pecs_view_summary(dump->view, &summary);
    out_name(out, dump->path);
    out_format(out, ": %" PRIu64 " entities, tick %" PRIu64 "\n", summary.entity_count, summary.tick);
    if (dump_has_world(dump))
        print_world(dump, out);
    struct dump_iter iter = dump_entities(dump);
    while (!out->os_error && dump_next(dump, &iter))
        print_entity(dump, out, &iter);
    if (iter.cut)
        out_format(out, "and more: %" PRIu64 " are shown\n", iter.shown);
}
