/*
 * The hash index of explicit ids: open addressing with linear probing, at most half full, in a vector, so that it is
 * shared, copied and restored like the rest of a state.
 *
 * Stale hints are overwritten when they make a probe long, and dropped when the index grows.
 */
#include "id_hash.h"

#include "identity.h"

enum {
    BUCKET_SHIFT = 10,   /* buckets in a chunk: 4 KiB */
    BUCKET_FIRST = 64,   /* buckets of the first index */
    WALK_COUNT_MAX = 16, /* for more ids at once, all buckets of a small index pass the gate */
    NOTE_COUNT = 128,    /* ids that are noted at once, whose buckets are prefetched */
    LONG_WALK = 8,       /* probes after which stale hints are overwritten */
};

static void id_hash_destroy(struct pool *pool, struct node *node)
{
    struct id_hash *hash = (struct id_hash *)node;
    vector_clear(pool, &hash->buckets);
    node_free(pool, &hash->node, sizeof(*hash));
}

static struct node *id_hash_copy(struct pool *pool, const struct node *node);

static const struct node_class id_hash_class = { id_hash_destroy, id_hash_copy };

static struct id_hash *id_hash_create(struct pool *pool)
{
    struct id_hash *hash = node_allocate(pool, sizeof(*hash), &id_hash_class);
    if (!hash)
        return NULL;
    vector_init(&hash->buckets, sizeof(uint32_t), BUCKET_SHIFT);
    hash->used_count = hash->owned_epoch = 0;
    hash->has_birth_form = false;
    return hash;
}

static struct node *id_hash_copy(struct pool *pool, const struct node *node)
{
    const struct id_hash *hash = (const struct id_hash *)node;
    struct id_hash *copy = id_hash_create(pool);
    if (!copy)
        return NULL;
    if (!vector_copy(pool, &copy->buckets, &hash->buckets)) {
        node_release(pool, &copy->node);
        return NULL;
    }
    copy->used_count = hash->used_count;
    copy->has_birth_form = hash->has_birth_form;
    return &copy->node;
}

static uint32_t id_hash_at(const struct id_hash *hash, uint64_t bucket)
{
    uint32_t index;
    memcpy(&index, vector_value(&hash->buckets, bucket, BUCKET_SHIFT, sizeof(index)), sizeof(index));
    return index;
}
/* A bucket whose chunk has passed the gate, for writing. */
static uint32_t *id_hash_owned(struct id_hash *hash, uint64_t bucket)
{
    return (uint32_t *)(void *)vector_owned_value(&hash->buckets, bucket, BUCKET_SHIFT, sizeof(uint32_t));
}

/* The bucket where the probe for an id begins. */
static uint64_t id_hash_home(const struct pool *pool, const struct id_hash *hash, const pecs_id *id)
{
    return id_hash_key(pool, id) & (hash->buckets.count - 1);
}
static uint64_t id_hash_next(const struct id_hash *hash, uint64_t bucket)
{
    return (bucket + 1) & (hash->buckets.count - 1);
}

void id_hash_prefetch(const struct pecs_snapshot *state, const pecs_id *id)
{
    const struct id_hash *hash = id_hash_of(state);
    if (hash)
        __builtin_prefetch(vector_value(&hash->buckets, id_hash_home(state->registry->pool, hash, id), BUCKET_SHIFT,
                                        sizeof(uint32_t)));
}

bool id_hash_find(const struct pecs_snapshot *state, const pecs_id *id, pecs_entity *ret_entity)
{
    const struct id_hash *hash = id_hash_of(state);
    if (!hash)
        return false;
    for (uint64_t bucket = id_hash_home(state->registry->pool, hash, id);; bucket = id_hash_next(hash, bucket)) {
        const uint32_t index = id_hash_at(hash, bucket);
        if (index == NO_INDEX)
            return false;
        if (identity_hint_counts(state, index, id, ret_entity))
            return true;
    }
}

/* True for a hint whose entity has no explicit id, or has one that another bucket finds: it may be overwritten. */
static bool id_hash_is_stale(const struct pecs_snapshot *state, const struct id_hash *hash, uint64_t bucket)
{
    const uint32_t index = id_hash_at(hash, bucket);
    const pecs_id *id = identity_explicit_at(state, index);
    if (!id)
        return true;
    uint64_t first = id_hash_home(state->registry->pool, hash, id);
    while (id_hash_at(hash, first) != index && id_hash_at(hash, first) != NO_INDEX)
        first = id_hash_next(hash, first);
    return first != bucket;
}

/*
 * The bucket to write an index to: the one that has it, or the first free one from the home of its id on. A long probe
 * also stops at a stale hint, since an id that many entities had one after another leaves a hint for each.
 */
static uint64_t id_hash_bucket_for(const struct pecs_snapshot *state, const struct id_hash *hash, uint64_t bucket,
                                   uint32_t index)
{
    for (unsigned step = 0;; step++, bucket = id_hash_next(hash, bucket)) {
        const uint32_t at = id_hash_at(hash, bucket);
        if (at == NO_INDEX || at == index || (step >= LONG_WALK && id_hash_is_stale(state, hash, bucket)))
            return bucket;
    }
}

/* Creates an index of `count` free buckets. NULL: out of memory. */
static struct id_hash *id_hash_create_free(struct gate *gate, uint64_t count)
{
    struct id_hash *hash = id_hash_create(gate->pool);
    if (hash && vector_reserve(gate, &hash->buckets, count)) {
        node_release(gate->pool, &hash->node);
        return NULL;
    }
    if (!hash)
        return NULL;
    hash->buckets.count = count;
    hash->owned_epoch = gate->epoch;
    for (uint64_t chunk = 0; chunk < vector_chunk_count(&hash->buckets); chunk++)
        memset(id_hash_owned(hash, chunk << BUCKET_SHIFT), 0xff, /* NO_INDEX */
               (size_t)vector_chunk_live(&hash->buckets, chunk) * sizeof(uint32_t));
    return hash;
}

/* The explicit id of the entity that the hint in a bucket leads to, or NULL. Prefetches for the buckets after it. */
static const pecs_id *id_hash_id_at(const struct pecs_snapshot *state, const struct id_hash *hash, uint64_t bucket)
{
    if (hash->buckets.count - bucket > IDENTITY_FAR_AHEAD) {
        __builtin_prefetch(identity_record_at(state, id_hash_at(hash, bucket + IDENTITY_FAR_AHEAD)));
        __builtin_prefetch(identity_explicit_at(state, id_hash_at(hash, bucket + IDENTITY_AHEAD)));
    }
    return identity_explicit_at(state, id_hash_at(hash, bucket));
}

/* Counts the hints that are not stale: entities whose explicit ids were assigned since the world was made. */
static uint64_t id_hash_count(const struct pecs_snapshot *state, const struct id_hash *hash)
{
    uint64_t count = 0;
    for (uint64_t bucket = 0; hash && bucket < hash->buckets.count; bucket++)
        count += id_hash_id_at(state, hash, bucket) && !id_hash_is_stale(state, hash, bucket);
    return count;
}

/*
 * Replaces the index by one for the hints that are not stale and `count` more. It is at most a third full, so that it
 * lasts.
 */
static pecs_status id_hash_replace(struct gate *gate, struct pecs_snapshot *state, uint64_t count)
{
    const struct id_hash *old = id_hash_of(state);
    const uint64_t most = id_hash_count(state, old) + count;
    uint64_t wanted = BUCKET_FIRST;
    while (wanted < 3 * most)
        wanted *= 2;
    struct id_hash *hash = id_hash_create_free(gate, wanted);
    if (!hash)
        return PECS_E_MEMORY;
    for (uint64_t bucket = 0; old && bucket < old->buckets.count; bucket++) {
        const pecs_id *id = id_hash_id_at(state, old, bucket);
        if (!id)
            continue;
        const uint32_t index = id_hash_at(old, bucket);
        uint32_t *to =
            id_hash_owned(hash, id_hash_bucket_for(state, hash, id_hash_home(state->registry->pool, hash, id), index));
        hash->used_count += *to == NO_INDEX;
        *to = index;
    }
    hash->has_birth_form = old && old->has_birth_form;
    node_release(gate->pool, state->id_hash.node);
    state->id_hash = (struct ref){ &hash->node, NULL, gate->epoch };
    return PECS_OK;
}

static pecs_status id_hash_own_chunk(struct gate *gate, struct id_hash *hash, uint64_t chunk)
{
    uint8_t *bytes;
    return vector_own_chunk(gate, &hash->buckets, chunk, vector_chunk_live(&hash->buckets, chunk), &bytes);
}

/*
 * Passes the gate for the buckets from the home of an id on, up to the count-th free one. One of them will hold the
 * hint.
 */
static pecs_status id_hash_own_walk(struct gate *gate, struct id_hash *hash, const pecs_id *id, uint64_t count)
{
    pecs_status status = PECS_OK;
    for (uint64_t bucket = id_hash_home(gate->pool, hash, id); !status && count; bucket = id_hash_next(hash, bucket)) {
        count -= id_hash_at(hash, bucket) == NO_INDEX;
        status = id_hash_own_chunk(gate, hash, bucket >> BUCKET_SHIFT);
    }
    return status;
}

static pecs_status id_hash_own_all(struct gate *gate, struct id_hash *hash)
{
    pecs_status status = PECS_OK;
    if (hash->owned_epoch == gate->epoch)
        return PECS_OK;
    for (uint64_t chunk = 0; !status && chunk < vector_chunk_count(&hash->buckets); chunk++)
        status = id_hash_own_chunk(gate, hash, chunk);
    if (!status)
        hash->owned_epoch = gate->epoch;
    return status;
}

pecs_status id_hash_make_room(struct gate *gate, struct pecs_snapshot *state, uint64_t count)
{
    assert(gate->state_epoch == gate->epoch);
    const struct id_hash *now = id_hash_of(state);
    if (!now || 2 * (now->used_count + count) > now->buckets.count)
        return id_hash_replace(gate, state, count);
    return node_own(gate->pool, gate->epoch, &state->id_hash);
}

pecs_status id_hash_reserve(struct gate *gate, struct pecs_snapshot *state, const pecs_id *ids, uint64_t count)
{
    pecs_status status = id_hash_make_room(gate, state, count);
    if (status)
        return status;
    struct id_hash *hash = (struct id_hash *)state->id_hash.node;
    /* probes of `count` free buckets for each id, or all buckets once */
    if (count > WALK_COUNT_MAX && count * count > hash->buckets.count / 8)
        return id_hash_own_all(gate, hash);
    for (uint64_t i = 0; !status && i < count; i++)
        status = id_hash_own_walk(gate, hash, &ids[i], count);
    return status;
}

/* Begins to read where the chunks of the first buckets of ids are, and returns these. */
static void id_hash_find_homes(const struct pool *pool, const struct id_hash *hash, const pecs_id *ids, uint64_t count,
                               uint64_t *ret_homes)
{
    for (uint64_t i = 0; i < count; i++) {
        ret_homes[i] = id_hash_home(pool, hash, &ids[i]);
        __builtin_prefetch(&hash->buckets.directory[ret_homes[i] >> BUCKET_SHIFT]);
    }
}

void id_hash_note(struct pecs_snapshot *state, uint64_t count, const pecs_id *ids, const pecs_entity *entities)
{
    const struct pool *pool = state->registry->pool;
    struct id_hash *hash = (struct id_hash *)state->id_hash.node;
    uint64_t homes[NOTE_COUNT];
    for (uint64_t done = 0, some; done < count; done += some) {
        some = min_u64(count - done, NOTE_COUNT);
        id_hash_find_homes(pool, hash, ids + done, some, homes);
        for (uint64_t i = 0; i < some; i++)
            __builtin_prefetch(id_hash_owned(hash, homes[i]), 1);
        for (uint64_t i = 0; i < some; i++) {
            const uint32_t index = entities[done + i].index;
            uint32_t *bucket = id_hash_owned(hash, id_hash_bucket_for(state, hash, homes[i], index));
            hash->used_count += *bucket == NO_INDEX;
            *bucket = index;
            hash->has_birth_form |= identity_has_birth_form(ids[done + i]);
        }
    }
}

pecs_status id_hash_note_rows(struct gate *gate, struct pecs_snapshot *state, uint32_t number, uint64_t first,
                              uint64_t count)
{
    const struct table *table = state_table(state, number);
    const uint32_t column = archetype_column(table->archetype, state->registry->id_component);
    pecs_status status = column == NO_COLUMN || !count ? PECS_OK : id_hash_make_room(gate, state, count);
    for (uint64_t rows; !status && column != NO_COLUMN && count; first += rows, count -= rows) {
        const pecs_id *ids = (const pecs_id *)(const void *)table_value(table, column, first);
        rows = min_u64(count, table_chunk_rows(table) - (first & (table_chunk_rows(table) - 1)));
        status = id_hash_reserve(gate, state, ids, rows);
        if (!status)
            id_hash_note(state, rows, ids, (const pecs_entity *)(const void *)table_value(table, HANDLE_COLUMN, first));
    }
    return status;
}

bool id_hash_names_session(const struct pecs_snapshot *state, uint64_t prefix)
{
    const struct id_hash *hash = id_hash_of(state);
    for (uint64_t bucket = 0; hash && hash->has_birth_form && bucket < hash->buckets.count; bucket++) {
        const pecs_id *id = id_hash_id_at(state, hash, bucket);
        if (id && identity_has_birth_form(*id) && memcmp(id->bytes, &prefix, sizeof(prefix)) == 0)
            return true;
    }
    return false;
}
