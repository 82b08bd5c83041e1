/*
 * Files in blocks that are designed to be slow: a block for each row, a segment for each block, and bombs, which hold
 * much more than they have bytes. The usual file has an eighth of the blocks, and eight times its time counts, so that
 * whatever grows faster than the file is found.
 */
#include "file_parts.h"
#include "fuzz_common.h"
#include "hostile_work.h"
#include "segment_maker.h"

#include <stdio.h>

enum { TIMES = 8, ROW_BLOCKS = 16384, SEGMENTS = 1600, BOMB_ENTITIES = 3000000, HELD_ENTITIES = 300000, RUN_MAX = 8 };

typedef struct {
    pecs_string text;
} Word;
PECS_COMPONENT(Word, 1, text);

/* A plain file of so many entities, with an empty string each or without components. The caller frees it. */
static uint8_t *plain_file(size_t entity_count, bool has_words, const pecs_save_options *options, size_t *ret_size)
{
    static const pecs_type *const types[] = { &Word_type };
    const pecs_registry_desc desc = { .types = types, .type_count = 1 };
    const pecs_value words = { 0, sizeof(Word), NULL };
    pecs_registry *registry;
    pecs_world *world;
    const char *path = fuzz_path("saved");
    FUZZ_CHECK(pecs_registry_create(&desc, &registry, NULL) == PECS_OK, "a registry");
    FUZZ_CHECK(pecs_world_create(registry, NULL, NULL, &world, NULL) == PECS_OK, "a world");
    FUZZ_CHECK(pecs_world_spawn(world, &words, has_words, entity_count, NULL) == PECS_OK, "entities");
    FUZZ_CHECK(pecs_world_save(world, path, options, NULL) == PECS_OK, path);
    pecs_world_destroy(world);
    pecs_registry_release(registry);
    return fuzz_read(path, ret_size);
}

/* Every run in blocks of one row, all in one segment or each in its own. */
static uint8_t *row_blocks(size_t row_count, bool has_words, uint32_t codec, bool has_segments, size_t *ret_size)
{
    size_t plain_size;
    struct file_parts parts;
    uint8_t *plain = plain_file(row_count, has_words, &(pecs_save_options){ .skip_sync = true }, &plain_size);
    parts_find(&parts, plain, plain_size);
    struct made_plan plan = { .segment_count = 1, .first_types = 1, .first_tables = 1 };
    struct made_block *blocks = calloc(parts.run_count * row_count, sizeof(*blocks));
    FUZZ_CHECK(blocks && parts.run_count <= RUN_MAX, "runs");
    for (uint32_t run = 0; run < parts.run_count; run++)
        for (size_t row = 0; row < row_count; row++) {
            const uint32_t segment = has_segments ? (uint32_t)plan.block_count : 0;
            blocks[plan.block_count++] = (struct made_block){ run, (uint32_t)row, 1, segment, codec, { 0, 0 } };
        }
    plan.blocks = blocks;
    if (has_segments)
        plan.segment_count = (uint32_t)plan.block_count;
    uint8_t *made = segments_make(plain, plain_size, &plan, ret_size);
    free(blocks);
    free(plain);
    return made;
}

static void try_rows(const char *what, size_t row_count, bool has_words, uint32_t codec, bool has_segments)
{
    size_t sizes[2];
    double seconds[2];
    for (int is_hostile = 0; is_hostile < 2; is_hostile++) {
        const size_t rows = is_hostile ? row_count : row_count / TIMES;
        uint8_t *bytes = row_blocks(rows, has_words, codec, has_segments, &sizes[is_hostile]);
        seconds[is_hostile] = time_load_bytes(bytes, sizes[is_hostile], 1);
        free(bytes);
    }
    report_times(what, row_count, sizes[1], TIMES * seconds[0], seconds[1]);
}

/* Blocks hold 72 MB. It is refused by what it says, before any of it is inflated, and in the memory of any small file.
 */
static void try_bomb(void)
{
    size_t size, usual_size;
    const pecs_save_options fast = { .skip_sync = true, .profile = PECS_PROFILE_FAST };
    uint8_t *bytes = plain_file(BOMB_ENTITIES, false, &fast, &size);
    uint8_t *usual = plain_file(size / 24, false, &(pecs_save_options){ .skip_sync = true }, &usual_size);
    const double seconds = time_load_bytes(usual, usual_size, 1);
    const char *path = fuzz_write("input", bytes, size);
    pecs_registry *registry;
    pecs_snapshot *snapshot;
    pecs_error error;
    double begin, refused;
    fuzz_memory_begin(FUZZ_EDIT_BYTES);
    FUZZ_CHECK(pecs_registry_create(&(pecs_registry_desc){ .allocator = fuzz_allocator }, &registry, NULL) == PECS_OK,
               "a registry");
    fuzz_memory_limit(FUZZ_MEMORY_FACTOR * size + FUZZ_MEMORY_FIXED);
    begin = cpu_seconds();
    const pecs_status loaded = pecs_snapshot_load(registry, path, &fuzz_loading, &snapshot, &error);
    refused = cpu_seconds() - begin;
    FUZZ_CHECK(loaded == PECS_E_LIMIT && !fuzz_memory_outgrown(), error.message);
    const pecs_status resumed = pecs_snapshot_resume(registry, path, &fuzz_resuming, &snapshot, &error);
    FUZZ_CHECK(resumed == PECS_E_LIMIT && !fuzz_memory_outgrown(), error.message);
    pecs_registry_release(registry);
    fuzz_memory_end();
    report_times("entities of a bomb, which is refused", BOMB_ENTITIES, size, seconds, refused);
    free(usual);
    free(bytes);
}

/* What blocks hold is below the limit: as much work as the same world in a plain file. */
static void try_held(void)
{
    size_t size, usual_size;
    const pecs_save_options fast = { .skip_sync = true, .profile = PECS_PROFILE_FAST };
    uint8_t *bytes = plain_file(HELD_ENTITIES, false, &fast, &size);
    uint8_t *usual = plain_file(HELD_ENTITIES, false, &(pecs_save_options){ .skip_sync = true }, &usual_size);
    const double seconds = time_load_bytes(usual, usual_size, 1);
    report_times("entities, compressed", HELD_ENTITIES, size, seconds, time_load_bytes(bytes, size, 1));
    free(usual);
    free(bytes);
}

void try_blocks(void)
{
    try_rows("rows, each a block as it is", ROW_BLOCKS, false, CODEC_RAW, false);
    try_rows("rows, each a compressed block", ROW_BLOCKS, false, CODEC_ZSTD, false);
    try_rows("rows, each with contents in a block", ROW_BLOCKS / 2, true, CODEC_RAW, false);
    try_rows("rows, each block in a segment", SEGMENTS / 2, false, CODEC_RAW, true);
    try_rows("rows, each compressed block in a segment", SEGMENTS / 2, false, CODEC_ZSTD, true);
    try_held();
    try_bomb();
}
