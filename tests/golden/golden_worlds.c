/*
 * The golden worlds. Once a file of a world is checked in, neither the world nor the file changes: a new thing to show
 * is a new world. Values are chosen to be written by hand: fractions are exact, bytes of padding are not zero in memory.
 */
#include "golden_worlds.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    float x, y;
} Vec;
PECS_COMPONENT(Vec, 1, x, y);

typedef struct {
    Vec offset;
    uint16_t mass;
    uint8_t spare[2];
} Part;
PECS_COMPONENT_OF(Part, "Part", 1, PECS_FIELD_STRUCT(Part, offset, Vec), PECS_FIELD(Part, mass),
                  PECS_FIELD_PADDING(Part, spare));

typedef struct {
    Vec at;
    Part parts[2];
    int8_t grid[2][3];
    uint8_t spare[2];
} Body;
PECS_COMPONENT_OF(Body, "Body", 3, PECS_FIELD_STRUCT(Body, at, Vec), PECS_FIELD_STRUCT(Body, parts, Part),
                  PECS_FIELD_GRID(Body, grid), PECS_FIELD_PADDING(Body, spare));

typedef struct {
    uint64_t frame;
    double seconds;
} Clock;
PECS_COMPONENT(Clock, 1, frame, seconds);

PECS_TAG(Frozen, 1);

typedef struct {
    char text[8];
} Label;
PECS_COMPONENT(Label, 1, text);

typedef struct {
    pecs_entity target;
    pecs_entity others[3];
} Links;
PECS_COMPONENT(Links, 1, target, others);

PECS_TAG(Marked, 2);

typedef struct {
    uint8_t now;
    uint16_t was[2];
} Mood;
static const char *const moods[] = { "Calm", "Angry", "Afraid" };
PECS_COMPONENT_OF(Mood, "Mood", 1, PECS_FIELD_ENUM(Mood, now, moods), PECS_GAP_AFTER(Mood, now, 1),
                  PECS_FIELD_ENUM_ARRAY(Mood, was, moods));

typedef struct {
    bool flag;
    int8_t a;
    uint8_t b;
    int16_t c;
    uint16_t d;
    int32_t e;
    uint32_t f;
    int64_t g;
    uint64_t h;
    float i;
    double j;
} Scalars;
PECS_COMPONENT_OF(Scalars, "Scalars", 1, PECS_FIELD(Scalars, flag), PECS_FIELD(Scalars, a), PECS_FIELD(Scalars, b),
                  PECS_GAP_AFTER(Scalars, b, 1), PECS_FIELD(Scalars, c), PECS_FIELD(Scalars, d), PECS_FIELD(Scalars, e),
                  PECS_FIELD(Scalars, f), PECS_FIELD(Scalars, g), PECS_FIELD(Scalars, h), PECS_FIELD(Scalars, i),
                  PECS_GAP_AFTER(Scalars, i, 4), PECS_FIELD(Scalars, j));

typedef struct {
    uint64_t state[2];
} Seed;
PECS_COMPONENT(Seed, 1, state);

static const pecs_type *const types[TYPE_COUNT] = {
    [BODY] = &Body_type,   [CLOCK] = &Clock_type,     [FROZEN] = &Frozen_type,
    [LABEL] = &Label_type, [LINKS] = &Links_type,     [MARKED] = &Marked_type,
    [MOOD] = &Mood_type,   [SCALARS] = &Scalars_type, [SEED] = &Seed_type,
};

void golden_check(pecs_status status, const pecs_error *error, const char *doing)
{
    if (!status)
        return;
    fprintf(stderr, "%s: %s %s\n", doing, pecs_status_name(status), error ? error->message : "");
    exit(1);
}

static void check(pecs_status status)
{
    golden_check(status, NULL, "making a golden world");
}

pecs_registry *golden_registry(void)
{
    pecs_registry *registry;
    pecs_error error;
    const pecs_registry_desc desc = { .types = types, .type_count = TYPE_COUNT };
    golden_check(pecs_registry_create(&desc, &registry, &error), &error, "the golden types");
    return registry;
}

static pecs_world *make_world(pecs_registry *registry, const pecs_snapshot *base, uint64_t session_nonce)
{
    pecs_world *world;
    pecs_error error;
    const pecs_world_options options = { .session_nonce = session_nonce };
    golden_check(pecs_world_create(registry, base, &options, &world, &error), &error, "a golden world");
    return world;
}

static pecs_snapshot *finish(pecs_world *world)
{
    pecs_snapshot *snapshot;
    check(pecs_snapshot_take(world, &snapshot));
    pecs_world_destroy(world);
    return snapshot;
}

static void advance(pecs_world *world)
{
    check(pecs_world_advance(world, NULL));
}

static pecs_snapshot *make_empty(pecs_registry *registry)
{
    return finish(make_world(registry, NULL, 1));
}

static float float_of(uint32_t bits)
{
    float number;
    memcpy(&number, &bits, sizeof(number));
    return number;
}

static double double_of(uint64_t bits)
{
    double number;
    memcpy(&number, &bits, sizeof(number));
    return number;
}

/* 0:1, 1:1 with other components, 2:1 to 5:1. */
static void spawn_scalars(pecs_world *world)
{
    Scalars low, high, odd[4];
    memset(&low, 0xaa, sizeof(low));
    low.flag = false, low.a = INT8_MIN, low.b = 0, low.c = INT16_MIN, low.d = 0, low.e = INT32_MIN, low.f = 0;
    low.g = INT64_MIN, low.h = 0, low.i = -1.5f, low.j = -0.0009765625;
    memset(&high, 0xaa, sizeof(high));
    high.flag = true, high.a = INT8_MAX, high.b = UINT8_MAX, high.c = INT16_MAX, high.d = UINT16_MAX;
    high.e = INT32_MAX, high.f = UINT32_MAX, high.g = INT64_MAX, high.h = UINT64_MAX, high.i = 16777216, high.j = 0.25;
    memset(odd, 0, sizeof(odd));
    odd[0].i = float_of(0x80000000), odd[0].j = double_of(0x8000000000000000);
    odd[2].i = float_of(0x7f800000), odd[2].j = double_of(0xfff0000000000000);
    odd[3].i = float_of(0x7fc00001), odd[3].j = double_of(0xfff8000000000002);
    const Label full = { "abcdefgh" }, some = { "Zo\xc3\xab \"" };
    check(pecs_world_spawn(world, 1, (pecs_value[]){ PECS_ROWS(SCALARS, &low), PECS_ROWS(LABEL, &full) }, 2, NULL));
    check(pecs_world_spawn(
        world, 1, (pecs_value[]){ PECS_ROWS(LABEL, &some), PECS_HAS(FROZEN), PECS_ROWS(SCALARS, &high) }, 3, NULL));
    check(pecs_world_spawn(world, 4, (pecs_value[]){ PECS_ROWS(SCALARS, odd) }, 1, NULL));
}

static void fill_body(Body *body)
{
    memset(body, 0xaa, sizeof(*body));
    body->at = (Vec){ 0.5f, -2 };
    for (int i = 0; i < 2; i++) {
        body->parts[i].offset = (Vec){ (float)i, (float)i / 4 };
        body->parts[i].mass = (uint16_t)(100 + i);
    }
    for (int i = 0; i < 6; i++)
        body->grid[i / 3][i % 3] = (int8_t)(i - 3);
}

/* Every kind of field, tags, singletons, dead slots, four ticks. */
static pecs_snapshot *make_kinds(pecs_registry *registry)
{
    pecs_world *world = make_world(registry, NULL, 0x123456789abcdef);
    spawn_scalars(world);
    Body body;
    fill_body(&body);
    Mood mood = { .now = 1, .was = { 2, 0 } };
    check(pecs_world_spawn(world, 1, (pecs_value[]){ PECS_ROWS(BODY, &body), PECS_ROWS(MOOD, &mood) }, 2,
                           NULL));                                                              /* 6:1 */
    check(pecs_world_spawn(world, 2, (pecs_value[]){ { MOOD, sizeof(Mood), NULL } }, 1, NULL)); /* 7:1, 8:1 */
    advance(world);                                                                             /* tick 2 */
    check(pecs_world_despawn(world, (pecs_entity[]){ { 7, 1 }, { 3, 1 } }, 2));
    const Links links = { { 0, 1 }, { { 7, 1 }, { 0, 0 }, { 3, 2 } } };
    check(pecs_world_spawn(world, 1, (pecs_value[]){ PECS_ROWS(LINKS, &links) }, 1, NULL)); /* 3:2 */
    check(pecs_world_set_singleton(world, CLOCK, sizeof(Clock), &(Clock){ 41, 0.5 }));
    check(pecs_world_set_singleton(world, SEED, sizeof(Seed), &(Seed){ { 1, UINT64_MAX } }));
    advance(world); /* tick 3 */
    check(pecs_world_set(world, (pecs_entity){ 0, 1 }, (pecs_value[]){ PECS_HAS(MARKED) }, 1));
    void *value;
    check(pecs_world_edit_singleton(world, CLOCK, sizeof(Clock), &value));
    ((Clock *)value)->frame = 42;
    check(pecs_world_edit(world, (pecs_entity){ 8, 1 }, MOOD, sizeof(Mood), &value));
    ((Mood *)value)->now = 2;
    advance(world); /* tick 4 */
    return finish(world);
}

/* Entities and singletons without components, emptied tables, two sessions: a fork goes on where a world was left. */
static pecs_snapshot *make_tables(pecs_registry *registry)
{
    pecs_world *world = make_world(registry, NULL, 0xb0b);
    const Clock clock = { 3, 0.125 };
    const Seed seed = { { 7, 8 } };
    check(pecs_world_spawn(world, 1, NULL, 0, NULL));                                                 /* 0:1 */
    check(pecs_world_spawn(world, 2, (pecs_value[]){ PECS_HAS(FROZEN) }, 1, NULL));                   /* 1:1, 2:1 */
    check(pecs_world_spawn(world, 1, (pecs_value[]){ PECS_HAS(MARKED), PECS_HAS(FROZEN) }, 2, NULL)); /* 3:1 */
    check(pecs_world_spawn(world, 1, (pecs_value[]){ PECS_ROWS(CLOCK, &clock) }, 1, NULL));           /* 4:1 */
    check(pecs_world_set_singleton(world, SEED, sizeof(seed), &seed));
    check(pecs_world_despawn(world, (pecs_entity[]){ { 1, 1 }, { 2, 1 } }, 2));
    advance(world); /* tick 2 */
    check(pecs_world_remove_singleton(world, SEED));
    pecs_snapshot *base = finish(world);
    world = make_world(registry, base, 0xca11);
    pecs_snapshot_release(base);
    check(pecs_world_spawn(world, 1, NULL, 0, NULL)); /* 1:2 */
    check(pecs_world_despawn(world, &(pecs_entity){ 4, 1 }, 1));
    return finish(world);
}

pecs_snapshot *golden_world(pecs_registry *registry, const char *name)
{
    static const struct {
        const char *name;
        pecs_snapshot *(*make)(pecs_registry *registry);
    } worlds[] = { { "empty", make_empty }, { "kinds", make_kinds }, { "tables", make_tables } };
    for (size_t i = 0; i < sizeof(worlds) / sizeof(worlds[0]); i++)
        if (strcmp(worlds[i].name, name) == 0)
            return worlds[i].make(registry);
    return NULL;
}
