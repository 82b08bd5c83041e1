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
    bool is_single; /* the first row has begun, and each has one span */
    struct value_span span;
    struct span_iter spans;
};

/* The spans of a component that lists each once, outside of arrays; else NULL. */
static inline const struct span_list *content_flat(const struct component *component)
{
    const struct span_list *list = component->contents->spans;
    return !list->is_walked && list->group_count == 1 && list->groups[0].count == 1 ? list : NULL;
}

static inline void content_walk_begin(struct content_walk *walk, const struct component *component,
                                      const uint8_t *values, uint64_t count)
{
    walk->component = component;
    walk->values = values;
    walk->count = count;
    walk->row = walk->base = 0;
    walk->at = walk->span.size = 0;
    walk->next_span = 0;
    walk->is_single = false;
    walk->flat = content_flat(component);
    if (!walk->flat)
        span_iter_begin(&walk->spans, component->contents->spans);
}

/* Goes to the next span of a walk whose rows have several, or begins one. False: the last one is done. */
bool content_walk_step_slow(struct content_walk *walk);

/* Goes to the next span, which in most components is the same one, of the next row. */
static inline bool content_walk_step(struct content_walk *walk)
{
    if (!walk->is_single)
        return content_walk_step_slow(walk);
    if (walk->row + 1 >= walk->count)
        return false;
    walk->at = 0;
    walk->row++;
    walk->base += walk->component->size;
    return true;
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

/* The span of a component that has one string, blob or list, as most of those do that have any; else NULL. */
static inline const struct value_span *content_only(const struct component *component)
{
    const struct span_list *list = component->contents->spans;
    const bool is_one = list->count == 1 && list->groups[0].count == 1 && list->spans[0].size == sizeof(uint64_t);
    return is_one ? list->spans : NULL;
}

/*
 * Contents of consecutive references that lie one after another, all of them whole (heap_cursor_find), or those of one
 * reference that are not, or are long.
 */
struct content_stretch {
    uint64_t reference;   /* the first */
    const uint8_t *bytes; /* of the first; NULL: it is empty, or refers to nothing */
    uint64_t first_size;
    uint64_t count; /* of references, at least 1 */
    uint64_t units;
    uint64_t size_bytes; /* together, without the zeros behind each */
    bool is_whole;
};
/*
 * The stretch that begins at the first of `count` references, `stride` bytes apart. in_zeros: contents that do not end
 * in zeros are not whole.
 */
static inline struct content_stretch content_stretch_at(struct heap_cursor *cursor, const uint8_t *references,
                                                        size_t stride, uint64_t count, bool is_string, bool in_zeros)
{
    struct content_stretch stretch = { .count = 1 };
    memcpy(&stretch.reference, references, sizeof(stretch.reference));
    stretch.bytes = heap_cursor_find(cursor, stretch.reference, is_string, &stretch.first_size, &stretch.is_whole);
    stretch.size_bytes = stretch.first_size;
    stretch.units = contents_units(stretch.size_bytes, is_string);
    stretch.is_whole =
        stretch.is_whole && (!in_zeros || contents_end_in_zeros(stretch.bytes, stretch.size_bytes, is_string));
    if (!stretch.is_whole || stretch.size_bytes >= HEAP_LONG)
        return stretch;
    const struct heap_stretch more =
        heap_cursor_skip(cursor, references + stride, stride, count - 1, is_string, in_zeros);
    stretch.count += more.count;
    stretch.units += more.units;
    stretch.size_bytes += more.size_bytes;
    return stretch;
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
