/*
 * For tests that save worlds and get them back: a folder for each test, both verbs, and worlds whose sessions have
 * random nonces, as those of programs have.
 */
#ifndef FILE_FIXTURE_H
#define FILE_FIXTURE_H

#define _GNU_SOURCE
#include "file_bytes.h"
#include "verbs.h"
#include "world_fixture.h"

#include <dirent.h>
#include <stdio.h>
#include <unistd.h>

static char file_folder[] = "/tmp/pecs-unit-XXXXXX";

static inline void enter_folder(void)
{
    cr_assert_not_null(mkdtemp(file_folder));
    cr_assert_eq(chdir(file_folder), 0);
}

static inline void leave_folder(void)
{
    DIR *directory = opendir(file_folder);
    for (struct dirent *entry; directory && (entry = readdir(directory)) != NULL;)
        if (unlink(entry->d_name))
            rmdir(entry->d_name);
    if (directory)
        closedir(directory);
    rmdir(file_folder);
}

/* Files in the folder, hidden ones too. */
static inline size_t file_count(void)
{
    size_t count = 0;
    DIR *directory = opendir(".");
    cr_assert_not_null(directory);
    for (struct dirent *entry; (entry = readdir(directory)) != NULL;)
        count += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
    closedir(directory);
    return count;
}

static inline pecs_snapshot *open_snapshot(pecs_registry *registry, int verb, const char *path)
{
    pecs_snapshot *snapshot = NULL;
    pecs_error error;
    cr_assert_eq(verbs[verb](registry, path, NULL, &snapshot, &error), PECS_OK, "%s: %s %s", verb_names[verb],
                 error.rule ? error.rule : "", error.message);
    return snapshot;
}

/* nonce 0: random ones. */
static inline pecs_world *world_of(pecs_registry *registry, const pecs_snapshot *base, uint64_t nonce)
{
    pecs_world *world = NULL;
    pecs_error error;
    const pecs_world_options options = { .session_nonce = nonce };
    cr_assert_eq(pecs_world_create(registry, base, &options, &world, &error), PECS_OK, "%s", error.message);
    return world;
}

static inline pecs_world *open_world(pecs_registry *registry, int verb, const char *path)
{
    pecs_snapshot *snapshot = open_snapshot(registry, verb, path);
    pecs_world *world = world_of(registry, snapshot, 0);
    pecs_snapshot_release(snapshot);
    return world;
}

static inline void save_world(pecs_world *world, const char *path)
{
    pecs_error error;
    cr_assert_eq(pecs_world_save(world, path, &(pecs_save_options){ .skip_sync = true }, &error), PECS_OK, "%s",
                 error.message);
}

static inline bool same_bytes(const char *a, const char *b)
{
    const struct file_bytes x = read_bytes(a), y = read_bytes(b);
    const bool is_same = x.size == y.size && memcmp(x.bytes, y.bytes, x.size) == 0;
    free(x.bytes);
    free(y.bytes);
    return is_same;
}

/* A file of a world of so many entities with a Position. */
static inline void save_rows(pecs_registry *registry, size_t row_count, const char *path)
{
    pecs_world *world = make_world(registry, NULL);
    must(pecs_world_spawn(world, (pecs_value[]){ { POSITION, sizeof(Position), NULL } }, 1, row_count, NULL) ==
         PECS_OK);
    save_world(world, path);
    pecs_world_destroy(world);
}

#endif
