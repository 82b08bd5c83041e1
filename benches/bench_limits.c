/*
 * The hand-written limits. Each is the best that plain code with known arrays gets from the machine:
 *
 *   memory   2 MiB-aligned maps with MADV_HUGEPAGE, fresh for each use where the engine's are fresh
 *   writing  4 MiB pieces (they leave large folios in the page cache), then rename; fallocate first if the file is
 * synced afterwards. If not, a power cut would leave zeros: then the disk is asked to begin with each piece mapping  at
 * a multiple of 2 MiB, so that the kernel maps whole folios at a fault reading  pieces that are hashed while they are
 * in cache
 *
 * No engine: no change tracking, no snapshots, no checks of handles beyond one generation. The loops over values are
 * those of w1.h, which the engine's side uses too: what differs is how the arrays come about.
 */
#define _GNU_SOURCE
#include "bench_limits.h"

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
    HUGE_PAGE = 2 * 1024 * 1024,
    WRITE_BYTES = 4 * 1024 * 1024,
    READ_BYTES = 1024 * 1024, /* stays in the second-level cache until it is hashed */
    PIPE_BYTES = 1024 * 1024,
    AHEAD = 32, /* records on their way */
};

static uint64_t round_up(uint64_t value, uint64_t unit)
{
    return (value + unit - 1) / unit * unit;
}

/* Address space at a multiple of 2 MiB: reserved with slack, which is given back. */
static uint8_t *reserve(size_t size_bytes)
{
    const size_t size = (size_t)round_up(size_bytes, HUGE_PAGE);
    uint8_t *start = mmap(NULL, size + HUGE_PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (start == MAP_FAILED)
        return NULL;
    uint8_t *aligned = (uint8_t *)(uintptr_t)round_up((uintptr_t)start, HUGE_PAGE);
    if (aligned > start)
        munmap(start, (size_t)(aligned - start));
    if (aligned < start + HUGE_PAGE)
        munmap(aligned + size, (size_t)(start + HUGE_PAGE - aligned));
    return aligned;
}

void *limit_pages_allocate(size_t size_bytes)
{
    const size_t size = (size_t)round_up(size_bytes, HUGE_PAGE);
    uint8_t *pages = reserve(size);
    if (!pages)
        return NULL;
    if (mprotect(pages, size, PROT_READ | PROT_WRITE)) {
        munmap(pages, size);
        return NULL;
    }
    (void)madvise(pages, size, MADV_HUGEPAGE);
    return pages;
}

void limit_pages_release(void *pages, size_t size_bytes)
{
    if (pages)
        munmap(pages, (size_t)round_up(size_bytes, HUGE_PAGE));
}

double limit_sum(const struct w1_layout *layout, const uint8_t *block)
{
    double sum = 0;
    for (uint32_t t = 0; t < W1_TABLE_COUNT; t++)
        sum += w1_sum((const float *)(block + layout->columns[t][W1_POSITION]), layout->row_counts[t]);
    return sum;
}

void limit_update(const struct w1_layout *layout, uint8_t *block)
{
    for (uint32_t t = 0; t < W1_TABLE_COUNT; t++)
        if (w1_table_has(t, W1_VELOCITY))
            w1_move((float *)(block + layout->columns[t][W1_POSITION]),
                    (const float *)(block + layout->columns[t][W1_VELOCITY]), layout->row_counts[t]);
}

void limit_copy_update(const struct w1_layout *layout, uint8_t *block, uint8_t *copy)
{
    for (uint32_t t = 0; t < W1_TABLE_COUNT; t++)
        if (w1_table_has(t, W1_VELOCITY))
            memcpy(copy + layout->columns[t][W1_POSITION], block + layout->columns[t][W1_POSITION],
                   layout->row_counts[t] * w1_sizes[W1_POSITION]);
    limit_update(layout, block);
}

bool limit_copy(const struct w1_layout *layout, const uint8_t *block, uint8_t **ret_copy)
{
    uint8_t *copy = limit_pages_allocate(layout->size_bytes);
    if (!copy)
        return false;
    for (uint32_t t = 0; t < W1_TABLE_COUNT; t++) {
        const uint64_t rows = layout->row_counts[t];
        for (int c = 0; c < W1_COMPONENT_COUNT; c++)
            if (layout->columns[t][c])
                memcpy(copy + layout->columns[t][c], block + layout->columns[t][c], rows * w1_sizes[c]);
        memcpy(copy + layout->entities[t], block + layout->entities[t], rows * sizeof(w1_entity));
    }
    memcpy(copy + layout->index, block + layout->index, layout->entity_count * sizeof(struct w1_record));
    *ret_copy = copy;
    return true;
}

/* Files */

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
        uint8_t *place = reserve((size_t)info.st_size);
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

static void room_number(struct limit_room *room)
{
    for (uint32_t i = 0; i < W3_ENTITIES; i++) {
        const uint32_t table = i / W3_ROWS, row = i % W3_ROWS;
        const w1_entity entity = { i, W1_FIRST_GENERATION };
        (table ? room->odd_entities : room->even_entities)[row] = entity;
        room->index[i] = (struct w1_record){ entity.generation, table, row, 0 };
    }
}

void limit_room_fill(struct limit_room *room)
{
    memset(room, 0, sizeof(*room));
    for (uint64_t i = 0, row = 0; i < W3_ENTITIES; row = ++i / 2) {
        w1_value(NULL, W1_POSITION, i, i % 2 ? room->odd_positions[row] : room->even_positions[row]);
        if (i % 2) {
            w1_value(NULL, W1_HEALTH, i, room->healths[row]);
            w1_value(NULL, W1_NAME, i, room->names[row]);
        } else {
            w1_value(NULL, W1_VELOCITY, i, room->velocities[row]);
        }
    }
    room_number(room);
}

struct limit_room *limit_room_create(const struct limit_room *from)
{
    struct limit_room *room = malloc(sizeof(*room));
    if (!room)
        return NULL;
    memcpy(room->even_positions, from->even_positions, sizeof(room->even_positions));
    memcpy(room->velocities, from->velocities, sizeof(room->velocities));
    memcpy(room->odd_positions, from->odd_positions, sizeof(room->odd_positions));
    memcpy(room->healths, from->healths, sizeof(room->healths));
    memcpy(room->names, from->names, sizeof(room->names));
    room_number(room);
    return room;
}

void limit_room_update(struct limit_room *room)
{
    w1_move(&room->even_positions[0][0], &room->velocities[0][0], W3_ROWS);
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

static uint64_t swap_bytes(uint64_t number)
{
    return __builtin_bswap64(number);
}

bool limit_id_of(const struct w1_layout *layout, const uint8_t *block, const uint64_t *nonces, w1_entity entity,
                 struct limit_id *ret_id)
{
    const struct w1_record *record = (const struct w1_record *)(block + layout->index) + entity.index;
    if (entity.index >= layout->entity_count || record->generation != entity.generation ||
        record->table >= W1_TABLE_COUNT)
        return false;
    const uint64_t nonce = nonces[record->session];
    const uint64_t high = swap_bytes((nonce >> 12) << 16 | 0x8000 | (nonce & 0xfff));
    const uint64_t low = swap_bytes((uint64_t)(0x80000000u | entity.generation) << 32 | entity.index);
    memcpy(ret_id->bytes, &high, 8);
    memcpy(ret_id->bytes + 8, &low, 8);
    return true;
}

bool limit_find(const struct w1_layout *layout, const uint8_t *block, const uint64_t *nonces, struct limit_id id,
                w1_entity *ret_entity)
{
    uint64_t high, low;
    memcpy(&high, id.bytes, 8);
    memcpy(&low, id.bytes + 8, 8);
    high = swap_bytes(high);
    low = swap_bytes(low);
    const uint32_t index = (uint32_t)low, generation = (uint32_t)(low >> 32) & 0x3fffffff;
    if ((high >> 12 & 15) != 8 || low >> 62 != 2 || index >= layout->entity_count)
        return false;
    const struct w1_record *record = (const struct w1_record *)(block + layout->index) + index;
    *ret_entity = (w1_entity){ index, generation };
    return record->generation == generation && record->table < W1_TABLE_COUNT &&
           nonces[record->session] == ((high >> 16) << 12 | (high & 0xfff));
}

bool limit_id_many(const struct w1_layout *layout, const uint8_t *block, const uint64_t *nonces, size_t count,
                   const w1_entity *entities, struct limit_id *ret_ids)
{
    const struct w1_record *records = (const struct w1_record *)(block + layout->index);
    bool ok = true;
    for (size_t i = 0; i < count; i++) {
        if (count - i > AHEAD && entities[i + AHEAD].index < layout->entity_count)
            __builtin_prefetch(&records[entities[i + AHEAD].index]);
        ok &= limit_id_of(layout, block, nonces, entities[i], &ret_ids[i]);
    }
    return ok;
}

bool limit_find_many(const struct w1_layout *layout, const uint8_t *block, const uint64_t *nonces, size_t count,
                     const struct limit_id *ids, w1_entity *ret_entities)
{
    const struct w1_record *records = (const struct w1_record *)(block + layout->index);
    bool ok = true;
    for (size_t i = 0; i < count; i++) {
        if (count - i > AHEAD) {
            uint64_t low;
            memcpy(&low, ids[i + AHEAD].bytes + 8, 8);
            const uint32_t index = (uint32_t)swap_bytes(low);
            if (index < layout->entity_count)
                __builtin_prefetch(&records[index]);
        }
        ok &= limit_find(layout, block, nonces, ids[i], &ret_entities[i]);
    }
    return ok;
}

struct limit_given {
    size_t count, place_count;
    struct limit_id *ids;
    w1_entity *entities;
    struct w1_record *records;
    uint32_t *places; /* of the ids, by their hash; UINT32_MAX: none */
    size_t size_bytes;
};

/* Puts an id where it is found again. False: it is there. */
static bool limit_given_put(struct limit_given *given, uint32_t index)
{
    uint64_t high;
    memcpy(&high, given->ids[index].bytes, sizeof(high));
    size_t place = (size_t)w1_mix(high) & (given->place_count - 1);
    for (; given->places[place] != UINT32_MAX; place = (place + 1) & (given->place_count - 1))
        if (memcmp(&given->ids[given->places[place]], &given->ids[index], sizeof(*given->ids)) == 0)
            return false;
    given->places[place] = index;
    return true;
}

struct limit_given *limit_given_create(const struct limit_id *ids, size_t count)
{
    size_t place_count = 1;
    while (place_count < 2 * count)
        place_count *= 2;
    const size_t size_bytes = sizeof(struct limit_given) + count * (16 + 8 + 16) + place_count * 4;
    struct limit_given *given = limit_pages_allocate(size_bytes);
    if (!given)
        return NULL;
    *given = (struct limit_given){ .count = count, .place_count = place_count, .size_bytes = size_bytes };
    given->ids = (struct limit_id *)(void *)(given + 1);
    given->records = (struct w1_record *)(void *)(given->ids + count);
    given->entities = (w1_entity *)(void *)(given->records + count);
    given->places = (uint32_t *)(void *)(given->entities + count);
    memcpy(given->ids, ids, count * sizeof(*ids));
    memset(given->places, 0xff, place_count * sizeof(*given->places));
    bool ok = true;
    for (uint32_t i = 0; ok && i < count; i++) {
        given->entities[i] = (w1_entity){ i, 1 };
        given->records[i] = (struct w1_record){ 1, 0, i, 0 };
        ok = limit_given_put(given, i);
    }
    if (ok)
        return given;
    limit_given_destroy(given);
    return NULL;
}

void limit_given_destroy(struct limit_given *given)
{
    if (given)
        limit_pages_release(given, given->size_bytes);
}

bool limit_same(const uint8_t *a, const uint8_t *b, size_t size_bytes)
{
    return memcmp(a, b, size_bytes) == 0;
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

static bool read_pieces(int descriptor, uint8_t *block, size_t size_bytes, uint64_t *ret_hash)
{
    uint64_t hash = 0;
    for (size_t at = 0; at < size_bytes;) {
        const size_t wanted = size_bytes - at < READ_BYTES ? size_bytes - at : READ_BYTES;
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

/* Small tables */

struct limit_small {
    uint32_t table_count, row_count;
    float **positions, **velocities;
};

struct limit_small *limit_small_create(uint32_t table_count, uint32_t row_count)
{
    struct limit_small *small = calloc(1, sizeof(*small));
    if (!small)
        return NULL;
    *small = (struct limit_small){ .table_count = table_count, .row_count = row_count };
    small->positions = calloc(table_count, sizeof(float *));
    small->velocities = calloc(table_count, sizeof(float *));
    const size_t array_bytes = (size_t)round_up((uint64_t)row_count * 12, 64);
    bool ok = small->positions && small->velocities;
    for (uint32_t t = 0; ok && t < table_count; t++) {
        small->positions[t] = aligned_alloc(64, array_bytes);
        small->velocities[t] = aligned_alloc(64, array_bytes);
        ok = small->positions[t] && small->velocities[t];
    }
    if (ok)
        return small;
    limit_small_destroy(small);
    return NULL;
}

void limit_small_destroy(struct limit_small *small)
{
    if (!small)
        return;
    for (uint32_t t = 0; small->positions && small->velocities && t < small->table_count; t++) {
        free(small->positions[t]);
        free(small->velocities[t]);
    }
    free(small->positions);
    free(small->velocities);
    free(small);
}

float *limit_small_positions(struct limit_small *small, uint32_t table)
{
    return small->positions[table];
}

float *limit_small_velocities(struct limit_small *small, uint32_t table)
{
    return small->velocities[table];
}

void limit_small_update(struct limit_small *small)
{
    for (uint32_t t = 0; t < small->table_count; t++)
        w1_move(small->positions[t], small->velocities[t], small->row_count);
}

/* Hand-written tables */

struct hand_table {
    uint64_t row_count;
    uint8_t *columns[W1_COMPONENT_COUNT]; /* NULL when the table lacks it */
    w1_entity *entities;
};

struct limit_tables {
    struct hand_table tables[W1_TABLE_COUNT];
    struct w1_record *index;
    uint64_t slot_count;
    uint32_t first_free;   /* slot + 1, or 0; a free slot's `row` is the next one */
    struct w1_layout room; /* offsets in memory, with the spare rows */
    uint8_t *memory;
};

static struct w1_layout room_for(const struct w1_layout *layout, uint64_t spare_rows)
{
    struct w1_layout room = { .size_bytes = 0 };
    for (uint32_t t = 0; t < W1_TABLE_COUNT; t++) {
        room.row_counts[t] = layout->row_counts[t] + spare_rows;
        for (int c = 0; c < W1_COMPONENT_COUNT; c++)
            if (w1_table_has(t, c)) {
                room.columns[t][c] = room.size_bytes;
                room.size_bytes += round_up(room.row_counts[t] * w1_sizes[c], 64);
            }
        room.entities[t] = room.size_bytes;
        room.size_bytes += round_up(room.row_counts[t] * sizeof(w1_entity), 64);
    }
    room.index = room.size_bytes;
    room.size_bytes += (layout->entity_count + spare_rows) * sizeof(struct w1_record);
    return room;
}

struct limit_tables *limit_tables_create(const struct w1_layout *layout, const uint8_t *block, uint64_t spare_rows)
{
    struct limit_tables *tables = calloc(1, sizeof(*tables));
    if (!tables)
        return NULL;
    tables->room = room_for(layout, spare_rows);
    tables->memory = limit_pages_allocate(tables->room.size_bytes);
    if (!tables->memory) {
        free(tables);
        return NULL;
    }
    for (uint32_t t = 0; t < W1_TABLE_COUNT; t++) {
        struct hand_table *table = &tables->tables[t];
        table->row_count = layout->row_counts[t];
        for (int c = 0; c < W1_COMPONENT_COUNT; c++)
            if (w1_table_has(t, c)) {
                table->columns[c] = tables->memory + tables->room.columns[t][c];
                memcpy(table->columns[c], block + layout->columns[t][c], table->row_count * w1_sizes[c]);
            }
        table->entities = (w1_entity *)(tables->memory + tables->room.entities[t]);
        memcpy(table->entities, block + layout->entities[t], table->row_count * sizeof(w1_entity));
    }
    tables->index = (struct w1_record *)(tables->memory + tables->room.index);
    tables->slot_count = layout->entity_count;
    memcpy(tables->index, block + layout->index, layout->entity_count * sizeof(struct w1_record));
    return tables;
}

void limit_tables_destroy(struct limit_tables *tables)
{
    if (!tables)
        return;
    limit_pages_release(tables->memory, tables->room.size_bytes);
    free(tables);
}

/* The sizes are known here, so that each copy is a few instructions. */
static inline void copy_value(struct hand_table *to, uint64_t to_row, int c, const void *value)
{
    uint8_t *place = to->columns[c] + to_row * w1_sizes[c];
    switch (c) {
    case W1_POSITION:
    case W1_VELOCITY:
        memcpy(place, value, 12);
        break;
    case W1_ROTATION:
    case W1_NAME:
        memcpy(place, value, 16);
        break;
    case W1_HEALTH:
    case W1_PARENT:
        memcpy(place, value, 8);
        break;
    case W1_TEAM:
        memcpy(place, value, 1);
        break;
    case W1_INVENTORY:
        memcpy(place, value, 48);
        break;
    default:
        break;
    }
}

static inline const void *value_of(const struct hand_table *table, uint64_t row, int c)
{
    return table->columns[c] + row * w1_sizes[c];
}

static void swap_remove(struct limit_tables *tables, struct hand_table *table, uint64_t row)
{
    const uint64_t last = --table->row_count;
    if (row == last)
        return;
    for (int c = 0; c < W1_COMPONENT_COUNT; c++)
        if (table->columns[c])
            copy_value(table, row, c, value_of(table, last, c));
    table->entities[row] = table->entities[last];
    tables->index[table->entities[row].index].row = (uint32_t)row;
}

w1_entity limit_tables_spawn(struct limit_tables *tables, uint32_t table, const void *const *values)
{
    uint32_t slot = (uint32_t)tables->slot_count;
    if (tables->first_free) {
        slot = tables->first_free - 1;
        tables->first_free = tables->index[slot].row;
    } else {
        tables->index[slot].generation = W1_FIRST_GENERATION;
        tables->slot_count++;
    }
    struct hand_table *to = &tables->tables[table];
    const uint64_t row = to->row_count++;
    for (int c = 0; c < W1_COMPONENT_COUNT; c++)
        if (to->columns[c])
            copy_value(to, row, c, values[c]);
    struct w1_record *record = &tables->index[slot];
    record->table = table;
    record->row = (uint32_t)row;
    to->entities[row] = (w1_entity){ slot, record->generation };
    return to->entities[row];
}

bool limit_tables_despawn(struct limit_tables *tables, w1_entity entity)
{
    struct w1_record *record = &tables->index[entity.index];
    if (record->generation != entity.generation)
        return false;
    swap_remove(tables, &tables->tables[record->table], record->row);
    record->generation++;
    record->row = tables->first_free;
    tables->first_free = entity.index + 1;
    return true;
}

bool limit_tables_move(struct limit_tables *tables, w1_entity entity, uint32_t table, const void *const *values)
{
    struct w1_record *record = &tables->index[entity.index];
    if (record->generation != entity.generation)
        return false;
    struct hand_table *from = &tables->tables[record->table], *to = &tables->tables[table];
    const uint64_t from_row = record->row, row = to->row_count++;
    for (int c = 0; c < W1_COMPONENT_COUNT; c++)
        if (to->columns[c])
            copy_value(to, row, c, from->columns[c] ? value_of(from, from_row, c) : values[c]);
    to->entities[row] = entity;
    swap_remove(tables, from, from_row);
    record->table = table;
    record->row = (uint32_t)row;
    return true;
}

uint64_t limit_tables_rows(const struct limit_tables *tables, uint32_t table)
{
    return tables->tables[table].row_count;
}

double limit_tables_sum(const struct limit_tables *tables)
{
    double sum = 0;
    for (uint32_t t = 0; t < W1_TABLE_COUNT; t++)
        sum += w1_sum((const float *)tables->tables[t].columns[W1_POSITION], tables->tables[t].row_count);
    return sum;
}

uint64_t limit_filter_columns(const struct w1_layout *layout, const uint8_t *block, uint8_t *out)
{
    enum { PARENTED = 4 }; /* table t + 4 has what table t has, and Parent and Inventory */
    struct w1_record *records = (struct w1_record *)(void *)(out + layout->index);
    uint8_t *handles = out;
    uint64_t count = 0;
    memcpy(records, block + layout->index, (size_t)layout->entity_count * sizeof(*records));
    for (uint32_t t = 0; t < W1_TABLE_COUNT - PARENTED; t++) {
        const w1_entity *moved = (const w1_entity *)(const void *)(block + layout->entities[t + PARENTED]);
        const uint64_t first = layout->row_counts[t], rows = layout->row_counts[t + PARENTED];
        memcpy(handles, block + layout->entities[t], (size_t)first * sizeof(*moved));
        memcpy(handles + first * sizeof(*moved), moved, (size_t)rows * sizeof(*moved));
        for (uint64_t row = 0; row < rows; row++) {
            records[moved[row].index].table = t;
            records[moved[row].index].row = (uint32_t)(first + row);
        }
        handles += (first + rows) * sizeof(*moved);
        count += first + rows;
    }
    return count;
}

uint64_t limit_filter_rows(const struct w1_layout *layout, const uint8_t *block, uint8_t *out)
{
    struct w1_record *records = (struct w1_record *)(void *)(out + layout->index);
    uint64_t cleared = 0;
    memcpy(records, block + layout->index, (size_t)layout->entity_count * sizeof(*records));
    for (uint32_t t = 0; t < W1_TABLE_COUNT; t++) {
        const w1_entity *gone = (const w1_entity *)(const void *)(block + layout->entities[t]);
        for (uint64_t row = 0; w1_table_has(t, W1_HEALTH) && row < layout->row_counts[t]; row++)
            records[gone[row].index].table = UINT32_MAX;
    }
    for (uint32_t t = 0; t < W1_TABLE_COUNT; t++) {
        if (w1_table_has(t, W1_HEALTH) || !w1_table_has(t, W1_PARENT))
            continue;
        w1_entity *parents = (w1_entity *)(void *)(out + layout->columns[t][W1_PARENT]);
        memcpy(parents, block + layout->columns[t][W1_PARENT], (size_t)layout->row_counts[t] * sizeof(*parents));
        for (uint64_t row = 0; row < layout->row_counts[t]; row++) {
            const w1_entity parent = parents[row];
            if (parent.generation && records[parent.index].table == UINT32_MAX) {
                parents[row] = (w1_entity){ 0, 0 };
                cleared++;
            }
        }
    }
    return cleared;
}
