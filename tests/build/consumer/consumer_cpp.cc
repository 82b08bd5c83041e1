// A user's first program in C++: the same as consumer.c.
#include <pecs/pecs.hpp>

#include <cstdio>

struct Place {
    float x, y;
};
PECS_COMPONENT(Place, 1, x, y);
PECS_TAG(Marked, 1);
PECS_TYPES(consumer, Place, Marked);

static int failed(const char *what, const pecs::error &error)
{
    std::fprintf(stderr, "%s failed: %s %s\n", what, pecs_status_name(error.status()), error.message());
    return 1;
}

int main()
{
    const char *const path = "consumer_cpp.pecs";
    pecs::registry registry;
    pecs::world world;
    pecs::snapshot snapshot;
    if (const auto error = registry.create(consumer_types))
        return failed("the registry", error);
    if (const auto error = world.create(registry))
        return failed("the world", error);
    const auto [status, entity] = world.spawn(Place{ 3, 4 }, Marked{});
    if (status)
        return 2;
    if (const auto error = world.save(path))
        return failed("the save", error);
    if (const auto error = snapshot.resume(registry, path))
        return failed("the resume", error);
    float sum = 0;
    const auto add = [&](const Place &place) { sum += place.x + place.y; };
    if (snapshot.each<const Place, pecs::with<Marked>>(add) || sum != 7)
        return 3;
    const Place *place = snapshot.get<Place>(entity);
    return place && place->x == 3 && place->y == 4 && snapshot.has<Marked>(entity) ? 0 : 4;
}
