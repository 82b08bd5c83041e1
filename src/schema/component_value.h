/* Component value: comparing and copying values, whose padding is never part of the content. */
#ifndef PECS_SCHEMA_COMPONENT_VALUE_H
#define PECS_SCHEMA_COMPONENT_VALUE_H

#include <stdbool.h>
#include <stdint.h>

struct component;

/* Compares two values byte by byte, without their padding and contents (storage/content.h). */
bool component_values_are_equal(const struct component *component, const void *a, const void *b);

/* Hashes the same bytes. */
uint64_t component_hash_value(const struct component *component, const void *value, uint64_t seed);

/* Copies `count` consecutive values, with zeros for their padding. */
void component_copy_masked(const struct component *component, void *to, const void *from, uint64_t count);

#endif
