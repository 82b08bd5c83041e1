/*
 * A resumed file whose data is damaged: bit rot that resume does not look for. What is read may be wrong, but stays
 * within what is there; an edit that meets the damage gives PECS_E_CORRUPT and changes nothing. fuzz_damaged does the
 * same at random. The file has one table: 10 entities with Position, one slot that is free.
 */
#include "file_fixture.h"
#include "format_patches.h"

static pecs_registry *registry;
static pecs_world *world;
static struct file_image file;
static uint64_t handles, records; /* offsets of the two lists */

enum { LIVING = 10, FREE_SLOT = 3 };

static uint64_t run_at(uint32_t number)
{
    return get64(&file, file.runs + number * sizeof(struct run_record) + offsetof(struct run_record, offset));
}

static void set_up(void)
{
    enter_folder();
    registry = counting_registry();
    pecs_world *whole = world_of(registry, NULL, 5);
    for (int i = 0; i <= LIVING; i++)
        spawn_position(whole, (float)i);
    cr_assert_eq(pecs_world_despawn(whole, &(pecs_entity){ FREE_SLOT, 1 }, 1), PECS_OK); /* row 3 is slot 10's now */
    save_world(whole, "world.pecs");
    pecs_world_destroy(whole);
    file = read_image("world.pecs");
    handles = run_at(0);
    records = run_at(2);
}

static void strike(void)
{
    pecs_world_destroy(world);
    free_image(&file);
    pecs_registry_release(registry);
    assert_no_leak();
    leave_folder();
}

TestSuite(damaged, .init = set_up, .fini = strike);

static pecs_view view(void)
{
    return pecs_world_view(world);
}

/* load refuses what resume trusts. */
static void resume_damaged(void)
{
    pecs_snapshot *snapshot;
    write_image(&file, "damaged.pecs");
    cr_assert_eq(pecs_snapshot_load(registry, "damaged.pecs", NULL, &snapshot, NULL), PECS_E_CORRUPT);
    world = open_world(registry, RESUME, "damaged.pecs");
}

static void damage_record(uint32_t slot, size_t field, uint32_t number)
{
    put32(&file, records + slot * sizeof(struct record_layout) + field, number);
    resume_damaged();
}

static void damage_handle(uint64_t row, uint32_t index, uint32_t generation)
{
    put32(&file, handles + row * 8, index);
    put32(&file, handles + row * 8 + 4, generation);
    resume_damaged();
}

static const pecs_entity first = { 0, 1 }, second = { 1, 1 };
static const pecs_value at_home = PECS_VALUE_AS(POSITION, Position, 1, 1, 1);

/* Each edit by which the entity leaves its row. */
static void assert_every_move_is_corrupt(pecs_entity entity)
{
    const pecs_component position = POSITION;
    const pecs_value health = PECS_VALUE_AS(HEALTH, Health, 1, 2);
    const uint64_t hash = pecs_view_hash(view());
    pecs_commands *commands;
    cr_assert_eq(pecs_world_despawn(world, &entity, 1), PECS_E_CORRUPT);
    cr_assert_eq(pecs_world_despawn(world, (pecs_entity[]){ second, entity }, 2), PECS_E_CORRUPT);
    cr_assert_eq(pecs_world_set(world, entity, &health, 1), PECS_E_CORRUPT);
    cr_assert_eq(pecs_world_set_many(world, (pecs_entity[]){ second, entity }, 2,
                                     (pecs_value[]){ { HEALTH, sizeof(Health), NULL } }, 1),
                 PECS_E_CORRUPT);
    cr_assert_eq(pecs_world_remove(world, entity, &position, 1), PECS_E_CORRUPT);
    cr_assert_eq(pecs_world_set_id(world, entity, (pecs_id){ { 1 } }), PECS_E_CORRUPT);
    for (int kind = 0; kind < 3; kind++) {
        cr_assert_eq(pecs_commands_create(registry, &commands), PECS_OK);
        cr_assert_eq(pecs_commands_spawn(commands, &health, 1, NULL), PECS_OK);
        cr_assert_eq(kind == 0   ? pecs_commands_despawn(commands, entity)
                     : kind == 1 ? pecs_commands_set(commands, entity, &health, 1)
                                 : pecs_commands_remove(commands, entity, &position, 1),
                     PECS_OK);
        cr_assert_eq(pecs_commands_apply(commands, world, NULL), PECS_E_CORRUPT);
        pecs_commands_destroy(commands);
    }
    cr_assert_eq(pecs_view_hash(view()), hash);
}

/* Those, and a value set by commands, or beside one of an entity that moves. */
static void assert_every_edit_is_corrupt(pecs_entity entity)
{
    pecs_commands *commands;
    pecs_entity entities[2] = { { 0, 0 }, entity };
    assert_every_move_is_corrupt(entity);
    cr_assert_eq(pecs_world_spawn(world, NULL, 0, 1, entities), PECS_OK);
    cr_assert_eq(pecs_world_set_many(world, entities, 2, (pecs_value[]){ { POSITION, sizeof(Position), NULL } }, 1),
                 PECS_E_CORRUPT);
    cr_assert_eq(pecs_commands_create(registry, &commands), PECS_OK);
    cr_assert_eq(pecs_commands_set(commands, entity, &at_home, 1), PECS_OK);
    cr_assert_eq(pecs_commands_apply(commands, world, NULL), PECS_E_CORRUPT);
    pecs_commands_destroy(commands);
}

static void assert_matching_is_corrupt(void)
{
    pecs_query *all = make_query(registry, &(pecs_term){ POSITION, PECS_WITH }, 1);
    const uint64_t hash = pecs_view_hash(view());
    cr_assert_eq(pecs_world_despawn_matching(world, all, NULL), PECS_E_CORRUPT);
    cr_assert_eq(pecs_world_compact(world, NULL), PECS_E_CORRUPT);
    cr_assert_eq(pecs_view_hash(view()), hash);
    pecs_query_destroy(all);
}

/* The counts say that one slot is free; by the records it is none, two, or another. */
Test(damaged, free_counts_that_records_deny)
{
    damage_record(FREE_SLOT, offsetof(struct record_layout, table), 0);
    const uint64_t hash = pecs_view_hash(view());
    cr_assert_eq(pecs_world_spawn(world, &at_home, 1, 1, NULL), PECS_E_CORRUPT);
    const Position places[100] = { { 1, 1, 1 } };
    const pecs_value at_places = { POSITION, sizeof(Position), places };
    cr_assert_eq(pecs_world_spawn(world, &at_places, 1, 100, NULL), PECS_E_CORRUPT);
    cr_assert_eq(pecs_world_spawn_with_ids(world, &at_home, 1, (pecs_id[]){ { { 1 } } }, 1, NULL), PECS_E_CORRUPT);
    cr_assert_eq(pecs_world_compact(world, NULL), PECS_E_CORRUPT);
    cr_assert_eq(pecs_view_hash(view()), hash);
}

Test(damaged, a_record_that_seems_free)
{
    damage_record(5, offsetof(struct record_layout, table), NO_TABLE);
    cr_assert_not(pecs_view_alive(view(), (pecs_entity){ 5, 1 }));
    cr_assert_eq(pecs_world_spawn(world, &at_home, 1, 1, NULL), PECS_E_CORRUPT);
    assert_matching_is_corrupt();
}

Test(damaged, a_record_of_a_table_that_is_not)
{
    damage_record(0, offsetof(struct record_layout, table), 1);
    pecs_id id;
    cr_assert_not(pecs_view_alive(view(), first));
    cr_assert_null(pecs_get_as(view(), first, POSITION, Position));
    cr_assert_eq(pecs_view_id(view(), first, &id), PECS_E_DEAD);
    cr_assert_eq(pecs_world_despawn(world, &first, 1), PECS_E_DEAD);
    assert_matching_is_corrupt();
}

Test(damaged, a_record_of_a_row_that_is_not)
{
    void *value;
    damage_record(0, offsetof(struct record_layout, row), LIVING);
    cr_assert(pecs_view_alive(view(), first));
    cr_assert_null(pecs_get_as(view(), first, POSITION, Position));
    cr_assert_eq(pecs_world_get_mut(world, first, POSITION, sizeof(Position), &value), PECS_E_CORRUPT);
    cr_assert_eq(pecs_world_set(world, first, &at_home, 1), PECS_E_CORRUPT);
    cr_assert_eq(pecs_world_set_many(world, &first, 1, &at_home, 1), PECS_E_CORRUPT);
    assert_every_edit_is_corrupt(first);
    assert_matching_is_corrupt();
}

Test(damaged, a_record_of_a_row_far_away)
{
    void *value;
    damage_record(0, offsetof(struct record_layout, row), UINT32_MAX);
    cr_assert_null(pecs_get_as(view(), first, POSITION, Position));
    cr_assert_eq(pecs_world_get_mut(world, first, POSITION, sizeof(Position), &value), PECS_E_CORRUPT);
    assert_every_edit_is_corrupt(first);
}

Test(damaged, a_record_of_anothers_row)
{
    damage_record(0, offsetof(struct record_layout, row), 4);
    assert_every_edit_is_corrupt(first);
    assert_matching_is_corrupt();
}

Test(damaged, a_record_without_a_generation)
{
    damage_record(0, offsetof(struct record_layout, generation), 0);
    cr_assert_not(pecs_view_alive(view(), none));
    cr_assert_eq(pecs_world_despawn(world, &none, 1), PECS_E_DEAD);
    pecs_id_iter ids = pecs_view_ids(view());
    cr_assert(pecs_id_iter_next(&ids));
    cr_assert_eq(ids.entity.index, 1);
    cr_assert_eq(pecs_world_compact(world, NULL), PECS_E_CORRUPT);
}

Test(damaged, a_record_of_a_session_that_is_not)
{
    pecs_id id;
    damage_record(0, offsetof(struct record_layout, session), 7777);
    cr_assert_eq(pecs_view_id(view(), first, &id), PECS_OK);
    cr_assert_eq(pecs_world_compact(world, NULL), PECS_E_CORRUPT);
    cr_assert_eq(pecs_world_despawn(world, &first, 1), PECS_OK);
}

/* The last row would take the place of the one that goes: its handle must be right. */
Test(damaged, a_last_row_with_a_handle_of_no_slot)
{
    damage_handle(LIVING - 1, 123456, 1);
    assert_every_move_is_corrupt(first);
    assert_matching_is_corrupt();
}

Test(damaged, a_last_row_with_the_handle_of_another)
{
    damage_handle(LIVING - 1, 4, 1);
    assert_every_move_is_corrupt(first);
    assert_matching_is_corrupt();
}

Test(damaged, a_last_row_with_another_generation)
{
    damage_handle(LIVING - 1, 9, 2);
    assert_every_move_is_corrupt(first);
    cr_assert_eq(pecs_world_compact(world, NULL), PECS_E_CORRUPT);
}

/* A diff reads what it can. */
static bool count_change(void *user, const pecs_change *change)
{
    (void)change;
    ++*(unsigned *)user;
    return true;
}

Test(damaged, handles_of_no_slot_are_compared)
{
    unsigned count = 0;
    damage_handle(2, UINT32_MAX, UINT32_MAX);
    pecs_world *whole = open_world(registry, LOAD, "world.pecs");
    cr_assert_eq(pecs_view_diff(view(), pecs_world_view(whole), count_change, &count), PECS_OK);
    cr_assert_eq(pecs_view_diff(pecs_world_view(whole), view(), count_change, &count), PECS_OK);
    cr_assert_gt(count, 0);
    pecs_world_destroy(whole);
}

/* What lies beside the damage can be edited. */
Test(damaged, the_rest_goes_on)
{
    damage_record(0, offsetof(struct record_layout, row), UINT32_MAX);
    cr_assert_eq(pecs_world_set(world, second, &at_home, 1), PECS_OK);
    cr_assert_eq(pecs_world_despawn(world, &second, 1), PECS_OK);
    const Position positions[3] = { { 1, 1, 1 }, { 2, 2, 2 }, { 3, 3, 3 } };
    const pecs_value at_three_places = { POSITION, sizeof(Position), positions };
    cr_assert_eq(pecs_world_spawn(world, &at_three_places, 1, 3, NULL), PECS_OK);
    cr_assert_eq(pecs_world_save(world, "again.pecs", NULL, NULL), PECS_OK);
}
