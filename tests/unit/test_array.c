/*
 * Arrays and the gate: when an array is copied, when it is edited in place, what is counted and stamped, what is kept
 * for open iterations, and the seal of debug builds.
 */
#include "array.h"
#include "bytes.h"
#include "counting_allocator.h"

#include <criterion/criterion.h>
#include <signal.h>

static struct pool *pool;
static struct gate gate;

static void set_up(void)
{
    pool = pool_create(&counting_hooks);
    cr_assert_not_null(pool);
    gate_init(&gate, pool);
    gate.tick = 9;
}

static void strike(void)
{
    gate_deinit(&gate);
    pool_destroy(pool);
    assert_no_leak();
}

TestSuite(array, .init = set_up, .fini = strike);
TestSuite(gate, .init = set_up, .fini = strike);

/* A ref of the past with an array of the letters a, b, c, ... */
static struct ref make_ref(uint64_t size_bytes)
{
    struct array *array = array_create(pool, size_bytes);
    cr_assert_not_null(array);
    for (uint64_t i = 0; i < array->size_bytes; i++)
        array->data[i] = (uint8_t)('a' + i % 26);
    array->tick = 3;
    return (struct ref){ &array->node, array->data, 0 };
}

static struct array *array_in(const struct ref *ref)
{
    return (struct array *)ref->node;
}

static bool has_letters(const uint8_t *data, uint64_t size_bytes)
{
    for (uint64_t i = 0; i < size_bytes; i++)
        if (data[i] != 'a' + i % 26)
            return false;
    return true;
}

Test(array, sizes_are_rounded_up_and_data_aligned)
{
    static const struct {
        uint64_t asked, given;
    } sizes[] = { { 1, 64 }, { 64, 64 }, { 65, 128 }, { 5000, 5056 }, { 3000000, 3000000 }, { 3000001, 3000064 } };
    for (size_t i = 0; i < 6; i++) {
        struct array *array = array_create(pool, sizes[i].asked);
        cr_assert_not_null(array);
        cr_assert_eq(array->size_bytes, sizes[i].given);
        cr_assert_eq((uintptr_t)array->data % 64, 0);
        cr_assert_eq(array->tick, 0);
        memset(array->data, 1, array->size_bytes);
        node_release(pool, &array->node);
    }
}

Test(array, out_of_memory_is_null)
{
    counting.fail_at = counting.call_count + 1;
    cr_assert_null(array_create(pool, 100));
    counting.fail_at = counting.call_count + 1;
    uint8_t bytes[10];
    cr_assert_null(array_create_lent(pool, bytes, sizeof(bytes)));
}

Test(array, lent_bytes_are_not_freed)
{
    uint8_t bytes[10] = "abcdefghi";
    struct array *array = array_create_lent(pool, bytes, sizeof(bytes));
    cr_assert_eq(array->data, bytes);
    cr_assert_eq(array->size_bytes, 10);
    node_release(pool, &array->node);
    cr_assert_str_eq((char *)bytes, "abcdefghi");
}

Test(gate, a_private_array_is_edited_in_place)
{
    struct ref ref = make_ref(128);
    struct array *const array = array_in(&ref);
    const uint64_t calls = counting.call_count;
    cr_assert_eq(gate_own_array(&gate, &ref, 128, 128, 128), PECS_OK);
    cr_assert_eq(array_in(&ref), array);
    cr_assert_eq(ref.data, array->data);
    cr_assert_eq(ref.epoch, gate.epoch);
    cr_assert_eq(array->tick, 9);
    cr_assert_eq(counting.call_count, calls);
    cr_assert_eq(gate.copied_bytes, 0);
    node_release(pool, ref.node);
}

Test(gate, a_shared_array_is_copied)
{
    struct ref ref = make_ref(128);
    struct array *const old = array_in(&ref);
    node_retain(&old->node);
    cr_assert_eq(gate_own_array(&gate, &ref, 128, 128, 100), PECS_OK);
    cr_assert_neq(array_in(&ref), old);
    cr_assert_eq(ref.data, array_in(&ref)->data);
    cr_assert_eq(ref.epoch, gate.epoch);
    cr_assert(has_letters(ref.data, 100));
    cr_assert_eq(array_in(&ref)->tick, 9);
    cr_assert_eq(gate.copied_bytes, 100);
    cr_assert_not(node_is_shared(&old->node));
    memset(ref.data, 'X', 128);
    cr_assert(has_letters(old->data, 128));
    cr_assert_eq(old->tick, 3);
    node_release(pool, ref.node);
    node_release(pool, &old->node);
}

/* After the gate let an array pass, the second reference can only be limbo's, not another state's. */
Test(gate, an_array_of_this_epoch_is_private)
{
    struct ref ref = make_ref(128);
    struct array *const array = array_in(&ref);
    cr_assert_eq(gate_own_array(&gate, &ref, 128, 128, 128), PECS_OK);
    node_retain(&array->node);
    cr_assert_eq(gate_own_array(&gate, &ref, 128, 128, 128), PECS_OK);
    cr_assert_eq(array_in(&ref), array);
    node_release(pool, &array->node);
    node_release(pool, ref.node);
}

Test(gate, closing_lets_nothing_pass_unseen)
{
    struct ref ref = make_ref(128);
    struct array *const array = array_in(&ref);
    cr_assert_eq(gate_own_array(&gate, &ref, 128, 128, 128), PECS_OK);
    gate_close(&gate);
    cr_assert_neq(ref.epoch, gate.epoch);
    node_retain(&array->node);
    cr_assert_eq(gate_own_array(&gate, &ref, 128, 128, 128), PECS_OK);
    cr_assert_neq(array_in(&ref), array);
    node_release(pool, &array->node);
    node_release(pool, ref.node);
}

Test(gate, two_gates_never_have_the_same_epoch)
{
    struct gate other;
    gate_init(&other, pool);
    cr_assert_neq(gate.epoch, other.epoch);
    for (int i = 0; i < 10; i++) {
        gate_close(&gate);
        cr_assert_neq(gate.epoch, other.epoch);
        gate_close(&other);
        cr_assert_neq(gate.epoch, other.epoch);
    }
    gate_deinit(&other);
}

Test(gate, an_array_too_small_is_replaced_by_a_larger_one)
{
    struct ref ref = make_ref(128);
    cr_assert_eq(gate_own_array(&gate, &ref, 129, 1000, 128), PECS_OK);
    cr_assert_eq(array_in(&ref)->size_bytes, 1024);
    cr_assert_eq(ref.data, array_in(&ref)->data);
    cr_assert(has_letters(ref.data, 128));
    cr_assert_eq(array_in(&ref)->tick, 9);
    cr_assert_eq(gate.copied_bytes, 0, "growing is not copying for a snapshot's sake");
    node_release(pool, ref.node);
}

Test(gate, it_grows_to_what_is_needed_when_less_is_wanted)
{
    struct ref ref = make_ref(64);
    cr_assert_eq(gate_own_array(&gate, &ref, 640, 64, 64), PECS_OK);
    cr_assert_eq(array_in(&ref)->size_bytes, 640);
    node_release(pool, ref.node);
}

Test(gate, a_shared_array_too_small_is_copied_once_into_a_larger_one)
{
    struct ref ref = make_ref(128);
    struct array *const old = array_in(&ref);
    node_retain(&old->node);
    const uint64_t calls = counting.call_count;
    cr_assert_eq(gate_own_array(&gate, &ref, 256, 512, 128), PECS_OK);
    cr_assert_eq(counting.call_count - calls, 1);
    cr_assert_eq(array_in(&ref)->size_bytes, 512);
    cr_assert(has_letters(ref.data, 128));
    cr_assert_eq(gate.copied_bytes, 128);
    cr_assert(has_letters(old->data, 128));
    node_release(pool, ref.node);
    node_release(pool, &old->node);
}

Test(gate, a_copy_that_fails_leaves_the_ref)
{
    struct ref ref = make_ref(128);
    struct array *const array = array_in(&ref);
    node_retain(&array->node);
    counting.fail_at = counting.call_count + 1;
    cr_assert_eq(gate_own_array(&gate, &ref, 128, 128, 128), PECS_E_MEMORY);
    cr_assert_eq(array_in(&ref), array);
    cr_assert_eq(ref.data, array->data);
    cr_assert_eq(ref.epoch, 0);
    cr_assert_eq(array->tick, 3);
    cr_assert_eq(gate.copied_bytes, 0);
    cr_assert_eq(array->node.reference_count, 2);
    node_release(pool, ref.node);
    node_release(pool, &array->node);
}

/* A reader's pointer stays good after the snapshot that shared the array is gone, until no iteration is open. */
Test(gate, a_replaced_array_lives_while_an_iteration_is_open)
{
    struct ref ref = make_ref(128);
    struct array *const old = array_in(&ref);
    node_retain(&old->node); /* a snapshot's */
    gate.open_reads = 1;
    cr_assert_eq(gate_own_array(&gate, &ref, 128, 128, 128), PECS_OK);
    node_release(pool, &old->node); /* the snapshot goes */
    const uint64_t live = counting.live_bytes;
    gate_drain(&gate);
    cr_assert_eq(counting.live_bytes, live);
    cr_assert(has_letters(old->data, 128));
    gate.open_reads = 0;
    gate.open_writes = 1;
    gate_drain(&gate);
    cr_assert_eq(counting.live_bytes, live, "a writing iteration reads too");
    gate.open_writes = 0;
    gate_drain(&gate);
    cr_assert_eq(live - counting.live_bytes, 64 + 128, "the array with its header");
    gate_drain(&gate);
    node_release(pool, ref.node);
}

Test(gate, nothing_is_kept_when_no_iteration_is_open)
{
    struct ref ref = make_ref(128);
    struct array *const old = array_in(&ref);
    node_retain(&old->node);
    cr_assert_eq(gate_own_array(&gate, &ref, 128, 128, 128), PECS_OK);
    cr_assert_eq(gate.limbo_count, 0);
    cr_assert_eq(old->node.reference_count, 1);
    node_release(pool, ref.node);
    node_release(pool, &old->node);
}

/* Copy and place in limbo: each of the two allocations fails once. */
Test(gate, a_failure_while_an_iteration_is_open_leaves_the_ref)
{
    for (uint64_t nth = 1; nth <= 2; nth++) {
        struct ref ref = make_ref(128);
        struct array *const array = array_in(&ref);
        node_retain(&array->node);
        gate.open_reads = 1;
        const uint64_t live = counting.live_bytes;
        counting.fail_at = counting.call_count + nth;
        cr_assert_eq(gate_own_array(&gate, &ref, 128, 128, 128), PECS_E_MEMORY);
        cr_assert_eq(counting.live_bytes, live);
        cr_assert_eq(array_in(&ref), array);
        cr_assert_eq(ref.epoch, 0);
        cr_assert_eq(array->node.reference_count, 2);
        cr_assert_eq(gate.copied_bytes, 0);
        gate.open_reads = 0;
        node_release(pool, ref.node);
        node_release(pool, &array->node);
    }
}

Test(gate, the_end_of_a_gate_frees_what_was_kept)
{
    struct ref ref = make_ref(128);
    struct array *const old = array_in(&ref);
    node_retain(&old->node);
    gate.open_reads = 1;
    cr_assert_eq(gate_own_array(&gate, &ref, 128, 128, 128), PECS_OK);
    node_release(pool, &old->node);
    gate.open_reads = 0;
    node_release(pool, ref.node);
    cr_assert_eq(gate.limbo_count, 1); /* strike looks for leaks */
}

#ifndef NDEBUG

Test(gate, an_untouched_seal_lets_the_next_edit_pass)
{
    struct ref ref = make_ref(128);
    struct array *const old = array_in(&ref);
    struct ref theirs = { node_retain(&old->node), old->data, 0 };
    cr_assert_eq(gate_own_array(&gate, &ref, 128, 128, 128), PECS_OK);
    cr_assert_neq(old->seal, 0);
    /* the other holder is alone now, and edits it in place */
    cr_assert_eq(gate_own_array(&gate, &theirs, 128, 128, 128), PECS_OK);
    cr_assert_eq(array_in(&theirs), old);
    cr_assert_eq(old->seal, 0);
    theirs.data[0] = 'X';
    node_release(pool, ref.node);
    node_release(pool, theirs.node);
}

/* Each test is a process of its own: it must end by abort. */

static struct ref share_and_scribble(void)
{
    struct ref ref = make_ref(128);
    struct array *const old = array_in(&ref);
    struct ref theirs = { node_retain(&old->node), old->data, 0 };
    cr_assert_eq(gate_own_array(&gate, &ref, 128, 128, 128), PECS_OK);
    old->data[77] ^= 1; /* a stale pointer */
    return theirs;
}

Test(gate, a_stale_write_aborts_at_the_release, .signal = SIGABRT)
{
    node_release(pool, share_and_scribble().node);
}

Test(gate, a_stale_write_aborts_at_the_next_edit, .signal = SIGABRT)
{
    struct ref theirs = share_and_scribble();
    (void)gate_own_array(&gate, &theirs, 128, 128, 128);
}

#endif
