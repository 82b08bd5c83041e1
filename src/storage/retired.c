/*
 * Retired slots. All are free: none has reached the last generation, so each has a next one. In a damaged, resumed file
 * a difference may exceed that; such a generation is clamped to the highest valid one.
 */
#include "retired.h"

#include "state.h"

static size_t retired_bytes(uint64_t first, uint64_t end)
{
    return sizeof(struct retired) + (size_t)retired_chunk_count(first, end) * sizeof(struct retired_chunk);
}

/* Reading a difference loads the 8 bytes that begin with its first byte. */
static size_t retired_capacity(const struct retired *retired)
{
    return (size_t)retired->size_bytes + sizeof(le64);
}

static void retired_destroy(struct pool *pool, struct node *node)
{
    struct retired *retired = (struct retired *)node;
    if (retired->differences)
        pool_release(pool, retired->differences, retired_capacity(retired));
    pool_release(pool, retired, retired_bytes(retired->first, retired->end));
}

static const struct node_class retired_class = { retired_destroy, NULL };

struct retired *retired_allocate(struct pool *pool, uint64_t first, uint64_t end)
{
    struct retired *retired = pool_allocate_zeroed(pool, retired_bytes(first, end));
    if (!retired)
        return NULL;
    node_init(&retired->node, &retired_class);
    retired->first = first;
    retired->end = end;
    return retired;
}

void retired_add_chunk(struct retired *retired, uint64_t chunk, uint32_t lowest, uint32_t width)
{
    retired->chunks[chunk] = (struct retired_chunk){ lowest, width, retired->size_bytes };
    retired->size_bytes += retired_chunk_bytes(retired_chunk_slots(retired, chunk), width);
}

bool retired_reserve(struct pool *pool, struct retired *retired)
{
    retired->differences = pool_allocate_zeroed(pool, retired_capacity(retired));
    return retired->differences != NULL;
}

uint32_t retired_generation(const struct retired *retired, uint64_t slot)
{
    if (!retired || slot < retired->first || slot >= retired->end)
        return 0;
    const uint64_t chunk = (slot >> INDEX_SHIFT) - (retired->first >> INDEX_SHIFT);
    const uint64_t n = slot - retired_chunk_first(retired, chunk);
    return (uint32_t)min_u64((uint64_t)retired->chunks[chunk].lowest + retired_difference(retired, chunk, n),
                             GENERATION_MAX - 1);
}

/* The chunk of the state's retired slots with the same slots, all still retired; or NULL. */
static const struct retired_chunk *retired_find_same(const struct pecs_snapshot *state, const struct retired *retired,
                                                     uint64_t chunk)
{
    const struct retired *old = state->retired;
    const uint64_t first = retired_chunk_first(retired, chunk);
    if (!old || first < old->first || first >= old->end || first < state_slot_count(state))
        return NULL;
    const uint64_t place = (first >> INDEX_SHIFT) - (old->first >> INDEX_SHIFT);
    const bool is_same = retired_chunk_first(old, place) == first &&
                         retired_chunk_slots(old, place) == retired_chunk_slots(retired, chunk);
    return is_same ? &old->chunks[place] : NULL;
}

/* Adds a chunk with its lowest generation and the width of its differences. */
static void retired_measure(const struct pecs_snapshot *state, struct retired *retired, uint64_t chunk)
{
    const uint64_t first = retired_chunk_first(retired, chunk), slots = retired_chunk_slots(retired, chunk);
    uint32_t lowest = UINT32_MAX, highest = 0;
    for (uint64_t n = 0; n < slots; n++) {
        const uint32_t generation = state_last_generation(state, first + n);
        lowest = generation < lowest ? generation : lowest;
        highest = generation > highest ? generation : highest;
    }
    const uint32_t width = highest == lowest ? 0 : 32 - (uint32_t)__builtin_clz(highest - lowest);
    retired_add_chunk(retired, chunk, lowest, width);
}

static void retired_pack(const struct pecs_snapshot *state, struct retired *retired, uint64_t chunk)
{
    const uint64_t first = retired_chunk_first(retired, chunk), slots = retired_chunk_slots(retired, chunk);
    const uint32_t lowest = retired->chunks[chunk].lowest, width = retired->chunks[chunk].width;
    for (uint64_t n = 0; width && n < slots; n++) {
        const uint64_t difference = state_last_generation(state, first + n) - lowest, bit = n * width;
        uint8_t *at = retired->differences + retired->chunks[chunk].offset + bit / 8;
        le64 word;
        memcpy(&word, at, sizeof(word));
        word = le64_make(le64_load(word) | difference << bit % 8);
        memcpy(at, &word, sizeof(word));
    }
}

struct retired *retired_create(const struct pecs_snapshot *state, uint64_t first, uint64_t end)
{
    struct pool *pool = state->registry->pool;
    const uint64_t chunks = retired_chunk_count(first, end);
    struct retired *retired = retired_allocate(pool, first, end);
    for (uint64_t chunk = 0; retired && chunk < chunks; chunk++) {
        const struct retired_chunk *same = retired_find_same(state, retired, chunk);
        if (same)
            retired_add_chunk(retired, chunk, same->lowest, same->width);
        else
            retired_measure(state, retired, chunk);
    }
    if (!retired || !retired_reserve(pool, retired)) {
        if (retired)
            node_release(pool, &retired->node);
        return NULL;
    }
    for (uint64_t chunk = 0; chunk < chunks; chunk++) {
        const struct retired_chunk *same = retired_find_same(state, retired, chunk);
        const uint64_t bytes = retired_chunk_bytes(retired_chunk_slots(retired, chunk), retired->chunks[chunk].width);
        if (same)
            memcpy(retired->differences + retired->chunks[chunk].offset, state->retired->differences + same->offset,
                   (size_t)bytes);
        else
            retired_pack(state, retired, chunk);
    }
    return retired;
}
