/*
 * For tests of files: a folder of its own for each, and system calls that fail on request (fault_calls.h).
 */
#ifndef FOLDER_FIXTURE_H
#define FOLDER_FIXTURE_H

#include "fault_calls.h"
#include "memory.h"
#include "publish.h"

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
    enum fault_lack lack;
    void (*at_call)(struct fault_event *event); /* sees each call, and may make it fail */
    const char *unlink_before_flock;            /* this file vanishes before the next flock, */
    const char *replace_before_flock;           /* or gets another's content */
} fault;

/* Runs in both ways that a save has: with an unnamed file, and with a named one. */
#define TestBothWays(suite, name)                                                                                      \
    static void suite##_##name(void);                                                                                  \
    Test(suite, name)                                                                                                  \
    {                                                                                                                  \
        suite##_##name();                                                                                              \
    }                                                                                                                  \
    Test(suite##_named, name)                                                                                          \
    {                                                                                                                  \
        fault.lack = FAULT_LACKS_UNNAMED;                                                                              \
        suite##_##name();                                                                                              \
    }                                                                                                                  \
    static void suite##_##name(void)

static inline void make_file(const char *path, const char *content)
{
    FILE *file = fopen(path, "wb");
    cr_assert_not_null(file, "%s", path);
    fputs(content, file);
    cr_assert_eq(fclose(file), 0);
}

static inline void before_flock(void)
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

static inline void decide(void *user, struct fault_event *event)
{
    (void)user;
    fault_lack(fault.lack, event);
    if (fault.at_call)
        fault.at_call(event);
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

static inline void enter_folder(void)
{
    cr_assert_not_null(mkdtemp(folder));
    cr_assert_eq(chdir(folder), 0);
    umask(022);
    pool = pool_create(&(pecs_allocator){ NULL, NULL, NULL });
    fault_watch(&(struct fault_hooks){ .before = decide });
}

static inline void remove_folder(const char *path)
{
    DIR *directory = opendir(path);
    for (struct dirent *entry; directory && (entry = readdir(directory)) != NULL;) {
        char child[4096];
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        if ((size_t)snprintf(child, sizeof(child), "%s/%s", path, entry->d_name) >= sizeof(child))
            continue;
        if (unlink(child) && errno == EISDIR)
            remove_folder(child);
    }
    if (directory)
        closedir(directory);
    rmdir(path);
}

static inline void leave_folder(void)
{
    fault_unwatch();
    pool_destroy(pool);
    remove_folder(folder);
}

static inline void assert_content(const char *path, const char *expected)
{
    char content[256];
    FILE *file = fopen(path, "rb");
    cr_assert_not_null(file, "%s is not there", path);
    const size_t size = fread(content, 1, sizeof(content) - 1, file);
    fclose(file);
    content[size] = 0;
    cr_assert_str_eq(content, expected);
}

static inline bool is_there(const char *path)
{
    struct stat info;
    return lstat(path, &info) == 0;
}

static inline void assert_link(const char *path, const char *target)
{
    char link[256] = { 0 };
    cr_assert_gt(readlink(path, link, sizeof(link) - 1), 0, "%s is no link any more", path);
    cr_assert_str_eq(link, target);
}

/* Entries of a folder. */
static inline size_t entry_count(const char *path)
{
    size_t count = 0;
    DIR *directory = opendir(path);
    cr_assert_not_null(directory);
    for (struct dirent *entry; (entry = readdir(directory)) != NULL;)
        count += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
    closedir(directory);
    return count;
}

static inline struct publication *begin_with(const char *path, bool sync)
{
    struct publication *publication = NULL;
    pecs_error error;
    cr_assert_eq(publication_begin(pool, path, 100, sync, &publication, &error), PECS_OK, "%s", error.message);
    return publication;
}

static inline struct publication *begin(const char *path)
{
    return begin_with(path, true);
}

static inline struct publication *begin_unsynced(const char *path)
{
    return begin_with(path, false);
}

static inline void write_text(struct publication *publication, const char *text)
{
    cr_assert_eq(publication_write(publication, &(pecs_bytes){ text, strlen(text) }, 1, NULL), PECS_OK);
}

static inline void publish(const char *path, const char *content)
{
    struct publication *publication = begin(path);
    write_text(publication, content);
    cr_assert_eq(publication_commit(publication, NULL), PECS_OK);
}

/* Beginning fails with this errno, and the folder is as it was. */
static inline void assert_refused(const char *path, int os_error)
{
    const size_t before = entry_count(".");
    struct publication *publication = NULL;
    pecs_error error;
    cr_assert_eq(publication_begin(pool, path, 100, true, &publication, &error), PECS_E_IO);
    cr_assert_null(publication);
    cr_assert_eq(error.status, PECS_E_IO);
    cr_assert_eq(error.os_error, os_error, "%s", error.message);
    cr_assert_not_null(strstr(error.message, path), "%s", error.message);
    cr_assert_eq(entry_count("."), before);
}

static inline mode_t mode_of(const char *path)
{
    struct stat info;
    cr_assert_eq(lstat(path, &info), 0);
    return info.st_mode & 07777;
}

static inline off_t size_of(const char *path)
{
    struct stat info;
    cr_assert_eq(stat(path, &info), 0);
    return info.st_size;
}
#endif
