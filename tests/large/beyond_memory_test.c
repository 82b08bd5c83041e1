/*
 * A world of which memory holds a quarter: it is written row by row, resumed, queried, partly edited, and saved again,
 * as one segment, while the process may have so much memory only. So is what compacts its file, and a compressed one.
 *
 *     beyond_memory_test FOLDER
 */
#define _GNU_SOURCE
#include "large_support.h"

#include <pecs/compact.h>
#include <pecs/row_stream.h>

#include <sys/resource.h>
#include <unistd.h>

enum { BATCH = 4096, EDITS = 1000 };
#define MEMORY_BYTES ((uint64_t)128 << 20) /* of the process; its own part is some MiB */
#define ROW_COUNT ((uint64_t)BATCH * 3200) /* 36 or 48 bytes each in the file */

typedef struct {
    float x, y, z;
} Spot;
PECS_COMPONENT(Spot, 1, x, y, z);

typedef struct {
    pecs_entity next;
    uint32_t weight;
} Way;
PECS_COMPONENT(Way, 1, next, weight);

PECS_TYPES(beyond, Spot, Way);

static pecs_registry *registry;

static void limit_memory(void)
{
    const struct rlimit limit = { MEMORY_BYTES, MEMORY_BYTES };
    require(setrlimit(RLIMIT_DATA, &limit) == 0);
    require(malloc((size_t)2 * MEMORY_BYTES) == NULL); /* the limit counts */
}

static uint64_t write_world(const char *path)
{
    static Spot spots[BATCH];
    static Way ways[BATCH];
    const pecs_stream_options options = { .skip_sync = true };
    pecs_stream *stream;
    pecs_save_report report;
    require(pecs_stream_create(registry, path, &options, &stream, NULL) == PECS_OK);
    for (uint64_t row = 0; row < ROW_COUNT; row += BATCH) {
        for (uint64_t i = 0; i < BATCH; i++) {
            spots[i] = (Spot){ (float)(row / BATCH), (float)i, 0 };
            ways[i] = (Way){ { (uint32_t)((row + i + 7777777) % ROW_COUNT), 1 }, 1 };
        }
        const pecs_value values[] = { PECS_ROWS(Spot, spots), PECS_ROWS(Way, ways) };
        const pecs_rows rows = { .values = values, .value_count = 1 + row / BATCH % 2, .row_count = BATCH };
        require(pecs_stream_add(stream, &rows, NULL, NULL) == PECS_OK);
    }
    require(pecs_stream_finish(stream, &report, NULL) == PECS_OK);
    pecs_stream_destroy(stream);
    return report.size_bytes;
}

static double sum_of(pecs_view view)
{
    const pecs_term terms[] = { { Spot_component, PECS_READ } };
    pecs_query *query;
    double sum = 0;
    require_ok(pecs_query_create(registry, terms, 1, &query, NULL));
    pecs_iter it = pecs_query_iter(query, view, NULL);
    while (pecs_iter_next(&it)) {
        const Spot *spots = pecs_column(&it, Spot);
        for (size_t i = 0; i < it.row_count; i++)
            sum += (double)spots[i].x;
    }
    require_ok(pecs_iter_end(&it));
    pecs_query_destroy(query);
    return sum;
}

/* Entities all over the world. */
static void edit(pecs_world *world)
{
    for (uint64_t i = 0; i < EDITS; i++) {
        const pecs_entity entity = { (uint32_t)(i * (ROW_COUNT / EDITS)), 1 };
        const Spot spot = { 1e6F, (float)i, 1 };
        require(pecs_set_ptr(world, entity, Spot, &spot) == PECS_OK);
    }
}

static pecs_world *resume_world(const char *path)
{
    pecs_snapshot *snapshot = open_path(registry, path, false);
    pecs_world *world = world_of(registry, snapshot);
    pecs_snapshot_release(snapshot);
    return world;
}

static void require_same_files(const char *a, const char *b)
{
    enum { PART = 1 << 20 };
    static uint8_t bytes[2][PART];
    FILE *files[2] = { fopen(a, "rb"), fopen(b, "rb") };
    require(files[0] && files[1]);
    for (size_t sizes[2] = { 1 }; sizes[0] > 0;) {
        for (int i = 0; i < 2; i++)
            sizes[i] = fread(bytes[i], 1, PART, files[i]);
        require(sizes[0] == sizes[1] && memcmp(bytes[0], bytes[1], sizes[0]) == 0);
    }
    fclose(files[0]);
    fclose(files[1]);
}

/* The streamed file and a compressed one of the same world become that of a save. */
static void compact_files(const char *path, const char *packed, const char *saved)
{
    const pecs_save_options fast = { .skip_sync = true, .profile = PECS_PROFILE_FAST };
    const pecs_compact_options quick = { .skip_sync = true }, mapped = { .skip_sync = true, .trust = true };
    pecs_error error = { .message = "" };
    pecs_world *world = resume_world(path);
    require_ok(pecs_world_save(world, packed, &fast, &error));
    require_ok(pecs_world_compact(world, &error));
    save_quick(world, saved);
    pecs_world_destroy(world);
    require_ok(pecs_compact(packed, packed, &quick, &error));
    require_same_files(packed, saved);
    require_ok(pecs_compact(path, packed, &mapped, &error));
    require_same_files(packed, saved);
    require_ok(pecs_compact(path, packed, &quick, &error));
    require_same_files(packed, saved);
    require(unlink(packed) == 0);
}

int main(int argc, char **argv)
{
    char path[300], again[300], packed[300];
    require(argc == 2);
    make_own_folder(argv[1]);
    path_of("beyond", path);
    path_of("again", again);
    path_of("packed", packed);
    limit_memory();
    registry = registry_of(beyond_types, beyond_type_count, (pecs_allocator){ 0 });
    const uint64_t size = write_world(path);
    require(size >= 4 * MEMORY_BYTES);
    pecs_world *world = resume_world(path);
    const double sum = sum_of(pecs_world_view(world));
    edit(world);
    const double edited = sum_of(pecs_world_view(world));
    require(edited > sum + 5e8);
    save_quick(world, again);
    pecs_world_destroy(world);
    world = resume_world(again);
    require(sum_of(pecs_world_view(world)) == edited);
    pecs_world_destroy(world);
    world = resume_world(path);
    require(sum_of(pecs_world_view(world)) == sum);
    pecs_world_destroy(world);
    compact_files(path, packed, again);
    pecs_registry_release(registry);
    printf("%" PRIu64 " bytes of file, %" PRIu64 " of memory\n", size, MEMORY_BYTES);
    return 0;
}
