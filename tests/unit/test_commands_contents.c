/* pecs_commands_set_contents (pecs/contents.h): one string, blob or list, in its place among an entity's commands. */
#include "one_contents_fixture.h"

static pecs_commands *commands;

static void begin(void)
{
    set_up();
    must(pecs_commands_create(registry, &commands) == PECS_OK);
}

static void end(void)
{
    pecs_commands_destroy(commands);
    strike();
}

TestSuite(commands_contents, .init = begin, .fini = end);

static void record_text(pecs_entity entity, const char *text)
{
    cr_assert_eq(pecs_set_contents(commands, entity, Name, text, PECS_BYTES(text, strlen(text))), PECS_OK, "%s",
                 pecs_commands_error(commands)->message);
}

static void record_name(pecs_entity entity, uint64_t number, const char *text)
{
    cr_assert_eq(pecs_set(commands, entity, Name, { number, pecs_string_of(text) }), PECS_OK);
}

static uint64_t apply(void)
{
    uint64_t skipped_count = 77;
    cr_assert_eq(pecs_commands_apply(commands, world, &skipped_count), PECS_OK, "%s",
                 pecs_commands_error(commands)->message);
    check_contents(world);
    return skipped_count;
}

static void expect_name(pecs_entity entity, uint64_t number, const char *text)
{
    const Name *name = pecs_get(view(), entity, Name);
    cr_assert(name && name->number == number);
    cr_assert_str_eq(name_of(view(), entity), text);
}

Test(commands_contents, one_member_changes)
{
    const pecs_entity named = spawn_name(world, "before");
    const pecs_entity entity = spawn_bag(world, &(Bag){ .bytes = pecs_blob_of(PECS_BYTES("blob", 4)),
                                                        .labels = { pecs_string_of("one"), pecs_string_of("two") } });
    char label[] = "other";
    record_text(named, "after");
    cr_assert_eq(pecs_set_contents(commands, entity, Bag, labels[1], PECS_BYTES(label, 5)), PECS_OK);
    cr_assert_eq(pecs_set_contents(commands, entity, Bag, moods, PECS_BYTES("\1\0", 2)), PECS_OK);
    cr_assert_eq(pecs_set_contents(commands, entity, Bag, bytes, NULL), PECS_OK);
    memset(label, '?', 5);
    expect_name(named, 7, "before");
    cr_assert_eq(apply(), 0);
    expect_name(named, 7, "after");
    const Bag *bag = pecs_get(view(), entity, Bag);
    size_t count;
    cr_assert_str_eq(pecs_view_string(view(), bag->labels[0], NULL), "one");
    cr_assert_str_eq(pecs_view_string(view(), bag->labels[1], NULL), "other");
    const uint8_t *list = pecs_view_list(view(), bag->moods, uint8_t, &count);
    cr_assert(count == 2 && list[0] == 1 && list[1] == 0);
    cr_assert_eq(bag->bytes.reference, 0);
}

Test(commands_contents, in_the_order_of_commands)
{
    const pecs_entity a = spawn_name(world, "a"), b = spawn_name(world, "b"), c = spawn_name(world, "c");
    pecs_entity spawned;
    record_name(a, 1, "set");
    record_text(a, "then its text");
    record_text(b, "never");
    record_name(b, 2, "the whole value after it");
    record_text(c, "first");
    record_text(c, "second");
    cr_assert_eq(pecs_spawn(commands, &spawned, PECS_VALUE(Name, 3, pecs_string_of("spawned"))), PECS_OK);
    record_text(spawned, "and named");
    cr_assert_eq(apply(), 0);
    expect_name(a, 1, "then its text");
    expect_name(b, 2, "the whole value after it");
    expect_name(c, 7, "second");
    expect_name(pecs_commands_resolve(commands, spawned), 3, "and named");
}

/* It counts whether the component is there at that point, not before or after all commands. */
Test(commands_contents, what_an_entity_lacks_is_skipped)
{
    const pecs_entity bare = spawn_one(world, NULL, 0), added = spawn_one(world, NULL, 0);
    const pecs_entity removed = spawn_name(world, "removed"), again = spawn_name(world, "again");
    const pecs_entity later = spawn_one(world, NULL, 0), set = spawn_one(world, NULL, 0);
    record_text(bare, "skipped");
    cr_assert_eq(pecs_add(commands, added, Name), PECS_OK);
    record_text(added, "added");
    record_text(removed, "applied, then removed");
    cr_assert_eq(pecs_remove(commands, removed, Name), PECS_OK);
    record_text(removed, "skipped");
    cr_assert_eq(pecs_remove(commands, again, Name), PECS_OK);
    record_text(again, "skipped");
    cr_assert_eq(pecs_add(commands, again, Name), PECS_OK);
    record_text(later, "skipped");
    cr_assert_eq(pecs_add(commands, later, Name), PECS_OK);
    record_text(set, "skipped");
    record_name(set, 5, "set");
    cr_assert_eq(apply(), 5);
    cr_assert_not(pecs_has(view(), bare, Name));
    cr_assert_not(pecs_has(view(), removed, Name));
    expect_name(added, 0, "added");
    expect_name(again, 0, "");
    expect_name(later, 0, "");
    expect_name(set, 5, "set");
}

Test(commands_contents, the_dead_are_skipped)
{
    const pecs_entity dead = spawn_name(world, "dead"), dies = spawn_name(world, "dies");
    cr_assert_eq(pecs_despawn(world, dead), PECS_OK);
    record_text(dead, "skipped");
    record_text(dies, "lost");
    cr_assert_eq(pecs_despawn(commands, dies), PECS_OK);
    record_text(dies, "skipped");
    record_text(none, "skipped: {0, 0} is not an entity");
    cr_assert_eq(apply(), 3);
    cr_assert_eq(summary_of(view()).entity_count, 0);
}

/* With an entity that moves to another table meanwhile, and snapshots that keep what was. */
Test(commands_contents, rows_that_move)
{
    const pecs_entity entity = spawn_name(world, "before"), other = spawn_name(world, "other");
    pecs_snapshot *snapshot = take(world);
    record_text(entity, "after");
    cr_assert_eq(pecs_add(commands, entity, Frozen), PECS_OK);
    cr_assert_eq(pecs_set(commands, entity, Bag, { .labels = { pecs_string_of("label") } }), PECS_OK);
    cr_assert_eq(pecs_set_contents(commands, entity, Bag, labels[0], PECS_BYTES("another", 7)), PECS_OK);
    cr_assert_eq(apply(), 0);
    expect_name(entity, 7, "after");
    expect_name(other, 7, "other");
    cr_assert_str_eq(pecs_view_string(view(), pecs_get(view(), entity, Bag)->labels[0], NULL), "another");
    cr_assert_str_eq(name_of(pecs_snapshot_view(snapshot), entity), "before");
    pecs_snapshot_release(snapshot);
}

/* Provisional handles in this list are replaced; the value's other lists may be shared, and stay. */
Test(commands_contents, provisional_handles)
{
    const pecs_entity old = spawn_name(world, "old");
    const pecs_entity entity = spawn_bag(world, &(Bag){ .friends = pecs_list_of(PECS_BYTES(&old, sizeof(old))),
                                                        .points = pecs_list_of(PECS_BYTES("12345678", 8)) });
    pecs_entity friends[2] = { old };
    cr_assert_eq(pecs_spawn(commands, &friends[1], PECS_HAS(Frozen)), PECS_OK);
    cr_assert_eq(pecs_set_contents(commands, entity, Bag, friends, PECS_ARRAY(friends)), PECS_OK);
    cr_assert_eq(apply(), 0);
    size_t count;
    const Bag *bag = pecs_get(view(), entity, Bag);
    const pecs_entity *list = pecs_view_list(view(), bag->friends, pecs_entity, &count);
    cr_assert(count == 2 && same(list[0], old) && same(list[1], pecs_commands_resolve(commands, friends[1])));
    cr_assert_eq(pecs_set_contents(commands, entity, Bag, friends, PECS_ARRAY(friends)), PECS_E_MISUSE);
    cr_assert_eq(pecs_set_contents(commands, friends[1], Bag, friends, NULL), PECS_E_MISUSE, "an earlier batch");
    cr_assert_eq(apply(), 0);
}

Test(commands_contents, what_is_refused)
{
    const pecs_entity entity = spawn_name(world, "kept");
    const pecs_bytes nowhere = { NULL, 1 };
    for (size_t offset = 0; offset <= sizeof(Name); offset++)
        if (offset != offsetof(Name, text))
            cr_assert_eq(pecs_commands_set_contents(commands, entity, Name_component, offset, NULL), PECS_E_MISUSE);
    cr_assert_str_eq(pecs_commands_error(commands)->message,
                     "component Name: it has no string, blob or list at this offset");
    cr_assert_eq(pecs_commands_set_contents(commands, entity, Name_component, SIZE_MAX, NULL), PECS_E_MISUSE);
    cr_assert_eq(pecs_commands_set_contents(commands, entity, Position_component, 0, NULL), PECS_E_MISUSE);
    cr_assert_eq(pecs_commands_set_contents(commands, entity, 77, 0, NULL), PECS_E_MISUSE);
    cr_assert_eq(pecs_set_contents(commands, entity, Name, text, &nowhere), PECS_E_MISUSE);
    cr_assert_eq(pecs_set_contents(commands, entity, Name, text, PECS_BYTES("a\0b", 3)), PECS_E_MISUSE);
    cr_assert_eq(pecs_set_contents(commands, entity, Bag, points, PECS_BYTES("1", 1)), PECS_E_MISUSE);
    cr_assert_eq(apply(), 0);
    expect_name(entity, 7, "kept");
}

/* An apply that failed is applied again; the bytes were copied when they were recorded. */
Test(commands_contents, all_or_nothing)
{
    const pecs_entity entity = spawn_name(world, "old");
    pecs_snapshot *snapshot = take(world);
    record_text(entity, "recorded");
    for (uint64_t nth = 1, status = PECS_E_MEMORY; status; nth++) {
        counting.fail_at = counting.call_count + nth;
        status = pecs_commands_apply(commands, world, NULL);
        counting.fail_at = 0;
        cr_assert(status == PECS_OK || status == PECS_E_MEMORY);
        expect_name(entity, 7, status ? "old" : "recorded");
    }
    pecs_snapshot_release(snapshot);
}

/* The heap moves what lives meanwhile: nothing is lost, nothing is counted twice. */
Test(commands_contents, in_a_moving_heap)
{
    enum { COUNT = 300 };
    pecs_entity entities[COUNT];
    char text[64];
    for (int i = 0; i < COUNT; i++)
        entities[i] = spawn_name(world, "a text of some length, of which the heap soon has many");
    for (int round = 0; round < 40; round++) {
        for (int i = round % 7; i < COUNT; i += 7) {
            snprintf(text, sizeof(text), "entity %d in round %d, with a text that takes room", i, round);
            record_text(entities[i], text);
        }
        cr_assert_eq(apply(), 0);
    }
    for (int i = 0; i < COUNT; i++) {
        int last = 39;
        while (last % 7 != i % 7)
            last--;
        snprintf(text, sizeof(text), "entity %d in round %d, with a text that takes room", i, last);
        expect_name(entities[i], 7, text);
    }
}
