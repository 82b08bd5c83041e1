/* Numbers are exact. Floats always have a point or an exponent, so that readers keep -0.0. */
#include "value_json.h"

#include "scalar.h"
#include "value_contents.h"

#include <string.h>

static void value_write_scalar(struct json_out *json, const char *key, const struct scalar *scalar)
{
    switch (scalar->form) {
    case SCALAR_NOTHING:
        json_word(json, key, "null");
        break;
    case SCALAR_NAME:
        json_text(json, key, scalar->text, scalar->size);
        break;
    case SCALAR_UNNAMED:
        json_word(json, key, scalar->text + strlen(UNNAMED_PREFIX));
        break;
    case SCALAR_FLOAT:
        json_number_text(json, key, scalar->text, scalar->size);
        if (!memchr(scalar->text, '.', scalar->size) && !memchr(scalar->text, 'e', scalar->size))
            out_text(json->out, ".0", 2);
        break;
    default:
        json_number_text(json, key, scalar->text, scalar->size);
        break;
    }
}

static void value_write_contents(struct json_out *json, const char *key, pecs_view view, const pecs_field *field,
                                 const void *member)
{
    const struct contents contents = contents_of(view, field, member);
    if (field->kind == PECS_STRING) {
        json_text(json, key, (const char *)contents.bytes, contents.size_bytes);
        return;
    }
    if (field->kind == PECS_BLOB) {
        json_bytes(json, key, contents.bytes, contents.size_bytes);
        return;
    }
    const pecs_field element = list_element_of(field);
    json_begin_array(json, key);
    for (size_t at = 0; at < contents.size_bytes && !out_is_over(json->out); at += element.size)
        value_write_element(json, NULL, view, &element, contents.bytes + at);
    json_end_array(json);
}

void value_write_element(struct json_out *json, const char *key, pecs_view view, const pecs_field *field,
                         const void *element)
{
    struct scalar scalar;
    if (field->kind == PECS_STRUCT) {
        value_write(json, key, view, field->nested, element);
    } else if (field->kind == PECS_STRING || field->kind == PECS_BLOB || field->kind == PECS_LIST) {
        value_write_contents(json, key, view, field, element);
    } else if (field->kind == PECS_TEXT) {
        json_text(json, key, element, scalar_text_size(element, elements_of(field).step_bytes));
    } else {
        scalar_read(field, element, &scalar);
        value_write_scalar(json, key, &scalar);
    }
}

/* `bytes` points to the field, not to its struct. */
static void value_write_field(struct json_out *json, pecs_view view, const pecs_field *field, const uint8_t *bytes)
{
    const struct elements elements = elements_of(field);
    if (!elements.is_array) {
        value_write_element(json, field->name, view, field, bytes);
        return;
    }
    json_begin_array(json, field->name);
    for (uint32_t i = 0; i < elements.count; i++) {
        if (elements.columns && i % elements.columns == 0)
            json_begin_array(json, NULL);
        value_write_element(json, NULL, view, field, bytes + (size_t)i * elements.step_bytes);
        if (elements.columns && (i + 1) % elements.columns == 0)
            json_end_array(json);
    }
    json_end_array(json);
}

void value_write(struct json_out *json, const char *key, pecs_view view, const pecs_type *type, const void *value)
{
    if (!value) {
        json_word(json, key, "null");
        return;
    }
    json_begin_object(json, key);
    for (uint32_t i = 0; i < type->field_count; i++)
        if (type->fields[i].kind != PECS_PADDING)
            value_write_field(json, view, &type->fields[i], (const uint8_t *)value + type->fields[i].offset);
    json_end_object(json);
}

void value_write_meta(struct json_out *json, const char *key, const pecs_meta *meta)
{
    if (meta->kind == PECS_META_TEXT)
        json_text(json, key, meta->value, meta->size_bytes);
    else
        json_bytes(json, key, meta->value, meta->size_bytes);
}
