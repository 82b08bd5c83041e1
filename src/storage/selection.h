/*
 * Selection: the entities of a state that another state, made of it, leaves out. A bit for each slot says who, so the
 * selection also shows which references lead to one of them.
 */
#ifndef PECS_STORAGE_SELECTION_H
#define PECS_STORAGE_SELECTION_H

#include "bits.h"
#include "state.h"

struct selection {
    const struct pecs_snapshot *state;
    uint64_t *slots;      /* a bit for each slot of the index */
    uint64_t *row_counts; /* of each table: selected rows */
    uint64_t count;       /* of selected entities */
};

/* Begins with no entity. PECS_E_MEMORY; call deinit in any case. The state must outlive the selection. */
pecs_status selection_init(struct selection *selection, const struct pecs_snapshot *state);
void selection_deinit(struct selection *selection);

/* Adds the entity of one row, or of all rows, of a table. PECS_E_CORRUPT: rows and index of a resumed file disagree. */
pecs_status selection_add_row(struct selection *selection, uint32_t table, uint64_t row);
pecs_status selection_add_table(struct selection *selection, uint32_t table);

static inline bool selection_has_slot(const struct selection *selection, uint32_t slot)
{
    return bits_has(selection->slots, slot);
}
/* Whether the slot of a handle, which may be any, is that of a selected entity. */
static inline bool selection_may_have(const struct selection *selection, pecs_entity entity)
{
    return entity.index < state_slot_count(selection->state) && selection_has_slot(selection, entity.index);
}
/* Whether the handle is that of a selected entity. */
static inline bool selection_has(const struct selection *selection, pecs_entity entity)
{
    return selection_may_have(selection, entity) &&
           state_record(selection->state, entity.index)->generation == entity.generation;
}

#endif
