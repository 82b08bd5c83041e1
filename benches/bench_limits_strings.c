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

/* The file: count and byte count, offsets, sizes, bytes. */
bool limit_strings_save(const struct limit_strings *strings, const char *path)
{
    const uint64_t list_bytes = strings->count * sizeof(uint32_t), head[2] = { strings->count, strings->byte_count };
    const uint64_t size = sizeof(head) + 2 * list_bytes + strings->byte_count;
    uint8_t *file = limit_pages_allocate((size_t)size);
    if (!file)
        return false;
    memcpy(file, head, sizeof(head));
    memcpy(file + sizeof(head), strings->offsets, (size_t)list_bytes);
    memcpy(file + sizeof(head) + list_bytes, strings->sizes, (size_t)list_bytes);
    memcpy(file + sizeof(head) + 2 * list_bytes, strings->bytes, (size_t)strings->byte_count);
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
    uint64_t head[2], end = 0, sum = 0;
    memcpy(head, file, sizeof(head));
    if (head[0] > size / 8 || sizeof(head) + 8 * head[0] + head[1] != size)
        return false;
    const uint32_t *offsets = (const uint32_t *)(const void *)(file + sizeof(head)), *sizes = offsets + head[0];
    const char *bytes = (const char *)(sizes + head[0]);
    for (uint64_t i = 0; i < head[0]; i++) {
        if (offsets[i] != end || sizes[i] >= head[1] - end || !is_ascii(bytes + end, sizes[i]))
            return false;
        sum += sizes[i] + (uint8_t)bytes[end];
        end += sizes[i] + 1;
    }
    *ret_sum = sum;
    return end == head[1];
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
