/* pecs_world_set_many: values of many entities in one call, wherever they are. */
#include "one_contents_fixture.h"

enum { COUNT = 9000 }; /* several chunks */

static pecs_entity entities[COUNT];
static Position positions[COUNT];
static Name names[COUNT];
static const pecs_value positions_value = PECS_ROWS(Position, positions), names_value = PECS_ROWS(Name, names);

TestSuite(set_many, .init = set_up, .fini = strike);

/* The bits of a number in reverse: a walk that jumps about. */
static size_t jump(size_t number)
{
    size_t place = 0;
    for (int bit = 0; bit < 13; bit++)
        place |= (number >> bit & 1) << (12 - bit);
    return place;
}

static void spawn_positions(size_t count)
{
    for (size_t i = 0; i < count; i++)
        positions[i] = (Position){ (float)i, 1, 2 };
    must(!pecs_world_spawn(world, &positions_value, 1, count, entities));
}

static void expect_x(pecs_entity entity, size_t x)
{
    const Position *position = pecs_get(view(), entity, Position);
    cr_assert(position && position->x == (float)x && position->y == 1, "%u is at %g, not %zu", entity.index,
              position ? (double)position->x : -1, x);
}

Test(set_many, entities_anywhere_get_their_values)
{
    enum { SET = 8192 };
    pecs_entity chosen[SET];
    spawn_positions(COUNT);
    for (size_t i = 0; i < SET; i++) {
        chosen[i] = entities[jump(i)];
        positions[i] = (Position){ (float)(10000 + jump(i)), 1, 2 };
    }
    cr_assert_eq(pecs_world_set_many(world, chosen, SET, &positions_value, 1), PECS_OK);
    for (size_t i = 0; i < COUNT; i++)
        expect_x(entities[i], i < SET ? 10000 + i : i);
}

static void name_each(const char *format, size_t count)
{
    static char texts[COUNT][24];
    for (size_t i = 0; i < count; i++) {
        snprintf(texts[i], sizeof(texts[i]), format, (int)i);
        names[i] = (Name){ i, pecs_string_of(texts[i]) };
    }
}

static void expect_name(pecs_entity entity, const char *format, size_t number)
{
    char text[24];
    snprintf(text, sizeof(text), format, (int)number);
    cr_assert(pecs_has(view(), entity, Name));
    cr_assert_str_eq(name_of(view(), entity), text);
    cr_assert_eq(pecs_get(view(), entity, Name)->number, number);
}

/* Of five thousand entities every third has a name already: the others move. */
Test(set_many, what_an_entity_lacks_is_added)
{
    enum { SET = 5000 };
    spawn_positions(SET);
    for (size_t i = 0; i < SET; i += 3)
        must(!pecs_set(world, entities[i], Name, { 1, pecs_string_of("old") }));
    name_each("name %d", SET);
    const pecs_value values[] = { names_value, PECS_HAS(Frozen) };
    cr_assert_eq(pecs_world_set_many(world, entities, SET, values, 2), PECS_OK);
    for (size_t i = 0; i < SET; i++) {
        expect_name(entities[i], "name %d", i);
        expect_x(entities[i], i);
        cr_assert(pecs_has(view(), entities[i], Frozen));
    }
    cr_assert_eq(world->state->entity_count, SET);
}

/* Both where it stays and where its first place in the list moves it. */
Test(set_many, of_an_entity_listed_again_the_last_counts)
{
    spawn_positions(4);
    must(!pecs_set(world, entities[0], Name, { 1, pecs_string_of("old") }));
    const pecs_entity listed[] = { entities[0], entities[1], entities[0], entities[1], entities[3], entities[1] };
    name_each("name %d", 6);
    cr_assert_eq(pecs_world_set_many(world, listed, 6, &names_value, 1), PECS_OK);
    expect_name(entities[0], "name %d", 2);
    expect_name(entities[1], "name %d", 5);
    expect_name(entities[3], "name %d", 4);
    cr_assert_not(pecs_has(view(), entities[2], Name));
    for (size_t i = 0; i < 4; i++)
        expect_x(entities[i], i);
}

static void expect_refused(pecs_status found, pecs_status status, const char *message)
{
    cr_assert_eq(found, status, "%s", pecs_status_name(found));
    cr_assert_str_eq(pecs_world_error(world)->message, message);
}

Test(set_many, all_or_none)
{
    enum { SET = 100 };
    char message[128];
    spawn_positions(SET);
    must(!pecs_set(world, entities[7], Name, { 1, pecs_string_of("old") }));
    const uint64_t hash = pecs_view_hash(view());
    const uint32_t table_count = world->state->table_count;
    name_each("name %d", SET);
    names[90].text = pecs_string_of("\xff");
    expect_refused(pecs_world_set_many(world, entities, SET, &names_value, 1), PECS_E_MISUSE,
                   "row 90: text of 'Name': the string is not UTF-8, or has a zero byte");
    name_each("name %d", SET);
    const pecs_entity last = entities[SET - 1];
    must(!pecs_world_despawn(world, &last, 1));
    const uint64_t hash_of_less = pecs_view_hash(view());
    snprintf(message, sizeof(message), "entity {%u, 1}: it is not alive", last.index);
    expect_refused(pecs_world_set_many(world, entities, SET, &names_value, 1), PECS_E_DEAD, message);
    cr_assert_eq(pecs_view_hash(view()), hash_of_less);
    cr_assert_neq(hash, hash_of_less);
    cr_assert_eq(world->state->table_count, table_count);
}

/* Each takes the value of the one before; the handles are read from the table that changes, too. */
Test(set_many, values_and_entities_may_lie_in_the_world)
{
    enum { SET = 6000 };
    spawn_positions(SET);
    pecs_query *all = make_query(registry, &(pecs_term){ Position_component, PECS_READ }, 1);
    pecs_iter it = pecs_query_iter(all, view(), NULL);
    size_t first = 0;
    const pecs_entity *handles[8];
    const Position *values[8];
    size_t counts[8], parts = 0;
    for (; pecs_iter_next(&it); parts++) {
        handles[parts] = it.entities;
        values[parts] = pecs_column(&it, Position);
        counts[parts] = it.row_count;
    }
    must(!pecs_iter_end(&it) && parts > 1);
    for (size_t i = 0; i < parts; first += counts[i++]) {
        const pecs_value shifted = { Position_component, sizeof(Position), values[i] };
        cr_assert_eq(pecs_world_set_many(world, handles[i] + 1, counts[i] - 1, &shifted, 1), PECS_OK);
        for (size_t row = 1; row < counts[i]; row++)
            expect_x(entities[first + row], first + row - 1);
    }
    pecs_query_destroy(all);
}

/* Strings of the world are given again, to those entities that they are of and to others. */
Test(set_many, contents_may_lie_in_the_world)
{
    enum { SET = 3000 };
    spawn_positions(SET);
    name_each("a longer name %d", SET);
    must(!pecs_world_set_many(world, entities, SET, &names_value, 1));
    for (size_t i = 0; i < SET; i++)
        names[i] = (Name){ SET - 1 - i, pecs_string_of(name_of(view(), entities[SET - 1 - i])) };
    cr_assert_eq(pecs_world_set_many(world, entities, SET, &names_value, 1), PECS_OK);
    for (size_t i = 0; i < SET; i++)
        expect_name(entities[i], "a longer name %d", SET - 1 - i);
    name_each("new name %d", SET);
    names[5].text = pecs_get(view(), entities[9], Name)->text;
    expect_refused(
        pecs_world_set_many(world, entities, SET, &names_value, 1), PECS_E_MISUSE,
        "row 5: text of 'Name': it is a reference, copied from a view: give the contents themselves (contents.h)");
}

Test(set_many, null_gives_zeros)
{
    spawn_positions(10);
    name_each("name %d", 10);
    must(!pecs_world_set_many(world, entities, 10, &names_value, 1));
    const pecs_value zeros[] = { PECS_ROWS(Position, (const Position *)NULL), PECS_ROWS(Name, (const Name *)NULL) };
    cr_assert_eq(pecs_world_set_many(world, entities + 2, 5, zeros, 2), PECS_OK);
    for (size_t i = 0; i < 10; i++) {
        const bool is_zero = i >= 2 && i < 7;
        cr_assert_eq(pecs_get(view(), entities[i], Position)->y, is_zero ? 0 : 1);
        if (is_zero)
            cr_assert_str_eq(name_of(view(), entities[i]), "");
        else
            expect_name(entities[i], "name %d", i);
    }
}

/* The heap begins to move as after single sets, also where the call placed nothing. */
Test(set_many, emptied_names_are_given_back)
{
    enum { SET = 60 };
    static char text[40000];
    memset(text, 't', sizeof(text) - 1);
    spawn_positions(SET);
    for (size_t i = 0; i < SET; i++)
        names[i] = (Name){ i, pecs_string_of(text) };
    must(!pecs_world_set_many(world, entities, SET, &names_value, 1));
    const uint64_t full = heap_of(world)->spaces[heap_of(world)->active].unit_count;
    const pecs_value empty = PECS_ROWS(Name, (const Name *)NULL);
    cr_assert_eq(pecs_world_set_many(world, entities, SET, &empty, 1), PECS_OK);
    cr_assert(heap_of(world)->is_moving || heap_of(world)->spaces[heap_of(world)->active].unit_count < full);
}

Test(set_many, snapshots_and_ticks)
{
    enum { SET = 5000 };
    spawn_positions(SET);
    uint64_t tick;
    must(!pecs_world_advance(world, &tick));
    pecs_snapshot *before = take(world);
    for (size_t i = 0; i < SET; i++)
        positions[i].x += 1;
    cr_assert_eq(pecs_world_set_many(world, entities, 1, &positions_value, 1), PECS_OK);
    cr_assert_gt(pecs_view_tick(view()), tick);
    pecs_query *all = make_query(registry, &(pecs_term){ Position_component, PECS_READ }, 1);
    pecs_iter it = pecs_query_iter(all, view(), &(pecs_iter_options){ .changed_since = tick });
    cr_assert(pecs_iter_next(&it));
    cr_assert_eq(it.entities[0].index, entities[0].index);
    cr_assert_not(pecs_iter_next(&it));
    must(!pecs_iter_end(&it));
    cr_assert_eq(pecs_world_set_many(world, entities, SET, &positions_value, 1), PECS_OK);
    for (size_t i = 0; i < SET; i++) {
        cr_assert_eq(pecs_get(pecs_snapshot_view(before), entities[i], Position)->x, (float)i);
        expect_x(entities[i], i + 1);
    }
    pecs_query_destroy(all);
    pecs_snapshot_release(before);
}

/* Tags that all have, no values, no entities: the tick that a snapshot has seen stays. */
Test(set_many, nothing_to_do)
{
    spawn_positions(3);
    must(!pecs_add(world, entities[0], Frozen) && !pecs_add(world, entities[1], Frozen));
    pecs_snapshot *snapshot = take(world);
    const uint64_t tick = pecs_view_tick(view());
    const pecs_value frozen = PECS_HAS(Frozen);
    cr_assert_eq(pecs_world_set_many(world, entities, 2, &frozen, 1), PECS_OK);
    cr_assert_eq(pecs_world_set_many(world, entities, 3, NULL, 0), PECS_OK);
    cr_assert_eq(pecs_world_set_many(world, NULL, 0, &positions_value, 1), PECS_OK);
    cr_assert_eq(pecs_view_tick(view()), tick);
    cr_assert_eq(pecs_world_set_many(world, entities, 3, &frozen, 1), PECS_OK);
    cr_assert(pecs_has(view(), entities[2], Frozen) && pecs_view_tick(view()) > tick);
    pecs_snapshot_release(snapshot);
}

Test(set_many, only_an_addition_is_busy)
{
    spawn_positions(20);
    name_each("name %d", 20);
    pecs_query *all = make_query(registry, &(pecs_term){ Position_component, PECS_READ }, 1);
    pecs_iter it = pecs_query_iter(all, view(), NULL);
    must(pecs_iter_next(&it));
    cr_assert_eq(pecs_world_set_many(world, entities, 20, &positions_value, 1), PECS_OK);
    cr_assert_eq(pecs_world_set_many(world, entities, 20, &names_value, 1), PECS_E_BUSY);
    cr_assert_not(pecs_has(view(), entities[0], Name));
    must(!pecs_iter_end(&it));
    cr_assert_eq(pecs_world_set_many(world, entities, 20, &names_value, 1), PECS_OK);
    pecs_query_destroy(all);
}

Test(set_many, misuse)
{
    spawn_positions(2);
    const pecs_value twice[] = { positions_value, positions_value };
    const pecs_value wide = { Position_component, sizeof(Position) + 1, positions };
    const pecs_value unknown = { 1000, 4, positions };
    expect_refused(pecs_world_set_many(world, entities, 2, twice, 2), PECS_E_MISUSE,
                   "component Position: it is given twice");
    expect_refused(pecs_world_set_many(world, entities, 2, &wide, 1), PECS_E_MISUSE,
                   "component Position: size_bytes is not the size of the type");
    expect_refused(pecs_world_set_many(world, entities, 2, &unknown, 1), PECS_E_MISUSE,
                   "component 1000: the world has no type of this number");
    expect_refused(pecs_world_set_many(world, NULL, 2, &positions_value, 1), PECS_E_MISUSE,
                   "entities is NULL, but entity_count is not 0");
    expect_refused(pecs_world_set_many(world, entities, 2, NULL, 1), PECS_E_MISUSE,
                   "values is NULL, but value_count is not 0");
    expect_refused(pecs_world_set_many(world, entities, SIZE_MAX, &positions_value, 1), PECS_E_LIMIT,
                   "a call sets fewer than 2^32 - 1 entities");
}
