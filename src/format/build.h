/* Build: a state of a parsed and matched file, over the images that have its bytes. */
#ifndef PECS_FORMAT_BUILD_H
#define PECS_FORMAT_BUILD_H

#include "part.h"
#include "state.h"
#include "type_match.h"

/*
 * Of a part, the state is one for part_reduce. `image` has the file's bytes, which need not be read yet; `gathered`
 * what its blocks hold, if it has any that had to be gathered (gather.h), and keeps the other image. `is_proven`: index
 * and rows will be checked before the caller gets the state.
 */
pecs_status build_state(const struct model *model, const struct match *match, pecs_registry *registry,
                        const struct part *part, struct image *image, struct image *gathered, bool is_proven,
                        struct pecs_snapshot **ret_state);

#endif
