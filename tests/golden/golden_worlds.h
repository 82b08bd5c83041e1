/*
 * The golden worlds: their component types, and how each is made, always to the same bytes. NAME-v0.pecs is the file of
 * the world NAME, NAME-v0.txt its content, written by hand from golden_worlds.c.
 */
#ifndef PECS_GOLDEN_WORLDS_H
#define PECS_GOLDEN_WORLDS_H

#include <pecs/pecs.h>

enum { BODY, CLOCK, FROZEN, LABEL, LINKS, MARKED, MOOD, SCALARS, SEED, TYPE_COUNT }; /* in the order of their names */

pecs_registry *golden_registry(void);

/* The snapshot of the world of that name; NULL: there is none. What fails inside ends the program. */
pecs_snapshot *golden_world(pecs_registry *registry, const char *name);

/* Ends the program with a message when a call failed. */
void golden_check(pecs_status status, const pecs_error *error, const char *doing);

#endif
