/*
 * PECS for C++17: owners of the C handles, and components by their types. Everything here calls the C functions of the
 * other headers at once, whose contracts and statuses hold; it throws nothing, and needs neither exceptions nor RTTI.
 *
 *     struct Position { float x, y; };   PECS_COMPONENT(Position, 1, x, y);
 *     struct Velocity { float x, y; };   PECS_COMPONENT(Velocity, 1, x, y);
 *     PECS_TAG(Frozen, 1);
 *     PECS_TYPES(game, Position, Velocity, Frozen);
 *
 *     pecs::registry registry;
 *     pecs::world world;
 *     if (auto error = registry.create(game_types)) ...
 *     if (auto error = world.open(registry, "save.pecs")) ...
 *     auto [status, entity] = world.spawn(Position{ 0, 10 }, Velocity{ 1, 0 });
 *     status = world.each<Position, const Velocity>([](Position &p, const Velocity &v) { p.x += v.x; });
 *
 * Owners. registry, world, snapshot, commands, builder, row_stream, stream_reader, manager and query<...> own one C
 * object each, or none; they can be moved, and end it in their destructors. create, open, take, resume, load and finish
 * give an owner a new object, and end the one that it had; if they fail, it keeps that. get() is the C pointer, for
 * what is in C only; release() gives the object away.
 *
 * Failures. What can fail for many reasons gives a pecs::error, which is true when it failed. Edits give a pecs_status,
 * and world.error() says more. Neither may be ignored.
 *
 * Numbers. The number of a type is that in the PECS_TYPES of the translation unit. A type may have another number in
 * another unit that has a list of its own, with a registry of its own: that is why all that knows a number is inlined.
 *
 * Code that is compiled into a program: the promises of docs/abi.md do not cover it.
 */
#ifndef PECS_HPP
#define PECS_HPP

#include <pecs/builder.hpp>
#include <pecs/entities.hpp>
#include <pecs/manager.hpp>
#include <pecs/pecs.h>
#include <pecs/reading.hpp>
#include <pecs/row_streams.hpp>
#include <pecs/snapshots.hpp>

namespace pecs {

/* A world. It reads as a view, too; what reads is const, what edits is not. */
class world : public detail::owner<pecs_world, pecs_world_destroy>, public detail::reading<world> {
  public:
    using owner::get;
    using owner::owner;
    using reading::each;
    using reading::each_chunk;
    using reading::get;

    pecs::error create(const registry &types, const pecs_world_options &options = {})
    {
        return take_over_or_error([&](pecs_world **made, pecs_error *why) {
            return pecs_world_create(types.get(), nullptr, &options, made, why);
        });
    }
    /* A fork of a snapshot. */
    pecs::error create(const registry &types, const snapshot &base, const pecs_world_options &options = {})
    {
        return take_over_or_error([&](pecs_world **made, pecs_error *why) {
            return base ? pecs_world_create(types.get(), base.get(), &options, made, why) : PECS_E_MISUSE;
        });
    }
    pecs::error open(const registry &types, const char *path, const pecs_open_options &options = {})
    {
        return take_over_or_error([&](pecs_world **made, pecs_error *why) {
            return pecs_world_open(types.get(), path, &options, made, why);
        });
    }
    pecs::error save(const char *path, const pecs_save_options &options = {})
    {
        return pecs::error::of([&](pecs_error *why) { return pecs_world_save(get(), path, &options, why); });
    }
    pecs::error compact()
    {
        return pecs::error::of([&](pecs_error *why) { return pecs_world_compact(get(), why); });
    }
    /* Why the last edit that failed did so; NULL without a world. */
    const pecs_error *error() const
    {
        return pecs_world_error(get());
    }
    pecs::view view() const
    {
        return view_();
    }

    /* Spawns one entity with these values; a tag by its type: Frozen{}. */
    template <typename... Values> PECS_INLINE_ spawned spawn(const Values &...values)
    {
        const pecs_value list[] = { detail::value(values)..., {} };
        spawned result = {};
        result.status = pecs_world_spawn(get(), list, sizeof...(Values), 1, &result.entity);
        return result;
    }
    /*
     * Spawns as many entities as ret_entities has elements, which become the handles: as many values of each component,
     * by a container, an array or a pointer; tags by their types. PECS_E_MISUSE, which error() does not say, if a
     * container has another number of values, or an array fewer.
     */
    template <typename... Rows>
    [[nodiscard]] PECS_INLINE_ pecs_status spawn_many(span<pecs_entity> ret_entities, const Rows &...rows)
    {
        return spawn_many(ret_entities.size(), ret_entities.data(), rows...);
    }
    /* The same for row_count entities; ret_entities may be NULL. */
    template <typename... Rows>
    [[nodiscard]] PECS_INLINE_ pecs_status spawn_many(size_t row_count, pecs_entity *ret_entities, const Rows &...rows)
    {
        bool fit = true;
        const pecs_value list[] = { detail::rows(rows, row_count, fit)..., {} };
        return fit ? pecs_world_spawn(get(), list, sizeof...(Rows), row_count, ret_entities) : PECS_E_MISUSE;
    }
    [[nodiscard]] pecs_status despawn(pecs_entity entity)
    {
        return pecs_world_despawn(get(), &entity, 1);
    }
    [[nodiscard]] pecs_status despawn(const pecs_entity *entities, size_t entity_count)
    {
        return pecs_world_despawn(get(), entities, entity_count);
    }
    template <typename... Terms>
    [[nodiscard]] pecs_status despawn_matching(const query<Terms...> &matching, uint64_t *ret_count = nullptr)
    {
        return pecs_world_despawn_matching(get(), matching.get(), ret_count);
    }
    /*
     * Clones entities of the world, or of a snapshot (clone.h), given in braces or by an array or container. The clone
     * of entities[k] in copy c is [c * entities.size() + k] of the result. PECS_E_MEMORY, too, if there is none for the
     * result; error() does not say so.
     */
    cloned clone(detail::given_entities entities, size_t copy_count = 1)
    {
        return clone_made(nullptr, entities, copy_count);
    }
    cloned clone(const snapshot &of, detail::given_entities entities, size_t copy_count = 1)
    {
        return of ? clone_made(of.get(), entities, copy_count) : cloned{ PECS_E_MISUSE, {} };
    }
    /* The same into an array or container of the program; PECS_E_MISUSE if it is too small, which error() does not say.
     */
    [[nodiscard]] pecs_status clone(detail::given_entities entities, size_t copy_count, span<pecs_entity> ret_entities)
    {
        return clone_into(nullptr, entities, copy_count, ret_entities);
    }
    [[nodiscard]] pecs_status clone(const snapshot &of, detail::given_entities entities, size_t copy_count,
                                    span<pecs_entity> ret_entities)
    {
        return of ? clone_into(of.get(), entities, copy_count, ret_entities) : PECS_E_MISUSE;
    }
    /* Brings a snapshot into the world (merge.h). */
    merged merge(const snapshot &from, pecs_conflicts conflicts = PECS_CONFLICTS_REFUSE)
    {
        merged result = {};
        result.status = pecs_world_merge(get(), from.get(), conflicts, nullptr, &result.report);
        return result;
    }
    /* The same, and which entity became which. Failures are as of a clone; `ret_became` is then as before. */
    merged merge(const snapshot &from, pecs_conflicts conflicts, entity_map &ret_became)
    {
        merged result = {};
        entities by_slot;
        pecs_entity *const room = by_slot.make(static_cast<size_t>(from.summary().slot_count));
        result.status = room ? pecs_world_merge(get(), from.get(), conflicts, room, &result.report) : PECS_E_MEMORY;
        if (!result.status)
            ret_became.by_slot_ = std::move(by_slot);
        return result;
    }
    template <typename... Values>
    [[nodiscard]] PECS_INLINE_ pecs_status set(pecs_entity entity, const Values &...values)
    {
        const pecs_value list[] = { detail::value(values)..., {} };
        return pecs_world_set(get(), entity, list, sizeof...(Values));
    }
    /*
     * The same of many entities, given in braces or by an array or container: values and tags as of spawn_many. All or
     * none (pecs_world_set_many).
     */
    template <typename... Rows>
    [[nodiscard]] PECS_INLINE_ pecs_status set_many(detail::given_entities entities, const Rows &...rows)
    {
        bool fit = true;
        const pecs_value list[] = { detail::rows(rows, entities.size(), fit)..., {} };
        return fit ? pecs_world_set_many(get(), entities.data(), entities.size(), list, sizeof...(Rows))
                   : PECS_E_MISUSE;
    }
    /*
     * The contents of one member, given by string_of, blob_of or list_of: set_contents(e, &Name::text,
     * string_of("Zoe")). Entity {0, 0}: of a singleton.
     */
    template <typename T, typename Member>
    [[nodiscard]] PECS_INLINE_ pecs_status set_contents(pecs_entity entity, Member T::*member,
                                                        const detail::given<Member> &contents)
    {
        return pecs_world_set_contents(get(), entity, detail::number<T>(), detail::member_offset(member), contents);
    }
    /* A list or blob for writing in place, until the next edit or take: as it is, or resized to `count` elements. */
    template <typename E, typename T>
    PECS_INLINE_ edited<E> edit_list(pecs_entity entity, pecs_list T::*member, size_t count = PECS_KEEP_SIZE)
    {
        return edit_contents<E>(entity, detail::number<T>(), detail::member_offset(member), count);
    }
    template <typename T>
    PECS_INLINE_ edited<uint8_t> edit_blob(pecs_entity entity, pecs_blob T::*member, size_t size = PECS_KEEP_SIZE)
    {
        return edit_contents<uint8_t>(entity, detail::number<T>(), detail::member_offset(member), size);
    }
    template <typename... Ts> [[nodiscard]] PECS_INLINE_ pecs_status add(pecs_entity entity)
    {
        const pecs_component list[] = { detail::number<Ts>()..., 0 };
        return pecs_world_add(get(), entity, list, sizeof...(Ts));
    }
    template <typename... Ts> [[nodiscard]] PECS_INLINE_ pecs_status remove(pecs_entity entity)
    {
        const pecs_component list[] = { detail::number<Ts>()..., 0 };
        return pecs_world_remove(get(), entity, list, sizeof...(Ts));
    }
    /* For writing; NULL: there is none, and error() says why. How long it lives is said in world.h. */
    template <typename T> PECS_INLINE_ T *get_mut(pecs_entity entity)
    {
        static_assert(!detail::is_tag<T>, "a tag has no values: has");
        return static_cast<T *>(pecs_get_mut_(get(), entity, detail::number<T>(), sizeof(T)));
    }
    template <typename T> [[nodiscard]] PECS_INLINE_ pecs_status set_singleton(const T &value)
    {
        const pecs_value one = detail::value(value);
        return pecs_world_set_singleton(get(), one.component, one.size_bytes, one.data);
    }
    template <typename T> [[nodiscard]] PECS_INLINE_ pecs_status remove_singleton()
    {
        return pecs_world_remove_singleton(get(), detail::number<T>());
    }
    template <typename T> PECS_INLINE_ T *get_singleton_mut()
    {
        static_assert(!detail::is_tag<T>, "a tag has no values: has_singleton");
        return static_cast<T *>(pecs_get_singleton_mut_(get(), detail::number<T>(), sizeof(T)));
    }

    /* As of a view, and terms that are not const may write. */
    template <typename... Terms, typename Function> [[nodiscard]] PECS_INLINE_ pecs_status each(Function &&function)
    {
        query<Terms...> made;
        const pecs::error error = made.create_in(view_());
        return error ? error.status() : made.each(*this, function);
    }
    template <typename... Terms, typename Function>
    [[nodiscard]] PECS_INLINE_ pecs_status each_chunk(Function &&function)
    {
        query<Terms...> made;
        const pecs::error error = made.create_in(view_());
        return error ? error.status() : made.each_chunk(*this, function);
    }

    [[nodiscard]] pecs_status advance(uint64_t *ret_tick = nullptr)
    {
        return pecs_world_advance(get(), ret_tick);
    }
    [[nodiscard]] pecs_status restore(const snapshot &to)
    {
        return pecs_world_restore(get(), to.get());
    }
    [[nodiscard]] pecs_status rewind(const snapshot &to)
    {
        return pecs_world_rewind(get(), to.get());
    }
    uint64_t copied_bytes() const
    {
        return pecs_world_copied_bytes(get());
    }

  private:
    friend class detail::reading<world>;
    pecs_view view_() const
    {
        return pecs_world_view(get());
    }
    /* Whether no world has slots for so many clones: the function of C then says so. */
    static bool are_too_many(span<const pecs_entity> entities, size_t copy_count)
    {
        return !entities.empty() && copy_count > UINT32_MAX / entities.size();
    }
    pecs_status clone_into(const pecs_snapshot *of, span<const pecs_entity> entities, size_t copy_count,
                           span<pecs_entity> ret_entities)
    {
        const bool fails = are_too_many(entities, copy_count);
        if (!fails && ret_entities.size() < entities.size() * copy_count)
            return PECS_E_MISUSE;
        return pecs_world_clone(get(), of, entities.data(), entities.size(), copy_count,
                                fails ? nullptr : ret_entities.data());
    }
    cloned clone_made(const pecs_snapshot *of, span<const pecs_entity> entities, size_t copy_count)
    {
        pecs::entities made;
        const size_t size = are_too_many(entities, copy_count) ? 0 : entities.size() * copy_count;
        pecs_entity *const room = made.make(size);
        const pecs_status status = room ? clone_into(of, entities, copy_count, { room, size }) : PECS_E_MEMORY;
        return { status, status ? pecs::entities() : std::move(made) };
    }
    template <typename E>
    edited<E> edit_contents(pecs_entity entity, pecs_component component, size_t offset, size_t count)
    {
        void *bytes = nullptr;
        size_t size = 0;
        const size_t most = SIZE_MAX / 2 / sizeof(E); /* more than there can be */
        const size_t wanted = count == PECS_KEEP_SIZE ? count : (count < most ? count : most) * sizeof(E);
        const pecs_status status = pecs_world_edit_contents(get(), entity, component, offset, wanted, &bytes, &size);
        return { status, { static_cast<E *>(bytes), size / sizeof(E) } };
    }
};

/* A command buffer: the words of a world, recorded and applied later (commands.h). */
class commands : public detail::owner<pecs_commands, pecs_commands_destroy>, public detail::recording<commands> {
  public:
    using owner::owner;
    [[nodiscard]] pecs_status create(const registry &types)
    {
        return take_over([&](pecs_commands **made) { return pecs_commands_create(types.get(), made); });
    }
    /* The entity is a provisional handle. */
    template <typename... Values> PECS_INLINE_ spawned spawn(const Values &...values)
    {
        const pecs_value list[] = { detail::value(values)..., {} };
        spawned result = {};
        result.status = pecs_commands_spawn(get(), list, sizeof...(Values), &result.entity);
        return result;
    }
    [[nodiscard]] pecs_status despawn(pecs_entity entity)
    {
        return pecs_commands_despawn(get(), entity);
    }
    template <typename... Values>
    [[nodiscard]] PECS_INLINE_ pecs_status set(pecs_entity entity, const Values &...values)
    {
        const pecs_value list[] = { detail::value(values)..., {} };
        return pecs_commands_set(get(), entity, list, sizeof...(Values));
    }
    template <typename... Ts> [[nodiscard]] PECS_INLINE_ pecs_status add(pecs_entity entity)
    {
        const pecs_component list[] = { detail::number<Ts>()..., 0 };
        return pecs_commands_add(get(), entity, list, sizeof...(Ts));
    }
    template <typename... Ts> [[nodiscard]] PECS_INLINE_ pecs_status remove(pecs_entity entity)
    {
        const pecs_component list[] = { detail::number<Ts>()..., 0 };
        return pecs_commands_remove(get(), entity, list, sizeof...(Ts));
    }
    [[nodiscard]] pecs_status apply(world &to, uint64_t *ret_skipped_count = nullptr)
    {
        return pecs_commands_apply(get(), to.get(), ret_skipped_count);
    }
    pecs_entity resolve(pecs_entity provisional) const
    {
        return pecs_commands_resolve(get(), provisional);
    }
    void clear()
    {
        pecs_commands_clear(get());
    }
    const pecs_error *error() const
    {
        return pecs_commands_error(get());
    }
};

inline pecs_status snapshot::take(world &from)
{
    return take_over([&](pecs_snapshot **made) { return pecs_snapshot_take(from.get(), made); });
}

template <typename... Terms>
pecs_iter query<Terms...>::begin(const world &source, const pecs_iter_options &options) const
{
    return begin(static_cast<pecs_view>(source), options);
}

template <typename... Terms> pecs_iter query<Terms...>::begin(world &target, const pecs_iter_options &options) const
{
    if constexpr (is_written)
        return pecs_query_iter_mut(this->get(), target.get(), &options);
    else
        return begin(static_cast<pecs_view>(target), options);
}

} // namespace pecs

#endif
