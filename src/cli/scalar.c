/* The words are those of tests/read_pecs.py. Bytes may be of any value and at any address. */
#include "scalar.h"

#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct elements elements_of(const pecs_field *field)
{
    if (field->kind != PECS_TEXT)
        return (struct elements){ field->count, field->size / field->count, field->columns,
                                  field->count > 1 || field->columns };
    const uint32_t width = field->columns ? field->columns : field->size;
    return (struct elements){ field->size / width, width, 0, field->columns };
}

size_t scalar_text_size(const void *bytes, size_t size)
{
    while (size && ((const char *)bytes)[size - 1] == 0)
        size--;
    return size;
}

/* Files are little-endian, as is every machine that the library runs on. */
static uint64_t load_unsigned(const void *bytes, uint32_t size)
{
    uint64_t number = 0;
    memcpy(&number, bytes, size);
    return number;
}

static int64_t load_signed(const void *bytes, uint32_t size)
{
    const unsigned unused = 64 - 8 * size;
    const uint64_t shifted = load_unsigned(bytes, size) << unused;
    return (int64_t)shifted >> unused; /* gcc and clang: arithmetic */
}

static void put(struct scalar *scalar, enum scalar_form form, const char *text)
{
    scalar->form = form;
    scalar->text = text;
}

static void put_not_finite(struct scalar *scalar, double number, const void *bytes, uint32_t size)
{
    put(scalar, SCALAR_NAME, scalar->room);
    if (isinf(number))
        snprintf(scalar->room, sizeof(scalar->room), "%sinf", number < 0 ? "-" : "");
    else
        snprintf(scalar->room, sizeof(scalar->room), "nan:%0*" PRIx64, (int)(2 * size), load_unsigned(bytes, size));
}

/* %g leaves trailing zeros out, and what has at most FLT_DIG digits comes out as it went in; subnormals have fewer. */
static void read_f32(struct scalar *scalar, const void *bytes)
{
    float number;
    memcpy(&number, bytes, sizeof(number));
    if (!isfinite(number)) {
        put_not_finite(scalar, number, bytes, sizeof(number));
        return;
    }
    put(scalar, SCALAR_FLOAT, scalar->room);
    const bool is_subnormal = fabsf(number) < FLT_MIN;
    for (int digits = is_subnormal ? 1 : FLT_DIG; digits <= 9; digits++) {
        snprintf(scalar->room, sizeof(scalar->room), "%.*g", digits, (double)number);
        if (strtof(scalar->room, NULL) == number)
            return;
    }
}

static void read_f64(struct scalar *scalar, const void *bytes)
{
    double number;
    memcpy(&number, bytes, sizeof(number));
    if (!isfinite(number)) {
        put_not_finite(scalar, number, bytes, sizeof(number));
        return;
    }
    put(scalar, SCALAR_FLOAT, scalar->room);
    const bool is_subnormal = fabs(number) < DBL_MIN;
    for (int digits = is_subnormal ? 1 : DBL_DIG; digits <= 17; digits++) {
        snprintf(scalar->room, sizeof(scalar->room), "%.*g", digits, number);
        if (strtod(scalar->room, NULL) == number)
            return;
    }
}

static void read_entity(struct scalar *scalar, const void *bytes)
{
    pecs_entity entity;
    memcpy(&entity, bytes, sizeof(entity));
    if (entity.index == 0 && entity.generation == 0) {
        put(scalar, SCALAR_NOTHING, "none");
        return;
    }
    put(scalar, SCALAR_NAME, scalar->room);
    snprintf(scalar->room, sizeof(scalar->room), "%" PRIu32 ":%" PRIu32, entity.index, entity.generation);
}

static void read_numbered(struct scalar *scalar, const char *what, uint64_t number)
{
    put(scalar, SCALAR_NAME, scalar->room);
    snprintf(scalar->room, sizeof(scalar->room), "%s:%" PRIu64, what, number);
}

static void put_unnamed(struct scalar *scalar, uint64_t number)
{
    put(scalar, SCALAR_UNNAMED, scalar->room);
    snprintf(scalar->room, sizeof(scalar->room), UNNAMED_PREFIX "%" PRIu64, number);
}

static void read_enum(struct scalar *scalar, const pecs_field *field, uint64_t number)
{
    if (number < field->enum_count)
        put(scalar, SCALAR_NAME, field->enum_names[number]);
    else
        put_unnamed(scalar, number);
}

void scalar_read(const pecs_field *field, const void *bytes, struct scalar *ret_scalar)
{
    const uint32_t size = field->size / field->count;
    put(ret_scalar, SCALAR_WORD, ret_scalar->room);
    switch (field->kind) {
    case PECS_BOOL:
        if (load_unsigned(bytes, size) > 1)
            read_numbered(ret_scalar, "bool", load_unsigned(bytes, size));
        else
            put(ret_scalar, SCALAR_WORD, load_unsigned(bytes, size) ? "true" : "false");
        break;
    case PECS_I8:
    case PECS_I16:
    case PECS_I32:
    case PECS_I64:
        snprintf(ret_scalar->room, sizeof(ret_scalar->room), "%" PRId64, load_signed(bytes, size));
        break;
    case PECS_F32:
        read_f32(ret_scalar, bytes);
        break;
    case PECS_F64:
        read_f64(ret_scalar, bytes);
        break;
    case PECS_ENTITY:
        read_entity(ret_scalar, bytes);
        break;
    case PECS_ENUM:
        read_enum(ret_scalar, field, load_unsigned(bytes, size));
        break;
    case PECS_STRING:
    case PECS_BLOB:
        read_numbered(ret_scalar, "heap", load_unsigned(bytes, size));
        break;
    default:
        snprintf(ret_scalar->room, sizeof(ret_scalar->room), "%" PRIu64, load_unsigned(bytes, size));
        break;
    }
}
