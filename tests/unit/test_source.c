/*
 * The file that a resumed world lies in: what somebody writes to it is found when it is asked for and before a save, so
 * that no damage is saved under hashes that make it look right.
 */
#define _GNU_SOURCE
#include "file_fixture.h"
#include "format_patches.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

static pecs_registry *registry;
static pecs_snapshot *snapshot;
static struct file_image image; /* the file as it was saved */

enum { ROWS = 500000 }; /* some pieces of data */

static void set_up(void)
{
    enter_folder();
    registry = counting_registry();
    save_rows(registry, ROWS, "world.pecs");
    image = read_image("world.pecs");
    cr_assert_eq(pecs_snapshot_resume(registry, "world.pecs", NULL, &snapshot, NULL), PECS_OK);
}

static void tear_down(void)
{
    pecs_snapshot_release(snapshot);
    free_image(&image);
    pecs_registry_release(registry);
    assert_no_leak();
    leave_folder();
}

TestSuite(source, .init = set_up, .fini = tear_down);

static void set_time(const char *path, const struct timespec *time)
{
    const struct timespec times[2] = { { 0, UTIME_OMIT }, *time };
    cr_assert_eq(utimensat(AT_FDCWD, path, times, 0), 0);
}

/* As a program does that writes to the file, or a disk that rots: then nothing shows that it was written to. */
static void write_byte(uint64_t offset, bool rots)
{
    struct stat before;
    const uint8_t byte = image.bytes[offset] ^ 1;
    const int file = open("world.pecs", O_WRONLY);
    cr_assert_eq(fstat(file, &before), 0);
    cr_assert_eq(pwrite(file, &byte, 1, (off_t)offset), 1);
    close(file);
    set_time("world.pecs", rots ? &before.st_mtim : &(struct timespec){ .tv_sec = 1 });
}

static void write_back(uint64_t offset)
{
    const int file = open("world.pecs", O_WRONLY);
    cr_assert_eq(pwrite(file, &image.bytes[offset], 1, (off_t)offset), 1);
    close(file);
}

static pecs_status save(bool verify_source, pecs_error *error)
{
    const pecs_save_options options = { .skip_sync = true, .verify_source = verify_source };
    return pecs_snapshot_save(snapshot, "copy.pecs", &options, error);
}

static void expect_verify(pecs_status status, const char *rule, uint64_t offset)
{
    pecs_error error = { .message = "" };
    cr_assert_eq(pecs_snapshot_verify(snapshot, NULL, NULL, &error), status, "%s", error.message);
    if (status) {
        cr_assert_str_eq(error.rule, rule);
        cr_assert_eq(error.offset, offset);
    }
}

Test(source, every_part_is_hashed)
{
    const uint64_t second = FORMAT_PIECE;
    const uint64_t pieces = format_piece_count(image.data, image.data_end - image.data);
    const uint64_t checksum = image.trailer + format_trailer_bytes(pieces) - sizeof(le64);
    const struct {
        uint64_t at, offset;
        const char *rule;
    } parts[] = {
        { image.data, image.data, "DATA-1" },
        { second - 1, image.data, "DATA-1" },
        { second, second, "DATA-1" },
        { image.data_end - 1, (image.data_end - 1) / second * second, "DATA-1" },
        { image.trailer + 20, checksum, "TRAILER-1" },
        { 4095, 4095, "GAP-1" },
        { image.footer - 1, image.footer - 1, "GAP-1" },
        { image.footer, 0, NULL }, /* no state lies there */
        { image.prologue, image.prologue, "SEGMENT-2" },
        { image.runs, image.prologue, "SEGMENT-2" },
        { image.commit, image.commit, "FOOTER-6" },
        { image.commit_end - 1, image.commit, "FOOTER-6" },
    };
    cr_assert_gt(image.data_end, 2 * second);
    expect_verify(PECS_OK, NULL, 0);
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        write_byte(parts[i].at, true);
        expect_verify(parts[i].rule ? PECS_E_CORRUPT : PECS_OK, parts[i].rule, parts[i].offset);
        write_back(parts[i].at);
    }
    expect_verify(PECS_OK, NULL, 0);
}

/* Not the file that is saved to: that one is whole. */
static void expect_source_is_named(const pecs_error *error)
{
    static const char begin[] = "the file that the world lies in was damaged: /";
    static const char end[] = "/world.pecs: the hash of the data piece at this offset is wrong: "
                              "load a copy of it, or an older save";
    const size_t size = strlen(error->message);
    cr_assert_eq(strncmp(error->message, begin, sizeof(begin) - 1), 0, "%s", error->message);
    cr_assert(size >= sizeof(end) && strcmp(error->message + size + 1 - sizeof(end), end) == 0, "%s", error->message);
}

/* Nothing shows that a bit has rotted; a save that is asked to looks. */
Test(source, bits_that_rot)
{
    pecs_error error;
    write_byte(image.data_end - 1, true);
    cr_assert_eq(save(true, &error), PECS_E_CORRUPT);
    cr_assert_str_eq(error.rule, "DATA-1");
    expect_source_is_named(&error);
    cr_assert_eq(access("copy.pecs", F_OK), -1);
    cr_assert_eq(pecs_snapshot_verify(snapshot, NULL, NULL, &error), PECS_E_CORRUPT);
    expect_source_is_named(&error);
    write_back(image.data_end - 1);
    cr_assert_eq(save(true, &error), PECS_OK, "%s", error.message);
}

/* `cp other world.pecs` and the like: the same file, other bytes. */
Test(source, a_file_that_was_written_to)
{
    pecs_error error;
    write_byte(image.data, false);
    cr_assert_eq(save(false, &error), PECS_E_CORRUPT);
    cr_assert_str_eq(error.rule, "DATA-1");
    cr_assert_eq(access("copy.pecs", F_OK), -1);
    write_back(image.data);
    cr_assert_eq(save(false, &error), PECS_OK, "%s", error.message);
    struct file_bytes copy = read_bytes("copy.pecs");
    cr_assert(copy.size == image.size && memcmp(copy.bytes, image.bytes, copy.size) == 0);
    free(copy.bytes);
}

/* Written to, and the bytes are the same: it is hashed once, and then known in that state. */
Test(source, a_file_that_was_touched)
{
    set_time("world.pecs", &(struct timespec){ .tv_sec = 1 });
    cr_assert_eq(save(false, NULL), PECS_OK);
    write_byte(image.data, true);
    cr_assert_eq(save(false, NULL), PECS_OK, "nothing shows it");
    cr_assert_eq(save(true, NULL), PECS_E_CORRUPT);
}

/* Another world over it, with hashes that are right for itself. */
Test(source, a_file_that_became_another)
{
    pecs_world *world = make_world(registry, snapshot);
    cr_assert_eq(pecs_world_set(world, (pecs_entity){ 0, 1 },
                                (pecs_value[]){ PECS_VALUE_AS(POSITION, Position, -1, -1, -1) }, 1),
                 PECS_OK);
    cr_assert_eq(pecs_world_save(world, "other.pecs", &(pecs_save_options){ .skip_sync = true }, NULL), PECS_OK);
    struct file_bytes other = read_bytes("other.pecs");
    cr_assert_eq(other.size, image.size);
    write_bytes("world.pecs", other.bytes, other.size); /* in place, as fopen and "w" do */
    set_time("world.pecs", &(struct timespec){ .tv_sec = 1 });
    free(other.bytes);
    cr_assert_eq(save(false, NULL), PECS_E_CORRUPT);
    cr_assert_eq(pecs_world_save(world, "copy.pecs", NULL, NULL), PECS_E_CORRUPT, "what shares its arrays, too");
    pecs_world_destroy(world);
}

/* What lies behind the end must not be touched: the process would be killed. */
Test(source, a_file_that_was_cut)
{
    pecs_error error;
    cr_assert_eq(truncate("world.pecs", (off_t)image.size - 1), 0);
    cr_assert_eq(save(false, &error), PECS_E_IO);
    cr_assert_eq(error.os_error, ESTALE);
    cr_assert_eq(pecs_snapshot_verify(snapshot, NULL, NULL, &error), PECS_E_IO);
    cr_assert_eq(error.os_error, ESTALE);
}

/* A file that took its name, from whatever save, is another one: what was mapped stays. Also when the name is gone. */
Test(source, a_file_that_was_replaced)
{
    const pecs_save_options options = { .skip_sync = true };
    cr_assert_eq(pecs_snapshot_save(snapshot, "world.pecs", &options, NULL), PECS_OK);
    write_byte(image.data, false);
    cr_assert_eq(save(false, NULL), PECS_OK);
    expect_verify(PECS_OK, NULL, 0);
    cr_assert_eq(unlink("world.pecs"), 0);
    cr_assert_eq(save(true, NULL), PECS_OK);
}

/* A relative path is that of the folder in which the file was opened. */
Test(source, the_working_directory_changes)
{
    write_byte(image.data, false);
    cr_assert_eq(mkdir("elsewhere", 0700), 0);
    cr_assert_eq(chdir("elsewhere"), 0);
    cr_assert_eq(save(false, NULL), PECS_E_CORRUPT);
    cr_assert_eq(chdir(".."), 0);
}

/* What was loaded lies in no file. */
Test(source, a_world_that_was_loaded)
{
    pecs_snapshot_release(snapshot);
    cr_assert_eq(pecs_snapshot_load(registry, "world.pecs", NULL, &snapshot, NULL), PECS_OK);
    write_byte(image.data, false);
    expect_verify(PECS_OK, NULL, 0);
    cr_assert_eq(save(true, NULL), PECS_OK);
    cr_assert_eq(truncate("world.pecs", 10), 0);
    cr_assert_eq(save(true, NULL), PECS_OK);
}

struct watch {
    uint64_t call_count, stop_at, last;
};

static bool watch(void *user, uint64_t done_bytes, uint64_t total_bytes)
{
    struct watch *seen = user;
    cr_assert_gt(done_bytes, seen->last);
    cr_assert_eq(total_bytes, image.size);
    seen->last = done_bytes;
    return ++seen->call_count != seen->stop_at;
}

struct stages {
    uint64_t call_count, turn_count, last, stop_at;
};

static bool count_stages(void *user, uint64_t done_bytes, uint64_t total_bytes)
{
    struct stages *stages = user;
    (void)total_bytes;
    stages->turn_count += done_bytes <= stages->last;
    stages->last = done_bytes;
    return ++stages->call_count != stages->stop_at;
}

/* A save that hashes its source can be watched and stopped while it does. */
Test(source, progress_of_a_save)
{
    struct stages stages = { 0 };
    pecs_save_options options = { .skip_sync = true, .verify_source = true, .progress = count_stages, .user = &stages };
    cr_assert_eq(pecs_snapshot_save(snapshot, "copy.pecs", &options, NULL), PECS_OK);
    cr_assert_eq(stages.turn_count, 1);
    cr_assert_gt(stages.call_count, (image.data_end + FORMAT_PIECE - 1) / FORMAT_PIECE + 1);
    stages = (struct stages){ .stop_at = 1 };
    cr_assert_eq(pecs_snapshot_save(snapshot, "other.pecs", &options, NULL), PECS_E_CANCELLED);
    cr_assert_eq(access("other.pecs", F_OK), -1);
}

Test(source, progress)
{
    struct watch seen = { 0 };
    cr_assert_eq(pecs_snapshot_verify(snapshot, watch, &seen, NULL), PECS_OK);
    cr_assert_eq(seen.last, image.size);
    cr_assert_eq(seen.call_count, (image.data_end + FORMAT_PIECE - 1) / FORMAT_PIECE + 1);
    for (uint64_t i = 1; i <= seen.call_count; i++) {
        struct watch stopped = { .stop_at = i };
        cr_assert_eq(pecs_snapshot_verify(snapshot, watch, &stopped, NULL), PECS_E_CANCELLED);
    }
}

/* The structure is read beside the map: nothing of the map is there before somebody reads a value. */
Test(source, a_resume_reads_nothing_through_the_map)
{
    char line[256];
    bool is_ours = false;
    unsigned long resident = ULONG_MAX;
    FILE *maps = fopen("/proc/self/smaps", "r");
    cr_assert(maps);
    while (fgets(line, sizeof(line), maps)) {
        if (strstr(line, "/world.pecs"))
            is_ours = true;
        else if (is_ours && sscanf(line, "Rss: %lu", &resident) == 1)
            break;
    }
    fclose(maps);
    cr_assert_eq(resident, 0, "%lu KiB", resident);
}

/* A world without entities: the file has nothing but an attachment. */
Test(source, the_bytes_of_attachments)
{
    static uint8_t noise[300000];
    for (size_t i = 0; i < sizeof(noise); i++)
        noise[i] = (uint8_t)(i * 7919 >> 8);
    pecs_world *world = make_world(registry, NULL);
    cr_assert_eq(pecs_world_attach(world, "map", PECS_ARRAY(noise)), PECS_OK);
    save_world(world, "world.pecs");
    pecs_world_destroy(world);
    pecs_snapshot_release(snapshot);
    free_image(&image);
    image = read_image("world.pecs");
    cr_assert_eq(pecs_snapshot_resume(registry, "world.pecs", NULL, &snapshot, NULL), PECS_OK);
    expect_verify(PECS_OK, NULL, 0);
    write_byte(image.data_end / 2, true);
    pecs_error error;
    cr_assert_eq(pecs_snapshot_verify(snapshot, NULL, NULL, &error), PECS_E_CORRUPT);
    cr_assert_eq(save(true, &error), PECS_E_CORRUPT);
    write_back(image.data_end / 2);
    expect_verify(PECS_OK, NULL, 0);
    cr_assert_eq(save(true, &error), PECS_OK);
}
