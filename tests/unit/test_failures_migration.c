/*
 * As test_failures.c, for migrations: each allocation of a resume, a load and a conversion fails once, and all fail
 * from each one on. The types have what allocates: a wide type that changes the size of chunks, a chain of functions,
 * contents that are given and copied, lists whose elements grow, a map with an enum and losses, a world migration.
 */
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

TestSuite(failures_migration, .init = set_up, .fini = tear_down);

enum { ROWS = 40 };

typedef struct {
    pecs_string name;
} Tale1;
PECS_COMPONENT_OF(Tale1, "Tale", 1, PECS_FIELD(Tale1, name));
typedef struct {
    pecs_string name, shout;
} Tale2;
PECS_COMPONENT_OF(Tale2, "Tale", 2, PECS_FIELD(Tale2, name), PECS_FIELD(Tale2, shout));
typedef struct {
    pecs_string name, shout, other;
} Story;
PECS_COMPONENT(Story, 1, name, shout, other);

typedef struct {
    uint16_t kind;
} Item1;
PECS_COMPONENT(Item1, 1, kind);
typedef struct {
    uint32_t kind, count;
} Item2;
PECS_COMPONENT(Item2, 1, kind, count);
static const char *const moods1[] = { "Calm", "Angry" }, *const moods2[] = { "Angry", "Happy" };
typedef struct {
    pecs_list items;
    char text[8];
    uint8_t mood, spare[7];
} Bag1;
PECS_COMPONENT_OF(Bag1, "Bag", 1, PECS_FIELD_LIST_STRUCT(Bag1, items, Item1), PECS_FIELD(Bag1, text),
                  PECS_FIELD_ENUM(Bag1, mood, moods1), PECS_FIELD_PADDING(Bag1, spare));
typedef struct {
    pecs_list items;
    pecs_string text;
    uint8_t mood, spare[7];
} Bag2;
PECS_COMPONENT_OF(Bag2, "Bag", 2, PECS_FIELD_LIST_STRUCT(Bag2, items, Item2), PECS_FIELD(Bag2, text),
                  PECS_FIELD_ENUM(Bag2, mood, moods2), PECS_FIELD_PADDING(Bag2, spare));
typedef struct {
    uint8_t cells[16];
} Grid1;
PECS_COMPONENT_OF(Grid1, "Grid", 1, PECS_FIELD(Grid1, cells));
typedef struct {
    uint16_t cells[64 * 1024];
} Grid2;
PECS_COMPONENT_OF(Grid2, "Grid", 2, PECS_FIELD(Grid2, cells));

static pecs_status shout(void *user, pecs_migration_rows *rows, pecs_error *error)
{
    const Tale1 *from = rows->from;
    Tale2 *to = rows->to[0];
    static const char text[] = "a shout that is written";
    (void)user, (void)error;
    char *copy = pecs_migration_allocate(rows, sizeof(text));
    if (!copy)
        return PECS_E_MEMORY;
    memcpy(copy, text, sizeof(text));
    for (size_t i = 0; i < rows->count; i++)
        to[i] = (Tale2){ from[i].name, pecs_string_of(copy) };
    return PECS_OK;
}

static pecs_status to_story(void *user, pecs_migration_rows *rows, pecs_error *error)
{
    const Tale2 *from = rows->from;
    Story *to = rows->to[0];
    (void)user, (void)error;
    for (size_t i = 0; i < rows->count; i++)
        to[i] = (Story){ from[i].name, from[i].shout, from[i].name };
    return PECS_OK;
}

static pecs_status spawn_more(void *user, pecs_world *world, pecs_error *error)
{
    const Story story = { .name = pecs_string_of("spawned by the migration") };
    (void)user, (void)error;
    return pecs_world_spawn(world, (pecs_value[]){ { 0, sizeof(story), &story } }, 1, 1, NULL);
}

static pecs_status count_entities(void *user, pecs_world *world, pecs_error *error)
{
    pecs_summary summary;
    (void)user, (void)error;
    pecs_view_summary(pecs_world_view(world), &summary);
    return summary.entity_count == ROWS + 1 ? PECS_OK : PECS_E_INVALID;
}

static const pecs_type *const old_types[] = { &Tale1_type, &Bag1_type, &Grid1_type, &Position_type };
static const pecs_type *const new_types[] = { &Story_type, &Bag2_type, &Grid2_type, &Position_type };
static const pecs_type *const to_tale2[] = { &Tale2_type };
static const pecs_migration migrations[] = { { &Tale1_type, to_tale2, 1, shout, NULL, false },
                                             { &Tale2_type, new_types, 1, to_story, NULL, false } };
static const Item2 item_default = { .count = 3 };
static const pecs_type_history types[] = { { .type = &Item2_type, .defaults = &item_default },
                                           { .type = &Bag2_type, .losses = PECS_LOSS_ENUM } };
static const pecs_world_migration worlds[] = { { 0, 2, spawn_more, NULL } };
static const pecs_load_hook hooks[] = { { count_entities, NULL } };
static const pecs_history history = { 2, 0, types, 2, migrations, 2, worlds, 1, hooks, 1 };

static pecs_world *make_old_world(void)
{
    static const Item1 items[] = { { 1 }, { 2 }, { 3 } };
    const pecs_bytes bytes = { items, sizeof(items) };
    pecs_world *world = world_of(old_registry, NULL, 1);
    for (int i = 0; i < ROWS; i++) {
        const Tale1 tale = { pecs_string_of("a tale in one string") };
        const Bag1 bag = { pecs_list_of(&bytes), "text", (uint8_t)(i & 1), { 0 } };
        const Grid1 grid = { { 1, 2, 3 } };
        const Position position = { 1, 2, 3 };
        const pecs_value values[] = { { 3, sizeof(position), &position },
                                      { 0, sizeof(tale), &tale },
                                      { 1, sizeof(bag), &bag },
                                      { 2, sizeof(grid), &grid } };
        must(pecs_world_spawn(world, values, i % 8 ? 3 : 4, 1, NULL) == PECS_OK);
    }
    must(pecs_world_set_singleton(world, 0, sizeof(Tale1), &(Tale1){ pecs_string_of("of the world") }) == PECS_OK);
    return world;
}

static void ignore(void *user, const pecs_migration_note *note)
{
    ++*(int *)user;
    must(note->type != NULL);
}

static pecs_status open_in(int way, const pecs_snapshot *before, pecs_snapshot **ret_snapshot, pecs_error *error)
{
    int notes = 0;
    const pecs_migration_options migration = { .note = ignore, .user = &notes };
    const pecs_status status =
        way == BY_RESUME ? pecs_snapshot_resume(new_registry, "old.pecs",
                                                &(pecs_resume_options){ .migration = &migration }, ret_snapshot, error)
        : way == BY_LOAD ? pecs_snapshot_load(new_registry, "old.pecs", &(pecs_load_options){ .migration = &migration },
                                              ret_snapshot, error)
                         : pecs_snapshot_convert(before, new_registry, ret_snapshot, error);
    must(!status || !notes);
    return status;
}

/* Returns how many allocations there were before the first success. */
static uint64_t fail_each(int way, bool fail_after)
{
    uint64_t number = 0;
    for (pecs_status status = PECS_E_MEMORY; status; number++) {
        pecs_error error = { .message = "" };
        pecs_snapshot *snapshot = NULL, *before = NULL;
        old_registry = registry_with(old_types, 4, NULL);
        pecs_world *world = make_old_world();
        if (way == BY_CONVERT)
            must(pecs_snapshot_take(world, &before) == PECS_OK);
        else
            save_world(world, "old.pecs");
        new_registry = registry_with(new_types, 4, &history);
        counting.fail_after = fail_after;
        counting.fail_at = counting.call_count + number + 1;
        status = open_in(way, before, &snapshot, &error);
        counting.fail_at = 0;
        cr_assert(status == PECS_OK || status == PECS_E_MEMORY, "allocation %d: %s", (int)number, error.message);
        cr_assert(status == error.status || !status);
        cr_assert_eq(!status, snapshot != NULL);
        pecs_status again = PECS_OK; /* what failed left nothing behind that is in the way */
        if (status)
            again = open_in(way, before, &snapshot, &error);
        cr_assert_eq(again, PECS_OK, "%s", error.message);
        check_state(snapshot);
        cr_assert_eq(summary_of(pecs_snapshot_view(snapshot)).entity_count, ROWS + 1);
        pecs_snapshot_release(snapshot);
        pecs_snapshot_release(before);
        end_migration(world);
        assert_no_leak();
    }
    return number;
}

Test(failures_migration, of_a_resume)
{
    cr_assert_geq(fail_each(BY_RESUME, false), 100);
    fail_each(BY_RESUME, true);
}

Test(failures_migration, of_a_load)
{
    cr_assert_geq(fail_each(BY_LOAD, false), 100);
    fail_each(BY_LOAD, true);
}

Test(failures_migration, of_a_conversion)
{
    cr_assert_geq(fail_each(BY_CONVERT, false), 100);
    fail_each(BY_CONVERT, true);
}
