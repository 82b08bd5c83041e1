/* Component: what the library derives from one of the user's types, once, when the registry is sealed. */
#ifndef PECS_SCHEMA_COMPONENT_H
#define PECS_SCHEMA_COMPONENT_H

#include <pecs/schema.h>

struct pool;

enum {
    NAME_MAX_BYTES = 255,
    NAME_SHOWN = 100, /* of it in messages, which have room for 512 bytes */
    COMPONENT_MAX_BYTES = 16 * 1024 * 1024,
    COMPONENT_MAX_ALIGN = 64,
    NESTING_MAX = 8, /* structs within structs */
};

/*
 * Bytes of a value that are of one kind: elements of `width` bytes, one after another. Those of a list are ascending;
 * two that touch and are alike are one.
 */
struct value_span {
    uint32_t offset, size;
    pecs_kind kind;
    uint32_t width; /* of a text: with the zeros after it */
    uint32_t limit; /* of an enum: the number of its values; else 0 */
};

/*
 * A few bytes of a description can stand for millions of places: an array of structs with a hole. Where they would be
 * too many, nothing is listed, and they are found by walking the description, value by value.
 */
struct span_list {
    bool is_walked;
    bool (*belongs)(const struct value_span *span);
    struct value_span *spans; /* of the registry's pool */
    size_t count, capacity;
};

/*
 * A value is one cell, or when its type is nothing but an array of structs, the elements of that: then the lists are of
 * one element, and values of the component are an array of so many more cells.
 */
struct component {
    const pecs_type *type;
    pecs_id id; /* given, or the name's hash */
    uint32_t size, align;
    const pecs_type *cell_type;
    uint32_t cell_size, cell_count;
    struct span_list padding; /* nested structs and arrays flattened, here and below */
    struct span_list special; /* what has bit patterns that mean nothing: bools, enums, texts; and entities */
};

/* Checks a type against every rule of schema.h; the message names type and field. The spans are of the pool. */
pecs_status component_init(struct component *component, const pecs_type *type, struct pool *pool, pecs_error *error);
void component_deinit(struct component *component, struct pool *pool);

/* Size of one element in bytes; 0 for kinds whose size the field tells (enum, struct), 1 for padding. */
uint32_t kind_size(pecs_kind kind);
const char *kind_name(pecs_kind kind); /* "f32"; NULL when there is no such kind */

/* 1 to 255 bytes of UTF-8 without control characters: of types, fields and enum values, in programs and files. */
bool component_name_is_valid(const char *name, size_t size_bytes);

static inline bool span_list_is_empty(const struct span_list *list)
{
    return !list->count && !list->is_walked;
}

/* The spans of a list in a whole value, one by one, whether they are listed or not. */
struct span_iter {
    const struct component *component;
    const struct span_list *list;
    uint32_t cell;
    size_t next;
    uint32_t depth; /* of the walk; 0: it is over */
    struct {
        const pecs_type *type;
        uint32_t base;           /* where this struct begins in the value */
        uint32_t field, element; /* to look at next */
    } levels[NESTING_MAX + 1];
};
bool span_iter_walk(struct span_iter *iter, struct value_span *ret_span);

static inline void span_iter_begin_cell(struct span_iter *iter, uint32_t cell)
{
    iter->cell = cell;
    iter->next = 0;
    iter->depth = 1;
    iter->levels[0].type = iter->component->cell_type;
    iter->levels[0].base = cell * iter->component->cell_size;
    iter->levels[0].field = iter->levels[0].element = 0;
}
static inline void span_iter_begin(struct span_iter *iter, const struct component *component,
                                   const struct span_list *list)
{
    iter->component = component;
    iter->list = list;
    span_iter_begin_cell(iter, 0);
}
static inline bool span_iter_next_in_cell(struct span_iter *iter, struct value_span *ret_span)
{
    if (iter->list->is_walked)
        return span_iter_walk(iter, ret_span);
    if (iter->next == iter->list->count)
        return false;
    *ret_span = iter->list->spans[iter->next++];
    ret_span->offset += iter->levels[0].base;
    return true;
}
static inline bool span_iter_next(struct span_iter *iter, struct value_span *ret_span)
{
    while (!span_iter_next_in_cell(iter, ret_span)) {
        if (iter->cell + 1 == iter->component->cell_count || span_list_is_empty(iter->list))
            return false;
        span_iter_begin_cell(iter, iter->cell + 1);
    }
    return true;
}

/* The same fields at the same places, with the same names: values of one are values of the other. */
bool component_layout_is_same(const pecs_type *a, const pecs_type *b);

/* Two values are equal but for their padding. */
bool component_values_are_equal(const struct component *component, const void *a, const void *b);

/* Copies values, one after another, with their padding zeroed. */
void component_copy_masked(const struct component *component, void *to, const void *from, uint64_t count);

#endif
