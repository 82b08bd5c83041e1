/*
 * Random edits of a world with transient content and of a mirror without it. What is saved is the mirror without the
 * entities that are transient.
 */
#define _GNU_SOURCE
#include "transient_fixture.h"

TestSuite(transient, .init = set_up, .fini = tear_down);

enum { HISTORY_ENTITIES = 60 };
struct history {
    uint64_t state;
    pecs_world *mirror;
    pecs_entity entities[HISTORY_ENTITIES];
    bool is_ghost[HISTORY_ENTITIES];
};

static uint32_t draw(struct history *history, uint32_t below)
{
    history->state = history->state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(history->state >> 33) % below;
}

static void edit_both(struct history *history, uint32_t which)
{
    const pecs_entity entity = history->entities[which];
    const Position position = { (float)draw(history, 9), 0, 0 };
    const Link link = { 1, history->entities[draw(history, HISTORY_ENTITIES)], { none, entity } };
    const pecs_value values[] = { position_value(&position), { FROZEN, 0, NULL }, { LINK, sizeof(link), &link } };
    const pecs_value *value = &values[draw(history, 3)];
    if (draw(history, 3) && pecs_view_has(pecs_world_view(world), entity, value->component)) {
        must(!pecs_world_remove(world, entity, &value->component, 1));
        must(!pecs_world_remove(history->mirror, entity, &value->component, 1));
    } else {
        must(!pecs_world_set(world, entity, value, 1) && !pecs_world_set(history->mirror, entity, value, 1));
    }
}

static void edit_transient(struct history *history, uint32_t which)
{
    const pecs_entity entity = history->entities[which];
    const uint32_t component = MESH + draw(history, 4);
    const bool is_there = pecs_view_has(pecs_world_view(world), entity, component);
    const Mesh mesh = { history, (int)which };
    const Body body = { "a body" };
    const pecs_value value = { component, types[component]->size,
                               component == MESH ? (const void *)&mesh : (const void *)&body };
    if (is_there)
        must(!pecs_world_remove(world, entity, &component, 1));
    else
        must(!pecs_world_set(world, entity, &value, 1));
    if (component == GHOST)
        history->is_ghost[which] = !is_there;
}

static void replace_both(struct history *history, uint32_t which)
{
    pecs_entity *entity = &history->entities[which], twin;
    if (entity->generation)
        must(!pecs_world_despawn(world, entity, 1) && !pecs_world_despawn(history->mirror, entity, 1));
    must(!pecs_world_spawn(world, NULL, 0, 1, entity) && !pecs_world_spawn(history->mirror, NULL, 0, 1, &twin));
    must(same(*entity, twin));
    history->is_ghost[which] = false;
}

static void compare_saved(struct history *history)
{
    pecs_snapshot *base = take(history->mirror);
    pecs_world *expected = make_world(plain, base);
    for (uint32_t i = 0; i < HISTORY_ENTITIES; i++)
        if (history->is_ghost[i])
            must(!pecs_world_despawn(expected, &history->entities[i], 1));
    save_world(world, "world.pecs");
    pecs_snapshot *loaded = load_plain("world.pecs");
    const uint64_t hash = pecs_view_hash(pecs_world_view(expected));
    must(pecs_view_hash(pecs_world_view(world)) == hash && pecs_view_hash(pecs_snapshot_view(loaded)) == hash);
    must(differences(pecs_world_view(world), pecs_snapshot_view(loaded)) == 0);
    /* by id, a reference to a transient entity would be one whose target lives again */
    int back = 0;
    must(!pecs_view_diff_by_handle(pecs_snapshot_view(loaded), pecs_world_view(world), count_change, &back) && !back);
    must(summary_of(pecs_world_view(expected)).free_count == loaded->free_count);
    pecs_world_destroy(expected);
    pecs_snapshot_release(loaded);
    pecs_snapshot_release(base);
}

Test(transient, random_histories)
{
    for (uint64_t seed = 1; seed <= 60; seed++) {
        struct history history = { .state = seed, .mirror = make_world(plain, NULL) };
        pecs_world_destroy(world);
        world = make_world(registry, NULL);
        for (uint32_t i = 0; i < HISTORY_ENTITIES; i++)
            replace_both(&history, i);
        for (int step = 0; step < 600; step++) {
            const uint32_t kind = draw(&history, 20), which = draw(&history, HISTORY_ENTITIES);
            if (kind == 0)
                replace_both(&history, which);
            else if (kind < 11)
                edit_both(&history, which);
            else
                edit_transient(&history, which);
            if (step % 150 == 149)
                compare_saved(&history);
        }
        check_world(world);
        pecs_world_destroy(history.mirror);
    }
}
