/*
 * Memory of the model tests: an allocator that counts allocated memory, fills it with garbage, checks that a release
 * passes the size and alignment of its allocation and that nothing was written past the end, and fails on request.
 *
 * Any thread, except arming failures: one thread only.
 */
#ifndef PECS_TESTS_MODEL_MEMORY_H
#define PECS_TESTS_MODEL_MEMORY_H

#include <pecs/status.h>

extern const pecs_allocator model_allocator;

/* Blocks and bytes that are allocated and not yet released. */
uint64_t model_memory_blocks(void);
uint64_t model_memory_bytes(void);

/* Lets `count` allocations pass and fails all that follow, until disarmed. */
void model_memory_arm(uint64_t count);

/* Ends that, and returns how many allocations failed. */
uint64_t model_memory_disarm(void);
uint64_t model_memory_failures(void);

#endif
