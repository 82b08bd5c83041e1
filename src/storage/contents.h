/*
 * Contents of values: walks over the members of values that have contents (heap.h), and what is done with all of them.
 */
#ifndef PECS_STORAGE_CONTENTS_H
#define PECS_STORAGE_CONTENTS_H

#include "component.h"
#include "heap.h"

/* One string, blob or list. */
struct content {
    uint64_t row;    /* of the values walked over */
    uint64_t offset; /* of the reference, from the first of these values */
    uint64_t reference;
    pecs_kind kind;
    const pecs_field *list; /* NULL unless it is a list */
};

/* Walks over consecutive values, in the order of rows and offsets. */
struct content_walk {
    const struct component *component;
    const uint8_t *values;
    uint64_t count, row;
    uint32_t at; /* of the span, the next to visit */
    struct value_span span;
    struct span_iter spans;
};
static inline void content_walk_begin(struct content_walk *walk, const struct component *component,
                                      const uint8_t *values, uint64_t count)
{
    *walk = (struct content_walk){ .component = component, .values = values, .count = count };
    span_iter_begin(&walk->spans, &component->contents->spans);
}
static inline bool content_walk_next(struct content_walk *walk, struct content *ret_content)
{
    while (walk->at == walk->span.size) {
        walk->at = 0;
        if (walk->row == walk->count)
            return false;
        if (!span_iter_next(&walk->spans, &walk->span)) {
            walk->row++;
            walk->span.size = 0;
            span_iter_begin(&walk->spans, &walk->component->contents->spans);
        }
    }
    *ret_content = (struct content){ .row = walk->row,
                                     .offset = walk->row * walk->component->size + walk->span.offset + walk->at,
                                     .kind = walk->span.kind,
                                     .list = walk->span.list };
    memcpy(&ret_content->reference, walk->values + ret_content->offset, sizeof(ret_content->reference));
    walk->at += (uint32_t)sizeof(ret_content->reference);
    return true;
}

/* Units that contents of the heap take. */
uint64_t content_units(const struct heap *heap, const struct content *content);
/* Those of `count` values together. */
uint64_t contents_count_units(const struct heap *heap, const struct component *component, const uint8_t *values,
                              uint64_t count);

/* Compares two elements of lists. */
typedef bool element_equal_function(const void *user, const struct component *element, const void *a, const void *b);
/*
 * Compares the contents of two values, which lie in two heaps; elements of lists without their padding, or, where they
 * have references, by `equal` if it is not NULL.
 */
bool contents_are_equal(const struct component *component, const struct heap *heap, const uint8_t *value,
                        const struct heap *other_heap, const uint8_t *other, element_equal_function *equal,
                        const void *user);

/* Adds the contents of a value to a hash. */
uint64_t contents_hash(const struct component *component, const struct heap *heap, const uint8_t *value, uint64_t seed);

/*
 * Contents that a program gives in a value. `base` is NULL, or where the log of a command buffer has the value: given
 * contents then lie at an offset from it, after their size.
 */
struct given {
    const uint8_t *bytes;
    uint64_t size_bytes;
};
/* Returns what is wrong with a value's member, in words, or NULL. */
const char *content_find_given(const struct component *component, const struct content *content, const uint8_t *base,
                               struct given *ret_given);
/* Whether contents of a kind may have these bytes; NULL, or what is wrong. */
const char *content_check_given(const struct component *component, pecs_kind kind, const pecs_field *list,
                                const struct given *given);

#endif
