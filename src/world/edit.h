/*
 * The world's inside, and the steps that its edits share. Every structural edit is made in this order:
 *
 *     refuse    busy, dead, misuse; return early if nothing is to be done
 *     find      the tables that rows go to, adding them at the end
 *     ready     every array that will be touched passes the gate, with room; the session is opened last
 *     change    rows, records, counts: cannot fail
 *
 * and when a step fails, tables that were added are dropped again.
 *
 * The index and the rows of a resumed file are trusted to agree, but they need not. Where an edit readies a row or a
 * record, it proves that the two name each other (PECS_E_CORRUPT), so that the changes stay within what was readied.
 */
#ifndef PECS_WORLD_EDIT_H
#define PECS_WORLD_EDIT_H

#include "catalog.h"
#include "failure.h"
#include "free_map.h"
#include "open_queries.h"
#include "state.h"
#include "state_types.h"

#include <pecs/world.h>

/* What a batch of edits does to each table, gathered before anything is changed. */
struct table_plan {
    uint64_t removal_count, append_count;
    uint64_t row_count_before;
};

struct pecs_world {
    struct view_source source; /* kept equal to `state` */
    struct pecs_snapshot *state;
    pecs_registry *registry;
    struct gate gate;
    bool tick_is_seen; /* by a snapshot: the next edit opens another tick */
    struct catalog catalog;
    struct free_map free_map;
    struct open_queries open_queries;
    struct failure failure;

    uint64_t given_nonce;   /* 0: sessions have random ones */
    uint32_t session_count; /* nonces that this world has had */
    uint64_t nonce;         /* of the session of this stretch; 0: a random one is not chosen yet */

    uint32_t scratch_count;   /* components that there is room for */
    pecs_component *set;      /* scratch: a set of components, ascending */
    uint8_t **row;            /* scratch: the values of one row, by column */
    struct table_plan *plans; /* by table; all zero between edits */
    size_t plan_capacity;
    uint32_t *planned; /* tables with a plan */
    size_t planned_count, planned_capacity;
};

/* A component that edits may name: any of the state but the one that holds explicit ids; else NULL. */
static inline const struct component *edit_component(const struct pecs_world *world, pecs_component component)
{
    return component == world->registry->id_component ? NULL : state_component(world->state, component);
}
/* Room in the scratch for every component of the state. */
pecs_status edit_reserve_scratch(struct pecs_world *world, const struct pecs_snapshot *state);
void edit_release_scratch(struct pecs_world *world);

/* Explain a failure of this world's edit, of one entity or of one component of it. */
static inline pecs_status edit_fail(struct pecs_world *world, pecs_status status, const char *text)
{
    return failure_explain(&world->failure, status, (pecs_entity){ 0, 0 }, NO_COMPONENT, text);
}
static inline pecs_status edit_fail_dead(struct pecs_world *world, pecs_entity entity)
{
    return failure_explain(&world->failure, PECS_E_DEAD, entity, NO_COMPONENT, "it is not alive");
}

/* PECS_E_MISUSE: it is given twice; there is no such component that edits may name. */
pecs_status edit_fail_twice(struct pecs_world *world, pecs_component component);
pecs_status edit_fail_component(struct pecs_world *world, pecs_component component);

/* PECS_E_LIMIT unless so many entities more can be there. */
pecs_status edit_check_slots(struct pecs_world *world, uint64_t count);

/* PECS_E_BUSY while an iteration is open, or one that may write. */
pecs_status edit_check_busy(struct pecs_world *world);
pecs_status edit_check_busy_writing(struct pecs_world *world);
/* Makes the state private. */
pecs_status edit_own_state(struct pecs_world *world);
/* Opens another tick if a snapshot has seen the present one. At the last tick of all, edits go on in it. */
void edit_open_tick(struct pecs_world *world);
/* Both, for an edit that will change something; structural ones also check busy. */
pecs_status edit_begin_values(struct pecs_world *world);
pecs_status edit_begin(struct pecs_world *world);

/* Checks components and sizes of values; a component twice is left to the caller. */
pecs_status edit_check_values(struct pecs_world *world, const pecs_value *values, size_t value_count);

/* The table of a set, added when there is none. `edit_drop_tables` undoes all that were added since `table_count`. */
pecs_status edit_find_table(struct pecs_world *world, const pecs_component *components, uint32_t count,
                            bool is_singleton, uint32_t *ret_table);
void edit_drop_tables(struct pecs_world *world, uint32_t table_count);

/* Readying. */
pecs_status edit_own_table(struct pecs_world *world, uint32_t table, struct table **ret_table);
pecs_status edit_own_record(struct pecs_world *world, uint32_t index);
/* One row more in a table. */
pecs_status edit_ready_row(struct pecs_world *world, uint32_t table);
pecs_status edit_open_session(struct pecs_world *world);
/* Slots and a session for so many entities more. */
pecs_status edit_ready_slots(struct pecs_world *world, uint64_t count);
/* What was readied for slots that were not appended, since others became free meanwhile. */
void edit_give_back_slots(struct pecs_world *world, uint64_t count);
/* The nonce that this stretch's session has or will have. */
uint64_t edit_session_nonce(struct pecs_world *world);
/* The state, which is private, becomes the first of a stretch. */
void edit_begin_stretch(struct pecs_world *world);

/*
 * The plan of a batch: note each row that leaves or joins a table, ready them all, make the changes, finish. When
 * readying fails, or something else does before the changes, edit_plan_forget: it gives back what was reserved.
 */
pecs_status edit_plan_note(struct pecs_world *world, uint32_t table, uint64_t removal_count, uint64_t append_count);
pecs_status edit_plan_ready(struct pecs_world *world);
void edit_plan_finish(struct pecs_world *world);
void edit_plan_forget(struct pecs_world *world);

/* The row and record of a living entity that is to leave its table; noted in the plan. */
pecs_status edit_ready_departure(struct pecs_world *world, pecs_entity entity);

/* PECS_E_CORRUPT unless the entity's record and the row that it names agree. */
pecs_status edit_prove_row(const struct pecs_world *world, pecs_entity entity, struct record at);

/* Changes; all that they touch has been readied. */

/* Writable memory of things that have passed the gate in this epoch. */
static inline struct table *edit_table(struct pecs_world *world, uint32_t table)
{
    return (struct table *)tree_get(&world->state->tables, table);
}
static inline struct entity_index *edit_index(struct pecs_world *world)
{
    return (struct entity_index *)world->state->index.node;
}
static inline struct record *edit_record(struct pecs_world *world, uint32_t index)
{
    return index_owned_record(edit_index(world), index);
}

/* The next slot, reused or appended, with its record but for table and row. */
pecs_entity edit_take_slot(struct pecs_world *world);
/* The slot of an entity whose row is gone. */
void edit_give_slot(struct pecs_world *world, uint32_t index);
/* Appends a row for the entity and points its record there. The values are not set. Entity none: a singletons' row. */
uint64_t edit_append_row(struct pecs_world *world, uint32_t table, pecs_entity entity);
/* Where the values of a readied row are, in the scratch row. */
void edit_find_row(struct pecs_world *world, uint32_t table, uint64_t row);
/* Takes the row in the scratch row away; the last one takes its place. */
void edit_remove_row(struct pecs_world *world, uint32_t table, uint64_t row);
/* Moves it to another table: the columns that both have are copied, the others left unset. */
void edit_move_row(struct pecs_world *world, pecs_entity entity, uint32_t from, uint64_t row, uint32_t to);

/*
 * The whole way of one entity (or, entity none, the singletons) out of its table: into another, or with NO_TABLE away.
 */
pecs_status edit_ready_move(struct pecs_world *world, pecs_entity entity, struct record at, uint32_t to);
void edit_move(struct pecs_world *world, pecs_entity entity, struct record at, uint32_t to);

/* Adds a component to the ascending scratch set; false when it is there. */
bool edit_set_insert(struct pecs_world *world, uint32_t *count, pecs_component component);
/* Moves one entity (or the singletons) to the table of the scratch set, adding it if there is none. All or nothing. */
pecs_status edit_relocate(struct pecs_world *world, pecs_entity entity, struct record at, uint32_t set_count,
                          bool is_singleton, struct record *ret_at);
/* Readies the columns of values in a row that stays where it is. */
pecs_status edit_own_values(struct pecs_world *world, struct record at, const pecs_value *values, size_t value_count);
/* Copies values into rows that were readied. */
void edit_fill_rows(struct pecs_world *world, uint32_t table, uint64_t first, uint64_t count, const pecs_value *value);
/* pecs_world_spawn; ids (one an entity, not in use) may be NULL. */
pecs_status edit_spawn(struct pecs_world *world, size_t row_count, const pecs_id *ids, const pecs_value *values,
                       size_t value_count, pecs_entity *ret_entities);

#endif
