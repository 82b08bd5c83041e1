/*
 * An allocator for tests: counts calls and live bytes, checks that memory comes back with the size and alignment it was
 * asked with, fills what it gives and takes with rubbish, and fails one call on request. Any thread.
 */
#ifndef COUNTING_ALLOCATOR_H
#define COUNTING_ALLOCATOR_H

#include <pecs/status.h>

#include <pthread.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LIVE_MAX = 1 << 16 };

struct live_memory {
    void *memory;
    size_t size_bytes, align_bytes;
};

struct counting_allocator {
    pthread_mutex_t mutex;
    uint64_t call_count;                                      /* of allocate */
    uint64_t fail_at;                                         /* this call of allocate fails, counted from 1; 0: none */
    bool fail_after;                                          /* and so does every later one */
    uint64_t live_bytes, peak_bytes, live_count, large_count; /* large: live, of 2 MiB and more */
    uint64_t wrong_count; /* releases of what is not live, or with another size or alignment */
    struct live_memory live[LIVE_MAX];
};

/* Too large for a stack. */
static struct counting_allocator counting = { .mutex = PTHREAD_MUTEX_INITIALIZER };

static void *counting_allocate(void *user, size_t size_bytes, size_t align_bytes)
{
    struct counting_allocator *self = user;
    pthread_mutex_lock(&self->mutex);
    const uint64_t call = ++self->call_count;
    const bool fails = self->fail_at && (self->fail_after ? call >= self->fail_at : call == self->fail_at);
    void *memory = NULL;
    const size_t rounded = (size_bytes + align_bytes - 1) & ~(align_bytes - 1);
    /* no machine has a tebibyte; AddressSanitizer reports what asks for more */
    if (!fails && self->live_count < LIVE_MAX && (uint64_t)rounded < UINT64_C(1) << 40)
        memory = aligned_alloc(align_bytes < sizeof(void *) ? sizeof(void *) : align_bytes, rounded);
    if (memory) {
        memset(memory, 0xaa, size_bytes < 4096 ? size_bytes : 4096);
        self->live[self->live_count++] = (struct live_memory){ memory, size_bytes, align_bytes };
        self->live_bytes += size_bytes;
        self->large_count += size_bytes >= 2 * 1024 * 1024;
        if (self->peak_bytes < self->live_bytes)
            self->peak_bytes = self->live_bytes;
    }
    pthread_mutex_unlock(&self->mutex);
    return memory;
}

static void counting_release(void *user, void *memory, size_t size_bytes, size_t align_bytes)
{
    struct counting_allocator *self = user;
    pthread_mutex_lock(&self->mutex);
    uint64_t place = self->live_count;
    while (place > 0 && self->live[place - 1].memory != memory)
        place--;
    const bool right =
        place > 0 && self->live[place - 1].size_bytes == size_bytes && self->live[place - 1].align_bytes == align_bytes;
    if (right) {
        self->live[place - 1] = self->live[--self->live_count];
        self->live_bytes -= size_bytes;
        self->large_count -= size_bytes >= 2 * 1024 * 1024;
        memset(memory, 0xdd, size_bytes < 65536 ? size_bytes : 65536); /* who still reads it finds out */
        free(memory);
    } else {
        self->wrong_count++;
    }
    pthread_mutex_unlock(&self->mutex);
}

/*
 * Ends the test, which then fails, also from a fixture's end: a test passes whose own cr_assert fails there. Costs
 * nothing when it holds: for loops.
 */
#define must(condition)                                                                                                \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            fprintf(stderr, "%s:%d: %s does not hold\n", __FILE__, __LINE__, #condition);                              \
            abort();                                                                                                   \
        }                                                                                                              \
    } while (0)

/*
 * Live allocations without those aligned for arrays: which blocks a pool keeps besides what lives depends on the order
 * in which threads took and gave their arrays.
 */
static inline size_t counting_count_plain(void)
{
    size_t count = 0;
    pthread_mutex_lock(&counting.mutex);
    for (uint64_t i = 0; i < counting.live_count; i++)
        count += counting.live[i].align_bytes <= _Alignof(max_align_t);
    pthread_mutex_unlock(&counting.mutex);
    return count;
}

static inline void assert_no_leak(void)
{
    must(counting.live_count == 0);
    must(counting.live_bytes == 0);
    must(counting.wrong_count == 0);
}

static const pecs_allocator counting_hooks = { counting_allocate, counting_release, &counting };

#endif
