/* Births are sorted by session in the end, so that it does not matter how many sessions there are. */
#include "builder_births.h"

#include "identity.h"
#include "sessions.h"

#include <stdlib.h>

bool builder_births_reserve(struct pool *pool, struct builder_births *births, size_t count)
{
    return !births->nonce || (count <= SIZE_MAX / sizeof(*births->entries) / 4 - births->count &&
                              pool_reserve(pool, (void **)&births->entries, &births->capacity, births->count + count,
                                           sizeof(*births->entries)));
}

void builder_births_note(struct builder_births *births, const pecs_entity *entities, size_t count)
{
    for (size_t i = 0; births->nonce && i < count; i++)
        births->entries[births->count++] = (struct builder_birth){ identity_prefix(births->nonce), entities[i].index };
}

static int births_compare(const void *a, const void *b)
{
    const uint64_t x = ((const struct builder_birth *)a)->prefix, y = ((const struct builder_birth *)b)->prefix;
    return (x > y) - (x < y);
}

/* The prefixes of the state and of the births, which are sorted. One that the present session has needs no other. */
static struct sessions *births_make_sessions(const struct builder_births *births, const struct pecs_snapshot *state)
{
    uint64_t count = state->sessions->count;
    for (size_t i = 0; i < births->count; i++)
        count += !i || births->entries[i].prefix != births->entries[i - 1].prefix;
    struct sessions *sessions = count < UINT32_MAX ? sessions_create(state->registry->pool, (uint32_t)count, 0) : NULL;
    if (!sessions)
        return NULL;
    memcpy(sessions->prefixes, state->sessions->prefixes, state->sessions->count * sizeof(*sessions->prefixes));
    uint32_t place = state->sessions->count;
    for (size_t i = 0; i < births->count; i++)
        if (!i || births->entries[i].prefix != births->entries[i - 1].prefix)
            sessions->prefixes[place++] = births->entries[i].prefix;
    return sessions;
}

pecs_status builder_births_write(struct builder_births *births, struct pecs_world *world, struct entity_index *index)
{
    struct pecs_snapshot *state = world->state;
    if (!births->count)
        return PECS_OK;
    qsort(births->entries, births->count, sizeof(*births->entries), births_compare);
    struct sessions *sessions = births_make_sessions(births, state);
    if (!sessions)
        return PECS_E_MEMORY;
    uint32_t place = state->sessions->count - 1;
    for (size_t i = 0; i < births->count; i++) {
        place += !i || births->entries[i].prefix != births->entries[i - 1].prefix;
        const bool is_own = births->entries[i].prefix == sessions->prefixes[state->session];
        index_owned_record(index, births->entries[i].index)->session = is_own ? state->session : place;
    }
    node_release(state->registry->pool, &state->sessions->node);
    state->sessions = sessions;
    return PECS_OK;
}

void builder_births_free(struct pool *pool, struct builder_births *births)
{
    pool_release(pool, births->entries, births->capacity * sizeof(*births->entries));
}
