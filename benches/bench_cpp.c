/*
 * The update row by row, through pecs.hpp and by the loop that a C program writes, on the same world. The block is
 * updated as often, outside of the time, so that block and world stay equal to the last bit.
 */
#include "bench.h"
#include "update_cpp.h"

static pecs_status update_c(const pecs_query *moving, pecs_world *world)
{
    pecs_iter it = pecs_query_iter_mut(moving, world, NULL);
    while (pecs_iter_next(&it)) {
        Position *position = pecs_column_mut_as(&it, W1_POSITION, Position);
        const Velocity *velocity = pecs_column_as(&it, W1_VELOCITY, Velocity);
        for (size_t i = 0; i < it.row_count; i++) {
            position[i].x += velocity[i].x * (1.0f / 60.0f);
            position[i].y += velocity[i].y * (1.0f / 60.0f);
            position[i].z += velocity[i].z * (1.0f / 60.0f);
        }
    }
    return pecs_iter_end(&it);
}

static bool timed(struct bench *bench, bool is_cpp, double *ret_seconds)
{
    const double start = bench_now();
    const pecs_status status = is_cpp ? update_cpp(bench->moving, bench->world) : update_c(bench->moving, bench->world);
    *ret_seconds = bench_now() - start;
    limit_update(&bench->layout, bench->block);
    return status ? bench_failed("update", status, NULL) : true;
}

static bool side_cpp(struct bench *bench, void *context, double *ret_seconds)
{
    (void)context;
    return timed(bench, true, ret_seconds);
}

static bool side_c(struct bench *bench, void *context, double *ret_seconds)
{
    (void)context;
    return timed(bench, false, ret_seconds);
}

bool bench_run_update_cpp(struct bench *bench)
{
    const struct bench_sides sides = { .pecs = side_cpp, .limit = side_c, .sample_count = 5 };
    struct bench_result result = { .name = "update_cpp",
                                   .bytes = bench_moving_bytes(bench),
                                   .limit = "C loop",
                                   .mark_kind = BENCH_RATIO,
                                   .mark = 1.05 };
    if (!bench_world_need(bench) || !bench_measure(bench, &sides, &result))
        return false;
    bench->has_files = false; /* they hold an older state now */
    bench_report(bench, &result);
    return bench_check_view(bench, bench->registry, pecs_world_view(bench->world));
}
