/*
 * Spawning and despawning: what each does, which status it refuses with, and that a refused edit changes nothing. After
 * each test the world's inside is checked.
 */
#include "one_world_fixture.h"

TestSuite(spawn, .init = set_up, .fini = strike);
TestSuite(despawn, .init = set_up, .fini = strike);

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
