/*
 * Vectors. The tree owns, shares and copies the chunks; the directory is updated whenever an array is stored in a ref.
 * The first edit of a vector that lies in a run creates the directory: until then an address is one multiplication.
 */
#include "vector.h"

pecs_status vector_set_run(struct pool *pool, struct vector *vector, uint64_t count, struct run run,
                           struct image *image)
{
    assert(!vector->count && !vector->runs && !vector->directory);
    vector->runs = runs_create(pool, 1, image);
    if (!vector->runs)
        return PECS_E_MEMORY;
    vector->runs->columns[0] = run;
    vector->count = count;
    vector->tick = run.tick;
    return PECS_OK;
}

bool vector_copy(struct pool *pool, struct vector *to, const struct vector *from)
{
    const size_t bytes = from->directory_capacity * sizeof(*from->directory);
    uint8_t **directory = from->directory ? pool_allocate(pool, bytes) : NULL;
    if (from->directory && !directory)
        return false;
    *to = *from;
    to->directory = directory;
    if (directory)
        memcpy(directory, from->directory, (size_t)vector_chunk_count(from) * sizeof(*directory));
    tree_retain(&to->chunks);
    if (to->runs)
        node_retain(&to->runs->node);
    return true;
}

void vector_clear(struct pool *pool, struct vector *vector)
{
    tree_clear(pool, &vector->chunks);
    if (vector->runs)
        node_release(pool, &vector->runs->node);
    pool_release(pool, vector->directory, vector->directory_capacity * sizeof(*vector->directory));
    vector_init(vector, vector->width, vector->shift);
}

/* Makes room in the directory for a chunk that will get an array. */
static bool vector_reserve_directory(struct pool *pool, struct vector *vector, uint64_t chunk)
{
    const uint64_t live = vector_chunk_count(vector);
    const bool is_new = !vector->directory;
    uint8_t **directory = vector->directory;
    size_t capacity = vector->directory_capacity;
    if (!pool_reserve(pool, (void **)&directory, &capacity, (size_t)max_u64(live, chunk + 1), sizeof(*directory)))
        return false;
    for (uint64_t i = 0; is_new && i < live; i++)
        directory[i] = (uint8_t *)(uintptr_t)vector_chunk(vector, i);
    vector->directory = directory;
    vector->directory_capacity = capacity;
    return true;
}

pecs_status vector_set_count(struct pool *pool, struct vector *vector, uint64_t count)
{
    assert(!vector->count && !vector->runs && !vector->directory);
    if (!pool_reserve(pool, (void **)&vector->directory, &vector->directory_capacity,
                      (size_t)chunk_count_of(count, vector->shift), sizeof(*vector->directory)))
        return PECS_E_MEMORY;
    vector->count = count;
    return PECS_OK;
}

pecs_status vector_lend(struct gate *gate, struct vector *vector, uint64_t first, uint64_t count, struct run run,
                        struct image *image)
{
    const struct extent extent = { .count = vector->count, .width = vector->width, .shift = vector->shift };
    for (uint64_t done = 0; done < count; done += (uint64_t)1 << vector->shift)
        vector->directory[(first + done) >> vector->shift] = run.base + done * vector->width;
    vector->tick = max_u64(vector->tick, run.tick);
    return chunk_lend(gate, &vector->chunks, &extent, first, count, run, image);
}

pecs_status vector_borrow(struct pool *pool, struct vector *to, const struct vector *from, struct node *lender)
{
    const uint64_t chunks = vector_chunk_count(from), epoch = pool_next_epoch(pool);
    if (!pool_reserve(pool, (void **)&to->directory, &to->directory_capacity, (size_t)chunks, sizeof(*to->directory)))
        return PECS_E_MEMORY;
    for (uint64_t chunk = 0; chunk < chunks; chunk++) {
        struct ref *ref;
        struct array *array = array_create_borrowed(pool, vector_chunk(from, chunk),
                                                    vector_chunk_live(from, chunk) * from->width, lender);
        if (!array)
            return PECS_E_MEMORY;
        if (tree_own_ref(pool, epoch, &to->chunks, chunk, &ref)) {
            node_release(pool, &array->node);
            return PECS_E_MEMORY;
        }
        array->tick = chunk_tick(&from->chunks, from->runs, 0, chunk);
        *ref = (struct ref){ &array->node, array->data, 0 };
        to->directory[chunk] = array->data;
    }
    to->count = from->count;
    to->tick = from->tick;
    return PECS_OK;
}

pecs_status vector_own_chunk(struct gate *gate, struct vector *vector, uint64_t chunk, uint64_t count,
                             uint8_t **ret_bytes)
{
    const uint64_t live = vector_chunk_live(vector, chunk);
    uint8_t *bytes = chunk_owned_with_room(gate, &vector->chunks, chunk, count, live, vector->width);
    if (!bytes) {
        const struct extent extent = { vector->count, vector->width, vector->shift, 0, vector->runs };
        struct ref *ref;
        if (!vector_reserve_directory(gate->pool, vector, chunk) ||
            chunk_own(gate, &vector->chunks, &extent, chunk, count, &ref))
            return PECS_E_MEMORY;
        vector->tick = gate->tick;
        vector->directory[chunk] = bytes = ref->data;
    }
    *ret_bytes = bytes;
    return PECS_OK;
}

pecs_status vector_reserve(struct gate *gate, struct vector *vector, uint64_t count)
{
    const uint64_t end = vector->count + count, end_chunk = count ? chunk_count_of(end, vector->shift) : 0;
    pecs_status status = PECS_OK;
    uint8_t *bytes;
    for (uint64_t chunk = vector->count >> vector->shift; !status && chunk < end_chunk; chunk++)
        status = vector_own_chunk(gate, vector, chunk, chunk_live(end, vector->shift, chunk), &bytes);
    return status;
}

/* Frees the arrays of chunks behind the last value, up to that of value `end` - 1. False: out of memory, some stay. */
static bool vector_drop(struct gate *gate, struct vector *vector, uint64_t end)
{
    const uint64_t first = vector_chunk_count(vector), end_chunk = chunk_count_of(end, vector->shift);
    if (first >= end_chunk)
        return true;
    vector->tick = gate->tick;
    return chunk_drop(gate, &vector->chunks, first, end_chunk);
}

void vector_give_back(struct gate *gate, struct vector *vector, uint64_t count)
{
    (void)vector_drop(gate, vector, vector->count + count);
}

pecs_status vector_reserve_cut(struct gate *gate, struct vector *vector, uint64_t count)
{
    assert(count <= vector->count);
    return chunk_own_paths(gate, &vector->chunks, chunk_count_of(count, vector->shift), vector_chunk_count(vector));
}

void vector_cut(struct gate *gate, struct vector *vector, uint64_t count)
{
    const uint64_t before = vector->count;
    if (count < before)
        vector->tick = gate->tick;
    vector->count = count;
    const bool is_done = vector_drop(gate, vector, before);
    assert(is_done); /* the paths were prepared */
    (void)is_done;
}

void vector_follow_moves(struct vector *vector)
{
    for (uint64_t i = 0; vector->directory && i < vector_chunk_count(vector); i++) {
        const struct ref *ref = tree_ref(&vector->chunks, i);
        if (ref && ref->node)
            vector->directory[i] = ref->data;
    }
}
