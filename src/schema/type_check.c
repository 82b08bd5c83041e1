/*
 * The rules of pecs/schema.h.
 *
 * The numbers of a struct field are checked only after the type that it nests has passed, so a cycle ends at
 * NESTING_MAX and no later step divides by an element of size 0. The fields of a valid type tile it: each byte belongs
 * to exactly one field. So a walk over all elements of all fields takes at most as many steps at each level of nesting
 * as the type has bytes.
 *
 * The description belongs to the user's program. Wrong numbers in it are errors; invalid pointers cannot be detected.
 */
#include "type_check.h"

#include "bytes.h"
#include "error.h"
#include "kind.h"
#include "memory.h"
#include "spans.h"
#include "utf8.h"

#include <stdio.h>
#include <stdlib.h>

enum { LIST_ALIGN = 8 }; /* of all contents */

struct type_checker {
    struct pool *pool; /* for scratch memory */
    pecs_error *error;
};

bool component_name_is_valid(const char *name, size_t size_bytes)
{
    uint32_t code;
    for (size_t at = 0; at < size_bytes;) {
        const unsigned step = utf8_step((const uint8_t *)name + at, size_bytes - at, &code);
        if (!step || code < 0x20 || (code >= 0x7f && code < 0xa0))
            return false;
        at += step;
    }
    return size_bytes > 0 && size_bytes <= NAME_MAX_BYTES;
}

static bool type_name_is_valid(const char *name)
{
    size_t size = 0;
    while (name && size <= NAME_MAX_BYTES && name[size])
        size++;
    return component_name_is_valid(name, size);
}

/* The printable part of a name that may be any bytes, for messages. */
struct excerpt {
    char text[48];
};

static struct excerpt type_excerpt(const char *name)
{
    struct excerpt excerpt = { "(none)" };
    if (name) {
        size_t size = 0;
        for (; name[size] && size < sizeof(excerpt.text) - 1; size++)
            excerpt.text[size] = name[size] >= 0x20 && name[size] <= 0x7e ? name[size] : '?';
        excerpt.text[size] = 0;
    }
    return excerpt;
}

/* "field 'x'", or "padding at byte 8". */
struct label {
    char text[NAME_SHOWN + 16];
};

static struct label type_field_label(const pecs_field *field)
{
    struct label label;
    if (field->name)
        snprintf(label.text, sizeof(label.text), "field '%.*s'", NAME_SHOWN, field->name);
    else
        snprintf(label.text, sizeof(label.text), "padding at byte %u", field->offset);
    return label;
}

static pecs_status type_fail_field(const struct type_checker *checker, pecs_status status, const pecs_type *type,
                                   const pecs_field *field, const char *what)
{
    return fail(checker->error, status, "%.100s: %s: %s", type->name, type_field_label(field).text, what);
}

static int type_compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/*
 * Finds a duplicate among names that lie `stride` bytes apart, and skips NULLs. Sorts them instead of hashing: an enum
 * may have many names, and a hostile file could choose names that collide in a hash table.
 */
static pecs_status type_find_duplicate(struct pool *pool, const void *names, size_t stride, uint32_t count,
                                       const char **ret_duplicate)
{
    if ((uint64_t)count + 1 > SIZE_MAX / sizeof(char *))
        return PECS_E_MEMORY;
    const size_t size_bytes = ((size_t)count + 1) * sizeof(char *);
    const char **sorted = pool_allocate(pool, size_bytes);
    if (!sorted)
        return PECS_E_MEMORY;
    size_t named = 0;
    for (uint32_t i = 0; i < count; i++) {
        const char *const name = *(const char *const *)(const void *)((const uint8_t *)names + i * stride);
        if (name)
            sorted[named++] = name;
    }
    qsort(sorted, named, sizeof(*sorted), type_compare_names);
    *ret_duplicate = NULL;
    for (size_t i = 1; i < named && !*ret_duplicate; i++)
        if (strcmp(sorted[i - 1], sorted[i]) == 0)
            *ret_duplicate = sorted[i];
    pool_release(pool, sorted, size_bytes);
    return PECS_OK;
}

static pecs_status type_check_enum(const struct type_checker *checker, const pecs_type *type, const pecs_field *field)
{
    const uint32_t element = field->size / field->count;
    if (field->size % field->count != 0 || (element != 1 && element != 2 && element != 4))
        return fail(checker->error, PECS_E_MISUSE,
                    "%.100s: field '%.100s': %u bytes for %u enum values: one has 1, 2 or 4 bytes", type->name,
                    field->name, field->size, field->count);
    if (field->enum_count < 1 || field->enum_count - 1 > UINT32_MAX >> (32 - 8 * element))
        return fail(checker->error, PECS_E_MISUSE, "%.100s: field '%.100s': an enum of %u values does not fit %u bytes",
                    type->name, field->name, field->enum_count, element);
    if (!field->enum_names)
        return type_fail_field(checker, PECS_E_MISUSE, type, field, "an enum needs enum_names");
    for (uint32_t i = 0; i < field->enum_count; i++)
        if (!type_name_is_valid(field->enum_names[i]))
            return fail(
                checker->error, PECS_E_MISUSE,
                "%.100s: field '%.100s': the name of enum value %u must be 1 to 255 bytes of printable UTF-8: %s",
                type->name, field->name, i, type_excerpt(field->enum_names[i]).text);
    const char *duplicate;
    if (type_find_duplicate(checker->pool, field->enum_names, sizeof(char *), field->enum_count, &duplicate))
        return fail_memory(checker->error);
    if (duplicate)
        return fail(checker->error, PECS_E_MISUSE, "%.100s: field '%.100s': two enum values are named '%.100s'",
                    type->name, field->name, duplicate);
    return PECS_OK;
}

static pecs_status type_check_nested(const struct type_checker *checker, const pecs_type *type, unsigned depth);

/* The fields of one type that nest a struct. */
struct nested {
    const pecs_field **fields;
    uint32_t count;
};

static bool type_nests_struct(const pecs_field *field)
{
    return field->kind == PECS_STRUCT || (field->kind == PECS_LIST && field->element == PECS_STRUCT);
}

/* By what is nested, and as what; then by place. */
static int type_compare_nested(const void *a, const void *b)
{
    const pecs_field *left = *(const pecs_field *const *)a, *right = *(const pecs_field *const *)b;
    if (left->nested != right->nested)
        return (uintptr_t)left->nested < (uintptr_t)right->nested ? -1 : 1;
    if (left->kind != right->kind)
        return left->kind < right->kind ? -1 : 1;
    return left < right ? -1 : left > right;
}

/* Lists the fields that nest a struct, in that order; *list is empty before. Without any it stays so. */
static pecs_status type_list_nested(const struct type_checker *checker, const pecs_type *type, struct nested *list)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < type->field_count; i++)
        count += type_nests_struct(&type->fields[i]);
    if (!count)
        return PECS_OK;
    list->fields = pool_allocate(checker->pool, count * sizeof(*list->fields));
    if (!list->fields)
        return fail_memory(checker->error);
    for (uint32_t i = 0; i < type->field_count; i++)
        if (type_nests_struct(&type->fields[i]))
            list->fields[list->count++] = &type->fields[i];
    qsort(list->fields, count, sizeof(*list->fields), type_compare_nested);
    return PECS_OK;
}

/*
 * Whether an earlier field nests the same type, which was then checked there. Without this, a shared type would be
 * checked once for each path to it.
 */
static bool type_is_nested_before(const struct nested *list, const pecs_field *field)
{
    uint32_t low = 0, high = list->count;
    while (low < high) { /* to the field's own place */
        const uint32_t middle = low + (high - low) / 2;
        if (type_compare_nested(&list->fields[middle], &field) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    const pecs_field *before = low > 0 ? list->fields[low - 1] : NULL;
    return before && before->nested == field->nested && before->kind == field->kind;
}

static pecs_status type_check_struct(const struct type_checker *checker, const pecs_type *type, const pecs_field *field,
                                     const struct nested *nested, unsigned depth)
{
    if (!field->nested)
        return type_fail_field(checker, PECS_E_MISUSE, type, field, "a struct needs `nested`");
    if (depth == NESTING_MAX)
        return type_fail_field(checker, PECS_E_LIMIT, type, field,
                               "structs are nested more than 8 deep (does one contain itself?)");
    const pecs_status status =
        type_is_nested_before(nested, field) ? PECS_OK : type_check_nested(checker, field->nested, depth + 1);
    if (!status && field->nested->size == 0)
        return type_fail_field(checker, PECS_E_MISUSE, type, field, "a nested struct cannot be a tag");
    return status;
}

bool type_has_contents(const pecs_type *type)
{
    bool has = false;
    for (uint32_t i = 0; !has && i < type->field_count; i++) {
        const pecs_field *field = &type->fields[i];
        has = kind_has_contents(field->kind) || (field->kind == PECS_STRUCT && type_has_contents(field->nested));
    }
    return has;
}

/* An enum or struct is checked as a field of one would be. */
static pecs_status type_check_list(const struct type_checker *checker, const pecs_type *type, const pecs_field *field,
                                   const struct nested *nested, unsigned depth)
{
    const pecs_kind element = field->element;
    uint32_t size = kind_size(element), align = kind_align(element);
    pecs_status status = PECS_OK;
    if (depth == NESTING_MAX)
        return type_fail_field(checker, PECS_E_LIMIT, type, field, "structs and lists are nested more than 8 deep");
    if (!kind_name(element) || kind_has_contents(element) || element == PECS_TEXT || element == PECS_PADDING)
        return type_fail_field(checker, PECS_E_MISUSE, type, field,
                               "the elements of a list are numbers, bools, entities, enums or structs");
    if (element == PECS_ENUM) {
        pecs_field one = *field;
        one.size = size = align = field->element_size;
        one.count = 1;
        status = type_check_enum(checker, type, &one);
    } else if (element == PECS_STRUCT) {
        status = type_check_struct(checker, type, field, nested, depth + 1);
        size = status ? 0 : field->nested->size;
        align = status ? 0 : field->nested->align;
    }
    if (status)
        return status;
    if (field->element_size != size)
        return type_fail_field(checker, PECS_E_MISUSE, type, field, "element_size is not the size of an element");
    if (align > LIST_ALIGN)
        return type_fail_field(checker, PECS_E_MISUSE, type, field, "the elements of a list are aligned to at most 8");
    if (element == PECS_STRUCT && type_has_contents(field->nested))
        return type_fail_field(checker, PECS_E_MISUSE, type, field,
                               "the elements of a list have no strings, blobs and lists");
    return PECS_OK;
}

static pecs_status type_check_kind(const struct type_checker *checker, const pecs_type *type, const pecs_field *field,
                                   const struct nested *nested, unsigned depth)
{
    if (field->kind == PECS_PADDING ? field->name != NULL : !type_name_is_valid(field->name))
        return fail(
            checker->error, PECS_E_MISUSE,
            "%.100s: the name of the field at byte %u must be 1 to 255 bytes of printable UTF-8 (padding: NULL): %s",
            type->name, field->offset, type_excerpt(field->name).text);
    if (!kind_name(field->kind))
        return fail(checker->error, PECS_E_MISUSE, "%.100s: field '%.100s': there is no kind %u", type->name,
                    field->name, (unsigned)field->kind);
    if (field->count == 0)
        return type_fail_field(checker, PECS_E_MISUSE, type, field, "count is 0");
    switch (field->kind) {
    case PECS_LIST:
        return type_check_list(checker, type, field, nested, depth);
    case PECS_ENUM:
        return type_check_enum(checker, type, field);
    case PECS_STRUCT:
        return type_check_struct(checker, type, field, nested, depth);
    default:
        return PECS_OK;
    }
}

static pecs_status type_check_numbers(const struct type_checker *checker, const pecs_type *type,
                                      const pecs_field *field)
{
    uint32_t element = kind_size(field->kind), align = kind_align(field->kind);
    if (field->kind == PECS_STRUCT) {
        element = field->nested->size;
        align = field->nested->align;
    } else if (field->kind == PECS_ENUM) {
        element = align = field->size / field->count; /* type_check_enum has checked that this divides */
    }
    const char *of = kind_name(field->kind);
    if (field->size != (uint64_t)field->count * element)
        return fail(checker->error, PECS_E_MISUSE, "%.100s: %s: size %u is not %u times the %u bytes of %s", type->name,
                    type_field_label(field).text, field->size, field->count, element, of);
    if (field->columns && field->count % field->columns != 0)
        return fail(checker->error, PECS_E_MISUSE, "%.100s: %s: count %u is not a multiple of columns %u", type->name,
                    type_field_label(field).text, field->count, field->columns);
    if (((field->offset | type->align) & (align - 1)) != 0) /* all alignments are powers of two */
        return fail(checker->error, PECS_E_MISUSE,
                    "%.100s: %s is misaligned: %s needs multiples of %u, but it is at byte %u of a type aligned to %u",
                    type->name, type_field_label(field).text, of, align, field->offset, type->align);
    return PECS_OK;
}

/* Bytes [begin, end) that belong to no field. `before` or `after` is NULL at the ends of the type. */
struct gap {
    uint32_t begin, end;
    const pecs_field *before, *after;
};

/* Messages about gaps name later fields, which are not checked yet: this checks what such a message uses. */
static bool type_field_can_be_shown(const pecs_type *type, const pecs_field *field)
{
    return range_fits(field->offset, field->size, type->size) && (!field->name || type_name_is_valid(field->name));
}

/* Finds the next gap before field *place or a later one, and advances *place. False: none is left that can be shown. */
static bool type_find_gap(const pecs_type *type, uint32_t *place, struct gap *ret_gap)
{
    for (uint32_t i = *place; i <= type->field_count; i++) {
        const pecs_field *before = i > 0 ? &type->fields[i - 1] : NULL;
        const pecs_field *after = i < type->field_count ? &type->fields[i] : NULL;
        if (before && !type_field_can_be_shown(type, before))
            return false;
        const uint32_t begin = before ? before->offset + before->size : 0, end = after ? after->offset : type->size;
        if (begin < end && end <= type->size) {
            *place = i + 1;
            *ret_gap = (struct gap){ begin, end, before, after };
            return true;
        }
    }
    return false;
}

/* How to declare a gap. No compiler leaves one before the first member. */
struct remedy {
    char text[3 * sizeof(struct label)];
};

static struct remedy type_gap_remedy(const pecs_type *type, const struct gap *gap)
{
    struct remedy remedy = { "is a member left out of the list?" };
    const uint32_t size = gap->end - gap->begin;
    const bool may_be_left = size < type->align; /* alignment alone leaves smaller gaps only */
    if (gap->before && gap->before->name)
        snprintf(remedy.text, sizeof(remedy.text),
                 may_be_left ? "add PECS_GAP_AFTER(%.100s, %.100s, %u) or a field"
                             : "is a member left out of the list? If not, PECS_GAP_AFTER(%.100s, %.100s, %u)",
                 type->name, gap->before->name, size);
    else if (gap->before)
        snprintf(remedy.text, sizeof(remedy.text),
                 may_be_left
                     ? "add PECS_GAP_AFTER(%.100s, the member before, %u) or a field"
                     : "is a member left out of the list? If not, PECS_GAP_AFTER(%.100s, the member before, %u)",
                 type->name, size);
    return remedy;
}

static pecs_status type_fail_gap(const struct type_checker *checker, const pecs_type *type, const struct gap *gap)
{
    char where[3 * sizeof(struct label)];
    if (gap->before && gap->after)
        snprintf(where, sizeof(where), "after %s and before %s", type_field_label(gap->before).text,
                 type_field_label(gap->after).text);
    else
        snprintf(where, sizeof(where), "%s %s", gap->before ? "after" : "before",
                 type_field_label(gap->before ? gap->before : gap->after).text);
    return fail(checker->error, PECS_E_MISUSE, "%.100s: bytes %u to %u %s are not declared: %s", type->name, gap->begin,
                gap->end - 1, where, type_gap_remedy(type, gap).text);
}

static pecs_status type_fail_order(const struct type_checker *checker, const pecs_type *type, const pecs_field *field)
{
    return fail(
        checker->error, PECS_E_MISUSE,
        "%.100s: %s is listed after %s but lies before it (bytes %u and %u): list the members in the order of the "
        "struct",
        type->name, type_field_label(field).text, type_field_label(field - 1).text, field->offset, field[-1].offset);
}

/* Lists as many gaps as fit into the message, so that the user can fill all of them at once. */
static pecs_status type_fail_gaps(const struct type_checker *checker, const pecs_type *type, uint32_t count)
{
    enum { REST_BYTES = sizeof("; and 4294967295 more") };
    char list[sizeof(((pecs_error *)NULL)->message)], item[4 * sizeof(struct label)];
    size_t used = (size_t)snprintf(list, sizeof(list), "%.100s: %u gaps are not declared", type->name, count);
    struct gap gap;
    uint32_t place = 0, left = count;
    for (; left > 0 && type_find_gap(type, &place, &gap); left--) {
        const int size = snprintf(item, sizeof(item), "%s bytes %u to %u: %s", left == count ? ":" : ";", gap.begin,
                                  gap.end - 1, type_gap_remedy(type, &gap).text);
        if (used + (size_t)size + (left > 1 ? REST_BYTES : 1) > sizeof(list))
            break;
        memcpy(list + used, item, (size_t)size + 1);
        used += (size_t)size;
    }
    if (left > 0)
        snprintf(list + used, sizeof(list) - used, "; and %u more", left);
    return fail(checker->error, PECS_E_MISUSE, "%s", list);
}

/* Reports gaps; or the wrong order of members, which leaves gaps too, if that is the cause. */
static pecs_status type_fail_for_gap(const struct type_checker *checker, const pecs_type *type)
{
    for (uint32_t i = 1; i < type->field_count && type_field_can_be_shown(type, &type->fields[i]); i++)
        if (type->fields[i].offset < type->fields[i - 1].offset)
            return type_fail_order(checker, type, &type->fields[i]);
    struct gap gap = { 0 }, next;
    uint32_t place = 0, count = 0;
    while (type_find_gap(type, &place, &next))
        if (count++ == 0)
            gap = next;
    return count == 1 ? type_fail_gap(checker, type, &gap) : type_fail_gaps(checker, type, count);
}

static pecs_status type_check_place(const struct type_checker *checker, const pecs_type *type, const pecs_field *field)
{
    const pecs_field *before = field == type->fields ? NULL : field - 1;
    const uint32_t next = before ? before->offset + before->size : 0;
    if (!range_fits(field->offset, field->size, type->size))
        return fail(checker->error, PECS_E_MISUSE, "%.100s: %s: %u bytes at byte %u end beyond the type's %u",
                    type->name, type_field_label(field).text, field->size, field->offset, type->size);
    if (field->offset > next)
        return type_fail_for_gap(checker, type);
    if (field->offset < next && field->offset < before->offset)
        return type_fail_order(checker, type, field);
    if (field->offset < next)
        return fail(checker->error, PECS_E_MISUSE, "%.100s: %s overlaps %s: it begins at byte %u, before byte %u",
                    type->name, type_field_label(field).text, type_field_label(before).text, field->offset, next);
    return PECS_OK;
}

static pecs_status type_check_fields(const struct type_checker *checker, const pecs_type *type, unsigned depth)
{
    struct nested nested = { .fields = NULL };
    pecs_status status = type_list_nested(checker, type, &nested);
    if (status)
        return status;
    for (uint32_t i = 0; !status && i < type->field_count; i++) {
        const pecs_field *field = &type->fields[i];
        status = type_check_kind(checker, type, field, &nested, depth);
        if (!status)
            status = type_check_place(checker, type, field);
        if (!status)
            status = type_check_numbers(checker, type, field);
    }
    pool_release(checker->pool, nested.fields, nested.count * sizeof(*nested.fields));
    if (status)
        return status;
    const pecs_field *last = &type->fields[type->field_count - 1];
    if (last->offset + last->size < type->size)
        return type_fail_for_gap(checker, type);
    const char *duplicate;
    if (type_find_duplicate(checker->pool, &type->fields[0].name, sizeof(pecs_field), type->field_count, &duplicate))
        return fail_memory(checker->error);
    if (duplicate)
        return fail(checker->error, PECS_E_MISUSE, "%.100s: two fields are named '%.100s'", type->name, duplicate);
    return PECS_OK;
}

/* The flags of a component type; those of a nested type have no meaning. */
static pecs_status type_check_flags(const struct type_checker *checker, const pecs_type *type)
{
    const uint32_t rest = PECS_TYPE_NO_SNAPSHOT | PECS_TYPE_TRANSIENT_ENTITY, known = PECS_TYPE_TRANSIENT | rest;
    if (type->flags & ~known)
        return fail(checker->error, PECS_E_MISUSE, "%.100s: there is no flag 0x%x", type->name, type->flags & ~known);
    if ((type->flags & rest) && !type_is_transient(type))
        return fail(checker->error, PECS_E_MISUSE, "%.100s: the flags 0x%x need PECS_TYPE_TRANSIENT", type->name,
                    type->flags & rest);
    if ((type->flags & PECS_TYPE_NO_SNAPSHOT) && !type->size)
        return fail(checker->error, PECS_E_MISUSE, "%.100s: a tag has no values that a snapshot could leave out",
                    type->name);
    if (type_is_transient(type) && type_has_contents(type))
        return fail(checker->error, PECS_E_MISUSE,
                    "%.100s: a transient type has no strings, blobs and lists: have a pointer to your own", type->name);
    if (!type_is_transient(type) && type->version < 1)
        return fail(checker->error, PECS_E_MISUSE, "%.100s: version 0: versions start at 1", type->name);
    return PECS_OK;
}

static pecs_status type_check_nested(const struct type_checker *checker, const pecs_type *type, unsigned depth)
{
    pecs_error *error = checker->error;
    if (!type_name_is_valid(type->name))
        return fail(error, PECS_E_MISUSE, "the name of a type must be 1 to 255 bytes of printable UTF-8: %s",
                    type_excerpt(type->name).text);
    const char *name = type->name;
    const pecs_status status = depth == 0 ? type_check_flags(checker, type) : PECS_OK;
    if (status)
        return status;
    if (type->align == 0 || (type->align & (type->align - 1)) != 0)
        return fail(error, PECS_E_MISUSE, "%.100s: alignment %u is not a power of two", name, type->align);
    if (type->align > COMPONENT_MAX_ALIGN)
        return fail(error, PECS_E_LIMIT, "%.100s: alignment %u is above 64", name, type->align);
    if (type->size > COMPONENT_MAX_BYTES)
        return fail(error, PECS_E_LIMIT, "%.100s: %u bytes are more than 16 MiB", name, type->size);
    if (type->size == 0) {
        if (type->align != 1 || type->field_count != 0)
            return fail(error, PECS_E_MISUSE, "%.100s: a tag (size 0) has alignment 1 and no fields", name);
        return PECS_OK;
    }
    if (type->size % type->align != 0)
        return fail(error, PECS_E_MISUSE, "%.100s: size %u is not a multiple of the alignment %u", name, type->size,
                    type->align);
    if (depth == 0 && type_is_transient(type) && type->field_count == 0)
        return PECS_OK; /* any bytes */
    if (type->field_count == 0 || !type->fields)
        return fail(error, PECS_E_MISUSE, "%.100s: a type of %u bytes needs fields", name, type->size);
    if (type->field_count > FIELD_COUNT_MAX)
        return fail(error, PECS_E_LIMIT, "%.100s: %u fields are more than %u", name, type->field_count,
                    FIELD_COUNT_MAX);
    return type_check_fields(checker, type, depth);
}

pecs_status type_check(const pecs_type *type, struct pool *pool, pecs_error *error)
{
    const struct type_checker checker = { pool, error };
    return type_check_nested(&checker, type, 0);
}
