/* For tests of strings, blobs and lists: components that have them, and what a world must hold of them. */
#ifndef CONTENTS_FIXTURE_H
#define CONTENTS_FIXTURE_H

#define _GNU_SOURCE
#include "content.h"
#include "file_fixture.h"
#include "heap_move.h"

#include <pecs/contents.h>

/* With padding in the middle. */
typedef struct {
    int16_t x;
    int32_t y;
} Point;
PECS_COMPONENT_OF(Point, "Point", 1, PECS_FIELD(Point, x), PECS_GAP_AFTER(Point, x, 2), PECS_FIELD(Point, y));

typedef struct {
    uint64_t number;
    pecs_string text;
} Name;
PECS_COMPONENT(Name, 1, number, text);

static const char *const moods[] = { "calm", "angry" };
typedef struct {
    pecs_blob bytes;
    pecs_list points, friends, moods;
    pecs_string labels[2];
} Bag;
PECS_COMPONENT_OF(Bag, "Bag", 1, PECS_FIELD(Bag, bytes), PECS_FIELD_LIST_STRUCT(Bag, points, Point),
                  PECS_FIELD_LIST(Bag, friends, pecs_entity), PECS_FIELD_LIST_ENUM(Bag, moods, uint8_t, moods),
                  PECS_FIELD(Bag, labels));
PECS_TYPES(kept, Name, Bag, Position, Frozen);

static inline pecs_registry *contents_registry(void)
{
    return make_registry(kept_types, kept_type_count, counting_hooks);
}

static inline pecs_entity spawn_name(pecs_world *world, const char *text)
{
    const Name name = { 7, pecs_string_of(text) };
    return spawn_one(world, (pecs_value[]){ PECS_ROWS(Name, &name) }, 1);
}

static inline pecs_entity spawn_bag(pecs_world *world, const Bag *bag)
{
    return spawn_one(world, (pecs_value[]){ PECS_ROWS(Bag, bag) }, 1);
}

static inline const char *name_of(pecs_view view, pecs_entity entity)
{
    const Name *name = pecs_get(view, entity, Name);
    must(name != NULL);
    return pecs_view_string(view, name->text, NULL);
}

static inline bool has_bytes(pecs_view view, pecs_blob blob, const void *bytes, size_t size_bytes)
{
    size_t size;
    const void *found = pecs_view_blob(view, blob, &size);
    return size == size_bytes && (!size_bytes || memcmp(found, bytes, size) == 0);
}

static inline const struct heap *heap_of(const pecs_world *world)
{
    return state_heap(world->state);
}

/* The units that all contents of a world take, which the heap counts. */
static inline uint64_t count_live_units(const pecs_world *world)
{
    const struct attachments *attached = world->state->attachments;
    uint64_t units = 0;
    for (uint32_t i = 0; attached && i < attached->count; i++)
        units += contents_units(attached->entries[i].size_bytes, false);
    for (uint32_t i = 0; i < world->state->table_count; i++) {
        const struct table *table = state_table(world->state, i);
        for (uint32_t j = 1; j < table->archetype->column_count; j++) {
            const struct component *component = state_component(world->state, table->archetype->column_components[j]);
            for (uint64_t row = 0; component_has_contents(component) && row < table->row_count; row++)
                units += contents_count_units(heap_of(world), component, table_value(table, j, row), 1);
        }
    }
    return units;
}

static inline void check_contents(const pecs_world *world)
{
    pecs_error error;
    check_world(world);
    cr_assert_eq(pecs_view_check(pecs_world_view((pecs_world *)(uintptr_t)world), NULL, NULL, &error), PECS_OK, "%s",
                 error.message);
    must(!heap_of(world) || heap_of(world)->live_units == count_live_units(world));
}

#endif
