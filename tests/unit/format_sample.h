/*
 * For tests of the format: the sample world, whose file the tests of the rules break. Its parts, by their numbers in
 * the file:
 *     tables   0 {Place, Unit} 2 rows, 1 {Place, Stunned} 2 rows, 2 {} 1 row, 3 singletons {Clock} 1 row
 *     runs     0 to 2 table 0 (8 bytes a row each), 3, 4 table 1, 5 table 2, 6, 7 table 3, 8 index of 6 slots, 1 free
 */
#ifndef FORMAT_SAMPLE_H
#define FORMAT_SAMPLE_H

#include "format_breaking.h"

#include <pecs/pecs.h>

#include <criterion/criterion.h>
#include <string.h>

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

static inline pecs_registry *registry_of(const pecs_type *const *list, size_t count)
{
    pecs_registry *registry;
    pecs_error error;
    const pecs_registry_desc desc = { .types = list, .type_count = count };
    cr_assert_eq(pecs_registry_create(&desc, &registry, &error), PECS_OK, "%s", error.message);
    return registry;
}

static inline pecs_registry *all_types(void)
{
    return registry_of(types, TYPE_COUNT);
}

static inline pecs_world *make_world(pecs_registry *registry, const pecs_snapshot *base)
{
    pecs_world *world;
    const pecs_world_options options = { .session_nonce = 5 };
    cr_assert_eq(pecs_world_create(registry, base, &options, &world, NULL), PECS_OK);
    return world;
}

static inline void save(pecs_world *world, const char *path)
{
    pecs_error error;
    cr_assert_eq(pecs_world_save(world, path, &(pecs_save_options){ .skip_sync = true }, &error), PECS_OK, "%s",
                 error.message);
}

static inline pecs_status spawn(pecs_world *world, size_t count, const pecs_value *values, size_t value_count)
{
    return pecs_world_spawn(world, values, value_count, count, NULL);
}

/* Two tables, a singleton, an entity without components, a dead slot, two ticks. */
static inline pecs_world *sample_world(pecs_registry *registry, const pecs_component component[4])
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

static inline void save_sample(pecs_registry *registry, const char *path)
{
    pecs_world *world = sample_world(registry, usual_order);
    save(world, path);
    pecs_world_destroy(world);
}

static inline uint64_t offset_of_type(const char *path, const char *name)
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

/* The sample's file, to be broken. */
static inline struct breakage begin_breaking(void)
{
    pecs_registry *registry = all_types();
    save_sample(registry, "world.pecs");
    return breakage_of(registry);
}

#endif
