/*
 * Ticks: what opens one and what does not. The tick of a snapshot, of a save and of a base is over: the first edit
 * after it carries a higher one. Which chunks an iteration skips is in test_changed.c.
 */
#include "ticks_fixture.h"
#include "verbs.h"

#include <stdio.h>
#include <unistd.h>

TestSuite(ticks, .init = set_up_with_queries, .fini = strike_with_queries);
TestSuite(changed, .init = set_up_with_queries, .fini = strike_with_queries);

Test(ticks, a_world_starts_at_1_and_advances_by_1)
{
    cr_assert_eq(pecs_view_tick(view()), 1);
    for (uint64_t tick = 2; tick < 100; tick++) {
        cr_assert_eq(advance(), tick);
        cr_assert_eq(pecs_view_tick(view()), tick);
        cr_assert_eq(summary_of(view()).tick, tick);
    }
    cr_assert_eq(pecs_world_advance(world, NULL), PECS_OK);
    cr_assert_eq(pecs_view_tick(view()), 100);
}

Test(ticks, advance_is_busy_while_an_iteration_is_open)
{
    uint64_t tick = 77;
    pecs_iter iter = pecs_query_iter(positions, view(), NULL);
    cr_assert_eq(pecs_world_advance(world, &tick), PECS_E_BUSY);
    cr_assert_eq(pecs_iter_end(&iter), PECS_OK);
    iter = pecs_query_iter_mut(positions, world, NULL);
    cr_assert_eq(pecs_world_advance(world, &tick), PECS_E_BUSY);
    cr_assert_eq(pecs_iter_end(&iter), PECS_OK);
    cr_assert_eq(tick, 77);
    cr_assert_eq(pecs_view_tick(view()), 1);
}

Test(ticks, a_snapshot_keeps_its_tick)
{
    advance();
    pecs_snapshot *snapshot = take(world);
    advance();
    cr_assert_eq(pecs_view_tick(pecs_snapshot_view(snapshot)), 2);
    cr_assert_eq(pecs_view_tick(view()), 3);
    pecs_snapshot_release(snapshot);
}

Test(ticks, a_restore_opens_a_tick_beyond_both)
{
    pecs_snapshot *old = take(world);
    for (int i = 0; i < 9; i++)
        advance();
    cr_assert_eq(pecs_world_restore(world, old), PECS_OK);
    cr_assert_eq(pecs_view_tick(view()), 11);
    pecs_world *other = make_world(registry, NULL);
    for (int i = 0; i < 30; i++)
        cr_assert_eq(pecs_world_advance(other, NULL), PECS_OK);
    pecs_snapshot *far = take(other);
    cr_assert_eq(pecs_world_restore(world, far), PECS_OK);
    cr_assert_eq(pecs_view_tick(view()), 32);
    cr_assert_eq(advance(), 33);
    cr_assert_eq(pecs_view_tick(pecs_snapshot_view(far)), 31);
    pecs_world_destroy(other);
    pecs_snapshot_release(far);
    pecs_snapshot_release(old);
}

Test(ticks, a_fork_goes_on_from_its_base)
{
    advance();
    advance();
    pecs_snapshot *base = take(world);
    pecs_world *other = make_world(registry, base);
    cr_assert_eq(pecs_view_tick(pecs_world_view(other)), 3);
    uint64_t tick;
    cr_assert_eq(pecs_world_advance(other, &tick), PECS_OK);
    cr_assert_eq(tick, 4);
    cr_assert_eq(pecs_view_tick(view()), 3);
    pecs_world_destroy(other);
    pecs_snapshot_release(base);
}

static void edit_x(pecs_world *edited, uint32_t index)
{
    void *value;
    must(pecs_world_get_mut(edited, (pecs_entity){ index, 1 }, POSITION, sizeof(Position), &value) == PECS_OK);
}

Test(changed, since_a_snapshot_was_taken)
{
    spawn_chunks();
    pecs_snapshot *snapshot = take(world);
    const uint64_t seen = pecs_view_tick(pecs_snapshot_view(snapshot));
    cr_assert_eq(seen, 2);
    cr_assert_eq(pecs_view_tick(view()), seen, "a take alone does not open another tick");
    cr_assert_eq(chunks_since(positions, seen), 0);
    edit_x(world, CHUNK_ROWS + 1);
    cr_assert_eq(pecs_view_tick(view()), seen + 1);
    cr_assert_eq(chunks_since(positions, seen), 2);
    edit_x(world, 1);
    cr_assert_eq(pecs_view_tick(view()), seen + 1, "one tick for all edits after it");
    cr_assert_eq(chunks_since(positions, seen), 3);
    cr_assert_eq(pecs_view_tick(pecs_snapshot_view(snapshot)), seen);
    pecs_snapshot_release(snapshot);
    cr_assert_eq(advance(), seen + 2);
}

Test(changed, since_the_base_of_a_fork)
{
    spawn_chunks();
    pecs_snapshot *snapshot = take(world);
    pecs_world *fork = make_world(registry, snapshot);
    const uint64_t seen = pecs_view_tick(pecs_snapshot_view(snapshot));
    pecs_snapshot_release(snapshot);
    cr_assert_eq(pecs_view_tick(pecs_world_view(fork)), seen);
    edit_x(fork, CHUNK_ROWS + 1);
    cr_assert_eq(chunks_in(pecs_world_view(fork), positions, seen), 2);
    cr_assert_eq(pecs_view_tick(pecs_world_view(fork)), seen + 1);
    pecs_world_destroy(fork);
}

Test(changed, since_a_file_was_saved)
{
    char path[64];
    const pecs_save_options options = { .skip_sync = true };
    snprintf(path, sizeof(path), "/tmp/pecs-ticks-%ld", (long)getpid());
    spawn_chunks();
    cr_assert_eq(pecs_world_save(world, path, &options, NULL), PECS_OK);
    const uint64_t seen = pecs_view_tick(view());
    for (int verb = 0; verb < 2; verb++) {
        pecs_snapshot *snapshot;
        cr_assert_eq(verbs[verb](registry, path, NULL, &snapshot, NULL), PECS_OK);
        pecs_world *next = make_world(registry, snapshot);
        pecs_snapshot_release(snapshot);
        edit_x(next, 1);
        cr_assert_eq(chunks_in(pecs_world_view(next), positions, seen), 1);
        pecs_world_destroy(next);
    }
    edit_x(world, 1);
    cr_assert_eq(chunks_since(positions, seen), 1);
    unlink(path);
}

/* Each of these changes nothing, so the tick that a snapshot saw is not over. */
Test(changed, what_is_no_edit_opens_no_tick)
{
    const pecs_component component = HEALTH;
    pecs_query *healthy = make_query(registry, &(pecs_term){ HEALTH, PECS_WRITE }, 1);
    pecs_commands *commands;
    uint64_t count = 7;
    void *value;
    spawn_chunks();
    const pecs_entity frozen = spawn_one(world, (pecs_value[]){ PECS_HAS_AS(FROZEN) }, 1);
    cr_assert_eq(pecs_commands_create(registry, &commands), PECS_OK);
    cr_assert_eq(pecs_commands_despawn(commands, none), PECS_OK);
    pecs_snapshot *snapshot = take(world);
    pecs_id id;
    cr_assert_eq(pecs_view_id(view(), frozen, &id), PECS_OK);
    cr_assert_eq(pecs_world_spawn(world, NULL, 0, 0, NULL), PECS_OK);
    cr_assert_eq(pecs_world_despawn(world, NULL, 0), PECS_OK);
    cr_assert_eq(pecs_world_despawn(world, &none, 1), PECS_E_DEAD);
    cr_assert_eq(pecs_world_despawn(world, (pecs_entity[]){ frozen, frozen }, 2), PECS_E_DEAD);
    cr_assert_eq(pecs_world_despawn_matching(world, healthy, &count), PECS_OK);
    cr_assert_eq(count, 0);
    cr_assert_eq(pecs_world_set(world, frozen, NULL, 0), PECS_OK);
    cr_assert_eq(pecs_world_set(world, frozen, (pecs_value[]){ PECS_HAS_AS(FROZEN) }, 1), PECS_OK);
    cr_assert_eq(pecs_world_remove(world, frozen, &component, 1), PECS_OK);
    cr_assert_eq(pecs_world_get_mut(world, frozen, HEALTH, sizeof(Health), &value), PECS_E_ABSENT);
    cr_assert_eq(pecs_world_set_id(world, frozen, id), PECS_OK);
    cr_assert_eq(pecs_world_remove_meta(world, "key"), PECS_OK);
    cr_assert_eq(pecs_world_remove_singleton(world, HEALTH), PECS_OK);
    cr_assert_eq(pecs_commands_apply(commands, world, &count), PECS_OK);
    cr_assert_eq(count, 1);
    pecs_iter iter = pecs_query_iter_mut(healthy, world, NULL);
    cr_assert_not(pecs_iter_next(&iter));
    cr_assert_eq(pecs_iter_end(&iter), PECS_OK);
    for (uint32_t part = 0; part < 2; part++) {
        iter = pecs_query_iter_mut(healthy, world, &(pecs_iter_options){ .worker = part, .worker_count = 2 });
        cr_assert_eq(pecs_iter_end(&iter), PECS_OK);
    }
    cr_assert_eq(pecs_view_tick(view()), pecs_view_tick(pecs_snapshot_view(snapshot)));
    cr_assert_eq(pecs_world_copied_bytes(world), 0);
    pecs_snapshot_release(snapshot);
    pecs_commands_destroy(commands);
    pecs_query_destroy(healthy);
}

/* Entities that die, one that lives, and what edits values by another way than the world's own functions. */
struct edit_stage {
    pecs_entity doomed[3], entity;
    pecs_query *writing;
    pecs_commands *commands;
};

static pecs_status run_spawn(const struct edit_stage *stage)
{
    (void)stage;
    return pecs_world_spawn(world, NULL, 0, 1, NULL);
}

static pecs_status run_despawn(const struct edit_stage *stage)
{
    return pecs_world_despawn(world, stage->doomed, 1);
}

static pecs_status run_despawn_two(const struct edit_stage *stage)
{
    return pecs_world_despawn(world, stage->doomed + 1, 2);
}

static pecs_status run_set_new(const struct edit_stage *stage)
{
    return pecs_world_set(world, stage->entity, (pecs_value[]){ PECS_VALUE_AS(HEALTH, Health, 1, 2) }, 1);
}

static pecs_status run_set_present(const struct edit_stage *stage)
{
    return pecs_world_set(world, stage->entity, (pecs_value[]){ PECS_VALUE_AS(HEALTH, Health, 3, 4) }, 1);
}

static pecs_status run_get_mut(const struct edit_stage *stage)
{
    void *value;
    return pecs_world_get_mut(world, stage->entity, HEALTH, sizeof(Health), &value);
}

static pecs_status run_iteration(const struct edit_stage *stage)
{
    pecs_iter iter = pecs_query_iter_mut(stage->writing, world, NULL);
    cr_assert(pecs_iter_next(&iter));
    return pecs_iter_end(&iter);
}

static pecs_status run_worker(const struct edit_stage *stage)
{
    const pecs_iter_options options = { .worker = 0, .worker_count = 2 };
    pecs_iter iter = pecs_query_iter_mut(stage->writing, world, &options);
    cr_assert(pecs_iter_next(&iter));
    return pecs_iter_end(&iter);
}

static pecs_status run_id(const struct edit_stage *stage)
{
    return pecs_world_set_id(world, stage->entity, (pecs_id){ { 1 } });
}

static pecs_status run_metadata(const struct edit_stage *stage)
{
    (void)stage;
    return pecs_world_set_meta_text(world, "key", "text");
}

static pecs_status run_singleton(const struct edit_stage *stage)
{
    (void)stage;
    return pecs_world_set_singleton(world, HEALTH, sizeof(Health), &(Health){ 1, 2 });
}

static pecs_status run_commands(const struct edit_stage *stage)
{
    const pecs_value value = PECS_VALUE_AS(HEALTH, Health, 5, 6);
    cr_assert_eq(pecs_commands_set(stage->commands, stage->entity, &value, 1), PECS_OK);
    return pecs_commands_apply(stage->commands, world, NULL);
}

static pecs_status run_remove(const struct edit_stage *stage)
{
    return pecs_world_remove(world, stage->entity, &(pecs_component){ POSITION }, 1);
}

static pecs_status run_despawn_matching(const struct edit_stage *stage)
{
    return pecs_world_despawn_matching(world, stage->writing, NULL);
}

/* In this order: each finds what those before it have left. */
static const struct {
    const char *name;
    pecs_status (*run)(const struct edit_stage *stage);
} edits[] = {
    { "spawn", run_spawn },
    { "despawn", run_despawn },
    { "despawn of two", run_despawn_two },
    { "set of a new component", run_set_new },
    { "set of a present component", run_set_present },
    { "get_mut", run_get_mut },
    { "iteration", run_iteration },
    { "iteration of a worker", run_worker },
    { "set_id", run_id },
    { "metadata", run_metadata },
    { "singleton", run_singleton },
    { "commands", run_commands },
    { "remove", run_remove },
    { "despawn_matching", run_despawn_matching },
};

/* Each of these is an edit, and carries a tick that the snapshot has not seen. */
Test(changed, what_is_an_edit_opens_a_tick)
{
    struct edit_stage stage = {
        .doomed = { spawn_position(world, 1), spawn_position(world, 2), spawn_position(world, 3) },
        .entity = spawn_position(world, 4),
        .writing = make_query(registry, &(pecs_term){ HEALTH, PECS_WRITE }, 1),
    };
    cr_assert_eq(pecs_commands_create(registry, &stage.commands), PECS_OK);
    for (size_t i = 0; i < sizeof(edits) / sizeof(edits[0]); i++) {
        pecs_snapshot *snapshot = take(world);
        const uint64_t seen = pecs_view_tick(view());
        cr_assert_eq(edits[i].run(&stage), PECS_OK, "%s", edits[i].name);
        cr_assert_eq(pecs_view_tick(view()), seen + 1, "%s", edits[i].name);
        cr_assert_eq(pecs_view_tick(pecs_snapshot_view(snapshot)), seen);
        pecs_snapshot_release(snapshot);
    }
    pecs_commands_destroy(stage.commands);
    pecs_query_destroy(stage.writing);
}

/* Only a file brings a world to the last tick; edits go on there. */
Test(changed, there_is_no_tick_after_the_last)
{
    spawn_chunks();
    world->gate.tick = world->state->tick = TICK_MAX;
    pecs_snapshot *snapshot = take(world);
    edit_x(world, 1);
    cr_assert_eq(pecs_view_tick(view()), TICK_MAX);
    pecs_snapshot_release(snapshot);
    world->gate.tick = world->state->tick = 3;
}
