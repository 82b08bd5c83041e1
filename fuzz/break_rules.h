/* A file that breaks one rule, for each rule of docs/format.md that bytes alone can break. */
#ifndef PECS_FUZZ_BREAK_RULES_H
#define PECS_FUZZ_BREAK_RULES_H

#include <stddef.h>
#include <stdint.h>

extern const size_t break_count;

/* The rule that breakage `number` breaks; "NONE": it is an odd file that load accepts. */
const char *break_rule(size_t number);

/* Breaks a copy of the sample world's file; gives its new size, at most `size`. */
size_t break_file(size_t number, uint8_t *bytes, size_t size);

#endif
