/* Migrate: a state whose old types became the registry's, by a plan (migrate_plan.h). */
#ifndef PECS_STORAGE_MIGRATE_H
#define PECS_STORAGE_MIGRATE_H

#include "migrate_plan.h"
#include "state.h"

struct migrate_options {
    uint32_t thread_count;
    bool is_checked; /* the values of the state are valid */
};

/*
 * Makes a state without the old types of the plan, which belongs to the state. All columns that are not concerned are
 * shared. The plan then has the tallies and counts. PECS_E_INVALID (a function made an invalid value), PECS_E_LAYOUT (a
 * loss without consent), PECS_E_CONFLICT (an entity has a component in two versions, without consent), PECS_E_CORRUPT
 * (of a state that is not checked), PECS_E_MEMORY, PECS_E_LIMIT, and what a migration returns. Messages name entity and
 * version. After a loss without consent the plan has all tallies, too, and says how many were refused.
 */
pecs_status migrate_make(const struct pecs_snapshot *state, struct migrate_plan *plan,
                         const struct migrate_options *options, struct pecs_snapshot **ret_state, pecs_error *error);

#endif
