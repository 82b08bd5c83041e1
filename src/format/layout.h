/*
 * Layout: the structs of a PECS file. docs/format.md is the specification; each struct here is a table there.
 *
 *     header | prologue of segment 0 | data | trailer | ... | commit | footer
 *
 * All are byte arrays in little-endian order, so they may lie anywhere in memory. Every offset is proven below.
 */
#ifndef PECS_FORMAT_LAYOUT_H
#define PECS_FORMAT_LAYOUT_H

#include "bytes.h"

#include <assert.h>

enum {
    FORMAT_VERSION = 1,                     /* frozen: see the promise in docs/format.md */
    FORMAT_PAGE = 4096,                     /* segment data and footers start on a multiple of it */
    FORMAT_ALIGN = 64,                      /* runs, trailers and commits start on a multiple of it */
    FORMAT_PIECE = 4 * 1024 * 1024,         /* data is hashed in pieces cut at multiples of it in the file */
    FORMAT_CHUNK_SHIFT_MAX = 20,            /* of a table: 2^20 rows a chunk */
    FORMAT_INDEX_SHIFT = 12,                /* rows of a chunk of the entity index, and of the ids: 4096 */
    FORMAT_METADATA_MAX = 16 * 1024 * 1024, /* bytes of a commit's metadata */
    FORMAT_RETIRED_WIDTH_MAX = 30,          /* bits of a difference of generations */
    FORMAT_HEAP_UNIT = 8,                   /* contents begin on a multiple of it, in bytes */
    FORMAT_HEAP_PAGE_SHIFT = 15,            /* the heap runs of columns begin on a multiple of 2^15 units */
    FORMAT_HEAP_SHIFT_MAX = 38,             /* units of all heap runs: at most 2^38 */
    FORMAT_HEAP_LONG = 0xffffff,            /* in a reference: the size stands before the contents */
    FORMAT_BLOCK_MAX = 16 * 1024 * 1024,    /* bytes that one compressed block holds */
};
#define FORMAT_NONE UINT32_MAX /* a u32 that refers to nothing */

#define FORMAT_HEADER_MAGIC "PECS"
#define FORMAT_SEGMENT_MAGIC "PSEG"
#define FORMAT_TRAILER_MAGIC "PTRL"
#define FORMAT_COMMIT_MAGIC "PCMT"
#define FORMAT_FOOTER_MAGIC "PECSFOOT"

enum { HEADER_COUNTS_KNOWN = 1 };   /* file_header.flags */
enum { FEATURE_FILE_METADATA = 1 }; /* file_header.optional_features */
/* file_header.required_features: there are retired slots; contents; attachments; several segments, of blocks */
enum { FEATURE_RETIRED = 1, FEATURE_HEAP = 2, FEATURE_ATTACHMENTS = 4, FEATURE_SEGMENTS = 8 };

struct file_header {
    uint8_t magic[4];
    le32 version;
    le32 flags;
    le64 entity_count;      /* a hint, when HEADER_COUNTS_KNOWN */
    le32 type_count;        /* a hint too */
    le64 required_features; /* a reader that does not know a bit must refuse the file */
    le64 optional_features; /* a reader may ignore them */
    uint8_t zero[16];
    le64 checksum; /* XXH3-64 of the bytes before it */
};

/*
 * The prologue: this, then type records, table records, run records (block records with FEATURE_SEGMENTS), and a le64
 * checksum of all before it.
 */
struct segment_header {
    uint8_t magic[4];
    le32 sequence;    /* of the segment in the file, from 0 */
    le64 size;        /* of the prologue in bytes, checksum included */
    le64 data_offset; /* in the file */
    le64 data_size;
    le32 type_count;
    le32 table_count;
    le32 run_count;
    le32 piece_bytes; /* FORMAT_PIECE */
    uint8_t zero[16];
};

/*
 * Then the name as a string (le32 size, bytes, zeros up to a multiple of 4), the fields; zeros up to a multiple of 8.
 */
struct type_record {
    le32 size;   /* of the whole record in bytes */
    le32 number; /* by which tables and runs name the type */
    uint8_t id[16];
    le32 version;
    le32 value_size; /* 0: a tag */
    le32 value_align;
    le32 field_count;
};

/* Then the name as a string; then child_count field records (struct) or strings (enum). */
struct field_record {
    le32 kind; /* pecs_kind */
    le32 offset;
    le32 size;
    le32 count;
    le32 columns;
    le32 child_count;
    le32 child_align; /* struct: alignment of the nested type, else 0 */
};

enum { TABLE_SINGLETONS = 1 }; /* table_record.flags */

/* Then component_count type numbers, ascending, as le32; zeros up to a multiple of 8. */
struct table_record {
    le32 number;
    le32 flags;
    le32 chunk_shift;
    le32 component_count;
};

/* run_record.kind */
enum { RUN_HANDLES = 1, RUN_VALUES = 2, RUN_INDEX = 3, RUN_IDS = 4, RUN_HEAP = 5 };
enum { CODEC_RAW = 0, CODEC_ZSTD = 1 }; /* run_record.codec, block_record.codec */

struct run_record {
    le32 kind;
    le32 table; /* FORMAT_NONE for the index and the ids */
    le32 type;  /* of values and heaps, else FORMAT_NONE */
    le32 codec;
    le32 first_chunk;
    le32 chunk_count;
    le64 offset; /* in the file */
    le64 size;
    le64 tick; /* of the last write */
};

/* With FEATURE_SEGMENTS: some rows of a run, stored by themselves. */
struct block_record {
    le32 kind, table, type; /* as in a run record */
    le32 codec;
    le32 filter, stride; /* of CODEC_ZSTD: what was done to the bytes before (codec.h); else 0 */
    le32 first, count;   /* rows; of the index, slots; of the ids, entries */
    le64 offset;         /* in the file */
    le64 size;           /* in bytes, as it is stored */
    le64 full_size;      /* in bytes, of the rows; of a heap: of its ends and contents */
    le64 tick;           /* of the last write */
};

/* Then piece_count hashes (le64), and a le64 checksum of all before it. */
struct trailer_header {
    uint8_t magic[4];
    le32 sequence;
    le64 piece_count;
};

/*
 * Then type records, table records, row counts (le64 a table), segment records, session nonces (le64 each), free counts
 * (le32 a chunk of the index), zeros up to a multiple of 8; retired records, the differences of each; metadata.
 */
struct commit_header {
    uint8_t magic[4];
    le32 type_count;
    le32 table_count;
    le32 segment_count;
    le32 session_count;
    le32 singleton_table; /* FORMAT_NONE: no singletons */
    le64 slot_count;
    le64 free_count;
    le64 entity_count;
    le64 tick;
    uint8_t snapshot_id[16]; /* XXH3-128 of the commit with this field zero */
    uint8_t parent_id[16];   /* zero: none */
    le64 wall_clock;         /* nanoseconds since 1970-01-01 UTC; 0: not recorded */
    le64 metadata_size;      /* in bytes, at the commit's end */
    le64 retired_count;      /* slots behind slot_count; 0 without FEATURE_RETIRED */
    uint8_t zero[16];
};

/* Of a chunk of the index: the generations of its slots that are retired, as lowest + a difference of `width` bits. */
struct retired_record {
    le32 lowest;
    le32 width;
};

enum { META_TEXT = 1, META_BYTES = 2, META_ATTACHMENT = 3 }; /* meta_record.kind; the last: the size in bytes, le64 */

/* Then the key, the value, zeros up to a multiple of 8. Ascending by key. */
struct meta_record {
    le32 kind;
    le32 key_size; /* in bytes */
    le64 value_size;
};

struct segment_record {
    le64 offset; /* of the prologue in the file */
    le64 prologue_size;
    le64 prologue_checksum;
    le64 trailer_offset;
    le64 trailer_size;
    le64 trailer_checksum;
};

/*
 * Between commit and footer, with FEATURE_FILE_METADATA: metadata records of the file alone, and a le64 checksum of all
 * before it.
 */
struct file_footer {
    uint8_t magic[8];
    le64 offset; /* its own */
    le64 commit_offset;
    le64 commit_size;
    le64 commit_hash;        /* XXH3-64 of the commit's bytes */
    le64 previous_footer;    /* 0: none */
    le64 file_metadata_size; /* in bytes, with its checksum; with FEATURE_FILE_METADATA, else zero */
    le64 checksum;           /* XXH3-64 of the bytes before it: the file's last eight bytes */
};

/* The index's rows: struct record of the storage, little-endian. A handle: le32 index, le32 generation. */
struct record_layout {
    le32 generation, table, row, session;
};

/* The rows of RUN_IDS: the entities with explicit ids, ascending by id. */
struct id_record {
    uint8_t id[16];
    le32 index;
};

#define PROVE_SIZE(type, size) static_assert(sizeof(struct type) == (size) && _Alignof(struct type) == 1, #type)
#define PROVE(type, field, at) static_assert(offsetof(struct type, field) == (at), #type "." #field)

PROVE_SIZE(file_header, 64);
PROVE(file_header, magic, 0);
PROVE(file_header, version, 4);
PROVE(file_header, flags, 8);
PROVE(file_header, entity_count, 12);
PROVE(file_header, type_count, 20);
PROVE(file_header, required_features, 24);
PROVE(file_header, optional_features, 32);
PROVE(file_header, zero, 40);
PROVE(file_header, checksum, 56);

PROVE_SIZE(segment_header, 64);
PROVE(segment_header, magic, 0);
PROVE(segment_header, sequence, 4);
PROVE(segment_header, size, 8);
PROVE(segment_header, data_offset, 16);
PROVE(segment_header, data_size, 24);
PROVE(segment_header, type_count, 32);
PROVE(segment_header, table_count, 36);
PROVE(segment_header, run_count, 40);
PROVE(segment_header, piece_bytes, 44);
PROVE(segment_header, zero, 48);

PROVE_SIZE(type_record, 40);
PROVE(type_record, size, 0);
PROVE(type_record, number, 4);
PROVE(type_record, id, 8);
PROVE(type_record, version, 24);
PROVE(type_record, value_size, 28);
PROVE(type_record, value_align, 32);
PROVE(type_record, field_count, 36);

PROVE_SIZE(field_record, 28);
PROVE(field_record, kind, 0);
PROVE(field_record, offset, 4);
PROVE(field_record, size, 8);
PROVE(field_record, count, 12);
PROVE(field_record, columns, 16);
PROVE(field_record, child_count, 20);
PROVE(field_record, child_align, 24);

PROVE_SIZE(table_record, 16);
PROVE(table_record, number, 0);
PROVE(table_record, flags, 4);
PROVE(table_record, chunk_shift, 8);
PROVE(table_record, component_count, 12);

PROVE_SIZE(run_record, 48);
PROVE(run_record, kind, 0);
PROVE(run_record, table, 4);
PROVE(run_record, type, 8);
PROVE(run_record, codec, 12);
PROVE(run_record, first_chunk, 16);
PROVE(run_record, chunk_count, 20);
PROVE(run_record, offset, 24);
PROVE(run_record, size, 32);
PROVE(run_record, tick, 40);

PROVE_SIZE(block_record, 64);
PROVE(block_record, kind, 0);
PROVE(block_record, table, 4);
PROVE(block_record, type, 8);
PROVE(block_record, codec, 12);
PROVE(block_record, filter, 16);
PROVE(block_record, stride, 20);
PROVE(block_record, first, 24);
PROVE(block_record, count, 28);
PROVE(block_record, offset, 32);
PROVE(block_record, size, 40);
PROVE(block_record, full_size, 48);
PROVE(block_record, tick, 56);

PROVE_SIZE(trailer_header, 16);
PROVE(trailer_header, magic, 0);
PROVE(trailer_header, sequence, 4);
PROVE(trailer_header, piece_count, 8);

PROVE_SIZE(commit_header, 128);
PROVE(commit_header, magic, 0);
PROVE(commit_header, type_count, 4);
PROVE(commit_header, table_count, 8);
PROVE(commit_header, segment_count, 12);
PROVE(commit_header, session_count, 16);
PROVE(commit_header, singleton_table, 20);
PROVE(commit_header, slot_count, 24);
PROVE(commit_header, free_count, 32);
PROVE(commit_header, entity_count, 40);
PROVE(commit_header, tick, 48);
PROVE(commit_header, snapshot_id, 56);
PROVE(commit_header, parent_id, 72);
PROVE(commit_header, wall_clock, 88);
PROVE(commit_header, metadata_size, 96);
PROVE(commit_header, retired_count, 104);
PROVE(commit_header, zero, 112);

PROVE_SIZE(retired_record, 8);
PROVE(retired_record, lowest, 0);
PROVE(retired_record, width, 4);

PROVE_SIZE(meta_record, 16);
PROVE(meta_record, kind, 0);
PROVE(meta_record, key_size, 4);
PROVE(meta_record, value_size, 8);

PROVE_SIZE(segment_record, 48);
PROVE(segment_record, offset, 0);
PROVE(segment_record, prologue_size, 8);
PROVE(segment_record, prologue_checksum, 16);
PROVE(segment_record, trailer_offset, 24);
PROVE(segment_record, trailer_size, 32);
PROVE(segment_record, trailer_checksum, 40);

PROVE_SIZE(file_footer, 64);
PROVE(file_footer, magic, 0);
PROVE(file_footer, offset, 8);
PROVE(file_footer, commit_offset, 16);
PROVE(file_footer, commit_size, 24);
PROVE(file_footer, commit_hash, 32);
PROVE(file_footer, previous_footer, 40);
PROVE(file_footer, file_metadata_size, 48);
PROVE(file_footer, checksum, 56);

PROVE_SIZE(record_layout, 16);
PROVE(record_layout, generation, 0);
PROVE(record_layout, table, 4);
PROVE(record_layout, row, 8);
PROVE(record_layout, session, 12);

PROVE_SIZE(id_record, 20);
PROVE(id_record, id, 0);
PROVE(id_record, index, 16);

/*
 * What a string, blob or list field holds: 0 when it is empty; else the size in bytes, at most FORMAT_HEAP_LONG, in
 * bits 40 to 63, and the unit where its contents begin in bits 2 to 39. A heap run has for each chunk of its column
 * where the chunk's contents end (le64, in bytes from the first), then the contents.
 */
static inline uint64_t format_reference(uint64_t unit, uint64_t size)
{
    return (size < FORMAT_HEAP_LONG ? size : FORMAT_HEAP_LONG) << 40 | unit << 2;
}

/* Where the contents of the next heap run begin, in units, when the run before ends at `unit`. */
static inline uint64_t format_heap_first(uint64_t unit)
{
    return align_up(unit, (uint64_t)1 << FORMAT_HEAP_PAGE_SHIFT);
}

/* Bytes of a string that holds `size` bytes. */
static inline uint64_t format_string_bytes(uint64_t size)
{
    return sizeof(le32) + align_up(size, 4);
}

/* Bytes of a table record with its type numbers. */
static inline uint64_t format_table_bytes(uint64_t component_count)
{
    return align_up(sizeof(struct table_record) + component_count * sizeof(le32), 8);
}

/* Bytes of a metadata record with key and value. */
static inline uint64_t format_meta_bytes(uint64_t key_size, uint64_t value_size)
{
    return align_up(sizeof(struct meta_record) + key_size + value_size, 8);
}

/* Where the file's own metadata begins, if the file has any. */
static inline uint64_t format_file_metadata_offset(uint64_t commit_end)
{
    return align_up(commit_end, FORMAT_ALIGN);
}

/* Chunks of so many rows, at most 2^63. */
static inline uint64_t format_chunk_count(uint64_t row_count, uint32_t chunk_shift)
{
    return (row_count + ((uint64_t)1 << chunk_shift) - 1) >> chunk_shift;
}

/* Pieces of a data range: it is cut wherever a multiple of FORMAT_PIECE lies in the file. */
static inline uint64_t format_piece_count(uint64_t data_offset, uint64_t data_size)
{
    return data_size ? (data_offset + data_size - 1) / FORMAT_PIECE - data_offset / FORMAT_PIECE + 1 : 0;
}

static inline uint64_t format_trailer_bytes(uint64_t piece_count)
{
    return sizeof(struct trailer_header) + (piece_count + 1) * sizeof(le64);
}

#endif
