/*
 * Memory of the model tests: an allocator that counts what is out, fills what it gives with garbage, checks that a
 * release names the size and alignment of its allocation and that nobody wrote past the end, and fails when told to.
 *
 * Any thread, but for the arming of failures: one thread only.
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

/* Ends that, and tells how many allocations failed. */
uint64_t model_memory_disarm(void);
uint64_t model_memory_failures(void);

#endif
