/* Parts of files with old types: the part names what the types become, and what it leaves out needs no consent. */
#define _GNU_SOURCE
#include "migration_fixture.h"

typedef struct {
    float mass, thrust;
} Body;
PECS_COMPONENT(Body, 1, mass, thrust);
typedef struct {
    uint32_t count, spare;
} Cargo1;
PECS_COMPONENT_OF(Cargo1, "Cargo", 1, PECS_FIELD(Cargo1, count), PECS_FIELD(Cargo1, spare));
typedef struct {
    uint32_t count;
} Cargo2;
PECS_COMPONENT_OF(Cargo2, "Cargo", 2, PECS_FIELD(Cargo2, count));
typedef struct {
    float mass;
} Hull;
PECS_COMPONENT(Hull, 1, mass);
typedef struct {
    float thrust;
} Engine;
PECS_COMPONENT(Engine, 1, thrust);

enum { NEW_HULL, NEW_ENGINE, NEW_CARGO, NEW_TEAM, NEW_COUNT };
enum { OLD_BODY, OLD_CARGO, OLD_TEAM, OLD_COUNT };
static const pecs_type *const old_types[OLD_COUNT] = { &Body_type, &Cargo1_type, &Team_type };
static const pecs_type *const new_types[NEW_COUNT] = { &Hull_type, &Engine_type, &Cargo2_type, &Team_type };

static pecs_status split(void *user, pecs_migration_rows *rows, pecs_error *error)
{
    const Body *from = rows->from;
    Hull *hulls = rows->to[0];
    Engine *engines = rows->to[1];
    (void)user, (void)error;
    for (size_t i = 0; i < rows->count; i++) {
        hulls[i].mass = from[i].mass;
        engines[i].thrust = from[i].thrust;
    }
    return PECS_OK;
}

static unsigned hook_count;

static pecs_status count_hook(void *user, pecs_world *world, pecs_error *error)
{
    (void)user, (void)world, (void)error;
    hook_count++;
    return PECS_OK;
}

static const pecs_type *const parts[] = { &Hull_type, &Engine_type };
static const pecs_migration to_parts = { &Body_type, parts, 2, split, NULL, false };
static const pecs_load_hook hook = { count_hook, NULL };
static const pecs_history history = {
    .schema_version = 3, .migrations = &to_parts, .migration_count = 1, .hooks = &hook, .hook_count = 1
};
static const pecs_migration_options consent = { .losses = PECS_LOSS_ALL };

static pecs_world *world;

static void set_up(void)
{
    enter_folder();
    old_registry = registry_with(old_types, OLD_COUNT, NULL);
    new_registry = registry_with(new_types, NEW_COUNT, &history);
    world = world_of(old_registry, NULL, 1);
    for (unsigned i = 0; i < 3000; i++) {
        const Body body = { (float)i, 2 * (float)i };
        const Cargo1 cargo = { i, 1 };
        const pecs_value values[] = { { OLD_BODY, sizeof(body), &body },
                                      { OLD_CARGO, sizeof(cargo), &cargo },
                                      PECS_VALUE_AS(OLD_TEAM, Team, (uint8_t)i) };
        spawn_one(world, values + i % 3, 1 + i % (3 - i % 3));
    }
    must(pecs_world_set_singleton(world, OLD_BODY, sizeof(Body), &(Body){ 5, 6 }) == PECS_OK);
    save_world(world, "old.pecs");
    hook_count = 0;
}

static void strike(void)
{
    end_migration(world);
    assert_no_leak();
    leave_folder();
}

TestSuite(part_migration, .init = set_up, .fini = strike);

static pecs_status open_types(int verb, const pecs_type *const *types, size_t type_count,
                              const pecs_migration_options *migration, pecs_snapshot **ret_snapshot, pecs_error *error)
{
    const pecs_part part = { .types = types, .type_count = type_count };
    const pecs_resume_options resume = { .migration = migration, .part = &part };
    const pecs_load_options load = { .migration = migration, .part = &part };
    return verb == RESUME ? pecs_snapshot_resume(new_registry, "old.pecs", &resume, ret_snapshot, error)
                          : pecs_snapshot_load(new_registry, "old.pecs", &load, ret_snapshot, error);
}

static void expect_same(const pecs_snapshot *expected, const pecs_snapshot *opened, unsigned set)
{
    const pecs_summary a = summary_of(pecs_snapshot_view(expected)), b = summary_of(pecs_snapshot_view(opened));
    check_state(opened);
    cr_assert(same_summary(&a, &b), "set %u: another summary", set);
    cr_assert_eq(pecs_view_hash(pecs_snapshot_view(expected)), pecs_view_hash(pecs_snapshot_view(opened)), "set %u",
                 set);
    cr_assert_eq(pecs_view_type_count(pecs_snapshot_view(expected)), pecs_view_type_count(pecs_snapshot_view(opened)));
}

Test(part_migration, every_set_of_types_is_the_filter_of_the_whole)
{
    const pecs_load_options whole_options = { .migration = &consent };
    pecs_snapshot *whole = NULL;
    cr_assert_eq(pecs_snapshot_load(new_registry, "old.pecs", &whole_options, &whole, NULL), PECS_OK);
    for (unsigned set = 0; set < 1 << NEW_COUNT; set++) {
        const pecs_type *types[NEW_COUNT];
        pecs_component components[NEW_COUNT];
        size_t count = 0;
        pecs_error error;
        for (unsigned i = 0; i < NEW_COUNT; i++)
            if (set >> i & 1) {
                types[count] = new_types[i];
                components[count++] = i;
            }
        const pecs_filter filter = { .components = components, .component_count = count, .only_components = true };
        pecs_snapshot *expected = NULL, *opened = NULL;
        cr_assert_eq(pecs_snapshot_filter(whole, &filter, &expected, NULL), PECS_OK);
        for (int verb = 0; verb < VERB_COUNT; verb++) {
            cr_assert_eq(open_types(verb, types, count, &consent, &opened, &error), PECS_OK, "%s", error.message);
            expect_same(expected, opened, set);
            pecs_snapshot_release(opened);
        }
        pecs_snapshot_release(expected);
    }
    pecs_snapshot_release(whole);
}

Test(part_migration, what_is_left_out_needs_no_consent)
{
    pecs_snapshot *opened = NULL;
    pecs_error error;
    for (int verb = 0; verb < VERB_COUNT; verb++) {
        cr_assert_eq(verbs[verb](new_registry, "old.pecs", NULL, &opened, &error), PECS_E_LAYOUT);
        cr_assert_eq(open_types(verb, new_types + NEW_CARGO, 1, NULL, &opened, &error), PECS_E_LAYOUT);
        cr_assert_not_null(strstr(error.message, "Cargo"), "%s", error.message);
        cr_assert_eq(open_types(verb, new_types + NEW_HULL, 1, NULL, &opened, &error), PECS_OK, "%s", error.message);
        const pecs_view view = pecs_snapshot_view(opened);
        const Hull *hull = pecs_view_get(view, (pecs_entity){ 30, 1 }, NEW_HULL, sizeof(Hull));
        cr_assert(hull && hull->mass == 30);
        hull = pecs_view_get_singleton(view, NEW_HULL, sizeof(Hull));
        cr_assert(hull && hull->mass == 5 && !pecs_view_has_singleton(view, NEW_ENGINE));
        pecs_snapshot_release(opened);
    }
    cr_assert_eq(hook_count, 0);
}

static void note(void *user, const pecs_migration_note *given)
{
    unsigned *counts = user;
    counts[given->event]++;
    cr_assert_eq(given->event, PECS_EVENT_CONVERTED);
    cr_assert_str_eq(given->type, "Body");
}

Test(part_migration, what_is_left_out_is_not_noted)
{
    unsigned counts[PECS_EVENT_REMOVED + 1] = { 0 };
    const pecs_migration_options hear = { .note = note, .user = counts };
    pecs_snapshot *opened = NULL;
    for (int verb = 0; verb < VERB_COUNT; verb++) {
        cr_assert_eq(open_types(verb, new_types + NEW_TEAM, 1, &hear, &opened, NULL), PECS_OK);
        pecs_snapshot_release(opened);
        cr_assert_eq(counts[PECS_EVENT_CONVERTED], (unsigned)verb);
        cr_assert_eq(open_types(verb, parts + 1, 1, &hear, &opened, NULL), PECS_OK);
        pecs_snapshot_release(opened);
    }
}

/* An unknown type that is left out is described, but not noted as kept. */
Test(part_migration, unknown_types_are_noted_if_they_are_read)
{
    pecs_registry *registry = registry_with(new_types + NEW_TEAM, 1, NULL);
    pecs_registry_release(new_registry);
    new_registry = registry;
    unsigned counts[PECS_EVENT_REMOVED + 1] = { 0 };
    pecs_snapshot *opened = NULL;
    const pecs_migration_options hear = { .note = note, .user = counts };
    cr_assert_eq(open_types(LOAD, new_types + NEW_TEAM, 1, &hear, &opened, NULL), PECS_OK);
    cr_assert_eq(pecs_view_type_count(pecs_snapshot_view(opened)), 4);
    pecs_snapshot_release(opened);
}

static pecs_status no_step(void *user, pecs_world *changed, pecs_error *error)
{
    (void)user, (void)changed, (void)error;
    cr_assert_fail("a world migration has run");
    return PECS_OK;
}

/* World migrations are for whole worlds: a part of a file that needs one is refused, and so is its conversion. */
Test(part_migration, world_migrations_need_the_whole_file)
{
    static const pecs_world_migration steps[] = { { 0, 2, no_step, NULL } };
    static const pecs_history with_steps = {
        .schema_version = 3, .world_migrations = steps, .world_migration_count = 1, .hooks = &hook, .hook_count = 1
    };
    pecs_snapshot *opened = NULL, *converted = NULL;
    pecs_error error;
    cr_assert_eq(open_types(LOAD, new_types + NEW_TEAM, 1, &consent, &opened, NULL), PECS_OK);
    pecs_registry_release(new_registry);
    new_registry = registry_with(old_types + OLD_TEAM, 1, &with_steps);
    cr_assert_eq(pecs_snapshot_convert(opened, new_registry, &converted, &error), PECS_OK, "%s", error.message);
    pecs_snapshot_release(converted);
    pecs_snapshot_release(opened);
    for (int verb = 0; verb < VERB_COUNT; verb++) {
        cr_assert_eq(open_types(verb, new_types + NEW_TEAM, 1, NULL, &opened, &error), PECS_E_UNSUPPORTED);
        cr_assert_str_eq(error.message,
                         "a part of a file with schema version 0 cannot be migrated by world migrations: "
                         "load all of it");
    }
    cr_assert_eq(hook_count, 0);
}

/* Each allocation fails once: the load or resume does, too, and the end of the test finds no leak. */
Test(part_migration, out_of_memory)
{
    for (int verb = 0; verb < VERB_COUNT; verb++) {
        unsigned count = 0;
        for (pecs_status status = PECS_E_MEMORY; status; count++) {
            pecs_snapshot *opened = NULL;
            counting.fail_at = counting.call_count + count + 1;
            status = open_types(verb, new_types + NEW_HULL, 1, NULL, &opened, NULL);
            counting.fail_at = 0;
            cr_assert(status == PECS_OK || status == PECS_E_MEMORY, "allocation %u: %s", count,
                      pecs_status_name(status));
            cr_assert_eq(!status, opened != NULL);
            pecs_snapshot_release(opened);
        }
        cr_assert(count > 50, "%u allocations", count);
    }
}
