/*
 * Linux streams. Calls that a signal interrupts are made again; those that would block on a descriptor that does not
 * block wait for it. A write to a pipe or socket without a reader sends SIGPIPE to the writing thread: it is blocked
 * during the write and taken away afterwards, unless one was pending before, which belongs to the user. No signal
 * action, which all threads share, is touched.
 */
#define _GNU_SOURCE
#include "os_stream.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

static_assert((int)PECS_SPAN_MAX == (int)IOV_MAX, "a write takes all spans");

enum { PIPE_BYTES = 1024 * 1024 }; /* what a process without privileges may ask for */

/* Waits until the descriptor that gave the error may be used again. Returns 0, or the error if waiting does not help.
 */
static int os_wait_after(int os_error, int descriptor, short events)
{
    struct pollfd wanted = { .fd = descriptor, .events = events };
    if (os_error == EINTR)
        return 0;
    if (os_error != EAGAIN && os_error != EWOULDBLOCK)
        return os_error;
    return poll(&wanted, 1, -1) < 0 && errno != EINTR ? errno : 0;
}

/* Moves the vectors past `size` bytes, which were written. */
static struct iovec *os_vectors_advance(struct iovec *next, const struct iovec *end, size_t size)
{
    while (next < end && size >= next->iov_len)
        size -= (next++)->iov_len;
    if (next < end) {
        next->iov_base = (uint8_t *)next->iov_base + size;
        next->iov_len -= size;
    }
    return next;
}

int os_spans_write(int descriptor, const pecs_bytes *spans, size_t span_count)
{
    struct iovec vectors[PECS_SPAN_MAX];
    assert(span_count <= PECS_SPAN_MAX);
    for (size_t i = 0; i < span_count; i++)
        vectors[i] = (struct iovec){ (void *)(uintptr_t)spans[i].data, spans[i].size_bytes };
    struct iovec *next = vectors, *end = vectors + span_count;
    while (next < end) {
        const ssize_t count = writev(descriptor, next, (int)(end - next));
        if (count < 0) {
            const int os_error = os_wait_after(errno, descriptor, POLLOUT);
            if (os_error)
                return os_error;
            continue;
        }
        const struct iovec *before = next;
        next = os_vectors_advance(next, end, (size_t)count);
        if (next == before && count == 0)
            return EIO; /* no kernel should write nothing; do not loop */
    }
    return 0;
}

/* SIGPIPE of this thread while it writes. */
struct sigpipe_guard {
    sigset_t sigpipe, before;
    bool was_pending;
};

static void os_hold_sigpipe(struct sigpipe_guard *guard)
{
    sigset_t pending;
    sigemptyset(&guard->sigpipe);
    sigaddset(&guard->sigpipe, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &guard->sigpipe, &guard->before);
    guard->was_pending = sigpending(&pending) == 0 && sigismember(&pending, SIGPIPE) == 1;
}

static void os_let_sigpipe_go(const struct sigpipe_guard *guard, bool was_sent)
{
    const struct timespec at_once = { 0, 0 };
    if (was_sent && !guard->was_pending)
        while (sigtimedwait(&guard->sigpipe, NULL, &at_once) < 0 && errno == EINTR)
            ;
    pthread_sigmask(SIG_SETMASK, &guard->before, NULL);
}

int os_stream_write(int descriptor, const pecs_bytes *spans, size_t span_count)
{
    struct sigpipe_guard guard;
    os_hold_sigpipe(&guard);
    const int os_error = os_spans_write(descriptor, spans, span_count);
    os_let_sigpipe_go(&guard, os_error == EPIPE);
    return os_error;
}

void os_stream_widen(int descriptor)
{
    const int size = fcntl(descriptor, F_GETPIPE_SZ);
    if (size >= 0 && size < PIPE_BYTES)
        (void)fcntl(descriptor, F_SETPIPE_SZ, PIPE_BYTES); /* beyond the user's share it stays as it is */
}

int os_stream_read(int descriptor, void *bytes, size_t size_bytes, size_t *ret_size)
{
    for (;;) {
        const ssize_t count = read(descriptor, bytes, size_bytes);
        if (count >= 0) {
            *ret_size = (size_t)count;
            return 0;
        }
        const int os_error = os_wait_after(errno, descriptor, POLLIN);
        if (os_error)
            return os_error;
    }
}

bool os_stream_is_file(int descriptor)
{
    struct stat info;
    return fstat(descriptor, &info) == 0 && S_ISREG(info.st_mode);
}

int os_stream_size(int descriptor, uint64_t *ret_size_bytes)
{
    struct stat info;
    const off_t position = lseek(descriptor, 0, SEEK_CUR);
    if (position < 0 || fstat(descriptor, &info))
        return errno;
    *ret_size_bytes = info.st_size > position ? (uint64_t)(info.st_size - position) : 0;
    return 0;
}

int os_stream_read_at(int descriptor, uint64_t offset, void *bytes, size_t size_bytes, size_t *ret_size)
{
    const off_t position = lseek(descriptor, 0, SEEK_CUR);
    if (position < 0)
        return errno;
    ssize_t count;
    do {
        count = pread(descriptor, bytes, size_bytes, position + (off_t)offset);
    } while (count < 0 && errno == EINTR);
    if (count < 0)
        return errno;
    *ret_size = (size_t)count;
    return 0;
}

void os_stream_name(int descriptor, char ret_name[OS_STREAM_NAME_BYTES])
{
    static const char *const names[] = { "standard input", "standard output", "standard error" };
    if (descriptor >= 0 && descriptor < 3)
        snprintf(ret_name, OS_STREAM_NAME_BYTES, "%s", names[descriptor]);
    else
        snprintf(ret_name, OS_STREAM_NAME_BYTES, "descriptor %d", descriptor);
}
