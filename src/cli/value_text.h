/* Value text: prints the value of a component as one line, " field=value" for each field. */
#ifndef PECS_CLI_VALUE_TEXT_H
#define PECS_CLI_VALUE_TEXT_H

#include "text_out.h"

#include <pecs/view.h>

/*
 * Prints nothing for tags, whose `value` is NULL. Handles of entities that do not live in the view are marked "stale".
 */
void value_print(struct text_out *out, pecs_view view, const pecs_type *type, const void *value);

/* Prints one element of a field. A text is one element. */
void value_print_element(struct text_out *out, pecs_view view, const pecs_field *field, const void *element);

/* Prints the kind of the elements, "f32", and the dimensions, "[2][3]", "[4]" or nothing; "list of f32". */
void value_print_kind(struct text_out *out, const pecs_field *field);

#endif
