/*
 * Nodes and trees of pages: references, privacy by epoch, paths that are copied only where they are shared, and
 * failures that leave a tree as it was. The nodes here are leaves that count how many of them live.
 */
#include "counting_allocator.h"
#include "node.h"

#include <criterion/criterion.h>

struct leaf {
    struct node node;
    uint64_t number;
};

static int leaf_count;

static void leaf_destroy(struct pool *pool, struct node *node)
{
    leaf_count--;
    pool_release(pool, node, sizeof(struct leaf));
}

static struct node *leaf_copy(struct pool *pool, const struct node *node);
static const struct node_class leaf_class = { leaf_destroy, leaf_copy };

static struct node *leaf_create(struct pool *pool, uint64_t number)
{
    struct leaf *leaf = pool_allocate(pool, sizeof(*leaf));
    if (!leaf)
        return NULL;
    node_init(&leaf->node, &leaf_class);
    leaf->number = number;
    leaf_count++;
    return &leaf->node;
}

static struct node *leaf_copy(struct pool *pool, const struct node *node)
{
    return leaf_create(pool, ((const struct leaf *)node)->number);
}

static uint64_t number_of(const struct node *node)
{
    return ((const struct leaf *)node)->number;
}

static struct pool *pool;

static void set_up(void)
{
    pool = pool_create(&counting_hooks);
    cr_assert_not_null(pool);
}

static void strike(void)
{
    pool_destroy(pool);
    must(leaf_count == 0);
    assert_no_leak();
}

TestSuite(node, .init = set_up, .fini = strike);
TestSuite(tree, .init = set_up, .fini = strike);

/* Puts a leaf into the tree. */
static void put(uint64_t epoch, struct tree *tree, uint64_t number)
{
    struct ref *ref;
    cr_assert_eq(tree_own_ref(pool, epoch, tree, number, &ref), PECS_OK);
    if (ref->node)
        node_release(pool, ref->node);
    *ref = (struct ref){ leaf_create(pool, number), NULL, epoch };
}

Test(node, the_last_release_destroys)
{
    struct node *node = leaf_create(pool, 5);
    cr_assert_eq(node_retain(node), node);
    node_release(pool, node);
    cr_assert_eq(leaf_count, 1);
    node_release(pool, node);
    cr_assert_eq(leaf_count, 0);
}

Test(node, null_may_be_retained_and_released)
{
    cr_assert_null(node_retain(NULL));
    node_release(pool, NULL);
}

Test(node, one_reference_is_not_shared_and_two_are)
{
    struct node *node = leaf_create(pool, 5);
    cr_assert_not(node_is_shared(node));
    node_retain(node);
    cr_assert(node_is_shared(node));
    node_release(pool, node);
    cr_assert_not(node_is_shared(node));
    node_release(pool, node);
}

Test(node, a_private_node_is_owned_in_place)
{
    struct ref ref = { leaf_create(pool, 5), NULL, 1 };
    struct node *const node = ref.node;
    cr_assert_eq(node_own(pool, 2, &ref), PECS_OK);
    cr_assert_eq(ref.node, node);
    cr_assert_eq(ref.epoch, 2);
    node_release(pool, ref.node);
}

Test(node, a_shared_node_is_copied_when_owned)
{
    struct node *const node = leaf_create(pool, 5);
    struct ref ref = { node_retain(node), NULL, 1 };
    cr_assert_eq(node_own(pool, 2, &ref), PECS_OK);
    cr_assert_neq(ref.node, node);
    cr_assert_eq(number_of(ref.node), 5);
    cr_assert_eq(ref.epoch, 2);
    cr_assert_not(node_is_shared(node));
    cr_assert_not(node_is_shared(ref.node));
    node_release(pool, ref.node);
    node_release(pool, node);
}

/* The epoch says that somebody has made sure already: that a reader holds one more reference changes nothing. */
Test(node, a_node_of_this_epoch_is_not_looked_at)
{
    struct node *const node = leaf_create(pool, 5);
    struct ref ref = { node_retain(node), NULL, 2 };
    cr_assert_eq(node_own(pool, 2, &ref), PECS_OK);
    cr_assert_eq(ref.node, node);
    node_release(pool, node);
    node_release(pool, node);
}

Test(node, a_copy_that_fails_leaves_the_ref)
{
    struct node *const node = leaf_create(pool, 5);
    struct ref ref = { node_retain(node), NULL, 1 };
    counting.fail_at = counting.call_count + 1;
    cr_assert_eq(node_own(pool, 2, &ref), PECS_E_MEMORY);
    cr_assert_eq(ref.node, node);
    cr_assert_eq(ref.epoch, 1);
    node_release(pool, node);
    node_release(pool, node);
}

static const uint64_t numbers[] = {
    0, 1, 3, 4, 16, 63, 64, 65, 4095, 4096, 262143, 262144, UINT64_C(1) << 30, (UINT64_C(1) << 44) + 5,
};
enum { NUMBER_COUNT = sizeof(numbers) / sizeof(numbers[0]) };

Test(tree, an_empty_tree_has_nothing_anywhere)
{
    const struct tree tree = { { NULL, NULL, 0 }, 0, 0 };
    for (size_t i = 0; i < NUMBER_COUNT; i++)
        cr_assert_null(tree_get(&tree, numbers[i]));
    cr_assert_not_null(tree_ref(&tree, 0));
    cr_assert_null(tree_ref(&tree, 1));
}

Test(tree, number_0_is_in_the_root_without_a_page)
{
    struct tree tree = { { NULL, NULL, 0 }, 0, 0 };
    const uint64_t calls = counting.call_count;
    put(1, &tree, 0);
    cr_assert_eq(counting.call_count - calls, 1, "the leaf alone");
    cr_assert_eq(tree.height, 0);
    cr_assert_eq(tree.root.node, tree_get(&tree, 0));
    tree_clear(pool, &tree);
}

Test(tree, height_follows_the_highest_number)
{
    static const struct {
        uint64_t number;
        uint32_t height;
    } steps[] = { { 0, 0 },    { 1, 1 },      { 63, 1 },     { 64, 2 },    { 4095, 2 },
                  { 4096, 3 }, { 262143, 3 }, { 262144, 4 }, { 100000, 4 } };
    struct tree tree = { { NULL, NULL, 0 }, 0, 0 };
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        put(1, &tree, steps[i].number);
        cr_assert_eq(tree.height, steps[i].height, "number %llu", (unsigned long long)steps[i].number);
    }
    tree_clear(pool, &tree);
}

Test(tree, what_was_put_is_found_in_every_order)
{
    for (size_t first = 0; first < NUMBER_COUNT; first++) {
        struct tree tree = { { NULL, NULL, 0 }, 0, 0 };
        for (size_t i = 0; i < NUMBER_COUNT; i++)
            put(1, &tree, numbers[(first + i * 3) % NUMBER_COUNT]);
        for (size_t i = 0; i < NUMBER_COUNT; i++) {
            cr_assert_not_null(tree_get(&tree, numbers[i]), "%llu", (unsigned long long)numbers[i]);
            cr_assert_eq(number_of(tree_get(&tree, numbers[i])), numbers[i]);
        }
        cr_assert_eq(leaf_count, NUMBER_COUNT);
        cr_assert_null(tree_get(&tree, 2));
        cr_assert_null(tree_get(&tree, 100));
        cr_assert_null(tree_get(&tree, UINT64_C(1) << 40));
        tree_clear(pool, &tree);
        cr_assert_eq(leaf_count, 0);
        cr_assert_eq(tree.height, 0);
    }
}

/* The page of a short list is small; a longer one moves what it had, and who shares the small page keeps it. */
Test(tree, a_list_that_grows)
{
    struct tree first = { { NULL, NULL, 0 }, 0, 0 };
    const uint64_t live = counting.live_bytes;
    put(1, &first, 0);
    put(1, &first, 1);
    cr_assert_lt(counting.live_bytes - live, 400);
    cr_assert_null(tree_ref(&first, 4));
    struct tree second = first;
    tree_retain(&second);
    static const uint64_t grown[] = { 4, 16, 64 };
    for (uint64_t i = 0; i < 3; i++) {
        put(2 + i, &second, grown[i]);
        for (uint64_t number = 0; number < 2; number++) {
            cr_assert_eq(number_of(tree_get(&first, number)), number);
            cr_assert_eq(tree_get(&second, number), tree_get(&first, number));
        }
        cr_assert_null(tree_ref(&first, grown[i]));
        cr_assert_eq(number_of(tree_get(&second, grown[i])), grown[i]);
    }
    tree_clear(pool, &first);
    tree_clear(pool, &second);
    cr_assert_eq(leaf_count, 0);
}

Test(tree, a_number_beyond_the_height_has_no_slot)
{
    struct tree tree = { { NULL, NULL, 0 }, 0, 0 };
    put(1, &tree, 63);
    cr_assert_null(tree_ref(&tree, 64));
    cr_assert_null(tree_ref(&tree, UINT64_MAX));
    cr_assert_not_null(tree_ref(&tree, 62));
    cr_assert_null(tree_get(&tree, 62));
    tree_clear(pool, &tree);
}

/* Two holders of one tree; the second edits number 70 of a tree of height 3: three pages are copied, no leaf. */
Test(tree, only_the_path_is_copied)
{
    struct tree first = { { NULL, NULL, 0 }, 0, 0 };
    const uint64_t in_tree[] = { 0, 5, 64, 70, 71, 4095, 4096, 5000 };
    for (size_t i = 0; i < 8; i++)
        put(1, &first, in_tree[i]);
    struct tree second = first;
    tree_retain(&second);
    struct ref *ref;
    uint64_t calls = counting.call_count;
    cr_assert_eq(tree_own_ref(pool, 2, &second, 70, &ref), PECS_OK);
    cr_assert_eq(counting.call_count - calls, 3);
    cr_assert_eq(ref->node, tree_get(&first, 70), "the leaf itself is still shared");
    cr_assert(node_is_shared(ref->node));
    calls = counting.call_count;
    cr_assert_eq(tree_own_ref(pool, 2, &second, 71, &ref), PECS_OK);
    cr_assert_eq(counting.call_count, calls, "the path is private already");
    for (size_t i = 0; i < 8; i++)
        cr_assert_eq(tree_get(&first, in_tree[i]), tree_get(&second, in_tree[i]));
    put(2, &second, 70);
    cr_assert_neq(tree_get(&first, 70), tree_get(&second, 70));
    cr_assert_eq(leaf_count, 9);
    tree_clear(pool, &first);
    cr_assert_eq(leaf_count, 8, "the second tree keeps its own");
    tree_clear(pool, &second);
}

/* A page's refs keep the epochs of the past, so the leaf is still found to be shared, in every later epoch. */
Test(tree, leaves_of_a_copied_page_are_not_taken_for_private)
{
    struct tree first = { { NULL, NULL, 0 }, 0, 0 };
    put(1, &first, 3);
    put(1, &first, 4);
    struct tree second = first;
    tree_retain(&second);
    struct ref *ref;
    cr_assert_eq(tree_own_ref(pool, 2, &second, 3, &ref), PECS_OK);
    cr_assert_neq(ref->epoch, 2);
    cr_assert_eq(node_own(pool, 2, ref), PECS_OK);
    cr_assert_neq(ref->node, tree_get(&first, 3));
    cr_assert_eq(tree_own_ref(pool, 2, &second, 4, &ref), PECS_OK);
    cr_assert_neq(ref->epoch, 2);
    tree_clear(pool, &first);
    tree_clear(pool, &second);
}

/* Growing puts the shared root below a new page, if it is a full one: it stays shared until it is owned itself. */
Test(tree, growing_over_a_shared_root_copies_nothing)
{
    struct tree first = { { NULL, NULL, 0 }, 0, 0 };
    put(1, &first, 0);
    put(1, &first, 1);
    put(1, &first, 20);
    struct tree second = first;
    tree_retain(&second);
    put(2, &second, 64);
    cr_assert_eq(first.height, 1);
    cr_assert_eq(second.height, 2);
    cr_assert_eq(((struct page *)second.root.node)->refs[0].node, first.root.node);
    put(2, &second, 1);
    cr_assert_neq(((struct page *)second.root.node)->refs[0].node, first.root.node);
    cr_assert_eq(tree_get(&first, 0), tree_get(&second, 0));
    cr_assert_neq(tree_get(&first, 1), tree_get(&second, 1));
    cr_assert_null(tree_get(&first, 64));
    tree_clear(pool, &first);
    tree_clear(pool, &second);
}

/* Path of a new number in a shared tree: two new levels, copies and new pages; each allocation fails once. */
Test(tree, failures_leave_what_was_in_the_tree)
{
    uint64_t nth = 1;
    pecs_status status;
    do {
        struct tree first = { { NULL, NULL, 0 }, 0, 0 };
        put(1, &first, 0);
        put(1, &first, 100);
        struct tree second = first;
        tree_retain(&second);
        counting.fail_at = counting.call_count + nth;
        struct ref *ref = NULL;
        status = tree_own_ref(pool, 2, &second, 20000, &ref);
        counting.fail_at = 0;
        if (status) {
            cr_assert_eq(status, PECS_E_MEMORY);
            cr_assert_null(ref);
        }
        struct tree *const trees[] = { &first, &second };
        for (size_t i = 0; i < 2; i++) {
            cr_assert_eq(number_of(tree_get(trees[i], 0)), 0);
            cr_assert_eq(number_of(tree_get(trees[i], 100)), 100);
            cr_assert_null(tree_get(trees[i], 20000));
        }
        put(2, &second, 20000);
        cr_assert_eq(number_of(tree_get(&second, 20000)), 20000);
        tree_clear(pool, &first);
        tree_clear(pool, &second);
        cr_assert_eq(leaf_count, 0);
        nth++;
    } while (status);
    cr_assert_eq(nth, 5, "a page on top and two below it, then success");
}
