/*
 * Sessions: which spawn opens one, which place it gets in the list, and that no two futures share one.
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
    check_world(world);
    pecs_world_destroy(world);
    pecs_registry_release(registry);
    assert_no_leak();
}

TestSuite(session, .init = set_up, .fini = strike);

static pecs_view view(void)
{
    return pecs_world_view(world);
}

static void spawn_row(uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        spawn_position(world, (float)i);
}

static uint32_t session_count(const pecs_world *of)
{
    return of->state->sessions ? of->state->sessions->count : 0;
}

Test(session, the_first_spawn_opens_it)
{
    cr_assert_eq(session_count(world), 0);
    cr_assert_eq(pecs_world_set_singleton(world, TEAM, 1, &(Team){ 1 }), PECS_OK);
    cr_assert_eq(session_count(world), 0);
    spawn_row(3);
    cr_assert_eq(session_count(world), 1);
}

Test(session, a_rewind_keeps_it)
{
    spawn_row(3);
    pecs_snapshot *snapshot = take(world);
    spawn_row(1);
    cr_assert_eq(pecs_world_rewind(world, snapshot), PECS_OK);
    spawn_row(1);
    cr_assert_eq(session_count(world), 1);
    pecs_snapshot_release(snapshot);
}

Test(session, a_rewind_to_before_it_opens_it_again)
{
    pecs_snapshot *snapshot = take(world);
    spawn_row(1);
    const uint64_t prefix = world->state->sessions->prefixes[0];
    cr_assert_eq(pecs_world_rewind(world, snapshot), PECS_OK);
    spawn_row(1);
    cr_assert_eq(session_count(world), 1);
    cr_assert_eq(world->state->sessions->prefixes[0], prefix);
    pecs_snapshot_release(snapshot);
}

Test(session, a_restore_opens_another)
{
    spawn_row(3);
    pecs_snapshot *snapshot = take(world);
    spawn_row(1);
    cr_assert_eq(pecs_world_restore(world, snapshot), PECS_OK);
    spawn_row(1);
    cr_assert_eq(session_count(world), 2);
    cr_assert_neq(world->state->sessions->prefixes[0], world->state->sessions->prefixes[1]);
    pecs_snapshot_release(snapshot);
}

/* Without an entity no session is needed: the list begins again. */
Test(session, an_empty_world_forgets_the_old_ones)
{
    pecs_query *all = make_query(registry, NULL, 0);
    for (int i = 0; i < 5; i++) {
        spawn_row(3);
        pecs_snapshot *snapshot = take(world);
        cr_assert_eq(pecs_world_restore(world, snapshot), PECS_OK);
        pecs_snapshot_release(snapshot);
        cr_assert_eq(pecs_world_despawn_matching(world, all, NULL), PECS_OK);
    }
    cr_assert_eq(session_count(world), 1);
    pecs_query_destroy(all);
}

Test(session, a_rewind_is_refused_across_a_restore_and_between_worlds)
{
    pecs_snapshot *before = take(world);
    cr_assert_eq(pecs_world_restore(world, before), PECS_OK);
    cr_assert_eq(pecs_world_rewind(world, before), PECS_E_MISUSE);
    pecs_snapshot *after = take(world);
    cr_assert_eq(pecs_world_rewind(world, after), PECS_OK);
    pecs_world *other = NULL;
    cr_assert_eq(pecs_world_create(registry, after, NULL, &other, NULL), PECS_OK);
    cr_assert_eq(pecs_world_rewind(other, after), PECS_E_MISUSE);
    cr_assert_eq(pecs_world_rewind(world, NULL), PECS_E_MISUSE);
    cr_assert_eq(pecs_world_rewind(NULL, after), PECS_E_MISUSE);
    pecs_world_destroy(other);
    pecs_snapshot_release(before);
    pecs_snapshot_release(after);
}

Test(session, a_restore_to_before_it_opens_another)
{
    pecs_snapshot *snapshot = take(world);
    spawn_row(1);
    const uint64_t prefix = world->state->sessions->prefixes[0];
    cr_assert_eq(pecs_world_restore(world, snapshot), PECS_OK);
    spawn_row(1);
    cr_assert_eq(session_count(world), 1);
    cr_assert_neq(world->state->sessions->prefixes[0], prefix);
    pecs_snapshot_release(snapshot);
}

Test(session, forks_and_files_open_their_own_at_their_first_spawn)
{
    spawn_row(3);
    pecs_snapshot *base = take(world);
    pecs_world *other = NULL;
    cr_assert_eq(pecs_world_create(registry, base, NULL, &other, NULL), PECS_OK);
    const pecs_value value = PECS_VALUE_AS(POSITION, Position, 5, 0, 0);
    cr_assert_eq(pecs_world_set(other, (pecs_entity){ 0, 1 }, &value, 1), PECS_OK);
    cr_assert_eq(session_count(other), 1);
    const pecs_entity entity = spawn_position(other, 1);
    cr_assert_eq(session_count(other), 2);
    cr_assert_eq(state_record(other->state, entity.index)->session, 1);
    cr_assert_eq(state_record(other->state, 0)->session, 0);
    cr_assert_neq(other->state->sessions->prefixes[0], other->state->sessions->prefixes[1]);
    cr_assert_eq(session_count(world), 1);
    pecs_world_destroy(other);
    pecs_snapshot_release(base);
}

/* A restore, and an entity in a session of its own. */
static pecs_entity restore_and_spawn(void)
{
    pecs_snapshot *snapshot = take(world);
    must(pecs_world_restore(world, snapshot) == PECS_OK);
    pecs_snapshot_release(snapshot);
    return spawn_position(world, 1);
}

/* Sessions whose entities died give their places to new ones, and no other id changes. */
Test(session, the_list_does_not_grow_with_the_dead)
{
    enum { KEPT = 500, LOOK = 4096 };
    static pecs_entity kept[KEPT];
    static pecs_id ids[KEPT];
    size_t kept_count = 0;
    spawn_row(3);
    for (int i = 0; i < 20000; i++) {
        const pecs_entity entity = restore_and_spawn();
        pecs_id id;
        must(pecs_view_id(view(), entity, &id) == PECS_OK);
        if (i % 40 == 0) {
            kept[kept_count] = entity;
            ids[kept_count++] = id;
        } else {
            must(pecs_world_despawn(world, &entity, 1) == PECS_OK);
            must(pecs_view_find(view(), id, &(pecs_entity){ 0, 0 }) == PECS_E_ABSENT);
        }
        must(session_count(world) == (i + 2 < LOOK ? (uint32_t)i + 2 : LOOK));
    }
    check_state(world->state);
    for (size_t i = 0; i < kept_count; i++) {
        pecs_entity found;
        pecs_id id;
        must(pecs_view_id(view(), kept[i], &id) == PECS_OK && memcmp(&id, &ids[i], sizeof(id)) == 0);
        must(pecs_view_find(view(), ids[i], &found) == PECS_OK && same(found, kept[i]));
        for (size_t j = 0; j < i; j++)
            must(memcmp(ids[j].bytes, ids[i].bytes, 8) != 0);
    }
}

/* As long as more than half of them have living entities, new ones are added at the end. */
Test(session, the_list_grows_with_the_living)
{
    static pecs_entity entities[8192];
    for (uint32_t i = 0; i < 8192; i++) {
        entities[i] = restore_and_spawn();
        if (i < 4096 && i % 2 == 0 && i) /* not quite half of the first ones */
            must(pecs_world_despawn(world, &entities[i], 1) == PECS_OK);
        must(session_count(world) == i + 1);
    }
    must(pecs_world_despawn(world, entities + 4096, 4096) == PECS_OK);
    for (uint32_t i = 0; i < 100; i++) {
        restore_and_spawn();
        must(session_count(world) == 8192);
    }
    check_state(world->state);
}

/* A session that comes again to its place after a rewind is the same. */
Test(session, a_rewind_to_before_it_finds_its_place_again)
{
    spawn_row(1);
    for (uint32_t i = 1; i < 4096; i++) {
        const pecs_entity entity = restore_and_spawn();
        must(pecs_world_despawn(world, &entity, 1) == PECS_OK);
    }
    pecs_snapshot *snapshot = take(world);
    must(pecs_world_restore(world, snapshot) == PECS_OK);
    pecs_snapshot_release(snapshot);
    snapshot = take(world);
    const pecs_entity first = spawn_position(world, 1);
    pecs_id id, again;
    must(pecs_view_id(view(), first, &id) == PECS_OK);
    const uint32_t place = state_record(world->state, first.index)->session;
    must(session_count(world) == 4096);
    must(pecs_world_rewind(world, snapshot) == PECS_OK);
    const pecs_entity second = spawn_position(world, 1);
    must(same(first, second) && pecs_view_id(view(), second, &again) == PECS_OK);
    must(memcmp(&id, &again, sizeof(id)) == 0);
    must(session_count(world) == 4096 && state_record(world->state, second.index)->session == place);
    pecs_snapshot_release(snapshot);
}
