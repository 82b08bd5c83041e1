/* The pool at the end of a frame: what it keeps for the next one, and when it looks for sparse blocks. */
#include "memory_fixture.h"

/* Every 16th array of 256 stays, in blocks that are all in use. */
Test(memory, scattered_arrays_are_leaving_at_the_end_of_a_frame)
{
    enum { COUNT = 4096, SIZE = 16448, STEP = 16 };
    struct pool *pool = counting_pool();
    struct pool_frame frame = { 0 };
    static struct array arrays[COUNT];
    const uint64_t empty = counting.live_bytes;
    struct array one = fill_with_one(pool);
    for (size_t i = 0; i < COUNT; i++)
        arrays[i] = take(pool, SIZE);
    cr_assert_not(pool_frame_begin_evacuation(pool, &frame), "nothing is sparse");
    pool_frame_end(pool, &frame, true);
    for (size_t i = 0; i < COUNT; i++)
        if (i % STEP)
            release(pool, arrays[i], SIZE);
    const uint64_t live = MIB + COUNT / STEP * (uint64_t)SIZE;
    cr_assert_gt(counting.live_bytes - empty, 10 * live, "all blocks are in use");
    cr_assert(pool_frame_begin_evacuation(pool, &frame));
    size_t moved_count = 0;
    for (size_t i = 0; i < COUNT; i += STEP) {
        if (!pool_array_is_leaving(arrays[i].bytes, arrays[i].source))
            continue;
        struct array moved = take(pool, SIZE);
        cr_assert_not(pool_array_is_leaving(moved.bytes, moved.source));
        release(pool, arrays[i], SIZE);
        arrays[i] = moved;
        moved_count++;
    }
    pool_frame_end(pool, &frame, true);
    cr_assert_gt(moved_count, 0);
    cr_assert_leq(counting.live_bytes - empty, live + live / 2);
    cr_assert_not(pool_frame_begin_evacuation(pool, &frame), "once is enough");
    pool_frame_end(pool, &frame, true);
    for (size_t i = 0; i < COUNT; i += STEP)
        release(pool, arrays[i], SIZE);
    release(pool, one, MIB);
    destroy_clean(pool);
}

/* What cannot move is not asked for again, until something has come free: an array or a state. */
Test(memory, sparse_blocks_are_looked_at_when_something_has_changed)
{
    enum { COUNT = 512, SIZE = 16448, STEP = 16 };
    struct pool *pool = counting_pool();
    struct pool_frame frame = { 0 };
    static struct array arrays[COUNT];
    struct array one = fill_with_one(pool);
    pool_note_world(pool, true);
    pool_note_state(pool); /* the world's */
    pool_note_state(pool); /* a snapshot's */
    for (size_t i = 0; i < COUNT; i++)
        arrays[i] = take(pool, SIZE);
    for (size_t i = 0; i < COUNT; i++)
        if (i % STEP)
            release(pool, arrays[i], SIZE);
    cr_assert(pool_frame_begin_evacuation(pool, &frame));
    pool_frame_end(pool, &frame, true);
    cr_assert_not(pool_frame_begin_evacuation(pool, &frame));
    pool_frame_end(pool, &frame, true);
    pool_note_drop(pool);
    cr_assert(pool_frame_begin_evacuation(pool, &frame));
    pool_frame_end(pool, &frame, false);
    cr_assert(pool_frame_begin_evacuation(pool, &frame), "memory was wanting");
    pool_frame_end(pool, &frame, true);
    cr_assert_not(pool_frame_begin_evacuation(pool, &frame));
    pool_frame_end(pool, &frame, true);
    for (size_t i = 0; i < COUNT / 2; i += STEP)
        release(pool, arrays[i], SIZE);
    cr_assert(pool_frame_begin_evacuation(pool, &frame));
    pool_frame_end(pool, &frame, true);
    for (size_t i = COUNT / 2; i < COUNT; i += STEP)
        release(pool, arrays[i], SIZE);
    release(pool, one, MIB);
    destroy_clean(pool);
}

enum { FRAME_COUNT = 400, FRAME_SIZE = 16448 };

/* A frame that takes as much as lives, and gives it back. Returns how often it asked the allocator. */
static uint64_t busy_frame(struct pool *pool, struct pool_frame *frame)
{
    static struct array arrays[FRAME_COUNT];
    const uint64_t calls = counting.call_count;
    for (size_t i = 0; i < FRAME_COUNT; i++)
        arrays[i] = take(pool, FRAME_SIZE);
    for (size_t i = 0; i < FRAME_COUNT; i++)
        release(pool, arrays[i], FRAME_SIZE);
    cr_assert_not(pool_frame_begin_evacuation(pool, frame));
    pool_frame_end(pool, frame, true);
    return counting.call_count - calls;
}

static void quiet_frame(struct pool *pool, struct pool_frame *frame)
{
    cr_assert_not(pool_frame_begin_evacuation(pool, frame));
    pool_frame_end(pool, frame, true);
}

/* What a frame takes is there for the next. With snapshots, a frame that takes nothing changes little of that. */
Test(memory, what_a_frame_takes_stays_for_the_next)
{
    struct pool *pool = counting_pool();
    struct pool_frame frame = { 0 };
    static struct array arrays[FRAME_COUNT];
    const uint64_t empty = counting.live_bytes, live = MIB + FRAME_COUNT * (uint64_t)FRAME_SIZE;
    struct array one = fill_with_one(pool);
    for (size_t i = 0; i < FRAME_COUNT; i++)
        arrays[i] = take(pool, FRAME_SIZE);
    cr_assert_gt(busy_frame(pool, &frame), 0);
    for (int i = 0; i < 10; i++)
        cr_assert_eq(busy_frame(pool, &frame), 0, "frame %d", i);
    for (int i = 0; i < 4; i++) {
        frame.has_snapshots = true;
        quiet_frame(pool, &frame);
        cr_assert_gt(counting.live_bytes - empty, live + live / 2);
    }
    quiet_frame(pool, &frame);
    cr_assert_leq(counting.live_bytes - empty, live + live / 2);
    cr_assert_gt(busy_frame(pool, &frame), 0);
    for (size_t i = 0; i < FRAME_COUNT; i++)
        release(pool, arrays[i], FRAME_SIZE);
    release(pool, one, MIB);
    destroy_clean(pool);
}

/* While a snapshot pins what is sparse, others that come and go are hardly a reason to look again; when it goes, one
 * is. */
Test(memory, evacuations_that_move_nothing_become_rare)
{
    enum { COUNT = 512, SIZE = 16448, STEP = 16, DROPS = 1000 };
    struct pool *pool = counting_pool();
    struct pool_frame frame = { 0 };
    static struct array arrays[COUNT];
    struct array one = fill_with_one(pool);
    pool_note_world(pool, true);
    pool_note_state(pool); /* the world's */
    pool_note_state(pool); /* the snapshot's that stays */
    for (size_t i = 0; i < COUNT; i++)
        arrays[i] = take(pool, SIZE);
    for (size_t i = 0; i < COUNT; i++)
        if (i % STEP)
            release(pool, arrays[i], SIZE);
    unsigned look_count = 0;
    for (unsigned i = 0; i < DROPS; i++) {
        pool_note_state(pool);
        pool_note_drop(pool);
        look_count += pool_frame_begin_evacuation(pool, &frame);
        pool_frame_end(pool, &frame, true);
    }
    cr_assert_leq(look_count, 12, "%u looks", look_count);
    pool_note_drop(pool);
    cr_assert(pool_frame_begin_evacuation(pool, &frame), "no snapshot is left");
    pool_frame_end(pool, &frame, true);
    for (size_t i = 0; i < COUNT; i += STEP)
        release(pool, arrays[i], SIZE);
    release(pool, one, MIB);
    destroy_clean(pool);
}
