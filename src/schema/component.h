/* Component: what the library derives from one of the user's types, once, when the registry is sealed. */
#ifndef PECS_SCHEMA_COMPONENT_H
#define PECS_SCHEMA_COMPONENT_H

#include "spans.h"

enum {
    NAME_MAX_BYTES = 255,
    NAME_SHOWN = 100, /* of it in messages, which have room for 512 bytes */
    COMPONENT_MAX_BYTES = 16 * 1024 * 1024,
    COMPONENT_MAX_ALIGN = 64,
};

struct component {
    const pecs_type *type;
    pecs_id id; /* given, or the name's hash */
    uint32_t size, align;
    struct span_list padding;
    bool has_references;      /* fields that name entities */
    struct span_list special; /* what has bit patterns that mean nothing: bools, enums, texts; and entities */
};

/* Checks a type against every rule of schema.h; the message names type and field. The spans are of the pool. */
pecs_status component_init(struct component *component, const pecs_type *type, struct pool *pool, pecs_error *error);
void component_deinit(struct component *component, struct pool *pool);

/* The id of a type that gives none: its name's hash. */
pecs_id component_name_id(const char *name);
/*
 * No less than the bytes of the type's description in a file, where nested types and names stand at each use; or any
 * number above the limit. Of a type that has passed.
 */
uint64_t component_description_bytes(const pecs_type *type, uint64_t limit);
enum { DESCRIPTION_MAX_BYTES = 1 << 30 }; /* of a program's type */

/* Size of one element in bytes; 0 for kinds whose size the field tells (enum, struct), 1 for padding. */
uint32_t kind_size(pecs_kind kind);
const char *kind_name(pecs_kind kind); /* "f32"; NULL when there is no such kind */

/* 1 to 255 bytes of UTF-8 without control characters: of types, fields and enum values, in programs and files. */
bool component_name_is_valid(const char *name, size_t size_bytes);

/* The same fields at the same places, with the same names: values of one are values of the other. */
bool component_layout_is_same(const pecs_type *a, const pecs_type *b);

/* Two values are equal but for their padding. */
bool component_values_are_equal(const struct component *component, const void *a, const void *b);

/* Copies values, one after another, with their padding zeroed. */
void component_copy_masked(const struct component *component, void *to, const void *from, uint64_t count);

#endif
