/* Build: a state of a parsed and matched file, over the image that has the file's bytes. */
#ifndef PECS_FORMAT_BUILD_H
#define PECS_FORMAT_BUILD_H

#include "state.h"
#include "type_match.h"

/* The bytes of runs need not be read yet. `is_proven`: index and rows will be checked before the caller gets the state.
 */
pecs_status build_state(const struct model *model, const struct match *match, pecs_registry *registry,
                        struct image *image, bool is_proven, struct pecs_snapshot **ret_state);

#endif
