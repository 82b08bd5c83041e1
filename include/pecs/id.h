/*
 * Id: a stable id names an entity permanently and across worlds; a handle names it in one world and its files.
 *
 * Every entity has one from its spawn on, at no cost of memory: its birth id is made of the nonce of the session in
 * which it was spawned, its generation and its index, as a valid UUID of version 8 (RFC 9562):
 *
 *     nnnnnnnn-nnnn-8nnn-gggg-ggggiiiiiiii    n: 60 bits of nonce; g: the bits 10, then 30 bits of generation; i: index
 *
 * A session begins with the first spawn after a world was created (empty, from a file, as a fork) or restored. Its
 * nonce is random, so two processes that resume one file, two forks of one snapshot, and the timelines before and after
 * a restore never give one id to two entities. pecs_world_rewind stays within a session: the same edits give the same
 * ids.
 *
 * An entity can be given an explicit id instead, any 128 bits but zero. It can then no longer be found by its birth id,
 * until it is given that one again, which removes the explicit id. An explicit id is kept as a component, "pecs.id"
 * (reflect.h), so it is saved, restored, forked and moved like every other.
 *
 * Reading: as for all views. Setting: the world's writer only.
 */
#ifndef PECS_ID_H
#define PECS_ID_H

#include <pecs/world.h>

#ifdef __cplusplus
extern "C" {
#endif

#define PECS_ID_TEXT_BYTES 37 /* 8-4-4-4-12 hexadecimal digits and a zero */

/* Writes the text form, in lower case. Any thread. */
PECS_API void pecs_id_format(pecs_id id, char ret_text[PECS_ID_TEXT_BYTES]);

/*
 * Parses the text form, in lower or upper case, up to the terminating zero. PECS_E_MISUSE if it is not one. Any thread.
 */
PECS_API PECS_MUST_USE pecs_status pecs_id_parse(const char *text, pecs_id *ret_id);

/* The id of a living entity. PECS_E_DEAD. Constant time. */
PECS_API PECS_MUST_USE pecs_status pecs_view_id(pecs_view view, pecs_entity entity, pecs_id *ret_id);

/*
 * The living entity that has the id; PECS_E_ABSENT if none has. Constant time for birth ids; a hash lookup for an
 * explicit id that was given since the world was created, a binary search for one that came with a file.
 */
PECS_API PECS_MUST_USE pecs_status pecs_view_find(pecs_view view, pecs_id id, pecs_entity *ret_entity);

/*
 * The same for `count` entities or ids, in their order: several times as fast as a call for each in a large world,
 * since the memory accesses overlap (explicit ids gain less). All results are written: the zero id for a dead entity,
 * {0, 0} for an id that no entity has; PECS_E_DEAD or PECS_E_ABSENT is then returned. The arrays must not overlap.
 */
PECS_API PECS_MUST_USE pecs_status pecs_view_id_many(pecs_view view, const pecs_entity *entities, size_t count,
                                                     pecs_id *ret_ids);
PECS_API PECS_MUST_USE pecs_status pecs_view_find_many(pecs_view view, const pecs_id *ids, size_t count,
                                                       pecs_entity *ret_entities);

/*
 * Iterates over all living entities and their ids, in the order of their indices. After pecs_id_iter_next returned
 * true, `entity` and `id` are the next pair. There is no end call; edits meanwhile may or may not show.
 */
typedef struct pecs_id_iter {
    pecs_entity entity;
    pecs_id id;
    struct {
        const void *source;
        uint64_t next; /* the next index */
    } state;
} pecs_id_iter;
PECS_API pecs_id_iter pecs_view_ids(pecs_view view);
PECS_API bool pecs_id_iter_next(pecs_id_iter *iter);

/*
 * Sets an entity's explicit id, or with its birth id removes it. The entity moves to another table, as when a component
 * is added or removed. PECS_E_DEAD; PECS_E_CONFLICT: another living entity has the id, or this world would later give
 * it to a new entity; PECS_E_MISUSE: the id is zero; PECS_E_BUSY, PECS_E_MEMORY.
 */
PECS_API PECS_MUST_USE pecs_status pecs_world_set_id(pecs_world *world, pecs_entity entity, pecs_id id);

/* Sets the id of the entity that has the id `from` to `to`. PECS_E_ABSENT if none has it; else as pecs_world_set_id. */
PECS_API PECS_MUST_USE pecs_status pecs_world_remap_id(pecs_world *world, pecs_id from, pecs_id to);

/*
 * pecs_world_spawn with an explicit id for each entity: row_count of both. PECS_E_CONFLICT: an id is listed twice, or
 * as for pecs_world_set_id; then none is spawned.
 */
PECS_API PECS_MUST_USE pecs_status pecs_world_spawn_with_ids(pecs_world *world, const pecs_value *values,
                                                             size_t value_count, const pecs_id *ids, size_t row_count,
                                                             pecs_entity *ret_entities);

#ifdef __cplusplus
}
#endif
#endif
