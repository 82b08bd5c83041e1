/*
 * Who has which id, through thousands of edits, snapshots and files. A plain list of who should have which id is kept
 * beside the world.
 */
#define _GNU_SOURCE
#include "id_hash.h"
#include "identity_fixture.h"

TestSuite(identity);
TestSuite(ids_in_files, .init = enter_folder, .fini = leave_folder);

enum { ITEM_MAX = 4000, DROPPED_MAX = 256 };

struct item {
    pecs_entity entity;
    pecs_id id, birth;
};

/* Who should have which id, and ids that somebody had before. */
struct model {
    struct item items[ITEM_MAX];
    size_t item_count;
    pecs_id dropped[DROPPED_MAX];
    uint64_t dropped_count;
};

static void drop(struct model *model, pecs_id id)
{
    model->dropped[model->dropped_count++ % DROPPED_MAX] = id;
}

static bool somebody_has(const struct model *model, pecs_id id)
{
    for (size_t i = 0; i < model->item_count; i++)
        if (same_id(model->items[i].id, id))
            return true;
    return false;
}

static void check_model(pecs_view view, const struct model *model)
{
    must(summary_of(view).entity_count == model->item_count);
    for (size_t i = 0; i < model->item_count; i++) {
        const struct item *item = &model->items[i];
        must(same_id(id_of(view, item->entity), item->id));
        must(same(find(view, item->id), item->entity));
    }
    for (uint64_t i = 0; i < model->dropped_count && i < DROPPED_MAX; i++)
        must((find(view, model->dropped[i]).generation != 0) == somebody_has(model, model->dropped[i]));
    size_t count = 0;
    for (pecs_id_iter iter = pecs_view_ids(view); pecs_id_iter_next(&iter); count++)
        ;
    must(count == model->item_count);
}

struct history {
    pecs_world *world;
    struct model *model;
    uint64_t random, next_id;
};

static uint64_t draw(struct history *history, uint64_t limit)
{
    return mix_u64(++history->random) % limit;
}

static void spawn_items(struct history *history, size_t count, bool with_ids)
{
    static pecs_id ids[40];
    static pecs_entity entities[40];
    struct model *model = history->model;
    for (size_t i = 0; i < count; i++)
        ids[i] = made_id(history->next_id++);
    must((with_ids ? pecs_world_spawn_with_ids(history->world, NULL, 0, ids, count, entities)
                   : pecs_world_spawn(history->world, NULL, 0, count, entities)) == PECS_OK);
    for (size_t i = 0; i < count; i++) {
        const struct pecs_snapshot *state = history->world->state;
        const pecs_id birth = identity_of_birth(state, entities[i], state_find(state, entities[i]));
        model->items[model->item_count++] = (struct item){ entities[i], with_ids ? ids[i] : birth, birth };
        if (with_ids)
            drop(model, birth);
    }
}

static void give_item(struct history *history, struct item *item, pecs_id id, bool by_id)
{
    const bool is_taken = somebody_has(history->model, id) && !same_id(item->id, id);
    const pecs_status status =
        by_id ? pecs_world_remap_id(history->world, item->id, id) : pecs_world_set_id(history->world, item->entity, id);
    must(status == (is_taken ? PECS_E_CONFLICT : PECS_OK));
    if (status)
        return;
    drop(history->model, item->id);
    item->id = id;
}

static void step(struct history *history)
{
    struct model *model = history->model;
    const uint64_t what = draw(history, 100);
    if (model->item_count < 100 || (what < 6 && model->item_count < ITEM_MAX - 40)) {
        spawn_items(history, 1 + draw(history, 40), draw(history, 2));
        return;
    }
    struct item *item = &model->items[draw(history, model->item_count)];
    if (what < 20) {
        must(pecs_world_despawn(history->world, &item->entity, 1) == PECS_OK);
        drop(model, item->id);
        *item = model->items[--model->item_count];
    } else if (what < 30) {
        give_item(history, item, item->birth, false);
    } else if (what < 40) { /* one that somebody had, or still has */
        give_item(history, item, model->dropped[draw(history, min_u64(model->dropped_count, DROPPED_MAX))], what % 2);
    } else if (what < 50) {
        const pecs_value value[] = { PECS_VALUE_AS(TEAM, Team, (uint8_t)what) };
        must(pecs_world_set(history->world, item->entity, value, 1) == PECS_OK);
    } else if (what < 60) {
        must(pecs_world_remove(history->world, item->entity, (pecs_component[]){ TEAM }, 1) == PECS_OK);
    } else {
        give_item(history, item, made_id(history->next_id++), what % 2);
    }
}

static struct model *copy_model(const struct model *model)
{
    struct model *copy = malloc(sizeof(*copy));
    *copy = *model;
    return copy;
}

static void run(struct history *history, int step_count)
{
    for (int i = 0; i < step_count; i++)
        step(history);
    check_model(pecs_world_view(history->world), history->model);
    check_world(history->world);
}

static struct history begin_history(pecs_registry *registry)
{
    struct history history = { plain_world(registry), calloc(1, sizeof(struct model)), 1234, 1 };
    return history;
}

static void end_history(struct history *history)
{
    pecs_world_destroy(history->world);
    free(history->model);
}

Test(identity, thousands_of_edits)
{
    pecs_registry *registry = counting_registry();
    struct history history = begin_history(registry);
    /* until more ids were given than there are buckets: the hash index has been replaced */
    for (int i = 0; i < 10 || history.next_id <= id_hash_of(history.world->state)->buckets.count; i++) {
        must(i < 100);
        run(&history, 1000);
    }
    end_history(&history);
    pecs_registry_release(registry);
    assert_no_leak();
}

/* Each chunk of the buckets is an array of its own, so that a new hash index shows in the number of allocations. */
Test(identity, the_hash_index_is_not_replaced_at_every_change)
{
    enum { SLOTS = 4095 }; /* all have an explicit id, and a power of two is just half full */
    pecs_registry *registry = counting_registry();
    pecs_world *world = plain_world(registry);
    static pecs_id ids[SLOTS];
    static pecs_entity entities[SLOTS];
    for (uint64_t i = 0; i < SLOTS; i++)
        ids[i] = made_id(i);
    cr_assert_eq(pecs_world_spawn_with_ids(world, NULL, 0, ids, SLOTS, entities), PECS_OK);
    cr_assert_eq(pecs_world_set_id(world, entities[0], made_id(SLOTS)), PECS_OK);
    const uint64_t calls = counting.call_count;
    for (uint64_t i = 0; i < 2000; i++)
        must(pecs_world_set_id(world, entities[mix_u64(i) % SLOTS], made_id(SLOTS + 1 + i)) == PECS_OK);
    cr_assert_lt(counting.call_count - calls, 200);
    check_world(world);
    pecs_world_destroy(world);
    pecs_registry_release(registry);
}

static uint64_t walk_of(const pecs_world *world, pecs_id id, pecs_entity entity)
{
    const struct vector *buckets = &id_hash_of(world->state)->buckets;
    const uint64_t mask = buckets->count - 1;
    uint64_t bucket = id_hash_key(world->registry->pool, &id) & mask, steps = 1;
    for (;; bucket = (bucket + 1) & mask, steps++) {
        uint32_t index;
        memcpy(&index, vector_value(buckets, bucket, 10, sizeof(index)), sizeof(index));
        must(index != UINT32_MAX);
        if (index == entity.index)
            return steps;
    }
}

/* An id that many entities have after each other is as quick to find as any, and so are the others beside it. */
Test(identity, an_id_may_go_round)
{
    enum { SLOTS = 3000, ROUNDS = 20000 };
    pecs_registry *registry = counting_registry();
    pecs_world *world = plain_world(registry);
    static pecs_entity entities[SLOTS];
    cr_assert_eq(pecs_world_spawn(world, NULL, 0, SLOTS, entities), PECS_OK);
    for (uint64_t i = 0; i < SLOTS; i += 2)
        must(pecs_world_set_id(world, entities[i], made_id(1000000 + i)) == PECS_OK);
    const pecs_id role = made_id(1);
    must(pecs_world_set_id(world, entities[1], role) == PECS_OK);
    uint64_t longest = 0;
    for (uint64_t i = 0; i < ROUNDS; i++) {
        const pecs_entity had = find(pecs_world_view(world), role);
        const pecs_entity next = entities[mix_u64(i) % SLOTS | 1];
        if (same(had, next))
            continue;
        must(pecs_world_set_id(world, had, made_id(2)) == PECS_OK);
        must(pecs_world_set_id(world, next, role) == PECS_OK);
        const pecs_id birth = identity_of_birth(world->state, had, state_find(world->state, had));
        must(pecs_world_remap_id(world, made_id(2), birth) == PECS_OK);
        const uint64_t steps = walk_of(world, role, next);
        longest = steps > longest ? steps : longest;
        must(same(find(pecs_world_view(world), role), next));
    }
    cr_assert_leq(longest, 40, "%llu steps", (unsigned long long)longest);
    for (uint64_t i = 0; i < SLOTS; i += 2)
        must(same(find(pecs_world_view(world), made_id(1000000 + i)), entities[i]));
    check_world(world);
    pecs_world_destroy(world);
    pecs_registry_release(registry);
}

Test(identity, snapshots_keep_who_had_which)
{
    enum { TAKEN = 8 };
    pecs_registry *registry = counting_registry();
    struct history history = begin_history(registry);
    pecs_snapshot *snapshots[TAKEN];
    struct model *models[TAKEN];
    for (int i = 0; i < TAKEN; i++) {
        run(&history, 300);
        snapshots[i] = take(history.world);
        models[i] = copy_model(history.model);
    }
    run(&history, 300);
    for (int i = 0; i < TAKEN; i++)
        check_model(pecs_snapshot_view(snapshots[i]), models[i]);
    for (int i = 0; i < TAKEN; i++) {
        const int at = (i * 5 + 3) % TAKEN;
        cr_assert_eq(pecs_world_rewind(history.world, snapshots[at]), PECS_OK);
        *history.model = *models[at];
        check_model(pecs_world_view(history.world), history.model);
        run(&history, 100);
    }
    for (int i = 0; i < TAKEN; i++) {
        const int at = (i * 3 + 1) % TAKEN;
        cr_assert_eq(pecs_world_restore(history.world, snapshots[at]), PECS_OK);
        *history.model = *models[at];
        check_model(pecs_world_view(history.world), history.model);
        run(&history, 100);
    }
    for (int i = 0; i < TAKEN; i++) {
        check_model(pecs_snapshot_view(snapshots[i]), models[i]);
        struct history fork = { world_of(registry, snapshots[i], 0), copy_model(models[i]), 77, history.next_id };
        run(&fork, 100);
        check_model(pecs_snapshot_view(snapshots[i]), models[i]);
        end_history(&fork);
        pecs_snapshot_release(snapshots[i]);
        free(models[i]);
    }
    end_history(&history);
    pecs_registry_release(registry);
    assert_no_leak();
}

/* Files: the ids come back by both verbs, and are edited over and saved again. */
Test(ids_in_files, a_history_over_files)
{
    pecs_registry *registry = counting_registry();
    for (int verb = 0; verb < VERB_COUNT; verb++) {
        struct history history = begin_history(registry);
        run(&history, 1500);
        for (int round = 0; round < 4; round++) {
            save_world(history.world, "world.pecs");
            pecs_snapshot *snapshot = open_snapshot(registry, verb, "world.pecs");
            check_model(pecs_snapshot_view(snapshot), history.model);
            struct model *saved = copy_model(history.model);
            pecs_world_destroy(history.world);
            history.world = world_of(registry, snapshot, 0);
            save_world(history.world, "again.pecs");
            cr_assert(same_bytes("world.pecs", "again.pecs"));
            run(&history, 400);
            check_model(pecs_snapshot_view(snapshot), saved);
            pecs_snapshot *later = take(history.world);
            struct model *then = copy_model(history.model);
            cr_assert_eq(pecs_world_restore(history.world, snapshot), PECS_OK);
            check_model(pecs_world_view(history.world), saved);
            cr_assert_eq(pecs_world_restore(history.world, later), PECS_OK);
            check_model(pecs_world_view(history.world), then);
            run(&history, 200);
            free(saved);
            free(then);
            pecs_snapshot_release(snapshot);
            pecs_snapshot_release(later);
        }
        end_history(&history);
    }
    pecs_registry_release(registry);
    assert_no_leak();
}

Test(ids_in_files, the_last_explicit_id_taken_away_leaves_a_plain_file)
{
    pecs_registry *registry = counting_registry();
    pecs_world *world = plain_world(registry);
    const pecs_entity entity = spawn_position(world, 1);
    const pecs_id birth = id_of(pecs_world_view(world), entity);
    cr_assert_eq(pecs_world_set_id(world, entity, made_id(1)), PECS_OK);
    cr_assert_eq(pecs_world_set_id(world, entity, birth), PECS_OK);
    save_world(world, "world.pecs");
    for (int verb = 0; verb < VERB_COUNT; verb++) {
        pecs_world *copy = open_world(registry, verb, "world.pecs");
        cr_assert(same(find(pecs_world_view(copy), birth), entity));
        cr_assert(same(find(pecs_world_view(copy), made_id(1)), none));
        cr_assert_eq(pecs_world_set_id(copy, entity, made_id(1)), PECS_OK);
        cr_assert(same(find(pecs_world_view(copy), made_id(1)), entity));
        pecs_world_destroy(copy);
    }
    pecs_world_destroy(world);
    pecs_registry_release(registry);
}

/* As two processes do: each with a registry of its own. */
Test(ids_in_files, two_programs_that_resume_one_file_give_different_ids)
{
    pecs_registry *registries[2] = { counting_registry(), counting_registry() };
    pecs_world *world = plain_world(registries[0]);
    const pecs_entity old = spawn_position(world, 1);
    const pecs_id old_id = id_of(pecs_world_view(world), old);
    save_world(world, "world.pecs");
    pecs_id ids[4];
    for (int i = 0; i < 4; i++) {
        pecs_world *copy = open_world(registries[i % 2], i / 2, "world.pecs");
        const pecs_entity entity = spawn_position(copy, 1);
        cr_assert(same(entity, (pecs_entity){ 1, 1 }), "the handles are the same");
        ids[i] = id_of(pecs_world_view(copy), entity);
        cr_assert(same_id(id_of(pecs_world_view(copy), old), old_id));
        save_world(copy, "mine.pecs");
        pecs_world *again = open_world(registries[i % 2], i / 2, "mine.pecs");
        cr_assert(same_id(id_of(pecs_world_view(again), entity), ids[i]), "and stays so");
        cr_assert(same(find(pecs_world_view(again), ids[i]), entity));
        pecs_world_destroy(again);
        pecs_world_destroy(copy);
    }
    for (int i = 0; i < 4; i++)
        for (int j = 0; j < i; j++)
            cr_assert_not(same_id(ids[i], ids[j]), "%d and %d", i, j);
    pecs_world_destroy(world);
    for (int i = 0; i < 2; i++)
        pecs_registry_release(registries[i]);
}

/* An explicit id of one future is not given again as a birth id, though the nonce that is given is the same. */
Test(ids_in_files, a_given_nonce_passes_over_ids_that_are_taken)
{
    pecs_registry *registry = counting_registry();
    pecs_world *world = world_of(registry, NULL, 0x777);
    const pecs_entity entity = spawn_position(world, 1);
    pecs_snapshot *snapshot = take(world);
    const pecs_id lost = id_of(pecs_world_view(world), spawn_position(world, 1));
    cr_assert_eq(pecs_world_restore(world, snapshot), PECS_OK);
    cr_assert_eq(pecs_world_set_id(world, entity, lost), PECS_OK, "the id of an entity that is no more");
    pecs_snapshot_release(snapshot);
    save_world(world, "world.pecs");
    snapshot = open_snapshot(registry, LOAD, "world.pecs");
    pecs_world *next = world_of(registry, snapshot, 0x777);
    const pecs_entity later = spawn_position(next, 1);
    cr_assert_not(same_id(id_of(pecs_world_view(next), later), lost));
    cr_assert(same(find(pecs_world_view(next), lost), entity));
    save_world(next, "next.pecs");
    pecs_snapshot_release(open_snapshot(registry, LOAD, "next.pecs"));
    pecs_snapshot_release(snapshot);
    pecs_world_destroy(next);
    pecs_world_destroy(world);
    pecs_registry_release(registry);
}

/*
 * A given nonce is chosen when the world is made, in the face of all that a rewind may bring back: here an entity that
 * has an earlier run's id explicitly, and is gone when the first spawn opens the session.
 */
Test(identity, a_rewind_brings_back_no_second_owner_of_an_id)
{
    pecs_registry *registry = counting_registry();
    pecs_world *run = world_of(registry, NULL, 7);
    spawn_position(run, 0);
    const pecs_id id = id_of(pecs_world_view(run), spawn_position(run, 0));
    pecs_world_destroy(run);
    pecs_world *meeting = plain_world(registry);
    pecs_entity moved;
    cr_assert_eq(pecs_world_spawn_with_ids(meeting, NULL, 0, &id, 1, &moved), PECS_OK);
    pecs_snapshot *base = take(meeting);
    pecs_world *again = world_of(registry, base, 7);
    pecs_snapshot *before = take(again);
    cr_assert_eq(pecs_world_despawn(again, &moved, 1), PECS_OK);
    spawn_position(again, 0);
    cr_assert_eq(pecs_world_rewind(again, before), PECS_OK);
    const pecs_entity born = spawn_position(again, 0);
    cr_assert(same_id(id_of(pecs_world_view(again), moved), id));
    cr_assert_not(same_id(id_of(pecs_world_view(again), born), id));
    pecs_snapshot_release(before);
    pecs_snapshot_release(base);
    pecs_world_destroy(again);
    pecs_world_destroy(meeting);
    pecs_registry_release(registry);
    assert_no_leak();
}
