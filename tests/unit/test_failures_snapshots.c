/*
 * As test_failures.c, for ticks and snapshots, restores and forks, queries and their iterations, and the registry: each
 * allocation fails once, and all fail from each one on.
 */
#include "failures_fixture.h"

TestSuite(failures);

/* Ticks and snapshots. */

static pecs_status advance(struct stage *stage)
{
    uint64_t tick = 77;
    const pecs_status status = pecs_world_advance(stage->world, &tick);
    must(tick == (status ? 77 : 2));
    return status;
}

Test(failures, advance_of_a_shared_world)
{
    try_every_failure(&(struct trial){ populate_and_share, advance }, 1);
}

Test(failures, take_takes_no_memory)
{
    struct stage stage;
    stage_set(&stage, &(struct trial){ populate, NULL });
    const uint64_t calls = counting.call_count;
    stage.taken = take(stage.world);
    cr_assert_eq(counting.call_count, calls);
    stage_strike(&stage);
}

/* From a world with other tables, and its map of free slots made, to the snapshot. */
static void diverge(struct stage *stage)
{
    populate_and_share(stage);
    for (uint32_t bits = 0; bits < 16; bits++) {
        pecs_value values[4];
        size_t count = 0;
        for (pecs_component i = 0; i < 4; i++)
            if (bits >> i & 1)
                values[count++] = (pecs_value){ i, fixture_types[i]->size, NULL };
        spawn_one(stage->world, values, count);
    }
}

static pecs_status restore(struct stage *stage)
{
    return pecs_world_restore(stage->world, stage->snapshot);
}

Test(failures, restore_to_the_past)
{
    try_every_failure(&(struct trial){ diverge, restore }, 1);
}

/* The world is set back first: the snapshot then holds tables that the world has not. */
static void set_back(struct stage *stage)
{
    diverge(stage);
    pecs_snapshot *future = take(stage->world);
    must(pecs_world_restore(stage->world, stage->snapshot) == PECS_OK);
    pecs_snapshot_release(stage->snapshot);
    stage->snapshot = future;
}

Test(failures, restore_to_the_future)
{
    try_every_failure(&(struct trial){ set_back, restore }, 1);
}

/* Another world's tables: all of the catalog is new, and larger than what the world had. */
static void meet_another_world(struct stage *stage)
{
    struct stage other = { .registry = stage->registry, .world = make_world(stage->registry, NULL) };
    diverge(&other);
    pecs_snapshot_release(other.snapshot);
    stage->snapshot = take(other.world);
    pecs_world_destroy(other.world);
    spawn_position(stage->world, 1);
}

Test(failures, restore_to_another_world)
{
    try_every_failure(&(struct trial){ meet_another_world, restore }, 5);
}

static pecs_status fork_world(struct stage *stage)
{
    pecs_error error = { .status = PECS_OK };
    const pecs_status status = pecs_world_create(stage->registry, stage->snapshot, NULL, &stage->made, &error);
    must(error.status == status);
    if (!status) {
        const struct photograph a = photograph_of(pecs_snapshot_view(stage->snapshot));
        const struct photograph b = photograph_of(pecs_world_view(stage->made));
        must(same_photograph(&a, &b));
        check_world(stage->made);
    }
    return status;
}

Test(failures, fork)
{
    try_every_failure(&(struct trial){ diverge, fork_world }, 6);
}

/* Queries. */

static pecs_status create_query(struct stage *stage)
{
    pecs_error error = { .status = PECS_OK };
    const pecs_status status = pecs_query_create(
        stage->registry, (pecs_term[]){ { POSITION, PECS_WRITE }, { TEAM, PECS_WITHOUT } }, 2, &stage->query, &error);
    must(error.status == status);
    return status;
}

Test(failures, a_query_created)
{
    try_every_failure(&(struct trial){ nothing, create_query }, 1);
}

static void populate_for_writing(struct stage *stage)
{
    populate_and_share(stage);
    stage->query = make_query(stage->registry,
                              (pecs_term[]){ { POSITION, PECS_OPTIONAL_WRITE }, { HEALTH, PECS_OPTIONAL_WRITE } }, 2);
}

/* Passes all chunks through the gate; writes once none can fail any more. */
static pecs_status write_chunks(struct stage *stage)
{
    pecs_iter iter = pecs_query_iter_mut(stage->query, stage->world, NULL);
    while (pecs_iter_next(&iter))
        ;
    const pecs_status status = pecs_iter_end(&iter);
    if (status)
        return status;
    iter = pecs_query_iter_mut(stage->query, stage->world, NULL);
    while (pecs_iter_next(&iter)) {
        Position *positions = pecs_column_mut_as(&iter, POSITION, Position);
        for (size_t i = 0; positions && i < iter.row_count; i++)
            positions[i].y += 1;
    }
    must(pecs_iter_end(&iter) == PECS_OK);
    return PECS_OK;
}

Test(failures, a_writing_iteration)
{
    try_every_failure(&(struct trial){ populate_for_writing, write_chunks }, 8);
}

/* Three parts: begun together, then run to the end one after the other. */
static pecs_status write_parts(struct stage *stage)
{
    pecs_iter parts[3];
    pecs_status status = PECS_OK;
    for (uint32_t i = 0; i < 3; i++)
        parts[i] =
            pecs_query_iter_mut(stage->query, stage->world, &(pecs_iter_options){ .worker = i, .worker_count = 3 });
    for (uint32_t i = 0; i < 3; i++) {
        while (pecs_iter_next(&parts[i]))
            ;
        const pecs_status end = pecs_iter_end(&parts[i]);
        status = status ? status : end;
    }
    return status ? status : write_chunks(stage);
}

Test(failures, a_writing_iteration_in_parts)
{
    try_every_failure(&(struct trial){ populate_for_writing, write_parts }, 8);
}

/* The chunks that were given before the failure are written, no other is, and the reader's status is the error. */
Test(failures, a_failing_iteration_gives_whole_chunks_until_it_ends)
{
    for (uint64_t nth = 1;; nth++) {
        struct stage stage;
        stage_set(&stage, &(struct trial){ populate_for_writing, NULL });
        counting.fail_at = counting.call_count + nth;
        pecs_iter iter = pecs_query_iter_mut(stage.query, stage.world, NULL);
        uint64_t written_count = 0, found_count = 0;
        while (pecs_iter_next(&iter)) {
            Position *positions = pecs_column_mut_as(&iter, POSITION, Position);
            for (size_t i = 0; positions && i < iter.row_count; i++, written_count++)
                positions[i].y = 500;
        }
        counting.fail_at = 0;
        cr_assert_eq(iter.row_count, 0);
        const pecs_status status = pecs_iter_end(&iter);
        iter = pecs_query_iter(stage.query, pecs_world_view(stage.world), NULL);
        while (pecs_iter_next(&iter)) {
            const Position *positions = pecs_column_as(&iter, POSITION, Position);
            for (size_t i = 0; positions && i < iter.row_count; i++)
                found_count += positions[i].y == 500;
        }
        cr_assert_eq(pecs_iter_end(&iter), PECS_OK);
        cr_assert_eq(found_count, written_count);
        check_world(stage.world);
        stage_strike(&stage);
        if (!status) {
            cr_assert_eq(written_count, ROWS - 3);
            break;
        }
        cr_assert_eq(status, PECS_E_MEMORY);
    }
}

Test(failures, a_registry_created)
{
    for (uint64_t nth = 1;; nth++) {
        pecs_registry *registry = NULL;
        pecs_error error = { .status = PECS_OK };
        const pecs_registry_desc desc = { .types = fixture_types,
                                          .type_count = FIXTURE_TYPE_COUNT,
                                          .allocator = counting_hooks };
        counting.fail_at = counting.call_count + nth;
        const pecs_status status = pecs_registry_create(&desc, &registry, &error);
        counting.fail_at = 0;
        cr_assert_eq(error.status, status);
        if (!status) {
            pecs_registry_release(registry);
            assert_no_leak();
            cr_assert_geq(nth, 4);
            break;
        }
        cr_assert_eq(status, PECS_E_MEMORY);
        cr_assert_null(registry);
        assert_no_leak();
    }
}
