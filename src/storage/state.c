/*
 * States. Copying a state takes O(1), since its lists are trees. Any thread may release the last reference, which frees
 * what the state holds. The registry, and with it the pool, is released last.
 */
#include "loan.h"

#include <assert.h>
#include <stddef.h>

static struct pecs_snapshot *state_of_node(struct node *node)
{
    return (struct pecs_snapshot *)((uint8_t *)node - offsetof(struct pecs_snapshot, node));
}

static void state_destroy(struct pool *pool, struct node *node)
{
    struct pecs_snapshot *state = state_of_node(node);
    pecs_registry *registry = state->registry;
#define X(name) tree_clear(pool, &state->name);
    STATE_TREES(X)
#undef X
#define X(name) node_release(pool, state->name.node);
    STATE_REFS(X)
#undef X
#define X(type, name)                                                                                                  \
    if (state->name)                                                                                                   \
        node_release(pool, &state->name->node);
    STATE_NODES(X)
#undef X
    pool_release(pool, state, sizeof(*state));
    pool_note_drop(pool);
    pecs_registry_release(registry);
}

static struct node *state_copy(struct pool *pool, const struct node *node);

static const struct node_class state_class = { state_destroy, state_copy };

static struct node *state_copy(struct pool *pool, const struct node *node)
{
    const struct pecs_snapshot *state = state_of_node((struct node *)(uintptr_t)node);
    const size_t same = offsetof(struct pecs_snapshot, registry);
    struct pecs_snapshot *copy = pool_allocate(pool, sizeof(*copy));
    if (!copy)
        return NULL;
    /* all but the node, whose count other threads may change */
    memcpy((uint8_t *)copy + same, (const uint8_t *)state + same, sizeof(*copy) - same);
    copy->source = (struct view_source){ copy, NULL };
    node_init(&copy->node, &state_class);
    pool_note_state(pool);
    pecs_registry_retain(copy->registry);
#define X(name) tree_retain(&copy->name);
    STATE_TREES(X)
#undef X
#define X(name) node_retain(copy->name.node);
    STATE_REFS(X)
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
    struct entity_index *index = index_create(pool);
    if (!state || !index) {
        if (index)
            node_release(pool, &index->node);
        pool_release(pool, state, sizeof(*state));
        return PECS_E_MEMORY;
    }
    node_init(&state->node, &state_class);
    pool_note_state(pool);
    state->source.state = state;
    state->registry = pecs_registry_retain(registry);
    state->index.node = &index->node;
    state->singleton_table = NO_TABLE;
    state->tick = 1;
    state->is_proven = true;
    *ret_state = state;
    return PECS_OK;
}

pecs_status state_own_slow(struct gate *gate, struct pecs_snapshot **state)
{
    struct ref root = { &(*state)->node, NULL, gate->state_epoch };
    const pecs_status status = node_own(gate->pool, gate->epoch, &root);
    if (!status) {
        *state = state_of_node(root.node);
        gate->state_epoch = gate->epoch;
    }
    return status;
}

pecs_status state_own_table(struct gate *gate, struct pecs_snapshot *state, uint32_t table, struct table **ret_table)
{
    assert(gate->state_epoch == gate->epoch);
    const struct ref *found = tree_ref(&state->tables, table);
    if (found->epoch != gate->epoch) {
        struct ref *ref;
        pecs_status status = tree_own_ref(gate->pool, gate->epoch, &state->tables, table, &ref);
        if (!status)
            status = node_own(gate->pool, gate->epoch, ref);
        if (status)
            return status;
        found = ref;
    }
    *ret_table = (struct table *)found->node;
    return PECS_OK;
}

pecs_status state_create_copy(const struct pecs_snapshot *state, struct pecs_snapshot **ret_state)
{
    struct node *node = state_copy(state->registry->pool, &state->node);
    if (node)
        *ret_state = state_of_node(node);
    return node ? PECS_OK : PECS_E_MEMORY;
}

pecs_status state_create_without_tables(const struct pecs_snapshot *state, struct pecs_snapshot **ret_state)
{
    struct node *node = state_copy(state->registry->pool, &state->node);
    if (!node)
        return PECS_E_MEMORY;
    struct pecs_snapshot *copy = state_of_node(node);
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
    *ref = (struct ref){ &table->node, NULL, node_is_shared(&table->node) ? 0 : gate->epoch };
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
    *ref = (struct ref){ 0 };
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
