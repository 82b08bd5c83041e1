/* tests/read_pecs.py writes the same words. Bytes may have any value and any alignment. */
#include "scalar.h"

#include "number_text.h"

#include <math.h>
#include <string.h>

struct elements elements_of(const pecs_field *field)
{
    if (field->kind != PECS_TEXT)
        return (struct elements){ field->count, field->size / field->count, field->columns,
                                  field->count > 1 || field->columns };
    const uint32_t width = field->columns ? field->columns : field->size;
    return (struct elements){ field->size / width, width, 0, field->columns };
}

pecs_field list_element_of(const pecs_field *list)
{
    pecs_field element = *list;
    element.kind = list->element;
    element.offset = 0;
    element.size = list->element_size;
    element.count = 1;
    element.columns = 0;
    return element;
}

size_t scalar_text_size(const void *bytes, size_t size)
{
    while (size && ((const char *)bytes)[size - 1] == 0)
        size--;
    return size;
}

/* Files are little-endian, and so is every supported host. */
static uint64_t scalar_load_unsigned(const void *bytes, uint32_t size)
{
    uint64_t number = 0;
    memcpy(&number, bytes, size);
    return number;
}

static int64_t scalar_load_signed(const void *bytes, uint32_t size)
{
    const unsigned unused = 64 - 8 * size;
    const uint64_t shifted = scalar_load_unsigned(bytes, size) << unused;
    return (int64_t)shifted >> unused; /* an arithmetic shift in gcc and clang */
}

static void scalar_put(struct scalar *scalar, enum scalar_form form, const char *text)
{
    scalar->form = form;
    scalar->text = text;
    scalar->size = strlen(text);
}

/* Ends a word in the scalar's room. */
static void scalar_end(struct scalar *scalar, enum scalar_form form, char *end)
{
    *end = 0;
    scalar->form = form;
    scalar->text = scalar->room;
    scalar->size = (size_t)(end - scalar->room);
}

static void scalar_put_not_finite(struct scalar *scalar, double number, const void *bytes, uint32_t size)
{
    if (isinf(number)) {
        scalar_put(scalar, SCALAR_NAME, number < 0 ? "-inf" : "inf");
        return;
    }
    memcpy(scalar->room, "nan:", 4);
    scalar_end(scalar, SCALAR_NAME, number_write_hex(scalar->room + 4, scalar_load_unsigned(bytes, size), 2 * size));
}

static void scalar_read_f32(struct scalar *scalar, const void *bytes)
{
    float number;
    memcpy(&number, bytes, sizeof(number));
    if (isfinite(number))
        scalar_end(scalar, SCALAR_FLOAT, number_write_f32(scalar->room, number));
    else
        scalar_put_not_finite(scalar, number, bytes, sizeof(number));
}

static void scalar_read_f64(struct scalar *scalar, const void *bytes)
{
    double number;
    memcpy(&number, bytes, sizeof(number));
    if (isfinite(number))
        scalar_end(scalar, SCALAR_FLOAT, number_write_f64(scalar->room, number));
    else
        scalar_put_not_finite(scalar, number, bytes, sizeof(number));
}

char *scalar_write_handle(char *room, pecs_entity entity)
{
    room = number_write_unsigned(room, entity.index);
    *room++ = ':';
    return number_write_unsigned(room, entity.generation);
}

static void scalar_read_entity(struct scalar *scalar, const void *bytes)
{
    pecs_entity entity;
    memcpy(&entity, bytes, sizeof(entity));
    if (entity.index == 0 && entity.generation == 0) {
        scalar_put(scalar, SCALAR_NOTHING, "none");
        return;
    }
    scalar_end(scalar, SCALAR_NAME, scalar_write_handle(scalar->room, entity));
}

static void scalar_read_numbered(struct scalar *scalar, enum scalar_form form, const char *prefix, uint64_t number)
{
    const size_t size = strlen(prefix);
    memcpy(scalar->room, prefix, size);
    scalar_end(scalar, form, number_write_unsigned(scalar->room + size, number));
}

static void scalar_read_enum(struct scalar *scalar, const pecs_field *field, uint64_t number)
{
    if (number < field->enum_count)
        scalar_put(scalar, SCALAR_NAME, field->enum_names[number]);
    else
        scalar_read_numbered(scalar, SCALAR_UNNAMED, UNNAMED_PREFIX, number);
}

void scalar_read(const pecs_field *field, const void *bytes, struct scalar *ret_scalar)
{
    const uint32_t size = field->size / field->count;
    switch (field->kind) {
    case PECS_BOOL:
        if (scalar_load_unsigned(bytes, size) > 1)
            scalar_read_numbered(ret_scalar, SCALAR_NAME, "bool:", scalar_load_unsigned(bytes, size));
        else
            scalar_put(ret_scalar, SCALAR_WORD, scalar_load_unsigned(bytes, size) ? "true" : "false");
        break;
    case PECS_I8:
    case PECS_I16:
    case PECS_I32:
    case PECS_I64:
        scalar_end(ret_scalar, SCALAR_WORD, number_write_signed(ret_scalar->room, scalar_load_signed(bytes, size)));
        break;
    case PECS_F32:
        scalar_read_f32(ret_scalar, bytes);
        break;
    case PECS_F64:
        scalar_read_f64(ret_scalar, bytes);
        break;
    case PECS_ENTITY:
        scalar_read_entity(ret_scalar, bytes);
        break;
    case PECS_ENUM:
        scalar_read_enum(ret_scalar, field, scalar_load_unsigned(bytes, size));
        break;
    default:
        scalar_end(ret_scalar, SCALAR_WORD, number_write_unsigned(ret_scalar->room, scalar_load_unsigned(bytes, size)));
        break;
    }
}
