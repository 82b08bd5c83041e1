/* Compressed saves and invalid values, which each check finds as in plain ones; progress, and saves that are cancelled.
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

TestSuite(profiles_values, .init = set_up, .fini = strike, .timeout = 280);

/* Rows in several blocks of 18,724; the reference of row WRONG_ROW is to no entity that there is. */
enum { ROWS = 60000, WRONG_ROW = 40000, BLOCK_ROWS = 512 * 1024 / sizeof(Link) };

static pecs_snapshot *snapshot_of_wrong_link(void)
{
    Link *links = calloc(ROWS, sizeof(*links));
    for (uint32_t i = 0; i < ROWS; i++)
        links[i] = (Link){ i, { i, 1 }, { { 0, 0 }, { 0, 0 } } };
    links[WRONG_ROW].others[1] = (pecs_entity){ 1000000, 1 };
    spawn_rows(world, (pecs_value[]){ { Link_component, sizeof(Link), links } }, 1, ROWS);
    free(links);
    return take(world);
}

Test(profiles_values, a_save_refuses_invalid_values_as_a_plain_one)
{
    pecs_snapshot *snapshot = snapshot_of_wrong_link();
    const pecs_component_profile mapped = { Link_component, PECS_PROFILE_OFF };
    for (int i = 0; i < 2 * COMPRESSING_COUNT; i++) {
        pecs_save_options options = profile_options(compressing[i / 2], 3);
        pecs_error plain, packed;
        options.component_profiles = &mapped;
        options.component_profile_count = (size_t)(i % 2);
        cr_assert_eq(pecs_snapshot_save(snapshot, "world.pecs", NULL, &plain), PECS_E_INVALID);
        cr_assert_eq(pecs_snapshot_save(snapshot, "world.pecs", &options, &packed), PECS_E_INVALID);
        cr_assert_str_eq(packed.message, plain.message);
        cr_assert_not_null(strstr(packed.message, "40000"), "%s", packed.message);
        cr_assert_str_eq(packed.rule, plain.rule);
        cr_assert_eq(file_count(), 0);
    }
    pecs_snapshot_release(snapshot);
}

static void expect_link(const pecs_snapshot *opened, uint32_t expected)
{
    const Link *link = pecs_get(pecs_snapshot_view(opened), ((pecs_entity){ WRONG_ROW, 1 }), Link);
    cr_assert(link && link->others[1].index == expected && link->weight == WRONG_ROW);
}

/* `offset`: where load finds the wrong value in the file. */
static void expect_refused_and_repaired(uint64_t offset)
{
    for (uint32_t threads = 1; threads <= 4; threads += 3) {
        const pecs_load_options options = { .thread_count = threads };
        const pecs_load_options repairing = { .thread_count = threads, .repair = pecs_repair_invalid };
        pecs_snapshot *opened = NULL;
        pecs_error error;
        cr_assert_eq(pecs_snapshot_load(registry, "world.pecs", &options, &opened, &error), PECS_E_CORRUPT);
        cr_assert_str_eq(error.rule, "VALUE-4", "%s", error.message);
        cr_assert_eq(error.offset, offset, "%lu, not %lu", (unsigned long)error.offset, (unsigned long)offset);
        cr_assert_not_null(strstr(error.message, "40000"), "%s", error.message);
        cr_assert_eq(pecs_snapshot_load(registry, "world.pecs", &repairing, &opened, &error), PECS_OK, "%s",
                     error.message);
        expect_link(opened, 0);
        cr_assert_eq(pecs_view_check(pecs_snapshot_view(opened), NULL, NULL, NULL), PECS_OK);
        pecs_snapshot_release(opened);
        opened = open_snapshot(registry, RESUME, "world.pecs");
        expect_link(opened, 1000000);
        pecs_snapshot_release(opened);
    }
}

/* The third block of its column is where load finds it; in a column that is stored as it is, the value itself. */
Test(profiles_values, a_wrong_value_is_found_in_its_block_and_repaired)
{
    pecs_snapshot *snapshot = snapshot_of_wrong_link();
    const pecs_component_profile mapped = { Link_component, PECS_PROFILE_OFF };
    for (int i = 0; i < COMPRESSING_COUNT; i++) {
        pecs_save_options options = profile_options(compressing[i], 1);
        options.skip_check = true;
        save_as(snapshot, "world.pecs", &options);
        const struct block_record third = block_of("world.pecs", RUN_VALUES, sizeof(Link), 2 * BLOCK_ROWS);
        cr_assert(le32_load(third.codec) == CODEC_ZSTD && le64_load(third.size) < le64_load(third.full_size));
        expect_refused_and_repaired(le64_load(third.offset));
        options.component_profiles = &mapped;
        options.component_profile_count = 1;
        save_as(snapshot, "world.pecs", &options);
        const struct block_record raw = block_of("world.pecs", RUN_VALUES, sizeof(Link), 0);
        expect_refused_and_repaired(le64_load(raw.offset) + WRONG_ROW * sizeof(Link) + offsetof(Link, others[1]));
    }
    pecs_snapshot_release(snapshot);
}

/* Progress. */

struct steps {
    uint64_t done, total, count, stop_at; /* the call that returns false; 0: none */
};

static bool step(void *user, uint64_t done_bytes, uint64_t total_bytes)
{
    struct steps *steps = user;
    must(done_bytes <= total_bytes && done_bytes >= steps->done);
    must(!steps->count || steps->total == total_bytes);
    steps->done = done_bytes;
    steps->total = total_bytes;
    return ++steps->count != steps->stop_at;
}

static const pecs_component_profile mapped_links = { Link_component, PECS_PROFILE_OFF };

/* Two ways to save: all compressed, and Links as they are. */
static pecs_save_options stepping_options(int way, struct steps *steps)
{
    pecs_save_options options = profile_options(PECS_PROFILE_FAST, 2);
    *steps = (struct steps){ .count = 0 };
    options.progress = step;
    options.user = steps;
    options.component_profiles = &mapped_links;
    options.component_profile_count = (size_t)way;
    return options;
}

static void (*const worlds_with_steps[])(pecs_world *world) = { fill_many_rows, fill_long_strings, fill_contents,
                                                                fill_attachments, fill_nothing };
static const uint64_t least_steps[] = { 3, 5, 1, 1, 1 }; /* every few MiB */
enum { WORLDS_WITH_STEPS = 5 };

Test(profiles_values, progress_ends_at_its_total)
{
    for (int i = 0; i < WORLDS_WITH_STEPS; i++) {
        pecs_world *filled = make_world(registry, NULL);
        worlds_with_steps[i](filled);
        pecs_snapshot *snapshot = take(filled);
        pecs_world_destroy(filled);
        for (int way = 0; way < 2; way++) {
            struct steps steps;
            const pecs_save_options options = stepping_options(way, &steps);
            save_as(snapshot, "world.pecs", &options);
            cr_assert_eq(steps.done, steps.total, "world %d: %lu of %lu", i, (unsigned long)steps.done,
                         (unsigned long)steps.total);
            cr_assert_geq(steps.count, least_steps[i], "world %d: %lu steps", i, (unsigned long)steps.count);
            const struct file_bytes saved = read_bytes("world.pecs");
            const pecs_load_options load = { .thread_count = 2, .progress = step, .user = &steps };
            steps = (struct steps){ .count = 0 };
            pecs_snapshot *opened = NULL;
            cr_assert_eq(pecs_snapshot_load(registry, "world.pecs", &load, &opened, NULL), PECS_OK);
            cr_assert(steps.done == saved.size && steps.total == saved.size, "world %d", i);
            free(saved.bytes);
            pecs_snapshot_release(opened);
        }
        pecs_snapshot_release(snapshot);
    }
}

/* At whatever step: the old file is whole, and nothing is beside it. */
Test(profiles_values, a_cancelled_save_leaves_the_old_file)
{
    for (int i = 0; i < 2; i++) {
        pecs_world *filled = make_world(registry, NULL);
        worlds_with_steps[i](filled);
        pecs_snapshot *snapshot = take(filled);
        pecs_world_destroy(filled);
        for (int way = 0; way < 2; way++) {
            struct steps steps;
            pecs_save_options options = stepping_options(way, &steps);
            save_as(snapshot, "world.pecs", &options);
            const uint64_t count = steps.count;
            write_bytes("world.pecs", "the old file", 12);
            for (uint64_t at = 1; at <= count; at++) {
                pecs_error error;
                options = stepping_options(way, &steps);
                steps.stop_at = at;
                cr_assert_eq(pecs_snapshot_save(snapshot, "world.pecs", &options, &error), PECS_E_CANCELLED);
                cr_assert(steps.count == at && strstr(error.message, "cancelled"), "%s", error.message);
                const struct file_bytes old = read_bytes("world.pecs");
                cr_assert(old.size == 12 && memcmp(old.bytes, "the old file", 12) == 0 && file_count() == 1);
                free(old.bytes);
            }
        }
        pecs_snapshot_release(snapshot);
    }
}

Test(profiles_values, a_cancelled_load_gives_nothing)
{
    struct steps steps;
    pecs_save_options options = stepping_options(0, &steps);
    fill_many_rows(world);
    pecs_snapshot *snapshot = take(world);
    save_as(snapshot, "world.pecs", &options);
    pecs_snapshot_release(snapshot);
    for (uint64_t at = 1;; at++) {
        const pecs_load_options load = { .progress = step, .user = &steps };
        pecs_snapshot *opened = NULL;
        steps = (struct steps){ .stop_at = at };
        const pecs_status status = pecs_snapshot_load(registry, "world.pecs", &load, &opened, NULL);
        pecs_snapshot_release(opened);
        cr_assert_eq(status, steps.count < at ? PECS_OK : PECS_E_CANCELLED);
        if (!status)
            break;
    }
    cr_assert_geq(steps.count, 3);
}

/* The file of a mixed state is hashed once, though its bytes and those beside it are two images. */
Test(profiles_values, verify_reads_a_mixed_file_once)
{
    struct steps steps;
    pecs_save_options options = stepping_options(1, &steps);
    fill_many_rows(world);
    pecs_snapshot *snapshot = take(world);
    save_as(snapshot, "world.pecs", &options);
    pecs_snapshot_release(snapshot);
    const struct file_bytes saved = read_bytes("world.pecs");
    pecs_snapshot *opened = open_snapshot(registry, RESUME, "world.pecs");
    steps = (struct steps){ .count = 0 };
    cr_assert_eq(pecs_snapshot_verify(opened, step, &steps, NULL), PECS_OK);
    cr_assert(steps.done == saved.size && steps.total == saved.size);
    steps = (struct steps){ .stop_at = 2 };
    cr_assert_eq(pecs_snapshot_verify(opened, step, &steps, NULL), PECS_E_CANCELLED);
    pecs_snapshot_release(opened);
    free(saved.bytes);
}
