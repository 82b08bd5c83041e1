/*
 * Makes the corpora: make_corpus FOLDER. They are the same in every run and generated on demand, so that the tree
 * contains only findings.
 *
 *     FOLDER/worlds/     the file of each world
 *     FOLDER/growth/     the saves of the ten golden programs
 *     FOLDER/broken/     the sample's file with one rule broken: RULE.N.pecs
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
static uint8_t *world_file(pecs_registry *registry, size_t number, size_t *ret_size)
{
    pecs_world *world = fuzz_world(registry, number);
    pecs_error error = { .message = "" };
    const char *path = fuzz_path("saved");
    const pecs_status status = pecs_world_save(world, path, &fuzz_saving, &error);
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

static void put_files(pecs_registry *registry)
{
    size_t size;
    for (size_t i = 0; i < fuzz_world_count; i++) {
        char name[64];
        uint8_t *bytes = world_file(registry, i, &size);
        snprintf(name, sizeof(name), "%s.pecs", fuzz_world_name(i));
        put_file("worlds", name, bytes, size);
        free(bytes);
    }
    uint8_t *sample = world_file(registry, fuzz_sample_world, &size);
    put_records(sample, size);
    for (size_t i = 0; i < break_count; i++) {
        char name[64];
        uint8_t *bytes = malloc(size);
        FUZZ_CHECK(bytes != NULL, "memory");
        memcpy(bytes, sample, size);
        snprintf(name, sizeof(name), "%s.%zu.pecs", break_rule(i), i);
        put_file("broken", name, bytes, break_file(i, bytes, size));
        free(bytes);
    }
    free(sample);
}

static void put_growth(void)
{
    for (int version = 1; version <= GROWTH_VERSIONS; version++) {
        char name[32];
        size_t size;
        growth_save(version, fuzz_allocator, fuzz_path("saved"));
        uint8_t *bytes = fuzz_read(fuzz_path("saved"), &size);
        snprintf(name, sizeof(name), "growth-%02d.pecs", version);
        put_file("growth", name, bytes, size);
        free(bytes);
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
    put_files(registry);
    put_locks(registry);
    pecs_registry_release(registry);
    put_growth();
    fuzz_memory_end();
    put_random("schema", 24, 96, 0);
    put_random("edits", 24, 320, 0);
    printf("%u files\n", file_count);
    return 0;
}
