/* Migration refusal: losses without consent, and messages that name a value of the state. */
#ifndef PECS_STORAGE_MIGRATE_REFUSE_H
#define PECS_STORAGE_MIGRATE_REFUSE_H

#include "migrate_plan.h"
#include "state.h"

/* A row of a table as one number, which orders rows as tables and rows are ordered. */
static inline uint64_t migrate_place_of(uint32_t table, uint64_t row)
{
    return (uint64_t)table << 32 | row;
}

/* The entity there; {0, 0}: the row is that of the singletons. */
pecs_entity migrate_entity(const struct pecs_snapshot *state, uint64_t place);

/* Reports the status: "migration of 'Health' from version 1: entity 3:1: " and why. */
pecs_status migrate_fail_value(const struct pecs_snapshot *state, const struct migrate_version *version, uint64_t place,
                               pecs_status status, const char *why, pecs_error *error);

/* Whether a loss was found, and not accepted. */
bool migrate_is_refused(const struct migrate_version *version, pecs_loss kind, const struct loss_tally *tally);

/*
 * After all rows of the state were converted: PECS_OK, or what the losses without consent are, as of migrate_make. The
 * message has the first of them, and which consents the others need.
 */
pecs_status migrate_refuse(struct migrate_plan *plan, const struct pecs_snapshot *state, pecs_error *error);

#endif
