/*
 * Type records. A record tells the whole layout and nothing else, so two layouts are the same exactly when their
 * records are, but for the number. The reader of records never trusts a size: each step is checked against the end.
 */
#include "typecode.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

static void write_string(struct builder *builder, const char *text)
{
    const size_t start = builder->size_bytes, size = text ? strlen(text) : 0;
    builder_append_le32(builder, (uint32_t)size);
    builder_append(builder, text, size);
    builder_pad(builder, start, 4);
}

static void write_fields(struct builder *builder, const pecs_type *type)
{
    for (uint32_t i = 0; i < type->field_count; i++) {
        const pecs_field *field = &type->fields[i];
        const struct field_record record = {
            .kind = le32_make(field->kind),
            .offset = le32_make(field->offset),
            .size = le32_make(field->size),
            .count = le32_make(field->count),
            .columns = le32_make(field->columns),
            .child_count = le32_make(field->kind == PECS_STRUCT ? field->nested->field_count
                                     : field->kind == PECS_ENUM ? field->enum_count
                                                                : 0),
            .child_align = le32_make(field->kind == PECS_STRUCT ? field->nested->align : 0),
        };
        builder_append(builder, &record, sizeof(record));
        write_string(builder, field->name);
        if (field->kind == PECS_STRUCT)
            write_fields(builder, field->nested);
        for (uint32_t j = 0; field->kind == PECS_ENUM && j < field->enum_count; j++)
            write_string(builder, field->enum_names[j]);
    }
}

void typecode_write(struct builder *builder, const struct component *component, uint32_t number)
{
    const size_t start = builder->size_bytes;
    const pecs_type *type = component->type;
    struct type_record record = {
        .number = le32_make(number),
        .version = le32_make(type->version),
        .value_size = le32_make(type->size),
        .value_align = le32_make(type->align),
        .field_count = le32_make(type->field_count),
    };
    memcpy(record.id, component->id.bytes, sizeof(record.id));
    builder_append(builder, &record, sizeof(record));
    write_string(builder, type->name);
    write_fields(builder, type);
    builder_pad(builder, start, 8);
    if (builder->failed)
        return;
    const le32 size = le32_make((uint32_t)(builder->size_bytes - start));
    memcpy(builder->bytes + start + offsetof(struct type_record, size), &size, sizeof(size));
}

/* A place in a record; `at` becomes NULL when something does not fit. */
struct cursor {
    const uint8_t *at, *end;
};

static const uint8_t *take(struct cursor *cursor, uint64_t size)
{
    const uint8_t *at = cursor->at;
    cursor->at = at && size <= (uint64_t)(cursor->end - at) ? at + size : NULL;
    return cursor->at ? at : NULL;
}

static const char *take_string(struct cursor *cursor, uint32_t *ret_size)
{
    const uint8_t *bytes = take(cursor, sizeof(le32));
    le32 size = { { 0 } };
    if (bytes)
        memcpy(&size, bytes, sizeof(size));
    *ret_size = le32_load(size);
    return (const char *)take(cursor, format_string_bytes(*ret_size) - sizeof(le32));
}

static bool check_string(struct cursor *cursor, uint32_t smallest)
{
    uint32_t size;
    const char *text = take_string(cursor, &size);
    if (!text || size < smallest || (size && !component_name_is_valid(text, size)))
        return false;
    for (uint64_t i = size; i < align_up(size, 4); i++)
        if (text[i])
            return false;
    return true;
}

static bool check_fields(struct cursor *cursor, uint32_t count, uint32_t depth)
{
    for (uint32_t i = 0; i < count; i++) {
        struct field_record record;
        const uint8_t *bytes = take(cursor, sizeof(record));
        if (!bytes)
            return false;
        memcpy(&record, bytes, sizeof(record));
        const uint32_t kind = le32_load(record.kind), children = le32_load(record.child_count);
        if (!kind_name((pecs_kind)kind) || !check_string(cursor, kind != PECS_PADDING))
            return false;
        if (kind == PECS_STRUCT) {
            if (depth == NESTING_MAX || !check_fields(cursor, children, depth + 1))
                return false;
        } else {
            for (uint32_t j = 0; j < children; j++)
                if (kind != PECS_ENUM || !check_string(cursor, 1))
                    return false;
        }
    }
    return true;
}

bool typecode_is_well_formed(const uint8_t *bytes, size_t size_bytes)
{
    struct cursor cursor = { bytes, bytes + size_bytes };
    struct type_record record;
    if (!take(&cursor, sizeof(record)))
        return false;
    memcpy(&record, bytes, sizeof(record));
    if (!check_string(&cursor, 1) || !check_fields(&cursor, le32_load(record.field_count), 0))
        return false;
    const uint64_t used = (uint64_t)(cursor.at - bytes);
    for (uint64_t i = used; i < align_up(used, 8) && i < size_bytes; i++)
        if (bytes[i])
            return false;
    return align_up(used, 8) == size_bytes;
}

/* Memory that is handed out from its beginning; the caller has seen to it that it is enough. */
struct arena {
    uint8_t *at, *end;
};

static void *arena_take(struct arena *arena, size_t size, size_t align)
{
    uint8_t *memory = (uint8_t *)align_up((uintptr_t)arena->at, align);
    assert(size <= (size_t)(arena->end - memory));
    arena->at = memory + size;
    return memory;
}

static const char *parse_string(struct cursor *cursor, struct arena *arena)
{
    uint32_t size;
    const char *text = take_string(cursor, &size);
    char *copy = arena_take(arena, (size_t)size + 1, 1);
    memcpy(copy, text, size);
    copy[size] = 0;
    return copy;
}

static const pecs_field *parse_fields(struct cursor *cursor, struct arena *arena, uint32_t count)
{
    pecs_field *fields = arena_take(arena, count * sizeof(*fields), _Alignof(pecs_field));
    for (uint32_t i = 0; i < count; i++) {
        struct field_record record;
        memcpy(&record, take(cursor, sizeof(record)), sizeof(record));
        pecs_field *field = &fields[i];
        *field = (pecs_field){
            .name = parse_string(cursor, arena),
            .kind = (pecs_kind)le32_load(record.kind),
            .offset = le32_load(record.offset),
            .size = le32_load(record.size),
            .count = le32_load(record.count),
            .columns = le32_load(record.columns),
        };
        const uint32_t children = le32_load(record.child_count);
        if (field->kind == PECS_PADDING) {
            field->name = NULL;
        } else if (field->kind == PECS_STRUCT) {
            pecs_type *nested = arena_take(arena, sizeof(*nested), _Alignof(pecs_type));
            *nested = (pecs_type){
                .name = field->name,
                .version = 1,
                .size = field->count ? field->size / field->count : 0,
                .align = le32_load(record.child_align),
                .field_count = children,
                .fields = parse_fields(cursor, arena, children),
            };
            field->nested = nested;
        } else if (field->kind == PECS_ENUM) {
            const char **names = arena_take(arena, children * sizeof(*names), _Alignof(char *));
            for (uint32_t j = 0; j < children; j++)
                names[j] = parse_string(cursor, arena);
            field->enum_names = names;
            field->enum_count = children;
        }
    }
    return fields;
}

const pecs_type *typecode_parse(const uint8_t *bytes, size_t size_bytes, void *memory)
{
    struct type_record record;
    struct cursor cursor = { bytes, bytes + size_bytes };
    struct arena arena = { memory, (uint8_t *)memory + typecode_parse_bytes(size_bytes) };
    memcpy(&record, take(&cursor, sizeof(record)), sizeof(record));
    pecs_type *type = arena_take(&arena, sizeof(*type), _Alignof(pecs_type));
    *type = (pecs_type){
        .name = parse_string(&cursor, &arena),
        .version = le32_load(record.version),
        .size = le32_load(record.value_size),
        .align = le32_load(record.value_align),
        .field_count = le32_load(record.field_count),
    };
    memcpy(type->id.bytes, record.id, sizeof(record.id));
    type->fields = parse_fields(&cursor, &arena, type->field_count);
    return type;
}

/* Text that is cut at its end and always terminated. */
struct text {
    char *at;
    size_t left;
};

static void print(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void print(struct text *text, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    const int size = vsnprintf(text->at, text->left, format, arguments);
    va_end(arguments);
    const size_t step = size < 0 ? 0 : (size_t)size < text->left ? (size_t)size : text->left - 1;
    text->at += step;
    text->left -= step;
}

static void print_fields(struct text *text, struct cursor *cursor, uint32_t count)
{
    print(text, "{");
    for (uint32_t i = 0; i < count; i++) {
        struct field_record record;
        uint32_t size;
        memcpy(&record, take(cursor, sizeof(record)), sizeof(record));
        const char *name = take_string(cursor, &size);
        const uint32_t kind = le32_load(record.kind), elements = le32_load(record.count);
        print(text, "%s%s", i ? ", " : " ", kind_name((pecs_kind)kind));
        if (kind == PECS_STRUCT)
            print(text, " "), print_fields(text, cursor, le32_load(record.child_count));
        if (size)
            print(text, " %.*s", (int)size, name);
        if (le32_load(record.columns))
            print(text, "[%u][%u]", elements / le32_load(record.columns), le32_load(record.columns));
        else if (elements != 1)
            print(text, "[%u]", elements);
        print(text, " @%u", le32_load(record.offset));
        for (uint32_t j = 0; kind == PECS_ENUM && j < le32_load(record.child_count); j++)
            take_string(cursor, &size);
    }
    print(text, " }");
}

void typecode_describe(const uint8_t *bytes, char *buffer, size_t capacity)
{
    struct type_record record;
    memcpy(&record, bytes, sizeof(record));
    struct cursor cursor = { bytes + sizeof(record), bytes + le32_load(record.size) };
    struct text text = { buffer, capacity };
    uint32_t size;
    const char *name = take_string(&cursor, &size);
    print(&text, "%.*s v%u, %u bytes ", (int)size, name, le32_load(record.version), le32_load(record.value_size));
    print_fields(&text, &cursor, le32_load(record.field_count));
}

const char *typecode_name(const uint8_t *bytes, uint32_t *ret_size_bytes)
{
    struct cursor cursor = { bytes + sizeof(struct type_record), bytes + sizeof(struct type_record) + sizeof(le32) };
    le32 size;
    memcpy(&size, cursor.at, sizeof(size));
    *ret_size_bytes = le32_load(size);
    return (const char *)cursor.end;
}
