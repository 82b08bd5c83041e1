/*
 * Edits of living entities: set, remove and edit, what each does, and that a refused one changes nothing. And edits
 * whose values lie in the world itself. After each test the world's inside is checked.
 */
#include "one_world_fixture.h"

TestSuite(set, .init = set_up, .fini = strike);
TestSuite(remove, .init = set_up, .fini = strike);
TestSuite(edit, .init = set_up, .fini = strike);
TestSuite(own_values, .init = set_up, .fini = strike);

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
