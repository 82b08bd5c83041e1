/* The types and worlds of the corpora: small, and together they use every feature of the format. */
#ifndef PECS_FUZZ_WORLDS_H
#define PECS_FUZZ_WORLDS_H

#include "fuzz_common.h"

/* A registry with the fuzz allocator, and with all types of the worlds, those that targets know, or none. */
enum fuzz_types { FUZZ_ALL_TYPES, FUZZ_KNOWN_TYPES, FUZZ_NO_TYPES };
pecs_registry *fuzz_registry(enum fuzz_types which);

extern const size_t fuzz_world_count;
const char *fuzz_world_name(size_t number);

/* Makes a world by its number, in a registry of all types. */
pecs_world *fuzz_world(pecs_registry *registry, size_t number);

/* Options for saving worlds, with everything that a file can have besides its world. */
extern const pecs_save_options fuzz_saving;

/* Loads the bytes with these types; if accepted, reads the world and makes the round trip. False: refused. */
bool fuzz_load_round_trip(enum fuzz_types which, const uint8_t *data, size_t size, struct random *random);

/* The number of the world whose file break_rules.c breaks. */
extern const size_t fuzz_sample_world;

#endif
