/*
 * Transplant: copies rows of a state into tables of a world, with their contents, and leads references to the copies.
 * What is copied, to which tables, and where references lead is decided by clone.c and merge.c.
 *
 *     run      consecutive rows of one table that go to one table
 *     copies   all runs are copied `copy_count` times, one copy after another
 *     handles  of the entities, in the order [copy][run][row]
 */
#ifndef PECS_WORLD_TRANSPLANT_H
#define PECS_WORLD_TRANSPLANT_H

#include "edit.h"

struct transplant_run {
    uint32_t from, to; /* tables of the source and of the world */
    uint64_t first, count;
    uint64_t row;     /* of the world's table, where the first copy begins; set by ready */
    bool has_handles; /* the rows are for entities of the world that have no row; `map` says for which */
};

/* A reference in a copy, with what it was in the source, and then, {0, 0} to clear it, with what it becomes. */
struct transplant_reference {
    uint8_t *place;
    uint64_t copy;
    pecs_entity entity;
};

struct transplant {
    struct pecs_world *world;
    const struct pecs_snapshot *source; /* NULL: the world itself, which must not change before the commit */
    struct transplant_run *runs;
    size_t run_count, run_capacity;
    uint64_t copy_count;
    pecs_entity *handles; /* filled by append; of one copy it may be NULL */
    bool adopts;          /* one copy, whose full chunks may borrow from the source */
    /* Maps references, many at once, so that what they lead to can be prefetched. */
    void (*map)(const struct transplant *transplant, struct transplant_reference *references, size_t count);
    uint64_t units; /* of the heap, for contents that were copied */
    uint64_t cleared_count;
};

static inline const struct pecs_snapshot *transplant_source(const struct transplant *transplant)
{
    return transplant->source ? transplant->source : transplant->world->state;
}

/* While references are mapped: whether the row of a record is one of those that it has appended. */
static inline bool transplant_has_appended(const struct transplant *transplant, const struct record *record)
{
    const struct pecs_world *world = transplant->world;
    const uint64_t appended = record->table < world->plan_capacity ? world->plans[record->table].append_count : 0;
    return record->row + appended >= state_table(world->state, record->table)->row_count;
}

/* Gives the world the unknown types of a state of its registry. PECS_E_LAYOUT, PECS_E_LIMIT, PECS_E_MEMORY. */
pecs_status transplant_take_types(struct pecs_world *world, const struct pecs_snapshot *from);

/* Adds a row of the source: to the last run, if it follows there, or as a run. PECS_E_MEMORY. */
pecs_status transplant_add_row(struct transplant *transplant, const struct transplant_run *run);
void transplant_deinit(struct transplant *transplant);

/*
 * The table of the world for the components of a table, with or without explicit ids. Adds it if needed; the caller
 * drops it on failure.
 */
pecs_status transplant_find_table(struct pecs_world *world, const struct archetype *archetype, bool has_id,
                                  uint32_t *ret_table);

/*
 * Three steps. Ready copies the values and contents into rows behind those of the tables, which does not change any
 * content; no plan may be open. PECS_E_LIMIT, PECS_E_MEMORY. The others cannot fail: append takes the slots and counts
 * the rows, finish sets the references.
 */
pecs_status transplant_ready(struct transplant *transplant);
void transplant_append(struct transplant *transplant);
void transplant_finish(struct transplant *transplant);

/*
 * The same for values of one component that were copied to private memory: their contents, and their references. Row k
 * of the values belongs to copy (first + k) / each.
 */
pecs_status transplant_place(struct transplant *transplant, pecs_component number, uint8_t *values, uint64_t count);
void transplant_map(struct transplant *transplant, const struct component *component, uint8_t *values, uint64_t count,
                    uint64_t first, uint64_t each);

#endif
