/*
 * Command buffer: records edits to apply them later. Recording needs no world; each thread has a buffer of its own.
 *
 * The commands of one entity are applied together, at the place of its first command; entities in the order of these
 * places. Of several commands on a component the last one counts (an add after a set keeps the value); commands on an
 * entity after its despawn are skipped. pecs_commands_set_contents (contents.h) changes one string, blob or list of a
 * component.
 */
#ifndef PECS_COMMANDS_H
#define PECS_COMMANDS_H

#include <pecs/world.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct pecs_commands pecs_commands;

/* Creates an empty buffer, which holds the registry. PECS_E_MISUSE, PECS_E_MEMORY. */
PECS_API PECS_MUST_USE pecs_status pecs_commands_create(pecs_registry *registry, pecs_commands **ret_commands);

/* Destroys the buffer with its commands; NULL is allowed. */
PECS_API void pecs_commands_destroy(pecs_commands *commands);

/*
 * Record one command; values (one row each) are copied. ret_provisional (or NULL) of spawn is a provisional handle:
 * until apply or clear it may be used in later commands of this buffer and in entity fields of the values they record,
 * where apply replaces it by the real handle. Elsewhere a provisional handle is never alive. PECS_E_MISUSE (unknown
 * component, wrong size, a component twice, a provisional handle of another buffer or of an earlier batch),
 * PECS_E_LIMIT (2^31 commands), PECS_E_MEMORY: nothing recorded.
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
 * Applies all commands to the world and empties the buffer. Commands on entities that are dead (or die in this buffer)
 * are skipped, and pecs_commands_set_contents of a component that the entity lacks; ret_skipped_count (or NULL) is
 * their number. All or nothing: on PECS_E_MEMORY, PECS_E_BUSY, PECS_E_LIMIT or PECS_E_MISUSE (another registry) world
 * and buffer are as before.
 */
PECS_API PECS_MUST_USE pecs_status pecs_commands_apply(pecs_commands *commands, pecs_world *world,
                                                       uint64_t *ret_skipped_count);

/* Why the last call on this buffer that failed did so; see pecs_world_error. The buffer's thread only. */
PECS_API const pecs_error *pecs_commands_error(pecs_commands *commands);

/* The real handle that the last apply put in place of a provisional one; {0, 0} if it was not spawned. */
PECS_API pecs_entity pecs_commands_resolve(const pecs_commands *commands, pecs_entity provisional);

/* Empties the buffer without applying it. */
PECS_API void pecs_commands_clear(pecs_commands *commands);

#ifdef __cplusplus
}
#endif
#endif
