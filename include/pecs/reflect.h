/*
 * Reflection: what a view is made of, for programs that do not know its types: tools, editors, inspectors.
 *
 * The component types of a view are numbered: those of the registry first, by their positions in it; then "pecs.id",
 * which holds explicit ids (id.h); then unknown types: those that the view's file has and the registry lacks; with the
 * registry's at most 2048, else the file gives PECS_E_LIMIT. They are kept with all their values: entities that have
 * them can be moved, edited, despawned and saved again, and a program that knows the type reads the values then.
 *
 * The number of an unknown type means that type, with its version and layout, in all views of the registry, and no
 * other type ever gets it. So numbers and queries survive a restore, and a file that is opened again, changed or not.
 * In a view that lacks the type, the number is one that does not exist: reads find nothing (NULL, false), a query term
 * matches as for a type that no entity has, and an edit gives PECS_E_MISUSE and changes nothing. The same type may have
 * another number in another registry, and in the next run: look it up by name or id. The numbers of a view ascend, but
 * they may have gaps: pecs_view_component_at steps through them.
 *
 * A registry remembers the 8192 unknown types that it met last, also in files that it refused. One that it has
 * forgotten gets a new number when a file with it is opened; the old number still means the type in what was opened
 * before. When all 2^32 numbers are used up, files with types that it does not remember give PECS_E_LIMIT.
 *
 * pecs_type and pecs_field (schema.h) tell the layout of a value: element k of a field lies at
 * offset + k * (size / count) in it. A tool can read and write every kind by that; pecs_world_get_mut, set, remove and
 * spawn take the number of an unknown type like any other ("pecs.id" is changed by id.h alone). Command buffers take
 * types of the registry only. A registry with type_count 0 is right for a tool: all types of a file are then unknown.
 *
 * To take an unknown type away from all entities: pecs_view_component gives its number; pecs_query_create_in makes a
 * query with it; an iteration collects the handles into an array of your own; after pecs_iter_end pecs_world_remove
 * takes it from each. The singleton goes with pecs_world_remove_singleton. The type stays in the list, and in files,
 * because empty tables that have it stay.
 *
 * Lists of components and tables live until the world's next edit of any kind, or the snapshot's release. Types and
 * their names live as long as any world or snapshot that comes from the file; those of the registry, as long as the
 * program keeps them.
 */
#ifndef PECS_REFLECT_H
#define PECS_REFLECT_H

#include <pecs/query.h>

#ifdef __cplusplus
extern "C" {
#endif

/* How many types the view has, at least one more than the registry's. */
PECS_API size_t pecs_view_type_count(pecs_view view);

/* The number of the type at a place below pecs_view_type_count, ascending with it; false when there is none. */
PECS_API bool pecs_view_component_at(pecs_view view, size_t place, pecs_component *ret_component);

/* A type; NULL when there is none of that number. A nested struct of an unknown type has the name of its field. */
PECS_API const pecs_type *pecs_view_type(pecs_view view, pecs_component component);

/* The id of a type: the one given, or the hash of its name; zero when there is none of that number. */
PECS_API pecs_id pecs_view_type_id(pecs_view view, pecs_component component);

/* The first type with the name; PECS_E_ABSENT. */
PECS_API PECS_MUST_USE pecs_status pecs_view_component(pecs_view view, const char *name, pecs_component *ret_component);

/* The first type with the id; PECS_E_ABSENT. */
PECS_API PECS_MUST_USE pecs_status pecs_view_component_by_id(pecs_view view, pecs_id type_id,
                                                             pecs_component *ret_component);

/* The components of an entity, ascending; NULL and 0 when it is dead. */
PECS_API const pecs_component *pecs_view_components(pecs_view view, pecs_entity entity, size_t *ret_count);

/* The components that the world itself has, ascending; NULL and 0 when it has none. */
PECS_API const pecs_component *pecs_view_singletons(pecs_view view, size_t *ret_count);

/* The tables: which sets of components there are, and how many entities have each. */
typedef struct pecs_table {
    const pecs_component *components; /* ascending */
    size_t component_count;
    uint64_t row_count;
    bool is_singletons; /* a set that the world itself has (one row) or had (none) */
} pecs_table;

/* Table number `number`, from 0 (pecs_summary has their count); false when there is none. */
PECS_API bool pecs_view_table(pecs_view view, uint64_t number, pecs_table *ret_table);

/* "f32", "entity"; NULL when there is no such kind. Static. Any thread. */
PECS_API const char *pecs_kind_name(pecs_kind kind);

/*
 * pecs_query_create for terms that may name any component of the view ("pecs.id" is not written). The query serves
 * every world and snapshot of the registry: where a view lacks an unknown type, no entity has it.
 */
PECS_API PECS_MUST_USE pecs_status pecs_query_create_in(pecs_view view, const pecs_term *terms, size_t term_count,
                                                        pecs_query **ret_query, pecs_error *error);

#ifdef __cplusplus
}
#endif
#endif
