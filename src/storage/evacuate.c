/*
 * Evacuation: moves the nodes of a world out of mostly empty blocks of memory, so that the pool can free the blocks.
 *
 * It moves only nodes that this world alone holds: those on a path of nodes with one reference each. Other threads may
 * read the rest, whose memory is freed with its last holder. No content, tick or epoch changes. Pointers into the world
 * become invalid, as after every edit.
 */
#include "id_hash.h"

/* Replaces the node in the ref by a copy if its block is being evacuated. False: out of memory. */
static bool evacuate_node(struct pool *pool, struct ref *ref)
{
    if (!pool_array_is_leaving(ref->node, ref->node->source))
        return true;
    struct node *copy = ref->node->class->copy(pool, ref->node);
    if (!copy)
        return false;
    node_release(pool, ref->node);
    ref->node = copy;
    return true;
}

static bool evacuate_array(struct pool *pool, struct ref *ref)
{
    const bool is_done = evacuate_node(pool, ref);
    ref->data = ((const struct array *)ref->node)->data;
    return is_done;
}

/* Moves pages, and calls `move` for each node that the tree holds. */
static bool evacuate_ref(struct pool *pool, struct ref *ref, uint32_t height,
                         bool (*move)(struct pool *pool, struct ref *ref))
{
    if (!ref->node || node_is_shared(ref->node))
        return true;
    if (!height)
        return move(pool, ref);
    bool is_done = evacuate_node(pool, ref);
    struct page *page = (struct page *)ref->node;
    for (uint32_t i = 0; is_done && i < page->ref_count; i++)
        is_done = evacuate_ref(pool, &page->refs[i], height - 1, move);
    return is_done;
}

static bool evacuate_tree(struct pool *pool, struct tree *tree, bool (*move)(struct pool *pool, struct ref *ref))
{
    return evacuate_ref(pool, &tree->root, tree->height, move);
}

static bool evacuate_table(struct pool *pool, struct ref *ref)
{
    bool is_done = evacuate_node(pool, ref);
    struct table *table = (struct table *)ref->node;
    for (uint32_t i = 0; is_done && i < table->archetype->column_count; i++)
        is_done = evacuate_tree(pool, &table->columns[i].chunks, evacuate_array);
    return is_done;
}

static bool evacuate_vector(struct pool *pool, struct vector *vector)
{
    const bool is_done = evacuate_tree(pool, &vector->chunks, evacuate_array);
    vector_follow_moves(vector);
    return is_done;
}

static bool evacuate_index(struct pool *pool, struct ref *ref)
{
    return evacuate_node(pool, ref) && evacuate_vector(pool, &((struct entity_index *)ref->node)->records);
}

static bool evacuate_id_hash(struct pool *pool, struct ref *ref)
{
    return evacuate_node(pool, ref) && evacuate_vector(pool, &((struct id_hash *)ref->node)->buckets);
}

static bool evacuate_heap(struct pool *pool, struct ref *ref)
{
    struct heap *heap = (struct heap *)ref->node;
    if (!heap_may_follow_moves(heap))
        return true;
    bool is_done = evacuate_node(pool, ref);
    heap = (struct heap *)ref->node;
    for (uint32_t i = 0; is_done && i < 2; i++) {
        is_done = !heap->spaces[i].pages.node || evacuate_array(pool, &heap->spaces[i].pages);
        is_done = is_done && evacuate_tree(pool, &heap->spaces[i].arrays, evacuate_array);
    }
    heap_follow_moves(heap);
    return is_done;
}

bool state_evacuate(struct pool *pool, struct pecs_snapshot *state)
{
    const bool has_heap = evacuate_ref(pool, &state->heap, 0, evacuate_heap);
    const bool has_index = evacuate_ref(pool, &state->index, 0, evacuate_index);
    const bool has_id_hash = evacuate_ref(pool, &state->id_hash, 0, evacuate_id_hash);
    return evacuate_tree(pool, &state->tables, evacuate_table) && has_index && has_id_hash && has_heap;
}
