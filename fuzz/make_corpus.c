/*
 * Makes the corpora: make_corpus FOLDER. They are the same in every run and generated on demand, so that the tree
 * contains only findings.
 *
 *     FOLDER/worlds/     the files of each world: plain, compressed, compressed in part, and in blocks that the
 *                        library's writer does not make; in parts of whole rows, and of row streams
 *     FOLDER/growth/     the saves of the ten golden programs, plain and compressed
 *     FOLDER/broken/     the sample's file, plain or in blocks, with one rule broken: RULE.N.pecs
 *     FOLDER/schema/     descriptions and type records, for fuzz_schema
 *     FOLDER/lock/       texts of types, for fuzz_lock
 *     FOLDER/edits/      operations, for fuzz_edits
 */
#define _GNU_SOURCE
#include "break_rules.h"
#include "file_parts.h"
#include "fuzz_common.h"
#include "fuzz_worlds.h"
#include "growth_programs.h"
#include "segment_maker.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const char *folder;
static unsigned file_count;

static void put_file(const char *kind, const char *name, const uint8_t *bytes, size_t size)
{
    char path[1024];
    snprintf(path, sizeof(path), "%s/%s", folder, kind);
    mkdir(path, 0777);
    snprintf(path, sizeof(path), "%s/%s/%s", folder, kind, name);
    FILE *stream = fopen(path, "wb");
    FUZZ_CHECK(stream != NULL, path);
    FUZZ_CHECK(fwrite(bytes, 1, size, stream) == size && fclose(stream) == 0, path);
    file_count++;
}

/* Returns the bytes of a world's file; the caller frees them. */
static uint8_t *world_file(pecs_registry *registry, size_t number, const pecs_save_options *options, size_t *ret_size)
{
    pecs_world *world = fuzz_world(registry, number);
    pecs_error error = { .message = "" };
    const char *path = fuzz_path("saved");
    const pecs_status status = pecs_world_save(world, path, options, &error);
    FUZZ_CHECK(status == PECS_OK, error.message);
    pecs_world_destroy(world);
    return fuzz_read(path, ret_size);
}

/* Each type's record, after the byte that selects the kind of input. */
static void put_records(uint8_t *bytes, size_t size)
{
    struct file_parts parts;
    uint8_t input[4096] = { 1 };
    parts_find(&parts, bytes, size);
    for (uint32_t i = 0; i < parts.type_count; i++) {
        const uint64_t record = parts_type(&parts, i), record_size = parts_get32(&parts, record);
        char name[32];
        snprintf(name, sizeof(name), "record-%u", i);
        memcpy(input + 1, bytes + record, (size_t)record_size);
        put_file("schema", name, input, (size_t)record_size + 1);
    }
}

/* Bytes of a row of a run's column; 0: it has contents. */
static uint64_t row_bytes_of(const struct file_parts *parts, uint64_t run)
{
    switch (parts_get32(parts, run)) {
    case RUN_HANDLES:
        return sizeof(pecs_entity);
    case RUN_INDEX:
        return sizeof(struct record_layout);
    case RUN_IDS:
        return sizeof(struct id_record);
    case RUN_VALUES:
        return parts_get32(parts, parts_type(parts, parts_get32(parts, run + offsetof(struct run_record, type))) +
                                      offsetof(struct type_record, value_size));
    default:
        return 0;
    }
}

static struct codec_filter any_filter(struct random *random, uint64_t row_bytes)
{
    const uint32_t row = (uint32_t)row_bytes;
    const struct codec_filter filters[] = {
        { FILTER_SPLIT, row }, { FILTER_DELTA4, row },      { FILTER_DELTA8, row },   { FILTER_SPLIT, 2 },
        { FILTER_SPLIT, 4 },   { FILTER_DELTA4, 4 },        { FILTER_DELTA8, 8 },     { FILTER_BITS, row },
        { FILTER_BITS, 1 },    { FILTER_BITS_DELTA4, row }, { FILTER_BITS_DELTA8, 8 }
    };
    const struct codec_filter filter = filters[random_below(random, sizeof(filters) / sizeof(filters[0]))];
    const bool is_valid = row_bytes && random_below(random, 4) && codec_filter_is_valid(filter, row_bytes);
    return is_valid ? filter : (struct codec_filter){ FILTER_NONE, 0 };
}

enum { BLOCK_MAX = 512, BLOCK_SLACK = 64, TABLE_MAX = 64, PART_COUNT = 3, CHUNK_OF_PARTS = 4096 };

/* The blocks of a run: of one row or more, some as they are. Those of the sample are what break_rules.h says. */
static size_t add_blocks(struct made_block *blocks, size_t count, struct random *random, const struct file_parts *parts,
                         uint32_t number, bool is_sample)
{
    const uint64_t run = parts_run(parts, number), row_bytes = row_bytes_of(parts, run);
    const uint64_t rows = row_bytes ? parts_run_range(parts, number).size / row_bytes : 1;
    const bool is_attachments =
        !row_bytes && parts_get32(parts, run + offsetof(struct run_record, table)) == FORMAT_NONE;
    for (uint64_t first = 0, some; first < rows; first += some) {
        const uint64_t least = rows / 8 + 1, more = random_below(random, rows);
        some = is_sample ? (number ? rows : 1) : min_u64(rows - first, least + more);
        FUZZ_CHECK(count < BLOCK_MAX, "too many blocks");
        blocks[count++] = (struct made_block){
            .run = number,
            .first = (uint32_t)first,
            .count = row_bytes ? (uint32_t)some : 0,
            .codec = !is_attachments && (is_sample || random_below(random, 4)) ? CODEC_ZSTD : CODEC_RAW,
        };
        if (!is_sample && blocks[count - 1].codec == CODEC_ZSTD)
            blocks[count - 1].filter = any_filter(random, row_bytes);
    }
    return count;
}

/* A plain file in blocks. The caller frees it. */
static uint8_t *in_blocks(uint8_t *bytes, size_t size, struct random *random, bool is_sample, size_t *ret_size)
{
    static struct made_block blocks[BLOCK_MAX];
    struct made_plan plan = { .blocks = blocks, .segment_count = 3, .slack = BLOCK_SLACK };
    struct file_parts parts;
    parts_find(&parts, bytes, size);
    for (uint32_t i = 0; i < parts.run_count; i++)
        plan.block_count = add_blocks(blocks, plan.block_count, random, &parts, i, is_sample);
    if (!is_sample)
        plan.segment_count = 1 + (uint32_t)random_below(random, 4);
    for (size_t i = 0; i < plan.block_count; i++)
        blocks[i].segment = is_sample ? (uint32_t)min_u64(i, 2) : (uint32_t)(i * plan.segment_count / plan.block_count);
    plan.first_types = is_sample ? 2 : (uint32_t)random_below(random, 9);
    plan.first_tables = is_sample ? 3 : (uint32_t)random_below(random, 9);
    return segments_make(bytes, size, &plan, ret_size);
}

/* Rows of a run that parts have: all, if the table has contents; or whole chunks; or a third each. */
struct run_parts {
    uint32_t first_part, count;
    uint64_t rows, step;
};

static struct run_parts parts_of(const struct file_parts *parts, uint32_t number, const uint32_t *heap_parts)
{
    const uint64_t run = parts_run(parts, number), row_bytes = row_bytes_of(parts, run);
    const uint32_t table = parts_get32(parts, run + offsetof(struct run_record, table));
    const uint64_t rows = row_bytes ? parts_run_range(parts, number).size / row_bytes : 0;
    const bool is_whole = !rows || table == FORMAT_NONE || heap_parts[table];
    struct run_parts found = { .rows = rows, .count = 1, .step = rows };
    found.first_part = !is_whole || (table == FORMAT_NONE && row_bytes) ? 0 : PART_COUNT * number / parts->run_count;
    if (table != FORMAT_NONE && heap_parts[table])
        found.first_part = heap_parts[table] - 1;
    if (!is_whole) {
        found.step = rows > CHUNK_OF_PARTS ? CHUNK_OF_PARTS : (rows + PART_COUNT - 1) / PART_COUNT;
        found.count = (uint32_t)((rows + found.step - 1) / found.step);
    }
    return found;
}

/* The part of each table with contents, and 1; 0: it has none. They ascend, as the addresses of their contents do. */
static void find_heap_parts(const struct file_parts *parts, uint32_t *heap_parts)
{
    for (uint32_t i = 0; i < parts->run_count; i++) {
        const uint64_t run = parts_run(parts, i);
        const uint32_t table = parts_get32(parts, run + offsetof(struct run_record, table));
        if (table != FORMAT_NONE && parts_get32(parts, run) == RUN_HEAP && !heap_parts[table])
            heap_parts[table] = 1 + PART_COUNT * i / parts->run_count;
    }
}

/* A plain file in segments of whole rows, as row streams write. Columns of few bytes a row stay as they are. */
static uint8_t *in_parts(uint8_t *bytes, size_t size, struct random *random, size_t *ret_size)
{
    static struct made_block blocks[BLOCK_MAX];
    uint32_t heap_parts[TABLE_MAX] = { 0 };
    struct made_plan plan = { .blocks = blocks, .segment_count = PART_COUNT, .first_types = UINT32_MAX };
    struct file_parts parts;
    parts_find(&parts, bytes, size);
    plan.first_tables = (uint32_t)random_below(random, parts.table_count + 1);
    find_heap_parts(&parts, heap_parts);
    for (uint32_t part = 0; part < PART_COUNT; part++)
        for (uint32_t i = 0; i < parts.run_count; i++) {
            const struct run_parts of = parts_of(&parts, i, heap_parts);
            const uint64_t first = (part - of.first_part) * of.step;
            if (part < of.first_part || part >= of.first_part + of.count)
                continue;
            FUZZ_CHECK(plan.block_count < BLOCK_MAX, "too many blocks");
            const uint64_t row_bytes = row_bytes_of(&parts, parts_run(&parts, i));
            blocks[plan.block_count++] = (struct made_block){
                .run = i,
                .first = (uint32_t)first,
                .count = (uint32_t)min_u64(of.step, of.rows - first),
                .segment = part,
                .codec = row_bytes > 4 && (of.rows > 1000 || random_below(random, 2)) ? CODEC_ZSTD : CODEC_RAW,
            };
        }
    return segments_make(bytes, size, &plan, ret_size);
}

/* Adds the rows of a plain file that a stream takes, which has other handles. */
static uint8_t *by_stream(pecs_registry *registry, const uint8_t *bytes, size_t size, size_t *ret_size)
{
    const pecs_attachment attachments[] = { { "map", "\1\2\3", 3 } };
    const pecs_stream_options options = {
        .session_nonce = 5, .skip_sync = true, .attachments = attachments, .attachment_count = size % 2
    };
    const pecs_bytes memory = { bytes, size };
    const pecs_source source = pecs_source_for_memory(&memory);
    pecs_stream_reader *reader;
    pecs_stream *stream;
    pecs_stream_end end;
    pecs_rows rows = { .row_count = 1 };
    pecs_error error = { .message = "" };
    const char *path = fuzz_path("saved");
    FUZZ_CHECK(!pecs_stream_reader_open_from(registry, &source, NULL, &reader, &error), error.message);
    FUZZ_CHECK(!pecs_stream_create(registry, path, &options, &stream, &error), error.message);
    while (rows.row_count) {
        FUZZ_CHECK(!pecs_stream_reader_next(reader, &rows, &error), error.message);
        rows.entities = NULL;
        const pecs_status status = rows.row_count ? pecs_stream_add(stream, &rows, NULL, &error) : PECS_OK;
        FUZZ_CHECK(!status || status == PECS_E_INVALID, error.message);
    }
    FUZZ_CHECK(!pecs_stream_reader_end(reader, &end, &error), error.message);
    for (size_t i = 0; i < end.singleton_count; i++)
        FUZZ_CHECK(!pecs_stream_set_singleton(stream, &end.singletons[i], &error), error.message);
    pecs_stream_reader_close(reader);
    const pecs_status status = pecs_stream_finish(stream, NULL, &error);
    pecs_stream_destroy(stream);
    FUZZ_CHECK(!status || status == PECS_E_INVALID, error.message); /* a reference to a row that was not taken */
    return status ? NULL : fuzz_read(path, ret_size);
}

static void put_world(const char *name, const char *kind, uint8_t *bytes, size_t size)
{
    char path[64];
    snprintf(path, sizeof(path), "%s%s.pecs", name, kind);
    put_file("worlds", path, bytes, size);
    free(bytes);
}

/* Each as a plain file; compressed; compressed but for what many have; in blocks, twice; in parts; and streamed. */
static void put_worlds(pecs_registry *registry)
{
    static const pecs_component_profile mapped[] = { { 0, PECS_PROFILE_OFF }, { 5, PECS_PROFILE_OFF } };
    struct random random = { 17 };
    pecs_save_options fast = fuzz_saving, mixed;
    fast.profile = PECS_PROFILE_FAST;
    mixed = fast;
    mixed.component_profiles = mapped;
    mixed.component_profile_count = sizeof(mapped) / sizeof(mapped[0]);
    for (size_t i = 0; i < fuzz_world_count; i++) {
        const char *name = fuzz_world_name(i);
        size_t size, made_size, other_size, size_of_parts, size_of_stream;
        uint8_t *bytes = world_file(registry, i, &fast, &size);
        put_world(name, "-fast", bytes, size);
        bytes = world_file(registry, i, &mixed, &size);
        put_world(name, "-mixed", bytes, size);
        bytes = world_file(registry, i, &fuzz_saving, &size);
        uint8_t *made = in_blocks(bytes, size, &random, false, &made_size);
        uint8_t *other = in_blocks(bytes, size, &random, false, &other_size);
        uint8_t *parted = in_parts(bytes, size, &random, &size_of_parts);
        uint8_t *streamed = by_stream(registry, bytes, size, &size_of_stream);
        if (streamed)
            put_world(name, "-stream", streamed, size_of_stream);
        put_world(name, "-parts", parted, size_of_parts);
        put_world(name, "-blocks", made, made_size);
        put_world(name, "-blocks-2", other, other_size);
        put_world(name, "", bytes, size);
    }
}

static void put_broken(pecs_registry *registry)
{
    size_t sizes[2];
    struct random random = { 18 };
    uint8_t *samples[2];
    samples[0] = world_file(registry, fuzz_sample_world, &fuzz_saving, &sizes[0]);
    samples[1] = in_blocks(samples[0], sizes[0], &random, true, &sizes[1]);
    put_records(samples[0], sizes[0]);
    for (size_t i = 0; i < break_count; i++) {
        char name[64];
        const size_t size = sizes[break_is_in_blocks(i)];
        uint8_t *bytes = malloc(size);
        FUZZ_CHECK(bytes != NULL, "memory");
        memcpy(bytes, samples[break_is_in_blocks(i)], size);
        snprintf(name, sizeof(name), "%s.%zu.pecs", break_rule(i), i);
        put_file("broken", name, bytes, break_file(i, bytes, size));
        free(bytes);
    }
    free(samples[0]);
    free(samples[1]);
}

static void put_saved(const char *kind, const char *name)
{
    size_t size;
    uint8_t *bytes = fuzz_read(fuzz_path("saved"), &size);
    put_file(kind, name, bytes, size);
    free(bytes);
}

static void put_growth(void)
{
    for (int version = 1; version <= GROWTH_VERSIONS; version++) {
        char name[32];
        pecs_snapshot *snapshot;
        growth_save(version, fuzz_allocator, fuzz_path("saved"));
        snprintf(name, sizeof(name), "growth-%02d.pecs", version);
        put_saved("growth", name);
        pecs_registry *registry = growth_registry(version, fuzz_allocator);
        const pecs_save_options fast = { .skip_sync = true, .profile = PECS_PROFILE_FAST };
        FUZZ_CHECK(!pecs_snapshot_load(registry, fuzz_path("saved"), NULL, &snapshot, NULL), name);
        FUZZ_CHECK(!pecs_snapshot_save(snapshot, fuzz_path("saved"), &fast, NULL), name);
        snprintf(name, sizeof(name), "growth-%02d-fast.pecs", version);
        put_saved("growth", name);
        pecs_snapshot_release(snapshot);
        pecs_registry_release(registry);
    }
}

/* Random bytes: many decode to valid descriptions, and all are operations. */
static void put_random(const char *kind, unsigned count, size_t size, uint8_t first)
{
    struct random random = { size };
    uint8_t bytes[1024];
    for (unsigned i = 0; i < count; i++) {
        char name[32];
        for (size_t j = 0; j < size; j++)
            bytes[j] = (uint8_t)random_next(&random);
        if (kind[0] == 's') {
            bytes[0] = first;
            for (size_t j = 1; j < size; j += 1 + random_below(&random, 6)) /* few bends */
                bytes[j] = (uint8_t)random_below(&random, 16) & 0xf0;
        }
        snprintf(name, sizeof(name), "random-%u", i);
        put_file(kind, name, bytes, size);
    }
}

struct lock_text {
    uint8_t bytes[65536];
    size_t size;
};

static pecs_status gather_lock(void *user, const pecs_bytes *spans, size_t span_count, pecs_error *error)
{
    struct lock_text *text = user;
    (void)error;
    for (size_t i = 0; i < span_count; i++) {
        FUZZ_CHECK(spans[i].size_bytes <= sizeof(text->bytes) - text->size, "too long");
        memcpy(text->bytes + text->size, spans[i].data, spans[i].size_bytes);
        text->size += spans[i].size_bytes;
    }
    return PECS_OK;
}

/* The lock of all types, and one for each of them. */
static void put_locks(const pecs_registry *registry)
{
    static const char head[] = "pecs lock 1\nschema version 0, oldest reader 0\n";
    static struct lock_text text;
    const pecs_sink sink = { .write = gather_lock, .user = &text };
    unsigned count = 0;
    FUZZ_CHECK(pecs_lock_write(registry, &sink, NULL) == PECS_OK, "lock");
    put_file("lock", "all", text.bytes, text.size);
    put_file("lock", "head", text.bytes, strlen(head));
    for (size_t at = strlen(head), next; at < text.size; at = next) {
        uint8_t one[4096];
        char name[32];
        for (next = at + 1; next < text.size && memcmp(text.bytes + next - 1, "\n\n", 2) != 0;)
            next++;
        snprintf(name, sizeof(name), "type-%u", count++);
        FUZZ_CHECK(strlen(head) + next - at <= sizeof(one), "too long");
        memcpy(one, head, strlen(head));
        memcpy(one + strlen(head), text.bytes + at, next - at);
        put_file("lock", name, one, strlen(head) + next - at);
    }
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: make_corpus FOLDER\n");
        return 2;
    }
    folder = argv[1];
    mkdir(folder, 0777);
    fuzz_memory_begin(FUZZ_EDIT_BYTES);
    pecs_registry *registry = fuzz_registry(FUZZ_ALL_TYPES);
    put_worlds(registry);
    put_broken(registry);
    put_locks(registry);
    pecs_registry_release(registry);
    put_growth();
    fuzz_memory_end();
    put_random("schema", 24, 96, 0);
    put_random("edits", 24, 320, 0);
    printf("%u files\n", file_count);
    return 0;
}
