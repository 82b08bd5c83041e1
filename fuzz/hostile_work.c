/*
 * Files designed to be slow: sets of components and names whose hashes fall into one bucket, short descriptions of
 * types with millions of elements, wide tables, many segments. Loading one and making a world of it takes at most a few
 * times as long as for an ordinary file of the same length, and its length bounds memory; reading it in parts takes at
 * most a few times as long as that. Prints the times.
 *
 *     hostile_work [TABLE_COUNT]
 */
#include "hostile_work.h"

#include "bytes.h"
#include "file_parts.h"
#include "fuzz_common.h"
#include "fuzz_worlds.h"
#include "hash.h"

#include <pecs/row_stream.h>

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { TYPE_COUNT = 1024, SET_SIZE = 4, TABLE_COUNT = 40000, NAME_COUNT = 4096, NAME_SIZE = 8, RATIO_MAX = 8 };

struct blob {
    uint8_t *bytes;
    size_t size, capacity;
};

static void append(struct blob *blob, const void *bytes, size_t size)
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

static void append32(struct blob *blob, uint32_t number)
{
    const le32 value = le32_make(number);
    append(blob, &value, sizeof(value));
}

static void append_string(struct blob *blob, const char *text, size_t size)
{
    append32(blob, (uint32_t)size);
    append(blob, text, size);
    append(blob, NULL, align_up(size, 4) - size);
}

/* A type whose id is its number plus 1; its fields follow its name. */
static void append_type(struct blob *blob, uint32_t number, uint32_t value_size, uint32_t align,
                        const struct blob *fields, uint32_t field_count)
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

static void append_table(struct blob *blob, uint32_t number, const uint32_t *types, uint32_t count)
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

/* Which segments a file has. */
struct segment_plan {
    uint32_t count;       /* that have tables */
    uint32_t empty_count; /* behind them */
    bool shares_types;    /* not only the first one has types */
};

/* A file without rows. */
static struct blob make_segments(const struct blob *types, uint32_t type_count, const struct blob *tables,
                                 uint32_t table_count, const struct segment_plan *plan)
{
    static const struct records none;
    const uint32_t segment_count = plan->count + plan->empty_count;

    const struct records records = { types->bytes, tables->bytes, types->size, tables->size, type_count, table_count };
    const uint64_t features = FEATURE_HEAP | (segment_count > 1 ? FEATURE_SEGMENTS : 0);
    struct blob file = { NULL, 0, 0 }, segments = { NULL, 0, 0 };
    append(&file,
           &(struct file_header){
               .magic = "PECS", .version = le32_make(FORMAT_VERSION), .required_features = le64_make(features) },
           sizeof(struct file_header));
    for (uint32_t i = 0; i < segment_count; i++) {
        const struct records own =
            i < plan->count ? records_of_segment(&records, i, plan->count, plan->shares_types) : none;
        const struct segment_record segment = append_segment(&file, &own, i);
        append(&segments, &segment, sizeof(segment));
    }
    const uint64_t commit = file.size;
    append_commit(&file, &records, &segments);
    free(segments.bytes);
    const uint64_t commit_size = file.size - commit, footer = align_up(file.size, FORMAT_PAGE);
    append(&file, NULL, footer - file.size);
    append(&file,
           &(struct file_footer){ .magic = "PECSFOOT",
                                  .offset = le64_make(footer),
                                  .commit_offset = le64_make(commit),
                                  .commit_size = le64_make(commit_size) },
           sizeof(struct file_footer));
    FUZZ_CHECK(parts_repair_hashes(file.bytes, file.size), "the file's parts");
    return file;
}

static struct blob make_file(const struct blob *types, uint32_t type_count, const struct blob *tables,
                             uint32_t table_count)
{
    return make_segments(types, type_count, tables, table_count, &(struct segment_plan){ .count = 1 });
}

/* The hash term of a type in a registry without types, where "pecs.id" is component 0. */
static uint64_t mixed(uint32_t type)
{
    return mix_u64((uint64_t)type + 2);
}

/* Sets of four types: the first ones in order, or those for which the lowest 17 bits of the sum are 0. */
static uint32_t append_sets(struct blob *tables, uint32_t count, bool collide)
{
    enum { BITS = 17, PAIR_COUNT = TYPE_COUNT * (TYPE_COUNT - 1) / 2 };
    uint32_t made = 0;
    uint32_t *heads = calloc(1u << BITS, sizeof(*heads)), *next = calloc(PAIR_COUNT + 1, sizeof(*next));
    uint32_t(*pairs)[2] = calloc(PAIR_COUNT + 1, sizeof(*pairs));
    FUZZ_CHECK(heads && next && pairs, "memory");
    for (uint32_t c = 0, pair = 1; c < TYPE_COUNT; c++)
        for (uint32_t d = c + 1; d < TYPE_COUNT; d++, pair++) {
            uint32_t *head = &heads[(mixed(c) + mixed(d)) & ((1u << BITS) - 1)];
            pairs[pair][0] = c, pairs[pair][1] = d;
            next[pair] = *head, *head = pair;
        }
    for (uint32_t a = 0; a < TYPE_COUNT && made < count; a++)
        for (uint32_t b = a + 1; b < TYPE_COUNT && made < count; b++) {
            uint32_t pair = collide ? heads[-(mixed(a) + mixed(b)) & ((1u << BITS) - 1)] : 0;
            for (; pair && made < count; pair = next[pair])
                if (pairs[pair][0] > b)
                    append_table(tables, made++, (uint32_t[]){ a, b, pairs[pair][0], pairs[pair][1] }, SET_SIZE);
            for (uint32_t c = b + 1; !collide && c + 1 < TYPE_COUNT && made < count; c++)
                append_table(tables, made++, (uint32_t[]){ a, b, c, c + 1 }, SET_SIZE);
        }
    free(heads);
    free(next);
    free(pairs);
    return made;
}

double cpu_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static double read_seconds; /* of the last file, by a stream reader */

/* A stream reader takes at most some times as long as a load, or refuses what has to be loaded. */
static void time_reader(const char *path, double load_seconds)
{
    const pecs_stream_reader_options options = { .skip_unknown = true };
    read_seconds = 1e9;
    for (int i = 0; i < 3; i++) {
        pecs_stream_reader *reader;
        pecs_rows rows = { .row_count = 1 };
        pecs_error error;
        fuzz_memory_begin(FUZZ_EDIT_BYTES);
        pecs_registry *registry = fuzz_registry(FUZZ_NO_TYPES);
        const double begin = cpu_seconds();
        pecs_status status = pecs_stream_reader_open(registry, path, &options, &reader, &error);
        FUZZ_CHECK(!status, error.message);
        while (!status && rows.row_count)
            status = pecs_stream_reader_next(reader, &rows, &error);
        const double seconds = cpu_seconds() - begin;
        read_seconds = seconds < read_seconds ? seconds : read_seconds;
        FUZZ_CHECK(!status || status == PECS_E_UNSUPPORTED, error.message);
        pecs_stream_reader_close(reader);
        pecs_registry_release(registry);
        fuzz_memory_end();
    }
    FUZZ_CHECK(read_seconds < RATIO_MAX * load_seconds + 0.02, "a stream reader is slower than a load");
}

double time_load_bytes(const uint8_t *bytes, size_t size, uint64_t table_count)
{
    const char *path = fuzz_write("input", bytes, size);
    double best = 1e9;
    for (int i = 0; i < 3; i++) {
        pecs_summary summary;
        pecs_world *world;
        fuzz_memory_begin(FUZZ_EDIT_BYTES);
        pecs_registry *registry = fuzz_registry(FUZZ_NO_TYPES);
        const double begin = cpu_seconds();
        pecs_snapshot *snapshot = fuzz_open(FUZZ_LOAD, registry, path, size, NULL);
        FUZZ_CHECK(snapshot, "the file is whole");
        FUZZ_CHECK(pecs_world_create(registry, snapshot, NULL, &world, NULL) == PECS_OK, "a world");
        const double seconds = cpu_seconds() - begin;
        best = seconds < best ? seconds : best;
        pecs_view_summary(pecs_snapshot_view(snapshot), &summary);
        FUZZ_CHECK(summary.table_count == table_count, "tables");
        pecs_world_destroy(world);
        pecs_snapshot_release(snapshot);
        pecs_registry_release(registry);
        fuzz_memory_end();
    }
    time_reader(path, best);
    return best;
}

static double time_load(const struct blob *file, uint64_t table_count)
{
    return time_load_bytes(file->bytes, file->size, table_count);
}

void report_times(const char *what, uint64_t count, size_t size, double usual, double hostile)
{
    printf("%llu %s, %.2f MB: usual %.1f ms, hostile %.1f ms, in parts %.1f ms, memory %.1f MB\n",
           (unsigned long long)count, what, (double)size / 1e6, usual * 1e3, hostile * 1e3, read_seconds * 1e3,
           (double)fuzz_open_peak() / 1e6);
    fflush(stdout);
    FUZZ_CHECK(hostile < RATIO_MAX * usual + 0.02, what);
}

static void report(const char *what, uint64_t count, const struct blob *file, double usual, double hostile)
{
    report_times(what, count, file->size, usual, hostile);
}

/* Tables in so many segments, with ordinary sets of components and with those whose hashes collide. */
static void try_tables(uint32_t count, uint32_t segment_count)
{
    const struct segment_plan plan = { .count = segment_count };
    struct blob types = { NULL, 0, 0 };
    double seconds[2];
    for (uint32_t i = 0; i < TYPE_COUNT; i++)
        append_type(&types, i, 0, 1, NULL, 0);
    for (int collide = 0; collide < 2; collide++) {
        struct blob tables = { NULL, 0, 0 };
        FUZZ_CHECK(append_sets(&tables, count, collide) == count, "as many sets");
        struct blob file = make_segments(&types, TYPE_COUNT, &tables, count, &plan);
        seconds[collide] = time_load(&file, count);
        if (collide)
            report(segment_count > 1 ? "tables in segments" : "tables", count, &file, seconds[0], seconds[1]);
        free(tables.bytes);
        free(file.bytes);
    }
    free(types.bytes);
}

/* Four times as many segments take four times as long, with or without tables or types that are new in them. */
static void try_segments(void)
{
    enum { FEW = 256, MANY = 4 * FEW, BRINGS_NOTHING = 0, BRINGS_TABLES, BRINGS_TYPES }; /* FUZZ_HELD_BYTES bounds it */
    static const char *const names[] = { "segments", "segments, a table each", "segments, a type each" };
    for (int brings = BRINGS_NOTHING; brings <= BRINGS_TYPES; brings++) {
        struct blob types = { NULL, 0, 0 }, tables = { NULL, 0, 0 };
        double seconds[2];
        for (uint32_t i = 0; i < TYPE_COUNT; i++)
            append_type(&types, i, 0, 1, NULL, 0);
        for (int many = 0; many < 2; many++) {
            const uint32_t segments = many ? MANY : FEW, count = brings == BRINGS_TABLES ? segments : 0;
            const struct segment_plan plan = { .count = segments, .shares_types = brings == BRINGS_TYPES };
            tables.size = 0;
            FUZZ_CHECK(append_sets(&tables, count, false) == count, "as many sets");
            struct blob file = make_segments(&types, TYPE_COUNT, &tables, count, &plan);
            seconds[many] = time_load(&file, count);
            if (many)
                report(names[brings], MANY, &file, seconds[0] * MANY / FEW, seconds[1]);
            free(file.bytes);
        }
        free(types.bytes);
        free(tables.bytes);
    }
}

/* Segments that are empty, behind one with all tables. */
static void try_empty_segments(void)
{
    enum { COUNT = 1500, EMPTY_TABLES = 16000 };
    struct blob types = { NULL, 0, 0 }, tables = { NULL, 0, 0 };
    double seconds[2];
    for (uint32_t i = 0; i < TYPE_COUNT; i++)
        append_type(&types, i, 0, 1, NULL, 0);
    FUZZ_CHECK(append_sets(&tables, EMPTY_TABLES, false) == EMPTY_TABLES, "as many sets");
    for (int has_empty = 0; has_empty < 2; has_empty++) {
        const struct segment_plan plan = { .count = 1, .empty_count = has_empty ? COUNT : 0 };
        struct blob file = make_segments(&types, TYPE_COUNT, &tables, EMPTY_TABLES, &plan);
        seconds[has_empty] = time_load(&file, EMPTY_TABLES);
        if (has_empty)
            report("empty segments", COUNT, &file, seconds[0], seconds[1]);
        free(file.bytes);
    }
    free(types.bytes);
    free(tables.bytes);
}

/* An enum whose names are numbers, all of them or those whose hashes end in zeros. */
static struct blob enum_field(bool collide)
{
    const struct field_record record = {
        .kind = le32_make(PECS_ENUM),
        .size = le32_make(4),
        .count = le32_make(1),
        .child_count = le32_make(NAME_COUNT),
    };
    struct blob field = { NULL, 0, 0 };
    append(&field, &record, sizeof(record));
    append_string(&field, "f", 1);
    for (uint32_t number = 0, made = 0; made < NAME_COUNT; number++) {
        char name[NAME_SIZE + 1];
        snprintf(name, sizeof(name), "%08x", number);
        if (collide && hash64(name, NAME_SIZE) & (2 * NAME_COUNT - 1))
            continue;
        append_string(&field, name, NAME_SIZE);
        made++;
    }
    return field;
}

static void try_names(void)
{
    const struct blob no_tables = { NULL, 0, 0 };
    double seconds[2];
    for (int collide = 0; collide < 2; collide++) {
        struct blob field = enum_field(collide), types = { NULL, 0, 0 };
        append_type(&types, 0, 4, 4, &field, 1);
        struct blob file = make_file(&types, 1, &no_tables, 0);
        seconds[collide] = time_load(&file, 0);
        if (collide)
            report("names of an enum", NAME_COUNT, &file, seconds[0], seconds[1]);
        free(field.bytes);
        free(types.bytes);
        free(file.bytes);
    }
}

/* Types with a short description of `count` structs that contain only padding. */
static struct blob padding_types(uint32_t type_count, uint32_t count)
{
    const struct field_record outer = {
        .kind = le32_make(PECS_STRUCT),
        .size = le32_make(count),
        .count = le32_make(count),
        .child_count = le32_make(1),
        .child_align = le32_make(1),
    };
    const struct field_record inner = { .kind = le32_make(PECS_PADDING), .size = le32_make(1), .count = le32_make(1) };
    struct blob field = { NULL, 0, 0 }, types = { NULL, 0, 0 };
    append(&field, &outer, sizeof(outer));
    append_string(&field, "f", 1);
    append(&field, &inner, sizeof(inner));
    append_string(&field, "", 0);
    for (uint32_t i = 0; i < type_count; i++)
        append_type(&types, i, count, 1, &field, 1);
    free(field.bytes);
    return types;
}

static void try_padding(void)
{
    enum { PADDED_COUNT = 64, ELEMENT_COUNT = 16 << 20 };
    const struct blob no_tables = { NULL, 0, 0 };
    double seconds[2];
    for (int many = 0; many < 2; many++) {
        struct blob types = padding_types(PADDED_COUNT, many ? ELEMENT_COUNT : 1);
        struct blob file = make_file(&types, PADDED_COUNT, &no_tables, 0);
        seconds[many] = time_load(&file, 0);
        if (many)
            report("types of 16 MiB of padding", PADDED_COUNT, &file, seconds[0], seconds[1]);
        free(types.bytes);
        free(file.bytes);
    }
}

static void append_field(struct blob *blob, const char *name, struct field_record record)
{
    append(blob, &record, sizeof(record));
    append_string(blob, name, strlen(name));
}

/* Types with a short description of a thousand gaps each, and another field. fuzz_open checks their memory. */
static void try_holes(void)
{
    enum { HOLE_COUNT = 1023 };
    const le32 one = le32_make(1);
    const struct blob no_tables = { NULL, 0, 0 };
    struct blob types = { NULL, 0, 0 }, fields = { NULL, 0, 0 };
    append_field(&fields, "s",
                 (struct field_record){ .kind = le32_make(PECS_STRUCT),
                                        .size = le32_make(2 * HOLE_COUNT),
                                        .count = le32_make(HOLE_COUNT),
                                        .child_count = le32_make(2),
                                        .child_align = one });
    append_field(&fields, "b", (struct field_record){ .kind = le32_make(PECS_BOOL), .size = one, .count = one });
    append_field(&fields, "",
                 (struct field_record){ .kind = le32_make(PECS_PADDING), .offset = one, .size = one, .count = one });
    append_field(&fields, "e",
                 (struct field_record){
                     .kind = le32_make(PECS_U8), .offset = le32_make(2 * HOLE_COUNT), .size = one, .count = one });
    for (uint32_t i = 0; i < TYPE_COUNT; i++)
        append_type(&types, i, 2 * HOLE_COUNT + 1, 1, &fields, 2);
    struct blob file = make_file(&types, TYPE_COUNT, &no_tables, 0);
    const double seconds = time_load(&file, 0);
    printf("%d types of %d holes, %.2f MB: %.1f ms, memory %.1f MB\n", (int)TYPE_COUNT, (int)HOLE_COUNT,
           (double)file.size / 1e6, seconds * 1e3, (double)fuzz_open_peak() / 1e6);
    free(types.bytes);
    free(fields.bytes);
    free(file.bytes);
}

/* Types of a thousand lists each, whose elements are types of their own. fuzz_open checks their memory. */
static void try_lists(void)
{
    enum { LIST_COUNT = 1000, LISTED_COUNT = 64 };
    const le32 one = le32_make(1), eight = le32_make(8);
    const struct blob no_tables = { NULL, 0, 0 };
    struct blob types = { NULL, 0, 0 }, fields = { NULL, 0, 0 };
    for (uint32_t i = 0; i < LIST_COUNT; i++) {
        char name[8];
        snprintf(name, sizeof(name), "%03x", i);
        append_field(&fields, name,
                     (struct field_record){ .kind = le32_make(PECS_LIST),
                                            .offset = le32_make(8 * i),
                                            .size = eight,
                                            .count = one,
                                            .child_count = one });
        append_field(&fields, "element",
                     (struct field_record){ .kind = le32_make(PECS_BOOL), .size = one, .count = one });
    }
    for (uint32_t i = 0; i < LISTED_COUNT; i++)
        append_type(&types, i, 8 * LIST_COUNT, 8, &fields, LIST_COUNT);
    struct blob file = make_file(&types, LISTED_COUNT, &no_tables, 0);
    const double seconds = time_load(&file, 0);
    printf("%d types of %d lists, %.2f MB: %.1f ms, memory %.1f MB\n", (int)LISTED_COUNT, (int)LIST_COUNT,
           (double)file.size / 1e6, seconds * 1e3, (double)fuzz_open_peak() / 1e6);
    free(types.bytes);
    free(fields.bytes);
    free(file.bytes);
}

/* Tables of all types: 4 bytes of the file become a column in memory. fuzz_open checks how much they take. */
static void try_wide(void)
{
    enum { WIDE_COUNT = 300 };
    struct blob types = { NULL, 0, 0 }, tables = { NULL, 0, 0 }, field = { NULL, 0, 0 };
    uint32_t list[TYPE_COUNT];
    append(&field, &(struct field_record){ .kind = le32_make(PECS_U8), .size = le32_make(1), .count = le32_make(1) },
           sizeof(struct field_record));
    append_string(&field, "f", 1);
    for (uint32_t i = 0; i < TYPE_COUNT; i++)
        append_type(&types, i, 1, 1, &field, 1);
    for (uint32_t i = 0; i < WIDE_COUNT; i++) {
        uint32_t count = 0;
        for (uint32_t type = 0; type < TYPE_COUNT; type++)
            if (type != i)
                list[count++] = type;
        append_table(&tables, i, list, count);
    }
    struct blob file = make_file(&types, TYPE_COUNT, &tables, WIDE_COUNT);
    const double seconds = time_load(&file, WIDE_COUNT);
    printf("%d tables of %d components, %.2f MB: %.1f ms, memory %.1f MB\n", (int)WIDE_COUNT, TYPE_COUNT - 1,
           (double)file.size / 1e6, seconds * 1e3, (double)fuzz_open_peak() / 1e6);
    free(types.bytes);
    free(tables.bytes);
    free(field.bytes);
    free(file.bytes);
}

int main(int argc, char **argv)
{
    try_wide();
    const uint32_t table_count = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : TABLE_COUNT;
    try_tables(table_count, 1);
    try_tables(TABLE_COUNT, 512);
    try_segments();
    try_empty_segments();
    try_names();
    try_padding();
    try_holes();
    try_lists();
    try_blocks();
    return 0;
}
