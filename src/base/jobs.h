/*
 * Jobs: independent numbered pieces of work, run on as many threads as the user asked for. The error does not depend on
 * the threads: it is that of the failing job with the lowest number.
 */
#ifndef PECS_BASE_JOBS_H
#define PECS_BASE_JOBS_H

#include <pecs/status.h>

struct jobs {
    uint64_t count;
    pecs_status (*run)(void *user, uint64_t job, pecs_error *error);
    void *user;
    uint32_t thread_count; /* includes the caller's thread; 0 and 1: no other thread */
    /* Progress callback, on the caller's thread between its jobs. Return false to cancel. May be NULL. */
    bool (*progress)(void *user, uint64_t done_count);
    /* What the caller's thread does before its first job, while others work. May be NULL. */
    void (*first)(void *user);
};

/* Returns when all started jobs have ended: the status of the first failed job, PECS_E_CANCELLED or PECS_OK. */
pecs_status jobs_run(const struct jobs *jobs, pecs_error *error);

#endif
