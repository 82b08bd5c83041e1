/*
 * Runs files through a target without libFuzzer, with any compiler.
 *
 *     fuzz_TARGET_replay [--mutate COUNT] FILE_OR_FOLDER...
 *
 * Folders are read in the order of names. With --mutate each file is also mutated COUNT times, as libFuzzer would by
 * the target's own mutator, from seeds that are the same in every run. Prints the count, and a line "rule X" for each
 * rule that was broken.
 */
#define _GNU_SOURCE
#include "file_mutate.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#pragma weak LLVMFuzzerCustomMutator

enum { GROWTH = 4096 };

static uint64_t file_count, run_count;
static unsigned mutation_count;
static uint64_t mutation_seed;

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size)
{
    struct random random = { ++mutation_seed };
    const uint64_t how = random_below(&random, 4);
    if (how == 0 && size < max_size) {
        const size_t at = (size_t)random_below(&random, size + 1);
        memmove(data + at + 1, data + at, size - at);
        data[at] = (uint8_t)random_next(&random);
        return size + 1;
    }
    if (how == 1 && size > 1)
        return size - 1 - (size_t)random_below(&random, size / 8 + 1);
    if (size)
        data[random_below(&random, size)] = (uint8_t)random_next(&random);
    return size;
}

static void run(const uint8_t *data, size_t size)
{
    /* a copy of exact size, so that a sanitizer detects reads beyond it */
    uint8_t *copy = malloc(size ? size : 1);
    FUZZ_CHECK(copy != NULL, "memory");
    memcpy(copy, data, size);
    LLVMFuzzerTestOneInput(copy, size);
    free(copy);
    run_count++;
}

static void replay_file(const char *path)
{
    size_t size;
    uint8_t *bytes = fuzz_read(path, &size);
    file_count++;
    run(bytes, size);
    uint8_t *mutated = malloc(size + GROWTH);
    FUZZ_CHECK(mutated != NULL, "memory");
    for (unsigned i = 0; i < mutation_count; i++) {
        memcpy(mutated, bytes, size);
        size_t mutated_size = size;
        /* some are mutated twice */
        for (unsigned step = 0; step <= i % 2; step++)
            mutated_size = LLVMFuzzerCustomMutator ? LLVMFuzzerCustomMutator(mutated, mutated_size, size + GROWTH,
                                                                             (unsigned)++mutation_seed)
                                                   : LLVMFuzzerMutate(mutated, mutated_size, size + GROWTH);
        run(mutated, mutated_size);
    }
    free(mutated);
    free(bytes);
}

static int is_visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static void replay(const char *path)
{
    struct stat info;
    FUZZ_CHECK(stat(path, &info) == 0, path);
    if (!S_ISDIR(info.st_mode)) {
        replay_file(path);
        return;
    }
    struct dirent **entries;
    const int count = scandir(path, &entries, is_visible, alphasort);
    FUZZ_CHECK(count >= 0, path);
    for (int i = 0; i < count; i++) {
        char name[4096];
        snprintf(name, sizeof(name), "%s/%s", path, entries[i]->d_name);
        replay(name);
        free(entries[i]);
    }
    free(entries);
}

int main(int argc, char **argv)
{
    int next = 1;
    if (argc > 2 && strcmp(argv[1], "--mutate") == 0) {
        mutation_count = (unsigned)strtoul(argv[2], NULL, 10);
        next = 3;
    }
    if (next >= argc) {
        fprintf(stderr, "usage: %s [--mutate COUNT] FILE_OR_FOLDER...\n", argv[0]);
        return 2;
    }
    for (; next < argc; next++)
        replay(argv[next]);
    for (size_t i = 0; i < fuzz_rule_count(); i++)
        printf("rule %s\n", fuzz_rule(i));
    printf("%llu files, %llu runs, %llu times a world\n", (unsigned long long)file_count, (unsigned long long)run_count,
           (unsigned long long)fuzz_open_count());
    return 0;
}
