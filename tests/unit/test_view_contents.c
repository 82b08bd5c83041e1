/* Values that give what a view has to another world: what pecs/contents.h promises of pecs_view_give_contents. */
#include "one_contents_fixture.h"

static pecs_world *other;

static void begin(void)
{
    set_up();
    other = make_world(registry, NULL);
}

static void end(void)
{
    check_contents(other);
    pecs_world_destroy(other);
    strike();
}

TestSuite(view_contents, .init = begin, .fini = end);

static pecs_view other_view(void)
{
    return pecs_world_view(other);
}

static pecs_entity spawn_full_bag(void)
{
    static const Point points[] = { { 1, 2 }, { 3, 4 } };
    const pecs_entity friend = spawn_name(world, "friend");
    return spawn_bag(world, &(Bag){ .bytes = pecs_blob_of(PECS_BYTES("\0\xff", 2)),
                                    .points = pecs_list_of(PECS_ARRAY(points)),
                                    .friends = pecs_list_of(PECS_BYTES(&friend, sizeof(friend))),
                                    .labels = { { 0 }, pecs_string_of("Zo\xc3\xab") } });
}

static void expect_full_bag(pecs_view of, pecs_entity entity)
{
    const Bag *bag = pecs_get(of, entity, Bag);
    size_t count;
    cr_assert(has_bytes(of, bag->bytes, "\0\xff", 2));
    const Point *points = pecs_view_list(of, bag->points, Point, &count);
    cr_assert(count == 2 && points[0].x == 1 && points[1].y == 4);
    const pecs_entity *friends = pecs_view_list(of, bag->friends, pecs_entity, &count);
    cr_assert(count == 1 && same(friends[0], (pecs_entity){ 0, 1 }));
    cr_assert_str_eq(pecs_view_string(of, bag->labels[0], NULL), "");
    cr_assert_str_eq(pecs_view_string(of, bag->labels[1], NULL), "Zo\xc3\xab");
}

Test(view_contents, a_copy_goes_to_another_world)
{
    const pecs_entity entity = spawn_full_bag();
    Bag bag = *pecs_get(view(), entity, Bag);
    pecs_bytes bytes[6];
    cr_assert_eq(pecs_give_contents(view(), Bag, &bag, bytes), PECS_OK);
    expect_full_bag(other_view(), spawn_bag(other, &bag));
    const pecs_entity set = spawn_one(other, NULL, 0);
    cr_assert_eq(pecs_set_ptr(other, set, Bag, &bag), PECS_OK);
    expect_full_bag(other_view(), set);
    cr_assert_eq(pecs_world_set_singleton(other, Bag_component, sizeof(bag), &bag), PECS_OK);
    cr_assert_eq(pecs_set_ptr(world, entity, Bag, &bag), PECS_OK, "into the row that it comes from");
    expect_full_bag(view(), entity);
    expect_full_bag(view(), spawn_bag(world, &bag));
}

Test(view_contents, command_buffers_and_builders_take_it)
{
    Bag bag = *pecs_get(view(), spawn_full_bag(), Bag);
    pecs_bytes bytes[6];
    pecs_commands *commands = NULL;
    pecs_builder *builder = NULL;
    pecs_snapshot *built = NULL;
    pecs_entity entity;
    cr_assert_eq(pecs_give_contents(view(), Bag, &bag, bytes), PECS_OK);
    cr_assert_eq(pecs_commands_create(registry, &commands), PECS_OK);
    cr_assert_eq(pecs_commands_spawn(commands, (pecs_value[]){ PECS_ROWS(Bag, &bag) }, 1, &entity), PECS_OK);
    cr_assert_eq(pecs_commands_apply(commands, other, NULL), PECS_OK);
    expect_full_bag(other_view(), pecs_commands_resolve(commands, entity));
    pecs_commands_destroy(commands);
    const pecs_value value = PECS_ROWS(Bag, &bag);
    cr_assert_eq(pecs_builder_create(registry, NULL, &builder, NULL), PECS_OK);
    cr_assert_eq(pecs_builder_add(builder, &(pecs_rows){ &value, 1, 1, NULL, NULL }, &entity, NULL), PECS_OK);
    cr_assert_eq(pecs_builder_finish(builder, &built, NULL), PECS_OK);
    expect_full_bag(pecs_snapshot_view(built), entity);
    pecs_snapshot_release(built);
    pecs_builder_destroy(builder);
}

/* Member k of row r points to bytes[r * n + k], empty or not. */
Test(view_contents, the_order_of_bytes)
{
    const pecs_entity empty = spawn_bag(world, &(Bag){ .labels = { pecs_string_of("first") } });
    Bag bags[2];
    bags[1] = *pecs_get(view(), spawn_full_bag(), Bag);
    bags[0] = *pecs_get(view(), empty, Bag);
    pecs_bytes bytes[13] = { { NULL, 0 } };
    bytes[12] = (pecs_bytes){ "kept", 4 };
    cr_assert_eq(pecs_view_contents_count(view(), Bag_component), 6);
    cr_assert_eq(pecs_view_give_contents(view(), Bag_component, bags, sizeof(Bag), 2, bytes, 12), PECS_OK);
    static const size_t sizes[12] = { 0, 0, 0, 0, 5, 0, 2, 2 * sizeof(Point), sizeof(pecs_entity), 0, 0, 4 };
    for (int i = 0; i < 12; i++)
        cr_assert_eq(bytes[i].size_bytes, sizes[i], "%d", i);
    cr_assert_eq(bags[0].moods.reference, pecs_list_of(&bytes[3]).reference);
    cr_assert_eq(bags[1].labels[1].reference, pecs_string_from(&bytes[11]).reference);
    cr_assert_str_eq(bytes[12].data, "kept");
    const pecs_entity self = { 1, 1 };
    bytes[8] = (pecs_bytes){ &self, sizeof(self) }; /* a list is translated in a copy */
    pecs_entity spawned[2];
    cr_assert_eq(pecs_world_spawn(other, (pecs_value[]){ PECS_ROWS(Bag, bags) }, 1, 2, spawned), PECS_OK);
    size_t count;
    const pecs_entity *friends =
        pecs_view_list(other_view(), pecs_get(other_view(), spawned[1], Bag)->friends, pecs_entity, &count);
    cr_assert(count == 1 && same(friends[0], self));
    const Bag *first = pecs_get(other_view(), spawned[0], Bag);
    cr_assert_str_eq(pecs_view_string(other_view(), first->labels[0], NULL), "first");
}

Test(view_contents, components_without_contents_stay_as_they_are)
{
    Position position = { 1, 2, 3 };
    const Position before = position;
    cr_assert_eq(pecs_view_contents_count(view(), Position_component), 0);
    cr_assert_eq(pecs_view_contents_count(view(), Frozen_component), 0);
    cr_assert_eq(pecs_view_contents_count(view(), 77), 0);
    cr_assert_eq(pecs_view_give_contents(view(), Position_component, &position, sizeof(position), 1, NULL, 0), PECS_OK);
    cr_assert_eq(memcmp(&position, &before, sizeof(before)), 0);
    cr_assert_eq(pecs_view_give_contents(view(), Frozen_component, NULL, 0, 3, NULL, 0), PECS_OK);
    cr_assert_eq(pecs_view_give_contents(view(), Bag_component, NULL, sizeof(Bag), 0, NULL, 0), PECS_OK);
}

Test(view_contents, what_is_misuse)
{
    Bag bags[2];
    pecs_bytes bytes[12] = { { "kept", 4 } };
    bags[0] = *pecs_get(view(), spawn_full_bag(), Bag);
    bags[1] = bags[0];
    const Bag before = bags[0];
    const pecs_view v = view();
    cr_assert_eq(pecs_view_give_contents(v, 77, bags, sizeof(Bag), 1, bytes, 12), PECS_E_MISUSE);
    cr_assert_eq(pecs_view_give_contents(v, Bag_component, bags, sizeof(Bag) - 1, 1, bytes, 12), PECS_E_MISUSE);
    cr_assert_eq(pecs_view_give_contents(v, Bag_component, NULL, sizeof(Bag), 1, bytes, 12), PECS_E_MISUSE);
    cr_assert_eq(pecs_view_give_contents(v, Bag_component, bags, sizeof(Bag), 1, NULL, 12), PECS_E_MISUSE);
    cr_assert_eq(pecs_view_give_contents(v, Bag_component, bags, sizeof(Bag), 1, bytes, 5), PECS_E_MISUSE);
    cr_assert_eq(pecs_view_give_contents(v, Bag_component, bags, sizeof(Bag), 2, bytes, 11), PECS_E_MISUSE);
    cr_assert_eq(pecs_view_give_contents(v, Bag_component, bags, sizeof(Bag), SIZE_MAX, bytes, 12), PECS_E_MISUSE);
    cr_assert_eq(pecs_view_give_contents((pecs_view){ NULL }, Bag_component, bags, sizeof(Bag), 1, bytes, 12),
                 PECS_E_MISUSE);
    cr_assert_eq(memcmp(&bags[0], &before, sizeof(before)), 0);
    cr_assert_str_eq(bytes[0].data, "kept");
}

/* The second of two values is wrong: the first one stays a reference, too. */
static void expect_invalid(Name *names)
{
    const Name before[2] = { names[0], names[1] };
    pecs_bytes bytes[2] = { { "kept", 4 }, { NULL, 0 } };
    cr_assert_eq(pecs_view_give_contents(view(), Name_component, names, sizeof(Name), 2, bytes, 2), PECS_E_INVALID);
    cr_assert_eq(memcmp(names, before, sizeof(before)), 0);
    cr_assert_str_eq(bytes[0].data, "kept");
}

Test(view_contents, members_that_lead_to_no_contents)
{
    const pecs_entity entity = spawn_full_bag();
    Name names[2];
    names[0] = *pecs_get(view(), ((pecs_entity){ 0, 1 }), Name);
    names[1] = (Name){ 2, pecs_string_of("given already") };
    expect_invalid(names);
    names[1].text.reference = UINT64_MAX - 1;
    expect_invalid(names);
    names[1].text.reference = 4; /* of size 0, but not zero */
    expect_invalid(names);
    names[1].text.reference = (uint64_t)9 << 40 | 1 << 30;
    expect_invalid(names);
    names[1].text.reference = names[0].text.reference - ((uint64_t)1 << 40); /* no zero follows it */
    expect_invalid(names);
    Bag bag = *pecs_get(view(), entity, Bag);
    pecs_bytes bytes[6];
    cr_assert_eq(pecs_give_contents(other_view(), Bag, &bag, bytes), PECS_E_INVALID, "of another view");
    cr_assert_eq(pecs_give_contents(view(), Bag, &bag, bytes), PECS_OK);
    cr_assert_eq(pecs_give_contents(view(), Bag, &bag, bytes), PECS_E_INVALID, "given already");
}

/* Whatever a damaged file has, what is given can be read. */
Test(view_contents, rubbish_is_refused_or_leads_into_the_view)
{
    const uint64_t good = pecs_get(view(), spawn_full_bag(), Bag)->points.reference;
    uint64_t number = 88172645463325252;
    int given_count = 0;
    for (int i = 0; i < 100000; i++) {
        number ^= number << 13, number ^= number >> 7, number ^= number << 17;
        Bag bag = { .points = { i % 3 == 0 ? number : i % 3 == 1 ? good + (number % 64 << 2) : good ^ number >> 30 } };
        pecs_bytes bytes[6];
        const pecs_status status = pecs_give_contents(view(), Bag, &bag, bytes);
        cr_assert(status == PECS_OK || status == PECS_E_INVALID);
        given_count += status == PECS_OK;
        volatile uint8_t read = 0;
        for (size_t at = 0; status == PECS_OK && at < bytes[1].size_bytes; at++)
            read = (uint8_t)(read + ((const uint8_t *)bytes[1].data)[at]);
    }
    cr_assert(given_count > 100 && given_count < 99900, "%d", given_count);
}

/* A file that was damaged after its save: its reference looks like a pointer of the program's. */
Test(view_contents, a_damaged_file_that_is_resumed)
{
    const uint64_t mark = UINT64_C(0x1122334455667788), pointer = pecs_string_of("never read").reference;
    const Name marked = { mark, pecs_string_of("text") };
    const pecs_entity entity = spawn_one(world, (pecs_value[]){ PECS_ROWS(Name, &marked) }, 1);
    save_world(world, "a");
    const struct file_bytes file = read_bytes("a");
    size_t at = 0;
    while (memcmp(file.bytes + at, &mark, sizeof(mark)) != 0)
        at++;
    memcpy(file.bytes + at + offsetof(Name, text), &pointer, sizeof(pointer));
    write_bytes("a", file.bytes, file.size);
    free(file.bytes);
    pecs_snapshot *snapshot = open_snapshot(registry, RESUME, "a");
    const pecs_view resumed = pecs_snapshot_view(snapshot);
    Name name = *pecs_get(resumed, entity, Name);
    cr_assert_eq(name.text.reference, pointer);
    pecs_bytes bytes[1];
    cr_assert_eq(pecs_give_contents(resumed, Name, &name, bytes), PECS_E_INVALID);
    pecs_snapshot_release(snapshot);
}

/* Members at any depth, found by the type alone. */

typedef struct {
    uint32_t number, kind;
    pecs_string title;
    pecs_list ends;
} Chapter;
PECS_COMPONENT_OF(Chapter, "Chapter", 1, PECS_FIELD(Chapter, number), PECS_FIELD(Chapter, kind),
                  PECS_FIELD(Chapter, title), PECS_FIELD_LIST(Chapter, ends, uint16_t));
typedef struct {
    pecs_string author;
    Chapter chapters[3];
    pecs_string words[4];
} Book;
PECS_COMPONENT_OF(Book, "Book", 1, PECS_FIELD(Book, author), PECS_FIELD_STRUCT(Book, chapters, Chapter),
                  PECS_FIELD(Book, words));
/* So many spans that they are found by walking the description. */
typedef struct {
    uint64_t number;
    pecs_string text;
} Leaf;
PECS_COMPONENT_OF(Leaf, "Leaf", 1, PECS_FIELD(Leaf, number), PECS_FIELD(Leaf, text));
typedef struct {
    Leaf leaves[40];
    uint64_t number;
} Branch;
PECS_COMPONENT_OF(Branch, "Branch", 1, PECS_FIELD_STRUCT(Branch, leaves, Leaf), PECS_FIELD(Branch, number));
typedef struct {
    uint64_t number;
    Branch branches[60];
} Tree;
PECS_COMPONENT_OF(Tree, "Tree", 1, PECS_FIELD(Tree, number), PECS_FIELD_STRUCT(Tree, branches, Branch));
enum { BOOK, TREE };
static const pecs_type *const shelf[] = { &Book_type, &Tree_type };

/* Copies a value as a tool does, which knows the type by its description only. */
static pecs_entity copy_as_tool(pecs_world *to, pecs_view from, pecs_entity entity, const char *name)
{
    pecs_component component;
    cr_assert_eq(pecs_view_component(from, name, &component), PECS_OK);
    const size_t size = pecs_view_type(from, component)->size, count = pecs_view_contents_count(from, component);
    void *copy = malloc(size);
    pecs_bytes *bytes = calloc(count, sizeof(*bytes));
    must(copy && bytes);
    memcpy(copy, pecs_view_get(from, entity, component, size), size);
    cr_assert_eq(pecs_view_give_contents(from, component, copy, size, 1, bytes, count - 1), PECS_E_MISUSE);
    cr_assert_eq(pecs_view_give_contents(from, component, copy, size, 1, bytes, count), PECS_OK);
    const pecs_entity made = spawn_one(to, &(pecs_value){ component, size, copy }, 1);
    free(bytes);
    free(copy);
    return made;
}

Test(view_contents, nested_values_of_unknown_types)
{
    static Tree tree;
    Book book = { .author = pecs_string_of("A. Writer") };
    const uint16_t ends[] = { 7, 9 };
    const pecs_bytes given = PECS_ARRAY(ends)[0];
    book.chapters[1] = (Chapter){ 2, 0, pecs_string_of("Two"), { 0 } };
    book.chapters[2] = (Chapter){ 3, 0, { 0 }, pecs_list_of(&given) };
    book.words[3] = pecs_string_of("last");
    tree.branches[0].leaves[0].text = pecs_string_of("first leaf");
    tree.branches[59].leaves[39].text = pecs_string_of("last leaf");
    pecs_registry *knowing = make_registry(shelf, 2, counting_hooks);
    pecs_registry *lacking = make_registry(kept_types, kept_type_count, counting_hooks);
    pecs_world *library = make_world(knowing, NULL);
    const pecs_entity a = spawn_one(library, &(pecs_value){ BOOK, sizeof(book), &book }, 1);
    const pecs_entity b = spawn_one(library, &(pecs_value){ TREE, sizeof(tree), &tree }, 1);
    cr_assert_eq(pecs_view_contents_count(pecs_world_view(library), BOOK), 1 + 3 * 2 + 4);
    cr_assert_eq(pecs_view_contents_count(pecs_world_view(library), TREE), 60 * 40);
    save_world(library, "a");
    for (int verb = 0; verb < VERB_COUNT; verb++) {
        pecs_snapshot *snapshot = open_snapshot(lacking, verb, "a");
        pecs_world *tool = world_of(lacking, snapshot, 0);
        const pecs_entity book_copy = copy_as_tool(tool, pecs_snapshot_view(snapshot), a, "Book");
        const pecs_entity tree_copy = copy_as_tool(tool, pecs_snapshot_view(snapshot), b, "Tree");
        cr_assert_eq(pecs_view_check(pecs_world_view(tool), NULL, NULL, NULL), PECS_OK);
        pecs_snapshot_release(snapshot);
        save_world(tool, "b");
        pecs_world *back = open_world(knowing, verb, "b");
        const pecs_view v = pecs_world_view(back);
        const Book *found = pecs_view_get(v, book_copy, BOOK, sizeof(Book));
        cr_assert_str_eq(pecs_view_string(v, found->author, NULL), "A. Writer");
        cr_assert_str_eq(pecs_view_string(v, found->chapters[1].title, NULL), "Two");
        cr_assert_str_eq(pecs_view_string(v, found->words[3], NULL), "last");
        size_t count;
        const uint16_t *list = pecs_view_list(v, found->chapters[2].ends, uint16_t, &count);
        cr_assert(count == 2 && list[1] == 9 && found->chapters[1].number == 2);
        const Tree *leaves = pecs_view_get(v, tree_copy, TREE, sizeof(Tree));
        cr_assert_str_eq(pecs_view_string(v, leaves->branches[0].leaves[0].text, NULL), "first leaf");
        cr_assert_str_eq(pecs_view_string(v, leaves->branches[59].leaves[39].text, NULL), "last leaf");
        pecs_world_destroy(back);
        pecs_world_destroy(tool);
    }
    pecs_world_destroy(library);
    pecs_registry_release(lacking);
    pecs_registry_release(knowing);
}
