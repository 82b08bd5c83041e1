/* Types and pasts of the ten programs, and the worlds that they save. */
#include "growth_programs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TYPES_MAX_OF_ONE = 16 };

void growth_require(bool condition, const char *what, const char *detail)
{
    if (condition)
        return;
    fprintf(stderr, "%s: %s\n", what, detail);
    exit(1);
}

/* The types of each version; a component that a version lacks is NULL. In any order: here in that of this list. */
static const pecs_type *const growth_types[][GROWTH_VERSIONS] = {
    { &Ship1_type, &Ship2_type, &Ship3_type, &Ship3_type, &Ship3_type, &Ship3_type, NULL },
    { NULL, NULL, NULL, NULL, NULL, NULL, &Position_type, &Position_type, &Position_type, &Position_type },
    { NULL, NULL, NULL, NULL, NULL, NULL, &Hull1_type, &Hull1_type, &Hull1_type, &Hull10_type },
    { &Label1_type, &Label1_type, &Label3_type, &Label3_type, &Label5_type, &Label5_type, &Name_type, &Name_type,
      &Name_type, &Name_type },
    { &Cargo1_type, &Cargo1_type, &Cargo1_type, &Cargo4_type, &Cargo4_type, &Cargo6_type, &Cargo6_type, &Cargo6_type,
      &Cargo6_type, &Cargo10_type },
    { &Score1_type, &Score1_type, &Score1_type, &Score1_type, &Score5_type, &Score5_type, &Score5_type, &Score5_type },
    { NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, &Points_type, &Points_type },
    { NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, &Clock_type, &Clock_type },
    { &Mood1_type, &Mood1_type, &Mood1_type, &Mood1_type, &Mood1_type, &Mood1_type, &Mood7_type, &Mood7_type,
      &Mood7_type, &Mood10_type },
    { &Frozen_type, &Frozen_type, &Frozen_type, &Cold_type, &Cold_type, &Cold_type, &Chill7_type, &Chilled_type,
      &Chilled_type, &Chilled_type },
    { &Legacy_type, &Legacy_type },
    { &Debug_type, &Debug_type, &Debug_type, &Debug_type, &Debug_type },
    { &Map1_type, &Map1_type, &Map1_type, &Map1_type, &Map1_type, &Map6_type, &Map6_type, &Map6_type, &Map6_type,
      &Map6_type },
    { &Fuel_type, &Fuel_type, &Fuel_type, &Fuel_type, &Fuel_type, &Fuel_type, &Fuel_type },
    { &Engine_type, &Engine_type, &Engine_type, &Engine_type, &Engine_type, &Engine_type, &Engine_type },
    { NULL, NULL, NULL, NULL, NULL, NULL, NULL, &Drive8_type, &Drive8_type, &Drive10_type },
    { &Crew1_type, &Crew1_type, &Crew1_type, &Crew1_type, &Crew1_type, &Crew1_type, &Crew1_type, &Crew1_type,
      &Crew9_type, &Crew9_type },
};
enum { KIND_COUNT = sizeof(growth_types) / sizeof(growth_types[0]) };

/* The newest program's functions. */

static pecs_status growth_warm(void *user, pecs_migration_rows *rows, pecs_error *error)
{
    Cold *cold = rows->to[0];
    (void)user, (void)error;
    for (size_t i = 0; i < rows->count; i++)
        cold[i].degrees = -10;
    return PECS_OK;
}

/* A tag has nothing to write. */
static pecs_status growth_mark(void *user, pecs_migration_rows *rows, pecs_error *error)
{
    (void)user, (void)rows, (void)error;
    return PECS_OK;
}

static pecs_status growth_split_ship(void *user, pecs_migration_rows *rows, pecs_error *error)
{
    const Ship3 *ship = rows->from;
    Position *position = rows->to[0];
    Hull1 *hull = rows->to[1];
    (void)user, (void)error;
    for (size_t i = 0; i < rows->count; i++) {
        position[i] = (Position){ ship[i].x, ship[i].y };
        hull[i] = (Hull1){ ship[i].health, ship[i].shield, ship[i].rank, { 0 } };
    }
    return PECS_OK;
}

static pecs_status growth_split_score(void *user, pecs_migration_rows *rows, pecs_error *error)
{
    const Score5 *score = rows->from;
    Points *points = rows->to[0];
    Clock *clock = rows->to[1];
    (void)user, (void)error;
    for (size_t i = 0; i < rows->count; i++) {
        points[i] = (Points){ score[i].points, score[i].points };
        clock[i].seconds = score[i].seconds;
    }
    return PECS_OK;
}

static pecs_status growth_rename_mood(void *user, pecs_migration_rows *rows, pecs_error *error)
{
    (void)user, (void)error;
    memcpy(rows->to[0], rows->from, rows->count * sizeof(Mood1)); /* the same numbers */
    return PECS_OK;
}

static pecs_status growth_join_fuel(void *user, pecs_migration_rows *rows, pecs_error *error)
{
    const Fuel *fuel = rows->from;
    Drive8 *drive = rows->to[0];
    (void)user, (void)error;
    for (size_t i = 0; i < rows->count; i++)
        drive[i].level = (double)fuel[i].level;
    return PECS_OK;
}

static pecs_status growth_join_engine(void *user, pecs_migration_rows *rows, pecs_error *error)
{
    const Engine *engine = rows->from;
    Drive8 *drive = rows->to[0];
    (void)user, (void)error;
    for (size_t i = 0; i < rows->count; i++)
        drive[i].power = (double)engine[i].power;
    return PECS_OK;
}

static pecs_status growth_set_weather(void *user, pecs_world *world, pecs_error *error)
{
    (void)user, (void)error;
    return pecs_world_set_meta_text(world, "weather", "clear");
}

/* Watts became kilowatts. */
static pecs_status growth_change_unit(void *user, pecs_world *world, pecs_error *error)
{
    pecs_component drive;
    pecs_query *query;
    pecs_status status = pecs_view_component(pecs_world_view(world), "Drive", &drive);
    if (!status)
        status = pecs_query_create_in(pecs_world_view(world), (pecs_term[]){ { drive, PECS_WRITE } }, 1, &query, error);
    if (status)
        return status;
    pecs_iter iter = pecs_query_iter_mut(query, world, NULL);
    while (pecs_iter_next(&iter)) {
        Drive10 *drives = pecs_iter_column_mut(&iter, drive, sizeof(*drives));
        for (size_t i = 0; i < iter.row_count; i++)
            drives[i].power /= 1000;
    }
    status = pecs_iter_end(&iter);
    pecs_query_destroy(query);
    (void)user;
    return status;
}

static const pecs_type *const to_ship3[] = { &Ship3_type }, *const to_parts[] = { &Position_type, &Hull1_type },
                              *const to_cold[] = { &Cold_type }, *const to_chill[] = { &Chill7_type },
                              *const to_chilled[] = { &Chilled_type },
                              *const to_score[] = { &Points_type, &Clock_type }, *const to_score5[] = { &Score5_type },
                              *const to_mood[] = { &Mood7_type }, *const to_drive[] = { &Drive8_type },
                              *const to_drive10[] = { &Drive10_type };
static const pecs_migration growth_migrations[] = {
    { &Ship1_type, to_ship3, 1, NULL, NULL, false },
    { &Ship2_type, to_ship3, 1, NULL, NULL, false },
    { &Ship3_type, to_parts, 2, growth_split_ship, NULL, false },
    { &Legacy_type, NULL, 0, NULL, NULL, false },
    { &Frozen_type, to_cold, 1, growth_warm, NULL, false },
    { &Cold_type, to_chill, 1, NULL, NULL, false },
    { &Chill7_type, to_chilled, 1, growth_mark, NULL, false },
    { &Score1_type, to_score5, 1, NULL, NULL, false },
    { &Score5_type, to_score, 2, growth_split_score, NULL, false },
    { &Mood1_type, to_mood, 1, growth_rename_mood, NULL, false },
    { &Fuel_type, to_drive, 1, growth_join_fuel, NULL, false },
    { &Engine_type, to_drive, 1, growth_join_engine, NULL, false },
    { &Drive8_type, to_drive10, 1, NULL, NULL, false },
};

static const pecs_rename ship_renames[] = { { "health", "hull" } }, name_renames[] = { { "full", "text" } };
static const char *const name_old[] = { "Label" };
static const Ship3 ship_default = { .shield = 50 };
static const Hull10 hull_default = { .plates = { 1, 2, 3, 4 } };
static const Item10 item_default = { .quality = 100 };
static const Cargo10 cargo_default = { .limits = { 10, 20 } };
static const Mood10 mood_default = { 0, { 0, 0, 1 } };
static const Map6 map_default = { { { 9, 9, 9, 9 }, { 9, 9, 9, 9 }, { 9, 9, 9, 9 } } };
static const pecs_type_history newest_types[] = {
    { &Ship3_type, NULL, 0, ship_renames, 1, &ship_default, PECS_LOSS_FIELD },
    { &Hull10_type, NULL, 0, NULL, 0, &hull_default, 0 },
    { &Name_type, name_old, 1, name_renames, 1, NULL, 0 },
    { &Item10_type, NULL, 0, NULL, 0, &item_default, 0 },
    { &Cargo10_type, NULL, 0, NULL, 0, &cargo_default, 0 },
    { &Score5_type, NULL, 0, NULL, 0, NULL, PECS_LOSS_NUMBER },
    { &Mood10_type, NULL, 0, NULL, 0, &mood_default, 0 },
    { &Map6_type, NULL, 0, NULL, 0, &map_default, 0 },
    { &Drive10_type, NULL, 0, NULL, 0, NULL, PECS_LOSS_NUMBER },
};
static const pecs_world_migration newest_worlds[] = { { 2, 3, growth_set_weather, NULL },
                                                      { 7, 8, growth_change_unit, NULL } };

/* Version 5 may read saves of version 6, with the losses that it is asked about. */
static const pecs_history growth_histories[GROWTH_VERSIONS] = {
    [0] = { .schema_version = 0 },
    [1] = { .schema_version = 2 },
    [2] = { .schema_version = 3 },
    [3] = { .schema_version = 4 },
    [4] = { .schema_version = 5, .oldest_reader = 4 },
    [5] = { .schema_version = 6, .oldest_reader = 5 },
    [6] = { .schema_version = 7, .oldest_reader = 7 },
    [7] = { .schema_version = 8, .oldest_reader = 8 },
    [8] = { .schema_version = 9, .oldest_reader = 9 },
    [9] = { 10, 9, newest_types, sizeof(newest_types) / sizeof(newest_types[0]), growth_migrations,
            sizeof(growth_migrations) / sizeof(growth_migrations[0]), newest_worlds, 2, NULL, 0 },
};

pecs_registry *growth_registry(int version, pecs_allocator allocator)
{
    const pecs_type *list[TYPES_MAX_OF_ONE];
    size_t count = 0;
    for (size_t i = 0; i < KIND_COUNT; i++)
        if (growth_types[i][version - 1])
            list[count++] = growth_types[i][version - 1];
    const pecs_registry_desc desc = { .types = list,
                                      .type_count = count,
                                      .allocator = allocator,
                                      .application = "growth",
                                      .history = &growth_histories[version - 1] };
    pecs_registry *registry;
    pecs_error error = { .message = "" };
    growth_require(pecs_registry_create(&desc, &registry, &error) == PECS_OK, "registry", error.message);
    return registry;
}

/* Sets the component of this type. A world whose program has another version of it is left as it is. */
static void growth_set(pecs_world *world, int thing, const pecs_type *type, const void *value)
{
    pecs_component component;
    const pecs_view view = pecs_world_view(world);
    if (pecs_view_component(view, type->name, &component) || pecs_view_type(view, component) != type)
        return;
    const pecs_value set = { component, type->size, type->size ? value : NULL };
    const pecs_status status = thing < 0 ? pecs_world_set_singleton(world, component, type->size, value)
                                         : pecs_world_set(world, growth_thing(thing), &set, 1);
    growth_require(status == PECS_OK, type->name, pecs_world_error(world)->message);
}

static void growth_fill_ships(pecs_world *world)
{
    const Ship1 ships1[] = { { 1.5f, -2, -70, 1, true }, { 3, 4, 30000, 0, false } };
    const Ship2 ships2[] = { { -70, 7, -2, 1.5f, 0, true, 0 }, { 70000, 9, 4, 3, 2, false, 0 } };
    const Ship3 ships3[] = { { 1.5, -2, -70, 7, 0, { 0 } }, { 3, 4, 70000, 9, 1, { 0 } } };
    const Position positions[] = { { 1.5, -2 }, { 3, 4 } };
    const Hull1 hulls1[] = { { -70, 7, 0, { 0 } }, { 70000, 9, 1, { 0 } } };
    const Hull10 hulls10[] = { { -70, 7, { 5, 6, 7, 8 }, 3, { 0 } }, { 5000000000, 9, { 0 }, 1, { 0 } } };
    for (int i = 0; i < 2; i++) {
        growth_set(world, SHIP + i, &Ship1_type, &ships1[i]);
        growth_set(world, SHIP + i, &Ship2_type, &ships2[i]);
        growth_set(world, SHIP + i, &Ship3_type, &ships3[i]);
        growth_set(world, SHIP + i, &Position_type, &positions[i]);
        growth_set(world, SHIP + i, &Hull1_type, &hulls1[i]);
        growth_set(world, SHIP + i, &Hull10_type, &hulls10[i]);
    }
    growth_set(world, FROZEN_SHIP, &Frozen_type, NULL);
    growth_set(world, FROZEN_SHIP, &Cold_type, &(Cold){ -20 });
    growth_set(world, FROZEN_SHIP, &Chill7_type, &(Chill7){ -30 });
    growth_set(world, FROZEN_SHIP, &Chilled_type, NULL);
    growth_set(world, FROZEN_SHIP, &Fuel_type, &(Fuel){ 0.5f });
    growth_set(world, FROZEN_SHIP, &Engine_type, &(Engine){ 2000 });
    growth_set(world, FROZEN_SHIP, &Drive8_type, &(Drive8){ 0.5, 2 });
    growth_set(world, FROZEN_SHIP, &Drive10_type, &(Drive10){ 2, 0.5f });
    growth_set(world, ENGINE, &Engine_type, &(Engine){ 500 });
    growth_set(world, ENGINE, &Drive8_type, &(Drive8){ 0.1, 0.5 });
    growth_set(world, ENGINE, &Drive10_type, &(Drive10){ 0.5f, 0.25f });
}

static void growth_fill_people(pecs_world *world)
{
    growth_set(world, SHIP, &Label1_type, &(Label1){ "Zo\xc3\xab" });
    growth_set(world, SHIP, &Label3_type, &(Label3){ "Zo\xc3\xab" });
    growth_set(world, SHIP, &Label5_type, &(Label5){ pecs_string_of("Zo\xc3\xab") });
    growth_set(world, SHIP, &Name_type, &(Name){ pecs_string_of("Z"), pecs_string_of("Zo\xc3\xab") });
    growth_set(world, PERSON, &Label1_type, &(Label1){ "abcdefgh" });
    growth_set(world, PERSON, &Label3_type, &(Label3){ "abcdefgh, and more" });
    growth_set(world, PERSON, &Label5_type, &(Label5){ pecs_string_of("abcdefgh, and more than fits") });
    growth_set(world, PERSON, &Name_type, &(Name){ { 0 }, pecs_string_of("abcdefgh, and more than fits") });
    growth_set(world, PERSON, &Crew1_type, &(Crew1){ { "Ann", "Benjamin" } });
    growth_set(world, PERSON, &Crew9_type,
               &(Crew9){ { pecs_string_of("Ann"), pecs_string_of("Benjamin"), pecs_string_of("Christopher") } });
    growth_set(world, PERSON, &Legacy_type, &(Legacy){ 0x1234 });
    growth_set(world, PERSON, &Debug_type, &(Debug){ 99 });
    growth_set(world, CAT, &Mood1_type, &(Mood1){ 2, { 1, 0 } });
    growth_set(world, CAT, &Mood7_type, &(Mood7){ 2, { 1, 0 } });
    growth_set(world, CAT, &Mood10_type, &(Mood10){ 0, { 1, 2, 3 } });
}

static void growth_fill_goods(pecs_world *world)
{
    static const Item1 items1[] = { { 3, 65535 }, { 4, 1 } };
    static const Item4 items4[] = { { 70000, 3, 5 }, { 1, 4, 6 } };
    static const Item10 items10[] = { { 5000000000, 5, 3 }, { 1, 6, 4 }, { 2, 70000, 5 } };
    const pecs_bytes bytes1 = { items1, sizeof(items1) }, bytes4 = { items4, sizeof(items4) },
                     bytes10 = { items10, sizeof(items10) };
    growth_set(world, SHIP, &Cargo1_type, &(Cargo1){ pecs_list_of(&bytes1) });
    growth_set(world, SHIP, &Cargo4_type, &(Cargo4){ pecs_list_of(&bytes4) });
    growth_set(world, SHIP, &Cargo6_type, &(Cargo6){ pecs_list_of(&bytes4), { 1, 2 }, growth_thing(CAT) });
    growth_set(world, SHIP, &Cargo10_type, &(Cargo10){ pecs_list_of(&bytes10), { 1, 2 }, growth_thing(CAT) });
    growth_set(world, CAT, &Cargo1_type, &(Cargo1){ { 0 } }); /* an empty list */
    growth_set(world, CAT, &Cargo4_type, &(Cargo4){ { 0 } });
    growth_set(world, CAT, &Cargo6_type, &(Cargo6){ { 0 }, { 3, 4 }, { 0, 0 } });
    growth_set(world, CAT, &Cargo10_type, &(Cargo10){ { 0 }, { 3, 4 }, { 0, 0 } });
    growth_set(world, -1, &Map1_type, &(Map1){ { { 1, 2, 3 }, { 4, 5, 6 } } });
    growth_set(world, -1, &Map6_type, &(Map6){ { { 1, 2, 3, 0 }, { 4, 5, 6, 0 }, { 0, 0, 300, 0 } } });
    growth_set(world, -1, &Score1_type, &(Score1){ 5000000000, 2.5f, { 0 } });
    growth_set(world, -1, &Score5_type, &(Score5){ 2.5, 77, { 0 } });
    growth_set(world, -1, &Points_type, &(Points){ 77, 90 });
    growth_set(world, -1, &Clock_type, &(Clock){ 2.5 });
    growth_set(world, -1, &Legacy_type, &(Legacy){ 0x5678 });
}

void growth_save(int version, pecs_allocator allocator, const char *path)
{
    pecs_registry *registry = growth_registry(version, allocator);
    const pecs_world_options options = { .session_nonce = 0x6707 + (uint64_t)version };
    const pecs_save_options quick = { .skip_sync = true };
    pecs_world *world;
    pecs_entity entities[THING_COUNT + 1];
    pecs_error error = { .message = "" };
    growth_require(!pecs_world_create(registry, NULL, &options, &world, &error), "world", error.message);
    growth_require(!pecs_world_spawn(world, NULL, 0, THING_COUNT + 1, entities), "spawn", "failed");
    growth_require(!pecs_world_despawn(world, entities, 1), "despawn", "failed");
    growth_fill_ships(world);
    growth_fill_people(world);
    growth_fill_goods(world);
    if (version >= 3)
        growth_require(!pecs_world_set_meta_text(world, "weather", "rain"), "metadata", "failed");
    growth_require(!pecs_world_save(world, path, &quick, &error), path, error.message);
    pecs_world_destroy(world);
    pecs_registry_release(registry);
}
