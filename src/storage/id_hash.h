/*
 * Hash index of explicit ids: finds the entities that were assigned one since the world was made. The list of the file
 * finds those that were in it (state.saved_ids).
 *
 * A bucket holds an entity index, placed by the hash of the id that the entity was assigned. It is only a hint: it
 * counts when that entity lives and has the id. So nothing is updated when an entity dies or gets another id.
 */
#ifndef PECS_STORAGE_ID_HASH_H
#define PECS_STORAGE_ID_HASH_H

#include "state.h"

#include <pecs/id.h>

struct id_hash {
    struct node node;
    struct vector buckets; /* entity indices, or NO_INDEX; their number is a power of two */
    uint64_t used_count;   /* buckets with an index */
    uint64_t owned_epoch;  /* in which all buckets have passed the gate; 0: none */
    bool has_birth_form;   /* an id with the form of a birth id was assigned */
};
#define NO_INDEX UINT32_MAX

/* Hash of an id. It is keyed, since whoever writes a file chooses its ids. */
static inline uint64_t id_hash_key(const struct pool *pool, const pecs_id *id)
{
    uint64_t halves[2];
    memcpy(halves, id->bytes, sizeof(halves));
    return mix_u64(mix_u64(halves[0] ^ pool_secret(pool)) ^ halves[1]);
}

/* NULL: no explicit id was assigned yet. */
static inline const struct id_hash *id_hash_of(const struct pecs_snapshot *state)
{
    return (const struct id_hash *)state->id_hash.node;
}

/* Begins to read what a search for the id reads first. */
void id_hash_prefetch(const struct pecs_snapshot *state, const pecs_id *id);
/* Finds the living entity with an explicit id that was assigned since the world was made. */
bool id_hash_find(const struct pecs_snapshot *state, const pecs_id *id, pecs_entity *ret_entity);

/*
 * Two steps that assign explicit ids. Reserve may fail; it passes the gate for the buckets of all ids. Note writes the
 * hints when the indices of the entities are known. The state must be private.
 */
pecs_status id_hash_reserve(struct gate *gate, struct pecs_snapshot *state, const pecs_id *ids, uint64_t count);
void id_hash_note(struct pecs_snapshot *state, uint64_t count, const pecs_id *ids, const pecs_entity *entities);
/* Makes the index private, with room for `count` more ids, so that reserve and note_rows find it. PECS_E_MEMORY. */
pecs_status id_hash_make_room(struct gate *gate, struct pecs_snapshot *state, uint64_t count);
/*
 * Both for consecutive rows of a table that have their handles and ids; none if it has no column of ids. PECS_E_MEMORY:
 * some are noted.
 */
pecs_status id_hash_note_rows(struct gate *gate, struct pecs_snapshot *state, uint32_t table, uint64_t first,
                              uint64_t count);

/*
 * True when a living entity has an id, assigned since the world was made, that a session with this prefix could assign.
 * Linear in the buckets once an id of that form was assigned.
 */
bool id_hash_names_session(const struct pecs_snapshot *state, uint64_t prefix);

#endif
