/*
 * Migration plan: which types of a state are old ones, and what their values become. An old type is an unknown type
 * (unknown.h) that the registry has in another version or layout, or that a migration begins with.
 */
#ifndef PECS_STORAGE_MIGRATE_PLAN_H
#define PECS_STORAGE_MIGRATE_PLAN_H

#include "history.h"
#include "unknown.h"
#include "value_convert.h"

/* A version of a type: an old one of the state, one between, or the registry's. */
struct migrate_version {
    const struct component *component;
    const pecs_type *described; /* the same type, as the program has it, if it has it: that is what a history names */
    pecs_component number;      /* in the state; NO_COMPONENT: of a version between */
    bool is_final;              /* the registry's */
    bool has_map;               /* it converts by fields */
    const pecs_migration *step; /* or NULL: without code */
    struct value_map map;
    struct loss_tally *tallies;   /* of the map's losses */
    struct loss_tally superseded; /* of values beside a later version of them */
    uint32_t losses;              /* pecs_loss that are accepted */
    const uint8_t *defaults;      /* a value; or NULL: zeros */
    uint32_t target_count;
    uint32_t *targets;    /* indices of later versions */
    uint64_t count;       /* values that were converted */
    uint64_t first_table; /* where the first of them is, if there are some */
    pecs_entity first;
};

struct migrate_plan {
    struct pool *pool;
    uint32_t version_count, capacity;
    struct migrate_version *versions; /* values go from earlier ones to later ones */
    bool *is_reached;                 /* scratch of migrate_plan_became: by version */
    const pecs_type **became;         /* the same */
    bool has_contents;                /* strings, blobs or lists are among the values */
    bool needs_one_thread;            /* so are they, or references */
    uint32_t refused_count;           /* losses without consent, when the rows were converted */
};

/*
 * Makes the plan for a list of unknown types, which may be NULL; without old types it has no versions. PECS_E_LAYOUT:
 * an old type cannot be converted; *ret_culprit is its index in the list, and the message says why. PECS_E_MEMORY. Call
 * deinit also on failure.
 */
pecs_status migrate_plan_init(struct migrate_plan *plan, const pecs_registry *registry,
                              const struct unknown_types *unknown, uint32_t losses, uint32_t *ret_culprit,
                              pecs_error *error);
void migrate_plan_deinit(struct migrate_plan *plan);

/*
 * The types of the registry that values of a version become in the end; 0: they are removed. The list is valid until
 * the next call.
 */
size_t migrate_plan_became(const struct migrate_plan *plan, uint32_t version, const pecs_type *const **ret_types);

/* Whether a type, which the registry lacks as it is, is an old one. */
bool migrate_is_old(const pecs_registry *registry, const struct component *component);

#endif
