/*
 * The loops of the filters (codec_filter.h): rows into planes of their bytes, and back.
 */
#ifndef PECS_BASE_CODEC_SPLIT_H
#define PECS_BASE_CODEC_SPLIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Rows of `stride` bytes, one after another, and as many planes, `step` bytes apart. */
struct split {
    uint8_t *rows, *planes;
    size_t count, stride, step;
    bool has_before; /* a row before the first */
};

/*
 * `lane` is 4 or 8 for differences: each lane of so many bytes, little-endian, minus that of the row before, or minus
 * zero; 0 for the bytes as they are; or SPLIT_BITS, for rows of 8 bytes, whose planes are those of bits: bit i of byte
 * r of plane k is bit k of byte i of row r. No alignment is needed.
 */
enum { SPLIT_BITS = 1 };
void split_apply(const struct split *split, int lane);
void split_undo(const struct split *split, int lane);

#endif
