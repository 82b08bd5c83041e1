/*
 * Values lie in the arena until the builder has copied them. A field that the document leaves out has its default,
 * which is zero.
 */
#include "json_value.h"

#include "json_fail.h"
#include "json_lexer.h"
#include "json_number.h"

#include <pecs/contents.h>

#include <assert.h>
#include <stdio.h>
#include <string.h>

static pecs_status value_take(struct value_reader *reader, const struct tree_step *step, const cJSON *node,
                              uint64_t size_bytes, void **ret_memory)
{
    reader->made_bytes += size_bytes;
    if (reader->max_bytes && reader->made_bytes > reader->max_bytes) {
        (void)tree_fail(reader->tree, step, node, false, PECS_E_LIMIT,
                        "the values have more bytes than max_bytes allows");
        return PECS_E_LIMIT;
    }
    *ret_memory = size_bytes <= SIZE_MAX / 4 ? arena_take(&reader->arena, (size_t)size_bytes) : NULL;
    return *ret_memory ? PECS_OK : json_fail_memory(reader->tree->scan->error);
}

bool value_parse_handle(const char *text, pecs_entity *ret_entity)
{
    uint64_t parts[2] = { 0, 0 };
    for (unsigned i = 0; i < 2; i++) {
        if (*text < '0' || *text > '9' || (*text == '0' && text[1] >= '0' && text[1] <= '9'))
            return false;
        for (; *text >= '0' && *text <= '9'; text++)
            if ((parts[i] = 10 * parts[i] + (uint64_t)(*text - '0')) > UINT32_MAX)
                return false;
        if (*text++ != (i ? 0 : ':'))
            return false;
    }
    *ret_entity = (pecs_entity){ (uint32_t)parts[0], (uint32_t)parts[1] };
    return true;
}

/* Numbers. */

static pecs_status value_read_integer(struct value_reader *reader, const struct tree_step *step,
                                      const pecs_field *field, const cJSON *node, void *bytes)
{
    const bool is_signed = field->kind >= PECS_I8 && field->kind <= PECS_I64;
    const uint32_t size = field->size / field->count;
    const uint64_t max = UINT64_MAX >> (64 - 8 * size + is_signed);
    int64_t number;
    uint64_t bits;
    const bool is_read = tree_is_number(node) &&
                         (is_signed ? number_parse_signed(tree_text(node), -(int64_t)max - 1, (int64_t)max, &number)
                                    : number_parse_unsigned(tree_text(node), max, &bits));
    if (!is_read && is_signed)
        return tree_fail_expected(reader->tree, step, node, "an integer from %lld to %lld",
                                  (long long)(-(int64_t)max - 1), (long long)max);
    if (!is_read)
        return tree_fail_expected(reader->tree, step, node, "an integer from 0 to %llu", (unsigned long long)max);
    memcpy(bytes, is_signed ? (const void *)&number : (const void *)&bits, size);
    return PECS_OK;
}

/* "inf", "-inf", "nan", or "nan:" with all bits of a float that is not a number. */
static bool value_parse_not_finite(const char *text, uint32_t size, uint64_t *ret_bits)
{
    const uint64_t infinity = size == 4 ? 0x7f800000u : UINT64_C(0x7ff0000000000000);
    const uint64_t sign = UINT64_C(1) << (8 * size - 1);
    uint64_t bits = 0;
    if (strcmp(text, "inf") == 0 || strcmp(text, "-inf") == 0) {
        *ret_bits = infinity | (*text == '-' ? sign : 0);
        return true;
    }
    if (strcmp(text, "nan") == 0) {
        *ret_bits = infinity | sign >> (size == 4 ? 9 : 12); /* the quiet one without a payload */
        return true;
    }
    if (strncmp(text, "nan:", 4) != 0 || strlen(text) != 4 + 2 * (size_t)size)
        return false;
    for (text += 4; *text; text++) {
        const int digit = lexer_hex_digit(*text);
        if (digit < 0)
            return false;
        bits = bits << 4 | (unsigned)digit;
    }
    *ret_bits = bits;
    return (bits & ~sign) > infinity;
}

static pecs_status value_read_float(struct value_reader *reader, const struct tree_step *step, const pecs_field *field,
                                    const cJSON *node, void *bytes)
{
    const uint32_t size = field->kind == PECS_F32 ? 4 : 8;
    float single;
    double number;
    uint64_t bits;
    if (tree_is_string(node) && value_parse_not_finite(tree_text(node), size, &bits)) {
        memcpy(bytes, &bits, size);
        return PECS_OK;
    }
    if (!tree_is_number(node))
        return tree_fail_expected(reader->tree, step, node,
                                  "a number, \"inf\", \"-inf\", \"nan\" or \"nan:\" and %u hexadecimal digits",
                                  2 * size);
    const bool is_read =
        size == 4 ? number_parse_f32(tree_text(node), &single) : number_parse_f64(tree_text(node), &number);
    if (!is_read)
        return tree_fail_expected(reader->tree, step, node, "a number that %s can hold", size == 4 ? "f32" : "f64");
    memcpy(bytes, size == 4 ? (const void *)&single : (const void *)&number, size);
    return PECS_OK;
}

/* Words. */

/* Names all values of the enum, or the first, the last and the one that is nearest to what was found. */
static pecs_status value_fail_enum(const struct value_reader *reader, const struct tree_step *step,
                                   const struct plan_field *plan, const pecs_field *field, const cJSON *node)
{
    char names[160];
    size_t used = 0;
    for (uint32_t i = 0; i < field->enum_count && used < sizeof(names); i++)
        used += (size_t)snprintf(names + used, sizeof(names) - used, "%s\"%s\"", i ? ", " : "", field->enum_names[i]);
    if (used < sizeof(names))
        return tree_fail_expected(reader->tree, step, node, "%s%s", field->enum_count > 1 ? "one of " : "", names);
    const char *near = tree_is_string(node) ? plan_find_near(&plan->values, tree_text(node)) : NULL;
    return tree_fail_expected(reader->tree, step, node, "one of %u names, from \"%.60s\" to \"%.60s\"%s%s%s",
                              field->enum_count, field->enum_names[0], field->enum_names[field->enum_count - 1],
                              near ? ", such as \"" : "", near ? near : "", near ? "\"" : "");
}

static pecs_status value_read_enum(struct value_reader *reader, const struct tree_step *step,
                                   const struct plan_field *plan, const pecs_field *field, const cJSON *node,
                                   void *bytes)
{
    uint32_t found = PLAN_NO_NAME;
    uint64_t number;
    if (tree_is_string(node))
        found = plan_find(&plan->values, tree_text(node));
    else if (tree_read_unsigned(node, field->enum_count - 1, &number))
        found = (uint32_t)number;
    if (found == PLAN_NO_NAME)
        return value_fail_enum(reader, step, plan, field, node);
    memcpy(bytes, &found, field->size / field->count);
    return PECS_OK;
}

static pecs_status value_read_entity(struct value_reader *reader, const struct tree_step *step, const cJSON *node,
                                     void *bytes)
{
    pecs_entity entity = { 0, 0 };
    if (!tree_is(node, cJSON_NULL)) {
        if (!tree_is_string(node) || !*tree_text(node))
            return tree_fail_expected(reader->tree, step, node,
                                      "a handle like \"12:3\", the name of an entity, or null");
        if (!value_parse_handle(tree_text(node), &entity)) {
            struct entity_name *name = entity_names_get(&reader->names, tree_text(node), reader->tree->scan->text_line);
            if (!name)
                return json_fail_memory(reader->tree->scan->error);
            if (!entity_names_handle(&reader->names, name, &entity))
                return tree_fail(reader->tree, step, node, false, PECS_E_LIMIT, "no slots are left for entities");
        }
    }
    memcpy(bytes, &entity, sizeof(entity));
    return PECS_OK;
}

static pecs_status value_read_bool(struct value_reader *reader, const struct tree_step *step, const cJSON *node,
                                   void *bytes)
{
    if (!tree_is(node, cJSON_True) && !tree_is(node, cJSON_False))
        return tree_fail_expected(reader->tree, step, node, "true or false");
    *(uint8_t *)bytes = tree_is(node, cJSON_True) ? 1 : 0;
    return PECS_OK;
}

/* Bytes. */

static bool value_decode_hex(const char *text, uint8_t *bytes, size_t *ret_size)
{
    size_t size = 0;
    for (; *text; text += 2) {
        const int high = lexer_hex_digit(text[0]), low = high < 0 ? -1 : lexer_hex_digit(text[1]);
        if (low < 0)
            return false;
        bytes[size++] = (uint8_t)(high << 4 | low);
    }
    *ret_size = size;
    return true;
}

static bool value_decode_base64(const char *text, uint8_t *bytes, size_t *ret_size)
{
    struct lexer_base64 decoder = { 0 };
    size_t size = 0;
    for (; *text; text++) {
        if (!lexer_base64_take(&decoder, *text))
            return false;
        if (decoder.count == 4)
            size += lexer_base64_give(&decoder, bytes + size);
    }
    *ret_size = size;
    return !decoder.count;
}

pecs_status value_read_bytes(struct value_reader *reader, const struct tree_step *step, const cJSON *node,
                             pecs_bytes *ret_bytes)
{
    const cJSON *member = NULL;
    if (tree_is(node, cJSON_Object) && node->child && !node->child->next)
        member = node->child;
    const bool is_base64 = member && strcmp(member->string, "base64") == 0;
    const bool is_hex = member && strcmp(member->string, "hex") == 0;
    void *bytes = NULL;
    if (!(is_base64 || is_hex) || !tree_is_string(member))
        return tree_fail_expected(reader->tree, step, node, "{\"base64\": \"...\"} or {\"hex\": \"...\"}");
    const size_t text_size = strlen(tree_text(member));
    const pecs_status status =
        value_take(reader, step, node, text_size / (is_hex ? 2 : 4) * (is_hex ? 1 : 3) + 1, &bytes);
    if (status)
        return status;
    const bool is_read = is_hex ? value_decode_hex(tree_text(member), bytes, &ret_bytes->size_bytes)
                                : value_decode_base64(tree_text(member), bytes, &ret_bytes->size_bytes);
    ret_bytes->data = bytes;
    return is_read ? PECS_OK
                   : tree_fail_expected(reader->tree, step, member, is_hex ? "pairs of hexadecimal digits" : "base64");
}

/* A text or string: as such, or its bytes. */
static pecs_status value_read_text(struct value_reader *reader, const struct tree_step *step, const cJSON *node,
                                   pecs_bytes *ret_bytes)
{
    if (tree_is(node, cJSON_Object))
        return value_read_bytes(reader, step, node, ret_bytes);
    if (!tree_is_string(node))
        return tree_fail_expected(reader->tree, step, node, "a string");
    *ret_bytes = (pecs_bytes){ tree_text(node), strlen(tree_text(node)) };
    return PECS_OK;
}

static pecs_status value_read_array_text(struct value_reader *reader, const struct tree_step *step, uint32_t size_bytes,
                                         const cJSON *node, void *bytes)
{
    pecs_bytes text = { NULL, 0 };
    const pecs_status status = value_read_text(reader, step, node, &text);
    if (status)
        return status;
    if (text.size_bytes > size_bytes)
        return tree_fail(reader->tree, step, node, false, PECS_E_CORRUPT,
                         "expected at most %u bytes of UTF-8, found %zu", size_bytes, text.size_bytes);
    if (text.size_bytes)
        memcpy(bytes, text.data, text.size_bytes);
    memset((uint8_t *)bytes + text.size_bytes, 0, size_bytes - text.size_bytes); /* there may be a default */
    return PECS_OK;
}

/* Contents. */

static pecs_status value_read_element(struct value_reader *reader, const struct tree_step *step,
                                      struct plan_field *plan, const pecs_field *field, const cJSON *node, void *bytes);

static pecs_status value_read_list(struct value_reader *reader, const struct tree_step *step, struct plan_field *plan,
                                   const cJSON *node, pecs_bytes *ret_bytes)
{
    uint64_t count = 0;
    void *memory = NULL;
    if (!tree_is(node, cJSON_Array))
        return tree_fail_expected(reader->tree, step, node, "an array");
    for (const cJSON *element = node->child; element; element = element->next)
        count++;
    pecs_status status = value_take(reader, step, node, count * plan->element.size, &memory);
    if (status)
        return status;
    struct tree_step in_list = { step, NULL, 0 };
    for (const cJSON *element = node->child; element && !status; element = element->next, in_list.index++)
        status = value_read_element(reader, &in_list, plan, &plan->element, element,
                                    (uint8_t *)memory + in_list.index * plan->element.size);
    *ret_bytes = (pecs_bytes){ memory, (size_t)(count * plan->element.size) };
    return status;
}

static pecs_status value_read_contents(struct value_reader *reader, const struct tree_step *step,
                                       struct plan_field *plan, const pecs_field *field, const cJSON *node, void *bytes)
{
    pecs_bytes found = { NULL, 0 };
    void *given = NULL;
    pecs_status status = field->kind == PECS_STRING ? value_read_text(reader, step, node, &found)
                         : field->kind == PECS_BLOB ? value_read_bytes(reader, step, node, &found)
                                                    : value_read_list(reader, step, plan, node, &found);
    if (!status && field->kind == PECS_STRING)
        reader->made_bytes += found.size_bytes;
    if (!status && found.size_bytes)
        status = value_take(reader, step, node, sizeof(found), &given);
    if (status || !found.size_bytes)
        return status;
    memcpy(given, &found, sizeof(found));
    const pecs_string member = pecs_string_from(given); /* those of blobs and lists have the same form */
    memcpy(bytes, &member, sizeof(member));
    return PECS_OK;
}

/* Fields. */

static pecs_status value_read_struct(struct value_reader *reader, const struct tree_step *step, struct plan *plan,
                                     const cJSON *node, void *bytes);

static pecs_status value_read_element(struct value_reader *reader, const struct tree_step *step,
                                      struct plan_field *plan, const pecs_field *field, const cJSON *node, void *bytes)
{
    switch (field->kind) {
    case PECS_BOOL:
        return value_read_bool(reader, step, node, bytes);
    case PECS_F32:
    case PECS_F64:
        return value_read_float(reader, step, field, node, bytes);
    case PECS_TEXT:
        return value_read_array_text(reader, step, plan->elements.step_bytes, node, bytes);
    case PECS_ENTITY:
        return value_read_entity(reader, step, node, bytes);
    case PECS_ENUM:
        return value_read_enum(reader, step, plan, field, node, bytes);
    case PECS_STRING:
    case PECS_BLOB:
    case PECS_LIST:
        return value_read_contents(reader, step, plan, field, node, bytes);
    case PECS_STRUCT: {
        struct plan *nested = plan_nested(plan);
        return nested ? value_read_struct(reader, step, nested, node, bytes)
                      : json_fail_memory(reader->tree->scan->error);
    }
    default:
        return value_read_integer(reader, step, field, node, bytes);
    }
}

/* The elements first .. first + count - 1 of an array, from as many nodes. */
static pecs_status value_read_row(struct value_reader *reader, const struct tree_step *step, struct plan_field *plan,
                                  const cJSON *node, uint32_t first, uint32_t count, void *bytes)
{
    struct tree_step in_row = { step, NULL, 0 };
    pecs_status status = PECS_OK;
    if (!tree_is(node, cJSON_Array))
        return tree_fail_expected(reader->tree, step, node, "an array of %u elements", count);
    const cJSON *element = node->child;
    for (; element && in_row.index < count && !status; element = element->next, in_row.index++)
        status = value_read_element(reader, &in_row, plan, plan->field, element,
                                    (uint8_t *)bytes + (first + in_row.index) * plan->elements.step_bytes);
    if (!status && (element || in_row.index < count))
        return tree_fail(reader->tree, step, element ? element : node, false, PECS_E_CORRUPT,
                         element ? "expected an array of %u elements, found more"
                                 : "expected an array of %u elements, found less",
                         count);
    return status;
}

static pecs_status value_read_grid(struct value_reader *reader, const struct tree_step *step, struct plan_field *plan,
                                   const cJSON *node, void *bytes)
{
    const uint32_t columns = plan->elements.columns, rows = plan->elements.count / columns;
    struct tree_step in_grid = { step, NULL, 0 };
    pecs_status status = PECS_OK;
    if (!tree_is(node, cJSON_Array))
        return tree_fail_expected(reader->tree, step, node, "an array of %u arrays", rows);
    const cJSON *row = node->child;
    for (; row && in_grid.index < rows && !status; row = row->next, in_grid.index++)
        status = value_read_row(reader, &in_grid, plan, row, (uint32_t)in_grid.index * columns, columns, bytes);
    if (!status && (row || in_grid.index < rows))
        return tree_fail(
            reader->tree, step, row ? row : node, false, PECS_E_CORRUPT,
            row ? "expected an array of %u arrays, found more" : "expected an array of %u arrays, found less", rows);
    return status;
}

static pecs_status value_read_field(struct value_reader *reader, const struct tree_step *step, struct plan_field *plan,
                                    const cJSON *node, void *bytes)
{
    if (!plan->elements.is_array)
        return value_read_element(reader, step, plan, plan->field, node, bytes);
    return plan->elements.columns ? value_read_grid(reader, step, plan, node, bytes)
                                  : value_read_row(reader, step, plan, node, 0, plan->elements.count, bytes);
}

/* The field of a key; most documents have keys in the order of fields. */
static uint32_t value_find_field(const struct plan *plan, const char *key, uint32_t next)
{
    while (next < plan->type->field_count && plan->type->fields[next].kind == PECS_PADDING)
        next++;
    if (next < plan->type->field_count && plan_compare_names(plan->type->fields[next].name, key) == 0)
        return next;
    return plan_find(&plan->names, key);
}

static pecs_status value_read_struct(struct value_reader *reader, const struct tree_step *step, struct plan *plan,
                                     const cJSON *node, void *bytes)
{
    uint32_t next = 0;
    uint8_t seen_few[16] = { 0 }, *seen = seen_few;
    if (!tree_is(node, cJSON_Object))
        return tree_fail_expected(reader->tree, step, node, "an object");
    if (plan->defaults && bytes)
        memcpy(bytes, plan->defaults, plan->type->size);
    if (plan->type->field_count > 8 * sizeof(seen_few) && !(seen = arena_take(&reader->arena, plan->type->field_count)))
        return json_fail_memory(reader->tree->scan->error);
    for (const cJSON *member = node->child; member; member = member->next) {
        const uint32_t at = value_find_field(plan, member->string, next);
        struct tree_step in_struct = { step, member->string, 0 };
        if (at == PLAN_NO_NAME && reader->allow_unknown)
            continue;
        if (at == PLAN_NO_NAME)
            return tree_fail(reader->tree, &in_struct, member, true, PECS_E_CORRUPT, "the type has no such field");
        if (seen[at / 8] >> (at % 8) & 1)
            return tree_fail(reader->tree, &in_struct, member, true, PECS_E_CORRUPT, "the field stands here twice");
        seen[at / 8] |= (uint8_t)(1 << at % 8);
        assert(bytes); /* a type with fields has a size */
        const pecs_status status = value_read_field(reader, &in_struct, &plan->fields[at], member,
                                                    (uint8_t *)bytes + plan->type->fields[at].offset);
        if (status)
            return status;
        next = at + 1;
    }
    return PECS_OK;
}

pecs_status value_read(struct value_reader *reader, struct plan *plan, const cJSON *node, void **ret_value)
{
    void *value = NULL;
    pecs_status status = PECS_OK;
    if (plan->type->size)
        status = value_take(reader, NULL, node, plan->type->size, &value);
    if (!status)
        status = value_read_struct(reader, NULL, plan, node, value);
    *ret_value = value;
    return status;
}
