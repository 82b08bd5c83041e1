/*
 * Schema: what a document of a registry may be, as JSON Schema. It is written twice: once to know its size, which a
 * sink wants first.
 */
#include "json_fail.h"
#include "json_out.h"
#include "number_text.h"
#include "scalar.h"

#include <pecs/json.h>
#include <pecs/reflect.h>

#include <stdlib.h>
#include <string.h>

static void schema_ref(struct json_out *json, const char *key, const char *definition)
{
    char ref[64] = "#/$defs/";
    strcat(ref, definition);
    json_begin_object(json, key);
    json_string(json, "$ref", ref);
    json_end_object(json);
}

static void schema_type(struct json_out *json, const char *key, const char *type)
{
    json_begin_object(json, key);
    json_string(json, "type", type);
}

static void schema_pattern(struct json_out *json, const char *key, const char *pattern)
{
    schema_type(json, key, "string");
    json_string(json, "pattern", pattern);
    json_end_object(json);
}

static void schema_range(struct json_out *json, const char *key, const char *min, uint64_t max)
{
    schema_type(json, key, "integer");
    json_word(json, "minimum", min);
    json_number(json, "maximum", max);
    json_end_object(json);
}

/* An array of elements that come next, until schema_end_array. */
static void schema_begin_array(struct json_out *json, const char *key, uint32_t count)
{
    schema_type(json, key, "array");
    json_number(json, "minItems", count);
    json_number(json, "maxItems", count);
}

/* An object with the properties that come next, until schema_end_object. */
static void schema_begin_object(struct json_out *json, const char *key)
{
    schema_type(json, key, "object");
    json_bool(json, "additionalProperties", false);
    json_begin_object(json, "properties");
}

static void schema_end_object(struct json_out *json)
{
    json_end_object(json);
    json_end_object(json);
}

/* Values. */

static void schema_put_enum(struct json_out *json, const char *key, const pecs_field *field)
{
    json_begin_object(json, key);
    json_begin_array(json, "anyOf");
    json_begin_object(json, NULL);
    json_begin_array(json, "enum");
    for (uint32_t i = 0; i < field->enum_count; i++)
        json_string(json, NULL, field->enum_names[i]);
    json_end_array(json);
    json_end_object(json);
    schema_range(json, NULL, "0", field->enum_count - 1);
    json_end_array(json);
    json_end_object(json);
}

static void schema_put_text(struct json_out *json, const char *key, uint32_t size_bytes)
{
    json_begin_object(json, key);
    json_begin_array(json, "anyOf");
    schema_type(json, NULL, "string");
    json_number(json, "maxLength", size_bytes);
    json_end_object(json);
    schema_ref(json, NULL, "bytes");
    json_end_array(json);
    json_end_object(json);
}

static void schema_put_fields(struct json_out *json, const char *key, const pecs_type *type);

static void schema_put_element(struct json_out *json, const char *key, const pecs_field *field)
{
    const pecs_field element = list_element_of(field);
    switch (field->kind) {
    case PECS_TEXT:
        schema_put_text(json, key, elements_of(field).step_bytes);
        break;
    case PECS_ENUM:
        schema_put_enum(json, key, field);
        break;
    case PECS_STRUCT:
        schema_put_fields(json, key, field->nested);
        break;
    case PECS_LIST:
        schema_type(json, key, "array");
        schema_put_element(json, "items", &element);
        json_end_object(json);
        break;
    default:
        schema_ref(json, key, pecs_kind_name(field->kind));
        break;
    }
}

static void schema_put_field(struct json_out *json, const pecs_field *field)
{
    const struct elements elements = elements_of(field);
    if (!elements.is_array) {
        schema_put_element(json, field->name, field);
        return;
    }
    schema_begin_array(json, field->name, elements.columns ? elements.count / elements.columns : elements.count);
    if (elements.columns) {
        schema_begin_array(json, "items", elements.columns);
        schema_put_element(json, "items", field);
        json_end_object(json);
    } else {
        schema_put_element(json, "items", field);
    }
    json_end_object(json);
}

static void schema_put_fields(struct json_out *json, const char *key, const pecs_type *type)
{
    schema_begin_object(json, key);
    for (uint32_t i = 0; i < type->field_count; i++)
        if (type->fields[i].kind != PECS_PADDING)
            schema_put_field(json, &type->fields[i]);
    schema_end_object(json);
}

/* Definitions. */

static void schema_put_kinds(struct json_out *json)
{
    static const struct {
        pecs_kind kind;
        const char *min;
        uint64_t max;
    } integers[] = {
        { PECS_I8, "-128", INT8_MAX },
        { PECS_I16, "-32768", INT16_MAX },
        { PECS_I32, "-2147483648", INT32_MAX },
        { PECS_I64, "-9223372036854775808", INT64_MAX },
        { PECS_U8, "0", UINT8_MAX },
        { PECS_U16, "0", UINT16_MAX },
        { PECS_U32, "0", UINT32_MAX },
        { PECS_U64, "0", UINT64_MAX },
    };
    schema_type(json, "bool", "boolean");
    json_end_object(json);
    for (size_t i = 0; i < sizeof(integers) / sizeof(integers[0]); i++)
        schema_range(json, pecs_kind_name(integers[i].kind), integers[i].min, integers[i].max);
    for (pecs_kind kind = PECS_F32; kind <= PECS_F64; kind++) {
        json_begin_object(json, pecs_kind_name(kind));
        json_begin_array(json, "anyOf");
        schema_type(json, NULL, "number");
        json_end_object(json);
        schema_pattern(json, NULL,
                       kind == PECS_F32 ? "^(-?inf|nan(:[0-9a-fA-F]{8})?)$" : "^(-?inf|nan(:[0-9a-fA-F]{16})?)$");
        json_end_array(json);
        json_end_object(json);
    }
}

/* The object that has one member, a string of a pattern. */
static void schema_put_one(struct json_out *json, const char *key, const char *member, const char *pattern)
{
    schema_begin_object(json, key);
    schema_pattern(json, member, pattern);
    json_end_object(json);
    json_begin_array(json, "required");
    json_string(json, NULL, member);
    json_end_array(json);
    json_end_object(json);
}

static void schema_put_definitions(struct json_out *json, const pecs_registry *registry)
{
    json_begin_object(json, "$defs");
    schema_put_kinds(json);
    json_begin_object(json, "entity");
    json_begin_array(json, "type");
    json_string(json, NULL, "string");
    json_string(json, NULL, "null");
    json_end_array(json);
    json_number(json, "minLength", 1);
    json_end_object(json);
    schema_pattern(json, "handle", "^(0|[1-9][0-9]{0,9}):[1-9][0-9]{0,9}$");
    schema_pattern(json, "nonce", "^[0-9a-fA-F]{15}$");
    schema_put_one(json, "base64", "base64", "^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$");
    schema_put_one(json, "hex", "hex", "^([0-9a-fA-F]{2})*$");
    json_begin_object(json, "bytes");
    json_begin_array(json, "anyOf");
    schema_ref(json, NULL, "base64");
    schema_ref(json, NULL, "hex");
    json_end_array(json);
    json_end_object(json);
    schema_ref(json, "blob", "bytes");
    json_begin_object(json, "string");
    json_begin_array(json, "anyOf");
    schema_type(json, NULL, "string");
    json_end_object(json);
    schema_ref(json, NULL, "bytes");
    json_end_array(json);
    json_end_object(json);
    schema_begin_object(json, "components");
    for (size_t i = 0; i < pecs_registry_type_count(registry); i++) {
        const pecs_type *type = pecs_registry_type(registry, (pecs_component)i);
        if (!(type->flags & PECS_TYPE_TRANSIENT))
            schema_put_fields(json, type->name, type);
    }
    schema_end_object(json);
    json_end_object(json);
}

/* The document. */

static void schema_put_items(struct json_out *json, const char *key, const char *definition)
{
    schema_type(json, key, "array");
    schema_ref(json, "items", definition);
    json_end_object(json);
}

static void schema_put_map(struct json_out *json, const char *key, const char *definition)
{
    schema_type(json, key, "object");
    schema_ref(json, "additionalProperties", definition);
    json_end_object(json);
}

static void schema_put_entities(struct json_out *json)
{
    schema_type(json, "entities", "array");
    schema_begin_object(json, "items");
    schema_ref(json, "entity", "handle");
    json_begin_object(json, "id");
    json_begin_array(json, "type");
    json_string(json, NULL, "string");
    json_string(json, NULL, "null");
    json_end_array(json);
    json_number(json, "minLength", 1);
    json_number(json, "maxLength", 255);
    json_end_object(json);
    schema_ref(json, "born", "nonce");
    schema_ref(json, "components", "components");
    schema_end_object(json);
    json_end_object(json);
}

static void schema_put(struct json_out *json, const pecs_registry *registry)
{
    json_begin_object(json, NULL);
    json_string(json, "$schema", "https://json-schema.org/draft/2020-12/schema");
    json_string(json, "title", "A document of PECS");
    json_string(json, "type", "object");
    json_bool(json, "additionalProperties", false);
    json_begin_array(json, "required");
    json_string(json, NULL, "version");
    json_end_array(json);
    json_begin_object(json, "properties");
    json_begin_object(json, "version");
    json_number(json, "const", 1);
    json_end_object(json);
    schema_type(json, "timestamp", "string");
    json_end_object(json);
    schema_range(json, "entity_count", "0", INT64_MAX);
    schema_range(json, "tick", "0", INT64_MAX);
    schema_ref(json, "session", "nonce");
    schema_type(json, "types", "array");
    json_begin_object(json, "items");
    json_string(json, "type", "object");
    json_begin_array(json, "required");
    json_string(json, NULL, "id");
    json_end_array(json);
    json_end_object(json);
    json_end_object(json);
    schema_ref(json, "singletons", "components");
    schema_put_map(json, "metadata", "string");
    schema_type(json, "file_metadata", "object");
    json_end_object(json);
    schema_put_map(json, "attachments", "base64");
    schema_put_items(json, "dead", "handle");
    schema_put_entities(json);
    json_end_object(json);
    schema_put_definitions(json, registry);
    json_end_object(json);
    json_finish(json);
}

struct schema_output {
    const pecs_sink *sink;
    pecs_error *error;
    pecs_status status;
};

static int schema_write(void *user, const char *bytes, size_t size_bytes)
{
    struct schema_output *output = user;
    const pecs_bytes span = { bytes, size_bytes };
    output->status = output->sink->write(output->sink->user, &span, 1, output->error);
    return output->status != PECS_OK;
}

static int schema_count(void *user, const char *bytes, size_t size_bytes)
{
    (void)user;
    (void)bytes;
    (void)size_bytes;
    return 0;
}

static pecs_status schema_write_all(struct text_out *out, const pecs_registry *registry, struct schema_output *output)
{
    struct json_out json = { .out = out, .line_depth = 3 };
    out_begin(out, schema_write, output);
    schema_put(&json, registry);
    (void)!out_finish(out);
    return output->status;
}

pecs_status pecs_json_schema(const pecs_registry *registry, const pecs_sink *sink, pecs_error *error)
{
    pecs_error unused;
    struct schema_output output = { sink, error ? error : &unused, PECS_OK };
    if (!registry || !sink || !sink->write)
        return json_fail(output.error, PECS_E_MISUSE, "registry and sink->write must not be NULL");
    struct text_out *out = malloc(sizeof(*out));
    if (!out)
        return json_fail_memory(output.error);
    *output.error = (pecs_error){ .status = PECS_OK };
    struct json_out counted = { .out = out, .line_depth = 3 };
    out_begin(out, schema_count, NULL);
    schema_put(&counted, registry);
    if (sink->begin)
        output.status = sink->begin(sink->user, out->written_bytes, output.error);
    const bool has_begun = !output.status;
    if (has_begun)
        schema_write_all(out, registry, &output);
    if (!output.status && sink->commit)
        output.status = sink->commit(sink->user, output.error);
    if (has_begun && output.status && sink->abort)
        sink->abort(sink->user);
    if (output.status && !output.error->status)
        json_fail(output.error, output.status, "the sink failed");
    free(out);
    return output.status;
}
