#include "json_arena.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { ARENA_ALIGN = 16, ARENA_BLOCK = 32 << 10 };

struct arena_block {
    struct arena_block *before;
    uint64_t unused; /* so that the bytes behind are aligned */
};
_Static_assert(sizeof(struct arena_block) == ARENA_ALIGN, "bytes behind a block's head are aligned");

void *arena_take(struct arena *arena, size_t size_bytes)
{
    if (size_bytes > SIZE_MAX / 4)
        return NULL;
    const size_t size = (size_bytes + ARENA_ALIGN - 1) / ARENA_ALIGN * ARENA_ALIGN;
    if (!arena->blocks || size > arena->capacity - arena->used) {
        const size_t capacity = size > ARENA_BLOCK ? size : ARENA_BLOCK;
        struct arena_block *block = malloc(sizeof(*block) + capacity);
        if (!block)
            return NULL;
        block->before = arena->blocks;
        arena->blocks = block;
        arena->capacity = capacity;
        arena->used = 0;
    }
    void *memory = (uint8_t *)(arena->blocks + 1) + arena->used;
    arena->used += size;
    return memset(memory, 0, size);
}

void arena_reset(struct arena *arena)
{
    if (arena->blocks && (arena->blocks->before || arena->capacity > ARENA_BLOCK))
        arena_free(arena);
    arena->used = 0;
}

void arena_free(struct arena *arena)
{
    while (arena->blocks) {
        struct arena_block *block = arena->blocks;
        arena->blocks = block->before;
        free(block);
    }
    arena->used = arena->capacity = 0;
}
