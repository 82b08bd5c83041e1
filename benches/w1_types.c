/*
 * The schema of W1 for PECS. The structs must be the plain arrays' elements of w1.c, bit by bit: spawning takes those
 * arrays as they are.
 */
#include "w1_types.h"

#include <assert.h>

PECS_COMPONENT(Position, 1, x, y, z);
PECS_COMPONENT(Velocity, 1, x, y, z);
PECS_COMPONENT(Rotation, 1, x, y, z, w);
PECS_COMPONENT(Health, 1, current, max);
PECS_COMPONENT(Team, 1, team);
PECS_COMPONENT(Name, 1, text);
PECS_COMPONENT(Parent, 1, entity);
PECS_COMPONENT(Inventory, 1, slots);

const pecs_type *const w1_types[W1_COMPONENT_COUNT] = {
    [W1_POSITION] = &Position_type, [W1_VELOCITY] = &Velocity_type,   [W1_ROTATION] = &Rotation_type,
    [W1_HEALTH] = &Health_type,     [W1_TEAM] = &Team_type,           [W1_NAME] = &Name_type,
    [W1_PARENT] = &Parent_type,     [W1_INVENTORY] = &Inventory_type,
};

static_assert(sizeof(Position) == 12 && sizeof(Velocity) == 12 && sizeof(Rotation) == 16 && sizeof(Health) == 8 &&
                  sizeof(Team) == 1 && sizeof(Name) == 16 && sizeof(Parent) == 8 && sizeof(Inventory) == 48,
              "as w1_sizes");
static_assert(sizeof(pecs_entity) == sizeof(w1_entity) && offsetof(pecs_entity, index) == 0, "handles are the same");
