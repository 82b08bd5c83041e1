/*
 * Evacuation: after a ring of snapshots is released, one more frame brings the memory back, whatever was edited. No
 * content changes, nothing that others share moves, and without memory nothing happens.
 */
#include "world_fixture.h"

enum { RING = 30, ENTITIES = 24000 };

#define BYTES(n)                                                                                                       \
    typedef struct {                                                                                                   \
        uint8_t bytes[n];                                                                                              \
    } Bytes##n;                                                                                                        \
    PECS_COMPONENT(Bytes##n, 1, bytes)
BYTES(1);
BYTES(4);
BYTES(12);
BYTES(16);
BYTES(20);
BYTES(48);
BYTES(256);

enum { TYPE_COUNT = 7 };
static const pecs_type *const types[TYPE_COUNT] = {
    &Bytes1_type, &Bytes4_type, &Bytes12_type, &Bytes16_type, &Bytes20_type, &Bytes48_type, &Bytes256_type,
};
static const uint32_t sizes[TYPE_COUNT] = { 1, 4, 12, 16, 20, 48, 256 };

/* As counting_hooks, and counts what is as large as a block. */
static uint64_t block_calls;
static void *allocate(void *user, size_t size_bytes, size_t align_bytes)
{
    block_calls += size_bytes >= 32 * 1024;
    return counting_allocate(user, size_bytes, align_bytes);
}
static const pecs_allocator hooks = { allocate, counting_release, &counting };

static uint64_t seed;
static uint64_t next_random(uint64_t limit)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (seed >> 33) % limit;
}

struct game {
    pecs_registry *registry;
    pecs_world *world;
    pecs_query *queries[TYPE_COUNT];
    pecs_entity *entities;
    size_t entity_count;
};

/* Entities with the components whose bits are set. */
static void spawn(struct game *game, size_t count, uint32_t components)
{
    pecs_value values[TYPE_COUNT];
    size_t value_count = 0;
    for (pecs_component i = 0; i < TYPE_COUNT; i++)
        if (components >> i & 1)
            values[value_count++] = (pecs_value){ i, sizes[i], NULL };
    cr_assert_eq(pecs_world_spawn(game->world, values, value_count, count, game->entities + game->entity_count),
                 PECS_OK);
    game->entity_count += count;
}

static void edit_all(struct game *game, pecs_component component)
{
    pecs_iter it = pecs_query_iter_mut(game->queries[component], game->world, NULL);
    while (pecs_iter_next(&it)) {
        uint8_t *values = pecs_iter_column_mut(&it, component, sizes[component]);
        for (size_t i = 0; i < it.row_count * sizes[component]; i++)
            values[i] = (uint8_t)(values[i] * 3 + i);
    }
    cr_assert_eq(pecs_iter_end(&it), PECS_OK);
}

static void edit_some(struct game *game, pecs_component component, size_t count)
{
    while (count--) {
        void *value;
        const pecs_entity entity = game->entities[next_random(game->entity_count)];
        const pecs_status status = pecs_world_get_mut(game->world, entity, component, sizes[component], &value);
        must(status == PECS_OK || status == PECS_E_ABSENT);
        if (!status)
            *(uint8_t *)value ^= 1;
    }
}

/* Of the entities, one in a hundred dies, and as many are born in the tables of these components. */
static void replace_some(struct game *game, uint32_t components)
{
    const size_t count = game->entity_count / 100;
    for (size_t i = 0; i < count; i++) {
        pecs_entity *entity = &game->entities[next_random(game->entity_count)];
        must(pecs_world_despawn(game->world, entity, 1) == PECS_OK);
        *entity = game->entities[--game->entity_count];
    }
    spawn(game, count, components);
}

/* All components each frame; some rarely; a few values each; and with births and deaths. */
enum pattern { ALL, RARELY, FEW, BIRTHS, PATTERN_COUNT };

static void edit(struct game *game, enum pattern pattern, unsigned frame)
{
    for (pecs_component i = 0; i < TYPE_COUNT; i++) {
        if (pattern == ALL || (pattern != FEW && frame % (1 + 5 * i % 7) == 0))
            edit_all(game, i);
        else
            edit_some(game, i, 3);
    }
    if (pattern == BIRTHS)
        replace_some(game, 0x7f);
}

static void begin(struct game *game)
{
    memset(game, 0, sizeof(*game));
    seed = 1;
    game->registry = make_registry(types, TYPE_COUNT, hooks);
    game->world = make_world(game->registry, NULL);
    game->entities = calloc(2 * ENTITIES, sizeof(*game->entities));
    for (pecs_component i = 0; i < TYPE_COUNT; i++)
        game->queries[i] = make_query(game->registry, (pecs_term[]){ { i, PECS_WRITE } }, 1);
    spawn(game, ENTITIES / 2, 0x7f);
    spawn(game, ENTITIES / 4, 0x2b);
    for (uint32_t i = 0; i < 40; i++)
        spawn(game, ENTITIES / 160, 1 + i);
}

static void end(struct game *game)
{
    pecs_world_destroy(game->world);
    for (pecs_component i = 0; i < TYPE_COUNT; i++)
        pecs_query_destroy(game->queries[i]);
    pecs_registry_release(game->registry);
    free(game->entities);
    assert_no_leak();
}

/* The memory of all that the state has, with room that its arrays have for more rows. */
static uint64_t chunk_bytes_of(const struct tree *chunks, uint64_t chunk_count)
{
    uint64_t bytes = 0;
    for (uint64_t chunk = 0; chunk < chunk_count; chunk++)
        bytes += ((const struct array *)tree_get(chunks, chunk))->size_bytes;
    return bytes;
}

static uint64_t world_bytes(const struct game *game)
{
    const struct pecs_snapshot *state = game->world->state;
    const struct vector *records = &state_index(state)->records;
    uint64_t bytes = chunk_bytes_of(&records->chunks, vector_chunk_count(records));
    for (uint32_t i = 0; i < state->table_count; i++) {
        const struct table *table = state_table(state, i);
        for (uint32_t j = 0; j < table->archetype->column_count; j++)
            bytes += chunk_bytes_of(&table->columns[j].chunks, table_chunk_count(table));
    }
    return bytes;
}

/* Takes and releases a snapshot each frame, `frames` times, with RING of them; then releases all but `kept`. */
static void run_ring(struct game *game, enum pattern pattern, unsigned frames, unsigned kept, pecs_snapshot **ring)
{
    for (unsigned frame = 0; frame < frames; frame++) {
        pecs_snapshot **place = &ring[frame % RING];
        pecs_snapshot_release(*place);
        *place = take(game->world);
        edit(game, pattern, frame);
        must(pecs_world_advance(game->world, NULL) == PECS_OK);
    }
    for (unsigned i = kept; i < RING; i++) {
        pecs_snapshot_release(ring[i]);
        ring[i] = NULL;
    }
}

Test(evacuation, one_frame_after_a_ring_brings_the_memory_back)
{
    for (enum pattern pattern = 0; pattern < PATTERN_COUNT; pattern++) {
        struct game game;
        pecs_snapshot *ring[RING] = { NULL };
        begin(&game);
        run_ring(&game, pattern, RING, RING, ring);
        cr_assert_gt(counting.live_bytes, 3 * world_bytes(&game), "pattern %d: the ring takes memory", pattern);
        run_ring(&game, pattern, 0, 0, ring);
        edit(&game, pattern, RING);
        const uint64_t hash = pecs_view_hash(pecs_world_view(game.world));
        cr_assert_eq(pecs_world_advance(game.world, NULL), PECS_OK);
        cr_assert_leq(counting.live_bytes, world_bytes(&game) * 3 / 2, "pattern %d: %.2f times", pattern,
                      (double)counting.live_bytes / (double)world_bytes(&game));
        cr_assert_eq(pecs_view_hash(pecs_world_view(game.world)), hash);
        check_world(game.world);
        edit(&game, BIRTHS, 0);
        check_world(game.world);
        end(&game);
    }
}

/* What one frame of a ring gives back, the next one takes: the allocator is hardly asked. */
Test(evacuation, a_steady_ring_keeps_its_memory)
{
    for (enum pattern pattern = 0; pattern <= FEW; pattern++) {
        struct game game;
        pecs_snapshot *ring[RING] = { NULL };
        begin(&game);
        run_ring(&game, pattern, 2 * RING, RING, ring);
        const uint64_t calls = block_calls;
        run_ring(&game, pattern, 2 * RING, RING, ring);
        cr_assert_leq(block_calls - calls, RING, "less than one block in two frames");
        run_ring(&game, pattern, 0, 0, ring);
        end(&game);
    }
}

static uint64_t hash_of(const pecs_snapshot *snapshot)
{
    return pecs_view_hash(pecs_snapshot_view(snapshot));
}

/* Pointers into a snapshot stay what they were while the world beside it moves its own arrays. */
Test(evacuation, what_a_snapshot_shares_stays_where_it_is)
{
    struct game game;
    pecs_snapshot *ring[RING] = { NULL };
    begin(&game);
    run_ring(&game, RARELY, RING, 1, ring);
    const pecs_view view = pecs_snapshot_view(ring[0]);
    const uint64_t hash = hash_of(ring[0]);
    const pecs_entity entity = game.entities[0];
    const void *values[TYPE_COUNT];
    for (pecs_component i = 0; i < TYPE_COUNT; i++)
        values[i] = pecs_view_get(view, entity, i, sizes[i]);
    edit(&game, RARELY, RING);
    cr_assert_eq(pecs_world_advance(game.world, NULL), PECS_OK);
    for (pecs_component i = 0; i < TYPE_COUNT; i++)
        cr_assert_eq(pecs_view_get(view, entity, i, sizes[i]), values[i]);
    cr_assert_eq(hash_of(ring[0]), hash);
    pecs_snapshot_release(ring[0]);
    cr_assert_eq(pecs_world_advance(game.world, NULL), PECS_OK);
    cr_assert_leq(counting.live_bytes, world_bytes(&game) * 3 / 2, "and when it is gone, all can move");
    check_world(game.world);
    end(&game);
}

/* The n-th allocation of the evacuation fails, and so do all after it: the frame ends all the same; a later one moves.
 */
Test(evacuation, without_memory_nothing_is_lost)
{
    for (uint64_t n = 1; n < 40; n += n < 4 ? 1 : 9) {
        struct game game;
        pecs_snapshot *ring[RING] = { NULL };
        begin(&game);
        run_ring(&game, RARELY, RING, 0, ring);
        edit(&game, RARELY, RING);
        const uint64_t hash = pecs_view_hash(pecs_world_view(game.world));
        counting.fail_at = counting.call_count + n;
        counting.fail_after = true;
        cr_assert_eq(pecs_world_advance(game.world, NULL), PECS_OK);
        counting.fail_at = 0;
        cr_assert_eq(pecs_view_hash(pecs_world_view(game.world)), hash);
        cr_assert_eq(pecs_world_advance(game.world, NULL), PECS_OK);
        cr_assert_leq(counting.live_bytes, world_bytes(&game) * 3 / 2, "%.2f times",
                      (double)counting.live_bytes / (double)world_bytes(&game));
        check_world(game.world);
        end(&game);
    }
}

/* Worlds of one registry share its pool: each moves what is its own. */
Test(evacuation, worlds_of_one_registry_bring_it_back_together)
{
    enum { WORLDS = 12, ROWS = 1500 };
    pecs_registry *registry = make_registry(types, TYPE_COUNT, hooks);
    pecs_world *worlds[WORLDS];
    pecs_snapshot *rings[WORLDS][RING];
    struct game game = { .registry = registry, .entities = calloc(ROWS, sizeof(*game.entities)) };
    for (pecs_component i = 0; i < TYPE_COUNT; i++)
        game.queries[i] = make_query(registry, (pecs_term[]){ { i, PECS_WRITE } }, 1);
    for (size_t i = 0; i < WORLDS; i++) {
        game.world = worlds[i] = make_world(registry, NULL);
        game.entity_count = 0;
        spawn(&game, ROWS, 0x7f);
    }
    for (unsigned frame = 0; frame <= RING; frame++)
        for (size_t i = 0; i < WORLDS; i++) {
            game.world = worlds[i];
            if (frame == RING)
                for (size_t k = 0; k < RING; k++)
                    pecs_snapshot_release(rings[i][k]);
            else
                rings[i][frame] = take(worlds[i]);
            for (pecs_component k = 0; k < TYPE_COUNT; k++)
                if ((frame + i) % (1 + k) == 0)
                    edit_all(&game, k);
            cr_assert_eq(pecs_world_advance(worlds[i], NULL), PECS_OK);
        }
    /* the first ones have ended their frame before the last ring was released */
    uint64_t bytes = 0;
    for (size_t i = 0; i < WORLDS; i++) {
        cr_assert_eq(pecs_world_advance(worlds[i], NULL), PECS_OK);
        game.world = worlds[i];
        bytes += world_bytes(&game);
    }
    cr_assert_leq(counting.live_bytes, bytes * 3 / 2, "%.2f times", (double)counting.live_bytes / (double)bytes);
    for (size_t i = 0; i < WORLDS; i++) {
        check_world(worlds[i]);
        pecs_world_destroy(worlds[i]);
    }
    game.world = NULL;
    end(&game);
}
