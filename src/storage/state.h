/*
 * State: the root of the tree. A snapshot is a state; a world holds one and edits it.
 *
 *     entity_count  rows of all tables but the singletons'
 *     free_count    sum of the index's free counts
 */
#ifndef PECS_STORAGE_STATE_H
#define PECS_STORAGE_STATE_H

#include "attach_list.h"
#include "births.h"
#include "entity_index.h"
#include "heap.h"
#include "meta_list.h"
#include "retired.h"
#include "sessions.h"
#include "table.h"

#include <pecs/snapshot.h>

/* What the pointer of a view leads to: the start of a snapshot or a world. */
struct view_source {
    const struct pecs_snapshot *state;
    struct pecs_world *world; /* NULL for snapshots */
};
/* What an empty view leads to: a state without entities, tables and types. */
extern const struct view_source view_nothing;
static inline const struct view_source *view_source(pecs_view view)
{
    return view.source ? (const struct view_source *)view.source : &view_nothing;
}

/*
 * The entities with explicit ids in a file; the ids themselves are values of registry->id_component. An entry is only a
 * hint: it counts when its entity lives and has the id. So nothing is updated when an entity dies or gets another id.
 */
struct id_entry {
    pecs_id id;
    le32 index;
};
struct saved_ids {
    const struct id_entry *entries; /* ascending by id; or NULL */
    uint64_t count;
};

/*
 * What a state retains besides the registry: immutable nodes that may be NULL, refs of nodes that edits change, and
 * trees. Copy and destroy follow these lists.
 *
 *     sessions   NULL: none yet
 *     unknown    the types that only its file has
 *     retired    NULL: no compaction dropped a slot
 *     attachments  NULL: none; their bytes are in the heap
 *     ids_image  where saved_ids lie
 *     births     NULL: no large merge brought in birth ids of other sessions
 *     loan       NULL: the state borrows from no state of another registry
 *     index      of a struct entity_index
 *     id_hash    of a struct id_hash, or of NULL: no explicit id was assigned yet
 *     heap       of a struct heap, or of NULL: no value had contents yet
 */
#define STATE_NODES(X)                                                                                                 \
    X(sessions, sessions)                                                                                              \
    X(unknown_types, unknown)                                                                                          \
    X(metadata, metadata)                                                                                              \
    X(retired, retired)                                                                                                \
    X(attachments, attachments)                                                                                        \
    X(image, ids_image)                                                                                                \
    X(births, births)                                                                                                  \
    X(loan, loan)
#define STATE_REFS(X)                                                                                                  \
    X(index)                                                                                                           \
    X(id_hash)                                                                                                         \
    X(heap)
#define STATE_TREES(X) X(tables)

struct pecs_snapshot {
    struct view_source source; /* of itself */
    struct node node;
    /* A copy has the same values from here on. */
    pecs_registry *registry;
#define X(type, name) struct type *name;
    STATE_NODES(X)
#undef X
#define X(name) struct ref name;
    STATE_REFS(X)
#undef X
#define X(name) struct tree name;
    STATE_TREES(X)
#undef X
    struct saved_ids saved_ids;
    uint64_t lineage; /* of the list of tables: the compaction that renumbered it last; 0: none */
    uint32_t table_count;
    uint32_t singleton_table; /* the one that holds the singletons' row, or NO_TABLE */
    uint64_t entity_count, free_count;
    uint64_t tick;
    uint64_t floor_tick; /* everything counts as changed at this tick, that of the last restore */
    bool is_proven;      /* rows and index agree; false: they are a file's and not verified */
    bool is_built;       /* by a builder: no world migration and no load hook has seen it yet */
    bool is_partial;     /* it was made of a part of a file, and must not replace the whole by accident */
    /* A timeline is a world's history since it was created or restored, within which it can rewind. */
    uint64_t timeline;         /* the state's timeline; 0: none */
    uint64_t session_timeline; /* the timeline in which `session` was opened; if another, none is open */
    uint32_t session;          /* place of the session that was opened last; any place when none is open */
};

/* Creates an empty state at tick 1 with one reference. It retains the registry. */
pecs_status state_create(pecs_registry *registry, struct pecs_snapshot **ret_state);
static inline void state_release(struct pecs_snapshot *state)
{
    if (state)
        node_release(state->registry->pool, &state->node);
}
/*
 * Moves the nodes that this state alone holds out of sparse memory. The state must be private, and the gate's epoch a
 * new one. False: out of memory, some were not moved.
 */
bool state_evacuate(struct pool *pool, struct pecs_snapshot *state);
/* Makes the state of a world private. */
pecs_status state_own_slow(struct gate *gate, struct pecs_snapshot **state);
static inline pecs_status state_own(struct gate *gate, struct pecs_snapshot **state)
{
    return gate->state_epoch == gate->epoch ? PECS_OK : state_own_slow(gate, state);
}

static inline const struct table *state_table(const struct pecs_snapshot *state, uint32_t table)
{
    return (const struct table *)tree_get(&state->tables, table);
}
/* The row of the singletons, or NULL. */
static inline const struct table *state_singletons(const struct pecs_snapshot *state)
{
    const struct table *table = state->singleton_table == NO_TABLE ? NULL : state_table(state, state->singleton_table);
    return table && table->row_count ? table : NULL;
}
static inline const struct entity_index *state_index(const struct pecs_snapshot *state)
{
    return (const struct entity_index *)state->index.node;
}
/* Or NULL. */
static inline const struct heap *state_heap(const struct pecs_snapshot *state)
{
    return (const struct heap *)state->heap.node;
}
static inline uint64_t state_slot_count(const struct pecs_snapshot *state)
{
    return index_slot_count(state_index(state));
}

/* Makes a table private; the state must be. Pointers from earlier calls stay valid within the same epoch. */
pecs_status state_own_table(struct gate *gate, struct pecs_snapshot *state, uint32_t table, struct table **ret_table);
/* The same for the index. */
static inline pecs_status state_own_index(struct gate *gate, struct pecs_snapshot *state,
                                          struct entity_index **ret_index)
{
    assert(gate->state_epoch == gate->epoch);
    const pecs_status status = node_own(gate->pool, gate->epoch, &state->index);
    *ret_index = (struct entity_index *)state->index.node;
    return status;
}

/* Creates a copy of the state. PECS_E_MEMORY. */
pecs_status state_create_copy(const struct pecs_snapshot *state, struct pecs_snapshot **ret_state);
/* Creates a copy of the state without its tables. */
pecs_status state_create_without_tables(const struct pecs_snapshot *state, struct pecs_snapshot **ret_state);

/* Appends a table and takes over the caller's reference, also on failure. Its rows are not added to entity_count. */
pecs_status state_take_table(struct gate *gate, struct pecs_snapshot *state, struct table *table, uint32_t *ret_table);
/* Appends an empty table. state_drop_table removes the last one again when the edit fails later. */
pecs_status state_add_table(struct gate *gate, struct pecs_snapshot *state, struct archetype *archetype,
                            uint32_t *ret_table);
void state_drop_table(struct gate *gate, struct pecs_snapshot *state);

/* The record of an entity index, which must be below state_slot_count. */
static inline const struct record *state_record(const struct pecs_snapshot *state, uint32_t index)
{
    return index_record(state_index(state), index);
}
/* The generation of the entity in a slot or of the last one that was; 0: none ever was. */
static inline uint32_t state_last_generation(const struct pecs_snapshot *state, uint64_t slot)
{
    return slot < state_slot_count(state) ? state_record(state, (uint32_t)slot)->generation
                                          : retired_generation(state->retired, slot);
}
/* Counts the retired slots without a record. */
static inline uint64_t state_retired_count(const struct pecs_snapshot *state)
{
    const uint64_t slot_count = state_slot_count(state);
    return state->retired && state->retired->end > slot_count ? state->retired->end - slot_count : 0;
}
/* Whether there is room for `count` more entities. */
static inline bool state_has_slots(const struct pecs_snapshot *state, uint64_t count)
{
    return count <= state->free_count || count - state->free_count <= SLOT_COUNT_MAX - state_slot_count(state);
}

/*
 * Records of a resumed file may be damaged, so every number is compared before it is used as an index: the table here,
 * row and session where they are used.
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
/* Whether the row in a living entity's record exists. */
static inline bool state_has_row(const struct pecs_snapshot *state, const struct record *record)
{
    return record->row < state_table(state, record->table)->row_count;
}
/* The prefix of the ids of a session; 0 for the invalid session of a damaged record. */
static inline uint64_t state_session_prefix(const struct pecs_snapshot *state, uint32_t session)
{
    return session < state->sessions->count ? state->sessions->prefixes[session] : 0;
}
/* True when the row has this handle, and the handle's record names this row. */
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
static inline uint64_t state_free_in_chunk(const struct pecs_snapshot *state, uint64_t chunk)
{
    return state_index(state)->free_counts[chunk];
}

/* The tick of the last write to a column or vector whose own tick is `tick`, as saved to files. */
static inline uint64_t state_write_tick(const struct pecs_snapshot *state, uint64_t tick)
{
    return max_u64(tick, state->floor_tick);
}

#endif
