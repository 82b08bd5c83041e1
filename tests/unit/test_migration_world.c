/* The schema of a program: versions in files, world migrations, hooks; and what a history is refused for. */
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

TestSuite(migration_world, .init = set_up, .fini = tear_down);

static pecs_entity entities[3];

/* Three entities with health, by a program of a schema version (0: none). */
static pecs_world *make_old(uint32_t version, uint32_t oldest_reader)
{
    static pecs_history history;
    history = (pecs_history){ .schema_version = version, .oldest_reader = oldest_reader };
    old_registry = registry_with(fixture_types, FIXTURE_TYPE_COUNT, version ? &history : NULL);
    pecs_world *world = world_of(old_registry, NULL, 1);
    for (int i = 0; i < 3; i++) {
        const Health health = { i, 10 };
        must(pecs_world_spawn(world, &(pecs_value){ HEALTH, sizeof(health), &health }, 1, 1, &entities[i]) == PECS_OK);
    }
    return world;
}

static const char *meta_of(pecs_view view, const char *key)
{
    pecs_meta meta;
    return pecs_view_meta(view, key, &meta) ? NULL : meta.value;
}

Test(migration_world, versions_are_written_and_read_without_loading)
{
    pecs_world *world = make_old(7, 4);
    pecs_info *info = NULL;
    cr_assert_eq(pecs_registry_history(old_registry)->oldest_reader, 4);
    pecs_error error;
    save_world(world, "v.pecs");
    must(pecs_file_info("v.pecs", &counting_hooks, NULL, &info, &error) == PECS_OK);
    cr_assert_str_eq(pecs_info_meta(info, PECS_META_SCHEMA_VERSION)->value, "7");
    cr_assert_str_eq(pecs_info_meta(info, PECS_META_OLDEST_READER)->value, "4");
    pecs_info_destroy(info);
    pecs_world_destroy(world);
    pecs_registry_release(old_registry);
}

Test(migration_world, an_older_program_refuses_what_it_cannot_read)
{
    static const pecs_history older = { .schema_version = 3 };
    static const pecs_history just = { .schema_version = 4 };
    static const pecs_history *const histories[] = { NULL, &older, &just };
    for (int i = 0; i < 3; i++)
        for (int way = BY_RESUME; way <= BY_LOAD; way++) {
            pecs_world *world = make_old(7, 4);
            pecs_snapshot *snapshot = NULL;
            pecs_error error;
            new_registry = registry_with(fixture_types, FIXTURE_TYPE_COUNT, histories[i]);
            const pecs_status status = try_migrate(world, way, NULL, &snapshot, &error);
            cr_assert_eq(status, i < 2 ? PECS_E_UNSUPPORTED : PECS_OK);
            if (i == 1)
                cr_assert_not_null(strstr(error.message, "schema version 7"), "%s", error.message);
            if (i == 1)
                cr_assert_not_null(strstr(error.message, "needs schema version 4 or later; this program has 3"));
            pecs_snapshot_release(snapshot);
            end_migration(world);
        }
}

static pecs_status keep_world(void *user, pecs_world *world, pecs_error *error)
{
    (void)user, (void)world, (void)error;
    return PECS_OK;
}

/* The name in a view is that of the program that saved the file, until this program saves. */
Test(migration_world, the_name_of_the_saving_program_stays)
{
    static const pecs_load_hook no_change = { keep_world, NULL };
    static const pecs_history history = { .schema_version = 2, .hooks = &no_change, .hook_count = 1 };
    pecs_registry *registries[2];
    static const char *const names[] = { "first", "second" };
    pecs_snapshot *snapshot = NULL;
    pecs_error error;
    for (int i = 0; i < 2; i++) {
        const pecs_registry_desc desc = { .types = fixture_types,
                                          .type_count = FIXTURE_TYPE_COUNT,
                                          .allocator = counting_hooks,
                                          .application = names[i],
                                          .history = i ? &history : NULL };
        must(pecs_registry_create(&desc, &registries[i], &error) == PECS_OK);
    }
    pecs_world *world = world_of(registries[0], NULL, 1);
    save_world(world, "named.pecs");
    must(pecs_snapshot_load(registries[1], "named.pecs", NULL, &snapshot, &error) == PECS_OK);
    cr_assert_str_eq(meta_of(pecs_snapshot_view(snapshot), PECS_META_APPLICATION), "first");
    cr_assert_str_eq(meta_of(pecs_snapshot_view(snapshot), PECS_META_SCHEMA_VERSION), "2");
    pecs_snapshot_release(snapshot);
    pecs_world_destroy(world);
    pecs_registry_release(registries[0]);
    pecs_registry_release(registries[1]);
}

Test(migration_world, a_tool_without_types_reads_every_file)
{
    pecs_world *world = make_old(7, 7);
    pecs_snapshot *snapshot = NULL;
    pecs_error error;
    new_registry = registry_with(NULL, 0, NULL);
    cr_assert_eq(try_migrate(world, BY_LOAD, NULL, &snapshot, &error), PECS_OK, "%s", error.message);
    must(pecs_snapshot_save(snapshot, "tool.pecs", NULL, &error) == PECS_OK);
    pecs_snapshot_release(snapshot);
    must(pecs_snapshot_load(new_registry, "tool.pecs", NULL, &snapshot, &error) == PECS_OK);
    cr_assert_str_eq(meta_of(pecs_snapshot_view(snapshot), PECS_META_SCHEMA_VERSION), "7", "a tool keeps the version");
    pecs_snapshot_release(snapshot);
    end_migration(world);
}

static char steps[16]; /* which functions were called, in order */

static pecs_status step(void *user, pecs_world *world, pecs_error *error)
{
    const char *name = user;
    (void)error;
    const Health health = { *name, 1 };
    strncat(steps, name, 1);
    return pecs_world_set(world, entities[0], &(pecs_value){ HEALTH, sizeof(health), &health }, 1);
}

static const pecs_world_migration world_migrations[] = { { 0, 1, step, (void *)(uintptr_t) "a" },
                                                         { 1, 2, step, (void *)(uintptr_t) "b" },
                                                         { 4, 6, step, (void *)(uintptr_t) "c" } };
static const pecs_load_hook hooks[] = { { step, (void *)(uintptr_t) "x" }, { step, (void *)(uintptr_t) "y" } };
static const pecs_history with_worlds = { .schema_version = 8,
                                          .world_migrations = world_migrations,
                                          .world_migration_count = 3,
                                          .hooks = hooks,
                                          .hook_count = 2 };

static void count_world(void *user, const pecs_migration_note *note)
{
    *(int *)user += note->event == PECS_EVENT_WORLD;
}

/* The world of a newer program, which an older one may read, edits and saves. */
Test(migration_world, an_older_program_leaves_the_versions_of_a_newer_one)
{
    static const pecs_history older = { .schema_version = 3, .oldest_reader = 1 };
    static const pecs_world_migration to_seven = { 3, 7, step, NULL };
    static const pecs_history newer = {
        .schema_version = 7, .oldest_reader = 2, .world_migrations = &to_seven, .world_migration_count = 1
    };
    int run_count = 0;
    const pecs_migration_options hear = { .note = count_world, .user = &run_count };
    const pecs_load_options load = { .migration = &hear };
    pecs_snapshot *snapshot = NULL;
    pecs_error error;
    pecs_world *world = make_old(7, 2);
    save_world(world, "newer.pecs");
    pecs_registry *old = registry_with(fixture_types, FIXTURE_TYPE_COUNT, &older);
    new_registry = registry_with(fixture_types, FIXTURE_TYPE_COUNT, &newer);
    cr_assert_eq(pecs_snapshot_load(old, "newer.pecs", NULL, &snapshot, &error), PECS_OK, "%s", error.message);
    pecs_world *edited = world_of(old, snapshot, 2);
    pecs_snapshot_release(snapshot);
    must(pecs_world_despawn(edited, entities, 1) == PECS_OK);
    save_world(edited, "edited.pecs");
    pecs_world_destroy(edited);
    pecs_registry_release(old);
    cr_assert_eq(pecs_snapshot_load(new_registry, "edited.pecs", &load, &snapshot, &error), PECS_OK, "%s",
                 error.message);
    cr_assert_eq(run_count, 0);
    cr_assert_str_eq(meta_of(pecs_snapshot_view(snapshot), PECS_META_SCHEMA_VERSION), "7");
    cr_assert_str_eq(meta_of(pecs_snapshot_view(snapshot), PECS_META_OLDEST_READER), "2");
    pecs_snapshot_release(snapshot);
    end_migration(world);
}

Test(migration_world, world_migrations_and_hooks_run_in_order)
{
    static const struct {
        uint32_t version;
        const char *steps;
    } cases[] = { { 0, "abcxy" }, { 1, "bcxy" }, { 2, "cxy" }, { 3, "cxy" }, { 6, "xy" }, { 8, "xy" }, { 9, "xy" } };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        for (int way = 0; way < WAY_COUNT; way++) {
            pecs_world *world = make_old(cases[i].version, 0);
            pecs_snapshot *snapshot = NULL;
            pecs_error error;
            new_registry = registry_with(fixture_types, FIXTURE_TYPE_COUNT, &with_worlds);
            steps[0] = 0;
            cr_assert_eq(try_migrate(world, way, NULL, &snapshot, &error), PECS_OK, "%s", error.message);
            cr_assert_str_eq(steps, cases[i].steps, "version %u, way %d", cases[i].version, way);
            const pecs_view view = pecs_snapshot_view(snapshot);
            cr_assert_eq(pecs_get_as(view, entities[0], HEALTH, Health)->current, 'y');
            cr_assert_eq(pecs_get_as(view, entities[2], HEALTH, Health)->current, 2);
            cr_assert_str_eq(meta_of(view, PECS_META_SCHEMA_VERSION),
                             cases[i].version == 9 && way != BY_CONVERT ? "9" : "8",
                             "what a newer program did is not done again");
            check_state(snapshot);
            pecs_snapshot_release(snapshot);
            end_migration(world);
        }
}

Test(migration_world, a_version_between_two_is_unsupported)
{
    pecs_world *world = make_old(5, 0);
    pecs_snapshot *snapshot = NULL;
    pecs_error error;
    new_registry = registry_with(fixture_types, FIXTURE_TYPE_COUNT, &with_worlds);
    cr_assert_eq(try_migrate(world, BY_LOAD, NULL, &snapshot, &error), PECS_E_UNSUPPORTED);
    cr_assert_str_eq(error.message, "no world migration begins at schema version 5");
    end_migration(world);
}

static pecs_status fail_with_words(void *user, pecs_world *world, pecs_error *error)
{
    (void)world;
    if (user)
        snprintf(error->message, sizeof(error->message), "%s", (const char *)user);
    return PECS_E_CANCELLED;
}

static pecs_status fail_in_an_edit(void *user, pecs_world *world, pecs_error *error)
{
    (void)user, (void)error;
    return pecs_world_set(world, (pecs_entity){ 77, 1 }, &(pecs_value){ FROZEN, 0, NULL }, 1);
}

Test(migration_world, a_failing_step_leaves_nothing)
{
    static const struct {
        pecs_world_migration migration;
        pecs_load_hook hook;
        pecs_status status;
        const char *message;
    } cases[] = {
        { { 0, 1, fail_with_words, (void *)(uintptr_t) "no" },
          { step, (void *)(uintptr_t) "x" },
          PECS_E_CANCELLED,
          "world migration from version 0 to 1: no" },
        { { 0, 1, fail_in_an_edit, NULL },
          { step, (void *)(uintptr_t) "x" },
          PECS_E_DEAD,
          "world migration from version 0 to 1: " },
        { { 0, 1, step, (void *)(uintptr_t) "a" },
          { fail_with_words, NULL },
          PECS_E_CANCELLED,
          "load hook 0: CANCELLED" },
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const pecs_history history = { .schema_version = 1,
                                       .world_migrations = &cases[i].migration,
                                       .world_migration_count = 1,
                                       .hooks = &cases[i].hook,
                                       .hook_count = 1 };
        for (int way = 0; way < WAY_COUNT; way++) {
            pecs_world *world = make_old(0, 0);
            pecs_snapshot *snapshot = NULL;
            pecs_error error;
            new_registry = registry_with(fixture_types, FIXTURE_TYPE_COUNT, &history);
            cr_assert_eq(try_migrate(world, way, NULL, &snapshot, &error), cases[i].status);
            cr_assert_eq(strncmp(error.message, cases[i].message, strlen(cases[i].message)), 0, "%s", error.message);
            cr_assert_null(snapshot);
            end_migration(world);
        }
    }
}

/* Migrations of one component with one field; a digit is its version. */
#define VERSION(n)                                                                                                     \
    static const pecs_type version##n = { "Thing", { { 0 } }, n, 4, 4, 1, thing_fields, 0 };                           \
    static const pecs_type *const to##n[] = { &version##n }
static const pecs_field thing_fields[] = { { "v", PECS_I32, 0, 4, 1, 0, NULL, NULL, 0, (pecs_kind)0, 0 } };
static const pecs_field text_fields[] = { { "v", PECS_TEXT, 0, 4, 4, 0, NULL, NULL, 0, (pecs_kind)0, 0 } };
VERSION(1);
VERSION(2);
VERSION(3);
static const pecs_type other2 = { "Thing", { { 0 } }, 2, 4, 1, 1, text_fields, 0 };
static const pecs_type stray = { "Stray", { { 0 } }, 1, 4, 4, 1, thing_fields, 0 };
static const pecs_type *const to_other2[] = { &other2 }, *const to_stray[] = { &stray };

static pecs_status copy(void *user, pecs_migration_rows *rows, pecs_error *error)
{
    (void)user, (void)error;
    memcpy(rows->to[0], rows->from, rows->count * 4);
    return PECS_OK;
}

Test(migration_world, a_wrong_history_is_refused_when_the_registry_is_made)
{
    static const pecs_migration cycle[] = { { &version1, to2, 1, copy, NULL, false },
                                            { &version2, to1, 1, copy, NULL, false } };
    static const pecs_migration gap[] = { { &version1, to_stray, 1, copy, NULL, false } };
    static const pecs_type *const to_same[] = { &version3, &version3 };
    static const pecs_migration twice[] = { { &version1, to_same, 2, copy, NULL, false } };
    static const pecs_migration present[] = { { &version3, to2, 1, copy, NULL, false } };
    static const pecs_migration two_layouts[] = { { &version1, to2, 1, copy, NULL, false },
                                                  { &other2, to3, 1, copy, NULL, false } };
    static const pecs_migration no_map[] = { { &version1, to_other2, 1, copy, NULL, false } };
    static const pecs_migration no_function[] = { { &version1, to_other2, 1, NULL, NULL, false },
                                                  { &other2, to3, 1, copy, NULL, false } };
    static const struct {
        const pecs_migration *migrations;
        size_t count;
        pecs_status status;
        const char *message;
    } cases[] = {
        { cycle, 2, PECS_E_MISUSE, "the migrations from version 1 of type 'Thing' lead back to it" },
        { gap, 1, PECS_E_MISUSE, "the migrations lead to version 1 of type 'Stray', which is not registered" },
        { twice, 1, PECS_E_MISUSE, "migration 0 leads to version 3 of type 'Thing' twice" },
        { present, 1, PECS_E_MISUSE, "begins with version 3 of type 'Thing', which is the present one" },
        { two_layouts, 2, PECS_E_CONFLICT, "version 2 of type 'Thing' has two layouts in the migrations" },
        { no_map, 1, PECS_E_LAYOUT, "version 2 of type 'Thing': field 'v' is not converted from text to i32" },
        { no_function, 2, PECS_E_LAYOUT, "version 1 of type 'Thing': field 'v' is not converted from i32 to text" },
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const pecs_history history = { .migrations = cases[i].migrations, .migration_count = cases[i].count };
        pecs_error error;
        cr_assert_eq(refuse_history(to3, 1, &history, &error), cases[i].status, "%zu: %s", i, error.message);
        cr_assert_not_null(strstr(error.message, cases[i].message), "%zu: %s", i, error.message);
    }
}

struct wrong_history {
    pecs_history history;
    pecs_status status;
    const char *message;
};

/* By a registry of the types Thing, version 3, and Position. */
static void refuse_histories(const struct wrong_history *cases, size_t count)
{
    static const pecs_type *const two[] = { &version3, &Position_type };
    for (size_t i = 0; i < count; i++) {
        pecs_error error;
        cr_assert_eq(refuse_history(two, 2, &cases[i].history, &error), cases[i].status, "%zu: %s", i, error.message);
        cr_assert_not_null(strstr(error.message, cases[i].message), "%zu: %s", i, error.message);
    }
}

Test(migration_world, wrong_renames_of_fields_are_refused)
{
    static const pecs_rename no_field = { "w", "v" }, to_field = { "x", "y" };
    static const pecs_rename one_to_both[] = { { "x", "a" }, { "y", "a" } };
    static const pecs_type_history rename = { .type = &version3, .renames = &no_field, .rename_count = 1 };
    static const pecs_type_history rename_to_field = { .type = &Position_type,
                                                       .renames = &to_field,
                                                       .rename_count = 1 };
    static const pecs_type_history both_from_one = { .type = &Position_type,
                                                     .renames = one_to_both,
                                                     .rename_count = 2 };
    static const struct wrong_history cases[] = {
        { { .types = &rename, .type_count = 1 }, PECS_E_MISUSE, "rename 0 of type 'Thing' names no field of it" },
        { { .types = &rename_to_field, .type_count = 1 },
          PECS_E_CONFLICT,
          "the old name 'y' of field 'x' of type 'Position' is that of a field" },
        { { .types = &both_from_one, .type_count = 1 },
          PECS_E_CONFLICT,
          "the fields 'x' and 'y' of type 'Position' have the old name 'a'" },
    };
    refuse_histories(cases, sizeof(cases) / sizeof(cases[0]));
}

Test(migration_world, wrong_histories_of_types_are_refused)
{
    static const char *const own_name[] = { "Thing" }, *const stuff[] = { "Stuff" };
    static const pecs_type_history name = { .type = &version3, .old_names = own_name, .old_name_count = 1 };
    static const pecs_type_history two_names[] = {
        { .type = &version3, .old_names = stuff, .old_name_count = 1 },
        { .type = &Position_type, .old_names = stuff, .old_name_count = 1 }
    };
    static const pecs_type_history losses = { .type = &version3, .losses = 32 };
    static const pecs_type_history twice[] = { { .type = &version3 }, { .type = &version3 } };
    static const struct wrong_history cases[] = {
        { { .type_count = 1 }, PECS_E_MISUSE, "a list of the history is NULL" },
        { { .types = &name, .type_count = 1 },
          PECS_E_CONFLICT,
          "the old name 'Thing' of type 'Thing' is that of a type" },
        { { .types = two_names, .type_count = 2 },
          PECS_E_CONFLICT,
          "the types 'Thing' and 'Position' have the old name 'Stuff'" },
        { { .types = &losses, .type_count = 1 }, PECS_E_MISUSE, "losses that are none" },
        { { .types = twice, .type_count = 2 }, PECS_E_CONFLICT, "type 'Thing' is twice in the history" },
    };
    refuse_histories(cases, sizeof(cases) / sizeof(cases[0]));
}

Test(migration_world, wrong_migrations_and_hooks_are_refused)
{
    static const pecs_type old_stuff = { .name = "Stuff", .version = 1, .align = 1 };
    static const pecs_type *const to_thing[] = { &version3 }, *const to_position[] = { &Position_type };
    static const pecs_migration rivals[] = { { &old_stuff, to_thing, 1, copy, NULL, false },
                                             { &old_stuff, to_position, 1, copy, NULL, false } };
    static const pecs_world_migration backwards = { 2, 1, step, NULL }, beyond = { 1, 9, step, NULL };
    static const pecs_load_hook no_hook = { NULL, NULL };
    static const struct wrong_history cases[] = {
        { { .migrations = rivals, .migration_count = 2 },
          PECS_E_CONFLICT,
          "two ways of the same length lead on from version 1 of type 'Stuff'" },
        { { .schema_version = 3, .oldest_reader = 4 }, PECS_E_MISUSE, "oldest reader 4 is above the schema version 3" },
        { { .schema_version = 3, .world_migrations = &backwards, .world_migration_count = 1 },
          PECS_E_MISUSE,
          "world migration 0" },
        { { .schema_version = 3, .world_migrations = &beyond, .world_migration_count = 1 },
          PECS_E_MISUSE,
          "world migration 0" },
        { { .hooks = &no_hook, .hook_count = 1 }, PECS_E_MISUSE, "load hook 0 has no function" },
    };
    refuse_histories(cases, sizeof(cases) / sizeof(cases[0]));
}

/* A program without a schema version keeps that of the file, also for another program that it hands the state to. */
static pecs_status count_call(void *user, pecs_world *world, pecs_error *error)
{
    (void)world, (void)error;
    ++*(int *)user;
    return PECS_OK;
}

Test(migration_world, a_conversion_knows_the_version_of_the_file)
{
    int count = 0;
    static const pecs_history third = { .schema_version = 3 }, unversioned = { .schema_version = 0 };
    const pecs_world_migration migrations[] = { { 2, 3, count_call, &count }, { 3, 4, count_call, &count } };
    const pecs_history fourth = { .schema_version = 4, .world_migrations = migrations, .world_migration_count = 2 };
    pecs_snapshot *between = NULL, *snapshot = NULL;
    old_registry = registry_with(to3, 1, &third);
    pecs_world *world = world_of(old_registry, NULL, 1);
    save_world(world, "old.pecs");
    pecs_registry *tool = registry_with(to3, 1, &unversioned);
    new_registry = registry_with(to3, 1, &fourth);
    must(pecs_snapshot_load(tool, "old.pecs", NULL, &between, NULL) == PECS_OK);
    must(pecs_snapshot_convert(between, new_registry, &snapshot, NULL) == PECS_OK);
    cr_assert_eq(count, 1);
    pecs_snapshot_release(snapshot);
    pecs_snapshot_release(between);
    pecs_registry_release(tool);
    end_migration(world);
}
