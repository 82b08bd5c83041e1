/* The golden worlds that are saved compressed. */
#ifndef PECS_GOLDEN_PACKED_H
#define PECS_GOLDEN_PACKED_H

#include <pecs/pecs.h>

pecs_snapshot *golden_make_packed(pecs_registry *registry);
pecs_snapshot *golden_make_mixed(pecs_registry *registry);
pecs_snapshot *golden_make_bits(pecs_registry *registry);

#endif
