/*
 * Targets: whether references of two states name the same entity. Handles decide that only within one world, so ids
 * decide here.
 */
#ifndef PECS_STORAGE_DIFF_TARGETS_H
#define PECS_STORAGE_DIFF_TARGETS_H

#include "state.h"

struct targets {
    const struct pecs_snapshot *from, *to;
    bool by_handle;     /* handles decide, not ids */
    uint8_t *chunks;    /* of the entity index: whether equal handles are known to name the same entity */
    size_t chunk_count; /* chunks that are full on both sides */
    bool is_plain;      /* neither state has explicit ids */
    bool has_same_sessions;
    uint8_t all;    /* whether all handles name the same entity on both sides, once known */
    uint8_t shared; /* the same for references in arrays that both states share */
};

/* PECS_E_MEMORY; call deinit in any case. */
pecs_status targets_init(struct targets *targets, const struct pecs_snapshot *from, const struct pecs_snapshot *to,
                         bool by_handle);
void targets_deinit(struct targets *targets);

/*
 * References in an array that both states share were written before the states diverged. They name the same entity in
 * both, unless ids have moved or a dead entity lives again. False: shared arrays need no comparison.
 */
bool targets_shared_may_differ(struct targets *targets);

/* True when a value of `from` equals one of `to`, except for padding, and their references name the same entities. */
bool targets_values_are_equal(const struct targets *targets, const struct component *component, const void *from,
                              const void *to);

/* True when each of `count` consecutive handles, which both sides have, names the same entity on both. */
bool targets_handles_agree(struct targets *targets, const uint8_t *handles, uint64_t count);
/* The same for the references in `count` values whose bytes are equal on both sides. */
bool targets_agree(struct targets *targets, const struct component *component, const uint8_t *values, uint64_t count);

#endif
