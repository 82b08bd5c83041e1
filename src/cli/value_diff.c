#include "value_diff.h"

#include "scalar.h"
#include "value_contents.h"

#include <pecs/diff.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { PATH_BYTES = 4096 }; /* structs nest 8 deep; a name has up to 255 bytes, its indices up to 24 */

struct walk {
    const struct value_sides *sides;
    value_diff_function each;
    void *user;
    char path[PATH_BYTES];
};

static bool value_diff_enums_match(const pecs_field *a, const pecs_field *b)
{
    if (a->enum_count != b->enum_count)
        return false;
    for (uint32_t i = 0; i < a->enum_count; i++)
        if (strcmp(a->enum_names[i], b->enum_names[i]) != 0)
            return false;
    return true;
}

/* Of arrays and lists. */
static bool value_diff_elements_match(pecs_kind kind, const pecs_field *a, const pecs_field *b)
{
    return (kind != PECS_ENUM || value_diff_enums_match(a, b)) &&
           (kind != PECS_STRUCT || value_layouts_match(a->nested, b->nested));
}

static bool value_diff_fields_match(const pecs_field *a, const pecs_field *b)
{
    if (a->kind != b->kind || a->offset != b->offset || a->size != b->size || a->count != b->count ||
        a->columns != b->columns)
        return false;
    if (a->kind == PECS_PADDING)
        return true;
    if (a->kind == PECS_LIST)
        return strcmp(a->name, b->name) == 0 && a->element == b->element && a->element_size == b->element_size &&
               value_diff_elements_match(a->element, a, b);
    return strcmp(a->name, b->name) == 0 && value_diff_elements_match(a->kind, a, b);
}

bool value_layouts_match(const pecs_type *a, const pecs_type *b)
{
    if (a->size != b->size || a->align != b->align || a->field_count != b->field_count)
        return false;
    for (uint32_t i = 0; i < a->field_count; i++)
        if (!value_diff_fields_match(&a->fields[i], &b->fields[i]))
            return false;
    return true;
}

static void value_diff_struct(struct walk *walk, size_t path_size, const pecs_type *type, const uint8_t *old_bytes,
                              const uint8_t *new_bytes);

static size_t value_diff_append(struct walk *walk, size_t size, const char *text)
{
    const size_t added = strlen(text);
    if (size + added >= PATH_BYTES)
        return size;
    memcpy(walk->path + size, text, added + 1);
    return size + added;
}

static void value_diff_list(struct walk *walk, size_t path_size, const pecs_field *field, const uint8_t *old_member,
                            const uint8_t *new_member);

static void value_diff_element(struct walk *walk, size_t path_size, const pecs_field *field, uint32_t place,
                               const uint8_t *old_bytes, const uint8_t *new_bytes)
{
    char places[32] = "";
    const struct elements elements = elements_of(field);
    if (elements.columns)
        snprintf(places, sizeof(places), "[%" PRIu32 "][%" PRIu32 "]", place / elements.columns,
                 place % elements.columns);
    else if (elements.count > 1)
        snprintf(places, sizeof(places), "[%" PRIu32 "]", place);
    path_size = value_diff_append(walk, path_size, places);
    if (field->kind == PECS_STRUCT)
        value_diff_struct(walk, value_diff_append(walk, path_size, "."), field->nested, old_bytes, new_bytes);
    else if (field->kind == PECS_LIST)
        value_diff_list(walk, path_size, field, old_bytes, new_bytes);
    else
        walk->each(walk->user, walk->path, field, old_bytes, new_bytes);
    walk->path[path_size] = 0;
}

static bool value_diff_contents_differ(const struct walk *walk, const pecs_field *field, const uint8_t *old_member,
                                       const uint8_t *new_member)
{
    const struct contents a = contents_of(walk->sides->from, field, old_member);
    const struct contents b = contents_of(walk->sides->to, field, new_member);
    return a.size_bytes != b.size_bytes || (a.size_bytes && memcmp(a.bytes, b.bytes, a.size_bytes) != 0);
}

/* Structs and lists always count as different here: their fields and elements are compared one by one. */
static bool value_diff_elements_differ(const struct walk *walk, const pecs_field *field, uint32_t size,
                                       const uint8_t *old_bytes, const uint8_t *new_bytes)
{
    if (field->kind == PECS_STRUCT || field->kind == PECS_LIST)
        return true;
    if (field->kind == PECS_STRING || field->kind == PECS_BLOB)
        return value_diff_contents_differ(walk, field, old_bytes, new_bytes);
    if (field->kind != PECS_ENTITY || walk->sides->by_handle)
        return memcmp(old_bytes, new_bytes, size) != 0;
    pecs_entity before, after;
    memcpy(&before, old_bytes, sizeof(before));
    memcpy(&after, new_bytes, sizeof(after));
    return !pecs_diff_same_target(walk->sides->from, before, walk->sides->to, after);
}

/* Lists of different lengths differ as a whole. */
static void value_diff_list(struct walk *walk, size_t path_size, const pecs_field *field, const uint8_t *old_member,
                            const uint8_t *new_member)
{
    const struct contents a = contents_of(walk->sides->from, field, old_member);
    const struct contents b = contents_of(walk->sides->to, field, new_member);
    const pecs_field element = list_element_of(field);
    if (a.size_bytes != b.size_bytes) {
        walk->each(walk->user, walk->path, field, old_member, new_member);
        return;
    }
    for (size_t at = 0; at < a.size_bytes; at += element.size) {
        char place[32];
        if (!value_diff_elements_differ(walk, &element, element.size, a.bytes + at, b.bytes + at))
            continue;
        snprintf(place, sizeof(place), "[%zu]", at / element.size);
        value_diff_element(walk, value_diff_append(walk, path_size, place), &element, 0, a.bytes + at, b.bytes + at);
        walk->path[path_size] = 0;
    }
}

static void value_diff_struct(struct walk *walk, size_t path_size, const pecs_type *type, const uint8_t *old_bytes,
                              const uint8_t *new_bytes)
{
    for (uint32_t i = 0; i < type->field_count; i++) {
        const pecs_field *field = &type->fields[i];
        const struct elements elements = elements_of(field);
        const uint32_t count = elements.count, step = elements.step_bytes;
        const uint8_t *a = old_bytes + field->offset, *b = new_bytes + field->offset;
        if (field->kind == PECS_PADDING)
            continue;
        const size_t name_size = value_diff_append(walk, path_size, field->name);
        for (uint32_t j = 0; j < count; j++)
            if (value_diff_elements_differ(walk, field, step, a + (size_t)j * step, b + (size_t)j * step))
                value_diff_element(walk, name_size, field, j, a + (size_t)j * step, b + (size_t)j * step);
    }
}

void value_diff(const struct value_sides *sides, const pecs_type *type, const void *old_value, const void *new_value,
                value_diff_function each, void *user)
{
    struct walk walk = { .sides = sides, .each = each, .user = user };
    value_diff_struct(&walk, 0, type, old_value, new_value);
}
