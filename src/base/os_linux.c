/*
 * Linux. Pages for arrays are reserved with slack and trimmed to begin at a multiple of 2 MiB, so that the kernel can
 * use huge pages.
 */
#define _GNU_SOURCE
#include "os.h"

#include "bytes.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

void os_mutex_init(struct os_mutex *mutex)
{
    pthread_mutex_init(&mutex->native, NULL);
}

void os_mutex_deinit(struct os_mutex *mutex)
{
    pthread_mutex_destroy(&mutex->native);
}

void os_mutex_lock(struct os_mutex *mutex)
{
    pthread_mutex_lock(&mutex->native);
}

void os_mutex_unlock(struct os_mutex *mutex)
{
    pthread_mutex_unlock(&mutex->native);
}

static void *os_thread_main(void *argument)
{
    const struct os_threads *threads = argument;
    threads->function(threads->user);
    return NULL;
}

void os_threads_start(struct os_threads *threads, uint32_t count, void (*function)(void *user), void *user)
{
    sigset_t all, before;
    threads->function = function;
    threads->user = user;
    threads->count = 0;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    while (threads->count < count && threads->count < OS_THREAD_MAX &&
           pthread_create(&threads->native[threads->count], NULL, os_thread_main, threads) == 0)
        threads->count++;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

void os_threads_join(struct os_threads *threads)
{
    while (threads->count)
        pthread_join(threads->native[--threads->count], NULL);
}

static size_t os_page_bytes(void)
{
    const long bytes = sysconf(_SC_PAGESIZE);
    return bytes > 0 ? (size_t)bytes : 4096;
}

/*
 * A page more than alignment needs, so that there is too much on both sides, however the system aligns: the calls are
 * the same each time, and a test can make each of them fail.
 */
uint8_t *os_address_reserve(size_t size_bytes)
{
    const size_t page = os_page_bytes(), mapped = (size_t)align_up(size_bytes, page) + OS_HUGE_BYTES + page;
    uint8_t *start = mmap(NULL, mapped, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (start == MAP_FAILED)
        return NULL;
    uint8_t *aligned = (uint8_t *)align_up((uintptr_t)start + page, OS_HUGE_BYTES);
    uint8_t *end = aligned + (size_t)align_up(size_bytes, page);
    munmap(start, (size_t)(aligned - start));
    munmap(end, (size_t)(start + mapped - end));
    return aligned;
}

void *os_pages_allocate(size_t size_bytes)
{
    if (size_bytes < OS_HUGE_BYTES) {
        /* populate at once: a fault for each page would cost several times as much */
        const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE;
        void *small = mmap(NULL, size_bytes, PROT_READ | PROT_WRITE, flags, -1, 0);
        return small == MAP_FAILED ? NULL : small;
    }
    uint8_t *pages = os_address_reserve(size_bytes);
    if (!pages)
        return NULL;
    if (mprotect(pages, size_bytes, PROT_READ | PROT_WRITE)) {
        os_pages_release(pages, size_bytes);
        return NULL;
    }
    os_advise_huge(pages, size_bytes);
    return pages;
}

void os_pages_release(void *pages, size_t size_bytes)
{
    munmap(pages, size_bytes);
}

/*
 * Pages that become more always move, so that the calls are the same each time, whatever lies behind them; they stay
 * aligned, so that huge ones stay huge.
 */
void *os_pages_resize(void *pages, size_t size_bytes, size_t new_bytes)
{
    uint8_t *target = new_bytes > size_bytes ? os_address_reserve(new_bytes) : NULL;
    if (new_bytes > size_bytes && !target)
        return NULL;
    void *resized = target ? mremap(pages, size_bytes, new_bytes, MREMAP_MAYMOVE | MREMAP_FIXED, target)
                           : mremap(pages, size_bytes, new_bytes, 0);
    /* a target is not released after a failure: some kernels have unmapped it, and it may be another thread's now */
    return resized == MAP_FAILED ? NULL : resized;
}

void os_advise_huge(void *memory, size_t size_bytes)
{
    (void)madvise(memory, size_bytes, MADV_HUGEPAGE); /* a failure only makes memory slower */
}

uint64_t os_random_u64(void)
{
    uint64_t number = 0;
    if (getrandom(&number, sizeof(number), 0) == (ssize_t)sizeof(number))
        return number;
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return mix_u64((uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec) ^ mix_u64((uint64_t)getpid() << 32);
}

uint64_t os_clock_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

void os_pause(uint32_t microseconds)
{
    const struct timespec time = { microseconds / 1000000, (long)(microseconds % 1000000) * 1000 };
    (void)nanosleep(&time, NULL);
}
