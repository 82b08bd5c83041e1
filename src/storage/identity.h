/*
 * Identity: the stable ids of a state's entities.
 *
 *     birth id     {nonce of the record's session, generation, index} as a UUID of version 8; nothing is stored
 *     explicit id  the value of registry->id_component; an entity that has one cannot be found by its birth id
 */
#ifndef PECS_STORAGE_IDENTITY_H
#define PECS_STORAGE_IDENTITY_H

#include "state.h"

#include <pecs/id.h>

/*
 * Ids lead to records all over memory. Loops over many ids prefetch what they will read this many turns ahead, and FAR
 * ahead what they need to compute that address.
 */
enum { IDENTITY_AHEAD = 32, IDENTITY_FAR_AHEAD = 64 };

static inline uint64_t identity_big_endian(uint64_t number)
{
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    return number;
#else
    return __builtin_bswap64(number);
#endif
}

/*
 * Ids are big-endian, so their byte order is that of the text form. This compiles to one instruction; le64 takes a
 * dozen.
 */
static inline uint64_t identity_load64(const uint8_t *bytes)
{
    uint64_t number;
    memcpy(&number, bytes, sizeof(number));
    return identity_big_endian(number);
}
static inline void identity_store64(uint8_t *bytes, uint64_t number)
{
    number = identity_big_endian(number);
    memcpy(bytes, &number, sizeof(number));
}

/* The first eight bytes of a session's ids, in memory order; nonce < 2^60. */
static inline uint64_t identity_prefix(uint64_t nonce)
{
    return identity_big_endian((nonce >> 12) << 16 | 0x8000 | (nonce & 0xfff));
}
static inline uint64_t identity_nonce(uint64_t prefix)
{
    const uint64_t number = identity_big_endian(prefix);
    return (number >> 16) << 12 | (number & 0xfff);
}

/* generation < 2^30 */
static inline pecs_id identity_make(uint64_t prefix, pecs_entity entity)
{
    pecs_id id;
    memcpy(id.bytes, &prefix, sizeof(prefix));
    identity_store64(id.bytes + 8, (uint64_t)(0x80000000u | entity.generation) << 32 | entity.index);
    return id;
}
/* Splits an id into the prefix and handle that it was made from. False: no session makes such an id. */
static inline bool identity_parse(pecs_id id, uint64_t *ret_prefix, pecs_entity *ret_entity)
{
    const uint64_t low = identity_load64(id.bytes + 8);
    memcpy(ret_prefix, id.bytes, sizeof(*ret_prefix));
    *ret_entity = (pecs_entity){ (uint32_t)low, (uint32_t)(low >> 32) & 0x3fffffff };
    return low >> 62 == 2;
}

/* The birth id of a living entity, which may have an explicit id. */
static inline pecs_id identity_of_birth(const struct pecs_snapshot *state, pecs_entity entity,
                                        const struct record *record)
{
    return identity_make(state_session_prefix(state, record->session), entity);
}
/* False: no entity of the state has or ever had an explicit id. One test, since every read begins with it. */
static inline bool identity_has_explicit(const struct pecs_snapshot *state)
{
    return state->saved_ids.count | (uintptr_t)state->id_hash.node | (uintptr_t)state->births;
}
const pecs_id *identity_explicit_slow(const struct pecs_snapshot *state, const struct record *record);
/* The explicit id of a record's entity, or NULL. */
static inline const pecs_id *identity_explicit(const struct pecs_snapshot *state, const struct record *record)
{
    return identity_has_explicit(state) ? identity_explicit_slow(state, record) : NULL;
}
/* The record of an index to read or to prefetch, or NULL. */
static inline const struct record *identity_record_at(const struct pecs_snapshot *state, uint32_t index)
{
    return index < state_slot_count(state) ? state_record(state, index) : NULL;
}
/* The explicit id of the entity that lives at an index, or NULL. */
static inline const pecs_id *identity_explicit_at(const struct pecs_snapshot *state, uint32_t index)
{
    const struct record *record = identity_record_at(state, index);
    return record && state_is_living(state, record) ? identity_explicit(state, record) : NULL;
}
/* The id by which a living entity can be found. */
static inline pecs_id identity_of(const struct pecs_snapshot *state, pecs_entity entity, const struct record *record)
{
    const pecs_id *explicit_id = identity_explicit(state, record);
    return explicit_id ? *explicit_id : identity_of_birth(state, entity, record);
}

/* True when the entity that lives at an index has this explicit id: the hint counts. */
bool identity_hint_counts(const struct pecs_snapshot *state, uint32_t index, const pecs_id *id,
                          pecs_entity *ret_entity);
/* True when a session could assign the id. */
bool identity_has_birth_form(pecs_id id);

/* Finds the living entity with this birth id and no explicit id. */
bool identity_find_by_birth(const struct pecs_snapshot *state, pecs_id id, pecs_entity *ret_entity);
/* Begins to read what identity_find will read first. */
void identity_prefetch(const struct pecs_snapshot *state, const pecs_id *id);
/* Finds the living entity with this id. */
bool identity_find(const struct pecs_snapshot *state, pecs_id id, pecs_entity *ret_entity);

/*
 * True when a living entity has an explicit id that a session with this prefix could assign. A binary search, but
 * linear in the explicit ids once an id of that form was assigned.
 */
bool identity_names_session(const struct pecs_snapshot *state, uint64_t prefix);

uint64_t identity_explicit_count(const struct pecs_snapshot *state);
/* Sorts in place, ascending by id. */
void identity_sort(struct id_entry *entries, uint64_t count);
/* Lists all explicit ids, ascending. `entries` has room for identity_explicit_count entries. */
void identity_list(const struct pecs_snapshot *state, struct id_entry *entries);

#endif
