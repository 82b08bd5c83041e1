/*
 * View: reads worlds and snapshots alike. A view is borrowed, passed by value and free of cost.
 *
 * A view of a snapshot is valid until the caller releases the snapshot, and any thread may read through it. A view of a
 * world is valid until the world is destroyed and always shows the present state; any number of threads may read it as
 * long as none edits the world. query.h says what they may read while workers write.
 *
 * Pointers from a view of a world are valid until the next edit of that world, of values too; those from a snapshot
 * until its release. The columns of an iteration are valid longer (query.h); pointers for writing also end when a
 * snapshot is taken (world.h).
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

/* True if the entity is alive in the view. */
PECS_API bool pecs_view_alive(pecs_view view, pecs_entity entity);

/*
 * The entity in a slot of the index, dead or alive; {slot, 0} from the first slot on that no entity had. All handles of
 * the slot with a higher generation are still to come.
 */
PECS_API pecs_entity pecs_view_slot(pecs_view view, uint32_t slot);

/* True if the entity is alive and has the component (or tag). */
PECS_API bool pecs_view_has(pecs_view view, pecs_entity entity, pecs_component component);

/*
 * The value of a component, aligned as its type; size_bytes is the type's size. NULL if the entity is dead or lacks the
 * component, if the size is wrong, and for tags.
 */
PECS_API const void *pecs_view_get(pecs_view view, pecs_entity entity, pecs_component component, size_t size_bytes);
/* The same, and pecs_view_has, for a type of PECS_TYPES (schema.h); with _as, for a component by its number. */
#define pecs_get(view, entity, T) pecs_get_as(view, entity, T##_component, T)
#define pecs_has(view, entity, T) pecs_view_has(view, entity, T##_component)
#define pecs_get_as(view, entity, component, T) ((const T *)pecs_view_get(view, entity, component, sizeof(T)))

/* The value of a singleton: a component that the world itself has, once. NULL if it has none. */
PECS_API const void *pecs_view_get_singleton(pecs_view view, pecs_component component, size_t size_bytes);
/* True if the world itself has the component (or tag). */
PECS_API bool pecs_view_has_singleton(pecs_view view, pecs_component component);
#define pecs_get_singleton(view, T) pecs_get_singleton_as(view, T##_component, T)
#define pecs_get_singleton_as(view, component, T) ((const T *)pecs_view_get_singleton(view, component, sizeof(T)))

/* The view's tick, which never decreases in a world; see pecs_world_advance. */
PECS_API uint64_t pecs_view_tick(pecs_view view);

/*
 * A hash of the content: each entity's handle, type ids and values (without padding), the singletons, and attachments.
 * It does not depend on the order of rows, tables or registration. Transient components and entities (schema.h) do not
 * count: the hash is that of what would be saved. Linear in the content.
 */
PECS_API uint64_t pecs_view_hash(pecs_view view);

typedef struct pecs_summary {
    uint64_t entity_count;    /* entities alive */
    uint64_t slot_count;      /* slots of the entity index: alive, free and exhausted */
    uint64_t free_count;      /* slots that the next spawns will use */
    uint64_t table_count;     /* tables, empty ones too */
    uint64_t component_bytes; /* bytes of component values, without handles and index */
    uint64_t tick;
    uint64_t retired_count; /* slots that a compaction dropped (world.h) and no spawn has reused */
    uint64_t content_bytes; /* of strings, blobs and lists (contents.h), as the heap holds them */
} pecs_summary;

/* Linear in the number of tables. */
PECS_API void pecs_view_summary(pecs_view view, pecs_summary *ret_summary);

#ifdef __cplusplus
}
#endif
#endif
