/*
 * Saves and loads that the real file system refuses: a clear error, the old file unchanged, nothing left behind, and
 * the world as before. Places that need rights or room of their own (a small disk, a disk mounted for reading, another
 * user) are made in a child with a namespace of its own; where the kernel does not allow that, they are skipped, and
 * the program says so.
 */
#define _GNU_SOURCE
#include "sample_world.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static struct sample sample;
static char folder[256];
static unsigned trial_count, skipped_count;

/* --- what is tried --- */

static pecs_status save_to(const char *path, pecs_error *error)
{
    memset(error, 0, sizeof(*error));
    return pecs_world_save(sample.world, path, NULL, error);
}

static void must_save(const char *path, uint64_t number)
{
    pecs_error error;
    sample_set_number(&sample, number);
    sample_require(!save_to(path, &error), "%s: %s", path, error.message);
}

/* 0: there is no file. */
static uint64_t number_at(const char *path)
{
    pecs_snapshot *snapshot = NULL;
    pecs_error error;
    uint64_t family, number;
    const pecs_status status = pecs_snapshot_load(sample.registry, path, NULL, &snapshot, &error);
    if (status == PECS_E_IO && error.os_error == ENOENT)
        return 0;
    sample_require(!status, "%s: %s", path, error.message);
    sample_require(sample_is_whole(&sample, pecs_snapshot_view(snapshot), &family, &number), "%s is not whole", path);
    pecs_snapshot_release(snapshot);
    return number;
}

/* A save fails with one of two errnos and names the path; the folder has as many entries as before. */
static void refused_in(const char *where, const char *path, int os_error, int or_this)
{
    pecs_error error;
    const uint32_t before = sample_entry_count(where);
    const uint64_t hash = pecs_view_hash(pecs_world_view(sample.world));
    const pecs_status status = save_to(path, &error);
    sample_require(status == PECS_E_IO && (error.os_error == os_error || error.os_error == or_this),
                   "%.60s: %s, errno %d (%s), should be %d", path, pecs_status_name(status), error.os_error,
                   error.message, os_error);
    const char *name = strrchr(path, '/');
    char begin[32];
    snprintf(begin, sizeof(begin), "%.20s", name ? name + 1 : path);
    sample_require(strstr(error.message, begin) != NULL, "the message names no path: %s", error.message);
    sample_require(sample_entry_count(where) == before, "something is left in %s", where);
    sample_require(pecs_view_hash(pecs_world_view(sample.world)) == hash, "the world changed");
    trial_count++;
}

static void refused(const char *path, int os_error)
{
    refused_in(folder, path, os_error, os_error);
}

static void not_read(const char *path, int os_error)
{
    pecs_snapshot *snapshot = NULL;
    pecs_info *info = NULL;
    pecs_error errors[3];
    const pecs_status statuses[3] = { pecs_snapshot_load(sample.registry, path, NULL, &snapshot, &errors[0]),
                                      pecs_snapshot_resume(sample.registry, path, NULL, &snapshot, &errors[1]),
                                      pecs_file_info(path, NULL, NULL, &info, &errors[2]) };
    for (int i = 0; i < 3; i++)
        sample_require(statuses[i] == PECS_E_IO && errors[i].os_error == os_error && strstr(errors[i].message, path),
                       "%s: %s", path, errors[i].message);
    sample_require(!snapshot && !info, "%s gave something", path);
    trial_count += 3;
}

static const char *in_folder(const char *name)
{
    static char paths[16][600]; /* more than one trial uses */
    static unsigned next;
    char *path = paths[next++ % 16];
    snprintf(path, sizeof(paths[0]), "%s/%s", folder, name);
    return path;
}

/* --- places that any user can make --- */

static void try_kinds_of_files(void)
{
    sample_require(mkdir(in_folder("directory"), 0755) == 0, "mkdir");
    refused(in_folder("directory"), EISDIR);
    not_read(in_folder("directory"), EISDIR);
    sample_require(mkfifo(in_folder("fifo"), 0666) == 0, "mkfifo");
    refused(in_folder("fifo"), EINVAL);
    not_read(in_folder("fifo"), EINVAL);
    refused("/dev/null", EINVAL);
    not_read("/dev/null", EINVAL);
    not_read("/dev/zero", EINVAL);
    refused(in_folder("missing/world.pecs"), ENOENT);
    not_read(in_folder("missing/world.pecs"), ENOENT);
    must_save(in_folder("file"), 1);
    refused(in_folder("file/world.pecs"), ENOTDIR);
    refused(in_folder("new/"), ENOENT);
    not_read(in_folder("file/world.pecs"), ENOTDIR);
    sample_folder_clear(folder);
}

static void try_links(void)
{
    sample_require(!symlink("b", in_folder("a")) && !symlink("a", in_folder("b")), "symlink");
    refused(in_folder("a"), ELOOP);
    not_read(in_folder("a"), ELOOP);
    sample_require(!symlink("later", in_folder("dangling")), "symlink");
    not_read(in_folder("dangling"), ENOENT);
    must_save(in_folder("dangling"), 2);
    sample_require(number_at(in_folder("later")) == 2, "a dangling link is not followed");
    sample_require(!symlink("missing/world.pecs", in_folder("far")), "symlink");
    refused(in_folder("far"), ENOENT);
    trial_count++;
    sample_folder_clear(folder);
}

/* A file without a name cannot be replaced, and no other file is made. */
static void try_files_without_names(void)
{
    char path[64];
    struct stat info;
    const int in_memory = memfd_create("world.pecs", 0);
    sample_require(in_memory >= 0, "memfd_create");
    snprintf(path, sizeof(path), "/proc/self/fd/%d", in_memory);
    refused(path, EOPNOTSUPP);
    sample_require(fstat(in_memory, &info) == 0 && info.st_size == 0 && stat("/memfd:world.pecs (deleted)", &info) != 0,
                   "a file that was never named");
    close(in_memory);
    must_save(in_folder("world.pecs"), 3);
    const int deleted = open(in_folder("world.pecs"), O_RDWR);
    sample_require(deleted >= 0 && unlink(in_folder("world.pecs")) == 0, "unlink");
    snprintf(path, sizeof(path), "/proc/self/fd/%d", deleted);
    refused(path, EOPNOTSUPP);
    close(deleted);
    sample_folder_clear(folder);
}

static void try_long_names(void)
{
    char name[300];
    memset(name, 'n', sizeof(name));
    name[255] = 0;
    must_save(in_folder(name), 1);
    must_save(in_folder(name), 2);
    sample_require(number_at(in_folder(name)) == 2 && sample_entry_count(folder) == 1, "a name of 255 bytes");
    name[255] = 'n';
    name[256] = 0;
    refused(in_folder(name), ENAMETOOLONG);
    not_read(in_folder(name), ENAMETOOLONG);
    trial_count++;
    sample_folder_clear(folder);
}

/* A save beyond the limit by a process with the default action of SIGXFSZ. */
static void end_by_size_limit(const struct rlimit *limit)
{
    const struct rlimit no_core = { 0, 0 };
    pecs_error error;
    int how;
    fflush(stdout);
    const pid_t child = fork();
    if (child == 0) {
        signal(SIGXFSZ, SIG_DFL);
        if (!setrlimit(RLIMIT_CORE, &no_core) && !setrlimit(RLIMIT_FSIZE, limit))
            (void)save_to(in_folder("world.pecs"), &error);
        _exit(0);
    }
    sample_require(child > 0 && waitpid(child, &how, 0) == child, "fork");
    sample_require(WIFSIGNALED(how) && WTERMSIG(how) == SIGXFSZ, "a save beyond the limit ends otherwise: %d", how);
    trial_count++;
}

/* The signal ends the process, unless it ignores it; the old file stays, and the next save removes the temporary. */
static void try_size_limit(void)
{
    const struct rlimit limit = { 6000, RLIM_INFINITY };
    struct rlimit before;
    must_save(in_folder("world.pecs"), 3);
    sample_set_number(&sample, 4);
    end_by_size_limit(&limit);
    sample_require(number_at(in_folder("world.pecs")) == 3, "the old file is gone");
    must_save(in_folder("world.pecs"), 3);
    sample_require(sample_entry_count(folder) == 1, "a temporary is left");
    sample_set_number(&sample, 4);
    signal(SIGXFSZ, SIG_IGN);
    sample_require(!getrlimit(RLIMIT_FSIZE, &before) && !setrlimit(RLIMIT_FSIZE, &limit), "setrlimit");
    refused(in_folder("world.pecs"), EFBIG);
    sample_require(!setrlimit(RLIMIT_FSIZE, &before), "setrlimit");
    sample_require(number_at(in_folder("world.pecs")) == 3, "the old file is gone");
    must_save(in_folder("world.pecs"), 5);
    sample_folder_clear(folder);
}

static void try_many_descriptors(void)
{
    struct rlimit before, limit = { 0, 0 };
    must_save(in_folder("world.pecs"), 3);
    sample_require(!getrlimit(RLIMIT_NOFILE, &before), "getrlimit");
    const int lowest_free = dup(0);
    close(lowest_free);
    limit.rlim_max = before.rlim_max;
    for (int more = 0; more < 2; more++) {
        pecs_error error;
        limit.rlim_cur = (rlim_t)(lowest_free + more);
        sample_require(!setrlimit(RLIMIT_NOFILE, &limit), "setrlimit");
        const pecs_status status = save_to(in_folder("world.pecs"), &error);
        sample_require(!setrlimit(RLIMIT_NOFILE, &before), "setrlimit");
        sample_require(status == PECS_E_IO && error.os_error == EMFILE, "%s", error.message);
        sample_require(number_at(in_folder("world.pecs")) == 3 && sample_entry_count(folder) == 1, "the old file");
        trial_count++;
    }
    sample_folder_clear(folder);
}

/* --- places in a child: another user, other disks --- */

enum { CHILD_GOOD = 0, CHILD_CANNOT = 77 };

static void in_child(const char *what, int (*run)(void))
{
    int ends[2], how;
    sample_require(pipe(ends) == 0, "pipe");
    fflush(stdout);
    const pid_t child = fork();
    if (child == 0) {
        trial_count = 0;
        const int result = run();
        if (write(ends[1], &trial_count, sizeof(trial_count)) != sizeof(trial_count))
            _exit(1);
        _exit(result);
    }
    sample_require(child > 0 && waitpid(child, &how, 0) == child, "fork");
    sample_require(WIFEXITED(how) && (WEXITSTATUS(how) == CHILD_GOOD || WEXITSTATUS(how) == CHILD_CANNOT), "%s: failed",
                   what);
    unsigned count = 0;
    sample_require(read(ends[0], &count, sizeof(count)) == sizeof(count), "read");
    close(ends[0]);
    close(ends[1]);
    trial_count += count;
    if (WEXITSTATUS(how) == CHILD_CANNOT) {
        printf("skipped here: %s\n", what);
        skipped_count++;
    }
    sample_folder_clear(folder);
}

static bool become_another_user(void)
{
    if (geteuid() != 0)
        return true; /* it is one */
    return chmod(folder, 0755) == 0 && setgid(65534) == 0 && setuid(65534) == 0;
}

/* Files of root or another user: made before the user changes. */
static int try_rights(void)
{
    const bool root = geteuid() == 0;
    sample_require(!mkdir(in_folder("closed"), 0755) && !mkdir(in_folder("mine"), 0777), "mkdir");
    sample_require(!chmod(in_folder("mine"), 0777), "chmod");
    must_save(in_folder("closed/world.pecs"), 6);
    must_save(in_folder("mine/read-only.pecs"), 7);
    must_save(in_folder("mine/secret.pecs"), 7);
    sample_require(!chmod(in_folder("mine/read-only.pecs"), 0444) && !chmod(in_folder("mine/secret.pecs"), 0), "chmod");
    sample_require(root || !chmod(in_folder("closed"), 0555), "chmod");
    if (!become_another_user())
        return CHILD_CANNOT;
    sample_set_number(&sample, 8);
    const char *where = in_folder("mine");
    refused_in(in_folder("closed"), in_folder("closed/world.pecs"), EACCES, EACCES);
    refused_in(in_folder("closed"), in_folder("closed/new.pecs"), EACCES, EACCES);
    refused_in(where, in_folder("mine/read-only.pecs"), EACCES, EACCES);
    refused_in(where, in_folder("mine/secret.pecs"), EACCES, EACCES);
    not_read(in_folder("mine/secret.pecs"), EACCES);
    sample_require(number_at(in_folder("closed/world.pecs")) == 6, "the old file is gone");
    sample_require(number_at(in_folder("mine/read-only.pecs")) == 7, "the old file is gone");
    sample_require(root || !chmod(in_folder("closed"), 0755), "chmod");
    return CHILD_GOOD;
}

/* In a folder like /tmp, where files of others can be written to, if they allow it, but not replaced. */
static int try_sticky_folder(void)
{
    if (geteuid() != 0)
        return CHILD_CANNOT;
    sample_require(!mkdir(in_folder("shared"), 0777) && !chmod(in_folder("shared"), 01777), "mkdir");
    must_save(in_folder("shared/world.pecs"), 9);
    sample_require(!chmod(in_folder("shared/world.pecs"), 0666), "chmod");
    if (!become_another_user())
        return CHILD_CANNOT;
    sample_set_number(&sample, 10);
    refused_in(in_folder("shared"), in_folder("shared/world.pecs"), EPERM, EACCES);
    sample_require(number_at(in_folder("shared/world.pecs")) == 9, "the old file is gone");
    return CHILD_GOOD;
}

static bool write_text(const char *path, const char *text)
{
    const int descriptor = open(path, O_WRONLY | O_CLOEXEC);
    const bool written = descriptor >= 0 && write(descriptor, text, strlen(text)) == (ssize_t)strlen(text);
    close(descriptor);
    return written;
}

/* Without root, mounting needs a user namespace, where that is allowed. */
static bool enter_namespace(void)
{
    char users[64], groups[64];
    snprintf(users, sizeof(users), "%u %u 1", (unsigned)geteuid(), (unsigned)geteuid());
    snprintf(groups, sizeof(groups), "%u %u 1", (unsigned)getegid(), (unsigned)getegid());
    if (geteuid() == 0)
        return unshare(CLONE_NEWNS) == 0;
    return unshare(CLONE_NEWNS | CLONE_NEWUSER) == 0 && write_text("/proc/self/setgroups", "deny") &&
           write_text("/proc/self/uid_map", users) && write_text("/proc/self/gid_map", groups);
}

static bool mount_small_disk(void)
{
    return enter_namespace() && mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
           mkdir(in_folder("disk"), 0755) == 0 && mount("tmpfs", in_folder("disk"), "tmpfs", 0, "size=256k") == 0;
}

/* Fills the disk except for the old file and so many kilobytes. */
static int try_full_disk(void)
{
    static uint8_t filling[256 * 1024];
    if (!mount_small_disk())
        return CHILD_CANNOT;
    for (uint64_t room = 0; room <= 16; room += 4) {
        pecs_error error;
        sample_folder_clear(in_folder("disk"));
        must_save(in_folder("disk/world.pecs"), 11);
        sample_file_write(in_folder("disk/filling"), filling, 256 * 1024 - 12 * 1024 - room * 1024);
        sample_set_number(&sample, 12);
        if (room < 12) {
            refused_in(in_folder("disk"), in_folder("disk/world.pecs"), ENOSPC, ENOSPC);
            sample_require(number_at(in_folder("disk/world.pecs")) == 11, "the old file is gone");
            sample_require(!unlink(in_folder("disk/filling")), "unlink");
        }
        sample_require(!save_to(in_folder("disk/world.pecs"), &error), "with room: %s", error.message);
        sample_require(number_at(in_folder("disk/world.pecs")) == 12, "the new file is not there");
    }
    umount(in_folder("disk"));
    return CHILD_GOOD;
}

static int try_read_only_disk(void)
{
    if (!mount_small_disk())
        return CHILD_CANNOT;
    must_save(in_folder("disk/world.pecs"), 13);
    if (mount("none", in_folder("disk"), NULL, MS_REMOUNT | MS_RDONLY, "size=256k"))
        return CHILD_CANNOT;
    sample_set_number(&sample, 14);
    refused_in(in_folder("disk"), in_folder("disk/world.pecs"), EROFS, EROFS);
    refused_in(in_folder("disk"), in_folder("disk/new.pecs"), EROFS, EROFS);
    sample_require(number_at(in_folder("disk/world.pecs")) == 13, "the old file is gone");
    umount(in_folder("disk"));
    return CHILD_GOOD;
}

int main(void)
{
    umask(022);
    sample_folder_make(folder, NULL);
    sample_init(&sample, NULL, 1, 20);
    try_kinds_of_files();
    try_links();
    try_files_without_names();
    try_long_names();
    try_size_limit();
    try_many_descriptors();
    in_child("folders and files without rights", try_rights);
    in_child("a shared folder with the sticky bit (needs root)", try_sticky_folder);
    in_child("a full disk (needs a mount)", try_full_disk);
    in_child("a disk mounted for reading (needs a mount)", try_read_only_disk);
    sample_deinit(&sample);
    sample_folder_remove(folder);
    printf("%u saves and reads were refused as they must be; %u places could not be made here\n", trial_count,
           skipped_count);
    return 0;
}
