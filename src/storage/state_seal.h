/* Seals: debug builds find writes to what a snapshot shares (array.h). */
#ifndef PECS_STORAGE_STATE_SEAL_H
#define PECS_STORAGE_STATE_SEAL_H

#include "state.h"

/*
 * A snapshot of the state is taken: what has not passed the gate after this must not change. Debug builds seal its
 * arrays, so this looks at every array there, and hashes those that changed since the last one; others do nothing.
 */
#ifdef NDEBUG
static inline void state_seal(const struct pecs_snapshot *state)
{
    (void)state;
}
static inline void state_check_seals(const struct pecs_snapshot *state)
{
    (void)state;
}
#else
void state_seal(const struct pecs_snapshot *state);
void state_check_seals(const struct pecs_snapshot *state); /* before all of it is read */
#endif

#endif
