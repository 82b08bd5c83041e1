/*
 * Saving to and loading from descriptors: pipes, sockets and files, that block or do not, whose other end is slow or
 * gone. SIGPIPE never reaches the program, and what was pending of it stays. Descriptors stay open.
 */
#include "stream_fixture.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>

enum { ROWS = 60000 }; /* far more bytes than a pipe holds */

static void set_up(void)
{
    stream_set_up_rows(ROWS);
    cr_assert_gt(saved.size, 2 * 1024 * 1024);
}

TestSuite(descriptor, .init = set_up, .fini = stream_tear_down, .timeout = 60);

/* The other end of a pipe, on a thread of its own. */
struct peer {
    pthread_t thread;
    int descriptor;
    size_t size;       /* read or written */
    size_t stop_after; /* closes the descriptor then; 0: never */
    size_t step;
    bool is_slow;
    uint8_t *bytes; /* what was read */
};

static void peer_rest(const struct peer *peer, unsigned turn)
{
    if (peer->is_slow && turn % 50 == 0)
        usleep(1000);
}

static void *peer_read(void *argument)
{
    struct peer *peer = argument;
    peer->bytes = malloc(saved.size + 1);
    for (unsigned turn = 0;; turn++) {
        const size_t room = saved.size + 1 - peer->size;
        peer_rest(peer, turn);
        const ssize_t count = read(peer->descriptor, peer->bytes + peer->size, peer->step < room ? peer->step : room);
        if (count <= 0)
            break;
        peer->size += (size_t)count;
        if (peer->stop_after && peer->size >= peer->stop_after)
            break;
    }
    close(peer->descriptor);
    return NULL;
}

static void *peer_write(void *argument)
{
    struct peer *peer = argument;
    const size_t end = peer->stop_after ? peer->stop_after : saved.size;
    for (unsigned turn = 0; peer->size < end; turn++) {
        const size_t rest = end - peer->size;
        peer_rest(peer, turn);
        const ssize_t count = write(peer->descriptor, saved.bytes + peer->size, peer->step < rest ? peer->step : rest);
        if (count <= 0)
            break;
        peer->size += (size_t)count;
    }
    close(peer->descriptor);
    return NULL;
}

static void peer_start(struct peer *peer, void *(*function)(void *))
{
    cr_assert_eq(pthread_create(&peer->thread, NULL, function, peer), 0);
}

static void peer_end(struct peer *peer)
{
    cr_assert_eq(pthread_join(peer->thread, NULL), 0);
    free(peer->bytes);
}

/* ends[1] is written to. */
static void make_ends(bool is_socket, int ends[2])
{
    cr_assert_eq(is_socket ? socketpair(AF_UNIX, SOCK_STREAM, 0, ends) : pipe(ends), 0);
}

static void do_not_block(int descriptor)
{
    cr_assert_eq(fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK), 0);
}

static pecs_status save_to(int descriptor, pecs_error *error)
{
    const pecs_sink sink = pecs_sink_for_fd(descriptor);
    return pecs_snapshot_save_to(snapshot, &sink, NULL, error);
}

static pecs_status load_from(int descriptor, const pecs_load_options *options, pecs_error *error)
{
    const pecs_source source = pecs_source_for_fd(descriptor);
    pecs_snapshot *loaded = NULL;
    const pecs_status status = pecs_snapshot_load_from(registry, &source, options, &loaded, error);
    must(!status == (loaded != NULL));
    must(status || pecs_view_hash(pecs_snapshot_view(loaded)) == saved_hash);
    pecs_snapshot_release(loaded);
    return status;
}

/* Pipe and socket; blocking and not; a quick peer and one that takes small bites. */
static void each_way(void (*function)(bool is_socket, bool is_blocking, bool is_slow))
{
    for (int i = 0; i < 8; i++)
        function(i & 1, i & 2, i & 4);
}

static void save_through(bool is_socket, bool is_blocking, bool is_slow)
{
    int ends[2];
    pecs_error error;
    make_ends(is_socket, ends);
    if (!is_blocking)
        do_not_block(ends[1]);
    struct peer peer = { .descriptor = ends[0], .step = is_slow ? 3001 : 1 << 20, .is_slow = is_slow };
    peer_start(&peer, peer_read);
    cr_assert_eq(save_to(ends[1], &error), PECS_OK, "%s", error.message);
    cr_assert_eq(close(ends[1]), 0);
    cr_assert_eq(pthread_join(peer.thread, NULL), 0);
    cr_assert_eq(peer.size, saved.size);
    cr_assert_eq(memcmp(peer.bytes, saved.bytes, saved.size), 0);
    free(peer.bytes);
}

Test(descriptor, a_save_goes_through)
{
    each_way(save_through);
}

static void load_through(bool is_socket, bool is_blocking, bool is_slow)
{
    int ends[2];
    pecs_error error;
    make_ends(is_socket, ends);
    if (!is_blocking)
        do_not_block(ends[0]);
    struct peer peer = { .descriptor = ends[1], .step = is_slow ? 3001 : 1 << 20, .is_slow = is_slow };
    peer_start(&peer, peer_write);
    cr_assert_eq(load_from(ends[0], NULL, &error), PECS_OK, "%s", error.message);
    peer_end(&peer);
    cr_assert_eq(close(ends[0]), 0);
}

Test(descriptor, a_load_comes_through)
{
    each_way(load_through);
}

/* A peer that dies while it writes: what came is no file. */
Test(descriptor, a_writer_that_dies)
{
    for (size_t end = 1; end < saved.size; end = 7 * end + 1000) {
        int ends[2];
        pecs_error error;
        make_ends(false, ends);
        struct peer peer = { .descriptor = ends[1], .step = 10007, .stop_after = end };
        peer_start(&peer, peer_write);
        cr_assert_eq(load_from(ends[0], NULL, &error), PECS_E_CORRUPT);
        cr_assert_str_eq(error.rule, end < 128 ? "FILE-2" : "FOOTER-1");
        peer_end(&peer);
        close(ends[0]);
    }
}

/* SIGPIPE. */

static volatile sig_atomic_t signal_count;

static void count_signal(int number)
{
    (void)number;
    signal_count++;
}

static bool is_pending(void)
{
    sigset_t pending;
    return sigpending(&pending) == 0 && sigismember(&pending, SIGPIPE) == 1;
}

static bool is_blocked(void)
{
    sigset_t mask;
    return pthread_sigmask(SIG_BLOCK, NULL, &mask) == 0 && sigismember(&mask, SIGPIPE) == 1;
}

static void expect_broken_pipe(int descriptor)
{
    pecs_error error = { .message = "" };
    char expected[64];
    snprintf(expected, sizeof(expected), "cannot write descriptor %d: Broken pipe", descriptor);
    cr_assert_eq(save_to(descriptor, NULL), PECS_E_IO); /* the pool keeps a block that it needed */
    const uint64_t live_count = counting.live_count;
    cr_assert_eq(save_to(descriptor, &error), PECS_E_IO);
    cr_assert_eq(error.os_error, EPIPE);
    cr_assert_str_eq(error.message, expected);
    cr_assert_eq(counting.live_count, live_count);
    cr_assert_neq(fcntl(descriptor, F_GETFD), -1);
}

/* With the default action, which ends the process; from the first byte, and in the middle of a save. */
Test(descriptor, a_reader_that_has_gone_ends_nothing)
{
    cr_assert_neq(signal(SIGPIPE, SIG_DFL), SIG_ERR);
    for (int i = 0; i < 4; i++) {
        int ends[2];
        make_ends(i & 1, ends);
        struct peer peer = { .descriptor = ends[0], .step = 4096, .stop_after = i & 2 ? saved.size / 2 : 1 };
        peer_start(&peer, peer_read);
        expect_broken_pipe(ends[1]);
        expect_broken_pipe(ends[1]);
        peer_end(&peer);
        close(ends[1]);
        cr_assert(!is_pending() && !is_blocked());
    }
    struct sigaction action;
    cr_assert_eq(sigaction(SIGPIPE, NULL, &action), 0);
    cr_assert(action.sa_handler == SIG_DFL);
}

Test(descriptor, no_handler_is_called)
{
    int ends[2];
    cr_assert_neq(signal(SIGPIPE, count_signal), SIG_ERR);
    make_ends(false, ends);
    close(ends[0]);
    expect_broken_pipe(ends[1]);
    cr_assert_eq(signal_count, 0);
    const ssize_t count = write(ends[1], "x", 1); /* outside of a save it is, as ever */
    cr_assert(count == -1 && signal_count == 1);
    close(ends[1]);
}

/* The thread's mask is as before, and so is a SIGPIPE that waits for the thread to look. */
Test(descriptor, a_mask_and_a_pending_signal_stay)
{
    sigset_t only;
    int ends[2];
    cr_assert_neq(signal(SIGPIPE, count_signal), SIG_ERR);
    sigemptyset(&only);
    sigaddset(&only, SIGPIPE);
    cr_assert_eq(pthread_sigmask(SIG_BLOCK, &only, NULL), 0);
    make_ends(false, ends);
    close(ends[0]);
    expect_broken_pipe(ends[1]);
    cr_assert(is_blocked() && !is_pending());
    cr_assert_eq(raise(SIGPIPE), 0);
    cr_assert(is_pending());
    expect_broken_pipe(ends[1]);
    cr_assert(is_blocked() && is_pending());
    cr_assert_eq(pthread_sigmask(SIG_UNBLOCK, &only, NULL), 0);
    cr_assert_eq(signal_count, 1);
    close(ends[1]);
}

/* Errors. */

static void expect_write_error(int descriptor, int os_error)
{
    pecs_error error = { .message = "" };
    cr_assert_eq(save_to(descriptor, &error), PECS_E_IO);
    cr_assert_eq(error.os_error, os_error, "%s", error.message);
}

Test(descriptor, what_cannot_be_written)
{
    const int closed = dup(0), full = open("/dev/full", O_WRONLY), only_read = open("world.pecs", O_RDONLY);
    close(closed);
    expect_write_error(closed, EBADF);
    expect_write_error(-1, EBADF);
    expect_write_error(only_read, EBADF);
    expect_write_error(full, ENOSPC);
    close(full);
    close(only_read);
}

static void expect_read_error(int descriptor, int os_error)
{
    pecs_error error = { .message = "" };
    pecs_info *info = NULL;
    const pecs_source source = pecs_source_for_fd(descriptor);
    cr_assert_eq(load_from(descriptor, NULL, &error), PECS_E_IO);
    cr_assert_eq(error.os_error, os_error, "%s", error.message);
    cr_assert_eq(pecs_file_info_from(&source, NULL, NULL, &info, &error), PECS_E_IO);
    cr_assert_eq(error.os_error, os_error, "%s", error.message);
}

Test(descriptor, what_cannot_be_read)
{
    const int closed = dup(0), folder = open(".", O_RDONLY), only_write = open("world.pecs", O_WRONLY);
    pecs_error error;
    close(closed);
    expect_read_error(closed, EBADF);
    expect_read_error(-1, EBADF);
    expect_read_error(only_write, EBADF);
    expect_read_error(folder, EISDIR);
    close(folder);
    close(only_write);
    close(0); /* the standard streams have names */
    cr_assert_eq(load_from(0, NULL, &error), PECS_E_IO);
    cr_assert_str_eq(error.message, "cannot read standard input: Bad file descriptor");
}

/* Files: from where the descriptor stands, which a save moves on and a load does not. */
Test(descriptor, a_file_is_read_where_it_stands)
{
    const int file = open("container", O_RDWR | O_CREAT, 0644);
    const pecs_load_options options = { .thread_count = 3, .limits.max_bytes = saved.size };
    pecs_error error;
    cr_assert_eq(write(file, "header", 6), 6);
    cr_assert_eq(save_to(file, &error), PECS_OK, "%s", error.message);
    cr_assert_eq(lseek(file, 0, SEEK_CUR), (off_t)saved.size + 6);
    cr_assert_eq(lseek(file, 6, SEEK_SET), 6);
    cr_assert_eq(load_from(file, &options, &error), PECS_OK, "%s", error.message);
    cr_assert_eq(load_from(file, NULL, NULL), PECS_OK);
    cr_assert_eq(lseek(file, 0, SEEK_CUR), 6);
    const pecs_source source = pecs_source_for_fd(file);
    pecs_info *info = NULL;
    cr_assert_eq(pecs_file_info_from(&source, NULL, NULL, &info, &error), PECS_OK, "%s", error.message);
    cr_assert_eq(info->size_bytes, saved.size);
    pecs_info_destroy(info);
    cr_assert_eq(lseek(file, 1, SEEK_SET), 1);
    cr_assert_eq(load_from(file, NULL, &error), PECS_E_CORRUPT);
    cr_assert_eq(lseek(file, 100, SEEK_END), (off_t)saved.size + 106);
    cr_assert_eq(load_from(file, NULL, &error), PECS_E_CORRUPT);
    cr_assert_str_eq(error.rule, "FILE-2");
    close(file);
}

/* A pipe that is larger already is not made smaller. */
Test(descriptor, a_pipe_is_widened_at_most)
{
    int ends[2];
    make_ends(false, ends);
    const int before = fcntl(ends[1], F_GETPIPE_SZ);
    close(ends[0]);
    expect_broken_pipe(ends[1]);
    cr_assert_geq(fcntl(ends[1], F_GETPIPE_SZ), before);
    close(ends[1]);
}

/* A child that saves to a pipe and is killed leaves a stream that is cut. */
Test(descriptor, a_child_that_is_killed)
{
    int ends[2];
    make_ends(false, ends);
    const pid_t child = fork();
    if (child == 0) {
        close(ends[0]);
        _exit(save_to(ends[1], NULL) ? 1 : 0);
    }
    close(ends[1]);
    char some[5000];
    cr_assert_gt(read(ends[0], some, sizeof(some)), 0);
    cr_assert_eq(kill(child, SIGKILL), 0);
    cr_assert_eq(waitpid(child, NULL, 0), child);
    pecs_error error;
    cr_assert_eq(load_from(ends[0], NULL, &error), PECS_E_CORRUPT);
    close(ends[0]);
}
