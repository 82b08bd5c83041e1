/*
 * Memory of the model tests. Each block is followed by a record of its size and alignment, which also detects writes
 * past the end.
 *
 * Large blocks are not filled, since that would take longer than the tests themselves.
 */
#define _GNU_SOURCE
#include "model_memory.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FILL_MAX_BYTES = 16 * 1024, FRESH = 0xcd, RELEASED = 0xdd };

struct note {
    uint64_t magic, size_bytes, align_bytes;
};
static const uint64_t note_magic = 0x6d6f64656c6e6f74u;

static _Atomic uint64_t blocks, bytes, failures;
static _Atomic int64_t countdown = INT64_MAX; /* allocations that still pass, while armed */
static _Atomic bool armed;

static void *allocate(void *user, size_t size_bytes, size_t align_bytes)
{
    (void)user;
    if (armed && countdown-- <= 0) {
        failures++;
        return NULL;
    }
    const struct note note = { note_magic, size_bytes, align_bytes };
    const size_t align = align_bytes < sizeof(void *) ? sizeof(void *) : align_bytes;
    void *memory = NULL;
    if (posix_memalign(&memory, align, size_bytes + sizeof(note)) != 0)
        return NULL;
    if (size_bytes <= FILL_MAX_BYTES)
        memset(memory, FRESH, size_bytes);
    memcpy((char *)memory + size_bytes, &note, sizeof(note));
    blocks++;
    bytes += size_bytes;
    return memory;
}

static void release(void *user, void *memory, size_t size_bytes, size_t align_bytes)
{
    (void)user;
    struct note note;
    memcpy(&note, (char *)memory + size_bytes, sizeof(note));
    if (note.magic != note_magic || note.size_bytes != size_bytes || note.align_bytes != align_bytes) {
        fprintf(stderr, "release of %zu bytes aligned to %zu: written past the end, or not what was allocated\n",
                size_bytes, align_bytes);
        abort();
    }
    if (size_bytes <= FILL_MAX_BYTES)
        memset(memory, RELEASED, size_bytes + sizeof(note));
    blocks--;
    bytes -= size_bytes;
    free(memory);
}

const pecs_allocator model_allocator = { .allocate = allocate, .release = release };

uint64_t model_memory_blocks(void)
{
    return blocks;
}

uint64_t model_memory_bytes(void)
{
    return bytes;
}

void model_memory_arm(uint64_t count)
{
    failures = 0;
    countdown = (int64_t)count;
    armed = true;
}

uint64_t model_memory_disarm(void)
{
    armed = false;
    return failures;
}

uint64_t model_memory_failures(void)
{
    return armed ? failures : 0;
}
