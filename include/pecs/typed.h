/*
 * Typed: the edits of one entity in short, by the name of a type of PECS_TYPES (schema.h). `target` is a pecs_world *,
 * which is edited, or a pecs_commands *, which records. Contract and statuses are those of the functions beneath,
 * pecs_world_... (world.h) and pecs_commands_... (commands.h).
 *
 *     pecs_entity e;
 *     pecs_spawn(world, &e, PECS_VALUE(Position, 0, 10), PECS_HAS(Frozen));
 *     pecs_set(world, e, Velocity, { 1, 0 });
 *     Position *p = pecs_get_mut(world, e, Position);
 *     pecs_remove(commands, e, Frozen);
 *     pecs_despawn(commands, e);
 */
#ifndef PECS_TYPED_H
#define PECS_TYPED_H

#include <pecs/commands.h>
#include <pecs/world.h>

/* clang-format off */
/* Spawns one entity with the values that follow, at least one: PECS_VALUE, PECS_ROWS, PECS_HAS; in C++ pecs_value_of
 * instead of PECS_VALUE. ret_entity may be NULL. */
#define pecs_spawn(target, ret_entity, ...) PECS_SPAWN_(target, ret_entity, __VA_ARGS__)
/* Despawns one entity. */
#define pecs_despawn(target, entity) PECS_DESPAWN_(target, entity)
/* Sets a component to a value given by its members in braces: pecs_set(world, e, Position, { 0, 10 }). */
#define pecs_set(target, entity, T, ...) PECS_SET_(target, entity, T, __VA_ARGS__)
/* Sets a component to the value that a T * or const T * points to. */
#define pecs_set_ptr(target, entity, T, pointer) PECS_SET_PTR_(target, entity, T, pointer)
/* Adds a tag, or a component whose value is zeros; nothing changes if the entity has it. */
#define pecs_add(target, entity, T) PECS_ADD_(target, entity, T)
/* Removes a component; nothing changes if the entity lacks it. */
#define pecs_remove(target, entity, T) PECS_REMOVE_(target, entity, T)
/* A T * for writing to an entity of a world, with the life of that of pecs_world_get_mut; NULL: there is none, and
 * pecs_world_error says why. */
#define pecs_get_mut(world, entity, T) ((T *)pecs_get_mut_(world, entity, T##_component, sizeof(T)))

/* Sets a component of the world itself to a value given by its members in braces. */
#define pecs_set_singleton(world, T, ...) PECS_SET_SINGLETON_(world, T, __VA_ARGS__)
/* Removes a component of the world itself. */
#define pecs_remove_singleton(world, T) pecs_world_remove_singleton(world, T##_component)
/* A T * for writing to a component of the world itself, or NULL, as pecs_get_mut. */
#define pecs_get_singleton_mut(world, T) ((T *)pecs_get_singleton_mut_(world, T##_component, sizeof(T)))

#ifdef __cplusplus
#include <initializer_list>
#define PECS_SPAWN_(target, ret_entity, ...) pecs_spawn_(target, { __VA_ARGS__ }, ret_entity)
#define PECS_DESPAWN_(target, entity) pecs_despawn_(target, entity)
#define PECS_SET_(target, entity, T, ...) pecs_set_<T>(target, entity, T##_component, T __VA_ARGS__)
#define PECS_SET_PTR_(target, entity, T, pointer) pecs_set_<T>(target, entity, T##_component, *(pointer))
#define PECS_ADD_(target, entity, T) pecs_add_(target, entity, T##_component)
#define PECS_REMOVE_(target, entity, T) pecs_remove_(target, entity, T##_component)
#define PECS_SET_SINGLETON_(world, T, ...) pecs_set_singleton_<T>(world, T##_component, T __VA_ARGS__)
#else
#define PECS_SPAWN_(target, ret_entity, ...)                                                                           \
    _Generic((target), pecs_world *: pecs_spawn_one_, pecs_commands *: pecs_commands_spawn)                            \
        (target, PECS_VALUES_(__VA_ARGS__), sizeof(PECS_VALUES_(__VA_ARGS__)) / sizeof(pecs_value), ret_entity)
#define PECS_VALUES_(...) (const pecs_value[]){ __VA_ARGS__ }
#define PECS_DESPAWN_(target, entity)                                                                                  \
    _Generic((target), pecs_world *: pecs_despawn_one_, pecs_commands *: pecs_commands_despawn)(target, entity)
#define PECS_SET_(target, entity, T, ...)                                                                              \
    PECS_EDIT_(target, set)                                                                                            \
        (target, entity, &(const pecs_value){ T##_component, sizeof(T), &(const T)__VA_ARGS__ }, 1)
#define PECS_SET_PTR_(target, entity, T, pointer)                                                                      \
    PECS_EDIT_(target, set)                                                                                            \
        (target, entity, &(const pecs_value){ T##_component, sizeof(T), PECS_POINTER_TO_(T, pointer) }, 1)
#define PECS_ADD_(target, entity, T)                                                                                   \
    PECS_EDIT_(target, add)(target, entity, &(const pecs_component){ T##_component }, 1)
#define PECS_REMOVE_(target, entity, T)                                                                                \
    PECS_EDIT_(target, remove)(target, entity, &(const pecs_component){ T##_component }, 1)
#define PECS_SET_SINGLETON_(world, T, ...)                                                                             \
    pecs_world_set_singleton(world, T##_component, sizeof(T), &(const T)__VA_ARGS__)
#define PECS_EDIT_(target, name)                                                                                       \
    _Generic((target), pecs_world *: pecs_world_##name, pecs_commands *: pecs_commands_##name)
#endif
/* clang-format on */

static inline void *pecs_get_mut_(pecs_world *world, pecs_entity entity, pecs_component component, size_t size_bytes)
{
    void *value = NULL;
    return pecs_world_get_mut(world, entity, component, size_bytes, &value) ? NULL : value;
}

static inline void *pecs_get_singleton_mut_(pecs_world *world, pecs_component component, size_t size_bytes)
{
    void *value = NULL;
    return pecs_world_get_singleton_mut(world, component, size_bytes, &value) ? NULL : value;
}

#ifdef __cplusplus
PECS_MUST_USE inline pecs_status pecs_spawn_(pecs_world *world, std::initializer_list<pecs_value> values,
                                             pecs_entity *ret_entity)
{
    return pecs_world_spawn(world, values.begin(), values.size(), 1, ret_entity);
}
PECS_MUST_USE inline pecs_status pecs_spawn_(pecs_commands *commands, std::initializer_list<pecs_value> values,
                                             pecs_entity *ret_entity)
{
    return pecs_commands_spawn(commands, values.begin(), values.size(), ret_entity);
}
PECS_MUST_USE inline pecs_status pecs_despawn_(pecs_world *world, pecs_entity entity)
{
    return pecs_world_despawn(world, &entity, 1);
}
PECS_MUST_USE inline pecs_status pecs_despawn_(pecs_commands *commands, pecs_entity entity)
{
    return pecs_commands_despawn(commands, entity);
}
template <typename T>
PECS_MUST_USE inline pecs_status pecs_set_(pecs_world *world, pecs_entity entity, pecs_component component,
                                           const T &value)
{
    const pecs_value values = pecs_value_of(component, value);
    return pecs_world_set(world, entity, &values, 1);
}
template <typename T>
PECS_MUST_USE inline pecs_status pecs_set_(pecs_commands *commands, pecs_entity entity, pecs_component component,
                                           const T &value)
{
    const pecs_value values = pecs_value_of(component, value);
    return pecs_commands_set(commands, entity, &values, 1);
}
PECS_MUST_USE inline pecs_status pecs_add_(pecs_world *world, pecs_entity entity, pecs_component component)
{
    return pecs_world_add(world, entity, &component, 1);
}
PECS_MUST_USE inline pecs_status pecs_add_(pecs_commands *commands, pecs_entity entity, pecs_component component)
{
    return pecs_commands_add(commands, entity, &component, 1);
}
PECS_MUST_USE inline pecs_status pecs_remove_(pecs_world *world, pecs_entity entity, pecs_component component)
{
    return pecs_world_remove(world, entity, &component, 1);
}
PECS_MUST_USE inline pecs_status pecs_remove_(pecs_commands *commands, pecs_entity entity, pecs_component component)
{
    return pecs_commands_remove(commands, entity, &component, 1);
}
template <typename T>
PECS_MUST_USE inline pecs_status pecs_set_singleton_(pecs_world *world, pecs_component component, const T &value)
{
    return pecs_world_set_singleton(world, component, sizeof(T), &value);
}
#else
PECS_MUST_USE static inline pecs_status pecs_spawn_one_(pecs_world *world, const pecs_value *values, size_t value_count,
                                                        pecs_entity *ret_entity)
{
    return pecs_world_spawn(world, values, value_count, 1, ret_entity);
}

PECS_MUST_USE static inline pecs_status pecs_despawn_one_(pecs_world *world, pecs_entity entity)
{
    return pecs_world_despawn(world, &entity, 1);
}
#endif
#endif
