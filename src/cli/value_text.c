/* tests/read_pecs.py prints the same, except for escapes. */
#include "value_text.h"

#include "meta_text.h"
#include "scalar.h"
#include "value_contents.h"

#include <pecs/reflect.h>

#include <inttypes.h>
#include <string.h>

static void value_print_field(struct text_out *out, pecs_view view, const pecs_field *field, const uint8_t *bytes);

static void value_print_struct(struct text_out *out, pecs_view view, const pecs_type *type, const uint8_t *bytes)
{
    const char *before = "{";
    for (uint32_t i = 0; i < type->field_count && !out_is_over(out); i++) {
        const pecs_field *field = &type->fields[i];
        if (field->kind == PECS_PADDING)
            continue;
        out_format(out, "%s", before);
        out_name(out, field->name);
        out_format(out, "=");
        value_print_field(out, view, field, bytes + field->offset);
        before = " ";
    }
    out_format(out, "%s}", *before == '{' ? "{" : "");
}

static bool value_is_stale(pecs_view view, const void *element)
{
    pecs_entity entity;
    memcpy(&entity, element, sizeof(entity));
    return (entity.index || entity.generation) && !pecs_view_alive(view, entity);
}

/* Escapes the colon of a name that looks like a value without a name. */
static void value_print_enum_name(struct text_out *out, const char *name)
{
    const size_t prefix = strlen(UNNAMED_PREFIX);
    const bool looks_unnamed = strncmp(name, UNNAMED_PREFIX, prefix) == 0;
    out_format(out, "%s", looks_unnamed ? "enum\\x3a" : "");
    out_name(out, looks_unnamed ? name + prefix : name);
}

static void value_print_scalar(struct text_out *out, pecs_view view, const pecs_field *field, const void *element)
{
    struct scalar scalar;
    scalar_read(field, element, &scalar);
    if (field->kind == PECS_ENUM && scalar.form == SCALAR_NAME)
        value_print_enum_name(out, scalar.text);
    else
        out_name(out, scalar.text);
    if (field->kind == PECS_ENTITY && value_is_stale(view, element))
        out_format(out, " stale");
}

static void value_print_contents(struct text_out *out, pecs_view view, const pecs_field *field, const void *member)
{
    const struct contents contents = contents_of(view, field, member);
    if (field->kind == PECS_STRING) {
        out_quoted(out, (const char *)contents.bytes, contents.size_bytes);
        return;
    }
    if (field->kind == PECS_BLOB) {
        bytes_print(out, contents.bytes, contents.size_bytes);
        return;
    }
    const pecs_field element = list_element_of(field);
    out_format(out, "[");
    for (size_t at = 0; at < contents.size_bytes && !out_is_over(out); at += element.size) {
        out_format(out, at ? ", " : "");
        value_print_element(out, view, &element, contents.bytes + at);
    }
    out_format(out, "]");
}

void value_print_element(struct text_out *out, pecs_view view, const pecs_field *field, const void *element)
{
    if (field->kind == PECS_STRUCT) {
        value_print_struct(out, view, field->nested, element);
        return;
    }
    if (field->kind == PECS_TEXT)
        out_quoted(out, element, scalar_text_size(element, elements_of(field).step_bytes));
    else if (field->kind == PECS_STRING || field->kind == PECS_BLOB || field->kind == PECS_LIST)
        value_print_contents(out, view, field, element);
    else
        value_print_scalar(out, view, field, element);
}

/* `bytes` points to the field, not to its struct. */
static void value_print_field(struct text_out *out, pecs_view view, const pecs_field *field, const uint8_t *bytes)
{
    const struct elements elements = elements_of(field);
    if (elements.count == 1 && !elements.columns) {
        value_print_element(out, view, field, bytes);
        return;
    }
    out_format(out, "[");
    for (uint32_t i = 0; i < elements.count && !out_is_over(out); i++) {
        if (i)
            out_format(out, ", ");
        if (elements.columns && i % elements.columns == 0)
            out_format(out, "[");
        value_print_element(out, view, field, bytes + (size_t)i * elements.step_bytes);
        if (elements.columns && (i + 1) % elements.columns == 0)
            out_format(out, "]");
    }
    out_format(out, "]");
}

void value_print(struct text_out *out, pecs_view view, const pecs_type *type, const void *value)
{
    for (uint32_t i = 0; value && i < type->field_count && !out_is_over(out); i++) {
        const pecs_field *field = &type->fields[i];
        if (field->kind == PECS_PADDING)
            continue;
        out_format(out, " ");
        out_name(out, field->name);
        out_format(out, "=");
        value_print_field(out, view, field, (const uint8_t *)value + field->offset);
    }
}

void value_print_kind(struct text_out *out, const pecs_field *field)
{
    out_format(out, "%s", pecs_kind_name(field->kind));
    if (field->columns)
        out_format(out, "[%" PRIu32 "][%" PRIu32 "]", field->count / field->columns, field->columns);
    else if (field->count > 1)
        out_format(out, "[%" PRIu32 "]", field->count);
    if (field->kind == PECS_LIST)
        out_format(out, " of %s", pecs_kind_name(field->element));
}
