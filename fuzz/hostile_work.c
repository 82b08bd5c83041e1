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
#include "fuzz_common.h"
#include "fuzz_worlds.h"
#include "hash.h"
#include "hostile_file.h"
#include "layout.h"

#include <pecs/row_stream.h>
#include <pecs/salvage.h>

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { TYPE_COUNT = 1024, SET_SIZE = 4, TABLE_COUNT = 40000, NAME_COUNT = 4096, NAME_SIZE = 8, RATIO_MAX = 8 };

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

static double read_seconds;     /* of the last file, by a stream reader, */
static pecs_status read_status; /* and how that ended */

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
        read_status = status;
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
            report_times(segment_count > 1 ? "tables in segments" : "tables", count, file.size, seconds[0], seconds[1]);
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
                report_times(names[brings], MANY, file.size, seconds[0] * MANY / FEW, seconds[1]);
            free(file.bytes);
        }
        free(types.bytes);
        free(tables.bytes);
    }
}

/* A stream reader takes types from eight segments (row_stream.h), a load from any number. */
static void try_types(void)
{
    const struct blob no_tables = { NULL, 0, 0 };
    struct blob types = { NULL, 0, 0 };
    for (uint32_t i = 0; i < TYPE_COUNT; i++)
        append_type(&types, i, 0, 1, NULL, 0);
    for (uint32_t segments = 8; segments < 10; segments++) {
        const struct segment_plan plan = { .count = segments, .shares_types = true };
        struct blob file = make_segments(&types, TYPE_COUNT, &no_tables, 0, &plan);
        (void)time_load(&file, 0);
        FUZZ_CHECK(read_status == (segments > 8 ? PECS_E_UNSUPPORTED : PECS_OK), "types of eight segments");
        free(file.bytes);
    }
    free(types.bytes);
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
            report_times("empty segments", COUNT, file.size, seconds[0], seconds[1]);
        free(file.bytes);
    }
    free(types.bytes);
    free(tables.bytes);
}

/* Salvage of a file without a commit, whose tables are in its first segment, and whose others may be refused. */
static void try_salvage(void)
{
    enum { COUNT = 3000, SALVAGE_TABLES = 40000 };
    struct blob types = { NULL, 0, 0 }, tables = { NULL, 0, 0 };
    double seconds[2];
    for (uint32_t i = 0; i < TYPE_COUNT; i++)
        append_type(&types, i, 0, 1, NULL, 0);
    FUZZ_CHECK(append_sets(&tables, SALVAGE_TABLES, false) == SALVAGE_TABLES, "as many sets");
    for (int are_bad = 0; are_bad < 2; are_bad++) {
        const struct segment_plan plan = { .count = 1, .empty_count = COUNT, .are_bad = are_bad };
        struct blob file = make_segments(&types, TYPE_COUNT, &tables, SALVAGE_TABLES, &plan);
        const char *path = fuzz_write("input", file.bytes, file.size - (are_bad ? 0 : sizeof(struct file_footer)));
        pecs_error error;
        const double begin = cpu_seconds();
        const pecs_status status = pecs_salvage(path, "/nonexistent/output", NULL, NULL, &error);
        seconds[are_bad] = cpu_seconds() - begin;
        FUZZ_CHECK(status == PECS_E_CORRUPT, error.message); /* nothing is in it */
        if (are_bad)
            report_times("segments to salvage", COUNT, file.size, seconds[0], seconds[1]);
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
            report_times("names of an enum", NAME_COUNT, file.size, seconds[0], seconds[1]);
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
            report_times("types of 16 MiB of padding", PADDED_COUNT, file.size, seconds[0], seconds[1]);
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
    try_types();
    try_empty_segments();
    try_salvage();
    try_names();
    try_padding();
    try_holes();
    try_lists();
    try_blocks();
    return 0;
}
