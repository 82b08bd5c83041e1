/*
 * Naive model of a world: the library's promises, implemented in the simplest way. Each entity has a slot with room for
 * every component; nothing is shared, a copy copies everything.
 *
 * Callers identify types by their number in model_types.h and pass valid arguments only.
 */
#ifndef PECS_TESTS_NAIVE_H
#define PECS_TESTS_NAIVE_H

#include "model_types.h"

enum {
    NAIVE_GENERATION_MAX = (1 << 30) - 1,
    NAIVE_META_COUNT = 6,
    NAIVE_META_BYTES = 40,
    NAIVE_ATTACHMENT_COUNT = 3,
};

#define NAIVE_NO_ID UINT32_MAX

struct naive_slot {
    uint32_t generation; /* the last used one; 0: never used */
    bool alive;
    uint32_t id_place;                  /* in the list of explicit ids, or NAIVE_NO_ID */
    uint64_t nonce;                     /* of the session it was last spawned in; 0: not known yet */
    uint32_t has;                       /* bit t: component of type t is there */
    uint64_t changed[MODEL_TYPE_COUNT]; /* tick of the last write, of those that are there */
    uint8_t values[MODEL_VALUE_BYTES];  /* at model_offsets */
};

struct naive_id {
    pecs_id id;
    uint32_t index;
};

/* An entry of metadata, or an attachment. */
struct naive_meta {
    bool is_there;
    pecs_meta_kind kind;
    size_t size_bytes;
    uint8_t bytes[NAIVE_META_BYTES];
};

struct naive {
    struct naive_slot *slots;
    size_t slot_count, slot_capacity;
    size_t alive_count, free_count;
    size_t retired_count; /* free slots at the end that a compaction has dropped; the model keeps them */
    size_t lowest;        /* no slot below it is free */
    uint64_t tick;
    bool tick_is_seen; /* a snapshot closed the tick: the next edit opens another */
    uint64_t nonce;    /* of the session that spawns; 0: not known yet */
    struct naive_id *ids;
    size_t id_count, id_capacity;
    struct naive_meta metadata[NAIVE_META_COUNT];          /* by the place of the key in naive_meta_keys */
    struct naive_meta attachments[NAIVE_ATTACHMENT_COUNT]; /* by the place of the name in naive_attachment_names */
    uint32_t singleton_has;
    uint8_t singletons[MODEL_VALUE_BYTES];
};

struct naive *naive_create(void);
struct naive *naive_copy(const struct naive *naive);
void naive_destroy(struct naive *naive);

/* A new entity without components, in the lowest free slot. */
pecs_entity naive_spawn(struct naive *naive);
void naive_despawn(struct naive *naive, pecs_entity entity);
/* Drops the free slots at the end, which changes only how slots are counted. */
void naive_compact(struct naive *naive);
bool naive_alive(const struct naive *naive, pecs_entity entity);
pecs_entity naive_entity(const struct naive *naive, size_t index);

/* Adds or changes a component; value NULL: zeros. */
void naive_set(struct naive *naive, pecs_entity entity, unsigned type, const void *value);
void naive_remove(struct naive *naive, pecs_entity entity, unsigned type);
void naive_touch(struct naive *naive, pecs_entity entity, unsigned type);
const void *naive_get(const struct naive *naive, pecs_entity entity, unsigned type);

/*
 * Ids: that of a living entity, explicit or of its birth; the entity with an id (a linear search); and the change to an
 * unused id. Setting the birth id removes the explicit one.
 */
pecs_id naive_birth_id(uint64_t nonce, pecs_entity entity);
pecs_id naive_id(const struct naive *naive, pecs_entity entity);
bool naive_find(const struct naive *naive, pecs_id id, pecs_entity *ret_entity);
void naive_give_id(struct naive *naive, pecs_entity entity, pecs_id id);

/* Keys of metadata, and names of attachments, ascending. */
extern const char *const naive_meta_keys[NAIVE_META_COUNT];
extern const char *const naive_attachment_names[NAIVE_ATTACHMENT_COUNT];

void naive_set_singleton(struct naive *naive, unsigned type, const void *value);

/* Opens a tick as an edit does. Every function here that changes something calls it. */
void naive_open_tick(struct naive *naive);
/* An edit that failed, or that wrote nothing, may have opened a tick too. */
static inline void naive_follow_tick(struct naive *naive, uint64_t tick)
{
    if (tick > naive->tick)
        naive_open_tick(naive);
}

/* Opens a tick as a restore does: every component counts as changed at the new tick. */
void naive_restored(struct naive *naive, uint64_t tick);

/* Bytes of all component values, of entities and singletons; explicit ids are components too. */
uint64_t naive_component_bytes(const struct naive *naive);
/* Bytes that the attachments take in the heap. */
uint64_t naive_content_bytes(const struct naive *naive);

#endif
