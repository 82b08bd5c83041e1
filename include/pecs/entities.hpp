/*
 * The part of pecs.hpp for handles: comparing them, and what a spawn gives. Include pecs.hpp.
 */
#ifndef PECS_ENTITIES_HPP
#define PECS_ENTITIES_HPP

#include <pecs/schema.h>
#include <pecs/status.h>

inline bool operator==(pecs_entity a, pecs_entity b)
{
    return a.index == b.index && a.generation == b.generation;
}
inline bool operator!=(pecs_entity a, pecs_entity b)
{
    return !(a == b);
}

namespace pecs {

/* What a spawn gives: the entity, or {0, 0} and why there is none. */
struct [[nodiscard]] spawned {
    pecs_status status;
    pecs_entity entity;
};

} // namespace pecs

#endif
