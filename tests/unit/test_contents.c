/* Strings, blobs and lists: what pecs/contents.h promises of giving, refusing, reading and editing in place. */
#include "one_contents_fixture.h"

TestSuite(contents, .init = set_up, .fini = strike);

static void expect_refused(pecs_status found, pecs_status status, const char *message)
{
    cr_assert_eq(found, status, "%s", pecs_status_name(found));
    cr_assert_str_eq(pecs_world_error(world)->message, message);
}

/* Giving and reading. */

Test(contents, a_string_is_read_as_it_was_given)
{
    const pecs_entity entity = spawn_name(world, "Zo\xc3\xab");
    size_t size;
    const char *text = pecs_view_string(view(), pecs_get(view(), entity, Name)->text, &size);
    cr_assert_str_eq(text, "Zo\xc3\xab");
    cr_assert_eq(size, 4);
    cr_assert_eq(pecs_get(view(), entity, Name)->number, 7);
}

Test(contents, zeros_are_empty)
{
    const pecs_entity entity = spawn_one(world, (pecs_value[]){ PECS_ROWS(Bag, (const Bag *)NULL) }, 1);
    const Bag *bag = pecs_get(view(), entity, Bag);
    size_t size = 7, count = 7;
    cr_assert_str_eq(pecs_view_string(view(), bag->labels[1], &size), "");
    cr_assert_eq(size, 0);
    (void)pecs_view_list(view(), bag->points, Point, &count);
    cr_assert_eq(count, 0);
    cr_assert(has_bytes(view(), bag->bytes, NULL, 0));
}

/* Whatever the first byte of the heap is, where an empty string finds its zero. */
Test(contents, empty_strings_beside_others)
{
    for (int first = 0; first < 2; first++) {
        const Point points[] = { { (int16_t)(first * 7), 1 } };
        spawn_bag(world, &(Bag){ .points = pecs_list_of(PECS_ARRAY(points)) });
        const pecs_entity entity = spawn_name(world, "");
        size_t size = 7;
        cr_assert_str_eq(pecs_view_string(view(), pecs_get(view(), entity, Name)->text, &size), "");
        cr_assert_eq(size, 0);
        pecs_world_destroy(world);
        world = make_world(registry, NULL);
    }
}

Test(contents, null_and_empty_are_given_as_empty)
{
    const pecs_bytes nothing = { NULL, 0 }, empty = { "", 0 };
    const Bag bag = { pecs_blob_of(NULL),
                      pecs_list_of(&nothing),
                      pecs_list_of(&empty),
                      pecs_list_of(NULL),
                      { pecs_string_of(NULL), pecs_string_from(&empty) } };
    const pecs_entity entity = spawn_bag(world, &bag);
    static const Bag zeros;
    cr_assert_eq(memcmp(pecs_get(view(), entity, Bag), &zeros, sizeof(zeros)), 0);
}

Test(contents, elements_have_their_type_and_no_padding)
{
    Point points[3];
    memset(points, 0xff, sizeof(points));
    for (int i = 0; i < 3; i++) {
        points[i].x = (int16_t)-i;
        points[i].y = 1000 * i;
    }
    const pecs_bytes bytes = PECS_ARRAY(points)[0];
    const pecs_entity entity = spawn_bag(world, &(Bag){ .points = pecs_list_of(&bytes) });
    size_t count;
    const Point *found = pecs_view_list(view(), pecs_get(view(), entity, Bag)->points, Point, &count);
    cr_assert_eq(count, 3);
    cr_assert_eq((uintptr_t)found % 8, 0);
    for (int i = 0; i < 3; i++) {
        static const uint8_t zeros[2];
        cr_assert(found[i].x == -i && found[i].y == 1000 * i);
        cr_assert_eq(memcmp((const uint8_t *)&found[i] + 2, zeros, 2), 0, "bytes that are not the program's");
    }
}

Test(contents, a_string_is_followed_by_zero_at_each_size)
{
    char text[300];
    memset(text, 'x', sizeof(text));
    for (size_t size = 0; size < sizeof(text); size++) {
        const pecs_bytes bytes = { text, size };
        const Name name = { 1, pecs_string_from(&bytes) };
        const pecs_entity entity = spawn_one(world, (pecs_value[]){ PECS_ROWS(Name, &name) }, 1);
        size_t found;
        const char *string = pecs_view_string(view(), pecs_get(view(), entity, Name)->text, &found);
        cr_assert(found == size && strlen(string) == size && memcmp(string, text, size) == 0);
    }
}

/* Around the sizes at which contents get pages of their own, and a size before them. */
Test(contents, large_contents)
{
    static uint8_t bytes[0xffffff + 2];
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (uint8_t)('a' + i % 26);
    static const size_t sizes[] = { HEAP_LARGE_BYTES - 8, HEAP_LARGE_BYTES - 1, HEAP_LARGE_BYTES, 256 * 1024 - 1,
                                    256 * 1024,           HEAP_LONG - 1,        HEAP_LONG,        HEAP_LONG + 1 };
    enum { SIZE_COUNT = sizeof(sizes) / sizeof(sizes[0]) };
    pecs_entity entities[SIZE_COUNT];
    for (size_t i = 0; i < SIZE_COUNT; i++) {
        const pecs_bytes given = { bytes, sizes[i] };
        entities[i] = spawn_bag(world, &(Bag){ .bytes = pecs_blob_of(&given), .labels = { pecs_string_from(&given) } });
    }
    for (size_t i = 0; i < SIZE_COUNT; i++) {
        const Bag *bag = pecs_get(view(), entities[i], Bag);
        size_t size;
        cr_assert(has_bytes(view(), bag->bytes, bytes, sizes[i]));
        const char *text = pecs_view_string(view(), bag->labels[0], &size);
        cr_assert(size == sizes[i] && text[size] == 0 && memcmp(text, bytes, size) == 0);
    }
}

Test(contents, many_rows_at_once)
{
    enum { COUNT = 5000 };
    static Name names[COUNT];
    static char texts[COUNT][16];
    static pecs_entity entities[COUNT];
    for (int i = 0; i < COUNT; i++) {
        snprintf(texts[i], sizeof(texts[i]), "name %d", i);
        names[i] = (Name){ (uint64_t)i, pecs_string_of(texts[i]) };
    }
    cr_assert_eq(pecs_world_spawn(world, (pecs_value[]){ PECS_ROWS(Name, names) }, 1, COUNT, entities), PECS_OK);
    memset(texts, '?', sizeof(texts)); /* they may die now */
    for (int i = 0; i < COUNT; i++) {
        char expected[16];
        snprintf(expected, sizeof(expected), "name %d", i);
        cr_assert_str_eq(name_of(view(), entities[i]), expected);
    }
    cr_assert_eq(names[3].text.reference & 1, 1, "the caller's values stay");
}

/* What is given may lie in the world, in the very row that it is for. */
Test(contents, contents_of_the_world_itself)
{
    const pecs_entity a = spawn_name(world, "from here"), b = spawn_name(world, "x");
    const char *text = name_of(view(), a);
    cr_assert_eq(pecs_set(world, b, Name, { 1, pecs_string_of(text) }), PECS_OK);
    cr_assert_eq(pecs_set(world, a, Name, { 2, pecs_string_of(name_of(view(), a) + 5) }), PECS_OK);
    cr_assert_str_eq(name_of(view(), a), "here");
    cr_assert_str_eq(name_of(view(), b), "from here");
    Name names[200];
    for (int i = 0; i < 200; i++)
        names[i] = (Name){ 0, pecs_string_of(name_of(view(), b)) };
    pecs_entity entities[200];
    cr_assert_eq(pecs_world_spawn(world, (pecs_value[]){ PECS_ROWS(Name, names) }, 1, 200, entities), PECS_OK);
    cr_assert_str_eq(name_of(view(), entities[199]), "from here");
    const pecs_bytes inside = { name_of(view(), b) + 5, 4 };
    cr_assert_eq(pecs_set_contents(world, b, Name, text, &inside), PECS_OK);
    cr_assert_str_eq(name_of(view(), b), "here");
}

/* Refusals. */

Test(contents, what_a_string_may_not_be)
{
    const pecs_entity entity = spawn_name(world, "kept");
    const pecs_bytes zero = { "a\0b", 3 }, high = { "\xff", 1 }, half = { "\xc3", 1 }, nowhere = { NULL, 1 };
    static const char text[] = "text of 'Name': the string is not UTF-8, or has a zero byte";
    expect_refused(pecs_set(world, entity, Name, { 1, pecs_string_from(&zero) }), PECS_E_MISUSE, text);
    expect_refused(pecs_set(world, entity, Name, { 1, pecs_string_from(&high) }), PECS_E_MISUSE, text);
    expect_refused(pecs_set(world, entity, Name, { 1, pecs_string_of("a\xc3") }), PECS_E_MISUSE, text);
    expect_refused(pecs_set(world, entity, Name, { 1, pecs_string_from(&nowhere) }), PECS_E_MISUSE,
                   "text of 'Name': it has a size, but no data");
    expect_refused(pecs_spawn(world, NULL, PECS_VALUE(Name, 1, pecs_string_from(&half))), PECS_E_MISUSE, text);
    expect_refused(pecs_set_contents(world, entity, Name, text, &half), PECS_E_MISUSE,
                   "entity {0, 1}: text of 'Name': the string is not UTF-8, or has a zero byte");
    cr_assert_str_eq(name_of(view(), entity), "kept");
    cr_assert_eq(summary_of(view()).entity_count, 1);
}

Test(contents, what_a_list_and_a_blob_may_not_be)
{
    const pecs_entity entity = spawn_bag(world, &(Bag){ .bytes = pecs_blob_of(PECS_BYTES("b", 1)) });
    expect_refused(pecs_set(world, entity, Bag, { .points = pecs_list_of(PECS_BYTES("12345678", 7)) }), PECS_E_MISUSE,
                   "points of 'Bag': the size is no multiple of that of the list's elements");
    expect_refused(pecs_set(world, entity, Bag, { .friends = pecs_list_of(PECS_BYTES("1234", 4)) }), PECS_E_MISUSE,
                   "friends of 'Bag': the size is no multiple of that of the list's elements");
    expect_refused(pecs_set(world, entity, Bag, { .bytes = { pecs_string_of("text").reference } }), PECS_E_MISUSE,
                   "bytes of 'Bag': it is given by pecs_string_of, but is no string");
    expect_refused(pecs_set_contents(world, entity, Bag, friends, PECS_BYTES("1234", 4)), PECS_E_MISUSE,
                   "entity {0, 1}: friends of 'Bag': the size is no multiple of that of the list's elements");
    cr_assert(has_bytes(view(), pecs_get(view(), entity, Bag)->bytes, "b", 1));
}

Test(contents, references_are_refused)
{
    static const char text[] =
        "text of 'Name': it is a reference, copied from a view: give the contents themselves (contents.h)";
    const pecs_entity a = spawn_name(world, "a name"), b = spawn_name(world, "b");
    const Name copy = *pecs_get(view(), a, Name);
    expect_refused(pecs_set_ptr(world, b, Name, &copy), PECS_E_MISUSE, text);
    expect_refused(pecs_set_ptr(world, a, Name, &copy), PECS_E_MISUSE, text);
    expect_refused(pecs_world_spawn(world, (pecs_value[]){ PECS_ROWS(Name, &copy) }, 1, 1, NULL), PECS_E_MISUSE, text);
    expect_refused(pecs_world_set_singleton(world, Name_component, sizeof(copy), &copy), PECS_E_MISUSE, text);
    cr_assert_str_eq(name_of(view(), b), "b");
    pecs_get_mut(world, a, Name)->number = 9; /* other members are changed in place */
    cr_assert_str_eq(name_of(view(), a), "a name");
}

/* One value of many is wrong: none is spawned. */
Test(contents, all_rows_or_none)
{
    const Name names[] = { { 1, pecs_string_of("good") }, { 2, pecs_string_of("\xff") }, { 3, pecs_string_of("x") } };
    pecs_entity entities[3] = { { 5, 5 } };
    cr_assert_eq(pecs_world_spawn(world, (pecs_value[]){ PECS_ROWS(Name, names) }, 1, 3, entities), PECS_E_MISUSE);
    cr_assert_eq(summary_of(view()).entity_count, 0);
    cr_assert(same(entities[0], (pecs_entity){ 5, 5 }));
}

/* Editing one member. */

Test(contents, set_contents_replaces_one_member)
{
    const pecs_entity entity = spawn_bag(world, &(Bag){ .bytes = pecs_blob_of(PECS_BYTES("blob", 4)),
                                                        .labels = { pecs_string_of("one"), pecs_string_of("two") } });
    cr_assert_eq(pecs_set_contents(world, entity, Bag, labels[1], PECS_BYTES("other", 5)), PECS_OK);
    const Bag *bag = pecs_get(view(), entity, Bag);
    cr_assert_str_eq(pecs_view_string(view(), bag->labels[0], NULL), "one");
    cr_assert_str_eq(pecs_view_string(view(), bag->labels[1], NULL), "other");
    cr_assert(has_bytes(view(), bag->bytes, "blob", 4));
    cr_assert_eq(pecs_set_contents(world, entity, Bag, bytes, NULL), PECS_OK);
    cr_assert(has_bytes(view(), pecs_get(view(), entity, Bag)->bytes, NULL, 0));
}

Test(contents, members_that_are_not_there)
{
    const pecs_entity bare = spawn_one(world, (pecs_value[]){ PECS_VALUE(Position, 1, 2, 3) }, 1),
                      dead = spawn_name(world, "dead"), entity = spawn_name(world, "a");
    void *bytes = NULL;
    cr_assert_eq(pecs_despawn(world, dead), PECS_OK);
    expect_refused(pecs_set_contents(world, dead, Name, text, NULL), PECS_E_DEAD, "entity {1, 1}: it is not alive");
    expect_refused(pecs_set_contents(world, bare, Name, text, NULL), PECS_E_ABSENT,
                   "entity {0, 1}: component Name: the entity does not have it");
    expect_refused(pecs_set_contents(world, none, Name, text, NULL), PECS_E_ABSENT,
                   "component Name: the world does not have it");
    for (size_t offset = 0; offset <= sizeof(Name); offset++)
        if (offset != offsetof(Name, text))
            expect_refused(pecs_world_set_contents(world, entity, Name_component, offset, NULL), PECS_E_MISUSE,
                           "entity {2, 1}: component Name: it has no string, blob or list at this offset");
    expect_refused(pecs_world_set_contents(world, bare, Position_component, 0, NULL), PECS_E_MISUSE,
                   "entity {0, 1}: component Position: it has no string, blob or list at this offset");
    expect_refused(pecs_world_edit_contents(world, entity, Name_component, offsetof(Name, text), 1, &bytes, NULL),
                   PECS_E_MISUSE,
                   "entity {2, 1}: text of 'Name': a string is only set as a whole, which keeps it UTF-8");
    expect_refused(pecs_world_edit_contents(world, entity, Name_component, 8, 1, NULL, NULL), PECS_E_MISUSE,
                   "ret_bytes is NULL");
    cr_assert_eq(pecs_world_set_contents(world, entity, 77, 0, NULL), PECS_E_MISUSE);
    cr_assert_null(bytes);
}

Test(contents, of_singletons)
{
    cr_assert_eq(pecs_set_singleton(world, Name, { 3, pecs_string_of("the world") }), PECS_OK);
    const Name *name = pecs_get_singleton(view(), Name);
    cr_assert_str_eq(pecs_view_string(view(), name->text, NULL), "the world");
    cr_assert_eq(pecs_set_contents(world, none, Name, text, PECS_BYTES("renamed", 7)), PECS_OK);
    name = pecs_get_singleton(view(), Name);
    cr_assert_str_eq(pecs_view_string(view(), name->text, NULL), "renamed");
    cr_assert_eq(name->number, 3);
    cr_assert_eq(pecs_set_singleton(world, Bag, { .labels = { pecs_string_of("x") } }), PECS_OK);
    cr_assert_str_eq(pecs_view_string(view(), pecs_get_singleton(view(), Name)->text, NULL), "renamed");
    cr_assert_eq(pecs_remove_singleton(world, Name), PECS_OK);
}

static void *edit(pecs_entity entity, size_t offset, size_t size_bytes, size_t *ret_size)
{
    void *bytes = NULL;
    cr_assert_eq(pecs_world_edit_contents(world, entity, Bag_component, offset, size_bytes, &bytes, ret_size), PECS_OK,
                 "%s", pecs_world_error(world)->message);
    return bytes;
}

Test(contents, a_list_grows_and_shrinks_in_place)
{
    const pecs_entity friends[] = { { 1, 1 }, { 0, 0 } };
    const pecs_entity entity = spawn_bag(world, &(Bag){ .bytes = pecs_blob_of(NULL) });
    size_t size, count;
    pecs_entity *list = edit(entity, offsetof(Bag, friends), sizeof(friends), &size);
    cr_assert_eq(size, sizeof(friends));
    cr_assert(same(list[0], none) && same(list[1], none), "what is new is zeros");
    list[1] = entity;
    list = edit(entity, offsetof(Bag, friends), 3 * sizeof(pecs_entity), NULL);
    cr_assert(same(list[1], entity) && same(list[2], none));
    list = edit(entity, offsetof(Bag, friends), 2 * sizeof(pecs_entity), &size);
    cr_assert_eq(size, 16);
    list[0] = entity;
    list = edit(entity, offsetof(Bag, friends), PECS_KEEP_SIZE, &size);
    cr_assert(size == 16 && same(list[0], entity));
    const pecs_entity *found = pecs_view_list(view(), pecs_get(view(), entity, Bag)->friends, pecs_entity, &count);
    cr_assert(count == 2 && found == list && same(found[0], entity) && same(found[1], entity));
    expect_refused(
        pecs_world_edit_contents(world, entity, Bag_component, offsetof(Bag, friends), 7, (void **)&list, NULL),
        PECS_E_MISUSE, "entity {0, 1}: friends of 'Bag': the size is no multiple of that of the list's elements");
    edit(entity, offsetof(Bag, friends), 0, &size);
    cr_assert_eq(size, 0);
    (void)pecs_view_list(view(), pecs_get(view(), entity, Bag)->friends, pecs_entity, &count);
    cr_assert_eq(count, 0);
}

Test(contents, an_edit_keeps_its_place_while_no_one_shares_it)
{
    const pecs_entity entity = spawn_bag(world, &(Bag){ .bytes = pecs_blob_of(PECS_BYTES("0123456789", 10)) });
    uint8_t *bytes = edit(entity, 0, PECS_KEEP_SIZE, NULL);
    const uint64_t units = heap_of(world)->spaces[0].unit_count;
    bytes[3] = 'x';
    for (int i = 0; i < 100; i++)
        cr_assert_eq(edit(entity, 0, PECS_KEEP_SIZE, NULL), (void *)bytes);
    cr_assert_eq(heap_of(world)->spaces[0].unit_count, units, "an edit in place takes no new room");
    cr_assert(has_bytes(view(), pecs_get(view(), entity, Bag)->bytes, "012x456789", 10));
}

/* A blob whose content has to be zero beyond its end, which a file demands: after each size. */
Test(contents, sizes_of_blobs)
{
    const pecs_entity entity = spawn_bag(world, &(Bag){ .bytes = pecs_blob_of(NULL) });
    for (size_t size = 40; size > 0; size--) {
        memset(edit(entity, 0, size, NULL), 0xff, size);
        check_contents(world);
    }
    memset(edit(entity, 0, 100000, NULL), 1, 100000);
    uint8_t *bytes = edit(entity, 0, HEAP_LONG, NULL);
    cr_assert(bytes[99999] == 1 && bytes[100000] == 0 && bytes[HEAP_LONG - 1] == 0);
    bytes = edit(entity, 0, HEAP_LONG - 1, NULL);
    cr_assert(bytes[99999] == 1 && bytes[100000] == 0);
}

/* Sums of such sizes overflow. */
Test(contents, sizes_beyond_all_memory)
{
    const pecs_entity entity = spawn_bag(world, &(Bag){ .bytes = pecs_blob_of(PECS_BYTES("12345678", 8)) });
    pecs_commands *commands;
    must(pecs_commands_create(registry, &commands) == PECS_OK);
    for (size_t size = SIZE_MAX - 1; size > (size_t)1 << 41; size -= size / 3) {
        const pecs_bytes given = { "x", size };
        const Bag bag = { .bytes = pecs_blob_of(&given) }, named = { .labels = { pecs_string_from(&given) } };
        void *bytes;
        cr_assert_eq(pecs_world_edit_contents(world, entity, Bag_component, 0, size, &bytes, NULL), PECS_E_LIMIT);
        cr_assert_eq(pecs_world_attach(world, "a", &given), PECS_E_LIMIT);
        expect_refused(pecs_set_ptr(world, entity, Bag, &bag), PECS_E_MISUSE,
                       "bytes of 'Bag': its size is beyond that of any memory");
        expect_refused(pecs_set_ptr(world, entity, Bag, &named), PECS_E_MISUSE,
                       "labels[0] of 'Bag': its size is beyond that of any memory");
        cr_assert_eq(pecs_world_set_contents(world, entity, Bag_component, 0, &given), PECS_E_MISUSE);
        cr_assert_eq(pecs_commands_set(commands, entity, &(pecs_value)PECS_ROWS(Bag, &bag), 1), PECS_E_MISUSE);
        cr_assert_eq(pecs_set_contents(commands, entity, Bag, bytes, &given), PECS_E_MISUSE);
    }
    cr_assert(has_bytes(view(), pecs_get(view(), entity, Bag)->bytes, "12345678", 8));
    check_contents(world);
    pecs_commands_destroy(commands);
}

/* Members that come from elsewhere lead to no invalid memory. */
Test(contents, rubbish_is_read_safely)
{
    const pecs_entity entity = spawn_bag(world, &(Bag){ .bytes = pecs_blob_of(PECS_BYTES("12345678", 8)) });
    const uint64_t good = pecs_get(view(), entity, Bag)->bytes.reference;
    size_t size;
    cr_assert_str_eq(pecs_view_string(view(), (pecs_string){ good }, &size), "", "no zero follows it");
    cr_assert_eq(size, 0);
    uint64_t number = 88172645463325252;
    for (int i = 0; i < 100000; i++) {
        number ^= number << 13, number ^= number >> 7, number ^= number << 17;
        const uint64_t reference = i % 3 == 0 ? number : i % 3 == 1 ? good + (number % 64 << 2) : good ^ number >> 30;
        volatile uint8_t read = 0;
        const uint8_t *bytes = pecs_view_blob(view(), (pecs_blob){ reference }, &size);
        if (size)
            read = (uint8_t)(bytes[0] + bytes[size - 1]);
        read = (uint8_t)(read + pecs_view_string(view(), (pecs_string){ reference }, &size)[size]);
    }
}
