/*
 * W1 in PECS: spawned from the block's columns, queried and updated as a user's program does it, and compared with
 * the block to the last bit. A benchmark of a wrong result is worth nothing, so every discipline checks its own.
 */
#include "bench.h"

#include <math.h>
#include <stdlib.h>

bool bench_registry_create(const pecs_allocator *allocator, pecs_registry **ret_registry)
{
    pecs_registry_desc desc = { .types = w1_types, .type_count = W1_COMPONENT_COUNT };
    if (allocator)
        desc.allocator = *allocator;
    pecs_error error;
    const pecs_status status = pecs_registry_create(&desc, ret_registry, &error);
    return status ? bench_failed("make the registry", status, &error) : true;
}

size_t bench_row_values(const struct bench *bench, uint32_t table, uint64_t row, pecs_value *values)
{
    size_t count = 0;
    for (uint32_t c = 0; c < W1_COMPONENT_COUNT; c++)
        if (w1_table_has(table, c))
            values[count++] =
                (pecs_value){ c, w1_sizes[c], bench->block + bench->layout.columns[table][c] + row * w1_sizes[c] };
    return count;
}

static bool spawn_tables(const struct bench *bench, pecs_world *world)
{
    pecs_value values[W1_COMPONENT_COUNT];
    pecs_entity *entities = malloc((bench->layout.row_counts[0] + 1) * sizeof(*entities)); /* the longest */
    if (!entities)
        return bench_wrong("out of memory");
    bool ok = true;
    for (uint32_t t = 0; ok && t < W1_TABLE_COUNT; t++) {
        const uint64_t rows = bench->layout.row_counts[t];
        const size_t value_count = bench_row_values(bench, t, 0, values);
        const pecs_status status = pecs_world_spawn(world, values, value_count, rows, entities);
        ok = status ? bench_failed("spawn", status, NULL) : true;
        if (ok && memcmp(entities, bench->block + bench->layout.entities[t], rows * sizeof(*entities)) != 0)
            ok = bench_wrong("table %u: the handles are not those of W1", t);
    }
    free(entities);
    return ok;
}

static bool spawn_shuffled(const struct bench *bench, pecs_world *world)
{
    pecs_value values[W1_COMPONENT_COUNT];
    for (uint64_t i = 0; i < bench->entity_count; i++) {
        pecs_entity entity;
        const size_t value_count = bench_row_values(bench, i % 8, i / 8, values);
        const pecs_status status = pecs_world_spawn(world, values, value_count, 1, &entity);
        if (status)
            return bench_failed("spawn", status, NULL);
        const w1_entity expected = w1_entity_of(&bench->layout, i);
        if (entity.index != expected.index || entity.generation != expected.generation)
            return bench_wrong("entity %llu does not have the handle of W1s", (unsigned long long)i);
    }
    return true;
}

bool bench_spawn_all(const struct bench *bench, pecs_world *world)
{
    return bench->shuffled ? spawn_shuffled(bench, world) : spawn_tables(bench, world);
}

bool bench_world_need(struct bench *bench)
{
    if (bench->world)
        return true;
    pecs_error error;
    const pecs_status status = pecs_world_create(bench->registry, NULL, NULL, &bench->world, &error);
    if (status)
        return bench_failed("make a world", status, &error);
    return bench_spawn_all(bench, bench->world) &&
           bench_check_view(bench, bench->registry, pecs_world_view(bench->world));
}

void bench_world_drop(struct bench *bench)
{
    pecs_world_destroy(bench->world);
    bench->world = NULL;
}

double bench_sum(const pecs_query *positions, pecs_view view)
{
    double sum = 0;
    pecs_iter it = pecs_query_iter(positions, view, NULL);
    while (pecs_iter_next(&it))
        sum += w1_sum(&pecs_column_as(&it, W1_POSITION, Position)->x, it.row_count);
    return pecs_iter_end(&it) ? (double)NAN : sum;
}

bool bench_update(const pecs_query *moving, pecs_world *world)
{
    pecs_iter it = pecs_query_iter_mut(moving, world, NULL);
    while (pecs_iter_next(&it)) {
        Position *position = pecs_column_mut_as(&it, W1_POSITION, Position);
        const Velocity *velocity = pecs_column_as(&it, W1_VELOCITY, Velocity);
        w1_move(&position->x, &velocity->x, it.row_count);
    }
    const pecs_status status = pecs_iter_end(&it);
    return status ? bench_failed("update", status, NULL) : true;
}

bool bench_same_sum(const char *what, double sum, double expected)
{
    if (fabs(sum - expected) <= 1e-3) /* a NaN is never so */
        return true;
    return bench_wrong("%s: the sum is %.9f, not %.9f", what, sum, expected);
}

static uint64_t check_block(const struct bench *bench, uint32_t component, uint64_t *ret_row_count)
{
    const struct w1_layout *layout = &bench->layout;
    uint64_t sum = 0;
    *ret_row_count = 0;
    for (uint32_t t = 0; t < W1_TABLE_COUNT; t++)
        if (w1_table_has(t, component)) {
            sum += w1_check(bench->block + layout->entities[t], bench->block + layout->columns[t][component],
                            layout->row_counts[t], w1_sizes[component]);
            *ret_row_count += layout->row_counts[t];
        }
    return sum;
}

bool bench_check_component(const struct bench *bench, pecs_registry *registry, pecs_view view, uint32_t c)
{
    pecs_query *query;
    pecs_error error;
    pecs_status status = pecs_query_create(registry, (pecs_term[]){ { c, PECS_READ } }, 1, &query, &error);
    if (status)
        return bench_failed("make a query", status, &error);
    uint64_t sum = 0, rows = 0, expected_rows;
    const uint64_t expected = check_block(bench, c, &expected_rows);
    pecs_iter it = pecs_query_iter(query, view, NULL);
    while (pecs_iter_next(&it)) {
        sum += w1_check(it.entities, pecs_iter_column(&it, c, w1_sizes[c]), it.row_count, w1_sizes[c]);
        rows += it.row_count;
    }
    status = pecs_iter_end(&it);
    pecs_query_destroy(query);
    if (status)
        return bench_failed("read a column", status, NULL);
    if (rows != expected_rows || sum != expected)
        return bench_wrong("%s: %llu rows, checksum %016llx instead of %llu, %016llx", w1_names[c],
                           (unsigned long long)rows, (unsigned long long)sum, (unsigned long long)expected_rows,
                           (unsigned long long)expected);
    return true;
}

bool bench_check_view(const struct bench *bench, pecs_registry *registry, pecs_view view)
{
    bool is_right = true;
    for (uint32_t c = 0; is_right && c < W1_COMPONENT_COUNT; c++)
        is_right = bench_check_component(bench, registry, view, c);
    return is_right;
}

void bench_sets(const struct bench *bench, struct limit_set *ret_sets)
{
    for (uint32_t k = 0; k < BENCH_SET_COUNT; k++) {
        const uint64_t i = w1_random(k, 60) % bench->entity_count;
        ret_sets[k].entity = w1_entity_of(&bench->layout, i);
        memcpy(ret_sets[k].xyz, bench->block + bench->layout.columns[i % 8][W1_POSITION] + i / 8 * 12, 12);
    }
}

bool bench_set_all(pecs_world *world, const struct limit_set *sets)
{
    for (uint32_t k = 0; k < BENCH_SET_COUNT; k++) {
        const pecs_entity entity = { sets[k].entity.index, sets[k].entity.generation };
        const pecs_value value = { W1_POSITION, sizeof(Position), sets[k].xyz };
        const pecs_status status = pecs_world_set(world, entity, &value, 1);
        if (status)
            return bench_failed("set a position", status, NULL);
    }
    return true;
}
