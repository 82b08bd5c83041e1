/*
 * The hand-written limits. Each is the best that plain code with known arrays gets from the machine. Here are memory
 * (maps at a multiple of 2 MiB with MADV_HUGEPAGE, fresh for each use where the engine's are fresh), loops over values,
 * and ids; files are in bench_limits_file.c, tables in bench_limits_tables.c.
 *
 * No engine: no change tracking, no snapshots, no checks of handles beyond one generation. The loops over values are
 * those of w1.h, which the engine's side uses too: what differs is how the arrays come about.
 */
#define _GNU_SOURCE
#include "bench_limits.h"

#include "bench_limits_pages.h"

#include <sys/mman.h>

enum { AHEAD = 32 }; /* records on their way */

uint8_t *limit_reserve(size_t size_bytes)
{
    const size_t size = (size_t)round_up(size_bytes, HUGE_PAGE);
    uint8_t *start = mmap(NULL, size + HUGE_PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (start == MAP_FAILED)
        return NULL;
    uint8_t *aligned = (uint8_t *)(uintptr_t)round_up((uintptr_t)start, HUGE_PAGE);
    if (aligned > start)
        munmap(start, (size_t)(aligned - start));
    if (aligned < start + HUGE_PAGE)
        munmap(aligned + size, (size_t)(start + HUGE_PAGE - aligned));
    return aligned;
}

void *limit_pages_allocate(size_t size_bytes)
{
    const size_t size = (size_t)round_up(size_bytes, HUGE_PAGE);
    uint8_t *pages = limit_reserve(size);
    if (!pages)
        return NULL;
    if (mprotect(pages, size, PROT_READ | PROT_WRITE)) {
        munmap(pages, size);
        return NULL;
    }
    (void)madvise(pages, size, MADV_HUGEPAGE);
    return pages;
}

void limit_pages_release(void *pages, size_t size_bytes)
{
    if (pages)
        munmap(pages, (size_t)round_up(size_bytes, HUGE_PAGE));
}

double limit_sum(const struct w1_layout *layout, const uint8_t *block)
{
    double sum = 0;
    for (uint32_t t = 0; t < W1_TABLE_COUNT; t++)
        sum += w1_sum((const float *)(block + layout->columns[t][W1_POSITION]), layout->row_counts[t]);
    return sum;
}

void limit_update(const struct w1_layout *layout, uint8_t *block)
{
    for (uint32_t t = 0; t < W1_TABLE_COUNT; t++)
        if (w1_table_has(t, W1_VELOCITY))
            w1_move((float *)(block + layout->columns[t][W1_POSITION]),
                    (const float *)(block + layout->columns[t][W1_VELOCITY]), layout->row_counts[t]);
}

void limit_copy_update(const struct w1_layout *layout, uint8_t *block, uint8_t *copy)
{
    for (uint32_t t = 0; t < W1_TABLE_COUNT; t++)
        if (w1_table_has(t, W1_VELOCITY))
            memcpy(copy + layout->columns[t][W1_POSITION], block + layout->columns[t][W1_POSITION],
                   layout->row_counts[t] * w1_sizes[W1_POSITION]);
    limit_update(layout, block);
}

bool limit_copy(const struct w1_layout *layout, const uint8_t *block, uint8_t **ret_copy)
{
    uint8_t *copy = limit_pages_allocate(layout->size_bytes);
    if (!copy)
        return false;
    for (uint32_t t = 0; t < W1_TABLE_COUNT; t++) {
        const uint64_t rows = layout->row_counts[t];
        for (int c = 0; c < W1_COMPONENT_COUNT; c++)
            if (layout->columns[t][c])
                memcpy(copy + layout->columns[t][c], block + layout->columns[t][c], rows * w1_sizes[c]);
        memcpy(copy + layout->entities[t], block + layout->entities[t], rows * sizeof(w1_entity));
    }
    memcpy(copy + layout->index, block + layout->index, layout->entity_count * sizeof(struct w1_record));
    *ret_copy = copy;
    return true;
}

static uint64_t swap_bytes(uint64_t number)
{
    return __builtin_bswap64(number);
}

bool limit_id_of(const struct w1_layout *layout, const uint8_t *block, const uint64_t *nonces, w1_entity entity,
                 struct limit_id *ret_id)
{
    const struct w1_record *record = (const struct w1_record *)(block + layout->index) + entity.index;
    if (entity.index >= layout->entity_count || record->generation != entity.generation ||
        record->table >= W1_TABLE_COUNT)
        return false;
    const uint64_t nonce = nonces[record->session];
    const uint64_t high = swap_bytes((nonce >> 12) << 16 | 0x8000 | (nonce & 0xfff));
    const uint64_t low = swap_bytes((uint64_t)(0x80000000u | entity.generation) << 32 | entity.index);
    memcpy(ret_id->bytes, &high, 8);
    memcpy(ret_id->bytes + 8, &low, 8);
    return true;
}

bool limit_find(const struct w1_layout *layout, const uint8_t *block, const uint64_t *nonces, struct limit_id id,
                w1_entity *ret_entity)
{
    uint64_t high, low;
    memcpy(&high, id.bytes, 8);
    memcpy(&low, id.bytes + 8, 8);
    high = swap_bytes(high);
    low = swap_bytes(low);
    const uint32_t index = (uint32_t)low, generation = (uint32_t)(low >> 32) & 0x3fffffff;
    if ((high >> 12 & 15) != 8 || low >> 62 != 2 || index >= layout->entity_count)
        return false;
    const struct w1_record *record = (const struct w1_record *)(block + layout->index) + index;
    *ret_entity = (w1_entity){ index, generation };
    return record->generation == generation && record->table < W1_TABLE_COUNT &&
           nonces[record->session] == ((high >> 16) << 12 | (high & 0xfff));
}

bool limit_id_many(const struct w1_layout *layout, const uint8_t *block, const uint64_t *nonces, size_t count,
                   const w1_entity *entities, struct limit_id *ret_ids)
{
    const struct w1_record *records = (const struct w1_record *)(block + layout->index);
    bool ok = true;
    for (size_t i = 0; i < count; i++) {
        if (count - i > AHEAD && entities[i + AHEAD].index < layout->entity_count)
            __builtin_prefetch(&records[entities[i + AHEAD].index]);
        ok &= limit_id_of(layout, block, nonces, entities[i], &ret_ids[i]);
    }
    return ok;
}

bool limit_find_many(const struct w1_layout *layout, const uint8_t *block, const uint64_t *nonces, size_t count,
                     const struct limit_id *ids, w1_entity *ret_entities)
{
    const struct w1_record *records = (const struct w1_record *)(block + layout->index);
    bool ok = true;
    for (size_t i = 0; i < count; i++) {
        if (count - i > AHEAD) {
            uint64_t low;
            memcpy(&low, ids[i + AHEAD].bytes + 8, 8);
            const uint32_t index = (uint32_t)swap_bytes(low);
            if (index < layout->entity_count)
                __builtin_prefetch(&records[index]);
        }
        ok &= limit_find(layout, block, nonces, ids[i], &ret_entities[i]);
    }
    return ok;
}

struct limit_given {
    size_t count, place_count;
    struct limit_id *ids;
    w1_entity *entities;
    struct w1_record *records;
    uint32_t *places; /* of the ids, by their hash; UINT32_MAX: none */
    size_t size_bytes;
};

/* Puts an id where it is found again. False: it is there. */
static bool limit_given_put(struct limit_given *given, uint32_t index)
{
    uint64_t high;
    memcpy(&high, given->ids[index].bytes, sizeof(high));
    size_t place = (size_t)w1_mix(high) & (given->place_count - 1);
    for (; given->places[place] != UINT32_MAX; place = (place + 1) & (given->place_count - 1))
        if (memcmp(&given->ids[given->places[place]], &given->ids[index], sizeof(*given->ids)) == 0)
            return false;
    given->places[place] = index;
    return true;
}

struct limit_given *limit_given_create(const struct limit_id *ids, size_t count)
{
    size_t place_count = 1;
    while (place_count < 2 * count)
        place_count *= 2;
    const size_t size_bytes = sizeof(struct limit_given) + count * (16 + 8 + 16) + place_count * 4;
    struct limit_given *given = limit_pages_allocate(size_bytes);
    if (!given)
        return NULL;
    *given = (struct limit_given){ .count = count, .place_count = place_count, .size_bytes = size_bytes };
    given->ids = (struct limit_id *)(void *)(given + 1);
    given->records = (struct w1_record *)(void *)(given->ids + count);
    given->entities = (w1_entity *)(void *)(given->records + count);
    given->places = (uint32_t *)(void *)(given->entities + count);
    memcpy(given->ids, ids, count * sizeof(*ids));
    memset(given->places, 0xff, place_count * sizeof(*given->places));
    bool ok = true;
    for (uint32_t i = 0; ok && i < count; i++) {
        given->entities[i] = (w1_entity){ i, 1 };
        given->records[i] = (struct w1_record){ 1, 0, i, 0 };
        ok = limit_given_put(given, i);
    }
    if (ok)
        return given;
    limit_given_destroy(given);
    return NULL;
}

void limit_given_destroy(struct limit_given *given)
{
    if (given)
        limit_pages_release(given, given->size_bytes);
}

bool limit_same(const uint8_t *a, const uint8_t *b, size_t size_bytes)
{
    return memcmp(a, b, size_bytes) == 0;
}
