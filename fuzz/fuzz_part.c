#include "fuzz_part.h"

/* Adds a name to a number for a set of types, whatever their order. */
static uint64_t add_name(uint64_t sum, const char *name)
{
    struct random random = { 0 };
    for (; *name; name++)
        random.state = random.state * 31 + (uint8_t)*name;
    return sum + random_next(&random);
}

static bool wants_sum(const struct fuzz_part *part, uint64_t sum)
{
    struct random random = { sum ^ part->seed };
    return !random_once_in(&random, 3);
}

static bool wants_table(void *user, const pecs_type *const *types, size_t type_count, uint64_t entity_count)
{
    uint64_t sum = 0;
    FUZZ_CHECK(entity_count > 0, "tables without entities are not asked about");
    for (size_t i = 0; i < type_count; i++)
        sum = add_name(sum, types[i]->name);
    return wants_sum(user, sum);
}

static bool keep(void *user, pecs_view view, pecs_entity entity)
{
    size_t count;
    uint64_t sum = 0;
    const pecs_component *components = pecs_view_components(view, entity, &count);
    for (size_t i = 0; i < count; i++)
        sum = add_name(sum, pecs_view_type(view, components[i])->name);
    return wants_sum(user, sum);
}

void fuzz_part_init(struct fuzz_part *part, const char *path, bool by_tables, struct random *random)
{
    const pecs_info_options options = { .limits = fuzz_loading.limits };
    *part = (struct fuzz_part){ .seed = random_next(random) };
    if (pecs_file_info(path, &fuzz_allocator, &options, &part->info, NULL)) {
        part->info = NULL;
        return;
    }
    size_t count = 0;
    for (size_t i = 0; i < part->info->type_count && count < FUZZ_PART_TYPES; i++)
        if (random_once_in(random, 2))
            part->types[count++] = part->info->types[i];
    const bool all = random_once_in(random, 6);
    part->part = (pecs_part){ .types = all ? NULL : part->types,
                              .type_count = all ? 0 : count,
                              .wants_table = by_tables ? wants_table : NULL,
                              .user = part,
                              .attachments = true };
}

void fuzz_part_deinit(struct fuzz_part *part)
{
    pecs_info_destroy(part->info);
}

static pecs_snapshot *filter_whole(const pecs_snapshot *whole, const struct fuzz_part *part)
{
    const pecs_view view = pecs_snapshot_view(whole);
    pecs_component components[FUZZ_PART_TYPES];
    pecs_snapshot *filtered = NULL;
    size_t count = 0;
    for (size_t i = 0; i < part->part.type_count; i++)
        count += pecs_view_component_by_id(view, part->types[i]->id, &components[count]) == PECS_OK;
    const pecs_filter filter = { .components = components,
                                 .component_count = part->part.types ? count : 0,
                                 .only_components = part->part.types != NULL,
                                 .keep = part->part.wants_table ? keep : NULL,
                                 .user = (void *)(uintptr_t)part };
    return pecs_snapshot_filter(whole, &filter, &filtered, NULL) ? NULL : filtered;
}

static void compare(pecs_registry *registry, const char *path, size_t size, const struct fuzz_part *part,
                    const pecs_snapshot *filtered)
{
    const pecs_load_options options = { .part = &part->part, .thread_count = 2 };
    for (enum fuzz_verb verb = FUZZ_LOAD; verb <= FUZZ_RESUME; verb++) {
        pecs_snapshot *opened = fuzz_open(verb, registry, path, size, &options);
        FUZZ_CHECK(opened, "a part of a file that is accepted is accepted");
        fuzz_walk(pecs_snapshot_view(opened));
        if (filtered)
            fuzz_expect_same(pecs_snapshot_view(filtered), pecs_snapshot_view(opened));
        pecs_snapshot_release(opened);
    }
}

void fuzz_try_part(pecs_registry *registry, const char *path, size_t size, const pecs_snapshot *whole, bool by_tables,
                   struct random *random)
{
    struct fuzz_part part;
    fuzz_part_init(&part, path, by_tables, random);
    if (part.info && whole) {
        pecs_snapshot *filtered = filter_whole(whole, &part);
        compare(registry, path, size, &part, filtered);
        pecs_snapshot_release(filtered);
    } else if (part.info) {
        const pecs_load_options options = { .part = &part.part };
        pecs_snapshot *loaded = fuzz_open(FUZZ_LOAD, registry, path, size, &options);
        if (loaded)
            fuzz_walk(pecs_snapshot_view(loaded));
        pecs_snapshot_release(loaded);
        pecs_snapshot_release(fuzz_open(FUZZ_RESUME, registry, path, size, &options));
    }
    fuzz_part_deinit(&part);
}
