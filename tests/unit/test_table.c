/* Tables: rows that come and go around the borders of chunks, copies of shared arrays, and tables over an image. */
#define _GNU_SOURCE
#include "table_fixture.h"

#include <sys/mman.h>

TestSuite(table, .init = set_up, .fini = strike);

static const uint32_t ids[] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20 };

Test(table, chunks_and_live_rows_follow_the_row_count)
{
    static const struct {
        uint32_t rows, chunks, live[4];
    } cases[] = {
        { 0, 0, { 0, 0, 0, 0 } }, { 1, 1, { 1, 0, 0, 0 } }, { 4, 1, { 4, 0, 0, 0 } },
        { 5, 2, { 4, 1, 0, 0 } }, { 8, 2, { 4, 4, 0, 0 } }, { 11, 3, { 4, 4, 3, 0 } },
    };
    for (size_t i = 0; i < 6; i++) {
        struct table *table = make_filled(cases[i].rows);
        cr_assert_eq(table_chunk_rows(table), 4);
        cr_assert_eq(table_chunk_count(table), cases[i].chunks);
        for (uint64_t chunk = 0; chunk < 4; chunk++)
            cr_assert_eq(table_live_rows(table, chunk), cases[i].live[chunk]);
        assert_rows(table, ids, cases[i].rows);
        node_release(pool, &table->node);
    }
}

Test(table, removing_moves_the_last_row_into_the_hole)
{
    struct table *table = make_filled(11);
    remove_row(table, 1);
    assert_rows(table, (uint32_t[]){ 0, 10, 2, 3, 4, 5, 6, 7, 8, 9 }, 10);
    remove_row(table, 9);
    assert_rows(table, (uint32_t[]){ 0, 10, 2, 3, 4, 5, 6, 7, 8 }, 9);
    remove_row(table, 8);
    assert_rows(table, (uint32_t[]){ 0, 10, 2, 3, 4, 5, 6, 7 }, 8);
    remove_row(table, 0);
    assert_rows(table, (uint32_t[]){ 7, 10, 2, 3, 4, 5, 6 }, 7);
    node_release(pool, &table->node);
}

Test(table, chunks_left_empty_are_freed)
{
    struct table *table = make_filled(9);
    for (uint32_t i = 0; i < COLUMN_COUNT; i++)
        cr_assert_eq(array_count(table, i), 3);
    remove_row(table, 0);
    for (uint32_t i = 0; i < COLUMN_COUNT; i++)
        cr_assert_eq(array_count(table, i), 2);
    while (table->row_count)
        remove_row(table, 0);
    for (uint32_t i = 0; i < COLUMN_COUNT; i++)
        cr_assert_null(table->columns[i].chunks.root.node);
    append(table, 5);
    assert_rows(table, (uint32_t[]){ 5 }, 1);
    node_release(pool, &table->node);
}

/* Appends and removals around each border, with the tail at hand, give what a list would. */
Test(table, rows_are_a_list_around_the_borders)
{
    struct table *table = make_table();
    uint32_t list[32], count = 0, next = 0;
    for (uint32_t round = 0; round < 400; round++) {
        const bool grow = count == 0 || (count < 18 && round * 7 % 11 < 6);
        if (grow) {
            append(table, next);
            list[count++] = next++;
        } else {
            const uint32_t row = round * 5 % count;
            remove_row(table, row);
            list[row] = list[--count];
        }
        if (round % 17 == 0)
            gate_close(&gate);
        assert_rows(table, list, count);
    }
    node_release(pool, &table->node);
}

Test(table, appends_within_a_chunk_find_the_tail_at_hand)
{
    struct table *table = make_filled(1);
    cr_assert_eq(table->tail_epoch, gate.epoch);
    cr_assert_eq(table->tail_chunk, 0);
    cr_assert_geq(table->tail_rows, 1);
    cr_assert_leq(table->tail_rows, 4);
    cr_assert(table_tail_is_at_hand(&gate, table, 3));
    cr_assert_not(table_tail_is_at_hand(&gate, table, 4));
    while (table->row_count < 4)
        append(table, (uint32_t)table->row_count);
    const uint64_t calls = counting.call_count;
    append(table, 4);
    cr_assert_eq(table->tail_chunk, 1);
    cr_assert_gt(counting.call_count, calls);
    node_release(pool, &table->node);
}

/* 4,096 rows one by one: each column's array doubles from 64 bytes (8, 16 and 64 rows of them) up to the full chunk. */
Test(table, a_growing_chunk_doubles)
{
    struct archetype *archetype = make_archetype((pecs_component[]){ NUMBER, LETTER, MARK }, 3);
    archetype->chunk_shift = 12;
    struct table *table = table_create(pool, archetype);
    node_release(pool, &archetype->node);
    const uint64_t calls = counting.call_count;
    for (uint32_t id = 0; id < 4096; id++)
        append(table, id);
    cr_assert_eq(counting.call_count - calls, 10 + 9 + 7);
    for (uint32_t i = 0; i < COLUMN_COUNT; i++) {
        const struct array *array = (const struct array *)tree_get(&table->columns[i].chunks, 0);
        cr_assert_eq(array->size_bytes, UINT64_C(4096) * table->archetype->column_bytes[i], "no more than the chunk");
    }
    for (uint32_t id = 0; id < 4096; id++)
        if (!row_is(table, id, id))
            cr_assert_fail("row %u", id);
    node_release(pool, &table->node);
}

Test(table, a_tail_of_another_epoch_is_not_at_hand)
{
    struct table *table = make_filled(6);
    struct table *const theirs = table; /* a snapshot holds the table */
    node_retain(&theirs->node);
    gate_close(&gate);
    table = own(table);
    cr_assert_neq(table, theirs);
    append(table, 6);
    cr_assert_eq(table->row_count, 7);
    cr_assert_neq(table_chunk(table, NUMBERS, 1), table_chunk(theirs, NUMBERS, 1));
    cr_assert_eq(table_chunk(table, NUMBERS, 0), table_chunk(theirs, NUMBERS, 0), "a full chunk stays shared");
    assert_rows(theirs, ids, 6);
    assert_rows(table, ids, 7);
    node_release(pool, &table->node);
    node_release(pool, &theirs->node);
}

/*
 * The chunk is grown behind the tail's back: the tail must be forgotten, or the next append would write into freed
 * memory.
 */
Test(table, a_replaced_array_is_no_tail)
{
    struct table *table = make_filled(1);
    uint8_t *bytes;
    cr_assert_eq(table_own_chunk(&gate, table, NUMBERS, 0, 4, &bytes), PECS_OK);
    if (table->tail_epoch == gate.epoch)
        cr_assert_eq(table->columns[NUMBERS].tail, bytes);
    append(table, 1);
    append(table, 2);
    append(table, 3);
    assert_rows(table, ids, 4);
    node_release(pool, &table->node);
}

Test(table, only_the_columns_that_are_written_are_copied)
{
    struct table *table = make_filled(10);
    struct table *const theirs = table;
    node_retain(&theirs->node);
    gate_close(&gate);
    table = own(table);
    uint8_t *bytes;
    cr_assert_eq(table_own_chunk(&gate, table, NUMBERS, 2, 2, &bytes), PECS_OK);
    memset(bytes, 0xff, 8);
    cr_assert_eq(gate.copied_bytes, 8);
    for (uint32_t i = 0; i < COLUMN_COUNT; i++)
        for (uint64_t chunk = 0; chunk < 3; chunk++)
            cr_assert_eq(table_chunk(table, i, chunk) == table_chunk(theirs, i, chunk), i != NUMBERS || chunk != 2);
    assert_rows(theirs, ids, 10);
    node_release(pool, &theirs->node);
    node_release(pool, &table->node);
}

Test(table, own_row_copies_its_chunk_of_every_column)
{
    struct table *table = make_filled(10);
    struct table *const theirs = table;
    node_retain(&theirs->node);
    gate_close(&gate);
    table = own(table);
    uint8_t *values[COLUMN_COUNT];
    cr_assert_eq(table_own_row(&gate, table, 5, values), PECS_OK);
    cr_assert_eq(gate.copied_bytes, 4 * (8 + 4 + 1));
    for (uint32_t i = 0; i < COLUMN_COUNT; i++) {
        cr_assert_eq(values[i], table_value(table, i, 5));
        cr_assert_neq(values[i], table_value(theirs, i, 5));
        cr_assert_eq(table_value(table, i, 3), table_value(theirs, i, 3));
    }
    write_row(values, 99);
    assert_rows(theirs, ids, 10);
    cr_assert(row_is(table, 5, 99));
    node_release(pool, &theirs->node);
    node_release(pool, &table->node);
}

Test(table, ticks_are_those_of_the_last_write_to_the_chunk)
{
    struct table *table = make_filled(10);
    gate.tick = 21;
    gate_close(&gate);
    uint8_t *bytes;
    cr_assert_eq(table_own_chunk(&gate, table, NUMBERS, 1, 4, &bytes), PECS_OK);
    const uint64_t ticks[COLUMN_COUNT][3] = { { 20, 20, 20 }, { 20, 21, 20 }, { 20, 20, 20 } };
    const uint64_t column_ticks[COLUMN_COUNT] = { 20, 21, 20 };
    for (uint32_t i = 0; i < COLUMN_COUNT; i++) {
        cr_assert_eq(table->columns[i].tick, column_ticks[i]);
        for (uint64_t chunk = 0; chunk < 3; chunk++)
            cr_assert_eq(table_chunk_tick(table, i, chunk), ticks[i][chunk]);
    }
    node_release(pool, &table->node);
}

Test(table, chunks_that_go_leave_their_tick_in_the_column)
{
    struct table *table = make_filled(5);
    gate.tick = 21;
    gate_close(&gate);
    remove_row(table, 4);
    for (uint32_t i = 0; i < COLUMN_COUNT; i++) {
        cr_assert_eq(table->columns[i].tick, 21);
        cr_assert_eq(table_chunk_tick(table, i, 0), 20);
    }
    node_release(pool, &table->node);
}

Test(table, reserve_gives_room_across_chunks)
{
    struct table *table = make_filled(3);
    cr_assert_eq(table_reserve(&gate, table, 0, 10), PECS_OK);
    for (uint32_t i = 0; i < COLUMN_COUNT; i++)
        cr_assert_eq(array_count(table, i), 4);
    assert_rows(table, ids, 3);
    const uint64_t calls = counting.call_count;
    for (uint32_t id = 3; id < 13; id++) {
        const uint64_t row = table->row_count++;
        uint8_t *values[COLUMN_COUNT];
        for (uint32_t i = 0; i < COLUMN_COUNT; i++)
            values[i] = table_owned_value(table, i, row);
        write_row(values, id);
    }
    cr_assert_eq(counting.call_count, calls);
    assert_rows(table, ids, 13);
    node_release(pool, &table->node);
}

/* 6 of 10 rows leave and 3 come: rows 4 to 12 may be written on the way, so their chunks pass the gate. */
Test(table, reserve_readies_what_removals_and_appends_may_reach)
{
    struct table *table = make_filled(10);
    struct table *const theirs = table;
    node_retain(&theirs->node);
    gate_close(&gate);
    table = own(table);
    cr_assert_eq(table_reserve(&gate, table, 6, 3), PECS_OK);
    for (uint32_t i = 0; i < COLUMN_COUNT; i++) {
        cr_assert_eq(table_chunk(table, i, 0), table_chunk(theirs, i, 0));
        for (uint64_t chunk = 1; chunk < 4; chunk++) {
            const struct ref *ref = tree_ref(&table->columns[i].chunks, chunk);
            cr_assert_not_null(ref->node);
            cr_assert_eq(ref->epoch, gate.epoch);
        }
    }
    assert_rows(table, ids, 10);
    assert_rows(theirs, ids, 10);
    node_release(pool, &theirs->node);
    node_release(pool, &table->node);
}

/* Removal alone copies no array: only the path to chunks that are freed. */
Test(table, reserve_for_removals_copies_no_array)
{
    struct table *table = make_filled(10);
    struct table *const theirs = table;
    node_retain(&theirs->node);
    gate_close(&gate);
    table = own(table);
    cr_assert_eq(table_reserve(&gate, table, 10, 0), PECS_OK);
    cr_assert_eq(gate.copied_bytes, 0);
    table->row_count = 5;
    const uint64_t calls = counting.call_count;
    table_trim(&gate, table, 10);
    cr_assert_eq(counting.call_count, calls);
    assert_rows(table, ids, 5);
    for (uint32_t i = 0; i < COLUMN_COUNT; i++)
        cr_assert_eq(array_count(table, i), 2);
    assert_rows(theirs, ids, 10);
    node_release(pool, &theirs->node);
    node_release(pool, &table->node);
}

static void check_failing_reserve(struct table *table, const struct table *theirs)
{
    pecs_status status;
    uint64_t nth = 0; /* what was readied stays so: each try gets further */
    do {
        counting.fail_at = counting.call_count + ++nth;
        status = table_reserve(&gate, table, 6, 40);
        counting.fail_at = 0;
        cr_assert(status == PECS_OK || status == PECS_E_MEMORY);
        assert_rows(table, ids, 10);
        assert_rows(theirs, ids, 10);
    } while (status);
    cr_assert_geq(nth, 5);
}

Test(table, a_failing_reserve_changes_no_row)
{
    struct table *table = make_filled(10);
    struct table *const theirs = table;
    node_retain(&theirs->node);
    gate_close(&gate);
    table = own(table);
    check_failing_reserve(table, theirs);
    node_release(pool, &theirs->node);
    node_release(pool, &table->node);
}

Test(table, a_copy_that_fails_leaves_all_references)
{
    struct table *table = make_filled(10);
    struct ref ref = { node_retain(&table->node), NULL, 0 };
    counting.fail_at = counting.call_count + 1;
    cr_assert_eq(node_own(pool, gate.epoch, &ref), PECS_E_MEMORY);
    cr_assert_eq(ref.node, &table->node);
    cr_assert_eq(table->archetype->node.reference_count, 1);
    cr_assert_eq(table->columns[0].chunks.root.node->reference_count, 1);
    node_release(pool, &table->node);
    node_release(pool, &table->node);
}

/* Tables over an image: ten rows, in three runs. */

enum { IMAGE_BYTES = 1024 };
static uint8_t *image;
enum { NUMBERS_AT = 256, LETTERS_AT = 512, UNTOUCHED = 0x5a };

/* Only a private one is ever written to. */
static struct image *make_image(enum image_kind kind)
{
    const struct os_file file = { .size_bytes = IMAGE_BYTES };
    struct image *made;
    if (kind == IMAGE_PRIVATE) {
        made = image_create_private(pool, IMAGE_BYTES);
    } else if (kind == IMAGE_READ) {
        made = image_create_read(pool, &file, "image");
    } else {
        uint8_t *bytes = mmap(NULL, IMAGE_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        cr_assert_neq(bytes, MAP_FAILED);
        made = image_create_mapped(pool, bytes, &file, "image");
    }
    cr_assert_not_null(made);
    image = made->bytes;
    return made;
}

static struct table *make_lent(enum image_kind kind)
{
    struct image *made = make_image(kind);
    memset(image, UNTOUCHED, IMAGE_BYTES);
    for (uint32_t id = 0; id < 10; id++) {
        uint8_t *const values[] = { image + 8 * id, image + NUMBERS_AT + 4 * id, image + LETTERS_AT + id };
        write_row(values, id);
    }
    struct table *table = make_table();
    table->runs = runs_create(pool, COLUMN_COUNT, made);
    cr_assert_not_null(table->runs);
    node_release(pool, &made->node); /* the runs have it */
    table->runs->columns[HANDLES] = (struct run){ image, 5 };
    table->runs->columns[NUMBERS] = (struct run){ image + NUMBERS_AT, 6 };
    table->runs->columns[LETTERS] = (struct run){ image + LETTERS_AT, 7 };
    table->row_count = 10;
    return table;
}

static bool in_image(const uint8_t *bytes)
{
    return bytes >= image && bytes < image + IMAGE_BYTES;
}

Test(table, rows_of_an_image_are_read_where_they_lie)
{
    struct table *table = make_lent(IMAGE_MAPPED);
    assert_rows(table, ids, 10);
    cr_assert_eq(table_chunk(table, NUMBERS, 2), image + NUMBERS_AT + 32);
    cr_assert_eq(table_chunk_tick(table, NUMBERS, 2), 6);
    cr_assert_eq(table_chunk_tick(table, LETTERS, 0), 7);
    node_release(pool, &table->node);
}

static void expect_copy(enum image_kind kind)
{
    struct table *table = make_lent(kind);
    uint8_t *bytes;
    cr_assert_eq(table_own_chunk(&gate, table, NUMBERS, 1, 4, &bytes), PECS_OK);
    cr_assert_not(in_image(bytes));
    cr_assert_eq(gate.copied_bytes, 16);
    assert_rows(table, ids, 10);
    cr_assert_eq(table_chunk_tick(table, NUMBERS, 1), 20);
    cr_assert_eq(table_chunk_tick(table, NUMBERS, 0), 6);
    cr_assert(in_image(table_chunk(table, NUMBERS, 0)));
    memset(bytes, 0xff, 16);
    cr_assert_eq(image[NUMBERS_AT + 16], 4);
    node_release(pool, &table->node);
}

Test(table, a_mapped_chunk_is_copied_at_its_first_edit)
{
    expect_copy(IMAGE_MAPPED);
}

/* It can be hashed as long as it is there. */
Test(table, a_chunk_of_a_file_that_was_read_is_copied_at_its_first_edit)
{
    expect_copy(IMAGE_READ);
}

Test(table, a_private_images_chunk_is_edited_in_place)
{
    struct table *table = make_lent(IMAGE_PRIVATE);
    uint8_t *bytes;
    cr_assert_eq(table_own_chunk(&gate, table, NUMBERS, 1, 4, &bytes), PECS_OK);
    cr_assert_eq(bytes, image + NUMBERS_AT + 16);
    cr_assert_eq(table_own_chunk(&gate, table, LETTERS, 2, 2, &bytes), PECS_OK);
    cr_assert_eq(bytes, image + LETTERS_AT + 8);
    cr_assert_eq(gate.copied_bytes, 0);
    cr_assert_eq(table_chunk_tick(table, NUMBERS, 1), 20);
    assert_rows(table, ids, 10);
    node_release(pool, &table->node);
}

Test(table, a_private_images_chunk_that_others_see_is_copied)
{
    struct table *const theirs = make_lent(IMAGE_PRIVATE);
    node_retain(&theirs->node);
    struct table *table = own(theirs);
    uint8_t *bytes;
    cr_assert_eq(table_own_chunk(&gate, table, NUMBERS, 1, 4, &bytes), PECS_OK);
    cr_assert_not(in_image(bytes));
    cr_assert_eq(gate.copied_bytes, 16);
    memset(bytes, 0xff, 16);
    assert_rows(theirs, ids, 10);
    node_release(pool, &theirs->node);
    /* alone again: the other chunks are edited in place, and the first stays what it became */
    cr_assert_eq(table_own_chunk(&gate, table, NUMBERS, 0, 4, &bytes), PECS_OK);
    cr_assert_eq(bytes, image + NUMBERS_AT);
    cr_assert_eq(*table_value(table, NUMBERS, 4), 0xff);
    node_release(pool, &table->node);
}

/* Edited in place first, then shared: the copy keeps the old bytes for the other holder. */
Test(table, a_chunk_edited_in_place_is_copied_once_it_is_shared)
{
    struct table *table = make_lent(IMAGE_PRIVATE);
    uint8_t *bytes;
    cr_assert_eq(table_own_chunk(&gate, table, NUMBERS, 1, 4, &bytes), PECS_OK);
    bytes[0] = 44;
    struct table *const theirs = table;
    node_retain(&theirs->node);
    gate_close(&gate);
    table = own(table);
    cr_assert_eq(table_own_chunk(&gate, table, NUMBERS, 1, 4, &bytes), PECS_OK);
    cr_assert_not(in_image(bytes));
    bytes[0] = 55;
    cr_assert_eq(*table_value(theirs, NUMBERS, 4), 44);
    cr_assert_eq(*table_value(table, NUMBERS, 4), 55);
    node_release(pool, &theirs->node);
    node_release(pool, &table->node);
}

Test(table, an_append_to_a_lent_tail_copies_it_with_room)
{
    struct table *table = make_lent(IMAGE_PRIVATE);
    append(table, 10);
    append(table, 11);
    assert_rows(table, ids, 12);
    cr_assert_not(in_image(table_chunk(table, NUMBERS, 2)));
    cr_assert_eq(gate.copied_bytes, 2 * (8 + 4 + 1));
    append(table, 12);
    assert_rows(table, ids, 13);
    cr_assert_eq(image[NUMBERS_AT + 40], UNTOUCHED, "what lies behind a run belongs to others");
    cr_assert_eq(image[LETTERS_AT + 10], UNTOUCHED);
    node_release(pool, &table->node);
}

Test(table, rows_of_an_image_are_removed_and_refilled)
{
    struct table *table = make_lent(IMAGE_MAPPED);
    while (table->row_count)
        remove_row(table, table->row_count / 2);
    for (uint32_t id = 0; id < 21; id++)
        append(table, id);
    assert_rows(table, ids, 21);
    for (uint32_t id = 0; id < 10; id++)
        cr_assert_eq(image[LETTERS_AT + id], id);
    node_release(pool, &table->node);
}

/* An edit of a lent table: new page, array header or copy; each failure leaves the rows. */
Test(table, failures_over_an_image_change_no_row)
{
    for (int is_writable = 0; is_writable < 2; is_writable++) {
        struct table *table = make_lent(is_writable ? IMAGE_PRIVATE : IMAGE_MAPPED);
        uint8_t *values[COLUMN_COUNT];
        uint64_t nth = 0;
        pecs_status status;
        do {
            counting.fail_at = counting.call_count + ++nth;
            status = table_own_row(&gate, table, 6, values);
            counting.fail_at = 0;
            assert_rows(table, ids, 10);
        } while (status == PECS_E_MEMORY);
        cr_assert_eq(status, PECS_OK);
        cr_assert_geq(nth, 3);
        node_release(pool, &table->node);
    }
}
