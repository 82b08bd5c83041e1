/* W1's components as a user of PECS declares them. */
#ifndef PECS_BENCH_W1_TYPES_H
#define PECS_BENCH_W1_TYPES_H

#include "w1.h"

#include <pecs/pecs.h>

typedef struct {
    float x, y, z;
} Position;
typedef struct {
    float x, y, z;
} Velocity;
typedef struct {
    float x, y, z, w;
} Rotation;
typedef struct {
    int32_t current, max;
} Health;
typedef struct {
    uint8_t team;
} Team;
typedef struct {
    char text[16];
} Name;
typedef struct {
    pecs_entity entity;
} Parent;
typedef struct {
    uint16_t slots[24];
} Inventory;

/* In the order of enum w1_component. */
extern const pecs_type *const w1_types[W1_COMPONENT_COUNT];

#endif
