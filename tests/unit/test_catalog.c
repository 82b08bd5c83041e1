/*
 * The catalog: tables found by their sets, the lists of each component, and following a state to another of the same
 * or of another descent. The states are those of worlds.
 */
#include "world_fixture.h"

static pecs_registry *registry;
static struct pool *pool;
static struct catalog catalog;

static void set_up(void)
{
    registry = counting_registry();
    pool = registry->pool;
    cr_assert_eq(catalog_init(&catalog, registry, NULL), PECS_OK);
}

static void strike(void)
{
    catalog_deinit(&catalog, pool);
    pecs_registry_release(registry);
    assert_no_leak();
}

TestSuite(catalog, .init = set_up, .fini = strike);

static struct archetype *archetypes[64];
static uint32_t archetype_count;

static uint32_t components_of(uint32_t bits, pecs_component *ret_components)
{
    uint32_t count = 0;
    for (pecs_component i = 0; i < FIXTURE_TYPE_COUNT; i++)
        if (bits >> i & 1)
            ret_components[count++] = i;
    return count;
}

/* Adds the table whose set the bits name; bit 5 makes it the singletons'. */
static void add(uint32_t bits)
{
    pecs_component set[FIXTURE_TYPE_COUNT];
    struct archetype *archetype = archetype_create(registry, NULL, set, components_of(bits, set), bits >> 5);
    cr_assert_not_null(archetype);
    cr_assert_eq(catalog_add(&catalog, pool, archetype), PECS_OK);
    archetypes[archetype_count++] = archetype;
}

static uint32_t find(uint32_t bits)
{
    pecs_component set[FIXTURE_TYPE_COUNT];
    const uint32_t count = components_of(bits, set);
    return catalog_find(&catalog, set, count, bits >> 5, archetype_set_hash(pool_secret(pool), set, count, bits >> 5));
}

static void drop(void)
{
    catalog_drop(&catalog);
    node_release(pool, &archetypes[--archetype_count]->node);
}

Test(catalog, an_empty_catalog_finds_nothing)
{
    for (uint32_t bits = 0; bits < 64; bits++)
        cr_assert_eq(find(bits), NO_TABLE);
}

/* All 64 sets, the singletons' among them: each is found at its place, through every growth of the buckets. */
Test(catalog, every_set_is_found_and_no_other)
{
    for (uint32_t bits = 0; bits < 64; bits++) {
        cr_assert_eq(find(bits), NO_TABLE);
        add(bits);
        for (uint32_t other = 0; other < 64; other++)
            if (find(other) != (other <= bits ? other : NO_TABLE))
                cr_assert_fail("set %u of %u", other, bits);
    }
    cr_assert_geq(catalog.bucket_count, 64);
    while (archetype_count) {
        drop();
        cr_assert_eq(find(archetype_count), NO_TABLE);
        if (archetype_count)
            cr_assert_eq(find(archetype_count - 1), archetype_count - 1);
    }
}

Test(catalog, postings_list_the_tables_of_a_component)
{
    const uint32_t sets[] = { 1 << POSITION, 1 << POSITION | 1 << HEALTH, 0, 1 << HEALTH, 1 << POSITION | 1 << LINK };
    for (size_t i = 0; i < 5; i++)
        add(sets[i]);
    const struct posting_list *positions = &catalog.postings[POSITION], *healths = &catalog.postings[HEALTH];
    cr_assert_eq(positions->count, 3);
    cr_assert_eq(posting_tables(positions)[0], 0);
    cr_assert_eq(posting_tables(positions)[1], 1);
    cr_assert_eq(posting_tables(positions)[2], 4);
    cr_assert_eq(healths->count, 2);
    cr_assert_eq(posting_tables(healths)[0], 1);
    cr_assert_eq(posting_tables(healths)[1], 3);
    cr_assert_eq(catalog.postings[TEAM].count, 0);
    drop();
    cr_assert_eq(positions->count, 2);
    cr_assert_eq(catalog.postings[LINK].count, 0);
    while (archetype_count)
        drop();
    cr_assert_eq(positions->count, 0);
    cr_assert_eq(healths->count, 0);
}

/* Two sets of one hash bucket, dropped and added again in turn. */
Test(catalog, a_dropped_table_can_be_added_anew)
{
    for (uint32_t bits = 0; bits < 20; bits++)
        add(bits);
    for (int i = 0; i < 5; i++)
        drop();
    cr_assert_eq(find(15), NO_TABLE);
    add(40);
    add(15);
    cr_assert_eq(find(40), 15);
    cr_assert_eq(find(15), 16);
    cr_assert_eq(find(14), 14);
    while (archetype_count)
        drop();
}

Test(catalog, a_failing_add_changes_nothing)
{
    for (uint32_t bits = 0; bits < 16; bits++)
        add(bits); /* the next one needs larger lists and more buckets */
    pecs_component set[FIXTURE_TYPE_COUNT];
    struct archetype *archetype = archetype_create(registry, NULL, set, components_of(31, set), false);
    pecs_status status;
    uint64_t nth = 0; /* lists that have grown stay so: each try gets further */
    do {
        counting.fail_at = counting.call_count + ++nth;
        status = catalog_add(&catalog, pool, archetype);
        counting.fail_at = 0;
        if (!status)
            break;
        cr_assert_eq(status, PECS_E_MEMORY);
        cr_assert_eq(catalog.table_count, 16);
        cr_assert_eq(catalog.postings[POSITION].count, 8);
        cr_assert_eq(find(31), NO_TABLE);
        for (uint32_t bits = 0; bits < 16; bits++)
            cr_assert_eq(find(bits), bits);
    } while (status);
    cr_assert_geq(nth, 3);
    cr_assert_eq(find(31), 16);
    archetypes[archetype_count++] = archetype;
    while (archetype_count)
        drop();
}

Test(catalog, a_failing_init_leaves_nothing)
{
    for (uint64_t nth = 1; nth <= 2; nth++) {
        struct catalog failing;
        counting.fail_at = counting.call_count + nth;
        cr_assert_eq(catalog_init(&failing, registry, NULL), PECS_E_MEMORY);
        counting.fail_at = 0;
        catalog_deinit(&failing, pool);
    }
}

/* Spawns an entity with the set's components, all zero, so that its table is there. */
static void spawn_set(pecs_world *world, uint32_t bits)
{
    pecs_component set[FIXTURE_TYPE_COUNT];
    pecs_value values[FIXTURE_TYPE_COUNT];
    const uint32_t count = components_of(bits, set);
    for (uint32_t i = 0; i < count; i++)
        values[i] = (pecs_value){ set[i], fixture_types[set[i]]->size, NULL };
    cr_assert_eq(pecs_world_spawn(world, values, count, 1, NULL), PECS_OK);
}

Test(catalog, follows_states_forwards_and_backwards)
{
    pecs_world *world = make_world(registry, NULL);
    pecs_snapshot *states[32];
    for (uint32_t i = 0; i < 32; i++) {
        states[i] = take(world);
        spawn_set(world, i);
    }
    for (uint32_t round = 0; round < 100; round++) {
        const uint32_t i = round * 13 % 32;
        cr_assert_eq(catalog_follow(&catalog, pool, states[i]), PECS_OK);
        cr_assert_eq(catalog.table_count, i);
        check_catalog(&catalog, states[i]);
    }
    for (uint32_t i = 0; i < 32; i++)
        pecs_snapshot_release(states[i]);
    pecs_world_destroy(world);
}

/* Two branches have four tables in common, and then the same sets in another order. */
Test(catalog, follows_from_one_branch_to_another)
{
    pecs_world *world = make_world(registry, NULL);
    for (uint32_t bits = 0; bits < 4; bits++)
        spawn_set(world, bits);
    pecs_snapshot *base = take(world);
    pecs_world *fork = make_world(registry, base);
    for (uint32_t bits = 4; bits < 32; bits++) {
        spawn_set(world, bits);
        spawn_set(fork, 35 - bits);
    }
    pecs_snapshot *first = take(world), *second = take(fork);
    for (int i = 0; i < 3; i++) {
        cr_assert_eq(catalog_follow(&catalog, pool, first), PECS_OK);
        check_catalog(&catalog, first);
        cr_assert_eq(find(4), 4);
        cr_assert_eq(catalog_follow(&catalog, pool, second), PECS_OK);
        check_catalog(&catalog, second);
        cr_assert_eq(find(4), 31);
        cr_assert_eq(find(3), 3);
    }
    pecs_snapshot_release(base);
    pecs_snapshot_release(first);
    pecs_snapshot_release(second);
    pecs_world_destroy(world);
    pecs_world_destroy(fork);
}

/* When following fails, the way back needs no memory. */
Test(catalog, the_way_back_cannot_fail)
{
    pecs_world *world = make_world(registry, NULL), *other = make_world(registry, NULL);
    for (uint32_t bits = 0; bits < 8; bits++)
        spawn_set(world, bits);
    for (uint32_t bits = 31; bits > 0; bits--)
        spawn_set(other, bits);
    pecs_snapshot *from = take(world), *to = take(other);
    cr_assert_eq(catalog_follow(&catalog, pool, from), PECS_OK);
    uint64_t failure_count = 0;
    counting.fail_after = true;
    for (;; failure_count++) {
        counting.fail_at = counting.call_count + 1 + failure_count % 2;
        const pecs_status status = catalog_follow(&catalog, pool, to);
        if (!status)
            break;
        cr_assert_eq(status, PECS_E_MEMORY);
        cr_assert_eq(catalog_follow(&catalog, pool, from), PECS_OK);
        check_catalog(&catalog, from);
    }
    counting.fail_at = 0;
    counting.fail_after = false;
    cr_assert_geq(failure_count, 3);
    check_catalog(&catalog, to);
    pecs_snapshot_release(from);
    pecs_snapshot_release(to);
    pecs_world_destroy(world);
    pecs_world_destroy(other);
}
