/*
 * Vector: a list of values of one width, shared and copied on write chunk by chunk like the columns of a table.
 *
 * Its values are read at random, so a flat directory holds the address of each chunk: a read does not walk down the
 * tree. The first values may lie in an image.
 *
 *     directory   entry c is the address of chunk c, for every live chunk; NULL: no chunk has an array, all are in the
 *                 run
 *
 * A vector is part of a node and private with it.
 */
#ifndef PECS_STORAGE_VECTOR_H
#define PECS_STORAGE_VECTOR_H

#include "chunk.h"

#include <assert.h>

struct vector {
    uint64_t count; /* of live values */
    uint8_t **directory;
    struct runs *runs; /* of one column; NULL: every live chunk has an array */
    struct tree chunks;
    uint64_t tick; /* of the last write to any chunk; kept when chunks go */
    size_t directory_capacity;
    uint32_t width; /* bytes of a value */
    uint32_t shift; /* a chunk has 1 << shift values */
};

static inline void vector_init(struct vector *vector, uint32_t width, uint32_t shift)
{
    *vector = (struct vector){ .width = width, .shift = shift };
}
/* Gives an empty vector the values of a run in the image. PECS_E_MEMORY: it is as before. */
pecs_status vector_set_run(struct pool *pool, struct vector *vector, uint64_t count, struct run run,
                           struct image *image);
/*
 * The same for values that lie in the image piece by piece: first how many there are, then all of them, each piece from
 * a value on that begins a chunk. PECS_E_MEMORY: clear it.
 */
pecs_status vector_set_count(struct pool *pool, struct vector *vector, uint64_t count);
pecs_status vector_lend(struct gate *gate, struct vector *vector, uint64_t first, uint64_t count, struct run run,
                        struct image *image);
/*
 * For the copy and destroy functions of the node that holds the vector. Chunks are shared. False: out of memory, `to`
 * is unchanged.
 */
bool vector_copy(struct pool *pool, struct vector *to, const struct vector *from);
void vector_clear(struct pool *pool, struct vector *vector);
/* Gives an empty vector the values of one of another pool; its arrays borrow from the lender. Clear it on failure. */
pecs_status vector_borrow(struct pool *pool, struct vector *to, const struct vector *from, struct node *lender);

static inline uint64_t vector_chunk_count(const struct vector *vector)
{
    return chunk_count_of(vector->count, vector->shift);
}
static inline uint64_t vector_chunk_live(const struct vector *vector, uint64_t chunk)
{
    return chunk_live(vector->count, vector->shift, chunk);
}

/* One value, for reading; `shift` and `width` are the vector's, passed as constants. */
static inline const uint8_t *vector_value(const struct vector *vector, uint64_t number, uint32_t shift, size_t width)
{
    assert(vector->shift == shift && vector->width == width);
    if (vector->directory)
        return vector->directory[number >> shift] + (number & (((uint64_t)1 << shift) - 1)) * width;
    return vector->runs->columns[0].base + number * width;
}
/* The bytes of a live chunk, for reading. */
static inline const uint8_t *vector_chunk(const struct vector *vector, uint64_t chunk)
{
    return vector_value(vector, chunk << vector->shift, vector->shift, vector->width);
}

/* The editing functions need a private vector. When they fail, its content is as before. */

/* The bytes of a chunk that has passed the gate in this epoch, or NULL. */
static inline uint8_t *vector_owned_chunk(const struct gate *gate, const struct vector *vector, uint64_t chunk)
{
    return chunk_owned(gate, &vector->chunks, chunk);
}
/* A value whose chunk has passed the gate. */
static inline uint8_t *vector_owned_value(struct vector *vector, uint64_t number, uint32_t shift, size_t width)
{
    return (uint8_t *)(uintptr_t)vector_value(vector, number, shift, width);
}

/* Passes the gate for one chunk, with room for `count` values. */
pecs_status vector_own_chunk(struct gate *gate, struct vector *vector, uint64_t chunk, uint64_t count,
                             uint8_t **ret_bytes);
/* Makes room for `count` values behind the last: their chunks pass the gate. */
pecs_status vector_reserve(struct gate *gate, struct vector *vector, uint64_t count);
/* Frees what was reserved for values that will not be appended, as far as memory allows. */
void vector_give_back(struct gate *gate, struct vector *vector, uint64_t count);

/* Prepare a cut to `count` values, at most the present count, then cut. */
pecs_status vector_reserve_cut(struct gate *gate, struct vector *vector, uint64_t count);
void vector_cut(struct gate *gate, struct vector *vector, uint64_t count);

/* Updates the directory after arrays of the tree were moved. */
void vector_follow_moves(struct vector *vector);

#endif
