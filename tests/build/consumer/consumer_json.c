/* A user's first program with pecs-json: it saves a snapshot as a document and loads it again. */
#include <pecs/json.h>
#include <pecs/pecs.h>

#include <stdio.h>

typedef struct {
    float x, y;
} Place;
PECS_COMPONENT(Place, 1, x, y);
PECS_TYPES(consumer, Place);

static int run(pecs_registry *registry, pecs_manager *manager, const char *path, pecs_error *error)
{
    pecs_world *world = NULL;
    pecs_snapshot *snapshot = NULL, *loaded = NULL;
    if (pecs_world_create(registry, NULL, NULL, &world, error))
        return 1;
    int result = pecs_spawn(world, NULL, PECS_VALUE(Place, 3.0f, 4.0f)) || pecs_snapshot_take(world, &snapshot) ? 2 : 0;
    pecs_world_destroy(world);
    if (!result && pecs_manager_save(manager, snapshot, path, NULL, error))
        result = 3;
    if (!result && pecs_manager_load(manager, registry, path, NULL, &loaded, error))
        result = 4;
    if (!result && pecs_view_hash(pecs_snapshot_view(snapshot)) != pecs_view_hash(pecs_snapshot_view(loaded)))
        result = 5;
    pecs_snapshot_release(loaded);
    pecs_snapshot_release(snapshot);
    return result;
}

int main(void)
{
    pecs_error error = { .message = "" };
    pecs_registry *registry = NULL;
    pecs_manager *manager = NULL;
    const pecs_registry_desc desc = { .types = consumer_types, .type_count = consumer_type_count };
    int result = pecs_registry_create(&desc, &registry, &error) || pecs_manager_create(NULL, &manager, &error) ||
                 pecs_manager_register(manager, pecs_json_plugin(), &error);
    result = result ? result : run(registry, manager, "consumer.json", &error);
    pecs_manager_destroy(manager);
    pecs_registry_release(registry);
    if (result)
        fprintf(stderr, "step %d failed: %s\n", result, error.message);
    return result;
}
