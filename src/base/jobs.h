/*
 * Jobs: independent numbered pieces of work, run on as many threads as the user asked for. The error does not depend on
 * the threads: it is that of the failing job with the lowest number.
 */
#ifndef PECS_BASE_JOBS_H
#define PECS_BASE_JOBS_H

#include "os.h"

#include <pecs/status.h>

#include <stdatomic.h>

struct jobs {
    uint64_t count;
    pecs_status (*run)(void *user, uint64_t job, pecs_error *error);
    void *user;
    uint32_t thread_count; /* includes the caller's thread; 0 and 1: no other thread */
    /* Progress callback, on the caller's thread between its jobs. Return false to cancel. May be NULL. */
    bool (*progress)(void *user, uint64_t done_count);
};

/* Returns when all started jobs have ended: the status of the first failed job, PECS_E_CANCELLED or PECS_OK. */
pecs_status jobs_run(const struct jobs *jobs, pecs_error *error);

/*
 * The same in two calls, between which the caller does something else: begin starts the other threads, and end works
 * with them. The crew stays where it is from begin to end.
 */
struct jobs_crew {
    struct jobs jobs;
    struct os_threads threads;
    _Atomic uint64_t next, done_count;
    _Atomic uint64_t first_failed; /* UINT64_MAX: none */
    _Atomic bool is_cancelled;
    struct os_mutex mutex; /* guards the two below */
    pecs_status status;
    pecs_error error;
};
void jobs_begin(struct jobs_crew *crew, const struct jobs *jobs);
pecs_status jobs_end(struct jobs_crew *crew, pecs_error *error);
/* Instead of end: jobs that are not started yet are left out. */
void jobs_abandon(struct jobs_crew *crew);

#endif
