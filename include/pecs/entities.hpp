/*
 * The part of pecs.hpp for handles: how a function takes many, and what spawns, clones and merges give. Include
 * pecs.hpp.
 *
 *     const auto [status, wagons] = world.clone({ cart, driver }, 40);
 *     world.despawn(wagons[2 * 39 + 1]); // the driver of the last one
 *     pecs::entity_map became;
 *     const auto [merge_status, report] = world.merge(level, PECS_CONFLICTS_KEEP, became);
 *     world.get<Position>(became[gate]);
 */
#ifndef PECS_ENTITIES_HPP
#define PECS_ENTITIES_HPP

#include <pecs/contents.hpp>
#include <pecs/merge.h>
#include <pecs/owners.hpp>

#include <initializer_list>
#include <new>
#include <type_traits>

inline bool operator==(pecs_entity a, pecs_entity b)
{
    return a.index == b.index && a.generation == b.generation;
}
inline bool operator!=(pecs_entity a, pecs_entity b)
{
    return !(a == b);
}

namespace pecs {

namespace detail {
/* Entities to give to a function: in braces, or of an array or container. They live as long as its call. */
class given_entities : public span<const pecs_entity> {
  public:
    given_entities(std::initializer_list<pecs_entity> entities) : span(entities.begin(), entities.size())
    {
    }
    template <typename Container, typename = std::enable_if_t<std::is_convertible_v<const Container &, span>>>
    given_entities(const Container &container) : span(container)
    {
    }
};
inline void delete_entities(pecs_entity *entities)
{
    delete[] entities;
}
} // namespace detail

/* An array of entities that a function made; it owns the array. A span<const pecs_entity> can be made of it. */
class entities : detail::owner<pecs_entity, detail::delete_entities> {
  public:
    const pecs_entity *data() const
    {
        return get();
    }
    size_t size() const
    {
        return get() ? size_ : 0;
    }
    bool empty() const
    {
        return size() == 0;
    }
    const pecs_entity *begin() const
    {
        return data();
    }
    const pecs_entity *end() const
    {
        return data() + size();
    }
    const pecs_entity &operator[](size_t place) const
    {
        return get()[place];
    }

  private:
    friend class world;
    friend class entity_map;
    /* Room for `size` entities, at which it points; NULL: out of memory. */
    pecs_entity *make(size_t size)
    {
        reset(new (std::nothrow) pecs_entity[size]);
        size_ = size;
        return get();
    }
    size_t size_ = 0;
};

/* Which entity of the world each entity of a snapshot became, or is represented by, in a merge. */
class entity_map {
  public:
    /* Of an entity that is alive in the snapshot. {0, 0} for a slot that no living entity has there. */
    pecs_entity operator[](pecs_entity of_snapshot) const
    {
        return of_snapshot.index < by_slot_.size() ? by_slot_[of_snapshot.index] : pecs_entity{ 0, 0 };
    }

  private:
    friend class world;
    entities by_slot_;
};

/* What a spawn gives: the entity, or {0, 0} and why there is none. */
struct [[nodiscard]] spawned {
    pecs_status status;
    pecs_entity entity;
};

/* What a clone gives: the copies, or none and why. */
struct [[nodiscard]] cloned {
    pecs_status status;
    pecs::entities entities;
};

/* What a merge gives: what it did, or zeros and why it did nothing. */
struct [[nodiscard]] merged {
    pecs_status status;
    pecs_merge_report report;
};

} // namespace pecs

#endif
