/*
 * The log of a command buffer, which commands.c writes and apply.c applies.
 *
 * A provisional handle is {place among the batch's spawns, PROVISIONAL | batch}: no living entity has such a
 * generation. Each batch of a registry's buffers has its own number, so that handles of other buffers and of earlier
 * batches are refused.
 */
#ifndef PECS_WORLD_COMMAND_LOG_H
#define PECS_WORLD_COMMAND_LOG_H

#include "edit.h"

#include <pecs/commands.h>

enum operation { SPAWN, DESPAWN, SET, ADD, REMOVE, SET_CONTENTS };

#define PROVISIONAL UINT32_C(0x80000000)

/*
 * A command in the log. item_count items follow: a struct item each, then the bytes of its value. That of SET_CONTENTS
 * is the member, a struct content, and what it is given.
 */
struct command {
    enum operation operation;
    uint32_t item_count;
    pecs_entity entity;
    uint64_t next;       /* place in the log of the entity's next command, or NO_COMMAND; set by apply */
    uint64_t size_bytes; /* of the command with its items */
};
struct item {
    pecs_component component;
    uint32_t has_value;  /* write the value in any case, not only when the component is added */
    uint64_t size_bytes; /* of the value that follows, with its contents; 0: no value */
    uint64_t placed;     /* of a value with contents, or a member: where apply has placed a copy of it */
};
#define NO_COMMAND UINT64_MAX

struct group {
    pecs_entity entity;
    uint64_t first, last; /* commands in the log */
    uint32_t from, to;    /* tables; NO_TABLE: not alive before, or after */
};

struct pecs_commands {
    pecs_registry *registry;
    uint8_t *log;
    size_t log_bytes, log_capacity;
    size_t command_count, spawn_count, add_count;
    uint32_t batch; /* without the PROVISIONAL bit; valid from the first spawn on */

    /* of apply, kept to reuse their memory */
    struct group *groups;
    size_t group_count, group_capacity;
    uint32_t *buckets;                    /* 1 + group, or 0 */
    size_t bucket_count, bucket_capacity; /* of this batch, a power of two; and the largest so far */
    uint64_t *wanted;                     /* a bit for each component of the world, by place */
    size_t wanted_words;
    uint8_t *placed; /* values whose contents are in the heap of the world */
    size_t placed_bytes, placed_capacity;
    pecs_entity *spawned; /* real handles of the last applied batch */
    size_t spawned_count, spawned_capacity;
    uint32_t spawned_batch;

    struct failure failure;
};

static inline bool command_is_provisional(pecs_entity entity)
{
    return entity.generation & PROVISIONAL;
}

/* Sets the message and returns PECS_E_MISUSE. */
static inline pecs_status commands_fail(pecs_commands *commands, pecs_component component, const char *text)
{
    return failure_explain(&commands->failure, PECS_E_MISUSE, (pecs_entity){ 0, 0 }, component, text);
}

#endif
