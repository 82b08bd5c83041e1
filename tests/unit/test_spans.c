/*
 * Spans of random descriptions, against a walk over each byte: one value's, in order, and those of many values, in
 * runs. And what they cost, which is bounded by the description whatever it stands for.
 */
#include "component.h"
#include "memory.h"

#include <criterion/criterion.h>
#include <string.h>

enum { TYPES_MAX = 4, FIELDS_MAX = 6, VALUE_BYTES_MAX = 1 << 15, SEEDS = 2000 };

static uint64_t random_state;

static uint32_t below(uint32_t limit)
{
    random_state = random_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)((random_state >> 33) % limit);
}

static pecs_type types[TYPES_MAX];
static pecs_field fields[TYPES_MAX][FIELDS_MAX];
static const char *const names[] = { "a", "b", "c", "d", "e", "f" };
static const char *const suits[] = { "red", "black" };

static pecs_field random_field(uint32_t level, uint32_t at)
{
    const uint32_t count = below(3) ? 1 : 1 + below(below(4) ? 5 : 40);
    pecs_field field = { names[at], PECS_U8, 0, count, count, 0, NULL, NULL, 0, 0, 0 };
    switch (below(level ? 8 : 5)) {
    case 0:
        field.kind = PECS_PADDING;
        field.name = NULL;
        break;
    case 1:
        field.kind = PECS_BOOL;
        break;
    case 2:
        field.kind = PECS_ENUM;
        field.enum_names = suits;
        field.enum_count = 2;
        break;
    case 3:
        field.kind = PECS_TEXT;
        break;
    case 4:
        break;
    default:
        field.kind = PECS_STRUCT;
        field.nested = &types[level - 1];
        field.count = 1 + below(16);
        field.size = field.count * types[level - 1].size;
    }
    return field;
}

/* Of eight bytes an element: with contents. */
static pecs_field random_wide_field(uint32_t level, uint32_t at)
{
    static const pecs_kind kinds[] = { PECS_STRING, PECS_BLOB, PECS_LIST, PECS_PADDING, PECS_F64, PECS_ENTITY };
    pecs_field field = { names[at], kinds[below(6)], 0, 0, 1 + below(5), 0, NULL, NULL, 0, 0, 0 };
    if (level && below(2)) {
        field.kind = PECS_STRUCT;
        field.nested = &types[level - 1];
    }
    if (field.kind == PECS_LIST) {
        field.element = PECS_U16;
        field.element_size = 2;
    }
    if (field.kind == PECS_PADDING) {
        field.name = NULL;
        field.count *= 8;
    }
    field.size = field.count * (field.kind == PECS_STRUCT ? field.nested->size : field.kind == PECS_PADDING ? 1 : 8);
    return field;
}

/* Types of fields that are aligned to 1 or 8, each of which nests the one before it. */
static const pecs_type *random_type(uint32_t align)
{
    const uint32_t top = below(TYPES_MAX);
    for (uint32_t level = 0; level <= top; level++) {
        pecs_type *type = &types[level];
        *type = (pecs_type){ "Random", { { 0 } }, 1, 0, align, 1 + below(below(3) ? FIELDS_MAX : 1), fields[level], 0 };
        for (uint32_t i = 0; i < type->field_count; i++) {
            fields[level][i] = align == 1 ? random_field(level, i) : random_wide_field(level, i);
            fields[level][i].offset = type->size;
            type->size += fields[level][i].size;
        }
    }
    return &types[top];
}

/* The kind of each byte, by the plainest of walks. */
static void mark(const pecs_type *type, uint8_t *kinds)
{
    for (uint32_t i = 0; i < type->field_count; i++) {
        const pecs_field *field = &type->fields[i];
        for (uint32_t k = 0; k < field->count; k++)
            if (field->kind == PECS_STRUCT)
                mark(field->nested, kinds + field->offset + k * field->nested->size);
            else
                memset(kinds + field->offset + k * (field->size / field->count), field->kind,
                       field->size / field->count);
    }
}

/* A list of a component, and what it has to list. */
struct expected {
    const struct span_list *list;
    uint32_t size; /* of the type */
    bool padding, contents, others;
};

static bool is_listed(const struct expected *expected, uint8_t kind)
{
    if (kind == PECS_PADDING)
        return expected->padding;
    if (kind == PECS_STRING || kind == PECS_BLOB || kind == PECS_LIST)
        return expected->contents;
    return expected->others && (kind == PECS_BOOL || kind == PECS_ENUM || kind == PECS_TEXT || kind == PECS_ENTITY);
}

static void check_value(const struct expected *expected, const uint8_t *kinds)
{
    const struct span_list *list = expected->list;
    uint32_t from = 0;
    struct span_iter iter;
    struct value_span span;
    for (span_iter_begin(&iter, list); span_iter_next(&iter, &span); from = span.offset + span.size) {
        cr_assert(span.size > 0 && span.offset >= from && span.offset + span.size <= expected->size);
        for (uint32_t at = from; at < span.offset; at++)
            cr_assert_not(is_listed(expected, kinds[at]), "seed's byte %u is missing", at);
        for (uint32_t at = span.offset; at < span.offset + span.size; at++)
            cr_assert_eq((int)span.kind, kinds[at]);
    }
    for (uint32_t at = from; at < expected->size; at++)
        cr_assert_not(is_listed(expected, kinds[at]));
}

static void check_runs(const struct expected *expected, const uint8_t *kinds, uint32_t value_count)
{
    static uint8_t seen[64 * VALUE_BYTES_MAX];
    const uint32_t size = expected->size;
    memset(seen, 0, (size_t)value_count * size);
    struct span_run_iter iter;
    struct span_run run;
    for (span_run_begin(&iter, expected->list, value_count); span_run_next(&iter, &run);)
        for (uint64_t i = 0; i < run.count; i++)
            for (uint32_t at = 0; at < run.span.size; at++) {
                const uint64_t byte = run.offset + i * run.stride + at;
                cr_assert_lt(byte, (uint64_t)value_count * size);
                cr_assert_eq((int)run.span.kind, kinds[byte % size]);
                cr_assert_eq(seen[byte]++, 0);
            }
    for (uint64_t byte = 0; byte < (uint64_t)value_count * size; byte++)
        cr_assert_eq((bool)seen[byte], is_listed(expected, kinds[byte % size]));
}

Test(spans, of_random_types_are_those_of_a_plain_walk)
{
    static uint8_t kinds[VALUE_BYTES_MAX];
    uint32_t walked = 0, grouped = 0, with_contents = 0;
    struct pool *pool = pool_create(&(pecs_allocator){ 0 });
    for (uint32_t seed = 0; seed < SEEDS; seed++) {
        random_state = seed;
        const pecs_type *type = random_type(seed % 3 ? 1 : 8);
        if (type->size > VALUE_BYTES_MAX)
            continue;
        struct component component;
        cr_assert_eq(component_init(&component, type, pool, NULL), PECS_OK);
        mark(type, kinds);
        const struct component_contents *contents = component.contents;
        const struct expected lists[] = { { component.padding, type->size, true, false, false },
                                          { component.special, type->size, false, true, true },
                                          { contents ? contents->spans : NULL, type->size, false, true, false },
                                          { contents ? contents->holes : NULL, type->size, true, true, false } };
        with_contents += component_has_contents(&component);
        for (size_t i = 0; i < (contents ? 4 : 2); i++) {
            check_value(&lists[i], kinds);
            check_runs(&lists[i], kinds, 1);
            check_runs(&lists[i], kinds, 2 + below(62));
            walked += lists[i].list->is_walked;
            grouped += lists[i].list->group_count > 1;
        }
        component_deinit(&component, pool);
    }
    cr_assert_gt(walked, 20); /* else the ways are not all taken */
    cr_assert_gt(grouped, 200);
    cr_assert_gt(with_contents, 200);
    pool_destroy(pool);
}

/* A thousand places of a thousand types, from descriptions of four fields each. */
Test(spans, of_arrays_beside_other_fields_are_few)
{
    static const pecs_field hole_fields[] = { { "bit", PECS_BOOL, 0, 1, 1, 0, NULL, NULL, 0, 0, 0 },
                                              { NULL, PECS_PADDING, 1, 1, 1, 0, NULL, NULL, 0, 0, 0 } };
    static const pecs_type hole = { "Hole", { { 0 } }, 1, 2, 1, 2, hole_fields, 0 };
    static const pecs_field outer_fields[] = { { "holes", PECS_STRUCT, 0, 2046, 1023, 0, &hole, NULL, 0, 0, 0 },
                                               { "last", PECS_U8, 2046, 1, 1, 0, NULL, NULL, 0, 0, 0 } };
    static const pecs_type outer = { "Outer", { { 0 } }, 1, 2047, 1, 2, outer_fields, 0 };
    static const pecs_field two_fields[] = { { "rows", PECS_STRUCT, 0, 2 * 2047, 2, 0, &outer, NULL, 0, 0, 0 },
                                             { "last", PECS_U8, 2 * 2047, 1, 1, 0, NULL, NULL, 0, 0, 0 } };
    static const pecs_type two = { "Two", { { 0 } }, 1, 2 * 2047 + 1, 1, 2, two_fields, 0 };
    struct pool *pool = pool_create(&(pecs_allocator){ 0 });
    struct component component;
    cr_assert_eq(component_init(&component, &outer, pool, NULL), PECS_OK);
    cr_assert_eq(component.padding->count, 1);
    cr_assert_eq(component.special->count, 1);
    component_deinit(&component, pool);
    cr_assert_eq(component_init(&component, &two, pool, NULL),
                 PECS_OK); /* an array in an array: each would be listed */
    cr_assert(component.padding->is_walked);
    cr_assert_null(component.padding->spans);
    component_deinit(&component, pool);
    pool_destroy(pool);
}
