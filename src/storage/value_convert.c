/*
 * Each step is done for all values before the next, so its loop has constants only. A number goes through the widest
 * number of its sort, in blocks that stay in the cache: a loop that reads and one that writes for each kind, instead of
 * one for each pair.
 */
#include "value_convert.h"

#include "bytes.h"
#include "utf8.h"
#include "value_blend.h"

static void convert_lose(const struct value_convert *convert, const struct map_step *step,
                         const struct convert_values *values, uint64_t index, uint64_t count)
{
    struct loss_tally *tally = &convert->tallies[step->loss];
    const uint64_t row = values->row + (values->is_within_row ? 0 : index);
    tally->first_row = tally->count ? min_u64(tally->first_row, row) : row;
    tally->count += count;
}

/* Loops with a constant size, of which the compiler makes moves. `from` may be one value for all, with stride 0. */
static void convert_copy_bytes(uint8_t *to, size_t to_stride, const uint8_t *from, size_t from_stride, uint32_t size,
                               uint64_t count)
{
    /* clang-format off */
    switch (size) {
#define X(constant)                                                                                                    \
    case constant:                                                                                                     \
        for (uint64_t i = 0; i < count; i++)                                                                           \
            memcpy(to + i * to_stride, from + i * from_stride, constant);                                              \
        return;
    X(1) X(2) X(4) X(8) X(12) X(16) X(24) X(32)
#undef X
    default:
        for (uint64_t i = 0; i < count; i++)
            memcpy(to + i * to_stride, from + i * from_stride, size);
    }
    /* clang-format on */
}

static void convert_copy(const struct map_step *step, const struct convert_values *values)
{
    convert_copy_bytes(values->to + step->to, values->to_stride, values->from + step->from, values->from_stride,
                       step->to_bytes, values->count);
}

static void convert_constant(const struct map_step *step, const struct convert_values *values)
{
    static const uint8_t zeros[32];
    uint8_t *to = values->to + step->to;
    if (step->of.bytes || step->to_bytes <= sizeof(zeros))
        convert_copy_bytes(to, values->to_stride, step->of.bytes ? step->of.bytes : zeros, 0, step->to_bytes,
                           values->count);
    else
        for (uint64_t i = 0; i < values->count; i++)
            memset(to + i * values->to_stride, 0, step->to_bytes);
}

enum { CONVERT_BLOCK = 256 };

/* A block of numbers in the widest kind of their sort. */
struct numbers {
    enum { NUMBERS_SIGNED, NUMBERS_UNSIGNED, NUMBERS_FLOAT } sort;
    union {
        int64_t integers[CONVERT_BLOCK];
        uint64_t naturals[CONVERT_BLOCK];
        double floats[CONVERT_BLOCK];
    } of;
};

static pecs_kind convert_plain_kind(pecs_kind kind, uint32_t size_bytes)
{
    if (kind != PECS_ENUM)
        return kind;
    return size_bytes == 1 ? PECS_U8 : size_bytes == 2 ? PECS_U16 : PECS_U32;
}

#define CONVERT_FOR_KINDS(X)                                                                                           \
    X(PECS_BOOL, uint8_t, NUMBERS_UNSIGNED, naturals)                                                                  \
    X(PECS_I8, int8_t, NUMBERS_SIGNED, integers)                                                                       \
    X(PECS_I16, int16_t, NUMBERS_SIGNED, integers)                                                                     \
    X(PECS_I32, int32_t, NUMBERS_SIGNED, integers)                                                                     \
    X(PECS_I64, int64_t, NUMBERS_SIGNED, integers)                                                                     \
    X(PECS_U8, uint8_t, NUMBERS_UNSIGNED, naturals)                                                                    \
    X(PECS_U16, uint16_t, NUMBERS_UNSIGNED, naturals)                                                                  \
    X(PECS_U32, uint32_t, NUMBERS_UNSIGNED, naturals)                                                                  \
    X(PECS_U64, uint64_t, NUMBERS_UNSIGNED, naturals)                                                                  \
    X(PECS_F32, float, NUMBERS_FLOAT, floats)                                                                          \
    X(PECS_F64, double, NUMBERS_FLOAT, floats)

static void convert_read_numbers(struct numbers *numbers, pecs_kind kind, const uint8_t *from, size_t stride,
                                 uint32_t count)
{
    switch (kind) {
#define X(kind_, type, sort_, member)                                                                                  \
    case kind_:                                                                                                        \
        numbers->sort = sort_;                                                                                         \
        for (uint32_t i = 0; i < count; i++) {                                                                         \
            type number;                                                                                               \
            memcpy(&number, from + i * stride, sizeof(number));                                                        \
            numbers->of.member[i] = number;                                                                            \
        }                                                                                                              \
        return;
        CONVERT_FOR_KINDS(X)
#undef X
    default:
        return;
    }
}

/*
 * What a number of each sort is as an integer of a kind from `lowest` to `highest`; false: another number. A bool is an
 * integer up to 1.
 */
static bool convert_to_integer(const struct numbers *numbers, uint32_t i, int64_t lowest, uint64_t highest,
                               uint64_t *ret_bits)
{
    if (numbers->sort == NUMBERS_UNSIGNED) {
        const uint64_t number = numbers->of.naturals[i];
        *ret_bits = min_u64(number, highest);
        return number <= highest;
    }
    if (numbers->sort == NUMBERS_SIGNED) {
        const int64_t number = numbers->of.integers[i];
        const int64_t near = number < lowest ? lowest : number;
        *ret_bits = near >= 0 ? min_u64((uint64_t)near, highest) : (uint64_t)near;
        return *ret_bits == (uint64_t)number;
    }
    const double number = numbers->of.floats[i];
    if (number >= (double)highest + 1) { /* 2^63 and 2^64 are exact */
        *ret_bits = highest;
        return false;
    }
    const double near = number != number ? 0 : number < (double)lowest ? (double)lowest : number;
    *ret_bits = near < 0 ? (uint64_t)(int64_t)near : (uint64_t)near;
    return number == (near < 0 ? (double)(int64_t)*ret_bits : (double)*ret_bits);
}

/* A float, which is another number where it does not come back as what it was. */
static bool convert_to_double(const struct numbers *numbers, uint32_t i, double *ret_number)
{
    const double number = numbers->sort == NUMBERS_FLOAT    ? numbers->of.floats[i]
                          : numbers->sort == NUMBERS_SIGNED ? (double)numbers->of.integers[i]
                                                            : (double)numbers->of.naturals[i];
    *ret_number = number;
    if (numbers->sort == NUMBERS_SIGNED)
        return number < 0x1p63 && (int64_t)number == numbers->of.integers[i];
    return numbers->sort == NUMBERS_FLOAT || (number < 0x1p64 && (uint64_t)number == numbers->of.naturals[i]);
}

static const struct {
    int64_t lowest;
    uint64_t highest;
} convert_ranges[] = {
    [PECS_BOOL] = { 0, 1 },
    [PECS_I8] = { INT8_MIN, INT8_MAX },
    [PECS_I16] = { INT16_MIN, INT16_MAX },
    [PECS_I32] = { INT32_MIN, INT32_MAX },
    [PECS_I64] = { INT64_MIN, INT64_MAX },
    [PECS_U8] = { 0, UINT8_MAX },
    [PECS_U16] = { 0, UINT16_MAX },
    [PECS_U32] = { 0, UINT32_MAX },
    [PECS_U64] = { 0, UINT64_MAX },
};

/* Writes one number; false: it is not the one that was read. */
static bool convert_write_number(const struct map_step *step, pecs_kind kind, const struct numbers *numbers, uint32_t i,
                                 uint8_t *to)
{
    if (kind == PECS_F32 || kind == PECS_F64) {
        double number;
        bool is_same = convert_to_double(numbers, i, &number);
        const float single = (float)number;
        is_same = is_same && (kind == PECS_F64 || (double)single == number || number != number);
        if (kind == PECS_F64)
            memcpy(to, &number, sizeof(number));
        else
            memcpy(to, &single, sizeof(single));
        return is_same;
    }
    uint64_t bits;
    const uint64_t highest = step->of.number.limit ? step->of.number.limit - 1 : convert_ranges[kind].highest;
    const bool is_same = convert_to_integer(numbers, i, convert_ranges[kind].lowest, highest, &bits);
    if (step->of.number.limit && !is_same)
        bits = 0;                      /* the nearest value of an enum is not nearer than another */
    memcpy(to, &bits, step->to_bytes); /* the low bytes: the host is little-endian */
    return is_same;
}

/* Numbers that always fit, of the same sort or of integers that are not negative. */
static bool convert_write_plain(const struct map_step *step, pecs_kind kind, const struct numbers *numbers, uint8_t *to,
                                size_t stride, uint32_t count)
{
    if (step->loss != MAP_NO_LOSS || (kind >= PECS_F32 && numbers->sort != NUMBERS_FLOAT))
        return false;
    switch (kind) {
#define X(kind_, type, sort_, member)                                                                                  \
    case kind_:                                                                                                        \
        for (uint32_t i = 0; i < count; i++) {                                                                         \
            const type number = (type)numbers->of.member[i];                                                           \
            memcpy(to + i * stride, &number, sizeof(number));                                                          \
        }                                                                                                              \
        return true;
        CONVERT_FOR_KINDS(X)
#undef X
    default:
        return false;
    }
}

static void convert_numbers(const struct value_convert *convert, const struct map_step *step,
                            const struct convert_values *values)
{
    const pecs_kind from_kind = convert_plain_kind(step->of.number.from, step->from_bytes);
    const pecs_kind to_kind = convert_plain_kind(step->of.number.to, step->to_bytes);
    struct numbers numbers = { .sort = NUMBERS_UNSIGNED };
    for (uint64_t row = 0; row < values->count; row += CONVERT_BLOCK) {
        const uint32_t count = (uint32_t)min_u64(values->count - row, CONVERT_BLOCK);
        uint8_t *to = values->to + step->to + row * values->to_stride;
        convert_read_numbers(&numbers, from_kind, values->from + step->from + row * values->from_stride,
                             values->from_stride, count);
        if (convert_write_plain(step, to_kind, &numbers, to, values->to_stride, count))
            continue;
        for (uint32_t i = 0; i < count; i++)
            if (!convert_write_number(step, to_kind, &numbers, i, to + i * values->to_stride))
                convert_lose(convert, step, values, row + i, 1);
    }
}

static void convert_enums(const struct value_convert *convert, const struct map_step *step,
                          const struct convert_values *values)
{
    for (uint64_t i = 0; i < values->count; i++) {
        uint32_t value = 0;
        memcpy(&value, values->from + step->from + i * values->from_stride, step->from_bytes);
        value = value < step->of.names.count ? step->of.names.values[value] : MAP_NO_VALUE;
        if (value == MAP_NO_VALUE) {
            value = 0;
            if (step->loss != MAP_NO_LOSS)
                convert_lose(convert, step, values, i, 1);
        }
        memcpy(values->to + step->to + i * values->to_stride, &value, step->to_bytes);
    }
}

/* Writes a text into a field, as much as there is room for, without splitting a character; false: not all of it. */
static bool convert_write_text(uint8_t *to, uint32_t room, const uint8_t *text, size_t size_bytes)
{
    size_t size = min_u64(size_bytes, room);
    while (size < size_bytes && size && (text[size] & 0xc0) == 0x80)
        size--;
    if (size)
        memcpy(to, text, size);
    memset(to + size, 0, room - size);
    return size == size_bytes;
}

static size_t convert_text_bytes(const uint8_t *text, uint32_t width)
{
    const uint8_t *end = memchr(text, 0, width);
    return end ? (size_t)(end - text) : width;
}

static pecs_status convert_texts(const struct value_convert *convert, const struct map_step *step,
                                 const struct convert_values *values)
{
    pecs_status status = PECS_OK;
    for (uint64_t i = 0; !status && i < values->count; i++) {
        const uint8_t *from = values->from + step->from + i * values->from_stride, *text = from;
        uint8_t *to = values->to + step->to + i * values->to_stride, *bytes;
        uint64_t reference, size = 0;
        if (step->kind == MAP_STRING_TO_TEXT) {
            memcpy(&reference, from, sizeof(reference));
            text = heap_find(convert->heap, reference, &size);
        } else {
            size = convert_text_bytes(from, step->from_bytes);
        }
        if (step->kind == MAP_TEXT_TO_STRING) {
            status = heap_append(convert->gate, convert->heap, text, size, true, &bytes, &reference);
            memcpy(to, &reference, status ? 0 : sizeof(reference));
        } else if (!convert_write_text(to, step->to_bytes, text, (size_t)size) && step->loss != MAP_NO_LOSS) {
            convert_lose(convert, step, values, i, 1);
        }
    }
    return status;
}

static void convert_cut(const struct value_convert *convert, const struct map_step *step,
                        const struct convert_values *values)
{
    if (!step->from_bytes) { /* a field: lost whatever it holds */
        if (values->count)
            convert_lose(convert, step, values, 0, values->count);
        return;
    }
    for (uint64_t i = 0; i < values->count; i++)
        if (!bytes_are_zero(values->from + step->from + i * values->from_stride, step->from_bytes))
            convert_lose(convert, step, values, i, 1);
}

static pecs_status convert_steps(const struct value_convert *convert, const struct map_steps *steps,
                                 const struct convert_values *values);

static pecs_status convert_loop(const struct value_convert *convert, const struct map_step *step,
                                const struct convert_values *values)
{
    struct convert_values inner = *values;
    pecs_status status = PECS_OK;
    inner.from += step->from;
    inner.to += step->to;
    for (uint32_t i = 0; !status && i < step->of.elements.count; i++) {
        status = convert_steps(convert, step->of.elements.inner, &inner);
        inner.from += step->of.elements.from_stride;
        inner.to += step->of.elements.to_stride;
    }
    return status;
}

static pecs_status convert_lists(const struct value_convert *convert, const struct map_step *step,
                                 const struct convert_values *values)
{
    const uint32_t from_bytes = step->of.elements.from_stride, to_bytes = step->of.elements.to_stride;
    pecs_status status = PECS_OK;
    for (uint64_t i = 0; !status && i < values->count; i++) {
        uint64_t reference, size;
        uint8_t *elements;
        memcpy(&reference, values->from + step->from + i * values->from_stride, sizeof(reference));
        const uint8_t *from = heap_find(convert->heap, reference, &size);
        const uint64_t count = from ? size / from_bytes : 0;
        reference = 0;
        if (count) {
            uint64_t bytes;
            status = mul_overflows(count, to_bytes, &bytes)
                         ? PECS_E_LIMIT
                         : heap_append(convert->gate, convert->heap, NULL, bytes, false, &elements, &reference);
            if (status)
                return status;
            const struct convert_values inner = { from,     elements, from_bytes,
                                                  to_bytes, count,    values->row + (values->is_within_row ? 0 : i),
                                                  true };
            status = convert_steps(convert, step->of.elements.inner, &inner);
        }
        memcpy(values->to + step->to + i * values->to_stride, &reference, sizeof(reference));
    }
    return status;
}

static pecs_status convert_steps(const struct value_convert *convert, const struct map_steps *steps,
                                 const struct convert_values *values)
{
    pecs_status status = PECS_OK;
    struct blend blend;
    size_t joined;
    for (size_t i = 0; !status && i < steps->count; i += joined) {
        const struct map_step *step = &steps->steps[i];
        joined = blend_join(&blend, steps, i);
        if (joined > 1) {
            blend_values(&blend, values);
            continue;
        }
        joined = 1;
        switch (step->kind) {
        case MAP_COPY:
            convert_copy(step, values);
            break;
        case MAP_CONSTANT:
            convert_constant(step, values);
            break;
        case MAP_NUMBER:
            convert_numbers(convert, step, values);
            break;
        case MAP_ENUM:
            convert_enums(convert, step, values);
            break;
        case MAP_TEXT:
        case MAP_TEXT_TO_STRING:
        case MAP_STRING_TO_TEXT:
            status = convert_texts(convert, step, values);
            break;
        case MAP_LIST:
            status = convert_lists(convert, step, values);
            break;
        case MAP_CUT:
            convert_cut(convert, step, values);
            break;
        case MAP_LOOP:
            status = convert_loop(convert, step, values);
            break;
        }
    }
    return status;
}

pecs_status value_convert(const struct value_convert *convert, const struct convert_values *values)
{
    return convert_steps(convert, &convert->map->steps, values);
}
