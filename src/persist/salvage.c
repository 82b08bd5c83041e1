/* Salvage of a file: maps it, and saves what is left, if that is anything. */
#include "error.h"
#include "os_file.h"
#include "registry.h"
#include "salvage_fill.h"
#include "state_types.h"

#include <pecs/stream.h>

/* Attachments without bytes are always whole. */
static bool salvage_has_attachments(const struct attachments *list)
{
    bool has_some = false;
    for (uint32_t i = 0; list && i < list->count; i++)
        has_some |= list->entries[i].size_bytes != 0;
    return has_some;
}

static bool salvage_lost_everything(const struct salvage *salvage, const struct pecs_snapshot *state)
{
    const uint64_t lost = wreck_count_entities(&salvage->wreck) + salvage->report->lost_singleton_count +
                          salvage->report->lost_attachment_count;
    const bool has_some = state->entity_count || state_singletons(state) || salvage_has_attachments(state->attachments);
    return (lost || !salvage->wreck.has_commit) && !has_some;
}

static pecs_status salvage_save(struct salvage *salvage, const char *to, const pecs_save_options *how)
{
    pecs_snapshot *snapshot;
    pecs_status status = pecs_builder_finish(salvage->builder, &snapshot, salvage->error);
    if (status)
        return status;
    status = salvage_lost_everything(salvage, snapshot)
                 ? fail(salvage->error, PECS_E_CORRUPT, "no entity, singleton or attachment of the file is whole")
                 : pecs_snapshot_save(snapshot, to, how, salvage->error);
    pecs_snapshot_release(snapshot);
    return status;
}

/* With the file's own metadata, but for entries of another library's version. */
static pecs_status salvage_save_as(struct salvage *salvage, const char *to, bool skip_sync)
{
    const struct model *commit = &salvage->wreck.commit;
    const struct metadata *own = salvage->wreck.has_commit ? commit->file_metadata : NULL;
    const size_t count = own ? own->count : 0, bytes = (count + 1) * sizeof(pecs_meta);
    pecs_meta *kept = pool_allocate(salvage->pool, bytes);
    pecs_save_options how = { .skip_sync = skip_sync,
                              .wall_clock_ns = salvage->wreck.has_commit ? commit->wall_clock_ns : 0,
                              .metadata = kept };
    if (!kept)
        return fail_memory(salvage->error);
    for (size_t i = 0; i < count; i++)
        if (!name_is_reserved(own->entries[i].key, strlen(own->entries[i].key)))
            kept[how.metadata_count++] = own->entries[i];
    const pecs_status status = salvage_save(salvage, to, &how);
    pool_release(salvage->pool, kept, bytes);
    return status;
}

static pecs_status salvage_run(struct salvage *salvage, const char *to, const pecs_salvage_options *options)
{
    pecs_salvage_report *report = salvage->report;
    pecs_status status = salvage_make_registry(salvage, options);
    if (!status)
        status = salvage_fill(salvage);
    if (!status)
        status = salvage_save_as(salvage, to, options->skip_sync);
    const uint64_t before = status ? 0 : wreck_count_entities(&salvage->wreck);
    report->lost_entity_count = before > report->entity_count ? before - report->entity_count : 0;
    report->segment_count = salvage->wreck.segment_count;
    report->lost_bytes = status ? 0 : wreck_count_lost(&salvage->wreck);
    report->has_header = salvage->wreck.has_header;
    report->has_commit = salvage->wreck.has_commit;
    return status;
}

static void salvage_deinit(struct salvage *salvage)
{
    struct pool *pool = salvage->pool;
    const size_t types = (size_t)salvage->wreck.model.type_count + 1;
    pecs_builder_destroy(salvage->builder);
    if (salvage->has_match)
        match_deinit(&salvage->match);
    pecs_registry_release(salvage->registry);
    pool_release(pool, salvage->components, salvage->components ? types * sizeof(*salvage->components) : 0);
    pool_release(pool, salvage->alive, salvage->alive_capacity * sizeof(*salvage->alive));
    wreck_column_free(&salvage->wreck, &salvage->index);
    wreck_deinit(&salvage->wreck);
}

static pecs_status salvage_mapped(struct pool *pool, const uint8_t *bytes, uint64_t size_bytes, const char *to,
                                  const pecs_salvage_options *options, pecs_salvage_report *report, pecs_error *error)
{
    struct salvage salvage = { .pool = pool, .report = report, .error = error };
    pecs_status status = wreck_open(&salvage.wreck, pool, bytes, size_bytes, options->max_bytes, error);
    if (!status)
        status = salvage_run(&salvage, to, options);
    salvage_deinit(&salvage);
    return status;
}

/* The bytes that salvage finds no use for may be all that is left of a world: nothing may write over them. */
static pecs_status salvage_check_target(const struct os_file *file, const char *to, pecs_error *error)
{
    struct os_file_name name;
    struct os_file_state state;
    if (!os_file_look(to, &name, &state) || name.device != file->name.device || name.inode != file->name.inode)
        return PECS_OK;
    return fail(error, PECS_E_MISUSE, "the new file would replace the damaged one: give another path");
}

pecs_status pecs_salvage(const char *path, const char *to, const pecs_salvage_options *options,
                         pecs_salvage_report *report, pecs_error *error)
{
    static const pecs_salvage_options defaults;
    static const pecs_allocator system;
    pecs_salvage_report own = { .entity_count = 0 };
    struct os_file file;
    const uint8_t *bytes = NULL;
    if (!path || !to)
        return fail(error, PECS_E_MISUSE, "path and to must not be NULL");
    options = options ? options : &defaults;
    pecs_status status = os_file_open(path, &file, error);
    if (status)
        return status;
    status = salvage_check_target(&file, to, error);
    if (!status && !file.size_bytes)
        status = fail(error, PECS_E_CORRUPT, "the file is empty");
    struct pool *pool = status ? NULL : pool_create(options->allocator ? options->allocator : &system);
    if (!status && !pool)
        status = fail_memory(error);
    if (!status)
        status = os_file_map(&file, path, &bytes, error);
    if (!status)
        status = salvage_mapped(pool, bytes, file.size_bytes, to, options, &own, error);
    if (bytes)
        os_file_unmap(bytes, file.size_bytes);
    if (pool)
        pool_destroy(pool);
    os_file_close(&file);
    if (report)
        *report = own;
    return status;
}
