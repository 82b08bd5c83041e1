/*
 * JSON: a thousand entities of W1 saved as a document in memory and loaded from it, and the peak memory beside the
 * world with all entities of the run. A document is not what a game saves every minute, so there is no limit by hand.
 */
#define _GNU_SOURCE
#include "bench.h"

#include <pecs/json.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { JSON_ENTITIES = 1000 };

struct json_bench {
    pecs_registry *registry;
    pecs_snapshot *snapshot;
    char *text;
    size_t size, capacity;
};

static pecs_status json_gather(void *user, const pecs_bytes *spans, size_t span_count, pecs_error *error)
{
    struct json_bench *json = user;
    (void)error;
    for (size_t i = 0; i < span_count; i++) {
        if (json->size + spans[i].size_bytes > json->capacity) {
            json->capacity = 2 * (json->size + spans[i].size_bytes);
            char *more = realloc(json->text, json->capacity);
            if (!more)
                return PECS_E_MEMORY;
            json->text = more;
        }
        memcpy(json->text + json->size, spans[i].data, spans[i].size_bytes);
        json->size += spans[i].size_bytes;
    }
    return PECS_OK;
}

static bool json_save(const struct json_bench *json, const pecs_sink *sink)
{
    static const pecs_save_options options;
    const pecs_plugin_context context = { .save = &options };
    pecs_error error = { 0 };
    const pecs_status status = pecs_json_plugin()->save(&context, json->snapshot, sink, &error);
    return status ? bench_failed("save JSON", status, &error) : true;
}

static bool json_load(const struct json_bench *json, const pecs_source *source, pecs_snapshot **ret_snapshot)
{
    static const pecs_load_options options;
    const pecs_plugin_context context = { .load = &options };
    pecs_builder *builder = NULL;
    pecs_error error = { 0 };
    pecs_status status = pecs_builder_create(json->registry, NULL, &builder, &error);
    if (!status)
        status = pecs_json_plugin()->load(&context, source, builder, &error);
    if (!status)
        status = pecs_builder_finish(builder, ret_snapshot, &error);
    pecs_builder_destroy(builder);
    return status ? bench_failed("load JSON", status, &error) : true;
}

static bool json_save_side(struct bench *bench, void *context, double *ret_seconds)
{
    struct json_bench *json = context;
    const pecs_sink sink = { .write = json_gather, .user = json };
    (void)bench;
    json->size = 0;
    const double start = bench_now();
    const bool ok = json_save(json, &sink);
    *ret_seconds = bench_now() - start;
    return ok;
}

static bool json_load_side(struct bench *bench, void *context, double *ret_seconds)
{
    struct json_bench *json = context;
    const pecs_bytes text = { json->text, json->size };
    const pecs_source source = pecs_source_for_memory(&text);
    pecs_snapshot *snapshot = NULL;
    (void)bench;
    const double start = bench_now();
    bool ok = json_load(json, &source, &snapshot);
    *ret_seconds = bench_now() - start;
    if (ok && pecs_view_hash(pecs_snapshot_view(snapshot)) != pecs_view_hash(pecs_snapshot_view(json->snapshot)))
        ok = bench_wrong("the world that came back from JSON is another one");
    pecs_snapshot_release(snapshot);
    return ok;
}

/* A snapshot of W1 with so many entities. */
static bool json_open(const struct bench *bench, uint64_t entity_count, const pecs_allocator *allocator,
                      struct json_bench *ret_json)
{
    struct bench part = *bench;
    pecs_world *world = NULL;
    pecs_error error;
    part.entity_count = entity_count;
    part.layout = w1_layout_of(entity_count, bench->shuffled);
    part.block = limit_pages_allocate(part.layout.size_bytes);
    *ret_json = (struct json_bench){ 0 };
    if (!part.block)
        return bench_wrong("out of memory for %llu entities", (unsigned long long)entity_count);
    w1_fill(&part.layout, part.block);
    bool ok = bench_registry_create(allocator, &ret_json->registry);
    if (ok && pecs_world_create(ret_json->registry, NULL, NULL, &world, &error))
        ok = bench_failed("make a world", error.status, &error);
    ok = ok && bench_spawn_all(&part, world);
    if (ok && pecs_snapshot_take(world, &ret_json->snapshot))
        ok = bench_wrong("out of memory");
    pecs_world_destroy(world);
    limit_pages_release(part.block, part.layout.size_bytes);
    return ok;
}

static void json_close(struct json_bench *json)
{
    pecs_snapshot_release(json->snapshot);
    pecs_registry_release(json->registry);
    free(json->text);
}

static bool json_run(struct bench *bench, const char *name, bench_side side, double mark)
{
    struct json_bench json;
    const struct bench_sides sides = { .pecs = side, .context = &json, .sample_count = 20 };
    struct bench_result result = {
        .name = name, .mark_kind = BENCH_SECONDS, .mark = mark, .entity_count = JSON_ENTITIES
    };
    double unused;
    const bool ok = json_open(bench, JSON_ENTITIES, NULL, &json) && json_save_side(bench, &json, &unused) &&
                    bench_measure(bench, &sides, &result);
    result.bytes = json.size;
    if (ok)
        bench_report(bench, &result);
    json_close(&json);
    return ok;
}

bool bench_run_json_save(struct bench *bench)
{
    return json_run(bench, "json_save", json_save_side, 1.5e-3);
}

bool bench_run_json_load(struct bench *bench)
{
    return json_run(bench, "json_load", json_load_side, 3e-3);
}

/* Memory. The system keeps the most pages that a process had at once, and forgets it on demand. */

static void json_forget_peak(void)
{
    const int file = open("/proc/self/clear_refs", O_WRONLY | O_CLOEXEC);
    if (file >= 0) {
        (void)!write(file, "5", 1);
        close(file);
    }
}

static uint64_t json_status_bytes(const char *name)
{
    char text[4096];
    const int file = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
    const ssize_t size = file < 0 ? 0 : read(file, text, sizeof(text) - 1);
    if (file >= 0)
        close(file);
    text[size > 0 ? size : 0] = 0;
    const char *line = strstr(text, name);
    return line ? strtoull(line + strlen(name), NULL, 10) * 1024 : 0;
}

static bool json_memory_save(struct bench *bench, const struct json_bench *json, int file)
{
    struct bench_result result = { .name = "json_memory_save", .mark_kind = BENCH_BYTES, .mark = 16 << 20 };
    const pecs_sink sink = pecs_sink_for_fd(file);
    json_forget_peak();
    const uint64_t before = json_status_bytes("VmRSS:");
    const double start = bench_now();
    const bool ok = json_save(json, &sink);
    result.seconds = bench_now() - start;
    const uint64_t peak = json_status_bytes("VmHWM:");
    result.bytes = peak > before ? peak - before : 0;
    if (ok)
        bench_report(bench, &result);
    return ok;
}

/* Beside the world that is made: what the allocator still holds of it in the end. */
static bool json_memory_load(struct bench *bench, const struct json_bench *json, const struct bench_counter *counter,
                             int file)
{
    struct bench_result result = { .name = "json_memory_load", .mark_kind = BENCH_BYTES, .mark = 16 << 20 };
    const pecs_source source = pecs_source_for_fd(file);
    pecs_snapshot *snapshot = NULL;
    json_forget_peak();
    const uint64_t before = json_status_bytes("VmRSS:"), live = counter->live_bytes;
    const double start = bench_now();
    bool ok = json_load(json, &source, &snapshot);
    result.seconds = bench_now() - start;
    const uint64_t peak = json_status_bytes("VmHWM:") - before, made = counter->live_bytes - live;
    result.bytes = peak > made ? peak - made : 0;
    result.figures[0] = (struct bench_figure){ "world_bytes", made };
    if (ok && pecs_view_hash(pecs_snapshot_view(snapshot)) != pecs_view_hash(pecs_snapshot_view(json->snapshot)))
        ok = bench_wrong("the world that came back from JSON is another one");
    if (ok)
        bench_report(bench, &result);
    pecs_snapshot_release(snapshot);
    return ok;
}

bool bench_run_json_memory(struct bench *bench)
{
    char path[BENCH_PATH_MAX];
    struct bench_counter counter = { 0 };
    const pecs_allocator allocator = bench_counting_allocator(&counter);
    struct json_bench json;
    bench_path(bench, "w1.json", path);
    const int file = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (file < 0)
        return bench_wrong("%s: %s", path, strerror(errno));
    bench_world_drop(bench);
    const bool ok = json_open(bench, bench->entity_count, &allocator, &json) && json_memory_save(bench, &json, file) &&
                    lseek(file, 0, SEEK_SET) == 0 && json_memory_load(bench, &json, &counter, file);
    close(file);
    unlink(path);
    json_close(&json);
    return ok;
}
