/* The number table: a type has one number, no number two types, and memory has a bound. */
#include "world_fixture.h"

static struct pool *pool;
static struct number_table table;

enum { FIRST = 7 };

static void set_up(void)
{
    pool = pool_create(&counting_hooks);
    number_table_init(&table, FIRST);
}

static void strike(void)
{
    number_table_deinit(&table, pool);
    pool_destroy(pool);
    assert_no_leak();
}

TestSuite(number_table, .init = set_up, .fini = strike);

/* As a hash is: any bits of it depend on all. Some differ in the last byte only. */
static pecs_id fingerprint(uint64_t type)
{
    const uint64_t mixed = mix_u64(type / 2);
    pecs_id id = { { 0 } };
    memcpy(id.bytes, &mixed, sizeof(mixed));
    id.bytes[15] = type % 2;
    return id;
}

static pecs_component number(uint64_t type)
{
    pecs_component component = 0;
    must(number_table_give(&table, pool, fingerprint(type), &component) == PECS_OK);
    return component;
}

Test(number_table, each_type_has_the_next_number_and_keeps_it)
{
    for (uint32_t type = 0; type < 1000; type++)
        cr_assert_eq(number(type), FIRST + type);
    for (uint32_t type = 1000; type-- > 0;)
        cr_assert_eq(number(type), FIRST + type);
}

Test(number_table, the_last_8192_are_remembered)
{
    for (uint32_t type = 0; type < 5000; type++)
        number(type);
    for (uint32_t round = 0; round < 5; round++) /* wherever in a map a type is, 8191 others do not push it out */
        for (uint32_t i = 0, type = 1000000 * (round + 1); i < 3; i++) {
            const pecs_component known = number(type + i * 10000);
            for (uint32_t other = 1; other < 8192; other++)
                number(type + i * 10000 + other);
            cr_assert_eq(number(type + i * 10000), known);
        }
}

Test(number_table, one_that_is_asked_for_now_and_then_is_never_forgotten)
{
    const pecs_component known = number(0);
    for (uint32_t type = 1; type < 200000; type++) {
        number(type);
        if (type % 8000 == 0)
            cr_assert_eq(number(0), known);
    }
}

Test(number_table, a_forgotten_one_gets_a_number_that_was_never_given)
{
    cr_assert_eq(number(0), FIRST);
    for (uint32_t type = 1; type < 3 * 8192; type++)
        cr_assert_eq(number(type), FIRST + type);
    cr_assert_eq(number(0), FIRST + 3 * 8192);
    cr_assert_eq(number(1), FIRST + 3 * 8192 + 1);
}

Test(number_table, memory_has_a_bound)
{
    for (uint32_t type = 0; type < 1000; type++)
        number(type);
    cr_assert_lt(counting.peak_bytes, 128 * 1024, "what a few take");
    for (uint32_t type = 0; type < 1000000; type++)
        number(type);
    cr_assert_lt(counting.peak_bytes, 1024 * 1024);
}

Test(number_table, numbers_end)
{
    cr_assert_eq(number(1), FIRST);
    table.next = UINT32_MAX - 1;
    cr_assert_eq(number(2), UINT32_MAX - 1);
    pecs_component component = 999;
    for (int i = 0; i < 3; i++)
        cr_assert_eq(number_table_give(&table, pool, fingerprint(3), &component), PECS_E_LIMIT);
    cr_assert_eq(component, 999);
    cr_assert_eq(number(1), FIRST, "those that are remembered stay");
    cr_assert_eq(number(2), UINT32_MAX - 1);
}

/* Growing and changing the maps takes memory; where there is none, nothing is given and nothing forgotten. */
Test(number_table, without_memory_nothing_changes)
{
    uint64_t failure_count = 0;
    for (uint32_t type = 0; type < 20000; type++) {
        pecs_component component = 999;
        counting.fail_at = counting.call_count + 1;
        const pecs_status status = number_table_give(&table, pool, fingerprint(type), &component);
        counting.fail_at = 0;
        failure_count += status == PECS_E_MEMORY;
        must(status == PECS_OK ? component == FIRST + type : status == PECS_E_MEMORY && component == 999);
        must(number(type) == FIRST + type);
        must(!type || number(type - 1) == FIRST + type - 1);
    }
    cr_assert_geq(failure_count, 20, "every growth failed once");
}
