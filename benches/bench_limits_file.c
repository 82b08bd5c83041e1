/*
 * Limits of files:
 *
 *   writing  4 MiB pieces (they leave large folios in the page cache), then rename; fallocate first if the file is
 *            synced afterwards. If not, a power cut would leave zeros: then the disk is asked to begin with each piece
 *   mapping  at a multiple of 2 MiB, so that the kernel maps whole folios at a fault
 *   reading  pieces that are hashed while they are in cache
 */
#define _GNU_SOURCE
#include "bench_limits.h"
#include "bench_limits_pages.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define XXH_STATIC_LINKING_ONLY
#include <xxhash.h>
#ifdef BENCH_XXH_DISPATCH
#include <xxh_x86dispatch.h>
#endif

enum {
    WRITE_BYTES = 4 * 1024 * 1024,
    READ_BYTES = 1024 * 1024, /* stays in the second-level cache until it is hashed */
    PIPE_BYTES = 1024 * 1024,
};

struct map {
    uint8_t *bytes;
    size_t size_bytes;
    struct w1_layout layout;
};

static bool map_open(const char *path, int protection, struct map *ret_map)
{
    const int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0)
        return false;
    struct stat info;
    uint8_t *bytes = MAP_FAILED;
    if (fstat(descriptor, &info) == 0) {
        uint8_t *place = limit_reserve((size_t)info.st_size);
        if (place)
            bytes = mmap(place, (size_t)info.st_size, protection, MAP_PRIVATE | MAP_FIXED, descriptor, 0);
    }
    close(descriptor);
    if (bytes == MAP_FAILED)
        return false;
    *ret_map = (struct map){ .bytes = bytes, .size_bytes = (size_t)info.st_size };
    if (w1_layout_read(bytes, &ret_map->layout))
        return true;
    munmap(bytes, ret_map->size_bytes);
    errno = EILSEQ;
    return false;
}

static void map_close(struct map *map)
{
    munmap(map->bytes, (size_t)round_up(map->size_bytes, HUGE_PAGE));
}

bool limit_map(const char *path)
{
    const int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0)
        return false;
    struct stat info;
    bool ok = fstat(descriptor, &info) == 0;
    if (ok) {
        void *bytes = mmap(NULL, (size_t)info.st_size, PROT_READ, MAP_PRIVATE, descriptor, 0);
        ok = bytes != MAP_FAILED && munmap(bytes, (size_t)info.st_size) == 0;
    }
    close(descriptor);
    return ok;
}

bool limit_map_sum(const char *path, double *ret_sum)
{
    struct map map;
    if (!map_open(path, PROT_READ, &map))
        return false;
    *ret_sum = limit_sum(&map.layout, map.bytes);
    map_close(&map);
    return true;
}

bool limit_map_update(const char *path)
{
    struct map map;
    if (!map_open(path, PROT_READ | PROT_WRITE, &map))
        return false;
    limit_update(&map.layout, map.bytes);
    map_close(&map);
    return true;
}

struct scaled {
    float x, y, z, scale;
};
struct position {
    float x, y, z;
};

static void scale_column(const struct position *from, uint64_t count, void *out)
{
    struct scaled *to = out;
    for (uint64_t i = 0; i < count; i++)
        to[i] = (struct scaled){ from[i].x, from[i].y, from[i].z, 1 };
}

/* One step of the chain; its own function, since the steps of a program are compiled apart. */
static __attribute__((noinline)) void chain_step(const struct position *from, uint64_t count, struct position *to)
{
    for (uint64_t i = 0; i < count; i++)
        to[i] = (struct position){ from[i].x + LIMIT_CHAIN_ADDS, from[i].y, from[i].z };
}

static void chain_column(const struct position *from, uint64_t count, void *out)
{
    static struct position *between; /* for the longest column, which comes first; kept */
    between = between ? between : limit_pages_allocate((size_t)count * sizeof(*between));
    struct position *const arrays[] = { between, out };
    for (int i = 0; between && i < LIMIT_CHAIN_STEPS; i++) {
        chain_step(from, count, arrays[i % 2]);
        from = arrays[i % 2];
    }
}

static bool map_migrate(const char *path, void (*column)(const struct position *from, uint64_t count, void *out),
                        size_t width, double *ret_sum)
{
    struct map map;
    if (!map_open(path, PROT_READ, &map))
        return false;
    const size_t bytes = (size_t)map.layout.entity_count * width;
    uint8_t *out = limit_pages_allocate(bytes), *to = out;
    *ret_sum = 0;
    for (uint32_t t = 0; out && t < W1_TABLE_COUNT; t++) {
        float x;
        column((const struct position *)(map.bytes + map.layout.columns[t][W1_POSITION]), map.layout.row_counts[t], to);
        to += map.layout.row_counts[t] * width;
        memcpy(&x, to - width, sizeof(x));
        *ret_sum += (double)x;
    }
    limit_pages_release(out, bytes);
    map_close(&map);
    return out != NULL;
}

bool limit_map_scale(const char *path, double *ret_sum)
{
    return map_migrate(path, scale_column, sizeof(struct scaled), ret_sum);
}

bool limit_map_chain(const char *path, double *ret_sum)
{
    return map_migrate(path, chain_column, sizeof(struct position), ret_sum);
}

bool limit_map_set(const char *path, const struct limit_set *sets, size_t set_count)
{
    struct map map;
    if (!map_open(path, PROT_READ | PROT_WRITE, &map))
        return false;
    const struct w1_record *index = (const struct w1_record *)(map.bytes + map.layout.index);
    bool ok = true;
    for (size_t i = 0; i < set_count; i++) {
        const struct w1_record *record = &index[sets[i].entity.index];
        if (record->generation == sets[i].entity.generation)
            memcpy(map.bytes + map.layout.columns[record->table][W1_POSITION] + (uint64_t)record->row * 12, sets[i].xyz,
                   12);
        else
            ok = false;
    }
    map_close(&map);
    return ok;
}

/*
 * `is_synced`: the file's space is reserved, and it is synced later; else the disk is asked to begin with each piece.
 */
static bool write_all(int descriptor, const uint8_t *bytes, size_t size_bytes, bool is_synced)
{
    while (size_bytes) {
        const ssize_t count = write(descriptor, bytes, size_bytes < WRITE_BYTES ? size_bytes : WRITE_BYTES);
        if (count < 0 && errno != EINTR)
            return false;
        if (count > 0 && !is_synced)
            (void)sync_file_range(descriptor, lseek(descriptor, 0, SEEK_CUR) - count, count, SYNC_FILE_RANGE_WRITE);
        if (count > 0) {
            bytes += count;
            size_bytes -= (size_t)count;
        }
    }
    return true;
}

static bool sync_directory_of(const char *path)
{
    char directory[PATH_MAX];
    const char *slash = strrchr(path, '/');
    snprintf(directory, sizeof(directory), "%.*s", slash ? (int)(slash - path) : 1, slash ? path : ".");
    const int descriptor = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0)
        return false;
    const bool ok = fsync(descriptor) == 0;
    close(descriptor);
    return ok;
}

/* Opens a temporary file next to `path` with reserved space. Returns -1 on failure. */
static int open_temporary(const char *path, uint64_t reserve_bytes, char temporary[PATH_MAX])
{
    if (snprintf(temporary, PATH_MAX, "%s.tmp", path) >= PATH_MAX) {
        errno = ENAMETOOLONG;
        return -1;
    }
    const int descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (descriptor >= 0 && reserve_bytes && fallocate(descriptor, 0, 0, (off_t)reserve_bytes) && errno != EOPNOTSUPP) {
        close(descriptor);
        return -1;
    }
    return descriptor;
}

bool limit_save(const struct w1_layout *layout, const uint8_t *block, const char *path, bool durable)
{
    char temporary[PATH_MAX];
    const int descriptor = open_temporary(path, durable ? layout->size_bytes : 0, temporary);
    if (descriptor < 0)
        return false;
    bool ok = write_all(descriptor, block, layout->size_bytes, durable);
    ok = ok && (!durable || fsync(descriptor) == 0);
    ok = close(descriptor) == 0 && ok;
    ok = ok && rename(temporary, path) == 0;
    return ok && (!durable || sync_directory_of(path));
}

bool limit_pipe(int descriptor, const uint8_t *bytes, size_t size_bytes)
{
    (void)fcntl(descriptor, F_SETPIPE_SZ, PIPE_BYTES);
    return write_all(descriptor, bytes, size_bytes, true);
}

bool limit_write(const char *path, const uint8_t *bytes, size_t size_bytes)
{
    char temporary[PATH_MAX];
    const int descriptor = open_temporary(path, 0, temporary);
    if (descriptor < 0)
        return false;
    bool ok = write_all(descriptor, bytes, size_bytes, false);
    ok = close(descriptor) == 0 && ok;
    return ok && rename(temporary, path) == 0;
}

/* The system writes it to the disk when it likes. */
bool limit_room_save(const struct limit_room *room, const char *path)
{
    char temporary[PATH_MAX];
    const int descriptor = open_temporary(path, 0, temporary);
    if (descriptor < 0)
        return false;
    bool ok = write_all(descriptor, (const uint8_t *)room, sizeof(*room), true);
    ok = close(descriptor) == 0 && ok;
    return ok && rename(temporary, path) == 0;
}

bool limit_room_read(const char *path, struct limit_room **ret_room)
{
    const int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0)
        return false;
    struct stat info;
    struct limit_room *room = NULL;
    bool ok = fstat(descriptor, &info) == 0;
    if (ok && info.st_size != sizeof(*room)) {
        errno = EILSEQ;
        ok = false;
    }
    ok = ok && (room = malloc((size_t)info.st_size)) != NULL;
    ok = ok && read(descriptor, room, (size_t)info.st_size) == info.st_size;
    close(descriptor);
    if (ok)
        *ret_room = room;
    else
        free(room);
    return ok;
}

/* Through a buffer of one write: the padding is masked while the values are copied. */
static bool write_masked(int descriptor, const uint8_t *values, uint64_t row_count)
{
    uint64_t *buffer = malloc(WRITE_BYTES);
    const uint64_t mask = 0xffffffff000000ff; /* of a little-endian {u8, 3 bytes of padding, u32} */
    bool ok = buffer != NULL;
    for (uint64_t row = 0; ok && row < row_count;) {
        const uint64_t rows = row_count - row < WRITE_BYTES / 8 ? row_count - row : WRITE_BYTES / 8;
        memcpy(buffer, values + row * 8, rows * 8);
        for (uint64_t i = 0; i < rows; i++)
            buffer[i] &= mask;
        ok = write_all(descriptor, (const uint8_t *)buffer, rows * 8, false);
        row += rows;
    }
    free(buffer);
    return ok;
}

bool limit_save_padded(const struct limit_padded *rows, const char *path)
{
    char temporary[PATH_MAX];
    const int descriptor = open_temporary(path, 0, temporary);
    if (descriptor < 0)
        return false;
    bool ok = write_all(descriptor, rows->handles, rows->row_count * 8, false) &&
              write_masked(descriptor, rows->values, rows->row_count) &&
              write_all(descriptor, rows->index, rows->row_count * 16, false);
    ok = close(descriptor) == 0 && ok;
    return ok && rename(temporary, path) == 0;
}

bool limit_read_ends(const char *path)
{
    uint8_t header[64], footer[64];
    struct stat info;
    const int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0)
        return false;
    bool ok = fstat(descriptor, &info) == 0 && info.st_size >= 128 &&
              pread(descriptor, header, sizeof(header), 0) == sizeof(header) &&
              pread(descriptor, footer, sizeof(footer), info.st_size - 64) == sizeof(footer);
    uint64_t offset = 0, size = 0;
    if (ok) {
        memcpy(&offset, footer + 16, sizeof(offset));
        memcpy(&size, footer + 24, sizeof(size));
    }
    uint8_t *commit = ok && size < (uint64_t)info.st_size ? malloc(size) : NULL;
    ok = commit && pread(descriptor, commit, size, (off_t)offset) == (ssize_t)size;
    free(commit);
    close(descriptor);
    return ok;
}

/* xxHash's dispatched code leaves the vector registers' upper halves in use, which makes all later SSE code slow. */
static uint64_t hash_piece(const uint8_t *bytes, size_t size_bytes)
{
    const uint64_t hash = XXH3_64bits(bytes, size_bytes);
#ifdef BENCH_XXH_DISPATCH
    if (__builtin_cpu_supports("avx"))
        __asm__ volatile("vzeroupper");
#endif
    return hash;
}

static uint64_t hash_combine(uint64_t hash, uint64_t piece)
{
    return w1_mix(hash ^ piece);
}

uint64_t limit_hash(const uint8_t *block, size_t size_bytes)
{
    uint64_t hash = 0;
    for (size_t at = 0; at < size_bytes; at += READ_BYTES)
        hash = hash_combine(hash, hash_piece(block + at, size_bytes - at < READ_BYTES ? size_bytes - at : READ_BYTES));
    return hash;
}

/* Every row's handle must lead to that row; as many rows as records, so it is one to one. */
static bool index_agrees(const struct w1_layout *layout, const uint8_t *block)
{
    const struct w1_record *index = (const struct w1_record *)(block + layout->index);
    uint64_t rows = 0, wrong = 0;
    for (uint32_t t = 0; t < W1_TABLE_COUNT; t++) {
        const w1_entity *entities = (const w1_entity *)(block + layout->entities[t]);
        for (uint64_t row = 0; row < layout->row_counts[t]; row++) {
            if (entities[row].index >= layout->entity_count)
                return false;
            const struct w1_record *record = &index[entities[row].index];
            wrong += (record->generation != entities[row].generation) | (record->table != t) | (record->row != row);
        }
        rows += layout->row_counts[t];
    }
    return wrong == 0 && rows == layout->entity_count;
}

/* From `first` to `end` - 1. */
static bool read_range(int descriptor, uint8_t *block, size_t first, size_t end, uint64_t *ret_hash)
{
    uint64_t hash = 0;
    for (size_t at = first; at < end;) {
        const size_t wanted = end - at < READ_BYTES ? end - at : READ_BYTES;
        for (size_t done = 0; done < wanted;) {
            const ssize_t count = pread(descriptor, block + at + done, wanted - done, (off_t)(at + done));
            if (count < 0 && errno == EINTR)
                continue;
            if (count <= 0)
                return false;
            done += (size_t)count;
        }
        hash = hash_combine(hash, hash_piece(block + at, wanted));
        at += wanted;
    }
    *ret_hash = hash;
    return true;
}

static bool read_pieces(int descriptor, uint8_t *block, size_t size_bytes, uint64_t *ret_hash)
{
    return read_range(descriptor, block, 0, size_bytes, ret_hash);
}

bool limit_read(const char *path, uint64_t *ret_hash)
{
    const int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0)
        return false;
    struct stat info;
    uint8_t *bytes = NULL;
    if (fstat(descriptor, &info) == 0)
        bytes = limit_pages_allocate((size_t)info.st_size);
    const bool ok = bytes && read_pieces(descriptor, bytes, (size_t)info.st_size, ret_hash);
    close(descriptor);
    limit_pages_release(bytes, (size_t)info.st_size);
    return ok;
}

bool limit_read_on(const char *path, uint64_t *ret_hash)
{
    const int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    uint8_t *piece = limit_pages_allocate(READ_BYTES);
    ssize_t count = -1;
    *ret_hash = 0;
    while (piece && descriptor >= 0 && (count = read(descriptor, piece, READ_BYTES)) > 0)
        *ret_hash ^= limit_hash(piece, (size_t)count);
    if (descriptor >= 0)
        close(descriptor);
    limit_pages_release(piece, READ_BYTES);
    return count == 0;
}

bool limit_load(const char *path, struct w1_layout *ret_layout, uint8_t **ret_block, uint64_t *ret_hash)
{
    const int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0)
        return false;
    struct stat info;
    uint8_t *block = NULL;
    if (fstat(descriptor, &info) == 0)
        block = limit_pages_allocate((size_t)info.st_size);
    bool ok = block && read_pieces(descriptor, block, (size_t)info.st_size, ret_hash);
    close(descriptor);
    if (ok && (!w1_layout_read(block, ret_layout) || ret_layout->size_bytes != (uint64_t)info.st_size ||
               !index_agrees(ret_layout, block))) {
        errno = EILSEQ;
        ok = false;
    }
    if (ok)
        *ret_block = block;
    else
        limit_pages_release(block, (size_t)info.st_size);
    return ok;
}

static bool read_part(int descriptor, const struct w1_layout *layout, enum w1_component component, uint8_t *block,
                      uint64_t *ret_read_bytes)
{
    const uint64_t index_bytes = layout->entity_count * sizeof(struct w1_record);
    uint64_t hash, read_bytes = index_bytes;
    bool ok = read_range(descriptor, block, layout->index, layout->index + index_bytes, &hash);
    for (uint32_t t = 0; ok && t < W1_TABLE_COUNT; t++) {
        const uint64_t handles = layout->entities[t], handle_bytes = layout->row_counts[t] * sizeof(w1_entity);
        const uint64_t column = layout->columns[t][component];
        const uint64_t column_bytes = w1_table_has(t, component) ? layout->row_counts[t] * w1_sizes[component] : 0;
        ok = read_range(descriptor, block, handles, handles + handle_bytes, &hash) &&
             read_range(descriptor, block, column, column + column_bytes, &hash);
        read_bytes += handle_bytes + column_bytes;
    }
    *ret_read_bytes = read_bytes;
    return ok;
}

bool limit_load_part(const char *path, enum w1_component component, struct w1_layout *ret_layout, uint8_t **ret_block,
                     uint64_t *ret_read_bytes)
{
    struct w1_header header;
    const int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0)
        return false;
    bool ok = pread(descriptor, &header, sizeof(header), 0) == sizeof(header) && w1_layout_read(&header, ret_layout);
    uint8_t *block = ok ? limit_pages_allocate(ret_layout->size_bytes) : NULL;
    ok = block && read_part(descriptor, ret_layout, component, block, ret_read_bytes);
    close(descriptor);
    if (ok && !index_agrees(ret_layout, block)) {
        errno = EILSEQ;
        ok = false;
    }
    if (ok)
        *ret_block = block;
    else if (block)
        limit_pages_release(block, ret_layout->size_bytes);
    return ok;
}
