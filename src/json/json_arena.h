/* Arena: memory for one value after another that is dropped as a whole. */
#ifndef PECS_JSON_ARENA_H
#define PECS_JSON_ARENA_H

#include <stddef.h>

struct arena_block;

/* All zero: empty. */
struct arena {
    struct arena_block *blocks; /* the last one first */
    size_t used, capacity;      /* of the last one */
};

/* Zeroed memory, aligned to 16 bytes. NULL: out of memory. */
void *arena_take(struct arena *arena, size_t size_bytes);

/* Drops all; one block is kept for the next values. */
void arena_reset(struct arena *arena);
void arena_free(struct arena *arena);

#endif
