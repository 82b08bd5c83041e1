/*
 * Offsets follow from C's rules: a field begins at the next multiple of its alignment, and what lies before it is
 * padding. Documents that a save wrote name all padding; those that people wrote need not. What else a type must be,
 * the registry checks.
 */
#include "json_types.h"

#include "json_fail.h"
#include "json_type_store.h"

#include <pecs/id.h>
#include <pecs/reflect.h>

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TYPE_SIZE_MAX = 16 << 20, TYPES_MAX = 2048 };

/* A struct that is read. */
struct layout {
    pecs_field *fields; /* with room for two times as many as are described, and one */
    uint32_t count;
    uint64_t size;
    uint32_t align;
};

struct kind_layout {
    uint32_t size, align;
};

/* Of enums and structs it is found later. */
static struct kind_layout types_kind_layout(pecs_kind kind)
{
    const uint32_t align = pecs_kind_align(kind);
    return (struct kind_layout){ pecs_kind_size(kind), align ? align : 1 };
}

static pecs_kind types_find_kind(const char *name)
{
    for (int kind = PECS_BOOL; kind <= PECS_LIST; kind++)
        if (strcmp(pecs_kind_name((pecs_kind)kind), name) == 0)
            return (pecs_kind)kind;
    return (pecs_kind)0;
}

/* Reads an optional number; one that is left out stays. */
static pecs_status types_read_number(const struct tree *tree, const char *name, const cJSON *node, uint32_t least,
                                     uint32_t *number)
{
    const struct tree_step step = { NULL, name, 0 };
    uint64_t found;
    if (!node)
        return PECS_OK;
    if (!tree_read_unsigned(node, UINT32_MAX, &found) || found < least)
        return tree_fail_expected(tree, &step, node, "an integer from %u", least);
    *number = (uint32_t)found;
    return PECS_OK;
}

static pecs_status types_read_names(struct types *types, const struct tree *tree, const cJSON *node, pecs_field *field)
{
    const struct tree_step step = { NULL, field->name, 0 };
    if (!cJSON_IsArray(node))
        return tree_fail_expected(tree, &step, node, "the names of the enum, \"names\": [...]");
    uint32_t count = 0;
    for (const cJSON *name = node->child; name; name = name->next)
        count++;
    const char **names = type_store_take(types->store, ((size_t)count + 1) * sizeof(*names));
    if (!names)
        return json_fail_memory(tree->scan->error);
    for (const cJSON *name = node->child; name; name = name->next) {
        if (!tree_is_string(name))
            return tree_fail_expected(tree, &step, name, "the name of an enum's value");
        names[field->enum_count] = type_store_copy(types->store, tree_text(name));
        if (!names[field->enum_count++])
            return json_fail_memory(tree->scan->error);
    }
    field->enum_names = names;
    return PECS_OK;
}

static pecs_status types_read_struct(struct types *types, const struct tree *tree, const cJSON *const *nodes,
                                     pecs_type *type);

enum {
    MEMBER_SIZE,
    MEMBER_ALIGN,
    MEMBER_FIELDS,
    MEMBER_NAME,
    MEMBER_KIND,
    MEMBER_NAMES,
    MEMBER_ELEMENT,
    MEMBER_COUNT,
    MEMBER_COLUMNS,
    MEMBER_ALL
};
static const char *const field_members[MEMBER_ALL] = { "size",  "align",   "fields", "name",   "kind",
                                                       "names", "element", "count",  "columns" };

/* Reads a kind, and what an enum or struct has beside it. */
static pecs_status types_read_kind(struct types *types, const struct tree *tree, const cJSON *at,
                                   const cJSON *const *nodes, pecs_field *field, pecs_kind *ret_kind,
                                   struct kind_layout *ret_layout)
{
    const struct tree_step step = { NULL, field->name, 0 };
    const cJSON *kind = nodes[MEMBER_KIND];
    *ret_kind = kind && tree_is_string(kind) ? types_find_kind(tree_text(kind)) : (pecs_kind)0;
    if (!*ret_kind)
        return tree_fail_expected(tree, &step, kind ? kind : at, "a kind, as \"i32\", \"text\" or \"struct\"");
    *ret_layout = types_kind_layout(*ret_kind);
    if (*ret_kind == PECS_ENUM) {
        ret_layout->size = 1;
        const pecs_status status = types_read_number(tree, "size", nodes[MEMBER_SIZE], 1, &ret_layout->size);
        ret_layout->align = ret_layout->size;
        if (status)
            return status;
        if (ret_layout->size > 4 || ret_layout->size == 3)
            return tree_fail_expected(tree, &step, nodes[MEMBER_SIZE], "1, 2 or 4 bytes");
        return types_read_names(types, tree, nodes[MEMBER_NAMES], field);
    }
    if (*ret_kind != PECS_STRUCT)
        return PECS_OK;
    pecs_type *nested = type_store_take(types->store, sizeof(*nested));
    if (!nested)
        return json_fail_memory(tree->scan->error);
    nested->name = field->name;
    nested->version = 1;
    field->nested = nested;
    const pecs_status status = types_read_struct(types, tree, nodes, nested);
    *ret_layout = (struct kind_layout){ nested->size, nested->align };
    return status;
}

static pecs_status types_read_element(struct types *types, const struct tree *tree, const cJSON *node,
                                      pecs_field *field)
{
    const struct tree_step step = { NULL, field->name, 0 };
    const cJSON *nodes[MEMBER_ALL];
    struct kind_layout layout = { 0 };
    if (!node)
        return tree_fail(tree, &step, NULL, false, PECS_E_CORRUPT, "a list needs \"element\": {\"kind\": ...}");
    pecs_status status = tree_read_members(tree, node, field_members, MEMBER_ALL, types->allow_unknown, nodes);
    if (!status)
        status = types_read_kind(types, tree, node, nodes, field, &field->element, &layout);
    if (!status)
        field->element_size = layout.size;
    return status;
}

/* Places a field behind those before it, with the padding that it needs. */
static pecs_status types_place(const struct tree *tree, const cJSON *node, struct layout *layout, pecs_field *field,
                               struct kind_layout of)
{
    assert(of.align);
    const uint64_t begin = (layout->size + of.align - 1) / of.align * of.align;
    const uint64_t size = (uint64_t)of.size * field->count;
    if (begin + size > TYPE_SIZE_MAX)
        return tree_fail(tree, NULL, node, false, PECS_E_LIMIT, "the type has more than 16 MiB");
    if (begin > layout->size)
        layout->fields[layout->count++] = (pecs_field){ .kind = PECS_PADDING,
                                                        .offset = (uint32_t)layout->size,
                                                        .size = (uint32_t)(begin - layout->size),
                                                        .count = (uint32_t)(begin - layout->size) };
    field->offset = (uint32_t)begin;
    field->size = (uint32_t)size;
    layout->fields[layout->count++] = *field;
    layout->size = begin + size;
    layout->align = of.align > layout->align ? of.align : layout->align;
    return PECS_OK;
}

static pecs_status types_read_field(struct types *types, const struct tree *tree, const cJSON *node,
                                    struct layout *layout)
{
    const cJSON *nodes[MEMBER_ALL];
    struct kind_layout of = { 0, 1 };
    pecs_field field = { .count = 1 };
    pecs_status status = tree_read_members(tree, node, field_members, MEMBER_ALL, types->allow_unknown, nodes);
    if (status)
        return status;
    if (nodes[MEMBER_NAME]) {
        if (!tree_is_string(nodes[MEMBER_NAME]))
            return tree_fail_expected(tree, NULL, nodes[MEMBER_NAME], "the name of a field");
        if (!(field.name = type_store_copy(types->store, tree_text(nodes[MEMBER_NAME]))))
            return json_fail_memory(tree->scan->error);
    }
    status = types_read_kind(types, tree, node, nodes, &field, &field.kind, &of);
    if (!status && field.kind == PECS_LIST)
        status = types_read_element(types, tree, nodes[MEMBER_ELEMENT], &field);
    if (!status)
        status = types_read_number(tree, "count", nodes[MEMBER_COUNT], 1, &field.count);
    if (!status)
        status = types_read_number(tree, "columns", nodes[MEMBER_COLUMNS], 1, &field.columns);
    return status ? status : types_place(tree, node, layout, &field, of);
}

/* Size, alignment and fields of a type or nested struct. */
static pecs_status types_read_struct(struct types *types, const struct tree *tree, const cJSON *const *nodes,
                                     pecs_type *type)
{
    const cJSON *fields = nodes[MEMBER_FIELDS];
    struct layout layout = { .align = 1 };
    uint64_t count = 0;
    pecs_status status = PECS_OK;
    if (fields && !cJSON_IsArray(fields))
        return tree_fail_expected(tree, NULL, fields, "an array of fields");
    for (const cJSON *field = fields ? fields->child : NULL; field; field = field->next)
        count++;
    if (!(layout.fields = type_store_take(types->store, (size_t)(2 * count + 1) * sizeof(*layout.fields))))
        return json_fail_memory(tree->scan->error);
    for (const cJSON *field = fields ? fields->child : NULL; field && !status; field = field->next)
        status = types_read_field(types, tree, field, &layout);
    type->align = layout.align;
    if (!status)
        status = types_read_number(tree, "align", nodes[MEMBER_ALIGN], 1, &type->align);
    if (status)
        return status;
    const uint64_t least = (layout.size + type->align - 1) / type->align * type->align;
    type->size = (uint32_t)least;
    status = types_read_number(tree, "size", nodes[MEMBER_SIZE], 0, &type->size);
    if (status)
        return status;
    if (type->size < layout.size || type->size > TYPE_SIZE_MAX || least > TYPE_SIZE_MAX)
        return tree_fail_expected(tree, NULL, nodes[MEMBER_SIZE], "a size from %llu to %u",
                                  (unsigned long long)layout.size, (unsigned)TYPE_SIZE_MAX);
    if (type->size > layout.size) {
        const uint32_t rest = (uint32_t)(type->size - layout.size);
        layout.fields[layout.count++] =
            (pecs_field){ NULL, PECS_PADDING, (uint32_t)layout.size, rest, rest, 0, NULL, NULL, 0, (pecs_kind)0, 0 };
    }
    type->fields = layout.count ? layout.fields : NULL;
    type->field_count = layout.count;
    return PECS_OK;
}

static pecs_status types_note(struct types *types, const struct tree *tree, const pecs_type *type)
{
    const uint32_t max = types->max_types && types->max_types < TYPES_MAX ? types->max_types : TYPES_MAX;
    if (types->described_count == max)
        return tree_fail(tree, NULL, NULL, false, PECS_E_LIMIT, "the document has more than %u types", max);
    if (types->described_count == types->described_capacity) {
        const uint32_t capacity = 2 * types->described_capacity + 16;
        const pecs_type **more = realloc(types->described, capacity * sizeof(*more));
        if (!more)
            return json_fail_memory(tree->scan->error);
        types->described = more;
        types->described_capacity = capacity;
    }
    types->described[types->described_count++] = type;
    return PECS_OK;
}

pecs_status types_read(struct types *types, const struct tree *tree)
{
    enum { TYPE_ID = MEMBER_FIELDS + 1, TYPE_TYPE_ID, TYPE_VERSION, TYPE_ALL };
    static const char *const members[TYPE_ALL] = { "size", "align", "fields", "id", "type_id", "version" };
    const cJSON *nodes[TYPE_ALL];
    pecs_status status = tree_read_members(tree, tree->root, members, TYPE_ALL, types->allow_unknown, nodes);
    if (status)
        return status;
    if (!nodes[TYPE_ID] || !tree_is_string(nodes[TYPE_ID]))
        return tree_fail_expected(tree, NULL, nodes[TYPE_ID] ? nodes[TYPE_ID] : tree->root,
                                  "the name of the type, \"id\": \"...\"");
    if (!types->store && !(types->store = type_store_create()))
        return json_fail_memory(tree->scan->error);
    pecs_type *type = type_store_take(types->store, sizeof(*type));
    if (!type || !(type->name = type_store_copy(types->store, tree_text(nodes[TYPE_ID]))))
        return json_fail_memory(tree->scan->error);
    struct tree named = *tree;
    snprintf(named.label, sizeof(named.label), "%.50s", type->name);
    type->version = 1;
    status = types_read_number(&named, "version", nodes[TYPE_VERSION], 1, &type->version);
    if (!status && nodes[TYPE_TYPE_ID] && !cJSON_IsNull(nodes[TYPE_TYPE_ID]) &&
        (!tree_is_string(nodes[TYPE_TYPE_ID]) || pecs_id_parse(tree_text(nodes[TYPE_TYPE_ID]), &type->id)))
        status = tree_fail_expected(&named, NULL, nodes[TYPE_TYPE_ID], "an id of 8-4-4-4-12 hexadecimal digits");
    if (!status)
        status = types_read_struct(types, &named, nodes, type);
    return status ? status : types_note(types, tree, type);
}
