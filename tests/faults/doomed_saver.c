/*
 * A process that saves until it is killed, and commands that check what it left.
 *
 *     doomed_saver save PATH FIRST [--family F] [--entities N] [--alone 1] [--named 1] [WRITER]
 *         loads the file, reports it, then saves numbers FIRST, FIRST + 1, ... endlessly. Reports each on standard
 *         output, one write a line: "found F N" or "none", "begin N", "saved N". Exits with 3 when a save
 *         fails. With --alone, no temporary may be there after the first save; with --named, the system has no
 *         unnamed files. WRITER are the options of sample_writer_option: with --stream, a save is a row stream.
 *     doomed_saver check PATH
 *         loads and resumes; prints "found F N" or "none". Exits with 1 if the file is not a complete world.
 *     doomed_saver watch PATH
 *         the same repeatedly, until standard input ends; then prints the number of checks and how many states
 *         it saw.
 */
#define _GNU_SOURCE
#include "fault_calls.h"
#include "sample_world.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct found {
    bool there;
    uint64_t family, number;
};

static void say(const char *format, ...)
{
    char line[128];
    va_list arguments;
    va_start(arguments, format);
    const int length = vsnprintf(line, sizeof(line), format, arguments);
    va_end(arguments);
    if (write(STDOUT_FILENO, line, (size_t)length) != length)
        _exit(4); /* the reader has gone */
}

static struct found look(const struct sample *sample, const char *path, bool is_resumed)
{
    struct found found = { .there = true };
    pecs_snapshot *snapshot = NULL;
    pecs_error error;
    const pecs_status status = is_resumed ? pecs_snapshot_resume(sample->registry, path, NULL, &snapshot, &error)
                                          : pecs_snapshot_load(sample->registry, path, NULL, &snapshot, &error);
    if (status == PECS_E_IO && error.os_error == ENOENT)
        return (struct found){ .there = false };
    sample_require(!status, "%s %s", pecs_status_name(status), error.message);
    sample_require(sample_is_whole(sample, pecs_snapshot_view(snapshot), &found.family, &found.number),
                   "the file has a world, but not a whole one");
    pecs_snapshot_release(snapshot);
    return found;
}

static void say_found(struct found found)
{
    if (found.there)
        say("found %" PRIu64 " %" PRIu64 "\n", found.family, found.number);
    else
        say("none\n");
}

/* A save removes what an earlier process left. */
static void check_folder(const char *path)
{
    char folder[512];
    const char *slash = strrchr(path, '/');
    snprintf(folder, sizeof(folder), "%.*s", (int)(slash - path), path);
    sample_require(sample_temporary_count(folder) == 0, "a temporary lies in %s after a save", folder);
}

static void refuse_unnamed(void *user, struct fault_event *event)
{
    (void)user;
    fault_lack(FAULT_LACKS_UNNAMED, event);
}

static int save(struct sample *sample, const char *path, uint64_t first, const struct sample_writer *writer, bool alone)
{
    pecs_error error;
    say_found(look(sample, path, false));
    for (uint64_t number = first;; number++) {
        sample_set_number(sample, number);
        say("begin %" PRIu64 "\n", number);
        if (sample_write(sample, path, writer, &error)) {
            fprintf(stderr, "%s\n", error.message);
            return 3;
        }
        say("saved %" PRIu64 "\n", number);
        if (alone && number == first)
            check_folder(path);
    }
}

static int check(const struct sample *sample, const char *path)
{
    const struct found loaded = look(sample, path, false);
    const struct found resumed = look(sample, path, true);
    sample_require(loaded.there == resumed.there && loaded.number == resumed.number, "load and resume differ");
    say_found(loaded);
    return 0;
}

static int watch(const struct sample *sample, const char *path)
{
    uint64_t look_count = 0, change_count = 0;
    struct found last = { .there = false };
    for (struct pollfd input = { .fd = STDIN_FILENO, .events = POLLIN }; poll(&input, 1, 0) == 0; look_count++) {
        const struct found found = look(sample, path, look_count % 2 == 0);
        sample_require(found.there || !last.there, "the file vanished");
        if (found.there && last.there && found.family == last.family)
            sample_require(found.number >= last.number, "an older state is back");
        change_count += found.there && (found.family != last.family || found.number != last.number);
        last = found;
    }
    say("looked %" PRIu64 " times, saw %" PRIu64 " changes\n", look_count, change_count);
    return 0;
}

int main(int argument_count, char **arguments)
{
    struct sample sample;
    if (argument_count < 3) {
        fprintf(stderr, "usage: %s save|check|watch PATH ...\n", arguments[0]);
        return 2;
    }
    const char *verb = arguments[1], *path = arguments[2];
    const struct sample_writer writer = sample_writer_option(argument_count, arguments);
    sample_init(&sample, NULL, sample_option(argument_count, arguments, "--family", 1),
                (uint32_t)sample_option(argument_count, arguments, "--entities", 4000));
    int result = 2;
    if (sample_option(argument_count, arguments, "--named", 0))
        fault_watch(&(struct fault_hooks){ .before = refuse_unnamed });
    if (strcmp(verb, "save") == 0 && argument_count > 3)
        result = save(&sample, path, strtoull(arguments[3], NULL, 10), &writer,
                      sample_option(argument_count, arguments, "--alone", 0) != 0);
    else if (strcmp(verb, "check") == 0)
        result = check(&sample, path);
    else if (strcmp(verb, "watch") == 0)
        result = watch(&sample, path);
    sample_deinit(&sample);
    return result;
}
