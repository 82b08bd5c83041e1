/* Strings by hand: an arena that only grows. */
#define _GNU_SOURCE
#include "bench_limits.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define XXH_STATIC_LINKING_ONLY
#include <xxhash.h>
#ifdef BENCH_XXH_DISPATCH
#include <xxh_x86dispatch.h>
#endif

bool limit_strings_create(uint64_t count, uint64_t byte_capacity, struct limit_strings *ret_strings)
{
    *ret_strings = (struct limit_strings){ .count = 0, .byte_capacity = byte_capacity, .capacity = count };
    ret_strings->index = limit_pages_allocate((size_t)count * sizeof(struct w1_record));
    ret_strings->offsets = limit_pages_allocate((size_t)count * sizeof(uint32_t));
    ret_strings->sizes = limit_pages_allocate((size_t)count * sizeof(uint32_t));
    ret_strings->bytes = limit_pages_allocate((size_t)byte_capacity);
    return ret_strings->index && ret_strings->offsets && ret_strings->sizes && ret_strings->bytes;
}

void limit_strings_destroy(struct limit_strings *strings)
{
    limit_pages_release(strings->index, (size_t)strings->capacity * sizeof(struct w1_record));
    limit_pages_release(strings->offsets, (size_t)strings->capacity * sizeof(uint32_t));
    limit_pages_release(strings->sizes, (size_t)strings->capacity * sizeof(uint32_t));
    limit_pages_release(strings->bytes, (size_t)strings->byte_capacity);
}

static void put(struct limit_strings *strings, uint64_t row, const char *text, uint32_t size)
{
    char *to = strings->bytes + strings->byte_count;
    memcpy(to, text, size);
    to[size] = 0;
    strings->offsets[row] = (uint32_t)strings->byte_count;
    strings->sizes[row] = size;
    strings->byte_count += size + 1;
}

void limit_strings_add(struct limit_strings *strings, const char *text, uint32_t size)
{
    strings->index[strings->count] = (struct w1_record){ 1, 0, (uint32_t)strings->count, 0 };
    put(strings, strings->count++, text, size);
}

bool limit_strings_set(struct limit_strings *strings, w1_entity entity, const char *text, uint32_t size)
{
    const struct w1_record record = strings->index[entity.index];
    if (record.generation != entity.generation)
        return false;
    put(strings, record.row, text, size);
    return true;
}

uint64_t limit_strings_sum(const struct limit_strings *strings)
{
    uint64_t sum = 0;
    for (uint64_t i = 0; i < strings->count; i++)
        sum += strings->sizes[i] + (uint8_t)strings->bytes[strings->offsets[i]];
    return sum;
}

/* The file: a head, then records of the index, handles, positions, offsets, sizes and bytes. */
struct strings_file {
    uint64_t count, byte_count;
};
typedef struct strings_place {
    float x, y, z;
} strings_place;
enum { ROW_BYTES = sizeof(struct w1_record) + sizeof(w1_entity) + sizeof(strings_place) + 2 * sizeof(uint32_t) };

static uint8_t *append(uint8_t *to, const void *bytes, uint64_t size)
{
    memcpy(to, bytes, (size_t)size);
    return to + size;
}

bool limit_strings_save(const struct limit_strings *strings, const char *path)
{
    const struct strings_file head = { strings->count, strings->byte_count };
    const uint64_t size = sizeof(head) + strings->count * ROW_BYTES + strings->byte_count;
    uint8_t *file = limit_pages_allocate((size_t)size);
    if (!file)
        return false;
    uint8_t *to = append(file, &head, sizeof(head));
    to = append(to, strings->index, strings->count * sizeof(*strings->index));
    for (uint64_t i = 0; i < strings->count; i++)
        to = append(to, &(w1_entity){ (uint32_t)i, W1_FIRST_GENERATION }, sizeof(w1_entity));
    for (uint64_t i = 0; i < strings->count; i++)
        to = append(to, &(strings_place){ (float)i, 0, 1 }, sizeof(strings_place));
    to = append(to, strings->offsets, strings->count * sizeof(*strings->offsets));
    to = append(to, strings->sizes, strings->count * sizeof(*strings->sizes));
    append(to, strings->bytes, strings->byte_count);
    const bool ok = limit_write(path, file, (size_t)size);
    limit_pages_release(file, (size_t)size);
    return ok;
}

/* Eight bytes at a time; the benchmark's strings are ASCII. */
static bool is_ascii(const char *text, uint32_t size)
{
    uint64_t high = 0, word = 0;
    uint32_t at = 0;
    for (; at + 8 <= size; at += 8) {
        memcpy(&word, text + at, 8);
        high |= word | ((word - 0x0101010101010101u) & ~word);
    }
    word = 0x0101010101010101u;
    memcpy(&word, text + at, size - at);
    high |= word | ((word - 0x0101010101010101u) & ~word);
    return (high & 0x8080808080808080u) == 0 && text[size] == 0;
}

static bool check(const uint8_t *file, uint64_t size, uint64_t *ret_sum)
{
    struct strings_file head;
    uint64_t end = 0, sum = 0;
    if (size < sizeof(head))
        return false;
    memcpy(&head, file, sizeof(head));
    if (head.count > size / ROW_BYTES || sizeof(head) + head.count * ROW_BYTES + head.byte_count != size)
        return false;
    const struct w1_record *records = (const struct w1_record *)(const void *)(file + sizeof(head));
    const w1_entity *entities = (const w1_entity *)(const void *)(records + head.count);
    const strings_place *places = (const strings_place *)(const void *)(entities + head.count);
    const uint32_t *offsets = (const uint32_t *)(const void *)(places + head.count), *sizes = offsets + head.count;
    const char *bytes = (const char *)(sizes + head.count);
    for (uint64_t i = 0; i < head.count; i++) {
        if (entities[i].index >= head.count || records[entities[i].index].row != i ||
            records[entities[i].index].generation != entities[i].generation)
            return false;
        if (offsets[i] != end || sizes[i] >= head.byte_count - end || !is_ascii(bytes + end, sizes[i]))
            return false;
        sum += sizes[i] + (uint8_t)bytes[end];
        end += sizes[i] + 1;
    }
    *ret_sum = sum;
    return end == head.byte_count;
}

bool limit_strings_load(const char *path, uint64_t *ret_sum)
{
    enum { PIECE = 1024 * 1024 };
    struct stat info;
    const int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0)
        return false;
    const size_t size = fstat(descriptor, &info) == 0 ? (size_t)info.st_size : 0;
    uint8_t *file = size ? limit_pages_allocate(size) : NULL;
    uint64_t hash = 0;
    size_t done = 0;
    while (file && done < size) {
        const size_t part = size - done < PIECE ? size - done : PIECE;
        const ssize_t got = pread(descriptor, file + done, part, (off_t)done);
        if (got <= 0)
            break;
        hash ^= XXH3_64bits(file + done, (size_t)got);
        done += (size_t)got;
    }
    close(descriptor);
    const bool ok = file && done == size && hash && check(file, size, ret_sum);
    limit_pages_release(file, size);
    return ok;
}
