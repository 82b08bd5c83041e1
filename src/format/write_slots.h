/* What a commit says of slots: how many are free in each chunk of the index, and the retired ones. */
#ifndef PECS_FORMAT_WRITE_SLOTS_H
#define PECS_FORMAT_WRITE_SLOTS_H

#include "builder.h"
#include "state.h"

/* With zeros up to a multiple of 8 bytes. */
void free_counts_write(struct builder *to, const struct pecs_snapshot *state);

/* Retired slots that have no record again, from the state's slot count on; NULL: there are none. The caller releases
 * it. */
pecs_status retired_gather(const struct pecs_snapshot *state, struct retired **ret_retired);
void retired_write(struct builder *to, const struct retired *retired);

#endif
