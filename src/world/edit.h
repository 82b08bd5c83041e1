/*
 * The inside of a world, and the steps that its edits share. Every structural edit has these steps:
 *
 *     refuse    busy, dead, misuse; return early if there is nothing to do
 *     find      the tables that rows go to, adding them at the end
 *     ready     every array that will be touched passes the gate, with room; the session is opened last
 *     change    rows, records, counts: cannot fail
 *
 * When a step fails, tables that were added are dropped again.
 *
 * The index and the rows of a resumed file are expected to agree, but a damaged file's may not. Where an edit prepares
 * a row or a record, it verifies that the two name each other (PECS_E_CORRUPT), so that the changes stay within what
 * was prepared.
 */
#ifndef PECS_WORLD_EDIT_H
#define PECS_WORLD_EDIT_H

#include "catalog.h"
#include "failure.h"
#include "free_map.h"
#include "open_queries.h"
#include "state.h"
#include "state_types.h"
#include "table_merge.h"

#include <pecs/contents.h>
#include <pecs/world.h>

/* What a batch of edits does to each table, collected before anything changes. */
struct table_plan {
    uint64_t removal_count, append_count;
    uint64_t row_count_before;
    uint64_t filled_count;          /* of the appended rows: those that have their values already (transplant.c) */
    struct table_adoption adoption; /* of chunks of the appended rows (transplant.c) */
};

struct pecs_world {
    struct view_source source; /* its state is always `state` */
    struct pecs_snapshot *state;
    pecs_registry *registry;
    struct gate gate;
    bool tick_is_seen; /* a snapshot has this tick, so the next edit opens another */
    struct catalog catalog;
    struct free_map free_map;
    struct open_queries open_queries;
    struct failure failure;

    uint64_t given_nonce;   /* from the options; 0: sessions have random nonces */
    uint32_t session_count; /* nonces that this world has used */
    uint64_t nonce;         /* of the session of this timeline; 0: not chosen yet */

    uint32_t scratch_count;   /* components that the scratch has room for */
    pecs_component *set;      /* scratch: a set of components, ascending */
    uint8_t **row;            /* scratch: the values of one row, by column. The set lies behind it */
    struct table_plan *plans; /* by table; all zero between edits */
    size_t plan_capacity;
    uint32_t *planned; /* tables with a plan */
    size_t planned_count, planned_capacity;
};

/* A component that edits may name: any of the state except the one that holds explicit ids. NULL: none. */
static inline const struct component *edit_component(const struct pecs_world *world, pecs_component component)
{
    return component == world->registry->id_component ? NULL : state_component(world->state, component);
}
/* Makes room in the scratch for every component of the state. */
pecs_status edit_reserve_scratch(struct pecs_world *world, const struct pecs_snapshot *state);
void edit_release_scratch(struct pecs_world *world);

/* Set the message of a failed edit of this world. Return the status. */
static inline pecs_status edit_fail(struct pecs_world *world, pecs_status status, const char *text)
{
    return failure_explain(&world->failure, status, (pecs_entity){ 0, 0 }, NO_COMPONENT, text);
}
static inline pecs_status edit_fail_dead(struct pecs_world *world, pecs_entity entity)
{
    return failure_explain(&world->failure, PECS_E_DEAD, entity, NO_COMPONENT, "it is not alive");
}

/* PECS_E_MISUSE: edits may not name the component. */
pecs_status edit_fail_component(struct pecs_world *world, pecs_component component);

/* PECS_E_LIMIT unless there is room for `count` more entities. */
pecs_status edit_check_slots(struct pecs_world *world, uint64_t count);

/* PECS_E_BUSY while an iteration is open; the second, while one that may write is. */
pecs_status edit_check_busy(struct pecs_world *world);
pecs_status edit_check_busy_writing(struct pecs_world *world);
/* Makes the state private. */
pecs_status edit_own_state(struct pecs_world *world);
/* Opens another tick if a snapshot has the present one. At the last possible tick, edits stay in it. */
void edit_open_tick(struct pecs_world *world);
/* Both of the above, for an edit that will change something. edit_begin also checks for open iterations. */
pecs_status edit_begin_values(struct pecs_world *world);
pecs_status edit_begin(struct pecs_world *world);

/* Checks the components and sizes of values. The scratch set has then these components. */
pecs_status edit_check_values(struct pecs_world *world, const pecs_value *values, size_t value_count,
                              uint32_t *ret_set_count);

/* Finds the table of a set, or adds one. edit_drop_tables drops all tables from number `table_count` on. */
pecs_status edit_find_table(struct pecs_world *world, const pecs_component *components, uint32_t count,
                            bool is_singleton, uint32_t *ret_table);
void edit_drop_tables(struct pecs_world *world, uint32_t table_count);

/* Preparation. */
pecs_status edit_own_table(struct pecs_world *world, uint32_t table, struct table **ret_table);
pecs_status edit_own_record(struct pecs_world *world, uint32_t index);
/* Makes room for one more row in a table. */
pecs_status edit_ready_row(struct pecs_world *world, uint32_t table);
pecs_status edit_open_session(struct pecs_world *world);
/* Prepares slots and a session for `count` more entities. */
pecs_status edit_ready_slots(struct pecs_world *world, uint64_t count);
/* Releases what was prepared for slots that were not appended because others became free meanwhile. */
void edit_give_back_slots(struct pecs_world *world, uint64_t count);
/* The nonce of this timeline's session, chosen now if it was not. */
uint64_t edit_session_nonce(struct pecs_world *world);
/* Whether the id is the birth id, in the present session, of a handle that was not used yet. */
bool edit_id_is_future(struct pecs_world *world, pecs_id id);
/* Begins a timeline at the state, which must be private. */
void edit_begin_timeline(struct pecs_world *world);

/*
 * The plan of a batch: note each row that leaves or joins a table, prepare them all, make the changes, finish. When
 * preparation fails, or anything else before the changes, call edit_plan_forget, which releases what was reserved.
 */
pecs_status edit_plan_note(struct pecs_world *world, uint32_t table, uint64_t removal_count, uint64_t append_count);
pecs_status edit_plan_ready(struct pecs_world *world);
void edit_plan_finish(struct pecs_world *world);
void edit_plan_forget(struct pecs_world *world);

/* table_own_row for a row that will leave its table: prepares its contents too. */
pecs_status edit_own_row(struct pecs_world *world, struct table *table, uint64_t row, uint8_t **values);
/* Prepares the row and record of a living entity that will leave its table, and notes it in the plan. */
pecs_status edit_ready_departure(struct pecs_world *world, pecs_entity entity);

/* PECS_E_CORRUPT unless the entity's record and the row that it names agree. */
pecs_status edit_prove_row(const struct pecs_world *world, pecs_entity entity, struct record at);

/* Changes. All that they touch must be prepared. */

/* Writable memory of nodes and records that have passed the gate in this epoch. */
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

/* Takes the next slot, reused or appended, and writes its record except for table and row. */
pecs_entity edit_take_slot(struct pecs_world *world);
/* The same for many; their records are left to edit_place_entities. */
void edit_take_slots(struct pecs_world *world, uint64_t count, pecs_entity *ret_entities);
/*
 * Writes handles and records of rows that have their values. The entities, whose slots were just taken, are `stride`
 * apart in the array.
 */
void edit_place_entities(struct pecs_world *world, uint32_t table, uint64_t row, uint64_t count,
                         const pecs_entity *entities, uint64_t stride);
/* Gives back the slot of an entity whose row is removed. */
void edit_give_slot(struct pecs_world *world, uint32_t index);
/*
 * Appends a row for the entity and points its record there. The values are not set. Entity {0, 0}: the singletons' row.
 */
uint64_t edit_append_row(struct pecs_world *world, uint32_t table, pecs_entity entity);
/* Does both for `count` new entities, in runs where slots are appended. ret_entities may be NULL. */
void edit_append_entities(struct pecs_world *world, uint32_t table, uint64_t count, pecs_entity *ret_entities);
/* Stores the addresses of the values of a prepared row in the scratch row. */
void edit_find_row(struct pecs_world *world, uint32_t table, uint64_t row);
/* Removes the row whose values the scratch row has; the last row takes its place. */
void edit_remove_row(struct pecs_world *world, uint32_t table, uint64_t row);
/* Moves that row to another table: copies the columns that both have and leaves the others unset. */
void edit_move_row(struct pecs_world *world, pecs_entity entity, uint32_t from, uint64_t row, uint32_t to);

/*
 * Prepare and make the move of one entity (or, entity {0, 0}, of the singletons) to another table, or with NO_TABLE its
 * removal.
 */
pecs_status edit_ready_move(struct pecs_world *world, pecs_entity entity, struct record at, uint32_t to);
void edit_move(struct pecs_world *world, pecs_entity entity, struct record at, uint32_t to);

/* Adds a component to the ascending scratch set. False: the set already has it. */
bool edit_set_insert(struct pecs_world *world, uint32_t *count, pecs_component component);
/*
 * Moves one entity (or the singletons) to the table of the scratch set, adding that table if needed. On failure nothing
 * changes.
 */
pecs_status edit_relocate(struct pecs_world *world, pecs_entity entity, struct record at, uint32_t set_count,
                          bool is_singleton, struct record *ret_at);
/* Prepares the columns of values in a row that stays in its table. */
pecs_status edit_own_values(struct pecs_world *world, struct record at, const pecs_value *values, size_t value_count);
/* Copies a value, or zeros where data is NULL, to one row; and values into prepared rows. */
void edit_fill_value(uint8_t *to, const void *data, size_t size);
void edit_fill_rows(struct pecs_world *world, uint32_t table, uint64_t first, uint64_t count, const pecs_value *value);
void edit_fill_column(struct pecs_world *world, uint32_t table, uint32_t column, uint64_t first, uint64_t count,
                      const pecs_value *value);
/* pecs_world_attach; and that of an entry of another state, with the heap that has its bytes. */
pecs_status edit_attach(struct pecs_world *world, const char *name, const pecs_bytes *bytes);
pecs_status edit_attach_copied(struct pecs_world *world, const struct attachment *entry, const struct heap *from);

/* Where the rows of a spawn come from, beside their values. */
struct spawn {
    size_t row_count;
    const pecs_id *ids;          /* one for each, not in use; or NULL */
    const pecs_entity *entities; /* their handles: no slots are taken, and the caller writes the records; or NULL */
    uint32_t *ret_table;         /* which they are rows of; or NULL */
};
/* pecs_world_spawn of these rows. */
pecs_status edit_spawn(struct pecs_world *world, const struct spawn *spawn, const pecs_value *values,
                       size_t value_count, pecs_entity *ret_entities);

#endif
