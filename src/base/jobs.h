/*
 * Jobs: work in numbered pieces that do not depend on one another, on as many threads as the user asked for. Which
 * piece fails does not depend on the threads: of those that fail, the first by number is told.
 */
#ifndef PECS_BASE_JOBS_H
#define PECS_BASE_JOBS_H

#include <pecs/status.h>

struct jobs {
    uint64_t count;
    pecs_status (*run)(void *user, uint64_t job, pecs_error *error);
    void *user;
    uint32_t thread_count; /* the caller's is one of them; 0 and 1: no other */
    /* Called on the caller's thread between its jobs with how many are done; false: cancelled. NULL: not wanted. */
    bool (*progress)(void *user, uint64_t done_count);
};

/* When all that were begun have ended: the status of the first that failed, PECS_E_CANCELLED, or PECS_OK. */
pecs_status jobs_run(const struct jobs *jobs, pecs_error *error);

#endif
