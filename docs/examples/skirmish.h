/*
 * Skirmish: a deterministic simulation of moving, fighting, dying and spawning entities. Its whole state is the world,
 * the random generator and the clock too (singletons): a world that is loaded from a file continues exactly as the one
 * that was saved.
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

/* Types, queries and command buffer. After a failure too, skirmish_deinit must follow. */
pecs_status skirmish_init(skirmish *game, pecs_error *error);
void skirmish_deinit(skirmish *game);

/* A new world of entity_count entities. */
pecs_status skirmish_found(skirmish *game, uint64_t entity_count, uint64_t seed, pecs_error *error);

/* The world of a save. The caller owns the snapshot, which keeps the file's content while the world changes. */
pecs_status skirmish_resume(skirmish *game, const char *path, pecs_snapshot **ret_snapshot, pecs_error *error);

/* A frame: everything that moves is moved, then the rest happens. step does both. */
pecs_status skirmish_move(skirmish *game);
pecs_status skirmish_finish_frame(skirmish *game);
pecs_status skirmish_step(skirmish *game);

/* The number of frames that were simulated, from the Clock. */
uint64_t skirmish_frame(pecs_view view);

/* How many were born and died. True when those alive are the founders and those born, without those who died. */
bool skirmish_tally(pecs_view view, uint64_t *ret_born, uint64_t *ret_died);

/* The sum of all positions' x and y. */
pecs_status skirmish_sum(const skirmish *game, pecs_view view, double *ret_sum);

/* A hash over every handle, component, tag and singleton, which does not depend on the order of rows or tables. */
pecs_status skirmish_hash(const skirmish *game, pecs_view view, uint64_t *ret_hash);

#endif
