/* A user's first program, with the public headers alone: it opens a world, spawns, saves, resumes and reads. */
#include <pecs/pecs.h>

#include <stdio.h>

typedef struct {
    float x, y;
} Place;
PECS_COMPONENT(Place, 1, x, y);
PECS_TAG(Marked, 1);
PECS_TYPES(consumer, Place, Marked);

static int run(pecs_registry *registry, const char *path, pecs_error *error)
{
    pecs_world *world = NULL;
    pecs_snapshot *snapshot = NULL;
    pecs_entity entity;
    (void)remove(path); /* from an earlier run */
    if (pecs_world_open(registry, path, NULL, &world, error))
        return 1;
    int result = 0;
    if (pecs_spawn(world, &entity, PECS_VALUE(Place, 3.0f, 4.0f), PECS_HAS(Marked))) {
        *error = *pecs_world_error(world);
        result = 2;
    } else if (pecs_world_save(world, path, NULL, error)) {
        result = 3;
    }
    pecs_world_destroy(world);
    if (result)
        return result;
    if (pecs_snapshot_resume(registry, path, NULL, &snapshot, error))
        return 4;
    const pecs_view view = pecs_snapshot_view(snapshot);
    const Place *place = pecs_get(view, entity, Place);
    if (!place || place->x != 3.0f || place->y != 4.0f || !pecs_has(view, entity, Marked))
        result = 5;
    pecs_snapshot_release(snapshot);
    return result;
}

int main(void)
{
    pecs_error error = { 0 };
    pecs_registry *registry = NULL;
    const pecs_registry_desc desc = { .types = consumer_types, .type_count = consumer_type_count };
    if (pecs_registry_create(&desc, &registry, &error)) {
        fprintf(stderr, "%s\n", error.message);
        return 1;
    }
    const int result = run(registry, "consumer.pecs", &error);
    pecs_registry_release(registry);
    if (result)
        fprintf(stderr, "step %d failed: %s\n", result, error.message);
    return result;
}
