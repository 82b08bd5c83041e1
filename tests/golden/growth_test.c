/*
 * The saves of ten versions of one game, opened by its newest program and by its fifth.
 *
 *     growth_test make VERSION FILE      writes what that version saves: a file that is checked in is never made again
 *     growth_test check SCRATCH FILE...  the ten files, in order
 *
 * Each file is what today's writer makes of its version's world. The newest program opens it by resume and by load: all
 * values are the expected ones, the two states have one hash, and so has what is saved and loaded again.
 */
#include "growth_programs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const pecs_allocator own_allocator;
static pecs_registry *newest;
static pecs_view view; /* of the state that is compared */
static char where[64]; /* "version 3, resume" */

#define EXPECT(condition) growth_require(condition, where, #condition)

static const void *value_of(int thing, const pecs_type *type)
{
    pecs_component component;
    EXPECT(!pecs_view_component(view, type->name, &component));
    EXPECT(pecs_view_type(view, component)->version == type->version);
    return thing < 0 ? pecs_view_get_singleton(view, component, type->size)
                     : pecs_view_get(view, growth_thing(thing), component, type->size);
}

static size_t count_of(const pecs_type *type)
{
    pecs_component component;
    pecs_query *query;
    size_t count = 0;
    if (pecs_view_component(view, type->name, &component))
        return 0;
    if (!pecs_query_create_in(view, (pecs_term[]){ { component, PECS_READ } }, 1, &query, NULL)) {
        count = pecs_query_count(query, view);
        pecs_query_destroy(query);
    }
    return count;
}

static bool has_text(pecs_string string, const char *text)
{
    size_t size;
    const char *found = pecs_view_string(view, string, &size);
    return size == strlen(text) && memcmp(found ? found : "", text, size) == 0;
}

static void expect_ships(int version)
{
    static const uint16_t old_plates[] = { 1, 2, 3, 4 }, plates[] = { 5, 6, 7, 8 }, no_plates[4] = { 0 };
    const Position *position = value_of(SHIP, &Position_type), *second = value_of(FROZEN_SHIP, &Position_type);
    const Hull10 *hull = value_of(SHIP, &Hull10_type), *strong = value_of(FROZEN_SHIP, &Hull10_type);
    EXPECT(count_of(&Position_type) == 2 && count_of(&Hull10_type) == 2);
    EXPECT(position->x == 1.5 && position->y == -2 && second->x == 3 && second->y == 4);
    EXPECT(hull->health == -70 && strong->health == (version < 2 ? 30000 : version < 10 ? 70000 : 5000000000));
    EXPECT(hull->shield == (version < 2 ? 50 : 7) && strong->shield == (version < 2 ? 50 : 9));
    EXPECT(memcmp(hull->plates, version < 10 ? old_plates : plates, sizeof(plates)) == 0);
    EXPECT(memcmp(strong->plates, version < 10 ? old_plates : no_plates, sizeof(plates)) == 0);
    EXPECT(strcmp(ranks10[hull->rank], version < 10 ? "Captain" : "Admiral") == 0);
    EXPECT(strcmp(ranks10[strong->rank], version < 3 ? "Cadet" : "Officer") == 0);
}

static void expect_drives(int version)
{
    pecs_component chilled;
    const Drive10 *drive = value_of(FROZEN_SHIP, &Drive10_type), *engine = value_of(ENGINE, &Drive10_type);
    EXPECT(count_of(&Drive10_type) == 2);
    EXPECT(drive->level == 0.5f && drive->power == 2);
    EXPECT(engine->level == (version < 8 ? 0 : version < 10 ? 0.1f : 0.25f) && engine->power == 0.5f);
    EXPECT(!pecs_view_component(view, "Chilled", &chilled));
    EXPECT(pecs_view_has(view, growth_thing(FROZEN_SHIP), chilled) && count_of(&Chilled_type) == 1);
    EXPECT(count_of(&Frozen_type) == 0 && count_of(&Cold_type) == 0 && count_of(&Chill7_type) == 0);
    EXPECT(count_of(&Fuel_type) == 0 && count_of(&Engine_type) == 0);
}

static void expect_people(int version)
{
    const Name *zoe = value_of(SHIP, &Name_type), *person = value_of(PERSON, &Name_type);
    const Crew9 *crew = value_of(PERSON, &Crew9_type);
    const Mood10 *mood = value_of(CAT, &Mood10_type);
    EXPECT(count_of(&Name_type) == 2 && count_of(&Crew9_type) == 1 && count_of(&Mood10_type) == 1);
    EXPECT(has_text(zoe->full, "Zo\xc3\xab") && has_text(zoe->nick, version < 7 ? "" : "Z"));
    EXPECT(has_text(person->full, version < 3   ? "abcdefgh"
                                  : version < 5 ? "abcdefgh, and more"
                                                : "abcdefgh, and more than fits"));
    EXPECT(has_text(person->nick, ""));
    EXPECT(has_text(crew->names[0], "Ann") && has_text(crew->names[1], "Benjamin"));
    EXPECT(has_text(crew->names[2], version < 9 ? "" : "Christopher"));
    EXPECT(strcmp(moods10[mood->now], version < 10 ? "Scared" : "Happy") == 0);
    EXPECT(strcmp(moods10[mood->was[0]], version < 10 ? "Angry" : "Calm") == 0);
    EXPECT(strcmp(moods10[mood->was[1]], version < 10 ? "Calm" : "Angry") == 0);
    EXPECT(strcmp(moods10[mood->was[2]], version < 10 ? "Calm" : "Scared") == 0);
}

static void expect_cargo(int version)
{
    static const Item10 items[3][3] = { { { 65535, 100, 3 }, { 1, 100, 4 }, { 0 } },
                                        { { 70000, 5, 3 }, { 1, 6, 4 }, { 0 } },
                                        { { 5000000000, 5, 3 }, { 1, 6, 4 }, { 2, 70000, 5 } } };
    const Cargo10 *cargo = value_of(SHIP, &Cargo10_type), *none = value_of(CAT, &Cargo10_type);
    size_t count;
    const Item10 *found = pecs_heap_elements(pecs_view_heap(view), cargo->items, sizeof(*found), &count);
    EXPECT(count_of(&Cargo10_type) == 2);
    EXPECT(count == (version < 10 ? 2 : 3));
    EXPECT(memcmp(found, items[version < 4 ? 0 : version < 10 ? 1 : 2], count * sizeof(*found)) == 0);
    EXPECT(cargo->limits[0] == (version < 6 ? 10 : 1) && cargo->limits[1] == (version < 6 ? 20 : 2));
    EXPECT(none->limits[0] == (version < 6 ? 10 : 3) && none->limits[1] == (version < 6 ? 20 : 4));
    EXPECT(cargo->owner.index == (version < 6 ? 0 : growth_thing(CAT).index) && none->owner.index == 0);
    EXPECT(none->items.reference == 0);
}

static void expect_world(int version)
{
    static const Map6 grown = { { { 1, 2, 3, 9 }, { 4, 5, 6, 9 }, { 9, 9, 9, 9 } } };
    static const Map6 saved = { { { 1, 2, 3, 0 }, { 4, 5, 6, 0 }, { 0, 0, 300, 0 } } };
    const Map6 *map = value_of(-1, &Map6_type);
    const Points *points = value_of(-1, &Points_type);
    const Clock *clock = value_of(-1, &Clock_type);
    pecs_meta weather, schema, reader;
    pecs_summary summary;
    EXPECT(memcmp(map, version < 6 ? &grown : &saved, sizeof(grown)) == 0);
    EXPECT(points->now == (version < 5 ? 4294967295 : 77));
    EXPECT(points->best == (version < 5 ? 4294967295 : version < 9 ? 77 : 90));
    EXPECT(clock->seconds == 2.5);
    EXPECT(count_of(&Legacy_type) == 0 && count_of(&Ship1_type) == 0);
    EXPECT(count_of(&Debug_type) == (version < 6 ? 1 : 0)); /* kept */
    EXPECT(!pecs_view_meta(view, "weather", &weather));
    EXPECT(strcmp(weather.value, version < 3 ? "clear" : "rain") == 0);
    EXPECT(!pecs_view_meta(view, PECS_META_SCHEMA_VERSION, &schema) && strcmp(schema.value, "10") == 0);
    EXPECT(!pecs_view_meta(view, PECS_META_OLDEST_READER, &reader) && strcmp(reader.value, "9") == 0);
    pecs_view_summary(view, &summary);
    EXPECT(summary.entity_count == THING_COUNT);
}

static void expect_all(int version, const pecs_snapshot *snapshot)
{
    view = pecs_snapshot_view(snapshot);
    expect_ships(version);
    expect_drives(version);
    expect_people(version);
    expect_cargo(version);
    expect_world(version);
    EXPECT(pecs_view_check(view, NULL, NULL, NULL) == 0);
}

static pecs_snapshot *open_file(pecs_registry *registry, bool is_resume, const char *path)
{
    pecs_snapshot *snapshot = NULL;
    pecs_error error = { .message = "" };
    const pecs_status status = is_resume ? pecs_snapshot_resume(registry, path, NULL, &snapshot, &error)
                                         : pecs_snapshot_load(registry, path, NULL, &snapshot, &error);
    growth_require(status == PECS_OK, where, error.message);
    return snapshot;
}

/* Also saved, with what the file had mapped, and opened again. Returns the hash. */
static uint64_t check_way(int version, bool is_resume, const char *path, const char *scratch)
{
    pecs_error error = { .message = "" };
    snprintf(where, sizeof(where), "version %d, %s", version, is_resume ? "resume" : "load");
    pecs_snapshot *snapshot = open_file(newest, is_resume, path);
    const uint64_t hash = pecs_view_hash(pecs_snapshot_view(snapshot));
    expect_all(version, snapshot);
    growth_require(!pecs_snapshot_save(snapshot, scratch, &(pecs_save_options){ .skip_sync = true }, &error), where,
                   error.message);
    pecs_snapshot_release(snapshot);
    for (int again = 0; again < 2; again++) {
        snprintf(where, sizeof(where), "version %d, %s, saved and opened", version, is_resume ? "resume" : "load");
        snapshot = open_file(newest, again, scratch);
        expect_all(version, snapshot);
        EXPECT(pecs_view_hash(view) == hash);
        pecs_snapshot_release(snapshot);
    }
    return hash;
}

static size_t read_bytes(const char *path, uint8_t *bytes, size_t capacity)
{
    FILE *stream = fopen(path, "rb");
    growth_require(stream != NULL, path, "cannot be read");
    const size_t size = fread(bytes, 1, capacity, stream);
    fclose(stream);
    return size;
}

static void check_bytes(int version, const char *path, const char *scratch)
{
    static uint8_t golden[1 << 16], made[1 << 16];
    growth_save(version, own_allocator, scratch);
    const size_t size = read_bytes(path, golden, sizeof(golden));
    growth_require(read_bytes(scratch, made, sizeof(made)) == size && memcmp(made, golden, size) == 0, path,
                   "today's writer makes other bytes");
}

/* The fifth program: it refuses what needs a later one, and opens the sixth's save with consent to what it loses. */
static void check_fifth(char **files)
{
    pecs_registry *fifth = growth_registry(5, own_allocator);
    pecs_error error = { .message = "" };
    const pecs_migration_options losses = { .losses = PECS_LOSS_ALL };
    const pecs_load_options consent = { .migration = &losses };
    pecs_snapshot *snapshot = NULL;
    for (int version = 7; version <= GROWTH_VERSIONS; version++) {
        snprintf(where, sizeof(where), "the fifth program, version %d", version);
        EXPECT(pecs_snapshot_load(fifth, files[version - 1], NULL, &snapshot, &error) == PECS_E_UNSUPPORTED);
        EXPECT(pecs_snapshot_resume(fifth, files[version - 1], NULL, &snapshot, &error) == PECS_E_UNSUPPORTED);
    }
    EXPECT(strcmp(error.message,
                  "the file was saved by growth (schema version 10) and needs schema version 9 or later; this program "
                  "has 5") == 0);
    snprintf(where, sizeof(where), "the fifth program, version 6");
    EXPECT(pecs_snapshot_load(fifth, files[5], NULL, &snapshot, &error) == PECS_E_LAYOUT);
    EXPECT(!pecs_snapshot_load(fifth, files[5], &consent, &snapshot, &error));
    view = pecs_snapshot_view(snapshot);
    EXPECT(memcmp(value_of(-1, &Map1_type), &(Map1){ { { 1, 2, 3 }, { 4, 5, 6 } } }, sizeof(Map1)) == 0);
    EXPECT(((const Ship3 *)value_of(FROZEN_SHIP, &Ship3_type))->health == 70000);
    EXPECT(((const Cargo4 *)value_of(SHIP, &Cargo4_type))->items.reference != 0);
    pecs_snapshot_release(snapshot);
    pecs_registry_release(fifth);
}

int main(int argc, char **argv)
{
    const int version = argc == 4 ? atoi(argv[2]) : 0;
    if (argc == 4 && strcmp(argv[1], "make") == 0 && version > 0 && version <= GROWTH_VERSIONS) {
        growth_save(version, own_allocator, argv[3]);
        return 0;
    }
    if (argc != 3 + GROWTH_VERSIONS || strcmp(argv[1], "check") != 0) {
        fprintf(stderr, "usage: growth_test make VERSION FILE | check SCRATCH FILE...\n");
        return 2;
    }
    newest = growth_registry(GROWTH_VERSIONS, own_allocator);
    for (int i = 0; i < GROWTH_VERSIONS; i++) {
        check_bytes(i + 1, argv[3 + i], argv[2]);
        const uint64_t hash = check_way(i + 1, true, argv[3 + i], argv[2]);
        growth_require(check_way(i + 1, false, argv[3 + i], argv[2]) == hash, where, "another hash than by resume");
    }
    check_fifth(argv + 3);
    pecs_registry_release(newest);
    remove(argv[2]);
    printf("%d files\n", GROWTH_VERSIONS);
    return 0;
}
