/*
 * Blend: copied bytes and constants that are neighbours in the new value, written together. Most migrations that add a
 * field then read each value once.
 */
#ifndef PECS_STORAGE_VALUE_BLEND_H
#define PECS_STORAGE_VALUE_BLEND_H

#include "value_convert.h"

enum { BLEND_BYTES = 32 };

struct blend {
    uint32_t to, size_bytes;
    uint32_t from;           /* the place in the old value of byte `kept` */
    uint32_t kept, kept_end; /* the first copied byte, and the one behind the last; kept_end 0: none */
    uint8_t mask[BLEND_BYTES] /* of copied bytes 255 */, constants[BLEND_BYTES];
};

/* Joins step `first` and as many of its successors as possible. Returns their number; below 2 there is no blend. */
size_t blend_join(struct blend *blend, const struct map_steps *steps, size_t first);

void blend_values(const struct blend *blend, const struct convert_values *values);

#endif
