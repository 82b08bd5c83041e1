/*
 * Identity: the stable ids of a state's entities.
 *
 *     birth id     {nonce of the record's session, generation, index} as a UUID of version 8; nothing is stored
 *     explicit id  the value of registry->id_component; an entity that has one does not answer to its birth id
 */
#ifndef PECS_STORAGE_IDENTITY_H
#define PECS_STORAGE_IDENTITY_H

#include "state.h"

#include <pecs/id.h>

/* nonce < 2^60, generation < 2^30 */
pecs_id identity_make(uint64_t nonce, pecs_entity entity);
/* What an id of that form is made of; false: it has another form. */
bool identity_parse(pecs_id id, uint64_t *ret_nonce, pecs_entity *ret_entity);

/* Of a living entity, whatever explicit id it has. */
pecs_id identity_of_birth(const struct pecs_snapshot *state, pecs_entity entity, const struct record *record);
/* The explicit id of a record's entity, or NULL. */
const pecs_id *identity_explicit(const struct pecs_snapshot *state, const struct record *record);

/* The living entity that was born with the id and answers to it. */
bool identity_find_by_birth(const struct pecs_snapshot *state, pecs_id id, pecs_entity *ret_entity);
/* The living entity that has the id. */
bool identity_find(const struct pecs_snapshot *state, pecs_id id, pecs_entity *ret_entity);

/*
 * Hints for explicit ids that are about to be given. Reserve may fail, and readies the places of all of them; then note
 * each when the entity's index is known. The state must be private.
 */
pecs_status identity_reserve(struct gate *gate, struct pecs_snapshot *state, const pecs_id *ids, uint64_t count);
void identity_note(struct pecs_snapshot *state, pecs_id id, uint32_t index);

/* How many entities have an explicit id. */
uint64_t identity_explicit_count(const struct pecs_snapshot *state);
/* All of them, ascending by id, into `entries`, which has room for as many. */
void identity_list(const struct pecs_snapshot *state, struct id_entry *entries);

#endif
