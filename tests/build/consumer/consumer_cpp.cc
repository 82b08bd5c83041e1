// What a user's first program does, in C++: the same as consumer.c.
#include <pecs/pecs.h>

#include <cstdio>

struct Place {
    float x, y;
};
PECS_COMPONENT(Place, 1, x, y);
PECS_TAG(Marked, 1);
enum { PLACE, MARKED, TYPE_COUNT };
static const pecs_type *const types[TYPE_COUNT] = { &Place_type, &Marked_type };

static int run(pecs_registry *registry, const char *path, pecs_error *error)
{
    pecs_world *world = nullptr;
    pecs_snapshot *snapshot = nullptr;
    pecs_entity entity = {};
    const Place start = { 3, 4 };
    const pecs_value values[] = { pecs_value_of(PLACE, start), PECS_HAS_AS(MARKED) };
    if (pecs_world_create(registry, nullptr, nullptr, &world, error))
        return 1;
    if (pecs_world_spawn(world, values, 2, 1, &entity) || pecs_world_save(world, path, nullptr, error)) {
        pecs_world_destroy(world);
        return 2;
    }
    pecs_world_destroy(world);
    if (pecs_snapshot_resume(registry, path, nullptr, &snapshot, error))
        return 3;
    const pecs_view view = pecs_snapshot_view(snapshot);
    const Place *place = pecs_get_as(view, entity, PLACE, Place);
    const bool kept = place && place->x == 3 && place->y == 4 && pecs_view_has(view, entity, MARKED);
    pecs_snapshot_release(snapshot);
    return kept ? 0 : 4;
}

int main()
{
    pecs_error error = {};
    pecs_registry *registry = nullptr;
    pecs_registry_desc desc = {};
    desc.types = types;
    desc.type_count = TYPE_COUNT;
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
