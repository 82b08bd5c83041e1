/*
 * Peak memory beyond the world, seen in two ways of which the larger counts: the bytes that PECS asks its allocator
 * for, and RssAnon, which also sees what does not pass the hooks. A thread samples RssAnon during the call; the kernel
 * counts it in batches, so it is right to about 0.2 MiB. Maps of files are not anonymous and do not count.
 */
#define _GNU_SOURCE
#include "bench.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum {
    LARGE_BYTES = 2 * 1024 * 1024, /* a slab: huge pages, which the C library would keep when they are freed */
};

static void *counted_allocate(void *user, size_t size_bytes, size_t align_bytes)
{
    struct bench_counter *counter = user;
    void *memory = NULL;
    if (size_bytes >= LARGE_BYTES)
        memory = limit_pages_allocate(size_bytes);
    else if (posix_memalign(&memory, align_bytes < sizeof(void *) ? sizeof(void *) : align_bytes, size_bytes))
        return NULL;
    if (!memory)
        return NULL;
    const uint64_t live = atomic_fetch_add(&counter->live_bytes, size_bytes) + size_bytes;
    uint64_t peak = atomic_load(&counter->peak_bytes);
    while (live > peak && !atomic_compare_exchange_weak(&counter->peak_bytes, &peak, live))
        ;
    return memory;
}

static void counted_release(void *user, void *memory, size_t size_bytes, size_t align_bytes)
{
    struct bench_counter *counter = user;
    (void)align_bytes;
    if (!memory)
        return;
    atomic_fetch_sub(&counter->live_bytes, size_bytes);
    if (size_bytes >= LARGE_BYTES)
        limit_pages_release(memory, size_bytes);
    else
        free(memory);
}

pecs_allocator bench_counting_allocator(struct bench_counter *counter)
{
    return (pecs_allocator){ counted_allocate, counted_release, counter };
}

static uint64_t rss_anon_bytes(int status_file)
{
    char text[4096];
    const ssize_t size = pread(status_file, text, sizeof(text) - 1, 0);
    if (size <= 0)
        return 0;
    text[size] = 0;
    const char *line = strstr(text, "RssAnon:");
    return line ? strtoull(line + strlen("RssAnon:"), NULL, 10) * 1024 : 0;
}

uint64_t bench_rss_anon_bytes(void)
{
    const int status_file = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
    const uint64_t bytes = status_file < 0 ? 0 : rss_anon_bytes(status_file);
    if (status_file >= 0)
        close(status_file);
    return bytes;
}

/* Watches while something runs. */
struct watch {
    struct bench_counter *counter;
    uint64_t live_before, rss_before;
    _Atomic uint64_t rss_peak;
    atomic_bool stop;
    int status_file;
    pthread_t thread;
    double start;
};

static void watch_sample(struct watch *watch)
{
    const uint64_t rss = rss_anon_bytes(watch->status_file);
    if (rss > watch->rss_peak)
        watch->rss_peak = rss;
}

static void *watch_run(void *user)
{
    struct watch *watch = user;
    while (!watch->stop) {
        watch_sample(watch);
        nanosleep(&(struct timespec){ .tv_nsec = 100000 }, NULL);
    }
    return NULL;
}

static bool watch_begin(struct watch *watch, struct bench_counter *counter)
{
    memset(watch, 0, sizeof(*watch));
    watch->counter = counter;
    watch->status_file = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
    if (watch->status_file < 0 || pthread_create(&watch->thread, NULL, watch_run, watch))
        return bench_wrong("cannot watch the memory");
    nanosleep(&(struct timespec){ .tv_nsec = 10000000 }, NULL); /* the thread's own memory is there now */
    atomic_store(&counter->peak_bytes, counter->live_bytes);
    watch->live_before = counter->live_bytes;
    watch->rss_before = rss_anon_bytes(watch->status_file);
    watch->rss_peak = watch->rss_before;
    watch->start = bench_now();
    return true;
}

/* The time, and the larger of the two peaks as the result's bytes. */
static void watch_end(struct watch *watch, struct bench_result *result)
{
    result->seconds = bench_now() - watch->start;
    watch_sample(watch);
    watch->stop = true;
    pthread_join(watch->thread, NULL);
    close(watch->status_file);
    const uint64_t hooks = watch->counter->peak_bytes - watch->live_before;
    const uint64_t rss = watch->rss_peak - watch->rss_before;
    result->bytes = hooks > rss ? hooks : rss;
    result->figures[0] = (struct bench_figure){ "hook_bytes", hooks };
    result->figures[1] = (struct bench_figure){ "rss_anon_bytes", rss };
}

static bool memory_save(struct bench *bench, struct bench_counter *counter, pecs_world *world, const char *path,
                        pecs_profile profile)
{
    static const char *const names[] = { "memory_save", "memory_save_fast", "memory_save_small" };
    const pecs_save_options options = { .skip_sync = true, .profile = profile, .thread_count = 2 };
    struct bench_result result = { .name = names[profile],
                                   .mark_kind = BENCH_BYTES,
                                   .mark = profile == PECS_PROFILE_OFF ? 16 << 20 : 32 << 20 };
    struct watch watch;
    pecs_error error;
    if (!watch_begin(&watch, counter))
        return false;
    const pecs_status status = pecs_world_save(world, path, &options, &error);
    watch_end(&watch, &result);
    if (status)
        return bench_failed("save", status, &error);
    bench_report(bench, &result);
    return true;
}

static bool memory_resume(struct bench *bench, struct bench_counter *counter, pecs_registry *registry, const char *path)
{
    struct bench_result result = { .name = "memory_resume", .mark_kind = BENCH_BYTES, .mark = 1 << 20 };
    struct watch watch;
    pecs_snapshot *snapshot;
    pecs_world *world;
    if (!watch_begin(&watch, counter))
        return false;
    const bool ok = bench_resume(registry, path, &snapshot, &world);
    watch_end(&watch, &result);
    if (!ok)
        return false;
    bench_close(snapshot, world);
    bench_report(bench, &result);
    return true;
}

static bool memory_of_files(struct bench *bench)
{
    char path[BENCH_PATH_MAX];
    bench_path(bench, "memory.pecs", path);
    struct bench_counter counter = { 0 };
    const pecs_allocator allocator = bench_counting_allocator(&counter);
    pecs_registry *registry;
    pecs_world *world;
    pecs_error error;
    if (!bench_registry_create(&allocator, &registry))
        return false;
    const pecs_status status = pecs_world_create(registry, NULL, NULL, &world, &error);
    bool ok = status ? bench_failed("make a world", status, &error) : true;
    if (ok) {
        ok = bench_spawn_all(bench, world) && memory_save(bench, &counter, world, path, PECS_PROFILE_FAST) &&
             memory_save(bench, &counter, world, path, PECS_PROFILE_SMALL) &&
             memory_save(bench, &counter, world, path, PECS_PROFILE_OFF);
        pecs_world_destroy(world);
    }
    ok = ok && memory_resume(bench, &counter, registry, path);
    pecs_registry_release(registry);
    unlink(path);
    if (ok && counter.live_bytes)
        ok = bench_wrong("%llu bytes were never released", (unsigned long long)counter.live_bytes);
    return ok;
}

/* An empty world with its registry. */
static bool memory_of_nothing(struct bench *bench)
{
    struct bench_result result = { .name = "memory_empty", .mark_kind = BENCH_BYTES, .mark = 64 << 10 };
    struct bench_counter counter = { 0 };
    const pecs_allocator allocator = bench_counting_allocator(&counter);
    pecs_registry *registry;
    pecs_world *world;
    pecs_error error;
    const double start = bench_now();
    if (!bench_registry_create(&allocator, &registry))
        return false;
    const pecs_status status = pecs_world_create(registry, NULL, NULL, &world, &error);
    result.seconds = bench_now() - start;
    if (!status)
        pecs_world_destroy(world);
    pecs_registry_release(registry);
    if (status)
        return bench_failed("make a world", status, &error);
    result.bytes = counter.peak_bytes;
    bench_report(bench, &result);
    return true;
}

bool bench_run_memory(struct bench *bench)
{
    bench_world_drop(bench);
    return memory_of_files(bench) && memory_of_nothing(bench);
}
