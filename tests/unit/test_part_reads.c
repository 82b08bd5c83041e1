/*
 * What a part of a file costs: a load reads the pieces that have some of it, and no others; a resume touches no page
 * beside it. So damage elsewhere does not matter, and damage in what is read is found.
 */
#include "part_fixture.h"

#include <fcntl.h>

static pecs_registry *registry;
static pecs_snapshot *snapshot;

enum { ROWS = 400000, OTHER_ROWS = 200000 };

/* Two tables; their columns take from 200 KB to 12.8 MB, so that pieces have parts of several, and columns many. */
static void set_up(void)
{
    enter_folder();
    registry = profiles_registry();
    pecs_world *world = world_of(registry, NULL, 0);
    void *positions = rows_of(ROWS * sizeof(Position)), *links = calloc(ROWS, sizeof(Link));
    void *teams = rows_of(ROWS), *healths = rows_of(OTHER_ROWS * sizeof(Health));
    spawn_rows(world,
               (pecs_value[]){ { Position_component, sizeof(Position), positions },
                               { Link_component, sizeof(Link), links },
                               { Team_component, 1, teams } },
               3, ROWS);
    spawn_rows(world,
               (pecs_value[]){ { Health_component, sizeof(Health), healths }, { Link_component, sizeof(Link), links } },
               2, OTHER_ROWS);
    free(positions);
    free(links);
    free(teams);
    free(healths);
    snapshot = take(world);
    pecs_world_destroy(world);
}

static void strike(void)
{
    pecs_snapshot_release(snapshot);
    pecs_registry_release(registry);
    assert_no_leak();
    leave_folder();
}

TestSuite(part_reads, .init = set_up, .fini = strike, .timeout = 120);

/* The numbers of a run or a block, of a file with either. */
struct run_place {
    uint32_t kind, table, type;
    uint64_t offset, size;
};

static bool is_compressed(const struct memory_file *file)
{
    struct file_header header;
    memcpy(&header, file->bytes, sizeof(header));
    return le64_load(header.required_features) & FEATURE_SEGMENTS;
}

static struct run_place run_place_of(const uint8_t *record, bool is_block)
{
    struct run_record run;
    struct block_record block;
    memcpy(&run, record, sizeof(run));
    if (is_block)
        memcpy(&block, record, sizeof(block));
    return (struct run_place){ le32_load(run.kind), le32_load(run.table), le32_load(run.type),
                               is_block ? le64_load(block.offset) : le64_load(run.offset),
                               is_block ? le64_load(block.size) : le64_load(run.size) };
}

/* The file's number of a type, from the commit, and what else is read beside the data. */
struct outline {
    uint64_t commit_offset, commit_size, segment_offset;
    uint32_t segment_count, numbers[PROFILED_TYPE_COUNT];
};

static struct outline outline_of(const struct memory_file *file)
{
    const uint8_t *bytes = file->bytes;
    struct file_footer footer;
    struct commit_header commit;
    struct outline outline;
    memcpy(&footer, bytes + file->size - sizeof(footer), sizeof(footer));
    outline.commit_offset = le64_load(footer.commit_offset);
    outline.commit_size = le64_load(footer.commit_size);
    memcpy(&commit, bytes + outline.commit_offset, sizeof(commit));
    outline.segment_count = le32_load(commit.segment_count);
    uint64_t at = outline.commit_offset + sizeof(commit);
    for (uint32_t i = 0; i < le32_load(commit.type_count); i++) {
        struct type_record type;
        memcpy(&type, bytes + at, sizeof(type));
        const char *name = (const char *)bytes + at + sizeof(type) + sizeof(le32);
        for (uint32_t j = 0; j < PROFILED_TYPE_COUNT; j++)
            if (strncmp(name, profiled_types[j]->name, strlen(profiled_types[j]->name)) == 0)
                outline.numbers[j] = i;
        at += le32_load(type.size);
    }
    for (uint32_t i = 0; i < le32_load(commit.table_count); i++) {
        struct table_record table;
        memcpy(&table, bytes + at, sizeof(table));
        at += format_table_bytes(le32_load(table.component_count));
    }
    outline.segment_offset = at + le32_load(commit.table_count) * sizeof(le64);
    return outline;
}

/* Whether a run is of the index, of handles of tables that are read, or of a type's values there. */
typedef bool is_read_function(const struct outline *outline, const struct run_place *run);

/* A segment, and its run records or block records. */
struct segment_place {
    uint64_t data, data_end, other_bytes, trailer_bytes;
    const uint8_t *records;
    size_t record_bytes;
    uint32_t run_count;
    bool is_block;
};

static struct segment_place segment_of(const struct memory_file *file, const struct outline *outline, uint32_t number)
{
    const uint8_t *bytes = file->bytes;
    struct segment_record record;
    struct segment_header header;
    struct segment_place segment = { .is_block = is_compressed(file) };
    memcpy(&record, bytes + outline->segment_offset + number * sizeof(record), sizeof(record));
    memcpy(&header, bytes + le64_load(record.offset), sizeof(header));
    segment.data = le64_load(header.data_offset);
    segment.data_end = segment.data + le64_load(header.data_size);
    segment.other_bytes = le64_load(record.prologue_size);
    segment.trailer_bytes = le64_load(record.trailer_size);
    segment.record_bytes = segment.is_block ? sizeof(struct block_record) : sizeof(struct run_record);
    segment.run_count = le32_load(header.run_count);
    segment.records = bytes + le64_load(record.offset) + segment.other_bytes - sizeof(le64) -
                      segment.run_count * segment.record_bytes;
    return segment;
}

static struct run_place run_at(const struct segment_place *segment, uint32_t number)
{
    return run_place_of(segment->records + number * segment->record_bytes, segment->is_block);
}

/* Whether bytes from `start` to `end` - 1 have any of what is read. */
static bool has_some(const struct outline *outline, const struct segment_place *segment, uint64_t start, uint64_t end,
                     is_read_function *is_read)
{
    bool has = false;
    for (uint32_t i = 0; i < segment->run_count; i++) {
        const struct run_place run = run_at(segment, i);
        has |= is_read(outline, &run) && run.offset < end && run.offset + run.size > start;
    }
    return has;
}

/* The bytes of the pieces of a segment in which something lies that is read, with the trailer if there are any. */
static uint64_t count_of_segment(const struct outline *outline, const struct segment_place *segment,
                                 is_read_function *is_read)
{
    uint64_t count = 0;
    for (uint64_t start = segment->data, end; start < segment->data_end; start = end) {
        end = min_u64(segment->data_end, (start / FORMAT_PIECE + 1) * FORMAT_PIECE);
        count += has_some(outline, segment, start, end, is_read) ? end - start : 0;
    }
    return segment->other_bytes + count + (count ? segment->trailer_bytes : 0);
}

static uint64_t count_needed(const struct memory_file *file, is_read_function *is_read)
{
    const struct outline outline = outline_of(file);
    uint64_t count = sizeof(struct file_header) + sizeof(struct file_footer) + outline.commit_size;
    for (uint32_t i = 0; i < outline.segment_count; i++) {
        const struct segment_place segment = segment_of(file, &outline, i);
        count += count_of_segment(&outline, &segment, is_read);
    }
    return count;
}

static bool reads_index(const struct outline *outline, const struct run_place *run)
{
    (void)outline;
    return run->kind == RUN_INDEX;
}

static bool reads_teams(const struct outline *outline, const struct run_place *run)
{
    return reads_index(outline, run) || run->kind == RUN_HANDLES ||
           (run->kind == RUN_VALUES && run->type == outline->numbers[Team_component]);
}

/* The part without the first table, which has the rows. */
static bool reads_second(const struct outline *outline, const struct run_place *run)
{
    return reads_index(outline, run) ||
           (run->table == 1 && (run->kind == RUN_HANDLES || run->type == outline->numbers[Link_component]));
}

static bool has_other_rows(void *user, const pecs_type *const *types, size_t type_count, uint64_t entity_count)
{
    (void)user, (void)types, (void)type_count;
    return entity_count == OTHER_ROWS;
}

static bool wants_none(void *user, const pecs_type *const *types, size_t type_count, uint64_t entity_count)
{
    (void)types, (void)type_count, (void)entity_count;
    ++*(unsigned *)user;
    return false;
}

static const pecs_type *const teams[] = { &Team_type }, *const links[] = { &Link_type };

/* A source that counts what is read. */
struct counted {
    const struct memory_file *file;
    _Atomic uint64_t count;
};

static pecs_status counted_size(void *user, uint64_t *ret_size_bytes, pecs_error *error)
{
    (void)error;
    *ret_size_bytes = ((const struct counted *)user)->file->size;
    return PECS_OK;
}

static pecs_status counted_read_at(void *user, uint64_t offset, void *bytes, size_t size_bytes, size_t *ret_size,
                                   pecs_error *error)
{
    struct counted *counted = user;
    (void)error;
    must(offset <= counted->file->size && size_bytes <= counted->file->size - offset);
    memcpy(bytes, (const uint8_t *)counted->file->bytes + offset, size_bytes);
    counted->count += size_bytes;
    *ret_size = size_bytes;
    return PECS_OK;
}

static pecs_snapshot *load_counted(const struct memory_file *file, const pecs_part *part, uint64_t *ret_count)
{
    struct counted counted = { file, 0 };
    const pecs_source source = { .size = counted_size, .read_at = counted_read_at, .user = &counted };
    const pecs_load_options options = { .part = part, .thread_count = 2 };
    pecs_snapshot *loaded = NULL;
    pecs_error error;
    cr_assert_eq(pecs_snapshot_load_from(registry, &source, &options, &loaded, &error), PECS_OK, "%s", error.message);
    *ret_count = counted.count;
    return loaded;
}

static void expect_bytes(const struct memory_file *file, const pecs_part *part, is_read_function *is_read,
                         uint64_t percent)
{
    uint64_t count;
    pecs_snapshot *loaded = load_counted(file, part, &count);
    const uint64_t needed = count_needed(file, is_read);
    cr_assert_eq(count, needed, "%llu bytes are read where %llu are needed", (unsigned long long)count,
                 (unsigned long long)needed);
    cr_assert(count < file->size * percent / 100, "%llu of %zu bytes", (unsigned long long)count, file->size);
    pecs_snapshot_release(loaded);
}

static void expect_all_bytes(const pecs_save_options *options)
{
    struct memory_file file = save_in_memory(snapshot, options);
    unsigned count = 0;
    expect_bytes(&file, &(pecs_part){ .types = teams, .type_count = 1 }, reads_teams, 80);
    expect_bytes(&file, &(pecs_part){ .types = links, .type_count = 1, .wants_table = has_other_rows }, reads_second,
                 70);
    expect_bytes(&file, &(pecs_part){ .wants_table = wants_none, .user = &count }, reads_index, 60);
    cr_assert_eq(count, 2, "the function is called for each table with entities");
    pecs_memory_release(file.bytes);
}

Test(part_reads, the_pieces_that_are_needed)
{
    expect_all_bytes(&(pecs_save_options){ .skip_check = false });
}

Test(part_reads, the_pieces_that_are_needed_of_a_compressed_file)
{
    const pecs_save_options options = profile_options(PECS_PROFILE_FAST, 1);
    expect_all_bytes(&options);
}

/*
 * Memory for what blocks hold: of Team, 400 KB, where the whole would take 50 MB; the pool takes it in blocks of up to
 * 8 MiB.
 */
Test(part_reads, memory_for_the_blocks_that_are_read)
{
    const pecs_save_options options = profile_options(PECS_PROFILE_FAST, 1);
    const pecs_part part = { .types = teams, .type_count = 1 };
    struct memory_file file = save_in_memory(snapshot, &options);
    uint64_t count;
    const uint64_t before = counting.live_bytes;
    pecs_snapshot *loaded = load_counted(&file, &part, &count);
    const uint64_t most = (size_t)(ROWS + OTHER_ROWS) * (sizeof(struct record) + sizeof(pecs_entity)) + ROWS;
    cr_assert(counting.live_bytes - before < most + 8 * 1024 * 1024, "%llu bytes",
              (unsigned long long)(counting.live_bytes - before));
    cr_assert_null(state_table(loaded, 0)->runs->image->base, "nothing lies in the file, whose memory is kept");
    pecs_snapshot_release(loaded);
    pecs_memory_release(file.bytes);
}

/* Changes a byte. Returns whether a load of the part finds it. */
static bool is_found(const struct memory_file *file, uint64_t at, const pecs_part *part)
{
    const pecs_load_options options = { .part = part };
    uint8_t *bytes = file->bytes;
    pecs_snapshot *loaded = NULL;
    pecs_error error = { .rule = "" };
    bytes[at] ^= 1;
    const pecs_status status = pecs_snapshot_load_memory(registry, bytes, file->size, &options, &loaded, &error);
    bytes[at] ^= 1;
    cr_assert(status ? strcmp(error.rule, "DATA-1") == 0 : loaded != NULL, "%s %s", error.rule, error.message);
    pecs_snapshot_release(loaded);
    return status == PECS_E_CORRUPT;
}

/* Of each byte that is changed, whether the part is still loaded: only those of pieces that are read matter. */
Test(part_reads, damage_elsewhere_does_not_matter)
{
    const pecs_part part = { .types = teams, .type_count = 1 };
    struct memory_file file = save_in_memory(snapshot, NULL);
    const struct outline outline = outline_of(&file);
    const struct segment_place segment = segment_of(&file, &outline, 0);
    unsigned counts[2] = { 0, 0 };
    for (uint64_t at = segment.data + 100; at < segment.data_end; at += FORMAT_PIECE / 2) {
        const uint64_t piece = at / FORMAT_PIECE * FORMAT_PIECE;
        const bool is_needed = has_some(&outline, &segment, piece, piece + FORMAT_PIECE, reads_teams);
        cr_assert_eq(is_found(&file, at, &part), is_needed, "byte %llu", (unsigned long long)at);
        counts[is_needed]++;
    }
    cr_assert(counts[0] > 2 && counts[1] > 2, "%u and %u", counts[0], counts[1]);
    pecs_memory_release(file.bytes);
}

/* Whether a page of this process is in memory; -1: the system does not say. */
static int page_is_present(int pagemap, const uint8_t *address, size_t page_bytes)
{
    uint64_t entry;
    const off_t at = (off_t)((uintptr_t)address / page_bytes * sizeof(entry));
    return pread(pagemap, &entry, sizeof(entry), at) == sizeof(entry) ? (int)(entry >> 63) : -1;
}

/* The pages of a mapped file that are in the process's memory. */
static size_t count_pages(const struct image *image, uint64_t first, uint64_t end)
{
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    const int pagemap = open("/proc/self/pagemap", O_RDONLY);
    size_t count = 0;
    for (uint64_t at = first; at < end; at += page)
        count += page_is_present(pagemap, image->bytes + at, page) == 1;
    close(pagemap);
    return count;
}

static bool says_pages(void)
{
    static volatile uint8_t touched[2 * 65536] = { 1 };
    const int pagemap = open("/proc/self/pagemap", O_RDONLY);
    touched[65536] = 1;
    const int present = page_is_present(pagemap, (const uint8_t *)touched + 65536, (size_t)sysconf(_SC_PAGESIZE));
    close(pagemap);
    return present == 1;
}

/* Where the values of a type in a table lie. */
static struct run_place place_of(const struct memory_file *file, uint32_t table, pecs_component type)
{
    const struct outline outline = outline_of(file);
    const struct segment_place segment = segment_of(file, &outline, 0);
    struct run_place found = { .kind = 0 };
    for (uint32_t i = 0; i < segment.run_count; i++) {
        const struct run_place run = run_at(&segment, i);
        if (run.kind == RUN_VALUES && run.table == table && run.type == outline.numbers[type])
            found = run;
    }
    must(found.kind == RUN_VALUES);
    return found;
}

/* A resume of a part whose tables stay apart reads no row; nor does what reads a component touch others. */
Test(part_reads, a_resume_touches_no_other_pages)
{
    enum { AROUND = 2 * 1024 * 1024 }; /* the kernel may map so much around a page that is touched */
    const pecs_resume_options options = { .part = &(pecs_part){ .types = teams, .type_count = 1 } };
    const pecs_save_options plain = { .skip_sync = true };
    pecs_snapshot *resumed = NULL;
    uint64_t sum = 0;
    if (!says_pages())
        cr_skip_test("the system does not say which pages are in memory");
    save_as(snapshot, "world.pecs", &plain);
    struct memory_file file = save_in_memory(snapshot, &plain);
    cr_assert_eq(pecs_snapshot_resume(registry, "world.pecs", &options, &resumed, NULL), PECS_OK);
    const struct table *table = state_table(resumed, 0);
    const struct image *image = table->runs->image;
    cr_assert_eq(count_pages(image, AROUND, file.size - AROUND), 0, "the resume has read data");
    for (uint64_t row = 0; row < table->row_count; row++)
        sum += *(const uint8_t *)table_value(table, archetype_column(table->archetype, Team_component), row);
    const struct run_place run = place_of(&file, 0, Team_component);
    cr_assert(sum > 0 && count_pages(image, run.offset, run.offset + run.size) >= run.size / 4096 - 1);
    cr_assert_eq(count_pages(image, AROUND, run.offset - AROUND), 0);
    cr_assert_eq(count_pages(image, run.offset + run.size + AROUND, file.size - AROUND), 0);
    pecs_memory_release(file.bytes);
    pecs_snapshot_release(resumed);
}
