/*
 * Linux. Files are mapped at a multiple of 2 MiB so that the kernel can map whole folios; pages for arrays are reserved
 * with slack and trimmed for the same reason.
 *
 * The publish protocol, of which each step leaves the old file whole:
 *   open      .NAME.N.pecs-tmp beside the target, exclusively, and lock it
 *   write     into space that was allocated before, if the file is synced afterwards. Without sync ext4 would not write
 *             such space before the rename is on the disk, and a power cut would leave a file of zeros
 *   fsync     a failure is final: the kernel may have dropped the pages it could not write. Without sync, a close
 *             of a copy of the descriptor asks for errors instead
 *   rename    over the target
 *   fsync     the directory; a failure here means published, maybe not durable
 */
#define _GNU_SOURCE
#include "os.h"

#include "bytes.h"
#include "error.h"
#include "memory.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum {
    TEMPORARY_MAX = 64, /* saves to one name at one time */
    RESERVE_TRIES = 16, /* of a reservation that signals interrupt: each one makes it begin again */
    LINK_TRIES = 16,    /* to see a link and its target at one moment, while others replace the target */
    DESCRIPTOR_MIN = 3, /* 0 to 2 are the program's standard streams, also while they are closed */
};

void os_mutex_init(struct os_mutex *mutex)
{
    pthread_mutex_init(&mutex->native, NULL);
}

void os_mutex_deinit(struct os_mutex *mutex)
{
    pthread_mutex_destroy(&mutex->native);
}

void os_mutex_lock(struct os_mutex *mutex)
{
    pthread_mutex_lock(&mutex->native);
}

void os_mutex_unlock(struct os_mutex *mutex)
{
    pthread_mutex_unlock(&mutex->native);
}

struct thread_start {
    void (*function)(void *user, bool is_caller);
    void *user;
};

static void *run_thread(void *argument)
{
    const struct thread_start *start = argument;
    start->function(start->user, false);
    return NULL;
}

void os_threads_run(uint32_t thread_count, void (*function)(void *user, bool is_caller), void *user)
{
    struct thread_start start = { function, user };
    pthread_t threads[OS_THREAD_MAX];
    uint32_t started = 0;
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    while (started + 1 < thread_count && started < OS_THREAD_MAX &&
           pthread_create(&threads[started], NULL, run_thread, &start) == 0)
        started++;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    function(user, true);
    while (started)
        pthread_join(threads[--started], NULL);
}

static size_t page_bytes(void)
{
    const long bytes = sysconf(_SC_PAGESIZE);
    return bytes > 0 ? (size_t)bytes : 4096;
}

/* Reserves size_bytes of address space at a multiple of 2 MiB. NULL when there is none. */
static uint8_t *reserve_aligned(size_t size_bytes)
{
    uint8_t *start =
        mmap(NULL, size_bytes + OS_HUGE_BYTES, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (start == MAP_FAILED)
        return NULL;
    uint8_t *aligned = (uint8_t *)align_up((uintptr_t)start, OS_HUGE_BYTES);
    if (aligned != start)
        munmap(start, (size_t)(aligned - start));
    uint8_t *end = (uint8_t *)align_up((uintptr_t)(aligned + size_bytes), page_bytes());
    uint8_t *reserved = (uint8_t *)align_up((uintptr_t)(start + size_bytes + OS_HUGE_BYTES), page_bytes());
    if (end < reserved)
        munmap(end, (size_t)(reserved - end));
    return aligned;
}

void *os_pages_allocate(size_t size_bytes)
{
    if (size_bytes < OS_HUGE_BYTES) {
        /* all at once: a fault for each of its pages would cost several times as much */
        const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE;
        void *small = mmap(NULL, size_bytes, PROT_READ | PROT_WRITE, flags, -1, 0);
        return small == MAP_FAILED ? NULL : small;
    }
    uint8_t *pages = reserve_aligned(size_bytes);
    if (!pages)
        return NULL;
    if (mprotect(pages, size_bytes, PROT_READ | PROT_WRITE)) {
        os_pages_release(pages, size_bytes);
        return NULL;
    }
    os_advise_huge(pages, size_bytes);
    return pages;
}

void os_pages_release(void *pages, size_t size_bytes)
{
    munmap(pages, size_bytes);
}

void os_advise_huge(void *memory, size_t size_bytes)
{
    (void)madvise(memory, size_bytes, MADV_HUGEPAGE); /* without it, memory is only slower */
}

uint64_t os_random_u64(void)
{
    uint64_t number = 0;
    if (getrandom(&number, sizeof(number), 0) == (ssize_t)sizeof(number))
        return number;
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return mix_u64((uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec) ^ mix_u64((uint64_t)getpid() << 32);
}

/*
 * The same open file under a number that is no standard stream's: a program that has closed its own may still print,
 * and what it prints must not land in our files. Closes the descriptor that it is given if it returns another or fails.
 */
static int leave_streams(int descriptor)
{
    if (descriptor < 0 || descriptor >= DESCRIPTOR_MIN)
        return descriptor;
    const int raised = fcntl(descriptor, F_DUPFD_CLOEXEC, DESCRIPTOR_MIN);
    const int os_error = errno;
    close(descriptor);
    errno = os_error;
    return raised;
}

/* A signal may interrupt an open where a server answers it. */
static int open_again(const char *path, int flags, mode_t mode)
{
    int descriptor;
    do {
        descriptor = open(path, flags, mode);
    } while (descriptor < 0 && errno == EINTR);
    return descriptor;
}

static int open_to_read(const char *path, int flags)
{
    return leave_streams(open_again(path, flags | O_RDONLY | O_CLOEXEC, 0));
}

static struct os_file_name name_of(const struct stat *info)
{
    return (struct os_file_name){ (uint64_t)info->st_dev, (uint64_t)info->st_ino };
}

static struct os_file_state state_of(const struct stat *info)
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
    *ret_name = name_of(&info);
    *ret_state = state_of(&info);
    return true;
}

char *os_absolute_path(struct pool *pool, const char *path, size_t *ret_bytes)
{
    char folder[PATH_MAX] = "";
    if (path[0] != '/' && !getcwd(folder, sizeof(folder)))
        folder[0] = 0; /* a folder that has no path: the path is kept as it is */
    *ret_bytes = strlen(folder) + 1 + strlen(path) + 1;
    char *absolute = pool_allocate(pool, *ret_bytes);
    if (absolute)
        snprintf(absolute, *ret_bytes, "%s%s%s", folder, folder[0] ? "/" : "", path);
    return absolute;
}

pecs_status os_file_open(const char *path, struct os_file *ret_file, pecs_error *error)
{
    /* O_NONBLOCK: opening a FIFO must not hang; it has no effect on regular files */
    const int descriptor = open_to_read(path, O_NONBLOCK | O_NOCTTY);
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
        .name = name_of(&info),
        .time_ns = state_of(&info).time_ns,
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

pecs_status os_file_map(const struct os_file *file, const char *path, const uint8_t **ret_bytes, pecs_error *error)
{
    if (file->size_bytes > SIZE_MAX - OS_HUGE_BYTES)
        return fail(error, PECS_E_LIMIT, "the file is larger than the address space");
    const size_t size = (size_t)file->size_bytes;
    uint8_t *bytes = mmap(NULL, size, PROT_READ, MAP_PRIVATE, file->descriptor, 0);
    if (bytes != MAP_FAILED && (uintptr_t)bytes % OS_HUGE_BYTES && size >= OS_HUGE_BYTES) {
        munmap(bytes, size);
        uint8_t *place = reserve_aligned(size);
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

struct os_publication {
    struct pool *pool;
    char target[PATH_MAX]; /* symbolic links followed */
    char temporary[PATH_MAX];
    int descriptor, directory;
    bool is_reserved; /* its space was allocated before it is written */
    uint64_t size_bytes;
};

/*
 * Whether the links lead to the file of that name. Those of /proc/self/fd lead to an open file, whatever their text
 * says: it may never have had a name, or have lost it. EOPNOTSUPP then, since only a name can be replaced.
 */
static int check_leads_to(const char *path, const char *target)
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

/* The target with its final symbolic links followed; a dangling one names the file to make. */
static int resolve_target(const char *path, char target[PATH_MAX])
{
    if (snprintf(target, PATH_MAX, "%s", path) >= PATH_MAX)
        return ENAMETOOLONG;
    for (int hops = 0; hops < 40; hops++) {
        char link[PATH_MAX], next[PATH_MAX];
        const ssize_t size = readlink(target, link, sizeof(link) - 1);
        if (size < 0 && errno != EINVAL && errno != ENOENT)
            return errno;
        if (size < 0)
            return hops ? check_leads_to(path, target) : 0;
        link[size] = 0;
        const char *slash = strrchr(target, '/');
        const int prefix = link[0] == '/' || !slash ? 0 : (int)(slash - target + 1);
        if (snprintf(next, PATH_MAX, "%.*s%s", prefix, target, link) >= PATH_MAX)
            return ENAMETOOLONG;
        memcpy(target, next, PATH_MAX);
    }
    return ELOOP;
}

/* 0 when the open file is what `path` names now, ENOENT when it is not. */
static int check_named(int descriptor, const char *path)
{
    struct stat open_file, named;
    if (fstat(descriptor, &open_file) || lstat(path, &named))
        return errno;
    return open_file.st_ino == named.st_ino && open_file.st_dev == named.st_dev ? 0 : ENOENT;
}

/* EWOULDBLOCK when another process has the lock. */
static int lock(int descriptor)
{
    while (flock(descriptor, LOCK_EX | LOCK_NB)) {
        if (errno != EINTR)
            return errno;
    }
    return 0;
}

/* Removes a temporary that nobody holds. True when the name is free now. */
static bool remove_stale(const char *path)
{
    const int descriptor = open_to_read(path, O_NOFOLLOW | O_NONBLOCK);
    if (descriptor < 0)
        return errno == ENOENT;
    const bool removed = !lock(descriptor) && !check_named(descriptor, path) && unlink(path) == 0;
    close(descriptor);
    return removed;
}

/*
 * Makes the temporary and locks it. EAGAIN when a cleaner saw it before it was locked, and took it for a stale one;
 * EEXIST when it is there. Of other failures no file stays behind.
 */
static int make_temporary(struct os_publication *publication, mode_t mode)
{
    const char *path = publication->temporary;
    const int opened = open_again(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
    if (opened < 0)
        return errno;
    const int descriptor = leave_streams(opened);
    int os_error = descriptor < 0 ? errno : 0;
    if (os_error) {
        (void)unlink(path);
        return os_error;
    }
    os_error = lock(descriptor);
    if (!os_error)
        os_error = check_named(descriptor, path);
    if (!os_error) {
        publication->descriptor = descriptor;
        return 0;
    }
    const bool cleaned = os_error == EWOULDBLOCK || os_error == ENOENT;
    if (!cleaned)
        (void)unlink(path);
    close(descriptor);
    return cleaned ? EAGAIN : os_error;
}

/*
 * Opens and locks a fresh temporary, trying numbers from 0; the first free number's followers are cleared of stale
 * ones.
 */
static int open_temporary(struct os_publication *publication, mode_t mode)
{
    const char *slash = strrchr(publication->target, '/');
    const char *name = slash ? slash + 1 : publication->target;
    const int prefix = (int)(name - publication->target);
    for (int number = 0; number < TEMPORARY_MAX; number++) {
        /* a name near the limit of 255 bytes is cut: the suffix must fit */
        if (snprintf(publication->temporary, PATH_MAX, "%.*s.%.230s.%d.pecs-tmp", prefix, publication->target, name,
                     number) >= PATH_MAX)
            return ENAMETOOLONG;
        for (int attempt = 0; attempt < 8; attempt++) {
            const int os_error = make_temporary(publication, mode);
            if (os_error != EAGAIN && os_error != EEXIST)
                return os_error;
            if (os_error == EEXIST && !remove_stale(publication->temporary))
                break; /* somebody is writing it */
        }
    }
    return EBUSY;
}

static void clear_stale_followers(const struct os_publication *publication)
{
    char path[PATH_MAX];
    const size_t suffix = strlen(".pecs-tmp");
    const size_t stem = strlen(publication->temporary) - suffix;
    size_t digits = stem;
    while (publication->temporary[digits - 1] != '.')
        digits--;
    const int own = (int)strtol(publication->temporary + digits, NULL, 10);
    for (int number = own + 1; number < TEMPORARY_MAX; number++) {
        if (snprintf(path, PATH_MAX, "%.*s%d.pecs-tmp", (int)digits, publication->temporary, number) >= PATH_MAX)
            return;
        if (access(path, F_OK) == 0)
            (void)remove_stale(path);
    }
}

static int open_directory(const char *target)
{
    char directory[PATH_MAX];
    const char *slash = strrchr(target, '/');
    if (!slash)
        memcpy(directory, ".", 2);
    else
        snprintf(directory, sizeof(directory), "%.*s", slash == target ? 1 : (int)(slash - target), target);
    return open_to_read(directory, O_DIRECTORY);
}

/* The mode of the file that will be replaced, *ret_replaces false when there is none; or why it cannot be. */
static int check_target(const char *target, bool *ret_replaces, mode_t *ret_mode)
{
    struct stat info;
    *ret_replaces = stat(target, &info) == 0;
    if (!*ret_replaces) {
        *ret_mode = 0666;
        return errno == ENOENT ? 0 : errno;
    }
    if (!S_ISREG(info.st_mode))
        return S_ISDIR(info.st_mode) ? EISDIR : EINVAL;
    /* what may not be written to is not replaced either, though the folder would allow it */
    if (faccessat(AT_FDCWD, target, W_OK, AT_EACCESS))
        return errno;
    *ret_mode = info.st_mode & 0777; /* never set-user-id: the new file is the saver's */
    return 0;
}

static int reserve_space(int descriptor, uint64_t size_bytes)
{
    for (int i = 0; i < RESERVE_TRIES; i++) {
        if (!fallocate(descriptor, 0, 0, (off_t)size_bytes))
            return 0;
        if (errno == EOPNOTSUPP || errno == ENOSYS)
            return 0; /* the space is then found while writing */
        if (errno != EINTR)
            return errno;
    }
    return 0;
}

static int begin(struct os_publication *publication, const char *path, uint64_t reserve_bytes)
{
    int os_error = resolve_target(path, publication->target);
    if (os_error)
        return os_error;
    const char *slash = strrchr(publication->target, '/');
    if (!(slash ? slash + 1 : publication->target)[0])
        return ENOENT; /* no name */
    bool replaces = false;
    mode_t mode = 0;
    os_error = check_target(publication->target, &replaces, &mode);
    if (os_error)
        return os_error;
    publication->directory = open_directory(publication->target);
    if (publication->directory < 0)
        return errno;
    /* never more open than the file replaced, also while it is written; a new one is left to the umask */
    os_error = open_temporary(publication, mode & 0666);
    if (os_error)
        return os_error;
    clear_stale_followers(publication);
    if (replaces && fchmod(publication->descriptor, mode))
        return errno;
    return reserve_bytes ? reserve_space(publication->descriptor, reserve_bytes) : 0;
}

pecs_status os_publication_begin(struct pool *pool, const char *path, uint64_t reserve_bytes,
                                 struct os_publication **ret_publication, pecs_error *error)
{
    struct os_publication *publication = pool_allocate(pool, sizeof(*publication));
    if (!publication)
        return fail_memory(error);
    publication->pool = pool;
    publication->descriptor = publication->directory = -1;
    publication->is_reserved = reserve_bytes > 0;
    publication->size_bytes = 0;
    const int os_error = begin(publication, path, reserve_bytes);
    if (os_error) {
        os_publication_abort(publication);
        struct stat info;
        const bool is_special = os_error == EINVAL && stat(path, &info) == 0 && !S_ISREG(info.st_mode);
        return fail_os(error, os_error, is_special ? "cannot save, not a regular file:" : "cannot save", path);
    }
    *ret_publication = publication;
    return PECS_OK;
}

/*
 * Asks the disk to begin with what was written since `offset`. A file whose space was not reserved gets its blocks now,
 * in pieces, which is faster than all at once at the rename, and is whole sooner. A failure shows when it is closed.
 */
static void begin_writeback(const struct os_publication *publication, uint64_t offset)
{
    if (!publication->is_reserved)
        (void)sync_file_range(publication->descriptor, (off_t)offset, (off_t)(publication->size_bytes - offset),
                              SYNC_FILE_RANGE_WRITE);
}

pecs_status os_publication_write(struct os_publication *publication, struct os_span *spans, size_t span_count,
                                 pecs_error *error)
{
    const uint64_t offset = publication->size_bytes;
    struct iovec vectors[OS_SPAN_MAX];
    for (size_t i = 0; i < span_count; i++)
        vectors[i] = (struct iovec){ (void *)(uintptr_t)spans[i].bytes, spans[i].size_bytes };
    struct iovec *next = vectors, *end = vectors + span_count;
    while (next < end) {
        ssize_t count = writev(publication->descriptor, next, (int)(end - next));
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            return fail_os(error, errno, "cannot write", publication->temporary);
        publication->size_bytes += (uint64_t)count;
        const struct iovec *before = next;
        while (next < end && (size_t)count >= next->iov_len)
            count -= (ssize_t)(next++)->iov_len;
        if (next == before && count == 0) /* no kernel should; trying forever would be worse */
            return fail_os(error, EIO, "cannot write", publication->temporary);
        if (next < end) {
            next->iov_base = (uint8_t *)next->iov_base + count;
            next->iov_len -= (size_t)count;
        }
    }
    begin_writeback(publication, offset);
    return PECS_OK;
}

/*
 * Some file systems tell only at a close what they could not write; here of a second descriptor, so that the lock
 * stays.
 */
static int close_copy(int descriptor)
{
    const int copy = fcntl(descriptor, F_DUPFD_CLOEXEC, DESCRIPTOR_MIN);
    return copy < 0 || close(copy) ? errno : 0;
}

/*
 * XFS says that a directory is synced also when it has shut itself down and dropped the change (xfs_dir_fsync does not
 * look; tests/faults/power_cut.py found it). Opening does look.
 */
static int sync_directory(int directory)
{
    if (fsync(directory))
        return errno;
    const int again = leave_streams(openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (again < 0)
        return errno == EIO ? EIO : 0; /* another error, of too many descriptors, says nothing of the disk */
    close(again);
    return 0;
}

pecs_status os_publication_commit(struct os_publication *publication, bool sync, pecs_error *error)
{
    pecs_status status = PECS_OK;
    const int os_error = !sync ? close_copy(publication->descriptor) : fsync(publication->descriptor) ? errno : 0;
    if (os_error)
        status = fail_os(error, os_error, sync ? "cannot sync" : "cannot write", publication->temporary);
    else if (rename(publication->temporary, publication->target))
        status = fail_os(error, errno, "cannot publish", publication->target);
    if (status) {
        os_publication_abort(publication);
        return status;
    }
    const int sync_error = sync ? sync_directory(publication->directory) : 0;
    if (sync_error)
        status = fail_os(error, sync_error, "published, but perhaps not durable: cannot sync the directory of",
                         publication->target);
    close(publication->descriptor);
    publication->descriptor = -1;
    os_publication_abort(publication);
    return status;
}

void os_publication_abort(struct os_publication *publication)
{
    if (publication->descriptor >= 0) {
        (void)unlink(publication->temporary); /* before the lock goes */
        close(publication->descriptor);
    }
    if (publication->directory >= 0)
        close(publication->directory);
    pool_release(publication->pool, publication, sizeof(*publication));
}
