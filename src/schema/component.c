/*
 * What is derived from a checked type. The description itself belongs to the user's program and is not copied: a
 * component holds its spans and numbers, and a pointer to it.
 */
#include "component.h"

#include "bytes.h"
#include "error.h"
#include "hash.h"
#include "memory.h"

static bool component_is_padding(const struct value_span *span)
{
    return span->kind == PECS_PADDING;
}

static bool component_is_special(const struct value_span *span)
{
    switch (span->kind) {
    case PECS_BOOL:
    case PECS_TEXT:
    case PECS_ENTITY:
        return true;
    case PECS_ENUM:
        return (uint64_t)span->limit < (uint64_t)1 << 8 * span->width; /* else every number is a value of the enum */
    default:
        return false;
    }
}

static bool component_find_references(const pecs_type *type)
{
    bool found = false;
    for (uint32_t i = 0; !found && i < type->field_count; i++)
        found = type->fields[i].kind == PECS_ENTITY ||
                (type->fields[i].kind == PECS_STRUCT && component_find_references(type->fields[i].nested));
    return found;
}

pecs_id component_name_id(const char *name)
{
    return hash128(name, strlen(name));
}

pecs_status component_init(struct component *component, const pecs_type *type, struct pool *pool, pecs_error *error)
{
    pecs_status status = type_check(type, pool, error);
    if (status)
        return status;
    static const pecs_id none;
    const bool given = memcmp(&type->id, &none, sizeof(none)) != 0;
    *component = (struct component){
        .type = type,
        .id = given ? type->id : component_name_id(type->name),
        .size = type->size,
        .align = type->align,
        .flags = type->flags,
    };
    if (type_is_transient(type))
        return PECS_OK;
    component->has_references = component_find_references(type);
    status = span_list_init(&component->padding, pool, type, component_is_padding);
    if (!status)
        status = span_list_init(&component->special, pool, type, component_is_special);
    if (status) {
        component_deinit(component, pool);
        return fail_memory(error);
    }
    return PECS_OK;
}

static uint64_t component_count_string(const char *text)
{
    return 8 + (text ? strlen(text) : 0);
}

uint64_t component_description_bytes(const pecs_type *type, uint64_t limit)
{
    uint64_t bytes = 48 + component_count_string(type->name);
    for (uint32_t i = 0; i < type->field_count && bytes <= limit; i++) {
        const pecs_field *field = &type->fields[i];
        bytes += 28 + component_count_string(field->name);
        if (field->kind == PECS_STRUCT)
            bytes += component_description_bytes(field->nested, limit - min_u64(bytes, limit));
        for (uint32_t j = 0; field->kind == PECS_ENUM && j < field->enum_count && bytes <= limit; j++)
            bytes += component_count_string(field->enum_names[j]);
    }
    return bytes;
}

void component_deinit(struct component *component, struct pool *pool)
{
    span_list_deinit(&component->padding, pool);
    span_list_deinit(&component->special, pool);
}

static bool component_name_is_same(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

static bool component_field_is_same(const pecs_field *a, const pecs_field *b)
{
    if (a->kind != b->kind || a->offset != b->offset || a->size != b->size || a->count != b->count ||
        a->columns != b->columns || a->enum_count != b->enum_count || !component_name_is_same(a->name, b->name))
        return false;
    for (uint32_t i = 0; a->kind == PECS_ENUM && i < a->enum_count; i++)
        if (!component_name_is_same(a->enum_names[i], b->enum_names[i]))
            return false;
    return a->kind != PECS_STRUCT || component_layout_is_same(a->nested, b->nested);
}

bool component_layout_is_same(const pecs_type *a, const pecs_type *b)
{
    if (a == b)
        return true;
    if (a->size != b->size || a->align != b->align || a->field_count != b->field_count)
        return false;
    for (uint32_t i = 0; i < a->field_count; i++)
        if (!component_field_is_same(&a->fields[i], &b->fields[i]))
            return false;
    return true;
}
