/*
 * The edits of a world: what each does, which status it refuses with, and that a refused or failed edit changes
 * nothing. After most tests the world's inside is checked; all memory is counted.
 */
#include "world_fixture.h"

#include <stdio.h>

static pecs_registry *registry;
static pecs_world *world;

static void set_up(void)
{
    registry = counting_registry();
    world = make_world(registry, NULL);
}

static void strike(void)
{
    if (world)
        check_world(world);
    pecs_world_destroy(world);
    pecs_registry_release(registry);
    assert_no_leak();
}

TestSuite(world, .init = set_up, .fini = strike);
TestSuite(spawn, .init = set_up, .fini = strike);
TestSuite(despawn, .init = set_up, .fini = strike);
TestSuite(set, .init = set_up, .fini = strike);
TestSuite(remove, .init = set_up, .fini = strike);
TestSuite(edit, .init = set_up, .fini = strike);
TestSuite(view, .init = set_up, .fini = strike);
TestSuite(generations, .init = set_up, .fini = strike);
TestSuite(size, .init = set_up, .fini = strike);
TestSuite(own_values, .init = set_up, .fini = strike);

static pecs_view view(void)
{
    return pecs_world_view(world);
}

static const Position *position_of(pecs_entity entity)
{
    return pecs_get_as(view(), entity, POSITION, Position);
}

static const Health *health_of(pecs_entity entity)
{
    return pecs_get_as(view(), entity, HEALTH, Health);
}

/* An edit refused with a status: the world is as before. */
#define assert_refused(expected_status, call)                                                                          \
    do {                                                                                                               \
        const struct photograph before_ = photograph_of(view());                                                       \
        cr_assert_eq(call, expected_status);                                                                           \
        const struct photograph after_ = photograph_of(view());                                                        \
        cr_assert(same_photograph(&before_, &after_));                                                                 \
        check_world(world);                                                                                            \
    } while (0)

/* Opens an iteration of the kind, runs the call, closes it. */
#define assert_busy(call)                                                                                              \
    do {                                                                                                               \
        pecs_query *query_ = make_query(registry, NULL, 0);                                                            \
        pecs_iter iter_ = pecs_query_iter(query_, view(), NULL);                                                       \
        assert_refused(PECS_E_BUSY, call);                                                                             \
        cr_assert_eq(pecs_iter_end(&iter_), PECS_OK);                                                                  \
        iter_ = pecs_query_iter_mut(query_, world, NULL);                                                              \
        assert_refused(PECS_E_BUSY, call);                                                                             \
        cr_assert_eq(pecs_iter_end(&iter_), PECS_OK);                                                                  \
        pecs_query_destroy(query_);                                                                                    \
    } while (0)

/* World. */

Test(world, a_new_world_is_empty_at_tick_1)
{
    const pecs_summary expected = { .tick = 1 }, summary = summary_of(view());
    cr_assert(same_summary(&summary, &expected));
    cr_assert_eq(pecs_view_tick(view()), 1);
    cr_assert_eq(pecs_world_copied_bytes(world), 0);
}

Test(world, an_empty_world_is_under_64_KiB)
{
    cr_assert_lt(counting.live_bytes, 64 * 1024);
}

Test(world, it_holds_its_registry)
{
    pecs_registry_release(registry);
    const pecs_entity entity = spawn_position(world, 3);
    cr_assert_eq(position_of(entity)->x, 3);
    check_world(world);
    pecs_world_destroy(world);
    assert_no_leak();
    registry = counting_registry(); /* for strike */
    world = NULL;
}

Test(world, destroying_null_is_allowed)
{
    pecs_world_destroy(NULL);
}

Test(world, misuse_of_create_is_told)
{
    pecs_registry *other = counting_registry();
    pecs_world *foreign = make_world(other, NULL), *made = NULL;
    pecs_snapshot *base = take(foreign);
    pecs_error error;
    cr_assert_eq(pecs_world_create(NULL, NULL, NULL, &made, &error), PECS_E_MISUSE);
    cr_assert_eq(error.status, PECS_E_MISUSE);
    cr_assert_eq(pecs_world_create(registry, base, NULL, &made, &error), PECS_E_MISUSE);
    cr_assert_eq(pecs_world_create(registry, base, NULL, &made, NULL), PECS_E_MISUSE);
    cr_assert_null(made);
    pecs_snapshot_release(base);
    pecs_world_destroy(foreign);
    pecs_registry_release(other);
}

Test(world, a_failing_create_leaves_nothing)
{
    for (uint64_t nth = 1;; nth++) {
        const uint64_t live = counting.live_bytes;
        pecs_world *made = NULL;
        pecs_error error = { .status = PECS_OK };
        counting.fail_at = counting.call_count + nth;
        const pecs_status status = pecs_world_create(registry, NULL, NULL, &made, &error);
        counting.fail_at = 0;
        if (!status) {
            pecs_world_destroy(made);
            cr_assert_geq(nth, 8);
            break;
        }
        cr_assert_eq(status, PECS_E_MEMORY);
        cr_assert_eq(error.status, PECS_E_MEMORY);
        cr_assert_null(made);
        cr_assert_eq(counting.live_bytes, live);
    }
}

Test(world, no_world_is_misuse)
{
    const pecs_value value = PECS_VALUE_AS(TEAM, Team, 1);
    const pecs_component component = TEAM;
    const pecs_entity entity = spawn_one(world, &value, 1);
    pecs_query *query = make_query(registry, NULL, 0);
    pecs_snapshot *snapshot = take(world), *untouched = NULL;
    void *pointer;
    cr_assert_eq(pecs_world_create(registry, NULL, NULL, NULL, NULL), PECS_E_MISUSE);
    cr_assert_eq(pecs_world_spawn(NULL, &value, 1, 1, NULL), PECS_E_MISUSE);
    cr_assert_eq(pecs_world_despawn(NULL, &entity, 1), PECS_E_MISUSE);
    cr_assert_eq(pecs_world_despawn_matching(NULL, query, NULL), PECS_E_MISUSE);
    cr_assert_eq(pecs_world_set(NULL, entity, &value, 1), PECS_E_MISUSE);
    cr_assert_eq(pecs_world_remove(NULL, entity, &component, 1), PECS_E_MISUSE);
    cr_assert_eq(pecs_world_get_mut(NULL, entity, TEAM, 1, &pointer), PECS_E_MISUSE);
    cr_assert_eq(pecs_world_set_singleton(NULL, TEAM, 1, value.data), PECS_E_MISUSE);
    cr_assert_eq(pecs_world_remove_singleton(NULL, TEAM), PECS_E_MISUSE);
    cr_assert_eq(pecs_world_get_singleton_mut(NULL, TEAM, 1, &pointer), PECS_E_MISUSE);
    cr_assert_eq(pecs_world_advance(NULL, NULL), PECS_E_MISUSE);
    cr_assert_eq(pecs_snapshot_take(NULL, &untouched), PECS_E_MISUSE);
    cr_assert_eq(pecs_snapshot_take(world, NULL), PECS_E_MISUSE);
    cr_assert_eq(pecs_world_restore(NULL, snapshot), PECS_E_MISUSE);
    cr_assert_null(untouched);
    pecs_snapshot_release(snapshot);
    pecs_query_destroy(query);
}

/* Spawn. */

Test(spawn, handles_count_from_slot_0_and_generation_1)
{
    for (uint32_t i = 0; i < 100; i++)
        cr_assert(same(spawn_position(world, (float)i), (pecs_entity){ i, 1 }));
    for (uint32_t i = 0; i < 100; i++)
        cr_assert_eq(position_of((pecs_entity){ i, 1 })->x, (float)i);
}

Test(spawn, one_call_makes_many_rows_across_chunks)
{
    enum { COUNT = 2 * CHUNK_ROWS + 5 };
    static Position positions[COUNT];
    static Team teams[COUNT];
    static pecs_entity entities[COUNT];
    for (uint32_t i = 0; i < COUNT; i++) {
        positions[i] = (Position){ (float)i, 1, 2 };
        teams[i].number = (uint8_t)(i % 251);
    }
    spawn_one(world, (pecs_value[]){ PECS_VALUE_AS(TEAM, Team, 9), PECS_VALUE_AS(POSITION, Position, 9, 9, 9) }, 2);
    const pecs_value values[] = { PECS_ROWS_AS(POSITION, positions), PECS_ROWS_AS(TEAM, teams) };
    cr_assert_eq(pecs_world_spawn(world, values, 2, COUNT, entities), PECS_OK);
    for (uint32_t i = 0; i < COUNT; i++) {
        must(same(entities[i], (pecs_entity){ i + 1, 1 }));
        must(position_of(entities[i])->x == (float)i);
        must(pecs_get_as(view(), entities[i], TEAM, Team)->number == i % 251);
    }
    const pecs_summary summary = summary_of(view());
    cr_assert_eq(summary.entity_count, COUNT + 1);
    cr_assert_eq(summary.table_count, 1);
    cr_assert_eq(summary.component_bytes, (COUNT + 1) * 13);
}

Test(spawn, the_order_of_values_does_not_matter)
{
    const pecs_entity a =
        spawn_one(world, (pecs_value[]){ PECS_VALUE_AS(POSITION, Position, 1, 2, 3), PECS_HAS_AS(FROZEN) }, 2);
    const pecs_entity b =
        spawn_one(world, (pecs_value[]){ PECS_HAS_AS(FROZEN), PECS_VALUE_AS(POSITION, Position, 4, 5, 6) }, 2);
    cr_assert_eq(summary_of(view()).table_count, 1);
    cr_assert_eq(position_of(a)->z, 3);
    cr_assert_eq(position_of(b)->z, 6);
}

Test(spawn, an_entity_without_components_lives)
{
    const pecs_entity entity = spawn_one(world, NULL, 0);
    cr_assert(pecs_view_alive(view(), entity));
    cr_assert_not(pecs_view_has(view(), entity, POSITION));
    cr_assert_null(position_of(entity));
    cr_assert_eq(summary_of(view()).entity_count, 1);
    cr_assert_eq(summary_of(view()).component_bytes, 0);
    cr_assert_eq(pecs_world_set(world, entity, (pecs_value[]){ PECS_VALUE_AS(TEAM, Team, 4) }, 1), PECS_OK);
    cr_assert_eq(pecs_world_remove(world, entity, (pecs_component[]){ TEAM }, 1), PECS_OK);
    cr_assert(pecs_view_alive(view(), entity));
    cr_assert_eq(pecs_world_despawn(world, &entity, 1), PECS_OK);
    cr_assert_not(pecs_view_alive(view(), entity));
}

/* data NULL: all zero, also where older rows have been. */
Test(spawn, values_without_data_are_zero)
{
    const pecs_entity old = spawn_position(world, 77);
    cr_assert_eq(pecs_world_despawn(world, &old, 1), PECS_OK);
    const pecs_entity entity = spawn_one(world, (pecs_value[]){ { POSITION, sizeof(Position), NULL } }, 1);
    cr_assert_eq(position_of(entity)->x, 0);
    cr_assert_eq(position_of(entity)->y, 0);
    cr_assert_eq(position_of(entity)->z, 0);
}

Test(spawn, handles_need_not_be_wanted)
{
    cr_assert_eq(pecs_world_spawn(world, NULL, 0, 10, NULL), PECS_OK);
    cr_assert(pecs_view_alive(view(), (pecs_entity){ 9, 1 }));
    cr_assert_not(pecs_view_alive(view(), (pecs_entity){ 10, 1 }));
}

Test(spawn, no_rows_make_nothing)
{
    pecs_entity untouched = { 8, 8 };
    assert_refused(PECS_OK, pecs_world_spawn(world, (pecs_value[]){ PECS_VALUE_AS(TEAM, Team, 1) }, 1, 0, &untouched));
    cr_assert(same(untouched, (pecs_entity){ 8, 8 }));
}

Test(spawn, misuse_changes_nothing)
{
    const Position position = { 1, 2, 3 };
    pecs_entity untouched = { 8, 8 };
    const pecs_value unknown[] = { { FIXTURE_TYPE_COUNT, 4, &position } };
    const pecs_value wrong_size[] = { { POSITION, 8, &position } };
    const pecs_value sized_tag[] = { { FROZEN, 4, &position } };
    const pecs_value twice[] = { { POSITION, 12, &position }, { TEAM, 1, &position }, { POSITION, 12, &position } };
    spawn_position(world, 1);
    assert_refused(PECS_E_MISUSE, pecs_world_spawn(world, unknown, 1, 1, &untouched));
    assert_refused(PECS_E_MISUSE, pecs_world_spawn(world, wrong_size, 1, 1, &untouched));
    assert_refused(PECS_E_MISUSE, pecs_world_spawn(world, sized_tag, 1, 1, &untouched));
    assert_refused(PECS_E_MISUSE, pecs_world_spawn(world, twice, 3, 1, &untouched));
    assert_refused(PECS_E_MISUSE, pecs_world_spawn(world, NULL, 2, 1, &untouched));
    assert_refused(PECS_E_MISUSE, pecs_world_spawn(world, twice, FIXTURE_TYPE_COUNT + 1, 1, &untouched));
    cr_assert(same(untouched, (pecs_entity){ 8, 8 }));
}

Test(spawn, busy_while_an_iteration_is_open)
{
    spawn_position(world, 1);
    assert_busy(pecs_world_spawn(world, NULL, 0, 1, NULL));
    spawn_position(world, 2);
}

Test(spawn, more_rows_than_a_table_can_have_are_a_limit)
{
    pecs_entity untouched = { 8, 8 };
    const pecs_value values[] = { { TEAM, sizeof(Team), NULL } };
    spawn_one(world, values, 1);
    assert_refused(PECS_E_LIMIT, pecs_world_spawn(world, values, 1, SIZE_MAX, &untouched));
    assert_refused(PECS_E_LIMIT, pecs_world_spawn(world, values, 1, UINT32_MAX, &untouched));
    assert_refused(PECS_E_LIMIT, pecs_world_spawn(world, NULL, 0, SIZE_MAX, &untouched));
    struct table *table = edit_table(world, 0);
    table->row_count = UINT32_MAX - 1; /* as if it were full */
    cr_assert_eq(pecs_world_spawn(world, values, 1, 1, &untouched), PECS_E_LIMIT);
    table->row_count = 1;
    cr_assert(same(untouched, (pecs_entity){ 8, 8 }));
}

/* The table would be new: it must be gone again. */
Test(spawn, more_slots_than_there_are_numbers_are_a_limit)
{
    spawn_position(world, 1);
    struct entity_index *index = edit_index(world);
    index->records.count = UINT32_MAX - 1;
    cr_assert_eq(pecs_world_spawn(world, (pecs_value[]){ PECS_VALUE_AS(TEAM, Team, 1) }, 1, 1, NULL), PECS_E_LIMIT);
    index->records.count = 1;
    cr_assert_eq(summary_of(view()).table_count, 1);
}

/* Despawn. */

Test(despawn, one_is_gone_and_the_others_stay)
{
    pecs_entity entities[10];
    for (uint32_t i = 0; i < 10; i++)
        entities[i] = spawn_position(world, (float)i);
    cr_assert_eq(pecs_world_despawn(world, &entities[4], 1), PECS_OK);
    for (uint32_t i = 0; i < 10; i++) {
        cr_assert_eq(pecs_view_alive(view(), entities[i]), i != 4);
        if (i != 4)
            cr_assert_eq(position_of(entities[i])->x, (float)i);
    }
    cr_assert_null(position_of(entities[4]));
    const pecs_summary expected = { 9, 10, 1, 1, 9 * 12, 1, 0, 0 }, summary = summary_of(view());
    cr_assert(same_summary(&summary, &expected));
}

/* Every second of them, across chunks and tables, in an order of its own. */
Test(despawn, many_of_several_tables)
{
    enum { COUNT = 3000 };
    static pecs_entity positions[COUNT], teams[COUNT], gone[COUNT];
    static Position xs[COUNT];
    static Team numbers[COUNT];
    for (uint32_t i = 0; i < COUNT; i++) {
        xs[i] = (Position){ (float)i, 0, 0 };
        numbers[i].number = (uint8_t)i;
    }
    cr_assert_eq(pecs_world_spawn(world, (pecs_value[]){ PECS_ROWS_AS(POSITION, xs) }, 1, COUNT, positions), PECS_OK);
    cr_assert_eq(pecs_world_spawn(world, (pecs_value[]){ PECS_ROWS_AS(TEAM, numbers) }, 1, COUNT, teams), PECS_OK);
    for (uint32_t i = 0; i < COUNT / 2; i++) {
        const uint32_t place = (i * 7 % (COUNT / 2)) * 2;
        gone[2 * i] = positions[place];
        gone[2 * i + 1] = teams[place + 1];
    }
    cr_assert_eq(pecs_world_despawn(world, gone, COUNT), PECS_OK);
    for (uint32_t i = 0; i < COUNT; i++) {
        must(pecs_view_alive(view(), positions[i]) == (i % 2 == 1));
        must(pecs_view_alive(view(), teams[i]) == (i % 2 == 0));
        if (i % 2)
            must(position_of(positions[i])->x == (float)i);
        else
            must(pecs_get_as(view(), teams[i], TEAM, Team)->number == (uint8_t)i);
    }
    cr_assert_eq(summary_of(view()).free_count, COUNT);
}

Test(despawn, a_dead_or_repeated_handle_despawns_none)
{
    pecs_entity entities[4];
    for (uint32_t i = 0; i < 4; i++)
        entities[i] = spawn_position(world, (float)i);
    const pecs_entity dead = entities[3];
    cr_assert_eq(pecs_world_despawn(world, &dead, 1), PECS_OK);
    const pecs_entity with_dead[] = { entities[0], dead, entities[1] };
    const pecs_entity twice[] = { entities[0], entities[1], entities[0] };
    const pecs_entity future[] = { entities[0], { 3, 2 } };
    const pecs_entity beyond[] = { { UINT32_MAX, 1 }, entities[1] };
    assert_refused(PECS_E_DEAD, pecs_world_despawn(world, &dead, 1));
    assert_refused(PECS_E_DEAD, pecs_world_despawn(world, &none, 1));
    assert_refused(PECS_E_DEAD, pecs_world_despawn(world, with_dead, 3));
    assert_refused(PECS_E_DEAD, pecs_world_despawn(world, twice, 3));
    assert_refused(PECS_E_DEAD, pecs_world_despawn(world, future, 2));
    assert_refused(PECS_E_DEAD, pecs_world_despawn(world, beyond, 2));
    cr_assert_eq(pecs_world_despawn(world, entities, 3), PECS_OK);
}

Test(despawn, one_named_twice_among_thousands)
{
    enum { COUNT = 5000 };
    static pecs_entity entities[COUNT + 1];
    cr_assert_eq(pecs_world_spawn(world, NULL, 0, COUNT, entities), PECS_OK);
    entities[COUNT] = entities[COUNT / 3];
    assert_refused(PECS_E_DEAD, pecs_world_despawn(world, entities, COUNT + 1));
    cr_assert_eq(pecs_world_despawn(world, entities, COUNT), PECS_OK);
}

/* Counts beyond what can be are refused at once: no more of the array is read than is there, and no memory is asked
 * for. */
Test(despawn, more_than_live_are_refused_at_once)
{
    const pecs_entity entities[] = { spawn_position(world, 1), spawn_position(world, 2) };
    counting.fail_at = counting.call_count + 1;
    assert_refused(PECS_E_DEAD, pecs_world_despawn(world, entities, 3));
    assert_refused(PECS_E_DEAD, pecs_world_despawn(world, entities, (size_t)1 << 30));
    assert_refused(PECS_E_DEAD, pecs_world_despawn(world, entities, SIZE_MAX));
    counting.fail_at = 0;
    cr_assert_eq(pecs_world_despawn(world, entities, 2), PECS_OK);
}

Test(despawn, none_at_all_is_allowed_and_null_is_misuse)
{
    spawn_position(world, 1);
    assert_refused(PECS_OK, pecs_world_despawn(world, NULL, 0));
    assert_refused(PECS_E_MISUSE, pecs_world_despawn(world, NULL, 1));
}

Test(despawn, busy_while_an_iteration_is_open)
{
    const pecs_entity entities[] = { spawn_position(world, 1), spawn_position(world, 2) };
    pecs_query *all = make_query(registry, NULL, 0);
    uint64_t count = 77;
    assert_busy(pecs_world_despawn(world, entities, 1));
    assert_busy(pecs_world_despawn(world, entities, 2));
    assert_busy(pecs_world_despawn_matching(world, all, &count));
    cr_assert_eq(count, 77);
    cr_assert_eq(pecs_world_despawn_matching(world, all, &count), PECS_OK);
    cr_assert_eq(count, 2);
    pecs_query_destroy(all);
}

Test(despawn, matching_takes_all_that_match_and_no_other)
{
    for (uint32_t i = 0; i < 5000; i++)
        spawn_position(world, 1);
    const pecs_entity frozen =
        spawn_one(world, (pecs_value[]){ PECS_VALUE_AS(POSITION, Position, 5, 0, 0), PECS_HAS_AS(FROZEN) }, 2);
    const pecs_entity team = spawn_one(world, (pecs_value[]){ PECS_VALUE_AS(TEAM, Team, 5) }, 1);
    cr_assert_eq(pecs_world_set_singleton(world, POSITION, sizeof(Position), &(Position){ 8, 8, 8 }), PECS_OK);
    pecs_query *query = make_query(registry, (pecs_term[]){ { POSITION, PECS_WITH }, { FROZEN, PECS_WITHOUT } }, 2);
    uint64_t count;
    cr_assert_eq(pecs_world_despawn_matching(world, query, &count), PECS_OK);
    cr_assert_eq(count, 5000);
    cr_assert_eq(position_of(frozen)->x, 5);
    cr_assert(pecs_view_alive(view(), team));
    cr_assert_eq(pecs_get_singleton_as(view(), POSITION, Position)->x, 8);
    const pecs_summary expected = { 2, 5002, 5000, 4, 12 + 1 + 12, 1, 0, 0 }, summary = summary_of(view());
    cr_assert(same_summary(&summary, &expected));
    cr_assert_eq(pecs_world_despawn_matching(world, query, &count), PECS_OK);
    cr_assert_eq(count, 0);
    cr_assert_eq(pecs_world_despawn_matching(world, query, NULL), PECS_OK);
    cr_assert(same(spawn_position(world, 0), (pecs_entity){ 0, 2 }));
    pecs_query_destroy(query);
}

Test(despawn, matching_with_a_foreign_query_is_misuse)
{
    pecs_registry *other = counting_registry();
    pecs_query *query = make_query(other, NULL, 0);
    spawn_position(world, 1);
    assert_refused(PECS_E_MISUSE, pecs_world_despawn_matching(world, query, NULL));
    assert_refused(PECS_E_MISUSE, pecs_world_despawn_matching(world, NULL, NULL));
    pecs_query_destroy(query);
    pecs_registry_release(other);
}

/* Set. */

Test(set, a_present_component_keeps_its_row)
{
    const pecs_entity entity = spawn_position(world, 1);
    const Position *const place = position_of(entity);
    cr_assert_eq(pecs_world_set(world, entity, (pecs_value[]){ PECS_VALUE_AS(POSITION, Position, 5, 6, 7) }, 1),
                 PECS_OK);
    cr_assert_eq(position_of(entity), place);
    cr_assert_eq(place->y, 6);
    cr_assert_eq(summary_of(view()).table_count, 1);
}

Test(set, absent_components_are_added_in_one_move)
{
    const pecs_entity entity = spawn_position(world, 1), other = spawn_position(world, 2);
    const pecs_value values[] = { PECS_VALUE_AS(HEALTH, Health, 3, 4), PECS_VALUE_AS(POSITION, Position, 9, 0, 0),
                                  PECS_HAS_AS(FROZEN), PECS_VALUE_AS(TEAM, Team, 6) };
    cr_assert_eq(pecs_world_set(world, entity, values, 4), PECS_OK);
    cr_assert_eq(position_of(entity)->x, 9);
    cr_assert_eq(health_of(entity)->max, 4);
    cr_assert_eq(pecs_get_as(view(), entity, TEAM, Team)->number, 6);
    cr_assert(pecs_view_has(view(), entity, FROZEN));
    cr_assert_eq(position_of(other)->x, 2);
    cr_assert_eq(summary_of(view()).table_count, 2, "no table between the two");
}

Test(set, values_that_are_not_named_are_kept_by_the_move)
{
    const pecs_entity entity =
        spawn_one(world,
                  (pecs_value[]){ PECS_VALUE_AS(POSITION, Position, 1, 2, 3), PECS_VALUE_AS(HEALTH, Health, 4, 5),
                                  PECS_VALUE_AS(LINK, Link, 6, { 7, 8 }, { { 9, 10 }, { 11, 12 } }) },
                  3);
    cr_assert_eq(pecs_world_set(world, entity, (pecs_value[]){ PECS_VALUE_AS(TEAM, Team, 13) }, 1), PECS_OK);
    cr_assert_eq(position_of(entity)->z, 3);
    cr_assert_eq(health_of(entity)->current, 4);
    const Link *link = pecs_get_as(view(), entity, LINK, Link);
    cr_assert_eq(link->weight, 6);
    cr_assert(same(link->others[1], (pecs_entity){ 11, 12 }), "a stale handle is kept");
}

Test(set, without_data_the_value_is_zero)
{
    const pecs_entity entity = spawn_position(world, 1);
    const pecs_value values[] = { { POSITION, sizeof(Position), NULL }, { HEALTH, sizeof(Health), NULL } };
    cr_assert_eq(pecs_world_set(world, entity, values, 1), PECS_OK);
    cr_assert_eq(position_of(entity)->x, 0);
    cr_assert_eq(pecs_world_set(world, entity, values, 2), PECS_OK);
    cr_assert_eq(health_of(entity)->max, 0);
}

Test(set, a_present_tag_and_no_value_change_nothing)
{
    const pecs_entity entity = spawn_one(world, (pecs_value[]){ PECS_HAS_AS(FROZEN) }, 1);
    assert_refused(PECS_OK, pecs_world_set(world, entity, (pecs_value[]){ PECS_HAS_AS(FROZEN) }, 1));
    assert_refused(PECS_OK, pecs_world_set(world, entity, NULL, 0));
}

Test(set, refusals_change_nothing)
{
    const pecs_entity entity = spawn_position(world, 1), dead = spawn_position(world, 2);
    cr_assert_eq(pecs_world_despawn(world, &dead, 1), PECS_OK);
    const pecs_value good[] = { PECS_VALUE_AS(POSITION, Position, 5, 5, 5), PECS_VALUE_AS(TEAM, Team, 5) };
    const pecs_value unknown[] = { PECS_VALUE_AS(POSITION, Position, 5, 5, 5), { 99, 1, NULL } };
    const pecs_value wrong_size[] = { PECS_VALUE_AS(POSITION, Position, 5, 5, 5), { TEAM, 2, NULL } };
    const pecs_value twice[] = { PECS_VALUE_AS(POSITION, Position, 5, 5, 5),
                                 PECS_VALUE_AS(POSITION, Position, 6, 6, 6) };
    assert_refused(PECS_E_DEAD, pecs_world_set(world, dead, good, 2));
    assert_refused(PECS_E_DEAD, pecs_world_set(world, none, good, 1));
    assert_refused(PECS_E_DEAD, pecs_world_set(world, (pecs_entity){ 1, 2 }, good, 1));
    assert_refused(PECS_E_MISUSE, pecs_world_set(world, entity, unknown, 2));
    assert_refused(PECS_E_MISUSE, pecs_world_set(world, entity, wrong_size, 2));
    assert_refused(PECS_E_MISUSE, pecs_world_set(world, entity, twice, 2));
    assert_refused(PECS_E_MISUSE, pecs_world_set(world, entity, NULL, 1));
}

Test(set, busy_only_when_a_component_must_be_added)
{
    const pecs_entity entity = spawn_position(world, 1);
    const pecs_value values[] = { PECS_VALUE_AS(POSITION, Position, 5, 5, 5), PECS_VALUE_AS(TEAM, Team, 5) };
    assert_busy(pecs_world_set(world, entity, values, 2));
    cr_assert_eq(position_of(entity)->x, 1);
    pecs_query *query = make_query(registry, NULL, 0);
    pecs_iter iter = pecs_query_iter(query, view(), NULL);
    cr_assert_eq(pecs_world_set(world, entity, values, 1), PECS_OK);
    cr_assert_eq(position_of(entity)->x, 5);
    cr_assert_eq(pecs_iter_end(&iter), PECS_OK);
    pecs_query_destroy(query);
}

/* Remove. */

Test(remove, the_others_are_kept)
{
    const pecs_entity entity =
        spawn_one(world,
                  (pecs_value[]){ PECS_VALUE_AS(POSITION, Position, 1, 2, 3), PECS_VALUE_AS(HEALTH, Health, 4, 5),
                                  PECS_VALUE_AS(TEAM, Team, 6), PECS_HAS_AS(FROZEN) },
                  4);
    cr_assert_eq(pecs_world_remove(world, entity, (pecs_component[]){ FROZEN, HEALTH }, 2), PECS_OK);
    cr_assert_not(pecs_view_has(view(), entity, FROZEN));
    cr_assert_null(health_of(entity));
    cr_assert_eq(position_of(entity)->y, 2);
    cr_assert_eq(pecs_get_as(view(), entity, TEAM, Team)->number, 6);
}

Test(remove, absent_components_are_passed_over)
{
    const pecs_entity entity = spawn_position(world, 1);
    assert_refused(PECS_OK, pecs_world_remove(world, entity, (pecs_component[]){ HEALTH, TEAM }, 2));
    assert_refused(PECS_OK, pecs_world_remove(world, entity, NULL, 0));
    cr_assert_eq(pecs_world_remove(world, entity, (pecs_component[]){ HEALTH, POSITION }, 2), PECS_OK);
    cr_assert_not(pecs_view_has(view(), entity, POSITION));
}

Test(remove, refusals_change_nothing)
{
    const pecs_entity entity = spawn_position(world, 1), dead = spawn_position(world, 2);
    cr_assert_eq(pecs_world_despawn(world, &dead, 1), PECS_OK);
    const pecs_component components[] = { POSITION, FIXTURE_TYPE_COUNT };
    assert_refused(PECS_E_DEAD, pecs_world_remove(world, dead, components, 1));
    assert_refused(PECS_E_DEAD, pecs_world_remove(world, none, components, 1));
    assert_refused(PECS_E_MISUSE, pecs_world_remove(world, entity, components, 2));
    assert_refused(PECS_E_MISUSE, pecs_world_remove(world, entity, NULL, 1));
    /* more than there are types, of which one is the library's: some would be named twice */
    assert_refused(PECS_E_MISUSE, pecs_world_remove(world, entity, components, FIXTURE_TYPE_COUNT + 2));
    assert_refused(PECS_E_MISUSE, pecs_world_remove(world, entity, components, SIZE_MAX));
}

Test(remove, busy_while_an_iteration_is_open)
{
    const pecs_entity entity = spawn_position(world, 1);
    const pecs_component component = POSITION;
    assert_busy(pecs_world_remove(world, entity, &component, 1));
}

/* Edit. */

Test(edit, the_pointer_is_the_value)
{
    const pecs_entity entity = spawn_position(world, 1);
    void *value;
    cr_assert_eq(pecs_world_get_mut(world, entity, POSITION, sizeof(Position), &value), PECS_OK);
    ((Position *)value)->y = 44;
    cr_assert_eq(position_of(entity)->y, 44);
    cr_assert_eq(position_of(entity)->x, 1);
}

Test(edit, refusals_change_nothing)
{
    const pecs_entity entity = spawn_one(world, (pecs_value[]){ PECS_VALUE_AS(TEAM, Team, 1), PECS_HAS_AS(FROZEN) }, 2);
    const pecs_entity dead = spawn_position(world, 2);
    cr_assert_eq(pecs_world_despawn(world, &dead, 1), PECS_OK);
    void *value = &registry;
    assert_refused(PECS_E_DEAD, pecs_world_get_mut(world, dead, POSITION, sizeof(Position), &value));
    assert_refused(PECS_E_ABSENT, pecs_world_get_mut(world, entity, POSITION, sizeof(Position), &value));
    assert_refused(PECS_E_MISUSE, pecs_world_get_mut(world, entity, TEAM, 2, &value));
    assert_refused(PECS_E_MISUSE, pecs_world_get_mut(world, entity, FROZEN, 0, &value));
    assert_refused(PECS_E_MISUSE, pecs_world_get_mut(world, entity, FIXTURE_TYPE_COUNT, 1, &value));
    assert_refused(PECS_E_MISUSE, pecs_world_get_mut(world, entity, TEAM, 1, NULL));
    cr_assert_eq(value, &registry);
}

Test(edit, it_is_never_busy)
{
    const pecs_entity entity = spawn_position(world, 1);
    pecs_query *query = make_query(registry, (pecs_term[]){ { POSITION, PECS_WRITE } }, 1);
    pecs_iter iter = pecs_query_iter_mut(query, world, NULL);
    cr_assert(pecs_iter_next(&iter));
    void *value;
    cr_assert_eq(pecs_world_get_mut(world, entity, POSITION, sizeof(Position), &value), PECS_OK);
    ((Position *)value)->x = 3;
    cr_assert_eq(pecs_column_as(&iter, POSITION, Position)[0].x, 3);
    cr_assert_eq(pecs_iter_end(&iter), PECS_OK);
    pecs_query_destroy(query);
}

/* View. */

Test(view, get_refuses_what_is_not_there)
{
    const pecs_entity entity = spawn_one(world, (pecs_value[]){ PECS_VALUE_AS(TEAM, Team, 1), PECS_HAS_AS(FROZEN) }, 2);
    cr_assert_not_null(pecs_view_get(view(), entity, TEAM, 1));
    cr_assert_null(pecs_view_get(view(), entity, TEAM, 2));
    cr_assert_null(pecs_view_get(view(), entity, FROZEN, 0));
    cr_assert_null(pecs_view_get(view(), entity, POSITION, sizeof(Position)));
    cr_assert_null(pecs_view_get(view(), entity, 1000, 1));
    cr_assert_null(pecs_view_get(view(), none, TEAM, 1));
    cr_assert_null(pecs_view_get(view(), (pecs_entity){ 5, 1 }, TEAM, 1));
    cr_assert(pecs_view_has(view(), entity, FROZEN));
    cr_assert_not(pecs_view_has(view(), entity, POSITION));
    cr_assert_not(pecs_view_has(view(), entity, 1000));
    cr_assert_not(pecs_view_has(view(), none, TEAM));
    cr_assert_not(pecs_view_alive(view(), none));
}

Test(view, the_hash_is_of_the_content_and_not_of_its_order)
{
    pecs_world *other = make_world(registry, NULL);
    const pecs_entity a = spawn_position(world, 1), b = spawn_position(world, 2);
    const pecs_value team = PECS_VALUE_AS(TEAM, Team, 3);
    cr_assert_eq(pecs_world_set(world, a, &team, 1), PECS_OK);
    cr_assert_eq(pecs_world_set(world, b, &team, 1), PECS_OK);
    spawn_position(other, 1);
    spawn_position(other, 2);
    cr_assert_neq(pecs_view_hash(view()), pecs_view_hash(pecs_world_view(other)));
    cr_assert_eq(pecs_world_set(other, b, &team, 1), PECS_OK);
    cr_assert_neq(pecs_view_hash(view()), pecs_view_hash(pecs_world_view(other)));
    cr_assert_eq(pecs_world_set(other, a, &team, 1), PECS_OK);
    cr_assert_eq(pecs_view_hash(view()), pecs_view_hash(pecs_world_view(other)));
    pecs_world_destroy(other);
}

/* Each difference alone: a handle, a value, a tag, a component with the value zero, a singleton. */
Test(view, the_hash_sees_every_difference)
{
    uint64_t hashes[8];
    const pecs_entity entity = spawn_one(world, NULL, 0);
    hashes[0] = pecs_view_hash(view());
    cr_assert_eq(pecs_world_set(world, entity, (pecs_value[]){ PECS_VALUE_AS(TEAM, Team, 0) }, 1), PECS_OK);
    hashes[1] = pecs_view_hash(view());
    cr_assert_eq(pecs_world_set(world, entity, (pecs_value[]){ PECS_VALUE_AS(TEAM, Team, 1) }, 1), PECS_OK);
    hashes[2] = pecs_view_hash(view());
    cr_assert_eq(pecs_world_set(world, entity, (pecs_value[]){ PECS_HAS_AS(FROZEN) }, 1), PECS_OK);
    hashes[3] = pecs_view_hash(view());
    cr_assert_eq(pecs_world_set_singleton(world, FROZEN, 0, NULL), PECS_OK);
    hashes[4] = pecs_view_hash(view());
    cr_assert_eq(pecs_world_set_singleton(world, TEAM, 1, &(Team){ 1 }), PECS_OK);
    hashes[5] = pecs_view_hash(view());
    spawn_one(world, NULL, 0);
    hashes[6] = pecs_view_hash(view());
    cr_assert_eq(pecs_world_despawn(world, &entity, 1), PECS_OK);
    const pecs_value again[] = { PECS_VALUE_AS(TEAM, Team, 1), PECS_HAS_AS(FROZEN) };
    cr_assert(same(spawn_one(world, again, 2), (pecs_entity){ 0, 2 }));
    hashes[7] = pecs_view_hash(view());
    for (int i = 0; i < 8; i++)
        for (int j = 0; j < i; j++)
            cr_assert_neq(hashes[i], hashes[j], "%d and %d", i, j);
}

typedef struct {
    uint8_t kind;
    uint32_t mass;
} Gapped;
PECS_COMPONENT_OF(Gapped, "Gapped", 1, PECS_FIELD(Gapped, kind), PECS_GAP_AFTER(Gapped, kind, 3),
                  PECS_FIELD(Gapped, mass));

Test(view, the_hash_leaves_padding_out)
{
    const pecs_type *const types[] = { &Gapped_type };
    pecs_registry *other = make_registry(types, 1, counting_hooks);
    pecs_world *gapped = make_world(other, NULL);
    uint64_t hashes[3];
    const uint8_t values[3][8] = { { 1, 0, 0, 0, 5, 0, 0, 0 }, { 1, 9, 9, 9, 5, 0, 0, 0 }, { 1, 0, 0, 0, 6, 0, 0, 0 } };
    const pecs_entity entity = spawn_one(gapped, (pecs_value[]){ { 0, 8, values[0] } }, 1);
    for (int i = 0; i < 3; i++) {
        cr_assert_eq(pecs_world_set(gapped, entity, (pecs_value[]){ { 0, 8, values[i] } }, 1), PECS_OK);
        hashes[i] = pecs_view_hash(pecs_world_view(gapped));
    }
    cr_assert_eq(hashes[0], hashes[1]);
    cr_assert_neq(hashes[0], hashes[2]);
    pecs_world_destroy(gapped);
    pecs_registry_release(other);
}

Test(view, values_are_aligned_in_every_row)
{
    static pecs_entity entities[10];
    const pecs_value values[] = { { LINK, sizeof(Link), NULL }, { HEALTH, sizeof(Health), NULL } };
    cr_assert_eq(pecs_world_spawn(world, values, 2, 10, entities), PECS_OK);
    cr_assert_eq((uintptr_t)pecs_view_get(view(), entities[0], LINK, sizeof(Link)) % 64, 0);
    for (int i = 0; i < 10; i++)
        cr_assert_eq((uintptr_t)pecs_view_get(view(), entities[i], LINK, sizeof(Link)) % _Alignof(Link), 0);
}

/* Generations. */

Test(generations, a_handle_is_never_valid_again)
{
    pecs_entity handles[50];
    for (uint32_t i = 0; i < 50; i++) {
        handles[i] = spawn_position(world, 1);
        cr_assert(same(handles[i], (pecs_entity){ 0, i + 1 }));
        for (uint32_t j = 0; j < i; j++)
            cr_assert_not(pecs_view_alive(view(), handles[j]));
        cr_assert_eq(pecs_world_despawn(world, &handles[i], 1), PECS_OK);
        cr_assert_not(pecs_view_alive(view(), handles[i]));
    }
}

/* Slot 1 of three is free, and its next generation is the last. */
static void age_slot_1(void)
{
    for (uint32_t i = 0; i < 3; i++)
        spawn_position(world, (float)i);
    cr_assert_eq(pecs_world_despawn(world, &(pecs_entity){ 1, 1 }, 1), PECS_OK);
    edit_record(world, 1)->generation = (1 << 30) - 2;
}

static const pecs_entity last_of_slot_1 = { 1, (1 << 30) - 1 };

/* The slot's last entity has died: the slot is neither free nor ever used again. */
static void assert_slot_1_is_used_up(void)
{
    cr_assert_not(pecs_view_alive(view(), last_of_slot_1));
    const pecs_summary expected = { 2, 3, 0, 1, 24, 1, 0, 0 }, summary = summary_of(view());
    cr_assert(same_summary(&summary, &expected));
    check_world(world);
    cr_assert(same(spawn_position(world, 9), (pecs_entity){ 3, 1 }));
}

Test(generations, a_slots_last_generation_lives)
{
    age_slot_1();
    cr_assert(same(spawn_position(world, 9), last_of_slot_1));
    cr_assert(pecs_view_alive(view(), last_of_slot_1));
    cr_assert_eq(position_of(last_of_slot_1)->x, 9);
}

Test(generations, a_used_up_slot_is_retired_by_despawn)
{
    age_slot_1();
    const pecs_entity last = spawn_position(world, 9);
    cr_assert_eq(pecs_world_despawn(world, &last, 1), PECS_OK);
    assert_slot_1_is_used_up();
}

Test(generations, a_used_up_slot_is_retired_by_despawn_of_many)
{
    age_slot_1();
    const pecs_entity gone[] = { spawn_position(world, 9), spawn_position(world, 10) };
    cr_assert_eq(pecs_world_despawn(world, gone, 2), PECS_OK);
    const pecs_summary expected = { 2, 4, 1, 1, 24, 1, 0, 0 }, summary = summary_of(view());
    cr_assert(same_summary(&summary, &expected));
    cr_assert(same(spawn_position(world, 9), (pecs_entity){ 3, 2 }));
}

Test(generations, a_used_up_slot_is_retired_by_despawn_matching)
{
    age_slot_1();
    spawn_one(world, (pecs_value[]){ PECS_VALUE_AS(TEAM, Team, 1) }, 1);
    pecs_query *query = make_query(registry, (pecs_term[]){ { TEAM, PECS_WITH } }, 1);
    cr_assert_eq(pecs_world_despawn_matching(world, query, NULL), PECS_OK);
    const pecs_summary expected = { 2, 3, 0, 2, 24, 1, 0, 0 }, summary = summary_of(view());
    cr_assert(same_summary(&summary, &expected));
    cr_assert(same(spawn_position(world, 9), (pecs_entity){ 3, 1 }));
    pecs_query_destroy(query);
}

Test(generations, a_used_up_slot_is_retired_by_commands)
{
    age_slot_1();
    const pecs_entity last = spawn_position(world, 9);
    pecs_commands *commands;
    pecs_entity provisional;
    cr_assert_eq(pecs_commands_create(registry, &commands), PECS_OK);
    cr_assert_eq(pecs_commands_despawn(commands, last), PECS_OK);
    cr_assert_eq(pecs_commands_spawn(commands, NULL, 0, &provisional), PECS_OK);
    cr_assert_eq(pecs_commands_apply(commands, world, NULL), PECS_OK);
    cr_assert(same(pecs_commands_resolve(commands, provisional), (pecs_entity){ 3, 1 }));
    cr_assert_eq(summary_of(view()).free_count, 0);
    pecs_commands_destroy(commands);
}

/* The map is made anew from the records after a restore: it must not find the slot, though it is below the free one. */
Test(generations, a_used_up_slot_stays_so_after_a_restore)
{
    age_slot_1();
    const pecs_entity last = spawn_position(world, 9);
    cr_assert_eq(pecs_world_despawn(world, (pecs_entity[]){ last, { 2, 1 } }, 2), PECS_OK);
    pecs_snapshot *snapshot = take(world);
    spawn_position(world, 1);
    cr_assert_eq(pecs_world_restore(world, snapshot), PECS_OK);
    cr_assert(same(spawn_position(world, 1), (pecs_entity){ 2, 2 }));
    cr_assert(same(spawn_position(world, 1), (pecs_entity){ 3, 1 }));
    pecs_snapshot_release(snapshot);
}

/* Size. */

/* Filled and emptied in each of the three ways: after the first rounds no byte more is held. */
Test(size, emptied_and_refilled_it_does_not_grow)
{
    enum { COUNT = 500, ROUNDS = 1000 };
    static pecs_entity entities[COUNT];
    const pecs_value values[] = { { POSITION, sizeof(Position), NULL }, { TEAM, sizeof(Team), NULL } };
    pecs_query *all = make_query(registry, NULL, 0);
    uint64_t live = 0;
    for (uint32_t round = 0; round < ROUNDS; round++) {
        cr_assert_eq(pecs_world_spawn(world, values, 1 + round % 2, COUNT, entities), PECS_OK);
        if (round % 3 == 0)
            cr_assert_eq(pecs_world_despawn(world, entities, COUNT), PECS_OK);
        else if (round % 3 == 1)
            cr_assert_eq(pecs_world_despawn_matching(world, all, NULL), PECS_OK);
        else
            for (uint32_t i = 0; i < COUNT; i++)
                must(pecs_world_despawn(world, &entities[i], 1) == PECS_OK);
        if (round == 20)
            live = counting.live_bytes;
        if (round >= 20)
            cr_assert_leq(counting.live_bytes, live, "round %u", round);
    }
    cr_assert(same(spawn_position(world, 1), (pecs_entity){ 0, ROUNDS + 1 }));
    pecs_query_destroy(all);
}

Test(size, moved_to_and_fro_it_does_not_grow)
{
    enum { COUNT = 500, ROUNDS = 1000 };
    static pecs_entity entities[COUNT];
    cr_assert_eq(pecs_world_spawn(world, NULL, 0, COUNT, entities), PECS_OK);
    uint64_t live = 0;
    for (uint32_t round = 0; round < ROUNDS; round++) {
        for (uint32_t i = 0; i < COUNT; i++) {
            must(pecs_world_set(world, entities[i], (pecs_value[]){ PECS_VALUE_AS(TEAM, Team, 1) }, 1) == PECS_OK);
        }
        for (uint32_t i = 0; i < COUNT; i++)
            must(pecs_world_remove(world, entities[i], (pecs_component[]){ TEAM }, 1) == PECS_OK);
        if (round == 2)
            live = counting.live_bytes;
        if (round >= 2)
            cr_assert_leq(counting.live_bytes, live, "round %u", round);
    }
    cr_assert_eq(summary_of(view()).table_count, 2);
}

Test(size, snapshots_taken_and_released_leave_nothing_behind)
{
    const pecs_entity entity = spawn_position(world, 1);
    uint64_t live = 0;
    for (uint32_t round = 0; round < 1000; round++) {
        pecs_snapshot *snapshot = take(world);
        cr_assert_eq(pecs_world_set(world, entity, (pecs_value[]){ PECS_VALUE_AS(POSITION, Position, 1, 2, 3) }, 1),
                     PECS_OK);
        pecs_snapshot_release(snapshot);
        if (round == 0)
            live = counting.live_bytes;
        cr_assert_eq(counting.live_bytes, live);
    }
}

enum { WIDE_BYTES = 1536 * 1024 };

Test(size, components_wider_than_a_chunk_have_a_row_each)
{
    static const pecs_field field = { "bytes", PECS_U8, 0, WIDE_BYTES, WIDE_BYTES, 0, NULL, NULL, 0, 0, 0 };
    static const pecs_type wide = { "Wide", { { 0 } }, 1, WIDE_BYTES, 1, 1, &field, 0 };
    const pecs_type *const types[] = { &wide, &Team_type };
    pecs_registry *other = make_registry(types, 2, counting_hooks);
    pecs_world *large = make_world(other, NULL);
    static uint8_t bytes[3 * WIDE_BYTES];
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (uint8_t)(i / 1000);
    pecs_entity entities[3];
    const Team teams[] = { { 5 }, { 6 }, { 7 } };
    const pecs_value values[] = { { 0, WIDE_BYTES, bytes }, { 1, 1, teams } };
    cr_assert_eq(pecs_world_spawn(large, values, 2, 3, entities), PECS_OK);
    cr_assert_eq(table_chunk_rows(state_table(large->state, 0)), 1);
    cr_assert_eq(pecs_world_despawn(large, &entities[0], 1), PECS_OK);
    for (int i = 1; i < 3; i++) {
        const void *value = pecs_view_get(pecs_world_view(large), entities[i], 0, WIDE_BYTES);
        cr_assert_arr_eq(value, bytes + i * WIDE_BYTES, WIDE_BYTES);
        cr_assert_eq(*(const uint8_t *)pecs_view_get(pecs_world_view(large), entities[i], 1, 1), 5 + i);
    }
    pecs_snapshot *snapshot = take(large);
    cr_assert_eq(pecs_world_set(large, entities[1], values, 1), PECS_OK);
    cr_assert_eq(pecs_world_copied_bytes(large), WIDE_BYTES, "one row is copied, not both");
    const uint8_t *old = pecs_view_get(pecs_snapshot_view(snapshot), entities[1], 0, WIDE_BYTES);
    cr_assert_eq(old[0], (uint8_t)(WIDE_BYTES / 1000));
    check_world(large);
    pecs_snapshot_release(snapshot);
    pecs_world_destroy(large);
    pecs_registry_release(other);
}

enum { MANY_TYPES = 100 };
static char many_names[1024][16];
static pecs_type many_types[1024];
static const pecs_type *many_list[1024];
static const pecs_field u32_field = { "value", PECS_U32, 0, 4, 1, 0, NULL, NULL, 0, 0, 0 };

static void make_many_types(uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        snprintf(many_names[i], sizeof(many_names[i]), "type %u", i);
        many_types[i] = (pecs_type){ many_names[i], { { 0 } }, 1, 4, 4, 1, &u32_field, 0 };
        many_list[i] = &many_types[i];
    }
}

Test(size, a_table_of_a_hundred_components)
{
    make_many_types(MANY_TYPES);
    pecs_registry *other = make_registry(many_list, MANY_TYPES, counting_hooks);
    pecs_world *broad = make_world(other, NULL);
    uint32_t numbers[MANY_TYPES];
    pecs_value values[MANY_TYPES];
    for (uint32_t i = 0; i < MANY_TYPES; i++) {
        const uint32_t component = i * 37 % MANY_TYPES; /* in no order */
        numbers[component] = component * 11;
        values[i] = (pecs_value){ component, 4, &numbers[component] };
    }
    const pecs_entity a = spawn_one(broad, values, MANY_TYPES), b = spawn_one(broad, values, MANY_TYPES);
    cr_assert_eq(pecs_world_remove(broad, a, (pecs_component[]){ 50, 0, 99 }, 3), PECS_OK);
    for (uint32_t i = 0; i < MANY_TYPES; i++) {
        const uint32_t *in_a = pecs_view_get(pecs_world_view(broad), a, i, 4);
        const uint32_t *in_b = pecs_view_get(pecs_world_view(broad), b, i, 4);
        cr_assert_eq(*in_b, i * 11);
        if (i == 0 || i == 50 || i == 99)
            cr_assert_null(in_a);
        else
            cr_assert_eq(*in_a, i * 11);
    }
    check_world(broad);
    pecs_world_destroy(broad);
    pecs_registry_release(other);
}

/*
 * Every subset of 14 components but the first 10,000 of them: as many tables. The system's memory: the counted one is
 * slow.
 */
Test(size, ten_thousand_tables)
{
    enum { TABLES = 10000, TYPES = 14 };
    make_many_types(TYPES);
    pecs_registry *other = make_registry(many_list, TYPES, system_memory);
    pecs_world *wide = make_world(other, NULL);
    static pecs_entity entities[TABLES];
    for (uint32_t bits = 0; bits < TABLES; bits++) {
        pecs_value values[TYPES];
        size_t count = 0;
        for (uint32_t i = 0; i < TYPES; i++)
            if (bits >> i & 1)
                values[count++] = (pecs_value){ i, 4, &bits };
        entities[bits] = spawn_one(wide, values, count);
    }
    cr_assert_eq(summary_of(pecs_world_view(wide)).table_count, TABLES);
    for (uint32_t bits = 0; bits < TABLES; bits++)
        for (uint32_t i = 0; i < TYPES; i++) {
            const uint32_t *value = pecs_view_get(pecs_world_view(wide), entities[bits], i, 4);
            must(bits >> i & 1 ? value && *value == bits : !value);
        }
    pecs_query *query = make_query(other, (pecs_term[]){ { 13, PECS_WITH }, { 0, PECS_WITHOUT } }, 2);
    uint64_t count;
    cr_assert_eq(pecs_query_count(query, pecs_world_view(wide)), (TABLES - 8192) / 2);
    cr_assert_eq(pecs_world_despawn_matching(wide, query, &count), PECS_OK);
    cr_assert_eq(count, 904);
    check_world(wide);
    pecs_query_destroy(query);
    pecs_world_destroy(wide);
    pecs_registry_release(other);
}

/*
 * Values, handles and components given to an edit may lie in the world itself. The allocator spoils what is given back,
 * so a value that is read too late shows.
 */

/* The arrays that the values lie in are replaced: by larger ones, by copies when a snapshot shares them. */
Test(own_values, spawned_from_a_row_of_the_same_table)
{
    enum { COUNT = 3 * CHUNK_ROWS + 5 };
    pecs_snapshot *shared = NULL;
    const pecs_entity first =
        spawn_one(world, (pecs_value[]){ PECS_VALUE_AS(POSITION, Position, 1, 2, 3), PECS_VALUE_AS(TEAM, Team, 9) }, 2);
    for (uint32_t i = 1; i < COUNT; i++) {
        if (i % 100 == 0) {
            shared = take(world);
            pecs_snapshot_release(shared);
        }
        const pecs_entity last = { i - 1, 1 };
        const pecs_value values[] = { { POSITION, sizeof(Position), position_of(last) },
                                      { TEAM, sizeof(Team), pecs_get_as(view(), last, TEAM, Team) } };
        spawn_one(world, values, 2);
    }
    for (uint32_t i = 0; i < COUNT; i++) {
        const Position *position = position_of((pecs_entity){ i, 1 });
        must(position->x == 1 && position->y == 2 && position->z == 3);
        must(pecs_get_as(view(), ((pecs_entity){ i, 1 }), TEAM, Team)->number == 9);
    }
    cr_assert_eq(first.index, 0);
}

/* Many at once, from the column of an iteration that has ended: rows double again and again. */
Test(own_values, spawned_from_a_whole_column)
{
    pecs_query *all = make_query(registry, &(pecs_term){ POSITION, PECS_READ }, 1);
    Position positions[100];
    for (int i = 0; i < 100; i++)
        positions[i] = (Position){ (float)i, 0, 0 };
    cr_assert_eq(pecs_world_spawn(world, (pecs_value[]){ PECS_ROWS_AS(POSITION, positions) }, 1, 100, NULL), PECS_OK);
    for (int round = 0; round < 6; round++) {
        pecs_iter iter = pecs_query_iter(all, view(), NULL);
        cr_assert(pecs_iter_next(&iter));
        const size_t count = iter.row_count;
        const pecs_value values[] = { { POSITION, sizeof(Position), pecs_column_as(&iter, POSITION, Position) } };
        cr_assert_eq(pecs_iter_end(&iter), PECS_OK);
        cr_assert_eq(pecs_world_spawn(world, values, 1, count, NULL), PECS_OK);
    }
    for (uint32_t i = 0; i < 4096; i++)
        must(position_of((pecs_entity){ i, 1 })->x == (float)(i % 100));
    pecs_query_destroy(all);
}

Test(own_values, set_where_the_entity_stays)
{
    const pecs_entity a = spawn_position(world, 1), b = spawn_position(world, 2);
    for (int held = 0; held < 2; held++) {
        pecs_snapshot *shared = take(world);
        const Position *from = position_of(a);
        if (!held)
            pecs_snapshot_release(shared);
        cr_assert_eq(pecs_world_set(world, b, (pecs_value[]){ { POSITION, sizeof(Position), from } }, 1), PECS_OK);
        cr_assert_eq(position_of(b)->x, 1);
        cr_assert_eq(position_of(a)->x, 1);
        if (held)
            pecs_snapshot_release(shared);
    }
}

/* The row of the value goes, or another takes its place, before the value is in its own. */
Test(own_values, set_where_the_entity_moves)
{
    for (int source = 0; source < 3; source++) {
        const pecs_entity entities[] = { spawn_position(world, 1), spawn_position(world, 2), spawn_position(world, 3) };
        /* Health is as wide as two of Position's members: its value is read from them */
        const Position *from = position_of(entities[source]);
        const Health expected = { 0, 0 };
        memcpy((void *)(uintptr_t)&expected, from, sizeof(expected));
        cr_assert_eq(pecs_world_set(world, entities[0], (pecs_value[]){ { HEALTH, sizeof(Health), from } }, 1),
                     PECS_OK);
        cr_assert_eq(memcmp(health_of(entities[0]), &expected, sizeof(expected)), 0, "from entity %d", source);
        cr_assert_eq(position_of(entities[0])->x, 1);
        cr_assert_eq(pecs_world_despawn(world, entities, 3), PECS_OK);
    }
}

/* Each value is what it was before the call, also when another value of the call goes where it lies. */
Test(own_values, set_swaps)
{
    static const pecs_field number[] = { { "n", PECS_U32, 0, 4, 1, 0, NULL, NULL, 0, 0, 0 } };
    static const pecs_type a = { "A", { { 0 } }, 1, 4, 4, 1, number, 0 }, b = { "B", { { 0 } }, 1, 4, 4, 1, number, 0 };
    static const pecs_type *const types[] = { &a, &b };
    pecs_registry *two = make_registry(types, 2, counting_hooks);
    pecs_world *swapped = make_world(two, NULL);
    const pecs_view of = pecs_world_view(swapped);
    const pecs_entity entity =
        spawn_one(swapped, (pecs_value[]){ PECS_VALUE_AS(0, uint32_t, 1), PECS_VALUE_AS(1, uint32_t, 2) }, 2);
    const pecs_value values[] = { { 0, 4, pecs_view_get(of, entity, 1, 4) },
                                  { 1, 4, pecs_view_get(of, entity, 0, 4) } };
    cr_assert_eq(pecs_world_set(swapped, entity, values, 2), PECS_OK);
    cr_assert_eq(*pecs_get_as(of, entity, 0, uint32_t), 2);
    cr_assert_eq(*pecs_get_as(of, entity, 1, uint32_t), 1);
    pecs_world_destroy(swapped);
    pecs_registry_release(two);
}

Test(own_values, singletons)
{
    const Position at = { 4, 5, 6 };
    const pecs_entity entity = spawn_position(world, 7);
    cr_assert_eq(pecs_world_set_singleton(world, POSITION, sizeof(at), &at), PECS_OK);
    const Position *own = pecs_get_singleton_as(view(), POSITION, Position);
    cr_assert_eq(pecs_world_set_singleton(world, HEALTH, sizeof(Health), own), PECS_OK);
    cr_assert_eq(memcmp(pecs_get_singleton_as(view(), HEALTH, Health), &at, sizeof(Health)), 0);
    cr_assert_eq(pecs_world_set_singleton(world, POSITION, sizeof(at), position_of(entity)), PECS_OK);
    cr_assert_eq(pecs_get_singleton_as(view(), POSITION, Position)->x, 7);
}

/* Larger than what is copied without an allocation. */
Test(own_values, a_wide_component)
{
    static const pecs_field bytes[] = { { "bytes", PECS_U8, 0, 5000, 5000, 0, NULL, NULL, 0, 0, 0 } };
    static const pecs_type wide = { "Wide", { { 0 } }, 1, 5000, 1, 1, bytes, 0 };
    static const pecs_type *const types[] = { &wide };
    static uint8_t value[5000];
    memset(value, 7, sizeof(value));
    pecs_registry *one = make_registry(types, 1, counting_hooks);
    pecs_world *of = make_world(one, NULL);
    const pecs_entity a = spawn_one(of, &(pecs_value){ 0, sizeof(value), value }, 1), b = spawn_one(of, NULL, 0);
    const void *own = pecs_view_get(pecs_world_view(of), a, 0, sizeof(value));
    cr_assert_eq(pecs_world_set(of, b, &(pecs_value){ 0, sizeof(value), own }, 1), PECS_OK);
    cr_assert_eq(memcmp(pecs_view_get(pecs_world_view(of), b, 0, sizeof(value)), value, sizeof(value)), 0);
    pecs_world_destroy(of);
    pecs_registry_release(one);
}

/* Rows change while their entities go: the handles are those of the rows as they were. */
Test(own_values, handles_of_rows)
{
    pecs_query *all = make_query(registry, &(pecs_term){ POSITION, PECS_READ }, 1);
    for (int i = 0; i < 10; i++)
        spawn_position(world, (float)i);
    pecs_iter iter = pecs_query_iter(all, view(), NULL);
    cr_assert(pecs_iter_next(&iter));
    const pecs_entity *handles = iter.entities;
    cr_assert_eq(pecs_iter_end(&iter), PECS_OK);
    cr_assert_eq(pecs_world_despawn(world, handles + 2, 5), PECS_OK);
    for (uint32_t i = 0; i < 10; i++)
        cr_assert_eq(pecs_view_alive(view(), (pecs_entity){ i, 1 }), i < 2 || i >= 7, "entity %u", i);
    pecs_query_destroy(all);
}

Test(own_values, components_of_the_entity)
{
    const pecs_entity entity =
        spawn_one(world, (pecs_value[]){ PECS_VALUE_AS(POSITION, Position, 1, 0, 0), PECS_HAS_AS(FROZEN) }, 2);
    size_t count;
    const pecs_component *components = pecs_view_components(view(), entity, &count);
    cr_assert_eq(pecs_world_remove(world, entity, components, count), PECS_OK);
    pecs_view_components(view(), entity, &count);
    cr_assert_eq(count, 0);
    cr_assert(pecs_view_alive(view(), entity));
}

/* Given back when the edit has ended: an array that was replaced lives no longer than it must. */
Test(own_values, what_was_replaced_is_given_back)
{
    spawn_position(world, 1);
    for (uint32_t i = 0; i < 1000; i++)
        spawn_one(world, (pecs_value[]){ { POSITION, sizeof(Position), position_of((pecs_entity){ i, 1 }) } }, 1);
    cr_assert_eq(world->gate.limbo_count, 0);
    cr_assert_eq(world->gate.hold_count, 0);
}
