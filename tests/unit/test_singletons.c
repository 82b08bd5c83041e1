/* Singletons: components of the world itself. Set, edited, removed, refused; shared, forked and saved like the rest. */
#include "world_fixture.h"

#include <stdio.h>
#include <unistd.h>

static pecs_registry *registry;
static pecs_world *world;

static void set_up(void)
{
    registry = counting_registry();
    world = make_world(registry, NULL);
}

static void strike(void)
{
    check_world(world);
    pecs_world_destroy(world);
    pecs_registry_release(registry);
    assert_no_leak();
}

TestSuite(singletons, .init = set_up, .fini = strike);

static pecs_view view(void)
{
    return pecs_world_view(world);
}

static void set_team(uint8_t number)
{
    cr_assert_eq(pecs_world_set_singleton(world, TEAM, sizeof(Team), &(Team){ number }), PECS_OK);
}

static void set_health(int32_t current)
{
    cr_assert_eq(pecs_world_set_singleton(world, HEALTH, sizeof(Health), &(Health){ current, 100 }), PECS_OK);
}

/* The number, or -1 when there is none. */
static int team_in(pecs_view view_of)
{
    const Team *team = pecs_get_singleton_as(view_of, TEAM, Team);
    return team ? team->number : -1;
}

Test(singletons, a_new_world_has_none)
{
    for (pecs_component i = 0; i < FIXTURE_TYPE_COUNT; i++) {
        cr_assert_not(pecs_view_has_singleton(view(), i));
        cr_assert_null(pecs_view_get_singleton(view(), i, fixture_types[i]->size));
    }
}

Test(singletons, each_is_there_once_set)
{
    set_team(4);
    set_health(50);
    cr_assert_eq(pecs_world_set_singleton(world, FROZEN, 0, NULL), PECS_OK);
    cr_assert_eq(team_in(view()), 4);
    cr_assert_eq(pecs_get_singleton_as(view(), HEALTH, Health)->current, 50);
    cr_assert(pecs_view_has_singleton(view(), FROZEN));
    cr_assert_not(pecs_view_has_singleton(view(), POSITION));
    set_team(5);
    cr_assert_eq(team_in(view()), 5);
    cr_assert_eq(pecs_get_singleton_as(view(), HEALTH, Health)->max, 100);
}

Test(singletons, without_data_it_is_zero)
{
    set_team(4);
    cr_assert_eq(pecs_world_set_singleton(world, TEAM, sizeof(Team), NULL), PECS_OK);
    cr_assert_eq(pecs_world_set_singleton(world, HEALTH, sizeof(Health), NULL), PECS_OK);
    cr_assert_eq(team_in(view()), 0);
    cr_assert_eq(pecs_get_singleton_as(view(), HEALTH, Health)->max, 0);
}

Test(singletons, get_refuses_what_is_not_there)
{
    set_team(4);
    cr_assert_eq(pecs_world_set_singleton(world, FROZEN, 0, NULL), PECS_OK);
    cr_assert_null(pecs_view_get_singleton(view(), TEAM, 2));
    cr_assert_null(pecs_view_get_singleton(view(), FROZEN, 0), "a tag has no value");
    cr_assert_null(pecs_view_get_singleton(view(), POSITION, sizeof(Position)));
    cr_assert_null(pecs_view_get_singleton(view(), 1000, 1));
    cr_assert_not(pecs_view_has_singleton(view(), 1000));
}

Test(singletons, edit_gives_the_value)
{
    set_team(4);
    void *value;
    cr_assert_eq(pecs_world_get_singleton_mut(world, TEAM, sizeof(Team), &value), PECS_OK);
    ((Team *)value)->number = 9;
    cr_assert_eq(team_in(view()), 9);
}

Test(singletons, removal_leaves_the_others)
{
    set_team(4);
    set_health(50);
    cr_assert_eq(pecs_world_remove_singleton(world, TEAM), PECS_OK);
    cr_assert_eq(team_in(view()), -1);
    cr_assert_eq(pecs_get_singleton_as(view(), HEALTH, Health)->current, 50);
    cr_assert_eq(pecs_world_remove_singleton(world, TEAM), PECS_OK, "passed over");
    cr_assert_eq(pecs_world_remove_singleton(world, HEALTH), PECS_OK);
    cr_assert_not(pecs_view_has_singleton(view(), HEALTH));
    set_health(7);
    cr_assert_eq(pecs_get_singleton_as(view(), HEALTH, Health)->current, 7);
}

Test(singletons, refusals_change_nothing)
{
    set_team(4);
    void *value = &registry;
    const struct photograph before = photograph_of(view());
    cr_assert_eq(pecs_world_set_singleton(world, FIXTURE_TYPE_COUNT, 1, "x"), PECS_E_MISUSE);
    cr_assert_eq(pecs_world_set_singleton(world, TEAM, 2, "xx"), PECS_E_MISUSE);
    cr_assert_eq(pecs_world_remove_singleton(world, FIXTURE_TYPE_COUNT), PECS_E_MISUSE);
    cr_assert_eq(pecs_world_get_singleton_mut(world, HEALTH, sizeof(Health), &value), PECS_E_ABSENT);
    cr_assert_eq(pecs_world_get_singleton_mut(world, TEAM, 2, &value), PECS_E_MISUSE);
    cr_assert_eq(pecs_world_get_singleton_mut(world, FROZEN, 0, &value), PECS_E_MISUSE);
    cr_assert_eq(pecs_world_get_singleton_mut(world, FIXTURE_TYPE_COUNT, 1, &value), PECS_E_MISUSE);
    cr_assert_eq(pecs_world_get_singleton_mut(world, TEAM, 1, NULL), PECS_E_MISUSE);
    const struct photograph after = photograph_of(view());
    cr_assert(same_photograph(&before, &after));
    cr_assert_eq(value, &registry);
}

Test(singletons, edit_is_absent_in_a_world_that_never_had_any)
{
    void *value;
    cr_assert_eq(pecs_world_get_singleton_mut(world, TEAM, 1, &value), PECS_E_ABSENT);
    cr_assert_eq(pecs_world_remove_singleton(world, TEAM), PECS_OK);
    cr_assert_eq(summary_of(view()).table_count, 0);
}

Test(singletons, busy_only_when_one_comes_or_goes)
{
    set_team(4);
    pecs_query *query = make_query(registry, NULL, 0);
    for (int is_edit = 0; is_edit < 2; is_edit++) {
        pecs_iter iter = is_edit ? pecs_query_iter_mut(query, world, NULL) : pecs_query_iter(query, view(), NULL);
        cr_assert_eq(pecs_world_set_singleton(world, HEALTH, sizeof(Health), NULL), PECS_E_BUSY);
        cr_assert_eq(pecs_world_remove_singleton(world, TEAM), PECS_E_BUSY);
        cr_assert_eq(pecs_world_remove_singleton(world, HEALTH), PECS_OK);
        set_team((uint8_t)(10 + is_edit));
        void *value;
        cr_assert_eq(pecs_world_get_singleton_mut(world, TEAM, 1, &value), PECS_OK);
        cr_assert_eq(((Team *)value)->number, 10 + is_edit);
        cr_assert_eq(pecs_iter_end(&iter), PECS_OK);
    }
    pecs_query_destroy(query);
}

/* The same set of components as an entity's: two tables, and the entity is not the singleton. */
Test(singletons, they_are_no_entity)
{
    set_team(4);
    cr_assert_eq(summary_of(view()).entity_count, 0);
    cr_assert_eq(summary_of(view()).slot_count, 0);
    cr_assert_eq(summary_of(view()).component_bytes, 1);
    cr_assert_not(pecs_view_alive(view(), none));
    const pecs_entity entity = spawn_one(world, (pecs_value[]){ PECS_VALUE_AS(TEAM, Team, 9) }, 1);
    cr_assert_eq(summary_of(view()).table_count, 2);
    cr_assert_eq(team_in(view()), 4);
    cr_assert_eq(pecs_world_despawn(world, &entity, 1), PECS_OK);
    cr_assert_eq(team_in(view()), 4);
    cr_assert_eq(pecs_world_despawn(world, &none, 1), PECS_E_DEAD);
    cr_assert_eq(pecs_world_set(world, none, (pecs_value[]){ PECS_VALUE_AS(TEAM, Team, 8) }, 1), PECS_E_DEAD);
    cr_assert_eq(pecs_world_remove(world, none, (pecs_component[]){ TEAM }, 1), PECS_E_DEAD);
    cr_assert_eq(team_in(view()), 4);
}

Test(singletons, snapshots_restores_and_forks_have_their_own)
{
    set_team(1);
    pecs_snapshot *first = take(world);
    set_team(2);
    set_health(3);
    pecs_world *fork = make_world(registry, first);
    cr_assert_eq(pecs_world_set_singleton(fork, TEAM, 1, &(Team){ 7 }), PECS_OK);
    cr_assert_eq(team_in(pecs_snapshot_view(first)), 1);
    cr_assert_eq(team_in(view()), 2);
    cr_assert_eq(team_in(pecs_world_view(fork)), 7);
    cr_assert_not(pecs_view_has_singleton(pecs_world_view(fork), HEALTH));
    cr_assert_eq(pecs_world_restore(world, first), PECS_OK);
    cr_assert_eq(team_in(view()), 1);
    cr_assert_not(pecs_view_has_singleton(view(), HEALTH));
    check_world(fork);
    pecs_world_destroy(fork);
    pecs_snapshot_release(first);
}

Test(singletons, files_have_them)
{
    char path[64];
    snprintf(path, sizeof(path), "/tmp/pecs-singletons-%ld", (long)getpid());
    set_team(6);
    cr_assert_eq(pecs_world_set_singleton(world, FROZEN, 0, NULL), PECS_OK);
    cr_assert_eq(pecs_world_save(world, path, &(pecs_save_options){ .skip_sync = true }, NULL), PECS_OK);
    for (int is_load = 0; is_load < 2; is_load++) {
        pecs_snapshot *snapshot;
        pecs_error error;
        cr_assert_eq(is_load ? pecs_snapshot_load(registry, path, NULL, &snapshot, &error)
                             : pecs_snapshot_resume(registry, path, NULL, &snapshot, &error),
                     PECS_OK, "%s", error.message);
        pecs_world *other = make_world(registry, snapshot);
        cr_assert_eq(team_in(pecs_world_view(other)), 6);
        cr_assert(pecs_view_has_singleton(pecs_world_view(other), FROZEN));
        cr_assert_eq(pecs_world_set_singleton(other, TEAM, 1, &(Team){ 8 }), PECS_OK);
        cr_assert_eq(pecs_world_set_singleton(other, HEALTH, sizeof(Health), &(Health){ 1, 2 }), PECS_OK);
        cr_assert_eq(team_in(pecs_world_view(other)), 8);
        cr_assert_eq(team_in(pecs_snapshot_view(snapshot)), 6);
        check_world(other);
        pecs_snapshot_release(snapshot);
        pecs_world_destroy(other);
    }
    unlink(path);
}

Test(singletons, all_types_at_once_come_and_go)
{
    for (int round = 0; round < 50; round++) {
        for (pecs_component i = 0; i < FIXTURE_TYPE_COUNT; i++)
            cr_assert_eq(pecs_world_set_singleton(world, i, fixture_types[i]->size, NULL), PECS_OK);
        for (uint32_t gone = 1; gone <= FIXTURE_TYPE_COUNT; gone++) {
            const pecs_component last = (gone - 1 + (uint32_t)round) % FIXTURE_TYPE_COUNT;
            cr_assert_eq(pecs_world_remove_singleton(world, last), PECS_OK);
            for (uint32_t i = 0; i < FIXTURE_TYPE_COUNT; i++)
                cr_assert_eq(pecs_view_has_singleton(view(), (i + (uint32_t)round) % FIXTURE_TYPE_COUNT), i >= gone);
        }
        check_world(world);
    }
    cr_assert_leq(summary_of(view()).table_count, 32, "a table for each set at most");
}
