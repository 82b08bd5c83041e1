/*
 * As test_failures.c, for pecs_compact: each allocation fails once, and all from each one on. The file is as before
 * then. And there is no room for the world beside the new file.
 */
#define _GNU_SOURCE
#include "contents_fixture.h"

#include <pecs/compact.h>

#include <signal.h>
#include <sys/resource.h>

TestSuite(failures_compact, .timeout = 280);

enum { ROWS = 4200 };
static struct file_bytes before, after;

static void free_files(void)
{
    free(before.bytes);
    free(after.bytes);
    before.bytes = after.bytes = NULL;
}

static void make_file(struct stage *stage, pecs_profile profile, size_t rows)
{
    const pecs_meta title = { "title", PECS_META_TEXT, "seven", 5 };
    const pecs_save_options options = {
        .skip_sync = true, .profile = profile, .metadata = &title, .metadata_count = 1, .wall_clock_ns = 5
    };
    const Name name = { 7, pecs_string_of("a name") };
    pecs_world *world = make_world(stage->registry, NULL);
    pecs_entity first[16];
    must(pecs_world_spawn(world, (pecs_value[]){ { Position_component, sizeof(Position), NULL } }, 1, rows, NULL) ==
         PECS_OK);
    must(pecs_world_spawn(world, (pecs_value[]){ PECS_ROWS(Name, &name) }, 1, 1, NULL) == PECS_OK);
    must(pecs_world_spawn(world, NULL, 0, 16, first) == PECS_OK && pecs_world_despawn(world, first, 16) == PECS_OK);
    must(pecs_world_save(world, "world.pecs", &options, NULL) == PECS_OK);
    must(pecs_world_compact(world, NULL) == PECS_OK);
    const pecs_save_options plain = { .skip_sync = true, .metadata = &title, .metadata_count = 1, .wall_clock_ns = 5 };
    must(pecs_world_save(world, "right.pecs", &plain, NULL) == PECS_OK);
    pecs_world_destroy(world);
    free_files();
    before = read_bytes("world.pecs");
    after = read_bytes("right.pecs");
    unlink("right.pecs");
}

static bool is_file(const struct file_bytes *right)
{
    const struct file_bytes found = read_bytes("world.pecs");
    const bool is_same = found.size == right->size && memcmp(found.bytes, right->bytes, found.size) == 0;
    free(found.bytes);
    return is_same;
}

static void make_plain(struct stage *stage)
{
    make_file(stage, PECS_PROFILE_OFF, ROWS);
}

static void make_packed(struct stage *stage)
{
    make_file(stage, PECS_PROFILE_SMALL, ROWS);
}

static pecs_status compact(struct stage *stage)
{
    const pecs_compact_options options = { .skip_sync = true, .allocator = &counting_hooks };
    (void)stage;
    const pecs_status status = pecs_compact("world.pecs", "world.pecs", &options, NULL);
    counting.fail_at = 0;
    must(file_count() == 1 && is_file(status ? &before : &after));
    write_bytes("world.pecs", before.bytes, before.size); /* for the next time */
    return status;
}

Test(failures_compact, each_allocation)
{
    enter_folder();
    make_stage_registry = contents_registry;
    try_every_failure(&(struct trial){ make_plain, compact }, 40);
    try_every_failure(&(struct trial){ make_packed, compact }, 40);
    free_files();
    leave_folder();
}

/* The arrays are larger than any file may be; then each of those that are wanted later. */
Test(failures_compact, no_room)
{
    struct rlimit limit;
    pecs_error error;
    bool fits = false;
    enter_folder();
    struct stage stage = { .registry = contents_registry() };
    make_file(&stage, PECS_PROFILE_FAST, 1000000);
    cr_assert(signal(SIGXFSZ, SIG_IGN) != SIG_ERR && getrlimit(RLIMIT_FSIZE, &limit) == 0);
    const rlim_t most = limit.rlim_cur;
    for (limit.rlim_cur = 1 << 20; !fits; limit.rlim_cur *= 2) {
        cr_assert_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
        const pecs_status status =
            pecs_compact("world.pecs", "world.pecs", &(pecs_compact_options){ .skip_sync = true }, &error);
        fits = !status;
        cr_assert(fits || status == PECS_E_IO, "%s", error.message);
        cr_assert(fits || limit.rlim_cur > 1 << 20 || strncmp(error.message, "cannot hold the world", 21) == 0, "%s",
                  error.message);
        cr_assert(file_count() == 1 && is_file(fits ? &after : &before));
    }
    cr_assert_gt(limit.rlim_cur, after.size);
    limit.rlim_cur = most;
    cr_assert_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
    free_files();
    pecs_registry_release(stage.registry);
    leave_folder();
}

struct watched {
    uint64_t call_count, done, total, most; /* at most so many calls go on */
};

static bool watch(void *user, uint64_t done_bytes, uint64_t total_bytes)
{
    struct watched *watched = user;
    cr_assert(done_bytes >= watched->done && done_bytes <= total_bytes);
    watched->done = done_bytes;
    watched->total = total_bytes;
    return watched->call_count++ < watched->most;
}

Test(failures_compact, reports_progress_and_is_cancelled)
{
    struct watched watched = { .most = 0 };
    const pecs_compact_options options = { .skip_sync = true, .thread_count = 2, .progress = watch, .user = &watched };
    enter_folder();
    struct stage stage = { .registry = contents_registry() };
    make_file(&stage, PECS_PROFILE_FAST, 1000000);
    cr_assert_eq(pecs_compact("world.pecs", "world.pecs", &options, NULL), PECS_E_CANCELLED);
    cr_assert(file_count() == 1 && is_file(&before));
    watched = (struct watched){ .most = UINT64_MAX };
    cr_assert_eq(pecs_compact("world.pecs", "world.pecs", &options, NULL), PECS_OK);
    cr_assert(file_count() == 1 && is_file(&after));
    cr_assert(watched.call_count > 1 && watched.done == watched.total);
    free_files();
    pecs_registry_release(stage.registry);
    leave_folder();
}

Test(failures_compact, of_no_file)
{
    pecs_error error;
    enter_folder();
    cr_assert_eq(pecs_compact("none.pecs", "new.pecs", NULL, &error), PECS_E_IO);
    struct stage stage = { .registry = contents_registry() };
    make_file(&stage, PECS_PROFILE_OFF, 3);
    cr_assert_eq(pecs_compact("world.pecs", "none/new.pecs", NULL, &error), PECS_E_IO, "%s", error.message);
    before.bytes[4096] ^= 1;
    write_bytes("bad.pecs", before.bytes, before.size);
    for (int trust = 0; trust < 2; trust++) {
        const pecs_compact_options options = { .trust = trust };
        cr_assert_eq(pecs_compact("bad.pecs", "new.pecs", &options, &error), PECS_E_CORRUPT);
        cr_assert_eq(file_count(), 2);
    }
    free_files();
    pecs_registry_release(stage.registry);
    leave_folder();
}
