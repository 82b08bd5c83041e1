/*
 * What a field needs by its kind: padding, strings, blobs and lists, references, enums and structs. Each refusal starts
 * from a type that is accepted and breaks one rule of it; what is refused must name what is wrong and leave no memory
 * behind.
 */
#include "kind.h"
#include "schema_fixture.h"

#include <stdio.h>

TestSuite(schema, .init = set_up);

Test(schema, padding_has_no_name)
{
    fields[GAP].name = "gap";
    refuse(&body, PECS_E_MISUSE, "Body", "byte 9", "padding", "gap", NULL);
}

Test(schema, kinds_are_those_of_the_header)
{
    const unsigned bad[] = { 0, 20, 1000, UINT32_MAX };
    for (size_t i = 0; i < 4; i++) {
        fields[Y].kind = (pecs_kind)bad[i];
        refuse(&body, PECS_E_MISUSE, "Body", "'y'", "kind", NULL);
    }
}

/* A list, alone in its type. */
static pecs_field list_field;
static pecs_type list_type;

static void set_list(pecs_kind element, uint32_t element_size)
{
    list_field = (pecs_field){ "items", PECS_LIST, 0, 8, 1, 0, NULL, NULL, 0, element, element_size };
    list_type = (pecs_type){ "Book", { { 0 } }, 1, 8, 8, 1, &list_field, 0 };
}

Test(schema, strings_blobs_and_lists_of_everything_that_has_a_size)
{
    for (int kind = PECS_BOOL; kind <= PECS_F64; kind++) {
        set_list((pecs_kind)kind, kind_size((pecs_kind)kind));
        accept(&list_type);
    }
    set_list(PECS_ENTITY, 8);
    accept(&list_type);
    for (uint32_t size = 1; size <= 4; size *= 2) {
        set_list(PECS_ENUM, size);
        list_field.enum_names = mode_names;
        list_field.enum_count = 3;
        accept(&list_type);
    }
    set_list(PECS_STRUCT, 8);
    list_field.nested = &part;
    accept(&list_type);
    list_field.count = 3;
    list_field.size = list_type.size = 24;
    accept(&list_type);
    for (int kind = PECS_STRING; kind <= PECS_BLOB; kind++) {
        set_list((pecs_kind)0, 0);
        list_field.kind = (pecs_kind)kind;
        accept(&list_type);
    }
}

Test(schema, lists_have_no_elements_of_other_kinds)
{
    const pecs_kind kinds[] = { (pecs_kind)0, PECS_TEXT, PECS_STRING,   PECS_BLOB,
                                PECS_PADDING, PECS_LIST, (pecs_kind)20, (pecs_kind)-1 };
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        set_list(kinds[i], 8);
        refuse_exactly(&list_type, "Book: field 'items': the elements of a list are numbers, bools, entities, enums or "
                                   "structs");
    }
}

Test(schema, lists_know_the_size_of_an_element)
{
    static const char message[] = "Book: field 'items': element_size is not the size of an element";
    for (uint32_t size = 0; size < 10; size++) {
        set_list(PECS_U32, size);
        if (size != 4)
            refuse_exactly(&list_type, message);
        set_list(PECS_STRUCT, size);
        list_field.nested = &part;
        if (size != part.size)
            refuse_exactly(&list_type, message);
    }
}

Test(schema, lists_of_enums_and_structs_are_checked_as_fields_of_them)
{
    set_list(PECS_ENUM, 3);
    list_field.enum_names = mode_names;
    list_field.enum_count = 3;
    refuse_exactly(&list_type, "Book: field 'items': 3 bytes for 1 enum values: one has 1, 2 or 4 bytes");
    set_list(PECS_ENUM, 1);
    refuse_exactly(&list_type, "Book: field 'items': an enum of 0 values does not fit 1 bytes");
    list_field.enum_count = 3;
    refuse_exactly(&list_type, "Book: field 'items': an enum needs enum_names");
    static const char *const twice[] = { "idle", "walk", "idle" };
    list_field.enum_names = twice;
    refuse_exactly(&list_type, "Book: field 'items': two enum values are named 'idle'");
    set_list(PECS_STRUCT, 8);
    refuse_exactly(&list_type, "Book: field 'items': a struct needs `nested`");
    const pecs_type tag = { "Tag", { { 0 } }, 1, 0, 1, 0, NULL, 0 };
    list_field.nested = &tag;
    refuse_exactly(&list_type, "Book: field 'items': a nested struct cannot be a tag");
    list_field.nested = &part;
    part_fields[0].count = 0;
    refuse(&list_type, PECS_E_MISUSE, "Part", "'kind'", "count is 0", NULL);
}

Test(schema, elements_of_lists_have_no_contents_and_no_wide_alignment)
{
    pecs_field inner_field = { "name", PECS_STRING, 0, 8, 1, 0, NULL, NULL, 0, 0, 0 };
    pecs_type inner = { "Inner", { { 0 } }, 0, 8, 8, 1, &inner_field, 0 };
    pecs_field outer_field = { "inner", PECS_STRUCT, 0, 8, 1, 0, &inner, NULL, 0, 0, 0 };
    const pecs_type outer = { "Outer", { { 0 } }, 0, 8, 8, 1, &outer_field, 0 };
    const pecs_kind kinds[] = { PECS_STRING, PECS_BLOB, PECS_LIST };
    set_list(PECS_STRUCT, 8);
    for (size_t i = 0; i < 3; i++) {
        inner_field.kind = kinds[i];
        inner_field.element = kinds[i] == PECS_LIST ? PECS_U8 : (pecs_kind)0;
        inner_field.element_size = kinds[i] == PECS_LIST;
        list_field.nested = i % 2 ? &outer : &inner;
        refuse_exactly(&list_type, "Book: field 'items': the elements of a list have no strings, blobs and lists");
    }
    inner_field = (pecs_field){ "wide", PECS_U64, 0, 16, 2, 0, NULL, NULL, 0, 0, 0 };
    inner.size = inner.align = 16;
    set_list(PECS_STRUCT, 16);
    list_field.nested = &inner;
    refuse_exactly(&list_type, "Book: field 'items': the elements of a list are aligned to at most 8");
}

Test(schema, references_have_eight_bytes_that_are_aligned)
{
    const pecs_kind kinds[] = { PECS_STRING, PECS_BLOB, PECS_LIST };
    for (size_t i = 0; i < 3; i++) {
        set_list(PECS_U8, 1);
        list_field.kind = kinds[i];
        list_field.size = 4;
        refuse(&list_type, PECS_E_MISUSE, "Book", "'items'", "is not 1 times the 8 bytes of", NULL);
        list_field.size = 8;
        list_type.align = 4;
        refuse(&list_type, PECS_E_MISUSE, "Book", "'items'", "is misaligned", NULL);
    }
}

Test(schema, enums_have_1_2_or_4_bytes)
{
    pecs_field field = { "mode", PECS_ENUM, 0, 1, 1, 0, NULL, mode_names, 3, 0, 0 };
    pecs_type type = { "Mode", { { 0 } }, 1, 1, 1, 1, &field, 0 };
    const struct {
        uint32_t size, count;
        bool good;
    } shapes[] = {
        { 1, 1, true }, { 2, 1, true }, { 4, 1, true },  { 3, 1, false }, { 8, 1, false },  { 8, 2, true },
        { 8, 4, true }, { 8, 8, true }, { 6, 2, false }, { 7, 2, false }, { 12, 1, false }, { 12, 3, true },
    };
    for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
        field.size = type.size = shapes[i].size;
        field.count = shapes[i].count;
        type.align = shapes[i].good ? shapes[i].size / shapes[i].count : 1;
        if (shapes[i].good)
            accept(&type);
        else
            refuse(&type, PECS_E_MISUSE, "Mode", "'mode'", "1, 2 or 4 bytes", NULL);
    }
    field.size = 1;
    field.count = 2;
    refuse(&type, PECS_E_MISUSE, "Mode", "'mode'", "1, 2 or 4 bytes", NULL);
}

Test(schema, enum_values_fit_their_bytes)
{
    static const char *names[65537];
    static char texts[65537][8];
    for (uint32_t i = 0; i < 65537; i++) {
        snprintf(texts[i], sizeof(texts[i]), "v%u", i);
        names[i] = texts[i];
    }
    pecs_field field = { "v", PECS_ENUM, 0, 1, 1, 0, NULL, names, 256, 0, 0 };
    pecs_type type = { "Value", { { 0 } }, 1, 1, 1, 1, &field, 0 };
    accept(&type);
    field.enum_count = 257;
    refuse(&type, PECS_E_MISUSE, "Value", "'v'", "257 values", "1 bytes", NULL);
    field.size = type.size = type.align = 2;
    field.enum_count = 65536;
    accept(&type);
    field.enum_count = 65537;
    refuse(&type, PECS_E_MISUSE, "Value", "'v'", "65537 values", "2 bytes", NULL);
    field.size = type.size = type.align = 4;
    accept(&type);
    names[65536] = "v9";
    refuse(&type, PECS_E_MISUSE, "Value", "'v'", "'v9'", NULL);
}

Test(schema, enums_have_values_and_names)
{
    fields[MODE].enum_count = 1;
    accept(&body);
    fields[MODE].enum_count = 0;
    refuse(&body, PECS_E_MISUSE, "Body", "'mode'", "0 values", NULL);
    set_up();
    fields[MODE].enum_names = NULL;
    refuse(&body, PECS_E_MISUSE, "Body", "'mode'", "enum_names", NULL);
}

/* What the kind of a field needs divides its offset and the type's alignment. */
Test(schema, fields_are_aligned)
{
    static const struct {
        pecs_kind kind;
        uint32_t size, align;
        const char *name;
    } kinds[] = {
        { PECS_I16, 2, 2, "i16" }, { PECS_U16, 2, 2, "u16" }, { PECS_I32, 4, 4, "i32" },
        { PECS_U32, 4, 4, "u32" }, { PECS_I64, 8, 8, "i64" }, { PECS_U64, 8, 8, "u64" },
        { PECS_F32, 4, 4, "f32" }, { PECS_F64, 8, 8, "f64" }, { PECS_ENTITY, 8, 4, "entity" },
    };
    pecs_field two[2];
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        const uint32_t size = kinds[i].size, align = kinds[i].align, half = align / 2;
        two[0] = (pecs_field){ "a", PECS_U8, 0, half, half, 0, NULL, NULL, 0, 0, 0 };
        two[1] = (pecs_field){ "b", kinds[i].kind, half, size, 1, 0, NULL, NULL, 0, 0, 0 };
        pecs_type type = { "Packed", { { 0 } }, 1, half + size, 1, 2, two, 0 };
        refuse(&type, PECS_E_MISUSE, "Packed", "field 'b' is misaligned", kinds[i].name, NULL);
        two[0].offset = size; /* at an offset that fits, in a type that is placed anywhere */
        two[1].offset = 0;
        const pecs_field a = two[0];
        two[0] = two[1];
        two[1] = a;
        refuse(&type, PECS_E_MISUSE, "Packed", "field 'b' is misaligned", kinds[i].name, "aligned to 1", NULL);
        two[1].size = two[1].count = align;
        type.size = size + align;
        type.align = align;
        accept(&type);
    }
}

Test(schema, enums_and_structs_are_aligned)
{
    pecs_field two[2] = { { "a", PECS_U8, 0, 1, 1, 0, NULL, NULL, 0, 0, 0 },
                          { "b", PECS_ENUM, 1, 4, 1, 0, NULL, mode_names, 3, 0, 0 } };
    pecs_type type = { "Packed", { { 0 } }, 1, 5, 1, 2, two, 0 };
    refuse(&type, PECS_E_MISUSE, "Packed", "field 'b' is misaligned", "enum", NULL);
    two[1] = (pecs_field){ "b", PECS_STRUCT, 1, 8, 1, 0, &part, NULL, 0, 0, 0 };
    type.size = 9;
    refuse(&type, PECS_E_MISUSE, "Packed", "field 'b' is misaligned", "struct", "multiples of 4", NULL);
}

Test(schema, bytes_need_no_alignment)
{
    pecs_field four[] = {
        { "a", PECS_BOOL, 0, 1, 1, 0, NULL, NULL, 0, 0, 0 },
        { "b", PECS_TEXT, 1, 5, 5, 0, NULL, NULL, 0, 0, 0 },
        { "c", PECS_I8, 6, 2, 2, 0, NULL, NULL, 0, 0, 0 },
        { "d", PECS_ENUM, 8, 1, 1, 0, NULL, mode_names, 3, 0, 0 },
    };
    const pecs_type type = { "Bytes", { { 0 } }, 1, 9, 1, 4, four, 0 };
    accept(&type);
}

Test(schema, a_struct_needs_its_type)
{
    fields[PARTS].nested = NULL;
    refuse(&body, PECS_E_MISUSE, "Body", "'parts'", "nested", NULL);
}

Test(schema, a_nested_tag_is_refused)
{
    const pecs_type tag = { "Frozen", { { 0 } }, 1, 0, 1, 0, NULL, 0 };
    fields[PARTS].nested = &tag;
    refuse(&body, PECS_E_MISUSE, "Body", "'parts'", "tag", NULL);
}

/* Nested types obey every rule but the version's; a message names the nested type. */
Test(schema, nested_types_are_checked)
{
    part_fields[2].offset = 5;
    refuse(&body, PECS_E_MISUSE, "Part", "'mass'", NULL);
    set_up();
    part_fields[2].name = "kind";
    refuse(&body, PECS_E_MISUSE, "Part", "'kind'", NULL);
    set_up();
    part.name = NULL;
    refuse(&body, PECS_E_MISUSE, "name of a type", "(none)", NULL);
    set_up();
    part.size = 12;
    refuse(&body, PECS_E_MISUSE, "Part: bytes 8 to 11 after field 'mass'", NULL);
    set_up();
    part.align = 3;
    refuse(&body, PECS_E_MISUSE, "Part", "alignment 3", NULL);
}

/* A chain of `depth` structs within the outermost. */
static const pecs_type *chain(unsigned depth)
{
    static pecs_type types[16];
    static pecs_field links[16];
    static char names[16][8];
    for (unsigned i = 0; i <= depth; i++) {
        snprintf(names[i], sizeof(names[i]), "T%u", i);
        links[i] = i == depth ? (pecs_field){ "value", PECS_U8, 0, 1, 1, 0, NULL, NULL, 0, 0, 0 }
                              : (pecs_field){ "link", PECS_STRUCT, 0, 1, 1, 0, &types[i + 1], NULL, 0, 0, 0 };
        types[i] = (pecs_type){ names[i], { { 0 } }, 1, 1, 1, 1, &links[i], 0 };
    }
    return &types[0];
}

Test(schema, structs_nest_8_deep)
{
    accept(chain(8));
    refuse(chain(9), PECS_E_LIMIT, "T8", "'link'", "8 deep", NULL);
}

/* A type of 64 KiB whose names alone would take 3 GiB: a list of names counts at each use. */
Test(schema, a_description_takes_at_most_a_gibibyte)
{
    static char long_names[256][200];
    static const char *names[256];
    static char field_names[256][8];
    static pecs_field enums[256], rows[256];
    for (unsigned i = 0; i < 256; i++) {
        memset(long_names[i], 'n', sizeof(long_names[i]) - 1);
        snprintf(long_names[i], 8, "%05u", i);
        long_names[i][5] = 'n';
        names[i] = long_names[i];
        snprintf(field_names[i], sizeof(field_names[i]), "f%u", i);
        enums[i] = (pecs_field){ field_names[i], PECS_ENUM, i, 1, 1, 0, NULL, names, 256, 0, 0 };
    }
    const pecs_type inner = { "Inner", { { 0 } }, 1, 256, 1, 256, enums, 0 };
    for (unsigned i = 0; i < 256; i++)
        rows[i] = (pecs_field){ field_names[i], PECS_STRUCT, i * 256, 256, 1, 0, &inner, NULL, 0, 0, 0 };
    pecs_type outer = { "Outer", { { 0 } }, 1, 256, 1, 1, rows, 0 };
    accept(&outer);
    outer.size = 256 * 256;
    outer.field_count = 256;
    refuse(&outer, PECS_E_LIMIT, "Outer", "1 GiB", NULL);
}

Test(schema, a_type_that_contains_itself_is_refused)
{
    part_fields[0] = (pecs_field){ "self", PECS_STRUCT, 0, 8, 1, 0, &part, NULL, 0, 0, 0 };
    part.field_count = 1;
    refuse(&body, PECS_E_LIMIT, "Part", "'self'", "8 deep", NULL);
}

Test(schema, a_cycle_of_two_types_is_refused)
{
    pecs_field there = { "there", PECS_STRUCT, 0, 8, 1, 0, NULL, NULL, 0, 0, 0 };
    const pecs_type other = { "Other", { { 0 } }, 1, 8, 4, 1, &there, 0 };
    there.nested = &part;
    part_fields[0] = (pecs_field){ "back", PECS_STRUCT, 0, 8, 1, 0, &other, NULL, 0, 0, 0 };
    part.field_count = 1;
    refuse(&other, PECS_E_LIMIT, "8 deep", NULL);
}

/* However often a type nests another: the checks of 4096 nested types would take 4096 allocations more. */
Test(schema, shared_nested_types_are_checked_once)
{
    static pecs_field inner_fields[4096], outer_fields[4096];
    static char names[4096][8];
    const pecs_type inner = { "Inner", { { 0 } }, 1, 4096, 1, 4096, inner_fields, 0 };
    const pecs_type outer = { "Outer", { { 0 } }, 1, 16777216, 1, 4096, outer_fields, 0 };
    for (uint32_t i = 0; i < 4096; i++) {
        snprintf(names[i], sizeof(names[i]), "m%u", i);
        inner_fields[i] = (pecs_field){ names[i], PECS_U8, i, 1, 1, 0, NULL, NULL, 0, 0, 0 };
        outer_fields[i] = (pecs_field){ names[i], PECS_STRUCT, i * 4096, 4096, 1, 0, &inner, NULL, 0, 0, 0 };
    }
    accept(&outer);
    /*
     * The pool, the registry, its two lists and the one by name; Outer's structs; the names of Inner's, Outer's and
     * pecs.id's fields; two lists of spans that are walked.
     */
    cr_assert_eq(counting.call_count, 11);
}

/* Two types by turns: each is found again whatever stands between. */
Test(schema, nested_types_that_alternate_are_checked_once)
{
    static pecs_field outer_fields[1000];
    static char names[1000][8];
    const pecs_type a = { "A", { { 0 } }, 1, 1, 1, 1, outer_fields, 0 }, b = a;
    const pecs_type outer = { "Outer", { { 0 } }, 1, 999, 1, 999, outer_fields + 1, 0 };
    outer_fields[0] = (pecs_field){ "x", PECS_U8, 0, 1, 1, 0, NULL, NULL, 0, 0, 0 };
    for (uint32_t i = 1; i < 1000; i++) {
        snprintf(names[i], sizeof(names[i]), "m%u", i);
        outer_fields[i] = (pecs_field){ names[i], PECS_STRUCT, i - 1, 1, 1, 0, i % 2 ? &a : &b, NULL, 0, 0, 0 };
    }
    accept(&outer);
    cr_assert_eq(counting.call_count, 10);
}

/* Only a struct's `nested` counts, and each other one is looked at. */
Test(schema, each_nested_type_is_checked)
{
    pecs_type wrong = part;
    wrong.name = "Wrong";
    wrong.align = 3;
    fields[X].nested = &wrong;
    accept(&body);
    fields[PARTS].nested = &wrong;
    refuse(&body, PECS_E_MISUSE, "Wrong", "alignment 3", NULL);
    set_up();
    fields[PARTS].size = 8;
    fields[PARTS].count = 1;
    fields[PARTS + 1] = (pecs_field){ "other", PECS_STRUCT, 68, 8, 1, 0, &wrong, NULL, 0, 0, 0 };
    body.field_count++;
    refuse(&body, PECS_E_MISUSE, "Wrong", "alignment 3", NULL);
}
