/*
 * Chunk: consecutive values of one width, of a column of a table or of a vector.
 *
 *     chunk of a value  number >> shift; all chunks but the last are full
 *     bytes of a chunk  its array, if the tree has one, else base + chunk * chunk bytes in a run of an image
 *     live values       extent.count; values of an array beyond it are undefined
 *
 * The tree, and the fields that an extent is filled from, belong to the table or the vector. This module adds arrays to
 * the tree and removes them.
 */
#ifndef PECS_STORAGE_CHUNK_H
#define PECS_STORAGE_CHUNK_H

#include "array.h"
#include "bytes.h"
#include "image.h"

/*
 * Where values lie contiguously in an image, which the runs retain: one run for each column of a table, or for a
 * vector.
 */
struct run {
    uint8_t *base;
    uint64_t tick; /* of the last write to any of its values */
};
struct runs {
    struct node node;
    struct image *image; /* the bytes of a private image are edited in place when no other state sees them */
    struct runs *lender; /* of another table that shares some of these columns, or NULL */
    uint32_t column_count;
    struct run columns[];
};
/* Retains the image. NULL: out of memory. */
struct runs *runs_create(struct pool *pool, uint32_t column_count, struct image *image);

/* How many values a column or vector has, and where those without an array lie. */
struct extent {
    uint64_t count; /* of live values */
    uint64_t width; /* bytes of a value */
    uint32_t shift;
    uint32_t column;   /* of the runs */
    struct runs *runs; /* NULL: every live chunk has an array */
};

static inline uint64_t chunk_count_of(uint64_t count, uint32_t shift)
{
    return (count + ((uint64_t)1 << shift) - 1) >> shift;
}
/* Live values of a chunk. */
static inline uint64_t chunk_live(uint64_t count, uint32_t shift, uint64_t chunk)
{
    const uint64_t first = chunk << shift;
    return first >= count ? 0 : min_u64(count - first, (uint64_t)1 << shift);
}

/*
 * Values that a new chunk behind so many gets memory for at once, if it needs `count`: for all that it may have behind
 * eight full ones, which is at most an eighth more, where doubling would copy again and again.
 */
static inline uint64_t chunk_first_room(uint64_t values_before, uint32_t shift, uint64_t count)
{
    return values_before >> shift >= 8 ? (uint64_t)1 << shift : count;
}

/* The bytes of a chunk that has passed the gate in this epoch, or NULL. */
static inline uint8_t *chunk_owned(const struct gate *gate, const struct tree *chunks, uint64_t chunk)
{
    const struct ref *ref = tree_ref(chunks, chunk);
    return ref && ref->epoch == gate->epoch ? ref->data : NULL;
}
/* The same, if the array has room for `count` values. `live` is how many the chunk has. */
static inline uint8_t *chunk_owned_with_room(const struct gate *gate, const struct tree *chunks, uint64_t chunk,
                                             uint64_t count, uint64_t live, uint64_t width)
{
    const struct ref *ref = tree_ref(chunks, chunk);
    /* read the header of the array only when it must have room for more values */
    const bool has_room = ref && ref->epoch == gate->epoch &&
                          (count <= live || ((const struct array *)ref->node)->size_bytes >= count * width);
    return has_room ? ref->data : NULL;
}

/* The tick of the last write to a chunk with live values; `runs` and `column` as in an extent. */
uint64_t chunk_tick(const struct tree *chunks, const struct runs *runs, uint32_t column, uint64_t chunk);

/*
 * Passes the gate for a chunk, with room for `count` values; live ones are kept. A chunk in a run gets its first array:
 * a copy or, when the image is private memory that no other state sees, an array over the bytes in place. The holder of
 * the tree must be private. PECS_E_MEMORY: the content is as before.
 */
pecs_status chunk_own(struct gate *gate, struct tree *chunks, const struct extent *extent, uint64_t chunk,
                      uint64_t count, struct ref **ret_ref);

/*
 * Adds arrays over `count` values in the image, from value `first` on, which begins a chunk, to a tree whose holder is
 * private. Edits copy them. PECS_E_MEMORY: some have none.
 */
pecs_status chunk_lend(struct gate *gate, struct tree *chunks, const struct extent *extent, uint64_t first,
                       uint64_t count, struct run run, struct image *image);

/* Makes private the paths to the chunks from `first` to `end` - 1 that have arrays, so that chunk_drop cannot fail. */
pecs_status chunk_own_paths(const struct gate *gate, struct tree *chunks, uint64_t first, uint64_t end);
/* Frees the arrays of these chunks. False: out of memory, some stay. */
bool chunk_drop(const struct gate *gate, struct tree *chunks, uint64_t first, uint64_t end);

#endif
