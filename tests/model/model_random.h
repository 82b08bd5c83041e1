/* Random numbers of the model tests: SplitMix64, so that a seed gives the same run everywhere. */
#ifndef PECS_TESTS_MODEL_RANDOM_H
#define PECS_TESTS_MODEL_RANDOM_H

#include <stdbool.h>
#include <stdint.h>

struct random {
    uint64_t state;
};

static inline uint64_t random_next(struct random *random)
{
    uint64_t x = random->state += 0x9e3779b97f4a7c15u;
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
    x = (x ^ x >> 27) * 0x94d049bb133111ebu;
    return x ^ x >> 31;
}

/* 0 .. count - 1; 0 when count is 0. */
static inline uint64_t random_below(struct random *random, uint64_t count)
{
    return count ? random_next(random) % count : 0;
}

/* True once in `count` calls on average. */
static inline bool random_once_in(struct random *random, uint64_t count)
{
    return random_below(random, count) == 0;
}

#endif
