/*
 * Vectors: values of four bytes, in chunks of four, so that borders are near. Value i of a vector is i * 3 unless a
 * test changes it; the image holds ten such values.
 */
#include "counting_allocator.h"
#include "vector.h"

#include <criterion/criterion.h>
#include <stdlib.h>

enum { WIDTH = 4, SHIFT = 2, CHUNK = 1 << SHIFT, IN_IMAGE = 10 };

static struct pool *pool;
static struct gate gate;
static struct vector vector;

static void set_up(void)
{
    pool = pool_create(&counting_hooks);
    cr_assert_not_null(pool);
    gate_init(&gate, pool);
    gate.tick = 20;
    vector_init(&vector, WIDTH, SHIFT);
}

static void strike(void)
{
    vector_clear(pool, &vector);
    gate_deinit(&gate);
    pool_destroy(pool);
    assert_no_leak();
}

TestSuite(vector, .init = set_up, .fini = strike);

static uint32_t value_at(const struct vector *of, uint64_t number)
{
    uint32_t value;
    memcpy(&value, vector_value(of, number, SHIFT, WIDTH), sizeof(value));
    return value;
}

static void set_value(struct vector *of, uint64_t number, uint32_t value)
{
    memcpy(vector_owned_value(of, number, SHIFT, WIDTH), &value, sizeof(value));
}

static void assert_values(const struct vector *of, uint64_t count)
{
    cr_assert_eq(of->count, count);
    for (uint64_t i = 0; i < count; i++)
        cr_assert_eq(value_at(of, i), 3 * i, "value %u is %u", (unsigned)i, value_at(of, i));
}

static pecs_status append(struct vector *to, uint64_t count)
{
    const pecs_status status = vector_reserve(&gate, to, count);
    for (uint64_t i = 0; !status && i < count; i++) {
        to->count++;
        set_value(to, to->count - 1, (uint32_t)(3 * (to->count - 1)));
    }
    return status;
}

static void must_append(uint64_t count)
{
    cr_assert_eq(append(&vector, count), PECS_OK);
}

/* The values of the vector lie in an image of private memory, which may be edited in place, or of a map. */
static struct image *lend(bool is_mapped)
{
    struct image *image = image_create_private(pool, IN_IMAGE * WIDTH);
    cr_assert_not_null(image);
    for (uint32_t i = 0; i < IN_IMAGE; i++)
        memcpy(image->bytes + WIDTH * i, &(uint32_t){ 3 * i }, WIDTH);
    image->kind = is_mapped ? IMAGE_READ : IMAGE_PRIVATE;
    cr_assert_eq(vector_set_run(pool, &vector, IN_IMAGE, (struct run){ image->bytes, 5 }, image), PECS_OK);
    return image;
}

/* The test's own reference; what was mapped by name only is private memory again, to be freed as such. */
static void let_go(struct image *image)
{
    image->kind = IMAGE_PRIVATE;
    node_release(pool, &image->node);
}

/* A second holder, which edits in an epoch of its own, as a world does after a snapshot. */
static struct vector share(void)
{
    struct vector theirs;
    cr_assert(vector_copy(pool, &theirs, &vector));
    gate_close(&gate);
    return theirs;
}

Test(vector, an_empty_one_has_no_chunks)
{
    cr_assert_eq(vector_chunk_count(&vector), 0);
    cr_assert_eq(vector_chunk_live(&vector, 0), 0);
    cr_assert_null(vector.directory);
    struct vector theirs;
    cr_assert(vector_copy(pool, &theirs, &vector));
    cr_assert_eq(theirs.count, 0);
    cr_assert_eq(theirs.width, 4);
    cr_assert_eq(theirs.shift, 2);
    vector_clear(pool, &theirs);
}

Test(vector, values_are_appended_across_chunks)
{
    must_append(3);
    must_append(7);
    assert_values(&vector, 10);
    cr_assert_eq(vector_chunk_count(&vector), 3);
    cr_assert_eq(vector_chunk_live(&vector, 1), 4);
    cr_assert_eq(vector_chunk_live(&vector, 2), 2);
    cr_assert_eq(vector_chunk_live(&vector, 3), 0);
    cr_assert_eq(value_at(&vector, 9), 27);
    cr_assert_eq(vector.tick, 20);
}

/* More than one level of pages, and a directory that grows many times. */
Test(vector, many_values)
{
    for (int i = 0; i < 100; i++)
        must_append(333);
    assert_values(&vector, 33300);
}

Test(vector, the_directory_is_where_the_arrays_are)
{
    must_append(300 * CHUNK);
    for (uint64_t chunk = 0; chunk < 300; chunk++) {
        cr_assert_eq(vector.directory[chunk], tree_ref(&vector.chunks, chunk)->data);
        cr_assert_eq(vector_chunk(&vector, chunk), vector.directory[chunk]);
        cr_assert_eq(vector_owned_chunk(&gate, &vector, chunk), vector.directory[chunk]);
    }
    gate_close(&gate);
    cr_assert_null(vector_owned_chunk(&gate, &vector, 0));
}

Test(vector, a_reserve_of_nothing_makes_nothing)
{
    cr_assert_eq(vector_reserve(&gate, &vector, 0), PECS_OK);
    cr_assert_null(vector.directory);
    cr_assert_eq(vector.tick, 0);
}

Test(vector, an_owned_chunk_stays_in_its_place)
{
    must_append(CHUNK);
    const uint8_t *before = vector_chunk(&vector, 0);
    uint8_t *bytes;
    cr_assert_eq(vector_own_chunk(&gate, &vector, 0, CHUNK, &bytes), PECS_OK);
    cr_assert_eq(bytes, before);
    gate_close(&gate);
    gate.tick = 21;
    cr_assert_eq(vector_own_chunk(&gate, &vector, 0, CHUNK, &bytes), PECS_OK);
    cr_assert_eq(bytes, before, "no other holder");
    cr_assert_eq(vector.tick, 21);
}

Test(vector, a_copy_shares_chunks_until_they_are_edited)
{
    must_append(10);
    struct vector theirs = share();
    cr_assert_eq(vector_chunk(&vector, 0), vector_chunk(&theirs, 0));
    cr_assert_neq(vector.directory, theirs.directory);
    uint8_t *bytes;
    cr_assert_eq(vector_own_chunk(&gate, &vector, 1, CHUNK, &bytes), PECS_OK);
    cr_assert_eq(gate.copied_bytes, 16);
    set_value(&vector, 5, 555);
    cr_assert_eq(value_at(&vector, 5), 555);
    cr_assert_eq(value_at(&vector, 4), 12);
    assert_values(&theirs, 10);
    cr_assert_eq(vector_chunk(&vector, 0), vector_chunk(&theirs, 0));
    cr_assert_neq(vector_chunk(&vector, 1), vector_chunk(&theirs, 1));
    vector_clear(pool, &theirs);
    cr_assert_eq(value_at(&vector, 5), 555);
    cr_assert_eq(value_at(&vector, 9), 27);
}

Test(vector, appends_do_not_reach_a_copy)
{
    must_append(6);
    struct vector theirs = share();
    must_append(7);
    set_value(&vector, 6, 666);
    assert_values(&theirs, 6);
    cr_assert_eq(vector.count, 13);
    cr_assert_eq(value_at(&vector, 12), 36);
    vector_clear(pool, &theirs);
}

Test(vector, what_was_not_appended_is_given_back)
{
    must_append(3);
    cr_assert_eq(vector_reserve(&gate, &vector, 20), PECS_OK);
    cr_assert_not_null(tree_get(&vector.chunks, 5));
    vector_give_back(&gate, &vector, 20);
    cr_assert_not_null(tree_get(&vector.chunks, 0));
    for (uint64_t chunk = 1; chunk < 6; chunk++)
        cr_assert_null(tree_get(&vector.chunks, chunk));
    assert_values(&vector, 3);
    must_append(20);
    assert_values(&vector, 23);
}

Test(vector, a_cut_frees_the_chunks_behind_it)
{
    must_append(4 * CHUNK);
    struct vector theirs = share();
    gate.tick = 22;
    cr_assert_eq(vector_reserve_cut(&gate, &vector, 5), PECS_OK);
    vector_cut(&gate, &vector, 5);
    assert_values(&vector, 5);
    cr_assert_not_null(tree_get(&vector.chunks, 1));
    cr_assert_null(tree_get(&vector.chunks, 2));
    cr_assert_null(tree_get(&vector.chunks, 3));
    cr_assert_eq(vector.tick, 22);
    assert_values(&theirs, 16);
    must_append(11);
    assert_values(&vector, 16);
    vector_clear(pool, &theirs);
}

Test(vector, a_cut_within_a_chunk_stamps_the_vector)
{
    must_append(8);
    gate.tick = 23;
    cr_assert_eq(vector_reserve_cut(&gate, &vector, 7), PECS_OK);
    vector_cut(&gate, &vector, 7);
    assert_values(&vector, 7);
    cr_assert_eq(vector.tick, 23);
}

Test(vector, a_cut_to_nothing_and_appends)
{
    must_append(9);
    cr_assert_eq(vector_reserve_cut(&gate, &vector, 0), PECS_OK);
    vector_cut(&gate, &vector, 0);
    cr_assert_eq(vector_chunk_count(&vector), 0);
    must_append(9);
    assert_values(&vector, 9);
}

Test(vector, values_of_an_image_are_read_where_they_lie)
{
    struct image *image = lend(true);
    assert_values(&vector, 10);
    cr_assert_null(vector.directory);
    cr_assert_eq(vector_chunk(&vector, 2), image->bytes + 32);
    cr_assert_eq(vector.tick, 5);
    cr_assert_null(vector_owned_chunk(&gate, &vector, 2));
    let_go(image);
}

Test(vector, a_mapped_chunk_is_copied_at_its_first_edit)
{
    struct image *image = lend(true);
    uint8_t *bytes;
    cr_assert_eq(vector_own_chunk(&gate, &vector, 1, CHUNK, &bytes), PECS_OK);
    cr_assert_eq(gate.copied_bytes, 16);
    set_value(&vector, 7, 777);
    cr_assert_eq(image->bytes[28], 21, "the image stays as it was");
    cr_assert_eq(value_at(&vector, 7), 777);
    cr_assert_eq(value_at(&vector, 6), 18);
    cr_assert_eq(value_at(&vector, 8), 24);
    cr_assert_eq(vector_chunk(&vector, 0), image->bytes);
    cr_assert_eq(vector_chunk(&vector, 2), image->bytes + 32);
    let_go(image);
}

Test(vector, a_chunk_of_private_memory_is_edited_in_place)
{
    struct image *image = lend(false);
    uint8_t *bytes;
    cr_assert_eq(vector_own_chunk(&gate, &vector, 1, CHUNK, &bytes), PECS_OK);
    cr_assert_eq(bytes, image->bytes + 16);
    cr_assert_eq(gate.copied_bytes, 0);
    assert_values(&vector, 10);
    let_go(image);
}

Test(vector, a_vector_of_an_image_grows_beyond_it)
{
    struct image *image = lend(true);
    must_append(7);
    assert_values(&vector, 17);
    cr_assert_eq(vector_chunk(&vector, 1), image->bytes + 16);
    cr_assert_eq(gate.copied_bytes, 8, "the two values of the last chunk");
    let_go(image);
}

Test(vector, a_copy_of_an_image_shares_its_run)
{
    struct image *image = lend(false);
    struct vector theirs = share();
    uint8_t *bytes;
    cr_assert_eq(vector_own_chunk(&gate, &vector, 0, CHUNK, &bytes), PECS_OK);
    cr_assert_neq(bytes, image->bytes, "the other one reads there");
    set_value(&vector, 0, 99);
    assert_values(&theirs, 10);
    cr_assert_eq(vector_chunk(&theirs, 0), image->bytes);
    vector_clear(pool, &theirs);
    cr_assert_eq(value_at(&vector, 0), 99);
    cr_assert_eq(value_at(&vector, 9), 27);
    let_go(image);
}

Test(vector, the_directory_follows_arrays_that_were_moved)
{
    must_append(9);
    struct ref *ref;
    cr_assert_eq(tree_own_ref(pool, gate.epoch, &vector.chunks, 1, &ref), PECS_OK);
    struct node *copy = ref->node->class->copy(pool, ref->node);
    node_release(pool, ref->node);
    ref->node = copy;
    ref->data = ((struct array *)copy)->data;
    vector_follow_moves(&vector);
    cr_assert_eq(vector_chunk(&vector, 1), ref->data);
    assert_values(&vector, 9);
}

/* Each allocation of an edit fails once: the content is as before, and the edit can be made again. */
static void fail_at_each(pecs_status (*edit)(struct vector *of))
{
    const uint64_t calls = counting.call_count, count = vector.count;
    for (uint64_t nth = 1;; nth++) {
        struct vector theirs;
        cr_assert(vector_copy(pool, &theirs, &vector));
        counting.fail_at = counting.call_count + nth;
        const pecs_status status = edit(&theirs);
        const bool has_failed = counting.call_count >= counting.fail_at;
        counting.fail_at = 0;
        assert_values(&vector, count);
        if (!has_failed) {
            cr_assert_eq(status, PECS_OK);
            vector_clear(pool, &theirs);
            cr_assert_gt(nth, 1, "it allocates");
            break;
        }
        cr_assert_eq(status, PECS_E_MEMORY);
        assert_values(&theirs, count);
        cr_assert_eq(edit(&theirs), PECS_OK);
        vector_clear(pool, &theirs);
        gate_close(&gate);
    }
    cr_assert_gt(counting.call_count, calls);
}

static pecs_status append_many(struct vector *of)
{
    return append(of, 70);
}

static pecs_status own_first(struct vector *of)
{
    uint8_t *bytes;
    return vector_own_chunk(&gate, of, 0, CHUNK, &bytes);
}

static pecs_status cut_short(struct vector *of)
{
    const pecs_status status = vector_reserve_cut(&gate, of, 3);
    if (!status)
        vector_cut(&gate, of, 3);
    return status;
}

Test(vector, out_of_memory_in_appends)
{
    must_append(6);
    gate_close(&gate);
    fail_at_each(append_many);
}

Test(vector, out_of_memory_in_the_first_append)
{
    fail_at_each(append_many);
}

Test(vector, out_of_memory_in_an_edit)
{
    must_append(300);
    gate_close(&gate);
    fail_at_each(own_first);
}

Test(vector, out_of_memory_in_an_edit_of_an_image)
{
    struct image *image = lend(true);
    fail_at_each(own_first);
    let_go(image);
}

Test(vector, out_of_memory_in_a_cut)
{
    must_append(300);
    gate_close(&gate);
    fail_at_each(cut_short);
}

Test(vector, out_of_memory_in_a_copy_makes_none)
{
    must_append(9);
    struct vector theirs;
    counting.fail_at = counting.call_count + 1;
    cr_assert_not(vector_copy(pool, &theirs, &vector));
    counting.fail_at = 0;
    assert_values(&vector, 9);
}

Test(vector, out_of_memory_for_a_run_leaves_the_vector_empty)
{
    struct image *image = image_create_private(pool, 16);
    counting.fail_at = counting.call_count + 1;
    cr_assert_eq(vector_set_run(pool, &vector, 4, (struct run){ image->bytes, 5 }, image), PECS_E_MEMORY);
    counting.fail_at = 0;
    cr_assert_eq(vector.count, 0);
    cr_assert_eq(vector.tick, 0);
    must_append(5);
    assert_values(&vector, 5);
    node_release(pool, &image->node);
}
