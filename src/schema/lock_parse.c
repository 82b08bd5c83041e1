/*
 * Reads a lock front to back. What the text says is at most what its bytes can hold: memory is taken for lines that are
 * there, counts are numbers that are checked against the size of a component, and nesting ends where that of types
 * ends. Each line is looked at once for each level that it lies in.
 */
#include "error.h"
#include "lock_text.h"
#include "registry.h"
#include "utf8.h"

#include <pecs/id.h>

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { LEVELS_MAX = NESTING_MAX + 1 }; /* of fields within fields */

struct lock_reader {
    const char *text;
    size_t size_bytes, at, line_begin;
    uint32_t line;
    struct lock *lock;
    pecs_error *error;
};

/* Reports what is wrong at a byte of the line that is read. Columns are characters. */
static pecs_status reader_fail(const struct lock_reader *reader, size_t at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static pecs_status reader_fail(const struct lock_reader *reader, size_t at, const char *format, ...)
{
    char what[400];
    uint32_t column = 1;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(what, sizeof(what), format, arguments);
    va_end(arguments);
    for (size_t i = reader->line_begin; i < at; i++)
        column += ((uint8_t)reader->text[i] & 0xc0) != 0x80;
    fail(reader->error, PECS_E_CORRUPT, "line %u, column %u: %s", reader->line, column, what);
    if (reader->error)
        reader->error->offset = at;
    return PECS_E_CORRUPT;
}

static bool reader_is_at(const struct lock_reader *reader, const char *literal)
{
    const size_t size = strlen(literal);
    return reader->size_bytes - reader->at >= size && memcmp(reader->text + reader->at, literal, size) == 0;
}

static bool reader_take(struct lock_reader *reader, const char *literal)
{
    const bool is_there = reader_is_at(reader, literal);
    reader->at += is_there ? strlen(literal) : 0;
    return is_there;
}

static pecs_status reader_expect(struct lock_reader *reader, const char *literal)
{
    return reader_take(reader, literal) ? PECS_OK : reader_fail(reader, reader->at, "expected '%s'", literal);
}

static pecs_status reader_end_line(struct lock_reader *reader)
{
    if (reader_is_at(reader, "\r"))
        return reader_fail(reader, reader->at, "a line ends with a line feed, without a carriage return");
    if (!reader_take(reader, "\n"))
        return reader_fail(reader, reader->at, "expected the end of the line");
    reader->line++;
    reader->line_begin = reader->at;
    return PECS_OK;
}

/* A decimal number without zeros in front. */
static pecs_status reader_number(struct lock_reader *reader, uint32_t max, uint32_t *ret_number)
{
    const size_t begin = reader->at;
    uint64_t number = 0;
    for (; reader->at < reader->size_bytes && number <= UINT32_MAX; reader->at++) {
        const char digit = reader->text[reader->at];
        if (digit < '0' || digit > '9')
            break;
        number = number * 10 + (uint64_t)(digit - '0');
    }
    if (reader->at == begin || (reader->text[begin] == '0' && reader->at > begin + 1))
        return reader_fail(reader, begin, "expected a number without zeros in front");
    if (number > max)
        return reader_fail(reader, begin, "the number is above %u", max);
    *ret_number = (uint32_t)number;
    return PECS_OK;
}

/* "\u{202e}": the code of a character that has to be written so. */
static pecs_status reader_code(struct lock_reader *reader, size_t begin, uint32_t *ret_code)
{
    char again[16];
    uint32_t code = 0;
    for (unsigned i = 0; i < 6 && reader->at < reader->size_bytes; i++) {
        const char digit = reader->text[reader->at];
        const bool is_decimal = digit >= '0' && digit <= '9', is_letter = digit >= 'a' && digit <= 'f';
        if (!is_decimal && !is_letter)
            break;
        code = code << 4 | (uint32_t)(is_decimal ? digit - '0' : digit - 'a' + 10);
        reader->at++;
    }
    snprintf(again, sizeof(again), "\\u{%x}", code);
    if (!reader_take(reader, "}") || reader->at - begin != strlen(again) || !utf8_is_hidden(code))
        return reader_fail(reader, begin, "the escape is none of a lock");
    *ret_code = code;
    return PECS_OK;
}

static pecs_status reader_character(struct lock_reader *reader, uint32_t *ret_code)
{
    const size_t begin = reader->at;
    const uint8_t *text = (const uint8_t *)reader->text + begin;
    if (reader_take(reader, "\\u{"))
        return reader_code(reader, begin, ret_code);
    if (reader_take(reader, "\\\"") || reader_take(reader, "\\\\")) {
        *ret_code = text[1];
        return PECS_OK;
    }
    const unsigned step = begin < reader->size_bytes ? utf8_step(text, reader->size_bytes - begin, ret_code) : 0;
    if (begin == reader->size_bytes || text[0] == '\n')
        return reader_fail(reader, begin, "a name ends with a quotation mark, in its line");
    if (!step)
        return reader_fail(reader, begin, "the text is not valid UTF-8");
    if (text[0] == '\\')
        return reader_fail(reader, begin, "the escape is none of a lock");
    if (utf8_is_hidden(*ret_code))
        return reader_fail(reader, begin, "the character is hidden: it is written as \\u{%x}", *ret_code);
    reader->at += step;
    return PECS_OK;
}

static unsigned reader_encode(uint32_t code, char *bytes)
{
    if (code < 0x80) {
        bytes[0] = (char)code;
        return 1;
    }
    const unsigned size = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    for (unsigned i = size - 1; i > 0; i--, code >>= 6)
        bytes[i] = (char)(0x80 | (code & 0x3f));
    bytes[0] = (char)((0xf0u << (4 - size)) | code);
    return size;
}

static pecs_status reader_name(struct lock_reader *reader, const char **ret_name)
{
    const size_t begin = reader->at;
    char name[NAME_MAX_BYTES + 4];
    size_t size = 0;
    pecs_status status = reader_take(reader, "\"") ? PECS_OK : reader_fail(reader, begin, "expected a name in quotes");
    while (!status && size <= NAME_MAX_BYTES && !reader_take(reader, "\"")) {
        uint32_t code = 0;
        status = reader_character(reader, &code);
        size += status ? 0 : reader_encode(code, name + size);
    }
    if (!status && !component_name_is_valid(name, size))
        status = reader_fail(reader, begin, "a name has 1 to 255 bytes of UTF-8 without control characters");
    if (status)
        return status;
    char *copy = lock_allocate(reader->lock, size + 1);
    if (!copy)
        return fail_memory(reader->error);
    memcpy(copy, name, size);
    copy[size] = 0;
    *ret_name = copy;
    return PECS_OK;
}

/* Spaces from a byte on. */
static size_t reader_spaces(const struct lock_reader *reader, size_t at)
{
    size_t end = at;
    while (end < reader->size_bytes && reader->text[end] == ' ')
        end++;
    return end - at;
}

/* Lines from here on that are indented by exactly so many spaces, and before one with fewer; up to max + 1 of them. */
static uint32_t reader_count_lines(const struct lock_reader *reader, size_t spaces, uint32_t max)
{
    uint32_t count = 0;
    for (size_t at = reader->at; at < reader->size_bytes && count <= max;) {
        const size_t indent = reader_spaces(reader, at);
        if (indent < spaces)
            break;
        count += indent == spaces;
        const char *end = memchr(reader->text + at, '\n', reader->size_bytes - at);
        at = end ? (size_t)(end - reader->text) + 1 : reader->size_bytes;
    }
    return count;
}

static pecs_status reader_indent(struct lock_reader *reader, unsigned depth)
{
    const size_t wanted = (size_t)depth * LOCK_INDENT;
    if (reader_spaces(reader, reader->at) != wanted)
        return reader_fail(reader, reader->at, "expected a line that is indented by %zu spaces", wanted);
    reader->at += wanted;
    return PECS_OK;
}

/* A word, by the name of a kind; an enum has its bits: "enum8". */
static pecs_status reader_kind(struct lock_reader *reader, pecs_kind *ret_kind, uint32_t *ret_size)
{
    const size_t begin = reader->at;
    char word[16];
    size_t size = 0;
    for (; reader->at < reader->size_bytes && size < sizeof(word) - 1; reader->at++) {
        const char next = reader->text[reader->at];
        if (!(next >= 'a' && next <= 'z') && !(next >= '0' && next <= '9'))
            break;
        word[size++] = next;
    }
    word[size] = 0;
    for (int kind = PECS_BOOL; kind_name((pecs_kind)kind); kind++) {
        *ret_kind = (pecs_kind)kind;
        *ret_size = kind_size(*ret_kind);
        if (kind != PECS_ENUM && strcmp(word, kind_name(*ret_kind)) == 0)
            return PECS_OK;
    }
    *ret_kind = PECS_ENUM;
    for (*ret_size = 1; *ret_size <= 4; *ret_size *= 2) {
        char name[16];
        snprintf(name, sizeof(name), "enum%u", *ret_size * 8);
        if (strcmp(word, name) == 0)
            return PECS_OK;
    }
    return reader_fail(reader, begin, "expected a kind of field");
}

static pecs_status reader_counts(struct lock_reader *reader, pecs_field *field)
{
    const size_t begin = reader->at;
    pecs_status status = PECS_OK;
    uint32_t counts[2] = { 1, 0 };
    unsigned dimensions = 0;
    while (!status && dimensions < 2 && reader_take(reader, "[")) {
        status = reader_number(reader, COMPONENT_MAX_BYTES, &counts[dimensions++]);
        status = status ? status : reader_expect(reader, "]");
    }
    if (status)
        return status;
    const uint64_t count = (uint64_t)counts[0] * (dimensions == 2 ? counts[1] : 1);
    if (count == 0 || count > COMPONENT_MAX_BYTES)
        return reader_fail(reader, begin, "a field has 1 to 16777216 elements");
    if (dimensions == 1 && count == 1)
        return reader_fail(reader, begin, "the count of one element is not written");
    field->count = (uint32_t)count;
    field->columns = counts[1];
    return PECS_OK;
}

static pecs_status reader_enum(struct lock_reader *reader, pecs_field *field, uint32_t size, unsigned depth)
{
    const uint32_t max = size == 4 ? UINT32_MAX - 1 : 1u << (8 * size);
    const uint32_t count = reader_count_lines(reader, (size_t)depth * LOCK_INDENT, max);
    if (count == 0 || count > max)
        return reader_fail(reader, reader->at, "an enum of %u bits has 1 to %u values, a line each", size * 8, max);
    const char **names = lock_allocate(reader->lock, count * sizeof(*names));
    pecs_status status = PECS_OK;
    if (!names)
        return fail_memory(reader->error);
    for (uint32_t i = 0; !status && i < count; i++) {
        status = reader_indent(reader, depth);
        status = status ? status : reader_name(reader, &names[i]);
        status = status ? status : reader_end_line(reader);
    }
    field->enum_names = names;
    field->enum_count = count;
    return status;
}

static pecs_status reader_fields(struct lock_reader *reader, pecs_type *type, unsigned depth);

/* The alignment, if the line has one, and the fields below; the line must not say what they say. */
static pecs_status reader_struct(struct lock_reader *reader, pecs_type *type, unsigned depth)
{
    const struct lock_reader line = *reader;
    const bool has_align = reader_take(reader, " align ");
    pecs_status status = has_align ? reader_number(reader, COMPONENT_MAX_ALIGN, &type->align) : PECS_OK;
    status = status ? status : reader_end_line(reader);
    status = status ? status : reader_fields(reader, type, depth);
    if (status)
        return status;
    const uint32_t align = lock_align(type);
    if (has_align && type->align == align)
        return reader_fail(&line, line.at, "the alignment of the fields is not written");
    type->align = has_align ? type->align : align;
    return PECS_OK;
}

static pecs_status reader_nested(struct lock_reader *reader, pecs_field *field, unsigned depth)
{
    pecs_type *nested = lock_allocate(reader->lock, sizeof(*nested));
    if (!nested)
        return fail_memory(reader->error);
    *nested = (pecs_type){ .name = field->name, .version = 1 };
    field->nested = nested;
    const pecs_status status = reader_struct(reader, nested, depth);
    return status || nested->field_count ? status : reader_fail(reader, reader->at, "expected the fields of a struct");
}

/* What follows the name in the line, and the lines below. *size is that of an element, which a struct sets. */
static pecs_status reader_details(struct lock_reader *reader, pecs_field *field, pecs_kind kind, uint32_t *size,
                                  unsigned depth)
{
    pecs_status status = PECS_OK;
    if (kind == PECS_STRUCT) {
        status = reader_nested(reader, field, depth + 1);
        *size = status ? 0 : field->nested->size;
        return status;
    }
    status = reader_end_line(reader);
    return !status && kind == PECS_ENUM ? reader_enum(reader, field, *size, depth + 1) : status;
}

static pecs_status reader_field(struct lock_reader *reader, pecs_field *field, unsigned depth)
{
    uint32_t size = 0, element_size = 0;
    pecs_status status = reader_indent(reader, depth);
    const struct lock_reader line = *reader;
    *field = (pecs_field){ .name = NULL };
    status = status ? status : reader_kind(reader, &field->kind, &size);
    status = status ? status : reader_counts(reader, field);
    const bool is_list = !status && field->kind == PECS_LIST;
    if (is_list) {
        status = reader_expect(reader, " of ");
        status = status ? status : reader_kind(reader, &field->element, &element_size);
    }
    if (!status && field->kind != PECS_PADDING) {
        status = reader_expect(reader, " ");
        status = status ? status : reader_name(reader, &field->name);
    }
    if (!status)
        status = reader_details(reader, field, is_list ? field->element : field->kind, is_list ? &element_size : &size,
                                depth);
    if (status)
        return status;
    if ((uint64_t)field->count * size > COMPONENT_MAX_BYTES)
        return reader_fail(&line, line.at, "the field has more than 16 MiB");
    field->size = field->count * size;
    field->element_size = element_size;
    return PECS_OK;
}

static pecs_status reader_fields(struct lock_reader *reader, pecs_type *type, unsigned depth)
{
    if (depth > LEVELS_MAX)
        return reader_fail(reader, reader->at, "structs are nested more than %d deep", NESTING_MAX);
    const uint32_t count = reader_count_lines(reader, (size_t)depth * LOCK_INDENT, FIELD_COUNT_MAX);
    if (count > FIELD_COUNT_MAX)
        return reader_fail(reader, reader->at, "a type has at most %d fields", FIELD_COUNT_MAX);
    pecs_field *fields = lock_allocate(reader->lock, count * sizeof(*fields));
    pecs_status status = PECS_OK;
    if (!fields)
        return fail_memory(reader->error);
    for (uint32_t i = 0; !status && i < count; i++) {
        const struct lock_reader line = *reader;
        status = reader_field(reader, &fields[i], depth);
        if (!status && fields[i].size > COMPONENT_MAX_BYTES - type->size)
            status = reader_fail(&line, line.at, "the type has more than 16 MiB");
        fields[i].offset = type->size;
        type->size += status ? 0 : fields[i].size;
    }
    type->fields = fields;
    type->field_count = count;
    return status;
}

/* An id that is not the hash of the name. */
static pecs_status reader_id(struct lock_reader *reader, pecs_type *type)
{
    char text[PECS_ID_TEXT_BYTES], again[PECS_ID_TEXT_BYTES];
    const size_t begin = reader->at;
    const pecs_id name_id = component_name_id(type->name);
    type->id = name_id;
    if (!reader_take(reader, " id "))
        return PECS_OK;
    if (reader->size_bytes - reader->at < sizeof(text) - 1)
        return reader_fail(reader, begin, "the id is cut");
    memcpy(text, reader->text + reader->at, sizeof(text) - 1);
    text[sizeof(text) - 1] = 0;
    if (pecs_id_parse(text, &type->id))
        return reader_fail(reader, begin, "expected an id");
    pecs_id_format(type->id, again);
    if (strcmp(text, again) != 0 || memcmp(&type->id, &name_id, sizeof(name_id)) == 0)
        return reader_fail(reader, begin, "an id has small letters, and is not that of the name");
    reader->at += sizeof(text) - 1;
    return PECS_OK;
}

/* A transient type is described by its flags alone: here as one byte without fields. */
static pecs_status reader_transient(struct lock_reader *reader, pecs_type *type)
{
    type->flags = PECS_TYPE_TRANSIENT;
    type->flags |= reader_take(reader, " no_snapshot") ? PECS_TYPE_NO_SNAPSHOT : 0;
    type->flags |= reader_take(reader, " entity") ? PECS_TYPE_TRANSIENT_ENTITY : 0;
    type->size = type->align = 1;
    return reader_end_line(reader);
}

static pecs_status reader_saved(struct lock_reader *reader, pecs_type *type)
{
    pecs_status status = reader_expect(reader, " version ");
    status = status ? status : reader_number(reader, UINT32_MAX, &type->version);
    return status ? status : reader_struct(reader, type, 1);
}

/* The rules of types (type_check.h), and the order of the lock. */
static pecs_status reader_check(const struct lock_reader *reader, const struct lock_reader *line, const pecs_type *type)
{
    struct lock *lock = reader->lock;
    const struct lock_type item = { type, type->id };
    pecs_error why = { .message = "" };
    pecs_status status = type_check(type, lock->pool, &why);
    if (status == PECS_E_MEMORY)
        return fail_memory(reader->error);
    if (status)
        return reader_fail(line, line->at, "%s", why.message);
    if (name_is_reserved(type->name, strlen(type->name)))
        return reader_fail(line, line->at, "names that begin with \"%s\" are reserved for the library",
                           RESERVED_PREFIX);
    if (lock->type_count && lock_compare_types(&lock->types[lock->type_count - 1], &item) >= 0)
        return reader_fail(line, line->at, "types are in the order of their names");
    if (lock->type_count == LOCK_TYPES_MAX)
        return fail(reader->error, PECS_E_LIMIT, "a lock has at most %d types", LOCK_TYPES_MAX);
    return lock_add(lock, type, type->id) ? fail_memory(reader->error) : PECS_OK;
}

static pecs_status reader_type(struct lock_reader *reader)
{
    if (!reader_is_at(reader, "\n") && !reader_is_at(reader, "\r"))
        return reader_fail(reader, reader->at, "expected an empty line and a type");
    pecs_status status = reader_end_line(reader);
    const struct lock_reader line = *reader;
    pecs_type *type = lock_allocate(reader->lock, sizeof(*type));
    if (!type)
        return fail_memory(reader->error);
    *type = (pecs_type){ .name = NULL };
    status = status ? status : reader_expect(reader, "type ");
    status = status ? status : reader_name(reader, &type->name);
    status = status ? status : reader_id(reader, type);
    if (!status)
        status = reader_take(reader, " transient") ? reader_transient(reader, type) : reader_saved(reader, type);
    return status ? status : reader_check(reader, &line, type);
}

static pecs_status reader_head(struct lock_reader *reader)
{
    uint32_t form = 0;
    pecs_status status = reader_expect(reader, "pecs lock ");
    status = status ? status : reader_number(reader, UINT32_MAX, &form);
    if (!status && form != 1)
        return fail(reader->error, PECS_E_UNSUPPORTED, "the lock has form %u; this library knows form 1", form);
    status = status ? status : reader_end_line(reader);
    status = status ? status : reader_expect(reader, "schema version ");
    status = status ? status : reader_number(reader, UINT32_MAX, &reader->lock->schema_version);
    status = status ? status : reader_expect(reader, ", oldest reader ");
    status = status ? status : reader_number(reader, UINT32_MAX, &reader->lock->oldest_reader);
    return status ? status : reader_end_line(reader);
}

pecs_status lock_parse(struct lock *lock, const char *text, size_t size_bytes, pecs_error *error)
{
    struct lock_reader reader = { .text = text, .size_bytes = size_bytes, .line = 1, .lock = lock, .error = error };
    if (size_bytes > LOCK_MAX_BYTES)
        return fail(error, PECS_E_LIMIT, "the lock has %zu bytes, more than %d MiB", size_bytes, LOCK_MAX_BYTES >> 20);
    pecs_status status = reader_head(&reader);
    while (!status && reader.at < size_bytes)
        status = reader_type(&reader);
    if (!status && lock_sort(lock))
        status = fail_memory(error);
    for (size_t i = 1; !status && i < lock->type_count; i++)
        if (memcmp(&lock->by_id[i - 1].id, &lock->by_id[i].id, sizeof(pecs_id)) == 0)
            status = fail(error, PECS_E_CORRUPT, "types '%.100s' and '%.100s' of the lock have the same id",
                          lock->by_id[i - 1].type->name, lock->by_id[i].type->name);
    return status;
}
