/*
 * Nodes and pages. A count that reads 1 with acquire order proves that every other holder's last access happened
 * before: since the path to the node is private, no thread can take a new reference meanwhile.
 */
#include "node.h"

#include <assert.h>
#include <string.h>

void node_init(struct node *node, const struct node_class *class)
{
    node->class = class;
    atomic_init(&node->reference_count, 1);
    node->source = 0;
}

/* Of memory that may be NULL. */
static void *node_place(struct node *node, const struct node_class *class, uint32_t source)
{
    if (!node)
        return NULL;
    node_init(node, class);
    node->source = source;
    return node;
}

void *node_allocate(struct pool *pool, size_t size_bytes, const struct node_class *class)
{
    uint32_t source;
    struct node *node = pool_array_allocate(pool, size_bytes, &source);
    return node_place(node, class, source);
}

void *node_allocate_behind(struct pool *pool, size_t size_bytes, const struct node_class *class,
                           const struct node *before, size_t before_bytes)
{
    uint32_t source;
    const struct pool_array place = { before, before_bytes, before ? before->source : 0 };
    struct node *node = pool_array_allocate_behind(pool, size_bytes, &place, &source);
    return node_place(node, class, source);
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

static size_t page_bytes(uint32_t ref_count)
{
    return sizeof(struct page) + ref_count * sizeof(struct ref);
}

static void page_destroy(struct pool *pool, struct node *node)
{
    struct page *page = (struct page *)node;
    for (uint32_t i = 0; i < page->ref_count; i++)
        node_release(pool, page->refs[i].node);
    node_free(pool, &page->node, page_bytes(page->ref_count));
}

static struct node *page_copy(struct pool *pool, const struct node *node);

static const struct node_class page_class = { page_destroy, page_copy };

static struct page *page_create(struct pool *pool, uint32_t ref_count)
{
    struct page *page = node_allocate(pool, page_bytes(ref_count), &page_class);
    if (!page)
        return NULL;
    page->ref_count = ref_count;
    memset(page->refs, 0, ref_count * sizeof(*page->refs));
    return page;
}

/*
 * The refs keep their epochs, which are all past ones: a page is copied only in an epoch that its refs have not seen.
 */
static struct node *page_copy(struct pool *pool, const struct node *node)
{
    const struct page *page = (const struct page *)node;
    struct page *copy = node_allocate(pool, page_bytes(page->ref_count), &page_class);
    if (!copy)
        return NULL;
    copy->ref_count = page->ref_count;
    memcpy(copy->refs, page->refs, page->ref_count * sizeof(*page->refs));
    for (uint32_t i = 0; i < copy->ref_count; i++)
        node_retain(copy->refs[i].node);
    return &copy->node;
}

/* The refs to allocate for the only page of a list that contains this number. */
static uint32_t tree_only_count(uint64_t number)
{
    return number < 4 ? 4 : number < 16 ? 16 : PAGE_FANOUT;
}

/* Moves the page of a tree of height 1 into a larger one. Pointers to its refs become invalid. */
static pecs_status tree_widen(struct pool *pool, uint64_t epoch, struct tree *tree, uint32_t ref_count)
{
    if (tree->only_count >= ref_count)
        return PECS_OK;
    if (tree->root.node) {
        const pecs_status status = node_own(pool, epoch, &tree->root);
        struct page *page = status ? NULL : page_create(pool, ref_count);
        if (!page)
            return PECS_E_MEMORY;
        struct page *old = (struct page *)tree->root.node;
        memcpy(page->refs, old->refs, old->ref_count * sizeof(*old->refs));
        node_free(pool, &old->node, page_bytes(old->ref_count));
        tree->root.node = &page->node;
    }
    tree->only_count = ref_count;
    return PECS_OK;
}

/* Adds levels on top until `number` is within the tree. Pages below others have PAGE_FANOUT refs. */
static pecs_status tree_grow(struct pool *pool, uint64_t epoch, struct tree *tree, uint64_t number)
{
    while (number >> tree->height * PAGE_BITS) {
        if (tree->height == 1 && tree_widen(pool, epoch, tree, PAGE_FANOUT))
            return PECS_E_MEMORY;
        const uint32_t ref_count = tree->height ? PAGE_FANOUT : tree_only_count(number);
        if (tree->root.node) {
            struct page *page = page_create(pool, ref_count);
            if (!page)
                return PECS_E_MEMORY;
            page->refs[0] = tree->root;
            tree->root = (struct ref){ &page->node, NULL, epoch };
        }
        tree->only_count = ref_count;
        tree->height++;
    }
    return tree->height == 1 ? tree_widen(pool, epoch, tree, tree_only_count(number)) : PECS_OK;
}

pecs_status tree_own_ref(struct pool *pool, uint64_t epoch, struct tree *tree, uint64_t number, struct ref **ret_ref)
{
    pecs_status status = tree_grow(pool, epoch, tree, number);
    if (status)
        return status;
    struct ref *ref = &tree->root;
    for (uint32_t shift = tree->height * PAGE_BITS; shift;) {
        if (!ref->node) {
            struct page *page = page_create(pool, tree->height == 1 ? tree->only_count : PAGE_FANOUT);
            if (!page)
                return PECS_E_MEMORY;
            *ref = (struct ref){ &page->node, NULL, epoch };
        } else if ((status = node_own(pool, epoch, ref))) {
            return status;
        }
        shift -= PAGE_BITS;
        ref = &((struct page *)ref->node)->refs[number >> shift & (PAGE_FANOUT - 1)];
    }
    *ret_ref = ref;
    return PECS_OK;
}

/* A page of a tree of this height whose first `count` places hold the node. NULL: out of memory. */
static struct page *tree_create_filled(struct pool *pool, uint32_t height, uint64_t count, uint32_t ref_count,
                                       struct node *node, uint8_t *data)
{
    const uint32_t shift = (height - 1) * PAGE_BITS;
    const uint64_t full = count >> shift, rest = count - (full << shift);
    struct page *page = page_create(pool, ref_count), *below = NULL, *last = NULL;
    if (page && height > 1 && full)
        below = tree_create_filled(pool, height - 1, (uint64_t)1 << shift, PAGE_FANOUT, node, data);
    if (page && rest)
        last = tree_create_filled(pool, height - 1, rest, PAGE_FANOUT, node, data);
    if (page && ((height > 1 && full && !below) || (rest && !last))) {
        node_release(pool, &page->node);
        page = NULL;
    }
    for (uint64_t i = 0; page && i < full; i++)
        page->refs[i] =
            below ? (struct ref){ node_retain(&below->node), NULL, 0 } : (struct ref){ node_retain(node), data, 0 };
    if (page && last)
        page->refs[full] = (struct ref){ node_retain(&last->node), NULL, 0 };
    if (below)
        node_release(pool, &below->node);
    if (last)
        node_release(pool, &last->node);
    return page;
}

pecs_status tree_fill(struct pool *pool, struct tree *tree, uint64_t count, struct node *node, uint8_t *data)
{
    assert(!tree->root.node && count);
    uint32_t height = 0;
    while ((count - 1) >> height * PAGE_BITS)
        height++;
    if (!height) {
        *tree = (struct tree){ { node_retain(node), data, 0 }, 0, 0 };
        return PECS_OK;
    }
    const uint32_t only_count = height == 1 ? tree_only_count(count - 1) : PAGE_FANOUT;
    struct page *page = tree_create_filled(pool, height, count, only_count, node, data);
    if (!page)
        return PECS_E_MEMORY;
    *tree = (struct tree){ { &page->node, NULL, 0 }, height, only_count };
    return PECS_OK;
}

void tree_retain(struct tree *tree)
{
    node_retain(tree->root.node);
}

void tree_clear(struct pool *pool, struct tree *tree)
{
    node_release(pool, tree->root.node);
    *tree = (struct tree){ { NULL, NULL, 0 }, 0, 0 };
}
