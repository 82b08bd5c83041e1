/*
 * Memory: the pool of one registry, which all its worlds and snapshots allocate from.
 *
 * Small objects, and the arrays of a pool with less than one mebibyte of them, are allocations of their own. All other
 * arrays are cut from blocks (blocks.h). Empty blocks are kept for reuse: during a frame at most as many bytes as are
 * in use; at the end of a frame a quarter more than the living arrays, or what the frame took. Arrays in sparse blocks
 * are moved at the end of a frame by the world that owns them (state_evacuate).
 *
 * All functions may be called from any thread.
 */
#ifndef PECS_BASE_MEMORY_H
#define PECS_BASE_MEMORY_H

#include <pecs/status.h>

enum {
    ARRAY_ALIGN = 64, /* of every array, in memory and in files, in bytes */
};

struct pool;

/* The system's memory, as functions of an allocator: for less than OS_HUGE_BYTES. `user` is ignored. */
void *pool_system_allocate(void *user, size_t size_bytes, size_t align_bytes);
void pool_system_release(void *user, void *memory, size_t size_bytes, size_t align_bytes);

/* A zero-initialised allocator stands for the system's memory. Returns NULL when out of memory. */
struct pool *pool_create(const pecs_allocator *allocator);
void pool_destroy(struct pool *pool);

/*
 * Allocates a small object, aligned for any type, not cleared. Release it with the same size; releasing NULL is
 * allowed.
 */
void *pool_allocate(struct pool *pool, size_t size_bytes);
void *pool_allocate_zeroed(struct pool *pool, size_t size_bytes);
void pool_release(struct pool *pool, void *memory, size_t size_bytes);

/*
 * Grows *array, of *capacity items, to at least `count` items by doubling. False: out of memory, nothing has changed.
 */
bool pool_reserve(struct pool *pool, void **array, size_t *capacity, size_t count, size_t item_bytes);

/*
 * Allocates an array, aligned to ARRAY_ALIGN, not cleared. Pass *ret_source to pool_array_release. Arrays of 2 MiB and
 * more are aligned to 2 MiB and use huge pages.
 */
void *pool_array_allocate(struct pool *pool, size_t size_bytes, uint32_t *ret_source);
void pool_array_release(struct pool *pool, void *array, size_t size_bytes, uint32_t source);
/*
 * The same directly behind a living array, where there is room: loops over what lies in both are faster, since the
 * processor reads ahead. Zero-initialised stands for no array: the new one is the first of several.
 */
struct pool_array {
    const void *memory;
    size_t size_bytes;
    uint32_t source;
};
void *pool_array_allocate_behind(struct pool *pool, size_t size_bytes, const struct pool_array *before,
                                 uint32_t *ret_source);
/* Whether an array of so many bytes can grow and shrink without a copy. */
bool pool_array_resizes(const struct pool *pool, size_t size_bytes);
/* Of such an array, to a size that can, too. Returns where it is then; NULL: out of memory, nothing has changed. */
void *pool_array_resize(void *array, size_t size_bytes, size_t new_bytes);
/*
 * Announces about how many bytes of arrays come, so that their blocks need not grow step by step: small ones have small
 * pages, which cost more than what is written to them. 0 ends it. Of several callers the last one counts.
 */
void pool_expect_arrays(struct pool *pool, uint64_t size_bytes);

/* What a world remembers of its pool between the ends of two frames. */
struct pool_frame {
    uint64_t taken_bytes, given_bytes, drop_count, demanded_bytes; /* the pool's counters at that time */
    uint64_t patience; /* while snapshots exist: number of drops to wait for, as the last evacuations moved nothing */
    bool is_evacuating;
    bool has_failed;       /* the last evacuation ran out of memory */
    uint64_t demand_bytes; /* taken in a frame, without moves; while snapshots are taken, a slowly decaying maximum */
    bool has_snapshots;    /* snapshots were taken in this frame */
};
/* Starts with the pool's present counters: what it took before is not this world's demand. */
void pool_frame_init(struct pool *pool, struct pool_frame *frame);
/*
 * Ends a frame, together with pool_frame_end. Returns true if blocks are sparse and something has changed since the
 * last time: the world then moves its arrays for which pool_array_is_leaving is true before it calls pool_frame_end.
 */
bool pool_frame_begin_evacuation(struct pool *pool, struct pool_frame *frame);
/* has_moved: all leaving arrays that only this world owns were moved; false: out of memory. */
void pool_frame_end(struct pool *pool, struct pool_frame *frame, bool has_moved);
/* Whether the array lies in a block that shall become empty. */
bool pool_array_is_leaving(const void *array, uint32_t source);
/*
 * Count the states that are made and dropped: after a drop, another state may be the only owner of what both shared.
 * Each world has one state; the others are snapshots.
 */
void pool_note_state(struct pool *pool);
void pool_note_drop(struct pool *pool);
void pool_note_world(struct pool *pool, bool is_made);

/* Returns a number, from 1, that this pool never returned before. It marks who may edit a node. */
uint64_t pool_next_epoch(struct pool *pool);

/* The pool's random seed for hash tables, so that no file can be made whose keys all fall into one bucket. */
uint64_t pool_secret(const struct pool *pool);

#endif
