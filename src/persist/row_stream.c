/*
 * Row streams: rows are gathered in a world until they fill a segment, which the block writer then puts. So a stream
 * has what a save has, of values, contents and compression, and needs memory for one segment.
 */
#include "block_writer.h"
#include "destination.h"
#include "error.h"
#include "filtered.h"
#include "row_buffer.h"
#include "save_options.h"

#include <pecs/row_stream.h>

#include <inttypes.h>

enum {
    STREAM_HELD_BYTES = 15 * 1024 * 1024,  /* of rows that are put together */
    STREAM_PACKED_BYTES = 6 * 1024 * 1024, /* of those that are compressed, which takes memory too */
    STREAM_HANDLES_AT_ONCE = 64,           /* that a call makes without memory of the pool */
};

struct pecs_stream {
    struct row_buffer rows; /* with the world */
    struct plan_stream part;
    struct block_writer writer;
    struct destination destination; /* of a path */
    pecs_sink sink;
    char *path;
    size_t path_bytes;
    struct writer_options how;
    pecs_component_profile *profiles;
    struct metadata *file_metadata;
    bool has_writer;
    bool is_finished;
    pecs_status failed; /* it can only be destroyed */
};

static pecs_status stream_put(pecs_stream *stream, bool is_last, pecs_error *error)
{
    struct row_buffer *rows = &stream->rows;
    if (row_buffer_choose(rows, is_last, &stream->part))
        return fail_memory(error);
    pecs_status status = block_writer_put(&stream->writer, rows->world->state, &stream->part, error);
    if (!status && !is_last && row_buffer_drop(rows, &stream->part))
        status = fail_memory(error);
    return status;
}

static pecs_status stream_put_parts(pecs_stream *stream, bool at_the_end, pecs_error *error)
{
    pecs_status status = PECS_OK;
    while (!status && row_buffer_has_part(&stream->rows, at_the_end))
        status = stream_put(stream, false, error);
    return status;
}

/* The attachments are the first part, with all types; then the state has only their names. */
static pecs_status stream_put_first(pecs_stream *stream, const pecs_stream_options *options, pecs_error *error)
{
    struct pecs_world *world = stream->rows.world;
    struct pool *pool = world->registry->pool;
    for (size_t i = 0; i < options->attachment_count; i++) {
        const pecs_attachment *from = &options->attachments[i];
        const pecs_bytes bytes = { from->data, from->size_bytes };
        const pecs_status status = pecs_world_attach(world, from->name, &bytes);
        if (status)
            return fail(error, status, "%s", pecs_world_error(world)->message);
        if (world->state->attachments->count == i)
            return fail(error, PECS_E_MISUSE, "two attachments are named '%s'", from->name);
    }
    if (row_buffer_choose(&stream->rows, false, &stream->part))
        return fail_memory(error);
    stream->part.puts_attachments = true;
    const pecs_status status = block_writer_put(&stream->writer, world->state, &stream->part, error);
    struct attachments *list = world->state->attachments;
    for (uint32_t i = 0; list && i < list->count; i++)
        list->entries[i].reference = 0;
    node_release(pool, world->state->heap.node);
    world->state->heap = (struct ref){ 0 };
    return status;
}

static pecs_status stream_take_options(pecs_stream *stream, const pecs_stream_options *options, size_t unit_bytes,
                                       pecs_error *error)
{
    struct pool *pool = stream->rows.world->registry->pool;
    const pecs_save_options as_save = {
        .metadata = options->metadata,
        .metadata_count = options->metadata_count,
        .profile = options->profile,
        .component_profiles = options->component_profiles,
        .component_profile_count = options->component_profile_count,
    };
    pecs_status status = save_check_options(&as_save, error);
    if (!status)
        status = save_gather_metadata(pool, &as_save, &stream->file_metadata, error);
    if (status)
        return status;
    const size_t count = options->component_profile_count, bytes = count * sizeof(*stream->profiles);
    if (count) {
        stream->profiles = count <= SIZE_MAX / 2 / sizeof(*stream->profiles) ? pool_allocate(pool, bytes) : NULL;
        if (!stream->profiles)
            return fail_memory(error);
        memcpy(stream->profiles, options->component_profiles, bytes);
    }
    stream->how = (struct writer_options){
        .wall_clock_ns = options->wall_clock_ns,
        .file_metadata = stream->file_metadata,
        .skip_check = true, /* values are checked when they are given */
        .unit_bytes = unit_bytes,
        .profile = options->profile,
        .component_profiles = stream->profiles,
        .component_profile_count = count,
        .thread_count = options->thread_count,
    };
    return PECS_OK;
}

/* `path` or `sink` is NULL. */
static pecs_status stream_begin(pecs_stream *stream, const char *path, const pecs_sink *sink,
                                const pecs_stream_options *options, pecs_error *error)
{
    struct pool *pool = stream->rows.world->registry->pool;
    pecs_status status = stream_take_options(stream, options, path ? SAVE_FILE_BYTES : SAVE_STREAM_BYTES, error);
    if (status)
        return status;
    if (path) {
        stream->path = os_absolute_path(pool, path, &stream->path_bytes); /* the program may go elsewhere meanwhile */
        if (!stream->path)
            return fail_memory(error);
        stream->destination = (struct destination){ pool, stream->path, !options->skip_sync, NULL };
    }
    stream->sink = path ? destination_sink(&stream->destination) : *sink;
    status = block_writer_init(&stream->writer, pool, &stream->sink, &stream->how, error);
    stream->has_writer = true;
    return status ? status : stream_put_first(stream, options, error);
}

static uint64_t stream_held_bytes(const pecs_stream_options *options)
{
    return options->profile != PECS_PROFILE_OFF || options->component_profile_count ? STREAM_PACKED_BYTES
                                                                                    : STREAM_HELD_BYTES;
}

static pecs_status stream_create(pecs_registry *registry, const char *path, const pecs_sink *sink,
                                 const pecs_stream_options *options, pecs_stream **ret_stream, pecs_error *error)
{
    static const pecs_stream_options defaults;
    options = options ? options : &defaults;
    const pecs_world_options of_world = { .session_nonce = options->session_nonce };
    pecs_world *world;
    if (options->tick > TICK_MAX)
        return fail(error, PECS_E_MISUSE, "the tick %" PRIu64 " is above 2^63 - 1", options->tick);
    if (options->attachment_count && !options->attachments)
        return fail(error, PECS_E_MISUSE, "attachments is NULL, but attachment_count is not 0");
    pecs_status status = pecs_world_create(registry, NULL, &of_world, &world, error);
    if (status)
        return status;
    pecs_stream *stream = pool_allocate_zeroed(registry->pool, sizeof(*stream));
    if (!stream) {
        pecs_world_destroy(world);
        return fail_memory(error);
    }
    if (options->tick)
        world->gate.tick = world->state->tick = options->tick;
    row_buffer_init(&stream->rows, world, stream_held_bytes(options));
    status = stream_begin(stream, path, sink, options, error);
    if (status)
        pecs_stream_destroy(stream);
    else
        *ret_stream = stream;
    return status;
}

pecs_status pecs_stream_create(pecs_registry *registry, const char *path, const pecs_stream_options *options,
                               pecs_stream **ret_stream, pecs_error *error)
{
    if (!registry || !path || !ret_stream)
        return fail(error, PECS_E_MISUSE, "registry, path and ret_stream must not be NULL");
    return stream_create(registry, path, NULL, options, ret_stream, error);
}

pecs_status pecs_stream_create_to(pecs_registry *registry, const pecs_sink *sink, const pecs_stream_options *options,
                                  pecs_stream **ret_stream, pecs_error *error)
{
    if (!registry || !sink || !sink->write || !ret_stream)
        return fail(error, PECS_E_MISUSE, "registry, sink, its write and ret_stream must not be NULL");
    return stream_create(registry, NULL, sink, options, ret_stream, error);
}

void pecs_stream_destroy(pecs_stream *stream)
{
    if (!stream)
        return;
    struct pecs_world *world = stream->rows.world;
    struct pool *pool = world->registry->pool;
    pecs_registry *registry = pecs_registry_retain(world->registry);
    if (stream->has_writer)
        block_writer_deinit(&stream->writer);
    row_buffer_deinit(&stream->rows);
    pecs_world_destroy(world);
    if (stream->file_metadata)
        node_release(pool, &stream->file_metadata->node);
    if (stream->profiles)
        pool_release(pool, stream->profiles, stream->how.component_profile_count * sizeof(*stream->profiles));
    pool_release(pool, stream->path, stream->path_bytes);
    pool_release(pool, stream, sizeof(*stream));
    pecs_registry_release(registry);
}

static pecs_status stream_fail_null(pecs_error *error)
{
    return fail(error, PECS_E_MISUSE, "a required argument is NULL");
}

static pecs_status stream_check_open(const pecs_stream *stream, pecs_error *error)
{
    if (!stream)
        return stream_fail_null(error);
    if (stream->failed)
        return fail(error, PECS_E_MISUSE, "the stream has failed before and can only be destroyed");
    return stream->is_finished ? fail(error, PECS_E_MISUSE, "the stream is finished") : PECS_OK;
}

/* After some failures nothing has changed, and the program may go on. */
static pecs_status stream_note(pecs_stream *stream, pecs_status status)
{
    if (status != PECS_E_MISUSE && status != PECS_E_INVALID && status != PECS_E_CONFLICT)
        stream->failed = status;
    return status;
}

static pecs_status stream_check_rows(const pecs_stream *stream, const pecs_rows *rows, pecs_error *error)
{
    static const pecs_id zero;
    const struct pecs_world *world = stream->rows.world;
    if (rows->entities)
        return fail(error, PECS_E_MISUSE, "the rows of a stream get their handles from it: entities must be NULL");
    const size_t most = state_component_count(world->state); /* the edit refuses more, and does not read them */
    for (size_t i = 0; rows->values && rows->value_count < most && i < rows->value_count; i++) {
        const struct component *component = edit_component(world, rows->values[i].component);
        if (component && component_is_transient(component))
            return fail(error, PECS_E_MISUSE, "'%s' is transient, and is not saved", component->type->name);
    }
    for (size_t i = 0; rows->ids && i < rows->row_count; i++)
        if (memcmp(&rows->ids[i], &zero, sizeof(zero)) == 0)
            return fail(error, PECS_E_MISUSE, "row %zu: the id is zero", i);
    if (rows->row_count > SLOT_COUNT_MAX - row_buffer_total(&stream->rows))
        return fail(error, PECS_E_LIMIT, "there are more rows than entity slots");
    return PECS_OK;
}

pecs_status pecs_stream_add(pecs_stream *stream, const pecs_rows *rows, pecs_entity *ret_entities, pecs_error *error)
{
    pecs_entity few[STREAM_HANDLES_AT_ONCE], *made = few;
    if (!rows)
        return stream_fail_null(error);
    pecs_status status = stream_check_open(stream, error);
    if (status)
        return status;
    status = stream_check_rows(stream, rows, error);
    if (status)
        return stream_note(stream, status);
    struct pool *pool = stream->rows.world->registry->pool;
    const size_t count = rows->row_count;
    if (count > STREAM_HANDLES_AT_ONCE)
        made = count <= SIZE_MAX / 2 / sizeof(*made) ? pool_allocate(pool, count * sizeof(*made)) : NULL;
    if (!made)
        return stream_note(stream, fail_memory(error));
    for (size_t i = 0; i < count; i++)
        made[i] = (pecs_entity){ (uint32_t)(row_buffer_total(&stream->rows) + i), 1 };
    status = stream_note(stream, row_buffer_add(&stream->rows, rows, made, error));
    if (!status)
        stream->failed = status = stream_put_parts(stream, false, error); /* whatever it is: the rows are added */
    if (!status && ret_entities)
        memcpy(ret_entities, made, count * sizeof(*made));
    if (made != few)
        pool_release(pool, made, count * sizeof(*made));
    return status;
}

static pecs_status stream_end_edit(pecs_stream *stream, pecs_status status, const char *where, pecs_error *error)
{
    if (status)
        fail(error, status, "%s%s", where, pecs_world_error(stream->rows.world)->message);
    return stream_note(stream, status);
}

pecs_status pecs_stream_set_singleton(pecs_stream *stream, const pecs_value *value, pecs_error *error)
{
    if (!value)
        return stream_fail_null(error);
    const pecs_status status = stream_check_open(stream, error);
    if (status)
        return status;
    struct pecs_world *world = stream->rows.world;
    const struct component *component = edit_component(world, value->component);
    if (component && component_is_transient(component))
        return fail(error, PECS_E_MISUSE, "'%s' is transient, and is not saved", component->type->name);
    return stream_end_edit(stream, pecs_world_set_singleton(world, value->component, value->size_bytes, value->data),
                           "singleton: ", error);
}

pecs_status pecs_stream_set_meta_text(pecs_stream *stream, const char *key, const char *text, pecs_error *error)
{
    const pecs_status status = stream_check_open(stream, error);
    return status ? status
                  : stream_end_edit(stream, pecs_world_set_meta_text(stream->rows.world, key, text), "", error);
}

pecs_status pecs_stream_set_meta_bytes(pecs_stream *stream, const char *key, const void *bytes, size_t size_bytes,
                                       pecs_error *error)
{
    const pecs_status status = stream_check_open(stream, error);
    return status ? status
                  : stream_end_edit(stream, pecs_world_set_meta_bytes(stream->rows.world, key, bytes, size_bytes), "",
                                    error);
}

/* The singletons' values, which are checked when no more can be set. */
static pecs_status stream_check_singletons(const pecs_stream *stream, pecs_error *error)
{
    const struct pecs_snapshot *state = stream->rows.world->state;
    pecs_status status = PECS_OK;
    if (state->singleton_table == NO_TABLE)
        return PECS_OK;
    const struct table *table = state_table(state, state->singleton_table);
    for (uint32_t i = 1; !status && i < table->archetype->column_count; i++)
        status = values_check(&stream->rows.values, table, table->archetype->column_components[i], 0,
                              table_value(table, i, 0), 1, 0, error);
    return status;
}

static void stream_report(const pecs_stream *stream, pecs_save_report *ret_report)
{
    const struct pecs_snapshot *state = stream->rows.world->state;
    uint64_t bytes_of_state;
    *ret_report = (pecs_save_report){
        .size_bytes = stream->writer.output.offset,
        .entity_count = row_buffer_total(&stream->rows),
        .type_count = state_used_type_count(state, &bytes_of_state),
        .component_bytes = row_buffer_component_bytes(&stream->rows),
    };
}

pecs_status pecs_stream_finish(pecs_stream *stream, pecs_save_report *report, pecs_error *error)
{
    pecs_status status = stream_check_open(stream, error);
    if (!status)
        status = stream_check_singletons(stream, error);
    if (!status)
        status = row_buffer_check(&stream->rows, error);
    if (status)
        return status;
    status = stream_put_parts(stream, true, error);
    if (!status)
        status = stream_put(stream, true, error);
    if (!status)
        status = block_writer_end(&stream->writer, error);
    stream->is_finished = !status;
    if (status)
        stream->failed = status;
    else if (report)
        stream_report(stream, report);
    return status;
}
