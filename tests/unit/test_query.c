/*
 * Queries: which tables match, what a column is and when it is refused, and what an open iteration allows. Parts are in
 * test_query_parts.c, "changed since" in test_changed.c.
 */
#include "query_fixture.h"

TestSuite(query, .init = set_up, .fini = strike_with_query);

/* An entity for every subset of the five components; bits say which, and slot numbers are the bits. */
static void spawn_subsets(void)
{
    for (uint32_t bits = 0; bits < 32; bits++) {
        pecs_value values[FIXTURE_TYPE_COUNT];
        size_t count = 0;
        for (pecs_component i = 0; i < FIXTURE_TYPE_COUNT; i++)
            if (bits >> i & 1)
                values[count++] = (pecs_value){ i, fixture_types[i]->size, NULL };
        must(spawn_one(world, values, count).index == bits);
    }
}

/* The slots that an iteration gives, a bit each (of the first 32); each at most once. */
static uint32_t slots_given(pecs_iter iter)
{
    uint32_t slots = 0;
    while (pecs_iter_next(&iter))
        for (size_t i = 0; i < iter.row_count; i++) {
            must(iter.entities[i].index < 32 && !(slots >> iter.entities[i].index & 1));
            slots |= UINT32_C(1) << iter.entities[i].index;
        }
    must(pecs_iter_end(&iter) == PECS_OK);
    return slots;
}

/* A bit for each number below 32 that has all of `with` and none of `without`. */
static uint32_t numbers_having(uint32_t with, uint32_t without)
{
    uint32_t slots = 0;
    for (uint32_t bits = 0; bits < 32; bits++)
        if ((bits & with) == with && !(bits & without))
            slots |= UINT32_C(1) << bits;
    return slots;
}

static void assert_gives(uint32_t expected)
{
    pecs_snapshot *snapshot = take(world);
    cr_assert_eq(slots_given(pecs_query_iter(query, view(), NULL)), expected);
    cr_assert_eq(slots_given(pecs_query_iter(query, pecs_snapshot_view(snapshot), NULL)), expected);
    cr_assert_eq(slots_given(pecs_query_iter_mut(query, world, NULL)), expected);
    cr_assert_eq(pecs_query_count(query, view()), (uint64_t)__builtin_popcount(expected));
    cr_assert_eq(pecs_query_count(query, pecs_snapshot_view(snapshot)), (uint64_t)__builtin_popcount(expected));
    pecs_snapshot_release(snapshot);
}

Test(query, no_terms_match_every_entity)
{
    spawn_subsets();
    query = make_query(registry, NULL, 0);
    assert_gives(UINT32_MAX);
}

Test(query, required_terms_must_be_there)
{
    spawn_subsets();
    ask({ POSITION, PECS_READ });
    assert_gives(0xaaaaaaaa);
    ask({ POSITION, PECS_WRITE }, { FROZEN, PECS_WITH });
    assert_gives(numbers_having(1 << POSITION | 1 << FROZEN, 0));
    ask({ LINK, PECS_WITH }, { TEAM, PECS_READ }, { HEALTH, PECS_WRITE });
    assert_gives(numbers_having(1 << LINK | 1 << TEAM | 1 << HEALTH, 0));
    ask({ FROZEN, PECS_READ });
    assert_gives(numbers_having(1 << FROZEN, 0));
}

Test(query, without_terms_must_not_be_there)
{
    spawn_subsets();
    ask({ POSITION, PECS_WITHOUT });
    assert_gives(0x55555555);
    ask({ FROZEN, PECS_WITHOUT }, { POSITION, PECS_READ }, { HEALTH, PECS_WITHOUT });
    assert_gives(numbers_having(1 << POSITION, 1 << FROZEN | 1 << HEALTH));
    ask({ 0, PECS_WITHOUT }, { 1, PECS_WITHOUT }, { 2, PECS_WITHOUT }, { 3, PECS_WITHOUT }, { 4, PECS_WITHOUT });
    assert_gives(1);
}

Test(query, maybe_terms_do_not_narrow)
{
    spawn_subsets();
    ask({ POSITION, PECS_OPTIONAL_READ }, { TEAM, PECS_OPTIONAL_WRITE });
    assert_gives(UINT32_MAX);
    ask({ POSITION, PECS_OPTIONAL_READ }, { TEAM, PECS_WITHOUT }, { LINK, PECS_WITH });
    assert_gives(numbers_having(1 << LINK, 1 << TEAM));
}

Test(query, all_terms_of_all_sets)
{
    spawn_subsets();
    for (uint32_t with = 0; with < 32; with++)
        for (uint32_t without = 0; without < 32; without++) {
            pecs_term terms[FIXTURE_TYPE_COUNT];
            size_t count = 0;
            if (with & without)
                continue;
            for (pecs_component i = FIXTURE_TYPE_COUNT; i-- > 0;)
                if ((with | without) >> i & 1)
                    terms[count++] = (pecs_term){ i, with >> i & 1 ? PECS_WITH : PECS_WITHOUT };
            pecs_query *asked = make_query(registry, terms, count);
            must(slots_given(pecs_query_iter(asked, view(), NULL)) == numbers_having(with, without));
            pecs_query_destroy(asked);
        }
}

Test(query, singletons_are_not_seen)
{
    spawn_position(world, 1);
    cr_assert_eq(pecs_world_set_singleton(world, POSITION, sizeof(Position), &(Position){ 5, 5, 5 }), PECS_OK);
    ask({ POSITION, PECS_READ });
    assert_gives(1);
    query = (pecs_query_destroy(query), make_query(registry, NULL, 0));
    assert_gives(1);
}

/* A table that comes after the query is made is found; an emptied one gives nothing. */
Test(query, it_follows_the_world)
{
    ask({ TEAM, PECS_READ });
    assert_gives(0);
    const pecs_entity a = spawn_one(world, (pecs_value[]){ PECS_VALUE_AS(TEAM, Team, 1) }, 1);
    assert_gives(1);
    spawn_one(world, (pecs_value[]){ PECS_VALUE_AS(TEAM, Team, 1), PECS_HAS_AS(FROZEN) }, 2);
    assert_gives(3);
    cr_assert_eq(pecs_world_despawn(world, &a, 1), PECS_OK);
    assert_gives(2);
}

Test(query, refusals_of_create)
{
    pecs_term many[33];
    pecs_error error;
    pecs_query *untouched = NULL;
    for (uint32_t i = 0; i < 33; i++)
        many[i] = (pecs_term){ i, PECS_READ };
    const pecs_term unknown[] = { { FIXTURE_TYPE_COUNT, PECS_READ } };
    const pecs_term twice[] = { { TEAM, PECS_READ }, { LINK, PECS_WITH }, { TEAM, PECS_WITHOUT } };
    const pecs_term wrong[] = { { TEAM, (pecs_access)(PECS_WITHOUT + 1) } };
    cr_assert_eq(pecs_query_create(registry, unknown, 1, &untouched, &error), PECS_E_MISUSE);
    cr_assert_eq(error.status, PECS_E_MISUSE);
    cr_assert_eq(pecs_query_create(registry, twice, 3, &untouched, &error), PECS_E_MISUSE);
    cr_assert_eq(pecs_query_create(registry, wrong, 1, &untouched, &error), PECS_E_MISUSE);
    cr_assert_eq(pecs_query_create(registry, NULL, 1, &untouched, &error), PECS_E_MISUSE);
    cr_assert_eq(pecs_query_create(NULL, NULL, 0, &untouched, &error), PECS_E_MISUSE);
    cr_assert_eq(pecs_query_create(registry, NULL, 0, NULL, &error), PECS_E_MISUSE);
    cr_assert_eq(pecs_query_create(registry, many, 33, &untouched, &error), PECS_E_LIMIT);
    cr_assert_eq(error.status, PECS_E_LIMIT);
    cr_assert_eq(pecs_query_create(registry, many, 33, &untouched, NULL), PECS_E_LIMIT);
    cr_assert_null(untouched);
    pecs_query_destroy(NULL);
}

Test(query, thirty_two_terms_are_allowed)
{
    static pecs_type types[40];
    static const pecs_type *list[40];
    static char names[40][3];
    pecs_term terms[32];
    for (uint32_t i = 0; i < 40; i++) {
        names[i][0] = 't';
        names[i][1] = (char)('A' + i);
        types[i] = (pecs_type){ names[i], { { 0 } }, 1, 0, 1, 0, NULL, 0 };
        list[i] = &types[i];
    }
    for (uint32_t i = 0; i < 32; i++)
        terms[i] = (pecs_term){ 39 - i, i % 2 ? PECS_WITH : PECS_WITHOUT };
    pecs_registry *other = make_registry(list, 40, counting_hooks);
    pecs_world *tagged = make_world(other, NULL);
    pecs_query *long_query = make_query(other, terms, 32);
    pecs_value values[16];
    for (uint32_t i = 0; i < 16; i++)
        values[i] = (pecs_value){ 38 - 2 * i, 0, NULL };
    spawn_one(tagged, values, 16);
    spawn_one(tagged, values, 15);
    cr_assert_eq(pecs_query_count(long_query, pecs_world_view(tagged)), 1);
    pecs_query_destroy(long_query);
    pecs_world_destroy(tagged);
    pecs_registry_release(other);
}

Test(query, it_holds_its_registry)
{
    pecs_registry *other = counting_registry();
    pecs_query *alone = make_query(other, (pecs_term[]){ { TEAM, PECS_READ } }, 1);
    pecs_registry_release(other);
    pecs_query_destroy(alone);
}

Test(query, another_registry_is_misuse)
{
    pecs_registry *other = counting_registry();
    pecs_world *foreign = make_world(other, NULL);
    spawn_position(foreign, 1);
    ask({ POSITION, PECS_WRITE });
    pecs_iter iters[] = {
        pecs_query_iter(query, pecs_world_view(foreign), NULL),
        pecs_query_iter_mut(query, foreign, NULL),
        pecs_query_iter_mut(query, NULL, NULL),
        pecs_query_iter(NULL, view(), NULL),
    };
    for (size_t i = 0; i < 4; i++) {
        cr_assert_not(pecs_iter_next(&iters[i]));
        cr_assert_eq(iters[i].status, PECS_E_MISUSE);
        cr_assert_eq(iters[i].row_count, 0);
        cr_assert_null(pecs_column_as(&iters[i], POSITION, Position));
        cr_assert_eq(pecs_iter_end(&iters[i]), PECS_E_MISUSE);
    }
    cr_assert_eq(pecs_query_count(query, pecs_world_view(foreign)), 0);
    /* nothing was left open */
    cr_assert_eq(pecs_world_advance(foreign, NULL), PECS_OK);
    pecs_world_destroy(foreign);
    pecs_registry_release(other);
}

/* Columns. */

Test(query, a_column_has_the_rows_values)
{
    spawn_rows(2 * CHUNK_ROWS + 10);
    ask({ POSITION, PECS_READ }, { TEAM, PECS_READ });
    pecs_iter iter = pecs_query_iter(query, view(), NULL);
    const size_t expected[] = { CHUNK_ROWS, CHUNK_ROWS, 10 };
    uint32_t number = 0;
    for (int chunk = 0; chunk < 3; chunk++) {
        cr_assert(pecs_iter_next(&iter));
        cr_assert_eq(iter.row_count, expected[chunk]);
        const Position *positions = pecs_column_as(&iter, POSITION, Position);
        const Team *teams = pecs_column_as(&iter, TEAM, Team);
        cr_assert_eq((uintptr_t)positions % 64, 0);
        cr_assert_eq((uintptr_t)teams % 64, 0);
        for (size_t i = 0; i < iter.row_count; i++, number++)
            must(iter.entities[i].index == number && positions[i].x == (float)number &&
                 teams[i].number == (uint8_t)number);
    }
    cr_assert_not(pecs_iter_next(&iter));
    cr_assert_not(pecs_iter_next(&iter), "and stays at the end");
    cr_assert_eq(iter.row_count, 0);
    cr_assert_eq(pecs_iter_end(&iter), PECS_OK);
}

Test(query, columns_are_those_of_the_terms)
{
    spawn_rows(3);
    spawn_position(world, 9);
    ask({ POSITION, PECS_READ }, { TEAM, PECS_OPTIONAL_WRITE }, { FROZEN, PECS_OPTIONAL_READ }, { LINK, PECS_WITHOUT });
    pecs_iter iter = pecs_query_iter_mut(query, world, NULL);
    cr_assert_null(pecs_column_as(&iter, POSITION, Position), "before the first chunk");
    cr_assert(pecs_iter_next(&iter));
    cr_assert_not_null(pecs_column_as(&iter, POSITION, Position));
    cr_assert_not_null(pecs_column_mut_as(&iter, TEAM, Team));
    cr_assert_eq((const void *)pecs_column_as(&iter, TEAM, Team), (const void *)pecs_column_mut_as(&iter, TEAM, Team));
    cr_assert_null(pecs_iter_column(&iter, FROZEN, 0), "a tag");
    cr_assert(pecs_iter_next(&iter));
    cr_assert_not_null(pecs_column_as(&iter, POSITION, Position));
    cr_assert_null(pecs_column_mut_as(&iter, TEAM, Team), "an OPTIONAL term that is absent");
    cr_assert_not(pecs_iter_next(&iter));
    cr_assert_null(pecs_column_as(&iter, POSITION, Position), "after the last chunk");
    cr_assert_eq(pecs_iter_end(&iter), PECS_OK);
}

/* An iteration over the query as `is_mut` says; the column is asked for in its first chunk. */
static void assert_column_refused(bool is_mut, pecs_component component, bool for_writing, size_t size_bytes,
                                  const char *message)
{
    pecs_iter iter = is_mut ? pecs_query_iter_mut(query, world, NULL) : pecs_query_iter(query, view(), NULL);
    cr_assert(pecs_iter_next(&iter));
    cr_assert_eq(iter.row_count, 3);
    if (for_writing)
        cr_assert_null(pecs_iter_column_mut(&iter, component, size_bytes));
    else
        cr_assert_null(pecs_iter_column(&iter, component, size_bytes));
    cr_assert_eq(iter.row_count, 0, "a loop over the chunk does nothing");
    cr_assert_not_null(strstr(iter.message, message), "%s", iter.message);
    cr_assert_not(pecs_iter_next(&iter), "the iteration is over");
    cr_assert_eq(pecs_iter_end(&iter), PECS_E_MISUSE);
}

Test(query, a_column_that_is_not_the_querys_ends_the_iteration)
{
    spawn_rows(3);
    ask({ POSITION, PECS_READ }, { TEAM, PECS_OPTIONAL_WRITE }, { LINK, PECS_WITHOUT });
    assert_column_refused(true, POSITION, true, sizeof(Position), "writing needs a WRITE term");
    assert_column_refused(true, TEAM, true, 2, "is not the size");
    assert_column_refused(true, TEAM, false, 2, "is not the size");
    assert_column_refused(true, HEALTH, false, sizeof(Health), "no term of the query");
    assert_column_refused(true, LINK, false, sizeof(Link), "no term of the query");
    assert_column_refused(true, 1000, true, 4, "no term of the query");
    assert_column_refused(false, TEAM, true, sizeof(Team), "pecs_query_iter are read-only");
    pecs_iter iter = pecs_query_iter(query, view(), NULL);
    cr_assert(pecs_iter_next(&iter), "and the next iteration begins as ever");
    cr_assert_not_null(pecs_column_as(&iter, POSITION, Position));
    cr_assert_eq(pecs_iter_end(&iter), PECS_OK);
    cr_assert_null(pecs_column_as(&iter, POSITION, Position), "after the end");
    cr_assert_eq(iter.status, PECS_OK);
}

Test(query, a_view_is_iterated_over_with_write_terms_too)
{
    spawn_rows(3);
    ask({ POSITION, PECS_WRITE });
    pecs_iter iter = pecs_query_iter(query, view(), NULL);
    cr_assert(pecs_iter_next(&iter));
    cr_assert_not_null(pecs_column_as(&iter, POSITION, Position));
    cr_assert_eq(pecs_iter_end(&iter), PECS_OK);
}

Test(query, collects_entities_in_order)
{
    pecs_entity all[8200] = { { 0, 0 } }, some[3] = { { 0, 0 } };
    ask({ TEAM, PECS_READ });
    cr_assert_eq(pecs_query_collect(query, view(), all, 8200), 0);
    cr_assert_eq(pecs_query_first(query, view()).generation, 0);
    spawn_rows(8195);
    spawn_position(world, 9);
    cr_assert_eq(pecs_query_collect(query, view(), NULL, 0), 8195);
    cr_assert_eq(pecs_query_collect(query, view(), all, 8200), 8195);
    for (uint32_t i = 0; i < 8195; i++)
        cr_assert(all[i].index == i && all[i].generation == 1);
    cr_assert_eq(all[8195].generation, 0, "nothing is written beyond what matches");
    cr_assert_eq(pecs_query_collect(query, view(), some, 2), 8195);
    cr_assert(some[0].index == 0 && some[1].index == 1 && some[2].generation == 0);
    cr_assert(pecs_query_first(query, view()).index == 0 && pecs_query_first(query, view()).generation == 1);
    cr_assert_eq(pecs_query_collect(query, view(), NULL, 1), 0, "no room for one");
}

Test(query, writes_are_seen_in_the_world_and_not_in_a_snapshot)
{
    spawn_rows(CHUNK_ROWS + 1);
    pecs_snapshot *snapshot = take(world);
    ask({ POSITION, PECS_WRITE });
    pecs_iter iter = pecs_query_iter_mut(query, world, NULL);
    while (pecs_iter_next(&iter)) {
        Position *positions = pecs_column_mut_as(&iter, POSITION, Position);
        for (size_t i = 0; i < iter.row_count; i++)
            positions[i].y = positions[i].x + 1;
    }
    cr_assert_eq(pecs_iter_end(&iter), PECS_OK);
    cr_assert_eq(pecs_world_copied_bytes(world), (CHUNK_ROWS + 1) * sizeof(Position));
    for (uint32_t i = 0; i <= CHUNK_ROWS; i++) {
        const pecs_entity entity = { i, 1 };
        must(pecs_get_as(view(), entity, POSITION, Position)->y == (float)i + 1);
        must(pecs_get_as(pecs_snapshot_view(snapshot), entity, POSITION, Position)->y == 0);
    }
    pecs_snapshot_release(snapshot);
}

/* Only the chunks that are passed are copied. */
Test(query, a_break_copies_no_more_than_was_given)
{
    spawn_rows(3 * CHUNK_ROWS);
    pecs_snapshot *snapshot = take(world);
    ask({ POSITION, PECS_WRITE });
    pecs_iter iter = pecs_query_iter_mut(query, world, NULL);
    cr_assert(pecs_iter_next(&iter));
    cr_assert_eq(pecs_iter_end(&iter), PECS_OK);
    cr_assert_eq(pecs_world_copied_bytes(world), CHUNK_ROWS * sizeof(Position));
    cr_assert_eq(pecs_world_advance(world, NULL), PECS_OK, "the end after a break is an end");
    pecs_snapshot_release(snapshot);
}

/* What the reader holds while a value of the same chunk is set and the snapshot that shared it goes. */
Test(query, raw_pointers_of_a_reader_stay_readable)
{
    spawn_rows(CHUNK_ROWS);
    pecs_snapshot *snapshot = take(world);
    ask({ POSITION, PECS_READ });
    pecs_iter iter = pecs_query_iter(query, view(), NULL);
    cr_assert(pecs_iter_next(&iter));
    const Position *positions = pecs_column_as(&iter, POSITION, Position);
    const pecs_entity *entities = iter.entities;
    const pecs_entity seventh = { 7, 1 };
    cr_assert_eq(pecs_world_set(
                     world, seventh,
                     (pecs_value[]){ PECS_VALUE_AS(POSITION, Position, -1, -1, -1), PECS_VALUE_AS(TEAM, Team, 99) }, 2),
                 PECS_OK);
    pecs_snapshot_release(snapshot);
    void *value;
    cr_assert_eq(pecs_world_get_mut(world, (pecs_entity){ 8, 1 }, POSITION, sizeof(Position), &value), PECS_OK);
    for (uint32_t i = 0; i < CHUNK_ROWS; i++)
        must(positions[i].x == (float)i && entities[i].index == i);
    cr_assert_eq(pecs_get_as(view(), seventh, POSITION, Position)->x, -1);
    cr_assert_eq(pecs_iter_end(&iter), PECS_OK);
    const uint64_t live = counting.live_bytes;
    cr_assert_eq(pecs_world_get_mut(world, (pecs_entity){ 8, 1 }, POSITION, sizeof(Position), &value), PECS_OK);
    cr_assert_lt(counting.live_bytes, live, "and then it goes");
}

Test(query, a_value_set_in_a_later_chunk_is_seen_there)
{
    spawn_rows(2 * CHUNK_ROWS);
    const pecs_entity later = { CHUNK_ROWS + 1, 1 };
    for (int is_shared = 0; is_shared < 2; is_shared++) {
        pecs_snapshot *snapshot = is_shared ? take(world) : NULL;
        const float x = is_shared ? -1 : -2;
        ask({ POSITION, PECS_READ });
        pecs_iter iter = pecs_query_iter(query, view(), NULL);
        cr_assert(pecs_iter_next(&iter));
        cr_assert_eq(pecs_world_set(world, later, (pecs_value[]){ PECS_VALUE_AS(POSITION, Position, x, 0, 0) }, 1),
                     PECS_OK);
        pecs_snapshot_release(snapshot);
        cr_assert(pecs_iter_next(&iter));
        cr_assert_eq(pecs_column_as(&iter, POSITION, Position)[1].x, x);
        cr_assert_eq(pecs_iter_end(&iter), PECS_OK);
    }
}

enum { TERMS = 12 };

/* Types of one u32 each. Terms name them in reverse order; values of component i are 100 + i. */
struct broad {
    pecs_type types[TERMS];
    const pecs_type *list[TERMS];
    char names[TERMS][3];
    pecs_term terms[TERMS];
    uint32_t numbers[TERMS];
    pecs_value values[TERMS];
};

static void broad_fill(struct broad *broad)
{
    static const pecs_field field = { "value", PECS_U32, 0, 4, 1, 0, NULL, NULL, 0, 0, 0 };
    static const pecs_access accesses[] = { PECS_WRITE, PECS_READ, PECS_OPTIONAL_WRITE };
    for (uint32_t i = 0; i < TERMS; i++) {
        broad->names[i][0] = 't';
        broad->names[i][1] = (char)('A' + i);
        broad->types[i] = (pecs_type){ broad->names[i], { { 0 } }, 1, 4, 4, 1, &field, 0 };
        broad->list[i] = &broad->types[i];
        broad->terms[i] = (pecs_term){ TERMS - 1 - i, accesses[i % 3] };
        broad->numbers[i] = 100 + i;
        broad->values[i] = (pecs_value){ i, 4, &broad->numbers[i] };
    }
}

/* The row has every component, or all but 0 and 9. Adds 1000 to each value that the query may write. */
static void check_row(pecs_iter *iter, bool is_whole)
{
    for (uint32_t i = 0; i < TERMS; i++) {
        const bool is_there = is_whole || (i != 0 && i != 9);
        const uint32_t *read = pecs_column_as(iter, i, uint32_t);
        pecs_iter copy = *iter; /* which a column that is only read ends */
        uint32_t *written = pecs_column_mut_as(&copy, i, uint32_t);
        cr_assert(is_there ? read && *read == 100 + i : !read, "component %u", i);
        cr_assert_eq(written != NULL, is_there && (TERMS - 1 - i) % 3 != 1, "component %u", i);
        if (written)
            *written += 1000;
    }
}

/* More terms than an iteration keeps at hand: each column is the right one, for reading and for writing. */
Test(query, twelve_columns)
{
    static struct broad broad;
    broad_fill(&broad);
    pecs_registry *other = make_registry(broad.list, TERMS, counting_hooks);
    pecs_world *wide = make_world(other, NULL);
    pecs_query *all = make_query(other, broad.terms, TERMS);
    const pecs_entity whole = spawn_one(wide, broad.values, TERMS), lacking = spawn_one(wide, broad.values, TERMS);
    cr_assert_eq(pecs_world_remove(wide, lacking, (pecs_component[]){ 0, 9 }, 2), PECS_OK);
    pecs_snapshot *snapshot = take(wide);
    pecs_iter iter = pecs_query_iter_mut(all, wide, NULL);
    cr_assert(pecs_iter_next(&iter));
    check_row(&iter, true);
    cr_assert(pecs_iter_next(&iter));
    check_row(&iter, false);
    cr_assert_not(pecs_iter_next(&iter));
    cr_assert_eq(pecs_iter_end(&iter), PECS_OK);
    for (uint32_t i = 0; i < TERMS; i++) {
        cr_assert_eq(*pecs_get_as(pecs_world_view(wide), whole, i, uint32_t),
                     100 + i + ((TERMS - 1 - i) % 3 == 1 ? 0 : 1000));
        cr_assert_eq(*pecs_get_as(pecs_snapshot_view(snapshot), whole, i, uint32_t), 100 + i);
    }
    pecs_snapshot_release(snapshot);
    pecs_query_destroy(all);
    pecs_world_destroy(wide);
    pecs_registry_release(other);
}

Test(query, two_iterations_may_be_open_and_each_counts)
{
    spawn_rows(3);
    ask({ POSITION, PECS_WRITE });
    pecs_iter first = pecs_query_iter(query, view(), NULL), second = pecs_query_iter_mut(query, world, NULL);
    cr_assert(pecs_iter_next(&first));
    cr_assert(pecs_iter_next(&second));
    pecs_column_mut_as(&second, POSITION, Position)[1].x = 50;
    cr_assert_eq(pecs_column_as(&first, POSITION, Position)[1].x, 50);
    cr_assert_eq(pecs_iter_end(&second), PECS_OK);
    cr_assert_eq(pecs_world_advance(world, NULL), PECS_E_BUSY);
    cr_assert_eq(pecs_iter_end(&first), PECS_OK);
    cr_assert_eq(pecs_world_advance(world, NULL), PECS_OK);
}

Test(query, an_iteration_over_a_snapshot_keeps_no_world_busy)
{
    spawn_rows(3);
    pecs_snapshot *snapshot = take(world);
    ask({ POSITION, PECS_READ });
    pecs_iter iter = pecs_query_iter(query, pecs_snapshot_view(snapshot), NULL);
    cr_assert(pecs_iter_next(&iter));
    spawn_position(world, 1);
    cr_assert_eq(pecs_world_advance(world, NULL), PECS_OK);
    cr_assert_eq(pecs_world_despawn_matching(world, query, NULL), PECS_OK);
    cr_assert_eq(pecs_column_as(&iter, POSITION, Position)[2].x, 2);
    cr_assert_eq(pecs_iter_end(&iter), PECS_OK);
    pecs_snapshot_release(snapshot);
}
