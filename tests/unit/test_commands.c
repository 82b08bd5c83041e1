/*
 * Command buffers: what each command does when it is applied, in which order, what is skipped and counted, and what is
 * refused.
 */
#include "commands_fixture.h"

TestSuite(commands, .init = set_up_with_commands, .fini = strike_with_commands);

Test(commands, nothing_changes_before_apply)
{
    const pecs_entity entity = spawn_position(world, 1);
    const struct photograph before = photograph_of(view());
    command_spawn(NULL, 0);
    command_team(entity, 3);
    command_remove(entity, POSITION);
    command_despawn(entity);
    const struct photograph after = photograph_of(view());
    cr_assert(same_photograph(&before, &after));
}

Test(commands, spawn_makes_an_entity)
{
    const pecs_entity provisional =
        command_spawn((pecs_value[]){ PECS_VALUE_AS(POSITION, Position, 1, 2, 3), PECS_HAS_AS(FROZEN) }, 2);
    cr_assert_eq(apply(), 0);
    const pecs_entity entity = pecs_commands_resolve(commands, provisional);
    cr_assert(same(entity, (pecs_entity){ 0, 1 }));
    cr_assert_eq(pecs_get_as(view(), entity, POSITION, Position)->z, 3);
    cr_assert(pecs_view_has(view(), entity, FROZEN));
}

Test(commands, set_adds_and_replaces)
{
    const pecs_entity a = spawn_position(world, 1);
    const pecs_entity b = spawn_one(world, (pecs_value[]){ PECS_VALUE_AS(TEAM, Team, 2) }, 1);
    command_team(a, 8);
    command_team(b, 9);
    cr_assert_eq(apply(), 0);
    cr_assert_eq(team_of(a), 8);
    cr_assert_eq(team_of(b), 9);
    cr_assert_eq(pecs_get_as(view(), a, POSITION, Position)->x, 1);
}

Test(commands, set_without_data_is_zero)
{
    const pecs_entity a = spawn_one(world, (pecs_value[]){ PECS_VALUE_AS(TEAM, Team, 2) }, 1),
                      b = spawn_position(world, 1);
    const pecs_value zero[] = { { TEAM, sizeof(Team), NULL } };
    cr_assert_eq(pecs_commands_set(commands, a, zero, 1), PECS_OK);
    cr_assert_eq(pecs_commands_set(commands, b, zero, 1), PECS_OK);
    cr_assert_eq(apply(), 0);
    cr_assert_eq(team_of(a), 0);
    cr_assert_eq(team_of(b), 0);
}

Test(commands, remove_takes_away_what_is_there)
{
    const pecs_entity entity =
        spawn_one(world, (pecs_value[]){ PECS_VALUE_AS(TEAM, Team, 2), PECS_VALUE_AS(POSITION, Position, 5, 0, 0) }, 2);
    cr_assert_eq(pecs_commands_remove(commands, entity, (pecs_component[]){ TEAM, HEALTH }, 2), PECS_OK);
    cr_assert_eq(apply(), 0);
    cr_assert_eq(team_of(entity), -1);
    cr_assert_eq(pecs_get_as(view(), entity, POSITION, Position)->x, 5);
}

Test(commands, despawn_ends_the_entity)
{
    const pecs_entity entity = spawn_position(world, 1), other = spawn_position(world, 2);
    command_despawn(entity);
    cr_assert_eq(apply(), 0);
    cr_assert_not(pecs_view_alive(view(), entity));
    cr_assert_eq(pecs_get_as(view(), other, POSITION, Position)->x, 2);
}

Test(commands, the_last_command_on_a_component_wins)
{
    const pecs_entity a = spawn_position(world, 1), b = spawn_position(world, 1), c = spawn_position(world, 1);
    const pecs_entity d = spawn_one(world, (pecs_value[]){ PECS_VALUE_AS(TEAM, Team, 2) }, 1);
    command_team(a, 1);
    command_team(a, 2);
    command_team(b, 3);
    command_remove(b, TEAM);
    command_team(c, 4);
    command_remove(c, TEAM);
    command_team(c, 5);
    command_remove(d, TEAM);
    command_team(d, 6);
    cr_assert_eq(apply(), 0);
    cr_assert_eq(team_of(a), 2);
    cr_assert_eq(team_of(b), -1);
    cr_assert_eq(team_of(c), 5);
    cr_assert_eq(team_of(d), 6);
    cr_assert_eq(summary_of(view()).table_count, 3, "one table between, for all of them");
}

/* A value set before a removal must not come back with a later set without data. */
Test(commands, set_after_remove_forgets_the_old_value)
{
    const pecs_entity a = spawn_one(world, (pecs_value[]){ PECS_VALUE_AS(TEAM, Team, 2) }, 1);
    command_remove(a, TEAM);
    cr_assert_eq(pecs_commands_set(commands, a, (pecs_value[]){ { TEAM, sizeof(Team), NULL } }, 1), PECS_OK);
    cr_assert_eq(apply(), 0);
    cr_assert_eq(team_of(a), 0);
}

Test(commands, commands_on_the_dead_are_skipped_and_counted)
{
    const pecs_entity dead = spawn_position(world, 1), living = spawn_position(world, 2);
    cr_assert_eq(pecs_world_despawn(world, &dead, 1), PECS_OK);
    command_team(dead, 1);
    command_remove(dead, TEAM);
    command_despawn(dead);
    command_team((pecs_entity){ 1000, 1 }, 1);
    command_team(none, 1);
    command_team(living, 7);
    cr_assert_eq(apply(), 5);
    cr_assert_eq(team_of(living), 7);
    cr_assert_eq(summary_of(view()).entity_count, 1);
    cr_assert_eq(summary_of(view()).table_count, 2);
}

/* Spawns take the slots of those that die in the same batch: what was readied at the end of the index is given back. */
Test(commands, spawns_in_the_place_of_the_dead_take_no_memory)
{
    enum { COUNT = 20000 };
    static pecs_entity entities[COUNT];
    cr_assert_eq(pecs_world_spawn(world, NULL, 0, COUNT, entities), PECS_OK);
    for (int i = 0; i < COUNT; i++) {
        command_despawn(entities[i]);
        command_spawn(NULL, 0);
    }
    cr_assert_eq(apply(), 0);
    const struct entity_index *index = state_index(world->state);
    cr_assert_eq(index->records.count, COUNT);
    for (uint64_t chunk = index_chunk_count(index); chunk < 2 * index_chunk_count(index); chunk++)
        cr_assert_null(tree_get(&index->records.chunks, chunk), "chunk %u is behind the rows", (unsigned)chunk);
}

Test(commands, commands_after_a_despawn_are_skipped_and_counted)
{
    const pecs_entity entity = spawn_position(world, 1);
    command_team(entity, 1);
    command_despawn(entity);
    command_team(entity, 2);
    command_despawn(entity);
    command_remove(entity, POSITION);
    cr_assert_eq(apply(), 3);
    cr_assert_not(pecs_view_alive(view(), entity));
    cr_assert_eq(summary_of(view()).table_count, 1, "no table for an entity that does not stay");
}

Test(commands, the_count_of_skipped_need_not_be_wanted)
{
    command_team(none, 1);
    cr_assert_eq(pecs_commands_apply(commands, world, NULL), PECS_OK);
}

/* Slots go to spawns in the order of the commands; what dies before gives its slot to what comes after. */
Test(commands, entities_are_changed_in_the_order_of_their_first_commands)
{
    pecs_entity old[4], fresh[4];
    for (int i = 0; i < 4; i++)
        old[i] = spawn_position(world, (float)i);
    fresh[0] = command_spawn(NULL, 0);
    command_despawn(old[2]);
    fresh[1] = command_spawn(NULL, 0);
    command_team(old[1], 1);
    command_despawn(old[0]);
    command_despawn(old[1]); /* at the place of its first command: before old[0] */
    fresh[2] = command_spawn(NULL, 0);
    fresh[3] = command_spawn(NULL, 0);
    cr_assert_eq(apply(), 0);
    const pecs_entity expected[] = { { 4, 1 }, { 2, 2 }, { 0, 2 }, { 1, 2 } };
    for (int i = 0; i < 4; i++)
        cr_assert(same(pecs_commands_resolve(commands, fresh[i]), expected[i]), "spawn %d: %u", i,
                  pecs_commands_resolve(commands, fresh[i]).index);
}

/* Moves among three tables of many rows, each row with a value of its own. */
Test(commands, large_batches_keep_every_value)
{
    enum { COUNT = CHUNK_ROWS + 300 };
    static pecs_entity entities[COUNT];
    for (uint32_t i = 0; i < COUNT; i++)
        entities[i] = spawn_position(world, (float)i);
    for (uint32_t i = 0; i < COUNT; i++) {
        const pecs_entity entity = entities[i * 11 % COUNT];
        const uint32_t number = i * 11 % COUNT;
        if (number % 5 == 0)
            command_despawn(entity);
        else if (number % 5 < 3)
            command_team(entity, (uint8_t)number);
        else if (number % 5 == 3)
            command_remove(entity, POSITION);
    }
    for (uint32_t i = 0; i < 500; i++)
        command_spawn((pecs_value[]){ PECS_VALUE_AS(POSITION, Position, (float)(COUNT + i), 0, 0) }, 1);
    cr_assert_eq(apply(), 0);
    for (uint32_t i = 0; i < COUNT; i++) {
        const Position *position = pecs_get_as(view(), entities[i], POSITION, Position);
        must(pecs_view_alive(view(), entities[i]) == (i % 5 != 0));
        must(i % 5 == 0 || i % 5 == 3 ? !position : position->x == (float)i);
        must(team_of(entities[i]) == (i % 5 == 1 || i % 5 == 2 ? (uint8_t)i : -1));
    }
    cr_assert_eq(summary_of(view()).entity_count, COUNT - (COUNT + 4) / 5 + 500);
}

/* A batch does what the same edits do one by one, when each entity has one command. */
Test(commands, a_batch_equals_the_edits_it_stands_for)
{
    pecs_world *other = make_world(registry, NULL);
    for (uint32_t i = 0; i < 100; i++) {
        spawn_position(world, (float)i);
        spawn_position(other, (float)i);
    }
    for (uint32_t i = 0; i < 100; i++) {
        const pecs_entity entity = { i * 37 % 100, 1 };
        const pecs_value team = PECS_VALUE_AS(TEAM, Team, (uint8_t)i);
        if (i % 4 == 0) {
            command_despawn(entity);
            cr_assert_eq(pecs_world_despawn(other, &entity, 1), PECS_OK);
        } else if (i % 4 == 1) {
            command_team(entity, (uint8_t)i);
            cr_assert_eq(pecs_world_set(other, entity, &team, 1), PECS_OK);
        } else if (i % 4 == 2) {
            command_spawn(&team, 1);
            spawn_one(other, &team, 1);
        } else {
            command_remove(entity, POSITION);
            cr_assert_eq(pecs_world_remove(other, entity, (pecs_component[]){ POSITION }, 1), PECS_OK);
        }
    }
    cr_assert_eq(apply(), 0);
    const struct photograph a = photograph_of(view()), b = photograph_of(pecs_world_view(other));
    cr_assert(same_photograph(&a, &b));
    pecs_world_destroy(other);
}

Test(commands, apply_empties_the_buffer)
{
    const pecs_entity entity = spawn_position(world, 1);
    command_spawn(NULL, 0);
    command_team(entity, 1);
    cr_assert_eq(apply(), 0);
    const struct photograph before = photograph_of(view());
    cr_assert_eq(apply(), 0);
    const struct photograph after = photograph_of(view());
    cr_assert(same_photograph(&before, &after));
}

Test(commands, clear_forgets_what_is_recorded)
{
    const pecs_entity entity = spawn_position(world, 1);
    command_spawn(NULL, 0);
    command_despawn(entity);
    pecs_commands_clear(commands);
    cr_assert_eq(apply(), 0);
    cr_assert(pecs_view_alive(view(), entity));
    cr_assert_eq(summary_of(view()).entity_count, 1);
}

/* One buffer for two worlds of its registry. */
Test(commands, a_buffer_serves_any_world_of_its_registry)
{
    pecs_world *other = make_world(registry, NULL);
    command_spawn(NULL, 0);
    cr_assert_eq(apply(), 0);
    command_spawn(NULL, 0);
    command_spawn(NULL, 0);
    cr_assert_eq(pecs_commands_apply(commands, other, NULL), PECS_OK);
    cr_assert_eq(summary_of(view()).entity_count, 1);
    cr_assert_eq(summary_of(pecs_world_view(other)).entity_count, 2);
    pecs_world_destroy(other);
}

Test(commands, busy_keeps_the_buffer)
{
    const pecs_entity entity = spawn_position(world, 1);
    pecs_query *query = make_query(registry, NULL, 0);
    command_team(entity, 5);
    uint64_t skipped_count = 77;
    for (int is_edit = 0; is_edit < 2; is_edit++) {
        pecs_iter iter = is_edit ? pecs_query_iter_mut(query, world, NULL) : pecs_query_iter(query, view(), NULL);
        cr_assert_eq(pecs_commands_apply(commands, world, &skipped_count), PECS_E_BUSY);
        cr_assert_eq(pecs_iter_end(&iter), PECS_OK);
    }
    cr_assert_eq(skipped_count, 77);
    cr_assert_eq(team_of(entity), -1);
    cr_assert_eq(apply(), 0);
    cr_assert_eq(team_of(entity), 5);
    pecs_query_destroy(query);
}

Test(commands, a_limit_keeps_world_and_buffer)
{
    spawn_position(world, 1);
    struct entity_index *index = edit_index(world);
    command_spawn((pecs_value[]){ PECS_VALUE_AS(TEAM, Team, 1) }, 1);
    index->records.count = UINT32_MAX - 1; /* as if all slots were used */
    cr_assert_eq(pecs_commands_apply(commands, world, NULL), PECS_E_LIMIT);
    index->records.count = 1;
    cr_assert_eq(summary_of(view()).table_count, 1);
    check_world(world);
    cr_assert_eq(apply(), 0);
    cr_assert_eq(summary_of(view()).entity_count, 2);
}

Test(commands, another_registry_is_misuse)
{
    pecs_registry *other = counting_registry();
    pecs_world *foreign = make_world(other, NULL);
    command_spawn(NULL, 0);
    cr_assert_eq(pecs_commands_apply(commands, foreign, NULL), PECS_E_MISUSE);
    cr_assert_eq(summary_of(pecs_world_view(foreign)).entity_count, 0);
    cr_assert_eq(apply(), 0);
    cr_assert_eq(summary_of(view()).entity_count, 1);
    pecs_world_destroy(foreign);
    pecs_registry_release(other);
}

Test(commands, misuse_records_nothing)
{
    const pecs_entity entity = spawn_position(world, 1);
    const pecs_value unknown[] = { { FIXTURE_TYPE_COUNT, 1, NULL } }, wrong_size[] = { { TEAM, 2, NULL } };
    const pecs_value twice[] = { { TEAM, 1, NULL }, { TEAM, 1, NULL } };
    const pecs_component beyond[] = { TEAM, FIXTURE_TYPE_COUNT };
    pecs_entity untouched = { 8, 8 };
    cr_assert_eq(pecs_commands_spawn(commands, unknown, 1, &untouched), PECS_E_MISUSE);
    cr_assert_eq(pecs_commands_spawn(commands, wrong_size, 1, &untouched), PECS_E_MISUSE);
    cr_assert_eq(pecs_commands_spawn(commands, twice, 2, &untouched), PECS_E_MISUSE);
    cr_assert_eq(pecs_commands_spawn(commands, NULL, 1, &untouched), PECS_E_MISUSE);
    cr_assert_eq(pecs_commands_set(commands, entity, unknown, 1), PECS_E_MISUSE);
    cr_assert_eq(pecs_commands_set(commands, entity, wrong_size, 1), PECS_E_MISUSE);
    cr_assert_eq(pecs_commands_set(commands, entity, twice, 2), PECS_E_MISUSE);
    cr_assert_eq(pecs_commands_remove(commands, entity, beyond, 2), PECS_E_MISUSE);
    cr_assert_eq(pecs_commands_remove(commands, entity, NULL, 1), PECS_E_MISUSE);
    cr_assert(same(untouched, (pecs_entity){ 8, 8 }));
    const struct photograph before = photograph_of(view());
    cr_assert_eq(apply(), 0);
    const struct photograph after = photograph_of(view());
    cr_assert(same_photograph(&before, &after));
}

Test(commands, misuse_of_create_and_destroy_of_null)
{
    pecs_commands *untouched = NULL;
    cr_assert_eq(pecs_commands_create(NULL, &untouched), PECS_E_MISUSE);
    cr_assert_null(untouched);
    cr_assert_eq(pecs_commands_create(registry, NULL), PECS_E_MISUSE);
    cr_assert_eq(pecs_commands_apply(commands, NULL, NULL), PECS_E_MISUSE);
    cr_assert_eq(pecs_commands_apply(NULL, world, NULL), PECS_E_MISUSE);
    pecs_commands_destroy(NULL);
}

Test(commands, a_buffer_with_commands_may_be_destroyed)
{
    pecs_commands *other;
    cr_assert_eq(pecs_commands_create(registry, &other), PECS_OK);
    cr_assert_eq(pecs_commands_spawn(other, (pecs_value[]){ PECS_VALUE_AS(TEAM, Team, 1) }, 1, NULL), PECS_OK);
    pecs_commands_destroy(other);
}

Test(commands, it_holds_its_registry)
{
    pecs_registry *other = counting_registry();
    pecs_commands *alone;
    cr_assert_eq(pecs_commands_create(other, &alone), PECS_OK);
    pecs_registry_release(other);
    cr_assert_eq(pecs_commands_spawn(alone, (pecs_value[]){ PECS_VALUE_AS(TEAM, Team, 1) }, 1, NULL), PECS_OK);
    pecs_commands_destroy(alone);
}

/* The tables of a large batch are still there: the small one must not be taken for part of it. */
Test(commands, a_small_batch_after_a_large_one)
{
    pecs_entity entities[100];
    for (uint32_t i = 0; i < 100; i++)
        entities[i] = spawn_position(world, (float)i);
    for (uint32_t round = 0; round < 20; round++) {
        const uint32_t count = round % 2 ? 3 : 1000;
        for (uint32_t i = 0; i < count; i++)
            command_team(entities[i * 7 % 100], (uint8_t)(round + i));
        cr_assert_eq(apply(), 0);
        for (uint32_t i = count - (count < 100 ? count : 100); i < count; i++)
            cr_assert_eq(team_of(entities[i * 7 % 100]), (uint8_t)(round + i));
    }
}

/* Each round reuses the buffer's memory. */
Test(commands, a_buffer_does_not_grow)
{
    uint64_t live = 0;
    for (uint32_t round = 0; round < 1000; round++) {
        pecs_entity provisional[10];
        for (int i = 0; i < 10; i++)
            provisional[i] = command_spawn((pecs_value[]){ PECS_VALUE_AS(TEAM, Team, 1) }, 1);
        cr_assert_eq(pecs_commands_apply(commands, world, NULL), PECS_OK);
        for (int i = 0; i < 10; i++)
            command_despawn(pecs_commands_resolve(commands, provisional[i]));
        cr_assert_eq(pecs_commands_apply(commands, world, NULL), PECS_OK);
        if (round == 2)
            live = counting.live_bytes;
        if (round >= 2)
            cr_assert_leq(counting.live_bytes, live);
    }
}
