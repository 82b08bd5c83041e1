/* Components: what a registry derives from a type. Its id, its spans of padding and of fields, and masked copies. */
#include "component.h"
#include "component_value.h"
#include "memory.h"
#include "schema_fixture.h"

TestSuite(component, .init = set_up);

static struct pool *pool;

static struct component init_component(const pecs_type *type)
{
    struct component component;
    pecs_error error;
    if (!pool)
        pool = pool_create(&counting_hooks);
    cr_assert_eq(component_init(&component, type, pool, &error), PECS_OK, "%s", error.message);
    return component;
}

static void deinit_component(struct component *component)
{
    component_deinit(component, pool);
    pool_destroy(pool);
    pool = NULL;
    assert_no_leak();
}

struct byte_span {
    uint32_t offset, size;
};

/* The spans of one kind in a value. */
static void assert_spans_of(const struct span_list *list, pecs_kind kind, const struct byte_span *spans, size_t count)
{
    size_t seen = 0;
    struct span_iter iter;
    struct value_span span;
    for (span_iter_begin(&iter, list); span_iter_next(&iter, &span);) {
        if (span.kind != kind)
            continue;
        cr_assert_lt(seen, count);
        cr_assert_eq(span.offset, spans[seen].offset);
        cr_assert_eq(span.size, spans[seen].size);
        seen++;
    }
    cr_assert_eq(seen, count);
}

Test(component, keeps_the_types_numbers)
{
    struct component component = init_component(&body);
    cr_assert_eq(component.type, &body);
    cr_assert_eq(component.size, 76);
    cr_assert_eq(component.align, 4);
    deinit_component(&component);
}

Test(component, the_id_is_the_hash_of_the_name_when_none_is_given)
{
    const uint8_t abc[16] = { 0x06, 0xb0, 0x5a, 0xb6, 0x73, 0x3a, 0x61, 0x85,
                              0x78, 0xaf, 0x5f, 0x94, 0x89, 0x2f, 0x39, 0x50 };
    body.name = "abc";
    struct component component = init_component(&body);
    cr_assert_arr_eq(component.id.bytes, abc, 16);
    deinit_component(&component);
}

Test(component, a_given_id_is_kept)
{
    const uint8_t given[16] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1 };
    memcpy(body.id.bytes, given, 16);
    struct component component = init_component(&body);
    cr_assert_arr_eq(component.id.bytes, given, 16);
    deinit_component(&component);
}

Test(component, spans_are_flattened)
{
    struct component component = init_component(&body);
    assert_spans_of(component.padding, PECS_PADDING, (struct byte_span[]){ { 9, 3 }, { 61, 3 }, { 69, 3 } }, 3);
    assert_spans_of(component.special, PECS_ENTITY, (struct byte_span[]){ { 12, 8 } }, 1);
    deinit_component(&component);
}

Test(component, spans_that_touch_are_one)
{
    pecs_field pair_fields[] = { { "a", PECS_ENTITY, 0, 8, 1, 0, NULL, NULL, 0, 0, 0 },
                                 { "b", PECS_ENTITY, 8, 16, 2, 0, NULL, NULL, 0, 0, 0 } };
    const pecs_type pair = { "Pair", { { 0 } }, 0, 24, 4, 2, pair_fields, 0 };
    pecs_field outer_fields[] = { { "first", PECS_ENTITY, 0, 8, 1, 0, NULL, NULL, 0, 0, 0 },
                                  { "pairs", PECS_STRUCT, 8, 72, 3, 0, &pair, NULL, 0, 0, 0 },
                                  { "middle", PECS_U32, 80, 4, 1, 0, NULL, NULL, 0, 0, 0 },
                                  { "last", PECS_ENTITY, 84, 8, 1, 0, NULL, NULL, 0, 0, 0 } };
    const pecs_type outer = { "Outer", { { 0 } }, 1, 92, 4, 4, outer_fields, 0 };
    struct component component = init_component(&outer);
    assert_spans_of(component.special, PECS_ENTITY, (struct byte_span[]){ { 0, 80 }, { 84, 8 } }, 2);
    assert_spans_of(component.padding, PECS_PADDING, NULL, 0);
    deinit_component(&component);
}

/* Tail padding of an element with the gap after it; but not with what follows the last of an array. */
Test(component, paddings_of_different_levels_join)
{
    pecs_field inner_fields[] = { { "a", PECS_U16, 0, 2, 1, 0, NULL, NULL, 0, 0, 0 },
                                  { "b", PECS_U8, 2, 1, 1, 0, NULL, NULL, 0, 0, 0 },
                                  { NULL, PECS_PADDING, 3, 1, 1, 0, NULL, NULL, 0, 0, 0 } };
    const pecs_type inner = { "Inner", { { 0 } }, 0, 4, 2, 3, inner_fields, 0 };
    pecs_field middle_fields[] = { { "inner", PECS_STRUCT, 0, 8, 2, 0, &inner, NULL, 0, 0, 0 },
                                   { NULL, PECS_PADDING, 8, 2, 2, 0, NULL, NULL, 0, 0, 0 } };
    const pecs_type middle = { "Middle", { { 0 } }, 0, 10, 2, 2, middle_fields, 0 };
    pecs_field outer_fields[] = { { "middle", PECS_STRUCT, 0, 20, 2, 0, &middle, NULL, 0, 0, 0 },
                                  { NULL, PECS_PADDING, 20, 4, 4, 0, NULL, NULL, 0, 0, 0 } };
    const pecs_type outer = { "Outer", { { 0 } }, 1, 24, 2, 2, outer_fields, 0 };
    struct component component = init_component(&outer);
    assert_spans_of(component.padding, PECS_PADDING,
                    (struct byte_span[]){ { 3, 1 }, { 7, 3 }, { 13, 1 }, { 17, 3 }, { 20, 4 } }, 5);
    deinit_component(&component);
}

/* Arrays of structs without a span are not walked: 2^24 elements at once. */
Test(component, large_arrays_of_plain_structs_have_no_spans, .timeout = 20)
{
    pecs_field byte_field = { "byte", PECS_U8, 0, 1, 1, 0, NULL, NULL, 0, 0, 0 };
    const pecs_type byte = { "Byte", { { 0 } }, 0, 1, 1, 1, &byte_field, 0 };
    pecs_field outer_field = { "bytes", PECS_STRUCT, 0, 16777216, 16777216, 0, &byte, NULL, 0, 0, 0 };
    const pecs_type outer = { "Outer", { { 0 } }, 1, 16777216, 1, 1, &outer_field, 0 };
    struct component component = init_component(&outer);
    assert_spans_of(component.padding, PECS_PADDING, NULL, 0);
    assert_spans_of(component.special, PECS_ENTITY, NULL, 0);
    deinit_component(&component);
}

/*
 * Nor are those of structs that are nothing but a span, of 2^24 elements nested eight deep; and the parts around count.
 */
Test(component, large_arrays_of_structs_of_padding_are_one_span, .timeout = 20)
{
    enum { DEPTH = 8, COUNT = 1 << 24 };
    pecs_type levels[DEPTH];
    pecs_field level_fields[DEPTH];
    for (int i = 0; i < DEPTH; i++) {
        level_fields[i] = i ? (pecs_field){ "inner", PECS_STRUCT, 0, 1, 1, 0, &levels[i - 1], NULL, 0, 0, 0 }
                            : (pecs_field){ NULL, PECS_PADDING, 0, 1, 1, 0, NULL, NULL, 0, 0, 0 };
        levels[i] = (pecs_type){ "Level", { { 0 } }, 1, 1, 1, 1, &level_fields[i], 0 };
    }
    pecs_field outer_fields[] = { { "first", PECS_U8, 0, 1, 1, 0, NULL, NULL, 0, 0, 0 },
                                  { "levels", PECS_STRUCT, 1, COUNT - 3, COUNT - 3, 0, &levels[DEPTH - 1], NULL, 0, 0,
                                    0 },
                                  { NULL, PECS_PADDING, COUNT - 2, 1, 1, 0, NULL, NULL, 0, 0, 0 },
                                  { "last", PECS_U8, COUNT - 1, 1, 1, 0, NULL, NULL, 0, 0, 0 } };
    const pecs_type outer = { "Outer", { { 0 } }, 1, COUNT, 1, 4, outer_fields, 0 };
    for (int i = 0; i < 100; i++) { /* walked, each takes more than a second */
        struct component component = init_component(&outer);
        assert_spans_of(component.padding, PECS_PADDING, (struct byte_span[]){ { 1, COUNT - 2 } }, 1);
        assert_spans_of(component.special, PECS_ENTITY, NULL, 0);
        deinit_component(&component);
    }
}

enum { PART_COUNT = 10000, PARTS_BYTES = 8 * PART_COUNT };

/* Parts from `base` on: their spans in order, the masked copy, and the comparison. */
static void check_parts(const pecs_type *type, uint32_t base)
{
    static uint8_t from[2 * (PARTS_BYTES + 8)], to[2 * (PARTS_BYTES + 8)];
    struct component component = init_component(type);
    cr_assert_eq(component.padding->count, 1);
    cr_assert_eq(component.padding->group_count, 1);
    cr_assert(span_list_is_empty(component.special));
    struct span_iter iter;
    struct value_span span;
    span_iter_begin(&iter, component.special);
    cr_assert_not(span_iter_next(&iter, &span));
    span_iter_begin(&iter, component.padding);
    for (uint32_t i = 0; i < PART_COUNT; i++) {
        cr_assert(span_iter_next(&iter, &span));
        cr_assert_eq(span.offset, base + 8 * i + 1);
        cr_assert_eq(span.size, 3);
        cr_assert_eq(span.kind, PECS_PADDING);
    }
    cr_assert_not(span_iter_next(&iter, &span));
    cr_assert_not(span_iter_next(&iter, &span));
    memset(from, 0xee, sizeof(from));
    memset(to, 0xdd, sizeof(to));
    component_copy_masked(&component, to, from, 2);
    for (uint32_t i = 0; i < 2 * type->size; i++) {
        const uint32_t at = i % type->size, in_part = at < base ? 0 : (at - base) % 8;
        cr_assert_eq(to[i], in_part >= 1 && in_part < 4 ? 0 : 0xee);
    }
    cr_assert_eq(to[2 * type->size], 0xdd);
    cr_assert(component_values_are_equal(&component, from, to));
    to[type->size - 4] ^= 1;
    cr_assert_not(component_values_are_equal(&component, from, to));
    deinit_component(&component);
}

/* Of an array of structs, wherever it lies, the spans of one element are listed. */
Test(component, many_spans_are_all_there)
{
    fields[0] = (pecs_field){ "parts", PECS_STRUCT, 0, PARTS_BYTES, PART_COUNT, 0, &part, NULL, 0, 0, 0 };
    check_parts(&(pecs_type){ "Outer", { { 0 } }, 1, PARTS_BYTES, 4, 1, fields, 0 }, 0);
    pecs_field nested[] = { { "hundred", PECS_STRUCT, 0, 800, 100, 0, &part, NULL, 0, 0, 0 } };
    const pecs_type hundred = { "Hundred", { { 0 } }, 1, 800, 4, 1, nested, 0 };
    fields[0] = (pecs_field){ "hundreds", PECS_STRUCT, 0, PARTS_BYTES, PART_COUNT / 100, 0, &hundred, NULL, 0, 0, 0 };
    check_parts(&(pecs_type){ "Outer", { { 0 } }, 1, PARTS_BYTES, 4, 1, fields, 0 }, 0);
    fields[0] = (pecs_field){ "head", PECS_U32, 0, 4, 1, 0, NULL, NULL, 0, 0, 0 };
    fields[1] = (pecs_field){ "parts", PECS_STRUCT, 4, PARTS_BYTES, PART_COUNT, 0, &part, NULL, 0, 0, 0 };
    check_parts(&(pecs_type){ "Outer", { { 0 } }, 1, PARTS_BYTES + 4, 4, 2, fields, 0 }, 4);
}

Test(component, a_masked_copy_has_zeros_for_padding)
{
    struct component component = init_component(&body);
    uint8_t from[76], to[78];
    memset(to, 0xee, sizeof(to));
    for (int i = 0; i < 76; i++)
        from[i] = (uint8_t)(i + 1);
    component_copy_masked(&component, to + 1, from, 1);
    cr_assert_eq(to[0], 0xee);
    cr_assert_eq(to[77], 0xee);
    for (int i = 0; i < 76; i++) {
        const bool padding = (i >= 9 && i < 12) || (i >= 61 && i < 64) || (i >= 69 && i < 72);
        cr_assert_eq(to[1 + i], padding ? 0 : i + 1, "byte %d is %d", i, to[1 + i]);
    }
    deinit_component(&component);
}

Test(component, a_masked_copy_of_a_tag_touches_nothing)
{
    const pecs_type tag = { "Frozen", { { 0 } }, 1, 0, 1, 0, NULL, 0 };
    struct component component = init_component(&tag);
    component_copy_masked(&component, NULL, NULL, 1);
    assert_spans_of(component.padding, PECS_PADDING, NULL, 0);
    assert_spans_of(component.special, PECS_ENTITY, NULL, 0);
    deinit_component(&component);
}

Test(component, kinds_have_the_formats_numbers_names_and_sizes)
{
    const struct {
        int number;
        pecs_kind kind;
        const char *name;
        uint32_t size;
    } kinds[] = {
        { 1, PECS_BOOL, "bool", 1 },      { 2, PECS_I8, "i8", 1 },          { 3, PECS_I16, "i16", 2 },
        { 4, PECS_I32, "i32", 4 },        { 5, PECS_I64, "i64", 8 },        { 6, PECS_U8, "u8", 1 },
        { 7, PECS_U16, "u16", 2 },        { 8, PECS_U32, "u32", 4 },        { 9, PECS_U64, "u64", 8 },
        { 10, PECS_F32, "f32", 4 },       { 11, PECS_F64, "f64", 8 },       { 12, PECS_TEXT, "text", 1 },
        { 13, PECS_ENTITY, "entity", 8 }, { 14, PECS_STRING, "string", 8 }, { 15, PECS_BLOB, "blob", 8 },
        { 16, PECS_ENUM, "enum", 0 },     { 17, PECS_STRUCT, "struct", 0 }, { 18, PECS_PADDING, "padding", 1 },
        { 19, PECS_LIST, "list", 8 },
    };
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        cr_assert_eq((int)kinds[i].kind, kinds[i].number);
        cr_assert_str_eq(kind_name(kinds[i].kind), kinds[i].name);
        cr_assert_eq(kind_size(kinds[i].kind), kinds[i].size, "%s", kinds[i].name);
    }
    cr_assert_null(kind_name((pecs_kind)0));
    cr_assert_null(kind_name((pecs_kind)20));
    cr_assert_null(kind_name((pecs_kind)-1));
    cr_assert_eq(kind_size((pecs_kind)0), 0);
    cr_assert_eq(kind_size((pecs_kind)20), 0);
}
