#include "info_form.h"
#include "meta_text.h"
#include "value_text.h"

#include <inttypes.h>
#include <string.h>

static void info_text_print_id(struct text_out *out, const char *before, pecs_id id)
{
    char text[PECS_ID_TEXT_BYTES];
    pecs_id_format(id, text);
    out_format(out, "%s%s\n", before, text);
}

/* Returns the value of a text entry, or NULL. */
static const char *info_text_find(const pecs_info *info, const char *key)
{
    const pecs_meta *entry = pecs_info_meta(info, key);
    return entry && entry->kind == PECS_META_TEXT ? entry->value : NULL;
}

static void info_text_print_origin(const pecs_info *info, struct text_out *out)
{
    const char *application = info_text_find(info, PECS_META_APPLICATION);
    const char *version = info_text_find(info, PECS_META_APPLICATION_VERSION);
    char time[32];
    out_format(out, "  saved by     ");
    out_name(out, application ? application : "unknown");
    out_format(out, version ? " " : "");
    out_name(out, version ? version : "");
    out_format(out, "\n  saved at     %s\n", info_time(info, time, sizeof(time)) ? time : "unknown");
}

static void info_text_print_head(const struct info_form *form, struct text_out *out)
{
    static const pecs_id none;
    const pecs_info *info = form->info;
    out_name(out, form->path);
    out_format(out, "\n  size         %" PRIu64 " bytes\n", info->size_bytes);
    out_format(out, "  format       version %" PRIu32 ", optional features 0x%" PRIx64 "\n", info->format_version,
               info->optional_features);
    if (info->block_count && info->block_bytes == info->block_full_bytes)
        out_format(out, "  segments     %" PRIu32 ", of %" PRIu64 " blocks: a stream of rows, not compressed\n",
                   info->segment_count, info->block_count);
    else if (info->block_count)
        out_format(out,
                   "  compressed   %" PRIu32 " segments, %" PRIu64 " blocks: %" PRIu64 " bytes hold %" PRIu64
                   ", ratio %.2f\n",
                   info->segment_count, info->block_count, info->block_bytes, info->block_full_bytes,
                   space_ratio(info->block_bytes, info->block_full_bytes));
    info_text_print_origin(info, out);
    info_text_print_id(out, "  snapshot id  ", info->snapshot_id);
    if (memcmp(&info->parent_id, &none, sizeof(none)) != 0)
        info_text_print_id(out, "  parent id    ", info->parent_id);
    out_format(out, "  entities     %" PRIu64 ", in %" PRIu64 " slots of which %" PRIu64 " are free\n",
               info->entity_count, info->slot_count, info->free_count);
    if (info->retired_count)
        out_format(out, "  retired      %" PRIu64 " slots\n", info->retired_count);
    out_format(out, "  tick         %" PRIu64 "\n  sessions     %" PRIu64 "\n", info->tick, info->session_count);
}

static void info_text_print_fields(struct text_out *out, const pecs_type *type, int indent)
{
    for (uint32_t i = 0; i < type->field_count; i++) {
        const pecs_field *field = &type->fields[i];
        out_format(out, "%*s%" PRIu32 " ", indent, "", field->offset);
        value_print_kind(out, field);
        if (field->kind != PECS_PADDING) {
            out_format(out, " ");
            out_name(out, field->name);
        }
        const pecs_kind kind = field->kind == PECS_LIST ? field->element : field->kind;
        for (uint32_t j = 0; kind == PECS_ENUM && j < field->enum_count; j++) {
            out_format(out, j ? ", " : " {");
            out_name(out, field->enum_names[j]);
        }
        out_format(out, kind == PECS_ENUM ? "}\n" : "\n");
        if (kind == PECS_STRUCT)
            info_text_print_fields(out, field->nested, indent + 2);
    }
}

static void info_text_print_types(const struct info_form *form, struct text_out *out)
{
    out_format(out, "types: offset, kind and name of each field\n");
    for (size_t i = 0; i < form->types.count; i++) {
        const struct type_entry *entry = &form->types.entries[form->types.order[i]];
        const pecs_type *type = entry->type;
        out_format(out, "  ");
        out_name(out, entry->label);
        out_format(out, " version %" PRIu32 ", %" PRIu32 " bytes aligned to %" PRIu32 "\n", type->version, type->size,
                   type->align);
        info_text_print_fields(out, type, 4);
    }
}

static void info_text_print_tables(struct info_form *form, struct text_out *out)
{
    out_format(out, "tables: rows, bytes and components\n");
    for (size_t i = 0; i < form->info->table_count; i++) {
        const pecs_table *table = &form->info->tables[i];
        const pecs_component *components = type_list_by_name(&form->types, table->components, table->component_count);
        out_format(out, "  %10" PRIu64 " %12" PRIu64 "  %s", table->row_count, form->space.table_bytes[i],
                   !table->is_singletons ? ""
                   : table->row_count    ? "(singletons) "
                                         : "(earlier singletons) ");
        for (size_t j = 0; j < table->component_count; j++) {
            out_format(out, j ? ", " : "");
            out_name(out, type_list_entry(&form->types, components[j])->label);
        }
        out_format(out, table->component_count ? "\n" : "no components\n");
    }
}

void info_text_print_part(struct text_out *out, const struct space_part *part)
{
    static const char *const names[][2] = {
        { "handles", "handles of the rows" },
        { "index", "entity index" },
        { "ids", "list of explicit ids" },
        { "attachments", "attachments" },
        { "metadata", "metadata" },
        { "structure", "header, types, tables, hashes, and padding between sections" },
    };
    if (part->label)
        out_name(out, part->label);
    if (strcmp(part->kind, "contents") == 0)
        out_format(out, " (contents of its strings, blobs and lists)");
    for (size_t i = 0; !part->label && i < sizeof(names) / sizeof(names[0]); i++)
        if (strcmp(names[i][0], part->kind) == 0)
            out_format(out, "(%s)", names[i][1]);
    out_format(out, "\n");
}

static void info_text_print_space(const struct info_form *form, struct text_out *out)
{
    const uint64_t size_bytes = form->info->size_bytes;
    const bool is_compressed = form->info->block_count;
    out_format(out, "space: bytes, percent of the file%s and what\n", is_compressed ? ", codec, ratio" : "");
    for (size_t i = 0; i < form->space.part_count; i++) {
        const struct space_part *part = &form->space.parts[i];
        if (!part->bytes)
            continue;
        const char *codec = space_codec(part);
        out_format(out, "  %14" PRIu64 " %5.1f  ", part->bytes, space_percent(part->bytes, size_bytes));
        if (is_compressed && codec)
            out_format(out, "%-4s %7.2f  ", codec, space_ratio(part->bytes, part->full_bytes));
        else if (is_compressed)
            out_format(out, "%14s", "");
        info_text_print_part(out, part);
    }
    out_format(out, "  %14" PRIu64 " %5.1f  %*stotal%s\n", form->space.sum_bytes,
               space_percent(form->space.sum_bytes, size_bytes), is_compressed ? 14 : 0, "",
               form->space.sum_bytes > size_bytes ? ", more than the file's size: it is invalid, see pecs verify" : "");
}

void info_text(struct info_form *form, struct text_out *out)
{
    info_text_print_head(form, out);
    if (form->info->file_metadata_count)
        out_format(out, "metadata of the file alone\n");
    for (size_t i = 0; i < form->info->file_metadata_count; i++)
        meta_print(out, &form->info->file_metadata[i]);
    if (form->info->metadata_count)
        out_format(out, "metadata\n");
    for (size_t i = 0; i < form->info->metadata_count; i++)
        meta_print(out, &form->info->metadata[i]);
    if (form->info->attachment_count)
        out_format(out, "attachments: bytes and name\n");
    for (size_t i = 0; i < form->info->attachment_count; i++) {
        out_format(out, "  %14zu  ", form->info->attachments[i].size_bytes);
        out_name(out, form->info->attachments[i].name);
        out_format(out, "\n");
    }
    info_text_print_types(form, out);
    info_text_print_tables(form, out);
    info_text_print_space(form, out);
    if (form->advice)
        advice_text(form->advice, out);
}
