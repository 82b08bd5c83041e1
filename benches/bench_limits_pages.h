/* Address space of the limits, for bench_limits*.c alone. */
#ifndef BENCH_LIMITS_PAGES_H
#define BENCH_LIMITS_PAGES_H

#include <stddef.h>
#include <stdint.h>

enum { HUGE_PAGE = 2 * 1024 * 1024 };

static inline uint64_t round_up(uint64_t value, uint64_t unit)
{
    return (value + unit - 1) / unit * unit;
}

/* Reserves address space at a multiple of 2 MiB, without access; slack is given back. NULL when there is none. */
uint8_t *limit_reserve(size_t size_bytes);

#endif
