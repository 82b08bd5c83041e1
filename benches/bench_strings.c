/*
 * Strings: a world in which each entity has a name of 8 to 40 bytes besides its position, against one without names and
 * against strings by hand; and entities with a large blob.
 */
#include "bench.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    TEXT_MIN = 8,
    TEXT_MAX = 40,
    PART = 4096, /* entities of one call */
    SET_COUNT_MAX = 1000000,
    BLOB_COUNT = 64,
    BLOB_BYTES = 1024 * 1024,
    BLOB_ROUNDS = 100
};

typedef struct Place {
    float x, y, z;
} Place;
PECS_COMPONENT(Place, 1, x, y, z);
typedef struct Title {
    pecs_string text;
} Title;
PECS_COMPONENT(Title, 1, text);
typedef struct Picture {
    pecs_blob bytes;
} Picture;
PECS_COMPONENT(Picture, 1, bytes);
PECS_TAG(Marked, 1);
PECS_TYPES(strings, Place, Title, Picture, Marked);

struct strings {
    pecs_registry *registry;
    pecs_world *world; /* with names */
    pecs_query *named;
    struct limit_strings by_hand;
    pecs_snapshot *resumed;
    uint64_t count, set_count, sum; /* of all sizes and first bytes */
    char path[BENCH_PATH_MAX], plain_path[BENCH_PATH_MAX], raw_path[BENCH_PATH_MAX];
};

/* The text of an entity in a round, which has no zero in it. */
static uint32_t make_text(uint64_t number, uint64_t round, char text[TEXT_MAX + 1])
{
    uint64_t x = (number + 1) * 0x9e3779b97f4a7c15u + round * 0xbf58476d1ce4e5b9u;
    x ^= x >> 29;
    const uint32_t size = TEXT_MIN + (uint32_t)(x % (TEXT_MAX - TEXT_MIN + 1));
    for (uint32_t i = 0; i < size; i++)
        text[i] = (char)('a' + (x >> (i % 50) & 15));
    text[size] = 0;
    return size;
}

static uint64_t pick(const struct strings *strings, uint64_t number)
{
    uint64_t x = (number + 77) * 0x94d049bb133111ebu;
    return (x ^ x >> 31) % strings->count;
}

static bool spawn_part(const struct strings *strings, pecs_world *world, uint64_t first, size_t count, bool has_names)
{
    static char texts[PART][TEXT_MAX + 1];
    static Title names[PART];
    static Place places[PART];
    (void)strings;
    for (size_t i = 0; i < count; i++) {
        make_text(first + i, 0, texts[i]);
        names[i].text = pecs_string_of(texts[i]);
        places[i] = (Place){ (float)i, 0, 1 };
    }
    const pecs_value values[] = { PECS_ROWS(Place, places), PECS_ROWS(Title, names) };
    const pecs_status status = pecs_world_spawn(world, values, has_names ? 2 : 1, count, NULL);
    return status ? bench_failed("spawn with names", status, pecs_world_error(world)) : true;
}

static bool spawn_all(const struct strings *strings, bool has_names, pecs_world **ret_world)
{
    pecs_error error = { .message = "" };
    const pecs_status status = pecs_world_create(strings->registry, NULL, NULL, ret_world, &error);
    bool ok = status ? bench_failed("create", status, &error) : true;
    for (uint64_t i = 0; ok && i < strings->count; i += PART)
        ok = spawn_part(strings, *ret_world, i, strings->count - i < PART ? (size_t)(strings->count - i) : PART,
                        has_names);
    return ok;
}

static bool resume_one(const struct strings *strings, const char *path, double *ret_seconds)
{
    pecs_snapshot *snapshot = NULL;
    pecs_world *world = NULL;
    const double start = bench_now();
    const bool ok = bench_resume(strings->registry, path, &snapshot, &world);
    bench_close(snapshot, world);
    *ret_seconds = bench_now() - start;
    return ok;
}

static bool resume_pecs(struct bench *bench, void *context, double *ret_seconds)
{
    const struct strings *strings = context;
    (void)bench;
    return resume_one(strings, strings->path, ret_seconds);
}

static bool resume_plain(struct bench *bench, void *context, double *ret_seconds)
{
    const struct strings *strings = context;
    (void)bench;
    return resume_one(strings, strings->plain_path, ret_seconds);
}

static bool read_pecs(struct bench *bench, void *context, double *ret_seconds)
{
    const struct strings *strings = context;
    (void)bench;
    uint64_t sum = 0;
    const double start = bench_now();
    const pecs_view view = pecs_snapshot_view(strings->resumed);
    const pecs_heap *heap = pecs_view_heap(view);
    pecs_iter it = pecs_query_iter(strings->named, view, NULL);
    while (pecs_iter_next(&it)) {
        const Title *names = pecs_column(&it, Title);
        for (size_t i = 0; i < it.row_count; i++) {
            size_t size;
            const char *text = pecs_heap_string(heap, names[i].text, &size);
            sum += size + (uint8_t)text[0];
        }
    }
    const pecs_status status = pecs_iter_end(&it);
    *ret_seconds = bench_now() - start;
    return !status && sum == strings->sum ? true : bench_wrong("the names are not those that were saved");
}

static bool read_limit(struct bench *bench, void *context, double *ret_seconds)
{
    const struct strings *strings = context;
    (void)bench;
    const double start = bench_now();
    const uint64_t sum = limit_strings_sum(&strings->by_hand);
    *ret_seconds = bench_now() - start;
    return sum == strings->sum ? true : bench_wrong("the names by hand are wrong");
}

static pecs_status set_each(const struct strings *strings, pecs_world *world)
{
    pecs_status status = PECS_OK;
    for (uint64_t i = 0; !status && i < strings->set_count; i++) {
        char text[TEXT_MAX + 1];
        const pecs_bytes bytes = { text, make_text(i, 1, text) };
        status = pecs_world_set_contents(world, (pecs_entity){ (uint32_t)pick(strings, i), 1 }, Title_component,
                                         offsetof(Title, text), &bytes);
    }
    return status;
}

static pecs_status set_parts(const struct strings *strings, pecs_world *world)
{
    static char texts[PART][TEXT_MAX + 1];
    static pecs_bytes bytes[PART];
    static Title names[PART];
    static pecs_entity entities[PART];
    const pecs_value value = PECS_ROWS(Title, names);
    pecs_status status = PECS_OK;
    for (uint64_t first = 0; !status && first < strings->set_count; first += PART) {
        const uint64_t left = strings->set_count - first;
        const size_t count = left < PART ? (size_t)left : PART;
        for (size_t i = 0; i < count; i++) {
            bytes[i] = (pecs_bytes){ texts[i], make_text(first + i, 1, texts[i]) };
            names[i].text = pecs_string_from(&bytes[i]);
            entities[i] = (pecs_entity){ (uint32_t)pick(strings, first + i), 1 };
        }
        status = pecs_world_set_many(world, entities, count, &value, 1);
    }
    return status;
}

/* Random names are set; each sample begins with the world, and with the arena, as they were. */
static bool set_timed(const struct strings *strings,
                      pecs_status (*set)(const struct strings *strings, pecs_world *world), double *ret_seconds)
{
    pecs_world *world = NULL;
    pecs_status status = PECS_OK;
    bool ok = spawn_all(strings, true, &world);
    const double start = bench_now();
    if (ok)
        status = set(strings, world);
    *ret_seconds = bench_now() - start;
    if (status)
        ok = bench_failed("set a name", status, pecs_world_error(world));
    pecs_world_destroy(world);
    return ok;
}

static bool set_pecs(struct bench *bench, void *context, double *ret_seconds)
{
    (void)bench;
    return set_timed(context, set_parts, ret_seconds);
}

static bool set_each_pecs(struct bench *bench, void *context, double *ret_seconds)
{
    (void)bench;
    return set_timed(context, set_each, ret_seconds);
}

static bool set_limit(struct bench *bench, void *context, double *ret_seconds)
{
    struct strings *strings = context;
    (void)bench;
    struct limit_strings *by_hand = &strings->by_hand;
    const uint64_t byte_count = by_hand->byte_count;
    const uint64_t bytes = (strings->count + strings->set_count) * (TEXT_MAX + 1);
    struct limit_strings copy;
    if (!limit_strings_create(strings->count, bytes, &copy))
        return bench_wrong("out of memory");
    bool ok = true;
    copy.count = strings->count;
    memcpy(copy.index, by_hand->index, strings->count * sizeof(struct w1_record));
    copy.byte_count = byte_count;
    memcpy(copy.offsets, by_hand->offsets, strings->count * sizeof(uint32_t));
    memcpy(copy.sizes, by_hand->sizes, strings->count * sizeof(uint32_t));
    memcpy(copy.bytes, by_hand->bytes, byte_count);
    const double start = bench_now();
    for (uint64_t i = 0; i < strings->set_count; i++) {
        char text[TEXT_MAX + 1];
        const uint32_t size = make_text(i, 1, text);
        ok = ok && limit_strings_set(&copy, (w1_entity){ (uint32_t)pick(strings, i), 1 }, text, size);
    }
    *ret_seconds = bench_now() - start;
    limit_strings_destroy(&copy);
    return ok ? true : bench_wrong("an entity by hand is dead");
}

static bool save_pecs(struct bench *bench, void *context, double *ret_seconds)
{
    const struct strings *strings = context;
    (void)bench;
    pecs_error error = { .message = "" };
    const double start = bench_now();
    const pecs_status status =
        pecs_world_save(strings->world, strings->path, &(pecs_save_options){ .skip_sync = true }, &error);
    *ret_seconds = bench_now() - start;
    return status ? bench_failed("save names", status, &error) : true;
}

static bool save_limit(struct bench *bench, void *context, double *ret_seconds)
{
    const struct strings *strings = context;
    (void)bench;
    const size_t size = (size_t)bench_file_size(strings->path);
    uint8_t *bytes = limit_pages_allocate(size);
    if (!bytes)
        return bench_wrong("out of memory");
    memset(bytes, 1, size);
    const double start = bench_now();
    const bool ok = limit_write(strings->plain_path, bytes, size);
    *ret_seconds = bench_now() - start;
    limit_pages_release(bytes, size);
    return ok ? true : bench_wrong("cannot write %s: %s", strings->plain_path, strerror(errno));
}

static bool load_pecs(struct bench *bench, void *context, double *ret_seconds)
{
    const struct strings *strings = context;
    (void)bench;
    pecs_error error = { .message = "" };
    pecs_snapshot *snapshot = NULL;
    const double start = bench_now();
    const pecs_status status = pecs_snapshot_load(strings->registry, strings->path, NULL, &snapshot, &error);
    *ret_seconds = bench_now() - start;
    pecs_snapshot_release(snapshot);
    return status ? bench_failed("load names", status, &error) : true;
}

static bool load_limit(struct bench *bench, void *context, double *ret_seconds)
{
    const struct strings *strings = context;
    (void)bench;
    uint64_t sum = 0;
    const double start = bench_now();
    const bool ok = limit_strings_load(strings->raw_path, &sum);
    *ret_seconds = bench_now() - start;
    return ok && sum == strings->sum ? true : bench_wrong("cannot read %s", strings->raw_path);
}

/* A tag added to entities with a blob of 1 MiB and removed, again and again; and to as many without. */
static bool tag_all(const struct strings *strings, bool has_blobs, double *ret_seconds)
{
    static uint8_t noise[BLOB_BYTES];
    pecs_world *world;
    pecs_entity entities[BLOB_COUNT];
    pecs_error error = { .message = "" };
    const pecs_bytes bytes = { noise, has_blobs ? sizeof(noise) : 0 };
    pecs_status status = pecs_world_create(strings->registry, NULL, NULL, &world, &error);
    if (status)
        return bench_failed("create", status, &error);
    memset(noise, 7, sizeof(noise));
    const Picture picture = { pecs_blob_of(&bytes) };
    for (int i = 0; !status && i < BLOB_COUNT; i++)
        status = pecs_spawn(world, &entities[i], PECS_ROWS(Picture, &picture));
    const double start = bench_now();
    for (int i = 0; !status && i < BLOB_ROUNDS * BLOB_COUNT; i++)
        status = i / BLOB_COUNT % 2 ? pecs_remove(world, entities[i % BLOB_COUNT], Marked)
                                    : pecs_add(world, entities[i % BLOB_COUNT], Marked);
    *ret_seconds = bench_now() - start;
    size_t size = 0;
    if (!status)
        (void)pecs_view_blob(pecs_world_view(world), pecs_get(pecs_world_view(world), entities[0], Picture)->bytes,
                             &size);
    const bool ok = status ? bench_failed("tag", status, pecs_world_error(world)) : size == bytes.size_bytes;
    pecs_world_destroy(world);
    return ok;
}

static bool tag_pecs(struct bench *bench, void *context, double *ret_seconds)
{
    (void)bench;
    return tag_all(context, true, ret_seconds);
}

static bool tag_limit(struct bench *bench, void *context, double *ret_seconds)
{
    (void)bench;
    return tag_all(context, false, ret_seconds);
}

static const struct strings_discipline {
    const char *name, *limit;
    bench_side pecs, by_hand;
    enum bench_disk disk;
    uint32_t sample_count;
    double mark; /* 0: none */
} strings_disciplines[] = {
    { "strings_resume", "without names", resume_pecs, resume_plain, BENCH_READS, 25, 1.1 },
    { "strings_read", "offset array", read_pecs, read_limit, BENCH_NO_DISK, 1, 1.3 },
    { "strings_set", "arena", set_pecs, set_limit, BENCH_NO_DISK, 1, 2 },
    { "strings_set_each", "arena", set_each_pecs, set_limit, BENCH_NO_DISK, 1, 0 },
    { "strings_save", "write", save_pecs, save_limit, BENCH_WRITES, 3, 1.3 },
    { "strings_load", "read, hash, check", load_pecs, load_limit, BENCH_READS, 1, 1.5 },
    { "blob_tag", "without blobs", tag_pecs, tag_limit, BENCH_NO_DISK, 5, 1.2 },
};

static bool run(struct bench *bench, struct strings *strings, const struct strings_discipline *discipline)
{
    const struct bench_sides sides = { .pecs = discipline->pecs,
                                       .limit = discipline->by_hand,
                                       .context = strings,
                                       .sample_count = discipline->sample_count,
                                       .disk = discipline->disk };
    struct bench_result result = { .name = discipline->name,
                                   .bytes = bench_file_size(strings->path),
                                   .limit = discipline->limit,
                                   .mark_kind = discipline->mark > 0 ? BENCH_RATIO : BENCH_REPORT,
                                   .mark = discipline->mark };
    if (discipline->pecs == set_pecs || discipline->pecs == set_each_pecs)
        result.entity_count = strings->set_count;
    else if (discipline->pecs == tag_pecs)
        result.entity_count = BLOB_ROUNDS * BLOB_COUNT;
    if (!bench_measure(bench, &sides, &result))
        return false;
    bench_report(bench, &result);
    return true;
}

static bool prepare(struct bench *bench, struct strings *strings)
{
    const pecs_registry_desc desc = { .types = strings_types, .type_count = strings_type_count };
    const pecs_term term = { Title_component, PECS_READ };
    const pecs_save_options options = { .skip_sync = true };
    pecs_error error = { .message = "" };
    pecs_world *plain = NULL;
    bench_path(bench, "strings.pecs", strings->path);
    bench_path(bench, "plain.pecs", strings->plain_path);
    bench_path(bench, "strings.raw", strings->raw_path);
    strings->count = bench->entity_count;
    strings->set_count = strings->count < SET_COUNT_MAX ? strings->count : SET_COUNT_MAX;
    pecs_status status = pecs_registry_create(&desc, &strings->registry, &error);
    if (!status)
        status = pecs_query_create(strings->registry, &term, 1, &strings->named, &error);
    if (status)
        return bench_failed("create", status, &error);
    bool ok = spawn_all(strings, true, &strings->world) && spawn_all(strings, false, &plain);
    status = ok ? pecs_world_save(strings->world, strings->path, &options, &error) : PECS_OK;
    if (ok && !status)
        status = pecs_world_save(plain, strings->plain_path, &options, &error);
    pecs_world_destroy(plain);
    if (ok && !status)
        status = pecs_snapshot_resume(strings->registry, strings->path, NULL, &strings->resumed, &error);
    if (status)
        return bench_failed("prepare names", status, &error);
    ok = ok && limit_strings_create(strings->count, strings->count * (TEXT_MAX + 1), &strings->by_hand);
    for (uint64_t i = 0; ok && i < strings->count; i++) {
        char text[TEXT_MAX + 1];
        const uint32_t size = make_text(i, 0, text);
        limit_strings_add(&strings->by_hand, text, size);
        strings->sum += size + (uint8_t)text[0];
    }
    return ok && limit_strings_save(&strings->by_hand, strings->raw_path) ? true : bench_wrong("no strings by hand");
}

bool bench_run_strings(struct bench *bench)
{
    struct strings strings = { .count = 0 };
    bench_world_drop(bench);
    bool ok = prepare(bench, &strings);
    for (size_t i = 0; ok && i < sizeof(strings_disciplines) / sizeof(strings_disciplines[0]); i++)
        ok = run(bench, &strings, &strings_disciplines[i]);
    limit_strings_destroy(&strings.by_hand);
    pecs_snapshot_release(strings.resumed);
    pecs_query_destroy(strings.named);
    pecs_world_destroy(strings.world);
    pecs_registry_release(strings.registry);
    remove(strings.path);
    remove(strings.plain_path);
    remove(strings.raw_path);
    return ok;
}
