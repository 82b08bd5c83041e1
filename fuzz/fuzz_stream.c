/*
 * Stream readers with files that a stranger made: an error with a message, or rows that a builder and a row stream
 * take. Path, memory and steps of any size give the same. What load accepts, the reader reads, or says that it has to
 * be loaded; and the rows of it make the same world. What a row stream finishes, load accepts.
 */
#include "file_mutate.h"
#include "fuzz_worlds.h"

#include <stdlib.h>
#include <string.h>

enum { SLOT_MAX = 1 << 16 };

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
    return file_mutate(data, size, max_size, seed, seed % 3 ? MUTATE_WORLD : MUTATE_PARTS);
}

/* Where rows go; NULL: nowhere. What takes none any more is not asked again. */
struct taking {
    pecs_registry *registry;
    pecs_builder *builder;
    pecs_stream *stream;
    uint64_t row_count, hash;
    bool is_whole; /* the stream has all rows */
};

static void read_rows(struct taking *taking, const pecs_rows *rows)
{
    for (size_t i = 0; i < rows->row_count; i++)
        taking->hash = taking->hash * 31 + rows->entities[i].index + ((uint64_t)rows->entities[i].generation << 32);
    for (size_t i = 0; i < rows->value_count; i++) {
        const pecs_value *value = &rows->values[i];
        const pecs_type *type = pecs_registry_type(taking->registry, value->component);
        FUZZ_CHECK(type && type->size == value->size_bytes && !value->data == !type->size, "values of a type");
        const uint8_t *bytes = value->data;
        for (size_t j = 0; j < rows->row_count * value->size_bytes; j += 1 + j / 64) /* all memory is there */
            taking->hash += bytes[j] == 0xaa;
    }
    taking->row_count += rows->row_count;
}

static void take_rows(struct taking *taking, const pecs_rows *rows)
{
    pecs_error error = { .message = "" };
    pecs_rows without_handles = *rows;
    without_handles.entities = NULL;
    read_rows(taking, rows);
    if (taking->builder && pecs_builder_add(taking->builder, rows, NULL, &error))
        FUZZ_CHECK(fuzz_memory_outgrown(), error.message);
    /* in a stream the handles are others, which the references do not fit */
    if (taking->stream && pecs_stream_add(taking->stream, &without_handles, NULL, &error)) {
        FUZZ_CHECK(error.status == PECS_E_INVALID || fuzz_memory_outgrown(), error.message);
        taking->is_whole = false;
    }
}

static void take_end(struct taking *taking, pecs_stream_reader *reader)
{
    pecs_stream_end end;
    FUZZ_CHECK(pecs_stream_reader_end(reader, &end, NULL) == PECS_OK, "it is at its end");
    FUZZ_CHECK(end.entity_count == taking->row_count, "all rows were given");
    for (size_t i = 0; taking->builder && i < end.singleton_count; i++)
        FUZZ_CHECK(!pecs_builder_set_singleton(taking->builder, &end.singletons[i], NULL) || fuzz_memory_outgrown(),
                   "a builder takes singletons");
    for (size_t i = 0; taking->stream && i < end.singleton_count; i++)
        FUZZ_CHECK(!pecs_stream_set_singleton(taking->stream, &end.singletons[i], NULL) || fuzz_memory_outgrown(),
                   "a stream takes singletons");
    for (size_t i = 0; i < end.metadata_count + end.file_metadata_count; i++) {
        const bool is_own = i < end.metadata_count;
        const pecs_meta *meta = is_own ? &end.metadata[i] : &end.file_metadata[i - end.metadata_count];
        taking->hash = taking->hash * 31 + strlen(meta->key) + meta->size_bytes;
    }
    taking->hash = taking->hash * 31 + end.tick + end.snapshot_id.bytes[0] + end.attachment_count;
}

/* Reads a file: by its path, or a source. */
static pecs_status read_file(struct taking *taking, const char *path, const pecs_source *source, bool skips,
                             pecs_error *error)
{
    const pecs_stream_reader_options options = { .max_held_bytes = FUZZ_HELD_BYTES, .skip_unknown = skips };
    pecs_stream_reader *reader = NULL;
    pecs_rows rows = { .row_count = 1 };
    *error = (pecs_error){ .message = "" };
    pecs_status status = path ? pecs_stream_reader_open(taking->registry, path, &options, &reader, error)
                              : pecs_stream_reader_open_from(taking->registry, source, &options, &reader, error);
    while (!status && rows.row_count) {
        status = pecs_stream_reader_next(reader, &rows, error);
        if (!status && rows.row_count)
            take_rows(taking, &rows);
    }
    FUZZ_CHECK(!status || (error->status == status && error->message[0]), "an error has a message");
    FUZZ_CHECK(status != PECS_E_MISUSE && status != PECS_E_INVALID, error->message);
    if (status)
        fuzz_note_rule(error);
    else
        take_end(taking, reader);
    pecs_stream_reader_close(reader);
    return status;
}

/* The whole world, of the rows and what the loaded one has besides. */
static void expect_same_world(struct taking *taking, const pecs_snapshot *loaded)
{
    const pecs_view view = pecs_snapshot_view(loaded);
    pecs_snapshot *built = NULL;
    pecs_attachment attachment;
    pecs_summary summary;
    pecs_error error = { .message = "" };
    pecs_view_summary(view, &summary);
    FUZZ_CHECK(summary.entity_count == taking->row_count, "as many rows as entities");
    const uint64_t slot_count = summary.slot_count + summary.retired_count;
    if (slot_count > SLOT_MAX)
        return;
    for (uint64_t i = 0; i < slot_count; i++) {
        const pecs_entity entity = pecs_view_slot(view, (uint32_t)i);
        if (!pecs_view_alive(view, entity) && pecs_builder_add_dead(taking->builder, &entity, 1, NULL))
            return; /* a slot in which nothing ever lived */
    }
    for (size_t i = 0; pecs_view_attachment_at(view, i, &attachment); i++)
        FUZZ_CHECK(!pecs_builder_attach(taking->builder, attachment.name,
                                        PECS_BYTES(attachment.data, attachment.data ? attachment.size_bytes : 0),
                                        NULL) ||
                       fuzz_memory_outgrown(),
                   "attachments");
    const pecs_status status = pecs_builder_finish(taking->builder, &built, &error);
    FUZZ_CHECK(!status || fuzz_memory_outgrown(), error.message);
    FUZZ_CHECK(status || pecs_view_hash(view) == pecs_view_hash(pecs_snapshot_view(built)), "the same world");
    pecs_snapshot_release(built);
}

/* What load accepts is read, if it has whole rows, or refused with words that say so. */
static void try_loaded(struct taking *taking, const char *path, size_t size, pecs_status status,
                       const pecs_error *error)
{
    pecs_snapshot *loaded = fuzz_open(FUZZ_LOAD, taking->registry, path, size, NULL);
    if (loaded && status)
        FUZZ_CHECK(status == PECS_E_UNSUPPORTED || status == PECS_E_LAYOUT || status == PECS_E_LIMIT ||
                       fuzz_memory_outgrown(),
                   error->message);
    if (loaded && !status && !fuzz_memory_outgrown())
        expect_same_world(taking, loaded);
    pecs_snapshot_release(loaded);
}

/* The rows as a file of a row stream. */
static void try_stream(pecs_registry *registry, const char *path, struct random *random)
{
    const pecs_stream_options options = { .skip_sync = true,
                                          .session_nonce = 3,
                                          .profile = random_once_in(random, 2) ? PECS_PROFILE_FAST : PECS_PROFILE_OFF };
    struct taking taking = { .registry = registry, .is_whole = true };
    pecs_error error;
    size_t size;
    if (pecs_stream_create(registry, fuzz_path("saved"), &options, &taking.stream, &error))
        FUZZ_CHECK(fuzz_memory_outgrown(), error.message);
    pecs_status status = read_file(&taking, path, NULL, true, &error);
    if (taking.stream && !status)
        status = pecs_stream_finish(taking.stream, NULL, &error);
    const bool is_finished = taking.stream && !status;
    pecs_stream_destroy(taking.stream);
    if (!is_finished)
        return;
    free(fuzz_read(fuzz_path("saved"), &size));
    pecs_snapshot *loaded = fuzz_open(FUZZ_LOAD, registry, fuzz_path("saved"), size, NULL);
    FUZZ_CHECK(loaded, "what a stream has finished is loaded");
    pecs_summary summary;
    pecs_view_summary(pecs_snapshot_view(loaded), &summary);
    FUZZ_CHECK(!taking.is_whole || summary.entity_count == taking.row_count, "all rows are there");
    fuzz_walk(pecs_snapshot_view(loaded));
    pecs_snapshot_release(loaded);
}

/* From memory and in steps it is the same, and so is the error. */
static void try_sources(pecs_registry *registry, const uint8_t *data, size_t size, const struct random *random,
                        const struct taking *by_path, const pecs_error *expected)
{
    const pecs_bytes memory = { data, size };
    struct fuzz_trickle trickle = { data, size, 0, *random };
    const pecs_source sources[] = { pecs_source_for_memory(&memory), { .read = fuzz_trickle_read, .user = &trickle } };
    for (size_t i = 0; i < 2; i++) {
        struct taking taking = { .registry = registry };
        pecs_error error;
        read_file(&taking, NULL, &sources[i], false, &error);
        FUZZ_CHECK(error.status == expected->status && error.offset == expected->offset, error.message);
        FUZZ_CHECK(strcmp(error.message, expected->message) == 0 || !size, error.message);
        FUZZ_CHECK(taking.row_count == by_path->row_count && taking.hash == by_path->hash, "the same rows");
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *path = fuzz_write("input", data, size);
    struct random random = fuzz_random(data, size);
    fuzz_memory_begin(FUZZ_EDIT_BYTES);
    pecs_registry *registry = fuzz_registry(FUZZ_KNOWN_TYPES);
    struct taking taking = { .registry = registry };
    const pecs_builder_options options = { .session_nonce = 11 };
    pecs_error error;
    FUZZ_CHECK(pecs_builder_create(registry, &options, &taking.builder, &error) == PECS_OK, error.message);
    const pecs_status status = read_file(&taking, path, NULL, false, &error);
    if (!status || random_once_in(&random, 4)) {
        try_sources(registry, data, size, &random, &taking, &error);
        try_loaded(&taking, path, size, status, &error);
    }
    pecs_builder_destroy(taking.builder);
    if (random_once_in(&random, 4))
        try_stream(registry, path, &random);
    pecs_registry_release(registry);
    fuzz_memory_end();
    return 0;
}
