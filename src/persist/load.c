/* Getting files back for users: opened, mapped or given memory, and handed to the reader. */
#include "load.h"

#include "error.h"
#include "reader.h"

#include <errno.h>
#include <inttypes.h>

pecs_status load_open(const char *path, const pecs_load_options *options, struct os_file *ret_file, pecs_error *error)
{
    pecs_status status = os_file_open(path, ret_file, error);
    if (status)
        return status;
    if (options && options->max_bytes && ret_file->size_bytes > options->max_bytes)
        status = fail(error, PECS_E_LIMIT, "the file has %" PRIu64 " bytes; the limit is %" PRIu64,
                      ret_file->size_bytes, options->max_bytes);
    else if (options && options->private_only && ret_file->others_may_write)
        status = fail_os(error, EACCES, "others may write to", path);
    else if (BREAKS("FILE-2", ret_file->size_bytes == 0))
        status = fail_rule(error, PECS_E_CORRUPT, 0, "FILE-2", "the file is empty");
    if (status)
        os_file_close(ret_file);
    return status;
}

pecs_status pecs_snapshot_resume(pecs_registry *registry, const char *path, const pecs_load_options *options,
                                 pecs_snapshot **ret_snapshot, pecs_error *error)
{
    struct os_file file = { .descriptor = -1 };
    if (!registry || !path || !ret_snapshot)
        return fail(error, PECS_E_MISUSE, "a file needs a registry, a path and a place to go to");
    pecs_status status = load_open(path, options, &file, error);
    if (status)
        return status;
    const uint8_t *bytes;
    status = os_file_map(&file, path, &bytes, error);
    os_file_close(&file);
    if (status)
        return status;
    struct image *image = image_create_mapped(registry->pool, bytes, &file, path);
    if (!image) {
        os_file_unmap(bytes, file.size_bytes);
        return fail_memory(error);
    }
    return reader_resume(registry, image, options, ret_snapshot, error);
}

pecs_status pecs_snapshot_load(pecs_registry *registry, const char *path, const pecs_load_options *options,
                               pecs_snapshot **ret_snapshot, pecs_error *error)
{
    struct os_file file = { .descriptor = -1 };
    if (!registry || !path || !ret_snapshot)
        return fail(error, PECS_E_MISUSE, "a file needs a registry, a path and a place to go to");
    pecs_status status = load_open(path, options, &file, error);
    if (status)
        return status;
    struct image *image =
        file.size_bytes <= SIZE_MAX / 2 ? image_create_private(registry->pool, file.size_bytes) : NULL;
    status = image ? reader_load(registry, &file, path, image, options, ret_snapshot, error) : fail_memory(error);
    os_file_close(&file);
    return status;
}
