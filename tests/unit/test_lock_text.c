/*
 * The text of a lock: printed from types, parsed to the same types, printed again as the same bytes; and what is not
 * such a text is refused where it begins to differ.
 */
#include "counting_allocator.h"
#include "lock_text.h"
#include "memory.h"

#include <pecs/pecs.h>

#include <criterion/criterion.h>
#include <string.h>

typedef struct {
    float x, y;
} Point;
typedef struct {
    Point at[2];
    pecs_entity owner;
} Slot;
typedef struct {
    uint8_t a;
    int8_t b;
    bool c;
    uint8_t mode;
    int16_t d;
    uint16_t e, modes[2];
    int32_t f;
    uint32_t g, wide;
    int64_t h;
    uint64_t i;
    float j[2];
    float grid[3][4];
    double k;
    char name[16], letter, spare[7];
    pecs_entity target;
    pecs_string title;
    pecs_blob blob;
    pecs_list numbers, enums[2], slots;
    Slot slot[2];
    Point last;
} All;

typedef struct {
    int x;
} Cache1, Cache2;

static const char *const modes[] = { "idle", "walk \"fast\"", "r\\un" };
static const char *const odd_modes[] = { "G\xc3\xb6the", "\xe2\x80\xae" };
PECS_COMPONENT(Point, 1, x, y);
PECS_COMPONENT_OF(Slot, "Slot", 1, PECS_FIELD_STRUCT(Slot, at, Point), PECS_FIELD(Slot, owner));
PECS_COMPONENT_OF(All, "All kinds", 7, PECS_FIELD(All, a), PECS_FIELD(All, b), PECS_FIELD(All, c),
                  PECS_FIELD_ENUM(All, mode, modes), PECS_FIELD(All, d), PECS_FIELD(All, e),
                  PECS_FIELD_ENUM_ARRAY(All, modes, odd_modes), PECS_FIELD(All, f), PECS_FIELD(All, g),
                  PECS_FIELD_ENUM(All, wide, modes), PECS_FIELD(All, h), PECS_FIELD(All, i), PECS_FIELD(All, j),
                  PECS_FIELD_GRID(All, grid), PECS_FIELD(All, k), PECS_FIELD(All, name), PECS_FIELD(All, letter),
                  PECS_FIELD_PADDING(All, spare), PECS_FIELD(All, target), PECS_FIELD(All, title),
                  PECS_FIELD(All, blob), PECS_FIELD_LIST(All, numbers, int16_t),
                  PECS_FIELD_LIST_ENUM(All, enums, uint16_t, modes), PECS_FIELD_LIST_STRUCT(All, slots, Slot),
                  PECS_FIELD_STRUCT(All, slot, Slot), PECS_FIELD_STRUCT(All, last, Point));
PECS_TAG(Frozen, 3);
PECS_TRANSIENT(Cache1);
PECS_TRANSIENT_NO_SNAPSHOT(Cache2);
PECS_TRANSIENT_ENTITY(Spark);

static const pecs_field wide_fields[] = { { "u", PECS_U8, 0, 16, 16, 0, NULL, NULL, 0, 0, 0 } };
static const pecs_type wide = { "wide", { { 0 } }, 1, 16, 16, 1, wide_fields, 0 };
static const pecs_field outer_fields[] = { { "in", PECS_STRUCT, 0, 32, 2, 0, &wide, NULL, 0, 0, 0 } };
static const pecs_type outer = {
    "Outer", { { 0xab, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 } }, 4294967295, 32, 32, 1, outer_fields, 0
};

static const char all_text[] = "pecs lock 1\n"
                               "schema version 3, oldest reader 2\n"
                               "\n"
                               "type \"All kinds\" version 7\n"
                               "    u8 \"a\"\n"
                               "    i8 \"b\"\n"
                               "    bool \"c\"\n"
                               "    enum8 \"mode\"\n"
                               "        \"idle\"\n"
                               "        \"walk \\\"fast\\\"\"\n"
                               "        \"r\\\\un\"\n"
                               "    i16 \"d\"\n"
                               "    u16 \"e\"\n"
                               "    enum16[2] \"modes\"\n"
                               "        \"G\xc3\xb6the\"\n"
                               "        \"\\u{202e}\"\n"
                               "    i32 \"f\"\n"
                               "    u32 \"g\"\n"
                               "    enum32 \"wide\"\n"
                               "        \"idle\"\n"
                               "        \"walk \\\"fast\\\"\"\n"
                               "        \"r\\\\un\"\n"
                               "    i64 \"h\"\n"
                               "    u64 \"i\"\n"
                               "    f32[2] \"j\"\n"
                               "    f32[3][4] \"grid\"\n"
                               "    f64 \"k\"\n"
                               "    text[16] \"name\"\n"
                               "    text \"letter\"\n"
                               "    padding[7]\n"
                               "    entity \"target\"\n"
                               "    string \"title\"\n"
                               "    blob \"blob\"\n"
                               "    list of i16 \"numbers\"\n"
                               "    list[2] of enum16 \"enums\"\n"
                               "        \"idle\"\n"
                               "        \"walk \\\"fast\\\"\"\n"
                               "        \"r\\\\un\"\n"
                               "    list of struct \"slots\"\n"
                               "        struct[2] \"at\"\n"
                               "            f32 \"x\"\n"
                               "            f32 \"y\"\n"
                               "        entity \"owner\"\n"
                               "    struct[2] \"slot\"\n"
                               "        struct[2] \"at\"\n"
                               "            f32 \"x\"\n"
                               "            f32 \"y\"\n"
                               "        entity \"owner\"\n"
                               "    struct \"last\"\n"
                               "        f32 \"x\"\n"
                               "        f32 \"y\"\n"
                               "\n"
                               "type \"Cache1\" transient\n"
                               "\n"
                               "type \"Cache2\" transient no_snapshot\n"
                               "\n"
                               "type \"Frozen\" version 3\n"
                               "\n"
                               "type \"Outer\" id ab010203-0405-0607-0809-0a0b0c0d0e0f version 4294967295 align 32\n"
                               "    struct[2] \"in\" align 16\n"
                               "        u8[16] \"u\"\n"
                               "\n"
                               "type \"Spark\" transient entity\n";

static struct pool *pool;
static struct lock lock;

static void set_up(void)
{
    pool = pool_create(&counting_hooks);
    must(pool);
    lock_init(&lock, pool);
}

static void tear_down(void)
{
    lock_deinit(&lock);
    pool_destroy(pool);
    assert_no_leak();
}

TestSuite(lock_text, .init = set_up, .fini = tear_down);

static pecs_id id_of(const pecs_type *type)
{
    static const pecs_id zero;
    return memcmp(&type->id, &zero, sizeof(zero)) != 0 ? type->id : component_name_id(type->name);
}

/* Prints a lock, also where there is no room for it. */
static char *print(const struct lock *printed)
{
    static char text[65536];
    char start[8] = "";
    const size_t size = lock_print(printed, text, sizeof(text) - 1);
    cr_assert_lt(size, sizeof(text));
    text[size] = 0;
    cr_assert_eq(lock_print(printed, NULL, 0), size);
    cr_assert_eq(lock_print(printed, start, 7), size);
    cr_assert_eq(memcmp(start, "pecs lo", 8), 0);
    return text;
}

static pecs_status parse(const char *text, size_t size_bytes, pecs_error *error)
{
    lock_deinit(&lock);
    lock_init(&lock, pool);
    return lock_parse(&lock, text, size_bytes, error);
}

/* All kinds of types, in an order that is not that of their names. */
static const pecs_type *const all_types[] = {
    &Spark_type, &Frozen_type, &All_type, &Cache2_type, &outer, &Cache1_type
};
enum { ALL_COUNT = sizeof(all_types) / sizeof(all_types[0]) };

Test(lock_text, has_every_kind)
{
    const pecs_registry_desc desc = { .types = all_types, .type_count = ALL_COUNT };
    pecs_registry *registry;
    pecs_error error = { .message = "" };
    cr_assert_eq(pecs_registry_create(&desc, &registry, &error), PECS_OK, "%s", error.message);
    pecs_registry_release(registry);
    for (size_t i = 0; i < ALL_COUNT; i++)
        cr_assert_eq(lock_add(&lock, all_types[i], id_of(all_types[i])), PECS_OK);
    cr_assert_eq(lock_sort(&lock), PECS_OK);
    lock.schema_version = 3;
    lock.oldest_reader = 2;
    cr_assert_str_eq(print(&lock), all_text);
}

Test(lock_text, is_parsed_to_the_same_types)
{
    pecs_error error = { .message = "" };
    cr_assert_eq(parse(all_text, strlen(all_text), &error), PECS_OK, "%s", error.message);
    cr_assert_eq(lock.type_count, ALL_COUNT);
    cr_assert_eq(lock.schema_version, 3);
    cr_assert_eq(lock.oldest_reader, 2);
    for (size_t i = 0; i < ALL_COUNT; i++) {
        const struct lock_type *found = lock_find(&lock, id_of(all_types[i]));
        cr_assert_not_null(found, "%s", all_types[i]->name);
        cr_assert_eq(found->type, lock_find_name(&lock, all_types[i]->name)->type);
        cr_assert_eq(found->type->flags, all_types[i]->flags);
        if (all_types[i]->flags)
            continue;
        cr_assert_eq(found->type->version, all_types[i]->version);
        cr_assert(component_layout_is_same(found->type, all_types[i]), "%s", all_types[i]->name);
    }
    cr_assert_str_eq(print(&lock), all_text);
    cr_assert_null(lock_find(&lock, component_name_id("Point")));
    cr_assert_null(lock_find_name(&lock, "Point"));
    cr_assert_null(lock_find_name(&lock, "Zoo"));
}

Test(lock_text, may_be_empty)
{
    static const char text[] = "pecs lock 1\nschema version 0, oldest reader 0\n";
    cr_assert_str_eq(print(&lock), text);
    cr_assert_eq(parse(text, strlen(text), NULL), PECS_OK);
    cr_assert_eq(lock.type_count, 0);
    cr_assert_null(lock_find(&lock, component_name_id("Point")));
}

Test(lock_text, types_of_one_name_are_in_the_order_of_their_ids)
{
    static const char text[] = "pecs lock 1\nschema version 0, oldest reader 0\n"
                               "\ntype \"A\" id 00000000-0000-0000-0000-000000000001 version 1\n"
                               "\ntype \"A\" id 00000000-0000-0000-0000-000000000002 version 1\n";
    pecs_error error = { .message = "" };
    cr_assert_eq(parse(text, strlen(text), &error), PECS_OK, "%s", error.message);
    cr_assert_str_eq(print(&lock), text);
    cr_assert_eq(lock_find_name(&lock, "A"), &lock.types[0]);
}

/* What follows the head, and why it is refused. */
#define A "\ntype \"A\" version 1\n"
static const struct {
    const char *text, *message;
} wrong[] = {
    { "\n", "line 4, column 1: expected 'type '" },
    { "type \"A\" version 1\n", "line 3, column 1: expected an empty line and a type" },
    { "\r\ntype \"A\" version 1\n", "line 3, column 1: a line ends with a line feed, without a carriage return" },
    { "\ntype \"A\" version 1", "line 4, column 19: expected the end of the line" },
    { "\ntype \"A\" version 1 \n", "line 4, column 19: expected the end of the line" },
    { "\ntype A version 1\n", "line 4, column 6: expected a name in quotes" },
    { "\ntype \"A\"\n", "line 4, column 9: expected ' version '" },
    { "\ntype \"A\" version 01\n", "line 4, column 18: expected a number without zeros in front" },
    { "\ntype \"A\" version -1\n", "line 4, column 18: expected a number without zeros in front" },
    { "\ntype \"A\" version 4294967296\n", "line 4, column 18: the number is above 4294967295" },
    { "\ntype \"A\" version 99999999999999999999999999\n", "line 4, column 18: the number is above 4294967295" },
    { "\ntype \"A\" version 0\n", "line 4, column 1: A: version 0: versions start at 1" },
    { "\ntype \"A\n", "line 4, column 8: a name ends with a quotation mark, in its line" },
    { "\ntype \"A", "line 4, column 8: a name ends with a quotation mark, in its line" },
    { "\ntype \"\" version 1\n", "line 4, column 6: a name has 1 to 255 bytes of UTF-8 without control characters" },
    { "\ntype \"\xc3\xb6\xff\" version 1\n", "line 4, column 8: the text is not valid UTF-8" },
    { "\ntype \"\xc3\xb6\\n\" version 1\n", "line 4, column 8: the escape is none of a lock" },
    { "\ntype \"\\u{41}\" version 1\n", "line 4, column 7: the escape is none of a lock" },
    { "\ntype \"\\u{202E}\" version 1\n", "line 4, column 7: the escape is none of a lock" },
    { "\ntype \"\\u{0202e}\" version 1\n", "line 4, column 7: the escape is none of a lock" },
    { "\ntype \"\\u{}\" version 1\n", "line 4, column 7: the escape is none of a lock" },
    { "\ntype \"\\u{d800}\" version 1\n", "line 4, column 7: the escape is none of a lock" },
    { "\ntype \"\\u{fffffff}\" version 1\n", "line 4, column 7: the escape is none of a lock" },
    { "\ntype \"\\u{1b}\" version 1\n",
      "line 4, column 6: a name has 1 to 255 bytes of UTF-8 without control characters" },
    { "\ntype \"a\xe2\x80\xae\" version 1\n", "line 4, column 8: the character is hidden: it is written as \\u{202e}" },
    { "\ntype \"A\" id 1 version 1\n", "line 4, column 9: the id is cut" },
    { "\ntype \"A\" id 0000000000000000-0000-0000-000000000001 version 1\n", "line 4, column 9: expected an id" },
    { "\ntype \"A\" id AB000000-0000-0000-0000-000000000001 version 1\n",
      "line 4, column 9: an id has small letters, and is not that of the name" },
    { "\ntype \"A\" version 1 align 3\n    u8[3] \"x\"\n", "line 4, column 1: A: alignment 3 is not a power of two" },
    { "\ntype \"A\" version 1 align 128\n", "line 4, column 26: the number is above 64" },
    { "\ntype \"A\" version 1 align 8\n", "line 4, column 1: A: a tag (size 0) has alignment 1 and no fields" },
    { "\ntype \"A\" version 1 align 4\n    f32 \"x\"\n",
      "line 4, column 19: the alignment of the fields is not written" },
    { "\ntype \"A\" version 1 align 8\n    f32 \"x\"\n",
      "line 4, column 1: A: size 4 is not a multiple of the alignment 8" },
    { "\ntype \"A\" transient entity no_snapshot\n", "line 4, column 26: expected the end of the line" },
    { "\ntype \"A\" transient\n    u8 \"x\"\n", "line 5, column 1: expected an empty line and a type" },
    { "\ntype \"pecs.id\" version 1\n",
      "line 4, column 1: names that begin with \"pecs.\" are reserved for the library" },
    { "\ntype \"B\" version 1\n" A, "line 6, column 1: types are in the order of their names" },
    { A A, "line 6, column 1: types are in the order of their names" },
    { "\ntype \"A\" id 00000000-0000-0000-0000-000000000001 version 1\n"
      "\ntype \"B\" id 00000000-0000-0000-0000-000000000001 version 1\n",
      "types 'A' and 'B' of the lock have the same id" },
    { A "  u8 \"x\"\n", "line 5, column 1: expected an empty line and a type" },
    { A "     u8 \"x\"\n", "line 5, column 1: expected an empty line and a type" },
    { A "    u8 \"x\"\n        u8 \"y\"\n", "line 6, column 1: expected an empty line and a type" },
    { A "    u8 \"x\"\n        u8 \"y\"\n    u8 \"z\"\n",
      "line 6, column 1: expected a line that is indented by 4 spaces" },
    { A "    u8 \"x\"\n    \n", "line 6, column 5: expected a kind of field" },
    { A "    u9 \"x\"\n", "line 5, column 5: expected a kind of field" },
    { A "    enum \"x\"\n        \"a\"\n", "line 5, column 5: expected a kind of field" },
    { A "    enum64 \"x\"\n        \"a\"\n", "line 5, column 5: expected a kind of field" },
    { A "    structstructstructstructstruct \"x\"\n", "line 5, column 5: expected a kind of field" },
    { A "    u8\n", "line 5, column 7: expected ' '" },
    { A "    u8[1] \"x\"\n", "line 5, column 7: the count of one element is not written" },
    { A "    u8[0] \"x\"\n", "line 5, column 7: a field has 1 to 16777216 elements" },
    { A "    u8[4096][4097] \"x\"\n", "line 5, column 7: a field has 1 to 16777216 elements" },
    { A "    u8[4294967295] \"x\"\n", "line 5, column 8: the number is above 16777216" },
    { A "    u8[2 \"x\"\n", "line 5, column 9: expected ']'" },
    { A "    u8[2][2][2] \"x\"\n", "line 5, column 13: expected ' '" },
    { A "    u64[16777216] \"x\"\n", "line 5, column 5: the field has more than 16 MiB" },
    { A "    u8[16777216] \"x\"\n    u8 \"y\"\n", "line 6, column 1: the type has more than 16 MiB" },
    { A "    u8 \"x\"\n    u8 \"x\"\n", "line 4, column 1: A: two fields are named 'x'" },
    { A "    u8 \"x\"\n    u16 \"y\"\n", "line 4, column 1: A: size 3 is not a multiple of the alignment 2" },
    { A "    u8 \"x\"\n    u16 \"y\"\n    u8 \"z\"\n",
      "line 4, column 1: A: field 'y' is misaligned: u16 needs multiples of 2, but it is at byte 1 of a type "
      "aligned to 2" },
    { A "    enum8 \"x\"\n", "line 6, column 1: an enum of 8 bits has 1 to 256 values, a line each" },
    { A "    enum8 \"x\"\n        \"a\"\n        \"a\"\n",
      "line 4, column 1: A: field 'x': two enum values are named 'a'" },
    { A "    enum8 \"x\"\n        u8 \"a\"\n", "line 6, column 9: expected a name in quotes" },
    { A "    enum8 \"x\"\n        \"a\"\n            \"b\"\n", "line 7, column 1: expected an empty line and a type" },
    { A "    struct \"x\"\n", "line 6, column 1: expected the fields of a struct" },
    { A "    list \"x\"\n", "line 5, column 9: expected ' of '" },
    { A "    list of string \"x\"\n",
      "line 4, column 1: A: field 'x': the elements of a list are numbers, bools, entities, enums or structs" },
    { A "    list of list \"x\"\n",
      "line 4, column 1: A: field 'x': the elements of a list are numbers, bools, entities, enums or structs" },
    { A "    list of struct \"x\"\n        string \"s\"\n",
      "line 4, column 1: A: field 'x': the elements of a list have no strings, blobs and lists" },
    { A "    padding \"x\"\n", "line 5, column 12: expected the end of the line" },
    { "<<<<<<< HEAD\n", "line 3, column 1: expected an empty line and a type" },
};

static const char head[] = "pecs lock 1\nschema version 0, oldest reader 0\n";

Test(lock_text, is_refused_where_it_differs)
{
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        char text[512];
        pecs_error error = { .message = "" };
        snprintf(text, sizeof(text), "%s%s", head, wrong[i].text);
        cr_assert_eq(parse(text, strlen(text), &error), PECS_E_CORRUPT, "%zu: %s", i, wrong[i].text);
        cr_assert_eq(error.status, PECS_E_CORRUPT);
        cr_assert_str_eq(error.message, wrong[i].message, "%zu: %s", i, error.message);
        cr_assert_leq(error.offset, strlen(text));
        cr_assert_eq(parse(text, strlen(text), NULL), PECS_E_CORRUPT);
    }
}

Test(lock_text, has_a_head)
{
    static const struct {
        const char *text, *message;
    } heads[] = {
        { "", "line 1, column 1: expected 'pecs lock '" },
        { "PECS lock 1\n", "line 1, column 1: expected 'pecs lock '" },
        { "pecs lock 1\r\n", "line 1, column 12: a line ends with a line feed, without a carriage return" },
        { "pecs lock 1\n", "line 2, column 1: expected 'schema version '" },
        { "pecs lock 1\nschema version 1\n", "line 2, column 17: expected ', oldest reader '" },
    };
    pecs_error error = { .message = "" };
    for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
        cr_assert_eq(parse(heads[i].text, strlen(heads[i].text), &error), PECS_E_CORRUPT);
        cr_assert_str_eq(error.message, heads[i].message);
    }
    cr_assert_eq(parse("pecs lock 2\nx", 13, &error), PECS_E_UNSUPPORTED);
    cr_assert_str_eq(error.message, "the lock has form 2; this library knows form 1");
}

/* A text that is cut is one of fewer types, at the end of a type only, or none. */
Test(lock_text, is_refused_when_it_is_cut)
{
    const size_t size = strlen(all_text);
    size_t whole = 0;
    for (size_t cut = 0; cut <= size; cut++) {
        char *const copy = malloc(cut + 1);
        must(copy);
        memcpy(copy, all_text, cut);
        const pecs_status status = parse(copy, cut, NULL);
        cr_assert(status == PECS_OK || status == PECS_E_CORRUPT);
        if (!status) {
            char *const printed = print(&lock);
            cr_assert_eq(strlen(printed), cut);
            cr_assert_eq(memcmp(printed, copy, cut), 0);
            whole++;
        }
        free(copy);
    }
    cr_assert_gt(whole, ALL_COUNT);
}

static char *large;
static size_t large_size, large_capacity;

static void put(const char *text)
{
    const size_t size = strlen(text);
    if (large_size + size >= large_capacity) {
        large_capacity = 2 * (large_size + size) + 4096;
        large = realloc(large, large_capacity);
        must(large);
    }
    memcpy(large + large_size, text, size + 1);
    large_size += size;
}

static void begin_large(const char *text)
{
    large_size = 0;
    put(head);
    put(text);
}

static void indent(int depth)
{
    for (int i = 0; i < depth; i++)
        put("    ");
}

Test(lock_text, nests_as_deep_as_types)
{
    pecs_error error = { .message = "" };
    for (int depth = 8; depth <= 40; depth += depth == 8 ? 1 : 31) {
        begin_large(A);
        for (int i = 1; i <= depth; i++) {
            indent(i);
            put("struct \"x\"\n");
        }
        indent(depth + 1);
        put("u8 \"x\"\n");
        const pecs_status status = parse(large, large_size, &error);
        cr_assert_eq(status, depth == 8 ? PECS_OK : PECS_E_CORRUPT, "%d: %s", depth, error.message);
        if (status)
            cr_assert_str_eq(error.message, "line 14, column 1: structs are nested more than 8 deep");
    }
    free(large);
}

Test(lock_text, has_lines_and_types_of_a_length_that_types_may_have)
{
    pecs_error error = { .message = "" };
    begin_large("\ntype \"");
    for (int i = 0; i < 255; i++)
        put("n");
    const size_t size = large_size;
    put("\" version 1\n");
    cr_assert_eq(parse(large, large_size, &error), PECS_OK, "%s", error.message);
    large_size = size;
    for (int i = 0; i < 100000; i++)
        put("n");
    put("\" version 1\n");
    cr_assert_eq(parse(large, large_size, &error), PECS_E_CORRUPT);
    cr_assert_str_eq(error.message, "line 4, column 6: a name has 1 to 255 bytes of UTF-8 without control characters");
    begin_large(A);
    for (int i = 0; i < 4097; i++)
        put("    u8\n");
    cr_assert_eq(parse(large, large_size, &error), PECS_E_CORRUPT);
    cr_assert_str_eq(error.message, "line 5, column 1: a type has at most 4096 fields");
    begin_large(A "    enum8 \"x\"\n");
    for (int i = 0; i < 257; i++)
        put("        \"a\"\n");
    cr_assert_eq(parse(large, large_size, &error), PECS_E_CORRUPT);
    cr_assert_str_eq(error.message, "line 6, column 1: an enum of 8 bits has 1 to 256 values, a line each");
    begin_large("");
    for (int i = 0; i < 2049; i++) {
        char type[64];
        snprintf(type, sizeof(type), "\ntype \"%04d\" version 1\n", i);
        put(type);
    }
    cr_assert_eq(parse(large, large_size, &error), PECS_E_LIMIT);
    cr_assert_str_eq(error.message, "a lock has at most 2048 types");
    free(large);
}

Test(lock_text, has_at_most_16_mib)
{
    const size_t size = LOCK_MAX_BYTES + 1;
    char *const text = calloc(1, size);
    pecs_error error = { .message = "" };
    must(text);
    cr_assert_eq(parse(text, size, &error), PECS_E_LIMIT);
    cr_assert_str_eq(error.message, "the lock has 16777217 bytes, more than 16 MiB");
    free(text);
}

/* A text takes memory for the lines that it has, a few times their bytes. */
Test(lock_text, takes_memory_for_what_is_there)
{
    pecs_error error = { .message = "" };
    begin_large(A "    enum32 \"x\"\n");
    for (int i = 0; i < 100000; i++) {
        char line[32];
        snprintf(line, sizeof(line), "        \"%d\"\n", i);
        put(line);
    }
    cr_assert_eq(parse(large, large_size, &error), PECS_OK, "%s", error.message);
    cr_assert_lt(counting.peak_bytes, 4 * large_size);
    cr_assert_eq(lock.types[0].type->fields[0].enum_count, 100000);
    cr_assert_str_eq(lock.types[0].type->fields[0].enum_names[99999], "99999");
    free(large);
}

Test(lock_text, every_allocation_may_fail)
{
    uint64_t failures = 0;
    for (pecs_status status = PECS_E_MEMORY; status; failures++) {
        pecs_error error = { .message = "" };
        lock_deinit(&lock);
        lock_init(&lock, pool);
        counting.call_count = 0;
        counting.fail_at = failures + 1;
        status = lock_parse(&lock, all_text, strlen(all_text), &error);
        counting.fail_at = 0;
        cr_assert(status == PECS_OK || (status == PECS_E_MEMORY && error.status == PECS_E_MEMORY));
    }
    cr_assert_gt(failures, 10);
    cr_assert_str_eq(print(&lock), all_text);
}
