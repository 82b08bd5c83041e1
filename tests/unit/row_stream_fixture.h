/* For tests of row streams: the same rows go to a builder and to a stream; their files hold the same world. */
#ifndef ROW_STREAM_FIXTURE_H
#define ROW_STREAM_FIXTURE_H

#define _GNU_SOURCE
#include "profiles_worlds.h"

#include <pecs/row_stream.h>

#include <sys/stat.h>

enum { STREAM_NONCE = 11 };

struct twin {
    pecs_registry *registry;
    pecs_builder *builder;
    pecs_stream *stream;
    uint64_t row_count, tick;
};

static inline struct twin twin_begin(pecs_registry *types, const char *path, const pecs_stream_options *options)
{
    pecs_error error;
    struct twin twin = { .registry = types };
    pecs_stream_options how = options ? *options : (pecs_stream_options){ .skip_sync = true };
    how.session_nonce = STREAM_NONCE;
    twin.tick = how.tick;
    const pecs_builder_options of_builder = { .session_nonce = STREAM_NONCE, .tick = how.tick };
    must(pecs_builder_create(types, &of_builder, &twin.builder, &error) == PECS_OK);
    cr_assert_eq(pecs_stream_create(types, path, &how, &twin.stream, &error), PECS_OK, "%s", error.message);
    return twin;
}

static inline void twin_add(struct twin *twin, const pecs_value *values, size_t value_count, size_t row_count,
                            const pecs_id *ids)
{
    pecs_error error;
    pecs_entity *entities = malloc((row_count + 1) * sizeof(*entities));
    const pecs_rows rows = { .values = values, .value_count = value_count, .row_count = row_count, .ids = ids };
    cr_assert_eq(pecs_builder_add(twin->builder, &rows, NULL, &error), PECS_OK, "%s", error.message);
    cr_assert_eq(pecs_stream_add(twin->stream, &rows, entities, &error), PECS_OK, "%s", error.message);
    for (size_t i = 0; i < row_count; i++)
        must(entities[i].index == twin->row_count + i && entities[i].generation == 1);
    twin->row_count += row_count;
    free(entities);
}

/* What belongs to no entity, at the end of a reader; attachments are those of the original. */
static inline void take_end(pecs_builder *builder, pecs_stream_reader *reader, const pecs_snapshot *original)
{
    pecs_error error;
    pecs_stream_end end;
    must(pecs_stream_reader_end(reader, &end, &error) == PECS_OK);
    for (size_t i = 0; i < end.singleton_count; i++)
        must(pecs_builder_set_singleton(builder, &end.singletons[i], &error) == PECS_OK);
    for (size_t i = 0; i < end.metadata_count; i++) {
        const pecs_meta *meta = &end.metadata[i];
        must((meta->kind == PECS_META_TEXT
                  ? pecs_builder_set_meta_text(builder, meta->key, meta->value, &error)
                  : pecs_builder_set_meta_bytes(builder, meta->key, meta->value, meta->size_bytes, &error)) == PECS_OK);
    }
    for (size_t i = 0; i < end.attachment_count; i++) {
        pecs_attachment attachment;
        must(pecs_view_attachment_at(pecs_snapshot_view(original), i, &attachment));
        must(pecs_builder_attach(builder, attachment.name, &(pecs_bytes){ attachment.data, attachment.size_bytes },
                                 &error) == PECS_OK);
    }
}

/* A reader gives the rows of the original, in any source's file, to a builder. */
static inline void expect_same_in_parts(pecs_registry *types, pecs_stream_reader *reader,
                                        const struct original *original, uint64_t tick)
{
    const pecs_builder_options options = { .session_nonce = STREAM_NONCE, .tick = tick };
    pecs_builder *builder;
    pecs_snapshot *made = NULL;
    pecs_rows rows;
    pecs_error error;
    must(pecs_builder_create(types, &options, &builder, &error) == PECS_OK);
    for (;;) {
        cr_assert_eq(pecs_stream_reader_next(reader, &rows, &error), PECS_OK, "%s", error.message);
        if (!rows.row_count)
            break;
        cr_assert_eq(pecs_builder_add(builder, &rows, NULL, &error), PECS_OK, "%s", error.message);
    }
    take_end(builder, reader, original->snapshot);
    cr_assert_eq(pecs_builder_finish(builder, &made, &error), PECS_OK, "%s", error.message);
    cr_assert_eq(pecs_view_hash(pecs_snapshot_view(made)), original->hash);
    pecs_snapshot_release(made);
    pecs_builder_destroy(builder);
}

/* Ends both. The file is the builder's world, by each verb, and its plain save has the same bytes. */
static inline void twin_end(struct twin *twin, const char *path)
{
    pecs_error error;
    pecs_snapshot *made;
    pecs_save_report report;
    const pecs_save_options plainly = { .skip_sync = true };
    cr_assert_eq(pecs_builder_finish(twin->builder, &made, &error), PECS_OK, "%s", error.message);
    cr_assert_eq(pecs_stream_finish(twin->stream, &report, &error), PECS_OK, "%s", error.message);
    pecs_stream_destroy(twin->stream);
    pecs_builder_destroy(twin->builder);
    struct stat info;
    must(stat(path, &info) == 0 && report.size_bytes == (uint64_t)info.st_size);
    must(report.entity_count == twin->row_count);
    pecs_summary summary;
    pecs_view_summary(pecs_snapshot_view(made), &summary);
    cr_assert_eq(report.component_bytes, summary.component_bytes);
    struct original original = original_of(made, &plainly);
    for (int verb = 0; verb < 2; verb++)
        expect_same_state(&original, open_snapshot(twin->registry, verb, path), &plainly, verb ? "load" : "resume");
    pecs_stream_reader *reader;
    must(pecs_stream_reader_open(twin->registry, path, NULL, &reader, &error) == PECS_OK);
    expect_same_in_parts(twin->registry, reader, &original, twin->tick);
    pecs_stream_reader_close(reader);
    pecs_memory_release(original.plain.bytes);
    pecs_snapshot_release(made);
}

#endif
