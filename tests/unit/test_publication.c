/*
 * Files: opening, reading, mapping, and the protocol that replaces one. Each test works in a folder of its own. System
 * calls that seldom fail do so on request (fault_calls.h).
 */
#define _GNU_SOURCE
#include "fault_calls.h"
#include "memory.h"
#include "os.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* What the next calls do: each fault is used up by the calls it hits. */
static struct {
    int interruptions;     /* so many calls of writev, pread and fallocate fail with EINTR first */
    size_t transfer_limit; /* no writev or pread moves more; 0: no limit */
    int write_error;       /* writev fails with this */
    int fallocate_error;   /* fallocate fails with this */
    int openat_error;      /* openat fails with this */
    int close_error;       /* close number close_fails_at, counted from 1, fails with this */
    int close_fails_at;
    int close_count;
    int fsync_error; /* the same for fsync */
    int fsync_fails_at;
    int fsync_count;
    const char *unlink_before_flock;  /* this file vanishes before the next flock, */
    const char *replace_before_flock; /* or gets another's content */
} fault;

static void make_file(const char *path, const char *content);

static void before_flock(void)
{
    const char *unlinked = fault.unlink_before_flock, *replaced = fault.replace_before_flock;
    fault.unlink_before_flock = fault.replace_before_flock = NULL;
    if (unlinked)
        unlink(unlinked);
    if (replaced) {
        unlink(replaced);
        make_file(replaced, "of another process");
    }
}

static void decide(void *user, struct fault_event *event)
{
    (void)user;
    const bool transfers = event->call == FAULT_writev || event->call == FAULT_pread;
    if ((transfers || event->call == FAULT_fallocate) && fault.interruptions) {
        fault.interruptions--;
        event->os_error = EINTR;
        return;
    }
    if (transfers)
        event->limit_bytes = fault.transfer_limit;
    if (event->call == FAULT_writev)
        event->os_error = fault.write_error;
    else if (event->call == FAULT_fallocate)
        event->os_error = fault.fallocate_error;
    else if (event->call == FAULT_openat)
        event->os_error = fault.openat_error;
    else if (event->call == FAULT_fsync && ++fault.fsync_count == fault.fsync_fails_at)
        event->os_error = fault.fsync_error;
    else if (event->call == FAULT_close && ++fault.close_count == fault.close_fails_at)
        event->os_error = fault.close_error, event->has_effect = true;
    else if (event->call == FAULT_flock)
        before_flock();
}

static struct pool *pool;

static char folder[] = "/tmp/pecs-publication-XXXXXX";

static void enter_folder(void)
{
    cr_assert_not_null(mkdtemp(folder));
    cr_assert_eq(chdir(folder), 0);
    umask(022);
    pool = pool_create(&(pecs_allocator){ NULL, NULL, NULL });
    fault_watch(&(struct fault_hooks){ .before = decide });
}

static void remove_folder(const char *path)
{
    DIR *directory = opendir(path);
    for (struct dirent *entry; directory && (entry = readdir(directory)) != NULL;) {
        char child[4096];
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        snprintf(child, sizeof(child), "%s/%s", path, entry->d_name);
        if (unlink(child) && errno == EISDIR)
            remove_folder(child);
    }
    if (directory)
        closedir(directory);
    rmdir(path);
}

static void leave_folder(void)
{
    fault_unwatch();
    pool_destroy(pool);
    remove_folder(folder);
}

TestSuite(publication, .init = enter_folder, .fini = leave_folder);
TestSuite(file, .init = enter_folder, .fini = leave_folder);

static void make_file(const char *path, const char *content)
{
    FILE *file = fopen(path, "wb");
    cr_assert_not_null(file, "%s", path);
    fputs(content, file);
    cr_assert_eq(fclose(file), 0);
}

static void assert_content(const char *path, const char *expected)
{
    char content[256];
    FILE *file = fopen(path, "rb");
    cr_assert_not_null(file, "%s is not there", path);
    const size_t size = fread(content, 1, sizeof(content) - 1, file);
    fclose(file);
    content[size] = 0;
    cr_assert_str_eq(content, expected);
}

static bool is_there(const char *path)
{
    struct stat info;
    return lstat(path, &info) == 0;
}

/* Entries of a folder. */
static size_t entry_count(const char *path)
{
    size_t count = 0;
    DIR *directory = opendir(path);
    cr_assert_not_null(directory);
    for (struct dirent *entry; (entry = readdir(directory)) != NULL;)
        count += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
    closedir(directory);
    return count;
}

static struct os_publication *begin(const char *path)
{
    struct os_publication *publication = NULL;
    pecs_error error;
    cr_assert_eq(os_publication_begin(pool, path, 100, &publication, &error), PECS_OK, "%s", error.message);
    return publication;
}

static void write_text(struct os_publication *publication, const char *text)
{
    cr_assert_eq(os_publication_write(publication, &(struct os_span){ text, strlen(text) }, 1, NULL), PECS_OK);
}

static void publish(const char *path, const char *content)
{
    struct os_publication *publication = begin(path);
    write_text(publication, content);
    cr_assert_eq(os_publication_commit(publication, true, NULL), PECS_OK);
}

/* Beginning fails with this errno, and the folder is as it was. */
static void assert_refused(const char *path, int os_error)
{
    const size_t before = entry_count(".");
    struct os_publication *publication = NULL;
    pecs_error error;
    cr_assert_eq(os_publication_begin(pool, path, 100, &publication, &error), PECS_E_IO);
    cr_assert_null(publication);
    cr_assert_eq(error.status, PECS_E_IO);
    cr_assert_eq(error.os_error, os_error, "%s", error.message);
    cr_assert_not_null(strstr(error.message, path), "%s", error.message);
    cr_assert_eq(entry_count("."), before);
}

static off_t size_of(const char *path)
{
    struct stat info;
    cr_assert_eq(stat(path, &info), 0);
    return info.st_size;
}

Test(publication, publishes_what_was_written)
{
    struct os_publication *publication = begin("world.pecs");
    struct os_span spans[] = { { "one ", 4 }, { "", 0 }, { "two ", 4 }, { "three", 5 } };
    cr_assert_eq(os_publication_write(publication, spans, 4, NULL), PECS_OK);
    write_text(publication, " four");
    cr_assert_not(is_there("world.pecs"), "visible before the commit");
    cr_assert_eq(os_publication_commit(publication, true, NULL), PECS_OK);
    assert_content("world.pecs", "one two three four");
    cr_assert_eq(entry_count("."), 1);
}

Test(publication, without_sync_publishes_the_same)
{
    struct os_publication *publication = begin("world.pecs");
    write_text(publication, "content");
    cr_assert_eq(os_publication_commit(publication, false, NULL), PECS_OK);
    assert_content("world.pecs", "content");
    cr_assert_eq(entry_count("."), 1);
}

Test(publication, takes_many_spans_at_once)
{
    struct os_publication *publication = NULL;
    static uint8_t bytes[1 << 20];
    struct os_span spans[OS_SPAN_MAX];
    for (int i = 0; i < OS_SPAN_MAX; i++)
        spans[i] = (struct os_span){ bytes + i, 10000 };
    cr_assert_eq(os_publication_begin(pool, "large.pecs", 10240000, &publication, NULL), PECS_OK);
    cr_assert_eq(os_publication_write(publication, spans, OS_SPAN_MAX, NULL), PECS_OK);
    cr_assert_eq(os_publication_commit(publication, false, NULL), PECS_OK);
    cr_assert_eq(size_of("large.pecs"), 10240000);
}

/* A kernel may write less than it was asked to, down to a byte. */
Test(publication, short_writes_are_continued)
{
    for (size_t limit = 1; limit < 12; limit++) {
        struct os_publication *publication = begin("world.pecs");
        struct os_span spans[] = {
            { "", 0 }, { "0123456789", 10 }, { "", 0 }, { "abc", 3 }, { "DEFGH", 5 }, { "", 0 }
        };
        fault.transfer_limit = limit;
        cr_assert_eq(os_publication_write(publication, spans, 6, NULL), PECS_OK);
        cr_assert_eq(os_publication_commit(publication, false, NULL), PECS_OK);
        assert_content("world.pecs", "0123456789abcDEFGH");
    }
}

Test(publication, interrupted_calls_are_repeated)
{
    fault.interruptions = 3;
    struct os_publication *publication = begin("world.pecs");
    cr_assert_eq(fault.interruptions, 0);
    fault.interruptions = 3;
    write_text(publication, "content");
    cr_assert_eq(fault.interruptions, 0);
    cr_assert_eq(os_publication_commit(publication, true, NULL), PECS_OK);
    assert_content("world.pecs", "content");
}

/* Each interruption makes a kernel begin a reservation anew: of a large file it would never end. */
Test(publication, a_reservation_that_is_always_interrupted_is_given_up)
{
    fault.fallocate_error = EINTR;
    publish("world.pecs", "content");
    assert_content("world.pecs", "content");
}

/* A file system of a network may tell of a full disk only when a file is closed. */
Test(publication, without_sync_an_error_at_closing_leaves_the_old_file)
{
    make_file("world.pecs", "old");
    struct os_publication *publication = begin("world.pecs");
    write_text(publication, "new");
    fault.close_fails_at = fault.close_count + 1;
    fault.close_error = EDQUOT;
    pecs_error error;
    cr_assert_eq(os_publication_commit(publication, false, &error), PECS_E_IO);
    cr_assert_eq(error.os_error, EDQUOT);
    cr_assert_not_null(strstr(error.message, "cannot write"), "%s", error.message);
    assert_content("world.pecs", "old");
    cr_assert_eq(entry_count("."), 1);
}

Test(publication, a_full_disk_leaves_the_old_file)
{
    make_file("world.pecs", "old");
    struct os_publication *publication = begin("world.pecs");
    pecs_error error;
    fault.write_error = ENOSPC;
    cr_assert_eq(os_publication_write(publication, &(struct os_span){ "new", 3 }, 1, &error), PECS_E_IO);
    cr_assert_eq(error.os_error, ENOSPC);
    cr_assert_not_null(strstr(error.message, "cannot write"), "%s", error.message);
    os_publication_abort(publication);
    assert_content("world.pecs", "old");
    cr_assert_eq(entry_count("."), 1);
}

Test(publication, a_disk_without_room_is_found_at_the_beginning)
{
    make_file("world.pecs", "old");
    fault.fallocate_error = ENOSPC;
    assert_refused("world.pecs", ENOSPC);
    assert_content("world.pecs", "old");
}

Test(publication, file_systems_without_fallocate_work)
{
    const int errors[] = { EOPNOTSUPP, ENOSYS };
    for (int i = 0; i < 2; i++) {
        fault.fallocate_error = errors[i];
        publish("world.pecs", "content");
        assert_content("world.pecs", "content");
    }
}

/* The kernel may have dropped what it could not write, so a second fsync that succeeds would prove nothing. */
Test(publication, a_failed_sync_is_final)
{
    make_file("world.pecs", "old");
    struct os_publication *publication = begin("world.pecs");
    write_text(publication, "new");
    fault.fsync_fails_at = 1;
    fault.fsync_error = EIO;
    pecs_error error;
    cr_assert_eq(os_publication_commit(publication, true, &error), PECS_E_IO);
    cr_assert_eq(error.os_error, EIO);
    cr_assert_not_null(strstr(error.message, "cannot sync"), "%s", error.message);
    cr_assert_eq(fault.fsync_count, 1);
    assert_content("world.pecs", "old");
    cr_assert_eq(entry_count("."), 1);
}

Test(publication, a_failed_sync_of_the_directory_says_that_the_file_is_published)
{
    make_file("world.pecs", "old");
    struct os_publication *publication = begin("world.pecs");
    write_text(publication, "new");
    fault.fsync_fails_at = 2;
    fault.fsync_error = EIO;
    pecs_error error;
    cr_assert_eq(os_publication_commit(publication, true, &error), PECS_E_IO);
    cr_assert_eq(error.os_error, EIO);
    cr_assert_not_null(strstr(error.message, "published, but perhaps not durable"), "%s", error.message);
    assert_content("world.pecs", "new");
    cr_assert_eq(entry_count("."), 1);
}

/* XFS says that a directory is synced although it has shut down; opening tells. No other error of opening counts. */
Test(publication, a_file_system_that_shut_down_is_noticed)
{
    make_file("world.pecs", "old");
    struct os_publication *publication = begin("world.pecs");
    write_text(publication, "new");
    fault.openat_error = EIO;
    pecs_error error;
    cr_assert_eq(os_publication_commit(publication, true, &error), PECS_E_IO);
    cr_assert_eq(error.os_error, EIO);
    cr_assert_not_null(strstr(error.message, "published, but perhaps not durable"), "%s", error.message);
    fault.openat_error = EMFILE;
    publish("world.pecs", "newer");
}

Test(publication, what_may_not_be_written_to_is_not_replaced)
{
    if (geteuid() == 0)
        cr_skip_test("root writes everywhere");
    make_file("world.pecs", "old");
    cr_assert_eq(chmod("world.pecs", 0444), 0);
    assert_refused("world.pecs", EACCES);
    assert_content("world.pecs", "old");
}

Test(publication, syncs_file_and_directory_or_nothing)
{
    publish("world.pecs", "durable");
    cr_assert_eq(fault.fsync_count, 2);
    struct os_publication *publication = begin("world.pecs");
    write_text(publication, "quick");
    cr_assert_eq(os_publication_commit(publication, false, NULL), PECS_OK);
    cr_assert_eq(fault.fsync_count, 2);
}

Test(publication, old_file_is_whole_until_the_commit)
{
    make_file("world.pecs", "old");
    struct os_publication *publication = begin("world.pecs");
    write_text(publication, "new");
    assert_content("world.pecs", "old");
    cr_assert_eq(os_publication_commit(publication, true, NULL), PECS_OK);
    assert_content("world.pecs", "new");
    cr_assert_eq(entry_count("."), 1);
}

Test(publication, readers_of_the_old_file_keep_it)
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

Test(publication, abort_leaves_the_old_file_alone)
{
    make_file("world.pecs", "old");
    struct os_publication *publication = begin("world.pecs");
    write_text(publication, "new");
    os_publication_abort(publication);
    assert_content("world.pecs", "old");
    cr_assert_eq(entry_count("."), 1);
}

Test(publication, abort_of_a_first_save_leaves_nothing)
{
    os_publication_abort(begin("world.pecs"));
    cr_assert_eq(entry_count("."), 0);
}

static mode_t mode_of(const char *path)
{
    struct stat info;
    cr_assert_eq(stat(path, &info), 0);
    return info.st_mode & 07777;
}

Test(publication, keeps_the_mode_of_the_old_file)
{
    const mode_t modes[] = { 0600, 0640, 0666, 0755 };
    for (size_t i = 0; i < 4; i++) {
        make_file("world.pecs", "old");
        cr_assert_eq(chmod("world.pecs", modes[i]), 0);
        publish("world.pecs", "new");
        cr_assert_eq(mode_of("world.pecs"), modes[i], "%o", (unsigned)modes[i]);
    }
}

Test(publication, a_new_file_has_the_mode_of_the_umask)
{
    publish("first.pecs", "x");
    cr_assert_eq(mode_of("first.pecs"), 0644);
    umask(077);
    publish("second.pecs", "x");
    cr_assert_eq(mode_of("second.pecs"), 0600);
}

Test(publication, a_temporary_has_the_mode_of_the_old_file)
{
    make_file("world.pecs", "old");
    cr_assert_eq(chmod("world.pecs", 0600), 0);
    struct os_publication *publication = begin("world.pecs");
    cr_assert_eq(mode_of(".world.pecs.0.pecs-tmp"), 0600);
    os_publication_abort(publication);
}

static void assert_link(const char *path, const char *target)
{
    char link[256] = { 0 };
    cr_assert_gt(readlink(path, link, sizeof(link) - 1), 0, "%s is no link any more", path);
    cr_assert_str_eq(link, target);
}

Test(publication, follows_a_symbolic_link)
{
    cr_assert_eq(mkdir("saves", 0755), 0);
    make_file("saves/real.pecs", "old");
    cr_assert_eq(symlink("saves/real.pecs", "link.pecs"), 0);
    publish("link.pecs", "new");
    assert_link("link.pecs", "saves/real.pecs");
    assert_content("saves/real.pecs", "new");
    cr_assert_eq(entry_count("."), 2);
    cr_assert_eq(entry_count("saves"), 1);
}

Test(publication, follows_a_chain_of_links)
{
    char absolute[256];
    cr_assert_eq(mkdir("saves", 0755), 0);
    snprintf(absolute, sizeof(absolute), "%s/saves/first.pecs", folder);
    cr_assert_eq(symlink(absolute, "link.pecs"), 0);
    cr_assert_eq(symlink("second.pecs", "saves/first.pecs"), 0);
    make_file("saves/second.pecs", "old");
    publish("link.pecs", "new");
    assert_link("link.pecs", absolute);
    assert_link("saves/first.pecs", "second.pecs");
    assert_content("saves/second.pecs", "new");
}

Test(publication, a_dangling_link_names_the_file_to_make)
{
    cr_assert_eq(mkdir("saves", 0755), 0);
    cr_assert_eq(symlink("saves/later.pecs", "link.pecs"), 0);
    publish("link.pecs", "new");
    assert_link("link.pecs", "saves/later.pecs");
    assert_content("saves/later.pecs", "new");
}

Test(publication, a_loop_of_links_is_refused)
{
    cr_assert_eq(symlink("b.pecs", "a.pecs"), 0);
    cr_assert_eq(symlink("a.pecs", "b.pecs"), 0);
    assert_refused("a.pecs", ELOOP);
}

/* The link of an open file in /proc; its text says nothing of a file that has no name. */
static const char *link_of(int descriptor)
{
    static char path[64];
    cr_assert_geq(descriptor, 0);
    snprintf(path, sizeof(path), "/proc/self/fd/%d", descriptor);
    return path;
}

Test(publication, an_open_file_is_replaced_under_its_name)
{
    make_file("world.pecs", "old");
    const int descriptor = open("world.pecs", O_RDONLY);
    publish(link_of(descriptor), "new");
    assert_content("world.pecs", "new");
    cr_assert_eq(entry_count("."), 1);
    close(descriptor);
}

Test(publication, a_file_that_lost_its_name_is_refused)
{
    make_file("gone.pecs", "old");
    const int descriptor = open("gone.pecs", O_RDWR);
    cr_assert_eq(unlink("gone.pecs"), 0);
    assert_refused(link_of(descriptor), EOPNOTSUPP);
    make_file("gone.pecs (deleted)", "another file, which the link's text names");
    assert_refused(link_of(descriptor), EOPNOTSUPP);
    assert_content("gone.pecs (deleted)", "another file, which the link's text names");
    make_file("gone.pecs", "a new file of the old name");
    assert_refused(link_of(descriptor), EOPNOTSUPP);
    close(descriptor);
}

Test(publication, a_file_whose_name_seems_deleted_is_replaced)
{
    make_file("world.pecs (deleted)", "old");
    const int descriptor = open("world.pecs (deleted)", O_RDONLY);
    publish(link_of(descriptor), "new");
    assert_content("world.pecs (deleted)", "new");
    close(descriptor);
}

Test(publication, a_file_that_never_had_a_name_is_refused)
{
    const int in_memory = memfd_create("world.pecs", 0), unnamed = open(".", O_TMPFILE | O_RDWR, 0666);
    assert_refused(link_of(in_memory), EOPNOTSUPP);
    cr_assert_not(is_there("/memfd:world.pecs (deleted)"));
    if (unnamed >= 0)
        assert_refused(link_of(unnamed), EOPNOTSUPP);
    cr_assert_eq(symlink(link_of(in_memory), "link.pecs"), 0);
    assert_refused("link.pecs", EOPNOTSUPP);
    close(in_memory);
    close(unnamed);
}

Test(publication, a_pipe_behind_a_link_is_no_target)
{
    int ends[2];
    cr_assert_eq(pipe(ends), 0);
    assert_refused(link_of(ends[1]), EINVAL);
    close(ends[0]);
    close(ends[1]);
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
    struct os_publication *publication;
    struct os_file file;
    close(0), close(1), close(2);
    fault_unwatch();
    fault_watch(&(struct fault_hooks){ .after = note_streams, .user = &found });
    if (os_publication_begin(pool, "world.pecs", 8, &publication, NULL) ||
        os_publication_write(publication, &(struct os_span){ "content", 7 }, 1, NULL))
        return 10;
    const int before = found;
    if (before || os_publication_commit(publication, true, NULL) || os_file_open("world.pecs", &file, NULL))
        return before ? before : 11;
    os_file_close(&file);
    return 0;
}

Test(publication, no_descriptor_is_a_standard_stream)
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
Test(publication, space_is_reserved_on_request_alone)
{
    struct os_publication *publication = NULL;
    fault.fallocate_error = ENOSPC; /* each call would fail */
    cr_assert_eq(os_publication_begin(pool, "world.pecs", 0, &publication, NULL), PECS_OK);
    write_text(publication, "content");
    cr_assert_eq(os_publication_commit(publication, false, NULL), PECS_OK);
    assert_content("world.pecs", "content");
}

Test(publication, a_stale_temporary_is_removed)
{
    make_file(".world.pecs.0.pecs-tmp", "what a killed process left");
    publish("world.pecs", "new");
    assert_content("world.pecs", "new");
    cr_assert_eq(entry_count("."), 1);
}

/* Not only the numbers in a row: of three saves the first two may have ended, and the third was killed. */
Test(publication, stale_temporaries_of_any_number_are_removed)
{
    make_file(".world.pecs.1.pecs-tmp", "stale");
    make_file(".world.pecs.2.pecs-tmp", "stale");
    make_file(".world.pecs.9.pecs-tmp", "stale");
    make_file(".other.pecs.1.pecs-tmp", "of another name");
    os_publication_abort(begin("world.pecs"));
    cr_assert_not(is_there(".world.pecs.1.pecs-tmp"));
    cr_assert_not(is_there(".world.pecs.2.pecs-tmp"));
    cr_assert_not(is_there(".world.pecs.9.pecs-tmp"));
    assert_content(".other.pecs.1.pecs-tmp", "of another name");
}

Test(publication, a_locked_temporary_is_left_alone)
{
    make_file(".world.pecs.0.pecs-tmp", "being written");
    const int descriptor = open(".world.pecs.0.pecs-tmp", O_RDWR);
    cr_assert_eq(flock(descriptor, LOCK_EX), 0);
    struct os_publication *publication = begin("world.pecs");
    cr_assert(is_there(".world.pecs.1.pecs-tmp"));
    write_text(publication, "new");
    cr_assert_eq(os_publication_commit(publication, true, NULL), PECS_OK);
    assert_content("world.pecs", "new");
    assert_content(".world.pecs.0.pecs-tmp", "being written");
    cr_assert_eq(entry_count("."), 2);
    close(descriptor);
}

Test(publication, the_number_of_a_stale_temporary_is_used_again)
{
    make_file(".world.pecs.0.pecs-tmp", "stale");
    struct os_publication *publication = begin("world.pecs");
    assert_content(".world.pecs.0.pecs-tmp", "");
    cr_assert_eq(entry_count("."), 1);
    os_publication_abort(publication);
}

/* Between making a temporary and locking it, another process may take it for a stale one and remove it. */
Test(publication, a_temporary_that_was_removed_before_its_lock_is_made_again)
{
    fault.unlink_before_flock = ".world.pecs.0.pecs-tmp";
    publish("world.pecs", "content");
    assert_content("world.pecs", "content");
    cr_assert_eq(entry_count("."), 1);
}

/* Between opening a stale temporary and locking it, another process may have put its own in its place. */
Test(publication, what_took_the_place_of_a_stale_temporary_is_left_alone)
{
    make_file(".world.pecs.0.pecs-tmp", "stale");
    fault.replace_before_flock = ".world.pecs.0.pecs-tmp";
    publish("world.pecs", "content");
    assert_content("world.pecs", "content");
    assert_content(".world.pecs.0.pecs-tmp", "of another process");
}

/* A trap in a folder that others may write to: what it points at must not be written, truncated or removed. */
Test(publication, a_link_in_the_place_of_the_temporary_is_not_followed)
{
    make_file("victim", "untouched");
    cr_assert_eq(symlink("victim", ".world.pecs.0.pecs-tmp"), 0);
    publish("world.pecs", "content");
    assert_content("world.pecs", "content");
    assert_content("victim", "untouched");
    assert_link(".world.pecs.0.pecs-tmp", "victim");
}

Test(publication, descriptors_are_closed)
{
    struct os_publication *publication;
    cr_assert_eq(mkdir("saves", 0755), 0);
    const size_t before = entry_count("/proc/self/fd");
    for (int i = 0; i < 3; i++) {
        make_file(".world.pecs.0.pecs-tmp", "stale");
        publish("world.pecs", "content");
        make_file(".world.pecs.0.pecs-tmp", "stale");
        fault.replace_before_flock = ".world.pecs.0.pecs-tmp";
        os_publication_abort(begin("world.pecs"));
        fault.unlink_before_flock = ".world.pecs.0.pecs-tmp";
        os_publication_abort(begin("world.pecs"));
        cr_assert_eq(os_publication_begin(pool, "saves", 1, &publication, NULL), PECS_E_IO);
        cr_assert_eq(os_publication_begin(pool, "world.pecs", UINT64_C(1) << 62, &publication, NULL), PECS_E_IO);
        cr_assert_eq(entry_count("/proc/self/fd"), before);
    }
}

Test(publication, two_at_one_time_do_not_mix)
{
    struct os_publication *first = begin("world.pecs"), *second = begin("world.pecs");
    cr_assert_eq(entry_count("."), 2);
    write_text(first, "fir");
    write_text(second, "second");
    write_text(first, "st");
    cr_assert_eq(os_publication_commit(second, true, NULL), PECS_OK);
    assert_content("world.pecs", "second");
    cr_assert_eq(os_publication_commit(first, true, NULL), PECS_OK);
    assert_content("world.pecs", "first");
    cr_assert_eq(entry_count("."), 1);
}

Test(publication, at_most_64_at_one_time)
{
    struct os_publication *publications[64];
    for (int i = 0; i < 64; i++)
        publications[i] = begin("world.pecs");
    assert_refused("world.pecs", EBUSY);
    for (int i = 0; i < 64; i++)
        os_publication_abort(publications[i]);
    cr_assert_eq(entry_count("."), 0);
    publish("world.pecs", "content");
}

/* A process that dies while it writes leaves a temporary, which the next save takes away. */
Test(publication, a_killed_writer_leaves_the_old_file)
{
    make_file("world.pecs", "old");
    const pid_t child = fork();
    if (child == 0) {
        struct os_publication *publication;
        if (os_publication_begin(pool, "world.pecs", 8, &publication, NULL) ||
            os_publication_write(publication, &(struct os_span){ "half", 4 }, 1, NULL))
            _exit(1);
        raise(SIGKILL);
    }
    int status;
    cr_assert_eq(waitpid(child, &status, 0), child);
    cr_assert(WIFSIGNALED(status));
    assert_content("world.pecs", "old");
    cr_assert(is_there(".world.pecs.0.pecs-tmp"));
    publish("world.pecs", "new");
    assert_content("world.pecs", "new");
    cr_assert_eq(entry_count("."), 1);
}

Test(publication, a_directory_is_no_target)
{
    cr_assert_eq(mkdir("saves", 0755), 0);
    assert_refused("saves", EISDIR);
    cr_assert_eq(symlink("saves", "link"), 0);
    assert_refused("link", EISDIR);
}

Test(publication, a_device_or_fifo_is_no_target)
{
    cr_assert_eq(mkfifo("pipe", 0666), 0);
    assert_refused("pipe", EINVAL);
    assert_refused("/dev/null", EINVAL);
    struct os_publication *publication = NULL;
    pecs_error error;
    cr_assert_eq(os_publication_begin(pool, "pipe", 100, &publication, &error), PECS_E_IO);
    cr_assert_str_eq(error.message, "cannot save, not a regular file: pipe: Invalid argument");
}

Test(publication, a_missing_directory_is_an_error)
{
    assert_refused("saves/world.pecs", ENOENT);
}

Test(publication, an_empty_path_is_an_error)
{
    assert_refused("", ENOENT);
}

Test(publication, a_path_that_ends_in_a_slash_is_an_error)
{
    assert_refused("new/", ENOENT);
}

Test(publication, a_file_is_no_directory)
{
    make_file("file", "x");
    assert_refused("file/world.pecs", ENOTDIR);
}

Test(publication, a_path_beyond_the_limit_is_an_error)
{
    static char path[8192];
    memset(path, 'p', sizeof(path) - 1);
    struct os_publication *publication = NULL;
    pecs_error error;
    cr_assert_eq(os_publication_begin(pool, path, 1, &publication, &error), PECS_E_IO);
    cr_assert_eq(error.os_error, ENAMETOOLONG);
    cr_assert_null(publication);
}

Test(publication, a_long_name_works)
{
    char name[256] = { 0 };
    memset(name, 'n', 250);
    publish(name, "first");
    publish(name, "second");
    assert_content(name, "second");
    cr_assert_eq(entry_count("."), 1);
    memset(name, 'n', 255);
    publish(name, "longest");
    assert_content(name, "longest");
    cr_assert_eq(entry_count("."), 2);
}

/* Names that agree in their first 230 bytes share temporaries' names; they must not disturb one another. */
Test(publication, long_names_that_begin_alike_do_not_mix)
{
    char a[256] = { 0 }, b[256] = { 0 };
    memset(a, 'n', 250);
    memset(b, 'n', 250);
    b[249] = 'm';
    struct os_publication *first = begin(a), *second = begin(b);
    write_text(first, "first");
    write_text(second, "second");
    cr_assert_eq(os_publication_commit(first, true, NULL), PECS_OK);
    cr_assert_eq(os_publication_commit(second, true, NULL), PECS_OK);
    assert_content(a, "first");
    assert_content(b, "second");
}

Test(publication, an_absolute_path_works)
{
    char path[256];
    snprintf(path, sizeof(path), "%s/world.pecs", folder);
    publish(path, "content");
    assert_content("world.pecs", "content");
}

Test(publication, a_read_only_directory_is_an_error)
{
    if (geteuid() == 0)
        cr_skip_test("root writes everywhere");
    cr_assert_eq(mkdir("saves", 0555), 0);
    assert_refused("saves/world.pecs", EACCES);
}

Test(publication, a_size_that_no_disk_has_is_an_error)
{
    struct os_publication *publication = NULL;
    pecs_error error;
    cr_assert_eq(os_publication_begin(pool, "world.pecs", UINT64_C(1) << 62, &publication, &error), PECS_E_IO);
    cr_assert(error.os_error == ENOSPC || error.os_error == EFBIG, "%s", error.message);
    cr_assert_null(publication);
    cr_assert_eq(entry_count("."), 0);
}

/* The folder vanishes between begin and commit. */
Test(publication, a_rename_that_fails_is_reported)
{
    cr_assert_eq(mkdir("saves", 0755), 0);
    struct os_publication *publication = begin("saves/world.pecs");
    write_text(publication, "new");
    cr_assert_eq(rename("saves", "moved"), 0);
    pecs_error error;
    cr_assert_eq(os_publication_commit(publication, true, &error), PECS_E_IO);
    cr_assert_eq(error.os_error, ENOENT);
    cr_assert_not_null(strstr(error.message, "cannot publish"), "%s", error.message);
}

Test(publication, a_directory_that_took_the_name_is_not_replaced)
{
    struct os_publication *publication = begin("world.pecs");
    write_text(publication, "new");
    cr_assert_eq(mkdir("world.pecs", 0755), 0);
    pecs_error error;
    cr_assert_eq(os_publication_commit(publication, true, &error), PECS_E_IO);
    cr_assert_eq(error.os_error, EISDIR);
    cr_assert_eq(entry_count("."), 1, "the temporary is left");
}

Test(file, open_tells_the_size)
{
    make_file("five", "12345");
    struct os_file file;
    cr_assert_eq(os_file_open("five", &file, NULL), PECS_OK);
    cr_assert_eq(file.size_bytes, 5);
    os_file_close(&file);
}

static void assert_not_opened(const char *path, int os_error)
{
    struct os_file file;
    pecs_error error;
    cr_assert_eq(os_file_open(path, &file, &error), PECS_E_IO, "%s", path);
    cr_assert_eq(error.os_error, os_error, "%s", error.message);
    cr_assert_not_null(strstr(error.message, path), "%s", error.message);
}

Test(file, what_is_not_there_is_an_error)
{
    assert_not_opened("nowhere", ENOENT);
    assert_not_opened("", ENOENT);
}

/* Opening must not hang either: nobody writes to the FIFO. */
Test(file, only_regular_files_are_opened, .timeout = 10)
{
    cr_assert_eq(mkfifo("pipe", 0666), 0);
    assert_not_opened("pipe", EINVAL);
    assert_not_opened("/dev/zero", EINVAL);
    cr_assert_eq(mkdir("saves", 0755), 0);
    assert_not_opened("saves", EISDIR);
}

Test(file, a_link_is_opened_as_its_target)
{
    make_file("real", "content");
    cr_assert_eq(symlink("real", "link"), 0);
    struct os_file file;
    cr_assert_eq(os_file_open("link", &file, NULL), PECS_OK);
    cr_assert_eq(file.size_bytes, 7);
    os_file_close(&file);
}

Test(file, read_takes_exactly_the_bytes_asked_for)
{
    make_file("ten", "0123456789");
    struct os_file file;
    char bytes[8] = "........";
    cr_assert_eq(os_file_open("ten", &file, NULL), PECS_OK);
    cr_assert_eq(os_file_read(&file, "ten", bytes, 4, 3, NULL), PECS_OK);
    cr_assert_arr_eq(bytes, "3456....", 8);
    cr_assert_eq(os_file_read(&file, "ten", bytes, 0, 10, NULL), PECS_OK);
    cr_assert_eq(os_file_read(&file, "ten", bytes, 1, 9, NULL), PECS_OK);
    cr_assert_arr_eq(bytes, "9456....", 8);
    os_file_close(&file);
}

Test(file, short_and_interrupted_reads_are_continued)
{
    make_file("ten", "0123456789");
    struct os_file file;
    char bytes[10];
    cr_assert_eq(os_file_open("ten", &file, NULL), PECS_OK);
    for (size_t limit = 1; limit < 10; limit++) {
        fault.transfer_limit = limit;
        fault.interruptions = 2;
        memset(bytes, '.', sizeof(bytes));
        cr_assert_eq(os_file_read(&file, "ten", bytes, 9, 1, NULL), PECS_OK);
        cr_assert_arr_eq(bytes, "123456789.", 10);
        cr_assert_eq(fault.interruptions, 0);
    }
    os_file_close(&file);
}

Test(file, a_read_that_fails_is_an_io_error)
{
    make_file("ten", "0123456789");
    struct os_file file;
    char bytes[10];
    pecs_error error;
    cr_assert_eq(os_file_open("ten", &file, NULL), PECS_OK);
    os_file_close(&file);
    cr_assert_eq(os_file_read(&file, "ten", bytes, 1, 0, &error), PECS_E_IO);
    cr_assert_eq(error.os_error, EBADF);
}

Test(file, read_beyond_the_end_is_corruption)
{
    make_file("ten", "0123456789");
    struct os_file file;
    char bytes[8];
    pecs_error error;
    cr_assert_eq(os_file_open("ten", &file, NULL), PECS_OK);
    cr_assert_eq(os_file_read(&file, "ten", bytes, 4, 7, &error), PECS_E_CORRUPT);
    cr_assert_eq(error.offset, 10);
    cr_assert_str_eq(error.rule, "FILE-1");
    cr_assert_eq(os_file_read(&file, "ten", bytes, 1, 1000, &error), PECS_E_CORRUPT);
    cr_assert_eq(error.offset, 1000);
    os_file_close(&file);
}

/* A file of `size` bytes: zeros, and 'e' as the last. */
static const uint8_t *map_of_size(off_t size)
{
    const int descriptor = open("mapped", O_RDWR | O_CREAT | O_TRUNC, 0644);
    cr_assert_eq(ftruncate(descriptor, size), 0);
    cr_assert_eq(pwrite(descriptor, "e", 1, size - 1), 1);
    close(descriptor);
    struct os_file file;
    const uint8_t *bytes = NULL;
    cr_assert_eq(os_file_open("mapped", &file, NULL), PECS_OK);
    cr_assert_eq(os_file_map(&file, "mapped", &bytes, NULL), PECS_OK);
    os_file_close(&file);
    return bytes;
}

Test(file, maps_are_whole_and_outlive_the_descriptor)
{
    const off_t sizes[] = { 1, 4095, 4096, 4097, 2097151, 2097152, 2097153, 9000001 };
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        const uint8_t *bytes = map_of_size(sizes[i]);
        cr_assert_eq(bytes[sizes[i] - 1], 'e', "%lld bytes", (long long)sizes[i]);
        cr_assert_eq(bytes[(sizes[i] - 1) / 2], sizes[i] == 1 ? 'e' : 0);
        os_file_unmap(bytes, (uint64_t)sizes[i]);
    }
}

Test(file, large_maps_are_aligned_to_two_mebibytes)
{
    const uint8_t *maps[16];
    for (int i = 0; i < 16; i++) {
        const off_t size = 2097152 + (off_t)i * 123457;
        maps[i] = map_of_size(size);
        cr_assert_eq((uintptr_t)maps[i] % 2097152, 0, "%lld bytes", (long long)size);
    }
    for (int i = 0; i < 16; i++)
        os_file_unmap(maps[i], 2097152 + (uint64_t)i * 123457);
}

Test(file, a_map_cannot_be_written_to)
{
    uint8_t *bytes = (uint8_t *)(uintptr_t)map_of_size(4096);
    const pid_t child = fork();
    if (child == 0) {
        signal(SIGSEGV, SIG_DFL); /* sanitizers print and exit */
        *(volatile uint8_t *)bytes = 1;
        _exit(0);
    }
    int status;
    cr_assert_eq(waitpid(child, &status, 0), child);
    cr_assert(WIFSIGNALED(status));
    cr_assert_eq(WTERMSIG(status), SIGSEGV);
    os_file_unmap(bytes, 4096);
}

/* Mapping and unmapping leaves no reservation behind: 64 TiB would not fit otherwise. */
Test(file, unmapping_gives_the_address_space_back)
{
    const int descriptor = open("sparse", O_RDWR | O_CREAT, 0644);
    cr_assert_eq(ftruncate(descriptor, (off_t)1 << 40), 0);
    close(descriptor);
    struct os_file file;
    cr_assert_eq(os_file_open("sparse", &file, NULL), PECS_OK);
    for (int i = 0; i < 1000; i++) {
        const uint8_t *bytes = NULL;
        cr_assert_eq(os_file_map(&file, "sparse", &bytes, NULL), PECS_OK, "round %d", i);
        os_file_unmap(bytes, file.size_bytes);
    }
    os_file_close(&file);
}

Test(file, an_empty_file_cannot_be_mapped)
{
    make_file("empty", "");
    struct os_file file;
    const uint8_t *bytes = NULL;
    pecs_error error;
    cr_assert_eq(os_file_open("empty", &file, NULL), PECS_OK);
    cr_assert_eq(os_file_map(&file, "empty", &bytes, &error), PECS_E_IO);
    cr_assert_eq(error.os_error, EINVAL);
    cr_assert_null(bytes);
    os_file_close(&file);
}

Test(pages, are_zero_writable_and_aligned)
{
    const size_t sizes[] = { 1, 4096, 2097152, 5000000 };
    for (size_t i = 0; i < 4; i++) {
        uint8_t *pages = os_pages_allocate(sizes[i]);
        cr_assert_not_null(pages);
        cr_assert_eq((uintptr_t)pages % (sizes[i] < 2097152 ? 4096 : 2097152), 0);
        for (size_t k = 0; k < sizes[i]; k += 1000)
            cr_assert_eq(pages[k], 0);
        memset(pages, 1, sizes[i]);
        os_pages_release(pages, sizes[i]);
    }
}

Test(pages, too_many_are_refused)
{
    cr_assert_null(os_pages_allocate((size_t)1 << 62));
}

Test(random, numbers_differ)
{
    const uint64_t a = os_random_u64(), b = os_random_u64(), c = os_random_u64();
    cr_assert(a != b && b != c && a != c);
}
