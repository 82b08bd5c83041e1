/*
 * Each thread takes the next number until none is left or a lower one has failed. So every job before the first failure
 * is done, and the first failure is known when all threads have ended.
 */
#include "jobs.h"

#include "bytes.h"
#include "error.h"

static void jobs_note_failure(struct jobs_crew *crew, uint64_t job, pecs_status status, const pecs_error *error)
{
    os_mutex_lock(&crew->mutex);
    if (job < atomic_load(&crew->first_failed)) {
        atomic_store(&crew->first_failed, job);
        crew->status = status;
        crew->error = *error;
    }
    os_mutex_unlock(&crew->mutex);
}

static void jobs_work(struct jobs_crew *crew, bool is_caller)
{
    const struct jobs *jobs = &crew->jobs;
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

static void jobs_thread(void *user)
{
    jobs_work(user, false);
}

static void jobs_start(struct jobs_crew *crew, const struct jobs *jobs, uint64_t threads)
{
    crew->jobs = *jobs;
    crew->status = PECS_OK;
    atomic_init(&crew->next, 0);
    atomic_init(&crew->done_count, 0);
    atomic_init(&crew->first_failed, UINT64_MAX);
    atomic_init(&crew->is_cancelled, false);
    os_mutex_init(&crew->mutex);
    os_threads_start(&crew->threads, (uint32_t)min_u64(threads, OS_THREAD_MAX - 1), jobs_thread, crew);
}

void jobs_begin(struct jobs_crew *crew, const struct jobs *jobs)
{
    jobs_start(crew, jobs, min_u64(jobs->count, max_u64(jobs->thread_count, 1) - 1));
}

pecs_status jobs_end(struct jobs_crew *crew, pecs_error *error)
{
    jobs_work(crew, true);
    os_threads_join(&crew->threads);
    os_mutex_deinit(&crew->mutex);
    if (atomic_load(&crew->is_cancelled))
        return fail(error, PECS_E_CANCELLED, "cancelled");
    if (crew->status && error)
        *error = crew->error;
    return crew->status;
}

void jobs_abandon(struct jobs_crew *crew)
{
    atomic_store(&crew->is_cancelled, true);
    (void)jobs_end(crew, NULL);
}

pecs_status jobs_run(const struct jobs *jobs, pecs_error *error)
{
    struct jobs_crew crew;
    jobs_start(&crew, jobs, max_u64(min_u64(jobs->count, jobs->thread_count), 1) - 1);
    return jobs_end(&crew, error);
}
