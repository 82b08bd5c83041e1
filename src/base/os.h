/* The platform: locks, threads, pages, random numbers. Only os_linux.c implements it. Files are in os_file.h. */
#ifndef PECS_BASE_OS_H
#define PECS_BASE_OS_H

#include <pecs/status.h>

#include <pthread.h>

struct os_mutex {
    pthread_mutex_t native;
};
void os_mutex_init(struct os_mutex *mutex);
void os_mutex_deinit(struct os_mutex *mutex);
void os_mutex_lock(struct os_mutex *mutex);
void os_mutex_unlock(struct os_mutex *mutex);

enum { OS_THREAD_MAX = 64 };

struct os_threads {
    void (*function)(void *user);
    void *user;
    uint32_t count;
    pthread_t native[OS_THREAD_MAX];
};
/*
 * Calls function(user) on up to `count` other threads, in which signals are blocked; on fewer if the system refuses
 * more. The structure stays where it is until join, which returns when all calls have.
 */
void os_threads_start(struct os_threads *threads, uint32_t count, void (*function)(void *user), void *user);
void os_threads_join(struct os_threads *threads);

enum { OS_HUGE_BYTES = 2 * 1024 * 1024 }; /* size of a huge page */

/*
 * Allocates zeroed whole pages that will be written soon. From OS_HUGE_BYTES on they are aligned to that, and huge
 * where possible. NULL: out of memory.
 */
void *os_pages_allocate(size_t size_bytes);
void os_pages_release(void *pages, size_t size_bytes);
/*
 * Makes pages of at least OS_HUGE_BYTES more or fewer, both sizes at least that, without a copy; the address may
 * change. NULL: out of memory, nothing has changed.
 */
void *os_pages_resize(void *pages, size_t size_bytes, size_t new_bytes);
/* Reserves address space at a multiple of OS_HUGE_BYTES, for a map that will replace it. NULL: none is left. */
uint8_t *os_address_reserve(size_t size_bytes);
void os_advise_huge(void *memory, size_t size_bytes);

uint64_t os_random_u64(void);

/* Nanoseconds since some moment, which no change of the date moves. */
uint64_t os_clock_ns(void);

/* Sleeps for about that time, or until a signal interrupts it. */
void os_pause(uint32_t microseconds);

#endif
