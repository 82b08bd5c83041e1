/* Saves with a profile need the memory that their header names, however many tables there are. */
#define _GNU_SOURCE
#include "many_tables_fixture.h"
#include "profiles_fixture.h"

TestSuite(profiles_memory, .init = enter_folder, .fini = leave_folder, .timeout = 280);

enum { TABLES = 4096, ROWS = 12 };

static pecs_snapshot *snapshot_of_many_tables(const struct many_types *many)
{
    uint32_t numbers[ROWS];
    pecs_value values[MARK_COUNT + COLUMNS_MAX];
    pecs_world *world = make_world(many->registry, NULL);
    for (uint32_t table = 0; table < TABLES; table++) {
        for (uint32_t i = 0; i < ROWS; i++)
            numbers[i] = table * ROWS + i;
        must(pecs_world_spawn(world, values, values_of_table(many, table, numbers, values), ROWS, NULL) == PECS_OK);
    }
    pecs_snapshot *snapshot = take(world);
    pecs_world_destroy(world);
    return snapshot;
}

/* The bound of pecs_snapshot_save's comment. */
Test(profiles_memory, of_a_save_of_many_tables)
{
    struct many_types many;
    make_many_types(&many, COLUMNS_MAX);
    pecs_snapshot *snapshot = snapshot_of_many_tables(&many);
    const pecs_save_options plain = { .skip_sync = true };
    const struct original original = original_of(snapshot, &plain);
    for (int i = 0; i < COMPRESSING_COUNT; i++)
        for (uint32_t threads = 1; threads <= 2; threads++) {
            const pecs_save_options options = profile_options(compressing[i], threads);
            const uint64_t before = counting.peak_bytes = counting.live_bytes;
            const uint64_t columns = TABLES * (COLUMNS_MAX + UINT64_C(1));
            save_as(snapshot, "file", &options);
            cr_assert_leq(counting.peak_bytes - before,
                          (16 + 5 * threads) * (uint64_t)MIB + TABLES * 1024 + columns * 200, "%u threads: %llu bytes",
                          threads, (unsigned long long)(counting.peak_bytes - before));
            for (int verb = 0; verb < VERB_COUNT; verb++)
                expect_same_state(&original, open_snapshot(many.registry, verb, "file"), &plain, verb_names[verb]);
        }
    pecs_memory_release(original.plain.bytes);
    pecs_snapshot_release(snapshot);
    pecs_registry_release(many.registry);
    assert_no_leak();
}
