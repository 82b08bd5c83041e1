/* Migration of states that are unusual: a heap on the move, all types that there can be, ids beside names, chunks. */
#include "contents_fixture.h"
#include "migration_fixture.h"

static void set_up(void)
{
    enter_folder();
}

static void tear_down(void)
{
    assert_no_leak();
    leave_folder();
}

TestSuite(migration_worlds, .init = set_up, .fini = tear_down);

/* Strings that are written again and again, so that the heap moves, are converted and moved further by the next world.
 */
typedef struct {
    uint64_t number;
    pecs_string text;
    uint64_t more;
} Name2;
PECS_COMPONENT_OF(Name2, "Name", 2, PECS_FIELD(Name2, number), PECS_FIELD(Name2, text), PECS_FIELD(Name2, more));

enum { NAMES = 20000 };

static void write_name(pecs_world *world, pecs_entity entity, bool is_new, uint64_t number)
{
    char text[200];
    snprintf(text, sizeof(text), "%0150llu", (unsigned long long)number);
    const Name name = { number, pecs_string_of(text) };
    const Name2 name2 = { number, pecs_string_of(text), 0 };
    must(!(is_new ? pecs_world_set(world, entity, &(pecs_value){ 0, sizeof(name2), &name2 }, 1)
                  : pecs_world_set(world, entity, &(pecs_value){ 0, sizeof(name), &name }, 1)));
}

static void expect_names(pecs_view view, const pecs_entity *entities)
{
    for (int i = 0; i < NAMES; i++) {
        const Name2 *name = pecs_get_as(view, entities[i], 0, Name2);
        char text[200];
        snprintf(text, sizeof(text), "%0150llu", (unsigned long long)name->number);
        cr_assert_str_eq(pecs_view_string(view, name->text, NULL), text);
    }
}

Test(migration_worlds, a_heap_that_is_moving)
{
    static const pecs_type *const before[] = { &Name_type }, *const after[] = { &Name2_type };
    static pecs_entity entities[NAMES];
    int moving = 0;
    old_registry = registry_with(before, 1, NULL);
    new_registry = registry_with(after, 1, NULL);
    pecs_world *world = world_of(old_registry, NULL, 1);
    must(pecs_world_spawn(world, (pecs_value[]){ { 0, sizeof(Name), NULL } }, 1, NAMES, entities) == PECS_OK);
    for (int i = 0; i < NAMES; i++)
        write_name(world, entities[i], false, (uint64_t)i);
    for (int i = 0; i < 8 * NAMES; i++) {
        write_name(world, entities[(i * 7) % NAMES], false, (uint64_t)i);
        if (i % 11 || !heap_of(world)->is_moving || moving == 5)
            continue;
        moving++;
        pecs_snapshot *snapshot = migrate(world, BY_CONVERT, NULL);
        expect_names(pecs_snapshot_view(snapshot), entities);
        pecs_world *next = world_of(new_registry, snapshot, 2);
        for (int j = 0; j < 2 * NAMES; j++)
            write_name(next, entities[(j * 13) % NAMES], true, (uint64_t)j * 3);
        check_contents(next);
        expect_names(pecs_world_view(next), entities);
        must(pecs_world_restore(next, snapshot) == PECS_OK);
        check_contents(next);
        expect_names(pecs_world_view(next), entities);
        pecs_world_destroy(next);
        pecs_snapshot_release(snapshot);
    }
    cr_assert_gt(moving, 3, "the heap was moving %d times", moving);
    end_migration(world);
}

/* As many types as a program may have, all of them in another version. */
enum { MANY = 1024 };

Test(migration_worlds, all_types_that_there_can_be)
{
    static char names[MANY][8];
    static pecs_type types[2][MANY];
    static const pecs_type *lists[2][MANY];
    static pecs_value values[MANY];
    static const pecs_field fields[2] = {
        { .name = "x", .kind = PECS_U16, .size = 2, .count = 1 },
        { .name = "x", .kind = PECS_U32, .size = 4, .count = 1 },
    };
    static const uint16_t number = 500;
    pecs_entity entities[2];
    for (int i = 0; i < MANY; i++) {
        snprintf(names[i], sizeof(names[i]), "t%d", i);
        for (uint32_t j = 0; j < 2; j++) {
            types[j][i] = (pecs_type){ .name = names[i], .version = 1 + j, .size = 2 + 2 * j, .align = 2 + 2 * j };
            types[j][i].field_count = 1;
            types[j][i].fields = &fields[j];
            lists[j][j ? MANY - 1 - i : i] = &types[j][i];
        }
        values[i] = (pecs_value){ (pecs_component)i, 2, &number };
    }
    for (int way = 0; way < WAY_COUNT; way++) {
        old_registry = registry_with(lists[0], MANY, NULL);
        new_registry = registry_with(lists[1], MANY, NULL);
        pecs_world *world = world_of(old_registry, NULL, 1);
        must(pecs_world_spawn(world, values, MANY, 1, &entities[0]) == PECS_OK);
        must(pecs_world_spawn(world, values + 5, 1, 1, &entities[1]) == PECS_OK);
        pecs_snapshot *snapshot = migrate(world, way, NULL);
        const pecs_view view = pecs_snapshot_view(snapshot);
        check_state(snapshot);
        for (pecs_component i = 0; i < MANY; i++)
            cr_assert_eq(*(const uint32_t *)pecs_view_get(view, entities[0], i, 4), 500);
        cr_assert_eq(*(const uint32_t *)pecs_view_get(view, entities[1], MANY - 1 - 5, 4), 500);
        pecs_snapshot_release(snapshot);
        end_migration(world);
    }
}

/* A type is known by its id, whatever its name; the note has the name in the file. */
typedef struct {
    uint16_t x;
} Point1;
typedef struct {
    uint32_t x;
} Point2;
static const pecs_field point1_field = { .name = "x", .kind = PECS_U16, .size = 2, .count = 1 };
static const pecs_field point2_field = { .name = "x", .kind = PECS_U32, .size = 4, .count = 1 };
static const pecs_type Dot_type = { "Dot", { { 9, 9 } }, 1, 2, 2, 1, &point1_field, 0 };
static const pecs_type Spot_type = { "Spot", { { 9, 9 } }, 2, 4, 4, 1, &point2_field, 0 };
static const pecs_type Speck_type = { "Speck", { { 9, 9 } }, 1, 2, 2, 1, &point1_field, 0 };

static pecs_status widen(void *user, pecs_migration_rows *rows, pecs_error *error)
{
    const Point1 *from = rows->from;
    Point2 *to = rows->to[0];
    (void)user, (void)error;
    for (size_t i = 0; i < rows->count; i++)
        to[i].x = from[i].x + 1000u;
    return PECS_OK;
}

static void hear_name(void *user, const pecs_migration_note *note)
{
    snprintf(user, 16, "%s %u>%u", note->type, note->from_version, note->to_version);
}

Test(migration_worlds, types_of_one_id_and_other_names)
{
    static const pecs_type *const before[] = { &Dot_type }, *const after[] = { &Spot_type };
    static const pecs_migration migration = { &Speck_type, after, 1, widen, NULL, false };
    static const pecs_history with_code = { .migrations = &migration, .migration_count = 1 };
    for (int way = 0; way < WAY_COUNT; way++)
        for (int has_code = 0; has_code < 2; has_code++) {
            char heard[16] = "";
            const pecs_migration_options notes = { .note = hear_name, .user = heard };
            pecs_entity entity;
            old_registry = registry_with(before, 1, NULL);
            new_registry = registry_with(after, 1, has_code ? &with_code : NULL);
            pecs_world *world = world_of(old_registry, NULL, 1);
            must(pecs_world_spawn(world, (pecs_value[]){ { 0, 2, &(Point1){ 5 } } }, 1, 1, &entity) == PECS_OK);
            pecs_snapshot *snapshot = migrate(world, way, &notes);
            cr_assert_eq(pecs_get_as(pecs_snapshot_view(snapshot), entity, 0, Point2)->x, has_code ? 1005 : 5);
            cr_assert(way == BY_CONVERT || strcmp(heard, "Dot 1>2") == 0, "%s", heard);
            pecs_snapshot_release(snapshot);
            end_migration(world);
        }
}

/* A type between with an alignment of its own. */
typedef struct {
    _Alignas(64) uint32_t lanes[16];
} Lanes;
PECS_COMPONENT(Lanes, 1, lanes);
typedef struct {
    uint32_t sum;
} Sum;
PECS_COMPONENT(Sum, 1, sum);
typedef struct {
    uint32_t first;
} Lane;
PECS_COMPONENT(Lane, 1, first);

static pecs_status spread(void *user, pecs_migration_rows *rows, pecs_error *error)
{
    const Lane *from = rows->from;
    Lanes *to = rows->to[0];
    (void)user, (void)error;
    cr_assert_eq((uintptr_t)to % 64, 0);
    for (size_t i = 0; i < rows->count; i++)
        for (uint32_t j = 0; j < 16; j++)
            to[i].lanes[j] = from[i].first + j;
    return PECS_OK;
}

static pecs_status add_up(void *user, pecs_migration_rows *rows, pecs_error *error)
{
    const Lanes *from = rows->from;
    Sum *to = rows->to[0];
    (void)user, (void)error;
    cr_assert_eq((uintptr_t)from % 64, 0);
    for (size_t i = 0; i < rows->count; i++)
        for (uint32_t j = 0; j < 16; j++)
            to[i].sum += from[i].lanes[j];
    return PECS_OK;
}

Test(migration_worlds, types_between_are_aligned)
{
    static const pecs_type *const before[] = { &Lane_type }, *const lanes[] = { &Lanes_type },
                                  *const after[] = { &Sum_type };
    static const pecs_migration migrations[] = { { &Lane_type, lanes, 1, spread, NULL, false },
                                                 { &Lanes_type, after, 1, add_up, NULL, false } };
    static const pecs_history history = { .migrations = migrations, .migration_count = 2 };
    for (uint32_t count = 1; count < 40; count++) {
        pecs_entity entities[40];
        old_registry = registry_with(before, 1, NULL);
        new_registry = registry_with(after, 1, &history);
        pecs_world *world = world_of(old_registry, NULL, 1);
        for (uint32_t i = 0; i < count; i++)
            must(pecs_world_spawn(world, (pecs_value[]){ { 0, 4, &i } }, 1, 1, &entities[i]) == PECS_OK);
        pecs_snapshot *snapshot = migrate(world, BY_LOAD, NULL);
        for (uint32_t i = 0; i < count; i++)
            cr_assert_eq(pecs_get_as(pecs_snapshot_view(snapshot), entities[i], 0, Sum)->sum, 16 * i + 120);
        pecs_snapshot_release(snapshot);
        end_migration(world);
    }
}

/* Contents so large that copies share their memory. */
typedef struct {
    pecs_blob bytes;
} Photo;
PECS_COMPONENT(Photo, 1, bytes);
typedef struct {
    pecs_blob front, back;
} Card;
PECS_COMPONENT(Card, 1, front, back);
typedef struct {
    pecs_blob small, large;
} Thumb;
PECS_COMPONENT(Thumb, 1, small, large);

static pecs_status copy_photo(void *user, pecs_migration_rows *rows, pecs_error *error)
{
    static const pecs_bytes thumb = { "thumb", 5 };
    const Photo *from = rows->from;
    Card *card = rows->to[0];
    Thumb *small = rows->to[1];
    (void)user, (void)error;
    for (size_t i = 0; i < rows->count; i++) {
        card[i] = (Card){ from[i].bytes, from[i].bytes };
        small[i] = (Thumb){ pecs_blob_of(&thumb), from[i].bytes };
    }
    return PECS_OK;
}

enum { PHOTO_BYTES = 300000 };

static void expect_photo(pecs_view view, pecs_blob blob, uint8_t first)
{
    size_t size;
    const uint8_t *bytes = pecs_view_blob(view, blob, &size);
    cr_assert_eq(size, PHOTO_BYTES);
    cr_assert(bytes[0] == first && bytes[1] == 7 && bytes[PHOTO_BYTES - 1] == 7);
}

Test(migration_worlds, large_contents_are_copied_to_several_members)
{
    static uint8_t bytes[PHOTO_BYTES];
    static const pecs_type *const before[] = { &Photo_type }, *const after[] = { &Card_type, &Thumb_type };
    static const pecs_migration migration = { &Photo_type, after, 2, copy_photo, NULL, false };
    static const pecs_history history = { .migrations = &migration, .migration_count = 1 };
    memset(bytes, 7, sizeof(bytes));
    for (int way = 0; way < WAY_COUNT; way++) {
        pecs_entity entities[3];
        old_registry = registry_with(before, 1, NULL);
        new_registry = registry_with(after, 2, &history);
        pecs_world *world = world_of(old_registry, NULL, 1);
        for (int i = 0; i < 3; i++) {
            bytes[0] = (uint8_t)i;
            const Photo photo = { pecs_blob_of(PECS_BYTES(bytes, sizeof(bytes))) };
            must(pecs_world_spawn(world, (pecs_value[]){ { 0, sizeof(photo), &photo } }, 1, 1, &entities[i]) ==
                 PECS_OK);
        }
        pecs_snapshot *snapshot = migrate(world, way, NULL);
        pecs_world *next = world_of(new_registry, snapshot, 2);
        bytes[0] = 99;
        const pecs_bytes given = { bytes, sizeof(bytes) };
        must(pecs_world_set_contents(next, entities[1], 0, offsetof(Card, front), &given) == PECS_OK);
        must(pecs_world_despawn(next, &entities[0], 1) == PECS_OK);
        check_contents(next);
        expect_photo(pecs_world_view(next), pecs_get_as(pecs_world_view(next), entities[1], 0, Card)->front, 99);
        expect_photo(pecs_world_view(next), pecs_get_as(pecs_world_view(next), entities[1], 0, Card)->back, 1);
        must(pecs_world_restore(next, snapshot) == PECS_OK);
        check_contents(next);
        for (int i = 0; i < 3; i++) {
            const pecs_view view = pecs_snapshot_view(snapshot);
            expect_photo(view, pecs_get_as(view, entities[i], 0, Card)->front, (uint8_t)i);
            expect_photo(view, pecs_get_as(view, entities[i], 0, Card)->back, (uint8_t)i);
            expect_photo(view, pecs_get_as(view, entities[i], 1, Thumb)->large, (uint8_t)i);
        }
        pecs_world_destroy(next);
        pecs_snapshot_release(snapshot);
        end_migration(world);
    }
}

/* Transient types: of both programs, in a table that is migrated; and one that the new program made of an old type. */
typedef struct {
    void *pointer;
} Cache;
PECS_TRANSIENT(Cache);

Test(migration_worlds, transient_types_beside_old_ones)
{
    static const pecs_type transient_lane = { "Lane", { { 0 } }, 1, 4, 4, 0, NULL, PECS_TYPE_TRANSIENT };
    static const pecs_type lane2 = { "Lane", { { 0 } }, 2, 4, 4, 1, &point2_field, 0 };
    static const pecs_rename renames[] = { { "x", "first" } };
    static const pecs_type_history types[] = { { .type = &lane2, .renames = renames, .rename_count = 1 } };
    static const pecs_history history = { .types = types, .type_count = 1 };
    static const pecs_type *const before[] = { &Cache_type, &Lane_type }, *const after[] = { &lane2, &Cache_type },
                                  *const hidden[] = { &transient_lane };
    for (int way = 0; way < WAY_COUNT; way++) {
        const Cache cache = { &way };
        const Lane lane = { 6 };
        pecs_entity entity;
        pecs_error error;
        pecs_snapshot *refused = NULL;
        old_registry = registry_with(before, 2, NULL);
        new_registry = registry_with(after, 2, &history);
        pecs_world *world = world_of(old_registry, NULL, 1);
        must(pecs_world_spawn(world, (pecs_value[]){ { 0, sizeof(cache), &cache }, { 1, 4, &lane } }, 2, 1, &entity) ==
             PECS_OK);
        pecs_snapshot *snapshot = migrate(world, way, NULL);
        const pecs_view view = pecs_snapshot_view(snapshot);
        const Cache *kept = pecs_get_as(view, entity, 1, Cache);
        check_state(snapshot);
        cr_assert_eq(pecs_get_as(view, entity, 0, Point2)->x, 6);
        cr_assert(way == BY_CONVERT ? kept->pointer == &way : kept == NULL);
        pecs_snapshot_release(snapshot);
        pecs_registry_release(new_registry);
        new_registry = registry_with(hidden, 1, NULL);
        cr_assert_eq(try_migrate(world, way, NULL, &refused, &error), PECS_E_LAYOUT);
        end_migration(world);
    }
}
