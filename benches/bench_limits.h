/*
 * The limits: what a good engineer makes by hand, without an engine, for the same bytes. Every benchmark of PECS is
 * measured against one of them. This file and bench_limits*.c include nothing of PECS.
 *
 * Functions that return bool return false, with errno, if the operating system failed.
 */
#ifndef PECS_BENCH_LIMITS_H
#define PECS_BENCH_LIMITS_H

#include "w1.h"

/* Zeroed memory at a multiple of 2 MiB, in huge pages. NULL when out of memory. */
void *limit_pages_allocate(size_t size_bytes);
void limit_pages_release(void *pages, size_t size_bytes);

/* Position of one entity, for the random set calls. */
struct limit_set {
    w1_entity entity;
    float xyz[3];
};

/* Over the arrays of a block. */
double limit_sum(const struct w1_layout *layout, const uint8_t *block);
void limit_update(const struct w1_layout *layout, uint8_t *block);

/* Open, fstat, mmap, munmap, close. */
bool limit_map(const char *path);

/* On a raw file, each from open to closed: sum of mapped columns; update and set calls on a private map. */
bool limit_map_sum(const char *path, double *ret_sum);
bool limit_map_update(const char *path);
bool limit_map_set(const char *path, const struct limit_set *sets, size_t set_count);

/*
 * Positions of a raw file that is mapped, as another struct in fresh huge pages: with a fourth float, 1; and after
 * LIMIT_CHAIN_STEPS loops, each of which makes another array and adds to x. ret_sum: of x in the last row of each
 * table.
 */
enum { LIMIT_CHAIN_STEPS = 20 };
#define LIMIT_CHAIN_ADDS 1.5f
bool limit_map_scale(const char *path, double *ret_sum);
bool limit_map_chain(const char *path, double *ret_sum);

/* Writes a block to a temporary file and renames it to path. durable: with fsync of file and directory. */
bool limit_save(const struct w1_layout *layout, const uint8_t *block, const char *path, bool durable);

/*
 * Reads a raw file into huge pages, hashes each piece with XXH3-64 while it is in cache, and checks that the index and
 * the rows agree one to one (EILSEQ when they do not). ret_hash is a hash of the pieces' hashes. The caller frees the
 * block, of layout.size_bytes.
 */
bool limit_load(const char *path, struct w1_layout *ret_layout, uint8_t **ret_block, uint64_t *ret_hash);
uint64_t limit_hash(const uint8_t *block, size_t size_bytes);
/*
 * The same for one component, the handles and the index: only these are read, to their places in the block.
 * *ret_read_bytes: how many bytes they have.
 */
bool limit_load_part(const char *path, enum w1_component component, struct w1_layout *ret_layout, uint8_t **ret_block,
                     uint64_t *ret_read_bytes);

/* Hand-written pecs_file_info: open, fstat, and read the first and last 64 bytes and the bytes that these point to. */
bool limit_read_ends(const char *path);

/* The id of an entity and the entity of an id, hand-written: read the record and arrange bytes. */
struct limit_id {
    uint8_t bytes[16];
};
bool limit_id_of(const struct w1_layout *layout, const uint8_t *block, const uint64_t *nonces, w1_entity entity,
                 struct limit_id *ret_id);
bool limit_find(const struct w1_layout *layout, const uint8_t *block, const uint64_t *nonces, struct limit_id id,
                w1_entity *ret_entity);
/* The same for many, with the records of those to come on their way. */
bool limit_id_many(const struct w1_layout *layout, const uint8_t *block, const uint64_t *nonces, size_t count,
                   const w1_entity *entities, struct limit_id *ret_ids);
bool limit_find_many(const struct w1_layout *layout, const uint8_t *block, const uint64_t *nonces, size_t count,
                     const struct limit_id *ids, w1_entity *ret_entities);

/*
 * Rows of ids, handles and records, and a hash table of the ids, in which none may be twice. NULL: one is, or no
 * memory.
 */
struct limit_given *limit_given_create(const struct limit_id *ids, size_t count);
void limit_given_destroy(struct limit_given *given);

/* A file of these bytes, renamed; one read into memory and hashed (as limit_hash). */
bool limit_write(const char *path, const uint8_t *bytes, size_t size_bytes);
bool limit_read(const char *path, uint64_t *ret_hash);
/* The same into one piece of memory again and again. */
bool limit_read_on(const char *path, uint64_t *ret_hash);

/* Writes all bytes to a pipe, whose buffer is made larger. */
bool limit_pipe(int descriptor, const uint8_t *bytes, size_t size_bytes);

/* Every array of two blocks has the same bytes. */
bool limit_same(const uint8_t *a, const uint8_t *b, size_t size_bytes);

/*
 * Rows of {u8, 3 bytes of padding, u32} with handles and index, each an array: written with the padding masked, and
 * renamed.
 */
struct limit_padded {
    const uint8_t *handles, *values, *index;
    uint64_t row_count;
};
bool limit_save_padded(const struct limit_padded *rows, const char *path);

/*
 * W1 without Parent and Inventory: tables that are then equal become one. Handles of the merged tables and the index
 * are written to `out`, fresh pages as large as the block; columns would be shared. Returns the entities.
 */
uint64_t limit_filter_columns(const struct w1_layout *layout, const uint8_t *block, uint8_t *out);
/*
 * W1 without the entities that have a Health: an index without them, and Parent columns in which references to them are
 * cleared, are written to `out`. Returns the cleared references.
 */
uint64_t limit_filter_rows(const struct w1_layout *layout, const uint8_t *block, uint8_t *out);

/*
 * Into a zeroed block of the same layout: copies of the first row of each table, whose references lead to the same copy
 * or are cleared; and all rows with new handles, ids made of nonce and handle, and references that follow, by a map
 * from old slots.
 */
void limit_clone(const struct w1_layout *layout, const uint8_t *block, uint8_t *out);
void limit_merge(const struct w1_layout *layout, const uint8_t *block, uint64_t nonce, uint8_t *out,
                 struct limit_id *ids, w1_entity *map);

/* memcpy of every array into fresh huge pages, which the caller frees. */
bool limit_copy(const struct w1_layout *layout, const uint8_t *block, uint8_t **ret_copy);

/* The arrays that the update writes, copied into `copy` (as large as the block), then the update. */
void limit_copy_update(const struct w1_layout *layout, uint8_t *block, uint8_t *copy);

/* 1,000 tables of 100 rows, with a position and a velocity array each. */
struct limit_small;
struct limit_small *limit_small_create(uint32_t table_count, uint32_t row_count);
void limit_small_destroy(struct limit_small *small);
float *limit_small_positions(struct limit_small *small, uint32_t table);
float *limit_small_velocities(struct limit_small *small, uint32_t table);
void limit_small_update(struct limit_small *small);

/*
 * A small world by hand, as W3 has many: its columns, handles and index in one piece of memory, and a file that is a
 * copy of it. Entity number i is row i / 2 of table i % 2.
 */
enum { W3_ROWS = 500, W3_ENTITIES = 2 * W3_ROWS };
struct limit_room {
    float even_positions[W3_ROWS][3], velocities[W3_ROWS][3];
    w1_entity even_entities[W3_ROWS];
    float odd_positions[W3_ROWS][3];
    int32_t healths[W3_ROWS][2];
    char names[W3_ROWS][16];
    w1_entity odd_entities[W3_ROWS];
    struct w1_record index[W3_ENTITIES];
};
void limit_room_fill(struct limit_room *room);
/* One of the same columns, whose handles and index are made. NULL: out of memory; free releases it. */
struct limit_room *limit_room_create(const struct limit_room *from);
/* A temporary file, one write, a rename; open, fstat, memory for it, one read. free releases what was read. */
bool limit_room_save(const struct limit_room *room, const char *path);
bool limit_room_read(const char *path, struct limit_room **ret_room);
void limit_room_update(struct limit_room *room);

/*
 * Hand-written tables of W1's eight archetypes, with swap-remove and an index with a free list. Columns lie in memory
 * reserved for `spare_rows` more rows than the block has, and never move.
 */
struct limit_tables;
struct limit_tables *limit_tables_create(const struct w1_layout *layout, const uint8_t *block, uint64_t spare_rows);
void limit_tables_destroy(struct limit_tables *tables);
/* values[c] is the value of component c; those that the table lacks are not read. */
w1_entity limit_tables_spawn(struct limit_tables *tables, uint32_t table, const void *const *values);
bool limit_tables_despawn(struct limit_tables *tables, w1_entity entity);
/* Moves the entity to the table with the components added or removed; added ones take values[c]. */
bool limit_tables_move(struct limit_tables *tables, w1_entity entity, uint32_t table, const void *const *values);
uint64_t limit_tables_rows(const struct limit_tables *tables, uint32_t table);
double limit_tables_sum(const struct limit_tables *tables);

/*
 * Strings by hand: each an offset into one array of bytes, where it ends with a zero; read, set by appending, and read
 * from a file that has index, handles and positions, too, hashed and checked (UTF-8 as far as it is ASCII).
 */
struct limit_strings {
    uint64_t count, byte_count, byte_capacity, capacity;
    struct w1_record *index; /* by which an entity leads to its row */
    uint32_t *offsets, *sizes;
    char *bytes;
};
bool limit_strings_create(uint64_t count, uint64_t byte_capacity, struct limit_strings *ret_strings);
void limit_strings_destroy(struct limit_strings *strings);
/* Appends a string, which must have room, and its entity; sets that of an entity. */
void limit_strings_add(struct limit_strings *strings, const char *text, uint32_t size);
bool limit_strings_set(struct limit_strings *strings, w1_entity entity, const char *text, uint32_t size);
/* The sum of all sizes and first bytes. */
uint64_t limit_strings_sum(const struct limit_strings *strings);
/* Writes all of it, and renames; reads, hashes and checks such a file. */
bool limit_strings_save(const struct limit_strings *strings, const char *path);
bool limit_strings_load(const char *path, uint64_t *ret_sum);

/* Zstandard alone. Compressing returns 0 when it fails. */
struct limit_zstd;
struct limit_zstd *limit_zstd_create(void);
void limit_zstd_destroy(struct limit_zstd *zstd);
size_t limit_zstd_compress(struct limit_zstd *zstd, int level, const uint8_t *bytes, size_t size, uint8_t *to,
                           size_t capacity);
bool limit_zstd_decompress(struct limit_zstd *zstd, const uint8_t *stored, size_t stored_size, uint8_t *to,
                           size_t size);
/* Compresses a file, by Zstandard's own threads, into another one, which is not synced. */
bool limit_zstd_file(const char *path, const char *to, int level, int thread_count);

#endif
