/*
 * Follows the fields as a value map does: by name, then by old names; into structs that differ, and no deeper than the
 * types nest.
 */
#include "lock_fields.h"

#include "lock_text.h"
#include "utf8.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { SHAPE_BYTES = 72 };

struct field_walk {
    struct pool *pool;
    const pecs_history *history;
    lock_field_function *function;
    void *user;
    char path[MAP_PATH_BYTES];
};

static size_t walk_enter(struct field_walk *walk, const char *name)
{
    const size_t before = strlen(walk->path);
    (void)snprintf(walk->path + before, sizeof(walk->path) - before, "%s%s", before ? "." : "", name);
    utf8_mend(walk->path);
    return before;
}

static void walk_report(const struct field_walk *walk, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void walk_report(const struct field_walk *walk, const char *format, ...)
{
    char message[256];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(message, sizeof(message), format, arguments);
    va_end(arguments);
    utf8_mend(message);
    walk->function(walk->user, walk->path, message);
}

static pecs_kind walk_element(const pecs_field *field)
{
    return field->kind == PECS_LIST ? field->element : field->kind;
}

static pecs_status walk_types(struct field_walk *walk, const pecs_type *from, const pecs_type *to, bool has_defaults);

static pecs_status walk_field(struct field_walk *walk, const pecs_field *from, const pecs_field *to, bool has_defaults)
{
    char before[SHAPE_BYTES] = "", after[SHAPE_BYTES] = "";
    const pecs_kind kind = walk_element(to);
    (void)lock_print_shape(from, before, sizeof(before) - 1);
    (void)lock_print_shape(to, after, sizeof(after) - 1);
    if (strcmp(from->name, to->name) != 0)
        walk_report(walk, "was '%.*s'", NAME_SHOWN, from->name);
    if (strcmp(before, after) != 0)
        walk_report(walk, "%s becomes %s", before, after);
    if (walk_element(from) != kind)
        return PECS_OK;
    if (kind == PECS_ENUM && from->enum_count != to->enum_count)
        walk_report(walk, "has %u values, and had %u", to->enum_count, from->enum_count);
    else if (kind == PECS_ENUM && !map_names_are_same(from, to))
        walk_report(walk, "has other values, or in another order");
    return kind == PECS_STRUCT ? walk_types(walk, from->nested, to->nested, has_defaults && to->kind != PECS_LIST)
                               : PECS_OK;
}

static pecs_status walk_types(struct field_walk *walk, const pecs_type *from, const pecs_type *to, bool has_defaults)
{
    const pecs_type_history *past = history_of_type(walk->history, to);
    const bool has_own = has_defaults || (past && past->defaults);
    struct map_names names;
    if (component_layout_is_same(from, to))
        return PECS_OK;
    pecs_status status = map_names_init(&names, walk->pool, from);
    for (uint32_t i = 0; !status && i < to->field_count; i++) {
        const pecs_field *field = &to->fields[i];
        if (!field->name)
            continue;
        const uint32_t found = map_names_find(&names, walk->history, to, field->name);
        const size_t before = walk_enter(walk, field->name);
        if (found == MAP_NO_VALUE)
            walk_report(walk, "is new: %s", has_own ? "it has the default" : "zeros");
        else
            status = walk_field(walk, &from->fields[found], field, has_own);
        walk->path[before] = 0;
    }
    map_names_deinit(&names);
    return status;
}

pecs_status lock_fields_compare(struct pool *pool, const pecs_type *from, const pecs_type *to,
                                const pecs_history *history, lock_field_function *function, void *user)
{
    struct field_walk walk = { pool, history, function, user, "" };
    return walk_types(&walk, from, to, false);
}
