/*
 * The rules about type records, as a program sees them that does not have the type: TYPE-1, TYPE-5 and TYPE-6. Each
 * case is a few numbers of a good record replaced by others, that break one rule alone; and others that only make
 * another type.
 */
#define _GNU_SOURCE
#include "format_breaking.h"
#include "typecode.h"

TestSuite(type_records, .init = enter_folder, .fini = leave_folder);

typedef struct {
    float x, y;
} Point;
PECS_COMPONENT(Point, 1, x, y);

typedef struct {
    Point at;
    uint16_t grid[2][3];
    uint8_t mood;
    pecs_entity who;
    double number;
} Rich;
static const char *const moods[] = { "Calm", "Cold" };
PECS_COMPONENT_OF(Rich, "Rich", 1, PECS_FIELD_STRUCT(Rich, at, Point), PECS_FIELD_GRID(Rich, grid),
                  PECS_FIELD_ENUM(Rich, mood, moods), PECS_GAP_AFTER(Rich, mood, 3), PECS_FIELD(Rich, who),
                  PECS_FIELD(Rich, number));

PECS_TAG(Tag, 1);

/* Where the numbers of Rich's record are. */
enum {
    VERSION = 24,
    SIZE = 28,
    ALIGN = 32,
    FIELD_COUNT = 36,
    AT = 48,    /* "at": struct, 0 to 7 */
    AT_X = 84,  /* f32 */
    AT_Y = 120, /* f32 */
    GRID = 156, /* u16[2][3], 8 to 19 */
    MOOD = 192, /* enum of one byte, 20 */
    MOOD_NAMES = 228,
    GAP = 244,    /* 21 to 23 */
    WHO = 276,    /* entity, 24 to 31 */
    NUMBER = 312, /* f64, 32 to 39 */
    /* of a field */
    KIND = 0,
    OFFSET = 4,
    BYTES = 8,
    COUNT = 12,
    COLUMNS = 16,
    CHILDREN = 20,
    CHILD_ALIGN = 24,
    NAME = 32,
};

#define TEXT(a, b, c, d) ((uint32_t)(a) | (uint32_t)(b) << 8 | (uint32_t)(c) << 16 | (uint32_t)(d) << 24)

struct patch {
    uint32_t at, number; /* at 0, the record's size, ends the list */
};

struct patched {
    const char *what;
    struct patch patches[12];
};

static const struct patched not_types[] = {
    { "version 0", { { VERSION, 0 } } },
    { "no alignment", { { ALIGN, 0 } } },
    { "an alignment that is no power of two",
      { { ALIGN, 24 }, { SIZE, 48 }, { NUMBER + BYTES, 16 }, { NUMBER + COUNT, 2 } } },
    { "an alignment above 64", { { ALIGN, 128 }, { SIZE, 128 }, { NUMBER + BYTES, 96 }, { NUMBER + COUNT, 12 } } },
    { "an alignment below that of a field", { { ALIGN, 4 } } },
    { "a size that is no multiple of the alignment", { { ALIGN, 16 } } },
    { "a size of 16 MiB and more",
      { { SIZE, 16777224 }, { NUMBER + BYTES, 16777224 - 32 }, { NUMBER + COUNT, (16777224 - 32) / 8 } } },
    { "bytes without a field at the end", { { SIZE, 48 } } },
    { "a field beyond the end", { { SIZE, 32 } } },
    { "a tag with fields", { { SIZE, 0 }, { ALIGN, 1 } } },
    { "a field less than are there", { { FIELD_COUNT, 5 } } },
    { "a field more than are there", { { FIELD_COUNT, 7 } } },
    { "no elements", { { NUMBER + COUNT, 0 } } },
    { "no elements of a struct", { { AT + COUNT, 0 } } },
    { "no elements of an enum", { { MOOD + COUNT, 0 } } },
    { "more elements than bytes", { { GRID + COUNT, 12 } } },
    { "fewer elements than bytes", { { GRID + COUNT, 3 } } },
    { "more bytes than elements", { { NUMBER + BYTES, 16 }, { SIZE, 48 } } },
    { "as many elements as have the bytes, modulo 2^32", { { NUMBER + COUNT, 0x20000001 } } },
    { "a row that is not whole", { { GRID + COLUMNS, 4 } } },
    { "a row of more than all", { { GRID + COLUMNS, 12 } } },
    { "a gap before the first field", { { AT + OFFSET, 8 } } },
    { "a gap", { { GRID + OFFSET, 10 }, { GRID + BYTES, 10 }, { GRID + COUNT, 5 }, { GRID + COLUMNS, 0 } } },
    { "an overlap", { { GRID + OFFSET, 6 }, { GRID + BYTES, 14 }, { GRID + COUNT, 7 }, { GRID + COLUMNS, 0 } } },
    { "a field that ends beyond 2^32", { { NUMBER + OFFSET, 0xfffffffc } } },
    { "a field that is misaligned", /* the enum of two bytes, at 21 */
      { { GRID + KIND, PECS_U8 },
        { GRID + BYTES, 13 },
        { GRID + COUNT, 13 },
        { GRID + COLUMNS, 0 },
        { MOOD + OFFSET, 21 },
        { MOOD + BYTES, 2 },
        { GAP + OFFSET, 23 },
        { GAP + BYTES, 1 },
        { GAP + COUNT, 1 } } },
    { "a type's size that is of another kind", { { NUMBER + KIND, PECS_F32 } } },
    { "text of two bytes each", { { GRID + KIND, PECS_TEXT } } },
    { "two fields of one name", { { GRID + NAME, TEXT('m', 'o', 'o', 'd') } } },
    { "two nested fields of one name", { { AT_X + NAME, 'y' } } },
    { "two values of one name", { { MOOD_NAMES + 12, TEXT('C', 'a', 'l', 'm') } } },
    { "an enum of three bytes", { { MOOD + BYTES, 3 }, { GAP + OFFSET, 23 }, { GAP + BYTES, 1 }, { GAP + COUNT, 1 } } },
    { "an enum of no bytes", { { MOOD + BYTES, 0 }, { GAP + OFFSET, 20 }, { GAP + BYTES, 4 }, { GAP + COUNT, 4 } } },
    { "enums of a byte and a half", /* 20 to 22 */
      { { MOOD + BYTES, 3 }, { MOOD + COUNT, 2 }, { GAP + OFFSET, 23 }, { GAP + BYTES, 1 }, { GAP + COUNT, 1 } } },
    { "an enum without names", { { MOOD + CHILDREN, 0 } } },
    { "enums of four bytes without names", { { WHO + KIND, PECS_ENUM }, { WHO + COUNT, 2 } } },
    { "an enum with more names than are there", { { MOOD + CHILDREN, 0x10000000 } } },
    { "a struct without an alignment", { { AT + CHILD_ALIGN, 0 } } },
    { "a struct aligned to 3", { { AT + CHILD_ALIGN, 3 } } },
    { "a struct aligned below its fields", { { AT + CHILD_ALIGN, 2 } } },
    { "a struct whose size is no multiple of its alignment",
      { { AT + CHILD_ALIGN, 16 }, { ALIGN, 64 }, { SIZE, 64 }, { NUMBER + BYTES, 32 }, { NUMBER + COUNT, 4 } } },
    { "structs that do not fill their array", { { AT + COUNT, 2 } } },
    { "a struct whose fields do not begin at 0", { { AT_X + OFFSET, 4 } } },
    { "a struct whose fields overlap", { { AT_Y + OFFSET, 0 } } },
    { "a struct whose fields end beyond it", { { AT_Y + OFFSET, 8 } } },
    { "a struct whose fields have a gap at the end", { { AT_Y + KIND, PECS_U16 }, { AT_Y + BYTES, 2 } } },
    { "a struct of one field less", { { AT + CHILDREN, 1 }, { FIELD_COUNT, 7 } } },
    { "a nested tag",
      { { WHO + KIND, PECS_STRUCT },
        { WHO + BYTES, 0 },
        { WHO + CHILD_ALIGN, 1 },
        { NUMBER + OFFSET, 24 },
        { NUMBER + BYTES, 16 },
        { NUMBER + COUNT, 2 } } },
    { "a nested struct of no fields", { { WHO + KIND, PECS_STRUCT }, { WHO + CHILD_ALIGN, 1 } } },
    { "an alignment of a scalar", { { NUMBER + CHILD_ALIGN, 8 } } },
    { "an alignment of an entity", { { WHO + CHILD_ALIGN, 4 } } },
    { "an alignment of an enum", { { MOOD + CHILD_ALIGN, 1 } } },
    { "an alignment of padding", { { GAP + CHILD_ALIGN, 1 } } },
    { "children of an entity", { { WHO + CHILDREN, 1 } } },
    { "children of padding", { { GAP + CHILDREN, 1 } } },
    { "bytes after the last field", { { NUMBER + NAME - 4, 4 } } },
    { "a name that is too long before a kind that is not known", { { AT + NAME - 4, 256 }, { NUMBER + KIND, 99 } } },
};

/* Whatever follows in the record. */
static const struct patched of_no_kind[] = {
    { "no kind", { { NUMBER + KIND, 0 } } },
    { "a kind that is not there yet", { { NUMBER + KIND, PECS_LIST + 1 } } },
    { "a kind far from all", { { NUMBER + KIND, UINT32_MAX } } },
    { "in a struct", { { AT_Y + KIND, 99 } } },
    { "with a name that is too long", { { GAP + KIND, 99 }, { GAP + NAME - 4, 256 } } },
};

static const struct patched of_the_heap[] = {
    { "a string", { { WHO + KIND, PECS_STRING } } },
    { "a blob", { { NUMBER + KIND, PECS_BLOB } } },
    { "a string in a struct", { { AT_X + KIND, PECS_STRING } } }, /* of whatever size */
    { "a string behind a gap", { { GAP + OFFSET, 22 }, { WHO + KIND, PECS_STRING } } },
    { "a string before a gap", { { WHO + KIND, PECS_STRING }, { NUMBER + OFFSET, 33 } } },
    { "a string, and an alignment of a scalar", { { WHO + KIND, PECS_STRING }, { NUMBER + CHILD_ALIGN, 8 } } },
};

static const struct patched other_types[] = {
    { "as it is", { { VERSION, 1 } } },
    { "another version", { { VERSION, UINT32_MAX } } },
    { "another name", { { 44, TEXT('r', 'i', 'c', 'h') } } },
    { "a name that only begins as one of the format", { { 44, TEXT('p', 'e', 'c', 's') } } },
    { "the largest type", { { SIZE, 16777216 }, { NUMBER + BYTES, 16777216 - 32 }, { NUMBER + COUNT, 2097148 } } },
    { "the largest alignment", { { ALIGN, 64 }, { SIZE, 64 }, { NUMBER + BYTES, 32 }, { NUMBER + COUNT, 4 } } },
    { "a struct that is aligned to more than its fields", { { AT + CHILD_ALIGN, 8 } } },
    { "another kind of the same size", { { NUMBER + KIND, PECS_U64 } } },
    { "handles that are numbers", { { WHO + KIND, PECS_I32 }, { WHO + COUNT, 2 } } },
    { "a grid of another shape", { { GRID + COLUMNS, 2 } } },
    { "a grid that is a list", { { GRID + COLUMNS, 0 } } },
    { "an enum of four bytes",
      { { MOOD + BYTES, 4 },
        { GAP + KIND, PECS_PADDING },
        { GAP + OFFSET, 24 },
        { GAP + BYTES, 8 },
        { GAP + COUNT, 8 },
        { WHO + OFFSET, 32 },
        { NUMBER + OFFSET, 40 },
        { SIZE, 48 } } },
    { "fields of a struct that are named as others",
      { { AT_X + NAME - 4, 2 }, { AT_X + NAME, TEXT('a', 't', 0, 0) } } },
};

static void save_one(const pecs_type *type, const void *value)
{
    pecs_registry *registry;
    pecs_world *world;
    const pecs_registry_desc desc = { .types = &type, .type_count = 1 };
    cr_assert_eq(pecs_registry_create(&desc, &registry, NULL), PECS_OK);
    cr_assert_eq(pecs_world_create(registry, NULL, NULL, &world, NULL), PECS_OK);
    const pecs_value component = { 0, type->size, value };
    /* a row, and none left: a type without values can have any size */
    pecs_entity entity;
    cr_assert_eq(pecs_world_spawn(world, &component, 1, 1, &entity), PECS_OK);
    cr_assert_eq(pecs_world_despawn(world, &entity, 1), PECS_OK);
    cr_assert_eq(pecs_world_save(world, "world.pecs", &(pecs_save_options){ .skip_sync = true }, NULL), PECS_OK);
    pecs_world_destroy(world);
    pecs_registry_release(registry);
}

/* The file of a program that has the type, for one that has none. */
static struct breakage begin_breaking(const pecs_type *type, const void *value)
{
    save_one(type, value);
    pecs_registry *registry;
    cr_assert_eq(pecs_registry_create(&(pecs_registry_desc){ .types = NULL }, &registry, NULL), PECS_OK);
    return breakage_of(registry);
}

static struct breakage begin_with_rich(void)
{
    static const Rich rich = { .who = { 0, 0 } };
    return begin_breaking(&Rich_type, &rich);
}

/* In commit and prologue alike, so that what is a type is accepted. */
static void apply(struct file_image *file, const struct patch *patches)
{
    for (const struct patch *patch = patches; patch->at; patch++) {
        put32(file, file->types[0] + patch->at, patch->number);
        put32(file, file->prologue_types + patch->at, patch->number);
    }
}

Test(type_records, the_record_is_as_the_patches_expect)
{
    struct breakage b = begin_with_rich();
    const uint64_t type = b.file.types[0];
    static const struct patch expected[] = {
        { 0, 352 },
        { SIZE, 40 },
        { ALIGN, 8 },
        { FIELD_COUNT, 6 },
        { AT, PECS_STRUCT },
        { AT_X, PECS_F32 },
        { AT_Y, PECS_F32 },
        { GRID, PECS_U16 },
        { MOOD, PECS_ENUM },
        { GAP, PECS_PADDING },
        { WHO, PECS_ENTITY },
        { NUMBER, PECS_F64 },
        { GRID + NAME, TEXT('g', 'r', 'i', 'd') },
        { MOOD_NAMES + 12, TEXT('C', 'o', 'l', 'd') },
        { NUMBER + NAME, TEXT('n', 'u', 'm', 'b') },
    };
    for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++)
        cr_assert_eq(get32(&b.file, type + expected[i].at), expected[i].number, "at %u", expected[i].at);
    end_breaking(&b);
}

static void expect_all_of(struct breakage b, const struct patched *list, size_t count, pecs_status status,
                          const char *rule)
{
    for (size_t i = 0; i < count; i++) {
        pecs_info *info;
        pecs_error error;
        apply(&b.file, list[i].patches);
        repair(&b.file);
        write_image(&b.file, "broken.pecs");
        cr_assert_eq(pecs_file_info("broken.pecs", NULL, NULL, &info, &error), status, "%s", list[i].what);
        cr_assert_str_eq(error.rule, rule, "%s: %s", list[i].what, error.message);
        cr_assert_eq(error.offset, b.file.types[0]);
        expect(&b, status, rule, b.file.types[0]);
    }
    end_breaking(&b);
}

static void expect_all(const struct patched *list, size_t count, pecs_status status, const char *rule)
{
    expect_all_of(begin_with_rich(), list, count, status, rule);
}

typedef struct {
    pecs_list items;
    pecs_string name;
} Hold;
PECS_COMPONENT_OF(Hold, "Hold", 1, PECS_FIELD_LIST_STRUCT(Hold, items, Point), PECS_FIELD(Hold, name));

/* Where the numbers of Hold's record are: its list, and what describes an element of it. */
enum { ITEMS = 48, ELEMENT = 88, ELEMENT_X = 128, ELEMENT_Y = 164, HOLD_NAME = 200 };

static const struct patched not_lists[] = {
    { "no element", { { ITEMS + CHILDREN, 0 } } },
    { "two elements", { { ITEMS + CHILDREN, 2 } } },
    { "a list of another size", { { ITEMS + BYTES, 16 }, { SIZE, 24 }, { HOLD_NAME + OFFSET, 16 } } },
    { "an alignment of a list", { { ITEMS + CHILD_ALIGN, 8 } } },
    { "an element that is named otherwise", { { ELEMENT + NAME, TEXT('E', 'l', 'e', 'm') } } },
    { "an element behind the first byte", { { ELEMENT + OFFSET, 8 } } },
    { "two elements in one", { { ELEMENT + COUNT, 2 } } },
    { "an element of two dimensions", { { ELEMENT + COLUMNS, 1 } } },
    { "an element of another size", { { ELEMENT + BYTES, 16 } } },
    { "an element that is aligned to 16", { { ELEMENT + BYTES, 16 }, { ELEMENT + CHILD_ALIGN, 16 } } },
    { "an element without an alignment", { { ELEMENT + CHILD_ALIGN, 0 } } },
    { "children of a number", { { ELEMENT + KIND, PECS_U64 } } },
    { "lists of a list", { { ELEMENT + KIND, PECS_LIST }, { ELEMENT + CHILDREN, 1 }, { ELEMENT + CHILD_ALIGN, 0 } } },
    { "elements with strings",
      { { ELEMENT_X + KIND, PECS_STRING },
        { ELEMENT_X + BYTES, 8 },
        { ELEMENT_Y + OFFSET, 8 },
        { ELEMENT + BYTES, 12 } } },
    { "elements with strings that fit",
      { { ELEMENT_X + KIND, PECS_STRING },
        { ELEMENT_X + BYTES, 8 },
        { ELEMENT_Y + OFFSET, 8 },
        { ELEMENT_Y + BYTES, 8 },
        { ELEMENT_Y + KIND, PECS_BLOB },
        { ELEMENT + CHILD_ALIGN, 8 },
        { ELEMENT + BYTES, 16 } } },
    { "elements that overlap in themselves", { { ELEMENT_Y + OFFSET, 0 } } },
    { "a string that is not aligned", { { HOLD_NAME + OFFSET, 12 } } },
};

Test(type_records, TYPE_1_lists)
{
    static const Hold hold;
    expect_all_of(begin_breaking(&Hold_type, &hold), not_lists, sizeof(not_lists) / sizeof(not_lists[0]),
                  PECS_E_CORRUPT, "TYPE-1");
}

/* As far from the program's type as those. */
Test(type_records, lists_of_other_types)
{
    static const Hold hold;
    static const struct patched other_lists[] = {
        { "two lists", { { ITEMS + BYTES, 16 }, { ITEMS + COUNT, 2 }, { HOLD_NAME + OFFSET, 16 }, { SIZE, 24 } } },
        { "elements aligned to 8", { { ELEMENT + CHILD_ALIGN, 8 } } },
        { "of other numbers", { { ELEMENT_X + KIND, PECS_U32 } } },
        { "a blob", { { HOLD_NAME + KIND, PECS_BLOB } } },
    };
    struct breakage b = begin_breaking(&Hold_type, &hold);
    for (size_t i = 0; i < sizeof(other_lists) / sizeof(other_lists[0]); i++) {
        apply(&b.file, other_lists[i].patches);
        expect_accepted(&b);
    }
    end_breaking(&b);
}

Test(type_records, TYPE_1_numbers_that_describe_no_type)
{
    expect_all(not_types, sizeof(not_types) / sizeof(not_types[0]), PECS_E_CORRUPT, "TYPE-1");
}

Test(type_records, TYPE_7_kinds_that_are_not_known)
{
    expect_all(of_no_kind, sizeof(of_no_kind) / sizeof(of_no_kind[0]), PECS_E_UNSUPPORTED, "TYPE-7");
}

/* Whatever else is wrong with the type's numbers. */
Test(type_records, TYPE_5_types_of_the_heap)
{
    expect_all(of_the_heap, sizeof(of_the_heap) / sizeof(of_the_heap[0]), PECS_E_UNSUPPORTED, "TYPE-5");
}

/* "Rich" as "pecs.": five bytes instead of four, in a record whose last field has four bytes less for its name. */
Test(type_records, TYPE_6_names_of_the_format)
{
    struct breakage b = begin_with_rich();
    const uint64_t type = b.file.types[0], name = type + sizeof(struct type_record) + sizeof(le32);
    const uint64_t end = type + get32(&b.file, type);
    memmove(b.file.bytes + name + 8, b.file.bytes + name + 4, (size_t)(end - name - 8));
    put32(&b.file, name - 4, 5);
    memcpy(b.file.bytes + name, "pecs.\0\0", 8);
    put32(&b.file, end - 8, 4); /* "numb" */
    repair(&b.file);
    expect(&b, PECS_E_UNSUPPORTED, "TYPE-6", type);
    end_breaking(&b);
}

/* What is refused above is refused for its own sake: these are as far from the program's type. */
Test(type_records, numbers_that_describe_another_type)
{
    struct breakage b = begin_with_rich();
    for (size_t i = 0; i < sizeof(other_types) / sizeof(other_types[0]); i++) {
        apply(&b.file, other_types[i].patches);
        expect_accepted(&b);
    }
    end_breaking(&b);
}

/* The last name as "numb": four bytes less, so that the record has four zeros at its end. */
static void shorten(struct file_image *file, uint64_t type)
{
    put32(file, type + NUMBER + NAME - 4, 4);
    put32(file, type + NUMBER + NAME + 4, 0);
}

Test(type_records, TYPE_1_padding_with_a_name)
{
    struct breakage b = begin_with_rich();
    const uint64_t type = b.file.types[0];
    shorten(&b.file, type);
    shorten(&b.file, b.file.prologue_types);
    expect_accepted(&b);
    shorten(&b.file, type);
    memmove(b.file.bytes + type + WHO + 4, b.file.bytes + type + WHO, NUMBER + NAME + 4 - WHO);
    put32(&b.file, type + GAP + NAME - 4, 1);
    put32(&b.file, type + GAP + NAME, 'p');
    expect_repaired(&b, "TYPE-1", type);
    end_breaking(&b);
}

Test(type_records, TYPE_1_tags)
{
    struct breakage b = begin_breaking(&Tag_type, NULL);
    const uint64_t type = b.file.types[0];
    expect_accepted(&b);
    put32(&b.file, type + ALIGN, 2);
    expect_repaired(&b, "TYPE-1", type);
    put32(&b.file, type + SIZE, 8); /* without fields */
    expect_repaired(&b, "TYPE-1", type);
    put32(&b.file, type + VERSION, 0);
    expect_repaired(&b, "TYPE-1", type);
    end_breaking(&b);
}

/* 257 names are too many for an enum of one byte. */
Test(type_records, TYPE_1_enums_of_many_names)
{
    static char texts[257][8];
    static const char *names[257];
    for (int i = 0; i < 257; i++) {
        snprintf(texts[i], sizeof(texts[i]), "n%d", i);
        names[i] = texts[i];
    }
    const pecs_field fields[] = { { "many", PECS_ENUM, 0, 2, 1, 0, NULL, names, 257, 0, 0 },
                                  { "rest", PECS_U8, 2, 2, 2, 0, NULL, NULL, 0, 0, 0 } };
    const pecs_type type = { "Many", { { 0 } }, 1, 4, 2, 2, fields, 0 };
    struct breakage b = begin_breaking(&type, "\0\0\0\0");
    /* "n0" to "n256" take 8 bytes each */
    const uint64_t at = b.file.types[0], last = at + AT + 28 + 8 + 257 * 8;
    cr_assert_eq(get32(&b.file, at + AT), PECS_ENUM);
    cr_assert_eq(get32(&b.file, last), PECS_U8);
    expect_accepted(&b);
    put32(&b.file, at + AT + BYTES, 1);
    put32(&b.file, last + OFFSET, 1);
    put32(&b.file, last + BYTES, 3);
    put32(&b.file, last + COUNT, 3);
    expect_repaired(&b, "TYPE-1", at);
    end_breaking(&b);
}

/* A program cannot register structs that nest nine deep; their record is malformed. */
Test(type_records, structs_nest_up_to_the_limit)
{
    pecs_type types[10];
    pecs_field fields[10];
    static const pecs_allocator system_memory = { NULL, NULL, NULL };
    for (int depth = 0; depth < 10; depth++) {
        fields[depth] = depth ? (pecs_field){ "inner", PECS_STRUCT, 0, 1, 1, 0, &types[depth - 1], NULL, 0, 0, 0 }
                              : (pecs_field){ "byte", PECS_U8, 0, 1, 1, 0, NULL, NULL, 0, 0, 0 };
        types[depth] = (pecs_type){ "Nest", { { 1 } }, 1, 1, 1, 1, &fields[depth], 0 };
        struct pool *pool = pool_create(&system_memory);
        struct buffer builder = { .pool = pool };
        const struct component component = { .type = &types[depth], .size = 1, .align = 1 };
        typecode_write(&builder, &component, 0);
        cr_assert_not(builder.failed);
        cr_assert_eq(typecode_check_form(builder.bytes, builder.size_bytes), depth <= 8 ? PECS_OK : PECS_E_CORRUPT,
                     "%d deep", depth);
        buffer_deinit(&builder);
        pool_destroy(pool);
    }
}

/* A list is a level as a struct is: what a program can register, a file can hold. */
Test(type_records, lists_nest_up_to_the_limit)
{
    pecs_type types[9];
    pecs_field fields[9];
    for (int depth = 0; depth < 9; depth++) {
        pecs_registry *registry;
        const pecs_type *type = &types[depth];
        fields[depth] = depth ? (pecs_field){ .name = "inner", .kind = PECS_STRUCT, .size = 8, .count = 1 }
                              : (pecs_field){ .name = "list", .kind = PECS_LIST, .size = 8, .count = 1 };
        fields[depth].nested = depth ? &types[depth - 1] : NULL;
        fields[depth].element = depth ? (pecs_kind)0 : PECS_U8;
        fields[depth].element_size = depth ? 0 : 1;
        types[depth] = (pecs_type){ "Nest", { { 0 } }, 1, 8, 8, 1, &fields[depth], 0 };
        const pecs_registry_desc desc = { .types = &type, .type_count = 1 };
        const pecs_status status = pecs_registry_create(&desc, &registry, NULL);
        cr_assert_eq(status, depth < 8 ? PECS_OK : PECS_E_LIMIT, "%d structs around a list", depth);
        if (status)
            continue;
        pecs_registry_release(registry);
        const uint8_t zeros[8] = { 0 };
        struct breakage b = begin_breaking(type, zeros);
        expect_accepted(&b);
        end_breaking(&b);
    }
}

/* A few bytes of a file describe padding in any number of places: they are walked, and not listed. */
Test(type_records, padding_in_any_number_of_places)
{
    enum { PLACES = 10000 };
    const pecs_field pair_fields[] = { { "a", PECS_U8, 0, 1, 1, 0, NULL, NULL, 0, 0, 0 },
                                       { NULL, PECS_PADDING, 1, 1, 1, 0, NULL, NULL, 0, 0, 0 } };
    const pecs_type pair = { "Pair", { { 0 } }, 1, 2, 1, 2, pair_fields, 0 };
    const pecs_field field = { "pairs", PECS_STRUCT, 0, 2 * PLACES, PLACES, 0, &pair, NULL, 0, 0, 0 };
    const pecs_type type = { "Pairs", { { 0 } }, 1, 2 * PLACES, 1, 1, &field, 0 };
    static const uint8_t value[2 * PLACES];
    struct breakage b = begin_breaking(&type, value);
    cr_assert_eq(b.file.size, 8256);
    expect_accepted(&b);
    end_breaking(&b);
}
