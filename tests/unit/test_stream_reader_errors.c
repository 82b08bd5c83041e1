/*
 * What stream readers refuse: files that are cut or changed anywhere, sources that fail or lie, types that the registry
 * does not have, and what they would have to hold. What they give is what was written, or no end is reached.
 */
#define _GNU_SOURCE
#include "segment_fixture.h"
#include "stream_errors_fixture.h"

#include <pecs/metadata.h>

static struct memory_file small; /* written by a stream: of one part, of each kind of data */
static struct original written;  /* what it holds */
static pecs_snapshot *made;

static const pecs_value clock_value = { Name_component, sizeof(Name), &(Name){ 3, { 0 } } };

/* Each kind of data, in few rows. */
static void add_each_kind(struct twin *twin)
{
    const Door doors[3] = { { true, 1, "blue", { 0, 1 } }, { .owner = { 4, 1 } }, { .title = "sixsix" } };
    const Name names[2] = { { 1, pecs_string_of("Zoe, whose name is long") }, { 2, pecs_string_of("") } };
    const pecs_entity friends[] = { { 0, 1 }, { 6, 1 } };
    const Bag bags[2] = { { .friends = pecs_list_of(PECS_ARRAY(friends)) }, { .bytes = pecs_blob_of(NULL) } };
    const pecs_id ids[] = { id_of(4), id_of(2), id_of(3) };
    twin_add(twin, (pecs_value[]){ PECS_ROWS(Door, doors) }, 1, 3, ids);
    twin_add(twin, (pecs_value[]){ PECS_ROWS(Name, names), PECS_HAS(Frozen) }, 2, 2, NULL);
    twin_add(twin, (pecs_value[]){ PECS_ROWS(Bag, bags) }, 1, 2, NULL);
    twin_add(twin, NULL, 0, 3, NULL);
    must(pecs_stream_set_singleton(twin->stream, &clock_value, &error) == PECS_OK);
    must(pecs_builder_set_singleton(twin->builder, &clock_value, &error) == PECS_OK);
    must(pecs_stream_set_meta_text(twin->stream, "level", "seven", &error) == PECS_OK);
    must(pecs_builder_set_meta_text(twin->builder, "level", "seven", &error) == PECS_OK);
}

/* Ends both. The file is at the path; returns what the builder made. */
static pecs_snapshot *end_twin(struct twin *twin)
{
    pecs_snapshot *snapshot_of_builder = NULL;
    must(pecs_builder_finish(twin->builder, &snapshot_of_builder, &error) == PECS_OK);
    cr_assert_eq(pecs_stream_finish(twin->stream, NULL, &error), PECS_OK, "%s", error.message);
    pecs_stream_destroy(twin->stream);
    pecs_builder_destroy(twin->builder);
    return snapshot_of_builder;
}

static void set_up(void)
{
    refused_set_up();
    struct twin twin = twin_begin(registry, "small", &(pecs_stream_options){ .skip_sync = true, .wall_clock_ns = 5 });
    add_each_kind(&twin);
    made = end_twin(&twin);
    const struct file_bytes file = read_bytes("small");
    small = (struct memory_file){ file.bytes, file.size };
    written = original_of(made, &(pecs_save_options){ .skip_sync = true });
}

static void strike(void)
{
    free(small.bytes);
    pecs_memory_release(written.plain.bytes);
    pecs_snapshot_release(made);
    refused_strike();
}

TestSuite(stream_reader_errors, .init = set_up, .fini = strike);

/* Reads all rows into a builder. PECS_OK: the end was reached, and what the builder makes has the hash. */
static pecs_status read_from(const pecs_source *source, const pecs_stream_reader_options *options, uint64_t *ret_hash)
{
    const pecs_builder_options of_builder = { .session_nonce = STREAM_NONCE };
    pecs_stream_reader *reader = NULL;
    pecs_builder *builder = NULL;
    pecs_snapshot *read = NULL;
    pecs_rows rows = { .row_count = 1 };
    error = (pecs_error){ .message = "" };
    pecs_status status = pecs_stream_reader_open_from(registry, source, options, &reader, &error);
    must(!status == (reader != NULL));
    must(pecs_builder_create(registry, &of_builder, &builder, NULL) == PECS_OK);
    while (!status && rows.row_count) {
        const pecs_rows before = rows;
        status = pecs_stream_reader_next(reader, &rows, &error);
        must(!status || (memcmp(&rows, &before, sizeof(rows)) == 0 && error.status == status && error.message[0]));
        if (!status)
            must(pecs_builder_add(builder, &rows, NULL, NULL) == PECS_OK);
    }
    if (status && reader) {
        pecs_stream_end end;
        must(pecs_stream_reader_next(reader, &rows, NULL) == PECS_E_MISUSE);
        must(pecs_stream_reader_end(reader, &end, NULL) == PECS_E_MISUSE);
    }
    if (!status) {
        must(pecs_stream_reader_next(reader, &rows, NULL) == PECS_OK && !rows.row_count);
        take_end(builder, reader, made);
        must(pecs_builder_finish(builder, &read, NULL) == PECS_OK);
        *ret_hash = pecs_view_hash(pecs_snapshot_view(read));
    }
    pecs_snapshot_release(read);
    pecs_builder_destroy(builder);
    pecs_stream_reader_close(reader);
    return status;
}

static pecs_status read_bytes_of(const void *bytes, size_t size, enum feed_kind kind, uint64_t *ret_hash)
{
    struct feed feed = feed_of(bytes, size);
    feed.step = kind == ONE_WAY ? 1000 : 0;
    const pecs_source source = feed_source(&feed, kind);
    return read_from(&source, NULL, ret_hash);
}

static void expect_same_rows(const void *bytes, size_t size)
{
    for (int kind = 0; kind < KIND_COUNT; kind++) {
        uint64_t hash = 0;
        cr_assert_eq(read_bytes_of(bytes, size, (enum feed_kind)kind, &hash), PECS_OK, "%s: %s", kind_names[kind],
                     error.message);
        cr_assert_eq(hash, written.hash, "%s", kind_names[kind]);
    }
}

Test(stream_reader_errors, files_that_are_whole_are_read)
{
    expect_same_rows(small.bytes, small.size);
    expect_same_rows(written.plain.bytes, written.plain.size);
}

/* Damage. */

Test(stream_reader_errors, a_file_that_is_cut_has_no_end)
{
    const struct memory_file *const files[] = { &small, &written.plain };
    for (size_t i = 0; i < 2; i++)
        for (size_t size = 0; size < files[i]->size; size++) {
            uint64_t hash;
            const pecs_status status = read_bytes_of(files[i]->bytes, size, (enum feed_kind)(size % KIND_COUNT), &hash);
            cr_assert_eq(status, PECS_E_CORRUPT, "of %zu bytes: %s", size, pecs_status_name(status));
        }
}

/* Any byte: the reader refuses the file, or the byte has no meaning. */
static void flip_bytes(const struct memory_file *file, uint64_t expected_hash, size_t step)
{
    uint8_t *bytes = malloc(file->size);
    const uint8_t changes[] = { 1, 0x80, 0xff };
    memcpy(bytes, file->bytes, file->size);
    for (size_t at = 0; at < file->size; at += step)
        for (size_t i = 0; i < sizeof(changes); i++) {
            uint64_t hash = 0;
            bytes[at] ^= changes[i];
            const pecs_status status = read_bytes_of(bytes, file->size, MAPPED, &hash);
            bytes[at] ^= changes[i];
            cr_assert(status || hash == expected_hash, "byte %zu", at);
            cr_assert(!status || status == PECS_E_CORRUPT || status == PECS_E_UNSUPPORTED || status == PECS_E_LIMIT,
                      "byte %zu: %s", at, pecs_status_name(status));
            cr_assert(status, "byte %zu is in no hash", at);
        }
    free(bytes);
}

Test(stream_reader_errors, a_byte_that_changed_is_found)
{
    flip_bytes(&small, written.hash, 1);
    flip_bytes(&written.plain, written.hash, 1);
}

/* In files of several parts. */
static void flip_parts(pecs_profile profile, size_t rounds)
{
    enum { COUNT = 60000 };
    const pecs_stream_options options = { .skip_sync = true, .wall_clock_ns = 5, .profile = profile };
    struct twin twin = twin_begin(registry, "parts", &options);
    add_each_kind(&twin);
    for (size_t i = 0; i < rounds; i++) {
        const Name name = { i, pecs_string_of("a name in a part of its own") };
        twin_add(&twin, (pecs_value[]){ { Padded_component, sizeof(Padded), NULL } }, 1, COUNT, NULL);
        twin_add(&twin, (pecs_value[]){ PECS_ROWS(Name, &name) }, 1, 1, NULL);
        if (i == rounds / 2)
            twin_add(&twin, (pecs_value[]){ { Team_component, sizeof(Team), NULL } }, 1, 10, NULL);
    }
    pecs_snapshot *whole = end_twin(&twin);
    const struct file_bytes file = read_bytes("parts");
    flip_bytes(&(struct memory_file){ file.bytes, file.size }, pecs_view_hash(pecs_snapshot_view(whole)),
               file.size / 61 + 1);
    pecs_snapshot_release(whole);
    free(file.bytes);
}

Test(stream_reader_errors, a_byte_that_changed_in_a_file_of_parts)
{
    flip_parts(PECS_PROFILE_OFF, 8);
    flip_parts(PECS_PROFILE_FAST, 6);
}

Test(stream_reader_errors, what_is_no_file)
{
    uint64_t hash;
    uint8_t noise[5000];
    for (size_t i = 0; i < sizeof(noise); i++)
        noise[i] = (uint8_t)number_for(i);
    cr_assert_eq(read_bytes_of(noise, sizeof(noise), ONE_WAY, &hash), PECS_E_CORRUPT);
    cr_assert_eq(read_bytes_of(noise, 0, ONE_WAY, &hash), PECS_E_CORRUPT);
    cr_assert_eq(read_bytes_of(noise, 0, MAPPED, &hash), PECS_E_CORRUPT);
    pecs_stream_reader *reader = NULL;
    cr_assert_eq(pecs_stream_reader_open(registry, "nowhere", NULL, &reader, &error), PECS_E_IO);
    write_bytes("empty", "", 0);
    cr_assert_eq(pecs_stream_reader_open(registry, "empty", NULL, &reader, &error), PECS_E_CORRUPT);
    cr_assert_null(reader);
}

/* Sources. */

static pecs_status read_feed(struct feed *feed, enum feed_kind kind, const pecs_stream_reader_options *options)
{
    const pecs_source source = feed_source(feed, kind);
    uint64_t hash = 0;
    const pecs_status status = read_from(&source, options, &hash);
    must(status || hash == written.hash);
    return status;
}

Test(stream_reader_errors, a_source_that_fails)
{
    const pecs_status statuses[] = { PECS_E_IO, PECS_E_CANCELLED, PECS_E_MISUSE };
    for (int kind = 0; kind < KIND_COUNT; kind++)
        for (size_t at = 0; at < small.size; at += 101) {
            struct feed feed = feed_of(small.bytes, small.size);
            feed.fail_at = at;
            feed.fail_status = statuses[at % 3];
            feed.explains = true;
            cr_assert_eq(read_feed(&feed, (enum feed_kind)kind, NULL), feed.fail_status);
            cr_assert_str_eq(error.message, "the line is dead");
        }
}

Test(stream_reader_errors, a_source_that_lies)
{
    for (int kind = 0; kind < MAPPED; kind++) {
        struct feed feed = feed_of(small.bytes, small.size);
        feed.exceeds = true;
        cr_assert_eq(read_feed(&feed, (enum feed_kind)kind, NULL), PECS_E_MISUSE, "%s", kind_names[kind]);
    }
    struct feed longer = feed_of(small.bytes, small.size);
    longer.stated_size = small.size + 100;
    cr_assert_eq(read_feed(&longer, SIZED, NULL), PECS_E_CORRUPT);
    struct feed nothing = feed_of(small.bytes, small.size);
    nothing.stated_size = 0;
    cr_assert_eq(read_feed(&nothing, SIZED, NULL), PECS_E_CORRUPT);
    struct feed refuses = feed_of(small.bytes, small.size);
    refuses.size_status = PECS_E_IO;
    cr_assert_eq(read_feed(&refuses, SIZED, NULL), PECS_E_IO);
    struct feed endless = feed_of(small.bytes, small.size);
    endless.is_endless = true;
    cr_assert_eq(read_feed(&endless, ONE_WAY, &(pecs_stream_reader_options){ .max_held_bytes = 1 << 20 }),
                 PECS_E_LIMIT);
    cr_assert_eq(read_from(&(pecs_source){ .user = &endless }, NULL, &written.hash), PECS_E_MISUSE);
    cr_assert_eq(read_from(&(pecs_source){ .read_at = feed_read_at, .user = &endless }, NULL, &written.hash),
                 PECS_E_MISUSE);
}

/* With a size, the bytes behind the file are another's. */
Test(stream_reader_errors, no_byte_behind_the_size_is_read)
{
    uint8_t *bytes = malloc(2 * small.size);
    memcpy(bytes, small.bytes, small.size);
    memcpy(bytes + small.size, small.bytes, small.size);
    struct feed feed = feed_of(bytes, 2 * small.size);
    feed.stated_size = small.size;
    for (size_t i = 1; i < 3; i++) {
        cr_assert_eq(read_feed(&feed, SIZED, NULL), PECS_OK, "%s", error.message);
        cr_assert_eq(feed.at, i * small.size);
    }
    free(bytes);
}

/* Limits. */

Test(stream_reader_errors, no_more_is_held_than_it_may)
{
    size_t refused = 0;
    pecs_status status = PECS_E_LIMIT;
    for (uint64_t most = 1; status; most += 64, refused++) {
        struct feed feed = feed_of(small.bytes, small.size);
        status = read_feed(&feed, MAPPED, &(pecs_stream_reader_options){ .max_held_bytes = most });
        cr_assert(!status || status == PECS_E_LIMIT);
        cr_assert(!status || strstr(error.message, "max_held_bytes"), "%s", error.message);
        cr_assert_leq(most, small.size);
    }
    cr_assert_geq(refused, 10);
}

Test(stream_reader_errors, blocks_are_not_inflated_beyond_what_it_may_hold)
{
    const pecs_stream_options options = { .skip_sync = true, .profile = PECS_PROFILE_FAST };
    const pecs_stream_reader_options few = { .max_held_bytes = 2 << 20 };
    pecs_stream_reader *reader = NULL;
    pecs_stream *stream = NULL;
    pecs_rows rows;
    must(pecs_stream_create(registry, "zeros", &options, &stream, &error) == PECS_OK);
    must(add_value(stream, (pecs_value){ Padded_component, sizeof(Padded), NULL }, 100000, NULL) == PECS_OK);
    must(pecs_stream_finish(stream, NULL, &error) == PECS_OK);
    pecs_stream_destroy(stream);
    must(pecs_stream_reader_open(registry, "zeros", &few, &reader, &error) == PECS_OK);
    const uint64_t live_bytes = counting.live_bytes;
    counting.peak_bytes = live_bytes;
    pecs_status status;
    while (!(status = pecs_stream_reader_next(reader, &rows, &error)) && rows.row_count)
        ;
    cr_assert_eq(status, PECS_E_LIMIT);
    cr_assert_lt(counting.peak_bytes - live_bytes, 2 << 20);
    pecs_stream_reader_close(reader);
}

/* Types. */

static pecs_registry *registry_without(const pecs_type *left_out, const pecs_type *instead)
{
    const pecs_type *types[REFUSED_TYPE_COUNT];
    size_t count = 0;
    for (size_t i = 0; i < REFUSED_TYPE_COUNT; i++)
        if (refused_types[i] != left_out || instead)
            types[count++] = refused_types[i] == left_out ? instead : refused_types[i];
    return make_registry(types, count, counting_hooks);
}

/* The status of all calls up to the end; rows and doors are counted. */
static pecs_status count_rows(pecs_registry *of, const pecs_stream_reader_options *options, size_t *ret_rows,
                              size_t *ret_values)
{
    pecs_stream_reader *reader = NULL;
    pecs_rows rows = { .row_count = 1 };
    *ret_rows = *ret_values = 0;
    pecs_status status = pecs_stream_reader_open(of, "small", options, &reader, &error);
    while (!status && rows.row_count) {
        status = pecs_stream_reader_next(reader, &rows, &error);
        *ret_rows += status ? 0 : rows.row_count;
        *ret_values += status ? 0 : rows.row_count * rows.value_count;
    }
    pecs_stream_reader_close(reader);
    return status;
}

Test(stream_reader_errors, types_that_the_registry_lacks)
{
    const pecs_stream_reader_options skipping = { .skip_unknown = true };
    pecs_registry *other = registry_without(&Door_type, NULL);
    size_t row_count, value_count;
    cr_assert_eq(count_rows(other, NULL, &row_count, &value_count), PECS_E_UNSUPPORTED);
    cr_assert_not_null(strstr(error.message, "Door"), "%s", error.message);
    cr_assert_eq(row_count, 0);
    cr_assert_eq(count_rows(other, &skipping, &row_count, &value_count), PECS_OK, "%s", error.message);
    cr_assert_eq(row_count, 10);
    cr_assert_eq(value_count, 2 + 2 + 2, "names, tags and bags");
    cr_assert_eq(count_rows(registry, &skipping, &row_count, &value_count), PECS_OK, "%s", error.message);
    cr_assert_eq(value_count, 3 + 2 + 2 + 2);
    pecs_registry_release(other);
}

typedef struct {
    bool is_open;
} Flap;

/* "Door", of one version and of the next. */
Test(stream_reader_errors, types_of_another_layout)
{
    const pecs_field fields[] = { { .name = "is_open", .kind = PECS_BOOL, .count = 1, .size = 1 } };
    for (uint32_t version = 1; version < 3; version++) {
        const pecs_type other_door = {
            .name = "Door", .size = sizeof(Flap), .align = 1, .version = version, .fields = fields, .field_count = 1
        };
        pecs_registry *other = registry_without(&Door_type, &other_door);
        size_t row_count, value_count;
        for (int skips = 0; skips < 2; skips++) {
            const pecs_stream_reader_options options = { .skip_unknown = skips };
            cr_assert_eq(count_rows(other, &options, &row_count, &value_count), PECS_E_LAYOUT, "%s", error.message);
            cr_assert_not_null(strstr(error.message, "Door"), "%s", error.message);
            cr_assert_eq(row_count, 0);
        }
        pecs_registry_release(other);
    }
}

/* Other files. */

Test(stream_reader_errors, a_save_with_a_profile_has_no_whole_rows)
{
    for (size_t i = 0; i < COMPRESSING_COUNT; i++) {
        pecs_world *world = world_of(registry, NULL, 0);
        fill_many_rows(world);
        const pecs_save_options options = profile_options(compressing[i], 1);
        must(pecs_world_save(world, "packed", &options, &error) == PECS_OK);
        pecs_world_destroy(world);
        pecs_stream_reader *reader = NULL;
        pecs_rows rows;
        must(pecs_stream_reader_open(registry, "packed", NULL, &reader, &error) == PECS_OK);
        cr_assert_eq(pecs_stream_reader_next(reader, &rows, &error), PECS_E_UNSUPPORTED);
        cr_assert_str_eq(error.message,
                         "segment 1 has rows of some columns only, so the file cannot be read in parts: load it");
        pecs_stream_reader_close(reader);
    }
}

/* The calls of a reader. */

static bool has_text(pecs_bytes bytes, const char *text)
{
    return bytes.size_bytes == strlen(text) && memcmp(bytes.data, text, bytes.size_bytes + 1) == 0;
}

Test(stream_reader_errors, contents_are_read_where_they_are)
{
    const pecs_entity friends[] = { { 0, 1 }, { 6, 1 } };
    pecs_stream_reader *reader = NULL;
    pecs_rows rows = { .row_count = 1 };
    int seen = 0;
    must(pecs_stream_reader_open(registry, "small", NULL, &reader, &error) == PECS_OK);
    while (rows.row_count) {
        must(pecs_stream_reader_next(reader, &rows, &error) == PECS_OK);
        for (size_t i = 0; i < rows.value_count; i++) {
            const pecs_value *value = &rows.values[i];
            const Name *names = value->component == Name_component ? value->data : NULL;
            const Bag *bags = value->component == Bag_component ? value->data : NULL;
            if (names)
                must(has_text(pecs_row_string(names[0].text), "Zoe, whose name is long") &&
                     has_text(pecs_row_string(names[1].text), ""));
            if (bags)
                must(pecs_row_list(bags[0].friends).size_bytes == sizeof(friends) &&
                     memcmp(pecs_row_list(bags[0].friends).data, friends, sizeof(friends)) == 0 &&
                     pecs_row_blob(bags[1].bytes).size_bytes == 0);
            seen += names || bags;
        }
    }
    cr_assert_eq(seen, 2);
    pecs_stream_reader_close(reader);
}

Test(stream_reader_errors, its_end_is_reached_first)
{
    pecs_stream_reader *reader = NULL;
    pecs_stream_end end;
    pecs_rows rows = { .row_count = 1 };
    must(pecs_stream_reader_open(registry, "small", NULL, &reader, &error) == PECS_OK);
    while (rows.row_count) {
        cr_assert_eq(pecs_stream_reader_end(reader, &end, &error), PECS_E_MISUSE);
        cr_assert_str_eq(error.message, "the reader is not at the end of the file");
        must(pecs_stream_reader_next(reader, &rows, &error) == PECS_OK);
    }
    for (int i = 0; i < 2; i++) {
        cr_assert_eq(pecs_stream_reader_end(reader, &end, &error), PECS_OK);
        cr_assert(end.entity_count == 10 && end.singleton_count == 1 && end.metadata_count == 1);
        must(pecs_stream_reader_next(reader, &rows, &error) == PECS_OK && !rows.row_count);
    }
    pecs_stream_reader_close(reader);
}

/* Before its end, too. */
Test(stream_reader_errors, it_is_closed_at_any_time)
{
    for (int calls = 0; calls < 6; calls++) {
        pecs_stream_reader *reader = NULL;
        pecs_rows rows;
        must(pecs_stream_reader_open(registry, "small", NULL, &reader, &error) == PECS_OK);
        for (int i = 0; i < calls; i++)
            must(pecs_stream_reader_next(reader, &rows, &error) == PECS_OK);
        pecs_stream_reader_close(reader);
    }
}

static pecs_status read_all(const char *path, pecs_error *why)
{
    pecs_stream_reader *reader;
    pecs_rows rows = { .row_count = 1 };
    pecs_status status = pecs_stream_reader_open(registry, path, NULL, &reader, why);
    must(!status);
    while (!status && rows.row_count)
        status = pecs_stream_reader_next(reader, &rows, why);
    pecs_stream_reader_close(reader);
    return status;
}

/* Wherever it lies in what is read at once: the hashes are right. */
Test(stream_reader_errors, a_value_that_is_wrong_is_found)
{
    enum { ROWS = 50000, UNIT_ROWS = 256 * 1024 / sizeof(Padded) };
    static const uint32_t places[] = { 0, 1, UNIT_ROWS - 1, UNIT_ROWS, UNIT_ROWS + 1, 3 * UNIT_ROWS, ROWS - 1 };
    static Padded padded[ROWS];
    static Position positions[ROWS];
    pecs_stream *stream;
    const pecs_value values[] = { { Padded_component, sizeof(*padded), padded },
                                  { Position_component, sizeof(*positions), positions } };
    must(pecs_stream_create(registry, "values", &(pecs_stream_options){ .skip_sync = true }, &stream, &error) ==
         PECS_OK);
    const pecs_rows rows = { .values = values, .value_count = 2, .row_count = ROWS };
    cr_assert_eq(pecs_stream_add(stream, &rows, NULL, &error), PECS_OK, "%s", error.message);
    cr_assert_eq(pecs_stream_finish(stream, NULL, &error), PECS_OK, "%s", error.message);
    pecs_stream_destroy(stream);
    const struct file_bytes file = read_bytes("values");
    const struct prologue prologue = prologue_of(&file, 1);
    const struct block_record *block = block_record_of(&prologue, RUN_VALUES, 0, 0);
    uint8_t *first = file.bytes + le64_load(block->offset);
    must(le64_load(block->size) == sizeof(padded));
    cr_assert_eq(read_all("values", &error), PECS_OK, "%s", error.message);
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        char entity[40];
        first[places[i] * sizeof(Padded)] = 2;
        seal_data(&file, &prologue);
        write_bytes("wrong", file.bytes, file.size);
        first[places[i] * sizeof(Padded)] = 0;
        snprintf(entity, sizeof(entity), "entity %u:1: flag of 'Padded'", places[i]);
        cr_assert_eq(read_all("wrong", &error), PECS_E_CORRUPT);
        cr_assert(strstr(error.message, entity), "%s", error.message);
    }
    free(file.bytes);
}

/* References have addresses of the whole file: those of a later segment lead to no contents of one before it. */
Test(stream_reader_errors, contents_of_a_later_segment_have_one_reference_each)
{
    enum { ROWS = 3, NAME_BYTES = 8 * 1024 * 1024 };
    char *text = malloc(NAME_BYTES);
    memset(text, 'x', NAME_BYTES);
    pecs_stream *stream;
    must(pecs_stream_create(registry, "names", &(pecs_stream_options){ .skip_sync = true }, &stream, &error) ==
         PECS_OK);
    for (int segment = 0; segment < 2; segment++) {
        const Name large = { .text = pecs_string_from(PECS_BYTES(text, NAME_BYTES)) };
        const Name names[ROWS] = { { 1, pecs_string_of("Zoe") }, { 2, pecs_string_of("Ann") }, { 3, large.text } };
        must(add_value(stream, (pecs_value){ Name_component, sizeof(Name), names }, ROWS, NULL) == PECS_OK);
        must(add_value(stream, (pecs_value){ Name_component, sizeof(Name), &large }, 1, NULL) == PECS_OK);
    }
    must(pecs_stream_finish(stream, NULL, &error) == PECS_OK);
    pecs_stream_destroy(stream);
    const struct file_bytes file = read_bytes("names");
    const struct prologue before = prologue_of(&file, 1), prologue = prologue_of(&file, 2);
    const struct block_record *block = block_record_of(&prologue, RUN_VALUES, 0, 0);
    uint64_t old;
    memcpy(&old, file.bytes + le64_load(block_record_of(&before, RUN_VALUES, 0, 0)->offset) + offsetof(Name, text), 8);
    cr_assert_eq(read_all("names", &error), PECS_OK, "%s", error.message);
    uint8_t *first = file.bytes + le64_load(block->offset) + offsetof(Name, text);
    uint64_t right[2];
    memcpy(&right[0], first, 8);
    memcpy(&right[1], first + sizeof(Name), 8);
    const struct {
        uint32_t row;
        uint64_t reference;
    } wrong[] = { { 0, old }, { 0, 0 }, { 0, right[0] | 1 }, { 0, right[1] }, { 1, right[0] }, { 1, 0 } };
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        uint8_t *place = first + wrong[i].row * sizeof(Name);
        memcpy(place, &wrong[i].reference, 8);
        seal_data(&file, &prologue);
        write_bytes("wrong", file.bytes, file.size);
        memcpy(place, &right[wrong[i].row], 8);
        cr_assert_eq(read_all("wrong", &error), PECS_E_CORRUPT, "%zu", i);
        cr_assert_str_eq(error.rule, "HEAP-2", "%zu: %s", i, error.message);
        /* that one is empty is found by the next one */
        cr_assert_eq(error.offset, (uint64_t)(place - file.bytes) + (wrong[i].reference ? 0 : sizeof(Name)), "%zu", i);
    }
    free(file.bytes);
    free(text);
}
