/*
 * Value JSON: the value of a component as an object. Floats that are not finite, names and handles are strings, the
 * handle that names none is null, arrays are arrays, those of two dimensions arrays of arrays.
 */
#ifndef PECS_CLI_VALUE_JSON_H
#define PECS_CLI_VALUE_JSON_H

#include "json_out.h"

#include <pecs/metadata.h>

/* null for tags, whose `value` is NULL. */
void value_write(struct json_out *json, const char *key, const pecs_type *type, const void *value);

/* One element of a field: a whole text when that is its kind. */
void value_write_element(struct json_out *json, const char *key, const pecs_field *field, const void *element);

/* A metadata entry: its text, or the object of its bytes. */
void value_write_meta(struct json_out *json, const char *key, const pecs_meta *meta);

#endif
