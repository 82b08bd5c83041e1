/* Parts of files: each is what the filter makes of the whole, whatever the file and the way to open it. */
#include "part_fixture.h"
#include "profiles_suite.h"

#include <pecs/row_stream.h>

TestSuite(part, .init = set_up, .fini = strike, .timeout = 280);

/* The heap counts the bytes of attachments with the contents of rows. */
static void check_part_world(const pecs_world *world)
{
    pecs_error error;
    if (!world->state->attachments)
        check_contents(world);
    check_world(world);
    cr_assert_eq(pecs_view_check(pecs_world_view((pecs_world *)(uintptr_t)world), NULL, NULL, &error), PECS_OK, "%s",
                 error.message);
}

/* A world that is made of a part can be edited, also where contents are. */
static void edit(const pecs_snapshot *snapshot)
{
    pecs_world *world = world_of(registry, snapshot, 0);
    check_part_world(world);
    const pecs_entity named = spawn_name(world, "a new one");
    cr_assert_str_eq(name_of(pecs_world_view(world), named), "a new one");
    for (uint32_t i = 0; i < summary_of(pecs_world_view(world)).slot_count; i += 7) {
        const pecs_entity entity = pecs_view_slot(pecs_world_view(world), i);
        if (pecs_view_alive(pecs_world_view(world), entity))
            must(pecs_world_despawn(world, &entity, 1) == PECS_OK);
    }
    check_part_world(world);
    pecs_world_destroy(world);
}

/* `opener` opens the parts of a file with this path, of which it has the whole, too. */
static void compare(pecs_registry *opener, const char *path, uint64_t seed, bool is_edited)
{
    struct choice choice;
    choose(&choice, seed);
    pecs_snapshot *whole = open_snapshot(opener, 0, path);
    pecs_snapshot *expected = filter_as(whole, &choice);
    for (int verb = 0; verb < PART_VERB_COUNT; verb++) {
        char how[100];
        snprintf(how, sizeof(how), "seed %d, %s", (int)seed, part_verb_names[verb]);
        pecs_snapshot *opened = part_of(opener, verb, path, &choice.part);
        expect_same_part(expected, opened, how);
        if (is_edited)
            edit(opened);
        pecs_snapshot_release(opened);
    }
    pecs_snapshot_release(expected);
    pecs_snapshot_release(whole);
}

/* Saved by each profile, opened by a registry that has all types, and one that has none. */
static void try_world(void (*fill)(pecs_world *world), uint64_t seed_count)
{
    static const pecs_profile profiles[] = { PECS_PROFILE_OFF, PECS_PROFILE_FAST };
    pecs_world *world = world_of(registry, NULL, 0);
    fill(world);
    pecs_registry *empty = make_registry(NULL, 0, counting_hooks);
    for (size_t i = 0; i < 2; i++) {
        pecs_error error;
        const pecs_save_options options = profile_options(profiles[i], 1);
        cr_assert_eq(pecs_world_save(world, "whole.pecs", &options, &error), PECS_OK, "%s", error.message);
        for (uint64_t seed = 0; seed < seed_count; seed++) {
            compare(registry, "whole.pecs", seed, true);
            compare(empty, "whole.pecs", seed, false);
        }
    }
    pecs_registry_release(empty);
    pecs_world_destroy(world);
}

/* Tables of 128 sets, some empty, some with explicit ids; contents, singletons, free slots, metadata, attachments. */
static void fill_mixed(pecs_world *world)
{
    static pecs_entity entities[3000];
    fill_tables(world);
    fill_ids(world);
    fill_singletons(world);
    fill_contents(world);
    fill_attachments_and_names(world);
    const pecs_value values[] = { PECS_VALUE(Health, 1, 2), PECS_VALUE(Team, 3), { Frozen_component, 0, NULL } };
    for (size_t i = 0; i < 3000; i++)
        entities[i] = spawn_one(world, values + i % 3, 3 - i % 3);
    for (size_t i = 0; i < 3000; i += 1 + i % 4)
        must(pecs_world_despawn(world, &entities[i], 1) == PECS_OK);
    const pecs_entity alone = spawn_one(world, (pecs_value[]){ PECS_VALUE(Health, 9, 9) }, 1);
    must(pecs_world_set_id(world, alone, (pecs_id){ { 0, 1, 2 } }) == PECS_OK);
    const Padded padded = { true, 1, 2 };
    const pecs_entity gone = spawn_one(world, (pecs_value[]){ PECS_ROWS(Padded, &padded), values[1] }, 2);
    must(pecs_world_despawn(world, &gone, 1) == PECS_OK);
}

Test(part, is_the_filter_of_a_mixed_world)
{
    try_world(fill_mixed, 24);
}

Test(part, is_the_filter_of_small_worlds)
{
    try_world(fill_nothing, 4);
    try_world(fill_no_types, 4);
    try_world(fill_tags, 8);
    try_world(fill_singletons, 12);
    try_world(fill_retired, 4);
}

Test(part, is_the_filter_of_worlds_with_contents)
{
    try_world(fill_contents, 12);
    try_world(fill_attachments_and_names, 6);
}

Test(part, is_the_filter_of_large_worlds)
{
    try_world(fill_many_rows, 6);
    try_world(fill_many_ids, 6);
    try_world(fill_padded, 4);
}

/* Rows of a table whose chunks are small, since one component is wide: a part without it has chunks of 4096 rows. */
static void stream_wide_rows(const char *path, pecs_profile profile)
{
    enum { ROWS = 40, AT_ONCE = 5 };
    pecs_error error;
    pecs_stream *stream;
    Position positions[AT_ONCE];
    Wide *wides = rows_of(AT_ONCE * sizeof(*wides));
    const pecs_value values[] = { { Wide_component, sizeof(*wides), wides },
                                  { Position_component, sizeof(*positions), positions } };
    const pecs_stream_options options = { .skip_sync = true, .profile = profile };
    must(pecs_stream_create(registry, path, &options, &stream, &error) == PECS_OK);
    for (size_t first = 0; first < ROWS; first += AT_ONCE) {
        for (size_t i = 0; i < AT_ONCE; i++) {
            wides[i].flag = true;
            positions[i] = (Position){ .x = (float)(first + i) };
        }
        const pecs_rows rows = { .values = values, .value_count = 2, .row_count = AT_ONCE };
        cr_assert_eq(pecs_stream_add(stream, &rows, NULL, &error), PECS_OK, "%s", error.message);
    }
    cr_assert_eq(pecs_stream_finish(stream, NULL, &error), PECS_OK, "%s", error.message);
    pecs_stream_destroy(stream);
    free(wides);
}

Test(part, of_wide_rows_in_segments_has_larger_chunks)
{
    static const pecs_type *const types[] = { &Position_type };
    static const pecs_profile profiles[] = { PECS_PROFILE_OFF, PECS_PROFILE_FAST };
    for (size_t i = 0; i < 2; i++) {
        struct choice choice = { .types = { types[0] }, .type_count = 1 };
        choice.part = (pecs_part){ .types = choice.types, .type_count = 1 };
        stream_wide_rows("wide.pecs", profiles[i]);
        pecs_snapshot *whole = open_snapshot(registry, 0, "wide.pecs");
        pecs_snapshot *expected = filter_as(whole, &choice);
        for (int verb = 0; verb < PART_VERB_COUNT; verb++) {
            pecs_snapshot *opened = part_of(registry, verb, "wide.pecs", &choice.part);
            expect_same_part(expected, opened, part_verb_names[verb]);
            edit(opened);
            pecs_snapshot_release(opened);
        }
        pecs_snapshot_release(expected);
        pecs_snapshot_release(whole);
    }
}
