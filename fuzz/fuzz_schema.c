/*
 * Schemas: type descriptions as in programs, and type records as in files. A description that a registry accepts can be
 * written as a record and read back; a valid record is written back unchanged, and a registry accepts its type.
 *
 * The first byte says which of the two the input is.
 */
#include "component.h"
#include "component_value.h"
#include "error.h"
#include "fuzz_common.h"
#include "layout.h"
#include "memory.h"
#include "typecode.h"

#include <stdlib.h>
#include <string.h>

enum { TYPE_MAX = 6, FIELD_MAX = 8, NAME_BYTES = 4 };

/* Reads input bytes; zeros after the end. */
struct feed {
    const uint8_t *at, *end;
};

static uint8_t next_byte(struct feed *feed)
{
    return feed->at < feed->end ? *feed->at++ : 0;
}

static uint32_t next_number(struct feed *feed)
{
    const uint32_t number = next_byte(feed);
    return number < 250 ? number : number << 24 | (uint32_t)next_byte(feed) << 16 | next_byte(feed);
}

static const char *const enum_names[] = { "a", "b", "c", "b", "\x01", NULL };

struct described {
    pecs_type types[TYPE_MAX];
    pecs_field fields[TYPE_MAX][FIELD_MAX];
    char type_names[TYPE_MAX][NAME_BYTES], field_names[TYPE_MAX][FIELD_MAX][NAME_BYTES];
    const pecs_type *list[TYPE_MAX];
};

static const char *read_name(struct feed *feed, char name[NAME_BYTES], uint32_t number)
{
    const uint8_t how = next_byte(feed);
    memset(name, 0, NAME_BYTES);
    name[0] = how < 200 ? (char)('a' + number) : (char)next_byte(feed);
    if (how >= 240)
        name[1] = (char)next_byte(feed), name[2] = (char)next_byte(feed);
    return how == 255 ? NULL : name;
}

/* What a field, or the elements of a list, have besides their numbers. Returns the size of an element. */
static uint32_t read_kind(struct feed *feed, struct described *all, pecs_field *field, pecs_kind kind, uint8_t bend)
{
    if (kind == PECS_STRUCT) {
        field->nested = &all->types[next_byte(feed) % TYPE_MAX];
        return field->nested->size;
    }
    if (kind != PECS_ENUM)
        return kind_size(kind);
    field->enum_names = bend & 64 ? enum_names : enum_names + 2;
    field->enum_count = next_byte(feed) % 6; /* at most five names exist */
    if (field->enum_count > (bend & 64 ? 5u : 3u))
        field->enum_count = 1;
    return 1;
}

/* Mostly follows from the previous field, so that descriptions are often valid. */
static void read_field(struct feed *feed, struct described *all, uint32_t type, uint32_t number, uint32_t *offset)
{
    pecs_field *field = &all->fields[type][number];
    const uint8_t bend = next_byte(feed);
    *field = (pecs_field){ .kind = (pecs_kind)(next_byte(feed) % 20), .count = 1 + next_byte(feed) % 4 };
    field->name = field->kind == PECS_PADDING ? NULL : read_name(feed, all->field_names[type][number], number);
    const uint32_t element = read_kind(feed, all, field, field->kind, bend);
    if (field->kind == PECS_LIST) {
        field->element = (pecs_kind)(next_byte(feed) % 20);
        field->element_size = read_kind(feed, all, field, field->element, bend);
        field->element_size = bend & 16 ? next_number(feed) : field->element_size;
    }
    field->offset = bend & 1 ? next_number(feed) : *offset;
    field->count = bend & 2 ? next_number(feed) : field->count;
    field->size = bend & 4 ? next_number(feed) : field->count * element;
    field->columns = bend & 8 ? next_number(feed) : 0;
    *offset = field->offset + field->size;
}

static size_t read_descriptions(struct feed *feed, struct described *all)
{
    const size_t count = next_byte(feed) % (TYPE_MAX + 1);
    memset(all, 0, sizeof(*all));
    for (uint32_t i = 0; i < count; i++) {
        pecs_type *type = &all->types[i];
        const uint8_t bend = next_byte(feed);
        uint32_t offset = 0;
        type->fields = all->fields[i];
        type->field_count = next_byte(feed) % (FIELD_MAX + 1);
        for (uint32_t j = 0; j < type->field_count; j++)
            read_field(feed, all, i, j, &offset);
        type->name = read_name(feed, all->type_names[i], i);
        type->version = bend & 1 ? next_number(feed) : 1;
        type->align = bend & 2 ? next_number(feed) : 1u << next_byte(feed) % 4;
        type->size = bend & 4 ? next_number(feed) : offset;
        type->id.bytes[0] = bend & 8 ? next_byte(feed) : 0;
        all->list[i] = bend & 128 ? NULL : type;
    }
    return count;
}

/* The record of an accepted component, read back, gives a component with the same record. */
static void check_record(const struct component *component, struct pool *pool)
{
    struct buffer record = { .pool = pool }, again = { .pool = pool };
    typecode_write(&record, component, 3);
    FUZZ_CHECK(!record.failed && record.size_bytes % 8 == 0, component->type->name);
    FUZZ_CHECK(typecode_check_form(record.bytes, record.size_bytes) == PECS_OK, component->type->name);
    void *memory = malloc(typecode_parse_bytes(record.size_bytes));
    FUZZ_CHECK(memory, "memory");
    const pecs_type *parsed = typecode_parse(record.bytes, record.size_bytes, memory);
    struct component copy;
    pecs_error error = { .message = "" };
    const pecs_status status = component_init(&copy, parsed, pool, &error);
    FUZZ_CHECK(status == PECS_OK, error.message);
    typecode_write(&again, &copy, 3);
    FUZZ_CHECK(again.size_bytes == record.size_bytes && memcmp(again.bytes, record.bytes, record.size_bytes) == 0,
               component->type->name);
    FUZZ_CHECK(component_layout_is_same(component->type, parsed), component->type->name);
    char text[64];
    typecode_compare(record.bytes, again.bytes, text, sizeof(text));
    FUZZ_CHECK(strlen(text) < sizeof(text), component->type->name);
    component_deinit(&copy, pool);
    buffer_deinit(&record);
    buffer_deinit(&again);
    free(memory);
}

static size_t count_bytes(const struct span_list *list)
{
    struct span_iter iter;
    struct value_span span;
    size_t bytes = 0;
    for (span_iter_begin(&iter, list); span_iter_next(&iter, &span);)
        bytes += span.size;
    return bytes;
}

/* Values of a valid type are copied without their padding, and compared without references too. */
static void check_values(const struct component *component)
{
    if (!component->size || component->size > 65536)
        return;
    uint8_t *values = malloc(3 * (size_t)component->size);
    FUZZ_CHECK(values, "memory");
    uint8_t *masked = values + component->size, *other = masked + component->size;
    memset(values, 0x5a, component->size);
    component_copy_masked(component, masked, values, 1);
    FUZZ_CHECK(component_values_are_equal(component, values, masked), component->type->name);
    memset(other, 0, component->size);
    size_t padding = 0;
    for (uint32_t i = 0; i < component->size; i++)
        padding += masked[i] == 0;
    const size_t holes = count_bytes(component_holes(component));
    FUZZ_CHECK(padding == count_bytes(component->padding) && padding <= holes, component->type->name);
    FUZZ_CHECK(component_values_are_equal(component, values, other) == (holes == component->size),
               component->type->name);
    free(values);
}

static void fuzz_descriptions(struct feed *feed)
{
    static struct described all;
    const size_t count = read_descriptions(feed, &all);
    const pecs_registry_desc desc = { .types = all.list, .type_count = count, .allocator = fuzz_allocator };
    pecs_registry *registry;
    pecs_error error = { .message = "" };
    const pecs_status status = pecs_registry_create(&desc, &registry, &error);
    if (status) {
        FUZZ_CHECK(error.status == status && error.message[0] && !error.rule, pecs_status_name(status));
        FUZZ_CHECK(status != PECS_E_MEMORY, "out of memory");
        return;
    }
    struct pool *pool = pool_create(&fuzz_allocator);
    for (size_t i = 0; i < count; i++) {
        struct component component;
        FUZZ_CHECK(component_init(&component, all.list[i], pool, NULL) == PECS_OK, all.list[i]->name);
        check_record(&component, pool);
        check_values(&component);
        component_deinit(&component, pool);
    }
    pool_destroy(pool);
    pecs_registry_release(registry);
}

/* Makes a registry with the type from a record. */
static void check_registry(const pecs_type *type)
{
    const pecs_registry_desc desc = { .types = &type, .type_count = 1, .allocator = fuzz_allocator };
    pecs_registry *registry;
    pecs_error error = { .message = "" };
    const pecs_status status = pecs_registry_create(&desc, &registry, &error);
    const bool is_reserved = strncmp(type->name, "pecs.", 5) == 0;
    FUZZ_CHECK(status == PECS_OK || status == PECS_E_CONFLICT || is_reserved, error.message);
    if (!status)
        pecs_registry_release(registry);
}

static void fuzz_record(const uint8_t *data, size_t size)
{
    size &= ~(size_t)7;
    if (size < sizeof(struct type_record))
        return;
    uint8_t *record = malloc(size);
    FUZZ_CHECK(record, "memory");
    memcpy(record, data, size);
    const le32 size_field = le32_make((uint32_t)size); /* the reader checks this first */
    memcpy(record, &size_field, sizeof(size_field));
    if (typecode_check_form(record, size)) {
        free(record);
        return;
    }
    struct pool *pool = pool_create(&fuzz_allocator);
    void *memory = malloc(typecode_parse_bytes(size));
    FUZZ_CHECK(memory, "memory");
    const pecs_type *type = typecode_parse(record, size, memory);
    struct component component;
    pecs_error error = { .message = "" };
    const pecs_status status = component_init(&component, type, pool, &error);
    FUZZ_CHECK(status != PECS_E_MEMORY, "out of memory");
    if (!status) {
        check_record(&component, pool);
        check_values(&component);
        check_registry(type);
        component_deinit(&component, pool);
    }
    char text[300];
    typecode_compare(record, record, text, sizeof(text));
    pool_destroy(pool);
    free(memory);
    free(record);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!size)
        return 0;
    fuzz_memory_begin(FUZZ_EDIT_BYTES);
    struct feed feed = { data + 1, data + size };
    if (data[0] & 1)
        fuzz_record(data + 1, size - 1);
    else
        fuzz_descriptions(&feed);
    fuzz_memory_end();
    return 0;
}
