/* Stream readers need the memory that their header names, however many rows the file has. */
#define _GNU_SOURCE
#include "file_fixture.h"
#include "many_tables_fixture.h"

#include <pecs/row_stream.h>

TestSuite(stream_reader_memory, .init = enter_folder, .fini = leave_folder, .timeout = 280);

typedef struct {
    pecs_string text;
} Text;
PECS_COMPONENT(Text, 1, text);

static pecs_error error;

static pecs_status read_on(void *user, void *bytes, size_t size_bytes, size_t *ret_size, pecs_error *failure)
{
    (void)failure;
    *ret_size = fread(bytes, 1, size_bytes, user);
    return PECS_OK;
}

/* The most memory that a reader of the file has at any time, from a path or a source that only reads on. */
static uint64_t peak_of(pecs_registry *types, bool reads_on, uint64_t expected_rows)
{
    pecs_stream_reader *reader;
    pecs_rows rows = { .row_count = 1 };
    uint64_t row_count = 0;
    FILE *file = fopen("file", "rb");
    const pecs_source source = { .read = read_on, .user = file };
    const uint64_t before = counting.peak_bytes = counting.live_bytes;
    must(file && (reads_on ? pecs_stream_reader_open_from(types, &source, NULL, &reader, &error)
                           : pecs_stream_reader_open(types, "file", NULL, &reader, &error)) == PECS_OK);
    while (rows.row_count) {
        cr_assert_eq(pecs_stream_reader_next(reader, &rows, &error), PECS_OK, "%s", error.message);
        row_count += rows.row_count;
    }
    const uint64_t peak = counting.peak_bytes - before;
    pecs_stream_reader_close(reader);
    fclose(file);
    cr_assert_eq(row_count, expected_rows);
    return peak;
}

struct load_of_rows {
    uint32_t tables, columns, rows_at_once, rounds;
    uint32_t most_mib; /* the bound of pecs_stream_reader's comment, beside a kilobyte for each table */
};

static void check_peaks(pecs_registry *types, const struct load_of_rows *load, pecs_profile profile)
{
    const uint64_t rows = (uint64_t)load->rounds * load->tables * load->rows_at_once;
    const uint64_t most = (uint64_t)load->most_mib * MIB + load->tables * (uint64_t)1024;
    for (int reads_on = 0; reads_on < 2; reads_on++) {
        const uint64_t peak = peak_of(types, reads_on, rows);
        cr_assert_leq(peak, most, "%u tables, %llu rows, profile %d: %llu MiB", load->tables, (unsigned long long)rows,
                      profile, (unsigned long long)peak / MIB);
    }
}

static pecs_stream *begin_file(pecs_registry *types, pecs_profile profile)
{
    const pecs_stream_options options = { .profile = profile, .thread_count = 1, .skip_sync = true };
    pecs_stream *stream;
    cr_assert_eq(pecs_stream_create(types, "file", &options, &stream, &error), PECS_OK, "%s", error.message);
    return stream;
}

static void end_file(pecs_stream *stream)
{
    cr_assert_eq(pecs_stream_finish(stream, NULL, &error), PECS_OK, "%s", error.message);
    pecs_stream_destroy(stream);
}

static void write_tables(const struct many_types *many, const struct load_of_rows *load, pecs_profile profile)
{
    pecs_stream *stream = begin_file(many->registry, profile);
    for (uint32_t round = 0; round < load->rounds; round++)
        for (uint32_t table = 0; table < load->tables; table++) {
            pecs_value values[MARK_COUNT + COLUMNS_MAX];
            const pecs_rows rows = { .values = values,
                                     .value_count = values_of_table(many, table, NULL, values),
                                     .row_count = load->rows_at_once };
            cr_assert_eq(pecs_stream_add(stream, &rows, NULL, &error), PECS_OK, "%s", error.message);
        }
    end_file(stream);
}

static void check_tables(struct load_of_rows load, uint32_t times)
{
    load.rounds *= times;
    for (int profile = PECS_PROFILE_OFF; profile <= PECS_PROFILE_FAST; profile++) {
        struct many_types many;
        make_many_types(&many, load.columns);
        write_tables(&many, &load, (pecs_profile)profile);
        check_peaks(many.registry, &load, (pecs_profile)profile);
        pecs_registry_release(many.registry);
    }
}

Test(stream_reader_memory, does_not_grow_with_the_rows)
{
    static const struct load_of_rows loads[] = {
        { 1, 8, 20000, 25, 20 },
        { 40, 3, 500, 40, 20 },
        { 4096, 1, 10, 10, 20 },
        { 4096, 8, 10, 10, 20 },
    };
    for (size_t i = 0; i < sizeof(loads) / sizeof(loads[0]); i++)
        for (uint32_t times = 1; times <= 8; times *= 8)
            check_tables(loads[i], times);
}

Test(stream_reader_memory, calls_with_many_rows_make_larger_segments)
{
    for (uint32_t times = 1; times <= 3; times += 2)
        check_tables((struct load_of_rows){ 1, 8, 600000, 1, 36 }, times);
}

Test(stream_reader_memory, does_not_grow_with_the_contents)
{
    enum { AT_ONCE = 4096, TEXT_BYTES = 48 };
    static const pecs_type *const types[] = { &Text_type };
    static char text[AT_ONCE][TEXT_BYTES + 1];
    static Text texts[AT_ONCE];
    for (uint32_t i = 0; i < AT_ONCE; i++) {
        snprintf(text[i], sizeof(text[i]), "%u, and %u times the same", i, i * 77);
        texts[i] = (Text){ pecs_string_of(text[i]) };
    }
    for (int profile = PECS_PROFILE_OFF; profile <= PECS_PROFILE_FAST; profile++)
        for (uint32_t times = 1; times <= 8; times *= 8) {
            const struct load_of_rows load = { 1, 1, AT_ONCE, 150 * times, 20 };
            pecs_registry *registry = make_registry(types, 1, counting_hooks);
            pecs_stream *stream = begin_file(registry, (pecs_profile)profile);
            const pecs_value value = { 0, sizeof(Text), texts };
            const pecs_rows rows = { .values = &value, .value_count = 1, .row_count = AT_ONCE };
            for (uint32_t i = 0; i < load.rounds; i++)
                must(pecs_stream_add(stream, &rows, NULL, &error) == PECS_OK);
            end_file(stream);
            check_peaks(registry, &load, (pecs_profile)profile);
            pecs_registry_release(registry);
        }
}

/* A plain save of many tables with a row each: what describes its columns takes more than all of it in the file. */
Test(stream_reader_memory, columns_count)
{
    enum { TABLES = 1 << MARK_COUNT, MOST = 700 * 1024 };
    static struct many_types many;
    static pecs_value values[MARK_COUNT + COLUMNS_MAX];
    const pecs_stream_reader_options few = { .max_held_bytes = MOST };
    pecs_stream_reader *reader;
    pecs_rows rows;
    make_many_types(&many, 0);
    pecs_world *world = make_world(many.registry, NULL);
    for (uint32_t table = 0; table < TABLES; table++)
        must(pecs_world_spawn(world, values, values_of_table(&many, table, NULL, values), 1, NULL) == PECS_OK);
    save_world(world, "file");
    pecs_world_destroy(world);
    const uint64_t before = counting.peak_bytes = counting.live_bytes;
    must(pecs_stream_reader_open(many.registry, "file", &few, &reader, &error) == PECS_OK);
    cr_assert_eq(pecs_stream_reader_next(reader, &rows, &error), PECS_E_LIMIT);
    cr_assert(strstr(error.message, "columns of segment 0 take ") && strstr(error.message, "max_held_bytes"), "%s",
              error.message);
    cr_assert_leq(counting.peak_bytes - before, 3 * MOST);
    pecs_stream_reader_close(reader);
    (void)peak_of(many.registry, false, TABLES);
    pecs_registry_release(many.registry);
}
