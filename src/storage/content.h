/*
 * Contents of values: walks over the members of values that have contents (heap.h), and what is done with all of them.
 */
#ifndef PECS_STORAGE_CONTENT_H
#define PECS_STORAGE_CONTENT_H

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

/*
 * Walks over consecutive values, in the order of rows and offsets. Most components list their spans once, outside of
 * arrays (`flat`); others are walked by a span_iter for each value.
 */
struct content_walk {
    const struct component *component;
    const uint8_t *values;
    uint64_t count, row;
    uint64_t base;    /* offset of the row */
    uint32_t at;      /* of the span, the next to visit */
    size_t next_span; /* of `flat` */
    const struct span_list *flat;
    struct value_span span;
    struct span_iter spans;
};
static inline void content_walk_begin(struct content_walk *walk, const struct component *component,
                                      const uint8_t *values, uint64_t count)
{
    const struct span_list *list = component->contents->spans;
    walk->component = component;
    walk->values = values;
    walk->count = count;
    walk->row = walk->base = 0;
    walk->at = walk->span.size = 0;
    walk->next_span = 0;
    walk->flat = !list->is_walked && list->group_count == 1 && list->groups[0].count == 1 ? list : NULL;
    if (!walk->flat)
        span_iter_begin(&walk->spans, list);
}

/* Goes to the next span. False: that was the last one of the last value. */
static inline bool content_walk_step(struct content_walk *walk)
{
    walk->at = 0;
    for (;;) {
        if (walk->row == walk->count)
            return false;
        if (walk->flat && walk->next_span < walk->flat->count) {
            walk->span = walk->flat->spans[walk->next_span++];
            return true;
        }
        if (!walk->flat && span_iter_next(&walk->spans, &walk->span))
            return true;
        walk->row++;
        walk->base += walk->component->size;
        walk->next_span = 0;
        if (!walk->flat)
            span_iter_begin(&walk->spans, walk->component->contents->spans);
    }
}

static inline bool content_walk_next(struct content_walk *walk, struct content *ret_content)
{
    if (walk->at == walk->span.size && !content_walk_step(walk))
        return false;
    ret_content->row = walk->row;
    ret_content->offset = walk->base + walk->span.offset + walk->at;
    ret_content->kind = walk->span.kind;
    ret_content->list = walk->span.list;
    memcpy(&ret_content->reference, walk->values + ret_content->offset, sizeof(ret_content->reference));
    walk->at += (uint32_t)sizeof(ret_content->reference);
    return true;
}

/* The member at an offset in a value of the component, without its reference; false: there is none. */
bool content_find_member(const struct component *component, size_t offset_bytes, struct content *ret_content);
#define CONTENT_NO_MEMBER "it has no string, blob or list at this offset"

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
