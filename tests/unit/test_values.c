/*
 * Values that mean nothing: who finds them, what a save makes of them, and how load mends them. What each rule says is
 * tried in test_format_values.c, over files; here it is a plain walk over each field that knows what is wrong.
 */
#include "file_fixture.h"

#include <pthread.h>

enum { ITEM_COUNT = 3 };
typedef struct {
    char name[6];
    pecs_entity owner;
} Item;
PECS_COMPONENT_OF(Item, "Item", 1, PECS_FIELD(Item, name), PECS_GAP_AFTER(Item, name, 2), PECS_FIELD(Item, owner));

static const char *const moods[] = { "calm", "angry", "afraid" };
typedef struct {
    Item items[ITEM_COUNT];
    bool flags[2][2];
    uint16_t was[2];
    char lines[2][4];
    bool last;
} Bag;
PECS_COMPONENT_OF(Bag, "Bag", 1, PECS_FIELD_STRUCT(Bag, items, Item), PECS_FIELD_GRID(Bag, flags),
                  PECS_FIELD_ENUM_ARRAY(Bag, was, moods), PECS_FIELD_GRID(Bag, lines), PECS_FIELD(Bag, last),
                  PECS_GAP_AFTER(Bag, last, 3));

typedef struct {
    bool on;
} Switch;
PECS_COMPONENT(Switch, 1, on);

enum { BAG, SWITCH, TYPE_COUNT };
static const pecs_type *const types[TYPE_COUNT] = { &Bag_type, &Switch_type };

static const pecs_save_options quick = { .skip_sync = true };
static pecs_registry *registry;
static pecs_world *world;

static void set_up(void)
{
    enter_folder();
    registry = make_registry(types, TYPE_COUNT, counting_hooks);
    world = world_of(registry, NULL, 5);
}

static void strike(void)
{
    pecs_world_destroy(world);
    pecs_registry_release(registry);
    assert_no_leak();
    leave_folder();
}

TestSuite(invalid, .init = set_up, .fini = strike);

static pecs_view view(void)
{
    return pecs_world_view(world);
}

/* What is reported, one line each. */
struct reported {
    char lines[64][128];
    size_t count, limit; /* false is the answer to line `limit`; 0: never */
};

static bool note_invalid(void *user, const pecs_invalid *invalid)
{
    struct reported *reported = user;
    must(reported->count < 64);
    snprintf(reported->lines[reported->count++], sizeof(reported->lines[0]), "%u:%u %s.%s %s %u+%u",
             invalid->entity.index, invalid->entity.generation, invalid->type, invalid->field, invalid->rule,
             invalid->offset, invalid->size);
    must(invalid->value && strcmp(types[invalid->component]->name, invalid->type) == 0);
    return reported->count != reported->limit;
}

static void expect_lines(const struct reported *reported, const char *const *lines, size_t count)
{
    cr_assert_eq(reported->count, count);
    for (size_t i = 0; i < count; i++)
        cr_assert_str_eq(reported->lines[i], lines[i]);
}

static pecs_entity spawn_bag(const Bag *bag)
{
    return spawn_one(world, &(pecs_value){ BAG, sizeof(*bag), bag }, 1);
}

static Bag wrong_bag(void)
{
    return (Bag){
        .items = { { "fine", { 0, 0 } }, { "ab\xc3", { 0, 1 } }, { "x", { 70, 1 } } },
        .flags = { { 0, 1 }, { 0 } },
        .was = { 2, 3 },
        .lines = { "full", { 'a', 0, 'b' } },
    };
}

static const char *const wrong_lines[] = {
    "0:1 Bag.items[1].name VALUE-3 16+6", "0:1 Bag.items[2].owner VALUE-4 40+8", "0:1 Bag.flags[1][0] VALUE-1 50+1",
    "0:1 Bag.was[1] VALUE-2 54+2",        "0:1 Bag.lines[1] VALUE-3 60+4",       "0:0 Switch.on VALUE-1 0+1",
};
enum { WRONG_COUNT = sizeof(wrong_lines) / sizeof(wrong_lines[0]) };

/* All of wrong_lines. */
static void spawn_wrong(void)
{
    Bag bag = wrong_bag();
    memset(&bag.flags[1][0], 7, 1);
    spawn_bag(&bag);
    cr_assert_eq(pecs_world_set_singleton(world, SWITCH, 1, &(uint8_t){ 9 }), PECS_OK);
}

Test(invalid, each_is_reported_with_entity_field_and_place)
{
    struct reported reported = { .count = 0 };
    pecs_error error;
    cr_assert_eq(pecs_view_check(view(), note_invalid, &reported, &error), PECS_OK);
    spawn_wrong();
    for (int i = 0; i < 2; i++) {
        pecs_snapshot *snapshot = take(world);
        reported.count = 0;
        const pecs_view of = i ? pecs_snapshot_view(snapshot) : view();
        cr_assert_eq(pecs_view_check(of, note_invalid, &reported, &error), PECS_E_INVALID);
        expect_lines(&reported, wrong_lines, WRONG_COUNT);
        cr_assert_str_eq(error.rule, "VALUE-3");
        cr_assert_eq(error.offset, 0);
        cr_assert_str_eq(error.message, "entity 0:1: items[1].name of 'Bag' is not UTF-8 and then only zeros");
        cr_assert_eq(pecs_view_check(of, NULL, NULL, &error), PECS_E_INVALID);
        cr_assert_str_eq(error.rule, "VALUE-3");
        pecs_snapshot_release(snapshot);
    }
}

Test(invalid, the_check_can_be_ended)
{
    pecs_error error;
    spawn_wrong();
    struct reported reported = { .limit = 2 };
    cr_assert_eq(pecs_view_check(view(), note_invalid, &reported, &error), PECS_E_CANCELLED);
    cr_assert_eq(error.status, PECS_E_CANCELLED);
    expect_lines(&reported, wrong_lines, 2);
}

/* The old file stays, and nothing else is left in the folder. */
Test(invalid, a_save_refuses_them)
{
    pecs_error error;
    struct reported reported = { .count = 0 };
    save_world(world, "world.pecs");
    struct file_bytes before = read_bytes("world.pecs"), after;
    spawn_wrong();
    cr_assert_eq(pecs_world_save(world, "world.pecs", NULL, &error), PECS_E_INVALID);
    cr_assert_str_eq(error.rule, "VALUE-3");
    cr_assert_str_eq(error.message, "entity 0:1: items[1].name of 'Bag' is not UTF-8 and then only zeros");
    after = read_bytes("world.pecs");
    cr_assert(before.size == after.size && memcmp(before.bytes, after.bytes, before.size) == 0);
    cr_assert_eq(file_count(), 1);
    free(after.bytes);
    free(before.bytes);
    const pecs_save_options rough = { .skip_sync = true, .skip_check = true };
    cr_assert_eq(pecs_world_save(world, "world.pecs", &rough, &error), PECS_OK);
    pecs_snapshot *snapshot = open_snapshot(registry, RESUME, "world.pecs");
    cr_assert_eq(pecs_view_check(pecs_snapshot_view(snapshot), note_invalid, &reported, NULL), PECS_E_INVALID);
    expect_lines(&reported, wrong_lines, WRONG_COUNT);
    pecs_snapshot_release(snapshot);
    cr_assert_eq(pecs_snapshot_load(registry, "world.pecs", NULL, &snapshot, &error), PECS_E_CORRUPT);
    cr_assert_str_eq(error.message, "entity 0:1: items[1].name of 'Bag' is not UTF-8 and then only zeros");
}

/* Handles that this world has not given: of a future that was given up, of another world, of a command buffer. */
Test(invalid, foreign_handles_are_found)
{
    pecs_error error;
    pecs_snapshot *before = take(world);
    pecs_entity many[10], provisional;
    cr_assert_eq(pecs_world_spawn(world, NULL, 0, 10, many), PECS_OK);
    cr_assert_eq(pecs_world_restore(world, before), PECS_OK);
    pecs_snapshot_release(before);
    pecs_commands *commands;
    cr_assert_eq(pecs_commands_create(registry, &commands), PECS_OK);
    cr_assert_eq(pecs_commands_spawn(commands, NULL, 0, &provisional), PECS_OK);
    pecs_commands_destroy(commands);
    const pecs_entity foreign[] = { many[9], provisional, { 0, 2 }, { 1000, 1 } };
    for (size_t i = 0; i < sizeof(foreign) / sizeof(foreign[0]); i++) {
        const pecs_entity entity = spawn_bag(&(Bag){ .items = { { .owner = foreign[i] } } });
        cr_assert_eq(pecs_view_check(view(), NULL, NULL, &error), i == 2 ? PECS_OK : PECS_E_INVALID, "%zu", i);
        cr_assert_eq(pecs_world_save(world, "world.pecs", NULL, &error), i == 2 ? PECS_OK : PECS_E_INVALID);
        cr_assert_eq(pecs_world_despawn(world, &entity, 1), PECS_OK);
    }
}

/* Slots that were used more than once, so that generations are looked up: in chunks with and without such slots. */
Test(invalid, handles_of_any_generation_are_distinguished)
{
    enum { MANY = 3 * CHUNK_ROWS };
    static pecs_entity all[MANY];
    pecs_error error;
    cr_assert_eq(pecs_world_spawn(world, NULL, 0, MANY, all), PECS_OK);
    cr_assert_eq(pecs_world_despawn(world, all, CHUNK_ROWS), PECS_OK); /* all of chunk 0 */
    cr_assert_eq(pecs_world_spawn(world, NULL, 0, CHUNK_ROWS, all), PECS_OK);
    cr_assert_eq(pecs_world_despawn(world, &all[2 * CHUNK_ROWS], 1), PECS_OK); /* one of chunk 2 */
    cr_assert_eq(pecs_world_spawn(world, NULL, 0, 1, &all[2 * CHUNK_ROWS]), PECS_OK);
    const struct {
        pecs_entity owner;
        bool has_been;
    } owners[] = {
        { { 5, 1 }, true },
        { { 5, 2 }, true },
        { { 5, 3 }, false }, /* chunk 0 is of generation 2 */
        { { CHUNK_ROWS + 5, 1 }, true },
        { { CHUNK_ROWS + 5, 2 }, false },
        { { 2 * CHUNK_ROWS, 2 }, true },
        { { 2 * CHUNK_ROWS, 3 }, false },
        { { 2 * CHUNK_ROWS + 1, 2 }, false },
        { { MANY, 1 }, true },
        /* the entity itself */ { { MANY + 1, 1 }, false },
        { { 7, 0 }, true },
    };
    for (size_t i = 0; i < sizeof(owners) / sizeof(owners[0]); i++) {
        const pecs_entity entity = spawn_bag(&(Bag){ .items = { { .owner = owners[i].owner } } });
        cr_assert_eq(pecs_world_save(world, "world.pecs", &quick, &error),
                     owners[i].has_been ? PECS_OK : PECS_E_INVALID, "owner %zu", i);
        cr_assert_eq(pecs_world_despawn(world, &entity, 1), PECS_OK);
        if (entity.generation == 1)
            cr_assert_eq(i, 0);
    }
}

/* Repair. */

struct mender {
    struct reported reported;
    size_t fails_at; /* 0: never; at that line the place stays as it is */
    bool gives_up;
    pthread_t thread;
};

static bool mend(void *user, const pecs_invalid *invalid, void *place)
{
    struct mender *mender = user;
    note_invalid(&mender->reported, invalid);
    must(pthread_equal(mender->thread, pthread_self()));
    must(memcmp((const uint8_t *)invalid->value + invalid->offset, place, invalid->size) == 0);
    if (mender->reported.count == mender->fails_at)
        return !mender->gives_up;
    return pecs_repair_invalid(NULL, invalid, place);
}

static void save_rough(void)
{
    const pecs_save_options rough = { .skip_sync = true, .skip_check = true };
    cr_assert_eq(pecs_world_save(world, "rough.pecs", &rough, NULL), PECS_OK);
}

Test(invalid, load_mends_each_in_the_order_of_the_file)
{
    spawn_wrong();
    save_rough();
    struct mender mender = { .thread = pthread_self() };
    pecs_snapshot *snapshot;
    pecs_error error;
    const pecs_load_options options = { .repair = mend, .user = &mender, .thread_count = 2 };
    cr_assert_eq(pecs_snapshot_load(registry, "rough.pecs", &options, &snapshot, &error), PECS_OK, "%s", error.message);
    expect_lines(&mender.reported, wrong_lines, WRONG_COUNT);
    const Bag *bag = pecs_get_as(pecs_snapshot_view(snapshot), ((pecs_entity){ 0, 1 }), BAG, Bag);
    cr_assert_eq(memcmp(bag->items[1].name, "ab\0\0\0", 6), 0);
    cr_assert(same(bag->items[2].owner, none) && same(bag->items[1].owner, (pecs_entity){ 0, 1 }));
    cr_assert(bag->flags[1][0] && bag->was[0] == 2 && bag->was[1] == 0);
    cr_assert_eq(memcmp(bag->lines, "fulla\0\0", 8), 0);
    cr_assert(pecs_get_singleton_as(pecs_snapshot_view(snapshot), SWITCH, Switch)->on);
    cr_assert_eq(pecs_view_check(pecs_snapshot_view(snapshot), NULL, NULL, NULL), PECS_OK);
    cr_assert_eq(pecs_snapshot_save(snapshot, "mended.pecs", NULL, NULL), PECS_OK);
    pecs_snapshot_release(snapshot);
    pecs_snapshot_release(open_snapshot(registry, LOAD, "mended.pecs"));
}

Test(invalid, what_is_not_mended_is_refused)
{
    spawn_wrong();
    save_rough();
    for (size_t line = 1; line <= WRONG_COUNT; line++) {
        for (int gives_up = 0; gives_up < 2; gives_up++) {
            struct mender mender = { .thread = pthread_self(), .fails_at = line, .gives_up = gives_up };
            pecs_snapshot *snapshot = NULL;
            pecs_error error;
            const pecs_load_options options = { .repair = mend, .user = &mender };
            cr_assert_eq(pecs_snapshot_load(registry, "rough.pecs", &options, &snapshot, &error), PECS_E_CORRUPT);
            cr_assert_null(snapshot);
            cr_assert_eq(mender.reported.count, line);
            cr_assert_not_null(strstr(wrong_lines[line - 1], error.rule));
            cr_assert_neq(error.offset, 0);
        }
    }
}

/* Against a plain walk, over rows of several chunks, blocks and threads. */

static uint64_t random_state;

static uint32_t below(uint32_t limit)
{
    random_state = random_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)((random_state >> 33) % limit);
}

static bool text_is_good(const char *text, size_t size)
{
    size_t end = 0;
    for (; end < size && text[end]; end++)
        if (text[end] == '\xff')
            return false;
    for (; end < size; end++)
        if (text[end])
            return false;
    return true;
}

static uint32_t count_wrong(const Bag *bag, uint32_t slot_count)
{
    uint32_t count = 0;
    for (int i = 0; i < ITEM_COUNT; i++) {
        const pecs_entity owner = bag->items[i].owner;
        count += !text_is_good(bag->items[i].name, 6);
        count += owner.index < slot_count ? owner.generation > 1 : owner.index || owner.generation;
    }
    for (int i = 0; i < 4; i++)
        count += ((const uint8_t *)bag->flags)[i] > 1;
    for (int i = 0; i < 2; i++)
        count += (bag->was[i] > 2) + !text_is_good(bag->lines[i], 4);
    return count + (*(const uint8_t *)&bag->last > 1);
}

static Bag random_bag(uint32_t slot_count)
{
    Bag bag = { .items = { { "a", { 1, 1 } } }, .was = { 1, 2 }, .lines = { "ab" } };
    if (below(4))
        return bag;
    switch (below(6)) {
    case 0:
        bag.items[below(ITEM_COUNT)].name[below(6)] = (char)(below(2) ? 0xff : 'x');
        break;
    case 1:
        bag.items[below(ITEM_COUNT)].owner = (pecs_entity){ below(2 * slot_count), below(3) };
        break;
    case 2:
        memset((uint8_t *)bag.flags + below(4), (int)below(3), 1);
        break;
    case 3:
        bag.was[below(2)] = (uint16_t)below(4);
        break;
    case 4:
        bag.lines[below(2)][below(4)] = 'z';
        break;
    default:
        memset(&bag.last, (int)below(3), 1);
    }
    return bag;
}

static bool count_invalid(void *user, const pecs_invalid *invalid)
{
    (void)invalid;
    ++*(uint32_t *)user;
    return true;
}

static bool mend_and_count(void *user, const pecs_invalid *invalid, void *place)
{
    return count_invalid(user, invalid) && pecs_repair_invalid(NULL, invalid, place);
}

Test(invalid, as_many_are_found_as_there_are)
{
    enum { ROWS = 150000 };
    Bag *bags = malloc(ROWS * sizeof(Bag));
    uint32_t expected = 0, reported = 0, mended = 0;
    random_state = 77;
    for (uint32_t i = 0; i < ROWS; i++) {
        bags[i] = random_bag(ROWS);
        expected += count_wrong(&bags[i], ROWS);
    }
    cr_assert_eq(pecs_world_spawn(world, &(pecs_value){ BAG, sizeof(Bag), bags }, 1, ROWS, NULL), PECS_OK);
    cr_assert_eq(pecs_view_check(view(), count_invalid, &reported, NULL), PECS_E_INVALID);
    cr_assert_eq(reported, expected);
    cr_assert_gt(expected, 10000);
    save_rough();
    const pecs_load_options options = { .repair = mend_and_count, .user = &mended, .thread_count = 3 };
    pecs_snapshot *snapshot;
    cr_assert_eq(pecs_snapshot_load(registry, "rough.pecs", &options, &snapshot, NULL), PECS_OK);
    cr_assert_eq(mended, expected);
    cr_assert_eq(pecs_view_check(pecs_snapshot_view(snapshot), NULL, NULL, NULL), PECS_OK);
    pecs_snapshot_release(snapshot);
    free(bags);
}

/* A save refuses a value, and load a file with it, for the same reason. */
Test(invalid, what_save_accepts_load_accepts)
{
    uint32_t refused = 0;
    cr_assert_eq(pecs_world_spawn(world, NULL, 0, 2, NULL), PECS_OK);
    for (uint32_t seed = 0; seed < 300; seed++) {
        random_state = (uint64_t)seed << 32;
        const Bag bag = random_bag(3);
        const pecs_entity entity = spawn_bag(&bag);
        pecs_error of_save = { .message = "" }, of_load = { .message = "" };
        pecs_snapshot *snapshot;
        const pecs_status saved = pecs_world_save(world, "world.pecs", &quick, &of_save);
        save_rough();
        const pecs_status loaded = pecs_snapshot_load(registry, "rough.pecs", NULL, &snapshot, &of_load);
        cr_assert_eq(saved, loaded ? PECS_E_INVALID : PECS_OK);
        cr_assert_str_eq(of_save.message, of_load.message);
        refused += saved != PECS_OK;
        if (!loaded)
            pecs_snapshot_release(snapshot);
        cr_assert_eq(pecs_world_despawn(world, &entity, 1), PECS_OK);
    }
    cr_assert(refused > 20 && refused < 200);
}

/* Texts. */

static void expect_text(const char *text, bool is_whole, const char *expected, size_t size)
{
    char array[9], wanted[9] = { 0 };
    memset(array, 'x', sizeof(array));
    memcpy(wanted, expected, strlen(expected));
    cr_assert_eq(pecs_text_copy(array, size, text), is_whole, "%s", text);
    cr_assert_eq(memcmp(array, wanted, size), 0, "%s", text);
    cr_assert(size == 9 || array[size] == 'x');
}

Test(texts, are_cut_at_a_character)
{
    expect_text("", true, "", 4);
    expect_text("abc", true, "abc", 4);
    expect_text("abcd", false, "abc", 4);
    expect_text("abcd", true, "abcd", 9);
    expect_text("a", false, "", 1);
    expect_text("", true, "", 1);
    expect_text("ab\xc3\xab", true, "ab\xc3\xab", 5);
    expect_text("ab\xc3\xab", false, "ab", 4);   /* the zero has no room */
    expect_text("abc\xc3\xab", false, "abc", 5); /* half of a character has */
    expect_text("\xf0\x9f\x8e\xb2", false, "", 4);
    expect_text("\xf0\x9f\x8e\xb2", true, "\xf0\x9f\x8e\xb2", 5);
    expect_text("\xf0\x9f\x8e\xb2z", false, "\xf0\x9f\x8e\xb2", 5);
    expect_text("ab\x80zz", false, "ab", 9); /* not UTF-8 */
    expect_text("ab\xc3", false, "ab", 9);
    expect_text("ab\xed\xa0\x80", false, "ab", 9);
    expect_text("ab\xff", false, "ab", 3);
}

Test(texts, a_field_gives_its_size)
{
    Item item = { "longer", { 0, 0 } };
    cr_assert(pecs_text_set(item.name, "Zo\xc3\xab"));
    cr_assert_eq(memcmp(item.name, "Zo\xc3\xab\0", 6), 0);
    cr_assert_not(pecs_text_set(item.name, "Noelle"));
    cr_assert_str_eq(item.name, "Noell");
    Bag bag = { .last = true };
    cr_assert(pecs_text_set(bag.lines[1], "abc"));
    cr_assert_str_eq(bag.lines[1], "abc");
    cr_assert(pecs_text_copy(bag.lines[0], sizeof(bag.lines[0]), bag.lines[1]));
    cr_assert_str_eq(bag.lines[0], "abc");
}
