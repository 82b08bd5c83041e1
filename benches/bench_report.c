/*
 * Measuring and reporting. A figure is the median of all samples of a discipline; the sides take turns, and who goes
 * first takes turns too, so that neither always finds the other's caches.
 */
#define _GNU_SOURCE
#include "bench.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

double bench_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static int compare(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *values, size_t count)
{
    qsort(values, count, sizeof(*values), compare);
    return count % 2 ? values[count / 2] : (values[count / 2 - 1] + values[count / 2]) / 2;
}

/*
 * Has the system give out the memory that a sample will take, and takes it back. In a virtual machine memory that was
 * free for a while belongs to the host again, and the first who touches it pays several times what the work costs.
 */
static void warm_memory(uint64_t sample_bytes)
{
    const uint64_t size_bytes = sample_bytes + sample_bytes / 4; /* an engine's arrays have some slack */
    volatile uint8_t *pages = sample_bytes ? limit_pages_allocate(size_bytes) : NULL;
    for (uint64_t at = 0; pages && at < size_bytes; at += 4096)
        pages[at] = 1;
    limit_pages_release((void *)(uintptr_t)pages, size_bytes);
}

/* quiet: the disk has nothing to do when a side starts. */
static bool sample(struct bench *bench, const struct bench_sides *sides, bool limit_first, bool quiet,
                   double ret_seconds[2])
{
    if (sides->both)
        return sides->both(bench, sides->context, ret_seconds);
    for (int i = 0; i < 2; i++) {
        const bool is_limit = limit_first == (i == 0);
        const bench_side side = is_limit ? sides->limit : sides->pecs;
        if (!side)
            continue;
        if (quiet)
            sync();
        warm_memory(sides->fresh_bytes);
        if (!side(bench, sides->context, &ret_seconds[is_limit]))
            return false;
    }
    return true;
}

bool bench_measure(struct bench *bench, const struct bench_sides *sides, struct bench_result *result)
{
    const size_t a_run = sides->sample_count ? sides->sample_count : 1, count = a_run * bench->run_count;
    double *seconds = malloc(2 * count * sizeof(double)), pair[2] = { 0, 0 };
    if (!seconds)
        return bench_wrong("out of memory");
    bool ok = sample(bench, sides, false, sides->disk, pair); /* warms caches and memory */
    for (size_t i = 0; ok && i < count; i++) {
        ok = sample(bench, sides, i % 2, sides->disk == BENCH_WRITES || (sides->disk && i % a_run == 0), pair);
        seconds[i] = pair[0];
        seconds[count + i] = pair[1];
    }
    if (ok) {
        result->seconds = median(seconds, count);
        result->limit_seconds = sides->limit || sides->both ? median(seconds + count, count) : 0;
    }
    free(seconds);
    return ok;
}

void bench_report_begin(const struct bench *bench)
{
    if (bench->json)
        return;
    printf("%s, %llu entities, %.1f bytes each with handle and index, medians of %u runs\n",
           bench->shuffled ? "W1s" : "W1", (unsigned long long)bench->entity_count,
           (double)bench->layout.content_bytes / (double)bench->entity_count, bench->run_count);
#ifndef NDEBUG
    printf("built with assertions: the figures are not valid (meson setup --buildtype=release -Db_ndebug=true)\n");
#endif
    printf("%-16s %10s %8s  %-12s %10s %8s %10s\n", "bench", "time", "GB/s", "limit", "time", "ratio", "mark");
}

static const char *duration(double seconds, char text[32])
{
    const char *const units[] = { "s", "ms", "us", "ns" };
    int unit = 0;
    for (; unit < 3 && seconds < 1; unit++)
        seconds *= 1000;
    snprintf(text, 32, "%.*f %s", seconds < 10 ? 2 : seconds < 100 ? 1 : 0, seconds, units[unit]);
    return text;
}

static void print_mark(const struct bench_result *result)
{
    char text[32];
    const double reached = result->mark_kind == BENCH_RATIO     ? result->seconds / result->limit_seconds
                           : result->mark_kind == BENCH_SECONDS ? result->seconds
                                                                : (double)result->bytes;
    if (result->mark_kind == BENCH_REPORT)
        return;
    if (result->mark_kind == BENCH_RATIO)
        snprintf(text, sizeof(text), "%.2f", result->mark);
    else if (result->mark_kind == BENCH_SECONDS)
        duration(result->mark, text);
    else
        snprintf(text, sizeof(text), "%.0f B", result->mark);
    printf(" %10s %s", text, reached <= result->mark ? "ok" : "MISS");
}

static void print_row(const struct bench_result *result)
{
    char text[32], rate[32] = "";
    if (result->bytes && result->mark_kind != BENCH_BYTES)
        snprintf(rate, sizeof(rate), "%.2f", (double)result->bytes / result->seconds * 1e-9);
    printf("%-16s %10s %8s", result->name, duration(result->seconds, text), rate);
    if (result->limit)
        printf("  %-12s %10s %8.2f", result->limit, duration(result->limit_seconds, text),
               result->seconds / result->limit_seconds);
    else
        printf("  %-12s %10s %8s", "", "", "");
    print_mark(result);
    if (result->mark_kind == BENCH_BYTES)
        printf("  bytes %llu", (unsigned long long)result->bytes);
    for (const struct bench_figure *figure = result->figures; figure->name; figure++)
        printf("  %s %llu", figure->name, (unsigned long long)figure->value);
    printf("\n");
}

static const char *const mark_names[] = {
    [BENCH_RATIO] = "ratio", [BENCH_SECONDS] = "seconds", [BENCH_BYTES] = "bytes"
};

static void print_json(const struct bench *bench, const struct bench_result *result)
{
    const uint64_t entities = result->entity_count ? result->entity_count : bench->entity_count;
    printf("{\"bench\": \"%s\", \"entities\": %llu, \"bytes\": %llu, \"seconds\": %.9g, ", result->name,
           (unsigned long long)entities, (unsigned long long)result->bytes, result->seconds);
    if (result->limit)
        printf("\"limit\": \"%s\", \"limit_seconds\": %.9g, \"ratio\": %.4g", result->limit, result->limit_seconds,
               result->seconds / result->limit_seconds);
    else
        printf("\"limit\": null, \"limit_seconds\": null, \"ratio\": null");
    if (result->mark_kind == BENCH_REPORT)
        printf(", \"mark\": null, \"mark_of\": null");
    else
        printf(", \"mark\": %.9g, \"mark_of\": \"%s\"", result->mark, mark_names[result->mark_kind]);
    for (const struct bench_figure *figure = result->figures; figure->name; figure++)
        printf(", \"%s\": %llu", figure->name, (unsigned long long)figure->value);
    printf("}\n");
}

void bench_report(const struct bench *bench, const struct bench_result *result)
{
    if (bench->json)
        print_json(bench, result);
    else
        print_row(result);
    fflush(stdout);
}

bool bench_wrong(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fprintf(stderr, "pecs-bench: ");
    vfprintf(stderr, format, arguments);
    fprintf(stderr, "\n");
    va_end(arguments);
    return false;
}

bool bench_failed(const char *doing, pecs_status status, const pecs_error *error)
{
    return bench_wrong("cannot %s: %s %s", doing, pecs_status_name(status), error ? error->message : "");
}
