/* Seals: debug builds detect writes to what a snapshot shares (array.h). */
#ifndef PECS_STORAGE_STATE_SEAL_H
#define PECS_STORAGE_STATE_SEAL_H

#include "state.h"

/*
 * Call this when a snapshot of the state is taken: arrays that do not pass the gate after this must not change. Debug
 * builds visit every array and hash those that changed since the last snapshot; release builds do nothing.
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
void state_check_seals(const struct pecs_snapshot *state); /* call this before reading the whole state */
#endif

#endif
