/*
 * Id: a stable id names an entity for ever and across worlds, where a handle names it in one world and its files.
 *
 * Every entity has one from its birth, and it costs no memory: the id is made of the nonce of the session in which the
 * entity was spawned, its generation and its index, as a valid UUID of version 8 (RFC 9562):
 *
 *     nnnnnnnn-nnnn-8nnn-gggg-ggggiiiiiiii    n: 60 bits of nonce; g: the bits 10, then 30 bits of generation; i: index
 *
 * A session begins with the first spawn after a world was made (empty, from a file, as a fork) or restored. Its nonce
 * is random, so two processes that resume one file, two forks of one snapshot, and the two futures of a snapshot that
 * was restored never give one id to two entities. pecs_world_rewind goes back within a session: the same edits give the
 * same ids again.
 *
 * An entity can be given another id instead, any 128 bits but zero: an explicit one. It then no longer answers to the
 * id of its birth, and giving it that one again takes the explicit id away. An explicit id is kept as a component,
 * "pecs.id" (see reflect.h), so it is saved, restored, forked and moved like every other.
 *
 * Reading: as for all views. Giving: the world's writer only.
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
 * Reads the text form, in lower or upper case, up to the terminating zero. PECS_E_MISUSE: the text is not a valid id.
 * Any thread.
 */
PECS_API PECS_MUST_USE pecs_status pecs_id_parse(const char *text, pecs_id *ret_id);

/* The id of a living entity. PECS_E_DEAD. Constant time. */
PECS_API PECS_MUST_USE pecs_status pecs_view_id(pecs_view view, pecs_entity entity, pecs_id *ret_id);

/*
 * The living entity that has the id; PECS_E_ABSENT: none has. Constant time for ids of birth; an explicit id that was
 * given since the world was made takes one step of a hash table, one that came with a file a binary search.
 */
PECS_API PECS_MUST_USE pecs_status pecs_view_find(pecs_view view, pecs_id id, pecs_entity *ret_entity);

/*
 * The same for `count` entities or ids, in the order given: several times as fast as a call each when they are far
 * apart in a large world, since they are waited for together (explicit ids gain less). All results are written: the
 * zero id for a dead entity, the zero entity for an id that none has; PECS_E_DEAD and PECS_E_ABSENT then tell that
 * there was at least one. The arrays must not overlap.
 */
PECS_API PECS_MUST_USE pecs_status pecs_view_id_many(pecs_view view, const pecs_entity *entities, size_t count,
                                                     pecs_id *ret_ids);
PECS_API PECS_MUST_USE pecs_status pecs_view_find_many(pecs_view view, const pecs_id *ids, size_t count,
                                                       pecs_entity *ret_entities);

/*
 * All living entities with their ids, in the order of their indices. After pecs_id_iter_next gave true, `entity` and
 * `id` are the next pair. Nothing needs to be ended; an edit of the world in between may or may not show.
 */
typedef struct pecs_id_iter {
    pecs_entity entity;
    pecs_id id;
    struct {
        const void *source;
        uint64_t next; /* index to look at */
    } state;
} pecs_id_iter;
PECS_API pecs_id_iter pecs_view_ids(pecs_view view);
PECS_API bool pecs_id_iter_next(pecs_id_iter *iter);

/*
 * Gives an entity an explicit id, or with the id of its birth takes it away. The entity moves to another table, as by
 * adding or removing a component. PECS_E_DEAD; PECS_E_CONFLICT: another living entity has the id, or this world would
 * later give that id to a new entity; PECS_E_MISUSE: the id is zero; PECS_E_BUSY, PECS_E_MEMORY.
 */
PECS_API PECS_MUST_USE pecs_status pecs_world_set_id(pecs_world *world, pecs_entity entity, pecs_id id);

/* Gives the entity that has the id `from` the id `to`. PECS_E_ABSENT: none has; else as pecs_world_set_id. */
PECS_API PECS_MUST_USE pecs_status pecs_world_remap_id(pecs_world *world, pecs_id from, pecs_id to);

/*
 * pecs_world_spawn with an explicit id for each entity (row_count of them). PECS_E_CONFLICT: an id is there twice, or
 * as for pecs_world_set_id; none is spawned then.
 */
PECS_API PECS_MUST_USE pecs_status pecs_world_spawn_with_ids(pecs_world *world, const pecs_value *values,
                                                             size_t value_count, const pecs_id *ids, size_t row_count,
                                                             pecs_entity *ret_entities);

#ifdef __cplusplus
}
#endif
#endif
