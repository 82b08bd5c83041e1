/*
 * Saves are recorded, and the disk loses its power after each of their steps. From each state of the model
 * (disk_model.h), the last world reported as durable or the one being saved is loaded and resumed, never another one or
 * an error; and the next save works and removes temporaries.
 *
 * The model must find what it is for: the same states are made of logs in which a step is left out or done at another
 * time, and each of those must show a broken promise.
 *
 *     power_loss_test [--seed S] [WRITER]
 *
 * WRITER are the options of sample_writer_option: with --stream, each save is a row stream. On one thread, the default,
 * the calls are the same each time.
 */
#define _GNU_SOURCE
#include "disk_model.h"
#include "fault_calls.h"
#include "model_random.h"
#include "sample_world.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SAVE_COUNT = 4, SEEN_COUNT = 1 << 20 };
static const uint32_t entity_counts[SAVE_COUNT] = { 3, 400, 3, 900 };  /* files grow and shrink */
static const uint64_t write_limits[SAVE_COUNT] = { 0, 5000, 2000, 0 }; /* 0: no limit */

struct judge {
    struct sample reader;
    struct sample_writer writer;
    char folder[256], path[300];
    uint64_t *seen; /* hashes of states that were tried at this prefix */
    uint64_t state_count, distinct_count, bad_count;
    uint64_t durable, begun; /* numbers; 0: none */
    uint64_t found_old, found_new, found_none, temporary_count;
    bool stops; /* at the first invalid state */
    char first_bad[256];
};

static void record_saves(struct disk_log *log, const struct judge *judge, bool skip_sync, enum fault_lack lack)
{
    struct sample_writer writer = judge->writer;
    writer.skip_sync = skip_sync;
    for (uint64_t number = 1; number <= SAVE_COUNT; number++) {
        struct sample sample;
        pecs_error error;
        sample_init(&sample, NULL, 1, entity_counts[number - 1]);
        sample_set_number(&sample, number);
        disk_note(log, DISK_BEGUN, number);
        disk_record(log, write_limits[number - 1], lack);
        const pecs_status status = sample_write(&sample, judge->path, &writer, &error);
        fault_unwatch();
        sample_require(!status, "%s", error.message);
        disk_note(log, DISK_SAVED, number);
        sample_deinit(&sample);
    }
}

/* --- judging one state --- */

static bool is_new(struct judge *judge, uint64_t hash)
{
    hash |= 1;
    for (uint64_t at = hash >> 20;; at++) {
        uint64_t *place = &judge->seen[at % SEEN_COUNT];
        if (*place == hash)
            return false;
        if (*place == 0) {
            *place = hash;
            return true;
        }
    }
}

/* Returns the number of the world, 0 without a file. False: it is not complete. */
static bool look(struct judge *judge, bool resume, uint64_t *ret_number)
{
    pecs_snapshot *snapshot = NULL;
    pecs_error error;
    uint64_t family = 0;
    const pecs_status status = resume
                                   ? pecs_snapshot_resume(judge->reader.registry, judge->path, NULL, &snapshot, &error)
                                   : pecs_snapshot_load(judge->reader.registry, judge->path, NULL, &snapshot, &error);
    *ret_number = 0;
    if (status == PECS_E_IO && error.os_error == ENOENT)
        return true;
    if (status) {
        snprintf(judge->first_bad, sizeof(judge->first_bad), "%s %.200s", pecs_status_name(status), error.message);
        return false;
    }
    const bool whole = sample_is_whole(&judge->reader, pecs_snapshot_view(snapshot), &family, ret_number);
    if (!whole)
        snprintf(judge->first_bad, sizeof(judge->first_bad), "a world mixed of two");
    pecs_snapshot_release(snapshot);
    return whole;
}

static bool is_good(struct judge *judge)
{
    uint64_t loaded, resumed;
    if (!look(judge, false, &loaded) || !look(judge, true, &resumed))
        return false;
    if (loaded != resumed || (loaded != judge->durable && loaded != judge->begun)) {
        snprintf(judge->first_bad, sizeof(judge->first_bad), "world %" PRIu64 " where %" PRIu64 " is durable", loaded,
                 judge->durable);
        return false;
    }
    judge->found_none += loaded == 0;
    judge->found_old += loaded && loaded == judge->durable;
    judge->found_new += loaded && loaded != judge->durable;
    return true;
}

static void check_next_save(struct judge *judge)
{
    uint64_t number;
    pecs_error error;
    struct sample_writer writer = judge->writer;
    writer.skip_sync = true;
    const pecs_status status = sample_write(&judge->reader, judge->path, &writer, &error);
    sample_require(!status, "the next save: %s", error.message);
    sample_require(sample_entry_count(judge->folder) == 1, "the next save leaves a temporary");
    sample_require(look(judge, false, &number) && number == judge->reader.number, "the next save is not whole");
}

static bool try_state(void *user, const struct disk_state *state)
{
    struct judge *judge = user;
    judge->state_count++;
    if (!is_new(judge, state->hash))
        return true;
    judge->distinct_count++;
    sample_folder_clear(judge->folder);
    for (size_t i = 0; i < state->entry_count; i++) {
        char path[400];
        snprintf(path, sizeof(path), "%s/%s", judge->folder, state->entries[i].name);
        sample_file_write(path, state->entries[i].bytes, state->entries[i].size);
        judge->temporary_count += strstr(path, ".pecs-tmp") != NULL;
    }
    if (!is_good(judge))
        judge->bad_count++;
    else if (!judge->stops)
        check_next_save(judge);
    return !judge->stops || !judge->bad_count;
}

static void judge_log(struct judge *judge, const struct disk_log *log, uint64_t seed)
{
    judge->durable = judge->begun = 0;
    for (size_t prefix = 0; prefix <= log->count && !(judge->stops && judge->bad_count); prefix++) {
        if (prefix) {
            const struct disk_operation *last = &log->operations[prefix - 1];
            judge->begun = last->kind == DISK_BEGUN ? last->number : judge->begun;
            judge->durable = last->kind == DISK_SAVED ? last->number : judge->durable;
        }
        memset(judge->seen, 0, SEEN_COUNT * sizeof(uint64_t));
        disk_states(log, prefix, seed, try_state, judge);
    }
}

/* --- logs with a mistake --- */

enum mistake { NO_FILE_SYNC, NO_FOLDER_SYNC, SYNC_AFTER_NAME, IN_PLACE, ALL_SYNCS_LATE, MISTAKE_COUNT };
static const char *const mistake_names[MISTAKE_COUNT] = {
    "no sync of the file",
    "no sync of the folder",
    "the file's sync after its name",
    "written in place",
    "reported before the folder's sync",
};

static void swap_operations(struct disk_operation *a, struct disk_operation *b)
{
    const struct disk_operation kept = *a;
    *a = *b;
    *b = kept;
}

/*
 * Keeps the first creation of the target; later writes go to that file, from a length of zero that no sync makes
 * durable.
 */
static bool keeps_in_place(struct disk_operation *operation, bool *first)
{
    if (operation->kind == DISK_RENAME || operation->kind == DISK_LINK)
        return false;
    operation->file = 0;
    if (operation->kind != DISK_CREATE)
        return true;
    strcpy(operation->name, "world.pecs");
    const bool keeps = *first;
    *first = false;
    return keeps;
}

static void make_mistake(struct disk_log *log, const struct disk_log *right, enum mistake mistake)
{
    bool first = true;
    *log = *right;
    log->count = 0;
    for (size_t i = 0; i < right->count; i++) {
        struct disk_operation operation = right->operations[i];
        const bool drops = (mistake == NO_FILE_SYNC && operation.kind == DISK_SYNC) ||
                           (mistake == NO_FOLDER_SYNC && operation.kind == DISK_SYNC_FOLDER) ||
                           (mistake == IN_PLACE && !keeps_in_place(&operation, &first));
        if (!drops)
            log->operations[log->count++] = operation;
    }
    for (size_t i = 0; i + 1 < log->count; i++) {
        struct disk_operation *here = &log->operations[i], *next = here + 1;
        if ((mistake == SYNC_AFTER_NAME && here->kind == DISK_SYNC &&
             (next->kind == DISK_LINK || next->kind == DISK_RENAME)) ||
            (mistake == ALL_SYNCS_LATE && here->kind == DISK_SYNC_FOLDER && next->kind == DISK_SAVED))
            swap_operations(here, next);
    }
}

static void expect_bad(struct judge *judge, const struct disk_log *log, const char *name, uint64_t seed)
{
    judge->state_count = judge->distinct_count = judge->bad_count = 0;
    judge->stops = true;
    judge_log(judge, log, seed);
    printf("  %-34s found after %6" PRIu64 " distinct states: %s\n", name, judge->distinct_count, judge->first_bad);
    sample_require(judge->bad_count == 1, "the model does not find: %s", name);
}

static void expect_good(struct judge *judge, const struct disk_log *log, const char *way, uint64_t seed)
{
    judge->state_count = judge->distinct_count = judge->bad_count = 0;
    judge->found_old = judge->found_new = judge->found_none = judge->temporary_count = 0;
    judge->stops = false;
    judge_log(judge, log, seed);
    printf("%d durable saves, %s, %zu steps, power lost after each: %" PRIu64 " states, %" PRIu64 " of them distinct\n",
           SAVE_COUNT, way, log->count, judge->state_count, judge->distinct_count);
    printf("  the old world %" PRIu64 " times, the new one %" PRIu64 " times, no file yet %" PRIu64 " times; %" PRIu64
           " stale temporaries, all removed by the next save; %" PRIu64 " bad states\n",
           judge->found_old, judge->found_new, judge->found_none, judge->temporary_count, judge->bad_count);
    sample_require(judge->bad_count == 0, "a bad state: %s", judge->first_bad);
}

/* Saves of one kind, correct and with mistakes. Fewer states than `least` prove nothing. */
static void try_way(struct judge *judge, const char *way, enum fault_lack lack, uint64_t least, uint64_t seed)
{
    static struct disk_log log, wrong;
    record_saves(&log, judge, false, lack);
    expect_good(judge, &log, way, seed);
    sample_require(judge->found_old > least && judge->found_new > 10 && judge->temporary_count > least,
                   "the model no longer reaches what it is for");
    printf("what the model finds when it is done wrong:\n");
    for (int mistake = 0; mistake < MISTAKE_COUNT; mistake++) {
        make_mistake(&wrong, &log, (enum mistake)mistake);
        expect_bad(judge, &wrong, mistake_names[mistake], seed);
    }
    disk_log_free(&log);
    sample_folder_clear(judge->folder);
    record_saves(&log, judge, true, lack);
    expect_bad(judge, &log, "saves with skip_sync", seed);
    disk_log_free(&log);
    sample_folder_clear(judge->folder);
}

int main(int argument_count, char **arguments)
{
    static struct judge judge;
    const uint64_t seed = sample_option(argument_count, arguments, "--seed", 1);
    judge.writer = sample_writer_option(argument_count, arguments);
    sample_folder_make(judge.folder, NULL);
    snprintf(judge.path, sizeof(judge.path), "%s/world.pecs", judge.folder);
    judge.seen = calloc(SEEN_COUNT, sizeof(uint64_t));
    sample_init(&judge.reader, NULL, 2, 3);
    sample_set_number(&judge.reader, 1000);
    try_way(&judge, "unnamed", FAULT_LACKS_NOTHING, 5, seed);
    try_way(&judge, "named", FAULT_LACKS_UNNAMED, 1000, seed);
    sample_deinit(&judge.reader);
    sample_folder_remove(judge.folder);
    free(judge.seen);
    return 0;
}
