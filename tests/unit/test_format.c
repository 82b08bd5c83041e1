/*
 * The writer and the reader of files. Round trips first; then every rule of docs/format.md, each broken alone in a file
 * whose checksums are right, with the rule's id and the byte offset that the error must tell.
 */
#define _GNU_SOURCE
#include "counting_allocator.h"
#include "format_breaking.h"

#include <pecs/pecs.h>

#include <criterion/criterion.h>
#include <dirent.h>
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct {
    float x, y;
} Place;
PECS_COMPONENT(Place, 1, x, y);

typedef struct {
    uint8_t team;
    uint32_t health;
} Unit;
PECS_COMPONENT_OF(Unit, "Unit", 1, PECS_FIELD(Unit, team), PECS_GAP_AFTER(Unit, team, 3), PECS_FIELD(Unit, health));

PECS_TAG(Stunned, 1);

typedef struct {
    uint64_t ticks;
} Clock;
PECS_COMPONENT(Clock, 1, ticks);

/* 12 bytes with a hole: its values cross the ends of pieces. */
typedef struct {
    uint32_t number;
    uint8_t low;
    uint32_t high;
} Wide;
PECS_COMPONENT_OF(Wide, "Wide", 1, PECS_FIELD(Wide, number), PECS_FIELD(Wide, low), PECS_GAP_AFTER(Wide, low, 3),
                  PECS_FIELD(Wide, high));

enum { PLACE, UNIT, STUNNED, CLOCK, WIDE, TYPE_COUNT };
static const pecs_type *const types[TYPE_COUNT] = {
    [PLACE] = &Place_type, [UNIT] = &Unit_type, [STUNNED] = &Stunned_type, [CLOCK] = &Clock_type, [WIDE] = &Wide_type,
};

TestSuite(format, .init = enter_folder, .fini = leave_folder);
TestSuite(rules, .init = enter_folder, .fini = leave_folder);

static pecs_registry *registry_of(const pecs_type *const *list, size_t count)
{
    pecs_registry *registry;
    pecs_error error;
    const pecs_registry_desc desc = { .types = list, .type_count = count };
    cr_assert_eq(pecs_registry_create(&desc, &registry, &error), PECS_OK, "%s", error.message);
    return registry;
}

static pecs_registry *all_types(void)
{
    return registry_of(types, TYPE_COUNT);
}

static pecs_world *make_world(pecs_registry *registry, const pecs_snapshot *base)
{
    pecs_world *world;
    const pecs_world_options options = { .session_nonce = 5 };
    cr_assert_eq(pecs_world_create(registry, base, &options, &world, NULL), PECS_OK);
    return world;
}

static void save(pecs_world *world, const char *path)
{
    pecs_error error;
    cr_assert_eq(pecs_world_save(world, path, &(pecs_save_options){ .skip_sync = true }, &error), PECS_OK, "%s",
                 error.message);
}

static pecs_world *open_world(pecs_registry *registry, int verb, const char *path)
{
    pecs_snapshot *snapshot;
    pecs_error error;
    cr_assert_eq(verbs[verb](registry, path, NULL, &snapshot, &error), PECS_OK, "%s: %s %s", verb_names[verb],
                 error.rule ? error.rule : "", error.message);
    pecs_world *world = make_world(registry, snapshot);
    pecs_snapshot_release(snapshot);
    return world;
}

static void assert_same_bytes(const char *a, const char *b)
{
    struct file_image x = read_image(a), y = read_image(b);
    cr_assert_eq(x.size, y.size);
    cr_assert_eq(memcmp(x.bytes, y.bytes, x.size), 0, "%s and %s differ", a, b);
    free_image(&x);
    free_image(&y);
}

static void assert_same_summary(pecs_view a, pecs_view b)
{
    pecs_summary x, y;
    pecs_view_summary(a, &x);
    pecs_view_summary(b, &y);
    cr_assert_eq(x.entity_count, y.entity_count);
    cr_assert_eq(x.slot_count, y.slot_count);
    cr_assert_eq(x.free_count, y.free_count);
    cr_assert_eq(x.table_count, y.table_count);
    cr_assert_eq(x.component_bytes, y.component_bytes);
    cr_assert_eq(x.tick, y.tick);
}

/* Saves the world; both verbs must give it back, and save the same bytes. */
static void assert_round_trip(pecs_registry *registry, pecs_world *world)
{
    save(world, "world.pecs");
    for (int verb = 0; verb < VERB_COUNT; verb++) {
        pecs_world *copy = open_world(registry, verb, "world.pecs");
        assert_same_summary(pecs_world_view(copy), pecs_world_view(world));
        cr_assert_eq(pecs_view_hash(pecs_world_view(copy)), pecs_view_hash(pecs_world_view(world)));
        save(copy, "again.pecs");
        assert_same_bytes("world.pecs", "again.pecs");
        pecs_world_destroy(copy);
    }
}

static pecs_status spawn(pecs_world *world, size_t count, const pecs_value *values, size_t value_count)
{
    return pecs_world_spawn(world, values, value_count, count, NULL);
}

Test(format, an_empty_world)
{
    pecs_registry *registry = all_types();
    pecs_world *world = make_world(registry, NULL);
    assert_round_trip(registry, world);
    struct stat info;
    cr_assert_eq(stat("world.pecs", &info), 0);
    cr_assert_eq(info.st_size, 8192 + 64); /* header, prologue and commit need one page each, then the footer */
    pecs_world_destroy(world);
    pecs_registry_release(registry);
}

Test(format, one_row)
{
    pecs_registry *registry = all_types();
    pecs_world *world = make_world(registry, NULL);
    cr_assert_eq(spawn(world, 1, (pecs_value[]){ PECS_VALUE_AS(PLACE, Place, 1.5f, -2) }, 1), PECS_OK);
    assert_round_trip(registry, world);
    for (int verb = 0; verb < VERB_COUNT; verb++) {
        pecs_world *copy = open_world(registry, verb, "world.pecs");
        const Place *place = pecs_get_as(pecs_world_view(copy), ((pecs_entity){ 0, 1 }), PLACE, Place);
        cr_assert_not_null(place);
        cr_assert_eq(place->x, 1.5f);
        cr_assert_eq(place->y, -2.0f);
        cr_assert_not(pecs_view_has(pecs_world_view(copy), (pecs_entity){ 0, 1 }, UNIT));
        pecs_world_destroy(copy);
    }
    pecs_world_destroy(world);
    pecs_registry_release(registry);
}

Test(format, tags_only)
{
    pecs_registry *registry = all_types();
    pecs_world *world = make_world(registry, NULL);
    cr_assert_eq(spawn(world, 3, (pecs_value[]){ PECS_HAS_AS(STUNNED) }, 1), PECS_OK);
    cr_assert_eq(spawn(world, 1, NULL, 0), PECS_OK);
    assert_round_trip(registry, world);
    for (int verb = 0; verb < VERB_COUNT; verb++) {
        pecs_world *copy = open_world(registry, verb, "world.pecs");
        cr_assert(pecs_view_has(pecs_world_view(copy), (pecs_entity){ 2, 1 }, STUNNED));
        cr_assert(pecs_view_alive(pecs_world_view(copy), (pecs_entity){ 3, 1 }));
        cr_assert_not(pecs_view_has(pecs_world_view(copy), (pecs_entity){ 3, 1 }, STUNNED));
        pecs_world_destroy(copy);
    }
    pecs_world_destroy(world);
    pecs_registry_release(registry);
}

static void spawn_numbered(pecs_world *world, uint32_t count)
{
    Place *places = malloc(count * sizeof(*places));
    Unit *units = malloc(count * sizeof(*units));
    for (uint32_t i = 0; i < count; i++) {
        places[i] = (Place){ (float)i, 0.5f };
        memset(&units[i], 0xaa, sizeof(units[i]));
        units[i].team = (uint8_t)i;
        units[i].health = i + 7;
    }
    cr_assert_eq(spawn(world, count, (pecs_value[]){ PECS_ROWS_AS(PLACE, places), PECS_ROWS_AS(UNIT, units) }, 2),
                 PECS_OK);
    free(places);
    free(units);
}

static void assert_numbered(pecs_world *world, uint32_t count)
{
    const pecs_view view = pecs_world_view(world);
    for (uint32_t i = 0; i < count; i++) {
        const Place *place = pecs_get_as(view, ((pecs_entity){ i, 1 }), PLACE, Place);
        const Unit *unit = pecs_get_as(view, ((pecs_entity){ i, 1 }), UNIT, Unit);
        cr_assert(place && unit && place->x == (float)i && unit->team == (uint8_t)i && unit->health == i + 7,
                  "entity %u", i);
    }
}

Test(format, ten_thousand_rows_over_chunks)
{
    pecs_registry *registry = all_types();
    pecs_world *world = make_world(registry, NULL);
    spawn_numbered(world, 10000);
    assert_round_trip(registry, world);
    for (int verb = 0; verb < VERB_COUNT; verb++) {
        pecs_world *copy = open_world(registry, verb, "world.pecs");
        assert_numbered(copy, 10000);
        /* going on: the last chunk grows, a row in the middle goes, and the file stays as it was */
        cr_assert_eq(pecs_world_despawn(copy, &(pecs_entity){ 5000, 1 }, 1), PECS_OK);
        pecs_entity next[2];
        cr_assert_eq(pecs_world_spawn(copy, NULL, 0, 2, next), PECS_OK);
        cr_assert(next[0].index == 5000 && next[0].generation == 2);
        cr_assert(next[1].index == 10000 && next[1].generation == 1);
        void *value;
        cr_assert_eq(pecs_world_get_mut(copy, (pecs_entity){ 9999, 1 }, PLACE, sizeof(Place), &value), PECS_OK);
        ((Place *)value)->y = 9;
        assert_round_trip(registry, copy);
        save(world, "world.pecs");
        pecs_world_destroy(copy);
    }
    pecs_world_destroy(world);
    pecs_registry_release(registry);
}

/* The same file with other chunk sizes: they say how runs are counted, and nothing of how the world lives. */
static void write_with_chunks(uint32_t shift, const char *path)
{
    struct file_image file = read_image("world.pecs");
    const uint64_t in_commit = file.tables[0] + offsetof(struct table_record, chunk_shift);
    put32(&file, in_commit, shift);
    put32(&file, file.prologue_types + (in_commit - file.types[0]), shift);
    for (uint64_t run = file.runs; run < file.data && get32(&file, run + offsetof(struct run_record, table)) == 0;
         run += sizeof(struct run_record))
        put32(&file, run + offsetof(struct run_record, chunk_count), (uint32_t)format_chunk_count(10000, shift));
    repair(&file);
    write_image(&file, path);
    free_image(&file);
}

Test(format, a_files_chunk_size_ends_with_its_reading)
{
    static const uint32_t shifts[] = { 0, 1, 11, 13, 20 };
    pecs_registry *registry = all_types();
    pecs_world *world = make_world(registry, NULL);
    pecs_query *query;
    spawn_numbered(world, 10000);
    save(world, "world.pecs");
    cr_assert_eq(pecs_query_create(registry, &(pecs_term){ PLACE, PECS_WRITE }, 1, &query, NULL), PECS_OK);
    for (size_t i = 0; i < sizeof(shifts) / sizeof(shifts[0]); i++) {
        write_with_chunks(shifts[i], "chunks.pecs");
        for (int verb = 0; verb < VERB_COUNT; verb++) {
            pecs_world *copy = open_world(registry, verb, "chunks.pecs");
            save(copy, "again.pecs");
            assert_same_bytes("world.pecs", "again.pecs");
            uint32_t chunk_count = 0;
            pecs_iter it = pecs_query_iter_mut(query, copy, NULL);
            for (; pecs_iter_next(&it); chunk_count++)
                cr_assert_eq(it.row_count, chunk_count < 2 ? 4096 : 10000 - 2 * 4096);
            cr_assert_eq(pecs_iter_end(&it), PECS_OK);
            cr_assert_eq(chunk_count, 3);
            assert_numbered(copy, 10000);
            pecs_world_destroy(copy);
        }
    }
    pecs_query_destroy(query);
    pecs_world_destroy(world);
    pecs_registry_release(registry);
}

Test(format, padding_is_zero_in_the_file)
{
    pecs_registry *registry = all_types();
    pecs_world *world = make_world(registry, NULL);
    Unit unit;
    memset(&unit, 0xaa, sizeof(unit));
    unit.team = 3, unit.health = 0x04030201;
    cr_assert_eq(spawn(world, 1, (pecs_value[]){ PECS_ROWS_AS(UNIT, &unit) }, 1), PECS_OK);
    save(world, "world.pecs");
    struct file_image file = read_image("world.pecs");
    const uint8_t expected[8] = { 3, 0, 0, 0, 1, 2, 3, 4 };
    cr_assert_eq(memcmp(file.bytes + run_offset(&file, 1), expected, 8), 0); /* after the handles */
    free_image(&file);
    pecs_world_destroy(world);
    pecs_registry_release(registry);
}

enum { WIDE_COUNT = 600000 };

/* Data of more than one piece, of values that cross its end, with padding. */
static struct breakage begin_with_wide(void)
{
    pecs_registry *registry = all_types();
    pecs_world *world = make_world(registry, NULL);
    Wide *wide = malloc(WIDE_COUNT * sizeof(*wide));
    memset(wide, 0xaa, WIDE_COUNT * sizeof(*wide));
    for (uint32_t i = 0; i < WIDE_COUNT; i++)
        wide[i].number = i, wide[i].low = (uint8_t)(i * 7), wide[i].high = ~i;
    cr_assert_eq(spawn(world, WIDE_COUNT, (pecs_value[]){ PECS_ROWS_AS(WIDE, wide) }, 1), PECS_OK);
    assert_round_trip(registry, world);
    free(wide);
    pecs_world_destroy(world);
    return breakage_of(registry);
}

Test(format, values_cross_pieces)
{
    struct breakage b = begin_with_wide();
    const struct file_image *file = &b.file;
    cr_assert_gt(format_piece_count(file->data, file->data_end - file->data), 3);
    const uint8_t *column = file->bytes + run_offset(file, 1);
    cr_assert_neq((run_offset(file, 1) + 12) % 4096, 0);
    for (uint32_t i = 0; i < WIDE_COUNT; i++) {
        const uint32_t numbers[3] = { i, (uint8_t)(i * 7), ~i }; /* the second one with three zero bytes */
        cr_assert_eq(memcmp(column + 12 * (size_t)i, numbers, 12), 0, "row %u", i);
    }
    end_breaking(&b);
}

Test(format, DATA_1_a_piece_is_found_wrong_where_it_begins)
{
    struct breakage b = begin_with_wide();
    b.file.bytes[FORMAT_PIECE + 1000] ^= 1;
    expect_of_load(&b, "DATA-1", 4194304);
    end_breaking(&b);
}

/* Two tables, a singleton, an entity without components, a dead slot, two ticks. */
static pecs_world *sample_world(pecs_registry *registry, const pecs_component component[4])
{
    pecs_world *world = make_world(registry, NULL);
    const Place places[3] = { { 1, 2 }, { 3, 4 }, { 5, 6 } };
    Unit units[3] = { { 0 } };
    for (int i = 0; i < 3; i++)
        units[i].team = (uint8_t)i, units[i].health = 100;
    const Clock clock = { 77 };
    const pecs_component place = component[0], unit = component[1], stunned = component[2];
    cr_assert_eq(spawn(world, 3, (pecs_value[]){ PECS_ROWS_AS(place, places), PECS_ROWS_AS(unit, units) }, 2), PECS_OK);
    cr_assert_eq(spawn(world, 2, (pecs_value[]){ PECS_ROWS_AS(place, places), PECS_HAS_AS(stunned) }, 2), PECS_OK);
    cr_assert_eq(spawn(world, 1, NULL, 0), PECS_OK);
    cr_assert_eq(pecs_world_set_singleton(world, component[3], sizeof(clock), &clock), PECS_OK);
    cr_assert_eq(pecs_world_despawn(world, &(pecs_entity){ 1, 1 }, 1), PECS_OK);
    cr_assert_eq(pecs_world_advance(world, NULL), PECS_OK);
    return world;
}

static const pecs_component usual_order[4] = { PLACE, UNIT, STUNNED, CLOCK };

static void save_sample(pecs_registry *registry, const char *path)
{
    pecs_world *world = sample_world(registry, usual_order);
    save(world, path);
    pecs_world_destroy(world);
}

Test(format, the_order_of_registration_does_not_matter)
{
    static const pecs_type *const other_types[] = { &Clock_type, &Wide_type, &Stunned_type, &Unit_type, &Place_type };
    static const pecs_component other_order[4] = { 4, 3, 2, 0 };
    pecs_registry *registry = all_types(), *other = registry_of(other_types, 5);
    save_sample(registry, "world.pecs");
    pecs_world *world = sample_world(other, other_order);
    save(world, "other.pecs");
    assert_same_bytes("world.pecs", "other.pecs");
    for (int verb = 0; verb < VERB_COUNT; verb++) {
        pecs_world *copy = open_world(other, verb, "world.pecs");
        const Place *place = pecs_get_as(pecs_world_view(copy), ((pecs_entity){ 4, 1 }), 4, Place);
        cr_assert(place && place->x == 3 && place->y == 4);
        const Clock *clock = pecs_get_singleton_as(pecs_world_view(copy), 0, Clock);
        cr_assert(clock && clock->ticks == 77);
        save(copy, "again.pecs");
        assert_same_bytes("world.pecs", "again.pecs");
        pecs_world_destroy(copy);
    }
    pecs_world_destroy(world);
    pecs_registry_release(registry);
    pecs_registry_release(other);
}

Test(format, the_same_state_gives_the_same_bytes)
{
    pecs_registry *registry = all_types();
    pecs_world *world = sample_world(registry, usual_order);
    assert_round_trip(registry, world);
    save(world, "first.pecs");
    save(world, "second.pecs");
    assert_same_bytes("first.pecs", "second.pecs");
    void *value;
    cr_assert_eq(pecs_world_get_mut(world, (pecs_entity){ 0, 1 }, PLACE, sizeof(Place), &value), PECS_OK);
    save(world, "third.pecs"); /* no value is another, but the tick of a write is */
    struct file_image first = read_image("first.pecs"), third = read_image("third.pecs");
    cr_assert_neq(memcmp(first.bytes, third.bytes, first.size), 0);
    free_image(&first);
    free_image(&third);
    pecs_world_destroy(world);
    pecs_registry_release(registry);
}

Test(format, a_slot_of_the_last_generation_is_used_up)
{
    pecs_registry *registry = all_types();
    save_sample(registry, "world.pecs");
    struct file_image file = read_image("world.pecs");
    const uint64_t record = run_offset(&file, 8) + 16;
    cr_assert_eq(get32(&file, record), 1); /* entity index 1, which is free */
    put32(&file, record, (1u << 30) - 2);
    repair(&file);
    write_image(&file, "old.pecs");
    free_image(&file);
    for (int verb = 0; verb < VERB_COUNT; verb++) {
        pecs_world *world = open_world(registry, verb, "old.pecs");
        pecs_entity entity;
        cr_assert_eq(pecs_world_spawn(world, NULL, 0, 1, &entity), PECS_OK);
        cr_assert(entity.index == 1 && entity.generation == (1u << 30) - 1);
        cr_assert_eq(pecs_world_despawn(world, &entity, 1), PECS_OK);
        assert_round_trip(registry, world);
        pecs_world *copy = open_world(registry, verb, "world.pecs");
        cr_assert_eq(pecs_world_spawn(copy, NULL, 0, 1, &entity), PECS_OK);
        cr_assert(entity.index == 6 && entity.generation == 1);
        pecs_world_destroy(copy);
        pecs_world_destroy(world);
    }
    pecs_registry_release(registry);
}

/* A world that a file brings to the last tick stays there, and can be saved. */
Test(format, the_last_tick_is_the_last)
{
    pecs_registry *registry = all_types();
    save_sample(registry, "world.pecs");
    struct file_image file = read_image("world.pecs");
    put64(&file, file.commit + offsetof(struct commit_header, tick), INT64_MAX);
    repair(&file);
    write_image(&file, "late.pecs");
    free_image(&file);
    for (int verb = 0; verb < VERB_COUNT; verb++) {
        pecs_world *world = open_world(registry, verb, "late.pecs"), *young = make_world(registry, NULL);
        pecs_snapshot *snapshot;
        uint64_t tick = 5;
        cr_assert_eq(pecs_world_advance(world, &tick), PECS_E_LIMIT);
        cr_assert_eq(tick, 5);
        cr_assert_eq(pecs_view_tick(pecs_world_view(world)), INT64_MAX);
        cr_assert_eq(pecs_snapshot_take(world, &snapshot), PECS_OK);
        cr_assert_eq(pecs_world_restore(world, snapshot), PECS_E_LIMIT);
        cr_assert_eq(pecs_world_rewind(world, snapshot), PECS_E_LIMIT);
        cr_assert_eq(pecs_world_restore(young, snapshot), PECS_E_LIMIT);
        pecs_snapshot_release(snapshot);
        cr_assert_eq(spawn(world, 1, NULL, 0), PECS_OK);
        assert_round_trip(registry, world);
        save(young, "world.pecs");
        pecs_world_destroy(world);
        pecs_world_destroy(young);
    }
    pecs_registry_release(registry);
}

typedef struct {
    double x, y;
} Place2;
PECS_COMPONENT_OF(Place2, "Place", 1, PECS_FIELD(Place2, x), PECS_FIELD(Place2, y));

static uint64_t offset_of_type(const char *path, const char *name)
{
    struct file_image file = read_image(path);
    uint64_t found = 0;
    for (int i = 0; i < PART_MAX && file.types[i]; i++)
        if (memcmp(file.bytes + file.types[i] + sizeof(struct type_record) + 4, name, strlen(name)) == 0)
            found = file.types[i];
    free_image(&file);
    cr_assert_neq(found, 0);
    return found;
}

Test(rules, TYPE_4_names_both_layouts)
{
    static const pecs_type *const other_types[] = { &Place2_type, &Unit_type, &Stunned_type, &Clock_type };
    pecs_registry *registry = all_types(), *other = registry_of(other_types, 4);
    save_sample(registry, "world.pecs");
    const char *message =
        assert_refused(other, "world.pecs", NULL, PECS_E_LAYOUT, "TYPE-4", offset_of_type("world.pecs", "Place"));
    cr_assert_str_eq(message,
                     "Place: in the file version 1 of 8 bytes (alignment 4), in the program version 1 of 16 (8); "
                     "first difference: f32 x, 4 bytes at 0 in the file, f64 x, 8 bytes at 0 in the program");
    pecs_registry_release(registry);
    pecs_registry_release(other);
}

/* What is told of one type in a file by a program that has another one with its name. */
static const char *layout_message(const pecs_type *in_file, const pecs_type *in_program)
{
    static pecs_error error;
    pecs_registry *registry = registry_of(&in_file, 1), *other = registry_of(&in_program, 1);
    pecs_world *world = make_world(registry, NULL);
    pecs_snapshot *snapshot;
    cr_assert_eq(pecs_world_spawn(world, &(pecs_value){ 0, in_file->size, NULL }, 1, 1, NULL), PECS_OK);
    cr_assert_eq(pecs_world_save(world, "layout.pecs", &(pecs_save_options){ .skip_sync = true }, NULL), PECS_OK);
    cr_assert_eq(pecs_snapshot_resume(other, "layout.pecs", NULL, &snapshot, &error), PECS_E_LAYOUT);
    pecs_world_destroy(world);
    pecs_registry_release(registry);
    pecs_registry_release(other);
    return error.message;
}

/* However long the type is, and deep down: enum values, nested fields, what only one of the two has. */
Test(rules, TYPE_4_tells_the_first_difference)
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

Test(format, limits_of_types)
{
    pecs_registry *registry = all_types();
    pecs_snapshot *snapshot;
    save_sample(registry, "world.pecs");
    pecs_info *info;
    cr_assert_eq(pecs_file_info("world.pecs", NULL, NULL, &info, NULL), PECS_OK);
    const uint32_t count = (uint32_t)info->type_count;
    pecs_info_destroy(info);
    assert_refused(registry, "world.pecs", &(pecs_load_options){ .limits.max_types = count - 1 }, PECS_E_LIMIT, NULL,
                   0);
    const pecs_load_options exact = { .limits.max_types = count };
    for (int verb = 0; verb < VERB_COUNT; verb++) {
        cr_assert_eq(verbs[verb](registry, "world.pecs", &exact, &snapshot, NULL), PECS_OK);
        pecs_snapshot_release(snapshot);
    }
    pecs_registry_release(registry);
}

Test(format, files_that_others_may_write)
{
    pecs_registry *registry = all_types();
    pecs_snapshot *snapshot;
    pecs_error error;
    const pecs_load_options options = { .limits.private_only = true };
    save_sample(registry, "world.pecs");
    static const mode_t open_modes[] = { 0620, 0602, 0666 };
    for (size_t i = 0; i < sizeof(open_modes) / sizeof(open_modes[0]); i++) {
        cr_assert_eq(chmod("world.pecs", open_modes[i]), 0);
        for (int verb = 0; verb < VERB_COUNT; verb++) {
            cr_assert_eq(verbs[verb](registry, "world.pecs", &options, &snapshot, &error), PECS_E_IO);
            cr_assert_eq(error.os_error, EACCES);
            cr_assert_eq(verbs[verb](registry, "world.pecs", NULL, &snapshot, NULL), PECS_OK);
            pecs_snapshot_release(snapshot);
        }
    }
    cr_assert_eq(chmod("world.pecs", 0644), 0);
    for (int verb = 0; verb < VERB_COUNT; verb++) {
        cr_assert_eq(verbs[verb](registry, "world.pecs", &options, &snapshot, NULL), PECS_OK);
        pecs_snapshot_release(snapshot);
    }
    if (geteuid() == 0) { /* only root can give a file away */
        cr_assert_eq(chown("world.pecs", 12345, 12345), 0);
        cr_assert_eq(verbs[RESUME](registry, "world.pecs", &options, &snapshot, &error), PECS_E_IO);
    }
    pecs_registry_release(registry);
}

Test(format, limits)
{
    pecs_registry *registry = all_types();
    save_sample(registry, "world.pecs");
    struct stat info;
    cr_assert_eq(stat("world.pecs", &info), 0);
    const uint64_t size = (uint64_t)info.st_size;
    assert_refused(registry, "world.pecs", &(pecs_load_options){ .limits.max_bytes = size - 1 }, PECS_E_LIMIT, NULL, 0);
    assert_refused(registry, "world.pecs", &(pecs_load_options){ .limits.max_entities = 4 }, PECS_E_LIMIT, NULL, 0);
    for (int verb = 0; verb < VERB_COUNT; verb++) {
        pecs_snapshot *snapshot;
        const pecs_load_options options = { .limits.max_bytes = size, .limits.max_entities = 5 };
        cr_assert_eq(verbs[verb](registry, "world.pecs", &options, &snapshot, NULL), PECS_OK);
        pecs_snapshot_release(snapshot);
    }
    pecs_registry_release(registry);
}

Test(format, what_is_no_file)
{
    pecs_registry *registry = all_types();
    pecs_snapshot *snapshot;
    pecs_error error;
    for (int verb = 0; verb < VERB_COUNT; verb++) {
        cr_assert_eq(verbs[verb](registry, "missing.pecs", NULL, &snapshot, &error), PECS_E_IO);
        cr_assert_eq(error.os_error, ENOENT);
        cr_assert_not_null(strstr(error.message, "missing.pecs"));
        cr_assert_eq(mkdir("folder", 0777), 0);
        cr_assert_eq(verbs[verb](registry, "folder", NULL, &snapshot, &error), PECS_E_IO);
        cr_assert_eq(error.os_error, EISDIR);
        cr_assert_eq(rmdir("folder"), 0);
        cr_assert_eq(verbs[verb](registry, NULL, NULL, &snapshot, &error), PECS_E_MISUSE);
    }
    pecs_registry_release(registry);
}

Test(format, FILE_2_too_little)
{
    pecs_registry *registry = all_types();
    write_bytes("empty.pecs", "", 0);
    assert_refused(registry, "empty.pecs", NULL, PECS_E_CORRUPT, "FILE-2", 0);
    write_bytes("short.pecs", "PECS", 4);
    assert_refused(registry, "short.pecs", NULL, PECS_E_CORRUPT, "FILE-2", 4);
    pecs_registry_release(registry);
}

Test(format, HEADER_1_a_text)
{
    pecs_registry *registry = all_types();
    static const char text[200] = "Dear diary";
    write_bytes("text.pecs", text, sizeof(text));
    assert_refused(registry, "text.pecs", NULL, PECS_E_CORRUPT, "HEADER-1", 0);
    pecs_registry_release(registry);
}

Test(format, saving_where_nothing_can_be_saved)
{
    pecs_registry *registry = all_types();
    pecs_world *world = make_world(registry, NULL);
    pecs_error error;
    cr_assert_eq(pecs_world_save(world, "missing/world.pecs", NULL, &error), PECS_E_IO);
    cr_assert_eq(error.os_error, ENOENT);
    cr_assert_eq(pecs_world_save(world, NULL, NULL, &error), PECS_E_MISUSE);
    pecs_world_destroy(world);
    pecs_registry_release(registry);
}

Test(format, a_world_with_a_write_open_is_not_saved)
{
    pecs_registry *registry = all_types();
    pecs_world *world = sample_world(registry, usual_order);
    const pecs_term term = { PLACE, PECS_WRITE };
    pecs_query *query;
    pecs_error error;
    cr_assert_eq(pecs_query_create(registry, &term, 1, &query, NULL), PECS_OK);
    pecs_iter iter = pecs_query_iter_mut(query, world, NULL);
    cr_assert(pecs_iter_next(&iter));
    cr_assert_eq(pecs_world_save(world, "world.pecs", NULL, &error), PECS_E_BUSY);
    cr_assert_eq(pecs_iter_end(&iter), PECS_OK);
    cr_assert_neq(access("world.pecs", F_OK), 0);
    save(world, "world.pecs");
    pecs_query_destroy(query);
    pecs_world_destroy(world);
    pecs_registry_release(registry);
}

/* Each allocation of an open and a save fails once: PECS_E_MEMORY, nothing is left behind, and the next try works. */
static pecs_status open_and_save(int verb, uint64_t fail_at, uint64_t *ret_call_count)
{
    pecs_registry *registry;
    const pecs_registry_desc desc = { .types = types, .type_count = TYPE_COUNT, .allocator = counting_hooks };
    counting.fail_at = 0;
    cr_assert_eq(pecs_registry_create(&desc, &registry, NULL), PECS_OK);
    counting.call_count = 0;
    counting.fail_at = fail_at;
    pecs_snapshot *snapshot = NULL;
    pecs_error error = { .status = PECS_OK };
    pecs_status status = verbs[verb](registry, "world.pecs", NULL, &snapshot, &error);
    if (!status)
        status = pecs_snapshot_save(snapshot, "copy.pecs", &(pecs_save_options){ .skip_sync = true }, &error);
    cr_assert_eq(error.status, status);
    *ret_call_count = counting.call_count;
    pecs_snapshot_release(snapshot);
    pecs_registry_release(registry);
    cr_assert_eq(counting.live_count, 0, "call %llu leaves memory", (unsigned long long)fail_at);
    cr_assert_eq(counting.wrong_count, 0);
    return status;
}

Test(format, out_of_memory)
{
    pecs_registry *registry = all_types();
    save_sample(registry, "world.pecs");
    for (int verb = 0; verb < VERB_COUNT; verb++) {
        uint64_t call_count, fail_at = 0;
        cr_assert_eq(open_and_save(verb, 0, &call_count), PECS_OK);
        cr_assert_gt(call_count, 20);
        const uint64_t calls = call_count;
        while (++fail_at <= calls) {
            unlink("copy.pecs");
            cr_assert_eq(open_and_save(verb, fail_at, &call_count), PECS_E_MEMORY, "%s: call %llu", verb_names[verb],
                         (unsigned long long)fail_at);
            cr_assert_neq(access("copy.pecs", F_OK), 0);
        }
    }
    pecs_registry_release(registry);
}

/*
 * The rules. The sample's parts, by their numbers in the file:
 *     tables   0 {Place, Unit} 2 rows, 1 {Place, Stunned} 2 rows, 2 {} 1 row, 3 singletons {Clock} 1 row
 *     runs     0 to 2 table 0 (8 bytes a row each), 3, 4 table 1, 5 table 2, 6, 7 table 3, 8 index of 6 slots, 1 free
 */
static struct breakage begin_breaking(void)
{
    pecs_registry *registry = all_types();
    save_sample(registry, "world.pecs");
    return breakage_of(registry);
}

Test(rules, the_sample_is_as_the_rules_expect)
{
    struct breakage b = begin_breaking();
    const struct file_image *file = &b.file;
    cr_assert_eq(get32(file, file->prologue + offsetof(struct segment_header, run_count)), 9);
    cr_assert_eq(get64(file, file->row_counts), 2);
    cr_assert_eq(get64(file, file->row_counts + 8), 2);
    cr_assert_eq(get64(file, file->row_counts + 16), 1);
    cr_assert_eq(get64(file, file->row_counts + 24), 1);
    cr_assert_eq(get64(file, file->sessions), 5);
    cr_assert_eq(get32(file, file->free_counts), 1);
    cr_assert_eq(get32(file, file->commit + offsetof(struct commit_header, singleton_table)), 3);
    struct file_image copy = read_image("world.pecs");
    repair(&copy);
    cr_assert_eq(memcmp(copy.bytes, file->bytes, copy.size), 0, "repairing a good file changes it");
    free_image(&copy);
    expect_accepted(&b);
    end_breaking(&b);
}

Test(rules, FILE_2_short_files)
{
    struct breakage b = begin_breaking();
    b.file.size = 127;
    expect(&b, PECS_E_CORRUPT, "FILE-2", 127);
    b.file.size = 1;
    expect(&b, PECS_E_CORRUPT, "FILE-2", 1);
    end_breaking(&b);
}

Test(rules, HEADER_1)
{
    struct breakage b = begin_breaking();
    b.file.bytes[3] = 'X';
    expect_repaired(&b, "HEADER-1", 0);
    end_breaking(&b);
}

Test(rules, HEADER_2)
{
    struct breakage b = begin_breaking();
    put32(&b.file, 4, FORMAT_VERSION - 1);
    expect(&b, PECS_E_UNSUPPORTED, "HEADER-2", 4);
    put32(&b.file, 4, FORMAT_VERSION + 1);
    expect(&b, PECS_E_UNSUPPORTED, "HEADER-2", 4);
    end_breaking(&b);
}

Test(rules, HEADER_3)
{
    struct breakage b = begin_breaking();
    b.file.bytes[33] = 1;
    expect(&b, PECS_E_CORRUPT, "HEADER-3", 56);
    end_breaking(&b);
}

Test(rules, HEADER_4)
{
    struct breakage b = begin_breaking();
    put64(&b.file, 24, 1ull << 40);
    repair(&b.file);
    expect(&b, PECS_E_UNSUPPORTED, "HEADER-4", 24);
    put64(&b.file, 24, 15); /* the first three are known */
    repair(&b.file);
    expect(&b, PECS_E_UNSUPPORTED, "HEADER-4", 24);
    put64(&b.file, 32, UINT64_MAX - 1); /* unknown optional features may be any, and then what is reserved too */
    expect_accepted(&b);
    put64(&b.file, 32, 2);
    b.file.bytes[55] = b.file.bytes[b.file.commit + 127] = b.file.bytes[b.file.footer + 55] = 1;
    b.file.bytes[b.file.prologue + 63] = b.file.bytes[b.file.commit + 72] = b.file.bytes[b.file.footer + 40] = 1;
    expect_accepted(&b);
    end_breaking(&b);
}

Test(rules, HEADER_5)
{
    struct breakage b = begin_breaking();
    put32(&b.file, 8, 3);
    expect_repaired(&b, "HEADER-5", 8);
    b.file.bytes[47] = b.file.bytes[55] = 1;
    expect_repaired(&b, "HEADER-5", 47);
    b.file.bytes[55] = 1;
    expect_repaired(&b, "HEADER-5", 55);
    end_breaking(&b);
}

Test(rules, HEADER_6)
{
    struct breakage b = begin_breaking();
    put64(&b.file, 12, 6);
    expect_repaired(&b, "HEADER-6", 12);
    put32(&b.file, 20, 5);
    expect_repaired(&b, "HEADER-6", 12);
    put32(&b.file, 8, 0); /* counts that are not known are not compared */
    put64(&b.file, 12, 0);
    put32(&b.file, 20, 0);
    expect_accepted(&b);
    end_breaking(&b);
}

Test(rules, FOOTER_1)
{
    struct breakage b = begin_breaking();
    const uint64_t footer = b.file.footer;
    b.file.bytes[footer] = 'p';
    expect_repaired(&b, "FOOTER-1", footer);
    end_breaking(&b);
}

Test(rules, FOOTER_2)
{
    struct breakage b = begin_breaking();
    const uint64_t footer = b.file.footer;
    b.file.bytes[footer + 9] ^= 1;
    expect(&b, PECS_E_CORRUPT, "FOOTER-2", footer + 56);
    end_breaking(&b);
}

Test(rules, FOOTER_3)
{
    struct breakage b = begin_breaking();
    const uint64_t footer = b.file.footer;
    put64(&b.file, footer + 8, footer - 4096);
    expect_repaired(&b, "FOOTER-3", footer + 8);
    end_breaking(&b);
}

Test(rules, FOOTER_4)
{
    struct breakage b = begin_breaking();
    const uint64_t footer = b.file.footer;
    put64(&b.file, footer + 40, 4096);
    expect_repaired(&b, "FOOTER-4", footer + 41);
    b.file.bytes[footer + 55] = 1;
    expect_repaired(&b, "FOOTER-4", footer + 55);
    end_breaking(&b);
}

Test(rules, FOOTER_5)
{
    struct breakage b = begin_breaking();
    const uint64_t footer = b.file.footer;
    static const uint64_t offsets[] = { 0, 32, 63, UINT64_MAX, UINT64_MAX - 63 };
    static const uint64_t sizes[] = { 0, 120, 132, UINT64_MAX - 7, UINT64_MAX / 2 + 1 };
    for (size_t i = 0; i < sizeof(offsets) / sizeof(offsets[0]); i++) {
        put64(&b.file, footer + 16, offsets[i]);
        expect_repaired(&b, "FOOTER-5", footer + 16);
    }
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        put64(&b.file, footer + 24, sizes[i]);
        put64(&b.file, footer + 56, hash64(b.file.bytes + footer, 56));
        expect(&b, PECS_E_CORRUPT, "FOOTER-5", footer + 16);
    }
    end_breaking(&b);
}

Test(rules, FOOTER_6)
{
    struct breakage b = begin_breaking();
    const uint64_t footer = b.file.footer;
    b.file.bytes[b.file.commit + 130] ^= 1;
    expect(&b, PECS_E_CORRUPT, "FOOTER-6", footer + 32);
    end_breaking(&b);
}

Test(rules, FOOTER_3_a_footer_that_is_not_at_a_page)
{
    struct breakage b = begin_breaking();
    const uint64_t footer = b.file.footer;
    b.file.bytes = realloc(b.file.bytes, b.file.size + 64);
    memmove(b.file.bytes + footer + 64, b.file.bytes + footer, 64);
    b.file.size += 64;
    b.file.footer = footer + 64;
    put64(&b.file, b.file.footer + 8, b.file.footer);
    expect_repaired(&b, "FOOTER-3", footer + 64 + 8);
    end_breaking(&b);
}

Test(rules, COMMIT_1)
{
    struct breakage b = begin_breaking();
    const uint64_t commit = b.file.commit;
    b.file.bytes[commit] = 'X';
    expect_repaired(&b, "COMMIT-1", commit);
    end_breaking(&b);
}

Test(rules, COMMIT_2)
{
    struct breakage b = begin_breaking();
    const uint64_t commit = b.file.commit;
    put32(&b.file, commit + 12, 0); /* segment_count */
    expect_repaired(&b, "COMMIT-2", commit + 12);
    put32(&b.file, commit + 12, 2);
    expect_repaired(&b, "COMMIT-2", commit + 12);
    put64(&b.file, commit + 24, 0xffffffff); /* slot_count */
    expect_repaired(&b, "COMMIT-2", commit + 12);
    put64(&b.file, commit + 32, 2); /* free_count */
    expect_repaired(&b, "COMMIT-2", commit + 12);
    put64(&b.file, commit + 32, UINT64_MAX);
    expect_repaired(&b, "COMMIT-2", commit + 12);
    put64(&b.file, commit + 40, 6); /* entity_count */
    expect_repaired(&b, "COMMIT-2", commit + 12);
    put64(&b.file, commit + 48, 0); /* tick */
    expect_repaired(&b, "COMMIT-2", commit + 12);
    end_breaking(&b);
}

Test(rules, COMMIT_3)
{
    struct breakage b = begin_breaking();
    const uint64_t commit = b.file.commit;
    b.file.bytes[commit + 72] = 1;
    expect_repaired(&b, "COMMIT-3", commit + 72);
    b.file.bytes[commit + 127] = 1;
    expect_repaired(&b, "COMMIT-3", commit + 127);
    put64(&b.file, commit + offsetof(struct commit_header, retired_count), 1); /* without its feature */
    expect_repaired(&b, "COMMIT-3", commit + 104);
    end_breaking(&b);
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

Test(rules, COMMIT_4_a_commit_cut_short)
{
    struct breakage b = begin_breaking();
    const uint64_t commit = b.file.commit, size = b.file.footer + offsetof(struct file_footer, commit_size);
    const uint64_t tables_end = b.file.row_counts, rows_end = b.file.segments;
    put64(&b.file, size, rows_end - 8 - commit);
    expect_repaired(&b, "COMMIT-4", tables_end);
    end_breaking(&b);
}

Test(rules, SEGMENT_1_a_commit_cut_short)
{
    struct breakage b = begin_breaking();
    const uint64_t commit = b.file.commit, size = b.file.footer + offsetof(struct file_footer, commit_size);
    const uint64_t rows_end = b.file.segments;
    const uint64_t sessions = b.file.sessions;
    put64(&b.file, size, sessions - 8 - commit);
    repair_ends(&b.file);
    expect(&b, PECS_E_CORRUPT, "SEGMENT-1", rows_end);
    end_breaking(&b);
}

Test(rules, COMMIT_6_a_commit_cut_short)
{
    struct breakage b = begin_breaking();
    const uint64_t commit = b.file.commit, size = b.file.footer + offsetof(struct file_footer, commit_size);
    const uint64_t sessions = b.file.sessions;
    put64(&b.file, size, sessions - commit);
    expect_repaired(&b, "COMMIT-6", sessions);
    end_breaking(&b);
}

Test(rules, COMMIT_7_a_commit_cut_short)
{
    struct breakage b = begin_breaking();
    const uint64_t commit = b.file.commit, size = b.file.footer + offsetof(struct file_footer, commit_size);
    const uint64_t free_counts = b.file.free_counts;
    put64(&b.file, size, free_counts - commit);
    expect_repaired(&b, "COMMIT-7", free_counts);
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

Test(rules, TYPE_4_every_number_of_a_layout_counts)
{
    struct breakage b = begin_breaking();
    const uint64_t type = offset_of_type("world.pecs", "Unit"), field = type + sizeof(struct type_record) + 8;
    const uint64_t numbers[] = {
        type + offsetof(struct type_record, version),     type + offsetof(struct type_record, value_size),
        type + offsetof(struct type_record, value_align), field + offsetof(struct field_record, offset),
        field + offsetof(struct field_record, size),      field + offsetof(struct field_record, count),
        field + offsetof(struct field_record, columns),   field + offsetof(struct field_record, child_align),
        type + sizeof(struct type_record) + sizeof(le32), /* the name */
    };
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        b.file.bytes[numbers[i]] ^= 0x20;
        repair(&b.file);
        expect(&b, PECS_E_LAYOUT, "TYPE-4", type);
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

Test(rules, COMMIT_5)
{
    struct breakage b = begin_breaking();
    const uint64_t singletons = b.file.commit + offsetof(struct commit_header, singleton_table);
    put64(&b.file, b.file.row_counts + 16, 0); /* one entity less */
    expect_repaired(&b, "COMMIT-5", singletons);
    put32(&b.file, singletons, 77);
    put64(&b.file, b.file.row_counts + 24, 0);
    expect_repaired(&b, "COMMIT-5", singletons);
    put32(&b.file, singletons, 0); /* no singletons' table */
    put64(&b.file, b.file.row_counts + 24, 0);
    expect_repaired(&b, "COMMIT-5", singletons);
    end_breaking(&b);
}

Test(rules, COMMIT_6)
{
    struct breakage b = begin_breaking();
    const uint64_t commit = b.file.commit;
    put32(&b.file, commit + offsetof(struct commit_header, session_count), (uint32_t)(b.file.size / sizeof(uint64_t)));
    expect_repaired(&b, "COMMIT-6", b.file.sessions);
    put32(&b.file, commit + offsetof(struct commit_header, session_count), 0);
    expect_repaired(&b, "COMMIT-6", b.file.sessions);
    put64(&b.file, b.file.sessions, 1ull << 60);
    expect_repaired(&b, "COMMIT-6", b.file.sessions);
    end_breaking(&b);
}

Test(rules, COMMIT_7)
{
    struct breakage b = begin_breaking();
    const uint64_t commit = b.file.commit, free_counts = b.file.free_counts;
    put64(&b.file, commit + offsetof(struct commit_header, slot_count), 8193); /* three chunks */
    expect_repaired(&b, "COMMIT-7", free_counts);
    put32(&b.file, free_counts + 4, 1); /* beyond the only free count */
    expect_repaired(&b, "COMMIT-7", free_counts);
    end_breaking(&b);
}

Test(rules, COMMIT_8)
{
    struct breakage b = begin_breaking();
    const uint64_t free_counts = b.file.free_counts;
    put32(&b.file, free_counts, 7);
    expect_repaired(&b, "COMMIT-8", free_counts);
    put32(&b.file, free_counts, 2);
    expect_repaired(&b, "COMMIT-8", free_counts);
    end_breaking(&b);
}

/* A chunk in the middle may be all free, the last one has fewer rows. */
Test(rules, COMMIT_8_in_several_chunks)
{
    struct breakage b = begin_breaking();
    pecs_world *world = NULL;
    cr_assert_eq(pecs_world_create(b.registry, NULL, NULL, &world, NULL), PECS_OK);
    cr_assert_eq(pecs_world_spawn(world, NULL, 0, 2 * 4096 + 5, NULL), PECS_OK);
    cr_assert_eq(pecs_world_save(world, "world.pecs", NULL, NULL), PECS_OK);
    pecs_world_destroy(world);
    free_image(&b.file);
    b.file = read_image("world.pecs");
    const uint64_t free_counts = b.file.free_counts;
    put32(&b.file, free_counts + 4, 4097);
    expect_repaired(&b, "COMMIT-8", free_counts + 4);
    put32(&b.file, free_counts + 8, 6);
    expect_repaired(&b, "COMMIT-8", free_counts + 8);
    put32(&b.file, free_counts + 4, 4096); /* could be, but is not their sum */
    expect_repaired(&b, "COMMIT-8", free_counts);
    end_breaking(&b);
}

Test(rules, COMMIT_9)
{
    struct breakage b = begin_breaking();
    const uint64_t id = b.file.commit + offsetof(struct commit_header, snapshot_id);
    b.file.bytes[id] ^= 1;
    repair_ends(&b.file);
    expect_of_load(&b, "COMMIT-9", id);
    end_breaking(&b);
}

Test(rules, SEGMENT_1)
{
    struct breakage b = begin_breaking();
    const uint64_t segment = b.file.segments, prologue = b.file.prologue;
    static const uint64_t offsets[] = { 0, 63, UINT64_MAX, UINT64_MAX - 100 };
    for (size_t i = 0; i < sizeof(offsets) / sizeof(offsets[0]); i++) {
        put64(&b.file, segment, offsets[i]);
        expect_repaired(&b, "SEGMENT-1", segment);
    }
    put64(&b.file, segment + 8, 71); /* prologue_size */
    expect_repaired(&b, "SEGMENT-1", segment);
    put64(&b.file, segment + 8, b.file.commit - prologue + 8);
    repair_ends(&b.file);
    expect(&b, PECS_E_CORRUPT, "SEGMENT-1", segment);
    end_breaking(&b);
}

Test(rules, SEGMENT_2)
{
    struct breakage b = begin_breaking();
    const uint64_t segment = b.file.segments, prologue = b.file.prologue;
    const uint64_t checksum = prologue + get64(&b.file, segment + 8) - 8;
    b.file.bytes[prologue + 65] ^= 1;
    expect(&b, PECS_E_CORRUPT, "SEGMENT-2", checksum);
    put64(&b.file, segment + 16, 1); /* prologue_checksum */
    repair_ends(&b.file);
    expect(&b, PECS_E_CORRUPT, "SEGMENT-2", checksum);
    end_breaking(&b);
}

Test(rules, SEGMENT_3)
{
    struct breakage b = begin_breaking();
    const uint64_t prologue = b.file.prologue;
    static const uint64_t of_header[] = { 0, 4, 8, 44 }; /* magic, sequence, size, piece_bytes */
    for (size_t i = 0; i < sizeof(of_header) / sizeof(of_header[0]); i++) {
        b.file.bytes[prologue + of_header[i]] ^= 1;
        expect_repaired(&b, "SEGMENT-3", prologue);
    }
    for (uint64_t byte = 48; byte < 64; byte++) {
        b.file.bytes[prologue + byte] = 1;
        expect_repaired(&b, "SEGMENT-3", prologue + byte);
    }
    end_breaking(&b);
}

Test(rules, SEGMENT_4)
{
    struct breakage b = begin_breaking();
    const uint64_t prologue = b.file.prologue, data = b.file.data;
    const uint64_t offsets[] = { 0, data + 64, UINT64_MAX - 4095, b.file.footer };
    for (size_t i = 0; i < sizeof(offsets) / sizeof(offsets[0]); i++) {
        put64(&b.file, prologue + 16, offsets[i]);
        expect_repaired(&b, "SEGMENT-4", prologue + 16);
    }
    put64(&b.file, prologue + 24, UINT64_MAX); /* data_size */
    expect_repaired(&b, "SEGMENT-4", prologue + 16);
    end_breaking(&b);
}

Test(rules, SEGMENT_5)
{
    struct breakage b = begin_breaking();
    const uint64_t segment = b.file.segments, prologue = b.file.prologue, data = b.file.data;
    put64(&b.file, segment + 24, b.file.trailer + 64);
    expect_repaired(&b, "SEGMENT-5", segment + 24);
    put64(&b.file, segment + 32, 40); /* trailer_size, of one piece 32 */
    expect_repaired(&b, "SEGMENT-5", segment + 24);
    put64(&b.file, prologue + 24, b.file.commit - data); /* no room for the trailer */
    put64(&b.file, segment + 24, b.file.commit);
    expect_repaired(&b, "SEGMENT-5", segment + 24);
    end_breaking(&b);
}

Test(rules, SEGMENT_6)
{
    struct breakage b = begin_breaking();
    const uint64_t prologue = b.file.prologue, records = b.file.prologue_types;
    b.file.bytes[records + 50] ^= 1;
    expect_repaired(&b, "SEGMENT-6", records);
    put32(&b.file, prologue + 32, 3); /* type_count */
    expect_repaired(&b, "SEGMENT-6", records);
    put32(&b.file, prologue + 36, 3); /* table_count */
    expect_repaired(&b, "SEGMENT-6", records);
    end_breaking(&b);
}

Test(rules, SEGMENT_7)
{
    struct breakage b = begin_breaking();
    const uint64_t prologue = b.file.prologue;
    put32(&b.file, prologue + 40, 8); /* run_count */
    expect_repaired(&b, "SEGMENT-7", prologue + 40);
    put32(&b.file, prologue + 40, UINT32_MAX);
    expect_repaired(&b, "SEGMENT-7", prologue + 40);
    end_breaking(&b);
}

static uint64_t run_place(const struct breakage *breakage, uint32_t run)
{
    return breakage->file.runs + run * sizeof(struct run_record);
}

Test(rules, RUN_1)
{
    struct breakage b = begin_breaking();
    const uint64_t run = run_place(&b, 1); /* values of table 0 */
    uint32_t stunned = 0, clock = 0;
    for (uint32_t i = 0; i < 4; i++) {
        stunned = b.file.types[i] == offset_of_type("world.pecs", "Stunned") ? i : stunned;
        clock = b.file.types[i] == offset_of_type("world.pecs", "Clock") ? i : clock;
    }
    put32(&b.file, run, RUN_IDS); /* of a table, and there are none */
    expect_repaired(&b, "RUN-1", run);
    put32(&b.file, run, RUN_HANDLES); /* handles have no type */
    expect_repaired(&b, "RUN-1", run);
    put32(&b.file, run, RUN_INDEX); /* the index has no table */
    expect_repaired(&b, "RUN-1", run);
    put32(&b.file, run + 4, 4); /* table */
    expect_repaired(&b, "RUN-1", run);
    put32(&b.file, run + 8, 4); /* type */
    expect_repaired(&b, "RUN-1", run);
    put32(&b.file, run + 8, clock); /* a type that the table lacks */
    expect_repaired(&b, "RUN-1", run);
    put32(&b.file, run_place(&b, 4) + 8, stunned); /* a tag */
    expect_repaired(&b, "RUN-1", run_place(&b, 4));
    put32(&b.file, b.file.commit + offsetof(struct commit_header, singleton_table), FORMAT_NONE);
    put64(&b.file, b.file.row_counts + 24, 0); /* no rows there: its runs are of nothing */
    expect_repaired(&b, "RUN-1", run_place(&b, 6));
    end_breaking(&b);
}

Test(rules, RUN_8)
{
    struct breakage b = begin_breaking();
    const uint64_t run = run_place(&b, 1); /* values of table 0 */
    put32(&b.file, run, 0);                /* kind */
    repair(&b.file);
    expect(&b, PECS_E_UNSUPPORTED, "RUN-8", run);
    put32(&b.file, run, 77);
    repair(&b.file);
    expect(&b, PECS_E_UNSUPPORTED, "RUN-8", run);
    end_breaking(&b);
}

Test(rules, RUN_2)
{
    struct breakage b = begin_breaking();
    const uint64_t run = run_place(&b, 1);
    put32(&b.file, run + 12, 1); /* codec */
    repair(&b.file);
    expect(&b, PECS_E_UNSUPPORTED, "RUN-2", run + 12);
    end_breaking(&b);
}

Test(rules, RUN_3)
{
    struct breakage b = begin_breaking();
    const uint64_t run = run_place(&b, 1);
    put32(&b.file, run + 16, 1); /* first_chunk */
    expect_repaired(&b, "RUN-3", run + 16);
    put32(&b.file, run + 20, 2); /* chunk_count */
    expect_repaired(&b, "RUN-3", run + 16);
    put64(&b.file, run + 32, 8); /* size: two rows have 16 bytes */
    expect_repaired(&b, "RUN-3", run + 16);
    end_breaking(&b);
}

Test(rules, RUN_4)
{
    struct breakage b = begin_breaking();
    const uint64_t run = run_place(&b, 1);
    put64(&b.file, run + 24, get64(&b.file, run + 24) + 8); /* offset */
    expect_repaired(&b, "RUN-4", run + 24);
    put64(&b.file, run + 24, b.file.data); /* over the handles */
    expect_repaired(&b, "RUN-4", run + 24);
    put64(&b.file, run + 24, b.file.data - 4096);
    expect_repaired(&b, "RUN-4", run + 24);
    put64(&b.file, run + 24, align_up(b.file.data_end, 64));
    expect_repaired(&b, "RUN-4", run + 24);
    put64(&b.file, run + 24, UINT64_MAX - 63);
    expect_repaired(&b, "RUN-4", run + 24);
    end_breaking(&b);
}

Test(rules, RUN_5)
{
    struct breakage b = begin_breaking();
    const uint64_t run = run_place(&b, 1);
    put32(&b.file, run, RUN_HANDLES); /* as the run before: two rows of 8 bytes */
    put32(&b.file, run + 8, FORMAT_NONE);
    expect_repaired(&b, "RUN-5", run);
    end_breaking(&b);
}

Test(rules, RUN_6)
{
    struct breakage b = begin_breaking();
    const uint64_t run = run_place(&b, 1);
    put64(&b.file, run + 40, 3); /* tick; the world's is 2 */
    expect_repaired(&b, "RUN-6", run + 40);
    end_breaking(&b);
}

/* The last run record, the index's, is left out. */
Test(rules, RUN_7)
{
    struct breakage b = begin_breaking();
    const uint64_t size = get64(&b.file, b.file.segments + 8) - sizeof(struct run_record);
    put64(&b.file, b.file.segments + 8, size);
    put64(&b.file, b.file.prologue + 8, size);
    put32(&b.file, b.file.prologue + 40, 8);
    expect_repaired(&b, "RUN-7", b.file.segments);
    end_breaking(&b);
}

/* A column of a table is left out: the records after it move up. */
Test(rules, RUN_7_of_a_table)
{
    struct breakage b = begin_breaking();
    const uint64_t size = get64(&b.file, b.file.segments + 8) - sizeof(struct run_record);
    memmove(b.file.bytes + run_place(&b, 2), b.file.bytes + run_place(&b, 3), 6 * sizeof(struct run_record));
    put64(&b.file, b.file.segments + 8, size);
    put64(&b.file, b.file.prologue + 8, size);
    put32(&b.file, b.file.prologue + 40, 8);
    expect_repaired(&b, "RUN-7", b.file.segments);
    end_breaking(&b);
}

Test(rules, TRAILER_1)
{
    struct breakage b = begin_breaking();
    const uint64_t trailer = b.file.trailer;
    b.file.bytes[trailer + 16] ^= 1;
    expect_of_load(&b, "TRAILER-1", trailer + 24);
    put64(&b.file, b.file.segments + 40, 1); /* trailer_checksum */
    repair_commit(&b.file);
    expect_of_load(&b, "TRAILER-1", trailer + 24);
    end_breaking(&b);
}

Test(rules, TRAILER_2)
{
    struct breakage b = begin_breaking();
    const uint64_t trailer = b.file.trailer;
    static const uint64_t of_header[] = { 0, 4, 8 }; /* magic, sequence, piece_count */
    for (size_t i = 0; i < 3; i++) {
        b.file.bytes[trailer + of_header[i]] ^= 1;
        repair(&b.file);
        expect_of_load(&b, "TRAILER-2", trailer);
    }
    end_breaking(&b);
}

Test(rules, DATA_1)
{
    struct breakage b = begin_breaking();
    b.file.bytes[b.file.data + 3] ^= 1;
    expect_of_load(&b, "DATA-1", b.file.data);
    b.file.bytes[b.file.data_end - 1] ^= 1;
    expect_of_load(&b, "DATA-1", b.file.data);
    end_breaking(&b);
}

Test(rules, ROW_1)
{
    struct breakage b = begin_breaking();
    const uint64_t handles = run_offset(&b.file, 0), index = run_offset(&b.file, 8);
    break_number(&b, handles + 8, 0, "ROW-1", handles + 8); /* entity 0 twice */
    break_number(&b, handles + 8, 6, "ROW-1", handles + 8); /* no such slot */
    break_number(&b, handles + 8, UINT32_MAX, "ROW-1", handles + 8);
    break_number(&b, handles + 4, 2, "ROW-1", handles + 4 - 4); /* another generation */
    break_number(&b, index, 2, "ROW-1", handles);               /* the record's generation */
    break_number(&b, index + 4, 1, "ROW-1", handles);           /* its table */
    break_number(&b, index + 8, 1, "ROW-1", handles);           /* its row */
    end_breaking(&b);
}

Test(rules, ROW_2)
{
    struct breakage b = begin_breaking();
    const uint64_t singletons = run_offset(&b.file, 6);
    break_number(&b, singletons, 1, "ROW-2", singletons);
    break_number(&b, singletons + 4, 1, "ROW-2", singletons);
    end_breaking(&b);
}

Test(rules, INDEX_1)
{
    struct breakage b = begin_breaking();
    const uint64_t index = run_offset(&b.file, 8), free_slot = index + 16;
    break_number(&b, free_slot, 0, "INDEX-1", free_slot); /* generation */
    break_number(&b, free_slot, 1u << 30, "INDEX-1", free_slot);
    break_number(&b, free_slot + 8, 1, "INDEX-1", free_slot);  /* row */
    break_number(&b, free_slot + 12, 1, "INDEX-1", free_slot); /* session */
    break_number(&b, index + 12, 1, "INDEX-1", index);         /* a session that is not there */
    end_breaking(&b);
}

Test(rules, INDEX_2)
{
    struct breakage b = begin_breaking();
    const uint64_t index = run_offset(&b.file, 8), free_slot = index + 16;
    break_number(&b, free_slot, (1u << 30) - 1, "INDEX-2", b.file.free_counts); /* used up, not free */
    break_number(&b, free_slot + 4, 0, "INDEX-2", b.file.free_counts);          /* living, not free */
    end_breaking(&b);
}

Test(rules, INDEX_3)
{
    struct breakage b = begin_breaking();
    const uint64_t index = run_offset(&b.file, 8), free_slot = index + 16;
    put32(&b.file, b.file.free_counts, 0);
    put64(&b.file, b.file.commit + offsetof(struct commit_header, free_count), 0);
    break_number(&b, free_slot + 4, 0, "INDEX-3", index); /* living without a row */
    end_breaking(&b);
}
