/*
 * The registry: a list of types, found by number and by id; which lists are refused, failing memory, and how long it
 * lives.
 */
#include "hash.h"
#include "registry.h"
#include "schema_fixture.h"

#include <stdio.h>

TestSuite(registry, .init = set_up);

/* Three types whose ids stand in another order than the list. */
static pecs_type a_type, b_type, c_type;
static const pecs_type *const three[] = { &a_type, &b_type, &c_type };

static void make_three(void)
{
    a_type = (pecs_type){ "A", { { 9 } }, 1, 0, 1, 0, NULL, 0 };
    b_type = (pecs_type){ "B", { { 5, 1 } }, 1, 0, 1, 0, NULL, 0 };
    c_type = (pecs_type){ "C", { { 5 } }, 1, 0, 1, 0, NULL, 0 };
}

Test(registry, keeps_the_order_of_the_list)
{
    make_three();
    pecs_registry *registry = create_good(three, 3);
    cr_assert_eq(pecs_registry_type_count(registry), 3);
    cr_assert_eq(pecs_registry_type(registry, 0), &a_type);
    cr_assert_eq(pecs_registry_type(registry, 1), &b_type);
    cr_assert_eq(pecs_registry_type(registry, 2), &c_type);
    cr_assert_null(pecs_registry_type(registry, 3));
    cr_assert_null(pecs_registry_type(registry, UINT32_MAX));
    cr_assert_eq(registry_component(registry, 1)->type, &b_type);
    pecs_registry_release(registry);
    assert_no_leak();
}

Test(registry, by_id_ascends)
{
    make_three();
    pecs_registry *registry = create_good(three, 3);
    cr_assert_eq(registry->by_id[0], 2);
    cr_assert_eq(registry->by_id[1], 1);
    cr_assert_eq(registry->by_id[2], 0);
    pecs_registry_release(registry);
}

Test(registry, finds_by_id)
{
    make_three();
    pecs_registry *registry = create_good(three, 3);
    pecs_component found = 77;
    cr_assert_eq(registry_find(registry, (pecs_id){ { 9 } }, &found), PECS_OK);
    cr_assert_eq(found, 0);
    cr_assert_eq(registry_find(registry, (pecs_id){ { 5, 1 } }, &found), PECS_OK);
    cr_assert_eq(found, 1);
    cr_assert_eq(registry_find(registry, (pecs_id){ { 5 } }, &found), PECS_OK);
    cr_assert_eq(found, 2);
    const pecs_id absent[] = { { { 0 } }, { { 4, 255 } }, { { 5, 0, 1 } }, { { 5, 2 } }, { { 10 } } };
    for (size_t i = 0; i < 5; i++)
        cr_assert_eq(registry_find(registry, absent[i], &found), PECS_E_ABSENT, "id %zu", i);
    cr_assert_eq(found, 2);
    pecs_registry_release(registry);
}

Test(registry, may_be_empty)
{
    pecs_registry *registry = create_good(NULL, 0);
    pecs_component found;
    cr_assert_eq(pecs_registry_type_count(registry), 0);
    cr_assert_null(pecs_registry_type(registry, 0));
    cr_assert_eq(registry_find(registry, (pecs_id){ { 1 } }, &found), PECS_E_ABSENT);
    pecs_registry_release(registry);
    assert_no_leak();
}

/* `count` tags, named T0, T1 and so on. */
static const pecs_type *const *tags(size_t count)
{
    static pecs_type types[1100];
    static const pecs_type *list[1100];
    static char names[1100][8];
    for (size_t i = 0; i < count; i++) {
        snprintf(names[i], sizeof(names[i]), "T%zu", i);
        types[i] = (pecs_type){ names[i], { { 0 } }, 1, 0, 1, 0, NULL, 0 };
        list[i] = &types[i];
    }
    return list;
}

Test(registry, takes_1024_types_and_finds_each)
{
    const pecs_type *const *types = tags(1024);
    pecs_registry *registry = create_good(types, 1024);
    cr_assert_eq(pecs_registry_type_count(registry), 1024);
    for (size_t i = 0; i < 1024; i++) {
        pecs_component found = UINT32_MAX;
        cr_assert_eq(registry_find(registry, hash128(types[i]->name, strlen(types[i]->name)), &found), PECS_OK);
        cr_assert_eq(found, i);
    }
    pecs_registry_release(registry);
    assert_no_leak();
}

static void refuse_list(const pecs_type *const *types, size_t count, pecs_status status, const char *message)
{
    pecs_registry *registry = NULL;
    pecs_error error;
    cr_assert_eq(create(types, count, &registry, &error), status);
    cr_assert_eq(error.status, status);
    cr_assert_str_eq(error.message, message);
    cr_assert_null(registry);
    cr_assert_eq(create(types, count, &registry, NULL), status);
    assert_no_leak();
}

Test(registry, refuses_1025_types)
{
    refuse_list(tags(1025), 1025, PECS_E_LIMIT, "1025 types are more than 1024");
    refuse_list(tags(1), SIZE_MAX, PECS_E_LIMIT, "18446744073709551615 types are more than 1024");
}

Test(registry, refuses_a_name_twice)
{
    make_three();
    c_type.name = "A";
    refuse_list(three, 3, PECS_E_CONFLICT, "types 0 and 2 of the list are both named 'A'");
}

Test(registry, refuses_an_id_twice)
{
    make_three();
    b_type.id = (pecs_id){ { 5 } };
    refuse_list(three, 3, PECS_E_CONFLICT, "types 'B' and 'C' have the same id");
}

/* The id of "abc" is its hash; another type is given the same. */
Test(registry, refuses_a_given_id_that_is_the_hash_of_a_name)
{
    make_three();
    a_type = (pecs_type){ "abc", { { 0 } }, 1, 0, 1, 0, NULL, 0 };
    c_type.id =
        (pecs_id){ { 0x06, 0xb0, 0x5a, 0xb6, 0x73, 0x3a, 0x61, 0x85, 0x78, 0xaf, 0x5f, 0x94, 0x89, 0x2f, 0x39, 0x50 } };
    refuse_list(three, 3, PECS_E_CONFLICT, "types 'abc' and 'C' have the same id");
}

Test(registry, refuses_holes_in_the_list)
{
    const pecs_type *list[] = { &body, NULL };
    refuse_list(list, 2, PECS_E_MISUSE, "type 1 of the list is NULL");
    make_three();
    b_type.name = NULL;
    refuse_list(three, 3, PECS_E_MISUSE, "type 1 of the list has no name");
}

/* What came before the bad type is given back too. */
Test(registry, refuses_one_bad_type_among_good_ones)
{
    pecs_type other = body, bad = body;
    other.name = "Other";
    bad.name = "Bad";
    bad.version = 0;
    const pecs_type *const list[] = { &body, &other, &bad };
    refuse_list(list, 3, PECS_E_MISUSE, "Bad: version 0: versions start at 1");
}

Test(registry, refuses_null_pointers)
{
    pecs_registry *registry = NULL;
    pecs_error error;
    cr_assert_eq(pecs_registry_create(NULL, &registry, &error), PECS_E_MISUSE);
    cr_assert_eq(error.status, PECS_E_MISUSE);
    cr_assert_eq(create(NULL, 1, &registry, &error), PECS_E_MISUSE);
    cr_assert_eq(create(NULL, 0, NULL, &error), PECS_E_MISUSE);
    cr_assert_null(registry);
    assert_no_leak();
}

Test(registry, refuses_half_an_allocator)
{
    pecs_registry *registry = NULL;
    const pecs_registry_desc no_release = { .allocator = { counting_allocate, NULL, &counting } };
    const pecs_registry_desc no_allocate = { .allocator = { NULL, counting_release, &counting } };
    cr_assert_eq(pecs_registry_create(&no_release, &registry, NULL), PECS_E_MISUSE);
    cr_assert_eq(pecs_registry_create(&no_allocate, &registry, NULL), PECS_E_MISUSE);
    cr_assert_null(registry);
    cr_assert_eq(counting.call_count, 0);
}

Test(registry, uses_the_system_by_default)
{
    const pecs_type *const list[] = { &body };
    const pecs_registry_desc desc = { .types = list, .type_count = 1 };
    pecs_registry *registry;
    cr_assert_eq(pecs_registry_create(&desc, &registry, NULL), PECS_OK);
    cr_assert_eq(pecs_registry_type(registry, 0), &body);
    pecs_registry_release(registry);
}

/* With the n-th allocation failing, for every n: the status says so, nothing leaks, nothing is written. */
Test(registry, every_failing_allocation_is_reported)
{
    pecs_type other = body;
    other.name = "Other";
    const pecs_type *const list[] = { &body, &other };
    uint64_t fail_at = 1;
    for (;; fail_at++) {
        pecs_registry *registry = NULL;
        pecs_error error;
        counting.call_count = 0;
        counting.fail_at = fail_at;
        const pecs_status status = create(list, 2, &registry, &error);
        if (status == PECS_OK) {
            pecs_registry_release(registry);
            assert_no_leak();
            break;
        }
        cr_assert_eq(status, PECS_E_MEMORY, "allocation %llu", (unsigned long long)fail_at);
        cr_assert_eq(error.status, PECS_E_MEMORY);
        cr_assert_null(registry);
        assert_no_leak();
    }
    /*
     * The pool, the registry, its two lists and the one by name; then for each type Body's structs, the names of its
     * enum, of Part's fields and of Body's fields, and two lists of spans with their groups, which are collected and
     * then copied, five for each and one more where spans grow; the names of pecs.id's fields: 36 in all.
     */
    cr_assert_eq(fail_at, 37);
}

/* The same where the first span is one of a nested struct. */
Test(registry, failing_allocations_of_nested_spans_are_reported)
{
    const pecs_type outer = { "Outer", { { 0 } }, 1, 16, 4, 1, fields, 0 };
    const pecs_type *const list[] = { &outer };
    pecs_registry *registry = NULL;
    fields[0] = fields[PARTS];
    fields[0].offset = 0;
    /*
     * The pool, the registry, three lists, Outer's structs, the names of Part and Outer; then the group, its spans, the
     * list with copies of both, and the other list's group.
     */
    for (uint64_t fail_at = 9; fail_at <= 14; fail_at++) {
        counting.call_count = 0;
        counting.fail_at = fail_at;
        cr_assert_eq(create(list, 1, &registry, NULL), PECS_E_MEMORY, "%llu", (unsigned long long)fail_at);
        assert_no_leak();
    }
    counting.call_count = 0;
    counting.fail_at = 16; /* the fifteenth: the names of pecs.id's fields */
    cr_assert_eq(create(list, 1, &registry, NULL), PECS_OK);
    pecs_registry_release(registry);
    assert_no_leak();
}

Test(registry, lives_until_the_last_reference)
{
    const pecs_type *const list[] = { &body };
    pecs_registry *registry = create_good(list, 1);
    cr_assert_eq(pecs_registry_retain(registry), registry);
    cr_assert_eq(pecs_registry_retain(registry), registry);
    pecs_registry_release(registry);
    pecs_registry_release(registry);
    cr_assert_eq(pecs_registry_type(registry, 0), &body);
    cr_assert_gt(counting.live_count, 0);
    pecs_registry_release(registry);
    assert_no_leak();
}

Test(registry, destroying_null_is_allowed)
{
    pecs_registry_release(NULL);
    assert_no_leak();
}

static void *retain_and_drop(void *user)
{
    pecs_registry *registry = user;
    for (int i = 0; i < 100000; i++) {
        pecs_registry_retain(registry);
        pecs_registry_release(registry);
    }
    pecs_registry_release(registry);
    return NULL;
}

/* Each thread owns one reference; whichever is last frees the registry. */
Test(registry, threads_retain_and_drop)
{
    const pecs_type *const list[] = { &body };
    pecs_registry *registry = create_good(list, 1);
    pthread_t threads[4];
    for (int i = 0; i < 4; i++)
        pecs_registry_retain(registry);
    for (int i = 0; i < 4; i++)
        cr_assert_eq(pthread_create(&threads[i], NULL, retain_and_drop, registry), 0);
    pecs_registry_release(registry);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    assert_no_leak();
}
