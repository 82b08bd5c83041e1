/* The retired slots of a save. */
#ifndef PECS_FORMAT_WRITE_RETIRED_H
#define PECS_FORMAT_WRITE_RETIRED_H

#include "builder.h"
#include "state.h"

/* Those that have no record again, from the state's slot count on; NULL: there are none. The caller releases it. */
pecs_status retired_gather(const struct pecs_snapshot *state, struct retired **ret_retired);
void retired_write(struct builder *to, const struct retired *retired);

#endif
