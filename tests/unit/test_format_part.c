/*
 * The rules in loads of a part of a file: what is read is checked, and what the part leaves out is not. Some rules say
 * other things then: the index has as many records of tables that are left out as these have rows.
 */
#define _GNU_SOURCE
#include "format_breaking.h"
#include "record.h"

typedef struct {
    float x, y;
} Place;
PECS_COMPONENT(Place, 1, x, y);
typedef struct {
    bool is_set;
} Mark;
PECS_COMPONENT(Mark, 1, is_set);
PECS_TAG(Gone, 1);
PECS_TYPES(all, Place, Mark, Gone);

static const pecs_id low = { .bytes = { [15] = 1 } }, high = { .bytes = { 0xff, [15] = 0xff } };

TestSuite(format_part, .init = enter_folder, .fini = leave_folder);

static bool is_not_gone(void *user, const pecs_type *const *types, size_t type_count, uint64_t entity_count)
{
    bool is_gone = false;
    (void)user;
    cr_assert(entity_count > 0);
    for (size_t i = 0; i < type_count; i++)
        is_gone |= strcmp(types[i]->name, "Gone") == 0;
    return !is_gone;
}

static const pecs_type *const place[] = { &Place_type }, *const mark[] = { &Mark_type };
static const pecs_part places = { .types = place, .type_count = 1, .wants_table = is_not_gone };
static const pecs_part marks = { .types = mark, .type_count = 1, .wants_table = is_not_gone };

/* Entities 0 and 1 stay, 2 and 3 are gone; 1 and 2 have explicit ids, that of 2 being low; 4 is dead. */
static struct breakage begin_breaking(void)
{
    pecs_registry *registry;
    pecs_world *world;
    const pecs_registry_desc desc = { .types = all_types, .type_count = all_type_count };
    const pecs_world_options options = { .session_nonce = 0x7005 };
    cr_assert_eq(pecs_registry_create(&desc, &registry, NULL), PECS_OK);
    cr_assert_eq(pecs_world_create(registry, NULL, &options, &world, NULL), PECS_OK);
    const pecs_value values[] = { { Place_component, sizeof(Place), NULL }, { Mark_component, sizeof(Mark), NULL } };
    const pecs_value gone[] = { values[0], { Gone_component, 0, NULL } };
    cr_assert_eq(pecs_world_spawn(world, values, 2, 2, NULL), PECS_OK);
    cr_assert_eq(pecs_world_spawn(world, gone, 2, 3, NULL), PECS_OK);
    cr_assert_eq(pecs_world_despawn(world, &(pecs_entity){ 4, 1 }, 1), PECS_OK);
    cr_assert_eq(pecs_world_set_id(world, (pecs_entity){ 1, 1 }, high), PECS_OK);
    cr_assert_eq(pecs_world_set_id(world, (pecs_entity){ 2, 1 }, low), PECS_OK);
    cr_assert_eq(pecs_world_save(world, "world.pecs", &(pecs_save_options){ .skip_sync = true }, NULL), PECS_OK);
    pecs_world_destroy(world);
    return breakage_of(registry);
}

static uint64_t record_of_run(const struct file_image *file, uint32_t number)
{
    return file->runs + number * sizeof(struct run_record);
}

/* Where the first run of a kind begins whose first number is this; any, if it is negative. */
static uint64_t find_run(const struct file_image *file, uint32_t kind, int64_t first, uint32_t *ret_table)
{
    for (uint32_t i = 0; i < file->parts[0].run_count; i++) {
        const uint64_t offset = run_offset(file, i);
        if (get32(file, record_of_run(file, i)) != kind || (first >= 0 && get32(file, offset) != (uint32_t)first))
            continue;
        *ret_table = get32(file, record_of_run(file, i) + offsetof(struct run_record, table));
        return offset;
    }
    cr_assert_fail("there is no such run");
    return 0;
}

static uint64_t find_record(const struct file_image *file, uint32_t index)
{
    uint32_t none;
    return find_run(file, RUN_INDEX, -1, &none) + index * sizeof(struct record_layout);
}

/* The values of a type in the table of an entity that is the first there. */
static uint64_t find_values(const struct file_image *file, uint32_t entity, uint32_t value_bytes)
{
    uint32_t table;
    find_run(file, RUN_HANDLES, entity, &table);
    for (uint32_t i = 0; i < file->parts[0].run_count; i++) {
        struct run_record record;
        memcpy(&record, file->bytes + record_of_run(file, i), sizeof(record));
        if (le32_load(record.kind) == RUN_VALUES && le32_load(record.table) == table &&
            le64_load(record.size) == value_bytes)
            return le64_load(record.offset);
    }
    cr_assert_fail("the table has no such column");
    return 0;
}

static pecs_status load_part(struct breakage *b, const pecs_part *part, pecs_error *error)
{
    const pecs_load_options options = { .part = part };
    pecs_snapshot *snapshot = NULL;
    const pecs_status status = pecs_snapshot_load(b->registry, "broken.pecs", &options, &snapshot, error);
    cr_assert_eq(!status, snapshot != NULL);
    pecs_snapshot_release(snapshot);
    return status;
}

/* A load of the part finds the rule broken; `b` is as it was then. */
static void expect_of_part(struct breakage *b, const pecs_part *part, const char *rule, uint64_t offset)
{
    pecs_error error = { .rule = "" };
    repair(&b->file);
    write_image(&b->file, "broken.pecs");
    cr_assert_eq(load_part(b, part, &error), PECS_E_CORRUPT, "%s is not found", rule);
    cr_assert_str_eq(error.rule, rule);
    cr_assert_eq(error.offset, offset, "%s at %llu", rule, (unsigned long long)error.offset);
    free_image(&b->file);
    b->file = read_image("world.pecs");
}

/* A load of the whole file refuses it, one of the part does not. */
static void expect_only_of_whole(struct breakage *b, const pecs_part *part)
{
    pecs_error error = { .rule = "" };
    repair(&b->file);
    write_image(&b->file, "broken.pecs");
    cr_assert_eq(load_part(b, NULL, &error), PECS_E_CORRUPT);
    cr_assert_eq(load_part(b, part, &error), PECS_OK, "%s %s", error.rule, error.message);
    free_image(&b->file);
    b->file = read_image("world.pecs");
}

Test(format_part, the_good_file_is_loaded)
{
    struct breakage b = begin_breaking();
    pecs_error error = { .rule = "" };
    write_image(&b.file, "broken.pecs");
    cr_assert_eq(load_part(&b, &places, &error), PECS_OK, "%s %s", error.rule, error.message);
    cr_assert_eq(load_part(&b, &marks, &error), PECS_OK, "%s %s", error.rule, error.message);
    end_breaking(&b);
}

/* A row that no record names, and one too many that names no row. */
Test(format_part, INDEX_3_the_records_of_tables_that_are_left_out_are_counted)
{
    struct breakage b = begin_breaking();
    uint32_t index, table;
    const uint64_t offset = find_run(&b.file, RUN_INDEX, -1, &index);
    const uint64_t record = find_record(&b.file, 3);
    find_run(&b.file, RUN_HANDLES, 0, &table);
    put32(&b.file, record + offsetof(struct record_layout, row), 1);
    expect_of_part(&b, &places, "INDEX-3", offset);
    put32(&b.file, record + offsetof(struct record_layout, table), table);
    put32(&b.file, record + offsetof(struct record_layout, row), 7);
    expect_of_part(&b, &places, "INDEX-3", offset);
    put32(&b.file, record + offsetof(struct record_layout, table), 1000);
    expect_of_part(&b, &places, "INDEX-3", offset);
    end_breaking(&b);
}

/* The parts that are left out make up for nothing: one record too few there, and one too many that names no row. */
Test(format_part, INDEX_3_each_kind_of_records_is_counted)
{
    struct breakage b = begin_breaking();
    uint32_t index, table;
    const uint64_t offset = find_run(&b.file, RUN_INDEX, -1, &index);
    find_run(&b.file, RUN_HANDLES, 1, &table);
    const uint64_t left = find_record(&b.file, 2);
    put32(&b.file, left + offsetof(struct record_layout, table), table);
    put32(&b.file, left + offsetof(struct record_layout, row), 1);
    expect_of_part(&b, &places, "INDEX-3", offset);
    end_breaking(&b);
}

Test(format_part, ROW_1_of_tables_that_are_read)
{
    struct breakage b = begin_breaking();
    uint32_t table;
    const uint64_t handle = find_run(&b.file, RUN_HANDLES, 1, &table);
    put32(&b.file, handle, 3);
    expect_of_part(&b, &places, "ROW-1", handle);
    end_breaking(&b);
}

Test(format_part, ROW_1_not_of_tables_that_are_left_out)
{
    struct breakage b = begin_breaking();
    uint32_t table;
    put32(&b.file, find_run(&b.file, RUN_HANDLES, 3, &table), 1);
    expect_only_of_whole(&b, &places);
    end_breaking(&b);
}

/* The list has an entry for each entity with an explicit id that is read; those of others may lead anywhere. */
Test(format_part, ID_2_every_entity_that_is_read_is_in_the_list)
{
    struct breakage b = begin_breaking();
    uint32_t none;
    const uint64_t ids = find_run(&b.file, RUN_IDS, -1, &none), second = ids + sizeof(struct id_record);
    cr_assert_eq(memcmp(b.file.bytes + second, &high, sizeof(high)), 0);
    put32(&b.file, second + offsetof(struct id_record, index), 3);
    expect_of_part(&b, &places, "ID-2", ids);
    put32(&b.file, second + offsetof(struct id_record, index), 0);
    expect_of_part(&b, &places, "ID-2", second);
    put32(&b.file, second + offsetof(struct id_record, index), 4);
    expect_of_part(&b, &places, "ID-2", second);
    put32(&b.file, ids + offsetof(struct id_record, index), 3);
    expect_only_of_whole(&b, &places);
    end_breaking(&b);
}

Test(format_part, VALUE_1_of_types_that_are_read)
{
    struct breakage b = begin_breaking();
    const uint64_t value = find_values(&b.file, 1, sizeof(Mark));
    b.file.bytes[value] = 2;
    expect_only_of_whole(&b, &places);
    b.file.bytes[value] = 2;
    expect_of_part(&b, &marks, "VALUE-1", value);
    end_breaking(&b);
}

/* Whether an entity that is left out has its birth id, or another one, is not known: so another entity may have it. */
Test(format_part, the_birth_id_of_an_entity_that_is_left_out_may_be_given)
{
    struct breakage b = begin_breaking();
    pecs_snapshot *snapshot;
    pecs_world *world;
    pecs_id born;
    pecs_error error = { .rule = "" };
    cr_assert_eq(pecs_snapshot_load(b.registry, "world.pecs", NULL, &snapshot, NULL), PECS_OK);
    cr_assert_eq(pecs_world_create(b.registry, snapshot, NULL, &world, NULL), PECS_OK);
    pecs_snapshot_release(snapshot);
    cr_assert_eq(pecs_view_id(pecs_world_view(world), (pecs_entity){ 3, 1 }, &born), PECS_OK);
    cr_assert_eq(pecs_world_set_id(world, (pecs_entity){ 3, 1 }, (pecs_id){ { 5 } }), PECS_OK);
    cr_assert_eq(pecs_world_set_id(world, (pecs_entity){ 0, 1 }, born), PECS_OK);
    cr_assert_eq(pecs_world_save(world, "broken.pecs", &(pecs_save_options){ .skip_sync = true }, NULL), PECS_OK);
    pecs_world_destroy(world);
    cr_assert_eq(load_part(&b, &places, &error), PECS_OK, "%s %s", error.rule, error.message);
    end_breaking(&b);
}

/* A resume that leaves tables out reads the index, whose records must be as many as the rows that go. */
Test(format_part, INDEX_3_a_resume_counts_what_it_leaves_out)
{
    struct breakage b = begin_breaking();
    const pecs_resume_options options = { .part = &places };
    pecs_snapshot *snapshot = NULL;
    pecs_error error;
    put32(&b.file, find_record(&b.file, 2) + offsetof(struct record_layout, table), NO_TABLE);
    repair(&b.file);
    write_image(&b.file, "broken.pecs");
    cr_assert_eq(pecs_snapshot_resume(b.registry, "broken.pecs", &options, &snapshot, &error), PECS_E_CORRUPT);
    cr_assert_null(snapshot);
    uint32_t index;
    cr_assert_str_eq(error.rule, "INDEX-3");
    cr_assert_eq(error.offset, find_run(&b.file, RUN_INDEX, -1, &index));
    cr_assert_str_eq(error.message, "the index has 1 records of tables with 2 rows, which are left out");
    end_breaking(&b);
}

/* It reads the handles of what stays, too. */
Test(format_part, a_resume_finds_the_row_that_no_record_names)
{
    struct breakage b = begin_breaking();
    const pecs_resume_options options = { .part = &places };
    pecs_snapshot *snapshot = NULL;
    pecs_error error;
    uint32_t table;
    const uint64_t handle = find_run(&b.file, RUN_HANDLES, 1, &table);
    put32(&b.file, handle, 3);
    repair(&b.file);
    write_image(&b.file, "broken.pecs");
    cr_assert_eq(pecs_snapshot_resume(b.registry, "broken.pecs", &options, &snapshot, &error), PECS_E_CORRUPT);
    cr_assert_null(snapshot);
    cr_assert_str_eq(error.rule, "ROW-1");
    cr_assert_eq(error.offset, handle);
    end_breaking(&b);
}
