/* pecs_file_info of any bytes: its result equals the world in the file, and it refuses nothing that load accepts. */
#include "file_mutate.h"
#include "fuzz_worlds.h"

#include <string.h>

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
    return file_mutate(data, size, max_size, seed, MUTATE_PARTS);
}

static void check_alone(const pecs_info *info, size_t size)
{
    uint64_t rows = 0;
    FUZZ_CHECK(info->size_bytes == size && info->format_version == 1, "the file");
    for (size_t i = 0; i < info->type_count; i++)
        FUZZ_CHECK(!i || memcmp(&info->types[i - 1]->id, &info->types[i]->id, sizeof(pecs_id)) < 0, "types ascend");
    for (size_t i = 0; i < info->table_count; i++) {
        const pecs_table *table = &info->tables[i];
        rows += table->is_singletons ? 0 : table->row_count;
        for (size_t j = 0; j < table->component_count; j++)
            FUZZ_CHECK(table->components[j] < info->type_count &&
                           (!j || table->components[j - 1] < table->components[j]),
                       "places of types ascend");
    }
    FUZZ_CHECK(rows == info->entity_count, "rows are entities");
    for (size_t i = 0; i < info->metadata_count; i++)
        FUZZ_CHECK(!i || strcmp(info->metadata[i - 1].key, info->metadata[i].key) < 0, "keys ascend");
    for (size_t i = 0; i < info->file_metadata_count; i++)
        FUZZ_CHECK(pecs_info_meta(info, info->file_metadata[i].key) == &info->file_metadata[i],
                   "the file's own come first");
}

static void compare(const pecs_info *info, pecs_view view)
{
    pecs_summary summary;
    pecs_meta meta;
    pecs_view_summary(view, &summary);
    FUZZ_CHECK(info->entity_count == summary.entity_count && info->slot_count == summary.slot_count &&
                   info->free_count == summary.free_count && info->tick == summary.tick &&
                   info->table_count == summary.table_count && info->retired_count == summary.retired_count,
               "the summary");
    FUZZ_CHECK(info->metadata_count == pecs_view_meta_count(view), "the metadata's count");
    for (size_t i = 0; pecs_view_meta_at(view, i, &meta); i++)
        FUZZ_CHECK(strcmp(meta.key, info->metadata[i].key) == 0 && meta.size_bytes == info->metadata[i].size_bytes &&
                       memcmp(meta.value, info->metadata[i].value, meta.size_bytes) == 0,
                   meta.key);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *path = fuzz_write("input", data, size);
    pecs_info *info = NULL;
    pecs_error error = { .message = "" };
    fuzz_memory_begin(FUZZ_MEMORY_FACTOR * size + FUZZ_MEMORY_FIXED);
    const pecs_status status = pecs_file_info(path, &fuzz_allocator, NULL, &info, &error);
    FUZZ_CHECK(!fuzz_memory_outgrown(), "the information takes memory beyond the file's length");
    fuzz_note_rule(&error);
    if (!status)
        check_alone(info, size);
    fuzz_memory_limit(FUZZ_EDIT_BYTES);
    pecs_registry *registry = fuzz_registry(FUZZ_NO_TYPES);
    pecs_snapshot *snapshot = fuzz_open(FUZZ_LOAD, registry, path, size, NULL);
    FUZZ_CHECK(!snapshot || !status, error.message);
    if (snapshot)
        compare(info, pecs_snapshot_view(snapshot));
    pecs_snapshot_release(snapshot);
    pecs_registry_release(registry);
    pecs_info_destroy(info);
    fuzz_memory_end();
    return 0;
}
