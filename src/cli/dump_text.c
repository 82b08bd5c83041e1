#include "dump_form.h"
#include "meta_text.h"
#include "value_text.h"

#include <inttypes.h>

enum { BOUND_BYTES = DUMP_BOUND_KIB << 10 };

/* Whether there is room for another line. If not, marks the dump as cut. */
static bool dump_text_has_room(struct dump *dump, const struct text_out *out)
{
    dump->is_cut = dump->is_cut || (dump->is_bounded && out->written_bytes >= BOUND_BYTES);
    return !dump->is_cut && !out_is_over(out);
}

static void dump_text_print_component(const struct dump *dump, struct text_out *out, pecs_component component,
                                      const void *value)
{
    const struct type_entry *entry = type_list_entry(&dump->types, component);
    out_format(out, "  ");
    out_name(out, entry->label);
    value_print(out, dump->view, entry->type, value);
    out_format(out, "\n");
}

static void dump_text_print_metadata(struct dump *dump, struct text_out *out)
{
    pecs_meta meta;
    if (dump->info->file_metadata_count)
        out_format(out, "metadata of the file alone\n");
    for (size_t i = 0; i < dump->info->file_metadata_count && dump_text_has_room(dump, out); i++)
        meta_print(out, &dump->info->file_metadata[i]);
    if (pecs_view_meta_count(dump->view) && dump_text_has_room(dump, out))
        out_format(out, "metadata\n");
    for (size_t i = 0; pecs_view_meta_at(dump->view, i, &meta) && dump_text_has_room(dump, out); i++)
        meta_print(out, &meta);
}

static void dump_text_print_attachments(struct dump *dump, struct text_out *out)
{
    pecs_attachment attachment;
    if (pecs_view_attachment_count(dump->view) && dump_text_has_room(dump, out))
        out_format(out, "attachments: bytes and name\n");
    for (size_t i = 0; pecs_view_attachment_at(dump->view, i, &attachment) && dump_text_has_room(dump, out); i++) {
        out_format(out, "  %zu  ", attachment.size_bytes);
        out_name(out, attachment.name);
        out_format(out, "\n");
    }
}

static void dump_text_print_world(struct dump *dump, struct text_out *out)
{
    size_t count;
    if (!dump->one_component)
        dump_text_print_metadata(dump, out);
    if (!dump->one_component)
        dump_text_print_attachments(dump, out);
    const pecs_component *components = dump_singletons(dump, &count);
    if (count)
        out_format(out, "singletons\n");
    for (size_t i = 0; i < count && dump_text_has_room(dump, out); i++)
        dump_text_print_component(dump, out, components[i], dump_singleton(dump, components[i]));
}

static void dump_text_print_entity(struct dump *dump, struct text_out *out, const struct dump_iter *iter)
{
    char id[PECS_ID_TEXT_BYTES];
    size_t count;
    const pecs_entity entity = iter->ids.entity;
    pecs_id_format(iter->ids.id, id);
    out_format(out, "%" PRIu32 ":%" PRIu32 " %s%s\n", entity.index, entity.generation, id,
               dump_has_explicit_id(dump, entity) ? " explicit" : "");
    const pecs_component *components = dump_components_of(dump, entity, &count);
    for (size_t i = 0; i < count && dump_text_has_room(dump, out); i++)
        if (!dump_is_hidden(dump, components[i]))
            dump_text_print_component(dump, out, components[i], dump_value(dump, entity, components[i]));
}

/* Prints the last line of an incomplete dump. */
static void dump_text_print_cut(struct dump *dump, struct text_out *out, const struct dump_iter *iter)
{
    const bool is_within_line = dump->is_bounded && out_is_over(out);
    out->max_bytes = 0;
    if (dump->is_cut || is_within_line)
        out_format(out, "%sincomplete: on a terminal a dump stops after %d KiB; --limit all prints everything\n",
                   is_within_line ? "...\n" : "", DUMP_BOUND_KIB);
    else if (iter->cut)
        out_format(out, "incomplete: stopped at --limit %" PRIu64 "\n", iter->shown);
}

void dump_text(struct dump *dump, struct text_out *out)
{
    pecs_summary summary;
    out->max_bytes = dump->is_bounded ? 2 * BOUND_BYTES : 0; /* lines are complete, except very long ones */
    pecs_view_summary(dump->view, &summary);
    out_name(out, dump->path);
    out_format(out, ": %" PRIu64 " entities, tick %" PRIu64 "\n", summary.entity_count, summary.tick);
    if (dump_has_world(dump))
        dump_text_print_world(dump, out);
    struct dump_iter iter = dump_entities(dump);
    while (dump_next(dump, &iter) && dump_text_has_room(dump, out))
        dump_text_print_entity(dump, out, &iter);
    dump_text_print_cut(dump, out, &iter);
}
