/* Value text: the value of a component as one line, " field=value" for each field. */
#ifndef PECS_CLI_VALUE_TEXT_H
#define PECS_CLI_VALUE_TEXT_H

#include "text_out.h"

#include <pecs/view.h>

/*
 * `value` is NULL for tags, of which nothing is printed. Handles of entities that do not live in the view are "stale".
 */
void value_print(struct text_out *out, pecs_view view, const pecs_type *type, const void *value);

/* One element of a field: a whole text when that is its kind. */
void value_print_element(struct text_out *out, pecs_view view, const pecs_field *field, const void *element);

/* The type of each element: "f32", and "[2][3]", "[4]" or nothing. */
void value_print_kind(struct text_out *out, const pecs_field *field);

#endif
