/* Stream readers: each segment of a file becomes a small state, whose rows are given chunk by chunk. */
#include "error.h"
#include "part_feed.h"
#include "part_reader.h"
#include "state_types.h"

#include <pecs/row_stream.h>

#include <inttypes.h>

enum {
    READER_HELD_BYTES = 64 * 1024 * 1024,
    READER_UNIT_BYTES = 1024 * 1024, /* of data that is read and hashed */
    READER_TAIL_BYTES = 64 * 1024,   /* of the file's end, at first */
};

/* Values of one component of a batch in which strings, blobs and lists are given, and what these point to. */
struct reader_copy {
    uint8_t *values;
    pecs_bytes *bytes;
    size_t value_bytes, bytes_bytes;
};

struct pecs_stream_reader {
    pecs_registry *registry;
    struct part_feed feed;
    struct part_reader parts;
    struct file_header header;
    uint64_t max_held_bytes;
    struct image *image;              /* of the last segment, whose memory the next one gets; or NULL */
    struct pecs_snapshot *state;      /* the segment whose rows are given; or NULL */
    struct pecs_snapshot *singletons; /* the one that has the singletons' row; or NULL */
    uint32_t table;                   /* the batch that comes next */
    uint64_t row;
    pecs_value *values; /* of the last batch */
    struct reader_copy *copies;
    size_t value_capacity, copy_capacity, copy_count;
    struct buffer tail; /* the commit and all behind it */
    struct model model; /* of the whole file, at its end */
    pecs_value *singleton_values;
    size_t singleton_count, singleton_capacity;
    bool is_at_end;
    pecs_status failed;
};

static struct pool *reader_pool(const pecs_stream_reader *reader)
{
    return reader->registry->pool;
}

static void reader_release_copies(pecs_stream_reader *reader)
{
    for (size_t i = 0; i < reader->copy_count; i++) {
        pool_release(reader_pool(reader), reader->copies[i].values, reader->copies[i].value_bytes);
        pool_release(reader_pool(reader), reader->copies[i].bytes, reader->copies[i].bytes_bytes);
    }
    reader->copy_count = 0;
}

/* Opening. */

static pecs_status reader_begin(pecs_stream_reader *reader, pecs_error *error)
{
    const pecs_status status = part_feed_read(&reader->feed, (uint8_t *)&reader->header, sizeof(reader->header), error);
    return status ? status : part_reader_begin(&reader->parts, &reader->header, error);
}

static pecs_status reader_open(pecs_registry *registry, const char *path, const pecs_source *source,
                               const pecs_stream_reader_options *options, pecs_stream_reader **ret_reader,
                               pecs_error *error)
{
    pecs_stream_reader *reader = pool_allocate_zeroed(registry->pool, sizeof(*reader));
    if (!reader)
        return fail_memory(error);
    reader->registry = pecs_registry_retain(registry);
    reader->tail.pool = reader->model.pool = registry->pool;
    reader->max_held_bytes = options && options->max_held_bytes ? options->max_held_bytes : READER_HELD_BYTES;
    pecs_status status =
        part_reader_init(&reader->parts, registry, options && options->skip_unknown, reader->max_held_bytes);
    if (status)
        status = fail_memory(error);
    else
        status = path ? part_feed_open_path(&reader->feed, registry->pool, path, error)
                      : part_feed_open(&reader->feed, source, error);
    if (!status)
        status = reader_begin(reader, error);
    if (status)
        pecs_stream_reader_close(reader);
    else
        *ret_reader = reader;
    return status;
}

pecs_status pecs_stream_reader_open(pecs_registry *registry, const char *path,
                                    const pecs_stream_reader_options *options, pecs_stream_reader **ret_reader,
                                    pecs_error *error)
{
    if (!registry || !path || !ret_reader)
        return fail(error, PECS_E_MISUSE, "registry, path and ret_reader must not be NULL");
    return reader_open(registry, path, NULL, options, ret_reader, error);
}

pecs_status pecs_stream_reader_open_from(pecs_registry *registry, const pecs_source *source,
                                         const pecs_stream_reader_options *options, pecs_stream_reader **ret_reader,
                                         pecs_error *error)
{
    if (!registry || !source || !ret_reader)
        return fail(error, PECS_E_MISUSE, "registry, source and ret_reader must not be NULL");
    return reader_open(registry, NULL, source, options, ret_reader, error);
}

void pecs_stream_reader_close(pecs_stream_reader *reader)
{
    if (!reader)
        return;
    struct pool *pool = reader_pool(reader);
    pecs_registry *registry = reader->registry;
    reader_release_copies(reader);
    pool_release(pool, reader->copies, reader->copy_capacity * sizeof(*reader->copies));
    pool_release(pool, reader->values, reader->value_capacity * sizeof(*reader->values));
    pool_release(pool, reader->singleton_values, reader->singleton_capacity * sizeof(*reader->singleton_values));
    state_release(reader->state);
    state_release(reader->singletons);
    if (reader->image)
        node_release(pool, &reader->image->node);
    model_deinit(&reader->model);
    buffer_deinit(&reader->tail);
    part_reader_deinit(&reader->parts);
    part_feed_close(&reader->feed, pool);
    pool_release(pool, reader, sizeof(*reader));
    pecs_registry_release(registry);
}

/* Segments. */

static pecs_status reader_fail_limit(const pecs_stream_reader *reader, const char *what, uint64_t bytes,
                                     pecs_error *error)
{
    return fail(error, PECS_E_LIMIT,
                "%s has %" PRIu64 " bytes; the reader holds at most %" PRIu64 " (max_held_bytes): load the file", what,
                bytes, reader->max_held_bytes);
}

static pecs_status reader_skip_to(pecs_stream_reader *reader, uint64_t offset, pecs_error *error)
{
    return part_feed_skip_to(&reader->feed, offset, part_reader_has_zero_gaps(&reader->parts), error);
}

/* The prologue, of which the first bytes have been read. */
static pecs_status reader_read_prologue(pecs_stream_reader *reader, const struct segment_header *header,
                                        uint64_t offset, pecs_error *error)
{
    uint64_t size = 0;
    pecs_status status = part_reader_size(&reader->parts, header, offset, &size, error);
    if (status)
        return status;
    if (size > reader->max_held_bytes)
        return reader_fail_limit(reader, "a segment's prologue", size, error);
    uint8_t *bytes = pool_allocate(reader_pool(reader), (size_t)size);
    if (!bytes)
        return fail_memory(error);
    memcpy(bytes, header, sizeof(*header));
    status = part_feed_read(&reader->feed, bytes + sizeof(*header), size - sizeof(*header), error);
    if (!status)
        return part_reader_prologue(&reader->parts, bytes, (size_t)size, offset, error);
    pool_release(reader_pool(reader), bytes, (size_t)size);
    return status;
}

/*
 * Fresh memory would cost as much as reading into it, so there is some to spare for a segment that is a little larger.
 * The singletons' segment keeps its own.
 */
static struct image *reader_image(pecs_stream_reader *reader, uint64_t size_bytes)
{
    struct image *image = reader->image;
    if (image && image->size_bytes >= size_bytes && !node_is_shared(&image->node))
        return image;
    if (image)
        node_release(reader_pool(reader), &image->node);
    reader->image = image_create_private(reader_pool(reader), size_bytes + size_bytes / 8);
    return reader->image;
}

/* From the data to the trailer's end. Each part of the data is hashed while it is in the cache. */
static pecs_status reader_read_data(pecs_stream_reader *reader, uint8_t *bytes, uint64_t size_bytes, pecs_error *error)
{
    const uint64_t data_size = reader->parts.parts.data_size;
    pecs_status status = PECS_OK;
    for (uint64_t at = 0, size; !status && at < data_size; at += size) {
        size = min_u64(READER_UNIT_BYTES, data_size - at);
        status = part_feed_read(&reader->feed, bytes + at, size, error);
        if (!status)
            part_reader_hash(&reader->parts, bytes + at, (size_t)size);
    }
    return status ? status : part_feed_read(&reader->feed, bytes + data_size, size_bytes - data_size, error);
}

static pecs_status reader_read_rows(pecs_stream_reader *reader, pecs_error *error)
{
    const uint64_t size = part_reader_image_bytes(&reader->parts);
    if (size > reader->max_held_bytes)
        return reader_fail_limit(reader, "a segment", size, error);
    pecs_status status = reader_skip_to(reader, reader->parts.parts.data_offset, error);
    if (status)
        return status;
    struct image *image = reader_image(reader, size);
    if (!image)
        return fail_memory(error);
    status = reader_read_data(reader, image->bytes + PART_LEAD, size - PART_LEAD, error);
    return status ? status : part_reader_rows(&reader->parts, image, &reader->state, error);
}

static pecs_status reader_keep_singletons(pecs_stream_reader *reader, pecs_error *error)
{
    struct pecs_snapshot *state = reader->state;
    if (state->singleton_table == NO_TABLE)
        return PECS_OK;
    if (reader->singletons)
        return fail(error, PECS_E_CORRUPT, "two segments have singletons");
    reader->singletons = pecs_snapshot_retain(state);
    return PECS_OK;
}

/* The end. */

/* All bytes from the commit on, of which the first have been read. */
static pecs_status reader_read_tail(pecs_stream_reader *reader, const struct segment_header *first, pecs_error *error)
{
    struct buffer *tail = &reader->tail;
    size_t count = 1;
    pecs_status status = PECS_OK;
    buffer_append(tail, first, sizeof(*first));
    while (!status && !tail->failed && count) {
        const size_t room = (size_t)max_u64(READER_TAIL_BYTES, tail->size_bytes);
        if (tail->size_bytes > reader->max_held_bytes)
            return reader_fail_limit(reader, "the file's end", tail->size_bytes, error);
        tail->failed = !pool_reserve(tail->pool, (void **)&tail->bytes, &tail->capacity, tail->size_bytes + room, 1);
        if (!tail->failed)
            status = part_feed_some(&reader->feed, tail->bytes + tail->size_bytes, room, &count, error);
        tail->size_bytes += tail->failed || status ? 0 : count;
    }
    if (tail->failed)
        return fail_memory(error);
    return status ? status : part_feed_check_end(&reader->feed, error);
}

static pecs_status reader_list_singletons(pecs_stream_reader *reader, pecs_error *error);

static pecs_status reader_end(pecs_stream_reader *reader, const struct segment_header *first, uint64_t offset,
                              pecs_error *error)
{
    pecs_status status = reader_read_tail(reader, first, error);
    if (!status)
        status = part_reader_end(&reader->parts, &reader->header, reader->tail.bytes, offset, reader->tail.size_bytes,
                                 &reader->model, error);
    if (!status)
        status = reader_list_singletons(reader, error);
    reader->is_at_end = !status;
    return status;
}

/* Reads the next segment, or the end. */
static pecs_status reader_read_part(pecs_stream_reader *reader, pecs_error *error)
{
    struct segment_header header;
    const uint64_t offset = align_up(reader->parts.offset, FORMAT_ALIGN);
    pecs_status status = reader_skip_to(reader, offset, error);
    if (!status)
        status = part_feed_read(&reader->feed, (uint8_t *)&header, sizeof(header), error);
    if (status)
        return status;
    if (memcmp(header.magic, FORMAT_COMMIT_MAGIC, sizeof(header.magic)) == 0)
        return reader_end(reader, &header, offset, error);
    status = reader_read_prologue(reader, &header, offset, error);
    if (!status)
        status = reader_read_rows(reader, error);
    reader->table = 0;
    reader->row = 0;
    return status ? status : reader_keep_singletons(reader, error);
}

/* Batches. */

/* Values whose contents are given. */
static pecs_status reader_give(pecs_stream_reader *reader, pecs_component number, uint64_t rows, pecs_value *value)
{
    struct pool *pool = reader_pool(reader);
    const pecs_view view = pecs_snapshot_view(reader->state);
    const size_t count = pecs_view_contents_count(view, number) * (size_t)rows;
    struct reader_copy *copy = &reader->copies[reader->copy_count++];
    *copy = (struct reader_copy){ .value_bytes = (size_t)rows * value->size_bytes,
                                  .bytes_bytes = count * sizeof(*copy->bytes) };
    copy->values = pool_allocate(pool, copy->value_bytes);
    copy->bytes = pool_allocate(pool, copy->bytes_bytes);
    if (!copy->values || !copy->bytes)
        return PECS_E_MEMORY;
    memcpy(copy->values, value->data, copy->value_bytes);
    value->data = copy->values;
    return pecs_view_give_contents(view, number, copy->values, value->size_bytes, (size_t)rows, copy->bytes, count);
}

static bool reader_reserve(pecs_stream_reader *reader, size_t count)
{
    return pool_reserve(reader_pool(reader), (void **)&reader->values, &reader->value_capacity, count + 1,
                        sizeof(*reader->values)) &&
           pool_reserve(reader_pool(reader), (void **)&reader->copies, &reader->copy_capacity, count + 1,
                        sizeof(*reader->copies));
}

/* The values of consecutive rows of a table, and their ids. */
static pecs_status reader_list_values(pecs_stream_reader *reader, const struct table *table, uint64_t row,
                                      uint64_t rows, pecs_rows *ret_rows)
{
    const struct archetype *archetype = table->archetype;
    pecs_status status = reader_reserve(reader, archetype->component_count) ? PECS_OK : PECS_E_MEMORY;
    size_t count = 0;
    for (uint32_t i = 0; !status && i < archetype->component_count; i++) {
        const pecs_component number = archetype->components[i];
        const struct component *component = state_component(reader->state, number);
        const uint32_t column = archetype->columns[i];
        pecs_value value = { number, component->size, column == NO_COLUMN ? NULL : table_value(table, column, row) };
        if (number == reader->registry->id_component) {
            ret_rows->ids = value.data;
            continue;
        }
        if (number >= reader->registry->type_count) /* unknown, and to be left out */
            continue;
        if (component_has_contents(component) && value.data)
            status = reader_give(reader, number, rows, &value);
        reader->values[count++] = value;
    }
    ret_rows->values = reader->values;
    ret_rows->value_count = count;
    return status;
}

static pecs_status reader_list_singletons(pecs_stream_reader *reader, pecs_error *error)
{
    struct pecs_snapshot *state = reader->singletons;
    pecs_rows rows = { .values = NULL };
    if (!state)
        return PECS_OK;
    reader->state = pecs_snapshot_retain(state);
    pecs_status status = reader_list_values(reader, state_table(state, state->singleton_table), 0, 1, &rows);
    if (!status && !pool_reserve(reader_pool(reader), (void **)&reader->singleton_values, &reader->singleton_capacity,
                                 rows.value_count + 1, sizeof(*reader->singleton_values)))
        status = PECS_E_MEMORY;
    if (status)
        return fail_memory(error);
    memcpy(reader->singleton_values, rows.values, rows.value_count * sizeof(*rows.values));
    reader->singleton_count = rows.value_count;
    return PECS_OK;
}

/* The next rows of the present segment; none: it is over. */
static pecs_status reader_next_batch(pecs_stream_reader *reader, pecs_rows *ret_rows)
{
    const struct pecs_snapshot *state = reader->state;
    while (state && reader->table < state->table_count) {
        const struct table *table = state_table(state, reader->table);
        if (table->archetype->is_singleton || reader->row == table->row_count) {
            reader->table++;
            reader->row = 0;
            continue;
        }
        const uint64_t row = reader->row, rows = table_rows_at(table, row);
        reader->row += rows;
        ret_rows->row_count = (size_t)rows;
        ret_rows->entities = (const pecs_entity *)(const void *)table_value(table, HANDLE_COLUMN, row);
        return reader_list_values(reader, table, row, rows, ret_rows);
    }
    return PECS_OK;
}

pecs_status pecs_stream_reader_next(pecs_stream_reader *reader, pecs_rows *ret_rows, pecs_error *error)
{
    if (!reader || !ret_rows)
        return fail(error, PECS_E_MISUSE, "reader and ret_rows must not be NULL");
    if (reader->failed)
        return fail(error, PECS_E_MISUSE, "the reader has failed before and can only be closed");
    pecs_status status = PECS_OK;
    pecs_rows rows = { .values = NULL };
    while (!status && !reader->is_at_end && !rows.row_count) {
        reader_release_copies(reader);
        if (reader_next_batch(reader, &rows))
            status = fail_memory(error);
        if (status || rows.row_count)
            break;
        state_release(reader->state);
        reader->state = NULL;
        status = reader_read_part(reader, error);
    }
    if (!status)
        *ret_rows = rows;
    reader->failed = status;
    return status;
}

pecs_status pecs_stream_reader_end(const pecs_stream_reader *reader, pecs_stream_end *ret_end, pecs_error *error)
{
    if (!reader || !ret_end)
        return fail(error, PECS_E_MISUSE, "reader and ret_end must not be NULL");
    if (!reader->is_at_end)
        return fail(error, PECS_E_MISUSE, "the reader is not at the end of the file");
    const struct model *model = &reader->model;
    *ret_end = (pecs_stream_end){
        .entity_count = model->entity_count,
        .tick = model->tick,
        .snapshot_id = model->snapshot_id,
        .singletons = reader->singleton_values,
        .singleton_count = reader->singleton_count,
        .metadata = model->metadata ? model->metadata->entries : NULL,
        .metadata_count = model->metadata ? model->metadata->count : 0,
        .file_metadata = model->file_metadata ? model->file_metadata->entries : NULL,
        .file_metadata_count = model->file_metadata ? model->file_metadata->count : 0,
        .attachment_count = model->attachments ? model->attachments->count : 0,
    };
    return PECS_OK;
}
