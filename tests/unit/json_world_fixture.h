/* The types of the tests of JSON: every kind of field. */
#ifndef JSON_WORLD_FIXTURE_H
#define JSON_WORLD_FIXTURE_H

#include "json_fixture.h"

#include <criterion/criterion.h>

typedef struct {
    float x, y;
} Position;
typedef struct {
    bool flag;
    uint8_t mood;
    int8_t i8;
    int16_t i16;
    int32_t i32;
    int64_t i64;
    uint8_t u8;
    uint16_t u16;
    uint32_t u32;
    uint64_t u64;
    float f32;
    double f64;
} Scalars;
typedef struct {
    char text[8];
    pecs_entity target;
    uint16_t slots[3];
    int32_t grid[2][3];
} Shapes;
typedef struct {
    pecs_entity who;
    uint8_t mood;
} Tie;
typedef struct {
    pecs_string name;
    pecs_blob blob;
    pecs_list ties;
    pecs_list numbers;
} Story;

static const char *const mood_names[] = { "Calm", "Angry", "\xe2\x82\xac" };
PECS_COMPONENT(Position, 1, x, y);
PECS_COMPONENT_OF(Scalars, "Scalars", 2, PECS_FIELD(Scalars, flag), PECS_FIELD_ENUM(Scalars, mood, mood_names),
                  PECS_FIELD(Scalars, i8), PECS_GAP_AFTER(Scalars, i8, 1), PECS_FIELD(Scalars, i16),
                  PECS_GAP_AFTER(Scalars, i16, 2), PECS_FIELD(Scalars, i32), PECS_GAP_AFTER(Scalars, i32, 4),
                  PECS_FIELD(Scalars, i64), PECS_FIELD(Scalars, u8), PECS_GAP_AFTER(Scalars, u8, 1),
                  PECS_FIELD(Scalars, u16), PECS_FIELD(Scalars, u32), PECS_FIELD(Scalars, u64),
                  PECS_FIELD(Scalars, f32), PECS_GAP_AFTER(Scalars, f32, 4), PECS_FIELD(Scalars, f64));
PECS_COMPONENT_OF(Shapes, "Shapes", 1, PECS_FIELD(Shapes, text), PECS_FIELD(Shapes, target), PECS_FIELD(Shapes, slots),
                  PECS_GAP_AFTER(Shapes, slots, 2), PECS_FIELD_GRID(Shapes, grid));
PECS_COMPONENT_OF(Tie, "Tie", 1, PECS_FIELD(Tie, who), PECS_FIELD_ENUM(Tie, mood, mood_names),
                  PECS_GAP_AFTER(Tie, mood, 3));
PECS_COMPONENT_OF(Story, "Story", 1, PECS_FIELD(Story, name), PECS_FIELD(Story, blob),
                  PECS_FIELD_LIST_STRUCT(Story, ties, Tie), PECS_FIELD_LIST(Story, numbers, int64_t));
typedef struct {
    Tie main;
    Position path[2];
} Nested;
PECS_COMPONENT_OF(Nested, "Nested", 1, PECS_FIELD_STRUCT(Nested, main, Tie), PECS_FIELD_STRUCT(Nested, path, Position));
PECS_TAG(Frozen, 1);
PECS_TRANSIENT_TAG(Selected);
PECS_TYPES(json, Position, Scalars, Shapes, Story, Nested, Frozen, Selected);

static inline pecs_registry *json_registry(void)
{
    const pecs_registry_desc desc = { .types = json_types, .type_count = json_type_count };
    pecs_registry *registry = NULL;
    pecs_error error;
    cr_assert(pecs_registry_create(&desc, &registry, &error) == PECS_OK, "%s", error.message);
    return registry;
}

/* A world of all of them, in the session 123456789abcdef. */
static inline pecs_snapshot *json_world(pecs_registry *registry)
{
    const pecs_world_options options = { .session_nonce = UINT64_C(0x123456789abcdef) };
    pecs_world *world;
    pecs_snapshot *snapshot;
    pecs_entity e[4];
    cr_assert(pecs_world_create(registry, NULL, &options, &world, NULL) == PECS_OK);
    cr_assert(pecs_spawn(world, &e[0], PECS_VALUE(Position, 0.1f, -0.0f)) == PECS_OK);
    cr_assert(pecs_spawn(world, &e[1], PECS_VALUE(Position, 1, 2)) == PECS_OK);
    cr_assert(pecs_world_despawn(world, &e[1], 1) == PECS_OK);
    cr_assert(pecs_spawn(world, &e[1], PECS_HAS(Frozen), PECS_HAS(Selected),
                         PECS_VALUE(Scalars, true, 2, INT8_MIN, INT16_MIN, INT32_MIN, INT64_MIN, UINT8_MAX, UINT16_MAX,
                                    UINT32_MAX, UINT64_MAX, 3.4028235e38f, 5e-324)) == PECS_OK);
    cr_assert(pecs_spawn(world, &e[2],
                         PECS_VALUE(Shapes, "Zo\xc3\xab", e[1], { 1, 2, 3 }, { { 1, 2, 3 }, { 4, 5, 6 } }),
                         PECS_VALUE(Nested, { e[0], 1 }, { { 1, 2 }, { 3, 4 } })) == PECS_OK);
    const Tie ties[] = { { e[2], 1 }, { { 0, 0 }, 0 } };
    const int64_t numbers[] = { INT64_MIN, 9007199254740993, INT64_MAX };
    cr_assert(pecs_spawn(world, &e[3],
                         PECS_VALUE(Story, pecs_string_of("a \"b\"\n\\ \xf0\x9f\x99\x82"),
                                    pecs_blob_of(PECS_BYTES("\0\1\2", 4)), pecs_list_of(PECS_ARRAY(ties)),
                                    pecs_list_of(PECS_ARRAY(numbers)))) == PECS_OK);
    const pecs_entity last = e[3];
    cr_assert(pecs_spawn(world, &e[3], PECS_HAS(Frozen)) == PECS_OK);
    cr_assert(pecs_world_despawn(world, &e[3], 1) == PECS_OK);
    cr_assert(pecs_world_set_id(world, last, (pecs_id){ { 7 } }) == PECS_OK);
    cr_assert(pecs_world_set_singleton(world, Position_component, sizeof(Position), &(Position){ 7, 8 }) == PECS_OK);
    cr_assert(pecs_world_set_meta_text(world, "title", "a world") == PECS_OK);
    cr_assert(pecs_world_attach(world, "map", PECS_BYTES("terrain", 7)) == PECS_OK);
    cr_assert(pecs_snapshot_take(world, &snapshot) == PECS_OK);
    pecs_world_destroy(world);
    return snapshot;
}

#endif
