/*
 * Component types: names, sizes, and how fields lie. Each refusal starts from a type that is accepted and breaks one
 * rule of it; what is refused must name what is wrong and leave no memory behind.
 */
#include "schema_fixture.h"

#include <stdio.h>

TestSuite(schema, .init = set_up);

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
