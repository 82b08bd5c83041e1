/*
 * Each line says what only it knows, so that a change of a type changes few lines: sizes and offsets follow from the
 * fields, which tile a type, and an alignment is printed where the fields do not imply it. A nested type has no name,
 * for a file has none either.
 */
#include "bytes.h"
#include "lock_text.h"
#include "utf8.h"

#include <pecs/id.h>

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct lock_out {
    char *bytes;
    size_t capacity, size_bytes; /* of the text, which may be longer than what there is room for */
};

static void print_bytes(struct lock_out *out, const char *bytes, size_t size_bytes)
{
    if (out->size_bytes < out->capacity)
        memcpy(out->bytes + out->size_bytes, bytes, min_u64(size_bytes, out->capacity - out->size_bytes));
    out->size_bytes += size_bytes;
}

static void print_format(struct lock_out *out, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void print_format(struct lock_out *out, const char *format, ...)
{
    char text[128];
    va_list arguments;
    va_start(arguments, format);
    const int size = vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    print_bytes(out, text, (size_t)size);
}

static void print_name(struct lock_out *out, const char *name)
{
    const size_t size = strlen(name);
    print_bytes(out, "\"", 1);
    for (size_t at = 0; at < size;) {
        uint32_t code = 0;
        const unsigned step = utf8_step((const uint8_t *)name + at, size - at, &code);
        if (code == '"' || code == '\\')
            print_bytes(out, "\\", 1);
        if (utf8_is_hidden(code))
            print_format(out, "\\u{%x}", code);
        else
            print_bytes(out, name + at, step);
        at += step;
    }
    print_bytes(out, "\"", 1);
}

static void print_indent(struct lock_out *out, unsigned depth)
{
    for (unsigned i = 0; i < depth; i++)
        print_bytes(out, "    ", LOCK_INDENT);
}

static uint32_t print_align_of(const pecs_field *field)
{
    if (field->kind == PECS_STRUCT)
        return field->nested->align;
    return field->kind == PECS_ENUM ? field->size / field->count : kind_align(field->kind);
}

uint32_t lock_align(const pecs_type *type)
{
    uint32_t align = 1;
    for (uint32_t i = 0; i < type->field_count; i++)
        align = (uint32_t)max_u64(align, print_align_of(&type->fields[i]));
    return align;
}

static void print_align(struct lock_out *out, const pecs_type *type)
{
    if (type->align != lock_align(type))
        print_format(out, " align %u", type->align);
}

static void print_kind(struct lock_out *out, pecs_kind kind, uint32_t element_size)
{
    print_format(out, "%s", kind_name(kind));
    if (kind == PECS_ENUM)
        print_format(out, "%u", element_size * 8);
}

static void print_count(struct lock_out *out, const pecs_field *field)
{
    if (field->columns)
        print_format(out, "[%u][%u]", field->count / field->columns, field->columns);
    else if (field->count > 1)
        print_format(out, "[%u]", field->count);
}

static void print_shape(struct lock_out *out, const pecs_field *field)
{
    print_kind(out, field->kind, field->size / field->count);
    print_count(out, field);
    if (field->kind == PECS_LIST) {
        print_format(out, " of ");
        print_kind(out, field->element, field->element_size);
    }
}

size_t lock_print_shape(const pecs_field *field, char *bytes, size_t capacity)
{
    struct lock_out out = { bytes, capacity, 0 };
    print_shape(&out, field);
    return out.size_bytes;
}

static void print_fields(struct lock_out *out, const pecs_type *type, unsigned depth);

static void print_field(struct lock_out *out, const pecs_field *field, unsigned depth)
{
    const pecs_kind kind = field->kind == PECS_LIST ? field->element : field->kind;
    print_indent(out, depth);
    print_shape(out, field);
    if (field->name) {
        print_format(out, " ");
        print_name(out, field->name);
    }
    if (kind == PECS_STRUCT)
        print_align(out, field->nested);
    print_format(out, "\n");
    if (kind == PECS_STRUCT)
        print_fields(out, field->nested, depth + 1);
    for (uint32_t i = 0; kind == PECS_ENUM && i < field->enum_count && out->size_bytes <= LOCK_MAX_BYTES; i++) {
        print_indent(out, depth + 1);
        print_name(out, field->enum_names[i]);
        print_format(out, "\n");
    }
}

static void print_fields(struct lock_out *out, const pecs_type *type, unsigned depth)
{
    for (uint32_t i = 0; i < type->field_count && out->size_bytes <= LOCK_MAX_BYTES; i++)
        print_field(out, &type->fields[i], depth);
}

static void print_type(struct lock_out *out, const struct lock_type *item)
{
    const pecs_type *type = item->type;
    const pecs_id name_id = component_name_id(type->name);
    print_format(out, "\ntype ");
    print_name(out, type->name);
    if (memcmp(&name_id, &item->id, sizeof(name_id)) != 0) {
        char id[PECS_ID_TEXT_BYTES];
        pecs_id_format(item->id, id);
        print_format(out, " id %s", id);
    }
    if (type_is_transient(type)) {
        print_format(out, " transient%s%s\n", type->flags & PECS_TYPE_NO_SNAPSHOT ? " no_snapshot" : "",
                     type->flags & PECS_TYPE_TRANSIENT_ENTITY ? " entity" : "");
        return;
    }
    print_format(out, " version %u", type->version);
    print_align(out, type);
    print_format(out, "\n");
    print_fields(out, type, 1);
}

size_t lock_print(const struct lock *lock, char *bytes, size_t capacity)
{
    struct lock_out out = { bytes, capacity, 0 };
    print_format(&out, "pecs lock 1\nschema version %u, oldest reader %u\n", lock->schema_version, lock->oldest_reader);
    for (size_t i = 0; i < lock->type_count && out.size_bytes <= LOCK_MAX_BYTES; i++)
        print_type(&out, &lock->types[i]);
    return out.size_bytes;
}
