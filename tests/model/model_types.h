/*
 * Types of the model tests: 18 components of all shapes, and two registries that list them in different orders.
 *
 * Tests identify a type by its number here; model_component returns its number in a registry.
 */
#ifndef PECS_TESTS_MODEL_TYPES_H
#define PECS_TESTS_MODEL_TYPES_H

#include <pecs/pecs.h>

enum model_type {
    TYPE_BYTE,    /* 1 byte */
    TYPE_PAIR,    /* 2 */
    TYPE_WORD,    /* 4 */
    TYPE_LONG,    /* 8 */
    TYPE_VECTOR,  /* 12 */
    TYPE_QUAD,    /* 16 */
    TYPE_SLOTS,   /* 48 */
    TYPE_BIG,     /* 200 */
    TYPE_PADDED,  /* 24, of which 9 are padding */
    TYPE_LINK,    /* 8: an entity */
    TYPE_LINKS,   /* 28: a count and three entities */
    TYPE_MIXED,   /* 40: bool, enum, text, grid, nested structs with padding */
    TYPE_ALIGNED, /* 64, aligned to 64 */
    TYPE_WIDE,    /* 520: a chunk of it has fewer rows than others */
    TYPE_TAG_A,
    TYPE_TAG_B,
    TYPE_TAG_C,
    TYPE_TAG_D,
    MODEL_TYPE_COUNT,
    MODEL_SIZED_COUNT = TYPE_TAG_A,
    MODEL_REGISTRY_COUNT = 2,
    MODEL_PARTIAL = MODEL_REGISTRY_COUNT, /* the number of a registry that lacks some of the types */
    MODEL_VALUE_BYTES = 1 + 2 + 4 + 8 + 12 + 16 + 48 + 200 + 24 + 8 + 28 + 40 + 64 + 520
};

extern const pecs_type *const model_types[MODEL_TYPE_COUNT];

/* Offset of a type's value in MODEL_VALUE_BYTES bytes with one value of each type. */
extern const uint16_t model_offsets[MODEL_TYPE_COUNT];

uint32_t model_size(unsigned type);

/* The number of a type in a registry; for the partial one, in the view that was passed last. */
pecs_component model_component(unsigned registry, unsigned type);
pecs_status model_registry_create(unsigned registry, const pecs_allocator *allocator, pecs_registry **ret_registry,
                                  pecs_error *error);

/* A registry of the types in the mask. Once a file was read with it, the numbers of all types are those of the view. */
pecs_status model_partial_create(uint32_t mask, const pecs_allocator *allocator, pecs_registry **ret_registry);
pecs_status model_partial_number(pecs_view view);

/* Whether two values of a type are equal, without padding. */
bool model_value_equal(unsigned type, const void *left, const void *right);

/* Fills a value with bits that are valid for its type; handles in it come from `handle`. */
struct random;
typedef pecs_entity model_handle_source(void *user, struct random *random);
void model_value_random(unsigned type, void *value, struct random *random, model_handle_source *handle, void *user);

/* Calls `each` for every entity field of a value (tags and most types have none). */
void model_value_entities(unsigned type, void *value, void (*each)(void *user, pecs_entity *entity), void *user);

#endif
