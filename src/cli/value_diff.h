/* Value diff: finds the differing elements of two values with the same layout. */
#ifndef PECS_CLI_VALUE_DIFF_H
#define PECS_CLI_VALUE_DIFF_H

#include <pecs/view.h>

/* Callback for each differing element, with its path: "at.x", "parts[1].mass", "grid[0][2]". A text,
   a string and a blob are one element, and so are two lists of different lengths. */
typedef void (*value_diff_function)(void *user, const char *path, const pecs_field *field, const void *old_element,
                                    const void *new_element);

/* Whether values of both types can be compared field by field: same fields at the same offsets. */
bool value_layouts_match(const pecs_type *a, const pecs_type *b);

struct value_sides {
    pecs_view from, to; /* the views of the old and the new value */
    bool by_handle;     /* compare references as handles, not by the id of the entity */
};

/* Compares elements bit by bit, and references as value_sides says; skips padding. */
void value_diff(const struct value_sides *sides, const pecs_type *type, const void *old_value, const void *new_value,
                value_diff_function each, void *user);

#endif
