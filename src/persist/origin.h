/* Origin: the files that a resumed state lies in. */
#ifndef PECS_PERSIST_ORIGIN_H
#define PECS_PERSIST_ORIGIN_H

#include "state.h"

#include <pecs/file.h>

/*
 * Before a state is saved: a file that somebody wrote to is hashed against its own hashes, and always when asked for.
 * So no damage gets hashes that make it look right. PECS_E_CORRUPT; PECS_E_IO with ESTALE when it was cut;
 * PECS_E_CANCELLED by options->progress.
 */
pecs_status origin_check(const struct pecs_snapshot *state, const pecs_save_options *options, pecs_error *error);

#endif
