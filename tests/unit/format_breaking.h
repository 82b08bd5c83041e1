/*
 * For tests of the rules: a good file, "world.pecs" in a folder of its own, whose copies are broken in one place each,
 * and what both verbs must say of them.
 */
#ifndef FORMAT_BREAKING_H
#define FORMAT_BREAKING_H

#include "format_patches.h"
#include "verbs.h"

#include <pecs/pecs.h>
#include <pecs/row_stream.h>

#include <criterion/criterion.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static char folder[256];

/* In TMPDIR: a test that fails leaves its folder there. */
static inline void enter_folder(void)
{
    const char *parent = getenv("TMPDIR");
    snprintf(folder, sizeof(folder), "%s/pecs-format-XXXXXX", parent ? parent : "/tmp");
    cr_assert_not_null(mkdtemp(folder));
    cr_assert_eq(chdir(folder), 0);
}

static inline void leave_folder(void)
{
    DIR *directory = opendir(folder);
    for (struct dirent *entry; directory && (entry = readdir(directory)) != NULL;)
        if (unlink(entry->d_name))
            rmdir(entry->d_name);
    if (directory)
        closedir(directory);
    rmdir(folder);
}

static inline uint64_t run_offset(const struct file_image *file, uint32_t run)
{
    return get64(file, file->runs + run * sizeof(struct run_record) + offsetof(struct run_record, offset));
}

/* Opening fails with both verbs, and alike; `rule` may be NULL. Gives the message. */
static inline const char *assert_refused(pecs_registry *registry, const char *path, const pecs_load_options *options,
                                         pecs_status status, const char *rule, uint64_t offset)
{
    static pecs_error error;
    for (int verb = 0; verb < VERB_COUNT; verb++) {
        pecs_snapshot *snapshot = NULL;
        memset(&error, 0x55, sizeof(error));
        const pecs_status found = verbs[verb](registry, path, options, &snapshot, &error);
        cr_assert_eq(found, status, "%s gives %s, not %s", verb_names[verb], pecs_status_name(found),
                     pecs_status_name(status));
        cr_assert_null(snapshot);
        cr_assert_eq(error.status, status);
        cr_assert(rule ? error.rule && strcmp(error.rule, rule) == 0 : error.rule == NULL, "%s: %s %s",
                  verb_names[verb], error.rule ? error.rule : "no rule", error.message);
        cr_assert_eq(error.offset, offset, "%s: %s at %llu", verb_names[verb], rule, (unsigned long long)error.offset);
        cr_assert_eq(verbs[verb](registry, path, options, &snapshot, NULL), status);
    }
    return error.message;
}

/* The good file as it is, to be broken. */
struct breakage {
    pecs_registry *registry;
    struct file_image file;
};

/* Of the file "world.pecs"; the registry is the breakage's from then on. */
static inline struct breakage breakage_of(pecs_registry *registry)
{
    return (struct breakage){ registry, read_image("world.pecs") };
}

static inline void end_breaking(struct breakage *breakage)
{
    free_image(&breakage->file);
    pecs_registry_release(breakage->registry);
}

/* Both verbs find the rule broken; then the file is whole again. */
static inline void expect(struct breakage *breakage, pecs_status status, const char *rule, uint64_t offset)
{
    write_image(&breakage->file, "broken.pecs");
    assert_refused(breakage->registry, "broken.pecs", NULL, status, rule, offset);
    free_image(&breakage->file);
    breakage->file = read_image("world.pecs");
}

static inline void expect_repaired(struct breakage *breakage, const char *rule, uint64_t offset)
{
    repair(&breakage->file);
    expect(breakage, PECS_E_CORRUPT, rule, offset);
}

/* Only load finds it; resume does not look there. */
static inline void expect_of_load_as(struct breakage *breakage, pecs_status status, const char *rule, uint64_t offset)
{
    write_image(&breakage->file, "broken.pecs");
    pecs_snapshot *snapshot;
    pecs_error error;
    cr_assert_eq(pecs_snapshot_load(breakage->registry, "broken.pecs", NULL, &snapshot, &error), status);
    cr_assert_str_eq(error.rule, rule);
    cr_assert_eq(error.offset, offset, "%s at %llu", rule, (unsigned long long)error.offset);
    cr_assert_eq(pecs_snapshot_resume(breakage->registry, "broken.pecs", NULL, &snapshot, &error), PECS_OK, "%s %s",
                 error.rule, error.message);
    pecs_snapshot_release(snapshot);
    free_image(&breakage->file);
    breakage->file = read_image("world.pecs");
}

/* A stream reader finds it, too, which sees one segment after the other. Call it before the others. */
static inline void expect_of_reader(const struct breakage *breakage, const char *rule, uint64_t offset)
{
    const pecs_stream_reader_options options = { .skip_unknown = true };
    pecs_stream_reader *reader = NULL;
    pecs_rows rows = { .row_count = 1 };
    pecs_error error;
    write_image(&breakage->file, "broken.pecs");
    pecs_status status = pecs_stream_reader_open(breakage->registry, "broken.pecs", &options, &reader, &error);
    while (!status && rows.row_count)
        status = pecs_stream_reader_next(reader, &rows, &error);
    pecs_stream_reader_close(reader);
    cr_assert_eq(status, PECS_E_CORRUPT);
    cr_assert(error.rule && strcmp(error.rule, rule) == 0, "reader: %s %s", error.rule, error.message);
    cr_assert_eq(error.offset, offset, "reader: %s at %llu", rule, (unsigned long long)error.offset);
}

static inline void expect_of_load(struct breakage *breakage, const char *rule, uint64_t offset)
{
    expect_of_load_as(breakage, PECS_E_CORRUPT, rule, offset);
}

static inline void expect_accepted(struct breakage *breakage)
{
    repair(&breakage->file);
    write_image(&breakage->file, "changed.pecs");
    for (int verb = 0; verb < VERB_COUNT; verb++) {
        pecs_snapshot *snapshot;
        pecs_error error;
        cr_assert_eq(verbs[verb](breakage->registry, "changed.pecs", NULL, &snapshot, &error), PECS_OK, "%s: %s %s",
                     verb_names[verb], error.rule ? error.rule : "", error.message);
        pecs_snapshot_release(snapshot);
    }
    free_image(&breakage->file);
    breakage->file = read_image("world.pecs");
}

static inline void break_number(struct breakage *breakage, uint64_t offset, uint32_t number, const char *rule,
                                uint64_t where)
{
    put32(&breakage->file, offset, number);
    repair(&breakage->file);
    expect_of_load(breakage, rule, where);
}

#endif
