/*
 * Compaction of a file in constant memory: the registry's large allocations, which hold the world, lie in files without
 * a name, so their pages can leave memory.
 */
#include "content.h"
#include "error.h"
#include "memory.h"
#include "os_file.h"
#include "registry.h"
#include "state_types.h"

#include <pecs/compact.h>
#include <pecs/world.h>

#include <stdatomic.h>

enum { COMPACT_FILE_BYTES_MIN = 1024 * 1024 }; /* smaller allocations are the system's: of them there are few */

struct compact {
    const char *path, *to;
    const pecs_compact_options *options;
    pecs_allocator small; /* for what is no large array */
    pecs_info *info;      /* read first: the output may replace the file */
    pecs_registry *registry;
    pecs_world *world;
    _Atomic int os_error; /* why memory in a file could not be had; 0: it could */
};

static void *compact_allocate(void *user, size_t size_bytes, size_t align_bytes)
{
    struct compact *compact = user;
    int os_error;
    if (size_bytes < COMPACT_FILE_BYTES_MIN)
        return compact->small.allocate(compact->small.user, size_bytes, align_bytes);
    void *memory = os_file_memory_allocate(compact->to, size_bytes, &os_error);
    if (!memory)
        atomic_store(&compact->os_error, os_error);
    return memory;
}

static void compact_release(void *user, void *memory, size_t size_bytes, size_t align_bytes)
{
    const struct compact *compact = user;
    if (size_bytes < COMPACT_FILE_BYTES_MIN)
        compact->small.release(compact->small.user, memory, size_bytes, align_bytes);
    else
        os_file_memory_release(memory, size_bytes);
}

static pecs_status compact_open(struct compact *compact, pecs_snapshot **ret_snapshot, pecs_error *error)
{
    const pecs_compact_options *options = compact->options;
    const pecs_load_options load = { .limits = options->limits,
                                     .thread_count = options->thread_count,
                                     .progress = options->progress,
                                     .user = options->user };
    const pecs_resume_options resume = { .limits = options->limits, .thread_count = options->thread_count };
    return options->trust ? pecs_snapshot_resume(compact->registry, compact->path, &resume, ret_snapshot, error)
                          : pecs_snapshot_load(compact->registry, compact->path, &load, ret_snapshot, error);
}

/* Takes the units of a column's contents from those that are left. */
static pecs_status compact_check_column(const struct pecs_snapshot *state, const struct table *table, uint32_t column,
                                        uint64_t *left, pecs_error *error)
{
    const struct component *component = state_component(state, table->archetype->column_components[column]);
    for (uint64_t row = 0, rows; row < table->row_count; row += rows) {
        rows = table_rows_at(table, row);
        const uint64_t units =
            contents_count_units(state_heap(state), component, table_value(table, column, row), rows);
        if (units > *left)
            return fail(error, PECS_E_CORRUPT, "values of '%.*s' share their contents with others", NAME_SHOWN,
                        component->type->name);
        *left -= units;
    }
    return PECS_OK;
}

/*
 * A resume checks no reference. Here all values together may have no more contents than the file, since each that they
 * share would be written for each of them: a small file could fill the disk.
 */
static pecs_status compact_check_contents(const struct pecs_snapshot *state, pecs_error *error)
{
    uint64_t left = state_heap(state) ? state_heap(state)->live_units : 0; /* just opened: of all that it has */
    pecs_status status = PECS_OK;
    for (uint32_t i = 0; !status && i < state->table_count; i++) {
        const struct table *table = state_table(state, i);
        for (uint32_t j = HANDLE_COLUMN + 1; !status && j < table->archetype->column_count; j++)
            if (component_has_contents(state_component(state, table->archetype->column_components[j])))
                status = compact_check_column(state, table, j, &left, error);
    }
    return status;
}

static pecs_status compact_make_world(struct compact *compact, pecs_error *error)
{
    const pecs_registry_desc desc = { .allocator = { compact_allocate, compact_release, compact } };
    pecs_snapshot *snapshot = NULL;
    pecs_status status = pecs_registry_create(&desc, &compact->registry, error);
    if (!status)
        status = compact_open(compact, &snapshot, error);
    if (!status && compact->options->trust)
        status = compact_check_contents(snapshot, error);
    if (!status)
        status = pecs_world_create(compact->registry, snapshot, NULL, &compact->world, error);
    pecs_snapshot_release(snapshot);
    return status ? status : pecs_world_compact(compact->world, error);
}

static pecs_status compact_save(struct compact *compact, pecs_error *error)
{
    const pecs_info *info = compact->info;
    const size_t bytes = (info->file_metadata_count + 1) * sizeof(pecs_meta);
    pecs_meta *kept = compact->small.allocate(compact->small.user, bytes, _Alignof(pecs_meta));
    pecs_save_options options = { .skip_sync = compact->options->skip_sync,
                                  .wall_clock_ns = info->wall_clock_ns,
                                  .metadata = kept,
                                  .verify_source = compact->options->trust };
    for (size_t i = 0; kept && i < info->file_metadata_count; i++)
        if (!name_is_reserved(info->file_metadata[i].key, strlen(info->file_metadata[i].key)))
            kept[options.metadata_count++] = info->file_metadata[i];
    const pecs_status status =
        kept ? pecs_world_save(compact->world, compact->to, &options, error) : fail_memory(error);
    if (kept)
        compact->small.release(compact->small.user, kept, bytes, _Alignof(pecs_meta));
    return status;
}

pecs_status pecs_compact(const char *path, const char *to, const pecs_compact_options *options, pecs_error *error)
{
    static const pecs_compact_options defaults;
    struct compact compact = { .path = path, .to = to, .options = options ? options : &defaults };
    /* the load has no limit either, or the same */
    const pecs_info_options info = { .limits = compact.options->limits, .max_info_bytes = UINT64_MAX };
    if (!path || !to)
        return fail(error, PECS_E_MISUSE, "path and to must not be NULL");
    compact.small = (pecs_allocator){ pool_system_allocate, pool_system_release, NULL };
    if (compact.options->allocator && (compact.options->allocator->allocate || compact.options->allocator->release))
        compact.small = *compact.options->allocator;
    pecs_status status = pecs_file_info(path, &compact.small, &info, &compact.info, error);
    if (!status)
        status = compact_make_world(&compact, error);
    if (!status)
        status = compact_save(&compact, error);
    pecs_world_destroy(compact.world);
    pecs_registry_release(compact.registry);
    pecs_info_destroy(compact.info);
    const int os_error = atomic_load(&compact.os_error);
    return status == PECS_E_MEMORY && os_error ? fail_os(error, os_error, "cannot hold the world beside", to) : status;
}
