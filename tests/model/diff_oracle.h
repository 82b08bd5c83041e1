/*
 * Diff oracle: the types of the diff test, and a comparison of two views that reads all entities through public calls.
 */
#ifndef PECS_TESTS_MODEL_DIFF_ORACLE_H
#define PECS_TESTS_MODEL_DIFF_ORACLE_H

#include <pecs/pecs.h>

typedef struct {
    pecs_entity who;
    uint8_t mood;
} Bond;
typedef struct {
    pecs_entity target;
} Link;
typedef struct {
    uint32_t number;
    Bond bonds[2];
    pecs_entity list[3];
    pecs_entity grid[2][2];
    uint16_t flags;
} Nest;
typedef struct {
    uint32_t number;
} Plain;

enum { LINK, NEST, PLAIN, MARKED, TYPE_COUNT };
extern const pecs_type *const diff_types[TYPE_COUNT];

/*
 * Compares pecs_view_diff (by_handle: pecs_view_diff_by_handle) with the oracle: kinds, ids, handles, component numbers
 * and the addresses of the values. False: they disagree; prints the first differences.
 */
bool diff_agrees(pecs_view from, pecs_view to, bool by_handle, uint64_t *ret_count);

#endif
