/*
 * The free map. The counts live in the state (one for each chunk, in the index; their sum in the state) and are correct
 * whether or not a map exists. While is_valid, the bits of the map agree with them.
 *
 *     chunks bit c      set exactly when chunk c's count is above 0
 *     slots[c] bit s    when slots[c] exists: set exactly when that slot is free
 */
#include "free_map.h"

#include <assert.h>

enum {
    SLOTS_A_CHUNK = 1 << INDEX_SHIFT,
    WORDS_A_CHUNK = SLOTS_A_CHUNK / 64,
};

void free_map_invalidate(struct free_map *map, struct pool *pool)
{
    for (size_t i = 0; i < map->chunk_room; i++) {
        pool_release(pool, map->slots[i], WORDS_A_CHUNK * sizeof(uint64_t));
        map->slots[i] = NULL;
    }
    map->is_valid = false;
}

void free_map_deinit(struct free_map *map, struct pool *pool)
{
    free_map_invalidate(map, pool);
    pool_release(pool, map->chunks, map->chunk_room / 64 * sizeof(uint64_t));
    pool_release(pool, map->slots, map->chunk_room * sizeof(*map->slots));
    *map = (struct free_map){ 0 };
}

static pecs_status free_map_make_room(struct free_map *map, struct pool *pool, uint64_t chunk_count)
{
    if (chunk_count <= map->chunk_room)
        return PECS_OK;
    const size_t room = (size_t)align_up(max_u64(chunk_count, 2 * (uint64_t)map->chunk_room), 64);
    uint64_t *chunks = pool_allocate_zeroed(pool, room / 64 * sizeof(*chunks));
    uint64_t **slots = pool_allocate_zeroed(pool, room * sizeof(*slots));
    if (!chunks || !slots) {
        pool_release(pool, chunks, room / 64 * sizeof(*chunks));
        pool_release(pool, slots, room * sizeof(*slots));
        return PECS_E_MEMORY;
    }
    if (map->chunk_room) {
        memcpy(chunks, map->chunks, map->chunk_room / 64 * sizeof(*chunks));
        memcpy(slots, map->slots, map->chunk_room * sizeof(*slots));
        pool_release(pool, map->chunks, map->chunk_room / 64 * sizeof(*chunks));
        pool_release(pool, map->slots, map->chunk_room * sizeof(*slots));
    }
    map->chunks = chunks;
    map->slots = slots;
    map->chunk_room = room;
    return PECS_OK;
}

/* Makes room for the chunks of an index of slot_count slots, and sets the bits of the present ones. */
static pecs_status free_map_make_valid(struct free_map *map, struct pool *pool, const struct pecs_snapshot *state,
                                       uint64_t slot_count)
{
    const pecs_status status = free_map_make_room(map, pool, (slot_count >> INDEX_SHIFT) + 1);
    if (status || map->is_valid)
        return status;
    memset(map->chunks, 0, map->chunk_room / 64 * sizeof(*map->chunks));
    for (uint64_t chunk = 0; chunk < index_chunk_count(state_index(state)); chunk++)
        if (state_free_in_chunk(state, chunk))
            map->chunks[chunk / 64] |= (uint64_t)1 << chunk % 64;
    map->lowest_word = 0;
    map->is_valid = true;
    return PECS_OK;
}

static bool free_map_is_free(const struct record *record)
{
    return record->table == NO_TABLE && record->generation < GENERATION_MAX;
}

static pecs_status free_map_make_slots(struct free_map *map, struct pool *pool, const struct pecs_snapshot *state,
                                       uint64_t chunk)
{
    if (map->slots[chunk])
        return PECS_OK;
    uint64_t *bits = pool_allocate_zeroed(pool, WORDS_A_CHUNK * sizeof(*bits));
    if (!bits)
        return PECS_E_MEMORY;
    const struct entity_index *index = state_index(state);
    const struct record *records = index_chunk(index, chunk);
    uint64_t free_count = 0;
    for (uint64_t i = 0; i < index_chunk_slots(index, chunk); i++)
        if (free_map_is_free(&records[i])) {
            bits[i / 64] |= (uint64_t)1 << i % 64;
            free_count++;
        }
    if (free_count != state_free_in_chunk(state, chunk)) { /* a damaged file: takes would search beyond the bits */
        pool_release(pool, bits, WORDS_A_CHUNK * sizeof(*bits));
        return PECS_E_CORRUPT;
    }
    map->slots[chunk] = bits;
    return PECS_OK;
}

pecs_status free_map_reserve(struct free_map *map, struct gate *gate, struct pecs_snapshot *state,
                             struct entity_index *index, uint64_t count, uint64_t *ret_append_count)
{
    const uint64_t reused = min_u64(count, state->free_count);
    if (!state_has_slots(state, count))
        return PECS_E_LIMIT;
    *ret_append_count = count - reused;
    if (!reused && !map->is_valid)
        return PECS_OK; /* the map is made when a slot is first reused */
    pecs_status status = free_map_make_valid(map, gate->pool, state, index_slot_count(index) + *ret_append_count);
    uint64_t found = 0;
    for (size_t word = map->lowest_word; !status && found < reused; word++) {
        for (uint64_t bits = map->chunks[word]; !status && bits && found < reused; bits &= bits - 1) {
            const uint64_t chunk = word * 64 + (uint64_t)__builtin_ctzll(bits);
            struct record *record;
            found += state_free_in_chunk(state, chunk);
            status = free_map_make_slots(map, gate->pool, state, chunk);
            if (!status)
                status = index_own_record(gate, index, chunk << INDEX_SHIFT, &record);
        }
    }
    return status;
}

pecs_status free_map_reserve_give(struct free_map *map, struct pool *pool, const struct pecs_snapshot *state,
                                  uint32_t slot)
{
    const pecs_status status = free_map_make_valid(map, pool, state, state_slot_count(state));
    return status ? status : free_map_make_slots(map, pool, state, slot >> INDEX_SHIFT);
}

uint32_t free_map_take(struct free_map *map, struct pecs_snapshot *state, struct entity_index *index)
{
    assert(map->is_valid && state->free_count);
    while (!map->chunks[map->lowest_word])
        map->lowest_word++;
    const uint64_t chunk = map->lowest_word * 64 + (uint64_t)__builtin_ctzll(map->chunks[map->lowest_word]);
    uint64_t *bits = map->slots[chunk];
    size_t word = 0;
    while (!bits[word])
        word++;
    const uint32_t slot = (uint32_t)(chunk << INDEX_SHIFT | word * 64 | (uint64_t)__builtin_ctzll(bits[word]));
    bits[word] &= bits[word] - 1;
    if (--index->free_counts[chunk] == 0)
        map->chunks[chunk / 64] &= ~((uint64_t)1 << chunk % 64);
    state->free_count--;
    return slot;
}

void free_map_give(struct free_map *map, struct pecs_snapshot *state, struct entity_index *index, uint32_t slot)
{
    const uint64_t chunk = slot >> INDEX_SHIFT;
    index->free_counts[chunk]++;
    state->free_count++;
    if (!map->is_valid)
        return;
    map->chunks[chunk / 64] |= (uint64_t)1 << chunk % 64;
    if (chunk / 64 < map->lowest_word)
        map->lowest_word = chunk / 64;
    if (map->slots[chunk])
        map->slots[chunk][slot % SLOTS_A_CHUNK / 64] |= (uint64_t)1 << slot % 64;
}
