/* Value diff: which parts of a value differ from those of another of the same layout. */
#ifndef PECS_CLI_VALUE_DIFF_H
#define PECS_CLI_VALUE_DIFF_H

#include <pecs/view.h>

/* Told of an element that differs: "at.x", "parts[1].mass", "grid[0][2]". A text is one element. */
typedef void (*value_diff_function)(void *user, const char *path, const pecs_field *field, const void *old_element,
                                    const void *new_element);

/* True when values of both can be compared field by field: same fields at the same offsets. */
bool value_layouts_match(const pecs_type *a, const pecs_type *b);

struct value_sides {
    pecs_view from, to; /* that the old and the new value are of */
    bool by_handle;     /* references are handles; else they are what they name */
};

/* Bits are compared, and what references name; padding is not. */
void value_diff(const struct value_sides *sides, const pecs_type *type, const void *old_value, const void *new_value,
                value_diff_function each, void *user);

#endif
