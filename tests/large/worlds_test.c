/*
 * Very many small worlds at once in one process: a resumed one holds no map of its file, of which a process has 65,530.
 *
 *     worlds_test FOLDER
 */
#define _GNU_SOURCE
#include "large_support.h"

enum { WORLDS = 100000, FILES = 100, ROWS = 20 };

typedef struct Place {
    uint32_t world, row;
} Place;
PECS_COMPONENT(Place, 1, world, row);

static const pecs_type *const types[] = { &Place_type };

static void save_files(pecs_registry *registry)
{
    char name[16], path[300];
    for (uint32_t number = 0; number < FILES; number++) {
        Place places[ROWS];
        for (uint32_t row = 0; row < ROWS; row++)
            places[row] = (Place){ number, row };
        pecs_world *world = world_of(registry, NULL);
        require_ok(pecs_world_spawn(world, (pecs_value[]){ { 0, sizeof(Place), places } }, 1, ROWS, NULL));
        snprintf(name, sizeof(name), "%u", number);
        save_quick(world, path_of(name, path));
        pecs_world_destroy(world);
    }
}

static pecs_world *resume_world(pecs_registry *registry, uint32_t number)
{
    char name[16], path[300];
    snprintf(name, sizeof(name), "%u", number);
    pecs_snapshot *snapshot = open_path(registry, path_of(name, path), false);
    pecs_world *world = world_of(registry, snapshot);
    pecs_snapshot_release(snapshot);
    return world;
}

/* Each is edited, and has what its file has but for that. */
static void edit_world(const pecs_query *query, pecs_world *world, uint32_t number)
{
    uint32_t row_count = 0;
    pecs_iter it = pecs_query_iter_mut(query, world, NULL);
    while (pecs_iter_next(&it)) {
        Place *places = pecs_column_mut_as(&it, 0, Place);
        for (size_t i = 0; i < it.row_count; i++, row_count++) {
            require(places[i].world == number % FILES && places[i].row == row_count);
            places[i].world = number;
        }
    }
    require_ok(pecs_iter_end(&it));
    require(row_count == ROWS);
}

static void check_world(const pecs_world *world, uint32_t number)
{
    for (uint32_t row = 0; row < ROWS; row++) {
        const Place *place = pecs_get_as(pecs_world_view(world), ((pecs_entity){ row, 1 }), 0, Place);
        require(place && place->world == number && place->row == row);
    }
}

int main(int count, char **words)
{
    require(count == 2);
    make_own_folder(words[1]);
    pecs_registry *registry = registry_of(types, 1, (pecs_allocator){ NULL, NULL, NULL });
    pecs_world **worlds = calloc(WORLDS, sizeof(*worlds));
    pecs_query *query = NULL;
    require(worlds);
    require_ok(pecs_query_create(registry, (pecs_term[]){ { 0, PECS_WRITE } }, 1, &query, NULL));
    save_files(registry);
    double start = seconds_now();
    for (uint32_t i = 0; i < WORLDS; i++)
        worlds[i] = resume_world(registry, i % FILES);
    start = tell_time("resume 100,000 worlds", start);
    for (uint32_t i = 0; i < WORLDS; i++)
        edit_world(query, worlds[i], i);
    start = tell_time("edit each", start);
    for (uint32_t i = 0; i < WORLDS; i++)
        check_world(worlds[i], i);
    start = tell_time("read each", start);
    for (uint32_t i = 0; i < WORLDS; i++)
        pecs_world_destroy(worlds[i]);
    tell_time("destroy them", start);
    pecs_query_destroy(query);
    pecs_registry_release(registry);
    free(worlds);
    return 0;
}
