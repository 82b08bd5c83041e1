/*
 * Command buffer: edits recorded now and applied later, one buffer a thread. Recording needs no world.
 *
 * The commands of one entity are applied together, at the place of its first command; the entities in the order of
 * those places. A later value of the same component wins; set after remove adds, remove after set removes;
 * commands on an entity after its despawn are skipped.
 */
#ifndef PECS_COMMANDS_H
#define PECS_COMMANDS_H

#include <pecs/world.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct pecs_commands pecs_commands;

/* Makes an empty buffer, which holds the registry. PECS_E_MISUSE, PECS_E_MEMORY. */
PECS_API PECS_MUST_USE pecs_status pecs_commands_create(pecs_registry *registry, pecs_commands **ret_commands);

/* Frees the buffer and forgets what is recorded; NULL is allowed. */
PECS_API void pecs_commands_destroy(pecs_commands *commands);

/*
 * Record one command; values are copied (one row each). spawn gives a provisional handle, which may be used in later
 * commands of this buffer and in entity fields of values that it records, until apply or clear; apply puts
 * the real handle in its place (ret_provisional may be NULL). Elsewhere a provisional handle is never alive.
 * PECS_E_MISUSE (unknown component, wrong size, a component twice, a provisional handle of another buffer or of an
 * earlier batch), PECS_E_LIMIT (2^31 commands), PECS_E_MEMORY: nothing recorded.
 */
PECS_API PECS_MUST_USE pecs_status pecs_commands_spawn(pecs_commands *commands, const pecs_value *values,
                                                       size_t value_count, pecs_entity *ret_provisional);
PECS_API PECS_MUST_USE pecs_status pecs_commands_despawn(pecs_commands *commands, pecs_entity entity);
PECS_API PECS_MUST_USE pecs_status pecs_commands_set(pecs_commands *commands, pecs_entity entity,
                                                     const pecs_value *values, size_t value_count);
PECS_API PECS_MUST_USE pecs_status pecs_commands_add(pecs_commands *commands, pecs_entity entity,
                                                     const pecs_component *components, size_t component_count);
PECS_API PECS_MUST_USE pecs_status pecs_commands_remove(pecs_commands *commands, pecs_entity entity,
                                                        const pecs_component *components, size_t component_count);

/*
 * Applies everything to the world and empties the buffer. Commands on entities that are dead (or die in this buffer)
 * are skipped and counted in ret_skipped_count (may be NULL). All or nothing: on PECS_E_MEMORY, PECS_E_BUSY,
 * PECS_E_LIMIT or PECS_E_MISUSE (another registry) the world is as before and the buffer still full.
 */
PECS_API PECS_MUST_USE pecs_status pecs_commands_apply(pecs_commands *commands, pecs_world *world,
                                                       uint64_t *ret_skipped_count);

/* Why the last call on this buffer that failed did so; as pecs_world_error. The buffer's thread only. */
PECS_API const pecs_error *pecs_commands_error(pecs_commands *commands);

/* The real handle that the last apply gave for a provisional one; none when it was not spawned. */
PECS_API pecs_entity pecs_commands_resolve(const pecs_commands *commands, pecs_entity provisional);

/* Forgets what is recorded. */
PECS_API void pecs_commands_clear(pecs_commands *commands);

#ifdef __cplusplus
}
#endif
#endif
