/*
 * pecs-bench: measures PECS on W1 against limits that are made by hand, both sides in turn in the same run.
 *
 *     pecs-bench [--entities N] [--worlds N] [--runs K] [--json] [--only NAME] [--dir DIR] [--shuffled]
 *                [--file PATH]
 *
 * Exit status: 0 when every discipline ran with correct results, whether or not its mark is reached; 1 when a result is
 * wrong or something failed; 2 for wrong usage.
 */
#define _GNU_SOURCE
#include "bench.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const struct discipline {
    const char *name;
    bool (*run)(struct bench *bench);
} disciplines[] = {
    { "resume", bench_run_resume },
    { "resume_query", bench_run_resume_query },
    { "answer", bench_run_answer },
    { "resume_update", bench_run_resume_update },
    { "resume_set", bench_run_resume_set },
    { "migrate", bench_run_migrate },
    { "migrate_chain", bench_run_migrate_chain },
    { "migrate_touch", bench_run_migrate_touch },
    { "save", bench_run_save },
    { "save_durable", bench_run_save_durable },
    { "load", bench_run_load },
    { "load_parallel", bench_run_load_parallel },
    { "load_part", bench_run_load_part },
    { "update", bench_run_update },
#ifdef BENCH_HAS_CPP
    { "update_cpp", bench_run_update_cpp },
#endif
    { "update_small", bench_run_update_small },
    { "spawn_many", bench_run_spawn_many },
    { "spawn", bench_run_spawn },
    { "despawn", bench_run_despawn },
    { "add_remove", bench_run_add_remove },
    { "snapshot", bench_run_snapshot },
    { "snapshot_update", bench_run_snapshot_update },
    { "snapshot_set", bench_run_snapshot_set },
    { "transient_save", bench_run_transient_save },
    { "filter_columns", bench_run_filter_columns },
    { "filter_rows", bench_run_filter_rows },
    { "clone", bench_run_clone },
    { "merge", bench_run_merge },
    { "id_of", bench_run_id_of },
    { "find", bench_run_find },
    { "id_many", bench_run_id_many },
    { "find_many", bench_run_find_many },
    { "ids_spawn", bench_run_ids_spawn },
    { "ids_save", bench_run_ids_save },
    { "ids_load", bench_run_ids_load },
    { "diff", bench_run_diff },
    { "info", bench_run_info },
    { "save_padded", bench_run_save_padded },
    { "strings", bench_run_strings },
    { "w2_save", bench_run_w2_save },
    { "w2_resume", bench_run_w2_resume },
    { "w2_load", bench_run_w2_load },
    { "w3", bench_run_w3 },
    { "ring", bench_run_ring },
    { "save_memory", bench_run_save_memory },
    { "save_pipe", bench_run_save_pipe },
    { "load_pipe", bench_run_load_pipe },
    { "stream_write", bench_run_stream_write },
    { "stream_write_each", bench_run_stream_write_each },
    { "stream_resume", bench_run_stream_resume },
    { "stream_memory", bench_run_stream_memory },
    { "stream_read", bench_run_stream_read },
    { "stream_pipe", bench_run_stream_pipe },
    { "save_fast", bench_run_save_fast },
    { "save_small", bench_run_save_small },
    { "load_fast", bench_run_load_fast },
    { "resume_fast", bench_run_resume_fast },
    { "file_fast", bench_run_file_fast },
    { "file_small", bench_run_file_small },
    { "codec_filter", bench_run_codec_filter },
    { "codec_inflate", bench_run_codec_inflate },
    { "codec_columns", bench_run_codec_columns },
    { "memory", bench_run_memory },
#ifdef BENCH_HAS_JSON
    { "json_save", bench_run_json_save },
    { "json_load", bench_run_json_load },
    { "json_memory", bench_run_json_memory },
#endif
};
enum { DISCIPLINE_COUNT = sizeof(disciplines) / sizeof(disciplines[0]) };

static int usage(void)
{
    fprintf(stderr, "usage: pecs-bench [--entities N] [--worlds N] [--runs K] [--json] [--only NAME] [--dir DIR] "
                    "[--shuffled] [--file PATH]\n"
                    "entities from 16 to 4000000000 (default 1000000), worlds of w3 from 1 to 1000000 (default 10000), "
                    "K from 1 to 1000 (default 5). NAME is one of");
    for (size_t i = 0; i < DISCIPLINE_COUNT; i++)
        fprintf(stderr, " %s", disciplines[i].name);
    fprintf(stderr, "\n");
    return 2;
}

static bool number_option(const char *text, uint64_t least, uint64_t most, uint64_t *ret_number)
{
    char *end;
    if (!text || *text < '0' || *text > '9')
        return false;
    errno = 0;
    *ret_number = strtoull(text, &end, 10);
    return !errno && !*end && *ret_number >= least && *ret_number <= most;
}

static bool known(const char *name)
{
    for (size_t i = 0; name && i < DISCIPLINE_COUNT; i++)
        if (strcmp(name, disciplines[i].name) == 0)
            return true;
    return false;
}

static bool parse(struct bench *bench, const char **ret_parent, int argc, char **argv)
{
    uint64_t runs = 5, worlds = 10000;
    bench->entity_count = 1000000;
    *ret_parent = ".";
    for (int i = 1; i < argc; i++) {
        const char *option = argv[i], *value = argv[i + 1]; /* the list ends in NULL */
        if (strcmp(option, "--json") == 0) {
            bench->json = true;
            continue;
        }
        if (strcmp(option, "--shuffled") == 0) {
            bench->shuffled = true;
            continue;
        }
        bool ok = value != NULL;
        if (strcmp(option, "--entities") == 0)
            ok = number_option(value, 16, 4000000000u, &bench->entity_count);
        else if (strcmp(option, "--worlds") == 0)
            ok = number_option(value, 1, 1000000, &worlds);
        else if (strcmp(option, "--runs") == 0)
            ok = number_option(value, 1, BENCH_RUNS_MAX, &runs);
        else if (strcmp(option, "--only") == 0)
            ok = known(bench->only = value);
        else if (strcmp(option, "--dir") == 0)
            *ret_parent = value;
        else if (strcmp(option, "--file") == 0)
            bench->file = value;
        else
            ok = false;
        if (!ok)
            return false;
        i++;
    }
    bench->run_count = (uint32_t)runs;
    bench->world_count = (uint32_t)worlds;
    return true;
}

/* The answer programs are in the same build folder. */
static bool find_programs(struct bench *bench)
{
    const ssize_t size = readlink("/proc/self/exe", bench->programs, sizeof(bench->programs) - 1);
    if (size < 0)
        return bench_wrong("cannot find the program's folder: %s", strerror(errno));
    bench->programs[size] = 0;
    char *slash = strrchr(bench->programs, '/');
    if (slash)
        *slash = 0;
    return true;
}

static bool begin(struct bench *bench, const char *parent)
{
    if (snprintf(bench->directory, sizeof(bench->directory), "%s/pecs-bench-XXXXXX", parent) >=
        (int)sizeof(bench->directory))
        return bench_wrong("the folder's name is too long: %s", parent);
    if (!mkdtemp(bench->directory)) {
        bench->directory[0] = 0;
        return bench_wrong("cannot make a folder in %s: %s", parent, strerror(errno));
    }
    if (!find_programs(bench) || !bench_registry_create(NULL, &bench->registry))
        return false;
    pecs_error error;
    const pecs_term positions[] = { { W1_POSITION, PECS_READ } };
    const pecs_term moving[] = { { W1_POSITION, PECS_WRITE }, { W1_VELOCITY, PECS_READ } };
    pecs_status status = pecs_query_create(bench->registry, positions, 1, &bench->positions, &error);
    if (!status)
        status = pecs_query_create(bench->registry, moving, 2, &bench->moving, &error);
    if (status)
        return bench_failed("make a query", status, &error);
    bench->layout = w1_layout_of(bench->entity_count, bench->shuffled);
    bench->block = limit_pages_allocate(bench->layout.size_bytes);
    if (!bench->block)
        return bench_wrong("out of memory for %llu entities", (unsigned long long)bench->entity_count);
    w1_fill(&bench->layout, bench->block);
    return true;
}

static void end(struct bench *bench)
{
    static const char *const names[] = { "w1.pecs",        "w1.raw",     "w1-small.pecs", "save.pecs",    "save.raw",
                                         "save.raw.tmp",   "w2.pecs",    "memory.pecs",   "padded.pecs",  "padded.raw",
                                         "padded.raw.tmp", "given.pecs", "given.raw",     "given.raw.tmp" };
    bench_world_drop(bench);
    pecs_query_destroy(bench->positions);
    pecs_query_destroy(bench->moving);
    pecs_registry_release(bench->registry);
    limit_pages_release(bench->block, bench->layout.size_bytes);
    if (!bench->directory[0])
        return;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        char path[BENCH_PATH_MAX];
        bench_path(bench, names[i], path);
        unlink(path);
    }
    rmdir(bench->directory);
}

int main(int argc, char **argv)
{
    static struct bench bench;
    const char *parent;
    if (!parse(&bench, &parent, argc, argv))
        return usage();
    bool ok = begin(&bench, parent);
    if (ok)
        bench_report_begin(&bench);
    for (size_t i = 0; ok && i < DISCIPLINE_COUNT; i++)
        if (!bench.only || strcmp(bench.only, disciplines[i].name) == 0)
            ok = disciplines[i].run(&bench);
    end(&bench);
    return ok ? 0 : 1;
}
