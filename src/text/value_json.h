/*
 * Value JSON: writes the value of a component as an object. Names, handles and floats that are not finite are strings,
 * the zero handle is null, a blob is an object with its bytes, arrays and lists are arrays, and those of two dimensions
 * arrays of arrays.
 */
#ifndef PECS_TEXT_VALUE_JSON_H
#define PECS_TEXT_VALUE_JSON_H

#include "json_out.h"

#include <pecs/metadata.h>
#include <pecs/view.h>

/* Writes null for tags, whose `value` is NULL. */
void value_write(struct json_out *json, const char *key, pecs_view view, const pecs_type *type, const void *value);

/* Writes one element of a field. A text is one element. */
void value_write_element(struct json_out *json, const char *key, pecs_view view, const pecs_field *field,
                         const void *element);

/* Writes the value of a metadata entry: a text, or an object with the bytes. */
void value_write_meta(struct json_out *json, const char *key, const pecs_meta *meta);

#endif
