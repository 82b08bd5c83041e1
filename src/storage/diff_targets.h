/*
 * Targets: whether references of two states name the same entity. Handles say that only within one world; so it is the
 * ids of the entities that count.
 */
#ifndef PECS_STORAGE_DIFF_TARGETS_H
#define PECS_STORAGE_DIFF_TARGETS_H

#include "state.h"

struct targets {
    const struct pecs_snapshot *from, *to;
    bool by_handle;     /* handles say it after all */
    uint8_t *chunks;    /* of the entity index: what is known of handles that are the same on both sides */
    size_t chunk_count; /* that are full on both sides */
    bool is_plain;      /* neither state has explicit ids */
    bool has_same_sessions;
    uint8_t all;    /* whether all handles name the same on both sides, once that is known */
    uint8_t shared; /* whether those in arrays that both states share do, once that is known */
};

/* PECS_E_MEMORY; deinit is right then, too. */
pecs_status targets_init(struct targets *targets, const struct pecs_snapshot *from, const struct pecs_snapshot *to,
                         bool by_handle);
void targets_deinit(struct targets *targets);

/*
 * References that lie in one array of both states were written before the states parted, and name what they named then,
 * unless ids have moved or a dead entity lives again. False: they need not be looked at.
 */
bool targets_shared_may_differ(struct targets *targets);

/* Values of `from` and `to` are equal, but for padding, and references name the same. */
bool targets_values_are_equal(const struct targets *targets, const struct component *component, const void *from,
                              const void *to);

/* Handles that both sides have, one after another, name the same on both. */
bool targets_handles_agree(struct targets *targets, const uint8_t *handles, uint64_t count);
/* The references in values that are the same bytes on both sides all name the same. */
bool targets_agree(struct targets *targets, const struct component *component, const uint8_t *values, uint64_t count);

#endif
