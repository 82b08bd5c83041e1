#include "hostile_file.h"

#include "bytes.h"
#include "file_parts.h"
#include "fuzz_common.h"
#include "hash.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void append(struct blob *blob, const void *bytes, size_t size)
{
    while (blob->size + size > blob->capacity) {
        blob->capacity = 2 * blob->capacity + 4096;
        blob->bytes = realloc(blob->bytes, blob->capacity);
        FUZZ_CHECK(blob->bytes, "memory");
    }
    if (bytes)
        memcpy(blob->bytes + blob->size, bytes, size);
    else
        memset(blob->bytes + blob->size, 0, size);
    blob->size += size;
}

void append32(struct blob *blob, uint32_t number)
{
    const le32 value = le32_make(number);
    append(blob, &value, sizeof(value));
}

void append_string(struct blob *blob, const char *text, size_t size)
{
    append32(blob, (uint32_t)size);
    append(blob, text, size);
    append(blob, NULL, align_up(size, 4) - size);
}

void append_type(struct blob *blob, uint32_t number, uint32_t value_size, uint32_t align, const struct blob *fields,
                 uint32_t field_count)
{
    char name[5];
    snprintf(name, sizeof(name), "t%03x", number & 0xfff);
    const size_t size = align_up(sizeof(struct type_record) + 8 + (fields ? fields->size : 0), 8);
    const struct type_record record = {
        .size = le32_make((uint32_t)size),
        .number = le32_make(number),
        .id = { (uint8_t)((number + 1) >> 8), (uint8_t)(number + 1) },
        .version = le32_make(1),
        .value_size = le32_make(value_size),
        .value_align = le32_make(align),
        .field_count = le32_make(field_count),
    };
    const size_t begin = blob->size;
    append(blob, &record, sizeof(record));
    append_string(blob, name, 4);
    if (fields)
        append(blob, fields->bytes, fields->size);
    append(blob, NULL, begin + size - blob->size);
}

void append_table(struct blob *blob, uint32_t number, const uint32_t *types, uint32_t count)
{
    const size_t begin = blob->size;
    append32(blob, number);
    append32(blob, 0);
    append32(blob, 10);
    append32(blob, count);
    for (uint32_t i = 0; i < count; i++)
        append32(blob, types[i]);
    append(blob, NULL, begin + format_table_bytes(count) - blob->size);
}

/* The records of types and tables, which a commit has, and a segment those that are new in it. */
struct records {
    const uint8_t *types, *tables;
    uint64_t types_size, tables_size;
    uint32_t type_count, table_count;
};

static uint64_t records_size(const struct records *records)
{
    return records->types_size + records->tables_size;
}

static void append_records(struct blob *blob, const struct records *records)
{
    append(blob, records->types, records->types_size);
    append(blob, records->tables, records->tables_size);
}

/* The n-th of so many shares of records of one size each. */
static void take_share(const uint8_t **records, uint64_t *size, uint32_t *count, uint32_t number, uint32_t shares)
{
    const uint32_t first = (uint32_t)((uint64_t)*count * number / shares);
    const uint32_t end = (uint32_t)((uint64_t)*count * (number + 1) / shares);
    const uint64_t one = *count ? *size / *count : 0;
    if (first)
        *records += first * one;
    *size = (end - first) * one;
    *count = end - first;
}

/* Those of the segment of a number: its share of the tables; the first one has all types, or each its share. */
static struct records records_of_segment(const struct records *all, uint32_t number, uint32_t segment_count,
                                         bool shares_types)
{
    struct records own = *all;
    take_share(&own.tables, &own.tables_size, &own.table_count, number, segment_count);
    if (shares_types)
        take_share(&own.types, &own.types_size, &own.type_count, number, segment_count);
    else if (number)
        own.types_size = own.type_count = 0;
    return own;
}

/* A segment without rows: its prologue, and a trailer where its data would begin. */
static struct segment_record append_segment(struct blob *file, const struct records *records, uint32_t number)
{
    append(file, NULL, align_up(file->size, FORMAT_ALIGN) - file->size);
    const uint64_t begin = file->size;
    const uint64_t prologue_size = sizeof(struct segment_header) + records_size(records) + sizeof(le64);
    const uint64_t data = align_up(begin + prologue_size, FORMAT_PAGE);
    append(file,
           &(struct segment_header){ .magic = "PSEG",
                                     .sequence = le32_make(number),
                                     .size = le64_make(prologue_size),
                                     .data_offset = le64_make(data),
                                     .type_count = le32_make(records->type_count),
                                     .table_count = le32_make(records->table_count),
                                     .piece_bytes = le32_make(FORMAT_PIECE) },
           sizeof(struct segment_header));
    append_records(file, records);
    const le64 checksum = le64_make(hash64(file->bytes + begin, (size_t)(prologue_size - sizeof(le64))));
    append(file, &checksum, sizeof(checksum));
    append(file, NULL, data - file->size);
    append(file, &(struct trailer_header){ .magic = "PTRL", .sequence = le32_make(number) },
           sizeof(struct trailer_header));
    append(file, NULL, align_up(data + format_trailer_bytes(0), FORMAT_ALIGN) - file->size);
    return (struct segment_record){ .offset = le64_make(begin),
                                    .prologue_size = le64_make(prologue_size),
                                    .trailer_offset = le64_make(data),
                                    .trailer_size = le64_make(format_trailer_bytes(0)) };
}

static void append_commit(struct blob *file, const struct records *records, const struct blob *segments)
{
    const uint32_t segment_count = (uint32_t)(segments->size / sizeof(struct segment_record));
    append(file,
           &(struct commit_header){ .magic = "PCMT",
                                    .type_count = le32_make(records->type_count),
                                    .table_count = le32_make(records->table_count),
                                    .segment_count = le32_make(segment_count),
                                    .singleton_table = le32_make(FORMAT_NONE),
                                    .tick = le64_make(1) },
           sizeof(struct commit_header));
    append_records(file, records);
    append(file, NULL, records->table_count * sizeof(le64));
    append(file, segments->bytes, segments->size);
}

struct blob make_segments(const struct blob *types, uint32_t type_count, const struct blob *tables,
                          uint32_t table_count, const struct segment_plan *plan)
{
    struct blob wrong = { NULL, 0, 0 };
    const uint32_t segment_count = plan->count + plan->empty_count;

    append_table(&wrong, 0, NULL, 0); /* a number that is taken */
    const struct records no_more = { NULL, wrong.bytes, 0, plan->are_bad ? wrong.size : 0, 0, plan->are_bad };
    const struct records records = { types->bytes, tables->bytes, types->size, tables->size, type_count, table_count };
    const uint64_t features = FEATURE_HEAP | (segment_count > 1 ? FEATURE_SEGMENTS : 0);
    struct blob file = { NULL, 0, 0 }, segments = { NULL, 0, 0 };
    append(&file,
           &(struct file_header){
               .magic = "PECS", .version = le32_make(FORMAT_VERSION), .required_features = le64_make(features) },
           sizeof(struct file_header));
    for (uint32_t i = 0; i < segment_count; i++) {
        const struct records own =
            i < plan->count ? records_of_segment(&records, i, plan->count, plan->shares_types) : no_more;
        const struct segment_record segment = append_segment(&file, &own, i);
        append(&segments, &segment, sizeof(segment));
    }
    const uint64_t commit = file.size;
    append_commit(&file, &records, &segments);
    free(segments.bytes);
    free(wrong.bytes);
    const uint64_t commit_size = file.size - commit, footer = align_up(file.size, FORMAT_PAGE);
    append(&file, NULL, footer - file.size);
    append(&file,
           &(struct file_footer){ .magic = "PECSFOOT",
                                  .offset = le64_make(footer),
                                  .commit_offset = le64_make(commit),
                                  .commit_size = le64_make(commit_size) },
           sizeof(struct file_footer));
    FUZZ_CHECK(parts_repair_hashes(file.bytes, file.size), "the file's parts");
    file.size -= plan->are_bad ? sizeof(struct file_footer) : 0;
    return file;
}

struct blob make_file(const struct blob *types, uint32_t type_count, const struct blob *tables, uint32_t table_count)
{
    return make_segments(types, type_count, tables, table_count, &(struct segment_plan){ .count = 1 });
}
