#include "value_diff.h"

#include "scalar.h"

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

static bool value_diff_fields_match(const pecs_field *a, const pecs_field *b)
{
    if (a->kind != b->kind || a->offset != b->offset || a->size != b->size || a->count != b->count ||
        a->columns != b->columns)
        return false;
    if (a->kind == PECS_PADDING)
        return true;
    return strcmp(a->name, b->name) == 0 && (a->kind != PECS_ENUM || value_diff_enums_match(a, b)) &&
           (a->kind != PECS_STRUCT || value_layouts_match(a->nested, b->nested));
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
    else
        walk->each(walk->user, walk->path, field, old_bytes, new_bytes);
    walk->path[path_size] = 0;
}

/* Structs always count as different here: their fields are compared one by one. */
static bool value_diff_elements_differ(const struct walk *walk, const pecs_field *field, uint32_t size,
                                       const uint8_t *old_bytes, const uint8_t *new_bytes)
{
    if (field->kind == PECS_STRUCT)
        return true;
    if (field->kind != PECS_ENTITY || walk->sides->by_handle)
        return memcmp(old_bytes, new_bytes, size) != 0;
    pecs_entity before, after;
    memcpy(&before, old_bytes, sizeof(before));
    memcpy(&after, new_bytes, sizeof(after));
    return !pecs_diff_same_target(walk->sides->from, before, walk->sides->to, after);
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
