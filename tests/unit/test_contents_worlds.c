/*
 * Strings, blobs and lists in worlds, snapshots, command buffers and files: who keeps what, and how invalid references
 * are found.
 */
#define _GNU_SOURCE
#include "bits.h"
#include "one_contents_fixture.h"
#include "projection.h"

TestSuite(contents_worlds, .init = set_up, .fini = strike);

static void rename_to(pecs_world *target, pecs_entity entity, const char *text)
{
    cr_assert_eq(pecs_set(target, entity, Name, { 1, pecs_string_of(text) }), PECS_OK);
}

/* Snapshots. */

Test(contents_worlds, a_snapshot_keeps_what_is_replaced)
{
    const pecs_entity entity = spawn_name(world, "before");
    pecs_snapshot *snapshot = take(world);
    rename_to(world, entity, "after");
    cr_assert_str_eq(name_of(pecs_snapshot_view(snapshot), entity), "before");
    cr_assert_str_eq(name_of(view(), entity), "after");
    cr_assert_eq(pecs_world_rewind(world, snapshot), PECS_OK);
    cr_assert_str_eq(name_of(view(), entity), "before");
    rename_to(world, entity, "again");
    cr_assert_eq(pecs_world_restore(world, snapshot), PECS_OK);
    cr_assert_str_eq(name_of(view(), entity), "before");
    check_contents(world);
    pecs_snapshot_release(snapshot);
}

Test(contents_worlds, an_edit_in_place_leaves_the_snapshot_as_it_was)
{
    const pecs_entity entity = spawn_bag(world, &(Bag){ .bytes = pecs_blob_of(PECS_BYTES("0123456789", 10)) });
    pecs_snapshot *snapshot = take(world);
    void *bytes;
    cr_assert_eq(pecs_world_edit_contents(world, entity, Bag_component, 0, PECS_KEEP_SIZE, &bytes, NULL), PECS_OK);
    memcpy(bytes, "abc", 3);
    cr_assert(has_bytes(view(), pecs_get(view(), entity, Bag)->bytes, "abc3456789", 10));
    const pecs_view old = pecs_snapshot_view(snapshot);
    cr_assert(has_bytes(old, pecs_get(old, entity, Bag)->bytes, "0123456789", 10));
    pecs_snapshot_release(snapshot);
    check_contents(world);
}

Test(contents_worlds, forks_go_their_own_ways)
{
    const pecs_entity entity = spawn_name(world, "common");
    pecs_snapshot *snapshot = take(world);
    pecs_world *fork = make_world(registry, snapshot);
    pecs_snapshot_release(snapshot);
    rename_to(fork, entity, "of the fork");
    const pecs_entity other = spawn_name(fork, "more");
    rename_to(world, entity, "of the first");
    cr_assert_str_eq(name_of(pecs_world_view(fork), entity), "of the fork");
    cr_assert_str_eq(name_of(pecs_world_view(fork), other), "more");
    cr_assert_str_eq(name_of(view(), entity), "of the first");
    check_contents(fork);
    pecs_world_destroy(fork);
    cr_assert_str_eq(name_of(view(), entity), "of the first");
    check_contents(world);
}

/* A reference of one world is refused by the other, though the fork would find the contents. */
Test(contents_worlds, a_fork_refuses_references_too)
{
    const pecs_entity entity = spawn_name(world, "common");
    pecs_snapshot *snapshot = take(world);
    pecs_world *fork = make_world(registry, snapshot);
    const Name copy = *pecs_get(view(), entity, Name);
    cr_assert_eq(pecs_set_ptr(fork, entity, Name, &copy), PECS_E_MISUSE);
    pecs_world_destroy(fork);
    pecs_snapshot_release(snapshot);
}

/* Rows. */

Test(contents_worlds, rows_take_their_contents_with_them)
{
    const pecs_entity a = spawn_name(world, "a"), b = spawn_name(world, "b"), c = spawn_name(world, "c");
    cr_assert_eq(pecs_add(world, a, Frozen), PECS_OK);
    cr_assert_eq(pecs_set(world, b, Bag, { .labels = { pecs_string_of("label") } }), PECS_OK);
    cr_assert_eq(pecs_despawn(world, c), PECS_OK);
    cr_assert_str_eq(name_of(view(), a), "a");
    cr_assert_str_eq(name_of(view(), b), "b");
    check_contents(world);
    cr_assert_eq(pecs_remove(world, b, Name), PECS_OK);
    cr_assert_str_eq(pecs_view_string(view(), pecs_get(view(), b, Bag)->labels[0], NULL), "label");
    cr_assert_eq(heap_of(world)->live_units, 2);
    cr_assert_eq(pecs_add(world, b, Name), PECS_OK);
    cr_assert_str_eq(name_of(view(), b), "", "what is added is empty");
    check_contents(world);
}

Test(contents_worlds, despawn_matching_forgets_contents)
{
    for (int i = 0; i < 100; i++) {
        const pecs_entity entity = spawn_name(world, "twelve bytes");
        if (i % 2)
            cr_assert_eq(pecs_add(world, entity, Frozen), PECS_OK);
    }
    pecs_query *query = make_query(registry, (pecs_term[]){ { Frozen_component, PECS_WITH } }, 1);
    uint64_t count;
    cr_assert_eq(pecs_world_despawn_matching(world, query, &count), PECS_OK);
    cr_assert(count == 50 && heap_of(world)->live_units == 100);
    check_contents(world);
    pecs_query_destroy(query);
}

Test(contents_worlds, an_iteration_reads_with_one_heap)
{
    enum { COUNT = 10000 };
    static pecs_entity entities[COUNT];
    for (int i = 0; i < COUNT; i++) {
        char text[16];
        snprintf(text, sizeof(text), "%d", i);
        entities[i] = spawn_name(world, text);
    }
    pecs_query *query = make_query(registry, (pecs_term[]){ { Name_component, PECS_READ } }, 1);
    const pecs_heap *heap = pecs_view_heap(view());
    pecs_iter iter = pecs_query_iter(query, view(), NULL);
    size_t count = 0;
    while (pecs_iter_next(&iter)) {
        const Name *names = pecs_column(&iter, Name);
        for (size_t i = 0; i < iter.row_count; i++, count++)
            must(same(iter.entities[i], entities[count]) &&
                 (size_t)atoi(pecs_heap_string(heap, names[i].text, NULL)) == count);
    }
    cr_assert_eq(pecs_iter_end(&iter), PECS_OK);
    cr_assert_eq(count, COUNT);
    pecs_query_destroy(query);
}

Test(contents_worlds, a_projection_keeps_the_other_contents)
{
    const pecs_entity entity = spawn_name(world, "kept");
    cr_assert_eq(pecs_set(world, entity, Bag, { .labels = { pecs_string_of("left out") } }), PECS_OK);
    pecs_snapshot *snapshot = take(world), *made = NULL;
    uint64_t bits[4] = { 0 };
    bits_set(bits, state_place(snapshot, Bag_component));
    cr_assert_eq(projection_make(snapshot, &(struct projection_less){ .components = bits }, &made), PECS_OK);
    pecs_snapshot_release(snapshot);
    cr_assert_str_eq(name_of(pecs_snapshot_view(made), entity), "kept");
    cr_assert_not(pecs_has(pecs_snapshot_view(made), entity, Bag));
    pecs_snapshot_release(made);
}

/* Command buffers. */

static pecs_commands *make_commands(void)
{
    pecs_commands *commands = NULL;
    cr_assert_eq(pecs_commands_create(registry, &commands), PECS_OK);
    return commands;
}

Test(contents_worlds, recorded_contents_are_copies)
{
    pecs_commands *commands = make_commands();
    const pecs_entity entity = spawn_name(world, "old");
    char text[] = "recorded", label[] = "label";
    pecs_entity spawned;
    {
        const pecs_bytes given = { label, 5 };
        const Bag bag = { .labels = { pecs_string_from(&given) }, .bytes = pecs_blob_of(&given) };
        cr_assert_eq(pecs_set(commands, entity, Name, { 2, pecs_string_of(text) }), PECS_OK);
        cr_assert_eq(pecs_spawn(commands, &spawned, PECS_ROWS(Bag, &bag)), PECS_OK);
    }
    memset(text, '?', sizeof(text) - 1);
    memset(label, '?', sizeof(label) - 1);
    cr_assert_str_eq(name_of(view(), entity), "old");
    cr_assert_eq(pecs_commands_apply(commands, world, NULL), PECS_OK);
    cr_assert_str_eq(name_of(view(), entity), "recorded");
    const Bag *bag = pecs_get(view(), pecs_commands_resolve(commands, spawned), Bag);
    cr_assert_str_eq(pecs_view_string(view(), bag->labels[0], NULL), "label");
    cr_assert(has_bytes(view(), bag->bytes, "label", 5));
    check_contents(world);
    pecs_commands_destroy(commands);
}

Test(contents_worlds, the_last_set_counts)
{
    pecs_commands *commands = make_commands();
    const pecs_entity entity = spawn_name(world, "old"), bare = spawn_one(world, NULL, 0);
    pecs_entity spawned;
    rename_to(world, entity, "older");
    cr_assert_eq(pecs_set(commands, entity, Name, { 1, pecs_string_of("first") }), PECS_OK);
    cr_assert_eq(pecs_set(commands, entity, Name, { 2, pecs_string_of("second") }), PECS_OK);
    cr_assert_eq(pecs_set(commands, bare, Name, { 3, pecs_string_of("third") }), PECS_OK);
    cr_assert_eq(pecs_remove(commands, bare, Name), PECS_OK);
    cr_assert_eq(pecs_add(commands, bare, Name), PECS_OK);
    cr_assert_eq(pecs_spawn(commands, &spawned, PECS_VALUE(Name, 4, pecs_string_of("fourth"))), PECS_OK);
    cr_assert_eq(pecs_set(commands, spawned, Name, { 5, pecs_string_of("fifth") }), PECS_OK);
    cr_assert_eq(pecs_commands_apply(commands, world, NULL), PECS_OK);
    cr_assert_str_eq(name_of(view(), entity), "second");
    cr_assert_str_eq(name_of(view(), bare), "");
    cr_assert_str_eq(name_of(view(), pecs_commands_resolve(commands, spawned)), "fifth");
    check_contents(world);
    cr_assert_eq(pecs_set(commands, bare, Name, { 3, pecs_string_of("sixth") }), PECS_OK);
    cr_assert_eq(pecs_remove(commands, bare, Name), PECS_OK);
    cr_assert_eq(pecs_commands_apply(commands, world, NULL), PECS_OK);
    cr_assert_not(pecs_has(view(), bare, Name));
    check_contents(world);
    pecs_commands_destroy(commands);
}

Test(contents_worlds, provisional_handles_in_lists)
{
    pecs_commands *commands = make_commands();
    const pecs_entity entity = spawn_one(world, NULL, 0);
    pecs_entity friends[3] = { entity };
    for (int i = 1; i < 3; i++)
        cr_assert_eq(pecs_spawn(commands, &friends[i], PECS_HAS(Frozen)), PECS_OK);
    cr_assert_eq(pecs_set(commands, friends[1], Bag, { .friends = pecs_list_of(PECS_ARRAY(friends)) }), PECS_OK);
    cr_assert_eq(pecs_set(commands, entity, Bag, { .friends = pecs_list_of(PECS_ELEMENTS(&friends[2], 1)) }), PECS_OK);
    cr_assert_eq(pecs_commands_apply(commands, world, NULL), PECS_OK);
    const pecs_entity one = pecs_commands_resolve(commands, friends[1]);
    const pecs_entity two = pecs_commands_resolve(commands, friends[2]);
    size_t count;
    const pecs_entity *list = pecs_view_list(view(), pecs_get(view(), one, Bag)->friends, pecs_entity, &count);
    cr_assert(count == 3 && same(list[0], entity) && same(list[1], one) && same(list[2], two));
    list = pecs_view_list(view(), pecs_get(view(), entity, Bag)->friends, pecs_entity, &count);
    cr_assert(count == 1 && same(list[0], two));
    check_contents(world);
    cr_assert_eq(pecs_set(commands, entity, Bag, { .friends = pecs_list_of(PECS_ARRAY(friends)) }), PECS_E_MISUSE,
                 "handles of an earlier batch");
    pecs_commands_destroy(commands);
}

Test(contents_worlds, commands_refuse_what_edits_refuse)
{
    pecs_commands *commands = make_commands();
    const pecs_entity entity = spawn_name(world, "old");
    const Name copy = *pecs_get(view(), entity, Name);
    cr_assert_eq(pecs_set_ptr(commands, entity, Name, &copy), PECS_E_MISUSE);
    cr_assert_str_eq(
        pecs_commands_error(commands)->message,
        "text of 'Name': it is a reference, copied from a view: give the contents themselves (contents.h)");
    cr_assert_eq(pecs_set(commands, entity, Name, { 1, pecs_string_of("\xff") }), PECS_E_MISUSE);
    cr_assert_eq(pecs_spawn(commands, NULL, PECS_VALUE(Bag, .points = pecs_list_of(PECS_BYTES("1", 1)))),
                 PECS_E_MISUSE);
    cr_assert_eq(pecs_commands_apply(commands, world, NULL), PECS_OK);
    cr_assert_str_eq(name_of(view(), entity), "old", "nothing was recorded");
    cr_assert_eq(summary_of(view()).entity_count, 1);
    pecs_commands_destroy(commands);
}

Test(contents_worlds, a_set_of_what_is_despawned)
{
    pecs_commands *commands = make_commands();
    const pecs_entity entity = spawn_name(world, "old"), dead = spawn_name(world, "dead");
    uint64_t skipped;
    cr_assert_eq(pecs_despawn(world, dead), PECS_OK);
    cr_assert_eq(pecs_set(commands, dead, Name, { 1, pecs_string_of("never") }), PECS_OK);
    cr_assert_eq(pecs_set(commands, entity, Name, { 1, pecs_string_of("lost") }), PECS_OK);
    cr_assert_eq(pecs_despawn(commands, entity), PECS_OK);
    cr_assert_eq(pecs_commands_apply(commands, world, &skipped), PECS_OK);
    cr_assert_eq(summary_of(view()).entity_count, 0);
    cr_assert_eq(heap_of(world)->live_units, 0);
    check_contents(world);
    pecs_commands_destroy(commands);
}

/* A buffer that failed for want of memory is applied later, by then without what was given. */
Test(contents_worlds, an_apply_that_failed_is_applied_again)
{
    pecs_commands *commands = make_commands();
    const pecs_entity entity = spawn_name(world, "old");
    {
        char text[] = "recorded";
        cr_assert_eq(pecs_set(commands, entity, Name, { 1, pecs_string_of(text) }), PECS_OK);
        memset(text, 0, sizeof(text));
    }
    pecs_snapshot *snapshot = take(world); /* so that all has to be copied */
    counting.fail_at = counting.call_count + 1;
    counting.fail_after = true;
    cr_assert_eq(pecs_commands_apply(commands, world, NULL), PECS_E_MEMORY);
    counting.fail_at = 0;
    cr_assert_str_eq(name_of(view(), entity), "old");
    cr_assert_eq(pecs_commands_apply(commands, world, NULL), PECS_OK);
    cr_assert_str_eq(name_of(view(), entity), "recorded");
    pecs_snapshot_release(snapshot);
    pecs_commands_destroy(commands);
}

/* Hash and difference are those of the contents, wherever they lie. */

struct found {
    size_t count;
    pecs_entity entities[16];
};

static bool note_change(void *user, const pecs_change *change)
{
    struct found *found = user;
    must(change->kind == PECS_COMPONENT_CHANGED && found->count < 16);
    found->entities[found->count++] = change->before;
    return true;
}

static size_t count_changes(pecs_view from, pecs_view to)
{
    struct found found = { .count = 0 };
    cr_assert_eq(pecs_view_diff(from, to, note_change, &found), PECS_OK);
    return found.count;
}

Test(contents_worlds, hash_and_diff_compare_contents)
{
    const Point points[] = { { 1, 2 }, { 3, 4 } };
    const pecs_entity entity =
        spawn_bag(world, &(Bag){ .points = pecs_list_of(PECS_ARRAY(points)), .labels = { pecs_string_of("label") } });
    const pecs_entity named = spawn_name(world, "name");
    pecs_snapshot *snapshot = take(world);
    const pecs_view old = pecs_snapshot_view(snapshot);
    const uint64_t hash = pecs_view_hash(old);
    rename_to(world, named, "other");
    cr_assert(pecs_view_hash(view()) != hash && count_changes(old, view()) == 1);
    cr_assert_eq(pecs_set(world, named, Name, { 7, pecs_string_of("name") }), PECS_OK);
    cr_assert_eq(pecs_set_contents(world, entity, Bag, points, PECS_ARRAY(points)), PECS_OK);
    cr_assert_neq(pecs_get(view(), named, Name)->text.reference, pecs_get(old, named, Name)->text.reference);
    cr_assert(pecs_view_hash(view()) == hash && count_changes(old, view()) == 0, "the same, elsewhere");
    void *bytes;
    cr_assert_eq(
        pecs_world_edit_contents(world, entity, Bag_component, offsetof(Bag, points), PECS_KEEP_SIZE, &bytes, NULL),
        PECS_OK);
    memset((uint8_t *)bytes + 2, 0xff, 2); /* padding */
    cr_assert(pecs_view_hash(view()) == hash && count_changes(old, view()) == 0, "padding does not count");
    ((Point *)bytes)[1].y = 5;
    cr_assert(pecs_view_hash(view()) != hash && count_changes(old, view()) == 1);
    pecs_snapshot_release(snapshot);
}

/* Contents that are divided otherwise among the members are others. */
Test(contents_worlds, hash_distinguishes_members)
{
    const pecs_entity entity = spawn_bag(world, &(Bag){ .labels = { pecs_string_of("ab"), pecs_string_of("c") } });
    const uint64_t hash = pecs_view_hash(view());
    cr_assert_eq(pecs_set(world, entity, Bag, { .labels = { pecs_string_of("a"), pecs_string_of("bc") } }), PECS_OK);
    cr_assert_neq(pecs_view_hash(view()), hash);
}

/* Files. */

Test(contents_worlds, files_keep_contents)
{
    const Point points[] = { { 1, 2 }, { 3, 4 } };
    const pecs_entity named = spawn_name(world, "Zo\xc3\xab");
    const pecs_entity entity = spawn_bag(world, &(Bag){ .bytes = pecs_blob_of(PECS_BYTES("\0\xff", 2)),
                                                        .points = pecs_list_of(PECS_ARRAY(points)),
                                                        .friends = pecs_list_of(PECS_BYTES(&named, sizeof(named))) });
    const uint64_t hash = pecs_view_hash(view());
    save_world(world, "a");
    for (int verb = 0; verb < VERB_COUNT; verb++) {
        pecs_world *other = open_world(registry, verb, "a");
        cr_assert_eq(pecs_view_hash(pecs_world_view(other)), hash);
        check_contents(other);
        rename_to(other, named, "renamed");
        void *bytes;
        cr_assert_eq(pecs_world_edit_contents(other, entity, Bag_component, 0, PECS_KEEP_SIZE, &bytes, NULL), PECS_OK);
        ((uint8_t *)bytes)[0] = 7;
        cr_assert_str_eq(name_of(pecs_world_view(other), named), "renamed");
        check_contents(other);
        save_world(other, "b");
        pecs_world *again = open_world(registry, verb, "b");
        cr_assert_eq(pecs_view_hash(pecs_world_view(again)), pecs_view_hash(pecs_world_view(other)));
        cr_assert(has_bytes(pecs_world_view(again), pecs_get(pecs_world_view(again), entity, Bag)->bytes, "\7\xff", 2));
        pecs_world_destroy(again);
        pecs_world_destroy(other);
    }
}

/* Equal worlds give equal files, whatever their heaps went through. */
Test(contents_worlds, equal_states_give_equal_bytes)
{
    pecs_entity entities[50];
    for (int i = 0; i < 50; i++)
        entities[i] = spawn_name(world, "a name");
    save_world(world, "a");
    for (int i = 0; i < 50; i++)
        rename_to(world, entities[49 - i], "b");
    for (int i = 0; i < 50; i++)
        cr_assert_eq(pecs_set_contents(world, entities[49 - i], Name, text, PECS_BYTES("a name", 6)), PECS_OK);
    for (int i = 0; i < 50; i++)
        pecs_get_mut(world, entities[i], Name)->number = 7;
    save_world(world, "b");
    const struct file_bytes a = read_bytes("a"), b = read_bytes("b");
    cr_assert_eq(a.size, b.size);
    pecs_info *info;
    cr_assert_eq(pecs_file_info("b", NULL, NULL, &info, NULL), PECS_OK);
    cr_assert_eq(info->contents_bytes[0], 50 * 8);
    pecs_info_destroy(info);
    free(a.bytes);
    free(b.bytes);
}

/* Members that were written without an edit. */

struct reported {
    char lines[8][96];
    size_t count;
};

static bool note_invalid(void *user, const pecs_invalid *invalid)
{
    struct reported *reported = user;
    must(reported->count < 8);
    snprintf(reported->lines[reported->count++], sizeof(reported->lines[0]), "%u %s.%s %s %u+%u", invalid->entity.index,
             invalid->type, invalid->field, invalid->rule, invalid->offset, invalid->size);
    return true;
}

static void write_directly(pecs_entity named, pecs_entity entity)
{
    pecs_get_mut(world, named, Name)->text = pecs_string_of("direct");
    Bag *bag = pecs_get_mut(world, entity, Bag);
    bag->labels[1] = (pecs_string){ bag->bytes.reference }; /* no zero follows it */
    bag->points.reference = UINT64_MAX - 1;
    bag->moods = bag->friends; /* which are no moods */
    bag->bytes.reference = (uint64_t)9 << 40 | 1 << 30;
}

static void make_invalid(pecs_entity *ret_named)
{
    cr_assert_eq(pecs_world_spawn(world, NULL, 0, 5, NULL), PECS_OK);
    const pecs_entity named = spawn_name(world, "named");
    const pecs_entity entity = spawn_bag(world, &(Bag){ .bytes = pecs_blob_of(PECS_BYTES("12345678", 8)),
                                                        .friends = pecs_list_of(PECS_BYTES(&named, sizeof(named))),
                                                        .labels = { pecs_string_of("good") } });
    write_directly(named, entity);
    *ret_named = named;
}

Test(contents_worlds, a_check_finds_members_that_were_written_directly)
{
    static const char *const lines[] = { "5 Name.text VALUE-5 8+8", "6 Bag.bytes HEAP-2 0+8",
                                         "6 Bag.points VALUE-6 8+8", "6 Bag.moods[0] VALUE-6 24+8",
                                         "6 Bag.labels[1] VALUE-5 40+8" };
    struct reported reported = { .count = 0 };
    pecs_entity named;
    pecs_error error;
    make_invalid(&named);
    cr_assert_eq(pecs_view_check(view(), note_invalid, &reported, &error), PECS_E_INVALID);
    cr_assert_eq(reported.count, 5);
    for (size_t i = 0; i < 5; i++)
        cr_assert_str_eq(reported.lines[i], lines[i]);
    cr_assert_str_eq(error.message, "entity 5:1: text of 'Name' is not a string of UTF-8 without U+0000");
    cr_assert_str_eq(name_of(view(), named), "");
    cr_assert_eq(pecs_world_save(world, "a", &(pecs_save_options){ .skip_sync = true }, &error), PECS_E_INVALID);
    cr_assert_eq(file_count(), 0);
}

/* What leads to no contents is empty in the file, and what leads to others is a copy, which load accepts or repairs. */
Test(contents_worlds, a_repair_empties_them)
{
    static const pecs_save_options unchecked = { .skip_sync = true, .skip_check = true };
    static const pecs_load_options repairing = { .repair = pecs_repair_invalid };
    pecs_entity named;
    pecs_error error;
    make_invalid(&named);
    cr_assert_eq(pecs_world_save(world, "a", &unchecked, &error), PECS_OK, "%s", error.message);
    pecs_snapshot *snapshot = NULL;
    cr_assert_eq(pecs_snapshot_load(registry, "a", &repairing, &snapshot, &error), PECS_OK, "%s", error.message);
    const pecs_view loaded = pecs_snapshot_view(snapshot);
    const Bag *bag = pecs_get(loaded, ((pecs_entity){ 6, 1 }), Bag);
    cr_assert_str_eq(name_of(loaded, named), "");
    cr_assert_eq(bag->points.reference | bag->moods.reference | bag->bytes.reference, 0);
    cr_assert_str_eq(pecs_view_string(loaded, bag->labels[1], NULL), "12345678", "a save ends it with a zero");
    cr_assert_str_eq(pecs_view_string(loaded, bag->labels[0], NULL), "good");
    cr_assert_eq(pecs_view_check(loaded, NULL, NULL, &error), PECS_OK, "%s", error.message);
    pecs_snapshot_release(snapshot);
}

/* Invalid elements. */
Test(contents_worlds, a_check_names_lists_with_invalid_elements)
{
    static const char *const lines[] = { "0 Bag.friends[0] VALUE-6 16+8", "0 Bag.moods[1] VALUE-6 24+8" };
    const pecs_entity absent = { 5, 1 };
    struct reported reported = { .count = 0 };
    spawn_bag(world, &(Bag){ .friends = pecs_list_of(PECS_BYTES(&absent, sizeof(absent))),
                             .moods = pecs_list_of(PECS_BYTES("\1\2", 2)) });
    cr_assert_eq(pecs_view_check(view(), note_invalid, &reported, NULL), PECS_E_INVALID);
    cr_assert_eq(reported.count, 2);
    for (size_t i = 0; i < 2; i++)
        cr_assert_str_eq(reported.lines[i], lines[i]);
}

/* Sizes. Of the i-th size are the label of entity {2 * i, 1} and the bytes of {2 * i + 1, 1}. */

static void fill(uint8_t *bytes, size_t size, uint32_t number)
{
    for (size_t i = 0; i < size; i++)
        bytes[i] = (uint8_t)(1 + (i / 8 + number) % 127);
}

/* A reference has its contents' size in its upper 24 bits, of large contents those bits are all set. */
static void expect_sizes(pecs_view of, const size_t *sizes, uint32_t count, bool is_read)
{
    uint8_t *expected = malloc(sizes[count - 1]);
    must(expected != NULL);
    for (uint32_t i = 0; i < 2 * count; i++) {
        size_t size;
        const Bag *bag = pecs_get(of, ((pecs_entity){ i, 1 }), Bag);
        const void *found = i % 2 ? pecs_view_blob(of, bag->bytes, &size) : pecs_view_string(of, bag->labels[0], &size);
        fill(expected, sizes[i / 2], i);
        cr_assert_eq(size, sizes[i / 2]);
        cr_assert_eq(memcmp(found, expected, size), 0, "%zu bytes", size);
        cr_assert(i % 2 || strlen(found) == size);
        cr_assert_eq((uintptr_t)found % 8, 0);
        const uint64_t reference = i % 2 ? bag->bytes.reference : bag->labels[0].reference;
        cr_assert(!is_read || reference >> 40 == (size < 0xffffff ? size : 0xffffff), "%zu bytes", size);
    }
    free(expected);
}

/* Around the sizes of units, of large contents, of pages, and of those whose size stands before them. */
Test(contents_worlds, contents_of_all_sizes)
{
    static const size_t sizes[] = {
        1,     7,      8,      9,      4095,   4096,   65519,  65527,    65528,    65535,     65536,
        65537, 131072, 262135, 262136, 262143, 262144, 262145, 0xfffffe, 0xffffff, 0x1000000, 0x1000001,
    };
    enum { COUNT = sizeof(sizes) / sizeof(sizes[0]) };
    uint8_t *bytes = malloc(sizes[COUNT - 1]);
    must(bytes != NULL);
    for (uint32_t i = 0; i < 2 * COUNT; i++) {
        const pecs_bytes given = { bytes, sizes[i / 2] };
        fill(bytes, sizes[i / 2], i);
        spawn_bag(world, &(Bag){ .bytes = pecs_blob_of(i % 2 ? &given : NULL),
                                 .labels = { pecs_string_from(i % 2 ? NULL : &given) } });
    }
    free(bytes);
    check_contents(world);
    expect_sizes(view(), sizes, COUNT, false);
    save_world(world, "a");
    for (int verb = 0; verb < VERB_COUNT; verb++) {
        pecs_snapshot *snapshot = open_snapshot(registry, verb, "a");
        expect_sizes(pecs_snapshot_view(snapshot), sizes, COUNT, true);
        cr_assert_eq(pecs_view_hash(pecs_snapshot_view(snapshot)), pecs_view_hash(view()));
        pecs_snapshot_release(snapshot);
    }
}
