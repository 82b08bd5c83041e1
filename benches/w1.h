/*
 * W1: the standard workload of every benchmark, as plain arrays. Deterministic: each value is a function of the
 * entity's number and a stream number. Knows nothing of PECS, so that both sides of a benchmark start from the same
 * bytes.
 *
 * A world is one block of memory, and the raw file of the limits is that block:
 *
 *     header | columns of table 0, its handles | ... | columns of table 7, its handles | entity index
 *
 * Every array starts at a multiple of 64 bytes. Entity number i is row i / 8 of table i % 8.
 */
#ifndef PECS_BENCH_W1_H
#define PECS_BENCH_W1_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum w1_component {
    W1_POSITION,
    W1_VELOCITY,
    W1_ROTATION,
    W1_HEALTH,
    W1_TEAM,
    W1_NAME,
    W1_PARENT,
    W1_INVENTORY,
    W1_COMPONENT_COUNT
};

enum {
    W1_TABLE_COUNT = 8,
    W1_FIRST_GENERATION = 1,
    W1_ROW_BYTES_MAX = 128, /* of all components of one entity */
};

typedef struct w1_entity {
    uint32_t index, generation;
} w1_entity;

/* The entity index: where the entity of a slot is. */
struct w1_record {
    uint32_t generation, table, row, session;
};

/* Offsets in the block; a column that a table lacks has offset 0. */
struct w1_layout {
    uint64_t entity_count;
    uint64_t row_counts[W1_TABLE_COUNT];
    uint64_t columns[W1_TABLE_COUNT][W1_COMPONENT_COUNT];
    uint64_t entities[W1_TABLE_COUNT];
    uint64_t index;
    uint64_t size_bytes;    /* of the block */
    uint64_t content_bytes; /* components, handles and index, without the header and gaps */
    bool shuffled;          /* spawned in order of i, else table by table */
};

/* The block's first bytes, with which a reader finds the rest. */
struct w1_header {
    char magic[8];
    uint64_t entity_count;
    uint64_t shuffled;
};

extern const uint32_t w1_sizes[W1_COMPONENT_COUNT];
extern const char *const w1_names[W1_COMPONENT_COUNT];

bool w1_table_has(uint32_t table, enum w1_component component);

struct w1_layout w1_layout_of(uint64_t entity_count, bool shuffled);

/* Reads the layout of a raw file from its first bytes; false when it is none. */
bool w1_layout_read(const void *bytes, struct w1_layout *ret_layout);

/* The value of a component for entity number i, in zeroed bytes; the layout is for the handle of a Parent. */
void w1_value(const struct w1_layout *layout, enum w1_component component, uint64_t i, void *value);

/* Fills layout->size_bytes zeroed bytes. */
void w1_fill(const struct w1_layout *layout, uint8_t *block);

/* The handle of entity number i. */
w1_entity w1_entity_of(const struct w1_layout *layout, uint64_t i);

/* The standard mixing function (SplitMix64). */
uint64_t w1_mix(uint64_t x);

/* r(i, k): stream k of entity number i. */
uint64_t w1_random(uint64_t i, uint32_t k);

/*
 * The first query: adds x, y and z of row_count positions. Four rows at a time, so that the processor is not kept
 * waiting for one addition after another.
 */
static inline double w1_sum(const float *restrict xyz, size_t row_count)
{
    double sums[12] = { 0 };
    size_t row = 0;
    for (; row + 4 <= row_count; row += 4)
        for (size_t lane = 0; lane < 12; lane++)
            sums[lane] += (double)xyz[3 * row + lane];
    double sum = 0;
    for (size_t lane = 0; lane < 12; lane++)
        sum += sums[lane];
    for (size_t i = 3 * row; i < 3 * row_count; i++)
        sum += (double)xyz[i];
    return sum;
}

/* The update: Position += Velocity * (1/60). One function, so that both sides of a bench run the same loop. */
void w1_move(float *restrict position, const float *restrict velocity, size_t row_count);

/* A checksum of rows that does not depend on their order: handles with their values of one component. */
static inline uint64_t w1_check(const void *entities, const void *column, size_t row_count, size_t size_bytes)
{
    uint64_t sum = 0;
    for (size_t row = 0; row < row_count; row++) {
        uint64_t handle, word = 0, hash;
        memcpy(&handle, (const uint8_t *)entities + 8 * row, 8);
        hash = handle * 0x9e3779b97f4a7c15u;
        for (size_t at = 0; at < size_bytes; at += 8) {
            word = 0;
            memcpy(&word, (const uint8_t *)column + row * size_bytes + at, size_bytes - at < 8 ? size_bytes - at : 8);
            hash = (hash ^ word ^ hash >> 29) * 0xbf58476d1ce4e5b9u;
        }
        sum += hash ^ hash >> 32;
    }
    return sum;
}

#endif
