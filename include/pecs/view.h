/*
 * View: the one read surface of worlds and snapshots. A view is borrowed and passed by value; it costs nothing.
 *
 * A view of a snapshot is valid until the caller's reference to the snapshot is released, and any thread may read
 * through it. A view of a world is valid until the world is destroyed and always shows its present state; it may be
 * read by any number of threads as long as none edits the world; what may be read beside the parts of an edit iteration
 * is said in query.h.
 *
 * Pointers read through a view of a world end at that world's next edit of any kind, values included; those of a
 * snapshot at its release. An iteration's pointers have a rule of their own (query.h), and those for writing end at a
 * take too (world.h).
 */
#ifndef PECS_VIEW_H
#define PECS_VIEW_H

#include <pecs/schema.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct pecs_view {
    const void *source;
} pecs_view;

/* True when the entity lives in the view. */
PECS_API bool pecs_view_alive(pecs_view view, pecs_entity entity);

/* True when the entity lives and has the component (tags too). */
PECS_API bool pecs_view_has(pecs_view view, pecs_entity entity, pecs_component component);

/*
 * The value of a component: `size_bytes` must be the type's size. NULL when the entity is dead or lacks it, when the
 * size is another, and for tags. The pointer has the type's alignment.
 */
PECS_API const void *pecs_view_get(pecs_view view, pecs_entity entity, pecs_component component, size_t size_bytes);
/* The same, and pecs_view_has, for a type of PECS_TYPES (schema.h); with _as, for a component by its number. */
#define pecs_get(view, entity, T) pecs_get_as(view, entity, T##_component, T)
#define pecs_has(view, entity, T) pecs_view_has(view, entity, T##_component)
#define pecs_get_as(view, entity, component, T) ((const T *)pecs_view_get(view, entity, component, sizeof(T)))

/* The value of a singleton: a component that the world itself has, once. NULL when it has none. */
PECS_API const void *pecs_view_get_singleton(pecs_view view, pecs_component component, size_t size_bytes);
/* True when the world itself has the component (tags too). */
PECS_API bool pecs_view_has_singleton(pecs_view view, pecs_component component);
#define pecs_get_singleton(view, T) pecs_get_singleton_as(view, T##_component, T)
#define pecs_get_singleton_as(view, component, T) ((const T *)pecs_view_get_singleton(view, component, sizeof(T)))

/* The view's tick: a number that never goes back in a world; see pecs_world_advance. */
PECS_API uint64_t pecs_view_tick(pecs_view view);

/*
 * A hash of the content: every entity's handle with each of its components' type ids and values (padding left out), and
 * the singletons. It does not depend on the order of rows, tables or registration. Linear in the content.
 */
PECS_API uint64_t pecs_view_hash(pecs_view view);

typedef struct pecs_summary {
    uint64_t entity_count;    /* entities alive */
    uint64_t slot_count;      /* slots of the entity index: alive, free and used up */
    uint64_t free_count;      /* slots that the next spawns will use */
    uint64_t table_count;     /* tables, empty ones too */
    uint64_t component_bytes; /* bytes of component values, without handles and index */
    uint64_t tick;
    uint64_t retired_count; /* slots that a compaction dropped (world.h) and no spawn has used again */
} pecs_summary;

/* Linear in the number of tables. */
PECS_API void pecs_view_summary(pecs_view view, pecs_summary *ret_summary);

#ifdef __cplusplus
}
#endif
#endif
