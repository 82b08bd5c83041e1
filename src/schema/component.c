/*
 * What is derived from a checked type. The description itself belongs to the user's program and is not copied: a
 * component holds its spans and numbers, and a pointer to it.
 */
#include "component.h"

#include "bytes.h"
#include "error.h"
#include "hash.h"
#include "kind.h"
#include "memory.h"

#include <stdlib.h>

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
    case PECS_STRING:
    case PECS_BLOB:
    case PECS_LIST:
        return true;
    case PECS_ENUM:
        return (uint64_t)span->limit < (uint64_t)1 << 8 * span->width; /* else every number is a value of the enum */
    default:
        return false;
    }
}

static bool component_is_content(const struct value_span *span)
{
    return kind_has_contents(span->kind);
}

static bool component_is_hole(const struct value_span *span)
{
    return component_is_padding(span) || component_is_content(span);
}

static bool component_find_references(const pecs_type *type)
{
    bool found = false;
    for (uint32_t i = 0; !found && i < type->field_count; i++) {
        const pecs_field *field = &type->fields[i];
        const pecs_kind kind = field->kind == PECS_LIST ? field->element : field->kind;
        found = kind == PECS_ENTITY || (kind == PECS_STRUCT && component_find_references(field->nested));
    }
    return found;
}

pecs_id component_name_id(const char *name)
{
    return hash128(name, strlen(name));
}

pecs_id component_type_id(const pecs_type *type)
{
    static const pecs_id none;
    return memcmp(&type->id, &none, sizeof(none)) != 0 ? type->id : component_name_id(type->name);
}

/* Derives all but the id and the elements of lists. The type is valid. */
static pecs_status component_init_spans(struct component *component, const pecs_type *type, struct pool *pool)
{
    *component = (struct component){
        .type = type,
        .size = type->size,
        .align = type->align,
        .has_references = component_find_references(type),
        .padding = &span_list_none,
        .special = &span_list_none,
    };
    pecs_status status = span_list_create(pool, type, component_is_padding, &component->padding);
    if (!status)
        status = span_list_create(pool, type, component_is_special, &component->special);
    return status;
}

/* Notes the list fields of a type and of those that it nests, each once. */
static pecs_status component_find_lists(struct component_contents *contents, const pecs_type *type, struct pool *pool)
{
    pecs_status status = PECS_OK;
    for (uint32_t i = 0; !status && i < type->field_count; i++) {
        const pecs_field *field = &type->fields[i];
        bool is_new = field->kind == PECS_LIST || field->kind == PECS_STRUCT;
        for (uint32_t j = 0; is_new && field->kind == PECS_STRUCT && j < i; j++)
            is_new = type->fields[j].kind != PECS_STRUCT || type->fields[j].nested != field->nested;
        if (is_new && field->kind == PECS_STRUCT) {
            status = component_find_lists(contents, field->nested, pool);
        } else if (is_new) {
            if (!pool_reserve(pool, (void **)&contents->elements, &contents->element_capacity,
                              contents->element_count + 1, sizeof(*contents->elements)))
                return PECS_E_MEMORY;
            contents->elements[contents->element_count++] = (struct list_element){ .list = field };
        }
    }
    return status;
}

static int component_compare_elements(const void *a, const void *b)
{
    const uintptr_t x = (uintptr_t)((const struct list_element *)a)->list;
    const uintptr_t y = (uintptr_t)((const struct list_element *)b)->list;
    return (x > y) - (x < y);
}

static pecs_status component_init_element(struct list_element *element, struct pool *pool)
{
    const pecs_field *list = element->list;
    if (list->element == PECS_STRUCT)
        return component_init_spans(&element->values, list->nested, pool);
    element->only = (pecs_field){ .name = list->name,
                                  .kind = list->element,
                                  .size = list->element_size,
                                  .count = 1,
                                  .enum_names = list->enum_names,
                                  .enum_count = list->enum_count };
    element->type = (pecs_type){ .name = list->name,
                                 .version = 1,
                                 .size = list->element_size,
                                 .align = list->element == PECS_ENTITY ? 4 : list->element_size,
                                 .field_count = 1,
                                 .fields = &element->only };
    return component_init_spans(&element->values, &element->type, pool);
}

static pecs_status component_init_elements(struct component_contents *contents, const pecs_type *type,
                                           struct pool *pool)
{
    pecs_status status = component_find_lists(contents, type, pool);
    if (status || !contents->element_count)
        return status;
    qsort(contents->elements, contents->element_count, sizeof(*contents->elements), component_compare_elements);
    size_t count = 0; /* a type that is nested along several paths has noted its lists for each */
    for (size_t i = 0; i < contents->element_count; i++)
        if (!count || contents->elements[count - 1].list != contents->elements[i].list)
            contents->elements[count++] = contents->elements[i];
    contents->element_count = count;
    for (size_t i = 0; !status && i < count; i++) /* their addresses are final from here on */
        status = component_init_element(&contents->elements[i], pool);
    return status;
}

static pecs_status component_init_contents(struct component *component, struct pool *pool)
{
    if (!type_has_contents(component->type))
        return PECS_OK;
    struct component_contents *contents = pool_allocate_zeroed(pool, sizeof(*contents));
    if (!contents)
        return PECS_E_MEMORY;
    component->contents = contents;
    contents->spans = contents->holes = &span_list_none;
    pecs_status status = span_list_create(pool, component->type, component_is_content, &contents->spans);
    if (!status)
        status = span_list_create(pool, component->type, component_is_hole, &contents->holes);
    return status ? status : component_init_elements(contents, component->type, pool);
}

const struct component *component_element(const struct component *component, const pecs_field *list)
{
    const struct component_contents *contents = component->contents;
    size_t low = 0, high = contents->element_count - 1;
    while (low < high) {
        const size_t middle = low + (high - low + 1) / 2;
        if ((uintptr_t)contents->elements[middle].list <= (uintptr_t)list)
            low = middle;
        else
            high = middle - 1;
    }
    return &contents->elements[low].values;
}

pecs_status component_init(struct component *component, const pecs_type *type, struct pool *pool, pecs_error *error)
{
    pecs_status status = type_check(type, pool, error);
    if (status)
        return status;
    if (type_is_transient(type)) {
        *component = (struct component){ .type = type,
                                         .size = type->size,
                                         .align = type->align,
                                         .padding = &span_list_none,
                                         .special = &span_list_none };
    } else {
        status = component_init_spans(component, type, pool);
    }
    component->id = component_type_id(type);
    component->flags = type->flags;
    if (!status && !type_is_transient(type))
        status = component_init_contents(component, pool);
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
        const pecs_kind kind = field->kind == PECS_LIST ? field->element : field->kind;
        if (field->kind == PECS_LIST)
            bytes += 28 + component_count_string(LIST_ELEMENT_NAME);
        if (kind == PECS_STRUCT)
            bytes += component_description_bytes(field->nested, limit - min_u64(bytes, limit));
        for (uint32_t j = 0; kind == PECS_ENUM && j < field->enum_count && bytes <= limit; j++)
            bytes += component_count_string(field->enum_names[j]);
    }
    return bytes;
}

void component_deinit(struct component *component, struct pool *pool)
{
    struct component_contents *contents = component->contents;
    span_list_destroy(pool, component->padding);
    span_list_destroy(pool, component->special);
    if (!contents)
        return;
    span_list_destroy(pool, contents->spans);
    span_list_destroy(pool, contents->holes);
    for (size_t i = 0; i < contents->element_count; i++)
        component_deinit(&contents->elements[i].values, pool);
    pool_release(pool, contents->elements, contents->element_capacity * sizeof(*contents->elements));
    pool_release(pool, contents, sizeof(*contents));
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
    if (a->kind == PECS_LIST && (a->element != b->element || a->element_size != b->element_size))
        return false;
    const pecs_kind kind = a->kind == PECS_LIST ? a->element : a->kind;
    for (uint32_t i = 0; kind == PECS_ENUM && i < a->enum_count; i++)
        if (!component_name_is_same(a->enum_names[i], b->enum_names[i]))
            return false;
    return kind != PECS_STRUCT || component_layout_is_same(a->nested, b->nested);
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
