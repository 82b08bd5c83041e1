/* Sessions: opening one makes a new list, with the places that no living entity uses. */
#include "sessions.h"

#include "bits.h"
#include "state.h"

enum { SESSIONS_LOOK = 4096 }; /* a power of two */

static size_t sessions_bytes(uint32_t count, uint32_t free_count)
{
    return sizeof(struct sessions) + count * sizeof(uint64_t) + free_count * sizeof(uint32_t);
}

static void sessions_destroy(struct pool *pool, struct node *node)
{
    struct sessions *sessions = (struct sessions *)node;
    pool_release(pool, sessions, sessions_bytes(sessions->count, sessions->free_count));
}

static const struct node_class sessions_class = { sessions_destroy, NULL };

struct sessions *sessions_create(struct pool *pool, uint32_t count, uint32_t free_count)
{
    struct sessions *sessions = pool_allocate_zeroed(pool, sessions_bytes(count, free_count));
    if (!sessions)
        return NULL;
    node_init(&sessions->node, &sessions_class);
    sessions->count = count;
    sessions->free_count = free_count;
    sessions->free = (uint32_t *)(void *)(sessions->prefixes + count);
    return sessions;
}

/* Lists the places of sessions without living entities, ascending. */
static uint32_t sessions_find_free(const struct pecs_snapshot *state, uint32_t *places)
{
    const uint32_t count = state->sessions->count;
    uint32_t free_count = 0;
    for (uint32_t place = 0; place < count; place++)
        places[place] = false; /* not used by any entity yet */
    for (uint64_t index = 0; index < state_slot_count(state); index++) {
        const struct record *record = state_record(state, (uint32_t)index);
        if (record->table != NO_TABLE &&
            record->session < count) /* the session of a damaged record can be any number */
            places[record->session] = true;
    }
    for (uint32_t place = 0; place < count; place++)
        if (!places[place])
            places[free_count++] = place;
    return free_count;
}

/* Makes a list of the first `count` prefixes of the old one and a new prefix, in a free place or behind them. */
static pecs_status sessions_put(struct pecs_snapshot *state, uint32_t count, const uint32_t *free, uint32_t free_count,
                                uint64_t prefix)
{
    const uint32_t place = free_count ? free[--free_count] : count;
    if (place == UINT32_MAX)
        return PECS_E_LIMIT;
    struct pool *pool = state->registry->pool;
    struct sessions *sessions = sessions_create(pool, place == count ? count + 1 : count, free_count);
    if (!sessions)
        return PECS_E_MEMORY;
    if (count)
        memcpy(sessions->prefixes, state->sessions->prefixes, count * sizeof(*sessions->prefixes));
    if (free_count)
        memcpy(sessions->free, free, free_count * sizeof(*free));
    sessions->prefixes[place] = prefix;
    if (state->sessions)
        node_release(pool, &state->sessions->node);
    state->sessions = sessions;
    state->session = place;
    return PECS_OK;
}

/*
 * Finding free places reads every record. So it happens only when the list is full, at SESSIONS_LOOK sessions and each
 * time their number has doubled. The places are used only if they are at least half of the list: then the next search
 * is as many sessions away.
 */
pecs_status sessions_open(struct pecs_snapshot *state, uint64_t prefix)
{
    const struct sessions *old =
        state->entity_count ? state->sessions : NULL; /* without entities, all places are free */
    if (!old)
        return sessions_put(state, 0, NULL, 0, prefix);
    const uint32_t count = old->count;
    if (old->prefixes[state->session] == prefix)
        return PECS_OK;
    if (old->free_count || count < SESSIONS_LOOK || (count & (count - 1)))
        return sessions_put(state, count, old->free, old->free_count, prefix);
    struct pool *pool = state->registry->pool;
    uint32_t *found = pool_allocate(pool, count * sizeof(*found));
    if (!found)
        return PECS_E_MEMORY;
    const uint32_t found_count = sessions_find_free(state, found);
    const pecs_status status = sessions_put(state, count, found, found_count < count / 2 ? 0 : found_count, prefix);
    pool_release(pool, found, count * sizeof(*found));
    return status;
}
