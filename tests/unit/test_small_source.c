/*
 * A small file that a world was resumed from: it was read into memory, so nothing that is written to it later reaches
 * the world; and what was wrong in it when it was read is found when it is asked for, also after edits.
 */
#define _GNU_SOURCE
#include "file_fixture.h"
#include "format_patches.h"

#include <fcntl.h>

static pecs_registry *registry;
static struct file_image image; /* the file as it was saved */

enum { ROWS = 1000 };

static void set_up(void)
{
    enter_folder();
    registry = counting_registry();
    save_rows(registry, ROWS, "world.pecs");
    image = read_image("world.pecs");
    cr_assert_lt(image.size, 128 * 1024);
}

static void tear_down(void)
{
    free_image(&image);
    pecs_registry_release(registry);
    assert_no_leak();
    leave_folder();
}

TestSuite(small_source, .init = set_up, .fini = tear_down);

static void flip_byte(uint64_t offset)
{
    const uint8_t byte = image.bytes[offset] ^ 1;
    const int file = open("world.pecs", O_WRONLY);
    cr_assert_eq(pwrite(file, &byte, 1, (off_t)offset), 1);
    close(file);
}

static pecs_status save(const pecs_snapshot *snapshot, bool verify_source, pecs_error *error)
{
    const pecs_save_options options = { .skip_sync = true, .verify_source = verify_source };
    return pecs_snapshot_save(snapshot, "copy.pecs", &options, error);
}

static void expect_copy_is_whole(void)
{
    struct file_bytes copy = read_bytes("copy.pecs");
    cr_assert(copy.size == image.size && memcmp(copy.bytes, image.bytes, copy.size) == 0);
    free(copy.bytes);
}

/* Written to, and cut: a map would show the one and kill the process by the other. */
Test(small_source, what_is_written_later_does_not_matter)
{
    pecs_error error = { .message = "" };
    pecs_snapshot *snapshot = open_snapshot(registry, RESUME, "world.pecs");
    const uint64_t hash = pecs_view_hash(pecs_snapshot_view(snapshot));
    for (uint64_t i = 0; i < image.size; i += 100)
        flip_byte(i);
    cr_assert_eq(pecs_view_hash(pecs_snapshot_view(snapshot)), hash);
    cr_assert_eq(save(snapshot, false, &error), PECS_OK, "%s", error.message);
    expect_copy_is_whole();
    cr_assert_eq(truncate("world.pecs", 10), 0);
    cr_assert_eq(save(snapshot, true, &error), PECS_OK, "%s", error.message);
    expect_copy_is_whole();
    cr_assert_eq(pecs_snapshot_verify(snapshot, NULL, NULL, &error), PECS_OK, "%s", error.message);
    pecs_snapshot_release(snapshot);
}

/* A resume does not hash the data. */
Test(small_source, damage_that_was_there_is_found)
{
    const uint64_t places[] = { image.data, (image.data + image.data_end) / 2, image.data_end - 1 };
    for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++) {
        pecs_error error = { .message = "" };
        flip_byte(places[i]);
        pecs_snapshot *snapshot = open_snapshot(registry, RESUME, "world.pecs");
        write_bytes("world.pecs", image.bytes, image.size); /* what is in memory counts */
        cr_assert_eq(pecs_snapshot_verify(snapshot, NULL, NULL, &error), PECS_E_CORRUPT);
        cr_assert_str_eq(error.rule, "DATA-1");
        cr_assert_eq(error.offset, image.data);
        cr_assert_eq(save(snapshot, true, &error), PECS_E_CORRUPT);
        cr_assert_not_null(strstr(error.message, "/world.pecs: "), "%s", error.message);
        cr_assert_eq(access("copy.pecs", F_OK), -1);
        pecs_snapshot_release(snapshot);
    }
}

/* Every column is edited: the bytes that were read stay, and are hashed after it as before. */
Test(small_source, an_edited_world_can_be_verified)
{
    for (int damaged = 0; damaged < 2; damaged++) {
        pecs_error error = { .message = "" };
        if (damaged)
            flip_byte(image.data_end - 1);
        pecs_world *world = open_world(registry, RESUME, "world.pecs");
        for (uint32_t i = 0; i < ROWS; i++)
            cr_assert_eq(pecs_world_set(world, (pecs_entity){ i, 1 },
                                        (pecs_value[]){ PECS_VALUE_AS(POSITION, Position, 1, 2, 3) }, 1),
                         PECS_OK);
        const pecs_save_options options = { .skip_sync = true, .verify_source = true };
        cr_assert_eq(pecs_world_save(world, "copy.pecs", &options, &error), damaged ? PECS_E_CORRUPT : PECS_OK, "%s",
                     error.message);
        pecs_world_destroy(world);
    }
}
