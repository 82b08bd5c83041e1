/*
 * The order in which queries give entities: a part of the state, which files, snapshots, restores and forks keep, and
 * which the same edits change in the same way. Expected orders are written out, or are those of a list that follows
 * the rules of query.h.
 */
#include "file_fixture.h"

enum { MOST = 34000, QUERY_COUNT = 5 };

static pecs_registry *registry;
static pecs_world *world;

static void set_up(void)
{
    enter_folder();
    registry = counting_registry();
    world = make_world(registry, NULL);
}

static void strike(void)
{
    check_world(world);
    pecs_world_destroy(world);
    pecs_registry_release(registry);
    assert_no_leak();
    leave_folder();
}

TestSuite(order, .init = set_up, .fini = strike);

struct order {
    size_t count;
    pecs_entity entities[MOST];
};

static void order_of(pecs_iter iter, struct order *order)
{
    order->count = 0;
    while (pecs_iter_next(&iter)) {
        must(order->count + iter.row_count <= MOST);
        memcpy(order->entities + order->count, iter.entities, iter.row_count * sizeof(pecs_entity));
        order->count += iter.row_count;
    }
    must(pecs_iter_end(&iter) == PECS_OK);
}

/* By queries with no candidates, many and few; `numbers` are the components in the view's registry. */
static pecs_query *nth_query(pecs_registry *of, const pecs_component *numbers, int nth)
{
    const pecs_component a = numbers[POSITION], b = numbers[HEALTH], c = numbers[TEAM];
    const pecs_term terms[QUERY_COUNT][2] = {
        { { a, PECS_READ }, { b, PECS_READ } },          { { b, PECS_READ }, { a, PECS_WITHOUT } },
        { { c, PECS_WITH }, { a, PECS_OPTIONAL_READ } }, { { a, PECS_OPTIONAL_READ }, { b, PECS_OPTIONAL_READ } },
        { { a, PECS_WRITE }, { c, PECS_WITHOUT } },
    };
    return make_query(of, terms[nth], 2);
}

static const pecs_component own_numbers[] = { POSITION, HEALTH, TEAM };

static void assert_order_kept(const struct order *expected, pecs_registry *of, const pecs_component *numbers,
                              pecs_view view, const char *what)
{
    static struct order found;
    for (int i = 0; i < QUERY_COUNT; i++) {
        pecs_query *query = nth_query(of, numbers, i);
        order_of(pecs_query_iter(query, view, NULL), &found);
        cr_assert_eq(found.count, expected[i].count, "%s, query %d", what, i);
        cr_assert_arr_eq(found.entities, expected[i].entities, found.count * sizeof(pecs_entity), "%s, query %d", what,
                         i);
        pecs_query_destroy(query);
    }
}

static void assert_kept(const struct order *expected, pecs_view view, const char *what)
{
    assert_order_kept(expected, registry, own_numbers, view, what);
}

static void note_orders(struct order *orders, pecs_view view)
{
    for (int i = 0; i < QUERY_COUNT; i++) {
        pecs_query *query = nth_query(registry, own_numbers, i);
        order_of(pecs_query_iter(query, view, NULL), &orders[i]);
        pecs_query_destroy(query);
    }
}

static uint64_t next_random(uint64_t *state)
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return *state >> 33;
}

/* Spawns, despawns, moves between tables and edits of values: the same for the same seed and state. */
static void edit_much(pecs_world *to, uint64_t seed, int count)
{
    const pecs_view view = pecs_world_view(to);
    static pecs_entity some[3000];
    for (int i = 0; i < count; i++) {
        const pecs_component component = (pecs_component)(next_random(&seed) % 4);
        const pecs_value values[] = { { component, fixture_types[component]->size, NULL },
                                      { LINK, sizeof(Link), NULL } };
        const size_t rows = next_random(&seed) % 4 ? 1 + next_random(&seed) % 3 : 1 + next_random(&seed) % 3000;
        const uint64_t slots = summary_of(view).slot_count;
        pecs_entity entity = { (uint32_t)(next_random(&seed) % (slots + 1)), 1 };
        while (entity.generation < 20 && !pecs_view_alive(view, entity))
            entity.generation++;
        const bool is_alive = pecs_view_alive(view, entity);
        const uint64_t choice = next_random(&seed) % 5;
        if (choice == 0 && slots < 30000)
            must(pecs_world_spawn(to, values, 1 + next_random(&seed) % 2, rows, some) == PECS_OK);
        else if (choice == 1 && is_alive)
            must(pecs_world_despawn(to, &entity, 1) == PECS_OK);
        else if (choice == 2 && is_alive)
            must(pecs_world_set(to, entity, values, 1) == PECS_OK);
        else if (choice == 3 && is_alive)
            must(pecs_world_remove(to, entity, &component, 1) == PECS_OK);
        else if (choice == 4)
            must(pecs_world_advance(to, NULL) == PECS_OK);
    }
}

static pecs_entity spawn_of(pecs_component a, pecs_component b)
{
    const pecs_value values[] = { { a, fixture_types[a]->size, NULL }, { b, fixture_types[b]->size, NULL } };
    return spawn_one(world, values, a == b ? 1 : 2);
}

static bool same_place(pecs_entity a, pecs_entity b)
{
    return a.index == b.index;
}

static void assert_indices(pecs_component component, const uint32_t *indices, size_t count)
{
    static struct order found;
    pecs_query *query = make_query(registry, (pecs_term[]){ { component, PECS_WITH } }, 1);
    order_of(pecs_query_iter(query, pecs_world_view(world), NULL), &found);
    cr_assert_eq(found.count, count);
    for (size_t i = 0; i < count; i++)
        cr_assert_eq(found.entities[i].index, indices[i], "place %zu has entity %u", i, found.entities[i].index);
    pecs_query_destroy(query);
}
#define assert_gives(component, ...)                                                                                   \
    assert_indices(component, (const uint32_t[]){ __VA_ARGS__ }, sizeof((uint32_t[]){ __VA_ARGS__ }) / sizeof(uint32_t))

Test(order, rows_are_appended_and_the_last_fills_a_gap)
{
    pecs_entity entities[7];
    for (size_t i = 0; i < 5; i++)
        entities[i] = spawn_of(POSITION, POSITION);
    entities[5] = spawn_of(HEALTH, HEALTH);
    entities[6] = spawn_of(POSITION, HEALTH); /* a table of its own, the third */
    assert_gives(POSITION, 0, 1, 2, 3, 4, 6);
    assert_gives(HEALTH, 5, 6);
    must(pecs_world_set(world, entities[1], &(pecs_value){ POSITION, sizeof(Position), &(Position){ .x = 1 } }, 1) ==
         PECS_OK);
    assert_gives(POSITION, 0, 1, 2, 3, 4, 6); /* the edit of a value */
    must(pecs_world_set(world, entities[1], &(pecs_value){ HEALTH, sizeof(Health), NULL }, 1) == PECS_OK);
    assert_gives(POSITION, 0, 4, 2, 3, 6, 1);
    must(pecs_world_remove(world, entities[6], &(pecs_component){ HEALTH }, 1) == PECS_OK);
    assert_gives(POSITION, 0, 4, 2, 3, 6, 1);
    assert_gives(HEALTH, 5, 1);
    must(pecs_world_despawn(world, (pecs_entity[]){ entities[0], entities[6], entities[4] }, 3) == PECS_OK);
    assert_gives(POSITION, 3, 2, 1); /* 6 came to the place of 0, 3 to that of 6, then the last went */
    must(pecs_world_spawn(world, &(pecs_value){ POSITION, sizeof(Position), NULL }, 1, 3, NULL) == PECS_OK);
    assert_gives(POSITION, 3, 2, 0, 4, 6, 1); /* the lowest free slots */
    must(pecs_world_set_id(world, entities[3], (pecs_id){ { 1 } }) == PECS_OK);
    assert_gives(POSITION, 6, 2, 0, 4, 1, 3);
}

Test(order, files_snapshots_restores_and_forks_keep_it)
{
    static struct order before[QUERY_COUNT], after[QUERY_COUNT];
    edit_much(world, 1, 300);
    note_orders(before, pecs_world_view(world));
    must(before[0].count && before[1].count && before[3].count > 2 * CHUNK_ROWS);
    save_world(world, "once.pecs");
    save_world(world, "twice.pecs");
    assert_kept(before, pecs_world_view(world), "a saved world");
    pecs_snapshot *const snapshots[] = { take(world), open_snapshot(registry, RESUME, "once.pecs"),
                                         open_snapshot(registry, LOAD, "twice.pecs") };
    edit_much(world, 2, 200);
    note_orders(after, pecs_world_view(world));
    for (size_t i = 0; i < 3; i++) {
        assert_kept(before, pecs_snapshot_view(snapshots[i]), "a snapshot");
        pecs_world *fork = make_world(registry, snapshots[i]), *other = make_world(registry, NULL);
        assert_kept(before, pecs_world_view(fork), "a fork");
        save_world(fork, "fork.pecs");
        cr_assert(same_bytes("fork.pecs", "once.pecs"));
        edit_much(other, 3, 50);
        must(pecs_world_restore(other, snapshots[i]) == PECS_OK);
        assert_kept(before, pecs_world_view(other), "a restored world");
        edit_much(fork, 2, 200);
        edit_much(other, 2, 200);
        assert_kept(after, pecs_world_view(fork), "the same edits of a fork");
        assert_kept(after, pecs_world_view(other), "the same edits of a restored world");
        pecs_world_destroy(fork);
        pecs_world_destroy(other);
    }
    must(pecs_world_rewind(world, snapshots[0]) == PECS_OK);
    assert_kept(before, pecs_world_view(world), "a rewound world");
    edit_much(world, 2, 200);
    assert_kept(after, pecs_world_view(world), "the same edits of a rewound world");
    for (size_t i = 0; i < 3; i++)
        pecs_snapshot_release(snapshots[i]);
}

Test(order, a_compaction_keeps_it)
{
    static struct order orders[QUERY_COUNT], after[QUERY_COUNT];
    edit_much(world, 7, 300);
    pecs_query *gone = make_query(registry, (pecs_term[]){ { FROZEN, PECS_WITH }, { LINK, PECS_WITHOUT } }, 2);
    must(pecs_world_despawn_matching(world, gone, NULL) == PECS_OK);
    pecs_query_destroy(gone);
    note_orders(orders, pecs_world_view(world));
    const uint64_t table_count = summary_of(pecs_world_view(world)).table_count;
    must(pecs_world_compact(world, NULL) == PECS_OK);
    must(summary_of(pecs_world_view(world)).table_count < table_count);
    assert_kept(orders, pecs_world_view(world), "a compacted world");
    save_world(world, "compact.pecs");
    edit_much(world, 8, 200);
    note_orders(after, pecs_world_view(world));
    for (int verb = 0; verb < VERB_COUNT; verb++) {
        pecs_world *opened = open_world(registry, verb, "compact.pecs");
        assert_kept(orders, pecs_world_view(opened), verb_names[verb]);
        edit_much(opened, 8, 200);
        assert_kept(after, pecs_world_view(opened), "the same edits of a compacted world");
        pecs_world_destroy(opened);
    }
}

Test(order, a_table_that_was_dropped_is_made_again_as_the_last)
{
    const pecs_entity first = spawn_of(POSITION, TEAM);
    (void)spawn_of(POSITION, POSITION);
    must(pecs_world_despawn(world, &first, 1) == PECS_OK);
    must(same_place(spawn_of(POSITION, TEAM), first));
    assert_gives(POSITION, 0, 1);
    must(pecs_world_despawn(world, &(pecs_entity){ 0, 2 }, 1) == PECS_OK);
    must(pecs_world_compact(world, NULL) == PECS_OK);
    must(same_place(spawn_of(POSITION, TEAM), first));
    assert_gives(POSITION, 1, 0);
}

Test(order, it_is_the_same_for_programs_with_other_types)
{
    static const pecs_type *const others[] = { &Link_type, &Team_type, &Health_type, &Position_type };
    static const pecs_component numbers[] = { 3, 2, 1 };
    static struct order orders[QUERY_COUNT];
    edit_much(world, 4, 300);
    note_orders(orders, pecs_world_view(world));
    save_world(world, "world.pecs");
    pecs_registry *other = make_registry(others, 4, system_memory);
    for (int verb = 0; verb < VERB_COUNT; verb++) {
        pecs_world *opened = open_world(other, verb, "world.pecs");
        assert_order_kept(orders, other, numbers, pecs_world_view(opened), verb_names[verb]);
        save_world(opened, "again.pecs");
        cr_assert(same_bytes("world.pecs", "again.pecs"));
        pecs_world_destroy(opened);
    }
    pecs_registry_release(other);
}

Test(order, the_same_edits_from_nothing_give_the_same)
{
    static struct order orders[QUERY_COUNT];
    pecs_registry *other = make_registry(fixture_types, FIXTURE_TYPE_COUNT, system_memory); /* its hashes are others */
    pecs_world *twin = make_world(other, NULL);
    edit_much(world, 5, 400);
    edit_much(twin, 5, 400);
    note_orders(orders, pecs_world_view(world));
    assert_order_kept(orders, other, own_numbers, pecs_world_view(twin), "a twin");
    pecs_world_destroy(twin);
    pecs_registry_release(other);
}

Test(order, parts_one_after_another_give_the_whole)
{
    static struct order whole, joined, part;
    edit_much(world, 6, 300);
    for (uint32_t count = 1; count < 6; count++) {
        for (int i = 0; i < QUERY_COUNT; i++) {
            pecs_query *query = nth_query(registry, own_numbers, i);
            order_of(pecs_query_iter(query, pecs_world_view(world), NULL), &whole);
            joined.count = 0;
            for (uint32_t k = 0; k < count; k++) {
                order_of(pecs_query_iter_mut(query, world, &(pecs_iter_options){ .worker = k, .worker_count = count }),
                         &part);
                memcpy(joined.entities + joined.count, part.entities, part.count * sizeof(pecs_entity));
                joined.count += part.count;
            }
            cr_assert_eq(joined.count, whole.count);
            cr_assert_arr_eq(joined.entities, whole.entities, whole.count * sizeof(pecs_entity));
            pecs_query_destroy(query);
        }
    }
}
