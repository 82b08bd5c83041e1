/*
 * Memory after a ring of snapshots, as rollback netcode keeps it: a world of 100,000 entities of W1, RING frames with a
 * snapshot before each, all released, and one more frame. What the library then holds of its allocator is compared with
 * the content of the world. The time is that of the frame's end, which moves what lies scattered.
 *
 *     ring_all     every component is edited each frame
 *     ring_mixed   component c each 2^(c modulo 5) frames, and 1,000 random positions
 *     ring_births  the same, and 1,000 random entities die each frame and as many are born
 */
#include "bench.h"

#include <stdlib.h>

enum { RING = 30, RING_ENTITIES = 100000, RING_BIRTHS = 1000 };

enum ring_pattern { RING_ALL, RING_MIXED, RING_WITH_BIRTHS, RING_PATTERN_COUNT };

struct ring {
    struct bench w1; /* of RING_ENTITIES */
    enum ring_pattern pattern;
    struct bench_counter counter;
    pecs_registry *registry;
    pecs_world *world;
    pecs_query *queries[W1_COMPONENT_COUNT];
    pecs_entity *entities;
    uint64_t random;
    uint64_t ring_bytes;
};

static bool ring_open(const struct bench *bench, struct ring *ring, enum ring_pattern pattern)
{
    *ring = (struct ring){ .w1 = *bench, .pattern = pattern };
    ring->w1.entity_count = RING_ENTITIES;
    ring->w1.shuffled = false;
    ring->w1.layout = w1_layout_of(RING_ENTITIES, false);
    ring->w1.block = limit_pages_allocate(ring->w1.layout.size_bytes);
    ring->entities = malloc(RING_ENTITIES * sizeof(*ring->entities));
    if (!ring->w1.block || !ring->entities)
        return bench_wrong("out of memory");
    w1_fill(&ring->w1.layout, ring->w1.block);
    const pecs_allocator allocator = bench_counting_allocator(&ring->counter);
    if (!bench_registry_create(&allocator, &ring->registry))
        return false;
    pecs_error error;
    pecs_status status = pecs_world_create(ring->registry, NULL, NULL, &ring->world, &error);
    for (pecs_component c = 0; !status && c < W1_COMPONENT_COUNT; c++)
        status = pecs_query_create(ring->registry, (pecs_term[]){ { c, PECS_WRITE } }, 1, &ring->queries[c], &error);
    if (status)
        return bench_failed("make a world", status, &error);
    for (uint64_t i = 0; i < RING_ENTITIES; i++) {
        const w1_entity entity = w1_entity_of(&ring->w1.layout, i);
        ring->entities[i] = (pecs_entity){ entity.index, entity.generation };
    }
    return bench_spawn_all(&ring->w1, ring->world);
}

static bool ring_close(struct ring *ring)
{
    pecs_world_destroy(ring->world);
    for (uint32_t c = 0; c < W1_COMPONENT_COUNT; c++)
        pecs_query_destroy(ring->queries[c]);
    pecs_registry_release(ring->registry);
    limit_pages_release(ring->w1.block, ring->w1.layout.size_bytes);
    free(ring->entities);
    if (ring->counter.live_bytes)
        return bench_wrong("%llu bytes were never released", (unsigned long long)ring->counter.live_bytes);
    return true;
}

static pecs_status edit_component(struct ring *ring, pecs_component component)
{
    pecs_iter it = pecs_query_iter_mut(ring->queries[component], ring->world, NULL);
    while (pecs_iter_next(&it)) {
        uint8_t *values = pecs_iter_column_mut(&it, component, w1_sizes[component]);
        for (size_t i = 0; i < it.row_count; i++)
            values[i * w1_sizes[component]] ^= 1;
    }
    return pecs_iter_end(&it);
}

/* Despawns an entity and replaces it in the list by one of a random archetype. */
static pecs_status replace_one(struct ring *ring)
{
    const uint64_t random = w1_mix(ring->random++);
    pecs_entity *entity = &ring->entities[random % RING_ENTITIES];
    const uint64_t source = random >> 32;
    pecs_value values[W1_COMPONENT_COUNT];
    const size_t count = bench_row_values(&ring->w1, source % 8, source % 1000, values);
    const pecs_status status = pecs_world_despawn(ring->world, entity, 1);
    return status ? status : pecs_world_spawn(ring->world, values, count, 1, entity);
}

static pecs_status set_one(struct ring *ring)
{
    void *value;
    const pecs_entity entity = ring->entities[w1_mix(ring->random++) % RING_ENTITIES];
    const pecs_status status = pecs_world_get_mut(ring->world, entity, W1_POSITION, sizeof(Position), &value);
    if (!status)
        ((Position *)value)->x += 1;
    return status;
}

static bool ring_edit(struct ring *ring, uint32_t frame)
{
    pecs_status status = PECS_OK;
    for (pecs_component c = 0; !status && c < W1_COMPONENT_COUNT; c++)
        if (ring->pattern == RING_ALL || frame % (1u << c % 5) == 0)
            status = edit_component(ring, c);
    for (uint32_t i = 0; !status && ring->pattern != RING_ALL && i < BENCH_SET_COUNT; i++)
        status = set_one(ring);
    for (uint32_t i = 0; !status && ring->pattern == RING_WITH_BIRTHS && i < RING_BIRTHS; i++)
        status = replace_one(ring);
    return status ? bench_failed("edit a frame", status, NULL) : true;
}

/* Ends the frame and returns how long that took. */
static bool ring_advance(struct ring *ring, double *ret_seconds)
{
    const double start = bench_now();
    const pecs_status status = pecs_world_advance(ring->world, NULL);
    *ret_seconds = bench_now() - start;
    return status ? bench_failed("end a frame", status, NULL) : true;
}

static bool ring_frames(struct ring *ring, double *ret_seconds)
{
    pecs_snapshot *snapshots[RING] = { NULL };
    bool ok = true;
    for (uint32_t frame = 0; ok && frame < RING; frame++) {
        const pecs_status status = pecs_snapshot_take(ring->world, &snapshots[frame]);
        ok = status ? bench_failed("take a snapshot", status, NULL) : true;
        ok = ok && ring_edit(ring, frame) && ring_advance(ring, ret_seconds);
    }
    ring->ring_bytes = ring->counter.live_bytes;
    for (uint32_t i = 0; i < RING; i++)
        pecs_snapshot_release(snapshots[i]);
    if (!ok || !ring_edit(ring, RING))
        return false;
    const uint64_t hash = pecs_view_hash(pecs_world_view(ring->world));
    if (!ring_advance(ring, ret_seconds))
        return false;
    return pecs_view_hash(pecs_world_view(ring->world)) == hash || bench_wrong("the frame's end changed the world");
}

static bool ring_run(struct bench *bench, const char *name, enum ring_pattern pattern)
{
    static struct ring ring;
    struct bench_result result = { .name = name, .entity_count = RING_ENTITIES, .mark_kind = BENCH_BYTES };
    bool ok = ring_open(bench, &ring, pattern) && ring_frames(&ring, &result.seconds);
    if (ok) {
        pecs_summary summary;
        pecs_view_summary(pecs_world_view(ring.world), &summary);
        const uint64_t content_bytes = summary.component_bytes + summary.entity_count * 8 + summary.slot_count * 16;
        result.bytes = ring.counter.live_bytes;
        result.mark = 1.5 * (double)content_bytes;
        result.figures[0] = (struct bench_figure){ "content_bytes", content_bytes };
        result.figures[1] = (struct bench_figure){ "ring_bytes", ring.ring_bytes };
    }
    ok = ring_close(&ring) && ok;
    if (ok)
        bench_report(bench, &result);
    return ok;
}

bool bench_run_ring(struct bench *bench)
{
    static const char *const names[RING_PATTERN_COUNT] = { "ring_all", "ring_mixed", "ring_births" };
    bool ok = true;
    for (enum ring_pattern pattern = 0; ok && pattern < RING_PATTERN_COUNT; pattern++)
        ok = ring_run(bench, names[pattern], pattern);
    return ok;
}
