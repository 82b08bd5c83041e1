/* PECS files by the manager: the same bytes, errors and options as by pecs_snapshot_save and pecs_snapshot_load. */
#define _GNU_SOURCE
#include "manager_fixture.h"

PECS_TRANSIENT_ENTITY(Ghost);

TestSuite(manager_binary, .init = manager_set_up, .fini = manager_tear_down);

static const pecs_manager_options by_pecs = { .plugin = "pecs", .save = &unsynced };

Test(manager_binary, bytes_are_those_of_a_save)
{
    save_as("a.pecs");
    must(same_bytes("a.pecs", "world.pecs"));
    struct gather gather = { .size = 0 }; /* which wants the size in advance */
    const pecs_sink sink = gather_sink(&gather);
    cr_assert_eq(pecs_manager_save_to(manager, snapshot, &sink, &by_pecs, &error), PECS_OK, "%s", error.message);
    must(gather.size == saved.size && memcmp(gather.bytes, saved.bytes, saved.size) == 0 && gather.commit_count == 1);
    free(gather.bytes);
    const pecs_meta title = { .key = "title", .kind = PECS_META_TEXT, .value = "x", .size_bytes = 1 };
    const pecs_save_options with = { .skip_sync = true, .wall_clock_ns = 5, .metadata = &title, .metadata_count = 1 };
    must(pecs_snapshot_save(snapshot, "b.pecs", &with, NULL) == PECS_OK);
    const pecs_manager_options options = { .save = &with };
    cr_assert_eq(pecs_manager_save(manager, snapshot, "c.pecs", &options, &error), PECS_OK, "%s", error.message);
    must(same_bytes("b.pecs", "c.pecs"));
}

/* Whose size is not known beforehand: begin of the sink gets 0, before the first write. */
Test(manager_binary, compressed_bytes_are_those_of_a_save)
{
    for (unsigned profile = PECS_PROFILE_FAST; profile <= PECS_PROFILE_SMALL; profile++) {
        const pecs_component_profile one = { POSITION, (pecs_profile)profile };
        const pecs_save_options ways[2] = {
            { .skip_sync = true, .profile = (pecs_profile)profile, .thread_count = 2 },
            { .skip_sync = true, .component_profiles = &one, .component_profile_count = 1 },
        };
        for (int i = 0; i < 2; i++) {
            const pecs_manager_options options = { .plugin = "pecs", .save = &ways[i] };
            struct gather gather = { .size = 0 };
            const pecs_sink sink = gather_sink(&gather);
            pecs_snapshot *loaded = NULL;
            must(pecs_snapshot_save(snapshot, "direct.pecs", &ways[i], NULL) == PECS_OK);
            cr_assert_eq(pecs_manager_save(manager, snapshot, "managed.pecs", &options, &error), PECS_OK, "%s",
                         error.message);
            must(same_bytes("direct.pecs", "managed.pecs"));
            cr_assert_eq(pecs_manager_save_to(manager, snapshot, &sink, &options, &error), PECS_OK, "%s",
                         error.message);
            must(gather.is_unbounded && gather.commit_count == 1);
            cr_assert_eq(pecs_snapshot_load_memory(registry, gather.bytes, gather.size, NULL, &loaded, &error), PECS_OK,
                         "%s", error.message);
            must(pecs_view_hash(pecs_snapshot_view(loaded)) == saved_hash);
            pecs_snapshot_release(loaded);
            cr_assert_eq(pecs_manager_load(manager, registry, "managed.pecs", NULL, &loaded, &error), PECS_OK, "%s",
                         error.message);
            must(pecs_view_hash(pecs_snapshot_view(loaded)) == saved_hash);
            pecs_snapshot_release(loaded);
            free(gather.bytes);
        }
    }
}

Test(manager_binary, loads_from_each_kind_of_source)
{
    for (enum feed_kind kind = 0; kind < KIND_COUNT; kind++)
        for (uint32_t thread_count = 1; thread_count < 5; thread_count += 3) {
            struct feed feed = feed_of(saved.bytes, saved.size);
            const pecs_source source = feed_source(&feed, kind);
            const pecs_load_options load = { .thread_count = thread_count };
            const pecs_manager_options options = { .load = &load };
            pecs_snapshot *loaded = NULL;
            cr_assert_eq(pecs_manager_load_from(manager, registry, &source, &options, &loaded, &error), PECS_OK,
                         "%s: %s", kind_names[kind], error.message);
            cr_assert_eq(pecs_view_hash(pecs_snapshot_view(loaded)), saved_hash);
            pecs_snapshot_release(loaded);
        }
}

/* Each byte that is damaged is refused with the rule that load names, and each truncation. */
Test(manager_binary, damage_has_its_rule)
{
    unsigned refused = 0;
    for (size_t at = 0; at < saved.size; at += at < 200 ? 1 : 1009) {
        pecs_snapshot *loaded = NULL;
        pecs_error direct;
        saved.bytes[at] ^= 0x10;
        write_bytes("bad.pecs", saved.bytes, saved.size);
        saved.bytes[at] ^= 0x10;
        const pecs_status expected = pecs_snapshot_load(registry, "bad.pecs", NULL, &loaded, &direct);
        must(expected != PECS_OK);
        cr_assert_eq(pecs_manager_load(manager, registry, "bad.pecs", NULL, &loaded, &error), expected);
        cr_assert_eq(strncmp(error.message, "pecs: ", 6), 0, "%s", error.message);
        const bool by_manager = !error.rule; /* a later version: at the manager's check */
        must(by_manager ? expected == PECS_E_UNSUPPORTED : strcmp(error.rule, direct.rule) == 0);
        must(by_manager || (error.offset == direct.offset && strcmp(error.message + 6, direct.message) == 0));
        refused++;
    }
    cr_assert_gt(refused, 200);
    write_bytes("cut.pecs", saved.bytes, saved.size - 1);
    refuse_load_by("cut.pecs", NULL, PECS_E_CORRUPT,
                   "pecs: the file does not end in a footer: it was cut or is not finished");
}

Test(manager_binary, bids_for_more_than_the_magic)
{
    const pecs_plugin *plugin = pecs_binary_plugin();
    cr_assert_eq(plugin->bid(NULL, saved.bytes, saved.size), 208);
    cr_assert_eq(plugin->bid(NULL, saved.bytes, 64), 176);
    cr_assert_eq(plugin->bid(NULL, saved.bytes, 8), 48);
    cr_assert_eq(plugin->bid(NULL, saved.bytes, 7), 0);
    cr_assert_eq(plugin->bid(NULL, "PECS,name,x\n", 12), 0);
    cr_assert_eq(plugin->bid(NULL, "PEC\0\1\0\0\0", 8), 0);
    cr_assert_eq(plugin->version_of(NULL, saved.bytes, saved.size), 1);
    cr_assert_eq(plugin->version_of(NULL, saved.bytes, 7), 0);
}

/* What load repairs, by the program's function with its own `user`. */
static bool count_and_repair(void *user, const pecs_invalid *invalid, void *place)
{
    ++*(unsigned *)user;
    return pecs_repair_invalid(NULL, invalid, place);
}

Test(manager_binary, repair_is_passed_on)
{
    pecs_world *world = make_world(registry, NULL);
    const Link bad = { 1, { 99, 9 }, { none, none } };
    const pecs_save_options unchecked = { .skip_sync = true, .skip_check = true };
    spawn_one(world, &(pecs_value){ LINK, sizeof(bad), &bad }, 1);
    pecs_snapshot *invalid = take(world), *loaded;
    const pecs_manager_options as_is = { .save = &unchecked };
    cr_assert_eq(pecs_manager_save(manager, invalid, "bad.pecs", &quickly, &error), PECS_E_INVALID);
    cr_assert_eq(pecs_manager_save(manager, invalid, "bad.pecs", &as_is, &error), PECS_OK, "%s", error.message);
    cr_assert_eq(pecs_manager_load(manager, registry, "bad.pecs", NULL, &loaded, &error), PECS_E_CORRUPT);
    cr_assert_str_eq(error.rule, "VALUE-4");
    unsigned count = 0;
    const pecs_load_options mending = { .repair = count_and_repair, .user = &count };
    loaded = load_as("bad.pecs", &(pecs_manager_options){ .load = &mending });
    cr_assert_eq(count, 1);
    pecs_snapshot_release(loaded);
    pecs_snapshot_release(invalid);
    pecs_world_destroy(world);
}

/* A resumed file that was written to since is not saved, whatever the format. */
Test(manager_binary, damaged_origins_are_refused)
{
    pecs_world *world = make_mixed_world(50000);
    save_world(world, "large.pecs");
    pecs_world_destroy(world);
    pecs_snapshot *resumed = open_snapshot(registry, RESUME, "large.pecs");
    struct file_bytes file = read_bytes("large.pecs");
    file.bytes[file.size / 2] ^= 1;
    FILE *stream = fopen("large.pecs", "r+");
    must(stream && fwrite(file.bytes, 1, file.size, stream) == file.size && !fclose(stream));
    free(file.bytes);
    static const char *const paths[] = { "b.pecs", "b.toy" };
    for (int i = 0; i < 2; i++) {
        cr_assert_eq(pecs_manager_save(manager, resumed, paths[i], &quickly, &error), PECS_E_CORRUPT);
        cr_assert_not_null(strstr(error.message, "large.pecs"), "%s", error.message);
    }
    cr_assert_eq(toy.save_count, 0);
    pecs_snapshot_release(resumed);
}

/* What is transient is in no format, and the report says so. */
Test(manager_binary, transient_content_is_not_saved)
{
    static const pecs_type *const types[] = { &Position_type, &Ghost_type };
    pecs_registry *fixture = registry;
    registry = make_registry(types, 2, counting_hooks);
    pecs_world *world = make_world(registry, NULL);
    spawn_position(world, 1);
    const Position position = { 2, 0, 0 };
    spawn_one(world, (pecs_value[]){ { POSITION, sizeof(position), &position }, PECS_HAS_AS(1) }, 2);
    pecs_snapshot *mixed = take(world);
    pecs_save_report direct, report;
    must(pecs_snapshot_save(mixed, "direct.pecs", &(pecs_save_options){ .skip_sync = true, .report = &direct }, NULL) ==
         PECS_OK);
    static const char *const paths[] = { "a.toy", "a.pecs" };
    for (int i = 0; i < 2; i++) {
        const pecs_save_options options = { .skip_sync = true, .report = &report };
        must(pecs_manager_save(manager, mixed, paths[i], &(pecs_manager_options){ .save = &options }, &error) ==
             PECS_OK);
        cr_assert_eq(report.entity_count, 1);
        cr_assert_eq(report.left_out.entity_count, 1);
        cr_assert_eq(report.left_out.component_bytes, 12);
        cr_assert_eq(report.type_count, 1);
        cr_assert_eq(report.size_bytes, i ? direct.size_bytes : 4 + sizeof(struct toy_row));
    }
    must(same_bytes("a.pecs", "direct.pecs"));
    const pecs_save_options odd = { .references = (pecs_references)3 };
    cr_assert_eq(pecs_manager_save(manager, mixed, "b", &(pecs_manager_options){ .save = &odd }, &error),
                 PECS_E_MISUSE);
    pecs_snapshot_release(mixed);
    pecs_world_destroy(world);
    pecs_registry_release(registry);
    registry = fixture;
}
