/*
 * Stable ids. The entities with explicit ids are found in two lists of hints:
 *
 *     saved    of a file: sorted by id, searched where it lies in the image
 *     places   of the edits since: a hash table of entity indices, as a table of one column, so that it is shared,
 *              copied and restored like any other; linear probing, at most half full, a power of two
 *
 * A hint counts when its entity lives and has the id. So nothing is to be done when an entity dies or loses its id:
 * hints that no longer count are overwritten when they make a walk long, and left behind when the places are made anew
 * for want of room.
 */
#include "identity.h"

#include "hash.h"

#include <assert.h>

static_assert(sizeof(struct id_entry) == 20 && _Alignof(struct id_entry) == 1, "an entry lies anywhere in a file");
static_assert(sizeof(pecs_id) == 16, "an id is 128 bits");

enum {
    PLACE_SHIFT = 10,    /* places a chunk: 4 KiB */
    PLACE_FIRST = 64,    /* places of the first table */
    WALK_COUNT_MAX = 16, /* for more ids at once, all places of a small table are readied without a look */
    LONG_WALK = 8,       /* steps after which stale hints are overwritten */
};

const pecs_id *identity_explicit_slow(const struct pecs_snapshot *state, const struct record *record)
{
    const struct table *table = state_table(state, record->table);
    const uint32_t column = archetype_column(table->archetype, state->registry->id_component);
    return column == NO_COLUMN || record->row >= table->row_count
               ? NULL
               : (const pecs_id *)(const void *)table_value(table, column, record->row);
}

static bool is_same(const pecs_id *a, const pecs_id *b)
{
    return memcmp(a, b, sizeof(*a)) == 0;
}

/* The living entity of an index, if it has this explicit id. */
static bool hint_counts(const struct pecs_snapshot *state, uint32_t index, const pecs_id *id, pecs_entity *ret_entity)
{
    const pecs_id *explicit_id = identity_explicit_at(state, index);
    if (!explicit_id || !is_same(explicit_id, id))
        return false;
    *ret_entity = (pecs_entity){ index, state_record(state, index)->generation };
    return true;
}

static const struct table *places_of(const struct pecs_snapshot *state)
{
    return (const struct table *)state->id_places.root.node;
}

static uint32_t place_at(const struct table *places, uint64_t place)
{
    uint32_t index;
    memcpy(&index, table_plain_value(places, place, PLACE_SHIFT, sizeof(index)), sizeof(index));
    return index;
}

static uint64_t hash_id(const struct pool *pool, const pecs_id *id)
{
    return hash64_seeded(id, sizeof(*id), pool_secret(pool));
}

static bool find_in_places(const struct pecs_snapshot *state, const pecs_id *id, pecs_entity *ret_entity)
{
    const struct table *places = places_of(state);
    if (!places)
        return false;
    const uint64_t mask = places->row_count - 1;
    for (uint64_t place = hash_id(state->registry->pool, id) & mask;; place = (place + 1) & mask) {
        const uint32_t index = place_at(places, place);
        if (index == NO_INDEX)
            return false;
        if (hint_counts(state, index, id, ret_entity))
            return true;
    }
}

/* The first entry of the saved ones that is not below an id. */
static uint64_t find_saved(const struct pecs_snapshot *state, const pecs_id *id)
{
    uint64_t low = 0, high = state->id_hints.saved_count;
    while (low < high) {
        const uint64_t middle = low + (high - low) / 2;
        if (memcmp(&state->id_hints.saved[middle].id, id, sizeof(*id)) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool find_in_saved(const struct pecs_snapshot *state, const pecs_id *id, pecs_entity *ret_entity)
{
    const uint64_t at = find_saved(state, id);
    if (at == state->id_hints.saved_count)
        return false;
    const struct id_entry *entry = &state->id_hints.saved[at];
    return is_same(&entry->id, id) && hint_counts(state, le32_load(entry->index), id, ret_entity);
}

/* A session's id, if there is one with its head. */
static bool has_birth_form(pecs_id id)
{
    uint64_t head;
    pecs_entity entity;
    return identity_parse(id, &head, &entity) && identity_head(identity_nonce(head)) == head;
}

bool identity_find_by_birth(const struct pecs_snapshot *state, pecs_id id, pecs_entity *ret_entity)
{
    uint64_t head;
    if (!identity_parse(id, &head, ret_entity))
        return false;
    const struct record *record = state_find(state, *ret_entity);
    return record && state_session_head(state, record->session) == head && !identity_explicit(state, record);
}

bool identity_find(const struct pecs_snapshot *state, pecs_id id, pecs_entity *ret_entity)
{
    return identity_find_by_birth(state, id, ret_entity) ||
           (identity_has_explicit(state) &&
            (find_in_places(state, &id, ret_entity) || find_in_saved(state, &id, ret_entity)));
}

/* The slot of a place whose chunk has passed the gate. */
static uint32_t *owned_place(struct table *places, uint64_t place)
{
    return (uint32_t *)(void *)table_owned_value(places, 0, place);
}

/*
 * The hint in a place leads to an entity that has no explicit id, or another one, which is found by another place:
 * nobody misses the hint when it is overwritten.
 */
static bool is_stale(const struct pecs_snapshot *state, const struct table *places, uint64_t place)
{
    const uint64_t mask = places->row_count - 1;
    const uint32_t index = place_at(places, place);
    const pecs_id *id = identity_explicit_at(state, index);
    uint64_t first = id ? hash_id(state->registry->pool, id) & mask : place;
    while (id && place_at(places, first) != index && place_at(places, first) != NO_INDEX)
        first = (first + 1) & mask;
    return !id || first != place;
}

/*
 * Where the index of an id goes: where it is, or the first free place from its home on; on a long walk also a stale
 * hint's, since an id that many entities have had after each other leaves one for each.
 */
static uint64_t place_for(const struct pecs_snapshot *state, const struct table *places, const pecs_id *id,
                          uint32_t index)
{
    const uint64_t mask = places->row_count - 1;
    uint64_t place = hash_id(state->registry->pool, id) & mask;
    for (unsigned step = 0;; step++, place = (place + 1) & mask) {
        const uint32_t at = place_at(places, place);
        if (at == NO_INDEX || at == index || (step >= LONG_WALK && is_stale(state, places, place)))
            return place;
    }
}

static pecs_status own_places(struct gate *gate, struct table *places, uint64_t chunk)
{
    uint8_t *bytes;
    return table_own_chunk(gate, places, 0, chunk, table_live_rows(places, chunk), &bytes);
}

/* A table of free places. NULL: out of memory. */
static struct table *make_places(struct gate *gate, uint64_t count)
{
    struct archetype *archetype = archetype_create_plain(gate->pool, sizeof(uint32_t), PLACE_SHIFT);
    struct table *places = archetype ? table_create(gate->pool, archetype) : NULL;
    if (archetype)
        node_release(gate->pool, &archetype->node);
    for (uint64_t done = 0; places && done < count;) {
        uint8_t *bytes;
        const uint64_t rows = min_u64(count - done, (uint64_t)1 << PLACE_SHIFT);
        if (table_own_chunk(gate, places, 0, done >> PLACE_SHIFT, rows, &bytes)) {
            node_release(gate->pool, &places->node);
            return NULL;
        }
        memset(bytes, 0xff, (size_t)rows * sizeof(uint32_t)); /* NO_INDEX */
        done += rows;
        places->row_count = done;
    }
    return places;
}

/* The explicit id of the hint in a place, or NULL; those of the places that are asked for next are on their way. */
static const pecs_id *walk_hint(const struct pecs_snapshot *state, const struct table *places, uint64_t place)
{
    if (places->row_count - place > IDENTITY_FAR_AHEAD) {
        __builtin_prefetch(identity_record_at(state, place_at(places, place + IDENTITY_FAR_AHEAD)));
        __builtin_prefetch(identity_explicit_at(state, place_at(places, place + IDENTITY_AHEAD)));
    }
    return identity_explicit_at(state, place_at(places, place));
}

/* Hints that somebody would miss: entities with explicit ids that were given since the world was made. */
static uint64_t count_hints(const struct pecs_snapshot *state, const struct table *places)
{
    uint64_t count = 0;
    for (uint64_t place = 0; place < places->row_count; place++)
        count += walk_hint(state, places, place) && !is_stale(state, places, place);
    return count;
}

/* Makes places for the hints that count now and `count` more: a third full at most, so that the next time is far. */
static pecs_status remake_places(struct gate *gate, struct pecs_snapshot *state, uint64_t count)
{
    const struct table *old = places_of(state);
    uint64_t wanted = PLACE_FIRST, used = 0;
    const uint64_t most = (old ? count_hints(state, old) : 0) + count;
    while (wanted < 3 * most)
        wanted *= 2;
    struct table *places = make_places(gate, wanted);
    if (!places)
        return PECS_E_MEMORY;
    for (uint64_t place = 0; old && place < old->row_count; place++) {
        const pecs_id *id = walk_hint(state, old, place);
        if (!id)
            continue;
        const uint32_t index = place_at(old, place);
        uint32_t *at = owned_place(places, place_for(state, places, id, index));
        used += *at == NO_INDEX;
        *at = index;
    }
    if (old)
        node_release(gate->pool, state->id_places.root.node);
    state->id_places.root = (struct ref){ &places->node, NULL, gate->epoch, 0 };
    state->id_hints.place_count = used;
    return PECS_OK;
}

/* Readies the places from the home of an id on, up to the count-th free one: one of them will be its. */
static pecs_status own_walk(struct gate *gate, struct table *places, const pecs_id *id, uint64_t count)
{
    const uint64_t mask = places->row_count - 1;
    pecs_status status = PECS_OK;
    for (uint64_t place = hash_id(gate->pool, id) & mask; !status && count; place = (place + 1) & mask) {
        count -= place_at(places, place) == NO_INDEX;
        status = own_places(gate, places, place >> PLACE_SHIFT);
    }
    return status;
}

pecs_status identity_reserve(struct gate *gate, struct pecs_snapshot *state, const pecs_id *ids, uint64_t count)
{
    struct table *places;
    pecs_status status = PECS_OK;
    if (!places_of(state) || 2 * (state->id_hints.place_count + count) > places_of(state)->row_count)
        status = remake_places(gate, state, count);
    if (!status)
        status = state_own_only_table(gate, &state->id_places, &places);
    /* walks of `count` steps for each, or all places once */
    if (!status && (count <= WALK_COUNT_MAX || count * count <= places->row_count / 8)) {
        for (uint64_t i = 0; !status && i < count; i++)
            status = own_walk(gate, places, &ids[i], count);
        return status;
    }
    for (uint64_t chunk = 0; !status && chunk < table_chunk_count(places); chunk++)
        status = own_places(gate, places, chunk);
    return status;
}

void identity_note(struct pecs_snapshot *state, uint64_t count, const pecs_id *ids, const pecs_entity *entities)
{
    const struct pool *pool = state->registry->pool;
    struct table *places = (struct table *)state->id_places.root.node;
    for (uint64_t i = 0; i < count; i++) {
        if (count - i > IDENTITY_AHEAD)
            __builtin_prefetch(owned_place(places, hash_id(pool, &ids[i + IDENTITY_AHEAD]) & (places->row_count - 1)),
                               1);
        uint32_t *place = owned_place(places, place_for(state, places, &ids[i], entities[i].index));
        state->id_hints.place_count += *place == NO_INDEX;
        *place = entities[i].index;
        state->id_hints.has_birth_form |= has_birth_form(ids[i]);
    }
}

/* Of the entries from the first with this head on, whether one counts. */
static bool saved_names_session(const struct pecs_snapshot *state, uint64_t head)
{
    const pecs_id lowest = identity_make(head, (pecs_entity){ 0, 0 });
    pecs_entity entity;
    for (uint64_t i = find_saved(state, &lowest); i < state->id_hints.saved_count; i++) {
        const struct id_entry *entry = &state->id_hints.saved[i];
        if (memcmp(entry->id.bytes, lowest.bytes, sizeof(head)) != 0)
            return false;
        if (has_birth_form(entry->id) && hint_counts(state, le32_load(entry->index), &entry->id, &entity))
            return true;
    }
    return false;
}

bool identity_names_session(const struct pecs_snapshot *state, uint64_t head)
{
    if (saved_names_session(state, head))
        return true;
    const struct table *places = state->id_hints.has_birth_form ? places_of(state) : NULL;
    for (uint64_t place = 0; places && place < places->row_count; place++) {
        const pecs_id *id = walk_hint(state, places, place);
        if (id && has_birth_form(*id) && memcmp(id->bytes, &head, sizeof(head)) == 0)
            return true;
    }
    return false;
}

/* The view's side. */

static pecs_status id_of_any(const struct pecs_snapshot *state, pecs_entity entity, const struct record *record,
                             pecs_id *ret_id) __attribute__((noinline));

static pecs_status id_of_any(const struct pecs_snapshot *state, pecs_entity entity, const struct record *record,
                             pecs_id *ret_id)
{
    *ret_id = identity_of(state, entity, record);
    return PECS_OK;
}

/*
 * Here and in find the common case stands alone: many such calls come in a row, each waits for its record, and the
 * fewer instructions a call has, the more of them wait at one time.
 */
pecs_status pecs_view_id(pecs_view view, pecs_entity entity, pecs_id *ret_id)
{
    if (!view.source || !ret_id)
        return PECS_E_MISUSE;
    const struct pecs_snapshot *state = view_source(view)->state;
    const struct record *record = state_find(state, entity);
    if (!record)
        return PECS_E_DEAD;
    if (identity_has_explicit(state))
        return id_of_any(state, entity, record, ret_id);
    *ret_id = identity_of_birth(state, entity, record);
    return PECS_OK;
}

static pecs_status find_any(const struct pecs_snapshot *state, pecs_id id, pecs_entity *ret_entity)
    __attribute__((noinline));

static pecs_status find_any(const struct pecs_snapshot *state, pecs_id id, pecs_entity *ret_entity)
{
    pecs_entity entity;
    if (!identity_find(state, id, &entity))
        return PECS_E_ABSENT;
    *ret_entity = entity;
    return PECS_OK;
}

pecs_status pecs_view_find(pecs_view view, pecs_id id, pecs_entity *ret_entity)
{
    if (!view.source || !ret_entity)
        return PECS_E_MISUSE;
    const struct pecs_snapshot *state = view_source(view)->state;
    pecs_entity entity;
    uint64_t head;
    if (identity_has_explicit(state))
        return find_any(state, id, ret_entity);
    if (!identity_parse(id, &head, &entity))
        return PECS_E_ABSENT;
    const struct record *record = state_find(state, entity);
    if (!record || state_session_head(state, record->session) != head)
        return PECS_E_ABSENT;
    *ret_entity = entity;
    return PECS_OK;
}

pecs_status pecs_view_id_many(pecs_view view, size_t count, const pecs_entity *entities, pecs_id *ret_ids)
{
    if (!view.source || (count && (!entities || !ret_ids)))
        return PECS_E_MISUSE;
    const struct pecs_snapshot *state = view_source(view)->state;
    pecs_status status = PECS_OK;
    for (size_t i = 0; i < count; i++) {
        if (count - i > IDENTITY_AHEAD)
            __builtin_prefetch(identity_record_at(state, entities[i + IDENTITY_AHEAD].index));
        const struct record *record = state_find(state, entities[i]);
        ret_ids[i] = record ? identity_of(state, entities[i], record) : (pecs_id){ { 0 } };
        if (!record)
            status = PECS_E_DEAD;
    }
    return status;
}

pecs_status pecs_view_find_many(pecs_view view, size_t count, const pecs_id *ids, pecs_entity *ret_entities)
{
    if (!view.source || (count && (!ids || !ret_entities)))
        return PECS_E_MISUSE;
    const struct pecs_snapshot *state = view_source(view)->state;
    pecs_status status = PECS_OK;
    for (size_t i = 0; i < count; i++) {
        pecs_entity entity;
        uint64_t head;
        if (count - i > IDENTITY_AHEAD && identity_parse(ids[i + IDENTITY_AHEAD], &head, &entity))
            __builtin_prefetch(identity_record_at(state, entity.index));
        const bool is_found = identity_find(state, ids[i], &entity);
        ret_entities[i] = is_found ? entity : (pecs_entity){ 0, 0 };
        if (!is_found)
            status = PECS_E_ABSENT;
    }
    return status;
}

pecs_id_iter pecs_view_ids(pecs_view view)
{
    return (pecs_id_iter){ .state = { .source = view.source } };
}

bool pecs_id_iter_next(pecs_id_iter *iter)
{
    if (!iter)
        return false;
    const struct pecs_snapshot *state = view_source((pecs_view){ iter->state.source })->state;
    while (iter->state.next < state_slot_count(state)) {
        const uint32_t index = (uint32_t)iter->state.next++;
        const struct record *record = state_record(state, index);
        if (!state_is_living(state, record))
            continue;
        iter->entity = (pecs_entity){ index, record->generation };
        iter->id = identity_of(state, iter->entity, record);
        return true;
    }
    return false;
}
