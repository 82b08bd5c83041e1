/*
 * Each thread takes the next number until none is left or a lower one has failed. So every job before the first failure
 * is done, and the first failure is known when all threads have ended.
 */
#include "jobs.h"

#include "bytes.h"
#include "error.h"
#include "os.h"

#include <stdatomic.h>

struct crew {
    const struct jobs *jobs;
    _Atomic uint64_t next, done_count;
    _Atomic uint64_t first_failed; /* UINT64_MAX: none */
    _Atomic bool is_cancelled;
    struct os_mutex mutex; /* guards the two below */
    pecs_status status;
    pecs_error error;
};

static void jobs_note_failure(struct crew *crew, uint64_t job, pecs_status status, const pecs_error *error)
{
    os_mutex_lock(&crew->mutex);
    if (job < atomic_load(&crew->first_failed)) {
        atomic_store(&crew->first_failed, job);
        crew->status = status;
        crew->error = *error;
    }
    os_mutex_unlock(&crew->mutex);
}

static void jobs_work(void *user, bool is_caller)
{
    struct crew *crew = user;
    const struct jobs *jobs = crew->jobs;
    if (is_caller && jobs->first)
        jobs->first(jobs->user);
    while (!atomic_load(&crew->is_cancelled)) {
        const uint64_t job = atomic_fetch_add(&crew->next, 1);
        if (job >= jobs->count || job > atomic_load(&crew->first_failed))
            return;
        pecs_error error = { .message = "" };
        const pecs_status status = jobs->run(jobs->user, job, &error);
        if (status)
            jobs_note_failure(crew, job, status, &error);
        const uint64_t done_count = atomic_fetch_add(&crew->done_count, 1) + 1;
        if (is_caller && jobs->progress && !jobs->progress(jobs->user, done_count))
            atomic_store(&crew->is_cancelled, true);
    }
}

pecs_status jobs_run(const struct jobs *jobs, pecs_error *error)
{
    struct crew crew = { .jobs = jobs };
    atomic_init(&crew.first_failed, UINT64_MAX);
    os_mutex_init(&crew.mutex);
    const uint64_t useful = jobs->count + (jobs->first ? 1 : 0);
    os_threads_run((uint32_t)min_u64(min_u64(jobs->thread_count, OS_THREAD_MAX), useful), jobs_work, &crew);
    os_mutex_deinit(&crew.mutex);
    if (atomic_load(&crew.is_cancelled))
        return fail(error, PECS_E_CANCELLED, "cancelled");
    if (crew.status && error)
        *error = crew.error;
    return crew.status;
}
