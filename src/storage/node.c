/*
 * Nodes and pages. A count that reads 1 with acquire order proves that every other holder's last access happened
 * before: the path to the node is private, so nobody can take a new reference meanwhile.
 */
#include "node.h"

void node_init(struct node *node, const struct node_class *class, uint64_t epoch)
{
    node->class = class;
    node->epoch = epoch;
    atomic_init(&node->reference_count, 1);
}

void node_destroy(struct pool *pool, struct node *node)
{
    node->class->destroy(pool, node);
}

pecs_status node_own_slow(struct pool *pool, uint64_t epoch, struct node **slot)
{
    struct node *node = *slot;
    if (node_is_shared(node)) {
        struct node *copy = node->class->copy(pool, node);
        if (!copy)
            return PECS_E_MEMORY;
        *slot = copy;
        node_release(pool, node);
        node = copy;
    }
    node->epoch = epoch;
    return PECS_OK;
}

static void page_destroy(struct pool *pool, struct node *node)
{
    struct page *page = (struct page *)node;
    for (uint32_t i = 0; i < PAGE_FANOUT; i++)
        node_release(pool, page->children[i]);
    pool_release(pool, page, sizeof(*page));
}

static struct node *page_copy(struct pool *pool, const struct node *node);

static const struct node_class page_class = { page_destroy, page_copy };

static struct page *page_create(struct pool *pool, uint64_t epoch)
{
    struct page *page = pool_allocate_zeroed(pool, sizeof(*page));
    if (page)
        node_init(&page->node, &page_class, epoch);
    return page;
}

static struct node *page_copy(struct pool *pool, const struct node *node)
{
    struct page *copy = page_create(pool, 0);
    if (!copy)
        return NULL;
    for (uint32_t i = 0; i < PAGE_FANOUT; i++)
        copy->children[i] = node_retain(((const struct page *)node)->children[i]);
    return &copy->node;
}

/* Adds levels on top until `number` is within the tree. */
static pecs_status tree_grow(struct pool *pool, uint64_t epoch, struct tree *tree, uint64_t number)
{
    while (number >> tree->height * PAGE_BITS) {
        if (tree->root) {
            struct page *page = page_create(pool, epoch);
            if (!page)
                return PECS_E_MEMORY;
            page->children[0] = tree->root;
            tree->root = &page->node;
        }
        tree->height++;
    }
    return PECS_OK;
}

pecs_status tree_own_slot(struct pool *pool, uint64_t epoch, struct tree *tree, uint64_t number,
                          struct node ***ret_slot)
{
    pecs_status status = tree_grow(pool, epoch, tree, number);
    if (status)
        return status;
    struct node **slot = &tree->root;
    for (uint32_t shift = tree->height * PAGE_BITS; shift;) {
        if (!*slot) {
            struct page *page = page_create(pool, epoch);
            if (!page)
                return PECS_E_MEMORY;
            *slot = &page->node;
        } else if ((status = node_own(pool, epoch, slot))) {
            return status;
        }
        shift -= PAGE_BITS;
        slot = &((struct page *)*slot)->children[number >> shift & (PAGE_FANOUT - 1)];
    }
    *ret_slot = slot;
    return PECS_OK;
}

void tree_retain(struct tree *tree)
{
    node_retain(tree->root);
}

void tree_clear(struct pool *pool, struct tree *tree)
{
    node_release(pool, tree->root);
    *tree = (struct tree){ NULL, 0 };
}
