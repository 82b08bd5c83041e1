/*
 * Memory: the pool that backs all worlds and snapshots of one registry.
 *
 * Small objects go to the allocator as they are, and so do the arrays of a small pool, up to one mebibyte. All other
 * arrays are cut from blocks (blocks.h). Empty blocks are kept for reuse: as many bytes as are in use at most, and at
 * the end of a frame a quarter more than the arrays that are alive, or what the frame took. What lies scattered in
 * blocks that are mostly empty is moved at the end of a frame by those who have it (state_evacuate).
 *
 * All functions may be called from any thread.
 */
#ifndef PECS_BASE_MEMORY_H
#define PECS_BASE_MEMORY_H

#include <pecs/status.h>

enum {
    ARRAY_ALIGN = 64, /* of every array, in memory and in files */
};

struct pool;

/* allocator all zero: the system's memory. NULL when out of memory. */
struct pool *pool_create(const pecs_allocator *allocator);
void pool_destroy(struct pool *pool);

/* A small object, aligned for anything, not cleared. Release it with the same size; NULL is allowed there. */
void *pool_allocate(struct pool *pool, size_t size_bytes);
void *pool_allocate_zeroed(struct pool *pool, size_t size_bytes);
void pool_release(struct pool *pool, void *memory, size_t size_bytes);

/* Grows *array (of *capacity items) to hold `count` items, doubling; false and unchanged when out of memory. */
bool pool_reserve(struct pool *pool, void **array, size_t *capacity, size_t count, size_t item_bytes);

/*
 * Bytes for an array, aligned to ARRAY_ALIGN, not cleared. *ret_source tells pool_array_release where they came from.
 * Sizes of 2 MiB and more are aligned to that and use huge pages.
 */
void *pool_array_allocate(struct pool *pool, size_t size_bytes, uint32_t *ret_source);
void pool_array_release(struct pool *pool, void *array, size_t size_bytes, uint32_t source);

/* What a world remembers of its pool from one end of a frame to the next. */
struct pool_frame {
    uint64_t taken_bytes, given_bytes, drop_count, demanded_bytes; /* the pool's, then */
    uint64_t patience; /* while there are snapshots: drops to wait for, since the last evacuations moved nothing */
    bool is_evacuating;
    bool has_failed;       /* the last evacuation did, for want of memory */
    uint64_t demand_bytes; /* taken in a frame, but for moves; with snapshots of the last frames, slowly forgotten */
    bool has_snapshots;    /* some were taken in this frame */
};
/* Nothing is known yet; what the pool took before is not this world's demand. */
void pool_frame_init(struct pool *pool, struct pool_frame *frame);
/*
 * The end of a frame, in two steps. True from the first: blocks are sparse and something has changed since the last
 * time, so the world moves its arrays that are leaving (pool_array_is_leaving) into new ones before the second step.
 */
bool pool_frame_begin_evacuation(struct pool *pool, struct pool_frame *frame);
/* `has_moved`: what was to leave has left, as far as it is the world's alone; false: memory is wanting. */
void pool_frame_end(struct pool *pool, struct pool_frame *frame, bool has_moved);
/* The array lies in a block that is to become empty. */
bool pool_array_is_leaving(const void *array, uint32_t source);
/* States are made and go: what one shared with others may then be theirs alone. Each world has one; others are
 * snapshots. */
void pool_note_state(struct pool *pool);
void pool_note_drop(struct pool *pool);
void pool_note_world(struct pool *pool, bool is_made);

/* A number that this pool never gave before, from 1: marks who may edit a node. */
uint64_t pool_next_epoch(struct pool *pool);

/* A random number of this pool's, for hash tables: a file can then not be made whose keys all meet in one bucket. */
uint64_t pool_secret(const struct pool *pool);

#endif
