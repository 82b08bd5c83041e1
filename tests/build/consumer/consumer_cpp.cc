// A user's first program in C++: the same as consumer.c.
#include <pecs/pecs.h>

#include <cstdio>

struct Place {
    float x, y;
};
PECS_COMPONENT(Place, 1, x, y);
PECS_TAG(Marked, 1);
PECS_TYPES(consumer, Place, Marked);

static int run(pecs_registry *registry, const char *path, pecs_error *error)
{
    pecs_world *world = nullptr;
    pecs_snapshot *snapshot = nullptr;
    pecs_entity entity = {};
    const Place start = { 3, 4 };
    (void)std::remove(path); // from an earlier run
    if (pecs_world_open(registry, path, nullptr, &world, error))
        return 1;
    int result = 0;
    if (pecs_spawn(world, &entity, pecs_value_of(Place_component, start), PECS_HAS(Marked))) {
        *error = *pecs_world_error(world);
        result = 2;
    } else if (pecs_world_save(world, path, nullptr, error)) {
        result = 3;
    }
    pecs_world_destroy(world);
    if (result)
        return result;
    if (pecs_snapshot_resume(registry, path, nullptr, &snapshot, error))
        return 4;
    const pecs_view view = pecs_snapshot_view(snapshot);
    const Place *place = pecs_get(view, entity, Place);
    if (!place || place->x != 3 || place->y != 4 || !pecs_has(view, entity, Marked))
        result = 5;
    pecs_snapshot_release(snapshot);
    return result;
}

int main()
{
    pecs_error error = {};
    pecs_registry *registry = nullptr;
    pecs_registry_desc desc = {};
    desc.types = consumer_types;
    desc.type_count = consumer_type_count;
    if (pecs_registry_create(&desc, &registry, &error)) {
        std::fprintf(stderr, "%s\n", error.message);
        return 1;
    }
    const int result = run(registry, "consumer_cpp.pecs", &error);
    pecs_registry_release(registry);
    if (result)
        std::fprintf(stderr, "step %d failed: %s\n", result, error.message);
    return result;
}
