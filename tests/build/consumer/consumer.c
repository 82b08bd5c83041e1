/* What a user's first program does, with the public headers alone: it spawns, saves, resumes and reads. */
#include <pecs/pecs.h>

#include <stdio.h>

typedef struct {
    float x, y;
} Place;
PECS_COMPONENT(Place, 1, x, y);
PECS_TAG(Marked, 1);
enum { PLACE, MARKED, TYPE_COUNT };
static const pecs_type *const types[TYPE_COUNT] = { &Place_type, &Marked_type };

static int run(pecs_registry *registry, const char *path, pecs_error *error)
{
    pecs_world *world = NULL;
    pecs_snapshot *snapshot = NULL;
    pecs_entity entity;
    const pecs_value values[] = { PECS_VALUE_AS(PLACE, Place, 3.0f, 4.0f), PECS_HAS_AS(MARKED) };
    if (pecs_world_create(registry, NULL, NULL, &world, error))
        return 1;
    if (pecs_world_spawn(world, values, 2, 1, &entity) || pecs_world_save(world, path, NULL, error)) {
        pecs_world_destroy(world);
        return 2;
    }
    pecs_world_destroy(world);
    if (pecs_snapshot_resume(registry, path, NULL, &snapshot, error))
        return 3;
    const Place *place = pecs_get_as(pecs_snapshot_view(snapshot), entity, PLACE, Place);
    const int result = place && place->x == 3.0f && place->y == 4.0f ? 0 : 4;
    pecs_snapshot_release(snapshot);
    return result;
}

int main(void)
{
    pecs_error error = { 0 };
    pecs_registry *registry = NULL;
    const pecs_registry_desc desc = { .types = types, .type_count = TYPE_COUNT };
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
