/* What pecs_file_info says of how a file is stored: segments, blocks, and what each component takes. */
#include "file_fixture.h"

TestSuite(info_stored, .init = enter_folder, .fini = leave_folder);

static pecs_info *info_of(const char *path)
{
    pecs_info *info = NULL;
    cr_assert_eq(pecs_file_info(path, &counting_hooks, NULL, &info, NULL), PECS_OK);
    return info;
}

/* What the rows of a type take in memory, and in a file that is not compressed. */
static uint64_t full_bytes_of(const pecs_info *info, size_t type)
{
    uint64_t bytes = 0;
    for (size_t i = 0; i < info->table_count; i++)
        for (size_t j = 0; j < info->tables[i].component_count; j++)
            bytes += info->tables[i].components[j] == type ? info->tables[i].row_count * info->types[type]->size : 0;
    return bytes;
}

/* 4951 entities, of which one has an explicit id, and singletons; free slots. */
static void save_some(pecs_registry *registry, const pecs_save_options *options, const char *path)
{
    static pecs_entity entities[5000];
    pecs_world *world = make_world(registry, NULL);
    must(pecs_world_spawn(world, (pecs_value[]){ { POSITION, sizeof(Position), NULL }, PECS_HAS_AS(FROZEN) }, 2, 5000,
                          entities) == PECS_OK);
    must(pecs_world_despawn(world, entities + 100, 50) == PECS_OK);
    spawn_one(world, (pecs_value[]){ { LINK, sizeof(Link), NULL } }, 1);
    must(pecs_world_set_singleton(world, HEALTH, sizeof(Health), &(Health){ 1, 2 }) == PECS_OK);
    must(pecs_world_set_id(world, entities[7], (pecs_id){ { 1, 2 } }) == PECS_OK);
    must(pecs_world_save(world, path, options, NULL) == PECS_OK);
    pecs_world_destroy(world);
}

static uint64_t sum_stored(const pecs_info *info)
{
    uint64_t sum = info->stored_handle_bytes + info->stored_index_bytes + info->stored_id_bytes;
    for (size_t i = 0; i < info->type_count; i++)
        sum += info->stored_bytes[i];
    return sum;
}

/* All but the positions is compressed. */
Test(info_stored, of_a_compressed_file)
{
    const pecs_component_profile mapped = { POSITION, PECS_PROFILE_OFF };
    const pecs_save_options options = {
        .skip_sync = true, .profile = PECS_PROFILE_SMALL, .component_profiles = &mapped, .component_profile_count = 1
    };
    pecs_registry *registry = counting_registry();
    save_some(registry, &(pecs_save_options){ .skip_sync = true }, "plain.pecs");
    save_some(registry, &options, "small.pecs");
    const uint64_t live_bytes = counting.live_bytes;
    pecs_info *plain = info_of("plain.pecs"), *small = info_of("small.pecs");
    cr_assert(plain->segment_count == 1 && !plain->block_count && !plain->block_bytes && !plain->block_full_bytes);
    for (size_t i = 0; i < plain->type_count; i++)
        cr_assert_eq(plain->stored_bytes[i], full_bytes_of(plain, i), "%s", plain->types[i]->name);
    const uint64_t rows = 4951 + 1;
    cr_assert_eq(plain->stored_handle_bytes, rows * 8);
    cr_assert_eq(plain->stored_index_bytes, plain->slot_count * 16);
    cr_assert_eq(plain->stored_id_bytes, 20);

    cr_assert_eq(small->type_count, plain->type_count);
    cr_assert_eq(small->segment_count, 2);
    cr_assert_eq(small->block_bytes, sum_stored(small));
    cr_assert_eq(small->block_full_bytes, sum_stored(plain));
    for (size_t i = 0; i < small->type_count; i++)
        cr_assert(strcmp(small->types[i]->name, "Position") == 0 ? small->stored_bytes[i] == plain->stored_bytes[i]
                                                                 : small->stored_bytes[i] <= plain->stored_bytes[i]);
    cr_assert_lt(small->stored_index_bytes, plain->stored_index_bytes / 4);
    cr_assert_lt(small->stored_handle_bytes, plain->stored_handle_bytes / 4);
    cr_assert_gt(small->block_count, small->type_count);
    pecs_info_destroy(plain);
    pecs_info_destroy(small);
    cr_assert_eq(counting.live_bytes, live_bytes);
    pecs_registry_release(registry);
    assert_no_leak();
}

/* Prologues count like the commit, and what blocks hold like the file. */
Test(info_stored, limits_of_a_compressed_file)
{
    const pecs_save_options options = { .skip_sync = true, .profile = PECS_PROFILE_FAST };
    pecs_registry *registry = make_registry(fixture_types, FIXTURE_TYPE_COUNT, system_memory);
    save_some(registry, &options, "fast.pecs");
    pecs_registry_release(registry);
    pecs_info *info = info_of("fast.pecs");
    const uint64_t size = info->size_bytes, full = info->block_full_bytes;
    pecs_info_destroy(info);
    cr_assert_lt(size, full);
    cr_assert_eq(pecs_file_info("fast.pecs", NULL, &(pecs_info_options){ .limits.max_bytes = size }, &info, NULL),
                 PECS_E_LIMIT);
    cr_assert_eq(pecs_file_info("fast.pecs", NULL, &(pecs_info_options){ .limits.max_bytes = 2 * full }, &info, NULL),
                 PECS_OK);
    pecs_info_destroy(info);
    pecs_info_options few = { .max_info_bytes = 0 };
    pecs_error error = { .status = PECS_E_LIMIT };
    bool was_prologue = false;
    while (error.status == PECS_E_LIMIT) {
        few.max_info_bytes += 8;
        error.status = pecs_file_info("fast.pecs", NULL, &few, &info, &error);
        was_prologue = was_prologue || (error.status && strstr(error.message, "the prologues have"));
    }
    cr_assert_eq(error.status, PECS_OK);
    cr_assert(was_prologue);
    pecs_info_destroy(info);
}
