/*
 * The part of pecs.hpp that reads: queries, views, and what worlds and snapshots share with these. Include pecs.hpp.
 */
#ifndef PECS_READING_HPP
#define PECS_READING_HPP

#include <pecs/contents.hpp>
#include <pecs/loops.hpp>
#include <pecs/owners.hpp>

#include <type_traits>

namespace pecs {

class world;

/*
 * A query that was made before: Terms are T, const T, optional<T>, optional<const T>, with<T> and without<T>. It serves
 * all worlds and snapshots of its registry.
 *
 *     pecs::query<Position, const Velocity, pecs::without<Frozen>> moving;
 *     if (auto error = moving.create(registry)) ...
 *     status = moving.each(world, [](pecs_entity entity, Position &p, const Velocity &v) { ... });
 */
template <typename... Terms> class query : public detail::owner<pecs_query, pecs_query_destroy> {
  public:
    static constexpr bool is_written = (detail::term<Terms>::is_written || ... || false);

    using detail::owner<pecs_query, pecs_query_destroy>::owner;
    PECS_INLINE_ error create(const registry &types)
    {
        const pecs_term list[] = {
            { detail::number<typename detail::term<Terms>::type>(), detail::term<Terms>::access }..., {}
        };
        return this->take_over_or_error([&](pecs_query **made, pecs_error *why) {
            return pecs_query_create(types.get(), list, sizeof...(Terms), made, why);
        });
    }
    /* The same without a registry at hand: a view's. */
    PECS_INLINE_ error create_in(pecs_view of)
    {
        const pecs_term list[] = {
            { detail::number<typename detail::term<Terms>::type>(), detail::term<Terms>::access }..., {}
        };
        return this->take_over_or_error([&](pecs_query **made, pecs_error *why) {
            return pecs_query_create_in(of, list, sizeof...(Terms), made, why);
        });
    }

    /* Begins an iteration, for workers (query.h): run it by each or each_chunk, which end it. */
    pecs_iter begin(const world &source, const pecs_iter_options &options = {}) const;
    pecs_iter begin(world &target, const pecs_iter_options &options = {}) const;
    pecs_iter begin(pecs_view source, const pecs_iter_options &options = {}) const
    {
        static_assert(!is_written, "a view is for reading: write const before each term's type");
        return pecs_query_iter(this->get(), source, &options);
    }

    /*
     * Calls `function` for each entity, in the order of query.h, with a reference to each component in the order of the
     * terms, a pointer for an optional one; an entity may come before them. Of a world or a view, or of what begin
     * gave. Gives the status of the iteration.
     */
    template <typename Source, typename Function>
    [[nodiscard]] PECS_INLINE_ pecs_status each(Source &&source, Function &&function,
                                                const pecs_iter_options &options = {}) const
    {
        return detail::iterate<detail::row_caller, Terms...>(begun(source, options), function);
    }
    /* The same with whole columns: pointers and their count; a const pecs_entity * may come before them. */
    template <typename Source, typename Function>
    [[nodiscard]] PECS_INLINE_ pecs_status each_chunk(Source &&source, Function &&function,
                                                      const pecs_iter_options &options = {}) const
    {
        return detail::iterate<detail::chunk_caller, Terms...>(begun(source, options), function);
    }

    uint64_t count(pecs_view source) const
    {
        return pecs_query_count(this->get(), source);
    }
    pecs_entity first(pecs_view source) const
    {
        return pecs_query_first(this->get(), source);
    }
    uint64_t collect(pecs_view source, pecs_entity *ret_entities, size_t capacity) const
    {
        return pecs_query_collect(this->get(), source, ret_entities, capacity);
    }

  private:
    template <typename Source> PECS_INLINE_ pecs_iter begun(Source &source, const pecs_iter_options &options) const
    {
        if constexpr (std::is_same_v<std::remove_const_t<Source>, pecs_iter>)
            return source;
        else
            return begin(source, options);
    }
};

/* What reads by types: a world, a snapshot and a view, whose class is Reader. */
namespace detail {
template <typename Reader> class reading {
  public:
    operator pecs_view() const
    {
        return source();
    }
    bool alive(pecs_entity entity) const
    {
        return pecs_view_alive(source(), entity);
    }
    template <typename T> PECS_INLINE_ bool has(pecs_entity entity) const
    {
        return pecs_view_has(source(), entity, number<T>());
    }
    /* The value, or NULL; how long it lives is said in view.h. */
    template <typename T> PECS_INLINE_ const T *get(pecs_entity entity) const
    {
        static_assert(!is_tag<T>, "a tag has no values: has");
        return static_cast<const T *>(pecs_view_get(source(), entity, number<T>(), sizeof(T)));
    }
    template <typename T> PECS_INLINE_ bool has_singleton() const
    {
        return pecs_view_has_singleton(source(), number<T>());
    }
    template <typename T> PECS_INLINE_ const T *get_singleton() const
    {
        static_assert(!is_tag<T>, "a tag has no values: has_singleton");
        return static_cast<const T *>(pecs_view_get_singleton(source(), number<T>(), sizeof(T)));
    }
    /* The contents of a member of a value of this view (contents.h); for loops, take the heap once. */
    pecs::heap heap() const
    {
        return source();
    }
    std::string_view string(pecs_string member) const
    {
        return heap().string(member);
    }
    span<const uint8_t> blob(pecs_blob member) const
    {
        return heap().blob(member);
    }
    template <typename E> span<const E> list(pecs_list member) const
    {
        return heap().template list<E>(member);
    }
    uint64_t tick() const
    {
        return pecs_view_tick(source());
    }
    uint64_t hash() const
    {
        return pecs_view_hash(source());
    }
    pecs_summary summary() const
    {
        pecs_summary result = {};
        pecs_view_summary(source(), &result);
        return result;
    }

    /* query::each and each_chunk with a query that is made for this call; PECS_E_MEMORY, PECS_E_LIMIT too. */
    template <typename... Terms, typename Function>
    [[nodiscard]] PECS_INLINE_ pecs_status each(Function &&function) const
    {
        pecs::query<Terms...> made;
        const pecs::error error = made.create_in(source());
        return error ? error.status() : made.each(source(), function);
    }
    template <typename... Terms, typename Function>
    [[nodiscard]] PECS_INLINE_ pecs_status each_chunk(Function &&function) const
    {
        pecs::query<Terms...> made;
        const pecs::error error = made.create_in(source());
        return error ? error.status() : made.each_chunk(source(), function);
    }

  private:
    pecs_view source() const
    {
        return static_cast<const Reader *>(this)->view_();
    }
};
} // namespace detail

/* A view, borrowed; see view.h. */
class view : public detail::reading<view> {
  public:
    view(pecs_view source) : source_(source)
    {
    }

  private:
    friend class detail::reading<view>;
    pecs_view view_() const
    {
        return source_;
    }
    pecs_view source_;
};

} // namespace pecs

#endif
