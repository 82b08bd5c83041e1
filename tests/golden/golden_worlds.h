/*
 * The golden worlds: their component types, and how each is made, always to the same bytes. NAME-v1.pecs is the file of
 * the world NAME, NAME-v1.txt its content, written by hand from golden_worlds.c.
 */
#ifndef PECS_GOLDEN_WORLDS_H
#define PECS_GOLDEN_WORLDS_H

#include <pecs/pecs.h>

/* The components of a registry of all types. */
enum {
    BODY,
    CLOCK,
    FROZEN,
    LABEL,
    LINKS,
    MARKED,
    MOOD,
    SCALARS,
    SCROLL,
    SEED,
    SHEET,
    STORY,
    TRAIL,
    VAULT,
    TYPE_COUNT
}; /* in the order of their names */

/* which: "all" types, "some" or "none"; application, of version "7", may be NULL. What fails ends the program. */
pecs_registry *golden_registry(const char *which, const char *application);

/*
 * Saves the world of that name; false: there is none. The world "kept" is saved by a program that registers "all"
 * types or "some", which must not show. What fails ends the program.
 */
bool golden_save(const char *name, const char *which, const char *path);

/* Ends the program with a message when a call failed. */
void golden_check(pecs_status status, const pecs_error *error, const char *doing);

#endif
