/*
 * Filtered and converted snapshots of worlds with strings, blobs and lists: what is left out takes its contents with
 * it, references in lists are references, and nothing is copied that does not change.
 */
#define _GNU_SOURCE
#include "one_contents_fixture.h"

#include <pecs/attachments.h>
#include <pecs/filter.h>

TestSuite(filter_contents, .init = set_up, .fini = strike);

enum { COUNT = 2000, LARGE_COUNT = 9000 };
static pecs_entity entities[COUNT];

static bool is_frozen(int i)
{
    return i % 3 == 1;
}

/* All have names, some bags; each bag's friends are the entity before and the one after; that of entity 0 has many. */
static void fill(void)
{
    static uint8_t large[100 * 1000];
    for (int i = 0; i < COUNT; i++) {
        char text[32];
        snprintf(text, sizeof(text), "name %0*d", 1 + i % 20, i);
        entities[i] = spawn_name(world, text);
        if (is_frozen(i))
            cr_assert_eq(pecs_add(world, entities[i], Frozen), PECS_OK);
    }
    for (int i = 0; i < COUNT; i += 2) {
        const pecs_entity friends[] = { entities[i ? i - 1 : 0], entities[i + 1] };
        const Point points[] = { { 1, i }, { 2, -i } };
        const pecs_bytes bytes = { large, i % 400 == 0 ? sizeof(large) : (size_t)i % 9 };
        memset(large, i, bytes.size_bytes);
        cr_assert_eq(pecs_set(world, entities[i], Bag,
                              { .bytes = pecs_blob_of(&bytes),
                                .points = pecs_list_of(PECS_ARRAY(points)),
                                .friends = pecs_list_of(PECS_ARRAY(friends)),
                                .moods = pecs_list_of(PECS_BYTES("\1\0", 2)),
                                .labels = { pecs_string_of("first") } }),
                     PECS_OK);
    }
    pecs_entity *many = malloc(LARGE_COUNT * sizeof(*many));
    must(many != NULL);
    for (int i = 0; i < LARGE_COUNT; i++)
        many[i] = entities[i % COUNT];
    const pecs_bytes friends = { many, LARGE_COUNT * sizeof(*many) };
    cr_assert_eq(pecs_world_set_contents(world, entities[0], Bag_component, offsetof(Bag, friends), &friends), PECS_OK);
    free(many);
    const Bag bag = { .friends = pecs_list_of(PECS_BYTES(&entities[1], sizeof(entities[1]))) };
    cr_assert_eq(pecs_world_set_singleton(world, Bag_component, sizeof(bag), &bag), PECS_OK);
    check_contents(world);
}

/* A base of each kind: from memory, from a resume, from a load. */
enum { KIND_COUNT = 1 + VERB_COUNT };
static pecs_snapshot *base_of(int kind)
{
    if (!kind)
        return take(world);
    save_world(world, "base");
    return open_snapshot(registry, kind - 1, "base");
}

static pecs_snapshot *filter_of(const pecs_snapshot *base, const pecs_filter *filter)
{
    pecs_snapshot *made = NULL;
    pecs_error error;
    const uint64_t hash = pecs_view_hash(pecs_snapshot_view(base));
    cr_assert_eq(pecs_snapshot_filter(base, filter, &made, &error), PECS_OK, "%s", error.message);
    cr_assert_eq(pecs_view_hash(pecs_snapshot_view(base)), hash);
    cr_assert_eq(pecs_view_check(pecs_snapshot_view(base), NULL, NULL, &error), PECS_OK, "%s", error.message);
    return made;
}

/* The result is what the edits make of the base, also as a world that is edited on and as a file. */
static void expect_content(const pecs_snapshot *made, const pecs_world *edited)
{
    const pecs_view expected = pecs_world_view((pecs_world *)(uintptr_t)edited);
    const uint64_t hash = pecs_view_hash(expected);
    cr_assert_eq(pecs_view_hash(pecs_snapshot_view(made)), hash);
    cr_assert_eq(summary_of(pecs_snapshot_view(made)).content_bytes, summary_of(expected).content_bytes);
    pecs_world *next = make_world(registry, made);
    check_contents(next);
    save_world(next, "made");
    pecs_snapshot *loaded = open_snapshot(registry, 1, "made");
    cr_assert_eq(pecs_view_hash(pecs_snapshot_view(loaded)), hash);
    pecs_snapshot_release(loaded);
    cr_assert_eq(pecs_world_compact(next, NULL), PECS_OK);
    check_contents(next);
    cr_assert_eq(pecs_view_hash(pecs_world_view(next)), hash);
    const pecs_entity entity = spawn_name(next, "one more");
    cr_assert_str_eq(name_of(pecs_world_view(next), entity), "one more");
    check_contents(next);
    cr_assert_eq(pecs_view_hash(pecs_snapshot_view(made)), hash);
    pecs_world_destroy(next);
}

/* Each of the components, and Frozen, without which tables become equal and rows move. */
Test(filter_contents, components)
{
    fill();
    for (pecs_component left_out = 0; left_out < kept_type_count; left_out++) {
        for (int kind = 0; kind < KIND_COUNT; kind++) {
            pecs_snapshot *base = base_of(kind);
            pecs_snapshot *made = filter_of(base, &(pecs_filter){ .components = &left_out, .component_count = 1 });
            pecs_world *edited = make_world(registry, base);
            for (int i = 0; i < COUNT; i++)
                if (pecs_view_has(pecs_world_view(edited), entities[i], left_out))
                    cr_assert_eq(pecs_world_remove(edited, entities[i], &left_out, 1), PECS_OK);
            if (left_out == Bag_component)
                cr_assert_eq(pecs_world_remove_singleton(edited, left_out), PECS_OK);
            pecs_snapshot_release(base);
            expect_content(made, edited);
            pecs_snapshot_release(made);
            pecs_world_destroy(edited);
        }
    }
}

/* Clears by hand what names a frozen entity, and counts it; of the singleton if `whose` is none. */
static uint64_t clear_friends(pecs_world *in, pecs_entity whose)
{
    const Bag *bag =
        whose.generation ? pecs_get(pecs_world_view(in), whose, Bag) : pecs_get_singleton(pecs_world_view(in), Bag);
    size_t size;
    uint64_t count = 0;
    if (!bag)
        return 0;
    const pecs_entity *found = pecs_view_list(pecs_world_view(in), bag->friends, pecs_entity, &size);
    pecs_entity *friends = malloc(size * sizeof(*friends));
    must(friends != NULL);
    for (size_t i = 0; i < size; i++) {
        const bool is_cleared = pecs_view_has(pecs_world_view(in), found[i], Frozen_component);
        friends[i] = is_cleared ? none : found[i];
        count += is_cleared;
    }
    const pecs_bytes given = { friends, size * sizeof(*friends) };
    cr_assert_eq(pecs_world_set_contents(in, whose, Bag_component, offsetof(Bag, friends), &given), PECS_OK);
    free(friends);
    return count;
}

Test(filter_contents, entities_and_references_in_lists)
{
    fill();
    pecs_query *frozen = make_query(registry, (pecs_term[]){ { Frozen_component, PECS_WITH } }, 1);
    for (int kind = 0; kind < KIND_COUNT; kind++) {
        for (pecs_references references = PECS_REFERENCES_KEEP; references <= PECS_REFERENCES_CLEAR; references++) {
            pecs_snapshot *base = base_of(kind);
            pecs_left_out report;
            pecs_snapshot *made =
                filter_of(base, &(pecs_filter){ .query = frozen, .references = references, .left_out = &report });
            pecs_world *edited = make_world(registry, base);
            uint64_t count = 0;
            for (int i = 0; references == PECS_REFERENCES_CLEAR && i <= COUNT; i++)
                if (i == COUNT || !is_frozen(i))
                    count += clear_friends(edited, i == COUNT ? none : entities[i]);
            cr_assert_eq(pecs_world_despawn_matching(edited, frozen, NULL), PECS_OK);
            cr_assert_eq(report.reference_count, count);
            cr_assert(references == PECS_REFERENCES_KEEP || count > LARGE_COUNT / 3);
            pecs_snapshot_release(base);
            expect_content(made, edited);
            pecs_snapshot_release(made);
            pecs_world_destroy(edited);
        }
    }
    pecs_query_destroy(frozen);
}

Test(filter_contents, a_refusal_names_the_list)
{
    fill();
    pecs_query *frozen = make_query(registry, (pecs_term[]){ { Frozen_component, PECS_WITH } }, 1);
    const pecs_filter filter = { .query = frozen, .references = PECS_REFERENCES_REFUSE };
    pecs_snapshot *base = take(world), *made = NULL;
    pecs_error error;
    cr_assert_eq(pecs_snapshot_filter(base, &filter, &made, &error), PECS_E_INVALID);
    cr_assert_null(made);
    cr_assert_str_eq(error.message, "entity 0:1: friends[1] of 'Bag' names entity 1:1, which is left out");
    pecs_snapshot_release(base);
    for (int i = 0; i < COUNT; i += 2)
        if (pecs_view_has(pecs_world_view(world), entities[i], Bag_component))
            cr_assert_eq(pecs_world_set_contents(world, entities[i], Bag_component, offsetof(Bag, friends), NULL),
                         PECS_OK);
    base = take(world);
    cr_assert_eq(pecs_snapshot_filter(base, &filter, &made, &error), PECS_E_INVALID);
    cr_assert_str_eq(error.message, "singleton: friends[0] of 'Bag' names entity 1:1, which is left out");
    pecs_snapshot_release(base);
    pecs_query_destroy(frozen);
}

/* Lists and bytes of 64 KiB and more that do not change are not copied. */
Test(filter_contents, large_contents_are_shared)
{
    fill();
    pecs_query *frozen = make_query(registry, (pecs_term[]){ { Frozen_component, PECS_WITH } }, 1);
    pecs_snapshot *base = take(world);
    pecs_snapshot *made = filter_of(base, &(pecs_filter){ .query = frozen, .references = PECS_REFERENCES_CLEAR });
    const pecs_view before = pecs_snapshot_view(base), after = pecs_snapshot_view(made);
    int count = 0;
    for (int i = 0; i < COUNT; i += 400) {
        size_t size, size_before;
        if (is_frozen(i))
            continue;
        const void *bytes = pecs_view_blob(after, pecs_get(after, entities[i], Bag)->bytes, &size);
        cr_assert_eq(bytes, pecs_view_blob(before, pecs_get(before, entities[i], Bag)->bytes, &size_before));
        cr_assert(size == 100 * 1000 && size_before == size);
        count++;
    }
    cr_assert_geq(count, 3);
    pecs_snapshot_release(base);
    pecs_snapshot_release(made);
    pecs_query_destroy(frozen);
}

static void rename_all(pecs_world *in, pecs_component name, const char *text, int first)
{
    for (int i = first; i < COUNT; i++) {
        const pecs_bytes given = { text, strlen(text) };
        cr_assert_eq(pecs_world_set_contents(in, entities[i], name, offsetof(Name, text), &given), PECS_OK);
    }
}

/* Half of the contents lie in the other space; what is left goes on moving to its end. */
Test(filter_contents, while_the_heap_moves)
{
    static char text[600];
    fill();
    memset(text, 'x', sizeof(text) - 1);
    rename_all(world, Name_component, text, 0);
    for (int i = 0; !heap_of(world)->is_moving; i = (i + 1) % COUNT)
        cr_assert_eq(pecs_set(world, entities[i], Name, { 1, pecs_string_of(text) }), PECS_OK);
    pecs_snapshot *base = take(world);
    cr_assert(heap_of(world)->is_moving);
    const pecs_component frozen = Frozen_component;
    pecs_snapshot *made = filter_of(base, &(pecs_filter){ .components = &frozen, .component_count = 1 });
    pecs_world *edited = make_world(registry, base), *next = make_world(registry, made);
    for (int i = 0; i < COUNT; i++)
        if (is_frozen(i))
            cr_assert_eq(pecs_remove(edited, entities[i], Frozen), PECS_OK);
    cr_assert(heap_of(next)->is_moving);
    for (int i = 0; heap_of(next)->is_moving; i = (i + 1) % COUNT)
        cr_assert_eq(pecs_set(next, entities[i], Name, { 7, pecs_string_of("short") }), PECS_OK);
    check_contents(next);
    pecs_snapshot_release(base);
    expect_content(made, edited);
    pecs_snapshot_release(made);
    pecs_world_destroy(edited);
    pecs_world_destroy(next);
}

Test(filter_contents, memory_runs_out)
{
    fill();
    pecs_query *frozen = make_query(registry, (pecs_term[]){ { Frozen_component, PECS_WITH } }, 1);
    const pecs_component name = Name_component;
    const pecs_filter filter = {
        .components = &name, .component_count = 1, .query = frozen, .references = PECS_REFERENCES_CLEAR
    };
    pecs_snapshot *base = base_of(1), *made = NULL;
    pecs_status status = PECS_E_MEMORY;
    const uint64_t hash = pecs_view_hash(pecs_snapshot_view(base));
    for (uint64_t nth = 1; status == PECS_E_MEMORY; nth++) {
        counting.fail_at = counting.call_count + nth;
        status = pecs_snapshot_filter(base, &filter, &made, NULL);
        counting.fail_at = 0;
        must(status == PECS_OK || status == PECS_E_MEMORY);
        must(pecs_view_hash(pecs_snapshot_view(base)) == hash);
    }
    pecs_world *next = make_world(registry, made);
    check_contents(next);
    pecs_world_destroy(next);
    pecs_snapshot_release(made);
    pecs_snapshot_release(base);
    pecs_query_destroy(frozen);
}

/* A registry with the types in another order, and without positions. */
enum { OTHER_FROZEN, OTHER_BAG, OTHER_NAME, OTHER_COUNT };
static const pecs_type *const other_types[] = { &Frozen_type, &Bag_type, &Name_type };

static void expect_converted(const pecs_snapshot *base, const pecs_snapshot *made)
{
    const pecs_view from = pecs_snapshot_view(base), to = pecs_snapshot_view(made);
    cr_assert_eq(pecs_view_hash(from), pecs_view_hash(to));
    for (int i = 0; i < COUNT; i += 100) {
        const Name *name = pecs_get_as(to, entities[i], OTHER_NAME, Name);
        cr_assert_eq(pecs_view_string(to, name->text, NULL), name_of(from, entities[i]), "the bytes are shared");
    }
    pecs_attachment note;
    cr_assert_eq(pecs_view_attachment(to, "note", &note), PECS_OK);
    cr_assert(note.size_bytes == 5 && memcmp(note.data, "hello", 5) == 0);
}

Test(filter_contents, conversions)
{
    fill();
    cr_assert_eq(pecs_world_attach(world, "note", PECS_BYTES("hello", 5)), PECS_OK);
    for (int kind = 0; kind < KIND_COUNT; kind++) {
        pecs_registry *other = make_registry(other_types, OTHER_COUNT, counting_hooks);
        pecs_snapshot *base = base_of(kind), *made = NULL;
        pecs_error error;
        cr_assert_eq(pecs_snapshot_convert(base, other, &made, &error), PECS_OK, "%s", error.message);
        expect_converted(base, made);
        const uint64_t hash = pecs_view_hash(pecs_snapshot_view(base));
        pecs_world *there = make_world(other, made), *here = make_world(registry, base);
        rename_all(there, OTHER_NAME, "of the other", 0);
        rename_all(here, Name_component, "of the first", 0);
        cr_assert_eq(pecs_view_hash(pecs_snapshot_view(made)), hash);
        cr_assert_eq(pecs_view_hash(pecs_snapshot_view(base)), hash);
        pecs_world_destroy(here);
        pecs_snapshot_release(base);
        pecs_snapshot_release(made);
        rename_all(there, OTHER_NAME, "longer than that", 3);
        cr_assert_eq(pecs_world_compact(there, NULL), PECS_OK);
        check_world(there);
        save_world(there, "there");
        pecs_snapshot *loaded = open_snapshot(other, 1, "there");
        cr_assert_eq(pecs_view_hash(pecs_snapshot_view(loaded)), pecs_view_hash(pecs_world_view(there)));
        const pecs_view read = pecs_snapshot_view(loaded);
        cr_assert_str_eq(pecs_view_string(read, pecs_get_as(read, entities[0], OTHER_NAME, Name)->text, NULL),
                         "of the other");
        cr_assert_str_eq(pecs_view_string(read, pecs_get_as(read, entities[9], OTHER_NAME, Name)->text, NULL),
                         "longer than that");
        cr_assert_eq(pecs_view_attachment_count(read), 1);
        pecs_snapshot_release(loaded);
        pecs_world_destroy(there);
        pecs_registry_release(other);
    }
}
