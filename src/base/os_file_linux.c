/*
 * Linux files. They are mapped at a multiple of 2 MiB, so that the kernel can map whole folios. No descriptor is that
 * of a standard stream.
 */
#define _GNU_SOURCE
#include "os_file.h"

#include "error.h"
#include "memory.h"
#include "os.h"
#include "os_stream.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static_assert(OS_PATH_BYTES == PATH_MAX && OS_NAME_BYTES == NAME_MAX + 1, "the limits of Linux");

enum {
    RESERVE_TRIES = 16, /* of a reservation, which starts again whenever a signal interrupts it */
    LINK_TRIES = 16,    /* to read a link and its target consistently while others replace the target */
    LINK_MAX_HOPS = 40,
    DESCRIPTOR_MIN = 3, /* 0 to 2 belong to the standard streams, even while these are closed */
};

/*
 * Moves a descriptor off the numbers of the standard streams: a program that has closed these may still print, and its
 * output must not go into our files. Closes the given descriptor if it returns another one or fails.
 */
static int os_leave_streams(int descriptor)
{
    if (descriptor < 0 || descriptor >= DESCRIPTOR_MIN)
        return descriptor;
    const int raised = fcntl(descriptor, F_DUPFD_CLOEXEC, DESCRIPTOR_MIN);
    const int os_error = errno;
    close(descriptor);
    errno = os_error;
    return raised;
}

/* On a network file system, a signal may interrupt open(2). */
static int os_open_retry(const char *path, int flags, mode_t mode)
{
    int descriptor;
    do {
        descriptor = open(path, flags, mode);
    } while (descriptor < 0 && errno == EINTR);
    return descriptor;
}

static int os_open_to_read(const char *path, int flags)
{
    return os_leave_streams(os_open_retry(path, flags | O_RDONLY | O_CLOEXEC, 0));
}

static struct os_file_name os_file_name_of(const struct stat *info)
{
    return (struct os_file_name){ (uint64_t)info->st_dev, (uint64_t)info->st_ino };
}

static struct os_file_state os_file_state_of(const struct stat *info)
{
    return (struct os_file_state){
        .size_bytes = (uint64_t)info->st_size,
        .time_ns = (uint64_t)info->st_mtim.tv_sec * 1000000000 + (uint64_t)info->st_mtim.tv_nsec,
    };
}

bool os_file_look(const char *path, struct os_file_name *ret_name, struct os_file_state *ret_state)
{
    struct stat info;
    if (stat(path, &info))
        return false;
    *ret_name = os_file_name_of(&info);
    *ret_state = os_file_state_of(&info);
    return true;
}

char *os_absolute_path(struct pool *pool, const char *path, size_t *ret_bytes)
{
    char folder[PATH_MAX] = "";
    if (path[0] != '/' && !getcwd(folder, sizeof(folder)))
        folder[0] = 0; /* the working directory has no path: keep the relative one */
    *ret_bytes = strlen(folder) + 1 + strlen(path) + 1;
    char *absolute = pool_allocate(pool, *ret_bytes);
    if (absolute)
        snprintf(absolute, *ret_bytes, "%s%s%s", folder, folder[0] ? "/" : "", path);
    return absolute;
}

pecs_status os_file_open(const char *path, struct os_file *ret_file, pecs_error *error)
{
    /* O_NONBLOCK: opening a FIFO must not hang; it has no effect on regular files */
    const int descriptor = os_open_to_read(path, O_NONBLOCK | O_NOCTTY);
    if (descriptor < 0)
        return fail_os(error, errno, "cannot open", path);
    struct stat info;
    int os_error = fstat(descriptor, &info) ? errno : 0;
    if (!os_error && !S_ISREG(info.st_mode))
        os_error = S_ISDIR(info.st_mode) ? EISDIR : EINVAL;
    if (os_error) {
        close(descriptor);
        return fail_os(error, os_error, os_error == EINVAL ? "not a regular file:" : "cannot read", path);
    }
    const bool is_foreign = info.st_uid != geteuid() && info.st_uid != 0;
    *ret_file = (struct os_file){
        .descriptor = descriptor,
        .name = os_file_name_of(&info),
        .time_ns = os_file_state_of(&info).time_ns,
        .size_bytes = (uint64_t)info.st_size,
        .others_may_write = is_foreign || info.st_mode & (S_IWGRP | S_IWOTH),
    };
    return PECS_OK;
}

void os_file_close(struct os_file *file)
{
    close(file->descriptor);
}

pecs_status os_file_read(const struct os_file *file, const char *path, void *bytes, size_t size_bytes, uint64_t offset,
                         pecs_error *error)
{
    uint8_t *to = bytes;
    while (size_bytes) {
        const ssize_t count = pread(file->descriptor, to, size_bytes, (off_t)offset);
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            return fail_os(error, errno, "cannot read", path);
        if (count == 0)
            return fail_rule(error, PECS_E_CORRUPT, offset, "FILE-1", "the file became shorter while it was read");
        to += count;
        size_bytes -= (size_t)count;
        offset += (uint64_t)count;
    }
    return PECS_OK;
}

/*
 * An address for a large map: a random multiple of 2 MiB, where a process has nothing else. Beside other maps, each
 * 2 MiB of it would take time again when it is unmapped, used or not, since the system skips only whole gibibytes in
 * which no page is in use. Where an address is taken, or is not one, the system chooses.
 */
static void *file_map_place(void)
{
    enum { FIRST = 16, LAST = 80 }; /* TiB: above heaps that follow a program, below programs and libraries */
    const uint64_t count = ((uint64_t)(LAST - FIRST) << 40) / OS_HUGE_BYTES;
    const uint64_t place = ((uint64_t)FIRST << 40) + os_random_u64() % count * OS_HUGE_BYTES;
    return place <= UINTPTR_MAX ? (void *)(uintptr_t)place : NULL;
}

pecs_status os_file_map(const struct os_file *file, const char *path, const uint8_t **ret_bytes, pecs_error *error)
{
    if (file->size_bytes > SIZE_MAX - OS_HUGE_BYTES)
        return fail(error, PECS_E_LIMIT, "the file is larger than the address space");
    const size_t size = (size_t)file->size_bytes;
    void *place = size >= OS_HUGE_BYTES ? file_map_place() : NULL;
    uint8_t *bytes = mmap(place, size, PROT_READ, MAP_PRIVATE, file->descriptor, 0);
    if (bytes != MAP_FAILED && (uintptr_t)bytes % OS_HUGE_BYTES && size >= OS_HUGE_BYTES) {
        munmap(bytes, size);
        place = os_address_reserve(size);
        bytes = place ? mmap(place, size, PROT_READ, MAP_PRIVATE | MAP_FIXED, file->descriptor, 0) : MAP_FAILED;
        if (place && bytes == MAP_FAILED) {
            const int os_error = errno;
            munmap(place, size);
            errno = os_error;
        }
    }
    if (bytes == MAP_FAILED)
        return errno == ENOMEM ? fail_memory(error) : fail_os(error, errno, "cannot map", path);
    *ret_bytes = bytes;
    return PECS_OK;
}

void os_file_unmap(const uint8_t *bytes, uint64_t size_bytes)
{
    munmap((void *)(uintptr_t)bytes, (size_t)size_bytes);
}

enum os_error_kind os_error_kind(int os_error)
{
    switch (os_error) {
    case EEXIST:
        return OS_ERROR_EXISTS;
    case ENOENT:
        return OS_ERROR_MISSING;
    case EBUSY:
        return OS_ERROR_BUSY;
    case EOPNOTSUPP:
        return OS_ERROR_UNSUPPORTED;
    default:
        return OS_ERROR_OTHER;
    }
}

int os_error_number(enum os_error_kind kind)
{
    static const int numbers[] = {
        [OS_ERROR_EXISTS] = EEXIST,
        [OS_ERROR_MISSING] = ENOENT,
        [OS_ERROR_BUSY] = EBUSY,
        [OS_ERROR_UNSUPPORTED] = EOPNOTSUPP,
    };
    assert(kind != OS_ERROR_OTHER);
    return numbers[kind];
}

const char *os_path_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

int os_path_beside(const char *path, const char *name, char ret_path[OS_PATH_BYTES])
{
    const int prefix = (int)(os_path_name(path) - path);
    return snprintf(ret_path, OS_PATH_BYTES, "%.*s%s", prefix, path, name) < OS_PATH_BYTES ? 0 : ENAMETOOLONG;
}

/*
 * Checks that the links at `path` lead to the file named `target`. Links in /proc/self/fd lead to an open file,
 * whatever their text: it may never have had a name, or have lost it. Then EOPNOTSUPP, since only a name can be
 * replaced.
 */
static int os_target_check_leads_to(const char *path, const char *target)
{
    for (int i = 0; i < LINK_TRIES; i++) {
        struct stat led_to, named;
        if (stat(path, &led_to))
            return errno == ENOENT ? 0 : errno; /* a dangling link */
        if (!S_ISREG(led_to.st_mode))
            return S_ISDIR(led_to.st_mode) ? EISDIR : EINVAL;
        const bool is_named = lstat(target, &named) == 0;
        if (!is_named && errno != ENOENT)
            return errno;
        if (is_named && led_to.st_ino == named.st_ino && led_to.st_dev == named.st_dev)
            return 0;
    }
    return EOPNOTSUPP;
}

/* Follows the links at `path`, which is a link, to the last one's target. `target` is a copy of `path` at first. */
static int os_target_follow_links(const char *path, char target[OS_PATH_BYTES])
{
    for (int hops = 0; hops < LINK_MAX_HOPS; hops++) {
        char link[OS_PATH_BYTES], next[OS_PATH_BYTES];
        const ssize_t size = readlink(target, link, sizeof(link) - 1);
        if (size < 0 && errno != EINVAL && errno != ENOENT)
            return errno;
        if (size < 0)
            return os_target_check_leads_to(path, target);
        link[size] = 0;
        if (link[0] == '/')
            memcpy(next, link, (size_t)size + 1);
        else if (os_path_beside(target, link, next))
            return ENAMETOOLONG;
        memcpy(target, next, OS_PATH_BYTES);
    }
    return ELOOP;
}

static int os_target_check_replaceable(const char *path, const struct stat *info)
{
    if (!S_ISREG(info->st_mode))
        return S_ISDIR(info->st_mode) ? EISDIR : EINVAL;
    return faccessat(AT_FDCWD, path, W_OK, AT_EACCESS) ? errno : 0;
}

int os_target_find(const char *path, struct os_target *ret_target)
{
    struct stat info;
    if (snprintf(ret_target->path, OS_PATH_BYTES, "%s", path) >= OS_PATH_BYTES)
        return ENAMETOOLONG;
    int os_error = lstat(path, &info) ? errno : 0;
    if (!os_error && S_ISLNK(info.st_mode)) {
        os_error = os_target_follow_links(path, ret_target->path);
        if (!os_error)
            os_error = stat(ret_target->path, &info) ? errno : 0;
    }
    if (os_error && os_error != ENOENT)
        return os_error;
    if (!os_path_name(ret_target->path)[0])
        return ENOENT;
    ret_target->is_there = !os_error;
    ret_target->mode =
        os_error ? 0 : info.st_mode & 0777; /* without set-user-id: the new file belongs to the process's user */
    return os_error ? 0 : os_target_check_replaceable(ret_target->path, &info);
}

bool os_is_special(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && !S_ISREG(info.st_mode) && !S_ISDIR(info.st_mode);
}

bool os_is_there(const char *path)
{
    return access(path, F_OK) == 0;
}

int os_rename(const char *from, const char *to)
{
    return rename(from, to) ? errno : 0;
}

int os_unlink(const char *path)
{
    return unlink(path) ? errno : 0;
}

/* Grants no more than the file that is replaced; for a new file the umask decides. */
static mode_t os_draft_new_mode(const struct os_target *target)
{
    return target->is_there ? target->mode & 0666 : 0666;
}

int os_draft_create(const struct os_target *target, const char *path, struct os_draft *ret_draft)
{
    const int opened =
        os_open_retry(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, os_draft_new_mode(target));
    if (opened < 0)
        return errno;
    ret_draft->descriptor = os_leave_streams(opened);
    if (ret_draft->descriptor >= 0)
        return 0;
    const int os_error = errno;
    (void)unlink(path);
    return os_error;
}

static void os_path_folder(const char *path, char folder[OS_PATH_BYTES])
{
    const char *name = os_path_name(path);
    if (name == path)
        memcpy(folder, ".", 2);
    else
        snprintf(folder, OS_PATH_BYTES, "%.*s", name - path == 1 ? 1 : (int)(name - path - 1), path);
}

enum { LINK_OF_BYTES = 32 };

/* The link in /proc to an open file, which may have no name. */
static void os_descriptor_link(int descriptor, char path[LINK_OF_BYTES])
{
    snprintf(path, LINK_OF_BYTES, "/proc/self/fd/%d", descriptor);
}

/* open(2) returns any of these on file systems and kernels without unnamed files. */
static bool os_error_is_unsupported(int os_error)
{
    return os_error == EOPNOTSUPP || os_error == EISDIR || os_error == ENOENT || os_error == EINVAL;
}

/*
 * Gives an unnamed file the mode of the file that it will replace, through its link in /proc. So a missing link (where
 * /proc is not mounted) is found before gigabytes are written.
 */
static bool os_draft_prepare_link(int descriptor, const struct os_target *target)
{
    char link[LINK_OF_BYTES];
    os_descriptor_link(descriptor, link);
    return target->is_there ? chmod(link, target->mode) == 0 : access(link, F_OK) == 0;
}

int os_draft_create_unnamed(const struct os_target *target, struct os_draft *ret_draft)
{
    char folder[OS_PATH_BYTES];
    os_path_folder(target->path, folder);
    const int descriptor =
        os_leave_streams(os_open_retry(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, os_draft_new_mode(target)));
    if (descriptor < 0)
        return os_error_is_unsupported(errno) ? EOPNOTSUPP : errno;
    if (!os_draft_prepare_link(descriptor, target)) {
        close(descriptor);
        return EOPNOTSUPP;
    }
    ret_draft->descriptor = descriptor;
    return 0;
}

int os_draft_link(const struct os_draft *draft, const char *path)
{
    char link[LINK_OF_BYTES];
    os_descriptor_link(draft->descriptor, link);
    return linkat(AT_FDCWD, link, AT_FDCWD, path, AT_SYMLINK_FOLLOW) ? errno : 0;
}

int os_draft_open(const char *path, struct os_draft *ret_draft)
{
    ret_draft->descriptor = os_open_to_read(path, O_NOFOLLOW | O_NONBLOCK);
    return ret_draft->descriptor < 0 ? errno : 0;
}

void os_draft_close(struct os_draft *draft)
{
    close(draft->descriptor);
    draft->descriptor = -1;
}

int os_draft_take_mode(const struct os_draft *draft, const struct os_target *target)
{
    return target->is_there && fchmod(draft->descriptor, target->mode) ? errno : 0;
}

int os_draft_lock(const struct os_draft *draft)
{
    while (flock(draft->descriptor, LOCK_EX | LOCK_NB)) {
        if (errno != EINTR)
            return errno == EWOULDBLOCK ? EBUSY : errno;
    }
    return 0;
}

int os_draft_check_named(const struct os_draft *draft, const char *path)
{
    struct stat open_file, named;
    if (fstat(draft->descriptor, &open_file) || lstat(path, &named))
        return errno;
    return open_file.st_ino == named.st_ino && open_file.st_dev == named.st_dev ? 0 : ENOENT;
}

static int os_reserve(int descriptor, uint64_t size_bytes)
{
    for (int i = 0; i < RESERVE_TRIES; i++)
        if (!fallocate(descriptor, 0, 0, (off_t)size_bytes))
            return 0;
        else if (errno != EINTR)
            return errno == ENOSYS ? EOPNOTSUPP : errno;
    return EINTR;
}

int os_draft_reserve(const struct os_draft *draft, uint64_t size_bytes)
{
    const int os_error = os_reserve(draft->descriptor, size_bytes);
    return os_error == EOPNOTSUPP || os_error == EINTR ? 0 : os_error; /* a full disk then shows while writing */
}

int os_draft_write(const struct os_draft *draft, const pecs_bytes *spans, size_t span_count)
{
    return os_spans_write(draft->descriptor, spans, span_count);
}

void os_draft_begin_writeback(const struct os_draft *draft, uint64_t offset, uint64_t size_bytes)
{
    (void)sync_file_range(draft->descriptor, (off_t)offset, (off_t)size_bytes, SYNC_FILE_RANGE_WRITE);
}

int os_draft_flush(const struct os_draft *draft)
{
    const int copy = fcntl(draft->descriptor, F_DUPFD_CLOEXEC, DESCRIPTOR_MIN);
    if (copy < 0) /* no descriptor is left: a sync reports the same errors, if later */
        return os_draft_sync(draft);
    return close(copy) ? errno : 0;
}

int os_draft_sync(const struct os_draft *draft)
{
    return fsync(draft->descriptor) ? errno : 0;
}

int os_folder_open(const char *path, struct os_folder *ret_folder)
{
    char folder[OS_PATH_BYTES];
    os_path_folder(path, folder);
    ret_folder->descriptor = os_open_to_read(folder, O_DIRECTORY);
    return ret_folder->descriptor < 0 ? errno : 0;
}

/*
 * fsync of a directory succeeds on XFS even when the file system has shut down and dropped the change: xfs_dir_fsync
 * does not check (found by tests/faults/power_cut.py). Opening the directory does check.
 */
int os_folder_sync(const struct os_folder *folder)
{
    if (fsync(folder->descriptor))
        return errno;
    const int again = os_leave_streams(openat(folder->descriptor, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (again < 0)
        return errno == EIO ? EIO : 0; /* another error, such as EMFILE, does not concern the disk */
    close(again);
    return 0;
}

void os_folder_close(struct os_folder *folder)
{
    close(folder->descriptor);
    folder->descriptor = -1;
}

/* Maps a file of its size, whose space on the disk is reserved: else a full disk would be a SIGBUS. */
static int os_file_memory_map(int descriptor, size_t size_bytes, uint8_t *address)
{
    const int os_error = os_reserve(descriptor, size_bytes);
    if (os_error)
        return os_error;
    const int flags = MAP_SHARED | MAP_FIXED;
    return mmap(address, size_bytes, PROT_READ | PROT_WRITE, flags, descriptor, 0) == MAP_FAILED ? errno : 0;
}

void *os_file_memory_allocate(const char *path, size_t size_bytes, int *ret_os_error)
{
    char folder[OS_PATH_BYTES];
    os_path_folder(path, folder);
    const int descriptor =
        os_leave_streams(os_open_retry(folder, O_TMPFILE | O_RDWR | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR));
    *ret_os_error = descriptor < 0 ? errno : 0;
    uint8_t *address = descriptor < 0 ? NULL : os_address_reserve(size_bytes);
    if (address)
        *ret_os_error = os_file_memory_map(descriptor, size_bytes, address);
    if (address && *ret_os_error) {
        munmap(address, size_bytes);
        address = NULL;
    }
    if (descriptor >= 0)
        close(descriptor);
    if (!os_error_is_unsupported(*ret_os_error))
        return address;
    *ret_os_error = 0;
    return os_pages_allocate(size_bytes);
}

void os_file_memory_release(void *memory, size_t size_bytes)
{
    munmap(memory, size_bytes);
}
