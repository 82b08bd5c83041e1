/* The protocol that replaces a file: what is written, synced and published, and each way it may fail. */
#define _GNU_SOURCE
#include "folder_fixture.h"

TestSuite(publication, .init = enter_folder, .fini = leave_folder);
TestSuite(publication_named, .init = enter_folder, .fini = leave_folder);

TestBothWays(publication, publishes_what_was_written)
{
    struct publication *publication = begin("world.pecs");
    pecs_bytes spans[] = { { "one ", 4 }, { "", 0 }, { "two ", 4 }, { "three", 5 } };
    cr_assert_eq(publication_write(publication, spans, 4, NULL), PECS_OK);
    write_text(publication, " four");
    cr_assert_not(is_there("world.pecs"), "visible before the commit");
    cr_assert_eq(publication_commit(publication, NULL), PECS_OK);
    assert_content("world.pecs", "one two three four");
    cr_assert_eq(entry_count("."), 1);
}

TestBothWays(publication, without_sync_publishes_the_same)
{
    struct publication *publication = begin_unsynced("world.pecs");
    write_text(publication, "content");
    cr_assert_eq(publication_commit(publication, NULL), PECS_OK);
    assert_content("world.pecs", "content");
    cr_assert_eq(entry_count("."), 1);
}

TestBothWays(publication, takes_many_spans_at_once)
{
    struct publication *publication = NULL;
    static uint8_t bytes[1 << 20];
    pecs_bytes spans[PECS_SPAN_MAX];
    for (int i = 0; i < PECS_SPAN_MAX; i++)
        spans[i] = (pecs_bytes){ bytes + i, 10000 };
    cr_assert_eq(publication_begin(pool, "large.pecs", 10240000, false, &publication, NULL), PECS_OK);
    cr_assert_eq(publication_write(publication, spans, PECS_SPAN_MAX, NULL), PECS_OK);
    cr_assert_eq(publication_commit(publication, NULL), PECS_OK);
    cr_assert_eq(size_of("large.pecs"), 10240000);
}

/* A kernel may write less than it was asked to, down to a byte. */
TestBothWays(publication, short_writes_are_continued)
{
    for (size_t limit = 1; limit < 12; limit++) {
        struct publication *publication = begin_unsynced("world.pecs");
        pecs_bytes spans[] = { { "", 0 }, { "0123456789", 10 }, { "", 0 }, { "abc", 3 }, { "DEFGH", 5 }, { "", 0 } };
        fault.transfer_limit = limit;
        cr_assert_eq(publication_write(publication, spans, 6, NULL), PECS_OK);
        cr_assert_eq(publication_commit(publication, NULL), PECS_OK);
        assert_content("world.pecs", "0123456789abcDEFGH");
    }
}

TestBothWays(publication, interrupted_calls_are_repeated)
{
    fault.interruptions = 3;
    struct publication *publication = begin("world.pecs");
    cr_assert_eq(fault.interruptions, 0);
    fault.interruptions = 3;
    write_text(publication, "content");
    cr_assert_eq(fault.interruptions, 0);
    cr_assert_eq(publication_commit(publication, NULL), PECS_OK);
    assert_content("world.pecs", "content");
}

/* Each interruption makes a kernel begin a reservation again: of a large file it would never end. */
TestBothWays(publication, a_reservation_that_is_always_interrupted_is_given_up)
{
    fault.fallocate_error = EINTR;
    publish("world.pecs", "content");
    assert_content("world.pecs", "content");
}

/* A file system of a network may report a full disk only when a file is closed. */
TestBothWays(publication, without_sync_an_error_at_closing_leaves_the_old_file)
{
    make_file("world.pecs", "old");
    struct publication *publication = begin_unsynced("world.pecs");
    write_text(publication, "new");
    fault.close_fails_at = fault.close_count + 1;
    fault.close_error = EDQUOT;
    pecs_error error;
    cr_assert_eq(publication_commit(publication, &error), PECS_E_IO);
    cr_assert_eq(error.os_error, EDQUOT);
    cr_assert_not_null(strstr(error.message, "cannot write"), "%s", error.message);
    assert_content("world.pecs", "old");
    cr_assert_eq(entry_count("."), 1);
}

TestBothWays(publication, a_full_disk_leaves_the_old_file)
{
    make_file("world.pecs", "old");
    struct publication *publication = begin("world.pecs");
    pecs_error error;
    fault.write_error = ENOSPC;
    cr_assert_eq(publication_write(publication, &(pecs_bytes){ "new", 3 }, 1, &error), PECS_E_IO);
    cr_assert_eq(error.os_error, ENOSPC);
    cr_assert_not_null(strstr(error.message, "cannot write"), "%s", error.message);
    publication_abort(publication);
    assert_content("world.pecs", "old");
    cr_assert_eq(entry_count("."), 1);
}

TestBothWays(publication, a_disk_without_room_is_found_at_the_beginning)
{
    make_file("world.pecs", "old");
    fault.fallocate_error = ENOSPC;
    assert_refused("world.pecs", ENOSPC);
    assert_content("world.pecs", "old");
}

TestBothWays(publication, file_systems_without_fallocate_work)
{
    const int errors[] = { EOPNOTSUPP, ENOSYS };
    for (int i = 0; i < 2; i++) {
        fault.fallocate_error = errors[i];
        publish("world.pecs", "content");
        assert_content("world.pecs", "content");
    }
}

/* The kernel may have dropped what it could not write, so a second fsync that succeeds would prove nothing. */
TestBothWays(publication, a_failed_sync_is_final)
{
    make_file("world.pecs", "old");
    struct publication *publication = begin("world.pecs");
    write_text(publication, "new");
    fault.fsync_fails_at = 1;
    fault.fsync_error = EIO;
    pecs_error error;
    cr_assert_eq(publication_commit(publication, &error), PECS_E_IO);
    cr_assert_eq(error.os_error, EIO);
    cr_assert_not_null(strstr(error.message, "cannot sync"), "%s", error.message);
    cr_assert_eq(fault.fsync_count, 1);
    assert_content("world.pecs", "old");
    cr_assert_eq(entry_count("."), 1);
}

TestBothWays(publication, a_failed_sync_of_the_directory_says_that_the_file_is_published)
{
    make_file("world.pecs", "old");
    struct publication *publication = begin("world.pecs");
    write_text(publication, "new");
    fault.fsync_fails_at = 2;
    fault.fsync_error = EIO;
    pecs_error error;
    cr_assert_eq(publication_commit(publication, &error), PECS_E_IO);
    cr_assert_eq(error.os_error, EIO);
    cr_assert_not_null(strstr(error.message, "published, but perhaps not durable"), "%s", error.message);
    assert_content("world.pecs", "new");
    cr_assert_eq(entry_count("."), 1);
}

/* XFS says that a directory is synced although it has shut down; opening fails. No other error of opening counts. */
TestBothWays(publication, a_file_system_that_shut_down_is_noticed)
{
    make_file("world.pecs", "old");
    struct publication *publication = begin("world.pecs");
    write_text(publication, "new");
    fault.openat_error = EIO;
    pecs_error error;
    cr_assert_eq(publication_commit(publication, &error), PECS_E_IO);
    cr_assert_eq(error.os_error, EIO);
    cr_assert_not_null(strstr(error.message, "published, but perhaps not durable"), "%s", error.message);
    fault.openat_error = EMFILE;
    publish("world.pecs", "newer");
}

TestBothWays(publication, what_may_not_be_written_to_is_not_replaced)
{
    if (geteuid() == 0)
        cr_skip_test("root writes everywhere");
    make_file("world.pecs", "old");
    cr_assert_eq(chmod("world.pecs", 0444), 0);
    assert_refused("world.pecs", EACCES);
    assert_content("world.pecs", "old");
}

TestBothWays(publication, syncs_file_and_directory_or_nothing)
{
    publish("world.pecs", "durable");
    cr_assert_eq(fault.fsync_count, 2);
    struct publication *publication = begin_unsynced("world.pecs");
    write_text(publication, "quick");
    cr_assert_eq(publication_commit(publication, NULL), PECS_OK);
    cr_assert_eq(fault.fsync_count, 2);
}

TestBothWays(publication, old_file_is_whole_until_the_commit)
{
    make_file("world.pecs", "old");
    struct publication *publication = begin("world.pecs");
    write_text(publication, "new");
    assert_content("world.pecs", "old");
    cr_assert_eq(publication_commit(publication, NULL), PECS_OK);
    assert_content("world.pecs", "new");
    cr_assert_eq(entry_count("."), 1);
}

TestBothWays(publication, readers_of_the_old_file_keep_it)
{
    make_file("world.pecs", "old");
    struct os_file file;
    cr_assert_eq(os_file_open("world.pecs", &file, NULL), PECS_OK);
    publish("world.pecs", "new!");
    char bytes[3];
    cr_assert_eq(os_file_read(&file, "world.pecs", bytes, 3, 0, NULL), PECS_OK);
    cr_assert_arr_eq(bytes, "old", 3);
    os_file_close(&file);
}

TestBothWays(publication, abort_leaves_the_old_file_alone)
{
    make_file("world.pecs", "old");
    struct publication *publication = begin("world.pecs");
    write_text(publication, "new");
    publication_abort(publication);
    assert_content("world.pecs", "old");
    cr_assert_eq(entry_count("."), 1);
}

TestBothWays(publication, abort_of_a_first_save_leaves_nothing)
{
    publication_abort(begin("world.pecs"));
    cr_assert_eq(entry_count("."), 0);
}

TestBothWays(publication, keeps_the_mode_of_the_old_file)
{
    const mode_t modes[] = { 0600, 0640, 0666, 0755 };
    for (size_t i = 0; i < 4; i++) {
        make_file("world.pecs", "old");
        cr_assert_eq(chmod("world.pecs", modes[i]), 0);
        publish("world.pecs", "new");
        cr_assert_eq(mode_of("world.pecs"), modes[i], "%o", (unsigned)modes[i]);
    }
}

TestBothWays(publication, a_new_file_has_the_mode_of_the_umask)
{
    publish("first.pecs", "x");
    cr_assert_eq(mode_of("first.pecs"), 0644);
    umask(077);
    publish("second.pecs", "x");
    cr_assert_eq(mode_of("second.pecs"), 0600);
}

static int checked_count;

/* From its first moment on, before its mode is set. */
static void check_mode(struct fault_event *event)
{
    if (!is_there(".world.pecs.0.pecs-tmp"))
        return;
    cr_assert_eq(mode_of(".world.pecs.0.pecs-tmp"), 0600);
    checked_count += event->call == FAULT_rename || event->call == FAULT_fchmod;
}

TestBothWays(publication, a_temporary_has_the_mode_of_the_old_file)
{
    make_file("world.pecs", "old");
    cr_assert_eq(chmod("world.pecs", 0600), 0);
    fault.at_call = check_mode;
    publish("world.pecs", "new");
    cr_assert_eq(checked_count, fault.lack ? 2 : 1);
}

/* In a child without standard streams: between the calls that open something, none of them is ours. */
static void note_streams(void *user, const struct fault_event *event, long result)
{
    (void)result;
    if (event->call == FAULT_open || event->call == FAULT_openat || event->call == FAULT_fcntl)
        return;
    for (int stream = 0; stream < 3; stream++)
        if (fcntl(stream, F_GETFD) >= 0)
            *(int *)user = stream + 1;
}

static int save_without_streams(void)
{
    int found = 0;
    struct publication *publication;
    struct os_file file;
    close(0), close(1), close(2);
    fault_unwatch();
    fault_watch(&(struct fault_hooks){ .before = decide, .after = note_streams, .user = &found });
    if (publication_begin(pool, "world.pecs", 8, true, &publication, NULL) ||
        publication_write(publication, &(pecs_bytes){ "content", 7 }, 1, NULL))
        return 10;
    const int before = found;
    if (before || publication_commit(publication, NULL) || os_file_open("world.pecs", &file, NULL))
        return before ? before : 11;
    os_file_close(&file);
    return 0;
}

TestBothWays(publication, no_descriptor_is_a_standard_stream)
{
    const pid_t child = fork();
    if (child == 0)
        _exit(save_without_streams());
    int status;
    cr_assert_eq(waitpid(child, &status, 0), child);
    cr_assert(WIFEXITED(status));
    cr_assert_eq(WEXITSTATUS(status), 0, "%d", WEXITSTATUS(status));
    assert_content("world.pecs", "content");
    cr_assert_eq(entry_count("."), 1);
}

/* Space that is reserved and not synced would be zeros after a power cut. */
TestBothWays(publication, space_is_reserved_on_request_alone)
{
    struct publication *publication = NULL;
    fault.fallocate_error = ENOSPC; /* each call would fail */
    cr_assert_eq(publication_begin(pool, "world.pecs", 0, false, &publication, NULL), PECS_OK);
    write_text(publication, "content");
    cr_assert_eq(publication_commit(publication, NULL), PECS_OK);
    assert_content("world.pecs", "content");
}

TestBothWays(publication, descriptors_are_closed)
{
    struct publication *publication;
    cr_assert_eq(mkdir("saves", 0755), 0);
    const size_t before = entry_count("/proc/self/fd");
    for (int i = 0; i < 3; i++) {
        make_file(".world.pecs.0.pecs-tmp", "stale");
        publish("world.pecs", "content");
        make_file(".world.pecs.0.pecs-tmp", "stale");
        fault.replace_before_flock = ".world.pecs.0.pecs-tmp";
        publish("world.pecs", "content");
        fault.unlink_before_flock = ".world.pecs.0.pecs-tmp";
        publish("world.pecs", "content");
        publication_abort(begin("world.pecs"));
        cr_assert_eq(publication_begin(pool, "saves", 1, true, &publication, NULL), PECS_E_IO);
        cr_assert_eq(publication_begin(pool, "world.pecs", UINT64_C(1) << 62, true, &publication, NULL), PECS_E_IO);
        cr_assert_eq(entry_count("/proc/self/fd"), before);
    }
}

TestBothWays(publication, of_an_unknown_size_nothing_is_reserved)
{
    struct publication *publication = NULL;
    cr_assert_eq(publication_begin(pool, "world.pecs", 0, true, &publication, NULL), PECS_OK);
    write_text(publication, "content");
    cr_assert_eq(publication_commit(publication, NULL), PECS_OK);
    assert_content("world.pecs", "content");
}

TestBothWays(publication, a_size_that_no_disk_has_is_an_error)
{
    struct publication *publication = NULL;
    pecs_error error;
    cr_assert_eq(publication_begin(pool, "world.pecs", UINT64_C(1) << 62, true, &publication, &error), PECS_E_IO);
    cr_assert(error.os_error == ENOSPC || error.os_error == EFBIG, "%s", error.message);
    cr_assert_null(publication);
    cr_assert_eq(entry_count("."), 0);
}

/* The folder vanishes between begin and commit. */
TestBothWays(publication, a_rename_that_fails_is_reported)
{
    cr_assert_eq(mkdir("saves", 0755), 0);
    struct publication *publication = begin("saves/world.pecs");
    write_text(publication, "new");
    cr_assert_eq(rename("saves", "moved"), 0);
    pecs_error error;
    cr_assert_eq(publication_commit(publication, &error), PECS_E_IO);
    cr_assert_eq(error.os_error, ENOENT);
    cr_assert_not_null(strstr(error.message, "cannot publish"), "%s", error.message);
}

TestBothWays(publication, a_directory_that_took_the_name_is_not_replaced)
{
    struct publication *publication = begin("world.pecs");
    write_text(publication, "new");
    cr_assert_eq(mkdir("world.pecs", 0755), 0);
    pecs_error error;
    cr_assert_eq(publication_commit(publication, &error), PECS_E_IO);
    cr_assert_eq(error.os_error, EISDIR);
    cr_assert_eq(entry_count("."), 1, "the temporary is left");
}
