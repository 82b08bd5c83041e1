/* Diff: what is reported of worlds that share arrays and of files that share nothing. */
#define _GNU_SOURCE
#include "world_fixture.h"

#include <pecs/diff.h>

#include <stdio.h>
#include <unistd.h>

static pecs_registry *registry;
static pecs_world *world;

/* With ids of its own. */
static pecs_world *make_stranger(void)
{
    pecs_world *stranger = NULL;
    cr_assert_eq(pecs_world_create(registry, NULL, NULL, &stranger, NULL), PECS_OK);
    return stranger;
}

static void set_up(void)
{
    registry = counting_registry();
    world = make_world(registry, NULL);
}

static void tear_down(void)
{
    pecs_world_destroy(world);
    pecs_registry_release(registry);
    assert_no_leak();
}

TestSuite(diff, .init = set_up, .fini = tear_down);

/* What was reported, counted by kind, and the last change. */
struct reported {
    uint64_t counts[PECS_COMPONENT_CHANGED + 1], total;
    pecs_change last;
    float old_x, new_x;
    bool has_link;       /* one was of a reference */
    uint64_t stop_after; /* 0: never */
};

static bool note(void *user, const pecs_change *change)
{
    struct reported *reported = user;
    reported->counts[change->kind]++;
    reported->last = *change;
    reported->has_link = reported->has_link || (change->kind == PECS_COMPONENT_CHANGED && change->to_component == LINK);
    if (change->from_component == POSITION && change->old_value)
        reported->old_x = ((const Position *)change->old_value)->x;
    if (change->to_component == POSITION && change->new_value)
        reported->new_x = ((const Position *)change->new_value)->x;
    return ++reported->total != reported->stop_after;
}

static struct reported diff(pecs_view from, pecs_view to)
{
    struct reported reported = { .total = 0 };
    cr_assert_eq(pecs_view_diff(from, to, note, &reported), PECS_OK);
    return reported;
}

static struct reported diff_by_handle(pecs_view from, pecs_view to)
{
    struct reported reported = { .total = 0 };
    cr_assert_eq(pecs_view_diff_by_handle(from, to, note, &reported), PECS_OK);
    return reported;
}

static pecs_view view(void)
{
    return pecs_world_view(world);
}

static pecs_entity spawn_x(float x)
{
    return spawn_position(world, x);
}

static void set_x(pecs_entity entity, float x)
{
    cr_assert_eq(pecs_world_set(world, entity, (pecs_value[]){ PECS_VALUE_AS(POSITION, Position, x, 0, 0) }, 1),
                 PECS_OK);
}

static bool same_id(pecs_id a, pecs_id b)
{
    return memcmp(&a, &b, sizeof(a)) == 0;
}

static pecs_id id_of(pecs_entity entity)
{
    pecs_id id;
    cr_assert_eq(pecs_view_id(view(), entity, &id), PECS_OK);
    return id;
}

Test(diff, nothing_differs)
{
    cr_assert_eq(diff(view(), view()).total, 0);
    spawn_x(1);
    pecs_snapshot *snapshot = take(world);
    cr_assert_eq(diff(view(), pecs_snapshot_view(snapshot)).total, 0);
    cr_assert_eq(pecs_world_advance(world, NULL), PECS_OK);
    set_x((pecs_entity){ 0, 1 }, 1); /* copied, and the same */
    cr_assert_eq(diff(pecs_snapshot_view(snapshot), view()).total, 0);
    pecs_snapshot_release(snapshot);
}

Test(diff, a_value_that_changed)
{
    const pecs_entity entity = spawn_x(1);
    for (int i = 0; i < 10000; i++)
        spawn_x(2);
    pecs_snapshot *snapshot = take(world);
    set_x(entity, 5);
    const struct reported reported = diff(pecs_snapshot_view(snapshot), view());
    cr_assert_eq(reported.total, 1);
    cr_assert_eq(reported.last.kind, PECS_COMPONENT_CHANGED);
    cr_assert_eq(reported.old_x, 1);
    cr_assert_eq(reported.new_x, 5);
    cr_assert(same(reported.last.before, entity) && same(reported.last.after, entity));
    cr_assert(same_id(reported.last.id, id_of(entity)));
    cr_assert_eq(reported.last.from_component, POSITION);
    cr_assert_eq(reported.last.to_component, POSITION);
    pecs_snapshot_release(snapshot);
}

Test(diff, entities_that_came_and_went)
{
    const pecs_entity a = spawn_x(1), b = spawn_x(2);
    spawn_x(3);
    pecs_snapshot *snapshot = take(world);
    const pecs_id id_a = id_of(a);
    cr_assert_eq(pecs_world_despawn(world, &a, 1), PECS_OK);
    struct reported reported = diff(pecs_snapshot_view(snapshot), view());
    cr_assert_eq(reported.total, 1);
    cr_assert_eq(reported.last.kind, PECS_ENTITY_REMOVED);
    cr_assert(same_id(reported.last.id, id_a));
    cr_assert(same(reported.last.before, a) && same(reported.last.after, (pecs_entity){ 0, 0 }));
    const pecs_entity again = spawn_x(1); /* in the same slot, another one */
    cr_assert_eq(again.index, a.index);
    reported = diff(pecs_snapshot_view(snapshot), view());
    cr_assert_eq(reported.total, 2);
    cr_assert_eq(reported.counts[PECS_ENTITY_REMOVED], 1);
    cr_assert_eq(reported.counts[PECS_ENTITY_ADDED], 1);
    cr_assert(same(reported.last.after, again));
    cr_assert_not_null(pecs_get_as(view(), b, POSITION, Position));
    pecs_snapshot_release(snapshot);
}

Test(diff, components_that_came_and_went)
{
    const pecs_entity a = spawn_x(1), b = spawn_x(2);
    pecs_snapshot *snapshot = take(world);
    cr_assert_eq(pecs_world_set(world, a, (pecs_value[]){ PECS_VALUE_AS(TEAM, Team, 7) }, 1), PECS_OK);
    struct reported reported = diff(pecs_snapshot_view(snapshot), view());
    cr_assert_eq(reported.total, 1);
    cr_assert_eq(reported.last.kind, PECS_COMPONENT_ADDED);
    cr_assert_eq(reported.last.to_component, TEAM);
    cr_assert_eq(reported.last.from_component, UINT32_MAX);
    cr_assert_null(reported.last.old_value);
    reported = diff(view(), pecs_snapshot_view(snapshot));
    cr_assert_eq(reported.total, 1);
    cr_assert_eq(reported.last.kind, PECS_COMPONENT_REMOVED);
    set_x(b, 3);
    cr_assert_eq(diff(view(), pecs_snapshot_view(snapshot)).total, 2);
    pecs_snapshot_release(snapshot);
}

Test(diff, the_world_itself)
{
    pecs_snapshot *snapshot = take(world);
    cr_assert_eq(pecs_world_set_singleton(world, TEAM, sizeof(Team), &(Team){ 3 }), PECS_OK);
    struct reported reported = diff(pecs_snapshot_view(snapshot), view());
    cr_assert_eq(reported.total, 1);
    cr_assert_eq(reported.last.kind, PECS_COMPONENT_ADDED);
    cr_assert(same_id(reported.last.id, (pecs_id){ { 0 } }));
    pecs_snapshot *second = take(world);
    cr_assert_eq(pecs_world_set_singleton(world, TEAM, sizeof(Team), &(Team){ 4 }), PECS_OK);
    reported = diff(pecs_snapshot_view(second), view());
    cr_assert_eq(reported.total, 1);
    cr_assert_eq(reported.last.kind, PECS_COMPONENT_CHANGED);
    pecs_snapshot_release(second);
    pecs_snapshot_release(snapshot);
}

/* Two futures spawn into the same slot: the handles are the same, the entities are not. */
Test(diff, the_same_handle_is_not_the_same_entity)
{
    pecs_snapshot *start = take(world);
    const pecs_entity one = spawn_x(1);
    pecs_snapshot *first = take(world);
    cr_assert_eq(pecs_world_restore(world, start), PECS_OK);
    const pecs_entity two = spawn_x(1);
    cr_assert(same(one, two));
    struct reported reported = diff(pecs_snapshot_view(first), view());
    cr_assert_eq(reported.total, 2);
    cr_assert_eq(reported.counts[PECS_ENTITY_REMOVED], 1);
    cr_assert_eq(reported.counts[PECS_ENTITY_ADDED], 1);
    pecs_snapshot_release(first);
    pecs_snapshot_release(start);
}

/* An entity that has kept its id through a merge is found wherever it is. */
Test(diff, explicit_ids_match)
{
    const pecs_entity entity = spawn_x(1);
    const pecs_id id = id_of(entity);
    pecs_world *other = make_stranger();
    const pecs_value value = PECS_VALUE_AS(POSITION, Position, 1, 0, 0);
    pecs_entity filler, merged;
    cr_assert_eq(pecs_world_spawn(other, &value, 1, 1, &filler), PECS_OK);
    cr_assert_eq(pecs_world_spawn_with_ids(other, &value, 1, &id, 1, &merged), PECS_OK);
    struct reported reported = diff(view(), pecs_world_view(other));
    cr_assert_eq(reported.total, 1);
    cr_assert_eq(reported.last.kind, PECS_ENTITY_ADDED);
    cr_assert(same(reported.last.after, filler));
    cr_assert_eq(pecs_world_set(other, merged, (pecs_value[]){ PECS_VALUE_AS(POSITION, Position, 9, 0, 0) }, 1),
                 PECS_OK);
    reported = diff(view(), pecs_world_view(other));
    cr_assert_eq(reported.counts[PECS_COMPONENT_CHANGED], 1);
    cr_assert_eq(reported.new_x, 9);
    pecs_world_destroy(other);
}

/* Loaded twice, by programs that know the types and that do not: nothing is shared, nothing differs. */
Test(diff, files)
{
    char path[] = "/tmp/pecs-diff-XXXXXX";
    const int file = mkstemp(path);
    cr_assert_geq(file, 0);
    close(file);
    for (int i = 0; i < 5000; i++)
        spawn_x((float)i);
    cr_assert_eq(pecs_world_set_singleton(world, TEAM, sizeof(Team), &(Team){ 3 }), PECS_OK);
    cr_assert_eq(pecs_world_save(world, path, &(pecs_save_options){ .skip_sync = true }, NULL), PECS_OK);
    pecs_registry *empty = make_registry(NULL, 0, counting_hooks);
    pecs_snapshot *known, *unknown;
    cr_assert_eq(pecs_snapshot_resume(registry, path, NULL, &known, NULL), PECS_OK);
    cr_assert_eq(pecs_snapshot_load(empty, path, NULL, &unknown, NULL), PECS_OK);
    cr_assert_eq(diff(pecs_snapshot_view(known), pecs_snapshot_view(unknown)).total, 0);
    cr_assert_eq(diff(pecs_snapshot_view(unknown), view()).total, 0);
    set_x((pecs_entity){ 4999, 1 }, -1);
    cr_assert_eq(diff(pecs_snapshot_view(unknown), view()).counts[PECS_COMPONENT_CHANGED], 1);
    cr_assert_eq(diff(view(), pecs_snapshot_view(known)).total, 1);
    pecs_snapshot_release(known);
    pecs_snapshot_release(unknown);
    pecs_registry_release(empty);
    unlink(path);
}

Test(diff, the_caller_may_stop_it)
{
    for (int i = 0; i < 10; i++)
        spawn_x(1);
    pecs_world *empty = make_stranger();
    struct reported reported = { .stop_after = 3 };
    cr_assert_eq(pecs_view_diff(view(), pecs_world_view(empty), note, &reported), PECS_E_CANCELLED);
    cr_assert_eq(reported.total, 3);
    reported = (struct reported){ .stop_after = 4 };
    cr_assert_eq(pecs_view_diff(pecs_world_view(empty), view(), note, &reported), PECS_E_CANCELLED);
    cr_assert_eq(reported.total, 4);
    cr_assert_eq(pecs_view_diff(view(), view(), NULL, NULL), PECS_E_MISUSE);
    cr_assert_eq(pecs_view_diff((pecs_view){ NULL }, view(), note, &reported), PECS_E_MISUSE);
    pecs_world_destroy(empty);
}

Test(diff, memory_runs_out)
{
    spawn_x(1);
    pecs_status status = PECS_E_MEMORY;
    struct reported reported = { .total = 0 };
    uint64_t nth = 1;
    for (; status; nth++) {
        counting.call_count = 0;
        counting.fail_at = nth;
        status = pecs_view_diff(view(), view(), note, &reported);
        cr_assert(!status || status == PECS_E_MEMORY);
    }
    counting.fail_at = 0;
    cr_assert_geq(nth, 5);
    cr_assert_eq(reported.total, 0);
}

Test(diff, entities_with_explicit_ids)
{
    pecs_id ids[100];
    memset(ids, 0, sizeof(ids));
    for (int i = 0; i < 100; i++)
        ids[i].bytes[0] = (uint8_t)(i + 1);
    cr_assert_eq(pecs_world_spawn_with_ids(world, (pecs_value[]){ PECS_VALUE_AS(POSITION, Position, 1, 0, 0) }, 0, ids,
                                           100, NULL),
                 PECS_OK);
    pecs_snapshot *snapshot = take(world);
    cr_assert_eq(pecs_world_set(world, (pecs_entity){ 5, 1 }, (pecs_value[]){ PECS_VALUE_AS(TEAM, Team, 1) }, 1),
                 PECS_OK);
    struct reported reported = diff(pecs_snapshot_view(snapshot), view());
    cr_assert_eq(reported.total, 1);
    cr_assert_eq(reported.last.kind, PECS_COMPONENT_ADDED);
    cr_assert(same_id(reported.last.id, ids[5]));
    pecs_snapshot_release(snapshot);
}

static void link_to(pecs_world *in, pecs_entity entity, pecs_entity target)
{
    const Link link = { 1, target, { none, target } };
    cr_assert_eq(pecs_world_set(in, entity, &(pecs_value){ LINK, sizeof(link), &link }, 1), PECS_OK);
}

enum { LINK_COUNT = 5000 };

/* Each but the first is linked to the one before it. */
static void spawn_chain(pecs_entity *entities)
{
    for (uint32_t i = 0; i < LINK_COUNT; i++) {
        entities[i] = spawn_x((float)i);
        link_to(world, entities[i], i ? entities[i - 1] : none);
    }
}

/* The same entities with the same components, made by ids and from the last to the first: all handles are others. */
static pecs_world *make_client(const pecs_entity *entities, pecs_entity *made)
{
    pecs_world *client = make_stranger();
    for (uint32_t i = LINK_COUNT; i--;) {
        const pecs_id id = id_of(entities[i]);
        const pecs_value value = PECS_VALUE_AS(POSITION, Position, (float)i, 0, 0);
        cr_assert_eq(pecs_world_spawn_with_ids(client, &value, 1, &id, 1, &made[i]), PECS_OK);
    }
    for (uint32_t i = 0; i < LINK_COUNT; i++)
        link_to(client, made[i], i ? made[i - 1] : none);
    return client;
}

Test(diff, references_are_what_they_name)
{
    static pecs_entity entities[LINK_COUNT], made[LINK_COUNT];
    spawn_chain(entities);
    pecs_world *client = make_client(entities, made);
    cr_assert_eq(diff(view(), pecs_world_view(client)).total, 0);
    cr_assert_eq(diff(pecs_world_view(client), view()).total, 0);
    cr_assert(pecs_diff_same_target(view(), entities[7], pecs_world_view(client), made[7]));
    cr_assert_not(pecs_diff_same_target(view(), entities[7], pecs_world_view(client), made[8]));
    cr_assert_not(pecs_diff_same_target(view(), entities[7], pecs_world_view(client), none));
    link_to(client, made[9], made[10]);
    const struct reported reported = diff(view(), pecs_world_view(client));
    cr_assert_eq(reported.total, 1);
    cr_assert_eq(reported.last.kind, PECS_COMPONENT_CHANGED);
    cr_assert_eq(reported.last.to_component, LINK);
    cr_assert(same(reported.last.before, entities[9]) && same(reported.last.after, made[9]));
    pecs_world_destroy(client);
}

/* What an entity refers to has died, which is reported once, and not of each that referred to it. */
Test(diff, references_to_the_dead)
{
    static pecs_entity entities[LINK_COUNT], made[LINK_COUNT];
    spawn_chain(entities);
    pecs_world *client = make_client(entities, made);
    pecs_snapshot *snapshot = take(world);
    cr_assert_eq(pecs_world_despawn(world, &entities[20], 1), PECS_OK);
    struct reported reported = diff(pecs_snapshot_view(snapshot), view());
    cr_assert_eq(reported.total, 1);
    cr_assert_eq(reported.counts[PECS_ENTITY_REMOVED], 1);
    /* in another world its handle is another, which names a living entity there; or it is dead there, too */
    reported = diff(view(), pecs_world_view(client));
    cr_assert_eq(reported.counts[PECS_ENTITY_ADDED], 1);
    cr_assert_eq(reported.counts[PECS_COMPONENT_CHANGED], 1);
    cr_assert_eq(reported.total, 2);
    cr_assert_eq(pecs_world_despawn(client, &made[20], 1), PECS_OK);
    cr_assert_eq(diff(view(), pecs_world_view(client)).total, 0);
    pecs_snapshot_release(snapshot);
    pecs_world_destroy(client);
}

/* Two futures: the same handle in the same row, of another entity. */
Test(diff, one_handle_for_two_targets)
{
    static pecs_entity entities[LINK_COUNT];
    spawn_chain(entities);
    pecs_snapshot *start = take(world);
    const pecs_entity one = spawn_x(1);
    link_to(world, entities[3], one);
    pecs_snapshot *first = take(world);
    cr_assert_eq(pecs_world_restore(world, start), PECS_OK);
    const pecs_entity two = spawn_x(1);
    cr_assert(same(one, two));
    link_to(world, entities[3], two);
    struct reported reported = diff(pecs_snapshot_view(first), view());
    cr_assert_eq(reported.counts[PECS_ENTITY_REMOVED], 1);
    cr_assert_eq(reported.counts[PECS_ENTITY_ADDED], 1);
    cr_assert_eq(reported.counts[PECS_COMPONENT_CHANGED], 1);
    cr_assert(same(reported.last.before, none) && same(reported.last.after, two)); /* new ones come last */
    cr_assert_not(pecs_diff_same_target(pecs_snapshot_view(first), one, view(), two));
    cr_assert_eq(diff_by_handle(pecs_snapshot_view(first), view()).total, 0);
    pecs_snapshot_release(first);
    pecs_snapshot_release(start);
}

/* In a chunk of the index where all handles agree but one. */
Test(diff, one_handle_for_two_targets_in_a_full_chunk)
{
    static pecs_entity entities[LINK_COUNT];
    spawn_chain(entities);
    cr_assert_eq(pecs_world_despawn(world, &entities[5], 1), PECS_OK);
    pecs_snapshot *start = take(world);
    const pecs_entity one = spawn_x(5);
    link_to(world, entities[3], one);
    pecs_snapshot *first = take(world);
    cr_assert_eq(pecs_world_restore(world, start), PECS_OK);
    const pecs_entity two = spawn_x(5);
    cr_assert(same(one, two));
    link_to(world, entities[3], two);
    const struct reported reported = diff(pecs_snapshot_view(first), view());
    cr_assert_eq(reported.counts[PECS_COMPONENT_CHANGED], 1);
    cr_assert_eq(reported.total, 3);
    pecs_snapshot_release(first);
    pecs_snapshot_release(start);
}

/* An entity got another id: what refers to it names another entity now, although nothing was written there. */
Test(diff, a_target_that_got_another_id)
{
    static pecs_entity entities[LINK_COUNT];
    spawn_chain(entities);
    pecs_snapshot *snapshot = take(world);
    const pecs_id id = { { 1, 2, 3 } };
    cr_assert_eq(pecs_world_set_id(world, entities[30], id), PECS_OK);
    struct reported reported = diff(pecs_snapshot_view(snapshot), view());
    cr_assert_eq(reported.counts[PECS_ENTITY_REMOVED], 1);
    cr_assert_eq(reported.counts[PECS_ENTITY_ADDED], 1);
    cr_assert_eq(reported.counts[PECS_COMPONENT_CHANGED], 1);
    cr_assert_eq(reported.total, 3);
    reported = diff(view(), pecs_snapshot_view(snapshot));
    cr_assert_eq(reported.counts[PECS_COMPONENT_CHANGED], 1);
    cr_assert_eq(reported.total, 3);
    pecs_snapshot_release(snapshot);
}

/* A client that joined while the target was dead has no id of it: its new life is reported where it is referred to. */
Test(diff, a_dead_target_that_lives_again)
{
    static pecs_entity entities[LINK_COUNT];
    spawn_chain(entities);
    for (int i = 0; i < 2; i++) { /* the second time, the slots behind it are gone and its own is retired */
        pecs_snapshot *undo = take(world);
        cr_assert_eq(pecs_world_despawn(world, entities + 30, i ? LINK_COUNT - 30 : 1), PECS_OK);
        link_to(world, entities[29], entities[30]);
        cr_assert(!i || !pecs_world_compact(world, NULL));
        pecs_snapshot *without = take(world);
        struct reported reported = diff(pecs_snapshot_view(undo), pecs_snapshot_view(without));
        cr_assert_eq(reported.counts[PECS_ENTITY_REMOVED], (i ? LINK_COUNT - 30 : 1));
        cr_assert_eq(reported.counts[PECS_COMPONENT_CHANGED], 1, "the one that was written");
        cr_assert_eq(pecs_world_restore(world, undo), PECS_OK);
        reported = diff(pecs_snapshot_view(without), view());
        cr_assert_eq(reported.counts[PECS_ENTITY_ADDED], (i ? LINK_COUNT - 30 : 1));
        cr_assert_eq(reported.counts[PECS_COMPONENT_CHANGED], i ? 1 : 2, "%u",
                     (unsigned)reported.counts[PECS_COMPONENT_CHANGED]);
        cr_assert_not(pecs_diff_same_target(pecs_snapshot_view(without), entities[30], view(), entities[30]));
        cr_assert(pecs_diff_same_target(view(), entities[30], pecs_snapshot_view(without), entities[30]));
        pecs_snapshot_release(without);
        pecs_snapshot_release(undo);
    }
}

/* The id of a dead one was given to another entity: what refers to the dead names that one in the other world. */
static void expect_reference_moves(const pecs_entity *entities, pecs_id id)
{
    pecs_snapshot *snapshot = take(world);
    const pecs_entity heir = spawn_x(1);
    cr_assert_eq(pecs_world_despawn(world, &entities[30], 1), PECS_OK);
    cr_assert_eq(pecs_world_set_id(world, heir, id), PECS_OK);
    cr_assert_not(pecs_diff_same_target(pecs_snapshot_view(snapshot), entities[30], view(), entities[30]));
    for (int i = 0; i < 2; i++) {
        const pecs_view before = pecs_snapshot_view(snapshot);
        const struct reported reported = i ? diff(view(), before) : diff(before, view());
        cr_assert_eq(reported.counts[PECS_ENTITY_REMOVED] + reported.counts[PECS_ENTITY_ADDED], 0,
                     "the heir has that id");
        cr_assert(reported.has_link, "%s: the reference in a shared array", i ? "backwards" : "forwards");
    }
    pecs_snapshot_release(snapshot);
}

Test(diff, a_dead_target_whose_id_another_got)
{
    static pecs_entity entities[LINK_COUNT];
    pecs_id id;
    spawn_chain(entities);
    cr_assert_eq(pecs_view_id(view(), entities[30], &id), PECS_OK);
    expect_reference_moves(entities, id);
}

Test(diff, a_dead_target_whose_explicit_id_another_got)
{
    static pecs_entity entities[LINK_COUNT];
    const pecs_id id = { { 1, 2, 3 } };
    spawn_chain(entities);
    cr_assert_eq(pecs_world_set_id(world, entities[30], id), PECS_OK);
    expect_reference_moves(entities, id);
}

/* By handle, two runs that did the same are the same, and explicit ids are a component. */
Test(diff, by_handle)
{
    pecs_world *other = make_stranger();
    for (int i = 0; i < 10; i++) {
        const pecs_entity a = spawn_x((float)i), b = spawn_position(other, (float)i);
        cr_assert(same(a, b));
        link_to(world, a, a);
        link_to(other, b, b);
    }
    struct reported reported = diff(view(), pecs_world_view(other));
    cr_assert_eq(reported.counts[PECS_ENTITY_REMOVED], 10);
    cr_assert_eq(reported.counts[PECS_ENTITY_ADDED], 10);
    cr_assert_eq(diff_by_handle(view(), pecs_world_view(other)).total, 0);
    link_to(other, (pecs_entity){ 4, 1 }, (pecs_entity){ 5, 1 });
    reported = diff_by_handle(view(), pecs_world_view(other));
    cr_assert_eq(reported.total, 1);
    cr_assert_eq(reported.last.before.index, 4);
    link_to(other, (pecs_entity){ 4, 1 }, (pecs_entity){ 4, 1 });
    cr_assert_eq(pecs_world_set_id(other, (pecs_entity){ 2, 1 }, (pecs_id){ { 1 } }), PECS_OK);
    reported = diff_by_handle(view(), pecs_world_view(other));
    cr_assert_eq(reported.total, 1);
    cr_assert_eq(reported.last.kind, PECS_COMPONENT_ADDED);
    cr_assert_eq(pecs_world_despawn(other, &(pecs_entity){ 6, 1 }, 1), PECS_OK);
    cr_assert_eq(diff_by_handle(view(), pecs_world_view(other)).counts[PECS_ENTITY_REMOVED], 1);
    pecs_world_destroy(other);
}

Test(diff, singletons_with_references)
{
    const pecs_entity entity = spawn_x(1);
    pecs_snapshot *snapshot = take(world);
    const Link link = { 1, entity, { none, none } }, other_link = { 1, none, { none, none } };
    cr_assert_eq(pecs_world_set_singleton(world, LINK, sizeof(link), &link), PECS_OK);
    cr_assert_eq(diff(pecs_snapshot_view(snapshot), view()).counts[PECS_COMPONENT_ADDED], 1);
    pecs_snapshot *second = take(world);
    cr_assert_eq(pecs_world_set_singleton(world, LINK, sizeof(link), &other_link), PECS_OK);
    cr_assert_eq(diff(pecs_snapshot_view(second), view()).counts[PECS_COMPONENT_CHANGED], 1);
    pecs_snapshot_release(second);
    pecs_snapshot_release(snapshot);
}
