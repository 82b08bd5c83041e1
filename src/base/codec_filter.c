/*
 * The filters, made of the loops of codec_split.h. Planes of bits are planes of bytes taken for rows of 8 bytes, each
 * of which is split once more; some rows at a time, so that the planes of bytes stay in a near cache.
 */
#include "codec_filter.h"

#include "bytes.h"
#include "codec_split.h"

#include <assert.h>

enum {
    ROWS_OF_BITS = 8, /* of which each plane of bits has a byte */
    NEAR_BYTES = 16 * 1024,
    NEAR_ROWS = 128, /* or a multiple, so that vectors take all of them */
};
static_assert(NEAR_BYTES >= NEAR_ROWS * FILTER_BITS_STRIDE_MAX, "there is room for rows of each stride");

/* The loops of each kind. */
static const struct filter_form {
    int lane;
    bool has_bits;
} filter_forms[FILTER_COUNT] = {
    [FILTER_DELTA4] = { 4, false },     [FILTER_DELTA8] = { 8, false },     [FILTER_BITS] = { 0, true },
    [FILTER_BITS_DELTA4] = { 4, true }, [FILTER_BITS_DELTA8] = { 8, true },
};

bool codec_filter_has_bits(struct codec_filter filter)
{
    return filter_forms[filter.kind].has_bits;
}

size_t codec_filter_plane_bytes(struct codec_filter filter, size_t size)
{
    if (filter.kind == FILTER_NONE)
        return 0;
    return size / filter.stride / (codec_filter_has_bits(filter) ? ROWS_OF_BITS : 1);
}

bool codec_filter_is_valid(struct codec_filter filter, uint64_t row_bytes)
{
    if (filter.kind >= FILTER_COUNT)
        return false;
    if (filter.kind == FILTER_NONE)
        return filter.stride == 0;
    const struct filter_form form = filter_forms[filter.kind];
    const uint32_t least = form.has_bits ? 1 : FILTER_STRIDE_MIN;
    const uint32_t most = form.has_bits ? FILTER_BITS_STRIDE_MAX : FILTER_STRIDE_MAX;
    return filter.stride >= least && filter.stride <= most && row_bytes % filter.stride == 0 &&
           (!form.lane || filter.stride % (uint32_t)form.lane == 0);
}

/* Rows whose planes of bytes are kept nearby. Rows of one byte are their own plane. */
static struct split split_near(const struct split *split, size_t row, uint8_t planes[NEAR_BYTES])
{
    const size_t count = min_u64(split->count - row, NEAR_BYTES / split->stride / NEAR_ROWS * NEAR_ROWS);
    uint8_t *rows = split->rows + row * split->stride;
    return (struct split){ rows, split->stride == 1 ? rows : planes, count, split->stride, count, row > 0 };
}

/* A nearby plane of bytes, and its planes of bits. */
static struct split split_bits(const struct split *split, size_t row, const struct split *near, size_t at)
{
    uint8_t *planes = split->planes + at * split->count + row / ROWS_OF_BITS;
    return (struct split){ near->planes + at * near->count, planes, near->count / ROWS_OF_BITS, ROWS_OF_BITS,
                           split->count / ROWS_OF_BITS,     false };
}

static void bits_apply(const struct split *split, int lane)
{
    uint8_t planes[NEAR_BYTES];
    for (size_t row = 0; row < split->count;) {
        const struct split near = split_near(split, row, planes);
        if (split->stride > 1)
            split_apply(&near, lane);
        for (size_t at = 0; at < split->stride; at++) {
            const struct split bits = split_bits(split, row, &near, at);
            split_apply(&bits, SPLIT_BITS);
        }
        row += near.count;
    }
}

static void bits_undo(const struct split *split, int lane)
{
    uint8_t planes[NEAR_BYTES];
    for (size_t row = 0; row < split->count;) {
        const struct split near = split_near(split, row, planes);
        for (size_t at = 0; at < split->stride; at++) {
            const struct split bits = split_bits(split, row, &near, at);
            split_undo(&bits, SPLIT_BITS);
        }
        if (split->stride > 1)
            split_undo(&near, lane);
        row += near.count;
    }
}

/* The whole rows and planes of a block: those of bits take rows eight by eight. */
static struct split split_whole(struct codec_filter filter, const uint8_t *rows, const uint8_t *planes, size_t size)
{
    const size_t rows_at_once = codec_filter_has_bits(filter) ? ROWS_OF_BITS : 1;
    const size_t count = size / filter.stride / rows_at_once * rows_at_once;
    return (
        struct split){ (uint8_t *)(uintptr_t)rows, (uint8_t *)(uintptr_t)planes, count, filter.stride, count, false };
}

void codec_filter_apply(struct codec_filter filter, const uint8_t *bytes, size_t size, uint8_t *to)
{
    size_t done = 0;
    if (filter.kind != FILTER_NONE) {
        const struct filter_form form = filter_forms[filter.kind];
        const struct split split = split_whole(filter, bytes, to, size);
        (form.has_bits ? bits_apply : split_apply)(&split, form.lane);
        done = split.count * split.stride;
    }
    if (done < size)
        memcpy(to + done, bytes + done, size - done);
}

void codec_filter_undo(struct codec_filter filter, const uint8_t *filtered, size_t size, uint8_t *to)
{
    size_t done = 0;
    if (filter.kind != FILTER_NONE) {
        const struct filter_form form = filter_forms[filter.kind];
        const struct split split = split_whole(filter, to, filtered, size);
        (form.has_bits ? bits_undo : split_undo)(&split, form.lane);
        done = split.count * split.stride;
    }
    if (done < size)
        memcpy(to + done, filtered + done, size - done);
}
