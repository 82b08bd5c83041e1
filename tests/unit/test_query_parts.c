/* Parts of an iteration: they share nothing and leave nothing out, and threads may run them. */
#include "query_fixture.h"

TestSuite(parts, .init = set_up, .fini = strike_with_query);

/* Three tables with 0, 3 and 2 chunks more than a few rows, one of them emptied. */
static void spawn_for_parts(void)
{
    spawn_rows(2 * CHUNK_ROWS + 5);
    for (uint32_t i = 0; i < CHUNK_ROWS + 1; i++)
        spawn_position(world, (float)i);
    const pecs_entity gone =
        spawn_one(world, (pecs_value[]){ { POSITION, sizeof(Position), NULL }, { HEALTH, sizeof(Health), NULL } }, 2);
    must(pecs_world_despawn(world, &gone, 1) == PECS_OK);
    spawn_one(world, (pecs_value[]){ { POSITION, sizeof(Position), NULL }, { LINK, sizeof(Link), NULL } }, 2);
}
enum { PART_ROWS = 3 * CHUNK_ROWS + 7, PART_CHUNKS = 6 };

/* Every row is given by exactly one of the parts, and each part gives about as many chunks as any other. */
static void assert_union_is_whole(uint32_t worker_count, bool is_edit)
{
    static uint8_t given[PART_ROWS + 10];
    memset(given, 0, sizeof(given));
    uint64_t row_count = 0, least = UINT64_MAX, most = 0;
    for (uint32_t part = 0; part < worker_count; part++) {
        const pecs_iter_options options = { .worker = part, .worker_count = worker_count };
        pecs_iter iter =
            is_edit ? pecs_query_iter_mut(query, world, &options) : pecs_query_iter(query, view(), &options);
        uint64_t chunk_count = 0;
        for (; pecs_iter_next(&iter); chunk_count++)
            for (size_t i = 0; i < iter.row_count; i++, row_count++)
                must(given[iter.entities[i].index]++ == 0);
        must(pecs_iter_end(&iter) == PECS_OK);
        least = min_u64(least, chunk_count);
        most = max_u64(most, chunk_count);
    }
    cr_assert_eq(row_count, PART_ROWS, "%u parts", worker_count);
    cr_assert_leq(most - least, 1);
}

Test(parts, their_union_is_the_whole)
{
    spawn_for_parts();
    ask({ POSITION, PECS_WRITE });
    const uint32_t part_counts[] = { 0, 1, 2, 3, 5, 6, 7, 100 };
    for (size_t i = 0; i < 8; i++)
        for (int is_edit = 0; is_edit < 2; is_edit++)
            if (part_counts[i])
                assert_union_is_whole(part_counts[i], is_edit);
}

Test(parts, none_means_the_whole)
{
    spawn_for_parts();
    ask({ POSITION, PECS_READ });
    pecs_iter iter = pecs_query_iter(query, view(), &(pecs_iter_options){ .worker = 0, .worker_count = 0 });
    uint64_t rows = 0, chunks = 0;
    for (; pecs_iter_next(&iter); chunks++)
        rows += iter.row_count;
    cr_assert_eq(pecs_iter_end(&iter), PECS_OK);
    cr_assert_eq(rows, PART_ROWS);
    cr_assert_eq(chunks, PART_CHUNKS);
}

Test(parts, more_parts_than_chunks_leave_some_empty)
{
    spawn_for_parts();
    ask({ POSITION, PECS_READ });
    for (uint32_t part = 0; part < 9; part++) {
        pecs_iter iter = pecs_query_iter(query, view(), &(pecs_iter_options){ .worker = part, .worker_count = 9 });
        cr_assert_eq(pecs_iter_next(&iter), part < PART_CHUNKS);
        cr_assert_eq(pecs_iter_end(&iter), PECS_OK);
    }
    pecs_iter iter =
        pecs_query_iter(query, view(), &(pecs_iter_options){ .worker = UINT32_MAX - 1, .worker_count = UINT32_MAX });
    cr_assert_not(pecs_iter_next(&iter));
    cr_assert_eq(pecs_iter_end(&iter), PECS_OK);
}

Test(parts, a_part_beyond_the_count_is_misuse)
{
    spawn_for_parts();
    ask({ POSITION, PECS_WRITE });
    pecs_iter iters[] = {
        pecs_query_iter(query, view(), &(pecs_iter_options){ .worker = 3, .worker_count = 3 }),
        pecs_query_iter_mut(query, world, &(pecs_iter_options){ .worker = 9, .worker_count = 3 }),
    };
    for (size_t i = 0; i < 2; i++) {
        cr_assert_not(pecs_iter_next(&iters[i]));
        cr_assert_eq(pecs_iter_end(&iters[i]), PECS_E_MISUSE);
    }
    cr_assert_eq(pecs_world_advance(world, NULL), PECS_OK, "nothing is open");
}

struct part_job {
    pecs_iter iter;
    pthread_t thread;
    pecs_status status;
};

static void *write_part(void *user)
{
    struct part_job *job = user;
    while (pecs_iter_next(&job->iter)) {
        Position *positions = pecs_column_mut_as(&job->iter, POSITION, Position);
        Team *teams = pecs_column_mut_as(&job->iter, TEAM, Team);
        for (size_t i = 0; i < job->iter.row_count; i++) {
            positions[i].z += (float)job->iter.entities[i].index;
            if (teams)
                teams[i].number++;
        }
    }
    job->status = pecs_iter_end(&job->iter);
    return NULL;
}

/* Begun on one thread, run on four, while a snapshot shares all and a reader of the world is open. */
Test(parts, threads_write_their_own_chunks)
{
    enum { THREADS = 4 };
    spawn_for_parts();
    pecs_snapshot *snapshot = take(world);
    ask({ POSITION, PECS_WRITE }, { TEAM, PECS_OPTIONAL_WRITE });
    for (int round = 0; round < 3; round++) {
        struct part_job jobs[THREADS];
        pecs_iter reader = pecs_query_iter(query, view(), NULL);
        cr_assert(pecs_iter_next(&reader));
        for (uint32_t i = 0; i < THREADS; i++)
            jobs[i].iter =
                pecs_query_iter_mut(query, world, &(pecs_iter_options){ .worker = i, .worker_count = THREADS });
        for (uint32_t i = 0; i < THREADS; i++)
            cr_assert_eq(pthread_create(&jobs[i].thread, NULL, write_part, &jobs[i]), 0);
        for (uint32_t i = 0; i < THREADS; i++) {
            pthread_join(jobs[i].thread, NULL);
            cr_assert_eq(jobs[i].status, PECS_OK);
        }
        cr_assert_eq(pecs_iter_end(&reader), PECS_OK);
        cr_assert_eq(pecs_world_advance(world, NULL), PECS_OK);
        check_world(world);
    }
    cr_assert_eq(pecs_world_copied_bytes(world), PART_ROWS * sizeof(Position) + 2 * CHUNK_ROWS + 5);
    for (uint32_t i = 0; i < PART_ROWS - 1; i++) {
        const pecs_entity entity = { i, 1 };
        must(pecs_get_as(view(), entity, POSITION, Position)->z == 3 * (float)i);
        must(pecs_get_as(pecs_snapshot_view(snapshot), entity, POSITION, Position)->z == 0);
        const Team *team = pecs_get_as(view(), entity, TEAM, Team);
        must(!team || team->number == (uint8_t)(i + 3));
    }
    pecs_snapshot_release(snapshot);
}

/*
 * The writer may hold the ends of tables at hand, by moves of single rows: parts must not all write that down at once.
 */
Test(parts, the_tail_is_let_go_before_the_parts_start)
{
    spawn_for_parts();
    cr_assert_eq(pecs_world_set(world, (pecs_entity){ 5, 1 }, (pecs_value[]){ { LINK, sizeof(Link), NULL } }, 1),
                 PECS_OK);
    cr_assert_eq(pecs_world_advance(world, NULL), PECS_OK);
    ask({ POSITION, PECS_WRITE });
    const struct table *source = state_table(world->state, 0);
    cr_assert_neq(source->tail_epoch, 0);
    pecs_iter parts[2];
    for (uint32_t i = 0; i < 2; i++)
        parts[i] = pecs_query_iter_mut(query, world, &(pecs_iter_options){ .worker = i, .worker_count = 2 });
    for (uint32_t i = 0; i < world->state->table_count; i++)
        if (state_table(world->state, i)->row_count)
            cr_assert_eq(state_table(world->state, i)->tail_epoch, 0, "table %u", i);
    for (uint32_t i = 0; i < 2; i++)
        cr_assert_eq(pecs_iter_end(&parts[i]), PECS_OK);
}
