/*
 * Evacuation: a world moves its nodes out of blocks of memory that are mostly empty, so that these can be given back.
 *
 * Only what this world alone has is moved: nodes that are reached by a path of nodes with one reference each. Others
 * may be read by other threads, and their memory goes with the last of those who share them. No content, tick or epoch
 * changes; pointers into the world end, as they do with every edit.
 */
#include "state.h"

/* Copies the node in the slot if it is to leave its place. False: out of memory. */
static bool move_node(struct pool *pool, struct slot *slot)
{
    if (!pool_array_is_leaving(slot->node, slot->node->source))
        return true;
    struct node *copy = slot->node->class->copy(pool, slot->node);
    if (!copy)
        return false;
    node_release(pool, slot->node);
    slot->node = copy;
    return true;
}

static bool move_array(struct pool *pool, struct slot *slot)
{
    const bool is_done = move_node(pool, slot);
    slot->data = ((const struct array *)slot->node)->data;
    return is_done;
}

/* Moves pages; `move` is for what the tree holds. */
static bool evacuate_slot(struct pool *pool, struct slot *slot, uint32_t height,
                          bool (*move)(struct pool *pool, struct slot *slot))
{
    if (!slot->node || node_is_shared(slot->node))
        return true;
    if (!height)
        return move(pool, slot);
    bool is_done = move_node(pool, slot);
    struct page *page = (struct page *)slot->node;
    for (uint32_t i = 0; is_done && i < page->slot_count; i++)
        is_done = evacuate_slot(pool, &page->slots[i], height - 1, move);
    return is_done;
}

static bool evacuate_tree(struct pool *pool, struct tree *tree, bool (*move)(struct pool *pool, struct slot *slot))
{
    return evacuate_slot(pool, &tree->root, tree->height, move);
}

static bool move_table(struct pool *pool, struct slot *slot)
{
    bool is_done = move_node(pool, slot);
    struct table *table = (struct table *)slot->node;
    for (uint32_t i = 0; is_done && i < table->archetype->column_count; i++)
        is_done = evacuate_tree(pool, &table->columns[i].chunks, move_array);
    for (uint64_t i = 0; table->directory && i < table_chunk_count(table); i++)
        table->directory[i] = (uint8_t *)(uintptr_t)table_chunk(table, 0, i);
    return is_done;
}

bool state_evacuate(struct pool *pool, struct pecs_snapshot *state)
{
    const bool has_index = evacuate_tree(pool, &state->index, move_table);
    const bool has_places = evacuate_tree(pool, &state->id_places, move_table);
    return evacuate_tree(pool, &state->tables, move_table) && has_index && has_places;
}
