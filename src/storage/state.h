/*
 * State: the root of the tree, and so a snapshot. A world holds one too and edits it.
 *
 *     entity_count  rows of all tables but the singletons'
 *     index         a table of one column of records; row i is the record of entity index i
 *     free_count    records without a living entity whose generations are not used up
 */
#ifndef PECS_STORAGE_STATE_H
#define PECS_STORAGE_STATE_H

#include "meta_list.h"
#include "record.h"
#include "retired.h"
#include "sessions.h"
#include "table.h"

#include <pecs/snapshot.h>

/* Where a view's pointer leads: at the start of a snapshot and of a world. */
struct view_source {
    const struct pecs_snapshot *state;
    struct pecs_world *world; /* NULL for snapshots */
};
/* What a view of nothing leads to: a state without entities, tables and types. */
extern const struct view_source view_nothing;
static inline const struct view_source *view_source(pecs_view view)
{
    return view.source ? (const struct view_source *)view.source : &view_nothing;
}

/*
 * Where the entities with explicit ids are found; the ids themselves are values of registry->id_component. Both lists
 * only hint: an entry counts when the entity that it leads to lives and has the id. So nothing is to be done when an
 * entity dies or gets another id.
 */
struct id_entry {
    pecs_id id;
    le32 index;
};
struct id_hints {
    const struct id_entry *saved; /* ascending by id; or NULL */
    uint64_t saved_count;
    uint64_t place_count; /* in use, of state.id_places: a tree of one, a table of entity indices by the hash of their
                             ids, NO_INDEX where none is */
    bool has_birth_form;  /* an id of the form of birth ids was put there */
};
#define NO_INDEX UINT32_MAX

/*
 * What a state holds a reference of, beside the registry: nodes that may be NULL, and trees. Copy and destruction
 * follow these lists.
 *
 *     sessions   NULL: none yet
 *     unknown    the types that only its file knows
 *     retired    NULL: no compaction dropped a slot
 *     ids_image  where id_hints.saved lies
 *     index      a tree of one: the index's table
 */
#define STATE_NODES(X)                                                                                                 \
    X(sessions, sessions)                                                                                              \
    X(unknown_types, unknown)                                                                                          \
    X(metadata, metadata)                                                                                              \
    X(retired, retired)                                                                                                \
    X(image, ids_image)
#define STATE_TREES(X)                                                                                                 \
    X(tables)                                                                                                          \
    X(index)                                                                                                           \
    X(id_places)

struct pecs_snapshot {
    struct view_source source; /* of itself */
    struct node node;
    /* From here on, a copy has the same. */
    pecs_registry *registry;
#define X(type, name) struct type *name;
    STATE_NODES(X)
#undef X
#define X(name) struct tree name;
    STATE_TREES(X)
#undef X
    struct id_hints id_hints;
    uint64_t lineage; /* of the list of tables: the compaction that it comes from; 0: none has renumbered it */
    uint32_t table_count;
    uint32_t singleton_table; /* the one that holds the singletons' row, or NO_TABLE */
    uint64_t entity_count, free_count;
    uint64_t tick;
    uint64_t floor_tick; /* everything counts as changed at this tick: that of the last restore */
    bool is_proven;      /* rows and index agree; else they are those of a file that is trusted as it is */
    uint64_t stretch;    /* of one world, from its making or last restore on: where it may be rewound to; 0: none */
    uint64_t session_stretch; /* in which the last session was opened; another: none is open */
    uint32_t session;         /* the place of the last one that was opened here, or of any */
};

/* The components of a state; unknown.h says what a number and a place are. NULL, NO_COMPONENT: it has no such one. */
static inline const struct component *state_component(const struct pecs_snapshot *state, pecs_component number)
{
    return component_of(state->registry, state->unknown, number);
}
static inline uint32_t state_component_count(const struct pecs_snapshot *state)
{
    return component_count_of(state->registry, state->unknown);
}
static inline uint32_t state_place(const struct pecs_snapshot *state, pecs_component number)
{
    return component_place(state->registry, state->unknown, number);
}
static inline pecs_component state_number_at(const struct pecs_snapshot *state, uint32_t place)
{
    return component_number_at(state->registry, state->unknown, place);
}
static inline const struct component *state_component_at(const struct pecs_snapshot *state, uint32_t place)
{
    return component_at(state->registry, state->unknown, place);
}
/* A set of places, a bit each, as numbers, ascending; and how many they are. */
uint32_t state_list_places(const struct pecs_snapshot *state, const uint64_t *bits, size_t word_count,
                           pecs_component *ret_numbers);

/*
 * The components that any table has, ascending by type id: those that a file has types of, in its order. `list` has
 * room for state_component_count; `ranks` gets, by place, the index of each component in it, or NO_COMPONENT.
 */
uint32_t state_list_components(const struct pecs_snapshot *state, pecs_component *list, uint32_t *ranks);

/* An empty state at tick 1 with one reference. It holds the registry. */
pecs_status state_create(pecs_registry *registry, struct pecs_snapshot **ret_state);
static inline void state_release(struct pecs_snapshot *state)
{
    if (state)
        node_release(state->registry->pool, &state->node);
}
/*
 * A snapshot of the state is taken: what has not passed the gate after this must not change. Debug builds seal its
 * arrays, so this looks at every array there, and hashes those that changed since the last one; others do nothing.
 */
#ifdef NDEBUG
static inline void state_seal(const struct pecs_snapshot *state)
{
    (void)state;
}
static inline void state_check_seals(const struct pecs_snapshot *state)
{
    (void)state;
}
#else
void state_seal(const struct pecs_snapshot *state);
void state_check_seals(const struct pecs_snapshot *state); /* before all of it is read */
#endif
/*
 * Moves what this state alone has out of sparse memory. The state must be private, and the gate's epoch a new one.
 * False: not all of it, for want of memory.
 */
bool state_evacuate(struct pool *pool, struct pecs_snapshot *state);
/* Makes the world's own state private. */
pecs_status state_own_slow(struct gate *gate, struct pecs_snapshot **state);
static inline pecs_status state_own(struct gate *gate, struct pecs_snapshot **state)
{
    return gate->state_epoch == gate->epoch ? PECS_OK : state_own_slow(gate, state);
}

static inline const struct table *state_table(const struct pecs_snapshot *state, uint32_t table)
{
    return (const struct table *)tree_get(&state->tables, table);
}
static inline const struct table *state_index(const struct pecs_snapshot *state)
{
    return (const struct table *)state->index.root.node;
}
static inline uint64_t state_slot_count(const struct pecs_snapshot *state)
{
    return state_index(state)->row_count;
}

/* A table made private; the state must be. A pointer got before stays right within the same epoch. */
pecs_status state_own_table(struct gate *gate, struct pecs_snapshot *state, uint32_t table, struct table **ret_table);
/* The table of a tree of one: of the index, and of the places of ids. */
pecs_status state_own_only_table(struct gate *gate, struct tree *tree, struct table **ret_table);
static inline pecs_status state_own_index(struct gate *gate, struct pecs_snapshot *state, struct table **ret_index)
{
    return state_own_only_table(gate, &state->index, ret_index);
}

/* A state like this one, with everything but its tables. */
pecs_status state_create_without_tables(const struct pecs_snapshot *state, struct pecs_snapshot **ret_state);

/* Appends a table, whose reference becomes the state's, also on failure. The rows are not counted. */
pecs_status state_take_table(struct gate *gate, struct pecs_snapshot *state, struct table *table, uint32_t *ret_table);
/* Appends an empty table; drop takes the last one away again, when an edit fails later on. */
pecs_status state_add_table(struct gate *gate, struct pecs_snapshot *state, struct archetype *archetype,
                            uint32_t *ret_table);
void state_drop_table(struct gate *gate, struct pecs_snapshot *state);

/* The record of an entity index below state_slot_count. Nothing is called more often. */
static inline const struct record *state_record(const struct pecs_snapshot *state, uint32_t index)
{
    return (const struct record *)(const void *)table_plain_value(state_index(state), index, CHUNK_SHIFT,
                                                                  sizeof(struct record));
}
/* The generation of the entity that lives in a slot or of the last that did; 0: none ever has. */
static inline uint32_t state_last_generation(const struct pecs_snapshot *state, uint64_t slot)
{
    return slot < state_slot_count(state) ? state_record(state, (uint32_t)slot)->generation
                                          : retired_generation(state->retired, slot);
}
/* Retired slots that have no record again. */
static inline uint64_t state_retired_count(const struct pecs_snapshot *state)
{
    const uint64_t slot_count = state_slot_count(state);
    return state->retired && state->retired->end > slot_count ? state->retired->end - slot_count : 0;
}
/* Whether so many entities more can be there at once. */
static inline bool state_has_slots(const struct pecs_snapshot *state, uint64_t count)
{
    return count <= state->free_count || count - state->free_count <= SLOT_COUNT_MAX - state_slot_count(state);
}

/*
 * Records of a resumed file may be damaged, so a number from one is compared before it becomes an index: its table
 * here, its row and session where they are used.
 */
static inline bool state_is_living(const struct pecs_snapshot *state, const struct record *record)
{
    return record->table < state->table_count && record->generation;
}
/* The record of a living entity, or NULL. */
static inline const struct record *state_find(const struct pecs_snapshot *state, pecs_entity entity)
{
    if (entity.index >= state_slot_count(state))
        return NULL;
    const struct record *record = state_record(state, entity.index);
    return record->generation == entity.generation && state_is_living(state, record) ? record : NULL;
}
/* The row that a living entity's record names is there. */
static inline bool state_has_row(const struct pecs_snapshot *state, const struct record *record)
{
    return record->row < state_table(state, record->table)->row_count;
}
/* The head of the ids of a session, as a record names it. */
static inline uint64_t state_session_head(const struct pecs_snapshot *state, uint32_t session)
{
    return session < state->sessions->count ? state->sessions->heads[session] : 0;
}
/* The row has this handle, and the handle's record names this row. */
static inline bool state_row_agrees(const struct pecs_snapshot *state, uint32_t table, uint64_t row, pecs_entity handle)
{
    const struct record *record = state_find(state, handle);
    pecs_entity there = { 0, 0 };
    if (!record || record->table != table || record->row != row || !state_has_row(state, record))
        return false;
    memcpy(&there, table_value(state_table(state, table), HANDLE_COLUMN, row), sizeof(there));
    return there.index == handle.index && there.generation == handle.generation;
}
/* Free slots among the records of one chunk of the index. */
uint64_t state_free_in_chunk(const struct pecs_snapshot *state, uint64_t chunk);

/* The tick of the last write to a column, for the file. */
uint64_t state_column_tick(const struct pecs_snapshot *state, const struct table *table, uint32_t column);

#endif
