/*
 * The child is this program itself, started with --child; its standard output is a pipe to the parent. Each message is
 * one write() of less than PIPE_BUF bytes, so that a kill never leaves half a line.
 *
 * SIGKILL cannot be caught: the child has no chance to tidy up, which is the point of the example. The parent
 * learns from the messages alone where the kill hit: "saving" without "saved" means during a save.
 */
#define _GNU_SOURCE
#include "doomed_child.h"

#include "skirmish.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PATIENCE_MS 60000.0 /* a child that is silent for so long hangs */

extern char **environ;

double now_ms(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e3 + (double)time.tv_nsec / 1e6;
}

/* In the child. */

static bool say(const char *what, uint64_t frame, uint64_t hash)
{
    char line[96];
    const int length = snprintf(line, sizeof(line), "%s %" PRIu64 " %016" PRIx64 "\n", what, frame, hash);
    return write(STDOUT_FILENO, line, (size_t)length) == length;
}

/* "saved" follows the save at once, so that the parent does not mistake a kill after it for one during it. */
static bool save_and_say(skirmish *game, const char *save_path)
{
    pecs_error error;
    uint64_t hash;
    const pecs_view view = pecs_world_view(game->world);
    if (skirmish_hash(game, view, &hash) || !say("saving", skirmish_frame(view), hash))
        return false;
    if (pecs_world_save(game->world, save_path, NULL, &error)) {
        fprintf(stderr, "child: save: %s\n", error.message);
        return false;
    }
    return say("saved", skirmish_frame(view), hash);
}

int doomed_child_run(const char *save_path, uint64_t frames_per_save)
{
    skirmish game;
    pecs_error error;
    pecs_snapshot *snapshot = NULL;
    pecs_status status = skirmish_init(&game, &error);
    if (!status)
        status = skirmish_resume(&game, save_path, &snapshot, &error);
    if (status) {
        fprintf(stderr, "child: resume: %s\n", error.message);
        skirmish_deinit(&game);
        return 1;
    }
    uint64_t hash;
    const pecs_view view = pecs_snapshot_view(snapshot);
    bool going = !skirmish_hash(&game, view, &hash) && say("resumed", skirmish_frame(view), hash);
    pecs_snapshot_release(snapshot);
    while (going) {
        for (uint64_t i = 0; i < frames_per_save && !status; i++)
            status = skirmish_step(&game);
        if (status)
            fprintf(stderr, "child: step: %s\n", skirmish_message(&game, status));
        going = !status && save_and_say(&game, save_path);
    }
    skirmish_deinit(&game);
    return 1;
}

/* In the parent. */

static bool complain(const char *doing, int os_error)
{
    fprintf(stderr, "%s: %s\n", doing, strerror(os_error));
    return false;
}

static bool start(const char *save_path, uint64_t frames_per_save, pid_t *ret_pid, int *ret_pipe)
{
    int ends[2];
    char frames[24];
    snprintf(frames, sizeof(frames), "%" PRIu64, frames_per_save);
    char *const arguments[] = { "resume-demo", "--frames-per-save", frames, "--child", (char *)save_path, NULL };
    if (pipe2(ends, O_CLOEXEC))
        return complain("pipe", errno);
    posix_spawn_file_actions_t actions;
    int os_error = posix_spawn_file_actions_init(&actions);
    if (!os_error) {
        os_error = posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
        if (!os_error)
            os_error = posix_spawn(ret_pid, "/proc/self/exe", &actions, NULL, arguments, environ);
        posix_spawn_file_actions_destroy(&actions);
    }
    close(ends[1]); /* the child's end: when it dies, reading gives the end of the stream */
    if (os_error) {
        close(ends[0]);
        return complain("starting the child", os_error);
    }
    *ret_pipe = ends[0];
    return true;
}

bool same_state(struct reported_state a, struct reported_state b)
{
    return a.known && b.known && a.frame == b.frame && a.hash == b.hash;
}

struct listener {
    const struct kill_plan *plan;
    struct child_story story;
    double kill_at_ms; /* 0 until the plan says when */
};

static bool hear_line(struct listener *listener, char *what)
{
    struct child_story *story = &listener->story;
    struct reported_state state = { .known = true };
    char *frame = strchr(what, ' '), *rest;
    if (!frame)
        return false;
    *frame++ = 0;
    state.frame = strtoull(frame, &rest, 10);
    if (rest == frame || *rest != ' ')
        return false;
    state.hash = strtoull(rest, NULL, 16);
    if (strcmp(what, "resumed") == 0) {
        story->resumed = story->saved = state;
        if (!listener->plan->in_save)
            listener->kill_at_ms = now_ms() + listener->plan->delay_ms;
    } else if (strcmp(what, "saving") == 0) {
        story->saving = state;
        if (listener->plan->in_save && story->save_count + 1 == listener->plan->save_number)
            listener->kill_at_ms = now_ms() + listener->plan->delay_ms;
    } else if (strcmp(what, "saved") == 0 && same_state(story->saving, state)) {
        story->saved = story->saving;
        story->saving.known = false;
        story->save_count++;
    } else {
        return false;
    }
    return true;
}

/* Reads what the pipe has and hears every whole line of it. False at the end of the stream or at an unknown line. */
static bool hear(struct listener *listener, int pipe, char *text, size_t capacity, size_t *length, bool *ret_unknown)
{
    const ssize_t count = read(pipe, text + *length, capacity - *length);
    if (count <= 0)
        return count < 0 && errno == EINTR;
    *length += (size_t)count;
    char *line = text, *end;
    while ((end = memchr(line, '\n', *length - (size_t)(line - text)))) {
        *end = 0;
        if (!hear_line(listener, line)) {
            fprintf(stderr, "unknown line of the child: %s\n", line);
            *ret_unknown = true;
            return false;
        }
        line = end + 1;
    }
    *length -= (size_t)(line - text);
    memmove(text, line, *length);
    return *length < capacity;
}

static struct timespec time_of(double milliseconds)
{
    const int64_t nanoseconds = milliseconds > 0.0 ? (int64_t)(milliseconds * 1e6) : 0;
    return (struct timespec){ (time_t)(nanoseconds / 1000000000), (long)(nanoseconds % 1000000000) };
}

/* Listens until the child's end of the pipe is closed, and kills it at the planned moment. */
static bool listen_and_kill(struct listener *listener, pid_t pid, int pipe)
{
    char text[1024];
    size_t length = 0;
    bool killed = false, unknown = false;
    for (;;) {
        struct pollfd poller = { .fd = pipe, .events = POLLIN };
        const bool armed = !killed && listener->kill_at_ms > 0.0;
        const struct timespec timeout = time_of(armed ? listener->kill_at_ms - now_ms() : PATIENCE_MS);
        const int ready = ppoll(&poller, 1, &timeout, NULL);
        if (ready < 0 && errno != EINTR)
            return complain("poll", errno);
        if (ready == 0 && !armed) {
            fprintf(stderr, "the child hangs\n");
            return false;
        }
        if (ready == 0) {
            kill(pid, SIGKILL); /* the child is not waited for yet, so its id is still its own */
            killed = true;
        }
        if (ready > 0 && !hear(listener, pipe, text, sizeof(text), &length, &unknown))
            return killed && !unknown;
    }
}

bool doomed_child_watch(const char *save_path, uint64_t frames_per_save, const struct kill_plan *plan,
                        struct child_story *ret_story)
{
    struct listener listener = { .plan = plan };
    pid_t pid;
    int pipe = -1, how;
    if (!start(save_path, frames_per_save, &pid, &pipe))
        return false;
    const bool heard = listen_and_kill(&listener, pid, pipe);
    kill(pid, SIGKILL); /* also when listening failed */
    close(pipe);
    while (waitpid(pid, &how, 0) < 0) {
        if (errno != EINTR)
            return complain("waiting for the child", errno);
    }
    if (!heard || !WIFSIGNALED(how) || WTERMSIG(how) != SIGKILL) {
        fprintf(stderr, "the child did not die by the kill that was planned\n");
        return false;
    }
    *ret_story = listener.story;
    return true;
}
