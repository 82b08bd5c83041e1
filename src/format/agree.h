/* Checks that rows, entity index and ids agree and that values are valid, in a state whose structure has been checked.
 */
#ifndef PECS_FORMAT_AGREE_H
#define PECS_FORMAT_AGREE_H

#include "part.h"
#include "state.h"
#include "type_match.h"

#include <pecs/file.h>

/*
 * The state is that of model, match and part, in these images (build.h). Offsets of errors may be among the gathered
 * bytes. Of the options, threads and repair count; what is repaired is changed in the image of its runs, which must be
 * private.
 */
pecs_status agree_check(const struct pecs_snapshot *state, const struct model *model, const struct match *match,
                        const struct part *part, const struct image *image, const struct image *gathered,
                        const pecs_load_options *options, pecs_error *error);

#endif
