/* The agreement of rows and entity index, over a state whose structure has been checked. */
#ifndef PECS_FORMAT_AGREE_H
#define PECS_FORMAT_AGREE_H

#include "state.h"

/* Offsets in the error are those of the state's image. */
pecs_status agree_check(const struct pecs_snapshot *state, pecs_error *error);

#endif
