/* Component: what the library derives from a component type, once, when the registry is made. */
#ifndef PECS_SCHEMA_COMPONENT_H
#define PECS_SCHEMA_COMPONENT_H

#include "kind.h"
#include "spans.h"
#include "type_check.h"

struct component_contents;

struct component {
    const pecs_type *type;
    pecs_id id; /* the type's own, or its name's hash */
    uint32_t size, align;
    uint32_t flags;      /* of the type. A transient one has no spans and no references, whatever fields it has */
    bool has_references; /* some field, or an element of a list, holds entities */
    const struct span_list *padding;
    const struct span_list *special; /* fields with invalid bit patterns (bool, enum, text), entities, and contents */
    struct component_contents *contents; /* NULL: it has no strings, blobs and lists */
};

/* What a component with contents has besides. */
struct component_contents {
    const struct span_list *spans; /* strings, blobs and lists */
    const struct span_list *holes; /* padding and contents: what is no part of a value's own bytes */
    struct list_element *elements; /* of each list field, ascending by the field's address */
    size_t element_count, element_capacity;
};

/* The elements of a list field, as if they were a component. */
struct list_element {
    const pecs_field *list;
    pecs_field only;         /* of an element that is no struct */
    pecs_type type;          /* of such an element */
    struct component values; /* its own type and spans; its id is zero */
};
static inline bool component_has_contents(const struct component *component)
{
    return component->contents != NULL;
}
static inline const struct span_list *component_holes(const struct component *component)
{
    return component->contents ? component->contents->holes : component->padding;
}
/* `list` is that of a span of the component's contents. */
const struct component *component_element(const struct component *component, const pecs_field *list);
/* Whether the component is never saved. */
static inline bool component_is_transient(const struct component *component)
{
    return component->flags & PECS_TYPE_TRANSIENT;
}

/* Checks a type (type_check.h) and derives a component from it. Its spans are allocated from the pool. */
pecs_status component_init(struct component *component, const pecs_type *type, struct pool *pool, pecs_error *error);
void component_deinit(struct component *component, struct pool *pool);

/* The id of a type without an explicit one: the hash of its name. */
pecs_id component_name_id(const char *name);
/* The id of a type: its explicit one, or that of its name. */
pecs_id component_type_id(const pecs_type *type);
/*
 * An upper bound of the bytes of a valid type's description in a file, which repeats nested types and names at each
 * use. Counting stops above the limit: the result is then any number above it.
 */
uint64_t component_description_bytes(const pecs_type *type, uint64_t limit);
enum { DESCRIPTION_MAX_BYTES = 1 << 30 }; /* of a program's type */

/* Both types have the same fields at the same offsets, with the same names: a value of one is a value of the other. */
bool component_layout_is_same(const pecs_type *a, const pecs_type *b);

#endif
