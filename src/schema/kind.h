/* Kind: what a field holds. */
#ifndef PECS_SCHEMA_KIND_H
#define PECS_SCHEMA_KIND_H

#include <pecs/schema.h>

/* "f32"; NULL: there is no such kind. */
const char *kind_name(pecs_kind kind);

/*
 * Size and alignment of one element in bytes. Both are 1 for padding, and 0 for enums and structs, where they depend on
 * the field, and for unknown kinds.
 */
uint32_t kind_size(pecs_kind kind);
uint32_t kind_align(pecs_kind kind);

/* Of the one child of a list's record in a file, which describes its elements. */
#define LIST_ELEMENT_NAME "element"

/* Whether a field holds a reference to contents in the heap. */
static inline bool kind_has_contents(pecs_kind kind)
{
    return kind == PECS_STRING || kind == PECS_BLOB || kind == PECS_LIST;
}

#endif
