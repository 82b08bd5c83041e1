/*
 * Compaction: what it drops, what it keeps, and that no handle that died is ever given again. A twin of the world,
 * which gets the same edits and is never compacted, says what every handle must be.
 */
#include "file_fixture.h"

#include <sys/stat.h>

static pecs_registry *registry;
static pecs_world *world;

static void set_up(void)
{
    enter_folder();
    registry = counting_registry();
    world = world_of(registry, NULL, 0x11);
}

static void strike(void)
{
    check_world(world);
    pecs_world_destroy(world);
    pecs_registry_release(registry);
    assert_no_leak();
    leave_folder();
}

TestSuite(compact, .init = set_up, .fini = strike);

static pecs_view view(void)
{
    return pecs_world_view(world);
}

/* Changes nothing that is asked for, and leaves no table without rows. */
static void compact(pecs_world *compacted)
{
    pecs_error error = { .message = "" };
    const pecs_view of = pecs_world_view(compacted);
    const uint64_t hash = pecs_view_hash(of), tick = pecs_view_tick(of);
    cr_assert_eq(pecs_world_compact(compacted, &error), PECS_OK, "%s", error.message);
    check_world(compacted);
    must(pecs_view_hash(of) == hash && pecs_view_tick(of) == tick);
    pecs_table table;
    for (uint64_t i = 0; pecs_view_table(of, i, &table); i++)
        must(table.row_count > 0);
}

static uint64_t file_size(const char *path)
{
    struct stat status;
    cr_assert_eq(stat(path, &status), 0);
    return (uint64_t)status.st_size;
}

/* The world is saved and comes back. */
static void reopen(int verb)
{
    save_world(world, "saved.pecs");
    pecs_world_destroy(world);
    world = open_world(registry, verb, "saved.pecs");
}

static void spawn_many(pecs_world *in, uint32_t count, pecs_entity *entities)
{
    must(pecs_world_spawn(in, (pecs_value[]){ { POSITION, sizeof(Position), NULL } }, 1, count, entities) == PECS_OK);
}

/* Slots. */

enum { PEAK = 2 * CHUNK_ROWS + 500 };
static pecs_entity peak[PEAK];

/* All of a peak dies, some slots several times: generation 1 + i % 7 of slot i. */
static void fill_and_empty(pecs_world *in)
{
    spawn_many(in, PEAK, peak);
    for (uint32_t round = 1; round < 7; round++)
        for (uint32_t i = 0; i < PEAK; i++)
            if (i % 7 >= round) {
                must(pecs_world_despawn(in, &peak[i], 1) == PECS_OK);
                spawn_many(in, 1, &peak[i]);
                must(same(peak[i], (pecs_entity){ i, round + 1 }));
            }
    must(pecs_world_despawn(in, peak, PEAK) == PECS_OK);
}

static void assert_the_peak_is_dead(void)
{
    for (uint32_t i = 0; i < PEAK; i++)
        for (uint32_t generation = 0; generation <= 1 + i % 7; generation++)
            must(!pecs_view_alive(view(), (pecs_entity){ i, generation }));
}

Test(compact, free_slots_at_the_end_go_and_no_handle_revives)
{
    fill_and_empty(world);
    compact(world);
    const pecs_summary summary = summary_of(view());
    cr_assert_eq(summary.slot_count, 0);
    cr_assert_eq(summary.free_count, 0);
    cr_assert_eq(summary.table_count, 0);
    cr_assert_eq(summary.retired_count, PEAK);
    assert_the_peak_is_dead();
    for (int verb = RESUME; verb < VERB_COUNT; verb++) {
        reopen(verb);
        cr_assert_eq(summary_of(view()).retired_count, PEAK);
        assert_the_peak_is_dead();
    }
    for (uint32_t i = 0; i < PEAK + 10; i++) { /* every slot goes on with its next generation, and then come new ones */
        pecs_entity entity;
        spawn_many(world, 1, &entity);
        must(same(entity, (pecs_entity){ i, i < PEAK ? 2 + i % 7 : 1 }));
    }
    assert_the_peak_is_dead();
    cr_assert_eq(summary_of(view()).retired_count, 0);
}

Test(compact, many_at_once_go_on_with_the_next_generations)
{
    fill_and_empty(world);
    compact(world);
    static pecs_entity entities[PEAK + 10];
    spawn_many(world, 3, entities);
    spawn_many(world, PEAK + 7, entities + 3);
    for (uint32_t i = 0; i < PEAK + 10; i++)
        must(same(entities[i], (pecs_entity){ i, i < PEAK ? 2 + i % 7 : 1 }) && pecs_view_alive(view(), entities[i]));
    assert_the_peak_is_dead();
}

/* Some are used again, the file is saved; then all die once more. */
Test(compact, again_and_again)
{
    static pecs_entity entities[PEAK];
    fill_and_empty(world);
    for (uint32_t round = 0; round < 3; round++) {
        const uint32_t count = round == 0 ? 100 : round == 1 ? CHUNK_ROWS : CHUNK_ROWS + 1;
        compact(world);
        spawn_many(world, count, entities);
        reopen(round % 2 ? LOAD : RESUME);
        must(summary_of(view()).retired_count == PEAK - count);
        must(pecs_world_despawn(world, entities, count) == PECS_OK);
    }
    compact(world);
    reopen(RESUME);
    static const uint32_t more[] = { 3, 2,
                                     1 }; /* rounds that used a slot: below 100, below CHUNK_ROWS, the one above */
    for (uint32_t i = 0; i < PEAK; i++) {
        const uint32_t used = i < 100 ? more[0] : i < CHUNK_ROWS ? more[1] : i == CHUNK_ROWS ? more[2] : 0;
        must(state_last_generation(world->state, i) == 1 + i % 7 + used);
    }
}

Test(compact, slots_below_a_living_entity_stay)
{
    spawn_many(world, PEAK, peak);
    cr_assert_eq(pecs_world_despawn(world, peak, 5000), PECS_OK);
    cr_assert_eq(pecs_world_despawn(world, peak + 5001, PEAK - 5001), PECS_OK);
    compact(world);
    const pecs_summary summary = summary_of(view());
    cr_assert_eq(summary.slot_count, 5001);
    cr_assert_eq(summary.free_count, 5000);
    cr_assert_eq(summary.retired_count, PEAK - 5001);
    cr_assert(pecs_view_alive(view(), peak[5000]));
    reopen(LOAD);
    pecs_entity entities[2];
    spawn_many(world, 2, entities);
    cr_assert(same(entities[0], (pecs_entity){ 0, 2 }));
    cr_assert(same(entities[1], (pecs_entity){ 1, 2 }));
}

static void set_generation(uint32_t index, uint32_t generation)
{
    edit_record(world, index)->generation = generation;
    *(uint32_t *)(uintptr_t)(table_value(state_table(world->state, 0), HANDLE_COLUMN, index) + 4) = generation;
}

Test(compact, a_used_up_slot_stays)
{
    spawn_many(world, 5, peak);
    set_generation(2, GENERATION_MAX);
    set_generation(4, GENERATION_MAX - 1);
    cr_assert_eq(pecs_world_despawn(
                     world,
                     (pecs_entity[]){ { 0, 1 }, { 1, 1 }, { 2, GENERATION_MAX }, { 3, 1 }, { 4, GENERATION_MAX - 1 } },
                     5),
                 PECS_OK);
    compact(world);
    cr_assert_eq(summary_of(view()).slot_count, 3);
    cr_assert_eq(summary_of(view()).free_count, 2);
    cr_assert_eq(summary_of(view()).retired_count, 2);
    for (int verb = RESUME; verb < VERB_COUNT; verb++)
        reopen(verb);
    static const pecs_entity expected[] = { { 0, 2 }, { 1, 2 }, { 3, 2 }, { 4, GENERATION_MAX }, { 5, 1 } };
    spawn_many(world, 5, peak);
    for (int i = 0; i < 5; i++)
        cr_assert(same(peak[i], expected[i]));
    cr_assert_eq(pecs_world_despawn(world, peak, 4), PECS_OK);
    compact(world); /* 4 is used up, 5 lives */
    cr_assert_eq(summary_of(view()).slot_count, 6);
    cr_assert_eq(summary_of(view()).free_count, 3);
}

/* A million once-used slots. */
Test(compact, generations_cost_bits)
{
    enum { MILLION = 1000000 };
    pecs_entity *entities = malloc(MILLION * sizeof(*entities));
    must(entities != NULL);
    spawn_many(world, MILLION, entities);
    cr_assert_eq(pecs_world_despawn(world, entities, MILLION), PECS_OK);
    free(entities);
    save_world(world, "before.pecs");
    compact(world);
    save_world(world, "after.pecs");
    cr_assert_gt(file_size("before.pecs"), 16000000);
    cr_assert_lt(file_size("after.pecs"), 16384); /* 8 bytes for each of 245 chunks */
    spawn_many(world, 1, peak);
    cr_assert(same(peak[0], (pecs_entity){ 0, 2 }));
}

/* Handles in components. */

Test(compact, handles_of_dropped_slots_are_of_the_past)
{
    spawn_many(world, 100, peak);
    cr_assert_eq(pecs_world_despawn(world, &peak[50], 1), PECS_OK);
    spawn_many(world, 1, &peak[50]);
    Link link = { 1, { 50, 2 }, { { 99, 1 }, { 50, 1 } } };
    cr_assert_eq(pecs_world_set(world, peak[0], (pecs_value[]){ PECS_ROWS_AS(LINK, &link) }, 1), PECS_OK);
    cr_assert_eq(pecs_world_despawn(world, &peak[1], 99), PECS_OK);
    compact(world);
    cr_assert_eq(pecs_view_check(view(), NULL, NULL, NULL), PECS_OK);
    for (int verb = RESUME; verb < VERB_COUNT; verb++)
        reopen(verb);
    cr_assert_eq(memcmp(pecs_get_as(view(), peak[0], LINK, Link), &link, sizeof(link)), 0);
    static const pecs_entity of_the_future[] = { { 50, 3 }, { 99, 2 }, { 100, 1 }, { 100, 0 }, { UINT32_MAX, 1 } };
    for (size_t i = 0; i < sizeof(of_the_future) / sizeof(of_the_future[0]); i++) {
        link.others[0] = of_the_future[i];
        cr_assert_eq(pecs_world_set(world, peak[0], (pecs_value[]){ PECS_ROWS_AS(LINK, &link) }, 1), PECS_OK);
        cr_assert_eq(pecs_view_check(view(), NULL, NULL, NULL), PECS_E_INVALID, "%zu", i);
        cr_assert_eq(pecs_world_save(world, "bad.pecs", NULL, NULL), PECS_E_INVALID);
        cr_assert_eq(pecs_world_save(world, "bad.pecs", &(pecs_save_options){ .skip_check = true }, NULL), PECS_OK);
        pecs_error error;
        pecs_snapshot *snapshot;
        cr_assert_eq(pecs_snapshot_load(registry, "bad.pecs", NULL, &snapshot, &error), PECS_E_CORRUPT);
        cr_assert_str_eq(error.rule, "VALUE-4");
    }
}

Test(compact, commands_with_handles_from_before)
{
    pecs_commands *commands;
    size_t skipped;
    cr_assert_eq(pecs_commands_create(registry, &commands), PECS_OK);
    spawn_many(world, 100, peak);
    cr_assert_eq(pecs_world_despawn(world, &peak[40], 60), PECS_OK);
    cr_assert_eq(pecs_commands_set(commands, peak[50], (pecs_value[]){ PECS_VALUE_AS(TEAM, Team, 1) }, 1), PECS_OK);
    cr_assert_eq(pecs_commands_set(commands, peak[5], (pecs_value[]){ PECS_VALUE_AS(TEAM, Team, 2) }, 1), PECS_OK);
    cr_assert_eq(pecs_commands_despawn(commands, peak[99]), PECS_OK);
    cr_assert_eq(pecs_commands_despawn(commands, peak[39]), PECS_OK);
    cr_assert_eq(pecs_commands_spawn(commands, NULL, 0, NULL), PECS_OK);
    compact(world);
    cr_assert_eq(pecs_commands_apply(commands, world, &skipped), PECS_OK);
    cr_assert_eq(skipped, 2);
    cr_assert_eq(pecs_get_as(view(), peak[5], TEAM, Team)->number, 2);
    cr_assert_eq(summary_of(view()).entity_count, 40);
    cr_assert(pecs_view_alive(view(), (pecs_entity){ 39, 2 }));
    pecs_commands_destroy(commands);
}

/* Tables. */

/* Entities that pass through all sets of four components, and end in two of them. */
static void toggle(pecs_entity *entities, uint32_t count)
{
    const pecs_value values[] = { { HEALTH, sizeof(Health), NULL }, PECS_HAS_AS(FROZEN), PECS_VALUE_AS(TEAM, Team, 3) };
    spawn_many(world, count, entities);
    for (uint32_t set = 0; set < 8; set++)
        for (uint32_t bit = 0; bit < 3; bit++) {
            const pecs_component component = values[bit].component;
            if (set >> bit & 1)
                must(pecs_world_set(world, entities[0], &values[bit], 1) == PECS_OK);
            else
                must(pecs_world_remove(world, entities[0], &component, 1) == PECS_OK);
        }
    must(pecs_world_set(world, entities[0], (pecs_value[]){ PECS_VALUE_AS(POSITION, Position, 9, 0, 0) }, 1) ==
         PECS_OK);
}

Test(compact, tables_without_rows_go_and_queries_go_on)
{
    pecs_query *teams = make_query(registry, (pecs_term[]){ { TEAM, PECS_READ }, { POSITION, PECS_READ } }, 2);
    pecs_query *all = make_query(registry, (pecs_term[]){ { POSITION, PECS_WRITE } }, 1);
    toggle(peak, 100);
    cr_assert_gt(summary_of(view()).table_count, 4);
    cr_assert_eq(pecs_query_count(teams, view()), 1);
    compact(world);
    cr_assert_eq(summary_of(view()).table_count, 2);
    cr_assert_eq(pecs_query_count(teams, view()), 1);
    cr_assert_eq(pecs_query_count(all, view()), 100);
    pecs_iter iter = pecs_query_iter(teams, view(), NULL);
    cr_assert(pecs_iter_next(&iter));
    cr_assert_eq(iter.row_count, 1);
    cr_assert(same(iter.entities[0], peak[0]));
    cr_assert_eq(pecs_column_as(&iter, TEAM, Team)->number, 3);
    cr_assert_eq(pecs_column_as(&iter, POSITION, Position)->x, 9);
    cr_assert_not(pecs_iter_next(&iter));
    cr_assert_eq(pecs_iter_end(&iter), PECS_OK);
    toggle(peak + 100, 100); /* the tables come back */
    cr_assert_eq(pecs_query_count(teams, view()), 2);
    cr_assert_eq(pecs_query_count(all, view()), 200);
    pecs_query_destroy(teams);
    pecs_query_destroy(all);
}

Test(compact, what_changed_since_a_tick_stays_so)
{
    pecs_query *query = make_query(registry, (pecs_term[]){ { POSITION, PECS_READ } }, 1);
    uint64_t tick;
    toggle(peak, 100);
    cr_assert_eq(pecs_world_advance(world, &tick), PECS_OK);
    cr_assert_eq(pecs_world_set(world, peak[0], (pecs_value[]){ PECS_VALUE_AS(POSITION, Position, 5, 0, 0) }, 1),
                 PECS_OK);
    cr_assert_eq(pecs_world_advance(world, NULL), PECS_OK);
    for (int round = 0; round < 2; round++) {
        uint64_t rows[2] = { 0, 0 };
        for (int i = 0; i < 2; i++) {
            pecs_iter iter =
                pecs_query_iter(query, view(), &(pecs_iter_options){ .changed_since = i ? tick : tick - 1 });
            while (pecs_iter_next(&iter))
                rows[i] += iter.row_count;
            cr_assert_eq(pecs_iter_end(&iter), PECS_OK);
        }
        cr_assert_eq(rows[0], 1, "round %d", round); /* it is alone in its table */
        cr_assert_eq(rows[1], 0, "round %d", round);
        compact(world);
    }
    pecs_query_destroy(query);
}

Test(compact, nothing_to_drop)
{
    spawn_many(world, 5000, peak);
    pecs_snapshot *snapshot = take(world);
    const struct node *root = &world->state->node;
    compact(world);
    cr_assert_eq(&world->state->node, root); /* not even the root was copied */
    cr_assert_eq(pecs_world_copied_bytes(world), 0);
    pecs_snapshot_release(snapshot);
}

Test(compact, singletons)
{
    pecs_entity entity;
    cr_assert_eq(pecs_world_set_singleton(world, TEAM, 1, &(Team){ 3 }), PECS_OK);
    cr_assert_eq(pecs_world_set_singleton(world, HEALTH, sizeof(Health), &(Health){ 4, 5 }), PECS_OK);
    spawn_many(world, 1, &entity);
    cr_assert_eq(summary_of(view()).table_count, 3);
    compact(world);
    cr_assert_eq(summary_of(view()).table_count, 2);
    cr_assert_eq(pecs_get_singleton_as(view(), HEALTH, Health)->max, 5);
    reopen(LOAD);
    cr_assert_eq(pecs_get_singleton_as(view(), TEAM, Team)->number, 3);
    cr_assert_eq(pecs_world_remove_singleton(world, TEAM), PECS_OK);
    cr_assert_eq(pecs_world_remove_singleton(world, HEALTH), PECS_OK);
    compact(world); /* the row without components, too */
    cr_assert_eq(summary_of(view()).table_count, 1);
    cr_assert_eq(world->state->singleton_table, NO_TABLE);
    cr_assert_not(pecs_view_has_singleton(view(), TEAM));
    cr_assert_eq(pecs_world_set_singleton(world, TEAM, 1, &(Team){ 7 }), PECS_OK);
    cr_assert_eq(pecs_get_singleton_as(view(), TEAM, Team)->number, 7);
}

/* Snapshots, forks, iterations. */

Test(compact, snapshots_keep_their_state)
{
    toggle(peak, 5000);
    must(pecs_world_despawn(world, &peak[10], 4990) == PECS_OK);
    pecs_snapshot *before = take(world);
    const struct photograph photograph = photograph_of(pecs_snapshot_view(before));
    compact(world);
    pecs_snapshot *after = take(world);
    pecs_world *forks[] = { world_of(registry, before, 5), world_of(registry, after, 6) };
    for (int i = 0; i < 2; i++) { /* each goes on with the same handles */
        pecs_entity entities[6000];
        spawn_many(forks[i], 6000, entities);
        must(same(entities[0], (pecs_entity){ 10, 2 }) && same(entities[4989], (pecs_entity){ 4999, 2 }));
        must(same(entities[4990], (pecs_entity){ 5000, 1 }));
        check_world(forks[i]);
        pecs_world_destroy(forks[i]);
    }
    const struct photograph still = photograph_of(pecs_snapshot_view(before));
    cr_assert(same_photograph(&photograph, &still));
    pecs_snapshot_release(before);
    pecs_snapshot_release(after);
}

/* Between lists of tables of which one is another with gaps closed. */
Test(compact, back_and_forth_between_states)
{
    enum { STATES = 5 };
    pecs_snapshot *states[STATES];
    uint64_t hashes[STATES];
    toggle(peak, 50);
    states[0] = take(world);
    compact(world);
    states[1] = take(world);
    toggle(peak + 50, 50);
    states[2] = take(world);
    cr_assert_eq(pecs_world_rewind(world, states[0]), PECS_OK);
    cr_assert_eq(pecs_world_despawn(world, &peak[1], 49), PECS_OK);
    compact(world);
    states[3] = take(world);
    toggle(peak + 50, 20);
    compact(world);
    states[4] = take(world);
    for (int i = 0; i < STATES; i++)
        hashes[i] = pecs_view_hash(pecs_snapshot_view(states[i]));
    struct random {
        uint64_t state;
    } random = { 5 };
    for (int i = 0; i < 60; i++) {
        random.state = mix_u64(random.state + 1);
        const int which = (int)(random.state % STATES);
        cr_assert_eq(pecs_world_restore(world, states[which]), PECS_OK);
        check_world(world);
        must(pecs_view_hash(view()) == hashes[which]);
        if (random.state >> 32 & 1) {
            toggle(peak, 3);
            compact(world);
        }
    }
    for (int i = 0; i < STATES; i++) {
        must(pecs_view_hash(pecs_snapshot_view(states[i])) == hashes[i]);
        pecs_snapshot_release(states[i]);
    }
}

Test(compact, is_refused_inside_an_iteration)
{
    pecs_error error;
    pecs_query *query = make_query(registry, (pecs_term[]){ { POSITION, PECS_WRITE } }, 1);
    toggle(peak, 10);
    pecs_iter iters[] = { pecs_query_iter(query, view(), NULL), pecs_query_iter_mut(query, world, NULL) };
    for (int i = 0; i < 2; i++) {
        cr_assert(pecs_iter_next(&iters[i]));
        cr_assert_eq(pecs_world_compact(world, &error), PECS_E_BUSY);
        cr_assert_str_eq(error.message, "an iteration over the world is open, of the query {Position WRITE}");
        cr_assert_eq(pecs_iter_end(&iters[i]), PECS_OK);
    }
    cr_assert_gt(summary_of(view()).table_count, 2);
    compact(world);
    pecs_query_destroy(query);
}

/* Ids. */

Test(compact, sessions_without_living_entities_go)
{
    pecs_entity first, kept, entity;
    pecs_id id;
    spawn_many(world, 1, &first);
    for (int i = 0; i < 20; i++) {
        pecs_snapshot *now = take(world);
        cr_assert_eq(pecs_world_restore(world, now), PECS_OK); /* another session */
        pecs_snapshot_release(now);
        spawn_many(world, 1, &entity);
        if (i == 10)
            kept = entity;
        else
            cr_assert_eq(pecs_world_despawn(world, &entity, 1), PECS_OK);
    }
    cr_assert_eq(world->state->sessions->count, 21);
    cr_assert_eq(pecs_view_id(view(), kept, &id), PECS_OK);
    compact(world);
    cr_assert_eq(world->state->sessions->count, 2);
    for (int verb = RESUME; verb < VERB_COUNT; verb++) {
        pecs_entity found;
        cr_assert_eq(pecs_view_find(view(), id, &found), PECS_OK);
        cr_assert(same(found, kept));
        reopen(verb);
    }
}

/* The session of this timeline has no living entity: it is opened again, with the same nonce. */
Test(compact, the_open_session_goes_on)
{
    pecs_world *twin = world_of(registry, NULL, 0x11);
    pecs_entity entities[3], twins[3];
    spawn_many(world, 3, entities);
    spawn_many(twin, 3, twins);
    must(pecs_world_despawn(world, entities, 3) == PECS_OK && pecs_world_despawn(twin, twins, 3) == PECS_OK);
    compact(world);
    cr_assert_null(world->state->sessions);
    spawn_many(world, 3, entities);
    spawn_many(twin, 3, twins);
    for (int i = 0; i < 3; i++) {
        pecs_id id, other;
        cr_assert(same(entities[i], twins[i]));
        cr_assert_eq(pecs_view_id(view(), entities[i], &id), PECS_OK);
        cr_assert_eq(pecs_view_id(pecs_world_view(twin), twins[i], &other), PECS_OK);
        cr_assert_eq(memcmp(&id, &other, sizeof(id)), 0);
    }
    pecs_world_destroy(twin);
}

Test(compact, explicit_ids)
{
    const pecs_id ids[] = { { { 1 } }, { { 2 } }, { { 3 } } };
    pecs_entity entities[3], found;
    pecs_id birth;
    cr_assert_eq(pecs_world_spawn_with_ids(world, NULL, 0, ids, 3, entities), PECS_OK);
    spawn_many(world, 1, peak);
    cr_assert_eq(pecs_view_id(view(), peak[0], &birth), PECS_OK);
    cr_assert_eq(pecs_world_despawn(world, &entities[1], 2), PECS_OK);
    cr_assert_eq(pecs_world_despawn(world, peak, 1), PECS_OK);
    compact(world);
    cr_assert_eq(summary_of(view()).slot_count, 1);
    for (int round = 0; round < 2; round++) {
        cr_assert_eq(pecs_view_find(view(), ids[0], &found), PECS_OK);
        cr_assert(same(found, entities[0]));
        cr_assert_eq(pecs_view_find(view(), ids[1], &found), PECS_E_ABSENT);
        cr_assert_eq(pecs_view_find(view(), birth, &found), PECS_E_ABSENT);
        if (round == 0) {
            /* the birth id of a dead entity is free, that of the next in its slot is taken */
            pecs_id next = birth;
            next.bytes[11]++;
            cr_assert_eq(pecs_world_set_id(world, entities[0], next), PECS_E_CONFLICT);
            cr_assert_eq(pecs_world_set_id(world, entities[0], birth), PECS_OK);
            cr_assert_eq(pecs_world_set_id(world, entities[0], ids[0]), PECS_OK);
        }
        reopen(LOAD);
    }
}

/* Types. */

Test(compact, types_that_no_table_has_leave_the_file)
{
    pecs_registry *few = make_registry(fixture_types, 1, counting_hooks);
    pecs_info *info;
    pecs_component health;
    toggle(peak, 10);
    save_world(world, "all.pecs");
    pecs_world *other = open_world(few, LOAD, "all.pecs");
    const pecs_view of = pecs_world_view(other);
    cr_assert_eq(pecs_view_component(of, "Health", &health), PECS_OK);
    pecs_query *query;
    cr_assert_eq(pecs_query_create_in(of, &(pecs_term){ health, PECS_READ }, 1, &query, NULL), PECS_OK);
    cr_assert_eq(pecs_query_count(query, of), 1);
    cr_assert_eq(pecs_world_remove(other, peak[0], &health, 1), PECS_OK);
    const size_t count = pecs_view_type_count(of);
    compact(other);
    cr_assert_eq(pecs_view_type_count(of), count); /* numbers that the program may hold stay */
    cr_assert_eq(pecs_query_count(query, of), 0);
    cr_assert_eq(pecs_world_set(other, peak[1], &(pecs_value){ health, sizeof(Health), NULL }, 1), PECS_OK);
    cr_assert_eq(pecs_query_count(query, of), 1);
    cr_assert_eq(pecs_world_remove(other, peak[1], &health, 1), PECS_OK);
    compact(other);
    save_world(other, "few.pecs");
    cr_assert_eq(pecs_file_info("few.pecs", NULL, NULL, &info, NULL), PECS_OK);
    cr_assert_eq(info->type_count, 3); /* Frozen, Position, Team */
    cr_assert_eq(info->retired_count, 0);
    pecs_info_destroy(info);
    pecs_query_destroy(query);
    pecs_world_destroy(other);
    pecs_registry_release(few);
}

/* A file that never needs a compaction has none of its features. */
Test(compact, files_say_that_they_have_retired_slots)
{
    pecs_info *info;
    spawn_many(world, 10, peak);
    cr_assert_eq(pecs_world_despawn(world, &peak[4], 6), PECS_OK);
    for (int round = 0; round < 3; round++) {
        save_world(world, "saved.pecs");
        const struct file_bytes bytes = read_bytes("saved.pecs");
        cr_assert_eq(bytes.bytes[24], round == 1, "round %d", round); /* required_features */
        free(bytes.bytes);
        cr_assert_eq(pecs_file_info("saved.pecs", NULL, NULL, &info, NULL), PECS_OK);
        cr_assert_eq(info->retired_count, round == 1 ? 6 : 0);
        cr_assert_eq(info->slot_count, round == 1 ? 4 : 10);
        pecs_info_destroy(info);
        if (round == 0)
            compact(world);
        else
            spawn_many(world, 6, peak);
    }
}
