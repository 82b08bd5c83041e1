/* Filters: what they make of known rows, and that every stride and size comes back. */
#include "codec_filter.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

enum { GUARD_BYTES = 32, GUARD = 0xe5 };

Test(codec_filter, split_makes_planes_and_keeps_the_rest)
{
    const uint8_t rows[] = { 'a', 'b', 'c', 'A', 'B', 'C', '1', '2', '3', 'x', 'y' };
    const uint8_t planes[] = { 'a', 'A', '1', 'b', 'B', '2', 'c', 'C', '3', 'x', 'y' };
    uint8_t to[sizeof(rows)];
    codec_filter_apply((struct codec_filter){ FILTER_SPLIT, 3 }, rows, sizeof(rows), to);
    cr_assert_arr_eq(to, planes, sizeof(planes));
}

Test(codec_filter, delta4_subtracts_the_row_before_in_each_lane)
{
    /* lanes 0xff and 1; then 0x101 and 0; then 0 and 0x04030200 */
    const uint8_t rows[] = { 0xff, 0, 0, 0, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 3, 4, 9 };
    const uint8_t planes[] = { 0xff, 2,    0xff, 0, 0,    0xfe, 0, 0,    0xff, 0, 0,    0xff, /* 0xff, 2, -0x101 */
                               1,    0xff, 0,    0, 0xff, 2,    0, 0xff, 3,    0, 0xff, 4,    /* 1, -1, 0x04030200 */
                               9 };
    uint8_t to[sizeof(rows)];
    codec_filter_apply((struct codec_filter){ FILTER_DELTA4, 8 }, rows, sizeof(rows), to);
    cr_assert_arr_eq(to, planes, sizeof(planes));
}

Test(codec_filter, delta8_carries_through_eight_bytes)
{
    const uint8_t rows[] = { 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 };
    const uint8_t planes[] = { 0xff, 1, 0,    0xff, 0, 0,    0xff, 0, 0,    0xff, 0, 0,
                               0,    0, 0xff, 0,    0, 0xff, 0,    0, 0xff, 0,    0, 0xff };
    uint8_t to[sizeof(rows)];
    codec_filter_apply((struct codec_filter){ FILTER_DELTA8, 8 }, rows, sizeof(rows), to);
    cr_assert_arr_eq(to, planes, sizeof(planes));
}

Test(codec_filter, bits_makes_planes_of_eight_rows_and_keeps_the_rest)
{
    const uint8_t rows[] = { 1, 0, 3, 0, 5, 0, 7, 0, 0, 0x80, 0, 0x80, 0, 0, 0x42, 0, 9, 8, 7 };
    const uint8_t planes[] = { 0x0f, 0x8a, 0x0c, 0, 0, 0, 0x80, 0, /* of the first bytes */
                               0,    0,    0,    0, 0, 0, 0,    0x30, 9, 8, 7 };
    uint8_t to[sizeof(rows)];
    codec_filter_apply((struct codec_filter){ FILTER_BITS, 2 }, rows, sizeof(rows), to);
    cr_assert_arr_eq(to, planes, sizeof(planes));
}

Test(codec_filter, bits_of_differences)
{
    uint8_t rows[32] = { 0 }, to[32], planes[32] = { 0 };
    for (uint8_t i = 0; i < 8; i++)
        rows[4 * i] = 10 + 3 * i; /* 10, then 3 more each */
    planes[0] = 0xfe, planes[1] = 0xff, planes[3] = 0x01;
    codec_filter_apply((struct codec_filter){ FILTER_BITS_DELTA4, 4 }, rows, sizeof(rows), to);
    cr_assert_arr_eq(to, planes, sizeof(planes));
}

static const size_t lanes[FILTER_COUNT] = {
    [FILTER_SPLIT] = 1, [FILTER_DELTA4] = 4,      [FILTER_DELTA8] = 8,
    [FILTER_BITS] = 1,  [FILTER_BITS_DELTA4] = 4, [FILTER_BITS_DELTA8] = 8,
};

/* The definition, one byte after another. */
static void define(struct codec_filter filter, const uint8_t *bytes, size_t size, uint8_t *to)
{
    const bool has_bits = filter.kind >= FILTER_BITS;
    const size_t stride = filter.stride, lane = lanes[filter.kind];
    const size_t count = has_bits ? size / stride / 8 * 8 : size / stride;
    memcpy(to, bytes, size);
    memset(to, 0, count * stride);
    for (size_t row = 0; row < count; row++) {
        int borrow = 0;
        for (size_t at = 0; at < stride; at++) {
            const int before = lane > 1 && row ? bytes[(row - 1) * stride + at] : 0;
            const int byte = bytes[row * stride + at] - before - (at % lane ? borrow : 0);
            borrow = byte < 0;
            if (!has_bits)
                to[at * count + row] = (uint8_t)byte;
            for (size_t bit = 0; has_bits && bit < 8; bit++)
                to[(8 * at + bit) * (count / 8) + row / 8] |= (uint8_t)(((uint8_t)byte >> bit & 1) << row % 8);
        }
    }
}

static void check(struct codec_filter filter, const uint8_t *bytes, size_t size)
{
    uint8_t *expected = malloc(size + 1), *to = malloc(size + GUARD_BYTES), *back = malloc(size + GUARD_BYTES);
    define(filter, bytes, size, expected);
    memset(to, GUARD, size + GUARD_BYTES);
    memset(back, GUARD, size + GUARD_BYTES);
    codec_filter_apply(filter, bytes, size, to);
    codec_filter_undo(filter, to, size, back);
    bool good = memcmp(to, expected, size) == 0 && memcmp(back, bytes, size) == 0;
    for (size_t i = 0; i < GUARD_BYTES; i++)
        good &= to[size + i] == GUARD && back[size + i] == GUARD;
    cr_assert(good, "filter %u, stride %u, %zu bytes at %zu", filter.kind, filter.stride, size,
              (size_t)((uintptr_t)bytes % 16));
    /* where AddressSanitizer sees what is read or written behind it */
    uint8_t *exact = malloc(size ? size : 1), *filtered = malloc(size ? size : 1);
    memcpy(exact, bytes, size);
    codec_filter_apply(filter, exact, size, filtered);
    codec_filter_undo(filter, filtered, size, exact);
    cr_assert_eq(memcmp(exact, bytes, size), 0);
    free(exact), free(filtered), free(expected), free(to), free(back);
}

static uint8_t *noise(size_t size)
{
    uint8_t *bytes = malloc(size);
    uint64_t state = 88172645463325252u;
    for (size_t i = 0; i < size; i++) {
        state ^= state << 13, state ^= state >> 7, state ^= state << 17;
        bytes[i] = (uint8_t)state;
    }
    return bytes;
}

static void check_stride(uint32_t stride, const uint8_t *bytes, size_t limit)
{
    static const size_t row_counts[] = { 0,  1,  2,  7,  8,  9,  15, 16,  17,  18,  31,  32,
                                         33, 63, 64, 65, 79, 80, 81, 127, 128, 129, 300, 1100 };
    for (uint32_t kind = FILTER_SPLIT; kind < FILTER_COUNT; kind++) {
        const struct codec_filter filter = { kind, stride };
        for (size_t i = 0; i < sizeof(row_counts) / sizeof(row_counts[0]); i++) {
            const size_t size = row_counts[i] * stride;
            if (!codec_filter_is_valid(filter, stride) || size + stride > limit)
                continue;
            check(filter, bytes + i % 16, size);
            check(filter, bytes + i % 3, size + 1);
            check(filter, bytes + 1, size + stride - 1);
        }
    }
}

Test(codec_filter, every_short_stride_comes_back, .timeout = 200)
{
    uint8_t *bytes = noise(80000);
    for (uint32_t stride = 1; stride <= 64; stride++)
        check_stride(stride, bytes, 80000 - 16);
    free(bytes);
}

Test(codec_filter, long_strides_come_back, .timeout = 200)
{
    static const uint32_t strides[] = { 65, 72, 100, 127, 128, 256, 1000, 1001, 1024, 2048, 3072, 4088, 4095, 4096 };
    uint8_t *bytes = noise(600000);
    for (size_t i = 0; i < sizeof(strides) / sizeof(strides[0]); i++)
        check_stride(strides[i], bytes, 600000 - 16);
    free(bytes);
}

Test(codec_filter, whole_blocks_come_back, .timeout = 200)
{
    static const uint32_t strides[] = { 1, 2, 3, 4, 8, 12, 16, 20, 24, 32, 48, 64 };
    uint8_t *bytes = noise(1048576 + 16);
    for (uint32_t kind = FILTER_SPLIT; kind < FILTER_COUNT; kind++)
        for (size_t i = 0; i < sizeof(strides) / sizeof(strides[0]); i++)
            if (codec_filter_is_valid((struct codec_filter){ kind, strides[i] }, strides[i])) {
                check((struct codec_filter){ kind, strides[i] }, bytes, 262144);
                check((struct codec_filter){ kind, strides[i] }, bytes + 1, 1048576);
            }
    free(bytes);
}

Test(codec_filter, none_copies)
{
    const uint8_t bytes[] = { 1, 2, 3, 4, 5 };
    uint8_t to[5] = { 0 }, back[5] = { 0 };
    codec_filter_apply((struct codec_filter){ FILTER_NONE, 0 }, bytes, 5, to);
    cr_assert_arr_eq(to, bytes, 5);
    codec_filter_undo((struct codec_filter){ FILTER_NONE, 0 }, to, 5, back);
    cr_assert_arr_eq(back, bytes, 5);
}

Test(codec_filter, only_what_suits_the_rows_is_valid)
{
    static const struct {
        struct codec_filter filter;
        uint64_t row_bytes;
        bool is_valid;
    } cases[] = {
        { { FILTER_NONE, 0 }, 12, true },
        { { FILTER_NONE, 12 }, 12, false },
        { { FILTER_SPLIT, 12 }, 12, true },
        { { FILTER_SPLIT, 4 }, 12, true },
        { { FILTER_SPLIT, 2 }, 12, true },
        { { FILTER_SPLIT, 0 }, 12, false },
        { { FILTER_SPLIT, 1 }, 12, false },
        { { FILTER_SPLIT, 5 }, 12, false },
        { { FILTER_SPLIT, 24 }, 12, false },
        { { FILTER_SPLIT, 7 }, 7, true },
        { { FILTER_SPLIT, 4096 }, 4096, true },
        { { FILTER_SPLIT, 4097 }, 4097, false },
        { { FILTER_SPLIT, 8192 }, 8192, false },
        { { FILTER_SPLIT, UINT32_MAX }, UINT32_MAX, false },
        { { FILTER_SPLIT, 4096 }, UINT64_C(1) << 63, true },
        { { FILTER_DELTA4, 12 }, 12, true },
        { { FILTER_DELTA4, 4 }, 12, true },
        { { FILTER_DELTA4, 2 }, 12, false },
        { { FILTER_DELTA4, 6 }, 12, false },
        { { FILTER_DELTA4, 0 }, 12, false },
        { { FILTER_DELTA8, 8 }, 16, true },
        { { FILTER_DELTA8, 12 }, 12, false },
        { { FILTER_DELTA8, 4 }, 8, false },
        { { FILTER_BITS, 1 }, 4097, true },
        { { FILTER_BITS, 0 }, 8, false },
        { { FILTER_BITS, 64 }, 64, true },
        { { FILTER_BITS, 64 }, 128, true },
        { { FILTER_BITS, 65 }, 65, false },
        { { FILTER_BITS_DELTA4, 12 }, 12, true },
        { { FILTER_BITS_DELTA4, 2 }, 4, false },
        { { FILTER_BITS_DELTA4, 1 }, 4, false },
        { { FILTER_BITS_DELTA8, 24 }, 24, true },
        { { FILTER_BITS_DELTA8, 12 }, 24, false },
        { { 7, 4 }, 4, false },
        { { UINT32_MAX, 4 }, 4, false },
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        cr_assert_eq(codec_filter_is_valid(cases[i].filter, cases[i].row_bytes), cases[i].is_valid,
                     "kind %u, stride %u, rows of %llu bytes", cases[i].filter.kind, cases[i].filter.stride,
                     (unsigned long long)cases[i].row_bytes);
}

/* They stand in files. */
Test(codec_filter, the_numbers_stay)
{
    cr_assert_eq(FILTER_NONE, 0);
    cr_assert_eq(FILTER_SPLIT, 1);
    cr_assert_eq(FILTER_DELTA4, 2);
    cr_assert_eq(FILTER_DELTA8, 3);
    cr_assert_eq(FILTER_BITS, 4);
    cr_assert_eq(FILTER_BITS_DELTA4, 5);
    cr_assert_eq(FILTER_BITS_DELTA8, 6);
    cr_assert_eq(FILTER_BITS_STRIDE_MAX, 64);
    cr_assert_eq(FILTER_STRIDE_MAX, 4096);
}
