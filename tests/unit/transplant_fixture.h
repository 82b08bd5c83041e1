/*
 * For tests of clones and merges: components with references of every kind, worlds full of them, and the same copies
 * made by plain edits of the public interface.
 */
#ifndef TRANSPLANT_FIXTURE_H
#define TRANSPLANT_FIXTURE_H

#define _GNU_SOURCE
#include "contents_fixture.h"

typedef struct {
    uint32_t weight;
    pecs_entity who;
} Slot;
PECS_COMPONENT(Slot, 1, weight, who);

typedef struct {
    float weight;
    pecs_entity to;
} Tie;
PECS_COMPONENT(Tie, 1, weight, to);

typedef struct {
    pecs_entity leader;
    Slot slots[2];
    pecs_entity pair[2];
    pecs_list ties;
} Squad;
PECS_COMPONENT_OF(Squad, "Squad", 1, PECS_FIELD(Squad, leader), PECS_FIELD_STRUCT(Squad, slots, Slot),
                  PECS_FIELD(Squad, pair), PECS_FIELD_LIST_STRUCT(Squad, ties, Tie));

typedef struct {
    void *buffer;
    pecs_entity unseen; /* the library knows no fields of a transient component */
} Mesh;
PECS_TRANSIENT(Mesh);

typedef struct {
    uint64_t number;
} Body;
PECS_TRANSIENT_NO_SNAPSHOT(Body);

static const pecs_type *const moved_types[] = { &Name_type,  &Bag_type,  &Position_type, &Frozen_type,
                                                &Squad_type, &Mesh_type, &Body_type };
enum { Squad_component = 4, Mesh_component, Body_component, MOVED_TYPES };

static inline pecs_registry *moved_registry(void)
{
    return make_registry(moved_types, MOVED_TYPES, counting_hooks);
}

/* Sets what an entity of a view has on another one: all but transient components, whose values no hash sees. */
typedef pecs_entity (*map_function)(void *user, pecs_entity entity);

static inline void set_name(pecs_world *world, pecs_entity to, pecs_view from, const Name *name)
{
    size_t size;
    const char *text = pecs_view_string(from, name->text, &size);
    must(pecs_set(world, to, Name, { name->number, pecs_string_from(PECS_BYTES(text, size)) }) == PECS_OK);
}

static inline void set_bag(pecs_world *world, pecs_entity to, pecs_view from, const Bag *bag, map_function map,
                           void *user)
{
    size_t size, point_count, friend_count, mood_count, label_sizes[2];
    const void *bytes = pecs_view_blob(from, bag->bytes, &size);
    const Point *points = pecs_view_list(from, bag->points, Point, &point_count);
    const pecs_entity *friends = pecs_view_list(from, bag->friends, pecs_entity, &friend_count);
    const uint8_t *some = pecs_view_list(from, bag->moods, uint8_t, &mood_count);
    const char *first = pecs_view_string(from, bag->labels[0], &label_sizes[0]);
    const char *second = pecs_view_string(from, bag->labels[1], &label_sizes[1]);
    pecs_entity *mapped = malloc((friend_count + 1) * sizeof(*mapped));
    for (size_t i = 0; i < friend_count; i++)
        mapped[i] = map(user, friends[i]);
    const Bag made = { .bytes = pecs_blob_of(PECS_BYTES(bytes, size)),
                       .points = pecs_list_of(PECS_ELEMENTS(points, point_count)),
                       .friends = pecs_list_of(PECS_ELEMENTS(mapped, friend_count)),
                       .moods = pecs_list_of(PECS_ELEMENTS(some, mood_count)),
                       .labels = { pecs_string_from(PECS_BYTES(first, label_sizes[0])),
                                   pecs_string_from(PECS_BYTES(second, label_sizes[1])) } };
    must(pecs_set_ptr(world, to, Bag, &made) == PECS_OK);
    free(mapped);
}

static inline void set_squad(pecs_world *world, pecs_entity to, pecs_view from, const Squad *squad, map_function map,
                             void *user)
{
    size_t tie_count;
    Squad made = *squad;
    const Tie *ties = pecs_view_list(from, squad->ties, Tie, &tie_count);
    Tie *mapped = malloc((tie_count + 1) * sizeof(*mapped));
    for (size_t i = 0; i < tie_count; i++)
        mapped[i] = (Tie){ ties[i].weight, map(user, ties[i].to) };
    made.leader = map(user, squad->leader);
    for (int i = 0; i < 2; i++) {
        made.slots[i].who = map(user, squad->slots[i].who);
        made.pair[i] = map(user, squad->pair[i]);
    }
    made.ties = pecs_list_of(PECS_ELEMENTS(mapped, tie_count));
    must(pecs_set_ptr(world, to, Squad, &made) == PECS_OK);
    free(mapped);
}

static inline void set_plainly(pecs_world *world, pecs_entity to, pecs_view from, pecs_entity entity, map_function map,
                               void *user)
{
    const Position *position = pecs_get(from, entity, Position);
    const Name *name = pecs_get(from, entity, Name);
    const Bag *bag = pecs_get(from, entity, Bag);
    const Squad *squad = pecs_get_as(from, entity, Squad_component, Squad);
    if (position)
        must(pecs_set_ptr(world, to, Position, position) == PECS_OK);
    if (pecs_view_has(from, entity, Frozen_component))
        must(pecs_add(world, to, Frozen) == PECS_OK);
    if (name)
        set_name(world, to, from, name);
    if (bag)
        set_bag(world, to, from, bag, map, user);
    if (squad)
        set_squad(world, to, from, squad, map, user);
}

/* A random number generator that gives the same numbers everywhere. */
static inline uint32_t draw(uint64_t *state, uint32_t below)
{
    *state = mix_u64(*state + 1);
    return (uint32_t)(*state >> 33) % below;
}

struct filling {
    uint64_t random;
    uint32_t count;
    pecs_entity *entities; /* all that were ever spawned; some are dead */
};

static inline pecs_entity draw_entity(struct filling *filling)
{
    return draw(&filling->random, 8) ? filling->entities[draw(&filling->random, filling->count)] : none;
}

static inline void fill_bag(pecs_world *world, struct filling *filling, pecs_entity entity)
{
    static uint8_t large[80 * 1024];
    pecs_entity friends[20];
    const size_t friend_count = draw(&filling->random, 20);
    const Point points[] = { { 3, (int32_t)draw(&filling->random, 1000) }, { 1, 2 } };
    for (size_t i = 0; i < friend_count; i++)
        friends[i] = draw_entity(filling);
    const size_t size = draw(&filling->random, 300) ? draw(&filling->random, 40) : sizeof(large);
    memset(large, (int)draw(&filling->random, 255), size);
    const Bag bag = { .bytes = pecs_blob_of(PECS_BYTES(large, size)),
                      .points = pecs_list_of(PECS_ELEMENTS(points, draw(&filling->random, 3))),
                      .friends = pecs_list_of(PECS_ELEMENTS(friends, friend_count)),
                      .moods = pecs_list_of(PECS_BYTES("\1\0\1", draw(&filling->random, 4))),
                      .labels = { pecs_string_of("one"), pecs_string_of("") } };
    must(pecs_set_ptr(world, entity, Bag, &bag) == PECS_OK);
}

static inline void fill_squad(pecs_world *world, struct filling *filling, pecs_entity entity)
{
    Tie ties[12];
    const size_t tie_count = draw(&filling->random, 12);
    for (size_t i = 0; i < tie_count; i++)
        ties[i] = (Tie){ (float)i, draw_entity(filling) };
    const Squad squad = { .leader = draw_entity(filling),
                          .slots = { { 7, draw_entity(filling) }, { 8, draw_entity(filling) } },
                          .pair = { entity, draw_entity(filling) },
                          .ties = pecs_list_of(PECS_ELEMENTS(ties, tie_count)) };
    must(pecs_set_ptr(world, entity, Squad, &squad) == PECS_OK);
}

/* Spawns entities with random components, and despawns every tenth. filling->entities has room for `count` more. */
static inline void fill_world(pecs_world *world, struct filling *filling, uint32_t count)
{
    const uint32_t first = filling->count;
    for (uint32_t i = 0; i < count; i++) {
        static const char tail[] = "that is called by one of forty different long names";
        char text[96];
        const pecs_entity entity = spawn_one(world, NULL, 0);
        filling->entities[filling->count++] = entity;
        must(pecs_set(world, entity, Position, { (float)i, 1, 2 }) == PECS_OK);
        snprintf(text, sizeof(text), "entity %u%s", i, tail + draw(&filling->random, 40));
        if (draw(&filling->random, 2))
            must(pecs_set(world, entity, Name, { i, pecs_string_of(text) }) == PECS_OK);
        if (!draw(&filling->random, 3))
            must(pecs_add(world, entity, Frozen) == PECS_OK);
        if (!draw(&filling->random, 8))
            must(pecs_remove(world, entity, Position) == PECS_OK);
    }
    for (uint32_t i = 0; i < count; i++) {
        const pecs_entity entity = filling->entities[first + i];
        if (!draw(&filling->random, 3))
            fill_bag(world, filling, entity);
        if (!draw(&filling->random, 3))
            fill_squad(world, filling, entity);
    }
    for (uint32_t i = 9; i < count; i += 10)
        must(pecs_despawn(world, filling->entities[first + i]) == PECS_OK);
}

/* Contents that died, so that the heap moves, a little with each edit. */
static inline void begin_heap_move(pecs_world *world)
{
    static const uint8_t bytes[60000];
    const pecs_entity entity = spawn_bag(world, &(Bag){ .bytes = pecs_blob_of(PECS_ARRAY(bytes)) });
    for (int i = 0; i < 4000 && !heap_of(world)->is_moving; i++)
        must(pecs_set(world, entity, Bag, { .bytes = pecs_blob_of(PECS_ARRAY(bytes)) }) == PECS_OK);
    must(heap_of(world)->is_moving);
}

#endif
