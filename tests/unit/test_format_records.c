/*
 * The rules of the commit's records of types and tables, and what an error says of types that differ: each broken
 * alone in the sample, whose checksums are right. Records of types that the program lacks are in test_format_types.c.
 */
#define _GNU_SOURCE
#include "format_sample.h"
#include "registry.h"
#include "typecode.h"

TestSuite(rules, .init = enter_folder, .fini = leave_folder);

typedef struct {
    char x[8], y[8]; /* no conversion makes texts of numbers */
} Place2;
PECS_COMPONENT_OF(Place2, "Place", 1, PECS_FIELD(Place2, x), PECS_FIELD(Place2, y));

Test(rules, TYPE_4_names_both_layouts)
{
    static const pecs_type *const other_types[] = { &Place2_type, &Unit_type, &Stunned_type, &Clock_type };
    pecs_registry *registry = all_types(), *other = registry_of(other_types, 4);
    save_sample(registry, "world.pecs");
    const char *message =
        assert_refused(other, "world.pecs", NULL, PECS_E_LAYOUT, "TYPE-4", offset_of_type("world.pecs", "Place"));
    cr_assert_str_eq(
        message, "Place: in the file version 1 of 8 bytes (alignment 4), in the program version 1 of 16 (1); "
                 "first difference: f32 x, 4 bytes at 0 in the file, text x[8], 8 bytes at 0 in the program; version "
                 "1 of type 'Place': field 'x' is not converted from f32 to text without a migration");
    pecs_registry_release(registry);
    pecs_registry_release(other);
}

/* What is said of one type in a file by a program that has another one with its name. */
static const char *layout_message(const pecs_type *in_file, const pecs_type *in_program)
{
    static char text[512];
    pecs_registry *registry = registry_of(&in_file, 1), *other = registry_of(&in_program, 1);
    struct buffer a = { .pool = registry->pool }, b = { .pool = other->pool };
    typecode_write(&a, registry_component(registry, 0), 0);
    typecode_write(&b, registry_component(other, 0), 0);
    cr_assert(!a.failed && !b.failed);
    typecode_compare(a.bytes, b.bytes, text, sizeof(text));
    buffer_deinit(&a);
    buffer_deinit(&b);
    pecs_registry_release(registry);
    pecs_registry_release(other);
    return text;
}

/* However long the type is, and deep down: enum values, nested fields, what only one of the two has. */
Test(rules, the_first_difference_of_two_types_is_said)
{
    static const char *const names[] = { "idle", "forage", "carry", "fight" };
    static const char *const other_names[] = { "idle", "forage", "haul", "fight" };
    static const pecs_field inner[] = { { "x", PECS_F32, 0, 4, 1, 0, NULL, NULL, 0, 0, 0 },
                                        { "y", PECS_F32, 4, 4, 1, 0, NULL, NULL, 0, 0, 0 } };
    static const pecs_field other_inner[] = { { "x", PECS_F32, 0, 4, 1, 0, NULL, NULL, 0, 0, 0 },
                                              { "z", PECS_F32, 4, 4, 1, 0, NULL, NULL, 0, 0, 0 } };
    static const pecs_type nested = { "Inner", { { 0 } }, 1, 8, 4, 2, inner, 0 };
    static const pecs_type other_nested = { "Inner", { { 0 } }, 1, 8, 4, 2, other_inner, 0 };
    enum { FIELDS = 42 };
    static char field_names[FIELDS][16];
    pecs_field fields[FIELDS], changed[FIELDS];
    for (uint32_t i = 0; i < FIELDS - 2; i++) {
        snprintf(field_names[i], sizeof(field_names[i]), "field%u", i);
        fields[i] = (pecs_field){ .name = field_names[i], .kind = PECS_F32, .offset = 4 * i, .size = 4, .count = 1 };
    }
    fields[FIELDS - 2] = (pecs_field){ "job", PECS_ENUM, 160, 4, 1, 0, NULL, names, 3, 0, 0 };
    fields[FIELDS - 1] = (pecs_field){ "path", PECS_STRUCT, 164, 16, 2, 0, &nested, NULL, 0, 0, 0 };
    const pecs_type in_file = { "Task", { { 0 } }, 1, 180, 4, FIELDS, fields, 0 };
    pecs_type in_program = { "Task", { { 0 } }, 1, 180, 4, FIELDS, changed, 0 };
#define TASK "Task: in the file version 1 of 180 bytes (alignment 4), in the program version "
    memcpy(changed, fields, sizeof(fields));
    in_program.version = 2;
    cr_assert_str_eq(layout_message(&in_file, &in_program), TASK "2 of 180 (4)");
    in_program.version = 1;
    changed[FIELDS - 2].enum_count = 4;
    cr_assert_str_eq(layout_message(&in_file, &in_program),
                     TASK "1 of 180 (4); first difference: enum of 3 values job, 4 bytes at 160 in the file, "
                          "enum of 4 values job, 4 bytes at 160 in the program");
    changed[FIELDS - 2] = fields[FIELDS - 2];
    changed[FIELDS - 2].enum_names = other_names;
    cr_assert_str_eq(layout_message(&in_file, &in_program),
                     TASK "1 of 180 (4); first difference: value 2 of job is carry in the file, "
                          "value 2 of job is haul in the program");
    changed[FIELDS - 2] = fields[FIELDS - 2];
    changed[FIELDS - 1].nested = &other_nested;
    cr_assert_str_eq(
        layout_message(&in_file, &in_program),
        TASK "1 of 180 (4); first difference: f32 y, 4 bytes at 4 in the file, f32 z, 4 bytes at 4 in the program");
    in_program.field_count = FIELDS - 1;
    in_program.size = 164;
    cr_assert_str_eq(
        layout_message(&in_file, &in_program),
        TASK "1 of 164 (4); first difference: struct of 2 fields, alignment 4, path[2], 16 bytes at 164 in the file, "
             "nothing more in the program");
#undef TASK
}

Test(rules, TYPE_3_names_the_type)
{
    static const pecs_type *const other_types[] = { &Place_type, &Unit_type, &Clock_type };
    pecs_registry *registry = all_types(), *other = registry_of(other_types, 3);
    save_sample(registry, "world.pecs");
    const char *message = assert_refused(other, "world.pecs", &(pecs_load_options){ .refuse_unknown = true },
                                         PECS_E_UNSUPPORTED, "TYPE-3", offset_of_type("world.pecs", "Stunned"));
    cr_assert_not_null(strstr(message, "'Stunned'"), "%s", message);
    pecs_registry_release(registry);
    pecs_registry_release(other);
}

/* The commit ends earlier than its lists need. */
Test(rules, TYPE_1_a_commit_cut_short)
{
    struct breakage b = begin_breaking();
    const uint64_t commit = b.file.commit, size = b.file.footer + offsetof(struct file_footer, commit_size);
    const uint64_t types_end = b.file.tables[0];
    const uint64_t last_type = b.file.types[3];
    put64(&b.file, size, 128);
    expect_repaired(&b, "TYPE-1", commit + 128);
    put64(&b.file, size, types_end - 8 - commit);
    expect_repaired(&b, "TYPE-1", last_type);
    end_breaking(&b);
}

Test(rules, TABLE_1_a_commit_cut_short)
{
    struct breakage b = begin_breaking();
    const uint64_t commit = b.file.commit, size = b.file.footer + offsetof(struct file_footer, commit_size);
    const uint64_t last_table = b.file.tables[3];
    put64(&b.file, size, last_table + 8 - commit);
    expect_repaired(&b, "TABLE-1", last_table);
    put64(&b.file, size, last_table + 16 - commit);
    expect_repaired(&b, "TABLE-1", last_table);
    end_breaking(&b);
}

Test(rules, TYPE_1)
{
    struct breakage b = begin_breaking();
    const uint64_t type = b.file.types[1], name = type + sizeof(struct type_record);
    static const uint32_t sizes[] = { 0, 32, 44, 1u << 30, UINT32_MAX };
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        put32(&b.file, type, sizes[i]);
        expect_repaired(&b, "TYPE-1", type);
    }
    put32(&b.file, type, get32(&b.file, type) + 8); /* into the next record */
    expect_repaired(&b, "TYPE-1", type);
    static const uint32_t name_sizes[] = { 0, 256, UINT32_MAX, UINT32_MAX - 3 };
    for (size_t i = 0; i < sizeof(name_sizes) / sizeof(name_sizes[0]); i++) {
        put32(&b.file, name, name_sizes[i]);
        expect_repaired(&b, "TYPE-1", type);
    }
    put32(&b.file, type + offsetof(struct type_record, field_count), 1000000);
    expect_repaired(&b, "TYPE-1", type);
    put32(&b.file, b.file.commit + 4, UINT32_MAX); /* type_count */
    put32(&b.file, 8, 0);
    put64(&b.file, 12, 0);
    put32(&b.file, 20, 0);
    expect_repaired(&b, "TYPE-1", b.file.types[0]);
    end_breaking(&b);
}

Test(rules, TYPE_1_fields)
{
    struct breakage b = begin_breaking();
    const uint64_t type = offset_of_type("world.pecs", "Unit");
    const uint64_t field = type + sizeof(struct type_record) + 8; /* team; then the gap, then health */
    const uint64_t gap = field + sizeof(struct field_record) + 8;
    cr_assert_eq(get32(&b.file, field), PECS_U8);
    cr_assert_eq(get32(&b.file, gap), PECS_PADDING);
    put32(&b.file, field + offsetof(struct field_record, child_count), 1); /* no kind with children */
    expect_repaired(&b, "TYPE-1", type);
    put32(&b.file, field, PECS_ENUM); /* names that are not there */
    put32(&b.file, field + offsetof(struct field_record, child_count), UINT32_MAX);
    expect_repaired(&b, "TYPE-1", type);
    put32(&b.file, field, PECS_STRUCT);
    put32(&b.file, field + offsetof(struct field_record, child_count), UINT32_MAX);
    expect_repaired(&b, "TYPE-1", type);
    put32(&b.file, gap, PECS_U8); /* without a name */
    expect_repaired(&b, "TYPE-1", type);
    end_breaking(&b);
}

Test(rules, TYPE_2)
{
    struct breakage b = begin_breaking();
    const uint64_t first = b.file.types[0], second = b.file.types[1];
    put32(&b.file, second + offsetof(struct type_record, number), 2);
    expect_repaired(&b, "TYPE-2", second);
    memcpy(b.file.bytes + second + offsetof(struct type_record, id),
           b.file.bytes + first + offsetof(struct type_record, id), sizeof(pecs_id));
    expect_repaired(&b, "TYPE-2", second);
    end_breaking(&b);
}

/* A record that is not the program's is described: then its numbers must agree with each other. */
Test(rules, TYPE_1_every_number_of_a_layout_counts)
{
    struct breakage b = begin_breaking();
    const uint64_t type = offset_of_type("world.pecs", "Unit"), field = type + sizeof(struct type_record) + 8;
    const uint64_t numbers[] = {
        type + offsetof(struct type_record, value_size),    type + offsetof(struct type_record, value_align),
        field + offsetof(struct field_record, offset),      field + offsetof(struct field_record, size),
        field + offsetof(struct field_record, count),       field + offsetof(struct field_record, columns),
        field + offsetof(struct field_record, child_align),
    };
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        b.file.bytes[numbers[i]] ^= 0x20;
        expect_repaired(&b, "TYPE-1", type);
    }
    end_breaking(&b);
}

Test(rules, TABLE_1)
{
    struct breakage b = begin_breaking();
    const uint64_t *table = b.file.tables;
    put32(&b.file, table[0] + 12, 5); /* component_count */
    expect_repaired(&b, "TABLE-1", table[0]);
    put32(&b.file, table[0] + 12, UINT32_MAX);
    expect_repaired(&b, "TABLE-1", table[0]);
    put32(&b.file, table[3] + 20, 1); /* after one type number */
    expect_repaired(&b, "TABLE-1", table[3]);
    end_breaking(&b);
}

Test(rules, TABLE_2)
{
    struct breakage b = begin_breaking();
    const uint64_t *table = b.file.tables;
    put32(&b.file, table[1], 2); /* number */
    expect_repaired(&b, "TABLE-2", table[1]);
    put32(&b.file, table[1] + 8, 21); /* chunk_shift */
    expect_repaired(&b, "TABLE-2", table[1]);
    end_breaking(&b);
}

Test(rules, TABLE_7)
{
    struct breakage b = begin_breaking();
    const uint64_t *table = b.file.tables;
    put32(&b.file, table[1] + 4, 0x42); /* flags */
    repair(&b.file);
    expect(&b, PECS_E_UNSUPPORTED, "TABLE-7", table[1]);
    end_breaking(&b);
}

Test(rules, TABLE_3)
{
    struct breakage b = begin_breaking();
    const uint64_t *table = b.file.tables;
    put32(&b.file, table[0] + 20, 4); /* there are 4 types */
    expect_repaired(&b, "TABLE-3", table[0]);
    put32(&b.file, table[0] + 20, get32(&b.file, table[0] + 16));
    expect_repaired(&b, "TABLE-3", table[0]);
    end_breaking(&b);
}

Test(rules, TABLE_4)
{
    struct breakage b = begin_breaking();
    const uint64_t *table = b.file.tables;
    memcpy(b.file.bytes + table[1] + 16, b.file.bytes + table[0] + 16, 8);
    expect_repaired(&b, "TABLE-4", table[1]);
    end_breaking(&b);
}

Test(rules, TABLE_5)
{
    struct breakage b = begin_breaking();
    put64(&b.file, b.file.row_counts, 6);
    expect_repaired(&b, "TABLE-5", b.file.row_counts);
    put64(&b.file, b.file.row_counts + 8, UINT64_MAX);
    expect_repaired(&b, "TABLE-5", b.file.row_counts + 8);
    put64(&b.file, b.file.row_counts + 24, 0); /* of the singletons */
    expect_repaired(&b, "TABLE-5", b.file.row_counts + 24);
    put64(&b.file, b.file.row_counts + 24, 2);
    expect_repaired(&b, "TABLE-5", b.file.row_counts + 24);
    end_breaking(&b);
}
