/*
 * System calls that pass through hooks. They call the kernel by number, so they do not depend on the C library's
 * functions or a sanitizer's.
 */
#define _GNU_SOURCE
#include "fault_calls.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

const char *const fault_call_names[FAULT_CALL_COUNT] = {
#define X(name) [FAULT_##name] = #name,
    FAULT_CALLS(X)
#undef X
};

enum { SPLIT_MAX = 1024, KERNEL_SIGSET_BYTES = 8 };

static struct fault_hooks active;
static volatile bool watching, inside;
static pthread_t watched;
static uint64_t call_count;
static int64_t mapped_bytes;

void fault_watch(const struct fault_hooks *hooks)
{
    active = *hooks;
    watched = pthread_self();
    call_count = 0;
    mapped_bytes = 0;
    inside = false;
    watching = true;
}

uint64_t fault_unwatch(void)
{
    watching = false;
    return call_count;
}

bool fault_opens_unnamed(const struct fault_event *event)
{
    return event->call == FAULT_open && (event->flags & O_TMPFILE) == O_TMPFILE;
}

void fault_lack(enum fault_lack lack, struct fault_event *event)
{
    if (lack == FAULT_LACKS_UNNAMED && fault_opens_unnamed(event))
        event->os_error = EOPNOTSUPP;
    if (lack == FAULT_LACKS_PROC && event->path && strncmp(event->path, "/proc/", 6) == 0)
        event->os_error = ENOENT;
}

int64_t fault_mapped_bytes(void)
{
    return mapped_bytes;
}

static bool is_watched(void)
{
    return watching && pthread_equal(pthread_self(), watched) && !inside;
}

static int64_t whole_pages(size_t size_bytes)
{
    return (int64_t)((size_bytes + 4095) & ~(size_t)4095);
}

/* Whether to call the kernel. */
static bool begin(struct fault_event *event)
{
    if (!is_watched())
        return true;
    event->number = ++call_count;
    inside = true;
    if (active.before)
        active.before(active.user, event);
    inside = false;
    return (!event->os_error && !event->moves_nothing) || event->has_effect;
}

static long end(const struct fault_event *event, long result)
{
    if (event->number == 0)
        return result;
    const int os_error = event->os_error ? event->os_error : errno;
    if (event->os_error || event->moves_nothing)
        result = event->os_error ? -1 : 0;
    inside = true;
    if (active.after)
        active.after(active.user, event, result);
    inside = false;
    errno = os_error;
    return result;
}

#define PASS(event, ...) end(&(event), begin(&(event)) ? syscall(__VA_ARGS__) : -1)

int access(const char *path, int mode)
{
    struct fault_event event = { .call = FAULT_access, .path = path };
    return (int)PASS(event, SYS_faccessat, AT_FDCWD, path, mode);
}

int chmod(const char *path, mode_t mode)
{
    struct fault_event event = { .call = FAULT_chmod, .path = path };
    return (int)PASS(event, SYS_fchmodat, AT_FDCWD, path, mode);
}

int clock_gettime(clockid_t clock, struct timespec *time)
{
    struct fault_event event = { .call = FAULT_clock_gettime };
    return (int)PASS(event, SYS_clock_gettime, clock, time);
}

int close(int descriptor)
{
    struct fault_event event = { .call = FAULT_close, .descriptor = descriptor };
    return (int)PASS(event, SYS_close, descriptor);
}

int faccessat(int directory, const char *path, int mode, int flags)
{
    struct fault_event event = { .call = FAULT_faccessat, .path = path };
    return (int)PASS(event, SYS_faccessat2, directory, path, mode, flags);
}

int fallocate(int descriptor, int mode, off_t offset, off_t size)
{
    struct fault_event event = {
        .call = FAULT_fallocate, .descriptor = descriptor, .offset = (uint64_t)offset, .size_bytes = (uint64_t)size
    };
    return (int)PASS(event, SYS_fallocate, descriptor, mode, offset, size);
}

int fchmod(int descriptor, mode_t mode)
{
    struct fault_event event = { .call = FAULT_fchmod, .descriptor = descriptor };
    return (int)PASS(event, SYS_fchmod, descriptor, mode);
}

int fcntl(int descriptor, int command, ...)
{
    struct fault_event event = { .call = FAULT_fcntl, .descriptor = descriptor };
    va_list arguments;
    va_start(arguments, command);
    const long argument = va_arg(arguments, long); /* reads a register, even if the caller passed no mode */
    va_end(arguments);
    return (int)PASS(event, SYS_fcntl, descriptor, command, argument);
}

int flock(int descriptor, int operation)
{
    struct fault_event event = { .call = FAULT_flock, .descriptor = descriptor };
    return (int)PASS(event, SYS_flock, descriptor, operation);
}

int fstat(int descriptor, struct stat *info)
{
    struct fault_event event = { .call = FAULT_fstat, .descriptor = descriptor };
    return (int)PASS(event, SYS_fstat, descriptor, info);
}

int fsync(int descriptor)
{
    struct fault_event event = { .call = FAULT_fsync, .descriptor = descriptor };
    return (int)PASS(event, SYS_fsync, descriptor);
}

char *getcwd(char *bytes, size_t size_bytes)
{
    struct fault_event event = { .call = FAULT_getcwd, .size_bytes = size_bytes };
    return PASS(event, SYS_getcwd, bytes, size_bytes) < 0 ? NULL : bytes;
}

ssize_t getrandom(void *bytes, size_t size_bytes, unsigned flags)
{
    struct fault_event event = { .call = FAULT_getrandom, .size_bytes = size_bytes };
    return PASS(event, SYS_getrandom, bytes, size_bytes, flags);
}

int linkat(int from_directory, const char *from, int to_directory, const char *to, int flags)
{
    struct fault_event event = {
        .call = FAULT_linkat, .descriptor = from_directory, .path = from, .path_to = to, .flags = flags
    };
    return (int)PASS(event, SYS_linkat, from_directory, from, to_directory, to, flags);
}

off_t lseek(int descriptor, off_t offset, int whence)
{
    struct fault_event event = { .call = FAULT_lseek, .descriptor = descriptor, .offset = (uint64_t)offset };
    return PASS(event, SYS_lseek, descriptor, offset, whence);
}

int lstat(const char *restrict path, struct stat *restrict info)
{
    struct fault_event event = { .call = FAULT_lstat, .path = path };
    return (int)PASS(event, SYS_newfstatat, AT_FDCWD, path, info, AT_SYMLINK_NOFOLLOW);
}

int madvise(void *memory, size_t size_bytes, int advice)
{
    struct fault_event event = { .call = FAULT_madvise, .size_bytes = size_bytes };
    return (int)PASS(event, SYS_madvise, memory, size_bytes, advice);
}

void *mmap(void *place, size_t size_bytes, int protection, int flags, int descriptor, off_t offset)
{
    struct fault_event event = {
        .call = FAULT_mmap, .descriptor = descriptor, .offset = (uint64_t)offset, .size_bytes = size_bytes
    };
    const long result = PASS(event, SYS_mmap, place, size_bytes, protection, flags, descriptor, offset);
    if (event.number && result != -1 && !(flags & MAP_FIXED))
        mapped_bytes += whole_pages(size_bytes);
    return (void *)result; /* -1 is MAP_FAILED */
}

int mprotect(void *memory, size_t size_bytes, int protection)
{
    struct fault_event event = { .call = FAULT_mprotect, .size_bytes = size_bytes };
    return (int)PASS(event, SYS_mprotect, memory, size_bytes, protection);
}

void *mremap(void *place, size_t size_bytes, size_t new_bytes, int flags, ...)
{
    struct fault_event event = { .call = FAULT_mremap, .size_bytes = new_bytes };
    va_list arguments;
    va_start(arguments, flags);
    void *target = flags & MREMAP_FIXED ? va_arg(arguments, void *) : NULL;
    va_end(arguments);
    const long result = PASS(event, SYS_mremap, place, size_bytes, new_bytes, flags, target);
    if (event.number && result == -1 && flags & MREMAP_FIXED) { /* some kernels unmap the target before they fail */
        syscall(SYS_munmap, target, new_bytes);
        mapped_bytes -= whole_pages(new_bytes);
    }
    if (event.number && result != -1) /* a fixed one replaces what was mapped there */
        mapped_bytes += (flags & MREMAP_FIXED ? 0 : whole_pages(new_bytes)) - whole_pages(size_bytes);
    return (void *)result;
}

int munmap(void *memory, size_t size_bytes)
{
    struct fault_event event = { .call = FAULT_munmap, .size_bytes = size_bytes };
    const int result = (int)PASS(event, SYS_munmap, memory, size_bytes);
    if (event.number && (result == 0 || event.has_effect))
        mapped_bytes -= whole_pages(size_bytes);
    return result;
}

int nanosleep(const struct timespec *time, struct timespec *left)
{
    struct fault_event event = { .call = FAULT_nanosleep };
    return (int)PASS(event, SYS_nanosleep, time, left);
}

int open(const char *path, int flags, ...)
{
    struct fault_event event = { .call = FAULT_open, .path = path, .flags = flags };
    va_list arguments;
    va_start(arguments, flags);
    const mode_t mode = flags & (O_CREAT | __O_TMPFILE) ? va_arg(arguments, mode_t) : 0;
    va_end(arguments);
    return (int)PASS(event, SYS_openat, AT_FDCWD, path, flags, mode);
}

int openat(int directory, const char *path, int flags, ...)
{
    struct fault_event event = { .call = FAULT_openat, .descriptor = directory, .path = path, .flags = flags };
    va_list arguments;
    va_start(arguments, flags);
    const mode_t mode = flags & (O_CREAT | __O_TMPFILE) ? va_arg(arguments, mode_t) : 0;
    va_end(arguments);
    return (int)PASS(event, SYS_openat, directory, path, flags, mode);
}

int poll(struct pollfd *files, nfds_t count, int timeout_ms)
{
    struct fault_event event = { .call = FAULT_poll };
    return (int)PASS(event, SYS_poll, files, count, timeout_ms);
}

ssize_t pread(int descriptor, void *bytes, size_t size_bytes, off_t offset)
{
    struct fault_event event = {
        .call = FAULT_pread, .descriptor = descriptor, .offset = (uint64_t)offset, .size_bytes = size_bytes
    };
    if (!begin(&event))
        return end(&event, -1);
    const size_t size = event.limit_bytes && event.limit_bytes < size_bytes ? event.limit_bytes : size_bytes;
    return end(&event, syscall(SYS_pread64, descriptor, bytes, size, offset));
}

ssize_t read(int descriptor, void *bytes, size_t size_bytes)
{
    struct fault_event event = { .call = FAULT_read, .descriptor = descriptor, .size_bytes = size_bytes };
    if (!begin(&event))
        return end(&event, -1);
    const size_t size = event.limit_bytes && event.limit_bytes < size_bytes ? event.limit_bytes : size_bytes;
    return end(&event, syscall(SYS_read, descriptor, bytes, size));
}

ssize_t readlink(const char *restrict path, char *restrict bytes, size_t size_bytes)
{
    struct fault_event event = { .call = FAULT_readlink, .path = path };
    return PASS(event, SYS_readlinkat, AT_FDCWD, path, bytes, size_bytes);
}

int rename(const char *from, const char *to)
{
    struct fault_event event = { .call = FAULT_rename, .path = from, .path_to = to };
    return (int)PASS(event, SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
}

int sigpending(sigset_t *pending)
{
    struct fault_event event = { .call = FAULT_sigpending };
    return (int)PASS(event, SYS_rt_sigpending, pending, KERNEL_SIGSET_BYTES);
}

int sigtimedwait(const sigset_t *restrict signals, siginfo_t *restrict info, const struct timespec *restrict timeout)
{
    struct fault_event event = { .call = FAULT_sigtimedwait };
    return (int)PASS(event, SYS_rt_sigtimedwait, signals, info, timeout, KERNEL_SIGSET_BYTES);
}

int stat(const char *restrict path, struct stat *restrict info)
{
    struct fault_event event = { .call = FAULT_stat, .path = path };
    return (int)PASS(event, SYS_newfstatat, AT_FDCWD, path, info, 0);
}

int sync_file_range(int descriptor, off_t offset, off_t size, unsigned flags)
{
    struct fault_event event = { .call = FAULT_sync_file_range,
                                 .descriptor = descriptor,
                                 .offset = (uint64_t)offset,
                                 .size_bytes = (uint64_t)size };
    return (int)PASS(event, SYS_sync_file_range, descriptor, offset, size, flags);
}

int unlink(const char *path)
{
    struct fault_event event = { .call = FAULT_unlink, .path = path };
    return (int)PASS(event, SYS_unlinkat, AT_FDCWD, path, 0);
}

/* Writes only the first bytes of the vectors, as a kernel may. */
static long write_limited(int descriptor, const struct iovec *vectors, int count, uint64_t limit_bytes)
{
    struct iovec some[SPLIT_MAX];
    int some_count = 0;
    for (int i = 0; i < count && i < SPLIT_MAX && limit_bytes; i++) {
        some[some_count] = vectors[i];
        if (some[some_count].iov_len > limit_bytes)
            some[some_count].iov_len = limit_bytes;
        limit_bytes -= some[some_count++].iov_len;
    }
    return syscall(SYS_writev, descriptor, some, some_count);
}

ssize_t writev(int descriptor, const struct iovec *vectors, int count)
{
    struct fault_event event = {
        .call = FAULT_writev, .descriptor = descriptor, .vectors = vectors, .vector_count = count
    };
    if (!begin(&event))
        return end(&event, -1);
    return end(&event, event.limit_bytes ? write_limited(descriptor, vectors, count, event.limit_bytes)
                                         : syscall(SYS_writev, descriptor, vectors, count));
}
