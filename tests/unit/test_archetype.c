/* Archetypes: the columns of a set of components, rows of a chunk, and how components are found in a set. */
#include "table_fixture.h"

TestSuite(archetype, .init = set_up, .fini = strike);

Test(archetype, columns_are_the_handles_and_the_components_with_values)
{
    const pecs_component set[] = { NUMBER, LETTER, MARK, WIDE + 1 };
    struct archetype *archetype = make_archetype(set, 4);
    cr_assert_eq(archetype->component_count, 4);
    cr_assert_eq(archetype->column_count, 4);
    const uint32_t columns[] = { 1, 2, NO_COLUMN, 3 }, bytes[] = { 8, 4, 1, 256 };
    const pecs_component of_columns[] = { NO_COMPONENT, NUMBER, LETTER, WIDE + 1 };
    for (int i = 0; i < 4; i++) {
        cr_assert_eq(archetype->components[i], set[i]);
        cr_assert_eq(archetype->columns[i], columns[i]);
        cr_assert_eq(archetype_column(archetype, set[i]), columns[i]);
        cr_assert_eq(archetype_find(archetype, set[i]), (uint32_t)i);
        cr_assert_eq(archetype->column_bytes[i], bytes[i]);
        cr_assert_eq(archetype->column_components[i], of_columns[i]);
    }
    cr_assert_eq(archetype->signature, 1 | 2 | 4 | 16);
    node_release(pool, &archetype->node);
}

Test(archetype, without_components_it_has_the_handles_only)
{
    struct archetype *archetype = make_archetype(NULL, 0);
    cr_assert_eq(archetype->column_count, 1);
    cr_assert_eq(archetype->column_bytes[0], 8);
    cr_assert_eq(archetype->signature, 0);
    cr_assert_eq(archetype->chunk_shift, 12);
    cr_assert_eq(archetype_find(archetype, NUMBER), NO_COLUMN);
    node_release(pool, &archetype->node);
}

Test(archetype, no_column_of_a_chunk_is_wider_than_a_mebibyte_but_for_one_row)
{
    const uint32_t shifts[WIDE_COUNT] = { 12, 12, 11, 11, 8, 1, 0, 0, 0, 0 };
    for (uint32_t i = 0; i < WIDE_COUNT; i++) {
        struct archetype *archetype = make_archetype(&(pecs_component){ WIDE + i }, 1);
        cr_assert_eq(archetype->chunk_shift, shifts[i], "%u bytes", wide_bytes[i]);
        node_release(pool, &archetype->node);
    }
}

Test(archetype, the_widest_component_decides)
{
    const pecs_component set[] = { NUMBER, WIDE + 4, WIDE + 5 };
    struct archetype *archetype = make_archetype(set, 3);
    cr_assert_eq(archetype->chunk_shift, 1);
    node_release(pool, &archetype->node);
}

Test(archetype, a_file_may_say_how_many_rows_a_chunk_has)
{
    struct archetype *archetype = make_archetype(&(pecs_component){ NUMBER }, 1);
    archetype->chunk_shift = 5;
    cr_assert_eq(archetype->chunk_shift, 5);
    node_release(pool, &archetype->node);
}

Test(archetype, set_hash_distinguishes_sets_and_not_orders)
{
    const pecs_component ab[] = { NUMBER, LETTER }, ba[] = { LETTER, NUMBER }, ac[] = { NUMBER, MARK };
    cr_assert_eq(archetype_set_hash(7, ab, 2, false), archetype_set_hash(7, ba, 2, false));
    cr_assert_neq(archetype_set_hash(7, ab, 2, false), archetype_set_hash(7, ac, 2, false));
    cr_assert_neq(archetype_set_hash(7, ab, 2, false), archetype_set_hash(7, ab, 1, false));
    cr_assert_neq(archetype_set_hash(7, ab, 2, false), archetype_set_hash(7, ab, 2, true));
    cr_assert_neq(archetype_set_hash(7, NULL, 0, false), archetype_set_hash(7, NULL, 0, true));
}

/* More components than a linear search looks at; only the even ones are there. */
Test(archetype, components_are_found_in_a_long_set)
{
    static pecs_type many[200];
    static const pecs_type *list[200];
    static char names[200][8];
    pecs_component set[100];
    for (uint32_t i = 0; i < 200; i++) {
        names[i][0] = (char)('a' + i / 26);
        names[i][1] = (char)('a' + i % 26);
        many[i] = (pecs_type){ names[i], { { 0 } }, 1, 0, 1, 0, NULL, 0 };
        list[i] = &many[i];
        set[i / 2] = i & ~1u;
    }
    pecs_registry *large;
    const pecs_registry_desc desc = { .types = list, .type_count = 200, .allocator = counting_hooks };
    cr_assert_eq(pecs_registry_create(&desc, &large, NULL), PECS_OK);
    for (uint32_t count = 0; count <= 100; count++) {
        struct archetype *archetype = archetype_create(large, NULL, set, count, false);
        cr_assert_not_null(archetype);
        for (uint32_t i = 0; i < 200; i++) {
            const uint32_t place = i % 2 == 0 && i / 2 < count ? i / 2 : NO_COLUMN;
            if (archetype_find(archetype, i) != place)
                cr_assert_fail("component %u among %u", i, count);
        }
        node_release(large->pool, &archetype->node);
    }
    pecs_registry_release(large);
}

Test(archetype, out_of_memory_is_null)
{
    counting.fail_at = counting.call_count + 1;
    cr_assert_null(archetype_create(registry, NULL, NULL, 0, false));
    counting.fail_at = counting.call_count + 1;
    cr_assert_null(runs_create(pool, 3, NULL));
    struct archetype *archetype = make_archetype(NULL, 0);
    counting.fail_at = counting.call_count + 1;
    cr_assert_null(table_create(pool, archetype));
    cr_assert_eq(archetype->node.reference_count, 1);
    node_release(pool, &archetype->node);
}
