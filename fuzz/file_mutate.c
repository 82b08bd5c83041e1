/*
 * A mutation changes a few numbers of the file, inserts or removes whole records using the padding between sections,
 * lets rows share their contents, or lets the library edit the world; then it clears gaps, repairs hashes and mostly
 * also redundant fields. So most inputs pass the checksums and break one deep rule, or none.
 */
#include "file_mutate.h"

#include "codec_filter.h"
#include "file_parts.h"
#include "fuzz_worlds.h"

#include <stdlib.h>
#include <zstd.h>

enum { HELD_MAX = 1 << 20 }; /* bytes of a block that is changed */

struct span {
    uint64_t begin, end;
};

/* A random part of the file; small parts are as likely as large ones. */
static struct span pick_span(const struct file_parts *parts, struct random *random, bool with_data)
{
    const struct span ends[] = {
        { 0, sizeof(struct file_header) },
        { parts->footer, parts->footer + sizeof(struct file_footer) },
        { parts->commit, parts->commit + sizeof(struct commit_header) },
    };
    const struct span inner[] = {
        { parts->types, parts->tables },         { parts->tables, parts->row_counts },
        { parts->row_counts, parts->segments },  { parts->segments, parts->sessions },
        { parts->sessions, parts->free_counts }, { parts->free_counts, parts->metadata },
        { parts->metadata, parts->commit_end },  { parts->prologue, parts->records },
        { parts->records, parts->runs },         { parts->runs, parts->prologue_end },
        { parts->trailer, parts->trailer_end },  { parts->data, parts->data_end },
        { parts->data, parts->data_end },        { parts->data, parts->data_end },
        { parts->data, parts->data_end },
    };
    const size_t inner_count = sizeof(inner) / sizeof(inner[0]) - (with_data ? 0 : 4);
    struct span span = { 0, parts->size };
    if (parts->depth >= PARTS_DATA && !random_once_in(random, 4))
        span = inner[random_below(random, inner_count)];
    else if (parts->depth >= PARTS_ENDS)
        span = ends[random_below(random, 3)];
    return span.begin < span.end && span.end <= parts->size ? span : (struct span){ 0, parts->size };
}

static uint64_t interesting(struct random *random, uint64_t old)
{
    static const uint64_t numbers[] = {
        0,          1,          2,          3,          7,           8,         9,          63,
        64,         65,         255,        4095,       4096,        4097,      0x3fffffff, 0x40000000,
        0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff, 0x100000000, INT64_MAX, 1ull << 63, UINT64_MAX - 1,
        UINT64_MAX,
    };
    switch (random_below(random, 5)) {
    case 4: /* a reference to more or to less, or to what lies beside it */
        return old + (uint64_t)(random_once_in(random, 2) ? 1 : -1) * (random_once_in(random, 2) ? 1ull << 40 : 4);
    case 0:
        return old + 1;
    case 1:
        return old - 1;
    case 2:
        return old ^ (uint64_t)1 << random_below(random, 64);
    default:
        return numbers[random_below(random, sizeof(numbers) / sizeof(numbers[0]))];
    }
}

/* Changes a byte or number of a span, or copies one from the other span. */
static void change_within(struct file_parts *parts, struct random *random, struct span span, struct span other)
{
    const uint64_t at = span.begin + (random_below(random, span.end - span.begin) & ~(uint64_t)3);
    const uint64_t from = other.begin + (random_below(random, other.end - other.begin) & ~(uint64_t)3);
    switch (random_below(random, 8)) {
    case 6:
        parts_put64(parts, at & ~(uint64_t)7, parts_get64(parts, from & ~(uint64_t)7)); /* a reference, a size */
        break;
    case 0:
        parts->bytes[span.begin + random_below(random, span.end - span.begin)] ^=
            (uint8_t)(1 << random_below(random, 8));
        break;
    case 1:
        parts->bytes[span.begin + random_below(random, span.end - span.begin)] = (uint8_t)random_next(random);
        break;
    case 2:
        parts_put32(parts, at, parts_get32(parts, from));
        break;
    case 3:
        parts_put64(parts, at, interesting(random, parts_get64(parts, at)));
        break;
    default:
        parts_put32(parts, at, (uint32_t)interesting(random, parts_get32(parts, at)));
    }
}

static void change_number(struct file_parts *parts, struct random *random, bool with_data)
{
    const struct span span = pick_span(parts, random, with_data);
    change_within(parts, random, span, pick_span(parts, random, with_data));
}

/* Inserts `size` zero bytes into the commit at `at`. False: there is no room. */
static bool insert_in_commit(struct file_parts *parts, uint64_t at, uint64_t size)
{
    if (at < parts->commit || at > parts->commit_end || size > parts->footer - parts->commit_end)
        return false;
    memmove(parts->bytes + at + size, parts->bytes + at, (size_t)(parts->commit_end - at));
    memset(parts->bytes + at, 0, (size_t)size);
    const uint64_t bytes = parts->commit_end + size - parts->commit;
    parts_put64(parts, parts->footer + offsetof(struct file_footer, commit_size), bytes);
    parts->commit_end += size;
    return true;
}

static bool insert_in_prologue(struct file_parts *parts, uint64_t at, uint64_t size)
{
    if (at < parts->prologue || at > parts->prologue_end || size > parts->data - parts->prologue_end)
        return false;
    memmove(parts->bytes + at + size, parts->bytes + at, (size_t)(parts->prologue_end - at));
    memset(parts->bytes + at, 0, (size_t)size);
    parts->prologue_end += size;
    parts_put64(parts, parts->segment + offsetof(struct segment_record, prologue_size),
                parts->prologue_end - parts->prologue);
    return true;
}

static void remove_from_prologue(struct file_parts *parts, uint64_t at, uint64_t size)
{
    memmove(parts->bytes + at, parts->bytes + at + size, (size_t)(parts->prologue_end - at - size));
    parts_put64(parts, parts->segment + offsetof(struct segment_record, prologue_size),
                parts->prologue_end - size - parts->prologue);
}

static void bump32(struct file_parts *parts, uint64_t offset, uint32_t by)
{
    parts_put32(parts, offset, parts_get32(parts, offset) + by);
}

/* Appends a copy of a table's record, mostly with the other flag, without rows; the last segment brings it. */
static void add_table(struct file_parts *parts, struct random *random)
{
    const uint64_t from = parts_table(parts, (uint32_t)random_below(random, parts->table_count));
    if (!from || !parts_select(parts, parts->segment_count - 1))
        return;
    const uint64_t in_prologue = parts->runs;
    const uint64_t size = format_table_bytes(parts_get32(parts, from + offsetof(struct table_record, component_count)));
    if (size > parts->data - parts->prologue_end || size + sizeof(le64) > parts->footer - parts->commit_end ||
        !insert_in_prologue(parts, in_prologue, size) || !insert_in_commit(parts, parts->segments, sizeof(le64)) ||
        !insert_in_commit(parts, parts->row_counts, size))
        return;
    const uint64_t record = parts->row_counts;
    memcpy(parts->bytes + record, parts->bytes + from, (size_t)size);
    parts_put32(parts, record, parts->table_count);
    if (!random_once_in(random, 4))
        parts->bytes[record + offsetof(struct table_record, flags)] ^= TABLE_SINGLETONS;
    bump32(parts, parts->commit + offsetof(struct commit_header, table_count), 1);
}

/* Appends a copy of the last type with a slightly greater id, which the last segment brings. */
static void add_type(struct file_parts *parts, struct random *random)
{
    const uint64_t from = parts_type(parts, parts->type_count - 1);
    const uint64_t size = parts->tables - from;
    if (!from || !parts_select(parts, parts->segment_count - 1) || size > parts->data - parts->prologue_end ||
        !insert_in_prologue(parts, parts->records + (parts->types_end - parts->own_types), size) ||
        !insert_in_commit(parts, parts->tables, size))
        return;
    memcpy(parts->bytes + parts->tables, parts->bytes + from, (size_t)size);
    parts_put32(parts, parts->tables + offsetof(struct type_record, number), parts->type_count);
    parts->bytes[parts->tables + offsetof(struct type_record, id) + random_below(random, 16)]++;
    bump32(parts, parts->commit + offsetof(struct commit_header, type_count), 1);
}

static void change_runs(struct file_parts *parts, struct random *random)
{
    uint8_t record[sizeof(struct block_record)];
    const size_t size = parts->run_bytes;
    const uint64_t a = parts_run(parts, (uint32_t)random_below(random, parts->run_count));
    const uint64_t b = parts_run(parts, (uint32_t)random_below(random, parts->run_count));
    if (!a || !b)
        return;
    memcpy(record, parts->bytes + a, size);
    switch (random_below(random, 3)) {
    case 0:
        remove_from_prologue(parts, a, size);
        break;
    case 1:
        memmove(parts->bytes + a, parts->bytes + b, size);
        memcpy(parts->bytes + b, record, size);
        break;
    default:
        if (insert_in_prologue(parts, b, size))
            memcpy(parts->bytes + b, record, size);
    }
}

static void add_session(struct file_parts *parts, struct random *random)
{
    if (!insert_in_commit(parts, parts->free_counts, sizeof(le64)))
        return;
    parts_put64(parts, parts->free_counts, random_next(random) >> 4);
    bump32(parts, parts->commit + offsetof(struct commit_header, session_count), 1);
}

/* Appends a metadata record, whose key is greater than all others. */
static void add_metadata(struct file_parts *parts, struct random *random)
{
    const uint64_t key = 1 + random_below(random, 8), value = random_below(random, 24);
    const uint64_t size = format_meta_bytes(key, value), at = parts->commit_end;
    if (!insert_in_commit(parts, at, size))
        return;
    parts_put32(parts, at, 1 + (uint32_t)random_below(random, 2));
    parts_put32(parts, at + offsetof(struct meta_record, key_size), (uint32_t)key);
    parts_put64(parts, at + offsetof(struct meta_record, value_size), value);
    memset(parts->bytes + at + sizeof(struct meta_record), 'z', (size_t)key);
    for (uint64_t i = 0; i < value; i++)
        parts->bytes[at + sizeof(struct meta_record) + key + i] = (uint8_t)random_next(random);
    const uint64_t place = parts->commit + offsetof(struct commit_header, metadata_size);
    parts_put64(parts, place, parts_get64(parts, place) + size);
}

static void change_list(struct file_parts *parts, struct random *random)
{
    static void (*const changes[])(struct file_parts * parts, struct random * random) = { add_table, add_type,
                                                                                          change_runs, add_session,
                                                                                          add_metadata };
    if (parts->depth >= PARTS_DATA)
        changes[random_below(random, sizeof(changes) / sizeof(changes[0]))](parts, random);
}

/* Changes the bytes of a block, whose rows have row_bytes each. */
typedef void change_function(struct file_parts *parts, struct random *random, struct span block, uint64_t row_bytes);

static void change_numbers(struct file_parts *parts, struct random *random, struct span block, uint64_t row_bytes)
{
    (void)row_bytes;
    block.end -= sizeof(le64);
    for (uint64_t i = 1 + random_below(random, 3); i > 0; i--)
        change_within(parts, random, block, block);
}

/* Rows from one on get a number of it: the contents of one row, if that is a reference. */
static void repeat_number(struct file_parts *parts, struct random *random, struct span block, uint64_t row_bytes)
{
    if (row_bytes < sizeof(le64) || row_bytes > block.end - block.begin)
        return;
    const uint64_t row = random_below(random, (block.end - block.begin) / row_bytes);
    const uint64_t first = block.begin + row * row_bytes + 8 * random_below(random, row_bytes / 8);
    for (uint64_t at = first; at + sizeof(le64) <= block.end; at += row_bytes)
        parts_put64(parts, at, parts_get64(parts, first));
}

/* Changes what a compressed block holds, and stores it as another frame, if that fits before the next block. */
static void change_held(struct file_parts *parts, struct random *random, uint64_t record, change_function *change,
                        uint64_t row_bytes)
{
    const struct codec_filter filter = { parts_get32(parts, record + offsetof(struct block_record, filter)),
                                         parts_get32(parts, record + offsetof(struct block_record, stride)) };
    const uint64_t full_size = parts_get64(parts, record + offsetof(struct block_record, full_size));
    const uint64_t offset = parts_get64(parts, record + offsetof(struct block_record, offset));
    const uint64_t size = parts_get64(parts, record + offsetof(struct block_record, size));
    if (full_size < 2 * sizeof(le64) || full_size > HELD_MAX || !range_fits(offset, size, parts->data_end))
        return;
    uint64_t end = offset + size; /* zeros behind it are room */
    while (end < parts->data_end && !parts->bytes[end])
        end++;
    uint8_t *held = malloc(2 * (size_t)full_size), *filtered = held ? held + full_size : NULL;
    FUZZ_CHECK(held, "memory");
    const size_t found = ZSTD_decompress(filtered, (size_t)full_size, parts->bytes + offset, (size_t)size);
    if (found == full_size && (!filter.kind || codec_filter_is_valid(filter, filter.stride))) {
        if (filter.kind)
            codec_filter_undo(filter, filtered, (size_t)full_size, held);
        else
            memcpy(held, filtered, (size_t)full_size);
        struct file_parts inner = { .bytes = held, .size = full_size };
        change(&inner, random, (struct span){ 0, full_size }, row_bytes);
        if (filter.kind)
            codec_filter_apply(filter, held, (size_t)full_size, filtered);
        const int level = random_once_in(random, 2) ? 1 : 19;
        const size_t capacity = (size_t)(end - offset);
        uint8_t *frame = malloc(capacity);
        FUZZ_CHECK(frame, "memory");
        const size_t new_size = ZSTD_compress(frame, capacity, filter.kind ? filtered : held, (size_t)full_size, level);
        if (!ZSTD_isError(new_size)) {
            memset(parts->bytes + offset, 0, (size_t)size);
            memcpy(parts->bytes + offset, frame, new_size);
            parts_put64(parts, record + offsetof(struct block_record, size), new_size);
        }
        free(frame);
    }
    free(held);
}

/* Of a block of the selected segment: what it holds, or a byte of it as it is stored. */
static void change_block(struct file_parts *parts, struct random *random)
{
    const uint32_t number = (uint32_t)random_below(random, parts->run_count + 1);
    const uint64_t record = parts_run(parts, number);
    if (!record || parts->depth < PARTS_DATA)
        return;
    const struct parts_range range = parts_run_range(parts, number);
    const bool is_packed = parts_get32(parts, record + offsetof(struct block_record, codec)) == CODEC_ZSTD;
    if (is_packed && !random_once_in(random, 8))
        change_held(parts, random, record, change_numbers, 0);
    else if (range.size && range_fits(range.offset, range.size, parts->data_end))
        change_within(parts, random, (struct span){ range.offset, range.offset + range.size },
                      (struct span){ range.offset, range.offset + range.size });
}

/* The number of a column's run, in the selected segment, that has contents: a heap is right behind it. UINT32_MAX:
 * none. */
static uint32_t pick_column_with_heap(struct file_parts *parts, struct random *random)
{
    const uint32_t start = (uint32_t)random_below(random, parts->run_count + 1);
    for (uint32_t i = 0; parts->depth >= PARTS_DATA && i < parts->run_count; i++) {
        const uint32_t number = (start + i) % parts->run_count;
        const uint64_t values = parts_run(parts, number), heap = parts_run(parts, number + 1);
        if (values && heap && parts_get32(parts, values + offsetof(struct run_record, kind)) == RUN_VALUES &&
            parts_get32(parts, heap + offsetof(struct run_record, kind)) == RUN_HEAP)
            return number;
    }
    return UINT32_MAX;
}

/* Rows of a column share their contents. */
static void share_contents(struct file_parts *parts, struct random *random)
{
    const uint32_t number = pick_column_with_heap(parts, random);
    if (number == UINT32_MAX)
        return;
    const uint64_t record = parts_run(parts, number);
    const uint64_t type = parts_type(parts, parts_get32(parts, record + offsetof(struct run_record, type)));
    const uint32_t row_bytes = type ? parts_get32(parts, type + offsetof(struct type_record, value_size)) : 0;
    const struct parts_range range = parts_run_range(parts, number);
    if (parts_get32(parts, record + offsetof(struct run_record, codec)) == CODEC_ZSTD)
        change_held(parts, random, record, repeat_number, row_bytes);
    else if (range_fits(range.offset, range.size, parts->data_end))
        repeat_number(parts, random, (struct span){ range.offset, range.offset + range.size }, row_bytes);
}

/* Loads the file, edits the world and saves it, mostly as it was: in blocks or not. Returns the new size; 0: the file
 * was refused. */
static size_t edit_by_library(uint8_t *data, size_t size, size_t max_size, struct random *random, bool has_blocks)
{
    const char *path = fuzz_write("mutated", data, size);
    size_t new_size = 0;
    fuzz_memory_begin(FUZZ_EDIT_BYTES);
    pecs_registry *registry = fuzz_registry(FUZZ_KNOWN_TYPES);
    pecs_snapshot *snapshot;
    pecs_world *world;
    if (!pecs_snapshot_load(registry, path, &fuzz_loading, &snapshot, NULL)) {
        const pecs_world_options options = { .session_nonce = 1 + (random_next(random) >> 5) };
        if (!pecs_world_create(registry, snapshot, &options, &world, NULL)) {
            fuzz_edit(world, random, 4);
            pecs_save_options saving = fuzz_saving;
            if (random_once_in(random, 8) ? !has_blocks : has_blocks)
                saving.profile = PECS_PROFILE_FAST;
            if (!pecs_world_save(world, path, &saving, NULL)) {
                uint8_t *bytes = fuzz_read(path, &new_size);
                new_size = new_size <= max_size ? new_size : 0;
                memcpy(data, bytes, new_size);
                free(bytes);
            }
            pecs_world_destroy(world);
        }
        pecs_snapshot_release(snapshot);
    }
    pecs_registry_release(registry);
    fuzz_memory_end();
    return new_size;
}

/* Any segment; if it is not whole, the first. */
static void select_any(struct file_parts *parts, struct random *random)
{
    if (parts->depth == PARTS_DATA && !parts_select(parts, (uint32_t)random_below(random, parts->segment_count)))
        (void)parts_select(parts, 0);
}

/* Changes the data alone. What blocks hold is reached by right hashes only: a resume checks those of what it inflates.
 */
static void damage(struct file_parts *parts, struct random *random, bool has_blocks)
{
    const struct span data = { parts->data, parts->data_end };
    const bool is_inside = has_blocks && !random_once_in(random, 4);
    for (uint64_t i = 1 + random_below(random, 6); i > 0; i--) {
        if (is_inside)
            change_block(parts, random);
        else
            change_within(parts, random, data, data);
    }
    if (is_inside)
        parts_repair_hashes(parts->bytes, parts->size);
}

size_t file_mutate(uint8_t *data, size_t size, size_t max_size, unsigned seed, enum mutate_how how)
{
    struct random random = { seed };
    struct file_parts parts;
    if (random_once_in(&random, 16))
        size = LLVMFuzzerMutate(data, size, max_size);
    parts_find(&parts, data, size);
    const bool has_blocks = parts.depth == PARTS_DATA && parts_has_blocks(&parts);
    if (how == MUTATE_WORLD && random_once_in(&random, 8)) {
        const size_t edited = edit_by_library(data, size, max_size, &random, has_blocks);
        if (edited)
            return edited;
    }
    select_any(&parts, &random);
    if (how == MUTATE_DATA && parts.depth >= PARTS_DATA && parts.data < parts.data_end && parts.data_end <= size) {
        damage(&parts, &random, has_blocks);
        return size;
    }
    if (parts.depth == PARTS_NONE && size < sizeof(struct file_header) + sizeof(struct file_footer))
        return LLVMFuzzerMutate(data, size, max_size);
    if (how == MUTATE_WORLD && random_once_in(&random, 3)) {
        change_list(&parts, &random);
        parts_find(&parts, data, size);
        select_any(&parts, &random);
    }
    if (how == MUTATE_WORLD && random_once_in(&random, 4))
        share_contents(&parts, &random);
    if (how != MUTATE_PARTS && has_blocks && !random_once_in(&random, 3))
        change_block(&parts, &random);
    for (uint64_t i = random_below(&random, 3) + (how == MUTATE_PARTS); i > 0; i--)
        change_number(&parts, &random, how == MUTATE_WORLD);
    if (!random_once_in(&random, 16))
        parts_clear_gaps(data, size);
    const uint64_t repair = random_below(&random, 16);
    if (repair > 3)
        parts_repair(data, size);
    else if (repair > 0)
        parts_repair_hashes(data, size);
    return size;
}
