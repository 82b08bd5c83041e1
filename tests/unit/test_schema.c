/*
 * Component types and the registry. Each refusal starts from a type that is accepted and breaks one rule of it; what is
 * refused must name what is wrong and leave no memory behind.
 */
#include "component.h"
#include "component_value.h"
#include "counting_allocator.h"
#include "hash.h"
#include "memory.h"
#include "registry.h"

#include <criterion/criterion.h>
#include <stdarg.h>
#include <stdio.h>

/* A field of each shape. Tests change these copies; a test is a process of its own. */
enum { X, Y, MODE, GAP, TARGET, NAME, GRID, PARTS, FIELD_COUNT };

static const char *mode_names[] = { "idle", "walk", "run" };
static pecs_field part_fields[3];
static pecs_type part;
static pecs_field fields[FIELD_COUNT + 8];
static pecs_type body;

static void set_up(void)
{
    part_fields[0] = (pecs_field){ "kind", PECS_U8, 0, 1, 1, 0, NULL, NULL, 0, 0, 0 };
    part_fields[1] = (pecs_field){ NULL, PECS_PADDING, 1, 3, 3, 0, NULL, NULL, 0, 0, 0 };
    part_fields[2] = (pecs_field){ "mass", PECS_U32, 4, 4, 1, 0, NULL, NULL, 0, 0, 0 };
    part = (pecs_type){ "Part", { { 0 } }, 0, 8, 4, 3, part_fields, 0 };
    fields[X] = (pecs_field){ "x", PECS_F32, 0, 4, 1, 0, NULL, NULL, 0, 0, 0 };
    fields[Y] = (pecs_field){ "y", PECS_F32, 4, 4, 1, 0, NULL, NULL, 0, 0, 0 };
    fields[MODE] = (pecs_field){ "mode", PECS_ENUM, 8, 1, 1, 0, NULL, mode_names, 3, 0, 0 };
    fields[GAP] = (pecs_field){ NULL, PECS_PADDING, 9, 3, 3, 0, NULL, NULL, 0, 0, 0 };
    fields[TARGET] = (pecs_field){ "target", PECS_ENTITY, 12, 8, 1, 0, NULL, NULL, 0, 0, 0 };
    fields[NAME] = (pecs_field){ "name", PECS_TEXT, 20, 16, 16, 0, NULL, NULL, 0, 0, 0 };
    fields[GRID] = (pecs_field){ "grid", PECS_U16, 36, 24, 12, 4, NULL, NULL, 0, 0, 0 };
    fields[PARTS] = (pecs_field){ "parts", PECS_STRUCT, 60, 16, 2, 0, &part, NULL, 0, 0, 0 };
    body = (pecs_type){ "Body", { { 0 } }, 1, 76, 4, FIELD_COUNT, fields, 0 };
}

TestSuite(schema, .init = set_up);
TestSuite(component, .init = set_up);
TestSuite(registry, .init = set_up);

static pecs_status create(const pecs_type *const *types, size_t type_count, pecs_registry **ret_registry,
                          pecs_error *error)
{
    const pecs_registry_desc desc = { .types = types, .type_count = type_count, .allocator = counting_hooks };
    return pecs_registry_create(&desc, ret_registry, error);
}

static pecs_registry *create_good(const pecs_type *const *types, size_t type_count)
{
    pecs_registry *registry = NULL;
    pecs_error error;
    cr_assert_eq(create(types, type_count, &registry, &error), PECS_OK, "%s", error.message);
    return registry;
}

static void accept(const pecs_type *type)
{
    pecs_registry_release(create_good(&type, 1));
    assert_no_leak();
}

/* The type is refused with this status, and a message that has all the strings up to NULL. */
static void refuse(const pecs_type *type, pecs_status status, ...)
{
    pecs_registry *registry = NULL;
    pecs_error error;
    const pecs_status got = create(&type, 1, &registry, &error);
    cr_assert_eq(got, status, "%s instead of %s", pecs_status_name(got), pecs_status_name(status));
    cr_assert_eq(error.status, status);
    cr_assert_null(registry);
    va_list parts;
    va_start(parts, status);
    for (const char *text; (text = va_arg(parts, const char *)) != NULL;)
        cr_assert_not_null(strstr(error.message, text), "'%s' is not in: %s", text, error.message);
    va_end(parts);
    cr_assert_eq(create(&type, 1, &registry, NULL), status);
    assert_no_leak();
}

static void refuse_exactly(const pecs_type *type, const char *message)
{
    pecs_registry *registry = NULL;
    pecs_error error;
    cr_assert_eq(create(&type, 1, &registry, &error), PECS_E_MISUSE);
    cr_assert_str_eq(error.message, message);
    assert_no_leak();
}

Test(schema, the_type_that_all_tests_start_from_is_accepted)
{
    accept(&body);
}

static const char *repeat(char *buffer, char letter, size_t count)
{
    memset(buffer, letter, count);
    buffer[count] = 0;
    return buffer;
}

static const char *const good_names[] = {
    "a",
    "with spaces, and 'signs' ~",
    "\xc2\xa0",         /* U+00A0, the first after the control characters */
    "\xdf\xbf",         /* U+07FF */
    "\xe0\xa0\x80",     /* U+0800 */
    "\xed\x9f\xbf",     /* U+D7FF */
    "\xee\x80\x80",     /* U+E000 */
    "\xef\xbf\xbf",     /* U+FFFF */
    "\xf0\x90\x80\x80", /* U+10000 */
    "\xf4\x8f\xbf\xbf", /* U+10FFFF */
    "Gesch\xc3\xb6pf",
};

static const char *const bad_names[] = {
    "",
    "\x01",
    "tab\there",
    "line\n",
    "\x1f",
    "\x7f",
    "\xc2\x80",         /* U+0080, a control character */
    "\xc2\x9f",         /* U+009F, the last of them */
    "\x80",             /* a continuation without a beginning */
    "\x8f\xbf",         /* two of them */
    "\xc3",             /* cut off */
    "\xe2\x82",         /* cut off */
    "\xf0\x9f\x98",     /* cut off */
    "\xc3(",            /* not a continuation */
    "\xc0\xaf",         /* overlong, two bytes */
    "\xc1\xbf",         /* overlong, two bytes */
    "\xe0\x9f\xbf",     /* overlong, three bytes */
    "\xf0\x8f\xbf\xbf", /* overlong, four bytes */
    "\xed\xa0\x80",     /* a surrogate, U+D800 */
    "\xed\xbf\xbf",     /* a surrogate, U+DFFF */
    "\xf4\x90\x80\x80", /* U+110000 */
    "\xf5\x80\x80\x80",
    "\xfc\x90\x80\x80",
    "\xff",
};

enum { GOOD_COUNT = sizeof(good_names) / sizeof(good_names[0]), BAD_COUNT = sizeof(bad_names) / sizeof(bad_names[0]) };

Test(schema, names_of_types)
{
    for (size_t i = 0; i < GOOD_COUNT; i++) {
        body.name = good_names[i];
        accept(&body);
    }
    for (size_t i = 0; i < BAD_COUNT; i++) {
        body.name = bad_names[i];
        refuse(&body, PECS_E_MISUSE, "name of a type", "UTF-8", NULL);
    }
}

Test(schema, names_of_fields)
{
    for (size_t i = 0; i < GOOD_COUNT; i++) {
        fields[Y].name = good_names[i];
        accept(&body);
    }
    for (size_t i = 0; i < BAD_COUNT; i++) {
        fields[Y].name = bad_names[i];
        refuse(&body, PECS_E_MISUSE, "Body", "name of the field at byte 4", "UTF-8", NULL);
    }
    fields[Y].name = NULL;
    refuse(&body, PECS_E_MISUSE, "Body", "name of the field at byte 4", "(none)", NULL);
}

Test(schema, names_of_enum_values)
{
    for (size_t i = 0; i < GOOD_COUNT; i++) {
        mode_names[1] = good_names[i];
        accept(&body);
    }
    for (size_t i = 0; i < BAD_COUNT; i++) {
        mode_names[1] = bad_names[i];
        refuse(&body, PECS_E_MISUSE, "Body", "'mode'", "enum value 1", "UTF-8", NULL);
    }
    mode_names[1] = NULL;
    refuse(&body, PECS_E_MISUSE, "Body", "'mode'", "enum value 1", "(none)", NULL);
}

Test(schema, names_have_up_to_255_bytes)
{
    char name[512];
    body.name = repeat(name, 'n', 255);
    accept(&body);
    body.name = repeat(name, 'n', 256);
    refuse(&body, PECS_E_MISUSE, "1 to 255 bytes", "nnnn", NULL);
    body.name = "Body";
    fields[X].name = repeat(name, 'n', 255);
    accept(&body);
    fields[X].name = repeat(name, 'n', 256);
    refuse(&body, PECS_E_MISUSE, "Body", "byte 0", "1 to 255 bytes", NULL);
    fields[X].name = "x";
    mode_names[2] = repeat(name, 'n', 255);
    accept(&body);
    mode_names[2] = repeat(name, 'n', 256);
    refuse(&body, PECS_E_MISUSE, "Body", "'mode'", "enum value 2", NULL);
}

/* 127 letters of two bytes and one of one are 255 bytes; 128 are 256: the limit counts bytes. */
Test(schema, the_length_of_a_name_counts_bytes)
{
    char name[512] = "";
    for (int i = 0; i < 127; i++)
        memcpy(name + 2 * i, "\xc3\xb6", 3);
    memcpy(name + 254, "x", 2);
    body.name = name;
    accept(&body);
    memcpy(name + 254, "\xc3\xb6", 3);
    refuse(&body, PECS_E_MISUSE, "1 to 255 bytes", NULL);
}

/* A name that is refused is shown as far as it can be. */
Test(schema, messages_show_what_is_printable)
{
    body.name = " a~\x7f\xc3\xb6\t: the first 47 bytes of a name are shown, not this";
    refuse_exactly(&body, "the name of a type must be 1 to 255 bytes of printable UTF-8: "
                          " a~????: the first 47 bytes of a name are shown");
}

Test(schema, messages_hold_the_longest_names)
{
    char name[300], type_name[300], message[512];
    fields[X].name = repeat(name, 'n', 255);
    fields[X].count = 0;
    snprintf(message, sizeof(message), "Body: field '%.100s': count is 0", name);
    refuse_exactly(&body, message);
    body.name = repeat(type_name, 't', 255);
    snprintf(message, sizeof(message), "%.100s: field '%.100s': count is 0", type_name, name);
    refuse_exactly(&body, message);
}

Test(schema, names_of_fields_are_unique)
{
    fields[TARGET].name = "x";
    refuse(&body, PECS_E_MISUSE, "Body", "two fields", "'x'", NULL);
}

Test(schema, names_of_enum_values_are_unique)
{
    mode_names[2] = "idle";
    refuse(&body, PECS_E_MISUSE, "Body", "'mode'", "two enum values", "'idle'", NULL);
}

Test(schema, a_name_is_found_twice_among_the_most_that_there_are)
{
    enum { COUNT = 65536 };
    static char texts[COUNT][8];
    static const char *names[COUNT];
    for (uint32_t i = 0; i < COUNT; i++) {
        snprintf(texts[i], sizeof(texts[i]), "n%u", i);
        names[i] = texts[i];
    }
    const pecs_field field = { "mode", PECS_ENUM, 0, 2, 1, 0, NULL, names, COUNT, 0, 0 };
    const pecs_type type = { "Many", { { 0 } }, 1, 2, 2, 1, &field, 0 };
    accept(&type);
    names[COUNT - 1] = "n7";
    refuse(&type, PECS_E_MISUSE, "Many", "'mode'", "two enum values", "'n7'", NULL);
}

/* Paddings have no name: that they all are NULL is no duplicate. */
Test(schema, a_type_may_have_several_paddings)
{
    fields[X] = (pecs_field){ NULL, PECS_PADDING, 0, 4, 4, 0, NULL, NULL, 0, 0, 0 };
    fields[Y] = (pecs_field){ NULL, PECS_PADDING, 4, 4, 4, 0, NULL, NULL, 0, 0, 0 };
    accept(&body);
}

Test(schema, versions_start_at_one)
{
    body.version = 0;
    refuse(&body, PECS_E_MISUSE, "Body", "version 0", NULL);
    body.version = UINT32_MAX;
    accept(&body);
}

Test(schema, alignment_is_a_power_of_two)
{
    body.align = 0;
    refuse(&body, PECS_E_MISUSE, "Body", "alignment 0", "power of two", NULL);
    body.align = 12;
    refuse(&body, PECS_E_MISUSE, "Body", "alignment 12", "power of two", NULL);
}

static pecs_type bytes_type(pecs_field *field, uint32_t size, uint32_t align)
{
    *field = (pecs_field){ "bytes", PECS_U8, 0, size, size, 0, NULL, NULL, 0, 0, 0 };
    return (pecs_type){ "Bytes", { { 0 } }, 1, size, align, 1, field, 0 };
}

Test(schema, alignment_is_at_most_64)
{
    pecs_field field;
    pecs_type type = bytes_type(&field, 128, 64);
    accept(&type);
    type = bytes_type(&field, 128, 128);
    refuse(&type, PECS_E_LIMIT, "Bytes", "alignment 128", "64", NULL);
}

Test(schema, size_is_a_multiple_of_the_alignment)
{
    pecs_field field;
    pecs_type type = bytes_type(&field, 12, 8);
    refuse(&type, PECS_E_MISUSE, "Bytes", "size 12", "alignment 8", NULL);
}

Test(schema, size_is_at_most_16_mebibytes)
{
    pecs_field field;
    pecs_type type = bytes_type(&field, 16777216, 1);
    accept(&type);
    type = bytes_type(&field, 16777217, 1);
    refuse(&type, PECS_E_LIMIT, "Bytes", "16777217", "16 MiB", NULL);
    type = bytes_type(&field, UINT32_MAX, 1);
    refuse(&type, PECS_E_LIMIT, "Bytes", "4294967295", NULL);
}

Test(schema, a_tag_has_no_size_no_fields_and_alignment_one)
{
    pecs_type tag = { "Frozen", { { 0 } }, 1, 0, 1, 0, NULL, 0 };
    accept(&tag);
    tag.align = 4;
    refuse(&tag, PECS_E_MISUSE, "Frozen", "tag", NULL);
    tag.align = 1;
    tag.field_count = 1;
    tag.fields = fields;
    refuse(&tag, PECS_E_MISUSE, "Frozen", "tag", NULL);
}

Test(schema, what_has_a_size_has_fields)
{
    body.field_count = 0;
    refuse(&body, PECS_E_MISUSE, "Body", "76 bytes", "fields", NULL);
    body.field_count = FIELD_COUNT;
    body.fields = NULL;
    refuse(&body, PECS_E_MISUSE, "Body", "76 bytes", "fields", NULL);
}

Test(schema, a_type_has_at_most_4096_fields)
{
    static pecs_field many[4097];
    static char names[4097][8];
    for (uint32_t i = 0; i < 4097; i++) {
        snprintf(names[i], sizeof(names[i]), "f%u", i);
        many[i] = (pecs_field){ names[i], PECS_I8, i, 1, 1, 0, NULL, NULL, 0, 0, 0 };
    }
    pecs_type type = { "Many", { { 0 } }, 1, 4096, 1, 4096, many, 0 };
    accept(&type);
    many[4095].name = "f17";
    refuse(&type, PECS_E_MISUSE, "Many", "'f17'", NULL);
    many[4095].name = "f4095";
    type.size = type.field_count = 4097;
    refuse(&type, PECS_E_LIMIT, "Many", "4097", "4096", NULL);
}

/* The fields without one: what follows moves up in the list, not in the struct. */
static void drop_field(unsigned field)
{
    memmove(&fields[field], &fields[field + 1], (FIELD_COUNT - 1 - field) * sizeof(fields[0]));
    body.field_count--;
}

Test(schema, a_gap_between_fields_is_named)
{
    drop_field(GAP);
    refuse_exactly(&body, "Body: bytes 9 to 11 after field 'mode' and before field 'target' are not declared: "
                          "add PECS_GAP_AFTER(Body, mode, 3) or a field");
}

Test(schema, a_gap_at_the_end_is_named)
{
    body.size = 80;
    refuse_exactly(&body, "Body: bytes 76 to 79 after field 'parts' are not declared: "
                          "is a member left out of the list? If not, PECS_GAP_AFTER(Body, parts, 4)");
}

Test(schema, a_gap_at_the_beginning_is_named)
{
    drop_field(X);
    refuse_exactly(&body, "Body: bytes 0 to 3 before field 'y' are not declared: is a member left out of the list?");
}

Test(schema, a_gap_after_padding_is_named)
{
    fields[GAP].size = fields[GAP].count = 1;
    refuse_exactly(&body, "Body: bytes 10 to 11 after padding at byte 9 and before field 'target' are not declared: "
                          "add PECS_GAP_AFTER(Body, the member before, 2) or a field");
}

Test(schema, several_gaps_are_named_at_once)
{
    fields[GAP].size = fields[GAP].count = 1;
    drop_field(X);
    body.size = 80;
    refuse_exactly(&body, "Body: 3 gaps are not declared: bytes 0 to 3: is a member left out of the list?; "
                          "bytes 10 to 11: add PECS_GAP_AFTER(Body, the member before, 2) or a field; "
                          "bytes 76 to 79: is a member left out of the list? If not, PECS_GAP_AFTER(Body, parts, 4)");
}

/* A message has room for 511 bytes, of which it uses what whole gaps fill. */
Test(schema, more_gaps_than_a_message_has_room_for_are_counted)
{
    static pecs_field many[100];
    static char names[100][8];
    for (uint32_t i = 0; i < 100; i++) {
        snprintf(names[i], sizeof(names[i]), "f%u", i);
        many[i] = (pecs_field){ names[i], PECS_I8, 4 * i, 1, 1, 0, NULL, NULL, 0, 0, 0 };
    }
    const pecs_type type = { "Many", { { 0 } }, 1, 400, 4, 100, many, 0 };
    refuse_exactly(&type, "Many: 100 gaps are not declared: "
                          "bytes 1 to 3: add PECS_GAP_AFTER(Many, f0, 3) or a field; "
                          "bytes 5 to 7: add PECS_GAP_AFTER(Many, f1, 3) or a field; "
                          "bytes 9 to 11: add PECS_GAP_AFTER(Many, f2, 3) or a field; "
                          "bytes 13 to 15: add PECS_GAP_AFTER(Many, f3, 3) or a field; "
                          "bytes 17 to 19: add PECS_GAP_AFTER(Many, f4, 3) or a field; "
                          "bytes 21 to 23: add PECS_GAP_AFTER(Many, f5, 3) or a field; "
                          "bytes 25 to 27: add PECS_GAP_AFTER(Many, f6, 3) or a field; and 93 more");
}

Test(schema, an_overlap_is_named)
{
    fields[GAP].size = fields[GAP].count = 4;
    refuse(&body, PECS_E_MISUSE, "Body", "field 'target' overlaps padding at byte 9", "byte 12", "byte 13", NULL);
    set_up();
    fields[Y] = (pecs_field){ "y", PECS_F64, 0, 8, 1, 0, NULL, NULL, 0, 0, 0 };
    refuse(&body, PECS_E_MISUSE, "Body", "field 'y' overlaps field 'x'", NULL);
}

Test(schema, fields_stand_in_the_order_of_their_offsets)
{
    const pecs_field x = fields[X];
    fields[X] = fields[Y];
    fields[Y] = x;
    fields[X].offset = 0;
    fields[X].size = 8;
    fields[X].count = 2;
    fields[Y].offset = 8;
    fields[MODE].offset = 4;
    refuse(&body, PECS_E_MISUSE, "Body", "field 'mode' is listed after field 'x'", "bytes 4 and 8", "order", NULL);
}

/* A message about a gap shows no name that was not checked: one in a file may hold anything. */
Test(schema, a_gap_before_a_field_with_an_invalid_name)
{
    static pecs_field some[] = {
        { "a", PECS_I8, 0, 1, 1, 0, NULL, NULL, 0, 0, 0 },
        { "b", PECS_I8, 2, 1, 1, 0, NULL, NULL, 0, 0, 0 },
        { "\033[2J", PECS_I8, 4, 1, 1, 0, NULL, NULL, 0, 0, 0 },
        { "d", PECS_I8, 1, 1, 1, 0, NULL, NULL, 0, 0, 0 },
    };
    const pecs_type type = { "Some", { { 0 } }, 1, 8, 4, 4, some, 0 };
    refuse_exactly(&type, "Some: 2 gaps are not declared: bytes 1 to 1: add PECS_GAP_AFTER(Some, a, 1) or a field; "
                          "bytes 3 to 3: add PECS_GAP_AFTER(Some, b, 1) or a field");
}

/* Not the gap that members in another order leave. */
Test(schema, members_in_another_order_are_not_a_gap)
{
    static const pecs_field swapped[] = {
        { "x", PECS_F32, 4, 4, 1, 0, NULL, NULL, 0, 0, 0 },
        { "y", PECS_F32, 0, 4, 1, 0, NULL, NULL, 0, 0, 0 },
    };
    const pecs_type type = { "Swapped", { { 0 } }, 1, 8, 4, 2, swapped, 0 };
    refuse_exactly(&type, "Swapped: field 'y' is listed after field 'x' but lies before it (bytes 0 and 4): "
                          "list the members in the order of the struct");
}

Test(schema, a_field_lies_within_its_type)
{
    fields[PARTS].count = 3;
    fields[PARTS].size = 24;
    refuse(&body, PECS_E_MISUSE, "Body", "'parts'", "beyond", "76", NULL);
    fields[PARTS].offset = 4294967280u;
    refuse(&body, PECS_E_MISUSE, "Body", "'parts'", "beyond", "4294967280", NULL);
}

Test(schema, the_size_is_count_times_the_element)
{
    fields[X].size = 3;
    refuse(&body, PECS_E_MISUSE, "Body", "'x'", "size 3", "f32", NULL);
    set_up();
    fields[GRID].count = 8;
    refuse(&body, PECS_E_MISUSE, "Body", "'grid'", "size 24", "8 times", "2 bytes of u16", NULL);
    set_up();
    fields[GAP].count = 1;
    refuse(&body, PECS_E_MISUSE, "Body", "padding at byte 9", "size 3", NULL);
    set_up();
    fields[NAME].count = 1;
    refuse(&body, PECS_E_MISUSE, "Body", "'name'", "size 16", "text", NULL);
    set_up();
    fields[PARTS].count = 1;
    refuse(&body, PECS_E_MISUSE, "Body", "'parts'", "size 16", "8 bytes of struct", NULL);
}

/* 2^30 + 1 elements of 4 bytes are 4 bytes in 32 bits. */
Test(schema, sizes_do_not_overflow)
{
    fields[X].count = 1073741825u;
    refuse(&body, PECS_E_MISUSE, "Body", "'x'", "1073741825", NULL);
    set_up();
    fields[PARTS].count = 536870914u;
    refuse(&body, PECS_E_MISUSE, "Body", "'parts'", "536870914", NULL);
    set_up();
    fields[X].size = UINT32_MAX;
    refuse(&body, PECS_E_MISUSE, "Body", "'x'", "beyond", NULL);
    set_up();
    fields[Y].offset = UINT32_MAX;
    refuse(&body, PECS_E_MISUSE, "Body", "'y'", "beyond", NULL);
}

Test(schema, counts_are_not_zero)
{
    for (unsigned i = 0; i < FIELD_COUNT; i++) {
        set_up();
        fields[i].count = 0;
        refuse(&body, PECS_E_MISUSE, "Body", fields[i].name ? fields[i].name : "padding at byte 9", "count is 0", NULL);
    }
}

Test(schema, sizes_are_not_zero)
{
    fields[X].size = 0;
    refuse(&body, PECS_E_MISUSE, "Body", "'x'", "size 0", NULL);
}

Test(schema, columns_divide_the_count)
{
    const uint32_t good[] = { 0, 1, 2, 3, 4, 6, 12 }, bad[] = { 5, 7, 8, 9, 10, 11, 13, 24, UINT32_MAX };
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        fields[GRID].columns = good[i];
        accept(&body);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        fields[GRID].columns = bad[i];
        refuse(&body, PECS_E_MISUSE, "Body", "'grid'", "count 12", "columns", NULL);
    }
}

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
    /* the pool, the registry, its two lists and the one by name; the names of Inner's, Outer's and pecs.id's fields */
    cr_assert_eq(counting.call_count, 8);
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

static struct pool *pool;

static struct component init_component(const pecs_type *type)
{
    struct component component;
    pecs_error error;
    if (!pool)
        pool = pool_create(&counting_hooks);
    cr_assert_eq(component_init(&component, type, pool, &error), PECS_OK, "%s", error.message);
    return component;
}

static void deinit_component(struct component *component)
{
    component_deinit(component, pool);
    pool_destroy(pool);
    pool = NULL;
    assert_no_leak();
}

struct byte_span {
    uint32_t offset, size;
};

/* The spans of one kind in a value. */
static void assert_spans_of(const struct span_list *list, pecs_kind kind, const struct byte_span *spans, size_t count)
{
    size_t seen = 0;
    struct span_iter iter;
    struct value_span span;
    for (span_iter_begin(&iter, list); span_iter_next(&iter, &span);) {
        if (span.kind != kind)
            continue;
        cr_assert_lt(seen, count);
        cr_assert_eq(span.offset, spans[seen].offset);
        cr_assert_eq(span.size, spans[seen].size);
        seen++;
    }
    cr_assert_eq(seen, count);
}

Test(component, keeps_the_types_numbers)
{
    struct component component = init_component(&body);
    cr_assert_eq(component.type, &body);
    cr_assert_eq(component.size, 76);
    cr_assert_eq(component.align, 4);
    deinit_component(&component);
}

Test(component, the_id_is_the_hash_of_the_name_when_none_is_given)
{
    const uint8_t abc[16] = { 0x06, 0xb0, 0x5a, 0xb6, 0x73, 0x3a, 0x61, 0x85,
                              0x78, 0xaf, 0x5f, 0x94, 0x89, 0x2f, 0x39, 0x50 };
    body.name = "abc";
    struct component component = init_component(&body);
    cr_assert_arr_eq(component.id.bytes, abc, 16);
    deinit_component(&component);
}

Test(component, a_given_id_is_kept)
{
    const uint8_t given[16] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1 };
    memcpy(body.id.bytes, given, 16);
    struct component component = init_component(&body);
    cr_assert_arr_eq(component.id.bytes, given, 16);
    deinit_component(&component);
}

Test(component, spans_are_flattened)
{
    struct component component = init_component(&body);
    assert_spans_of(&component.padding, PECS_PADDING, (struct byte_span[]){ { 9, 3 }, { 61, 3 }, { 69, 3 } }, 3);
    assert_spans_of(&component.special, PECS_ENTITY, (struct byte_span[]){ { 12, 8 } }, 1);
    deinit_component(&component);
}

Test(component, spans_that_touch_are_one)
{
    pecs_field pair_fields[] = { { "a", PECS_ENTITY, 0, 8, 1, 0, NULL, NULL, 0, 0, 0 },
                                 { "b", PECS_ENTITY, 8, 16, 2, 0, NULL, NULL, 0, 0, 0 } };
    const pecs_type pair = { "Pair", { { 0 } }, 0, 24, 4, 2, pair_fields, 0 };
    pecs_field outer_fields[] = { { "first", PECS_ENTITY, 0, 8, 1, 0, NULL, NULL, 0, 0, 0 },
                                  { "pairs", PECS_STRUCT, 8, 72, 3, 0, &pair, NULL, 0, 0, 0 },
                                  { "middle", PECS_U32, 80, 4, 1, 0, NULL, NULL, 0, 0, 0 },
                                  { "last", PECS_ENTITY, 84, 8, 1, 0, NULL, NULL, 0, 0, 0 } };
    const pecs_type outer = { "Outer", { { 0 } }, 1, 92, 4, 4, outer_fields, 0 };
    struct component component = init_component(&outer);
    assert_spans_of(&component.special, PECS_ENTITY, (struct byte_span[]){ { 0, 80 }, { 84, 8 } }, 2);
    assert_spans_of(&component.padding, PECS_PADDING, NULL, 0);
    deinit_component(&component);
}

/* Tail padding of an element with the gap after it; but not with what follows the last of an array. */
Test(component, paddings_of_different_levels_join)
{
    pecs_field inner_fields[] = { { "a", PECS_U16, 0, 2, 1, 0, NULL, NULL, 0, 0, 0 },
                                  { "b", PECS_U8, 2, 1, 1, 0, NULL, NULL, 0, 0, 0 },
                                  { NULL, PECS_PADDING, 3, 1, 1, 0, NULL, NULL, 0, 0, 0 } };
    const pecs_type inner = { "Inner", { { 0 } }, 0, 4, 2, 3, inner_fields, 0 };
    pecs_field middle_fields[] = { { "inner", PECS_STRUCT, 0, 8, 2, 0, &inner, NULL, 0, 0, 0 },
                                   { NULL, PECS_PADDING, 8, 2, 2, 0, NULL, NULL, 0, 0, 0 } };
    const pecs_type middle = { "Middle", { { 0 } }, 0, 10, 2, 2, middle_fields, 0 };
    pecs_field outer_fields[] = { { "middle", PECS_STRUCT, 0, 20, 2, 0, &middle, NULL, 0, 0, 0 },
                                  { NULL, PECS_PADDING, 20, 4, 4, 0, NULL, NULL, 0, 0, 0 } };
    const pecs_type outer = { "Outer", { { 0 } }, 1, 24, 2, 2, outer_fields, 0 };
    struct component component = init_component(&outer);
    assert_spans_of(&component.padding, PECS_PADDING,
                    (struct byte_span[]){ { 3, 1 }, { 7, 3 }, { 13, 1 }, { 17, 3 }, { 20, 4 } }, 5);
    deinit_component(&component);
}

/* Arrays of structs without a span are not walked: 2^24 elements at once. */
Test(component, large_arrays_of_plain_structs_have_no_spans, .timeout = 20)
{
    pecs_field byte_field = { "byte", PECS_U8, 0, 1, 1, 0, NULL, NULL, 0, 0, 0 };
    const pecs_type byte = { "Byte", { { 0 } }, 0, 1, 1, 1, &byte_field, 0 };
    pecs_field outer_field = { "bytes", PECS_STRUCT, 0, 16777216, 16777216, 0, &byte, NULL, 0, 0, 0 };
    const pecs_type outer = { "Outer", { { 0 } }, 1, 16777216, 1, 1, &outer_field, 0 };
    struct component component = init_component(&outer);
    assert_spans_of(&component.padding, PECS_PADDING, NULL, 0);
    assert_spans_of(&component.special, PECS_ENTITY, NULL, 0);
    deinit_component(&component);
}

/*
 * Nor are those of structs that are nothing but a span, of 2^24 elements nested eight deep; and the parts around count.
 */
Test(component, large_arrays_of_structs_of_padding_are_one_span, .timeout = 20)
{
    enum { DEPTH = 8, COUNT = 1 << 24 };
    pecs_type levels[DEPTH];
    pecs_field level_fields[DEPTH];
    for (int i = 0; i < DEPTH; i++) {
        level_fields[i] = i ? (pecs_field){ "inner", PECS_STRUCT, 0, 1, 1, 0, &levels[i - 1], NULL, 0, 0, 0 }
                            : (pecs_field){ NULL, PECS_PADDING, 0, 1, 1, 0, NULL, NULL, 0, 0, 0 };
        levels[i] = (pecs_type){ "Level", { { 0 } }, 1, 1, 1, 1, &level_fields[i], 0 };
    }
    pecs_field outer_fields[] = { { "first", PECS_U8, 0, 1, 1, 0, NULL, NULL, 0, 0, 0 },
                                  { "levels", PECS_STRUCT, 1, COUNT - 3, COUNT - 3, 0, &levels[DEPTH - 1], NULL, 0, 0,
                                    0 },
                                  { NULL, PECS_PADDING, COUNT - 2, 1, 1, 0, NULL, NULL, 0, 0, 0 },
                                  { "last", PECS_U8, COUNT - 1, 1, 1, 0, NULL, NULL, 0, 0, 0 } };
    const pecs_type outer = { "Outer", { { 0 } }, 1, COUNT, 1, 4, outer_fields, 0 };
    for (int i = 0; i < 100; i++) { /* walked, each takes more than a second */
        struct component component = init_component(&outer);
        assert_spans_of(&component.padding, PECS_PADDING, (struct byte_span[]){ { 1, COUNT - 2 } }, 1);
        assert_spans_of(&component.special, PECS_ENTITY, NULL, 0);
        deinit_component(&component);
    }
}

enum { PART_COUNT = 10000, PARTS_BYTES = 8 * PART_COUNT };

/* Parts from `base` on: their spans in order, the masked copy, and the comparison. */
static void check_parts(const pecs_type *type, uint32_t base)
{
    static uint8_t from[2 * (PARTS_BYTES + 8)], to[2 * (PARTS_BYTES + 8)];
    struct component component = init_component(type);
    cr_assert_eq(component.padding.count, 1);
    cr_assert_eq(component.padding.group_count, 1);
    cr_assert(span_list_is_empty(&component.special));
    struct span_iter iter;
    struct value_span span;
    span_iter_begin(&iter, &component.special);
    cr_assert_not(span_iter_next(&iter, &span));
    span_iter_begin(&iter, &component.padding);
    for (uint32_t i = 0; i < PART_COUNT; i++) {
        cr_assert(span_iter_next(&iter, &span));
        cr_assert_eq(span.offset, base + 8 * i + 1);
        cr_assert_eq(span.size, 3);
        cr_assert_eq(span.kind, PECS_PADDING);
    }
    cr_assert_not(span_iter_next(&iter, &span));
    cr_assert_not(span_iter_next(&iter, &span));
    memset(from, 0xee, sizeof(from));
    memset(to, 0xdd, sizeof(to));
    component_copy_masked(&component, to, from, 2);
    for (uint32_t i = 0; i < 2 * type->size; i++) {
        const uint32_t at = i % type->size, in_part = at < base ? 0 : (at - base) % 8;
        cr_assert_eq(to[i], in_part >= 1 && in_part < 4 ? 0 : 0xee);
    }
    cr_assert_eq(to[2 * type->size], 0xdd);
    cr_assert(component_values_are_equal(&component, from, to));
    to[type->size - 4] ^= 1;
    cr_assert_not(component_values_are_equal(&component, from, to));
    deinit_component(&component);
}

/* Of an array of structs, wherever it lies, the spans of one element are listed. */
Test(component, many_spans_are_all_there)
{
    fields[0] = (pecs_field){ "parts", PECS_STRUCT, 0, PARTS_BYTES, PART_COUNT, 0, &part, NULL, 0, 0, 0 };
    check_parts(&(pecs_type){ "Outer", { { 0 } }, 1, PARTS_BYTES, 4, 1, fields, 0 }, 0);
    pecs_field nested[] = { { "hundred", PECS_STRUCT, 0, 800, 100, 0, &part, NULL, 0, 0, 0 } };
    const pecs_type hundred = { "Hundred", { { 0 } }, 1, 800, 4, 1, nested, 0 };
    fields[0] = (pecs_field){ "hundreds", PECS_STRUCT, 0, PARTS_BYTES, PART_COUNT / 100, 0, &hundred, NULL, 0, 0, 0 };
    check_parts(&(pecs_type){ "Outer", { { 0 } }, 1, PARTS_BYTES, 4, 1, fields, 0 }, 0);
    fields[0] = (pecs_field){ "head", PECS_U32, 0, 4, 1, 0, NULL, NULL, 0, 0, 0 };
    fields[1] = (pecs_field){ "parts", PECS_STRUCT, 4, PARTS_BYTES, PART_COUNT, 0, &part, NULL, 0, 0, 0 };
    check_parts(&(pecs_type){ "Outer", { { 0 } }, 1, PARTS_BYTES + 4, 4, 2, fields, 0 }, 4);
}

Test(component, a_masked_copy_has_zeros_for_padding)
{
    struct component component = init_component(&body);
    uint8_t from[76], to[78];
    memset(to, 0xee, sizeof(to));
    for (int i = 0; i < 76; i++)
        from[i] = (uint8_t)(i + 1);
    component_copy_masked(&component, to + 1, from, 1);
    cr_assert_eq(to[0], 0xee);
    cr_assert_eq(to[77], 0xee);
    for (int i = 0; i < 76; i++) {
        const bool padding = (i >= 9 && i < 12) || (i >= 61 && i < 64) || (i >= 69 && i < 72);
        cr_assert_eq(to[1 + i], padding ? 0 : i + 1, "byte %d is %d", i, to[1 + i]);
    }
    deinit_component(&component);
}

Test(component, a_masked_copy_of_a_tag_touches_nothing)
{
    const pecs_type tag = { "Frozen", { { 0 } }, 1, 0, 1, 0, NULL, 0 };
    struct component component = init_component(&tag);
    component_copy_masked(&component, NULL, NULL, 1);
    assert_spans_of(&component.padding, PECS_PADDING, NULL, 0);
    assert_spans_of(&component.special, PECS_ENTITY, NULL, 0);
    deinit_component(&component);
}

Test(component, kinds_have_the_formats_numbers_names_and_sizes)
{
    const struct {
        int number;
        pecs_kind kind;
        const char *name;
        uint32_t size;
    } kinds[] = {
        { 1, PECS_BOOL, "bool", 1 },      { 2, PECS_I8, "i8", 1 },          { 3, PECS_I16, "i16", 2 },
        { 4, PECS_I32, "i32", 4 },        { 5, PECS_I64, "i64", 8 },        { 6, PECS_U8, "u8", 1 },
        { 7, PECS_U16, "u16", 2 },        { 8, PECS_U32, "u32", 4 },        { 9, PECS_U64, "u64", 8 },
        { 10, PECS_F32, "f32", 4 },       { 11, PECS_F64, "f64", 8 },       { 12, PECS_TEXT, "text", 1 },
        { 13, PECS_ENTITY, "entity", 8 }, { 14, PECS_STRING, "string", 8 }, { 15, PECS_BLOB, "blob", 8 },
        { 16, PECS_ENUM, "enum", 0 },     { 17, PECS_STRUCT, "struct", 0 }, { 18, PECS_PADDING, "padding", 1 },
        { 19, PECS_LIST, "list", 8 },
    };
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        cr_assert_eq((int)kinds[i].kind, kinds[i].number);
        cr_assert_str_eq(kind_name(kinds[i].kind), kinds[i].name);
        cr_assert_eq(kind_size(kinds[i].kind), kinds[i].size, "%s", kinds[i].name);
    }
    cr_assert_null(kind_name((pecs_kind)0));
    cr_assert_null(kind_name((pecs_kind)20));
    cr_assert_null(kind_name((pecs_kind)-1));
    cr_assert_eq(kind_size((pecs_kind)0), 0);
    cr_assert_eq(kind_size((pecs_kind)20), 0);
}

/* Three types whose ids stand in another order than the list. */
static pecs_type a_type, b_type, c_type;
static const pecs_type *const three[] = { &a_type, &b_type, &c_type };

static void make_three(void)
{
    a_type = (pecs_type){ "A", { { 9 } }, 1, 0, 1, 0, NULL, 0 };
    b_type = (pecs_type){ "B", { { 5, 1 } }, 1, 0, 1, 0, NULL, 0 };
    c_type = (pecs_type){ "C", { { 5 } }, 1, 0, 1, 0, NULL, 0 };
}

Test(registry, keeps_the_order_of_the_list)
{
    make_three();
    pecs_registry *registry = create_good(three, 3);
    cr_assert_eq(pecs_registry_type_count(registry), 3);
    cr_assert_eq(pecs_registry_type(registry, 0), &a_type);
    cr_assert_eq(pecs_registry_type(registry, 1), &b_type);
    cr_assert_eq(pecs_registry_type(registry, 2), &c_type);
    cr_assert_null(pecs_registry_type(registry, 3));
    cr_assert_null(pecs_registry_type(registry, UINT32_MAX));
    cr_assert_eq(registry_component(registry, 1)->type, &b_type);
    pecs_registry_release(registry);
    assert_no_leak();
}

Test(registry, by_id_ascends)
{
    make_three();
    pecs_registry *registry = create_good(three, 3);
    cr_assert_eq(registry->by_id[0], 2);
    cr_assert_eq(registry->by_id[1], 1);
    cr_assert_eq(registry->by_id[2], 0);
    pecs_registry_release(registry);
}

Test(registry, finds_by_id)
{
    make_three();
    pecs_registry *registry = create_good(three, 3);
    pecs_component found = 77;
    cr_assert_eq(registry_find(registry, (pecs_id){ { 9 } }, &found), PECS_OK);
    cr_assert_eq(found, 0);
    cr_assert_eq(registry_find(registry, (pecs_id){ { 5, 1 } }, &found), PECS_OK);
    cr_assert_eq(found, 1);
    cr_assert_eq(registry_find(registry, (pecs_id){ { 5 } }, &found), PECS_OK);
    cr_assert_eq(found, 2);
    const pecs_id absent[] = { { { 0 } }, { { 4, 255 } }, { { 5, 0, 1 } }, { { 5, 2 } }, { { 10 } } };
    for (size_t i = 0; i < 5; i++)
        cr_assert_eq(registry_find(registry, absent[i], &found), PECS_E_ABSENT, "id %zu", i);
    cr_assert_eq(found, 2);
    pecs_registry_release(registry);
}

Test(registry, may_be_empty)
{
    pecs_registry *registry = create_good(NULL, 0);
    pecs_component found;
    cr_assert_eq(pecs_registry_type_count(registry), 0);
    cr_assert_null(pecs_registry_type(registry, 0));
    cr_assert_eq(registry_find(registry, (pecs_id){ { 1 } }, &found), PECS_E_ABSENT);
    pecs_registry_release(registry);
    assert_no_leak();
}

/* `count` tags, named T0, T1 and so on. */
static const pecs_type *const *tags(size_t count)
{
    static pecs_type types[1100];
    static const pecs_type *list[1100];
    static char names[1100][8];
    for (size_t i = 0; i < count; i++) {
        snprintf(names[i], sizeof(names[i]), "T%zu", i);
        types[i] = (pecs_type){ names[i], { { 0 } }, 1, 0, 1, 0, NULL, 0 };
        list[i] = &types[i];
    }
    return list;
}

Test(registry, takes_1024_types_and_finds_each)
{
    const pecs_type *const *types = tags(1024);
    pecs_registry *registry = create_good(types, 1024);
    cr_assert_eq(pecs_registry_type_count(registry), 1024);
    for (size_t i = 0; i < 1024; i++) {
        pecs_component found = UINT32_MAX;
        cr_assert_eq(registry_find(registry, hash128(types[i]->name, strlen(types[i]->name)), &found), PECS_OK);
        cr_assert_eq(found, i);
    }
    pecs_registry_release(registry);
    assert_no_leak();
}

static void refuse_list(const pecs_type *const *types, size_t count, pecs_status status, const char *message)
{
    pecs_registry *registry = NULL;
    pecs_error error;
    cr_assert_eq(create(types, count, &registry, &error), status);
    cr_assert_eq(error.status, status);
    cr_assert_str_eq(error.message, message);
    cr_assert_null(registry);
    cr_assert_eq(create(types, count, &registry, NULL), status);
    assert_no_leak();
}

Test(registry, refuses_1025_types)
{
    refuse_list(tags(1025), 1025, PECS_E_LIMIT, "1025 types are more than 1024");
    refuse_list(tags(1), SIZE_MAX, PECS_E_LIMIT, "18446744073709551615 types are more than 1024");
}

Test(registry, refuses_a_name_twice)
{
    make_three();
    c_type.name = "A";
    refuse_list(three, 3, PECS_E_CONFLICT, "types 0 and 2 of the list are both named 'A'");
}

Test(registry, refuses_an_id_twice)
{
    make_three();
    b_type.id = (pecs_id){ { 5 } };
    refuse_list(three, 3, PECS_E_CONFLICT, "types 'B' and 'C' have the same id");
}

/* The id of "abc" is its hash; another type is given the same. */
Test(registry, refuses_a_given_id_that_is_the_hash_of_a_name)
{
    make_three();
    a_type = (pecs_type){ "abc", { { 0 } }, 1, 0, 1, 0, NULL, 0 };
    c_type.id =
        (pecs_id){ { 0x06, 0xb0, 0x5a, 0xb6, 0x73, 0x3a, 0x61, 0x85, 0x78, 0xaf, 0x5f, 0x94, 0x89, 0x2f, 0x39, 0x50 } };
    refuse_list(three, 3, PECS_E_CONFLICT, "types 'abc' and 'C' have the same id");
}

Test(registry, refuses_holes_in_the_list)
{
    const pecs_type *list[] = { &body, NULL };
    refuse_list(list, 2, PECS_E_MISUSE, "type 1 of the list is NULL");
    make_three();
    b_type.name = NULL;
    refuse_list(three, 3, PECS_E_MISUSE, "type 1 of the list has no name");
}

/* What came before the bad type is given back too. */
Test(registry, refuses_one_bad_type_among_good_ones)
{
    pecs_type other = body, bad = body;
    other.name = "Other";
    bad.name = "Bad";
    bad.version = 0;
    const pecs_type *const list[] = { &body, &other, &bad };
    refuse_list(list, 3, PECS_E_MISUSE, "Bad: version 0: versions start at 1");
}

Test(registry, refuses_null_pointers)
{
    pecs_registry *registry = NULL;
    pecs_error error;
    cr_assert_eq(pecs_registry_create(NULL, &registry, &error), PECS_E_MISUSE);
    cr_assert_eq(error.status, PECS_E_MISUSE);
    cr_assert_eq(create(NULL, 1, &registry, &error), PECS_E_MISUSE);
    cr_assert_eq(create(NULL, 0, NULL, &error), PECS_E_MISUSE);
    cr_assert_null(registry);
    assert_no_leak();
}

Test(registry, refuses_half_an_allocator)
{
    pecs_registry *registry = NULL;
    const pecs_registry_desc no_release = { .allocator = { counting_allocate, NULL, &counting } };
    const pecs_registry_desc no_allocate = { .allocator = { NULL, counting_release, &counting } };
    cr_assert_eq(pecs_registry_create(&no_release, &registry, NULL), PECS_E_MISUSE);
    cr_assert_eq(pecs_registry_create(&no_allocate, &registry, NULL), PECS_E_MISUSE);
    cr_assert_null(registry);
    cr_assert_eq(counting.call_count, 0);
}

Test(registry, uses_the_system_by_default)
{
    const pecs_type *const list[] = { &body };
    const pecs_registry_desc desc = { .types = list, .type_count = 1 };
    pecs_registry *registry;
    cr_assert_eq(pecs_registry_create(&desc, &registry, NULL), PECS_OK);
    cr_assert_eq(pecs_registry_type(registry, 0), &body);
    pecs_registry_release(registry);
}

/* With the n-th allocation failing, for every n: the status says so, nothing leaks, nothing is written. */
Test(registry, every_failing_allocation_is_reported)
{
    pecs_type other = body;
    other.name = "Other";
    const pecs_type *const list[] = { &body, &other };
    uint64_t fail_at = 1;
    for (;; fail_at++) {
        pecs_registry *registry = NULL;
        pecs_error error;
        counting.call_count = 0;
        counting.fail_at = fail_at;
        const pecs_status status = create(list, 2, &registry, &error);
        if (status == PECS_OK) {
            pecs_registry_release(registry);
            assert_no_leak();
            break;
        }
        cr_assert_eq(status, PECS_E_MEMORY, "allocation %llu", (unsigned long long)fail_at);
        cr_assert_eq(error.status, PECS_E_MEMORY);
        cr_assert_null(registry);
        assert_no_leak();
    }
    /*
     * The pool, the registry, its two lists and the one by name; then for each type the names of Body's enum, of Part's
     * fields and of Body's fields, and two lists of spans with their groups; the names of pecs.id's fields: 20 in all.
     */
    cr_assert_eq(fail_at, 21);
}

/* The same where the first span is one of a nested struct. */
Test(registry, failing_allocations_of_nested_spans_are_reported)
{
    const pecs_type outer = { "Outer", { { 0 } }, 1, 16, 4, 1, fields, 0 };
    const pecs_type *const list[] = { &outer };
    pecs_registry *registry = NULL;
    fields[0] = fields[PARTS];
    fields[0].offset = 0;
    /* the pool, the registry, three lists, the names of Part and Outer; then the group, its spans, and the other list's
     */
    for (uint64_t fail_at = 8; fail_at <= 10; fail_at++) {
        counting.call_count = 0;
        counting.fail_at = fail_at;
        cr_assert_eq(create(list, 1, &registry, NULL), PECS_E_MEMORY);
        assert_no_leak();
    }
    counting.call_count = 0;
    counting.fail_at = 12; /* the eleventh: the names of pecs.id's fields */
    cr_assert_eq(create(list, 1, &registry, NULL), PECS_OK);
    pecs_registry_release(registry);
    assert_no_leak();
}

Test(registry, lives_until_the_last_reference)
{
    const pecs_type *const list[] = { &body };
    pecs_registry *registry = create_good(list, 1);
    cr_assert_eq(pecs_registry_retain(registry), registry);
    cr_assert_eq(pecs_registry_retain(registry), registry);
    pecs_registry_release(registry);
    pecs_registry_release(registry);
    cr_assert_eq(pecs_registry_type(registry, 0), &body);
    cr_assert_gt(counting.live_count, 0);
    pecs_registry_release(registry);
    assert_no_leak();
}

Test(registry, destroying_null_is_allowed)
{
    pecs_registry_release(NULL);
    assert_no_leak();
}

static void *retain_and_drop(void *user)
{
    pecs_registry *registry = user;
    for (int i = 0; i < 100000; i++) {
        pecs_registry_retain(registry);
        pecs_registry_release(registry);
    }
    pecs_registry_release(registry);
    return NULL;
}

/* Each thread owns one reference; whichever is last frees the registry. */
Test(registry, threads_retain_and_drop)
{
    const pecs_type *const list[] = { &body };
    pecs_registry *registry = create_good(list, 1);
    pthread_t threads[4];
    for (int i = 0; i < 4; i++)
        pecs_registry_retain(registry);
    for (int i = 0; i < 4; i++)
        cr_assert_eq(pthread_create(&threads[i], NULL, retain_and_drop, registry), 0);
    pecs_registry_release(registry);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    assert_no_leak();
}
