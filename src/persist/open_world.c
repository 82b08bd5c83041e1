/* Opening the world of a file, or creating one if the file does not exist. */
#include "error.h"
#include "os_file.h"

#include <pecs/file.h>

#include <errno.h>

static pecs_status open_populate(const pecs_open_options *options, pecs_world *world, pecs_error *error)
{
    const pecs_status status = options->populate ? options->populate(options->user, world) : PECS_OK;
    const pecs_error *edit = pecs_world_error(world);
    if (status && edit->status == status && error)
        *error = *edit;
    else if (status)
        (void)fail(error, status, "the function that populates a new world returned %s", pecs_status_name(status));
    return status;
}

/* Whether a save could make a file at the path: a wrong path must not look like the first start of a program. */
static bool open_has_folder(const char *path)
{
    struct os_target target;
    char folder[OS_PATH_BYTES];
    return *path && !os_target_find(path, &target) && !os_path_beside(target.path, ".", folder) && os_is_there(folder);
}

pecs_status pecs_world_open(pecs_registry *registry, const char *path, const pecs_open_options *options,
                            pecs_world **ret_world, pecs_error *error)
{
    static const pecs_open_options defaults;
    pecs_snapshot *saved = NULL;
    pecs_world *world;
    pecs_error absent;
    if (!registry || !path || !ret_world)
        return fail(error, PECS_E_MISUSE, "registry, path and ret_world must not be NULL");
    options = options ? options : &defaults;
    pecs_status status = options->load ? pecs_snapshot_load(registry, path, options->load_options, &saved, &absent)
                                       : pecs_snapshot_resume(registry, path, options->resume_options, &saved, &absent);
    const bool is_new = status == PECS_E_IO && absent.os_error == ENOENT;
    if (status && !is_new) {
        if (error)
            *error = absent;
        return status;
    }
    if (is_new && !open_has_folder(path))
        return fail_os(error, ENOENT, "there is neither a file nor a folder for a new one:", path);
    status = pecs_world_create(registry, saved, options->world_options, &world, error);
    pecs_snapshot_release(saved);
    if (status)
        return status;
    if (is_new)
        status = open_populate(options, world, error);
    if (status)
        pecs_world_destroy(world);
    else
        *ret_world = world;
    return status;
}
