/*
 * Filter: a snapshot with less in it, made of another one's arrays; and the same content for another registry. Both
 * make snapshots like any other: to read, to save, or to make a world of.
 *
 *     pecs_snapshot *part;
 *     const pecs_filter filter = { .query = monsters };   // a save without them
 *     status = pecs_snapshot_filter(snapshot, &filter, &part, &error);
 */
#ifndef PECS_FILTER_H
#define PECS_FILTER_H

#include <pecs/query.h>
#include <pecs/snapshot.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What becomes of a reference, in a value that stays, to an entity that is left out. */
typedef enum pecs_references {
    PECS_REFERENCES_KEEP,  /* it stays, as a handle that is stale and never alive again; nothing is searched */
    PECS_REFERENCES_CLEAR, /* it becomes {0, 0} */
    PECS_REFERENCES_REFUSE /* PECS_E_INVALID; the error names entity, field and component */
} pecs_references;

/* What a filter or a save has left out. */
typedef struct pecs_left_out {
    uint64_t entity_count;
    uint64_t type_count;      /* types that no table has any more */
    uint64_t component_bytes; /* of values, those of the entities too */
    uint64_t reference_count; /* references that were cleared */
} pecs_left_out;

/* Returns whether the entity stays. Called on the calling thread, in the order of query.h; must not end. */
typedef bool (*pecs_keep_function)(void *user, pecs_view view, pecs_entity entity);

/* All zero: nothing is left out. An entity stays if the query and `keep` both let it stay. */
typedef struct pecs_filter {
    const pecs_component *components; /* left out of entities and singletons; or, with only_components, what stays */
    size_t component_count;
    bool only_components;    /* an empty list: none stays. Explicit ids (id.h) stay also if it has no "pecs.id" */
    const pecs_query *query; /* of the snapshot's registry; or NULL. Its accesses do not matter */
    bool only_matching;      /* the entities that match stay, and not the others; no query: all match */
    pecs_keep_function keep; /* or NULL */
    void *user;              /* for keep */
    pecs_references references;
    pecs_left_out *left_out; /* filled on success; or NULL */
} pecs_filter;

/*
 * Makes a snapshot without some components and entities. Its content (pecs_view_hash) is that of a world that was built
 * without them. Handles, generations and ids are kept; the slots of entities that are left out are free, and their
 * handles stale. The snapshot may not be rewound to (restore is allowed). Arrays are shared, so leaving out a component
 * takes time by the number of tables; but when tables become equal they are merged, which changes the places of at most
 * a chunk of rows in each, and the index of all entities in the merged and in later tables. The caller owns a
 * reference. Any thread. PECS_E_MISUSE, PECS_E_INVALID (see pecs_references), PECS_E_CORRUPT (a resumed file is
 * damaged), PECS_E_MEMORY.
 */
PECS_API PECS_MUST_USE pecs_status pecs_snapshot_filter(const pecs_snapshot *snapshot, const pecs_filter *filter,
                                                        pecs_snapshot **ret_snapshot, pecs_error *error);

/*
 * Makes a snapshot of the same content for another registry, for a program that registers more types while it runs, as
 * mods do. Types are matched as those of a file are (file.h): those that the registry lacks become unknown, unknown
 * ones that it has become its own; one that both have in two versions is migrated (migration.h), and the registry's
 * load hooks are called. Transient types that the registry lacks are left out, and entities that are transient because
 * of them. Handles, ids and ticks are kept. Arrays are shared: the result holds `snapshot`, and with it its registry,
 * whose types must live as long, until all that was made of it is released; so it takes time by the number of arrays
 * and, if explicit ids were given, of ids. The caller owns a reference. Any thread. PECS_E_LAYOUT (a type is transient
 * in one registry, or cannot be migrated), PECS_E_LIMIT (too many types), PECS_E_CORRUPT (a resumed file is damaged),
 * PECS_E_MISUSE, PECS_E_MEMORY, and the statuses of migrations.
 */
PECS_API PECS_MUST_USE pecs_status pecs_snapshot_convert(const pecs_snapshot *snapshot, pecs_registry *registry,
                                                         pecs_snapshot **ret_snapshot, pecs_error *error);

#ifdef __cplusplus
}
#endif
#endif
