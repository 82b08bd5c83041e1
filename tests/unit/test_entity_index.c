/* The entity index: records and the free counts of its chunks. Slot i has the record {i + 1, 0, i * 3, 0}. */
#include "counting_allocator.h"
#include "entity_index.h"

#include <criterion/criterion.h>
#include <stdlib.h>

enum { SLOTS_A_CHUNK = 4096 };

static struct pool *pool;
static struct gate gate;
static struct ref ref; /* of the index, as a state has it */

static struct entity_index *index_now(void)
{
    return (struct entity_index *)ref.node;
}

static void set_up(void)
{
    pool = pool_create(&counting_hooks);
    cr_assert_not_null(pool);
    gate_init(&gate, pool);
    gate.tick = 20;
    struct entity_index *index = index_create(pool);
    cr_assert_not_null(index);
    ref = (struct ref){ &index->node, NULL, gate.epoch };
}

static void strike(void)
{
    node_release(pool, ref.node);
    gate_deinit(&gate);
    pool_destroy(pool);
    assert_no_leak();
}

TestSuite(entity_index, .init = set_up, .fini = strike);

static struct record record_of(uint64_t slot)
{
    return (struct record){ (uint32_t)slot + 1, 0, (uint32_t)slot * 3, 0 };
}

static void append(uint64_t count)
{
    struct entity_index *index = index_now();
    cr_assert_eq(index_reserve(&gate, index, count), PECS_OK);
    for (uint64_t i = 0; i < count; i++) {
        const uint64_t slot = index->records.count++;
        *index_owned_record(index, slot) = record_of(slot);
    }
}

static void assert_records(const struct entity_index *index, uint64_t count)
{
    cr_assert_eq(index_slot_count(index), count);
    for (uint64_t i = 0; i < count; i++)
        if (index_record(index, i)->generation != i + 1 || index_record(index, i)->row != i * 3)
            cr_assert_fail("record %u", (unsigned)i);
}

/* A snapshot holds the index; the gate is closed, and the world's is made private again. */
static struct entity_index *share(void)
{
    struct entity_index *theirs = (struct entity_index *)node_retain(ref.node);
    gate_close(&gate);
    cr_assert_eq(node_own(pool, gate.epoch, &ref), PECS_OK);
    cr_assert_neq(ref.node, &theirs->node);
    return theirs;
}

Test(entity_index, slots_are_in_chunks_of_4096)
{
    cr_assert_eq(index_slot_count(index_now()), 0);
    cr_assert_eq(index_chunk_count(index_now()), 0);
    append(5000);
    assert_records(index_now(), 5000);
    cr_assert_eq(index_chunk_count(index_now()), 2);
    cr_assert_eq(index_chunk_slots(index_now(), 0), 4096);
    cr_assert_eq(index_chunk_slots(index_now(), 1), 904);
    cr_assert_eq(index_chunk(index_now(), 1)->generation, 4097);
}

Test(entity_index, new_chunks_have_no_free_slots)
{
    append(20 * SLOTS_A_CHUNK);
    for (int chunk = 0; chunk < 20; chunk++)
        cr_assert_eq(index_now()->free_counts[chunk], 0);
}

Test(entity_index, a_record_is_owned_in_its_place)
{
    append(5000);
    struct entity_index *theirs = share();
    struct record *record = NULL;
    cr_assert_eq(index_own_record(&gate, index_now(), 4999, &record), PECS_OK);
    cr_assert_eq(record, index_record(index_now(), 4999));
    cr_assert_eq(record->generation, 5000);
    record->generation = 7;
    assert_records(theirs, 5000);
    cr_assert_eq(index_record(index_now(), 4999)->generation, 7);
    cr_assert_eq(index_chunk(index_now(), 0), index_chunk(theirs, 0));
    node_release(pool, &theirs->node);
}

Test(entity_index, free_counts_are_the_indexs_own)
{
    append(2 * SLOTS_A_CHUNK);
    index_now()->free_counts[0] = 5;
    index_now()->free_counts[1] = 6;
    struct entity_index *theirs = share();
    cr_assert_eq(index_now()->free_counts[0], 5);
    index_now()->free_counts[1]--;
    append(100 * SLOTS_A_CHUNK);
    cr_assert_eq(index_now()->free_counts[0], 5);
    cr_assert_eq(index_now()->free_counts[1], 5);
    cr_assert_eq(index_now()->free_counts[2], 0);
    cr_assert_eq(index_now()->free_counts[101], 0);
    cr_assert_eq(theirs->free_counts[1], 6);
    node_release(pool, &theirs->node);
}

Test(entity_index, what_was_not_appended_is_given_back)
{
    append(100);
    cr_assert_eq(index_reserve(&gate, index_now(), 3 * SLOTS_A_CHUNK), PECS_OK);
    index_give_back(&gate, index_now(), 3 * SLOTS_A_CHUNK);
    cr_assert_null(tree_get(&index_now()->records.chunks, 1));
    assert_records(index_now(), 100);
    append(3 * SLOTS_A_CHUNK);
    assert_records(index_now(), 100 + 3 * SLOTS_A_CHUNK);
}

/* Slots 4000 to 12287 are free: all of chunks 1 and 2, and 96 of chunk 0. */
Test(entity_index, a_cut_takes_free_slots_off_the_counts)
{
    append(3 * SLOTS_A_CHUNK);
    index_now()->free_counts[0] = 96 + 10;
    index_now()->free_counts[1] = index_now()->free_counts[2] = SLOTS_A_CHUNK;
    struct entity_index *theirs = share();
    cr_assert_eq(index_reserve_cut(&gate, index_now(), 4000), PECS_OK);
    index_cut(&gate, index_now(), 4000);
    cr_assert_eq(index_now()->free_counts[0], 10);
    cr_assert_eq(index_now()->free_counts[1], 0);
    cr_assert_eq(index_now()->free_counts[2], 0);
    assert_records(index_now(), 4000);
    cr_assert_eq(theirs->free_counts[0], 106);
    cr_assert_eq(theirs->free_counts[2], 4096);
    assert_records(theirs, 12288);
    append(SLOTS_A_CHUNK);
    cr_assert_eq(index_now()->free_counts[1], 0);
    assert_records(index_now(), 8096);
    node_release(pool, &theirs->node);
}

Test(entity_index, a_cut_of_the_last_chunk_that_is_not_full)
{
    append(5000);
    index_now()->free_counts[1] = 900;
    cr_assert_eq(index_reserve_cut(&gate, index_now(), 4100), PECS_OK);
    index_cut(&gate, index_now(), 4100);
    cr_assert_eq(index_now()->free_counts[1], 0);
    cr_assert_eq(index_reserve_cut(&gate, index_now(), 0), PECS_OK);
    index_now()->free_counts[0] = 4096;
    index_now()->free_counts[1] = 4;
    index_cut(&gate, index_now(), 0);
    cr_assert_eq(index_now()->free_counts[0], 0);
    cr_assert_eq(index_now()->free_counts[1], 0);
    append(10);
    assert_records(index_now(), 10);
}

static struct image *make_image(uint64_t slot_count)
{
    struct image *image = image_create_private(pool, slot_count * sizeof(struct record));
    cr_assert_not_null(image);
    for (uint64_t i = 0; i < slot_count; i++)
        ((struct record *)(void *)image->bytes)[i] = record_of(i);
    return image;
}

Test(entity_index, records_of_an_image_are_read_where_they_lie)
{
    const le32 free_counts[] = { le32_make(17), le32_make(18) };
    struct image *image = make_image(5000);
    const struct run run = { image->bytes, 5 };
    cr_assert_eq(index_set_run(pool, index_now(), 5000, free_counts, run, image), PECS_OK);
    assert_records(index_now(), 5000);
    cr_assert_eq((const uint8_t *)index_record(index_now(), 0), image->bytes);
    cr_assert_eq(index_now()->free_counts[0], 17);
    cr_assert_eq(index_now()->free_counts[1], 18);
    cr_assert_eq(index_now()->records.tick, 5);
    append(4000);
    assert_records(index_now(), 9000);
    cr_assert_eq(index_now()->free_counts[1], 18);
    cr_assert_eq(index_now()->free_counts[2], 0);
    node_release(pool, &image->node);
}

Test(entity_index, out_of_memory_for_a_run_leaves_the_index_empty)
{
    const le32 free_counts[] = { le32_make(17), le32_make(18) };
    struct image *image = make_image(5000);
    const struct run run = { image->bytes, 5 };
    /* the free counts, then the run */
    for (uint64_t nth = 1; nth <= 2; nth++) {
        counting.fail_at = counting.call_count + nth;
        cr_assert_eq(index_set_run(pool, index_now(), 5000, free_counts, run, image), PECS_E_MEMORY);
        counting.fail_at = 0;
        cr_assert_eq(index_slot_count(index_now()), 0);
        cr_assert_null(index_now()->records.runs);
    }
    cr_assert_eq(index_set_run(pool, index_now(), 5000, free_counts, run, image), PECS_OK);
    node_release(pool, &image->node);
}

Test(entity_index, a_copy_that_fails_leaves_the_index)
{
    append(5000);
    index_now()->free_counts[1] = 3;
    struct node *const theirs = node_retain(ref.node);
    gate_close(&gate);
    for (uint64_t nth = 1; nth <= 3; nth++) { /* the node, the free counts, the directory */
        counting.fail_at = counting.call_count + nth;
        cr_assert_eq(node_own(pool, gate.epoch, &ref), PECS_E_MEMORY, "allocation %u", (unsigned)nth);
        cr_assert_eq(ref.node, theirs);
    }
    counting.fail_at = 0;
    assert_records(index_now(), 5000);
    cr_assert_eq(node_own(pool, gate.epoch, &ref), PECS_OK);
    cr_assert_eq(index_now()->free_counts[1], 3);
    node_release(pool, theirs);
}

Test(entity_index, a_failing_reserve_changes_nothing)
{
    append(5000);
    struct entity_index *theirs = share();
    bool has_failed = true;
    uint64_t nth = 1;
    for (; has_failed; nth++) {
        counting.fail_at = counting.call_count + nth;
        const pecs_status status = index_reserve(&gate, index_now(), 40 * SLOTS_A_CHUNK);
        has_failed = counting.call_count >= counting.fail_at;
        counting.fail_at = 0;
        cr_assert_eq(status, has_failed ? PECS_E_MEMORY : PECS_OK);
        index_give_back(&gate, index_now(), 40 * SLOTS_A_CHUNK);
        assert_records(index_now(), 5000);
        assert_records(theirs, 5000);
    }
    cr_assert_gt(nth, 4); /* free counts, directory, the copied chunk, new ones */
    node_release(pool, &theirs->node);
}
