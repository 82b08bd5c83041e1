/*
 * Snapshots: what they share and keep, how long they live, threads that read while the world goes on, and pointers for
 * writing that outlive a take. Restores and forks are in test_restore.c.
 */
#include "snapshot_fixture.h"

#include <signal.h>

TestSuite(snapshot, .init = set_up_with_path, .fini = strike_with_path);
TestSuite(stale, .init = set_up_with_path, .fini = strike_with_path);

Test(snapshot, taking_copies_nothing)
{
    spawn_row(3 * CHUNK_ROWS);
    const uint64_t live = counting.live_bytes, calls = counting.call_count;
    pecs_snapshot *snapshot = take(world);
    cr_assert_eq(counting.live_bytes, live);
    cr_assert_eq(counting.call_count, calls);
    cr_assert_eq(pecs_get_as(view(), ((pecs_entity){ 5, 1 }), POSITION, Position),
                 pecs_get_as(pecs_snapshot_view(snapshot), ((pecs_entity){ 5, 1 }), POSITION, Position));
    pecs_snapshot_release(snapshot);
}

Test(snapshot, it_does_not_see_later_edits)
{
    spawn_row(100);
    cr_assert_eq(pecs_world_set_singleton(world, TEAM, 1, &(Team){ 1 }), PECS_OK);
    pecs_snapshot *snapshot = take(world);
    const struct photograph before = photograph_of(pecs_snapshot_view(snapshot));
    const struct photograph of_world = photograph_of(view());
    cr_assert(same_photograph(&before, &of_world));
    set_x(world, (pecs_entity){ 5, 1 }, 77);
    cr_assert_eq(pecs_world_despawn(world, (pecs_entity[]){ { 6, 1 }, { 99, 1 } }, 2), PECS_OK);
    spawn_position(world, 5);
    cr_assert_eq(pecs_world_set(world, (pecs_entity){ 7, 1 }, (pecs_value[]){ PECS_HAS_AS(FROZEN) }, 1), PECS_OK);
    cr_assert_eq(pecs_world_remove(world, (pecs_entity){ 8, 1 }, (pecs_component[]){ POSITION }, 1), PECS_OK);
    cr_assert_eq(pecs_world_set_singleton(world, TEAM, 1, &(Team){ 2 }), PECS_OK);
    cr_assert_eq(pecs_world_advance(world, NULL), PECS_OK);
    void *value;
    cr_assert_eq(pecs_world_get_mut(world, (pecs_entity){ 9, 1 }, POSITION, sizeof(Position), &value), PECS_OK);
    ((Position *)value)->x = 88;
    const struct photograph after = photograph_of(pecs_snapshot_view(snapshot));
    cr_assert(same_photograph(&before, &after));
    check_state(snapshot);
    pecs_snapshot_release(snapshot);
}

/* One chunk of one column, once; then in place until the next take. */
Test(snapshot, the_first_write_copies_one_array)
{
    spawn_row(3 * CHUNK_ROWS);
    pecs_snapshot *snapshot = take(world);
    set_x(world, (pecs_entity){ CHUNK_ROWS, 1 }, 5);
    cr_assert_eq(pecs_world_copied_bytes(world), CHUNK_ROWS * sizeof(Position));
    set_x(world, (pecs_entity){ CHUNK_ROWS + 1, 1 }, 6);
    cr_assert_eq(pecs_world_copied_bytes(world), CHUNK_ROWS * sizeof(Position));
    cr_assert_eq(pecs_world_advance(world, NULL), PECS_OK);
    set_x(world, (pecs_entity){ CHUNK_ROWS + 2, 1 }, 7);
    cr_assert_eq(pecs_world_copied_bytes(world), CHUNK_ROWS * sizeof(Position), "a new tick copies nothing");
    pecs_snapshot *second = take(world);
    set_x(world, (pecs_entity){ CHUNK_ROWS, 1 }, 8);
    cr_assert_eq(pecs_world_copied_bytes(world), 2 * CHUNK_ROWS * sizeof(Position));
    pecs_snapshot_release(snapshot);
    pecs_snapshot_release(second);
}

Test(snapshot, a_released_one_costs_no_copy)
{
    spawn_row(2 * CHUNK_ROWS);
    pecs_snapshot_release(take(world));
    for (uint32_t i = 0; i < 2 * CHUNK_ROWS; i += 100)
        set_x(world, (pecs_entity){ i, 1 }, 5);
    cr_assert_eq(pecs_world_copied_bytes(world), 0);
}

Test(snapshot, busy_while_a_write_iteration_is_open)
{
    spawn_row(3);
    pecs_query *query = make_query(registry, NULL, 0);
    pecs_snapshot *untouched = NULL;
    pecs_error error = { .status = PECS_OK };
    pecs_iter iter = pecs_query_iter_mut(query, world, NULL);
    cr_assert_eq(pecs_snapshot_take(world, &untouched), PECS_E_BUSY);
    cr_assert_eq(pecs_world_save(world, path, NULL, &error), PECS_E_BUSY);
    cr_assert_eq(error.status, PECS_E_BUSY);
    cr_assert_null(untouched);
    cr_assert_neq(access(path, F_OK), 0);
    cr_assert_eq(pecs_iter_end(&iter), PECS_OK);
    iter = pecs_query_iter(query, view(), NULL);
    pecs_snapshot_release(take(world));
    cr_assert_eq(pecs_iter_end(&iter), PECS_OK);
    pecs_query_destroy(query);
}

Test(snapshot, every_reference_keeps_it)
{
    spawn_row(3);
    pecs_snapshot *snapshot = take(world);
    set_x(world, (pecs_entity){ 0, 1 }, 50);
    cr_assert_eq(pecs_snapshot_retain(snapshot), snapshot);
    pecs_snapshot_release(snapshot);
    cr_assert_eq(x_in(pecs_snapshot_view(snapshot), (pecs_entity){ 0, 1 }), 0);
    pecs_snapshot_release(snapshot);
    pecs_snapshot_release(NULL);
}

/* Thirty of them, released from both ends and the middle; each keeps what it saw. */
Test(snapshot, a_history_keeps_each_state)
{
    enum { COUNT = 30 };
    pecs_snapshot *history[COUNT];
    uint64_t hashes[COUNT];
    spawn_row(300);
    for (uint32_t i = 0; i < COUNT; i++) {
        history[i] = take(world);
        hashes[i] = pecs_view_hash(view());
        set_x(world, (pecs_entity){ i * 3, 1 }, 1000 + (float)i);
        cr_assert_eq(pecs_world_despawn(world, (pecs_entity[]){ { 299 - i, 1 } }, 1), PECS_OK);
        if (i % 3 == 0)
            spawn_position(world, (float)i);
    }
    for (uint32_t step = 0; step < COUNT; step++) {
        const uint32_t gone = step % 2 ? COUNT - 1 - step / 2 : step / 2;
        pecs_snapshot_release(history[gone]);
        history[gone] = NULL;
        for (uint32_t i = 0; i < COUNT; i++)
            if (history[i])
                must(pecs_view_hash(pecs_snapshot_view(history[i])) == hashes[i]);
    }
}

struct reader {
    pecs_snapshot *snapshot;
    uint64_t hash;
    float sum;
};

static void *read_and_release(void *user)
{
    struct reader *reader = user;
    const pecs_view seen = pecs_snapshot_view(reader->snapshot);
    reader->hash = pecs_view_hash(seen);
    for (uint32_t i = 0; i < 5000; i++)
        reader->sum += x_in(seen, (pecs_entity){ i, 1 });
    pecs_snapshot_release(reader->snapshot);
    return NULL;
}

/* The thread holds the last reference to the snapshot, its memory and the registry. */
Test(snapshot, it_is_read_on_another_thread_after_all_else_is_gone)
{
    spawn_row(5000);
    struct reader reader = { .snapshot = take(world) };
    const uint64_t hash = pecs_view_hash(view());
    set_x(world, (pecs_entity){ 0, 1 }, 1e9f);
    pecs_world_destroy(world);
    pecs_registry_release(registry);
    world = NULL;
    registry = NULL;
    pthread_t thread;
    cr_assert_eq(pthread_create(&thread, NULL, read_and_release, &reader), 0);
    pthread_join(thread, NULL);
    cr_assert_eq(reader.hash, hash);
    cr_assert_eq(reader.sum, 12497500, "0 + 1 + ... + 4,999");
    assert_no_leak();
}

/* Readers release their snapshots in whatever order while the writer goes on writing the same rows. */
Test(snapshot, threads_read_while_the_world_goes_on)
{
    enum { THREADS = 4, ROUNDS = 20 };
    spawn_row(5000);
    for (int round = 0; round < ROUNDS; round++) {
        pthread_t threads[THREADS];
        struct reader readers[THREADS] = { { 0 } };
        uint64_t hashes[THREADS];
        for (int i = 0; i < THREADS; i++) {
            readers[i].snapshot = take(world);
            hashes[i] = pecs_view_hash(view());
            cr_assert_eq(pthread_create(&threads[i], NULL, read_and_release, &readers[i]), 0);
            for (uint32_t k = 0; k < 5000; k += 7)
                set_x(world, (pecs_entity){ k, 1 }, (float)(round * THREADS + i));
            spawn_position(world, 1);
        }
        for (int i = 0; i < THREADS; i++) {
            pthread_join(threads[i], NULL);
            cr_assert_eq(readers[i].hash, hashes[i]);
        }
    }
}

/*
 * A pointer for writing that outlives a take: a debug build finds the write when the snapshot is hashed or saved, at
 * the latest when its array is copied or freed. Each test is a process of its own, which must end by abort.
 */
#ifndef NDEBUG

static pecs_snapshot *write_after_take(bool is_singleton)
{
    void *value;
    const Position at = { 1, 2, 3 };
    const pecs_entity entity = spawn_position(world, 1);
    must(pecs_world_set_singleton(world, POSITION, sizeof(at), &at) == PECS_OK);
    must((is_singleton ? pecs_world_get_singleton_mut(world, POSITION, sizeof(Position), &value)
                       : pecs_world_get_mut(world, entity, POSITION, sizeof(Position), &value)) == PECS_OK);
    pecs_snapshot *snapshot = take(world);
    ((Position *)value)->y = 77;
    return snapshot;
}

static void edit_again(void)
{
    void *value;
    (void)!pecs_world_get_mut(world, (pecs_entity){ 0, 1 }, POSITION, sizeof(Position), &value);
}

Test(stale, a_write_after_a_take_aborts_at_the_next_edit, .signal = SIGABRT)
{
    write_after_take(false);
    edit_again();
}

Test(stale, a_write_to_a_singleton_after_a_take_aborts_at_the_release, .signal = SIGABRT)
{
    pecs_snapshot *snapshot = write_after_take(true);
    pecs_world_destroy(world);
    pecs_snapshot_release(snapshot);
}

Test(stale, a_write_after_a_take_aborts_where_the_snapshot_is_hashed, .signal = SIGABRT)
{
    pecs_view_hash(pecs_snapshot_view(write_after_take(true)));
}

Test(stale, a_write_after_a_take_aborts_where_the_snapshot_is_saved, .signal = SIGABRT)
{
    (void)!pecs_snapshot_save(write_after_take(false), path, NULL, NULL);
}

/* The snapshot is gone, and the world would edit its array in place. */
Test(stale, a_write_aborts_though_the_snapshot_is_gone, .signal = SIGABRT)
{
    pecs_snapshot_release(write_after_take(false));
    edit_again();
}

Test(stale, a_write_to_a_column_after_a_take_aborts_at_the_next_edit, .signal = SIGABRT)
{
    pecs_query *query = make_query(registry, &(pecs_term){ POSITION, PECS_WRITE }, 1);
    spawn_position(world, 1);
    pecs_iter iter = pecs_query_iter_mut(query, world, NULL);
    must(pecs_iter_next(&iter));
    Position *column = pecs_column_mut_as(&iter, POSITION, Position);
    must(pecs_iter_end(&iter) == PECS_OK);
    take(world);
    column->x = 5;
    edit_again();
}

#endif

/* Writes through pointers that still live are right, however takes and edits follow each other. */
Test(stale, writes_before_a_take_are_right)
{
    const pecs_entity entity = spawn_position(world, 0);
    pecs_snapshot *kept[4] = { NULL };
    for (int frame = 0; frame < 20; frame++) {
        void *value;
        cr_assert_eq(pecs_world_get_mut(world, entity, POSITION, sizeof(Position), &value), PECS_OK);
        ((Position *)value)->x = (float)frame;
        pecs_snapshot_release(kept[frame % 4]);
        kept[frame % 4] = take(world);
        cr_assert_eq(x_in(pecs_snapshot_view(kept[frame % 4]), entity), (float)frame);
    }
    for (int i = 0; i < 4; i++)
        pecs_snapshot_release(kept[i]);
}
