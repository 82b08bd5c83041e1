/*
 * "Changed since": the chunk is the unit, no change is missed, and what did not change is skipped as far as the
 * header promises.
 */
#include "ticks_fixture.h"

#include <stdio.h>
#include <unistd.h>

TestSuite(changed, .init = set_up_with_queries, .fini = strike_with_queries);

static void set_x(uint32_t index, float x)
{
    const pecs_value value = PECS_VALUE_AS(POSITION, Position, x, 0, 0);
    must(pecs_world_set(world, (pecs_entity){ index, 1 }, &value, 1) == PECS_OK);
}

Test(changed, zero_gives_all_and_the_present_tick_nothing)
{
    spawn_chunks();
    cr_assert_eq(chunks_since(positions, 0), 7);
    cr_assert_eq(chunks_since(positions, 1), 0);
    cr_assert_eq(chunks_since(positions, 2), 0);
    cr_assert_eq(chunks_since(everything, 0), 7);
    cr_assert_eq(chunks_since(everything, 1), 0);
}

Test(changed, a_set_is_in_its_chunk_alone)
{
    spawn_chunks();
    set_x(CHUNK_ROWS + 3, 1);
    cr_assert_eq(chunks_since(positions, 1), 2);
    cr_assert_eq(chunks_since(positions, 2), 0, "not greater than its tick");
    advance();
    set_x(0, 1);
    cr_assert_eq(chunks_since(positions, 1), 3);
    cr_assert_eq(chunks_since(positions, 2), 1);
    cr_assert_eq(chunks_since(everything, 1), 0, "no row came or went");
}

Test(changed, an_edit_counts_though_nothing_is_written)
{
    spawn_chunks();
    void *value;
    cr_assert_eq(pecs_world_get_mut(world, (pecs_entity){ 2 * CHUNK_ROWS, 1 }, POSITION, sizeof(Position), &value),
                 PECS_OK);
    cr_assert_eq(chunks_since(positions, 1), 4);
}

Test(changed, only_columns_that_are_read_or_written_count)
{
    spawn_chunks();
    set_x(0, 1);
    static const struct {
        pecs_access position, team;
        uint32_t chunks;
    } cases[] = {
        { PECS_READ, PECS_READ, 1 },           { PECS_WRITE, PECS_WITH, 1 }, { PECS_OPTIONAL_READ, PECS_WITH, 1 },
        { PECS_OPTIONAL_WRITE, PECS_READ, 1 }, { PECS_WITH, PECS_READ, 0 },  { PECS_WITH, PECS_OPTIONAL_WRITE, 0 },
        { PECS_WITH, PECS_WITH, 0 },
    };
    for (size_t i = 0; i < 7; i++) {
        pecs_query *query =
            make_query(registry, (pecs_term[]){ { POSITION, cases[i].position }, { TEAM, cases[i].team } }, 2);
        cr_assert_eq(chunks_since(query, 1), cases[i].chunks, "case %zu", i);
        pecs_query_destroy(query);
    }
}

Test(changed, a_writing_iteration_counts_for_the_chunks_it_gave)
{
    spawn_chunks();
    pecs_query *write = make_query(registry, (pecs_term[]){ { POSITION, PECS_WRITE }, { TEAM, PECS_READ } }, 2);
    pecs_iter iter = pecs_query_iter_mut(write, world, NULL);
    cr_assert(pecs_iter_next(&iter));
    cr_assert(pecs_iter_next(&iter));
    cr_assert_eq(pecs_iter_end(&iter), PECS_OK);
    cr_assert_eq(chunks_since(positions, 1), 3);
    pecs_query *teams = make_query(registry, (pecs_term[]){ { TEAM, PECS_READ } }, 1);
    cr_assert_eq(chunks_since(teams, 1), 0);
    pecs_query_destroy(teams);
    pecs_query_destroy(write);
}

/*
 * An edit iteration that asks for later changes skips what was written at a tick, and so leaves it as it was.
 */
Test(changed, a_writing_iteration_may_ask_too)
{
    spawn_chunks();
    set_x(CHUNK_ROWS, 1);
    advance();
    pecs_query *write = make_query(registry, (pecs_term[]){ { POSITION, PECS_WRITE } }, 1);
    pecs_iter iter = pecs_query_iter_mut(write, world, &(pecs_iter_options){ .changed_since = 1 });
    cr_assert(pecs_iter_next(&iter));
    cr_assert_eq(iter.entities[0].index, CHUNK_ROWS);
    cr_assert_not(pecs_iter_next(&iter));
    cr_assert_eq(pecs_iter_end(&iter), PECS_OK);
    cr_assert_eq(chunks_since(positions, 2), 2);
    pecs_query_destroy(write);
}

Test(changed, rows_that_come_count)
{
    spawn_chunks();
    spawn_one(world, (pecs_value[]){ { POSITION, sizeof(Position), NULL }, { TEAM, sizeof(Team), NULL } }, 2);
    cr_assert_eq(chunks_since(positions, 1), 4);
    cr_assert_eq(chunks_since(everything, 1), 4);
    advance();
    spawn_position(world, 1);
    cr_assert_eq(chunks_since(positions, 2), 128);
    cr_assert_eq(chunks_since(everything, 2), 128);
}

/* A table without any column of the query: its rows can only come and go. */
Test(changed, where_no_term_has_a_column_rows_count)
{
    spawn_chunks();
    spawn_one(world, (pecs_value[]){ PECS_HAS_AS(FROZEN) }, 1);
    advance();
    pecs_query *query =
        make_query(registry, (pecs_term[]){ { HEALTH, PECS_OPTIONAL_READ }, { FROZEN, PECS_OPTIONAL_READ } }, 2);
    cr_assert_eq(chunks_since(query, 1), 128);
    cr_assert_eq(chunks_since(query, 2), 0);
    set_x(0, 1);
    cr_assert_eq(chunks_since(query, 2), 0, "a value that the query does not read");
    spawn_one(world, (pecs_value[]){ PECS_HAS_AS(FROZEN) }, 1);
    cr_assert_eq(chunks_since(query, 2), 128);
    pecs_query_destroy(query);
}

/* The last row fills the hole: both the query's values and its rows have changed there. */
Test(changed, the_row_that_fills_a_hole_counts)
{
    spawn_chunks();
    cr_assert_eq(pecs_world_despawn(world, &(pecs_entity){ 5, 1 }, 1), PECS_OK);
    cr_assert_eq(chunks_since(positions, 1) & 1, 1);
    cr_assert_eq(chunks_since(everything, 1) & 1, 1);
    cr_assert_eq(chunks_since(positions, 1) & 2, 0);
}

Test(changed, rows_that_move_count_where_they_arrive)
{
    spawn_chunks();
    cr_assert_eq(pecs_world_set(world, (pecs_entity){ 5, 1 }, (pecs_value[]){ PECS_HAS_AS(FROZEN) }, 1), PECS_OK);
    cr_assert_eq(chunks_since(positions, 1) & 129, 129);
    cr_assert_eq(chunks_since(positions, 1) & 2, 0);
}

Test(changed, commands_count)
{
    spawn_chunks();
    pecs_commands *commands;
    cr_assert_eq(pecs_commands_create(registry, &commands), PECS_OK);
    const pecs_value value[] = { PECS_VALUE_AS(POSITION, Position, 1, 1, 1) };
    cr_assert_eq(pecs_commands_set(commands, (pecs_entity){ CHUNK_ROWS + 5, 1 }, value, 1), PECS_OK);
    cr_assert_eq(pecs_commands_apply(commands, world, NULL), PECS_OK);
    cr_assert_eq(chunks_since(positions, 1), 2);
    pecs_commands_destroy(commands);
}

Test(changed, a_failed_or_refused_edit_may_count_but_a_take_does_not)
{
    spawn_chunks();
    pecs_snapshot *snapshot = take(world);
    cr_assert_eq(chunks_since(positions, 1), 0);
    cr_assert_eq(chunks_in(pecs_snapshot_view(snapshot), positions, 0), 7);
    cr_assert_eq(chunks_in(pecs_snapshot_view(snapshot), positions, 1), 0);
    set_x(0, 1);
    cr_assert_eq(chunks_since(positions, 1), 1);
    cr_assert_eq(chunks_in(pecs_snapshot_view(snapshot), positions, 1), 0, "the snapshot's chunks are of the past");
    pecs_snapshot_release(snapshot);
}

Test(changed, everything_counts_after_a_restore)
{
    spawn_chunks();
    pecs_snapshot *snapshot = take(world);
    advance();
    set_x(0, 1);
    cr_assert_eq(pecs_world_restore(world, snapshot), PECS_OK);
    const uint64_t tick = pecs_view_tick(view());
    cr_assert_eq(tick, 4);
    cr_assert_eq(chunks_since(positions, tick - 1), 7);
    cr_assert_eq(chunks_since(everything, tick - 1), 7);
    cr_assert_eq(chunks_since(positions, tick), 0);
    advance();
    set_x(CHUNK_ROWS, 1);
    cr_assert_eq(chunks_since(positions, tick), 2);
    pecs_snapshot_release(snapshot);
}

Test(changed, files_keep_ticks)
{
    char path[64];
    snprintf(path, sizeof(path), "/tmp/pecs-ticks-%ld", (long)getpid());
    spawn_chunks();
    advance();
    set_x(0, 1);
    advance();
    cr_assert_eq(pecs_world_save(world, path, &(pecs_save_options){ .skip_sync = true }, NULL), PECS_OK);
    for (int is_load = 0; is_load < 2; is_load++) {
        pecs_snapshot *snapshot;
        cr_assert_eq(is_load ? pecs_snapshot_load(registry, path, NULL, &snapshot, NULL)
                             : pecs_snapshot_resume(registry, path, NULL, &snapshot, NULL),
                     PECS_OK);
        const pecs_view seen = pecs_snapshot_view(snapshot);
        cr_assert_eq(pecs_view_tick(seen), 4);
        cr_assert_eq(chunks_in(seen, positions, 2) & 1, 1, "no change is missed");
        cr_assert_eq(chunks_in(seen, positions, 3), 0);
        cr_assert_eq(chunks_in(seen, everything, 1), 0);
        pecs_world *other = make_world(registry, snapshot);
        uint64_t tick;
        cr_assert_eq(pecs_world_advance(other, &tick), PECS_OK);
        cr_assert_eq(tick, 5);
        const pecs_value value = PECS_VALUE_AS(POSITION, Position, 1, 0, 0);
        cr_assert_eq(pecs_world_set(other, (pecs_entity){ CHUNK_ROWS, 1 }, &value, 1), PECS_OK);
        cr_assert_eq(chunks_in(pecs_world_view(other), positions, 4), 2);
        pecs_world_destroy(other);
        pecs_snapshot_release(snapshot);
    }
    unlink(path);
}

Test(changed, parts_and_changes_together)
{
    spawn_chunks();
    set_x(0, 1);
    set_x(2 * CHUNK_ROWS, 1);
    uint64_t chunk_count = 0;
    for (uint32_t part = 0; part < 2; part++) {
        const pecs_iter_options options = { .changed_since = 1, .worker = part, .worker_count = 2 };
        pecs_iter iter = pecs_query_iter(positions, view(), &options);
        for (; pecs_iter_next(&iter); chunk_count++)
            cr_assert_neq(iter.entities[0].index, CHUNK_ROWS);
        cr_assert_eq(pecs_iter_end(&iter), PECS_OK);
    }
    cr_assert_eq(chunk_count, 2);
}

/*
 * Random edits for 300 ticks over tables of several chunks. What the model says has changed since any tick must be
 * given.
 */

enum { ROWS = 9000, ROUNDS = 300 };
static struct {
    pecs_entity entity;
    uint64_t tick; /* of the last change of its position, or of its table */
} model[ROWS];
static uint64_t random_state = 42;

static uint32_t random_below(uint32_t limit)
{
    random_state = random_state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(random_state >> 33) % limit;
}

static void change_at_random(void)
{
    const uint64_t tick = pecs_view_tick(view());
    const uint32_t i = random_below(ROWS);
    const pecs_entity entity = model[i].entity;
    const bool is_frozen = pecs_view_has(view(), entity, FROZEN);
    void *value;
    switch (random_below(5)) {
    case 0:
        must(pecs_world_set(world, entity, (pecs_value[]){ PECS_HAS_AS(FROZEN) }, 1) == PECS_OK);
        if (is_frozen)
            return;
        break;
    case 1:
        must(pecs_world_remove(world, entity, (pecs_component[]){ FROZEN, TEAM }, 2) == PECS_OK);
        if (!is_frozen)
            return;
        break;
    case 2:
        must(pecs_world_despawn(world, &entity, 1) == PECS_OK);
        model[i].entity = spawn_position(world, (float)tick);
        break;
    case 3:
        must(pecs_world_get_mut(world, entity, POSITION, sizeof(Position), &value) == PECS_OK);
        break;
    default:
        must(pecs_world_set(world, entity, (pecs_value[]){ PECS_VALUE_AS(POSITION, Position, 1, 1, 1) }, 1) == PECS_OK);
    }
    model[i].tick = pecs_view_tick(view());
}

static void check_changes(uint64_t since, uint64_t tick)
{
    static bool given[2 * ROWS];
    memset(given, 0, sizeof(given));
    pecs_iter iter = pecs_query_iter(positions, view(), &(pecs_iter_options){ .changed_since = since });
    while (pecs_iter_next(&iter))
        for (size_t i = 0; i < iter.row_count; i++)
            given[iter.entities[i].index] = true;
    must(pecs_iter_end(&iter) == PECS_OK);
    for (uint32_t i = 0; i < ROWS; i++)
        if (model[i].tick > since && !given[model[i].entity.index])
            cr_assert_fail("at tick %llu: a change at %llu is not among those since %llu", (unsigned long long)tick,
                           (unsigned long long)model[i].tick, (unsigned long long)since);
}

Test(changed, no_change_is_missed)
{
    pecs_snapshot *held = NULL;
    uint64_t taken_at = 0;
    for (uint32_t i = 0; i < ROWS; i++) {
        model[i].entity = spawn_position(world, 0);
        model[i].tick = 1;
    }
    for (unsigned round = 0; round < ROUNDS; round++) {
        const uint64_t tick = advance();
        if (random_below(3) == 0) {
            pecs_snapshot_release(held);
            held = take(world);
            taken_at = tick;
        }
        for (uint32_t n = random_below(4); n > 0; n--)
            change_at_random();
        check_changes(tick - 1, tick);
        check_changes(taken_at, tick);
        check_changes(random_below((uint32_t)tick), tick);
    }
    pecs_snapshot_release(held);
}
