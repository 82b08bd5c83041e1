/* The agreement of rows, entity index and ids, and every value, over a state whose structure has been checked. */
#ifndef PECS_FORMAT_AGREE_H
#define PECS_FORMAT_AGREE_H

#include "state.h"

#include <pecs/file.h>

/*
 * Offsets in the error are those of the state's image, in which all columns lie. Of the options, threads and repair
 * count; what is repaired is changed in the image, which must be private.
 */
pecs_status agree_check(const struct pecs_snapshot *state, const pecs_load_options *options, pecs_error *error);

#endif
