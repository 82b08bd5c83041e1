/* What the tests of large and strange worlds share. Any failure ends the program with 1. */
#ifndef PECS_TESTS_LARGE_SUPPORT_H
#define PECS_TESTS_LARGE_SUPPORT_H

#include <pecs/pecs.h>

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define require(condition)                                                                                             \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);                                            \
            exit(1);                                                                                                   \
        }                                                                                                              \
    } while (0)

#define require_ok(call) require_status(call, #call, __FILE__, __LINE__)

static inline void require_status(pecs_status status, const char *call, const char *file, int line)
{
    if (status == PECS_OK)
        return;
    fprintf(stderr, "%s:%d: %s gives %s\n", file, line, call, pecs_status_name(status));
    exit(1);
}

static inline double seconds_now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* Prints what was done since `start` and how long it took; returns now. */
static inline double tell_time(const char *what, double start)
{
    const double now = seconds_now();
    printf("  %-40s %10.3f ms\n", what, (now - start) * 1e3);
    fflush(stdout);
    return seconds_now();
}

static inline pecs_registry *registry_of(const pecs_type *const *types, size_t count, pecs_allocator allocator)
{
    const pecs_registry_desc desc = { .types = types, .type_count = count, .allocator = allocator };
    pecs_registry *registry = NULL;
    require_ok(pecs_registry_create(&desc, &registry, NULL));
    return registry;
}

static inline pecs_world *world_of(pecs_registry *registry, const pecs_snapshot *base)
{
    pecs_world *world = NULL;
    require_ok(pecs_world_create(registry, base, NULL, &world, NULL));
    return world;
}

static inline void save_quick(pecs_world *world, const char *path)
{
    const pecs_save_options options = { .skip_sync = true };
    require_ok(pecs_world_save(world, path, &options, NULL));
}

static inline pecs_snapshot *open_path(pecs_registry *registry, const char *path, bool load)
{
    pecs_snapshot *snapshot = NULL;
    pecs_error error = { .message = "" };
    const pecs_status status = load ? pecs_snapshot_load(registry, path, NULL, &snapshot, &error)
                                    : pecs_snapshot_resume(registry, path, NULL, &snapshot, &error);
    if (status)
        fprintf(stderr, "%s: %s: %s\n", load ? "load" : "resume", pecs_status_name(status), error.message);
    require(status == PECS_OK);
    return snapshot;
}

static inline uint64_t file_bytes(const char *path)
{
    struct stat status;
    require(stat(path, &status) == 0);
    return (uint64_t)status.st_size;
}

static inline bool same_files(const char *left, const char *right)
{
    FILE *a = fopen(left, "rb"), *b = fopen(right, "rb");
    require(a && b);
    bool is_same = file_bytes(left) == file_bytes(right);
    for (int c = 0; is_same && c != EOF;) {
        c = getc(a);
        is_same = c == getc(b);
    }
    fclose(a);
    fclose(b);
    return is_same;
}

static char own_folder[256];

/* At the end of the program, whatever its end: files may have gigabytes. */
static void remove_own_folder(void)
{
    DIR *folder = opendir(own_folder);
    for (const struct dirent *entry; folder && (entry = readdir(folder));)
        unlinkat(dirfd(folder), entry->d_name, 0);
    if (folder)
        closedir(folder);
    rmdir(own_folder);
}

/* Makes a folder of the test's own within `parent`. */
static inline void make_own_folder(const char *parent)
{
    require(snprintf(own_folder, sizeof(own_folder), "%s/large-XXXXXX", parent) < (int)sizeof(own_folder));
    require(mkdtemp(own_folder) && atexit(remove_own_folder) == 0);
}

static inline const char *path_of(const char *name, char path[300])
{
    require(snprintf(path, 300, "%s/%s.pecs", own_folder, name) < 300);
    return path;
}

#endif
