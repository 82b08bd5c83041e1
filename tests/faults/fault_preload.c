/*
 * Preloaded into a program, this makes one of its system calls or allocations fail. Environment:
 *
 *     PECS_FAULT         "CALL ERRNO ON": number of the call from 1, of all that fault_calls.h lists; ON is 1 when all
 *                        that follow fail too
 *     PECS_FAULT_MEMORY  "NTH ON": the same for allocations
 *     PECS_FAULT_COUNTS  a file that gets "CALLS ALLOCATIONS", when the program ends
 */
#define _GNU_SOURCE
#include "fault_calls.h"

#include <errno.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* The C library's functions, under names that are not replaced here. */
void *__libc_malloc(size_t size_bytes);
void *__libc_calloc(size_t count, size_t size_bytes);
void *__libc_realloc(void *memory, size_t size_bytes);
void *__libc_memalign(size_t align_bytes, size_t size_bytes);

static struct {
    uint64_t call, allocation;
    int os_error, on, memory_on;
} plan;
static _Atomic uint64_t allocation_count;
static _Atomic bool is_over;

static void before_call(void *user, struct fault_event *event)
{
    (void)user;
    if (event->number == plan.call || (plan.on && event->number > plan.call && plan.call)) {
        event->os_error = plan.os_error;
        event->has_effect = event->call == FAULT_close || event->call == FAULT_munmap;
    }
}

__attribute__((constructor)) static void begin(void)
{
    const char *call = getenv("PECS_FAULT"), *memory = getenv("PECS_FAULT_MEMORY");
    if (call && sscanf(call, "%" SCNu64 " %d %d", &plan.call, &plan.os_error, &plan.on) != 3)
        _exit(99);
    if (memory && sscanf(memory, "%" SCNu64 " %d", &plan.allocation, &plan.memory_on) != 2)
        _exit(99);
    allocation_count = 0;
    fault_watch(&(struct fault_hooks){ .before = before_call });
}

__attribute__((destructor)) static void end(void)
{
    const uint64_t call_count = fault_unwatch(), allocations = allocation_count;
    const char *path = getenv("PECS_FAULT_COUNTS");
    is_over = true;
    FILE *file = path ? fopen(path, "w") : NULL;
    if (!file)
        return;
    fprintf(file, "%" PRIu64 " %" PRIu64 "\n", call_count, allocations);
    fclose(file);
}

static bool allocation_fails(void)
{
    const uint64_t number = ++allocation_count;
    const bool fails =
        !is_over && plan.allocation && (number == plan.allocation || (plan.memory_on && number > plan.allocation));
    if (fails)
        errno = ENOMEM;
    return fails;
}

void *malloc(size_t size_bytes)
{
    return allocation_fails() ? NULL : __libc_malloc(size_bytes);
}

void *calloc(size_t count, size_t size_bytes)
{
    return allocation_fails() ? NULL : __libc_calloc(count, size_bytes);
}

void *realloc(void *memory, size_t size_bytes)
{
    return allocation_fails() ? NULL : __libc_realloc(memory, size_bytes);
}

void *aligned_alloc(size_t align_bytes, size_t size_bytes)
{
    return allocation_fails() ? NULL : __libc_memalign(align_bytes, size_bytes);
}
