/* Describe: a type as JSON, in the form in which json_types.h reads it. */
#ifndef PECS_JSON_DESCRIBE_H
#define PECS_JSON_DESCRIBE_H

#include "json_out.h"

void describe_type(struct json_out *json, const pecs_type *type, pecs_id id);

#endif
