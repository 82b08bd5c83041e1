/* Jobs: each number once, the first failure returned, whatever the number of threads. */
#define _GNU_SOURCE
#include "jobs.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

enum { MANY = 1000 };

struct record {
    _Atomic uint32_t times[MANY];
    uint64_t fails_from, progress_count, last_done, stop_at;
};

static pecs_status note(void *user, uint64_t job, pecs_error *error)
{
    struct record *record = user;
    atomic_fetch_add(&record->times[job], 1);
    if (job < record->fails_from)
        return PECS_OK;
    error->offset = job;
    return error->status = job % 2 ? PECS_E_CORRUPT : PECS_E_IO;
}

static bool note_progress(void *user, uint64_t done_count)
{
    struct record *record = user;
    record->progress_count++;
    record->last_done = done_count;
    return record->progress_count != record->stop_at;
}

static const uint32_t thread_counts[] = { 0, 1, 2, 3, 64, 1000 };
enum { THREAD_COUNTS = sizeof(thread_counts) / sizeof(thread_counts[0]) };

Test(jobs, each_is_done_once)
{
    for (int i = 0; i < THREAD_COUNTS; i++) {
        static struct record record;
        record = (struct record){ .fails_from = MANY };
        const struct jobs jobs = { .count = MANY, .run = note, .user = &record, .thread_count = thread_counts[i] };
        cr_assert_eq(jobs_run(&jobs, NULL), PECS_OK);
        for (int job = 0; job < MANY; job++)
            cr_assert_eq(record.times[job], 1);
    }
}

Test(jobs, the_first_failure_is_returned)
{
    for (int i = 0; i < THREAD_COUNTS; i++) {
        for (uint64_t first = 0; first < MANY; first += 111) {
            static struct record record;
            record = (struct record){ .fails_from = first };
            const struct jobs jobs = { .count = MANY, .run = note, .user = &record, .thread_count = thread_counts[i] };
            pecs_error error = { .message = "" };
            cr_assert_eq(jobs_run(&jobs, &error), first % 2 ? PECS_E_CORRUPT : PECS_E_IO);
            cr_assert_eq(error.offset, first);
            for (uint64_t job = 0; job <= first; job++)
                cr_assert_eq(record.times[job], 1, "what comes before it is done");
        }
    }
}

Test(jobs, none)
{
    const struct jobs jobs = { .count = 0, .run = note, .thread_count = 4 };
    cr_assert_eq(jobs_run(&jobs, NULL), PECS_OK);
}

Test(jobs, progress_on_the_callers_thread)
{
    static struct record record;
    record = (struct record){ .fails_from = MANY };
    const struct jobs jobs = {
        .count = MANY, .run = note, .user = &record, .thread_count = 1, .progress = note_progress
    };
    cr_assert_eq(jobs_run(&jobs, NULL), PECS_OK);
    cr_assert_eq(record.progress_count, MANY);
    cr_assert_eq(record.last_done, MANY);
}

Test(jobs, cancelled)
{
    for (int i = 0; i < THREAD_COUNTS; i++) {
        static struct record record;
        record = (struct record){ .fails_from = MANY, .stop_at = 1 };
        const struct jobs jobs = {
            .count = MANY, .run = note, .user = &record, .thread_count = thread_counts[i], .progress = note_progress
        };
        pecs_error error = { .message = "" };
        const pecs_status status = jobs_run(&jobs, &error);
        /* other threads may leave nothing to the caller's */
        cr_assert(status == PECS_E_CANCELLED || (thread_counts[i] > 1 && status == PECS_OK && !record.progress_count));
        cr_assert_leq(record.progress_count, 1);
    }
}

Test(jobs, the_caller_does_something_else_between_begin_and_end)
{
    for (int i = 0; i < THREAD_COUNTS; i++)
        for (uint64_t count = 0; count < 3; count++) {
            static struct record record;
            struct jobs_crew crew;
            pecs_error error = { .message = "" };
            record = (struct record){ .fails_from = 1 };
            const struct jobs jobs = { .count = count,
                                       .run = note,
                                       .user = &record,
                                       .thread_count = thread_counts[i],
                                       .progress = note_progress };
            jobs_begin(&crew, &jobs);
            if (thread_counts[i] > 1) /* all of it is done by others, whatever the caller does */
                while (count && !record.times[0])
                    usleep(100);
            else
                cr_assert_eq(record.times[0], 0);
            cr_assert_eq(jobs_end(&crew, &error), count > 1 ? PECS_E_CORRUPT : PECS_OK);
            cr_assert_eq(error.offset, count > 1 ? 1 : 0);
            cr_assert_eq(record.times[0], count > 0);
            cr_assert_eq(record.times[1], count > 1);
        }
}

static void wait_until(const _Atomic bool *is_so)
{
    while (!*is_so)
        usleep(100);
}

static _Atomic bool has_begun, may_end;

static pecs_status wait_job(void *user, uint64_t job, pecs_error *error)
{
    (void)error;
    has_begun = true;
    wait_until(&may_end);
    return note(user, job, error);
}

static void *let_end(void *unused)
{
    usleep(20000);
    may_end = true;
    return unused;
}

Test(jobs, those_that_are_abandoned_are_left_out_or_end)
{
    static struct record record;
    struct jobs_crew crew;
    pthread_t thread;
    record = (struct record){ .fails_from = MANY };
    jobs_begin(&crew, &(struct jobs){ .count = MANY, .run = note, .user = &record, .thread_count = 1 });
    jobs_abandon(&crew);
    cr_assert_eq(record.times[0], 0);
    jobs_begin(&crew, &(struct jobs){ .count = MANY, .run = wait_job, .user = &record, .thread_count = 2 });
    wait_until(&has_begun);
    cr_assert_eq(pthread_create(&thread, NULL, let_end, NULL), 0);
    jobs_abandon(&crew);
    cr_assert_eq(record.times[0], 1, "it had begun, and has ended");
    cr_assert_eq(record.times[1], 0);
    cr_assert_eq(pthread_join(thread, NULL), 0);
}
