/*
 * As test_failures.c, for row streams and their readers: each allocation fails once, and all from each one on. No file
 * is left, or the old one; a stream or a reader that has failed can only be destroyed; and nothing leaks.
 */
#define _GNU_SOURCE
#include "profiles_worlds.h"

#include <pecs/row_stream.h>

enum { WIDE_MAX = 9, NAME_COUNT = 100, OLD_COUNT = 3 };

/* Of the trials that follow. */
static pecs_stream_options options;
static size_t wide_count;

static void set_up(void)
{
    enter_folder();
    make_stage_registry = profiles_registry;
}

static void strike(void)
{
    leave_folder();
}

TestSuite(failures_streams, .init = set_up, .fini = strike, .timeout = 280);

static void prepare(struct stage *stage)
{
    spawn_positions(stage->world, 3);
}

static pecs_status add_names(const struct stage *stage, uint64_t first, const pecs_id *ids)
{
    Name names[NAME_COUNT];
    pecs_entity entities[NAME_COUNT];
    for (size_t i = 0; i < NAME_COUNT; i++)
        names[i] = (Name){ first + i, pecs_string_of(i % 3 ? "a name of some length" : "") };
    const pecs_value values[] = { PECS_ROWS(Name, names) };
    const pecs_rows rows = { .values = values, .value_count = 1, .row_count = NAME_COUNT, .ids = ids };
    return pecs_stream_add(stage->pointer, &rows, entities, NULL);
}

/* Parts of a few large rows, so that there are more kinds of allocations than repetitions. */
static pecs_status add_parts(const struct stage *stage)
{
    static Wide wide;
    pecs_id ids[NAME_COUNT];
    const pecs_value values[] = { PECS_ROWS(Wide, &wide) };
    const pecs_rows rows = { .values = values, .value_count = 1, .row_count = 1 };
    for (uint64_t i = 0; i < NAME_COUNT; i++)
        memcpy(&ids[i], (const uint64_t[]){ i + 1, 5 }, sizeof(ids[i]));
    pecs_status status = add_names(stage, 0, NULL);
    for (size_t i = 0; !status && i < wide_count; i++)
        status = pecs_stream_add(stage->pointer, &rows, NULL, NULL);
    return status ? status : add_names(stage, NAME_COUNT, ids);
}

static pecs_status set_rest(const struct stage *stage)
{
    pecs_stream *stream = stage->pointer;
    const Name name = { 4, pecs_string_of("the one and only") };
    const pecs_value value = PECS_ROWS(Name, &name);
    pecs_status status = pecs_stream_set_singleton(stream, &value, NULL);
    if (!status)
        status = pecs_stream_set_meta_text(stream, "level", "seven", NULL);
    return status ? status : pecs_stream_set_meta_bytes(stream, "seed", "\1\2", 2, NULL);
}

/* Fills the stream that the stage points to; once it has failed, nothing else works. */
static pecs_status fill(const struct stage *stage)
{
    pecs_stream *stream = stage->pointer;
    pecs_error error = { .status = PECS_OK };
    pecs_save_report report = { .size_bytes = 0 };
    pecs_status status = add_parts(stage);
    if (!status)
        status = set_rest(stage);
    if (!status)
        status = pecs_stream_finish(stream, &report, &error);
    must(status == PECS_OK || status == PECS_E_MEMORY);
    must(!status == (report.size_bytes != 0));
    must(pecs_stream_finish(stream, NULL, NULL) == PECS_E_MISUSE);
    must(pecs_stream_add(stream, &(pecs_rows){ .row_count = 1 }, NULL, NULL) == PECS_E_MISUSE);
    return status;
}

static pecs_status write_file(struct stage *stage)
{
    pecs_error error = { .status = PECS_OK };
    pecs_stream *stream = NULL;
    write_bytes("rows.pecs", "old", OLD_COUNT);
    pecs_status status = pecs_stream_create(stage->registry, "rows.pecs", &options, &stream, &error);
    must(error.status == status && !status == (stream != NULL));
    stage->pointer = stream;
    if (!status)
        status = fill(stage);
    pecs_stream_destroy(stream);
    must(file_count() == 1);
    const struct file_bytes file = read_bytes("rows.pecs");
    must(!status || (file.size == OLD_COUNT && memcmp(file.bytes, "old", OLD_COUNT) == 0));
    free(file.bytes);
    return status;
}

/* How a sink was ended. */
struct ends {
    uint64_t write_count, commit_count, abort_count;
};

static pecs_status count_write(void *user, const pecs_bytes *spans, size_t span_count, pecs_error *error)
{
    (void)spans, (void)span_count, (void)error;
    ((struct ends *)user)->write_count++;
    return PECS_OK;
}

static pecs_status count_commit(void *user, pecs_error *error)
{
    (void)error;
    ((struct ends *)user)->commit_count++;
    return PECS_OK;
}

static void count_abort(void *user)
{
    ((struct ends *)user)->abort_count++;
}

static pecs_status write_sink(struct stage *stage)
{
    struct ends ends = { 0 };
    const pecs_sink sink = { .write = count_write, .commit = count_commit, .abort = count_abort, .user = &ends };
    pecs_stream *stream = NULL;
    pecs_status status = pecs_stream_create_to(stage->registry, &sink, &options, &stream, NULL);
    const bool has_begun = stream || ends.abort_count;
    stage->pointer = stream;
    if (!status)
        status = fill(stage);
    pecs_stream_destroy(stream);
    must(ends.commit_count == !status && ends.abort_count == (status && has_begun));
    return status;
}

/* Readers. */

static pecs_status read_to_end(const struct stage *stage)
{
    pecs_stream_reader *reader = stage->pointer;
    pecs_error error = { .status = PECS_OK };
    pecs_rows rows = { .row_count = 1 };
    pecs_stream_end end = { .entity_count = 0 };
    uint64_t row_count = 0;
    pecs_status status = PECS_OK;
    while (!status && rows.row_count) {
        status = pecs_stream_reader_next(reader, &rows, &error);
        row_count += status ? 0 : rows.row_count;
    }
    must(error.status == status);
    must(pecs_stream_reader_end(reader, &end, NULL) == (status ? PECS_E_MISUSE : PECS_OK));
    must(!status || pecs_stream_reader_next(reader, &rows, NULL) == PECS_E_MISUSE);
    must(status || (row_count == 2 * NAME_COUNT + wide_count && end.entity_count == row_count));
    must(status || (end.singleton_count == 1 && end.metadata_count == 2 && end.attachment_count == 1));
    return status;
}

static void write_before(struct stage *stage)
{
    prepare(stage);
    must(write_file(stage) == PECS_OK);
}

static pecs_status read_file(struct stage *stage)
{
    pecs_stream_reader *reader = NULL;
    pecs_status status = pecs_stream_reader_open(stage->registry, "rows.pecs", NULL, &reader, NULL);
    must(!status == (reader != NULL));
    stage->pointer = reader;
    if (!status)
        status = read_to_end(stage);
    pecs_stream_reader_close(reader);
    return status;
}

static pecs_status read_source(struct stage *stage)
{
    const struct file_bytes file = read_bytes("rows.pecs");
    const pecs_bytes memory = { file.bytes, file.size };
    const pecs_source source = pecs_source_for_memory(&memory);
    const pecs_stream_reader_options skipping = { .skip_unknown = true };
    pecs_stream_reader *reader = NULL;
    pecs_status status = pecs_stream_reader_open_from(stage->registry, &source, &skipping, &reader, NULL);
    must(!status == (reader != NULL));
    stage->pointer = reader;
    if (!status)
        status = read_to_end(stage);
    pecs_stream_reader_close(reader);
    free(file.bytes);
    return status;
}

/* Plain, and compressed on two threads. What differs only by where bytes go or come from is tried plain. */
static void try_ways(void (*before)(struct stage *stage), pecs_status (*edit)(struct stage *stage), int way_count)
{
    static const pecs_attachment attachment = { "map", "hills", 5 };
    static const pecs_meta title = { "title", PECS_META_TEXT, "One", 3 };
    for (int way = 0; way < way_count; way++) {
        options = (pecs_stream_options){ .skip_sync = true,
                                         .profile = way ? PECS_PROFILE_FAST : PECS_PROFILE_OFF,
                                         .thread_count = 2,
                                         .session_nonce = 5,
                                         .metadata = &title,
                                         .metadata_count = 1,
                                         .attachments = &attachment,
                                         .attachment_count = 1 };
        wide_count = way ? WIDE_MAX / 2 : WIDE_MAX; /* a part that is compressed is smaller */
        try_every_failure(&(struct trial){ before, edit }, 30);
    }
}

Test(failures_streams, to_a_file)
{
    try_ways(prepare, write_file, 2);
}

Test(failures_streams, to_a_sink)
{
    try_ways(prepare, write_sink, 1);
}

Test(failures_streams, from_a_file)
{
    try_ways(write_before, read_file, 2);
}

Test(failures_streams, from_a_source)
{
    try_ways(write_before, read_source, 1);
}
