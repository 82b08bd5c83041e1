/*
 * An edit that fails changes nothing: every public function that takes memory, with each of its allocations failing
 * once, and with all allocations failing from each one on. See try_every_failure in world_fixture.h for what is
 * compared. Here are edits and commands; the other test_failures_*.c have the rest.
 *
 * `least` in each trial says how many allocations it must make at least; fewer would mean that the trial no longer
 * reaches what it is for.
 */
#include "failures_fixture.h"

#include <stdio.h>
#include <unistd.h>

TestSuite(failures);

/* Spawn. */

static pecs_status spawn_into_new_table(struct stage *stage)
{
    pecs_entity entities[3] = { { 8, 8 } };
    const pecs_value values[] = { PECS_HAS_AS(FROZEN), { LINK, sizeof(Link), NULL } };
    const pecs_status status = pecs_world_spawn(stage->world, values, 2, 3, entities);
    must(!status || same(entities[0], (pecs_entity){ 8, 8 }));
    return status;
}

Test(failures, spawn_into_an_empty_world)
{
    try_every_failure(&(struct trial){ nothing, spawn_into_new_table }, 8);
}

Test(failures, spawn_into_a_new_table)
{
    try_every_failure(&(struct trial){ populate, spawn_into_new_table }, 5);
}

Test(failures, spawn_into_a_new_table_of_a_shared_world)
{
    try_every_failure(&(struct trial){ populate_and_share, spawn_into_new_table }, 9);
}

/* One free slot is reused for each, all three, and then new ones. */
static pecs_status spawn_and_reuse(struct stage *stage)
{
    static const Position positions[10];
    return pecs_world_spawn(stage->world, (pecs_value[]){ PECS_ROWS_AS(POSITION, positions) }, 1, 10, NULL);
}

Test(failures, spawn_reusing_slots)
{
    try_every_failure(&(struct trial){ populate, spawn_and_reuse }, 4);
}

Test(failures, spawn_reusing_slots_of_a_shared_world)
{
    try_every_failure(&(struct trial){ populate_and_share, spawn_and_reuse }, 10);
}

static pecs_status spawn_chunks(struct stage *stage)
{
    static const Position positions[3 * CHUNK_ROWS];
    return pecs_world_spawn(stage->world, (pecs_value[]){ PECS_ROWS_AS(POSITION, positions) }, 1, 3 * CHUNK_ROWS, NULL);
}

Test(failures, spawn_growing_by_chunks)
{
    try_every_failure(&(struct trial){ populate_and_share, spawn_chunks }, 15);
}

/* Despawn. */

static pecs_status despawn_one(struct stage *stage)
{
    return pecs_world_despawn(stage->world, &stage->entities[3], 1);
}

Test(failures, despawn_of_one)
{
    try_every_failure(&(struct trial){ populate_and_share, despawn_one }, 8);
}

/* The only row: its chunk goes. */
static void one_of_a_kind(struct stage *stage)
{
    populate(stage);
    stage->entities[3] =
        spawn_one(stage->world, (pecs_value[]){ PECS_VALUE_AS(LINK, Link, 1, { 0, 1 }, { { 0, 0 }, { 0, 0 } }) }, 1);
    stage->snapshot = take(stage->world);
}

Test(failures, despawn_of_a_tables_last_row)
{
    try_every_failure(&(struct trial){ one_of_a_kind, despawn_one }, 5);
}

static pecs_status despawn_many(struct stage *stage)
{
    return pecs_world_despawn(stage->world, stage->entities, 64);
}

Test(failures, despawn_of_many)
{
    try_every_failure(&(struct trial){ populate, despawn_many }, 1);
}

Test(failures, despawn_of_many_in_a_shared_world)
{
    try_every_failure(&(struct trial){ populate_and_share, despawn_many }, 15);
}

static void populate_for_matching(struct stage *stage)
{
    populate_and_share(stage);
    stage->query = make_query(stage->registry, (pecs_term[]){ { POSITION, PECS_WITH } }, 1);
}

static pecs_status despawn_matching(struct stage *stage)
{
    uint64_t count = 77;
    const pecs_status status = pecs_world_despawn_matching(stage->world, stage->query, &count);
    must(count == (status ? 77 : ROWS - 3));
    return status;
}

Test(failures, despawn_matching)
{
    try_every_failure(&(struct trial){ populate_for_matching, despawn_matching }, 6);
}

/* Set, remove, edit. */

static pecs_status set_in_place(struct stage *stage)
{
    const pecs_value values[] = { PECS_VALUE_AS(HEALTH, Health, 8, 9), PECS_VALUE_AS(TEAM, Team, 7) };
    return pecs_world_set(stage->world, stage->entities[40], values, 2);
}

Test(failures, set_in_place_after_a_take)
{
    try_every_failure(&(struct trial){ populate_and_share, set_in_place }, 4);
}

static pecs_status set_and_add(struct stage *stage)
{
    const pecs_value values[] = { PECS_VALUE_AS(POSITION, Position, 7, 8, 9), PECS_VALUE_AS(HEALTH, Health, 8, 9),
                                  PECS_HAS_AS(FROZEN) };
    return pecs_world_set(stage->world, stage->entities[2], values, 3);
}

Test(failures, set_adding_components)
{
    try_every_failure(&(struct trial){ populate, set_and_add }, 4);
}

Test(failures, set_adding_components_in_a_shared_world)
{
    try_every_failure(&(struct trial){ populate_and_share, set_and_add }, 12);
}

static pecs_status remove_one(struct stage *stage)
{
    return pecs_world_remove(stage->world, stage->entities[50], (pecs_component[]){ TEAM, LINK }, 2);
}

Test(failures, remove_from_a_row)
{
    try_every_failure(&(struct trial){ populate_and_share, remove_one }, 12);
}

static void make_commands(struct stage *stage)
{
    populate(stage);
    must(pecs_commands_create(stage->registry, &stage->commands) == PECS_OK);
}

static void make_commands_and_query(struct stage *stage)
{
    make_commands(stage);
    stage->query = make_query(stage->registry, &(pecs_term){ POSITION, PECS_READ }, 1);
}

/* Where there is no memory for the message, there is a general one of the same status. */
static pecs_status ask_why(struct stage *stage)
{
    const pecs_entity dead = { 5, 9 };
    const pecs_component component = TEAM;
    void *place;
    pecs_commands *commands = stage->commands;
    pecs_iter iter = pecs_query_iter(stage->query, pecs_world_view(stage->world), NULL);
    must(pecs_iter_next(&iter) && !pecs_iter_column_mut(&iter, POSITION, sizeof(Position)));
    must(pecs_commands_apply(commands, stage->world, NULL) == PECS_E_BUSY);
    const bool is_busy_named = strstr(pecs_commands_error(commands)->message, "of the query {Position READ}") != NULL;
    must(pecs_commands_error(commands)->status == PECS_E_BUSY && pecs_iter_end(&iter) == PECS_E_MISUSE);
    must(pecs_world_get_mut(stage->world, dead, TEAM, sizeof(Team), &place) == PECS_E_DEAD);
    const bool is_dead_named = strcmp(pecs_world_error(stage->world)->message, "entity {5, 9}: it is not alive") == 0;
    must(pecs_world_error(stage->world)->status == PECS_E_DEAD);
    must(pecs_commands_remove(commands, stage->entities[0], &component, 0) == PECS_OK ||
         pecs_commands_error(commands)->status == PECS_E_MEMORY);
    return is_busy_named && is_dead_named ? PECS_OK : PECS_E_MEMORY;
}

Test(failures, an_error_that_is_asked_for)
{
    try_every_failure(&(struct trial){ make_commands_and_query, ask_why }, 2);
}

static pecs_status add_to_one(struct stage *stage)
{
    return pecs_world_add(stage->world, stage->entities[50], (pecs_component[]){ HEALTH, FROZEN }, 2);
}

Test(failures, add_to_a_row)
{
    try_every_failure(&(struct trial){ populate_and_share, add_to_one }, 12);
}

static pecs_status edit_one(struct stage *stage)
{
    stage->pointer = NULL;
    const pecs_status status =
        pecs_world_get_mut(stage->world, stage->entities[31], POSITION, sizeof(Position), &stage->pointer);
    must(!status == (stage->pointer != NULL));
    if (!status)
        ((Position *)stage->pointer)->x = 1234;
    return status;
}

Test(failures, edit_after_a_take)
{
    try_every_failure(&(struct trial){ populate_and_share, edit_one }, 5);
}

/* A reader is open: what is replaced is kept, in a list that earlier spawns have made. */
static pecs_status edit_beside_a_reader(struct stage *stage)
{
    pecs_query *query = stage->query;
    pecs_iter iter = pecs_query_iter(query, pecs_world_view(stage->world), NULL);
    must(pecs_iter_next(&iter));
    const pecs_status status = edit_one(stage);
    must(pecs_iter_end(&iter) == PECS_OK);
    return status;
}

Test(failures, edit_beside_a_reader)
{
    try_every_failure(&(struct trial){ populate_for_matching, edit_beside_a_reader }, 5);
}

/* Singletons. */

static pecs_status set_first_singleton(struct stage *stage)
{
    return pecs_world_set_singleton(stage->world, HEALTH, sizeof(Health), &(Health){ 1, 2 });
}

Test(failures, a_worlds_first_singleton)
{
    try_every_failure(&(struct trial){ nothing, set_first_singleton }, 4);
}

Test(failures, one_more_singleton)
{
    try_every_failure(&(struct trial){ populate_and_share, set_first_singleton }, 6);
}

static pecs_status set_singleton_again(struct stage *stage)
{
    return pecs_world_set_singleton(stage->world, TEAM, 1, &(Team){ 99 });
}

Test(failures, a_singleton_set_in_place)
{
    try_every_failure(&(struct trial){ populate_and_share, set_singleton_again }, 3);
}

static pecs_status remove_singleton(struct stage *stage)
{
    return pecs_world_remove_singleton(stage->world, TEAM);
}

Test(failures, the_last_singleton_removed)
{
    try_every_failure(&(struct trial){ populate_and_share, remove_singleton }, 5);
}

static pecs_status edit_singleton(struct stage *stage)
{
    stage->pointer = NULL;
    const pecs_status status = pecs_world_get_singleton_mut(stage->world, TEAM, 1, &stage->pointer);
    must(!status == (stage->pointer != NULL));
    if (!status)
        ((Team *)stage->pointer)->number = 55;
    return status;
}

Test(failures, a_singleton_edited)
{
    try_every_failure(&(struct trial){ populate_and_share, edit_singleton }, 3);
}

/* Compaction: a table, a session, and slots at the end go, and the records of others name another table. */

static void leave_behind(struct stage *stage)
{
    stage->entities[0] = spawn_one(stage->world, (pecs_value[]){ PECS_HAS_AS(FROZEN) }, 1);
    populate(stage);
    must(pecs_world_despawn(stage->world, &(pecs_entity){ 0, 1 }, 1) == PECS_OK);
    stage->snapshot = take(stage->world);
    must(pecs_world_restore(stage->world, stage->snapshot) == PECS_OK);
    pecs_snapshot_release(stage->snapshot);
    spawn_one(stage->world, NULL, 0); /* 0:2 */
    const pecs_entity last = spawn_one(stage->world, (pecs_value[]){ PECS_HAS_AS(FROZEN) }, 1);
    must(last.index < ROWS); /* a free slot */
    must(pecs_world_despawn(stage->world, &stage->entities[32], 32) == PECS_OK);
    stage->snapshot = NULL;
}

static void leave_behind_and_share(struct stage *stage)
{
    leave_behind(stage);
    stage->snapshot = take(stage->world);
}

static pecs_status compact(struct stage *stage)
{
    pecs_error error = { .status = PECS_OK };
    const pecs_status status = pecs_world_compact(stage->world, &error);
    must(error.status == status);
    must(status || (summary_of(pecs_world_view(stage->world)).retired_count >= 32));
    return status;
}

Test(failures, compaction)
{
    try_every_failure(&(struct trial){ leave_behind, compact }, 5);
}

Test(failures, compaction_of_a_shared_world)
{
    try_every_failure(&(struct trial){ leave_behind_and_share, compact }, 9);
}

/* A loaded file: private bytes that are edited in place where they can be. */
static void load_file(struct stage *stage)
{
    char path[64];
    snprintf(path, sizeof(path), "/tmp/pecs-failures-%ld", (long)getpid());
    populate(stage);
    pecs_error error;
    cr_assert_eq(pecs_world_save(stage->world, path, &(pecs_save_options){ .skip_sync = true }, &error), PECS_OK, "%s",
                 error.message);
    pecs_snapshot *loaded;
    cr_assert_eq(pecs_snapshot_load(stage->registry, path, NULL, &loaded, &error), PECS_OK, "%s", error.message);
    unlink(path);
    cr_assert_eq(pecs_world_restore(stage->world, loaded), PECS_OK);
    pecs_snapshot_release(loaded);
}

Test(failures, edits_of_a_loaded_world)
{
    try_every_failure(&(struct trial){ load_file, set_and_add }, 8);
    try_every_failure(&(struct trial){ load_file, despawn_many }, 8);
    try_every_failure(&(struct trial){ load_file, spawn_and_reuse }, 8);
}

/* Commands. */

static void record_batch(struct stage *stage)
{
    populate_and_share(stage);
    must(pecs_commands_create(stage->registry, &stage->commands) == PECS_OK);
    pecs_commands *commands = stage->commands;
    const pecs_entity *entities = stage->entities;
    pecs_entity parent, child;
    must(pecs_commands_spawn(commands, (pecs_value[]){ PECS_VALUE_AS(POSITION, Position, 1, 1, 1) }, 1, &parent) == 0);
    const Link link = { 5, parent, { entities[0], none } };
    must(pecs_commands_spawn(commands, (pecs_value[]){ { LINK, sizeof(link), &link } }, 1, &child) == 0);
    must(pecs_commands_set(commands, parent, (pecs_value[]){ PECS_VALUE_AS(TEAM, Team, 2), PECS_HAS_AS(FROZEN) }, 2) ==
         0);
    for (int i = 0; i < 10; i++)
        must(pecs_commands_despawn(commands, entities[i]) == 0);
    for (int i = 8; i < 16; i++)
        must(pecs_commands_set(commands, entities[i], (pecs_value[]){ PECS_VALUE_AS(TEAM, Team, 9) }, 1) == 0);
    for (int i = 16; i < 20; i++)
        must(pecs_commands_set(commands, entities[i], (pecs_value[]){ PECS_VALUE_AS(POSITION, Position, 9, 9, 9) },
                               1) == 0);
    for (int i = 32; i < 64; i++)
        must(pecs_commands_remove(commands, entities[i], (pecs_component[]){ TEAM, POSITION }, 2) == 0);
    for (int i = 40; i < 44; i++)
        must(pecs_commands_despawn(commands, entities[i]) == 0);
    for (int i = 0; i < 20; i++)
        must(pecs_commands_spawn(commands, (pecs_value[]){ PECS_VALUE_AS(HEALTH, Health, i, i) }, 1, &child) == 0);
}

static pecs_status apply(struct stage *stage)
{
    uint64_t skipped_count = 77;
    const pecs_status status = pecs_commands_apply(stage->commands, stage->world, &skipped_count);
    must(skipped_count == (status ? 77 : 2));
    return status;
}

Test(failures, a_mixed_batch_of_commands)
{
    try_every_failure(&(struct trial){ record_batch, apply }, 30);
}

/* Each of the five is recorded, again after it failed; the batch then holds each once. */
static pecs_status record_one_of_each(struct stage *stage)
{
    pecs_commands *commands = stage->commands;
    pecs_entity provisional = { 8, 8 };
    const pecs_value health[] = { PECS_VALUE_AS(HEALTH, Health, 5, 5) };
    const pecs_status spawned = pecs_commands_spawn(commands, health, 1, &provisional);
    must(!spawned || same(provisional, (pecs_entity){ 8, 8 }));
    const pecs_status despawned = pecs_commands_despawn(commands, stage->entities[1]);
    const pecs_status set = pecs_commands_set(commands, stage->entities[2], health, 1);
    const pecs_status removed = pecs_commands_remove(commands, stage->entities[33], (pecs_component[]){ TEAM }, 1);
    const pecs_status added = pecs_commands_add(commands, stage->entities[34], (pecs_component[]){ HEALTH }, 1);
    if (spawned || despawned || set || removed || added) {
        pecs_commands_clear(commands);
        return PECS_E_MEMORY;
    }
    must(summary_of(pecs_world_view(stage->world)).entity_count == ROWS - 3 + 32);
    counting.fail_at = 0; /* recording is what is on trial here */
    return pecs_commands_apply(commands, stage->world, NULL);
}

Test(failures, recording)
{
    try_every_failure(&(struct trial){ make_commands, record_one_of_each }, 2);
}

/* What was recorded before the failure is still there, and what failed is not. */
Test(failures, a_command_that_cannot_be_recorded_is_not)
{
    struct stage stage;
    stage_set(&stage, &(struct trial){ make_commands, NULL });
    uint64_t recorded_count = 0, failure_count = 0;
    for (int i = 0; i < 200; i++) {
        counting.fail_at = i % 2 ? counting.call_count + 1 : 0;
        const pecs_status status = pecs_commands_spawn(
            stage.commands, (pecs_value[]){ { LINK, sizeof(Link), NULL }, PECS_VALUE_AS(POSITION, Position, 1, 2, 3) },
            2, NULL);
        cr_assert(status == PECS_OK || status == PECS_E_MEMORY);
        recorded_count += status == PECS_OK;
        failure_count += status == PECS_E_MEMORY;
    }
    counting.fail_at = 0;
    cr_assert_geq(failure_count, 1);
    cr_assert_eq(pecs_commands_apply(stage.commands, stage.world, NULL), PECS_OK);
    cr_assert_eq(summary_of(pecs_world_view(stage.world)).entity_count, ROWS - 3 + 32 + recorded_count);
    check_world(stage.world);
    stage_strike(&stage);
}

static pecs_status create_commands(struct stage *stage)
{
    return pecs_commands_create(stage->registry, &stage->commands);
}

Test(failures, a_command_buffer_created)
{
    try_every_failure(&(struct trial){ nothing, create_commands }, 1);
}

enum { BATCH = 100000 };

/* Chunks behind the last row, in any table. */
static bool has_reserve(const struct pecs_snapshot *state)
{
    bool has = tree_get(&state_index(state)->records.chunks, index_chunk_count(state_index(state))) != NULL;
    for (uint32_t i = 0; i < state->table_count; i++) {
        const struct table *table = state_table(state, i);
        for (uint32_t j = 0; j < table->archetype->column_count; j++)
            for (uint64_t chunk = table_chunk_count(table); chunk <= BATCH >> CHUNK_SHIFT; chunk++)
                has |= tree_get(&table->columns[j].chunks, chunk) != NULL;
    }
    return has;
}

static pecs_status spawn_batch(struct stage *stage)
{
    const pecs_value value = { POSITION, sizeof(Position), NULL };
    return stage->commands ? pecs_commands_apply(stage->commands, stage->world, NULL)
                           : pecs_world_spawn(stage->world, &value, 1, BATCH, NULL);
}

/* Nothing stays reserved for a batch that fails, so that what memory there is has room for other edits. */
static void check_given_back(void (*prepare)(struct stage *stage))
{
    uint64_t nth = 1, failure_count = 0;
    for (pecs_status status = PECS_E_MEMORY; status; nth += 7) {
        struct stage stage;
        stage_set(&stage, &(struct trial){ prepare, spawn_batch });
        counting.fail_at = counting.call_count + nth;
        status = spawn_batch(&stage);
        counting.fail_at = 0;
        must(!status || (status == PECS_E_MEMORY && !has_reserve(stage.world->state)));
        failure_count += status != PECS_OK;
        stage_strike(&stage);
    }
    cr_assert_geq(failure_count, 3);
}

static void one_entity(struct stage *stage)
{
    spawn_position(stage->world, 1);
}

static void one_entity_and_a_batch(struct stage *stage)
{
    spawn_position(stage->world, 1);
    must(pecs_commands_create(stage->registry, &stage->commands) == PECS_OK);
    for (int i = 0; i < BATCH; i++)
        must(pecs_commands_spawn(stage->commands, (pecs_value[]){ PECS_VALUE_AS(POSITION, Position, 1, 2, 3) }, 1,
                                 NULL) == PECS_OK);
}

Test(failures, a_spawn_that_fails_gives_back_what_it_reserved)
{
    check_given_back(one_entity);
}

Test(failures, commands_that_fail_give_back_what_they_reserved)
{
    check_given_back(one_entity_and_a_batch);
}
