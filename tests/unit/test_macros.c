/* The macros of schema.h in C: what they make of macro_types.h, written out for a machine with 64-bit pointers. */
#include "macro_types.h"

#include <criterion/criterion.h>
#include <string.h>

/* A row of an expected table: name NULL is padding. */
struct row {
    const char *name;
    pecs_kind kind;
    uint32_t offset, size, count, columns;
};

static void assert_rows(const pecs_type *type, const struct row *rows, uint32_t row_count)
{
    cr_assert_eq(type->field_count, row_count, "%s has %u fields", type->name, type->field_count);
    for (uint32_t i = 0; i < row_count; i++) {
        const pecs_field *field = &type->fields[i];
        if (rows[i].name)
            cr_assert_str_eq(field->name, rows[i].name);
        else
            cr_assert_null(field->name);
        cr_assert_eq(field->kind, rows[i].kind, "%s.%s: kind %d", type->name, rows[i].name, (int)field->kind);
        cr_assert_eq(field->offset, rows[i].offset, "%s.%s: offset %u", type->name, rows[i].name, field->offset);
        cr_assert_eq(field->size, rows[i].size, "%s.%s: size %u", type->name, rows[i].name, field->size);
        cr_assert_eq(field->count, rows[i].count, "%s.%s: count %u", type->name, rows[i].name, field->count);
        cr_assert_eq(field->columns, rows[i].columns, "%s.%s: columns %u", type->name, rows[i].name, field->columns);
    }
}

static void assert_type(const pecs_type *type, const char *name, uint32_t version, uint32_t size, uint32_t align)
{
    const pecs_id none = { { 0 } };
    cr_assert_str_eq(type->name, name);
    cr_assert_arr_eq(type->id.bytes, none.bytes, 16);
    cr_assert_eq(type->version, version);
    cr_assert_eq(type->size, size, "%s: size %u", name, type->size);
    cr_assert_eq(type->align, align, "%s: align %u", name, type->align);
}

Test(macros, plain_members)
{
    assert_type(&Position_type, "Position", 1, 12, 4);
    assert_rows(
        &Position_type,
        (struct row[]){ { "x", PECS_F32, 0, 4, 1, 0 }, { "y", PECS_F32, 4, 4, 1, 0 }, { "z", PECS_F32, 8, 4, 1, 0 } },
        3);
    assert_type(&Unit_type, "Unit", 7, 1, 1);
    assert_rows(&Unit_type, (struct row[]){ { "team", PECS_U8, 0, 1, 1, 0 } }, 1);
}

Test(macros, tags)
{
    assert_type(&Frozen_type, "Frozen", 2, 0, 1);
    cr_assert_eq(Frozen_type.field_count, 0);
    cr_assert_null(Frozen_type.fields);
}

Test(macros, kinds_of_the_language_s_types)
{
    const struct row rows[] = {
        { "f64", PECS_F64, 0, 8, 1, 0 },
        { "longest", PECS_I64, 8, 8, 1, 0 },
        { "unsigned_longest", PECS_U64, 16, 8, 1, 0 },
        { "length", PECS_I64, 24, 8, 1, 0 },
        { "unsigned_length", PECS_U64, 32, 8, 1, 0 },
        { "entity", PECS_ENTITY, 40, 8, 1, 0 },
        { "number", PECS_I32, 48, 4, 1, 0 },
        { "unsigned_number", PECS_U32, 52, 4, 1, 0 },
        { "f32", PECS_F32, 56, 4, 1, 0 },
        { "small", PECS_I16, 60, 2, 1, 0 },
        { "unsigned_small", PECS_U16, 62, 2, 1, 0 },
        { "letter", PECS_TEXT, 64, 1, 1, 0 },
        { "tiny", PECS_I8, 65, 1, 1, 0 },
        { "unsigned_tiny", PECS_U8, 66, 1, 1, 0 },
        { "yes", PECS_BOOL, 67, 1, 1, 0 },
        { "others", PECS_BOOL, 68, 4, 4, 0 },
    };
    if (sizeof(long) != 8)
        cr_skip_test("written out for a long of 8 bytes");
    assert_type(&Scalars_type, "Scalars", 1, 72, 8);
    assert_rows(&Scalars_type, rows, 16);
}

Test(macros, kinds_of_exact_types)
{
    const struct row rows[] = {
        { "i64", PECS_I64, 0, 8, 1, 0 },  { "u64", PECS_U64, 8, 8, 1, 0 },  { "i32", PECS_I32, 16, 4, 1, 0 },
        { "u32", PECS_U32, 20, 4, 1, 0 }, { "i16", PECS_I16, 24, 2, 1, 0 }, { "u16", PECS_U16, 26, 2, 1, 0 },
        { "i8", PECS_I8, 28, 1, 1, 0 },   { "u8", PECS_U8, 29, 1, 1, 0 },   { "last", PECS_U16, 30, 2, 1, 0 },
    };
    assert_type(&Exact_type, "Exact", 1, 32, 8);
    assert_rows(&Exact_type, rows, 9);
}

Test(macros, arrays)
{
    const struct row rows[] = {
        { "direction", PECS_F32, 0, 12, 3, 0 }, { "name", PECS_TEXT, 12, 16, 16, 0 },
        { "items", PECS_U16, 28, 48, 24, 0 },   { "friends", PECS_ENTITY, 76, 16, 2, 0 },
        { "flags", PECS_BOOL, 92, 4, 4, 0 },
    };
    assert_type(&Arrays_type, "Arrays", 1, 96, 4);
    assert_rows(&Arrays_type, rows, 5);
}

Test(macros, strings_and_blobs)
{
    const struct row rows[] = {
        { "title", PECS_STRING, 0, 8, 1, 0 },
        { "lines", PECS_STRING, 8, 24, 3, 0 },
        { "image", PECS_BLOB, 32, 8, 1, 0 },
        { "layers", PECS_BLOB, 40, 16, 2, 0 },
    };
    assert_type(&Contents_type, "Contents", 1, 56, 8);
    assert_rows(&Contents_type, rows, 4);
}

Test(macros, lists)
{
    const struct row rows[] = {
        { "numbers", PECS_LIST, 0, 8, 1, 0 },  { "weights", PECS_LIST, 8, 16, 2, 0 },
        { "friends", PECS_LIST, 24, 8, 1, 0 }, { "flags", PECS_LIST, 32, 8, 1, 0 },
        { "parts", PECS_LIST, 40, 8, 1, 0 },   { "modes", PECS_LIST, 48, 8, 1, 0 },
        { "sides", PECS_LIST, 56, 8, 1, 0 },   { "name", PECS_STRING, 64, 8, 1, 0 },
    };
    const struct {
        pecs_kind element;
        uint32_t element_size, enum_count;
        const pecs_type *nested;
    } elements[] = { { PECS_U32, 4, 0, NULL },  { PECS_F64, 8, 0, NULL },           { PECS_ENTITY, 8, 0, NULL },
                     { PECS_BOOL, 1, 0, NULL }, { PECS_STRUCT, 12, 0, &Part_type }, { PECS_ENUM, 4, 3, NULL },
                     { PECS_ENUM, 1, 2, NULL }, { (pecs_kind)0, 0, 0, NULL } };
    assert_type(&Lists_type, "Lists", 1, 72, 8);
    assert_rows(&Lists_type, rows, 8);
    for (int i = 0; i < 8; i++) {
        const pecs_field *field = &Lists_type.fields[i];
        cr_assert_eq(field->element, elements[i].element, "%s", field->name);
        cr_assert_eq(field->element_size, elements[i].element_size, "%s", field->name);
        cr_assert_eq(field->enum_count, elements[i].enum_count, "%s", field->name);
        cr_assert_eq(field->nested, elements[i].nested, "%s", field->name);
    }
    cr_assert_str_eq(Lists_type.fields[5].enum_names[2], "run");
}

Test(macros, grids_and_a_name_of_their_own)
{
    assert_type(&Grids_type, "game.Grids", 3, 64, 4);
    assert_rows(&Grids_type,
                (struct row[]){ { "matrix", PECS_F32, 0, 48, 12, 4 }, { "lines", PECS_TEXT, 48, 16, 16, 8 } }, 2);
}

Test(macros, enums)
{
    const struct row rows[] = {
        { "mode", PECS_ENUM, 0, 4, 1, 0 },   { "history", PECS_ENUM, 4, 20, 5, 0 }, { "side", PECS_ENUM, 24, 1, 1, 0 },
        { "sides", PECS_ENUM, 25, 3, 3, 0 }, { "wide", PECS_ENUM, 28, 2, 1, 0 },    { "tail", PECS_U8, 30, 2, 2, 0 },
    };
    const uint32_t counts[] = { 3, 3, 2, 2, 3, 0 };
    assert_rows(&Modes_type, rows, 6);
    for (int i = 0; i < 6; i++)
        cr_assert_eq(Modes_type.fields[i].enum_count, counts[i], "%s", rows[i].name);
    cr_assert_str_eq(Modes_type.fields[0].enum_names[2], "run");
    cr_assert_str_eq(Modes_type.fields[3].enum_names[1], "right");
    cr_assert_null(Modes_type.fields[5].enum_names);
}

Test(macros, paddings_and_gaps)
{
    const struct row rows[] = {
        { "kind", PECS_U8, 0, 1, 1, 0 },    { NULL, PECS_PADDING, 1, 3, 3, 0 }, { "mass", PECS_U32, 4, 4, 1, 0 },
        { NULL, PECS_PADDING, 8, 2, 2, 0 }, { "level", PECS_U8, 10, 1, 1, 0 },  { NULL, PECS_PADDING, 11, 1, 1, 0 },
    };
    assert_type(&Part_type, "Part", 1, 12, 4);
    assert_rows(&Part_type, rows, 6);
}

Test(macros, nested_structs)
{
    assert_type(&Machine_type, "Machine", 1, 48, 4);
    assert_rows(&Machine_type,
                (struct row[]){ { "at", PECS_STRUCT, 0, 12, 1, 0 }, { "parts", PECS_STRUCT, 12, 36, 3, 0 } }, 2);
    cr_assert_eq(Machine_type.fields[0].nested, &Position_type);
    cr_assert_eq(Machine_type.fields[1].nested, &Part_type);
}

Test(macros, forty_members)
{
    assert_type(&Forty_type, "Forty", 1, 40, 1);
    cr_assert_eq(Forty_type.field_count, 40);
    for (uint32_t i = 0; i < 40; i++)
        cr_assert_eq(Forty_type.fields[i].offset, i);
    cr_assert_str_eq(Forty_type.fields[0].name, "a1");
    cr_assert_str_eq(Forty_type.fields[20].name, "a21");
    cr_assert_str_eq(Forty_type.fields[39].name, "a40");
}

Test(macros, a_registry_takes_what_they_make)
{
    const pecs_registry_desc desc = { .types = macro_types, .type_count = MACRO_TYPE_COUNT };
    pecs_registry *registry = NULL;
    pecs_error error;
    cr_assert_eq(pecs_registry_create(&desc, &registry, &error), PECS_OK, "%s", error.message);
    cr_assert_eq(pecs_registry_type_count(registry), 13);
    cr_assert_eq(pecs_registry_type(registry, MACHINE), &Machine_type);
    pecs_registry_release(registry);
}

/* What PECS_COMPONENT makes of a struct with a gap: the error says what to write. */
typedef struct {
    uint64_t id;
    uint8_t level;
} Gappy;
PECS_COMPONENT(Gappy, 1, id, level);

Test(macros, a_registry_names_the_gap_of_a_struct)
{
    const pecs_type *const list[] = { &Gappy_type };
    const pecs_registry_desc desc = { .types = list, .type_count = 1 };
    pecs_registry *registry = NULL;
    pecs_error error;
    cr_assert_eq(pecs_registry_create(&desc, &registry, &error), PECS_E_MISUSE);
    cr_assert_str_eq(error.message, "Gappy: bytes 9 to 15 after field 'level' are not declared: "
                                    "add PECS_GAP_AFTER(Gappy, level, 7) or a field");
}
