/*
 * Skirmish: a deterministic simulation of moving, fighting, dying and spawning entities. Its whole state is the world,
 * with the random generator and the clock as singletons: a world from a file goes on exactly as the one that was saved.
 */
#ifndef SKIRMISH_H
#define SKIRMISH_H

#include <pecs/pecs.h>

struct blow; /* one hit of a fight */

typedef struct skirmish {
    pecs_registry *registry;
    pecs_world *world; /* NULL until skirmish_found or skirmish_resume */
    pecs_query *move, *aim, *front, *ward, *positions, *everything, *wounded, *veterans;
    pecs_commands *commands;
    struct blow *blows; /* scratch of one frame */
    size_t blow_capacity;
} skirmish;

/* Creates registry, queries and command buffer. Call skirmish_deinit also after a failure. */
pecs_status skirmish_init(skirmish *game, pecs_error *error);
void skirmish_deinit(skirmish *game);

/* Creates a world of entity_count entities. */
pecs_status skirmish_found(skirmish *game, uint64_t entity_count, uint64_t seed, pecs_error *error);

/* Resumes the world of a save. The caller owns the snapshot, which keeps the file's content while the world changes. */
pecs_status skirmish_resume(skirmish *game, const char *path, pecs_snapshot **ret_snapshot, pecs_error *error);

/* A frame: move moves all that has a velocity, finish_frame does the rest. step does both. */
pecs_status skirmish_move(skirmish *game);
pecs_status skirmish_finish_frame(skirmish *game);
pecs_status skirmish_step(skirmish *game);

/* Why one of the calls below or above failed with this status. Valid until the next call. */
const char *skirmish_message(const skirmish *game, pecs_status status);

/* The number of frames that were simulated, from the Clock. */
uint64_t skirmish_frame(pecs_view view);

/* How many were born and died. True when they explain the number of the living: founders + born - died. */
bool skirmish_tally(pecs_view view, uint64_t *ret_born, uint64_t *ret_died);

/* The sum of all positions' x and y. */
pecs_status skirmish_sum(const skirmish *game, pecs_view view, double *ret_sum);

/* Hashes every handle, component, tag and singleton, whatever the order of rows and tables. */
pecs_status skirmish_hash(const skirmish *game, pecs_view view, uint64_t *ret_hash);

#endif
