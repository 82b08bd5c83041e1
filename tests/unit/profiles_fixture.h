/*
 * For tests of compressed saves: types of all kinds, ways to save and to open, and the comparison of what was opened
 * with what was saved: the same hash, no difference, and a plain save of it has the same bytes.
 */
#ifndef PROFILES_FIXTURE_H
#define PROFILES_FIXTURE_H

#define _GNU_SOURCE
#include "contents_fixture.h"
#include "layout.h"

#include <pecs/stream.h>

enum { WIDE_NUMBERS = 512 * 1024 - 1, VAST_BYTES = 16 * 1024 * 1024 };

/* A row of 2 MiB, with padding. */
typedef struct {
    bool flag;
    uint32_t numbers[WIDE_NUMBERS];
} Wide;
PECS_COMPONENT_OF(Wide, "Wide", 1, PECS_FIELD(Wide, flag), PECS_GAP_AFTER(Wide, flag, 3), PECS_FIELD(Wide, numbers));

/* The largest row there is. */
typedef struct {
    uint8_t bytes[VAST_BYTES];
} Vast;
PECS_COMPONENT(Vast, 1, bytes);

/* 13 of 24 bytes are padding. */
typedef struct {
    bool flag;
    double number;
    uint16_t rest;
} Padded;
PECS_COMPONENT_OF(Padded, "Padded", 1, PECS_FIELD(Padded, flag), PECS_GAP_AFTER(Padded, flag, 7),
                  PECS_FIELD(Padded, number), PECS_FIELD(Padded, rest), PECS_GAP_AFTER(Padded, rest, 6));

/* Behind those of contents_fixture.h. */
enum {
    Health_component = kept_type_count,
    Team_component,
    Link_component,
    Wide_component,
    Vast_component,
    Padded_component,
    PROFILED_TYPE_COUNT
};
static const pecs_type *const profiled_types[PROFILED_TYPE_COUNT] = {
    &Name_type, &Bag_type,  &Position_type, &Frozen_type, &Health_type,
    &Team_type, &Link_type, &Wide_type,     &Vast_type,   &Padded_type,
};

static const pecs_profile compressing[] = { PECS_PROFILE_FAST, PECS_PROFILE_SMALL };
enum { COMPRESSING_COUNT = 2 };

static inline pecs_registry *profiles_registry(void)
{
    return make_registry(profiled_types, PROFILED_TYPE_COUNT, counting_hooks);
}

static inline pecs_save_options profile_options(pecs_profile profile, uint32_t thread_count)
{
    return (pecs_save_options){ .skip_sync = true, .profile = profile, .thread_count = thread_count };
}

static inline void save_as(const pecs_snapshot *snapshot, const char *path, const pecs_save_options *options)
{
    pecs_error error;
    cr_assert_eq(pecs_snapshot_save(snapshot, path, options, &error), PECS_OK, "%s", error.message);
}

/* A save in memory; the caller releases its bytes by pecs_memory_release. */
struct memory_file {
    void *bytes;
    size_t size;
};

static inline struct memory_file save_in_memory(const pecs_snapshot *snapshot, const pecs_save_options *options)
{
    struct memory_file file = { NULL, 0 };
    pecs_error error;
    cr_assert_eq(pecs_snapshot_save_memory(snapshot, options, &file.bytes, &file.size, &error), PECS_OK, "%s",
                 error.message);
    return file;
}

static inline bool same_memory(const struct memory_file *a, const void *bytes, size_t size)
{
    return a->size == size && memcmp(a->bytes, bytes, size) == 0;
}

static inline bool refuse_change(void *user, const pecs_change *change)
{
    (void)user;
    (void)change;
    return false;
}

/* What was saved, with the bytes of a plain save of it. */
struct original {
    const pecs_snapshot *snapshot;
    struct memory_file plain;
    uint64_t hash;
};

static inline struct original original_of(const pecs_snapshot *snapshot, const pecs_save_options *options)
{
    return (struct original){ snapshot, save_in_memory(snapshot, options),
                              pecs_view_hash(pecs_snapshot_view(snapshot)) };
}

/* Releases what was opened. `how` is for the message. */
static inline void expect_same_state(const struct original *original, pecs_snapshot *opened,
                                     const pecs_save_options *options, const char *how)
{
    const pecs_view view = pecs_snapshot_view(opened);
    check_state(opened);
    cr_assert_eq(pecs_view_hash(view), original->hash, "%s: another hash", how);
    cr_assert_eq(pecs_view_diff(pecs_snapshot_view(original->snapshot), view, refuse_change, NULL), PECS_OK,
                 "%s: there is a difference", how);
    struct memory_file again = save_in_memory(opened, options);
    cr_assert(same_memory(&original->plain, again.bytes, again.size), "%s: another plain save", how);
    pecs_memory_release(again.bytes);
    pecs_snapshot_release(opened);
}

/* The record of the block of so many bytes a row that begins with row `first`. */
static inline struct block_record block_of(const char *path, uint32_t kind, uint64_t row_bytes, uint32_t first)
{
    const struct file_bytes file = read_bytes(path);
    struct block_record found = { .kind = le32_make(0) };
    for (size_t at = 0; at + sizeof(struct segment_header) <= file.size; at += FORMAT_ALIGN) {
        struct segment_header header;
        memcpy(&header, file.bytes + at, sizeof(header));
        if (memcmp(header.magic, FORMAT_SEGMENT_MAGIC, 4) != 0)
            continue;
        const size_t end = at + (size_t)le64_load(header.size) - sizeof(le64);
        for (size_t i = 1; i <= le32_load(header.run_count); i++) {
            struct block_record record;
            memcpy(&record, file.bytes + end - i * sizeof(record), sizeof(record));
            if (le32_load(record.kind) == kind && le32_load(record.first) == first &&
                le64_load(record.full_size) == le32_load(record.count) * row_bytes)
                found = record;
        }
    }
    free(file.bytes);
    cr_assert_eq(le32_load(found.kind), kind, "%s has no such block", path);
    return found;
}

#endif
