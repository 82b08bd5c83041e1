/* Files that break one rule each, for every rule of docs/format.md that depends on bytes only. */
#ifndef PECS_FUZZ_BREAK_RULES_H
#define PECS_FUZZ_BREAK_RULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

extern const size_t break_count;

/* The rule that breakage `number` breaks; "NONE": an unusual file that load accepts. */
const char *break_rule(size_t number);

/* Whether it is the sample's file in blocks that it breaks, of three segments, in which the first two rows are blocks.
 */
bool break_is_in_blocks(size_t number);

/* Breaks a copy of the sample world's file; returns its new size, at most `size`. */
size_t break_file(size_t number, uint8_t *bytes, size_t size);

#endif
