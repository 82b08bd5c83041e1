/*
 * Random structural edits, one entity a call, on a world of all entities: spawn, despawn, and components added and
 * removed. Both sides do the same edits on entities of the same history; which handle a new one gets is theirs. The
 * edits are drawn before the clock starts.
 *
 *     spawn       an entity of a random archetype, with values from the first rows of the block (in cache)
 *     despawn     a random live entity
 *     add_remove  a random live entity loses Velocity and Rotation when it has them, else gets them
 *
 * After a sample of spawns as many random entities are despawned, and before one of despawns as many spawned: the
 * number stays, and free slots and rows are scattered as in a world that has run for long.
 */
#include "bench.h"

#include <stdlib.h>

enum {
    EDIT_MAX = 1000000,
    SOURCE_ENTITIES = 1024, /* whose values the new ones take */
};

struct live {
    pecs_entity pecs;
    w1_entity limit;
    uint32_t table;
};

struct edit {
    struct live live; /* as before the edit */
    uint32_t source;  /* spawn and add: the number of the entity whose values it takes */
    uint32_t place;   /* in `live`, of what a spawn made */
};

struct structure {
    pecs_registry *registry;
    pecs_world *world;
    struct limit_tables *tables;
    struct live *live;
    uint64_t live_count;
    struct edit *edits;
    uint32_t edit_count;
    uint64_t random;
};

static uint64_t next_random(struct structure *structure)
{
    return w1_mix(structure->random++);
}

static bool structure_open(struct bench *bench, struct structure *structure)
{
    const uint64_t n = bench->entity_count;
    bench_world_drop(bench); /* two worlds and the tables would not fit a small machine */
    *structure = (struct structure){ .edit_count = (uint32_t)(n / 2 < EDIT_MAX ? n / 2 : EDIT_MAX) };
    structure->live = malloc((n + structure->edit_count) * sizeof(*structure->live));
    structure->edits = malloc(structure->edit_count * sizeof(*structure->edits));
    /* a table can get all of a sample's spawns, and more when moves gather in it */
    structure->tables = limit_tables_create(&bench->layout, bench->block, n / 8 + 3 * (uint64_t)structure->edit_count);
    if (!structure->live || !structure->edits || !structure->tables)
        return bench_wrong("out of memory");
    if (!bench_registry_create(NULL, &structure->registry))
        return false;
    pecs_error error;
    const pecs_status status = pecs_world_create(structure->registry, NULL, NULL, &structure->world, &error);
    if (status)
        return bench_failed("make a world", status, &error);
    for (uint64_t i = 0; i < n; i++) {
        const w1_entity entity = w1_entity_of(&bench->layout, i);
        structure->live[i] = (struct live){ { entity.index, entity.generation }, entity, (uint32_t)(i % 8) };
    }
    structure->live_count = n;
    return bench_spawn_all(bench, structure->world);
}

static void structure_close(struct structure *structure)
{
    pecs_world_destroy(structure->world);
    pecs_registry_release(structure->registry);
    limit_tables_destroy(structure->tables);
    free(structure->live);
    free(structure->edits);
}

/* Drawing: the edits of one sample, for both sides. */

static void draw_spawns(const struct bench *bench, struct structure *structure)
{
    const uint64_t sources = bench->entity_count < SOURCE_ENTITIES ? bench->entity_count : SOURCE_ENTITIES;
    for (uint32_t k = 0; k < structure->edit_count; k++) {
        const uint32_t source = (uint32_t)(next_random(structure) % sources);
        const uint64_t place = structure->live_count++;
        structure->live[place].table = source % 8;
        structure->edits[k] =
            (struct edit){ .live = structure->live[place], .source = source, .place = (uint32_t)place };
    }
}

static void draw_despawns(struct structure *structure)
{
    for (uint32_t k = 0; k < structure->edit_count; k++) {
        const uint64_t place = next_random(structure) % structure->live_count;
        structure->edits[k] = (struct edit){ .live = structure->live[place] };
        structure->live[place] = structure->live[--structure->live_count];
    }
}

static void draw_moves(struct structure *structure)
{
    for (uint32_t k = 0; k < structure->edit_count; k++) {
        struct live *live = &structure->live[next_random(structure) % structure->live_count];
        structure->edits[k] = (struct edit){ .live = *live, .source = 8 * (uint32_t)(k % 2) + 1 };
        live->table ^= 1;
    }
}

/* Doing, on one side each. A failure leaves the other side unlike: the program ends then. */

static bool spawn_pecs(struct bench *bench, struct structure *structure)
{
    pecs_value values[W1_COMPONENT_COUNT];
    for (uint32_t k = 0; k < structure->edit_count; k++) {
        struct edit *edit = &structure->edits[k];
        const size_t count = bench_row_values(bench, edit->live.table, edit->source / 8, values);
        const pecs_status status = pecs_world_spawn(structure->world, values, count, 1, &edit->live.pecs);
        if (status)
            return bench_failed("spawn", status, NULL);
    }
    return true;
}

static bool spawn_limit(struct bench *bench, struct structure *structure)
{
    const void *values[W1_COMPONENT_COUNT];
    for (uint32_t k = 0; k < structure->edit_count; k++) {
        struct edit *edit = &structure->edits[k];
        for (uint32_t c = 0; c < W1_COMPONENT_COUNT; c++)
            values[c] = bench->block + bench->layout.columns[edit->live.table][c] + edit->source / 8 * w1_sizes[c];
        edit->live.limit = limit_tables_spawn(structure->tables, edit->live.table, values);
    }
    return true;
}

static bool despawn_pecs(struct bench *bench, struct structure *structure)
{
    (void)bench;
    for (uint32_t k = 0; k < structure->edit_count; k++) {
        const pecs_status status = pecs_world_despawn(structure->world, &structure->edits[k].live.pecs, 1);
        if (status)
            return bench_failed("despawn", status, NULL);
    }
    return true;
}

static bool despawn_limit(struct bench *bench, struct structure *structure)
{
    (void)bench;
    bool ok = true;
    for (uint32_t k = 0; k < structure->edit_count; k++)
        ok &= limit_tables_despawn(structure->tables, structure->edits[k].live.limit);
    return ok ? true : bench_wrong("the hand-written tables lost an entity");
}

static bool move_pecs(struct bench *bench, struct structure *structure)
{
    static const pecs_component moving[] = { W1_VELOCITY, W1_ROTATION };
    for (uint32_t k = 0; k < structure->edit_count; k++) {
        const struct edit *edit = &structure->edits[k];
        const uint64_t row = edit->source / 8;
        const pecs_value values[] = {
            { W1_VELOCITY, sizeof(Velocity), bench->block + bench->layout.columns[1][W1_VELOCITY] + row * 12 },
            { W1_ROTATION, sizeof(Rotation), bench->block + bench->layout.columns[1][W1_ROTATION] + row * 16 },
        };
        const pecs_status status = edit->live.table & 1
                                       ? pecs_world_remove(structure->world, edit->live.pecs, moving, 2)
                                       : pecs_world_set(structure->world, edit->live.pecs, values, 2);
        if (status)
            return bench_failed("add or remove components", status, NULL);
    }
    return true;
}

static bool move_limit(struct bench *bench, struct structure *structure)
{
    bool ok = true;
    for (uint32_t k = 0; k < structure->edit_count; k++) {
        const struct edit *edit = &structure->edits[k];
        const uint64_t row = edit->source / 8;
        const void *values[W1_COMPONENT_COUNT] = { NULL };
        values[W1_VELOCITY] = bench->block + bench->layout.columns[1][W1_VELOCITY] + row * 12;
        values[W1_ROTATION] = bench->block + bench->layout.columns[1][W1_ROTATION] + row * 16;
        ok &= limit_tables_move(structure->tables, edit->live.limit, edit->live.table ^ 1, values);
    }
    return ok ? true : bench_wrong("the hand-written tables lost an entity");
}

typedef bool (*edit_function)(struct bench *bench, struct structure *structure);

/* Both sides in turn on the edits drawn; PECS's seconds come first. */
static bool do_both(struct bench *bench, struct structure *structure, edit_function pecs, edit_function limit,
                    double seconds[2])
{
    const bool limit_first = structure->random & 1;
    for (int i = 0; i < 2; i++) {
        const bool is_limit = limit_first == (i == 0);
        const double start = bench_now();
        if (!(is_limit ? limit : pecs)(bench, structure))
            return false;
        seconds[is_limit] = bench_now() - start;
    }
    return true;
}

static bool do_spawns(struct bench *bench, struct structure *structure, double seconds[2])
{
    draw_spawns(bench, structure);
    if (!do_both(bench, structure, spawn_pecs, spawn_limit, seconds))
        return false;
    for (uint32_t k = 0; k < structure->edit_count; k++)
        structure->live[structure->edits[k].place] = structure->edits[k].live;
    return true;
}

static bool do_despawns(struct bench *bench, struct structure *structure, double seconds[2])
{
    draw_despawns(structure);
    return do_both(bench, structure, despawn_pecs, despawn_limit, seconds);
}

static bool do_moves(struct bench *bench, struct structure *structure, double seconds[2])
{
    draw_moves(structure);
    return do_both(bench, structure, move_pecs, move_limit, seconds);
}

/* Rows of both sides, table by table, and the sum of positions. */
static bool check(struct structure *structure, const char *name)
{
    uint64_t expected = 0;
    pecs_summary summary;
    pecs_view_summary(pecs_world_view(structure->world), &summary);
    for (uint32_t t = 0; t < W1_TABLE_COUNT; t++)
        expected += limit_tables_rows(structure->tables, t);
    if (summary.entity_count != expected || expected != structure->live_count)
        return bench_wrong("%s: %llu entities instead of %llu", name, (unsigned long long)summary.entity_count,
                           (unsigned long long)structure->live_count);
    for (uint64_t i = 0; i < structure->live_count; i += 1 + structure->live_count / 1000)
        for (uint32_t c = 0; c < W1_COMPONENT_COUNT; c++)
            if (pecs_view_has(pecs_world_view(structure->world), structure->live[i].pecs, c) !=
                w1_table_has(structure->live[i].table, c))
                return bench_wrong("%s: an entity has the wrong components", name);
    pecs_query *positions;
    pecs_error error;
    const pecs_status status =
        pecs_query_create(structure->registry, (pecs_term[]){ { W1_POSITION, PECS_READ } }, 1, &positions, &error);
    if (status)
        return bench_failed("make a query", status, &error);
    const double sum = bench_sum(positions, pecs_world_view(structure->world));
    pecs_query_destroy(positions);
    return bench_same_sum(name, sum, limit_tables_sum(structure->tables));
}

enum edit_kind { EDIT_SPAWN, EDIT_DESPAWN, EDIT_MOVE };

struct context {
    struct structure structure;
    enum edit_kind kind;
};

static bool do_sample(struct bench *bench, void *context, double seconds[2])
{
    struct structure *structure = &((struct context *)context)->structure;
    double unused[2];
    switch (((struct context *)context)->kind) {
    case EDIT_SPAWN:
        return do_spawns(bench, structure, seconds) && do_despawns(bench, structure, unused);
    case EDIT_DESPAWN:
        return do_spawns(bench, structure, unused) && do_despawns(bench, structure, seconds);
    case EDIT_MOVE:
        break;
    }
    return do_moves(bench, structure, seconds);
}

static bool run(struct bench *bench, const char *name, enum edit_kind kind, uint64_t edit_bytes)
{
    struct context context = { .kind = kind };
    const struct bench_sides sides = { .both = do_sample, .context = &context };
    struct bench_result result = { .name = name, .limit = "hand tables", .mark_kind = BENCH_RATIO, .mark = 3 };
    bool ok = structure_open(bench, &context.structure) && bench_measure(bench, &sides, &result) &&
              check(&context.structure, name);
    if (ok) {
        result.bytes = edit_bytes * context.structure.edit_count;
        result.figures[0] = (struct bench_figure){ "operations", context.structure.edit_count };
        bench_report(bench, &result);
    }
    structure_close(&context.structure);
    return ok;
}

/* Bytes of an edit: a row of 66.5 bytes, its handle and its index record, on average. */
bool bench_run_spawn(struct bench *bench)
{
    return run(bench, "spawn", EDIT_SPAWN, 90);
}

bool bench_run_despawn(struct bench *bench)
{
    return run(bench, "despawn", EDIT_DESPAWN, 90);
}

bool bench_run_add_remove(struct bench *bench)
{
    return run(bench, "add_remove", EDIT_MOVE, 90);
}
