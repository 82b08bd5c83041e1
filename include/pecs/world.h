/*
 * World: a snapshot being edited. One thread edits a world at a time; different worlds are independent.
 *
 * An edit that fails changes no content (though it may open a tick and mark components as changed); pecs_world_error
 * says why. Structural edits (spawn, despawn, set of an absent component, add, remove, singletons added or removed,
 * clone, merge, advance, restore, compact) return PECS_E_BUSY while an iteration over the world is open; edits of
 * values do not.
 *
 * The data of a resumed file is trusted (file.h). An edit that finds that rows and index of such a file disagree
 * returns PECS_E_CORRUPT and changes nothing: the file was damaged, and load says where.
 *
 * typed.h has short forms for the edits of one entity.
 */
#ifndef PECS_WORLD_H
#define PECS_WORLD_H

#include <pecs/view.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct pecs_world pecs_world;
typedef struct pecs_snapshot pecs_snapshot;
typedef struct pecs_query pecs_query;

typedef struct pecs_world_options {
    /*
     * Stable ids are made from it (id.h). 0 draws a random one for each session. Set it to get the same ids in every
     * run; worlds whose entities may meet need nonces that differ in their lower 60 bits.
     */
    uint64_t session_nonce;
} pecs_world_options;

/*
 * Creates a world: empty, or a fork of the snapshot `base` (of the same registry, else PECS_E_MISUSE), whose arrays it
 * shares. The world holds the registry; the caller keeps its reference to `base`. PECS_E_MEMORY.
 */
PECS_API PECS_MUST_USE pecs_status pecs_world_create(pecs_registry *registry, const pecs_snapshot *base,
                                                     const pecs_world_options *options, pecs_world **ret_world,
                                                     pecs_error *error);

/* Destroys the world; its snapshots stay valid. No iteration may be open. NULL is allowed. */
PECS_API void pecs_world_destroy(pecs_world *world);

/*
 * Why the last edit of this world that failed did so: its status, and a message that names entity and component, or the
 * query whose iteration is open. The status is PECS_OK as long as no edit has failed. Without memory for the message
 * it is a general one. The error belongs to the world and is overwritten by the next call. NULL for NULL. The world's
 * writer only.
 */
PECS_API const pecs_error *pecs_world_error(pecs_world *world);

/* The view of the world; it always shows the present state. */
PECS_API pecs_view pecs_world_view(const pecs_world *world);

/*
 * A component and an array with its values, one for each row. The values, and all other arrays that edits take, may lie
 * in the world itself: they are read as they were before the call. Tags: size 0, data NULL. data NULL: zeros.
 */
typedef struct pecs_value {
    pecs_component component;
    size_t size_bytes; /* of one value: the type's size */
    const void *data;
} pecs_value;
/*
 * Initialisers of a pecs_value: one value by its members (C only: C++ has no literals that outlive the statement, see
 * pecs_value_of), an array of values or the address of one, and a tag. With _as, of a component by its number.
 */
/* clang-format off */
#ifndef __cplusplus
#define PECS_VALUE(T, ...) PECS_VALUE_AS(T##_component, T, __VA_ARGS__)
#define PECS_VALUE_AS(component, T, ...)                                                                               \
    {                                                                                                                  \
        component, sizeof(T), &(T)                                                                                     \
        {                                                                                                              \
            __VA_ARGS__                                                                                                \
        }                                                                                                              \
    }
#endif
#define PECS_ROWS(T, array)                                                                                            \
    {                                                                                                                  \
        T##_component, sizeof(T), PECS_POINTER_TO_(T, array)                                                           \
    }
#define PECS_ROWS_AS(component, array)                                                                                 \
    {                                                                                                                  \
        component, sizeof *(array), array                                                                              \
    }
#define PECS_HAS(T) PECS_HAS_AS(T##_component)
#define PECS_HAS_AS(component)                                                                                         \
    {                                                                                                                  \
        component, 0, NULL                                                                                             \
    }
/* clang-format on */

/*
 * Spawns row_count entities with the same value_count components; entity k gets value k of each array. Slots are taken
 * lowest index first, so the same edits give the same handles. ret_entities may be NULL, else it has room for row_count
 * and does not overlap the values. PECS_E_MISUSE (unknown component, wrong size, a component twice), PECS_E_LIMIT
 * (2^32 - 2 slots, or rows in a table), PECS_E_BUSY, PECS_E_MEMORY.
 */
PECS_API PECS_MUST_USE pecs_status pecs_world_spawn(pecs_world *world, const pecs_value *values, size_t value_count,
                                                    size_t row_count, pecs_entity *ret_entities);

/*
 * Despawns all of the entities, or none: PECS_E_DEAD if one of them is not alive or listed twice. PECS_E_BUSY,
 * PECS_E_MEMORY.
 */
PECS_API PECS_MUST_USE pecs_status pecs_world_despawn(pecs_world *world, const pecs_entity *entities,
                                                      size_t entity_count);

/* Despawns every entity that the query matches; ret_count (or NULL) is their number. As pecs_world_despawn. */
PECS_API PECS_MUST_USE pecs_status pecs_world_despawn_matching(pecs_world *world, const pecs_query *query,
                                                               uint64_t *ret_count);

/*
 * Sets components of one entity (one row in each value); those it lacks are added, all in one move.
 * PECS_E_DEAD, PECS_E_MISUSE, PECS_E_BUSY (only if one must be added), PECS_E_MEMORY.
 */
PECS_API PECS_MUST_USE pecs_status pecs_world_set(pecs_world *world, pecs_entity entity, const pecs_value *values,
                                                  size_t value_count);

/*
 * Sets components of many entities: entity k gets value k of each array. As pecs_world_set of one after the other, but
 * all or none, and several times as fast where the entities are far apart. Of an entity that is listed more than once
 * the last values count. entities and values are copied first, so they may lie in rows that are set. PECS_E_DEAD,
 * PECS_E_MISUSE, PECS_E_LIMIT (2^32 - 1 entities, or rows in a table), PECS_E_BUSY (only if one must be added),
 * PECS_E_MEMORY.
 */
PECS_API PECS_MUST_USE pecs_status pecs_world_set_many(pecs_world *world, const pecs_entity *entities,
                                                       size_t entity_count, const pecs_value *values,
                                                       size_t value_count);

/*
 * Adds components to one entity, all in one move, with values of zeros; those it has keep their values. Statuses as for
 * pecs_world_remove.
 */
PECS_API PECS_MUST_USE pecs_status pecs_world_add(pecs_world *world, pecs_entity entity,
                                                  const pecs_component *components, size_t component_count);

/*
 * Removes components of one entity; those it lacks are skipped. PECS_E_DEAD, PECS_E_MISUSE (unknown component, more
 * components than there are types), PECS_E_BUSY, PECS_E_MEMORY.
 */
PECS_API PECS_MUST_USE pecs_status pecs_world_remove(pecs_world *world, pecs_entity entity,
                                                     const pecs_component *components, size_t component_count);

/*
 * Gets a pointer for writing to one component, which counts as changed at this tick. The pointer is valid until the
 * next edit of the world, take of a snapshot or save (also one that fails). Strings, blobs and lists in it are changed
 * by the functions of contents.h, never through the pointer. PECS_E_DEAD, PECS_E_ABSENT, PECS_E_MISUSE (wrong size; a
 * tag), PECS_E_MEMORY.
 */
PECS_API PECS_MUST_USE pecs_status pecs_world_get_mut(pecs_world *world, pecs_entity entity, pecs_component component,
                                                      size_t size_bytes, void **ret_value);

/*
 * Singletons: components that the world itself has, once each (a clock, a random generator). They are saved, restored
 * and forked like the rest; queries do not visit them. Statuses as for set, remove and get_mut.
 */
PECS_API PECS_MUST_USE pecs_status pecs_world_set_singleton(pecs_world *world, pecs_component component,
                                                            size_t size_bytes, const void *value);
PECS_API PECS_MUST_USE pecs_status pecs_world_remove_singleton(pecs_world *world, pecs_component component);
PECS_API PECS_MUST_USE pecs_status pecs_world_get_singleton_mut(pecs_world *world, pecs_component component,
                                                                size_t size_bytes, void **ret_value);

/*
 * Ends the frame: later edits carry the next tick, ret_tick (or NULL). A new world has tick 1. An iteration can visit
 * what changed since a tick. The tick is not a frame number: restore and rewind raise it, and so does the first edit
 * after the world was saved, made from a snapshot, or had one taken, so that a tick which was read before covers all
 * later edits. Keep a frame number in a singleton. The tick is saved with the world.
 *
 * Advance also releases memory. Once each world has ended a frame in which no snapshot was taken, and no snapshot is
 * left, the registry holds at most one and a half times the bytes of the worlds' arrays, plus one or two mebibytes. For
 * that it moves arrays, after many snapshots up to the whole world, once; if memory is short, a later frame tries
 * again. Two things do not move: arrays that two worlds share, as after a fork, and the memory that a file was loaded
 * into, which is released as a whole with the last world or snapshot that came from it.
 *
 * PECS_E_BUSY, PECS_E_MEMORY, PECS_E_LIMIT (2^63 - 1 is the last tick. Only a file can bring a world there; it can
 * still be edited).
 */
PECS_API PECS_MUST_USE pecs_status pecs_world_advance(pecs_world *world, uint64_t *ret_tick);

/*
 * Drops what the world no longer uses, so that its files are small and quick to resume: tables without rows, sessions
 * without living entities, and free slots at the end of the entity index. The last generation of each dropped slot is
 * kept, in a few bits, and the next entity there gets the one after it. So a dead handle stays dead, also one in a file
 * or another program, and later spawns get the same handles as without the compaction.
 *
 * Changes no entity, value, id or tick, no row of a table, and not the order of the remaining tables. Snapshots taken
 * before keep their state. Free slots below one in use remain, at 16 bytes each.
 *
 * The world's writer only. Linear in slots and tables: for a loading screen or a tool, not for a frame. Drops all of it
 * or nothing: PECS_E_BUSY, PECS_E_MEMORY, PECS_E_CORRUPT (rows and index of a resumed file disagree).
 */
PECS_API PECS_MUST_USE pecs_status pecs_world_compact(pecs_world *world, pecs_error *error);

/* Bytes that edits of this world have copied because a snapshot or a file shared them; for tuning. */
PECS_API uint64_t pecs_world_copied_bytes(const pecs_world *world);

#ifdef __cplusplus
}

/*
 * One value, in C++, which has no literals that outlive their statement, as those of PECS_VALUE do: `value` is a
 * variable, and must live as long as what is returned is used. A temporary does not compile. Arrays: PECS_ROWS.
 */
template <typename T> inline pecs_value pecs_value_of(pecs_component component, const T &value)
{
    static_assert(std::is_trivially_copyable<T>::value, "the values of a component are copied as bytes");
    static_assert(!std::is_array<T>::value, "an array has a value a row: use PECS_ROWS");
    return { component, sizeof(T), &value };
}
template <typename T> pecs_value pecs_value_of(pecs_component component, const T &&value) = delete;
template <typename T> inline const T *pecs_pointer_to_(const T *pointer)
{
    return pointer;
}
#define PECS_POINTER_TO_(T, pointer) (pecs_pointer_to_<T>(pointer))
#else
#define PECS_POINTER_TO_(T, pointer) _Generic((pointer), T * : (pointer), const T * : (pointer))
#endif
#endif
