/* The rules of block records, each broken alone in a file of three segments whose checksums are right. */
#define _GNU_SOURCE
#include "format_blocks_sample.h"

TestSuite(blocks, .init = enter_folder, .fini = leave_folder);

/* It is the sample: what is saved again is the plain file. */
Test(blocks, the_sample_in_blocks)
{
    struct breakage b = begin_with_blocks();
    struct file_bytes plain = read_bytes("plain.pecs");
    cr_assert_eq(b.file.segment_count, 3);
    cr_assert_eq(get64(&b.file, offsetof(struct file_header, required_features)), FEATURE_SEGMENTS);
    for (int verb = 0; verb < VERB_COUNT; verb++) {
        pecs_snapshot *snapshot;
        pecs_error error;
        cr_assert_eq(verbs[verb](b.registry, "world.pecs", NULL, &snapshot, &error), PECS_OK, "%s: %s",
                     verb_names[verb], error.message);
        cr_assert_eq(pecs_snapshot_save(snapshot, "again.pecs", &(pecs_save_options){ .skip_sync = true }, NULL),
                     PECS_OK);
        pecs_snapshot_release(snapshot);
        struct file_bytes again = read_bytes("again.pecs");
        cr_assert_eq(again.size, plain.size);
        cr_assert_eq(memcmp(again.bytes, plain.bytes, plain.size), 0, "%s", verb_names[verb]);
        free(again.bytes);
    }
    free(plain.bytes);
    expect_accepted(&b);
    end_breaking(&b);
}

Test(blocks, BLOCK_1)
{
    struct breakage b = begin_with_blocks();
    static const uint32_t filters[] = { FILTER_COUNT, FILTER_COUNT + 1, UINT32_MAX };
    for (size_t i = 0; i < sizeof(filters) / sizeof(filters[0]); i++) {
        put32(&b.file, block_at(&b, 1, 1) + BLOCK_FILTER, filters[i]);
        expect_unsupported(&b, "BLOCK-1", block_at(&b, 1, 1) + BLOCK_FILTER);
        put32(&b.file, block_at(&b, 0, 0) + BLOCK_FILTER, filters[i]); /* as it is */
        expect_unsupported(&b, "BLOCK-1", block_at(&b, 0, 0) + BLOCK_FILTER);
    }
    end_breaking(&b);
}

static void expect_block_2(struct breakage *b, uint32_t segment, uint32_t number)
{
    expect_repaired(b, "BLOCK-2", block_at(b, segment, number) + BLOCK_FIRST);
}

Test(blocks, BLOCK_2_first_row)
{
    struct breakage b = begin_with_blocks();
    const uint64_t first = block_at(&b, 1, 0), second = block_at(&b, 2, 0), index = block_at(&b, 2, 1);
    put32(&b.file, first + BLOCK_FIRST, 1); /* a row is left out */
    expect_block_2(&b, 1, 0);
    put32(&b.file, second + BLOCK_FIRST, 0); /* a row twice */
    expect_block_2(&b, 2, 0);
    put32(&b.file, second + BLOCK_FIRST, UINT32_MAX);
    expect_block_2(&b, 2, 0);
    put32(&b.file, index + BLOCK_FIRST, 3);
    expect_block_2(&b, 2, 1);
    put32(&b.file, index + BLOCK_FIRST, 5);
    expect_block_2(&b, 2, 1);
    end_breaking(&b);
}

/* The sizes are those of so many rows. */
Test(blocks, BLOCK_2_row_count)
{
    struct breakage b = begin_with_blocks();
    const uint64_t place = block_at(&b, 1, 1), index = block_at(&b, 2, 1);
    put32(&b.file, place + BLOCK_COUNT, 0);
    put64(&b.file, place + BLOCK_FULL_SIZE, 0);
    expect_block_2(&b, 1, 1);
    put32(&b.file, place + BLOCK_COUNT, 3);
    put64(&b.file, place + BLOCK_FULL_SIZE, 24);
    expect_block_2(&b, 1, 1);
    put32(&b.file, place + BLOCK_COUNT, UINT32_MAX);
    put64(&b.file, place + BLOCK_FULL_SIZE, UINT32_MAX * 8ull);
    expect_block_2(&b, 1, 1);
    put32(&b.file, index + BLOCK_COUNT, 3);
    put64(&b.file, index + BLOCK_FULL_SIZE, 48);
    expect_block_2(&b, 2, 1);
    end_breaking(&b);
}

/* Handles of table 1, which has both its rows. */
Test(blocks, BLOCK_2_of_a_column_that_has_all_its_rows)
{
    struct breakage b = begin_with_blocks();
    static const uint32_t firsts[] = { 0, 1, 2 };
    for (size_t i = 0; i < sizeof(firsts) / sizeof(firsts[0]); i++) {
        put32(&b.file, block_at(&b, 2, 0) + offsetof(struct block_record, table), 1);
        put32(&b.file, block_at(&b, 2, 0) + BLOCK_FIRST, firsts[i]);
        expect_block_2(&b, 2, 0);
    }
    end_breaking(&b);
}

/* The rows of the two blocks change places: both are whole blocks of two rows of 16 bytes. */
Test(blocks, BLOCK_2_blocks_in_another_order)
{
    static const struct made_block blocks[] = {
        { 0, 0, 0, 0, CODEC_ZSTD, { 0, 0 } }, { 1, 0, 0, 0, CODEC_ZSTD, { 0, 0 } },
        { 2, 0, 0, 0, CODEC_RAW, { 0, 0 } },  { 3, 0, 0, 0, CODEC_ZSTD, { 0, 0 } },
        { 4, 0, 0, 0, CODEC_RAW, { 0, 0 } },  { 5, 0, 0, 0, CODEC_RAW, { 0, 0 } },
        { 6, 0, 0, 0, CODEC_RAW, { 0, 0 } },  { 7, 0, 0, 0, CODEC_RAW, { 0, 0 } },
        { 8, 0, 2, 0, CODEC_ZSTD, { 0, 0 } }, { 8, 4, 2, 1, CODEC_ZSTD, { 0, 0 } },
        { 8, 2, 2, 1, CODEC_RAW, { 0, 0 } },
    };
    pecs_registry *registry = all_types();
    save_sample(registry, "plain.pecs");
    make_segments(&(struct made_plan){ blocks, sizeof(blocks) / sizeof(blocks[0]), 2, 9, 9, 0 });
    struct breakage b = breakage_of(registry);
    expect_block_2(&b, 1, 0);
    end_breaking(&b);
}

static void expect_block_3(struct breakage *b, uint32_t segment, uint32_t number)
{
    expect_repaired(b, "BLOCK-3", block_at(b, segment, number) + BLOCK_SIZE);
}

Test(blocks, BLOCK_3_sizes)
{
    struct breakage b = begin_with_blocks();
    const uint64_t raw = block_at(&b, 0, 0), place = block_at(&b, 1, 1);
    put64(&b.file, raw + BLOCK_SIZE, 8); /* not full_size */
    expect_block_3(&b, 0, 0);
    put64(&b.file, raw + BLOCK_FULL_SIZE, 8);
    expect_block_3(&b, 0, 0);
    put64(&b.file, raw + BLOCK_SIZE, 8); /* both, but not of two rows */
    put64(&b.file, raw + BLOCK_FULL_SIZE, 8);
    expect_block_3(&b, 0, 0);
    put64(&b.file, place + BLOCK_FULL_SIZE, 8);
    expect_block_3(&b, 1, 1);
    put64(&b.file, place + BLOCK_FULL_SIZE, UINT64_MAX);
    expect_block_3(&b, 1, 1);
    put64(&b.file, place + BLOCK_SIZE, 0);
    expect_block_3(&b, 1, 1);
    end_breaking(&b);
}

Test(blocks, BLOCK_3_filters)
{
    struct breakage b = begin_with_blocks();
    const uint64_t place = block_at(&b, 1, 1); /* of 8 bytes a row */
    static const struct codec_filter filters[] = {
        { FILTER_SPLIT, 0 },       { FILTER_SPLIT, 1 },  { FILTER_SPLIT, 3 },          { FILTER_SPLIT, 16 },
        { FILTER_DELTA4, 2 },      { FILTER_DELTA8, 4 }, { FILTER_SPLIT, UINT32_MAX }, { FILTER_NONE, 8 },
        { FILTER_BITS, 0 },        { FILTER_BITS, 3 },   { FILTER_BITS, 16 },          { FILTER_BITS_DELTA4, 2 },
        { FILTER_BITS_DELTA8, 4 },
    };
    for (size_t i = 0; i < sizeof(filters) / sizeof(filters[0]); i++) {
        put32(&b.file, place + BLOCK_FILTER, filters[i].kind);
        put32(&b.file, place + BLOCK_STRIDE, filters[i].stride);
        expect_block_3(&b, 1, 1);
    }
    end_breaking(&b);
}

Test(blocks, BLOCK_3_filters_of_what_is_not_compressed)
{
    struct breakage b = begin_with_blocks();
    put32(&b.file, block_at(&b, 0, 0) + BLOCK_FILTER, FILTER_SPLIT);
    expect_block_3(&b, 0, 0);
    put32(&b.file, block_at(&b, 0, 0) + BLOCK_STRIDE, 8);
    expect_block_3(&b, 0, 0);
    put32(&b.file, block_at(&b, 0, 0) + BLOCK_FILTER, FILTER_SPLIT);
    put32(&b.file, block_at(&b, 0, 0) + BLOCK_STRIDE, 8);
    expect_block_3(&b, 0, 0);
    end_breaking(&b);
}

Test(blocks, RUN_1_blocks_of_nothing)
{
    struct breakage b = begin_with_blocks();
    const uint64_t place = block_at(&b, 1, 1);
    put32(&b.file, place, RUN_IDS);
    expect_repaired(&b, "RUN-1", place);
    put32(&b.file, place + offsetof(struct block_record, table), 4);
    expect_repaired(&b, "RUN-1", place);
    put32(&b.file, place, RUN_HEAP);
    expect_repaired(&b, "RUN-1", place);
    put32(&b.file, block_at(&b, 2, 1), RUN_HEAP); /* there are no attachments */
    expect_repaired(&b, "RUN-1", block_at(&b, 2, 1));
    end_breaking(&b);
}

Test(blocks, RUN_2_codec_of_a_block)
{
    struct breakage b = begin_with_blocks();
    put32(&b.file, block_at(&b, 1, 1) + BLOCK_CODEC, 2);
    expect_unsupported(&b, "RUN-2", block_at(&b, 1, 1) + BLOCK_CODEC);
    put32(&b.file, block_at(&b, 1, 1) + BLOCK_CODEC, UINT32_MAX);
    expect_unsupported(&b, "RUN-2", block_at(&b, 1, 1) + BLOCK_CODEC);
    end_breaking(&b);
}

Test(blocks, RUN_4_place_of_a_block)
{
    struct breakage b = begin_with_blocks();
    const uint64_t raw = block_at(&b, 1, 3), packed = block_at(&b, 1, 1), offset = block_offset(&b, 1, 3);
    const uint64_t wrong[] = { offset + 8,
                               offset + 1,
                               b.file.parts[1].data,
                               b.file.parts[1].data - 4096,
                               4096,
                               b.file.parts[2].data,
                               align_up(b.file.parts[1].data_end, 64),
                               UINT64_MAX - 63 };
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        put64(&b.file, raw + BLOCK_OFFSET, wrong[i]);
        expect_repaired(&b, "RUN-4", raw + BLOCK_OFFSET);
    }
    put64(&b.file, packed + BLOCK_OFFSET, block_offset(&b, 1, 0)); /* over the one before it */
    expect_repaired(&b, "RUN-4", packed + BLOCK_OFFSET);
    put64(&b.file, packed + BLOCK_SIZE, 1 << 20);
    expect_repaired(&b, "RUN-4", packed + BLOCK_OFFSET);
    end_breaking(&b);
}

/* A block that is compressed lies anywhere: it moves by a byte. */
Test(blocks, compressed_blocks_are_not_aligned)
{
    struct breakage b = begin_with_blocks();
    const uint64_t record = block_at(&b, 1, 1), offset = block_offset(&b, 1, 1);
    const uint64_t size = get64(&b.file, record + BLOCK_SIZE);
    memmove(b.file.bytes + offset + 1, b.file.bytes + offset, size);
    b.file.bytes[offset] = 0;
    put64(&b.file, record + BLOCK_OFFSET, offset + 1);
    expect_accepted(&b);
    end_breaking(&b);
}

Test(blocks, RUN_6_tick_of_a_block)
{
    struct breakage b = begin_with_blocks();
    put64(&b.file, block_at(&b, 2, 0) + BLOCK_TICK, 3); /* the world's is 2 */
    expect_repaired(&b, "RUN-6", block_at(&b, 2, 0) + BLOCK_TICK);
    end_breaking(&b);
}

/* Another tick than that of the rows before: the column has the later one. */
Test(blocks, blocks_have_ticks_of_their_own)
{
    struct breakage b = begin_with_blocks();
    put64(&b.file, block_at(&b, 2, 0) + BLOCK_TICK, 0);
    expect_accepted(&b);
    end_breaking(&b);
}

Test(blocks, RUN_7_rows_that_are_missing)
{
    struct breakage b = begin_with_blocks();
    static const uint32_t blocks[][2] = { { 2, 1 }, { 2, 0 }, { 1, 5 }, { 0, 0 }, { 0, 1 } };
    for (size_t i = 0; i < sizeof(blocks) / sizeof(blocks[0]); i++) {
        leave_out(&b, blocks[i][0], blocks[i][1]);
        expect_repaired(&b, "RUN-7", b.file.segments);
    }
    end_breaking(&b);
}

Test(blocks, RUN_8_kind_of_a_block)
{
    struct breakage b = begin_with_blocks();
    static const uint32_t kinds[] = { 0, 6, UINT32_MAX };
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        put32(&b.file, block_at(&b, 1, 1), kinds[i]);
        expect_unsupported(&b, "RUN-8", block_at(&b, 1, 1));
    }
    end_breaking(&b);
}
