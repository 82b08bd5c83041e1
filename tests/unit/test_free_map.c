/*
 * The free map: the lowest free slots first, counts that agree with the index, room that follows it, and failures that
 * change nothing. The indexes are those of worlds; most tests then take and give by hand.
 */
#include "world_fixture.h"

static pecs_registry *registry;
static pecs_world *world;

static void set_up(void)
{
    registry = counting_registry();
    world = make_world(registry, NULL);
}

static void strike(void)
{
    pecs_world_destroy(world);
    pecs_registry_release(registry);
    assert_no_leak();
}

TestSuite(free_map, .init = set_up, .fini = strike);

enum { MANY = 3 * CHUNK_ROWS + 100 };

/* Fills the index with MANY slots of entities without components. */
static pecs_entity *spawn_many(void)
{
    pecs_entity *entities = malloc(MANY * sizeof(*entities));
    cr_assert_eq(pecs_world_spawn(world, NULL, 0, MANY, entities), PECS_OK);
    return entities;
}

static void despawn(pecs_entity entity)
{
    must(pecs_world_despawn(world, &entity, 1) == PECS_OK);
}

static uint64_t free_count(void)
{
    return summary_of(pecs_world_view(world)).free_count;
}

Test(free_map, slots_are_new_while_none_is_free)
{
    for (uint32_t i = 0; i < 10; i++)
        cr_assert(same(spawn_position(world, 0), (pecs_entity){ i, 1 }));
    cr_assert_not(world->free_map.is_valid, "no map is made before a slot is free");
}

Test(free_map, the_lowest_free_slot_is_taken_first)
{
    pecs_entity *entities = spawn_many();
    const uint32_t gone[] = { 9000, 5, 4096, 4095, 64, 63, 12387, 8191, 0 };
    const uint32_t order[] = { 0, 5, 63, 64, 4095, 4096, 8191, 9000, 12387 };
    for (size_t i = 0; i < 9; i++)
        despawn(entities[gone[i]]);
    cr_assert_eq(free_count(), 9);
    for (size_t i = 0; i < 9; i++) {
        const pecs_entity entity = spawn_position(world, 0);
        cr_assert(same(entity, (pecs_entity){ order[i], 2 }), "%u instead of %u", entity.index, order[i]);
        check_world(world);
    }
    cr_assert_eq(free_count(), 0);
    cr_assert(same(spawn_position(world, 0), (pecs_entity){ MANY, 1 }));
    free(entities);
}

Test(free_map, one_spawn_of_many_takes_free_slots_and_then_new_ones)
{
    pecs_entity *entities = spawn_many(), fresh[6];
    const pecs_entity gone[] = { entities[4096], entities[3], entities[70] };
    cr_assert_eq(pecs_world_despawn(world, gone, 3), PECS_OK);
    cr_assert_eq(pecs_world_spawn(world, NULL, 0, 6, fresh), PECS_OK);
    const pecs_entity expected[] = {
        { 3, 2 }, { 70, 2 }, { 4096, 2 }, { MANY, 1 }, { MANY + 1, 1 }, { MANY + 2, 1 },
    };
    for (size_t i = 0; i < 6; i++)
        cr_assert(same(fresh[i], expected[i]), "place %zu: %u", i, fresh[i].index);
    check_world(world);
    free(entities);
}

/* A slot that dies below the lowest found so far is the next. */
Test(free_map, a_slot_freed_below_is_next)
{
    pecs_entity *entities = spawn_many();
    despawn(entities[10000]);
    despawn(entities[10001]);
    cr_assert_eq(spawn_position(world, 0).index, 10000);
    despawn(entities[7]);
    cr_assert_eq(spawn_position(world, 0).index, 7);
    cr_assert_eq(spawn_position(world, 0).index, 10001);
    check_world(world);
    free(entities);
}

Test(free_map, a_chunk_emptied_and_refilled_many_times)
{
    pecs_entity *entities = spawn_many();
    for (uint32_t round = 1; round <= 5; round++) {
        cr_assert_eq(pecs_world_despawn(world, entities, MANY), PECS_OK);
        cr_assert_eq(free_count(), MANY);
        check_world(world);
        cr_assert_eq(pecs_world_spawn(world, NULL, 0, MANY, entities), PECS_OK);
        for (uint32_t i = 0; i < MANY; i++)
            must(same(entities[i], (pecs_entity){ i, round + 1 }));
        check_world(world);
    }
    free(entities);
}

/* A map beside the world's own, over the same index. */

Test(free_map, reserve_returns_how_many_slots_are_to_be_appended)
{
    pecs_entity *entities = spawn_many();
    cr_assert_eq(pecs_world_despawn(world, entities, 5000), PECS_OK);
    struct free_map map = { 0 };
    uint64_t append_count = 99;
    cr_assert_eq(free_map_reserve(&map, &world->gate, world->state, edit_index(world), 4999, &append_count), PECS_OK);
    cr_assert_eq(append_count, 0);
    cr_assert_eq(free_map_reserve(&map, &world->gate, world->state, edit_index(world), 5000, &append_count), PECS_OK);
    cr_assert_eq(append_count, 0);
    cr_assert_eq(free_map_reserve(&map, &world->gate, world->state, edit_index(world), 5003, &append_count), PECS_OK);
    cr_assert_eq(append_count, 3);
    free_map_deinit(&map, registry->pool);
    free(entities);
}

Test(free_map, take_and_give_keep_the_counts)
{
    pecs_entity *entities = spawn_many();
    const pecs_entity gone[] = { entities[1], entities[2], entities[4097] };
    cr_assert_eq(pecs_world_despawn(world, gone, 3), PECS_OK);
    struct free_map map = { 0 };
    struct entity_index *index = edit_index(world);
    uint64_t append_count;
    cr_assert_eq(free_map_reserve(&map, &world->gate, world->state, index, 3, &append_count), PECS_OK);
    cr_assert_eq(state_free_in_chunk(world->state, 0), 2);
    cr_assert_eq(state_free_in_chunk(world->state, 1), 1);
    cr_assert_eq(free_map_take(&map, world->state, index), 1);
    cr_assert_eq(state_free_in_chunk(world->state, 0), 1);
    cr_assert_eq(world->state->free_count, 2);
    cr_assert_eq(free_map_take(&map, world->state, index), 2);
    cr_assert_eq(state_free_in_chunk(world->state, 0), 0);
    free_map_give(&map, world->state, index, 1);
    cr_assert_eq(state_free_in_chunk(world->state, 0), 1);
    cr_assert_eq(world->state->free_count, 2);
    cr_assert_eq(free_map_take(&map, world->state, index), 1);
    cr_assert_eq(free_map_take(&map, world->state, index), 4097);
    cr_assert_eq(world->state->free_count, 0);
    free_map_deinit(&map, registry->pool);
    free(entities);
}

/* Without a map, giving keeps the counts, and the map that is made later finds the slot. */
Test(free_map, what_was_given_before_the_map_is_found_by_it)
{
    pecs_entity *entities = spawn_many();
    despawn(entities[6000]);
    cr_assert_not(world->free_map.is_valid);
    cr_assert_eq(state_free_in_chunk(world->state, 1), 1);
    cr_assert_eq(spawn_position(world, 0).index, 6000);
    cr_assert(world->free_map.is_valid);
    free(entities);
}

Test(free_map, invalidated_it_is_made_anew)
{
    pecs_entity *entities = spawn_many();
    despawn(entities[10]);
    despawn(entities[5000]);
    cr_assert_eq(spawn_position(world, 0).index, 10);
    free_map_invalidate(&world->free_map, registry->pool);
    cr_assert_not(world->free_map.is_valid);
    despawn(entities[20]);
    cr_assert_eq(spawn_position(world, 0).index, 20);
    cr_assert_eq(spawn_position(world, 0).index, 5000);
    check_world(world);
    free(entities);
}

/* The map has room for 64 chunks first; an index of more needs more, while the map is in use. */
Test(free_map, room_follows_the_index)
{
    enum { CHUNKS = 150 };
    const pecs_entity first = spawn_position(world, 0);
    despawn(first);
    cr_assert_eq(spawn_position(world, 0).index, 0);
    cr_assert_eq(world->free_map.chunk_room, 64);
    pecs_entity *entities = malloc(CHUNKS * CHUNK_ROWS * sizeof(*entities));
    cr_assert_eq(pecs_world_spawn(world, NULL, 0, CHUNKS * CHUNK_ROWS, entities), PECS_OK);
    cr_assert_geq(world->free_map.chunk_room, CHUNKS);
    const uint32_t gone[] = { 149 * CHUNK_ROWS + 5, 70 * CHUNK_ROWS, 63 * CHUNK_ROWS, 64 * CHUNK_ROWS };
    for (size_t i = 0; i < 4; i++)
        despawn(entities[gone[i]]);
    const uint32_t order[] = { 2, 3, 1, 0 };
    for (size_t i = 0; i < 4; i++)
        cr_assert_eq(spawn_position(world, 0).index, gone[order[i]] + 1);
    /* the map looks from chunk 128 on by now; a slot freed below is found all the same */
    cr_assert_eq(world->free_map.lowest_word, 2);
    despawn(entities[200]);
    cr_assert_eq(spawn_position(world, 0).index, 201);
    check_world(world);
    free(entities);
}

Test(free_map, a_failing_reserve_changes_nothing)
{
    pecs_entity *entities = spawn_many();
    const pecs_entity gone[] = { entities[1], entities[4097], entities[9000] };
    cr_assert_eq(pecs_world_despawn(world, gone, 3), PECS_OK);
    for (uint64_t nth = 1;; nth++) {
        struct free_map map = { 0 };
        uint64_t append_count = 77;
        counting.fail_at = counting.call_count + nth;
        const pecs_status status =
            free_map_reserve(&map, &world->gate, world->state, edit_index(world), 10, &append_count);
        counting.fail_at = 0;
        check_world(world);
        free_map_deinit(&map, registry->pool);
        if (!status) {
            cr_assert_eq(nth, 6, "room twice, three chunks");
            break;
        }
        cr_assert_eq(status, PECS_E_MEMORY);
    }
    free(entities);
}

Test(free_map, more_slots_than_there_are_numbers_is_a_limit)
{
    spawn_position(world, 0);
    struct entity_index *index = edit_index(world);
    struct free_map map = { 0 };
    uint64_t append_count = 77;
    const uint64_t row_count = index->records.count;
    index->records.count = SLOT_COUNT_MAX - 2;
    cr_assert_eq(free_map_reserve(&map, &world->gate, world->state, index, 3, &append_count), PECS_E_LIMIT);
    cr_assert_eq(append_count, 77);
    cr_assert_eq(free_map_reserve(&map, &world->gate, world->state, index, 2, &append_count), PECS_OK);
    cr_assert_eq(append_count, 2);
    index->records.count = row_count;
    free_map_deinit(&map, registry->pool);
}
