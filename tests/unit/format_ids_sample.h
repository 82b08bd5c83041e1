/*
 * For tests of the rules about metadata and explicit ids: the sample, whose file they break.
 *
 *     entities  0:1 with the explicit id LOW, 1:1 with none, 2:1 with HIGH; 3:1 is dead
 *     tables    0 {Place} 1 row, 1 {Place, pecs.id} 2 rows
 *     runs      0, 1 table 0; 2, 3, 4 table 1; 5 index of 4 slots; 6 ids of 20 bytes each
 *     metadata  "a" text "xyz", "b" 15 bytes
 */
#ifndef FORMAT_IDS_SAMPLE_H
#define FORMAT_IDS_SAMPLE_H

#include "format_breaking.h"

typedef struct {
    float x, y;
} Place;
PECS_COMPONENT(Place, 1, x, y);

static const pecs_type *const types[] = { &Place_type };
static const pecs_id low = { .bytes = { [15] = 1 } }, high = { .bytes = { 0xff, [15] = 0xff } };
static const uint64_t wall_clock = 0x0123456789abcdef;

enum { INDEX_RUN = 5, IDS_RUN = 6, ENTRY_BYTES = 20 };

static inline pecs_registry *registry_of(size_t type_count)
{
    pecs_registry *registry;
    const pecs_registry_desc desc = { .types = types, .type_count = type_count };
    cr_assert_eq(pecs_registry_create(&desc, &registry, NULL), PECS_OK);
    return registry;
}

static inline void save_sample(pecs_registry *registry)
{
    pecs_world *world;
    const pecs_world_options options = { .session_nonce = 0x7005 };
    const Place places[4] = { { 1, 2 }, { 3, 4 }, { 5, 6 }, { 7, 8 } };
    const pecs_save_options save_options = { .skip_sync = true, .wall_clock_ns = wall_clock };
    cr_assert_eq(pecs_world_create(registry, NULL, &options, &world, NULL), PECS_OK);
    cr_assert_eq(pecs_world_spawn(world, (pecs_value[]){ PECS_ROWS_AS(0, places) }, 1, 4, NULL), PECS_OK);
    cr_assert_eq(pecs_world_despawn(world, &(pecs_entity){ 3, 1 }, 1), PECS_OK);
    cr_assert_eq(pecs_world_set_id(world, (pecs_entity){ 0, 1 }, low), PECS_OK);
    cr_assert_eq(pecs_world_set_id(world, (pecs_entity){ 2, 1 }, high), PECS_OK);
    cr_assert_eq(pecs_world_set_meta_text(world, "a", "xyz"), PECS_OK);
    cr_assert_eq(pecs_world_set_meta_bytes(world, "b", "123456789012345", 15), PECS_OK);
    cr_assert_eq(pecs_world_save(world, "world.pecs", &save_options, NULL), PECS_OK);
    pecs_world_destroy(world);
}

static inline struct breakage begin_breaking(void)
{
    pecs_registry *registry = registry_of(1);
    save_sample(registry);
    return breakage_of(registry);
}

/* Found in the commit, so pecs_file_info finds it too. */
static inline void expect_in_commit(struct breakage *breakage, pecs_status status, const char *rule, uint64_t offset)
{
    pecs_info *info;
    pecs_error error;
    repair(&breakage->file);
    write_image(&breakage->file, "broken.pecs");
    cr_assert_eq(pecs_file_info("broken.pecs", NULL, NULL, &info, &error), status);
    cr_assert_str_eq(error.rule, rule);
    cr_assert_eq(error.offset, offset);
    expect(breakage, status, rule, offset);
}

static inline void expect_corrupt(struct breakage *breakage, const char *rule, uint64_t offset)
{
    expect_in_commit(breakage, PECS_E_CORRUPT, rule, offset);
}

#endif
