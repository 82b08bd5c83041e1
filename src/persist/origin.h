/* Origin: the files that a resumed state lies in. */
#ifndef PECS_PERSIST_ORIGIN_H
#define PECS_PERSIST_ORIGIN_H

#include "state.h"

#include <pecs/file.h>

/*
 * Call before a state is saved. Verifies the hashes of each origin file that was written to since it was opened, or of
 * all if the options ask for it, so that a save never stores valid hashes for damaged data. PECS_E_CORRUPT; PECS_E_IO
 * with ESTALE when it was cut; PECS_E_CANCELLED by options->progress.
 */
pecs_status origin_check(const struct pecs_snapshot *state, const pecs_save_options *options, pecs_error *error);

#endif
