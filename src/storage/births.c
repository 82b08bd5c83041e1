/* Maps and lists of them are immutable, and shared by the states that have them. */
#include "births.h"

#include "id_hash.h"
#include "identity.h"
#include "os.h"

static_assert(BIRTH_MAP_MIN * sizeof(uint32_t) >= OS_HUGE_BYTES, "no evacuation need move a map");

static void birth_map_destroy(struct pool *pool, struct node *node)
{
    struct birth_map *map = (struct birth_map *)node;
    pool_array_release(pool, map->indices, (size_t)map->slot_count * sizeof(*map->indices), map->indices_source);
    pool_release(pool, map, sizeof(*map));
}

static const struct node_class birth_map_class = { birth_map_destroy, NULL };

struct birth_map *birth_map_create(struct pool *pool, uint64_t slot_count)
{
    struct birth_map *map = pool_allocate_zeroed(pool, sizeof(*map));
    if (!map)
        return NULL;
    map->slot_count = slot_count;
    map->indices = pool_array_allocate(pool, (size_t)slot_count * sizeof(*map->indices), &map->indices_source);
    if (!map->indices) {
        pool_release(pool, map, sizeof(*map));
        return NULL;
    }
    node_init(&map->node, &birth_map_class);
    return map;
}

static void births_destroy(struct pool *pool, struct node *node)
{
    struct births *births = (struct births *)node;
    for (uint32_t i = 0; i < births->count; i++)
        node_release(pool, &births->maps[i]->node);
    pool_release(pool, births, sizeof(*births));
}

static const struct node_class births_class = { births_destroy, NULL };

static struct births *births_create(struct pool *pool)
{
    struct births *births = pool_allocate_zeroed(pool, sizeof(*births));
    if (births)
        node_init(&births->node, &births_class);
    return births;
}

static void births_push(struct births *births, struct birth_map *map)
{
    births->maps[births->count++] = map;
}

/* The explicit id of the entity that the hint in a slot leads to, if it was born there, or NULL. */
static const pecs_id *births_id_at(const struct pecs_snapshot *state, const struct birth_map *map, uint64_t slot)
{
    uint64_t prefix;
    pecs_entity born;
    if (map->slot_count - slot > IDENTITY_FAR_AHEAD) {
        __builtin_prefetch(identity_record_at(state, map->indices[slot + IDENTITY_FAR_AHEAD]));
        __builtin_prefetch(identity_explicit_at(state, map->indices[slot + IDENTITY_AHEAD]));
    }
    const pecs_id *id = identity_explicit_at(state, map->indices[slot]);
    return id && identity_parse(*id, &prefix, &born) && born.index == slot ? id : NULL;
}

static bool birth_map_counts(const struct pecs_snapshot *state, const struct birth_map *map)
{
    for (uint64_t slot = 0; slot < map->slot_count; slot++)
        if (births_id_at(state, map, slot))
            return true;
    return false;
}

static void births_replace(struct pecs_snapshot *state, struct births *births)
{
    if (state->births)
        node_release(state->registry->pool, &state->births->node);
    state->births = births;
}

bool births_make_room(struct pecs_snapshot *state)
{
    struct births *const old = state->births;
    if (!old || old->count < BIRTH_MAPS_MAX)
        return true;
    struct births *births = births_create(state->registry->pool);
    for (uint32_t i = 0; births && i < old->count; i++)
        if (birth_map_counts(state, old->maps[i]))
            births_push(births, (struct birth_map *)node_retain(&old->maps[i]->node));
    if (births)
        births_replace(state, births);
    return births && births->count < BIRTH_MAPS_MAX;
}

pecs_status births_add(struct pecs_snapshot *state, struct birth_map *map)
{
    const struct births *const old = state->births;
    struct births *births = births_create(state->registry->pool);
    if (!births) {
        node_release(state->registry->pool, &map->node);
        return PECS_E_MEMORY;
    }
    for (uint32_t i = 0; old && i < old->count; i++)
        births_push(births, (struct birth_map *)node_retain(&old->maps[i]->node));
    births_push(births, map);
    births_replace(state, births);
    return PECS_OK;
}

void births_prefetch(const struct pecs_snapshot *state, pecs_entity born)
{
    const struct births *births = state->births;
    for (uint32_t i = 0; births && i < births->count; i++)
        if (born.index < births->maps[i]->slot_count)
            __builtin_prefetch(&births->maps[i]->indices[born.index]);
}

bool births_find(const struct pecs_snapshot *state, const pecs_id *id, pecs_entity born, pecs_entity *ret_entity)
{
    const struct births *births = state->births;
    for (uint32_t i = 0; births && i < births->count; i++) {
        const struct birth_map *map = births->maps[i];
        if (born.index < map->slot_count && identity_hint_counts(state, map->indices[born.index], id, ret_entity))
            return true;
    }
    return false;
}

bool births_name_session(const struct pecs_snapshot *state, uint64_t prefix)
{
    const struct births *births = state->births;
    for (uint32_t i = 0; births && i < births->count; i++)
        for (uint64_t slot = 0; slot < births->maps[i]->slot_count; slot++) {
            const pecs_id *id = births_id_at(state, births->maps[i], slot);
            if (id && memcmp(id->bytes, &prefix, sizeof(prefix)) == 0 && identity_has_birth_form(*id))
                return true;
        }
    return false;
}
