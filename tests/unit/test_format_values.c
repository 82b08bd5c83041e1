/*
 * The rules about values: each kind broken alone in a file whose checksums are right; resume, which trusts, does not
 * look. And that the first wrong place of a file is reported, whatever the order of the program's types and the number
 * of threads.
 *
 * The sample: table 0 {Sheet} of ROW_COUNT rows, entities 0:1 and so on, but 2:2 in place of 2:1. Runs: 0 handles,
 * 1 sheets, 2 index.
 */
#define _GNU_SOURCE
#include "format_breaking.h"

static const char *const moods[] = { "Calm", "Angry", "Afraid" };

typedef struct {
    pecs_entity owner;
    pecs_entity friends[2];
    char name[11];
    bool flags[2];
    uint8_t mood;
    uint16_t was[2];
    char lines[2][5];
    uint8_t all; /* every number is one: 256 names */
    uint8_t spare[3];
} Sheet;
static const char *many[256];
PECS_COMPONENT_OF(Sheet, "Sheet", 1, PECS_FIELD(Sheet, owner), PECS_FIELD(Sheet, friends), PECS_FIELD(Sheet, name),
                  PECS_FIELD(Sheet, flags), PECS_FIELD_ENUM(Sheet, mood, moods),
                  PECS_FIELD_ENUM_ARRAY(Sheet, was, moods), PECS_FIELD_GRID(Sheet, lines),
                  PECS_FIELD_ENUM(Sheet, all, many), PECS_FIELD(Sheet, spare));

enum { ROW_COUNT = 5, SHEETS = 1 };
#define AT(field) offsetof(Sheet, field)

TestSuite(values, .init = enter_folder, .fini = leave_folder);

static pecs_registry *make_registry(void)
{
    static char names[256][8];
    static const pecs_type *const types[] = { &Sheet_type };
    for (int i = 0; i < 256; i++) {
        snprintf(names[i], sizeof(names[i]), "v%d", i);
        many[i] = names[i];
    }
    pecs_registry *registry;
    pecs_error error;
    const pecs_registry_desc desc = { .types = types, .type_count = 1 };
    cr_assert_eq(pecs_registry_create(&desc, &registry, &error), PECS_OK, "%s", error.message);
    return registry;
}

static struct breakage begin_breaking(void)
{
    pecs_registry *registry = make_registry();
    pecs_world *world;
    Sheet sheets[ROW_COUNT];
    memset(sheets, 0, sizeof(sheets));
    for (int i = 0; i < ROW_COUNT; i++)
        memcpy(sheets[i].name, "Zo\xc3\xab", 4);
    sheets[0].all = 255;
    cr_assert_eq(pecs_world_create(registry, NULL, NULL, &world, NULL), PECS_OK);
    cr_assert_eq(pecs_world_spawn(world, (pecs_value[]){ PECS_ROWS_AS(0, sheets) }, 1, ROW_COUNT, NULL), PECS_OK);
    cr_assert_eq(pecs_world_despawn(world, &(pecs_entity){ 2, 1 }, 1), PECS_OK);
    cr_assert_eq(pecs_world_spawn(world, (pecs_value[]){ PECS_ROWS_AS(0, sheets) }, 1, 1, NULL), PECS_OK);
    cr_assert_eq(pecs_world_save(world, "world.pecs", &(pecs_save_options){ .skip_sync = true }, NULL), PECS_OK);
    pecs_world_destroy(world);
    return breakage_of(registry);
}

/* Where a byte of a row's sheet is in the file. */
static uint64_t place(const struct breakage *b, uint64_t row, uint64_t offset)
{
    return run_offset(&b->file, SHEETS) + row * sizeof(Sheet) + offset;
}

static void put(struct breakage *b, uint64_t row, uint64_t offset, const char *bytes, size_t size)
{
    memcpy(b->file.bytes + place(b, row, offset), bytes, size);
}

static void expect_wrong(struct breakage *b, const char *rule, uint64_t row, uint64_t offset)
{
    const uint64_t at = place(b, row, offset);
    repair(&b->file);
    expect_of_load(b, rule, at);
}

static void put_entity(struct breakage *b, uint64_t row, uint64_t offset, uint32_t index, uint32_t generation)
{
    put32(&b->file, place(b, row, offset), index);
    put32(&b->file, place(b, row, offset + 4), generation);
}

Test(values, VALUE_1_bools)
{
    struct breakage b = begin_breaking();
    put(&b, 0, AT(flags), "\x01\x01", 2);
    expect_accepted(&b);
    put(&b, 3, AT(flags) + 1, "\x02", 1);
    expect_wrong(&b, "VALUE-1", 3, AT(flags) + 1);
    put(&b, 0, AT(flags), "\xff", 1);
    expect_wrong(&b, "VALUE-1", 0, AT(flags));
    end_breaking(&b);
}

Test(values, VALUE_2_enums)
{
    struct breakage b = begin_breaking();
    put(&b, 0, AT(mood), "\x02", 1);
    put(&b, 0, AT(was), "\x02\x00\x02\x00", 4);
    expect_accepted(&b);
    put(&b, 1, AT(mood), "\x03", 1);
    expect_wrong(&b, "VALUE-2", 1, AT(mood));
    put(&b, 1, AT(was) + 2, "\x00\x01", 2); /* 256: the high byte counts */
    expect_wrong(&b, "VALUE-2", 1, AT(was) + 2);
    end_breaking(&b);
}

Test(values, VALUE_3_texts)
{
    static const char *const right[] = {
        "\0\0\0\0\0\0\0\0\0\0\0",  "abcdefghijk", "abcdefgh\0\0\0", "a\xe2\x82\xac\0\0\0\0\0\0\0",
        "abcdefg\xf0\x9f\x98\x80",
    };
    static const char *const wrong[] = {
        "a\0b\0\0\0\0\0\0\0\0",
        "\0\0\0\0\0\0\0\0\0\0x",
        "abcdefgh\0x\0",
        "abcdefghij\xc3",
        "\x80\0\0\0\0\0\0\0\0\0\0",
        "a\xed\xa0\x80\0\0\0\0\0\0\0",
        "\xc0\x80\0\0\0\0\0\0\0\0\0",
        "abc\xff\0\0\0\0\0\0\0",
    };
    struct breakage b = begin_breaking();
    for (size_t i = 0; i < sizeof(right) / sizeof(right[0]); i++) {
        put(&b, 1, AT(name), right[i], 11);
        expect_accepted(&b);
    }
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        put(&b, 4, AT(name), wrong[i], 11);
        expect_wrong(&b, "VALUE-3", 4, AT(name));
    }
    put(&b, 2, AT(lines), "ab\0\0\0cd\0\0\0", 10); /* each row of a grid is a text */
    expect_accepted(&b);
    put(&b, 2, AT(lines), "ab\0\0\0c\0d\0\0", 10);
    expect_wrong(&b, "VALUE-3", 2, AT(lines) + 5);
    end_breaking(&b);
}

Test(values, VALUE_4_entities)
{
    static const uint32_t right[][2] = { { 0, 0 }, { 4, 1 }, { 2, 1 }, { 2, 2 }, { 0, 1 } };
    static const uint32_t wrong[][2] = { { 5, 1 }, { 5, 0 }, { 0, 2 }, { 2, 3 }, { UINT32_MAX, 1 }, { 1, UINT32_MAX } };
    struct breakage b = begin_breaking();
    for (size_t i = 0; i < sizeof(right) / sizeof(right[0]); i++) {
        put_entity(&b, 1, AT(owner), right[i][0], right[i][1]);
        expect_accepted(&b);
    }
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        put_entity(&b, 1, AT(friends) + 8, wrong[i][0], wrong[i][1]);
        expect_wrong(&b, "VALUE-4", 1, AT(friends) + 8);
    }
    end_breaking(&b);
}

/* Of several, that which comes first in the file, of whatever kind. */
Test(values, VALUE_3_the_first_wrong_place_is_reported)
{
    struct breakage b = begin_breaking();
    put_entity(&b, 3, AT(owner), 77, 1);
    put(&b, 2, AT(mood), "\x09", 1);
    put(&b, 2, AT(name), "\x80", 1);
    put(&b, 4, AT(flags), "\x09", 1);
    expect_wrong(&b, "VALUE-3", 2, AT(name));
    end_breaking(&b);
}

/* Values are looked at in blocks, span by span in each: the first of the file is reported, in whichever block it is. */
Test(values, VALUE_1_in_many_rows)
{
    enum { MANY_ROWS = 20000 };
    static Sheet sheets[MANY_ROWS];
    pecs_registry *registry = make_registry();
    pecs_world *world;
    cr_assert_eq(pecs_world_create(registry, NULL, NULL, &world, NULL), PECS_OK);
    cr_assert_eq(pecs_world_spawn(world, (pecs_value[]){ PECS_ROWS_AS(0, sheets) }, 1, MANY_ROWS, NULL), PECS_OK);
    cr_assert_eq(pecs_world_save(world, "world.pecs", &(pecs_save_options){ .skip_sync = true }, NULL), PECS_OK);
    pecs_world_destroy(world);
    struct breakage b = breakage_of(registry);
    expect_accepted(&b);
    put(&b, 19999, AT(flags), "\x02", 1);
    expect_wrong(&b, "VALUE-1", 19999, AT(flags));
    put(&b, 12345, AT(flags) + 1, "\x02", 1);
    expect_wrong(&b, "VALUE-1", 12345, AT(flags) + 1);
    put(&b, 12345, AT(flags), "\x02", 1);
    expect_wrong(&b, "VALUE-1", 12345, AT(flags));
    put(&b, 2340, AT(flags), "\x02", 1);
    expect_wrong(&b, "VALUE-1", 2340, AT(flags));
    put(&b, 0, AT(flags), "\x02", 1);
    expect_wrong(&b, "VALUE-1", 0, AT(flags));
    end_breaking(&b);
}

/* Programs that know the type and that do not, with any number of threads, in a table of several blocks. */
Test(values, VALUE_2_all_say_the_same)
{
    enum { MANY = 300000 };
    pecs_registry *registry = make_registry(), *empty;
    pecs_world *world;
    cr_assert_eq(pecs_registry_create(&(pecs_registry_desc){ .type_count = 0 }, &empty, NULL), PECS_OK);
    cr_assert_eq(pecs_world_create(registry, NULL, NULL, &world, NULL), PECS_OK);
    const pecs_value value = { 0, sizeof(Sheet), NULL };
    cr_assert_eq(pecs_world_spawn(world, &value, 1, MANY, NULL), PECS_OK);
    cr_assert_eq(pecs_world_save(world, "world.pecs", &(pecs_save_options){ .skip_sync = true }, NULL), PECS_OK);
    const uint64_t hash = pecs_view_hash(pecs_world_view(world));
    struct breakage b = breakage_of(registry);
    for (uint32_t threads = 0; threads < 5; threads++) {
        pecs_snapshot *snapshot;
        cr_assert_eq(pecs_snapshot_load(registry, "world.pecs", &(pecs_load_options){ .thread_count = threads },
                                        &snapshot, NULL),
                     PECS_OK);
        cr_assert_eq(pecs_view_hash(pecs_snapshot_view(snapshot)), hash);
        pecs_snapshot_release(snapshot);
    }
    for (uint64_t row = 250000; row < MANY; row += 10000)
        put(&b, row, AT(mood), "\x09", 1);
    const uint64_t at = place(&b, 250000, AT(mood));
    repair(&b.file);
    write_image(&b.file, "broken.pecs");
    for (uint32_t threads = 0; threads < 70; threads += 1 + threads / 2) {
        const pecs_load_options options = { .thread_count = threads };
        pecs_snapshot *snapshot;
        pecs_error error;
        cr_assert_eq(pecs_snapshot_load(threads % 2 ? registry : empty, "broken.pecs", &options, &snapshot, &error),
                     PECS_E_CORRUPT);
        cr_assert_str_eq(error.rule, "VALUE-2");
        cr_assert_eq(error.offset, at);
    }
    pecs_world_destroy(world);
    pecs_registry_release(empty);
    end_breaking(&b);
}

/* A map of tiles: more places than are listed, in a value that a program and a tool read alike. */
enum { TILES = 256 * 256, TILE_BYTES = 2 };

/* A file of two maps of tiles {bool, enum}, for a program that has the type and for one that has not. */
static void begin_with_maps(struct breakage *ret_program, struct breakage *ret_tool)
{
    static const char *const grounds[] = { "Grass", "Water", "Rock" };
    static const pecs_field tile_fields[] = { { "walkable", PECS_BOOL, 0, 1, 1, 0, NULL, NULL, 0, 0, 0 },
                                              { "ground", PECS_ENUM, 1, 1, 1, 0, NULL, grounds, 3, 0, 0 } };
    static const pecs_type tile = { "Tile", { { 0 } }, 1, TILE_BYTES, 1, 2, tile_fields, 0 };
    static const pecs_field tiles = { "tiles", PECS_STRUCT, 0, TILES * TILE_BYTES, TILES, 0, &tile, NULL, 0, 0, 0 };
    static const pecs_type map = { "Map", { { 0 } }, 1, TILES * TILE_BYTES, 1, 1, &tiles, 0 };
    const pecs_type *const types[] = { &map };
    pecs_registry *registry, *empty;
    pecs_world *world;
    cr_assert_eq(pecs_registry_create(&(pecs_registry_desc){ .types = types, .type_count = 1 }, &registry, NULL),
                 PECS_OK);
    cr_assert_eq(pecs_registry_create(&(pecs_registry_desc){ .type_count = 0 }, &empty, NULL), PECS_OK);
    cr_assert_eq(pecs_world_create(registry, NULL, NULL, &world, NULL), PECS_OK);
    cr_assert_eq(pecs_world_spawn(world, (pecs_value[]){ { 0, map.size, NULL } }, 1, 2, NULL), PECS_OK);
    cr_assert_eq(pecs_world_save(world, "world.pecs", &(pecs_save_options){ .skip_sync = true }, NULL), PECS_OK);
    pecs_world_destroy(world);
    *ret_program = breakage_of(registry);
    *ret_tool = breakage_of(empty);
    expect_accepted(ret_program);
    expect_accepted(ret_tool);
}

Test(values, VALUE_2_in_arrays_of_structs)
{
    struct breakage b[2];
    begin_with_maps(&b[0], &b[1]);
    for (int i = 0; i < 2; i++) {
        const uint64_t second = run_offset(&b[i].file, 1) + TILES * TILE_BYTES;
        b[i].file.bytes[second + 5 * TILE_BYTES] = 2;
        b[i].file.bytes[second + 4 * TILE_BYTES + 1] = 3;
        repair(&b[i].file);
        expect_of_load(&b[i], "VALUE-2", second + 4 * TILE_BYTES + 1);
        end_breaking(&b[i]);
    }
}

Test(values, VALUE_1_in_arrays_of_structs)
{
    struct breakage b[2];
    begin_with_maps(&b[0], &b[1]);
    for (int i = 0; i < 2; i++) {
        const uint64_t first = run_offset(&b[i].file, 1), second = first + TILES * TILE_BYTES;
        b[i].file.bytes[first + (TILES - 1) * TILE_BYTES] = 2;
        b[i].file.bytes[second] = 2;
        repair(&b[i].file);
        expect_of_load(&b[i], "VALUE-1", first + (TILES - 1) * TILE_BYTES);
        end_breaking(&b[i]);
    }
}
