/* Most states lie in one file at most; one that is made of parts of others may lie in several. */
#include "origin.h"

#include "error.h"
#include "loan.h"
#include "verify.h"

#include <errno.h>

struct origins {
    struct pool *pool;
    struct image **images; /* of resumed files, each once */
    size_t count, capacity;
};

static pecs_status origins_add(struct origins *origins, struct image *image)
{
    if (image && image->base) /* what was gathered of a file's blocks does not change */
        image = image->base;
    for (size_t i = origins->count; i-- > 0;)
        if (origins->images[i] == image)
            return PECS_OK;
    if (!image || image->kind == IMAGE_PRIVATE)
        return PECS_OK;
    if (!pool_reserve(origins->pool, (void **)&origins->images, &origins->capacity, origins->count + 1,
                      sizeof(*origins->images)))
        return PECS_E_MEMORY;
    origins->images[origins->count++] = image;
    return PECS_OK;
}

static pecs_status origins_add_runs(struct origins *origins, const struct runs *runs)
{
    return runs ? origins_add(origins, runs->image) : PECS_OK;
}

static pecs_status origins_list(struct origins *origins, const struct pecs_snapshot *state)
{
    pecs_status status = origins_add_runs(origins, state_index(state)->records.runs);
    if (!status)
        status = origins_add(origins, state->ids_image);
    for (uint32_t i = 0; !status && i < state->table_count; i++)
        status = origins_add_runs(origins, state_table(state, i)->runs);
    const struct heap *heap = state_heap(state);
    for (uint32_t i = 0; !status && heap && i < 2; i++) /* a world may have attachments alone */
        status = origins_add(origins, heap->spaces[i].image);
    return status;
}

/* Of a converted state, the files of what it was made of, too. */
static pecs_status origins_list_all(struct origins *origins, const struct pecs_snapshot *state)
{
    pecs_status status = PECS_OK;
    for (; !status && state; state = state->loan ? state->loan->lender : NULL)
        status = origins_list(origins, state);
    return status;
}

/* Adds the path: otherwise the error would seem to be about the file being written. */
static pecs_status origin_verify(struct image *image, struct pool *pool, const struct verify_options *options,
                                 pecs_error *error)
{
    pecs_error why;
    const pecs_status status = verify_image(image, pool, options, &why);
    if (status == PECS_E_CORRUPT) {
        const char *path = path_shown(image->path);
        return fail_rule(error, status, why.offset, why.rule,
                         "the file that the world lies in was damaged: %s%s: %s: load a copy of it, or an older save",
                         path > image->path ? "..." : "", path, why.message);
    }
    if (status && error)
        *error = why;
    return status;
}

/* Checks whether a mapped file has changed, and hashes it if it has or if `always` is set. */
static pecs_status origin_check_image(struct image *image, struct pool *pool, bool always,
                                      const struct verify_options *options, pecs_error *error)
{
    struct os_file_state now;
    const enum image_news news = image_look(image, &now);
    if (news == IMAGE_CUT) /* nothing beyond the end of a file that was cut can be read */
        return fail_os(error, ESTALE, "the file that the world lies in was cut:", image->path);
    if (news == IMAGE_AS_IT_WAS && !always)
        return PECS_OK;
    const pecs_status status = origin_verify(image, pool, options, error);
    if (!status && news == IMAGE_WRITTEN_TO)
        image_note(image, &now);
    return status;
}

static pecs_status origin_check_all(const struct pecs_snapshot *state, bool always,
                                    const struct verify_options *options, pecs_error *error)
{
    struct origins origins = { .pool = state->registry->pool };
    pecs_status status = origins_list_all(&origins, state) ? fail_memory(error) : PECS_OK;
    for (size_t i = 0; !status && i < origins.count; i++)
        status = origin_check_image(origins.images[i], origins.pool, always, options, error);
    pool_release(origins.pool, origins.images, origins.capacity * sizeof(*origins.images));
    return status;
}

pecs_status origin_check(const struct pecs_snapshot *state, const pecs_save_options *options, pecs_error *error)
{
    const struct verify_options how = { .progress = options->progress, .user = options->user };
    return origin_check_all(state, options->verify_source, &how, error);
}

pecs_status pecs_snapshot_verify(const pecs_snapshot *snapshot, pecs_progress_function progress, void *user,
                                 pecs_error *error)
{
    const struct verify_options how = { .progress = progress, .user = user };
    if (!snapshot)
        return fail(error, PECS_E_MISUSE, "verify needs a snapshot");
    return origin_check_all(snapshot, true, &how, error);
}
