/*
 * For tests of component types: a type that is accepted and has a field of each shape, and checks that the registry
 * accepts a type or refuses it. All memory is counted.
 */
#ifndef SCHEMA_FIXTURE_H
#define SCHEMA_FIXTURE_H

#include "counting_allocator.h"

#include <pecs/pecs.h>

#include <criterion/criterion.h>
#include <stdarg.h>
#include <string.h>

/* A field of each shape. Tests change these copies; a test is a process of its own. */
enum { X, Y, MODE, GAP, TARGET, NAME, GRID, PARTS, FIELD_COUNT };

static const char *mode_names[] = { "idle", "walk", "run" };
static pecs_field part_fields[3];
static pecs_type part;
static pecs_field fields[FIELD_COUNT + 8];
static pecs_type body;

static inline void set_up(void)
{
    part_fields[0] = (pecs_field){ "kind", PECS_U8, 0, 1, 1, 0, NULL, NULL, 0, 0, 0 };
    part_fields[1] = (pecs_field){ NULL, PECS_PADDING, 1, 3, 3, 0, NULL, NULL, 0, 0, 0 };
    part_fields[2] = (pecs_field){ "mass", PECS_U32, 4, 4, 1, 0, NULL, NULL, 0, 0, 0 };
    part = (pecs_type){ "Part", { { 0 } }, 0, 8, 4, 3, part_fields, 0 };
    fields[X] = (pecs_field){ "x", PECS_F32, 0, 4, 1, 0, NULL, NULL, 0, 0, 0 };
    fields[Y] = (pecs_field){ "y", PECS_F32, 4, 4, 1, 0, NULL, NULL, 0, 0, 0 };
    fields[MODE] = (pecs_field){ "mode", PECS_ENUM, 8, 1, 1, 0, NULL, mode_names, 3, 0, 0 };
    fields[GAP] = (pecs_field){ NULL, PECS_PADDING, 9, 3, 3, 0, NULL, NULL, 0, 0, 0 };
    fields[TARGET] = (pecs_field){ "target", PECS_ENTITY, 12, 8, 1, 0, NULL, NULL, 0, 0, 0 };
    fields[NAME] = (pecs_field){ "name", PECS_TEXT, 20, 16, 16, 0, NULL, NULL, 0, 0, 0 };
    fields[GRID] = (pecs_field){ "grid", PECS_U16, 36, 24, 12, 4, NULL, NULL, 0, 0, 0 };
    fields[PARTS] = (pecs_field){ "parts", PECS_STRUCT, 60, 16, 2, 0, &part, NULL, 0, 0, 0 };
    body = (pecs_type){ "Body", { { 0 } }, 1, 76, 4, FIELD_COUNT, fields, 0 };
}

static inline pecs_status create(const pecs_type *const *types, size_t type_count, pecs_registry **ret_registry,
                                 pecs_error *error)
{
    const pecs_registry_desc desc = { .types = types, .type_count = type_count, .allocator = counting_hooks };
    return pecs_registry_create(&desc, ret_registry, error);
}

static inline pecs_registry *create_good(const pecs_type *const *types, size_t type_count)
{
    pecs_registry *registry = NULL;
    pecs_error error;
    cr_assert_eq(create(types, type_count, &registry, &error), PECS_OK, "%s", error.message);
    return registry;
}

static inline void accept(const pecs_type *type)
{
    pecs_registry_release(create_good(&type, 1));
    assert_no_leak();
}

/* The type is refused with this status, and a message that has all the strings up to NULL. */
static inline void refuse(const pecs_type *type, pecs_status status, ...)
{
    pecs_registry *registry = NULL;
    pecs_error error;
    const pecs_status got = create(&type, 1, &registry, &error);
    cr_assert_eq(got, status, "%s instead of %s", pecs_status_name(got), pecs_status_name(status));
    cr_assert_eq(error.status, status);
    cr_assert_null(registry);
    va_list parts;
    va_start(parts, status);
    for (const char *text; (text = va_arg(parts, const char *)) != NULL;)
        cr_assert_not_null(strstr(error.message, text), "'%s' is not in: %s", text, error.message);
    va_end(parts);
    cr_assert_eq(create(&type, 1, &registry, NULL), status);
    assert_no_leak();
}

static inline void refuse_exactly(const pecs_type *type, const char *message)
{
    pecs_registry *registry = NULL;
    pecs_error error;
    cr_assert_eq(create(&type, 1, &registry, &error), PECS_E_MISUSE);
    cr_assert_str_eq(error.message, message);
    assert_no_leak();
}

#endif
