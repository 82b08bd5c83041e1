/*
 * Builder: makes a snapshot from data that no world holds: the arrays of another ECS, rows of a database, another
 * format. It is the mirror of a view (view.h), by which such programs read. The snapshot is like any other: to save, to
 * read, or to make a world of.
 *
 *     pecs_builder *builder;
 *     pecs_snapshot *snapshot;
 *     const pecs_value values[] = { PECS_ROWS(Position, positions), PECS_ROWS(Velocity, velocities) };
 *     const pecs_rows rows = { .values = values, .value_count = 2, .row_count = n, .entities = handles };
 *     status = pecs_builder_create(registry, NULL, &builder, &error);
 *     status = status ? status : pecs_builder_add(builder, &rows, NULL, &error);
 *     status = status ? status : pecs_builder_finish(builder, &snapshot, &error);
 *     pecs_builder_destroy(builder);
 *
 * Types that are known only at run time are types of a registry that is made at run time (schema.h).
 *
 * A call that fails changes nothing: go on with other data, or destroy the builder. Errors name table, row and field.
 * One thread uses a builder at a time; builders are independent.
 */
#ifndef PECS_BUILDER_H
#define PECS_BUILDER_H

#include <pecs/contents.h>
#include <pecs/id.h>
#include <pecs/snapshot.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct pecs_builder pecs_builder;

typedef struct pecs_builder_options {
    uint64_t session_nonce; /* of the entities' birth ids (id.h); 0: random */
    uint64_t tick;          /* of the snapshot, and of all its values; 0: 1, that of a new world */
} pecs_builder_options;

/* Creates a builder, which holds the registry. `options` may be NULL. PECS_E_MISUSE (a tick from 2^63 on),
 * PECS_E_MEMORY. */
PECS_API PECS_MUST_USE pecs_status pecs_builder_create(pecs_registry *registry, const pecs_builder_options *options,
                                                       pecs_builder **ret_builder, pecs_error *error);

/* NULL is allowed. The snapshot that it made stays valid. */
PECS_API void pecs_builder_destroy(pecs_builder *builder);

/* The builder's registry, which it holds: borrowed. */
PECS_API pecs_registry *pecs_builder_registry(const pecs_builder *builder);

/* Rows of one table: entities with the same components. Arrays that may be NULL have one element a row. */
typedef struct pecs_rows {
    const pecs_value *values; /* an array for each component, as for pecs_world_spawn */
    size_t value_count;
    size_t row_count;
    const pecs_entity *entities; /* their handles; or NULL: {n, 1} for row n of all rows that were added */
    const pecs_id *ids;          /* explicit ids (id.h), which are not zero; or NULL: birth ids */
} pecs_rows;

/*
 * Adds rows, behind those that have the same components. Everything is copied; values of a type with
 * PECS_TYPE_NO_SNAPSHOT (schema.h) are zeros in the snapshot. ret_entities (or NULL) has room for their handles.
 * Handles have a generation of 1 to 2^30 - 1; of one builder, either all rows are given handles or none. There are
 * slots up to the highest index, of 16 bytes each; one that no row and no dead handle names is free as after the death
 * of {n, 1}. PECS_E_MISUSE (a component twice or unknown, a size, a handle, an id, contents that are no text),
 * PECS_E_LIMIT, PECS_E_MEMORY.
 */
PECS_API PECS_MUST_USE pecs_status pecs_builder_add(pecs_builder *builder, const pecs_rows *rows,
                                                    pecs_entity *ret_entities, pecs_error *error);

/*
 * The session in which the entities of later calls of pecs_builder_add were born, by its nonce, which their birth ids
 * have (id.h); 0: that of the options, again. New entities of a world that is made of the snapshot have neither. Needs
 * 16 bytes for each such entity. PECS_E_MISUSE.
 */
PECS_API PECS_MUST_USE pecs_status pecs_builder_set_session(pecs_builder *builder, uint64_t session_nonce,
                                                            pecs_error *error);

/*
 * Notes handles of entities that are dead: each was the last one in its slot, so that the next entity there gets the
 * next generation, and the handle stays dead. PECS_E_MISUSE (a generation of 0 or from 2^30 on), PECS_E_MEMORY.
 */
PECS_API PECS_MUST_USE pecs_status pecs_builder_add_dead(pecs_builder *builder, const pecs_entity *entities,
                                                         size_t count, pecs_error *error);

/*
 * The parts that belong to no entity: as pecs_world_set_singleton, _set_meta_text, _set_meta_bytes and _attach. The
 * builder also takes the library's own texts about the program that saved (metadata.h), of 1 to 255 bytes.
 */
PECS_API PECS_MUST_USE pecs_status pecs_builder_set_singleton(pecs_builder *builder, const pecs_value *value,
                                                              pecs_error *error);
PECS_API PECS_MUST_USE pecs_status pecs_builder_set_meta_text(pecs_builder *builder, const char *key, const char *text,
                                                              pecs_error *error);
PECS_API PECS_MUST_USE pecs_status pecs_builder_set_meta_bytes(pecs_builder *builder, const char *key,
                                                               const void *bytes, size_t size_bytes, pecs_error *error);
PECS_API PECS_MUST_USE pecs_status pecs_builder_attach(pecs_builder *builder, const char *name, const pecs_bytes *bytes,
                                                       pecs_error *error);

/*
 * Makes an empty builder finish with a snapshot that is already there, of the builder's registry or of another one
 * (pecs_snapshot_convert): pecs_builder_finish then returns it, with its own tick and ids and without a further check
 * of its values, and nothing can be added. For plugins (plugin.h) whose snapshots come whole. The builder holds it.
 * PECS_E_MISUSE (the builder has rows or other parts, or has adopted one already), errors of the conversion.
 */
PECS_API PECS_MUST_USE pecs_status pecs_builder_adopt(pecs_builder *builder, const pecs_snapshot *snapshot,
                                                      pecs_error *error);

/*
 * Makes the snapshot, of which the caller owns a reference; the builder is then of no more use. Checks what only the
 * whole can show, and every value (values.h): PECS_E_CONFLICT (two entities with one slot or one id, a dead entity
 * whose slot is taken), PECS_E_INVALID (an invalid value, such as the handle of no entity). PECS_E_MISUSE (it is
 * finished), PECS_E_MEMORY.
 */
PECS_API PECS_MUST_USE pecs_status pecs_builder_finish(pecs_builder *builder, pecs_snapshot **ret_snapshot,
                                                       pecs_error *error);

#ifdef __cplusplus
}
#endif
#endif
