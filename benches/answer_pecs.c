/*
 * The program that the `answer` discipline times: resumes a file of W1, sums every position, prints the sum.
 */
#include "w1_types.h"

#include <stdio.h>

static int fail(const char *doing, const pecs_error *error)
{
    fprintf(stderr, "answer-pecs: cannot %s: %s\n", doing, error->message);
    return 1;
}

/* Not inlined: compilers make little effort for code in main, which runs once. */
__attribute__((noinline)) static pecs_status sum_positions(const pecs_query *query, pecs_view view, double *ret_sum)
{
    double sum = 0;
    pecs_iter it = pecs_query_iter(query, view, NULL);
    while (pecs_iter_next(&it))
        sum += w1_sum(&pecs_column_as(&it, W1_POSITION, Position)->x, it.row_count);
    *ret_sum = sum;
    return pecs_iter_end(&it);
}

int main(int argc, char **argv)
{
    if (argc != 2)
        return 2;
    pecs_error error;
    pecs_registry *registry;
    pecs_snapshot *snapshot;
    pecs_query *query;
    const pecs_registry_desc desc = { .types = w1_types, .type_count = W1_COMPONENT_COUNT };
    if (pecs_registry_create(&desc, &registry, &error))
        return fail("make the registry", &error);
    if (pecs_query_create(registry, (pecs_term[]){ { W1_POSITION, PECS_READ } }, 1, &query, &error))
        return fail("make the query", &error);
    if (pecs_snapshot_resume(registry, argv[1], NULL, &snapshot, &error))
        return fail("resume", &error);
    double sum;
    if (sum_positions(query, pecs_snapshot_view(snapshot), &sum))
        return 1;
    printf("%.9f\n", sum);
    pecs_snapshot_release(snapshot);
    pecs_query_destroy(query);
    pecs_registry_release(registry);
    return 0;
}
