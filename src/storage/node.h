/*
 * Node: a reference-counted vertex of the state tree. Ref: a field that holds one. Tree: a list of nodes, made of
 * 64-way pages of refs; a short list has one page of 4 or 16.
 *
 *     state -> tables (tree) -> table -> chunks (a tree for each column) -> array
 *
 * Nodes are shared by snapshots and worlds. Two rules make that safe:
 *   - a node may be changed only by a world that can reach it by a path of nodes with one reference each ("private");
 *   - a ref's epoch says who last verified that: no two worlds ever have the same epoch, and a world takes a new one
 *     when its state becomes shared. ref.epoch == gate.epoch means that the node is private, and stamped with the
 *     present tick.
 * The epoch, and the address of an array's bytes, are kept in the ref and not in the node: pages stay in the cache, so
 * reading or writing a value does not touch the header of the array.
 */
#ifndef PECS_STORAGE_NODE_H
#define PECS_STORAGE_NODE_H

#include "memory.h"

#include <stdatomic.h>

struct node;
struct gate;

struct node_class {
    void (*destroy)(struct pool *pool, struct node *node);
    struct node *(*copy)(struct pool *pool,
                         const struct node *node); /* shallow: children are shared; NULL: out of memory */
};

struct node {
    const struct node_class *class;
    _Atomic uint32_t reference_count;
    uint32_t source; /* of a node from node_allocate: where the pool took it from */
};

/* Initializes the node with one reference, which the caller holds. */
void node_init(struct node *node, const struct node_class *class);

/*
 * Allocates a node of a class that has `copy`, so that evacuation can move it. Only the node itself is initialized.
 * NULL: out of memory. Free it with the same size.
 */
void *node_allocate(struct pool *pool, size_t size_bytes, const struct node_class *class);
/* The same behind another node of a size, if there is room, or where others can follow (pool_array_allocate_behind). */
void *node_allocate_behind(struct pool *pool, size_t size_bytes, const struct node_class *class,
                           const struct node *before, size_t before_bytes);
void node_free(struct pool *pool, struct node *node, size_t size_bytes);

static inline struct node *node_retain(struct node *node)
{
    if (node)
        atomic_fetch_add_explicit(&node->reference_count, 1, memory_order_relaxed);
    return node;
}

void node_destroy(struct pool *pool, struct node *node);

/*
 * `node` may be NULL. This thread's reads happen before the last holder frees the node and before a later owner writes
 * to it.
 */
static inline void node_release(struct pool *pool, struct node *node)
{
    if (node && atomic_fetch_sub_explicit(&node->reference_count, 1, memory_order_acq_rel) == 1)
        node_destroy(pool, node);
}

static inline bool node_is_shared(const struct node *node)
{
    return atomic_load_explicit(&node->reference_count, memory_order_acquire) != 1;
}

struct ref {
    struct node *node; /* NULL: the epoch is a past one or 0 */
    uint8_t *data;     /* of an array */
    uint64_t epoch;
};

/* Makes the node in the ref private, copying it if others see it. The holder of the ref must be private. */
pecs_status node_own_slow(struct pool *pool, uint64_t epoch, struct ref *ref);

static inline pecs_status node_own(struct pool *pool, uint64_t epoch, struct ref *ref)
{
    return ref->epoch == epoch ? PECS_OK : node_own_slow(pool, epoch, ref);
}

enum {
    PAGE_BITS = 6,
    PAGE_FANOUT = 1 << PAGE_BITS,
};

struct page {
    struct node node;
    uint32_t ref_count; /* PAGE_FANOUT, or less in the only page of a short list */
    struct ref refs[];
};

/*
 * A list of nodes by number, with gaps. height 0: `root` holds number 0 itself; else a page whose refs are
 * trees of height - 1. A tree is part of a node and private with it.
 */
struct tree {
    struct ref root;
    uint32_t height;
    uint32_t only_count; /* of height 1: refs of its page */
};

/* The ref of `number`, which may hold NULL. NULL: its page does not exist. */
static inline const struct ref *tree_ref(const struct tree *tree, uint64_t number)
{
    uint32_t shift = tree->height * PAGE_BITS;
    if (number >> shift)
        return NULL;
    const struct ref *ref = &tree->root;
    if (!shift)
        return ref;
    if (shift == PAGE_BITS)
        return ref->node && number < tree->only_count ? &((const struct page *)ref->node)->refs[number] : NULL;
    if (shift == 2 * PAGE_BITS) { /* up to 4096 chunks, 16 million rows: most large worlds */
        if (!ref->node)
            return NULL;
        ref = &((const struct page *)ref->node)->refs[number >> PAGE_BITS & (PAGE_FANOUT - 1)];
        return ref->node ? &((const struct page *)ref->node)->refs[number & (PAGE_FANOUT - 1)] : NULL;
    }
    while (shift) {
        if (!ref->node)
            return NULL;
        shift -= PAGE_BITS;
        ref = &((const struct page *)ref->node)->refs[number >> shift & (PAGE_FANOUT - 1)];
    }
    return ref;
}

/* The node at `number`, or NULL. */
static inline struct node *tree_get(const struct tree *tree, uint64_t number)
{
    const struct ref *ref = tree_ref(tree, number);
    return ref ? ref->node : NULL;
}

/* Makes the path to `number` private and returns its ref, which may hold NULL or a shared node. */
pecs_status tree_own_ref(struct pool *pool, uint64_t epoch, struct tree *tree, uint64_t number, struct ref **ret_ref);

/*
 * Makes an empty tree a list of `count` places, at least one, that all hold this node, an array with its data. Full
 * pages are one and the same, so this takes about a page for each level. PECS_E_MEMORY: the tree is empty.
 */
pecs_status tree_fill(struct pool *pool, struct tree *tree, uint64_t count, struct node *node, uint8_t *data);

/* For the copy and destroy functions of the node that holds the tree. */
void tree_retain(struct tree *tree);
void tree_clear(struct pool *pool, struct tree *tree);

#endif
