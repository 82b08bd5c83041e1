/*
 * A table of breakages: position, width, new number, and how much is repaired afterwards. Hashes are repaired, so that
 * only the rule is broken and none before it. Further breakages of a rule are other ways to break it.
 */
#include "break_rules.h"

#include "file_parts.h"

#include <pecs/pecs.h>

#include <string.h>

enum place {
    NOWHERE,
    HEADER,
    FOOTER,
    COMMIT,
    TYPE,    /* the record of the named type */
    FIELD,   /* the first field record of that type */
    TYPES,   /* the n-th record */
    TABLES,  /* the n-th record */
    ROWS,    /* the n-th row count */
    SEGMENT, /* the segment record */
    SESSIONS,
    FREE,
    RETIRED,   /* the first record */
    META,      /* the n-th record */
    FILE_META, /* the n-th record of the file's own */
    PROLOGUE,  /* the segment header */
    RECORDS,   /* of the prologue */
    RUNS,      /* the n-th record */
    VALUES,    /* the run of the named type, in the first table that has it */
    HEAP,      /* the heap run of that */
    HEAP_RUN,  /* its record */
    HANDLES,   /* the run of the n-th table's handles */
    INDEX,     /* the run of the index */
    IDS,       /* the run of the ids */
    ATTACHED,  /* the run of the attachments, the last */
    TRAILER,
    DATA,
    BEFORE_DATA,   /* the last byte before the data */
    BEFORE_FOOTER, /* the last byte before the footer */
    CUT_AT_ROWS,   /* the commit ends where its row counts begin */
    CUT_RUN,       /* the last run record is left out */
    /* of the sample in blocks (break_rules.h): */
    COMMIT_OF_BLOCKS,
    SEGMENTS,  /* the n-th segment's record */
    PROLOGUES, /* the n-th segment's prologue */
    BLOCKS,    /* the n-th record of a block, of all segments */
    STORED,    /* the bytes of that */
    TRAILERS,  /* the n-th segment's trailer */
    CUT_BLOCK, /* the last record of the last segment is left out */
};

enum repair { NOTHING, HASHES, ENDS /* not the snapshot id */, COPIES /* also redundant fields */ };

struct patch {
    enum place place;
    uint32_t number;
    const char *type;
    uint32_t offset, width; /* width 0: one bit is flipped */
    uint64_t value;
};

struct breakage {
    const char *rule;
    enum repair repair;
    struct patch patches[4];
    uint64_t keep_bytes; /* the file is cut here; 0: it is not */
};

#define AT(place, offset, width, value)                                                                                \
    {                                                                                                                  \
        place, 0, NULL, offset, width, value                                                                           \
    }
#define OF(place, number, offset, width, value)                                                                        \
    {                                                                                                                  \
        place, number, NULL, offset, width, value                                                                      \
    }
#define IN(place, type, offset, width, value)                                                                          \
    {                                                                                                                  \
        place, 0, type, offset, width, value                                                                           \
    }

/*
 * The sample's tables: 0 {Spot, Mixed} 2 rows, 1 {Spot, Frozen, pecs.id} 2 rows, 2 {Strange, StrangeTag} 1 row, 3 {} 1
 * row, 6 singletons {Clock, Scroll, Tale} 1 row, 4 and 5 earlier ones. Slots 0 to 6, of which 5 is free; 7 and 8 are
 * retired after generations 1 and 2.
 */
static const struct breakage breakages[] = {
    { "FILE-2", NOTHING, { { 0 } }, 127 },
    { "FILE-2", NOTHING, { { 0 } }, 1 },
    { "HEADER-1", HASHES, { AT(HEADER, 3, 0, 0) }, 0 },
    { "HEADER-2", HASHES, { AT(HEADER, 4, 4, 77) }, 0 },
    { "HEADER-3", NOTHING, { AT(HEADER, 33, 0, 0) }, 0 },
    { "HEADER-4", HASHES, { AT(HEADER, 24, 8, 1ull << 40) }, 0 },
    { "HEADER-5", HASHES, { AT(HEADER, 8, 4, 3) }, 0 },
    { "HEADER-5", HASHES, { AT(HEADER, 55, 0, 0) }, 0 },
    { "HEADER-6", HASHES, { AT(HEADER, 12, 8, 99) }, 0 },
    { "HEADER-6", HASHES, { AT(HEADER, 20, 4, 99) }, 0 },
    { "FOOTER-1", HASHES, { AT(FOOTER, 0, 0, 0) }, 0 },
    { "FOOTER-2", NOTHING, { AT(FOOTER, 9, 0, 0) }, 0 },
    { "FOOTER-3", HASHES, { AT(FOOTER, 8, 8, 4096) }, 0 },
    { "FOOTER-4", HASHES, { AT(FOOTER, 40, 8, 4096) }, 0 },
    { "FOOTER-4", HASHES, { AT(HEADER, 32, 8, 0) }, 0 }, /* a size without its feature */
    { "FOOTER-5", HASHES, { AT(FOOTER, 16, 8, 63) }, 0 },
    { "FOOTER-5", HASHES, { AT(FOOTER, 24, 8, UINT64_MAX - 7) }, 0 },
    { "FOOTER-6", NOTHING, { AT(COMMIT, 130, 0, 0) }, 0 },
    { "COMMIT-1", HASHES, { AT(COMMIT, 0, 0, 0) }, 0 },
    { "COMMIT-2", HASHES, { AT(COMMIT, 12, 4, 2) }, 0 },
    { "COMMIT-2", HASHES, { AT(COMMIT, 24, 8, UINT32_MAX) }, 0 },
    { "COMMIT-2", HASHES, { AT(COMMIT, 48, 8, 0) }, 0 },
    { "COMMIT-2", HASHES, { AT(COMMIT, 48, 8, 1ull << 63) }, 0 },
    { "COMMIT-2", HASHES, { AT(COMMIT, 32, 8, UINT64_MAX) }, 0 },
    { "COMMIT-2", HASHES, { AT(COMMIT, 24, 8, 6) }, 0 },
    { "COMMIT-3", HASHES, { AT(COMMIT, 72, 0, 0) }, 0 },
    { "COMMIT-3", HASHES, { AT(COMMIT, 127, 0, 0) }, 0 },
    { "COMMIT-3", HASHES, { AT(HEADER, 24, 8, 0) }, 0 }, /* retired slots without their feature */
    { "META-1", HASHES, { AT(COMMIT, 96, 8, 9) }, 0 },
    { "META-1", HASHES, { AT(COMMIT, 96, 8, UINT64_MAX - 7) }, 0 },
    { "TYPE-1", HASHES, { IN(TYPE, "Strange", 0, 4, 44) }, 0 },
    { "TYPE-1", HASHES, { IN(TYPE, "Strange", 36, 4, 100) }, 0 },
    { "TYPE-7", HASHES, { IN(FIELD, "Strange", 0, 4, 99) }, 0 },
    { "TYPE-1", HASHES, { IN(FIELD, "Strange", 20, 4, UINT32_MAX) }, 0 },
    { "TYPE-1", HASHES, { IN(FIELD, "Strange", 4, 4, 1) }, 0 },
    { "TYPE-1", HASHES, { IN(FIELD, "Strange", 24, 4, 3) }, 0 },
    { "TYPE-1", HASHES, { IN(TYPE, "StrangeTag", 32, 4, 2) }, 0 },
    { "TYPE-2", HASHES, { OF(TYPES, 1, 4, 4, 7) }, 0 },
    { "TYPE-2", HASHES, { OF(TYPES, 0, 8, 8, UINT64_MAX) }, 0 },
    { "TYPE-4", HASHES, { IN(FIELD, "Spot", 0, 4, PECS_TEXT), IN(FIELD, "Spot", 12, 4, 4) }, 0 },
    { "TYPE-5", HASHES, { AT(HEADER, 24, 8, FEATURE_RETIRED) }, 0 },
    { "TYPE-1", HASHES, { IN(FIELD, "Strange", 0, 4, PECS_LIST) }, 0 },
    { "TYPE-6", HASHES, { IN(TYPE, "Strange", 44, 8, 0x65672e73636570) } /* "pecs.ge" */, 0 },
    { "TABLE-1", HASHES, { OF(TABLES, 0, 12, 4, UINT32_MAX) }, 0 },
    { "TABLE-1", HASHES, { OF(TABLES, 4, 20, 4, 1) }, 0 },
    { "TABLE-2", HASHES, { OF(TABLES, 1, 8, 4, 21) }, 0 },
    { "TABLE-7", HASHES, { OF(TABLES, 1, 4, 4, 2) }, 0 },
    { "TABLE-2", HASHES, { OF(TABLES, 1, 0, 4, 2) }, 0 },
    { "TABLE-3", HASHES, { OF(TABLES, 0, 20, 4, 77) }, 0 },
    { "TABLE-4", HASHES, { OF(TABLES, 3, 4, 4, 1), OF(TABLES, 4, 12, 4, 0), OF(TABLES, 4, 16, 4, 0) }, 0 },
    { "TABLE-5", HASHES, { OF(ROWS, 4, 0, 8, 2) }, 0 },
    { "TABLE-5", HASHES, { OF(ROWS, 0, 0, 8, UINT64_MAX) }, 0 },
    { "TABLE-6", HASHES, { OF(TABLES, 1, 4, 4, 1) }, 0 },
    { "COMMIT-4", HASHES, { AT(CUT_AT_ROWS, 0, 0, 0) }, 0 },
    { "COMMIT-5", HASHES, { OF(ROWS, 3, 0, 8, 0) }, 0 },
    { "COMMIT-5", HASHES, { AT(COMMIT, 20, 4, 77), OF(ROWS, 6, 0, 8, 0) }, 0 },
    { "COMMIT-6", HASHES, { AT(SESSIONS, 0, 8, 1ull << 60) }, 0 },
    { "COMMIT-6", HASHES, { AT(COMMIT, 16, 4, UINT32_MAX) }, 0 },
    { "COMMIT-7", HASHES, { AT(COMMIT, 24, 8, 8193) }, 0 },
    { "COMMIT-8", HASHES, { AT(FREE, 0, 4, 99) }, 0 },
    { "COMMIT-8", HASHES, { AT(FREE, 0, 4, 2) }, 0 },
    { "RETIRED-1", HASHES, { AT(COMMIT, 104, 8, 0) }, 0 },
    { "RETIRED-1", HASHES, { AT(COMMIT, 104, 8, UINT32_MAX - 1) }, 0 },
    { "RETIRED-2", HASHES, { AT(COMMIT, 104, 8, 4096 * 4) }, 0 },
    { "RETIRED-3", HASHES, { AT(RETIRED, 0, 4, 0) }, 0 },
    { "RETIRED-3", HASHES, { AT(RETIRED, 0, 4, (1u << 30) - 1) }, 0 },
    { "RETIRED-3", HASHES, { AT(RETIRED, 4, 4, 31) }, 0 },
    { "RETIRED-3", HASHES, { AT(RETIRED, 4, 4, UINT32_MAX) }, 0 },
    { "RETIRED-4", HASHES, { AT(RETIRED, 4, 4, 0) }, 0 },
    { "RETIRED-4", HASHES, { AT(COMMIT, 104, 8, 65) }, 0 },
    { "RETIRED-5", HASHES, { AT(RETIRED, 8, 8, 3) }, 0 },
    { "RETIRED-5", HASHES, { AT(RETIRED, 8, 8, 1ull << 63) }, 0 },
    { "RETIRED-5", HASHES, { AT(RETIRED, 0, 4, (1u << 30) - 2) }, 0 },
    { "META-7", HASHES, { OF(META, 0, 0, 4, 4) }, 0 },
    { "META-2", HASHES, { OF(META, 1, 8, 8, UINT64_MAX) }, 0 },
    { "META-2", HASHES, { OF(META, 1, 4, 4, 0) }, 0 },
    { "META-2", HASHES, { OF(META, 1, 8, 8, UINT64_MAX - 4) }, 0 }, /* the record's sizes add up to 16 */
    { "META-2", HASHES, { OF(META, 1, 4, 4, UINT32_MAX) }, 0 },
    { "META-2", HASHES, { OF(META, 0, 17, 1, 1) }, 0 },
    { "META-2", HASHES, { OF(META, 0, 16, 1, 7) }, 0 },
    { "META-3", HASHES, { OF(META, 0, 16, 1, 'z') }, 0 },
    { "META-4", HASHES, { OF(META, 3, 16 + 5, 1, 0xff) }, 0 },
    { "META-3", HASHES, { OF(META, 4, 0, 4, META_BYTES) }, 0 },
    { "META-8", HASHES, { OF(META, 3, 0, 4, META_ATTACHMENT) }, 0 },
    { "META-8", HASHES, { OF(META, 4, 16 + 3, 8, UINT64_MAX) }, 0 },
    { "META-8", HASHES, { OF(META, 4, 16 + 3, 8, (1ull << 41) - 8) }, 0 },
    { "RUN-3", HASHES, { OF(META, 4, 16 + 3, 8, 9) }, 0 },
    { "META-5", HASHES, { AT(FOOTER, 48, 8, 0) }, 0 },
    { "META-5", HASHES, { AT(FOOTER, 48, 8, 8) }, 0 },
    { "META-5", HASHES, { AT(FOOTER, 48, 8, 4096 + 8) }, 0 },
    { "META-5", HASHES, { AT(FOOTER, 48, 8, UINT64_MAX - 7) }, 0 },
    { "META-6", NOTHING, { OF(FILE_META, 0, 16, 0, 0) }, 0 },
    { "META-7", HASHES, { OF(FILE_META, 0, 0, 4, 3) }, 0 },
    { "META-2", HASHES, { OF(FILE_META, 1, 8, 8, UINT64_MAX) }, 0 },
    { "META-3", HASHES, { OF(FILE_META, 0, 16, 1, 'z') }, 0 },
    { "META-4", HASHES, { OF(FILE_META, 1, 16 + 5, 1, 0xff) }, 0 },
    { "COMMIT-9", ENDS, { AT(COMMIT, 56, 0, 0) }, 0 },
    { "SEGMENT-1", HASHES, { AT(SEGMENT, 0, 8, 63) }, 0 },
    { "SEGMENT-2", HASHES, { AT(SEGMENT, 8, 8, 80) }, 0 },
    { "SEGMENT-3", HASHES, { AT(PROLOGUE, 0, 0, 0) }, 0 },
    { "SEGMENT-3", HASHES, { AT(PROLOGUE, 4, 0, 0) }, 0 },
    { "SEGMENT-3", HASHES, { AT(PROLOGUE, 8, 0, 0) }, 0 },
    { "SEGMENT-3", HASHES, { AT(PROLOGUE, 44, 0, 0) }, 0 },
    { "SEGMENT-3", HASHES, { AT(PROLOGUE, 63, 0, 0) }, 0 },
    { "SEGMENT-4", HASHES, { AT(PROLOGUE, 16, 8, 64) }, 0 },
    { "SEGMENT-4", HASHES, { AT(PROLOGUE, 16, 8, 0) }, 0 },
    { "SEGMENT-4", HASHES, { AT(PROLOGUE, 24, 8, UINT64_MAX) }, 0 },
    { "SEGMENT-5", HASHES, { AT(SEGMENT, 24, 8, 8192 - 64) }, 0 },
    { "SEGMENT-5", HASHES, { AT(SEGMENT, 32, 8, 40) }, 0 },
    { "SEGMENT-6", HASHES, { AT(RECORDS, 50, 0, 0) }, 0 },
    { "SEGMENT-6", HASHES, { AT(PROLOGUE, 32, 4, 3) }, 0 },
    { "SEGMENT-6", HASHES, { AT(PROLOGUE, 36, 4, 3) }, 0 },
    { "SEGMENT-7", HASHES, { AT(PROLOGUE, 40, 4, 3) }, 0 },
    { "RUN-1", HASHES, { OF(RUNS, 1, 0, 4, RUN_IDS) }, 0 },
    { "RUN-8", HASHES, { OF(RUNS, 1, 0, 4, 7) }, 0 },
    { "RUN-1", HASHES, { OF(RUNS, 1, 4, 4, 7) }, 0 },
    { "RUN-1", HASHES, { OF(RUNS, 1, 8, 4, 77) }, 0 },
    { "RUN-2", HASHES, { OF(RUNS, 1, 12, 4, 1) }, 0 },
    { "RUN-3", HASHES, { OF(RUNS, 1, 16, 4, 1) }, 0 },
    { "RUN-3", HASHES, { OF(RUNS, 1, 32, 8, 1) }, 0 },
    { "RUN-3", HASHES, { OF(RUNS, 1, 20, 4, 2) }, 0 },
    { "RUN-4", HASHES, { OF(RUNS, 1, 24, 8, UINT64_MAX - 63) }, 0 },
    { "RUN-4", HASHES, { OF(RUNS, 1, 24, 8, 4096) }, 0 }, /* over the run before: the data begins there */
    { "RUN-4", HASHES, { OF(RUNS, 0, 24, 8, 64) }, 0 },
    { "RUN-4", HASHES, { OF(RUNS, 1, 24, 8, 4096 + 72) }, 0 },
    { "RUN-5", HASHES, { OF(RUNS, 1, 0, 4, 1), OF(RUNS, 1, 8, 4, UINT32_MAX), OF(RUNS, 1, 32, 8, 16) }, 0 },
    { "RUN-1", HASHES, { IN(HEAP_RUN, "Scroll", 8, 4, 77) }, 0 },
    { "RUN-3", HASHES, { IN(HEAP_RUN, "Scroll", 32, 8, 0) }, 0 },
    { "RUN-3", HASHES, { IN(HEAP_RUN, "Scroll", 32, 8, 12) }, 0 },
    { "RUN-3", HASHES, { IN(HEAP_RUN, "Scroll", 32, 8, (1ull << 41) + 16) }, 0 },
    { "RUN-3", HASHES, { IN(HEAP_RUN, "Scroll", 20, 4, 2) }, 0 },
    { "RUN-4", HASHES, { IN(HEAP_RUN, "Scroll", 32, 8, 1ull << 40) }, 0 },
    { "RUN-6", HASHES, { OF(RUNS, 1, 40, 8, 1000) }, 0 },
    { "RUN-7", HASHES, { AT(CUT_RUN, 0, 0, 0) }, 0 },
    { "TRAILER-1", NOTHING, { AT(TRAILER, 16, 0, 0) }, 0 },
    { "TRAILER-2", HASHES, { AT(TRAILER, 0, 0, 0) }, 0 },
    { "TRAILER-2", HASHES, { AT(TRAILER, 4, 0, 0) }, 0 },
    { "TRAILER-2", HASHES, { AT(TRAILER, 8, 8, 9) }, 0 },
    { "DATA-1", NOTHING, { AT(DATA, 3, 0, 0) }, 0 },
    { "GAP-1", NOTHING, { AT(BEFORE_DATA, 0, 1, 1) }, 0 },
    { "GAP-1", NOTHING, { AT(BEFORE_FOOTER, 0, 1, 1) }, 0 },
    { "GAP-1", HASHES, { OF(HANDLES, 0, 16, 1, 1) }, 0 },
    { "ROW-1", HASHES, { OF(HANDLES, 0, 0, 4, 77) }, 0 },
    { "ROW-1", HASHES, { OF(HANDLES, 0, 4, 4, 2) }, 0 },
    { "ROW-1", HASHES, { AT(INDEX, 4, 4, 1) }, 0 },
    { "ROW-1", HASHES, { AT(INDEX, 8, 4, 1) }, 0 },
    { "ROW-1", HASHES, { OF(HANDLES, 0, 8, 4, 0) }, 0 },
    { "ROW-2", HASHES, { OF(HANDLES, 6, 0, 4, 1) }, 0 },
    { "ROW-2", HASHES, { OF(HANDLES, 6, 4, 4, 1) }, 0 },
    { "INDEX-1", HASHES, { AT(INDEX, 5 * 16, 4, 0) }, 0 },
    { "INDEX-1", HASHES, { AT(INDEX, 12, 4, 9) }, 0 },
    { "INDEX-1", HASHES, { AT(INDEX, 12, 4, 1) }, 0 },
    { "INDEX-1", HASHES, { AT(INDEX, 5 * 16, 4, 1u << 30) }, 0 },
    { "INDEX-1", HASHES, { AT(INDEX, 5 * 16 + 8, 4, 1) }, 0 },
    { "INDEX-1", HASHES, { AT(INDEX, 5 * 16 + 12, 4, 1) }, 0 },
    { "INDEX-2", HASHES, { AT(INDEX, 5 * 16, 4, (1u << 30) - 1) }, 0 },
    { "INDEX-3", HASHES, { AT(INDEX, 5 * 16 + 4, 4, 0), AT(FREE, 0, 4, 0), AT(COMMIT, 32, 8, 0) }, 0 },
    { "ID-1", HASHES, { AT(IDS, 20, 8, 0) }, 0 },
    { "ID-2", HASHES, { AT(IDS, 16, 4, 0) }, 0 },
    { "ID-2", HASHES, { AT(IDS, 16, 4, UINT32_MAX) }, 0 },
    { "ID-2", HASHES, { AT(IDS, 16, 4, 5) }, 0 },
    { "ID-2", HASHES, { AT(IDS, 15, 0, 0) }, 0 },
    { "ID-3", HASHES, { AT(SESSIONS, 0, 8, 6) }, 0 },
    { "HEAP-3", HASHES, { AT(ATTACHED, 5, 1, 1) }, 0 },
    { "HEAP-3", HASHES, { AT(ATTACHED, 7, 1, 0x80) }, 0 },
    { "VALUE-1", HASHES, { IN(VALUES, "Mixed", 0, 1, 2) }, 0 },
    { "VALUE-2", HASHES, { IN(VALUES, "Mixed", 1, 1, 3) }, 0 },
    { "VALUE-3", HASHES, { IN(VALUES, "Mixed", 2, 1, 0xff) }, 0 },
    { "VALUE-3", HASHES, { IN(VALUES, "Mixed", 2, 1, 0) }, 0 },
    { "VALUE-4", HASHES, { IN(VALUES, "Mixed", 8, 4, 9) }, 0 },
    { "VALUE-4", HASHES, { IN(VALUES, "Mixed", 12, 4, 2) }, 0 },
    { "VALUE-4", HASHES, { IN(VALUES, "Mixed", 8, 4, 8), IN(VALUES, "Mixed", 12, 4, 3) }, 0 },
    { "VALUE-1", HASHES, { IN(VALUES, "Strange", 35, 1, 9) }, 0 },
    { "VALUE-2", HASHES, { IN(VALUES, "Strange", 30, 2, 256) }, 0 },
    { "VALUE-4", HASHES, { IN(VALUES, "Strange", 8, 4, UINT32_MAX) }, 0 },
    { "HEAP-1", HASHES, { IN(HEAP, "Scroll", 0, 8, 0) }, 0 },
    { "HEAP-1", HASHES, { IN(HEAP, "Scroll", 0, 8, 20) }, 0 },
    { "HEAP-1", HASHES, { IN(HEAP, "Tale", 0, 8, UINT64_MAX - 7) }, 0 },
    { "HEAP-2", HASHES, { IN(VALUES, "Scroll", 0, 8, 0) }, 0 },
    { "HEAP-2", HASHES, { IN(VALUES, "Scroll", 0, 0, 0) }, 0 },
    { "HEAP-2", HASHES, { IN(VALUES, "Scroll", 5, 3, 0xffffff) }, 0 },
    { "HEAP-2", HASHES, { IN(VALUES, "Scroll", 5, 3, 0xfffffe) }, 0 },
    { "HEAP-2", HASHES, { IN(VALUES, "Scroll", 5, 3, 0xffffff), IN(HEAP, "Scroll", 8, 8, UINT64_MAX) }, 0 },
    { "HEAP-2", HASHES, { IN(VALUES, "Scroll", 5, 3, 0xffffff), IN(HEAP, "Scroll", 8, 8, UINT64_MAX - 15) }, 0 },
    { "HEAP-2", HASHES, { IN(VALUES, "Scroll", 24, 8, 2) }, 0 },
    { "HEAP-2", HASHES, { IN(HEAP, "Scroll", 8 + 3, 1, 1) }, 0 },
    { "HEAP-2", HASHES, { IN(HEAP, "Scroll", 16 + 7, 1, 1) }, 0 },
    { "VALUE-5", HASHES, { IN(HEAP, "Scroll", 8, 1, 0xff) }, 0 },
    { "VALUE-5", HASHES, { IN(HEAP, "Scroll", 9, 1, 0) }, 0 },
    { "VALUE-5", HASHES, { IN(HEAP, "Tale", 8, 1, 0xff) }, 0 },
    { "VALUE-6", HASHES, { IN(HEAP, "Scroll", 24, 4, UINT32_MAX) }, 0 },
    { "VALUE-6", HASHES, { IN(HEAP, "Scroll", 28, 4, 9) }, 0 },
    { "VALUE-6", HASHES, { IN(HEAP, "Tale", 16, 1, 3) }, 0 },
    { "VALUE-6", HASHES, { IN(VALUES, "Scroll", 21, 3, 7) }, 0 },
    /* in blocks: 0 and 1 are the handles of table 0, one row each; all but the attachments, the last, are compressed */
    { "COMMIT-2", HASHES, { AT(COMMIT_OF_BLOCKS, 12, 4, 0) }, 0 },
    { "SEGMENT-1", HASHES, { AT(COMMIT_OF_BLOCKS, 12, 4, UINT32_MAX) }, 0 },
    { "SEGMENT-1", HASHES, { OF(SEGMENTS, 1, 0, 8, 0) }, 0 },
    { "SEGMENT-1", HASHES, { OF(SEGMENTS, 2, 0, 8, UINT64_MAX - 7) }, 0 },
    { "SEGMENT-3", HASHES, { OF(PROLOGUES, 1, 4, 4, 2) }, 0 },
    { "SEGMENT-4", HASHES, { OF(PROLOGUES, 1, 16, 8, 4096) }, 0 },
    { "SEGMENT-5", HASHES, { OF(SEGMENTS, 1, 24, 8, 64) }, 0 },
    { "SEGMENT-7", HASHES, { OF(PROLOGUES, 1, 40, 4, UINT32_MAX) }, 0 },
    { "RUN-8", HASHES, { OF(BLOCKS, 1, 0, 4, 6) }, 0 },
    { "RUN-1", HASHES, { OF(BLOCKS, 1, 4, 4, 77) }, 0 },
    { "RUN-2", HASHES, { OF(BLOCKS, 1, 12, 4, 2) }, 0 },
    { "BLOCK-1", HASHES, { OF(BLOCKS, 1, 16, 4, UINT32_MAX) }, 0 },
    { "BLOCK-2", HASHES, { OF(BLOCKS, 1, 24, 4, 0) }, 0 },
    { "BLOCK-2", HASHES, { OF(BLOCKS, 1, 24, 4, UINT32_MAX) }, 0 },
    { "BLOCK-2", HASHES, { OF(BLOCKS, 1, 28, 4, UINT32_MAX) }, 0 },
    { "BLOCK-2", HASHES, { OF(BLOCKS, 0, 28, 4, 0) }, 0 },
    { "BLOCK-3", HASHES, { OF(BLOCKS, 1, 20, 4, 8) }, 0 },
    { "BLOCK-3", HASHES, { OF(BLOCKS, 1, 40, 8, 0) }, 0 },
    { "BLOCK-3", HASHES, { OF(BLOCKS, 1, 48, 8, FORMAT_BLOCK_MAX + 8) }, 0 },
    { "RUN-4", HASHES, { OF(BLOCKS, 1, 32, 8, 64) }, 0 },
    { "RUN-4", HASHES, { OF(BLOCKS, 1, 32, 8, UINT64_MAX) }, 0 },
    { "RUN-4", HASHES, { OF(BLOCKS, 1, 40, 8, UINT64_MAX) }, 0 },
    { "RUN-6", HASHES, { OF(BLOCKS, 1, 56, 8, 1000) }, 0 },
    { "RUN-7", HASHES, { AT(CUT_BLOCK, 0, 0, 0) }, 0 },
    { "BLOCK-4", HASHES, { OF(STORED, 0, 0, 0, 0) }, 0 },
    { "BLOCK-4", HASHES, { OF(STORED, 2, 4, 1, 0) }, 0 },
    { "TRAILER-2", HASHES, { OF(TRAILERS, 1, 4, 0, 0) }, 0 },
    { "TRAILER-1", NOTHING, { OF(TRAILERS, 1, 16, 0, 0) }, 0 },
    { "DATA-1", NOTHING, { OF(STORED, 1, 0, 0, 0) }, 0 },
    { "NONE", HASHES, { OF(BLOCKS, 1, 56, 8, 0) }, 0 },
    /* the maximum allowed: no rule is broken */
    { "NONE", HASHES, { IN(VALUES, "Scroll", 13, 3, 8) }, 0 },
    { "NONE", HASHES, { AT(COMMIT, 48, 8, INT64_MAX) }, 0 },
    { "NONE", HASHES, { AT(INDEX, 5 * 16, 4, (1u << 30) - 2) }, 0 },
    { "NONE", HASHES, { AT(INDEX, 5 * 16, 4, (1u << 30) - 1), AT(FREE, 0, 4, 0), AT(COMMIT, 32, 8, 0) }, 0 },
    { "NONE", HASHES, { AT(SESSIONS, 0, 8, (1ull << 60) - 1) }, 0 },
    { "NONE", HASHES, { AT(RETIRED, 0, 4, (1u << 30) - 3) }, 0 },
    { "NONE", HASHES, { IN(VALUES, "Mixed", 8, 4, 8), IN(VALUES, "Mixed", 12, 4, 2) }, 0 },
    { "NONE",
      COPIES,
      { OF(TABLES, 0, 8, 4, 0), OF(RUNS, 0, 20, 4, 2), OF(RUNS, 1, 20, 4, 2), OF(RUNS, 2, 20, 4, 2) },
      0 },
    { "NONE", COPIES, { OF(TABLES, 1, 8, 4, 20) }, 0 },
};

const size_t break_count = sizeof(breakages) / sizeof(breakages[0]);

const char *break_rule(size_t number)
{
    return breakages[number].rule;
}

static uint32_t type_number(const struct file_parts *parts, const char *name)
{
    uint32_t number = 0;
    for (; number + 1 < parts->type_count; number++) {
        const uint64_t text = parts_type(parts, number) + sizeof(struct type_record);
        if (parts_get32(parts, text) == strlen(name) && memcmp(parts->bytes + text + 4, name, strlen(name)) == 0)
            break;
    }
    return number;
}

/* The record of a run: the first of the kind and, if it is not FORMAT_NONE, of the table and type. */
static uint64_t run_record(const struct file_parts *parts, uint32_t kind, uint32_t table, uint32_t type)
{
    for (uint32_t i = 0; i < parts->run_count; i++) {
        const uint64_t run = parts_run(parts, i);
        if (parts_get32(parts, run) == kind &&
            (table == FORMAT_NONE || parts_get32(parts, run + offsetof(struct run_record, table)) == table) &&
            (type == FORMAT_NONE || parts_get32(parts, run + offsetof(struct run_record, type)) == type))
            return run;
    }
    return 0;
}

/* Where its bytes lie. */
static uint64_t run_bytes(const struct file_parts *parts, uint32_t kind, uint32_t table, uint32_t type)
{
    const uint64_t run = run_record(parts, kind, table, type);
    return run ? parts_get64(parts, run + offsetof(struct run_record, offset)) : 0;
}

/* The record of the n-th block of all; its segment is selected then. */
static uint64_t find_block(struct file_parts *parts, uint32_t number)
{
    for (uint32_t i = 0; parts_select(parts, i); i++) {
        if (number < parts->run_count)
            return parts_run(parts, number);
        number -= parts->run_count;
    }
    return 0;
}

static uint64_t place_in_blocks(struct file_parts *parts, const struct patch *patch)
{
    const uint64_t record = patch->place == BLOCKS || patch->place == STORED ? find_block(parts, patch->number) : 0;
    if (!record)
        (void)parts_select(parts, patch->place == CUT_BLOCK ? parts->segment_count - 1 : patch->number);
    switch (patch->place) {
    case COMMIT_OF_BLOCKS:
        return parts->commit;
    case SEGMENTS:
        return parts->segment;
    case PROLOGUES:
        return parts->prologue;
    case TRAILERS:
        return parts->trailer;
    case STORED:
        return parts_get64(parts, record + offsetof(struct block_record, offset));
    default:
        return record;
    }
}

static uint64_t place_of_run(const struct file_parts *parts, const struct patch *patch)
{
    switch (patch->place) {
    case VALUES:
        return run_bytes(parts, RUN_VALUES, FORMAT_NONE, type_number(parts, patch->type));
    case HEAP:
        return run_bytes(parts, RUN_HEAP, FORMAT_NONE, type_number(parts, patch->type));
    case HEAP_RUN:
        return run_record(parts, RUN_HEAP, FORMAT_NONE, type_number(parts, patch->type));
    case HANDLES:
        return run_bytes(parts, RUN_HANDLES, patch->number, FORMAT_NONE);
    case INDEX:
        return run_bytes(parts, RUN_INDEX, FORMAT_NONE, FORMAT_NONE);
    case IDS:
        return run_bytes(parts, RUN_IDS, FORMAT_NONE, FORMAT_NONE);
    default: /* ATTACHED */
        return parts_get64(parts, parts_run(parts, parts->run_count - 1) + offsetof(struct run_record, offset));
    }
}

static uint64_t place_of(struct file_parts *parts, const struct patch *patch)
{
    if (patch->place >= COMMIT_OF_BLOCKS)
        return place_in_blocks(parts, patch);
    if (patch->place >= VALUES && patch->place <= ATTACHED)
        return place_of_run(parts, patch);
    const uint64_t names[] = {
        [FOOTER] = parts->footer,
        [COMMIT] = parts->commit,
        [SEGMENT] = parts->segments,
        [SESSIONS] = parts->sessions,
        [FREE] = parts->free_counts,
        [RETIRED] = parts->free_counts + align_up(sizeof(le32), 8),
        [PROLOGUE] = parts->prologue,
        [RECORDS] = parts->records,
        [TRAILER] = parts->trailer,
        [DATA] = parts->data,
        [BEFORE_DATA] = parts->data - 1,
        [BEFORE_FOOTER] = parts->footer - 1,
        [CUT_RUN] = 0,
    };
    const uint64_t type = patch->type ? parts_type(parts, type_number(parts, patch->type)) : 0;
    switch (patch->place) {
    case TYPE:
        return type;
    case FIELD:
        return type + sizeof(struct type_record) + format_string_bytes(strlen(patch->type));
    case TYPES:
        return parts_type(parts, patch->number);
    case TABLES:
        return parts_table(parts, patch->number);
    case ROWS:
        return parts->row_counts + patch->number * sizeof(le64);
    case META:
        return parts_meta(parts, patch->number);
    case FILE_META:
        return parts_file_meta(parts, patch->number);
    case RUNS:
        return parts_run(parts, patch->number);
    default:
        return names[patch->place];
    }
}

static void apply_patch(struct file_parts *parts, const struct patch *patch)
{
    const uint64_t at = place_of(parts, patch) + patch->offset;
    if (patch->place == CUT_AT_ROWS) {
        parts_put64(parts, parts->footer + offsetof(struct file_footer, commit_size),
                    parts->row_counts - parts->commit);
    } else if (patch->place == CUT_RUN || patch->place == CUT_BLOCK) {
        const uint64_t size = parts->prologue_end - parts->prologue - parts->run_bytes;
        parts_put64(parts, parts->segment + offsetof(struct segment_record, prologue_size), size);
        parts_put64(parts, parts->prologue + offsetof(struct segment_header, size), size);
        parts_put32(parts, parts->prologue + offsetof(struct segment_header, run_count), parts->run_count - 1);
    } else if (patch->place != NOWHERE && patch->width == 0) {
        parts->bytes[at] ^= 1;
    } else if (patch->place != NOWHERE) {
        const le64 value = le64_make(patch->value);
        memcpy(parts->bytes + at, &value, patch->width);
    }
}

bool break_is_in_blocks(size_t number)
{
    return breakages[number].patches[0].place >= COMMIT_OF_BLOCKS;
}

size_t break_file(size_t number, uint8_t *bytes, size_t size)
{
    const struct breakage *breakage = &breakages[number];
    struct file_parts parts;
    parts_find(&parts, bytes, size);
    for (size_t i = 0; i < sizeof(breakage->patches) / sizeof(breakage->patches[0]); i++)
        apply_patch(&parts, &breakage->patches[i]);
    if (breakage->repair == HASHES)
        parts_repair_hashes(bytes, size);
    if (breakage->repair == COPIES)
        parts_repair(bytes, size);
    if (breakage->repair == ENDS)
        parts_repair_ends(&parts);
    return breakage->keep_bytes ? (size_t)breakage->keep_bytes : size;
}
