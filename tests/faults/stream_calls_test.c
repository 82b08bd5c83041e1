/*
 * Every system call of saves and row streams to descriptors and memory, of loads from descriptors and callbacks, of
 * rows in one pass and of their information fails: the n-th once, or all later ones of its kind too, with each errno
 * that the call may return; or it transfers fewer bytes than requested, or none. After each, it is checked that
 *
 *   - the status is OK only if the result is complete;
 *   - the error carries an errno that was given, and words;
 *   - an interruption, or a descriptor that would block, changes nothing;
 *   - memory and address space are as before, the user's descriptor is open, and SIGPIPE neither pending nor blocked.
 */
#define _GNU_SOURCE
#include "counting_allocator.h"
#include "fault_calls.h"
#include "sample_world.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum verb {
    SAVE_FILE,
    SAVE_GONE,
    SAVE_MEMORY,
    LOAD_FILE,
    LOAD_PIPE,
    LOAD_ONE_WAY,
    INFO_FILE,
    INFO_PIPE,
    PUT_ROWS,
    ROWS_FILE,
    ROWS_PIPE
};

static const struct scenario {
    const char *name;
    enum verb verb;
    uint32_t entity_count;
    bool system_memory; /* else counted */
    pecs_profile profile;
} scenarios[] = {
    { "save to a file", SAVE_FILE, 3, false, PECS_PROFILE_OFF },
    { "save to a file, large", SAVE_FILE, 120000, true, PECS_PROFILE_OFF },
    { "save to a pipe without reader", SAVE_GONE, 3, false, PECS_PROFILE_OFF },
    { "save to memory", SAVE_MEMORY, 120000, true, PECS_PROFILE_OFF },
    { "load of a file", LOAD_FILE, 3, false, PECS_PROFILE_OFF },
    { "load of a file, large", LOAD_FILE, 120000, true, PECS_PROFILE_OFF },
    { "load of a pipe", LOAD_PIPE, 3, false, PECS_PROFILE_OFF },
    { "load of one way, large", LOAD_ONE_WAY, 300000, true, PECS_PROFILE_OFF },
    { "information of a file", INFO_FILE, 3, false, PECS_PROFILE_OFF },
    { "information of a pipe", INFO_PIPE, 3, false, PECS_PROFILE_OFF },
    { "save to a file, fast", SAVE_FILE, 3, false, PECS_PROFILE_FAST },
    { "save to a file, large, fast", SAVE_FILE, 120000, true, PECS_PROFILE_FAST },
    { "save to memory, fast", SAVE_MEMORY, 120000, true, PECS_PROFILE_FAST },
    { "load of a file, fast", LOAD_FILE, 3, false, PECS_PROFILE_FAST },
    { "load of a pipe, fast", LOAD_PIPE, 3, false, PECS_PROFILE_FAST },
    { "load of a file, large, fast", LOAD_FILE, 120000, true, PECS_PROFILE_FAST },
    { "information of a pipe, fast", INFO_PIPE, 3, false, PECS_PROFILE_FAST },
    { "rows to a file", PUT_ROWS, 3, false, PECS_PROFILE_OFF },
    { "rows to a file, large", PUT_ROWS, 120000, true, PECS_PROFILE_OFF },
    { "rows to a file, large, fast", PUT_ROWS, 120000, true, PECS_PROFILE_FAST },
    { "rows of a file", ROWS_FILE, 3, false, PECS_PROFILE_OFF },
    { "rows of a file, large", ROWS_FILE, 120000, true, PECS_PROFILE_OFF },
    { "rows of a pipe", ROWS_PIPE, 3, false, PECS_PROFILE_OFF },
};

enum { ERROR_MAX = 6, CALL_MAX = 256, STORM = 100 };
static const int call_errors[FAULT_CALL_COUNT][ERROR_MAX] = {
    [FAULT_fcntl] = { EBADF, EPERM, EBUSY },
    [FAULT_fstat] = { EIO, EBADF },
    [FAULT_getrandom] = { ENOSYS, EINTR },
    [FAULT_clock_gettime] = { EINVAL },
    [FAULT_lseek] = { ESPIPE, EBADF },
    [FAULT_madvise] = { EINVAL },
    [FAULT_mmap] = { ENOMEM, EAGAIN },
    [FAULT_mprotect] = { ENOMEM },
    [FAULT_mremap] = { ENOMEM },
    [FAULT_pread] = { EIO, EINTR },
    [FAULT_read] = { EIO, EINTR, EAGAIN, ECONNRESET },
    [FAULT_sigpending] = { EINVAL },
    [FAULT_sigtimedwait] = { EINTR },
    [FAULT_writev] = { ENOSPC, EIO, EINTR, EAGAIN, EFBIG },
};

enum effect { FAILS, MOVES_ONE_BYTE, MOVES_SOME, MOVES_NOTHING, EFFECT_COUNT };

struct story {
    uint64_t nth;
    enum fault_call call;
    enum effect effect;
    int os_error;
    bool goes_on;   /* all later ones of its kind fail too */
    int poll_error; /* each wait for the descriptor fails with this; 0: none does */

    enum fault_call calls[CALL_MAX];
    uint64_t call_count, hit_count;
    bool is_over; /* what comes now releases the result */
};

static void before_call(void *user, struct fault_event *event)
{
    struct story *story = user;
    if (story->is_over)
        return;
    if (story->call_count < CALL_MAX)
        story->calls[story->call_count++] = event->call;
    if (event->call == FAULT_poll)
        event->os_error = story->poll_error;
    const bool passes = story->os_error == EINTR || story->os_error == EAGAIN;
    if (!story->nth || event->number < story->nth || event->call != story->call ||
        (event->number > story->nth && !story->goes_on) || (passes && story->hit_count == STORM))
        return;
    story->hit_count++;
    event->os_error = story->effect == FAILS ? story->os_error : 0;
    event->moves_nothing = story->effect == MOVES_NOTHING;
    event->limit_bytes = story->effect == MOVES_ONE_BYTE ? 1 : story->effect == MOVES_SOME ? 4093 : 0;
}

struct scene {
    const struct scenario *scenario;
    struct sample sample;
    pecs_snapshot *snapshot;
    pecs_save_options options;
    char folder[256], path[300];
    uint8_t *bytes;
    uint64_t size, row_count, run_count, failed_count;
    int descriptor;      /* the user's */
    uint64_t given_size; /* of the bytes, by one way */
};

static void scene_init(struct scene *scene, const struct scenario *scenario)
{
    pecs_error error;
    pecs_summary summary;
    memset(scene, 0, sizeof(*scene));
    scene->scenario = scenario;
    sample_folder_make(scene->folder, NULL);
    snprintf(scene->path, sizeof(scene->path), "%s/world.pecs", scene->folder);
    sample_init(&scene->sample, scenario->system_memory ? NULL : &counting_hooks, 7, scenario->entity_count);
    sample_set_number(&scene->sample, 1);
    scene->options.profile = scenario->profile;
    sample_require(!pecs_world_save(scene->sample.world, scene->path, &scene->options, &error), "%s", error.message);
    sample_require(!pecs_snapshot_take(scene->sample.world, &scene->snapshot), "no snapshot");
    pecs_view_summary(pecs_snapshot_view(scene->snapshot), &summary);
    scene->row_count = summary.entity_count;
    scene->bytes = sample_file_read(scene->path, &scene->size);
}

static void scene_deinit(struct scene *scene)
{
    pecs_snapshot_release(scene->snapshot);
    sample_deinit(&scene->sample);
    sample_require(counting.live_count == 0 && counting.wrong_count == 0, "%s: memory leaks", scene->scenario->name);
    sample_folder_remove(scene->folder);
    free(scene->bytes);
}

/* A pipe that holds the file, or one whose reader has gone. */
static int open_pipe(const struct scene *scene, bool is_read)
{
    int ends[2];
    sample_require(pipe(ends) == 0, "pipe: %s", strerror(errno));
    if (is_read)
        sample_require(write(ends[1], scene->bytes, scene->size) == (ssize_t)scene->size, "the pipe is too small");
    close(ends[!is_read ? 0 : 1]);
    return ends[is_read ? 0 : 1];
}

static void open_descriptor(struct scene *scene)
{
    switch (scene->scenario->verb) {
    case SAVE_FILE:
    case PUT_ROWS:
        scene->descriptor = open(scene->path, O_WRONLY | O_TRUNC);
        break;
    case LOAD_FILE:
    case LOAD_ONE_WAY: /* does not use it */
    case INFO_FILE:
    case ROWS_FILE:
        scene->descriptor = open(scene->path, O_RDONLY);
        break;
    default:
        scene->descriptor =
            open_pipe(scene, scene->scenario->verb != SAVE_GONE && scene->scenario->verb != SAVE_MEMORY);
    }
    sample_require(scene->descriptor >= 0, "%s: %s", scene->path, strerror(errno));
}

/* Gives the file a mebibyte a call, and does not know its size. */
static pecs_status give_one_way(void *user, void *bytes, size_t size_bytes, size_t *ret_size, pecs_error *error)
{
    struct scene *scene = user;
    const uint64_t left = scene->size - scene->given_size, some = left < 1048576 ? left : 1048576;
    (void)error;
    *ret_size = size_bytes < some ? size_bytes : (size_t)some;
    memcpy(bytes, scene->bytes + scene->given_size, *ret_size);
    scene->given_size += *ret_size;
    return PECS_OK;
}

static pecs_status run_load(struct scene *scene, struct story *story, pecs_error *error)
{
    const pecs_source source = scene->scenario->verb == LOAD_ONE_WAY
                                   ? (pecs_source){ .read = give_one_way, .user = scene }
                                   : pecs_source_for_fd(scene->descriptor);
    pecs_snapshot *snapshot = NULL;
    uint64_t family, number;
    scene->given_size = 0;
    const pecs_status status = pecs_snapshot_load_from(scene->sample.registry, &source, NULL, &snapshot, error);
    story->is_over = true;
    sample_require(!status == (snapshot != NULL), "a snapshot beside an error, or none");
    sample_require(status || sample_is_whole(&scene->sample, pecs_snapshot_view(snapshot), &family, &number),
                   "the status is OK, but the snapshot is not whole");
    pecs_snapshot_release(snapshot);
    return status;
}

static pecs_status run_info(struct scene *scene, struct story *story, pecs_error *error)
{
    const pecs_source source = pecs_source_for_fd(scene->descriptor);
    pecs_info *info = NULL;
    const pecs_status status = pecs_file_info_from(&source, &counting_hooks, NULL, &info, error);
    story->is_over = true;
    sample_require(!status == (info != NULL) && (status || info->size_bytes == scene->size), "wrong information");
    pecs_info_destroy(info);
    return status;
}

/* Two times as many rows of the first type as the sample has entities; the file is whole, or there is none. */
static pecs_status run_put_rows(struct scene *scene, struct story *story, pecs_error *error)
{
    const pecs_sink sink = pecs_sink_for_fd(scene->descriptor);
    const pecs_stream_options options = { .session_nonce = 7, .profile = scene->options.profile };
    const pecs_value value = { 0, pecs_registry_type(scene->sample.registry, 0)->size, NULL };
    const pecs_rows rows = { .values = &value, .value_count = 1, .row_count = scene->scenario->entity_count };
    pecs_info *info = NULL;
    pecs_stream *stream = NULL;
    pecs_status status = pecs_stream_create_to(scene->sample.registry, &sink, &options, &stream, error);
    for (int i = 0; !status && i < 2; i++)
        status = pecs_stream_add(stream, &rows, NULL, error);
    if (!status)
        status = pecs_stream_finish(stream, NULL, error);
    pecs_stream_destroy(stream);
    story->is_over = true;
    const pecs_status found = pecs_file_info(scene->path, &counting_hooks, NULL, &info, NULL);
    sample_require(!status == !found, "the status is %s, but that of the file %s", pecs_status_name(status),
                   pecs_status_name(found));
    sample_require(found || info->entity_count == 2 * (uint64_t)scene->scenario->entity_count, "rows are missing");
    pecs_info_destroy(info);
    return status;
}

static pecs_status run_rows(struct scene *scene, struct story *story, pecs_error *error)
{
    const pecs_source source = pecs_source_for_fd(scene->descriptor);
    pecs_stream_reader *reader = NULL;
    pecs_stream_end end;
    pecs_rows rows = { .row_count = 1 };
    uint64_t row_count = 0;
    pecs_status status = pecs_stream_reader_open_from(scene->sample.registry, &source, NULL, &reader, error);
    while (!status && rows.row_count) {
        status = pecs_stream_reader_next(reader, &rows, error);
        row_count += status ? 0 : rows.row_count;
    }
    story->is_over = true;
    sample_require(status || (!pecs_stream_reader_end(reader, &end, NULL) && end.entity_count == row_count &&
                              row_count == scene->row_count),
                   "the status is OK, but rows are missing");
    pecs_stream_reader_close(reader);
    return status;
}

static pecs_status run_save_memory(struct scene *scene, struct story *story, pecs_error *error)
{
    void *bytes = NULL;
    size_t size = 0;
    const pecs_status status = pecs_snapshot_save_memory(scene->snapshot, &scene->options, &bytes, &size, error);
    story->is_over = true;
    sample_require(!status == (bytes != NULL), "memory beside an error, or none");
    sample_require(status || (size == scene->size && memcmp(bytes, scene->bytes, size) == 0),
                   "the memory is not whole");
    pecs_memory_release(bytes);
    return status;
}

static pecs_status run_verb(struct scene *scene, struct story *story, pecs_error *error)
{
    const pecs_sink sink = pecs_sink_for_fd(scene->descriptor);
    switch (scene->scenario->verb) {
    case SAVE_MEMORY:
        return run_save_memory(scene, story, error);
    case LOAD_FILE:
    case LOAD_PIPE:
    case LOAD_ONE_WAY:
        return run_load(scene, story, error);
    case INFO_FILE:
    case INFO_PIPE:
        return run_info(scene, story, error);
    case PUT_ROWS:
        return run_put_rows(scene, story, error);
    case ROWS_FILE:
    case ROWS_PIPE:
        return run_rows(scene, story, error);
    default:
        return pecs_snapshot_save_to(scene->snapshot, &sink, &scene->options, error);
    }
}

static void check_signals(void)
{
    sigset_t pending, mask;
    sigpending(&pending);
    sigprocmask(SIG_BLOCK, NULL, &mask);
    sample_require(!sigismember(&pending, SIGPIPE) && !sigismember(&mask, SIGPIPE), "SIGPIPE is pending or blocked");
}

static void check_error(const struct scene *scene, const struct story *story, const pecs_error *error)
{
    const bool moves_nothing = story->effect == MOVES_NOTHING;
    const bool is_gone = scene->scenario->verb == SAVE_GONE && error->os_error == EPIPE;
    sample_require(strlen(error->message) > 10, "the error has no message");
    if (error->status == PECS_E_IO)
        sample_require(is_gone || error->os_error == story->os_error || error->os_error == story->poll_error ||
                           (moves_nothing && error->os_error == EIO),
                       "errno %d, which no call gave: %s", error->os_error, error->message);
    else if (error->status == PECS_E_MEMORY)
        sample_require(story->call == FAULT_mmap || story->call == FAULT_mprotect || story->call == FAULT_mremap,
                       "out of memory");
    else
        sample_require(error->status == PECS_E_CORRUPT && moves_nothing, "%s", error->message);
}

static pecs_status run_with(struct scene *scene, struct story *story)
{
    const struct fault_hooks hooks = { before_call, NULL, story };
    const uint64_t live_count = counting.live_count;
    pecs_error error = { .status = PECS_OK };
    open_descriptor(scene);
    fault_watch(&hooks);
    const pecs_status status = run_verb(scene, story, &error);
    fault_unwatch();
    sample_require(counting.live_count == live_count && counting.wrong_count == 0, "memory leaks");
    sample_require(fault_mapped_bytes() == 0, "%" PRId64 " bytes of address space leak", fault_mapped_bytes());
    sample_require(fcntl(scene->descriptor, F_GETFD) >= 0, "the user's descriptor was closed");
    check_signals();
    close(scene->descriptor);
    if (status)
        check_error(scene, story, &error);
    if (!status && scene->scenario->verb == SAVE_FILE) {
        uint64_t size;
        uint8_t *bytes = sample_file_read(scene->path, &size);
        sample_require(size == scene->size && memcmp(bytes, scene->bytes, size) == 0, "the file is not whole");
        free(bytes);
    }
    sample_file_write(scene->path, scene->bytes, scene->size);
    scene->run_count++;
    scene->failed_count += status != PECS_OK;
    return status;
}

/* Once without being watched: the pool keeps a block that it needs for it. */
static void warm_up(struct scene *scene)
{
    struct story story = { .nth = 0 };
    pecs_error error;
    open_descriptor(scene);
    (void)run_verb(scene, &story, &error);
    close(scene->descriptor);
    sample_file_write(scene->path, scene->bytes, scene->size);
}

static const struct scenario *now_running;
static struct story now;

/* Prints what was tried when a check fails, before sample_fail ends the program. */
static void print_place(void)
{
    if (now_running)
        fprintf(stderr, "in: %s; call %" PRIu64 ", %s, effect %d, errno %d (%s), %s\n", now_running->name, now.nth,
                fault_call_names[now.call], (int)now.effect, now.os_error, strerror(now.os_error),
                now.goes_on ? "from then on" : "once");
}

static void try_fault(struct scene *scene, uint64_t nth, enum fault_call call, enum effect effect, int os_error,
                      bool goes_on)
{
    now = (struct story){ .nth = nth, .call = call, .effect = effect, .os_error = os_error, .goes_on = goes_on };
    const pecs_status status = run_with(scene, &now);
    const bool passes = os_error == EINTR || (os_error == EAGAIN && call != FAULT_mmap) || effect == MOVES_ONE_BYTE ||
                        effect == MOVES_SOME;
    sample_require(now.hit_count > 0, "the fault did not happen");
    sample_require(!passes || !status || scene->scenario->verb == SAVE_GONE, "what passes is an error");
}

static void try_call(struct scene *scene, uint64_t nth, enum fault_call call)
{
    for (int goes_on = 0; goes_on < 2; goes_on++) {
        for (int i = 0; i < ERROR_MAX && call_errors[call][i]; i++)
            try_fault(scene, nth, call, FAILS, call_errors[call][i], goes_on);
        if (call != FAULT_pread && call != FAULT_read && call != FAULT_writev)
            continue;
        for (int effect = MOVES_ONE_BYTE; effect < EFFECT_COUNT; effect++)
            if (effect != MOVES_ONE_BYTE || !goes_on || scene->scenario->entity_count < 100)
                try_fault(scene, nth, call, (enum effect)effect, 0, goes_on);
    }
}

/* The descriptor would block, and waiting for it fails, or is interrupted, which does not matter. */
static void try_waits(struct scene *scene, uint64_t nth, enum fault_call call)
{
    if (call != FAULT_read && call != FAULT_writev)
        return;
    now = (struct story){ .nth = nth, .call = call, .os_error = EAGAIN, .poll_error = ENOMEM };
    sample_require(run_with(scene, &now) == PECS_E_IO, "a wait that fails is no error");
    now = (struct story){ .nth = nth, .call = call, .os_error = EAGAIN, .poll_error = EINTR };
    sample_require(!run_with(scene, &now) || scene->scenario->verb == SAVE_GONE, "an interrupted wait is an error");
}

static uint64_t play(const struct scenario *scenario)
{
    static struct scene scene;
    static struct story calls;
    scene_init(&scene, scenario);
    warm_up(&scene);
    calls = (struct story){ .nth = 0 };
    const pecs_status status = run_with(&scene, &calls);
    sample_require(status == (scenario->verb == SAVE_GONE ? PECS_E_IO : PECS_OK), "%s: %s", scenario->name,
                   pecs_status_name(status));
    sample_require(calls.call_count < CALL_MAX, "%" PRIu64 " calls", calls.call_count);
    now_running = scenario;
    for (uint64_t nth = 1; nth <= calls.call_count; nth++)
        try_call(&scene, nth, calls.calls[nth - 1]);
    for (uint64_t nth = 1; nth <= calls.call_count; nth++)
        try_waits(&scene, nth, calls.calls[nth - 1]);
    now_running = NULL;
    printf("%-29s %3" PRIu64 " calls, %4" PRIu64 " runs with a fault: %4" PRIu64 " errors\n", scenario->name,
           calls.call_count, scene.run_count - 1, scene.failed_count);
    const uint64_t run_count = scene.run_count;
    scene_deinit(&scene);
    return run_count;
}

int main(void)
{
    uint64_t run_count = 0;
    atexit(print_place);
    for (size_t i = 0; i < sizeof(scenarios) / sizeof(scenarios[0]); i++)
        run_count += play(&scenarios[i]);
    printf("%" PRIu64 " runs, no promise broken\n", run_count);
    return run_count < 100;
}
