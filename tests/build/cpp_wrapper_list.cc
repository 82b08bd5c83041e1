// The types of cpp_wrapper.cc in another order: functions of pecs.hpp for the same types must not be taken for those of
// the other unit, also where nothing is optimised.
#include "cpp_wrapper.h"

PECS_TYPES(other, Clock, Frozen, Velocity, Position);

float position_by_other_list()
{
    pecs::registry registry;
    pecs::world world;
    pecs::query<Position, const Velocity> moving;
    if (registry.create(other_types) || world.create(registry) || moving.create(registry))
        return -1;
    const auto [status, e] = world.spawn(Position{ 39, 0 }, Velocity{ 1, 0 }, Frozen{});
    const auto move = [](Position &p, const Velocity &v) { p.x += v.x; };
    if (status || world.set(e, Clock{ 1 }) || moving.each(world, move) || world.each<Position, const Velocity>(move) ||
        !world.has<Frozen>(e))
        return -2;
    world.get_mut<Position>(e)->x += 1;
    const Position *position = world.get<Position>(e);
    return position && pecs_get(world, e, Position) == position ? position->x : -3;
}
