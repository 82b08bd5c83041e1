/*
 * What compressed blocks hold. BLOCK-4: frames that are none of those that the format allows, each in a file whose
 * checksums are right. Then rows that are wrong inside a block: the error names the rule and where the block begins.
 */
#define _GNU_SOURCE
#include "format_blocks_sample.h"

TestSuite(frames, .init = enter_folder, .fini = leave_folder);

enum { HELD = 16 }; /* bytes in block 1 of segment 1: places of two rows, after the filter */

/* Both verbs refuse the frame as block 1 of segment 1. */
static void expect_block_4(struct breakage *b, const void *frame, size_t size)
{
    const uint64_t offset = block_offset(b, 1, 1);
    replace_bytes(b, 1, 1, frame, size);
    expect_repaired(b, "BLOCK-4", offset);
}

static void expect_frame_accepted(struct breakage *b, const void *frame, size_t size)
{
    replace_bytes(b, 1, 1, frame, size);
    expect_accepted(b);
}

/* A frame of one raw block of so many zeros, which says that it holds content_size bytes. */
struct frame {
    uint8_t bytes[128];
    size_t size;
};

enum { FRAME_CONTENT_4 = 0x80, FRAME_SINGLE = 0x20, FRAME_RESERVED = 0x08, FRAME_DICTIONARY = 0x01 };

static struct frame make_frame(uint8_t descriptor, uint8_t window, uint32_t content_size, uint32_t held_bytes)
{
    const le32 magic = le32_make(0xfd2fb528), content = le32_make(content_size);
    const le32 block = le32_make(1 | held_bytes << 3); /* the last one, raw: 3 bytes */
    struct frame frame = { { 0 }, 0 };
    memcpy(frame.bytes, &magic, sizeof(magic));
    frame.bytes[4] = descriptor;
    frame.size = 5;
    if (!(descriptor & FRAME_SINGLE))
        frame.bytes[frame.size++] = window;
    if (descriptor & FRAME_DICTIONARY)
        frame.bytes[frame.size++] = 7;
    if (descriptor & FRAME_CONTENT_4) {
        memcpy(frame.bytes + frame.size, &content, sizeof(content));
        frame.size += sizeof(content);
    }
    memcpy(frame.bytes + frame.size, &block, 3);
    frame.size += 3 + held_bytes;
    return frame;
}

static struct frame compressed(const ZSTD_cParameter *parameters, const int *values, size_t count)
{
    static const uint8_t zeros[HELD];
    struct frame frame;
    ZSTD_CCtx *context = ZSTD_createCCtx();
    for (size_t i = 0; i < count; i++)
        cr_assert_not(ZSTD_isError(ZSTD_CCtx_setParameter(context, parameters[i], values[i])));
    frame.size = ZSTD_compress2(context, frame.bytes, sizeof(frame.bytes), zeros, HELD);
    cr_assert_not(ZSTD_isError(frame.size));
    ZSTD_freeCCtx(context);
    return frame;
}

Test(frames, that_are_allowed)
{
    struct breakage b = begin_with_blocks();
    static const ZSTD_cParameter checksum = ZSTD_c_checksumFlag;
    struct frame frame = make_frame(FRAME_CONTENT_4 | FRAME_SINGLE, 0, HELD, HELD);
    expect_frame_accepted(&b, frame.bytes, frame.size);
    frame = make_frame(FRAME_CONTENT_4, 10 << 3, HELD, HELD); /* a window of 1 MiB */
    expect_frame_accepted(&b, frame.bytes, frame.size);
    frame = compressed(&checksum, (const int[]){ 1 }, 1);
    expect_frame_accepted(&b, frame.bytes, frame.size);
    end_breaking(&b);
}

Test(frames, BLOCK_4_headers)
{
    struct breakage b = begin_with_blocks();
    static const struct {
        uint8_t descriptor, window;
    } headers[] = {
        { FRAME_CONTENT_4, 10 << 3 | 1 }, /* 1 MiB and an eighth */
        { FRAME_CONTENT_4, 11 << 3 },
        { FRAME_CONTENT_4, 31 << 3 | 7 },
        { FRAME_CONTENT_4 | FRAME_SINGLE | FRAME_RESERVED, 0 },
        { FRAME_CONTENT_4 | FRAME_SINGLE | FRAME_DICTIONARY, 0 },
        { 0, 10 << 3 }, /* no content size */
    };
    for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
        const struct frame frame = make_frame(headers[i].descriptor, headers[i].window, HELD, HELD);
        expect_block_4(&b, frame.bytes, frame.size);
    }
    end_breaking(&b);
}

Test(frames, BLOCK_4_sizes)
{
    struct breakage b = begin_with_blocks();
    static const uint32_t sizes[][2] = { { HELD - 1, HELD - 1 }, { HELD + 1, HELD + 1 }, { HELD, HELD - 1 },
                                         { HELD, HELD + 1 },     { HELD - 1, HELD },     { UINT32_MAX, HELD } };
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        const struct frame frame = make_frame(FRAME_CONTENT_4 | FRAME_SINGLE, 0, sizes[i][0], sizes[i][1]);
        expect_block_4(&b, frame.bytes, frame.size);
    }
    end_breaking(&b);
}

/* Cut short at every length, and with bytes behind it. */
Test(frames, BLOCK_4_ends)
{
    struct breakage b = begin_with_blocks();
    struct frame frame = make_frame(FRAME_CONTENT_4 | FRAME_SINGLE, 0, HELD, HELD);
    for (size_t size = 1; size < frame.size; size++)
        expect_block_4(&b, frame.bytes, size);
    expect_block_4(&b, frame.bytes, frame.size + 1);
    end_breaking(&b);
}

Test(frames, BLOCK_4_several_frames)
{
    struct breakage b = begin_with_blocks();
    const struct frame whole = make_frame(FRAME_CONTENT_4 | FRAME_SINGLE, 0, HELD, HELD);
    const struct frame half = make_frame(FRAME_CONTENT_4 | FRAME_SINGLE, 0, HELD / 2, HELD / 2);
    static const uint8_t skippable[] = { 0x50, 0x2a, 0x4d, 0x18, 4, 0, 0, 0, 1, 2, 3, 4 };
    uint8_t bytes[256];
    expect_block_4(&b, skippable, sizeof(skippable));
    memcpy(bytes, half.bytes, half.size);
    memcpy(bytes + half.size, half.bytes, half.size);
    expect_block_4(&b, bytes, 2 * half.size);
    memcpy(bytes, skippable, sizeof(skippable));
    memcpy(bytes + sizeof(skippable), whole.bytes, whole.size);
    expect_block_4(&b, bytes, sizeof(skippable) + whole.size);
    memcpy(bytes, whole.bytes, whole.size);
    memcpy(bytes + whole.size, skippable, sizeof(skippable));
    expect_block_4(&b, bytes, whole.size + sizeof(skippable));
    end_breaking(&b);
}

Test(frames, BLOCK_4_bytes)
{
    struct breakage b = begin_with_blocks();
    static const ZSTD_cParameter checksum = ZSTD_c_checksumFlag;
    static const uint8_t zeros[24];
    struct frame frame = compressed(&checksum, (const int[]){ 1 }, 1);
    frame.bytes[frame.size - 1] ^= 1; /* the checksum, where a frame has one */
    expect_block_4(&b, frame.bytes, frame.size);
    frame = make_frame(FRAME_CONTENT_4 | FRAME_SINGLE, 0, HELD, HELD);
    frame.bytes[0] ^= 1; /* magic */
    expect_block_4(&b, frame.bytes, frame.size);
    frame.bytes[0] ^= 1;
    frame.bytes[9] |= 6; /* a kind of block that zstd does not have */
    expect_block_4(&b, frame.bytes, frame.size);
    expect_block_4(&b, zeros, sizeof(zeros));
    end_breaking(&b);
}

/* The first broken block in the file is the one that is named. */
Test(frames, BLOCK_4_of_two_blocks)
{
    struct breakage b = begin_with_blocks();
    const uint64_t first = block_offset(&b, 1, 1), last = block_offset(&b, 2, 1);
    b.file.bytes[last] ^= 1;
    expect_repaired(&b, "BLOCK-4", last);
    b.file.bytes[last] ^= 1;
    b.file.bytes[first] ^= 1;
    expect_repaired(&b, "BLOCK-4", first);
    end_breaking(&b);
}

static void change_number(struct breakage *b, uint32_t segment, uint32_t block, size_t at, uint32_t number,
                          const char *rule, uint64_t where)
{
    const le32 value = le32_make(number);
    change_held(b, segment, block, at, &value, sizeof(value));
    repair(&b->file);
    expect_of_load(b, rule, where);
}

Test(frames, ROW_1_in_a_block)
{
    struct breakage b = begin_with_blocks();
    const uint64_t handles = block_offset(&b, 1, 0), stored = block_offset(&b, 2, 0);
    change_number(&b, 1, 0, 0, 1, "ROW-1", handles);
    change_number(&b, 1, 0, 0, UINT32_MAX, "ROW-1", handles);
    change_number(&b, 1, 0, 4, 2, "ROW-1", handles);
    change_number(&b, 1, 6, 0, 2, "ROW-1", handles);         /* the generation of record 0 */
    change_number(&b, 1, 6, 2 * 16 + 8, 0, "ROW-1", stored); /* the row of record 2, whose handle is stored as it is */
    put32(&b.file, stored + 4, 2);
    repair(&b.file);
    expect_of_load(&b, "ROW-1", stored);
    end_breaking(&b);
}

/* Of handles that are stored as they are, in two blocks, the offset is that of the handle. */
Test(frames, ROW_1_in_blocks_that_are_gathered)
{
    static const struct made_block blocks[] = {
        { 0, 0, 0, 0, CODEC_RAW, { 0, 0 } }, { 1, 0, 0, 0, CODEC_RAW, { 0, 0 } }, { 2, 0, 0, 0, CODEC_RAW, { 0, 0 } },
        { 3, 0, 1, 0, CODEC_RAW, { 0, 0 } }, { 3, 1, 1, 0, CODEC_RAW, { 0, 0 } }, { 4, 0, 0, 0, CODEC_RAW, { 0, 0 } },
        { 5, 0, 0, 0, CODEC_RAW, { 0, 0 } }, { 6, 0, 0, 0, CODEC_RAW, { 0, 0 } }, { 7, 0, 0, 0, CODEC_RAW, { 0, 0 } },
        { 8, 0, 0, 0, CODEC_RAW, { 0, 0 } },
    };
    pecs_registry *registry = all_types();
    save_sample(registry, "plain.pecs");
    make_segments(&(struct made_plan){ blocks, sizeof(blocks) / sizeof(blocks[0]), 1, 9, 9, 0 });
    struct breakage b = breakage_of(registry);
    const uint64_t first = block_offset(&b, 0, 3), second = block_offset(&b, 0, 4);
    break_number(&b, second, 77, "ROW-1", second);
    break_number(&b, second + 4, 2, "ROW-1", second);
    break_number(&b, first, 77, "ROW-1", first);
    end_breaking(&b);
}

Test(frames, ROW_2_in_a_block)
{
    struct breakage b = begin_with_blocks();
    change_number(&b, 1, 4, 0, 1, "ROW-2", block_offset(&b, 1, 4));
    change_number(&b, 1, 4, 4, 1, "ROW-2", block_offset(&b, 1, 4));
    end_breaking(&b);
}

/* Slot 1 is free; its record is in the index's first block. */
Test(frames, INDEX_1_in_a_block)
{
    struct breakage b = begin_with_blocks();
    const uint64_t index = block_offset(&b, 1, 6), last = block_offset(&b, 2, 1);
    change_number(&b, 1, 6, 16, 0, "INDEX-1", index);
    change_number(&b, 1, 6, 16 + 8, 1, "INDEX-1", index);
    change_number(&b, 1, 6, 12, 1, "INDEX-1", index);
    change_number(&b, 2, 1, 12, 1, "INDEX-1", last); /* the session of record 4 */
    end_breaking(&b);
}

Test(frames, INDEX_2_in_a_block)
{
    struct breakage b = begin_with_blocks();
    change_number(&b, 1, 6, 16, (1u << 30) - 1, "INDEX-2", b.file.free_counts);
    change_number(&b, 1, 6, 16 + 4, 0, "INDEX-2", b.file.free_counts);
    end_breaking(&b);
}

Test(frames, INDEX_3_in_a_block)
{
    struct breakage b = begin_with_blocks();
    put32(&b.file, b.file.free_counts, 0);
    put64(&b.file, b.file.commit + offsetof(struct commit_header, free_count), 0);
    change_number(&b, 1, 6, 16 + 4, 0, "INDEX-3", block_offset(&b, 1, 6));
    end_breaking(&b);
}
