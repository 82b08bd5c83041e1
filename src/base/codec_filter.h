/*
 * Filters: reversible rearrangements of the bytes of rows, after which a compressor finds more. A filter changes no
 * size.
 *
 *     none     the bytes as they are
 *     split    n rows of `stride` bytes become `stride` planes of n bytes: all first bytes, all second ones, ...
 *     delta4   each row's little-endian u32 lanes minus those of the row before, modulo 2^32, then split; before the
 *              first row are zeros
 *     delta8   the same with u64 lanes
 *     bits     split; then each plane of n bytes, n a multiple of 8, becomes 8 planes of n/8 bytes: of all lowest bits,
 *              of all second ones, ... The lowest bit of a byte is that of the first of eight rows
 *     bits of delta4, bits of delta8: the differences, then as bits
 *
 * What follows the last whole row, or the last eight, stays behind the planes, as it is.
 */
#ifndef PECS_BASE_CODEC_FILTER_H
#define PECS_BASE_CODEC_FILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Numbers of the file: they never change. */
enum {
    FILTER_NONE = 0,
    FILTER_SPLIT = 1,
    FILTER_DELTA4 = 2,
    FILTER_DELTA8 = 3,
    FILTER_BITS = 4,
    FILTER_BITS_DELTA4 = 5,
    FILTER_BITS_DELTA8 = 6,
    FILTER_COUNT
};

enum { FILTER_STRIDE_MIN = 2, FILTER_STRIDE_MAX = 4096, FILTER_BITS_STRIDE_MAX = 64 };

struct codec_filter {
    uint32_t kind;
    uint32_t stride; /* bytes of a row as the filter sees it; 0 for none */
};

/*
 * Whether the filter exists and suits rows of row_bytes, which is not 0: the stride divides them, and the lanes divide
 * the stride. Any numbers may be given. The other functions need a valid filter.
 */
bool codec_filter_is_valid(struct codec_filter filter, uint64_t row_bytes);

/* Whether its planes are of bits; and the bytes of each, of a block of `size` bytes; of none, 0. */
bool codec_filter_has_bits(struct codec_filter filter);
size_t codec_filter_plane_bytes(struct codec_filter filter, size_t size);

/* Filters `size` bytes, and undoes it. The ranges must not overlap; no alignment is needed. */
void codec_filter_apply(struct codec_filter filter, const uint8_t *bytes, size_t size, uint8_t *to);
void codec_filter_undo(struct codec_filter filter, const uint8_t *filtered, size_t size, uint8_t *to);

#endif
