/* Component: what the library derives from one of the user's types, once, when the registry is sealed. */
#ifndef PECS_SCHEMA_COMPONENT_H
#define PECS_SCHEMA_COMPONENT_H

#include <pecs/schema.h>

struct pool;

enum {
    NAME_MAX_BYTES = 255,
    COMPONENT_MAX_BYTES = 16 * 1024 * 1024,
    COMPONENT_MAX_ALIGN = 64,
    NESTING_MAX = 8, /* structs within structs */
};

/*
 * Bytes of a value that are of one kind: elements of `width` bytes, one after another. Those of a list are ascending; two
 * that touch and are alike are one.
 */
struct value_span {
    uint32_t offset, size;
    pecs_kind kind;
    uint32_t width; /* of a text: with the zeros after it */
    uint32_t limit; /* of an enum: the number of its values; else 0 */
};

struct span_list {
    struct value_span *spans; /* of the registry's pool */
    size_t count, capacity;
};

struct component {
    const pecs_type *type;
    pecs_id id; /* given, or the name's hash */
    uint32_t size, align;
    struct span_list padding; /* nested structs and arrays flattened, here and below */
    struct span_list special; /* what has bit patterns that mean nothing: bools, enums, texts; and entities */
};

/*
 * Checks a type against every rule of schema.h; the message names type and field. The spans are of the pool; there are at
 * most *span_limit of them, which falls by their number: a few bytes of a description can stand for millions.
 */
pecs_status component_init(struct component *component, const pecs_type *type, size_t *span_limit, struct pool *pool,
                           pecs_error *error);
void component_deinit(struct component *component, struct pool *pool);

/* Size of one element in bytes; 0 for kinds whose size the field tells (enum, struct), 1 for padding. */
uint32_t kind_size(pecs_kind kind);
const char *kind_name(pecs_kind kind); /* "f32"; NULL when there is no such kind */

/* 1 to 255 bytes of UTF-8 without control characters: of types, fields and enum values, in programs and files. */
bool component_name_is_valid(const char *name, size_t size_bytes);

/* The same fields at the same places, with the same names: values of one are values of the other. */
bool component_layout_is_same(const pecs_type *a, const pecs_type *b);

/* Two values are equal but for their padding. */
bool component_values_are_equal(const struct component *component, const void *a, const void *b);

/* Copies a value with its padding zeroed. */
void component_copy_masked(const struct component *component, void *to, const void *from);

#endif
