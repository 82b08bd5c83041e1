/* Row streams need the memory that their header names, however many tables and rows there are. */
#define _GNU_SOURCE
#include "many_tables_fixture.h"
#include "profiles_suite.h"
#include "row_stream_fixture.h"

static pecs_error error;

TestSuite(row_stream_memory, .init = set_up, .fini = strike, .timeout = 280);

static void add_to_table(const struct many_types *many, pecs_stream *stream, uint32_t table, size_t row_count)
{
    pecs_value values[MARK_COUNT + COLUMNS_MAX];
    const pecs_rows rows = { .values = values,
                             .value_count = values_of_table(many, table, NULL, values),
                             .row_count = row_count };
    cr_assert_eq(pecs_stream_add(stream, &rows, NULL, &error), PECS_OK, "%s", error.message);
}

static pecs_status forget_bytes(void *user, const pecs_bytes *spans, size_t span_count, pecs_error *failure)
{
    uint64_t *size = user;
    (void)failure;
    for (size_t i = 0; i < span_count; i++)
        *size += spans[i].size_bytes;
    return PECS_OK;
}

struct load_of_rows {
    uint32_t tables, columns, rows_at_once, rounds;
};

/* The bound of pecs_stream_finish's comment. */
static void check_peak(const struct load_of_rows *load, pecs_profile profile)
{
    const uint64_t threads = 2, columns = load->columns + (uint64_t)1; /* and the handles */
    const uint64_t most = 32 * MIB + (profile ? threads * 5 * MIB : 0) + load->tables * (1024 + columns * 128);
    const pecs_stream_options options = { .profile = profile, .thread_count = (uint32_t)threads };
    struct many_types many;
    uint64_t size = 0;
    const pecs_sink sink = { .write = forget_bytes, .user = &size };
    pecs_stream *stream;
    pecs_save_report report;
    make_many_types(&many, load->columns);
    const uint64_t before = counting.peak_bytes = counting.live_bytes;
    cr_assert_eq(pecs_stream_create_to(many.registry, &sink, &options, &stream, &error), PECS_OK, "%s", error.message);
    for (uint32_t round = 0; round < load->rounds; round++)
        for (uint32_t table = 0; table < load->tables; table++)
            add_to_table(&many, stream, table, load->rows_at_once);
    cr_assert_eq(pecs_stream_finish(stream, &report, &error), PECS_OK, "%s", error.message);
    cr_assert_eq(report.entity_count, (uint64_t)load->rounds * load->tables * load->rows_at_once);
    cr_assert_eq(report.size_bytes, size);
    cr_assert_leq(counting.peak_bytes - before, most, "%u tables, %u columns, profile %d: %llu MiB", load->tables,
                  load->columns, profile, (unsigned long long)(counting.peak_bytes - before) / MIB);
    pecs_stream_destroy(stream);
    pecs_registry_release(many.registry);
}

Test(row_stream_memory, does_not_grow)
{
    static const struct load_of_rows loads[] = {
        { 1, 8, 20000, 100 }, { 40, 3, 500, 150 }, { 4096, 1, 10, 40 }, { 4096, 8, 10, 30 }, { 4096, 2, 1, 100 },
    };
    for (size_t i = 0; i < sizeof(loads) / sizeof(loads[0]); i++)
        for (int profile = PECS_PROFILE_OFF; profile <= PECS_PROFILE_FAST; profile++)
            check_peak(&loads[i], (pecs_profile)profile);
}

/* More tables than a part has, one after another. */
Test(row_stream_memory, tables_take_turns)
{
    static const pecs_profile profiles[] = { PECS_PROFILE_OFF, PECS_PROFILE_SMALL };
    enum { TABLES = 2048, COLUMNS = 3, ROUNDS = 60 };
    for (size_t i = 0; i < 2; i++) {
        const pecs_stream_options options = { .skip_sync = true, .profile = profiles[i] };
        struct many_types many;
        make_many_types(&many, COLUMNS);
        struct twin twin = twin_begin(many.registry, "file", &options);
        for (uint32_t round = 0; round < ROUNDS; round++)
            for (uint32_t table = 0; table < TABLES; table++) {
                pecs_value values[MARK_COUNT + COLUMNS_MAX];
                uint32_t numbers[4];
                for (uint32_t row = 0; row < 4; row++)
                    numbers[row] = (uint32_t)number_for(twin.row_count * 4 + row);
                const size_t count = values_of_table(&many, table, numbers, values);
                twin_add(&twin, values, count, 1 + table % 4, NULL);
            }
        twin_end(&twin, "file");
        pecs_registry_release(many.registry);
    }
}

/* More rows than a part has, in one call: a reader that holds what it holds by itself reads the parts. */
Test(row_stream_memory, a_call_may_give_several_parts)
{
    enum { COUNT = 3 * MIB };
    void *rows = rows_of(COUNT * sizeof(Position));
    for (int profile = PECS_PROFILE_OFF; profile <= PECS_PROFILE_FAST; profile++) {
        const pecs_stream_options options = { .skip_sync = true, .profile = (pecs_profile)profile };
        struct twin twin = twin_begin(registry, "file", &options);
        twin_add(&twin, (pecs_value[]){ { Position_component, sizeof(Position), rows } }, 1, COUNT, NULL);
        twin_end(&twin, "file");
    }
    free(rows);
}

/* More explicit ids than a part has. */
Test(row_stream_memory, ids_may_take_several_parts)
{
    enum { COUNT = 700000 };
    const pecs_stream_options options = { .skip_sync = true, .profile = PECS_PROFILE_FAST };
    pecs_id *ids = malloc(COUNT * sizeof(*ids));
    for (uint64_t i = 0; i < COUNT; i++)
        memcpy(ids[i].bytes, (const uint64_t[]){ number_for(i), i + 1 }, sizeof(ids[i]));
    struct twin twin = twin_begin(registry, "file", &options);
    twin_add(&twin, (pecs_value[]){ { Frozen_component, 0, NULL } }, 1, COUNT, ids);
    twin_end(&twin, "file");
    free(ids);
}

/* Contents of the world itself, which the last part has, are no reason to put rows. */
Test(row_stream_memory, singletons_wait_for_the_last_part)
{
    enum { TEXT_BYTES = 20 * MIB, ROUNDS = 100 };
    const pecs_stream_options options = { .skip_sync = true };
    char *text = malloc(TEXT_BYTES);
    memset(text, 'x', TEXT_BYTES);
    const Name name = { .text = pecs_string_from(PECS_BYTES(text, TEXT_BYTES)) };
    const pecs_value value = { Name_component, sizeof(name), &name };
    pecs_stream *stream;
    pecs_info *info;
    must(pecs_stream_create(registry, "file", &options, &stream, &error) == PECS_OK);
    must(pecs_stream_set_singleton(stream, &value, &error) == PECS_OK);
    for (int i = 0; i < ROUNDS; i++) {
        const pecs_value values[] = { { Position_component, sizeof(Position), NULL } };
        const pecs_rows rows = { .values = values, .value_count = 1, .row_count = 10000 };
        must(pecs_stream_add(stream, &rows, NULL, &error) == PECS_OK);
    }
    must(pecs_stream_finish(stream, NULL, &error) == PECS_OK);
    pecs_stream_destroy(stream);
    must(pecs_file_info("file", NULL, NULL, &info, &error) == PECS_OK);
    cr_assert_lt(info->segment_count, 8);
    pecs_info_destroy(info);
    free(text);
}
