/* Bit sets of small numbers: filled in any order, listed in ascending order. */
#ifndef PECS_BASE_BITS_H
#define PECS_BASE_BITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The number of words of a set of numbers below `count`. */
static inline size_t bits_words(size_t count)
{
    return count / 64 + 1;
}

static inline void bits_set(uint64_t *words, uint32_t number)
{
    words[number / 64] |= (uint64_t)1 << number % 64;
}

static inline bool bits_has(const uint64_t *words, uint32_t number)
{
    return words[number / 64] >> number % 64 & 1;
}

static inline void bits_clear(uint64_t *words, uint32_t number)
{
    words[number / 64] &= ~((uint64_t)1 << number % 64);
}

/* Lists the numbers of the set in ascending order and returns their count. */
static inline uint32_t bits_list(const uint64_t *words, size_t word_count, uint32_t *ret_numbers)
{
    uint32_t count = 0;
    for (size_t word = 0; word < word_count; word++)
        for (uint64_t bits = words[word]; bits; bits &= bits - 1)
            ret_numbers[count++] = (uint32_t)(word * 64 + (size_t)__builtin_ctzll(bits));
    return count;
}

#endif
