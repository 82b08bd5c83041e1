/* Type check: the rules that a description of a component type must follow, in programs and in files. */
#ifndef PECS_SCHEMA_TYPE_CHECK_H
#define PECS_SCHEMA_TYPE_CHECK_H

#include <pecs/schema.h>

struct pool;

enum {
    NAME_MAX_BYTES = 255,
    NAME_SHOWN = 100, /* bytes of a name in messages, which have room for 512 */
    COMPONENT_MAX_BYTES = 16 * 1024 * 1024,
    COMPONENT_MAX_ALIGN = 64,
    FIELD_COUNT_MAX = 4096, /* of a type, without those that it nests */
};

static inline bool type_is_transient(const pecs_type *type)
{
    return type->flags & PECS_TYPE_TRANSIENT;
}

/*
 * Checks a type and all types that it nests against every rule of pecs/schema.h. The message names type and field.
 * PECS_E_MISUSE, PECS_E_LIMIT, PECS_E_MEMORY (the pool gives scratch memory).
 */
pecs_status type_check(const pecs_type *type, struct pool *pool, pecs_error *error);

/* Whether a valid type has strings, blobs or lists, in structs too. */
bool type_has_contents(const pecs_type *type);

/* 1 to 255 bytes of UTF-8 without control characters: the rule for names of types, fields and enum values. */
bool component_name_is_valid(const char *name, size_t size_bytes);

#endif
