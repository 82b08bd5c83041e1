/* Little-endian numbers, alignment and overflow: arithmetic for every layer. */
#ifndef PECS_BASE_BYTES_H
#define PECS_BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* A number in a file: little-endian, without alignment. */
typedef struct le32 {
    uint8_t bytes[4];
} le32;
typedef struct le64 {
    uint8_t bytes[8];
} le64;

static inline uint32_t le32_load(le32 value)
{
    return (uint32_t)value.bytes[0] | (uint32_t)value.bytes[1] << 8 | (uint32_t)value.bytes[2] << 16 |
           (uint32_t)value.bytes[3] << 24;
}

static inline le32 le32_make(uint32_t number)
{
    return (le32){ { (uint8_t)number, (uint8_t)(number >> 8), (uint8_t)(number >> 16), (uint8_t)(number >> 24) } };
}

static inline uint64_t le64_load(le64 value)
{
    le32 low, high;
    memcpy(&low, value.bytes, 4);
    memcpy(&high, value.bytes + 4, 4);
    return le32_load(low) | (uint64_t)le32_load(high) << 32;
}

static inline le64 le64_make(uint64_t number)
{
    le64 value;
    const le32 low = le32_make((uint32_t)number), high = le32_make((uint32_t)(number >> 32));
    memcpy(value.bytes, &low, 4);
    memcpy(value.bytes + 4, &high, 4);
    return value;
}

/* `align` is a power of two; value + align must not overflow. */
static inline uint64_t align_up(uint64_t value, uint64_t align)
{
    return (value + (align - 1)) & ~(align - 1);
}

static inline uint64_t min_u64(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static inline uint64_t max_u64(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

/* True on overflow. */
static inline bool add_overflows(uint64_t a, uint64_t b, uint64_t *ret_sum)
{
    return __builtin_add_overflow(a, b, ret_sum);
}

static inline bool mul_overflows(uint64_t a, uint64_t b, uint64_t *ret_product)
{
    return __builtin_mul_overflow(a, b, ret_product);
}

/* The bytes [offset, offset + size) lie within `total`. */
static inline bool range_fits(uint64_t offset, uint64_t size, uint64_t total)
{
    return offset <= total && size <= total - offset;
}

static inline bool bytes_are_zero(const uint8_t *bytes, size_t size)
{
    return !size || (!bytes[0] && memcmp(bytes, bytes + 1, size - 1) == 0);
}

/* memcpy of a few bytes, inlined, since a call costs more than the copy. The ranges must not overlap. */
static inline void copy_small(uint8_t *to, const uint8_t *from, size_t size)
{
    if (size >= 16) {
        for (size_t at = 0; at + 16 <= size; at += 16)
            memcpy(to + at, from + at, 16);
        memcpy(to + size - 16, from + size - 16, 16); /* the rest; may copy some bytes twice */
    } else if (size >= 8) {
        memcpy(to, from, 8);
        memcpy(to + size - 8, from + size - 8, 8);
    } else if (size >= 4) {
        memcpy(to, from, 4);
        memcpy(to + size - 4, from + size - 4, 4);
    } else {
        for (size_t i = 0; i < size; i++)
            to[i] = from[i];
    }
}

/* Spreads a number over 64 bits (the finaliser of SplitMix64). */
static inline uint64_t mix_u64(uint64_t value)
{
    value = (value ^ value >> 30) * 0xbf58476d1ce4e5b9u;
    value = (value ^ value >> 27) * 0x94d049bb133111ebu;
    return value ^ value >> 31;
}

#endif
