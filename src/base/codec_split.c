/*
 * Rows into planes and back. Sixteen rows, a tile, go through vector registers at once: the bytes of a tile are
 * transposed by perfect shuffles, and differences are made and summed in the same registers. Vectors are those of gcc
 * and clang, of 16 bytes, which every processor of 64 bits has; nothing here depends on a later instruction set.
 *
 * A perfect shuffle interleaves the two halves of a list of vectors, which rotates the bits of each byte's place to the
 * left by one. So four of them transpose 16 x 16 bytes, two take 4 planes of a tile to rows, and four take those rows
 * to planes. Strides of 2, 4 and 8 have tiles of their own width, and so has 3 on the way back; all others pass in
 * groups of 16 planes. Where the stride is no multiple of 16, the last group overlaps the one before, and rows of less
 * than 16 bytes are written with what follows them, in ascending order, so that the next row corrects it.
 *
 * Eight vectors of a tile, in which each byte's place is that of its row, have their bits transposed by exchanges.
 *
 * Rows that are left, and the first row, which has none before it, are done byte by byte.
 */
#include "codec_split.h"

#include "bytes.h"

#define INLINE static inline __attribute__((always_inline))

enum {
    TILE = 16,  /* rows; bytes of a vector */
    STRIP = 64, /* rows or planes; bytes of a cache line */
    FAR = 1024, /* of rows that are a multiple of it apart, a cache cannot keep a strip */
};

/* Sums of lanes in registers need the byte order of the file. */
enum { LANES_ARE_LITTLE = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ };

typedef uint8_t vector8 __attribute__((vector_size(TILE)));
typedef uint32_t vector32 __attribute__((vector_size(TILE)));
typedef uint64_t vector64 __attribute__((vector_size(TILE)));

#ifdef __clang__
#define SHUFFLE(type, a, b, ...) __builtin_shufflevector(a, b, __VA_ARGS__)
#define UNROLL _Pragma("clang loop unroll(full)")
#else
#define SHUFFLE(type, a, b, ...) __builtin_shuffle(a, b, (type){ __VA_ARGS__ })
#define UNROLL _Pragma("GCC unroll 16") /* at -O2 too: vectors in an array would stay in memory */
#endif
#define LOW(a, b) SHUFFLE(vector8, a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23)
#define HIGH(a, b) SHUFFLE(vector8, a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31)
#define SHUFFLE_PAIR(i, half)                                                                                          \
    (to[(size_t)2 * (i)] = LOW(v[i], v[(i) + (half)]), to[(size_t)2 * (i) + 1] = HIGH(v[i], v[(i) + (half)]))

INLINE vector8 vector_load(const uint8_t *bytes)
{
    vector8 vector;
    memcpy(&vector, bytes, TILE);
    return vector;
}

INLINE void vector_store(uint8_t *to, vector8 vector)
{
    memcpy(to, &vector, TILE);
}

INLINE vector8 vector_add(vector8 a, vector8 b, int lane)
{
    return lane == 4 ? (vector8)((vector32)a + (vector32)b) : (vector8)((vector64)a + (vector64)b);
}

INLINE vector8 vector_subtract(vector8 a, vector8 b, int lane)
{
    return lane == 4 ? (vector8)((vector32)a - (vector32)b) : (vector8)((vector64)a - (vector64)b);
}

/* Perfect shuffles of 4, 8 and 16 vectors. */
INLINE void shuffle4(const vector8 *v, vector8 *to)
{
    SHUFFLE_PAIR(0, 2), SHUFFLE_PAIR(1, 2);
}

INLINE void shuffle8(const vector8 *v, vector8 *to)
{
    SHUFFLE_PAIR(0, 4), SHUFFLE_PAIR(1, 4), SHUFFLE_PAIR(2, 4), SHUFFLE_PAIR(3, 4);
}

INLINE void shuffle16(const vector8 *v, vector8 *to)
{
    SHUFFLE_PAIR(0, 8), SHUFFLE_PAIR(1, 8), SHUFFLE_PAIR(2, 8), SHUFFLE_PAIR(3, 8);
    SHUFFLE_PAIR(4, 8), SHUFFLE_PAIR(5, 8), SHUFFLE_PAIR(6, 8), SHUFFLE_PAIR(7, 8);
}

/* Four shuffles: 16 x 16 bytes transposed. */
INLINE void transpose16(vector8 v[16])
{
    vector8 other[16];
    shuffle16(v, other), shuffle16(other, v);
    shuffle16(v, other), shuffle16(other, v);
}

/* Of rows i and j of 8 x 8 bits, the bits that are `by` apart. */
INLINE void swap_bits(vector8 v[8], size_t i, uint32_t by, uint8_t lower)
{
    const uint64_t mask = UINT64_C(0x0101010101010101) * lower;
    const vector64 low = { mask, mask }, a = (vector64)v[i], b = (vector64)v[i + by], differ = (a >> by ^ b) & low;
    v[i] = (vector8)(a ^ differ << by);
    v[i + by] = (vector8)(b ^ differ);
}

/* 8 x 8 bits, 16 times: bit k of a byte of v[i] becomes bit i of that byte of v[k]. */
INLINE void transpose_bits(vector8 v[8])
{
    swap_bits(v, 0, 4, 0x0f), swap_bits(v, 1, 4, 0x0f), swap_bits(v, 2, 4, 0x0f), swap_bits(v, 3, 4, 0x0f);
    swap_bits(v, 0, 2, 0x33), swap_bits(v, 1, 2, 0x33), swap_bits(v, 4, 2, 0x33), swap_bits(v, 5, 2, 0x33);
    swap_bits(v, 0, 1, 0x55), swap_bits(v, 2, 1, 0x55), swap_bits(v, 4, 1, 0x55), swap_bits(v, 6, 1, 0x55);
}

/* Each function of a tile takes 16 rows from `row` on; `lane` is 0, 4 or 8, and not 0 only if there is a row before. */

/* Rows of 2 bytes, which have no lanes: each vector is eight of them. */
INLINE void apply_tile2(const struct split *split, size_t row)
{
    const uint8_t *from = split->rows + 2 * row;
    const vector8 a = vector_load(from), b = vector_load(from + TILE);
    vector_store(split->planes + row,
                 SHUFFLE(vector8, a, b, 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30));
    vector_store(split->planes + split->step + row,
                 SHUFFLE(vector8, a, b, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31));
}

INLINE void undo_tile2(const struct split *split, size_t row)
{
    const vector8 a = vector_load(split->planes + row), b = vector_load(split->planes + split->step + row);
    vector_store(split->rows + 2 * row, LOW(a, b));
    vector_store(split->rows + 2 * row + TILE, HIGH(a, b));
}

/* Rows of 3 bytes, in places of 4: the fourth byte of each is written before the next row, which corrects it. */
INLINE void undo_tile3(const struct split *split, size_t row)
{
    uint8_t *to = split->rows + 3 * row;
    uint8_t places[4 * TILE];
    vector8 v[4], other[4];
    UNROLL
    for (size_t i = 0; i < 4; i++)
        v[i] = vector_load(split->planes + (i < 3 ? i : 2) * split->step + row);
    shuffle4(v, other), shuffle4(other, v);
    UNROLL
    for (size_t i = 0; i < 4; i++)
        vector_store(places + 16 * i, v[i]);
    UNROLL
    for (size_t i = 0; i < 16; i++)
        memcpy(to + 3 * i, places + 4 * i, 4);
}

/* Rows of 4 bytes: each vector is four of them. */
INLINE void apply_tile4(const struct split *split, size_t row, int lane)
{
    const uint8_t *from = split->rows + 4 * row;
    vector8 v[4], other[4];
    UNROLL
    for (size_t i = 0; i < 4; i++)
        v[i] = vector_load(from + 16 * i);
    if (lane) {
        UNROLL
        for (size_t i = 0; i < 4; i++)
            v[i] = vector_subtract(v[i], vector_load(from + 16 * i - 4), lane);
    }
    shuffle4(v, other), shuffle4(other, v);
    shuffle4(v, other), shuffle4(other, v);
    UNROLL
    for (size_t i = 0; i < 4; i++)
        vector_store(split->planes + i * split->step + row, v[i]);
}

INLINE void undo_tile4(const struct split *split, size_t row, int lane)
{
    uint8_t *to = split->rows + 4 * row;
    vector8 v[4], other[4];
    UNROLL
    for (size_t i = 0; i < 4; i++)
        v[i] = vector_load(split->planes + i * split->step + row);
    shuffle4(v, other), shuffle4(other, v);
    if (lane) {
        uint32_t last;
        memcpy(&last, to - 4, 4);
        vector32 sum = { last, last, last, last };
        UNROLL
        for (size_t i = 0; i < 4; i++) {
            const vector32 zero = { 0 };
            vector32 rows = (vector32)v[i];
            rows += SHUFFLE(vector32, rows, zero, 4, 0, 1, 2);
            rows += SHUFFLE(vector32, rows, zero, 4, 4, 0, 1);
            rows += sum;
            sum = SHUFFLE(vector32, rows, rows, 3, 3, 3, 3);
            v[i] = (vector8)rows;
        }
    }
    UNROLL
    for (size_t i = 0; i < 4; i++)
        vector_store(to + 16 * i, v[i]);
}

/* Rows of 8 bytes: each vector is two of them. With SPLIT_BITS, planes are of bits: of 8 rows of one byte. */
INLINE void apply_tile8(const struct split *split, size_t row, int lane)
{
    const uint8_t *from = split->rows + 8 * row;
    vector8 v[8], other[8];
    UNROLL
    for (size_t i = 0; i < 8; i++)
        v[i] = vector_load(from + 16 * i);
    if (lane > SPLIT_BITS) {
        UNROLL
        for (size_t i = 0; i < 8; i++)
            v[i] = vector_subtract(v[i], vector_load(from + 16 * i - 8), lane);
    }
    shuffle8(v, other), shuffle8(other, v);
    shuffle8(v, other), shuffle8(other, v);
    if (lane == SPLIT_BITS)
        transpose_bits(v);
    UNROLL
    for (size_t i = 0; i < 8; i++)
        vector_store(split->planes + i * split->step + row, v[i]);
}

INLINE void undo_tile8(const struct split *split, size_t row, int lane)
{
    uint8_t *to = split->rows + 8 * row;
    vector8 v[8], other[8];
    UNROLL
    for (size_t i = 0; i < 8; i++)
        other[i] = vector_load(split->planes + i * split->step + row);
    if (lane == SPLIT_BITS)
        transpose_bits(other);
    shuffle8(other, v), shuffle8(v, other), shuffle8(other, v);
    if (lane > SPLIT_BITS) {
        uint64_t last;
        memcpy(&last, to - 8, 8);
        vector64 sum = { last, last };
        UNROLL
        for (size_t i = 0; i < 8; i++) {
            const vector64 zero = { 0 }, rows = (vector64)v[i];
            v[i] = vector_add(v[i], (vector8)SHUFFLE(vector64, rows, zero, 2, 0), lane);
            v[i] = vector_add(v[i], (vector8)sum, lane);
            const vector64 summed = (vector64)v[i];
            sum = SHUFFLE(vector64, summed, summed, 1, 1);
        }
    }
    UNROLL
    for (size_t i = 0; i < 8; i++)
        vector_store(to + 16 * i, v[i]);
}

/*
 * Rows of plane_count bytes, at most 16, in a place of 16. What lies behind them is moved too: here into the last
 * plane, before that plane's own bytes; there out of the last plane, to where the next row is written later.
 */
INLINE void apply_tile16(const struct split *split, size_t row, size_t plane_count, int lane)
{
    const uint8_t *from = split->rows + row * split->stride;
    vector8 v[16];
    UNROLL
    for (size_t i = 0; i < 16; i++)
        v[i] = vector_load(from + i * split->stride);
    if (lane) {
        UNROLL
        for (size_t i = 15; i > 0; i--)
            v[i] = vector_subtract(v[i], v[i - 1], lane);
        v[0] = vector_subtract(v[0], vector_load(from - split->stride), lane);
    }
    transpose16(v);
    UNROLL
    for (size_t i = 16; i-- > 0;)
        vector_store(split->planes + (i < plane_count ? i : plane_count - 1) * split->step + row, v[i]);
}

INLINE void undo_tile16(const struct split *split, size_t row, size_t plane_count, int lane)
{
    uint8_t *to = split->rows + row * split->stride;
    vector8 v[16];
    UNROLL
    for (size_t i = 0; i < 16; i++)
        v[i] = vector_load(split->planes + (i < plane_count ? i : plane_count - 1) * split->step + row);
    transpose16(v);
    if (lane) {
        v[0] = vector_add(v[0], vector_load(to - split->stride), lane);
        UNROLL
        for (size_t i = 1; i < 16; i++)
            v[i] = vector_add(v[i], v[i - 1], lane);
    }
    UNROLL
    for (size_t i = 0; i < 16; i++)
        vector_store(to + i * split->stride, v[i]);
}

/*
 * 16 planes from plane `at` on, of as many rows as a cache line has bytes, or a multiple of a tile less, by way of
 * nearby memory: where planes are a multiple of 4 KiB apart, a cache cannot keep a line of each.
 */
INLINE void apply_strip16(const struct split *split, size_t row, size_t row_count, size_t at, int lane)
{
    uint8_t planes[16 * STRIP];
    const struct split near = { split->rows + row * split->stride + at, planes, .stride = split->stride,
                                .step = STRIP };
    for (size_t i = 0; i < row_count; i += TILE)
        apply_tile16(&near, i, 16, lane);
    for (size_t i = 0; i < 16; i++)
        for (size_t k = 0; k < row_count; k += TILE)
            memcpy(split->planes + (at + i) * split->step + row + k, planes + i * STRIP + k, TILE);
}

INLINE void undo_strip16(const struct split *split, size_t row, size_t row_count, size_t at, int lane)
{
    uint8_t planes[16 * STRIP];
    const struct split near = { split->rows + row * split->stride + at, planes, .stride = split->stride,
                                .step = STRIP };
    for (size_t i = 0; i < 16; i++)
        for (size_t k = 0; k < row_count; k += TILE)
            memcpy(planes + i * STRIP + k, split->planes + (at + i) * split->step + row + k, TILE);
    for (size_t i = 0; i < row_count; i += TILE)
        undo_tile16(&near, i, 16, lane);
}

/*
 * The same of 64 planes, so that each row gets a whole line: where rows are a multiple of 1 KiB apart, a cache cannot
 * keep a line of each until the next planes come. Nearby rows have the one before them, too.
 */
INLINE void undo_strip64(const struct split *split, size_t row, size_t row_count, size_t at, int lane)
{
    uint8_t planes[STRIP * STRIP], rows[(1 + STRIP) * STRIP];
    uint8_t *to = split->rows + row * split->stride + at;
    for (size_t i = 0; i < STRIP; i++)
        for (size_t k = 0; k < row_count; k += TILE)
            memcpy(planes + i * STRIP + k, split->planes + (at + i) * split->step + row + k, TILE);
    if (lane)
        memcpy(rows, to - split->stride, STRIP);
    for (size_t i = 0; i < STRIP; i += 16) {
        const struct split near = { rows + STRIP + i, planes + i * STRIP, .stride = STRIP, .step = STRIP };
        for (size_t k = 0; k < row_count; k += TILE)
            undo_tile16(&near, k, 16, lane);
    }
    for (size_t i = 0; i < row_count; i++)
        memcpy(to + i * split->stride, rows + (1 + i) * STRIP, STRIP);
}

/* All planes of a strip. `wide` is 2, 3, 4 or 8 for these strides, 16 from there on, and 1 for others. */
INLINE void apply_strip(const struct split *split, size_t row, size_t row_count, int wide, int lane)
{
    if (wide == 16)
        for (size_t at = 0; at < split->stride; at += 16)
            apply_strip16(split, row, row_count, min_u64(at, split->stride - 16), lane);
    else
        for (size_t end = row + row_count; row < end; row += TILE)
            wide == 2   ? apply_tile2(split, row)
            : wide == 4 ? apply_tile4(split, row, lane)
            : wide == 8 ? apply_tile8(split, row, lane)
                        : apply_tile16(split, row, split->stride, lane);
}

INLINE void undo_strip(const struct split *split, size_t row, size_t row_count, int wide, int lane)
{
    if (wide == 16 && split->stride % FAR == 0)
        for (size_t at = 0; at < split->stride; at += STRIP)
            undo_strip64(split, row, row_count, at, lane);
    else if (wide == 16)
        for (size_t at = 0; at < split->stride; at += 16)
            undo_strip16(split, row, row_count, min_u64(at, split->stride - 16), lane);
    else
        for (size_t end = row + row_count; row < end; row += TILE)
            wide == 2   ? undo_tile2(split, row)
            : wide == 3 ? undo_tile3(split, row)
            : wide == 4 ? undo_tile4(split, row, lane)
            : wide == 8 ? undo_tile8(split, row, lane)
                        : undo_tile16(split, row, split->stride, lane);
}

/* A number whose bytes are `step` apart. */
static uint64_t lane_load(const uint8_t *bytes, size_t step, size_t size)
{
    uint64_t value = 0;
    for (size_t i = 0; i < size; i++)
        value |= (uint64_t)bytes[i * step] << (8 * i);
    return value;
}

static void lane_store(uint8_t *to, size_t step, size_t size, uint64_t value)
{
    for (size_t i = 0; i < size; i++)
        to[i * step] = (uint8_t)(value >> (8 * i));
}

/* Rows from `first` to before `end`, byte by byte. */
static void apply_plain(const struct split *split, size_t first, size_t end, int lane)
{
    const size_t unit = lane ? (size_t)lane : 1;
    for (size_t row = first; row < end; row++) {
        const uint8_t *from = split->rows + row * split->stride;
        for (size_t at = 0; at < split->stride; at += unit) {
            uint64_t value = lane_load(from + at, 1, unit);
            if (lane && (row || split->has_before))
                value -= lane_load(from + at - split->stride, 1, unit);
            lane_store(split->planes + at * split->step + row, split->step, unit, value);
        }
    }
}

static void undo_plain(const struct split *split, size_t first, size_t end, int lane)
{
    const size_t unit = lane ? (size_t)lane : 1;
    for (size_t row = first; row < end; row++) {
        uint8_t *to = split->rows + row * split->stride;
        for (size_t at = 0; at < split->stride; at += unit) {
            uint64_t value = lane_load(split->planes + at * split->step + row, split->step, unit);
            if (lane && (row || split->has_before))
                value += lane_load(to + at - split->stride, 1, unit);
            lane_store(to + at, 1, unit, value);
        }
    }
}

/* The same of rows of 8 bytes and planes of bits. */
static void apply_plain_bits(const struct split *split, size_t first, size_t end)
{
    for (size_t row = first; row < end; row++) {
        const uint8_t *from = split->rows + 8 * row;
        for (size_t bit = 0; bit < 8; bit++) {
            uint32_t byte = 0;
            for (size_t i = 0; i < 8; i++)
                byte |= (from[i] >> bit & 1u) << i;
            split->planes[bit * split->step + row] = (uint8_t)byte;
        }
    }
}

static void undo_plain_bits(const struct split *split, size_t first, size_t end)
{
    for (size_t row = first; row < end; row++) {
        uint8_t *to = split->rows + 8 * row;
        memset(to, 0, 8);
        for (size_t bit = 0; bit < 8; bit++)
            for (size_t i = 0; i < 8; i++)
                to[i] |= (uint8_t)((split->planes[bit * split->step + row] >> i & 1u) << bit);
    }
}

/* Which rows vectors may take: all before the returned one. A tile of short rows reaches into those behind it. */
static size_t split_vectors_end(const struct split *split, int wide, int lane)
{
    const size_t beyond = wide == 1 || wide == 3 ? 15 / split->stride : 0;
    return (lane > SPLIT_BITS && !LANES_ARE_LITTLE) || beyond >= split->count ? 0 : split->count - beyond;
}

/* The strip at `row`: its rows, or 0 if there are too few. The last one may begin earlier, in rows that are done. */
static size_t strip_next(size_t *row, size_t first, size_t end)
{
    const size_t left = end - *row;
    if (left >= STRIP)
        return STRIP;
    if (left >= TILE)
        return left - left % TILE;
    if (!left || end - first < TILE)
        return 0;
    *row = end - TILE;
    return TILE;
}

/* Rows before the one returned have none before them, which vectors need. */
static size_t split_vectors_first(const struct split *split, int lane)
{
    return lane > SPLIT_BITS && split->count && !split->has_before ? 1 : 0;
}

INLINE void apply_all(const struct split *split, int wide, int lane)
{
    const size_t first = split_vectors_first(split, lane), end = max_u64(split_vectors_end(split, wide, lane), first);
    size_t row = first;
    apply_plain(split, 0, first, lane);
    for (size_t count; (count = strip_next(&row, first, end)) > 0; row += count)
        apply_strip(split, row, count, wide, lane);
    if (lane == SPLIT_BITS)
        apply_plain_bits(split, row, split->count);
    else
        apply_plain(split, row, split->count, lane);
}

INLINE void undo_all(const struct split *split, int wide, int lane)
{
    const size_t first = split_vectors_first(split, lane), end = max_u64(split_vectors_end(split, wide, lane), first);
    size_t row = first;
    undo_plain(split, 0, first, lane);
    for (size_t count; (count = strip_next(&row, first, end)) > 0; row += count)
        undo_strip(split, row, count, wide, lane);
    if (lane == SPLIT_BITS)
        undo_plain_bits(split, row, split->count);
    else
        undo_plain(split, row, split->count, lane);
}

/* Code for each width of a tile and each lane. Strides below 16 but 8 have no lanes of 8. */
#define FOR_EACH_SHAPE(do_all, split, lane)                                                                            \
    do {                                                                                                               \
        if ((split)->stride == 2)                                                                                      \
            do_all(split, 2, 0);                                                                                       \
        else if ((split)->stride == 3)                                                                                 \
            do_all(split, 3, 0);                                                                                       \
        else if ((split)->stride == 4)                                                                                 \
            (lane) ? do_all(split, 4, 4) : do_all(split, 4, 0);                                                        \
        else if ((split)->stride == 8 && (lane) == SPLIT_BITS)                                                         \
            do_all(split, 8, SPLIT_BITS);                                                                              \
        else if ((split)->stride == 8)                                                                                 \
            (lane) == 8 ? do_all(split, 8, 8) : (lane) ? do_all(split, 8, 4) : do_all(split, 8, 0);                    \
        else if ((split)->stride < 16)                                                                                 \
            (lane) ? do_all(split, 1, 4) : do_all(split, 1, 0);                                                        \
        else                                                                                                           \
            (lane) == 8 ? do_all(split, 16, 8) : (lane) ? do_all(split, 16, 4) : do_all(split, 16, 0);                 \
    } while (0)

void split_apply(const struct split *split, int lane)
{
    FOR_EACH_SHAPE(apply_all, split, lane);
}

void split_undo(const struct split *split, int lane)
{
    FOR_EACH_SHAPE(undo_all, split, lane);
}
