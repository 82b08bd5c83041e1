// The update as a C++ program writes it. Position and Velocity are the first two types of W1, as in w1_types.h.
#include "update_cpp.h"

#include <pecs/pecs.hpp>

struct Position {
    float x, y, z;
};
PECS_COMPONENT(Position, 1, x, y, z);

struct Velocity {
    float x, y, z;
};
PECS_COMPONENT(Velocity, 1, x, y, z);

PECS_TYPES(moving, Position, Velocity);
static_assert(sizeof(moving_types) == 2 * sizeof(pecs_type *), "the list is for its numbers only");

pecs_status update_cpp(pecs_query *borrowed_query, pecs_world *borrowed_world)
{
    pecs::query<Position, const Velocity> query(borrowed_query);
    pecs::world world(borrowed_world);
    const pecs_status status = query.each(world, [](Position &position, const Velocity &velocity) {
        position.x += velocity.x * (1.0f / 60.0f);
        position.y += velocity.y * (1.0f / 60.0f);
        position.z += velocity.z * (1.0f / 60.0f);
    });
    static_cast<void>(query.release());
    static_cast<void>(world.release());
    return status;
}
