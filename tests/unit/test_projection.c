/*
 * Projections: less in a state. What is left is as it was, rows of tables that become equal follow one another, arrays
 * are shared, and the result is a state like any other: it is edited, saved and loaded.
 */
#define _GNU_SOURCE
#include "bits.h"
#include "file_fixture.h"
#include "projection.h"
#include "state_types.h"

static pecs_registry *registry;
static pecs_world *world;

static void set_up(void)
{
    enter_folder();
    registry = counting_registry();
    world = make_world(registry, NULL);
}

static void tear_down(void)
{
    pecs_world_destroy(world);
    pecs_registry_release(registry);
    assert_no_leak();
    leave_folder();
}

TestSuite(projection, .init = set_up, .fini = tear_down);

enum { PLAIN = 5000, TEAMED = 3000, OTHERS = 10 };

static pecs_entity entities[PLAIN + TEAMED + OTHERS];

/* {Position}; {Position, Team}; {Team}; by number, so that each value says whose it is. */
static void spawn_all(void)
{
    for (int i = 0; i < PLAIN + TEAMED + OTHERS; i++) {
        const Position position = { (float)i, 1, 2 };
        const Team team = { (uint8_t)i };
        const pecs_value values[] = { { POSITION, sizeof(position), &position }, { TEAM, sizeof(team), &team } };
        const bool has_position = i < PLAIN + TEAMED, has_team = i >= PLAIN;
        must(pecs_world_spawn(world, values + !has_position, (size_t)has_position + has_team, 1, &entities[i]) ==
             PECS_OK);
    }
}

static pecs_status project(const pecs_snapshot *snapshot, pecs_component left_out, pecs_snapshot **ret_state)
{
    uint64_t bits[4] = { 0 };
    bits_set(bits, state_place(snapshot, left_out));
    return projection_make(snapshot, &(struct projection_less){ bits, NULL, NULL }, ret_state);
}

static pecs_snapshot *without(const pecs_snapshot *snapshot, pecs_component left_out)
{
    pecs_snapshot *made = NULL;
    must(project(snapshot, left_out, &made) == PECS_OK);
    return made;
}

static void check_positions(pecs_view view)
{
    for (int i = 0; i < PLAIN + TEAMED + OTHERS; i++) {
        const Position *position = pecs_get_as(view, entities[i], POSITION, Position);
        must(pecs_view_alive(view, entities[i]) && !pecs_view_has(view, entities[i], TEAM));
        must(i < PLAIN + TEAMED ? position->x == (float)i : !position);
    }
}

Test(projection, tables_that_become_equal_are_one)
{
    spawn_all();
    pecs_snapshot *all = take(world), *some = without(all, TEAM);
    check_positions(pecs_snapshot_view(some));
    check_state(some);
    cr_assert_eq(some->table_count, 2);
    cr_assert_eq(state_table(some, 0)->row_count, PLAIN + TEAMED);
    cr_assert_eq(state_table(some, 1)->row_count, OTHERS);
    cr_assert_eq(some->entity_count, all->entity_count);
    cr_assert_eq(table_chunk(state_table(some, 0), 1, 0), table_chunk(state_table(all, 0), 1, 0), "shared");
    cr_assert_eq(table_chunk(state_table(some, 0), HANDLE_COLUMN, 0),
                 table_chunk(state_table(all, 0), HANDLE_COLUMN, 0));
    pecs_snapshot_release(all);
    check_positions(pecs_snapshot_view(some));
    pecs_snapshot_release(some);
}

/* Nothing is left out: all is shared, the index too. */
Test(projection, without_a_component_that_is_not_there)
{
    spawn_all();
    pecs_snapshot *all = take(world), *some = without(all, HEALTH);
    cr_assert_eq(pecs_view_hash(pecs_snapshot_view(some)), pecs_view_hash(pecs_snapshot_view(all)));
    cr_assert_eq(state_index(some), state_index(all));
    for (uint32_t i = 0; i < 3; i++)
        cr_assert_eq(state_table(some, i), state_table(all, i));
    pecs_snapshot_release(some);
    pecs_snapshot_release(all);
}

/* The file is that of a world that never had the component, but for ticks and the order of rows. */
Test(projection, is_saved_and_loaded)
{
    spawn_all();
    pecs_snapshot *all = take(world), *some = without(all, TEAM), *loaded;
    cr_assert_eq(pecs_snapshot_save(some, "some.pecs", NULL, NULL), PECS_OK);
    cr_assert_eq(pecs_snapshot_load(registry, "some.pecs", NULL, &loaded, NULL), PECS_OK);
    check_positions(pecs_snapshot_view(loaded));
    cr_assert_eq(pecs_view_hash(pecs_snapshot_view(loaded)), pecs_view_hash(pecs_snapshot_view(some)));
    pecs_snapshot_release(loaded);
    pecs_snapshot_release(some);
    pecs_snapshot_release(all);
}

/* Of a file: columns lie in its image, which both then share. Neither sees what is written to the other. */
static void expect_apart(pecs_snapshot *base)
{
    pecs_snapshot *some = without(base, TEAM);
    pecs_world *full = make_world(registry, base), *less = make_world(registry, some);
    pecs_snapshot_release(base);
    pecs_snapshot_release(some);
    const Position there = { -1, -1, -1 }, here = { -2, -2, -2 };
    for (int i = 0; i < PLAIN + TEAMED; i += 7) {
        must(pecs_world_set(full, entities[i], &(pecs_value){ POSITION, sizeof(there), &there }, 1) == PECS_OK);
        must(pecs_world_set(less, entities[i], &(pecs_value){ POSITION, sizeof(here), &here }, 1) == PECS_OK);
    }
    for (int i = 0; i < PLAIN + TEAMED; i++) {
        const float expected[] = { i % 7 ? (float)i : -1, i % 7 ? (float)i : -2 };
        must(pecs_get_as(pecs_world_view(full), entities[i], POSITION, Position)->x == expected[0]);
        must(pecs_get_as(pecs_world_view(less), entities[i], POSITION, Position)->x == expected[1]);
    }
    check_world(full);
    check_world(less);
    pecs_world_destroy(full);
    pecs_world_destroy(less);
}

Test(projection, of_files)
{
    pecs_snapshot *base;
    spawn_all();
    save_world(world, "world.pecs");
    cr_assert_eq(pecs_snapshot_load(registry, "world.pecs", NULL, &base, NULL), PECS_OK);
    expect_apart(base);
    cr_assert_eq(pecs_snapshot_resume(registry, "world.pecs", NULL, &base, NULL), PECS_OK);
    expect_apart(base);
}

Test(projection, singletons)
{
    const Team team = { 3 };
    const Position position = { 1, 2, 3 };
    cr_assert_eq(pecs_world_set_singleton(world, TEAM, sizeof(team), &team), PECS_OK);
    pecs_snapshot *one = take(world), *none_left = without(one, TEAM);
    cr_assert_eq(none_left->singleton_table, NO_TABLE);
    cr_assert_eq(none_left->table_count, 0);
    cr_assert_eq(pecs_world_set_singleton(world, POSITION, sizeof(position), &position), PECS_OK);
    pecs_snapshot *two = take(world), *one_left = without(two, TEAM);
    const pecs_view view = pecs_snapshot_view(one_left);
    cr_assert_not(pecs_view_has_singleton(view, TEAM));
    cr_assert_eq(((const Position *)pecs_view_get_singleton(view, POSITION, sizeof(position)))->z, 3);
    pecs_snapshot_release(one);
    pecs_snapshot_release(none_left);
    pecs_snapshot_release(two);
    pecs_snapshot_release(one_left);
}

Test(projection, memory_runs_out)
{
    spawn_all();
    pecs_snapshot *all = take(world), *some = NULL;
    pecs_status status = PECS_E_MEMORY;
    for (uint64_t nth = 1; status == PECS_E_MEMORY; nth++) {
        const uint64_t live = counting.live_count;
        counting.fail_at = counting.call_count + nth;
        status = project(all, TEAM, &some);
        counting.fail_at = 0;
        must(status == PECS_OK || (status == PECS_E_MEMORY && counting.live_count == live));
    }
    check_positions(pecs_snapshot_view(some));
    pecs_snapshot_release(some);
    pecs_snapshot_release(all);
}
