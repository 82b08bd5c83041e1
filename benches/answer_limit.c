/* The limit of the `answer` discipline: maps the raw columns, sums every position, prints the sum. */
#include "bench_limits.h"

#include <stdio.h>

int main(int argc, char **argv)
{
    double sum;
    if (argc != 2)
        return 2;
    if (!limit_map_sum(argv[1], &sum)) {
        perror(argv[1]);
        return 1;
    }
    printf("%.9f\n", sum);
    return 0;
}
