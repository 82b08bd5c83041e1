/* Loan: keeps the state of one registry alive for a state of another, whose arrays borrow its bytes (array.h). */
#ifndef PECS_STORAGE_LOAN_H
#define PECS_STORAGE_LOAN_H

#include "state.h"

struct loan {
    struct node node; /* in the pool of the borrower */
    struct pecs_snapshot *lender;
};

/* Retains the lender. NULL: out of memory. */
struct loan *loan_create(struct pool *pool, const struct pecs_snapshot *lender);

/*
 * Makes a state of another registry with the index, heap, attachments, sessions, metadata, retired slots and counts of
 * the lender; its tables are the caller's to add. `unknown` (or NULL) becomes its list of types. PECS_E_MEMORY.
 */
pecs_status loan_make_state(struct loan *loan, pecs_registry *registry, struct unknown_types *unknown,
                            struct pecs_snapshot **ret_state);

/*
 * Makes column `column` of a table in the borrower's pool that of a lender's table with the same rows and chunk size.
 * PECS_E_MEMORY.
 */
pecs_status loan_take_column(struct loan *loan, struct pool *pool, struct table *table, uint32_t column,
                             const struct table *from, uint32_t from_column);

#endif
