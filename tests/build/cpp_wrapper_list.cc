// Types of the other tests in another order: functions of pecs.hpp for the same types must not be taken for those of
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

float built_by_other_list()
{
    pecs::registry registry;
    pecs::builder builder;
    pecs::snapshot snapshot;
    const Position positions[] = { { 3, 0 }, { 39, 3 } };
    const pecs_entity handles[] = { { 1, 1 }, { 2, 1 } };
    if (registry.create(other_types) || builder.create(registry) || builder.add(handles, positions, Frozen{}) ||
        builder.add(pecs_entity{ 4, 1 }, Velocity{ 2, 0 }) || builder.set_singleton(Clock{ 1 }) ||
        builder.finish(snapshot))
        return -1;
    const Position *position = snapshot.get<Position>(handles[1]);
    const Velocity *velocity = snapshot.get<Velocity>({ 4, 1 });
    const Clock *clock = snapshot.get_singleton<Clock>();
    return position && velocity && clock && snapshot.has<Frozen>(handles[0]) ? position->x + velocity->x + clock->frame
                                                                             : -2;
}
