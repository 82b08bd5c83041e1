/* The agreement of rows, entity index and ids, and every value, over a state whose structure has been checked. */
#ifndef PECS_FORMAT_AGREE_H
#define PECS_FORMAT_AGREE_H

#include "state.h"

/* Offsets in the error are those of the state's image, in which all columns lie. */
pecs_status agree_check(const struct pecs_snapshot *state, uint32_t thread_count, pecs_error *error);

#endif
