/* What a program does with a part of a file, what it is refused for, and that it cannot replace the whole by accident.
 */
#include "part_fixture.h"

#include <pecs/plugin.h>

static pecs_registry *registry;
static pecs_world *world;
static const pecs_type *const teams[] = { &Team_type };
static const pecs_part of_teams = { .types = teams, .type_count = 1 };

/* A level of names and teams, with attachments. */
static void set_up(void)
{
    enter_folder();
    registry = profiles_registry();
    world = world_of(registry, NULL, 0);
    fill_attachments_and_names(world);
    for (unsigned i = 0; i < 100; i++)
        spawn_one(world, (pecs_value[]){ PECS_VALUE(Team, (uint8_t)i), PECS_VALUE(Health, 1, 2) }, 1 + i % 2);
    must(pecs_world_save(world, "world.pecs", &(pecs_save_options){ .skip_sync = true }, NULL) == PECS_OK);
}

static void strike(void)
{
    pecs_world_destroy(world);
    pecs_registry_release(registry);
    assert_no_leak();
    leave_folder();
}

TestSuite(part_use, .init = set_up, .fini = strike);

static void expect_no_save(const pecs_snapshot *snapshot)
{
    void *bytes = NULL;
    size_t size = 0;
    pecs_error error;
    cr_assert_eq(pecs_snapshot_save(snapshot, "world.pecs", NULL, &error), PECS_E_MISUSE);
    cr_assert_str_eq(error.message,
                     "the snapshot was made of a part of a file, and has less than that: set partial to save it");
    cr_assert_eq(pecs_snapshot_save_memory(snapshot, NULL, &bytes, &size, &error), PECS_E_MISUSE);
    cr_assert_eq(file_count(), 1);
}

/* Whatever is made of it; and the file is as it was. */
Test(part_use, is_not_saved_by_accident)
{
    const struct file_bytes before = read_bytes("world.pecs");
    const pecs_filter no_filter = { .component_count = 0 };
    for (int verb = 0; verb < PART_VERB_COUNT; verb++) {
        pecs_snapshot *part = part_of(registry, verb, "world.pecs", &of_teams), *made = NULL;
        pecs_registry *other = make_registry(fixture_types, FIXTURE_TYPE_COUNT, counting_hooks);
        expect_no_save(part);
        cr_assert_eq(pecs_snapshot_filter(part, &no_filter, &made, NULL), PECS_OK);
        expect_no_save(made);
        pecs_snapshot_release(made);
        cr_assert_eq(pecs_snapshot_convert(part, other, &made, NULL), PECS_OK);
        expect_no_save(made);
        pecs_snapshot_release(made);
        pecs_world *fork = world_of(registry, part, 0);
        spawn_name(fork, "later");
        cr_assert_eq(pecs_world_save(fork, "world.pecs", NULL, NULL), PECS_E_MISUSE);
        pecs_world_destroy(fork);
        pecs_registry_release(other);
        pecs_snapshot_release(part);
    }
    const struct file_bytes after = read_bytes("world.pecs");
    cr_assert(before.size == after.size && memcmp(before.bytes, after.bytes, before.size) == 0);
    free(before.bytes);
    free(after.bytes);
}

/* A world into which a part is restored has less as well; one that restores a whole is whole. */
Test(part_use, goes_with_the_state_of_a_world)
{
    pecs_snapshot *whole = take(world), *part = part_of(registry, PART_LOAD, "world.pecs", &of_teams);
    pecs_world *other = world_of(registry, NULL, 0);
    const pecs_save_options quick = { .skip_sync = true };
    must(pecs_world_restore(other, part) == PECS_OK);
    cr_assert_eq(pecs_world_save(other, "other.pecs", &quick, NULL), PECS_E_MISUSE);
    must(pecs_world_restore(other, whole) == PECS_OK);
    cr_assert_eq(pecs_world_save(other, "other.pecs", &quick, NULL), PECS_OK);
    pecs_world_destroy(other);
    pecs_snapshot_release(part);
    pecs_snapshot_release(whole);
}

/* As a file of its own, which is a whole one then. */
Test(part_use, is_saved_when_it_is_meant)
{
    const pecs_save_options options = { .skip_sync = true, .partial = true }, quick = { .skip_sync = true };
    for (int verb = 0; verb < PART_VERB_COUNT; verb++) {
        pecs_snapshot *part = part_of(registry, verb, "world.pecs", &of_teams);
        save_as(part, "teams.pecs", &options);
        pecs_snapshot *whole = open_snapshot(registry, LOAD, "teams.pecs");
        cr_assert_eq(pecs_view_hash(pecs_snapshot_view(part)), pecs_view_hash(pecs_snapshot_view(whole)));
        save_as(whole, "again.pecs", &quick);
        pecs_snapshot_release(whole);
        pecs_snapshot_release(part);
    }
}

Test(part_use, attachments_are_asked_for)
{
    const pecs_part with = { .types = teams, .type_count = 1, .attachments = true };
    for (int verb = 0; verb < PART_VERB_COUNT; verb++) {
        pecs_snapshot *part = part_of(registry, verb, "world.pecs", &of_teams);
        pecs_attachment attachment;
        pecs_meta meta;
        cr_assert(!pecs_view_attachment_at(pecs_snapshot_view(part), 0, &attachment));
        cr_assert(pecs_view_meta_at(pecs_snapshot_view(part), 0, &meta), "metadata stays");
        pecs_snapshot_release(part);
        part = part_of(registry, verb, "world.pecs", &with);
        cr_assert(pecs_view_attachment_at(pecs_snapshot_view(part), 2, &attachment));
        cr_assert(attachment.size_bytes == 3000000 && attachment.data);
        pecs_snapshot_release(part);
    }
}

/* By name or id alone, of a file's information, or of what the file lacks. */
Test(part_use, types_are_named_by_name_or_id)
{
    pecs_info *info = NULL;
    pecs_registry *empty = make_registry(NULL, 0, counting_hooks);
    must(pecs_file_info("world.pecs", &counting_hooks, NULL, &info, NULL) == PECS_OK);
    const pecs_type by_name = { .name = "Team" }, absent = { .name = "Weather" };
    pecs_type by_id = { .name = NULL };
    const pecs_type *of_info = NULL;
    for (size_t i = 0; i < info->type_count; i++)
        of_info = strcmp(info->types[i]->name, "Team") == 0 ? info->types[i] : of_info;
    must(of_info != NULL);
    by_id.id = of_info->id;
    const pecs_type *const lists[][2] = { { &by_name, &absent }, { &by_id, &by_id }, { of_info, &absent } };
    pecs_snapshot *expected = part_of(empty, PART_LOAD, "world.pecs", &of_teams);
    cr_assert_eq(summary_of(pecs_snapshot_view(expected)).component_bytes, 100);
    for (size_t i = 0; i < 3; i++) {
        const pecs_part part = { .types = lists[i], .type_count = 2 };
        pecs_snapshot *found = part_of(empty, PART_RESUME, "world.pecs", &part);
        expect_same_part(expected, found, "named");
        pecs_snapshot_release(found);
    }
    pecs_snapshot_release(expected);
    pecs_info_destroy(info);
    pecs_registry_release(empty);
}

static void refuse(const pecs_part *part, const char *message)
{
    for (int verb = 0; verb < PART_VERB_COUNT; verb++) {
        pecs_snapshot *snapshot = NULL;
        pecs_error error;
        cr_assert_eq(open_part(registry, verb, "world.pecs", part, &snapshot, &error), PECS_E_MISUSE);
        cr_assert_str_eq(error.message, message);
        cr_assert_null(snapshot);
    }
}

Test(part_use, invalid_descriptions_are_misuse)
{
    static const pecs_type nameless = { .name = NULL };
    static const pecs_type *const with_null[] = { &Team_type, NULL }, *const with_nameless[] = { &nameless };
    refuse(&(pecs_part){ .type_count = 1 }, "types of the part is NULL, but type_count is not 0");
    refuse(&(pecs_part){ .types = with_null, .type_count = 2 },
           "type 1 of the part is NULL, or has neither name nor id");
    refuse(&(pecs_part){ .types = with_nameless, .type_count = 1 },
           "type 0 of the part is NULL, or has neither name nor id");
}

static pecs_status load_nothing(const pecs_plugin_context *context, const pecs_source *source, pecs_builder *builder,
                                pecs_error *error)
{
    (void)context, (void)source, (void)builder, (void)error;
    return PECS_OK;
}

/* The plugin of PECS files loads parts; one that does not know of them is not taken for it. */
Test(part_use, a_manager_loads_parts_of_pecs_files)
{
    static const pecs_plugin ignorant = { .name = "ignorant", .version = 1, .load = load_nothing };
    const pecs_load_options load = { .part = &of_teams };
    pecs_manager_options options = { .load = &load };
    pecs_manager *manager = NULL;
    pecs_snapshot *loaded = NULL;
    pecs_error error;
    must(pecs_manager_create(NULL, &manager, &error) == PECS_OK);
    cr_assert_eq(pecs_manager_register(manager, pecs_binary_plugin(), &error), PECS_OK, "%s", error.message);
    cr_assert_eq(pecs_manager_register(manager, &ignorant, &error), PECS_OK, "%s", error.message);
    cr_assert_eq(pecs_manager_load(manager, registry, "world.pecs", &options, &loaded, &error), PECS_OK, "%s",
                 error.message);
    pecs_snapshot *expected = part_of(registry, PART_LOAD, "world.pecs", &of_teams);
    expect_same_part(expected, loaded, "by the manager");
    expect_no_save(loaded);
    pecs_snapshot_release(expected);
    pecs_snapshot_release(loaded);
    loaded = NULL;
    options.plugin = "ignorant";
    cr_assert_eq(pecs_manager_load(manager, registry, "world.pecs", &options, &loaded, &error), PECS_E_UNSUPPORTED);
    cr_assert_str_eq(error.message, "ignorant: the plugin loads no parts of files");
    cr_assert_null(loaded);
    pecs_manager_destroy(manager);
}

Test(part_use, a_world_of_a_part)
{
    const pecs_load_options load = { .part = &of_teams };
    const pecs_resume_options resume = { .part = &of_teams };
    for (int i = 0; i < 2; i++) {
        const pecs_open_options options = { .load = i, .load_options = &load, .resume_options = &resume };
        pecs_world *opened = NULL;
        must(pecs_world_open(registry, "world.pecs", &options, &opened, NULL) == PECS_OK);
        cr_assert_eq(summary_of(pecs_world_view(opened)).component_bytes, 100);
        check_world(opened);
        pecs_world_destroy(opened);
    }
}

static bool note_progress(void *user, uint64_t done_bytes, uint64_t total_bytes)
{
    uint64_t *last = user;
    must(done_bytes >= *last && done_bytes <= total_bytes);
    *last = done_bytes;
    return true;
}

Test(part_use, progress_ends_at_the_size_of_the_file)
{
    uint64_t last = 0;
    const struct file_bytes file = read_bytes("world.pecs");
    const pecs_load_options options = { .part = &of_teams, .progress = note_progress, .user = &last };
    pecs_snapshot *loaded = NULL;
    must(pecs_snapshot_load(registry, "world.pecs", &options, &loaded, NULL) == PECS_OK);
    cr_assert_eq(last, file.size);
    pecs_snapshot_release(loaded);
    free(file.bytes);
}
