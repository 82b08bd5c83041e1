/*
 * The programs of ten versions of a small game (growth_types.h). growth-N.pecs is what version N saves. The fifth and
 * the tenth have a history; of the others only their saves matter.
 */
#ifndef GOLDEN_GROWTH_PROGRAMS_H
#define GOLDEN_GROWTH_PROGRAMS_H

#include "growth_types.h"

enum { GROWTH_VERSIONS = 10 };

/* What all versions have in their worlds, by the same handles: those of a world's first entities. */
enum { SHIP, FROZEN_SHIP, PERSON, ENGINE, CAT, THING_COUNT };
static inline pecs_entity growth_thing(int thing)
{
    return (pecs_entity){ (uint32_t)thing + 1, 1 }; /* the entity of index 0 was despawned */
}

/* What fails ends the program. An allocator of zeros is the library's own. */
pecs_registry *growth_registry(int version, pecs_allocator allocator);
void growth_save(int version, pecs_allocator allocator, const char *path);
void growth_require(bool condition, const char *what, const char *detail);

#endif
