#include "space.h"

#include <stdlib.h>
#include <string.h>

enum { HANDLE_BYTES = 8, RECORD_BYTES = 16, ID_RECORD_BYTES = 20, META_RECORD_BYTES = 16, OTHER_PARTS = 6 };

static uint64_t space_sum(uint64_t a, uint64_t b)
{
    uint64_t total;
    return __builtin_add_overflow(a, b, &total) ? UINT64_MAX : total;
}

static uint64_t space_product(uint64_t a, uint64_t b)
{
    uint64_t total;
    return __builtin_mul_overflow(a, b, &total) ? UINT64_MAX : total;
}

static int space_compare_parts(const void *a, const void *b)
{
    const struct space_part *x = a, *y = b;
    if (x->bytes != y->bytes)
        return x->bytes < y->bytes ? 1 : -1;
    if (x->label && y->label && x->label != y->label)
        return strcmp(x->label, y->label);
    if (x->label && y->label)
        return strcmp(x->kind, y->kind);
    return x->label ? -1 : y->label ? 1 : strcmp(x->kind, y->kind);
}

static uint64_t space_metadata_bytes(const pecs_meta *metadata, size_t count)
{
    uint64_t bytes = 0;
    for (size_t i = 0; i < count; i++)
        bytes += (META_RECORD_BYTES + strlen(metadata[i].key) + metadata[i].size_bytes + 7) / 8 * 8;
    return bytes;
}

/* Each lies as the contents of a blob does, with its size before it if that needs more than three bytes. */
static uint64_t space_attachment_bytes(const pecs_info *info)
{
    uint64_t bytes = 0;
    for (size_t i = 0; i < info->attachment_count; i++) {
        const uint64_t size = info->attachments[i].size_bytes, units = size / 8 + (size % 8 > 0) + (size >= 0xffffff);
        bytes = space_sum(bytes, space_product(units, 8));
    }
    return bytes;
}

/* Adds the bytes of all tables to the parts. Returns the number of explicit ids. */
static uint64_t space_count_tables(const pecs_info *info, struct space *space, uint64_t *ret_row_count)
{
    uint64_t id_count = 0;
    *ret_row_count = 0;
    for (size_t i = 0; i < info->table_count; i++) {
        const pecs_table *table = &info->tables[i];
        space->table_bytes[i] = space_product(table->row_count, HANDLE_BYTES);
        *ret_row_count = space_sum(*ret_row_count, table->row_count);
        for (size_t j = 0; j < table->component_count; j++) {
            const pecs_type *type = info->types[table->components[j]];
            const uint64_t bytes = space_product(table->row_count, type->size);
            space->table_bytes[i] = space_sum(space->table_bytes[i], bytes);
            space->parts[table->components[j]].full_bytes =
                space_sum(space->parts[table->components[j]].full_bytes, bytes);
            if (strcmp(type->name, "pecs.id") == 0)
                id_count = space_sum(id_count, table->row_count);
        }
    }
    return id_count;
}

/* Adds what is not of components. */
static struct space_part *space_add_others(const pecs_info *info, uint64_t row_count, uint64_t id_count,
                                           struct space_part *next)
{
    const uint64_t metadata = space_metadata_bytes(info->metadata, info->metadata_count) +
                              space_metadata_bytes(info->file_metadata, info->file_metadata_count);
    const uint64_t attached = space_attachment_bytes(info);
    *next++ = (struct space_part){ "handles", NULL, info->stored_handle_bytes, space_product(row_count, HANDLE_BYTES) };
    *next++ =
        (struct space_part){ "index", NULL, info->stored_index_bytes, space_product(info->slot_count, RECORD_BYTES) };
    *next++ = (struct space_part){ "ids", NULL, info->stored_id_bytes, space_product(id_count, ID_RECORD_BYTES) };
    *next++ = (struct space_part){ "attachments", NULL, attached, attached };
    *next++ = (struct space_part){ "metadata", NULL, metadata, metadata };
    return next;
}

static void space_fill(const pecs_info *info, const struct type_list *types, struct space *space)
{
    uint64_t row_count;
    for (size_t i = 0; i < info->type_count; i++)
        space->parts[i] = (struct space_part){ "component", types->entries[i].label, info->stored_bytes[i], 0 };
    const uint64_t id_count = space_count_tables(info, space, &row_count);
    struct space_part *next = space->parts + info->type_count;
    for (size_t i = 0; i < info->type_count; i++)
        if (info->contents_bytes[i])
            *next++ = (struct space_part){ "contents", types->entries[i].label, info->stored_contents_bytes[i],
                                           info->contents_bytes[i] };
    next = space_add_others(info, row_count, id_count, next);
    for (const struct space_part *part = space->parts; part < next; part++)
        space->sum_bytes = space_sum(space->sum_bytes, part->bytes);
    const uint64_t rest = space->sum_bytes < info->size_bytes ? info->size_bytes - space->sum_bytes : 0;
    *next++ = (struct space_part){ "structure", NULL, rest, rest };
    space->sum_bytes = space_sum(space->sum_bytes, rest);
    space->part_count = (size_t)(next - space->parts);
    qsort(space->parts, space->part_count, sizeof(*space->parts), space_compare_parts);
}

bool space_of(const pecs_info *info, const struct type_list *types, struct space *ret_space)
{
    struct space space = {
        .parts = calloc(2 * info->type_count + OTHER_PARTS, sizeof(*space.parts)),
        .table_bytes = calloc(info->table_count + 1, sizeof(*space.table_bytes)),
    };
    if (!space.parts || !space.table_bytes) {
        space_free(&space);
        return false;
    }
    space_fill(info, types, &space);
    *ret_space = space;
    return true;
}

void space_free(struct space *space)
{
    free(space->parts);
    free(space->table_bytes);
}

const char *space_codec(const struct space_part *part)
{
    if (strcmp(part->kind, "metadata") == 0 || strcmp(part->kind, "structure") == 0)
        return NULL;
    return part->bytes == part->full_bytes ? "raw" : "zstd";
}

double space_ratio(uint64_t stored_bytes, uint64_t full_bytes)
{
    return stored_bytes ? (double)full_bytes / (double)stored_bytes : 1;
}

double space_percent(uint64_t bytes, uint64_t size_bytes)
{
    return size_bytes ? 100.0 * (double)bytes / (double)size_bytes : 0;
}
