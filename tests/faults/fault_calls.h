/*
 * The system calls of base/os_linux.c, os_file_linux.c and os_stream_linux.c, under control of a test: each may
 * fail, transfer less than requested, or be logged. In a program that is linked with fault_calls.c, these functions
 * replace those of the C library; without hooks they only call the kernel.
 *
 * The list is whole: tests/faults/check_calls.py compares it with what their objects refer to.
 */
#ifndef FAULT_CALLS_H
#define FAULT_CALLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#define FAULT_CALLS(X)                                                                                                 \
    X(access)                                                                                                          \
    X(chmod)                                                                                                           \
    X(clock_gettime)                                                                                                   \
    X(close)                                                                                                           \
    X(faccessat)                                                                                                       \
    X(fallocate)                                                                                                       \
    X(fchmod)                                                                                                          \
    X(fcntl)                                                                                                           \
    X(flock)                                                                                                           \
    X(fstat)                                                                                                           \
    X(fsync)                                                                                                           \
    X(getcwd)                                                                                                          \
    X(getrandom)                                                                                                       \
    X(linkat)                                                                                                          \
    X(lseek)                                                                                                           \
    X(lstat)                                                                                                           \
    X(madvise)                                                                                                         \
    X(mmap)                                                                                                            \
    X(mprotect)                                                                                                        \
    X(mremap)                                                                                                          \
    X(munmap)                                                                                                          \
    X(nanosleep)                                                                                                       \
    X(open)                                                                                                            \
    X(openat)                                                                                                          \
    X(poll)                                                                                                            \
    X(pread)                                                                                                           \
    X(read)                                                                                                            \
    X(readlink)                                                                                                        \
    X(rename)                                                                                                          \
    X(sigpending)                                                                                                      \
    X(sigtimedwait)                                                                                                    \
    X(stat)                                                                                                            \
    X(sync_file_range)                                                                                                 \
    X(unlink)                                                                                                          \
    X(writev)

enum fault_call {
#define X(name) FAULT_##name,
    FAULT_CALLS(X)
#undef X
        FAULT_CALL_COUNT
};

extern const char *const fault_call_names[FAULT_CALL_COUNT];

/* One call: its arguments, and what `before` decides. */
struct fault_event {
    enum fault_call call;
    uint64_t number; /* of all calls since fault_watch, from 1 */
    int descriptor;
    const char *path, *path_to;
    uint64_t offset, size_bytes; /* of read, pread, fallocate, sync_file_range and maps */
    const struct iovec *vectors; /* of writev */
    int vector_count;
    int flags; /* of open */

    int os_error;         /* not 0: the call fails with this errno, */
    bool has_effect;      /* although the kernel does it */
    uint64_t limit_bytes; /* not 0: read, pread and writev transfer at most so many bytes */
    bool moves_nothing;   /* read, pread and writev return 0 */
};

/* `before` may change the last four; `after` gets the result. Calls that the hooks make are not watched. */
struct fault_hooks {
    void (*before)(void *user, struct fault_event *event);
    void (*after)(void *user, const struct fault_event *event, long result);
    void *user;
};

/* Calls of this thread pass through the hooks until fault_unwatch. Not nested. */
void fault_watch(const struct fault_hooks *hooks);
uint64_t fault_unwatch(void); /* returns the number of calls */

/* Features that a system may lack. For `before`: the call fails as on such a system. */
enum fault_lack {
    FAULT_LACKS_NOTHING,
    FAULT_LACKS_UNNAMED, /* files without a name */
    FAULT_LACKS_PROC,    /* the mount of /proc */
};
void fault_lack(enum fault_lack lack, struct fault_event *event);
/* Whether the call opens an unnamed file. */
bool fault_opens_unnamed(const struct fault_event *event);

/* Bytes of address space that watched calls mapped, less those unmapped. */
int64_t fault_mapped_bytes(void);

#endif
