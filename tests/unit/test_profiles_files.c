/*
 * Compressed saves as files: columns that are compressed beside columns that are mapped, limits, invalid values,
 * damage, progress and what is refused.
 */
#include "profiles_worlds.h"

static pecs_registry *registry;
static pecs_world *world;

static void set_up(void)
{
    enter_folder();
    registry = profiles_registry();
    world = make_world(registry, NULL);
}

static void strike(void)
{
    pecs_world_destroy(world);
    pecs_registry_release(registry);
    assert_no_leak();
    leave_folder();
}

TestSuite(profiles_files, .init = set_up, .fini = strike, .timeout = 280);

/* Mixed files: the Positions of many_rows and all else in two ways. */

static const struct mix {
    const char *name;
    pecs_profile profile, of_positions;
} mixes[] = {
    { "Positions are mapped", PECS_PROFILE_FAST, PECS_PROFILE_OFF },
    { "Positions are compressed", PECS_PROFILE_OFF, PECS_PROFILE_FAST },
    { "Positions are small", PECS_PROFILE_FAST, PECS_PROFILE_SMALL },
    { "all is mapped", PECS_PROFILE_OFF, PECS_PROFILE_OFF },
};
enum { MIX_COUNT = 4 };

static void save_mix(const struct mix *mix, const pecs_snapshot *snapshot, const char *path, uint32_t thread_count)
{
    const pecs_component_profile one = { Position_component, mix->of_positions };
    pecs_save_options options = profile_options(mix->profile, thread_count);
    options.component_profiles = &one;
    options.component_profile_count = 1;
    save_as(snapshot, path, &options);
}

/* Where a column of the only table lies: 'm' in the map of the file, 'p' in private memory. */
static char place_of(const pecs_snapshot *snapshot, pecs_component component)
{
    const struct table *table = state_table(snapshot, 0);
    const struct image *image = table->runs->image;
    const uint32_t column = component == NO_COMPONENT ? HANDLE_COLUMN : archetype_column(table->archetype, component);
    const void *first = table->runs->columns[column].base;
    image = image->kind == IMAGE_MAPPED ? image : image->base;
    return image && image->kind == IMAGE_MAPPED && image_offset_of(image, first) ? 'm' : 'p';
}

static void expect_places(const struct mix *mix, const pecs_snapshot *snapshot)
{
    cr_assert_eq(place_of(snapshot, Position_component), mix->of_positions ? 'p' : 'm', "%s", mix->name);
    cr_assert_eq(place_of(snapshot, Link_component), mix->profile ? 'p' : 'm', "%s", mix->name);
    cr_assert_eq(place_of(snapshot, NO_COMPONENT), mix->profile ? 'p' : 'm', "%s", mix->name);
}

static pecs_snapshot *snapshot_of_many_rows(void)
{
    fill_many_rows(world);
    return take(world);
}

/* Writes every value of both columns, and takes rows away. */
static void edit_all(pecs_world *edited)
{
    pecs_query *query =
        make_query(registry, (pecs_term[]){ { Position_component, PECS_WRITE }, { Link_component, PECS_WRITE } }, 2);
    pecs_iter it = pecs_query_iter_mut(query, edited, NULL);
    while (pecs_iter_next(&it)) {
        Position *positions = pecs_column_mut(&it, Position);
        Link *links = pecs_column_mut(&it, Link);
        for (size_t i = 0; i < it.row_count; i++) {
            positions[i].x += 1;
            links[i].weight++;
        }
    }
    must(pecs_iter_end(&it) == PECS_OK);
    pecs_query_destroy(query);
    for (uint32_t i = 1; i < 3000; i += 10)
        must(pecs_world_despawn(edited, &(pecs_entity){ i, 1 }, 1) == PECS_OK);
    spawn_positions(edited, 5000);
}

/* In noise of three bits a byte, what higher levels take for matches costs more than it saves: a sample shows that. */
Test(profiles_files, a_small_file_is_no_larger_than_a_fast_one)
{
    static Team teams[300000];
    struct memory_file files[COMPRESSING_COUNT];
    for (uint32_t i = 0; i < sizeof(teams) / sizeof(teams[0]); i++)
        teams[i] = (Team){ (uint8_t)(mix_u64(i) & 7) };
    must(pecs_world_spawn(world, (pecs_value[]){ PECS_ROWS(Team, teams) }, 1, sizeof(teams) / sizeof(teams[0]), NULL) ==
         PECS_OK);
    pecs_snapshot *snapshot = take(world);
    for (int i = 0; i < COMPRESSING_COUNT; i++) {
        const pecs_save_options options = profile_options(compressing[i], 1);
        files[i] = save_in_memory(snapshot, &options);
    }
    cr_assert_leq(files[1].size, files[0].size);
    cr_assert_lt(files[0].size, sizeof(teams) / 2, "a fast save takes codes, too");
    for (int i = 0; i < COMPRESSING_COUNT; i++)
        pecs_memory_release(files[i].bytes);
    pecs_snapshot_release(snapshot);
}

Test(profiles_files, columns_are_mapped_beside_compressed_ones)
{
    pecs_snapshot *snapshot = snapshot_of_many_rows();
    const pecs_save_options plain = { .skip_sync = true };
    const struct original original = original_of(snapshot, &plain);
    for (int i = 0; i < MIX_COUNT; i++) {
        save_mix(&mixes[i], snapshot, "mixed.pecs", 1);
        save_mix(&mixes[i], snapshot, "threads.pecs", 4);
        cr_assert(same_bytes("mixed.pecs", "threads.pecs"), "%s", mixes[i].name);
        pecs_snapshot *opened = open_snapshot(registry, RESUME, "mixed.pecs");
        expect_places(&mixes[i], opened);
        expect_same_state(&original, opened, &plain, mixes[i].name);
        expect_same_state(&original, open_snapshot(registry, LOAD, "mixed.pecs"), &plain, mixes[i].name);
    }
    pecs_memory_release(original.plain.bytes);
    pecs_snapshot_release(snapshot);
}

/* The file, and the snapshot over it, are what they were; what was edited is a world like any other. */
Test(profiles_files, edits_over_a_mixed_file_leave_it_as_it_is)
{
    pecs_snapshot *snapshot = snapshot_of_many_rows();
    const uint64_t hash = pecs_view_hash(pecs_snapshot_view(snapshot));
    edit_all(world);
    save_world(world, "expected.pecs");
    for (int i = 0; i < MIX_COUNT; i++) {
        save_mix(&mixes[i], snapshot, "mixed.pecs", 2);
        const struct file_bytes before = read_bytes("mixed.pecs");
        pecs_snapshot *opened = open_snapshot(registry, RESUME, "mixed.pecs");
        pecs_world *edited = make_world(registry, opened);
        edit_all(edited);
        check_world(edited);
        cr_assert_eq(pecs_view_hash(pecs_world_view(edited)), pecs_view_hash(pecs_world_view(world)), "%s",
                     mixes[i].name);
        cr_assert_eq(pecs_view_hash(pecs_snapshot_view(opened)), hash, "%s", mixes[i].name);
        cr_assert_eq(pecs_snapshot_verify(opened, NULL, NULL, NULL), PECS_OK, "%s", mixes[i].name);
        const struct file_bytes after = read_bytes("mixed.pecs");
        cr_assert(before.size == after.size && memcmp(before.bytes, after.bytes, after.size) == 0, "%s", mixes[i].name);
        pecs_snapshot *now = take(edited);
        save_mix(&mixes[i], now, "mixed.pecs", 2); /* over the file that it lies in */
        pecs_snapshot_release(now);
        pecs_world_destroy(edited);
        cr_assert_eq(pecs_view_hash(pecs_snapshot_view(opened)), hash, "%s", mixes[i].name);
        pecs_snapshot_release(opened);
        opened = open_snapshot(registry, LOAD, "mixed.pecs");
        cr_assert_eq(pecs_view_hash(pecs_snapshot_view(opened)), pecs_view_hash(pecs_world_view(world)));
        pecs_snapshot_release(opened);
        free(before.bytes);
        free(after.bytes);
    }
    pecs_snapshot_release(snapshot);
}

static void flip_byte(const char *path, uint64_t offset)
{
    FILE *file = fopen(path, "r+b");
    must(file != NULL && fseek(file, (long)offset, SEEK_SET) == 0);
    const int byte = fgetc(file);
    must(byte != EOF && fseek(file, (long)offset, SEEK_SET) == 0);
    must(fputc(byte ^ 0x10, file) != EOF && fclose(file) == 0);
}

static void expect_damage(const pecs_snapshot *opened, const char *what)
{
    const pecs_save_options plain = { .skip_sync = true }, fast = profile_options(PECS_PROFILE_FAST, 2);
    pecs_error error;
    cr_assert_eq(pecs_snapshot_verify(opened, NULL, NULL, &error), PECS_E_CORRUPT, "%s", what);
    cr_assert_str_eq(error.rule, "DATA-1", "%s", what);
    cr_assert_eq(pecs_snapshot_save(opened, "other.pecs", &plain, &error), PECS_E_CORRUPT, "%s", what);
    cr_assert_not_null(strstr(error.message, "mixed.pecs"), "%s: %s", what, error.message);
    cr_assert_eq(pecs_snapshot_save(opened, "other.pecs", &fast, &error), PECS_E_CORRUPT, "%s", what);
    cr_assert_eq(access("other.pecs", F_OK), -1);
}

/* Of the bytes that are mapped, and of those that were inflated, which the file no longer holds then. */
Test(profiles_files, damage_of_a_mixed_file_is_found_by_verify_and_save)
{
    pecs_snapshot *snapshot = snapshot_of_many_rows();
    const pecs_save_options plain = { .skip_sync = true };
    for (int i = 0; i < 2; i++) {
        save_mix(&mixes[i], snapshot, "mixed.pecs", 2);
        const uint64_t places[] = {
            le64_load(block_of("mixed.pecs", RUN_VALUES, sizeof(Position), 0).offset) + 1000,
            le64_load(block_of("mixed.pecs", RUN_VALUES, sizeof(Link), 0).offset) + 1000,
            le64_load(block_of("mixed.pecs", RUN_INDEX, sizeof(struct record), 0).offset) + 1000,
        };
        for (int j = 0; j < 3; j++) {
            pecs_snapshot *opened = open_snapshot(registry, RESUME, "mixed.pecs");
            flip_byte("mixed.pecs", places[j]);
            expect_damage(opened, mixes[i].name);
            flip_byte("mixed.pecs", places[j]);
            cr_assert_eq(pecs_snapshot_verify(opened, NULL, NULL, NULL), PECS_OK);
            save_as(opened, "other.pecs", &plain);
            unlink("other.pecs");
            pecs_snapshot_release(opened);
        }
    }
    pecs_snapshot_release(snapshot);
}

/* A resume reads what is compressed, and so checks it; what it maps is for verify. */
Test(profiles_files, a_resume_refuses_damage_of_what_it_inflates)
{
    pecs_snapshot *snapshot = snapshot_of_many_rows(), *opened = NULL;
    pecs_error error;
    save_mix(&mixes[0], snapshot, "mixed.pecs", 1);
    const uint64_t mapped = le64_load(block_of("mixed.pecs", RUN_VALUES, sizeof(Position), 0).offset) + 1000;
    const uint64_t inflated = le64_load(block_of("mixed.pecs", RUN_VALUES, sizeof(Link), 0).offset) + 1000;
    flip_byte("mixed.pecs", inflated);
    for (int verb = 0; verb < VERB_COUNT; verb++) {
        cr_assert_eq(verbs[verb](registry, "mixed.pecs", NULL, &opened, &error), PECS_E_CORRUPT);
        cr_assert_str_eq(error.rule, "DATA-1");
        cr_assert_leq(error.offset, inflated);
    }
    flip_byte("mixed.pecs", inflated);
    flip_byte("mixed.pecs", mapped);
    cr_assert_eq(pecs_snapshot_load(registry, "mixed.pecs", NULL, &opened, &error), PECS_E_CORRUPT);
    opened = open_snapshot(registry, RESUME, "mixed.pecs");
    cr_assert_eq(pecs_snapshot_verify(opened, NULL, NULL, &error), PECS_E_CORRUPT);
    pecs_snapshot_release(opened);
    pecs_snapshot_release(snapshot);
}

/* Where nothing but attachments lies in the file. */
Test(profiles_files, damage_of_mapped_attachments_is_found)
{
    const pecs_save_options fast = profile_options(PECS_PROFILE_FAST, 1);
    pecs_error error;
    fill_attachments_and_names(world);
    pecs_snapshot *snapshot = take(world);
    save_as(snapshot, "mixed.pecs", &fast);
    pecs_snapshot *opened = open_snapshot(registry, RESUME, "mixed.pecs");
    flip_byte("mixed.pecs", 1500000);
    cr_assert_eq(pecs_snapshot_verify(opened, NULL, NULL, &error), PECS_E_CORRUPT);
    cr_assert_eq(pecs_snapshot_save(opened, "other.pecs", &fast, &error), PECS_E_CORRUPT);
    pecs_snapshot_release(opened);
    pecs_snapshot_release(snapshot);
}

/* A file that is wholly compressed is inflated and let go: what becomes of it does not matter. */
Test(profiles_files, a_compressed_file_is_not_needed_after_a_resume)
{
    pecs_snapshot *snapshot = snapshot_of_many_rows();
    const pecs_save_options fast = profile_options(PECS_PROFILE_FAST, 1), plain = { .skip_sync = true };
    const struct original original = original_of(snapshot, &plain);
    save_as(snapshot, "fast.pecs", &fast);
    pecs_snapshot *opened = open_snapshot(registry, RESUME, "fast.pecs");
    write_bytes("fast.pecs", "gone", 4);
    cr_assert_eq(pecs_snapshot_verify(opened, NULL, NULL, NULL), PECS_OK);
    expect_same_state(&original, opened, &plain, "a file that has gone");
    pecs_memory_release(original.plain.bytes);
    pecs_snapshot_release(snapshot);
}

/* Limits. */

/* 200,000 zero Positions: 7,200,000 bytes of handles, index and values, in a file of a few KiB. */
Test(profiles_files, max_bytes_bounds_what_a_small_file_inflates_to)
{
    enum { ROWS = 200000, INFLATED = ROWS * (8 + 16 + 12) };
    const pecs_save_options small = profile_options(PECS_PROFILE_SMALL, 1);
    spawn_rows(world, (pecs_value[]){ { Position_component, sizeof(Position), NULL } }, 1, ROWS);
    pecs_snapshot *snapshot = take(world);
    struct memory_file file = save_in_memory(snapshot, &small);
    cr_assert_lt(file.size, INFLATED / 20);
    write_bytes("small.pecs", file.bytes, file.size);
    for (int verb = 0; verb <= VERB_COUNT; verb++)
        for (int below = 0; below < 2; below++) {
            const pecs_load_options options = { .limits.max_bytes = (uint64_t)(INFLATED - below) };
            const uint64_t live_bytes = counting.live_bytes;
            pecs_snapshot *opened = NULL;
            counting.peak_bytes = counting.live_bytes;
            const pecs_status status =
                verb < VERB_COUNT ? verbs[verb](registry, "small.pecs", &options, &opened, NULL)
                                  : pecs_snapshot_load_memory(registry, file.bytes, file.size, &options, &opened, NULL);
            cr_assert_eq(status, below ? PECS_E_LIMIT : PECS_OK);
            cr_assert(!below || counting.peak_bytes - live_bytes < INFLATED / 10, "%lu bytes were taken",
                      (unsigned long)(counting.peak_bytes - live_bytes));
            pecs_snapshot_release(opened);
        }
    pecs_memory_release(file.bytes);
    pecs_snapshot_release(snapshot);
}

/* Misuse. */

Test(profiles_files, invalid_profiles_are_misuse)
{
    const pecs_component_profile wrong = { Position_component, (pecs_profile)(PECS_PROFILE_SMALL + 1) };
    const pecs_save_options options[] = {
        { .profile = (pecs_profile)(PECS_PROFILE_SMALL + 1) },
        { .profile = (pecs_profile)-1 },
        { .component_profile_count = 1 },
        { .profile = PECS_PROFILE_FAST, .component_profiles = &wrong, .component_profile_count = 1 },
    };
    pecs_snapshot *snapshot = take(world);
    for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
        pecs_error error = { .message = "" };
        void *bytes = NULL;
        size_t size;
        cr_assert_eq(pecs_snapshot_save(snapshot, "world.pecs", &options[i], &error), PECS_E_MISUSE);
        cr_assert(error.status == PECS_E_MISUSE && strstr(error.message, "profile"), "%s", error.message);
        cr_assert_eq(pecs_snapshot_save_memory(snapshot, &options[i], &bytes, &size, NULL), PECS_E_MISUSE);
        cr_assert(!bytes && file_count() == 0);
    }
    pecs_snapshot_release(snapshot);
}

/* Numbers of components that the world has not are ignored; of two entries for one, the first counts. */
Test(profiles_files, component_profiles_of_other_components)
{
    const pecs_component_profile profiles[] = { { 12345, PECS_PROFILE_OFF },
                                                { UINT32_MAX, PECS_PROFILE_OFF },
                                                { Wide_component, PECS_PROFILE_OFF },
                                                { Position_component, PECS_PROFILE_FAST },
                                                { Position_component, PECS_PROFILE_OFF } };
    pecs_save_options options = profile_options(PECS_PROFILE_FAST, 1);
    spawn_positions(world, 10000);
    pecs_snapshot *snapshot = take(world);
    struct memory_file alone = save_in_memory(snapshot, &options);
    options.component_profiles = profiles;
    options.component_profile_count = 5;
    struct memory_file beside = save_in_memory(snapshot, &options);
    cr_assert(same_memory(&alone, beside.bytes, beside.size));
    pecs_memory_release(beside.bytes);
    pecs_memory_release(alone.bytes);
    pecs_snapshot_release(snapshot);
}

Test(profiles_files, the_report_is_that_of_a_plain_save)
{
    for (int i = 0; i < COMPRESSING_COUNT; i++) {
        pecs_save_report plain, packed;
        pecs_save_options options = { .skip_sync = true, .report = &plain };
        fill_contents(world);
        pecs_snapshot *snapshot = take(world);
        save_as(snapshot, "plain.pecs", &options);
        options = profile_options(compressing[i], 1);
        options.report = &packed;
        save_as(snapshot, "packed.pecs", &options);
        const struct file_bytes saved = read_bytes("packed.pecs");
        cr_assert_eq(packed.size_bytes, saved.size);
        cr_assert_lt(packed.size_bytes, plain.size_bytes);
        free(saved.bytes);
        packed.size_bytes = plain.size_bytes;
        cr_assert(packed.entity_count == plain.entity_count && packed.type_count == plain.type_count);
        cr_assert_eq(packed.component_bytes, plain.component_bytes);
        cr_assert_eq(memcmp(&packed.left_out, &plain.left_out, sizeof(plain.left_out)), 0);
        pecs_snapshot_release(snapshot);
    }
}

/* Snapshots that are made of a resumed one lie in its file too. */
Test(profiles_files, what_is_made_of_a_mixed_file_keeps_it)
{
    static const pecs_type *const few_types[] = { &Health_type, &Position_type };
    pecs_snapshot *snapshot = snapshot_of_many_rows();
    const uint64_t hash = pecs_view_hash(pecs_snapshot_view(snapshot));
    const pecs_filter no_links = { .components = (pecs_component[]){ Link_component }, .component_count = 1 };
    const pecs_save_options fast = profile_options(PECS_PROFILE_FAST, 2);
    pecs_registry *other = make_registry(few_types, 2, counting_hooks);
    for (int i = 0; i < MIX_COUNT; i++) {
        pecs_snapshot *filtered = NULL, *expected = NULL, *converted = NULL;
        save_mix(&mixes[i], snapshot, "mixed.pecs", 2);
        pecs_snapshot *opened = open_snapshot(registry, RESUME, "mixed.pecs");
        cr_assert_eq(pecs_snapshot_convert(opened, other, &converted, NULL), PECS_OK);
        cr_assert_eq(pecs_snapshot_filter(opened, &no_links, &filtered, NULL), PECS_OK);
        cr_assert_eq(pecs_snapshot_filter(snapshot, &no_links, &expected, NULL), PECS_OK);
        pecs_snapshot_release(opened);
        cr_assert_eq(pecs_view_hash(pecs_snapshot_view(converted)), hash, "%s", mixes[i].name);
        save_as(filtered, "filtered.pecs", &fast);
        save_as(expected, "expected.pecs", &fast);
        cr_assert(same_bytes("filtered.pecs", "expected.pecs"), "%s", mixes[i].name);
        save_as(converted, "converted.pecs", &fast);
        opened = open_snapshot(registry, LOAD, "converted.pecs");
        cr_assert_eq(pecs_view_hash(pecs_snapshot_view(opened)), hash, "%s", mixes[i].name);
        flip_byte("mixed.pecs", le64_load(block_of("mixed.pecs", RUN_VALUES, sizeof(Position), 0).offset) + 1000);
        const pecs_status status = i == 2 ? PECS_OK : PECS_E_CORRUPT; /* nothing of it is in the file then */
        cr_assert_eq(pecs_snapshot_verify(converted, NULL, NULL, NULL), status, "%s", mixes[i].name);
        cr_assert_eq(pecs_snapshot_verify(filtered, NULL, NULL, NULL), status, "%s", mixes[i].name);
        pecs_snapshot_release(opened);
        pecs_snapshot_release(converted);
        pecs_snapshot_release(filtered);
        pecs_snapshot_release(expected);
    }
    pecs_registry_release(other);
    pecs_snapshot_release(snapshot);
}
