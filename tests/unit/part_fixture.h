/*
 * For tests of parts of files: worlds of every kind, a part that a number chooses, the ways to open it, and what the
 * filter of the whole makes.
 */
#ifndef PART_FIXTURE_H
#define PART_FIXTURE_H

#include "profiles_worlds.h"

/* Opens a part of a file; `bytes` are those of the file. */
enum { PART_LOAD, PART_LOAD_THREADS, PART_LOAD_MEMORY, PART_RESUME, PART_VERB_COUNT };
static const char *const part_verb_names[PART_VERB_COUNT] = { "load", "load, 3 threads", "load from memory", "resume" };

static inline pecs_status open_part(pecs_registry *registry, int verb, const char *path, const pecs_part *part,
                                    pecs_snapshot **ret_snapshot, pecs_error *error)
{
    const pecs_resume_options resume = { .part = part };
    const pecs_load_options load = { .part = part, .thread_count = verb == PART_LOAD_THREADS ? 3 : 1 };
    if (verb == PART_RESUME)
        return pecs_snapshot_resume(registry, path, &resume, ret_snapshot, error);
    if (verb != PART_LOAD_MEMORY)
        return pecs_snapshot_load(registry, path, &load, ret_snapshot, error);
    const struct file_bytes file = read_bytes(path);
    const pecs_status status = pecs_snapshot_load_memory(registry, file.bytes, file.size, &load, ret_snapshot, error);
    free(file.bytes);
    return status;
}

static inline pecs_snapshot *part_of(pecs_registry *registry, int verb, const char *path, const pecs_part *part)
{
    pecs_snapshot *snapshot = NULL;
    pecs_error error = { .message = "" };
    cr_assert_eq(open_part(registry, verb, path, part, &snapshot, &error), PECS_OK, "%s: %s %s", part_verb_names[verb],
                 error.rule ? error.rule : "", error.message);
    return snapshot;
}

/* Some of the profiled types, and tables by what they have. */
struct choice {
    uint64_t seed;
    const pecs_type *types[PROFILED_TYPE_COUNT];
    size_t type_count;
    pecs_part part;
};

/* A third of all sets is refused, if any are; the order of the types does not matter. */
static inline bool wants_set(uint64_t seed, uint64_t names)
{
    return seed % 3 == 0 || number_for(names ^ seed) % 3 != 0;
}

static inline uint64_t name_number(const char *name)
{
    uint64_t number = 0;
    for (; *name; name++)
        number = number * 31 + (unsigned char)*name;
    return number_for(number);
}

static inline bool choice_wants_table(void *user, const pecs_type *const *types, size_t type_count,
                                      uint64_t entity_count)
{
    const struct choice *choice = user;
    uint64_t names = 0;
    must(entity_count > 0);
    for (size_t i = 0; i < type_count; i++)
        names += name_number(types[i]->name);
    return wants_set(choice->seed, names);
}

/* The same for a filter. */
static inline bool choice_keeps(void *user, pecs_view view, pecs_entity entity)
{
    const struct choice *choice = user;
    size_t count = 0;
    uint64_t names = 0;
    const pecs_component *components = pecs_view_components(view, entity, &count);
    for (size_t i = 0; i < count; i++)
        names += name_number(pecs_view_type(view, components[i])->name);
    return wants_set(choice->seed, names);
}

static inline void choose(struct choice *choice, uint64_t seed)
{
    *choice = (struct choice){ .seed = seed };
    for (size_t i = 0; i < PROFILED_TYPE_COUNT; i++)
        if (number_for(seed * 31 + i) % 3 == 0)
            choice->types[choice->type_count++] = profiled_types[i];
    choice->part = (pecs_part){ .types = seed % 7 ? choice->types : NULL,
                                .type_count = seed % 7 ? choice->type_count : 0,
                                .wants_table = seed % 3 ? choice_wants_table : NULL,
                                .user = choice,
                                .attachments = true };
}

/* What the filter makes of the whole. */
static inline pecs_snapshot *filter_as(const pecs_snapshot *whole, struct choice *choice)
{
    const pecs_view view = pecs_snapshot_view(whole);
    pecs_component components[PROFILED_TYPE_COUNT];
    pecs_snapshot *filtered = NULL;
    size_t count = 0;
    pecs_error error;
    for (size_t i = 0; i < choice->type_count; i++)
        count += !pecs_view_component(view, choice->types[i]->name, &components[count]);
    const pecs_filter filter = { .components = components,
                                 .component_count = choice->part.types ? count : 0,
                                 .only_components = choice->part.types != NULL,
                                 .keep = choice->part.wants_table ? choice_keeps : NULL,
                                 .user = choice };
    cr_assert_eq(pecs_snapshot_filter(whole, &filter, &filtered, &error), PECS_OK, "%s", error.message);
    return filtered;
}

/* Both have the same content, tables and numbers, and are saved as the same bytes. */
static inline void expect_same_part(const pecs_snapshot *expected, const pecs_snapshot *opened, const char *how)
{
    const pecs_save_options plain = { .partial = true };
    const pecs_view a = pecs_snapshot_view(expected), b = pecs_snapshot_view(opened);
    const pecs_summary of_a = summary_of(a), of_b = summary_of(b);
    check_state(opened);
    cr_assert(same_summary(&of_a, &of_b), "%s: another summary", how);
    cr_assert_eq(pecs_view_hash(a), pecs_view_hash(b), "%s: another hash", how);
    cr_assert_eq(pecs_view_diff(a, b, refuse_change, NULL), PECS_OK, "%s: there is a difference", how);
    const struct memory_file one = save_in_memory(expected, &plain), other = save_in_memory(opened, &plain);
    cr_assert(same_memory(&one, other.bytes, other.size), "%s: another save", how);
    pecs_memory_release(one.bytes);
    pecs_memory_release(other.bytes);
}

#endif
