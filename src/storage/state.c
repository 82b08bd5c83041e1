/*
 * States. A state is copied in O(1): its lists are trees. All that it holds goes with its last reference, on whatever
 * thread that is; the registry, and with it the pool, goes last.
 */
#include "state.h"

#include "bits.h"

#include <assert.h>
#include <stddef.h>

static_assert(sizeof(struct record) == 16, "the index's column has 16 bytes a row");

static struct pecs_snapshot *state_of(struct node *node)
{
    return (struct pecs_snapshot *)((uint8_t *)node - offsetof(struct pecs_snapshot, node));
}

static void state_destroy(struct pool *pool, struct node *node)
{
    struct pecs_snapshot *state = state_of(node);
    pecs_registry *registry = state->registry;
#define X(name) tree_clear(pool, &state->name);
    STATE_TREES(X)
#undef X
#define X(type, name)                                                                                                  \
    if (state->name)                                                                                                   \
        node_release(pool, &state->name->node);
    STATE_NODES(X)
#undef X
    pool_release(pool, state, sizeof(*state));
    pool_note_drop(pool);
    pecs_registry_destroy(registry);
}

static struct node *state_copy(struct pool *pool, const struct node *node);

static const struct node_class state_class = { state_destroy, state_copy };

static struct node *state_copy(struct pool *pool, const struct node *node)
{
    const struct pecs_snapshot *state = state_of((struct node *)(uintptr_t)node);
    const size_t same = offsetof(struct pecs_snapshot, registry);
    struct pecs_snapshot *copy = pool_allocate(pool, sizeof(*copy));
    if (!copy)
        return NULL;
    /* all but the node, whose count other threads may be changing */
    memcpy((uint8_t *)copy + same, (const uint8_t *)state + same, sizeof(*copy) - same);
    copy->source = (struct view_source){ copy, NULL };
    node_init(&copy->node, &state_class);
    pool_note_state(pool);
    registry_retain(copy->registry);
#define X(name) tree_retain(&copy->name);
    STATE_TREES(X)
#undef X
#define X(type, name)                                                                                                  \
    if (copy->name)                                                                                                    \
        node_retain(&copy->name->node);
    STATE_NODES(X)
#undef X
    return &copy->node;
}

pecs_status state_create(pecs_registry *registry, struct pecs_snapshot **ret_state)
{
    struct pool *pool = registry->pool;
    struct pecs_snapshot *state = pool_allocate_zeroed(pool, sizeof(*state));
    struct archetype *archetype = archetype_create_plain(pool, sizeof(struct record), CHUNK_SHIFT);
    struct table *index = archetype ? table_create(pool, archetype) : NULL;
    if (archetype)
        node_release(pool, &archetype->node); /* the table has its own */
    if (!state || !index) {
        if (index)
            node_release(pool, &index->node);
        pool_release(pool, state, sizeof(*state));
        return PECS_E_MEMORY;
    }
    node_init(&state->node, &state_class);
    pool_note_state(pool);
    state->source.state = state;
    state->registry = registry_retain(registry);
    state->index.root.node = &index->node;
    state->singleton_table = NO_TABLE;
    state->tick = 1;
    state->is_proven = true;
    *ret_state = state;
    return PECS_OK;
}

#ifndef NDEBUG
static void each_array_of(const struct table *table, void (*function)(struct array *array))
{
    for (uint32_t i = 0; table->archetype && i < table->archetype->column_count; i++)
        for (uint64_t chunk = 0; chunk < table_chunk_count(table); chunk++) {
            struct node *node = tree_get(&table->columns[i].chunks, chunk);
            if (node)
                function((struct array *)node);
        }
}

static void each_array(const struct pecs_snapshot *state, void (*function)(struct array *array))
{
    each_array_of(state_index(state), function);
    if (state->id_places.root.node)
        each_array_of((const struct table *)state->id_places.root.node, function);
    for (uint32_t i = 0; i < state->table_count; i++)
        each_array_of(state_table(state, i), function);
}

static void check_one_seal(struct array *array)
{
    array_check_seal(array);
}

void state_seal(const struct pecs_snapshot *state)
{
    each_array(state, array_seal);
}

void state_check_seals(const struct pecs_snapshot *state)
{
    each_array(state, check_one_seal);
}
#endif

pecs_status state_own_slow(struct gate *gate, struct pecs_snapshot **state)
{
    struct ref root = { &(*state)->node, NULL, gate->state_epoch, 0 };
    const pecs_status status = node_own(gate->pool, gate->epoch, &root);
    if (!status) {
        *state = state_of(root.node);
        gate->state_epoch = gate->epoch;
    }
    return status;
}

static pecs_status own_table_in(struct gate *gate, struct tree *tree, uint32_t number, struct table **ret_table)
{
    const struct ref *found = tree_ref(tree, number);
    if (found->epoch != gate->epoch) {
        struct ref *ref;
        pecs_status status = tree_own_ref(gate->pool, gate->epoch, tree, number, &ref);
        if (!status)
            status = node_own(gate->pool, gate->epoch, ref);
        if (status)
            return status;
        found = ref;
    }
    *ret_table = (struct table *)found->node;
    return PECS_OK;
}

pecs_status state_own_table(struct gate *gate, struct pecs_snapshot *state, uint32_t table, struct table **ret_table)
{
    assert(gate->state_epoch == gate->epoch);
    return own_table_in(gate, &state->tables, table, ret_table);
}

pecs_status state_own_only_table(struct gate *gate, struct tree *tree, struct table **ret_table)
{
    assert(gate->state_epoch == gate->epoch);
    return own_table_in(gate, tree, 0, ret_table);
}

pecs_status state_create_without_tables(const struct pecs_snapshot *state, struct pecs_snapshot **ret_state)
{
    struct node *node = state_copy(state->registry->pool, &state->node);
    if (!node)
        return PECS_E_MEMORY;
    struct pecs_snapshot *copy = state_of(node);
    tree_clear(state->registry->pool, &copy->tables);
    copy->table_count = 0;
    copy->singleton_table = NO_TABLE;
    copy->lineage = pool_next_epoch(state->registry->pool);
    *ret_state = copy;
    return PECS_OK;
}

pecs_status state_take_table(struct gate *gate, struct pecs_snapshot *state, struct table *table, uint32_t *ret_table)
{
    assert(gate->state_epoch == gate->epoch);
    struct ref *ref;
    const pecs_status status = state->table_count == NO_TABLE - 1
                                   ? PECS_E_LIMIT
                                   : tree_own_ref(gate->pool, gate->epoch, &state->tables, state->table_count, &ref);
    if (status) {
        node_release(gate->pool, &table->node);
        return status;
    }
    *ref = (struct ref){ &table->node, NULL, node_is_shared(&table->node) ? 0 : gate->epoch, 0 };
    *ret_table = state->table_count++;
    return PECS_OK;
}

pecs_status state_add_table(struct gate *gate, struct pecs_snapshot *state, struct archetype *archetype,
                            uint32_t *ret_table)
{
    struct table *table = table_create(gate->pool, archetype);
    return table ? state_take_table(gate, state, table, ret_table) : PECS_E_MEMORY;
}

void state_drop_table(struct gate *gate, struct pecs_snapshot *state)
{
    struct ref *ref;
    if (tree_own_ref(gate->pool, gate->epoch, &state->tables, --state->table_count, &ref)) {
        assert(!"the path is private since the table was added");
        return;
    }
    node_release(gate->pool, ref->node);
    *ref = (struct ref){ NULL, NULL, 0, 0 };
}

uint64_t state_free_in_chunk(const struct pecs_snapshot *state, uint64_t chunk)
{
    const struct table *index = state_index(state);
    const struct ref *ref = tree_ref(&index->columns[0].chunks, chunk);
    return ref && ref->node ? ref->free_count : le32_load(index->runs->free_counts[chunk]);
}

uint64_t state_column_tick(const struct pecs_snapshot *state, const struct table *table, uint32_t column)
{
    return max_u64(table->columns[column].tick, state->floor_tick);
}

uint32_t state_list_places(const struct pecs_snapshot *state, const uint64_t *bits, size_t word_count,
                           pecs_component *ret_numbers)
{
    const uint32_t count = bits_list(bits, word_count, ret_numbers);
    for (uint32_t i = count; i && ret_numbers[i - 1] >= state->registry->type_count; i--)
        ret_numbers[i - 1] = state_number_at(state, ret_numbers[i - 1]);
    return count;
}

uint32_t state_list_components(const struct pecs_snapshot *state, pecs_component *list, uint32_t *ranks)
{
    const pecs_registry *registry = state->registry;
    const uint32_t known_count = registry->type_count, unknown_count = state_component_count(state) - known_count;
    uint32_t count = 0;
    for (uint32_t place = 0; place < known_count + unknown_count; place++)
        ranks[place] = NO_COMPONENT;
    for (uint32_t i = 0; i < state->table_count; i++) {
        const struct archetype *archetype = state_table(state, i)->archetype;
        for (uint32_t j = 0; j < archetype->component_count; j++)
            ranks[state_place(state, archetype->components[j])] = 0;
    }
    /* two ascending lists become one */
    for (uint32_t known = 0, unknown = 0; known < known_count || unknown < unknown_count;) {
        const uint32_t a = known < known_count ? registry->by_id[known] : NO_COMPONENT;
        const uint32_t b = unknown < unknown_count ? known_count + state->unknown->by_id[unknown] : NO_COMPONENT;
        const bool is_known =
            b == NO_COMPONENT || (a != NO_COMPONENT && memcmp(&state_component_at(state, a)->id,
                                                              &state_component_at(state, b)->id, sizeof(pecs_id)) < 0);
        const uint32_t place = is_known ? a : b;
        known += is_known;
        unknown += !is_known;
        if (ranks[place] == NO_COMPONENT)
            continue;
        ranks[place] = count;
        list[count++] = state_number_at(state, place);
    }
    return count;
}

pecs_snapshot *pecs_snapshot_retain(pecs_snapshot *snapshot)
{
    if (snapshot)
        node_retain(&snapshot->node);
    return snapshot;
}

void pecs_snapshot_release(pecs_snapshot *snapshot)
{
    state_release(snapshot);
}

pecs_view pecs_snapshot_view(const pecs_snapshot *snapshot)
{
    return (pecs_view){ snapshot ? &snapshot->source : NULL };
}
