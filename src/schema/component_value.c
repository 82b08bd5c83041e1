/* Values of a component. Padding bytes may have any value in memory; they are zero in files. */
#include "component_value.h"

#include "component.h"
#include "hash.h"

#include <string.h>

/*
 * Clears the same few bytes of many values. value_clear_run instantiates it for usual sizes, without calls of memset.
 */
static inline __attribute__((always_inline)) void value_clear_each(uint8_t *at, uint64_t count, size_t stride,
                                                                   size_t size)
{
    for (uint64_t i = 0; i < count; i++)
        memset(at + i * stride, 0, size);
}

static void value_clear_run(uint8_t *at, uint64_t count, size_t stride, size_t size)
{
    switch (size) {
    case 1:
        value_clear_each(at, count, stride, 1);
        return;
    case 2:
        value_clear_each(at, count, stride, 2);
        return;
    case 3:
        value_clear_each(at, count, stride, 3);
        return;
    case 4:
        value_clear_each(at, count, stride, 4);
        return;
    case 7:
        value_clear_each(at, count, stride, 7);
        return;
    default:
        value_clear_each(at, count, stride, size);
    }
}

void component_copy_masked(const struct component *component, void *to, const void *from, uint64_t count)
{
    if (component->size == 0)
        return; /* tags: the pointers may be NULL, which memcpy does not allow */
    memcpy(to, from, (size_t)count * component->size);
    struct span_run_iter iter;
    struct span_run run;
    for (span_run_begin(&iter, component->padding, count); span_run_next(&iter, &run);)
        value_clear_run((uint8_t *)to + run.offset, run.count, run.stride, run.span.size);
}

bool component_values_are_equal(const struct component *component, const void *a, const void *b)
{
    const uint8_t *x = a, *y = b;
    if (span_list_is_empty(component_holes(component)))
        return memcmp(a, b, component->size) == 0;
    uint32_t from = 0;
    struct span_iter iter;
    struct value_span span;
    for (span_iter_begin(&iter, component_holes(component)); span_iter_next(&iter, &span);) {
        if (memcmp(x + from, y + from, span.offset - from) != 0)
            return false;
        from = span.offset + span.size;
    }
    return memcmp(x + from, y + from, component->size - from) == 0;
}

uint64_t component_hash_value(const struct component *component, const void *value, uint64_t seed)
{
    const uint8_t *bytes = value;
    if (span_list_is_empty(component_holes(component)))
        return hash64_seeded(bytes, component->size, seed);
    uint32_t from = 0;
    struct span_iter iter;
    struct value_span span;
    for (span_iter_begin(&iter, component_holes(component)); span_iter_next(&iter, &span);) {
        if (span.offset > from) /* adjacent spans may be one or two: the hash must not depend on that */
            seed = hash64_seeded(bytes + from, span.offset - from, seed);
        from = span.offset + span.size;
    }
    return hash64_seeded(bytes + from, component->size - from, seed);
}
