/* The components of the tests of pecs.hpp. */
#ifndef CPP_WRAPPER_H
#define CPP_WRAPPER_H

#include <pecs/pecs.hpp>

struct Position {
    float x, y;
};
PECS_COMPONENT(Position, 1, x, y);

struct Velocity {
    float x, y;
};
PECS_COMPONENT(Velocity, 1, x, y);

struct Clock {
    uint64_t frame;
};
PECS_COMPONENT(Clock, 1, frame);

struct Point {
    int32_t x, y;
};
PECS_COMPONENT(Point, 1, x, y);

struct Path {
    pecs_string name;
    pecs_list points;
    pecs_blob picture;
};
PECS_COMPONENT_OF(Path, "Path", 1, PECS_FIELD(Path, name), PECS_FIELD_LIST_STRUCT(Path, points, Point),
                  PECS_FIELD(Path, picture));

struct Follows {
    pecs_entity target;
};
PECS_COMPONENT(Follows, 1, target);

PECS_TAG(Frozen, 1);

/* Spawns and changes an entity by the numbers of another list, in a registry of that; gives its Position's x. */
float position_by_other_list();

/* Builds an entity by the same numbers, from an array and a value of the same types as cpp_wrapper_builder.cc. */
float built_by_other_list();

#endif
