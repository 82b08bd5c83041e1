#include "source.h"

#include "error.h"
#include "verify.h"

#include <errno.h>

/* Nothing beyond the end of a file that was cut can be read. */
static pecs_status fail_cut(const struct image *image, pecs_error *error)
{
    return fail_os(error, ESTALE, "the file that the world lies in was cut:", image->path);
}

pecs_status source_check(const struct pecs_snapshot *state, const pecs_save_options *options, pecs_error *error)
{
    struct image *image = state->image;
    struct os_file_state now;
    if (!image || !image->is_mapped)
        return PECS_OK;
    const enum image_news news = image_look(image, &now);
    if (news == IMAGE_CUT)
        return fail_cut(image, error);
    if (news == IMAGE_AS_IT_WAS && !options->verify_source)
        return PECS_OK;
    const pecs_status status = verify_image(image, options->progress, options->user, error);
    if (!status && news == IMAGE_WRITTEN_TO)
        image_note(image, &now);
    return status;
}

pecs_status pecs_snapshot_verify(const pecs_snapshot *snapshot, pecs_progress_function progress, void *user,
                                 pecs_error *error)
{
    struct os_file_state now;
    if (!snapshot)
        return fail(error, PECS_E_MISUSE, "verify needs a snapshot");
    const struct image *image = snapshot->image;
    if (!image || !image->is_mapped)
        return PECS_OK;
    return image_look(image, &now) == IMAGE_CUT ? fail_cut(image, error) : verify_image(image, progress, user, error);
}
