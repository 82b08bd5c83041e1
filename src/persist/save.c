/* Saving for users: a snapshot through the writer into a sink; a path is one whose file is published. */
#include "block_writer.h"
#include "destination.h"
#include "error.h"
#include "filtered.h"
#include "origin.h"
#include "save_options.h"
#include "writer.h"

#include <pecs/stream.h>

static void save_report(const pecs_snapshot *saved, uint64_t size_bytes, const pecs_left_out *left_out,
                        pecs_save_report *ret_report)
{
    *ret_report = (pecs_save_report){ .size_bytes = size_bytes, .entity_count = saved->entity_count };
    ret_report->type_count = state_used_type_count(saved, &ret_report->component_bytes);
    ret_report->left_out = *left_out;
}

/* `options` is not NULL. */
static pecs_status save_into(const pecs_snapshot *snapshot, const pecs_sink *sink, size_t unit_bytes,
                             const pecs_save_options *options, pecs_error *error)
{
    struct pool *pool = snapshot->registry->pool;
    if (snapshot->is_partial && !options->partial)
        return fail(error, PECS_E_MISUSE,
                    "the snapshot was made of a part of a file, and has less than that: set partial to save it");
    struct metadata *file_metadata = NULL;
    pecs_status status = save_check_options(options, error);
    if (!status)
        status = origin_check(snapshot, options, error);
    if (!status)
        status = save_gather_metadata(pool, options, &file_metadata, error);
    if (status)
        return status;
    const struct writer_options how = {
        .wall_clock_ns = options->wall_clock_ns,
        .file_metadata = file_metadata,
        .skip_check = options->skip_check,
        .unit_bytes = unit_bytes,
        .progress = options->progress,
        .user = options->user,
        .profile = options->profile,
        .component_profiles = options->component_profiles,
        .component_profile_count = options->component_profile_count,
        .thread_count = options->thread_count,
    };
    struct pecs_snapshot *saved;
    pecs_left_out left_out;
    status = filtered_make_saved(snapshot, options->references, &saved, &left_out, error);
    if (!status) {
        uint64_t size_bytes;
        const bool compresses = how.profile != PECS_PROFILE_OFF || how.component_profile_count;
        status = (compresses ? block_writer_write : writer_write)(saved, sink, &how, &size_bytes, error);
        if (!status && options->report)
            save_report(saved, size_bytes, &left_out, options->report);
        state_release(saved);
    }
    if (file_metadata)
        node_release(pool, &file_metadata->node);
    return status;
}

static const pecs_save_options save_defaults;

pecs_status pecs_snapshot_save(const pecs_snapshot *snapshot, const char *path, const pecs_save_options *options,
                               pecs_error *error)
{
    if (!snapshot || !path)
        return fail(error, PECS_E_MISUSE, "snapshot and path must not be NULL");
    options = options ? options : &save_defaults;
    struct destination destination = { snapshot->registry->pool, path, !options->skip_sync, NULL };
    const pecs_sink sink = destination_sink(&destination);
    return save_into(snapshot, &sink, SAVE_FILE_BYTES, options, error);
}

pecs_status pecs_snapshot_save_to(const pecs_snapshot *snapshot, const pecs_sink *sink,
                                  const pecs_save_options *options, pecs_error *error)
{
    if (!snapshot || !sink || !sink->write)
        return fail(error, PECS_E_MISUSE, "snapshot, sink and its write must not be NULL");
    return save_into(snapshot, sink, SAVE_STREAM_BYTES, options ? options : &save_defaults, error);
}

pecs_status pecs_world_save(pecs_world *world, const char *path, const pecs_save_options *options, pecs_error *error)
{
    pecs_snapshot *snapshot;
    if (!world)
        return fail(error, PECS_E_MISUSE, "world must not be NULL");
    pecs_status status = pecs_snapshot_take(world, &snapshot);
    if (status && error)
        *error = *pecs_world_error(world);
    if (status)
        return status;
    status = pecs_snapshot_save(snapshot, path, options, error);
    pecs_snapshot_release(snapshot);
    return status;
}
