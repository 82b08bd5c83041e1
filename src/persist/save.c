/* Saving for users: a snapshot through the writer into a publication. */
#include "error.h"
#include "writer.h"

#include <pecs/file.h>

struct destination {
    struct pool *pool;
    const char *path;
    bool sync;
    struct os_publication *publication;
};

static pecs_status begin(void *user, uint64_t size_bytes, pecs_error *error)
{
    struct destination *destination = user;
    return os_publication_begin(destination->pool, destination->path, destination->sync ? size_bytes : 0,
                                &destination->publication, error);
}

static pecs_status write_spans(void *user, struct os_span *spans, size_t span_count, pecs_error *error)
{
    struct destination *destination = user;
    return os_publication_write(destination->publication, spans, span_count, error);
}

pecs_status pecs_snapshot_save(const pecs_snapshot *snapshot, const char *path, const pecs_save_options *options,
                               pecs_error *error)
{
    if (!snapshot || !path)
        return fail(error, PECS_E_MISUSE, "save needs a snapshot and a path");
    struct destination destination = { snapshot->registry->pool, path, !options || !options->skip_sync, NULL };
    const struct writer_sink sink = { begin, write_spans, &destination };
    struct writer_options how = { 0 };
    if (options)
        how = (struct writer_options){ options->wall_clock_ns, options->skip_check, options->progress, options->user };
    const pecs_status status = writer_write(snapshot, &sink, &how, error);
    if (!status)
        return os_publication_commit(destination.publication, destination.sync, error);
    if (destination.publication)
        os_publication_abort(destination.publication);
    return status;
}

pecs_status pecs_world_save(pecs_world *world, const char *path, const pecs_save_options *options, pecs_error *error)
{
    pecs_snapshot *snapshot;
    pecs_status status = pecs_snapshot_take(world, &snapshot);
    if (status)
        return fail(error, status,
                    status == PECS_E_BUSY ? "the world cannot be saved while a write iteration is open"
                                          : "save needs a world and a path");
    status = pecs_snapshot_save(snapshot, path, options, error);
    pecs_snapshot_release(snapshot);
    return status;
}
