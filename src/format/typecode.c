/*
 * Type records. A record describes the whole layout and nothing else, so two layouts are equal exactly when their
 * records are equal except for the number. The reader trusts no size: it checks each step against the end of the
 * record.
 */
#include "typecode.h"

#include "error.h"
#include "kind.h"

#include <assert.h>
#include <stdio.h>

enum {
    ITEM_NAME_BYTES = 48, /* of a name in a message, which has room for 512 */
    ITEM_BYTES = 160,     /* a field or an enum's value, in words */
};

static void typecode_write_string(struct buffer *buffer, const char *text)
{
    const size_t start = buffer->size_bytes, size = text ? strlen(text) : 0;
    buffer_append_le32(buffer, (uint32_t)size);
    buffer_append(buffer, text, size);
    buffer_pad(buffer, start, 4);
}

static void typecode_write_field(struct buffer *buffer, const pecs_field *field);

static void typecode_write_fields(struct buffer *buffer, const pecs_type *type)
{
    for (uint32_t i = 0; i < type->field_count; i++)
        typecode_write_field(buffer, &type->fields[i]);
}

/* The elements of a list, as a field of the kind that they have. */
static pecs_field typecode_element_of(const pecs_field *list)
{
    return (pecs_field){ .name = LIST_ELEMENT_NAME,
                         .kind = list->element,
                         .size = list->element_size,
                         .count = 1,
                         .nested = list->nested,
                         .enum_names = list->enum_names,
                         .enum_count = list->enum_count };
}

static uint32_t typecode_child_count(const pecs_field *field)
{
    switch (field->kind) {
    case PECS_STRUCT:
        return field->nested->field_count;
    case PECS_ENUM:
        return field->enum_count;
    case PECS_LIST:
        return 1;
    default:
        return 0;
    }
}

static void typecode_write_field(struct buffer *buffer, const pecs_field *field)
{
    const struct field_record record = {
        .kind = le32_make(field->kind),
        .offset = le32_make(field->offset),
        .size = le32_make(field->size),
        .count = le32_make(field->count),
        .columns = le32_make(field->columns),
        .child_count = le32_make(typecode_child_count(field)),
        .child_align = le32_make(field->kind == PECS_STRUCT ? field->nested->align : 0),
    };
    buffer_append(buffer, &record, sizeof(record));
    typecode_write_string(buffer, field->name);
    if (field->kind == PECS_STRUCT)
        typecode_write_fields(buffer, field->nested);
    for (uint32_t j = 0; field->kind == PECS_ENUM && j < field->enum_count; j++)
        typecode_write_string(buffer, field->enum_names[j]);
    if (field->kind == PECS_LIST) {
        const pecs_field element = typecode_element_of(field);
        typecode_write_field(buffer, &element);
    }
}

void typecode_write(struct buffer *buffer, const struct component *component, uint32_t number)
{
    const size_t start = buffer->size_bytes;
    const pecs_type *type = component->type;
    struct type_record record = {
        .number = le32_make(number),
        .version = le32_make(type->version),
        .value_size = le32_make(type->size),
        .value_align = le32_make(type->align),
        .field_count = le32_make(type->field_count),
    };
    memcpy(record.id, component->id.bytes, sizeof(record.id));
    buffer_append(buffer, &record, sizeof(record));
    typecode_write_string(buffer, type->name);
    typecode_write_fields(buffer, type);
    buffer_pad(buffer, start, 8);
    if (buffer->failed)
        return;
    const le32 size = le32_make((uint32_t)(buffer->size_bytes - start));
    memcpy(buffer->bytes + start + offsetof(struct type_record, size), &size, sizeof(size));
}

/* A position in a record; `at` becomes NULL when an item exceeds the record. */
struct cursor {
    const uint8_t *at, *end;
};

static const uint8_t *typecode_take(struct cursor *cursor, uint64_t size)
{
    const uint8_t *at = cursor->at;
    cursor->at = at && size <= (uint64_t)(cursor->end - at) ? at + size : NULL;
    return cursor->at ? at : NULL;
}

static const char *typecode_take_string(struct cursor *cursor, uint32_t *ret_size)
{
    const uint8_t *bytes = typecode_take(cursor, sizeof(le32));
    le32 size = { { 0 } };
    if (bytes)
        memcpy(&size, bytes, sizeof(size));
    *ret_size = le32_load(size);
    return (const char *)typecode_take(cursor, format_string_bytes(*ret_size) - sizeof(le32));
}

static bool typecode_check_string(struct cursor *cursor, uint32_t smallest)
{
    uint32_t size;
    const char *text = typecode_take_string(cursor, &size);
    if (!text || size < smallest || (size && !component_name_is_valid(text, size)))
        return false;
    for (uint64_t i = size; i < align_up(size, 4); i++)
        if (text[i])
            return false;
    return true;
}

static pecs_status typecode_check_fields(struct cursor *cursor, uint32_t count, uint32_t depth);

static pecs_status typecode_check_field(struct cursor *cursor, uint32_t depth)
{
    struct field_record record;
    const uint8_t *bytes = typecode_take(cursor, sizeof(record));
    if (!bytes)
        return PECS_E_CORRUPT;
    memcpy(&record, bytes, sizeof(record));
    const uint32_t kind = le32_load(record.kind), children = le32_load(record.child_count);
    if (BREAKS("TYPE-7", !kind_name((pecs_kind)kind)))
        return PECS_E_UNSUPPORTED;
    if (!typecode_check_string(cursor, kind != PECS_PADDING))
        return PECS_E_CORRUPT;
    if (kind == PECS_LIST && children != 1)
        return PECS_E_CORRUPT;
    if (kind == PECS_STRUCT || kind == PECS_LIST)
        return depth == NESTING_MAX ? PECS_E_CORRUPT : typecode_check_fields(cursor, children, depth + 1);
    for (uint32_t i = 0; i < children; i++)
        if (kind != PECS_ENUM || !typecode_check_string(cursor, 1))
            return PECS_E_CORRUPT;
    return PECS_OK;
}

static pecs_status typecode_check_fields(struct cursor *cursor, uint32_t count, uint32_t depth)
{
    pecs_status status = PECS_OK;
    for (uint32_t i = 0; !status && i < count; i++)
        status = typecode_check_field(cursor, depth);
    return status;
}

pecs_status typecode_check_form(const uint8_t *bytes, size_t size_bytes)
{
    struct cursor cursor = { bytes, bytes + size_bytes };
    struct type_record record;
    if (!typecode_take(&cursor, sizeof(record)))
        return PECS_E_CORRUPT;
    memcpy(&record, bytes, sizeof(record));
    if (!typecode_check_string(&cursor, 1))
        return PECS_E_CORRUPT;
    const pecs_status status = typecode_check_fields(&cursor, le32_load(record.field_count), 0);
    if (status)
        return status;
    const uint64_t used = (uint64_t)(cursor.at - bytes);
    for (uint64_t i = used; i < align_up(used, 8) && i < size_bytes; i++)
        if (bytes[i])
            return PECS_E_CORRUPT;
    return align_up(used, 8) == size_bytes ? PECS_OK : PECS_E_CORRUPT;
}

bool typecode_has_contents(const uint8_t *bytes, size_t size_bytes)
{
    struct cursor cursor = { bytes, bytes + size_bytes };
    struct type_record head;
    uint32_t size;
    memcpy(&head, typecode_take(&cursor, sizeof(head)), sizeof(head));
    typecode_take_string(&cursor, &size);
    for (uint64_t left = le32_load(head.field_count); left > 0; left--) { /* nested fields follow their struct */
        struct field_record record;
        memcpy(&record, typecode_take(&cursor, sizeof(record)), sizeof(record));
        const uint32_t kind = le32_load(record.kind), children = le32_load(record.child_count);
        if (kind_has_contents((pecs_kind)kind))
            return true;
        typecode_take_string(&cursor, &size);
        left += kind == PECS_STRUCT ? children : 0;
        for (uint32_t i = 0; kind == PECS_ENUM && i < children; i++)
            typecode_take_string(&cursor, &size);
    }
    return false;
}

/* A bump allocator over memory that the caller has made large enough. */
struct arena {
    uint8_t *at, *end;
};

static void *typecode_arena_take(struct arena *arena, size_t size, size_t align)
{
    uint8_t *memory = (uint8_t *)align_up((uintptr_t)arena->at, align);
    assert(size <= (size_t)(arena->end - memory));
    arena->at = memory + size;
    return memory;
}

static const char *typecode_parse_string(struct cursor *cursor, struct arena *arena)
{
    uint32_t size;
    const char *text = typecode_take_string(cursor, &size);
    char *copy = typecode_arena_take(arena, (size_t)size + 1, 1);
    memcpy(copy, text, size);
    copy[size] = 0;
    return copy;
}

static const pecs_field *typecode_parse_fields(struct cursor *cursor, struct arena *arena, uint32_t count);

/* What a field has besides its numbers, by its kind; `children` and `align` are those of its record. */
static void typecode_parse_children(struct cursor *cursor, struct arena *arena, pecs_field *field, uint32_t children,
                                    uint32_t align)
{
    if (field->kind == PECS_PADDING) {
        field->name = NULL;
    } else if (field->kind == PECS_STRUCT) {
        pecs_type *nested = typecode_arena_take(arena, sizeof(*nested), _Alignof(pecs_type));
        *nested = (pecs_type){
            .name = field->name,
            .version = 1,
            .size = field->count ? field->size / field->count : 0,
            .align = align,
            .field_count = children,
            .fields = typecode_parse_fields(cursor, arena, children),
        };
        field->nested = nested;
    } else if (field->kind == PECS_ENUM) {
        const char **names = typecode_arena_take(arena, children * sizeof(*names), _Alignof(char *));
        for (uint32_t j = 0; j < children; j++)
            names[j] = typecode_parse_string(cursor, arena);
        field->enum_names = names;
        field->enum_count = children;
    } else if (field->kind == PECS_LIST) {
        const pecs_field *element = typecode_parse_fields(cursor, arena, 1);
        field->element = element->kind;
        field->element_size = element->size;
        field->nested = element->nested;
        field->enum_names = element->enum_names;
        field->enum_count = element->enum_count;
    }
}

static const pecs_field *typecode_parse_fields(struct cursor *cursor, struct arena *arena, uint32_t count)
{
    pecs_field *fields = typecode_arena_take(arena, count * sizeof(*fields), _Alignof(pecs_field));
    for (uint32_t i = 0; i < count; i++) {
        struct field_record record;
        memcpy(&record, typecode_take(cursor, sizeof(record)), sizeof(record));
        fields[i] = (pecs_field){
            .name = typecode_parse_string(cursor, arena),
            .kind = (pecs_kind)le32_load(record.kind),
            .offset = le32_load(record.offset),
            .size = le32_load(record.size),
            .count = le32_load(record.count),
            .columns = le32_load(record.columns),
        };
        typecode_parse_children(cursor, arena, &fields[i], le32_load(record.child_count),
                                le32_load(record.child_align));
    }
    return fields;
}

const pecs_type *typecode_parse(const uint8_t *bytes, size_t size_bytes, void *memory)
{
    struct type_record record;
    struct cursor cursor = { bytes, bytes + size_bytes };
    struct arena arena = { memory, (uint8_t *)memory + typecode_parse_bytes(size_bytes) };
    memcpy(&record, typecode_take(&cursor, sizeof(record)), sizeof(record));
    pecs_type *type = typecode_arena_take(&arena, sizeof(*type), _Alignof(pecs_type));
    *type = (pecs_type){
        .name = typecode_parse_string(&cursor, &arena),
        .version = le32_load(record.version),
        .size = le32_load(record.value_size),
        .align = le32_load(record.value_align),
        .field_count = le32_load(record.field_count),
    };
    memcpy(type->id.bytes, record.id, sizeof(record.id));
    type->fields = typecode_parse_fields(&cursor, &arena, type->field_count);
    return type;
}

static int typecode_shown_size(uint32_t name_size)
{
    return name_size < ITEM_NAME_BYTES ? (int)name_size : ITEM_NAME_BYTES;
}

/* A walk over the items of a record after its head: a field, or a value of the last field's enum. */
struct item_walk {
    struct cursor cursor;
    uint32_t fields_left, values_left; /* nested fields follow their struct */
    uint32_t value_number;
    char enum_name[ITEM_NAME_BYTES + 1];
};

static struct item_walk typecode_format_begin(const uint8_t *bytes, struct type_record *ret_record)
{
    struct item_walk walk = { .cursor = { bytes + sizeof(*ret_record), NULL } };
    uint32_t size;
    memcpy(ret_record, bytes, sizeof(*ret_record));
    walk.cursor.end = bytes + le32_load(ret_record->size);
    walk.fields_left = le32_load(ret_record->field_count);
    typecode_take_string(&walk.cursor, &size);
    return walk;
}

static void typecode_format_field(struct item_walk *walk, char text[ITEM_BYTES])
{
    struct field_record record;
    uint32_t size;
    char children[64] = "", elements[32] = "";
    memcpy(&record, typecode_take(&walk->cursor, sizeof(record)), sizeof(record));
    const char *name = typecode_take_string(&walk->cursor, &size);
    const int shown = typecode_shown_size(size);
    const uint32_t kind = le32_load(record.kind), child_count = le32_load(record.child_count);
    const uint32_t count = le32_load(record.count), columns = le32_load(record.columns);
    if (kind == PECS_ENUM)
        snprintf(children, sizeof(children), " of %u values", child_count);
    else if (kind == PECS_STRUCT)
        snprintf(children, sizeof(children), " of %u fields, alignment %u,", child_count,
                 le32_load(record.child_align));
    if (columns)
        snprintf(elements, sizeof(elements), "[%u][%u]", count / columns, columns);
    else if (count != 1)
        snprintf(elements, sizeof(elements), "[%u]", count);
    snprintf(text, ITEM_BYTES, "%s%s%s%.*s%s, %u bytes at %u", kind_name((pecs_kind)kind), children, size ? " " : "",
             shown, name, elements, le32_load(record.size), le32_load(record.offset));
    walk->fields_left += (kind == PECS_STRUCT || kind == PECS_LIST ? child_count : 0) - 1;
    walk->values_left = kind == PECS_ENUM ? child_count : 0;
    walk->value_number = 0;
    snprintf(walk->enum_name, sizeof(walk->enum_name), "%.*s", shown, name);
}

/* Formats the next item. Returns false at the end of the record. */
static bool typecode_format_next(struct item_walk *walk, char text[ITEM_BYTES])
{
    uint32_t size;
    if (walk->values_left) {
        const char *name = typecode_take_string(&walk->cursor, &size);
        snprintf(text, ITEM_BYTES, "value %u of %s is %.*s", walk->value_number++, walk->enum_name,
                 typecode_shown_size(size), name);
        walk->values_left--;
        return true;
    }
    snprintf(text, ITEM_BYTES, "nothing more");
    if (!walk->fields_left)
        return false;
    typecode_format_field(walk, text);
    return true;
}

void typecode_compare(const uint8_t *in_file, const uint8_t *in_program, char *text, size_t capacity)
{
    struct type_record file, program;
    struct item_walk a = typecode_format_begin(in_file, &file), b = typecode_format_begin(in_program, &program);
    char x[ITEM_BYTES], y[ITEM_BYTES], difference[2 * ITEM_BYTES + 64] = "";
    uint32_t size, own_size;
    const char *name = typecode_name(in_file, &size), *own_name = typecode_name(in_program, &own_size);
    snprintf(x, sizeof(x), "the name %.*s", typecode_shown_size(size), name);
    snprintf(y, sizeof(y), "the name %.*s", typecode_shown_size(own_size), own_name);
    bool a_goes_on = true, b_goes_on = true;
    while (strcmp(x, y) == 0 && (a_goes_on || b_goes_on)) {
        a_goes_on = typecode_format_next(&a, x);
        b_goes_on = typecode_format_next(&b, y);
    }
    if (strcmp(x, y) != 0)
        snprintf(difference, sizeof(difference), "; first difference: %s in the file, %s in the program", x, y);
    snprintf(text, capacity,
             "%.*s: in the file version %u of %u bytes (alignment %u), in the program version %u of %u (%u)%s",
             typecode_shown_size(size), name, le32_load(file.version), le32_load(file.value_size),
             le32_load(file.value_align), le32_load(program.version), le32_load(program.value_size),
             le32_load(program.value_align), difference);
}

const char *typecode_name(const uint8_t *bytes, uint32_t *ret_size_bytes)
{
    struct cursor cursor = { bytes + sizeof(struct type_record), bytes + sizeof(struct type_record) + sizeof(le32) };
    le32 size;
    memcpy(&size, cursor.at, sizeof(size));
    *ret_size_bytes = le32_load(size);
    return (const char *)cursor.end;
}
