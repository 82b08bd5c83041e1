/*
 * Restores and forks of every descent: to snapshots of this world, of another, of a fork, and of a file that was loaded
 * or mapped.
 */
#include "snapshot_fixture.h"

TestSuite(restore, .init = set_up_with_path, .fini = strike_with_path);
TestSuite(fork, .init = set_up_with_path, .fini = strike_with_path);
TestSuite(file, .init = set_up_with_path, .fini = strike_with_path);

static pecs_snapshot *read_file(bool is_load)
{
    pecs_snapshot *snapshot;
    pecs_error error;
    cr_assert_eq(is_load ? pecs_snapshot_load(registry, path, NULL, &snapshot, &error)
                         : pecs_snapshot_resume(registry, path, NULL, &snapshot, &error),
                 PECS_OK, "%s", error.message);
    return snapshot;
}

static void save(pecs_world *of)
{
    pecs_error error;
    cr_assert_eq(pecs_world_save(of, path, &(pecs_save_options){ .skip_sync = true }, &error), PECS_OK, "%s",
                 error.message);
}

Test(restore, the_state_is_that_of_the_snapshot)
{
    spawn_row(100);
    pecs_snapshot *snapshot = take(world);
    struct photograph before = photograph_of(view());
    cr_assert_eq(pecs_world_despawn(world, (pecs_entity[]){ { 3, 1 }, { 4, 1 } }, 2), PECS_OK);
    for (int i = 0; i < 50; i++)
        spawn_one(world, (pecs_value[]){ PECS_VALUE_AS(TEAM, Team, 1) }, 1);
    cr_assert_eq(pecs_world_restore(world, snapshot), PECS_OK);
    struct photograph after = photograph_of(view());
    cr_assert_gt(after.summary.tick, before.summary.tick);
    before.summary.tick = after.summary.tick;
    cr_assert(same_photograph(&before, &after));
    check_world(world);
    pecs_snapshot_release(snapshot);
}

Test(restore, handles_from_after_the_snapshot_are_dead)
{
    spawn_row(3);
    pecs_snapshot *snapshot = take(world);
    const pecs_entity later = spawn_position(world, 9);
    cr_assert_eq(pecs_world_despawn(world, (pecs_entity[]){ { 1, 1 } }, 1), PECS_OK);
    const pecs_entity reused = spawn_position(world, 10);
    cr_assert_eq(pecs_world_restore(world, snapshot), PECS_OK);
    cr_assert_not(pecs_view_alive(view(), later));
    cr_assert_not(pecs_view_alive(view(), reused));
    cr_assert(pecs_view_alive(view(), (pecs_entity){ 1, 1 }));
    pecs_snapshot_release(snapshot);
}

static void play(pecs_entity *ret_entities)
{
    const pecs_entity gone[] = { { 7, 1 }, { 2, 1 }, { 5, 1 } };
    must(pecs_world_despawn(world, gone, 3) == PECS_OK);
    for (int i = 0; i < 6; i++)
        ret_entities[i] = spawn_position(world, (float)i);
    must(pecs_world_despawn(world, &ret_entities[1], 1) == PECS_OK);
    ret_entities[6] = spawn_position(world, 6);
}

Test(restore, replay_gives_the_same_handles_and_content)
{
    spawn_row(10);
    pecs_snapshot *snapshot = take(world);
    pecs_entity first[7], again[7];
    play(first);
    const uint64_t hash = pecs_view_hash(view());
    for (int round = 0; round < 3; round++) {
        cr_assert_eq(pecs_world_restore(world, snapshot), PECS_OK);
        play(again);
        for (int i = 0; i < 7; i++)
            cr_assert(same(first[i], again[i]), "spawn %d", i);
        cr_assert_eq(pecs_view_hash(view()), hash);
        check_world(world);
    }
    pecs_snapshot_release(snapshot);
}

Test(restore, it_copies_nothing_and_the_snapshot_stays)
{
    spawn_row(2 * CHUNK_ROWS);
    pecs_snapshot *snapshot = take(world);
    set_x(world, (pecs_entity){ 0, 1 }, 5);
    const uint64_t copied = pecs_world_copied_bytes(world), hash = pecs_view_hash(pecs_snapshot_view(snapshot));
    cr_assert_eq(pecs_world_restore(world, snapshot), PECS_OK);
    cr_assert_eq(pecs_world_copied_bytes(world), copied);
    set_x(world, (pecs_entity){ 1, 1 }, 6);
    cr_assert_eq(pecs_view_hash(pecs_snapshot_view(snapshot)), hash);
    check_state(snapshot);
    pecs_snapshot_release(snapshot);
}

Test(restore, queries_stay_valid)
{
    spawn_row(5);
    pecs_snapshot *snapshot = take(world);
    spawn_one(world, (pecs_value[]){ PECS_VALUE_AS(POSITION, Position, 1, 1, 1), PECS_HAS_AS(FROZEN) }, 2);
    pecs_query *query = make_query(registry, (pecs_term[]){ { POSITION, PECS_WRITE } }, 1);
    cr_assert_eq(pecs_query_count(query, view()), 6);
    cr_assert_eq(pecs_world_restore(world, snapshot), PECS_OK);
    cr_assert_eq(pecs_query_count(query, view()), 5);
    pecs_iter iter = pecs_query_iter_mut(query, world, NULL);
    cr_assert(pecs_iter_next(&iter));
    cr_assert_eq(iter.row_count, 5);
    pecs_column_mut_as(&iter, POSITION, Position)[4].x = 40;
    cr_assert_not(pecs_iter_next(&iter));
    cr_assert_eq(pecs_iter_end(&iter), PECS_OK);
    cr_assert_eq(x_in(view(), (pecs_entity){ 4, 1 }), 40);
    cr_assert_eq(x_in(pecs_snapshot_view(snapshot), (pecs_entity){ 4, 1 }), 4);
    pecs_query_destroy(query);
    pecs_snapshot_release(snapshot);
}

Test(restore, to_the_snapshot_it_is_at)
{
    spawn_row(5);
    pecs_snapshot *snapshot = take(world);
    const uint64_t hash = pecs_view_hash(view());
    for (int i = 0; i < 3; i++) {
        cr_assert_eq(pecs_world_restore(world, snapshot), PECS_OK);
        cr_assert_eq(pecs_view_hash(view()), hash);
    }
    pecs_snapshot_release(snapshot);
    set_x(world, (pecs_entity){ 0, 1 }, 9);
    cr_assert_eq(x_in(view(), (pecs_entity){ 0, 1 }), 9);
}

Test(restore, to_and_fro_in_a_history)
{
    enum { COUNT = 12 };
    pecs_snapshot *history[COUNT];
    uint64_t hashes[COUNT];
    for (uint32_t i = 0; i < COUNT; i++) {
        const pecs_component first = i % FIXTURE_TYPE_COUNT, second = (i + 2) % FIXTURE_TYPE_COUNT;
        spawn_one(world,
                  (pecs_value[]){ { first, fixture_types[first]->size, NULL },
                                  { second, fixture_types[second]->size, NULL } },
                  1 + i % 2);
        history[i] = take(world);
        hashes[i] = pecs_view_hash(view());
    }
    for (uint32_t round = 0; round < 60; round++) {
        const uint32_t i = round * 7 % COUNT;
        cr_assert_eq(pecs_world_restore(world, history[i]), PECS_OK);
        cr_assert_eq(pecs_view_hash(view()), hashes[i]);
        check_world(world);
        spawn_position(world, (float)round);
        check_world(world);
    }
    for (uint32_t i = 0; i < COUNT; i++)
        pecs_snapshot_release(history[i]);
}

Test(restore, to_a_snapshot_of_another_world)
{
    pecs_world *other = make_world(registry, NULL);
    spawn_row(20);
    for (int i = 0; i < 5; i++)
        spawn_one(other, (pecs_value[]){ PECS_VALUE_AS(TEAM, Team, 3), PECS_VALUE_AS(POSITION, Position, 60, 0, 0) },
                  2);
    pecs_snapshot *snapshot = take(other);
    cr_assert_eq(pecs_world_restore(world, snapshot), PECS_OK);
    cr_assert_eq(pecs_view_hash(view()), pecs_view_hash(pecs_world_view(other)));
    set_x(world, (pecs_entity){ 2, 1 }, 70);
    cr_assert_eq(x_in(pecs_world_view(other), (pecs_entity){ 2, 1 }), 60);
    set_x(other, (pecs_entity){ 2, 1 }, 80);
    cr_assert_eq(x_in(view(), (pecs_entity){ 2, 1 }), 70);
    pecs_world_destroy(other);
    pecs_snapshot_release(snapshot);
    cr_assert_eq(x_in(view(), (pecs_entity){ 3, 1 }), 60);
}

Test(restore, refusals_change_nothing)
{
    pecs_registry *foreign = counting_registry();
    pecs_world *other = make_world(foreign, NULL);
    pecs_snapshot *snapshot = take(other), *own = take(world);
    spawn_row(3);
    const struct photograph before = photograph_of(view());
    cr_assert_eq(pecs_world_restore(world, snapshot), PECS_E_MISUSE);
    cr_assert_eq(pecs_world_restore(world, NULL), PECS_E_MISUSE);
    pecs_query *query = make_query(registry, NULL, 0);
    pecs_iter iter = pecs_query_iter(query, view(), NULL);
    cr_assert_eq(pecs_world_restore(world, own), PECS_E_BUSY);
    cr_assert_eq(pecs_iter_end(&iter), PECS_OK);
    iter = pecs_query_iter_mut(query, world, NULL);
    cr_assert_eq(pecs_world_restore(world, own), PECS_E_BUSY);
    cr_assert_eq(pecs_iter_end(&iter), PECS_OK);
    const struct photograph after = photograph_of(view());
    cr_assert(same_photograph(&before, &after));
    cr_assert_eq(pecs_world_restore(world, own), PECS_OK);
    pecs_query_destroy(query);
    pecs_snapshot_release(own);
    pecs_snapshot_release(snapshot);
    pecs_world_destroy(other);
    pecs_registry_release(foreign);
}

/* Fork. */

Test(fork, two_worlds_go_their_own_ways)
{
    spawn_row(100);
    pecs_snapshot *base = take(world);
    pecs_world *other = make_world(registry, base);
    pecs_snapshot_release(base);
    cr_assert_eq(pecs_view_hash(view()), pecs_view_hash(pecs_world_view(other)));
    for (uint32_t i = 0; i < 100; i++)
        set_x(i % 2 ? world : other, (pecs_entity){ i, 1 }, 1000 + (float)i);
    cr_assert_eq(pecs_world_despawn(other, (pecs_entity[]){ { 50, 1 } }, 1), PECS_OK);
    cr_assert(same(spawn_position(world, 5), (pecs_entity){ 100, 1 }));
    cr_assert(same(spawn_position(other, 6), (pecs_entity){ 50, 2 }));
    for (uint32_t i = 0; i < 100; i++) {
        must(x_in(view(), (pecs_entity){ i, 1 }) == (float)i + (i % 2 ? 1000 : 0));
        must(i == 50 || x_in(pecs_world_view(other), (pecs_entity){ i, 1 }) == (float)i + (i % 2 ? 0 : 1000));
    }
    check_world(other);
    pecs_world_destroy(other);
}

Test(fork, the_original_may_go)
{
    spawn_row(100);
    pecs_snapshot *base = take(world);
    pecs_world *other = make_world(registry, base);
    pecs_world_destroy(world);
    pecs_snapshot_release(base);
    world = other;
    set_x(world, (pecs_entity){ 3, 1 }, 30);
    cr_assert_eq(x_in(view(), (pecs_entity){ 3, 1 }), 30);
    cr_assert_eq(x_in(view(), (pecs_entity){ 4, 1 }), 4);
    cr_assert_eq(pecs_world_copied_bytes(world), 0, "all is its own now");
}

Test(fork, a_fork_of_a_fork_of_a_fork)
{
    enum { DEPTH = 8 };
    pecs_world *worlds[DEPTH] = { world };
    spawn_row(50);
    for (int i = 1; i < DEPTH; i++) {
        set_x(worlds[i - 1], (pecs_entity){ (uint32_t)i, 1 }, 100 + (float)i);
        pecs_snapshot *base = take(worlds[i - 1]);
        worlds[i] = make_world(registry, base);
        pecs_snapshot_release(base);
        set_x(worlds[i - 1], (pecs_entity){ 0, 1 }, 500); /* its child must not see this */
    }
    for (int i = 0; i < DEPTH; i++) {
        const pecs_view seen = pecs_world_view(worlds[i]);
        check_world(worlds[i]);
        cr_assert_eq(x_in(seen, (pecs_entity){ 0, 1 }), i == DEPTH - 1 ? 0 : 500);
        for (int k = 1; k < DEPTH; k++)
            cr_assert_eq(x_in(seen, (pecs_entity){ (uint32_t)k, 1 }), (float)k + (k <= i + 1 ? 100 : 0));
    }
    for (int i = 1; i < DEPTH; i += 2)
        pecs_world_destroy(worlds[i]);
    for (int i = 2; i < DEPTH; i += 2) {
        cr_assert_eq(x_in(pecs_world_view(worlds[i]), (pecs_entity){ 2, 1 }), 102);
        pecs_world_destroy(worlds[i]);
    }
}

/* Files. */

static void spawn_for_file(void)
{
    spawn_row(CHUNK_ROWS + 50);
    for (int i = 0; i < 10; i++)
        spawn_one(world, (pecs_value[]){ PECS_VALUE_AS(LINK, Link, (uint32_t)i, { 1, 1 }, { { 2, 1 }, { 0, 0 } }) }, 1);
    must(pecs_world_despawn(world, (pecs_entity[]){ { 10, 1 }, { 4100, 1 } }, 2) == PECS_OK);
    must(pecs_world_set_singleton(world, TEAM, 1, &(Team){ 6 }) == PECS_OK);
}

Test(file, restore_to_a_loaded_and_to_a_mapped_one)
{
    spawn_for_file();
    save(world);
    const struct photograph saved = photograph_of(view());
    for (int is_load = 0; is_load < 2; is_load++) {
        pecs_snapshot *snapshot = read_file(is_load);
        spawn_one(world, (pecs_value[]){ PECS_HAS_AS(FROZEN) }, 1);
        set_x(world, (pecs_entity){ 0, 1 }, 99);
        cr_assert_eq(pecs_world_restore(world, snapshot), PECS_OK);
        pecs_snapshot_release(snapshot);
        struct photograph after = photograph_of(view());
        after.summary.tick = saved.summary.tick;
        cr_assert(same_photograph(&saved, &after));
        check_world(world);
        cr_assert(same(spawn_position(world, 9), (pecs_entity){ 10, 2 }));
        cr_assert(same(spawn_position(world, 9), (pecs_entity){ 4100, 2 }));
        cr_assert(same(spawn_position(world, 9), (pecs_entity){ CHUNK_ROWS + 60, 1 }));
        check_world(world);
    }
}

/* The file's bytes stay as they are, and other worlds on the same map see nothing. */
Test(file, two_worlds_on_one_mapped_file)
{
    spawn_for_file();
    save(world);
    pecs_snapshot *snapshot = read_file(false);
    pecs_world *other = make_world(registry, snapshot);
    cr_assert_eq(pecs_world_restore(world, snapshot), PECS_OK);
    const uint64_t hash = pecs_view_hash(pecs_snapshot_view(snapshot));
    for (uint32_t i = 0; i < 10; i++) {
        set_x(world, (pecs_entity){ i, 1 }, 100);
        set_x(other, (pecs_entity){ i, 1 }, 200);
    }
    cr_assert_eq(pecs_world_despawn(other, (pecs_entity[]){ { 0, 1 }, { 4000, 1 } }, 2), PECS_OK);
    cr_assert_eq(x_in(view(), (pecs_entity){ 5, 1 }), 100);
    cr_assert_eq(x_in(pecs_world_view(other), (pecs_entity){ 5, 1 }), 200);
    cr_assert_eq(pecs_view_hash(pecs_snapshot_view(snapshot)), hash);
    check_world(other);
    check_state(snapshot);
    pecs_world_destroy(other);
    pecs_snapshot_release(snapshot);
    snapshot = read_file(true);
    cr_assert_eq(pecs_view_hash(pecs_snapshot_view(snapshot)), hash);
    pecs_snapshot_release(snapshot);
}

/* Whole rows of a loaded file that no other state sees are not copied; those of a map are. */
Test(file, a_loaded_world_is_edited_in_place)
{
    spawn_for_file();
    save(world);
    const uint64_t chunk_bytes = CHUNK_ROWS * sizeof(Position), expected[] = { chunk_bytes, 0 };
    for (int is_load = 0; is_load < 2; is_load++) {
        pecs_snapshot *snapshot = read_file(is_load);
        pecs_world *other = make_world(registry, snapshot);
        pecs_snapshot_release(snapshot);
        set_x(other, (pecs_entity){ 5, 1 }, 50);
        cr_assert_eq(pecs_world_copied_bytes(other), expected[is_load]);
        cr_assert_eq(x_in(pecs_world_view(other), (pecs_entity){ 5, 1 }), 50);
        check_world(other);
        pecs_world_destroy(other);
    }
}

/* Edited in place, shared by a fork, edited on both sides: the image's bytes belong to neither alone. */
Test(file, forks_of_a_loaded_world)
{
    spawn_for_file();
    save(world);
    pecs_snapshot *loaded = read_file(true);
    pecs_world *first = make_world(registry, loaded);
    pecs_snapshot_release(loaded);
    set_x(first, (pecs_entity){ 1, 1 }, 11);
    pecs_snapshot *base = take(first);
    pecs_world *second = make_world(registry, base);
    set_x(first, (pecs_entity){ 2, 1 }, 22);
    set_x(second, (pecs_entity){ 2, 1 }, 222);
    set_x(second, (pecs_entity){ 4099, 1 }, 40990); /* the second chunk, which has no array yet */
    cr_assert_eq(x_in(pecs_world_view(first), (pecs_entity){ 4099, 1 }), 4099);
    cr_assert_eq(x_in(pecs_snapshot_view(base), (pecs_entity){ 2, 1 }), 2);
    pecs_world_destroy(first);
    pecs_snapshot_release(base);
    cr_assert_eq(x_in(pecs_world_view(second), (pecs_entity){ 1, 1 }), 11);
    cr_assert_eq(x_in(pecs_world_view(second), (pecs_entity){ 2, 1 }), 222);
    set_x(second, (pecs_entity){ 4098, 1 }, 40980);
    cr_assert_eq(x_in(pecs_world_view(second), (pecs_entity){ 4099, 1 }), 40990);
    check_world(second);
    pecs_world_destroy(second);
}

/* A reader's pointers into the image outlive the arrays that replace them. */
Test(file, pointers_into_an_image_stay_while_an_iteration_is_open)
{
    spawn_for_file();
    save(world);
    for (int is_load = 0; is_load < 2; is_load++) {
        pecs_snapshot *snapshot = read_file(is_load);
        pecs_world *other = make_world(registry, snapshot);
        pecs_query *query = make_query(registry, (pecs_term[]){ { POSITION, PECS_READ } }, 1);
        pecs_iter iter = pecs_query_iter(query, pecs_world_view(other), NULL);
        cr_assert(pecs_iter_next(&iter));
        const Position *positions = pecs_column_as(&iter, POSITION, Position);
        set_x(other, (pecs_entity){ 3, 1 }, 33); /* copied: the snapshot shares it */
        pecs_snapshot_release(snapshot);
        set_x(other, (pecs_entity){ 4, 1 }, 44);
        cr_assert_eq(positions[3].x, 3);
        cr_assert_eq(positions[4].x, 4);
        cr_assert_eq(pecs_iter_end(&iter), PECS_OK);
        pecs_query_destroy(query);
        pecs_world_destroy(other);
    }
}

Test(file, a_used_up_slot_stays_so)
{
    spawn_row(3);
    cr_assert_eq(pecs_world_despawn(world, (pecs_entity[]){ { 1, 1 } }, 1), PECS_OK);
    edit_record(world, 1)->generation = GENERATION_MAX - 1;
    const pecs_entity last = spawn_position(world, 1);
    cr_assert_eq(pecs_world_despawn(world, (pecs_entity[]){ last, { 2, 1 } }, 2), PECS_OK);
    save(world);
    for (int is_load = 0; is_load < 2; is_load++) {
        pecs_snapshot *snapshot = read_file(is_load);
        cr_assert_eq(pecs_world_restore(world, snapshot), PECS_OK);
        cr_assert_eq(summary_of(view()).free_count, 1);
        cr_assert(same(spawn_position(world, 1), (pecs_entity){ 2, 2 }));
        cr_assert(same(spawn_position(world, 1), (pecs_entity){ 3, 1 }));
        cr_assert_not(pecs_view_alive(view(), last));
        pecs_snapshot_release(snapshot);
    }
}

/* 10,000 rows are three chunks: given as one while no column that is read was edited, and by chunks from then on. */
Test(file, unedited_chunks_are_read_as_one)
{
    const pecs_value positions = { POSITION, sizeof(Position), NULL };
    cr_assert_eq(pecs_world_spawn(world, &positions, 1, 10000, NULL), PECS_OK);
    save(world);
    pecs_snapshot *snapshot = read_file(false);
    cr_assert_eq(pecs_world_restore(world, snapshot), PECS_OK);
    pecs_query *query = make_query(registry, (pecs_term[]){ { POSITION, PECS_READ } }, 1);
    pecs_iter it = pecs_query_iter(query, view(), NULL);
    cr_assert(pecs_iter_next(&it));
    cr_assert_eq(it.row_count, 10000);
    const Position *values = pecs_column_as(&it, POSITION, Position);
    for (uint32_t i = 0; i < 10000; i++)
        cr_assert(same(it.entities[i], (pecs_entity){ i, 1 }) && values[i].x == 0);
    cr_assert_not(pecs_iter_next(&it));
    cr_assert_eq(pecs_iter_end(&it), PECS_OK);
    set_x(world, (pecs_entity){ 5000, 1 }, 7);
    static const size_t rows[] = { 4096, 4096, 1808 };
    it = pecs_query_iter(query, view(), NULL);
    for (int i = 0; i < 3; i++) {
        cr_assert(pecs_iter_next(&it));
        cr_assert_eq(it.row_count, rows[i]);
        cr_assert(i != 1 || pecs_column_as(&it, POSITION, Position)[5000 - 4096].x == 7);
    }
    cr_assert_not(pecs_iter_next(&it));
    cr_assert_eq(pecs_iter_end(&it), PECS_OK);
    pecs_query_destroy(query);
    pecs_snapshot_release(snapshot);
}

enum { MANY_TERMS = PECS_TERMS_MAX };

static pecs_registry *registry_of_many(void)
{
    static const pecs_field field = { .name = "value", .kind = PECS_U32, .size = 4, .count = 1 };
    static char names[MANY_TERMS][8];
    static pecs_type types[MANY_TERMS];
    static const pecs_type *list[MANY_TERMS];
    for (int i = 0; i < MANY_TERMS; i++) {
        snprintf(names[i], sizeof(names[i]), "N%d", i);
        types[i] =
            (pecs_type){ .name = names[i], .version = 1, .size = 4, .align = 4, .field_count = 1, .fields = &field };
        list[i] = &types[i];
    }
    return make_registry(list, MANY_TERMS, (pecs_allocator){ 0 });
}

/* However many terms there are: what a chunk's columns are is settled when the chunk is given, whatever is set
 * meanwhile. */
Test(file, a_chunk_stays_whole_while_values_are_set)
{
    pecs_registry *many = registry_of_many();
    pecs_world *wide = make_world(many, NULL);
    pecs_value values[MANY_TERMS];
    pecs_term terms[MANY_TERMS];
    for (uint32_t i = 0; i < MANY_TERMS; i++) {
        values[i] = (pecs_value){ i, 4, NULL };
        terms[i] = (pecs_term){ i, PECS_READ };
    }
    static pecs_entity entities[10000];
    cr_assert_eq(pecs_world_spawn(wide, values, MANY_TERMS, 10000, entities), PECS_OK);
    save(wide);
    pecs_world_destroy(wide);
    pecs_snapshot *snapshot;
    cr_assert_eq(pecs_snapshot_resume(many, path, NULL, &snapshot, NULL), PECS_OK);
    wide = make_world(many, snapshot);
    pecs_query *query = make_query(many, terms, MANY_TERMS);
    pecs_iter it = pecs_query_iter(query, pecs_world_view(wide), NULL);
    cr_assert(pecs_iter_next(&it));
    cr_assert_eq(it.row_count, 10000);
    for (uint32_t i = 0; i < MANY_TERMS; i++) {
        uint32_t *value;
        cr_assert_eq(pecs_world_get_mut(wide, entities[0], i, 4, (void **)&value), PECS_OK);
        *value = 7;
        const uint32_t *column = pecs_iter_column(&it, i, 4);
        uint64_t sum = 0;
        for (size_t row = 0; row < it.row_count; row++)
            sum += column[row];
        cr_assert_eq(sum, 0, "term %u", i);
    }
    cr_assert_not(pecs_iter_next(&it));
    cr_assert_eq(pecs_iter_end(&it), PECS_OK);
    it = pecs_query_iter(query, pecs_world_view(wide), NULL);
    cr_assert(pecs_iter_next(&it));
    cr_assert_eq(*(const uint32_t *)pecs_iter_column(&it, MANY_TERMS - 1, 4), 7);
    cr_assert_eq(pecs_iter_end(&it), PECS_OK);
    pecs_query_destroy(query);
    pecs_snapshot_release(snapshot);
    pecs_world_destroy(wide);
    pecs_registry_release(many);
}
