/*
 * Nodes and pages. A count that reads 1 with acquire order proves that every other holder's last access happened
 * before: the path to the node is private, so nobody can take a new reference meanwhile.
 */
#include "node.h"

#include <string.h>

void node_init(struct node *node, const struct node_class *class)
{
    node->class = class;
    atomic_init(&node->reference_count, 1);
    node->source = 0;
}

void *node_allocate(struct pool *pool, size_t size_bytes, const struct node_class *class)
{
    uint32_t source;
    struct node *node = pool_array_allocate(pool, size_bytes, &source);
    if (!node)
        return NULL;
    node_init(node, class);
    node->source = source;
    return node;
}

void node_free(struct pool *pool, struct node *node, size_t size_bytes)
{
    pool_array_release(pool, node, size_bytes, node->source);
}

void node_destroy(struct pool *pool, struct node *node)
{
    node->class->destroy(pool, node);
}

pecs_status node_own_slow(struct pool *pool, uint64_t epoch, struct ref *ref)
{
    if (node_is_shared(ref->node)) {
        struct node *copy = ref->node->class->copy(pool, ref->node);
        if (!copy)
            return PECS_E_MEMORY;
        node_release(pool, ref->node);
        ref->node = copy;
    }
    ref->epoch = epoch;
    return PECS_OK;
}

static void page_destroy(struct pool *pool, struct node *node)
{
    struct page *page = (struct page *)node;
    for (uint32_t i = 0; i < PAGE_FANOUT; i++)
        node_release(pool, page->refs[i].node);
    node_free(pool, &page->node, sizeof(*page));
}

static struct node *page_copy(struct pool *pool, const struct node *node);

static const struct node_class page_class = { page_destroy, page_copy };

static struct node *page_create(struct pool *pool)
{
    struct page *page = node_allocate(pool, sizeof(*page), &page_class);
    if (!page)
        return NULL;
    memset(page->refs, 0, sizeof(page->refs));
    return &page->node;
}

/* The refs keep their epochs, which are all of the past: a page is copied only in an epoch that it has not seen. */
static struct node *page_copy(struct pool *pool, const struct node *node)
{
    struct page *copy = node_allocate(pool, sizeof(*copy), &page_class);
    if (!copy)
        return NULL;
    memcpy(copy->refs, ((const struct page *)node)->refs, sizeof(copy->refs));
    for (uint32_t i = 0; i < PAGE_FANOUT; i++)
        node_retain(copy->refs[i].node);
    return &copy->node;
}

/* Adds levels on top until `number` is within the tree. */
static pecs_status tree_grow(struct pool *pool, uint64_t epoch, struct tree *tree, uint64_t number)
{
    while (number >> tree->height * PAGE_BITS) {
        if (tree->root.node) {
            struct node *page = page_create(pool);
            if (!page)
                return PECS_E_MEMORY;
            ((struct page *)page)->refs[0] = tree->root;
            tree->root = (struct ref){ page, NULL, epoch };
        }
        tree->height++;
    }
    return PECS_OK;
}

pecs_status tree_own_ref(struct pool *pool, uint64_t epoch, struct tree *tree, uint64_t number, struct ref **ret_ref)
{
    pecs_status status = tree_grow(pool, epoch, tree, number);
    if (status)
        return status;
    struct ref *ref = &tree->root;
    for (uint32_t shift = tree->height * PAGE_BITS; shift;) {
        if (!ref->node) {
            struct node *page = page_create(pool);
            if (!page)
                return PECS_E_MEMORY;
            *ref = (struct ref){ page, NULL, epoch };
        } else if ((status = node_own(pool, epoch, ref))) {
            return status;
        }
        shift -= PAGE_BITS;
        ref = &((struct page *)ref->node)->refs[number >> shift & (PAGE_FANOUT - 1)];
    }
    *ret_ref = ref;
    return PECS_OK;
}

void tree_retain(struct tree *tree)
{
    node_retain(tree->root.node);
}

void tree_clear(struct pool *pool, struct tree *tree)
{
    node_release(pool, tree->root.node);
    *tree = (struct tree){ 0 };
}
