/* Offsets are not written: fields tile their struct, padding included, so their order and sizes give them. */
#include "json_describe.h"

#include <pecs/reflect.h>

static void describe_names(struct json_out *json, const pecs_field *field)
{
    json_begin_array(json, "names");
    for (uint32_t i = 0; i < field->enum_count; i++)
        json_string(json, NULL, field->enum_names[i]);
    json_end_array(json);
}

static void describe_fields(struct json_out *json, const pecs_type *type);

/* What an enum, a struct and a list have beside their kind. */
static void describe_kind(struct json_out *json, const pecs_field *field, pecs_kind kind, uint32_t element_size)
{
    json_string(json, "kind", pecs_kind_name(kind));
    if (kind == PECS_ENUM) {
        json_number(json, "size", element_size);
        describe_names(json, field);
    } else if (kind == PECS_STRUCT) {
        describe_fields(json, field->nested);
    } else if (kind == PECS_LIST) {
        json_begin_object(json, "element");
        describe_kind(json, field, field->element, field->element_size);
        json_end_object(json);
    }
}

static void describe_field(struct json_out *json, const pecs_field *field)
{
    json_begin_object(json, NULL);
    if (field->kind != PECS_PADDING)
        json_string(json, "name", field->name);
    describe_kind(json, field, field->kind, field->size / field->count);
    if (field->count != 1)
        json_number(json, "count", field->count);
    if (field->columns)
        json_number(json, "columns", field->columns);
    json_end_object(json);
}

static void describe_fields(struct json_out *json, const pecs_type *type)
{
    json_number(json, "size", type->size);
    json_number(json, "align", type->align);
    json_begin_array(json, "fields");
    for (uint32_t i = 0; i < type->field_count; i++)
        describe_field(json, &type->fields[i]);
    json_end_array(json);
}

void describe_type(struct json_out *json, const pecs_type *type, pecs_id id)
{
    json_begin_object(json, NULL);
    json_string(json, "id", type->name);
    json_id(json, "type_id", id);
    json_number(json, "version", type->version);
    describe_fields(json, type);
    json_end_object(json);
}
