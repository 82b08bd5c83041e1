/*
 * Locks: any bytes as a text of types. What is parsed is printed as the same bytes, and a program with these types has
 * that lock, and passes against it without a difference. Against the lock, and as the lock, of other types a check ends
 * with a status that its differences explain.
 */
#include "error.h"
#include "fuzz_common.h"
#include "fuzz_worlds.h"
#include "lock_text.h"
#include "memory.h"
#include "registry.h"

#include <stdlib.h>
#include <string.h>

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);

/* The line that has a byte, with its end. */
struct line {
    size_t begin, size;
};

static struct line line_at(const uint8_t *data, size_t size, size_t at)
{
    struct line line = { at, 0 };
    while (line.begin && data[line.begin - 1] != '\n')
        line.begin--;
    while (line.begin + line.size < size && data[line.begin + line.size] != '\n')
        line.size++;
    line.size += line.begin + line.size < size;
    return line;
}

/* Lines are removed and repeated elsewhere, digits and letters change. */
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
    struct random random = { seed };
    if (!size || random_once_in(&random, 8))
        return LLVMFuzzerMutate(data, size, max_size);
    const struct line line = line_at(data, size, random_below(&random, size));
    const struct line other = line_at(data, size, random_below(&random, size));
    uint8_t copy[512];
    switch (random_below(&random, 3)) {
    case 0:
        memmove(data + line.begin, data + line.begin + line.size, size - line.begin - line.size);
        return size - line.size;
    case 1:
        if (line.size > sizeof(copy) || line.size > max_size - size)
            return size;
        memcpy(copy, data + line.begin, line.size);
        memmove(data + other.begin + line.size, data + other.begin, size - other.begin);
        memcpy(data + other.begin, copy, line.size);
        return size + line.size;
    default:
        for (size_t i = line.begin; i < line.begin + line.size; i++)
            if (data[i] >= '0' && data[i] <= '9' && random_once_in(&random, 2))
                data[i] = (uint8_t)('0' + random_below(&random, 10));
        return size;
    }
}

struct text {
    char *bytes;
    size_t size_bytes;
};

static pecs_status gather(void *user, const pecs_bytes *spans, size_t span_count, pecs_error *error)
{
    struct text *text = user;
    (void)error;
    for (size_t i = 0; i < span_count; i++) {
        text->bytes = realloc(text->bytes, text->size_bytes + spans[i].size_bytes + 1);
        FUZZ_CHECK(text->bytes, "memory");
        memcpy(text->bytes + text->size_bytes, spans[i].data, spans[i].size_bytes);
        text->size_bytes += spans[i].size_bytes;
    }
    return PECS_OK;
}

static void count(void *user, const pecs_lock_difference *difference)
{
    uint64_t *counts = user;
    FUZZ_CHECK(difference->severity >= PECS_LOCK_NOTE && difference->severity <= PECS_LOCK_FAILURE, "severity");
    FUZZ_CHECK(difference->message[0] && strlen(difference->type) < 256 && strlen(difference->field) < 256,
               difference->message);
    counts[difference->severity]++;
}

/* Checks a registry, or its empty world, against a text that is a lock. Returns how many differences there are. */
static uint64_t check(pecs_registry *registry, const char *bytes, size_t size)
{
    uint64_t counts[PECS_LOCK_FAILURE + 1] = { 0 }, of_view[PECS_LOCK_FAILURE + 1] = { 0 };
    pecs_lock_options options = { .function = count, .user = counts };
    pecs_error error = { .message = "" };
    pecs_world *world;
    pecs_status status = pecs_lock_check(registry, bytes, size, &options, &error);
    FUZZ_CHECK(status == (counts[PECS_LOCK_FAILURE] ? PECS_E_LAYOUT : PECS_OK), error.message);
    FUZZ_CHECK(pecs_world_create(registry, NULL, NULL, &world, &error) == PECS_OK, error.message);
    options.user = of_view;
    status = pecs_lock_check_view(pecs_world_view(world), bytes, size, &options, &error);
    FUZZ_CHECK(status == (of_view[PECS_LOCK_FAILURE] ? PECS_E_LAYOUT : PECS_OK), error.message);
    pecs_world_destroy(world);
    return counts[PECS_LOCK_NOTE] + counts[PECS_LOCK_WARNING] + counts[PECS_LOCK_FAILURE];
}

/* A program with the types of a lock; NULL: a program cannot have them. */
static pecs_registry *program_of(const struct lock *lock, const pecs_history *history, const pecs_type **types)
{
    const pecs_registry_desc desc = {
        .types = types, .type_count = lock->type_count, .allocator = fuzz_allocator, .history = history
    };
    pecs_registry *registry;
    pecs_error error = { .message = "" };
    for (size_t i = 0; i < lock->type_count; i++)
        types[i] = lock->types[i].type;
    const pecs_status status = pecs_registry_create(&desc, &registry, &error);
    FUZZ_CHECK(status == PECS_OK || status == PECS_E_LIMIT || status == PECS_E_CONFLICT ||
                   history->oldest_reader > history->schema_version,
               error.message);
    return status ? NULL : registry;
}

static void check_lock(const struct lock *lock, const char *bytes, size_t size)
{
    const pecs_history history = { .schema_version = lock->schema_version, .oldest_reader = lock->oldest_reader };
    const pecs_type **types = malloc((lock->type_count + 1) * sizeof(pecs_type *));
    struct text text = { NULL, 0 }, other_text = { NULL, 0 };
    const pecs_sink sink = { .write = gather, .user = &text }, other_sink = { .write = gather, .user = &other_text };
    FUZZ_CHECK(types, "memory");
    pecs_registry *other = fuzz_registry(FUZZ_ALL_TYPES), *registry = program_of(lock, &history, types);
    (void)check(other, bytes, size);
    if (registry) {
        FUZZ_CHECK(pecs_lock_write(registry, &sink, NULL) == PECS_OK, "write");
        FUZZ_CHECK(text.size_bytes == size && memcmp(text.bytes, bytes, size) == 0, "the lock of the program");
        FUZZ_CHECK(check(registry, bytes, size) == 0, "no differences");
        FUZZ_CHECK(pecs_lock_write(other, &other_sink, NULL) == PECS_OK, "write");
        (void)check(registry, other_text.bytes, other_text.size_bytes);
        pecs_registry_release(registry);
    }
    pecs_registry_release(other);
    free(text.bytes);
    free(other_text.bytes);
    free(types);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_memory_begin(FUZZ_EDIT_BYTES);
    struct pool *pool = pool_create(&fuzz_allocator);
    struct lock lock;
    pecs_error error = { .message = "" };
    char *printed = malloc(size + 1);
    char *text = malloc(size + 1); /* a read beyond it is found */
    FUZZ_CHECK(pool && printed && text, "memory");
    memcpy(text, data, size);
    lock_init(&lock, pool);
    const pecs_status status = lock_parse(&lock, text, size, &error);
    FUZZ_CHECK(status != PECS_E_MEMORY && error.status == status, error.message);
    FUZZ_CHECK(!status == !error.message[0] && error.offset <= size, error.message);
    if (!status) {
        FUZZ_CHECK(lock_print(&lock, printed, size) == size && memcmp(printed, text, size) == 0, "printed again");
        check_lock(&lock, text, size);
    }
    lock_deinit(&lock);
    pool_destroy(pool);
    free(printed);
    free(text);
    fuzz_memory_end();
    return 0;
}
