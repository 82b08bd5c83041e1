/*
 * For tests of types that a file has and the program lacks: program A has them all, B only two of them, in another
 * order. A visit is B's world over a file of A's.
 */
#ifndef UNKNOWN_FIXTURE_H
#define UNKNOWN_FIXTURE_H

#include "file_fixture.h"

typedef struct {
    float x;
    uint8_t tint;
} Inner;
PECS_COMPONENT_OF(Inner, "Inner", 1, PECS_FIELD(Inner, x), PECS_FIELD(Inner, tint), PECS_GAP_AFTER(Inner, tint, 3));

static const char *const colors[] = { "red", "green", "blue" };
static const char *const moods[] = { "calm", "angry" };

/* A field of every kind. */
typedef struct {
    int64_t i64;
    uint64_t u64;
    double f64;
    pecs_entity owner, friends[2];
    int32_t i32;
    uint32_t u32;
    float f32, grid[2][3];
    Inner inners[2];
    int16_t i16;
    uint16_t u16, moods[2];
    int8_t i8;
    uint8_t u8;
    bool flag;
    char name[5];
    uint8_t color;
} Secret;
PECS_COMPONENT_OF(Secret, "Secret", 3, PECS_FIELD(Secret, i64), PECS_FIELD(Secret, u64), PECS_FIELD(Secret, f64),
                  PECS_FIELD(Secret, owner), PECS_FIELD(Secret, friends), PECS_FIELD(Secret, i32),
                  PECS_FIELD(Secret, u32), PECS_FIELD(Secret, f32), PECS_FIELD_GRID(Secret, grid),
                  PECS_FIELD_STRUCT(Secret, inners, Inner), PECS_FIELD(Secret, i16), PECS_FIELD(Secret, u16),
                  PECS_FIELD_ENUM_ARRAY(Secret, moods, moods), PECS_FIELD(Secret, i8), PECS_FIELD(Secret, u8),
                  PECS_FIELD(Secret, flag), PECS_FIELD(Secret, name), PECS_FIELD_ENUM(Secret, color, colors),
                  PECS_GAP_AFTER(Secret, color, 3));

PECS_TAG(Hidden, 1);

typedef struct {
    uint64_t count;
} Ticks;
PECS_COMPONENT(Ticks, 1, count);

enum { SECRET = FIXTURE_TYPE_COUNT, HIDDEN, TICKS, A_TYPE_COUNT };
static const pecs_type *const a_types[] = { &Position_type, &Health_type, &Team_type,   &Frozen_type,
                                            &Link_type,     &Secret_type, &Hidden_type, &Ticks_type };

enum { B_TEAM, B_POSITION, B_TYPE_COUNT };
static const pecs_type *const b_types[] = { &Team_type, &Position_type };

static inline pecs_registry *program_a(void)
{
    return make_registry(a_types, A_TYPE_COUNT, counting_hooks);
}

static inline pecs_registry *program_b(void)
{
    return make_registry(b_types, B_TYPE_COUNT, counting_hooks);
}

static inline Secret secret_of(uint32_t number)
{
    Secret secret = { .i64 = -(int64_t)number, .u32 = number, .color = (uint8_t)(number % 3), .flag = number % 2 };
    secret.owner = (pecs_entity){ number % 100, 1 };
    secret.grid[1][2] = (float)number;
    secret.inners[1].x = 0.5f;
    memcpy(secret.name, "abcde", 5);
    return secret;
}

static inline bool same_secret(const Secret *a, const Secret *b)
{
    return a && a->i64 == b->i64 && a->u32 == b->u32 && a->color == b->color && a->flag == b->flag &&
           same(a->owner, b->owner) && a->grid[1][2] == b->grid[1][2] && a->inners[1].x == b->inners[1].x &&
           memcmp(a->name, b->name, 5) == 0;
}

enum { SECRET_COUNT = CHUNK_ROWS + 500, TAGGED_COUNT = 10, PLAIN_COUNT = 20 };

/* Handles in the order of spawning: those with a secret, those with a tag, plain ones. */
static const pecs_entity first_secret = { 0, 1 };
static const pecs_entity first_tagged = { SECRET_COUNT, 1 };
static const pecs_entity first_plain = { SECRET_COUNT + TAGGED_COUNT, 1 };

static inline pecs_entity after(pecs_entity first, uint32_t number)
{
    return (pecs_entity){ first.index + number, 1 };
}

static inline void populate_a(pecs_world *world)
{
    static Secret secrets[SECRET_COUNT];
    static Position positions[SECRET_COUNT];
    for (uint32_t i = 0; i < SECRET_COUNT; i++) {
        secrets[i] = secret_of(i);
        positions[i] = (Position){ (float)i, 0, 0 };
    }
    const pecs_value rows[] = { PECS_ROWS_AS(SECRET, secrets), PECS_ROWS_AS(POSITION, positions) };
    must(pecs_world_spawn(world, rows, 2, SECRET_COUNT, NULL) == PECS_OK);
    const pecs_value tagged[] = { PECS_HAS_AS(HIDDEN),
                                  PECS_ROWS_AS(POSITION, positions),
                                  { HEALTH, sizeof(Health), NULL } };
    must(pecs_world_spawn(world, tagged, 3, TAGGED_COUNT, NULL) == PECS_OK);
    must(pecs_world_spawn(world, &rows[1], 1, PLAIN_COUNT, NULL) == PECS_OK);
    must(pecs_world_set_singleton(world, TICKS, sizeof(Ticks), &(Ticks){ 42 }) == PECS_OK);
}

static inline void save_a(pecs_registry *a, const char *path)
{
    pecs_world *world = world_of(a, NULL, 3);
    populate_a(world);
    save_world(world, path);
    pecs_world_destroy(world);
}

static inline pecs_component number_of(pecs_view view, const char *name)
{
    pecs_component component = 0;
    cr_assert_eq(pecs_view_component(view, name, &component), PECS_OK, "%s", name);
    return component;
}

/* Program B's world over a file of A's. */
struct visit {
    pecs_registry *a, *b;
    pecs_world *world;
    pecs_view view;
    pecs_component secret, hidden, ticks, health;
};

static inline struct visit begin_visit(int verb)
{
    struct visit visit = { .a = program_a(), .b = program_b() };
    save_a(visit.a, "a.pecs");
    visit.world = open_world(visit.b, verb, "a.pecs");
    visit.view = pecs_world_view(visit.world);
    visit.secret = number_of(visit.view, "Secret");
    visit.hidden = number_of(visit.view, "Hidden");
    visit.ticks = number_of(visit.view, "Ticks");
    visit.health = number_of(visit.view, "Health");
    return visit;
}

/* Saves B's world, and gives A's reading of it. */
static inline pecs_snapshot *back_to_a(struct visit *visit)
{
    check_world(visit->world);
    save_world(visit->world, "b.pecs");
    return open_snapshot(visit->a, LOAD, "b.pecs");
}

static inline void end_visit(struct visit *visit)
{
    check_world(visit->world);
    pecs_world_destroy(visit->world);
    pecs_registry_release(visit->a);
    pecs_registry_release(visit->b);
    assert_no_leak();
}

#define each_verb(visit)                                                                                               \
    for (int verb = 0; verb < VERB_COUNT; verb++)                                                                      \
        for (struct visit visit = begin_visit(verb); visit.world; end_visit(&visit), visit.world = NULL)

#endif
